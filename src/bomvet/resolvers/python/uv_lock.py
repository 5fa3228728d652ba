"""`uv.lock`: components, edges, scopes, hashes and distribution files, exactly as the lock states them.

Source: https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile and uv's own writer; lock versions 1.x.
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from bomvet.errors import MalformedError
from bomvet.model.inventory import (
    Completeness,
    Component,
    Distribution,
    Hash,
    Inventory,
    Location,
    Relationship,
    Scope,
    Unknown,
)
from bomvet.model.purl import public_url, pypi_name, pypi_purl
from bomvet.model.records import dataclass, replace
from bomvet.model.text import shown
from bomvet.plugin import FileTree, Resolver
from bomvet.resolvers._alike import Alike, too_many
from bomvet.resolvers.python._project import load_toml, project_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ID = "python/uv-lock"
_PACKAGE_HEADER = re.compile(rb"^\[\[package\]\][ \t]*\r?\n(?:name = \"([^\"\r\n]*)\")?", re.MULTILINE)
#: Sources that are folders of the project itself.
_OWN_SOURCES = ("virtual", "editable", "directory")
_SOURCES = (*_OWN_SOURCES, "registry", "git", "url", "path")

_Table = dict[str, Any]
#: A source table as something that can be compared and hashed.
_Source = tuple[tuple[str, str], ...]


class _Dependency(NamedTuple):
    """An entry of a dependency list."""

    name: str
    version: str
    source: _Source
    extras: tuple[str, ...]
    marker: str


@dataclass(slots=True, kw_only=True)
class _Package:
    """A `[[package]]` table, read."""

    component: Component
    source: _Source
    location: Location
    required: list[_Dependency]
    extras: dict[str, list[_Dependency]]
    groups: dict[str, list[_Dependency]]

    def lists(self) -> Iterator[list[_Dependency]]:
        """All its dependency lists."""
        yield self.required
        yield from self.extras.values()
        yield from self.groups.values()


class _Lock:
    """One lock file while it is read; what cannot be read is collected in `unknowns`."""

    def __init__(self, tree: FileTree, path: str) -> None:
        self.tree, self.path, self.directory = tree, path, posixpath.dirname(path)
        self.unknowns: list[Unknown] = []
        self.packages: list[_Package] = []
        self.by_name: dict[str, Alike[_Package]] = defaultdict(Alike)

    def unknown(self, location: Location, reason: str) -> None:
        """Note something that was not understood."""
        self.unknowns.append(Unknown(location=location, resolver=ID, reason=reason))

    def targets(self, dependency: _Dependency) -> list[_Package]:
        """The packages that `dependency` means: uv states version and source only where the name is ambiguous."""
        found: list[_Package] = self.by_name.get(dependency.name, [])
        if len(found) > 1:
            found = [
                p
                for p in found
                if dependency.version in ("", p.component.version) and dependency.source in ((), p.source)
            ]
        return found


def parse_uv_lock(tree: FileTree, path: str) -> Inventory:
    """The inventory of one lock; raises `MalformedError` where it is no lock at all."""
    data = tree.read(path)
    document = load_toml(data)
    _check_version(document.get("version"))
    tables = document.get("package", [])
    if not isinstance(tables, list):
        raise MalformedError("'package' is no array of tables")
    lock = _Lock(tree, path)
    for table, location in zip(tables, _locations(data, path, tables), strict=True):
        _read_package(lock, table, location)
    manifest = document.get("manifest")
    root = _workspace_root(lock, manifest)
    _set_scopes(lock, _list(manifest.get("members")) if isinstance(manifest, dict) else [])
    _set_markers(lock)
    relationships = tuple(_edges(lock))
    return Inventory.merge([
        Inventory(
            components=tuple(p.component for p in lock.packages),
            relationships=relationships,
            unknowns=tuple(lock.unknowns),
        ),
        root,
    ])  # fmt: skip


def _check_version(version: object) -> None:
    if type(version) is not int or version != 1:
        raise MalformedError(f"lock version {version!r} is not known, only 1")


def _locations(data: bytes, path: str, tables: list[Any]) -> list[Location]:
    """Where each package's `name` line is; the file alone where what looks like headers are not the tables."""
    headers = list(_PACKAGE_HEADER.finditer(data))
    names = [table.get("name") if isinstance(table, dict) else None for table in tables]
    if [header[1] and header[1].decode("utf-8") for header in headers] != names:
        return [Location(path=path)] * len(tables)
    lines, line, at = [], 1, 0
    for header in headers:
        line += data.count(b"\n", at, header.start())
        at = header.start()
        lines.append(Location(path=path, line=line + 1))
    return lines


