"""Known vulnerabilities and malicious packages, from the local advisory database or from OSV's service."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from bomvet.advisories.backends import Backend, Found, Offline, OnlineStore
from bomvet.advisories.divided import Divided
from bomvet.advisories.ecosystems import Package, Unsupported, package_of
from bomvet.advisories.grouping import display_id, groups
from bomvet.advisories.matching import Evaluation, Hit, Upgrades, evaluate
from bomvet.advisories.severity import group_rating
from bomvet.model.facts import AdvisoryAnswer, AdvisoryMatch, Facts, Standing
from bomvet.model.inventory import Component, Confidence, Inventory
from bomvet.model.records import replace
from bomvet.model.result import PluginStatus, Snapshot, Status
from bomvet.plugin import Context, Enriched, Enricher, Needs
from bomvet.versions.orders import ORDERS

ID = "osv"

#: So many records are named in a sentence.
_NAMED = 5
_ABSENT = AdvisoryAnswer(standing=Standing.ABSENT)
_Records = Mapping[str, dict[str, Any]]
_Asked = Sequence[tuple[Component, Package]]


def enrich(inventory: Inventory, facts: Facts, context: Context) -> Enriched:  # noqa: ARG001 - the signature
    """An answer for every third-party component."""
    store = context.advisories
    if store is None:  # the core does not call without one
        raise TypeError("no advisory store")
    backend: Backend = store if isinstance(store, OnlineStore | Divided) else Offline(store)
    answers: dict[str, AdvisoryAnswer] = {}
    asked: list[tuple[Component, Package]] = []
    for component in inventory.components:
        if not component.first_party:
            package, reason = _package(component)
            if package is None:
                answers[component.purl] = _open(reason)
            else:
                asked.append((component, package))
    backend.prepare([package for _, package in asked])
    for start in range(0, len(asked), backend.batch):
        answers.update(_judged(backend, asked[start : start + backend.batch]))
    return Enriched(facts=Facts(advisories=MappingProxyType(answers)), status=_status(backend, context))


def _package(component: Component) -> tuple[Package | None, str]:
    """What to ask for, or the reason why nothing can be asked."""
    package = package_of(component)
    if isinstance(package, Unsupported):
        return None, package.reason
    if package.ecosystem not in ORDERS:
        return None, f"{package.ecosystem} cannot be matched by this version of bomvet"
    if not package.version:
        return None, "the version is not known"
    return package, ""


def _open(reason: str) -> AdvisoryAnswer:
    return AdvisoryAnswer(standing=Standing.NOT_ESTABLISHED, reason=reason)


def _status(backend: Backend, context: Context) -> PluginStatus:
    problems = [*backend.problems, *_outdated(backend.snapshot, context)]
    if problems:
        return PluginStatus(id=ID, status=Status.PARTIAL, reason="; ".join(problems))
    return PluginStatus(id=ID, status=Status.OK)


def _outdated(snapshot: Snapshot, context: Context) -> tuple[str, ...]:
    age = context.now - dt.datetime.fromisoformat(snapshot.obtained)
    if context.max_age is None or age <= context.max_age:
        return ()
    return (f"the advisory data is {_days(age)} old, and {_days(context.max_age)} is the limit: import newer data",)


def _days(span: dt.timedelta) -> str:
    return f"{span.days} day{'' if span.days == 1 else 's'}"


def _judged(backend: Backend, asked: _Asked) -> dict[str, AdvisoryAnswer]:
    found = backend.look_up([package for _, package in asked])
    evaluations = {c.purl: _evaluated(p, found[p]) for c, p in asked}
    records = _records(backend, evaluations.values())
    answers = {c.purl: _answer(c, p, found[p], evaluations[c.purl], records) for c, p in asked}
    return {**answers, **_without_refuted(backend, asked, answers)}


def _evaluated(package: Package, found: Found) -> Evaluation:
    """What the records say of the version, and what the service alone does."""
    evaluation = evaluate(found.entries, package.version, ORDERS[package.ecosystem])
    unconfirmed = found.named - {hit.id for hit in evaluation.hits}
    if unconfirmed:
        hits = [Hit(id=id_, listed=False, interval=None, confidence=Confidence.LOW) for id_ in unconfirmed]
        evaluation.hits = sorted((*evaluation.hits, *hits), key=lambda hit: hit.id)
        evaluation.undecided -= unconfirmed
    return evaluation


def _records(backend: Backend, evaluations: Collection[Evaluation]) -> _Records:
    """Every record that matched, and those that are their aliases."""
    matched = backend.advisories({hit.id for evaluation in evaluations for hit in evaluation.hits})
    aliases = {alias for record in matched.values() for alias in record["aliases"]}
    return {**backend.advisories(aliases - matched.keys()), **matched}


def _answer(
    component: Component, package: Package, found: Found, evaluation: Evaluation, records: _Records
) -> AdvisoryAnswer:
    if not (found.entries or found.named or found.reason):
        return _ABSENT
    matches = _matches(component, package, found, evaluation.hits, records) if evaluation.hits else []
    reason = "; ".join(filter(None, (found.reason, _undecided(evaluation))))
    standing = Standing.NOT_ESTABLISHED if reason else Standing.KNOWN if matches else Standing.ABSENT
    return AdvisoryAnswer(
        standing=standing,
        matches=tuple(matches),
        reason=reason,
        withdrawn=len(evaluation.withdrawn),
        fixes=tuple(sorted(evaluation.fixing)),
    )


def _matches(
    component: Component, package: Package, found: Found, hits: Sequence[Hit], records: _Records
) -> list[AdvisoryMatch]:
    by_id = {hit.id: hit for hit in hits}
    upgrades = Upgrades(found.entries, package.version, ORDERS[package.ecosystem])
    clean = upgrades.least() if found.whole else ""
    matches = []
    for members in _groups(by_id, records):
        own = [by_id[member] for member in members]
        # A record that only the service applies to the version says nothing of what leaves it.
        known = all(hit.listed or hit.interval for hit in own)
        fixed = upgrades.least(members) if known else ""
        matches.append(_match(component, own, records, fixed=fixed, clean=clean))
    return matches


def _without_refuted(
    backend: Backend, asked: _Asked, answers: Mapping[str, AdvisoryAnswer]
) -> dict[str, AdvisoryAnswer]:
    """Answers of which the source does not confirm that a version is clean, without it."""
    thought = {
        c.purl: replace(p, version=clean)
        for c, p in asked
        for clean in {m.clean for m in answers[c.purl].matches}
        if clean
    }
    refuted = backend.refuted(set(thought.values()))
    return {
        purl: replace(answers[purl], matches=tuple(replace(match, clean="") for match in answers[purl].matches))
        for purl, package in thought.items()
        if package in refuted
    }


def _groups(hits: Mapping[str, Hit], records: _Records) -> list[tuple[str, ...]]:
    """The ids of `hits` by weakness; a record that did not match may still tell that two of them are one."""
    if len(hits) == 1:
        return [tuple(hits)]
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
    members = [_as_matched(hit, records[hit.id]) for hit in hits]
    aliases = sorted({alias for record in members for alias in record["aliases"]}.difference(ids))
    first = members[ids.index(display_id(ids))]
    upstream = {name for record in members for name in record["upstream"]}
    return AdvisoryMatch(
        id=display_id([*ids, *aliases]),
        ids=ids,
        aliases=tuple(aliases),
        upstream=tuple(sorted(upstream.difference(ids, aliases))),
        summary=first["summary"] or next((m["summary"] for m in members if m["summary"]), ""),
        rating=group_rating(members, [records[a] for a in aliases if a in records]),
        evidence=tuple([hit.evidence for hit in hits]),
        listed=any(hit.listed for hit in hits),
        confidence=_confidence(component, hits),
        fixed=fixed,
        clean=clean,
        cwes=tuple(sorted({cwe for m in members for cwe in m["cwes"]})),
        references=tuple(dict.fromkeys([url for m in members for url in m["references"]])),
        published=min([m["published"] for m in members if m["published"]], default=""),
        modified=max([m["modified"] for m in members]),
    )


def _as_matched(hit: Hit, record: dict[str, Any]) -> dict[str, Any]:
    """`record` with what the affected entry says in its place of severity, and of urgency beside it."""
    if not hit.severity and not hit.urgency:
        return record
    return {**record, "severity": [*hit.severity] or record["severity"], "urgency": hit.urgency}


def _confidence(component: Component, hits: Sequence[Hit]) -> Confidence:
    """That of the surest hit."""
    if Confidence.HIGH not in [hit.confidence for hit in hits]:
        return Confidence.LOW
    # A package from a repository or an archive may hold other code than the release of that number; qualifiers of
    # packages of a distribution are about the machine.
    elsewhere = "?" in component.purl and component.purl.startswith(("pkg:pypi/", "pkg:npm/"))
    return Confidence.MEDIUM if elsewhere else Confidence.HIGH


OSV = Enricher(id=ID, title="OSV advisories", needs=Needs(advisories=True), enrich=enrich)
