"""`yarn.lock` of Yarn 1 as a graph: entries by their descriptors, and the projects that ask for them.

Source: https://classic.yarnpkg.com/lang/en/docs/yarn-lock/, and what Yarn 1.22 makes of projects.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

from bomvet.model.archives import registry_archive
from bomvet.model.inventory import Completeness, Component, Hash, Location
from bomvet.model.records import replace
from bomvet.model.text import shown
from bomvet.resolvers.npm._manifest import Request, manifest, project_at, requests
from bomvet.resolvers.npm._origin import hashes, is_git, origin
from bomvet.resolvers.npm._yarn_lines import Entry, parse_classic
from bomvet.resolvers.npm._yarn_project import Override, members, overrides, split_at, tell_of_orphans, within

if TYPE_CHECKING:
    from bomvet.plugin import FileTree
    from bomvet.resolvers.npm._graph import Graph, Node

_SHA1 = re.compile(r"[0-9a-f]{40}").fullmatch
_URL = re.compile(r"[a-z+]+://", re.IGNORECASE).match
#: Descriptors of no registry: a URL, a path, or a repository of a known host.
_EXOTIC = re.compile(r"[a-z+]+:|git@|\.{0,2}/|~/|[^@/\s]+/[^@/\s]+$", re.IGNORECASE)
_TABLES = (("dependencies", ""), ("optionalDependencies", "optional"))
_FIELDS = frozenset((
    "version", "resolved", "integrity", "dependencies", "optionalDependencies", "name", "uid", "registry",
    "permissions", "prebuiltVariants",
))  # fmt: skip


class _Names(NamedTuple):
    """What the descriptors of an entry call it: the package's own name, what it is installed as, and descriptors."""

    name: str
    aliases: set[str]
    descriptors: list[str]


class _Lock:
    """One lock while it is read."""

    def __init__(self, graph: Graph, tree: FileTree, path: str) -> None:
        self.graph, self.tree, self.path, self.directory = graph, tree, path, posixpath.dirname(path)
        self.by_descriptor: dict[str, Node] = {}
        self.members: dict[str, Node] = {}
        #: By folder; several names may lead to one.
        self.linked: dict[str, Node] = {}
        self.overrides: dict[str, list[Override]] = {}

    def lacking(self, node: Node, name: str, location: Location) -> None:
        """Note that `node` asks for `name`, which the lock does not hold."""
        self.graph.unknown(location, f"{shown(name)}, which {node.component.label} needs, is not in the lock")
        node.lacks = True


def read_classic(graph: Graph, tree: FileTree, path: str, text: str) -> None:
    """Put what the lock holds into `graph`; raises `MalformedError` where it is no lock."""
    lock = _Lock(graph, tree, path)
    parsed = parse_classic(text)
    table = manifest(tree, lock.directory)
    lock.overrides = overrides(table)
    read = [(entry, nodes) for entry in parsed.entries if (nodes := _read_entry(lock, entry))]
    for number, fault in parsed.flaws:
        graph.unknown(Location(path=path, line=number), shown(fault))
    for entry, nodes in read:
        for node in nodes:
            _connect(lock, entry, node)
    if table:
        _connect_projects(lock)
    _connect_linked(lock)
    if table:
        tell_of_orphans(graph)
    else:
        _no_project(lock)


def _read_entry(lock: _Lock, entry: Entry) -> list[Node]:
    """The nodes of an entry: one, or one for each package that its descriptors name."""
    location = Location(path=lock.path, line=entry.line)
    table = entry.table
    for number, fault in entry.flaws:
        lock.graph.unknown(Location(path=lock.path, line=number), f"of {shown(entry.keys[0])}: {shown(fault)}")
    strange = [key for key in table if key not in _FIELDS] if not table.keys() <= _FIELDS else []
    for key in strange:
        lock.graph.unknown(location, f"of {shown(entry.keys[0])}: {shown(key)} is not known")
    version, resolved = table.get("version"), table.get("resolved", "")
    if not isinstance(version, str) or not version or not isinstance(resolved, str):
        lacking = "a version" if not isinstance(version, str) or not version else "a URL as text"
        lock.graph.unknown(location, f"{shown(entry.keys[0])} has not {lacking}")
        return []
    nodes = []
    for names in _names(lock, entry, resolved, location):
        # A folder that is depended on asks for things only if it is asked for.
        node = lock.graph.add(_component(lock, entry, names, resolved, location), location, starts=False)
        if entry.flaws or strange:
            node.lacks = True
        if any(key == "bomvet:link" for key, _ in node.component.properties):
            lock.linked.setdefault(node.component.directory or "", node)
        for descriptor in names.descriptors:
            if descriptor in lock.by_descriptor:
                lock.graph.unknown(location, f"{shown(descriptor)} is stated twice, of which the first counts")
            else:
                lock.by_descriptor[descriptor] = node
        nodes.append(node)
    return nodes


