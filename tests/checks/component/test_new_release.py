"""Releases that are younger than the cool-down."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from bomvet.checks.component.new_release import NEW_RELEASE
from bomvet.model.facts import Facts, Release, ReleaseAnswer, Severity, Standing
from bomvet.model.finding import Finding
from bomvet.model.inventory import Component, Distribution, Location
from tests.harness import run_check

PLACE = (Location(path="uv.lock", line=3),)
UPLOADED = "2026-11-22T12:00:00Z"


def facts(purl: str, release: Release | None) -> Facts:
    """What is known of one release."""
    return Facts(releases=MappingProxyType({purl: ReleaseAnswer(standing=Standing.KNOWN, release=release)}))


def test_a_release_that_still_cools_down() -> None:
    """Age and what is left to wait are told, with the time that this rests on."""
    subject = Component(purl="pkg:npm/a@1", name="a", version="1", locations=PLACE)

    found = run_check(NEW_RELEASE, subject, facts(subject.purl, Release(uploaded=UPLOADED, age=2, cooling=1)))

    assert found == [
        Finding(
            rule="new-release",
            subject="pkg:npm/a@1",
            severity=Severity.MEDIUM,
            message="a@1 is 2 days old, and cools down for 1 day more",
            locations=PLACE,
            evidence=("released 2026-11-22T12:00:00Z",),
            remediation=(
                "Stay with an older release of a until then. If this one cannot wait, read what it changes, and waive "
                "the rule for it until the day it has cooled down."
            ),
        )
    ]


@pytest.mark.parametrize(
    ("subject", "reason"),
    [
        (
            Component(purl="pkg:npm/a@1", name="a", version="1", properties=(("bomvet:install-script", "true"),)),
            "it has an install script",
        ),
        (
            Component(
                purl="pkg:pypi/a@1",
                name="a",
                version="1",
                distributions=(Distribution(url="https://f.packages.example/a-1.tar.gz", source=True),),
            ),
            "it comes as source alone, which runs its own code when it is built",
        ),
    ],
)
def test_what_runs_code_when_it_is_installed_is_graver(subject: Component, reason: str) -> None:
    """High, and the reason stands in the evidence."""
    (found,) = run_check(NEW_RELEASE, subject, facts(subject.purl, Release(uploaded=UPLOADED, age=0, cooling=7)))

    assert (found.severity, found.evidence) == (Severity.HIGH, (f"released {UPLOADED}", reason))
    assert found.message == "a@1 is 0 days old, and cools down for 7 days more"


def test_a_wheel_beside_the_source_runs_nothing() -> None:
    """Medium, since the installer takes the wheel."""
    files = (
        Distribution(url="https://f.packages.example/a-1.tar.gz", source=True),
        Distribution(url="https://f.packages.example/a-1-py3-none-any.whl"),
    )
    subject = Component(purl="pkg:pypi/a@1", name="a", version="1", distributions=files)

    (found,) = run_check(NEW_RELEASE, subject, facts(subject.purl, Release(uploaded=UPLOADED, age=0, cooling=7)))

    assert found.severity is Severity.MEDIUM


@pytest.mark.parametrize(
    ("directory", "release"),
    [
        (None, None),
        (None, Release(uploaded=UPLOADED, age=7)),
        (None, Release(uploaded=UPLOADED, age=2, exempt=("GHSA-1",))),
        ("", Release(uploaded=UPLOADED, age=2, cooling=5)),
    ],
)
def test_nothing_to_wait_for(directory: str | None, release: Release | None) -> None:
    """Cooled down, a security fix, nothing known, or a project of the tree."""
    subject = Component(purl="pkg:npm/a@1", name="a", version="1", directory=directory)

    assert run_check(NEW_RELEASE, subject, facts(subject.purl, release)) == []
    assert run_check(NEW_RELEASE, subject) == []
