"""Lists of ignored advisories of other tools, as waivers.

Formats: Trivy's `.trivyignore` and `.trivyignore.yaml`, OSV-Scanner's `osv-scanner.toml`, Grype's `.grype.yaml`.
What an entry says is never taken for more than it says: one that cannot be said as a waiver is left, and told.  None of
these files names an owner, and few an end; the policy states them for all, or the file is refused.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from bomvet.errors import PolicyFileError
from bomvet.model.finding import Waiver
from bomvet.model.purl import npm_purl, pypi_purl
from bomvet.model.records import dataclass
from bomvet.model.text import shown
from bomvet.model.toml_reader import Reader
from bomvet.policy._toml import parsed

if TYPE_CHECKING:
    from bomvet.policy.document import Ignores

#: Stands for all advisories about a package.
_ANY = "known-vulnerability"
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ].*)?")
#: Names of advisories; Trivy's files list misconfigurations and secrets too.
_ADVISORY = re.compile(r"(?!AVD-)[A-Za-z]+-\S+")
_PURLS: dict[str, Callable[[str, str], str]] = {"pypi": pypi_purl, "npm": npm_purl}
_MAX_ENTRIES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One ignored advisory; `expires` is the last day on which it counts."""

    line: int
    id: str
    reason: str = ""
    expires: dt.date | None = None
    purl: str = ""
    path: str = ""


class Note(NamedTuple):
    """What was not taken over, and why."""

    line: int
    text: str


class Ignored(NamedTuple):
    """The waivers of a file, and in words what of it was not taken over."""

    waivers: tuple[Waiver, ...]
    notes: tuple[str, ...]


#: What a reader of a format gives; it raises `ValueError` for a file that is not of the format.
Found = Iterator[Entry | Note]


def read_ignores(text: str, path: str, defaults: Ignores, folder: str = "") -> Ignored:
    """The waivers that the file at `path` comes to; raises `PolicyFileError`.

    `folder` is where it lies in the scanned tree, which some formats are bound to.
    """
    reader = _reader(path)
    if not reader:
        raise PolicyFileError(path, (f"is no list of ignored advisories: known are {', '.join(FORMATS)}",))
    try:
        found = list(reader(text, path, folder))
    except _FormatError as error:
        raise PolicyFileError(path, (f"line {error.line}: {error}" if error.line else str(error),)) from None
    entries = [one for one in found if isinstance(one, Entry)]
    if len(entries) > _MAX_ENTRIES:
        raise PolicyFileError(path, (f"has more than {_MAX_ENTRIES:,} entries",))
    problems = _lacking(entries, defaults)
    if problems:
        raise PolicyFileError(path, problems)
    return Ignored(
        tuple(_waiver(entry, path, defaults) for entry in entries),
        tuple(f"{path}:{one.line}: {one.text}; not taken over" for one in found if isinstance(one, Note)),
    )


def _lacking(entries: list[Entry], defaults: Ignores) -> tuple[str, ...]:
    """What our waivers need and neither the entries nor the policy state."""
    without = {
        "owner": ([entry.line for entry in entries], defaults.owner, 'owner = "who answers for them"'),
        "reason": ([e.line for e in entries if not e.reason], defaults.reason, 'reason = "why they may wait"'),
        "expires": ([e.line for e in entries if not e.expires], defaults.expires, "expires = 2026-12-31"),
    }
    return tuple(
        f"line {_lines(lines)}: without {name}, which the policy can state for all under [ignores]: {example}"
        for name, (lines, default, example) in without.items()
        if lines and not default
    )


def _lines(lines: list[int]) -> str:
    told = sorted(set(lines))
    more = f" and {len(told) - 10} more" if len(told) > 10 else ""  # noqa: PLR2004 - fits in a line
    return f"{', '.join(map(str, told[:10]))}{more}"


def _waiver(entry: Entry, path: str, defaults: Ignores) -> Waiver:
    return Waiver(
        id=entry.id,
        reason=entry.reason or defaults.reason,
        owner=defaults.owner,
        expires=entry.expires or defaults.expires or dt.date.min,  # the last of which `_lacking` has refused
        purl=entry.purl,
        path=entry.path,
        source=path,
        line=entry.line,
    )


class _FormatError(Exception):
    """The file is not of its format."""

    def __init__(self, text: str, line: int = 0) -> None:
        super().__init__(text)
        self.line = line


