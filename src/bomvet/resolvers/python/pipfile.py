"""`Pipfile` of Pipenv: what it declares where no `Pipfile.lock` locks that.

Source: https://pipenv.pypa.io/en/latest/pipfile.html.
"""

from __future__ import annotations

import posixpath
from functools import partial
from typing import TYPE_CHECKING, Any

from bomvet.model.purl import pypi_name
from bomvet.model.text import shown
from bomvet.plugin import FileTree, Resolver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.model.inventory import Inventory
    from bomvet.resolvers.python._declared import Declared
    from bomvet.resolvers.python._toml_places import Places

ID = "python/pipfile"
#: Tables that hold no packages.
_SETTINGS = ("source", "requires", "scripts", "pipenv", "pipfile", "project")


def parse_pipfile(tree: FileTree, path: str) -> Inventory:
    """The project with what the file declares, or nothing where a lock says it; raises `MalformedError`."""
    from bomvet.resolvers.python._asked import from_table  # noqa: PLC0415 - most trees have no such file
    from bomvet.resolvers.python._beside import speaker  # noqa: PLC0415
    from bomvet.resolvers.python._declared import Declared  # noqa: PLC0415
    from bomvet.resolvers.python._project import load_toml, project_at  # noqa: PLC0415
    from bomvet.resolvers.python._toml_places import Places  # noqa: PLC0415

    data = tree.read(path)
    document, directory = load_toml(data), posixpath.dirname(path)
    indexes = _indexes(document)
    default, *extra = indexes.values() or [""]
    declared = Declared(ID, tree, path, index=default, extra_indexes=extra)
    places = Places(data)
    entries = [*_entries(document, declared, places)]
    speaks = speaker(tree, directory, {pypi_name(name) for _, name, _ in entries})
    for table, name, spec in entries:
        read = partial(from_table, name, spec, indexes)
        line = places.line((table, name))
        declared.ask(read, _role(table), line, name, name=pypi_name(name), speaks=speaks)
    return declared.inventory(project_at(tree, directory), states_all=not speaks.kind)


def _entries(document: dict[str, Any], declared: Declared, places: Places) -> Iterator[tuple[str, str, object]]:
    """Table, name and constraint of every package; every table that holds no settings is a category of packages."""
    for table, packages in document.items():
        if table in _SETTINGS:
            continue
        if isinstance(packages, dict):
            yield from ((table, name, spec) for name, spec in packages.items())
        else:
            declared.unknown(places.line((table,)), f"{shown(table)} is no table of packages")


def _role(table: str) -> str:
    """A category of its own is installed where somebody asks for it."""
    if table in ("packages", "dev-packages"):
        return "dev" if table == "dev-packages" else ""
    return f"extra:{pypi_name(table)}"


def _indexes(document: dict[str, Any]) -> dict[str, str]:
    """URLs of package indexes by name; the first is the one that packages come from."""
    found = {}
    sources = document.get("source")
    for number, source in enumerate(sources if isinstance(sources, list) else []):
        url, name = (source.get("url"), source.get("name")) if isinstance(source, dict) else (None, None)
        if isinstance(url, str):
            found[name if isinstance(name, str) else str(number)] = url
    return found


PIPFILE = Resolver(
    id=ID,
    title="Pipfile of Pipenv",
    globs=("**/Pipfile",),
    parse=parse_pipfile,
    reads="where nothing locks them the packages, dev-packages and further categories, with their sources and markers",
    limits="environment variables in URLs are not expanded",
)
