"""The packages of one npm lock or tree while they are read, and the inventory that they make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.model.inventory import Completeness, Component, Inventory, Location, Relationship, Scope, Unknown
from bomvet.model.records import dataclass, field, replace
from bomvet.resolvers._reach import scopes

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(slots=True)
class Node:
    """One installed package or own project; several may be of one name and version, with other dependencies each.

    `edges` are what its dependencies resolve to, each with its role (as `Request.role`; `bundled`; `optional peer`).
    `lacks` is set where one of them is not to be found.  `starts` tells whether what an own project asks for is
    needed by that alone: a folder that is no member of the workspace counts for as much as what leads to it.
    """

    component: Component
    location: Location
    edges: list[tuple[Node, str]] = field(default_factory=list)
    lacks: bool = False
    starts: bool = True
    number: int = -1


class Graph:
    """All nodes of one lock or tree; what cannot be read is collected in `unknowns`."""

    def __init__(self, resolver: str) -> None:
        self.resolver = resolver
        self.nodes: list[Node] = []
        self.unknowns: list[Unknown] = []

    def add(self, component: Component, location: Location, *, starts: bool = True) -> Node:
        """A further node."""
        node = Node(component, location, number=len(self.nodes), starts=starts)
        self.nodes.append(node)
        return node

    def unknown(self, location: Location, reason: str) -> None:
        """Note something that was not understood."""
        self.unknowns.append(Unknown(location=location, resolver=self.resolver, reason=reason))

    def lacking(self, node: Node, name: str) -> None:
        """Note that `node` asks for `name`, which is not there."""
        self.unknown(node.location, f"{name}, which {node.component.label} needs, is not in {self._where(node)}")
        node.lacks = True

    def _where(self, node: Node) -> str:
        return f"the {'lock' if node.location.line else 'tree'}"

    def inventory(self, *, scoped: bool = False) -> Inventory:
        """What the nodes are and need; `scoped` where their scopes are known already, as some locks state them."""
        reach = None if scoped else self._scopes()
        components = [_settled(node, reach[node.number] if reach else node.component.scope) for node in self.nodes]
        return Inventory(
            components=tuple(components), relationships=tuple(self._relationships()), unknowns=tuple(self.unknowns)
        )

    def _relationships(self) -> Iterator[Relationship]:
        for node in self.nodes:
            source, evidence = node.component.purl, (node.location,)
            for target, role in node.edges:
                if target.component.purl != source:
                    roles = tuple(role.split())
                    yield Relationship(source=source, target=target.component.purl, roles=roles, evidence=evidence)

    def _scopes(self) -> list[Scope]:
        """By what the own projects ask for; peers count as plain, since what is there is installed for them."""
        plain: list[list[int]] = [[] for _ in self.nodes]
        optional: list[list[int]] = [[] for _ in self.nodes]
        required: list[int] = []
        may: list[int] = []
        development: list[int] = []
        for node in self.nodes:
            for target, role in node.edges:
                can_do_without = role.startswith("optional")
                if role != "dev":
                    (optional if can_do_without else plain)[node.number].append(target.number)
                if node.component.first_party and (node.starts or role == "dev"):
                    seeds = development if role == "dev" else may if can_do_without else required
                    seeds.append(target.number)
        return scopes(plain, optional, required=required, may=may, development=development)


def _settled(node: Node, scope: Scope) -> Component:
    """The component of `node` as it is known in the end."""
    component = node.component
    if component.first_party:
        scope = component.scope
    dependencies = component.dependencies
    if node.lacks or dependencies is Completeness.UNKNOWN:
        dependencies = Completeness.INCOMPLETE if node.lacks else Completeness.COMPLETE
    if component.scope is scope and component.dependencies is dependencies:
        return component
    return replace(component, scope=scope, dependencies=dependencies)
