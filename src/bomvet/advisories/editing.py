"""Records put into tables of the advisory database that are full, and others taken out; see `tables`."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import orjson

from bomvet.advisories.tables import (
    BATCH,
    ID_BYTES,
    MANAGED,
    TOLERATED,
    WITHDRAWN,
    alias_key,
    bases_of,
    bucket_of,
    chunks,
    id_in,
    latest,
    leaf_of,
    leaves_of,
    moment,
    names,
    selected,
)
from bomvet.model.records import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from bomvet.advisories.database import Connection
    from bomvet.advisories.tables import Item, Packing


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
    #: Of records, and of the entries of packages.
    packing: Packing
    entries: Packing
    #: How many there are more, and how many more of those were read by tolerance.
    records: int = 0
    tolerated: int = 0
    changed: int = 0
    _counts: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    _leaves: dict[int, list[bytes]] = field(default_factory=dict)
    _dirty: set[int] = field(default_factory=set)

    def put(self, items: Iterable[Item]) -> None:
        """Add records, or replace those that are not later."""
        for chunk in chunks(items, BATCH):
            new = latest(chunk)
            self._load(bucket_of(item.leaf) for item in new.values())
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
        for chunk in chunks(ids, BATCH):
            old = self._rows(chunk)
            self._load(bucket_of(leaf_of(id_, b"")) for id_ in old)
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
            self._count(bases_of(row.packages), row.flags, -1)
            self._take_leaf(leaf_of(id_, b""))
        for number, (id_, item) in enumerate(sorted(new.items()), start=last + 1):
            at = old[id_].number if id_ in old else number
            row_ = (at, id_, self.packing.packed(item.advisory), item.packages, item.flags)
            self.connection.execute(_PUT, row_)
            self.connection.executemany("INSERT INTO alias VALUES (?, ?)", [(key, at) for key in item.keys])
            self._count(bases_of(entry[:1] for entry in item.entries), item.flags, 1)
            insort(self._leaves[bucket_of(item.leaf)], item.leaf)
            self._dirty.add(bucket_of(item.leaf))

    def _change_packages(self, old: dict[str, _Row], new: dict[str, Item]) -> None:
        found: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
        for row in old.values():
            for ecosystem, name in row.packages:
                found[ecosystem][name] = []
        for item in new.values():
            for ecosystem, name, entry in item.entries:
                found[ecosystem][name].append(orjson.loads(entry))
        sql = "SELECT name, number, entries FROM package WHERE ecosystem = ? AND name IN ({})"
        for ecosystem, called in found.items():
            known = {name: (number, blob) for name, number, blob in selected(self.connection, sql, called, ecosystem)}
            for name, added in called.items():
                number, blob = known.get(name, (None, None))
                kept = [e for e in self.entries.unpacked(blob) if e["id"] not in old] if blob else []
                entries = sorted(kept + added, key=id_in)
                if not entries:
                    self.connection.execute("DELETE FROM package WHERE number = ?", (number,))
                    continue
                row_ = (number, ecosystem, name, self.entries.packed(orjson.dumps(entries)))
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
            self._leaves[bucket] = leaves_of(leaves)

    def _known(self, leaf: bytes) -> bytes:
        """The digest that the record of the same id has; empty where there is none."""
        leaves = self._leaves[bucket_of(leaf)]
        at = bisect_left(leaves, leaf[:ID_BYTES])
        return leaves[at] if at < len(leaves) and leaves[at].startswith(leaf[:ID_BYTES]) else b""

    def _take_leaf(self, leaf: bytes) -> None:
        self._leaves[bucket_of(leaf)].remove(self._known(leaf))
        self._dirty.add(bucket_of(leaf))

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
            bases = bases_of(orjson.loads(packages)) & {*tracked}
            if bases and bases <= {*refreshed}:
                found.append(id_)
    return found
