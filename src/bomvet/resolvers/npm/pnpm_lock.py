"""`pnpm-lock.yaml` of pnpm 3 to 12: format versions 5, 6 and 9.

Sources: https://github.com/pnpm/spec/tree/master/lockfile, https://pnpm.io/lockfile.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any, NamedTuple

from bomvet.errors import MalformedError
from bomvet.model.inventory import Location
from bomvet.model.records import replace
from bomvet.model.text import anonymous, shown
from bomvet.plugin import Resolver
from bomvet.resolvers._yaml import load_mappings
from bomvet.resolvers.npm._graph import Graph, Node
from bomvet.resolvers.npm._manifest import project_at
from bomvet.resolvers.npm._pnpm_keys import Places, bare, parsed, patch_hash, places
from bomvet.resolvers.npm._pnpm_package import Package, Patches, component

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.model.inventory import Inventory
    from bomvet.plugin import FileTree

ID = "npm/pnpm-lock"
#: Versions of the format, each with what stands before the name and before the version in a key.
_SHAPES = {5: ("/", "/"), 6: ("/", "@"), 9: ("", "@")}
#: From this version on, what a package is and what each instance of it needs stand apart.
_APART = 9
#: Tables of an importer, with the role that each gives.  Those of the document that pnpm keeps for itself are tools.
_IMPORTER_TABLES = (
    ("dependencies", ""),
    ("optionalDependencies", "optional"),
    ("devDependencies", "dev"),
    ("configDependencies", "dev"),
    ("packageManagerDependencies", "dev"),
)
_PACKAGE_TABLES = (("dependencies", ""), ("optionalDependencies", "optional"))
_Table = dict[str, Any]


class _Instance:
    """A package with certain peers; `table` has what it needs, and stands at `line`."""

    __slots__ = ("line", "needs", "node", "package", "table")

    def __init__(self, package: Package, table: _Table, line: int) -> None:
        self.package, self.table, self.line = package, table, line
        self.needs: list[_Need] = []
        self.node: Node


class _Need(NamedTuple):
    """An edge as it stands in a table: `target` is the instance that is meant, None for a folder or nothing."""

    name: str
    reference: str
    role: str
    target: _Instance | None


class _Projects:
    """The own projects of one file, whose documents share them."""

    def __init__(self, tree: FileTree, path: str, graph: Graph) -> None:
        self.graph = graph
        self._tree, self._path = tree, path
        self._nodes: dict[str, Node] = {}

    def at(self, place: str, line: int, *, name: str = "", version: str = "", link: str = "") -> Node:
        """The project in the folder `place`, as seen from the lock, which says that it is `name` and `version`."""
        directory = posixpath.normpath(posixpath.join(posixpath.dirname(self._path), place))
        directory = "" if directory == "." else directory
        if node := self._nodes.get(directory):
            return node
        location = Location(path=self._path, line=line)
        if directory.startswith(("../", "/")) or directory == "..":
            self.graph.unknown(location, f"{shown(place)} lies outside the scanned tree")
        project = project_at(self._tree, directory, name=name, version=version)
        properties = (("bomvet:link", link),) if link else ()
        project = replace(project, locations=tuple(sorted({*project.locations, location})), properties=properties)
        node = self._nodes[directory] = self.graph.add(project, location, starts=False)
        return node

    def importer(self, place: str, line: int, overrides: _Table) -> Node:
        """A member of the workspace; at the top stand the `overrides`."""
        node = self.at(place, line)
        node.starts = True
        if overrides and place == ".":
            texts = {("bomvet:override", anonymous(f"{key}: {value}")) for key, value in overrides.items()}
            properties = tuple(sorted({*node.component.properties, *texts}))
            node.component = replace(node.component, properties=properties)
        return node


class _Document:
    """One document of the file while it is read."""

    def __init__(self, path: str, projects: _Projects, table: _Table, where: Places) -> None:
        self.path, self.projects, self.graph = path, projects, projects.graph
        self.table, self.where = table, where
        self.major = _major(table)
        self.packages: dict[str, Package] = {}
        self.instances: dict[str, _Instance] = {}
        self.patches = Patches(self._section("patchedDependencies"))

    def unknown(self, line: int, reason: str) -> None:
        """Note something that was not understood."""
        self.graph.unknown(Location(path=self.path, line=line), reason)

    def _section(self, name: str) -> dict[Any, Any]:
        value = self.table.get(name)
        if value is not None and not isinstance(value, dict):
            self.unknown(self.where.section(name), f"{name!r} is no table")
        return value if isinstance(value, dict) else {}

    def _entries(self, name: str) -> Iterator[tuple[str, _Table, int]]:
        """Key, table and line of each entry of a section; what is none is told."""
        section = self._section(name)
        for (key, table), line in zip(section.items(), self.where.entries(name, list(section)), strict=True):
            if isinstance(key, str) and key and isinstance(table, dict):
                yield key, table, line
            else:
                self.unknown(line, f"the entry {shown(str(key))} of {name!r} is no table with a name")

    # -- packages ----------------------------------------------------------------------------------------------

    def read_packages(self) -> None:
        """`packages` and `snapshots`."""
        for key, table, line in self._entries("packages"):
            package = self._package(key, table, line)
            if self.major < _APART:
                self._add(key, package, table, line)
            else:
                self.packages[key] = package
        if self.major >= _APART:
            self._read_snapshots()

    def _read_snapshots(self) -> None:
        left = dict(self.packages)
        for key, table, line in self._entries("snapshots"):
            plain = key if key in self.packages else bare(key)
            package = self.packages.get(plain)
            left.pop(plain, None)
            if package is None:
                self.unknown(line, f"{shown(plain)} is not among 'packages'")
                package = self.packages[plain] = self._package(plain, {}, line)
            self._add(key, package, table, line)
        for key, package in left.items():
            self.unknown(package.line, f"{shown(key)} is not among 'snapshots', so what it needs is not known")
            package.complete = False
            self._add(key, package, {}, package.line)

    def _package(self, key: str, table: _Table, line: int) -> Package:
        name, version = parsed(key, self.major)
        if "name" in table or "version" in table:  # they stand there where the key does not tell
            name = self._stated(table, "name", key, line) or name
            version = self._stated(table, "version", key, line) or version
        return Package(key, table, line, name, version)

    def _stated(self, table: _Table, field: str, key: str, line: int) -> str:
        value = table.get(field, "")
        if isinstance(value, str):
            return value
        self.unknown(line, f"the {field} of {shown(key)} is no text")
        return ""

    def _add(self, key: str, package: Package, table: _Table, line: int) -> None:
        self.instances[key] = _Instance(package, table, line)
        package.patch = package.patch or self.patches.of(package, patch_hash(key))

    # -- what needs what -----------------------------------------------------------------------------------------

    def link(self) -> None:
        """Nodes for all projects and packages, and the edges between them."""
        importers = list(self._importers())
        for instance in self.instances.values():
            self._read_needs(instance)
        for instance in self.instances.values():
            instance.node = self._node(instance)
        for node, place, needs in importers:
            self._connect(node, needs, place)
        for instance in self.instances.values():
            if instance.needs:
                self._connect(instance.node, instance.needs, ".")

    def _importers(self) -> Iterator[tuple[Node, str, list[_Need]]]:
        """The members of the workspace with what they ask for; without a workspace it stands at the top."""
        overrides = self._section("overrides")
        entries = self._entries("importers") if "importers" in self.table else [(".", self.table, 1)]
        for place, table, line in entries:
            node = self.projects.importer(place, line, overrides)
            before = len(self.graph.unknowns)
            needs = list(self._needs(table, _IMPORTER_TABLES, line, place))
            node.lacks = node.lacks or len(self.graph.unknowns) > before
            for need in needs:
                if need.target is None and not need.reference.startswith("link:"):
                    self.graph.lacking(node, shown(need.name))
            yield node, place, needs

    def _read_needs(self, instance: _Instance) -> None:
        """What a package asks for; a peer stands among the dependencies under its own name.

        One that it can do without stands among the optional ones, and is installed wherever the instance is.
        """
        package, line, before = instance.package, instance.line, len(self.graph.unknowns)
        instance.needs = list(self._needs(instance.table, _PACKAGE_TABLES, line, package.key))
        peers = package.table.get("peerDependencies")
        if isinstance(peers, dict):
            instance.needs = [
                need._replace(role=f"{need.role} peer".strip()) if need.name in peers else need
                for need in instance.needs
            ]
        for need in instance.needs:
            if need.target is None and not need.reference.startswith("link:"):
                self.unknown(line, f"{shown(need.name)}, which {shown(package.key)} needs, is not in the lock")
        package.complete = package.complete and len(self.graph.unknowns) == before

    def _needs(self, table: _Table, tables: tuple[tuple[str, str], ...], line: int, owner: str) -> Iterator[_Need]:
        before, between = _SHAPES[self.major]
        for key, role in tables:
            entries = table.get(key)
            if entries is None:
                continue
            if not isinstance(entries, dict):
                self.unknown(line, f"{key!r} of {shown(owner)} is no table")
                continue
            for name, value in entries.items():
                reference = value.get("version") if isinstance(value, dict) else value
                if not isinstance(name, str) or not isinstance(reference, str):
                    reference = ""
                # The reference is what is left of the key without the name, or the key itself.
                target = self.instances.get(f"{before}{name}{between}{reference}") or self.instances.get(reference)
                if target and target.package.name != name:
                    target.package.aliases.add(name)
                yield _Need(str(name), reference, role, target)

    def _connect(self, node: Node, needs: list[_Need], place: str) -> None:
        """The edges of `node`; a link is seen from the folder `place`."""
        for name, reference, role, target in needs:
            if target:
                node.edges.append((target.node, role))
            elif reference.startswith("link:"):
                folder = posixpath.normpath(posixpath.join(place, reference[5:]))
                node.edges.append((self.projects.at(folder, node.location.line, name=name, link=reference), role))

    def _node(self, instance: _Instance) -> Node:
        package, line = instance.package, instance.line
        if package.folder is not None:
            node = self.projects.at(package.folder, line, name=package.name, version=package.version)
        else:
            made = component(package, self.path, lambda reason: self.unknown(package.line, reason))
            node = self.graph.add(made, Location(path=self.path, line=line))
        node.lacks = node.lacks or not package.complete
        return node


def parse_pnpm_lock(tree: FileTree, path: str) -> Inventory:
    """The inventory of one lock; raises `MalformedError` where it is no lock at all.

    A lock may have two documents: pnpm itself with what it is set up by, and the project.
    """
    data = tree.read(path)
    tables = load_mappings(data)
    found = places(data.decode("utf-8-sig"))
    if len(found) != len(tables):
        found = [Places() for _ in tables]
    graph = Graph(ID)
    projects = _Projects(tree, path, graph)
    for table, where in zip(tables, found, strict=True):
        document = _Document(path, projects, table, where)
        document.read_packages()
        document.link()
    return graph.inventory()


def _major(table: _Table) -> int:
    version = table.get("lockfileVersion")
    major = str(version).partition(".")[0] if isinstance(version, (str, int, float)) else ""
    if major not in ("5", "6", "9"):
        raise MalformedError(f"lock version {shown(repr(version))} is not known, only 5, 6 and 9", line=1)
    return int(major)


PNPM_LOCK = Resolver(
    id=ID,
    title="pnpm-lock.yaml",
    globs=("**/pnpm-lock.yaml",),
    parse=parse_pnpm_lock,
    locks=True,
    reads=(
        "packages by peers and aliases, members of the workspace, folders and links as own projects, roles of edges, "
        "hashes, patches, overrides, platforms, engines, deprecation, pnpm's own document"
    ),
    limits="what a package bundles has no version in the lock, and is told",
)
