"""Text from scanned files on its way to a terminal or a pipeline's log."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
#: `::` of GitHub; `##[`, `##vso[` and `##teamcity[` of GitHub, Azure and TeamCity, two of them anywhere in a line.
_COMMAND = re.compile(r"(?<=:)(?=:)|(?<=#)(?=#)")
#: Nobody reads on, and to wrap a line of megabytes takes minutes.
_LENGTH = 4000
#: A summary is cut to about two lines; `bomvet explain` has it whole.
MAX_SUMMARY = 110
_INTRODUCTION = re.compile(r"(?:\S+ ){1,3}is an? ", re.IGNORECASE).match


def clean(text: str) -> str:
    """`text` cut to a few lines, without what would steer a terminal or start a command in the log of a pipeline."""
    text = text if len(text) <= _LENGTH else f"{text[: _LENGTH - 3]}..."
    return _COMMAND.sub("\u200b", _CONTROL.sub("�", text))


def summary(text: str) -> str:
    """The first sentence that says something, if it is short enough, else as many words of it as fit."""
    first, _, rest = text.partition(". ")
    # Many begin with what the package is, which the reader knows who uses it.
    sentence = rest.partition(". ")[0] if rest and _INTRODUCTION(first) else first
    if len(sentence) <= MAX_SUMMARY:
        return sentence if text.endswith(sentence) else f"{sentence}."
    return f"{sentence[:MAX_SUMMARY].rpartition(' ')[0] or sentence[:MAX_SUMMARY]} ..."
