"""The offline advisory database: replaced as a whole or not at all, and read without a trace."""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bomvet.advisories import database as module
from bomvet.advisories import replacement
from bomvet.advisories.bucket import RawRecord, raw_records
from bomvet.advisories.database import (
    AdvisoryDatabase,
    DatabaseStatus,
    EcosystemCount,
    ImportResult,
    NoRecordError,
    build,
    put_catalogue,
)
from bomvet.advisories.tables import FORMAT
from bomvet.errors import NotEstablishedError, UsageError
from bomvet.model.facts import Catalogue
from bomvet.model.result import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

OBTAINED = dt.datetime(2026, 11, 20, 8, 30, tzinfo=dt.timezone(dt.timedelta(hours=2)))


def document(id_: str, *packages: str, modified: str = "2024-01-01T00:00:00Z", **more: Any) -> dict[str, Any]:
    """A record about packages such as `PyPI/example`, each with one listed version."""
    affected = [
        {"package": dict(zip(("ecosystem", "name"), package.split("/", 1), strict=True)), "versions": ["1.0"]}
        for package in packages
    ]
    return {"id": id_, "modified": modified, "affected": affected, **more}


def raw(*documents: Any) -> list[RawRecord]:
    """The bytes of those documents."""
    return [RawRecord(origin=f"{n}.json", data=json.dumps(d).encode()) for n, d in enumerate(documents, start=1)]


def made(path: Path, records: Iterable[RawRecord]) -> ImportResult:
    """A database of those records."""
    return build(str(path), records, source="tests", obtained=OBTAINED)


def digest(path: Path, *documents: Any) -> str:
    """The digest of a database of those documents."""
    return made(path, raw(*documents)).status.snapshot.digest


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a database may come to lie."""
    return tmp_path / "advisories.db"


# ── reading ─────────────────────────────────────────────────────────────────────────────────────


def test_packages_and_advisories(path: Path) -> None:
    """What was put in comes out by package and by id, and nothing that was not asked for."""
    made(path, raw(document("A", "PyPI/Example_One", aliases=["CVE-1"]), document("B", "PyPI/two"), document("C")))
    with AdvisoryDatabase.open(str(path)) as database:
        packages = database.packages("PyPI", ["example-one", "absent"])
        advisories = database.advisories(["A", "C", "absent"])
        none = (database.packages("npm", ["two"]), database.packages("PyPI", []), database.advisories([]))
    assert packages == {
        "example-one": [
            {"id": "A", "versions": "\n1\n", "ranges": [], "hint": "", "severity": [], "withdrawn": False},
        ]
    }
    assert {id_: (record["id"], record["aliases"]) for id_, record in advisories.items()} == {
        "A": ("A", ["CVE-1"]),
        "C": ("C", []),
    }
    assert none == ({}, {}, {})


def test_entries_of_a_package_are_sorted(path: Path) -> None:
    """The entries of a package come by id of their record, then in the record's own sequence."""
    made(path, raw(document("B", "PyPI/x"), document("A", "PyPI/x", "PyPI/y", "PyPI/x")))
    with AdvisoryDatabase.open(str(path)) as database:
        assert [entry["id"] for entry in database.packages("PyPI", ["x"])["x"]] == ["A", "A", "B"]


def test_many_names_at_once(path: Path) -> None:
    """More names than one statement of SQLite may have variables are looked up all the same."""
    made(path, raw(*(document(f"X-{n:04}", f"PyPI/p{n}") for n in range(1203))))
    with AdvisoryDatabase.open(str(path)) as database:
        found = database.packages("PyPI", {f"p{n}" for n in range(2000)})
        records = database.advisories({f"X-{n:04}" for n in range(2000)})
    assert (len(found), len(records)) == (1203, 1203)
    assert all(entries[0]["id"] == f"X-{int(name[1:]):04}" for name, entries in found.items())


