"""Releases that are younger than the policy's cool-down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.checks.component._install import runs_code
from bomvet.model.facts import Severity
from bomvet.model.finding import Finding, Rule
from bomvet.plugin import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.model.facts import Facts
    from bomvet.model.inventory import Component


def on_component(component: Component, facts: Facts) -> Iterator[Finding]:
    """One finding, graver where installing runs the package's own code."""
    answer = facts.releases.get(component.purl)
    release = answer.release if answer else None
    if component.first_party or not release or not release.cooling:
        return
    runs = runs_code(component)
    yield Finding(
        rule="new-release",
        subject=component.purl,
        severity=Severity.HIGH if runs else Severity.MEDIUM,
        message=f"{component.label} is {_days(release.age or 0)} old, and cools down for {_days(release.cooling)} more",
        locations=component.locations,
        evidence=(f"released {release.uploaded}", *((runs,) if runs else ())),
        remediation=(
            f"Stay with an older release of {component.name} until then. If this one cannot wait, read what it "
            "changes, and waive the rule for it until the day it has cooled down."
        ),
    )


def _days(number: int) -> str:
    return f"{number} day{'' if number == 1 else 's'}"


NEW_RELEASE = Check(
    rule=Rule(
        id="new-release",
        title="A release is too new to be trusted",
        help=(
            "The release is younger than the cool-down that the policy sets; most malicious releases are found and "
            "removed within days. A release that advisories name as their fix does not have to wait."
        ),
    ),
    on_component=on_component,
)
