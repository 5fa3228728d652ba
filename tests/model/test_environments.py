"""What of an inventory is installed in given environments."""

from __future__ import annotations

from dataclasses import replace

from bomvet.model.environments import Environment, applicable
from bomvet.model.inventory import Component, Inventory, Relationship
from tests.harness import edges

OLD, NEW = Environment(python="3.9"), Environment(python="3.14")
ROOT = Component(purl="pkg:generic/shop@1", name="shop", directory="")


def holds(marker: str, environment: Environment) -> bool:
    """Markers are versions of Python."""
    return marker == environment.python


def package(name: str, *markers: str) -> Component:
    """A package that has conditions of its own."""
    return Component(
        purl=f"pkg:pypi/{name}@1", name=name, properties=tuple(("bomvet:marker", marker) for marker in markers)
    )


def needs(source: Component, target: Component, *markers: str) -> Relationship:
    """An edge with conditions."""
    return Relationship(source=source.purl, target=target.purl, markers=markers)


A, B, C, D = (package(name) for name in "abcd")


def left(components: list[Component], relationships: list[Relationship], *environments: Environment) -> Inventory:
    """What is installed in `environments`."""
    inventory = Inventory(root=ROOT, components=tuple(components), relationships=tuple(relationships))
    return applicable(inventory, environments, holds)


def names(inventory: Inventory) -> list[str]:
    """The components, with where they are if not everywhere."""
    return [
        " ".join((c.name, *(value for name, value in c.properties if name == "bomvet:environment")))
        for c in inventory.components
    ]


def test_conditions_of_edges() -> None:
    """What is only asked for in other environments is gone, with what only it needs."""
    asked = [needs(ROOT, A), needs(ROOT, B, "3.9"), needs(B, C), needs(A, D, "3.14", "3.9"), needs(A, C, "2")]
    found = left([A, B, C, D], asked, NEW)

    assert names(found) == ["a", "d"]
    assert edges(found) == {(ROOT.purl, A.purl), (A.purl, D.purl)}


def test_conditions_of_packages() -> None:
    """A package that has conditions is there where one of them holds."""
    never, old = package("b", "2"), package("c", "2", "3.9")

    assert names(left([A, never, old], [needs(ROOT, c) for c in (A, never, old)], OLD)) == ["a", "c"]


def test_several_environments() -> None:
    """What is in some of them stays, and says in which."""
    asked = [needs(ROOT, A), needs(ROOT, B, "3.9"), needs(ROOT, C, "3.14"), needs(ROOT, D, "2")]

    assert names(left([A, B, C, D], asked, OLD, NEW)) == ["a", "b 3.9", "c 3.14"]


def test_what_nothing_leads_to() -> None:
    """A component that no edge reaches is not judged by conditions, nor what it needs."""
    found = left([A, B], [needs(A, B, "2")], NEW)

    assert (names(found), edges(found)) == (["a", "b"], {(A.purl, B.purl)})


def test_conditions_of_what_nothing_leads_to() -> None:
    """Where a lock states no edges, the conditions of the packages themselves decide."""
    old, never = package("b", "3.9"), package("c", "2")

    assert names(left([A, old, never], [], OLD, NEW)) == ["a", "b 3.9"]


def test_without_a_root() -> None:
    """Without a start nothing is left out."""
    inventory = replace(Inventory(components=(A,)), relationships=(needs(A, B, "2"),))

    assert applicable(inventory, (NEW,), holds) == inventory


def test_the_name_of_an_environment() -> None:
    """As it is asked for."""
    texts = [str(e) for e in (NEW, Environment(platform="linux/x86_64"), Environment(python="3", platform="a/b"))]
    assert texts == ["3.14", "linux/x86_64", "3 a/b"]
