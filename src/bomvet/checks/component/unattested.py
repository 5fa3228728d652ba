"""Components without evidence of who built them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.checks.component._provenance import answer_of
from bomvet.model.facts import Severity
from bomvet.model.finding import Finding, Rule
from bomvet.model.provenance import EvidenceKind
from bomvet.model.publishing import is_unattested, weakened
from bomvet.plugin import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.model.facts import Facts
    from bomvet.model.inventory import Component
    from bomvet.model.provenance import ProvenanceAnswer


_OF_REGISTRY = (EvidenceKind.NPM_SIGNATURE, EvidenceKind.NPM_PUBLISH)


def on_component(component: Component, facts: Facts) -> Iterator[Finding]:
    """One finding, but where `provenance-downgrade` says that there should be evidence."""
    answer = answer_of(component, facts)
    if not answer or not is_unattested(answer) or weakened(answer, facts.identities.get(component.purl)):
        return
    yield Finding(
        rule="unattested",
        subject=component.purl,
        severity=Severity.LOW,
        message=f"Nothing says who built {component.label}: {answer.registry or 'its registry'} has no evidence of it",
        locations=component.locations,
        evidence=tuple(filter(None, (answer.reason, *_signed(answer)))),
        remediation=(
            f"Ask the maintainers of {component.name} to publish with provenance (trusted publishing), and let a "
            "release cool down meanwhile; where evidence is a must, take a package that has it."
        ),
    )


def _signed(answer: ProvenanceAnswer) -> tuple[str, ...]:
    said = "its registry signed it, which says what it serves, and not who built that"
    return (said,) if any(a.kind in _OF_REGISTRY for a in answer.verified) else ()


UNATTESTED = Check(
    rule=Rule(
        id="unattested",
        title="Nothing says who built a component",
        help=(
            "The registry was asked, and holds no evidence of who built the release. Most packages have none yet, so "
            "the rule is off unless the policy enables it."
        ),
        enabled=False,
    ),
    on_component=on_component,
)
