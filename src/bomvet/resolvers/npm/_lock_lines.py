"""Where the entries of a `package-lock.json` stand: as npm writes it by one expression, otherwise token by token."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import orjson

from bomvet.resolvers._json import Lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_TOKEN = re.compile(rb'"((?:[^"\\]|\\.)*+)"(\s*:)?|[{}\[\]]', re.DOTALL)
#: Names of tables by the key that opens them, below each the entries in the order of the file.
_Table = dict[str, tuple[int, "_Table"]]


class Places(NamedTuple):
    """The line of every entry, in the order of the parsed document, and entries that a later one replaces."""

    lines: list[int]
    repeated: list[tuple[str, int]]


def flat(data: bytes, keys: Sequence[str]) -> Places:
    """The entries of `packages`, whose keys are `keys`."""
    table = re.search(rb'\n([ \t]*)"packages": \{\r?\n([ \t]*)"', data)
    if table:
        end = data.find(b"\n" + table[1] + b"}", table.end())
        member = re.compile(b"\n" + re.escape(table[2]) + rb'"([^"\\\n]*)":')
        found = list(member.finditer(data, table.start(2) - 1, end if end >= 0 else len(data)))
        # Only where the text shows the same keys in the same order are these the lines of the entries.
        if [match[1] for match in found] == [key.encode() for key in keys]:
            return Places(_lines(data, (match.start(1) for match in found)), [])
    return _scanned(data, b"packages", nested=False)


def nested(data: bytes, names: Sequence[tuple[str, bool]]) -> Places:
    """The entries of `dependencies`, each before those of its own.

    `names` are theirs in that order, and whether they are objects, as they all are in a lock of npm.
    """
    table = re.search(rb'\n([ \t]+)"dependencies": \{\r?\n', data)
    if table and b"[" not in data and all(is_object for _, is_object in names):
        # An entry stands at twice the indentation of the table, or four times, or six ...
        unit = len(table[1])
        member = re.compile(rb'\n([ \t]+)"([^"\\\n]*)": \{')
        found = [match for match in member.finditer(data, table.end() - 1) if not len(match[1]) % (2 * unit)]
        if [match[2] for match in found] == [name.encode() for name, _ in names]:
            return Places(_lines(data, (match.start(2) for match in found)), [])
    return _scanned(data, b"dependencies", nested=True)


def _lines(data: bytes, offsets: Iterable[int]) -> list[int]:
    """Rising offsets as lines."""
    lines, line, at = [], 1, 0
    for offset in offsets:
        line += data.count(b"\n", at, offset)
        at = offset
        lines.append(line)
    return lines


def _scanned(data: bytes, name: bytes, *, nested: bool) -> Places:
    """By reading all tokens; of a key that stands twice the parsed document has the first place and the last value."""
    lines = Lines(data)
    repeated: list[tuple[str, int]] = []
    table = _tables(data, name, repeated, nested=nested)
    return Places(
        [lines.of(offset) for offset in _in_order(table)], [(key, lines.of(offset)) for key, offset in repeated]
    )


def _tables(data: bytes, name: bytes, repeated: list[tuple[str, int]], *, nested: bool) -> _Table:
    """The table called `name`, and with `nested` those of the same name in its entries.

    What is open stands on a stack: a table, an entry (as the table that its own entries would go to), or neither.
    """
    top: _Table = {}
    stack: list[tuple[bool, _Table | None]] = []
    opens: tuple[bool, _Table | None] = (False, top)  # what the next brace opens
    for token in _TOKEN.finditer(data):
        if token[2]:
            is_table, mapping = stack[-1]
            opens = (False, None)
            if mapping is not None and is_table:
                room = _room(mapping, _text(token[1]), token.start(1), repeated)
                opens = (False, room if nested else None)
            elif mapping is not None and token[1] == name:
                repeated.extend((key, offset) for key, (offset, _) in mapping.items())
                mapping.clear()
                opens = (True, mapping)
        elif token[0] in b"{[":
            stack.append(opens)
            opens = (False, None)
        elif token[0] in b"}]":
            stack.pop()
    return top


def _room(table: _Table, key: str, offset: int, repeated: list[tuple[str, int]]) -> _Table:
    """Room for what the entry `key` holds."""
    if key in table:
        repeated.append((key, table[key][0]))
    room: _Table = {}
    table[key] = (offset, room)
    return room


def _text(raw: bytes) -> str:
    text: str = orjson.loads(b'"' + raw + b'"')
    return text


def _in_order(table: _Table) -> Iterator[int]:
    """The offsets of all entries, each before those of its own."""
    todo = [iter(table.values())]
    while todo:
        for offset, room in todo[-1]:
            yield offset
            if room:
                todo.append(iter(room.values()))
                break
        else:
            todo.pop()
