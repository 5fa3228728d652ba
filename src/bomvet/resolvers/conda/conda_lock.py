"""`conda-lock.yml`: packages of conda and pip for each platform, with hashes and edges, as the lock states them.

Source: https://conda.github.io/conda-lock/ and the models of lock version 1 in its sources.
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from bomvet.errors import BomvetError, MalformedError
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
from bomvet.model.purl import conda_purl, public_url, pypi_name, pypi_purl
from bomvet.model.records import replace
from bomvet.model.text import shown
from bomvet.plugin import FileTree, Resolver
from bomvet.resolvers._alike import Alike, too_many
from bomvet.resolvers.conda._channel import archive, public

if TYPE_CHECKING:
    from collections.abc import Iterator

ID = "conda/lock"
_ENTRY = rb"(?m)^[ \t]*-[ \t]+name:([^\n]*)"
_ITEM_NAME = r"(?:[^\s:]+::)?([A-Za-z0-9_.-]+)"


class _Package(NamedTuple):
    """An entry, read; what it asks for by name."""

    component: Component
    manager: str
    platform: str
    category: str
    location: Location
    needs: tuple[str, ...]


class _Lock:
    """One lock while it is read."""

    def __init__(self, tree: FileTree, path: str) -> None:
        self.tree, self.path = tree, path
        self.unknowns: list[Unknown] = []
        self.packages: list[_Package] = []
        self.by_name: dict[tuple[str, str, str], Alike[_Package]] = defaultdict(Alike)

    def unknown(self, location: Location, reason: str) -> None:
        """Note something that was not understood."""
        self.unknowns.append(Unknown(location=location, resolver=ID, reason=reason))

    def targets(self, package: _Package, name: str) -> list[_Package]:
        """What `name` means to a package of the same platform: pip takes what conda has installed, too."""
        managers = ("pip", "conda") if package.manager == "pip" else ("conda",)
        for manager in managers:
            if found := self.by_name.get((package.platform, manager, pypi_name(name) if manager == "pip" else name)):
                return found
        # Names of pip are written in many ways.
        return self.by_name.get((package.platform, "conda", pypi_name(name)), []) if package.manager == "pip" else []


def parse_conda_lock(tree: FileTree, path: str) -> Inventory:
    """The inventory of one lock; raises `MalformedError` where it is no lock at all."""
    from bomvet.resolvers._yaml import load_mapping  # noqa: PLC0415 - most trees have no such file
    from bomvet.resolvers.python._project import project_at  # noqa: PLC0415

    data = tree.read(path)
    document = load_mapping(data)
    version = document.get("version", 1)
    if type(version) is not int or version != 1:
        raise MalformedError(f"lock version {shown(repr(version))} is not known, only 1")
    entries = document.get("package")
    if not isinstance(entries, list):
        raise MalformedError("'package' is no list")
    lock = _Lock(tree, path)
    for entry, location in zip(entries, _locations(data, path, entries), strict=True):
        _read(lock, entry, location)
    project = project_at(tree, posixpath.dirname(path))
    edges, lacking = _edges(lock)
    components = (
        replace(p.component, dependencies=Completeness.INCOMPLETE if number in lacking else Completeness.COMPLETE)
        for number, p in enumerate(lock.packages)
    )
    return Inventory.merge([
        Inventory(
            components=(project, *components),
            relationships=(*edges, *_asked_for(lock, project, edges, document)),
            unknowns=tuple(lock.unknowns),
        )
    ])  # fmt: skip


def _locations(data: bytes, path: str, entries: list[Any]) -> list[Location]:
    """Where each entry begins; the file alone where what looks like entries are not those."""
    starts = list(re.finditer(_ENTRY, data))
    names = [entry.get("name") if isinstance(entry, dict) else None for entry in entries]
    if [_scalar(start[1]) for start in starts] != names:
        return [Location(path=path)] * len(entries)
    lines, line, at = [], 1, 0
    for start in starts:
        line += data.count(b"\n", at, start.start())
        at = start.start()
        lines.append(Location(path=path, line=line))
    return lines


def _scalar(text: bytes) -> str:
    """What stands behind a key on one line, without its quotes and the comment after it."""
    plain = text.decode("utf-8", "replace").partition(" #")[0].strip()
    return plain[1:-1] if len(plain) > 1 and plain[0] == plain[-1] and plain[0] in "'\"" else plain


def _read(lock: _Lock, entry: object, location: Location) -> None:
    name = entry.get("name") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(name, str) or not name.strip():
        lock.unknown(location, "a package without a name")
        return
    manager = entry.get("manager")
    if manager not in ("conda", "pip"):
        lock.unknown(location, f"{shown(name)} is installed by neither conda nor pip")
        return
    version = _text(entry, "version")
    if not version:
        lock.unknown(location, f"{shown(name)} has no version that is a text")
    files = tuple(_files(lock, entry, location))
    component = (_of_conda if manager == "conda" else _of_pip)(entry, name, version, files, location)
    platform, category = _text(entry, "platform"), _text(entry, "category") or "main"
    properties = {*component.properties, *((("bomvet:platform", platform),) if platform else ())}
    component = replace(component, scope=_scope(category), properties=tuple(sorted(properties)))
    needs = entry.get("dependencies", {})
    if not isinstance(needs, dict):
        lock.unknown(location, f"the dependencies of {shown(name)} are no mapping")
    package = _Package(
        component=component,
        manager=manager,
        platform=platform,
        category=category,
        location=location,
        needs=tuple(map(str, needs)) if isinstance(needs, dict) else (),
    )
    lock.packages.append(package)
    if lock.by_name[platform, manager, component.name].add(package):
        lock.unknown(package.location, too_many(shown(component.name)))


def _of_conda(
    entry: dict[str, Any], name: str, version: str, files: tuple[Distribution, ...], location: Location
) -> Component:
    found = archive(_text(entry, "url"))
    qualifiers = dict(found.qualifiers) if found else {"build": _text(entry, "build")}
    return Component(
        purl=conda_purl(name, version, qualifiers),
        name=name,
        version=version,
        distributions=files,
        locations=(location,),
    )


def _of_pip(
    entry: dict[str, Any], name: str, version: str, files: tuple[Distribution, ...], location: Location
) -> Component:
    source = entry.get("source")
    url = source.get("url") if isinstance(source, dict) else ""
    qualifiers = {}
    if isinstance(url, str) and url:
        # What is asked for by URL is no package of an index.
        qualifiers = {"vcs_url" if url.startswith("git+") else "download_url": public_url(url.partition("#")[0])}
    return Component(
        purl=pypi_purl(name, version, qualifiers),
        name=pypi_name(name),
        version=version,
        distributions=files,
        locations=(location,),
    )


def _files(lock: _Lock, entry: dict[str, Any], location: Location) -> Iterator[Distribution]:
    name, stated = shown(entry["name"]), entry.get("hash", {})
    hashes = []
    if not isinstance(stated, dict):
        lock.unknown(location, f"the hash of {name} is no mapping")
        stated = {}
    for algorithm, value in stated.items():
        try:
            hashes.append(Hash.parse(f"{algorithm}:{value if isinstance(value, str) else ''}"))
        except ValueError as error:
            lock.unknown(location, f"a hash of {name} cannot be used: {error}")
    url = public(_text(entry, "url"))
    if not url:
        lock.unknown(location, f"where {name} comes from is not stated")
    if url or hashes:
        is_source = entry["manager"] == "pip" and not url.endswith(".whl")
        yield Distribution(url=url, hashes=tuple(sorted(hashes)), source=is_source)


def _scope(category: str) -> Scope:
    return {"main": Scope.REQUIRED, "dev": Scope.DEV}.get(category, Scope.OPTIONAL)


def _edges(lock: _Lock) -> tuple[list[Relationship], set[int]]:
    """All edges between packages, and the numbers of those that ask for what is not there."""
    edges, lacking = [], set()
    for number, package in enumerate(lock.packages):
        source = package.component.purl
        for name in package.needs:
            if name.startswith("__"):
                continue  # what the system must have, such as __glibc
            targets = lock.targets(package, name)
            if not targets:
                reason = f"{shown(name)}, which {package.component.name} needs, is not in the lock"
                lock.unknown(package.location, reason)
                lacking.add(number)
            evidence = (package.location,)
            found = (target.component.purl for target in targets)
            edges += [Relationship(source=source, target=purl, evidence=evidence) for purl in found if purl != source]
    return edges, lacking


def _asked_for(
    lock: _Lock, project: Component, edges: list[Relationship], document: dict[str, Any]
) -> Iterator[Relationship]:
    """What the project itself asks for: what its environment files name, and what nothing else in the lock needs."""
    named = _named(lock, document)
    needed = {edge.target for edge in edges}
    for package in lock.packages:
        component = package.component
        if component.name in named or component.purl not in needed:
            role = {"main": "", "dev": "dev"}.get(package.category, f"extra:{package.category}")
            roles = (role,) if role else ()
            evidence = (package.location,)
            yield Relationship(source=project.purl, target=component.purl, roles=roles, evidence=evidence)


def _named(lock: _Lock, document: dict[str, Any]) -> set[str]:
    """The names in the environment files that the lock was made from, as far as those are in the tree."""
    from bomvet.resolvers._yaml import load_mapping  # noqa: PLC0415 - see above

    metadata = document.get("metadata")
    sources = metadata.get("sources") if isinstance(metadata, dict) else None
    found: set[str] = set()
    for source in sources[:_MAX_SOURCES] if isinstance(sources, list) else []:
        if not isinstance(source, str) or not source.endswith((".yml", ".yaml")):
            continue
        path = posixpath.normpath(posixpath.join(posixpath.dirname(lock.path), source))
        try:
            items = load_mapping(lock.tree.read(path)).get("dependencies")
        except BomvetError:
            continue  # its own resolver reports it
        for item in items if isinstance(items, list) else []:
            texts = item.get("pip") if isinstance(item, dict) else [item]
            for text in texts if isinstance(texts, list) else []:
                if isinstance(text, str) and (match := re.match(_ITEM_NAME, text.strip())):
                    found |= {match[1].lower(), pypi_name(match[1])}
    return found


#: Files that one lock is made from; real ones have a handful.
_MAX_SOURCES = 32


def _text(entry: dict[str, Any], key: str) -> str:
    value = entry.get(key)
    return value if isinstance(value, str) else ""


CONDA_LOCK = Resolver(
    id=ID,
    title="conda-lock.yml",
    globs=("**/conda-lock.yml", "**/*.conda-lock.yml", "**/conda-lock.yaml"),
    parse=parse_conda_lock,
    locks=True,
    reads="packages of conda and pip for every platform, with version, build, channel, URL, md5 and sha256, edges and "
    "categories (main, dev, others)",
    limits="lock version 1 alone; what the project itself asks for is known as far as its environment files are there",
)
