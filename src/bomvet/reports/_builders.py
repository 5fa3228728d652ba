"""Who built a component and by which evidence, for people: as rows of an explanation, and counted in a line."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bomvet.model.provenance import EvidenceKind, LogStrength, ProvenanceStatus
from bomvet.model.publishing import KINDS, LEVELS, STEPS, is_unattested, moved, signed, weakened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bomvet.model.facts import Facts
    from bomvet.model.inventory import Component
    from bomvet.model.provenance import Attestation, IdentityAnswer, ProvenanceAnswer, PublisherIdentity

#: So many attestations of one component are told; the rest is counted.
MAX_ATTESTATIONS = 10
#: The rules whose findings an explanation tells with the evidence.
RULES = (
    "digest-mismatch",
    "invalid-attestation",
    "predicate-contradicts-certificate",
    "provenance-downgrade",
    "publisher-changed",
    "repository-mismatch",
    "unattested",
)
_Row = tuple[str, str]
_HEAD = "  provenance  "
#: The order in which to count, and the words.
_WORDS = {
    ProvenanceStatus.VERIFIED: "verified",
    ProvenanceStatus.INVALID: "invalid",
    ProvenanceStatus.IDENTITY_MISMATCH: "by another publisher",
    ProvenanceStatus.ABSENT: "absent",
    ProvenanceStatus.UNSUPPORTED: "not verified here",
    ProvenanceStatus.NOT_ESTABLISHED: "not established",
}
#: What is wrong comes first, and what is sound before what says nothing.
_ORDER = (
    ProvenanceStatus.INVALID,
    ProvenanceStatus.IDENTITY_MISMATCH,
    ProvenanceStatus.VERIFIED,
    ProvenanceStatus.UNSUPPORTED,
    ProvenanceStatus.NOT_ESTABLISHED,
    ProvenanceStatus.ABSENT,
)
_STRENGTHS = {
    LogStrength.PROOF: "proof that it is in the log",
    LogStrength.PROMISE: "promise of the log to take it in, and no proof",
    LogStrength.NONE: "in no log",
}
_COMPARED = {"lock": "that of the lock", "registry": "that of the registry", "artefact": "that of the artefact"}


def counted(facts: Facts, components: Iterable[Component] = ()) -> str:
    """`Provenance: 54 of 60 verified, 4 absent, 2 not established`; empty where nobody asked.

    Of `components` those count besides that are not the project's own, and that nobody was asked about.
    """
    found = Counter(map(_standing, facts.provenance.values()))
    if not found:
        return ""
    others = sum(not c.first_party and c.purl not in facts.provenance for c in components)
    said = [f"{found.pop(ProvenanceStatus.VERIFIED, 0):,} of {len(facts.provenance) + others:,} verified"]
    said += [f"{found[s]:,} {word}" for s, word in _WORDS.items() if found[s]]
    return f"Provenance: {', '.join((*said, *([f'{others:,} not looked at'] if others else ())))}"


def _standing(answer: ProvenanceAnswer) -> ProvenanceStatus:
    """The status; that the registry signs what it serves is no provenance."""
    return ProvenanceStatus.ABSENT if is_unattested(answer) else answer.status


def rows(answer: ProvenanceAnswer, identity: IdentityAnswer | None) -> Iterator[_Row]:
    """All that there is to say of one component."""
    head = _HEAD
    for text in _summary(answer, identity):
        yield head, text
        head = " " * len(head)
    shown = sorted(answer.attestations, key=_place)
    for attestation in shown[:MAX_ATTESTATIONS]:
        yield from _attestation(attestation)
    if len(shown) > MAX_ATTESTATIONS:
        yield "    ", f"... and {len(shown) - MAX_ATTESTATIONS:,} more"


def _place(attestation: Attestation) -> tuple[object, ...]:
    """Provenance comes before other evidence that fares alike."""
    kind = attestation.kind
    return _ORDER.index(attestation.status), kind is not EvidenceKind.SLSA, kind, attestation.source, attestation.bundle


def _summary(answer: ProvenanceAnswer, identity: IdentityAnswer | None) -> Iterator[str]:
    files = f", {answer.attested} of {answer.files} files" if answer.files > 1 else ""
    # Most reasons name the registry themselves.
    by = f", asked of {answer.registry}" if answer.registry and answer.registry not in answer.reason else ""
    yield f"{_WORDS[_standing(answer)]}{files}{by}{f': {answer.reason}' if answer.reason else ''}"
    if answer.level:
        yield f"published {LEVELS[answer.level]}"
    yield from weakened(answer, identity)
    if answer.changes:
        yield f"with {', '.join(answer.changes)}"
    if answer.declared:
        yield f"declares {', '.join(answer.declared[:3])}"
    if identity and signed(answer) and not identity.changes:
        yield f"as {identity.location} has it"
    yield from _changed(identity) if identity else ()


def _changed(identity: IdentityAnswer) -> Iterator[str]:
    for change in moved(identity):
        what = change.what.value.replace("-", " ")
        yield f"not as {identity.location} has it: {what} {change.before or 'none'}, now {change.after or 'none'}"


def _attestation(attestation: Attestation) -> Iterator[_Row]:
    yield "    ", f"{KINDS[attestation.kind]}: {_outcome(attestation)}"
    sound = attestation.status in (ProvenanceStatus.VERIFIED, ProvenanceStatus.IDENTITY_MISMATCH)
    # What is refused proves nothing of what it says.
    for label, text in _proved(attestation) if sound else ():
        yield f"      {label:<7} ", text
    if attestation.source:
        yield "      from    ", attestation.source


def _outcome(attestation: Attestation) -> str:
    reason = f": {attestation.reason}" if attestation.reason else ""
    if attestation.status is ProvenanceStatus.INVALID and attestation.step:
        return f"refused at {STEPS[attestation.step]}{reason}"
    consistent = f", consistent with {attestation.level}" if attestation.level else ""
    return f"{_WORDS[attestation.status]}{consistent}{reason}"


def _proved(attestation: Attestation) -> Iterator[_Row]:
    if attestation.identity:
        yield from _signer(attestation.identity)
    yield from (("denies", claim) for claim in attestation.contradictions)
    yield "log", _log(attestation)
    if attestation.digest:
        equal = _COMPARED.get(attestation.compared)
        same = f", equal to {equal}" if equal else ""
        yield "digest", f"{attestation.digest.algorithm}:{attestation.digest.value}{same}"


def _signer(identity: PublisherIdentity) -> Iterator[_Row]:
    yield "by", f"{identity.repository} {identity.workflow}".strip() if identity.repository else identity.subject
    where = (("", identity.ref), ("commit ", identity.commit), ("by ", identity.trigger), ("on ", identity.runner))
    if any(text for _, text in where):
        yield "of", ", ".join(f"{word}{text}" for word, text in where if text)
    if identity.builder and not identity.builder.startswith(f"{identity.repository}/"):
        yield "builder", identity.builder
    yield "issuer", identity.issuer


def _log(attestation: Attestation) -> str:
    index = "" if attestation.log_index is None else f", index {attestation.log_index}"
    return f"{_STRENGTHS[attestation.strength]}{index}{f', {attestation.log_time}' if attestation.log_time else ''}"
