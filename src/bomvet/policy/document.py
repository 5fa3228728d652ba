"""The policy file: `bomvet.toml`, or `[tool.bomvet]` in `pyproject.toml`."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any

from bomvet.errors import PolicyFileError
from bomvet.model.facts import RANKED, Severity
from bomvet.model.finding import Waiver
from bomvet.model.records import dataclass, field, replace
from bomvet.policy._toml_lines import Path, TomlLines


class UnknownSeverity(StrEnum):
    """What a finding whose severity nobody has stated does to the verdict."""

    FAIL = "fail"
    INCOMPLETE = "incomplete"
    PASS = "pass"  # noqa: S105 - no password


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What may ship.

    `fail_on` is the least severity that fails, None for none.  `max_age` bounds the age of advisory data.
    `source` is the name of the file, empty for the built-in policy.
    `registries` are URLs that packages may come from, besides those that the project's clients are configured for.
    `cool_down` is how many days old a release has to be, 0 for none; `ask_registries` has the registries asked about
    every package.
    `allow_incomplete` lets an open question pass with a warning; `require_components` refuses an empty result.
    """

    fail_on: Severity | None = Severity.HIGH
    unknown_severity: UnknownSeverity = UnknownSeverity.FAIL
    max_age: dt.timedelta = dt.timedelta(days=7)
    allow_incomplete: bool = False
    require_components: bool = False
    source: str = field(default="", compare=False)
    exclude: tuple[str, ...] = ()
    registries: tuple[str, ...] = ()
    cool_down: int = 0
    ask_registries: bool = False
    author: str = ""
    waivers: tuple[Waiver, ...] = ()


_PURL = re.compile(r"pkg:[a-z][a-z0-9.+-]*/\S+")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s]")
_AGE = re.compile(r"([0-9]{1,5})\s*([dh])")
_DAYS = re.compile(r"([0-9]{1,4})\s*d|0")
FAIL_ON = (*(str(severity) for severity in RANKED[:-1]), "never")


def fail_on(text: str) -> Severity | None:
    """The threshold that `text` names; raises `ValueError`."""
    if text not in FAIL_ON:
        raise ValueError(f"must be one of {', '.join(FAIL_ON)}, not {text!r}")
    return None if text == "never" else Severity(text)


def max_age(text: str) -> dt.timedelta:
    """An age such as `7d` or `36h`; raises `ValueError`."""
    match = _AGE.fullmatch(text)
    if not match:
        raise ValueError(f"must be a number of days or hours such as '7d' or '36h', not {text!r}")
    return dt.timedelta(**{"days" if match[2] == "d" else "hours": int(match[1])})


def cool_down(text: str) -> int:
    """Days such as `7d`, or `0`; raises `ValueError`."""
    match = _DAYS.fullmatch(text)
    if not match:
        raise ValueError(f"must be a number of days such as '7d', or '0', not {text!r}")
    return int(match[1] or 0)


def read_policy(text: str, path: str, table: Sequence[str] = ()) -> Policy:
    """The policy that the TOML document `text` holds in `table`; raises `PolicyFileError` with every error."""
    import tomli  # noqa: PLC0415 - only where there is a file

    try:
        document: Any = tomli.loads(text)
    except (ValueError, RecursionError) as error:  # also a number of more digits than Python reads
        # "at end of document" names no line.
        line = re.search(r"at line (\d+)", str(error)) or [0, text.count("\n") + 1]
        raise PolicyFileError(path, (f"line {line[1]}: not TOML: {error}",)) from None
    for name in table:
        document = document.get(name, {}) if isinstance(document, dict) else {}
    reader = _Reader(lines=TomlLines.of(text), base=tuple(table))
    policy = replace(reader.policy(document), source=path if document or not table else "")
    if reader.problems:
        ordered = sorted(reader.problems)
        raise PolicyFileError(path, tuple(f"line {line}: {problem}" for line, problem in ordered))
    return policy


