"""What is read from the locks of pnpm, and of what it installs, against `pnpm ls`, for projects that show one thing each."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bomvet.model.inventory import Inventory
from bomvet.pipeline import Subject, inspect
from bomvet.resolvers.npm.pnpm_lock import PNPM_LOCK
from bomvet.sources.directory import DirectoryTree
from tests.crosscheck.shapes import NPM, Shape
from tests.crosscheck.tools import Edge, Package, Tree, found, made, node_tool, role_of, run, write

TOOL = node_tool("pnpm/bin/pnpm.cjs")
OLD_TOOL = node_tool("pnpm-8/bin/pnpm.cjs")
pytestmark = pytest.mark.skipif(
    not TOOL or not OLD_TOOL, reason="pnpm is not beside this Python (make test installs it)"
)
SHAPES = {shape.name: shape for shape in NPM}


class _Made(NamedTuple):
    """A project as pnpm installed it, another with the older lock, and what pnpm says of the first."""

    folder: Path
    old: Path
    truth: Tree


_Projects = dict[str, Future[_Made]]


@pytest.fixture(scope="session")
def projects(
    npm_registry: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[_Projects]:
    """The shapes, installed."""
    top = tmp_path_factory.mktemp("pnpm")
    yield from made(request, lambda name: _made(SHAPES[name], top, f"{npm_registry}/{name}/"))


def _made(shape: Shape, top: Path, url: str) -> _Made:
    folder, old = top / "10" / shape.name, top / "8" / shape.name
    for place in (folder, old):
        write(shape._replace(root=_root(shape)), place)
        if members := shape.root.get("workspaces"):
            packages = members["packages"] if isinstance(members, dict) else members
            (place / "pnpm-workspace.yaml").write_text(json.dumps({"packages": packages}))
    _pnpm(TOOL, folder, url, "install", "--ignore-scripts", "--no-frozen-lockfile")
    _pnpm(OLD_TOOL, old, url, "install", "--ignore-scripts", "--no-frozen-lockfile", "--lockfile-only")
    listed = _pnpm(TOOL, folder, url, "ls", "--recursive", "--depth=Infinity", "--json", "--lockfile-only")
    return _Made(folder, old, _Listing(shape, folder, listed).tree())


def _root(shape: Shape) -> dict[str, Any]:
    """The package.json at the top as it is for pnpm, whose overrides stand elsewhere and are flat."""
    flat: dict[str, str] = {}
    for name, value in shape.root.get("overrides", {}).items():
        flat |= {f"{name}>{below}": spec for below, spec in value.items()} if isinstance(value, dict) else {name: value}
    return {**shape.root, "pnpm": {"overrides": flat}} if flat else shape.root


def _pnpm(tool: tuple[str, ...], folder: Path, url: str, *arguments: str) -> str:
    """The output of pnpm.  Its store and its cache are of one shape, since it knows registries by their host alone."""
    settings = {
        "registry": url,
        "store_dir": str(folder.parent / "stores" / folder.name),
        "cache_dir": str(folder.parent / "caches" / folder.name),
        "link_workspace_packages": "true",
        "update_notifier": "false",
        "manage_package_manager_versions": "false",
    }
    return run((*tool, *arguments), folder, {f"npm_config_{name}": value for name, value in settings.items()})


class _Listing:
    """What `pnpm ls` says: it shows a package with its peers in full once, and elsewhere by itself."""

    def __init__(self, shape: Shape, folder: Path, listed: str) -> None:
        self._shape, self._folder = shape, folder
        # One document for a workspace, else one for each folder that has a package.json, of which the first counts.
        self._projects = json.JSONDecoder().raw_decode(listed)[0]
        self._members = {project["path"]: (project["name"], project["version"]) for project in self._projects}
        self._edges: dict[Edge, frozenset[str]] = {}
        self._packages: set[Package] = set()

    def tree(self) -> Tree:
        """All of it."""
        for project in self._projects:
            source = self._members[project["path"]]
            self._packages.add(source)
            for table, role in (("dependencies", ""), ("devDependencies", "dev"), ("optionalDependencies", "optional")):
                for entry in project.get(table, {}).values():
                    self._add(source, entry, role)
        edges = {edge: roles for edge, roles in self._edges.items() if edge[0] != edge[1]}
        return Tree(frozenset(self._packages), edges)

    def _add(self, source: Package, entry: dict[str, Any], role: str | None) -> None:
        """The edge to `entry` and all below; without a role it stands elsewhere."""
        target = self._package(entry)
        self._packages.add(target)
        if role is not None:
            known = self._edges.get((source, target), frozenset())
            self._edges[source, target] = known | frozenset(role.split() or [""])
        linked = entry["version"].startswith("link:")  # a member of the workspace, which is listed by itself
        for name, child in entry.get("dependencies", {}).items():
            self._add(target, child, None if linked else self._role(target, name))

    def _role(self, package: Package, name: str) -> str:
        """As what a package asks for `name`, which pnpm does not say."""
        return role_of(self._shape.packages.get(package[0], {}).get(package[1], {}), name)

    def _package(self, entry: dict[str, Any]) -> Package:
        """Name and version; those of a folder or archive stand in it."""
        version = entry["version"]
        if version.startswith("link:"):
            return self._members[entry["path"]]
        place = posixpath.normpath(version.partition("file:")[2])
        if place in self._shape.archives:
            return self._shape.archives[place][:2]
        if place in self._shape.members:
            return self._shape.members[place]["name"], self._shape.members[place]["version"]
        return entry["from"], version


def _read(folder: Path) -> Inventory:
    return Inventory.merge([PNPM_LOCK.parse(DirectoryTree(str(folder)), "pnpm-lock.yaml")])


@pytest.mark.parametrize("name", SHAPES)
def test_packages_and_edges(projects: _Projects, name: str) -> None:
    """Exactly the packages and edges of pnpm, with their roles; and nothing is left open."""
    folder, _, truth = projects[name].result()
    inventory = _read(folder)

    assert "lockfileVersion: '9.0'" in (folder / "pnpm-lock.yaml").read_text()
    assert found(inventory) == truth
    assert inventory.unknowns == ()


#: Where pnpm 8 gives no package the optional peers that others happen to bring.
WITHOUT_OPTIONAL_PEERS = ("optional-peer-present",)


@pytest.mark.parametrize("name", SHAPES)
def test_old_locks(projects: _Projects, name: str) -> None:
    """The same from version 6, where the same was resolved."""
    _, old, (packages, edges) = projects[name].result()
    inventory = _read(old)
    if name in WITHOUT_OPTIONAL_PEERS:
        edges = {edge: roles for edge, roles in edges.items() if roles != {"optional", "peer"}}

    assert "lockfileVersion: '6.0'" in (old / "pnpm-lock.yaml").read_text()
    assert found(inventory) == Tree(packages, edges)
    assert inventory.unknowns == ()


@pytest.mark.parametrize("name", SHAPES)
def test_what_is_installed(projects: _Projects, name: str) -> None:
    """What pnpm installed is what its lock says, but for what is not for this platform, and what packages bundle."""
    folder, _, (packages, edges) = projects[name].result()
    tree, shape = DirectoryTree(str(folder)), SHAPES[name]
    result = inspect(tree, subject=Subject(installed=True))
    there = found(result.inventory)
    elsewhere = {package for package in packages - there.packages if "os" in shape.packages[package[0]][package[1]]}
    bundled = {edge[1] for edge, roles in there.edges.items() if "bundled" in roles}
    bundled |= {edge[1] for edge in there.edges if edge[0] in bundled}

    assert there.packages - bundled == packages - elsewhere
    assert {edge for edge in there.edges if edge[1] not in bundled} == {e for e in edges if e[1] not in elsewhere}
    assert result.inventory.unknowns == ()
    assert dict(inspect(tree, subject=Subject(drift=True)).facts.drift) == {}
