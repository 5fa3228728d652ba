"""The environment that packages are installed in, as far as its files tell it, and which markers hold in it.

What they do not tell is not assumed: a marker is put to every environment that is possible, and where it holds in
some of them only, the edge is kept with it.

Source: https://packaging.python.org/en/latest/specifications/dependency-specifiers/ (PEP 508), PEP 405, PEP 425.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LIBRARY = re.compile(r"(?:.*/)?(?:lib(?:32|64)?)/(python|pypy)(\d+\.\d+)t?/(?:site|dist)-packages")
_SYSTEM = re.compile(r"(?:.*/)?lib/(?:python|pypy)3/dist-packages")
_WINDOWS = re.compile(r"(?:.*/)?Lib/site-packages")
#: `.cpython-311-x86_64-linux-gnu.so`, `.cpython-312-darwin.so`, `.cp311-win_amd64.pyd`, `.pypy310-pp73-...`.
_EXTENSION = re.compile(r".*\.(?:(cp|cpython-|pypy)(\d)(\d+)t?-(?:pp\d+-)?([A-Za-z0-9_-]+))\.(?:so|pyd)")
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_LINUX_TAG = re.compile(r"(?:many|musl)?linux(?:\d+|_\d+_\d+)?_(\w+)")
_MACOS_TAG = re.compile(r"macosx_\d+_\d+_(\w+)")
_WINDOWS_TAG = re.compile(r"win(?:_(\w+)|32)")
_WINDOWS_MACHINES = {"amd64": "AMD64", "arm64": "ARM64"}
#: Pythons that are possible where nothing tells which it is.
_PYTHONS = tuple(f"3.{minor}" for minor in range(8, 16))
_LONGEST_MARKER = 2000
#: Markers, each with an extra, that are evaluated for one environment; of a thousand packages there are some hundreds.
_MOST_MARKERS = 10_000


class Platform(NamedTuple):
    """A system and a machine, as `sys.platform` and `platform.machine()` have them."""

    system: str
    machine: str


#: What is possible where nothing tells which it is.
_LINUX = (Platform("linux", "x86_64"), Platform("linux", "aarch64"))
_DARWIN = (Platform("darwin", "arm64"), Platform("darwin", "x86_64"))
_WINDOWS_ONLY = (Platform("win32", "AMD64"), Platform("win32", "ARM64"))
_NAMES = {"linux": ("posix", "Linux"), "darwin": ("posix", "Darwin"), "win32": ("nt", "Windows")}


class Layout(NamedTuple):
    """What the place of a folder of packages tells: a version of Python (or none), and whose `Lib` it is."""

    python: str
    implementation: str
    windows: bool
    prefix: str | None


def layout(folder: str) -> Layout:
    """What `folder`, the path of a folder of packages, tells of the environment; `prefix` is where that may be."""
    if match := _LIBRARY.fullmatch(folder):
        implementation = "pypy" if match[1] == "pypy" else "cpython"
        return Layout(match[2], implementation, windows=False, prefix="/".join(folder.split("/")[:-3]))
    if _SYSTEM.fullmatch(folder):
        return Layout("", "cpython", windows=False, prefix=None)
    if _WINDOWS.fullmatch(folder):
        return Layout("", "", windows=True, prefix="/".join(folder.split("/")[:-2]))
    return Layout("", "", windows=False, prefix=None)


def settings(data: bytes) -> dict[str, str]:
    """The keys of a `pyvenv.cfg`, in lower case."""
    lines = (line.partition("=") for line in data.decode("utf-8", "replace").splitlines())
    return {key.strip().lower(): value.strip() for key, equals, value in lines if equals}


def extension(names: Iterable[str]) -> tuple[str, str, tuple[Platform, ...]]:
    """Implementation, version of Python and platforms that the names of extension modules tell, else empty."""
    for name in names:
        if name.endswith((".so", ".pyd")) and (match := _EXTENSION.fullmatch(name)):
            implementation = "pypy" if match[1] == "pypy" else "cpython"
            return implementation, f"{match[2]}.{match[3]}", _of_triplet(match[4])
    return "", "", ()


def _of_triplet(text: str) -> tuple[Platform, ...]:
    """`x86_64-linux-gnu`, `win_amd64`; `darwin` says nothing of the machine."""
    machine, _, system = text.partition("-")
    if system.startswith("linux"):
        return (Platform("linux", machine),)
    return _DARWIN if machine == "darwin" else of_tag(text)


def of_tag(tag: str) -> tuple[Platform, ...]:
    """The platforms of a tag of a wheel (`cp311-cp311-manylinux_2_17_x86_64`); none where it runs on any."""
    text = tag.rpartition("-")[2].partition(".")[0]
    if match := _LINUX_TAG.fullmatch(text):
        return (Platform("linux", match[1]),)
    if match := _MACOS_TAG.fullmatch(text):
        return _DARWIN if match[1].startswith("universal") else (Platform("darwin", match[1]),)
    if match := _WINDOWS_TAG.fullmatch(text):
        return (Platform("win32", _WINDOWS_MACHINES.get(match[1] or "", match[1] or "x86")),)
    return ()


class Environment:
    """The environments that are possible, and which markers hold in them."""

    def __init__(self, *, python: str, implementation: str, platforms: Sequence[Platform]) -> None:
        self.python, self.implementation = python, implementation or "cpython"
        self.platforms = tuple(platforms)
        self._candidates = [*self._environments()]
        self._known: dict[tuple[str, str], bool | None] = {}

    def __str__(self) -> str:
        """What is known of it: `cpython 3.11.7, linux x86_64`."""
        systems = {p.system for p in self.platforms}
        machines = {p.machine for p in self.platforms}
        system = next(iter(systems)) if len(systems) == 1 else ""
        machine = next(iter(machines)) if len(machines) == 1 else ""
        parts = (f"{self.implementation} {self.python}".strip(), f"{system} {machine}".strip())
        return ", ".join(part for part in parts if part)

    def holds(self, marker: str, extra: str = "") -> bool | None:
        """Whether `marker` holds where `extra` is asked for; None where that hangs on what is not known.

        Raises `ValueError` where it is no marker.
        """
        key = (marker, extra if "extra" in marker else "")
        if key not in self._known:
            if len(self._known) >= _MOST_MARKERS:
                raise ValueError(f"more than {_MOST_MARKERS:,} markers: the rest was not evaluated")
            self._known[key] = self._evaluated(*key)
        return self._known[key]

    def _evaluated(self, marker: str, extra: str) -> bool | None:
        # Its parser is slow, and a marker may be as long as its author likes.
        from packaging.markers import InvalidMarker, Marker, UndefinedComparison  # noqa: PLC0415
        from packaging.version import InvalidVersion  # noqa: PLC0415

        if len(marker) > _LONGEST_MARKER:
            raise ValueError("a marker is longer than any that is in use")
        try:
            parsed = Marker(marker)
            answers = {parsed.evaluate({**candidate, "extra": extra}) for candidate in self._candidates}
        except (InvalidMarker, InvalidVersion, UndefinedComparison, RecursionError, KeyError, AttributeError):
            raise ValueError("a marker is not understood") from None
        return answers.pop() if len(answers) == 1 else None

    def _environments(self) -> Iterable[dict[str, str]]:
        """Every environment that is possible, as `packaging` wants it."""
        if _VERSION.match(self.python):
            versions: tuple[str, ...] = (self.python,)
        else:
            minors = (self.python,) if self.python else _PYTHONS
            versions = tuple(f"{minor}.{patch}" for minor in minors for patch in ("0", "99"))
        for version in versions:
            for platform in self.platforms:
                os_name, system = _NAMES.get(platform.system, ("posix", platform.system))
                yield {
                    "implementation_name": self.implementation,
                    "implementation_version": version,
                    "os_name": os_name,
                    "platform_machine": platform.machine,
                    "platform_python_implementation": "PyPy" if self.implementation == "pypy" else "CPython",
                    "platform_release": "",
                    "platform_system": system,
                    "platform_version": "",
                    "python_full_version": version,
                    "python_version": ".".join(version.split(".")[:2]),
                    "sys_platform": platform.system,
                }


def possible(*, windows: bool, linux: bool) -> tuple[Platform, ...]:
    """The platforms that are possible where no package tells which it is."""
    if windows:
        return _WINDOWS_ONLY
    return _LINUX if linux else (*_LINUX, *_DARWIN)
