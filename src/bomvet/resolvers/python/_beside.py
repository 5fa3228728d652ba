"""What stands beside a Python manifest and states the versions that the manifest leaves open."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from bomvet.errors import BomvetError, FileUnreadableError
from bomvet.model.purl import pypi_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.plugin import FileTree

#: Any of these states versions, whether or not bomvet reads it: if it does not, that is told.
_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml", "conda-lock.yml")


def has_lock(tree: FileTree, directory: str) -> bool:
    """Whether the project in `directory` has a lock file, its own or that of the uv workspace it belongs to."""
    if any(tree.exists(posixpath.join(directory, name)) for name in _LOCKS):
        return True
    return any(_is_member(tree, folder, directory) for folder in _parents(directory))


def requirement_files(tree: FileTree, directory: str) -> set[str]:
    """The requirements files of the project in `directory`."""
    return {path for path in _below(tree, directory) if _is_requirements(path, directory)}


def locked_names(tree: FileTree, directory: str, declared: set[str]) -> set[str]:
    """Which of the `declared` names a lock or requirements file of the project speaks of."""
    if has_lock(tree, directory):
        return declared
    from bomvet.resolvers.python._requirement_lines import read_statements  # noqa: PLC0415 - rarely needed

    files = requirement_files(tree, directory)
    named: set[str] = set()
    for path in files:
        try:
            statements = read_statements(tree.read(path))
        except BomvetError:
            return declared  # then the resolver of requirements files reports it
        if any(_included(path, include.path) not in files for include in statements.includes):
            return declared  # what stands elsewhere is for that resolver to follow
        named.update(pypi_name(requirement.name) for requirement in statements.requirements)
    return named


def _below(tree: FileTree, directory: str) -> Iterator[str]:
    """The files below `directory`, which stand together since they are sorted."""
    paths, prefix = tree.paths(), f"{directory}/" if directory else ""
    for path in islice(paths, bisect_left(paths, prefix), None):
        if not path.startswith(prefix):
            break
        yield path


def _is_requirements(path: str, directory: str) -> bool:
    """Whether `path` is a requirements file of the project in `directory`."""
    folder, name = posixpath.split(path)
    if not name.endswith(".txt"):
        return False
    return folder == posixpath.join(directory, "requirements") or ("requirements" in name and folder == directory)


def _included(path: str, target: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), target))


def _parents(directory: str) -> Iterator[str]:
    while directory:
        directory = posixpath.dirname(directory)
        yield directory


def _is_member(tree: FileTree, folder: str, directory: str) -> bool:
    """Whether the uv workspace of `folder`, if it is one, names `directory` in its lock."""
    lock = posixpath.join(folder, "uv.lock")
    if not tree.exists(lock):
        return False
    try:
        return posixpath.relpath(directory, folder or ".").encode() in _members(tree.read(lock))
    except FileUnreadableError:
        return False  # the resolver of uv.lock reports it


@lru_cache(maxsize=4)
def _members(lock: bytes) -> frozenset[bytes]:
    """The folders that a uv.lock is for; remembered, since each of many members asks."""
    return frozenset(re.findall(rb'(?:editable|virtual|directory) = "([^"\n]*)"', lock))
