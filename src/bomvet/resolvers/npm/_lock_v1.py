"""Version 1 of `package-lock.json` (npm 5 and 6): its nested tables as the flat one of the later versions.

Source: https://docs.npmjs.com/cli/v6/configuring-npm/package-lock-json, and how npm 7 and later read it.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from bomvet.model.archives import registry_archive
from bomvet.resolvers.npm._origin import archive_version, is_git

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: Longer paths are in no file system, and are not put together.
LONGEST = 4096
_ARCHIVES = (".tgz", ".tar.gz", ".tar")
_URL = re.compile(r"https?:", re.IGNORECASE)

_Object = dict[str, Any]


class Entry(NamedTuple):
    """One entry by the folder it is installed in; `value` is what stands there, an object in a sound lock."""

    key: str
    value: Any
    line: int


def names(table: object) -> list[tuple[str, bool]]:
    """The names in `table` and below, each before those of its own, and whether an object stands there."""
    return [(name, isinstance(value, dict)) for name, value, _ in _members(table, "")]


def flattened(table: object, lines: Iterable[int]) -> Iterator[Entry]:
    """The entries in `table` and below; `lines` are theirs in the order of `names`.

    What stands too deep has a key that is longer than `LONGEST`, and is not to be used.
    """
    own = {""}  # the root stands in no table
    for (name, value, folder), line in zip(_members(table, ""), lines, strict=True):
        key = f"{folder}node_modules/{name}"
        if not isinstance(value, dict):
            yield Entry(key, value, line)
            continue
        place = _folder(value)
        if place is None:
            yield Entry(key, _entry(name, value), line)
            continue
        yield Entry(key, {"link": True, "resolved": place}, line)
        if place not in own:
            own.add(place)
            # What it needs stands in its package.json, if that is there; `requires` is the same for third parties.
            yield Entry(place, _flags(value), line)


def _members(table: object, folder: str) -> Iterator[tuple[str, Any, str]]:
    """Name, value and the folder whose `node_modules` it stands in, without recursion."""
    todo = [(folder, iter(table.items() if isinstance(table, dict) else ()))]
    while todo:
        folder, members = todo[-1]
        for name, value in members:
            yield name, value, folder
            inner = value.get("dependencies") if isinstance(value, dict) else None
            if isinstance(inner, dict) and inner:
                todo.append((_below(folder, name, value), iter(inner.items())))
                break
        else:
            todo.pop()


def _below(folder: str, name: str, value: _Object) -> str:
    """The folder whose `node_modules` the dependencies of an entry stand in; of a link that is its target."""
    place = _folder(value)
    below = f"{folder}node_modules/{name}/" if place is None else f"{place}/" if place else ""
    return below[: LONGEST + 1]  # or what stands in a very long one would be put together again and again


def _folder(value: _Object) -> str | None:
    """Where the folder lies that an entry means, from the lock; None where it is no folder but a package."""
    version = value.get("version")
    if not isinstance(version, str) or not version.startswith("file:") or is_archive(version):
        return None
    path = posixpath.normpath(version[len("file:") :])
    return "" if path == "." else path


def is_archive(text: str) -> bool:
    """Whether a `file:` specifier names an archive, and not a folder."""
    return text.partition("#")[0].lower().endswith(_ARCHIVES)


def _flags(value: _Object) -> _Object:
    kept = ("dev", "optional", "devOptional", "peer", "requires", "extraneous")
    return {key: value[key] for key in kept if key in value}


def _entry(name: str, value: _Object) -> _Object:
    """As later versions state it: name and version of the package itself, and in `resolved` where it is from."""
    entry = {key: value[key] for key in ("integrity", "resolved") if key in value} | _flags(value)
    if value.get("bundled"):
        entry["inBundle"] = True
    version = value.get("version")
    if not isinstance(version, str):
        return entry | ({"version": version} if "version" in value else {})
    if version.startswith("npm:"):
        entry["name"], _, entry["version"] = version[len("npm:") :].rpartition("@")
    elif is_git(version):
        entry["resolved"] = version
    elif version.startswith("file:") or _URL.match(version):
        archive = registry_archive(version)
        own = archive.name if archive else name
        if own != name:
            entry["name"] = own
        entry["resolved"], entry["version"] = version, archive_version(own, version)
    else:
        entry["version"] = version
    return entry
