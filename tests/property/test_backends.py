"""The database and the service give the same findings on the same records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bomvet.advisories.backends import OnlineStore
from bomvet.advisories.cache import RecordCache
from bomvet.enrichers.osv import enrich
from bomvet.model.facts import AdvisoryAnswer, Facts
from bomvet.model.inventory import Component, Inventory
from bomvet.model.purl import npm_purl, pypi_purl
from bomvet.model.records import replace
from bomvet.plugin import AdvisoryStore, Context
from tests.harness import NOW, MemoryAdvisories
from tests.osv_server import OsvServer, ServedHttp

VERSIONS = ["0.9", "1.0", "1.0rc1", "1.0.0-rc.1", "1.2", "1.2.0", "1.5", "2.0.0", "2.1.3", "custom"]
EVENTS = ["introduced", "fixed", "last_affected", "limit"]
IDS = ["GHSA-1", "GHSA-2", "PYSEC-1", "PYSEC-2", "MAL-1", "CVE-1"]
NAMES = ["a", "b"]

versions = st.sampled_from(VERSIONS)
events = st.lists(st.builds(lambda k, v: {k: v}, st.sampled_from(EVENTS), versions), max_size=4)


@st.composite
def affected(draw: st.DrawFn) -> dict[str, Any]:
    """An affected entry, proper or not."""
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, *draw(events)]}] * draw(st.integers(0, 2))
    return {
        "package": {"ecosystem": draw(st.sampled_from(["PyPI", "npm"])), "name": draw(st.sampled_from(NAMES))},
        "ranges": ranges,
        "versions": draw(st.lists(versions, max_size=2)),
    }


@st.composite
def record(draw: st.DrawFn, id_: str) -> dict[str, Any]:
    """A record under a given id."""
    return {
        "id": id_,
        "modified": f"2026-01-0{draw(st.integers(1, 9))}T00:00:00Z",
        "aliases": draw(st.lists(st.sampled_from([*IDS, "CVE-9"]), max_size=2)),
        "upstream": draw(st.lists(st.just("CVE-7"), max_size=1)),
        "summary": draw(st.sampled_from(["", "words"])),
        "database_specific": {"severity": draw(st.sampled_from(["HIGH", "LOW", ""]))},
        "affected": draw(st.lists(affected(), max_size=3)),
        **draw(st.sampled_from([{}, {}, {}, {"withdrawn": "2026-02-01T00:00:00Z"}])),
    }


databases = st.lists(st.sampled_from(IDS), unique=True).flatmap(lambda ids: st.tuples(*map(record, ids)))
PACKAGES = [
    Component(purl=purl(name, version), name=name, version=version)
    for purl in (pypi_purl, npm_purl)
    for name in NAMES
    for version in VERSIONS
]


@given(databases, st.integers(1, 3))
def test_offline_is_online(documents: tuple[dict[str, Any], ...], page: int) -> None:
    """Whatever the records, but for the number of those that were withdrawn, which the service does not name."""
    osv = OsvServer(page=page)
    osv.publish(*documents)
    with RecordCache("", now=NOW.timestamp) as cache:
        online = told(OnlineStore(ServedHttp(osv), cache, now=NOW, thorough=True))

    assert online == told(MemoryAdvisories(documents))


@given(databases)
def test_what_a_version_fixes_is_not_always_asked(documents: tuple[dict[str, Any], ...]) -> None:
    """All else is the same where only affected packages are asked about as a whole."""
    osv = OsvServer()
    osv.publish(*documents)
    found = []
    for thorough in (True, False):
        with RecordCache("", now=NOW.timestamp) as cache:
            answers = told(OnlineStore(ServedHttp(osv), cache, now=NOW, thorough=thorough))
            found.append({purl: replace(a, fixes=()) for purl, a in answers.items()})

    assert found[0] == found[1]


def told(store: AdvisoryStore) -> Mapping[str, AdvisoryAnswer]:
    """The answers about all packages in all versions."""
    enriched = enrich(Inventory(components=tuple(PACKAGES)), Facts(), Context(now=NOW, advisories=store))
    assert enriched.status.reason == ""
    return {purl: replace(a, withdrawn=0) for purl, a in enriched.facts.advisories.items()}
