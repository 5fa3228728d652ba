"""`pyproject.toml`: the project itself, and a warning where nothing locks what it depends on."""

from __future__ import annotations

import posixpath
import re
from typing import Any

from bomvet.model.inventory import Inventory, Location, Unknown
from bomvet.model.purl import pypi_name
from bomvet.model.text import shown
from bomvet.plugin import FileTree, Resolver
from bomvet.resolvers.python._beside import has_lock, locked_names, requirement_files
from bomvet.resolvers.python._project import load_pyproject, project_at, project_table

ID = "python/pyproject"
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
#: Names in a reason.
_SHOWN = 5


def parse_pyproject(tree: FileTree, path: str) -> Inventory:
    """The project, if there is one, without its dependencies; raises `MalformedError`."""
    document = load_pyproject(tree.read(path))
    directory = posixpath.dirname(path)
    declared = _declared(document)
    unlocked = sorted(set(declared) - locked_names(tree, directory, set(declared)))
    unknowns = []
    if unlocked:
        names = ", ".join(shown(declared[name]) for name in unlocked[:_SHOWN])
        names += ", ..." if len(unlocked) > _SHOWN else ""
        reason = f"{len(unlocked)} declared dependencies are not locked ({names}): their versions are open"
        unknowns.append(Unknown(location=Location(path=path), resolver=ID, reason=reason))
    if _is_open(document) and not (has_lock(tree, directory) or requirement_files(tree, directory)):
        reason = "its dependencies are dynamic, and nothing locks them: what it asks for is open"
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


def _is_open(document: dict[str, Any]) -> bool:
    """Whether a build says what the project depends on (PEP 621), and not Poetry's table."""
    dynamic = _table(document, "project").get("dynamic")
    stated = _table(_table(_table(document, "tool"), "poetry"), "dependencies")
    return isinstance(dynamic, list) and "dependencies" in dynamic and not stated


def _name(text: str) -> str:
    """The project that a requirement names; what names none stands for itself."""
    match = _NAME.match(text)
    return pypi_name(match[0]) if match else text


def _table(document: dict[str, Any], key: str) -> dict[str, Any]:
    value = document.get(key)
    return value if isinstance(value, dict) else {}


PYPROJECT = Resolver(id=ID, title="pyproject.toml", globs=("**/pyproject.toml",), parse=parse_pyproject)
