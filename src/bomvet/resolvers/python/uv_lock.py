"""`uv.lock`: components, edges, scopes, hashes and distribution files, exactly as the lock states them.

Source: https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile and uv's own writer; lock versions 1.x.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from bomvet.errors import MalformedError
from bomvet.model.inventory import (
    Completeness,
    Component,
    Distribution,
    Inventory,
    Location,
    RelationKind,
    Relationship,
)
from bomvet.model.purl import public_url, pypi_name, pypi_purl
from bomvet.model.records import replace
from bomvet.plugin import FileTree, Resolver
from bomvet.resolvers._reach import reached
from bomvet.resolvers.python._lock import Dependency, Lock, Package, Source
from bomvet.resolvers.python._lock_tables import (
    Table,
    beside,
    digests,
    locations,
    own_project,
    package_tables,
    table,
    text,
    texts,
    vcs_url,
)
from bomvet.resolvers.python._project import load_toml, project_at

if TYPE_CHECKING:
    from collections.abc import Iterator

ID = "python/uv-lock"
_HEADER = re.compile(rb"^\[\[package\]\][ \t]*\r?\n(?:name = \"([^\"\r\n]*)\")?", re.MULTILINE)
#: Sources that are folders of the project itself.
_OWN_SOURCES = ("virtual", "editable", "directory")
_SOURCES = (*_OWN_SOURCES, "registry", "git", "url", "path")


def parse_uv_lock(tree: FileTree, path: str) -> Inventory:
    """The inventory of one lock; raises `MalformedError` where it is no lock at all."""
    data = tree.read(path)
    document = load_toml(data)
    version = document.get("version")
    if type(version) is not int or version != 1:
        raise MalformedError(f"lock version {version!r} is not known, only 1")
    tables = package_tables(document, "package")
    lock = Lock(tree, path, ID, _chosen)
    for entry, location in zip(tables, locations(data, path, _HEADER, tables), strict=True):
        _read_package(lock, entry, location)
    manifest = table(document.get("manifest"))
    _read_workspace(lock, manifest)
    members = {pypi_name(name) for name in texts(manifest.get("members"))}
    inventory = lock.inventory(members=members)
    return _kept(lock, members, inventory) if len(members) > 1 else inventory


def _chosen(found: list[Package], dependency: Dependency) -> list[Package]:
    """Where the name is ambiguous, uv states version and source."""
    return [
        package
        for package in found
        if dependency.version in ("", package.component.version) and dependency.source in ((), package.source)
    ]


def _read_package(lock: Lock, entry: object, location: Location) -> None:
    name = text(table(entry).get("name"))
    if not isinstance(entry, dict) or not name:
        lock.unknown(location, "a package without a name")
        return
    source = table(entry.get("source"))
    # Of several uv takes the first in an order of its own, so that a package from a registry could pass for our own.
    if [isinstance(source.get(key), str) for key in _SOURCES].count(True) != 1:
        lock.unknown(location, f"where {pypi_name(name)} comes from is not understood")
        source = {}
    package = Package(_component(lock, entry, source, location), location, source=_frozen(source))
    before = len(lock.unknowns)
    package.required = _dependencies(lock, entry.get("dependencies", []), package)
    package.extras = _named_lists(lock, entry.get("optional-dependencies", {}), package)
    package.groups = _named_lists(lock, entry.get("dev-dependencies", {}), package)
    if len(lock.unknowns) > before:
        package.component = replace(package.component, dependencies=Completeness.INCOMPLETE)
    lock.add(package, pypi_name(name))


def _component(lock: Lock, entry: Table, source: Table, location: Location) -> Component:
    name, version = pypi_name(entry["name"]), entry.get("version", "")
    if not isinstance(version, str):
        lock.unknown(location, f"the version of {name} is no text")
        version = ""
    for key in _OWN_SOURCES:
        if isinstance(source.get(key), str):
            return own_project(lock, name, version, source[key], location)
    qualifiers, properties = _origin(source)
    if not version and "vcs_url" not in qualifiers:
        lock.unknown(location, f"{name} has no version")
    markers = texts(entry.get("resolution-markers"))
    return Component(
        purl=pypi_purl(name, version, qualifiers),
        name=name,
        version=version,
        dependencies=Completeness.COMPLETE,
        distributions=tuple(sorted(_distributions(lock, entry, source, location))),
        locations=(location,),
        properties=tuple(sorted({*properties, *(("bomvet:marker", marker) for marker in markers)})),
    )


def _origin(source: Table) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Purl qualifiers and properties that say where the package comes from."""
    git, url, path, registry = (source.get(key) for key in ("git", "url", "path", "registry"))
    if isinstance(git, str):
        # uv writes REPOSITORY?rev=ASKED#COMMIT.
        repository, _, commit = git.partition("#")
        return {"vcs_url": vcs_url("git", repository.partition("?")[0], commit)}, []
    if isinstance(url, str):
        return {"download_url": public_url(url)}, []
    if isinstance(path, str):
        return {"file_name": posixpath.basename(path)}, []
    return {}, [("bomvet:registry", public_url(registry))] if isinstance(registry, str) else []


