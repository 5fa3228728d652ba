"""Packages that their maintainers gave up, or that the registry holds in quarantine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.model.facts import Severity
from bomvet.model.finding import Finding, Rule
from bomvet.plugin import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.model.facts import Facts, Release
    from bomvet.model.inventory import Component

_GIVEN_UP = {"archived": "is archived: it will not be updated", "deprecated": "is deprecated"}


def on_component(component: Component, facts: Facts) -> Iterator[Finding]:
    """One finding: the gravest of what is said."""
    answer = facts.releases.get(component.purl)
    if component.first_party or not answer or not answer.release:
        return
    release = answer.release
    if release.status == "quarantined":
        yield Finding(
            rule="deprecated-package",
            subject=component.purl,
            severity=Severity.CRITICAL,
            message=f"{component.name} is in quarantine as unsafe{_words(release.status_reason)}",
            locations=component.locations,
            evidence=(f"status by {answer.source}",),
            remediation=(
                f"Remove {component.name}, and treat machines that installed it as compromised until it is known why."
            ),
        )
    elif message := _given_up(component, release):
        yield Finding(
            rule="deprecated-package",
            subject=component.purl,
            severity=Severity.LOW,
            message=message,
            locations=component.locations,
            evidence=(f"stated by {answer.source}",),
            remediation=f"Plan to replace {component.name}: what is found in it from now on may never be fixed.",
        )


def _given_up(component: Component, release: Release) -> str:
    if release.deprecated:
        return f"{component.label} is deprecated{_words(release.deprecated)}"
    said = _GIVEN_UP.get(release.status, "")
    return f"{component.name} {said}{_words(release.status_reason)}" if said else ""


def _words(text: str) -> str:
    return f": {text}" if text and text != "-" else ""


DEPRECATED_PACKAGE = Check(
    rule=Rule(
        id="deprecated-package",
        title="A package was given up or is in quarantine",
        help=(
            "The maintainers deprecated the release or archived the project, or the registry holds the project in "
            "quarantine because it is thought to be malicious."
        ),
    ),
    on_component=on_component,
)
