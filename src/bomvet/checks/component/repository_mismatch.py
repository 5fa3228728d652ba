"""Components that were built from another repository than the one that they name as theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.checks.component._provenance import answer_of, cut, is_reviewed, listed
from bomvet.model.facts import Severity
from bomvet.model.finding import Finding, Rule
from bomvet.model.publishing import signers
from bomvet.plugin import Check

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bomvet.model.facts import Facts
    from bomvet.model.inventory import Component
    from bomvet.model.provenance import IdentityAnswer, ProvenanceAnswer, PublisherIdentity


def on_component(component: Component, facts: Facts) -> Iterator[Finding]:
    """One finding, graver where what is declared changed with this release: whoever publishes it writes that too.

    Where the identity lock has the repository of the package, that is what somebody reviewed, and it alone decides.
    """
    answer = answer_of(component, facts)
    if not answer or not (answer.declared or answer.declared_before):
        return
    if _is_settled(facts.identities.get(component.purl)):
        return
    built = dict.fromkeys(s.repository for s in signers(answer) if s.repository and not _is_renamed(s, answer))
    strange = [uri for uri in built if answer.declared and not _is_any(uri, answer.declared)]
    moved = [uri for uri in built if _has_moved(uri, answer)]
    if strange or moved:
        yield _finding(component, answer, strange, moved)


def _is_settled(identity: IdentityAnswer | None) -> bool:
    """Whether somebody reviewed which repository it is: an entry may leave that open."""
    if identity is None or not is_reviewed(identity):
        return False
    expected = identity.expected
    return bool(expected.repository or expected.repository_id or expected.subject)


def _is_renamed(signer: PublisherIdentity, answer: ProvenanceAnswer) -> bool:
    """Whether it is the repository of the release before, which declared it, under another name of the same owner."""
    before = answer.built_before
    if not before or not (signer.repository_id and signer.owner_id):
        return False
    declared = (*answer.declared, *answer.declared_before)
    return _number(signer) == _number(before) and _is_any(before.repository, declared)


def _number(identity: PublisherIdentity) -> tuple[str, ...]:
    """What a repository and its owner are known by, whatever they are called: numbers are those of one forge."""
    host = identity.repository.partition("://")[2].partition("/")[0].casefold()
    return identity.issuer, host, identity.repository_id, identity.owner_id


def _has_moved(uri: str, answer: ProvenanceAnswer) -> bool:
    """Whether `uri` is new, and so is something of what the release declares, or it declares nothing any more."""
    before, now = answer.declared_before, answer.declared
    return bool(before) and not _is_any(uri, before) and not (now and all(_is_any(own, before) for own in now))


def _finding(component: Component, answer: ProvenanceAnswer, strange: Sequence[str], moved: Sequence[str]) -> Finding:
    uri, before = (*strange, *moved)[0], answer.built_before
    if strange:
        said = f"and names {listed(answer.declared[:3])} as its own"
    else:
        said = f"where the release before names {listed(answer.declared_before[:3])} as its own"
    return Finding(
        rule="repository-mismatch",
        subject=component.purl,
        severity=Severity.HIGH if moved else Severity.MEDIUM,
        message=f"{component.label} was built from {uri}, {said}",
        locations=component.locations,
        evidence=cut(
            (
                *(f"built from {uri}, by the certificate" for uri in (*strange, *moved)),
                *(f"declared: {uri}" for uri in answer.declared),
                *(f"declared by the release before: {uri}" for uri in answer.declared_before),
                *([f"the release before was built from {before.repository}, by its certificate"] if before else ()),
            )
        ),
        remediation=(
            f"Look whether {uri} belongs to those who make {component.name}: a repository that moved, or one that "
            "publishes for several. If it does, lock the identity with `bomvet trust lock`, which settles it; if not, "
            "stay with the release before."
        ),
    )


def _is_any(uri: str, others: Sequence[str]) -> bool:
    from bomvet.provenance.repositories import same  # noqa: PLC0415 - only where there is something to compare

    return any(same(uri, other) for other in others)


REPOSITORY_MISMATCH = Check(
    rule=Rule(
        id="repository-mismatch",
        title="A component was built from another repository than it declares",
        help=(
            "The evidence is sound, and its certificate names a repository that is none of those that the package, or "
            "the release before it, declares as its own. What a package declares is its publisher's word, and what "
            "stands in the certificate is not."
        ),
    ),
    on_component=on_component,
)
