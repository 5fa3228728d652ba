"""Where in a YAML file an item of a list stands: the parser does not tell."""

from __future__ import annotations

import re

_ITEM = re.compile(r"\s*+-\s+(?P<text>.*)")


def item_lines(data: bytes) -> dict[str, int]:
    """The first line, from 1, of every item that is written on one line, by its text."""
    found: dict[str, int] = {}
    for number, line in enumerate(data.decode("utf-8", "replace").split("\n"), start=1):
        if item := _ITEM.match(line):
            text = item["text"].partition(" #")[0].strip()
            if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
                text = text[1:-1]
            found.setdefault(text, number)
    return found
