"""Keys of `pnpm-lock.yaml`: what they say of a package, and the lines where they stand.

Source: https://github.com/pnpm/spec/tree/master/lockfile.
"""

from __future__ import annotations

import re
from typing import NamedTuple

#: A line that is not indented deeper than an entry of a section.
_SHALLOW = re.compile(r"^(?:  )?[^ \r\n].*", re.MULTILINE)
_PATCHED = re.compile(r"\(patch_hash=([^()]*)\)")


class Key(NamedTuple):
    """`name` and `version` as a key states them; `version` is empty where it is no version but a place."""

    name: str
    version: str


def bare(key: str) -> str:
    """`key` without the peers and the patch, in parentheses at its end, that tell instances apart (6 and 9)."""
    if not key.endswith(")"):
        return key
    depth = 0
    for at in range(len(key) - 1, 0, -1):
        character = key[at]
        if character == ")":
            depth += 1
        elif character == "(":
            depth -= 1
            if not depth and key[at - 1] != ")":
                return key[:at]
    return key


def patch_hash(key: str) -> str:
    """The digest of the patch that the instance `key` is of; empty where there is none."""
    match = _PATCHED.search(key) if "(patch_hash=" in key else None
    return match[1] if match else ""


def parsed(key: str, major: int) -> Key:
    """What `key`, of the given major version of the format, says; empty texts where it says nothing.

    `/name/1.0.0_peer@1` (5), `/name@1.0.0(peer@1)` (6), `name@1.0.0` (9); before the first slash may stand a
    registry (5 and 6).
    """
    if major == 5:  # noqa: PLR2004 - a version of the format
        return _parsed_5(key)
    text = bare(key)
    if major == 6:  # noqa: PLR2004 - likewise
        host, slash, rest = text.partition("/")
        text = text if not slash or host.startswith("@") or ":" in host else rest
    name, version = _split(text)
    return Key(name, "" if ":" in version or "/" in version else version)


def _parsed_5(key: str) -> Key:
    host, slash, rest = key.partition("/")
    parts = (rest if slash else host).split("/")
    if parts[0].startswith("@") and len(parts) > 1:
        parts[:2] = [f"{parts[0]}/{parts[1]}"]
    version = parts[1].partition("_")[0] if len(parts) > 1 else ""
    return Key(parts[0], version if version[:1].isdigit() else "")


def _split(text: str) -> Key:
    at = text.find("@", 1)
    return Key(text[:at], text[at + 1 :]) if at > 0 else Key(text, "")


class Places:
    """The lines at which the entries of the sections of one document stand."""

    def __init__(self) -> None:
        self._sections: dict[str, int] = {}
        self._entries: dict[str, list[tuple[str, int]]] = {}

    def section(self, name: str) -> int:
        """The line of the section `name`; 1 where it has none of its own."""
        return self._sections.get(name, 1)

    def entries(self, name: str, keys: list[str]) -> list[int]:
        """The line of each of `keys`, which are all of the section `name`; where that is not sure, of the section."""
        found = self._entries.get(name, [])
        if [key for key, _ in found] == keys:
            return [line for _, line in found]
        return [self.section(name)] * len(keys)

    def begin(self, section: str, line: int) -> list[tuple[str, int]]:
        """A further section; gives the list that takes its entries."""
        self._sections[section] = line
        found: list[tuple[str, int]] = []
        self._entries[section] = found
        return found


def _entry(line: str) -> str:
    """The key of a line such as `  key:`, `  'key': {}`, `  ? key` (a long one)."""
    text = line.strip().removeprefix("? ")
    if text[:1] == "'":
        return text[1 : text.rfind("'")].replace("''", "'")
    return text.partition(": ")[0].removesuffix(":")


def places(text: str) -> list[Places]:
    """Where things stand in each of the documents of `text`, as pnpm lays it out."""
    documents = [Places()]
    entries: list[tuple[str, int]] | None = None
    number, at = 1, 0
    for match in _SHALLOW.finditer(text):  # by expression, since a lock has tens of thousands of lines
        start = match.start()
        number += text.count("\n", at, start)
        at, line = start, match[0]
        if line[0] != " ":
            if line.rstrip() != "---":
                entries = documents[-1].begin(line.partition(":")[0], number)
            elif entries is not None:
                documents.append(Places())
                entries = None
        elif entries is not None and line[2] not in ":#":  # the value of a long key, a comment
            entries.append((_entry(line), number))
    return documents
