"""OSV records as the database keeps them: tolerant of what real data breaks, and lean.

A record becomes an *advisory* (everything that does not depend on a package) and *entries*, one per element
of `affected`.  Source: https://ossf.github.io/osv-schema/ 1.7.5.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from itertools import islice
from typing import Any

from bomvet.advisories.distributions import filed_under
from bomvet.model.purl import pypi_name
from bomvet.model.records import dataclass, field
from bomvet.versions.orders import ORDERS

MAX_ID = 200
MAX_REFERENCES = 5
MAX_SUMMARY = 300
_CWE = re.compile(r"(?:CWE-)?([0-9]{1,5})").fullmatch
_EVENTS = ("introduced", "fixed", "last_affected", "limit")
_WEB = ("https://", "http://")


class BrokenRecordError(ValueError):
    """A document that holds no usable record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record, taken apart.

    `advisory`: id, aliases, upstream, summary, severity [[type, score]], level, cwes, references, published,
    modified, withdrawn.  `entries`: per affected element (ecosystem, name, entry), where entry holds id,
    versions (see `listing`), ranges [[[event, version]]], hint, severity, withdrawn and, where a distribution says how
    urgent it is to it, urgency.  `faults`: what breaks the schema and was tolerated.
    """

    advisory: dict[str, Any]
    entries: list[tuple[str, str, dict[str, Any]]]
    faults: list[str] = field(default_factory=list)


def read_record(document: Any) -> Record:
    """Take `document` apart; raises `BrokenRecordError` where there is no proper id to call it by."""
    if not isinstance(document, dict):
        raise BrokenRecordError("no JSON object")
    id_ = document.get("id")
    if not isinstance(id_, str) or not id_ or len(id_) > MAX_ID:
        raise BrokenRecordError("no id, or one that is no text or too long")
    reader = _Reader()
    advisory = {
        "id": id_,
        "aliases": reader.texts(document, "aliases"),
        "upstream": reader.texts(document, "upstream"),
        "summary": _summary(document),
        "severity": reader.severity(document),
        "level": _level(document),
        "cwes": _cwes(document),
        "references": _references(reader, document),
        "published": reader.text(document, "published"),
        "modified": reader.text(document, "modified"),
        "withdrawn": reader.text(document, "withdrawn"),
    }
    gone = bool(advisory["withdrawn"])
    entries = [e for a in reader.tables(document, "affected") if (e := _entry(reader, a, id_, gone=gone))]
    return Record(advisory=advisory, entries=entries, faults=reader.faults)


class _Reader:
    """Typed access; a value of the wrong type is a fault and counts as absent."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def _wrong(self, key: str, value: Any, kind: type) -> None:
        self.faults.append(f"{key} is {type(value).__name__}, not {kind.__name__}")

    def text(self, table: dict[str, Any], key: str) -> str:
        text = table.get(key, "")
        if isinstance(text, str):
            return text
        self._wrong(key, text, str)
        return ""

    def texts(self, table: dict[str, Any], key: str) -> list[str]:
        values = table.get(key, _NONE)
        if not isinstance(values, list):
            self._wrong(key, values, list)
            return []
        if not values or {*map(type, values)} == _TEXT:
            return values
        self.faults.append(f"{key} holds something else than text")
        return [value for value in values if isinstance(value, str)]

    def table(self, table: dict[str, Any], key: str) -> dict[str, Any]:
        found = table.get(key, _NOTHING)
        if isinstance(found, dict):
            return found
        self._wrong(key, found, dict)
        return {}

    def tables(self, table: dict[str, Any], key: str) -> list[dict[str, Any]]:
        values = table.get(key, _NONE)
        if not isinstance(values, list):
            self._wrong(key, values, list)
            return []
        for value in values:
            if not isinstance(value, dict):
                break
        else:
            return values
        self.faults.append(f"{key} holds something else than objects")
        return [value for value in values if isinstance(value, dict)]

    def severity(self, table: dict[str, Any]) -> list[list[str]]:
        if "severity" not in table:
            return []
        items = self.tables(table, "severity")
        return [[self.text(item, "type"), self.text(item, "score")] for item in items]


#: What is absent, never changed; and the types of what a list of texts holds.
_NONE: list[Any] = []
_NOTHING: dict[str, Any] = {}
_TEXT = {str}


def _summary(document: dict[str, Any]) -> str:
    """The summary, else the first words of the details."""
    for key in ("summary", "details"):
        text = document.get(key)
        if not isinstance(text, str):
            continue
        words = " ".join(text[: MAX_SUMMARY + 60].split())
        if len(words) <= MAX_SUMMARY < len(text):  # white space has taken the place of more
            words = " ".join(text[: 4 * MAX_SUMMARY].split())
        if words:
            return words if len(words) <= MAX_SUMMARY else f"{words[: MAX_SUMMARY - 3]}..."
    return ""


def _level(document: dict[str, Any]) -> str:
    specific = document.get("database_specific")
    level = specific.get("severity") if isinstance(specific, dict) else None
    return level if isinstance(level, str) else ""


