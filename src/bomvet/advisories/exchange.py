"""The advisory database as one file to carry: the same bytes for the same content, and nothing in it that acts.

A gzip stream of JSON, one value a line: a head (`bomvet`: the format, what the database says of itself, how many lines
of each kind follow), the records by id as `[advisory, [[ecosystem, name, entry], ...], flags]`, the rows of the
catalogues by CVE, and at last the SHA-256 of all bytes before that line.  A SQLite file would carry its history, so
that two of the same content differ, and would have to be kept from doing harm; what is read here is built anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import islice, repeat
from typing import IO, Any

import orjson

from bomvet.advisories.database import CATALOGUES, AdvisoryDatabase, DatabaseStatus, Feed, Restored, restore
from bomvet.advisories.records import MAX_ID, read_record
from bomvet.advisories.replacement import replacing
from bomvet.advisories.tables import MANAGED, TOLERATED, Item, item_of
from bomvet.errors import UsageError
from bomvet.model.facts import Catalogue

VERSION = 1
_GZIP, _GZIP_HEADER = b"\x1f\x8b", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
_HEAD = b'{"bomvet":'
#: No line is longer; a record of the size that an import takes in comes to less.
MAX_LINE = 256 * 1024 * 1024
#: What unpacks to more than so many times its packed size is a bomb; real files have some 10.
MAX_RATIO = 200
_SMALL = 16 * 1024 * 1024
_BLOCK = 256 * 1024
_HINT = "have it made and carried again: bomvet db export FILE"


class DamagedError(UsageError):
    """The file is not what was exported; nothing was changed."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the exported database cannot be used: {reason}; nothing was changed", hint=_HINT)


# -- out -------------------------------------------------------------------------------------------------------


def export(place: str, path: str, progress: Callable[[int], None] = lambda _: None) -> str:
    """Write the database at `place` into the file `path`, whole or not at all; the digest of that file.

    Raises `NotEstablishedError` where there is no database, `UsageError` where the file cannot be written.
    """
    total = hashlib.sha256()
    with AdvisoryDatabase.open(place) as database:
        try:
            with replacing(path) as unfinished, open(unfinished, "wb") as file:
                for block in _packed(_lines(database, progress)):
                    total.update(block)
                    file.write(block)
        except OSError as error:
            raise UsageError(f"{path} cannot be written: {error.strerror}", hint="name another file") from None
    return f"sha256:{total.hexdigest()}"


def _lines(database: AdvisoryDatabase, progress: Callable[[int], None]) -> Iterator[bytes]:
    yield _line(_head(database))
    for number, (advisory, entries, flags) in enumerate(database.records(), start=1):
        if number % 1000 == 0:
            progress(number)
        yield _line([advisory, entries, flags])
    for name in database.catalogues():
        yield from map(_line, database.catalogue_rows(name))


def _line(value: Any) -> bytes:
    return orjson.dumps(value) + b"\n"


def _head(database: AdvisoryDatabase) -> dict[str, Any]:
    status = database.status()
    snapshot = status.snapshot
    return {
        "bomvet": VERSION,
        "obtained": snapshot.obtained,
        "imported": database.imported,
        "source": snapshot.source,
        "digest": snapshot.digest,
        "records": snapshot.records,
        "unreadable": status.unreadable,
        "feeds": [[feed.name, feed.seen, feed.etag, feed.full, feed.checked] for feed in status.feeds],
        "catalogues": [[name, about.date, about.version, about.entries] for name, about in status.catalogues.items()],
    }


def _packed(lines: Iterable[bytes]) -> Iterator[bytes]:
    """As gzip without a name and a time, which would differ; with a last line that says the digest."""
    engine = zlib.compressobj(6, zlib.DEFLATED, -15)
    check, size, total = 0, 0, hashlib.sha256()
    yield _GZIP_HEADER
    for line in lines:
        total.update(line)
        check, size = zlib.crc32(line, check), size + len(line)
        if block := engine.compress(line):
            yield block
    last = _line({"sha256": total.hexdigest()})
    check, size = zlib.crc32(last, check), size + len(last)
    yield engine.compress(last) + engine.flush()
    yield check.to_bytes(4, "little") + (size & 0xFFFFFFFF).to_bytes(4, "little")


