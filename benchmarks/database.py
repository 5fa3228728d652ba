"""The advisory database: what an import costs beyond reading, a small update, and an export."""

from __future__ import annotations

import datetime as dt
import os
import tempfile
import time
import zipfile
from dataclasses import dataclass
from itertools import islice

import orjson

from benchmarks._generate import advisories
from benchmarks._measure import Figure, cost, growth, in_child, milliseconds, peak_megabytes
from bomvet.advisories.bucket import RawRecord, raw_records
from bomvet.advisories.database import Feed, Update, build, update
from bomvet.advisories.exchange import export, load

_RECORDS, _CHANGED = 100_000, 500
_SMALL = 62_500
_NOW = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class _Updated:
    """Seconds of an update by the clock and of the processor, and the peak of memory."""

    clock: float
    cpu: float
    megabytes: float


def run() -> list[Figure]:
    """Every measurement in a fresh process."""
    with tempfile.TemporaryDirectory() as folder:
        quarter, whole = in_child(_import, folder, _RECORDS // 4), in_child(_import, folder, _RECORDS)
        few, many = in_child(_updated, folder, _SMALL), in_child(_updated, folder, 4 * _SMALL)
        writing, reading, size = in_child(_exchanged, folder, 4 * _SMALL)
    return [
        Figure(
            name="db import / inflate + orjson.loads",
            size=_RECORDS,
            measured=f"{milliseconds(whole[0])} / {milliseconds(whole[1])}",
            value=whole[0] / whole[1],
            limit=3,
        ),
        growth("db import", _RECORDS // 4, {_RECORDS // 4: quarter[0], _RECORDS: whole[0]}),
        Figure(
            name=f"update of {_CHANGED} records",
            size=4 * _SMALL,
            measured=f"{milliseconds(many.cpu)}, peak {many.megabytes:.0f} MB",
            value=many.clock,
            unit="s",
            limit=0.3,
        ),
        growth(f"update of {_CHANGED} records", _SMALL, {_SMALL: few.cpu, 4 * _SMALL: many.cpu}),
        Figure(name=f"db export ({size:.0f} MB)", size=4 * _SMALL, measured="", value=writing, unit="s"),
        Figure(name="db import of it", size=4 * _SMALL, measured="", value=reading, unit="s"),
    ]


def _import(folder: str, count: int) -> tuple[float, float]:
    """CPU seconds of an import out of an archive, and of unpacking and parsing alone what is in it."""
    archive = os.path.join(folder, f"{count}.zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for document in advisories(count):
            packed.writestr(f"{document['id']}.json", orjson.dumps(document))
    reading = min(cost(lambda: _read_all(archive)) for _ in range(2))
    place = os.path.join(folder, f"imported-{count}.db")
    return cost(lambda: build(place, raw_records(archive), source="generated", obtained=_NOW)), reading


def _read_all(archive: str) -> None:
    with zipfile.ZipFile(archive) as packed:
        for member in packed.infolist():
            orjson.loads(packed.read(member))


def _updated(folder: str, count: int) -> _Updated:
    place = os.path.join(folder, f"updated-{count}.db")
    in_child(_build, place, count)
    step, changed = count // _CHANGED, list[RawRecord]()
    for number, document in enumerate(islice(advisories(count), count)):
        if number % step == 0 and len(changed) < _CHANGED:
            later = {**document, "modified": "2026-10-01T00:00:00Z", "summary": f"changed {number}"}
            changed.append(RawRecord(origin=document["id"], data=orjson.dumps(later)))
    feed = Feed(name="PyPI", checked="2026-11-24T12:00:00Z")
    clock, cpu = time.perf_counter(), time.process_time()
    update(place, Update(raw=changed, feeds=[feed], source="generated", obtained=_NOW))
    return _Updated(clock=time.perf_counter() - clock, cpu=time.process_time() - cpu, megabytes=peak_megabytes())


def _build(place: str, count: int) -> None:
    raw = (RawRecord(origin=d["id"], data=orjson.dumps(d)) for d in advisories(count))
    build(place, raw, source="generated", obtained=_NOW)


def _exchanged(folder: str, count: int) -> tuple[float, float, float]:
    """CPU seconds of the export and of its import, and the megabytes between."""
    place, path = os.path.join(folder, f"updated-{count}.db"), os.path.join(folder, "out.bomvet")
    writing = cost(lambda: export(place, path))
    return writing, cost(lambda: load(f"{place}.again", path)), os.path.getsize(path) / 1e6
