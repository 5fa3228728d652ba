"""`bomvet db update`, through the real command line, against a server that does what OSV's bucket does."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bomvet.advisories import update as module
from bomvet.advisories.bucket import RawRecord
from bomvet.advisories.database import AdvisoryDatabase, build
from bomvet.net import _rules
from tests.e2e.conftest import ADVISORY, Cli, Ran
from tests.osv_server import OsvServer, corrupted, cut, osv_server, sends, status

pytestmark = pytest.mark.enable_socket

KEV = {
    "catalogVersion": "2026.11.20",
    "dateReleased": "2026-11-20T10:00:00Z",
    "count": 1,
    "vulnerabilities": [
        {
            "cveID": "CVE-2026-0001",
            "dateAdded": "2026-11-01",
            "dueDate": "2026-11-22",
            "knownRansomwareCampaignUse": "Known",
        }
    ],
}
EPSS = "#model_version:v2025.03.14,score_date:2026-11-23T00:00:00+0000\ncve,epss,percentile\nCVE-2026-0001,0.5,0.98\n"


def document(id_: str, day: str = "2026-01-02", package: str = "tap", ecosystem: str = "PyPI", **more: Any) -> Any:
    """A record, changed on that day."""
    affected = [{"package": {"ecosystem": ecosystem, "name": package}, "versions": ["1.0"]}]
    return {"id": id_, "modified": f"{day}T00:00:00Z", "affected": affected, **more}


def publish(osv: OsvServer, ecosystem: str, *documents: dict[str, Any], padding: bytes = b"") -> None:
    """Put them into the bucket, in the place of what it had of that ecosystem."""
    for path in [path for path in osv.files if path.startswith(f"/bucket/{ecosystem}/")]:
        del osv.files[path]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in documents:
            archive.writestr(f"{one['id']}.json", json.dumps(one))
            osv.files[f"/bucket/{ecosystem}/{one['id']}.json"] = json.dumps(one).encode()
        archive.writestr("padding.txt", padding)
    lines = sorted(((one["modified"], one["id"]) for one in documents), reverse=True)
    osv.files[f"/bucket/{ecosystem}/all.zip"] = buffer.getvalue()
    osv.files[f"/bucket/{ecosystem}/modified_id.csv"] = "".join(f"{at},{id_}\n" for at, id_ in lines).encode()


@pytest.fixture
def osv(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Iterator[OsvServer]:
    """A bucket of two ecosystems and the catalogues, which the command line is set to, and no patience."""
    monkeypatch.chdir(cli.folder)
    monkeypatch.delenv("BOMVET_OFFLINE", raising=False)
    monkeypatch.setattr(_rules, "pause", lambda *_: 0.001)
    with osv_server() as server:
        monkeypatch.setenv("BOMVET_DB_URL", f"{server.url}/bucket")
        monkeypatch.setenv("BOMVET_KEV_URL", f"{server.url}/kev.json")
        monkeypatch.setenv("BOMVET_EPSS_URL", f"{server.url}/epss.csv.gz")
        publish(server, "PyPI", ADVISORY, document("PYSEC-1"), document("PYSEC-2", "2026-01-01", "drain"))
        publish(server, "npm", document("GHSA-n", package="left", ecosystem="npm"))
        server.files["/kev.json"] = json.dumps(KEV).encode()
        server.files["/epss.csv.gz"] = gzip.compress(EPSS.encode())
        yield server


def held(database: Path) -> dict[str, str]:
    """The records that there are, with the time of their change."""
    with AdvisoryDatabase.open(str(database)) as opened:
        return {advisory["id"]: advisory["modified"] for advisory, _, _ in opened.records()}


def digest(cli: Cli) -> str:
    """That of the database."""
    found: str = cli("db", "status", "-f", "json").json["digest"]
    return found


def asked(osv: OsvServer) -> list[str]:
    """The files that were asked for, and forget them."""
    paths = [path.removeprefix("/bucket/") for _, path, _ in osv.requests]
    osv.requests.clear()
    return paths


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where BOMVET_DB points."""
    return tmp_path / "advisories.db"


