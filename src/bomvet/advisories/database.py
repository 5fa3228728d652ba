"""The offline advisory database: one SQLite file, which is never seen half changed.

Whoever changes it makes a new file, or a copy of the old one, beside it and renames that into its place; readers open
it read-only and immutable.  What stands in the tables is told by `tables`.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import sqlite3
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

import orjson

from bomvet.advisories.editing import Editor, vanished
from bomvet.advisories.replacement import alone, replacing
from bomvet.advisories.tables import (
    FORMAT,
    MANAGED,
    SCHEMA,
    Intake,
    alias_key,
    create,
    digest,
    is_subject,
    names,
    packings,
    selected,
)  # fmt: skip
from bomvet.errors import NotEstablishedError, UsageError
from bomvet.model.facts import Catalogue
from bomvet.model.records import dataclass
from bomvet.model.result import Snapshot
from bomvet.versions.orders import ORDERS

if TYPE_CHECKING:
    from bomvet.advisories.bucket import RawRecord
    from bomvet.advisories.tables import Item

#: What `tables` writes with.
Connection = sqlite3.Connection
#: "bvdb": marks the file as ours.
APPLICATION_ID = 0x62766462
_IMPORT_HINT = "import the advisories again: bomvet db import PATH"
#: The header of a SQLite file: its size, how it begins, and where the application id stands.
_HEADER_BYTES, _MAGIC, _APPLICATION_ID = 100, b"SQLite format 3\0", slice(68, 72)


@dataclass(frozen=True, slots=True, kw_only=True)
class EcosystemCount:
    """How many records tell of an ecosystem (without release suffix), and how many of those are withdrawn."""

    name: str
    records: int
    withdrawn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """How far updates of an ecosystem have come.

    `seen` is the latest change of a record, `etag` that of the last archive, `full` when that was fetched, `checked`
    when there was last nothing more to fetch.
    """

    name: str
    seen: str = ""
    etag: str = ""
    full: str = ""
    checked: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseStatus:
    """What a database holds: `tolerated` records break the schema and were read, `unreadable` files were not."""

    snapshot: Snapshot
    ecosystems: tuple[EcosystemCount, ...]
    tolerated: int
    unreadable: int
    feeds: tuple[Feed, ...] = ()
    catalogues: Mapping[str, Catalogue] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A record that was searched for, and the packages (ecosystem, name) that it is about."""

    record: dict[str, Any]
    packages: tuple[tuple[str, str], ...]


MAX_FOUND = 1000  # a search gives no more


