"""Packages that were given up or are in quarantine."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from bomvet.checks.component.deprecated_package import DEPRECATED_PACKAGE
from bomvet.model.facts import Facts, Release, ReleaseAnswer, Severity, Standing
from bomvet.model.finding import Finding
from bomvet.model.inventory import Component, Location
from tests.harness import run_check

PLACE = (Location(path="package-lock.json", line=3),)
SUBJECT = Component(purl="pkg:npm/a@1", name="a", version="1", locations=PLACE)


def facts(release: Release | None, standing: Standing = Standing.KNOWN) -> Facts:
    """What a lock says of the release."""
    return Facts(
        releases=MappingProxyType(
            {SUBJECT.purl: ReleaseAnswer(standing=standing, release=release, source="lock", reason="")}
        )
    )


@pytest.mark.parametrize(
    ("release", "message"),
    [
        (Release(deprecated="-"), "a@1 is deprecated"),
        (Release(deprecated="use b", status="archived"), "a@1 is deprecated: use b"),
        (Release(status="deprecated", status_reason="use b"), "a is deprecated: use b"),
        (Release(status="archived"), "a is archived: it will not be updated"),
    ],
)
def test_given_up(release: Release, message: str) -> None:
    """In the maintainers' words."""
    assert run_check(DEPRECATED_PACKAGE, SUBJECT, facts(release)) == [
        Finding(
            rule="deprecated-package",
            subject="pkg:npm/a@1",
            severity=Severity.LOW,
            message=message,
            locations=PLACE,
            evidence=("stated by lock",),
            remediation="Plan to replace a: what is found in it from now on may never be fixed.",
        )
    ]


@pytest.mark.parametrize("standing", [Standing.KNOWN, Standing.ABSENT])
@pytest.mark.parametrize(("reason", "words"), [("", ""), ("malware", ": malware")])
def test_in_quarantine(standing: Standing, reason: str, words: str) -> None:
    """Critical, also where the registry has no file any more."""
    release = Release(status="quarantined", status_reason=reason, deprecated="x")

    assert run_check(DEPRECATED_PACKAGE, SUBJECT, facts(release, standing)) == [
        Finding(
            rule="deprecated-package",
            subject="pkg:npm/a@1",
            severity=Severity.CRITICAL,
            message=f"a is in quarantine as unsafe{words}",
            locations=PLACE,
            evidence=("status by lock",),
            remediation="Remove a, and treat machines that installed it as compromised until it is known why.",
        )
    ]


@pytest.mark.parametrize("release", [None, Release(), Release(status="active", yanked="-")])
def test_in_use(release: Release | None) -> None:
    """Nothing is said, or that it is active."""
    assert run_check(DEPRECATED_PACKAGE, SUBJECT, facts(release)) == []


def test_projects_of_the_tree() -> None:
    """Are nobody's package."""
    own = Component(purl=SUBJECT.purl, name="a", version="1", directory="")

    assert run_check(DEPRECATED_PACKAGE, own, facts(Release(deprecated="-"))) == []
    assert run_check(DEPRECATED_PACKAGE, SUBJECT) == []
