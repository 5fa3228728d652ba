"""What becomes of what `pyproject.toml` declares: said by a lock, a component of its own, or told as not understood."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from bomvet.model.records import replace
from bomvet.model.text import shown
from bomvet.resolvers.python._beside import requirement_files, speaker
from bomvet.resolvers.python._declared import Declared
from bomvet.resolvers.python._project import setup_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.model.inventory import Component, Inventory
    from bomvet.plugin import FileTree
    from bomvet.resolvers.python._tables import Key, Manifest
    from bomvet.resolvers.python._toml_places import Places

_MAX_BUILD_REQUIRES = 100


class Reader:
    """One manifest while it is read; where things stand is looked up when something has to be told."""

    def __init__(self, resolver: str, tree: FileTree, path: str, data: bytes, manifest: Manifest) -> None:
        self.tree, self.path, self.data, self.manifest = tree, path, data, manifest
        self.directory = posixpath.dirname(path)
        self.declared = Declared(resolver, tree, path, index=manifest.index, extra_indexes=manifest.extra_indexes)
        self._places: Places | None = None

    def inventory(self, project: Component) -> Inventory:
        """`project`, and what nothing speaks for."""
        names = self.manifest.names()
        speaks = speaker(self.tree, self.directory, names)
        for name, role, key, text, read in self.manifest.stated():
            if not name or name not in speaks.named:  # looking up a line costs
                self.declared.ask(read, role, self._line(key, text), text or key[-1], name=name, speaks=speaks)
        for problem in self.manifest.problems:
            self.declared.unknown(self._line(problem.key, problem.text), problem.reason)
        if speaks.kind in ("", "requirements"):
            self._dynamic(is_silent=not speaks.kind)
        project = replace(project, properties=tuple(sorted({*project.properties, *self._build_requires()})))
        return self.declared.inventory(project, states_all=not speaks.kind and self.manifest.states_all)

    def _line(self, key: Key, text: str = "") -> int:
        if self._places is None:
            from bomvet.resolvers.python._toml_places import Places  # noqa: PLC0415 - only where something is told

            self._places = Places(self.data)
        return self._places.line(key, text)

    def _dynamic(self, *, is_silent: bool) -> None:
        """Dependencies that a build takes from files of the tree, or from what only running it tells."""
        dynamic = self.manifest.dynamic
        files = self.manifest.files()
        known = requirement_files(self.tree, self.directory)
        for role, place, key in files:
            if posixpath.normpath(posixpath.join(self.directory, place)) not in known:
                self.declared.add_file(place, role, self._line(key, place))
        if "dependencies" not in dynamic or any(role == "" for role, _, _ in files) or not is_silent:
            return
        if not setup_files(self.tree, self.directory):
            reason = "its dependencies are dynamic, and nothing locks them: what it asks for is open"
            self.declared.unknown(self._line(("project", "dynamic")), reason)

    def _build_requires(self) -> Iterator[tuple[str, str]]:
        """What a build needs, which is no part of what is built."""
        build = self.manifest.document.get("build-system")
        listed = build.get("requires") if isinstance(build, dict) else None
        for text in listed[:_MAX_BUILD_REQUIRES] if isinstance(listed, list) else []:
            if isinstance(text, str):
                yield "bomvet:build-requires", shown(text)
