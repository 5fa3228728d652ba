"""Conditions of edges as texts: markers of which all, or any, must hold.  Light, since every lock needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

#: Alternatives that are written out.
_ALTERNATIVES = 16
_NO_WORDS = str.maketrans("()'\"", "    ")


def both(one: str, other: str) -> str:
    """A marker that holds where both do."""
    if not one or not other or one == other:
        return one or other
    return f"{_bracketed(one)} and {_bracketed(other)}"


def any_of_both(ones: Collection[str], others: Collection[str]) -> tuple[str, ...]:
    """Alternatives that hold where one of `ones` and one of `others` does; none are no condition at all.

    Where it would be too many, only `others` are kept: these hold in more environments, and so does the result.
    """
    if not ones or not others:
        return tuple(ones or others)
    if len(ones) * len(others) > _ALTERNATIVES:
        return tuple(others)
    return tuple(dict.fromkeys(both(one, other) for one in ones for other in others))


def alternatives(markers: Iterable[str]) -> tuple[str, ...]:
    """`markers`, of which any may hold, each once; none where one of them always holds."""
    found = dict.fromkeys(markers)
    return () if "" in found else tuple(found)


def _bracketed(marker: str) -> str:
    words = marker.lower().translate(_NO_WORDS).split()
    return f"({marker})" if "or" in words else marker
