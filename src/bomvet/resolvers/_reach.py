"""Which packages a project needs at all, and why: the one walk through a graph that all readers of locks share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.model.inventory import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def reached(seeds: Iterable[int], *targets: Sequence[Iterable[int]]) -> set[int]:
    """All nodes that `seeds` lead to, themselves included; each of `targets` has per node those it leads to."""
    todo = list(seeds)
    found = set(todo)
    while todo:
        here = todo.pop()
        for edges in targets:
            for target in edges[here]:
                if target not in found:
                    found.add(target)
                    todo.append(target)
    return found


def scopes(
    plain: Sequence[Iterable[int]],
    optional: Sequence[Iterable[int]],
    *,
    required: Iterable[int],
    may: Iterable[int],
    development: Iterable[int],
) -> list[Scope]:
    """The scope of each node.

    `plain` and `optional` have per node those that it must have and those that it can do without; `required`,
    `may` and `development` are what the own projects ask for: always, as an option, for development.  What
    nothing reaches counts as required, since nothing says otherwise.
    """
    needed = reached(required, plain)
    possible = reached([*needed, *may], plain, optional)
    for_development = reached(development, plain, optional)

    def scope(node: int) -> Scope:
        if node in needed:
            return Scope.REQUIRED
        if node in possible:
            return Scope.OPTIONAL
        return Scope.DEV if node in for_development else Scope.REQUIRED

    return [scope(node) for node in range(len(plain))]
