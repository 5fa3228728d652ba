"""How a component comes to be there."""

from __future__ import annotations

from bomvet.model.graph import Graph
from bomvet.model.inventory import Component, Inventory, Relationship


def graph(*edges: str, root: str = "r") -> Graph:
    """The graph of edges such as `ab`, from a to b."""
    return Graph(
        Inventory(
            root=Component(purl=root, name=root) if root else None,
            relationships=tuple(Relationship(source=a, target=b) for a, b in map(tuple, edges)),
        )
    )


def test_shortest_path() -> None:
    """The path with the fewest steps, both ends included."""
    assert graph("ra", "ab", "bc", "rc").shortest_path("c") == ["r", "c"]
    assert graph("ra", "ab", "bc").shortest_path("c") == ["r", "a", "b", "c"]


def test_of_equal_paths_the_least() -> None:
    """The order of the edges makes no difference."""
    assert graph("rb", "ra", "bc", "ac").shortest_path("c") == ["r", "a", "c"]


def test_the_root_itself() -> None:
    """The path to the root is the root."""
    assert graph("ra").shortest_path("r") == ["r"]


def test_unreachable() -> None:
    """What the root does not lead to has no path, whoever else asks for it."""
    lonely = graph("ra", "xy")

    assert lonely.shortest_path("y") == []
    assert lonely.shortest_path("never heard of") == []
    assert list(lonely.paths("y", 5)) == []
    assert lonely.dependants("y") == ["x"]


def test_cycles() -> None:
    """A cycle is walked once, and no path goes through its own end."""
    cyclic = graph("ra", "ab", "ba", "bb", "ar")

    assert cyclic.shortest_path("b") == ["r", "a", "b"]
    assert list(cyclic.paths("b", 5)) == [["r", "a", "b"]]
    assert list(cyclic.paths("a", 5)) == [["r", "a"]]
    assert list(cyclic.paths("r", 5)) == []


def test_one_path_per_dependant() -> None:
    """Each direct dependant gives its shortest path, shortest first, no more than asked for."""
    diamond = graph("ra", "rb", "bc", "ad", "cd", "rd")

    assert list(diamond.paths("d", 5)) == [["r", "d"], ["r", "a", "d"], ["r", "b", "c", "d"]]
    assert list(diamond.paths("d", 2)) == [["r", "d"], ["r", "a", "d"]]
    assert diamond.dependants("d") == ["a", "c", "r"]


def test_no_root() -> None:
    """Without a root nothing is reached."""
    assert graph("ab", root="").shortest_path("b") == []
    assert graph("ab", root="").shortest_path("") == []


def test_long_chains() -> None:
    """Depth is no problem: nothing here recurses."""
    edges = tuple(Relationship(source=str(n), target=str(n + 1)) for n in range(5000))
    chain = Graph(Inventory(root=Component(purl="0", name="0"), relationships=edges))

    assert len(chain.shortest_path("5000")) == 5001
