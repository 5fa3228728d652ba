"""What dpkg has installed: `var/lib/dpkg/status`, and the files in `status.d` that images without dpkg have.

Source: deb-control(5), deb822(5) and dpkg(1) on states; Debian Policy chapter 7 on relations.
"""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from bomvet.errors import FileUnreadableError
from bomvet.model.inventory import Component, Inventory, Location
from bomvet.model.purl import deb_purl
from bomvet.model.text import shown
from bomvet.plugin import FileTree, Resolver
from bomvet.resolvers.container._system import Package, Reader, contact, sources

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ID = "container/dpkg"
_STATUS, _FOLDER = "var/lib/dpkg/status", "var/lib/dpkg/status.d"
#: States in which the files of a package are in place; `config-files` is what a removal leaves.
_INSTALLED = frozenset(("installed", "half-configured", "triggers-awaited", "triggers-pending", "unpacked"))
_ABSENT = frozenset(("not-installed", "config-files"))
#: What stands in `status.d` beside the packages.
_BESIDE = (
    ".conffiles", ".list", ".md5sums", ".postinst", ".postrm", ".preinst", ".prerm", ".shlibs", ".symbols", ".triggers",
)  # fmt: skip

_FIELD = re.compile(r"([!-9;-~]+):[ \t]*(.*)").fullmatch
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9+._-]*").fullmatch
_VERSION = re.compile(r"[!-~]+").fullmatch
_SOURCE = re.compile(r"(\S+)(?:[ \t]+\((\S+)\))?").fullmatch
#: The name in a relation, before the architecture, the version and restrictions.
_RELATED = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9+.-]*)").match


class _Stanza(NamedTuple):
    """The fields of one package by their names in lower case, the first line of each; the line where it begins."""

    fields: dict[str, str]
    line: int


def parse_dpkg(tree: FileTree, path: str) -> Inventory:
    """The packages of `status`, or of a whole `status.d`, which stand in the inventory of its first file."""
    if path.endswith(_STATUS):
        folder, paths = path.removesuffix(_STATUS), [path]
    else:
        folder, paths = path.removesuffix(f"{_FOLDER}/{posixpath.basename(path)}"), [*_from(tree, path)]
    if not paths:
        return Inventory()
    reader = Reader(tree, ID, folder.rstrip("/"))
    for file in paths:
        _read(reader, file, stated=path.endswith(_STATUS))
    return reader.inventory(Location(path=path))


def _from(tree: FileTree, path: str) -> Iterator[str]:
    """The packages of the folder of `path`, if it is the first of them."""
    paths, directory = tree.paths(), posixpath.dirname(path)
    at = before = bisect_left(paths, path)
    if path.endswith(_BESIDE):
        return
    while before and paths[before - 1].startswith(f"{directory}/"):
        before -= 1
        if _is_package(paths[before], directory):
            return
    while at < len(paths) and paths[at].startswith(f"{directory}/"):
        if _is_package(paths[at], directory):
            yield paths[at]
        at += 1


def _is_package(path: str, directory: str) -> bool:
    return posixpath.dirname(path) == directory and not path.endswith(_BESIDE)


def _read(reader: Reader, path: str, *, stated: bool) -> None:
    """All packages of one file; where states are not `stated`, as in `status.d`, what is there is installed."""
    try:
        data = reader.tree.read(path)
    except FileUnreadableError as error:
        reader.unknown(Location(path=path), str(error))
        return
    for stanza in _stanzas(reader, path, data):
        package = _package(reader, stanza, Location(path=path, line=stanza.line), stated=stated)
        if package:
            reader.packages.append(package)


def _stanzas(reader: Reader, path: str, data: bytes) -> Iterator[_Stanza]:
    fields: dict[str, str] = {}
    start = 0
    for number, line in enumerate((*data.decode("utf-8", "replace").split("\n"), ""), start=1):
        if not line.strip():
            if fields:
                yield _Stanza(fields, start)
            fields = {}
        elif line[0] in " \t" and fields:
            continue  # of a field of several lines the first one is all that is looked at
        elif field := _FIELD(line.rstrip("\r")):
            start = start if fields else number
            fields.setdefault(field[1].lower(), field[2].strip())
        else:
            reader.unknown(Location(path=path, line=number), f"{shown(line.strip())!r} is no field")


def _package(reader: Reader, stanza: _Stanza, location: Location, *, stated: bool) -> Package | None:
    """The package; None where it is not installed, or not understood."""
    fields = stanza.fields
    name, version = fields.get("package", ""), fields.get("version", "")
    state = fields.get("status", "" if stated else "install ok installed").split()[-1:]
    if state and state[0] in _ABSENT:
        return None
    problem = _problem(name, version, state)
    if problem:
        reader.unknown(location, problem)
        return None
    return _read_package(reader, fields, location)


def _problem(name: str, version: str, state: Sequence[str]) -> str:
    if not _NAME(name):
        return f"{shown(name)!r} is no name of a package" if name else "a package without a name"
    if not _VERSION(version):
        return f"the package {name} has no version" if not version else f"{shown(version)!r} is no version of {name}"
    if not state:
        return f"the package {name} has no status, so whether it is installed is not known"
    return (
        ""
        if state[0] in _INSTALLED
        else f"the package {name} is {shown(state[0])}, so what it has installed is not known"
    )


def _read_package(reader: Reader, fields: dict[str, str], location: Location) -> Package:
    system, name, version = reader.system, fields["package"], fields["version"]
    architecture = fields.get("architecture", "")
    source = _SOURCE(fields.get("source", ""))
    component = Component(
        purl=deb_purl(system.distribution, name, version, {"arch": architecture, "distro": system.distro}),
        name=name,
        version=version,
        description=fields.get("description", ""),
        suppliers=contact(fields.get("maintainer", "")),
        locations=(location,),
        properties=sources(source[1] if source else name, (source[2] if source else "") or version),
    )
    needs = (*_relations(fields.get("pre-depends", "")), *_relations(fields.get("depends", "")))
    provides = tuple(alternatives[0] for alternatives in _relations(fields.get("provides", "")))
    return Package(component, architecture, provides, needs)


def _relations(text: str) -> tuple[tuple[str, ...], ...]:
    """Per thing that is asked for the names, of which any will do: `a (>= 1), b:any | c`."""
    asked = ([found[1] for one in item.split("|") if (found := _RELATED(one))] for item in text.split(","))
    return tuple(tuple(names) for names in asked if names)


DPKG = Resolver(
    id=ID,
    title="packages that dpkg has installed",
    globs=(f"**/{_STATUS}", f"**/{_FOLDER}/*"),
    parse=parse_dpkg,
    reads=(
        "installed packages with their source packages, maintainers and what they depend on, alternatives and "
        "virtual packages as they are installed; the release, from `os-release` in the same root"
    ),
    limits="licences; files of packages, and which language packages are theirs",
)
