"""`pylock.toml` and `pylock.NAME.toml` (PEP 751), as pip, uv, PDM and Poetry write them.

Such a lock is for an installer: it states what to install, and need not state who needs whom.  What it is for then
hangs on the project, unless the `pyproject.toml` beside it says what the project itself asks for.
Source: https://packaging.python.org/en/latest/specifications/pylock-toml/.
"""

from __future__ import annotations

import datetime as dt
import posixpath
import re
from typing import TYPE_CHECKING

from bomvet.errors import MalformedError
from bomvet.model.inventory import Completeness, Component, Distribution, Hash, Inventory, Location, Scope
from bomvet.model.purl import public_url, pypi_name, pypi_purl
from bomvet.model.records import replace
from bomvet.plugin import FileTree, Resolver
from bomvet.resolvers.python._conditions import alternatives
from bomvet.resolvers.python._lock import Asked, Dependency, Lock, Package, Source
from bomvet.resolvers.python._lock_tables import (
    Table,
    archive_version,
    beside,
    is_wheel,
    locations,
    own_project,
    package_tables,
    table,
    text,
    texts,
    vcs_url,
)
from bomvet.resolvers.python._project import load_toml

if TYPE_CHECKING:
    from collections.abc import Iterator

ID = "python/pylock"
#: Where a package may come from; only files of an index may be several.
_DIRECT = ("vcs", "directory", "archive")


def parse_pylock(tree: FileTree, path: str) -> Inventory:
    """The inventory of one lock; raises `MalformedError` where it is no lock at all."""
    data = tree.read(path)
    document = load_toml(data)
    version = document.get("lock-version")
    if not isinstance(version, str) or not re.fullmatch(r"1\.[0-9]+", version):
        raise MalformedError(f"lock version {version!r} is not known, only 1.x")
    tables = package_tables(document, "packages")
    lock = Lock(tree, path, ID, _chosen, tolerant=True, conditional=True)
    reader = _Reader(lock, texts(document.get("default-groups")))
    for entry, location in zip(tables, locations(data, path, _header(), tables), strict=True):
        reader.read(entry, location)
    project, asks = _project(lock)
    return lock.inventory(hang_on=None if asks else project)


def _header() -> re.Pattern[bytes]:
    """The keys of a package may stand in any order."""
    return re.compile(
        rb"^\[\[packages\]\][ \t]*\r?\n(?:(?:(?!\[|name = )[^\n]*\n)*+name = \"([^\"\r\n]*)\")?", re.MULTILINE
    )


def _chosen(found: list[Package], dependency: Dependency) -> list[Package]:
    """Where the name is ambiguous, an entry repeats what tells its package from the others."""
    if dependency.source:
        return [package for package in found if set(dependency.source) <= set(package.source)]
    from bomvet.resolvers.python._constraints import fitting  # noqa: PLC0415 - rarely needed

    return fitting(found, dependency)


def _project(lock: Lock) -> tuple[Package, bool]:
    """The project, added to the lock, and whether its manifest says what it asks for.

    Only `pylock.toml` is the lock of the project; one with a name may be for anything.
    """
    from bomvet.resolvers.python._direct import project_package  # noqa: PLC0415 - where there is such a lock

    # A lock is made for some extras and groups, and need not say for which.
    project, asks = project_package(lock, locked=frozenset())
    asks = asks and posixpath.basename(lock.path).lower() == "pylock.toml"
    if not asks:
        project.required, project.extras, project.groups = [], {}, {}
        project.location = Location(path=lock.path)
        project.component = replace(project.component, dependencies=Completeness.UNKNOWN)
        own = (p for p in lock.packages if p.component.directory == lock.directory)
        if (installed := next(own, None)) is not None:
            return installed, False
    lock.add(project)
    return project, asks