def rebuilt(tmp_path: Path, *documents: dict[str, Any]) -> str:
    """The digest of a database of those documents that was made at once."""
    raw = [RawRecord(origin="x", data=json.dumps(one).encode()) for one in documents]
    moment = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    return build(str(tmp_path / "other.db"), raw, source="x", obtained=moment).status.snapshot.digest


FILES = ["/kev.json", "/epss.csv.gz", "PyPI/modified_id.csv", "PyPI/all.zip", "npm/modified_id.csv", "npm/all.zip"]


def test_first_update(cli: Cli, osv: OsvServer, database: Path) -> None:
    """Without a database the archives and the catalogues are fetched, and nothing is left beside the database."""
    ran = cli("db", "update")
    found = cli("db", "status", "-f", "json").json

    assert (ran.code, ran.err.splitlines()) == (
        0,
        [
            "KEV: 1 entries of 2026-11-20",
            "EPSS: 1 entries of 2026-11-23",
            "PyPI: all records",
            "npm: all records",
        ],
    )
    assert asked(osv) == FILES
    assert (found["records"], found["source"], found["age_days"]) == (4, f"{osv.url}/bucket", 0)
    assert found["catalogues"] == {
        "epss": {"date": "2026-11-23", "version": "v2025.03.14", "entries": 1},
        "kev": {"date": "2026-11-20", "version": "2026.11.20", "entries": 1},
    }
    assert [(one["ecosystem"], one["changes_until"]) for one in found["updates"]] == [
        ("PyPI", "2026-01-02T00:00:00Z"),
        ("npm", "2026-01-02T00:00:00Z"),
    ]
    assert sorted(os.listdir(database.parent)) == ["advisories.db", "sink"]
    with AdvisoryDatabase.open(str(database)) as opened:
        assert opened.covered() == {"PyPI", "npm"}
        assert opened.exploitation(["CVE-2026-0001"])["CVE-2026-0001"]["kev"] == {
            "added": "2026-11-01", "due": "2026-11-22", "ransomware": True,
        }  # fmt: skip


def test_nothing_new(cli: Cli, osv: OsvServer) -> None:
    """A repeated update fetches the lists of changes and the catalogues, and no record."""
    cli("db", "update")
    before = digest(cli)
    asked(osv)
    ran = cli("db", "update")

    assert (ran.code, asked(osv)) == (0, ["/kev.json", "/epss.csv.gz", "PyPI/modified_id.csv", "npm/modified_id.csv"])
    assert ran.err.splitlines()[2:] == ["PyPI: 0 records changed", "npm: 0 records changed"]
    assert digest(cli) == before


def test_what_has_changed(cli: Cli, osv: OsvServer, database: Path, tmp_path: Path) -> None:
    """New and changed records are fetched one by one, and the digest is that of a database that was made at once."""
    cli("db", "update")
    asked(osv)
    new = [
        ADVISORY,
        document("PYSEC-1", "2026-01-05", "sieve"),
        document("PYSEC-2", "2026-01-01", "drain"),
        document("PYSEC-3", "2026-01-04"),
    ]
    publish(osv, "PyPI", *new)
    ran = cli("db", "update")

    assert (ran.code, ran.err.splitlines()[2:]) == (0, ["PyPI: 2 records changed", "npm: 0 records changed"])
    assert asked(osv)[2:] == ["PyPI/modified_id.csv", "PyPI/PYSEC-1.json", "PyPI/PYSEC-3.json", "npm/modified_id.csv"]
    assert digest(cli) == rebuilt(tmp_path, *new, document("GHSA-n", package="left", ecosystem="npm"))
    with AdvisoryDatabase.open(str(database)) as opened:
        found = {
            name: [e["id"] for e in entries] for name, entries in opened.packages("PyPI", ["tap", "sieve"]).items()
        }
    assert found == {"tap": ["GHSA-aaaa-bbbb-cccc", "PYSEC-3"], "sieve": ["PYSEC-1"]}


