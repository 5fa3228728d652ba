"""The range evaluation of the OSV schema, over any order.

Source: https://ossf.github.io/osv-schema/#evaluation.  Where the schema is silent, doubt counts as affected:
an event that the order cannot read never ends a stretch, and starts one at the very beginning.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from bomvet.model.records import dataclass

if TYPE_CHECKING:
    from bomvet.versions.order import Order

#: A kind of event (`introduced`, `fixed`, `last_affected`, `limit`) and its version.
Event = Sequence[str]

_RANK = {"introduced": 0, "fixed": 1, "last_affected": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Where a version lies: affected from `introduced` on, until `fixed` (exclusive) or `last_affected`.

    `certain` is False where an event of the range could not be read.
    """

    introduced: str
    fixed: str = ""
    last_affected: str = ""
    certain: bool = True

    @property
    def open_ended(self) -> bool:
        """Whether every later version lies in it too."""
        return not self.fixed and not self.last_affected

    def __str__(self) -> str:
        """In interval notation, `[1.0, 1.4.2)`."""
        if self.fixed:
            return f"[{self.introduced}, {self.fixed})"
        return f"[{self.introduced}, {self.last_affected}]" if self.last_affected else f"[{self.introduced}, ...)"


def span(events: Sequence[Event], key: Callable[[str], Any]) -> tuple[Any, Any] | None:
    """The bounds of a range of the usual kind, introduced once and fixed later; the lower is None before everything.

    `key` is that of the order.  None where the range is another.
    """
    if len(events) != 2:  # noqa: PLR2004
        return None
    (first, start), (last, end) = events
    if first != "introduced" or last != "fixed":
        return None
    low, high = key(start), key(end)
    if low is None or high is None or not low < high:
        return None
    return (None if start == "0" else low), high


def passed(ranges: Sequence[Sequence[Event]], version: Any, key: Callable[[str], Any]) -> bool:
    """Whether `version` is plainly above every end that `ranges` have, or below all of a range of the usual kind.

    No range contains it then, and no `fixed` is the version itself.  False says nothing: `containing` tells.
    """
    for events in ranges:
        bounds = span(events, key)
        if bounds:
            low, high = bounds
            if version <= high and (low is None or low <= version):
                return False
        elif not ended(events, version, key):
            return False
    return True


def ended(events: Sequence[Event], version: Any, key: Callable[[str], Any]) -> bool:
    """Whether `version` is plainly above the last end of `events`, after which nothing is introduced."""
    start = end = None
    for kind, text in events:
        # Neither what no order can read nor a limit takes anything away from that.
        at = key(text)
        if at is None or kind == "limit":
            continue
        if kind == "introduced":
            if start is None or start < at:
                start = at
        elif end is None or end < at:
            end = at
    return end is not None and end < version and (start is None or start < end)


def containing(events: Sequence[Event], version: Any, order: Order) -> Interval | None:
    """The interval of `events`, which stand in any sequence, that holds `version` (a key of `order`), or None."""
    bounds = span(events, order.key)
    if bounds:
        low, high = bounds
        held = version < high and (low is None or low <= version)
        return Interval(introduced=events[0][1], fixed=events[1][1]) if held else None
    steps, limits, certain = _read(events, order)
    if limits and not any(limit is None or version < limit for limit in limits):
        return None
    start = ""
    for kind, text, key in steps:
        if kind == "introduced":
            if key is None or key <= version:
                start = start or text
        elif key <= version if kind == "fixed" else key < version:
            start = ""
        elif start:
            # The first end that does not shut the version out closes the interval that it lies in.
            return Interval(introduced=start, certain=certain, **{kind: text})
    return Interval(introduced=start, certain=certain) if start else None


def stretches(events: Sequence[Event], order: Order) -> list[Interval]:
    """All that `events` call affected, lowest first; limits left aside."""
    steps, _, certain = _read(events, order)
    found: list[Interval] = []
    start = ""
    for kind, text, _ in steps:
        if kind == "introduced":
            start = start or text
        elif start:
            found.append(Interval(introduced=start, certain=certain, **{kind: text}))
            start = ""
    return [*found, Interval(introduced=start, certain=certain)] if start else found


def limits(events: Sequence[Event], order: Order) -> list[tuple[str, Any]]:
    """The limits among `events`, each with its key, which is None for one that shuts nothing out."""
    return [(text, order.key(text)) for kind, text in events if kind == "limit"]


#: Kind and version of an event with its key; None is before everything.
_Step = tuple[str, str, Any]


def _read(events: Sequence[Event], order: Order) -> tuple[list[_Step], list[Any], bool]:
    """The steps in version order, the keys of limits (None: no limit), and whether every event could be read."""
    first: list[_Step] = []
    rest: list[_Step] = []
    limits: list[Any] = []
    certain = True
    for kind, text in events:
        beginning = kind == "introduced" and text == "0"
        key = None if beginning else order.key(text)
        if key is None and not beginning and text != "*":
            certain = False
        if kind == "limit":
            limits.append(key)
        elif key is not None:
            rest.append((kind, text, key))
        elif kind == "introduced":
            first.append((kind, text, None))
    return first + _in_order(rest), limits, certain


def _in_order(steps: list[_Step]) -> list[_Step]:
    if len(steps) < 2:  # noqa: PLR2004 - nothing to sort, the usual case
        return steps
    # Where one stretch begins with the very version that fixes the one before, affected versions go on: taken
    # one after the other, in whatever sequence, the two events would lose either this or the empty stretch.
    seams = {s[2] for s in steps if s[0] == "introduced"} & {s[2] for s in steps if s[0] == "fixed"}
    kept = [step for step in steps if step[2] not in seams or step[0] == "last_affected"] if seams else steps
    return sorted(kept, key=lambda step: (step[2], _RANK[step[0]]))
