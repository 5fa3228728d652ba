"""What `package.json` asks for, where nothing says what is installed: components of a registry, of places, of the tree.

Source: https://docs.npmjs.com/cli/v11/configuring-npm/package-json#dependencies.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from bomvet.model.inventory import Component, Distribution, Inventory, Location, Scope
from bomvet.model.purl import npm_purl
from bomvet.model.text import anonymous, shown
from bomvet.resolvers import _declared
from bomvet.resolvers._declared import Declarations, Want
from bomvet.resolvers.npm._manifest import project_at, requests
from bomvet.resolvers.npm._origin import is_git, origin
from bomvet.resolvers.npm._workspace import MAX_GLOBS, members

if TYPE_CHECKING:
    from bomvet.plugin import FileTree
    from bomvet.resolvers.npm._manifest import Request

TABLES = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
_EXACT = re.compile(r"[=v\s]*([0-9]+\.[0-9]+\.[0-9]+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)\s*")
_COMMIT = re.compile(r"#[0-9a-f]{40}(?:[0-9a-f]{24})?$")
_GITHUB = re.compile(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+(?:#.*)?", re.DOTALL)
_FOLDER = re.compile(r"(?:file|link|portal):|\.{1,2}/|/|~/")
_ARCHIVE = re.compile(r"\.(?:tgz|tar\.gz|tar)$", re.IGNORECASE)
_STRING = re.compile(rb'"((?:[^"\\]|\\.)*+)"(\s*+:)?')


class Reader:
    """One manifest while it is read."""

    def __init__(self, resolver: str, tree: FileTree, path: str, data: bytes, table: dict[str, Any]) -> None:
        self.tree, self.path, self.table = tree, path, table
        self.directory = posixpath.dirname(path)
        self.declared = Declarations(resolver, path)
        self._lines = _key_lines(data)
        self._bundled = _bundled(table)
        self._members = members(tree, self.directory)

    def inventory(self, project: Component) -> Inventory:
        """`project` with all that it asks for."""
        for key in TABLES:
            self._check(key)
        stated = self.table.get("workspaces")
        stated = stated.get("packages") if isinstance(stated, dict) else stated
        if isinstance(stated, list) and len(stated) > MAX_GLOBS:
            reason = f"of the patterns of workspaces only {MAX_GLOBS} are read"
            self.declared.unknown(self._line("workspaces"), reason)
        asked = requests(self.table, development=True)
        if len(asked) > _declared.MAX_REQUIREMENTS:
            limit = f"more than {_declared.MAX_REQUIREMENTS:,} requirements: the rest was not read"
            self.declared.unknown(0, limit)
        for request in asked[: _declared.MAX_REQUIREMENTS]:
            if self._is_text(request):
                self._add(request)
        return self.declared.inventory(project, states_all=True)

    def _check(self, key: str) -> None:
        """Note what is no table of texts."""
        value = self.table.get(key)
        if value and not isinstance(value, dict):
            self.declared.unknown(self._line(key), f"{key} is no object: what it asks for is not known")
        for name, spec in value.items() if isinstance(value, dict) else ():
            if not isinstance(spec, str):
                self.declared.unknown(self._line(key, name), f"{shown(name)}: what is asked for is no text")
            elif not name.strip("/@ "):
                self.declared.unknown(self._line(key, name), f"{shown(spec)} is asked for without a name")

    def _is_text(self, request: Request) -> bool:
        key = _TABLE_OF[request.role]
        return isinstance(self.table[key].get(request.name), str) and bool(request.name.strip("/@ "))

    def _line(self, *keys: str) -> int:
        """Where the last of `keys` stands behind the others."""
        line = 0
        for key in keys:
            line = next((found for found in self._lines.get(key, ()) if found >= line), line)
        return line

    def _add(self, request: Request) -> None:
        location = Location(path=self.path, line=self._line(_TABLE_OF[request.role], request.name))
        component = self._component(request, location)
        if component is None:
            return
        scope = Scope.OPTIONAL if request.role == "peer" and request.absent_ok else None
        constraint = "" if request.spec in ("", "*", "latest") else anonymous(request.spec)
        self.declared.want(component, Want(request.role, location, constraint, scope=scope))

    def _component(self, request: Request, location: Location) -> Component | None:
        """What a request means; None where that was told to be unknown."""
        name, spec = request.name, request.spec.strip()
        alias = ""
        if spec.startswith("npm:"):
            alias = name
            name, _, spec = spec[4:].rpartition("@") if "@" in spec[5:] else (spec[4:], "", "")
        if spec.startswith("workspace:") or (name in self._members and not _leads_elsewhere(spec)):
            return self._member(name, spec, location)
        if _FOLDER.match(spec):
            return self._local(name, spec, location)
        if is_git(spec) or _GITHUB.fullmatch(spec) or "://" in spec:
            return self._elsewhere(name, spec, location)
        exact = _EXACT.fullmatch(spec)
        if not exact:
            self.declared.open(location, shown(f"{name}@{spec}" if spec else name))
        version = exact[1] if exact else ""
        properties = [("bomvet:alias", alias)] if alias and alias != name else []
        properties += [("bomvet:bundled", "true")] if request.name in self._bundled else []
        purl = npm_purl(name, version)
        return Component(purl=purl, name=name, version=version, properties=tuple(properties))

    def _member(self, name: str, spec: str, location: Location) -> Component | None:
        """A project of the workspace; behind `workspace:` may stand its folder, or its name before an `@`."""
        target = spec.removeprefix("workspace:")
        if target.startswith(("./", "../")):
            return self._local(name, target, location)
        name = target.rpartition("@")[0] or name
        if name in self._members:
            return project_at(self.tree, self._members[name])
        self.declared.unknown(location.line, f"{shown(name)}@{shown(spec)}: no project of the workspace has that name")
        return None

    def _local(self, name: str, spec: str, location: Location) -> Component | None:
        """A folder or archive of the tree itself."""
        place = re.sub(r"^(?:file|link|portal):(?://)?", "", spec)
        target = posixpath.normpath(posixpath.join(self.directory, place))
        target = "" if target == "." else target
        if target.startswith(("/", "../", "~")) or target == "..":
            self.declared.unknown(location.line, f"{shown(f'{name}@{spec}')} lies outside the scanned tree")
        elif _ARCHIVE.search(target):
            file_name = {"file_name": posixpath.basename(target)}
            files = (Distribution(url=target),)
            return Component(purl=npm_purl(name, "", file_name), name=name, distributions=files)
        elif self.tree.exists(posixpath.join(target, "package.json")):
            return project_at(self.tree, target)
        else:
            self.declared.unknown(location.line, f"{shown(f'{name}@{spec}')} holds no npm project")
        return None

    def _elsewhere(self, name: str, spec: str, location: Location) -> Component:
        """A repository, or an archive by its URL."""
        spec = f"github:{spec}" if _GITHUB.fullmatch(spec) else spec
        found = origin(name, "", spec)
        if "vcs_url=" in found.purl and not _COMMIT.search(spec):
            self.declared.open(location, f"{shown(f'{name}@{spec}')}, which names no commit")
        version = "" if "?" in found.purl else _archived_version(name, spec)
        return Component(
            purl=npm_purl(name, version) if version else found.purl,
            name=name,
            version=version,
            distributions=found.distributions,
            properties=found.properties,
        )


_TABLE_OF = {
    "": "dependencies",
    "dev": "devDependencies",
    "optional": "optionalDependencies",
    "peer": "peerDependencies",
}


def _archived_version(name: str, url: str) -> str:
    """The version in the name of a registry's archive, `NAME-VERSION.tgz`; empty where it is none."""
    file = url.partition("?")[0].partition("#")[0].rpartition("/")[2]
    exact = _EXACT.fullmatch(file.removeprefix(f"{name.rpartition('/')[2]}-").removesuffix(".tgz"))
    return exact[1] if exact else ""


def _leads_elsewhere(spec: str) -> bool:
    """Whether a specifier names a place, and no versions."""
    return ":" in spec or "/" in spec


def _key_lines(data: bytes) -> dict[str, list[int]]:
    """The lines, from 1, in which each text stands as a key."""
    found: dict[str, list[int]] = {}
    line, at = 1, 0
    # Every text is looked at, so that none is taken for what stands between two others.
    for match in _STRING.finditer(data):
        if not match[2]:
            continue
        line += data.count(b"\n", at, match.start())
        at = match.start()
        found.setdefault(match[1].decode("utf-8", "replace"), []).append(line)
    return found


def _bundled(table: dict[str, Any]) -> frozenset[str]:
    """The names that are packed into the package itself."""
    listed = table.get("bundleDependencies", table.get("bundledDependencies"))
    if listed is True:
        dependencies = table.get("dependencies")
        return frozenset(dependencies) if isinstance(dependencies, dict) else frozenset()
    return frozenset(name for name in listed if isinstance(name, str)) if isinstance(listed, list) else frozenset()
