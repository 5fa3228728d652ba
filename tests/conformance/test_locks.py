"""Real lock files against truths that were made without bomvet."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bomvet.model.inventory import Scope
from bomvet.model.purl import bare
from bomvet.pipeline import inspect
from bomvet.sources.directory import DirectoryTree

if TYPE_CHECKING:
    from bomvet.model.inventory import Inventory

LOCKS = Path(__file__).parents[2].parent / "shared" / "corpus" / "locks"
CORPORA = ("saleor-uv", "warehouse-main-req", "warehouse-req")
UV = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.prefix, "bin")))
pytestmark = pytest.mark.skipif(not LOCKS.is_dir(), reason="the corpus is not beside this checkout")


@cache
def found(corpus: str) -> Inventory:
    """The inventory of one project of the corpus."""
    return inspect(DirectoryTree(str(LOCKS / corpus / "src"))).inventory


@cache
def truth(corpus: str) -> dict[str, Any]:
    """What is true of it; an empty list was not asked."""
    data: dict[str, Any] = json.loads((LOCKS / corpus / "truth.json").read_text(encoding="utf-8"))
    return data


def third_party(corpus: str) -> set[str]:
    """Purls of the packages that are not the project's own."""
    return {bare(c.purl) for c in found(corpus).components if not c.first_party}


@pytest.mark.parametrize("corpus", CORPORA)
def test_components(corpus: str) -> None:
    """Exactly the packages that the files pin."""
    assert third_party(corpus) == set(truth(corpus)["components"])


@pytest.mark.parametrize("corpus", ["saleor-uv", "warehouse-main-req"])
def test_edges(corpus: str) -> None:
    """Exactly the edges between packages that the files state, but for those of a package to itself."""
    known = third_party(corpus)
    edges = {(bare(r.source), bare(r.target)) for r in found(corpus).relationships}

    assert {edge for edge in edges if edge[0] in known} == {(s, t) for s, t in truth(corpus)["edges"] if s != t}


@pytest.mark.parametrize("corpus", ["saleor-uv", "warehouse-main-req"])
def test_direct_dependencies(corpus: str) -> None:
    """Exactly the packages that the project itself asks for."""
    root = found(corpus).root
    assert root is not None

    targets = {bare(r.target) for r in found(corpus).relationships if r.source == root.purl}
    assert targets == set(truth(corpus)["root_deps"])


def test_development() -> None:
    """Exactly the packages that only development reaches are marked so."""
    development = {c.purl for c in found("saleor-uv").components if c.scope is Scope.DEV}

    assert development == set(truth("saleor-uv")["dev"])


def digests(corpus: str) -> set[str]:
    """Every sha256 in the files of one project, by text alone."""
    files = [p for p in (LOCKS / corpus / "src").rglob("*") if p.name == "uv.lock" or p.suffix == ".txt"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    return set(re.findall(r"(?:--hash=|hash = \")sha256:([0-9a-f]{64})", text))


@pytest.mark.parametrize("corpus", CORPORA)
def test_every_digest_is_kept(corpus: str) -> None:
    """No digest of the input is lost, and none is made up."""
    components = found(corpus).components
    kept = {h.value for c in components for h in (*c.hashes, *(h for d in c.distributions for h in d.hashes))}

    assert kept == digests(corpus)
    assert len(kept) > 700


@pytest.mark.parametrize(
    ("corpus", "name", "version", "purl"),
    [
        ("saleor-uv", "saleor", r"3\.24\.0a0", r"pkg:generic/saleor@3\.24\.0a0"),
        ("warehouse-main-req", "src", r"sha256:[0-9a-f]{16}", r"pkg:generic/src@sha256:[0-9a-f]{16}"),
        ("warehouse-req", "src", r"sha256:[0-9a-f]{16}", r"pkg:generic/src@sha256:[0-9a-f]{16}"),
    ],
)
def test_the_root(corpus: str, name: str, version: str, purl: str) -> None:
    """The project is one thing with a name, a version and a purl, and everything hangs on it."""
    root = found(corpus).root
    assert root is not None

    assert root.name == name
    assert re.fullmatch(version, root.version)
    assert re.fullmatch(purl, root.purl)
    assert unreached(found(corpus), root.purl) == set()


def unreached(inventory: Inventory, root: str) -> set[str]:
    """Components that no path leads to."""
    targets: dict[str, list[str]] = {}
    for edge in inventory.relationships:
        targets.setdefault(edge.source, []).append(edge.target)
    seen, todo = {root}, [root]
    while todo:
        todo += (new := [t for t in targets.get(todo.pop(), ()) if t not in seen])
        seen.update(new)
    return {c.purl for c in inventory.components} - seen


@pytest.mark.parametrize("corpus", CORPORA)
def test_lines(corpus: str) -> None:
    """Every package is where its name stands in the file."""
    wrong = []
    for component in found(corpus).components:
        for place in component.locations if not component.first_party else ():
            lines = (LOCKS / corpus / "src" / place.path).read_text(encoding="utf-8").split("\n")
            if component.name not in re.sub(r"[-_.]+", "-", lines[place.line - 1]).lower():
                wrong.append(str(place))

    assert wrong == []


def test_what_is_not_known() -> None:
    """The only unknown of the three is the one requirement that is not pinned."""
    unknowns = {corpus: [(str(u.location), u.reason) for u in found(corpus).unknowns] for corpus in CORPORA}
    reason = "not locked: ipython>=9.14.1"

    assert unknowns == {
        "saleor-uv": [],
        "warehouse-main-req": [],
        "warehouse-req": [("requirements/ipython.txt:1", reason)],
    }


@pytest.mark.skipif(UV is None, reason="uv is not installed")
def test_uv_exports_the_same(tmp_path: Path) -> None:
    """Names and versions are those that uv itself exports from the lock."""
    project = shutil.copytree(LOCKS / "saleor-uv" / "src", tmp_path / "src")
    options = "--frozen --offline --no-hashes --no-emit-project --no-annotate --no-header --all-extras --all-groups"
    command = [str(UV), "export", *options.split(), "--no-python-downloads"]
    ran = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    if ran.returncode:
        pytest.skip(f"uv could not export: {ran.stderr.strip()[-200:]}")
    exported = {re.split(r"[ ;]", line)[0] for line in ran.stdout.splitlines()}

    assert {f"{c.name}=={c.version}" for c in found("saleor-uv").components if not c.first_party} == exported
