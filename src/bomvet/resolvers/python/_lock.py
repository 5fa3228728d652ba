"""What all readers of Python locks share: packages with their dependency lists, and the inventory that they make.

A reader adds a `Package` per entry; `Lock.inventory` finds who means whom, under which conditions, and why each
package is needed at all.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from bomvet.model.inventory import Completeness, Component, Inventory, Location, Relationship, Scope, Unknown
from bomvet.model.purl import pypi_name
from bomvet.model.records import replace
from bomvet.resolvers._reach import reached, scopes
from bomvet.resolvers.python._conditions import alternatives, any_of_both

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from bomvet.plugin import FileTree

#: Packages of one name, and conditions of one package, that are told apart.
_MOST_OF_A_NAME = 100
_MOST_CONDITIONS = 16
#: A source table as something that can be compared and hashed.
Source = tuple[tuple[str, str], ...]


class Dependency(NamedTuple):
    """An entry of a dependency list: `name` and `extras` normalised, `marker` about environments alone.

    Which of several packages of the name it means is said by `specifier` (a range of versions), or by `version` and
    `source`, as the lock has it.  What an extra merely offers counts where it is asked for and there.
    """

    name: str
    extras: tuple[str, ...] = ()
    marker: str = ""
    specifier: str = ""
    version: str = ""
    source: Source = ()
    location: Location | None = None
    offered: bool = False


class Asked(NamedTuple):
    """As what the project asks for a package, where the lock tells it: `kind` and `name` as in `Package.lists`."""

    kind: str
    name: str = ""
    marker: str = ""


class Package:
    """An entry of a lock, read.

    The names of `extras` may be several, with commas: such a list is for who asks for all of them.  `markers` are
    the environments in any of which it is installed, and `scope` why it is needed, where the lock states these.
    """

    __slots__ = (
        "asked", "component", "extras", "groups", "location", "markers", "required", "scope", "source",
    )  # fmt: skip

    def __init__(self, component: Component, location: Location, *, source: Source = ()) -> None:
        self.component, self.location, self.source = component, location, source
        self.required: list[Dependency] = []
        self.extras: dict[str, list[Dependency]] = {}
        self.groups: dict[str, list[Dependency]] = {}
        self.markers: tuple[str, ...] | None = None
        self.scope: Scope | None = None
        self.asked: tuple[Asked, ...] = ()

    def lists(self) -> Iterator[tuple[str, str, list[Dependency]]]:
        """All its dependency lists, each with its kind (``, `extra`, `group`) and name."""
        yield "", "", self.required
        for name, entries in self.extras.items():
            yield "extra", name, entries
        for name, entries in self.groups.items():
            yield "group", name, entries

    def answering(self, extras: Collection[str]) -> list[str]:
        """Which of its extras are meant where `extras` are asked for: the list for just these, else each alone."""
        if not extras or not self.extras:
            return []
        joined = ",".join(sorted(extras))
        return [joined] if joined in self.extras else [name for name in extras if name in self.extras]


# Plain classes: they are defined at each start, and a named tuple takes five times as long to define.
class _Link:
    """A dependency of the package `number`, in the list of this kind and name, and the packages that it means.

    `is_exact` where its marker says all about the environments.
    """

    __slots__ = ("dependency", "is_exact", "kind", "name", "number", "targets")

    def __init__(
        self, number: int, kind: str, name: str, dependency: Dependency, targets: list[int], *, is_exact: bool = False
    ) -> None:
        self.number, self.kind, self.name = number, kind, name
        self.dependency, self.targets, self.is_exact = dependency, targets, is_exact


class _Edge:
    """All that is said of one edge; a role or marker "" is that it is plain, or always holds."""

    __slots__ = ("markers", "places", "roles")

    def __init__(self) -> None:
        self.roles: set[str] = set()
        self.markers: set[str] = set()
        self.places: set[Location] = set()

    def relationship(self, source: str, target: str) -> Relationship:
        return Relationship(
            source=source,
            target=target,
            roles=alternatives(sorted(self.roles)),
            markers=alternatives(sorted(self.markers)),
            evidence=tuple(sorted(self.places)) if len(self.places) > 1 else tuple(self.places),
        )


class Lock:
    """One lock file while it is read; what cannot be read is collected in `unknowns`.

    `choose` says which of several packages of a name a dependency means.  `tolerant` is for locks that repeat what
    packages say of themselves: what is asked for under a marker may be missing, where no environment fits.
    `conditional` is for locks in which the conditions of an edge stand at its target.
    """

    def __init__(
        self,
        tree: FileTree,
        path: str,
        resolver: str,
        choose: Callable[[list[Package], Dependency], list[Package]],
        *,
        tolerant: bool = False,
        conditional: bool = False,
    ) -> None:
        self.tree, self.path, self.directory = tree, path, posixpath.dirname(path)
        self.resolver, self.choose, self.tolerant, self.conditional = resolver, choose, tolerant, conditional
        self.unknowns: list[Unknown] = []
        self.packages: list[Package] = []
        self.repeated: list[Component] = []
        self.by_name: dict[str, list[Package]] = defaultdict(list)

    def unknown(self, location: Location, reason: str) -> None:
        """Note something that was not understood."""
        self.unknowns.append(Unknown(location=location, resolver=self.resolver, reason=reason))

    def add(self, package: Package, name: str = "") -> None:
        """A further package, which dependencies find under `name`, if it has one."""
        self.packages.append(package)
        if name:
            self.by_name[name].append(package)

    def repeat(self, component: Component) -> None:
        """A further entry of a package that is known: it adds what it holds, and says nothing of why it is needed."""
        self.repeated.append(replace(component, scope=Scope.DEV, dependencies=Completeness.UNKNOWN))

    def inventory(
        self, *, members: Collection[str] = (), unasked: bool = True, hang_on: Package | None = None
    ) -> Inventory:
        """What the packages are and need.

        `members` are own projects besides those in the folder of the lock.  With `unasked`, what an extra of a
        package needs counts also where nobody asks for that extra.  On `hang_on` hangs all that nothing leads to.
        """
        links = [*self._links()]
        if hang_on is not None:
            links += self._loose(links, self.packages.index(hang_on))
        graph = _Graph(self, links, members)
        edges: dict[tuple[str, str], _Edge] = {}
        for link in links:
            if (unasked and not link.dependency.offered) or graph.is_live(link):
                self._add_edges(edges, link, graph)
        self._describe(links, graph)
        return Inventory(
            components=(*(package.component for package in self.packages), *self.repeated),
            relationships=tuple(edge.relationship(*ends) for ends, edge in edges.items()),
            unknowns=tuple(self.unknowns),
        )

    def _links(self) -> Iterator[_Link]:
        """Every dependency with what it means; what means nothing is noted."""
        index = {id(package): number for number, package in enumerate(self.packages)}
        for name in [name for name, found in self.by_name.items() if len(found) > _MOST_OF_A_NAME]:
            place = self.by_name.pop(name)[0].location
            self.unknown(
                place, f"more than {_MOST_OF_A_NAME} packages are called {name}: none was taken for a dependency"
            )
        for number, package in enumerate(self.packages):
            for kind, name, entries in package.lists():
                for dependency in dict.fromkeys(entries):
                    found = self.by_name.get(dependency.name, [])
                    targets = self.choose(found, dependency) if len(found) > 1 else found
                    if targets:
                        yield _Link(number, kind, name, dependency, [index[id(target)] for target in targets])
                    else:
                        self._lacks(package, dependency)

    def _lacks(self, package: Package, dependency: Dependency) -> None:
        if self.tolerant and dependency.marker:
            return
        place = dependency.location or package.location
        if not dependency.offered:
            self.unknown(place, f"{dependency.name}, which {package.component.name} needs, is not in the lock")
        if not dependency.offered or dependency.location:  # of the project itself, which the lock is not all for
            package.component = replace(package.component, dependencies=Completeness.INCOMPLETE)

    def _loose(self, links: Iterable[_Link], root: int) -> Iterator[_Link]:
        """Links from `root` to what no other package leads to: what nothing asks for, and one of each circle."""
        targets: list[list[int]] = [[] for _ in self.packages]
        for link in links:
            targets[link.number] += [target for target in link.targets if target != link.number]
        asked_for = {target for found in targets for target in found}
        seen: set[int] = set()
        _reach(root, targets, seen)
        for number in sorted(range(len(self.packages)), key=lambda n: (n in asked_for, n)):
            if number in seen:
                continue
            _reach(number, targets, seen)
            package = self.packages[number]
            for asked in package.asked or (Asked(""),):
                dependency = Dependency(package.component.name, marker=asked.marker, location=package.location)
                yield _Link(root, asked.kind, asked.name, dependency, [number], is_exact=True)

    def _add_edges(self, edges: dict[tuple[str, str], _Edge], link: _Link, graph: _Graph) -> None:
        package = self.packages[link.number]
        source, place = package.component.purl, link.dependency.location or package.location
        for number in link.targets:
            target = self.packages[number].component.purl
            if target == source:
                continue  # an extra of a package may ask for other extras of the package itself
            edge = edges.get((source, target))
            if edge is None:
                edge = edges[source, target] = _Edge()
            edge.roles.update(_roles(link.kind, link.name))
            edge.markers.update(graph.conditions(link, number) or ("",))
            edge.places.add(place)

    def _describe(self, links: Iterable[_Link], graph: _Graph) -> None:
        """Say of each package why it is needed, and under which conditions, as far as the lock does not."""
        conditions: dict[int, set[str]] = defaultdict(set)
        for link in links:
            for number in link.targets:
                conditions[number].update(graph.conditions(link, number) or ("",))
        for package, number, scope in zip(self.packages, range(len(self.packages)), graph.scopes(), strict=True):
            component = package.component
            if component.first_party:
                continue
            scope = package.scope or scope  # noqa: PLW2901
            markers = package.markers
            if markers is None:
                markers = alternatives(sorted(conditions[number]))
            stated = {*component.properties, *(("bomvet:marker", marker) for marker in markers)}
            if scope is not component.scope or len(stated) > len(component.properties):
                package.component = replace(component, scope=scope, properties=tuple(sorted(stated)))


class _Graph:
    """Who leads to whom; an extra of a package is a node of its own, for it counts only where it is asked for."""

    def __init__(self, lock: Lock, links: list[_Link], members: Collection[str]) -> None:
        self.lock = lock
        packages = lock.packages
        self.extras = {(n, key): 0 for n, package in enumerate(packages) for key in package.extras}
        self.extras = {place: len(packages) + at for at, place in enumerate(self.extras)}
        self.plain: list[list[int]] = [[] for _ in range(len(packages) + len(self.extras))]
        self.own = self._own(members)
        self.seeds: dict[str, list[int]] = {"": [], "extra": [], "group": []}
        for link in links:
            nodes = [*self._nodes(link)]
            here = self._place(link)
            if link.kind != "group" and here is not None:
                self.plain[here] += nodes
            if link.number in self.own:
                self.seeds[link.kind] += nodes
        chosen = (node for (number, _), node in self.extras.items() if number in self.own)
        self.live = reached([*range(len(packages)), *chosen, *self.seeds["group"]], self.plain)
        # Under which conditions an extra is asked for, by its node.
        self.asking: dict[int, set[str]] = defaultdict(set)
        for link in links:
            if link.dependency.extras and self.is_live(link):
                for node in self._nodes(link):
                    self.asking[node].add(link.dependency.marker)

    def _place(self, link: _Link) -> int | None:
        """The node that `link` starts from."""
        return self.extras.get((link.number, link.name)) if link.kind == "extra" else link.number

    def _own(self, members: Collection[str]) -> set[int]:
        """The projects at the top, and `members`; a folder that one depends on counts as much as it is needed."""
        own = {n: p.component for n, p in enumerate(self.lock.packages) if p.component.first_party}
        top = {n for n, c in own.items() if c.directory == self.lock.directory or pypi_name(c.name) in members}
        return top or set(own)

    def _nodes(self, link: _Link) -> Iterator[int]:
        for number in link.targets:
            yield number
            for key in self.lock.packages[number].answering(link.dependency.extras):
                yield self.extras[number, key]

    def is_live(self, link: _Link) -> bool:
        """Whether what `link` stands in is asked for at all."""
        return link.kind != "extra" or link.number in self.own or self._place(link) in self.live

    def conditions(self, link: _Link, target: int) -> tuple[str, ...]:
        """The environments in any of which `link` leads to `target`; none where it always does."""
        package = self.lock.packages[target]
        found: tuple[str, ...] = (link.dependency.marker,) if link.dependency.marker else ()
        matters = not link.is_exact and (len(link.targets) > 1 or self.lock.conditional)
        if matters and package.markers and len(package.markers) <= _MOST_CONDITIONS:
            found = any_of_both(found, package.markers)
        if link.kind == "extra" and link.number not in self.own:
            found = any_of_both(self._asked_under(self.extras[link.number, link.name]), found)
        return found

    def _asked_under(self, node: int) -> tuple[str, ...]:
        """The conditions under which an extra is asked for."""
        asking = self.asking[node]
        return () if len(asking) > _MOST_CONDITIONS else alternatives(sorted(asking))

    def scopes(self) -> list[Scope]:
        """Why each package is needed; where there is no project to start from, all are required."""
        required, may, development = (self.seeds[kind] for kind in ("", "extra", "group"))
        none: list[tuple[int, ...]] = [()] * len(self.plain)
        found = scopes(self.plain, none, required=required, may=may, development=development)
        return found[: len(self.lock.packages)]


def _roles(kind: str, name: str) -> tuple[str, ...]:
    """As what a list asks, "" for plainly; an extra or group without a name is an option, or development."""
    if not kind:
        return ("",)
    if not name:
        return ("dev" if kind == "group" else "optional",)
    return tuple(f"{kind}:{part}" for part in name.split(","))


def _reach(start: int, targets: Sequence[Iterable[int]], seen: set[int]) -> None:
    """Add `start` and all that it leads to."""
    todo = [start]
    while todo:
        here = todo.pop()
        if here not in seen:
            seen.add(here)
            todo.extend(targets[here])
