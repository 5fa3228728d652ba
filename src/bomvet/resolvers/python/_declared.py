"""Python requirements that nothing locks, as components of an index, of repositories, or of the tree itself."""

from __future__ import annotations

import posixpath
from functools import partial
from typing import TYPE_CHECKING

from bomvet.errors import BomvetError
from bomvet.model.inventory import Component, Distribution, Location
from bomvet.model.purl import public_url, pypi_name, pypi_purl
from bomvet.model.text import anonymous, shown
from bomvet.resolvers._declared import Declarations, Want
from bomvet.resolvers.python._asked import Asked, archive_name, from_text, name_of
from bomvet.resolvers.python._beside import requirement_files
from bomvet.resolvers.python._project import is_project_folder, named_projects, project_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bomvet.plugin import FileTree
    from bomvet.resolvers.python._beside import Speaker
    from bomvet.resolvers.python._requirement_lines import Requirement

#: Further indexes of one project, which each of its packages may be from.
MAX_INDEXES = 20


class Declared(Declarations):
    """A Python manifest while it is read; packages come from `index` and `extra_indexes`, where they are stated."""

    def __init__(
        self, resolver: str, tree: FileTree, path: str, *, index: str = "", extra_indexes: Iterable[str] = ()
    ) -> None:
        super().__init__(resolver, path)
        self.tree = tree
        self._index = [("bomvet:registry", url) for url in (public_url(index),) if url]
        extra = [*dict.fromkeys(url for url in map(public_url, extra_indexes) if url)]
        if len(extra) > MAX_INDEXES:
            self.unknown(0, f"more than {MAX_INDEXES} indexes: the rest is not told of")
        self._extra_indexes = [("bomvet:extra-registry", url) for url in extra[:MAX_INDEXES]]

    def ask(
        self, read: Callable[[], Iterable[Asked]], role: str, line: int, text: str, *, name: str, speaks: Speaker
    ) -> None:
        """A further requirement of `name`, unless something `speaks` of it.

        What a lock does not speak of was declared after that was written: that is told, and all that is.
        """
        if name and name in speaks.named:
            return
        if name and speaks.kind == "lock":
            self.open(Location(path=self.path, line=line), f"{shown(text)}, which {speaks.file} does not name")
        else:
            self.add(read, role, line, text)

    def add(self, read: Callable[[], Iterable[Asked]], role: str, line: int, text: str, *, path: str = "") -> None:
        """A further requirement, or what is wrong with its `text`."""
        location = Location(path=path or self.path, line=line)
        try:
            for asked in read():
                self._add(asked, role, location)
        except ValueError as error:
            self.unknown(line, f"{shown(text)}: {error}", path=path)

    def add_file(self, place: str, role: str, line: int) -> None:
        """All of a requirements file that the manifest names; `line` is where it does."""
        from bomvet.resolvers.python._requirement_lines import read_statements  # noqa: PLC0415 - rarely needed

        path = posixpath.normpath(posixpath.join(posixpath.dirname(self.path), place))
        try:
            statements = read_statements(self.tree.read(path))
        except BomvetError as error:
            self.unknown(line, f"its dependencies stand in {shown(place)}, which {error}")
            return
        for problem in statements.problems:
            self.unknown(problem.line, problem.reason, path=path)
        for include in statements.includes:
            self.unknown(include.line, f"includes {shown(include.path)}, which no build follows", path=path)
        for requirement in statements.requirements:
            self.add(partial(_of_requirement, requirement), role, requirement.line, requirement.text, path=path)

    def add_lines(self, text: str, line: int) -> None:
        """What stands in a manifest as it would in a requirements file, includes of such files among it."""
        from bomvet.resolvers.python._requirement_lines import read_statements  # noqa: PLC0415 - rarely needed

        statements = read_statements(text.encode("utf-8", "replace"))
        for problem in statements.problems:
            self.unknown(line, problem.reason)
        known = requirement_files(self.tree, posixpath.dirname(self.path))
        for include in statements.includes:
            place = posixpath.normpath(posixpath.join(posixpath.dirname(self.path), include.path))
            if not include.constraint and place not in known:
                self.add_file(include.path, "", line)
        for requirement in statements.requirements:
            self.add(partial(_of_requirement, requirement), "", line, requirement.text)

    def _add(self, asked: Asked, role: str, location: Location) -> None:
        components: list[Component]
        if asked.path:
            components = self._local(asked, location)
        elif asked.workspace:
            components = [project_at(self.tree, folder) for folder in named_projects(self.tree).get(asked.name, ())]
            if not components:
                reason = f"{asked.name}, a member of the workspace, is not in the scanned tree"
                self.unknown(location.line, reason, path=location.path)
        else:
            components = [self._from_url(asked, location) if asked.url else self._from_index(asked, location)]
        want = Want(role, location, anonymous(asked.constraint), asked.marker, asked.extras)
        for component in components:
            self.want(component, want)

    def _from_index(self, asked: Asked, location: Location) -> Component:
        if not asked.version:
            self.open(location, shown(asked.text))
        registry = public_url(asked.registry)
        named = [("bomvet:registry", registry)] if registry else [*self._index, *self._extra_indexes]
        return Component(
            purl=pypi_purl(asked.name, asked.version),
            name=asked.name,
            version=asked.version,
            properties=tuple(named),
        )

    def _from_url(self, asked: Asked, location: Location) -> Component:
        if asked.is_vcs and not asked.has_commit:
            self.open(location, f"{shown(asked.text)}, which names no commit")
        url = public_url(asked.url.partition("#")[0])
        return Component(
            purl=pypi_purl(asked.name, "", {"vcs_url" if asked.is_vcs else "download_url": url}),
            name=asked.name,
            distributions=() if asked.is_vcs else (_distribution(url),),
        )

    def _local(self, asked: Asked, location: Location) -> list[Component]:
        """A folder or archive of the tree itself."""
        place = posixpath.normpath(posixpath.join(posixpath.dirname(location.path), asked.path.partition("#")[0]))
        place = "" if place == "." else place
        if place.startswith(("/", "../")) or place == "..":
            self.unknown(location.line, f"{shown(asked.text)} lies outside the scanned tree", path=location.path)
        elif archive := archive_name(place):
            purl = pypi_purl(asked.name, "", {"file_name": archive})
            return [Component(purl=purl, name=asked.name, distributions=(_distribution(public_url(place)),))]
        elif is_project_folder(self.tree, place):
            return [project_at(self.tree, place)]
        else:
            self.unknown(location.line, f"{shown(asked.text)} holds no Python project", path=location.path)
        return []


def _of_requirement(requirement: Requirement) -> list[Asked]:
    """A line of a requirements file; raises `ValueError` where it does not say which package it is."""
    if not (requirement.url or requirement.path):
        return [from_text(requirement.text)]
    url, path = requirement.url, requirement.path
    if url[:5].lower() == "file:":
        url, path = "", url[5:].removeprefix("//")
    name = requirement.name or name_of(archive_name(path).partition("-")[0])
    if not name and not path:
        raise ValueError("does not say which package it is")
    return [
        Asked(
            name=pypi_name(name),
            text=requirement.text,
            extras=requirement.extras,
            marker=requirement.marker,
            url=url,
            path=path,
        )
    ]


def _distribution(url: str) -> Distribution:
    return Distribution(url=url, source=not url.partition("?")[0].lower().endswith(".whl"))
