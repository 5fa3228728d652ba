"""Who built the release before, where a release was built from a repository that is not declared, or not before.

A repository that was renamed has another name and the same number, and what a package declares has no number: the
evidence of an earlier release tells which repository it was.  It is judged as all evidence is, by the digest that the
registry has of that release, which is in no lock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.enrichers._provenance_asking import OK, Question
from bomvet.enrichers._provenance_cases import Artefact, Sought
from bomvet.model.records import replace
from bomvet.provenance.evidence import Expected
from bomvet.provenance.names import same_name
from bomvet.provenance.repositories import same

if TYPE_CHECKING:
    from bomvet.enrichers._provenance_cases import Case
    from bomvet.enrichers._provenance_judging import Judging
    from bomvet.model.inventory import Hash
    from bomvet.plugin import Response


def earlier(name: str, digest: Hash) -> Sought:
    """A file of an earlier release, by the word of its registry."""
    return Sought(Artefact(name=name, hashes=(digest,)), Expected((digest,), same_name(name), "registry"))


def is_wanted(case: Case) -> bool:
    """Whether it was built from a repository that is not declared, by it or by the release before."""
    declared = (*case.told.declared, *case.told.declared_before)
    identity = case.answer().identity if declared else None
    if identity is None or not identity.repository_id:
        return False
    return any(not same(identity.repository, uri) for uri in declared)


def take(question: Question, response: Response, judging: Judging) -> None:
    """Note who built it; what cannot be had or does not verify leaves things as they are."""
    if response.status != OK:
        return
    try:
        evidence = question.read(response.body, question.request.url)
    except ValueError:
        return
    (sought,) = question.sought
    judging.weigh(sought, evidence)
    case = question.case
    before = replace(case.told, attestations=tuple(sought.artefact.attestations)).identity
    case.told = replace(case.told, built_before=before if sought.artefact.proved else None)
