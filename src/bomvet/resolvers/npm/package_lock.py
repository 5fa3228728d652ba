"""`package-lock.json` and `npm-shrinkwrap.json`: packages, and the edges that Node's own resolution gives them.

Source: https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json, and how npm itself reads it.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from bomvet.errors import MalformedError
from bomvet.model.inventory import Completeness, Inventory, Location, RelationKind, Relationship
from bomvet.model.records import replace
from bomvet.model.text import shown
from bomvet.plugin import FileTree, Resolver
from bomvet.resolvers._json import load_object
from bomvet.resolvers._listing import is_listed
from bomvet.resolvers.npm import _lock_lines
from bomvet.resolvers.npm._graph import Graph, Node
from bomvet.resolvers.npm._lock_entry import (
    bundled_names,
    copied_from,
    folder_name,
    is_member,
    is_optional_peer,
    package,
    workspaces,
)
from bomvet.resolvers.npm._lock_v1 import LONGEST, Entry, flattened, names
from bomvet.resolvers.npm._manifest import manifest, project_at, requests

if TYPE_CHECKING:
    from collections.abc import Iterator

ID = "npm/package-lock"
_SHRINKWRAP = "npm-shrinkwrap.json"
_VERSIONS = (1, 2, 3)
#: Folders in each other; no package is installed as deep, and every path is walked up.
_DEEPEST = 200
#: More of a path is not looked at to say what it is.
_SHOWN = 200
#: Tables of dependencies, in the order in which npm lets the later ones win, and the role that each gives.
_TABLES = (
    ("peerDependencies", "peer"),
    ("requires", ""),  # version 1, for both of the following
    ("dependencies", ""),
    ("optionalDependencies", "optional"),
    ("devDependencies", "dev"),
)
#: An entry of none of these states no package.
_STATING = frozenset(("version", "resolved", "integrity"))
_ASKING = frozenset(key for key, _ in _TABLES)

_Object = dict[str, Any]
_Folder = dict[str, Node | None]


def parse_package_lock(tree: FileTree, path: str) -> Inventory:
    """The inventory of one lock; raises `MalformedError` where it is no lock at all.

    Of two locks in one folder npm reads the shrinkwrap alone, and so does this.
    """
    directory, name = posixpath.split(path)
    if name != _SHRINKWRAP and is_listed(tree, posixpath.join(directory, _SHRINKWRAP)):
        return Inventory()
    data = tree.read(path)
    lock = _Lock(tree, path, load_object(data))
    lock.read(data)
    return lock.inventory()


class _Lock:
    """One lock while it is read."""

    def __init__(self, tree: FileTree, path: str, document: _Object) -> None:
        self.tree, self.path, self.directory, self.document = tree, path, posixpath.dirname(path), document
        self.is_old, self.table = _table(document)
        #: Those of npm 4 and older say nothing of what a package asks for.
        self.is_ancient = self.is_old and not document.get("requires")
        #: They hold what development alone needs only where they were told to, and mark it so.
        self.lacks_development = self.is_ancient and not any(_is_dev(value) for value in self.table.values())
        self.graph = Graph(ID)
        #: By folder, as `/a/node_modules/b` ("" is the top), what stands in its `node_modules`; None is an option
        #: that npm could not get.
        self.installed: dict[str, _Folder] = defaultdict(dict)
        self.own: dict[str, Node] = {}
        self.links: list[Entry] = []
        #: Who asks for something, from which folder, and by what.
        self.asking: list[tuple[Node, str, _Object]] = []
        #: In old locks nothing but this tells an optional dependency from another.
        self.optional: set[int] = set()
        self.bundled: set[int] = set()
        self.lacks_requests = False
        #: Further properties by the number of the node.
        self.notes: dict[int, list[tuple[str, str]]] = defaultdict(list)
        self._visible: dict[str, tuple[_Folder, ...]] = {}

    def read(self, data: bytes) -> None:
        """All entries, and then what each leads to."""
        for entry in self._entries(data):
            self._read_entry(entry)
        if "" not in self.own:
            about = {key: self.document[key] for key in ("name", "version") if key in self.document}
            self._read_project(Entry("", about, 1))
        for link in self.links:
            self._read_link(link)
        for node, key, value in self.asking:
            self._read_edges(node, key, value)
        if self.lacks_requests and not self.is_ancient:
            self._guess_requests(self.own[""])
        for number, properties in self.notes.items():
            node = self.graph.nodes[number]
            known = node.component.properties
            node.component = replace(node.component, properties=tuple(sorted({*known, *properties})))

    def inventory(self) -> Inventory:
        """What was read; raises nothing."""
        found = self.graph.inventory(scoped=True)
        return replace(found, relationships=(*found.relationships, *self._members()))

    # -- entries -----------------------------------------------------------------------------------------------

    def _entries(self, data: bytes) -> Iterator[Entry]:
        """All in the order of the lock; those that a later one of the same key replaces are told of."""
        if self.is_old:
            places = _lock_lines.nested(data, names(self.table))
            yield from flattened(self.table, places.lines)
        else:
            places = _lock_lines.flat(data, list(self.table))
            yield from map(Entry, self.table, self.table.values(), places.lines)
        for key, line in places.repeated:
            self._unknown(line, f"{shown(key) or 'the project'} stands again further down, which is what npm reads")

    def _unknown(self, line: int, reason: str) -> None:
        self.graph.unknown(Location(path=self.path, line=line), reason)

    def _read_entry(self, entry: Entry) -> None:
        key, value, line = entry
        folder, inside, name = f"/{key}".rpartition("/node_modules/")
        if not isinstance(value, dict):
            self._unknown(line, f"the entry of {shown(key) or 'the project'} is no object")
        elif len(key) > LONGEST or key.count("/") > _DEEPEST:
            self._unknown(line, f"{shown(key[:_SHOWN])} lies deeper than packages are installed, and is not read")
        elif value.get("link"):
            self.links.append(entry)
        elif not inside:
            self._read_project(entry)
        elif not name:
            self._unknown(line, "a package without a name")
        elif value.get("optional") and _STATING.isdisjoint(value):
            self._unknown(line, f"of {shown(name)}, an option, the lock states no version: npm could not get any")
            self.installed[folder][name] = None
        elif (place := copied_from(value)) is not None:
            self.installed[folder][name] = self._project(key, place, value, line)
        else:
            location = Location(path=self.path, line=line)
            node = self.graph.add(package(self.graph, name, value, location), location)
            self.installed[folder][name] = node
            if self.is_old:
                self._note_old(node, value)
            if not _ASKING.isdisjoint(value):
                self.asking.append((node, key, value))

    def _note_old(self, node: Node, value: _Object) -> None:
        if value.get("optional"):
            self.optional.add(node.number)
        if value.get("inBundle"):
            self.bundled.add(node.number)
        if self.is_ancient:
            _incomplete(node)

    def _read_project(self, entry: Entry) -> None:
        key, value, line = entry
        self.own[key] = self._project(key, key, value, line)

    def _project(self, key: str, place: str, value: _Object, line: int) -> Node:
        """The own project in the folder `place`, which is installed as `key`."""
        location = Location(path=self.path, line=line)
        directory = posixpath.normpath(posixpath.join(self.directory, place))
        if directory.startswith(("../", "/")) or directory == "..":
            self._unknown(line, f"{shown(place)} lies outside the scanned tree")
        directory = "" if directory == "." else directory
        name, version = (text if isinstance(text := value.get(k), str) else "" for k in ("name", "version"))
        name = name or folder_name(place)
        project = project_at(self.tree, directory, name=name, version=version)
        project = replace(
            project,
            dependencies=Completeness.COMPLETE,
            locations=tuple(sorted({*project.locations, location})),
            properties=(("bomvet:extraneous", "true"),) if value.get("extraneous") else (),
        )
        node = self.graph.add(project, location)
        self.asking.append((node, key, value))
        return node

    def _read_link(self, link: Entry) -> None:
        """A name in a `node_modules` for a folder that has its own entry."""
        key, value, line = link
        folder, inside, name = f"/{key}".rpartition("/node_modules/")
        resolved = value.get("resolved")
        target = posixpath.normpath(resolved).strip("/") if isinstance(resolved, str) else ""
        target = "" if target == "." else target
        node = self.own.get(target) if isinstance(resolved, str) else None
        if node is None:
            at, _, called = f"/{target}".rpartition("/node_modules/")
            node = self.installed.get(at, {}).get(called)
        if node is None or not inside or not name:
            told = shown(resolved) if isinstance(resolved, str) and target else "no folder"
            self._unknown(line, f"{shown(key)} leads to {told}, which is not in the lock")
            return
        self.installed[folder][name] = node
        if node.component.name != name:
            self.notes[node.number].append(("bomvet:alias", name))

    # -- edges -------------------------------------------------------------------------------------------------

    def _read_edges(self, node: Node, key: str, value: _Object) -> None:
        """What `node`, which lies in `key`, asks for, and where Node finds that."""
        is_own = node.component.first_party
        if is_own:
            value = self._requests(node, key, value)
        place = f"/{key}" if key else ""
        folders = self._seen_from(place)
        bundled = bundled_names(value) if "bundleDependencies" in value else ()
        for name, role in self._asked(node, value, development=is_own).items():
            for folder in folders:
                if target := folder.get(name):
                    if name in bundled:
                        role = f"bundled {role}"  # noqa: PLW2901
                    elif role == "peer" and is_optional_peer(value, name):
                        role = "optional peer"  # noqa: PLW2901
                    node.edges.append((target, role))
                    break
            else:
                if not any(name in folder for folder in folders):
                    self._read_lacking(node, value, name, role)
        if self.is_old:
            self._tell_roles(node, self.installed.get(place, {}))

    def _requests(self, node: Node, key: str, value: _Object) -> _Object:
        """The tables of an own project: those of its entry, or where it has none, of its package.json."""
        stated = manifest(self.tree, node.component.directory or "")
        if self.is_old or (not key and "" not in self.table):
            if not key and not stated:
                self.lacks_requests = True
            return stated or value
        if not value.get("extraneous") and "/node_modules/" not in f"/{key}":
            self._compare(node, stated, value)
        return value

    def _compare(self, node: Node, stated: _Object, value: _Object) -> None:
        """Tell of what a package.json asks for, and did not when the lock was made."""
        tables = [table for key, _ in _TABLES if isinstance(table := value.get(key), dict)]
        for request in requests(stated, development=True):
            if request.role != "peer" and not any(request.name in table for table in tables):
                name = shown(request.name)
                self.graph.unknown(node.location, f"{name}, which package.json asks for, is newer than the lock")

    def _asked(self, node: Node, value: _Object, *, development: bool) -> dict[str, str]:
        """The names that an entry or manifest asks for, each with its role."""
        found: dict[str, str] = {}
        for key, role in _TABLES:
            table = value.get(key)
            if type(table) is dict:
                if development or role != "dev":
                    found.update(dict.fromkeys(table, role))
            elif table and table is not True:  # the latter stands in some old locks
                self.graph.unknown(node.location, f"{key!r} of {shown(node.component.label)} is no object")
                _incomplete(node)
        return found

    def _seen_from(self, place: str) -> tuple[_Folder, ...]:
        """What Node sees from a folder: what is in its own `node_modules`, and in those of the folders above."""
        known = self._visible.get(place)
        if known is None:
            # Of what is above a folder outside, the lock does not speak.
            above = () if not place or place.endswith("/..") else self._seen_from(place.rpartition("/")[0])
            own = self.installed.get(place)
            known = self._visible[place] = (own, *above) if own else above
        return known

    def _read_lacking(self, node: Node, value: _Object, name: str, role: str) -> None:
        """What is asked for and not there, which is a doubt only where npm would not have left it out.

        Peers it leaves out where it is told to (`legacy-peer-deps`), so that is noted alone; and what the lock
        keeps although nothing needs it, is not kept with all that it needs.
        """
        if role == "peer":
            if not is_optional_peer(value, name):
                spec = value["peerDependencies"][name]
                text = f"{name} {spec}" if isinstance(spec, str) else name
                self.notes[node.number].append(("bomvet:unmet-peer", text))
        elif role != "optional":
            _incomplete(node)
            if not value.get("extraneous") and not (role == "dev" and self.lacks_development):
                self.graph.lacking(node, shown(name))

    def _tell_roles(self, node: Node, inside: _Folder) -> None:
        """Roles that an old lock does not state.

        Optional is what only options need, where `node` itself is none; bundled is what lies `inside` the folder
        of `node` and came in an archive, where `node` did not itself.
        """
        optional = self.optional if node.number not in self.optional else set()
        bundled = {t.number for t in inside.values() if t} & self.bundled if node.number not in self.bundled else set()
        for at, (target, role) in enumerate(node.edges):
            if not role and (target.number in bundled or target.number in optional):
                node.edges[at] = (target, "bundled" if target.number in bundled else "optional")

    def _guess_requests(self, root: Node) -> None:
        """Where nothing states what the project asks for, that is what nothing else does, and one of each cycle."""
        asked = {target.number for node in self.graph.nodes for target, _ in node.edges}
        top = [node for node in self.installed.get("", {}).values() if node and not _is_extraneous(node)]
        reached: set[int] = set()
        for node in sorted(top, key=lambda n: n.number in asked):
            if node.number not in reached:
                root.edges.append((node, ""))
                _reach(node, reached)
        _incomplete(root)

    def _members(self) -> Iterator[Relationship]:
        """The members of the workspace that the project at the top is."""
        root = self.own[""]
        stated = self.table.get("") if not self.is_old else None
        patterns = workspaces(stated if isinstance(stated, dict) else manifest(self.tree, self.directory))
        for key, node in self.own.items() if patterns else ():
            if key and not _is_extraneous(node) and is_member(key, patterns):
                yield Relationship(
                    source=root.component.purl,
                    target=node.component.purl,
                    kind=RelationKind.CONTAINS,
                    evidence=(node.location,),
                )


def _table(document: _Object) -> tuple[bool, _Object]:
    """Whether the lock is of version 1, and the table of its packages; raises `MalformedError`."""
    version = document.get("lockfileVersion", 1)
    if type(version) is not int or version not in _VERSIONS:
        raise MalformedError(f"lock version {shown(repr(version))} is not known, only 1, 2 and 3", line=1)
    for is_old, key in ((False, "packages"), (True, "dependencies")):
        table = document.get(key)
        if isinstance(table, dict):
            return is_old, table
        if table is not None:
            raise MalformedError(f"{key!r} is no object", line=1)
    if version > 1 or "lockfileVersion" not in document:
        raise MalformedError("neither 'packages' nor 'dependencies', so this is no lock of npm", line=1)
    return True, {}  # of a project that needs nothing


def _incomplete(node: Node) -> None:
    node.component = replace(node.component, dependencies=Completeness.INCOMPLETE)


def _is_dev(value: object) -> bool:
    return isinstance(value, dict) and bool(value.get("dev"))


def _is_extraneous(node: Node) -> bool:
    """Whether nothing needs it, as npm notes."""
    return ("bomvet:extraneous", "true") in node.component.properties


def _reach(node: Node, reached: set[int]) -> None:
    """Add `node` and all that it leads to."""
    todo = [node]
    while todo:
        here = todo.pop()
        if here.number not in reached:
            reached.add(here.number)
            todo.extend(target for target, _ in here.edges)


PACKAGE_LOCK = Resolver(
    id=ID,
    title="package-lock.json and npm-shrinkwrap.json, versions 1 to 3",
    globs=("**/package-lock.json", f"**/{_SHRINKWRAP}"),
    parse=parse_package_lock,
    locks=True,
    reads=(
        "packages with hashes, archives, licences, scopes, engines, platforms, notes and install scripts; edges as "
        "Node resolves them, with their roles; members, folders, links and aliases"
    ),
    limits="version 1 states neither licences nor peer dependencies, locks of npm 4 and older no edges at all",
)
