"""The order of Alpine's versions and its canonical texts."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bomvet.versions.alpine import ALPINE
from bomvet.versions.orders import ORDERS

CANONICAL = [
    ("1.2.3-r4", "1.2.3-r4"),
    ("1.2.3", "1.2.3"),
    ("01.2-r01", "1.2-r1"),
    ("006", "6"),
    ("000", "0"),
    ("1.02.00", "1.02.00"),
    ("1-r", "1-r0"),
    ("9.3.2b_rc01_p-r0", "9.3.2b_rc1_p-r0"),
    ("1.0_p0", "1.0_p0"),
    ("1.0_git20200101~00ab12-r01", "1.0_git20200101~00ab12-r1"),
    ("6.6.2p01-r0", "6.6.2p1-r0"),
    (" 1.0\n", "1.0"),
]

NO_VERSIONS = [
    "", "latest", "1.", ".1", "1..2", "1.2A", "1.2-1", "1-r1-2", "1_foo", "1_p1.2", "1ab", "1a.2", "1~", "1~xyz",
    "1-r1_p1", "1.1" * 200,
]  # fmt: skip

ASCENDING = [
    "0.9", "1_alpha", "1_alpha2", "1_beta", "1_pre", "1_rc", "1_rc0", "1_rc1_p1", "1", "1-r0", "1-r2", "1-r10",
    "1~0ab", "1~ab", "1_cvs", "1_svn", "1_git1", "1_git20200101", "1_hg", "1_p", "1_p0", "1_p1", "1_p1-r1", "1a_rc1",
    "1a", "1a-r1", "1b", "1p1", "1p2", "1.0", "1.00", "1.01", "1.010", "1.09", "1.1", "1.2_rc1", "1.2", "1.10", "2",
    "10",
]  # fmt: skip

#: A new apk compares numbers with a zero at their beginning as text; the old one counted the zeros.
ZEROS = [("8.2.0015", "8.2.002"), ("1.0", "1.00"), ("1.09", "1.9"), ("1.010", "1.09")]

SPELLINGS = st.builds(
    "{}{}{}{}{}".format,
    st.lists(st.sampled_from(["0", "00", "1", "01", "2", "10"]), min_size=1, max_size=3).map(".".join),
    st.sampled_from(["", "", "", "a", "b", "p1", "p01"]),
    st.lists(st.sampled_from(["_rc", "_rc1", "_rc01", "_p", "_p0", "_p1", "_git1", "_alpha"]), max_size=2).map("".join),
    st.sampled_from(["", "", "", "~ab", "~0a", "~00a"]),
    st.sampled_from(["", "-r", "-r0", "-r1", "-r01", "-r10"]),
)


@pytest.mark.parametrize(("text", "canonical"), CANONICAL)
def test_canonical(text: str, canonical: str) -> None:
    """Every spelling of a version has one text, which is a spelling of the same version."""
    assert (ALPINE.canonical(text), ALPINE.canonical(canonical)) == (canonical, canonical)
    assert ALPINE.key(text) == ALPINE.key(canonical)
    assert ALPINE.key(text) is not None


@pytest.mark.parametrize("text", NO_VERSIONS)
def test_no_version(text: str) -> None:
    """What apk holds invalid, be it of absurd length, has no place in the order and keeps its text."""
    assert (ALPINE.key(text), ALPINE.canonical(text)) == (None, text)


def test_order() -> None:
    """Suffixes of what comes before, the bare version, revisions, hashes, later suffixes, letters, numbers."""
    keys = [ALPINE.key(text) for text in ASCENDING]
    assert keys == sorted(set(keys))


@pytest.mark.parametrize(("lower", "higher"), ZEROS)
def test_leading_zeros(lower: str, higher: str) -> None:
    """Where one of two numbers after a dot begins with a zero they compare as text."""
    assert ALPINE.key(lower) < ALPINE.key(higher)


@given(SPELLINGS, SPELLINGS)
@settings(deadline=None, derandomize=True, max_examples=300)
@example("1-r", "1-r0")
@example("1.0", "1.00")
@example("1_p", "1_p0")
def test_canonical_texts_are_equal_where_versions_are(one: str, other: str) -> None:
    """Two spellings have the same canonical text if and only if they are equal versions."""
    assert ALPINE.key(ALPINE.canonical(one)) == ALPINE.key(one) != None  # noqa: E711 - it is a version
    assert (ALPINE.canonical(one) == ALPINE.canonical(other)) == (ALPINE.key(one) == ALPINE.key(other))


@given(st.text(max_size=20) | st.text(alphabet="01ab._-r~p ", max_size=12))
@settings(deadline=None, derandomize=True, max_examples=300)
def test_any_text_is_taken(text: str) -> None:
    """No text makes the order raise, nor gives a canonical text with a line break or another one the second time."""
    canonical = ALPINE.canonical(text)
    assert "\n" not in canonical
    assert (ALPINE.key(canonical), ALPINE.canonical(canonical)) == (ALPINE.key(text), canonical)


def test_ecosystems() -> None:
    """Distributions that use apk have its order."""
    names = ["Alpine", "Alpaquita", "BellSoft Hardened Containers", "Chainguard", "MinimOS", "Wolfi"]
    assert [name for name, order in ORDERS.items() if order is ALPINE] == names