def _until(value: Any, line: int) -> dt.date | None:
    """The last whole day before the moment `value`, at which these tools stop to ignore; None where none is stated."""
    if value is None:
        return None
    match = _DATE.fullmatch(value.isoformat() if isinstance(value, dt.date) else str(value))
    try:
        return dt.date.fromisoformat(match[1] if match else "") - dt.timedelta(days=1)
    except (ValueError, OverflowError):
        raise _FormatError(f"{shown(str(value))!r} is no date such as 2026-12-31", line) from None


# -- Trivy -----------------------------------------------------------------------------------------------------


def _trivy(text: str, path: str, folder: str) -> Found:  # noqa: ARG001 - the signature of a format
    """An id a line, with `exp:DATE`; the comment above or behind it is its reason."""
    comments: list[str] = []
    for number, row in enumerate(text.splitlines(), start=1):
        stated, hash_, comment = row.strip().partition("#")
        if not stated:
            comments = [*comments, comment.strip("# ")] if hash_ else []
            continue
        id_, *words = stated.split()
        ends = [word.removeprefix("exp:") for word in words if word.startswith("exp:")]
        if len(ends) != len(words) or len(ends) > 1:
            raise _FormatError(f"what follows {shown(id_)} is not understood", number)
        if _ADVISORY.fullmatch(id_):
            reason = " ".join(filter(None, [comment.strip()] if comment.strip() else comments))
            yield Entry(line=number, id=id_, reason=reason, expires=_until(ends[0] if ends else None, number))
        else:
            yield Note(number, f"{shown(id_)} is no advisory")
        comments = []


def _trivy_yaml(text: str, path: str, folder: str) -> Found:  # noqa: ARG001 - the signature of a format
    document = _yaml(text)
    for section, entries in document.items():
        if section != "vulnerabilities" and entries:
            yield Note(_line_of(text, str(section)), f"{shown(str(section))} are not looked for")
    for line, entry in _items(document, "vulnerabilities", text):
        unknown = [key for key in entry if key not in ("id", "paths", "purls", "expired_at", "statement")]
        id_, paths, purls = entry.get("id"), entry.get("paths") or [""], entry.get("purls") or [""]
        if not isinstance(id_, str) or not _texts(paths) or not _texts(purls):
            raise _FormatError("an entry needs an id, and may have lists of paths and purls", line)
        if unknown:
            yield Note(line, f"{shown(id_)} has {', '.join(map(shown, map(str, unknown)))}, which no waiver can say")
            continue
        end, reason = _until(entry.get("expired_at"), line), str(entry.get("statement") or "").strip()
        for place, purl in product(paths, purls):
            yield Entry(line=line, id=id_, reason=reason, expires=end, purl=purl, path=place.lstrip("/"))


# -- OSV-Scanner -----------------------------------------------------------------------------------------------


def _osv(text: str, path: str, folder: str) -> Found:
    document, reader = parsed(text, path), Reader(text, ())
    if not folder and (document.get("IgnoredVulns") or document.get("PackageOverrides")):
        yield Note(1, "that it is for its own folder alone")
    for line, entry in _tables(document, "IgnoredVulns", reader):
        id_ = entry.get("id")
        if not isinstance(id_, str) or not id_:
            raise _FormatError("an entry needs an id", line)
        end, reason = _until(entry.get("ignoreUntil"), line), str(entry.get("reason") or "").strip()
        unknown = [key for key in entry if key not in ("id", "ignoreUntil", "reason")]
        if unknown:
            yield Note(line, f"{shown(id_)} has {', '.join(map(shown, unknown))}, which no waiver can say")
        else:
            yield Entry(line=line, id=id_, reason=reason, expires=end, path=folder)
    for line, entry in _tables(document, "PackageOverrides", reader):
        yield _override(line, entry, folder)


def _override(line: int, entry: dict[str, Any], folder: str) -> Entry | Note:
    vulnerability = entry.get("vulnerability")
    ignored = entry.get("ignore") is True or (isinstance(vulnerability, dict) and vulnerability.get("ignore") is True)
    if not ignored:
        return Note(line, "an override that ignores no advisory")
    name, version, ecosystem = (str(entry.get(key) or "") for key in ("name", "version", "ecosystem"))
    unknown = [
        key
        for key in entry
        if key not in ("name", "version", "ecosystem", "ignore", "vulnerability", "license", "effectiveUntil", "reason")
    ]
    purl = _PURLS.get(ecosystem.casefold())
    if unknown or not name or not purl:
        what = ", ".join(map(shown, unknown)) or (f"the ecosystem {shown(ecosystem)!r}" if name else "no name")
        return Note(line, f"an override with {what}, which no waiver can say")
    end, reason = _until(entry.get("effectiveUntil"), line), str(entry.get("reason") or "").strip()
    return Entry(line=line, id=_ANY, reason=reason, expires=end, purl=purl(name, version), path=folder)


