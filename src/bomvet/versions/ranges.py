"""The range evaluation of the OSV schema, over any order.

Source: https://ossf.github.io/osv-schema/#evaluation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bomvet.versions._order import Order

#: A kind of event (`introduced`, `fixed`, `last_affected`, `limit`) and its version.
Event = Sequence[str]

_RANK = {"introduced": 0, "fixed": 1, "last_affected": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Where a version lies: affected from `introduced` on, until `fixed` (exclusive) or `last_affected`."""

    introduced: str
    fixed: str = ""
    last_affected: str = ""

    def __str__(self) -> str:
        """In interval notation, `[1.0, 1.4.2)`."""
        if self.fixed:
            return f"[{self.introduced}, {self.fixed})"
        return f"[{self.introduced}, {self.last_affected}]" if self.last_affected else f"[{self.introduced}, ...)"


def containing(events: Sequence[Event], version: Any, order: Order) -> Interval | None:
    """The interval of `events` that holds `version` (a key of `order`), or None.

    An event whose version the order cannot read is left out: one that would switch on never does, one that
    would switch off never does either.
    """
    if not _below_a_limit(events, version, order):
        return None
    introduced = ""
    for kind, text, key in _sorted(events, order):
        if key is None or version >= key:
            if kind == "introduced":
                introduced = text
            elif kind == "fixed" or version > key:
                introduced = ""
        elif introduced and kind != "introduced":
            # The first end beyond the version closes the interval that it lies in.
            return Interval(introduced=introduced, **{kind: text})
    return _open_or_equal(events, introduced, version, order)


def _open_or_equal(events: Sequence[Event], introduced: str, version: Any, order: Order) -> Interval | None:
    if not introduced:
        return None
    last = next((t for k, t in events if k == "last_affected" and order.key(t) == version), "")
    return Interval(introduced=introduced, last_affected=last)


def _below_a_limit(events: Sequence[Event], version: Any, order: Order) -> bool:
    limits = [text for kind, text in events if kind == "limit"]
    if not limits or "*" in limits:
        return True
    return any((key := order.key(text)) is not None and version < key for text in limits)


def _sorted(events: Sequence[Event], order: Order) -> list[tuple[str, str, Any]]:
    """Events in version order; `introduced: 0` is before everything and has the key None."""
    first = [("introduced", text, None) for kind, text in events if kind == "introduced" and text == "0"]
    rest = [
        (kind, text, key)
        for kind, text in events
        if kind in _RANK and not (kind == "introduced" and text == "0") and (key := order.key(text)) is not None
    ]
    if len(rest) > 1:
        rest.sort(key=lambda event: (event[2], _RANK[event[0]]))
    return first + rest
