"""Known vulnerabilities and malicious packages: an answer for every third-party component."""

from __future__ import annotations

import datetime as dt
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bomvet.advisories.backends import Offline
from bomvet.advisories.matching import evaluate
from bomvet.enrichers.osv import OSV, enrich
from bomvet.model.facts import AdvisoryAnswer, AdvisoryMatch, Facts, Rating, Severity, Standing
from bomvet.model.inventory import Component, Confidence, Inventory
from bomvet.model.purl import project_purl, pypi_purl
from bomvet.model.result import PluginStatus, Status
from bomvet.plugin import Context, Enriched, Needs
from bomvet.versions.pep440 import PEP440
from tests.harness import NOW, MemoryAdvisories, context

V3 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
V3_LOW = "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"


def python(name: str, version: str = "", **qualifiers: str) -> Component:
    """A third-party Python package."""
    return Component(purl=pypi_purl(name, version, qualifiers), name=name, version=version)


def record(id_: str, *events: dict[str, str], name: str = "example", **more: Any) -> dict[str, Any]:
    """A record about one Python package with one range."""
    package = {"ecosystem": "PyPI", "name": name}
    ranges = [{"type": "ECOSYSTEM", "events": [*events]}] if events else []
    affected = [{"package": package, "ranges": ranges, "versions": more.pop("versions", [])}]
    return {"id": id_, "modified": "2024-01-02T00:00:00Z", "affected": affected, **more}


FROM_0 = {"introduced": "0"}
GONE = {"withdrawn": "2024-03-01T00:00:00Z"}


def asked(*components: Component, of: Context) -> Enriched:
    """What the enricher makes of those components."""
    return enrich(Inventory(components=components), Facts(), of)


def answer(component: Component, *documents: dict[str, Any]) -> AdvisoryAnswer:
    """The one answer about a component."""
    return asked(component, of=context(*documents)).facts.advisories[component.purl]


def matches(component: Component, *documents: dict[str, Any]) -> tuple[AdvisoryMatch, ...]:
    """The matches of a component."""
    return answer(component, *documents).matches


ABSENT = AdvisoryAnswer(standing=Standing.ABSENT)


def open_(reason: str) -> AdvisoryAnswer:
    """A question that stayed open."""
    return AdvisoryAnswer(standing=Standing.NOT_ESTABLISHED, reason=reason)


# ── who gets an answer ──────────────────────────────────────────────────────────────────────────


def test_every_third_party_component_has_an_answer() -> None:
    """Known, absent or open: each third-party component has its answer, and a first-party project has none."""
    own = Component(purl=project_purl("own", "1", ""), name="own", version="1", directory="")
    nested = Component(purl=pypi_purl("example", "1.0"), name="example", version="1.0", directory="libs/example")
    others = {
        "pkg:npm/left-pad@1.0.0": ABSENT,
        "pkg:deb/debian/bash@5.2": open_(
            "the purl names no release that there are advisories for, and those of Debian are by release"
        ),
        "pkg:": open_("this kind of package cannot be matched by this version of bomvet"),
        python("example").purl: open_("the version is not known"),
        python("example", "2.0").purl: ABSENT,
        python("unheard-of", "1.0").purl: ABSENT,
    }
    components = [
        Component(purl=purl, name="example" if "example" in purl else "x", version=purl.partition("@")[2])
        for purl in others
    ]
    documents = [record("PYSEC-1", FROM_0, {"fixed": "1.4"})]
    found = asked(*components, own, nested, python("example", "1.1"), of=context(*documents)).facts.advisories
    known = found[python("example", "1.1").purl]
    assert {purl: a for purl, a in found.items() if a is not known} == others
    assert (known.standing, [match.id for match in known.matches]) == (Standing.KNOWN, ["PYSEC-1"])


def test_nothing_to_ask() -> None:
    """An empty inventory is answered without a look-up."""
    of = context(record("PYSEC-1", FROM_0))
    assert asked(of=of) == Enriched(facts=Facts(), status=PluginStatus(id="osv", status=Status.OK))
    assert isinstance(of.advisories, MemoryAdvisories)
    assert of.advisories.asked == []


def test_without_a_store() -> None:
    """The core does not call without a store; whoever does has made a mistake."""
    assert OSV.needs == Needs(advisories=True)
    with pytest.raises(TypeError, match="no advisory store"):
        enrich(Inventory(), Facts(), Context(now=NOW))


