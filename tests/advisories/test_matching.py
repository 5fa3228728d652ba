"""Whether a version is affected, why, how sure that is, and which version is not."""

from __future__ import annotations

from itertools import permutations
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bomvet.advisories.matching import MAX_CANDIDATES, Entry, Evaluation, Upgrades, clean_version, evaluate
from bomvet.advisories.records import listing, read_record
from bomvet.versions.pep440 import PEP440


def affected(*events: dict[str, str], versions: tuple[str, ...] = (), hint: str = "", **more: Any) -> dict[str, Any]:
    """An affected element about one package, with one range of those events."""
    return {
        "package": {"ecosystem": "PyPI", "name": "example"},
        "ranges": [{"type": "ECOSYSTEM", "events": [*events]}] if events else [],
        "versions": [*versions],
        "database_specific": {"last_known_affected_version_range": hint} if hint else {},
        **more,
    }


def entries(*elements: dict[str, Any], id_: str = "PYSEC-1", withdrawn: str = "") -> list[Entry]:
    """The entries of one record."""
    document = {"id": id_, "affected": [*elements]} | ({"withdrawn": withdrawn} if withdrawn else {})
    return [entry for _, _, entry in read_record(document).entries]


def judged(found: list[Entry], version: str) -> Evaluation:
    """The evaluation of a Python version."""
    return evaluate(found, version, PEP440)


def said(found: list[Entry], version: str) -> list[tuple[str, str]]:
    """Evidence and confidence of every hit."""
    return [(hit.evidence, str(hit.confidence)) for hit in judged(found, version).hits]


FROM_0 = {"introduced": "0"}
TO_14 = affected(FROM_0, {"fixed": "1.4"}, versions=("1.0", "1.3", "1.4a1"))


MEANINGS = [
    ("1.3", "PYSEC-1: in range [0, 1.4), version listed"),
    ("1.3.0", "PYSEC-1: in range [0, 1.4), version listed"),
    ("1.2.7", "PYSEC-1: in range [0, 1.4)"),
    ("1.4", ""),
    ("1.4.dev1", "PYSEC-1: in range [0, 1.4)"),
]


@pytest.mark.parametrize(("version", "evidence"), MEANINGS)
def test_listed_or_in_a_range(version: str, evidence: str) -> None:
    """A version matches where it is listed or lies in a range, and the evidence says which."""
    assert said(entries(TO_14), version) == ([(evidence, "high")] if evidence else [])


def test_listed_outside_of_every_range() -> None:
    """A listed version matches although no range holds it, as a pre-release of the first bad version may."""
    element = affected({"introduced": "3.2"}, {"fixed": "3.2.18"}, versions=("3.2a1", "3.2"))
    assert said(entries(element), "3.2a1") == [("PYSEC-1: version listed", "high")]
    assert said(entries(element), "3.2a2") == []


def test_listed_alone() -> None:
    """A record without ranges affects what it lists, and nothing else."""
    element = affected(versions=("1.0", "1.1"))
    assert [len(judged(entries(element), v).hits) for v in ("1", "1.1", "1.2", "11")] == [1, 1, 0, 0]


def test_nothing_known() -> None:
    """Without entries nothing is affected, nor undecided."""
    assert judged([], "whatever") == Evaluation()


def test_second_range_of_an_entry() -> None:
    """All ranges of an entry count; of two that hold the version the one with an end is named."""
    ranges = [{"type": "ECOSYSTEM", "events": [FROM_0]}, {"type": "SEMVER", "events": [FROM_0, {"fixed": "1.4"}]}]
    for both in (ranges, ranges[::-1]):
        assert said(entries(affected() | {"ranges": both}), "1.0") == [("PYSEC-1: in range [0, 1.4)", "high")]


def test_git_range_listed_first() -> None:
    """A GIT range before the one that counts hides nothing, and its commits are compared with nothing."""
    git = {"type": "GIT", "events": [FROM_0, {"fixed": "1" * 40}]}
    element = affected() | {"ranges": [git, {"type": "ECOSYSTEM", "events": [FROM_0, {"fixed": "1.4"}]}]}
    assert said(entries(element), "1.0") == [("PYSEC-1: in range [0, 1.4)", "high")]
    assert said(entries(affected() | {"ranges": [git]}), "0.1") == []


