"""The packages of a `yarn.lock` of Yarn 2 to 4: what each is by its locator, and the descriptors that mean it.

Source: https://yarnpkg.com/advanced/lexicon (descriptors, locators) and https://yarnpkg.com/protocols.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

from bomvet.model.archives import registry_archive
from bomvet.model.inventory import Completeness, Component, Inventory, Location
from bomvet.model.purl import percent_decoded
from bomvet.model.records import replace
from bomvet.model.text import shown
from bomvet.resolvers.npm._manifest import project_at
from bomvet.resolvers.npm._origin import Origin, is_git, origin
from bomvet.resolvers.npm._yarn_project import Override, split_at, within

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.plugin import FileTree
    from bomvet.resolvers.npm._graph import Graph, Node
    from bomvet.resolvers.npm._yarn_lines import Entry

_CONDITION = re.compile(r"(!?)(os|cpu|libc)=([^\s&|()]+)")
_GIT_URL = re.compile(r"https?:[^#]+(?:\.git(?:#|$)|#(?:[^#]*&)?commit=)")
_ARCHIVE_FILE = re.compile(r"\.(?:tgz|tar\.gz)$", re.IGNORECASE)
#: References that are folders of the tree, as `file:` can be.
_FOLDERS = frozenset(("workspace", "link", "portal"))
#: The version that Yarn states of what has none of its own.
_LOCAL = "0.0.0-use.local"
#: A patch of a patch of a patch, or a folder in a folder that is depended on.
_MAX_NESTING = 8


class Locator(NamedTuple):
    """What a package is: a name, and a reference without its parameters, which stand in `bound`."""

    name: str
    reference: str
    bound: str

    @classmethod
    def parse(cls, text: str) -> Locator:
        """`NAME@REFERENCE::PARAMETERS`."""
        name, reference = split_at(text)
        if reference.startswith("virtual:"):
            reference = reference.partition("#")[2]
        reference, _, bound = reference.partition("::")
        return cls(name, reference, bound)

    def parameter(self, name: str) -> str:
        """One of the parameters."""
        pairs = (pair.partition("=") for pair in self.bound.split("&"))
        return next((percent_decoded(value) for key, _, value in pairs if key == name), "")

    @property
    def patched(self) -> Locator | None:
        """Of a patched package the one that was patched."""
        if not self.reference.startswith("patch:"):
            return None
        return Locator.parse(percent_decoded(self.reference[len("patch:") :].partition("#")[0]))


class Package(NamedTuple):
    """An entry that was understood: its node, what its dependencies resolve to, and as what it asks for peers."""

    entry: Entry
    locator: Locator
    node: Node
    found: dict[str, Node]
    peers: dict[str, str]


class BerryLock:
    """One lock while it is read."""

    def __init__(self, graph: Graph, tree: FileTree, path: str) -> None:
        self.graph, self.tree, self.path, self.directory = graph, tree, path, posixpath.dirname(path)
        self.by_purl: dict[str, tuple[Node, list[Component]]] = {}
        #: Nodes by descriptor, and by the locator that a descriptor is bound to ("" for most).
        self.by_descriptor: dict[tuple[str, str], Node] = {}
        self.by_name: dict[str, set[int]] = {}
        self.packages: list[Package] = []
        self.overrides: dict[str, list[Override]] = {}
        self.root = ""
        #: Names of options that the lock does not hold.
        self.unmet: set[str] = set()

    def unknown(self, line: int, reason: str) -> None:
        """Note something that was not understood."""
        self.graph.unknown(Location(path=self.path, line=line), reason)

    def node(self, component: Component, location: Location, *, starts: bool) -> Node:
        """The node of a component: a package and its patched self are one."""
        known = self.by_purl.get(component.purl)
        if known is None:
            node = self.graph.add(component, location, starts=starts)
            self.by_purl[component.purl] = (node, [component])
            return node
        node, statements = known
        statements.append(component)
        node.starts = node.starts or starts
        return node

    def unite(self) -> None:
        """Make one component of what several entries say of it."""
        for node, statements in self.by_purl.values():
            if len(statements) > 1:
                (node.component,) = Inventory.merge([Inventory(components=tuple(statements))]).components


def read_entry(lock: BerryLock, entry: Entry) -> None:
    """Add the package that an entry is."""
    for number, fault in entry.flaws:
        lock.unknown(number, f"of {shown(entry.keys[0])}: {shown(fault)}")
    resolution, version = entry.table.get("resolution"), entry.table.get("version")
    if not isinstance(resolution, str) or not isinstance(version, str):
        missing = "a version" if isinstance(resolution, str) else "a resolution"
        lock.unknown(entry.line, f"{shown(entry.keys[0])} has not {missing}")
        return
    locator = Locator.parse(resolution)
    if not locator.name or not locator.reference:
        lock.unknown(entry.line, f"of {shown(entry.keys[0])}: {shown(resolution)} does not say what it is")
        return
    location = Location(path=lock.path, line=entry.line)
    component = _component(lock, entry, locator, location)
    is_workspace = locator.reference.startswith("workspace:")
    node = lock.node(component, location, starts=is_workspace)
    if entry.flaws:
        node.lacks = True
    if locator.reference == "workspace:.":
        lock.root = resolution
    lock.packages.append(Package(entry, locator, node, {}, {}))
    for descriptor in entry.keys:
        _index(lock, descriptor, node, entry.line)


def _index(lock: BerryLock, descriptor: str, node: Node, line: int) -> None:
    """Note what a descriptor resolves to."""
    name = split_at(descriptor)[0]
    lock.by_name.setdefault(name, set()).add(node.number)
    key = (descriptor, "")
    if "::" in descriptor:
        bound = Locator.parse(descriptor)
        key = (f"{name}@{bound.reference}", bound.parameter("locator"))
    if key in lock.by_descriptor:
        lock.unknown(line, f"{shown(descriptor)} is stated twice, of which the first counts")
    else:
        lock.by_descriptor[key] = node


def _component(lock: BerryLock, entry: Entry, locator: Locator, location: Location) -> Component:
    """What the entry is."""
    base, patches = _unpatched(locator)
    scheme, _, rest = base.reference.partition(":")
    if scheme in _FOLDERS or (scheme == "file" and not _ARCHIVE_FILE.search(rest.partition("#")[0])):
        return _project(lock, entry, base, location)
    name, version, came = _origin(lock, entry, base)
    properties = {*came.properties, *_stated(entry, name), *(("bomvet:patched", patch) for patch in patches)}
    return Component(
        purl=came.purl,
        name=name,
        version=version,
        dependencies=Completeness.COMPLETE,
        distributions=came.distributions,
        locations=(location,),
        properties=tuple(sorted(properties)),
    )


def _unpatched(locator: Locator) -> tuple[Locator, list[str]]:
    """The package that was patched, if one was, and the patches."""
    patches: list[str] = []
    for _ in range(_MAX_NESTING):
        base = locator.patched
        if base is None:
            break
        files = locator.reference.partition("#")[2].split("&")
        patches += [file.rpartition("!")[2].removeprefix("~").removeprefix("/") or "true" for file in files]
        locator = base
    if ":" not in locator.reference and "/" not in locator.reference:
        locator = locator._replace(reference=f"npm:{locator.reference}")
    return locator, patches


def _origin(lock: BerryLock, entry: Entry, base: Locator) -> tuple[str, str, Origin]:
    """Name, version and origin of a package that is no folder."""
    name, version = base.name, entry.table["version"]
    scheme, _, rest = base.reference.partition(":")
    place = rest.partition("#")[0]
    if scheme == "npm":
        if "@" in place[1:]:
            name, place = split_at(place)
        if place != version:
            lock.unknown(entry.line, f"{shown(name)} is {shown(version)}, and {shown(place)}, which is what is fetched")
        return name, place, origin(name, place, base.parameter("__archiveUrl"))
    if scheme == "file":
        path = posixpath.normpath(posixpath.join(_place(lock, base) or "", place))
        return name, version, origin(name, version, f"file:{path}")
    if is_git(base.reference) or _GIT_URL.match(base.reference):
        return name, version, origin(name, version, _repository(base.reference))
    if scheme in ("http", "https"):
        url = f"{scheme}:{place}"
        archive = registry_archive(url)
        name = archive.name if archive else name
        return name, version, origin(name, version, url)
    lock.unknown(entry.line, f"where {shown(name)} comes from is not understood: {shown(base.reference)}")
    return name, version, origin(name, version, "")


def _repository(reference: str) -> str:
    """A git repository with the commit alone behind it, of all that Yarn may note there."""
    url, _, fragment = reference.partition("#")
    commits = (part.removeprefix("commit=") for part in fragment.split("&") if part.startswith("commit="))
    return f"{'' if is_git(url) else 'git+'}{url}#{next(commits, '')}"


def _stated(entry: Entry, name: str) -> Iterator[tuple[str, str]]:
    """Properties that say what else the entry holds."""
    for descriptor in entry.keys:
        installed = split_at(descriptor)[0]
        if installed != name:
            yield "bomvet:alias", installed
    checksum, conditions = entry.table.get("checksum"), entry.table.get("conditions")
    if isinstance(checksum, str):
        # Of the archive that Yarn packs anew for its cache, so it is no hash of what the registry distributes.
        yield "bomvet:yarn-checksum", checksum
    if isinstance(conditions, str):
        for sign, key, value in _CONDITION.findall(conditions):
            yield f"bomvet:{key}", f"{sign}{value}"


def _place(lock: BerryLock, locator: Locator, nesting: int = 0) -> str | None:
    """The folder that paths in a reference start from: that of what asks for it; None where that is no folder."""
    if locator.reference.startswith("workspace:"):
        return lock.directory
    parent = Locator.parse(locator.parameter("locator"))
    scheme, _, path = parent.reference.partition("#")[0].partition(":")
    is_folder = scheme in _FOLDERS or (scheme == "file" and not _ARCHIVE_FILE.search(path))
    if not is_folder or nesting == _MAX_NESTING:
        return None
    place = _place(lock, parent, nesting + 1)
    return None if place is None else within(place, path)


def _project(lock: BerryLock, entry: Entry, base: Locator, location: Location) -> Component:
    """The project in a folder; of a link Yarn does not look at what it needs."""
    scheme, _, rest = base.reference.partition(":")
    path, place = rest.partition("#")[0], _place(lock, base)
    directory = None if place is None else within(place, path)
    if directory is None:
        lock.unknown(entry.line, f"{shown(base.name)} lies outside of the scanned tree")
        directory = posixpath.normpath(posixpath.join(place or "", path))
    version = entry.table["version"]
    project = project_at(lock.tree, directory, name=base.name, version="" if version == _LOCAL else version)
    return replace(
        project,
        dependencies=Completeness.INCOMPLETE if scheme == "link" else Completeness.COMPLETE,
        locations=tuple(sorted({*project.locations, location})),
        properties=(("bomvet:link", f"{scheme}:{path}"),) if scheme in ("link", "portal") else (),
    )
