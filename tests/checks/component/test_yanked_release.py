"""Releases that were taken back."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from bomvet.checks.component.yanked_release import YANKED_RELEASE
from bomvet.model.facts import Facts, Release, ReleaseAnswer, Severity, Standing
from bomvet.model.finding import Finding
from bomvet.model.inventory import Component, Location
from tests.harness import run_check

PLACE = (Location(path="uv.lock", line=3),)
SUBJECT = Component(purl="pkg:pypi/a@1", name="a", version="1", locations=PLACE)
HOST = "pypi.packages.example"
GONE = "a@1 is not, or no longer, in the registry it is said to be from"


def facts(standing: Standing, release: Release | None, reason: str = "") -> Facts:
    """What a registry says of the release."""
    answer = ReleaseAnswer(standing=standing, release=release, source=HOST, reason=reason)
    return Facts(releases=MappingProxyType({SUBJECT.purl: answer}))


@pytest.mark.parametrize(
    ("yanked", "severity", "words"),
    [
        ("-", Severity.MEDIUM, ""),
        ("broken wheel for Python 3.9", Severity.MEDIUM, ": broken wheel for Python 3.9"),
        ("CVE-2026-1", Severity.HIGH, ": CVE-2026-1"),
        ("Token was stolen", Severity.HIGH, ": Token was stolen"),
    ],
)
def test_yanked(yanked: str, severity: Severity, words: str) -> None:
    """Graver where the maintainers say that it is for the sake of security."""
    assert run_check(YANKED_RELEASE, SUBJECT, facts(Standing.KNOWN, Release(yanked=yanked))) == [
        Finding(
            rule="yanked-release",
            subject="pkg:pypi/a@1",
            severity=severity,
            message=f"a@1 was yanked by its maintainers{words}",
            locations=PLACE,
            evidence=(HOST,),
            remediation="Take a release of a that still stands, and find out why this one was taken back.",
        )
    ]


@pytest.mark.parametrize("release", [None, Release(status="active")])
def test_gone(release: Release | None) -> None:
    """A registry that has no such release: it was removed, or never was there."""
    (found,) = run_check(YANKED_RELEASE, SUBJECT, facts(Standing.ABSENT, release, "it has no such release"))

    assert (found.severity, found.message, found.evidence) == (Severity.HIGH, GONE, ("it has no such release",))


@pytest.mark.parametrize(
    ("standing", "release"),
    [
        (Standing.KNOWN, None),
        (Standing.KNOWN, Release(deprecated="x")),
        (Standing.NOT_ESTABLISHED, None),
        (Standing.ABSENT, Release(status="quarantined")),
    ],
)
def test_not_taken_back(standing: Standing, release: Release | None) -> None:
    """It stands, nobody knows, or another rule says worse."""
    assert run_check(YANKED_RELEASE, SUBJECT, facts(standing, release)) == []


def test_projects_of_the_tree() -> None:
    """Have no release."""
    own = Component(purl=SUBJECT.purl, name="a", version="1", directory="")

    assert run_check(YANKED_RELEASE, own, facts(Standing.KNOWN, Release(yanked="-"))) == []
    assert run_check(YANKED_RELEASE, SUBJECT) == []
