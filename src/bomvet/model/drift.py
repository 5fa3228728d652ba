"""Where a lock and what is installed beside it disagree."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from bomvet.model.facts import Drift, DriftKind
from bomvet.model.inventory import Component, Inventory, Scope
from bomvet.model.purl import bare

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: What is built into a package, of which locks need not speak.
_BUNDLED = ("bomvet:bundled", "true")
#: Properties of what is not installed everywhere.
_CONDITIONS = frozenset(("bomvet:marker", "bomvet:os", "bomvet:cpu", "bomvet:libc"))


def drifts(lock: Inventory, installed: Inventory, *, lock_path: str, folder: str) -> Iterator[tuple[str, Drift]]:
    """Each disagreement with the purl that it is about: a locked component; "" for what no lock speaks of.

    What is not installed counts only where it had to be: not what only development, an option or some
    environments ask for.  Of several locked versions the first that is not installed is meant.
    """
    locked, found = _by_name(lock), _by_name(installed)
    always = _always(lock)
    for name in sorted({*locked, *found}):
        here, there = locked.get(name, []), found.get(name, [])
        versions, stated = _versions(there), _versions(here)
        places = tuple(sorted({location for c in there if c.version not in stated for location in c.locations}))

        def drift(kind: DriftKind) -> Drift:
            return Drift(
                kind=kind,
                purl=name,  # noqa: B023 - called at once
                lock=lock_path,
                folder=folder,
                locked=stated,  # noqa: B023
                installed=versions,  # noqa: B023
                locations=places,  # noqa: B023
            )

        if not here:
            if not all(_BUNDLED in component.properties for component in there):
                yield "", drift(DriftKind.NOT_LOCKED)
        elif not there:
            yield from (
                (c.purl, drift(DriftKind.NOT_INSTALLED)) for c in here if c.scope is Scope.REQUIRED and c.purl in always
            )
        elif not set(_versions(_spoken_of(there, here))) <= set(stated):
            absent = [component for component in here if component.version not in versions]
            yield (absent or here)[0].purl, drift(DriftKind.OTHER_VERSION)


def _by_name(inventory: Inventory) -> Mapping[str, list[Component]]:
    """Third-party components by their purl without version."""
    found: dict[str, list[Component]] = defaultdict(list)
    for component in inventory.components:
        if not component.first_party:
            purl = bare(component.purl)
            found[purl.rpartition("@")[0] if component.version else purl].append(component)
    return found


def _spoken_of(installed: list[Component], locked: list[Component]) -> list[Component]:
    """What of `installed` the lock speaks of: some locks state no versions of what is built into packages."""
    loose = [component for component in installed if _BUNDLED not in component.properties]
    return installed if not loose or any(_BUNDLED in component.properties for component in locked) else loose


def _versions(components: list[Component]) -> tuple[str, ...]:
    return tuple(sorted({component.version for component in components}))


def _always(lock: Inventory) -> set[str]:
    """The purls of what every environment needs: whatever asks for it under no condition is always there itself."""
    targets: dict[str, list[str]] = defaultdict(list)
    for edge in lock.relationships:
        targets[edge.source] += [] if edge.markers else [edge.target]
    conditional = {c.purl for c in lock.components if any(name in _CONDITIONS for name, _ in c.properties)}
    asked_for = {edge.target for edge in lock.relationships}
    todo = [c.purl for c in lock.components if c.first_party or c.purl not in asked_for]
    found: set[str] = set()
    while todo:
        here = todo.pop()
        if here not in found and here not in conditional:
            found.add(here)
            todo += targets[here]
    return found
