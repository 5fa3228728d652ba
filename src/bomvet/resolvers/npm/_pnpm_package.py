"""What one package of `pnpm-lock.yaml` is: the component that its entry describes.

Sources: https://github.com/pnpm/spec/tree/master/lockfile; the resolutions that pnpm writes: of a registry
(`integrity`), `tarball`, `type: git`, `type: directory`, `type: variations` (a runtime, for each platform a file).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bomvet.model.inventory import Completeness, Component, Distribution, Location
from bomvet.model.purl import npm_purl, project_purl, public_url
from bomvet.model.text import shown
from bomvet.resolvers.npm._origin import Origin, hashes, is_git, origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bomvet.model.inventory import Hash

    #: Takes what was not understood.
    Tell = Callable[[str], None]

_LISTS = (("os", "bomvet:os"), ("cpu", "bomvet:cpu"), ("libc", "bomvet:libc"))
_Table = dict[str, Any]


class Package:
    """An entry of `packages`, whichever peers its instances have.

    `aliases` are other names that it is installed under, `patch` is the file that it is patched with.  `complete`
    tells whether all that it needs was found.
    """

    __slots__ = ("aliases", "complete", "key", "line", "name", "patch", "table", "version")

    def __init__(self, key: str, table: _Table, line: int, name: str, version: str) -> None:
        self.key, self.table, self.line, self.name, self.version = key, table, line, name, version
        self.aliases: set[str] = set()
        self.patch = ""
        self.complete = True

    @property
    def resolution(self) -> _Table:
        """Where it comes from, as the lock states it."""
        value = self.table.get("resolution")
        return value if isinstance(value, dict) else {}

    @property
    def folder(self) -> str | None:
        """The folder that it is, as seen from the lock; None where it is none."""
        resolution = self.resolution
        folder = resolution.get("directory")
        return folder if resolution.get("type") == "directory" and isinstance(folder, str) else None


def component(package: Package, path: str, tell: Tell) -> Component:
    """The component of `package`, which stands in the lock `path`; `tell` is told what was not understood."""
    found = _origin(package, tell)
    if package.table.get("bundledDependencies"):
        package.complete = False  # what is in it has no version in the lock
    return Component(
        purl=found.purl,
        name=package.name,
        version=package.version,
        dependencies=Completeness.COMPLETE if package.complete else Completeness.INCOMPLETE,
        hashes=found.hashes,
        distributions=found.distributions,
        locations=(Location(path=path, line=package.line),),
        properties=tuple(sorted({*found.properties, *_properties(package)})),
    )


def _origin(package: Package, tell: Tell) -> Origin:
    """Where it comes from; the forms of a resolution exclude each other."""
    name, version, resolution = package.name, package.version, package.resolution
    kind, tarball = resolution.get("type"), resolution.get("tarball")
    if kind in ("variations", "binary"):
        return _runtime(package, tell)
    if kind == "git":
        return _repository(package, tell)
    found = _hashes(package, resolution.get("integrity"), tell)
    if isinstance(tarball, str) and kind is None:
        result = origin(name, version, tarball, found)
        if not version and "vcs_url=" not in result.purl:
            tell(f"{shown(package.key)} has no version in the lock")
    else:
        result = Origin(npm_purl(name, version), (), found, ())
        if not version or kind is not None or not resolution:
            tell(f"where {shown(package.key)} comes from is not understood")
    registry = resolution.get("registry")
    if isinstance(registry, str):
        result = result._replace(properties=(*result.properties, ("bomvet:registry", public_url(registry))))
    return result


def _repository(package: Package, tell: Tell) -> Origin:
    """A commit of a git repository, and a folder in it where that is the package."""
    texts = {key: value for key, value in package.resolution.items() if isinstance(value, str)}
    repository, commit, folder = texts.get("repo", ""), texts.get("commit", ""), texts.get("path", "")
    if not repository:
        tell(f"where {shown(package.key)} comes from is not understood")
    scheme = "" if is_git(repository) or not repository else "git+"
    found = origin(package.name, package.version, f"{scheme}{repository}#{commit}" if repository else "")
    return found._replace(properties=(("bomvet:subdirectory", folder.strip("/")),)) if folder else found


def _hashes(package: Package, integrity: object, tell: Tell) -> tuple[Hash, ...]:
    if integrity is None:
        return ()
    try:
        return hashes(integrity if isinstance(integrity, str) else "?")
    except ValueError as error:
        tell(f"the integrity of {shown(package.key)} cannot be used: {error}")
        return ()


def _runtime(package: Package, tell: Tell) -> Origin:
    """A runtime such as Node.js itself, which is no package of the registry: a file for each platform."""
    resolution = package.resolution
    variants = resolution.get("variants", [{"resolution": resolution}])
    files = []
    for variant in variants if isinstance(variants, list) else [variants]:
        file = variant.get("resolution") if isinstance(variant, dict) else None
        url = file.get("url") if isinstance(file, dict) else None
        if isinstance(file, dict) and isinstance(url, str):
            files.append(Distribution(url=public_url(url), hashes=_hashes(package, file.get("integrity"), tell)))
        else:
            tell(f"a file of {shown(package.key)} is not understood")
    return Origin(project_purl(package.name, package.version, ""), tuple(sorted(files)), (), ())


def _properties(package: Package) -> Iterator[tuple[str, str]]:
    table = package.table
    for key, name in _LISTS:
        if value := table.get(key):
            yield from (
                (name, item) for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)
            )
    engines = table.get("engines")
    if isinstance(engines, dict):
        yield from (("bomvet:engine", f"{engine} {wanted}".strip()) for engine, wanted in engines.items())
    if deprecated := table.get("deprecated"):
        yield "bomvet:deprecated", deprecated if isinstance(deprecated, str) else "true"
    if bundled := table.get("bundledDependencies"):
        names = bundled if isinstance(bundled, list) else ["all that it depends on"]
        yield from (("bomvet:bundles", str(name)) for name in names)
    if table.get("requiresBuild") is True:
        yield "bomvet:install-script", "true"
    if package.patch:
        yield "bomvet:patched", package.patch
    for alias in package.aliases:
        yield "bomvet:alias", alias


class Patches:
    """`patchedDependencies`: which packages are changed after they are unpacked, and by what."""

    def __init__(self, table: _Table) -> None:
        self._by_key: dict[str, str] = {}
        self._by_hash: dict[str, str] = {}
        for key, value in table.items():
            entry = value if isinstance(value, dict) else {"hash": value}
            file, digest = entry.get("path"), entry.get("hash")
            self._by_key[str(key)] = file if isinstance(file, str) else "true"
            self._by_hash[str(digest)] = self._by_key[str(key)]

    def of(self, package: Package, digest: str) -> str:
        """The file that `package` is patched with, an instance of which has the patch `digest`.

        `true` where the file is not stated; empty where it is not patched.
        """
        if digest:
            return self._by_hash.get(digest, "true")
        return self._by_key.get(f"{package.name}@{package.version}", "") if self._by_key else ""
