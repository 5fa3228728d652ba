"""Environment markers of Python requirements, for environments that are described and not those we run in.

Source: the specification of dependency specifiers (PEP 508), environment markers.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from bomvet.errors import UsageError

if TYPE_CHECKING:
    from bomvet.model.environments import Environment

#: Per system: `os_name`, `sys_platform`, `platform_system`.
_SYSTEMS = {
    "linux": ("posix", "linux", "Linux"),
    "darwin": ("posix", "darwin", "Darwin"),
    "windows": ("nt", "win32", "Windows"),
}
_SYSTEM_NAMES = {"macos": "darwin", "win32": "windows", "win": "windows"}
#: What `platform_machine` calls an architecture, by its names in images and in wheels.
_MACHINES = {
    "linux": {"amd64": "x86_64", "arm64": "aarch64", "x64": "x86_64"},
    "darwin": {"amd64": "x86_64", "aarch64": "arm64", "x64": "x86_64"},
    "windows": {"x86_64": "AMD64", "amd64": "AMD64", "x64": "AMD64", "aarch64": "ARM64", "arm64": "ARM64"},
}
#: What stands for "any": platforms that wheels are made for, and the versions of Python that still meet users.
_ANY_PLATFORM = ("linux/x86_64", "linux/aarch64", "darwin/arm64", "darwin/x86_64", "windows/amd64")
_ANY_PYTHON = tuple(f"3.{minor}" for minor in range(8, 16))
_PYTHON = re.compile(r"[0-9]{1,2}\.[0-9]{1,3}(?:\.[0-9]{1,3})?")
#: Variables that no environment decides: what is asked for does.
_ASKED_FOR = re.compile(r"\b(?:extra|extras|dependency_groups)\b")
#: A patch release that no version of Python has reached.
_LAST_PATCH = 99


def python_version(text: str) -> str:
    """`text`, if it is a version of Python such as `3.12` or `3.12.4`; raises `ValueError`."""
    if not _PYTHON.fullmatch(text):
        raise ValueError(f"must be a version of Python such as 3.12, not {text!r}")
    return text


def platform(text: str) -> str:
    """`text` as `OS/ARCH` in the names of the markers; raises `ValueError`."""
    system, _, machine = text.lower().partition("/")
    system = _SYSTEM_NAMES.get(system, system)
    if system not in _SYSTEMS or not re.fullmatch(r"[a-z0-9_]+", machine):
        raise ValueError(f"must be OS/ARCH such as linux/x86_64, with OS one of {', '.join(_SYSTEMS)}, not {text!r}")
    return f"{system}/{_MACHINES[system].get(machine, machine)}"


@lru_cache(maxsize=65536)
def holds(marker: str, environment: Environment) -> bool:
    """Whether `marker` can be true in `environment`.

    What the environment leaves open (a patch release, a platform, an extra) counts as it may be; so does a marker
    that cannot be read, since nothing may be left out on a guess.
    """
    from packaging.markers import InvalidMarker, Marker, UndefinedComparison  # noqa: PLC0415 - only where asked for

    if _ASKED_FOR.search(marker):
        return True
    try:
        parsed = Marker(marker)
        return any(parsed.evaluate(dict(variables)) for variables in _variables(environment))
    except (InvalidMarker, UndefinedComparison, ValueError, RecursionError):
        return True


@lru_cache(maxsize=256)
def _variables(environment: Environment) -> tuple[tuple[tuple[str, str], ...], ...]:
    """All that `environment` may be, as values of the variables of markers."""
    pythons = (environment.python,) if environment.python else _ANY_PYTHON
    platforms = (environment.platform,) if environment.platform else _ANY_PLATFORM
    return tuple(
        tuple(_values(full, *platform(name).split("/")).items())
        for python in pythons
        for full in _releases(python)
        for name in platforms
    )


def _releases(python: str) -> tuple[str, ...]:
    """The first and the last release of a version; one that is stated in full is the only one."""
    return (python,) if python.count(".") > 1 else (f"{python}.0", f"{python}.{_LAST_PATCH}")


def _values(full: str, system: str, machine: str) -> dict[str, str]:
    os_name, sys_platform, platform_system = _SYSTEMS[system]
    return {
        "implementation_name": "cpython",
        "implementation_version": full,
        "os_name": os_name,
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": platform_system,
        "platform_version": "",
        "python_full_version": full,
        "python_version": ".".join(full.split(".")[:2]),
        "sys_platform": sys_platform,
        "extra": "",
    }


def environments(pythons: list[str], platforms: list[str]) -> tuple[Environment, ...]:
    """Each version of Python on each platform, of which either may be left open; raises `UsageError`."""
    from bomvet.model.environments import Environment  # noqa: PLC0415 - only where environments are asked for

    try:
        versions = [python_version(text) for text in pythons] or [""]
        places = [platform(text) for text in platforms] or [""]
    except ValueError as error:
        raise UsageError(str(error)) from None
    found = [Environment(python=version, platform=place) for version in versions for place in places]
    return tuple(dict.fromkeys(one for one in found if str(one)))
