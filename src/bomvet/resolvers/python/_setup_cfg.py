"""`setup.cfg` as far as it is static: what setuptools takes from its sections `metadata` and `options`.

Source: https://setuptools.pypa.io/en/latest/userguide/declarative_config.html.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from bomvet.model.purl import pypi_name

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECTION = re.compile(r"\[([^\]]+)\]")
_OPTION = re.compile(r"([^=:]*+)[=:](.*)", re.DOTALL)
_ATTRIBUTE = ("attr:", "file:", "find:")


class Line(NamedTuple):
    """A text with the line that it stands in."""

    text: str
    line: int


class Setup(NamedTuple):
    """What a file of setuptools states: requirements that always hold, and those of extras.

    `files` are requirements files that it names instead, by extra ("": always).  `problems` are what only running it
    would tell.  `is_setup` says that it is for setuptools at all.
    """

    name: str = ""
    version: str = ""
    description: str = ""
    licence: str = ""
    required: tuple[Line, ...] = ()
    extras: tuple[tuple[str, tuple[Line, ...]], ...] = ()
    files: tuple[tuple[str, Line], ...] = ()
    problems: tuple[Line, ...] = ()
    is_setup: bool = False


@lru_cache(maxsize=64)
def read_setup_cfg(data: bytes) -> Setup:
    """What the file says; never fails, since what is no option is none for setuptools either."""
    sections = _sections(data.decode("utf-8", "replace"))
    metadata, options = sections.get("metadata", {}), sections.get("options", {})
    extras = {pypi_name(key): value for key, value in sections.get("options.extras_require", {}).items()}
    named = [("", options.get("install_requires", [])), *extras.items()]
    files = [
        (role, Line(path.strip(), lines[0].line))
        for role, lines in named
        if _is_file(lines)
        for path in _joined(lines)[5:].split(",")
    ]
    stated = {role: tuple(_requirements(lines)) for role, lines in named}
    return Setup(
        name=_static(metadata.get("name", [])),
        version=_static(metadata.get("version", [])),
        description=_static(metadata.get("description", metadata.get("summary", []))),
        licence=_static(metadata.get("license", [])),
        required=stated.pop(""),
        extras=tuple(stated.items()),
        files=tuple(files),
        is_setup="name" in metadata or bool(options),
    )


def _sections(text: str) -> dict[str, dict[str, list[Line]]]:
    """Options by section, each with the lines of its value; comments are gone."""
    found: dict[str, dict[str, list[Line]]] = {}
    section: dict[str, list[Line]] = {}
    value: list[Line] | None = None
    for number, line in enumerate(text.split("\n"), start=1):
        stripped = line.strip()
        if not stripped or stripped[0] in "#;":
            continue
        if line[0].isspace() and value is not None:
            value.append(Line(stripped, number))
        elif header := _SECTION.match(stripped):
            section, value = found.setdefault(header[1].strip(), {}), None
        elif option := _OPTION.fullmatch(stripped):
            value = [Line(option[2].strip(), number)]
            section[option[1].strip().lower().replace("-", "_")] = value
    return found


def _requirements(lines: list[Line]) -> Iterator[Line]:
    """A requirement a line; where all of them stand behind the key, semicolons part them, and none has a marker."""
    if _is_file(lines):
        return
    for text, number in lines:
        for part in text.split(";") if len(lines) == 1 else [text]:
            if requirement := part.partition(" #")[0].strip():
                yield Line(requirement, number)


def _is_file(lines: list[Line]) -> bool:
    return _joined(lines).lower().startswith("file:")


def _static(lines: list[Line]) -> str:
    """A value on one line; empty where only a build knows it."""
    text = _joined(lines)
    return "" if text.lower().startswith(_ATTRIBUTE) else text


def _joined(lines: list[Line]) -> str:
    return " ".join(line.text for line in lines if line.text)
