"""The range evaluation of the OSV schema."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.version import Version

from bomvet.versions.pep440 import PEP440
from bomvet.versions.ranges import Event, Interval, containing


def interval(events: list[list[str]], version: str) -> str | None:
    """The interval in words, or None."""
    found = containing(events, PEP440.key(version), PEP440)
    return None if found is None else str(found)


SIMPLE = [["introduced", "1.0"], ["fixed", "1.4"]]
TWO = [["introduced", "0"], ["fixed", "1.2"], ["introduced", "2.0"], ["fixed", "2.3"]]
LAST = [["introduced", "1.0"], ["last_affected", "1.4"]]
LAST_THEN_MORE = [["introduced", "0"], ["last_affected", "1.0"], ["introduced", "2.0"], ["fixed", "2.1"]]
OPEN = [["introduced", "2.0"]]
ALL = [["introduced", "0"]]
PRERELEASE = [["introduced", "3.2"], ["fixed", "3.2.18"]]

MEANINGS = [
    (SIMPLE, "0.9", None, "below where it begins"),
    (SIMPLE, "1.0", "[1.0, 1.4)", "the version of `introduced` is affected"),
    (SIMPLE, "1.0.0", "[1.0, 1.4)", "in every spelling"),
    (SIMPLE, "1.3.9", "[1.0, 1.4)", "between the two"),
    (SIMPLE, "1.4", None, "the version of `fixed` is not affected"),
    (SIMPLE, "1.4rc1", "[1.0, 1.4)", "a pre-release of the fix lies before it"),
    (SIMPLE, "1.0rc1", None, "a pre-release of the start lies before it too, and is not affected"),
    (SIMPLE, "1.4.post1", None, "a post-release of the fix has it"),
    (SIMPLE, "1.3.9+local", "[1.0, 1.4)", "a local version sorts right above its release"),
    (SIMPLE, "0!1.2", "[1.0, 1.4)", "an epoch of none is no epoch"),
    (SIMPLE, "1!1.2", None, "an epoch goes before all"),
    (ALL, "0.0.dev0", "[0, ...)", "`introduced: 0` is before the least of versions"),
    (ALL, "99", "[0, ...)", "and without an end everything is affected"),
    (OPEN, "1.9", None, "an open range still begins somewhere"),
    (OPEN, "2!0", "[2.0, ...)", "and never ends"),
    (TWO, "1.1", "[0, 1.2)", "the first of two intervals"),
    (TWO, "1.2", None, "the gap's start"),
    (TWO, "1.9.9", None, "the gap"),
    (TWO, "2.0", "[2.0, 2.3)", "the second of two intervals"),
    (TWO, "2.3", None, "above both"),
    (LAST, "1.4", "[1.0, 1.4]", "the version of `last_affected` is affected"),
    (LAST, "1.4.0.1", None, "the next one is not"),
    (LAST, "1.2", "[1.0, 1.4]", "nor does it matter below"),
    (LAST_THEN_MORE, "1.0", "[0, 1.0]", "the last of one stretch does not lie in the next"),
    (LAST_THEN_MORE, "1.5", None, "between a last one and the next start"),
    (LAST_THEN_MORE, "2.0", "[2.0, 2.1)", "the next stretch"),
    (PRERELEASE, "3.2a1", None, "such a version must be listed to be affected (PYSEC-2023-61)"),
    ([["fixed", "1.0"]], "0.5", None, "an end without a start"),
    ([["last_affected", "1.0"]], "1.0", None, "of either kind"),
    ([], "1", None, "no event at all"),
    ([["introduced", "1.0"], ["last_affected", "1.0"]], "1.0", "[1.0, 1.0]", "a single version"),
    ([["introduced", "1.0"], ["fixed", "1.0"]], "1.0", None, "an empty stretch"),
    ([["introduced", "1.0"], ["fixed", "1.0"]], "2.0", None, "stays empty"),
    ([["introduced", "0"], ["fixed", "0"]], "1.0", None, "never affected, as distributions write it"),
    ([["introduced", "0"], ["introduced", "2.0"], ["fixed", "3.0"]], "2.5", "[0, 3.0)", "the first of two starts"),
    ([["introduced", "0"], ["fixed", "1.0"], ["fixed", "2.0"]], "1.5", None, "the first of two ends"),
    ([["introduced", "0"], ["last_affected", "1.0"], ["fixed", "1.0"]], "1.0", None, "a fix beats a last one"),
]


@pytest.mark.parametrize(("events", "version", "expected", "why"), MEANINGS)
def test_meaning(events: list[list[str]], version: str, expected: str | None, why: str) -> None:
    """Each kind of event does what the schema says, and the interval named is the one the version lies in."""
    assert interval(events, version) == expected, why


# The seam of real records: PYSEC-2022-236 lists [3.1.1, 3.1.3) behind [0, 3.1.1).
SEAM = [["introduced", "0"], ["fixed", "3.1.1"], ["introduced", "3.1.1"], ["fixed", "3.1.3"]]


@pytest.mark.parametrize("seed", range(6))
def test_where_one_stretch_follows_on_another(seed: int) -> None:
    """A stretch that begins with the fix of the one before goes on from it, in whatever sequence they stand."""
    events = [*SEAM, ["introduced", "3.2.0"], ["fixed", "3.2.2"]]
    random.Random(seed).shuffle(events)  # noqa: S311 - the same in every run
    found = {version: interval(events, version) for version in ("3.1.0", "3.1.1", "3.1.2", "3.1.3", "3.2.1")}
    assert found == {
        "3.1.0": "[0, 3.1.3)",
        "3.1.1": "[0, 3.1.3)",
        "3.1.2": "[0, 3.1.3)",
        "3.1.3": None,
        "3.2.1": "[3.2.0, 3.2.2)",
    }


def test_limits() -> None:
    """A version must lie below one limit at least, where there are any; `*` is no limit."""
    one = [["introduced", "0"], ["limit", "2.0"]]
    two = [*one, ["limit", "3.0"]]
    star = [*one, ["limit", "*"]]
    found = [interval(e, v) for e, v in ((one, "1.9"), (one, "2.0"), (two, "2.5"), (two, "3.0"), (star, "9"))]
    assert found == ["[0, ...)", None, "[0, ...)", None, "[0, ...)"]


UNREADABLE = [
    ([["introduced", "0"], ["fixed", "0.2.0-n653"]], "9", "[0, ...)"),
    ([["introduced", "0"], ["last_affected", ""]], "9", "[0, ...)"),
    ([["introduced", "first"], ["fixed", "2.0"]], "1.0", "[first, 2.0)"),
    ([["introduced", "0"], ["limit", "edge"]], "9", "[0, ...)"),
]


@pytest.mark.parametrize(("events", "version", "expected"), UNREADABLE)
def test_unreadable_events(events: list[list[str]], version: str, expected: str) -> None:
    """An event that cannot be read never hides a version: it begins at the beginning, ends nothing, and tells."""
    found = containing(events, PEP440.key(version), PEP440)
    assert found is not None
    assert (str(found), found.certain) == (expected, False)


def test_unreadable_events_do_not_spread() -> None:
    """Beyond a fix that can be read, a start that cannot does not matter."""
    assert interval([["introduced", "first"], ["fixed", "2.0"]], "2.0") is None


def test_interval_ends() -> None:
    """An interval is open-ended without a fix and without a last affected version."""
    ends = [Interval(introduced="1"), Interval(introduced="1", fixed="2"), Interval(introduced="1", last_affected="2")]
    assert [(str(i), i.open_ended) for i in ends] == [("[1, ...)", True), ("[1, 2)", False), ("[1, 2]", False)]


# ── against the pseudo-code of the schema ───────────────────────────────────────────────────────


def affected_by_the_schema(events: list[list[str]], version: Version) -> bool:
    """`IncludedInRanges` and `BeforeLimits` of the schema, word for word, for one range."""
    limits = [Version(v) for kind, v in events if kind == "limit"]
    if limits and not any(version < limit for limit in limits):
        return False

    def place(event: list[str]) -> tuple[bool, Version]:
        return event != ["introduced", "0"], Version(event[1])

    vulnerable = False
    for kind, text in sorted((e for e in events if e[0] != "limit"), key=place):
        if kind == "introduced" and (text == "0" or version >= Version(text)):
            vulnerable = True
        elif kind == "fixed" and version >= Version(text):  # noqa: SIM114 - as the schema has it
            vulnerable = False
        elif kind == "last_affected" and version > Version(text):
            vulnerable = False
    return vulnerable


VERSIONS = [
    "0.1",
    "0.9rc1",
    "0.9",
    "1.0a1",
    "1.0",
    "1.0.post1",
    "1.1.dev1",
    "1.1",
    "1.10",
    "2.0rc1",
    "2.0",
    "10",
    "1!0",
]


@st.composite
def ranges(draw: st.DrawFn) -> list[list[str]]:
    """Events at different versions, in any sequence: the schema leaves no choice then."""
    versions = draw(st.lists(st.sampled_from(VERSIONS), unique=True, max_size=7))
    kinds = st.sampled_from(["introduced", "introduced", "fixed", "fixed", "last_affected", "limit"])
    events: list[list[str]] = [[draw(kinds), version] for version in versions]
    if draw(st.booleans()):
        events.append(["introduced", "0"])
    return draw(st.permutations(events))


@given(ranges(), st.sampled_from([*VERSIONS, "0", "0.0.dev1", "0.9.1", "1.5", "3"]))
@settings(deadline=None, derandomize=True, max_examples=500)
def test_against_the_schema(events: list[list[str]], version: str) -> None:
    """A version lies in an interval if and only if the pseudo-code of the schema says that it is affected."""
    assert (interval(events, version) is not None) == affected_by_the_schema(events, Version(version))


@given(ranges(), st.sampled_from(VERSIONS))
@settings(deadline=None, derandomize=True, max_examples=200)
def test_the_interval_holds_the_version(events: list[Event], version: str) -> None:
    """The interval that is named does hold the version, by its own bounds."""
    found = containing(events, PEP440.key(version), PEP440)
    if found is None:
        return
    own = Version(version)
    assert found.introduced == "0" or Version(found.introduced) <= own
    assert not found.fixed or own < Version(found.fixed)
    assert not found.last_affected or own <= Version(found.last_affected)
