"""Python environments that a scan is for, and what of an inventory is installed in any of them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from bomvet.model.records import dataclass, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bomvet.model.inventory import Component, Inventory, Relationship

#: The property that says in which of the asked-for environments a component is, where it is not in all.
PROPERTY = "bomvet:environment"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Environment:
    """A version of Python (`3.12`, or with its patch release) on a platform (`linux/x86_64`); empty: any."""

    python: str = ""
    platform: str = ""

    def __str__(self) -> str:
        """As it is asked for: `3.12 linux/x86_64`."""
        return " ".join(part for part in (self.python, self.platform) if part)


def applicable(
    inventory: Inventory, environments: Sequence[Environment], holds: Callable[[str, Environment], bool]
) -> Inventory:
    """`inventory` without what is installed in none of `environments`.

    `holds` says whether a marker is true in an environment.  Gone is what the root reaches, but in none of them, and
    what nothing leads to, but whose own markers hold in none; what stays and is not in all of them says in which it is.
    """
    if inventory.root is None:
        return inventory
    graph = _Graph(inventory, holds)
    always = graph.reached(None)
    found = {environment: graph.reached(environment) for environment in environments}
    # Locks that state no edges leave packages that nothing leads to; of those their own conditions decide.
    alone = [c.purl for c in inventory.components if c.purl not in always]
    for environment, there in found.items():
        there.update(purl for purl in alone if graph.is_there(graph.own(purl), environment))
    gone = always.union(alone).difference(*found.values())
    return replace(
        inventory,
        components=tuple(_stated(c, found) for c in inventory.components if c.purl not in gone),
        relationships=tuple(
            edge
            for edge in inventory.relationships
            if edge.source not in gone
            and edge.target not in gone
            and (edge.source not in always or any(graph.is_there(edge.markers, e) for e in environments))
        ),
    )


class _Graph:
    """The edges of an inventory with their conditions, and those of the components themselves."""

    def __init__(self, inventory: Inventory, holds: Callable[[str, Environment], bool]) -> None:
        self._root = inventory.root.purl if inventory.root else ""
        self._holds = holds
        self._edges: dict[str, list[Relationship]] = defaultdict(list)
        for edge in inventory.relationships:
            self._edges[edge.source].append(edge)
        self._own = {
            c.purl: tuple(value for name, value in c.properties if name == "bomvet:marker")
            for c in inventory.components
        }

    def is_there(self, markers: Sequence[str], environment: Environment | None) -> bool:
        """Whether one of `markers` holds, if there are any; without an environment all do."""
        return not markers or environment is None or any(self._holds(marker, environment) for marker in markers)

    def own(self, purl: str) -> tuple[str, ...]:
        """The markers of a component itself."""
        return self._own.get(purl, ())

    def reached(self, environment: Environment | None) -> set[str]:
        """What the root leads to."""
        todo, found = [self._root], {self._root}
        while todo:
            for edge in self._edges.get(todo.pop(), ()):
                target = edge.target
                if (
                    target not in found
                    and self.is_there(edge.markers, environment)
                    and self.is_there(self.own(target), environment)
                ):
                    found.add(target)
                    todo.append(target)
        return found


def _stated(component: Component, found: Mapping[Environment, set[str]]) -> Component:
    here = [str(environment) for environment in found if component.purl in found[environment]]
    if len(here) == len(found):
        return component
    return replace(component, properties=tuple(sorted({*component.properties, *((PROPERTY, name) for name in here)})))
