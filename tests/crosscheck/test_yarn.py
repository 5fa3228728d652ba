"""What is read from `yarn.lock`, against `yarn info` and `yarn list`, for projects that show one thing each."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from bomvet.model.inventory import Inventory
from bomvet.resolvers.npm.yarn_lock import YARN_LOCK
from bomvet.sources.directory import DirectoryTree
from tests.crosscheck.shapes import NPM, Shape
from tests.crosscheck.tools import Edge, Package, Tree, found, made, node_tool, role_of, run, write

BERRY = node_tool("@yarnpkg/cli-dist/bin/yarn.js")
CLASSIC = node_tool("yarn/bin/yarn.js")
pytestmark = pytest.mark.skipif(
    not BERRY or not CLASSIC, reason="Yarn is not beside this Python (make test installs it)"
)
#: What Yarn cannot install at all: it knows no options that are nowhere, and looks for what is bundled elsewhere.
IMPOSSIBLE = ("option-that-is-nowhere", "bundled-with-its-own")
SHAPES = {shape.name: shape for shape in NPM if shape.name not in IMPOSSIBLE}
#: Of these Yarn 1 finds what they override to be nowhere.
CLASSIC_SHAPES = [name for name in SHAPES if name != "overridden-below"]

_Made = tuple[Path, Tree]
_Projects = dict[str, Future[_Made]]


@pytest.fixture(scope="session")
def berry(
    npm_registry: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[_Projects]:
    """The shapes with the lock of Yarn 4, and what that says of them."""
    top = tmp_path_factory.mktemp("berry")
    yield from made(request, lambda name: _of_berry(SHAPES[name], top / name, f"{npm_registry}/{name}/"))


@pytest.fixture(scope="session")
def classic(
    npm_registry: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[_Projects]:
    """The same of Yarn 1."""
    top = tmp_path_factory.mktemp("classic")
    yield from made(request, lambda name: _of_classic(SHAPES[name], top / name, f"{npm_registry}/{name}/"))


def _root(shape: Shape) -> dict[str, Any]:
    """The package.json at the top as it is for Yarn, which has resolutions instead of overrides."""
    flat: dict[str, str] = {}
    for name, value in shape.root.get("overrides", {}).items():
        flat |= {f"{name}/{below}": spec for below, spec in value.items()} if isinstance(value, dict) else {name: value}
    flat = {name: shape.root["dependencies"][spec[1:]] if spec[0] == "$" else spec for name, spec in flat.items()}
    return {**shape.root, "resolutions": flat} if flat else shape.root


# -- Yarn 4 ----------------------------------------------------------------------------------------------------


def _of_berry(shape: Shape, folder: Path, url: str) -> _Made:
    write(shape._replace(root=_root(shape)), folder)
    (folder / "yarn.lock").touch()  # so that it is no part of a project further up
    settings = {
        "YARN_NPM_REGISTRY_SERVER": url,
        "YARN_UNSAFE_HTTP_WHITELIST": "127.0.0.1",
        "YARN_GLOBAL_FOLDER": str(folder.parent / "global" / folder.name),
        "YARN_ENABLE_TELEMETRY": "0",
        "YARN_ENABLE_IMMUTABLE_INSTALLS": "0",
    }
    run((*BERRY, "install", "--mode=update-lockfile"), folder, settings)
    listed = run((*BERRY, "info", "--all", "--recursive", "--virtuals", "--json"), folder, settings)
    return folder, _info(shape, [json.loads(line) for line in listed.splitlines()])


def _info(shape: Shape, entries: list[dict[str, Any]]) -> Tree:
    """What `yarn info` says: a package with peers is there once for each set of them, and edges lead to those."""
    known = {entry["value"]: _package(shape, entry) for entry in entries}
    manifests = {(p["name"], p["version"]): p for p in (shape.root, *shape.members.values())}
    edges: dict[Edge, frozenset[str]] = {}
    for entry in entries:
        source = known[entry["value"]]
        fields = manifests.get(source) or shape.packages.get(source[0], {}).get(source[1], {})
        for table in ("Dependencies", "Peer dependencies"):
            for asked in entry["children"].get(table, ()):
                if asked["locator"] and known[asked["locator"]] != source:
                    name = _name(asked["descriptor"])
                    edge = source, known[asked["locator"]]
                    edges[edge] = edges.get(edge, frozenset()) | frozenset(role_of(fields, name).split() or [""])
    return Tree(frozenset(known.values()), edges)


def _name(locator: str) -> str:
    return locator[: locator.index("@", 1)]


def _package(shape: Shape, entry: dict[str, Any]) -> Package:
    """Name and version; a folder has a name of its own, however it is called by what asks for it."""
    name, _, reference = entry["value"].partition("@file:")
    folder = posixpath.basename(reference.partition("#")[0])
    name = next((m["name"] for place, m in shape.members.items() if posixpath.basename(place) == folder), name)
    return name if reference else _name(entry["value"]), entry["children"]["Version"]


def _read(folder: Path) -> Inventory:
    return Inventory.merge([YARN_LOCK.parse(DirectoryTree(str(folder)), "yarn.lock")])


@pytest.mark.parametrize("name", SHAPES)
def test_berry(berry: _Projects, name: str) -> None:
    """Exactly the packages and edges of Yarn 4, peers among them, with their roles; and nothing is left open."""
    folder, truth = berry[name].result()
    inventory = _read(folder)

    assert found(inventory) == truth
    assert inventory.unknowns == ()


# -- Yarn 1 ----------------------------------------------------------------------------------------------------


def _of_classic(shape: Shape, folder: Path, url: str) -> _Made:
    write(shape._replace(root=_root(shape)), folder)
    cache = str(folder.parent / "caches" / folder.name)
    options = ("--ignore-scripts", "--non-interactive", "--no-progress", "--registry", url, "--cache-folder", cache)
    run((*CLASSIC, "install", *options), folder, {})
    listed = json.loads(run((*CLASSIC, "list", "--json", "--depth=99"), folder, {}))
    return folder, _Listing(shape, folder, listed["data"]["trees"]).tree()


class _Listing:
    """What `yarn list` says: what lies where in `node_modules`, and by its shadows what each package asks for.

    Each gets what lies nearest to it, as Node.js does; what it is stands in its package.json.
    """

    def __init__(self, shape: Shape, folder: Path, trees: list[dict[str, Any]]) -> None:
        self._shape, self._folder = shape, folder
        self._packages: dict[tuple[str, ...], Package] = {}
        self._asked: dict[tuple[str, ...], list[str]] = {}
        self._add((), trees)
        root = shape.root
        self._packages[()] = (root["name"], root["version"])
        tables = ("dependencies", "devDependencies", "optionalDependencies")
        self._asked[()] = [name for table in tables for name in root.get(table, {})]

    def _add(self, place: tuple[str, ...], trees: list[dict[str, Any]]) -> None:
        for tree in trees:
            name = _name(tree["name"])
            if tree.get("shadow"):
                self._asked[place].append(name)
            else:
                here = (*place, name)
                self._packages[here], self._asked[here] = self._package(here, tree["name"]), []
                self._add(here, tree["children"])

    def _package(self, place: tuple[str, ...], label: str) -> Package:
        """Name and version; what is not for this platform lies nowhere."""
        path = self._folder.joinpath(*(part for name in place for part in ("node_modules", name)), "package.json")
        if not path.exists():
            return _name(label), label.rpartition("@")[2]
        fields = json.loads(path.read_text())
        return fields["name"], fields["version"]

    def tree(self) -> Tree:
        """All of it."""
        edges: dict[Edge, frozenset[str]] = {}
        manifests = {(p["name"], p["version"]): p for p in (self._shape.root, *self._shape.members.values())}
        for place, names in self._asked.items():
            source = self._packages[place]
            fields = manifests.get(source) or self._shape.packages.get(source[0], {}).get(source[1], {})
            for name in names:
                edge = source, self._nearest(place, name)
                edges[edge] = edges.get(edge, frozenset()) | frozenset(role_of(fields, name).split() or [""])
        return Tree(
            frozenset(self._packages.values()), {edge: roles for edge, roles in edges.items() if len({*edge}) > 1}
        )

    def _nearest(self, place: tuple[str, ...], name: str) -> Package:
        above = (place[:end] for end in range(len(place), -1, -1))
        return next(self._packages[*parent, name] for parent in above if (*parent, name) in self._packages)


#: Of a folder that a folder asks for, Yarn 1 writes a path into its cache, which no entry of the lock has.
ASTRAY = {"folder-of-a-folder": (("one", "1.0.0"), ("two", "1.0.0"))}


@pytest.mark.parametrize("name", CLASSIC_SHAPES)
def test_classic(classic: _Projects, name: str) -> None:
    """Exactly the packages and edges of Yarn 1, which keeps no peers; and nothing is left open."""
    folder, (packages, edges) = classic[name].result()
    inventory = _read(folder)
    astray = ASTRAY.get(name)

    assert found(inventory) == Tree(packages, {edge: roles for edge, roles in edges.items() if edge != astray})
    assert [unknown.reason.split(":")[0] for unknown in inventory.unknowns] == (["other@file"] if astray else [])
