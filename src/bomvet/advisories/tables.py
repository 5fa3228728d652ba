"""What the tables of the advisory database hold, and how they are written: as a whole, or changed in place.

- `advisory`: one row a record; `record` is what `read_record` calls the advisory, `packages` the names of its
  entries as JSON, `flags` see `WITHDRAWN` and its fellows,
- `package`: one row a package; `entries` of all records, by id and in the record's own sequence,
- `alias`: checksums of all names of records, to search by,
- `leaf`: digests of all records, in 4,096 buckets, out of which the digest of the whole is made,
- `ecosystem`: counts; `feed`: how far updates have come; `catalogue`, `kev`, `epss`: what is exploited,
- `meta`: the rest.

Records and entries are JSON, deflated with a dictionary that stands in `meta` and stays as long as the file is
changed in place.  Connections are made elsewhere.
"""

from __future__ import annotations

import hashlib
import zlib
from array import array
from bisect import bisect_left, insort
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import chain, groupby, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import orjson

from bomvet.advisories.records import BrokenRecordError, read_record
from bomvet.model.records import dataclass, field

if TYPE_CHECKING:
    from bomvet.advisories.bucket import RawRecord
    from bomvet.advisories.database import Connection

#: Rises with every change of the tables or of what stands in them.
FORMAT = 3
#: By name, so that a file that holds anything else is not even asked.
SCHEMA = {
    "meta": "CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID",
    "ecosystem": "CREATE TABLE ecosystem (name TEXT PRIMARY KEY, records INTEGER, withdrawn INTEGER) WITHOUT ROWID",
    "package": (
        "CREATE TABLE package (number INTEGER PRIMARY KEY, ecosystem TEXT, name TEXT, entries BLOB, "
        "UNIQUE (ecosystem, name))"
    ),
    "advisory": (
        "CREATE TABLE advisory (number INTEGER PRIMARY KEY, id TEXT UNIQUE, record BLOB, packages TEXT, flags INTEGER)"
    ),
    "alias": "CREATE TABLE alias (name INTEGER, advisory INTEGER, PRIMARY KEY (name, advisory)) WITHOUT ROWID",
    "leaf": "CREATE TABLE leaf (bucket INTEGER PRIMARY KEY, leaves BLOB)",
    "feed": "CREATE TABLE feed (name TEXT PRIMARY KEY, seen TEXT, etag TEXT, full TEXT, checked TEXT) WITHOUT ROWID",
    "catalogue": (
        "CREATE TABLE catalogue (name TEXT PRIMARY KEY, date TEXT, version TEXT, entries INTEGER) WITHOUT ROWID"
    ),
    "kev": "CREATE TABLE kev (cve TEXT PRIMARY KEY, added TEXT, due TEXT, ransomware INTEGER) WITHOUT ROWID",
    "epss": "CREATE TABLE epss (cve TEXT PRIMARY KEY, score REAL, percentile REAL, band TEXT) WITHOUT ROWID",
}
#: Flags of a record: it is withdrawn; it breaks the schema and was read; an update has brought or confirmed it.
WITHDRAWN, TOLERATED, MANAGED = 1, 2, 4
#: Faults that are kept as examples.
MAX_FAULTS = 20
#: SQLite's oldest limit of variables in one statement is 999.
CHUNK = 500
#: Nothing that is kept unpacks to more.
MAX_UNPACKED = 512 * 1024 * 1024
_ID_BYTES, _LEAF_BYTES = 8, 32


# -- packing ---------------------------------------------------------------------------------------------------


class Packing:
    """Deflates small texts that are alike."""

    def __init__(self, dictionary: bytes) -> None:
        self.dictionary = dictionary
        # A copy is there three times faster than an engine that reads the dictionary anew.  Level 3 takes two
        # thirds of the time of the usual 6, for a tenth more bytes.
        self._fresh = zlib.compressobj(3, zlib.DEFLATED, -15, 8, zlib.Z_DEFAULT_STRATEGY, dictionary)

    def packed(self, data: bytes) -> bytes:
        """`data`, deflated."""
        engine = self._fresh.copy()
        return engine.compress(data) + engine.flush()

    def unpacked(self, blob: bytes) -> Any:
        """What the JSON in `blob` says; raises what zlib and orjson raise, and `ValueError` where it is too large."""
        engine = zlib.decompressobj(-15, zdict=self.dictionary)
        data = engine.decompress(blob, MAX_UNPACKED)
        if not engine.eof:
            raise ValueError("a row of it ends too soon or never")
        return orjson.loads(data)


