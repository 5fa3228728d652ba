"""The walk through a folder."""

from __future__ import annotations

import tempfile

from benchmarks._generate import source_tree
from benchmarks._measure import Figure, best_in_turn, growth, in_child
from bomvet.sources.directory import DirectoryTree

_SMALL = 2_000


def run() -> list[Figure]:
    """Growth from 2,000 to 8,000 files."""
    return [growth("walk of a folder", _SMALL, in_child(_measure))]


def _measure() -> dict[int, float]:
    with tempfile.TemporaryDirectory() as folder:
        small, large = (source_tree(f"{folder}/{size}", size) for size in (_SMALL, 4 * _SMALL))
        costs = best_in_turn(lambda: DirectoryTree(small), lambda: DirectoryTree(large))
    return dict(zip((_SMALL, 4 * _SMALL), costs, strict=True))
