"""JSON of the scanned project."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import Any

import orjson

from bomvet.errors import MalformedError


def load_object(data: bytes) -> dict[str, Any]:
    """The object that `data` holds; raises `MalformedError` with the line where it stops being JSON."""
    try:
        document = orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise MalformedError(f"not JSON: {error.msg}", line=error.lineno) from None
    if not isinstance(document, dict):
        raise MalformedError("no JSON object", line=1)
    return document


class Lines:
    """Turns offsets into lines; `data` is searched once."""

    def __init__(self, data: bytes) -> None:
        self._ends = [match.start() for match in re.finditer(rb"\n", data)]

    def of(self, offset: int) -> int:
        """The line of `offset`, counted from 1."""
        return bisect_left(self._ends, offset) + 1
