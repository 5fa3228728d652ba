"""`package.json` of an installed package: what of it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from bomvet.resolvers.npm._manifest import described

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.plugin import FileTree

#: What npm runs when it installs a package.
_INSTALL = ("preinstall", "install", "postinstall")


class Installed(NamedTuple):
    """A package as it describes itself; `name` and `version` are empty where it states none.

    `description` are the fields of a component, `properties` what else there is to say, and `bundles` the names of
    the packages that it brings along.
    """

    name: str
    version: str
    description: dict[str, Any]
    properties: tuple[tuple[str, str], ...]
    bundles: tuple[str, ...]
    problem: str


def installed(tree: FileTree, path: str, table: dict[str, Any]) -> Installed:
    """The package in the folder `path`, whose package.json is `table`."""
    name, version = table.get("name"), table.get("version")
    problem = next((f"{key} is no text" for key in ("name", "version") if not _is_text(table.get(key))), "")
    return Installed(
        name=name.strip() if isinstance(name, str) else "",
        version=cleaned(version) if isinstance(version, str) else "",
        description=described(table),
        properties=tuple(_properties(tree, path, table)),
        bundles=_bundles(table),
        problem=problem,
    )


def cleaned(version: str) -> str:
    """`version` as the registry has it, whatever the author wrote."""
    return version.strip().lstrip("=v")


def _is_text(value: object) -> bool:
    return value is None or isinstance(value, str)


def _properties(tree: FileTree, path: str, table: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if _has_install_script(tree, path, table):
        yield "bomvet:install-script", "true"
    note = table.get("deprecated")
    if note:
        yield "bomvet:deprecated", " ".join(note.split()) if isinstance(note, str) else "true"
    for key in ("os", "cpu", "libc"):
        if key in table:
            yield from ((f"bomvet:{key}", text) for text in _texts(table[key]))
    engines = table.get("engines")
    if isinstance(engines, dict):
        yield from (("bomvet:engine", f"{name} {text}") for name, text in engines.items() if isinstance(text, str))
    elif engines:
        yield from (("bomvet:engine", text) for text in _texts(engines))


def _has_install_script(tree: FileTree, path: str, table: dict[str, Any]) -> bool:
    """Whether npm runs something of it: a script, or node-gyp where there is what that reads."""
    scripts = table.get("scripts")
    scripts = scripts if isinstance(scripts, dict) else {}
    if any(scripts.get(key) for key in _INSTALL):
        return True
    return table.get("gypfile") is not False and tree.exists(f"{path}/binding.gyp")


def _bundles(table: dict[str, Any]) -> tuple[str, ...]:
    value = table.get("bundleDependencies", table.get("bundledDependencies"))
    if value is True:
        value = [*_keys(table.get("dependencies")), *_keys(table.get("optionalDependencies"))]
    return tuple(name for name in (value if isinstance(value, list) else _keys(value)) if isinstance(name, str))


def _keys(value: object) -> list[str]:
    return list(value) if isinstance(value, dict) else []


def _texts(value: object) -> list[str]:
    """A text, or the texts of a list."""
    return [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)]
