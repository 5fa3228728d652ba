"""Paths through an inventory: how a component comes to be there."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.model.inventory import Inventory


class Graph:
    """The edges of an inventory, made ready to be walked; references are purls and service references."""

    def __init__(self, inventory: Inventory) -> None:
        self.root = inventory.root.purl if inventory.root else ""
        self._targets: dict[str, list[str]] = defaultdict(list)
        self._sources: dict[str, list[str]] = defaultdict(list)
        for edge in inventory.relationships:
            self._targets[edge.source].append(edge.target)
            self._sources[edge.target].append(edge.source)
        self._parents = self._shortest()

    def _shortest(self) -> dict[str, str]:
        """Per reference that the root reaches, the one before it on a shortest path; of several the least."""
        parents = {self.root: ""} if self.root else {}
        todo = deque(parents)
        while todo:
            here = todo.popleft()
            for target in sorted(self._targets.get(here, ())):
                if target not in parents:
                    parents[target] = here
                    todo.append(target)
        return parents

    def shortest_path(self, ref: str) -> list[str]:
        """From the root to `ref`, both included; empty where nothing leads there."""
        if ref not in self._parents:
            return []
        path = [ref]
        while path[-1] != self.root:
            path.append(self._parents[path[-1]])
        return path[::-1]

    def dependants(self, ref: str) -> list[str]:
        """What asks for `ref` directly, sorted."""
        return sorted(set(self._sources.get(ref, ())))

    def paths(self, ref: str, limit: int) -> Iterator[list[str]]:
        """Up to `limit` paths from the root to `ref`: per direct dependant the shortest one, shortest first."""
        found = [
            [*path, ref] for source in self.dependants(ref) if ref not in (path := self.shortest_path(source)) and path
        ]
        yield from sorted(found, key=lambda path: (len(path), path))[:limit]
