"""Packages from a registry that neither the project's clients nor the policy name, or that no other package uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.checks.component._sources import listed
from bomvet.model.facts import Severity
from bomvet.model.finding import Finding, Rule
from bomvet.model.inventory import Confidence
from bomvet.plugin import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.model.facts import Facts, SourceAnswer
    from bomvet.model.inventory import Component


def on_component(component: Component, facts: Facts) -> Iterator[Finding]:
    """One finding for all registries that are not expected."""
    answer = facts.sources.get(component.purl)
    if component.first_party or not answer or not answer.foreign:
        return
    yield Finding(
        rule="foreign-registry",
        subject=component.purl,
        severity=Severity.HIGH if answer.certain else Severity.MEDIUM,
        confidence=Confidence.HIGH if answer.certain else Confidence.MEDIUM,
        message=f"{component.label} comes from {listed(answer.foreign)}, {_instead(answer)}",
        locations=component.locations,
        evidence=tuple(f"expected {url} ({answer.basis})" for url in answer.expected),
        remediation=(
            f"Find out who changed the entry of {component.name}, and restore it. If the registry is right, name it in "
            "the configuration of the package manager, or under registries in bomvet.toml."
        ),
    )


def _instead(answer: SourceAnswer) -> str:
    expected = listed(answer.expected)
    if answer.certain:
        return f"and only {expected} is configured ({answer.basis})"
    return f"while nearly all other packages of the lock come from {expected or 'the registry of the client'}"


FOREIGN_REGISTRY = Check(
    rule=Rule(
        id="foreign-registry",
        title="A component comes from a registry that is not configured",
        help=(
            "Neither the configuration of the package managers in the tree nor the policy names the registry; "
            "or, where nothing is configured, nearly all others come from another one."
        ),
    ),
    on_component=on_component,
)
