"""Artefacts that are not the ones that were attested."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.checks.component._provenance import answer_of, cut, told
from bomvet.model.facts import Severity
from bomvet.model.finding import Finding, Rule
from bomvet.model.provenance import EvidenceKind
from bomvet.model.publishing import KINDS, tampered
from bomvet.plugin import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.model.facts import Facts
    from bomvet.model.inventory import Component
    from bomvet.model.provenance import Attestation

#: Who says what the artefact is, by what its digest was compared with.
_PINNED = {
    "lock": "the lock pins",
    "registry": "the registry serves",
    "artefact": "was read",
}


def on_component(component: Component, facts: Facts) -> Iterator[Finding]:
    """One finding, whatever number of files and attestations differ."""
    answer = answer_of(component, facts)
    found = tampered(answer) if answer else ()
    if not found:
        return
    # What a registry serves instead says less than what was attested.
    first = min(found, key=_is_of_registry)
    pinned = _PINNED.get(first.compared, _PINNED["lock"])
    attested = f"what its {KINDS[first.kind]} is about"
    other = f"this release: {first.reason}" if _is_of_registry(first) else attested
    yield Finding(
        rule="digest-mismatch",
        subject=component.purl,
        severity=Severity.CRITICAL,
        message=f"What {pinned} of {component.label} is not {other}",
        locations=component.locations,
        evidence=cut(map(_told, found)),
        remediation=(
            f"Do not install {component.label}. Find out where the hash in the lock comes from: lock the release anew "
            "from the registry itself, and compare. If the registry serves the other file, it or the way to it is "
            "tampered with: tell the maintainers."
        ),
    )


def _is_of_registry(attestation: Attestation) -> bool:
    """Whether it is the word of a registry, and no statement that somebody signed."""
    return attestation.kind is EvidenceKind.OTHER and not attestation.predicate_type


def _told(attestation: Attestation) -> str:
    digest, of_registry = attestation.digest, _is_of_registry(attestation)
    stated = f"{digest.algorithm}:{digest.value}" if digest else ""
    attested = f"{'has' if of_registry else 'attests'} {stated}" if stated else ""
    said = "; ".join(filter(None, (attested, attestation.reason)))
    return f"{attestation.source if of_registry else told(attestation)}: {said or 'it attests another digest'}"


DIGEST_MISMATCH = Check(
    rule=Rule(
        id="digest-mismatch",
        title="An artefact is not the one that was attested",
        help=(
            "The evidence of who built the release is sound, and is about a file with another digest than the one that "
            "the lock pins, or the registry has another file of that name: what would be installed is not what was "
            "built."
        ),
    ),
    on_component=on_component,
)
