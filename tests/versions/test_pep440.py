"""The order of Python versions and its canonical texts."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from packaging.version import Version

from bomvet.versions.orders import ORDERS
from bomvet.versions.pep440 import PEP440, is_prerelease

CANONICAL = [
    ("1", "1"),
    ("1.0.0", "1"),
    ("0", "0"),
    ("0.0", "0"),
    ("0.1.0", "0.1"),
    ("10.20.0.30", "10.20.0.30"),
    ("v1.2", "1.2"),
    ("01.02", "1.2"),
    ("1.0-alpha.3", "1a3"),
    ("1.0rc", "1rc0"),
    ("1.0.c1", "1rc1"),
    ("1.0-5", "1.post5"),
    ("1.0.rev", "1.post0"),
    ("1.0.DEV", "1.dev0"),
    ("1.0a1.post2.dev3", "1a1.post2.dev3"),
    ("0!1", "1"),
    ("2!1.0", "2!1"),
    ("1.0+Ubuntu-01", "1+ubuntu.1"),
    (" 1.0\n", "1"),
]

NO_VERSIONS = ["", "latest", "1.0-n653", "1..2", "1.0+", "2019-09-12", "1.0.x", "١.٢", "9" * 5000, "1.0+" + "9" * 5000]

SPELLINGS = st.builds(
    "{}{}{}{}{}{}{}".format,
    st.sampled_from(["", "", "v", "V", " "]),
    st.sampled_from(["", "", "", "0!", "1!"]),
    st.lists(st.sampled_from(["0", "00", "1", "01", "2", "10"]), min_size=1, max_size=4).map(".".join),
    st.sampled_from(["", "", "a1", "-alpha.1", "b0", "beta", "rc1", ".c1", "_PRE01", "preview1"]),
    st.sampled_from(["", "", ".post1", "-1", ".rev1", ".r01", ".post", ".post0"]),
    st.sampled_from(["", "", ".dev0", ".dev", "dev1", "-dev01"]),
    st.sampled_from(["", "", "+a", "+A", "+1", "+01", "+a.1", "+a-1"]),
)


@pytest.mark.parametrize(("text", "canonical"), CANONICAL)
def test_canonical(text: str, canonical: str) -> None:
    """Every spelling of a version has the one text that its shortest spelling has."""
    assert PEP440.canonical(text) == canonical


@pytest.mark.parametrize("text", NO_VERSIONS)
def test_no_version(text: str) -> None:
    """What is no version, be it of absurd length, has no place in the order and keeps its text."""
    assert (PEP440.key(text), PEP440.canonical(text)) == (None, text)


def test_what_is_too_long_is_not_remembered() -> None:
    """A version of more characters than any has is none, and takes no place in memory."""
    text = "1." * 250 + "1"
    assert (PEP440.key(text), PEP440.canonical(text)) == (None, text)
    assert PEP440.key(text[2:]) is not None


def test_no_version_in_one_line() -> None:
    """White space within what is no version becomes plain, so that no canonical text has a line break."""
    assert PEP440.canonical(" not\r\n a\tversion ") == "not a version"


@given(SPELLINGS, SPELLINGS)
@settings(deadline=None, derandomize=True, max_examples=300)
@example("1.0", "1.0.0")
@example("1.0", "1.0.0.1")
@example("1.0+1", "1.0+01")
def test_canonical_texts_are_equal_where_versions_are(one: str, other: str) -> None:
    """Two spellings have the same canonical text if and only if they are equal versions."""
    assert (PEP440.canonical(one) == PEP440.canonical(other)) == (Version(one) == Version(other))


@given(SPELLINGS)
@settings(deadline=None, derandomize=True, max_examples=200)
def test_canonical_is_a_spelling_of_the_same_version(text: str) -> None:
    """The canonical text is itself canonical, and its key is that of the version."""
    canonical = PEP440.canonical(text)
    assert (PEP440.canonical(canonical), PEP440.key(canonical)) == (canonical, PEP440.key(text))


@given(SPELLINGS, SPELLINGS)
@settings(deadline=None, derandomize=True, max_examples=1000)
@example("1.0", "1")
@example("1.0+a", "1.0+1")
@example("1.dev0", "1a0.dev0")
@example("1.post0.dev0", "1")
@example("1", "1.post0")
def test_keys_compare_as_the_reference_implementation_does(one: str, other: str) -> None:
    """Of two versions the keys are equal, or one is less, where that is so of the objects of `packaging`."""
    first, second = PEP440.key(one), PEP440.key(other)
    assert (first == second, first < second) == (Version(one) == Version(other), Version(one) < Version(other))
    assert is_prerelease(first) == Version(one).is_prerelease


@given(st.text(max_size=20))
@settings(deadline=None, derandomize=True, max_examples=200)
def test_any_text_is_taken(text: str) -> None:
    """No text makes the order raise, nor gives a canonical text with a line break."""
    assert "\n" not in PEP440.canonical(text)
    assert PEP440.key(text) == PEP440.key(text)


def test_order_of_phases() -> None:
    """Development, pre-, final, local and post-releases follow each other as PEP 440 says."""
    ascending = ["1.dev1", "1a1.dev1", "1a1", "1a1.post1", "1b1", "1rc1", "1", "1+local", "1.post1", "1.1", "1!0"]
    assert sorted(set(ascending), key=PEP440.key) == ascending


def test_ecosystems_with_an_order() -> None:
    """Matching is offered for those ecosystems alone whose order is built in."""
    assert ORDERS["PyPI"] is PEP440
