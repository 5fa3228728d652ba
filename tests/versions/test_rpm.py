"""The order of the versions of RPM packages and its canonical texts."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bomvet.versions.orders import ORDERS
from bomvet.versions.rpm import RPM

CANONICAL = [
    ("1.2.3-4", "1.2.3-4"),
    ("0:1.02_3-4.el9", "1.2.3-4.el.9"),
    ("1:1.2-3", "1:1.2-3"),
    ("01:2", "1:2"),
    (":2", "2"),
    ("1.0~rc1^git", "1.0.~.rc.1.^.git"),
    ("1-2-3", "1.2-3"),
    ("1-", "1-."),
    ("a:1", "a.1"),
    ("+", "."),
    ("1.1.α", "1.1"),
    (" 1.0\n", "1.0"),
]

NO_VERSIONS = ["", "1 2", "1." * 251]

ASCENDING = [
    "~", "+", "^", "a", "a.b", "a2", "1~~", "1~rc1", "1~rc1^git1", "1~rc2", "1", "1-", "1-0", "1-1.el7", "1-1.1",
    "1-2", "1^", "1^git1~pre", "1^git1", "1^20160101", "1^20160101^git1", "1^20160102", "1.a", "1.aa", "1.0", "1.1",
    "1.9", "1.10", "2", "20101121", "1:1", "2:0~1",
]  # fmt: skip

#: From rpm's own tests: equal, and such that the first is lower.
EQUAL = [("10.0001", "10.1"), ("2_0", "2.0"), ("a+", "a_"), ("+a", "_a"), ("1.1.α", "1.1.ββ"), ("1.", "1")]
LOWER = [
    ("1b.fc17", "1.fc17"), ("1.fc17", "1g.fc17"), ("10xyz", "10.1xyz"), ("xyz.4", "8"), ("6.0", "6.0.rc1"),
    ("5.5p1", "5.5p10"), ("1.0^git1", "1.01"), ("1.0~rc1", "1.0arc1"),
]  # fmt: skip

SPELLINGS = st.text(alphabet="001a~^.-:+bé", min_size=1, max_size=8)


@pytest.mark.parametrize(("text", "canonical"), CANONICAL)
def test_canonical(text: str, canonical: str) -> None:
    """Every spelling of a version has one text, which is a spelling of the same version."""
    assert (RPM.canonical(text), RPM.canonical(canonical)) == (canonical, canonical)
    assert RPM.key(text) == RPM.key(canonical)
    assert RPM.key(text) is not None


@pytest.mark.parametrize("text", NO_VERSIONS)
def test_no_version(text: str) -> None:
    """What is empty, has blanks or is of absurd length is no version, and keeps its text."""
    assert (RPM.key(text), RPM.canonical(text)) == (None, text)


def test_order() -> None:
    """The tilde goes before the end, the caret after it, then letters, then numbers; the epoch decides first."""
    keys = [RPM.key(text) for text in ASCENDING]
    assert keys == sorted(set(keys))


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_equal(one: str, other: str) -> None:
    """Separators and leading zeros do not tell versions apart."""
    assert (RPM.key(one), RPM.canonical(one)) == (RPM.key(other), RPM.canonical(other))


@pytest.mark.parametrize(("lower", "higher"), LOWER)
def test_lower(lower: str, higher: str) -> None:
    """The cases that rpm itself is tested with."""
    assert RPM.key(lower) < RPM.key(higher)


@given(SPELLINGS, SPELLINGS)
@settings(deadline=None, derandomize=True, max_examples=500)
@example("1-2-3", "1.2-3")
@example("1", "1-")
@example("0:1", "1")
def test_canonical_texts_are_equal_where_versions_are(one: str, other: str) -> None:
    """Two spellings have the same canonical text if and only if they are equal versions."""
    assert RPM.key(RPM.canonical(one)) == RPM.key(one) != None  # noqa: E711 - it is a version
    assert (RPM.canonical(one) == RPM.canonical(other)) == (RPM.key(one) == RPM.key(other))


@given(st.text(max_size=20))
@settings(deadline=None, derandomize=True, max_examples=200)
def test_any_text_is_taken(text: str) -> None:
    """No text makes the order raise, nor gives a canonical text with a line break or another one the second time."""
    canonical = RPM.canonical(text)
    assert "\n" not in canonical
    assert (RPM.key(canonical), RPM.canonical(canonical)) == (RPM.key(text), canonical)


def test_ecosystems() -> None:
    """Distributions that use rpm have its order."""
    names = [
        "AlmaLinux", "Azure Linux", "Mageia", "Photon OS", "Red Hat", "Rocky Linux", "SUSE", "openEuler", "openSUSE",
    ]  # fmt: skip
    assert [name for name, order in ORDERS.items() if order is RPM] == names
