"""Exact graphs for manifests that nothing locks, from the resolvers of the ecosystems themselves.

Nothing of the scanned project is run, and none of its settings reach a client: each works in a folder of its own, on
a manifest that is written anew from what was declared, with builds, scripts and sources other than registries off.
What is asked, and of which registry, is the client's configuration of the user.  The answer is put into the tree as
the lock that was missing.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
import shutil
import subprocess
import sys
import tempfile
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from bomvet.model.inventory import Inventory, Location, Unknown
from bomvet.model.purl import parts
from bomvet.model.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bomvet.model.inventory import Component
    from bomvet.model.result import Skipped
    from bomvet.plugin import Entry, FileTree

ID = "resolve"
#: Projects that are resolved, seconds for each, and bytes of what a client says that are looked at.
MAX_PROJECTS, TIMEOUT, MAX_OUTPUT = 20, 300, 64 * 1024
#: What npm takes for a version, a range or a tag of a registry; anything else names a place.
_RANGE = re.compile(r"[A-Za-z0-9.*^~<>=|+_ -]*")
_ALIAS = re.compile(rf"npm:(?:@[\w.-]+/)?[\w.-]+(?:@{_RANGE.pattern})?")
_PYPI_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_NPM_NAME = re.compile(r"(?:@[\w.~-]+/)?[\w.~-]+")
_NPM = (
    "install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier",
    "--no-workspaces", "--allow-git=none", "--allow-file=none", "--allow-directory=none", "--allow-remote=none",
)  # fmt: skip
_LOCK = ("lock", "--no-build", "--no-python-downloads", "--no-progress")
_COMPILE = (
    "pip", "compile", "--no-build", "--universal", "--generate-hashes", "--no-python-downloads", "--no-progress",
    "--annotation-style=split", "--no-header", "--emit-index-url", "--python", sys.executable,
    "-o", "requirements.txt", "declared.in",
)  # fmt: skip
#: Of its own settings uv reads those of the nearest folder above, and would run the interpreter of a `.venv` there:
#: the folder that it works in has settings, if empty ones, and which interpreter it asks is stated.
_NO_SETTINGS = {"uv.toml": ""}
#: Manifests that can be resolved, and by what; what others ask for stays not locked.
_MANIFESTS = {"package.json": "npm", **dict.fromkeys(("Pipfile", "pyproject.toml", "setup.cfg", "setup.py"), "uv")}
_TABLES = {"dev": "devDependencies", "optional": "optionalDependencies", "peer": "peerDependencies"}

#: Runs a command in a folder: the exit code, and the end of what it said.
Run = Callable[[Sequence[str], str], tuple[int, str]]


class Declared(NamedTuple):
    """A manifest and what its resolver found: a project, and components of which some have no version."""

    path: str
    inventory: Inventory

    @property
    def directory(self) -> str:
        """Where the project is."""
        return self.path.rpartition("/")[0]


class _Client(NamedTuple):
    """A resolver: its program and arguments, what it is given, and the lock that it writes.

    `place` is what the lock is called in the tree, so that its reader takes it; `complete` puts into it what the
    client was not asked for.
    """

    program: str
    arguments: tuple[str, ...]
    write: Callable[[Declared], tuple[dict[str, str], list[str]]]
    lock: str
    place: str
    complete: Callable[[Declared, bytes], bytes] = lambda _, lock: lock


class ResolvedTree:
    """A tree with locks that are not in it."""

    def __init__(self, tree: FileTree, locks: Mapping[str, bytes], unknowns: Sequence[Unknown]) -> None:
        self._tree, self._locks = tree, locks
        self.name, self.unknowns = tree.name, (*tree.unknowns, *unknowns)
        self.kind: str = getattr(tree, "kind", "dir")
        #: Paths of the locks that are not in the tree, sorted.
        self.resolved = tuple(sorted(locks))
        self.skipped: tuple[Skipped, ...] = tree.skipped
        self.folders, self.real = tree.folders, tree.real
        paths = list(tree.paths())
        for path in sorted(locks):
            paths.insert(bisect_left(paths, path), path)
        self._paths = paths

    def paths(self) -> Sequence[str]:
        """Every file, sorted."""
        return self._paths

    def read(self, path: str) -> bytes:
        """The content; raises `FileUnreadableError`."""
        return self._locks[path] if path in self._locks else self._tree.read(path)

    def exists(self, path: str) -> bool:
        """Whether it can be read."""
        return path in self._locks or self._tree.exists(path)

    def modified(self, path: str) -> int:
        """Seconds since the epoch; 0 for locks that are not there."""
        return 0 if path in self._locks else self._tree.modified(path)

    def starts(self, path: str, size: int) -> bytes:
        """The first bytes of a file of the tree itself."""
        return self._locks[path][:size] if path in self._locks else self._tree.starts(path, size)

    def entries(self, folder: str) -> Sequence[Entry]:
        """What stands in a folder of the tree itself."""
        return self._tree.entries(folder)


def resolved(tree: FileTree, manifests: Iterable[Declared], run: Run | None = None) -> ResolvedTree:
    """`tree` with a lock for each of `manifests`; what could not be resolved is among its unknowns."""
    locks: dict[str, bytes] = {}
    unknowns: list[Unknown] = []
    by_place: dict[tuple[str, str], Declared] = {}
    for manifest in sorted(manifests):
        place = (_client_of(manifest), manifest.directory)
        by_place[place] = _with(by_place[place], manifest) if place in by_place else manifest
    for number, ((name, directory), manifest) in enumerate((p, m) for p, m in by_place.items() if p[0]):
        client = _CLIENTS[name]
        problems = [f"more than {MAX_PROJECTS} projects: the rest is not resolved"]
        if number < MAX_PROJECTS:
            lock, problems = _locked(client, manifest, run or _run, top=getattr(tree, "root", ""))
            if lock is not None:
                locks[f"{directory}/{client.place}".lstrip("/")] = lock
        unknowns += [Unknown(location=Location(path=manifest.path), resolver=ID, reason=text) for text in problems]
    return ResolvedTree(tree, locks, unknowns)


def _client_of(manifest: Declared) -> str:
    """Who can resolve it; empty where nobody can."""
    name = manifest.path.rpartition("/")[2]
    return _MANIFESTS.get(name, "uv pip" if name.endswith(".txt") else "")


def _with(first: Declared, second: Declared) -> Declared:
    """Two manifests of one folder, such as a requirements file for development, as one."""
    return Declared(first.path, Inventory.merge([first.inventory, second.inventory]))


def _locked(client: _Client, manifest: Declared, run: Run, *, top: str) -> tuple[bytes | None, list[str]]:
    """The lock that the client writes, and what is wrong; `top` is the folder that is scanned, if it is one."""
    files, problems = client.write(manifest)
    program = shutil.which(client.program)
    if program is None or not os.path.isabs(program):
        return None, [*problems, f"{client.program}, which --resolve asks, is not installed"]
    with tempfile.TemporaryDirectory(prefix="bomvet-") as folder:
        if top and os.path.commonpath((os.path.realpath(folder), top)) == top:
            # What manages versions of Node and Python takes settings from all folders above.
            return None, [*problems, "the folder for temporary files (TMPDIR) lies in the scanned tree"]
        for name, text in files.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        code, said = run((program, *client.arguments), folder)
        if code:
            return None, [*problems, f"{client.program} found no solution: {_last_line(said)}"]
        with open(os.path.join(folder, client.lock), "rb") as lock:
            return client.complete(manifest, lock.read()), problems


def _run(command: Sequence[str], folder: str) -> tuple[int, str]:
    """Run a client; its output goes to a file, since it may be of any length."""
    with tempfile.TemporaryFile() as output:
        try:
            done = subprocess.run(  # noqa: S603 - a client of the user's, on files that we wrote
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                timeout=TIMEOUT,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            reason = (
                f"no answer within {TIMEOUT} seconds" if isinstance(error, subprocess.TimeoutExpired) else str(error)
            )
            return 1, reason
        size = output.tell()
        output.seek(max(0, size - MAX_OUTPUT))
        return done.returncode, output.read().decode("utf-8", "replace")


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip() and "complete log" not in line]
    return shown(lines[-1]) if lines else "it says nothing"


# -- what the clients are given --------------------------------------------------------------------------------


def _asked(manifest: Declared) -> list[tuple[Component, tuple[str, ...], tuple[str, ...]]]:
    """What the project asks for from a registry of its ecosystem, with roles and markers."""
    kind = "pkg:npm/" if _client_of(manifest) == "npm" else "pkg:pypi/"
    components = {c.purl: c for c in manifest.inventory.components if c.purl.startswith(kind) and "?" not in c.purl}
    return [
        (components[e.target], e.roles, e.markers) for e in manifest.inventory.relationships if e.target in components
    ]


def _values(component: Component, name: str) -> list[str]:
    return [value for key, value in component.properties if key == name]


def _for_npm(manifest: Declared) -> tuple[dict[str, str], list[str]]:
    """A `package.json` of the dependencies alone."""
    project = next((c for c in manifest.inventory.components if c.first_party), None)
    tables: dict[str, dict[str, str]] = defaultdict(dict)
    problems = []
    for component, roles, _ in _asked(manifest):
        spec = next(iter(_values(component, "bomvet:requirement")), component.version or "*")
        name = next(iter(_values(component, "bomvet:alias")), component.name)
        if not _NPM_NAME.fullmatch(name) or not (_RANGE.fullmatch(spec) or _ALIAS.fullmatch(spec)):
            problems.append(f"{component.name} is not put to npm, since it is from no registry")
            continue
        tables[next((_TABLES[role] for role in roles if role in _TABLES), "dependencies")][name] = spec
    elsewhere = [c for c in manifest.inventory.components if not c.first_party and "?" in c.purl]
    problems += [f"{component.name} is not put to npm, since it is from no registry" for component in elsewhere]
    about = {"name": "project", "version": project.version if project else "", "private": True}
    return {"package.json": json.dumps({**about, **tables}, indent=2)}, problems


def _complete_npm(manifest: Declared, lock: bytes) -> bytes:
    """`lock` with the folders, repositories and archives that the project asks for, as npm itself would enter them."""
    document = json.loads(lock)
    packages, components = document["packages"], {c.purl: c for c in manifest.inventory.components}
    for edge in manifest.inventory.relationships:
        target = components.get(edge.target)
        if target is None or (not target.first_party and "?" not in target.purl):
            continue
        name = next(iter(_values(target, "bomvet:alias")), target.name)
        if target.first_party:
            spec = posixpath.relpath(target.directory or "", manifest.directory or ".")
            packages.setdefault(spec, {"name": target.name, "version": target.version})
            packages.setdefault(f"node_modules/{name}", {"resolved": spec, "link": True})
        else:
            stated = (*_values(target, "bomvet:requirement"), *(value for _, value in parts(target.purl).qualifiers))
            spec = stated[0]
            entry = {"resolved": spec, "version": target.version}
            packages.setdefault(f"node_modules/{name}", {key: value for key, value in entry.items() if value})
        table = next((_TABLES[role] for role in edge.roles if role in _TABLES), "dependencies")
        packages[""].setdefault(table, {}).setdefault(name, spec)
    return json.dumps(document, indent=2).encode()


def _for_uv(manifest: Declared) -> tuple[dict[str, str], list[str]]:
    """A `pyproject.toml` of the dependencies alone, which uv has nothing to build for."""
    tables: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    requirements, problems = _requirements(manifest)
    for requirement, roles in requirements:
        for role in roles or ("",):
            kind, _, name = role.partition(":")
            if not kind:
                tables["project"]["dependencies"].append(requirement)
            elif kind == "extra":
                tables["project.optional-dependencies"][name].append(requirement)
            else:
                tables["dependency-groups"][name or kind].append(requirement)
    project = next((c for c in manifest.inventory.components if c.first_party), None)
    about = {"name": project.name if project and _PYPI_NAME.fullmatch(project.name) else "project", "version": "0"}
    if project and (python := _values(project, "bomvet:requires-python")):
        about["requires-python"] = python[0]
    text = _toml("project", {**about, **tables.pop("project", {})}) + "".join(
        _toml(name, table) for name, table in sorted(tables.items())
    )
    # A workspace of its own, so that uv looks for none in the folders above.
    own = _toml("tool.uv", {"package": False}) + _toml("tool.uv.workspace", {"members": []})
    return {"pyproject.toml": text + own}, problems


def _for_uv_pip(manifest: Declared) -> tuple[dict[str, str], list[str]]:
    """Requirements, a line each."""
    requirements, problems = _requirements(manifest)
    return {**_NO_SETTINGS, "declared.in": "".join(f"{line}\n" for line, _ in requirements)}, problems


def _requirements(manifest: Declared) -> tuple[list[tuple[str, tuple[str, ...]]], list[str]]:
    """What is asked for as requirements of PEP 508 with their roles, and what cannot be put to uv."""
    from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415 - slow to import

    found, problems = [], []
    for component, roles, markers in _asked(manifest):
        try:
            requirement = Requirement(_requirement(component, markers))
        except InvalidRequirement:
            problems.append(f"{component.name} is not put to uv, which does not know such a constraint")
            continue
        line = str(requirement)
        # A constraint may spell a URL, and a text in a marker hold the end of a line, behind which options would stand.
        if requirement.url or not line.isprintable():
            problems.append(f"{component.name} is not put to uv, since it is from no registry")
        else:
            found.append((line, roles))
    return found, problems


def _requirement(component: Component, markers: Sequence[str]) -> str:
    extras = ",".join(_values(component, "bomvet:extra"))
    exact = f"=={component.version}" if component.version else ""
    constraint = ",".join(_values(component, "bomvet:requirement")) or exact
    marker = " or ".join(f"({text})" for text in markers)
    return f"{component.name}{f'[{extras}]' if extras else ''}{constraint}{f' ; {marker}' if marker else ''}"


def _toml(name: str, table: Mapping[str, object]) -> str:
    """A table of texts, lists of texts and flags, which TOML writes as JSON does."""
    rows = "".join(f"{json.dumps(key)} = {json.dumps(value)}\n" for key, value in table.items())
    return f"[{name}]\n{rows}"


_CLIENTS = {
    "npm": _Client("npm", _NPM, _for_npm, "package-lock.json", "package-lock.json", _complete_npm),
    "uv": _Client("uv", _LOCK, _for_uv, "uv.lock", "uv.lock"),
    "uv pip": _Client("uv", _COMPILE, _for_uv_pip, "requirements.txt", "requirements.resolved.txt"),
}
