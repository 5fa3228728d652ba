"""`bomvet sbom` of a real lock file against an interpreter that does nothing, and how it grows with the lock."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks._generate import uv_lock, write
from benchmarks._measure import BARE, BOMVET, Figure, in_turn, median, milliseconds

#: The lock of a large shop, where the corpus of the project lies beside the checkout.
_SALEOR = Path(__file__).parents[2] / "shared/corpus/locks/saleor-uv/src"
_PACKAGES = 230
_SMALL = 500


def run() -> list[Figure]:
    """A lock of 230 packages, real if possible; then growth, without what an empty lock costs."""
    with tempfile.TemporaryDirectory() as folder:
        return [_against_bare(folder), _growth(folder)]


def _against_bare(folder: str) -> Figure:
    real = _SALEOR.is_dir()
    target = str(_SALEOR) if real else _locked(folder, _PACKAGES)
    pairs = in_turn((BOMVET, "sbom", target), BARE, rounds=9)
    ours, bare = (median(side) for side in zip(*pairs, strict=True))
    return Figure(
        name=f"bomvet sbom, {'saleor' if real else 'generated'} / -c pass",
        size=_PACKAGES,
        measured=f"{milliseconds(ours)} / {milliseconds(bare)}",
        value=median([a / b for a, b in pairs]),
        limit=14,
    )


def _growth(folder: str) -> Figure:
    targets = [_locked(folder, count) for count in (0, _SMALL, 4 * _SMALL)]
    rounds = in_turn(*((BOMVET, "sbom", target) for target in targets), rounds=7)
    small = median([b - a for a, b, _ in rounds])
    large = median([c - a for a, _, c in rounds])
    return Figure(
        name="bomvet sbom, generated, less start, 4N/N",
        size=_SMALL,
        measured=f"{milliseconds(large)} / {milliseconds(small)}",
        value=median([(c - a) / (b - a) for a, b, c in rounds]),
        limit=5,
    )


def _locked(folder: str, count: int) -> str:
    return write(f"{folder}/{count}", "uv.lock", uv_lock(count))