BRANCHES = (
    affected({"introduced": "1.0"}, {"fixed": "1.4"}),
    affected({"introduced": "2.0"}, {"fixed": "2.3"}),
    affected({"introduced": "3.0"}),
)


@pytest.mark.parametrize("order", list(permutations(BRANCHES)))
def test_several_entries_for_one_package(order: tuple[dict[str, Any], ...]) -> None:
    """The fix comes from the entry and the interval that holds the version, whichever entry stands first."""
    found = {v: [hit.fixed for hit in judged(entries(*order), v).hits] for v in ("1.1", "1.4", "2.1", "2.3", "3.1")}
    assert found == {"1.1": ["1.4"], "1.4": [], "2.1": ["2.3"], "2.3": [], "3.1": [""]}


def test_several_entries_that_match() -> None:
    """Of two entries that match the surer counts, then the one with a fix, then the one whose fix is lower."""
    lower, higher = affected(FROM_0, {"fixed": "1.4"}), affected(FROM_0, {"fixed": "1.10"})
    without, doubtful = affected(FROM_0), affected(FROM_0, {"fixed": "nonsense"})
    pairs = [(lower, higher), (lower, without), (lower, doubtful), (without, doubtful)]
    found = [judged(entries(*pair), "1.0").hits[0] for one, other in pairs for pair in ((one, other), (other, one))]
    assert [(hit.fixed, str(hit.confidence)) for hit in found] == [("1.4", "high")] * 6 + [("", "high")] * 2


def test_listed_by_one_entry_and_held_by_another() -> None:
    """The evidence of a record tells of both."""
    elements = (affected(versions=("1.0",)), affected(FROM_0, {"fixed": "1.4"}))
    expected = [("PYSEC-1: in range [0, 1.4), version listed", "high")]
    assert [said(entries(*e), "1.0") for e in (elements, elements[::-1])] == [expected, expected]


def test_hits_are_sorted() -> None:
    """Hits come in the order of their ids, one for each record."""
    found = [*entries(TO_14, id_="PYSEC-2"), *entries(TO_14, TO_14, id_="GHSA-1")]
    assert [hit.id for hit in judged(found, "1.0").hits] == ["GHSA-1", "PYSEC-2"]


def test_withdrawn_records() -> None:
    """A withdrawn record is dropped and counted once, where it would have matched."""
    found = entries(TO_14, TO_14, withdrawn="2024-01-01T00:00:00Z")
    assert judged(found, "1.0") == Evaluation(withdrawn={"PYSEC-1"})
    assert judged(found, "1.4") == Evaluation()


def test_unparseable_version() -> None:
    """What has no place in the order is compared by equality alone, and the rest is undecided, not denied."""
    found = [
        *entries(affected(FROM_0, versions=("1.0-custom",)), id_="LISTED"),
        *entries(affected(FROM_0, {"fixed": "2"}), id_="RANGE"),
        *entries(affected(versions=("1.0",)), id_="OTHERS"),
        *entries(affected(FROM_0), id_="GONE", withdrawn="2024-01-01T00:00:00Z"),
        *entries(affected(versions=("1.0-custom",)), affected(FROM_0), id_="TWO"),
    ]
    result = judged(found, "1.0-custom")
    assert [hit.evidence for hit in result.hits] == ["LISTED: version listed", "TWO: version listed"]
    assert (result.undecided, result.withdrawn) == ({"RANGE"}, set())


def test_unparseable_version_cannot_list_itself() -> None:
    """A version with line breaks does not match two that are listed one after the other."""
    assert judged(entries(affected(versions=("1.1", "1.2"))), "1.1\n1.2").hits == []


HINTS = [
    ("< 4.0", "3.9", "high"),
    ("< 4.0", "4.0", "low"),
    ("<= 4.0", "4.0.0", "high"),
    ("<=4.0", "4.0.1", "low"),
    ("= 4.0", "1.0", "low"),
    ("<= banana", "1.0", "low"),
]


