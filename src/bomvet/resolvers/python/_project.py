"""The first-party Python project of a folder, from its `pyproject.toml` (PEP 621, PEP 639) or its name alone."""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from bomvet.errors import FileUnreadableError, MalformedError
from bomvet.model.inventory import Component, Contact, Kind, Licence, Location
from bomvet.model.purl import project_purl, pypi_name
from bomvet.resolvers.python._metadata import licences

if TYPE_CHECKING:
    from bomvet.plugin import FileTree

_CANONICAL = re.compile(r"\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?")


def load_toml(data: bytes) -> dict[str, Any]:
    """The document; raises `MalformedError` with the line where it stops being TOML."""
    import tomli  # noqa: PLC0415 - only where there is TOML to read

    try:
        return tomli.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise MalformedError("not UTF-8", line=data.count(b"\n", 0, error.start) + 1) from None
    except tomli.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        raise MalformedError(f"not TOML: {error}", line=int(line[1]) if line else 0) from None
    except RecursionError:
        raise MalformedError("nested too deeply") from None
    except ValueError as error:  # such as a number of more digits than Python reads
        raise MalformedError(f"not TOML: {error}") from None


@lru_cache(maxsize=8)
def load_pyproject(data: bytes) -> dict[str, Any]:
    """As `load_toml`, remembered: several resolvers ask for one project.  Change nothing in it."""
    return load_toml(data)


def pyproject(tree: FileTree, directory: str) -> dict[str, Any]:
    """`pyproject.toml` of `directory`; empty where there is none, or none that can be read."""
    path = posixpath.join(directory, "pyproject.toml")
    try:
        return load_pyproject(tree.read(path)) if tree.exists(path) else {}
    except (FileUnreadableError, MalformedError):
        return {}  # the resolver of pyproject.toml reports it


def project_at(tree: FileTree, directory: str, *, name: str = "", version: str = "") -> Component:
    """The project in `directory` as its manifest describes it; the same for every resolver, so that it is one.

    Where there is no manifest, it is `name` and `version`, as a lock file states them.  Without either, the
    folder's name stands for the project.
    """
    table = project_table(pyproject(tree, directory))
    stated = table.get("name")
    name = (pypi_name(stated) if isinstance(stated, str) else "") or name or posixpath.basename(directory) or tree.name
    version = _version(table.get("version")) if table else version
    return Component(
        purl=project_purl(name, version, directory),
        name=name,
        version=version,
        kind=Kind.APPLICATION,
        directory=directory,
        description=_text(table.get("description")),
        suppliers=_contacts(table.get("authors")) or _contacts(table.get("maintainers")),
        licences=_licences(table),
        locations=(Location(path=posixpath.join(directory, "pyproject.toml")),) if table else (),
    )


def project_table(document: dict[str, Any]) -> dict[str, Any]:
    """`[project]`, else the table of older Poetry projects, which has the same keys; empty where there is neither."""
    tool = document.get("tool")
    for table in (document.get("project"), tool.get("poetry") if isinstance(tool, dict) else None):
        if isinstance(table, dict):
            return table
    return {}


def _version(value: object) -> str:
    """A version in its canonical form (PEP 440), so that manifest and lock agree on it."""
    text = _text(value)
    if not text or _CANONICAL.fullmatch(text):
        return text
    from packaging.version import Version  # noqa: PLC0415 - rarely needed

    try:
        return str(Version(text))
    except ValueError:  # no version, or a number in it has more digits than Python reads
        return text


def _text(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _contacts(value: object) -> tuple[Contact, ...]:
    """In the order of the manifest, whose first is the one that reports name."""
    people = [_contact(person) for person in value] if isinstance(value, list) else []
    return tuple(dict.fromkeys(person for person in people if person != Contact()))


def _contact(person: object) -> Contact:
    """A table (PEP 621), or Poetry's `NAME <EMAIL>`."""
    if isinstance(person, dict):
        return Contact(name=_text(person.get("name")), email=_text(person.get("email")))
    name, _, email = _text(person).partition("<")
    return Contact(name=name.strip(), email=email.strip(" >"))


def _licences(table: dict[str, Any]) -> tuple[Licence, ...]:
    """PEP 639: a string is an SPDX expression; the older tables hold free text or a file's name."""
    value, classifiers = table.get("license"), table.get("classifiers")
    older = value if isinstance(value, dict) else {}
    file, text = older.get("file"), older.get("text")
    return licences(
        expression=_text(value),
        text=text if isinstance(text, str) else "",
        classifiers=[c for c in classifiers if isinstance(c, str)] if isinstance(classifiers, list) else (),
        files=(file,) if isinstance(file, str) else (),
    )
