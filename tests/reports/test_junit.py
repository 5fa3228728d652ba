"""JUnit XML: `JUNIT`."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from lxml import etree

from bomvet.errors import UsageError
from bomvet.model.records import replace
from bomvet.reports.junit import JUNIT
from tests.reports import judged as sample
from tests.reports.judged import CLEAN, RESULT, judged, text
from tests.reports.samples import KNOWN


def root(result: Any = RESULT, **options: Any) -> Any:
    """The document as a strict parser reads it."""
    return etree.fromstring(text(JUNIT, result, **options).encode())


def cases(result: Any = RESULT, **options: Any) -> list[tuple[str, str, str]]:
    """Suite, name and outcome of every case."""
    return [
        (case.get("classname"), case.get("name"), next((child.tag for child in case), "pass"))
        for case in root(result, **options).iter("testcase")
    ]


def test_one_case_per_finding() -> None:
    """Refused ones fail, settled ones are skipped, all else passes; an open question is an error."""
    assert cases() == [
        ("pyproject.toml", "weak-integrity in valve@4.0", "system-out"),
        ("uv.lock", "CVE-2026-1 in tap@1.0", "failure"),
        ("uv.lock", "CVE-2026-3 in seal@3.0", "skipped"),
        ("uv.lock", "CVE-2026-4 in seal@3.0", "skipped"),
        ("web/package-lock.json", "CVE-2026-2 in @plumb/pipe@2.0", "system-out"),
        ("web/package-lock.json", "GHSA-aaaa-bbbb-cccc in @plumb/pipe@2.0", "system-out"),
        ("not established", "setup.py:4: calls a function", "error"),
        ("not established", "pkg:pypi/valve@4.0: no advisories are kept for it", "error"),
    ]


def test_a_failure_says_what_to_do() -> None:
    """The message stands alone; the text has place, evidence and fingerprint."""
    (failure,) = root().iter("failure")

    words = (
        "tap@1.0 has CVE-2026-1 (critical, known to be exploited, EPSS 0.93): Leaks on every turn. "
        "Upgrade tap to 1.2. Refused by fail-on = high."
    )
    assert dict(failure.attrib) == {"message": words, "type": "critical"}
    assert failure.text.splitlines() == [
        words,
        "purl: pkg:pypi/tap@1.0",
        "at: uv.lock:20",
        "at: web/uv.lock:3",
        "evidence: GHSA-of-CVE-2026-1: in range [0, 1.1)",
        f"fingerprint: {sample.REFUSED.fingerprint}",
    ]


def test_a_skipped_case_says_who_answers_for_it() -> None:
    """The waiver's words, and those of the VEX statement."""
    assert [(case.get("type"), case.get("message")) for case in root().iter("skipped")] == [
        ("waived", "Waived by ada until 2027-01-31: never dry"),
        (
            "suppressed",
            (
                "Not affected vulnerable code not in execute path by the word of seal.openvex.json of Grace: "
                "It is made of brass"
            ),
        ),
    ]


def test_the_counts_are_right() -> None:
    """Of every suite and of all together, with the time of the scanned state."""
    document = root()
    for element in (document, *document.iter("testsuite")):
        outcomes = Counter(next((c.tag for c in case), "pass") for case in element.iter("testcase"))
        stated = {key: int(element.get(key)) for key in ("tests", "failures", "errors", "skipped")}
        assert stated == {
            "tests": sum(outcomes.values()),
            "failures": outcomes["failure"],
            "errors": outcomes["error"],
            "skipped": outcomes["skipped"],
        }
    assert dict(document.attrib)["tests"] == "8"
    assert {suite.get("timestamp") for suite in document.iter("testsuite")} == {"2026-11-24T12:00:00"}


def test_what_was_asked_and_is_clean_passes() -> None:
    """A component without a finding is a case; one that nobody was asked about is none."""
    unasked = replace(CLEAN, facts=replace(CLEAN.facts, advisories={}))

    assert cases(CLEAN) == [("uv.lock", "seal@3.0", "pass")]
    assert cases(CLEAN, folder="api") == [("api/uv.lock", "seal@3.0", "pass")]
    assert cases(unasked) == []


def test_allowed_questions_are_skipped() -> None:
    """No error where the policy lives with them, and yet no pass."""
    allowed = judged(policy=replace(sample.POLICY, allow_incomplete=True))

    assert {outcome for suite, _, outcome in cases(allowed) if suite == "not established"} == {"skipped"}


def test_cases_of_one_name_are_told_apart() -> None:
    """Readers take two cases of one name for one."""
    purls = ("pkg:pypi/seal@3.0?a=1", "pkg:pypi/seal@3.0?a=2")
    twins = tuple(replace(sample.SEAL, purl=purl, locations=()) for purl in purls)
    answers = dict.fromkeys(purls, CLEAN.facts.advisories[sample.SEAL.purl])
    result = replace(
        CLEAN,
        inventory=replace(CLEAN.inventory, components=twins),
        facts=replace(CLEAN.facts, advisories=answers),
    )

    assert cases(result) == [("project", f"seal@3.0 ({purl})", "pass") for purl in purls]


def test_what_has_no_place_at_all() -> None:
    """A suite for the project."""
    bare = replace(
        judged(findings=(sample.OTHER,), waived=(), suppressed=(), not_established=()),
        inventory=replace(RESULT.inventory, root=None, components=()),
        target=replace(RESULT.target, inputs=()),
    )

    assert cases(bare) == [("project", "weak-integrity in valve@4.0", "system-out")]


@pytest.mark.parametrize("words", sample.HOSTILE)
def test_nothing_is_more_than_text(words: str) -> None:
    """Whatever a name holds: a strict parser reads it, and finds the elements that are ours."""
    document = root(sample.hostile(words))

    assert {element.tag for element in document.iter()} == {
        "testsuites", "testsuite", "testcase", "failure", "system-out", "skipped", "error",
    }  # fmt: skip
    assert len([*document.iter("failure")]) == 1


def test_an_inventory_alone_is_no_answer() -> None:
    """`bomvet sbom -f junit` would look like a pass."""
    with pytest.raises(UsageError, match="the format junit shows findings"):
        text(JUNIT, KNOWN)


def test_ten_thousand_findings() -> None:
    """Each has its case."""
    assert dict(root(sample.many(10_000)).attrib)["failures"] == "10000"