# -- digests ---------------------------------------------------------------------------------------------------


def leaf_of(id_: str, content: bytes) -> bytes:
    """The digest of a record: by the first 8 bytes it is found again, the other 24 are of what is kept of it."""
    return (
        hashlib.sha256(id_.encode()).digest()[:_ID_BYTES] + hashlib.sha256(content).digest()[: _LEAF_BYTES - _ID_BYTES]
    )


def _bucket(leaf: bytes) -> int:
    return int.from_bytes(leaf[:2], "big") >> 4


def _split(leaves: bytes) -> list[bytes]:
    return [leaves[start : start + _LEAF_BYTES] for start in range(0, len(leaves), _LEAF_BYTES)]


def digest(connection: Connection) -> str:
    """Of all records: the sorted digests of each, so that the way they came does not matter."""
    total = hashlib.sha256()
    for (leaves,) in connection.execute("SELECT leaves FROM leaf ORDER BY bucket"):
        total.update(leaves)
    return f"sha256:{total.hexdigest()}"


def moment(modified: str) -> str:
    """A time that compares as text, since some are given to the second and some to the microsecond."""
    return modified.removesuffix("Z").removesuffix("+00:00")


def alias_key(name: str) -> int:
    """What a name is searched by, in whatever case; others may share it."""
    return zlib.crc32(name.casefold().encode("utf-8", "surrogatepass"))


# -- records on their way in -----------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Item:
    """A record as it is written; `advisory` and the third of each of `entries` are JSON."""

    id: str
    modified: str
    leaf: bytes
    flags: int
    names: list[str]
    advisory: bytes
    entries: list[tuple[str, str, bytes]]

    @property
    def packages(self) -> str:
        """The names of its packages, each once, as they are kept."""
        return orjson.dumps(list(dict.fromkeys((eco, name) for eco, name, _ in self.entries))).decode()

    @property
    def keys(self) -> set[int]:
        """What it is searched by."""
        return {alias_key(name) for name in self.names}

    @property
    def rank(self) -> tuple[str, bytes]:
        """Of two records of one id the one of higher rank stays."""
        # Where neither is later the digest decides, so that the sequence of files never does.
        return self.modified, self.leaf


_PACKAGE = itemgetter(0, 1)


def item_of(advisory: dict[str, Any], entries: Iterable[tuple[str, str, dict[str, Any]]], flags: int) -> Item:
    """A record that was taken apart; raises `TypeError` where a text of it cannot be written."""
    id_, text = advisory["id"], orjson.dumps(advisory)
    written = [(eco, name, orjson.dumps(entry)) for eco, name, entry in entries]
    if len(written) > 1:
        # By package, as they are kept; those of one package stay in their own sequence.
        written.sort(key=_PACKAGE)
    parts = chain((text,), chain.from_iterable((eco.encode(), name.encode(), entry) for eco, name, entry in written))
    return Item(
        id=id_,
        modified=moment(advisory["modified"]),
        leaf=leaf_of(id_, b"\0".join(parts)),
        flags=flags | (WITHDRAWN if advisory["withdrawn"] else 0),
        names=[id_, *advisory["aliases"], *advisory["upstream"]],
        advisory=text,
        entries=written,
    )


