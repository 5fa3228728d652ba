"""How Poetry writes a dependency, in manifests and in locks: a range, a table, or a list of either.

Source: https://python-poetry.org/docs/dependency-specification/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.model.purl import pypi_name
from bomvet.resolvers.python._conditions import both
from bomvet.resolvers.python._lock import Dependency
from bomvet.resolvers.python._lock_tables import Table, text, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.model.inventory import Location


#: A dependency, and whether it is one only where an extra asks for it.
Stated = tuple[Dependency, bool]


def stated(name: str, value: object, location: Location | None = None) -> Iterator[Stated | None]:
    """What stands under the key `name`: of several, each holds under its own conditions; None for what is no such."""
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, str):
            yield Dependency(pypi_name(name), specifier=item, location=location), False
        elif isinstance(item, dict):
            yield _dependency(name, item, location), item.get("optional") is True
        else:
            yield None


def _dependency(name: str, item: Table, location: Location | None) -> Dependency:
    from bomvet.resolvers.python._constraints import python_marker  # noqa: PLC0415 - for Poetry alone

    marker = both(text(item.get("markers")), python_marker(text(item.get("python"))))
    if platform := text(item.get("platform")).replace("'", "").replace("\\", ""):
        marker = both(marker, f"sys_platform == '{platform}'")
    return Dependency(
        name=pypi_name(name),
        extras=tuple(pypi_name(extra) for extra in texts(item.get("extras"))),
        marker=marker,
        specifier=text(item.get("version")),
        location=location,
    )
