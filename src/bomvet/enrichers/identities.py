"""Whether each package is published by whom the identity lock, or the `pylock.toml` it is in, expects.

What could not be established is no answer: `provenance` has left that question open already.  Nor is what was refused,
which other rules tell.  A package of which a publisher is expected and that nobody can be asked about is open.
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
    from collections.abc import Sequence

    from bomvet.model.inventory import Inventory
    from bomvet.model.provenance import ProvenanceAnswer
    from bomvet.plugin import Proving

ID = "identities"
#: So many packages are named.
_NAMED = 5
#: After other answers it is not known who published: a question is open, or the evidence is refused.
_KNOWN = (ProvenanceStatus.VERIFIED, ProvenanceStatus.IDENTITY_MISMATCH, ProvenanceStatus.ABSENT)


def enrich(inventory: Inventory, facts: Facts, context: Context) -> Enriched:
    """An answer for every component of which a publisher is expected and something is known."""
    answers: dict[str, IdentityAnswer] = {}
    missing: list[str] = []
    proving = context.proving
    for purl, expected in expectations(inventory, proving.identities).items() if proving else ():
        found = facts.provenance.get(purl)
        if found is None:
            missing.append(purl)
        elif answer := _answer(expected, found):
            answers[purl] = answer
    status = _status(missing, proving) if missing and proving else PluginStatus(id=ID, status=Status.OK)
    return Enriched(facts=Facts(identities=MappingProxyType(answers)), status=status)


def _status(missing: Sequence[str], proving: Proving) -> PluginStatus:
    """Open where a publisher is expected of what nobody can be asked about, such as a package that is from git now."""
    from bomvet.enrichers._provenance_cases import exemption  # noqa: PLC0415 - rarely needed

    is_exempt = exemption(proving)
    named = [purl for purl in missing if not is_exempt(purl)]
    if not named:
        return PluginStatus(id=ID, status=Status.OK)
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    reason = f"a publisher is expected of what nobody could be asked about: {', '.join(named[:_NAMED])}{more}"
    return PluginStatus(id=ID, status=Status.PARTIAL, reason=reason)


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
