"""Names that can be taken for others."""

from __future__ import annotations

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bomvet.checks.component._lookalikes import Likeness, Lookalikes, distance, lookalikes

SEPARATORS, GLYPHS = "but for its separators", "but for letters and digits that look alike"
ORDER, AFFIX, SCOPE = "with its words in another order", "but for a prefix or suffix", "without its scope"
ONE, TWO, SCOPED = "but for one letter", "but for two letters", "but for one letter of its scope"


def like(name: str, *popular: str, ecosystem: str = "npm", fill: int = 0) -> tuple[str, str, int] | None:
    """What `name` is like among `popular`, which stand after `fill` others."""
    index = Lookalikes(ecosystem, [*(f"-{n}-" for n in range(fill)), *popular])
    found = index.like(name)
    return (found.name, found.how, found.distance) if found else None


@pytest.mark.parametrize(
    ("name", "popular", "found"),
    [
        ("crossenv", "cross-env", (SEPARATORS, 1)),
        ("cross_env", "cross-env", (SEPARATORS, 1)),
        ("cross-env", "crossenv", (SEPARATORS, 1)),
        ("ab-cd", "abcd", None),
        ("jeilyfish", "jellyfish", (GLYPHS, 1)),
        ("l0dash", "lodash", (GLYPHS, 1)),
        ("1odash", "lodash", (GLYPHS, 1)),
        ("rnoment", "moment", (GLYPHS, 2)),
        ("vvebpack", "webpack", (GLYPHS, 2)),
        ("m5", "ms", None),
        ("env-cross", "cross-env", (ORDER, 8)),
        ("env", "cross-env", None),
        ("twilio-npm", "twilio", (AFFIX, 4)),
        ("node-twilio.js", "twilio", (AFFIX, 8)),
        ("nodetwilio", "twilio", (AFFIX, 4)),
        ("twiliojs", "twilio", (AFFIX, 2)),
        ("twilio-js", "twilio-node", (AFFIX, 4)),
        ("twilio", "twilio-node", None),
        ("js", "node", None),
        ("next-js-node", "next", (AFFIX, 8)),
        ("types-node", "@types/node", (SCOPE, 2)),
        ("electorn", "electron", (ONE, 1)),
        ("elctron", "electron", (ONE, 1)),
        ("elecctron", "electron", (ONE, 1)),
        ("eloctron", "electron", (ONE, 1)),
        ("lectron", "electron", (ONE, 1)),
        ("electrom", "electron", (ONE, 1)),
        ("reacc", "react", (ONE, 1)),
        ("vua", "vue", None),
        ("vite-plugin-svue", "vite-plugin-vue", None),
        ("vite-plugins-vue", "vite-plugin-vue", (ONE, 1)),
        ("typescrpit", "typescript", (ONE, 1)),
        ("typascrypt", "typescript", (TWO, 2)),
        ("typescripting", "typescript", None),
        ("the-typascrypt", "the-typescript", (TWO, 2)),
        ("the-typescript", "typescript", None),
        ("short-words-ob", "short-words-of", None),
        ("aws-sdk3", "aws-sdk2", None),
        ("requests3", "requests", (ONE, 1)),
        ("@babell/core", "@babel/core", (SCOPED, 1)),
        ("@babell/other", "@babel/core", None),
        ("@types/core", "@type/core", None),
        ("@abd/core", "@abc/core", None),
        ("x" * 81, "x" * 80, None),
        ("typescrip-x", "typescript", None),
        ("viteaplugin", "vite-plugin", (ONE, 1)),
        ("JSONStream", "jsonstream", None),
    ],
)
def test_likeness(name: str, popular: str, found: tuple[str, int] | None) -> None:
    """Each kind, and what is near enough to be something else."""
    assert like(name, popular) == ((popular, *found) if found else None)


def test_affixes_are_those_of_the_ecosystem() -> None:
    """`python3-x` for `python-x` on PyPI; `node` is a word like any other there."""
    assert like("python3-dateutil", "python-dateutil", ecosystem="pypi") == ("python-dateutil", AFFIX, 1)
    assert like("dateutil-py", "python-dateutil", ecosystem="pypi") == ("python-dateutil", AFFIX, 10)
    assert like("node-requests", "requests", ecosystem="pypi") is None
    assert like("pyrequests", "requests", ecosystem="pypi") is None


