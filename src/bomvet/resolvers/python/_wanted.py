"""What a project asks for by its `pyproject.toml`, as far as that is static: with extras, groups and markers.

Sources: PEP 621, PEP 735, https://python-poetry.org/docs/pyproject/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from bomvet.model.purl import pypi_name
from bomvet.resolvers.python._metadata import Requirement, requirement
from bomvet.resolvers.python._project import pyproject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.plugin import FileTree


class Wanted(NamedTuple):
    """A requirement of a project, and as what it stands there: "" (plain), `extra:NAME` or `group:NAME`."""

    requirement: Requirement
    role: str


def wanted(tree: FileTree, directory: str) -> list[Wanted]:
    """All that the project in `directory` asks for; what is not understood is for the reader of the manifest."""
    document = pyproject(tree, directory)
    project, poetry = _table(document, "project"), _table(_table(document, "tool"), "poetry")
    found = [*_texts(project.get("dependencies"), "")]
    for extra, texts in _table(project, "optional-dependencies").items():
        found += _texts(texts, f"extra:{pypi_name(extra)}")
    groups = {pypi_name(name): entries for name, entries in _table(document, "dependency-groups").items()}
    for name in groups:
        found += _texts(_group(groups, name), f"group:{name}")
    return [*found, *_poetry(poetry)]


def _texts(texts: object, role: str) -> Iterator[Wanted]:
    for text in texts if isinstance(texts, list) else ():
        if isinstance(text, str) and (one := requirement(text)):
            yield Wanted(one, role)


def _group(groups: dict[str, Any], name: str) -> list[str]:
    """The requirements of a group, and of those that it includes."""
    found: list[str] = []
    seen, todo = {name}, [name]
    while todo:
        entries = groups.get(todo.pop())
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, str):
                found.append(entry)
            elif isinstance(entry, dict) and isinstance(entry.get("include-group"), str):
                other = pypi_name(entry["include-group"])
                if other not in seen:
                    seen.add(other)
                    todo.append(other)
    return found


def _poetry(poetry: dict[str, Any]) -> Iterator[Wanted]:
    """Tables of names; an optional dependency belongs to the extras that name it."""
    extras: dict[str, str] = {}
    for extra, names in _table(poetry, "extras").items():
        for name in names if isinstance(names, list) else ():
            extras.setdefault(pypi_name(str(name)), f"extra:{pypi_name(extra)}")
    for name, entry in _table(poetry, "dependencies").items():
        yield from _entry(name, entry, extras.get(pypi_name(name), ""))
    groups = {name: _table(group, "dependencies") for name, group in _table(poetry, "group").items() if group}
    for group, table in (*groups.items(), ("dev", _table(poetry, "dev-dependencies"))):
        for name, entry in table.items():
            yield from _entry(name, entry, f"group:{pypi_name(group)}")


def _entry(name: str, entry: object, role: str) -> Iterator[Wanted]:
    if name == "python" or not (one := requirement(name)):
        return
    for variant in entry if isinstance(entry, list) else [entry]:
        table = variant if isinstance(variant, dict) else {}
        extras = tuple(pypi_name(extra) for extra in _list(table.get("extras")) if isinstance(extra, str))
        marker = table.get("markers")
        yield Wanted(one._replace(extras=extras, marker=marker if isinstance(marker, str) else ""), role)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _table(table: object, key: str) -> dict[str, Any]:
    value = table.get(key) if isinstance(table, dict) else None
    return value if isinstance(value, dict) else {}
