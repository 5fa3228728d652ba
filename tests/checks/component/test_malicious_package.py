"""Findings about components that are known to be malicious."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from bomvet.checks.component.known_vulnerability import KNOWN_VULNERABILITY
from bomvet.checks.component.malicious_package import MALICIOUS_PACKAGE
from bomvet.model.facts import AdvisoryAnswer, AdvisoryMatch, Facts, Rating, Severity, Standing
from bomvet.model.finding import Finding
from bomvet.model.inventory import Component, Confidence, Location
from bomvet.model.records import replace
from tests.harness import run_check

PLACES = (Location(path="package-lock.json", line=3),)
COMPONENT = Component(purl="pkg:npm/example@1.0", name="example", version="1.0", locations=PLACES)
LISTED = AdvisoryMatch(
    id="MAL-2024-1",
    ids=("MAL-2024-1",),
    aliases=("GHSA-1",),
    summary="Malicious code in example (npm)",
    rating=Rating(severity=Severity.CRITICAL, source="malicious package"),
    evidence=("MAL-2024-1: version listed",),
    listed=True,
)
RANGE = replace(LISTED, listed=False, evidence=("MAL-2024-1: in range [0, ...)",))


def facts(*matches: AdvisoryMatch) -> Facts:
    """What is known of the component."""
    answer = AdvisoryAnswer(standing=Standing.KNOWN, matches=matches)
    return Facts(advisories=MappingProxyType({COMPONENT.purl: answer}))


def test_a_listed_version_is_certain() -> None:
    """A record that lists the version is a critical finding of high confidence, with all names to waive it by."""
    assert run_check(MALICIOUS_PACKAGE, COMPONENT, facts(LISTED)) == [
        Finding(
            rule="malicious-package",
            subject="pkg:npm/example@1.0",
            severity=Severity.CRITICAL,
            message="Malicious code in example (npm)",
            instance="MAL-2024-1",
            ids=("GHSA-1", "MAL-2024-1"),
            locations=PLACES,
            evidence=("MAL-2024-1: version listed",),
            remediation="Remove example and treat what it could reach as compromised: replace every secret there.",
        )
    ]


@pytest.mark.parametrize(
    ("match", "expected"),
    [(Confidence.HIGH, Confidence.MEDIUM), (Confidence.MEDIUM, Confidence.MEDIUM), (Confidence.LOW, Confidence.LOW)],
)
def test_a_range_alone_is_to_be_checked(match: Confidence, expected: Confidence) -> None:
    """As critical, of less confidence, and with the record to read in the place of an order to remove."""
    (found,) = run_check(MALICIOUS_PACKAGE, COMPONENT, facts(replace(RANGE, confidence=match)))

    assert (found.severity, found.confidence) == (Severity.CRITICAL, expected)
    assert found.message == (
        "Malicious code in example (npm) (range only: no record lists 1.0, which is to be checked)"
    )
    assert found.remediation == (
        "Read MAL-2024-1 on whether it means example@1.0, and treat it as malicious until that is ruled out: "
        "install it nowhere."
    )


def test_severity_does_not_go_by_the_rating() -> None:
    """Malware is critical whatever another record of the group says of it."""
    (found,) = run_check(MALICIOUS_PACKAGE, COMPONENT, facts(replace(LISTED, rating=Rating(severity=Severity.LOW))))

    assert found.severity is Severity.CRITICAL


def test_a_match_keeps_its_own_doubt() -> None:
    """A package from a repository may hold other code than the release that is listed."""
    (found,) = run_check(MALICIOUS_PACKAGE, COMPONENT, facts(replace(LISTED, confidence=Confidence.MEDIUM)))

    assert found.confidence is Confidence.MEDIUM


def test_a_release_that_was_taken_over_has_a_clean_one() -> None:
    """Where one version of a good package was malicious, the next clean one is named."""
    (found,) = run_check(MALICIOUS_PACKAGE, COMPONENT, facts(replace(LISTED, clean="1.0.1")))

    assert found.remediation.endswith(" 1.0.1 is the next version that no record names.")


@pytest.mark.parametrize(
    ("match", "version", "message"),
    [
        (LISTED, "1.0", "example@1.0 is malicious"),
        (RANGE, "1.0", "example is malicious (range only: no record lists 1.0, which is to be checked)"),
        (RANGE, "", "example is malicious (range only: no record lists the version, which is to be checked)"),
    ],
)
def test_message_without_summary(match: AdvisoryMatch, version: str, message: str) -> None:
    """Where no record has a summary the message says what is malicious."""
    component = replace(COMPONENT, version=version)

    (found,) = run_check(MALICIOUS_PACKAGE, component, facts(replace(match, summary="")))

    assert found.message == message


def test_each_match_has_one_rule() -> None:
    """What this rule tells the other does not, and the reverse; nothing is told twice and nothing is lost."""
    other = AdvisoryMatch(id="CVE-1", ids=("GHSA-2",), rating=Rating(severity=Severity.LOW))
    both = replace(LISTED, id="CVE-2", ids=("GHSA-1", "MAL-2024-2"))
    known = facts(LISTED, other, both)

    assert [f.id for f in run_check(MALICIOUS_PACKAGE, COMPONENT, known)] == ["MAL-2024-1", "CVE-2"]
    assert [f.id for f in run_check(KNOWN_VULNERABILITY, COMPONENT, known)] == ["CVE-1"]


@pytest.mark.parametrize("known", [Facts(), facts()])
def test_no_finding(known: Facts) -> None:
    """Neither a component without an answer nor one without matches is a finding."""
    assert run_check(MALICIOUS_PACKAGE, COMPONENT, known) == []


def test_rule() -> None:
    """The rule is named after its file and speaks of components alone."""
    assert (MALICIOUS_PACKAGE.id, MALICIOUS_PACKAGE.on_service) == ("malicious-package", None)
