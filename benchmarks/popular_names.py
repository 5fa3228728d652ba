"""Make the lists of popular names that `typosquat-suspect` compares with.

    python benchmarks/popular_names.py npm names.tsv
    python benchmarks/popular_names.py pypi names.tsv

`names.tsv` has one package a line: its name, its downloads in a month, and its newest version, with tabs between.
The counts are those that npm and PyPI publish.  The list in `src/bomvet/data` then has the names alone: the most
popular ones, most downloads first, and after them those that many use although they look like one of these.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import NamedTuple

from bomvet.checks.component._lookalikes import DATA, KNOWN, Lookalikes
from bomvet.model.purl import pypi_name


class Source(NamedTuple):
    """How many names are popular, and how many downloads in a month make a name known."""

    popular: int
    known: int


SOURCES = {"npm": Source(15_000, 20_000), "pypi": Source(8_000, 0)}
#: Used by many for no other reason than that they are easily written by mistake.
MISSPELT = {"browserlist", "compresion", "eslit", "expres", "loadash", "loadsh", "promis", "rsolve", "walkes"}
#: What npm puts in the place of a package that it removed.
HOLDING = re.compile(r"0\.0\.[0-9]+-security").match


def main(ecosystem: str, path: str) -> None:
    """Write the list of `ecosystem` from the table at `path`."""
    source = SOURCES[ecosystem]
    rows = [line.split("\t") for line in Path(path).read_text("utf-8").splitlines()]
    counts = {
        pypi_name(name) if ecosystem == "pypi" else name: int(count)
        for name, count, version, *_ in rows
        if count.isdigit() and not HOLDING(version)
    }
    names = sorted(counts, key=lambda name: (-counts[name], name))
    popular = names[: source.popular]
    index = Lookalikes(ecosystem, popular)
    known = sorted(n for n in names if counts[n] >= source.known and n not in MISSPELT and index.like(n))
    head = f"# The most downloaded packages of {ecosystem}, most first: see benchmarks/popular_names.py.\n"
    text = head + "".join(f"{name}\n" for name in popular) + f"{KNOWN}\n" + "".join(f"{name}\n" for name in known)
    Path(os.path.normpath(DATA), f"popular-{ecosystem}.txt").write_text(text, "utf-8")
    print(f"{ecosystem}: {len(popular):,} popular names, {len(known):,} known ones, {len(text):,} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
