"""Wheels and source distributions as files: what they are, by what stands in them; they are never unpacked to disk.

Sources: https://packaging.python.org/en/latest/specifications/binary-distribution-format/ and
.../source-distribution-format/ (names and content), PEP 770 (SBOMs in wheels).
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from bomvet.errors import MalformedError
from bomvet.model.inventory import (
    Completeness,
    Component,
    Distribution,
    Hash,
    Inventory,
    Location,
    RelationKind,
    Relationship,
    Unknown,
)
from bomvet.model.purl import project_purl, pypi_name, pypi_purl
from bomvet.model.text import shown
from bomvet.plugin import FileTree, Resolver
from bomvet.resolvers.python._archive import Zip, first_in_tar
from bomvet.resolvers.python._metadata import Metadata, read_metadata
from bomvet.resolvers.python._project import project_at, project_table, pyproject
from bomvet.resolvers.python._sboms import read_sbom

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.resolvers.python._sboms import Embedded

WHEEL_ID = "python/wheel"
SDIST_ID = "python/sdist"
_WHEEL = re.compile(
    r"([A-Za-z0-9_.]+)-([A-Za-z0-9_.!+]+)(?:-\d[A-Za-z0-9_.]*)?-([\w.]+)-([\w.]+)-([\w.]+)\.whl", re.ASCII
)
_SDIST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*?-v?\d[A-Za-z0-9_.!+-]*\.(?:tar\.gz|zip)", re.IGNORECASE)
#: PEP 643: before this version of core metadata, those of a source distribution bind nobody.
_BINDING = (2, 2)


class _File(NamedTuple):
    """An archive: where it is, and what its name says."""

    tree: FileTree
    path: str
    data: bytes
    source: bool

    @property
    def resolver(self) -> str:
        """The id of the resolver that reads it."""
        return SDIST_ID if self.source else WHEEL_ID

    def unknown(self, reason: str) -> Unknown:
        """Something that was not understood."""
        return Unknown(location=Location(path=self.path), resolver=self.resolver, reason=reason)


def parse_wheel(tree: FileTree, path: str) -> Inventory:
    """The distribution in a wheel, with what its SBOMs say is built into it; raises `MalformedError`."""
    match = _WHEEL.fullmatch(posixpath.basename(path))
    if not match:
        raise MalformedError("no name of a wheel (NAME-VERSION-PYTHON-ABI-PLATFORM.whl)")
    file = _File(tree, path, tree.read(path), source=False)
    archive = Zip(file.data)
    names = archive.names()
    folders = {name.partition("/")[0] for name in names if _is_metadata(name)}
    own = [folder for folder in sorted(folders) if pypi_name(folder.partition("-")[0]) == pypi_name(match[1])]
    if len(own) != 1:
        raise MalformedError(f"{len(own)} folders of metadata in the wheel, where one belongs")
    metadata = read_metadata(archive.read(f"{own[0]}/METADATA"))
    component = _component(file, metadata)
    if isinstance(component, Unknown):
        return Inventory(unknowns=(component,))
    sboms = [name for name in names if name.startswith(f"{own[0]}/sboms/") and not name.endswith("/")]
    return _inventory(file, metadata, component, [*_embedded(file, archive, sboms, component.purl)])


def _is_metadata(name: str) -> bool:
    folder, _, file = name.partition("/")
    return file == "METADATA" and folder.endswith(".dist-info")


def _embedded(file: _File, archive: Zip, names: list[str], owner: str) -> Iterator[Embedded | Unknown]:
    for name in names:
        try:
            yield read_sbom(archive.read(name), file.path, owner, WHEEL_ID)
        except MalformedError as error:
            yield file.unknown(f"an SBOM of the distribution is not read: {shown(str(error))}")


def parse_sdist(tree: FileTree, path: str) -> Inventory:
    """The distribution in a source archive; nothing where the archive is none of Python.

    Raises `MalformedError` where a limit is hit.
    """
    if not _SDIST.fullmatch(posixpath.basename(path)):
        return Inventory()
    file = _File(tree, path, tree.read(path), source=True)
    found = _in_zip(file.data) if path.lower().endswith(".zip") else first_in_tar(file.data, _is_pkg_info)
    if not found:
        return Inventory()
    metadata = read_metadata(found[1])
    if not metadata.name:
        return Inventory()  # a PKG-INFO of something else
    component = _component(file, metadata)
    if isinstance(component, Unknown):
        return Inventory(unknowns=(component,))
    return _inventory(file, metadata, component, [])


def _in_zip(data: bytes) -> tuple[str, bytes] | None:
    """The `PKG-INFO` of a zip archive; None where it has none, or is no archive."""
    try:
        archive = Zip(data)
    except MalformedError:
        return None
    name = next(filter(_is_pkg_info, archive.names()), None)
    return (name, archive.read(name)) if name else None


def _is_pkg_info(name: str) -> bool:
    """Whether this is the file beside the project's manifest: in the one folder at the top."""
    folder, _, file = name.removeprefix("./").partition("/")
    return file == "PKG-INFO" and folder not in ("", ".", "..")