def _names(lock: _Lock, entry: Entry, resolved: str, location: Location) -> list[_Names]:
    """The descriptors by the package that they mean; nearly always it is one."""
    name, range_ = split_at(entry.keys[0])
    if len(entry.keys) == 1 and ":" not in range_ and "/" not in range_:
        return [_Names(name, set(), entry.keys)]
    found: dict[str, _Names] = {}
    for descriptor in entry.keys:
        installed, range_ = split_at(descriptor)
        name = _real_name(installed, range_, resolved)
        names = found.setdefault(name, _Names(name, set(), []))
        names.descriptors.append(descriptor)
        if installed != name:
            names.aliases.add(installed)
    archive = registry_archive(resolved) if len(found) > 1 else None
    if archive and any(split_at(key)[1].startswith(f"npm:{archive.name}@") for key in entry.keys):
        # It is asked for in the place of the others, as `resolutions` can have it, and is what is installed.
        return [_Names(archive.name, {split_at(key)[0] for key in entry.keys} - {archive.name}, entry.keys)]
    if len(found) > 1 and not _EXOTIC.match(split_at(entry.keys[0])[1]):
        lock.graph.unknown(location, f"one archive stands for several packages: {shown(', '.join(sorted(found)))}")
    return list(found.values())


def _real_name(installed: str, range_: str, resolved: str) -> str:
    """The name of the package that is installed as `installed`."""
    if ":" not in range_ and "/" not in range_:
        return installed
    if range_.startswith("npm:"):
        return split_at(range_[4:])[0] or installed
    if not _EXOTIC.match(range_) or is_git(range_):
        return installed
    archive = registry_archive(resolved)
    return archive.name if archive else installed


def _component(lock: _Lock, entry: Entry, names: _Names, resolved: str, location: Location) -> Component:
    """What the entry is."""
    scheme, _, path = split_at(names.descriptors[0])[1].partition(":")
    if scheme == "link" or (scheme == "file" and not resolved):
        return _folder(lock, names.name, entry, path, location, linked=scheme == "link")
    found, url = _hashes(lock, entry, resolved, location)
    if url.startswith("file:"):
        url = f"file:{posixpath.normpath(posixpath.join(lock.directory, url[5:]))}"
    elif not _URL(url) and not is_git(url):
        url = ""  # of a mirror on disk Yarn states the name of a file alone
    came = origin(names.name, entry.table["version"], url, found)
    properties = came.properties
    if names.aliases:
        properties = tuple(sorted((*properties, *(("bomvet:alias", alias) for alias in names.aliases))))
    return Component(
        purl=came.purl,
        name=names.name,
        version=entry.table["version"],
        dependencies=Completeness.COMPLETE,
        hashes=came.hashes,
        distributions=came.distributions,
        locations=(location,),
        properties=properties,
    )


def _folder(lock: _Lock, name: str, entry: Entry, path: str, location: Location, *, linked: bool) -> Component:
    """The project in a folder that is depended on; of a link the lock does not say what it needs."""
    directory = within(lock.directory, path)
    if directory is None:
        lock.graph.unknown(location, f"{shown(name)} lies outside of the scanned tree")
        directory = posixpath.normpath(posixpath.join(lock.directory, path))
    project = project_at(lock.tree, directory, name=name, version="" if linked else entry.table["version"])
    return replace(
        project,
        dependencies=Completeness.INCOMPLETE
        if linked and not manifest(lock.tree, directory)
        else Completeness.COMPLETE,
        locations=tuple(sorted({*project.locations, location})),
        properties=(("bomvet:link", f"link:{path}"),) if linked else (),
    )


def _hashes(lock: _Lock, entry: Entry, resolved: str, location: Location) -> tuple[tuple[Hash, ...], str]:
    """The digests of the file, and its URL without one; `integrity` is stronger than the fragment."""
    url, sign, digest = resolved.rpartition("#")
    if not sign or not _SHA1(digest) or is_git(resolved):
        url, digest = resolved, ""
    integrity = entry.table.get("integrity")
    if integrity is not None:
        try:
            return hashes(integrity if isinstance(integrity, str) else "no text"), url
        except ValueError as error:
            lock.graph.unknown(location, f"a hash of {shown(entry.keys[0])} cannot be used: {shown(str(error))}")
    return ((Hash(algorithm="sha1", value=digest),) if digest else ()), url