# -- in --------------------------------------------------------------------------------------------------------


def recognised(path: str) -> bool:
    """Whether the file at `path` looks like an exported database, of whatever format."""
    try:
        with open(path, "rb") as file:
            start = file.read(4096)
        return start.startswith(_GZIP) and zlib.decompressobj(31).decompress(start, len(_HEAD)) == _HEAD
    except (OSError, zlib.error):
        return False


def load(
    place: str, path: str, digest: str = "", progress: Callable[[int], None] = lambda _: None
) -> tuple[DatabaseStatus, str]:
    """Put the exported file `path` in the place of the database `place`; the status, and the digest of the file.

    `digest` is what that has to be, in the form `sha256:...`, if it was told.  Raises `DamagedError` before anything
    is changed.
    """
    try:
        with open(path, "rb") as file:
            found = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
            if digest and found != digest:
                raise DamagedError(f"its digest is {found}, and {digest} was demanded")
            file.seek(0)
            reading = _Reading(file, os.fstat(file.fileno()).st_size)
            return restore(place, reading.restored(progress)), found
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None


class _Reading:
    """Takes the lines of a file one by one, and believes none of them."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._total = hashlib.sha256()
        self._limit = max(_SMALL, MAX_RATIO * size)
        self._lines = self._unpacked(file)

    def restored(self, progress: Callable[[int], None]) -> Restored:
        """All of it, to be read in sequence: records, rows of catalogues, the end."""
        head = self._next()
        if not isinstance(head, dict) or head.get("bomvet") != VERSION:
            raise DamagedError("it is of another version of bomvet")
        with _checked("its head"):
            feeds = [_feed(row) for row in head["feeds"]]
            abouts = {_text(row[0]): _catalogue(row) for row in head["catalogues"]}
            if not abouts.keys() <= CATALOGUES.keys():
                raise ValueError("a catalogue that nobody knows")
            return Restored(
                obtained=_text(head["obtained"]),
                imported=_text(head["imported"]),
                source=_text(head["source"]),
                digest=_text(head["digest"]),
                unreadable=_number(head["unreadable"]),
                feeds=feeds,
                items=self._items(_number(head["records"]), progress),
                catalogues={name: (about, self._rows(name, about.entries)) for name, about in abouts.items()},
                finish=self._finish,
            )

    def _next(self) -> Any:
        line = next(self._lines, b"")
        if not line.endswith(b"\n"):
            raise DamagedError("it ends before its time")
        self._total.update(line)
        try:
            return orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise DamagedError(f"a line of it is no JSON: {error}") from None

    def _items(self, count: int, progress: Callable[[int], None]) -> Iterator[Item]:
        for number in range(1, count + 1):
            row = self._next()
            with _checked(f"record {number}"):
                advisory, entries, flags = row
                _expect_record(advisory, entries)
                yield item_of(advisory, entries, _number(flags) & (MANAGED | TOLERATED))
            if number % 1000 == 0:
                progress(number)

    def _rows(self, name: str, count: int) -> Iterator[list[Any]]:
        for number in range(1, count + 1):
            row = self._next()
            with _checked(f"row {number} of {name}"):
                if not _alike(_ROWS[name], row) or len(row) != len(_ROWS[name]):
                    raise ValueError("not of its shape")
                yield row

    def _finish(self) -> None:
        """Raise `DamagedError` unless the last line says the digest of all that was read."""
        expected = self._total.hexdigest()
        if self._next() != {"sha256": expected} or next(self._lines, b""):
            raise DamagedError("its digest is not that of its content")

    def _unpacked(self, file: IO[bytes]) -> Iterator[bytes]:
        engine, rest, done = zlib.decompressobj(31), b"", 0
        with _checked("its packing"):
            while block := file.read(_BLOCK):
                while block:
                    data = engine.decompress(block, 16 * _BLOCK)
                    block, done = engine.unconsumed_tail, done + len(data)
                    if done > self._limit or engine.unused_data:
                        raise ValueError("it unpacks to too much")
                    first, *lines = data.split(b"\n")
                    if not lines:
                        rest += first
                        if len(rest) > MAX_LINE:
                            raise ValueError("a line without end")
                        continue
                    yield rest + first + b"\n"
                    for line in islice(lines, len(lines) - 1):
                        yield line + b"\n"
                    rest = lines[-1]
            if rest or not engine.eof:
                raise ValueError("it ends before its time")


@contextlib.contextmanager
def _checked(what: str) -> Iterator[None]:
    """Whatever a value of the wrong shape makes go wrong, said by `DamagedError`."""
    try:
        yield
    except (ValueError, TypeError, KeyError, IndexError, zlib.error) as error:
        raise DamagedError(f"{what}: {error}") from None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no text where one is due")
    return value


def _number(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**31:
        raise ValueError("no number where one is due")
    return value


def _feed(row: Any) -> Feed:
    name, seen, etag, full, checked = map(_text, row)
    return Feed(name=name, seen=seen, etag=etag, full=full, checked=checked)


def _catalogue(row: Any) -> Catalogue:
    _, date, version, entries = row
    return Catalogue(date=_text(date), version=_text(version), entries=_number(entries))


# -- shapes ----------------------------------------------------------------------------------------------------

_ROWS: dict[str, list[Any]] = {"kev": ["", "", "", 0], "epss": ["", 0.5, 0.5, ""]}
_SAMPLE = {
    "id": "X-1",
    "aliases": ["X-2"],
    "upstream": ["X-3"],
    "severity": [{"type": "CVSS_V3", "score": "X"}],
    "references": [{"type": "WEB", "url": "https://example.com"}],
    "database_specific": {"cwe_ids": ["CWE-79"]},
    "affected": [
        {
            "package": {"ecosystem": "npm", "name": "x"},
            "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1"}]}],
            "severity": [{"type": "CVSS_V3", "score": "X"}],
        }
    ],
}


@cache
def _shape() -> tuple[dict[str, Any], dict[str, Any]]:
    """An advisory and an entry of which every list has an element."""
    record = read_record(_SAMPLE)
    return record.advisory, record.entries[0][2]


def _expect_record(advisory: Any, entries: Any) -> None:
    """Raise `ValueError` unless they are as `read_record` makes them, since nobody looks again."""
    shape, entry_shape = _shape()
    if not _alike(shape, advisory) or not 0 < len(advisory["id"]) <= MAX_ID or not isinstance(entries, list):
        raise ValueError("not of its shape")
    for ecosystem, name, entry in entries:
        named = ecosystem and name and isinstance(ecosystem, str) and isinstance(name, str)
        if not named or not _alike(entry_shape, entry) or entry["id"] != advisory["id"]:
            raise ValueError("an entry of it is not of its shape")


def _alike(shape: Any, value: Any) -> bool:
    """Whether `value` has the keys and types of `shape`; a list of one stands for any number, one of two for a pair."""
    if isinstance(shape, dict):
        return (
            isinstance(value, dict) and value.keys() == shape.keys() and all(_alike(shape[k], value[k]) for k in shape)
        )
    if isinstance(shape, list):
        # Of one, or of pairs: any number.
        several = len(shape) == 1 or isinstance(shape[0], list)
        if not isinstance(value, list) or not (several or len(value) == len(shape)):
            return False
        return all(map(_alike, repeat(shape[0]) if several else shape, value))
    if isinstance(shape, float):
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return type(value) is type(shape) or (type(shape) is int and isinstance(value, bool))
