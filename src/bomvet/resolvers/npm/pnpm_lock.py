"""`pnpm-lock.yaml` of pnpm 3 to 12: format versions 5, 6 and 9.

Source: https://github.com/pnpm/spec/tree/master/lockfile, https://pnpm.io/lockfile.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any, NamedTuple

from bomvet.errors import MalformedError
from bomvet.model.inventory import Completeness, Component, Distribution, Location
from bomvet.model.purl import project_purl, public_url
from bomvet.plugin import Resolver
from bomvet.resolvers._yaml import load_mappings
from bomvet.resolvers.npm._graph import Graph, Node
from bomvet.resolvers.npm._manifest import project_at
from bomvet.resolvers.npm._origin import Origin, hashes, is_git, origin
from bomvet.resolvers.npm._pnpm_keys import Places, bare, parsed, patch_hash, places
from bomvet.resolvers.python._text import anonymous, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bomvet.model.inventory import Hash, Inventory
    from bomvet.plugin import FileTree

ID = "npm/pnpm-lock"
#: From this version on what a package is and what each instance of it needs stand apart.
_APART = 9
_VERSIONS = (5, 6, _APART)
#: Tables of an importer, with the role that each gives.  The last two are of the document that pnpm keeps for itself.
_IMPORTER_TABLES = (
    ("dependencies", ""),
    ("optionalDependencies", "optional"),
    ("devDependencies", "dev"),
    ("configDependencies", "dev"),
    ("packageManagerDependencies", "dev"),
)
_LISTS = (("os", "bomvet:os"), ("cpu", "bomvet:cpu"), ("libc", "bomvet:libc"))
_Table = dict[str, Any]


class _Package:
    """An entry of `packages`: what a package is, whichever peers its instances have."""

    __slots__ = ("aliases", "complete", "key", "line", "name", "patch", "table", "version")

    def __init__(self, key: str, table: _Table, line: int, name: str, version: str) -> None:
        self.key, self.table, self.line, self.name, self.version = key, table, line, name, version
        self.aliases: set[str] = set()
        self.patch = ""
        self.complete = True


class _Instance(NamedTuple):
    """A package with certain peers; `table` has what it needs, at `line`."""

    package: _Package
    table: _Table
    line: int
    node: list[Node]


class _Edge(NamedTuple):
    """What stands in a table of dependencies: `name` is what the dependent calls it."""

    name: str
    reference: str
    role: str


class _Reader:
    """The whole file while it is read; its documents share the projects."""

    def __init__(self, tree: FileTree, path: str) -> None:
        self.tree, self.path, self.directory = tree, path, posixpath.dirname(path)
        self.graph = Graph(ID)
        self.projects: dict[str, Node] = {}

    def at(self, line: int) -> Location:
        """A place in the file."""
        return Location(path=self.path, line=line)

    def unknown(self, line: int, reason: str) -> None:
        """Note something that was not understood."""
        self.graph.unknown(self.at(line), reason)

    def project(self, place: str, line: int, *, starts: bool = False, **stated: str) -> Node:
        """The project in the folder `place`, as seen from the lock; `stated` is what the lock says of it."""
        directory = posixpath.normpath(posixpath.join(self.directory, place))
        directory = "" if directory == "." else directory
        node = self.projects.get(directory)
        if node is None:
            if directory.startswith(("../", "/")) or directory == "..":
                self.unknown(line, f"{shown(place)} lies outside the scanned tree")
            component = project_at(self.tree, directory, **stated)
            node = self.projects[directory] = self.graph.add(component, self.at(line))
            node.starts = False
        if starts and not node.starts:
            node.starts, node.location = True, self.at(line)
        return node


class _Document:
    """One document of the file while it is read."""

    def __init__(self, reader: _Reader, table: _Table, where: Places) -> None:
        self.reader, self.table, self.where = reader, table, where
        self.major = _major(table)
        self.packages: dict[str, _Package] = {}
        self.instances: dict[str, _Instance] = {}
        self.patches = _Patches(self._section("patchedDependencies"))

    def _section(self, name: str) -> Mapping[Any, Any]:
        value = self.table.get(name)
        if value is not None and not isinstance(value, dict):
            self.reader.unknown(self.where.section(name), f"{name!r} is no table")
        return value if isinstance(value, dict) else {}

    def _entries(self, name: str) -> Iterator[tuple[str, _Table, int]]:
        """Key, table and line of each entry of a section; what is none is told."""
        section = self._section(name)
        for (key, table), line in zip(section.items(), self.where.entries(name, list(section)), strict=True):
            if not isinstance(key, str) or not key or not isinstance(table, dict):
                self.reader.unknown(line, f"the entry {shown(str(key))} of {name!r} is no table")
            else:
                yield key, table, line

    # -- packages ------------------------------------------------------------------------------------------

    def read_packages(self) -> None:
        """`packages` and `snapshots`."""
        for key, table, line in self._entries("packages"):
            package = self._package(key, table, line)
            if self.major < _APART:
                self._instance(key, package, table, line)
            else:
                self.packages[key] = package
        if self.major >= _APART:
            self._read_snapshots()

    def _read_snapshots(self) -> None:
        for key, table, line in self._entries("snapshots"):
            package = self.packages.get(key) or self.packages.get(bare(key))
            if package is None:
                self.reader.unknown(line, f"{shown(key)} is not among 'packages', so where it comes from is not known")
                package = self.packages[bare(key)] = self._package(bare(key), {}, line)
            self._instance(key, package, table, line)
        used = {id(instance.package) for instance in self.instances.values()}
        for package in self.packages.values():
            if id(package) not in used:
                reason = f"{shown(package.key)} is not among 'snapshots', so what it needs is not known"
                self.reader.unknown(package.line, reason)
                package.complete = False
                self._instance(package.key, package, {}, package.line)

    def _package(self, key: str, table: _Table, line: int) -> _Package:
        own = parsed(key, self.major)
        name, version = table.get("name"), table.get("version")
        package = _Package(key, table, line, _text(name) or own.name, _text(version) or own.version)
        for field, value in (("name", name), ("version", version)):
            if value is not None and not isinstance(value, str):
                self.reader.unknown(line, f"the {field} of {shown(key)} is no text")
        return package

    def _instance(self, key: str, package: _Package, table: _Table, line: int) -> None:
        self.instances[key] = _Instance(package, table, line, [])
        package.patch = package.patch or self.patches.of(key, package)

    # -- what depends on what ------------------------------------------------------------------------------

    def link(self) -> None:
        """Nodes for all projects and packages, and the edges between them."""
        importers = list(self._importers())
        edges = [(instance, list(self._needs(instance))) for instance in self.instances.values()]
        for node, _, needs in importers:
            self._note_aliases(needs)
        for _, needs in edges:
            self._note_aliases(needs)
        for instance, _ in edges:
            instance.node.append(self._node(instance))
        for node, place, needs in importers:
            node.edges += self._targets(node, place, needs)
        for instance, needs in edges:
            node = instance.node[0]
            node.edges += self._targets(node, "", needs)

    def _importers(self) -> Iterator[tuple[Node, str, list[_Edge]]]:
        """The projects of the workspace with what they ask for."""
        if "importers" in self.table:
            entries = list(self._entries("importers"))
        else:
            entries = [(".", self.table, 1)]
        for place, table, line in entries:
            node = self.reader.project(place, line, starts=True)
            needs = [edge for name, role in _IMPORTER_TABLES for edge in self._edges(table, name, role, line, place)]
            yield node, place, needs

    def _needs(self, instance: _Instance) -> Iterator[_Edge]:
        """What a package asks for; a peer stands among the dependencies under its own name."""
        table, label = instance.table, instance.package.key
        peers = instance.package.table.get("peerDependencies")
        for edge in self._edges(table, "dependencies", "", instance.line, label):
            yield edge._replace(role="peer") if isinstance(peers, dict) and edge.name in peers else edge
        yield from self._edges(table, "optionalDependencies", "optional", instance.line, label)

    def _edges(self, table: _Table, key: str, role: str, line: int, owner: str) -> Iterator[_Edge]:
        entries = table.get(key)
        if entries is None:
            return
        if not isinstance(entries, dict):
            self.reader.unknown(line, f"{key!r} of {shown(owner)} is no table")
            return
        for name, value in entries.items():
            reference = value.get("version") if isinstance(value, dict) else value
            if not isinstance(name, str) or not isinstance(reference, str):
                self.reader.unknown(line, f"what {shown(owner)} needs as {shown(str(name))} is no text")
                reference = ""
            yield _Edge(str(name), reference, role)

    def _target(self, edge: _Edge) -> _Instance | None:
        """The instance that a reference means: the key itself, or what is left of it without the name."""
        name, reference = edge.name, edge.reference
        if self.major == 5:  # noqa: PLR2004 - a version of the format
            own = f"/{name}/{reference}"
        else:
            own = f"{name}@{reference}" if self.major >= _APART else f"/{name}@{reference}"
        return self.instances.get(own) or self.instances.get(reference)

    def _note_aliases(self, needs: list[_Edge]) -> None:
        for edge in needs:
            target = self._target(edge)
            if target and target.package.name != edge.name:
                target.package.aliases.add(edge.name)

    def _targets(self, node: Node, place: str, needs: list[_Edge]) -> Iterator[tuple[Node, str]]:
        """The nodes that `needs` lead to; a link is seen from the folder `place` of an importer."""
        for edge in needs:
            target = self._target(edge)
            if target:
                yield target.node[0], edge.role
            elif edge.reference.startswith("link:"):
                folder = posixpath.join(place, edge.reference[5:])
                yield self.reader.project(folder, node.location.line, name=edge.name), edge.role
            else:
                self.reader.graph.lacking(node, shown(edge.name))
                
    def _node(self, instance: _Instance) -> Node:
        package = instance.package
        resolution = package.table.get("resolution")
        if isinstance(resolution, dict) and resolution.get("type") == "directory":
            folder = resolution.get("directory")
            if isinstance(folder, str):
                stated = {"name": package.name, "version": package.version}
                return self.reader.project(folder, instance.line, **stated)
        node = self.reader.graph.add(self._component(package), self.reader.at(instance.line))
        node.lacks = not package.complete
        return node

    def _component(self, package: _Package) -> Component:
        table = package.table
        found = self._origin(package)
        return Component(
            purl=found.purl,
            name=package.name,
            version=package.version,
            hashes=found.hashes,
            distributions=found.distributions,
            locations=(self.reader.at(package.line),),
            properties=tuple(sorted({*found.properties, *_properties(package)})),
        )

    def _origin(self, package: _Package) -> Origin:
        name, version = package.name, package.version
        resolution = package.table.get("resolution")
        resolution = resolution if isinstance(resolution, dict) else {}
        return origin(name, version, _text(resolution.get("tarball")), self._hashes(package, resolution))

    def _hashes(self, package: _Package, resolution: _Table) -> tuple[Hash, ...]:
        integrity = resolution.get("integrity")
        if integrity is None:
            return ()
        try:
            return hashes(integrity if isinstance(integrity, str) else "?")
        except ValueError as error:
            self.reader.unknown(package.line, f"the integrity of {shown(package.key)} cannot be used: {error}")
            return ()


class _Patches:
    """`patchedDependencies`: which packages are changed after they are unpacked, and by what."""

    def __init__(self, table: Mapping[Any, Any]) -> None:
        self._by_key: dict[str, str] = {}
        self._by_hash: dict[str, str] = {}
        for key, value in table.items():
            entry = value if isinstance(value, dict) else {}
            file = _text(entry.get("path")) or "true"
            self._by_key[str(key)] = file
            self._by_hash[_text(entry.get("hash")) or _text(value)] = file

    def of(self, key: str, package: _Package) -> str:
        """The file that the instance `key` of `package` is patched with; `true` where that is not stated."""
        if digest := patch_hash(key):
            return self._by_hash.get(digest, "true")
        return self._by_key.get(f"{package.name}@{package.version}", "") if self._by_key else ""


def _properties(package: _Package) -> Iterator[tuple[str, str]]:
    table = package.table
    for key, name in _LISTS:
        value = table.get(key)
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str):
                yield name, item
    engines = table.get("engines")
    if isinstance(engines, dict):
        for engine, wanted in engines.items():
            yield "bomvet:engine", f"{engine} {wanted}".strip()
    deprecated = table.get("deprecated")
    if deprecated:
        yield "bomvet:deprecated", deprecated if isinstance(deprecated, str) else "true"
    if table.get("requiresBuild") is True:
        yield "bomvet:install-script", "true"
    if package.patch:
        yield "bomvet:patched", package.patch
    for alias in package.aliases:
        yield "bomvet:alias", alias


def parse_pnpm_lock(tree: FileTree, path: str) -> Inventory:
    """The inventory of one lock; raises `MalformedError` where it is no lock at all."""
    data = tree.read(path)
    tables = load_mappings(data)
    reader = _Reader(tree, path)
    found = places(data.decode("utf-8-sig"))
    if len(found) != len(tables):
        found = [Places() for _ in tables]
    documents = [_Document(reader, table, where) for table, where in zip(tables, found, strict=True)]
    for document in documents:
        document.read_packages()
        document.link()
    return reader.graph.inventory()


def _major(table: _Table) -> int:
    version = table.get("lockfileVersion")
    text = str(version) if isinstance(version, (str, int, float)) else ""
    major = text.partition(".")[0]
    if not major.isdecimal() or int(major) not in _VERSIONS:
        raise MalformedError(f"lock version {version!r} is not known, only 5, 6 and 9", line=1)
    return int(major)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


PNPM_LOCK = Resolver(
    id=ID,
    title="pnpm-lock.yaml",
    globs=("**/pnpm-lock.yaml",),
    parse=parse_pnpm_lock,
    locks=True,
)
