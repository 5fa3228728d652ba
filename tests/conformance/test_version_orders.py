"""Every version order against lists of pairs that the ecosystems' own tools made."""

from __future__ import annotations

from pathlib import Path

import pytest

from bomvet.versions.orders import ORDERS

PAIRS = Path(__file__).parents[2].parent / "shared" / "corpus" / "osv" / "versions" / "scalibr"
pytestmark = pytest.mark.skipif(not PAIRS.is_dir(), reason="the corpus is not beside the checkout")

#: Of each list the ecosystem, how many pairs are of two versions, and how many hold something else: what packaging
#: says is no version of PEP 440, five numbers that node's semver refuses too, and what apk holds invalid.
LISTS = [
    ("pypi-versions.txt", "PyPI", 26, 11),
    ("pypi-versions-generated.txt", "PyPI", 12_306, 69),
    ("semver-versions.txt", "npm", 85, 1),
    ("debian-versions.txt", "Debian", 30, 0),
    ("debian-versions-generated.txt", "Debian", 14_442, 0),
    ("alpine-versions.txt", "Alpine", 746, 32),
    ("alpine-versions-generated.txt", "Alpine", 13_979, 0),
    ("redhat-versions.txt", "Red Hat", 165, 0),
]


@pytest.mark.parametrize(("name", "ecosystem", "parseable", "unparseable"), LISTS)
def test_version_order(name: str, ecosystem: str, parseable: int, unparseable: int) -> None:
    """Every pair of versions that are versions at all compares as the list says, and equal ones have one text."""
    order = ORDERS[ecosystem]
    wrong, refused, compared = [], 0, 0
    for line in (PAIRS / name).read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith(("#", "//")):
            continue
        one, sign, other = line.rsplit(" ", 2)
        left, right = order.key(one), order.key(other)
        if left is None or right is None:
            refused += 1
            continue
        compared += 1
        equal = order.canonical(one) == order.canonical(other)
        if not {"<": left < right, "=": left == right, ">": left > right}[sign] or equal != (sign == "="):
            wrong.append(line)
    assert (wrong, compared, refused) == ([], parseable, unparseable)
