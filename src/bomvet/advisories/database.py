"""The offline advisory database: one SQLite file, replaced as a whole or not at all.

Tables: `meta` (key, value), `ecosystem` (counts), `package` (ecosystem, name, entries), `advisory` (id,
record).  Entries and records are JSON, deflated with a dictionary that stands in `meta`.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import sqlite3
import tempfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

import orjson

from bomvet.advisories.records import BrokenRecordError, Record, read_record
from bomvet.errors import NotEstablishedError, UsageError
from bomvet.model.result import Snapshot

if TYPE_CHECKING:
    from bomvet.advisories.bucket import RawRecord

#: "bvdb": marks the file as ours.
APPLICATION_ID = 0x62766462
#: Rises with every change of the tables or of what stands in them.
FORMAT = 1
_CHUNK = 500  # SQLite's oldest limit of variables in one statement is 999
_IMPORT_HINT = "import the advisories again: bomvet db import PATH"


@dataclass(frozen=True, slots=True, kw_only=True)
class EcosystemCount:
    """How many records tell of an ecosystem (without release suffix), and how many of those are withdrawn."""

    name: str
    records: int
    withdrawn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseStatus:
    """What a database holds: `tolerated` records break the schema and were read, `unreadable` files were not."""

    snapshot: Snapshot
    ecosystems: tuple[EcosystemCount, ...]
    tolerated: int
    unreadable: int


class AdvisoryDatabase:
    """A database open for reading; look-ups are batched and memory stays with what was asked for."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._meta = dict(connection.execute("SELECT key, value FROM meta"))
        self._dictionary: bytes = self._meta["dictionary"]

    @classmethod
    def open(cls, path: str) -> Self:
        """Open the file; raises `NotEstablishedError` where it is absent, damaged or of another format."""
        if not os.path.isfile(path):
            raise NotEstablishedError("there is no advisory database yet", hint="make one: bomvet db import PATH")
        try:
            # Nobody changes a database in place (see `build`), so SQLite need not lock or look for journals.
            connection = sqlite3.connect(f"file:{quote(os.path.abspath(path))}?mode=ro&immutable=1", uri=True)
            found = (_pragma(connection, "application_id"), _pragma(connection, "user_version"))
            if found != (APPLICATION_ID, FORMAT):
                connection.close()
                raise NotEstablishedError("the advisory database is of another version of bomvet", hint=_IMPORT_HINT)
            return cls(connection)
        except (sqlite3.Error, KeyError) as error:
            raise NotEstablishedError(f"the advisory database is damaged: {error}", hint=_IMPORT_HINT) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    @property
    def snapshot(self) -> Snapshot:
        """What the data is and how old."""
        return Snapshot(
            obtained=self._meta["obtained"],
            source=self._meta["source"],
            digest=self._meta["digest"],
            records=int(self._meta["records"]),
        )

    def status(self) -> DatabaseStatus:
        """Everything countable."""
        rows = self._connection.execute("SELECT name, records, withdrawn FROM ecosystem ORDER BY name")
        return DatabaseStatus(
            snapshot=self.snapshot,
            ecosystems=tuple(EcosystemCount(name=n, records=r, withdrawn=w) for n, r, w in rows),
            tolerated=int(self._meta["tolerated"]),
            unreadable=int(self._meta["unreadable"]),
        )

    def packages(self, ecosystem: str, names: Collection[str]) -> Mapping[str, list[dict[str, Any]]]:
        """Per name that has any, the affected entries."""
        sql = "SELECT name, entries FROM package WHERE ecosystem = ? AND name IN ({})"
        return {name: self._unpacked(blob) for name, blob in self._select(sql, names, ecosystem)}

    def advisories(self, ids: Collection[str]) -> Mapping[str, dict[str, Any]]:
        """Per id that exists, the record without its entries."""
        return {i: self._unpacked(b) for i, b in self._select("SELECT id, record FROM advisory WHERE id IN ({})", ids)}

    def _select(self, sql: str, keys: Collection[str], *before: str) -> Iterator[tuple[str, bytes]]:
        remaining = iter(sorted(keys))
        try:
            while chunk := list(islice(remaining, _CHUNK)):
                yield from self._connection.execute(sql.format(",".join("?" * len(chunk))), (*before, *chunk))
        except sqlite3.Error as error:
            raise NotEstablishedError(f"the advisory database is damaged: {error}", hint=_IMPORT_HINT) from None

    def _unpacked(self, blob: bytes) -> Any:
        try:
            return orjson.loads(zlib.decompressobj(-15, zdict=self._dictionary).decompress(blob))
        except (zlib.error, orjson.JSONDecodeError) as error:
            raise NotEstablishedError(f"the advisory database is damaged: {error}", hint=_IMPORT_HINT) from None


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    value: int = connection.execute(f"PRAGMA {name}").fetchone()[0]
    return value


