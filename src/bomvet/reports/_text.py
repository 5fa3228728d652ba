"""Text from scanned files on its way to a terminal or a pipeline's log."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
#: `::` of GitHub; `##[`, `##vso[` and `##teamcity[` of GitHub, Azure and TeamCity, two of them anywhere in a line.
_COMMAND = re.compile(r"(?<=:)(?=:)|(?<=#)(?=#)")
#: Nobody reads on, and to wrap a line of megabytes takes minutes.
_LENGTH = 4000


def clean(text: str) -> str:
    """`text` cut to a few lines, without what would steer a terminal or start a command in the log of a pipeline."""
    text = text if len(text) <= _LENGTH else f"{text[: _LENGTH - 3]}..."
    return _COMMAND.sub("\u200b", _CONTROL.sub("�", text))
