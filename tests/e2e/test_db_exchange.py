"""`bomvet db export` and `db import` of what it wrote: one file into a network that has no other way in."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import sqlite3
import zlib
from pathlib import Path
from typing import Any

import pytest

from bomvet.advisories import exchange
from bomvet.advisories.database import AdvisoryDatabase
from tests.e2e.conftest import ADVISORY, Cli

KEV = {
    "catalogVersion": "2026.11.20",
    "dateReleased": "2026-11-20T10:00:00Z",
    "vulnerabilities": [{"cveID": "CVE-2026-0001", "dateAdded": "2026-11-01", "knownRansomwareCampaignUse": "Known"}],
}
EPSS = "#model_version:v2025.03.14,score_date:2026-11-23T00:00:00+0000\ncve,epss,percentile\nCVE-2026-0001,0.5,1\n"
OTHER: dict[str, Any] = {
    "id": "PYSEC-1",
    "modified": "2026-01-03T00:00:00Z",
    "aliases": None,
    "upstream": ["CVE-2026-0003"],
    "severity": [{"type": "CVSS_V2", "score": "AV:N/AC:L/Au:N/C:N/I:N/A:P"}],
    "references": [{"type": "WEB", "url": "https://a.example"}],
    "database_specific": {"cwe_ids": ["CWE-79"]},
    "affected": [
        {"package": {"ecosystem": "npm", "name": "b"}, "versions": ["1.0", "1.1"]},
        {
            "package": {"ecosystem": "PyPI", "name": "a"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}],
        },
        {"package": {"ecosystem": "npm", "name": "b"}, "versions": ["0.9"]},
    ],
}


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where BOMVET_DB points."""
    return tmp_path / "advisories.db"


@pytest.fixture
def exported(cli: Cli) -> Path:
    """A file of two records and both catalogues."""
    cli.write("kev.json", json.dumps(KEV))
    cli.write("epss.csv", EPSS)
    cli.write("feed/a.json", json.dumps(ADVISORY))
    cli.write("feed/b.json", json.dumps(OTHER))
    assert cli("db", "import", "feed", "kev.json", "epss.csv", "--as-of", "2026-11-20").code == 0
    assert cli("db", "export", "out.bomvet").code == 0
    return cli.folder / "out.bomvet"


def lines(path: Path) -> list[Any]:
    """What stands in the file."""
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]


def write(path: Path, values: list[Any], *, seal: bool = True) -> None:
    """Put `values` into the file, with the digest that it should have at its end."""
    text = b"".join(json.dumps(value, separators=(",", ":")).encode() + b"\n" for value in values[:-1])
    last = {"sha256": hashlib.sha256(text).hexdigest()} if seal else values[-1]
    path.write_bytes(gzip.compress(text + json.dumps(last, separators=(",", ":")).encode() + b"\n"))


def everything(path: Path) -> Any:
    """All that a database says."""
    with AdvisoryDatabase.open(str(path)) as opened:
        rows = {name: list(opened.catalogue_rows(name)) for name in opened.catalogues()}
        return opened.status(), list(opened.records()), rows, opened.imported


def test_there_and_back(cli: Cli, database: Path, exported: Path) -> None:
    """What is imported says the same as what was exported, and both sides see the same digests."""
    before = everything(database)
    told = cli("db", "export", "again.bomvet").out
    database.unlink()
    ran = cli("db", "import", "out.bomvet", "--digest", told.split()[0])

    assert (ran.code, told) == (0, f"sha256:{hashlib.sha256(exported.read_bytes()).hexdigest()}  again.bomvet\n")
    assert ran.err == f"read out.bomvet ({told.split()[0]})\n"
    assert (cli.folder / "again.bomvet").read_bytes() == exported.read_bytes()
    assert everything(database) == before
    assert ran.out.splitlines()[:7] == [
        "records    2",
        ran.out.splitlines()[1],
        "source     feed",
        f"digest     {before[0].snapshot.digest}",
        "tolerated  1 records that break the schema in part",
        "unreadable 0 files that hold no record",
        "epss       1 entries of 2026-11-23 (v2025.03.14)",
    ]
    assert ran.out.splitlines()[1].startswith("obtained   2026-11-20T00:00:00Z (")


def test_same_content_same_bytes(cli: Cli, exported: Path) -> None:
    """However the content came about, the file is the same."""
    before = exported.read_bytes()
    cli("db", "import", "epss.csv")
    cli("db", "import", "feed/b.json", "feed/a.json", "--as-of", "2026-11-20")
    cli("db", "import", "out.bomvet")
    cli("db", "export", "out.bomvet")

    assert exported.read_bytes() == before


