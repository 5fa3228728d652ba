"""JSON that can always be written."""

from __future__ import annotations

from typing import Any

import orjson

_LEAST, _GREATEST = -(2**63), 2**64 - 1


def dumps(document: Any) -> bytes:
    """`document`, of dicts, lists and scalars, as indented UTF-8 without a final line end."""
    try:
        return orjson.dumps(document, option=orjson.OPT_INDENT_2)
    except orjson.JSONEncodeError:
        return orjson.dumps(_writable(document), option=orjson.OPT_INDENT_2)


def _writable(value: Any) -> Any:
    """A copy of `value` without what orjson refuses.

    Bytes of a path or an argument that are not UTF-8, which Python holds as lone surrogates, are shown escaped;
    an integer beyond 64 bits is written out.
    """
    if isinstance(value, dict):
        return {_writable(key): _writable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_writable(item) for item in value]
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass").decode("utf-8", "backslashreplace")
    if isinstance(value, int) and not _LEAST <= value <= _GREATEST:
        return orjson.Fragment(str(value))
    return value
