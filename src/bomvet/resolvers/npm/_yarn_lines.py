"""The two notations of `yarn.lock`, line by line: that of Yarn 1, and the YAML that later versions write.

Neither is a general parser: each reads what Yarn writes and tells of every line that it would not write.  Sources:
https://classic.yarnpkg.com/lang/en/docs/yarn-lock/, and the writers of Yarn 1 and of Yarn 2 to 4.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from bomvet.errors import MalformedError

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What an entry or a table in it holds: texts, and in tables further tables.
Table = dict[str, Any]

_KEY = re.compile(r'(?:"(?P<quoted>(?:[^"\\]|\\.)++)"|(?P<bare>[^\s",:]++))(?: *, *|(?P<end> *: *$))')
_NO_KEY = re.compile(r"[\s,:]")
_PAIR = re.compile(r'(?:"(?P<quoted>(?:[^"\\]|\\.)++)"|(?P<bare>[^\s",:]++)) +(?P<value>[^ ].*)')
_QUOTED = re.compile(r'"(?P<inner>(?:[^"\\]|\\.)*+)"')
_OPEN_MERGE = "a merge conflict is not resolved"
_NO_LOCK = "no yarn.lock: the line starts no entry"
_CONFLICT = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")
_COMMA = re.compile(" *, *")
_LINE_ENDS = re.compile(r"\r\n?")
#: What a plain text in YAML cannot start with, as far as Yarn knows.
_YAML_SIGNS = frozenset("-?:,][{}#&*!|>'%@`")
#: Deeper than anything that Yarn writes.
_MAX_DEPTH = 8


class Entry(NamedTuple):
    """An entry: its descriptors, where it starts, what it holds, and what of that was not understood, with lines."""

    keys: list[str]
    line: int
    table: Table
    flaws: list[tuple[int, str]]


class Parsed(NamedTuple):
    """A whole lock; `flaws` are lines that belong to no entry."""

    entries: list[Entry]
    flaws: list[tuple[int, str]]


def decoded(data: bytes) -> str:
    """The text of a lock with the line ends of Unix; raises `MalformedError` where it is none."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedError("not UTF-8", line=data.count(b"\n", 0, error.start) + 1) from None
    if "\r" in text:
        text = _LINE_ENDS.sub("\n", text)
    return text


# -- Yarn 1 ----------------------------------------------------------------------------------------------------


