"""An installed operating system: its release, and its packages with the edges between them.

Source of the release: os-release(5).
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from bomvet.advisories.ecosystems import SOURCE_NAME, SOURCE_VERSION
from bomvet.errors import FileUnreadableError
from bomvet.model.inventory import (
    Completeness,
    Component,
    Contact,
    Inventory,
    Kind,
    Location,
    Relationship,
    Unknown,
)
from bomvet.model.purl import project_purl
from bomvet.model.records import replace
from bomvet.resolvers._alike import MAX_ALIKE
from bomvet.resolvers._reach import reached

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bomvet.plugin import FileTree

#: In the sequence in which they count.
_FILES = ("etc/os-release", "usr/lib/os-release")
_LINE = re.compile(r"\s*([A-Z][A-Z0-9_]*)=(?:\"((?:[^\"\\]|\\.)*)\"|'([^']*)'|([^\s'\"#]*))\s*").fullmatch
_ESCAPED = re.compile(r"\\(.)")
_CONTACT = re.compile(r"\s*([^<>]*?)\s*<([^<>\s]+)>\s*").fullmatch
#: What is told line by line of one file that is broken.
MAX_UNKNOWNS = 50


class System(NamedTuple):
    """What lies below one folder: `distribution` is the ID of its os-release, `distro` that with its release."""

    folder: str
    distribution: str
    distro: str
    component: Component


class Package(NamedTuple):
    """An installed package: `needs` has, per thing that it depends on, the names of which any will do."""

    component: Component
    architecture: str
    provides: tuple[str, ...]
    needs: tuple[tuple[str, ...], ...]


class Reader:
    """What is found and not understood in the package database of one system."""

    def __init__(self, tree: FileTree, resolver: str, folder: str) -> None:
        self.tree, self.resolver = tree, resolver
        self.packages: list[Package] = []
        self.unknowns: list[Unknown] = []
        self._untold = 0
        self.system = self._system(folder)

    def unknown(self, location: Location, reason: str) -> None:
        """Note something that was not understood; of very many the number alone."""
        if len(self.unknowns) < MAX_UNKNOWNS:
            self.unknowns.append(Unknown(location=location, resolver=self.resolver, reason=reason))
        else:
            self._untold += 1

    def _system(self, folder: str) -> System:
        """The system at `folder`; one that does not say what it is has the name of the folder."""
        for name in _FILES:
            path = posixpath.join(folder, name)
            try:
                if self.tree.exists(path):
                    return _described(folder, path, os_release(self.tree.read(path)))
            except FileUnreadableError as error:
                self.unknown(Location(path=path), str(error))
        self.unknown(Location(path=posixpath.join(folder, _FILES[0])), "is not there, so the release is not known")
        return _described(folder, "", {"ID": ""}, name=posixpath.basename(folder) or self.tree.name)

    def inventory(self, location: Location) -> Inventory:
        """All packages with what they depend on, and the system, which has those that no other one needs."""
        if self._untold:
            reason = f"and {self._untold:,} more things are not understood"
            self.unknowns.append(Unknown(location=location, resolver=self.resolver, reason=reason))
        targets, lacking = _targets(self.packages)
        components = [
            replace(p.component, dependencies=Completeness.INCOMPLETE if at in lacking else Completeness.COMPLETE)
            for at, p in enumerate(self.packages)
        ]
        edges = [
            Relationship(
                source=self.system.component.purl, target=components[at].purl, evidence=components[at].locations
            )
            for at in _tops(targets)
        ]
        edges += [
            Relationship(source=source.purl, target=components[at].purl, evidence=source.locations)
            for source, found in zip(components, targets, strict=True)
            for at in found
        ]
        system = self.system.component
        return Inventory.merge([
            Inventory(
                components=(system, *components), relationships=tuple(edges), unknowns=tuple(self.unknowns)
            )
        ])  # fmt: skip


def os_release(data: bytes) -> dict[str, str]:
    """The variables; a line that is no plain assignment says nothing."""
    found: dict[str, str] = {}
    for line in data.decode("utf-8", "replace").splitlines():
        match = _LINE(line)
        if match:
            name, double, single, bare = match.groups()
            found[name] = _ESCAPED.sub(r"\1", double) if double is not None else single if single is not None else bare
    return found


def _described(folder: str, path: str, stated: Mapping[str, str], *, name: str = "") -> System:
    """By os-release; one of a version to come has no number, but the name of its release."""
    distribution = re.sub(r"[^a-z0-9._-]", "", stated.get("ID", "linux").lower())
    version = stated.get("VERSION_ID") or stated.get("VERSION_CODENAME", "")
    name = name or distribution
    component = Component(
        purl=project_purl(name, version, folder),
        name=name,
        version=version,
        kind=Kind.APPLICATION,
        directory=folder,
        description=stated.get("PRETTY_NAME", ""),
        locations=(Location(path=path),) if path else (),
    )
    distro = f"{distribution}-{version}" if distribution and version else distribution
    return System(folder, distribution, distro, component)


def sources(name: str, version: str) -> tuple[tuple[str, str], ...]:
    """The properties that say which source package one was built from, which is what advisories are about."""
    return (SOURCE_NAME, name), (SOURCE_VERSION, version)


def contact(text: str) -> tuple[Contact, ...]:
    """`Name <address>`, or a name alone."""
    found = _CONTACT(text)
    if found:
        return (Contact(name=found[1], email=found[2]),)
    return (Contact(name=" ".join(text.split())),) if text.strip() else ()


def _targets(packages: Sequence[Package]) -> tuple[list[list[int]], set[int]]:
    """Per package those that it depends on, and which packages need something that is not installed."""
    named: dict[str, list[int]] = defaultdict(list)
    provided: dict[str, list[int]] = defaultdict(list)
    for at, package in enumerate(packages):
        named[package.component.name].append(at)
        for name in package.provides:
            provided[name].append(at)
    targets: list[list[int]] = []
    lacking = set()
    for at, package in enumerate(packages):
        found: dict[int, None] = {}
        for alternatives in package.needs:
            meant = next(filter(None, (named.get(n) or provided.get(n) for n in alternatives)), None)
            if meant is None:
                lacking.add(at)
            else:
                found.update(dict.fromkeys(_alike(package, meant, packages)))
        found.pop(at, None)
        targets.append(sorted(found))
    return targets, lacking


def _alike(asker: Package, meant: Sequence[int], packages: Sequence[Package]) -> Sequence[int]:
    """Of several packages of one name, or that provide one, those of the architecture of who asks, if there are any."""
    if len(meant) == 1:
        return meant
    meant = meant[:MAX_ALIKE]
    same = [at for at in meant if packages[at].architecture in (asker.architecture, "all", "noarch")]
    return same or meant


def _tops(targets: Sequence[Sequence[int]]) -> Iterator[int]:
    """Packages that no other needs, and of such as need each other and nothing else needs the first."""
    needed = {at for found in targets for at in found}
    done = reached(tops := [at for at in range(len(targets)) if at not in needed], targets)
    yield from tops
    for at in range(len(targets)):
        if at not in done:
            yield at
            done |= reached([at], targets)
