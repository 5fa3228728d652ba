"""What the tables of the advisory database hold, and how they are written: as a whole, or changed in place.

- `advisory`: one row a record; `record` is what `read_record` calls the advisory, `packages` the names of its
  entries as JSON, `flags` see `WITHDRAWN` and its fellows,
- `package`: one row a package; `entries` of all records, by id and in the record's own sequence,
- `alias`: checksums of all names of records, to search by,
- `leaf`: digests of all records, in 4,096 buckets, out of which the digest of the whole is made,
- `ecosystem`: counts; `feed`: how far updates have come; `catalogue`, `kev`, `epss`: what is exploited,
- `meta`: the rest.

Records and entries are JSON, deflated with dictionaries that stand in `meta` and stay as long as the file is changed in
place.  Connections are made elsewhere.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import zlib
from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import groupby, islice, repeat
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import orjson

from bomvet.advisories.records import BrokenRecordError, read_record
from bomvet.model.records import dataclass, field

if TYPE_CHECKING:
    from bomvet.advisories.bucket import RawRecord
    from bomvet.advisories.database import Connection

#: Rises with every change of the tables or of what stands in them.
FORMAT = 4
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
#: So many records are written at a time; a package that many of them are about is changed once for all.
BATCH = 2000
#: Nothing that is kept unpacks to more.
MAX_UNPACKED = 512 * 1024 * 1024
ID_BYTES, _LEAF_BYTES = 8, 32


# -- packing ---------------------------------------------------------------------------------------------------


class Packing:
    """Deflates small texts that are alike."""

    def __init__(self, dictionary: bytes) -> None:
        self.dictionary = dictionary
        # A copy is there three times faster than an engine that reads the dictionary anew, and the faster the smaller
        # its window is.  Level 3 takes two thirds of the time of the usual 6, for a tenth more bytes.
        self._fresh = zlib.compressobj(3, zlib.DEFLATED, -13, 6, zlib.Z_DEFAULT_STRATEGY, dictionary)

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


def packings(dictionary: bytes) -> tuple[Packing, Packing]:
    """What packs records, and what packs the entries of packages: they have less in common than either with itself."""
    half = len(dictionary) // 2
    return Packing(dictionary[:half]), Packing(dictionary[half:])


# -- digests ---------------------------------------------------------------------------------------------------


def leaf_of(id_: str, content: bytes) -> bytes:
    """The digest of a record: by the first 8 bytes it is found again, the other 24 are of what is kept of it."""
    return hashlib.sha256(id_.encode()).digest()[:ID_BYTES] + hashlib.sha256(content).digest()[: _LEAF_BYTES - ID_BYTES]


def bucket_of(leaf: bytes) -> int:
    """Where a digest belongs."""
    return leaf[0] << 4 | leaf[1] >> 4


def leaves_of(leaves: bytes) -> list[bytes]:
    """The digests of a bucket, one by one."""
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


_PACKAGE = itemgetter(0, 1)


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
        return orjson.dumps(list(dict.fromkeys(map(_PACKAGE, self.entries)))).decode()

    @property
    def keys(self) -> set[int]:
        """What it is searched by."""
        return {alias_key(name) for name in self.names}

    @property
    def rank(self) -> tuple[str, bytes]:
        """Of two records of one id the one of higher rank stays."""
        # Where neither is later the digest decides, so that the sequence of files never does.
        return self.modified, self.leaf


def item_of(advisory: dict[str, Any], entries: Iterable[tuple[str, str, dict[str, Any]]], flags: int) -> Item:
    """A record that was taken apart; raises `TypeError` where a text of it cannot be written."""
    id_, text = advisory["id"], orjson.dumps(advisory)
    written = [(eco, name, orjson.dumps(entry)) for eco, name, entry in entries]
    if len(written) > 1:
        # By package, as they are kept; those of one package stay in their own sequence.
        written.sort(key=_PACKAGE)
    parts = [text]
    for eco, name, entry in written:
        parts += (eco.encode(), name.encode(), entry)
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


def chunks(items: Iterable[Any], size: int = CHUNK) -> Iterator[list[Any]]:
    """`items` in lists of at most `size`."""
    remaining = iter(items)
    while chunk := list(islice(remaining, size)):
        yield chunk


def bases_of(packages: Iterable[Sequence[Any]]) -> set[str]:
    """The ecosystems, without releases, that a record tells of."""
    return {package[0].partition(":")[0] for package in packages}


def selected(connection: Connection, sql: str, keys: Collection[Any], *before: Any) -> Iterator[tuple[Any, ...]]:
    """All rows of `sql`, in which `{}` stands for some of `keys` and what is `before` them comes first."""
    for chunk in chunks(sorted(keys)):
        # At once, so that no cursor stays open where a blob turns out to be damaged.
        yield from connection.execute(sql.format(",".join("?" * len(chunk))), (*before, *chunk)).fetchall()


# -- as a whole ------------------------------------------------------------------------------------------------

_STAGE = """
ATTACH '' AS stage;
PRAGMA stage.journal_mode = OFF;
PRAGMA stage.cache_size = -32768;
PRAGMA cache_size = -16384;
CREATE TABLE stage.record (number INTEGER PRIMARY KEY, modified TEXT, leaf BLOB);
CREATE TABLE stage.entry (ecosystem TEXT, name TEXT, id TEXT, record INTEGER, entry BLOB);
"""
#: As far as one packing looks back.
_DICTIONARY_BYTES = 8 * 1024
#: So much of each example, of records and of entries.
_EXAMPLE_BYTES, _EXAMPLES = 512, 64


def create(connection: Connection, items: Iterable[Item]) -> tuple[int, int]:
    """Make all tables and fill those of advisories; how many records there are, and how many were tolerated.

    Memory does not grow with the data: records are written as they come, and their entries into a stage, from which
    they are fetched by package.
    """
    connection.executescript(";".join(SCHEMA.values()) + ";" + _STAGE)
    filling = _Filling(connection=connection)
    with _uncollected():
        for chunk in chunks(items):
            filling.put(chunk)
        filling.finish()
    connection.execute(f"PRAGMA user_version = {FORMAT}")
    connection.commit()
    connection.execute("DETACH stage")
    return filling.records, filling.tolerated


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Without the collector of cycles: there are none in records, and looking for them takes a tenth of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@dataclass(slots=True, kw_only=True)
class _Filling:
    """Fills tables that are empty; `counts` and `gone` are the records of each ecosystem and the withdrawn of them."""

    connection: Connection
    records: int = 0
    tolerated: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    gone: Counter[str] = field(default_factory=Counter)
    #: Made of the first records.
    packings: tuple[Packing, Packing] | None = None
    #: The names of all records, each with the number of its record.
    aliases: array[int] = field(default_factory=lambda: array("Q"))
    #: The greatest id so far, the greatest number, and whether there is a number that nobody has any more.
    last: str = ""
    number: int = 0
    replaced: bool = False

    def put(self, items: list[Item]) -> None:
        """Add records; of two of one id the later `modified` stays."""
        new = latest(items)
        self._settle(new)
        self.packings = self.packings or packings(_dictionary(items))
        packed = self.packings[0].packed
        rows, staged, entries = [], [], []
        for number, item in enumerate(new.values(), start=self.number + 1):
            id_ = item.id
            rows.append((number, id_, packed(item.advisory), item.packages, item.flags))
            staged.append((number, item.modified, item.leaf))
            entries += [(eco, name, id_, number, entry) for eco, name, entry in item.entries]
            self.aliases.extend({alias_key(name) << 32 | number for name in item.names})
            self._count(bases_of(item.entries), item.flags, 1)
        self.number += len(new)
        self.connection.executemany("INSERT INTO advisory VALUES (?, ?, ?, ?, ?)", rows)
        self.connection.executemany("INSERT INTO stage.record VALUES (?, ?, ?)", staged)
        self.connection.executemany("INSERT INTO stage.entry VALUES (?, ?, ?, ?, ?)", entries)

    def _settle(self, new: dict[str, Item]) -> None:
        """Of the records that are there already and those of `new`, take the earlier ones away."""
        least, last, self.last = min(new), self.last, max(self.last, *new)
        if least > last:
            return  # as all of an archive, whose members are sorted
        known = (
            "SELECT number, id, packages, flags, modified, leaf FROM advisory JOIN stage.record USING (number) "
            "WHERE id IN ({})"
        )
        for number, id_, packages, flags, *rank in selected(self.connection, known, new):
            if tuple(rank) >= new[id_].rank:
                del new[id_]
                continue
            self.replaced = True
            self._count(bases_of(orjson.loads(packages)), flags, -1)
            self.connection.execute("DELETE FROM advisory WHERE number = ?", (number,))
            self.connection.execute("DELETE FROM stage.record WHERE number = ?", (number,))

    def _count(self, bases: set[str], flags: int, sign: int) -> None:
        self.records += sign
        self.tolerated += sign if flags & TOLERATED else 0
        for base in bases:
            self.counts[base] += sign
            self.gone[base] += sign if flags & WITHDRAWN else 0

    def finish(self) -> None:
        """Write what had to wait for the last record."""
        both = self.packings or packings(b"")
        dictionary = b"".join(packing.dictionary for packing in both)
        self.connection.execute("INSERT INTO meta VALUES ('dictionary', ?)", (dictionary,))
        counts = [(name, count, self.gone[name]) for name, count in sorted(self.counts.items()) if count]
        self.connection.executemany("INSERT INTO ecosystem VALUES (?, ?, ?)", counts)
        pairs = map(divmod, sorted(self.aliases), repeat(1 << 32))
        self.connection.executemany("INSERT INTO alias VALUES (?, ?)", pairs)
        if self.replaced:
            for table, column in (("alias", "advisory"), ("stage.entry", "record")):
                self.connection.execute(
                    f"DELETE FROM {table} WHERE {column} NOT IN (SELECT number FROM advisory)"  # noqa: S608 - ours
                )
        _fill_packages(self.connection, both[1])
        _fill_leaves(self.connection)


def latest(items: Iterable[Item]) -> dict[str, Item]:
    """By id, of two records of one id the later."""
    found: dict[str, Item] = {}
    for item in items:
        if item.id not in found or found[item.id].rank < item.rank:
            found[item.id] = item
    return found


def _dictionary(items: list[Item]) -> bytes:
    """What records have in common, and in as many bytes what entries have; the end of each weighs most."""
    some = items[:: max(1, len(items) // _EXAMPLES)]
    records = b"".join([item.advisory[:_EXAMPLE_BYTES] for item in some])
    entries = b"".join([entry[:_EXAMPLE_BYTES] for item in some for _, _, entry in item.entries[:1]])
    return b"".join(one[-_DICTIONARY_BYTES:].rjust(_DICTIONARY_BYTES) for one in (records, entries))


def _fill_packages(connection: Connection, packing: Packing) -> None:
    # Release suffixes ("Debian:12") stay: which of them apply is for the matcher to say.
    rows = connection.execute("SELECT ecosystem, name, entry FROM stage.entry ORDER BY ecosystem, name, id, rowid")
    packed = packing.packed
    connection.executemany(
        "INSERT INTO package (ecosystem, name, entries) VALUES (?, ?, ?)",
        (
            (*key, packed(b"[" + b",".join([entry for _, _, entry in group]) + b"]"))
            for key, group in groupby(rows, key=_PACKAGE)
        ),
    )


def _fill_leaves(connection: Connection) -> None:
    rows = connection.execute("SELECT leaf FROM stage.record ORDER BY leaf")
    connection.executemany(
        "INSERT INTO leaf VALUES (?, ?)",
        (
            (bucket, b"".join([leaf for (leaf,) in group]))
            for bucket, group in groupby(rows, key=lambda r: bucket_of(r[0]))
        ),
    )


# -- questions -----------------------------------------------------------------------------------------------


def id_in(entry: dict[str, Any]) -> str:
    """The id of the record that an entry is of."""
    found: str = entry["id"]
    return found


def names(record: dict[str, Any]) -> Iterable[str]:
    """All that a record is called."""
    return (record["id"], *record["aliases"], *record["upstream"])


def is_subject(connection: Connection, unpacked: Callable[[bytes], Any], ecosystem: str) -> bool:
    """Whether there is a record about nothing but packages of `ecosystem`, in whatever release."""
    sql = "SELECT entries FROM package WHERE ecosystem = ? OR (ecosystem > ? AND ecosystem < ?)"
    for (blob,) in connection.execute(sql, (ecosystem, f"{ecosystem}:", f"{ecosystem};")):
        ids = {id_in(entry) for entry in unpacked(blob)}
        for _, packages in selected(connection, "SELECT id, packages FROM advisory WHERE id IN ({})", ids):
            if bases_of(orjson.loads(packages)) == {ecosystem}:
                return True
    return False
