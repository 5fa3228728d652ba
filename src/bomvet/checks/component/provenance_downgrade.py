"""Releases that were published with weaker evidence than those before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.checks.component._provenance import answer_of, cut, escalators
from bomvet.model.facts import Severity
from bomvet.model.finding import Finding, Rule
from bomvet.model.publishing import weakened
from bomvet.plugin import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.model.facts import Facts
    from bomvet.model.inventory import Component


def on_component(component: Component, facts: Facts) -> Iterator[Finding]:
    """One finding, graver where the release is fresh, or brings what attacks mostly bring."""
    answer, identity = answer_of(component, facts), facts.identities.get(component.purl)
    reasons = weakened(answer, identity) if answer else ()
    if not answer or not reasons:
        return
    joined = escalators(component, facts, answer)
    yield Finding(
        rule="provenance-downgrade",
        subject=component.purl,
        severity=Severity.HIGH if joined else Severity.MEDIUM,
        message=f"{component.label} was published with weaker evidence than expected: {reasons[0]}",
        locations=component.locations,
        evidence=cut((*reasons, *(f"graver: {what}" for what in joined), *_registry(answer.registry))),
        remediation=(
            f"Stay with the last release of {component.name} that has the evidence, and look whether the repository "
            "has a tag for this one. If its maintainers confirm that they published it by hand, waive the rule for "
            "this release alone, with a day on which the waiver ends."
        ),
    )


def _registry(host: str) -> tuple[str, ...]:
    return (f"by the word of {host}",) if host else ()


PROVENANCE_DOWNGRADE = Check(
    rule=Rule(
        id="provenance-downgrade",
        title="A release was published with weaker evidence than before",
        help=(
            "Earlier releases have evidence of who built them, the identity lock expects it, or other files of the "
            "release have it, and this one lacks it. Whoever publishes with a stolen token or account cannot make the "
            "evidence that the project's own workflow makes."
        ),
    ),
    on_component=on_component,
)
