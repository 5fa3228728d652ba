"""`pyproject.toml`: the project itself, and what it declares where nothing locks that.

What is needed to build the project is no part of it: `build-system.requires` is noted as a property.
Sources: the specifications "pyproject.toml" and "Dependency Groups" of packaging.python.org, and the manuals of
Poetry, PDM, uv, setuptools and Hatch for their tables.
"""

from __future__ import annotations

import posixpath

from bomvet.model.inventory import Inventory
from bomvet.plugin import FileTree, Resolver
from bomvet.resolvers.python._project import load_pyproject, project_at, project_table

ID = "python/pyproject"


def parse_pyproject(tree: FileTree, path: str) -> Inventory:
    """The project, if there is one, with what it declares where nothing locks that; raises `MalformedError`."""
    from bomvet.resolvers.python._pyproject import Reader  # noqa: PLC0415 - many trees have no such file
    from bomvet.resolvers.python._tables import Manifest  # noqa: PLC0415 - the same

    data = tree.read(path)
    document = load_pyproject(data)
    manifest = Manifest(document)
    if not project_table(document) and not manifest.declares:
        return Inventory()
    return Reader(ID, tree, path, data, manifest).inventory(project_at(tree, posixpath.dirname(path)))


PYPROJECT = Resolver(
    id=ID,
    title="pyproject.toml",
    globs=("**/pyproject.toml",),
    parse=parse_pyproject,
    reads="the project, its build requirements, and where nothing locks them its dependencies, extras and groups (PEP "
    "621, PEP 735, Poetry, PDM, uv, Flit), from files that setuptools or Hatch take them from as well",
    limits="what a build computes is reported, and what only Poetry can express as a marker is left out",
)
