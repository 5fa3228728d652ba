"""What `setup.cfg` and `setup.py` share: when setuptools asks them, and what becomes of what they say."""

from __future__ import annotations

import posixpath
from functools import partial
from typing import TYPE_CHECKING

from bomvet.model.inventory import Inventory
from bomvet.resolvers.python._asked import from_text, name_of
from bomvet.resolvers.python._beside import requirement_files, speaker
from bomvet.resolvers.python._declared import Declared
from bomvet.resolvers.python._project import project_at, project_table, pyproject, setup_files

if TYPE_CHECKING:
    from bomvet.plugin import FileTree
    from bomvet.resolvers.python._asked import Asked
    from bomvet.resolvers.python._setup_cfg import Setup


def declared(tree: FileTree, path: str, resolver: str, setup: Setup) -> Inventory:
    """The project of one of the two files, and what it declares where nothing locks that."""
    directory = posixpath.dirname(path)
    if not setup.is_setup and not setup.problems:
        return Inventory()
    found = Declared(resolver, tree, path)
    required, extras = (
        not _is_elsewhere(tree, directory, field) for field in ("dependencies", "optional-dependencies")
    )
    asked = [("", line) for line in setup.required] if required else []
    asked += [(f"extra:{extra}", line) for extra, lines in setup.extras for line in lines] if extras else []
    speaks = speaker(tree, directory, {name_of(line.text) for _, line in asked} - {""})
    for role, (text, line) in asked:
        found.ask(partial(_read, text), role, line, text, name=name_of(text), speaks=speaks)
    if speaks.kind in ("", "requirements"):
        known = requirement_files(tree, directory)
        for extra, (place, line) in setup.files:
            if (extras if extra else required) and posixpath.join(directory, place) not in known:
                found.add_file(place, f"extra:{extra}" if extra else "", line)
    if not speaks.kind and (required or extras):
        for text, line in setup.problems:
            found.unknown(line, text)
    if not setup.is_setup:
        return Inventory(unknowns=tuple(found.unknowns))
    found.lacks = found.lacks or any(other.problems for other in setup_files(tree, directory).values())
    # Where there is a pyproject.toml as well, its reader says whether that states everything.
    states_all = not speaks.kind and not pyproject(tree, directory)
    return found.inventory(project_at(tree, directory), states_all=states_all)


def _read(text: str) -> list[Asked]:
    return [from_text(text)]


def _is_elsewhere(tree: FileTree, directory: str, field: str) -> bool:
    """Whether `pyproject.toml` says it instead: in its own list, or since another build system is in use."""
    document = pyproject(tree, directory)
    project, build = document.get("project"), document.get("build-system")
    backend = build.get("build-backend") if isinstance(build, dict) else None
    if isinstance(backend, str) and not backend.startswith("setuptools"):
        return True
    if isinstance(project, dict):
        dynamic = project.get("dynamic")
        return not (isinstance(dynamic, list) and field in dynamic)
    return bool(project_table(document))
