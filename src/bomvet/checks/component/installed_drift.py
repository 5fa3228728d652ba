"""Installed packages that are not what the lock says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.model.facts import Drift, DriftKind, Severity
from bomvet.model.finding import Finding, Rule
from bomvet.plugin import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.model.facts import Facts
    from bomvet.model.inventory import Component

ID = "installed-drift"
_SEVERITIES = {
    DriftKind.OTHER_VERSION: Severity.MEDIUM,
    DriftKind.NOT_LOCKED: Severity.MEDIUM,
    DriftKind.NOT_INSTALLED: Severity.LOW,
}


def on_component(component: Component, facts: Facts) -> Iterator[Finding]:
    """One finding per package and folder; what is not locked is told of the project."""
    for drift in facts.drift.get(component.purl, ()):
        yield Finding(
            rule=ID,
            subject=component.purl,
            severity=_SEVERITIES[drift.kind],
            message=_message(drift),
            instance=f"{drift.folder}: {drift.purl}",
            locations=drift.locations or component.locations,
            evidence=(f"{drift.lock} against {drift.folder}",),
            remediation=_remedy(drift),
        )


def _message(drift: Drift) -> str:
    name = drift.purl.partition("/")[2].replace("%40", "@")
    strange = [version for version in drift.installed if version not in drift.locked]
    locked, installed = ", ".join(drift.locked), ", ".join(filter(None, strange))
    if drift.kind is DriftKind.NOT_LOCKED:
        return f"{f'{name} {installed}'.rstrip()} is installed in {drift.folder}, and is not in {drift.lock}"
    if drift.kind is DriftKind.NOT_INSTALLED:
        return f"{name} {locked} of {drift.lock} is not installed in {drift.folder}"
    return f"{name} is {installed or 'of no version'} in {drift.folder}, and {locked or 'of none'} in {drift.lock}"


def _remedy(drift: Drift) -> str:
    """What ends the disagreement, whichever side is right."""
    return f"Install anew from {drift.lock}, or write {drift.lock} anew if what is installed is meant."


INSTALLED_DRIFT = Check(
    rule=Rule(
        id=ID,
        title="What is installed is not what the lock says",
        help=(
            "With --drift, installed packages are compared with the lock that speaks for them: another version, a "
            "package that no lock speaks of, or a needed one that is not there."
        ),
    ),
    on_component=on_component,
)
