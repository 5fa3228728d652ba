"""Annotations of GitHub Actions: `GITHUB`."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bomvet.errors import UsageError
from bomvet.model.finding import Suppressed, Verdict
from bomvet.model.records import replace
from bomvet.reports.github import GITHUB
from tests.reports import judged as sample
from tests.reports.judged import CLEAN, RESULT, judged, text
from tests.reports.samples import KNOWN

#: What the runner takes for a command at the beginning of a line, and what it and others take for one anywhere.
_COMMAND = re.compile(r"\s*::(?P<name>\S+)(?: (?P<properties>.*?))?::(?P<data>.*)")
_ANYWHERE = re.compile(r"##\[|##vso\[|##teamcity\[")


def lines(result: Any = RESULT, **options: Any) -> list[str]:
    """What is written."""
    return text(GITHUB, result, **options).splitlines()


def test_each_finding_is_an_annotation() -> None:
    """Refused ones and open questions are errors, told ones warnings and notices; the verdict comes last."""
    assert lines() == [
        (
            "::error file=uv.lock,line=20,title=CVE-2026-1 in tap@1.0::tap@1.0 has CVE-2026-1 (critical, known to be "
            "exploited, EPSS 0.93): Leaks on every turn. Upgrade tap to 1.2. Refused by fail-on = high."
        ),
        "::error file=setup.py,line=4,title=Not established::setup.py:4: calls a function",
        "::error title=Not established::pkg:pypi/valve@4.0: no advisories are kept for it",
        (
            "::warning file=web/package-lock.json,line=7,title=CVE-2026-2 in @plumb/pipe@2.0::@plumb/pipe@2.0 has "
            "CVE-2026-2 (medium): Drips. No fixed version of @plumb/pipe is known: replace it."
        ),
        "::notice file=pyproject.toml,line=1,title=weak-integrity in valve@4.0::Nothing strong identifies valve@4.0.",
        (
            "::notice file=web/package-lock.json,line=7,title=GHSA-aaaa-bbbb-cccc in @plumb/pipe@2.0::@plumb/pipe@2.0 has "
            "GHSA-aaaa-bbbb-cccc (unknown): Makes noise. It stands in the baseline."
        ),
        "::notice title=bomvet%3A waived::2 findings are waived or answered by VEX.",
        "bomvet: FAILED: 1 finding of severity high or worse; 2 questions could not be answered",
    ]


def test_files_are_those_of_the_repository() -> None:
    """GitHub shows an annotation only where it knows the file."""
    assert [re.findall("file=([^,]*)", line) for line in lines(folder="a,b")][:2] == [
        ["a%2Cb/uv.lock"],
        ["a%2Cb/setup.py"],
    ]


def test_allowed_questions_are_warnings() -> None:
    """A job that passes has no error."""
    policy = replace(sample.POLICY, allow_incomplete=True)
    allowed = judged(verdict=Verdict.PASSED, findings=(), failing=frozenset(), policy=policy)

    assert [line.partition(" ")[0] for line in lines(allowed)] == ["::warning", "::warning", "::notice", "bomvet:"]


def test_a_clean_scan_says_so() -> None:
    """One line, no annotation."""
    assert lines(CLEAN) == ["bomvet: PASSED"]


def test_one_settled_finding() -> None:
    """It is counted in the singular."""
    assert lines(judged(CLEAN, waived=RESULT.assessment.waived if RESULT.assessment else ())) == [
        "::notice title=bomvet%3A waived::1 finding is waived or answered by VEX.",
        "bomvet: PASSED",
    ]


def test_a_failure_without_a_finding_has_its_reason() -> None:
    """A project without components, where the policy demands some."""
    reasons = ("no component was found, and the policy requires some",)

    assert lines(judged(CLEAN, verdict=Verdict.FAILED, reasons=reasons)) == [
        f"::error title=bomvet%3A failed::{reasons[0]}",
        f"bomvet: FAILED: {reasons[0]}",
    ]


def test_no_more_than_are_shown() -> None:
    """GitHub shows ten of a kind: the last one counts the others."""
    ten = lines(judged(sample.many(10), not_established=()))
    more = lines(judged(sample.many(11), not_established=()))

    assert [len(ten), ten[9].partition("::CVE")[0].partition(",")[0]] == [11, "::error file=uv.lock"]
    assert [len(more), more[9]] == [
        11,
        "::error title=bomvet%3A and more::2 more of this kind: see the table or -f json.",
    ]


def test_a_place_that_is_not_known() -> None:
    """An annotation of the job, not of a file."""
    bare = replace(
        judged(findings=(sample.OTHER,), not_established=(), waived=(), suppressed=(), verdict=Verdict.PASSED),
        inventory=replace(RESULT.inventory, root=None, components=()),
        target=replace(RESULT.target, inputs=()),
    )

    assert lines(bare)[0] == "::notice title=weak-integrity in valve@4.0::Nothing strong identifies valve@4.0."


@pytest.mark.parametrize("words", sample.HOSTILE)
def test_no_name_is_a_command(words: str) -> None:
    """Whatever a package, a file or an advisory is called: every line is one command of ours, or the verdict."""
    written = lines(sample.hostile(words))
    commands = [_COMMAND.match(line) for line in written]

    assert [match["name"] for match in commands if match] == ["error", "error", "error", "notice", "notice"]
    assert [line for line, match in zip(written, commands, strict=True) if not match] == written[-1:]
    assert written[-1].startswith("bomvet: FAILED: ")
    assert [line for line in written if _ANYWHERE.search(line)] == []
    for match in filter(None, commands):
        keys = [pair.partition("=")[0] for pair in match["properties"].split(",")]
        assert keys in (["file", "line", "title"], ["title"])
        assert "::" not in match["data"]


def test_the_escapes() -> None:
    """Of messages: percent and line ends; of properties also colon and comma."""
    found = replace(sample.OTHER, subject="svc:a/b", message="50%: a,\nb")

    assert lines(judged(CLEAN, findings=(found,)))[0] == (
        "::notice file=pyproject.toml,line=1,title=weak-integrity in svc%3Aa/b::svc:a/b: 50%25: a, b."
    )


def test_an_inventory_alone_is_no_answer() -> None:
    """`bomvet sbom -f github` would look like a pass."""
    with pytest.raises(UsageError, match="the format github shows findings"):
        text(GITHUB, KNOWN)


def test_what_vex_says_of_open_findings() -> None:
    """The statement that it counts stands beside the condition, and beside the baseline."""
    said = replace(sample.STATEMENT, status="affected", justification="", impact="", action="Do not turn it")
    stated = tuple(Suppressed(finding=f, statement=said) for f in (sample.REFUSED, sample.BASELINE, sample.TOLD))
    words = "Affected by the word of seal.openvex.json of Grace: Do not turn it."
    found = [line.partition(words)[0] for line in lines(judged(stated=stated, not_established=())) if words in line]
    endings = ("Refused by fail-on = high. ", "is known: replace it. ", "It stands in the baseline. ")

    assert [line for line, ending in zip(found, endings, strict=True) if not line.endswith(ending)] == []
