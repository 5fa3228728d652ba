"""`yarn.lock` of Yarn 2 to 4 as a graph: its packages, and what each of them asks for.

What the lock leaves out stands beside it: resolutions and roles in package.json, catalogs in `.yarnrc.yml`.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from bomvet.errors import FileUnreadableError, MalformedError
from bomvet.model.inventory import Location
from bomvet.model.text import shown
from bomvet.resolvers.npm._manifest import manifest, requests
from bomvet.resolvers.npm._yarn_berry_packages import BerryLock, Package, read_entry
from bomvet.resolvers.npm._yarn_lines import Entry, Table, decoded, parse_berry, parse_settings
from bomvet.resolvers.npm._yarn_peers import add_peers
from bomvet.resolvers.npm._yarn_project import overrides, split_at

if TYPE_CHECKING:
    from bomvet.plugin import FileTree
    from bomvet.resolvers.npm._graph import Graph, Node

#: Versions of the format that are known; the later ones differ in how caches are named.
_VERSIONS = frozenset(map(str, range(1, 11)))
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
    settings = _settings(lock)
    for package in lock.packages:
        _connect(lock, package, settings)
    add_peers(lock)
    _tell_of_orphans(lock)


def _check_version(lock: BerryLock, entry: Entry) -> None:
    version = entry.table.get("version")
    if version not in _VERSIONS:
        lock.unknown(entry.line, f"lock version {shown(str(version))} is not known, and is read as those that are")


def _settings(lock: BerryLock) -> Table:
    """`.yarnrc.yml` beside the lock; empty where there is none, or none that can be read."""
    path = posixpath.join(lock.directory, ".yarnrc.yml")
    if not lock.tree.exists(path):
        return {}
    try:
        return parse_settings(decoded(lock.tree.read(path)))
    except (FileUnreadableError, MalformedError) as error:
        lock.graph.unknown(Location(path=path), f"settings of Yarn: {error}")
        return {}


def _connect(lock: BerryLock, package: Package, settings: Table) -> None:
    """The edges that an entry states; of an own project the manifest says as what it asks for each."""
    entry, node = package.entry, package.node
    for key in _TABLES:
        if not isinstance(entry.table.get(key, {}), dict):
            lock.unknown(entry.line, f"{key} of {shown(entry.keys[0])} is no table")
            node.lacks = True
    stated, meta = _table(entry.table, "dependencies"), _table(entry.table, "dependenciesMeta")
    extension = _extension(lock, package, settings)
    roles = _roles(lock, package, stated) if package.locator.reference.startswith("workspace:") else {}
    for name, range_ in {**_table(extension, "dependencies"), **stated}.items():
        role = "optional" if _is_optional(meta, name) else roles.get(name, "")
        target = _target(lock, package, name, range_, settings) if isinstance(range_, str) else None
        if target is not None:
            package.found[name] = target
            node.edges.append((target, role))
        elif role != "optional":
            _lacking(lock, package, f"{name}@{range_}")
    for table in (extension, entry.table):
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


def _target(lock: BerryLock, package: Package, name: str, range_: str, settings: Table) -> Node | None:
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
        catalog = range_.removeprefix("catalog:")
        table = _table(_table(settings, "catalogs"), catalog) if catalog else _table(settings, "catalog")
        range_ = table.get(name)  # type: ignore[assignment]
        if not isinstance(range_, str):
            known = lock.by_name.get(name, set())
            return lock.graph.nodes[next(iter(known))] if len(known) == 1 else None
    found = lock.by_descriptor
    descriptor = f"{name}@{range_}"
    return found.get((descriptor, "")) or found.get((descriptor, bound)) or found.get((f"{name}@npm:{range_}", ""))


def _in_full(range_: str) -> str:
    """A range with its protocol, which Yarn lets one leave out."""
    return range_ if ":" in range_ or "/" in range_ else f"npm:{range_}"


def _extension(lock: BerryLock, package: Package, settings: Table) -> dict[str, Any]:
    """What `packageExtensions` add to a package."""
    for key, table in _table(settings, "packageExtensions").items():
        name, range_ = split_at(key)
        if name != package.locator.name or not isinstance(table, dict):
            continue
        version = package.node.component.version
        if range_ in ("", "*", version) or len(lock.by_name.get(name, ())) == 1:
            return table
        reason = f"whether the packageExtensions of {shown(key)} are for {package.node.component.label} is open"
        lock.unknown(package.entry.line, reason)
        package.node.lacks = True
    return {}


def _tell_of_orphans(lock: BerryLock) -> None:
    """Yarn keeps nothing in a lock that nothing needs, so who needs such a package is something we do not see."""
    if not any(node.component.first_party for node in lock.graph.nodes):
        return
    needed = {target.number for node in lock.graph.nodes for target, _ in node.edges}
    for node in lock.graph.nodes:
        if node.number not in needed and not node.component.first_party:
            lock.unknown(node.location.line, f"what needs {node.component.label} is not to be seen in the lock")
