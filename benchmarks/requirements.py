"""Reading of a requirements file with hashes, as pip-compile writes it."""

from __future__ import annotations

import tempfile

from benchmarks._generate import requirements, write
from benchmarks._measure import Figure, cost, growth, in_child
from bomvet.resolvers.python.requirements import REQUIREMENTS
from bomvet.sources.directory import DirectoryTree

_SMALL = 2_000
_ROUNDS = 5


def run() -> list[Figure]:
    """Growth from 2,000 to 8,000 pins."""
    return [growth("requirements.txt parse", _SMALL, in_child(_measure))]


def _measure() -> dict[int, float]:
    """Least CPU seconds by number of pins; each file is new, since the statements of known ones are remembered."""
    costs: dict[int, list[float]] = {_SMALL: [], 4 * _SMALL: []}
    with tempfile.TemporaryDirectory() as folder:
        for variant in range(_ROUNDS):
            for size, found in costs.items():
                write(folder, "requirements.txt", requirements(size, variant))
                tree = DirectoryTree(folder)
                found.append(cost(lambda tree=tree: REQUIREMENTS.parse(tree, "requirements.txt")))  # type: ignore[misc]
    return {size: min(found) for size, found in costs.items()}