class _Reader:
    """Turns the tables of one lock into packages; `default` are the groups that are installed without being chosen."""

    def __init__(self, lock: Lock, default: list[str]) -> None:
        self.lock, self.default = lock, frozenset(map(pypi_name, default))

    def read(self, entry: object, location: Location) -> None:
        """One entry; what is no package is noted."""
        lock = self.lock
        name = pypi_name(text(table(entry).get("name")))
        if not isinstance(entry, dict) or not name:
            lock.unknown(location, "a package without a name")
            return
        before = len(lock.unknowns)
        package = Package(self._component(entry, name, location), location, source=_flat(entry))
        package.required = [*self._dependencies(entry, name, location)]
        stated = "dependencies" in entry or _of_pdm(entry) is not None
        completeness = Completeness.COMPLETE if stated else Completeness.UNKNOWN
        if stated and len(lock.unknowns) > before:
            completeness = Completeness.INCOMPLETE
        package.component = replace(package.component, dependencies=completeness)
        self._read_marker(package, text(entry.get("marker")))
        lock.add(package, name)

    def _component(self, entry: Table, name: str, location: Location) -> Component:
        lock, version = self.lock, entry.get("version", "")
        if not isinstance(version, str):
            lock.unknown(location, f"the version of {name} is no text")
            version = ""
        places = [key for key in _DIRECT if key in entry]
        if len(places) + any(entry.get(key) for key in ("sdist", "wheels")) != 1:
            lock.unknown(location, f"where {name} comes from is not understood")
            places = []
        source = table(entry.get(places[0])) if places else {}
        if places == ["directory"] and text(source.get("path")):
            place = posixpath.join(source["path"], text(source.get("subdirectory")))
            return own_project(lock, name, version, place, location)
        qualifiers = _qualifiers(places, source)
        if places and not qualifiers:
            lock.unknown(location, f"where {name} comes from is not understood")
        version = version or ("" if places != ["archive"] else archive_version(_place(source)))
        if not version and "vcs_url" not in qualifiers:
            lock.unknown(location, f"{name} has no version")
        return Component(
            purl=pypi_purl(name, version, qualifiers),
            name=name,
            version=version,
            distributions=tuple(sorted({*self._distributions(entry, name, location)})),
            locations=(location,),
            properties=tuple(sorted({*self._properties(entry, name, location)})),
        )

    def _distributions(self, entry: Table, name: str, location: Location) -> Iterator[Distribution]:
        wheels = entry.get("wheels", [])
        files = [*(wheels if isinstance(wheels, list) else [wheels])]
        files += [entry[key] for key in ("sdist", "archive") if key in entry]
        for file in files:
            if not isinstance(file, dict):
                self.lock.unknown(location, f"a distribution file of {name} is no table")
                continue
            place, size = _place(file), file.get("size")
            title = posixpath.basename(text(file.get("name")) or place)
            if file is not entry.get("archive") and not pypi_name(title).startswith(f"{name}-"):
                self.lock.unknown(location, f"a distribution file of {name} has the name of another package")
            yield Distribution(
                url=public_url(place) if "url" in file or not place else beside(self.lock, place),
                hashes=tuple(self._hashes(file, name, location)),
                size=size if type(size) is int else 0,
                uploaded=_moment(file.get("upload-time")),
                source=not is_wheel(title),
            )

    def _hashes(self, file: Table, name: str, location: Location) -> Iterator[Hash]:
        hashes = file.get("hashes")
        if not isinstance(hashes, dict) or not hashes:
            self.lock.unknown(location, f"a distribution file of {name} has no hashes")
        for algorithm, value in sorted(table(hashes).items()):
            try:
                yield Hash.parse(f"{algorithm}:{text(value)}")
            except ValueError as error:
                self.lock.unknown(location, f"a hash of {name} cannot be used: {error}")

    def _properties(self, entry: Table, name: str, location: Location) -> Iterator[tuple[str, str]]:
        if index := public_url(text(entry.get("index"))):
            yield "bomvet:registry", index
        if pythons := text(entry.get("requires-python")).strip():
            yield "bomvet:requires-python", pythons
        identities = entry.get("attestation-identities", [])
        for identity in identities if isinstance(identities, list) else [identities]:
            stated = _compact(identity)
            if stated:
                yield "bomvet:attestation-identity", stated
            else:
                self.lock.unknown(location, f"an attestation identity of {name} is not understood")

    def _dependencies(self, entry: Table, name: str, location: Location) -> Iterator[Dependency]:
        from bomvet.resolvers.python._pep508 import requirement  # noqa: PLC0415 - where there is such a lock

        entries = entry.get("dependencies", _of_pdm(entry) or [])
        for item in entries if isinstance(entries, list) else [entries]:
            other = text(table(item).get("name"))
            if other:
                pairs = tuple(pair for pair in _flat(table(item)) if pair[0] != "name")
                yield Dependency(pypi_name(other), source=pairs)
            elif isinstance(item, str) and "dependencies" not in entry and (dependency := requirement(item)):
                yield dependency
            else:
                self.lock.unknown(location, f"a dependency of {name} has no name")

    def _read_marker(self, package: Package, marker: str) -> None:
        """Why and where the package is installed: both stand in its marker."""
        from bomvet.resolvers.python._markers import choices, environments, given  # noqa: PLC0415 - where there is such a lock

        extras, groups = choices(marker)
        plain = given(marker, (), self.default)
        everything = environments(marker)
        asked = [] if plain is None else [Asked("", "", plain)]
        if plain != everything:
            for kind, names in (("extra", extras), ("group", groups - self.default)):
                for name in sorted(names):
                    left = given(marker, *(({name}, self.default) if kind == "extra" else ((), self.default | {name})))
                    if left is not None and left != plain:
                        asked.append(Asked(kind, name, left))
            if not asked:  # such as two extras at once
                kind, names = ("extra", extras) if extras else ("group", groups)
                asked = [Asked(kind, ",".join(sorted(names)), everything)]
        kinds = [item.kind for item in asked]
        package.scope = Scope.REQUIRED if "" in kinds else Scope.OPTIONAL if "extra" in kinds else Scope.DEV
        package.asked = tuple(asked)
        package.markers = alternatives(item.marker for item in asked)


