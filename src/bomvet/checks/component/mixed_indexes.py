"""Packages whose name may be taken from one of several registries: dependency confusion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.checks.component._sources import listed
from bomvet.model.facts import Severity
from bomvet.model.finding import Finding, Rule
from bomvet.plugin import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.model.facts import Facts
    from bomvet.model.inventory import Component


def on_component(component: Component, facts: Facts) -> Iterator[Finding]:
    """One finding for all registries that may give the name something else."""
    answer = facts.sources.get(component.purl)
    if component.first_party or not answer or not answer.rivals:
        return
    own = sorted({value for name, value in component.properties if name == "bomvet:registry"})
    yield Finding(
        rule="mixed-indexes",
        subject=component.purl,
        severity=Severity.MEDIUM,
        message=(
            f"{component.name} may be taken from {listed(answer.rivals)} as well as from "
            f"{listed(own) or 'the index of the client'}: whoever has the name on either decides what is installed"
        ),
        locations=component.locations,
        evidence=tuple(f"also {url}" for url in answer.rivals),
        remediation=(
            f"Say from which index {component.name} comes (an explicit index, a scope), or lock it with hashes."
        ),
    )


MIXED_INDEXES = Check(
    rule=Rule(
        id="mixed-indexes",
        title="A component's name may be taken from several registries",
        help=(
            "Further indexes are asked for it and no hash decides, "
            "or versions of one name come from several registries that nobody has chosen."
        ),
    ),
    on_component=on_component,
)