def test_look_ups_are_batched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Packages are asked for many at a time, each name once a batch, and never all at once."""
    monkeypatch.setattr(Offline, "batch", 3)
    of = context(record("PYSEC-1", FROM_0, name="p4"))
    components = [python(f"p{n}", "1.0") for n in range(5)]
    found = asked(python("p0", "2.0"), *components, of=of).facts.advisories
    assert isinstance(of.advisories, MemoryAdvisories)
    assert of.advisories.asked == [("PyPI", ("p0", "p1")), ("PyPI", ("p2", "p3", "p4"))]
    assert [purl for purl, a in found.items() if a.matches] == [python("p4", "1.0").purl]


def test_names_in_any_spelling() -> None:
    """A Python package is found under its normalised name."""
    component = Component(purl=pypi_purl("Example.Package", "1.0"), name="Example.Package", version="1.0")
    assert [m.id for m in matches(component, record("PYSEC-1", FROM_0, name="example_package"))] == ["PYSEC-1"]


def test_two_versions_of_one_package() -> None:
    """Each version is judged by itself."""
    components = [python("example", version) for version in ("1.0", "1.4")]
    found = asked(*components, of=context(record("PYSEC-1", FROM_0, {"fixed": "1.4"}))).facts.advisories
    assert [str(found[c.purl].standing) for c in components] == ["known", "known-absent"]


# ── what cannot be established ──────────────────────────────────────────────────────────────────


def test_version_that_cannot_be_ordered() -> None:
    """What could not be judged is named, besides what matched by equality."""
    documents = [record(f"PYSEC-{n}", FROM_0) for n in range(7)]
    listed = record("PYSEC-A", FROM_0, versions=["1.0-custom"])
    found = answer(python("example", "1.0-custom"), *documents, listed)
    assert (found.standing, [m.evidence for m in found.matches]) == (
        Standing.NOT_ESTABLISHED,
        [("PYSEC-A: version listed",)],
    )
    assert found.reason == (
        "the version cannot be ordered, so these could not be judged: "
        "PYSEC-0, PYSEC-1, PYSEC-2, PYSEC-3, PYSEC-4 and 2 more"
    )


def test_version_that_cannot_be_ordered_and_few_records() -> None:
    """A few are named all."""
    found = answer(python("example", "custom"), record("B", FROM_0), record("A", FROM_0))
    assert found.reason == "the version cannot be ordered, so these could not be judged: A, B"


AGES = [
    (dt.timedelta(days=7), None),
    (dt.timedelta(days=8, hours=3), "the advisory data is 8 days old, and 7 days is the limit: import newer data"),
    (dt.timedelta(days=400), "the advisory data is 400 days old, and 7 days is the limit: import newer data"),
    (dt.timedelta(days=-1), None),
]


@pytest.mark.parametrize(("age", "reason"), AGES)
def test_stale_data(age: dt.timedelta, reason: str | None) -> None:
    """Data older than the limit makes the status partial, with the age in words; the answers stay."""
    found = asked(python("example", "1.0"), of=context(record("PYSEC-1", FROM_0), obtained=NOW - age))
    expected = PluginStatus(id="osv", status=Status.PARTIAL, reason=reason) if reason else None
    assert found.status == (expected or PluginStatus(id="osv", status=Status.OK))
    assert found.facts.advisories[python("example", "1.0").purl].standing is Standing.KNOWN


def test_patience_of_one_day_and_of_ever() -> None:
    """One day is a day, not days; without a limit no data is too old."""
    store = MemoryAdvisories([], NOW - dt.timedelta(days=2))
    strict = Context(now=NOW, advisories=store, max_age=dt.timedelta(days=1))
    assert asked(of=strict).status.reason == (
        "the advisory data is 2 days old, and 1 day is the limit: import newer data"
    )
    assert asked(of=Context(now=NOW, advisories=store)).status == PluginStatus(id="osv", status=Status.OK)


def test_withdrawn_records() -> None:
    """A withdrawn record is no match; it is counted."""
    documents = [record("PYSEC-1", FROM_0, **GONE), record("PYSEC-2", FROM_0, {"fixed": "0.5"}, **GONE)]
    expected = AdvisoryAnswer(standing=Standing.ABSENT, withdrawn=1)
    assert answer(python("example", "1.0"), *documents) == expected


# ── matches ─────────────────────────────────────────────────────────────────────────────────────


def test_whole_match() -> None:
    """Records that are aliases become one match, which carries everything that any of them knows."""
    pysec = record(
        "PYSEC-1",
        FROM_0,
        {"fixed": "1.4"},
        versions=["1.0"],
        aliases=["CVE-2024-1", "GHSA-1"],
        published="2024-01-05T00:00:00Z",
        references=[{"type": "WEB", "url": "https://advisories.example/1"}],
    )
    ghsa = record(
        "GHSA-1",
        {"introduced": "0.9"},
        {"fixed": "1.3"},
        aliases=["CVE-2024-1"],
        summary="Bad things",
        published="2024-01-03T00:00:00Z",
        severity=[{"type": "CVSS_V3", "score": V3}],
        references=[{"type": "WEB", "url": f"https://advisories.example/{n}"} for n in (2, 1)],
        database_specific={"cwe_ids": ["CWE-79"]},
    ) | {"modified": "2024-06-01T00:00:00Z"}
    later = record("PYSEC-2", {"introduced": "1.2"}, {"fixed": "2.0"})
    assert matches(python("example", "1.0"), pysec, ghsa, later) == (
        AdvisoryMatch(
            id="CVE-2024-1",
            ids=("GHSA-1", "PYSEC-1"),
            aliases=("CVE-2024-1",),
            summary="Bad things",
            rating=Rating(severity=Severity.CRITICAL, score=9.8, vector=V3, source="GHSA-1"),
            evidence=("GHSA-1: in range [0.9, 1.3)", "PYSEC-1: in range [0, 1.4), version listed"),
            listed=True,
            confidence=Confidence.HIGH,
            fixed="1.4",
            clean="2.0",
            cwes=(79,),
            references=("https://advisories.example/2", "https://advisories.example/1"),
            published="2024-01-03T00:00:00Z",
            modified="2024-06-01T00:00:00Z",
        ),
    )


def test_summary_of_another_member() -> None:
    """Where the record to show has no summary another one's stands in."""
    documents = [record("GHSA-1", FROM_0, aliases=["PYSEC-1"]), record("PYSEC-1", FROM_0, summary="In words")]
    (match,) = matches(python("example", "1.0"), *documents)
    assert (match.id, match.summary) == ("GHSA-1", "In words")