def parse_classic(text: str) -> Parsed:
    """The entries of a lock of Yarn 1; raises `MalformedError` where its first line of content starts none."""
    parsed = Parsed([], [])
    table: Table | None = None
    nested: Table | None = None
    flaws: list[tuple[int, str]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        fault = ""
        if line[:4] == "    ":
            fault = _classic_pair(line[4:], nested)
        elif line[:2] == "  ":
            content = line[2:]
            if content[-1:] == ":" and '"' not in content:
                nested = {}
                fault = _nest(table, content[:-1], nested)
            else:
                nested = None
                fault = _classic_pair(content, table)
        elif not _is_blank(line):
            table, nested, flaws = {}, None, []
            _start_classic(parsed, line, Entry(_classic_keys(line), number, table, flaws))
        if fault:
            if not parsed.entries and not parsed.flaws:
                raise MalformedError(_NO_LOCK, line=number)
            flaws.append((number, fault))
    return parsed


def _nest(table: Table | None, key: str, nested: Table) -> str:
    """Open a table in `table`; what is wrong with it, if anything."""
    if table is None:
        return "a line belongs to no entry"
    return "" if table.setdefault(key, nested) is nested else f"{key} is stated twice"


def _start_classic(parsed: Parsed, line: str, entry: Entry) -> None:
    """Take up a further entry, if it is one."""
    if entry.keys:
        parsed.entries.append(entry)
    elif line[:7] in _CONFLICT:
        raise MalformedError(_OPEN_MERGE, line=entry.line)
    elif parsed.entries or parsed.flaws:
        parsed.flaws.append((entry.line, "the line starts no entry"))
    else:
        raise MalformedError(_NO_LOCK, line=entry.line)


def _is_blank(line: str) -> bool:
    """Whether there is nothing in it but a comment."""
    return not line or line[0] == "#" or line.lstrip()[:1] in ("", "#")


def _classic_keys(line: str) -> list[str]:
    """The descriptors that head an entry; none where the line heads none."""
    if '"' not in line:
        keys = line[:-1].split(", ")
        if line[-1] == ":" and all(keys) and not _NO_KEY.search("".join(keys)):
            return keys
    keys, at, ended = [], 0, False
    while match := _KEY.match(line, at):
        keys.append(_name(match))
        at, ended = match.end(), match["end"] is not None
    return keys if ended and at == len(line) and all(keys) else []


def _name(match: re.Match[str]) -> str:
    """The name that a pattern found, quoted or not; empty where the quotes hold none."""
    return match["bare"] if match["quoted"] is None else _unescaped(match["quoted"]) or ""


def _classic_pair(content: str, table: Table | None) -> str:
    """Put `NAME VALUE` into `table`; what is wrong with it, if anything."""
    name, _, value = content.partition(" ")
    if name[:1] == '"' == name[-1:]:
        name = name[1:-1]
    if not name or name[0] == "#" or '"' in name or "\\" in name or not value or value[0] == " ":
        if _is_blank(content):
            return ""
        match = _PAIR.fullmatch(content)
        name, value = (_name(match), match["value"]) if match else ("", "")
    text = _classic_value(value) if value else None
    if not name or text is None or table is None:
        return "a line is no name and value"
    if name in table:
        return f"{name} is stated twice"
    table[name] = text
    return ""


def _classic_value(text: str) -> str | None:
    if text[0] == '"' and text[-1] == '"' and len(text) > 1:
        inner = text[1:-1]
        return inner if '"' not in inner and "\\" not in inner else _unescaped(inner)
    if text[-1] == " ":
        return _classic_value(text.rstrip(" "))
    return None if '"' in text or " " in text else text


def _unescaped(inner: str) -> str | None:
    """What stands between two quotes, as JSON has it; None where it is none."""
    if "\\" not in inner and '"' not in inner:
        return inner
    try:
        text: str = orjson.loads(f'"{inner}"')
    except orjson.JSONDecodeError:
        return None
    return text


# -- Yarn 2 and later ------------------------------------------------------------------------------------------


def parse_berry(text: str) -> Parsed:
    """The entries of a lock of Yarn 2 or later; raises `MalformedError` where its first line of content starts none.

    `__metadata` is one of them.
    """
    parsed = Parsed([], [])
    tables: list[tuple[int, Table]] = []
    flaws: list[tuple[int, str]] = []
    for number, depth, key, value in _yaml(text):
        if not depth:
            flaws = []
            tables = [(0, {})]
            keys = [name for name in _COMMA.split(key) if name] if key and value is None else []
            if keys:
                parsed.entries.append(Entry(keys, number, tables[0][1], flaws))
            elif parsed.entries or parsed.flaws:
                parsed.flaws.append((number, "the line starts no entry"))
        if not parsed.entries and not parsed.flaws:
            raise MalformedError(_NO_LOCK, line=number)
        if depth:
            fault = _put(tables, depth, key, value)
            if fault:
                flaws.append((number, fault))
    return parsed


def parse_settings(text: str) -> Table:
    """What `.yarnrc.yml` says in plain tables, which is all that matters here; lists and the like are passed over."""
    table: Table = {}
    tables = [(-1, table)]
    for _, depth, key, value in _yaml(text):
        _put(tables, depth, key, value)
    return table


def _put(tables: list[tuple[int, Table]], depth: int, key: str | None, value: str | None) -> str:
    """Put a line where it belongs; what is wrong with it, if anything.  `tables` are those that are open."""
    while depth <= tables[-1][0]:
        tables.pop()
    table = tables[-1][1]
    if key is None or len(tables) > _MAX_DEPTH:
        return "a line is not as Yarn writes it"
    if key in table:
        return f"{key} is stated twice"
    if value is None:
        tables.append((depth, table.setdefault(key, {})))
    else:
        table[key] = value
    return ""


def _yaml(text: str) -> Iterator[tuple[int, int, str | None, str | None]]:
    """The lines with content: number, depth, key and value.

    There is no value where a table follows, and no key where the line is not understood.
    """
    long_key, first, outer = "", 0, 0
    for number, line in enumerate(text.split("\n"), start=1):
        content = line.lstrip(" ")
        if not content or content[0] == "#":
            continue
        depth, at = len(line) - len(content), number
        if not depth and content[:7] in _CONFLICT:
            raise MalformedError(_OPEN_MERGE, line=number)
        if long_key:
            if content[0] == ":":
                content, at = long_key + content, first
            else:
                yield first, outer, None, None
            long_key = ""
        if content[:2] == "? ":  # a key so long that YAML wants it on a line of its own
            long_key, first, outer = content[2:], number, depth
            continue
        key, rest = _yaml_key(content)
        rest = rest.strip()
        value = _yaml_value(rest) if rest else None
        yield at, depth, None if rest and value is None else key, value
    if long_key:
        yield first, outer, None, None


def _yaml_key(content: str) -> tuple[str | None, str]:
    """The key, and what stands behind its colon."""
    if content[0] == '"':
        end = content.find('"', 1)
        key: str | None = content[1:end]
        if end < 1 or "\\" in content[1:end]:
            match = _QUOTED.match(content)
            if not match:
                return None, ""
            key, end = _unescaped(match["inner"]), match.end("inner")
        return (key, content[end + 2 :]) if content[end + 1 : end + 2] == ":" else (None, "")
    key, colon, rest = content.partition(": ")
    if not colon:
        key = key.rstrip()
        if key[-1:] != ":":
            return None, ""
        key = key[:-1]
    if key[:1] == "'" == key[-1:]:
        key = key[1:-1]
    return (None if not key or key[0] in _YAML_SIGNS else key), rest


def _yaml_value(text: str) -> str | None:
    """A scalar; None where it is more than that."""
    first = text[0]
    if first == '"':
        inner = text[1:-1]
        if text[-1] == '"' and len(text) > 1 and '"' not in inner and "\\" not in inner:
            return inner
        match = _QUOTED.match(text)
        return _unescaped(match["inner"]) if match and _is_blank(text[match.end() :]) else None
    if first == "'":
        inner, quote, rest = text[1:].partition("'")
        return inner if quote and _is_blank(rest) else None
    if first in _YAML_SIGNS or ": " in text:
        return None
    return text.partition(" #")[0].rstrip() if "#" in text else text