@pytest.mark.parametrize(("hint", "version", "confidence"), HINTS)
def test_hint(hint: str, version: str, confidence: str) -> None:
    """An open range holds every later version; beyond the last one known to be affected that is less sure."""
    assert said(entries(affected(FROM_0, hint=hint)), version) == [("PYSEC-1: in range [0, ...)", confidence)]


def test_hint_beside_certainty() -> None:
    """Neither a listed version nor a range with an end is made less sure by a hint."""
    closed = affected(FROM_0, {"fixed": "9"}, hint="< 4.0")
    last = affected(FROM_0, {"last_affected": "9"}, hint="< 4.0")
    listed = affected(FROM_0, versions=("5.0",), hint="< 4.0")
    assert [said(entries(e), "5.0")[0][1] for e in (closed, last, listed)] == ["high", "high", "high"]


def test_malware_with_list_and_catch_all() -> None:
    """A malware record that lists versions and claims all besides is sure of the listed ones alone."""
    both = entries(affected(FROM_0, versions=("1.0",)), id_="MAL-2024-1")
    everything = entries(affected(FROM_0), id_="MAL-2024-1")
    assert said(both, "1.0") == [("MAL-2024-1: in range [0, ...), version listed", "high")]
    assert said(both, "2.0") == [("MAL-2024-1: in range [0, ...)", "low")]
    assert said(everything, "2.0") == [("MAL-2024-1: in range [0, ...)", "high")]


def test_unreadable_event() -> None:
    """A range with an event that cannot be read still matches, with less confidence."""
    element = affected(FROM_0, {"fixed": "0.2.0-n653"}, versions=("0.1",))
    assert [said(entries(element), v) for v in ("0.1", "0.3")] == [
        [("PYSEC-1: in range [0, ...), version listed", "high")],
        [("PYSEC-1: in range [0, ...)", "low")],
    ]


def test_severity_of_the_entry() -> None:
    """A hit carries the severity of the affected element that matched."""
    other = affected({"introduced": "2.0"}, severity=[{"type": "CVSS_V3", "score": "two"}])
    own = affected(FROM_0, {"fixed": "1.4"}, severity=[{"type": "CVSS_V3", "score": "one"}])
    assert judged(entries(other, own), "1.0").hits[0].severity == (("CVSS_V3", "one"),)


# ── the version that is clean ───────────────────────────────────────────────────────────────────


def clean(found: list[Entry], version: str) -> str:
    """The clean version above a Python version."""
    return clean_version(found, version, PEP440)


def test_clean_version_leaves_every_record() -> None:
    """The fix of one record that another affects is passed over."""
    found = [
        *entries(affected(FROM_0, {"fixed": "1.4"}), id_="A"),
        *entries(affected({"introduced": "1.2"}, {"fixed": "1.10"}), id_="B"),
        *entries(affected(versions=("1.10",)), id_="C"),
        *entries(affected({"introduced": "1.11"}, {"fixed": "2.0"}), id_="D"),
    ]
    assert clean(found, "1.0") == "2.0"
    assert clean(entries(affected(FROM_0, {"fixed": "1.4"})), "1.0") == "1.4"


def test_clean_version_is_higher() -> None:
    """A fix on an older branch is no way out."""
    found = entries(*BRANCHES[:2])
    assert [clean(found, v) for v in ("1.1", "1.9", "2.2", "2.3", "9")] == ["1.4", "2.3", "2.3", "", ""]


def test_no_clean_version() -> None:
    """There is none without a fix, with one that is no version, or for a version that cannot be ordered."""
    none, nonsense = affected(FROM_0), affected(FROM_0, {"fixed": "nonsense"})
    assert [clean(entries(e), "1.0") for e in (none, nonsense)] == ["", ""]
    assert clean(entries(TO_14), "custom") == ""


def test_clean_version_and_withdrawn_records() -> None:
    """A withdrawn record neither offers a fix nor spoils one."""
    gone = entries(affected(FROM_0, {"fixed": "1.2"}), affected(versions=("1.4",)), withdrawn="2024-01-01T00:00:00Z")
    assert clean([*gone, *entries(TO_14, id_="A")], "1.0") == "1.4"


