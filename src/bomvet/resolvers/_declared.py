"""What a manifest declares, where nothing locks it: components without a version, each an open question.

A requirement that names exactly one version, or one state of a repository, says what gets installed; what that
needs in turn is open all the same.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from bomvet.model.inventory import Completeness, Component, Inventory, Location, Relationship, Scope, Unknown
from bomvet.model.records import replace

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Requirements of one manifest, each counted once for every list that it is in; real ones have some hundreds.
MAX_REQUIREMENTS = 50_000
_SCOPE_OF = {"": Scope.REQUIRED, "peer": Scope.REQUIRED, "dev": Scope.DEV, "group": Scope.DEV}


class Want(NamedTuple):
    """One statement that a component is wanted: as what (`Relationship.roles`; "" plainly), where, and under what.

    `scope` is set where the role alone does not say it.
    """

    role: str
    location: Location
    constraint: str = ""
    marker: str = ""
    extras: tuple[str, ...] = ()
    scope: Scope | None = None


class Declarations:
    """One manifest while it is read; what cannot be understood is collected, and makes it incomplete (`lacks`)."""

    def __init__(self, resolver: str, path: str) -> None:
        self.resolver, self.path = resolver, path
        self.lacks = False
        self._unknowns: dict[Unknown, None] = {}
        self._components: dict[str, Component] = {}
        self._wants: dict[str, list[Want]] = defaultdict(list)
        self._count = 0

    def unknown(self, line: int, reason: str, *, path: str = "") -> None:
        """Note something that was not understood."""
        self.lacks = True
        self._note(Location(path=path or self.path, line=line), reason)

    def open(self, location: Location, what: str) -> None:
        """Note something that is understood, but whose version nothing states."""
        self._note(location, f"not locked: {what}")

    def _note(self, location: Location, reason: str) -> None:
        self._unknowns[Unknown(location=location, resolver=self.resolver, reason=reason)] = None

    def want(self, component: Component, want: Want) -> None:
        """A further requirement."""
        self._count += 1
        if self._count > MAX_REQUIREMENTS:
            self.unknown(0, f"more than {MAX_REQUIREMENTS:,} requirements: the rest was not read")
            return
        self._components[component.purl] = component
        self._wants[component.purl].append(want)

    @property
    def unknowns(self) -> tuple[Unknown, ...]:
        """All that was noted."""
        return tuple(self._unknowns)

    def inventory(self, project: Component, *, states_all: bool) -> Inventory:
        """`project` with all that it asks for; `states_all` where nothing else says more of that."""
        if states_all:
            completeness = Completeness.INCOMPLETE if self.lacks else Completeness.COMPLETE
            project = replace(project, dependencies=completeness)
        others = [(purl, wants) for purl, wants in self._wants.items() if purl != project.purl]
        return Inventory(
            components=(project, *(_described(self._components[purl], wants) for purl, wants in others)),
            relationships=tuple(_edge(project.purl, purl, wants) for purl, wants in others),
            unknowns=self.unknowns,
        )


def _described(component: Component, wants: list[Want]) -> Component:
    """`component` with what all requirements of it say."""
    locations = {want.location for want in wants}
    if component.first_party:
        return replace(component, locations=tuple(sorted({*component.locations, *locations})))
    properties = {
        *component.properties,
        *(("bomvet:requirement", want.constraint) for want in wants if want.constraint),
        *(("bomvet:extra", extra) for want in wants for extra in want.extras),
        *(("bomvet:marker", marker) for marker in _markers(wants)),
    }
    return replace(
        component,
        scope=min((want.scope or _scope(want.role) for want in wants), key=list(Scope).index),
        locations=tuple(sorted(locations)),
        properties=tuple(sorted(properties)),
    )


def _scope(role: str) -> Scope:
    return _SCOPE_OF.get(role.partition(":")[0], Scope.OPTIONAL)


def _edge(source: str, target: str, wants: list[Want]) -> Relationship:
    roles = {want.role for want in wants}
    return Relationship(
        source=source,
        target=target,
        roles=() if "" in roles else tuple(sorted(roles)),
        markers=_markers(wants),
        evidence=tuple(sorted({want.location for want in wants})),
    )


def _markers(wants: Iterable[Want]) -> tuple[str, ...]:
    """The conditions, where every requirement has one."""
    markers = {want.marker for want in wants}
    return () if "" in markers else tuple(sorted(markers))