@dataclass(slots=True)
class Intake:
    """Reads raw records, and counts and tells what is wrong with them."""

    faults: list[str] = field(default_factory=list)
    unreadable: int = 0
    #: Where those stood that could not be read.
    lost: list[str] = field(default_factory=list)

    def items(self, raw: Iterable[RawRecord], flags: int, progress: Callable[[int], None]) -> Iterator[Item]:
        """Every record that can be read, with `flags`."""
        for number, one in enumerate(raw, start=1):
            if number % 1000 == 0:
                progress(number)
            fault = one.fault
            if not fault:
                try:
                    record = read_record(orjson.loads(one.data))
                    item = item_of(record.advisory, record.entries, flags | (TOLERATED if record.faults else 0))
                except (orjson.JSONDecodeError, BrokenRecordError, UnicodeEncodeError) as error:
                    fault = str(error)
                else:
                    if record.faults:
                        self.tell(f"{one.origin}: tolerated: {record.faults[0]}")
                    yield item
                    continue
            self.tell(f"{one.origin}: {fault}")
            self.unreadable += 1
            self.lost.append(one.origin)

    def tell(self, text: str) -> None:
        """Keep `text`, if it is among the first."""
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(text)


def _chunks(items: Iterable[Any], size: int = CHUNK) -> Iterator[list[Any]]:
    remaining = iter(items)
    while chunk := list(islice(remaining, size)):
        yield chunk


def _bases(packages: Iterable[Sequence[str]]) -> set[str]:
    """The ecosystems, without releases, that a record tells of."""
    return {ecosystem.partition(":")[0] for ecosystem, *_ in packages}


def selected(connection: Connection, sql: str, keys: Collection[Any], *before: Any) -> Iterator[tuple[Any, ...]]:
    """All rows of `sql`, in which `{}` stands for some of `keys` and what is `before` them comes first."""
    for chunk in _chunks(sorted(keys)):
        # At once, so that no cursor stays open where a blob turns out to be damaged.
        yield from connection.execute(sql.format(",".join("?" * len(chunk))), (*before, *chunk)).fetchall()


# -- as a whole ------------------------------------------------------------------------------------------------

_STAGE = """
ATTACH '' AS stage;
PRAGMA stage.journal_mode = OFF;
PRAGMA stage.cache_size = -32768;
PRAGMA cache_size = -16384;
CREATE TABLE stage.record (
    id TEXT PRIMARY KEY, modified TEXT, leaf BLOB, flags INTEGER, names BLOB, packages TEXT, advisory BLOB
) WITHOUT ROWID;
CREATE TABLE stage.entry (id TEXT, number INTEGER, ecosystem TEXT, name TEXT, entry BLOB, PRIMARY KEY (id, number))
    WITHOUT ROWID;
"""
_DICTIONARY_BYTES = 32 * 1024


def create(connection: Connection, items: Iterable[Item]) -> tuple[int, int]:
    """Make all tables and fill those of advisories; how many records there are, and how many were tolerated.

    In two passes, so that memory does not grow with the data: records into a stage, the stage by package.
    """
    connection.executescript(";".join(SCHEMA.values()) + ";" + _STAGE)
    for chunk in _chunks(items):
        _stage(connection, chunk)
    counts = "SELECT count(*), coalesce(sum(flags & ? > 0), 0) FROM stage.record"
    records, tolerated = connection.execute(counts, (TOLERATED,)).fetchone()
    packing = Packing(_dictionary(connection))
    connection.execute("INSERT INTO meta VALUES ('dictionary', ?)", (packing.dictionary,))
    _fill_packages(connection, packing)
    _fill_advisories(connection, packing)
    _fill_leaves(connection)
    connection.execute(f"PRAGMA user_version = {FORMAT}")
    connection.commit()
    connection.execute("DETACH stage")
    return int(records), int(tolerated)


def _stage(connection: Connection, items: list[Item]) -> None:
    """Put them among the others; of two records of one id the later `modified` stays."""
    best: dict[str, Item] = {}
    for item in items:
        if item.id not in best or best[item.id].rank < item.rank:
            best[item.id] = item
    known = "SELECT id, modified, leaf FROM stage.record WHERE id IN ({})"
    for id_, modified, leaf in selected(connection, known, best):
        if (modified, leaf) >= best[id_].rank:
            del best[id_]
        else:
            connection.execute("DELETE FROM stage.entry WHERE id = ?", (id_,))
    connection.executemany(
        "INSERT OR REPLACE INTO stage.record VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (i.id, i.modified, i.leaf, i.flags, array("I", i.keys).tobytes(), i.packages, i.advisory)
            for i in best.values()
        ],
    )
    connection.executemany(
        "INSERT INTO stage.entry VALUES (?, ?, ?, ?, ?)",
        [(i.id, n, *entry) for i in best.values() for n, entry in enumerate(i.entries)],
    )


