"""Where a lock and what is installed disagree."""

from __future__ import annotations

from typing import Any

from bomvet.model.drift import drifts
from bomvet.model.facts import Drift, DriftKind
from bomvet.model.inventory import Component, Inventory, Location, Relationship, Scope

PLACE = Location(path="node_modules/a/package.json")


def package(name: str, version: str, **more: Any) -> Component:
    """A package of npm."""
    return Component(
        purl=f"pkg:npm/{name}@{version}" if version else f"pkg:npm/{name}", name=name, version=version, **more
    )


def found(locked: list[Component], installed: list[Component]) -> list[tuple[str, Drift]]:
    """What differs."""
    lock, tree = Inventory(components=tuple(locked)), Inventory(components=tuple(installed))
    return [*drifts(lock, tree, lock_path="package-lock.json", folder="node_modules")]


def drift(kind: DriftKind, purl: str, **more: Any) -> Drift:
    """A difference between the two of `found`."""
    return Drift(kind=kind, purl=purl, lock="package-lock.json", folder="node_modules", **more)


def test_another_version() -> None:
    """A version that is not among the locked ones is told of the locked component, with its place."""
    locked = [package("a", "1"), package("b", "1"), package("b", "2")]
    installed = [package("a", "2", locations=(PLACE,)), package("b", "2")]

    assert found(locked, installed) == [
        (
            "pkg:npm/a@1",
            drift(DriftKind.OTHER_VERSION, "pkg:npm/a", locked=("1",), installed=("2",), locations=(PLACE,)),
        )
    ]


def test_another_version_of_several() -> None:
    """The locked version that is not there is meant, and only the places of the strange one are told."""
    other = Location(path="node_modules/b/node_modules/a/package.json")
    locked = [package("a", "1"), package("a", "2")]
    installed = [package("a", "1", locations=(other,)), package("a", "3", locations=(PLACE,))]

    assert found(locked, installed) == [
        (
            "pkg:npm/a@2",
            drift(DriftKind.OTHER_VERSION, "pkg:npm/a", locked=("1", "2"), installed=("1", "3"), locations=(PLACE,)),
        )
    ]


def test_what_is_built_into_a_package() -> None:
    """Locks need not speak of it; where one does, versions are compared."""
    bundled = (("bomvet:bundled", "true"),)
    installed = [package("a", "1", properties=bundled), package("b", "2", properties=bundled)]

    assert found([package("b", "1")], installed) == [
        ("pkg:npm/b@1", drift(DriftKind.OTHER_VERSION, "pkg:npm/b", locked=("1",), installed=("2",))),
    ]


def test_what_is_built_in_beside_what_is_locked() -> None:
    """A lock that states no versions of what is built in speaks of the other copies alone."""
    bundled = (("bomvet:bundled", "true"),)
    installed = [package("a", "1"), package("a", "2", properties=bundled)]
    different = drift(DriftKind.OTHER_VERSION, "pkg:npm/a", locked=("1",), installed=("1", "2"))

    assert found([package("a", "1")], installed) == []
    assert found([package("a", "1", properties=bundled)], installed) == [("pkg:npm/a@1", different)]


def test_what_is_not_locked() -> None:
    """A package that the lock does not name belongs to no locked component."""
    assert found([], [package("@s/a", "2"), package("b", "")]) == [
        ("", drift(DriftKind.NOT_LOCKED, "pkg:npm/@s/a", installed=("2",))),
        ("", drift(DriftKind.NOT_LOCKED, "pkg:npm/b", installed=("",))),
    ]


def test_what_is_not_installed() -> None:
    """A locked package that is not there is told, unless it need not be there."""
    locked = [
        package("a", "1"),
        package("b", "1", scope=Scope.DEV),
        package("c", "1", scope=Scope.OPTIONAL),
        package("d", "1", properties=(("bomvet:os", "win32"),)),
    ]

    assert found(locked, []) == [("pkg:npm/a@1", drift(DriftKind.NOT_INSTALLED, "pkg:npm/a", locked=("1",)))]


def test_projects_do_not_count() -> None:
    """First-party projects are not installed, and what agrees is no difference."""
    own = Component(purl="pkg:generic/shop@1", name="shop", version="1", directory="")

    assert found([own, package("a", "1")], [package("a", "1")]) == []


def test_what_only_some_environments_lead_to() -> None:
    """What is asked for by what is not installed everywhere need not be there, however plainly it is asked for."""
    locked = [package(name, "1") for name in ("always", "sometimes", "deeper", "both")]
    locked += [package("fork", "1", properties=(("bomvet:marker", "python_version < '3.10'"),)), package("forked", "1")]
    edges = [("always", "sometimes", ("sys_platform == 'win32'",)), ("sometimes", "deeper", ()), ("fork", "forked", ())]
    edges += [("sometimes", "both", ()), ("always", "both", ())]
    lock = Inventory(
        components=tuple(locked),
        relationships=tuple(
            Relationship(source=f"pkg:npm/{source}@1", target=f"pkg:npm/{target}@1", markers=markers)
            for source, target, markers in edges
        ),
    )

    differences = drifts(lock, Inventory(), lock_path="package-lock.json", folder="node_modules")

    assert [purl for purl, _ in differences] == ["pkg:npm/always@1", "pkg:npm/both@1"]
