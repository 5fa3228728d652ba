"""What was known before."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from bomvet.model.facts import Severity
from bomvet.model.finding import Assessment, Finding, Statement, Suppressed, Verdict, Waived, Waiver
from bomvet.policy.baseline import Baseline, lineage

FINDING = Finding(
    rule="known-vulnerability",
    subject="pkg:pypi/a@1.0",
    severity=Severity.HIGH,
    message="m",
    instance="GHSA-1",
    ids=("GHSA-1",),
)


def known(finding: Finding, *before: Finding) -> bool:
    """Whether it is, where `before` is the baseline."""
    baseline = Baseline.of(Assessment(verdict=Verdict.FAILED, findings=before), "b.json")
    return list(baseline.known([finding])) == [finding.fingerprint]


@pytest.mark.parametrize(
    ("changes", "is_known"),
    [
        ({}, True),
        # An upgrade that leaves the advisory open has brought nothing new.
        ({"subject": "pkg:pypi/a@1.1"}, True),
        ({"subject": "pkg:pypi/a@1.1?vcs_url=x"}, True),
        # The advisory has got a CVE since.
        ({"instance": "CVE-1", "ids": ("CVE-1", "ghsa-1")}, True),
        ({"severity": Severity.CRITICAL, "message": "n"}, True),
        ({"instance": "GHSA-2", "ids": ("GHSA-2",)}, False),
        ({"subject": "pkg:pypi/b@1.0"}, False),
        ({"subject": "pkg:npm/a@1.0"}, False),
        ({"rule": "yanked-release"}, False),
    ],
)
def test_known_is_a_weakness_of_a_package(changes: dict[str, object], is_known: bool) -> None:  # noqa: FBT001
    """By rule, package and advisory; version, wording and severity do not matter."""
    assert known(replace(FINDING, **changes), FINDING) is is_known  # type: ignore[arg-type]


def test_findings_without_an_advisory() -> None:
    """Their instance tells them apart."""
    one = replace(FINDING, rule="weak-integrity", ids=(), instance="md5")

    assert known(replace(one, subject="pkg:pypi/a@2"), one)
    assert not known(replace(one, instance="sha1"), one)


def test_waived_and_suppressed_findings_were_known() -> None:
    """A waiver that has run out since makes nothing new."""
    waiver = Waiver(id="x", reason="r", owner="o", expires=dt.date(2026, 1, 1))
    statement = Statement(ids=("x",), status="fixed", products=("p",))
    other = replace(FINDING, subject="pkg:pypi/b@1")
    before = Assessment(
        verdict=Verdict.PASSED,
        waived=(Waived(finding=FINDING, waiver=waiver),),
        suppressed=(Suppressed(finding=other, statement=statement),),
    )

    found = Baseline.of(before, "b.json").known([FINDING, other])
    assert sorted(found) == sorted((FINDING.fingerprint, other.fingerprint))


def test_fingerprints_alone() -> None:
    """Where a document has no more, an upgrade makes a finding new."""
    baseline = Baseline(source="b.sarif", fingerprints=frozenset((FINDING.fingerprint,)))
    moved = replace(FINDING, subject="pkg:pypi/a@1.1")

    assert list(baseline.known([FINDING, moved])) == [FINDING.fingerprint]


def test_an_empty_baseline_knows_nothing() -> None:
    """Everything is new."""
    assert not known(FINDING)


@pytest.mark.parametrize(
    ("subject", "found"),
    [
        ("pkg:pypi/A_b@1.0", "pkg:pypi/a-b"),
        ("pkg:npm/%40s/a@1.0?x=y#z", "pkg:npm/@s/a"),
        ("pkg:npm/@s/a", "pkg:npm/@s/a"),
        ("pkg:generic/own@1?path=apps/web", "pkg:generic/own?path=apps/web"),
        ("svc:aws/s3/bucket@1", "svc:aws/s3/bucket@1"),
    ],
)
def test_what_stays_of_a_subject(subject: str, found: str) -> None:
    """Type and name; of a project also where it is."""
    assert lineage(subject) == found
