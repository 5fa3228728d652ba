"""What apk has installed: `lib/apk/db/installed`, of Alpine and those that build on it.

Source: the format of the installed database, https://wiki.alpinelinux.org/wiki/Apk_spec, and apk-tools.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bomvet.model.inventory import Component, Inventory, Location
from bomvet.model.purl import apk_purl
from bomvet.model.text import shown
from bomvet.plugin import FileTree, Resolver
from bomvet.resolvers._licences import declared
from bomvet.resolvers.container._system import Package, Reader, contact, sources

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

ID = "container/apk"
#: apk 3 has moved it.
_PATHS = ("usr/lib/apk/db/installed", "lib/apk/db/installed")
#: A field of one letter; those in lower case are other ones.
_FIELD = re.compile(r"([A-Za-z]):(.*)").fullmatch
_NAME = re.compile(r"[^\s/<>=~!]+").fullmatch
_VERSION = re.compile(r"[!-~]+").fullmatch
#: What is asked for or provided, before its version.
_RELATED = re.compile(r"[^\s<>=~]+").match
_PATH_NEEDS = re.compile(rb"(?m)^D:(.*/.*)$")


def parse_apk(tree: FileTree, path: str) -> Inventory:
    """Every package that is installed."""
    folder = next(path.removesuffix(end) for end in _PATHS if path.endswith(end)).rstrip("/")
    reader = Reader(tree, ID, folder)
    data = tree.read(path)
    # Few packages ask for a file, and databases name tens of thousands of them: those alone are looked for.
    files = {word for line in _PATH_NEEDS.findall(data) for word in line.decode("utf-8", "replace").split()}
    for line, fields, owned in _stanzas(reader, path, data, {file for file in files if file.startswith("/")}):
        package = _package(reader, fields, owned, Location(path=path, line=line))
        if package:
            reader.packages.append(package)
    return reader.inventory(Location(path=path))


def _stanzas(
    reader: Reader, path: str, data: bytes, files: Collection[str]
) -> Iterator[tuple[int, dict[str, str], list[str]]]:
    """Per package the line where it begins, its fields by letter, and which of `files` are its."""
    fields: dict[str, str] = {}
    owned: list[str] = []
    start, folder = 0, ""
    for number, line in enumerate((*data.decode("utf-8", "replace").split("\n"), ""), start=1):
        if not line.strip():
            if fields:
                yield start, fields, owned
            fields, owned, folder = {}, [], ""
            continue
        field = _FIELD(line.rstrip("\r"))
        if field is None:
            reader.unknown(Location(path=path, line=number), f"{shown(line.strip())!r} is no field")
            continue
        start = start if fields else number
        letter, value = field.groups()
        if letter == "F":
            folder = value
        elif letter == "R" and f"/{folder}/{value}" in files:
            owned.append(f"/{folder}/{value}")
        fields.setdefault(letter, value.strip())


def _package(reader: Reader, fields: dict[str, str], owned: list[str], location: Location) -> Package | None:
    """The package; None where it is not understood, or is only a name for what another command asked for."""
    name, version = fields.get("P", ""), fields.get("V", "")
    if name.startswith("."):
        return None  # `apk add --virtual .build-deps`: it holds nothing, and its name may not be published
    if not _NAME(name):
        reader.unknown(location, f"{shown(name)!r} is no name of a package" if name else "a package without a name")
        return None
    if not _VERSION(version):
        problem = f"{shown(version)!r} is no version of {name}" if version else f"the package {name} has no version"
        reader.unknown(location, problem)
        return None
    system, architecture = reader.system, fields.get("A", "")
    checksum = (("bomvet:apk-checksum", fields["C"]),) if fields.get("C") else ()
    component = Component(
        purl=apk_purl(system.distribution, name, version, {"arch": architecture, "distro": system.distro}),
        name=name,
        version=version,
        description=fields.get("T", ""),
        suppliers=contact(fields.get("m", "")),
        licences=declared(fields.get("L", "")),
        locations=(location,),
        # The checksum is that of the package's control data and not of its file, so it is no hash of the component.
        properties=(*checksum, *sources(fields.get("o") or name, version)),
    )
    needs = tuple((asked,) for asked in _related(fields.get("D", "")))
    return Package(component, architecture, (*_related(fields.get("p", "")), *owned), needs)


def _related(text: str) -> list[str]:
    """The names in a list of them; one that must not be installed is none that is needed."""
    return [found[0] for word in text.split() if not word.startswith("!") and (found := _RELATED(word))]


APK = Resolver(
    id=ID,
    title="packages that apk has installed",
    globs=tuple(f"**/{path}" for path in _PATHS),
    parse=parse_apk,
    reads=(
        "installed packages with their origins, licences, maintainers, checksums and what they depend on, by name, "
        "library, command or file; the release, from `os-release` in the same root"
    ),
    limits="files of packages, and which language packages are theirs",
)
