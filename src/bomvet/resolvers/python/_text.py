"""Text of the scanned project as it may stand in a reason: short, and without what logs someone in."""

from __future__ import annotations

import re

_USER_INFO = re.compile(r"(?<=://)[^/\s]*@")
#: A line of a terminal.
_LENGTH = 80


def anonymous(text: str) -> str:
    """`text` without the user names and passwords of the URLs in it."""
    return _USER_INFO.sub("", text)


def shown(text: str) -> str:
    """`text`, anonymous and cut to about a line."""
    text = anonymous(text)
    return text if len(text) <= _LENGTH else f"{text[: _LENGTH - 3]}..."
