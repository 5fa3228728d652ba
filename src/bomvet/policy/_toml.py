"""Reading a TOML document with the parser that is quick."""

from __future__ import annotations

from typing import Any

from bomvet.model.toml_reader import not_toml


def parsed(text: str, path: str) -> Any:
    """The TOML document; raises `PolicyFileError` with the line where it stops being one."""
    import tomli  # noqa: PLC0415 - only where there is a file

    try:
        return tomli.loads(text)
    except (ValueError, RecursionError) as error:  # also a number of more digits than Python reads
        raise not_toml(error, text, path) from None
