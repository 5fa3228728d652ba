"""The service as a backend: what is asked, what is kept, and what is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from bomvet.advisories import backends
from bomvet.advisories.backends import Found, Offline, OnlineStore
from bomvet.advisories.cache import RecordCache
from bomvet.advisories.ecosystems import Package
from bomvet.plugin import AdvisoryStore, Request, Response
from tests.harness import NOW, MemoryAdvisories
from tests.osv_server import OsvServer, ServedHttp


def record(id_: str, name: str = "a", **more: Any) -> dict[str, Any]:
    """A record of everything before 2.0."""
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0"}]}]
    affected = [{"package": {"ecosystem": "PyPI", "name": name}, "ranges": ranges}]
    return {"id": id_, "modified": "2026-01-02T00:00:00Z", "affected": affected, **more}


A = Package(ecosystem="PyPI", name="a", version="1.0")


@pytest.fixture
def cache() -> Iterator[RecordCache]:
    """One that lasts as long as the test."""
    with RecordCache("", now=NOW.timestamp) as found:
        yield found


def store(http: Any, cache: RecordCache, **more: Any) -> OnlineStore:
    """The service, asked about the one package."""
    found = OnlineStore(http, cache, now=NOW, url="https://u:p@osv.example", **more)
    found.prepare([A])
    return found


def served(*documents: dict[str, Any]) -> ServedHttp:
    """A service of those records."""
    osv = OsvServer()
    osv.publish(*documents)
    return ServedHttp(osv)


def test_the_snapshot(cache: RecordCache) -> None:
    """From where and when, without credentials; its digest says which records in which state."""
    one, same = (store(served(record("X-1"), record("X-2", "b")), cache).snapshot for _ in range(2))
    other = store(served(record("X-1", modified="2026-01-03T00:00:00Z")), cache).snapshot
    assert (one.source, one.obtained, one.records) == ("https://osv.example", "2026-11-24T12:00:00Z", 1)
    assert (one.digest == same.digest, one.digest == other.digest) == (True, False)


def test_as_a_store(cache: RecordCache) -> None:
    """What was asked about as a whole can be looked up as in a database."""
    online = store(served(record("X-1"), record("X-2", "b")), cache)
    assert [e["id"] for e in online.packages("PyPI", ["a", "b"])["a"]] == ["X-1"]
    assert online.packages("PyPI", ["b"]) == {}
    assert online.advisories(["X-1", "X-9"])["X-1"]["id"] == "X-1"
    assert (online.catalogues(), online.exploitation(["CVE-1"])) == ({}, {})


def test_a_named_record_that_is_older_is_used_and_asked_for_again(cache: RecordCache) -> None:
    """The list may be ahead of the records."""
    http = served(record("X-1"))
    http.osv.answers = {("PyPI", "a", "1.0"): [{"id": "X-1", "modified": "2026-05-05T00:00:00.123456Z"}]}
    for _ in range(2):
        assert [e["id"] for e in store(http, cache).look_up([A])[A].entries] == ["X-1"]
    assert http.asked.count("https://u:p@osv.example/v1/vulns/X-1") == 2


def test_seconds_and_microseconds(cache: RecordCache) -> None:
    """The list tells more of the moment than the record does."""
    http = served(record("X-1"))
    http.osv.answers = {("PyPI", "a", "1.0"): [{"id": "X-1", "modified": "2026-01-02T00:00:00.123456Z"}]}
    for _ in range(2):
        store(http, cache).look_up([A])
    assert http.asked.count("https://u:p@osv.example/v1/vulns/X-1") == 1


def test_aliases_of_a_day(cache: RecordCache) -> None:
    """What nobody names is fetched once a day, also where it is not there."""
    http = served(record("X-1"), {"id": "CVE-1", "modified": ""})
    for _ in range(2):
        found = store(http, cache).advisories(["CVE-1", "CVE-2", "no id"])
        assert list(found) == ["CVE-1"]
    assert sum("/v1/vulns/" in url for url in http.asked) == 2
    later = OnlineStore(http, cache, now=NOW + dt.timedelta(days=2))
    assert list(later.advisories(["CVE-1", "CVE-2"])) == ["CVE-1"]
    assert sum("/v1/vulns/" in url for url in http.asked) == 4


def test_too_many_aliases(cache: RecordCache, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a bound, and it is told."""
    monkeypatch.setattr(backends, "MAX_ALIASES", 3)
    online = store(served(), cache)
    assert online.advisories([f"CVE-{n}" for n in range(4)]) == {}
    assert online.problems == ["the advisories have more than 3 other names, not all of which were looked up"]


