"""`yarn.lock` of Yarn 2 to 4 as a graph: its packages, and what each of them asks for.

What the lock leaves out stands beside it: resolutions and roles in package.json, catalogs in `.yarnrc.yml`.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

from bomvet.errors import FileUnreadableError, MalformedError
from bomvet.model.inventory import Location
from bomvet.model.text import shown
from bomvet.resolvers.npm._manifest import manifest, requests
from bomvet.resolvers.npm._yarn_berry_packages import BerryLock, Package, read_entry
from bomvet.resolvers.npm._yarn_lines import Entry, Table, decoded, parse_berry, parse_settings
from bomvet.resolvers.npm._yarn_peers import add_peers
from bomvet.resolvers.npm._yarn_project import overrides, split_at, tell_of_orphans

if TYPE_CHECKING:
    from bomvet.plugin import FileTree
    from bomvet.resolvers.npm._graph import Graph, Node

#: Versions of the format that are known; the later ones differ in how caches are named.
_VERSIONS = tuple(map(str, range(1, 11)))
#: Of one package; there is no project with more.
_MAX_EXTENSIONS = 100
_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9][^\s|]*").fullmatch
_TABLES = ("dependencies", "dependenciesMeta", "peerDependencies", "peerDependenciesMeta")


def read_berry(graph: Graph, tree: FileTree, path: str, text: str) -> None:
    """Put what the lock holds into `graph`; raises `MalformedError` where it is no lock."""
    lock = BerryLock(graph, tree, path)
    parsed = parse_berry(text)
    for number, fault in parsed.flaws:
        lock.unknown(number, shown(fault))
    lock.overrides = overrides(manifest(tree, lock.directory))
    for entry in parsed.entries:
        if entry.keys == ["__metadata"]:
            _check_version(lock, entry)
        else:
            read_entry(lock, entry)
    lock.unite()
    settings = _settings(lock)
    for package in lock.packages:
        _connect(lock, package, settings)
    add_peers(lock)
    tell_of_orphans(graph)


def _check_version(lock: BerryLock, entry: Entry) -> None:
    for number, fault in entry.flaws:
        lock.unknown(number, f"of __metadata: {shown(fault)}")
    version = entry.table.get("version")
    if version not in _VERSIONS:
        lock.unknown(entry.line, f"lock version {shown(str(version))} is not known, and is read as those that are")


class _Settings(NamedTuple):
    """What `.yarnrc.yml` says that matters to a lock: ranges by catalog and name, extensions by name."""

    catalogs: Table
    extensions: dict[str, list[tuple[str, str, Table]]]


def _settings(lock: BerryLock) -> _Settings:
    """The settings beside the lock, if there are any that can be read."""
    path = posixpath.join(lock.directory, ".yarnrc.yml")
    try:
        table = parse_settings(decoded(lock.tree.read(path))) if lock.tree.exists(path) else {}
    except (FileUnreadableError, MalformedError) as error:
        line = getattr(error, "line", 0)
        lock.graph.unknown(Location(path=path, line=line), f"the settings of Yarn cannot be read: {error}")
        table = {}
    catalogs = {**_table(table, "catalogs"), "": _table(table, "catalog")}
    extensions: dict[str, list[tuple[str, str, Table]]] = {}
    for key, extension in _table(table, "packageExtensions").items():
        name, range_ = split_at(key)
        known = extensions.setdefault(name, [])
        if isinstance(extension, dict) and len(known) < _MAX_EXTENSIONS:
            known.append((key, range_, extension))
    return _Settings(catalogs, extensions)


def _connect(lock: BerryLock, package: Package, settings: _Settings) -> None:
    """The edges that an entry states; of an own project the manifest says as what it asks for each."""
    entry, node = package.entry, package.node
    for key in _TABLES:
        if not isinstance(entry.table.get(key, {}), dict):
            lock.unknown(entry.line, f"{key} of {shown(entry.keys[0])} is no table")
            node.lacks = True
    stated, meta = _table(entry.table, "dependencies"), _table(entry.table, "dependenciesMeta")
    extensions = _extensions(lock, package, settings)
    roles = _roles(lock, package, stated) if package.locator.reference.startswith("workspace:") else {}
    added = {name: range_ for table in extensions for name, range_ in _table(table, "dependencies").items()}
    for name, range_ in (added | stated).items():
        role = "optional" if _is_optional(meta, name) else roles.get(name, "")
        target = _target(lock, package, name, range_, settings) if isinstance(range_, str) else None
        if target is not None:
            package.found[name] = target
            node.edges.append((target, role))
        elif role != "optional":
            _lacking(lock, package, f"{name}@{range_}")
    for table in (*extensions, entry.table):
        peers, meta = _table(table, "peerDependencies"), _table(table, "peerDependenciesMeta")
        for name in (*peers, *meta):
            package.peers[name] = "optional peer" if _is_optional(meta, name) else "peer"


def _table(table: Table, key: str) -> Table:
    value = table.get(key)
    return value if isinstance(value, dict) else {}


def _is_optional(meta: Table, name: str) -> bool:
    return _table(meta, name).get("optional") == "true"


def _lacking(lock: BerryLock, package: Package, wanted: str) -> None:
    node = package.node
    lock.unknown(package.entry.line, f"{shown(wanted)}, which {node.component.label} needs, is not in the lock")
    node.lacks = True


def _roles(lock: BerryLock, package: Package, stated: Table) -> dict[str, str]:
    """As what an own project asks for its dependencies, which in the lock stand all together."""
    table = manifest(lock.tree, package.node.component.directory or "")
    if not table and stated:
        label = package.node.component.label
        lock.unknown(package.entry.line, f"what {label} needs for development alone is open, without its package.json")
    roles = {}
    for request in requests(table, development=True):
        if request.role == "peer":
            continue
        roles[request.name] = request.role
        if request.name not in stated and not request.absent_ok:
            _lacking(lock, package, f"{request.name}@{request.spec}")
    return roles


# -- descriptors -----------------------------------------------------------------------------------------------


def _target(lock: BerryLock, package: Package, name: str, range_: str, settings: _Settings) -> Node | None:
    """What `name`@`range_` resolves to, as `package` asks for it."""
    bound = package.entry.table["resolution"]
    for override in lock.overrides.get(name, ()):
        if (
            override.parent in ("", package.locator.name)
            and (not override.parent_range or _in_full(override.parent_range) == package.locator.reference)
            and (not override.range or _in_full(override.range) == _in_full(range_))
        ):
            range_, bound = override.reference, lock.root
            break
    if range_.startswith("catalog:"):
        cataloged = _table(settings.catalogs, range_.removeprefix("catalog:")).get(name)
        if not isinstance(cataloged, str):
            known = lock.by_name.get(name, set())
            return lock.graph.nodes[next(iter(known))] if len(known) == 1 else None
        range_ = cataloged
    found = lock.by_descriptor
    descriptor = f"{name}@{range_}"
    return found.get((descriptor, "")) or found.get((descriptor, bound)) or found.get((f"{name}@npm:{range_}", ""))


def _in_full(range_: str) -> str:
    """A range with its protocol, which Yarn lets one leave out."""
    return range_ if ":" in range_ or "/" in range_ else f"npm:{range_}"


def _extensions(lock: BerryLock, package: Package, settings: _Settings) -> list[Table]:
    """What `packageExtensions` add to a package; a range that would have to be compared is told of."""
    name, version = package.locator.name, package.node.component.version
    found, is_only = [], len(lock.by_name.get(name, ())) == 1
    for key, range_, table in settings.extensions.get(name, ()):
        if range_ in ("", "*", version) or is_only:
            found.append(table)
        elif not _VERSION(range_):
            reason = f"whether the packageExtensions of {shown(key)} are for {package.node.component.label} is open"
            lock.unknown(package.entry.line, reason)
            package.node.lacks = True
    return found
