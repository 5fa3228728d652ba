"""The real tools: where they are, how they are run, and what they are run on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.crosscheck import registry

if TYPE_CHECKING:
    from tests.crosscheck.shapes import Shape

#: Where `make test` puts the tools that come from the registry of npm.
_NODE_TOOLS = Path(sys.prefix, "node-tools", "node_modules")

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
