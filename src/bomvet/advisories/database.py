"""The offline advisory database: one SQLite file, replaced as a whole or not at all.

Tables: `meta` (key, value), `ecosystem` (counts), `package` (ecosystem, name, entries), `advisory` (id,
record).  Entries and records are JSON, deflated with a dictionary that stands in `meta`.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import shutil
import sqlite3
import tempfile
import time
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

import orjson

from bomvet.advisories.records import BrokenRecordError, Record, read_record
from bomvet.errors import NotEstablishedError, UsageError
from bomvet.model.facts import Catalogue
from bomvet.model.records import dataclass, field
from bomvet.model.result import Snapshot

if TYPE_CHECKING:
    from bomvet.advisories.bucket import RawRecord

#: "bvdb": marks the file as ours.
APPLICATION_ID = 0x62766462
#: Rises with every change of the tables or of what stands in them.
FORMAT = 3
_CHUNK = 500  # SQLite's oldest limit of variables in one statement is 999
_IMPORT_HINT = "import the advisories again: bomvet db import PATH"
#: The fixed header of a SQLite file, how it begins, and where the application id stands in it.
_HEADER_BYTES, _MAGIC, _APPLICATION_ID = 100, b"SQLite format 3\0", slice(68, 72)


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
        meta = dict(connection.execute("SELECT key, value FROM meta"))
        self._dictionary: bytes = meta["dictionary"]
        #: What the data is and how old.
        self.snapshot = _snapshot(meta)
        self._tolerated, self._unreadable = int(meta["tolerated"]), int(meta["unreadable"])

    @classmethod
    def open(cls, path: str) -> Self:
        """Open the file; raises `NotEstablishedError` where it is absent, not ours, damaged or of another format.

        The messages go into results, so they name no path.
        """
        _expect_mark(path)
        # Nobody changes a database in place (see `build`), so SQLite need not lock or look for journals.
        name = quote(os.fsencode(os.path.abspath(path)))
        with contextlib.ExitStack() as stack, _told():
            connection = sqlite3.connect(f"file:{name}?mode=ro&immutable=1", uri=True)
            stack.callback(connection.close)
            if connection.execute("PRAGMA user_version").fetchone() != (FORMAT,):
                raise NotEstablishedError("the advisory database is of another version of bomvet", hint=_IMPORT_HINT)
            database = cls(connection)
            stack.pop_all()
            return database

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def status(self) -> DatabaseStatus:
        """Everything countable."""
        with _told():
            rows = self._connection.execute("SELECT name, records, withdrawn FROM ecosystem ORDER BY name").fetchall()
            counts = tuple(EcosystemCount(name=str(n), records=int(r), withdrawn=int(w)) for n, r, w in rows)
        return DatabaseStatus(
            snapshot=self.snapshot, ecosystems=counts, tolerated=self._tolerated, unreadable=self._unreadable
        )

    def packages(self, ecosystem: str, names: Collection[str]) -> Mapping[str, list[dict[str, Any]]]:
        """Per name that has any, the affected entries."""
        sql = "SELECT name, entries FROM package WHERE ecosystem = ? AND name IN ({})"
        with _told():
            return {name: self._unpacked(blob) for name, blob in self._select(sql, names, ecosystem)}

    def advisories(self, ids: Collection[str]) -> Mapping[str, dict[str, Any]]:
        """Per id that exists, the record without its entries."""
        sql = "SELECT id, record FROM advisory WHERE id IN ({})"
        with _told():
            return {id_: self._unpacked(blob) for id_, blob in self._select(sql, ids)}

    def catalogues(self) -> Mapping[str, Catalogue]:
        """The catalogues that there are, by name (`kev`, `epss`)."""
        with _told():
            rows = self._connection.execute("SELECT name, date, version, entries FROM catalogue ORDER BY name")
            return {str(n): Catalogue(date=str(d), version=str(v), entries=int(e)) for n, d, v, e in rows}

    def exploitation(self, cves: Collection[str]) -> Mapping[str, dict[str, Any]]:
        """Per CVE that a catalogue has, `kev` and `epss`: the fields of `Kev` and `Epss`, None where absent."""
        date, version = "", ""
        if scores := self.catalogues().get("epss"):
            date, version = scores.date, scores.version
        found: dict[str, dict[str, Any]] = {}
        kev = "SELECT cve, added, due, ransomware FROM kev WHERE cve IN ({})"
        epss = "SELECT cve, score, percentile, band FROM epss WHERE cve IN ({})"
        with _told():
            for cve, added, due, ransomware in self._select(kev, cves):
                entry = {"added": str(added), "due": str(due), "ransomware": bool(ransomware)}
                found[cve] = {"kev": entry, "epss": None}
            for cve, score, percentile, band in self._select(epss, cves):
                entry = {"score": float(score), "percentile": float(percentile), "date": date, "model": version}
                found.setdefault(cve, {"kev": None})["epss"] = {**entry, "band": str(band)}
        return found

    def catalogue_rows(self, name: str) -> Iterator[tuple[Any, ...]]:
        """Every row of the catalogue `name`, sorted, as `put_catalogue` takes them."""
        with _told():
            yield from self._connection.execute(f"SELECT * FROM {_CATALOGUES[name][0]} ORDER BY cve")  # noqa: S608

    def _select(self, sql: str, keys: Collection[str], *before: str) -> Iterator[tuple[Any, ...]]:
        remaining = iter(sorted(keys))
        while chunk := list(islice(remaining, _CHUNK)):
            # At once, so that no cursor stays open where a blob turns out to be damaged.
            yield from self._connection.execute(sql.format(",".join("?" * len(chunk))), (*before, *chunk)).fetchall()

    def _unpacked(self, blob: bytes) -> Any:
        return orjson.loads(zlib.decompressobj(-15, zdict=self._dictionary).decompress(blob))


#: Per catalogue its table and the number of its columns.
_CATALOGUES = {"kev": ("kev", 4), "epss": ("epss", 4)}
#: A catalogue with its rows, sorted or not: `kev` (cve, added, due, ransomware), `epss` (cve, score, percentile, band).
Catalogues = Mapping[str, tuple[Catalogue, Iterable[Sequence[Any]]]]


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Whatever a damaged file makes the libraries say, said by `NotEstablishedError`."""
    try:
        yield
    except (sqlite3.Error, zlib.error, orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise NotEstablishedError(f"the advisory database is damaged: {error}", hint=_IMPORT_HINT) from None


def _snapshot(meta: Mapping[str, Any]) -> Snapshot:
    """Those values, once it is sure that whoever reads them can reckon with them."""
    obtained, source, digest = meta["obtained"], meta["source"], meta["digest"]
    if not isinstance(source, str) or not isinstance(digest, str):
        raise TypeError("its source or digest is no text")
    if dt.datetime.fromisoformat(obtained).tzinfo is None:
        raise ValueError(f"the time {obtained!r} names no zone")
    return Snapshot(obtained=obtained, source=source, digest=digest, records=int(meta["records"]))


def _expect_mark(path: str) -> None:
    if not os.path.isfile(path):
        raise NotEstablishedError("there is no advisory database", hint="make one: bomvet db import PATH")
    try:
        ours = _is_ours(_header(path))
    except OSError as error:
        raise NotEstablishedError(
            f"the advisory database cannot be read: {error.strerror}",
            hint="make the file readable, or name another one with --db",
        ) from None
    if not ours:
        raise NotEstablishedError("the file is no advisory database", hint="name another file with --db")


def _header(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(_HEADER_BYTES)


def _is_ours(header: bytes) -> bool:
    """Whether it carries our mark, in whatever format the rest may be."""
    return header.startswith(_MAGIC) and int.from_bytes(header[_APPLICATION_ID], "big") == APPLICATION_ID


# -- building --------------------------------------------------------------------------------------------------


class NoRecordError(UsageError):
    """There was not one record to import; `faults` are examples of what was there instead."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__(
            "no advisory record was found there",
            hint="the path should hold OSV records: ID.json files, or all.zip archives of them",
        )
        self.faults = faults


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
    catalogues: Catalogues = MappingProxyType({}),
) -> ImportResult:
    """Put the records `raw` into the database file `path`, in the place of the advisories that it held.

    Catalogues that are not given stay.  A failure at any point leaves the old file as it was.  Raises
    `NoRecordError` where there is no record, and `UsageError` where `path` cannot be written or holds something else
    than advisories.
    """
    _expect_replaceable(path)
    with _replacing(path) as connection:
        builder = _Builder(connection)
        builder.take(raw, progress)
        builder.finish(source=source, obtained=obtained)
        for name, (catalogue, rows) in {**_kept_catalogues(path), **catalogues}.items():
            _put_catalogue(connection, name, catalogue, rows)
    with AdvisoryDatabase.open(path) as database:
        return ImportResult(status=database.status(), faults=tuple(builder.faults))


def put_catalogue(path: str, name: str, catalogue: Catalogue, rows: Iterable[Sequence[Any]]) -> None:
    """Put `kev` or `epss` into the database file `path`, in the place of the one that it held.

    A failure at any point leaves the file as it was.  Raises `NotEstablishedError` where there is no database to put
    it into, and `UsageError` where that cannot be written.
    """
    AdvisoryDatabase.open(path).__exit__()
    with _replacing(path, copy=True) as connection:
        _put_catalogue(connection, name, catalogue, rows)


def _put_catalogue(
    connection: sqlite3.Connection, name: str, catalogue: Catalogue, rows: Iterable[Sequence[Any]]
) -> None:
    table, columns = _CATALOGUES[name]
    connection.execute(f"DELETE FROM {table}")  # noqa: S608 - one of ours
    connection.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({', '.join('?' * columns)})", rows)  # noqa: S608
    row = (name, catalogue.date, catalogue.version, catalogue.entries)
    connection.execute("INSERT OR REPLACE INTO catalogue VALUES (?, ?, ?, ?)", row)


def _kept_catalogues(path: str) -> dict[str, tuple[Catalogue, Iterable[Sequence[Any]]]]:
    """Those of the old database; none where it cannot be read."""
    try:
        with AdvisoryDatabase.open(path) as old:
            return {name: (about, list(old.catalogue_rows(name))) for name, about in old.catalogues().items()}
    except NotEstablishedError:
        return {}


@contextlib.contextmanager
def _replacing(path: str, *, copy: bool = False) -> Iterator[sqlite3.Connection]:
    """A new file, or a copy of the one at `path`, which takes its place when all is well; raises `UsageError`."""
    try:
        with _unfinished(path, copy=copy) as unfinished:
            with contextlib.closing(sqlite3.connect(unfinished)) as connection:
                # Nobody else knows the file; what a crash leaves of it is never looked at.
                connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
                yield connection
                connection.commit()
            os.chmod(unfinished, 0o644)  # advisories are public, and several users may share the file
            _sync(unfinished)
            os.replace(unfinished, path)
        with contextlib.suppress(OSError):  # the new file is in place; some file systems cannot sync a folder
            _sync(os.path.dirname(os.path.abspath(path)))
    except (OSError, sqlite3.Error) as error:
        raise UsageError(
            f"the advisory database cannot be written: {error}",
            hint="what was there is as it was; --db PATH names another place",
        ) from None


@contextlib.contextmanager
def _unfinished(path: str, *, copy: bool) -> Iterator[str]:
    folder = os.path.dirname(os.path.abspath(path))
    os.makedirs(folder, exist_ok=True)
    _remove_strays(folder)
    handle, unfinished = tempfile.mkstemp(prefix=_UNFINISHED, dir=folder)
    os.close(handle)
    try:
        if copy:
            shutil.copyfile(path, unfinished)
        yield unfinished
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(unfinished)
        raise


_UNFINISHED = ".bomvet-import-"
_STRAY_SECONDS = 24 * 60 * 60


def _expect_replaceable(path: str) -> None:
    """Raise `UsageError` where `path` is neither free nor empty nor a database of ours, of whatever format."""
    if os.path.isdir(path):
        raise UsageError(f"{path} is a folder", hint="name a file with --db")
    if not os.path.exists(path):
        return
    regular = os.path.isfile(path)
    header = _header(path) if regular else b""
    if not regular or (header and not _is_ours(header)):
        delete = ", or delete this one" if regular else ""
        raise UsageError(
            f"{path} is no advisory database, and is not replaced", hint=f"name another file with --db{delete}"
        )


def _remove_strays(folder: str) -> None:
    """Remove what imports left that were killed; younger files may belong to one that runs."""
    entries: list[os.DirEntry[str]] = []
    with contextlib.suppress(OSError), os.scandir(folder) as found:  # a folder may be writable and still not readable
        entries = [entry for entry in found if entry.name.startswith(_UNFINISHED)]
    for entry in entries:
        with contextlib.suppress(OSError):  # somebody else's, or gone meanwhile
            age = time.time() - entry.stat(follow_symlinks=False).st_mtime
            if age > _STRAY_SECONDS and entry.is_file(follow_symlinks=False):
                os.unlink(entry.path)


def _sync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE ecosystem (name TEXT PRIMARY KEY, records INTEGER, withdrawn INTEGER) WITHOUT ROWID;
CREATE TABLE package (ecosystem TEXT, name TEXT, entries BLOB, PRIMARY KEY (ecosystem, name)) WITHOUT ROWID;
CREATE TABLE advisory (id TEXT PRIMARY KEY, record BLOB) WITHOUT ROWID;
CREATE TABLE catalogue (name TEXT PRIMARY KEY, date TEXT, version TEXT, entries INTEGER) WITHOUT ROWID;
CREATE TABLE kev (cve TEXT PRIMARY KEY, added TEXT, due TEXT, ransomware INTEGER) WITHOUT ROWID;
CREATE TABLE epss (cve TEXT PRIMARY KEY, score REAL, percentile REAL, band TEXT) WITHOUT ROWID;
ATTACH '' AS stage;
CREATE TABLE stage.record (id TEXT PRIMARY KEY, modified TEXT, digest BLOB, withdrawn INTEGER, advisory BLOB)
    WITHOUT ROWID;
CREATE TABLE stage.entry (id TEXT, number INTEGER, ecosystem TEXT, name TEXT, entry BLOB, PRIMARY KEY (id, number))
    WITHOUT ROWID;
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
        id_, digest = record.advisory["id"], hashlib.sha256(item.data).digest()
        # Where two differ and neither is later, the digest decides, so that the sequence of files never does.
        rank = (_moment(record.advisory["modified"]), digest)
        known = execute("SELECT modified, digest FROM stage.record WHERE id = ?", (id_,)).fetchone()
        if known:
            if known >= rank:
                return
            execute("DELETE FROM stage.entry WHERE id = ?", (id_,))
            self._tolerated.discard(id_)
        if record.faults:
            self._tolerated.add(id_)
            self._fault(f"{item.origin}: tolerated: {record.faults[0]}")
        withdrawn = bool(record.advisory["withdrawn"])
        execute(
            "INSERT OR REPLACE INTO stage.record VALUES (?, ?, ?, ?, ?)",
            (id_, *rank, withdrawn, orjson.dumps(record.advisory)),
        )
        self.connection.executemany(
            "INSERT INTO stage.entry VALUES (?, ?, ?, ?, ?)",
            ((id_, number, eco, name, orjson.dumps(e)) for number, (eco, name, e) in enumerate(record.entries)),
        )

    def finish(self, *, source: str, obtained: dt.datetime) -> None:
        """Second pass: entries by package, counts, digest."""
        (records,) = self.connection.execute("SELECT count(*) FROM stage.record").fetchone()
        if not records:
            raise NoRecordError(tuple(self.faults))
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
        # A copy is there three times faster than an engine that reads the dictionary anew.
        fresh = zlib.compressobj(6, zlib.DEFLATED, -15, 8, zlib.Z_DEFAULT_STRATEGY, dictionary)

        def packed(data: bytes) -> bytes:
            engine = fresh.copy()
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
                    r.id, r.withdrawn
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


def _moment(modified: str) -> str:
    """A time that compares as text, since some are given to the second and some to the microsecond."""
    return modified.removesuffix("Z").removesuffix("+00:00")
