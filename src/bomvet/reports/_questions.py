"""Open questions, and what was passed over, for people: what is one thing to them is one line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

#: So many things are named in one line; the rest is counted.
MAX_NAMED = 4
#: Fewer stay lines of their own: each then has its line of the file.
_FEW = 2
_NOT_LOCKED = re.compile(r"(?P<path>.+?)(?::\d+)?: not locked: (?P<what>.+)", re.DOTALL).fullmatch


class Line(NamedTuple):
    """What to print, and how many of the questions it stands for."""

    text: str
    stands_for: int = 1


class _Key(NamedTuple):
    """What questions of one line have in common: a manifest, or a reason."""

    path: str
    reason: str


def grouped(questions: Iterable[str]) -> list[Line]:
    """`PLACE: REASON` texts as lines: what one manifest leaves open is one, and so is what holds for several places.

    The order is that of the first question of each line.
    """
    groups: dict[_Key, list[str]] = {}
    for question in questions:
        key, name = _key(question)
        groups.setdefault(key, []).append(name)
    return [line for key, names in groups.items() for line in _lines(key, names)]


def _key(question: str) -> tuple[_Key, str]:
    """What it may share a line by, and what it adds to that."""
    if match := _NOT_LOCKED(question):
        return _Key(match["path"], ""), question
    place, _, reason = question.partition(": ")
    return (_Key("", reason), place) if reason else (_Key("", question), "")


def _lines(key: _Key, names: Sequence[str]) -> list[Line]:
    if not names[0]:
        return [Line(key.reason, len(names))]
    if len(names) <= _FEW:
        return [Line(name if key.path else f"{name}: {key.reason}") for name in names]
    if key.path:
        wanted = dict.fromkeys(match["what"] for name in names if (match := _NOT_LOCKED(name)))
        return [Line(f"{key.path}: not locked: {_named([*wanted])}", len(names))]
    if all(name.startswith("pkg:") for name in names):
        return [Line(f"{len(names):,} components: {key.reason}: {_named([*map(_label, names)])}", len(names))]
    return [Line(f"{_named(names)}: {key.reason}", len(names))]


def _named(names: Sequence[str]) -> str:
    """The first of them, and how many more."""
    more = len(names) - MAX_NAMED
    # One more is no longer than its count.
    return ", ".join(names) if more <= 1 else f"{', '.join(names[:MAX_NAMED])} and {more:,} more"


def _label(purl: str) -> str:
    """`name@version` of a purl."""
    from urllib.parse import unquote  # noqa: PLC0415 - rarely needed

    return unquote(purl.partition("?")[0].partition("/")[2])