class AdvisoryDatabase:
    """A database open for reading; look-ups are batched and memory stays with what was asked for."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        meta = dict(connection.execute("SELECT key, value FROM meta"))
        self._packing, entries = packings(meta["dictionary"])
        self._unpacked = entries.unpacked
        #: What the data is and how old.
        self.snapshot = _snapshot(meta)
        #: When records that no update has brought since were imported; empty where there are none.
        self.imported = str(meta["imported"])
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
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA cell_size_check = ON")
            if connection.execute("PRAGMA user_version").fetchone() != (FORMAT,):
                raise NotEstablishedError("the advisory database is of another version of bomvet", hint=_IMPORT_HINT)
            _expect_tables(connection)
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
            rows = self._connection.execute("SELECT name, seen, etag, full, checked FROM feed ORDER BY name").fetchall()
            told = (map(str, row) for row in rows)
            feeds = tuple(Feed(name=n, seen=s, etag=e, full=f, checked=c) for n, s, e, f, c in told)
        return DatabaseStatus(
            snapshot=self.snapshot,
            ecosystems=counts,
            tolerated=self._tolerated,
            unreadable=self._unreadable,
            feeds=feeds,
            catalogues=self.catalogues(),
        )

    def covered(self) -> frozenset[str]:
        """The ecosystems, without releases, that it can speak of: of all others, having nothing says nothing.

        Those are the updated ones, and of what was imported those that a record is about alone: archives name others.
        """
        status = self.status()
        with _told():
            names = (count.name for count in (status.ecosystems if self.imported else ()))
            subjects = {name for name in names if is_subject(self._connection, self._unpacked, name)}
        return frozenset(subjects | {feed.name for feed in status.feeds})

    def packages(self, ecosystem: str, names: Collection[str]) -> Mapping[str, list[dict[str, Any]]]:
        """Per name that has any, the affected entries."""
        sql = "SELECT name, entries FROM package WHERE ecosystem = ? AND name IN ({})"
        with _told():
            return {name: self._unpacked(blob) for name, blob in selected(self._connection, sql, names, ecosystem)}

    def advisories(self, ids: Collection[str]) -> Mapping[str, dict[str, Any]]:
        """Per id that exists, the record without its entries."""
        sql = "SELECT id, record FROM advisory WHERE id IN ({})"
        with _told():
            return {id_: self._packing.unpacked(blob) for id_, blob in selected(self._connection, sql, ids)}

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
            for cve, added, due, ransomware in selected(self._connection, kev, cves):
                entry = {"added": str(added), "due": str(due), "ransomware": bool(ransomware)}
                found[cve] = {"kev": entry, "epss": None}
            for cve, score, percentile, band in selected(self._connection, epss, cves):
                entry = {"score": float(score), "percentile": float(percentile), "date": date, "model": version}
                found.setdefault(cve, {"kev": None})["epss"] = {**entry, "band": str(band)}
        return found

    def catalogue_rows(self, name: str) -> Iterator[tuple[Any, ...]]:
        """Every row of the catalogue `name`, sorted, as `put_catalogue` takes them."""
        with _told():
            yield from self._connection.execute(f"SELECT * FROM {CATALOGUES[name][0]} ORDER BY cve")  # noqa: S608

    def search(self, name: str) -> list[Found]:
        """Records that are called `name`, in whatever case, by their own id or by another; sorted by id."""
        sql = "SELECT DISTINCT id FROM advisory WHERE number IN (SELECT advisory FROM alias WHERE name = ?) LIMIT ?"
        wanted = name.casefold()
        with _told():
            ids = [str(row[0]) for row in self._connection.execute(sql, (alias_key(name), MAX_FOUND)).fetchall()]
        return [one for one in self.named(ids) if wanted in {each.casefold() for each in names(one.record)}]

    def named(self, ids: Collection[str]) -> list[Found]:
        """The records of these ids with their packages; sorted by id."""
        sql = "SELECT id, record, packages FROM advisory WHERE id IN ({})"
        with _told():
            return [
                Found(record=self._packing.unpacked(record), packages=tuple(map(tuple, orjson.loads(packages))))
                for _, record, packages in sorted(selected(self._connection, sql, ids))
            ]

    def holds(self, ecosystem: str) -> bool:
        """Whether there is any package of `ecosystem`, with its release."""
        sql = "SELECT 1 FROM package WHERE ecosystem = ? LIMIT 1"
        with _told():
            return self._connection.execute(sql, (ecosystem,)).fetchone() is not None

    def packages_called(self, name: str) -> list[tuple[str, list[dict[str, Any]]]]:
        """Per ecosystem that has a package of that name, its entries."""
        with _told():
            (*ecosystems,) = (str(row[0]) for row in self._connection.execute("SELECT DISTINCT ecosystem FROM package"))
            rows = [(ecosystem, self.packages(ecosystem, [name]).get(name)) for ecosystem in sorted(ecosystems)]
            return [(ecosystem, entries) for ecosystem, entries in rows if entries]

    def records(self) -> Iterator[tuple[dict[str, Any], list[tuple[str, str, dict[str, Any]]], int]]:
        """Every record by id: as `read_record` takes it apart, and its flags."""
        with _told():
            entries = groupby(self._entries(), key=lambda row: row[0])
            key, group = next(entries, ("", ()))
            for id_, record, flags in self._connection.execute("SELECT id, record, flags FROM advisory ORDER BY id"):
                found = []
                if key == id_:
                    found = [(str(eco), str(name), orjson.loads(entry)) for _, eco, name, entry in group]
                    key, group = next(entries, ("", ()))
                yield self._packing.unpacked(record), found, int(flags)

    def _entries(self) -> Iterator[tuple[str, str, str, bytes]]:
        """All entries, by record and package: sorted aside, since they are kept by package alone."""
        self._connection.executescript(
            "DROP TABLE IF EXISTS temp.entry; CREATE TEMP TABLE entry "
            "(id TEXT, ecosystem TEXT, name TEXT, number INTEGER, entry BLOB, "
            "PRIMARY KEY (id, ecosystem, name, number)) WITHOUT ROWID;"
        )
        rows = self._connection.execute("SELECT ecosystem, name, entries FROM package ORDER BY ecosystem, name")
        self._connection.executemany(
            "INSERT INTO temp.entry VALUES (?, ?, ?, ?, ?)",
            (
                (entry["id"], ecosystem, name, number, orjson.dumps(entry))
                for ecosystem, name, blob in rows
                for number, entry in enumerate(self._unpacked(blob))
            ),
        )
        yield from self._connection.execute(
            "SELECT id, ecosystem, name, entry FROM temp.entry ORDER BY id, ecosystem, name, number"
        )


#: Per catalogue its table and the number of its columns.
CATALOGUES = {"kev": ("kev", 4), "epss": ("epss", 4)}
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


def _expect_tables(connection: sqlite3.Connection) -> None:
    """Raise `ValueError` where there are other tables than ours, views or triggers: none of those is ever asked."""
    rows = connection.execute("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_autoindex_%'")
    if dict(rows) != SCHEMA:
        raise ValueError("its tables are not those of bomvet")


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
    intake = Intake()
    with _replacing(path) as connection:
        records, tolerated = create(connection, intake.items(raw, 0, progress))
        if not records:
            raise NoRecordError(tuple(intake.faults))
        meta = {"obtained": stamp(obtained), "imported": stamp(obtained), "source": source}
        counts = {"records": records, "tolerated": tolerated, "unreadable": intake.unreadable}
        _write_meta(connection, {**meta, **counts})
        for name, (catalogue, rows) in {**_kept_catalogues(path), **catalogues}.items():
            _put_catalogue(connection, name, catalogue, rows)
    return _result(path, intake)


def _result(path: str, intake: Intake) -> ImportResult:
    with AdvisoryDatabase.open(path) as database:
        return ImportResult(status=database.status(), faults=tuple(intake.faults))


def _write_meta(connection: sqlite3.Connection, values: Mapping[str, Any]) -> None:
    """Those `values`, the digest, and the mark of our files."""
    meta = {**values, "digest": digest(connection)}
    connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", sorted(meta.items()))
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def stamp(moment: dt.datetime) -> str:
    """A moment as it is written here, `2026-01-31T12:00:00Z`."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What an update has fetched.

    `raw` are the records of the archives of the ecosystems `refreshed`, from which all else is gone, and single ones
    of others.  `feeds` say how far each ecosystem has come with that; those of others stay, as do catalogues that are
    not among `catalogues`.
    """

    raw: Iterable[RawRecord]
    feeds: Collection[Feed]
    source: str
    obtained: dt.datetime
    refreshed: frozenset[str] = frozenset()
    catalogues: Catalogues = MappingProxyType({})


def update(path: str, new: Update, progress: Callable[[int], None] = lambda _: None) -> ImportResult:
    """Put what is `new` into the database file `path`, which is made where there is none to be had.

    A failure at any point leaves the old file as it was.  Raises `NoRecordError` where there is no record to begin
    with, and `UsageError` where `path` cannot be written or holds something else than advisories.
    """
    _expect_replaceable(path)
    intake = Intake()
    with alone(path):
        try:
            with AdvisoryDatabase.open(path) as old:
                status = old.status()
        except NotEstablishedError:
            status = None
        with _replacing(path, copy=status is not None, held=True) as connection:
            items = intake.items(new.raw, MANAGED, progress)
            if status is None:
                records, tolerated = create(connection, items)
                if not records:
                    raise NoRecordError(tuple(intake.faults))
                imported = ""
                values = {"source": new.source, "imported": imported, "records": records, "tolerated": tolerated}
                values["unreadable"] = intake.unreadable
            else:
                values, imported = _edited(connection, status, new, items, intake)
            feeds = {feed.name: feed for feed in (*(status.feeds if status else ()), *new.feeds)}
            _put_feeds(connection, feeds.values())
            _write_meta(connection, {**values, "obtained": _oldest(connection, feeds, imported)})
            for name, (catalogue, rows) in new.catalogues.items():
                _put_catalogue(connection, name, catalogue, rows)
    return _result(path, intake)


def _edited(
    connection: sqlite3.Connection, status: DatabaseStatus, new: Update, items: Iterable[Item], intake: Intake
) -> tuple[dict[str, Any], str]:
    """Change the tables; what to write into `meta`, and when the records that no update brought were imported."""
    meta = dict(connection.execute("SELECT key, value FROM meta WHERE key IN ('dictionary', 'imported')"))
    editor = Editor(connection, *packings(meta["dictionary"]))
    alive: set[str] = set()

    def seen() -> Iterator[Item]:
        for item in items:
            alive.add(item.id)
            yield item

    editor.put(seen())
    if new.refreshed:
        # What cannot be read is not gone.
        alive.update(os.path.basename(origin).removesuffix(".json") for origin in intake.lost)
        tracked = {feed.name for feed in (*status.feeds, *new.feeds)}
        editor.remove(vanished(connection, alive, new.refreshed, tracked))
    editor.finish()
    before = 0 if {feed.name for feed in status.feeds} <= new.refreshed else status.unreadable
    source = status.snapshot.source
    values = {
        "source": source if new.source in source.split(", ") else f"{source}, {new.source}",
        "records": status.snapshot.records + editor.records,
        "tolerated": status.tolerated + editor.tolerated,
        "unreadable": before + intake.unreadable,
    }
    return values, str(meta["imported"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A database that comes from elsewhere, to be read in sequence: `items`, then the rows of each catalogue.

    `digest` is what the records have to have; `finish` raises where what was read is not to be believed.
    """

    obtained: str
    imported: str
    source: str
    digest: str
    unreadable: int
    feeds: Collection[Feed]
    items: Iterable[Item]
    catalogues: Catalogues
    finish: Callable[[], None]