def test_a_file_that_is_not_the_one(cli: Cli, database: Path, exported: Path) -> None:
    """Another digest than the one that was told refuses the file before it is read."""
    before = database.read_bytes()
    ran = cli("db", "import", "out.bomvet", "--digest", f"sha256:{'0' * 64}")
    found = hashlib.sha256(exported.read_bytes()).hexdigest()

    assert (ran.code, ran.out, database.read_bytes()) == (2, "", before)
    assert ran.err == (
        f"bomvet: the exported database cannot be used: its digest is sha256:{found}, and sha256:{'0' * 64} was "
        "demanded; nothing was changed\nhint: have it made and carried again: bomvet db export FILE\n"
    )


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["out.bomvet", "feed"], "'out.bomvet' is an exported database, which is a whole with its own date"),
        (
            ["out.bomvet", "--as-of", "2026-01-01"],
            "'out.bomvet' is an exported database, which is a whole with its own date",
        ),
        (["feed", "--digest", f"sha256:{'0' * 64}"], "--digest is for the file of db export, which this is not"),
        (["out.bomvet", "--digest", "md5:00"], "--digest must be sha256: and 64 digits, not 'md5:00'"),
        (
            ["out.bomvet", "--digest", f"sha256:{'G' * 64}"],
            f"--digest must be sha256: and 64 digits, not 'sha256:{'G' * 64}'",
        ),
    ],
)
@pytest.mark.usefixtures("exported")
def test_asked_wrongly(cli: Cli, arguments: list[str], error: str) -> None:
    """What does not go together is exit 2."""
    ran = cli("db", "import", *arguments)

    assert (ran.code, ran.err.splitlines()[0]) == (2, f"bomvet: {error}")


def changed(values: list[Any], *path: Any, to: Any) -> list[Any]:
    """`values` with another value at `path`."""
    at: Any = values
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = to
    return values


RECORD = 1
HOSTILE = [
    ((0, "bomvet"), 2, "it is of another version of bomvet"),
    ((0, "obtained"), 7, "its head: no text where one is due"),
    ((0, "records"), -1, "its head: no number where one is due"),
    ((0, "records"), True, "its head: no number where one is due"),
    ((0, "records"), 3, "record 3: too many values to unpack (expected 3)"),
    ((0, "records"), 1, "row 1 of epss: not of its shape"),
    ((0, "feeds"), [["x"]], "its head: not enough values to unpack (expected 5, got 1)"),
    ((0, "catalogues"), [["nvd", "", "", 0]], "its head: a catalogue that nobody knows"),
    ((0, "digest"), "sha256:00", "its records are not those it names by its digest"),
    ((0, "obtained"), "yesterday", "Invalid isoformat string: 'yesterday'"),
    ((0, "obtained"), "2026-01-01T00:00:00", "the time '2026-01-01T00:00:00' names no zone"),
    ((RECORD, 0, "id"), "", "record 1: not of its shape"),
    ((RECORD, 0, "id"), "x" * 300, "record 1: not of its shape"),
    ((RECORD, 0, "id"), "other", "record 1: an entry of it is not of its shape"),
    ((RECORD, 0, "aliases"), None, "record 1: not of its shape"),
    ((RECORD, 0, "aliases"), [1], "record 1: not of its shape"),
    ((RECORD, 0, "cwes"), ["CWE-79"], "record 1: not of its shape"),
    ((RECORD, 0, "severity"), [["CVSS_V3"]], "record 1: not of its shape"),
    ((RECORD, 0, "summary"), "\x00" * 10 + "changed", "its records are not those it names by its digest"),
    ((RECORD, 1), {}, "record 1: not of its shape"),
    ((RECORD, 1, 0, 0), "", "record 1: an entry of it is not of its shape"),
    ((RECORD, 1, 0, 1), 7, "record 1: an entry of it is not of its shape"),
    ((RECORD, 1, 0, 2), {}, "record 1: an entry of it is not of its shape"),
    ((RECORD, 1, 0, 2, "ranges"), [["introduced", "0"]], "record 1: an entry of it is not of its shape"),
    ((RECORD, 1, 0, 2, "ranges"), [[["introduced"]]], "record 1: an entry of it is not of its shape"),
    ((RECORD, 1, 0, 2, "ranges"), {}, "record 1: an entry of it is not of its shape"),
    ((RECORD, 2), "all", "record 1: no number where one is due"),
    ((3, 1), "much", "row 1 of epss: not of its shape"),
    ((3, 1), True, "row 1 of epss: not of its shape"),
    ((4,), ["CVE-2026-0001"], "row 1 of kev: not of its shape"),
]


@pytest.mark.parametrize(("path", "value", "error"), HOSTILE)
def test_a_hostile_file(cli: Cli, exported: Path, path: Any, value: Any, error: str) -> None:
    """Whatever somebody writes into a file and seals, it is told, and the database is as it was."""
    database = exported.parents[1] / "advisories.db"
    before = database.read_bytes()
    write(exported, changed(lines(exported), *path, to=value))
    ran = cli("db", "import", "out.bomvet")

    assert (ran.code, ran.out, database.read_bytes()) == (2, "", before)
    assert ran.err.startswith(f"bomvet: the exported database cannot be used: {error}"), ran.err
    assert sorted(os.listdir(database.parent)) == ["advisories.db", "sink"]


