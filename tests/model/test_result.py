"""The finished scan as a document, and the schema that is shipped for it."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import jsonschema_rs
import pytest

from bomvet.model.codec import DecodeError
from bomvet.model.facts import Severity
from bomvet.model.finding import Assessment, Finding, Verdict
from bomvet.model.inventory import Inventory
from bomvet.model.result import ScanResult, Target

FINDING = Finding(
    rule="r", subject="pkg:pypi/a@1", severity=Severity.HIGH, message="m", instance="CVE-1", ids=("CVE-1",)
)
RESULT = ScanResult(
    tool="0.1.0",
    time="2026-11-24T12:00:00Z",
    target=Target(kind="dir", name="project"),
    inventory=Inventory(),
    assessment=Assessment(verdict=Verdict.FAILED, findings=(FINDING,)),
)
SBOM = ScanResult(tool="0.1.0", time="2026-11-24T12:00:00Z", target=Target(kind="dir", name="p"), inventory=Inventory())


def test_the_schema_file_is_up_to_date() -> None:
    r"""The schema that is shipped is the one that the records imply, pretty-printed.

    To write it anew: `json.dumps(ScanResult.schema_document(), indent=2, ensure_ascii=False) + "\n"`.
    """
    shipped = resources.files("bomvet.reports").joinpath("scan-result.schema.json").read_text("utf-8")

    assert shipped == json.dumps(ScanResult.schema_document(), indent=2, ensure_ascii=False) + "\n"


def test_the_schema_is_one() -> None:
    """The schema follows the rules of JSON Schema itself, and refuses what is no result."""
    schema = ScanResult.schema_document()

    assert jsonschema_rs.meta.is_valid(schema)
    assert not jsonschema_rs.is_valid(schema, {})
    assert not jsonschema_rs.is_valid(schema, {**RESULT.to_dict(), "findings": [{}]})
    assert not jsonschema_rs.is_valid(schema, {k: v for k, v in RESULT.to_dict().items() if k != "findings"})


def test_findings_stand_at_the_top() -> None:
    """Open findings stand beside the assessment, not within it."""
    document = RESULT.to_dict()

    assert [f["id"] for f in document["findings"]] == ["CVE-1"]
    assert "findings" not in document["assessment"]
    assert RESULT.findings == (FINDING,)


def test_no_assessment() -> None:
    """Without a judgement there are no findings, in the record and in the document."""
    assert SBOM.findings == ()
    assert SBOM.to_dict()["findings"] == []
    assert ScanResult.from_dict(SBOM.to_dict()) == SBOM


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": "2.0"}, "schema: version '2.0' cannot be read, only 1.0 and its like"),
        ({"schema": 1}, "schema: expected str, found int"),
        ({"findings": [{"rule": 1}]}, "findings[0].rule: expected str, found int"),
        ({"inventory": {"components": [{"name": "a"}]}}, "inventory.components[0]: 'purl' is missing"),
    ],
)
def test_documents_that_are_refused(change: dict[str, Any], message: str) -> None:
    """A document of another shape or major version is refused with the place of the trouble."""
    with pytest.raises(DecodeError) as caught:
        ScanResult.from_dict({**RESULT.to_dict(), **change})

    assert str(caught.value) == message


def test_later_minor_versions_are_read() -> None:
    """Within a major version fields are only added, so a later one can be read."""
    assert ScanResult.from_dict({**RESULT.to_dict(), "schema": "1.9"}).findings == (FINDING,)
