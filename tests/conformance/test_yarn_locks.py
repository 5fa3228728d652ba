"""A real yarn.lock against a truth that was made without bomvet."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from bomvet.model.inventory import Completeness, Scope
from bomvet.model.purl import bare
from bomvet.pipeline import inspect
from bomvet.resolvers.npm.yarn_lock import YARN_LOCK
from bomvet.sources.directory import DirectoryTree

if TYPE_CHECKING:
    from bomvet.model.inventory import Inventory

PROJECT = Path(__file__).parents[2].parent / "shared" / "corpus" / "locks" / "excalidraw-yarn1"
pytestmark = pytest.mark.skipif(not PROJECT.is_dir(), reason="the corpus is not beside this checkout")


@cache
def found() -> Inventory:
    """The inventory of the project."""
    return inspect(DirectoryTree(str(PROJECT / "src")), resolvers=[YARN_LOCK]).inventory


@cache
def truth() -> dict[str, Any]:
    """What is true of it."""
    data: dict[str, Any] = json.loads((PROJECT / "truth.json").read_text(encoding="utf-8"))
    return data


def plain(purl: str) -> str:
    """`purl` as the truth writes it: without qualifiers and escapes."""
    return unquote(bare(purl))


@cache
def packages() -> set[str]:
    """Purls of the packages that are not the project's own."""
    return {plain(c.purl) for c in found().components if not c.first_party}


def lock() -> str:
    """The text of the lock."""
    return (PROJECT / "src" / "yarn.lock").read_text(encoding="utf-8")


def test_components() -> None:
    """Exactly the packages of the lock, each once, and nothing that was not understood."""
    assert packages() == set(truth()["components"])
    assert len(packages()) == sum(not c.first_party for c in found().components)
    assert found().unknowns == ()


def test_edges() -> None:
    """Exactly the edges between packages."""
    edges = {(plain(r.source), plain(r.target)) for r in found().relationships}

    assert {edge for edge in edges if edge[0] in packages()} == {(s, t) for s, t in truth()["edges"] if s != t}


def test_what_the_projects_ask_for() -> None:
    """All members are there as projects of the tree, and what any of them asks for directly."""
    root = found().root
    assert root is not None
    own = {plain(c.purl) for c in (root, *(c for c in found().components if c.first_party))}
    direct = {plain(r.target) for r in found().relationships if plain(r.source) in own} - own

    assert root.name == "excalidraw-monorepo"
    assert len(own) == len(truth()["members"])
    assert direct == set(truth()["root_deps"])


def test_every_digest_is_kept() -> None:
    """Each package has the digest that the lock states for its archive."""
    hashes = {h.algorithm for c in found().components for d in c.distributions for h in d.hashes}
    hashed = [c for c in found().components if any(d.hashes for d in c.distributions)]

    assert hashes == {"sha512"}
    assert len(hashed) == len(packages())


def test_lines() -> None:
    """Every package is where an entry of its name starts."""
    lines = lock().split("\n")
    places = [(c.name, place.line) for c in found().components for place in c.locations if place.path == "yarn.lock"]

    assert [name for name, line in places if f"{name}@" not in lines[line - 1]] == []
    assert len(places) == len(re.findall(r"^\S.*:$", lock(), re.MULTILINE))


def test_scopes() -> None:
    """What only development reaches, which Yarn itself can be asked to leave out, is marked."""
    scopes = {c.label: c.scope for c in found().components}

    assert [scopes[name] for name in ("react@19.0.0", "vitest@3.0.6", "typescript@5.9.3")] == [
        Scope.REQUIRED, Scope.DEV, Scope.DEV
    ]  # fmt: skip
    assert {c.dependencies for c in found().components} == {Completeness.COMPLETE}
