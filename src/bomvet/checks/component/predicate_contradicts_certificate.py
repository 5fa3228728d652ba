"""Provenance that claims what its certificate denies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.checks.component._provenance import answer_of, cut, told
from bomvet.model.facts import Severity
from bomvet.model.finding import Finding, Rule
from bomvet.model.publishing import KINDS, contradicted
from bomvet.plugin import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.model.facts import Facts
    from bomvet.model.inventory import Component
    from bomvet.model.provenance import Attestation


def on_component(component: Component, facts: Facts) -> Iterator[Finding]:
    """One finding with every claim that does not hold."""
    answer = answer_of(component, facts)
    found = contradicted(answer) if answer else ()
    if not found:
        return
    yield Finding(
        rule="predicate-contradicts-certificate",
        subject=component.purl,
        severity=Severity.HIGH,
        message=(
            f"The {KINDS[found[0].kind]} of {component.label} claims what its certificate denies: "
            f"{found[0].contradictions[0]}"
        ),
        locations=component.locations,
        evidence=cut(line for attestation in found for line in _told(attestation)),
        remediation=(
            f"Believe the certificate alone, and ask whether that identity should build {component.name}. If not, do "
            "not install it, and tell the maintainers whom the evidence names, and the registry."
        ),
    )


def _told(attestation: Attestation) -> Iterator[str]:
    yield from (f"{told(attestation)}: {claim}" for claim in attestation.contradictions)
    if attestation.identity:
        yield f"signed by {attestation.identity.subject}"


PREDICATE_CONTRADICTS_CERTIFICATE = Check(
    rule=Rule(
        id="predicate-contradicts-certificate",
        title="Provenance claims what its certificate denies",
        help=(
            "The evidence is signed, and says of itself another builder, repository or commit than the certificate of "
            "its signer. The certificate is the word of the authority that saw who signed; the rest is what the "
            "signer wrote."
        ),
    ),
    on_component=on_component,
)
