"""The real tools: where they are, how they are run, and what they are run on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import pytest

from tests.crosscheck import registry

if TYPE_CHECKING:
    from bomvet.model.inventory import Inventory
    from tests.crosscheck.shapes import Shape

#: Where `make test` puts the tools that come from the registry of npm.
_NODE_TOOLS = Path(sys.prefix, "node-tools", "node_modules")

T = TypeVar("T")
#: Name and version; those of a project too.
Package = tuple[str, str]
Edge = tuple[Package, Package]


class Tree(NamedTuple):
    """What a tool says: all packages, and the edges by what the package.json of the source calls them."""

    packages: frozenset[Package]
    edges: dict[Edge, frozenset[str]]


def node_tool(path: str) -> tuple[str, ...]:
    """The command of a tool below `node-tools`; empty where it is not there."""
    node, script = shutil.which("node"), _NODE_TOOLS / path
    return (node, str(script)) if node and script.is_file() else ()


def run(command: tuple[str, ...], folder: Path, environment: Mapping[str, str]) -> str:
    """The output of a tool that must succeed, and that knows nothing of this machine.

    Of the environment it sees the search path and what is stated; its home is empty.
    """
    own = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    home = {"HOME": str(folder.parent / "home"), "CI": "1"}
    ran = subprocess.run(
        command, cwd=folder, env=own | home | dict(environment), capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, f"{command} in {folder.name}: {ran.stdout}{ran.stderr}"
    return ran.stdout


def write(shape: Shape, folder: Path) -> None:
    """The files of a project."""
    for place, fields in {"": shape.root, **shape.members}.items():
        (folder / place).mkdir(parents=True, exist_ok=True)
        (folder / place / "package.json").write_text(json.dumps(fields))
    for path, (name, version, fields) in shape.archives.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(registry.archive(name, version, fields))
    if shape.config:
        (folder / ".npmrc").write_text(shape.config)


@contextmanager
def served(server: str, data: Path, packages: Mapping[str, Any]) -> Iterator[str]:
    """The URL of the script `server` while it serves `packages`, which are written to `data`."""
    data.write_text(json.dumps(packages))
    with subprocess.Popen(
        [sys.executable, server, str(data)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.stdin.close()


def made(request: pytest.FixtureRequest, make: Callable[[str], T]) -> Iterator[dict[str, Future[T]]]:
    """What `make` makes of each name that the tests of this run ask the fixture for, in their order, on all cores."""
    items = [item for item in request.session.items if isinstance(item, pytest.Function)]
    asking = [str(item.callspec.params["name"]) for item in items if request.fixturename in item.fixturenames]
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        yield {name: pool.submit(make, name) for name in dict.fromkeys(asking)}
        pool.shutdown(cancel_futures=True)  # of tests that were not run in the end


def role_of(fields: Mapping[str, Any], name: str) -> str:
    """As what the package.json `fields` asks for `name`; what is an option or for development is that first."""
    if name in fields.get("optionalDependencies", {}):
        return "optional"
    if name in fields.get("dependencies", {}):
        return ""
    if name in fields.get("devDependencies", {}):
        return "dev"
    if name not in fields.get("peerDependencies", {}):
        return ""
    return "optional peer" if fields.get("peerDependenciesMeta", {}).get(name, {}).get("optional") else "peer"


def found(inventory: Inventory) -> Tree:
    """What is read, in the form of what tools say: a project without a version has none here either."""
    components = (*inventory.components, *([inventory.root] if inventory.root else []))
    known = {c.purl: (c.name, "" if c.version.startswith("sha256:") else c.version) for c in components}
    edges = {
        (known[edge.source], known[edge.target]): frozenset(edge.roles or {""})
        for edge in inventory.relationships
        if edge.kind == "depends-on"
    }
    return Tree(frozenset(known.values()), edges)
