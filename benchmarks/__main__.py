"""`python -m benchmarks [NAME...]`: run all or some, print a table; exit status 1 where a limit is broken."""

from __future__ import annotations

import argparse
import importlib
import sys
from typing import TYPE_CHECKING

from benchmarks._measure import HEADER, NotRunError, columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks._measure import Figure

#: Name of a benchmark and its module, each with a `run() -> list[Figure]`, in the order of running.
BENCHMARKS = {
    "start": "benchmarks.start",
    "sbom": "benchmarks.sbom",
    "writer": "benchmarks.writer",
    "diff": "benchmarks.diff",
    "match": "benchmarks.match",
    "database": "benchmarks.database",
    "provenance": "benchmarks.provenance",
    "requirements": "benchmarks.requirements",
    "walk": "benchmarks.walk",
    "node-modules": "benchmarks.node_modules",
    "xml": "benchmarks.cyclonedx_xml",
    "reports": "benchmarks.reports",
    "peer": "benchmarks.peer",
}


def main(arguments: Sequence[str]) -> int:
    """Run the benchmarks that `arguments` name, or all; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(BENCHMARKS)}")
    names: list[str] = parser.parse_args(arguments).names
    if unknown := sorted(set(names) - set(BENCHMARKS)):
        parser.error(f"no such benchmark: {', '.join(unknown)}; known are: {', '.join(BENCHMARKS)}")
    print(columns(HEADER))
    figures = [figure for name in names or BENCHMARKS for figure in _run(name)]
    failed = sum(not figure.ok for figure in figures)
    print(f"{len(figures)} figures, {failed} beyond their limit")
    return 1 if failed else 0


def _run(name: str) -> list[Figure]:
    """The figures of one benchmark, printed as soon as they are known."""
    try:
        figures: list[Figure] = importlib.import_module(BENCHMARKS[name]).run()
    except NotRunError as reason:
        print(f"{name}: not run: {reason}", flush=True)
        return []
    for figure in figures:
        print(columns(figure.row()), flush=True)
    return figures


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
