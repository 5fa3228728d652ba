"""Tables of the advisory database: changed in place they say what they would if they were made at once."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bomvet.advisories import editing, replacement, tables
from bomvet.advisories.bucket import RawRecord
from bomvet.advisories.database import AdvisoryDatabase, Feed, NoRecordError, Update, build, update
from bomvet.advisories.tables import Packing, leaf_of
from bomvet.errors import UsageError

NOW = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)


def raw(*documents: Any) -> list[RawRecord]:
    """The bytes of those documents."""
    return [RawRecord(origin=f"PyPI/{d['id']}.json", data=json.dumps(d).encode()) for d in documents]


def document(id_: str, *packages: str, day: int = 1, **more: Any) -> dict[str, Any]:
    """A record, changed on that day of January, about packages such as `PyPI/x`."""
    affected = [
        {"package": dict(zip(("ecosystem", "name"), p.split("/", 1), strict=True)), "versions": [f"{n}.1"]}
        for n, p in enumerate(packages)
    ]
    return {"id": id_, "modified": f"2026-01-{day:02}T00:00:00Z", "affected": affected, **more}


def changed(path: Path, *documents: Any, refreshed: str = "", feeds: str = "PyPI") -> None:
    """Put those documents into the database; `refreshed` are ecosystems that have no others."""
    known = [Feed(name=name, checked="2026-11-24T12:00:00Z") for name in feeds.split()]
    new = Update(raw=raw(*documents), feeds=known, source="u", obtained=NOW, refreshed=frozenset(refreshed.split()))
    update(str(path), new)


def everything(path: Path) -> Any:
    """All that a database says of its records, by every way of asking."""
    with AdvisoryDatabase.open(str(path)) as opened:
        status, records = opened.status(), [(advisory, entries) for advisory, entries, _ in opened.records()]
        names = {(eco, name) for _, entries in records for eco, name, _ in entries}
        packages = {pair: opened.packages(pair[0], [pair[1]]) for pair in names}
        called = {n for advisory, _ in records for n in tables.names(advisory)}
        found = {n: [one.record["id"] for one in opened.search(n)] for n in called}
    return (
        status.snapshot.digest,
        status.snapshot.records,
        status.ecosystems,
        status.tolerated,
        records,
        packages,
        found,
    )


def integrity(path: Path) -> Any:
    """What SQLite says of the file, and what is in the tables besides."""
    with sqlite3.connect(path) as connection:
        check = connection.execute("PRAGMA integrity_check").fetchall()
        rest = connection.execute("SELECT count(*) FROM alias WHERE advisory NOT IN (SELECT number FROM advisory)")
        found = (
            check,
            rest.fetchone(),
            connection.execute("SELECT ecosystem, name FROM package ORDER BY 1, 2").fetchall(),
        )
    connection.close()
    return found


IDS = st.sampled_from([f"X-{n}" for n in range(6)])
PACKAGES = st.lists(st.sampled_from(["PyPI/a", "PyPI/b", "npm/a", "Debian:12/c", "Debian:11/c"]), max_size=4)
DOCUMENTS = st.builds(
    lambda id_, packages, day, gone, odd: document(
        id_, *packages, day=day, aliases=None if odd else [f"C-{day}", id_], **({"withdrawn": "x"} if gone else {})
    ),
    IDS,
    PACKAGES,
    st.integers(1, 9),
    st.booleans(),
    st.booleans(),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all examples."""
    return tmp_path_factory.mktemp("tables")


@given(st.lists(st.lists(DOCUMENTS, max_size=8), min_size=2, max_size=5))
@settings(deadline=None, max_examples=60)
def test_changes_come_to_the_same(folder: Path, steps: list[list[dict[str, Any]]]) -> None:
    """Any number of changes comes to what one import of all records does, digest, counts and names included."""
    step, whole = folder / "steps.db", folder / "whole.db"
    for path in (step, whole):
        path.unlink(missing_ok=True)
    first = document("FIRST", "PyPI/first")
    changed(step, first)
    for documents in steps:
        changed(step, *documents)
    build(str(whole), raw(first, *itertools.chain.from_iterable(steps)), source="x", obtained=NOW)

    assert everything(step) == everything(whole)
    assert integrity(step) == integrity(whole)