def _distributions(lock: Lock, entry: Table, source: Table, location: Location) -> Iterator[Distribution]:
    name, sdist, wheels = pypi_name(entry["name"]), entry.get("sdist"), entry.get("wheels", [])
    files = [] if sdist is None else [(sdist, True)]
    for file, is_source in [*files, *((wheel, False) for wheel in (wheels if isinstance(wheels, list) else [wheels]))]:
        if not isinstance(file, dict):
            lock.unknown(location, f"a distribution file of {name} is no table")
            continue
        size, uploaded = file.get("size"), file.get("upload-time")
        yield Distribution(
            url=_file_url(lock, file, source),
            hashes=digests(lock, file.get("hash"), name, location),
            size=size if type(size) is int else 0,
            uploaded=uploaded if isinstance(uploaded, str) else "",
            source=is_source,
        )


def _file_url(lock: Lock, file: Table, source: Table) -> str:
    """Files of a registry have a URL, those of a local index a path; the only file of a source is the source."""
    if "path" in source and isinstance(source["path"], str):
        return beside(lock, source["path"])
    if isinstance(url := file.get("url"), str):
        return public_url(url)
    stated = (file.get("path"), source.get("url"), file.get("filename"))
    return public_url(next((value for value in stated if isinstance(value, str)), ""))


def _named_lists(lock: Lock, tables: object, owner: Package) -> dict[str, list[Dependency]]:
    if not isinstance(tables, dict):
        lock.unknown(owner.location, f"the extras or groups of {owner.component.name} are no table")
        return {}
    return {pypi_name(name): _dependencies(lock, entries, owner) for name, entries in tables.items()}


def _dependencies(lock: Lock, entries: object, owner: Package) -> list[Dependency]:
    found = []
    for entry in entries if isinstance(entries, list) else [entries]:
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or not isinstance(name, str):
            lock.unknown(owner.location, f"a dependency of {owner.component.name} has no name")
            continue
        found.append(
            Dependency(
                name=pypi_name(name),
                extras=tuple(map(pypi_name, texts(entry.get("extra", entry.get("extras"))))),
                marker=text(entry.get("marker")),
                version=text(entry.get("version")),
                source=_frozen(entry.get("source")),
            )
        )
    return found


def _frozen(source: object) -> Source:
    return tuple(sorted((key, str(value)) for key, value in table(source).items())) if source else ()


def _read_workspace(lock: Lock, manifest: Table) -> None:
    """What the workspace as a whole asks for: requirements of a script, groups of a root that is no project."""
    location = Location(path=lock.path)
    project = project_at(lock.tree, lock.directory)
    owner = Package(replace(project, dependencies=Completeness.COMPLETE, locations=(location,)), location)
    owner.required = _dependencies(lock, manifest.get("requirements", []), owner)
    owner.groups = _named_lists(lock, manifest.get("dependency-groups", {}), owner)
    if owner.required or any(owner.groups.values()):
        lock.add(owner)


def _kept(lock: Lock, members: set[str], inventory: Inventory) -> Inventory:
    """`inventory` with what holds members of a workspace in environments in which no other project asks for them."""
    numbers = {component.purl: number for number, component in enumerate(inventory.components)}
    projects = {numbers[c.purl]: c for c in inventory.components if c.first_party}
    top = next((number for number, c in projects.items() if c.directory == lock.directory), None)
    own = [number for number, c in projects.items() if pypi_name(c.name) in members]
    targets: list[list[int]] = [[] for _ in inventory.components]
    plain: list[list[int]] = [[] for _ in inventory.components]
    for edge in inventory.relationships:
        for found in (targets,) if edge.markers else (targets, plain):
            found[numbers[edge.source]].append(numbers[edge.target])
    asked_for = {number for found in targets for number in found}
    starts = [number for number in own if number == top or number not in asked_for]
    sometimes, always, kept = reached(starts, targets), reached(starts, plain), []
    for number in own:
        if number in sometimes and number not in always:
            kept.append(projects[number])
            always |= reached([number], plain)
    if not kept:
        return inventory
    components = inventory.components
    if top is None:
        workspace = project_at(lock.tree, lock.directory)
        top, components = len(components), (*components, replace(workspace, locations=(Location(path=lock.path),)))
    source, kind = components[top].purl, RelationKind.CONTAINS
    edges = (Relationship(source=source, target=c.purl, kind=kind, evidence=c.locations) for c in kept)
    return replace(inventory, components=components, relationships=(*inventory.relationships, *edges))


UV_LOCK = Resolver(
    id=ID,
    title="uv.lock, and the locks of scripts",
    globs=("**/uv.lock", "**/*.py.lock"),
    parse=parse_uv_lock,
    locks=True,
    reads="packages, edges with extras, groups and markers, scopes, hashes, files, registries, workspaces",
    limits="no licences, which the lock does not state; lock version 1",
)
