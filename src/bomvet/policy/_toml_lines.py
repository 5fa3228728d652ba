"""Where in a TOML document a value stands: the parser does not tell, and an error without a line is no help."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")

#: Keys and, for arrays of tables, indices from the top of the document.
Path = tuple[str | int, ...]


@dataclass(slots=True)
class TomlLines:
    """Lines, from 1, of the keys and table headers of a document."""

    _lines: dict[Path, int] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str) -> TomlLines:
        """Index `text`, which has been parsed already and so is valid."""
        found = cls()
        table: Path = ()
        counts: dict[Path, int] = {}
        for number, line in enumerate(text.splitlines(), start=1):
            header = _HEADER.match(line)
            if header:
                table = found._entered(_split(header[2]), counts, repeated=header[1] == "[[")
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


def _split(name: str) -> Path:
    return tuple(part.strip().strip("\"'") for part in re.findall(r"""[^."']+|"[^"]*"|'[^']*'""", name) if part.strip())