@pytest.mark.parametrize("name", ["it's", 'say "x"', "a,b", "?", "%", "'; DROP TABLE package; --", "\0", "ü"])
def test_names_with_quotes(path: Path, name: str) -> None:
    """A name is data, whatever stands in it."""
    made(path, raw(document(name, f"npm/{name}")))
    with AdvisoryDatabase.open(str(path)) as database:
        assert list(database.packages("npm", [name])) == [name]
        assert list(database.advisories([name])) == [name]


def test_status(path: Path) -> None:
    """The status counts records by ecosystem without release, withdrawn ones, and what was amiss."""
    gone = {"withdrawn": "2024-02-01T00:00:00Z"}
    result = made(
        path,
        [
            *raw(
                document("A", "PyPI/x", "PyPI/y", "Debian:11/x", "Debian:12/x"),
                document("B", "PyPI/x", **gone),
                document("C", aliases=None),
                document("D", "Debian:12/z", **gone),
            ),
            RawRecord(origin="bad.json", data=b"{"),
            RawRecord(origin="list.json", data=b"[]"),
            RawRecord(origin="gone.json", fault="damaged: so it is"),
        ],
    )
    expected = DatabaseStatus(
        snapshot=Snapshot(
            obtained="2026-11-20T06:30:00Z",
            source="tests",
            digest=result.status.snapshot.digest,
            records=4,
        ),
        ecosystems=(
            EcosystemCount(name="Debian", records=2, withdrawn=1),
            EcosystemCount(name="PyPI", records=2, withdrawn=1),
        ),
        tolerated=1,
        unreadable=3,
    )
    with AdvisoryDatabase.open(str(path)) as database:
        assert (database.status(), result.status, database.snapshot) == (expected, expected, expected.snapshot)
    assert result.faults == (
        "3.json: tolerated: aliases is NoneType, not list",
        "bad.json: unexpected end of data: line 1 column 2 (char 1)",
        "list.json: no JSON object",
        "gone.json: damaged: so it is",
    )


def test_faults_are_examples(path: Path) -> None:
    """Twenty faults are told; all are counted."""
    result = made(path, [*raw(document("A")), *(RawRecord(origin=f"{n}", fault="bad") for n in range(99))])
    assert (len(result.faults), result.status.unreadable) == (20, 99)


@pytest.mark.parametrize("data", [b"\xff\xfe", b"", b'{"id": "\\ud800"}', b"[" * 100_000, b'{"id": NaN}'])
def test_no_json(path: Path, data: bytes) -> None:
    """Bytes that are no JSON are counted, and the import goes on."""
    result = made(path, [RawRecord(origin="bad.json", data=data), *raw(document("A"))])
    assert (result.status.snapshot.records, result.status.unreadable) == (1, 1)


def test_progress(path: Path) -> None:
    """Every thousand records somebody is told."""
    told: list[int] = []
    records = raw(*(document(f"X-{n}") for n in range(2500)))
    build(str(path), records, source="tests", obtained=OBTAINED, progress=told.append)
    assert told == [1000, 2000]


# ── duplicates and digest ───────────────────────────────────────────────────────────────────────

EARLIER = document("X", "PyPI/old", modified="2024-01-01T00:00:00Z", aliases=None)
LATER = document("X", "PyPI/new", modified="2024-01-01T00:00:00.500Z")
LATEST = document("X", "PyPI/newest", modified="2024-01-01T00:00:01+00:00")


