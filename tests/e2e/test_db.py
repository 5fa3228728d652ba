"""`bomvet db` as its users type it: the import, what it refuses to replace, and the status."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bomvet.cli import db
from tests.e2e.conftest import ADVISORY

if TYPE_CHECKING:
    from tests.e2e.conftest import Cli

NEWER = "hint: import newer data: bomvet db import PATH\n"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where BOMVET_DB points."""
    return tmp_path / "advisories.db"


def ago(**span: int) -> str:
    """A moment so long ago."""
    return (dt.datetime.now(dt.UTC) - dt.timedelta(**span)).isoformat()


# ── import ──────────────────────────────────────────────────────────────────────────────────────


def test_import_tells_what_it_tolerated(cli: Cli) -> None:
    """A record that breaks the schema is counted and named; one that is none is counted too."""
    cli.write("feed/x.json", "[]")
    cli.write("feed/y.json", json.dumps({**ADVISORY, "aliases": None}))
    ran = cli("db", "import", "feed")

    assert ran.code == 0
    assert "note: x.json: no JSON object" in ran.err
    assert "tolerated  1 records" in ran.out
    assert "unreadable 1 files" in ran.out


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (
            ["feed", "nowhere"],
            "bomvet: no such file or folder: 'nowhere'\nhint: a folder or zip in the layout of OSV's bucket, or JSON records\n",
        ),
        (["feed", "--as-of", "yesterday"], "bomvet: --as-of must be a date such as 2026-01-31, not 'yesterday'\n"),
        (["feed", "--as-of", "2999-01-01"], "bomvet: --as-of lies in the future: '2999-01-01'\n"),
        (
            ["pyproject.toml", "./bad"],
            (
                "note: x.json: no JSON object\n"
                "bomvet: no advisory record was found there: 'pyproject.toml', './bad'\n"
                "hint: the path should hold OSV records: ID.json files, or all.zip archives of them\n"
            ),
        ),
        (["feed", "--db", "bad"], "bomvet: bad is a folder\nhint: name a file with --db\n"),
        (
            ["feed", "--db", "precious.txt"],
            (
                "bomvet: precious.txt is no advisory database, and is not replaced\n"
                "hint: name another file with --db, or delete this one\n"
            ),
        ),
    ],
    ids=["absent", "no-date", "future", "no-record", "folder", "precious"],
)
def test_import_that_cannot_be(cli: Cli, database: Path, arguments: list[str], error: str) -> None:
    """Exit code 2 with what is wrong and what to do; no file is made or changed."""
    cli.write("feed/a.json", json.dumps(ADVISORY))
    cli.write("bad/x.json", "[]")
    cli.write("precious.txt", "my only copy")
    before = {path: path.is_file() and path.read_bytes() for path in database.parent.rglob("*")}
    ran = cli("db", "import", *arguments)

    assert (ran.code, ran.out, ran.err) == (2, "", error)
    assert {path: path.is_file() and path.read_bytes() for path in database.parent.rglob("*")} == before


def test_import_of_a_path_that_is_no_text(cli: Cli) -> None:
    """A name that is not UTF-8 is escaped in the source; a control character is not shown."""
    feed = cli.folder / os.fsdecode(b"\xff\x1b[31mfeed")
    feed.mkdir()
    (feed / "a.json").write_text(json.dumps(ADVISORY))
    ran = cli("db", "import", os.fspath(feed))

    assert (ran.code, ran.err) == (0, "")
    assert "source     \\xff\ufffd[31mfeed\n" in ran.out


def test_import_shows_its_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal a counter is overwritten by what comes next; elsewhere there is none."""
    terminal, file = io.StringIO(), io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    for stream in (terminal, file):
        monkeypatch.setattr(sys, "stderr", stream)
        db._progress("1,000 records")
        db._progress("")

    assert (terminal.getvalue(), file.getvalue()) == (f"\r1,000 records{' ' * 47}\r\r{' ' * 60}\r", "")


TERMINATED = """
import itertools, json, sys
from bomvet.__main__ import main
from bomvet.advisories import bucket

