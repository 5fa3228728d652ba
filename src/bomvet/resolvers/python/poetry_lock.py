"""`poetry.lock`: components, edges, scopes, hashes and files, of all lock versions (1.0 to 2.1).

What the project itself asks for stands in its `pyproject.toml`.
Sources: Poetry's own writer and reader (`poetry.packages.locker`), https://python-poetry.org/docs/.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

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
    listed,
    locations,
    own_project,
    package_tables,
    table,
    text,
    texts,
    vcs_url,
)
from bomvet.resolvers.python._project import load_toml

if TYPE_CHECKING:
    from bomvet.resolvers.python._poetry import Stated

ID = "python/poetry-lock"


def parse_poetry_lock(tree: FileTree, path: str) -> Inventory:
    """The inventory of one lock; raises `MalformedError` where it is no lock at all."""
    from bomvet.resolvers.python._constraints import fitting  # noqa: PLC0415 - where there is such a lock
    from bomvet.resolvers.python._direct import project_package  # noqa: PLC0415 - where there is such a lock

    data = tree.read(path)
    document = load_toml(data)
    metadata = table(document.get("metadata"))
    _check_version(document, metadata)
    tables = package_tables(document, "package")
    lock = Lock(tree, path, ID, fitting, tolerant=True)
    project, asks = project_package(lock)
    reader = _Reader(lock, _old_files(metadata), {} if asks else _extras_of_project(document))
    for entry, location in zip(tables, locations(data, path, _header(), tables), strict=True):
        reader.read(entry, location)
    lock.add(project)
    # Without a manifest nobody can tell which extras the project asks for; what Poetry wrote down was asked for.
    return lock.inventory(unasked=not asks, hang_on=None if asks else project)


def _header() -> re.Pattern[bytes]:
    """Old locks have the keys of a package in the order of the alphabet, so that others come before its name."""
    return re.compile(
        rb"^\[\[package\]\][ \t]*\r?\n(?:(?:(?!\[|name = )[^\n]*\n)*+name = \"([^\"\r\n]*)\")?", re.MULTILINE
    )


def _check_version(document: Table, metadata: Table) -> None:
    version = metadata.get("lock-version")
    if version is None and not ("package" in document and "metadata" in document):
        raise MalformedError("no lock of Poetry: it has no packages, or no metadata")
    if version is not None and not re.fullmatch(r"[12]\.[0-9]+", str(version)):
        raise MalformedError(f"lock version {version!r} is not known, only 1.x and 2.x")


def _old_files(metadata: Table) -> dict[str, list[Any]]:
    """Files by name, which locks below 2.0 have apart; the oldest have digests alone."""
    found = {pypi_name(name): entries for name, entries in table(metadata.get("files")).items()}
    for name, values in table(metadata.get("hashes")).items():
        entries = [{"hash": f"sha256:{value}"} if isinstance(value, str) else value for value in listed(values)]
        found.setdefault(pypi_name(name), entries)
    return {name: entries if isinstance(entries, list) else [entries] for name, entries in found.items()}


def _extras_of_project(document: Table) -> dict[str, list[str]]:
    """By package, the extras of the project that ask for it: the lock repeats them."""
    found: dict[str, list[str]] = {}
    for extra, names in table(document.get("extras")).items():
        for name in texts(names):
            found.setdefault(pypi_name(name), []).append(pypi_name(extra))
    return found


class _Reader:
    """Turns the tables of one lock into packages."""

    def __init__(self, lock: Lock, files: dict[str, list[Any]], extras: dict[str, list[str]]) -> None:
        self.lock, self.files, self.extras = lock, files, extras

    def read(self, entry: object, location: Location) -> None:
        """One entry; what is no package is noted."""
        lock = self.lock
        name = pypi_name(text(table(entry).get("name")))
        if not isinstance(entry, dict) or not name:
            lock.unknown(location, "a package without a name")
            return
        before = len(lock.unknowns)
        package = Package(self._component(entry, name, location), location)
        self._read_dependencies(package, entry)
        if len(lock.unknowns) > before:
            package.component = replace(package.component, dependencies=Completeness.INCOMPLETE)
        self._read_reasons(package, entry)
        lock.add(package, name)

    def _component(self, entry: Table, name: str, location: Location) -> Component:
        lock, version = self.lock, entry.get("version")
        if not isinstance(version, str) or not version:
            lock.unknown(location, f"{name} has no version")
            version = ""
        source = table(entry.get("source"))
        kind, url = source.get("type"), text(source.get("url"))
        if kind == "directory" and url:
            return own_project(lock, name, version, url, location)
        qualifiers, properties, place = _origin(lock, source)
        if "source" in entry and not (qualifiers or properties):
            lock.unknown(location, f"where {name} comes from is not understood")
        pythons = text(entry.get("python-versions"))
        if pythons.strip(" *"):
            properties.append(("bomvet:requires-python", pythons))
        entries = entry["files"] if "files" in entry else self._old_files(name, version)
        return Component(
            purl=pypi_purl(name, version, qualifiers),
            name=name,
            version=version,
            dependencies=Completeness.COMPLETE,
            description=" ".join(text(entry.get("description")).split()),
            distributions=tuple(sorted(set(files(lock, entries, name, location, place)))),
            locations=(location,),
            properties=tuple(sorted(properties)),
        )

    def _old_files(self, name: str, version: str) -> list[Any]:
        """The files of all versions of a name stand together; those of this one are told by their names."""
        entries = self.files.get(name, [])
        own = [entry for entry in entries if isinstance(entry, dict) and f"-{version}" in text(entry.get("file"))]
        return own if version and len(own) < len(entries) and own else entries

    def _read_dependencies(self, package: Package, entry: Table) -> None:
        from bomvet.resolvers.python._poetry import stated  # noqa: PLC0415 - where there is such a lock

        lock, location, name = self.lock, package.location, package.component.name
        listing = _extras(entry.get("extras"))
        dependencies = entry.get("dependencies", {})
        if not isinstance(dependencies, dict):
            lock.unknown(location, f"the dependencies of {name} are no table")
            dependencies = {}
        known = set(map(pypi_name, dependencies))
        for key, value in dependencies.items():
            for item in stated(key, value):
                if item is None:
                    lock.unknown(location, f"a dependency of {name} is neither a range nor a table")
                else:
                    _sort(package, item, listing)
        for extra, members in listing.items():
            # What an extra asks for and is not listed above was not installed for it, unless somebody asks later.
            more = [member._replace(offered=True) for member in members if member.name not in known]
            package.extras.setdefault(extra, []).extend(more)

    def _read_reasons(self, package: Package, entry: Table) -> None:
        """Why and where the package is installed, as far as the lock says so."""
        from bomvet.resolvers.python._markers import environments  # noqa: PLC0415 - where there is such a lock

        groups, category, optional = texts(entry.get("groups")), entry.get("category"), entry.get("optional") is True
        if not groups and isinstance(category, str):
            groups = [category]
        if groups:
            main = Scope.OPTIONAL if optional else Scope.REQUIRED
            package.scope = main if "main" in groups else Scope.DEV
        markers = entry.get("markers")
        by_group = markers if isinstance(markers, dict) else dict.fromkeys(groups, markers)
        conditions = {group: environments(text(by_group.get(group))) for group in groups}
        if "groups" in entry and groups:
            package.markers = alternatives(conditions.values())
        name = package.component.name
        extras = self.extras.get(name, [""]) if optional else []
        package.asked = (
            *(Asked("extra", extra, conditions.get("main", "")) for extra in extras),
            *(
                Asked("" if group == "main" else "group", "" if group == "main" else group, conditions[group])
                for group in groups
                if group != "main" or not optional
            ),
        )


def _origin(lock: Lock, source: Table) -> tuple[dict[str, str], list[tuple[str, str]], str]:
    """Purl qualifiers and properties that say where a package comes from, and the address of its one file."""
    kind, url = text(source.get("type")), text(source.get("url"))
    if not url:
        return {}, [], ""
    if kind == "git":
        commit = text(source.get("resolved_reference")) or text(source.get("reference"))
        return {"vcs_url": vcs_url("git", url, commit)}, [], ""
    if kind == "url":
        return {"download_url": public_url(url)}, [], public_url(url)
    if kind == "file":
        return {"file_name": posixpath.basename(url)}, [], beside(lock, url)
    return {}, [("bomvet:registry", public_url(url))] if kind in ("legacy", "pypi") else [], ""


def _extras(value: object) -> dict[str, list[Dependency]]:
    """What the extras of a package ask for; who asks for one is known only when all is read."""
    from bomvet.resolvers.python._pep508 import requirement  # noqa: PLC0415 - where there is such a lock

    found = {}
    for extra, members in table(value).items():
        parsed = (requirement(member) for member in texts(members))
        found[pypi_name(extra)] = [member for member in parsed if member]
    return found


def _sort(package: Package, item: Stated, listing: dict[str, list[Dependency]]) -> None:
    """Put a dependency where it counts: always, or where one of some extras is asked for."""
    from bomvet.resolvers.python._markers import choices, given  # noqa: PLC0415 - where there is such a lock

    dependency, is_optional = item
    named, _ = choices(dependency.marker)
    extras = named or {extra for extra, members in listing.items() if any(m.name == dependency.name for m in members)}
    if not extras or not (named or is_optional):
        package.required.append(dependency)
        return
    if named and (marker := given(dependency.marker, ())) is not None:
        package.required.append(dependency._replace(marker=marker))
        return
    alone = {extra: given(dependency.marker, (extra,)) for extra in sorted(extras)}
    possible = {extra: marker for extra, marker in alone.items() if marker is not None}
    # Where no extra is enough alone, any is: the dependency then counts too often rather than never.
    for extra, marker in (possible or dict.fromkeys(alone, given(dependency.marker, extras) or "")).items():
        package.extras.setdefault(extra, []).append(dependency._replace(marker=marker))


POETRY_LOCK = Resolver(
    id=ID,
    title="poetry.lock",
    globs=("**/poetry.lock",),
    parse=parse_poetry_lock,
    locks=True,
    reads="packages, edges with extras, groups and markers, scopes, hashes, files, registries, projects in folders",
    limits="no licences, which the lock does not state; direct dependencies only with the pyproject.toml beside it",
)
