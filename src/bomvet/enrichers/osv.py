"""Known vulnerabilities and malicious packages, from the local advisory database."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from bomvet.advisories.grouping import display_id, groups
from bomvet.advisories.matching import Entry, Evaluation, Hit, clean_version, evaluate
from bomvet.advisories.severity import group_rating
from bomvet.model.facts import AdvisoryAnswer, AdvisoryMatch, Facts, Standing
from bomvet.model.inventory import Component, Confidence, Inventory
from bomvet.model.purl import pypi_name
from bomvet.model.result import PluginStatus, Snapshot, Status
from bomvet.plugin import AdvisoryStore, Context, Enriched, Enricher, Needs
from bomvet.versions.orders import ORDERS

if TYPE_CHECKING:
    from bomvet.versions.order import Order

ID = "osv"
#: OSV's name of the ecosystem, by purl type.
ECOSYSTEMS = {"pypi": "PyPI", "npm": "npm"}

#: So many components are judged at a time: memory, and best the processor's own, holds the entries of their
#: packages, never of all.
_BATCH = 100
#: So many records are named in a sentence.
_NAMED = 5
_ABSENT = AdvisoryAnswer(standing=Standing.ABSENT)
_Records = Mapping[str, dict[str, Any]]


def enrich(inventory: Inventory, facts: Facts, context: Context) -> Enriched:  # noqa: ARG001 - the signature
    """An answer for every third-party component."""
    store = context.advisories
    if store is None:  # the core does not call without one
        raise TypeError("no advisory store")
    answers: dict[str, AdvisoryAnswer] = {}
    for ecosystem, components in _by_ecosystem(inventory).items():
        if ecosystem in ORDERS:
            answers.update(_answers(store, ecosystem, components))
        else:
            reason = f"{ecosystem or 'this kind of package'} cannot be matched by this version of bomvet"
            answers.update({c.purl: _open(reason) for c in components})
    return Enriched(facts=Facts(advisories=MappingProxyType(answers)), status=_status(store.snapshot, context))


def _by_ecosystem(inventory: Inventory) -> dict[str, list[Component]]:
    found: dict[str, list[Component]] = defaultdict(list)
    for component in inventory.components:
        if not component.first_party:
            kind = component.purl.removeprefix("pkg:").partition("/")[0]
            found[ECOSYSTEMS.get(kind, kind)].append(component)
    return found


def _open(reason: str) -> AdvisoryAnswer:
    return AdvisoryAnswer(standing=Standing.NOT_ESTABLISHED, reason=reason)


def _status(snapshot: Snapshot, context: Context) -> PluginStatus:
    age = context.now - dt.datetime.fromisoformat(snapshot.obtained)
    if context.max_age is not None and age > context.max_age:
        reason = f"the advisory data is {_days(age)} old, and {_days(context.max_age)} is the limit"
        return PluginStatus(id=ID, status=Status.PARTIAL, reason=f"{reason}: import newer data")
    return PluginStatus(id=ID, status=Status.OK)


def _days(span: dt.timedelta) -> str:
    return f"{span.days} day{'' if span.days == 1 else 's'}"


def _answers(store: AdvisoryStore, ecosystem: str, components: Sequence[Component]) -> dict[str, AdvisoryAnswer]:
    answers = {c.purl: _open("the version is not known") for c in components if not c.version}
    asked = [c for c in components if c.version]
    for start in range(0, len(asked), _BATCH):
        answers.update(_judged(store, ecosystem, asked[start : start + _BATCH]))
    return answers


def _judged(store: AdvisoryStore, ecosystem: str, components: Sequence[Component]) -> dict[str, AdvisoryAnswer]:
    order = ORDERS[ecosystem]
    names = {c.purl: pypi_name(c.name) if ecosystem == "PyPI" else c.name for c in components}
    entries = store.packages(ecosystem, set(names.values()))
    evaluations = {c.purl: evaluate(entries.get(names[c.purl], ()), c.version, order) for c in components}
    records = _records(store, evaluations)
    return {c.purl: _answer(c, evaluations[c.purl], entries.get(names[c.purl], ()), records, order) for c in components}


def _records(store: AdvisoryStore, evaluations: Mapping[str, Evaluation]) -> _Records:
    """Every record that matched, and those that are their aliases."""
    matched = store.advisories({hit.id for evaluation in evaluations.values() for hit in evaluation.hits})
    aliases = {alias for record in matched.values() for alias in record["aliases"]}
    return {**store.advisories(aliases - matched.keys()), **matched}


def _answer(
    component: Component, evaluation: Evaluation, entries: Sequence[Entry], records: _Records, order: Order
) -> AdvisoryAnswer:
    if not entries:
        return _ABSENT
    hits = {hit.id: hit for hit in evaluation.hits}
    clean = clean_version(entries, component.version, order) if hits else ""
    matches = []
    for members in _groups(hits, records):
        own = [entry for entry in entries if entry["id"] in members]
        fixed = clean_version(own, component.version, order)
        matches.append(_match(component, [hits[m] for m in members], records, fixed=fixed, clean=clean))
    reason = _undecided(evaluation)
    standing = Standing.NOT_ESTABLISHED if reason else Standing.KNOWN if matches else Standing.ABSENT
    return AdvisoryAnswer(standing=standing, matches=tuple(matches), reason=reason, withdrawn=len(evaluation.withdrawn))


def _groups(hits: Mapping[str, Hit], records: _Records) -> list[tuple[str, ...]]:
    """The ids of `hits` by weakness; a record that did not match may still tell that two of them are one."""
    names: dict[str, Sequence[str]] = {id_: records[id_]["aliases"] for id_ in hits}
    for alias in {alias for aliases in names.values() for alias in aliases} - hits.keys():
        if alias in records and not records[alias]["withdrawn"]:
            names[alias] = records[alias]["aliases"]
    found = [tuple(id_ for id_ in group if id_ in hits) for group in groups(names)]
    return [group for group in found if group]


def _undecided(evaluation: Evaluation) -> str:
    if not evaluation.undecided:
        return ""
    names = sorted(evaluation.undecided)
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"the version cannot be ordered, so these could not be judged: {', '.join(names[:_NAMED])}{more}"


def _match(
    component: Component,
    hits: Sequence[Hit],
    records: _Records,
    *,
    fixed: str,
    clean: str,
) -> AdvisoryMatch:
    ids = tuple(hit.id for hit in hits)
    # The severity of an affected entry may stand in place of the record's.
    members = [{**records[h.id], "severity": [*h.severity] or records[h.id]["severity"]} for h in hits]
    aliases = sorted({alias for record in members for alias in record["aliases"]} - set(ids))
    first = members[ids.index(display_id(ids))]
    return AdvisoryMatch(
        id=display_id([*ids, *aliases]),
        ids=ids,
        aliases=tuple(aliases),
        summary=first["summary"] or next((m["summary"] for m in members if m["summary"]), ""),
        rating=group_rating(members, [records[a] for a in aliases if a in records]),
        evidence=tuple(hit.evidence for hit in hits),
        confidence=_confidence(component, hits),
        fixed=fixed,
        clean=clean,
        cwes=tuple(sorted({cwe for m in members for cwe in m["cwes"]})),
        references=tuple(dict.fromkeys(url for m in members for url in m["references"])),
        published=min((m["published"] for m in members if m["published"]), default=""),
        modified=max(m["modified"] for m in members),
    )


def _confidence(component: Component, hits: Sequence[Hit]) -> Confidence:
    """That of the surest hit."""
    if not any(hit.confidence is Confidence.HIGH for hit in hits):
        return Confidence.LOW
    # A package from a repository or an archive may hold other code than the release of that number.
    return Confidence.MEDIUM if "?" in component.purl else Confidence.HIGH


OSV = Enricher(id=ID, title="OSV advisories, offline", needs=Needs(advisories=True), enrich=enrich)