def _tables(document: Any, key: str, reader: Reader) -> Iterator[tuple[int, dict[str, Any]]]:
    found = document.get(key, [])
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise _FormatError(f"{key} must be an array of tables: [[{key}]]", reader.line((key,)))
    yield from ((reader.line((key, number)), item) for number, item in enumerate(found))


# -- Grype -----------------------------------------------------------------------------------------------------

_RULE = ("vulnerability", "reason", "package", "include-aliases")
_PACKAGE = ("name", "version", "type", "language", "location")
_GRYPE_TYPES = {"python": "pypi", "npm": "npm", "javascript": "npm"}


def _grype(text: str, path: str, folder: str) -> Found:  # noqa: ARG001 - the signature of a format
    for line, entry in _items(_yaml(text), "ignore", text):
        package = entry.get("package") or {}
        if not isinstance(package, dict):
            raise _FormatError("package must be a mapping", line)
        unknown = [
            *(
                key
                for key in entry
                if entry[key] and key not in ("vulnerability", "reason", "package", "include-aliases")
            ),
            *(key for key in package if package[key] and (key not in _PACKAGE or not isinstance(package[key], str))),
        ]
        id_ = str(entry.get("vulnerability") or "")
        purl = _grype_purl(package)
        if unknown or purl is None or not (id_ or purl):
            what = (
                ", ".join(map(shown, map(str, unknown))) or "its package" if unknown or purl is None else "no package"
            )
            yield Note(line, f"{shown(id_) or 'a rule'} with {what}, which no waiver can say")
            continue
        place = str(package.get("location") or "").lstrip("/")
        yield Entry(line=line, id=id_ or _ANY, reason=str(entry.get("reason") or "").strip(), purl=purl, path=place)


def _grype_purl(package: dict[str, Any]) -> str | None:
    """The purl of a package, empty where the rule is for any, None where it is for what no purl can name."""
    name, version = str(package.get("name") or ""), str(package.get("version") or "")
    kinds = {_GRYPE_TYPES.get(str(package[key]), "") for key in ("type", "language") if package.get(key)}
    if not name:
        return None if version or kinds else ""
    if len(kinds) != 1 or kinds == {""} or set(name) & set("*+?[](){}|^$\\"):  # which Grype takes for a pattern
        return None
    return _PURLS[kinds.pop()](name, version)


# -- YAML ------------------------------------------------------------------------------------------------------


def _yaml(text: str) -> dict[str, Any]:
    import ryaml  # noqa: PLC0415 - for those who have such a file

    try:
        document = ryaml.loads(text)  # type: ignore[attr-defined]
    except (ryaml.InvalidYamlError, ValueError) as error:  # type: ignore[attr-defined]
        line = re.search(r"line (\d+)", str(error))
        raise _FormatError(f"not YAML: {shown(str(error))}", int(line[1]) if line else 0) from None
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise _FormatError("not a YAML mapping", 1)
    return document


def _items(document: dict[str, Any], key: str, text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The mappings of a list with their lines, which the parser does not tell."""
    found = document.get(key) or []
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise _FormatError(f"{key} must be a list of mappings", _line_of(text, key))
    start = _line_of(text, key)
    rows = text.splitlines()[start:]
    indent = next((row[: len(row) - len(row.lstrip())] for row in rows if row.lstrip().startswith("-")), "")
    lines = [n for n, row in enumerate(rows, start + 1) if row.startswith(f"{indent}-")]
    for number, item in enumerate(found):
        yield (lines[number] if number < len(lines) else start), item


def _line_of(text: str, key: str) -> int:
    found = re.search(rf"^[\"']?{re.escape(key)}[\"']?\s*:", text, re.MULTILINE)
    return text.count("\n", 0, found.start()) + 1 if found else 1


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


_BY_NAME: tuple[tuple[str, Callable[[str, str, str], Found]], ...] = (
    ("trivyignore", _trivy),
    ("trivyignore.yaml", _trivy_yaml),
    ("trivyignore.yml", _trivy_yaml),
    ("osv-scanner.toml", _osv),
    ("grype.yaml", _grype),
    ("grype.yml", _grype),
)
#: Names of the files that are understood.
FORMATS = (".trivyignore", ".trivyignore.yaml", "osv-scanner.toml", ".grype.yaml")


def _reader(path: str) -> Callable[[str, str, str], Found] | None:
    return next((reader for name, reader in _BY_NAME if path.endswith(name)), None)