def _cwes(document: dict[str, Any]) -> list[int]:
    specific = document.get("database_specific")
    names = specific.get("cwe_ids") if isinstance(specific, dict) else None
    if not names or not isinstance(names, list):
        return []
    stated = [_CWE(str(name)) for name in names if isinstance(name, str | int)]
    return sorted({int(found[1]) for found in stated if found})


def _references(reader: _Reader, document: dict[str, Any]) -> list[str]:
    items = reader.tables(document, "references")
    urls = [item.get("url", "") for item in items]
    if {*map(type, urls)} - _TEXT:
        urls = [reader.text(item, "url") for item in items]
    return list(islice((url for url in dict.fromkeys(urls) if url.startswith(_WEB)), MAX_REFERENCES))


def _entry(
    reader: _Reader, affected: dict[str, Any], id_: str, *, gone: bool
) -> tuple[str, str, dict[str, Any]] | None:
    package = reader.table(affected, "package")
    ecosystem, name = reader.text(package, "ecosystem"), reader.text(package, "name")
    if not ecosystem or not name:
        # Records about a repository alone have no package; they are not about components.
        if package:
            reader.faults.append("package without ecosystem or name")
        return None
    place, canonical, named = _filing(ecosystem)
    versions = reader.texts(affected, "versions")
    entry = {
        "id": id_,
        "versions": listing(map(canonical, versions)) if versions else "",
        "ranges": [r for a in reader.tables(affected, "ranges") if (r := _range(reader, a))],
        "hint": _hint(affected) if "database_specific" in affected else "",
        "severity": reader.severity(affected),
        "withdrawn": gone,
    }
    if "ecosystem_specific" in affected and (urgency := _urgency(affected)):
        entry["urgency"] = urgency
    return place, named(name), entry


@lru_cache(maxsize=4096)
def _filing(ecosystem: str) -> tuple[str, Callable[[str], str], Callable[[str], str]]:
    """Where entries of an ecosystem are filed, and what makes its versions and its names canonical."""
    base = ecosystem.partition(":")[0]
    return filed_under(ecosystem), _canonical(base), _pypi_name if base == "PyPI" else str


#: Most are met again in the next record.
_pypi_name = lru_cache(maxsize=65_536)(pypi_name)


class _Spellings(dict[str, str]):
    """Canonical versions by spelling; most are met again in the next record, at half the price of an LRU."""

    def __init__(self, canonical: Callable[[str], str]) -> None:
        self._spelled = canonical

    def __missing__(self, version: str) -> str:
        if len(self) >= _MAX_SPELLINGS:
            self.clear()
        self[version] = spelled = self._spelled(version)
        return spelled


_MAX_SPELLINGS = 65_536


@cache
def _canonical(base: str) -> Callable[[str], str]:
    """What makes the versions of an ecosystem canonical."""
    order = ORDERS.get(base)
    return _Spellings(order.canonical if order else _plain).__getitem__


def _plain(version: str) -> str:
    return " ".join(version.split())


def listing(versions: Iterable[str]) -> str:
    """Canonical versions as one text, each between line feeds; empty where there is none.

    Some records list thousands.  A search in one text takes the place of as many objects, of which a scan would
    look at none but the one it searches.
    """
    lines = dict.fromkeys(versions)
    return "\n".join(("", *lines, "")) if lines else ""


def _range(reader: _Reader, table: dict[str, Any]) -> list[list[str]]:
    """The events; those of GIT ranges are commits, which are never compared as versions."""
    kind = reader.text(table, "type")
    if kind not in ("ECOSYSTEM", "SEMVER"):
        if kind != "GIT":
            reader.faults.append(f"range of the unknown type {kind[:20]!r}")
        return []
    events: list[list[str]] = []
    for item in reader.tables(table, "events"):
        if len(item) == 1:
            ((event, version),) = item.items()
            if event in _EVENTS and version and isinstance(version, str):
                events.append([event, version])
                continue
        events += _events(reader, item)
    return events


def _events(reader: _Reader, item: dict[str, Any]) -> list[list[str]]:
    """Whatever else; a version that is no text stays as one that no order can read, so that it leaves its trace."""
    stated = [kind for kind in _EVENTS if item.get(kind) not in (None, "")]
    if not stated:
        reader.faults.append("event that is none of the four kinds")
    return [[kind, reader.text(item, kind)] for kind in stated]


def _hint(affected: dict[str, Any]) -> str:
    specific = affected.get("database_specific")
    hint = specific.get("last_known_affected_version_range") if isinstance(specific, dict) else None
    return hint if isinstance(hint, str) else ""


def _urgency(affected: dict[str, Any]) -> str:
    """The word of Debian or of Ubuntu, in lower case; Debian marks with stars what a program has set."""
    specific = affected.get("ecosystem_specific")
    if not isinstance(specific, dict):
        return ""
    words = (specific.get(name) for name in ("urgency", "ubuntu_priority"))
    return next((word.lower().rstrip("*") for word in words if isinstance(word, str)), "")
