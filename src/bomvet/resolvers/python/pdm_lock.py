"""`pdm.lock`: components, edges, scopes, hashes and files, of lock versions 2 to 4.

A package stands in it once for itself and once for each set of extras that is asked for; here these are one.
What the project itself asks for stands in its `pyproject.toml`.
Sources: PDM's own writer and reader (`pdm.project.lockfile`, `pdm.models.repositories.lock`), https://pdm-project.org.
"""

from __future__ import annotations

import posixpath
import re
from typing import Any

from bomvet.errors import MalformedError
from bomvet.model.inventory import Completeness, Component, Inventory, Location, Scope
from bomvet.model.purl import public_url, pypi_name, pypi_purl
from bomvet.model.records import replace
from bomvet.plugin import FileTree, Resolver
from bomvet.resolvers.python._conditions import alternatives
from bomvet.resolvers.python._lock import Asked, Dependency, Lock, Package
from bomvet.resolvers.python._lock_tables import (
    Table,
    beside,
    files,
    is_archive,
    locations,
    own_project,
    package_tables,
    repository,
    table,
    text,
    texts,
    vcs_url,
)
from bomvet.resolvers.python._project import load_toml

ID = "python/pdm-lock"
_MAIN = "default"


def parse_pdm_lock(tree: FileTree, path: str) -> Inventory:
    """The inventory of one lock; raises `MalformedError` where it is no lock at all."""
    from bomvet.resolvers.python._constraints import fitting  # noqa: PLC0415 - where there is such a lock
    from bomvet.resolvers.python._direct import project_package  # noqa: PLC0415 - where there is such a lock

    data = tree.read(path)
    document = load_toml(data)
    metadata = table(document.get("metadata"))
    version = metadata.get("lock_version")
    if not isinstance(version, str) or not re.fullmatch(r"[234](?:\.[0-9]+)*", version):
        raise MalformedError(f"lock version {version!r} is not known, only 2 to 4")
    tables = package_tables(document, "package")
    lock = Lock(tree, path, ID, fitting, tolerant=True)
    groups = metadata.get("groups")
    locked = frozenset(map(pypi_name, texts(groups))) if isinstance(groups, list) else None
    project, asks = project_package(lock, locked)
    reader = _Reader(lock, metadata)
    for entry, location in zip(tables, locations(data, path, _header(), tables), strict=True):
        reader.read(entry, location)
    reader.finish()
    lock.add(project)
    return lock.inventory(hang_on=None if asks else project)


def _header() -> re.Pattern[bytes]:
    """Old locks do not begin with the name either."""
    return re.compile(
        rb"^\[\[package\]\][ \t]*\r?\n(?:(?:(?!\[|name = )[^\n]*\n)*+name = \"([^\"\r\n]*)\")?", re.MULTILINE
    )


