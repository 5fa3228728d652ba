"""From advisories to verdict, scores and reports: exploitation, malware and risk on the whole road."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from bomvet import pipeline
from bomvet.model.facts import Catalogue
from bomvet.model.finding import Statement, Verdict
from bomvet.model.result import ScanResult
from bomvet.plugin import Context, RenderOptions
from bomvet.policy.conditions import conditions
from bomvet.policy.document import Policy
from bomvet.policy.vex import Vex
from bomvet.reports.table import TABLE
from tests.harness import NOW, MemoryAdvisories, MemoryTree

LISTS = {name: Catalogue(date="2026-11-24", version="1", entries=9) for name in ("kev", "epss")}
KEV = {"added": "2026-01-02", "due": "2026-01-23", "ransomware": False}
SCORE = {"score": 0.97, "percentile": 0.998, "date": "2026-11-24", "model": "v1", "band": "99-100"}
LOCK = "tap==1.0\npipe==2.0\nvalve==3.0\n"


def record(id_: str, name: str, alias: str = "", **affected: Any) -> dict[str, Any]:
    """An advisory on every version of a package, or on those that are listed."""
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "9"}]}]
    package = {"package": {"ecosystem": "PyPI", "name": name}, **(affected or {"ranges": ranges})}
    return {
        "id": id_,
        "aliases": [alias] if alias else [],
        "summary": f"About {name}",
        "modified": "2026-01-01T00:00:00Z",
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N"}],
        "affected": [package],
    }


DOCUMENTS = [
    record("GHSA-aaaa-bbbb-cccc", "tap", "CVE-2026-0001"),
    record("MAL-2026-7", "pipe", versions=["2.0"]),
]


def scanned(fail_on: str, *, lists: Any = LISTS, exploited: Any = None, vex: Vex | None = None) -> ScanResult:
    """A scan by a policy that refuses just that."""
    known = {"CVE-2026-0001": {"kev": KEV, "epss": SCORE}} if exploited is None else exploited
    store = MemoryAdvisories(DOCUMENTS, lists=lists, exploited=known)
    tree = MemoryTree({"requirements.txt": LOCK})
    policy = replace(Policy(), fail_on=conditions(fail_on), allow_incomplete=False)
    return pipeline.scan(tree, policy, Context(now=NOW, advisories=store), vex=vex)


def refused(result: ScanResult) -> list[str]:
    """What the policy refuses, by name."""
    assert result.assessment is not None
    return [f.id for f in result.findings if f.fingerprint in result.assessment.failing]


@pytest.mark.parametrize(
    ("fail_on", "names"),
    [
        ("kev", ["CVE-2026-0001"]),
        ("epss>0.5", ["CVE-2026-0001"]),
        ("epss-percentile>0.999", []),
        ("malicious", ["MAL-2026-7"]),
        ("rule:malicious-package", ["MAL-2026-7"]),
        ("score>=90", ["MAL-2026-7"]),
    ],
)
def test_a_policy_asks_for_it(fail_on: str, names: list[str]) -> None:
    """KEV, EPSS, malware and risk are what a policy can refuse."""
    assert refused(scanned(fail_on)) == names


@pytest.mark.parametrize(("fail_on", "verdict"), [("kev", Verdict.INCOMPLETE), ("critical and dev", Verdict.PASSED)])
def test_without_catalogues_only_who_asks_has_a_question(fail_on: str, verdict: Verdict) -> None:
    """A policy that names KEV gets no answer without it, and no other policy loses one."""
    assessment = scanned(fail_on, lists={}, exploited={}).assessment

    assert assessment is not None
    assert assessment.verdict is verdict


def test_malware_has_one_rule() -> None:
    """Each advisory is a finding once."""
    found = [(f.rule, f.id, f.severity.value) for f in scanned("malicious").findings if f.ids]

    assert found == [
        ("malicious-package", "MAL-2026-7", "critical"),
        ("known-vulnerability", "CVE-2026-0001", "medium"),
    ]


def test_scores_are_in_the_result() -> None:
    """Those that something is against, greatest first, with their terms, also after a way through JSON."""
    result = scanned("malicious")
    assessment = result.assessment

    assert assessment is not None
    assert [(s.subject, s.low, s.high) for s in assessment.scores] == [
        ("pkg:pypi/pipe@2.0", 100, 100),
        ("pkg:pypi/tap@1.0", 59, 77),
    ]
    assert assessment.score == 100
    assert ScanResult.from_dict(orjson.loads(orjson.dumps(result.to_dict()))) == result


def test_what_vex_answers_is_no_risk() -> None:
    """A vulnerability that is ruled out does not count; malware that somebody answers for does."""
    statements = tuple(
        Statement(
            ids=(id_,),
            status="not_affected",
            products=(product,),
            justification="vulnerable_code_not_present",
            source="v.json",
            time="2026-11-01T00:00:00Z",
        )
        for id_, product in (("CVE-2026-0001", "pkg:pypi/tap@1.0"), ("MAL-2026-7", "pkg:pypi/pipe@2.0"))
    )
    assessment = scanned("low", vex=Vex(statements=statements)).assessment

    assert assessment is not None
    assert [s.finding.id for s in assessment.suppressed] == ["CVE-2026-0001"]
    assert [score.subject for score in assessment.scores] == ["pkg:pypi/pipe@2.0"]


def test_the_table_shows_it() -> None:
    """Marks beside the finding, and the risks below."""
    text = TABLE.render(scanned("malicious"), RenderOptions()).decode()

    assert "KEV since 2026-01-02\n" in text
    assert "EPSS 0.97 (99th percentile, 2026-11-24)\n" in text
    assert "Risk, from 0 to 100\n" in text
    assert "100 pipe@2.0 malicious 100" in text


def test_what_is_no_cve_is_in_no_catalogue() -> None:
    """Without KEV it is still sure that a record without a CVE is not listed there: no question is open."""
    store = MemoryAdvisories([record("GHSA-aaaa-bbbb-cccc", "tap")])
    policy = replace(Policy(), fail_on=conditions("kev"))

    result = pipeline.scan(MemoryTree({"requirements.txt": LOCK}), policy, Context(now=NOW, advisories=store))

    assert result.assessment is not None
    assert (result.assessment.verdict, result.assessment.not_established) == (Verdict.PASSED, ())
