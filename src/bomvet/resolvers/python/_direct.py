"""What a project asks for itself, for the locks that do not say so: by its `pyproject.toml`."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from bomvet.model.inventory import Completeness, Location
from bomvet.model.purl import pypi_name
from bomvet.model.records import replace
from bomvet.resolvers.python._conditions import both
from bomvet.resolvers.python._lock import Dependency, Package
from bomvet.resolvers.python._lock_tables import Table, table, texts
from bomvet.resolvers.python._pep508 import requirement
from bomvet.resolvers.python._poetry import stated
from bomvet.resolvers.python._project import project_at, pyproject
from bomvet.resolvers.python._tables import Manifest
from bomvet.resolvers.python._toml_places import Places

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.resolvers.python._lock import Lock
    from bomvet.resolvers.python._tables import Stated


def project_package(lock: Lock, locked: frozenset[str] | None = None) -> tuple[Package, bool]:
    """The project in the folder of `lock`, and whether its manifest says what it asks for.

    `locked` are the extras and groups that the lock says it is for; others may be missing.  The project is not among
    the packages of the lock yet.
    """
    project = project_at(lock.tree, lock.directory)
    location = Location(path=lock.path)
    package = Package(replace(project, locations=tuple(sorted({*project.locations, location}))), location)
    document = pyproject(lock.tree, lock.directory)
    manifest = Manifest(document)
    asks = (manifest.states_all or manifest.declares) and not manifest.dynamic
    if manifest.declares:
        _read(lock, package, manifest, locked)
    completeness = Completeness.COMPLETE if asks else Completeness.UNKNOWN
    package.component = replace(package.component, dependencies=completeness)
    return package, asks


def _read(lock: Lock, package: Package, manifest: Manifest, locked: frozenset[str] | None) -> None:
    """The lists of the manifest as those of `package`; what is no dependency its own reader tells."""
    path = posixpath.join(lock.directory, "pyproject.toml")
    package.location = Location(path=path)
    places = Places(lock.tree.read(path))
    enriching = _enriching(manifest)
    for entry in manifest.stated():
        kind, _, name = entry.role.partition(":")
        location = Location(path=path, line=places.line(entry.key, entry.text))
        # A list may take over another one, which the lock is not for.
        spared = bool(kind) and locked is not None and not {name, pypi_name(entry.key[-1])} <= locked
        found = [
            dependency._replace(location=location, offered=spared)
            for dependency in _dependencies(manifest, entry, enriching)
        ]
        if not kind:
            package.required += found
        else:  # an option of no extra is that of one without a name
            lists = package.groups if kind == "group" else package.extras
            lists.setdefault(name, []).extend(found)


def _dependencies(manifest: Manifest, entry: Stated, enriching: Table) -> Iterator[Dependency]:
    """An entry, with its extras and conditions: a text, or what a key of Poetry's tables holds."""
    if entry.text:
        if (dependency := requirement(entry.text)) is not None:
            yield from _enriched(dependency, enriching.get(dependency.name))
        return
    value: object = manifest.document
    for key in entry.key:
        value = table(value).get(key)
    yield from (item[0] for item in stated(entry.key[-1], value) if item)


def _enriching(manifest: Manifest) -> Table:
    """Poetry's main table, where PEP 621 states the dependencies: it only says more of them then."""
    project = table(manifest.document.get("project"))
    poetry = table(table(manifest.document.get("tool")).get("poetry"))
    is_standard = "dependencies" in project or "optional-dependencies" in project
    if not is_standard or "dependencies" in texts(project.get("dynamic")):
        return {}
    return {pypi_name(name): value for name, value in table(poetry.get("dependencies")).items()}


def _enriched(dependency: Dependency, value: object) -> list[Dependency]:
    """`dependency` with what Poetry's table says of it besides: of several sources each has its conditions."""
    more = [item[0] for item in stated(dependency.name, value) if item] if value is not None else []
    return [
        dependency._replace(
            extras=tuple(dict.fromkeys((*dependency.extras, *other.extras))),
            marker=both(dependency.marker, other.marker),
            specifier=dependency.specifier or other.specifier,
        )
        for other in more
    ] or [dependency]
