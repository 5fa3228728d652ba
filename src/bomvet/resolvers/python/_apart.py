"""Whether two markers never hold together, as those of the versions that a universal resolver chose between.

Tried out in environments that lie on both sides of all that the markers compare with.  What cannot be decided so is
taken to hold together.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Environments that are tried, and the length of both markers: more than compilers write for one package.
_MOST_ENVIRONMENTS, _LONGEST = 4096, 2000
#: Versions of Python that are tried besides those that the markers name.
_PYTHONS = ((2, 7), *((3, minor) for minor in range(20)))
_LAST_PATCH = 99
#: Variables whose values are names, of which nothing but `==` and `!=` is decided.
_NAMES = (
    "implementation_name", "os_name", "platform_machine", "platform_python_implementation", "platform_system",
    "sys_platform",
)  # fmt: skip


@cache
def _comparison() -> re.Pattern[str]:
    return re.compile(r"([a-z_]+)\s*(not\s+in|in|===|[=~!<>]=|[<>])\s*(?:'([^']*)'|\"([^\"]*)\")")


@lru_cache(maxsize=1024)
def apart(one: str, other: str) -> bool:
    """Whether no environment fits both markers; a missing one fits all."""
    if not one or not other or one == other or len(one) + len(other) > _LONGEST:
        return False
    from packaging.markers import InvalidMarker, Marker, UndefinedComparison  # noqa: PLC0415 - slow to import
    from packaging.version import InvalidVersion  # noqa: PLC0415

    try:
        first, second = Marker(one), Marker(other)
        possible = _environments(f"{one} and {other}")
        return possible is not None and not any(first.evaluate(e) and second.evaluate(e) for e in possible)
    except (InvalidMarker, InvalidVersion, UndefinedComparison, RecursionError):
        return False


def _environments(markers: str) -> Iterator[dict[str, str]] | None:
    """Environments of which one fits wherever any does; None where `markers` compare what is not decided so."""
    releases = {(*minor, patch) for minor in _PYTHONS for patch in (0, _LAST_PATCH)}
    names: dict[str, set[str]] = {}
    left = _comparison().sub("", markers)
    if not set(re.findall(r"[^\s()]+", left)) <= {"and", "or"}:
        return None
    for variable, sign, single, double in _comparison().findall(markers):
        value = single or double
        if variable in _NAMES and sign in ("==", "!="):
            names.setdefault(variable, {""}).add(value)
        elif variable in ("python_version", "python_full_version") and (parts := _release(value)):
            major, minor, patch = parts
            releases |= {(major, minor, max(0, patch + step)) for step in (-1, 0, 1)}
            releases |= {(major, minor + 1, 0), (major + 1, 0, 0)}
        else:
            return None
    total = len(releases)
    for values in names.values():
        total *= len(values)
    return _tried(sorted(releases), names) if total <= _MOST_ENVIRONMENTS else None


def _release(text: str) -> tuple[int, int, int] | None:
    match = re.fullmatch(r"([0-9]{1,2})(?:\.([0-9]{1,3}))?(?:\.([0-9]{1,3}))?(?:\.\*)?", text)
    return (int(match[1]), int(match[2] or 0), int(match[3] or 0)) if match else None


def _tried(releases: list[tuple[int, int, int]], names: dict[str, set[str]]) -> Iterator[dict[str, str]]:
    for values in product(*map(sorted, names.values())):
        chosen = dict(zip(names, values, strict=True))
        for major, minor, patch in releases:
            yield {
                **chosen,
                "python_version": f"{major}.{minor}",
                "python_full_version": f"{major}.{minor}.{patch}",
            }