def test_what_is_gone(tmp_path: Path) -> None:
    """What all its ecosystems have lost is gone with everything of it; what another may still have stays."""
    path, whole = tmp_path / "a.db", tmp_path / "b.db"
    both, old, new = (
        document("BOTH", "PyPI/a", "npm/a"),
        document("OLD", "PyPI/a", "PyPI/old"),
        document("NEW", "PyPI/a"),
    )
    changed(path, both, old, document("N", "npm/n"), feeds="PyPI npm")
    changed(path, new, refreshed="PyPI", feeds="PyPI")
    build(str(whole), raw(both, new, document("N", "npm/n")), source="x", obtained=NOW)
    assert everything(path) == everything(whole)
    assert integrity(path) == integrity(whole)
    changed(path, new, document("N", "npm/n"), refreshed="PyPI npm", feeds="PyPI npm")
    build(str(whole), raw(new, document("N", "npm/n")), source="x", obtained=NOW)
    assert everything(path) == everything(whole)


def test_what_cannot_be_read_is_not_gone(tmp_path: Path) -> None:
    """A record that came damaged stays as it was, is told and counted."""
    path = tmp_path / "a.db"
    changed(path, document("A", "PyPI/a"), document("B", "PyPI/b"))
    damaged = RawRecord(origin="PyPI/all.zip/A.json", data=b"{")
    feed = Feed(name="PyPI", checked="2026-11-24T12:00:00Z")
    new = Update(raw=[damaged], feeds=[feed], source="u", obtained=NOW, refreshed=frozenset({"PyPI"}))
    result = update(str(path), new)

    assert (result.status.snapshot.records, result.status.unreadable, len(result.faults)) == (1, 1, 1)
    with AdvisoryDatabase.open(str(path)) as opened:
        assert list(opened.advisories(["A", "B"])) == ["A"]


def test_imported_records_stay(tmp_path: Path) -> None:
    """What was imported by hand is not gone because the bucket does not have it, unless it once came from there."""
    path = tmp_path / "a.db"
    build(str(path), raw(document("OWN", "PyPI/a"), document("A", "PyPI/a")), source="x", obtained=NOW)
    changed(path, document("A", "PyPI/a"), refreshed="PyPI")
    changed(path, document("B", "PyPI/a"), refreshed="PyPI")
    with AdvisoryDatabase.open(str(path)) as opened:
        assert sorted(opened.advisories(["OWN", "A", "B"])) == ["B", "OWN"]
        assert (opened.snapshot.source, opened.imported) == ("x, u", "2026-11-24T12:00:00Z")


def test_the_age_is_that_of_the_oldest(tmp_path: Path) -> None:
    """Data that is updated in part is as old as the part that is not."""
    path = tmp_path / "a.db"
    old = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    build(str(path), raw(document("A", "PyPI/a"), document("N", "npm/n")), source="x", obtained=old)
    changed(path, document("B", "PyPI/a"))
    with AdvisoryDatabase.open(str(path)) as opened:
        assert (opened.snapshot.obtained, sorted(opened.covered())) == ("2026-01-01T00:00:00Z", ["PyPI", "npm"])
    changed(path, document("B", "PyPI/a"), feeds="PyPI npm")
    with AdvisoryDatabase.open(str(path)) as opened:
        assert opened.snapshot.obtained == "2026-11-24T12:00:00Z"


def test_what_is_named_in_passing_is_not_covered(tmp_path: Path) -> None:
    """The archive of one ecosystem has records about others too, and lacks nearly all of theirs."""
    path = str(tmp_path / "a.db")
    both = [document("A", "PyPI/a", "npm/a"), document("B", "PyPI/b"), document("D", "Debian:12/d", "Debian:13/d")]
    build(path, raw(*both), source="x", obtained=NOW)
    with AdvisoryDatabase.open(path) as opened:
        assert (sorted(opened.covered()), sorted(opened.packages("npm", ["a"]))) == (["Debian", "PyPI"], ["a"])


def test_only_what_was_updated_is_covered(tmp_path: Path) -> None:
    """That a record of one ecosystem names another in passing does not make the database speak of that."""
    path = tmp_path / "a.db"
    changed(path, document("A", "PyPI/a", "npm/a"))
    with AdvisoryDatabase.open(str(path)) as opened:
        assert (sorted(opened.covered()), opened.imported) == (["PyPI"], "")


def test_nothing_to_begin_with(tmp_path: Path) -> None:
    """An update without a record makes no database."""
    with pytest.raises(NoRecordError):
        changed(tmp_path / "a.db")
    assert os.listdir(tmp_path) == []