# -- edges -----------------------------------------------------------------------------------------------------


def _connect(lock: _Lock, entry: Entry, node: Node) -> None:
    """The edges that an entry states."""
    roles: dict[str, tuple[str, str]] = {}
    for key, role in _TABLES:
        table = entry.table.get(key)
        if isinstance(table, dict):
            roles.update((name, (range_, role)) for name, range_ in table.items())
        elif table is not None:
            lock.graph.unknown(
                Location(path=lock.path, line=entry.line), f"{key} of {shown(entry.keys[0])} is no table"
            )
            node.lacks = True
    location = Location(path=lock.path, line=entry.line) if roles else node.location
    for name, (range_, role) in roles.items():
        target = lock.by_descriptor.get(f"{name}@{range_}") or _elsewhere(lock, node, name, range_)
        if target is not None:
            node.edges.append((target, role))
        elif role != "optional":
            lock.lacking(node, f"{name}@{range_}", location)


def _elsewhere(lock: _Lock, node: Node, name: str, range_: str) -> Node | None:
    """What a descriptor without an entry means: a project of the workspace, or what `resolutions` have instead."""
    if (member := lock.members.get(name)) and not range_.startswith("npm:"):
        return member
    for override in lock.overrides.get(name, ()):
        if override.parent in ("", node.component.name):
            found = lock.by_descriptor.get(f"{name}@{override.reference}")
            if found is not None:
                return found
    return None


def _connect_projects(lock: _Lock) -> None:
    """The project beside the lock, those of its workspace, and what they ask for."""
    folders, fault = members(lock.tree, lock.directory, manifest(lock.tree, lock.directory))
    place = posixpath.join(lock.directory, "package.json")
    if fault:
        lock.graph.unknown(Location(path=place), fault)
    asking = []
    for directory in dict.fromkeys((lock.directory, *folders)):
        project = replace(project_at(lock.tree, directory), dependencies=Completeness.COMPLETE)
        node = lock.graph.add(project, Location(path=posixpath.join(directory, "package.json")))
        asking.append((node, directory))
        if directory != lock.directory:
            lock.members.setdefault(project.name, node)
    for node, directory in asking:
        for request in requests(manifest(lock.tree, directory), development=True):
            _connect_request(lock, node, request, directory)


def _connect_linked(lock: _Lock) -> None:
    """What linked projects need: Yarn reads their package.json, and from some version on installs that as well."""
    for directory, node in lock.linked.items():
        for request in requests(manifest(lock.tree, directory)):
            target = _requested(lock, node, request, directory) if request.role != "peer" else None
            if target is not None:
                node.edges.append((target, request.role))
            elif not request.absent_ok:
                node.lacks = True


def _requested(lock: _Lock, node: Node, request: Request, directory: str) -> Node | None:
    """What the project `node` in `directory` asks for."""
    name, range_ = request.name, request.spec
    target = lock.by_descriptor.get(f"{name}@{range_}") or lock.by_descriptor.get(_from_top(lock, request, directory))
    return target or _elsewhere(lock, node, name, range_)


def _connect_request(lock: _Lock, node: Node, request: Request, directory: str) -> None:
    name, range_ = request.name, request.spec
    target = _requested(lock, node, request, directory)
    if target is not None:
        node.edges.append((target, request.role))
    # Yarn 1 installs no peer dependencies, so a lock has none but by chance.
    elif not request.absent_ok and request.role != "peer":
        lock.lacking(node, f"{name}@{range_}", Location(path=posixpath.join(directory, "package.json")))


def _from_top(lock: _Lock, request: Request, directory: str) -> str:
    """The descriptor of a path, which in a lock starts where the lock is."""
    scheme, _, path = request.spec.partition(":")
    if scheme not in ("file", "link"):
        return ""
    return f"{request.name}@{scheme}:{posixpath.relpath(posixpath.join(directory, path), lock.directory or '.')}"


def _no_project(lock: _Lock) -> None:
    """Say that nobody says what the project itself asks for."""
    project = replace(project_at(lock.tree, lock.directory), dependencies=Completeness.INCOMPLETE)
    lock.graph.add(project, Location(path=lock.path))
    reason = "there is no package.json beside the lock that could be read, so what the project itself needs is open"
    lock.graph.unknown(Location(path=lock.path), reason)
