"""Matching many components with a quarter of a million advisories, and opening the database for it."""

from __future__ import annotations

import datetime as dt
import gc
import os
import tempfile
from dataclasses import dataclass

import orjson

from benchmarks._measure import Figure, cost, growth, in_child, peak_megabytes
from benchmarks._osv import advisories, components
from bomvet.advisories.bucket import RawRecord
from bomvet.advisories.database import AdvisoryDatabase, build
from bomvet.enrichers.osv import enrich
from bomvet.model.facts import AdvisoryAnswer, Facts
from bomvet.plugin import Context

_RECORDS = 250_000
_COMPONENTS = 10_000
_ROUNDS = 3
_NOW = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)
#: What is matched: the share of names that the database knows, and how much of the latest releases is in use.
_CASES = {"15 % known": (0.15, 0.33), "all known": (1.0, 0.1), "all known, old releases": (1.0, 0.33)}


@dataclass(frozen=True, slots=True)
class _Costs:
    """CPU seconds of opening alone, and of opening and matching; the peak of memory; affected components; matches."""

    opening: float
    matching: float
    megabytes: float
    affected: int
    matches: int


def run() -> list[Figure]:
    """One database; then every measurement in fresh processes, whose caches are cold: the least of some counts."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "advisories.db")
        in_child(_build, path)
        costs = {
            what: [_least(path, count, share, latest) for count in (_COMPONENTS, 4 * _COMPONENTS)]
            for what, (share, latest) in _CASES.items()
        }
    opening = Figure(
        name="database open",
        size=_RECORDS,
        measured="first of the process",
        value=1000 * min(one.opening for pair in costs.values() for one in pair),
        unit="ms",
        limit=10,
    )
    return [opening, *(figure for what, (one, four) in costs.items() for figure in _figures(what, one, four))]


def _figures(what: str, one: _Costs, four: _Costs) -> list[Figure]:
    """Of a case at both sizes; releases that are long out of date are no case of the limit, and told only."""
    told = f"{one.affected:,} affected, {one.matches:,} matches"
    limit = None if what.endswith("releases") else 1
    name = f"osv match, {what}"
    return [
        Figure(name=name, size=_COMPONENTS, measured=told, value=one.matching, unit="s", limit=limit),
        Figure(
            name=f"{name}, memory",
            size=_COMPONENTS,
            measured=f"peak, whole process; {four.megabytes:.0f} MB at 4N",
            value=one.megabytes,
            unit="MB",
            limit=150,
        ),
        growth(name, _COMPONENTS, {_COMPONENTS: one.matching, 4 * _COMPONENTS: four.matching}),
    ]


def _build(path: str) -> str:
    raw = (RawRecord(origin=f"{d['id']}.json", data=orjson.dumps(d)) for d in advisories(_RECORDS))
    return build(path, raw, source="generated", obtained=_NOW).status.snapshot.digest


def _least(path: str, count: int, share: float, latest: float) -> _Costs:
    found = [in_child(_match, path, count, share, latest) for _ in range(_ROUNDS)]
    return min(found, key=lambda costs: costs.matching)


def _match(path: str, count: int, share: float, latest: float) -> _Costs:
    inventory = components(count, int(count * share), latest=latest)
    opening = cost(lambda: AdvisoryDatabase.open(path).__exit__())

    def matched() -> None:
        with AdvisoryDatabase.open(path) as database:
            answers.update(enrich(inventory, Facts(), Context(now=_NOW, advisories=database)).facts.advisories)

    answers: dict[str, AdvisoryAnswer] = {}
    gc.disable()  # as the installed command does
    matching = cost(matched)
    matches = [len(answer.matches) for answer in answers.values()]
    return _Costs(
        opening=opening,
        matching=matching,
        megabytes=peak_megabytes(),
        affected=sum(map(bool, matches)),
        matches=sum(matches),
    )