@pytest.mark.parametrize(
    ("name", "popular", "rank"),
    [
        ("reacc", "react", 500),
        ("lodasj", "lodash", 3_000),
        ("env-cross", "cross-env", 5_000),
        ("l0dash", "lodash", 5_000),
        ("twilio-npm", "twilio", 5_000),
        ("nodetwilio", "twilio", 5_000),
        ("types-node", "@types/node", 2_000),
        ("typascrypt", "typescript", 2_000),
        ("requests3", "requests", 300),
    ],
)
def test_how_popular_a_name_has_to_be(name: str, popular: str, rank: int) -> None:
    """The rarer it is, the less of what is like it by chance is told."""
    assert like(name, popular, fill=rank - 1) is not None
    assert like(name, popular, fill=rank) is None


def test_the_most_popular_of_the_nearest() -> None:
    """One letter is nearer than two, whatever the rank; among those the rank decides."""
    assert like("typescripta", "typescrapta", "typescriptb", "typescriptc") == ("typescrapta", ONE, 1)
    assert like("typescripta", "typescroptb", "typescriptc", "typescriptd") == ("typescriptc", ONE, 1)


def test_generic_names_in_scopes() -> None:
    """A name that many scopes have is told only of scopes that everybody knows."""
    scopes = ["@babel/core", "@acme/core", "@other/core"]

    assert like("@babell/core", *scopes) == ("@babel/core", SCOPED, 1)
    assert like("@babell/core", *scopes, fill=1_000) is None
    assert like("@babell/core", *scopes[:2], fill=1_000) == ("@babel/core", SCOPED, 1)


def test_popular_and_known_names_imitate_nobody() -> None:
    """Whatever they are like."""
    index = Lookalikes("npm", ["react", "preact"], frozenset({"reactt"}))

    assert [index.like(name) for name in ("react", "preact", "reactt")] == [None, None, None]
    assert index.like("reacct") == Likeness("react", 1, ONE, 1)


@pytest.mark.parametrize(("ecosystem", "least"), [("npm", 10_000), ("pypi", 5_000)])
def test_the_lists(ecosystem: str, least: int) -> None:
    """They hold names alone, none twice, and nothing that is popular is like anything."""
    index = lookalikes(ecosystem)
    popular = list(index._rank)

    assert len(popular) >= least
    assert not [name for name in popular if name != name.strip() or not name or "#" in name]
    assert [index.like(name) for name in (*popular, *index._known) if index.like(name)] == []


slips = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from(["add", "drop", "change", "swap"]), st.sampled_from("abz0")),
    max_size=2,
)


@given(st.text(string.ascii_lowercase + "-", min_size=10, max_size=24), slips)
@example("electronic", [(0, "swap", "a")])
@example("electronic", [(4, "swap", "a"), (9, "add", "a")])
def test_no_slip_is_missed(name: str, typos: list[tuple[int, str, str]]) -> None:
    """Wherever the letters are, the index gives what a comparison with every name gives."""
    index = Lookalikes("npm", [])
    edits = max(1, len(typos))
    index._add_segments(name, name, edits)
    text = name
    for at, kind, letter in typos:
        text = _typed(text, at % len(text), kind, letter)

    if distance(text, name) <= edits:
        assert index._candidates(text, edits) == {name}


def _typed(text: str, at: int, kind: str, letter: str) -> str:
    left, here, right = text[:at], text[at], text[at + 1 :]
    return {
        "add": left + letter + here + right,
        "drop": left + right,
        "change": left + letter + right,
        "swap": left + right[:1] + here + right[1:],
    }[kind]


@given(st.text("abc", max_size=7), st.text("abc", max_size=7), st.integers(0, 8))
def test_distance(text: str, other: str, limit: int) -> None:
    """Symmetric, nothing for equal texts alone, and beyond the limit only known to be so."""
    found = distance(text, other)

    assert found == distance(other, text)
    assert (found == 0) == (text == other)
    assert abs(len(text) - len(other)) <= found <= max(len(text), len(other))
    assert (distance(text, other, limit) <= limit) == (found <= limit)
    assert found > limit or distance(text, other, limit) == found


@pytest.mark.parametrize(("text", "other", "apart"), [("ab", "ba", 1), ("abc", "ca", 3), ("kitten", "sitting", 3)])
def test_known_distances(text: str, other: str, apart: int) -> None:
    """No letter is moved twice."""
    assert distance(text, other) == apart
