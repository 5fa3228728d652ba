"""Where in a TOML file a key or a text stands: the parser does not tell."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict

_NAME = r"""(?:[A-Za-z0-9_-]++|"(?:[^"\\]|\\.)*+"|'[^']*+')"""
_NAMES = rf"({_NAME}(?:[ \t]*+\.[ \t]*+{_NAME})*+)"
_HEADER = re.compile(rf"[ \t]*+\[\[?[ \t]*+{_NAMES}[ \t]*+\]")
_KEY = re.compile(rf"[ \t]*+{_NAMES}[ \t]*+=")
_STRING = re.compile(r""""((?:[^"\\]|\\.)*+)"|'([^']*+)'""")
#: Characters of a line in which texts are looked for: quotes that do not match cost the square of it.
_LONGEST_LINE = 4_000
_ONE_NAME = re.compile(_NAME)


class Places:
    """Lines, from 1, of keys and of texts; made in one pass, where something has to be told at all.

    What a text over several lines holds may pass for keys, which makes a line wrong and nothing else.
    """

    def __init__(self, data: bytes) -> None:
        self._keys: dict[tuple[str, ...], int] = {}
        self._texts: dict[str, list[int]] = defaultdict(list)
        table: tuple[str, ...] = ()
        for number, line in enumerate(data.decode("utf-8", "replace").split("\n"), start=1):
            if header := _HEADER.match(line):
                table = _split(header[1])
                self._keys.setdefault(table, number)
                continue
            if key := _KEY.match(line):
                self._keys.setdefault((*table, *_split(key[1])), number)
            for text in _STRING.finditer(line) if len(line) <= _LONGEST_LINE else ():
                self._texts[_unescaped(text[1]) if text[1] is not None else text[2]].append(number)

    def line(self, key: tuple[str, ...], text: str = "") -> int:
        """Where `text` stands behind `key`, else where the key does, or the nearest one around it; 0 for neither."""
        found = self._line_of(key)
        lines = self._texts.get(text, []) if text else []
        at = bisect_left(lines, found)
        return lines[at] if at < len(lines) else found

    def _line_of(self, key: tuple[str, ...]) -> int:
        while key and key not in self._keys:
            key = key[:-1]
        return self._keys.get(key, 0)


def _split(names: str) -> tuple[str, ...]:
    return tuple(name.strip("\"'") for name in _ONE_NAME.findall(names))


def _unescaped(text: str) -> str:
    return text.replace('\\"', '"').replace("\\\\", "\\") if "\\" in text else text