def endless(path):
    for number in itertools.count():
        record = {"id": f"N-{number}", "modified": "2026-01-01T00:00:00Z", "affected": []}
        yield bucket.RawRecord(origin="x", data=json.dumps(record).encode())
        if number == 500:
            print("under way", flush=True)

bucket.raw_records = endless
sys.argv = ["bomvet", "db", "import", "feed"]
sys.exit(main())
"""


@pytest.mark.skipif(os.name != "posix", reason="there are no signals to send")
def test_a_terminated_import_leaves_the_old_database(cli: Cli, database: Path) -> None:
    """SIGTERM in the middle of an import is exit 143, leaves the old file byte for byte, and no other beside it."""
    cli.advise(ADVISORY)
    before = database.read_bytes()
    command = [sys.executable, "-c", TERMINATED]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "under way\n"
        assert [*database.parent.glob(".bomvet-import-*")] != []
        process.terminate()
        rest = process.communicate(timeout=60)

    assert (process.returncode, "Traceback" in rest[1]) == (143, False)
    assert (database.read_bytes(), sorted(os.listdir(database.parent))) == (before, ["advisories.db", "sink"])


# ── status ──────────────────────────────────────────────────────────────────────────────────────


def test_status(cli: Cli, database: Path) -> None:
    """Path, records, age, source and digest, and the counts per ecosystem."""
    cli.advise(ADVISORY, as_of="2026-01-31T12:00:00+02:00")
    days = (dt.datetime.now(dt.UTC) - dt.datetime(2026, 1, 31, 10, tzinfo=dt.UTC)).days
    ran = cli("db", "status")
    lines = ran.out.splitlines()

    assert (ran.code, ran.err) == (0, "")
    assert lines[:4] == [
        f"path       {database}",
        "records    1",
        f"obtained   2026-01-31T10:00:00Z ({days} days ago)",
        "source     feed",
    ]
    assert lines[4].startswith("digest     sha256:")
    assert lines[5:] == [
        "tolerated  0 records that break the schema in part",
        "unreadable 0 files that hold no record",
        "",
        "ECOSYSTEM               RECORDS  WITHDRAWN",
        "PyPI                          1          0",
    ]


@pytest.mark.parametrize(("hours", "words"), [(1, "0 days ago"), (25, "1 day ago"), (49, "2 days ago")])
def test_status_counts_the_days(cli: Cli, hours: int, words: str) -> None:
    """The age is in full days."""
    cli.advise(ADVISORY, as_of=ago(hours=hours))

    assert f"({words})\n" in cli("db", "status").out


def test_status_as_json(cli: Cli, database: Path) -> None:
    """One object with everything that the table tells."""
    old = {**ADVISORY, "id": "GHSA-old", "withdrawn": "2026-01-03T00:00:00Z"}
    cli.write("feed/x.json", "[]")
    cli.advise(ADVISORY, old, {**ADVISORY, "id": "GHSA-odd", "aliases": None, "affected": []}, as_of=ago(hours=73))
    digest = cli("db", "status").out.partition("digest     ")[2].partition("\n")[0]
    ran = cli("db", "status", "-f", "json")
    found = ran.json

    assert (ran.code, ran.err) == (0, "")
    assert dt.datetime.fromisoformat(found.pop("obtained")).tzinfo == dt.UTC
    assert found == {
        "path": str(database),
        "age_days": 3,
        "source": "feed",
        "digest": digest,
        "records": 3,
        "tolerated": 1,
        "unreadable": 1,
        "ecosystems": [{"name": "PyPI", "records": 2, "withdrawn": 1}],
        "updates": [],
        "catalogues": {},
    }


@pytest.mark.parametrize("form", ["table", "json"])
def test_status_of_a_path_that_is_no_text(cli: Cli, form: str) -> None:
    """A database whose name is not UTF-8 is shown with the name escaped."""
    name = os.fsdecode(b"\xff.db")
    cli.write("feed/a.json", json.dumps(ADVISORY))
    cli("db", "import", "feed", "--db", name)
    ran = cli("db", "status", "--db", name, "--format", form)
    shown = ran.json["path"] if form == "json" else ran.out.splitlines()[0].removeprefix("path       ")

    assert (ran.code, shown) == (0, f"{cli.folder}/\\xff.db")


def test_status_cannot_steer_the_terminal(cli: Cli) -> None:
    """Control characters in the name of an ecosystem are not printed."""
    cli.advise({**ADVISORY, "affected": [{"package": {"ecosystem": "\x1b[31mRed", "name": "x"}}]})
    ran = cli("db", "status")

    assert ran.out.splitlines()[-1] == "\ufffd[31mRed                      1          0"


def test_status_without_a_database(cli: Cli, database: Path) -> None:
    """No database is exit 3, with the place where it was looked for, and a hint."""
    ran = cli("db", "status")

    assert (ran.code, ran.out, ran.err) == (
        3, "", f"bomvet: {database}: there is no advisory database\nhint: make one: bomvet db import PATH\n",
    )  # fmt: skip


def test_status_of_another_file(cli: Cli) -> None:
    """A file that is no database is told by its full path, also where it was named by a relative one."""
    cli.write("precious.txt", "my only copy")
    ran = cli("db", "status", "--db", "precious.txt")

    assert (ran.code, ran.out, ran.err) == (
        3,
        "",
        f"bomvet: {cli.folder / 'precious.txt'}: the file is no advisory database\nhint: name another file with --db\n",
    )


def test_status_of_a_damaged_database(cli: Cli, database: Path) -> None:
    """A file without one of our tables is told with the path."""
    cli.advise(ADVISORY)
    with sqlite3.connect(database) as connection:
        connection.execute("DROP TABLE ecosystem")
    connection.close()
    ran = cli("db", "status")

    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        f"bomvet: {database}: the advisory database is damaged: its tables are not those of bomvet\n"
        "hint: import the advisories again: bomvet db import PATH\n"
    )


@pytest.mark.parametrize(
    ("age", "limit", "sentence"),
    [
        ({"days": 327, "hours": 1}, "7d", "the advisory data is 327 days old, and 7 days is the limit"),
        ({"days": 2, "hours": 1}, "24h", "the advisory data is 2 days old, and 1 day is the limit"),
        ({"hours": 48, "minutes": 5}, "36h", "the advisory data is 48 hours old, and 36 hours is the limit"),
        ({"minutes": 65}, "0h", "the advisory data is 0 days old, and 0 days is the limit"),
    ],
)
@pytest.mark.parametrize("form", ["table", "json"])
def test_status_of_old_data(cli: Cli, age: dict[str, int], limit: str, sentence: str, form: str) -> None:
    """Beyond the limit the status is printed all the same, and exit code 3 says that the data is too old."""
    cli.advise(ADVISORY, as_of=ago(**age))
    ran = cli("db", "status", "--max-age", limit, "-f", form)

    assert (ran.code, ran.err) == (3, f"bomvet: {sentence}\n{NEWER}")
    assert ran.out == cli("db", "status", "-f", form).out


def test_status_of_data_that_is_not_too_old(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within the limit, and without one, the exit code is 0; the limit may come from the environment."""
    cli.advise(ADVISORY, as_of=ago(days=8))
    codes = [cli("db", "status").code, cli("db", "status", "--max-age", "9d").code]
    monkeypatch.setenv("BOMVET_MAX_AGE", "7d")
    codes += [cli("db", "status").code, cli("db", "status", "--max-age", "9d").code]

    assert codes == [0, 0, 3, 0]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (
            ["--max-age", "soon"],
            "bomvet: --max-age must be a number of days or hours such as '7d' or '36h', not 'soon'\n",
        ),
        (["-f", "yaml"], "bomvet: --format must be table or json, not 'yaml'\n"),
        (["-f", ""], "bomvet: --format is empty\n"),
    ],
)
def test_status_asked_wrongly(cli: Cli, arguments: list[str], error: str) -> None:
    """A wrong option is exit 2, whether there is a database or not."""
    ran = cli("db", "status", *arguments)

    assert (ran.code, ran.out, ran.err) == (2, "", error)
