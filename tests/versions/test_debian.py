"""The order of Debian's versions and its canonical texts."""

from __future__ import annotations

import random
import shutil
import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bomvet.versions.debian import DEBIAN
from bomvet.versions.orders import ORDERS

CANONICAL = [
    ("1.2.3-4", "1.2.3-4"),
    ("5.2.15-2+b8", "5.2.15-2+b8"),
    ("1:2.38.1-5+deb12u1", "1:2.38.1-5+deb12u1"),
    ("0:1.2-3", "1.2-3"),
    ("00:1.2-3", "1.2-3"),
    ("+1:2", "1:2"),
    ("01:2", "1:2"),
    ("1.2-0", "1.2"),
    ("1.2-00", "1.2"),
    ("1.2-0ubuntu1", "1.2-0ubuntu1"),
    ("1.02.0", "1.2.0"),
    ("1.2.", "1.2.0"),
    ("1.2a0", "1.2a"),
    ("1.2a0b", "1.2a0b"),
    ("1.0~rc1-1~bpo", "1.0~rc1-1~bpo"),
    ("1.0~rc0-1~bpo0", "1.0~rc-1~bpo"),
    ("1.1.3-35-g0ece104-5", "1.1.3-35-g0ece104-5"),
    ("1-2-0", "1-2-0"),
    ("0:1:2", "0:1:2"),
    ("1:2:3", "1:2:3"),
    ("abc", "abc"),
    ("~1", "~1"),
    ("1_2", "1_2"),
    ("1é", "1é"),
    (" 1.0\n", "1.0"),
    ("2147483647:1", "2147483647:1"),
]

#: What dpkg refuses.
NO_VERSIONS = ["", "1-", "-1", ":1", "1:", "a:1", "1 2", "1:-1", "2147483648:1", "0x1:2", "-1:2", "-", "1." * 251]

#: Policy section 5.6.12, and what real versions show.
ASCENDING = [
    "~~", "~~a", "~", "0", "1~rc1", "1", "1-1~deb12u1", "1-1", "1-1a", "1-1+b1", "1-1+deb12u1", "1-1.1", "1-2",
    "1-10", "1a", "1a1", "1+dfsg-1", "1.0", "1.1~git", "1.1", "1.10", "2", "1:0", "10:0",
]  # fmt: skip

_NUMBERS = ["0", "1", "2", "9", "10", "01", "00", "20250101"]
_WORDS = [".", ".", "~", "+", "a", "b", "~rc", "+dfsg", ".dfsg.", "+deb12u", "ubuntu", "-", ".~", "+~", "Z", "é", "_"]


def spelling(source: random.Random) -> str:
    """A version as it may be met, seldom one that is none."""
    epoch = source.choice(("", "", "", "", "0:", "1:", "01:", "10:", "x:"))
    upstream = source.choice(_NUMBERS) + "".join(
        source.choice(_WORDS) + source.choice(("", *_NUMBERS)) for _ in range(source.choice((0, 1, 1, 2, 3)))
    )
    revision = "".join(source.choice(_NUMBERS) + source.choice(_WORDS) for _ in range(source.choice((0, 1, 1, 2))))
    return epoch + upstream + source.choice(("", "-0", "-1", "-1", f"-{revision}", f"-{revision}1"))


def pair(source: random.Random) -> tuple[str, str]:
    """Two versions, which often differ in one place alone."""
    one = spelling(source)
    at, gap = source.randrange(len(one) + 1), source.choice((0, 0, 1))
    near = one[:at] + source.choice(("0", "0", "1", "~", "a", "")) + one[at + gap :]
    return one, source.choice((near, spelling(source)))


SPELLINGS = st.randoms(use_true_random=False).map(spelling)


