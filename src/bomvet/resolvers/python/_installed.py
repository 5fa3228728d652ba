"""One installed distribution: `*.dist-info`, `*.egg-info`, an unpacked `*.egg`, or a link to a project's folder.

Sources: https://packaging.python.org/en/latest/specifications/recording-installed-packages/,
https://setuptools.pypa.io/en/latest/deprecated/python_eggs.html.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

from bomvet.errors import FileUnreadableError
from bomvet.model.inventory import Completeness, Component, Distribution, Location, Scope, Unknown
from bomvet.model.purl import project_purl, pypi_name, pypi_purl
from bomvet.model.records import replace
from bomvet.model.text import shown
from bomvet.resolvers.python._direct_url import DirectUrl, own_folder, read_direct_url
from bomvet.resolvers.python._metadata import Metadata, Requirement, read_metadata, read_requires_txt
from bomvet.resolvers.python._project import project_at

if TYPE_CHECKING:
    from bomvet.plugin import Entry, FileTree

ID = "python/site-packages"
_TAG = re.compile(r"^Tag:[ \t]*(\S+)", re.MULTILINE)
_NO_ORIGIN = DirectUrl({}, (), "", editable=False, problem="")


class Installed(NamedTuple):
    """A distribution as its folder describes it; `rank` says which of one name is found first (the least)."""

    purl: str
    metadata: Metadata
    requires: tuple[Requirement, ...]
    location: Location
    rank: int
    directory: str | None
    distributions: tuple[Distribution, ...]
    properties: tuple[tuple[str, str], ...]
    completeness: Completeness
    sboms: tuple[str, ...]
    wheel: str
    editable: str

    @property
    def name(self) -> str:
        """Its normalised name."""
        return pypi_name(self.metadata.name)

    def component(self, tree: FileTree, scope: Scope, completeness: Completeness, missing: list[str]) -> Component:
        """The component; a project of the tree itself is what its manifest says."""
        name, version = self.name, self.metadata.version
        properties = (*self.properties, *(("bomvet:not-installed", text) for text in missing))
        if self.directory is not None:
            project = project_at(tree, self.directory, name=name, version=version)
            locations = tuple(sorted({*project.locations, self.location}))
            return replace(project, dependencies=completeness, locations=locations, properties=properties)
        return Component(
            purl=self.purl,
            name=name,
            version=version,
            scope=scope,
            dependencies=completeness,
            description=self.metadata.summary,
            suppliers=self.metadata.suppliers,
            licences=self.metadata.licences,
            distributions=self.distributions,
            locations=(self.location,),
            properties=properties,
        )


class Reader:
    """Reads distributions of one folder of packages; what is not understood is collected in `unknowns`."""

    def __init__(self, tree: FileTree, folder: str) -> None:
        self.tree, self.folder = tree, folder
        self.unknowns: list[Unknown] = []

    def unknown(self, path: str, reason: str, line: int = 0) -> None:
        """Note something that was not understood."""
        self.unknowns.append(Unknown(location=Location(path=path, line=line), resolver=ID, reason=reason))

    def entries(self, path: str) -> dict[str, Entry] | None:
        """What stands in the folder `path` (or where the link leads), by name; None where it cannot be listed."""
        try:
            return {entry.name: entry for entry in self.tree.entries(path)}
        except FileUnreadableError as error:
            self.unknown(path, str(error))
            return None

    def read(self, path: str) -> bytes | None:
        """The file `path`; None where it cannot be read, which is noted."""
        try:
            return self.tree.read(path)
        except FileUnreadableError as error:
            self.unknown(path, str(error))
            return None

    def dist_info(self, path: str) -> Installed | None:
        """The distribution of a `*.dist-info` folder."""
        names = self.entries(path)
        if names is None:
            return None
        if "METADATA" not in names:
            self.unknown(path, "a distribution without METADATA: what it is cannot be told")
            return None
        data = self.read(f"{path}/METADATA")
        origin = self._origin(path) if "direct_url.json" in names else _NO_ORIGIN
        sboms = self._sboms(f"{path}/sboms") if "sboms" in names else ()
        if data is None:
            return None
        return self._installed(
            data,
            f"{path}/METADATA",
            rank=0,
            origin=origin,
            properties=self._properties(path, names),
            sboms=sboms,
            wheel=f"{path}/WHEEL" if "WHEEL" in names else "",
        )

    def _origin(self, path: str) -> DirectUrl:
        data = self.read(f"{path}/direct_url.json")
        origin = read_direct_url(data) if data is not None else _NO_ORIGIN
        if origin.problem:
            self.unknown(f"{path}/direct_url.json", origin.problem)
        return origin

    def _properties(self, path: str, names: dict[str, Entry]) -> list[tuple[str, str]]:
        """The installer, and a digest of the list of installed files, which is none of the package's own."""
        found = []
        if "INSTALLER" in names and (data := self.read(f"{path}/INSTALLER")):
            found.append(("bomvet:installer", shown(data[:100].decode("utf-8", "replace").strip())))
        if "RECORD" in names and (data := self.read(f"{path}/RECORD")):
            found.append(("bomvet:record-sha256", hashlib.sha256(data).hexdigest()))
        return found

    def _sboms(self, path: str) -> tuple[str, ...]:
        """Every file below `sboms`."""
        found: list[str] = []
        todo = [path]
        while todo:
            here = todo.pop()
            for name, entry in (self.entries(here) or {}).items():
                (todo if entry.is_folder else found).append(f"{here}/{name}")
        return tuple(sorted(found))

    def egg_info(self, path: str, *, is_folder: bool) -> Installed | None:
        """The distribution of a `*.egg-info`: a folder, or the one file of a distribution of distutils."""
        if not is_folder:
            data = self.read(path)
            return None if data is None else self._installed(data, path, rank=1, completeness=Completeness.UNKNOWN)
        names = self.entries(path)
        if names is None:
            return None
        if "PKG-INFO" not in names:
            self.unknown(path, "a distribution without PKG-INFO: what it is cannot be told")
            return None
        data = self.read(f"{path}/PKG-INFO")
        requires: tuple[Requirement, ...] | None = None
        if "requires.txt" in names and (stated := self.read(f"{path}/requires.txt")) is not None:
            requires, problems = read_requires_txt(stated)
            for line, problem in problems:
                self.unknown(f"{path}/requires.txt", problem, line)
        return None if data is None else self._installed(data, f"{path}/PKG-INFO", rank=1, requires=requires)

    def egg_link(self, path: str) -> Installed | None:
        """What `setup.py develop` leaves: the first line is the folder of the project."""
        data = self.read(path)
        if data is None:
            return None
        target = data.decode("utf-8", "replace").partition("\n")[0].strip()
        stem = pypi_name(posixpath.basename(path).removesuffix(".egg-link"))
        lines = [f"Name: {stem}"]
        for place in (target, posixpath.dirname(target)):  # the folder of the sources may be `src` of the project
            directory = own_folder(self.tree, place, stem)
            if directory is not None:
                break
        else:
            place = target
        text = "\n".join((*lines, "Version: 0", "", "")).encode()
        origin = DirectUrl({}, (), place, editable=True, problem="")
        return self._installed(text, path, rank=1, origin=origin, completeness=Completeness.UNKNOWN, link=True)

    def _installed(
        self,
        data: bytes,
        path: str,
        *,
        rank: int,
        origin: DirectUrl = _NO_ORIGIN,
        properties: list[tuple[str, str]] | None = None,
        requires: tuple[Requirement, ...] | None = None,
        completeness: Completeness = Completeness.COMPLETE,
        sboms: tuple[str, ...] = (),
        wheel: str = "",
        link: bool = False,
    ) -> Installed | None:
        """The distribution whose headers are `data`; None, which is noted, where those name none."""
        metadata = read_metadata(data)
        if link:
            metadata = metadata._replace(version="")
        elif not metadata.name or not metadata.version:
            lacking = "name" if not metadata.name else "version"
            self.unknown(path, f"the metadata of a distribution state no {lacking}: what it is cannot be told")
            return None
        for line, problem in metadata.problems:
            self.unknown(path, problem, line)
        name = pypi_name(metadata.name)
        directory = own_folder(self.tree, origin.folder, name) if origin.folder else None
        if origin.folder and directory is None:
            how = "an editable install" if origin.editable else "installed"
            self.unknown(path, f"{shown(name)} is {how} from a folder outside of the scanned tree")
        properties = [] if properties is None else properties
        if metadata.requires_python:
            properties.append(("bomvet:requires-python", metadata.requires_python))
        return Installed(
            purl=self._purl(metadata, origin, directory),
            metadata=metadata,
            requires=metadata.requires if requires is None else requires,
            location=Location(path=path, line=0 if link else metadata.line),
            rank=rank,
            directory=directory,
            distributions=origin.distributions,
            properties=tuple(sorted(properties)),
            completeness=Completeness.INCOMPLETE if metadata.problems else completeness,
            sboms=sboms,
            wheel=wheel,
            editable=origin.folder if origin.editable else "",
        )

    def _purl(self, metadata: Metadata, origin: DirectUrl, directory: str | None) -> str:
        """Never that of a registry where the sources are a folder of somebody's."""
        name, version = pypi_name(metadata.name), metadata.version
        if directory is not None:
            return project_at(self.tree, directory, name=name, version=version).purl
        return project_purl(name, version, "") if origin.folder else pypi_purl(name, version, origin.qualifiers)


def wheel_tags(data: bytes) -> list[str]:
    """The tags that a `WHEEL` file states."""
    return _TAG.findall(data.decode("utf-8", "replace"))
