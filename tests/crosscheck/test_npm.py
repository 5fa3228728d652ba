"""What is read from the locks of npm, against `npm ls` on the same locks, for projects that show one thing each."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from bomvet.model.inventory import Inventory, RelationKind
from bomvet.resolvers.npm.package_lock import PACKAGE_LOCK
from bomvet.sources.directory import DirectoryTree
from tests.crosscheck.shapes import BROKEN, CONTENTS, FOLDERS, NPM, Shape
from tests.crosscheck.tools import Edge, Tree, made, write

TOOL = shutil.which("npm")
pytestmark = pytest.mark.skipif(TOOL is None, reason="npm is not installed")
#: Where the tables of version 2 and 3 may differ at all.
IN_BOTH = tuple(shape.name for shape in (*FOLDERS, *CONTENTS))
SHAPES = {shape.name: shape for shape in NPM}

#: By shape the folder in which there is one per version of the lock, and what npm says; made in the meantime.
_Projects = dict[str, Future[tuple[Path, Tree]]]


@pytest.fixture(scope="session")
def projects(
    npm_registry: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[_Projects]:
    """The shapes as projects with their locks."""
    top = tmp_path_factory.mktemp("npm")
    yield from made(request, lambda name: _made(SHAPES[name], top, f"{npm_registry}/{name}/"))


def _made(shape: Shape, top: Path, url: str) -> tuple[Path, Tree]:
    """The project, locked once in each version of the lock, and the tree of it."""
    folder = top / shape.name
    write(shape, folder)
    for version in (3, 2, 1) if shape.name in IN_BOTH else (3, 1):
        _npm(top, folder, url, "install", "--package-lock-only", f"--lockfile-version={version}")
        shutil.copytree(folder, top / f"v{version}" / shape.name)
    command = ("ls", "--all", "--json", "--long", "--package-lock-only")
    return top, _tree(json.loads(_npm(top, top / "v3" / shape.name, url, *command)))


def _npm(top: Path, folder: Path, url: str, *arguments: str) -> str:
    """The output of npm, which knows nothing of this machine and runs nothing of a project."""
    settings = {
        "registry": url,
        "cache": str(top / "cache"),
        "userconfig": str(top / "npmrc"),
        "globalconfig": str(top / "global-npmrc"),
        "ignore_scripts": "true",
        "audit": "false",
        "fund": "false",
        "update_notifier": "false",
    }
    kept = {name: value for name, value in os.environ.items() if not name.lower().startswith("npm_config_")}
    environment = kept | {f"npm_config_{name}": value for name, value in settings.items()}
    ran = subprocess.run(
        [str(TOOL), *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0 or (arguments[0] == "ls" and folder.name in BROKEN), (
        f"{arguments} in {folder.name}: {ran.stderr}"
    )
    return ran.stdout


def _tree(answer: dict[str, Any]) -> Tree:
    """A package is shown in full once, and elsewhere by itself; what is asked for and not there has no path."""
    packages, todo = set(), [answer]
    edges: dict[Edge, frozenset[str]] = {}
    while todo:
        here = todo.pop()
        packages.add(source := (here["name"], here.get("version", "")))
        for name, child in here.get("dependencies", {}).items():
            if "path" in child:
                edge = (source, (child["name"], child.get("version", "")))
                edges[edge] = edges.get(edge, frozenset()) | _roles(here, name)
                todo.append(child)
    return Tree(frozenset(packages), {edge: roles for edge, roles in edges.items() if edge[0] != edge[1]})


def _roles(package: dict[str, Any], name: str) -> frozenset[str]:
    """As what `package` asks for `name`, by its package.json."""
    bundled = ["bundled"] if name in package.get("bundleDependencies", ()) else []
    if name in package["devDependencies"]:  # which are told of projects alone, and win
        return frozenset({"dev", *bundled})
    if name in package.get("optionalDependencies", {}):
        return frozenset({"optional", *bundled})
    if name in package["_dependencies"]:
        return frozenset(bundled or {""})
    if name in package["peerDependencies"]:
        optional = package.get("peerDependenciesMeta", {}).get(name, {}).get("optional")
        return frozenset({"optional", "peer"} if optional else {"peer"})
    return frozenset({"contains"})


def _found(top: Path, version: int, name: str) -> tuple[Inventory, Tree]:
    """What is read, in the form of `npm ls`."""
    tree = DirectoryTree(str(top / f"v{version}" / name))
    inventory = Inventory.merge([PACKAGE_LOCK.parse(tree, "package-lock.json")])
    known = {c.purl: (c.name, c.version) for c in inventory.components}
    edges: dict[Edge, frozenset[str]] = {}
    for edge in sorted(inventory.relationships, key=lambda edge: edge.kind != RelationKind.DEPENDS_ON):
        pair = known[edge.source], known[edge.target]
        if edge.kind == RelationKind.DEPENDS_ON:
            edges[pair] = frozenset(edge.roles or {""})
        else:
            edges.setdefault(pair, frozenset({"contains"}))
    return inventory, Tree(frozenset(known.values()), edges)


@pytest.mark.parametrize(("version", "name"), [*((3, name) for name in SHAPES), *((2, name) for name in IN_BOTH)])
def test_packages_and_edges(projects: _Projects, version: int, name: str) -> None:
    """Exactly the packages and edges of npm, peers among them, with their roles; and nothing is left open."""
    top, truth = projects[name].result()
    inventory, found = _found(top, version, name)

    assert found.packages == truth.packages
    assert found.edges == truth.edges
    assert inventory.unknowns == ()


OLD_UNKNOWNS = {"option-that-is-nowhere": ["of gone, an option, the lock states no version: npm could not get any"]}


@pytest.mark.parametrize("name", SHAPES)
def test_old_locks(projects: _Projects, name: str) -> None:
    """The same from version 1, which states no peers of packages."""
    top, truth = projects[name].result()
    inventory, found = _found(top, 1, name)
    own = {(c.name, c.version) for c in inventory.components if c.first_party}

    assert found.packages == truth.packages
    assert set(found.edges) == {edge for edge, roles in truth.edges.items() if "peer" not in roles or edge[0] in own}
    assert [unknown.reason for unknown in inventory.unknowns] == OLD_UNKNOWNS.get(name, [])
