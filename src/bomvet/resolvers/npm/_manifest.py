"""`package.json`: the first-party project of a folder, and what it asks for.

Source: https://docs.npmjs.com/cli/v11/configuring-npm/package-json.
"""

from __future__ import annotations

import posixpath
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from bomvet.errors import FileUnreadableError, MalformedError
from bomvet.model.inventory import Component, Contact, Kind, Licence, Location
from bomvet.model.purl import project_purl
from bomvet.model.text import anonymous
from bomvet.resolvers._json import load_object
from bomvet.resolvers._licences import declared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.plugin import FileTree

#: Tables of dependencies, in the order in which npm lets the later ones win; and the role that each gives.
_TABLES = (
    ("peerDependencies", "peer"),
    ("devDependencies", "dev"),
    ("dependencies", ""),
    ("optionalDependencies", "optional"),
)


#: Overrides of one project that are told, and how deep they may be nested.
MAX_OVERRIDES = 500
_DEEPEST_OVERRIDE = 8


class Request(NamedTuple):
    """What a manifest or lock entry asks for: `role` is "" (plain), `optional`, `dev` or `peer`.

    `spec` is what stands behind the name: a range, `npm:REAL@RANGE`, `workspace:*`, a URL.  `absent_ok` says that
    nothing is wrong where it is not there: optional dependencies, and peers marked as optional.
    """

    name: str
    spec: str
    role: str
    absent_ok: bool


@lru_cache(maxsize=512)
def load_manifest(data: bytes) -> dict[str, Any]:
    """As `load_object`, remembered: several readers ask for one project.  Change nothing in it."""
    return load_object(data)


def manifest(tree: FileTree, directory: str) -> dict[str, Any]:
    """`package.json` of `directory`; empty where there is none, or none that can be read."""
    path = posixpath.join(directory, "package.json")
    try:
        return load_manifest(tree.read(path)) if tree.exists(path) else {}
    except (FileUnreadableError, MalformedError):
        return {}  # the resolver of package.json reports it


def requests(table: dict[str, Any], *, development: bool = False) -> list[Request]:
    """What a manifest or lock entry asks for, each name once; devDependencies only if `development`.

    What is both plain and optional is optional, as npm has it; what is a peer and something else is the latter.
    """
    optional_peers = _table(table, "peerDependenciesMeta")
    found: dict[str, Request] = {}
    for key, role in _TABLES:
        if role == "dev" and not development:
            continue
        for name, spec in _table(table, key).items():
            meta = optional_peers.get(name)
            absent_ok = role == "optional" or (role == "peer" and isinstance(meta, dict) and bool(meta.get("optional")))
            found[name] = Request(name, spec if isinstance(spec, str) else "", role, absent_ok)
    return list(found.values())


def project_at(tree: FileTree, directory: str, *, name: str = "", version: str = "") -> Component:
    """The project in `directory` as its package.json describes it; the same for every resolver, so that it is one.

    Where there is no manifest, it is `name` and `version`, as a lock file states them.  Without either, the
    folder's name stands for the project.
    """
    table = manifest(tree, directory)
    name = _text(table.get("name")) or name or posixpath.basename(directory) or tree.name
    version = _text(table.get("version")) if table else version
    return Component(
        purl=project_purl(name, version, directory),
        name=name,
        version=version,
        kind=Kind.APPLICATION,
        directory=directory,
        locations=(Location(path=posixpath.join(directory, "package.json")),) if table else (),
        properties=tuple(sorted({("bomvet:override", text) for text in islice(_overrides(table), MAX_OVERRIDES)})),
        **described(table),
    )


def _overrides(table: dict[str, Any]) -> Iterator[str]:
    """What the project forces, as `SELECTOR: SPEC`: `overrides` of npm, which may be nested, `resolutions` of Yarn."""
    todo = [("", _table(table, "overrides"), 0), ("", _table(table, "resolutions"), 0)]
    while todo:
        above, entries, depth = todo.pop()
        for name, spec in entries.items():
            selector = above if name == "." and above else f"{above} > {name}" if above else name
            if isinstance(spec, str):
                yield anonymous(f"{selector}: {spec}")
            elif isinstance(spec, dict) and depth < _DEEPEST_OVERRIDE:
                todo.append((selector, spec, depth + 1))


def described(table: dict[str, Any]) -> dict[str, Any]:
    """What a manifest says of its package, as fields of a component."""
    return {
        "description": _text(table.get("description")),
        "suppliers": tuple(_contacts(table)),
        "licences": licences(table),
    }


def licences(table: dict[str, Any]) -> tuple[Licence, ...]:
    """`license`, an expression or the older object, else the older list `licenses`."""
    value = table.get("license") or table.get("licence") or table.get("licenses")
    values = value if isinstance(value, list) else [value]
    texts = (item.get("type") or item.get("name") if isinstance(item, dict) else item for item in values)
    return tuple(dict.fromkeys(one for text in texts if isinstance(text, str) for one in declared(text)))


def _contacts(table: dict[str, Any]) -> Iterator[Contact]:
    """The author: an object, or `NAME <EMAIL> (URL)`."""
    author = table.get("author")
    if isinstance(author, dict):
        name, email = _text(author.get("name")), _text(author.get("email"))
    else:
        name, _, rest = _text(author).partition("<")
        name, email = name.partition("(")[0].strip(), rest.partition(">")[0].strip()
    if name or email:
        yield Contact(name=name, email=email)


def _text(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _table(table: dict[str, Any], key: str) -> dict[str, Any]:
    value = table.get(key)
    return value if isinstance(value, dict) else {}
