"""What is read from `uv.lock`, and from what uv exports, against `uv tree`, for projects that show one thing each."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bomvet.pipeline import Subject, inspect
from bomvet.sources.directory import DirectoryTree
from bomvet.versions.markers import environments
from tests.crosscheck import pypi
from tests.crosscheck.python_shapes import SHAPES, PythonShape
from tests.crosscheck.tools import Edge, Package, Tree, found, made, run, served

if TYPE_CHECKING:
    from bomvet.model.inventory import Inventory

TOOL = shutil.which("uv", path=os.pathsep.join((str(Path(sys.prefix, "bin")), os.environ.get("PATH", ""))))
pytestmark = pytest.mark.skipif(TOOL is None, reason="uv is not installed")
BY_NAME = {shape.name: shape for shape in SHAPES}
#: As bomvet calls an environment, and as uv does.
ENVIRONMENTS = {
    ("3.9", "linux/x86_64"): ("3.9", "x86_64-unknown-linux-gnu"),
    ("3.12", "windows/amd64"): ("3.12", "x86_64-pc-windows-msvc"),
    ("3.13", "darwin/arm64"): ("3.13", "aarch64-apple-darwin"),
}

_Projects = dict[str, Future[Path]]


@pytest.fixture(scope="session")
def pypi_index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL below which each shape has an index of its name."""
    data = tmp_path_factory.mktemp("index") / "packages.json"
    with served(pypi.__file__, data, {shape.name: shape.packages for shape in SHAPES}) as url:
        yield url


@pytest.fixture(scope="session")
def projects(
    pypi_index: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[_Projects]:
    """The shapes as projects with their locks."""
    top = tmp_path_factory.mktemp("uv")
    if "json" not in _uv(top, "tree", "--help"):
        pytest.skip("this uv shows no tree as JSON")
    yield from made(request, lambda name: _made(BY_NAME[name], top / name, f"{pypi_index}/{name}/simple/"))


def _made(shape: PythonShape, folder: Path, url: str) -> Path:
    for place, text in {"": shape.root, **shape.members}.items():
        (folder / place).mkdir(parents=True, exist_ok=True)
        (folder / place / "pyproject.toml").write_text(text)
    for path, (name, version, fields) in shape.wheels.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(pypi.wheel(name, version, json.dumps(fields)))
    _uv(folder, "lock", f"--default-index={url}")
    return folder


def _uv(folder: Path, *arguments: str) -> str:
    settings = {
        "UV_CACHE_DIR": str(folder.parent / "cache"),
        "UV_PYTHON": sys.executable,
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_PREVIEW_FEATURES": "json-output",
    }
    return run((str(TOOL), *arguments), folder, settings)


def _tree(folder: Path, *options: str) -> Tree:
    """What `uv tree` says: extras and groups have nodes of their own, which are one with their package here.

    So has the workspace, which is no package where a project is at its top.
    """
    listed = json.loads(_uv(folder, "tree", "--frozen", "--format=json", "--all-groups", *options))
    top = (folder.name, "") if "[project]" not in (folder / "pyproject.toml").read_text() else None
    nodes = {id_: node for id_, node in listed["resolution"].items() if "name" in node or top}
    known = {
        id_: (node["name"], node["version"]) if "name" in node else (folder.name, "") for id_, node in nodes.items()
    }
    edges: dict[Edge, frozenset[str]] = {}
    for id_, node in nodes.items():
        for dependency in node["dependencies"]:
            edge = known[id_], known[dependency["id"]]
            if edge[0] != edge[1]:
                edges[edge] = edges.get(edge, frozenset()) | {_role(node["kind"])}
    plain = frozenset({""})
    return Tree(frozenset(known.values()), {edge: plain if "" in roles else roles for edge, roles in edges.items()})


def _role(kind: str | dict[str, str]) -> str:
    return "".join(f"{name}:{value}" for name, value in kind.items()) if isinstance(kind, dict) else ""


def _inspected(folder: Path, *wanted: str) -> Inventory:
    subject = Subject(environments=environments([wanted[0]], [wanted[1]]) if wanted else ())
    return inspect(DirectoryTree(str(folder)), subject=subject).inventory


@pytest.mark.parametrize("name", BY_NAME)
def test_packages_and_edges(projects: _Projects, name: str) -> None:
    """Exactly the packages and edges of uv, with their extras and groups; and nothing is left open."""
    folder = projects[name].result()
    inventory = _inspected(folder)

    assert found(inventory) == _tree(folder, "--universal")
    assert inventory.unknowns == ()


@pytest.mark.parametrize("wanted", ENVIRONMENTS, ids=" ".join)
@pytest.mark.parametrize("name", BY_NAME)
def test_environments(projects: _Projects, name: str, wanted: tuple[str, str]) -> None:
    """Exactly what uv has in one environment."""
    folder = projects[name].result()
    python, platform = ENVIRONMENTS[wanted]

    assert found(_inspected(folder, *wanted)) == _tree(
        folder, f"--python-version={python}", f"--python-platform={platform}"
    )


@pytest.mark.parametrize("form", ["requirements.txt", "pylock.toml"])
@pytest.mark.parametrize("name", BY_NAME)
def test_exports(projects: _Projects, tmp_path: Path, name: str, form: str) -> None:
    """What uv exports has the same packages, by what bomvet reads in both."""
    folder = projects[name].result()
    exported: set[Package] = set()
    for number, choice in enumerate(BY_NAME[name].choices):
        place = tmp_path / str(number)
        place.mkdir()
        options = ("--frozen", "--all-packages", "--no-header", f"--format={form}", *choice)
        (place / form).write_text(_uv(folder, "export", *options))
        exported |= {(c.name, c.version) for c in _inspected(place).components if not c.first_party}

    assert exported == {(c.name, c.version) for c in _inspected(folder).components if not c.first_party}
