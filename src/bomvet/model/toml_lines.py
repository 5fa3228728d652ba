"""Where in a TOML document a value stands: the parser does not tell, and an error without a line is no help."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_NAMES = rf"({_NAME}(?:[ \t]*\.[ \t]*{_NAME})*)"
_HEADER = re.compile(rf"[ \t]*(\[\[?)[ \t]*{_NAMES}[ \t]*\]")
_KEY = re.compile(rf"[ \t]*{_NAMES}[ \t]*=")
#: Comments and strings, in which nothing else counts; what opens and closes a value; the ends of lines.
_TOKEN = re.compile(
    r'#[^\n]*+|"""(?:[^"\\]|\\.|"(?!""))*+"{3,5}|\'\'\'(?:[^\']|\'(?!\'\'))*+\'{3,5}'
    r'|"(?:[^"\\\n]|\\.)*+"|\'[^\'\n]*+\'|[\[\]{}\n]',
    re.DOTALL,
)

#: Keys and, for arrays of tables, indices from the top of the document.
Path = tuple[str | int, ...]


class TomlLines:
    """Lines, from 1, of the keys and table headers of a document."""

    def __init__(self) -> None:
        self._lines: dict[Path, int] = {}

    @classmethod
    def of(cls, text: str) -> TomlLines:
        """Index `text`, which has been parsed already and so is valid."""
        found = cls()
        table: Path = ()
        counts: dict[Path, int] = {}
        for number, line in _statements(text):
            header = _HEADER.match(line)
            if header:
                names = _split(header[2])
                table = found._entered(names, counts, repeated=header[1] == "[[")
                found._lines.setdefault(names, number)
                found._lines.setdefault(table, number)
            elif key := _KEY.match(line):
                found._lines.setdefault((*table, *_split(key[1])), number)
        return found

    def _entered(self, names: Path, counts: dict[Path, int], *, repeated: bool) -> Path:
        """The path that a header opens; `a.b` means the last element of `a` where that is an array of tables."""
        path: Path = ()
        for depth, name in enumerate(names):
            path = (*path, name)
            if repeated and depth == len(names) - 1:
                counts[path] = counts.get(path, -1) + 1
            if path in counts:
                path = (*path, counts[path])
        return path

    def line(self, path: Path) -> int:
        """Where `path` stands, or the nearest thing around it; 1 where nothing is known."""
        while path:
            if path in self._lines:
                return self._lines[path]
            path = path[:-1]
        return 1


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """The first line of each statement with its number; what a value holds over several lines is none."""
    number, start, start_number, depth = 1, 0, 1, 0
    for token in _TOKEN.finditer(text):
        sign = token[0]
        number += sign.count("\n")
        depth += (sign in ("[", "{")) - (sign in ("]", "}"))
        if sign == "\n" and depth == 0:
            yield start_number, text[start : token.end()].partition("\n")[0]
            start, start_number = token.end(), number
    yield start_number, text[start:].partition("\n")[0]


def _split(names: str) -> Path:
    return tuple(name.strip("\"'") for name in re.findall(_NAME, names))
