"""What an order of versions offers."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
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


class Keys(_Dict):
    """The keys of texts in an order, by the plain look-up in a dictionary, which costs a third of any call.

    It is asked by `keys[text]` alone.  What is too long for a version is not remembered.
    """

    __slots__ = ("_key",)

    def __init__(self, order: Order) -> None:
        super().__init__()
        self._key = order.key

    def __missing__(self, text: str) -> Any:
        key = self._key(text)
        if len(text) <= MAX_LENGTH:
            if len(self) >= MAX_KEYS:
                self.clear()
            self[text] = key
        return key


@cache
def keys_of(order: Order) -> Keys:
    """The keys of `order`, remembered from one call to the next."""
    return Keys(order)


def plain(text: str) -> str:
    """`text` in one line and without white space at its ends."""
    return " ".join(text.split())
