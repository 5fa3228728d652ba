"""Requirements files of pip, with their includes, constraints, hashes and `# via` edges."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bomvet.errors import BomvetError
from bomvet.model.inventory import (
    Completeness,
    Component,
    Distribution,
    Inventory,
    Location,
    Relationship,
    Unknown,
)
from bomvet.model.purl import public_url, pypi_name, pypi_purl
from bomvet.plugin import FileTree, Resolver
from bomvet.resolvers.python._project import project_at
from bomvet.resolvers.python._requirement_lines import (
    Include,
    Requirement,
    Statements,
    file_version,
    read_statements,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ID = "python/requirements"
#: Files that one file may pull in through includes.
MAX_FILES = 200
_RANK = {Completeness.COMPLETE: 0, Completeness.INCOMPLETE: 1, Completeness.UNKNOWN: 2}
_COMMIT = re.compile(r"@[0-9a-f]{40}(?:[0-9a-f]{24})?$")
_VIA_NAME = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    path: str
    statements: Statements
    constraint: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Resolved:
    """A requirement as the component it installs, with what its comment says of who asked for it."""

    component: Component
    requirement: Requirement
    file: _File


def parse_requirements(tree: FileTree, path: str) -> Inventory:
    """The inventory of `path` and all that it includes."""
    unknowns: list[Unknown] = []
    files = _read_all(tree, path, unknowns)
    completeness = max((_completeness(f.statements) for f in files if not f.constraint), key=_RANK.__getitem__)
    project = replace(project_at(tree, _project_directory(path)), dependencies=completeness)
    pins = _constraint_pins(files)
    resolved = [
        item
        for file in files
        if not file.constraint
        for requirement in file.statements.requirements
        if (item := _resolve(tree, file, requirement, pins, unknowns))
    ]
    return Inventory.merge([
        Inventory(
            components=(project, *(item.component for item in resolved)),
            relationships=tuple(_edges(project, resolved)),
            unknowns=tuple(unknowns),
        )
    ])  # fmt: skip


def _project_directory(path: str) -> str:
    """The project that a file belongs to: its folder, or for `requirements/x.txt` the folder above."""
    folder = posixpath.dirname(path)
    return posixpath.dirname(folder) if posixpath.basename(folder) == "requirements" else folder


def _read_all(tree: FileTree, path: str, unknowns: list[Unknown]) -> list[_File]:
    """`path` and what it includes, each file once; a file that is both included and a constraint is included."""
    files = {path: _File(path=path, statements=read_statements(tree.read(path)), constraint=False)}
    todo = [(path, include, False) for include in files[path].statements.includes]
    while todo:
        includer, include, under_constraint = todo.pop(0)
        location = Location(path=includer, line=include.line)
        constraint = under_constraint or include.constraint
        target = posixpath.normpath(posixpath.join(posixpath.dirname(includer), include.path))
        known = files.get(target)
        if known and (constraint or not known.constraint):
            continue
        if len(files) >= MAX_FILES:
            unknowns.append(_unknown(location, f"more than {MAX_FILES} included files: the rest was not read"))
            break
        try:
            statements = known.statements if known else _read_include(tree, target, include)
        except BomvetError as error:
            unknowns.append(_unknown(location, f"includes {include.path}, which {error}"))
            continue
        files[target] = _File(path=target, statements=statements, constraint=constraint)
        todo.extend((target, deeper, constraint) for deeper in statements.includes)
    for file in files.values():
        unknowns.extend(_unknown(Location(path=file.path, line=p.line), p.reason) for p in file.statements.problems)
    return list(files.values())


def _read_include(tree: FileTree, target: str, include: Include) -> Statements:
    if "://" in include.path:
        raise BomvetError("is remote: bomvet reads only the project's own files")
    if target.startswith(("/", "../")):
        raise BomvetError("lies outside the scanned tree")
    return read_statements(tree.read(target))


def _unknown(location: Location, reason: str) -> Unknown:
    return Unknown(location=location, resolver=ID, reason=reason)


def _constraint_pins(files: Iterable[_File]) -> dict[str, str]:
    """Versions by name that constraints alone fix; a name that they pin twice is not fixed."""
    pins: dict[str, set[str]] = defaultdict(set)
    for file in files:
        for requirement in file.statements.requirements if file.constraint else ():
            if requirement.name and requirement.version:
                pins[pypi_name(requirement.name)].add(requirement.version)
    return {name: next(iter(versions)) for name, versions in pins.items() if len(versions) == 1}


def _resolve(
    tree: FileTree, file: _File, requirement: Requirement, pins: dict[str, str], unknowns: list[Unknown]
) -> _Resolved | None:
    location = Location(path=file.path, line=requirement.line)
    if requirement.path or requirement.url.startswith("file:"):
        component = _local(tree, file, requirement, location, unknowns)
    elif requirement.url:
        component = _from_url(file, requirement, location, unknowns)
    else:
        component = _from_index(file, requirement, pins, location, unknowns)
    return _Resolved(component=component, requirement=requirement, file=file) if component else None


def _from_index(
    file: _File, requirement: Requirement, pins: dict[str, str], location: Location, unknowns: list[Unknown]
) -> Component | None:
    name = pypi_name(requirement.name)
    version = requirement.version or pins.get(name, "")
    if not version:
        unknowns.append(_unknown(location, f"{requirement.text!r} is not pinned, so what gets installed is open"))
        return None
    index = public_url(file.statements.index)
    return _component(file, requirement, location, name=name, version=version, registry=index)


def _from_url(file: _File, requirement: Requirement, location: Location, unknowns: list[Unknown]) -> Component | None:
    url = public_url(requirement.url)
    if not requirement.name:
        unknowns.append(_unknown(location, f"{url} does not say which package it is"))
        return None
    is_vcs = requirement.url.partition("://")[0].partition("+")[0] in ("git", "hg", "svn", "bzr")
    if is_vcs and not _COMMIT.search(url):
        unknowns.append(_unknown(location, f"{url} is not pinned to a commit, so what gets installed is open"))
    component = _component(
        file,
        requirement,
        location,
        name=pypi_name(requirement.name),
        version=requirement.version,
        qualifiers={"vcs_url" if is_vcs else "download_url": url},
    )
    if is_vcs:
        return component
    source = not url.partition("?")[0].endswith(".whl")
    distribution = Distribution(url=url, hashes=requirement.hashes, source=source)
    return replace(component, hashes=(), distributions=(distribution,))


def _local(
    tree: FileTree, file: _File, requirement: Requirement, location: Location, unknowns: list[Unknown]
) -> Component | None:
    """A folder or archive of the tree itself; pip takes the path from where it runs, taken to be the project."""
    place = requirement.path or requirement.url.removeprefix("file:").removeprefix("//")
    target = posixpath.normpath(posixpath.join(_project_directory(file.path), place))
    if target.startswith(("/", "../")) or target == "..":
        unknowns.append(_unknown(location, f"{place} lies outside the scanned tree"))
        return None
    name, version = file_version(target)
    project = project_at(tree, "" if target == "." else target, name=name and pypi_name(name), version=version)
    return replace(project, locations=tuple(sorted({*project.locations, location})), hashes=requirement.hashes)


def _component(
    file: _File,
    requirement: Requirement,
    location: Location,
    *,
    name: str,
    version: str,
    qualifiers: dict[str, str] | None = None,
    registry: str = "",
) -> Component:
    properties = [("bomvet:extra", extra) for extra in requirement.extras]
    if requirement.marker:
        properties.append(("bomvet:marker", requirement.marker))
    if registry:
        properties.append(("bomvet:registry", registry))
    return Component(
        purl=pypi_purl(name, version, qualifiers),
        name=name,
        version=version,
        dependencies=_completeness(file.statements),
        hashes=requirement.hashes,
        locations=(location,),
        properties=tuple(sorted(properties)),
    )


def _completeness(statements: Statements) -> Completeness:
    """Edges are all there only where every line says who asked for it and none was left out."""
    if not statements.annotated:
        return Completeness.UNKNOWN
    return Completeness.INCOMPLETE if statements.leaves_out else Completeness.COMPLETE


def _edges(project: Component, resolved: list[_Resolved]) -> Iterator[Relationship]:
    in_file: dict[tuple[str, str], set[str]] = defaultdict(set)
    anywhere: dict[str, set[str]] = defaultdict(set)
    for item in resolved:
        if item.component.name:
            in_file[item.file.path, item.component.name].add(item.component.purl)
            anywhere[item.component.name].add(item.component.purl)
    for item in resolved:
        # `-c file` in a comment says what bounds the version, not who asked for the package.
        stated = [via for via in item.requirement.via if not via.startswith("-c ")]
        names = [name for via in stated if (name := _asking_package(via))]
        askers = {purl for name in names for purl in in_file.get((item.file.path, name)) or anywhere.get(name, set())}
        if len(names) < len(stated) or not askers:
            askers.add(project.purl)
        evidence = (Location(path=item.file.path, line=item.requirement.line),)
        for source in askers - {item.component.purl}:
            yield Relationship(source=source, target=item.component.purl, evidence=evidence)


def _asking_package(via: str) -> str:
    """The package named in a `# via` entry; empty for a file, which means that the project itself asks."""
    match = _VIA_NAME.fullmatch(via)
    return pypi_name(match["name"]) if match else ""


REQUIREMENTS = Resolver(
    id=ID,
    title="requirements*.txt of pip, pip-compile and uv pip compile",
    globs=("**/*requirements*.txt", "**/requirements/*.txt"),
    parse=parse_requirements,
)
