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
    from bomvet.resolvers.python._setup_cfg import Setup

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
    if not table and (setup := _setup_table(tree, directory)):
        return _project_of_setup(tree, directory, setup, name=name, version=version)
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
        properties=(("bomvet:requires-python", python),) if (python := _text(table.get("requires-python"))) else (),
    )


def _project_of_setup(tree: FileTree, directory: str, setup: Setup, *, name: str, version: str) -> Component:
    """A project that setuptools alone describes; what only a build knows is as a lock states it."""
    name = pypi_name(setup.name) or name or posixpath.basename(directory) or tree.name
    version = _version(setup.version) or version
    return Component(
        purl=project_purl(name, version, directory),
        name=name,
        version=version,
        kind=Kind.APPLICATION,
        directory=directory,
        description=_text(setup.description),
        licences=_licences({"license": setup.licence}),
        locations=tuple(Location(path=posixpath.join(directory, file)) for file in setup_files(tree, directory)),
    )


def _setup_table(tree: FileTree, directory: str) -> Setup | None:
    """What `setup.cfg` says, and `setup.py` where that is silent; None where neither is for setuptools."""
    files = setup_files(tree, directory)
    if not files:
        return None
    first, *others = files.values()
    for other in others:
        first = first._replace(
            name=first.name or other.name,
            version=first.version or other.version,
            description=first.description or other.description,
            licence=first.licence or other.licence,
        )
    return first


def setup_files(tree: FileTree, directory: str) -> dict[str, Setup]:
    """`setup.cfg` and `setup.py` of `directory` by name, as far as they are for setuptools and can be read."""
    found = {}
    for name in ("setup.cfg", "setup.py"):
        path = posixpath.join(directory, name)
        try:
            setup = _read_setup(name, tree.read(path)) if tree.exists(path) else None
        except FileUnreadableError:
            continue  # its own resolver reports it
        if setup and setup.is_setup:
            found[name] = setup
    return found


def _read_setup(name: str, data: bytes) -> Setup:
    # Most projects have neither file.
    if name == "setup.cfg":
        from bomvet.resolvers.python._setup_cfg import read_setup_cfg  # noqa: PLC0415

        return read_setup_cfg(data)
    from bomvet.resolvers.python._setup_py import read_setup_py  # noqa: PLC0415

    return read_setup_py(data)


def is_project_folder(tree: FileTree, directory: str) -> bool:
    """Whether pip would install from `directory`."""
    return any(tree.exists(posixpath.join(directory, name)) for name in ("pyproject.toml", "setup.py", "setup.cfg"))


def named_projects(tree: FileTree) -> dict[str, list[str]]:
    """The folders of all listed `pyproject.toml` by the project's name; of one tree, remembered."""
    return _named_projects(_Same(tree))


class _Same:
    """A tree as a key: the same one, whatever it holds."""

    def __init__(self, tree: FileTree) -> None:
        self.tree = tree

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.tree is self.tree

    def __hash__(self) -> int:
        return id(self.tree)


@lru_cache(maxsize=1)
def _named_projects(same: _Same) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in same.tree.paths():
        folder, _, file = path.rpartition("/")
        if file == "pyproject.toml":
            name = project_table(pyproject(same.tree, folder)).get("name")
            if isinstance(name, str):
                found.setdefault(pypi_name(name), []).append(folder)
    return found


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