def _of_pdm(entry: Table) -> list[object] | None:
    """PDM notes what a package depends on in its own corner of the lock."""
    found = table(table(entry.get("tool")).get("pdm")).get("dependencies")
    return found if isinstance(found, list) else None


def _qualifiers(places: list[str], source: Table) -> dict[str, str]:
    """What a purl says of where a package comes from, if that is no index."""
    place = _place(source)
    if not places or not place:
        return {}
    if places == ["vcs"]:
        return {"vcs_url": vcs_url(text(source.get("type")) or "git", place, text(source.get("commit-id")))}
    if isinstance(source.get("url"), str):
        return {"download_url": public_url(place)}
    return {"file_name": posixpath.basename(place)}


def _place(source: Table) -> str:
    return text(source.get("url")) or text(source.get("path"))


def _moment(value: object) -> str:
    """A time of TOML, which is UTC also where it does not say so, in RFC 3339."""
    if isinstance(value, dt.datetime):
        moment = value.replace(tzinfo=value.tzinfo or dt.UTC).isoformat()
        return moment.replace("+00:00", "Z")
    return text(value)


def _compact(identity: object) -> str:
    """An identity as JSON on one line, which is the same for the same; empty where it is no table of a kind."""
    if not isinstance(identity, dict) or not isinstance(identity.get("kind"), str):
        return ""
    import orjson  # noqa: PLC0415 - few locks have them

    try:
        return orjson.dumps(identity, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:  # such as a number of more than 64 bits
        return ""


def _flat(entry: Table) -> Source:
    """What tells an entry from others of its name, as pairs: keys of tables within it are joined with a dot."""
    found = []
    for key, value in entry.items():
        if key not in ("dependencies", "sdist", "tool", "wheels"):
            inner = value.items() if isinstance(value, dict) else (("", value),)
            found += [(f"{key}.{name}" if name else key, str(item)) for name, item in inner]
    return tuple(sorted(found))


PYLOCK = Resolver(
    id=ID,
    title="pylock.toml (PEP 751)",
    globs=("**/pylock.toml", "**/pylock.*.toml"),
    parse=parse_pylock,
    locks=True,
    reads="packages, edges, scopes of extras and groups, markers, hashes, files, registries, attestation identities",
    limits="edges only where the lock states them, which pip and uv do not",
)
