"""Whether a version is affected, why, and which version is not; pure.

Source: the evaluation algorithm of the OSV schema: listed in `versions` OR within any range, over all
affected entries of the package.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from bomvet.advisories.records import listing
from bomvet.model.inventory import Confidence
from bomvet.model.records import dataclass, field, replace
from bomvet.versions.ranges import Event, Interval, containing, ended, passed, span

if TYPE_CHECKING:
    from bomvet.versions.order import Order

#: An affected entry as `advisories.records` shapes it.
Entry = dict[str, Any]

#: Versions that are tried in search of a clean one: each costs a look at all ranges, and most skip many others.
MAX_CANDIDATES = 300

_HINT = re.compile(r"(<=?)\s*(\S+)").fullmatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """An advisory that affects the version: how it matched; neither listed nor in a range by a service's word alone."""

    id: str
    listed: bool
    interval: Interval | None
    confidence: Confidence = Confidence.HIGH
    severity: tuple[tuple[str, str], ...] = ()
    urgency: str = ""

    @property
    def fixed(self) -> str:
        """What ends the affected stretch; empty where nothing does."""
        return self.interval.fixed if self.interval else ""

    @property
    def evidence(self) -> str:
        """In words."""
        parts = [f"in range {self.interval}"] if self.interval else []
        if self.listed:
            parts.append("version listed")
        return f"{self.id}: {', '.join(parts) or 'API only'}"


@dataclass(slots=True, kw_only=True)
class Evaluation:
    """All hits of one version, sorted by id.

    `withdrawn` names the records that would have matched; `undecided` those that could not be judged, since the
    version has no place in the order; `fixing` those that name this very version as the one that fixes them.
    """

    hits: list[Hit] = field(default_factory=list)
    withdrawn: set[str] = field(default_factory=set)
    undecided: set[str] = field(default_factory=set)
    fixing: set[str] = field(default_factory=set)


def evaluate(entries: Sequence[Entry], version: str, order: Order) -> Evaluation:
    """Judge `version` by all `entries` of its package."""
    found: dict[str, Hit] = {}
    result = Evaluation()
    if not entries:
        return result
    listed, key = listing([order.canonical(version)]), order.key(version)
    for entry in entries:
        # Most entries are about versions that were fixed long ago.
        if key is not None and listed not in entry["versions"] and passed(entry["ranges"], key, order.key):
            continue
        hit = _hit(entry, listed, key, order)
        if hit is None:
            if not entry["withdrawn"] and entry["ranges"]:
                if key is None:
                    result.undecided.add(entry["id"])
                elif _fixes(entry, key, order):
                    result.fixing.add(entry["id"])
        elif entry["withdrawn"]:
            result.withdrawn.add(entry["id"])
        else:
            found[hit.id] = _better(found[hit.id], hit, order) if hit.id in found else hit
    result.hits = [found[id_] for id_ in sorted(found)]
    # A record that one of its entries decides is decided, and one that affects the version is not fixed by it.
    result.undecided -= found.keys()
    result.fixing -= found.keys()
    return result


def _hit(entry: Entry, version: str, key: Any, order: Order) -> Hit | None:
    """`version` is a listing of one."""
    listed = version in entry["versions"]
    interval = _interval(entry, key, order) if key is not None else None
    if not listed and interval is None:
        return None
    return Hit(
        id=entry["id"],
        listed=listed,
        interval=interval,
        confidence=Confidence.HIGH if listed or _sure(entry, interval, key, order) else Confidence.LOW,
        severity=tuple((kind, score) for kind, score in entry["severity"]),
        urgency=entry.get("urgency", ""),
    )


def _fixes(entry: Entry, key: Any, order: Order) -> bool:
    return any(kind == "fixed" and order.key(text) == key for events in entry["ranges"] for kind, text in events)


def _interval(entry: Entry, key: Any, order: Order) -> Interval | None:
    """Of the ranges that hold the version the one that says most: all read, and with an end."""
    best: Interval | None = None
    for events in entry["ranges"]:
        found = containing(events, key, order)
        if found and (best is None or (best.certain, not best.open_ended) < (found.certain, not found.open_ended)):
            best = found
    return best


def _sure(entry: Entry, interval: Interval | None, key: Any, order: Order) -> bool:
    """Whether the authors of the range checked as far as the version."""
    if interval is None or not interval.certain:
        return False
    if not interval.open_ended:
        return True
    # A malware record that lists the bad versions and has a catch-all range: osv.dev issue 5342.
    if entry["id"].startswith("MAL-") and entry["versions"]:
        return False
    return not entry["hint"] or _within(entry["hint"], key, order)


