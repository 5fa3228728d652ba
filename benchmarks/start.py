"""`bomvet --version` against an interpreter that does nothing."""

from __future__ import annotations

from benchmarks._measure import BARE, BOMVET, Figure, in_turn, median, milliseconds


def run() -> list[Figure]:
    """The median of the ratios of eleven pairs."""
    pairs = in_turn((BOMVET, "--version"), BARE, rounds=11)
    ours, bare = (median(side) for side in zip(*pairs, strict=True))
    return [
        Figure(
            name="bomvet --version / python -c pass",
            size=1,
            measured=f"{milliseconds(ours)} / {milliseconds(bare)}",
            value=median([a / b for a, b in pairs]),
            limit=2,
        )
    ]
