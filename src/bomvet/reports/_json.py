"""JSON that can always be written."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator

_LEAST, _GREATEST = -(2**63), 2**64 - 1


@contextmanager
def collector_paused() -> Iterator[None]:
    """Let no garbage be collected meanwhile: documents have no cycles, and each look at a large result is in vain."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def dumps(document: Any) -> bytes:
    """`document`, of dicts, lists and scalars, as indented UTF-8 without a final line end."""
    return _dumps(document, orjson.OPT_INDENT_2)


def compact(document: Any) -> bytes:
    """As `dumps`, in one line."""
    return _dumps(document, None)


def _dumps(document: Any, option: int | None) -> bytes:
    try:
        return orjson.dumps(document, option=option)
    except orjson.JSONEncodeError:
        return orjson.dumps(_writable(document), option=option)


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
