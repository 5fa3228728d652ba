"""Reading the values of a TOML document, and collecting all that is wrong with them."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from bomvet.errors import SETTINGS_HINT, PolicyFileError
from bomvet.model.toml_lines import TomlLines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bomvet.model.toml_lines import Path

#: Of so many problems it is told what may have been meant: a file that somebody has sent may have a million.
_ADVISED = 100
_OPENING = re.compile(r"""=\s*("{3}|'{3}|["'])""")


def not_toml(error: Exception, text: str, path: str, hint: str = SETTINGS_HINT) -> PolicyFileError:
    """What to raise where a parser refuses `text` with `error`: the line where it stops being TOML."""
    # "at end of document" names no line.
    line = re.search(r"at line (\d+)", str(error)) or [0, text.count("\n") + 1]
    return PolicyFileError(path, (f"line {line[1]}: not TOML: {error}",), hint=hint)


class Reader:
    """Reads values below `base`; a value that is wrong is None, and a problem with its line."""

    def __init__(self, text: str, base: Path) -> None:
        self._rows, self._base = text.split("\n"), base
        self._lines = TomlLines.of(text)
        self.problems: list[tuple[int, str]] = []

    def line(self, path: Path) -> int:
        """Where `path` stands."""
        return self._lines.line((*self._base, *path))

    def problem(self, path: Path, text: str) -> None:
        """Note what is wrong at `path`."""
        self.problems.append((self.line(path), text))

    def problem_in(self, path: Path, text: str, line: int, column: int) -> None:
        """Note what is wrong within the text at `path`, at a place that is counted in it."""
        start = self.line(path)
        opening = _OPENING.search(self._rows[start - 1])
        if opening and len(opening[1]) > 1 and opening.end() == len(self._rows[start - 1].rstrip()):
            start += 1  # the text begins on the next line
        elif opening and line == 1 and column:
            column += opening.end()
        place = f"column {column}: " if column else ""
        self.problems.append((start + line - 1, f"{named(path)}: {place}{text}"))

    def told(self, path: str, hint: str = SETTINGS_HINT) -> PolicyFileError | None:
        """All problems in the order of the file, if there are any."""
        ordered = tuple(
            f"line {line}: {problem}" for line, problem in sorted(self.problems, key=lambda found: found[0])
        )
        return PolicyFileError(path, ordered, hint=hint) if ordered else None

    def table(self, path: Path, value: Any, known: Sequence[str]) -> dict[str, Any]:
        """What is `known` of a table; empty where it is none."""
        if not isinstance(value, dict):
            self.problem(path, f"{named(path)} must be a table")
            return {}
        for key in value:
            if key not in known:
                advice = _advice(path, key, known) if len(self.problems) < _ADVISED else ""
                self.problem((*path, key), f"unknown setting {named((*path, key))}{advice}")
        return {key: value[key] for key in value if key in known}

    def tables(self, path: Path, value: Any) -> list[tuple[Path, Any]]:
        """The members of an array of tables with their paths."""
        if not isinstance(value, list):
            self.problem(path, f"{named(path)} must be an array of tables: [[{named(path)}]]")
            return []
        return [((*path, number), item) for number, item in enumerate(value)]

    def text(self, path: Path, value: Any) -> str | None:
        """A text that is not empty, without the blanks around it."""
        if isinstance(value, str) and value.strip():
            return value.strip()
        self.problem(path, f"{named(path)} must be a text that is not empty")
        return None

    def converted(self, convert: Callable[[str], Any]) -> Callable[[Path, Any], Any]:
        """A reader of texts that `convert` makes something of, or refuses with a `ValueError`."""

        def read(path: Path, value: Any) -> Any:
            text = self.text(path, value)
            try:
                return None if text is None else convert(text)
            except ValueError as error:
                self.problem(path, f"{named(path)} {error}")
                return None

        return read

    def flag(self, path: Path, value: Any) -> bool | None:
        """True or false."""
        if isinstance(value, bool):
            return value
        self.problem(path, f"{named(path)} must be true or false")
        return None

    def texts(self, path: Path, value: Any) -> tuple[str, ...] | None:
        """A list of texts."""
        if isinstance(value, list) and all(isinstance(item, str) and item for item in value):
            return tuple(value)
        self.problem(path, f"{named(path)} must be a list of texts")
        return None

    def date(self, path: Path, value: Any) -> dt.date | None:
        """A day; of a moment its day."""
        if isinstance(value, dt.datetime):
            return value.date()
        if isinstance(value, dt.date):
            return value
        try:
            return dt.date.fromisoformat(value)
        except (TypeError, ValueError):
            self.problem(path, f"{named(path)} must be a date such as 2026-12-31")
            return None


def one_of(names: Sequence[str]) -> Callable[[str], str]:
    """A converter that takes `names` alone."""

    def convert(text: str) -> str:
        if text not in names:
            raise ValueError(f"must be one of {', '.join(names)}, not {text!r}")
        return text

    return convert


def _advice(path: Path, key: str, known: Sequence[str]) -> str:
    """What may have been meant by an unknown `key`."""
    if not path and key == "max-age":
        return "; it belongs under [db]"
    if not path and key == "tool":
        return "; the prefix [tool.bomvet] is for pyproject.toml alone"
    return near(key.replace("_", "-"), known)


def near(text: str, known: Sequence[str]) -> str:
    """What may have been meant by `text`, as the end of a message."""
    from difflib import get_close_matches  # noqa: PLC0415 - only where there is an error

    found = get_close_matches(text[:60], known, n=1)
    return f"; did you mean {found[0]}?" if found else f"; known are {', '.join(known)}"


def named(path: Path) -> str:
    """`waivers[1].expires`, counted from 1 for people."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "the document"
