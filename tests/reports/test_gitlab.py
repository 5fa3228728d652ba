"""The dependency scanning report of GitLab: `GITLAB`."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema_rs
import pytest

from bomvet.errors import UsageError
from bomvet.model.facts import Facts, Rating, Severity
from bomvet.model.records import replace
from bomvet.reports.gitlab import GITLAB
from tests.reports import judged as sample
from tests.reports.judged import CLEAN, RESULT, judged, text
from tests.reports.samples import KNOWN

_TEXT = {"type": "string", "minLength": 1}
_TIME = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$"}
_URL = {"type": "string", "pattern": "^(https?|ftp)://.+"}


def _object(needed: dict[str, Any], **optional: Any) -> dict[str, Any]:
    return {"type": "object", "required": [*needed], "properties": {**needed, **optional}}


_TOOL = _object({"id": _TEXT, "name": _TEXT, "version": _TEXT, "vendor": _object({"name": _TEXT})})
_LEVEL = {"enum": ["info", "warn", "fatal"]}
_VECTOR = {
    "type": "string",
    "minLength": 32,
    "maxLength": 128,
    "pattern": "^CVSS:3[.][01]/((AV:[NALP]|AC:[LH]|PR:[NLH]|UI:[NR]|S:[UC]|[CIA]:[NLH])/)*"
    "(AV:[NALP]|AC:[LH]|PR:[NLH]|UI:[NR]|S:[UC]|[CIA]:[NLH])$",
}
#: What the schema of GitLab says of the members that bomvet writes; nothing that may be installed holds it.
SCHEMA = _object(
    {
        "version": {"type": "string", "pattern": r"^[0-9]+\.[0-9]+\.[0-9]+$"},
        "scan": _object(
            {
                "type": {"const": "dependency_scanning"},
                "status": {"enum": ["success", "failure"]},
                "start_time": _TIME,
                "end_time": _TIME,
                "analyzer": _TOOL,
                "scanner": _TOOL,
            },
            messages={"type": "array", "items": _object({"level": _LEVEL, "value": _TEXT})},
        ),
        "vulnerabilities": {
            "type": "array",
            "items": _object(
                {
                    "id": _TEXT,
                    "identifiers": {
                        "type": "array",
                        "minItems": 1,
                        "maxItems": 20,
                        "items": _object({"type": _TEXT, "name": _TEXT, "value": _TEXT}, url=_URL),
                    },
                    "location": _object(
                        {
                            "file": _TEXT,
                            "dependency": _object(
                                {"package": _object({"name": {"type": "string"}}), "version": {"type": "string"}},
                                direct={"type": "boolean"},
                            ),
                        }
                    ),
                },
                name={"type": "string", "maxLength": 255},
                description={"type": "string", "maxLength": 1_048_576},
                severity={"enum": ["Info", "Unknown", "Low", "Medium", "High", "Critical"]},
                solution={"type": "string", "maxLength": 7000},
                cvss_vectors={"type": "array", "minItems": 1, "items": _object({"vendor": _TEXT, "vector": _VECTOR})},
                links={"type": "array", "items": _object({"url": _URL})},
            ),
        },
        "dependency_files": {"type": "array"},
    },
    schema={"type": "string", "pattern": "^https?://.+"},
)
_VALIDATOR = jsonschema_rs.Draft7Validator(SCHEMA)


def report(result: Any = RESULT, **options: Any) -> Any:
    """The document, which is valid."""
    document = json.loads(text(GITLAB, result, **options))
    assert [error.message for error in _VALIDATOR.iter_errors(document)] == []
    return document


def test_the_scan() -> None:
    """Who scanned, the time of the scanned state, and what is in no vulnerability."""
    tool = {"id": "bomvet", "name": "bomvet", "version": "0.1.0", "vendor": {"name": "bomvet"}}

    assert report()["scan"] == {
        "type": "dependency_scanning",
        "status": "failure",
        "start_time": "2026-11-24T12:00:00",
        "end_time": "2026-11-24T12:00:00",
        "analyzer": tool,
        "scanner": tool,
        "messages": [
            {"level": "warn", "value": "not established: setup.py:4: calls a function."},
            {"level": "warn", "value": "not established: pkg:pypi/valve@4.0: no advisories are kept for it."},
            {
                "level": "info",
                "value": "waived: CVE-2026-3 in seal@3.0: Waived by ada until 2027-01-31: never dry.",
            },
            {
                "level": "info",
                "value": "suppressed: CVE-2026-4 in seal@3.0: Not affected vulnerable code not in execute path by the "
                "word of seal.openvex.json of Grace: It is made of brass.",
            },
            {"level": "info", "value": "note: pump.csaf.json: a statement is about another product."},
        ],
    }


def test_a_vulnerability() -> None:
    """All that GitLab has a field for; references are public web addresses."""
    assert report()["vulnerabilities"][0] == {
        "id": report()["vulnerabilities"][0]["id"],
        "name": "Leaks on every turn",
        "description": "tap@\u200b1.0 has CVE-2026-1 (critical, known to be exploited, EPSS 0.93): Leaks on every turn. "
        "Upgrade tap to 1.2. Refused by fail-on = high.".replace("@", "&#64;"),
        "severity": "Critical",
        "solution": "Upgrade tap to 1.2.",
        "identifiers": [
            {
                "type": "cve",
                "name": "CVE-2026-1",
                "value": "CVE-2026-1",
                "url": "https://www.cve.org/CVERecord?id=CVE-2026-1",
            },
            {
                "type": "ghsa",
                "name": "GHSA-of-CVE-2026-1",
                "value": "GHSA-of-CVE-2026-1",
                "url": "https://github.com/advisories/GHSA-of-CVE-2026-1",
            },
            {"type": "cwe", "name": "CWE-20", "value": "20", "url": "https://cwe.mitre.org/data/definitions/20.html"},
            {"type": "cwe", "name": "CWE-79", "value": "79", "url": "https://cwe.mitre.org/data/definitions/79.html"},
        ],
        "cvss_vectors": [{"vendor": "GHSA-of-CVE-2026-1", "vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
        "links": [{"url": "https://advisories.example/1"}, {"url": "https://advisories.example/x"}],
        "location": {
            "file": "uv.lock",
            "dependency": {"package": {"name": "tap"}, "version": "1.0", "direct": True},
        },
    }


def test_what_is_open_is_reported() -> None:
    """Refused, told and known ones; what is settled would be a vulnerability again."""
    found = [
        (item["name"], item["severity"], item["location"]["dependency"]["package"]["name"], item["location"]["file"])
        for item in report(folder="api")["vulnerabilities"]
    ]

    assert found == [
        ("Leaks on every turn", "Critical", "tap", "api/uv.lock"),
        ("Drips", "Medium", "@plumb/pipe", "api/web/package-lock.json"),
        ("A weak hash", "Low", "valve", "api/pyproject.toml"),
        ("Makes noise", "Unknown", "@plumb/pipe", "api/web/package-lock.json"),
    ]


def test_another_rule_is_its_own_identifier() -> None:
    """GitLab tells vulnerabilities apart by the first one."""
    found = report(judged(findings=(sample.OTHER, replace(sample.OTHER, rule="odd"))))["vulnerabilities"]

    assert [item["identifiers"] for item in found] == [
        [{"type": "bomvet_rule", "name": "bomvet rule weak-integrity", "value": "weak-integrity"}],
        [{"type": "bomvet_rule", "name": "bomvet rule odd", "value": "odd"}],
    ]
    assert [item["name"] for item in found] == ["A weak hash", "odd"]


def test_other_names_have_their_page() -> None:
    """All records of OSV have one; a name that fits in no URL has none."""
    advisory = sample.match("PYSEC-2026-7", Severity.LOW, ids=("PYSEC-2026-7", "odd name"))
    (found,) = report(judged(findings=(sample.finding(sample.TAP, advisory),)))["vulnerabilities"]

    assert found["identifiers"] == [
        {
            "type": "pysec",
            "name": "PYSEC-2026-7",
            "value": "PYSEC-2026-7",
            "url": "https://osv.dev/vulnerability/PYSEC-2026-7",
        },
        {"type": "odd name", "name": "odd name", "value": "odd name"},
    ]


@pytest.mark.parametrize(
    ("vector", "kept"),
    [
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", True),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:Q", False),
        ("CVSS:3.1/AV:N/AC:L", False),
        ("CVSS:3.1" + "/AV:N" * 30, False),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", False),
        ("AV:N/AC:L/Au:N/C:P/I:P/A:P", False),
        ("", False),
    ],
)
def test_only_vectors_that_the_schema_takes(vector: str, *, kept: bool) -> None:
    """One odd vector would make GitLab refuse the whole report."""
    advisory = replace(sample.LEAK, rating=Rating(severity=Severity.HIGH, vector=vector))
    answers = {sample.TAP.purl: replace(RESULT.facts.advisories[sample.TAP.purl], matches=(advisory,))}
    result = replace(judged(findings=(sample.finding(sample.TAP, advisory),)), facts=Facts(advisories=answers))
    (found,) = report(result)["vulnerabilities"]

    assert found.get("cvss_vectors", []) == ([{"vendor": "unknown", "vector": vector}] if kept else [])


def test_the_id_is_a_uuid_of_the_fingerprint() -> None:
    """The same for the same finding wherever it stands, another for another one."""
    moved = judged(findings=(replace(sample.REFUSED, locations=()),))
    ids = [item["id"] for item in report()["vulnerabilities"]]

    assert report(moved)["vulnerabilities"][0]["id"] == ids[0]
    assert len(set(ids)) == 4
    pattern = r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    assert [one for one in ids if not re.fullmatch(pattern, one)] == []


def test_a_scan_with_nothing_open_succeeded() -> None:
    """Also where the policy lives with open questions: only then does GitLab take what is gone for resolved."""
    allowed = judged(policy=replace(sample.POLICY, allow_incomplete=True))

    assert [report(result)["scan"]["status"] for result in (CLEAN, allowed)] == ["success", "success"]
    assert report(CLEAN)["vulnerabilities"] == []


def test_many_messages_are_counted() -> None:
    """They are lines of a page."""
    found = report(sample.many(102))["scan"]["messages"]

    assert (len(found), found[-1]) == (101, {"level": "warn", "value": "2 more messages: -f json has all."})


def test_without_any_file() -> None:
    """The schema demands one."""
    bare = replace(
        judged(findings=(sample.OTHER,)),
        inventory=replace(RESULT.inventory, root=None),
        target=replace(RESULT.target, inputs=()),
    )

    assert report(bare)["vulnerabilities"][0]["location"]["file"] == "."


@pytest.mark.parametrize("words", sample.HOSTILE)
def test_nothing_is_more_than_text(words: str) -> None:
    """Whatever a name holds: the report is valid, and its Markdown has neither markup nor mentions."""
    for item in report(sample.hostile(words))["vulnerabilities"]:
        assert re.findall(r"[<>`|\[\]*@#]", re.sub("&#[0-9]+;", "", item["description"])) == []


def test_an_inventory_alone_is_no_answer() -> None:
    """`bomvet sbom -f gitlab` would look clean."""
    with pytest.raises(UsageError, match="the format gitlab shows findings"):
        text(GITLAB, KNOWN)
