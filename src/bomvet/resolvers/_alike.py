"""Packages of one name in one lock or environment: each asker may mean any of them, so that edges are their product."""

from __future__ import annotations

from typing import TypeVar

_T = TypeVar("_T")

#: Packages of one name that an edge may lead to; of no name does a lock hold more than a few dozen versions.
MAX_ALIKE = 200


class Alike(list[_T]):
    """Those of one name, as far as there is room for them."""

    is_full = False

    def add(self, one: _T) -> bool:
        """Whether `one` is the first for which there is no room: then that is to be told."""
        if len(self) < MAX_ALIKE:
            self.append(one)
            return False
        is_first, self.is_full = not self.is_full, True
        return is_first


def too_many(name: str) -> str:
    """What to tell of those that there was no room for."""
    return f"more than {MAX_ALIKE} packages of the name {name}: what asks for the rest is not known"
