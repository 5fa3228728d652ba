"""What stands beside a Python manifest and states the versions that the manifest leaves open."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from bomvet.errors import BomvetError, FileUnreadableError
from bomvet.model.purl import pypi_name
from bomvet.resolvers._listing import is_listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.plugin import FileTree

#: Any of these states versions, whether or not bomvet reads it: if it does not, that is told.
_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml", "conda-lock.yml")
#: Those that name the folders which they install from, besides that of uv.
_PATH_LOCKS = ("poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml")

#: Files that bound versions, by their names: they ask for nothing.
CONSTRAINTS = re.compile(r"constraints?[^/]*$", re.IGNORECASE)


def has_lock(tree: FileTree, directory: str) -> bool:
    """Whether the project in `directory` has a lock file, its own or that of the uv workspace it belongs to.

    One that the walk passed over, such as an ignored one, is none: nobody reads what it holds.
    """
    if any(is_listed(tree, posixpath.join(directory, name)) for name in _LOCKS):
        return True
    return bool(_uv_lock(tree, directory) or _lock_above(tree, directory))


def requirement_files(tree: FileTree, directory: str) -> set[str]:
    """The requirements files of the project in `directory`."""
    return {path for path in _below(tree, directory) if _is_requirements(path, directory)}


def has_compiled_requirements(tree: FileTree, directory: str) -> bool:
    """Whether a requirements file of the project is what a compiler wrote: hashes, or who asked for what."""
    return _has_compiled(_Project(tree, directory))


class _Project:
    """A project of one tree as a key: the same tree, whatever it holds."""

    def __init__(self, tree: FileTree, directory: str) -> None:
        self.tree, self.directory = tree, directory

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Project) and other.tree is self.tree and other.directory == self.directory

    def __hash__(self) -> int:
        return hash((id(self.tree), self.directory))


@lru_cache(maxsize=4)
def _has_compiled(project: _Project) -> bool:
    """Remembered, since each of many requirements files asks."""
    for path in sorted(requirement_files(project.tree, project.directory)):
        try:
            data = project.tree.read(path)
        except FileUnreadableError:
            continue  # the resolver of requirements files reports it
        if b"--hash=" in data or b"# via" in data:
            return True
    return False


class Speaker(NamedTuple):
    """What says which versions of declared packages are installed, and of which of them it speaks.

    `kind` is `lock`, `requirements` or `installed`, or empty where nothing does; `file` is that of a lock.
    """

    kind: str
    named: set[str]
    file: str = ""


def speaker(tree: FileTree, directory: str, declared: set[str]) -> Speaker:
    """What speaks for the project in `directory`, and for which of the `declared` names."""
    if lock := lock_of(tree, directory):
        return Speaker("lock", locked_names(tree, directory, declared), lock)
    if requirement_files(tree, directory) or _requirements_above(tree, directory):
        return Speaker("requirements", locked_names(tree, directory, declared))
    return Speaker("installed", declared) if is_installed(tree, directory) else Speaker("", set())


def lock_of(tree: FileTree, directory: str) -> str:
    """The lock file of the project in `directory`; empty where there is none."""
    own = (posixpath.join(directory, name) for name in _LOCKS)
    beside = next((path for path in own if is_listed(tree, path)), "")
    return _uv_lock(tree, directory) or beside or _lock_above(tree, directory)


def is_installed(tree: FileTree, directory: str) -> bool:
    """Whether packages are installed in the folder of the project, and no lock hides them."""
    folders, prefix = tree.folders(), f"{directory}/" if directory else ""
    for folder in islice(folders, bisect_left(folders, prefix), None):
        if not folder.startswith(prefix):
            break
        if folder.endswith("-packages") and not any(_is_locked(tree, parent) for parent in _parents(folder)):
            return True
    return False


def _is_locked(tree: FileTree, folder: str) -> bool:
    """Whether a lock or a requirements file stands in `folder`: what is installed below it is not read then."""
    if any(is_listed(tree, posixpath.join(folder, name)) for name in _LOCKS):
        return True
    paths, start = tree.paths(), posixpath.join(folder, "requirements")
    for path in islice(paths, bisect_left(paths, start), None):
        if not path.startswith(start) or "/" in path[len(start) :]:
            break
        if path.endswith(".txt"):
            return True
    return False


def locked_names(tree: FileTree, directory: str, declared: set[str]) -> set[str]:
    """Which of the `declared` names a lock or requirements file of the project speaks of."""
    if lock := _uv_lock(tree, directory):
        return _in_uv_lock(tree, lock, declared)
    if has_lock(tree, directory):
        return declared
    from bomvet.resolvers.python._requirement_lines import read_statements  # noqa: PLC0415 - rarely needed

    files = requirement_files(tree, directory) or _requirements_above(tree, directory)
    named: set[str] = set()
    for path in files:
        try:
            statements = read_statements(tree.read(path))
        except BomvetError:
            return declared  # then the resolver of requirements files reports it
        if any(_included(path, i.path) not in files for i in statements.includes if not i.constraint):
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
    if not name.endswith(".txt") or CONSTRAINTS.search(name):
        return False
    return folder == posixpath.join(directory, "requirements") or ("requirements" in name and folder == directory)


def _included(path: str, target: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), target))


def _uv_lock(tree: FileTree, directory: str) -> str:
    """The uv.lock of the project, beside it or that of its workspace; empty where there is none."""
    own = posixpath.join(directory, "uv.lock")
    if is_listed(tree, own):
        return own
    folders = (folder for folder in _parents(directory) if _is_member(tree, folder, directory))
    return next((posixpath.join(folder, "uv.lock") for folder in folders), "")


def _in_uv_lock(tree: FileTree, lock: str, declared: set[str]) -> set[str]:
    """Which of the `declared` names stand in the lock: one that the manifest got after it was written does not."""
    try:
        named = _names(tree.read(lock))
    except FileUnreadableError:
        return declared  # the resolver of uv.lock reports it
    return declared if named is None else declared & named


def _parents(directory: str) -> Iterator[str]:
    while directory:
        directory = posixpath.dirname(directory)
        yield directory


def _is_member(tree: FileTree, folder: str, directory: str) -> bool:
    """Whether the uv workspace of `folder`, if it is one, names `directory` in its lock."""
    lock = posixpath.join(folder, "uv.lock")
    if not is_listed(tree, lock):
        return False
    try:
        return posixpath.relpath(directory, folder or ".").encode() in _members(tree.read(lock))
    except FileUnreadableError:
        return False  # the resolver of uv.lock reports it


def _requirements_above(tree: FileTree, directory: str) -> set[str]:
    """The requirements files of a project above that installs the one in `directory` from its folder, if any."""
    for folder in _parents(directory):
        files = {
            path for path in _starting(tree, posixpath.join(folder, "requirements")) if _is_requirements(path, folder)
        }
        place = posixpath.relpath(directory, folder or ".")
        if any(place in _installed_from(tree, path) for path in files):
            return files
    return set()


def _starting(tree: FileTree, start: str) -> Iterator[str]:
    """The files whose paths begin so."""
    paths = tree.paths()
    for path in islice(paths, bisect_left(paths, start), None):
        if not path.startswith(start):
            break
        yield path


def _installed_from(tree: FileTree, path: str) -> frozenset[str]:
    """The folders that a requirements file installs from, as it writes them."""
    try:
        return _local(tree.read(path))
    except FileUnreadableError:
        return frozenset()  # the resolver of requirements files reports it


@lru_cache(maxsize=4)
def _local(data: bytes) -> frozenset[str]:
    """Remembered, since each of many projects below it asks."""
    from bomvet.resolvers.python._requirement_lines import read_statements  # noqa: PLC0415 - rarely needed

    try:
        statements = read_statements(data)
    except BomvetError:
        return frozenset()
    local = (r.path or r.url[5:].removeprefix("//") for r in statements.requirements if r.path or r.url[:5] == "file:")
    return frozenset(map(posixpath.normpath, local))


def _lock_above(tree: FileTree, directory: str) -> str:
    """The lock of another project that names the one in `directory` as a path that it installs from, if any."""
    for folder in _parents(directory):
        place = posixpath.relpath(directory, folder or ".").encode()
        for lock in (posixpath.join(folder, name) for name in _PATH_LOCKS):
            try:
                if is_listed(tree, lock) and place in _paths(tree.read(lock)):
                    return lock
            except FileUnreadableError:
                continue  # the resolver of the lock reports it
    return ""


@lru_cache(maxsize=4)
def _paths(lock: bytes) -> frozenset[bytes]:
    """The folders that a lock of another tool than uv may install from; remembered, since many may ask."""
    return frozenset(path.removeprefix(b"./") for path in re.findall(rb'(?:url|path)"? ?[=:] ?"([^"\n:]*)"', lock))


@lru_cache(maxsize=4)
def _members(lock: bytes) -> frozenset[bytes]:
    """The folders that a uv.lock is for; remembered, since each of many members asks."""
    return frozenset(re.findall(rb'(?:editable|virtual|directory) = "([^"\n]*)"', lock))


@lru_cache(maxsize=4)
def _names(lock: bytes) -> frozenset[str] | None:
    """All names in a uv.lock, of packages or of what they ask for; None for one of early versions.

    Those do not repeat what the manifest declares, of which a marker may keep some from being locked.
    """
    if b"[[package]]" not in lock:
        return frozenset()
    if b"[package.metadata]" not in lock:
        return None
    found: set[bytes] = set(re.findall(rb'\bname = "([A-Za-z0-9._-]+)"', lock))
    return frozenset(pypi_name(name.decode("ascii")) for name in found)
