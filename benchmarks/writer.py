"""The CycloneDX JSON writer against the bare serialisation of the same document; and the union of inventories."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import orjson

from benchmarks._generate import scan_result
from benchmarks._measure import Figure, best_in_turn, cost, growth, in_child, milliseconds
from bomvet.model.inventory import Inventory, Location
from bomvet.plugin import RenderOptions
from bomvet.reports.cyclonedx_json import CYCLONEDX_JSON

if TYPE_CHECKING:
    from bomvet.model.result import ScanResult

_SMALL = 5_000


@dataclass(frozen=True, slots=True)
class _Costs:
    """CPU seconds at one size; `indented` is the serialisation with the writer's own options."""

    render: float
    dumps: float
    indented: float
    merge: float


def run() -> list[Figure]:
    """Both sizes against orjson, and the growth between them."""
    costs = {size: in_child(_measure, size) for size in (_SMALL, 4 * _SMALL)}
    ratios = [
        Figure(
            name="cyclonedx-json render / orjson.dumps",
            size=size,
            measured=f"{milliseconds(c.render)} / {milliseconds(c.dumps)} ({milliseconds(c.indented)} indented)",
            value=c.render / c.dumps,
            limit=6 if size > _SMALL else None,
        )
        for size, c in costs.items()
    ]
    return [
        *ratios,
        growth("cyclonedx-json render", _SMALL, {size: c.render for size, c in costs.items()}),
        growth("Inventory.merge", _SMALL, {size: c.merge for size, c in costs.items()}, limit=None),
    ]


def _measure(size: int) -> _Costs:
    result, options = scan_result(size), RenderOptions()
    rounds = [_round(result, options) for _ in range(5)]
    render, dumps, indented = (min(column) for column in zip(*rounds, strict=True))
    parts = (result.inventory, _seen_elsewhere(result.inventory))
    (merge,) = best_in_turn(lambda: Inventory.merge(parts))
    return _Costs(render=render, dumps=dumps, indented=indented, merge=merge)


def _round(result: ScanResult, options: RenderOptions) -> tuple[float, float, float]:
    """The writer before there is a second document, whose objects would burden its garbage collections."""
    render = cost(lambda: CYCLONEDX_JSON.render(result, options))
    document = orjson.loads(CYCLONEDX_JSON.render(result, options))
    dumps = cost(lambda: orjson.dumps(document))
    return render, dumps, cost(lambda: orjson.dumps(document, option=orjson.OPT_INDENT_2))


def _seen_elsewhere(inventory: Inventory) -> Inventory:
    """Half of the components again, as a second file states them."""
    place = (Location(path="requirements.txt", line=1),)
    return Inventory(components=tuple(replace(c, locations=place) for c in inventory.components[::2]))
