"""The formats for pipelines: each renders findings in time linear in their number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks._generate import scan_result
from benchmarks._measure import Figure, NotRunError, best_in_turn, growth, in_child
from bomvet.model.facts import AdvisoryAnswer, AdvisoryMatch, Facts, Rating, Severity, Standing
from bomvet.model.finding import Assessment, Finding, Verdict
from bomvet.model.records import replace
from bomvet.plugin import RenderOptions, Report, load

if TYPE_CHECKING:
    from bomvet.model.result import ScanResult

FORMATS = ("sarif", "junit", "gitlab", "github", "markdown", "csv")
#: A quarter of the findings that a report is to bear.
_SMALL = 2_500


def run() -> list[Figure]:
    """Growth of every format from 2,500 to 10,000 findings, and how many open questions beside them."""
    return [growth(f"{name} render", _SMALL, in_child(_measure, name)) for name in FORMATS]


def _measure(name: str) -> dict[int, float]:
    report = load("bomvet.reports", name, Report)
    if report is None:
        raise NotRunError(f"there is no report {name}")
    small, large = judged(_SMALL), judged(4 * _SMALL)
    options = RenderOptions(folder="services/shop")
    costs = best_in_turn(lambda: report.render(small, options), lambda: report.render(large, options), rounds=3)
    return dict(zip((_SMALL, 4 * _SMALL), costs, strict=True))


def judged(count: int) -> ScanResult:
    """A scan with a refused finding and an open question per component."""
    result = scan_result(count)
    answers, findings = {}, []
    for number, component in enumerate(result.inventory.components):
        match = AdvisoryMatch(
            id=f"CVE-2026-{number}",
            ids=(f"GHSA-{number:012}",),
            summary=f"A weakness of {component.name} | with <markup> and @mentions",
            rating=Rating(severity=Severity.HIGH, score=7.5, vector="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"),
            evidence=(f"GHSA-{number:012}: in range [0, 9)",),
            fixed="9",
            clean="9",
            cwes=(79,),
            references=(f"https://advisories.example/{number}",),
        )
        answers[component.purl] = AdvisoryAnswer(standing=Standing.KNOWN, matches=(match,))
        findings.append(
            Finding(
                rule="known-vulnerability",
                subject=component.purl,
                severity=Severity.HIGH,
                message=match.summary,
                instance=match.id,
                ids=(match.id, *match.ids),
                locations=component.locations,
                evidence=match.evidence,
                remediation=f"Upgrade {component.name} to 9.",
            )
        )
    assessment = Assessment(
        verdict=Verdict.FAILED,
        findings=tuple(findings),
        failing=frozenset(finding.fingerprint for finding in findings),
        not_established=tuple(f"pkg:pypi/open-{number}@1: nobody knows {number}" for number in range(count)),
    )
    return replace(result, facts=Facts(advisories=answers), assessment=assessment)
