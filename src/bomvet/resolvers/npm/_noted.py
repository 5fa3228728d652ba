"""`node_modules/.package-lock.json`, in which npm notes what it has installed: where from, with which digest, why.

Source: https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json#hidden-lockfiles.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from bomvet.errors import FileUnreadableError, MalformedError
from bomvet.model.inventory import Location, Scope
from bomvet.model.text import shown
from bomvet.resolvers._json import Lines, load_object
from bomvet.resolvers.npm._installed import cleaned
from bomvet.resolvers.npm._origin import hashes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from bomvet.model.inventory import Hash
    from bomvet.plugin import FileTree
    from bomvet.resolvers.npm._graph import Graph

NAME = ".package-lock.json"
#: A key, compiled where a line is asked for.
_KEY = rb'"((?:[^"\\]|\\.)*+)"\s*+:'


class Note(NamedTuple):
    """What npm noted of one package: `target` is the folder that `resolved` names, if it names one."""

    resolved: str = ""
    hashes: tuple[Hash, ...] = ()
    scope: Scope = Scope.REQUIRED
    properties: tuple[tuple[str, str], ...] = ()
    target: str = ""


NOTHING_NOTED = Note()


class HiddenLock:
    """The lock beside the packages of one `node_modules`; the disk has the last word."""

    def __init__(self, tree: FileTree, folder: str, graph: Graph) -> None:
        self._path, self._base, self._graph = posixpath.join(folder, NAME), posixpath.dirname(folder), graph
        self._data = b""
        self._lines: Lines | None = None
        self._places: dict[bytes, int] = {}
        #: By the path of the package: the key of its entry, and the entry.
        self.entries: dict[str, tuple[str, Any]] = {}
        if tree.exists(self._path):
            self._read(tree, folder)

    def _read(self, tree: FileTree, folder: str) -> None:
        try:
            self._data = tree.read(self._path)
            packages = load_object(self._data).get("packages", {})
        except (FileUnreadableError, MalformedError) as error:
            self._unknown(str(error), getattr(error, "line", 0))
            return
        if not isinstance(packages, dict):
            self._unknown("its packages are no object", 1)
        elif not folder:  # in a scan of `node_modules` itself the paths begin with what is its top
            top = "node_modules/"
            self.entries = {key[len(top) :]: (key, entry) for key, entry in packages.items() if key.startswith(top)}
        else:
            prefix = f"{self._base}/" if self._base else ""
            self.entries = {prefix + key: (key, entry) for key, entry in packages.items() if key}

    def of(self, path: str, version: str) -> Note | None:
        """What is noted of the package in the folder `path`; None where another version is."""
        key, entry = self.entries[path]
        if not isinstance(entry, dict) or cleaned(self._text(key, entry, "version")) != version:
            return None
        resolved = self._text(key, entry, "resolved")
        return Note(
            resolved=resolved,
            hashes=tuple(self._hashes(key, entry)),
            scope=_scope(entry),
            properties=tuple(_properties(entry)),
            target=self._target(resolved),
        )

    def tell_absent(self, present: Collection[str]) -> None:
        """Tell what is noted and not there, though nothing says that it may be absent."""
        for path, (key, entry) in self.entries.items():
            if not isinstance(entry, dict):
                self._unknown(f"the entry of {shown(key)} is no object", self._line(key))
            elif entry and path not in present and _scope(entry) is Scope.REQUIRED:
                self._unknown(f"{shown(key)} is noted as installed, and is not there", self._line(key))

    def _target(self, resolved: str) -> str:
        scheme, _, path = resolved.partition("file:")
        return posixpath.normpath(posixpath.join(self._base, path)) if path and not scheme else ""

    def _text(self, key: str, entry: dict[str, Any], field: str) -> str:
        value = entry.get(field)
        if value and not isinstance(value, str):
            self._unknown(f"the field {field!r} of {shown(key)} is no text", self._line(key))
        return value if isinstance(value, str) else ""

    def _hashes(self, key: str, entry: dict[str, Any]) -> Iterator[Hash]:
        for text in self._text(key, entry, "integrity").split():
            try:
                yield from hashes(text)
            except ValueError as error:
                self._unknown(f"a hash of {shown(key)} cannot be used: {error}", self._line(key))

    def _line(self, key: str) -> int:
        """The line of the entry; 0 where its key is not written plainly."""
        if self._lines is None:
            self._lines = Lines(self._data)
            self._places = {match[1]: match.start() for match in re.finditer(_KEY, self._data)}
        at = self._places.get(key.encode())
        return 0 if at is None else self._lines.of(at)

    def _unknown(self, reason: str, line: int) -> None:
        self._graph.unknown(Location(path=self._path, line=line), reason)


def _scope(entry: dict[str, Any]) -> Scope:
    """`dev` and `optional` are those that nothing else needs, `devOptional` those that either does."""
    if entry.get("dev"):
        return Scope.DEV
    return Scope.OPTIONAL if entry.get("optional") or entry.get("devOptional") else Scope.REQUIRED


def _properties(entry: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What else the entry says of the package."""
    for key, name in (("hasInstallScript", "install-script"), ("inBundle", "bundled")):
        if entry.get(key):
            yield f"bomvet:{name}", "true"
    if note := entry.get("deprecated"):
        yield "bomvet:deprecated", " ".join(note.split()) if isinstance(note, str) else "true"
