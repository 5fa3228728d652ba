"""`Pipfile.lock`: what each category pins, with its hashes.  It says nothing of who needs whom.

What the project itself asks for stands in the `Pipfile` beside it.
Sources: https://pipenv.pypa.io/en/latest/pipfile.html and Pipenv's own writer; `pipfile-spec` 6.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

from bomvet.errors import BomvetError, MalformedError
from bomvet.model.inventory import (
    Completeness,
    Component,
    Distribution,
    Inventory,
    Location,
    Relationship,
    Scope,
)
from bomvet.model.purl import public_url, pypi_name, pypi_purl
from bomvet.model.records import replace
from bomvet.plugin import FileTree, Resolver
from bomvet.resolvers.python._conditions import alternatives, both
from bomvet.resolvers.python._lock import Lock
from bomvet.resolvers.python._lock_tables import (
    Table,
    archive_version,
    beside,
    digests,
    is_archive,
    is_wheel,
    listed,
    own_project,
    repository,
    table,
    text,
    texts,
    vcs_url,
)
from bomvet.resolvers.python._project import load_toml, project_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ID = "python/pipfile-lock"
_META = "_meta"
#: How deep in the lock the keys of categories stand, and those of entries.
_OF_CATEGORIES, _OF_ENTRIES = 1, 2
#: Categories by their tables in a Pipfile; others have one name in both.
_TABLES = {"default": "packages", "develop": "dev-packages"}
#: Conditions that old locks have under keys of their own.
_CONDITIONS = (
    "os_name", "sys_platform", "platform_machine", "platform_python_implementation", "platform_release",
    "platform_system", "platform_version", "python_version", "python_full_version", "implementation_name",
    "implementation_version",
)  # fmt: skip


class _Entry(NamedTuple):
    """An entry of a category as the component that it installs."""

    category: str
    name: str
    marker: str
    component: Component
    location: Location


def parse_pipfile_lock(tree: FileTree, path: str) -> Inventory:
    """The inventory of one lock; raises `MalformedError` where it is no lock at all."""
    from bomvet.resolvers._json import load_object  # noqa: PLC0415 - where there is such a lock

    data = tree.read(path)
    document = load_object(data)
    if not isinstance(document.get(_META), dict) and not isinstance(document.get("default"), dict):
        raise MalformedError("no lock of Pipenv: it has neither _meta nor default", line=1)
    lock = Lock(tree, path, ID, lambda found, _: found)
    direct = _direct(lock)
    location = Location(path=path)
    project = project_at(tree, lock.directory)
    project = replace(
        project,
        dependencies=Completeness.UNKNOWN if direct is None else Completeness.COMPLETE,
        locations=tuple(sorted({*project.locations, location})),
    )
    entries = [*_entries(lock, document, data)]
    edges = [*_edges(project, entries, direct or {})]
    if direct and _has_missing(lock, direct, entries, project.name):
        project = replace(project, dependencies=Completeness.INCOMPLETE)
    components = (project, *_components(entries))
    return Inventory(components=components, relationships=tuple(edges), unknowns=tuple(lock.unknowns))


# -- the Pipfile -----------------------------------------------------------------------------------------------

#: By category, what a Pipfile asks for: the place of each name, and whether it is asked for everywhere.
_Direct = dict[str, dict[str, tuple[Location, bool]]]


def _direct(lock: Lock) -> _Direct | None:
    """What the `Pipfile` beside the lock asks for; None where there is none that can be read."""
    path = posixpath.join(lock.directory, "Pipfile")
    if not lock.tree.exists(path):
        return None
    try:
        data = lock.tree.read(path)
        document = load_toml(data)
    except BomvetError as error:
        lock.unknown(Location(path=path, line=getattr(error, "line", 0)), f"what the project asks for is open: {error}")
        return None
    from bomvet.resolvers.python._toml_places import Places  # noqa: PLC0415 - where there is such a file

    places = Places(data)
    names = {table_name: category for category, table_name in _TABLES.items()}
    found: _Direct = {}
    for header, entries in document.items():
        if isinstance(entries, dict) and header not in ("requires", "scripts", "pipenv"):
            found[names.get(header, header)] = {
                pypi_name(name): (
                    Location(path=path, line=places.line((header, name))),
                    not _marker(table(value)),
                )
                for name, value in entries.items()
            }
    return found


def _has_missing(lock: Lock, direct: _Direct, entries: list[_Entry], project: str) -> bool:
    """Whether the `Pipfile` asks for what is not locked, each of which is noted."""
    known = {(entry.category, entry.name) for entry in entries}
    missing = [
        (place, name)
        for category, names in direct.items()
        for name, (place, everywhere) in names.items()
        if everywhere and (category, name) not in known
    ]
    for place, name in missing:
        lock.unknown(place, f"{name}, which {project} needs, is not in the lock")
    return bool(missing)


# -- the lock --------------------------------------------------------------------------------------------------


def _entries(lock: Lock, document: Table, data: bytes) -> Iterator[_Entry]:
    lines = _lines(data)
    registries = _registries(document)
    for category, values in document.items():
        if category == _META:
            continue
        if not isinstance(values, dict):
            lock.unknown(Location(path=lock.path), f"the category {category[:40]!r} is no object")
            continue
        for name, value in values.items():
            location = Location(path=lock.path, line=lines.get((category, name), 0))
            if not isinstance(value, dict) or not pypi_name(name):
                lock.unknown(location, f"what {pypi_name(name)[:80]!r} is pinned to is not understood")
                continue
            component = _component(lock, pypi_name(name), value, location, registries)
            yield _Entry(category, pypi_name(name), _marker(value), component, location)


def _component(lock: Lock, name: str, value: Table, location: Location, registries: Mapping[str, str]) -> Component:
    place = text(value.get("path")) or text(value.get("file"))
    kind = repository(value)
    if place and not kind and "://" not in place and not is_archive(place):
        # Old locks call a folder by a digest; the project itself has its own name.
        project = own_project(lock, "" if posixpath.normpath(place) == "." else name, "", place, location)
        return replace(project, dependencies=Completeness.UNKNOWN)
    hashes = [digest for item in _hashes(value) for digest in digests(lock, item, name, location)]
    version, qualifiers, url = _version(value), {}, ""
    properties = [("bomvet:extra", extra) for extra in texts(value.get("extras"))]
    if kind:
        qualifiers["vcs_url"] = vcs_url(kind, value[kind], text(value.get("ref")))
    elif "://" in place:
        qualifiers["download_url"] = url = public_url(place)
        version = version or archive_version(url)
    elif place:
        qualifiers["file_name"], url = posixpath.basename(place), beside(lock, place)
        version = version or archive_version(url)
    else:
        if not version:
            lock.unknown(location, f"{name} is not pinned, so what gets installed is open")
        registry = registries.get(text(value.get("index")), registries.get("", ""))
        properties += [("bomvet:registry", registry)] if registry else []
    files = (Distribution(url=url, hashes=tuple(sorted(set(hashes))), source=not is_wheel(url)),) if url else ()
    return Component(
        purl=pypi_purl(name, version, qualifiers),
        name=name,
        version=version,
        hashes=() if url else tuple(sorted(set(hashes))),
        distributions=files,
        locations=(location,),
        properties=tuple(sorted(set(properties))),
    )


def _version(value: Table) -> str:
    match = re.fullmatch(r"\s*(?:={2,3})?\s*([0-9A-Za-z.!+_-]+)\s*", text(value.get("version")))
    return match[1] if match else ""


def _hashes(value: Table) -> list[object]:
    hashes = value.get("hashes", value.get("hash", []))
    return hashes if isinstance(hashes, list) else [hashes]


def _marker(value: Table) -> str:
    marker = text(value.get("markers"))
    for key in _CONDITIONS:
        if condition := text(value.get(key)):
            marker = both(marker, f"{key} {condition}")
    return marker


def _registries(document: Table) -> dict[str, str]:
    """Where packages come from by the names of the sources; under "" the first, which all else comes from."""
    found: dict[str, str] = {}
    for source in map(table, listed(table(document.get(_META)).get("sources"))):
        if url := public_url(text(source.get("url"))):
            found.setdefault("", url)
            found.setdefault(text(source.get("name")), url)
    return found


def _lines(data: bytes) -> dict[tuple[str, str], int]:
    """Where each entry begins that is an object: those stand in objects in the one that is the lock."""
    from bomvet.resolvers._json import Lines  # noqa: PLC0415 - where there is such a lock

    lines, depth, key, category = Lines(data), 0, None, ""
    found: dict[tuple[str, str], int] = {}
    for token in re.finditer(rb'"((?:[^"\\]|\\.)*+)"|[{}\[\]]', data):
        sign = token[0]
        if sign in (b"{", b"["):
            if key is not None and sign == b"{":
                name = _key(key[0])
                if depth == _OF_CATEGORIES:
                    category = name
                elif depth == _OF_ENTRIES:
                    found[category, name] = lines.of(key.start())
            depth += 1
        elif sign in (b"}", b"]"):
            depth -= 1
        key = token if token[1] is not None else None
    return found


def _key(text: bytes) -> str:
    import orjson  # noqa: PLC0415 - it is loaded already

    return str(orjson.loads(text))


# -- what it makes ---------------------------------------------------------------------------------------------


def _edges(project: Component, entries: list[_Entry], direct: _Direct) -> Iterator[Relationship]:
    """From the project to what it asks for; to all of a category where that is not known."""
    for entry in entries:
        names = direct.get(entry.category)
        if entry.component.purl == project.purl or (names is not None and entry.name not in names):
            continue
        group = "dev" if entry.category == "develop" else f"group:{pypi_name(entry.category)}"
        yield Relationship(
            source=project.purl,
            target=entry.component.purl,
            roles=() if entry.category == "default" else (group,),
            markers=(entry.marker,) if entry.marker else (),
            evidence=(names[entry.name][0] if names else entry.location,),
        )


def _components(entries: list[_Entry]) -> Iterator[Component]:
    """The component of each entry, with the conditions under which any category installs it."""
    markers: dict[str, set[str]] = {}
    for entry in entries:
        markers.setdefault(entry.component.purl, set()).add(entry.marker)
    for entry in entries:
        component = entry.component
        if component.first_party:
            yield component
            continue
        conditions = alternatives(sorted(markers[component.purl]))
        properties = {*component.properties, *(("bomvet:marker", marker) for marker in conditions)}
        scope = Scope.REQUIRED if entry.category == "default" else Scope.DEV
        yield replace(component, scope=scope, properties=tuple(sorted(properties)))


PIPFILE_LOCK = Resolver(
    id=ID,
    title="Pipfile.lock",
    globs=("**/Pipfile.lock",),
    parse=parse_pipfile_lock,
    locks=True,
    reads="packages of all categories, hashes, markers, extras, registries, repositories, folders",
    limits="no edges between packages, which the lock does not state; direct dependencies with the Pipfile beside it",
)
