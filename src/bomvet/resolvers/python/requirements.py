"""Requirements files of pip, with their includes, constraints, hashes and `# via` edges."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict, deque
from typing import TYPE_CHECKING, NamedTuple, Self

from bomvet.errors import BomvetError
from bomvet.model.inventory import (
    Completeness,
    Component,
    Distribution,
    Hash,
    Inventory,
    Location,
    Relationship,
    Unknown,
)
from bomvet.model.purl import percent_decoded, public_url, pypi_name, pypi_purl
from bomvet.model.records import replace
from bomvet.model.text import anonymous, shown
from bomvet.plugin import FileTree, Resolver
from bomvet.resolvers.python._beside import CONSTRAINTS, has_compiled_requirements
from bomvet.resolvers.python._project import project_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bomvet.resolvers.python._requirement_lines import Include, Requirement, Statements

ID = "python/requirements"
#: What a resolver that was asked wrote, in place of a lock that is missing.
RESOLVED = "requirements.resolved.txt"
#: Files that one file may pull in through includes.
MAX_FILES = 64
#: Further indexes, which each package may be from, and different packages of one name, each of which may ask.
MAX_INDEXES, MAX_VERSIONS = 20, 100
_RANK = {Completeness.COMPLETE: 0, Completeness.INCOMPLETE: 1, Completeness.UNKNOWN: 2}
#: What makes a folder one that pip installs from.
_PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg")
_URL = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_COMMIT = re.compile(r"@[0-9a-f]{40}(?:[0-9a-f]{24})?$")
_VIA_NAME = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?")


# Private to this module, and defined at each start: a dataclass takes five times as long to define.
class _File(NamedTuple):
    path: str
    statements: Statements
    constraint: bool
    completeness: Completeness

    @classmethod
    def of(cls, path: str, statements: Statements, *, constraint: bool) -> Self:
        return cls(path=path, statements=statements, constraint=constraint, completeness=_completeness(statements))


class _Pin(NamedTuple):
    """What constraints say of a name."""

    version: str = ""
    hashes: tuple[Hash, ...] = ()


class _Run(NamedTuple):
    """What holds for all files that are read together."""

    tree: FileTree
    unknowns: list[Unknown]
    pins: dict[str, _Pin]
    indexes: list[tuple[str, str]]
    compiled: bool
    resolved: frozenset[str]


class _Resolved(NamedTuple):
    """A requirement as the component it installs, with what its comment says of who asked for it."""

    component: Component
    requirement: Requirement
    file: _File


def parse_requirements(tree: FileTree, path: str) -> Inventory:
    """The inventory of `path` and all that it includes.

    A file of constraints is none by itself: it bounds what other files ask for, and counts where they name it.
    """
    if CONSTRAINTS.search(path):
        return Inventory()
    unknowns: list[Unknown] = []
    files = _read_all(tree, path, unknowns)
    project = project_at(tree, _project_directory(path))
    asking = _without_strangers([file for file in files if not file.constraint], project.name)
    is_open = any(not (r.version or r.url or r.path) for file in asking for r in file.statements.requirements)
    indexes = _indexes(files)
    if len(indexes) > MAX_INDEXES:
        unknowns.append(_unknown(Location(path=path), f"more than {MAX_INDEXES} indexes: the rest is not told of"))
    run = _Run(
        tree=tree,
        unknowns=unknowns,
        pins=_constraint_pins(files),
        indexes=indexes[:MAX_INDEXES],
        compiled=is_open and has_compiled_requirements(tree, _project_directory(path)),
        resolved=_resolved_names(tree, path) if is_open else frozenset(),
    )
    project = replace(
        project,
        # Of a project without a manifest nothing else tells.
        locations=project.locations or (Location(path=path),),
        dependencies=max(
            (file.completeness for file in asking if file.statements.requirements),
            key=_RANK.__getitem__,
            default=Completeness.UNKNOWN,
        ),
    )
    resolved = [
        item
        for file in asking
        for requirement in file.statements.requirements
        if (item := _resolve(run, file, requirement))
    ]
    return Inventory.merge([
        Inventory(
            components=(project, *(item.component for item in resolved)),
            relationships=tuple(_edges(project, resolved, unknowns)),
            unknowns=tuple(unknowns),
        )
    ])  # fmt: skip


def _resolved_names(tree: FileTree, path: str) -> frozenset[str]:
    """What a resolver found a version for when it was asked, beside a file that states none."""
    beside = posixpath.join(posixpath.dirname(path), RESOLVED)
    if beside == path or not tree.exists(beside):
        return frozenset()
    return frozenset(pypi_name(r.name) for r in _statements(tree, beside).requirements if r.version)


def _project_directory(path: str) -> str:
    """The project that a file belongs to: its folder, or for `requirements/a/x.txt` the folder above."""
    folder = posixpath.dirname(path)
    parts = folder.split("/")
    if "requirements" in parts:
        return "/".join(parts[: len(parts) - 1 - parts[::-1].index("requirements")])
    return folder


def _read_all(tree: FileTree, path: str, unknowns: list[Unknown]) -> list[_File]:
    """`path` and what it includes, each file once; a file that is both included and a constraint is included."""
    files = {path: _File.of(path, _statements(tree, path), constraint=False)}
    todo = deque((path, include) for include in files[path].statements.includes)
    while todo:
        includer, include = todo.popleft()
        target = posixpath.normpath(posixpath.join(posixpath.dirname(includer), include.path))
        known = files.get(target)
        if known and (include.constraint or not known.constraint):
            continue
        location = Location(path=includer, line=include.line)
        if len(files) >= MAX_FILES and not known:
            unknowns.append(_unknown(location, f"more than {MAX_FILES} included files: the rest was not read"))
            break
        try:
            statements = known.statements if known else _read_include(tree, target, include)
        except BomvetError as error:
            unknowns.append(_unknown(location, f"includes {shown(include.path)}, which {error}"))
            continue
        files[target] = _File.of(target, statements, constraint=include.constraint)
        todo.extend((target, deeper) for deeper in statements.includes)
    for file in files.values():
        unknowns.extend(_unknown(Location(path=file.path, line=p.line), p.reason) for p in file.statements.problems)
    return list(files.values())


def _read_include(tree: FileTree, target: str, include: Include) -> Statements:
    if _URL.match(include.path):
        raise BomvetError("is a URL: bomvet reads only the project's own files")
    if _is_outside(target):
        raise BomvetError("lies outside the scanned tree")
    return _statements(tree, target)


def _statements(tree: FileTree, path: str) -> Statements:
    # Costs more to import than a small lock file to read, and many trees have no requirements file.
    from bomvet.resolvers.python._requirement_lines import read_statements  # noqa: PLC0415

    return read_statements(tree.read(path))


def _is_outside(path: str) -> bool:
    return path.startswith(("/", "../")) or path == ".."


def _unknown(location: Location, reason: str) -> Unknown:
    return Unknown(location=location, resolver=ID, reason=reason)


def _constraint_pins(files: Iterable[_File]) -> dict[str, _Pin]:
    """Versions by name that constraints alone fix; a name that they pin twice is not fixed."""
    stated: dict[str, list[Requirement]] = defaultdict(list)
    for file in files:
        for requirement in file.statements.requirements if file.constraint else ():
            if requirement.name and requirement.version:
                stated[pypi_name(requirement.name)].append(requirement)
    return {
        name: _Pin(version=pins[0].version, hashes=tuple(h for pin in pins for h in pin.hashes))
        for name, pins in stated.items()
        if len({pin.version for pin in pins}) == 1
    }


def _indexes(files: Iterable[_File]) -> list[tuple[str, str]]:
    """Where packages come from, as properties: the last index that is stated, as in pip, and every further one."""
    stated = [public_url(file.statements.index) for file in files if file.statements.index]
    extra = dict.fromkeys(public_url(url) for file in files for url in file.statements.extra_indexes)
    return [("bomvet:registry", url) for url in stated[-1:]] + [("bomvet:extra-registry", url) for url in extra]


def _resolve(run: _Run, file: _File, requirement: Requirement) -> _Resolved | None:
    location = Location(path=file.path, line=requirement.line)
    component: Component | None
    try:
        if requirement.path or requirement.url[:5].lower() == "file:":
            component = _local(run, file, requirement, location)
        elif requirement.url:
            component = _from_url(run, file, requirement, location)
        else:
            component = _from_index(run, file, requirement, location)
    except BomvetError as error:
        run.unknowns.append(_unknown(location, str(error)))
        return None
    return _Resolved(component=component, requirement=requirement, file=file) if component else None


def _from_index(run: _Run, file: _File, requirement: Requirement, location: Location) -> Component | None:
    """The package in the version that is stated; None where another file says which that is."""
    name = pypi_name(requirement.name)
    pin = run.pins.get(name, _Pin())
    version = requirement.version or pin.version
    if not version:
        if name in run.resolved:
            return None
        if run.compiled:  # then the files are a lock, in which this has no place
            raise BomvetError(f"not locked: {shown(requirement.text)}")
        run.unknowns.append(_unknown(location, f"not locked: {shown(requirement.text)}"))
        constraint = _constraint(requirement.text)
        properties = [*run.indexes, *([("bomvet:requirement", constraint)] if constraint else [])]
        return _component(file, requirement, location, name=name, version="", properties=properties)
    component = _component(file, requirement, location, name=name, version=version, properties=run.indexes)
    if version != pin.version:
        return component
    return replace(component, hashes=tuple(sorted({*requirement.hashes, *pin.hashes})))


def _constraint(text: str) -> str:
    """The versions that a requirement leaves open."""
    from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415 - slow to import

    try:
        return str(Requirement(text).specifier)
    except InvalidRequirement:
        return ""


def _from_url(run: _Run, file: _File, requirement: Requirement, location: Location) -> Component:
    url = public_url(requirement.url)
    if not requirement.name:
        raise BomvetError(f"{shown(url)} does not say which package it is")
    is_vcs = requirement.url.partition(":")[0].partition("+")[0].lower() in ("git", "hg", "svn", "bzr")
    if is_vcs and not _COMMIT.search(url):
        reason = f"not locked: {shown(url)}, which names no commit"
        run.unknowns.append(_unknown(location, reason))
    component = _component(
        file,
        requirement,
        location,
        name=pypi_name(requirement.name),
        version=requirement.version,
        qualifiers={"vcs_url" if is_vcs else "download_url": url},
    )
    return component if is_vcs else _distributed(component, url)


def _distributed(component: Component, url: str) -> Component:
    """`component` with its hashes as those of the one file that it comes as."""
    source = not url.partition("?")[0].lower().endswith(".whl")
    distribution = Distribution(url=url, hashes=component.hashes, source=source)
    return replace(component, hashes=(), distributions=(distribution,))


def _local(run: _Run, file: _File, requirement: Requirement, location: Location) -> Component:
    """A folder or archive of the tree itself."""
    from bomvet.resolvers.python._requirement_lines import file_version  # noqa: PLC0415 - see `_statements`

    place = requirement.path or percent_decoded(anonymous(requirement.url)[5:].removeprefix("//"))
    name, version = file_version(place)
    if name:
        component = _component(
            file,
            requirement,
            location,
            name=pypi_name(name),
            version=version,
            qualifiers={"file_name": posixpath.basename(place)},
        )
        return _distributed(component, public_url(_relative(file, place)[0]))
    label = f"{requirement.name} at {place}" if requirement.name else place
    targets = [target for target in _relative(file, place) if not _is_outside(target)]
    if not targets:
        raise BomvetError(f"{shown(label)} lies outside the scanned tree")
    for target in targets:
        if any(run.tree.exists(posixpath.join(target, name)) for name in _PROJECT_FILES):
            project = project_at(run.tree, target)
            return replace(project, locations=tuple(sorted({*project.locations, location})), hashes=requirement.hashes)
    raise BomvetError(f"{shown(label)} holds no Python project")


def _relative(file: _File, place: str) -> list[str]:
    """Where `place` may be: pip counts from where it runs, taken to be the project; uv from the file's folder."""
    folders = dict.fromkeys((_project_directory(file.path), posixpath.dirname(file.path)))
    found = [posixpath.normpath(posixpath.join(folder, place)) for folder in folders]
    return ["" if target == "." else target for target in found]


