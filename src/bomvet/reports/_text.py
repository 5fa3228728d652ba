"""Text from scanned files on its way to a terminal or a pipeline's log."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """`text` without what would steer a terminal, and without `::`, which starts a command in some CI logs."""
    return _CONTROL.sub("�", text).replace("::", ":\u200b:")