def restore(path: str, new: Restored) -> DatabaseStatus:
    """Put `new` in the place of the database file `path`, catalogues and all.

    A failure at any point leaves the old file as it was.  Raises what `new` raises, and `UsageError`.
    """
    _expect_replaceable(path)
    with _replacing(path) as connection:
        records, tolerated = create(connection, new.items)
        for name, (catalogue, rows) in new.catalogues.items():
            _put_catalogue(connection, name, catalogue, rows)
        new.finish()
        meta = {"obtained": new.obtained, "imported": new.imported, "source": new.source}
        _put_feeds(connection, new.feeds)
        _write_meta(connection, {**meta, "records": records, "tolerated": tolerated, "unreadable": new.unreadable})
        connection.commit()
        found = dict(connection.execute("SELECT key, value FROM meta"))
        try:
            snapshot = _snapshot(found)
        except (ValueError, TypeError) as error:
            raise UsageError(f"the exported database cannot be used: {error}; nothing was changed") from None
        if snapshot.digest != new.digest:
            raise UsageError("the exported database cannot be used: its records are not those it names by its digest")
    with AdvisoryDatabase.open(path) as database:
        return database.status()


def _oldest(connection: sqlite3.Connection, feeds: Mapping[str, Feed], imported: str) -> str:
    """How old the data is: as the oldest of what components may be matched with."""
    held = {str(name) for (name,) in connection.execute("SELECT name FROM ecosystem")}
    rest = {imported} if imported and held & ORDERS.keys() - feeds.keys() else set()
    return min(rest | {feed.checked for feed in feeds.values()}, default=imported)


