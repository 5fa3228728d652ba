"""`bun.lock` of Bun 1.2 and later: format versions 0 to 3.

Source: https://bun.com/docs/pm/lockfile and what Bun writes; the binary `bun.lockb` is another format.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from bomvet.errors import MalformedError
from bomvet.model.archives import registry_archive
from bomvet.model.inventory import Completeness, Component, Location
from bomvet.model.purl import npm_purl, public_url
from bomvet.model.records import replace
from bomvet.model.text import anonymous, shown
from bomvet.plugin import Resolver
from bomvet.resolvers.npm._graph import Graph, Node
from bomvet.resolvers.npm._jsonc import load_jsonc
from bomvet.resolvers.npm._manifest import project_at, requests
from bomvet.resolvers.npm._origin import Origin, archive_version, hashes, is_git, origin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.model.inventory import Hash, Inventory
    from bomvet.plugin import FileTree
    from bomvet.resolvers.npm._manifest import Request

ID = "npm/bun-lock"
_VERSIONS = (0, 1, 2, 3)
#: The start of an entry of `workspaces` or `packages`, as Bun lays them out.
_ENTRY = re.compile(r'^    ("(?:[^"\\\n]|\\.)*+"): [\[{]', re.MULTILINE)
#: Sections whose entries open a bracket on their line.
_SECTIONS = ("workspaces", "packages", "catalogs")
_LISTS = (("os", "bomvet:os"), ("cpu", "bomvet:cpu"), ("libc", "bomvet:libc"))
#: How deep packages may be installed in each other; nobody's are.
_DEEPEST = 200
_ARCHIVES = (".tgz", ".tar.gz", ".tar")
_Table = dict[str, Any]


class _Entry(NamedTuple):
    """An entry of `packages`: `key` is the path of names that it is installed under, `info` what it needs."""

    key: str
    name: str
    place: str
    rest: list[Any]
    info: _Table
    line: int


class _Lock:
    """One lock while it is read."""

    def __init__(self, tree: FileTree, path: str, document: _Table) -> None:
        self.tree, self.path, self.document = tree, path, document
        self.graph = Graph(ID)
        self.nodes: dict[str, Node] = {}
        self.projects: dict[str, Node] = {}
        patches = document.get("patchedDependencies")
        self.patches: _Table = patches if isinstance(patches, dict) else {}

    def unknown(self, line: int, reason: str) -> None:
        """Note something that was not understood."""
        self.graph.unknown(Location(path=self.path, line=line), reason)

    def section(self, name: str) -> _Table:
        """The table `name` of the document."""
        value = self.document.get(name)
        if value is not None and not isinstance(value, dict):
            self.unknown(1, f"{name!r} is no object")
        return value if isinstance(value, dict) else {}

    def project(self, place: str, line: int, *, name: str = "", version: str = "", link: str = "") -> Node:
        """The project in the folder `place`, as seen from the lock, which says that it is `name` and `version`."""
        directory = posixpath.normpath(posixpath.join(posixpath.dirname(self.path), place))
        directory = "" if directory == "." else directory
        if node := self.projects.get(directory):
            return node
        location = Location(path=self.path, line=line)
        if directory.startswith(("../", "/")) or directory == "..":
            self.unknown(line, f"{shown(place)} lies outside the scanned tree")
        project = project_at(self.tree, directory, name=name, version=version)
        properties = (("bomvet:link", link),) if link else ()
        # What a link leads to Bun leaves to itself.
        dependencies = Completeness.INCOMPLETE if link else project.dependencies
        locations = tuple(sorted({*project.locations, location}))
        project = replace(project, dependencies=dependencies, locations=locations, properties=properties)
        node = self.projects[directory] = self.graph.add(project, location, starts=False)
        return node


def parse_bun_lock(tree: FileTree, path: str) -> Inventory:
    """The inventory of one lock; raises `MalformedError` where it is no lock at all."""
    data = tree.read(path)
    document, twice = load_jsonc(data)
    version = document.get("lockfileVersion")
    if type(version) is not int or version not in _VERSIONS:
        raise MalformedError(f"lock version {shown(repr(version))} is not known, only 0 to 3", line=1)
    lock = _Lock(tree, path, document)
    for key in twice:
        lock.unknown(0, f"the key {shown(key)} stands twice, and the last counts")
    lines = _lines(data.decode("utf-8-sig"), document)
    workspaces = list(_workspaces(lock, lines))
    entries = list(_entries(lock, lines))
    for entry in entries:
        lock.nodes[entry.key] = _node(lock, entry)
    for node, name, table in workspaces:
        _connect(lock, node, table, (name,) if name else ())
    listed = {id(node) for node, _, _ in workspaces}
    for entry in entries:
        node = lock.nodes[entry.key]
        if id(node) not in listed:
            _connect(lock, node, entry.info, _names(entry.key))
    return lock.graph.inventory()


def _lines(text: str, document: _Table) -> dict[tuple[str, str], int]:
    """The line of each entry by section and key; none where the file is not laid out as Bun does."""
    import json  # noqa: PLC0415 - loaded already

    expected = [(section, key) for section in document for key in _table(document.get(section)) if section in _SECTIONS]
    found, at, number = [], 0, 1
    for match in _ENTRY.finditer(text):
        number += text.count("\n", at, match.start())
        at = match.start()
        try:
            found.append((json.loads(match[1]), number))
        except ValueError:  # in a comment anything may stand
            return {}
    if [key for key, _ in found] != [key for _, key in expected]:
        return {}
    return {place: line for place, (_, line) in zip(expected, found, strict=True)}


def _workspaces(lock: _Lock, lines: dict[tuple[str, str], int]) -> Iterator[tuple[Node, str, _Table]]:
    """Members of the workspace: node, own name (empty at the top), and what they ask for."""
    for place, table in lock.section("workspaces").items():
        line = lines.get(("workspaces", place), 1)
        if not isinstance(table, dict):
            lock.unknown(line, f"the workspace {shown(place)} is no object")
            continue
        name, version = _text(table.get("name")), _text(table.get("version"))
        node = lock.project(place, line, name=name, version=version)
        node.starts = True
        if not place:
            _note_overrides(lock, node)
        yield node, name if place else "", table


def _note_overrides(lock: _Lock, node: Node) -> None:
    texts = {("bomvet:override", anonymous(text)) for text in _overrides(lock.section("overrides"))}
    if texts:
        properties = tuple(sorted({*node.component.properties, *texts}))
        node.component = replace(node.component, properties=properties)


def _overrides(table: _Table) -> Iterator[str]:
    """Each as a text; those of version 3 may stand below the dependent that they are for, of which `.` is itself."""
    for key, value in table.items():
        for name, reference in value.items() if isinstance(value, dict) else ((".", value),):
            yield f"{key}: {reference}" if name == "." else f"{key}>{name}: {reference}"


def _entries(lock: _Lock, lines: dict[tuple[str, str], int]) -> Iterator[_Entry]:
    for key, value in lock.section("packages").items():
        line = lines.get(("packages", key), 1)
        first = value[0] if isinstance(value, list) and value else None
        name, at, place = _split(first) if isinstance(first, str) else ("", "", "")
        if not name or not at or not key or key.count("/") > _DEEPEST:
            lock.unknown(line, f"the entry {shown(key)} is no list that begins with a name and a version")
            continue
        info = next((item for item in value if isinstance(item, dict)), None)
        if info is None and not place.startswith("workspace:"):
            lock.unknown(line, f"what {shown(key)} needs is not stated")
        yield _Entry(key, name, place, value[1:], info or {}, line)


def _split(text: str) -> tuple[str, str, str]:
    at = text.find("@", 1)
    return (text[:at], "@", text[at + 1 :]) if at > 0 else ("", "", "")


def _node(lock: _Lock, entry: _Entry) -> Node:
    """A project where the entry is a folder, else a package."""
    kind, colon, folder = entry.place.partition(":")
    if colon and kind in ("workspace", "file", "link", "root") and not folder.endswith(_ARCHIVES):
        link = entry.place if kind == "link" else ""
        return lock.project(folder, entry.line, name=entry.name, link=link)
    version = _version(entry)
    found = _origin(lock, entry, version)
    if not version and not is_git(entry.place):
        lock.unknown(entry.line, f"{shown(entry.key)} has no version in the lock")
    component = Component(
        purl=found.purl,
        name=entry.name,
        version=version,
        hashes=found.hashes,
        distributions=found.distributions,
        locations=(Location(path=lock.path, line=entry.line),),
        properties=tuple(sorted({*found.properties, *_properties(lock, entry)})),
    )
    node = lock.graph.add(component, Location(path=lock.path, line=entry.line))
    node.lacks = not any(isinstance(item, dict) for item in entry.rest)
    return node


def _version(entry: _Entry) -> str:
    """What stands behind the name; of an archive, what its file is called after."""
    return archive_version(entry.name, entry.place) if _is_place(entry.place) else entry.place


def _is_place(text: str) -> bool:
    """Whether what stands behind the name is no version: a URL, a repository, a file."""
    return ":" in text or "/" in text or text.endswith(_ARCHIVES)


def _origin(lock: _Lock, entry: _Entry, version: str) -> Origin:
    """Of a registry: `[name@version, URL or "", info, integrity]`; of anything else the place stands in the first."""
    texts = [item for item in entry.rest if isinstance(item, str)]
    name, place = entry.name, entry.place
    if is_git(place):
        return origin(name, version, place, _hashes(lock, entry, texts[1:]))
    if _is_place(place):
        resolved = place if "://" in place or place.startswith("file:") else f"file:{posixpath.normpath(place)}"
        return origin(name, version, resolved, _hashes(lock, entry, texts))
    if not entry.rest or not isinstance(entry.rest[0], str):
        lock.unknown(entry.line, f"where {shown(entry.key)} comes from is not stated")
        return origin(name, version, "", _hashes(lock, entry, texts))
    url, found = texts[0], _hashes(lock, entry, texts[1:])
    if not url or registry_archive(url) or url.endswith(_ARCHIVES):
        return origin(name, version, url, found)
    return Origin(npm_purl(name, version), (), found, (("bomvet:registry", public_url(url)),))


def _hashes(lock: _Lock, entry: _Entry, texts: list[str]) -> tuple[Hash, ...]:
    try:
        return hashes(texts[0]) if texts else ()
    except ValueError as error:
        lock.unknown(entry.line, f"the integrity of {shown(entry.key)} cannot be used: {error}")
        return ()


def _properties(lock: _Lock, entry: _Entry) -> Iterator[tuple[str, str]]:
    info = entry.info
    for key, name in _LISTS:
        value = info.get(key)
        yield from ((name, item) for item in (value if isinstance(value, list) else [value]) if isinstance(item, str))
    if info.get("bundled") is True:
        yield "bomvet:bundled", "true"
    if info.get("hasInstallScript") is True:
        yield "bomvet:install-script", "true"
    if (alias := _names(entry.key)[-1]) != entry.name:
        yield "bomvet:alias", alias
    if patch := lock.patches.get(f"{entry.name}@{entry.place}"):
        yield "bomvet:patched", patch if isinstance(patch, str) else "true"


def _connect(lock: _Lock, node: Node, table: _Table, place: tuple[str, ...]) -> None:
    """The edges of `node`, which is installed at `place`: what it needs is beside it, or nearer to the top."""
    for request in requests(_with_optional_peers(table), development=node.component.first_party):
        target = _resolved(lock, place, request.name)
        if target is not None:
            node.edges.append((target, _role(request, target)))
        elif not request.absent_ok:
            lock.graph.lacking(node, shown(request.name))


def _role(request: Request, target: Node) -> str:
    """As what `target` is asked for."""
    if request.role == "peer" and request.absent_ok:
        return "optional peer"
    return request.role or ("bundled" if ("bomvet:bundled", "true") in target.component.properties else "")


def _resolved(lock: _Lock, place: tuple[str, ...], name: str) -> Node | None:
    for depth in range(len(place), -1, -1):
        if node := lock.nodes.get("/".join((*place[:depth], name))):
            return node
    return None


def _with_optional_peers(table: _Table) -> _Table:
    """`table` with its `optionalPeers` as package.json has them."""
    names = table.get("optionalPeers")
    if not isinstance(names, list):
        return table
    return {**table, "peerDependenciesMeta": {name: {"optional": True} for name in names if isinstance(name, str)}}


def _names(key: str) -> tuple[str, ...]:
    """The names that a key is made of, of which those with a scope hold a slash themselves."""
    parts = iter(key.split("/"))
    return tuple(f"{part}/{next(parts, '')}" if part.startswith("@") else part for part in parts)


def _table(value: object) -> _Table:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


BUN_LOCK = Resolver(
    id=ID,
    title="bun.lock",
    globs=("**/bun.lock",),
    parse=parse_bun_lock,
    locks=True,
    reads=(
        "packages by the paths that they are installed at, aliases, members of the workspace, folders and links as own "
        "projects, git and archives, roles of edges, hashes, patches, overrides, platforms, bundled packages"
    ),
    limits="`bun.lockb`, the older binary form, is not read",
)