@pytest.mark.parametrize(("text", "canonical"), CANONICAL)
def test_canonical(text: str, canonical: str) -> None:
    """Every spelling of a version has one text, which is a spelling of the same version."""
    assert (DEBIAN.canonical(text), DEBIAN.canonical(canonical)) == (canonical, canonical)
    assert DEBIAN.key(text) == DEBIAN.key(canonical)
    assert DEBIAN.key(text) is not None


@pytest.mark.parametrize("text", NO_VERSIONS)
def test_no_version(text: str) -> None:
    """What is no version, be it of absurd length, has no place in the order and keeps its text."""
    assert (DEBIAN.key(text), DEBIAN.canonical(text)) == (None, text)


def test_no_version_in_one_line() -> None:
    """White space within what is no version becomes plain, so that no canonical text has a line break."""
    assert DEBIAN.canonical(" not\r\n a\tversion ") == "not a version"


def test_order() -> None:
    """Tildes go before the end, letters before other characters, and an epoch decides before all else."""
    keys = [DEBIAN.key(text) for text in ASCENDING]
    assert keys == sorted(set(keys))


@given(SPELLINGS, SPELLINGS)
@settings(deadline=None, derandomize=True, max_examples=500)
@example("1.0", "1.")
@example("1.0", "1.0-0")
@example("1-1-0", "1-1")
@example("0:1:1", "1:1")
@example("1a0", "1a")
@example("1a0b", "1ab")
def test_canonical_texts_are_equal_where_versions_are(one: str, other: str) -> None:
    """Two spellings have the same canonical text if and only if they are equal versions."""
    if DEBIAN.key(one) is not None:
        assert DEBIAN.key(DEBIAN.canonical(one)) == DEBIAN.key(one)
        assert (DEBIAN.canonical(one) == DEBIAN.canonical(other)) == (DEBIAN.key(one) == DEBIAN.key(other))


@given(st.text(max_size=20) | st.text(alphabet="01a.~+-: ", max_size=12))
@settings(deadline=None, derandomize=True, max_examples=500)
def test_any_text_is_taken(text: str) -> None:
    """No text makes the order raise, nor gives a canonical text with a line break or another one the second time."""
    canonical = DEBIAN.canonical(text)
    assert "\n" not in canonical
    assert (DEBIAN.key(canonical), DEBIAN.canonical(canonical)) == (DEBIAN.key(text), canonical)


def test_ecosystems() -> None:
    """Distributions that use dpkg have its order."""
    assert [name for name, order in ORDERS.items() if order is DEBIAN] == ["Debian", "Ubuntu"]


# -- against dpkg itself ---------------------------------------------------------------------------------------------

#: Reads a version, an operator and a version a line, and prints the status of dpkg for each.
SCRIPT = """
while read -r one operator other; do dpkg --compare-versions "$one" "$operator" "$other"; echo $?; done
"""


@pytest.mark.skipif(not shutil.which("dpkg"), reason="dpkg is not installed")
def test_against_dpkg() -> None:
    """Of 5,000 random pairs dpkg confirms every one, and refuses what has no place in the order."""
    source = random.Random(11)  # noqa: S311 - the same pairs every time
    pairs = [pair(source) for _ in range(5000)]
    operators = [compared(*versions) for versions in pairs]
    lines = "".join(
        f"{one} {operator or 'eq'} {other}\n" for (one, other), operator in zip(pairs, operators, strict=True)
    )
    ran = subprocess.run(["sh", "-c", SCRIPT], input=lines, capture_output=True, text=True, check=True)
    said = ran.stdout.split()
    both = list(zip(pairs, operators, said, strict=True))
    assert [found for found in both if found[2] != ("0" if found[1] else "2")] == []
    assert min(operators.count(operator) for operator in ("lt", "eq", "gt", "")) > 100


def compared(one: str, other: str) -> str:
    """What dpkg calls it; empty where one of them is no version."""
    left, right = DEBIAN.key(one), DEBIAN.key(other)
    return "" if left is None or right is None else "lt" if left < right else "gt" if left > right else "eq"