def _read_package(lock: _Lock, table: object, location: Location) -> None:
    name = table.get("name") if isinstance(table, dict) else None
    if not isinstance(table, dict) or not isinstance(name, str) or not name:
        lock.unknown(location, "a package without a name")
        return
    source = table.get("source")
    # Of several uv takes the first in an order of its own, so that a package from a registry could pass for our own.
    if not isinstance(source, dict) or [isinstance(source.get(key), str) for key in _SOURCES].count(True) != 1:
        lock.unknown(location, f"where {pypi_name(name)} comes from is not understood")
        source = {}
    component = _component(lock, table, source, location)
    before = len(lock.unknowns)
    package = _Package(
        component=component,
        source=_frozen(source),
        location=location,
        required=_dependencies(lock, table.get("dependencies", []), component, location),
        extras=_named_lists(lock, table.get("optional-dependencies", {}), component, location),
        groups=_named_lists(lock, table.get("dev-dependencies", {}), component, location),
    )
    if len(lock.unknowns) > before:
        package.component = replace(component, dependencies=Completeness.INCOMPLETE)
    lock.packages.append(package)
    if lock.by_name[pypi_name(name)].add(package):
        lock.unknown(package.location, too_many(shown(name)))


def _component(lock: _Lock, table: _Table, source: _Table, location: Location) -> Component:
    name, version = pypi_name(table["name"]), table.get("version", "")
    if not isinstance(version, str):
        lock.unknown(location, f"the version of {name} is no text")
        version = ""
    for key in _OWN_SOURCES:
        if isinstance(source.get(key), str):
            return _own_project(lock, name, version, source[key], location)
    qualifiers, properties = _origin(source)
    if not version and "vcs_url" not in qualifiers:
        lock.unknown(location, f"{name} has no version")
    markers = [m for m in _list(table.get("resolution-markers")) if isinstance(m, str)]
    return Component(
        purl=pypi_purl(name, version, qualifiers),
        name=name,
        version=version,
        dependencies=Completeness.COMPLETE,
        distributions=tuple(sorted(_distributions(lock, table, source, location))),
        locations=(location,),
        properties=tuple(sorted({*properties, *(("bomvet:marker", m) for m in markers)})),
    )


def _own_project(lock: _Lock, name: str, version: str, place: str, location: Location) -> Component:
    directory = posixpath.normpath(posixpath.join(posixpath.dirname(lock.path), place))
    if directory.startswith(("../", "/")) or directory == "..":
        lock.unknown(location, f"{name} lies outside the scanned tree")
    project = project_at(lock.tree, "" if directory == "." else directory, name=name, version=version)
    return replace(project, dependencies=Completeness.COMPLETE, locations=tuple(sorted({*project.locations, location})))