def _dictionary(connection: Connection) -> bytes:
    """What records have in common, taken from some spread over all of them; the end of it weighs most."""
    (count,) = connection.execute("SELECT count(*) FROM stage.record").fetchone()
    step = max(1, count // 40)
    rows = connection.execute("SELECT advisory FROM stage.record ORDER BY id").fetchmany
    sample: list[bytes] = []
    while block := rows(step):
        sample.append(block[0][0][:512])
    entries = connection.execute("SELECT entry FROM stage.entry LIMIT 64").fetchall()
    half = _DICTIONARY_BYTES // 2
    return b"".join(sample)[-half:] + b"".join(e[0][:512] for e in entries)[-half:]


def _fill_packages(connection: Connection, packing: Packing) -> None:
    # Release suffixes ("Debian:12") stay: which of them apply is for the matcher to say.
    rows = connection.execute("SELECT ecosystem, name, entry FROM stage.entry ORDER BY ecosystem, name, id, number")
    packed = packing.packed
    connection.executemany(
        "INSERT INTO package (ecosystem, name, entries) VALUES (?, ?, ?)",
        (
            (*key, packed(b"[" + b",".join([entry for _, _, entry in group]) + b"]"))
            for key, group in groupby(rows, key=lambda row: row[:2])
        ),
    )


def _fill_advisories(connection: Connection, packing: Packing) -> None:
    """Also their aliases and counts."""
    counts: Counter[str] = Counter()
    gone: Counter[str] = Counter()
    aliases = array("Q")
    packed = packing.packed

    def rows() -> Iterator[tuple[int, str, bytes, str, int]]:
        found = connection.execute("SELECT id, advisory, packages, flags, names FROM stage.record ORDER BY id")
        for number, (id_, advisory, packages, flags, names) in enumerate(found, start=1):
            bases = _bases(orjson.loads(packages))
            counts.update(bases)
            if flags & WITHDRAWN:
                gone.update(bases)
            aliases.extend([key << 32 | number for key in array("I", names)])
            yield number, id_, packed(advisory), packages, flags

    connection.executemany("INSERT INTO advisory VALUES (?, ?, ?, ?, ?)", rows())
    connection.executemany("INSERT INTO ecosystem VALUES (?, ?, ?)", [(n, counts[n], gone[n]) for n in sorted(counts)])
    pairs = ((pair >> 32, pair & 0xFFFFFFFF) for pair in sorted(aliases))
    connection.executemany("INSERT INTO alias VALUES (?, ?)", pairs)


def _fill_leaves(connection: Connection) -> None:
    rows = connection.execute("SELECT leaf FROM stage.record ORDER BY leaf")
    connection.executemany(
        "INSERT INTO leaf VALUES (?, ?)",
        (
            (bucket, b"".join([leaf for (leaf,) in group]))
            for bucket, group in groupby(rows, key=lambda r: _bucket(r[0]))
        ),
    )


# -- in place --------------------------------------------------------------------------------------------------

#: So many records are changed at a time; a package that many of them are about is written once for all.
_BATCH = 2000
_PUT = "INSERT OR REPLACE INTO advisory VALUES (?, ?, ?, ?, ?)"


class _Row:
    """A record as it stands in the table."""

    __slots__ = ("flags", "number", "packages", "record")

    def __init__(self, number: int, record: dict[str, Any], packages: str, flags: int) -> None:
        self.number, self.record, self.flags = number, record, flags
        self.packages: list[list[str]] = orjson.loads(packages)


@dataclass(slots=True)
class Editor:
    """Puts records into tables that are full, and takes others out."""

    connection: Connection
    packing: Packing
    #: How many there are more, and how many more of those were read by tolerance.
    records: int = 0
    tolerated: int = 0
    changed: int = 0
    _counts: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    _leaves: dict[int, list[bytes]] = field(default_factory=dict)
    _dirty: set[int] = field(default_factory=set)

    def put(self, items: Iterable[Item]) -> None:
        """Add records, or replace those that are not later."""
        for chunk in _chunks(items, _BATCH):
            new: dict[str, Item] = {}
            for item in chunk:
                if item.id not in new or new[item.id].rank < item.rank:
                    new[item.id] = item
            self._load(_bucket(item.leaf) for item in new.values())
            same = {id_: item for id_, item in new.items() if self._known(item.leaf) == item.leaf}
            self._confirm(same)
            new = {id_: item for id_, item in new.items() if id_ not in same}
            old = self._rows(new)
            for id_, row in old.items():
                if (moment(row.record["modified"]), self._known(new[id_].leaf)) > new[id_].rank:
                    del new[id_]
            self._exchange({id_: row for id_, row in old.items() if id_ in new}, new)

    def remove(self, ids: Iterable[str]) -> None:
        """Take records out."""
        for chunk in _chunks(ids, _BATCH):
            old = self._rows(chunk)
            self._load(_bucket(leaf_of(id_, b"")) for id_ in old)
            self._exchange(old, {})

    def _rows(self, ids: Collection[str]) -> dict[str, _Row]:
        sql = "SELECT id, number, record, packages, flags FROM advisory WHERE id IN ({})"
        return {
            id_: _Row(number, self.packing.unpacked(record), packages, flags)
            for id_, number, record, packages, flags in selected(self.connection, sql, ids)
        }

    def _confirm(self, same: dict[str, Item]) -> None:
        """Records that came again as they are."""
        ids = [id_ for id_, item in same.items() if item.flags & MANAGED]
        sql = "SELECT id FROM advisory WHERE NOT flags & ? AND id IN ({})"
        unconfirmed = [(MANAGED, *row) for row in selected(self.connection, sql, ids, MANAGED)]
        self.connection.executemany("UPDATE advisory SET flags = flags | ? WHERE id = ?", unconfirmed)

    def _exchange(self, old: dict[str, _Row], new: dict[str, Item]) -> None:
        """Put `new` in the place of `old`; `old` holds every record of an id in `new` that there is."""
        self.changed += len(old.keys() | new.keys())
        self._change_packages(old, new)
        (last,) = self.connection.execute("SELECT coalesce(max(number), 0) FROM advisory").fetchone()
        self.connection.executemany(
            "DELETE FROM alias WHERE name = ? AND advisory = ?",
            [(alias_key(name), row.number) for row in old.values() for name in names(row.record)],
        )
        self.connection.executemany("DELETE FROM advisory WHERE number = ?", [(row.number,) for row in old.values()])
        for id_, row in old.items():
            self._count(_bases(row.packages), row.flags, -1)
            self._take_leaf(leaf_of(id_, b""))
        for number, (id_, item) in enumerate(sorted(new.items()), start=last + 1):
            at = old[id_].number if id_ in old else number
            row_ = (at, id_, self.packing.packed(item.advisory), item.packages, item.flags)
            self.connection.execute(_PUT, row_)
            self.connection.executemany("INSERT INTO alias VALUES (?, ?)", [(key, at) for key in item.keys])
            self._count(_bases(entry[:1] for entry in item.entries), item.flags, 1)
            insort(self._leaves[_bucket(item.leaf)], item.leaf)
            self._dirty.add(_bucket(item.leaf))

    def _change_packages(self, old: dict[str, _Row], new: dict[str, Item]) -> None:
        found: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
        for row in old.values():
            for ecosystem, name in row.packages:
                found[ecosystem][name] = []
        for item in new.values():
            for ecosystem, name, entry in item.entries:
                found[ecosystem][name].append(orjson.loads(entry))
        sql = "SELECT name, number, entries FROM package WHERE ecosystem = ? AND name IN ({})"
        for ecosystem, names in found.items():
            known = {name: (number, blob) for name, number, blob in selected(self.connection, sql, names, ecosystem)}
            for name, added in names.items():
                number, blob = known.get(name, (None, None))
                kept = [e for e in self.packing.unpacked(blob) if e["id"] not in old] if blob else []
                entries = sorted(kept + added, key=_id)
                if not entries:
                    self.connection.execute("DELETE FROM package WHERE number = ?", (number,))
                    continue
                row_ = (number, ecosystem, name, self.packing.packed(orjson.dumps(entries)))
                self.connection.execute("INSERT OR REPLACE INTO package VALUES (?, ?, ?, ?)", row_)

    def _count(self, bases: Iterable[str], flags: int, sign: int) -> None:
        self.records += sign
        self.tolerated += sign if flags & TOLERATED else 0
        for base in bases:
            self._counts[base][0] += sign
            self._counts[base][1] += sign if flags & WITHDRAWN else 0

    def _load(self, buckets: Iterable[int]) -> None:
        missing = {*buckets} - self._leaves.keys()
        self._leaves.update((bucket, []) for bucket in missing)
        sql = "SELECT bucket, leaves FROM leaf WHERE bucket IN ({})"
        for bucket, leaves in selected(self.connection, sql, missing):
            self._leaves[bucket] = _split(leaves)

    def _known(self, leaf: bytes) -> bytes:
        """The digest that the record of the same id has; empty where there is none."""
        leaves = self._leaves[_bucket(leaf)]
        at = bisect_left(leaves, leaf[:_ID_BYTES])
        return leaves[at] if at < len(leaves) and leaves[at].startswith(leaf[:_ID_BYTES]) else b""

    def _take_leaf(self, leaf: bytes) -> None:
        self._leaves[_bucket(leaf)].remove(self._known(leaf))
        self._dirty.add(_bucket(leaf))

    def finish(self) -> None:
        """Write what was kept back; the digest is right from here on."""
        self.connection.executemany(
            "INSERT OR REPLACE INTO leaf VALUES (?, ?)",
            [(bucket, b"".join(self._leaves[bucket])) for bucket in sorted(self._dirty)],
        )
        self.connection.execute("DELETE FROM leaf WHERE leaves = x''")
        add = (
            "INSERT INTO ecosystem VALUES (?, ?, ?) ON CONFLICT (name) "
            "DO UPDATE SET records = records + excluded.records, withdrawn = withdrawn + excluded.withdrawn"
        )
        self.connection.executemany(add, [(name, *numbers) for name, numbers in self._counts.items()])
        self.connection.execute("DELETE FROM ecosystem WHERE records = 0")


def _id(entry: dict[str, Any]) -> str:
    found: str = entry["id"]
    return found


def names(record: dict[str, Any]) -> Iterable[str]:
    """All that a record is called."""
    return (record["id"], *record["aliases"], *record["upstream"])


def vanished(
    connection: Connection, alive: Collection[str], refreshed: Collection[str], tracked: Collection[str]
) -> list[str]:
    """Records that updates brought and that are gone from where they came from.

    `alive` are the ids that the ecosystems `refreshed` have now.  A record that also tells of another one of those
    that are `tracked` stays until that is refreshed too.
    """
    found = []
    for id_, packages in connection.execute("SELECT id, packages FROM advisory WHERE flags & ?", (MANAGED,)):
        if id_ not in alive:
            bases = _bases(orjson.loads(packages)) & {*tracked}
            if bases and bases <= {*refreshed}:
                found.append(id_)
    return found


def is_subject(connection: Connection, packing: Packing, ecosystem: str) -> bool:
    """Whether there is a record about nothing but packages of `ecosystem`, in whatever release."""
    sql = "SELECT entries FROM package WHERE ecosystem = ? OR (ecosystem > ? AND ecosystem < ?)"
    for (blob,) in connection.execute(sql, (ecosystem, f"{ecosystem}:", f"{ecosystem};")):
        ids = {_id(entry) for entry in packing.unpacked(blob)}
        for _, packages in selected(connection, "SELECT id, packages FROM advisory WHERE id IN ({})", ids):
            if _bases(orjson.loads(packages)) == {ecosystem}:
                return True
    return False
