"""Records that are aliases of each other, as groups."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bomvet.advisories.grouping import display_id, groups

# A pairwise comparison that keeps the least index splits this chain in 6 of its 24 sequences.
CHAIN = {"A": ["x"], "B": ["x", "y"], "C": ["y", "z"], "D": ["z"]}


@pytest.mark.parametrize("order", list(permutations(CHAIN)))
def test_chain_in_every_sequence(order: tuple[str, ...]) -> None:
    """Four records that are linked by common names are one group, whichever comes first."""
    assert groups({id_: CHAIN[id_] for id_ in order}) == [("A", "B", "C", "D")]


MEANINGS: list[tuple[dict[str, list[str]], list[tuple[str, ...]], str]] = [
    ({}, [], "nothing"),
    ({"B": [], "A": []}, [("A",), ("B",)], "strangers, sorted"),
    ({"A": ["B"], "B": []}, [("A", "B")], "it is enough that one names the other"),
    ({"B": [], "A": ["B"]}, [("A", "B")], "also where the other comes first"),
    ({"A": ["A"]}, [("A",)], "a record that names itself"),
    ({"A": ["x"], "B": ["y"]}, [("A",), ("B",)], "other names"),
    ({"A": ["x", "x"], "B": ["x"]}, [("A", "B")], "a name given twice"),
]


@pytest.mark.parametrize(("names", "expected", "why"), MEANINGS)
def test_meaning(names: dict[str, list[str]], expected: list[tuple[str, ...]], why: str) -> None:
    """Ids share a group where a chain of names leads from one to the other, in whichever direction."""
    assert groups(names) == expected, why


def linked(names: dict[str, list[str]]) -> set[frozenset[str]]:
    """The groups by brute force: sets of names are united until no two of them meet."""
    sets = [({id_}, {id_, *aliases}) for id_, aliases in names.items()]
    merged = True
    while merged:
        merged = False
        for one in sets:
            other = next((o for o in sets if o is not one and o[1] & one[1]), None)
            if other:
                sets = [s for s in sets if s is not one and s is not other]
                sets.append((one[0] | other[0], one[1] | other[1]))
                merged = True
                break
    return {frozenset(ids) for ids, _ in sets}


@given(st.dictionaries(st.sampled_from("ABCDEFGH"), st.lists(st.sampled_from("ABCDEFGHuvwxyz"), max_size=3)))
@settings(deadline=None, derandomize=True, max_examples=200)
def test_closure(names: dict[str, list[str]]) -> None:
    """The groups are the transitive closure: each id once, and what brute force finds."""
    found = groups(names)
    assert sorted(id_ for group in found for id_ in group) == sorted(names)
    assert {frozenset(group) for group in found} == linked(names)


@given(st.permutations([(id_, tuple(names)) for id_, names in {**CHAIN, "E": ["q"], "F": ["E"]}.items()]))
@settings(deadline=None, derandomize=True, max_examples=50)
def test_sequence_is_of_no_matter(items: list[tuple[str, tuple[str, ...]]]) -> None:
    """Sequence changes neither the groups nor how they are sorted."""
    assert groups(dict(items)) == [("A", "B", "C", "D"), ("E", "F")]


DISPLAYED = [
    (["GHSA-a", "CVE-2", "CVE-1", "PYSEC-1"], "CVE-1"),
    (["PYSEC-1", "GHSA-a"], "GHSA-a"),
    (["BIT-x-1", "PYSEC-2", "PYSEC-1"], "PYSEC-1"),
    (["MAL-2024-1", "BIT-x-1"], "BIT-x-1"),
    (["XCVE-1", "MAL-2024-1"], "MAL-2024-1"),
]


@pytest.mark.parametrize(("names", "shown"), DISPLAYED)
def test_display_id(names: list[str], shown: str) -> None:
    """A CVE goes before GHSA, that before PYSEC, that before all others; of equals the least is shown."""
    assert display_id(names) == shown