def test_in_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More records than are changed at a time, all about one package."""
    monkeypatch.setattr(editing, "BATCH", 7)
    path, whole = tmp_path / "a.db", tmp_path / "b.db"
    documents = [document(f"X-{n:03}", "PyPI/a") for n in range(40)]
    changed(path, *documents[:3])
    changed(path, *documents, *documents)
    build(str(whole), raw(*documents), source="x", obtained=NOW)

    assert everything(path) == everything(whole)


def test_digest_of_a_record() -> None:
    """Id and content each have their part of it."""
    one = leaf_of("A", b"content")
    assert (len(one), one[:8] == leaf_of("A", b"")[:8], one[8:] == leaf_of("B", b"content")[8:]) == (32, True, True)


def test_unpacking_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that unpacks to more than any has is refused, and one that ends too soon."""
    packing = Packing(b"a dictionary")
    blob = packing.packed(b'"' + b"x" * 1000 + b'"')
    assert packing.unpacked(blob) == "x" * 1000
    with pytest.raises(ValueError, match="ends too soon or never"):
        packing.unpacked(blob[:-1])
    monkeypatch.setattr(tables, "MAX_UNPACKED", 100)
    with pytest.raises(ValueError, match="ends too soon or never"):
        packing.unpacked(blob)


# ── several at once, and killed ─────────────────────────────────────────────────────────────────

UPDATER = """
import sys, time
from tests.advisories import test_tables as t
from bomvet.advisories import editing
finish = editing.Editor.finish
def slow(self):
    finish(self)
    print("under way", flush=True)
    time.sleep(60)
editing.Editor.finish = slow
t.changed(t.Path(sys.argv[1]), *(t.document(f"N-{n}", "PyPI/a") for n in range(50)))
"""


@pytest.mark.skipif(os.name != "posix", reason="there are no signals to send")
def test_killed(tmp_path: Path) -> None:
    """Killed in the midst of its changes, an update leaves the old database byte for byte, and the next one works."""
    path = tmp_path / "a.db"
    changed(path, document("A", "PyPI/a"))
    before = path.read_bytes()
    root = os.fspath(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([root, f"{root}/src"])}
    command = [sys.executable, "-c", UPDATER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "under way\n"
        with AdvisoryDatabase.open(str(path)) as reader:
            assert reader.snapshot.records == 1
        process.send_signal(signal.SIGKILL)
    assert path.read_bytes() == before
    changed(path, document("B", "PyPI/a"))
    with AdvisoryDatabase.open(str(path)) as opened:
        assert sorted(opened.advisories(["A", "B"])) == ["A", "B"]


def test_a_reader_sees_one_state(tmp_path: Path) -> None:
    """Who has the database open goes on with what it opened, whatever is changed meanwhile."""
    path = tmp_path / "a.db"
    changed(path, document("A", "PyPI/a"))
    with AdvisoryDatabase.open(str(path)) as old:
        changed(path, document("A", "PyPI/b", day=2), document("B", "PyPI/a"))
        assert ([e["id"] for e in old.packages("PyPI", ["a"])["a"]], old.packages("PyPI", ["b"])) == (["A"], {})
    with AdvisoryDatabase.open(str(path)) as new:
        assert {n: [e["id"] for e in es] for n, es in new.packages("PyPI", ["a", "b"]).items()} == {
            "a": ["B"],
            "b": ["A"],
        }


def test_two_that_change(tmp_path: Path) -> None:
    """Changes that are made at the same time are all there afterwards."""
    path = tmp_path / "a.db"
    changed(path, document("FIRST", "PyPI/a"))
    threads = [threading.Thread(target=changed, args=(path, document(f"X-{n}", "PyPI/a"))) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with AdvisoryDatabase.open(str(path)) as opened:
        assert opened.snapshot.records == 7


def test_one_that_takes_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for ever."""
    path = tmp_path / "a.db"
    changed(path, document("FIRST", "PyPI/a"))
    monkeypatch.setattr(replacement, "_PATIENCE", 0.1)
    start = time.monotonic()
    with replacement.alone(str(path)), pytest.raises(UsageError, match="is being changed by somebody else"):
        changed(path, document("B", "PyPI/a"))
    assert time.monotonic() - start < 30


def test_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system or file system without locks changes the file all the same."""
    path = tmp_path / "a.db"
    changed(path, document("FIRST", "PyPI/a"))
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "fcntl", None)
        changed(path, document("B", "PyPI/a"))
    fcntl = pytest.importorskip("fcntl")

    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", refuse)
    changed(path, document("C", "PyPI/a"))
    with AdvisoryDatabase.open(str(path)) as opened:
        assert opened.snapshot.records == 3