@pytest.mark.parametrize("damage", ["cut", "seal", "more", "no-json", "flip", "unended", "second"])
def test_a_damaged_file(cli: Cli, database: Path, exported: Path, damage: str) -> None:
    """A file that is not whole is told, and the database is as it was."""
    before, data, values = database.read_bytes(), exported.read_bytes(), lines(exported)
    text = gzip.decompress(data)
    damaged = {
        "cut": data[:-40],
        "seal": gzip.compress(text.replace(b"Leaky tap", b"Sound tap")),
        "more": gzip.compress(text + b"{}\n"),
        "no-json": gzip.compress(text.replace(b"Leaky tap", b'Leaky "tap')),
        "flip": data[:200] + bytes([data[200] ^ 0xFF]) + data[201:],
        "unended": gzip.compress(text[:-1]),
        "second": data + gzip.compress(b"{}\n"),
    }
    exported.write_bytes(damaged[damage])
    ran = cli("db", "import", "out.bomvet")

    assert (ran.code, ran.out, database.read_bytes()) == (2, "", before), values
    assert ran.err.startswith("bomvet: the exported database cannot be used: "), ran.err


@pytest.mark.parametrize("kind", ["ratio", "line"])
def test_bombs(cli: Cli, exported: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """What unpacks to far more than it should is not unpacked."""
    monkeypatch.setattr(exchange, "_SMALL", 100_000)
    monkeypatch.setattr(exchange, "MAX_LINE", 20_000 if kind == "line" else 2**28)
    values = lines(exported)
    if kind == "line":
        monkeypatch.setattr(exchange, "_BLOCK", 1000)
        monkeypatch.setattr(exchange, "MAX_RATIO", 10_000)
    write(exported, changed(values, RECORD, 0, "summary", to="x" * 10_000_000))
    ran = cli("db", "import", "out.bomvet")

    assert ran.code == 2
    expected = "it unpacks to too much" if kind == "ratio" else "a line without end"
    assert ran.err.startswith(f"bomvet: the exported database cannot be used: its packing: {expected}")


def test_what_is_recognised(cli: Cli, exported: Path) -> None:
    """By its content alone; other files of gzip are none."""
    cli.write("plain.json", "{}")
    (cli.folder / "other.gz").write_bytes(gzip.compress(b"other"))
    (cli.folder / "broken.gz").write_bytes(b"\x1f\x8b broken")
    names = ("plain.json", "other.gz", "broken.gz", "absent", "feed")

    assert [exchange.recognised(str(cli.folder / name)) for name in names] == [False] * 5
    assert exchange.recognised(str(exported))


def test_export_without_a_database(cli: Cli, tmp_path: Path) -> None:
    """Without a database nothing is written; a place that cannot be written is told."""
    ran = cli("db", "export", "out.bomvet", "--db", "absent.db")
    assert (ran.code, ran.err.splitlines()[0]) == (3, "bomvet: there is no advisory database")
    cli.advise(ADVISORY)
    cli.write("file", "")
    ran = cli("db", "export", "file/out.bomvet")
    assert (ran.code, ran.err) == (
        2,
        "bomvet: file/out.bomvet cannot be written: File exists\nhint: name another file\n",
    )
    assert sorted(os.listdir(tmp_path)) == ["advisories.db", "sink"]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER t AFTER INSERT ON meta BEGIN SELECT load_extension('x'); END",
        "CREATE VIEW v AS SELECT * FROM meta",
        "CREATE INDEX i ON meta (value)",
        "CREATE TABLE t (x)",
        "ALTER TABLE kev ADD COLUMN x",
    ],
)
@pytest.mark.usefixtures("exported")
def test_a_hostile_database(cli: Cli, database: Path, statement: str) -> None:
    """A SQLite file with anything but our tables is never asked."""
    with sqlite3.connect(database) as connection:
        connection.execute(statement)
    connection.close()
    ran = cli("db", "status")

    assert (ran.code, ran.err.splitlines()[0]) == (
        3,
        f"bomvet: {database}: the advisory database is damaged: its tables are not those of bomvet",
    )


def test_the_engine_is_that_of_gzip(exported: Path) -> None:
    """Any tool of gzip can read the file."""
    assert zlib.decompress(exported.read_bytes(), 31) == gzip.decompress(exported.read_bytes())


def test_catalogues_within_a_folder_are_told(cli: Cli) -> None:
    """They are read where they are named; of those that stand in a folder none is lost without a word."""
    cli.write("feed/GHSA-aaaa-bbbb-cccc.json", json.dumps(ADVISORY))
    cli.write("feed/lists/known_exploited_vulnerabilities.json", json.dumps(KEV))
    cli.write("feed/lists/other.csv", "name,number\n")
    ran = cli("db", "import", "feed")

    assert ran.code == 0
    assert (
        "note: lists/known_exploited_vulnerabilities.json is passed over: KEV and EPSS are read where they are named\n"
        in ran.err
    )
    assert "other.csv" not in ran.err
