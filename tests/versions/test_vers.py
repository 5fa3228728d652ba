"""Ranges in the syntax of vers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bomvet.versions.pep440 import PEP440
from bomvet.versions.vers import contains


@pytest.mark.parametrize(
    ("vers", "version", "held"),
    [
        ("vers:pypi/*", "1", True),
        ("vers:pypi/1.0", "1.0.0", True),
        ("vers:pypi/=1.0|2.0", "2.0", True),
        ("vers:pypi/1.0|2.0", "1.5", False),
        ("vers:pypi/>=1.0|<2.0", "1.0", True),
        ("vers:pypi/>=1.0|<2.0", "1.9", True),
        ("vers:pypi/>=1.0|<2.0", "2.0", False),
        ("vers:pypi/>=1.0|<2.0", "0.9", False),
        ("vers:pypi/<2.0|>=1.0", "1.5", True),
        ("vers:pypi/>1.0|<=2.0", "1.0", False),
        ("vers:pypi/>1.0|<=2.0", "2.0", True),
        ("vers:pypi/>=1.0|!=1.5|<2.0", "1.5", False),
        ("vers:pypi/>=1.0|!=1.5|<2.0", "1.6", True),
        ("vers:pypi/<1.0|>=2.0|<3.0|>=4.0", "0.1", True),
        ("vers:pypi/<1.0|>=2.0|<3.0|>=4.0", "1.5", False),
        ("vers:pypi/<1.0|>=2.0|<3.0|>=4.0", "2.5", True),
        ("vers:pypi/<1.0|>=2.0|<3.0|>=4.0", "3.5", False),
        ("vers:pypi/<1.0|>=2.0|<3.0|>=4.0", "5", True),
        ("vers:pypi/ >= 1.0 | < 2.0 ", "1.5", True),
        ("vers:pypi/>=1%2E0", "1.0", True),
        ("vers:generic/>=1.0", "1.0", True),
        ("vers:all/*", "1.0", True),
        ("vers:pypi/!=1.0", "2.0", False),
        # None of these can be told.
        ("vers:npm/>=1.0", "1.0", None),
        (">=1.0", "1.0", None),
        ("vers:pypi/", "1.0", None),
        ("vers:pypi/>=nonsense", "1.0", None),
        ("vers:pypi/>=1.0||<2", "1.0", None),
        ("vers:pypi/>=1.0", "nonsense", None),
        ("vers:pypi/" + "|".join(map(str, range(1100))), "1.0", None),
    ],
)
def test_ranges(vers: str, version: str, held: bool | None) -> None:  # noqa: FBT001
    """By the algorithm of the specification; what cannot be read is not guessed."""
    assert contains(vers, "pypi", version, PEP440) is held


def test_without_an_order_nothing_can_be_told() -> None:
    """Nor of a type of package that none is known for."""
    assert contains("vers:generic/*", "npm", "1.0", None) is None
    assert contains("vers:generic/*", "gem", "1.0", PEP440) is None


@given(st.lists(st.integers(0, 9), min_size=2, max_size=2, unique=True), st.integers(0, 9), st.randoms())
def test_a_stretch(ends: list[int], version: int, random: object) -> None:
    """Between two bounds, in whatever sequence they are written."""
    low, high = sorted(ends)
    parts = [f">={low}", f"<{high}"]
    random.shuffle(parts)  # type: ignore[attr-defined]

    assert contains(f"vers:pypi/{'|'.join(parts)}", "pypi", str(version), PEP440) is (low <= version < high)
