"""The advisory database: its making, its opening, and the matching of many components."""

from __future__ import annotations

import datetime as dt
import os
import tempfile
import zipfile
from dataclasses import dataclass

import orjson

from benchmarks._generate import advisories, components_to_match
from benchmarks._measure import Figure, cost, growth, in_child, milliseconds, peak_megabytes
from bomvet.advisories.bucket import RawRecord
from bomvet.advisories.database import AdvisoryDatabase, build
from bomvet.enrichers.osv import enrich
from bomvet.model.facts import Facts
from bomvet.plugin import Context

_RECORDS = 100_000
_COMPONENTS = 10_000
_NOW = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class _Costs:
    """CPU seconds of opening and of matching, the peak of memory, and how many matches there were."""

    opening: float
    matching: float
    megabytes: float
    matches: int


def run() -> list[Figure]:
    """One database; then every measurement in a fresh process, whose caches are cold."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "advisories.db")
        building, reading = in_child(_build, path)
        few = in_child(_match, path, _COMPONENTS, _COMPONENTS // 10)
        all_known = in_child(_match, path, _COMPONENTS, _COMPONENTS)
        quarter = in_child(_match, path, _COMPONENTS // 4, _COMPONENTS // 4)
        size = os.path.getsize(path) / 1e6
    return [
        Figure(
            name=f"database build ({size:.1f} MB) / zipfile+loads",
            size=_RECORDS,
            measured=f"{milliseconds(building)} / {milliseconds(reading)}",
            value=building / reading,
        ),
        Figure(
            name="database open",
            size=_RECORDS,
            measured="first of the process",
            value=1000 * few.opening,
            unit="ms",
            limit=10,
        ),
        *_matching("10 % known", few),
        *_matching("all known", all_known),
        growth(
            "osv enrich, all known",
            _COMPONENTS // 4,
            {_COMPONENTS // 4: quarter.matching, _COMPONENTS: all_known.matching},
        ),
    ]


def _matching(what: str, costs: _Costs) -> list[Figure]:
    told = f"{costs.matches:,} matches"
    return [
        Figure(name=f"osv enrich, {what}", size=_COMPONENTS, measured=told, value=costs.matching, unit="s", limit=1),
        Figure(
            name=f"osv enrich, {what}, peak memory",
            size=_COMPONENTS,
            measured="resident, whole process",
            value=costs.megabytes,
            unit="MB",
            limit=150,
        ),
    ]


def _build(path: str) -> tuple[float, float]:
    """CPU seconds to build the database, and to read the same records out of a zip archive."""
    raw = [RawRecord(origin=f"{d['id']}.json", data=orjson.dumps(d)) for d in advisories(_RECORDS)]
    archive = f"{path}.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for record in raw:
            packed.writestr(record.origin, record.data)
    reading = cost(lambda: _read_all(archive))
    return cost(lambda: build(path, raw, source="generated", obtained=_NOW)), reading


def _read_all(archive: str) -> None:
    with zipfile.ZipFile(archive) as packed:
        for member in packed.infolist():
            orjson.loads(packed.read(member))


def _match(path: str, count: int, known: int) -> _Costs:
    inventory = components_to_match(count, known)
    opening = cost(lambda: AdvisoryDatabase.open(path).__exit__())
    with AdvisoryDatabase.open(path) as database:
        context = Context(now=_NOW, advisories=database)
        matching = cost(lambda: enrich(inventory, Facts(), context))
        megabytes = peak_megabytes()
        answers = enrich(inventory, Facts(), context).facts.advisories.values()
    return _Costs(opening=opening, matching=matching, megabytes=megabytes, matches=sum(len(a.matches) for a in answers))
