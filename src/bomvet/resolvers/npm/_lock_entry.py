"""What one entry of a `package-lock.json` says: the package that it installs, and what it has to do with others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bomvet.model.globs import compiled
from bomvet.model.inventory import Completeness, Component, Scope
from bomvet.model.text import shown
from bomvet.resolvers._licences import declared
from bomvet.resolvers.npm._lock_v1 import is_archive
from bomvet.resolvers.npm._manifest import licences
from bomvet.resolvers.npm._origin import hashes, origin

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from bomvet.model.inventory import Hash, Location
    from bomvet.resolvers.npm._graph import Graph

_PLATFORMS = ("os", "cpu", "libc")
_NAMES = {
    "deprecated": "bomvet:deprecated",
    "hasInstallScript": "bomvet:install-script",
    "inBundle": "bomvet:bundled",
    "extraneous": "bomvet:extraneous",
}
#: Fields that become properties.
_NOTED = frozenset((*_PLATFORMS, *_NAMES, "engines"))

_MOST_PATTERNS = 100

_Object = dict[str, Any]


def package(graph: Graph, folder: str, value: _Object, location: Location) -> Component:
    """The package that `value` says is installed in `folder`; what it lacks goes to the unknowns of `graph`."""
    get = value.get
    installed = folder if "/" not in folder else folder_name(folder)
    name, version, resolved, integrity = get("name", installed), get("version"), get("resolved"), get("integrity")
    if not type(name) is type(version) is type(resolved) is type(integrity) is str:
        name, version, resolved, integrity = _texts_of(graph, value, installed, location)
    found = _hashes(graph, integrity, name, location)
    purl, distributions, loose, properties = origin(name, version, resolved, found)
    if not version and "vcs_url=" not in purl:
        graph.unknown(location, f"{shown(name)} has no version")
    if noted := _NOTED.intersection(value):
        properties = (*properties, *(pair for key in noted for pair in _properties(key, value[key])))
    if name != installed:
        properties = (*properties, ("bomvet:alias", installed))
    licence = get("license")
    return Component(
        purl=purl,
        name=name,
        version=version,
        scope=Scope.DEV if get("dev") else Scope.OPTIONAL if get("optional") or get("devOptional") else Scope.REQUIRED,
        dependencies=Completeness.COMPLETE,
        licences=declared(licence) if type(licence) is str else licences(value),
        hashes=loose,
        distributions=distributions,
        locations=(location,),
        properties=properties if len(properties) == 1 else tuple(sorted(set(properties))),
    )


def folder_name(path: str) -> str:
    """The package that a folder is called like: its last part, with the scope before it."""
    rest, _, name = path.rpartition("/")
    scope = rest.rpartition("/")[2]
    return f"{scope}/{name}" if scope.startswith("@") else name


def _texts_of(graph: Graph, value: _Object, installed: str, location: Location) -> Iterator[str]:
    """Name, version, `resolved` and `integrity`; what says nothing, as the `false` of some locks does, is empty."""
    for key, fallback in (("name", installed), ("version", ""), ("resolved", ""), ("integrity", "")):
        text = value.get(key)
        if text and not isinstance(text, str):
            graph.unknown(location, f"the field {key!r} of {shown(installed)} is no text")
        yield text if text and isinstance(text, str) else fallback


def _hashes(graph: Graph, integrity: str, name: str, location: Location) -> tuple[Hash, ...]:
    try:
        return hashes(integrity)
    except ValueError:
        return tuple(_usable(graph, integrity, name, location))


def _usable(graph: Graph, integrity: str, name: str, location: Location) -> Iterator[Hash]:
    for text in integrity.split():
        try:
            yield from hashes(text)
        except ValueError as error:
            graph.unknown(location, f"a hash of {shown(name)} cannot be used: {error}")


def _properties(key: str, value: object) -> Iterator[tuple[str, str]]:
    """What a field says of the package beyond what it is."""
    if key in _PLATFORMS:
        yield from ((f"bomvet:{key}", text) for text in _texts(value))
    elif key != "engines":
        text = " ".join(value.split()) if isinstance(value, str) and key == "deprecated" else "true"
        if value:
            yield _NAMES[key], text
    elif isinstance(value, dict):
        yield from (("bomvet:engine", f"{name} {text}") for name, text in value.items() if isinstance(text, str))
    else:  # as long ago
        yield from (("bomvet:engine", text) for text in _texts(value))


def _texts(value: object) -> list[str]:
    """A text, or the texts of a list."""
    return [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)]


def copied_from(value: _Object) -> str | None:
    """The folder that npm copied to where it is installed (`install-links`); None for a package."""
    resolved = value.get("resolved")
    if not isinstance(resolved, str) or not resolved.startswith("file:") or is_archive(resolved):
        return None
    return resolved[len("file:") :]


def bundled_names(value: _Object) -> Collection[str]:
    """The names of the dependencies that a package brings along in its own archive."""
    stated = value["bundleDependencies"]
    if isinstance(stated, list):
        return {name for name in stated if isinstance(name, str)}
    dependencies = value.get("dependencies")
    return dependencies if stated is True and isinstance(dependencies, dict) else ()


def is_optional_peer(value: _Object, name: str) -> bool:
    """Whether the peer `name` is marked as one that need not be there."""
    metas = value.get("peerDependenciesMeta")
    meta = metas.get(name) if isinstance(metas, dict) else None
    return isinstance(meta, dict) and bool(meta.get("optional"))


def workspaces(value: _Object) -> list[str]:
    """The patterns of a workspace."""
    stated = value.get("workspaces")
    stated = stated.get("packages") if isinstance(stated, dict) else stated
    return [text for text in stated if isinstance(text, str)][:_MOST_PATTERNS] if isinstance(stated, list) else []


def is_member(key: str, patterns: Iterable[str]) -> bool:
    """Whether the folder `key` is a member; the last pattern that speaks of it decides."""
    answer = False
    for pattern in patterns:
        text = pattern.removeprefix("!")
        if compiled(f"./{text.removeprefix('./').strip('/')}").fullmatch(key):
            answer = text == pattern
    return answer