def _put_feeds(connection: sqlite3.Connection, feeds: Iterable[Feed]) -> None:
    rows = [(feed.name, feed.seen, feed.etag, feed.full, feed.checked) for feed in feeds]
    connection.executemany("INSERT OR REPLACE INTO feed VALUES (?, ?, ?, ?, ?)", rows)


def put_catalogue(path: str, name: str, catalogue: Catalogue, rows: Iterable[Sequence[Any]]) -> None:
    """Put `kev` or `epss` into the database file `path`, in the place of the one that it held.

    A failure at any point leaves the file as it was.  Raises `NotEstablishedError` where there is no database to put
    it into, and `UsageError` where that cannot be written.
    """
    with alone(path):
        AdvisoryDatabase.open(path).__exit__()
        with _replacing(path, copy=True, held=True) as connection:
            _put_catalogue(connection, name, catalogue, rows)


def _put_catalogue(
    connection: sqlite3.Connection, name: str, catalogue: Catalogue, rows: Iterable[Sequence[Any]]
) -> None:
    table, columns = CATALOGUES[name]
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
def _replacing(path: str, *, copy: bool = False, held: bool = False) -> Iterator[sqlite3.Connection]:
    """A new file, or a copy of the one at `path`, which takes its place when all is well; raises `UsageError`."""
    try:
        with (
            replacing(path, copy=copy, held=held) as unfinished,
            contextlib.closing(sqlite3.connect(unfinished)) as connection,
        ):
            # Nobody else knows the file; what a crash leaves of it is never looked at.
            connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
            yield connection
            connection.commit()
    except (OSError, sqlite3.Error) as error:
        raise UsageError(
            f"the advisory database cannot be written: {error}",
            hint="what was there is as it was; --db PATH names another place",
        ) from None


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
