"""Who built each artefact that a lock file states, and whether that is proved.

In this sequence, for every package that a registry has and nobody exempts:

1. Recorded evidence is held against the digests that the lock states.
2. Where an answer is wanted, and there is a network, the page of the package tells which files have evidence, which
   registry signatures there are, and how earlier releases were published.
3. Evidence that the registry names is fetched for what recorded evidence does not prove, and is held against the same
   digests.
4. The worst of what the files come to is the answer.  *Absent* is a definite answer of the registry that the package
   is from; whatever else stands in the way of one leaves it open, for a reason.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from bomvet.model.facts import Facts
from bomvet.model.result import PluginStatus, Status
from bomvet.plugin import Context, Enriched, Enricher

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bomvet.model.inventory import Inventory

ID = "provenance"
#: So many problems are named.
_NAMED = 5


def enrich(inventory: Inventory, facts: Facts, context: Context) -> Enriched:  # noqa: ARG001 - as all enrichers
    """An answer for every artefact of which somebody wants one, or of which there is recorded evidence."""
    if context.proving is None:
        return Enriched(facts=Facts(), status=PluginStatus(id=ID, status=Status.OK))
    from bomvet.enrichers._provenance_run import establish  # noqa: PLC0415 - for those who want to know

    found = establish(inventory, context, context.proving)
    return Enriched(facts=Facts(provenance=MappingProxyType(found.answers)), status=_status(found.unread, found.notes))


def _status(unread: Sequence[str], notes: Sequence[str]) -> PluginStatus:
    """Evidence that could not be read may have been about anything, so no answer tells of it."""
    more = [f"and {len(unread) - _NAMED} more"] if len(unread) > _NAMED else []
    reason = "; ".join((*unread[:_NAMED], *more, *notes))
    return PluginStatus(id=ID, status=Status.PARTIAL if unread else Status.OK, reason=reason)


PROVENANCE = Enricher(
    id=ID,
    title="who built each locked artefact, proved by attestations that are recorded or that registries have",
    enrich=enrich,
)
