"""Peer dependencies in a `yarn.lock` of Yarn 2 to 4: they are whatever those that depend on a package have.

Yarn gives a package that asks for peers one instance for each of its dependents, and does not write that down; here
all instances are one, with what any of them gets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.model.text import shown

if TYPE_CHECKING:
    from bomvet.resolvers.npm._graph import Node
    from bomvet.resolvers.npm._yarn_berry_packages import BerryLock

#: Different packages that serve as one peer of one package; there is no project with more.
_MAX_PROVIDERS = 32
#: A package by its number, and the name of a peer.
_Wish = tuple[int, str]


class _Side:
    """A package as dependent and as dependency: the names it goes by, what it has, and what it wants of others."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.names: set[str] = set()
        self.has: dict[str, Node] = {}
        self.wants: dict[str, str] = {}


def add_peers(lock: BerryLock) -> None:
    """Add the edges to peers."""
    sides = [_Side(node) for node in lock.graph.nodes]
    for package in lock.packages:
        side = sides[package.node.number]
        side.names.add(package.locator.name)
        side.has.update(package.found)
        side.wants.update(package.peers)
    given, passed_on = _granted(sides)
    _spread(given, passed_on)
    for (number, name), providers in given.items():
        node = sides[number].node
        if len(providers) >= _MAX_PROVIDERS:
            lock.unknown(
                node.location.line, f"of what may be {shown(name)} here, {_MAX_PROVIDERS} and no more are read"
            )
            node.lacks = True
        role = sides[number].wants[name]
        node.edges += [(sides[other].node, role) for other in sorted(providers) if other != number]


def _granted(sides: list[_Side]) -> tuple[dict[_Wish, set[int]], dict[_Wish, list[int]]]:
    """What dependents give at once, and the wishes that they pass on, with those who wish so."""
    given: dict[_Wish, set[int]] = {}
    passed_on: dict[_Wish, list[int]] = {}
    wanted = [frozenset(side.wants) for side in sides]
    for number, side in enumerate(sides):
        offers = side.names.union(side.has, side.wants)
        for other in {node.number for node in side.has.values()}:
            # An intersection goes through the smaller of both sets, so this costs no more than the lock is long.
            for name in wanted[other] & offers:
                if name in side.has:
                    _give(given.setdefault((other, name), set()), {side.has[name].number})
                elif name in side.wants:
                    passed_on.setdefault((number, name), []).append(other)
                else:
                    _give(given.setdefault((other, name), set()), {number})
    return given, passed_on


def _spread(given: dict[_Wish, set[int]], passed_on: dict[_Wish, list[int]]) -> None:
    """Give what a dependent got for a wish to all whose wish it passed on."""
    todo = list(given)
    while todo:
        number, name = todo.pop()
        wishes = [(other, name) for other in passed_on.get((number, name), ())]
        todo += [wish for wish in wishes if _give(given.setdefault(wish, set()), given[number, name])]


def _give(known: set[int], providers: set[int]) -> bool:
    """Add `providers` as far as there is room; whether there were new ones."""
    new = sorted(providers - known)[: _MAX_PROVIDERS - len(known)]
    known.update(new)
    return bool(new)
