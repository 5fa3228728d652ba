"""Questions to registries about evidence, and what is made of their answers, whatever the ecosystem."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bomvet.model.provenance import Attestation, EvidenceKind, ProvenanceStatus, Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from bomvet.enrichers._provenance_cases import Artefact, Case, Sought
    from bomvet.enrichers._registry_choice import Choice
    from bomvet.model.inventory import Hash
    from bomvet.plugin import Request, Response
    from bomvet.provenance.evidence import Evidence

OK = 200
ABSENT, OPEN = ProvenanceStatus.ABSENT, ProvenanceStatus.NOT_ESTABLISHED


class Question(NamedTuple):
    """Where a registry has evidence, what for, and how the answer is read, which raises `ValueError`.

    `none` is what holds where the answer has no evidence of who built the files.
    """

    request: Request
    host: str
    case: Case
    sought: tuple[Sought, ...]
    read: Callable[[bytes, str], tuple[Evidence, ...]]
    none: tuple[ProvenanceStatus, str]


def failed(host: str, response: Response) -> str:
    """Why there is no answer to go by; empty where there is one."""
    if not response.status:
        return f"{host} could not be asked: {response.error}"
    return "" if response.status == OK else f"{host} answers with status {response.status}"


def refute(artefact: Artefact, choice: Choice, other: Hash, reason: str) -> None:
    """Note that the registry has another file than the one that was locked."""
    artefact.attestations.append(
        Attestation(
            kind=EvidenceKind.OTHER,
            status=ProvenanceStatus.INVALID,
            step=Step.DIGEST,
            reason=reason,
            digest=other,
            compared="lock",
            source=choice.url,
        )
    )
