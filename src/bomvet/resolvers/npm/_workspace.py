"""Which projects belong to a workspace: by the patterns of its `package.json`, or by its lock.

Source: https://docs.npmjs.com/cli/v11/using-npm/workspaces.
"""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from bomvet.errors import MalformedError
from bomvet.model.globs import compiled
from bomvet.resolvers._json import load_object
from bomvet.resolvers.npm._manifest import manifest

if TYPE_CHECKING:
    from bomvet.plugin import FileTree

#: How locks other than npm's name the folders of their projects, and those that something is installed from.  Yarn 1
#: names no projects, as only patterns count there.
_PLACES = {
    "pnpm-lock.yaml": re.compile(rb"^  '?([^\s:'][^:'\n]*)'?:[ \t\r]*$|\bdirectory: '?([^\s,'}]+)", re.MULTILINE),
    "yarn.lock": re.compile(rb'@(?:workspace|file|portal):([^\s",#:]+)'),
    "bun.lock": re.compile(rb'"([^"\n]+)"\s*:\s*\{|@file:([^"\n]+)"'),
}

#: Patterns of one workspace, each of which is put to every package.json.
MAX_GLOBS = 200
_NPM_TABLES = ("packages", "dependencies")


@lru_cache(maxsize=4)
def locked_places(name: str, lock: bytes) -> frozenset[str] | None:
    """The folders that a lock of that file name is for, counted from its own; None where it does not tell.

    Remembered, since each of many projects below it asks.
    """
    if name.endswith(".json"):
        return _in_npm_lock(lock)
    pattern = _PLACES.get(name)
    if pattern is None:
        return None
    places = (match[match.lastindex or 0].decode("utf-8", "replace") for match in pattern.finditer(lock))
    return frozenset(posixpath.normpath(place) for place in places)


def _in_npm_lock(lock: bytes) -> frozenset[str] | None:
    """Projects of the workspace, and folders that something is installed from."""
    try:
        table = load_object(lock)
    except MalformedError:
        return None  # the resolver of the lock reports it
    packages, dependencies = (value if isinstance(value := table.get(key), dict) else {} for key in _NPM_TABLES)
    linked = (entry.get("version") for entry in dependencies.values() if isinstance(entry, dict))
    return frozenset(
        (
            *(place for place in packages if "node_modules/" not in place),
            *(text.removeprefix("file:") for text in linked if isinstance(text, str) and text.startswith("file:")),
        )
    )


def members(tree: FileTree, directory: str) -> dict[str, str]:
    """The projects of the workspace that `directory` belongs to, by name; none where it belongs to none."""
    top = directory
    while True:
        globs = _workspace_globs(manifest(tree, top))
        if globs and (top == directory or _is_member(globs, posixpath.relpath(directory, top or "."))):
            return _workspace(_Key(tree, top, globs))
        if not top:
            return {}
        top = posixpath.dirname(top)


def is_workspace_member(tree: FileTree, top: str, place: str) -> bool:
    """Whether `place`, a folder below `top`, is a project of the workspace that `top` states."""
    return _is_member(_workspace_globs(manifest(tree, top)), place)


def _workspace_globs(table: dict[str, Any]) -> tuple[str, ...]:
    value = table.get("workspaces")
    value = value.get("packages") if isinstance(value, dict) else value
    listed = value[:MAX_GLOBS] if isinstance(value, list) else []
    return tuple(glob for glob in listed if isinstance(glob, str))


def _is_member(globs: tuple[str, ...], folder: str) -> bool:
    """Whether the last glob that matches takes the folder in; those with `!` take it out."""
    verdict = False
    for glob in globs:
        pattern = glob.removeprefix("!").removeprefix("./").strip("/")
        if pattern and compiled(f"/{pattern}").fullmatch(folder):
            verdict = not glob.startswith("!")
    return verdict


class _Key:
    """A workspace of one tree as a key: the same tree, whatever it holds."""

    def __init__(self, tree: FileTree, top: str, globs: tuple[str, ...]) -> None:
        self.tree, self.top, self.globs = tree, top, globs

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.tree is self.tree and other.top == self.top

    def __hash__(self) -> int:
        return hash((id(self.tree), self.top))


@lru_cache(maxsize=4)
def _workspace(key: _Key) -> dict[str, str]:
    """The folders of its members by their names; of several with one name the first."""
    found: dict[str, str] = {}
    for folder in (path.rpartition("/")[0] for path in key.tree.paths() if path.endswith("/package.json")):
        inside = folder.startswith(f"{key.top}/") if key.top else True
        if inside and _is_member(key.globs, folder[len(key.top) + 1 if key.top else 0 :]):
            name = manifest(key.tree, folder).get("name")
            if isinstance(name, str):
                found.setdefault(name, folder)
    return found