@pytest.mark.parametrize("documents", [(EARLIER, LATER), (LATER, EARLIER), (LATEST, LATER), (LATER, LATEST)])
def test_duplicates_keep_the_later(path: Path, documents: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Of two records of one id the later one stays whole, whichever comes first and however its time is written."""
    later = LATEST if LATEST in documents else LATER
    result = made(path, raw(*documents))
    with AdvisoryDatabase.open(str(path)) as database:
        names = [name for name in ("old", "new", "newest") if database.packages("PyPI", [name])]
        modified = database.advisories(["X"])["X"]["modified"]
    assert (names, modified) == ([later["affected"][0]["package"]["name"]], later["modified"])
    assert (result.status.snapshot.records, result.status.tolerated) == (1, 0)


def test_duplicates_far_apart(path: Path, tmp_path: Path) -> None:
    """So it is where hundreds of records stand between the two, and the digest is that of what stays."""
    between = [document(f"B-{n:04}", "PyPI/between") for n in range(1100)]
    for number, documents in enumerate(([EARLIER, *between, LATER], [LATER, *between, EARLIER])):
        result = made(path, raw(*documents))
        with AdvisoryDatabase.open(str(path)) as database:
            names = [name for name in ("old", "new", "between") if database.packages("PyPI", [name])]
            found = [one.record["modified"] for one in database.search("X")]
        assert (names, found) == (["new", "between"], [LATER["modified"]]), number
        assert (result.status.snapshot.records, result.status.tolerated) == (1101, 0)
        assert result.status.ecosystems == (EcosystemCount(name="PyPI", records=1101, withdrawn=0),)
        assert result.status.snapshot.digest == digest(tmp_path / "alone.db", *between, LATER)


def test_digest_is_of_the_records(path: Path, tmp_path: Path) -> None:
    """The same records have the same digest in any sequence, in any packing, and given once or twice."""
    documents = [document(f"X-{n}", "PyPI/x", modified=f"2024-01-0{1 + n % 3}T00:00:00Z") for n in range(9)]
    shuffled = [*documents, *documents]
    random.Random(1).shuffle(shuffled)  # noqa: S311 - the same in every run
    for item in documents:
        (tmp_path / "loose" / item["id"]).mkdir(parents=True)
        (tmp_path / "loose" / item["id"] / "record.json").write_bytes(json.dumps(item).encode())
    packed = made(path, raw_records(str(tmp_path / "loose"))).status.snapshot.digest
    assert {digest(path, *documents), digest(path, *shuffled), packed} == {packed}


def test_digest_tells_records_apart(path: Path) -> None:
    """Another record, another id or another content gives another digest."""
    sets = ([document("A")], [document("B")], [document("A"), document("B")], [document("A", summary="x")])
    digests = {digest(path, *documents) for documents in sets}
    assert len(digests) == 4
    assert all(d.startswith("sha256:") and len(d) == 71 for d in digests)


def test_digest_where_neither_is_later(path: Path) -> None:
    """Of two contents of one id and time the same one stays, whichever comes first."""
    one, other = document("A", summary="one"), document("A", summary="other")
    assert digest(path, one, other) == digest(path, other, one)


# ── catalogues ──────────────────────────────────────────────────────────────────────────────────

KEV = (
    Catalogue(date="2026-11-20", version="2026.11.20", entries=2),
    [("CVE-2026-0002", "2026-02-01", "2026-03-01", True), ("CVE-2026-0001", "2026-01-01", "", False)],
)
EPSS = (
    Catalogue(date="2026-11-21", version="v2025.03.14", entries=2),
    [("CVE-2026-0001", 0.5, 0.98, "0.95"), ("CVE-2026-0003", 0.00207, 0.43229, "0.4")],
)


def exploited(path: Path) -> tuple[dict[str, Catalogue], dict[str, dict[str, Any]]]:
    """The catalogues and what they say of four CVEs."""
    with AdvisoryDatabase.open(str(path)) as database:
        return dict(database.catalogues()), dict(database.exploitation([f"CVE-2026-000{n}" for n in range(1, 5)]))


EXPLOITED = (
    {"epss": EPSS[0], "kev": KEV[0]},
    {
        "CVE-2026-0001": {
            "kev": {"added": "2026-01-01", "due": "", "ransomware": False},
            "epss": {"score": 0.5, "percentile": 0.98, "date": "2026-11-21", "model": "v2025.03.14", "band": "0.95"},
        },
        "CVE-2026-0002": {"kev": {"added": "2026-02-01", "due": "2026-03-01", "ransomware": True}, "epss": None},
        "CVE-2026-0003": {
            "kev": None,
            "epss": {
                "score": 0.00207, "percentile": 0.43229, "date": "2026-11-21", "model": "v2025.03.14", "band": "0.4",
            },
        },
    },
)  # fmt: skip


def test_catalogues_with_the_import(path: Path) -> None:
    """What the catalogues say of a CVE, with the day and the model of the scores; nothing of one they do not have."""
    build(str(path), raw(document("A")), source="tests", obtained=OBTAINED, catalogues={"kev": KEV, "epss": EPSS})
    assert exploited(path) == EXPLOITED


def test_catalogues_stay_and_are_replaced(path: Path) -> None:
    """Advisories leave the catalogues, and a catalogue leaves the advisories and the other catalogue."""
    made(path, raw(document("A")))
    assert exploited(path) == ({}, {})
    put_catalogue(str(path), "kev", *KEV)
    put_catalogue(str(path), "epss", *EPSS)
    made(path, raw(document("A"), document("B")))
    assert exploited(path) == EXPLOITED
    with AdvisoryDatabase.open(str(path)) as database:
        before = database.snapshot
        assert list(database.catalogue_rows("epss")) == EPSS[1]
    put_catalogue(
        str(path), "kev", Catalogue(date="2026-11-22", version="2", entries=1), [("CVE-2026-0004", "", "", 0)]
    )
    catalogues, answers = exploited(path)
    with AdvisoryDatabase.open(str(path)) as database:
        assert database.snapshot == before
    assert catalogues == {"epss": EPSS[0], "kev": Catalogue(date="2026-11-22", version="2", entries=1)}
    assert {cve: answer["kev"] for cve, answer in answers.items()} == {
        "CVE-2026-0001": None,
        "CVE-2026-0003": None,
        "CVE-2026-0004": {"added": "", "due": "", "ransomware": False},
    }


def test_no_database_for_a_catalogue(path: Path) -> None:
    """Without advisories a catalogue makes no database, in which every scan would find nothing."""
    with pytest.raises(NotEstablishedError, match="there is no advisory database"):
        put_catalogue(str(path), "kev", *KEV)
    assert os.listdir(path.parent) == []


def test_rows_that_fail_leave_the_old_catalogue(path: Path) -> None:
    """A failure among the rows leaves the file byte for byte."""

    def failing() -> Iterator[tuple[str, str, str, bool]]:
        yield "CVE-2026-0009", "", "", False
        raise RuntimeError

    build(str(path), raw(document("A")), source="tests", obtained=OBTAINED, catalogues={"kev": KEV})
    before = path.read_bytes()
    with pytest.raises(RuntimeError):
        put_catalogue(str(path), "kev", KEV[0], failing())
    assert (path.read_bytes(), os.listdir(path.parent)) == (before, [path.name])


# ── building ────────────────────────────────────────────────────────────────────────────────────


def crashing(error: BaseException) -> Iterator[RawRecord]:
    """Some records, then a crash."""
    yield from raw(*(document(f"N-{n}", "PyPI/x") for n in range(100)))
    raise error


@pytest.mark.parametrize("error", [RuntimeError("a defect"), KeyboardInterrupt(), MemoryError()])
def test_crash_leaves_the_old_file(path: Path, error: BaseException) -> None:
    """A crash in the middle leaves the old database byte for byte, and no stray file beside it."""
    made(path, raw(document("A", "PyPI/x")))
    before = path.read_bytes()
    with pytest.raises(type(error)):
        made(path, crashing(error))
    assert (path.read_bytes(), os.listdir(path.parent)) == (before, [path.name])


def test_crash_while_finishing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So does one at the last step, and where the disk is the cause it is told with a hint."""
    made(path, raw(document("A", "PyPI/x")))
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(UsageError, match=r"cannot be written: .*No space left") as caught:
        made(path, raw(document("B", "PyPI/x")))
    assert caught.value.hint == "what was there is as it was; --db PATH names another place"
    assert (path.read_bytes(), os.listdir(path.parent)) == (before, [path.name])


def test_first_crash_leaves_nothing(path: Path) -> None:
    """Where there was no database there is none after a crash."""
    with pytest.raises(RuntimeError):
        made(path, crashing(RuntimeError()))
    assert os.listdir(path.parent) == []


def test_no_records(path: Path) -> None:
    """Without a single record nothing is built, and the old database stays."""
    made(path, raw(document("A", "PyPI/x")))
    before = path.read_bytes()
    with pytest.raises(NoRecordError, match="no advisory record was found there") as caught:
        made(path, [RawRecord(origin="x.json", data=b"{}"), RawRecord(origin="y.zip", fault="damaged")])
    assert "ID.json files, or all.zip archives" in caught.value.hint
    assert caught.value.faults == ("x.json: no id, or one that is no text or too long", "y.zip: damaged")
    assert (path.read_bytes(), os.listdir(path.parent)) == (before, [path.name])


def test_place_that_cannot_be(tmp_path: Path) -> None:
    """A folder that is a file, and a database that is a folder, are told and leave nothing behind."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match="cannot be written"):
        made(tmp_path / "file" / "advisories.db", raw(document("A")))
    with pytest.raises(UsageError, match=r"/folder is a folder$") as caught:
        made(tmp_path / "folder", raw(document("A")))
    assert caught.value.hint == "name a file with --db"
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]


def sqlite_file(path: Path, *statements: str) -> Path:
    """A SQLite file after those statements."""
    with sqlite3.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()
    return path


@pytest.mark.parametrize("kind", ["text", "byte", "sqlite", "other-mark", "short"])
def test_other_files_are_not_replaced(path: Path, kind: str) -> None:
    """A file without our mark stays as it is, before a single record is read."""
    if kind == "sqlite":
        sqlite_file(path, "CREATE TABLE precious (value)")
    elif kind == "other-mark":
        sqlite_file(path, "PRAGMA application_id = 7", f"PRAGMA user_version = {FORMAT}", "CREATE TABLE x (y)")
    else:
        path.write_bytes({"text": b"my only copy" * 50, "byte": b"\0", "short": b"SQLite format 3\0"}[kind])
    before = path.read_bytes()
    with pytest.raises(UsageError) as caught:
        made(path, crashing(AssertionError()))
    assert str(caught.value) == f"{path} is no advisory database, and is not replaced"
    assert caught.value.hint == "name another file with --db, or delete this one"
    assert (path.read_bytes(), os.listdir(path.parent)) == (before, [path.name])


def test_special_files_are_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is neither file nor folder is not even opened, and nobody is told to delete it."""
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("listener")  # the whole path may be longer than a socket's may be
        with pytest.raises(UsageError) as caught:
            build("listener", raw(document("A")), source="tests", obtained=OBTAINED)
    assert str(caught.value) == "listener is no advisory database, and is not replaced"
    assert caught.value.hint == "name another file with --db"
    assert os.listdir(tmp_path) == ["listener"]


def test_a_link_to_another_file_is_not_replaced(path: Path) -> None:
    """The file at the end of a link counts, not the link."""
    precious = path.with_name("precious.txt")
    precious.write_text("my only copy")
    path.symlink_to(precious)
    with pytest.raises(UsageError, match="is not replaced"):
        made(path, raw(document("A")))
    assert (path.readlink(), precious.read_text()) == (precious, "my only copy")


@pytest.mark.parametrize("kind", ["empty", "older", "newer", "damaged"])
def test_own_and_empty_files_are_replaced(path: Path, kind: str) -> None:
    """An empty file, and one with our mark whatever else is wrong with it, gives place to the new database."""
    if kind == "empty":
        path.touch()
    else:
        made(path, raw(document("OLD")))
        version = {"older": FORMAT - 1, "newer": FORMAT + 1}.get(kind, FORMAT)
        sqlite_file(path, f"PRAGMA user_version = {version}")
    if kind == "damaged":
        path.write_bytes(path.read_bytes()[:100] + b"\xff" * 5000)
    made(path, raw(document("NEW")))
    with AdvisoryDatabase.open(str(path)) as database:
        assert list(database.advisories(["OLD", "NEW"])) == ["NEW"]


def aged(path: Path, *, hours: float) -> Path:
    """The file, last changed so long ago."""
    moment = time.time() - hours * 3600
    os.utime(path, (moment, moment), follow_symlinks=False)
    return path


def test_strays_are_removed(path: Path) -> None:
    """What killed imports left is removed after a day; younger files, folders, links and other names stay."""
    folder = path.parent
    for name in (".bomvet-import-old", ".bomvet-import-young", ".bomvet-other"):
        (folder / name).write_text(name)
    (folder / ".bomvet-import-folder").mkdir()
    (folder / ".bomvet-import-link").symlink_to(folder / ".bomvet-other")
    for name in (".bomvet-import-old", ".bomvet-other", ".bomvet-import-folder", ".bomvet-import-link"):
        aged(folder / name, hours=24.1)
    aged(folder / ".bomvet-import-young", hours=23.9)
    made(path, raw(document("A")))
    assert sorted(os.listdir(folder)) == [
        ".bomvet-import-folder", ".bomvet-import-link", ".bomvet-import-young", ".bomvet-other", path.name,
    ]  # fmt: skip


def test_strays_that_cannot_be_removed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Strays of somebody else, and a folder that cannot be listed, are no reason not to import."""
    stray = path.with_name(".bomvet-import-theirs")
    stray.touch()
    aged(stray, hours=48)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", refuse)
        records = [made(path, raw(document("A"))).status.snapshot.records]
    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", refuse)
        records.append(made(path, raw(document("A"), document("B"))).status.snapshot.records)
    assert (records, stray.exists()) == ([1, 2], True)


IMPORTER = """
import datetime, itertools, json, signal, sys
from bomvet.advisories.bucket import RawRecord
from bomvet.advisories.database import build

def stop(*_):
    sys.exit(143)

def endless():
    for number in itertools.count():
        affected = [{"package": {"ecosystem": "PyPI", "name": f"p{number}"}, "versions": ["1.0"]}]
        record = {"id": f"N-{number}", "modified": "2026-01-01T00:00:00Z", "affected": affected}
        yield RawRecord(origin="x", data=json.dumps(record).encode())
        if number == 500:
            print("under way", flush=True)

signal.signal(signal.SIGTERM, stop)
build(sys.argv[1], endless(), source="tests", obtained=datetime.datetime.now(datetime.UTC))
"""


@pytest.mark.skipif(os.name != "posix", reason="there are no signals to send")
def test_termination_leaves_the_old_file(path: Path) -> None:
    """A SIGTERM that becomes SystemExit in the middle leaves the old database byte for byte, and no stray file."""
    made(path, raw(document("A", "PyPI/x")))
    before = path.read_bytes()
    with subprocess.Popen([sys.executable, "-c", IMPORTER, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "under way\n"
        under_way = len(os.listdir(path.parent))
        process.terminate()
        process.wait(timeout=60)
    assert (under_way, process.returncode) == (2, 143)
    assert (path.read_bytes(), os.listdir(path.parent)) == (before, [path.name])


def test_new_folder(tmp_path: Path) -> None:
    """The folder is made where it is absent, and others may read the file."""
    path = tmp_path / "a" / "b" / "advisories.db"
    made(path, raw(document("A")))
    assert path.stat().st_mode & 0o777 == 0o644


def test_folder_that_cannot_be_synced(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that cannot sync a folder has the new database all the same."""
    sync = replacement._sync

    def choosy(name: str) -> None:
        if os.path.isdir(name):
            raise OSError(22, "Invalid argument")
        sync(name)

    monkeypatch.setattr(replacement, "_sync", choosy)
    assert made(path, raw(document("A"))).status.snapshot.records == 1


# ── a file that is not to be trusted ────────────────────────────────────────────────────────────


def refusal(path: Path) -> tuple[str, str]:
    """What opening the file and asking everything says, and the hint."""
    with pytest.raises(NotEstablishedError) as caught:
        ask_everything(path)
    return str(caught.value), caught.value.hint


def ask_everything(path: Path) -> None:
    """Open the file and ask whatever there is to ask."""
    with AdvisoryDatabase.open(str(path)) as database:
        database.status()
        database.packages("PyPI", [f"p{n}" for n in range(400)])
        database.advisories([f"X-{n}" for n in range(400)])


@pytest.fixture
def full(path: Path) -> Path:
    """A database of some pages."""
    made(path, raw(*(document(f"X-{n}", f"PyPI/p{n}", summary=os.urandom(150).hex()) for n in range(400))))
    return path


def test_absent(tmp_path: Path) -> None:
    """Where there is no file, or a folder, the hint says how to make one."""
    expected = ("there is no advisory database", "make one: bomvet db import PATH")
    assert [refusal(tmp_path / "absent.db"), refusal(tmp_path)] == [expected, expected]
    assert os.listdir(tmp_path) == []


IMPORT = "import the advisories again: bomvet db import PATH"


@pytest.mark.parametrize("version", [FORMAT - 1, FORMAT + 1])
def test_another_format(full: Path, version: int) -> None:
    """A database of an older or a newer version of bomvet is refused."""
    sqlite_file(full, f"PRAGMA user_version = {version}")
    assert refusal(full) == ("the advisory database is of another version of bomvet", IMPORT)


@pytest.mark.parametrize(
    "data",
    [b"", b"x", b"no database at all, but rather some text" * 100, b"SQLite format 3\0" + b"\0" * 200],
    ids=["empty", "byte", "text", "no-mark"],
)
def test_no_database(path: Path, data: bytes) -> None:
    """A file without our mark is told as that, and nobody is told to put anything in its place."""
    path.write_bytes(data)
    assert refusal(path) == ("the file is no advisory database", "name another file with --db")


def test_database_of_somebody_else(path: Path) -> None:
    """Any other SQLite file is none of ours, be its format number the same."""
    sqlite_file(path, "CREATE TABLE meta (key, value)", f"PRAGMA user_version = {FORMAT}")
    assert refusal(path) == ("the file is no advisory database", "name another file with --db")


def test_file_that_may_not_be_read(full: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is ours, perhaps, but cannot be read is told with the reason and without its path."""

    def refuse(path: str) -> bytes:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(module, "_header", refuse)
    assert refusal(full) == (
        "the advisory database cannot be read: Permission denied",
        "make the file readable, or name another one with --db",
    )


@pytest.mark.parametrize("kept", [0.02, 0.3, 0.6, 0.9])
def test_truncated(full: Path, kept: float) -> None:
    """A file that lost its end is told, when it is opened or when it is asked."""
    data = full.read_bytes()
    full.write_bytes(data[: int(len(data) * kept) // 4096 * 4096 or 100])
    assert refusal(full)[1] == IMPORT


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM meta WHERE key = 'dictionary'",
        "DELETE FROM meta WHERE key = 'obtained'",
        "UPDATE meta SET value = 'many' WHERE key = 'tolerated'",
        "UPDATE meta SET value = 'many' WHERE key = 'records'",
        "UPDATE meta SET value = 7 WHERE key = 'obtained'",
        "UPDATE meta SET value = 'yesterday' WHERE key = 'obtained'",
        "UPDATE meta SET value = '2026-01-01T00:00:00' WHERE key = 'obtained'",
        "UPDATE meta SET value = NULL WHERE key = 'source'",
        "UPDATE meta SET value = x'00' WHERE key = 'digest'",
        "UPDATE ecosystem SET withdrawn = NULL",
        "UPDATE meta SET value = 'text' WHERE key = 'dictionary'",
        "UPDATE meta SET value = x'00' WHERE key = 'dictionary'",
        "UPDATE package SET entries = x'00'",
        "UPDATE package SET entries = 7",
        "UPDATE advisory SET record = substr(record, 1, 20)",
        "DROP TABLE package",
        "DROP TABLE ecosystem",
    ],
)
def test_tampered(full: Path, statement: str) -> None:
    """A file whose content was changed is told, wherever the change lies."""
    with sqlite3.connect(full) as connection:
        connection.execute(statement)
    connection.close()
    message, hint = refusal(full)
    assert (message[:33], hint) == ("the advisory database is damaged:", IMPORT)


def test_random_damage(full: Path) -> None:
    """Random bytes in the place of others give answers or a refusal, and no other error."""
    data = full.read_bytes()
    chance = random.Random(7)  # noqa: S311 - the same in every run
    hints: set[str] = set()
    for _ in range(40):
        damaged = bytearray(data)
        for _ in range(200):
            damaged[chance.randrange(100, len(data))] = chance.randrange(256)
        full.write_bytes(damaged)
        try:
            ask_everything(full)
        except NotEstablishedError as error:
            hints.add(error.hint)
    assert hints == {IMPORT}


# ── several at once ─────────────────────────────────────────────────────────────────────────────


def test_reading_leaves_no_trace(full: Path) -> None:
    """Reading makes no file, also in a folder and of a file that nobody may write."""
    full.chmod(0o444)
    full.parent.chmod(0o555)
    try:
        with AdvisoryDatabase.open(str(full)) as database:
            assert len(database.packages("PyPI", ["p1"])) == 1
            assert os.listdir(full.parent) == [full.name]
    finally:
        full.parent.chmod(0o755)


def test_paths_with_signs(tmp_path: Path) -> None:
    """A path is a path, whatever stands in it, be it no text at all."""
    for name in ("a?mode=rw#x", "100%41", "mit Umlaut ü", os.fsdecode(b"\xff\xfe"), "file:x"):
        path = tmp_path / name
        made(path, raw(document("A")))
        with AdvisoryDatabase.open(str(path)) as database:
            assert database.snapshot.records == 1
    assert len(os.listdir(tmp_path)) == 5


READER = """
import sys
from bomvet.advisories.database import AdvisoryDatabase
with AdvisoryDatabase.open(sys.argv[1]) as database:
    print("open", flush=True)
    sys.stdin.readline()
    print(sorted(database.advisories(["OLD", "NEW"])), database.snapshot.records, flush=True)
"""


def test_readers_while_a_build_replaces(path: Path) -> None:
    """Two processes that have the old database open go on with it; whoever opens it afterwards has the new one."""
    made(path, raw(document("OLD", "PyPI/x")))
    command = [sys.executable, "-c", READER, str(path)]
    pipe = subprocess.PIPE
    readers = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(2)]
    opened = [reader.stdout.readline() for reader in readers if reader.stdout]
    made(path, raw(document("NEW", "PyPI/x"), document("NEWER", "PyPI/y")))
    answers = [reader.communicate("go\n", timeout=60)[0] for reader in readers]
    with AdvisoryDatabase.open(str(path)) as database:
        own = (sorted(database.advisories(["OLD", "NEW"])), database.snapshot.records)
    assert (opened, answers, own) == (["open\n"] * 2, ["['OLD'] 1\n"] * 2, (["NEW"], 2))
