"""What was decided about vulnerabilities, in CycloneDX."""

from __future__ import annotations

import json
from typing import Any

import pytest
from lxml import etree

from bomvet.model.finding import Suppressed
from bomvet.model.records import replace
from bomvet.plugin import RenderOptions
from bomvet.reports._analysis import analyses
from bomvet.reports.cyclonedx_json import CYCLONEDX_JSON
from bomvet.reports.cyclonedx_xml import CYCLONEDX_XML
from tests.reports import judged as sample
from tests.reports.judged import RESULT, judged
from tests.reports.schemas import json_faults, xml_faults


def vulnerabilities(result: Any, version: str = "1.6") -> dict[str, Any]:
    """By id, of a valid document."""
    document = json.loads(CYCLONEDX_JSON.render(result, RenderOptions(spec_version=version)))
    assert json_faults(document) == []
    return {item["id"]: item for item in document["vulnerabilities"]}


@pytest.mark.parametrize("version", ["1.4", "1.5", "1.6", "1.7"])
def test_what_vex_answers(version: str) -> None:
    """State, justification and words; the version is not affected then.  All others are, and have no analysis."""
    found = vulnerabilities(RESULT, version)

    assert found["CVE-2026-4"]["analysis"] == {
        "state": "not_affected",
        "justification": "code_not_reachable",
        "detail": "Not affected vulnerable code not in execute path by the word of seal.openvex.json of Grace: "
        "It is made of brass",
    }
    assert {id_: item["affects"][0]["versions"][0]["status"] for id_, item in found.items()} == {
        "CVE-2026-1": "affected",
        "CVE-2026-2": "affected",
        "CVE-2026-3": "affected",
        "CVE-2026-4": "unaffected",
        "GHSA-aaaa-bbbb-cccc": "affected",
    }
    assert [id_ for id_, item in found.items() if "analysis" in item] == ["CVE-2026-3", "CVE-2026-4"]


@pytest.mark.parametrize(
    ("status", "justification", "state", "reason"),
    [
        ("not_affected", "component_not_present", "not_affected", "code_not_present"),
        ("not_affected", "vulnerable_code_not_present", "not_affected", "code_not_present"),
        (
            "not_affected",
            "vulnerable_code_cannot_be_controlled_by_adversary",
            "not_affected",
            "requires_environment",
        ),
        ("not_affected", "inline_mitigations_already_exist", "not_affected", "protected_by_mitigating_control"),
        ("not_affected", "", "not_affected", None),
        ("fixed", "", "resolved", None),
        ("affected", "", "exploitable", None),
        ("under_investigation", "", "in_triage", None),
        ("odd", "odd", None, None),
    ],
)
def test_the_words_of_openvex(status: str, justification: str, state: str | None, reason: str | None) -> None:
    """Each in that of CycloneDX; a word that is none stands in the detail alone."""
    statement = replace(sample.STATEMENT, status=status, justification=justification)
    result = judged(stated=(Suppressed(finding=sample.REFUSED, statement=statement),))
    found = vulnerabilities(result)["CVE-2026-1"]
    analysis = found["analysis"]

    assert (analysis.get("state"), analysis.get("justification")) == (state, reason)
    assert analysis["detail"].startswith(status.replace("_", " ").capitalize())
    unaffected = state in ("not_affected", "resolved")
    assert found["affects"][0]["versions"][0]["status"] == ("unaffected" if unaffected else "affected")


def test_in_xml_too() -> None:
    """The same analyses."""
    data = CYCLONEDX_XML.render(RESULT, RenderOptions())
    found = etree.fromstring(data).iter("{*}analysis")

    assert xml_faults(data, "1.6") == []
    assert [[child.text for child in item if child.tag.endswith(("state", "justification"))] for item in found] == [
        ["exploitable"],
        ["not_affected", "code_not_reachable"],
    ]


def test_an_inventory_has_none() -> None:
    """Without a judgement there is neither an analysis nor a vulnerability."""
    inventory = replace(RESULT, assessment=None)
    document = json.loads(CYCLONEDX_JSON.render(inventory, RenderOptions()))

    assert (analyses(None), "vulnerabilities" in document) == ({}, False)
