"""Text of the scanned project as it may stand in a reason: short, and without what logs someone in."""

from __future__ import annotations

import re

from bomvet.model.purl import names_secret

#: Up to the `@`; a password may hold a slash, where what is before it is no port.
_USER_INFO = re.compile(r"(?<=://)(?:[^/\s]*|[^/\s:@]+:(?![0-9]+/)[^\s@]{0,200})@")
_PARAMETER = re.compile(r"(?<=[?&#])([^=&?\s#]*+)=[^&\s#]*+")
#: A line of a terminal.
_LENGTH = 80


def anonymous(text: str) -> str:
    """`text` without the user names, passwords and query parameters with secrets of the URLs in it."""
    text = _USER_INFO.sub("", text)
    return _PARAMETER.sub(lambda pair: f"{pair[1]}=..." if names_secret(pair[1]) else pair[0], text)


def shown(text: str) -> str:
    """`text`, anonymous and cut to about a line."""
    text = anonymous(text)
    return text if len(text) <= _LENGTH else f"{text[: _LENGTH - 3]}..."
