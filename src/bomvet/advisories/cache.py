"""Full advisory records between runs: what was fetched once is not fetched again until it is modified.

One SQLite file of the user's own.  It is a convenience and never a source of truth: what does not carry its own
digest is no record, a file that is damaged is made anew, and where there can be none it lasts as long as the process.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import stat
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple, Self

#: "bvrc": marks the file as ours.
APPLICATION_ID = 0x62767263
FORMAT = 1
NAME = "records.db"
#: Beyond this the half that was used least lately goes.
MAX_BYTES = 256 * 1024 * 1024
#: One record, unpacked.
MAX_RECORD = 64 * 1024 * 1024
_CHUNK = 500  # SQLite's oldest limit of variables in one statement is 999
_BUSY_MILLISECONDS = 5000
_TABLES = f"""
PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {FORMAT};
CREATE TABLE record (id TEXT PRIMARY KEY, modified TEXT, used INTEGER, digest BLOB, body BLOB);
CREATE INDEX used ON record (used);
"""


class Kept(NamedTuple):
    """A record as it came; `body` is empty where there is none of that id.  `used`: seconds since the epoch."""

    id: str
    modified: str
    body: bytes
    used: int = 0


class RecordCache:
    """The records in the file `name` of `folder`; `now` gives seconds since the epoch.  To be used in `with`."""

    def __init__(self, folder: str, *, now: Callable[[], float], limit: int = MAX_BYTES, name: str = NAME) -> None:
        self._now, self._limit = now, limit
        self._path = os.path.join(folder, name) if folder else ""
        opened = _opened(folder, self._path) if folder else None
        self.works = opened is not None
        """Whether what is kept outlives the process."""
        self._connection = opened or _in_memory()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()

    def get(self, ids: Collection[str]) -> Mapping[str, Kept]:
        """Those of `ids` that are here and whole."""
        found: dict[str, Kept] = {}
        with self._guarded():
            for id_, modified, used, digest, packed in self._rows(ids):
                body = _unpacked(packed)
                if body is not None and digest == _digest(id_, modified, body):
                    found[id_] = Kept(id_, modified, body, used)
        return found

    def _rows(self, ids: Collection[str]) -> Iterator[tuple[str, str, int, bytes, bytes]]:
        remaining = iter(sorted(ids))
        sql = "SELECT id, modified, used, digest, body FROM record WHERE id IN ({})"
        while chunk := list(islice(remaining, _CHUNK)):
            yield from self._connection.execute(sql.format(",".join("?" * len(chunk))), chunk)

    def put(self, records: Iterable[Kept]) -> None:
        """Keep `records`, in the place of older ones of their ids."""
        moment = int(self._now())
        rows = (
            (id_, modified, moment, _digest(id_, modified, body), zlib.compress(body, 3))
            for id_, modified, body, _ in records
        )
        with self._guarded(), self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?, ?)", rows)
            self._make_room()

    def touch(self, ids: Iterable[str]) -> None:
        """Note that the records were found to be current."""
        moment = int(self._now())
        with self._guarded(), self._connection:
            self._connection.executemany("UPDATE record SET used = ? WHERE id = ?", ((moment, i) for i in ids))

    def _make_room(self) -> None:
        execute = self._connection.execute
        (pages,), (free,), (size,) = (
            execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "freelist_count", "page_size")
        )
        if (pages - free) * size > self._limit:
            half = "SELECT id FROM record ORDER BY used LIMIT (SELECT (count(*) + 1) / 2 FROM record)"
            execute(f"DELETE FROM record WHERE id IN ({half})")  # noqa: S608 - a text of our own

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        """Whatever the file does, the scan goes on without it."""
        try:
            yield
        except sqlite3.OperationalError:  # another process is at it for long, or the disk is full
            self._give_up()
        except sqlite3.DatabaseError:
            self._give_up()
            _remove(self._path)

    def _give_up(self) -> None:
        self.__exit__()
        self.works = False
        self._connection = _in_memory()


def _digest(id_: Any, modified: Any, body: bytes) -> bytes:
    return hashlib.sha256(f"{id_}\0{modified}\0".encode() + body).digest()


def _unpacked(packed: Any) -> bytes | None:
    if not isinstance(packed, bytes):
        return None
    engine = zlib.decompressobj()
    try:
        body = engine.decompress(packed, MAX_RECORD)
    except zlib.error:
        return None
    return body if engine.eof else None


def _opened(folder: str, path: str) -> sqlite3.Connection | None:
    """The cache at `path`, made where there is none, made anew where it is damaged; None where it cannot be."""
    for _ in range(2):
        try:
            _prepare(folder, path)
            return _connected(path)
        except sqlite3.OperationalError:  # locked for long, or the disk is full: somebody else's data stays
            return None
        except sqlite3.DatabaseError:
            _remove(path)
        except OSError:
            return None
    return None


def _prepare(folder: str, path: str) -> None:
    """Folder and file exist, and are the user's alone; raises `OSError` where they are not."""
    os.makedirs(folder, mode=0o700, exist_ok=True)
    _expect_own(os.stat(folder))
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags, 0o600)
    try:
        _expect_made_here(os.fstat(descriptor))
    finally:
        os.close(descriptor)
    for suffix in ("-wal", "-journal"):  # what SQLite would take over from these
        with contextlib.suppress(FileNotFoundError):
            _expect_made_here(os.lstat(path + suffix))


def _expect_own(found: os.stat_result) -> None:
    """Records that others may write are no records."""
    if found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError("others may write it")


def _expect_made_here(found: os.stat_result) -> None:
    """Files are made for nobody else: one that others may read came some other way, such as with a checkout."""
    _expect_own(found)
    if not stat.S_ISREG(found.st_mode) or found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise PermissionError("it was not made here")


def _in_memory() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.executescript(_TABLES)
    return connection


def _connected(path: str) -> sqlite3.Connection:
    """Open, of our format; raises `sqlite3.DatabaseError` where it is not whole."""
    with contextlib.ExitStack() as stack:
        connection = sqlite3.connect(path, timeout=_BUSY_MILLISECONDS / 1000)
        stack.callback(connection.close)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            marks = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
            tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if not tables:
                for statement in filter(str.strip, _TABLES.split(";")):
                    connection.execute(statement)
            elif marks != [APPLICATION_ID, FORMAT]:
                raise sqlite3.DatabaseError("another format")
        stack.pop_all()
        return connection


def _remove(path: str) -> None:
    for suffix in ("", "-wal", "-shm", "-journal") if path else ():
        with contextlib.suppress(OSError):
            os.unlink(path + suffix)