@dataclass(slots=True, kw_only=True)
class _Reader:
    """Reads values and collects what is wrong with them."""

    lines: TomlLines
    base: Path
    problems: list[tuple[int, str]] = field(default_factory=list)

    def problem(self, path: Path, text: str) -> None:
        self.problems.append((self.lines.line((*self.base, *path)), text))

    def policy(self, document: Any) -> Policy:
        readers: dict[str, tuple[str, Callable[[Path, Any], Any]]] = {
            "fail-on": ("fail_on", self._converted(fail_on)),
            "unknown-severity": ("unknown_severity", self._converted(_unknown_severity)),
            "allow-incomplete": ("allow_incomplete", self._flag),
            "require-components": ("require_components", self._flag),
            "exclude": ("exclude", self._texts),
            "registries": ("registries", self._urls),
            "cool-down": ("cool_down", self._converted(cool_down)),
            "ask-registries": ("ask_registries", self._flag),
            "author": ("author", self._text),
            "db": ("max_age", self._db),
            "waivers": ("waivers", self._waivers),
        }
        values = {}
        for key, value in self._table((), document, tuple(readers)).items():
            name, read = readers[key]
            found = read((key,), value)
            if found is not None or key == "fail-on":
                values[name] = found
        return Policy(**values)

    def _table(self, path: Path, value: Any, known: Sequence[str]) -> dict[str, Any]:
        if not isinstance(value, dict):
            self.problem(path, f"{_name(path)} must be a table")
            return {}
        for key in value:
            if key not in known:
                self.problem((*path, key), f"unknown setting {_name((*path, key))}{_advice(path, key, known)}")
        return {key: value[key] for key in value if key in known}

    def _text(self, path: Path, value: Any) -> str | None:
        if isinstance(value, str) and value.strip():
            return value.strip()
        self.problem(path, f"{_name(path)} must be a text that is not empty")
        return None

    def _converted(self, convert: Callable[[str], Any]) -> Callable[[Path, Any], Any]:
        def read(path: Path, value: Any) -> Any:
            text = self._text(path, value)
            try:
                return None if text is None else convert(text)
            except ValueError as error:
                self.problem(path, f"{_name(path)} {error}")
                return None

        return read

    def _flag(self, path: Path, value: Any) -> bool | None:
        if isinstance(value, bool):
            return value
        self.problem(path, f"{_name(path)} must be true or false")
        return None

    def _texts(self, path: Path, value: Any) -> tuple[str, ...] | None:
        if isinstance(value, list) and all(isinstance(item, str) and item for item in value):
            return tuple(value)
        self.problem(path, f"{_name(path)} must be a list of texts")
        return None

    def _urls(self, path: Path, value: Any) -> tuple[str, ...] | None:
        found = self._texts(path, value)
        wrong = [number for number, url in enumerate(found or ()) if not _URL.match(url)]
        for number in wrong:
            self.problem((*path, number), f"{_name((*path, number))} must be a URL such as https://npm.acme.example")
        return None if wrong else found

    def _db(self, path: Path, value: Any) -> dt.timedelta | None:
        table = self._table(path, value, ("max-age",))
        return self._converted(max_age)((*path, "max-age"), table["max-age"]) if "max-age" in table else None

    def _waivers(self, path: Path, value: Any) -> tuple[Waiver, ...] | None:
        if not isinstance(value, list):
            self.problem(path, "waivers must be an array of tables: [[waivers]]")
            return None
        found = [self._waiver((*path, number), item) for number, item in enumerate(value)]
        return tuple(waiver for waiver in found if waiver)

    def _waiver(self, path: Path, value: Any) -> Waiver | None:
        table = self._table(path, value, ("id", "reason", "owner", "expires", "purl", "path"))
        required = ("id", "reason", "owner", "expires")
        missing = [key for key in required if key not in table]
        if missing:
            self.problem(path, f"a waiver needs {', '.join(required)}; {', '.join(missing)} is missing")
        texts = {key: self._text((*path, key), table[key]) for key in table if key != "expires"}
        expires = self._date((*path, "expires"), table["expires"]) if "expires" in table else None
        if texts.get("purl") and not _PURL.fullmatch(texts["purl"] or ""):
            self.problem((*path, "purl"), f"{_name((*path, 'purl'))} must be a purl such as pkg:pypi/pyyaml")
        if missing or expires is None or None in texts.values():
            return None
        line = self.lines.line((*self.base, *path))
        return Waiver(expires=expires, line=line, **{k: v for k, v in texts.items() if v})

    def _date(self, path: Path, value: Any) -> dt.date | None:
        if isinstance(value, dt.datetime):
            return value.date()
        if isinstance(value, dt.date):
            return value
        try:
            return dt.date.fromisoformat(value)
        except (TypeError, ValueError):
            self.problem(path, f"{_name(path)} must be a date such as 2026-12-31")
            return None


def _unknown_severity(text: str) -> UnknownSeverity:
    if text not in list(UnknownSeverity):
        raise ValueError(f"must be one of {', '.join(UnknownSeverity)}, not {text!r}")
    return UnknownSeverity(text)


def _advice(path: Path, key: str, known: Sequence[str]) -> str:
    """What may have been meant by an unknown `key`."""
    if not path and key == "max-age":
        return "; it belongs under [db]"
    if not path and key == "tool":
        return "; the prefix [tool.bomvet] is for pyproject.toml alone"
    from difflib import get_close_matches  # noqa: PLC0415 - only where there is an error

    near = get_close_matches(key.replace("_", "-"), known, n=1)
    return f"; did you mean {near[0]}?" if near else f"; known are {', '.join(known)}"


def _name(path: Path) -> str:
    """`waivers[0].expires`, counted from 1 for people."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "the document"
