"""What an order of versions offers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bomvet.model.records import dataclass

if TYPE_CHECKING:
    _Dict = dict[str, Any]
else:
    _Dict = dict

#: No version is longer; what is remembered of each has to be small.
MAX_LENGTH = 500
#: So many keys are remembered at a time.
MAX_KEYS = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The version order of one ecosystem.

    `key` gives something comparable and hashable, or None for what is no version.  `canonical` gives one text,
    without line breaks, for all spellings of equal versions, and for what is no version the text with its white
    space made plain.
    """

    key: Callable[[str], Any]
    canonical: Callable[[str], str]


def remembered(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """`read`, which makes keys, by way of a plain look-up in a dictionary: a fraction of what any function costs.

    What is too long for a version gives None, and is not remembered.
    """
    return _Keys(read).__getitem__


class _Keys(_Dict):
    __slots__ = ("_read",)

    def __init__(self, read: Callable[[str], Any]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, text: str) -> Any:
        if len(text) > MAX_LENGTH:
            return None
        if len(self) >= MAX_KEYS:
            self.clear()
        key = self[text] = self._read(text)
        return key


def plain(text: str) -> str:
    """`text` in one line and without white space at its ends."""
    return " ".join(text.split())
