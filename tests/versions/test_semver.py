"""The total order of semantic versions and its canonical texts."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bomvet.versions.orders import ORDERS
from bomvet.versions.semver import SEMVER

CANONICAL = [
    ("1.2.3", "1.2.3"),
    ("0.0.0", "0.0.0"),
    ("v1.2.3", "1.2.3"),
    ("=1.2.3", "1.2.3"),
    (" = v 1.2.3\n", "1.2.3"),
    ("01.002.0003", "1.2.3"),
    ("1.2.3+build.5", "1.2.3"),
    ("1.2.3-beta.1+build", "1.2.3-beta.1"),
    ("1.2.3-0", "1.2.3-0"),
    ("1.2.3-00", "1.2.3-0"),
    ("1.2.3-rc.01", "1.2.3-rc.1"),
    ("1.2.3-0a", "1.2.3-0a"),
    ("1.2.3beta", "1.2.3-beta"),
    ("1.2.3-", "1.2.3--"),
    ("1.4.5-lts.1", "1.4.5-lts.1"),
    ("2", "2.0.0"),
    ("2.1", "2.1.0"),
    ("v2.1-rc.1+b", "2.1.0-rc.1"),
    ("9" * 40 + ".0.0", "9" * 40 + ".0.0"),
]

NO_VERSIONS = [
    "", "latest", "1.2.3.4", "1.x", "1a2b3c", "7e6c1898", "V1.2.3", "1..2", "1.2.3-a..b", "1.2.3+", "1.2.3_4", "١.٢.٣",
    "-1.2.3", "1." + "2" * 500,
]  # fmt: skip

#: In the sequence of section 11 of the specification, and with what npm's loose mode adds.
ASCENDING = [
    "0.0.0-0", "0.0.0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
    "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1-0", "1.0.1", "1.4.5-lts.1", "1.4.5", "1.10.0", "2.0.0-R2",
    "2.0.0-r100", "2.0.0-r2", "2.0.0", f"{2**70}.0.0", f"{2**70 + 1}.0.0",
]  # fmt: skip

_NUMBERS = ["0", "1", "2", "9", "10", "01", "010", "20250101"]
_WORDS = ["0", "1", "2", "10", "01", "a", "b", "alpha", "beta", "rc", "rc1", "R", "-", "0a", "1-a", "--1", "x-y"]


def spelling(source: random.Random) -> str:
    """A version as it may be met, seldom one that is none."""
    numbers = ".".join(source.choice(_NUMBERS) for _ in range(source.choice((3, 3, 3, 3, 3, 3, 2, 4))))
    words = ".".join(source.choice(_WORDS) for _ in range(source.choice((0, 0, 1, 1, 2, 3))))
    hyphen = source.choice(("-", "-", "-", "")) if words else ""
    build = source.choice(("", "", "", "+build", "+1.2", "+"))
    return f"{source.choice(('', '', '', 'v', '=', ' ', '= v'))}{numbers}{hyphen}{words}{build}"


def pair(source: random.Random) -> tuple[str, str]:
    """Two versions, which often differ in one place alone."""
    one = spelling(source)
    at, gap = source.randrange(len(one) + 1), source.choice((0, 0, 1))
    near = one[:at] + source.choice(("0", "0", "1", "-", "a", "")) + one[at + gap :]
    return one, source.choice((near, spelling(source)))


SPELLINGS = st.randoms(use_true_random=False).map(spelling)


@pytest.mark.parametrize(("text", "canonical"), CANONICAL)
def test_canonical(text: str, canonical: str) -> None:
    """Every spelling of a version has one text, which is a spelling of the same version."""
    assert (SEMVER.canonical(text), SEMVER.canonical(canonical)) == (canonical, canonical)
    assert SEMVER.key(text) == SEMVER.key(canonical)
    assert SEMVER.key(text) is not None


@pytest.mark.parametrize("text", NO_VERSIONS)
def test_no_version(text: str) -> None:
    """What is no version, be it of absurd length or a commit, has no place in the order and keeps its text."""
    assert (SEMVER.key(text), SEMVER.canonical(text)) == (None, text)


def test_no_version_in_one_line() -> None:
    """White space within what is no version becomes plain, so that no canonical text has a line break."""
    assert SEMVER.canonical(" not\r\n a\tversion ") == "not a version"


def test_total_order() -> None:
    """Pre-releases go before their release, numbers before words, and numbers of any size compare as numbers."""
    keys = [SEMVER.key(text) for text in ASCENDING]
    assert keys == sorted(set(keys))


def test_build_metadata_has_no_place() -> None:
    """Versions that differ in build metadata alone are equal."""
    assert SEMVER.key("1.2.3-beta+one") == SEMVER.key("1.2.3-beta+another")
    assert SEMVER.key("1.2.3+one") == SEMVER.key("v1.2.3")


@given(SPELLINGS, SPELLINGS)
@settings(deadline=None, derandomize=True, max_examples=300)
def test_canonical_texts_are_equal_where_versions_are(one: str, other: str) -> None:
    """Two spellings have the same canonical text if and only if they are equal versions."""
    if SEMVER.key(one) is not None:
        assert SEMVER.key(SEMVER.canonical(one)) == SEMVER.key(one)
        assert (SEMVER.canonical(one) == SEMVER.canonical(other)) == (SEMVER.key(one) == SEMVER.key(other))


@given(st.text(max_size=20))
@settings(deadline=None, derandomize=True, max_examples=200)
def test_any_text_is_taken(text: str) -> None:
    """No text makes the order raise, nor gives a canonical text with a line break or another one the second time."""
    canonical = SEMVER.canonical(text)
    assert "\n" not in canonical
    assert (SEMVER.key(canonical), SEMVER.canonical(canonical)) == (SEMVER.key(text), canonical)


def test_ecosystems() -> None:
    """Ecosystems whose own order is this one have it; Pub, which orders build metadata, has not."""
    assert [name for name, order in ORDERS.items() if order is SEMVER] == ["npm", "crates.io", "Go", "Hex", "SwiftURL"]


# -- against npm's own -----------------------------------------------------------------------------------------------

#: Where `make test` puts it.
PEER = Path(sys.prefix, "node-tools", "node_modules", "semver")
#: Per pair -1, 0 or 1, or null where one of them is no version.
SCRIPT = """
const semver = require(process.argv[1]), loose = {loose: true}
const pairs = JSON.parse(require('fs').readFileSync(0))
const read = pairs.map(pair => pair.map(text => semver.parse(text, loose)))
console.log(JSON.stringify(read.map(([a, b]) => a && b ? semver.compare(a, b, loose) : null)))
"""


@pytest.mark.skipif(not (PEER.is_dir() and shutil.which("node")), reason="npm's semver is not in .venv/node-tools")
def test_against_npm() -> None:
    """Of 5,000 random pairs every one that npm can read compares as npm compares it."""
    source = random.Random(11)  # noqa: S311 - the same pairs every time
    pairs = [pair(source) for _ in range(5000)]
    ran = subprocess.run(
        ["node", "-e", SCRIPT, str(PEER)], input=json.dumps(pairs), capture_output=True, text=True, check=True
    )
    said = json.loads(ran.stdout)
    ours = [compared(*versions) for versions in pairs]
    wrong = [found for found in zip(pairs, ours, said, strict=True) if found[2] is not None and found[1] != found[2]]
    assert wrong == []
    assert min(said.count(sign) for sign in (-1, 0, 1, None)) > 100


def compared(one: str, other: str) -> int | None:
    """-1, 0 or 1, or None where one of them is no version."""
    left, right = SEMVER.key(one), SEMVER.key(other)
    return None if left is None or right is None else (left > right) - (left < right)
