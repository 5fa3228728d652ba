"""How one record judges one version, step by step, also where it does not affect it; pure.

It goes the way of `matching.evaluate` and tells what it sees there: for people, not for the hot path.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from bomvet.advisories.ecosystems import Package, asked_ecosystems, package_of
from bomvet.advisories.matching import evaluate
from bomvet.advisories.records import listing
from bomvet.model.records import dataclass
from bomvet.versions.orders import ORDERS
from bomvet.versions.ranges import Interval, limits, stretches

if TYPE_CHECKING:
    from bomvet.advisories.matching import Entry
    from bomvet.model.inventory import Component
    from bomvet.plugin import AdvisoryStore
    from bomvet.versions.order import Order

#: Stretches of one range that are told; kernels and the like have hundreds.
MAX_STRETCHES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What the record `id` says of one version: `affects` None where that cannot be told; `steps` in words."""

    id: str
    affects: bool | None
    withdrawn: bool
    steps: tuple[str, ...]


def traces(entries: Sequence[Entry], version: str, order: Order) -> list[Trace]:
    """One of each record among `entries`, which are all of one package, by id."""
    by_id: dict[str, list[Entry]] = {}
    for entry in entries:
        by_id.setdefault(entry["id"], []).append(entry)
    return [_trace(id_, by_id[id_], version, order) for id_ in sorted(by_id)]


def _trace(id_: str, entries: Sequence[Entry], version: str, order: Order) -> Trace:
    evaluation = evaluate(entries, version, order)
    withdrawn = any(entry["withdrawn"] for entry in entries)
    affects: bool | None = bool(evaluation.hits)
    if evaluation.undecided:
        affects = None
    steps = [step for entry in entries for step in _steps(entry, version, order)]
    if withdrawn:
        steps.append("the record was withdrawn, so it counts no more")
    return Trace(id=id_, affects=affects, withdrawn=withdrawn, steps=tuple(dict.fromkeys(steps)))


def _steps(entry: Entry, version: str, order: Order) -> list[str]:
    steps = [_listed(entry["versions"], version, order)] if entry["versions"] else []
    key = order.key(version)
    if key is None and entry["ranges"]:
        return [*steps, f"{version} is no version that can be put in order, so no range can be asked"]
    for events in entry["ranges"]:
        steps += _range(events, version, key, order)
    return steps or ["the record lists no version and has no range of versions"]


def _listed(versions: str, version: str, order: Order) -> str:
    count = versions.count("\n") - 1
    names = f"the {count} versions" if count > 1 else "the one version"
    where = "is among" if listing([order.canonical(version)]) in versions else "is not among"
    return f"{version} {where} {names} that the record lists"


def _range(events: Sequence[Sequence[str]], version: str, key: Any, order: Order) -> list[str]:
    bounds = limits(events, order)
    beyond = bool(bounds) and not any(bound is None or key < bound for _, bound in bounds)
    steps = [_stretch(stretch, version, key, order) for stretch in stretches(events, order)]
    if len(steps) > MAX_STRETCHES:
        within = [step for step in steps if ": yes" in step]
        left = len(steps) - MAX_STRETCHES
        steps = [*(within or steps[:1]), *steps[-MAX_STRETCHES + 1 :], f"and {left} ranges more, which do not hold it"]
    if beyond:
        steps.append(f"{version} lies beyond the limit of the range, {', '.join(text for text, _ in bounds)}")
    return steps


def _stretch(stretch: Interval, version: str, key: Any, order: Order) -> str:
    """Whether `version` lies in it, and which end shuts it out."""
    low = None if stretch.introduced == "0" else order.key(stretch.introduced)
    high = order.key(stretch.fixed or stretch.last_affected)
    doubt = "" if stretch.certain else ", though an event of the range could not be read"
    if low is not None and key < low:
        return f"in {stretch}: no, {version} comes before {stretch.introduced}"
    if high is not None and stretch.fixed and key >= high:
        return f"in {stretch}: no, {version} {'is' if key == high else 'comes after'} the fixed {stretch.fixed}"
    if high is not None and stretch.last_affected and key > high:
        return f"in {stretch}: no, {version} comes after {stretch.last_affected}, the last one affected"
    return f"in {stretch}: yes{doubt}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What advisories say of a component, with those that do not affect it; `found` is False where none is known.

    Of the advisory that was asked for, `found` says whether there is such a record at all, whatever it is about.
    `problem` is what could not be had.
    """

    traces: Mapping[str, tuple[Trace, ...]]
    found: bool = True
    problem: str = ""


def judged(store: AdvisoryStore, components: Iterable[Component], advisory: str = "") -> Judged:
    """The traces of every one of `components`, by purl; only those of `advisory` (an id or alias), where it is given.

    Components that cannot be asked about have none.  A store that holds only what it was asked for learns more first.
    """
    found: dict[str, tuple[Trace, ...]] = {}
    asked = [(c, p) for c in components if isinstance(p := package_of(c), Package) and p.ecosystem in ORDERS]
    learn = getattr(store, "learn", None)
    problem = learn([package for _, package in asked], advisory) if learn else ""
    aliases = _Aliases(store, advisory)
    for component, package in asked:
        entries = [
            entry
            for ecosystem in asked_ecosystems(package)
            for entry in store.packages(ecosystem, {package.name}).get(package.name, ())
        ]
        kept = entries if not advisory else [entry for entry in entries if aliases.of(entry["id"])]
        if kept:
            found[component.purl] = tuple(traces(kept, package.version, ORDERS[package.ecosystem]))
    known = not advisory or bool(found) or aliases.known()
    return Judged(traces=MappingProxyType(found), found=known, problem=problem)


class _Aliases:
    """Which records are the one that `name` is a name of, in any letter case."""

    def __init__(self, store: AdvisoryStore, name: str) -> None:
        self._store, self._name = store, name
        self._folded = name.casefold()
        self._known: dict[str, bool] = {}

    def of(self, id_: str) -> bool:
        """Whether `id_` is that record, or one that has it among its aliases or its upstream."""
        if id_ not in self._known:
            record = self._store.advisories({id_}).get(id_) or {"aliases": (), "upstream": ()}
            names = (id_, *record["aliases"], *record["upstream"])
            self._known[id_] = any(name.casefold() == self._folded for name in names)
        return self._known[id_]

    def known(self) -> bool:
        """Whether there is a record of that very id."""
        return bool(self._store.advisories({self._name, self._name.upper()}))
