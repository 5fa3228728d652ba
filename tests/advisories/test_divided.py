"""A database that does not speak of everything, with the service beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from bomvet.advisories.backends import OnlineStore
from bomvet.advisories.bucket import RawRecord
from bomvet.advisories.cache import RecordCache
from bomvet.advisories.database import AdvisoryDatabase, build
from bomvet.advisories.divided import Divided
from bomvet.advisories.ecosystems import Package
from tests.advisories.test_backends import Broken
from tests.harness import NOW
from tests.osv_server import OsvServer, ServedHttp

PYTHON = Package(ecosystem="PyPI", name="a", version="1.0.0")
NODE = Package(ecosystem="npm", name="a", version="1.0.0")


def record(id_: str, ecosystem: str, *aliases: str) -> dict[str, Any]:
    """A record of everything before 2.0.0."""
    kind = "ECOSYSTEM" if ecosystem == "PyPI" else "SEMVER"
    ranges = [{"type": kind, "events": [{"introduced": "0"}, {"fixed": "2.0.0"}]}]
    affected = [{"package": {"ecosystem": ecosystem, "name": "a"}, "ranges": ranges}]
    return {"id": id_, "modified": "2026-01-02T00:00:00Z", "affected": affected, "aliases": [*aliases]}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[AdvisoryDatabase]:
    """One of Python alone."""
    path = str(tmp_path / "a.db")
    build(path, [RawRecord(origin="p", data=orjson.dumps(record("P-1", "PyPI", "CVE-7")))], source="own", obtained=NOW)
    with AdvisoryDatabase.open(path) as found:
        yield found


@pytest.fixture
def http() -> ServedHttp:
    """A service that has more."""
    osv = OsvServer()
    osv.publish(record("P-1", "PyPI"), record("P-2", "PyPI"), record("N-1", "npm", "CVE-1", "P-1"))
    osv.publish({"id": "CVE-1", "modified": ""}, {"id": "CVE-7", "modified": ""})
    return ServedHttp(osv)


def divided(database: AdvisoryDatabase, http: Any) -> Divided:
    """Both."""
    return Divided(
        database, lambda: OnlineStore(http, RecordCache("", now=NOW.timestamp), now=NOW, url="https://osv.x")
    )


def test_a_database_that_has_everything(database: AdvisoryDatabase, http: ServedHttp) -> None:
    """The service is not even made."""
    both = divided(database, http)
    both.prepare([PYTHON])
    assert [e["id"] for e in both.look_up([PYTHON])[PYTHON].entries] == ["P-1"]
    assert list(both.advisories(["P-1", "P-2", "CVE-7"])) == ["P-1"]
    assert (both.refuted([PYTHON]), both.problems, both.snapshot) == ((), [], database.snapshot)
    assert (both.packages("npm", ["a"]), both.learn([NODE], "")) == ({}, "")
    assert (both.catalogues(), both.exploitation(["CVE-1"])) == ({}, {})
    assert http.asked == []


def test_each_is_asked_about_its_own(database: AdvisoryDatabase, http: ServedHttp) -> None:
    """The service about what the database has not, and about nothing else."""
    both = divided(database, http)
    both.prepare([PYTHON, NODE])
    both.prepare([NODE])
    found = both.look_up([PYTHON, NODE])
    assert [e["id"] for e in (*found[PYTHON].entries, *found[NODE].entries)] == ["P-1", "N-1"]
    assert sorted(both.advisories(["P-1", "N-1"])) == ["N-1", "P-1"]
    assert sorted(both.advisories(["CVE-1", "CVE-7", "P-1"])) == ["CVE-1", "P-1"]
    assert list(both.packages("npm", ["a"])) == list(both.packages("PyPI", ["a"])) == ["a"]
    assert both.learn([PYTHON, NODE], "") == ""
    newer = Package(ecosystem="npm", name="a", version="2.0.0")
    assert (both.refuted([PYTHON]), both.refuted([newer, NODE])) == ((), {NODE})
    assert {url.rpartition("/")[2] for url in http.asked} == {"querybatch", "N-1", "CVE-1"}


def test_the_snapshot_is_of_both(database: AdvisoryDatabase, http: ServedHttp) -> None:
    """As old as the database, from both places, with a digest over both."""
    both = divided(database, http)
    both.prepare([NODE])
    found, own = both.snapshot, database.snapshot
    online = OnlineStore(http, RecordCache("", now=NOW.timestamp), now=NOW, url="https://osv.x")
    online.prepare([NODE])
    total = hashlib.sha256(f"{own.digest}\n{online.snapshot.digest}\n".encode()).hexdigest()
    assert (found.source, found.obtained, found.records) == ("own, https://osv.x", own.obtained, 2)
    assert found.digest == f"sha256:{total}"


def test_a_service_that_does_not_answer(database: AdvisoryDatabase, http: ServedHttp) -> None:
    """What it should have told is open, with what to do; the database's part is not."""
    both = divided(database, Broken(http, 0))
    both.prepare([PYTHON, NODE])
    found = both.look_up([PYTHON, NODE])
    assert (found[PYTHON].reason, found[NODE].reason) == (
        "",
        "the advisory service could not be asked: osv.example is gone",
    )
    advice = "try again, or have the database hold it: bomvet db update --ecosystem npm"
    assert both.problems == [f"the advisory service could not be asked: osv.example is gone; {advice}"]
