"""Two SBOMs as bytes, read and compared, against reading their JSON alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

import orjson

from benchmarks._generate import scan_result
from benchmarks._measure import Figure, best_in_turn, growth, in_child, milliseconds
from bomvet.documents.load import read_document
from bomvet.model.diff import compare
from bomvet.model.inventory import Component, Inventory
from bomvet.plugin import RenderOptions
from bomvet.reports._diff import FORMATS
from bomvet.reports._json import collector_paused
from bomvet.reports.cyclonedx_json import CYCLONEDX_JSON

_SMALL = 2_500


@dataclass(frozen=True, slots=True)
class _Costs:
    """CPU seconds at one size."""

    loads: float
    read: float
    compare: float


def run() -> list[Figure]:
    """The growth of both steps, and reading against the parser of JSON."""
    costs = {size: in_child(_measure, size) for size in (_SMALL, 4 * _SMALL)}
    large = costs[4 * _SMALL]
    return [
        Figure(
            name="read CycloneDX / orjson.loads",
            size=4 * _SMALL,
            measured=f"{milliseconds(large.read)} / {milliseconds(large.loads)}",
            value=large.read / large.loads,
        ),
        growth("read CycloneDX", _SMALL, {size: c.read for size, c in costs.items()}),
        growth("diff: compare and write", _SMALL, {size: c.compare for size, c in costs.items()}),
    ]


def _measure(size: int) -> _Costs:
    before = scan_result(size)
    inventory = before.inventory
    after = replace(before, inventory=Inventory.merge([replace(inventory, components=_changed(inventory))]))
    documents = [CYCLONEDX_JSON.render(result, RenderOptions()) for result in (before, after)]
    sides = [side for data in documents if (side := read_document(data, "bom.json"))]

    def compared() -> None:
        found = compare(*sides, tool="1")
        for format_ in FORMATS:
            format_.render(found, RenderOptions())

    with collector_paused():  # as by the command, which stops the collector
        loads, read, compared_ = best_in_turn(
            lambda: orjson.loads(documents[0]), lambda: read_document(documents[0], "bom.json"), compared, rounds=3
        )
    return _Costs(loads=loads, read=read, compare=compared_)


def _changed(inventory: Inventory) -> tuple[Component, ...]:
    """Of every six components one is gone, one of another version, and one has other files."""
    kept = [c for number, c in enumerate(inventory.components) if number % 6]
    return tuple(
        replace(c, purl=f"{c.purl}.1", version=f"{c.version}.1")
        if number % 6 == 1
        else replace(c, distributions=c.distributions[1:])
        if number % 6 == 2
        else c
        for number, c in enumerate(kept)
    )