def test_many_changes(cli: Cli, osv: OsvServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to the limit changed records are fetched one by one; of more the archive is."""
    monkeypatch.setattr(module, "MAX_SINGLE", 20)
    cli("db", "update", "--ecosystem", "PyPI")
    documents: list[Any] = []
    for count, last in ((20, "PYSEC-19.json"), (41, "all.zip")):
        documents = [document(f"PYSEC-{n}", "2026-02-01") for n in range(count)]
        publish(osv, "PyPI", *documents)
        asked(osv)
        ran = cli("db", "update", "--ecosystem", "PyPI")
        assert (ran.code, f"PyPI/{last}" in asked(osv)) == (0, True)
    assert digest(cli) == rebuilt(tmp_path, *documents)


def test_deleted_records(cli: Cli, osv: OsvServer, database: Path, tmp_path: Path) -> None:
    """What is gone from the archive goes with the next one; what was imported by hand stays."""
    own = document("ACME-1", package="own")
    cli.write("own/ACME-1.json", json.dumps(own))
    cli("db", "import", "own")
    cli("db", "update")
    assert sorted(held(database)) == ["ACME-1", "GHSA-aaaa-bbbb-cccc", "GHSA-n", "PYSEC-1", "PYSEC-2"]
    publish(osv, "PyPI", ADVISORY, document("PYSEC-2", "2026-01-01", "drain"))
    cli("db", "update")
    assert "PYSEC-1" in held(database)
    ran = cli("db", "update", "--full")

    assert (ran.code, sorted(held(database))) == (0, ["ACME-1", "GHSA-aaaa-bbbb-cccc", "GHSA-n", "PYSEC-2"])
    left = [
        own,
        ADVISORY,
        document("PYSEC-2", "2026-01-01", "drain"),
        document("GHSA-n", package="left", ecosystem="npm"),
    ]
    assert digest(cli) == rebuilt(tmp_path, *left)


def test_the_archive_once_a_week(cli: Cli, osv: OsvServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a week the archives are fetched, whatever has changed."""
    cli("db", "update")
    asked(osv)
    monkeypatch.setattr(module, "FULL_AFTER", dt.timedelta(0))
    cli("db", "update")

    assert asked(osv) == FILES


# ── what goes wrong ─────────────────────────────────────────────────────────────────────────────

HINT = "hint: run it again, which goes on where it stopped, or name a mirror: --url URL\n"
FAILED = f"bomvet: not all could be fetched; of that the database is as it was\n{HINT}"


def failed(ran: Ran) -> list[str]:
    """What could not be fetched, of a run that says so as it should."""
    assert (ran.code, ran.err.endswith(FAILED)) == (3, True), ran.err
    return [
        line.removeprefix("bomvet: ") for line in ran.err.removesuffix(FAILED).splitlines() if line.startswith("bomvet")
    ]


def test_a_connection_that_breaks(cli: Cli, osv: OsvServer, database: Path) -> None:
    """A download goes on where it was cut."""
    publish(osv, "PyPI", ADVISORY, padding=os.urandom(2**20))
    osv.inject("/bucket/PyPI/all.zip", cut("/bucket/PyPI/all.zip", 600_000))
    ran = cli("db", "update")
    ranges = [
        h.get("range")
        for h, (_, path, _) in zip(osv.headers, osv.requests, strict=True)
        if path.endswith("PyPI/all.zip")
    ]

    assert (ran.code, len(held(database)), ranges) == (0, 2, [None, "bytes=600000-"])


def test_a_file_that_changes_between(cli: Cli, osv: OsvServer, database: Path) -> None:
    """What was begun of another file is thrown away."""
    path = "/bucket/PyPI/all.zip"

    def breaks(handler: Any) -> None:
        cut(path, 600_000)(handler)
        publish(osv, "PyPI", *(document(f"PYSEC-{n}") for n in range(30)))

    publish(osv, "PyPI", ADVISORY, padding=os.urandom(2**20))
    osv.inject(path, breaks)
    ran = cli("db", "update", "--ecosystem", "PyPI")

    assert (ran.code, len(held(database))) == (0, 30)


def test_a_download_that_is_resumed_by_the_next_run(cli: Cli, osv: OsvServer, database: Path) -> None:
    """What came before a failure is kept for the next run, and everything else is up to date."""
    path = "/bucket/PyPI/all.zip"
    publish(osv, "PyPI", ADVISORY, padding=os.urandom(2**20))
    osv.inject(path, cut(path, 600_000), status(503), status(503), status(503))
    ran = cli("db", "update")
    assert failed(ran) == ["PyPI: 127.0.0.1 fails (HTTP 503)".replace("127.0.0.1", osv.url.removeprefix("http://"))]
    assert sorted(held(database)) == ["GHSA-n"]
    asked(osv)
    osv.headers.clear()
    ran = cli("db", "update")

    resumed = [h["range"] for h in osv.headers if "range" in h]
    assert (ran.code, resumed, len(held(database))) == (0, ["bytes=600000-"], 2)
    assert sorted(os.listdir(database.parent)) == ["advisories.db", "sink"]


@pytest.mark.parametrize("fault", ["corrupted", "other", "cut"])
def test_a_damaged_archive(cli: Cli, osv: OsvServer, database: Path, fault: str) -> None:
    """What is not what the service says it is never gets into the database; once may be an accident."""
    cli("db", "update")
    path, before = "/bucket/PyPI/all.zip", database.read_bytes()
    faults = {
        "corrupted": corrupted(path),
        "other": sends(b"<html>captive portal</html>"),
        "cut": sends(osv.files[path][:-30]),
    }
    osv.inject(path, faults[fault], faults[fault])
    (told,) = failed(cli("db", "update", "--full", "--ecosystem", "PyPI", "--kev-url", "none", "--epss-url", "none"))
    assert told.startswith("PyPI: 127.0.0.1: all.zip is ")
    assert database.read_bytes() == before
    osv.inject(path, faults[fault])
    ran = cli("db", "update", "--full")

    assert (ran.code, len(held(database))) == (0, 4)


def test_an_archive_that_has_lost_most(cli: Cli, osv: OsvServer, database: Path) -> None:
    """An archive of less than half the records is not believed: all that it lacks would be found no more."""
    publish(osv, "PyPI", *(document(f"PYSEC-{n}") for n in range(30)))
    cli("db", "update", "--ecosystem", "PyPI")
    before = database.read_bytes()
    publish(osv, "PyPI", *(document(f"PYSEC-{n}") for n in range(14)))
    ran = cli("db", "update", "--full", "--ecosystem", "PyPI", "--kev-url", "none", "--epss-url", "none")

    assert failed(ran) == ["PyPI: 127.0.0.1: all.zip has 14 records where there were 30, which is not believed"]
    assert database.read_bytes() == before


def test_an_ecosystem_that_is_not_there(cli: Cli, osv: OsvServer, database: Path) -> None:
    """A name that the bucket does not have is told, and the others are up to date."""
    ran = cli("db", "update", "--ecosystem", "PyPi", "--ecosystem", "npm")
    host = osv.url.removeprefix("http://")

    assert failed(ran) == [
        f"PyPi: {host} does not give the file (HTTP 404); names of ecosystems are as in ecosystems.txt of the bucket"
    ]
    assert sorted(held(database)) == ["GHSA-n"]


@pytest.mark.parametrize(
    "text",
    [
        "garbage\n",
        "",
        "2026-01-02T00:00:00Z,../../etc\n",
        "2026-01-02,PYSEC-1\n",
        "2026-01-02T00:00:00Z,\n",
        "2026-01-01T00:00:00Z,PYSEC-2\n2026-01-02T00:00:00Z,PYSEC-1\n",
        "\xff\xfe,PYSEC-1\n",
    ],
)
def test_a_list_of_changes_that_is_none(cli: Cli, osv: OsvServer, database: Path, text: str) -> None:
    """Where nobody can say what has changed, the archive is fetched; the next time too."""
    cli("db", "update")
    osv.files["/bucket/PyPI/modified_id.csv"] = text.encode("latin-1")
    asked(osv)
    ran = cli("db", "update")

    assert (ran.code, len(held(database))) == (0, 4)
    assert "PyPI: no list of changes: " in ran.err
    assert "PyPI/all.zip" in asked(osv)
    cli("db", "update")
    assert "PyPI/all.zip" in asked(osv)


def test_a_change_in_the_future(cli: Cli, osv: OsvServer) -> None:
    """A time that has not come hides no change that comes before it."""
    publish(osv, "PyPI", ADVISORY, document("PYSEC-9", "2999-01-01"))
    cli("db", "update")
    now = dt.datetime.now(dt.UTC)
    publish(osv, "PyPI", ADVISORY, document("PYSEC-9", "2999-01-01"), document("PYSEC-4", f"{now:%Y}-12-31"))
    ran = cli("db", "update")

    assert "PyPI: 1 record changed" in ran.err


def test_a_record_that_cannot_be_had(cli: Cli, osv: OsvServer, database: Path) -> None:
    """Where a changed record is not there, or is another one, the archive is fetched."""
    cli("db", "update")
    answers = (status(404), sends(b"<html>"), sends(b'{"id": "PYSEC-1"}'), sends(b"[]"), sends(b'{"id": 7}'))
    for day, answer in enumerate(answers, start=1):
        publish(osv, "PyPI", ADVISORY, document("PYSEC-7", f"2026-02-{day:02}"))
        osv.inject("/bucket/PyPI/PYSEC-7.json", answer)
        asked(osv)
        ran = cli("db", "update")
        assert (ran.code, "PyPI: PYSEC-7 cannot be had by itself" in ran.err) == (0, True), ran.err
        assert "PyPI/all.zip" in asked(osv)
    assert "PYSEC-7" in held(database)


def test_catalogues_that_cannot_be_had(cli: Cli, osv: OsvServer, database: Path) -> None:
    """Catalogues that fail leave the advisories alone, and those that were there stay; all the same it is told."""
    cli("db", "update")
    del osv.files["/kev.json"]
    osv.files["/epss.csv.gz"] = b"cve,epss,percentile\n"
    publish(osv, "PyPI", ADVISORY, document("PYSEC-3", "2026-02-01"))
    ran = cli("db", "update")
    told = failed(ran)

    assert told[0].startswith("KEV: ")
    assert told[1].startswith("EPSS: it does not say of which model")
    assert "PYSEC-3" in held(database)
    with AdvisoryDatabase.open(str(database)) as opened:
        assert sorted(opened.catalogues()) == ["epss", "kev"]


def test_mirrors(cli: Cli, osv: OsvServer, database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one mirror fails the next one is asked; the policy may name them."""
    monkeypatch.delenv("BOMVET_DB_URL")
    cli.write("bomvet.toml", f'[db]\nurl = ["{osv.url}/nowhere", "{osv.url}/bucket/"]\n')
    ran = cli("db", "update", "--ecosystem", "npm")
    assert (ran.code, sorted(held(database))) == (0, ["GHSA-n"])
    cli.write("bomvet.toml", f'db.url = "{osv.url}/bucket"\n')
    assert cli("db", "update", "--ecosystem", "npm").code == 0
    cli.write("bomvet.toml", 'db.url = ["ftp://x.example"]\n')
    ran = cli("db", "update")
    assert (ran.code, "db.url" in ran.err) == (2, True)


def test_offline(cli: Cli, osv: OsvServer) -> None:
    """`--offline` forbids it, and nothing is asked."""
    ran = cli("db", "update", "--offline")

    assert (ran.code, ran.err, osv.requests) == (
        2,
        "bomvet: db update opens connections, and --offline forbids that\nhint: db import takes files\n",
        [],
    )


@pytest.mark.parametrize("option", ["--db-url", "--kev-url", "--epss-url"])
def test_a_url_that_is_none(cli: Cli, option: str) -> None:
    """What is no URL is exit 2."""
    ran = cli("db", "update", option, "nowhere")

    assert (ran.code, ran.err) == (2, f"bomvet: {option} must be a URL such as https://osv.acme.example\n")


@pytest.mark.usefixtures("osv")
def test_a_database_of_another_format(cli: Cli, database: Path) -> None:
    """What cannot be gone on with is made anew; what is no database is not touched."""
    cli("db", "update")
    data = bytearray(database.read_bytes())
    data[60:64] = (2).to_bytes(4, "big")  # user_version
    database.write_bytes(data)
    assert cli("db", "update").code == 0
    assert len(held(database)) == 4
    database.write_text("my only copy")
    ran = cli("db", "update")
    assert (ran.code, database.read_text()) == (2, "my only copy")