def _component(
    file: _File,
    requirement: Requirement,
    location: Location,
    *,
    name: str,
    version: str,
    qualifiers: dict[str, str] | None = None,
    properties: Iterable[tuple[str, str]] = (),
) -> Component:
    stated = [("bomvet:extra", extra) for extra in requirement.extras]
    if requirement.marker:
        stated.append(("bomvet:marker", requirement.marker))
    return Component(
        purl=pypi_purl(name, version, qualifiers),
        name=name,
        version=version,
        dependencies=file.completeness,
        hashes=requirement.hashes,
        locations=(location,),
        properties=tuple(sorted({*stated, *properties})),
    )


def _completeness(statements: Statements) -> Completeness:
    """Edges are all there only where every line says who asked for it and none was left out."""
    if not statements.annotated:
        return Completeness.UNKNOWN
    is_open = any(not (r.version or r.url or r.path) for r in statements.requirements)
    lacks = statements.leaves_out or statements.problems or is_open
    return Completeness.INCOMPLETE if lacks else Completeness.COMPLETE


def _without_strangers(files: list[_File], project: str) -> list[_File]:
    """`files`, incomplete where a package asked that none of them names: somebody cut or filtered them."""
    stated = [requirement for file in files for requirement in file.statements.requirements]
    if not all(requirement.name for requirement in stated):
        return files  # a folder's name stands in no requirements file
    names = {"", project, *(pypi_name(requirement.name) for requirement in stated)}
    return [
        file._replace(completeness=Completeness.INCOMPLETE)
        if file.completeness is Completeness.COMPLETE
        and any(_asking_package(via) not in names for r in file.statements.requirements for via in r.via)
        else file
        for file in files
    ]