def _component(file: _File, metadata: Metadata) -> Component | Unknown:
    """The distribution as its metadata state it, which is to be what the file is called."""
    if not metadata.name or not metadata.version:
        lacking = "name" if not metadata.name else "version"
        return file.unknown(f"the metadata of a distribution state no {lacking}: what it is cannot be told")
    name = pypi_name(metadata.name)
    base = posixpath.basename(file.path)
    digest = Hash(algorithm="sha256", value=hashlib.sha256(file.data).hexdigest())
    properties = [("bomvet:requires-dist", shown(one.text)) for one in metadata.requires]
    if metadata.requires_python:
        properties.append(("bomvet:requires-python", metadata.requires_python))
    own = _is_own(file, name)
    if own:
        purl = f"{project_purl(name, metadata.version, '')}?file_name={quote(base, safe='')}"
    else:
        purl = pypi_purl(name, metadata.version, {"file_name": base})
    return Component(
        purl=purl,
        name=name,
        version=metadata.version,
        dependencies=_completeness(file, metadata),
        description=metadata.summary,
        suppliers=metadata.suppliers,
        licences=metadata.licences,
        distributions=(Distribution(url=quote(file.path), hashes=(digest,), size=len(file.data), source=file.source),),
        locations=(Location(path=file.path),),
        properties=tuple(sorted(properties)),
        directory=file.path if own else None,
    )


def _completeness(file: _File, metadata: Metadata) -> Completeness:
    """Complete where it asks for nothing: what else it asks for has no version yet."""
    if metadata.requires or metadata.problems:
        return Completeness.INCOMPLETE
    stated = tuple(int(part) for part in metadata.metadata_version.split(".") if part.isdecimal())
    if file.source and (stated < _BINDING or "requires-dist" in metadata.dynamic):
        return Completeness.UNKNOWN
    return Completeness.COMPLETE


def _is_own(file: _File, name: str) -> bool:
    """Whether a project of that name stands above the archive: then the archive was built from it."""
    stated = (project_table(pyproject(file.tree, folder)).get("name") for folder in _above(file.path))
    return any(isinstance(text, str) and pypi_name(text) == name for text in stated)


def _above(path: str) -> Iterator[str]:
    """The folders above `path`, the nearest first; the top is the last."""
    while path:
        path = posixpath.dirname(path)
        yield path


def _inventory(file: _File, metadata: Metadata, component: Component, embedded: list[Embedded | Unknown]) -> Inventory:
    """The distribution, what is built into it, and the project of the tree that holds it."""
    unknowns = [file.unknown(f"line {line} of its metadata: {problem}") for line, problem in metadata.problems]
    if not _is_called(posixpath.basename(file.path), component):
        told = f"{shown(component.name)} {shown(component.version)}"
        unknowns.append(file.unknown(f"its metadata are those of {told}, which the file is not called"))
    holder = next((f for f in _above(file.path) if project_table(pyproject(file.tree, f))), "")
    project = project_at(file.tree, holder)
    contains = Relationship(
        source=project.purl, target=component.purl, kind=RelationKind.CONTAINS, evidence=component.locations
    )
    parts = [part for part in embedded if not isinstance(part, Unknown)]
    unknowns += [part for part in embedded if isinstance(part, Unknown)]
    own = Inventory(components=(project, component), relationships=(contains,), unknowns=tuple(unknowns))
    return Inventory.merge([
        own,
        *(Inventory(components=p.components, relationships=p.relationships, unknowns=p.unknowns) for p in parts),
    ])  # fmt: skip


def _is_called(file_name: str, component: Component) -> bool:
    """Whether the name of an archive is that of the distribution; names and versions have several spellings."""
    parts = re.sub(r"\.(?:whl|zip|tar\.gz)\Z", "", file_name, flags=re.IGNORECASE).split("-")
    parts = parts[:2] if file_name.endswith(".whl") else parts
    starts = (at for at in range(1, len(parts)) if pypi_name("-".join(parts[:at])) == component.name)
    return any(_is_version("-".join(parts[at:]), component.version) for at in starts)


def _is_version(text: str, version: str) -> bool:
    """Whether both are one version; in names of files `_` stands for what may not stand there."""
    if pypi_name(text.replace("+", "-")) == pypi_name(version.replace("+", "-")):
        return True
    from packaging.version import Version  # noqa: PLC0415 - rarely needed

    try:
        return Version(text) == Version(version)
    except ValueError:
        return False


WHEEL = Resolver(
    id=WHEEL_ID,
    title="wheels, as files",
    globs=("**/*.whl",),
    parse=parse_wheel,
    reads="name, version, licences, hash of the file; SBOMs within (PEP 770)",
    limits="what it asks for has no version yet, and is kept as property `bomvet:requires-dist`; 64 MiB per file",
)
SDIST = Resolver(
    id=SDIST_ID,
    title="source distributions of Python, as files",
    globs=("**/*.tar.gz", "**/*.zip"),
    parse=parse_sdist,
    reads="name, version, licences, hash of the file, from `PKG-INFO`; other archives are passed over",
    limits="what it asks for is kept as property `bomvet:requires-dist`; archives without `PKG-INFO` are not looked"
    " into; 64 MiB per file",
)
