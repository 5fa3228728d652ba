"""Which of several versions of a package a dependency means: by its range of versions, then by its environments.

Ranges are PEP 440 or Poetry's (`^1.2`, `~1.2`, `1.*`, `||`), which has all of PEP 440.  `packaging` judges them, and
is needed only where a lock has several versions of one name.
Source: https://python-poetry.org/docs/dependency-specification/.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bomvet.resolvers.python._lock import Dependency, Package

_OPERATORS = r"\^|~=|~|===|==|!=|<=|>=|<|>|="
_CLAUSE = re.compile(
    rf"\s*+(?P<sign>{_OPERATORS})?+\s*+v?(?P<version>(?:[0-9A-Za-z.*+_-]|!(?!=))++)\s*+(?:,|$|(?=[\s\^~=!<>]))"
)
_RELEASE = re.compile(r"(?:[0-9]{1,9}!)?[0-9]{1,9}(?:\.[0-9]{1,9}){0,9}")
_PYTHON = re.compile(r"['\"]([23])\.([0-9]{1,3})(?:\.([0-9]{1,3}))?")
#: os_name, sys_platform, platform_system, platform_machine.
_PLATFORMS = (
    ("posix", "linux", "Linux", "x86_64"),
    ("posix", "linux", "Linux", "aarch64"),
    ("posix", "darwin", "Darwin", "arm64"),
    ("posix", "darwin", "Darwin", "x86_64"),
    ("nt", "win32", "Windows", "AMD64"),
)
_IMPLEMENTATIONS = (("cpython", "CPython"), ("pypy", "PyPy"))
_MACHINES = frozenset(("i386", "i686", "x86", "armv6l", "armv7l", "ppc64", "ppc64le", "s390x", "riscv64"))
#: Versions of Python that two markers are compared at.
_MOST_PYTHONS = 60


def fitting(found: list[Package], dependency: Dependency) -> list[Package]:
    """Those of `found` that `dependency` allows; all of them where it allows none, for somebody overrode it then."""
    ranges = specifiers(dependency.specifier)
    if ranges and "" not in ranges:
        found = [p for p in found if _allows(ranges, p.component.version)] or found
    if len(found) > 1 and dependency.marker:
        found = [p for p in found if _overlap(dependency.marker, p.markers or ())] or found
    return found


@lru_cache(maxsize=1024)
def specifiers(constraint: str) -> tuple[str, ...]:
    """`constraint` as PEP 440 specifiers, of which any must hold; none where it cannot be read."""
    found = []
    for alternative in constraint.replace("||", "|").split("|"):
        clauses = _clauses(alternative.strip())
        if clauses is None:
            return ()
        found.append(",".join(sign + version for sign, version in clauses))
    return tuple(found)


def python_marker(constraint: str) -> str:
    """What Poetry's `python = "..."` of a dependency says, as a marker; empty where it says nothing."""
    alternatives = []
    for alternative in constraint.replace("||", "|").split("|"):
        clauses = _clauses(alternative.strip())
        if not clauses:
            return ""
        alternatives.append(" and ".join(_python(sign, version) for sign, version in clauses))
    if len(alternatives) == 1:
        return alternatives[0]
    return " or ".join(f"({text})" if " and " in text else text for text in alternatives)


def _python(sign: str, version: str) -> str:
    short = version.removesuffix(".*")
    if short.count(".") == 1 and (version == short or sign in ("==", "!=")):
        return f'python_version {sign} "{short}"'
    name = "python_version" if short.count(".") == 0 else "python_full_version"
    return f'{name} {sign} "{version}"'


def _clauses(text: str) -> list[tuple[str, str]] | None:
    """Signs of PEP 440 with versions; None where `text` is no range."""
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        match = _CLAUSE.match(text, at)
        if match is None or match.end() == at:
            return None
        clause = _clause(match["sign"] or "", match["version"])
        if clause is None:
            return None
        found += clause
        at = match.end()
    return found


def _clause(sign: str, version: str) -> list[tuple[str, str]] | None:
    if version == "*":
        return []
    if sign in ("^", "~"):
        release = _RELEASE.match(version)
        return [(">=", version), ("<", _next(release[0], sign))] if release else None
    return [("==" if sign in ("", "=") else sign, version)]


def _next(release: str, sign: str) -> str:
    """The first version that `^` or `~` of `release` excludes."""
    epoch, bang, rest = release.rpartition("!")
    numbers = [int(part) for part in rest.split(".")]
    if sign == "~":
        at = min(len(numbers), 2) - 1
    else:  # the first that is not zero, else the last
        at = next((n for n, number in enumerate(numbers) if number), len(numbers) - 1)
    return f"{epoch}{bang}" + ".".join(map(str, [*numbers[:at], numbers[at] + 1]))


def _allows(ranges: Iterable[str], version: str) -> bool:
    """Whether `version` lies in one of `ranges`; what is no version, or no range, might."""
    from packaging.specifiers import SpecifierSet  # noqa: PLC0415 - slow to import, and rarely needed
    from packaging.version import Version  # noqa: PLC0415

    try:
        here = Version(version)
        return any(SpecifierSet(text).contains(here, prereleases=True) for text in ranges)
    except ValueError:
        return True


def _overlap(marker: str, others: tuple[str, ...]) -> bool:
    """Whether there is an environment in which `marker` and one of `others` hold."""
    return not others or any(_meet(marker, other) for other in others)


@lru_cache(maxsize=1024)
def _meet(one: str, other: str) -> bool:
    from packaging.markers import Marker  # noqa: PLC0415 - as above

    try:
        markers = Marker(one), Marker(other)
        return any(all(m.evaluate(environment) for m in markers) for environment in _environments(f"{one} {other}"))
    except (ValueError, KeyError, RecursionError):
        return True  # who cannot tell does not exclude


def _environments(text: str) -> Iterator[dict[str, Any]]:
    """Environments that the markers in `text` may tell apart."""
    pythons = _pythons(text)
    machines = {name for name in re.findall(r"['\"](\w{2,20})['\"]", text) if name in _MACHINES}
    platforms = [*_PLATFORMS, *((*_PLATFORMS[0][:3], machine) for machine in sorted(machines))]
    for python, (name, system, title, machine), (short, long) in product(pythons, platforms, _IMPLEMENTATIONS):
        yield {
            "python_full_version": ".".join(map(str, python)),
            "python_version": f"{python[0]}.{python[1]}",
            "implementation_version": ".".join(map(str, python)),
            "os_name": name, "sys_platform": system, "platform_system": title, "platform_machine": machine,
            "implementation_name": short, "platform_python_implementation": long, "extra": "",
        }  # fmt: skip


def _pythons(text: str) -> list[tuple[int, int, int]]:
    """Versions of Python at, before and after each that `text` names."""
    found = {(3, 12, 1)}
    for major, minor, micro in dict.fromkeys(_PYTHON.findall(text)):
        here = (int(major), int(minor), int(micro or 0))
        found |= {here, (here[0], here[1], here[2] + 1), (here[0], here[1] + 1, 0)}
        found |= {(here[0], max(here[1] - 1, 0), 9), (here[0], here[1], max(here[2] - 1, 0))}
        if len(found) > _MOST_PYTHONS:
            break
    return sorted(found)
