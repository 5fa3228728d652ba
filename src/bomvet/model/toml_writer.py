"""Text as TOML has it."""

from __future__ import annotations

import json


def toml_string(text: str) -> str:
    """`text` as a basic string of TOML."""
    # What JSON leaves as it is and TOML does not.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