def test_search_of_a_clean_version_skips() -> None:
    """However many fixes there are, whatever lies in a stretch that affects one of them is not tried."""
    fixes = [affected(FROM_0, {"fixed": f"1.{n}"}) for n in range(MAX_CANDIDATES + 2)]
    spoilt = affected(*(event for n in range(MAX_CANDIDATES) for event in ({"introduced": f"1.{n}"},)))
    last = f"1.{MAX_CANDIDATES + 1}"
    assert clean(entries(*fixes, affected({"introduced": "1.0"}, {"fixed": last})), "1.0") == last
    assert clean(entries(*fixes, affected({"introduced": "1.0"}, {"last_affected": "1.300"})), "1.0") == last
    assert clean(entries(*fixes, affected({"introduced": "1.0"}, {"limit": last})), "1.0") == last
    assert clean(entries(*fixes, spoilt), "1.0") == ""


def test_search_of_a_clean_version_ends() -> None:
    """Where one fix after the other is listed as affected, the search is given up at last."""
    fixes = affected(FROM_0, *({"fixed": f"1.{n}"} for n in range(MAX_CANDIDATES + 3)))
    listed = affected(versions=tuple(f"1.{n}" for n in range(MAX_CANDIDATES + 1)))
    assert clean(entries(fixes, listed), "1.0") == ""
    assert clean(entries(fixes, listed), "1.1") == "1.301"
    assert clean(entries(fixes, affected(versions=("1.301", "1.302"))), "1.300") == ""


def test_smallest_upgrade_first() -> None:
    """The fix on the same major version goes before any of the next one."""
    first = affected({"introduced": "1.0"}, {"fixed": "1.4.2"}, {"introduced": "2.0"}, {"fixed": "2.1"})
    second = affected({"introduced": "1.3"}, {"fixed": "1.5"}, {"introduced": "2.0"}, {"fixed": "2.0.3"})
    found = [*entries(first), *entries(second, id_="PYSEC-2")]
    assert [clean(found, version) for version in ("1.0", "1.4.2", "2.0", "2.0.3", "2.1")] == [
        "1.5", "1.5", "2.1", "2.1", "",
    ]  # fmt: skip


def test_what_the_version_fixes() -> None:
    """Records that name the version as their fix are told, unless another entry of theirs affects it."""
    found = [
        *entries(affected(FROM_0, {"fixed": "1.4.0"})),
        *entries(affected(FROM_0, {"fixed": "1.5"}), id_="PYSEC-2"),
        *entries(affected(FROM_0, {"fixed": "1.4"}), affected({"introduced": "1.4"}), id_="PYSEC-3"),
        *entries(affected(FROM_0, {"fixed": "1.4"}), id_="PYSEC-4", withdrawn="2024-01-01T00:00:00Z"),
    ]
    assert judged(found, "1.4").fixing == {"PYSEC-1"}
    assert judged(found, "latest").fixing == set()


def test_clean_version_in_one_spelling() -> None:
    """Of two spellings of one fix the lesser text is given, in whatever sequence they come."""
    elements = (affected(FROM_0, {"fixed": "1.4.0"}), affected(FROM_0, {"fixed": "1.4"}))
    assert [clean(entries(*e), "1.0") for e in (elements, elements[::-1])] == ["1.4", "1.4"]


VERSIONS = ["0.9", "1.0rc1", "1.0", "1.1", "1.2", "1.10", "2.0a1", "2.0", "2.1", "3"]


@st.composite
def databases(draw: st.DrawFn) -> list[Entry]:
    """The entries of some records about one package."""
    found: list[Entry] = []
    for number in range(draw(st.integers(1, 5))):
        kinds = st.sampled_from(["introduced", "fixed", "fixed", "last_affected"])
        events = [{draw(kinds): draw(st.sampled_from(VERSIONS))} for _ in range(draw(st.integers(0, 4)))]
        listed = tuple(draw(st.lists(st.sampled_from(VERSIONS), max_size=3)))
        gone = "2024-01-01T00:00:00Z" if draw(st.integers(0, 4)) == 0 else ""
        found += entries(affected(FROM_0, *events, versions=listed), id_=f"X-{number}", withdrawn=gone)
    return found


