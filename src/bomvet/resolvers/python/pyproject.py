"""`pyproject.toml`: the project itself, and a warning where nothing locks what it depends on."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from bomvet.model.inventory import Inventory, Location, Unknown
from bomvet.plugin import FileTree, Resolver
from bomvet.resolvers.python._project import load_toml, project_at

if TYPE_CHECKING:
    from collections.abc import Iterator

ID = "python/pyproject"
#: Files beside a manifest, any of which states the versions (whether or not bomvet reads it: then that is told).
_LOCKS = (
    "uv.lock",
    "requirements.txt",
    "poetry.lock",
    "pdm.lock",
    "Pipfile.lock",
    "pylock.toml",
    "conda-lock.yml",
)


def parse_pyproject(tree: FileTree, path: str) -> Inventory:
    """The project, if there is one, without its dependencies; raises `MalformedError`."""
    document = load_toml(tree.read(path))
    directory = posixpath.dirname(path)
    project = isinstance(document.get("project"), dict)
    declared = sorted(_declared(document))
    unknowns = []
    if declared and not _locked(tree, directory):
        names = ", ".join(declared[:5]) + (", ..." if len(declared) > 5 else "")  # noqa: PLR2004 - a line's worth
        reason = f"{len(declared)} declared dependencies are not locked ({names}): their versions are open"
        unknowns.append(Unknown(location=Location(path=path), resolver=ID, reason=reason))
    return Inventory(components=(project_at(tree, directory),) if project or declared else (), unknowns=tuple(unknowns))


def _declared(document: dict[str, Any]) -> set[str]:
    """The texts of all runtime dependencies and extras (PEP 621), and the names that Poetry's table holds."""
    project, poetry = _table(document, "project"), _table(_table(document, "tool"), "poetry")
    lists = [project.get("dependencies"), *_table(project, "optional-dependencies").values()]
    texts = {text for entries in lists if isinstance(entries, list) for text in entries if isinstance(text, str)}
    return texts | (set(_table(poetry, "dependencies")) - {"python"})


def _table(document: dict[str, Any], key: str) -> dict[str, Any]:
    value = document.get(key)
    return value if isinstance(value, dict) else {}


def _locked(tree: FileTree, directory: str) -> bool:
    if any(tree.exists(posixpath.join(directory, name)) for name in _LOCKS):
        return True
    if any(posixpath.dirname(p) in (directory, posixpath.join(directory, "requirements")) for p in _requirements(tree)):
        return True
    return any(_is_member(tree, folder, directory) for folder in _parents(directory))


def _requirements(tree: FileTree) -> Iterator[str]:
    return (p for p in tree.paths() if p.endswith(".txt") and "requirements" in p)


def _parents(directory: str) -> Iterator[str]:
    while directory:
        directory = posixpath.dirname(directory)
        yield directory


def _is_member(tree: FileTree, folder: str, directory: str) -> bool:
    """Whether the uv workspace of `folder`, if it is one, names `directory` in its lock."""
    lock = posixpath.join(folder, "uv.lock")
    member = posixpath.relpath(directory, folder or ".")
    return tree.exists(lock) and f'"{member}"'.encode() in tree.read(lock)


PYPROJECT = Resolver(id=ID, title="pyproject.toml", globs=("**/pyproject.toml",), parse=parse_pyproject)
