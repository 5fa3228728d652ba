"""The packages of one environment as a graph: which of them ask for which, and what the projects ask for.

Markers are evaluated for the environment; an extra counts only where something asks for it, and what that asks for
may be extras again, so that the edges are found by following them until there are no more.
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from bomvet.model.inventory import (
    Completeness,
    Component,
    Inventory,
    Kind,
    Location,
    RelationKind,
    Relationship,
    Scope,
)
from bomvet.model.purl import project_purl, pypi_name
from bomvet.model.records import replace
from bomvet.model.text import shown
from bomvet.resolvers._alike import MAX_ALIKE, too_many
from bomvet.resolvers._reach import reached, scopes
from bomvet.resolvers.python._installed import ID
from bomvet.resolvers.python._project import project_at
from bomvet.resolvers.python._sboms import read_sbom
from bomvet.resolvers.python._wanted import wanted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bomvet.resolvers.python._environment import Environment
    from bomvet.resolvers.python._installed import Installed, Reader
    from bomvet.resolvers.python._metadata import Requirement

#: `extra == "NAME"`, either way round.
_EXTRA = re.compile(r"""\bextra\s*==\s*(['"])([^'"]*)\1|(['"])([^'"]*)\3\s*==\s*extra\b""")
#: Versions of one name that are told one by one.
_SHOWN = 20
_RANKS = {Scope.REQUIRED: 0, Scope.OPTIONAL: 1, Scope.DEV: 2}


class _Edge(NamedTuple):
    """An edge while it is found: roles, markers and places that state it; a None among the former is `always`."""

    roles: set[str | None]
    markers: set[str | None]
    evidence: set[Location]


class Place(NamedTuple):
    """Where the environment is in the tree, what it is, and the folders of the projects that it is for."""

    directory: str
    locations: tuple[Location, ...]
    environment: Environment
    projects: tuple[str, ...]


class Graph:
    """The distributions of one folder, by number, and the edges between them."""

    def __init__(self, reader: Reader, place: Place, packages: Sequence[Installed]) -> None:
        self.reader, self.place, self.packages = reader, place, packages
        self.edges: dict[tuple[str, str], _Edge] = {}
        self.targets: list[set[int]] = [set() for _ in packages]
        self.missing: list[dict[str, None]] = [{} for _ in packages]
        self.by_name = self._by_name()
        self._doubtful: set[int] = set()
        self._asked: set[tuple[int, str]] = set()
        self._todo: list[tuple[int, str]] = []
        self._by_extra: dict[int, dict[str, list[Requirement]]] = {}
        # Per role that of a project: what it asks for always, as an extra, for development.
        self.seeds: dict[str, set[int]] = defaultdict(set)
        self.projects: dict[str, Component] = {}

    def _by_name(self) -> dict[str, list[int]]:
        """Those of each name that are found first; which of several `dist-info` of one name is, nobody promises."""
        found: dict[str, list[int]] = defaultdict(list)
        for number, package in enumerate(self.packages):
            found[package.name].append(number)
        for numbers in found.values():
            if len({self.packages[number].purl for number in numbers}) > 1:
                stated = ", ".join(shown(self.packages[n].metadata.version or "no version") for n in numbers[:_SHOWN])
                stated += ", ..." if len(numbers) > _SHOWN else ""
                last = self.packages[numbers[-1]]
                reason = f"{shown(last.name)} is installed more than once ({stated})"
                self.reader.unknown(last.location.path, reason, last.location.line)
            least = min(self.packages[number].rank for number in numbers)
            numbers[:] = [number for number in numbers if self.packages[number].rank == least]
            if len(numbers) > MAX_ALIKE:
                last = self.packages[numbers[-1]]
                self.reader.unknown(last.location.path, too_many(shown(last.name)), last.location.line)
                del numbers[MAX_ALIKE:]
        return found

    def resolve(self) -> None:
        """Find all edges: of every distribution, then of the extras that are asked for, until no more are."""
        for number in range(len(self.packages)):
            self._ask(number, "")
        for directory in self._project_folders():
            self._ask_project(directory)
        while self._todo:
            number, extra = self._todo.pop()
            self._edges_of(number, extra)

    def _ask(self, number: int, extra: str) -> None:
        if (number, extra) not in self._asked:
            self._asked.add((number, extra))
            self._todo.append((number, extra))

    def _edges_of(self, number: int, extra: str) -> None:
        """The edges of one distribution that hold where `extra` is asked for ("": always)."""
        package = self.packages[number]
        for one in self._requires_with(number, extra) if extra else package.requires:
            marker = self._marker(number, one, extra)
            if marker is None:
                continue
            found = self.by_name.get(one.name, ())
            for target in found:
                for name in one.extras:
                    self._ask(target, name)
                if target != number:
                    self.targets[number].add(target)
                    role = f"extra:{extra}" if extra else None
                    self._edge(package.purl, self.packages[target].purl, role, marker, self._line(package, one))
            if not found and not marker:
                self.missing[number][shown(one.text)] = None

    def _requires_with(self, number: int, extra: str) -> list[Requirement]:
        """The requirements that may hang on `extra`: most name theirs, so that not all are gone through for each."""
        if number not in self._by_extra:
            known: dict[str, list[Requirement]] = defaultdict(list)
            self._by_extra[number] = known
            for one in self.packages[number].requires:
                if "extra" in one.marker:
                    names = _names(_EXTRA.findall(one.marker)) if " or " not in one.marker else ()
                    for name in names or ("",):
                        known[name].append(one)
        stated = self._by_extra[number]
        return [*stated.get(extra, ()), *stated.get("", ())]

    def _marker(self, number: int, one: Requirement, extra: str) -> str | None:
        """Where a requirement holds that is asked for by way of `extra`: "" in the whole environment, None nowhere.

        What holds without an extra is none of the extra's.
        """
        if not one.marker:
            return None if extra else ""
        if "extra" not in one.marker:
            return None if extra else self._held(number, one, "")
        if " or " not in one.marker and (names := _EXTRA.findall(one.marker)) and extra not in _names(names):
            return None  # most are, and need no parser to tell
        return self._held(number, one, extra)

    def _held(self, number: int, one: Requirement, extra: str) -> str | None:
        try:
            holds = self.place.environment.holds(one.marker, extra)
        except ValueError as error:
            package = self.packages[number]
            if number not in self._doubtful:
                self.reader.unknown(package.location.path, str(error), one.line)
            self._doubtful.add(number)
            return None
        return one.marker if holds is None else "" if holds else None

    @staticmethod
    def _line(package: Installed, one: Requirement) -> Location:
        path = package.location.path
        if path.endswith("/PKG-INFO") and package.requires is not package.metadata.requires:
            path = f"{path[: -len('PKG-INFO')]}requires.txt"
        return Location(path=path, line=one.line)

    def _edge(self, source: str, target: str, role: str | None, marker: str, evidence: Location) -> None:
        edge = self.edges.get((source, target))
        if edge is None:
            edge = self.edges[source, target] = _Edge(set(), set(), set())
        edge.roles.add(role)
        edge.markers.add(marker or None)
        edge.evidence.add(evidence)

    # -- projects -----------------------------------------------------------------------------------------------

    def _project_folders(self) -> list[str]:
        own = [package.directory for package in self.packages if package.directory is not None]
        return [*dict.fromkeys((*own, *self.place.projects))]

    def _ask_project(self, directory: str) -> None:
        """The edges of a project of the tree: all that it asks for and that is installed, for whatever reason."""
        tree = self.reader.tree
        installed = next((p for p in self.packages if p.directory == directory), None)
        if installed:
            asked = [("", one) for one in installed.requires if "extra" not in one.marker]
            asked += [
                (f"extra:{name}", one) for one in installed.requires for name in _names(_EXTRA.findall(one.marker))
            ]
            purl, path = installed.purl, installed.location.path
        else:
            project = self.projects[directory] = project_at(tree, directory)
            asked, purl, path = [], project.purl, posixpath.join(directory, "pyproject.toml")
        manifest = posixpath.join(directory, "pyproject.toml")
        stated = [(role, one, path) for role, one in asked]
        stated += [(role, one, manifest) for one, role in wanted(tree, directory)]
        for role, one, place in stated:
            extra = role.partition(":")[2] if role.startswith("extra:") else ""
            self._ask_wanted(purl, one, role, extra, Location(path=place, line=one.line))

    def _ask_wanted(self, purl: str, one: Requirement, role: str, extra: str, evidence: Location) -> None:
        try:
            holds = self.place.environment.holds(one.marker, extra) if one.marker else True
        except ValueError:
            return  # the reader of the manifest reports it
        for target in self.by_name.get(one.name, ()) if holds is not False else ():
            if self.packages[target].purl == purl:
                continue
            for name in one.extras:
                self._ask(target, name)
            self.seeds[role.partition(":")[0]].add(target)
            self._edge(purl, self.packages[target].purl, role or None, one.marker if holds is None else "", evidence)

    # -- result -------------------------------------------------------------------------------------------------

    def inventory(self) -> Inventory:
        """Everything, hung on the environment as far as no project asks for it."""
        environment = self._environment()
        found = self._scopes()
        components = [environment, *self.projects.values()]
        relationships = [*self._relationships(), *self._contained(environment.purl)]
        parts = []
        for number, package in enumerate(self.packages):
            missing = [*self.missing[number]]
            whole = package.completeness
            if number in self._doubtful or (missing and whole is Completeness.COMPLETE):
                whole = Completeness.INCOMPLETE
            components.append(package.component(self.reader.tree, found[number], whole, missing))
            parts += [self._sbom(package, path, found[number]) for path in package.sboms]
        own = Inventory(
            components=tuple(components),
            relationships=tuple(relationships),
            unknowns=tuple(self.reader.unknowns),
        )
        return Inventory.merge([own, *parts]) if parts else own

    def _relationships(self) -> Iterator[Relationship]:
        for (source, target), edge in self.edges.items():
            yield Relationship(
                source=source,
                target=target,
                roles=() if None in edge.roles else tuple(sorted(filter(None, edge.roles))),
                markers=() if None in edge.markers else tuple(sorted(filter(None, edge.markers))),
                evidence=tuple(sorted(edge.evidence)),
            )

    def _scopes(self) -> list[Scope]:
        """What only extras of the projects lead to is optional, what only their groups do is for development."""
        own = {number for number, package in enumerate(self.packages) if package.directory is not None}
        if not own and not self.seeds:
            return [Scope.REQUIRED] * len(self.packages)
        nothing: list[set[int]] = [set() for _ in self.packages]
        seeds = self.seeds
        return scopes(self.targets, nothing, required=own | seeds[""], may=seeds["extra"], development=seeds["group"])

    def _environment(self) -> Component:
        """The environment as a component: what the packages are in, and what their edges were evaluated for."""
        place, tree = self.place, self.reader.tree
        directory = place.directory
        properties = (("bomvet:environment", str(place.environment)),)
        known = self.projects.pop(directory, None)
        installed = next((package for package in self.packages if package.directory == directory), None)
        if installed:
            known = project_at(tree, directory, name=installed.name, version=installed.metadata.version)
        if known:
            return replace(known, properties=properties)
        name = posixpath.basename(directory) or tree.name
        return Component(
            purl=project_purl(name, "", directory),
            name=name,
            kind=Kind.APPLICATION,
            directory=directory,
            dependencies=Completeness.COMPLETE,
            locations=place.locations,
            properties=properties,
        )

    def _contained(self, environment: str) -> Iterator[Relationship]:
        """Edges from the environment to what no project leads to: what nobody asks for, then one of each cycle."""
        numbers = range(len(self.packages))
        own = [number for number in numbers if self.packages[number].directory is not None]
        seen = reached([*own, *(n for found in self.seeds.values() for n in found)], self.targets)
        asked = {target for found in self.targets for target in found}
        for number in sorted(numbers, key=lambda n: (n in asked, self.packages[n].purl)):
            if number not in seen:
                seen |= self._new([number], seen)
                package = self.packages[number]
                yield Relationship(
                    source=environment,
                    target=package.purl,
                    kind=RelationKind.CONTAINS,
                    evidence=(package.location,),
                )

    def _new(self, todo: list[int], seen: set[int]) -> set[int]:
        """What `todo` leads to beyond `seen`, itself included."""
        found: set[int] = set()
        while todo:
            here = todo.pop()
            if here not in found and here not in seen:
                found.add(here)
                todo.extend(self.targets[here])
        return found

    def _sbom(self, package: Installed, path: str, scope: Scope) -> Inventory:
        """What an SBOM of the distribution adds; a part is needed no more than the whole."""
        data = self.reader.read(path)
        if data is None:
            return Inventory()
        found = read_sbom(data, path, package.purl, ID)
        components = found.components
        if scope is not Scope.REQUIRED:
            components = tuple(replace(c, scope=max(c.scope, scope, key=_RANKS.__getitem__)) for c in components)
        return Inventory(components=components, relationships=found.relationships, unknowns=found.unknowns)


def _names(found: list[tuple[str, str, str, str]]) -> set[str]:
    """The extras that a marker names, normalised."""
    return {pypi_name(name or other) for _, name, _, other in found}