@given(databases(), st.sampled_from(VERSIONS))
@settings(deadline=None, derandomize=True, max_examples=300)
def test_clean_is_clean(found: list[Entry], version: str) -> None:
    """The clean version is above the own one, no record affects it, and no fix between the two is clean too."""
    named = {text for entry in found for events in entry["ranges"] for kind, text in events if kind == "fixed"}
    offered = clean(found, version)
    above = [c for c in named if PEP440.key(c) > PEP440.key(version)]
    better = [c for c in above if not offered or PEP440.key(c) < PEP440.key(offered)]
    live_fixes = {
        text
        for entry in found
        if not entry["withdrawn"]
        for events in entry["ranges"]
        for kind, text in events
        if kind == "fixed"
    }
    assert not offered or (offered in above and judged(found, offered).hits == [])
    assert all(judged(found, c).hits for c in better if c in live_fixes)


@st.composite
def many_entries(draw: st.DrawFn) -> list[Entry]:
    """Entries of any shape: ranges of several kinds and in any sequence, what cannot be read, limits, listings."""
    texts = st.sampled_from([*VERSIONS, "0", "1.0.0", "first", "*"])
    kinds = st.sampled_from(["introduced", "fixed", "fixed", "last_affected", "limit"])
    usual = st.tuples(texts, texts).map(lambda pair: [["introduced", pair[0]], ["fixed", pair[1]]])
    other = st.lists(st.tuples(kinds, texts).map(list), max_size=5)
    return [
        {
            "id": draw(st.sampled_from(["A", "B", "MAL-C"])),
            "versions": listing(draw(st.lists(st.sampled_from([*map(PEP440.canonical, VERSIONS)]), max_size=3))),
            "ranges": draw(st.lists(st.one_of(usual, usual, other), max_size=3)),
            "hint": draw(st.sampled_from(["", "", "<= 1.1", "< 2"])),
            "severity": [],
            "withdrawn": draw(st.integers(0, 5)) == 0,
        }
        for _ in range(draw(st.integers(0, 5)))
    ]


def evaluated(found: list[Entry], version: str) -> tuple[Any, ...]:
    """Everything that is said of a version."""
    result = judged(found, version)
    told = result.hits, result.withdrawn, result.undecided, result.fixing
    parts = [[entry for entry in found if entry["id"] == id_] for id_ in ("A", "B", "MAL-C")]
    return (*told, clean(found, version), [clean(part, version) for part in parts])


@given(many_entries(), st.sampled_from([*VERSIONS, "0", "0.0.dev1", "1.5", "10", "first", "1!0"]))
@settings(deadline=None, derandomize=True, max_examples=1500)
def test_short_ways_lead_to_the_same(found: list[Entry], version: str) -> None:
    """What is told at a glance is what the evaluation of every range, event by event, tells."""
    short = evaluated(found, version)
    upgrades = Upgrades(found, version, PEP440)

    with (
        patch("bomvet.advisories.matching.passed", lambda *_: False),
        patch("bomvet.advisories.matching.ended", lambda *_: False),
        patch("bomvet.advisories.matching.span", lambda *_: None),
        patch("bomvet.versions.ranges.span", lambda *_: None),
    ):
        plain = evaluated(found, version)

    assert short == plain
    assert [upgrades.least(), [upgrades.least({id_}) for id_ in ("A", "B", "MAL-C")]] == [*plain[-2:]]


@given(databases(), st.sampled_from(VERSIONS), st.randoms())
@settings(deadline=None, derandomize=True, max_examples=100)
def test_sequence_of_entries_is_of_no_matter(found: list[Entry], version: str, random: Any) -> None:
    """Shuffled entries give the same records, confidences and clean version."""
    shuffled = list(found)
    random.shuffle(shuffled)
    one, other = judged(found, version), judged(shuffled, version)
    assert [(h.id, h.listed, h.confidence) for h in one.hits] == [(h.id, h.listed, h.confidence) for h in other.hits]
    assert (one.withdrawn, clean(found, version)) == (other.withdrawn, clean(shuffled, version))