def _origin(source: _Table) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Purl qualifiers and properties that say where the package comes from."""
    git, url, path, registry = (source.get(key) for key in ("git", "url", "path", "registry"))
    if isinstance(git, str):
        # uv writes REPOSITORY?rev=ASKED#COMMIT; the commit alone says what is installed.
        repository, _, commit = git.partition("#")
        repository = public_url(repository.partition("?")[0])
        return {"vcs_url": f"git+{repository}@{commit}" if commit else f"git+{repository}"}, []
    if isinstance(url, str):
        return {"download_url": public_url(url)}, []
    if isinstance(path, str):
        return {"file_name": posixpath.basename(path)}, []
    return {}, [("bomvet:registry", public_url(registry))] if isinstance(registry, str) else []


def _distributions(lock: _Lock, table: _Table, source: _Table, location: Location) -> Iterator[Distribution]:
    name, sdist, wheels = pypi_name(table["name"]), table.get("sdist"), table.get("wheels", [])
    files = [] if sdist is None else [(sdist, True)]
    for file, is_source in [*files, *((wheel, False) for wheel in (wheels if isinstance(wheels, list) else [wheels]))]:
        if not isinstance(file, dict):
            lock.unknown(location, f"a distribution file of {name} is no table")
            continue
        size, uploaded = file.get("size"), file.get("upload-time")
        yield Distribution(
            url=_file_url(lock, file, source),
            hashes=_hashes(lock, file.get("hash"), name, location),
            size=size if type(size) is int else 0,
            uploaded=uploaded if isinstance(uploaded, str) else "",
            source=is_source,
        )


def _file_url(lock: _Lock, file: _Table, source: _Table) -> str:
    """Files of a registry have a URL, those of a local index a path; the only file of a source is the source."""
    if isinstance(source.get("path"), str):
        return public_url(posixpath.normpath(posixpath.join(posixpath.dirname(lock.path), source["path"])))
    stated = (file.get("url"), file.get("path"), source.get("url"), file.get("filename"))
    return public_url(next((text for text in stated if isinstance(text, str)), ""))


def _hashes(lock: _Lock, text: object, name: str, location: Location) -> tuple[Hash, ...]:
    if text is None:
        return ()
    try:
        return (Hash.parse(text if isinstance(text, str) else ""),)
    except ValueError as error:
        lock.unknown(location, f"a hash of {name} cannot be used: {error}")
        return ()


def _named_lists(lock: _Lock, tables: object, owner: Component, location: Location) -> dict[str, list[_Dependency]]:
    if not isinstance(tables, dict):
        lock.unknown(location, f"the extras or groups of {owner.name} are no table")
        return {}
    return {pypi_name(name): _dependencies(lock, entries, owner, location) for name, entries in tables.items()}


def _dependencies(lock: _Lock, entries: object, owner: Component, location: Location) -> list[_Dependency]:
    found = []
    for entry in entries if isinstance(entries, list) else [entries]:
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or not isinstance(name, str):
            lock.unknown(location, f"a dependency of {owner.name} has no name")
            continue
        version, source, marker = entry.get("version", ""), entry.get("source", {}), entry.get("marker", "")
        extras = [pypi_name(e) for e in _list(entry.get("extra", entry.get("extras"))) if isinstance(e, str)]
        found.append(
            _Dependency(
                name=pypi_name(name),
                version=version if isinstance(version, str) else "",
                source=_frozen(source),
                extras=tuple(extras),
                marker=marker if isinstance(marker, str) else "",
            )
        )
    return found


def _frozen(source: object) -> _Source:
    table = source if isinstance(source, dict) else {}
    return tuple(sorted((key, str(value)) for key, value in table.items()))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _workspace_root(lock: _Lock, manifest: object) -> Inventory:
    """What the workspace as a whole asks for: requirements of a script, groups of a root that is no project."""
    manifest = manifest if isinstance(manifest, dict) else {}
    location = Location(path=lock.path)
    directory = posixpath.dirname(lock.path)
    owner = replace(project_at(lock.tree, directory), dependencies=Completeness.COMPLETE, locations=(location,))
    required = _dependencies(lock, manifest.get("requirements", []), owner, location)
    groups = _named_lists(lock, manifest.get("dependency-groups", {}), owner, location)
    if not required and not any(groups.values()):
        return Inventory()
    package = _Package(component=owner, source=(), location=location, required=required, extras={}, groups=groups)
    lock.packages.append(package)
    return Inventory(components=(owner,))


def _edges(lock: _Lock) -> Iterator[Relationship]:
    for package in lock.packages:
        source, evidence = package.component.purl, (package.location,)
        for dependency in {d: None for entries in package.lists() for d in entries}:
            targets = lock.targets(dependency)
            if not targets:
                lock.unknown(
                    package.location,
                    f"{dependency.name}, which {package.component.name} needs, is not in the lock",
                )
                package.component = replace(package.component, dependencies=Completeness.INCOMPLETE)
            for target in targets:
                # An extra of a package may ask for other extras of the package itself.
                if target.component.purl != source:
                    yield Relationship(source=source, target=target.component.purl, evidence=evidence)


def _set_scopes(lock: _Lock, members: list[Any]) -> None:
    """Mark what only extras (optional) or only groups (development) of the own projects reach.

    Those are the `members` of a workspace, and what is at the top; a folder that one of them depends on counts
    for as much as that dependency does.
    """
    named = {pypi_name(name) for name in members if isinstance(name, str)}
    own = [p for p in lock.packages if p.component.first_party]
    own = [p for p in own if p.component.directory == lock.directory or pypi_name(p.component.name) in named] or own
    if not own:
        return  # nothing to start from: everything counts as required
    required = _reached(lock, (d for p in own for d in p.required))
    optional = _reached(lock, (d for p in own for entries in p.extras.values() for d in entries))
    development = _reached(lock, (d for p in own for entries in p.groups.values() for d in entries))
    for number, package in enumerate(lock.packages):
        if package.component.first_party or number in required:
            continue
        scope = Scope.OPTIONAL if number in optional else Scope.DEV if number in development else Scope.REQUIRED
        package.component = replace(package.component, scope=scope)


def _set_markers(lock: _Lock) -> None:
    """Say under which conditions a package is installed at all: where everything that asks for it has one."""
    conditions: dict[int, set[str]] = defaultdict(set)
    for package in lock.packages:
        for dependency in {d: None for entries in package.lists() for d in entries}:
            for target in lock.targets(dependency):
                conditions[id(target)].add(dependency.marker)
    for package in lock.packages:
        markers = conditions[id(package)]
        if markers and "" not in markers and not package.component.first_party:
            properties = {*package.component.properties, *(("bomvet:marker", marker) for marker in markers)}
            package.component = replace(package.component, properties=tuple(sorted(properties)))


def _reached(lock: _Lock, seeds: Iterable[_Dependency]) -> set[int]:
    """Indices of the packages that `seeds` lead to; an extra counts only where somebody asks for it."""
    index = {id(package): number for number, package in enumerate(lock.packages)}
    seen: set[tuple[int, str]] = set()
    todo = list(seeds)
    while todo:
        dependency = todo.pop()
        for target in lock.targets(dependency):
            number = index[id(target)]
            for extra in ("", *dependency.extras):
                if (number, extra) not in seen:
                    seen.add((number, extra))
                    todo.extend(target.extras.get(extra, []) if extra else target.required)
    return {number for number, _ in seen}


UV_LOCK = Resolver(
    id=ID,
    title="uv.lock, and the locks of scripts",
    globs=("**/uv.lock", "**/*.py.lock"),
    parse=parse_uv_lock,
    locks=True,
)
