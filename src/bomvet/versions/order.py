"""What an order of versions offers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bomvet.model.records import dataclass

#: No version is longer; what is remembered of each has to be small.
MAX_LENGTH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The version order of one ecosystem.

    `key` gives something comparable and hashable, or None for what is no version.  `canonical` gives one text,
    without line breaks, for all spellings of equal versions, and for what is no version the text with its white
    space made plain.
    """

    key: Callable[[str], Any]
    canonical: Callable[[str], str]


def plain(text: str) -> str:
    """`text` in one line and without white space at its ends."""
    return " ".join(text.split())