def _within(hint: str, key: Any, order: Order) -> bool:
    """Whether a hint such as `<= 1.4` (the last version known to be affected) speaks of the version."""
    found = _HINT(hint)
    bound = order.key(found[2]) if found else None
    if found is None or bound is None:
        return False
    return bool(key <= bound if found[1] == "<=" else key < bound)


def _better(one: Hit, other: Hit, order: Order) -> Hit:
    """Of two entries of one record that both match, the surer one; of equals, the one whose fix is lower."""
    if one.confidence != other.confidence:
        best = one if one.confidence is Confidence.HIGH else other
    elif not one.fixed or not other.fixed:
        best = one if one.fixed else other
    else:
        best = min(one, other, key=lambda hit: order.key(hit.fixed))
    return replace(best, listed=one.listed or other.listed)


def clean_version(entries: Sequence[Entry], version: str, order: Order) -> str:
    """The least version above `version` that some entry names as fixed and none affects; empty where there is none.

    The least one is on the same major version wherever one of those is clean.
    """
    return Upgrades(entries, version, order).least()


class Upgrades:
    """Versions above `version` that may be clean; what all searches among them need is gathered once."""

    __slots__ = ("_entries", "_order")

    def __init__(self, entries: Sequence[Entry], version: str, order: Order) -> None:
        self._order = order
        base = order.key(version)
        self._entries = [] if base is None else [_still(e, base, order) for e in entries if not e["withdrawn"]]

    def least(self, ids: Collection[str] | None = None) -> str:
        """As `clean_version`, by the entries of the records `ids` alone, where these are given."""
        entries = self._entries if ids is None else [entry for entry in self._entries if entry[0] in ids]
        above: dict[str, Any] = {}
        for _, _, _, _, fixed in entries:
            above.update(fixed)
        if not above:
            return ""
        ordered = sorted(above, key=lambda text: (above[text], text)) if len(above) > 1 else [*above]
        keys = [above[text] for text in ordered]
        at = 0
        for _ in range(MAX_CANDIDATES):
            if at == len(ordered):
                break
            beyond = _beyond(entries, ordered[at], keys, at, self._order)
            if beyond == at:
                return ordered[at]
            at = beyond
        return ""


#: What an entry has to say of versions above one: the id, the versions that it lists, where usual ranges begin (None:
#: before all) and end, all other ranges, and what it names as fixed.
_Still = tuple[str, str, list[tuple[Any, Any]], list[Sequence[Event]], list[tuple[str, Any]]]


def _still(entry: Entry, base: Any, order: Order) -> _Still:
    """What has ended before the version affects none above it, and fixes none."""
    read = order.key
    spans: list[tuple[Any, Any]] = []
    ranges: list[Sequence[Event]] = []
    fixed: list[tuple[str, Any]] = []
    for events in entry["ranges"]:
        usual = span(events, read)
        if usual:
            if base < usual[1]:
                spans.append(usual)
                fixed.append((events[1][1], usual[1]))
        elif not ended(events, base, read):
            ranges.append(events)
            keys = [(text, read(text)) for kind, text in events if kind == "fixed"]
            fixed += [(text, key) for text, key in keys if key is not None and key > base]
    return entry["id"], entry["versions"], spans, ranges, fixed


def _beyond(entries: Sequence[_Still], version: str, keys: Sequence[Any], at: int, order: Order) -> int:
    """The first place in `keys`, from `at` on, where what affects `version`, which stands there, may have ended."""
    listed, key = listing([order.canonical(version)]), keys[at]
    beyond = at
    for _, versions, spans, ranges, _ in entries:
        if listed in versions:
            beyond = max(beyond, at + 1)
        for low, high in spans:
            if key < high and (low is None or low <= key):
                beyond = max(beyond, bisect_left(keys, high))
        for events in ranges:
            interval = containing(events, key, order)
            if interval:
                beyond = max(beyond, at + 1, _end(interval, events, keys, order))
    return beyond


def _end(interval: Interval, events: Sequence[Event], keys: Sequence[Any], order: Order) -> int:
    """The place in `keys` of what comes after `interval`."""
    if interval.fixed:
        return bisect_left(keys, order.key(interval.fixed))
    if interval.last_affected:
        return bisect_right(keys, order.key(interval.last_affected))
    return 0 if any(kind == "limit" for kind, _ in events) else len(keys)
