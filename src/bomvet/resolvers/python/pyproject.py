"""`pyproject.toml`: the project itself, and a warning where nothing locks what it depends on."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from bomvet.errors import BomvetError, FileUnreadableError
from bomvet.model.inventory import Inventory, Location, Unknown
from bomvet.model.purl import pypi_name
from bomvet.plugin import FileTree, Resolver
from bomvet.resolvers.python._project import load_pyproject, project_at, project_table
from bomvet.resolvers.python._text import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

ID = "python/pyproject"
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
#: Names in a reason.
_SHOWN = 5
#: Files beside a manifest, any of which states the versions (whether or not bomvet reads it: then that is told).
_LOCKS = (
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "Pipfile.lock",
    "pylock.toml",
    "conda-lock.yml",
)


def parse_pyproject(tree: FileTree, path: str) -> Inventory:
    """The project, if there is one, without its dependencies; raises `MalformedError`."""
    document = load_pyproject(tree.read(path))
    directory = posixpath.dirname(path)
    declared = _declared(document)
    unlocked = sorted(set(declared) - _locked(tree, directory, set(declared)))
    unknowns = []
    if unlocked:
        names = ", ".join(shown(declared[name]) for name in unlocked[:_SHOWN])
        names += ", ..." if len(unlocked) > _SHOWN else ""
        reason = f"{len(unlocked)} declared dependencies are not locked ({names}): their versions are open"
        unknowns.append(Unknown(location=Location(path=path), resolver=ID, reason=reason))
    is_project = bool(project_table(document) or declared)
    return Inventory(components=(project_at(tree, directory),) if is_project else (), unknowns=tuple(unknowns))


def _declared(document: dict[str, Any]) -> dict[str, str]:
    """All runtime dependencies and extras by name (PEP 621), and those that Poetry's table holds.

    What asks for the project itself, as extras of extras do, is left out.
    """
    project, poetry = _table(document, "project"), _table(_table(document, "tool"), "poetry")
    lists = [project.get("dependencies"), *_table(project, "optional-dependencies").values()]
    texts = [text for entries in lists if isinstance(entries, list) for text in entries if isinstance(text, str)]
    texts += [name for name in _table(poetry, "dependencies") if name != "python"]
    found = {_name(text): text for text in sorted(texts, reverse=True)}
    found.pop(_name(str(project_table(document).get("name", ""))), None)
    return found


def _name(text: str) -> str:
    """The project that a requirement names; what names none stands for itself."""
    match = _NAME.match(text)
    return pypi_name(match[0]) if match else text


def _table(document: dict[str, Any], key: str) -> dict[str, Any]:
    value = document.get(key)
    return value if isinstance(value, dict) else {}


def _locked(tree: FileTree, directory: str, declared: set[str]) -> set[str]:
    """Which of the `declared` names a lock or requirements file of the project speaks of."""
    if any(tree.exists(posixpath.join(directory, name)) for name in _LOCKS):
        return declared
    if any(_is_member(tree, folder, directory) for folder in _parents(directory)):
        return declared
    from bomvet.resolvers.python._requirement_lines import read_statements  # noqa: PLC0415 - rarely needed

    files = {path for path in _below(tree, directory) if _is_requirements(path, directory)}
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


PYPROJECT = Resolver(id=ID, title="pyproject.toml", globs=("**/pyproject.toml",), parse=parse_pyproject)