def test_a_package_of_very_many_records(cache: RecordCache, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is judged by those that the service names, and no version is called clean."""
    monkeypatch.setattr(backends, "MAX_PACKAGE_RECORDS", 1)
    found = store(served(record("X-1"), record("X-2")), cache).look_up([A])[A]
    assert (sorted(found.named), found.whole) == (["X-1", "X-2"], False)


class Broken:
    """A service that stops to answer after so many requests."""

    def __init__(self, good: ServedHttp, after: int) -> None:
        self.good, self.left = good, after

    def fetch(self, requests: Any) -> Iterator[tuple[Request, Response]]:
        """The first requests have their answers."""
        for request in requests:
            self.left -= 1
            if self.left >= 0:
                yield from self.good.fetch([request])
            else:
                yield request, Response(0, error="osv.example is gone")


GONE = "the advisory service could not be asked: osv.example is gone"


def test_it_stops_after_the_first_answer(cache: RecordCache) -> None:
    """The records are missing: stubs, a reason each, and no clean version."""
    online = store(Broken(served(record("X-1")), 1), cache)
    found = online.look_up([A])[A]
    assert (found.named, found.whole) == (frozenset({"X-1"}), False)
    assert found.reason == "the record X-1 could not be had: osv.example is gone"
    assert online.problems == [f"which versions of a are clean is not known: {GONE}"]
    assert online.advisories(["X-1"])["X-1"]["modified"] == "2026-01-02T00:00:00Z"


def test_it_stops_before_the_aliases(cache: RecordCache) -> None:
    """A severity may be missing, which is told."""
    online = store(Broken(served(record("X-1")), 3), cache)
    assert online.look_up([A])[A].reason == ""
    assert online.advisories(["CVE-1"]) == {}
    assert online.problems == ["the record CVE-1 could not be had: osv.example is gone"]


def test_it_stops_before_the_clean_version(cache: RecordCache) -> None:
    """What could not be confirmed is not called clean."""
    online = store(Broken(served(record("X-1")), 2), cache)
    clean = Package(ecosystem="PyPI", name="a", version="2.0")
    assert online.refuted([clean]) == {clean}
    assert online.problems == [f"which versions are clean is not known: {GONE}"]


def test_nothing_answers(cache: RecordCache) -> None:
    """Without a database all is open."""
    online = store(Broken(served(), 0), cache)
    assert online.look_up([A]) == {A: Found(entries=[], reason=GONE, whole=False)}


def test_the_database_instead(cache: RecordCache) -> None:
    """Everything comes from there, and it is said of how old."""
    old: AdvisoryStore = MemoryAdvisories([record("X-1")], NOW - dt.timedelta(days=30))
    online = store(Broken(served(), 0), cache, fallback=old)
    assert [e["id"] for e in online.look_up([A])[A].entries] == ["X-1"]
    assert list(online.advisories(["X-1"])) == ["X-1"]
    assert (online.refuted([A]), online.snapshot) == ((), old.snapshot)
    assert online.problems == [f"{GONE}; the database was used instead"]


def test_few_problems_are_told(cache: RecordCache) -> None:
    """As many as fit into a sentence."""
    online = store(Broken(served(record("X-1")), 2), cache)
    online.advisories([f"CVE-{n}" for n in range(9)])
    assert len(online.problems) == 3


def test_offline(cache: RecordCache) -> None:
    """The database has nothing to prepare, and what it says is all there is."""
    offline = Offline(MemoryAdvisories([record("X-1")]))
    offline.prepare([A])
    assert [e["id"] for e in offline.look_up([A])[A].entries] == ["X-1"]
    assert (offline.refuted([A]), offline.problems, cache.works) == ((), [], False)


def test_learning_of_packages(cache: RecordCache) -> None:
    """All records of a package, also where none affects the version; names that are kept are not sent."""
    new, http = Package(ecosystem="PyPI", name="a", version="3.0"), served(record("X-1"))
    online = OnlineStore(http, cache, now=NOW, private=["b"])
    online.prepare([new])
    assert online.packages("PyPI", ["a"]) == {}
    assert online.learn([new, Package(ecosystem="PyPI", name="b", version="1")], "") == ""
    assert [e["id"] for e in online.packages("PyPI", ["a"])["a"]] == ["X-1"]
    asked = len(http.asked)
    assert (online.learn([new], ""), len(http.asked)) == ("", asked)


def test_learning_of_an_advisory(cache: RecordCache) -> None:
    """In whatever case it is typed, and of the records that are called so too; what there is not is none."""
    fix = record("GHSA-2", "c", aliases=["CVE-1"])
    online = store(served({"id": "CVE-1", "modified": "", "aliases": ["GHSA-2"]}, fix), cache)
    assert online.learn([A], "cve-1") == ""
    assert [e["id"] for e in online.packages("PyPI", ["c"])["c"]] == ["GHSA-2"]
    assert (online.learn([A], "CVE-404"), online.names("CVE-404")) == ("", False)
    assert online.learn([A], "no id") == ""


def test_nothing_can_be_learned(cache: RecordCache) -> None:
    """What could not be had is told: of the package, of the advisory, and where nobody answered before."""
    assert store(Broken(served(record("X-1")), 2), cache).learn([A], "CVE-9") == (
        "the record CVE-9 could not be had: osv.example is gone"
    )
    other = Package(ecosystem="PyPI", name="b", version="1")
    assert store(Broken(served(record("X-1")), 2), cache).learn([other], "") == GONE
    http = Broken(served(), 0)
    assert store(http, cache).learn([A], "CVE-9") == GONE
    old: AdvisoryStore = MemoryAdvisories([record("X-1")], NOW - dt.timedelta(days=30))
    online = store(http, cache, fallback=old)
    assert (online.learn([A], "CVE-9"), list(online.packages("PyPI", ["a"]))) == ("", ["a"])
