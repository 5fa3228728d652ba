"""What the readers of VEX documents share: their result, the words of OpenVEX, and reading what anybody wrote.

A document states what it states: an entry that is not understood is a problem with its place, never a statement, and
never silence.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from bomvet.model.records import dataclass
from bomvet.model.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bomvet.model.finding import Statement

Json = dict[str, Any]
#: The status labels and justifications of OpenVEX 0.2.0, which are those of CISA's minimum requirements for VEX.
STATUSES = ("not_affected", "affected", "fixed", "under_investigation")
JUSTIFICATIONS = (
    "component_not_present",
    "vulnerable_code_not_present",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "inline_mitigations_already_exist",
)
#: Products and components of all statements of one document, names of one vulnerability, problems that are told one by
#: one, and characters of a text.
MAX_NAMED, MAX_NAMES, MAX_PROBLEMS, MAX_TEXT = 250_000, 100, 50, 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class VexDocument:
    """What one document says: `format` is its kind, `problems` what in it was not understood, with the place."""

    format: str
    source: str
    statements: tuple[Statement, ...]
    problems: tuple[str, ...] = ()


class Problems:
    """What was not understood; the first are told one by one, the rest is counted."""

    def __init__(self) -> None:
        self._told: list[str] = []
        self._more = 0

    def tell(self, place: str, text: str) -> None:
        """Note that something at `place` was not understood."""
        if len(self._told) < MAX_PROBLEMS:
            self._told.append(f"{place}: {text}")
        else:
            self._more += 1

    def all(self) -> tuple[str, ...]:
        """In the order of the document."""
        return (*self._told, *([f"... and {self._more:,} more"] if self._more else []))


def table(value: object) -> Json:
    """`value` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    """`value` if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def text(value: object) -> str:
    """`value` if it is a text, without white space around it."""
    return value.strip() if isinstance(value, str) else ""


def prose(value: object) -> str:
    """`value` if it is a text, cut to what a report can hold."""
    return text(value)[:MAX_TEXT]


def texts(value: object) -> Iterator[str]:
    """The texts in a list that are not empty."""
    return (found for found in map(text, items(value)) if found)


def names(found: Iterable[str], place: str, problems: Problems) -> tuple[str, ...]:
    """The names of a vulnerability, each once; those beyond the limit are told, and not used."""
    unique = tuple(dict.fromkeys(name for name in found if name))
    if len(unique) > MAX_NAMES:
        problems.tell(place, f"{len(unique):,} names of one vulnerability, of which {MAX_NAMES} are used")
    return unique[:MAX_NAMES]


def moment(value: object, place: str, problems: Problems) -> str:
    """A time (RFC 3339) in UTC, to the second or finer; empty where there is none, or none that can be read."""
    stated = text(value)
    if not stated:
        return ""
    try:
        found = dt.datetime.fromisoformat(stated)
        found = found.astimezone(dt.UTC) if found.tzinfo else found.replace(tzinfo=dt.UTC)
    except (ValueError, OverflowError):
        problems.tell(place, f"{shown(stated)!r} is no time such as 2026-01-31T12:00:00Z")
        return ""
    return found.isoformat().replace("+00:00", "Z")
