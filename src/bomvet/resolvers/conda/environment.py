"""`environment.yml` of conda: what it asks for, where no `conda-lock.yml` locks that.

Source: https://docs.conda.io/projects/conda/en/latest/user-guide/tasks/manage-environments.html and the
specification of match specs, https://docs.conda.io/projects/conda-build/en/stable/resources/package-spec.html.
"""

from __future__ import annotations

import posixpath
import re
from typing import Any

from bomvet.model.inventory import Inventory
from bomvet.plugin import FileTree, Resolver
from bomvet.resolvers._listing import is_listed

ID = "conda/environment"
LOCK = "conda-lock.yml"
#: Channels of one environment, which each of its packages may be from.
MAX_CHANNELS = 20
_LOCKED_NAME = rb"(?m)^[ \t]*(?:-[ \t]+)?name:[ \t]*['\"]?([^\s'\"]+)"


def parse_environment(tree: FileTree, path: str) -> Inventory:
    """The project of the folder with what the environment asks for; raises `MalformedError`.

    Other tools have files of that name: what has no list of dependencies is none of conda's.
    """
    from bomvet.resolvers._yaml import load_mapping  # noqa: PLC0415 - most trees have no such file
    from bomvet.resolvers.conda._match_spec import Reader  # noqa: PLC0415
    from bomvet.resolvers.conda._yaml_lines import item_lines  # noqa: PLC0415
    from bomvet.resolvers.python._declared import Declared  # noqa: PLC0415
    from bomvet.resolvers.python._project import project_at  # noqa: PLC0415

    data = tree.read(path)
    document = load_mapping(data)
    items, directory = document.get("dependencies"), posixpath.dirname(path)
    if items is None or (not isinstance(items, list) and "channels" not in document):
        return Inventory()
    declared = Declared(ID, tree, path)
    channels = _channels(document)
    if len(channels) > MAX_CHANNELS:
        declared.unknown(0, f"more than {MAX_CHANNELS} channels: the rest is not told of")
    reader = Reader(declared, path, item_lines(data), channels[:MAX_CHANNELS])
    lock = posixpath.join(directory, LOCK)
    reader.lock = lock if is_listed(tree, lock) else ""
    reader.locked = frozenset(re.findall(_LOCKED_NAME, tree.read(lock))) if reader.lock else frozenset()
    if not isinstance(items, list):
        declared.unknown(0, "its dependencies are no list")
        items = []
    for item in items:
        reader.item(item)
    return declared.inventory(project_at(tree, directory), states_all=not reader.lock)


def _channels(document: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """The channels that packages may come from, as properties."""
    from bomvet.resolvers.conda._channel import public  # noqa: PLC0415 - see above

    listed = document.get("channels")
    names = [public(name) for name in listed if isinstance(name, str)] if isinstance(listed, list) else []
    return tuple(("bomvet:channel", name) for name in names if name and name != "nodefaults")


ENVIRONMENT = Resolver(
    id=ID,
    title="environment.yml of conda",
    globs=(
        "**/environment.yml",
        "**/environment.yaml",
        "**/environment-*.yml",
        "**/environment-*.yaml",
        "**/environment_*.yml",
        "**/environment_*.yaml",
    ),
    parse=parse_environment,
    reads="where no conda-lock.yml locks them its packages with channel, version and build, and those of its pip list",
    limits="NAME=VERSION allows every version that begins so, and counts as not locked",
)
