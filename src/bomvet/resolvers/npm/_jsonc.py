"""JSON with comments and trailing commas, as Bun writes its lock."""

from __future__ import annotations

import re
from typing import Any, NoReturn

from bomvet.errors import MalformedError

#: A comma before a bracket on a later line; no text of JSON goes over the end of a line.
_TRAILING = re.compile(r",(?=[ \t]*\r?\n\s*[}\]])")
#: What is not closed is taken to its end as well: looked for again from each character, it would cost its square.
_COMMENT_OR_TEXT = re.compile(r'("(?:[^"\\\n]|\\.)*+"?)|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/|\Z)')
_COMMA_OR_TEXT = re.compile(r'("(?:[^"\\\n]|\\.)*+"?)|,(?=\s*[}\]])')


def load_jsonc(data: bytes) -> tuple[dict[str, Any], list[str]]:
    """The object that `data` holds, and the keys that stand twice in one object, of which the last counts.

    Raises `MalformedError` with the line where it stops being JSON.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedError("not UTF-8", line=data.count(b"\n", 0, error.start) + 1) from None
    try:
        return _loaded(_TRAILING.sub("", text))
    except MalformedError:
        return _loaded(_stripped(text))


def _stripped(text: str) -> str:
    """`text` without comments and trailing commas, and with the lines that it has."""
    text = _COMMENT_OR_TEXT.sub(lambda match: match[1] or " " + "\n" * match[0].count("\n"), text)
    return _COMMA_OR_TEXT.sub(lambda match: match[1] or "", text)


def _loaded(text: str) -> tuple[dict[str, Any], list[str]]:
    import json  # noqa: PLC0415 - the faster library does not tell of keys that stand twice

    twice: list[str] = []

    def table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            seen: set[str] = set()
            twice.extend(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        return found

    try:
        document = json.loads(text, object_pairs_hook=table, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise MalformedError(f"not JSON: {error.msg}", line=error.lineno) from None
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, nesting without end
        raise MalformedError(f"not usable JSON ({type(error).__name__})") from None
    if not isinstance(document, dict):
        raise MalformedError("no JSON object", line=1)
    return document, twice


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