CHAIN = [
    record("GHSA-1", FROM_0, aliases=["CVE-1"]),
    record("GHSA-2", FROM_0, aliases=["CVE-1", "CVE-2"]),
    record("PYSEC-1", FROM_0, aliases=["CVE-2", "CVE-3"]),
    record("PYSEC-2", FROM_0, aliases=["CVE-3"]),
]


@pytest.mark.parametrize("documents", list(permutations(CHAIN)))
def test_chain_of_aliases(documents: tuple[dict[str, Any], ...]) -> None:
    """A chain of four records is one match, in whatever sequence they come."""
    (match,) = matches(python("example", "1.0"), *documents)
    assert (match.id, match.ids, match.aliases) == (
        "CVE-1",
        ("GHSA-1", "GHSA-2", "PYSEC-1", "PYSEC-2"),
        ("CVE-1", "CVE-2", "CVE-3"),
    )


def test_link_through_a_record_that_does_not_match() -> None:
    """A record about another package may tell that two matches are one, unless it is withdrawn."""
    one, two = record("GHSA-1", FROM_0, aliases=["CVE-1"]), record("PYSEC-1", FROM_0, aliases=["CVE-2"])
    link = record("CVE-1", FROM_0, name="another", aliases=["CVE-2"])
    found = [[m.ids for m in matches(python("example", "1.0"), one, two, third)] for third in (link, link | GONE)]
    assert found == [[("GHSA-1", "PYSEC-1")], [("GHSA-1",), ("PYSEC-1",)]]


def test_upstream_is_no_alias() -> None:
    """Records that name a common upstream record stay apart."""
    documents = [record(f"DSA-{n}", FROM_0, upstream=["CVE-1"], related=["CVE-2"]) for n in (1, 2)]
    assert [m.ids for m in matches(python("example", "1.0"), *documents)] == [("DSA-1",), ("DSA-2",)]


def test_same_weakness_in_two_packages() -> None:
    """Groups are per package: records of two packages that name one CVE are a match of each."""
    documents = [record(f"PYSEC-{n}", FROM_0, name=n, aliases=["CVE-1"]) for n in ("cpu", "gpu")]
    components = [python("cpu", "1.0"), python("gpu", "1.0")]
    found = asked(*components, of=context(*documents)).facts.advisories
    assert [[m.ids for m in found[c.purl].matches] for c in components] == [[("PYSEC-cpu",)], [("PYSEC-gpu",)]]


def test_severity_of_aliases() -> None:
    """A record without severity takes that of an alias which itself does not match."""
    own = record("PYSEC-1", FROM_0, aliases=["GHSA-1"])
    other = record("GHSA-1", name="another", severity=[{"type": "CVSS_V3", "score": V3}])
    (match,) = matches(python("example", "1.0"), own, other)
    assert match.rating == Rating(severity=Severity.CRITICAL, score=9.8, vector=V3, source="GHSA-1")


def test_severity_of_the_affected_element() -> None:
    """The severity of the affected element stands in place of the record's."""
    own = record("PYSEC-1", FROM_0, severity=[{"type": "CVSS_V3", "score": V3}])
    own["affected"][0]["severity"] = [{"type": "CVSS_V3", "score": V3_LOW}]
    (match,) = matches(python("example", "1.0"), own)
    assert match.rating == Rating(severity=Severity.LOW, score=1.8, vector=V3_LOW, source="PYSEC-1")


