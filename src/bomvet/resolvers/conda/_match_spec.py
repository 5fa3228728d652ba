"""What an `environment.yml` asks for: match specs of conda, and lines for pip.

Source: https://docs.conda.io/projects/conda-build/en/stable/resources/package-spec.html.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from bomvet.model.inventory import Component, Distribution, Hash, Location
from bomvet.model.purl import conda_purl
from bomvet.model.text import shown
from bomvet.resolvers._declared import Want
from bomvet.resolvers.conda._channel import archive, public
from bomvet.resolvers.python._asked import name_of

if TYPE_CHECKING:
    from bomvet.resolvers.python._declared import Declared

_SPEC = re.compile(
    r"(?:(?P<channel>[^\s:]++(?::(?!:)[^\s:]*+)*+)::)?"  # a name or a URL
    r"(?P<name>[A-Za-z0-9_.-]++)\s*+(?P<rest>[^\[\]]*+)(?:\[(?P<keys>[^\[\]]*+)\])?"
)
_LONGEST_SPEC = 1_000
_KEY = re.compile(r"\s*(?P<key>[a-z_]+)\s*=\s*(?P<value>'[^']*'|\"[^\"]*\"|[^,]*)\s*(?:,|$)")
_EXACT = re.compile(r"==\s*([A-Za-z0-9._!+-]+)")
#: NAME=VERSION=BUILD, as `conda env export` writes it.
_BUILT = re.compile(r"={1,2}\s*(?P<version>[A-Za-z0-9._!+-]+)\s*=\s*(?P<build>[A-Za-z0-9._-]+)")
_VERSION = re.compile(r"[A-Za-z0-9._!+-]+")


class _Package(NamedTuple):
    """A match spec, read."""

    name: str
    constraint: str = ""
    version: str = ""
    build: str = ""
    channel: str = ""


class Reader:
    """One environment while it is read; `locked` are the names that the file `lock` speaks of."""

    lock = ""
    locked: frozenset[bytes] = frozenset()

    def __init__(
        self, declared: Declared, path: str, lines: dict[str, int], channels: tuple[tuple[str, str], ...]
    ) -> None:
        self.declared, self.path, self._lines, self._channels = declared, path, lines, channels

    def item(self, item: object) -> None:
        """An entry of the list: a package of conda, or the packages that pip installs beside it."""
        if isinstance(item, str):
            self._conda(item)
        elif isinstance(item, dict) and isinstance(item.get("pip"), list) and len(item) == 1:
            for text in item["pip"]:
                self._pip(text)
        elif not (isinstance(item, dict) and item == {"pip": None}):
            self.declared.unknown(0, f"an entry of its dependencies is not understood: {shown(str(item)[:200])}")

    def _conda(self, text: str) -> None:
        line = self._lines.get(text, 0)
        location = Location(path=self.path, line=line)
        if "/" in text and text.partition("#")[0].endswith((".conda", ".tar.bz2")):
            self._file(text, location)
            return
        package = _package(text)
        if package is None:
            self.declared.unknown(line, f"{shown(text)}: is no match spec of conda")
        elif self._is_open(package.name, text, location):
            self._want(package, text, location)

    def _want(self, package: _Package, text: str, location: Location) -> None:
        if not package.version:
            self.declared.open(location, shown(text))
        channel = (("bomvet:channel", package.channel),) if package.channel else self._channels
        qualifiers = {"build": package.build, "channel": package.channel}
        component = Component(
            purl=conda_purl(package.name, package.version, qualifiers),
            name=package.name,
            version=package.version,
            properties=channel,
        )
        self._add(component, location, package.constraint)

    def _file(self, text: str, location: Location) -> None:
        """A package by its URL."""
        url, _, digest = text.partition("#")
        found = archive(url)
        if found is None:
            self.declared.unknown(location.line, f"{shown(public(text))}: is no URL of a conda package")
        elif self._is_open(found.name, text, location):
            component = Component(
                purl=conda_purl(found.name, found.version, found.qualifiers),
                name=found.name,
                version=found.version,
                distributions=(Distribution(url=public(url), hashes=_hashes(digest)),),
            )
            self._add(component, location, "")

    def _is_open(self, name: str, text: str, location: Location) -> bool:
        """Whether nothing locks `name`; beside a lock that does not name it, that is told."""
        if self.lock and name.encode() not in self.locked:
            self.declared.open(location, f"{shown(text)}, which {self.lock} does not name")
        return not self.lock

    def _add(self, component: Component, location: Location, constraint: str) -> None:
        self.declared.want(component, Want("", location, constraint))

    def _pip(self, text: object) -> None:
        """A line of a requirements file, as pip would read it there."""
        if not isinstance(text, str):
            self.declared.unknown(0, f"a package for pip is no text: {shown(str(text)[:200])}")
            return
        line = self._lines.get(text, 0)
        name = name_of(text)
        if name and self.lock:
            self._is_open(name, text, Location(path=self.path, line=line))
        elif not self.lock:
            self.declared.add_lines(text, line)


def _hashes(digest: str) -> tuple[Hash, ...]:
    """The MD5 or SHA-256 that stands behind the URL of a package."""
    for algorithm in ("md5", "sha256"):
        try:
            return (Hash.parse(f"{algorithm}:{digest.removeprefix('sha256:')}"),)
        except ValueError:
            pass
    return ()


def _package(text: str) -> _Package | None:
    """What a match spec says; None where it is none."""
    match = _SPEC.fullmatch(text.strip())
    if not match or len(text) > _LONGEST_SPEC:
        return None
    keys = {key["key"]: key["value"].strip("'\" ") for key in _KEY.finditer(match["keys"] or "")}
    rest = " ".join(match["rest"].split())
    channel = public(match["channel"] or keys.get("channel", ""))
    stated = rest or keys.get("version", "")
    if rest and not re.match(r"[=<>!~]", rest):
        version, _, build = rest.partition(" ")  # NAME VERSION BUILD, with blanks
        if " " in build:
            return None
        stated = f"=={version}={build}" if build else f"=={version}" if _VERSION.fullmatch(version) else rest
    if built := _BUILT.fullmatch(stated):
        return _Package(match["name"].lower(), stated, built["version"], built["build"], channel)
    exact = _EXACT.fullmatch(stated)
    version = exact[1] if exact else ""
    return _Package(match["name"].lower(), stated, version, keys.get("build", "") if version else "", channel)
