"""One entry of a `package-lock.json` as the package that it installs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bomvet.model.inventory import Completeness, Component, Scope
from bomvet.model.text import shown
from bomvet.resolvers._licences import declared
from bomvet.resolvers.npm._manifest import licences
from bomvet.resolvers.npm._origin import hashes, origin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.model.inventory import Hash, Location
    from bomvet.resolvers.npm._graph import Graph

#: Fields that become properties.
_NOTED = frozenset((
    "os", "cpu", "libc", "engines", "deprecated", "hasInstallScript", "inBundle", "extraneous",
))  # fmt: skip
_FLAGS = (("hasInstallScript", "install-script"), ("inBundle", "bundled"), ("extraneous", "extraneous"))

_Object = dict[str, Any]


def package(graph: Graph, folder: str, value: _Object, location: Location) -> Component:
    """The package that `value` says is installed in `folder`; what it lacks goes to the unknowns of `graph`."""
    installed = folder if "/" not in folder else folder_name(folder)
    name = _text(graph, value, "name", installed, location) or installed
    version = _text(graph, value, "version", name, location)
    found = _hashes(graph, value, name, location)
    purl, distributions, loose, properties = origin(
        name, version, _text(graph, value, "resolved", name, location), found
    )
    if not version and "vcs_url=" not in purl:
        graph.unknown(location, f"{shown(name)} has no version")
    if name != installed or not _NOTED.isdisjoint(value):
        alias = () if name == installed else (("bomvet:alias", installed),)
        properties = tuple(sorted({*properties, *alias, *_properties(value)}))
    licence = value.get("license")
    return Component(
        purl=purl,
        name=name,
        version=version,
        scope=_scope(value),
        dependencies=Completeness.COMPLETE,
        licences=declared(licence) if type(licence) is str else licences(value),
        hashes=loose,
        distributions=distributions,
        locations=(location,),
        properties=properties,
    )


def folder_name(path: str) -> str:
    """The package that a folder is called like: its last part, with the scope before it."""
    rest, _, name = path.rpartition("/")
    scope = rest.rpartition("/")[2]
    return f"{scope}/{name}" if scope.startswith("@") else name


def _text(graph: Graph, value: _Object, key: str, name: str, location: Location) -> str:
    """A text; what says nothing, as the `false` of some versions of npm does, is empty."""
    text = value.get(key)
    if type(text) is str:
        return text
    if text:
        graph.unknown(location, f"the field {key!r} of {shown(name)} is no text")
    return ""


def _scope(value: _Object) -> Scope:
    """What npm notes: `dev` and `optional` are those that nothing else needs, `devOptional` those that either does."""
    if value.get("dev"):
        return Scope.DEV
    return Scope.OPTIONAL if value.get("optional") or value.get("devOptional") else Scope.REQUIRED


def _hashes(graph: Graph, value: _Object, name: str, location: Location) -> tuple[Hash, ...]:
    integrity = _text(graph, value, "integrity", name, location)
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


def _properties(value: _Object) -> Iterator[tuple[str, str]]:
    """What else the entry says of the package."""
    for key, name in _FLAGS:
        if value.get(key):
            yield f"bomvet:{name}", "true"
    for key in ("os", "cpu", "libc"):
        if key in value:
            yield from ((f"bomvet:{key}", text) for text in _texts(value[key]))
    note = value.get("deprecated")
    if note:
        yield "bomvet:deprecated", " ".join(note.split()) if isinstance(note, str) else "true"
    engines = value.get("engines")
    if isinstance(engines, dict):
        yield from (("bomvet:engine", f"{name} {text}") for name, text in engines.items() if isinstance(text, str))
    else:
        yield from (("bomvet:engine", text) for text in _texts(engines))


def _texts(value: object) -> list[str]:
    """A text, or the texts of a list."""
    return [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)]