def test_unknown_severity() -> None:
    """Where nobody rates it, the severity is unknown."""
    (match,) = matches(python("example", "1.0"), record("PYSEC-1", FROM_0))
    assert match.rating == Rating(severity=Severity.UNKNOWN)


def test_malware() -> None:
    """A malicious package is critical and has no version to go to."""
    (match,) = matches(python("example", "1.0"), record("MAL-2024-1", FROM_0))
    assert (match.rating.severity, match.fixed, match.clean) == (Severity.CRITICAL, "", "")


CATCH_ALL = record("MAL-2024-1", FROM_0, versions=["0.1"])
CONFIDENCES = [
    (python("example", "1.0"), [record("PYSEC-1", FROM_0)], "high"),
    (python("example", "1.0", vcs_url="git+https://git.example/x"), [record("PYSEC-1", FROM_0)], "medium"),
    (python("example", "1.0"), [CATCH_ALL], "low"),
    (python("example", "1.0", vcs_url="git+https://git.example/x"), [CATCH_ALL], "low"),
    (python("example", "1.0"), [CATCH_ALL, record("GHSA-1", FROM_0, aliases=["MAL-2024-1"])], "high"),
]


@pytest.mark.parametrize(("component", "documents", "confidence"), CONFIDENCES)
def test_confidence(component: Component, documents: list[dict[str, Any]], confidence: str) -> None:
    """The surest record decides; code from a repository is at most of medium confidence, and never of more."""
    assert [str(m.confidence) for m in matches(component, *documents)] == [confidence]


def test_fixed_and_clean() -> None:
    """`fixed` leaves the records of the group, `clean` every record of the package."""
    documents = [
        record("GHSA-1", FROM_0, {"fixed": "1.2"}, aliases=["PYSEC-1"]),
        record("PYSEC-1", FROM_0, {"fixed": "1.3"}),
        record("PYSEC-2", FROM_0, {"fixed": "2.0"}),
        record("PYSEC-3", {"introduced": "2.0"}, {"fixed": "2.1"}),
        record("PYSEC-4", FROM_0),
        record("PYSEC-4", FROM_0, name="another"),
    ]
    found = [(m.id, m.fixed, m.clean) for m in matches(python("example", "1.0"), *documents[:4])]
    assert found == [("GHSA-1", "1.3", "2.1"), ("PYSEC-2", "2.0", "2.1")]
    without = [(m.id, m.fixed, m.clean) for m in matches(python("example", "1.0"), *documents)]
    assert without == [("GHSA-1", "1.3", ""), ("PYSEC-2", "2.0", ""), ("PYSEC-4", "", "")]


VERSIONS = ["0.9", "1.0rc1", "1.0", "1.1", "1.10", "2.0a1", "2.0", "3"]


@st.composite
def documents(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Some records about one package."""
    kinds = st.sampled_from(["introduced", "fixed", "fixed", "last_affected"])
    found = []
    for number in range(draw(st.integers(1, 5))):
        events = [{draw(kinds): draw(st.sampled_from(VERSIONS))} for _ in range(draw(st.integers(0, 3)))]
        more: dict[str, Any] = {
            "aliases": draw(st.lists(st.sampled_from(["CVE-1", "CVE-2", "X-0", "X-1"]), max_size=2))
        }
        more |= {"versions": draw(st.lists(st.sampled_from(VERSIONS), max_size=2))}
        found.append(record(f"X-{number}", FROM_0, *events, **more, **(GONE if draw(st.integers(0, 5)) == 0 else {})))
    return found


@given(documents(), st.sampled_from(VERSIONS))
@settings(deadline=None, derandomize=True, max_examples=200)
def test_clean_and_fixed_hold_what_they_promise(found: list[dict[str, Any]], version: str) -> None:
    """No record in the database affects the clean version, and none of the group the fixed one."""
    store = MemoryAdvisories(found)
    component = python("example", version)
    given_ = asked(component, of=Context(now=NOW, advisories=store)).facts.advisories[component.purl]
    entries = store.packages("PyPI", ["example"]).get("example", [])
    for match in given_.matches:
        assert not match.clean or evaluate(entries, match.clean, PEP440).hits == []
        own = [entry for entry in entries if entry["id"] in match.ids]
        assert not match.fixed or evaluate(own, match.fixed, PEP440).hits == []
        assert all(not v or PEP440.key(v) > PEP440.key(version) for v in (match.clean, match.fixed))
    assert sorted(id_ for m in given_.matches for id_ in m.ids) == [
        hit.id for hit in evaluate(entries, version, PEP440).hits
    ]