class _Reader:
    """Turns the tables of one lock into packages."""

    def __init__(self, lock: Lock, metadata: Table) -> None:
        self.lock, self.files = lock, table(metadata.get("files"))
        self.known: dict[str, Package] = {}
        self.groups: dict[str, set[str]] = {}
        self.markers: dict[str, list[str]] = {}
        self.bases: set[str] = set()

    def read(self, entry: object, location: Location) -> None:
        """One entry; what is no package is noted."""
        lock = self.lock
        name = pypi_name(text(table(entry).get("name")))
        if not isinstance(entry, dict) or not name:
            lock.unknown(location, "a package without a name")
            return
        before = len(lock.unknowns)
        component = self._component(entry, name, location)
        package = self.known.get(component.purl)
        if package is None:
            package = self.known[component.purl] = Package(component, location)
            lock.add(package, name)
        else:
            lock.repeat(component)
        dependencies = [d for d in self._dependencies(entry, name, location) if d.name != name]
        extras = ",".join(sorted({pypi_name(extra) for extra in texts(entry.get("extras"))}))
        if extras:
            package.extras.setdefault(extras, []).extend(dependencies)
        else:
            package.required += dependencies
            self.bases.add(component.purl)
        if len(lock.unknowns) > before:
            package.component = replace(package.component, dependencies=Completeness.INCOMPLETE)
        self._note_reasons(component.purl, entry)

    def _component(self, entry: Table, name: str, location: Location) -> Component:
        lock, version = self.lock, entry.get("version", "")
        if not isinstance(version, str):
            lock.unknown(location, f"the version of {name} is no text")
            version = ""
        path = text(entry.get("path"))
        if path and not is_archive(path) and not repository(entry):
            return own_project(lock, name, version, path, location)
        qualifiers, place = _origin(lock, entry)
        if not version and "vcs_url" not in qualifiers:
            lock.unknown(location, f"{name} has no version")
        pythons = text(entry.get("requires_python")).strip()
        entries = entry["files"] if "files" in entry else self._old_files(name, version)
        return Component(
            purl=pypi_purl(name, version, qualifiers),
            name=name,
            version=version,
            dependencies=Completeness.COMPLETE,
            description=" ".join(text(entry.get("summary")).split()),
            distributions=tuple(sorted(set(files(lock, entries, name, location, place)))),
            locations=(location,),
            properties=(("bomvet:requires-python", pythons),) if pythons.strip("* ") else (),
        )

    def _old_files(self, name: str, version: str) -> Any:
        """Files by name and version, which locks below 4.3 have apart."""
        return self.files.get(f"{name} {version}", [])

    def _dependencies(self, entry: Table, name: str, location: Location) -> list[Dependency]:
        from bomvet.resolvers.python._pep508 import requirement  # noqa: PLC0415 - where there is such a lock

        found, stated = [], entry.get("dependencies", [])
        for line in stated if isinstance(stated, list) else [stated]:
            dependency = requirement(line) if isinstance(line, str) else None
            if dependency is None:
                self.lock.unknown(location, f"a dependency of {name} is no requirement")
            else:
                found.append(dependency)
        return found

    def _note_reasons(self, purl: str, entry: Table) -> None:
        """Of several entries of a package each may be asked for by other groups, under other conditions."""
        self.groups.setdefault(purl, set()).update(map(pypi_name, texts(entry.get("groups"))))
        self.markers.setdefault(purl, []).append(text(entry.get("marker")))

    def finish(self) -> None:
        """What can be said of packages only when all entries are read."""
        for purl, package in self.known.items():
            groups = sorted(self.groups[purl])
            if purl not in self.bases:
                reason = f"{package.component.name} stands in the lock with extras alone, so what it needs is open"
                self.lock.unknown(package.location, reason)
                package.component = replace(package.component, dependencies=Completeness.INCOMPLETE)
            if any(self.markers[purl]):
                package.markers = alternatives(self.markers[purl])
            if groups:
                # The lock does not tell extras of the project from groups of its development: neither is installed
                # with the project unless somebody asks for it.
                package.scope = Scope.REQUIRED if _MAIN in groups else Scope.DEV
            marker = (package.markers or ("",))[0] if len(package.markers or ("",)) == 1 else ""
            package.asked = tuple(
                Asked("" if group == _MAIN else "group", "" if group == _MAIN else group, marker) for group in groups
            )


def _origin(lock: Lock, entry: Table) -> tuple[dict[str, str], str]:
    """Purl qualifiers that say where a package comes from, and the address of its one file."""
    url, path = text(entry.get("url")), text(entry.get("path"))
    if kind := repository(entry):
        return {"vcs_url": vcs_url(kind, entry[kind], text(entry.get("revision")) or text(entry.get("ref")))}, ""
    if path:
        return {"file_name": posixpath.basename(path)}, beside(lock, path)
    if url:
        return {"download_url": public_url(url)}, public_url(url)
    return {}, ""


PDM_LOCK = Resolver(
    id=ID,
    title="pdm.lock",
    globs=("**/pdm.lock",),
    parse=parse_pdm_lock,
    locks=True,
    reads="packages, edges with extras, groups and markers, scopes, hashes, files, projects in folders",
    limits="what only extras of the project need counts as development; no licences or registries, which it lacks",
)
