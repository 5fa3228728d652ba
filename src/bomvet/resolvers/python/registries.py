"""Which indexes the clients of a Python project are configured for: pip, uv, Poetry, PDM and Pipenv.

Sources: https://pip.pypa.io/en/stable/topics/configuration/, https://docs.astral.sh/uv/concepts/indexes/,
https://python-poetry.org/docs/repositories/, https://pdm-project.org/en/latest/usage/config/ and
https://pipenv.pypa.io/en/latest/pipfile.html.  Nothing but the URLs is taken.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bomvet.model.inventory import Inventory, Location, Registry
from bomvet.model.purl import public_url
from bomvet.plugin import FileTree, Resolver
from bomvet.resolvers.python._project import load_pyproject, load_toml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: A text, which is compiled where there is such a file.
_OPTION = r"(?P<key>[A-Za-z][\w \t-]*+)[=:][ \t]*+(?P<value>[^\r\n]*)"
#: Indexes of one file whose line is looked for.
_MAX_LOCATED = 200
#: Poetry's priorities of a source that takes the place of the built-in index.
_POETRY_DEFAULTS = ("default", "primary")


def parse_pip_conf(tree: FileTree, path: str) -> Inventory:
    """`index-url` and `extra-index-url`, whose values may go on in indented lines, of any section."""
    found, key, matches = [], "", re.compile(_OPTION).match
    for number, line in enumerate(tree.read(path).decode("utf-8", "replace").splitlines(), start=1):
        text = line.strip()
        if not text or text[0] in "#;":
            continue
        if text[0] == "[":
            key = ""
            continue
        if line[0] in " \t" and key:
            value = text
        elif match := matches(line):
            key, value = match["key"].rstrip().replace("_", "-").lower(), match["value"]
        else:
            key, value = "", ""
        if key in ("index-url", "extra-index-url"):
            found += [_registry(path, number, url, default=key == "index-url") for url in value.split()]
    return Inventory(registries=tuple(found))


def parse_uv_toml(tree: FileTree, path: str) -> Inventory:
    """Uv's own file; raises `MalformedError`."""
    return Inventory(registries=tuple(_located(tree, path, _uv(load_toml(tree.read(path))))))


def parse_pyproject_indexes(tree: FileTree, path: str) -> Inventory:
    """The tables of uv, Poetry and PDM; a document that cannot be read is for the resolver of the project to tell."""
    from bomvet.errors import MalformedError  # noqa: PLC0415 - rarely needed

    try:
        tool = _table(load_pyproject(tree.read(path)).get("tool"))
    except MalformedError:
        return Inventory()
    found = [*_uv(_table(tool.get("uv"))), *_poetry(_table(tool.get("poetry"))), *_pdm(_table(tool.get("pdm")))]
    return Inventory(registries=tuple(_located(tree, path, found)))


def parse_pipfile_sources(tree: FileTree, path: str) -> Inventory:
    """`[[source]]`, of which the first is the default; raises `MalformedError`."""
    sources = _tables(load_toml(tree.read(path)).get("source"))
    found = [(source.get("url"), number == 0) for number, source in enumerate(sources)]
    return Inventory(registries=tuple(_located(tree, path, found)))


_Stated = tuple[object, bool]


def _uv(table: dict[str, Any]) -> Iterator[_Stated]:
    pip = _table(table.get("pip"))
    for options in (table, pip):
        if "index-url" in options:
            yield options["index-url"], True
        for url in _list(options.get("extra-index-url")):
            yield url, False
    for index in _tables(table.get("index")):
        yield index.get("url"), index.get("default") is True


def _poetry(table: dict[str, Any]) -> Iterator[_Stated]:
    """Its sources; one of the name of the built-in index, in any case, has no URL of its own."""
    for source in _tables(table.get("source")):
        if "url" in source:
            priority = source.get("priority", "primary")
            replaces = source.get("default") is True or (
                str(priority).lower() in _POETRY_DEFAULTS and source.get("secondary") is not True
            )
            yield source["url"], replaces


def _pdm(table: dict[str, Any]) -> Iterator[_Stated]:
    for source in _tables(table.get("source")):
        yield source.get("url"), source.get("name") == "pypi"


def _located(tree: FileTree, path: str, stated: Iterable[_Stated]) -> Iterator[Registry]:
    """Each with the first line that has its URL, as far as so many are in use."""
    stated = list(stated)
    content = tree.read(path).decode("utf-8", "replace") if stated else ""
    for number, (url, default) in enumerate(stated):
        text = url if isinstance(url, str) else ""
        at = content.find(text) if text and number < _MAX_LOCATED else -1
        yield _registry(path, content.count("\n", 0, at) + 1 if at >= 0 else 0, text, default=default)


def _registry(path: str, line: int, text: str, *, default: bool) -> Registry:
    """One that a variable of the environment is part of is not known, unless the variable only lets somebody in."""
    url = public_url(text.strip("\"'"))
    known = "://" in url and "$" not in url
    location = Location(path=path, line=line)
    return Registry(ecosystem="pypi", url=url if known else "", default=default, location=location)


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _tables(value: object) -> list[dict[str, Any]]:
    return [item for item in _list(value) if isinstance(item, dict)]


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


_READS = "the URLs of indexes; nothing that lets somebody in"
_LIMITS = "what the user's own configuration or the environment says is not known"
PIP_CONF = Resolver(
    id="python/pip-conf",
    title="pip.conf and pip.ini",
    globs=("**/pip.conf", "**/pip.ini"),
    parse=parse_pip_conf,
    reads=_READS,
    limits=_LIMITS,
)
UV_TOML = Resolver(
    id="python/uv-toml", title="uv.toml", globs=("**/uv.toml",), parse=parse_uv_toml, reads=_READS, limits=_LIMITS
)
PYPROJECT_INDEXES = Resolver(
    id="python/indexes",
    title="indexes of uv, Poetry and PDM in pyproject.toml",
    globs=("**/pyproject.toml",),
    parse=parse_pyproject_indexes,
    reads=_READS,
    limits=_LIMITS,
)
PIPFILE_SOURCES = Resolver(
    id="python/pipfile-sources",
    title="sources in Pipfile",
    globs=("**/Pipfile",),
    parse=parse_pipfile_sources,
    reads=_READS,
    limits=_LIMITS,
)
