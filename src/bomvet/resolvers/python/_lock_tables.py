"""What the tables of all Python locks have in common: where they stand, where packages come from, their files."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from bomvet.errors import MalformedError
from bomvet.model.inventory import Completeness, Component, Distribution, Hash, Location
from bomvet.model.purl import public_url
from bomvet.model.records import replace
from bomvet.resolvers.python._project import project_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.resolvers.python._lock import Lock

Table = dict[str, Any]
_ARCHIVES = (".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar")
#: `git@host:path`, which is no URL.
_REMOTE = re.compile(r"(?:[^/@:\s]+@)?([^/@:\s]+\.[^/@:\s]+):(?!//|[0-9]+/)(.+)", re.DOTALL)


def package_tables(document: Table, key: str) -> list[Any]:
    """The array of packages; raises `MalformedError` where it is none."""
    tables = document.get(key, [])
    if not isinstance(tables, list):
        raise MalformedError(f"'{key}' is no array of tables")
    return tables


def locations(data: bytes, path: str, header: re.Pattern[bytes], tables: list[Any]) -> list[Location]:
    """Where each package's `name` line is; the file alone where what looks like headers are not the tables.

    The first group of `header` is the name, at whose line it ends.
    """
    headers = list(header.finditer(data))
    names = [table.get("name") if isinstance(table, dict) else None for table in tables]
    if [None if found[1] is None else found[1].decode("utf-8") for found in headers] != names:
        return [Location(path=path)] * len(tables)
    lines, line, at = [], 1, 0
    for found in headers:
        # Of a package without a name it is the line below its header.
        end = found.start() if found[1] is None else found.end()
        line += data.count(b"\n", at, end)
        at = end
        lines.append(Location(path=path, line=line + 1 if found[1] is None else line))
    return lines


def own_project(lock: Lock, name: str, version: str, place: str, location: Location) -> Component:
    """The project in the folder `place`, seen from the lock."""
    directory = posixpath.normpath(posixpath.join(lock.directory, place))
    if directory.startswith(("../", "/")) or directory == "..":
        lock.unknown(location, f"{name} lies outside the scanned tree")
    project = project_at(lock.tree, "" if directory == "." else directory, name=name, version=version)
    return replace(project, dependencies=Completeness.COMPLETE, locations=tuple(sorted({*project.locations, location})))


def beside(lock: Lock, place: str) -> str:
    """The path in the tree of a file that the lock names."""
    return public_url(posixpath.normpath(posixpath.join(lock.directory, place)))


def vcs_url(kind: str, repository: str, commit: str) -> str:
    """What a purl says of a repository; the commit alone says what is installed of it."""
    if remote := _REMOTE.fullmatch(repository):
        repository = f"ssh://{remote[1]}/{remote[2]}"
    repository = public_url(repository.removeprefix(f"{kind}+"))
    return f"{kind}+{repository}@{commit}" if commit else f"{kind}+{repository}"


def files(lock: Lock, entries: object, name: str, location: Location, url: str = "") -> Iterator[Distribution]:
    """The files of a package as Poetry and PDM list them; `url` is the address where only one can be meant."""
    for entry in entries if isinstance(entries, list) else [entries]:
        if not isinstance(entry, dict):
            lock.unknown(location, f"a distribution file of {name} is no table")
            continue
        place = url or public_url(text(entry.get("url"))) or text(entry.get("file"))
        yield Distribution(
            url=place, hashes=digests(lock, entry.get("hash"), name, location), source=not is_wheel(place)
        )


def digests(lock: Lock, text: object, name: str, location: Location) -> tuple[Hash, ...]:
    """The digest that `text` is, `ALGORITHM:HEX`; none, which is noted, where it is another thing."""
    if text is None:
        return ()
    try:
        return (Hash.parse(text if isinstance(text, str) else ""),)
    except ValueError as error:
        lock.unknown(location, f"a hash of {name} cannot be used: {error}")
        return ()


def is_wheel(file: str) -> bool:
    """Whether a file is built, so that it is no source."""
    return file.partition("?")[0].partition("#")[0].lower().endswith((".whl", ".egg", ".exe"))


def is_archive(place: str) -> bool:
    """Whether a path is that of a file that can be installed, and not of a folder."""
    return place.lower().endswith(_ARCHIVES)


def archive_version(place: str) -> str:
    """The version that the name of a file states; empty where it is neither a wheel nor a source archive."""
    from bomvet.resolvers.python._requirement_lines import file_version  # noqa: PLC0415 - rarely needed

    return file_version(place)[1]


def repository(entry: Table) -> str:
    """The key, which is the kind, of the repository that an entry comes from; empty where it does not."""
    return next((kind for kind in ("git", "hg", "svn", "bzr") if text(entry.get(kind))), "")


def listed(value: object) -> list[Any]:
    """`value` if it is a list, else none."""
    return value if isinstance(value, list) else []


def texts(value: object) -> list[str]:
    """The texts in a list."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def text(value: object) -> str:
    """`value` if it is text, else none."""
    return value if isinstance(value, str) else ""


def table(value: object) -> Table:
    """`value` if it is a table, else an empty one."""
    return value if isinstance(value, dict) else {}