def _edges(project: Component, resolved: list[_Resolved], unknowns: list[Unknown]) -> Iterator[Relationship]:
    in_file: dict[tuple[str, str], set[str]] = defaultdict(set)
    anywhere: dict[str, set[str]] = defaultdict(set)
    conditions: dict[str, set[str]] = defaultdict(set)
    for item in resolved:
        conditions[item.component.purl].add(item.requirement.marker)
        in_file[item.file.path, item.component.name].add(item.component.purl)
        anywhere[item.component.name].add(item.component.purl)
    for name in [name for name, purls in anywhere.items() if len(purls) > MAX_VERSIONS]:
        # Each of them would ask for all that says `# via NAME`.
        location = Location(path=resolved[0].file.path)
        unknowns.append(_unknown(location, f"more than {MAX_VERSIONS} of the name {shown(name)}: who asks is open"))
        del anywhere[name]
        in_file = defaultdict(set, {key: purls for key, purls in in_file.items() if key[1] != name})
    for item in resolved:
        # `-c file` in a comment says what bounds the version, not who asked for the package.
        stated = [via for via in item.requirement.via if not via.startswith("-c ")]
        names = [name for via in stated if (name := _asking_package(via))]
        asking = [in_file.get((item.file.path, name)) or anywhere.get(name, set()) for name in names]
        askers = {purl for purls in asking for purl in _together(purls, item.requirement.marker, conditions)}
        # A package with extras may ask for itself, which is no reason for it to be there.
        askers.discard(item.component.purl)
        if len(names) < len(stated) or not askers:
            askers.add(project.purl)
        evidence = (Location(path=item.file.path, line=item.requirement.line),)
        # Of a package without a version another line may ask under another condition.
        markers = (item.requirement.marker,) if item.requirement.marker and not item.component.version else ()
        for source in askers - {item.component.purl}:
            yield Relationship(source=source, target=item.component.purl, markers=markers, evidence=evidence)


def _together(purls: set[str], marker: str, conditions: dict[str, set[str]]) -> set[str]:
    """Which of several versions of one name are installed where `marker` holds, as far as their own markers tell."""
    if len(purls) <= 1 or not marker:
        return purls
    from bomvet.resolvers.python._apart import apart  # noqa: PLC0415 - only where a name has several versions

    return {purl for purl in purls if not all(apart(marker, own) for own in conditions[purl])} or purls


def _asking_package(via: str) -> str:
    """The package named in a `# via` entry; empty for a file, which means that the project itself asks."""
    match = _VIA_NAME.fullmatch(via)
    return pypi_name(match["name"]) if match else ""


REQUIREMENTS = Resolver(
    id=ID,
    title="requirements*.txt of pip, pip-compile and uv pip compile",
    globs=("**/*requirements*.txt", "**/requirements/**/*.txt"),
    parse=parse_requirements,
    locks=True,
    reads="pins, hashes, markers, extras, URLs, local folders, includes and constraints, edges from `# via` comments",
    limits="edges only where a compiler wrote its comments; URLs are not followed; beside compiled files, what has no "
    "version is told alone",
)
