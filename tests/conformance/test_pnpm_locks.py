"""A real pnpm lock against a truth that was made without bomvet."""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from bomvet.model.inventory import Completeness, Scope
from bomvet.model.purl import bare
from bomvet.pipeline import inspect
from bomvet.sources.directory import DirectoryTree

if TYPE_CHECKING:
    from bomvet.model.inventory import Inventory

PROJECT = Path(__file__).parents[2].parent / "shared" / "corpus" / "locks" / "vite-pnpm"
pytestmark = pytest.mark.skipif(not PROJECT.is_dir(), reason="the corpus is not beside this checkout")


@cache
def found() -> Inventory:
    """The inventory of the project."""
    return inspect(DirectoryTree(str(PROJECT / "src"))).inventory


@cache
def truth() -> dict[str, Any]:
    """What is true of it."""
    data: dict[str, Any] = json.loads((PROJECT / "truth.json").read_text(encoding="utf-8"))
    return data


@cache
def text() -> str:
    """The lock."""
    return (PROJECT / "src" / "pnpm-lock.yaml").read_text(encoding="utf-8")


def plain(purl: str) -> str:
    """As the truth spells it."""
    return unquote(bare(purl))


def third_party() -> set[str]:
    """Purls of the packages that are not the project's own."""
    return {plain(c.purl) for c in found().components if not c.first_party}


def test_components() -> None:
    """Exactly the packages of the lock, each once, and none of the folders among them."""
    purls = [bare(c.purl) for c in found().components if not c.first_party]

    assert third_party() == set(truth()["components"])
    assert len(purls) == len(set(purls))


def test_own_projects() -> None:
    """Every importer and every folder is a project of the tree."""
    root = found().root
    importers = text()[: text().index("\npackages:")].partition("\nimporters:")[2]
    places = set(re.findall(r"^  (\S+):(?: \{\})?$", importers, re.MULTILINE))
    folders = set(re.findall(r"\{directory: ([^,]+), type: directory\}", text()))
    assert root is not None

    directories = {c.directory for c in (root, *found().components) if c.first_party}
    assert directories == {"" if place == "." else place for place in places | folders}
    assert (len(places), len(folders)) == (truth()["importers"], truth()["localdeps"])


def test_edges() -> None:
    """Exactly the edges between packages."""
    edges = {(plain(r.source), plain(r.target)) for r in found().relationships}

    assert {e for e in edges if set(e) <= third_party()} == {(s, t) for s, t in truth()["edges"]}


def test_direct_dependencies() -> None:
    """Exactly the packages that the importers ask for."""
    root = found().root
    assert root is not None

    own = {root.purl, *(c.purl for c in found().components if c.first_party)}
    direct = {plain(r.target) for r in found().relationships if r.source in own and r.target not in own}
    assert direct == set(truth()["root_deps"])


def test_development() -> None:
    """Exactly the packages that only development reaches are marked so."""
    assert {plain(c.purl) for c in found().components if c.scope is Scope.DEV} == set(truth()["dev"])


def test_every_digest_is_kept() -> None:
    """As many packages have a digest as the lock has digests, and none is made up."""
    kept = [h.value for c in found().components for h in c.hashes]

    assert len(kept) == len(re.findall(r"integrity: sha512-", text())) == len(truth()["components"])
    assert {bytes.fromhex(value) for value in kept} == {
        base64.b64decode(encoded) for encoded in re.findall(r"integrity: sha512-([^,}]+)", text())
    }


def test_lines() -> None:
    """Every package is where its key stands."""
    lines = text().split("\n")
    wrong = [
        str(place)
        for c in found().components
        if not c.first_party
        for place in c.locations
        if lines[place.line - 1].strip().strip("':") != f"{c.name}@{c.version}"
    ]

    assert wrong == []


def test_what_is_kept_besides() -> None:
    """Aliases, patches, overrides, deprecation and what one package bundles."""
    kept: Counter[str] = Counter()
    root = found().root
    assert root is not None
    for component in (root, *found().components):
        kept.update({key.removeprefix("bomvet:") for key, _ in component.properties})

    assert kept["override"] == 1
    assert kept["patched"] == text().count("    path: patches/") == 3
    assert kept["deprecated"] == text().count("\n    deprecated: ")
    assert kept["engine"] == text().count("\n    engines: ")
    assert kept["libc"] == text().count("\n    libc: ")
    assert kept["bundles"] == text().count("\n    bundledDependencies:")
    aliases = {(c.name, value) for c in found().components for key, value in c.properties if key == "bomvet:alias"}
    assert ("obug", "debug") in aliases


def test_nothing_is_open() -> None:
    """All of it is understood; only what is bundled has its own dependencies unstated."""
    assert found().unknowns == ()
    open_ = {c.name for c in found().components if c.dependencies is not Completeness.COMPLETE}
    assert open_ == {c.name for c in found().components if any(key == "bomvet:bundles" for key, _ in c.properties)}
