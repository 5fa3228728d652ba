"""Whether each package is published by whom the identity lock, or the `pylock.toml` it is in, expects.

What could not be established is no answer: `provenance` has left that question open already.  Nor is what was refused,
which other rules tell.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from bomvet.model.facts import Facts
from bomvet.model.provenance import IdentityAnswer, ProvenanceStatus
from bomvet.model.result import PluginStatus, Status
from bomvet.plugin import Context, Enriched, Enricher
from bomvet.provenance.identities import Expectation, compare_any, expectations

if TYPE_CHECKING:
    from bomvet.model.inventory import Inventory
    from bomvet.model.provenance import ProvenanceAnswer

ID = "identities"
#: After other answers it is not known who published: a question is open, or the evidence is refused.
_KNOWN = (ProvenanceStatus.VERIFIED, ProvenanceStatus.IDENTITY_MISMATCH, ProvenanceStatus.ABSENT)


def enrich(inventory: Inventory, facts: Facts, context: Context) -> Enriched:
    """An answer for every component of which a publisher is expected and something is known."""
    answers: dict[str, IdentityAnswer] = {}
    proving = context.proving
    for purl, expected in expectations(inventory, proving.identities).items() if proving else ():
        if (found := facts.provenance.get(purl)) and (answer := _answer(expected, found)):
            answers[purl] = answer
    return Enriched(facts=Facts(identities=MappingProxyType(answers)), status=PluginStatus(id=ID, status=Status.OK))


def _answer(expected: Expectation, found: ProvenanceAnswer) -> IdentityAnswer | None:
    """How `found` stands to `expected`; None where nothing is known: a change that is known stays one."""
    changes = compare_any(expected.candidates, found)
    if not changes and found.status not in _KNOWN:
        return None
    first = expected.candidates[0]
    return IdentityAnswer(expected=first, source=expected.source, location=expected.location, changes=changes)


IDENTITIES = Enricher(
    id=ID,
    title="whether packages are published by whom the identity lock expects",
    enrich=enrich,
    after=("provenance",),
)