# -- building --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """What an import took in; `faults` are examples of what it could not, or could only by tolerance."""

    status: DatabaseStatus
    faults: tuple[str, ...]


def build(
    path: str,
    raw: Iterable[RawRecord],
    *,
    source: str,
    obtained: dt.datetime,
    progress: Callable[[int], None] = lambda _: None,
) -> ImportResult:
    """Put the records `raw` into the database file `path`, in the place of what it held.

    A failure at any point leaves the old file as it was.  Raises `UsageError` where there is no record.
    """
    folder = os.path.dirname(os.path.abspath(path))
    os.makedirs(folder, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(prefix=".bomvet-import-", dir=folder)
    os.close(handle)
    try:
        with contextlib.closing(sqlite3.connect(unfinished)) as connection:
            builder = _Builder(connection)
            builder.take(raw, progress)
            builder.finish(source=source, obtained=obtained)
        os.chmod(unfinished, 0o644)  # advisories are public, and several users may share the file
        _sync(unfinished)
        os.replace(unfinished, path)
        _sync(folder)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(unfinished)
        raise
    with AdvisoryDatabase.open(path) as database:
        return ImportResult(status=database.status(), faults=tuple(builder.faults))


def _sync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_TABLES = """
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE ecosystem (name TEXT PRIMARY KEY, records INTEGER, withdrawn INTEGER) WITHOUT ROWID;
CREATE TABLE package (ecosystem TEXT, name TEXT, entries BLOB, PRIMARY KEY (ecosystem, name)) WITHOUT ROWID;
CREATE TABLE advisory (id TEXT PRIMARY KEY, record BLOB) WITHOUT ROWID;
ATTACH '' AS stage;
CREATE TABLE stage.record (id TEXT PRIMARY KEY, modified TEXT, digest BLOB, advisory BLOB) WITHOUT ROWID;
CREATE TABLE stage.entry (ecosystem TEXT, name TEXT, id TEXT, number INTEGER, entry BLOB,
                          PRIMARY KEY (ecosystem, name, id, number)) WITHOUT ROWID;
"""
_MAX_FAULTS = 20
_DICTIONARY_BYTES = 32 * 1024


@dataclass(slots=True)
class _Builder:
    """Two passes, so that memory does not grow with the data: records into a stage, the stage by package."""

    connection: sqlite3.Connection
    faults: list[str] = field(default_factory=list)
    unreadable: int = 0
    _tolerated: set[str] = field(default_factory=set)

    def take(self, raw: Iterable[RawRecord], progress: Callable[[int], None]) -> None:
        """First pass; of two records of one id the later `modified` stays."""
        self.connection.executescript(_TABLES)
        for number, item in enumerate(raw, start=1):
            if item.fault:
                self._fault(f"{item.origin}: {item.fault}")
                self.unreadable += 1
                continue
            try:
                self._stage(read_record(orjson.loads(item.data)), item)
            except (orjson.JSONDecodeError, BrokenRecordError, UnicodeEncodeError) as error:
                self._fault(f"{item.origin}: {error}")
                self.unreadable += 1
            if number % 1000 == 0:
                progress(number)

    def _fault(self, text: str) -> None:
        if len(self.faults) < _MAX_FAULTS:
            self.faults.append(text)

    def _stage(self, record: Record, item: RawRecord) -> None:
        execute = self.connection.execute
        id_, modified = record.advisory["id"], record.advisory["modified"]
        known = execute("SELECT modified FROM stage.record WHERE id = ?", (id_,)).fetchone()
        if known:
            if known[0] >= modified:
                return
            # Rare enough to afford the search.
            execute("DELETE FROM stage.entry WHERE id = ?", (id_,))
        if record.faults:
            self._tolerated.add(id_)
            self._fault(f"{item.origin}: tolerated: {record.faults[0]}")
        digest = hashlib.sha256(item.data).digest()
        execute(
            "INSERT OR REPLACE INTO stage.record VALUES (?, ?, ?, ?)",
            (id_, modified, digest, orjson.dumps(record.advisory)),
        )
        self.connection.executemany(
            "INSERT INTO stage.entry VALUES (?, ?, ?, ?, ?)",
            ((eco, name, id_, number, orjson.dumps(e)) for number, (eco, name, e) in enumerate(record.entries)),
        )

    def finish(self, *, source: str, obtained: dt.datetime) -> None:
        """Second pass: entries by package, counts, digest."""
        (records,) = self.connection.execute("SELECT count(*) FROM stage.record").fetchone()
        if not records:
            raise UsageError(
                "no advisory record was found there",
                hint="the path should hold OSV records: ID.json files, or all.zip archives of them",
            )
        dictionary = self._dictionary()
        self._write_packages(dictionary)
        self._write_counts()
        meta = {
            "obtained": obtained.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "source": source,
            "digest": self._digest(),
            "records": records,
            "tolerated": len(self._tolerated),
            "unreadable": self.unreadable,
            "dictionary": dictionary,
        }
        self.connection.executemany("INSERT INTO meta VALUES (?, ?)", sorted(meta.items()))
        self.connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        self.connection.execute(f"PRAGMA user_version = {FORMAT}")
        self.connection.commit()
        self.connection.execute("DETACH stage")

    def _dictionary(self) -> bytes:
        """What records have in common, taken from some spread over all of them; the end of it weighs most."""
        (count,) = self.connection.execute("SELECT count(*) FROM stage.record").fetchone()
        step = max(1, count // 64)
        rows = self.connection.execute("SELECT advisory FROM stage.record ORDER BY id").fetchmany
        sample: list[bytes] = []
        while block := rows(step):
            sample.append(block[0][0][:512])
        entries = self.connection.execute("SELECT entry FROM stage.entry LIMIT 64").fetchall()
        return b"".join((*sample, *(e[0][:512] for e in entries)))[-_DICTIONARY_BYTES:]

    def _write_packages(self, dictionary: bytes) -> None:
        def packed(data: bytes) -> bytes:
            engine = zlib.compressobj(6, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, dictionary)
            return engine.compress(data) + engine.flush()

        # Release suffixes ("Debian:12") stay: which of them apply is for the matcher to say.
        rows = self.connection.execute(
            "SELECT ecosystem, name, entry FROM stage.entry ORDER BY ecosystem, name, id, number"
        )
        self.connection.executemany(
            "INSERT INTO package VALUES (?, ?, ?)",
            (
                (*key, packed(b"[" + b",".join(entry for _, _, entry in group) + b"]"))
                for key, group in groupby(rows, key=lambda row: row[:2])
            ),
        )
        records = self.connection.execute("SELECT id, advisory FROM stage.record ORDER BY id")
        self.connection.executemany("INSERT INTO advisory VALUES (?, ?)", ((i, packed(a)) for i, a in records))

    def _write_counts(self) -> None:
        self.connection.execute(
            """
            INSERT INTO ecosystem
            SELECT base, count(*), sum(withdrawn) FROM (
                SELECT DISTINCT
                    CASE instr(e.ecosystem, ':') WHEN 0 THEN e.ecosystem
                         ELSE substr(e.ecosystem, 1, instr(e.ecosystem, ':') - 1) END AS base,
                    r.id, json_extract(r.advisory, '$.withdrawn') != '' AS withdrawn
                FROM stage.entry AS e JOIN stage.record AS r ON r.id = e.id
            ) GROUP BY base
            """
        )

    def _digest(self) -> str:
        """Of the records themselves, so that the same data has the same digest however it was packed."""
        total = hashlib.sha256()
        for id_, digest in self.connection.execute("SELECT id, digest FROM stage.record ORDER BY id"):
            total.update(f"{id_}\0".encode() + digest)
        return f"sha256:{total.hexdigest()}"
