"""Everything that `pyproject.toml` declares: PEP 621, PEP 735, and the tables of Poetry, PDM, uv and Flit.

Only names are read here; what else an entry says is read where nothing locks it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

from bomvet.model.purl import pypi_name
from bomvet.resolvers._declared import MAX_REQUIREMENTS
from bomvet.resolvers.python._asked import Asked, from_table, from_text, name_of, with_source
from bomvet.resolvers.python._project import project_table

#: Extras and groups of one project; real ones have some dozens.
MAX_LISTS = 1_000
_PDM_EDITABLE = r"-e\s+file:///\$\{PROJECT_ROOT\}/(?P<path>[^#]*)#egg=(?P<name>[^\[&]+).*"

_Table = dict[str, Any]
Key = tuple[str, ...]


class Stated(NamedTuple):
    """One entry of a list or table: what it names, in which role, and where; `read` gives the rest.

    `read` raises `ValueError` where it cannot be understood.
    """

    name: str
    role: str
    key: Key
    text: str
    read: Callable[[], list[Asked]]


class Problem(NamedTuple):
    """What is no entry."""

    key: Key
    text: str
    reason: str


class Manifest:
    """What one `pyproject.toml` declares.

    `lists` holds entries by the role that they have in it, "" for what is always asked for; a list may include others.
    """

    def __init__(self, document: _Table) -> None:
        self.document = document
        self.problems: list[Problem] = []
        self.lists: dict[str, list[Stated]] = {"": []}
        self._includes: dict[str, list[str]] = defaultdict(list)
        self._keys: dict[str, Key] = {}
        self._roles: dict[int, frozenset[str]] = {}
        project, tool = _table(document, "project"), _table(document, "tool")
        self._project, self._poetry, self._uv = project, _table(tool, "poetry"), _table(tool, "uv")
        self._pdm, self._flit = _table(tool, "pdm"), _table(_table(tool, "flit"), "metadata")
        self.name = pypi_name(name) if isinstance(name := project_table(document).get("name"), str) else ""
        self.indexes, self.index, self.extra_indexes = self._indexes()
        self._read()

    @property
    def dynamic(self) -> frozenset[str]:
        """Which of `dependencies` and `optional-dependencies` only a build states, as far as this file goes."""
        listed = self._project.get("dynamic")
        names = {name for name in listed if isinstance(name, str)} if isinstance(listed, list) else set()
        found = names & {"dependencies", "optional-dependencies"}
        return frozenset() if _table(self._poetry, "dependencies") else frozenset(found)

    @property
    def states_all(self) -> bool:
        """Whether it says itself what the project asks for, if that is anything."""
        return bool(project_table(self.document)) and not self.dynamic

    @property
    def declares(self) -> bool:
        """Whether it asks for anything, or tries to."""
        return len(self.lists) > 1 or bool(self.lists[""] or self.problems)

    def names(self) -> set[str]:
        """All names that are asked for."""
        return {stated.name for entries in self.lists.values() for stated in entries} - {"", self.name}

    def stated(self) -> Iterator[Stated]:
        """All entries, each once for every role that it is asked for in."""
        count = 0
        for role, reached in self._reached().items():
            for other in reached:
                for stated in self.lists[other]:
                    if stated.name == self.name and stated.name:
                        continue
                    count += 1
                    if count > MAX_REQUIREMENTS:
                        reason = f"more than {MAX_REQUIREMENTS:,} requirements: the rest was not read"
                        self.problems.append(Problem((), "", reason))
                        return
                    yield stated._replace(role=role)

    def files(self) -> list[tuple[str, str, Key]]:
        """Requirements files that a build takes dynamic dependencies from: role, path, and the key that names it."""
        tool = _table(self.document, "tool")
        setuptools = _table(_table(tool, "setuptools"), "dynamic")
        hooks = _table(_table(_table(tool, "hatch"), "metadata"), "hooks")
        path, hatch = ("tool", "setuptools", "dynamic"), ("tool", "hatch", "metadata", "hooks", "requirements_txt")
        found: list[tuple[str, str, Key]] = []
        if "dependencies" in self.dynamic:
            found += _files(_table(setuptools, "dependencies").get("file"), "", (*path, "dependencies"))
            found += _files(_table(hooks, "requirements_txt").get("files"), "", (*hatch, "files"))
        if "optional-dependencies" in self.dynamic:
            for extra, table in _table(setuptools, "optional-dependencies").items():
                key = (*path, "optional-dependencies", extra)
                found += _files(
                    table.get("file") if isinstance(table, dict) else None, f"extra:{pypi_name(extra)}", key
                )
        return found

    def _reached(self) -> dict[str, list[str]]:
        """Per list those that it includes, itself first."""
        found = {}
        for role in self.lists:
            seen, todo, is_cycle = {role: None}, [role], False
            while todo:
                for other in self._includes.get(todo.pop(), ()):
                    is_cycle = is_cycle or other == role
                    if other in self.lists and other not in seen:
                        seen[other] = None
                        todo.append(other)
            found[role] = list(seen)
            if is_cycle and role.startswith("group:"):
                key = self._keys.get(role, ())
                self.problems.append(
                    Problem(key, "", f"{role.replace(':', ' ')} includes itself, which no installer takes")
                )
        return found

    # -- what is stated where ----------------------------------------------------------------------------------

    def _read(self) -> None:
        project = self._project
        self._texts(project, "dependencies", "", ("project",))
        for extra in self._lists(project, "optional-dependencies", ("project",)):
            table = _table(project, "optional-dependencies")
            self._texts(table, extra, f"extra:{pypi_name(extra)}", ("project", "optional-dependencies"))
        self._groups()
        if self._poetry:
            self._read_poetry()
        for table, key, path in (
            (self._uv, "dev-dependencies", ("tool", "uv")),
            (self._flit, "requires", ("tool", "flit", "metadata")),
        ):
            self._texts(table, key, "group:dev" if key == "dev-dependencies" else "", path)
        for table, key, kind, path in (
            (self._pdm, "dev-dependencies", "group", ("tool", "pdm")),
            (self._flit, "requires-extra", "extra", ("tool", "flit", "metadata")),
        ):
            for name in self._lists(table, key, path):
                self._texts(_table(table, key), name, f"{kind}:{pypi_name(name)}", (*path, key))

    def _lists(self, table: _Table, key: str, path: Key) -> list[str]:
        """The names of the lists in a table."""
        value = table.get(key, {})
        if not isinstance(value, dict):
            self.problems.append(Problem((*path, key), "", f"{key} is no table: what it asks for is not known"))
            return []
        if len(value) > MAX_LISTS:
            reason = f"more than {MAX_LISTS:,} entries in {key}: the rest was not read"
            self.problems.append(Problem((*path, key), "", reason))
        return list(value)[:MAX_LISTS]

    def _texts(self, table: _Table, key: str, role: str, path: Key) -> None:
        """The entries of one list of PEP 508 texts."""
        if key not in table:
            return
        entries, found = table[key], self.lists.setdefault(role, [])
        if not isinstance(entries, list):
            self._no_entry((*path, key), entries)
            return
        for entry in entries:
            if isinstance(entry, str):
                self._text(found, entry, role, (*path, key))
            else:
                self._no_entry((*path, key), entry)

    def _text(self, found: list[Stated], text: str, role: str, key: Key) -> None:
        name = name_of(text)
        found.append(Stated(name, role, key, text, partial(self._asked, name, text)))
        if name and name == self.name:
            extras = text.partition("[")[2].partition("]")[0]
            self._includes[role] += [f"extra:{pypi_name(extra.strip())}" for extra in extras.split(",")]

    def _no_entry(self, key: Key, value: object) -> None:
        reason = f"{'.'.join(key)} holds {type(value).__name__} where a requirement belongs"
        self.problems.append(Problem(key, "", reason))

    def _groups(self) -> None:
        """PEP 735, whose groups may include others."""
        groups = _table(self.document, "dependency-groups")
        for name in self._lists(self.document, "dependency-groups", ()):
            role, key = f"group:{pypi_name(name)}", ("dependency-groups", name)
            entries, found = groups[name], self.lists.setdefault(role, [])
            if not isinstance(entries, list):
                self._no_entry(key, entries)
                continue
            for entry in entries:
                included = entry.get("include-group") if isinstance(entry, dict) else None
                if isinstance(entry, str):
                    self._text(found, entry, role, key)
                elif isinstance(included, str):
                    self._include(role, f"group:{pypi_name(included)}", key, groups)
                else:
                    self._no_entry(key, entry)

    def _include(self, role: str, included: str, key: Key, groups: _Table) -> None:
        self._includes[role].append(included)
        if included not in self._known(groups):
            reason = f"{role.replace(':', ' ')} includes {included.replace(':', ' ')}, which is not there"
            self.problems.append(Problem(key, included.partition(":")[2], reason))
        self._keys[role] = key

    def _known(self, groups: _Table) -> frozenset[str]:
        """The groups of a table, as roles; remembered, since each of many may include many."""
        if id(groups) not in self._roles:
            self._roles[id(groups)] = frozenset(f"group:{pypi_name(name)}" for name in groups)
        return self._roles[id(groups)]

    def _asked(self, name: str, text: str) -> list[Asked]:
        """What a text asks for, from where uv's table of sources says."""
        if editable := re.fullmatch(_PDM_EDITABLE, text):
            return [Asked(name=pypi_name(editable["name"]), text=text, path=editable["path"])]
        asked = from_text(text)
        sources = _table(self._uv, "sources")
        source = next((value for key, value in sources.items() if pypi_name(key) == name), None)
        if source is None or asked.url or asked.path:
            return [asked]
        return [with_source(asked, one, self.indexes) for one in (source if isinstance(source, list) else [source])]

    # -- Poetry ------------------------------------------------------------------------------------------------

    def _read_poetry(self) -> None:
        """Poetry's own tables; where PEP 621 states dependencies, those of the main table only say more of them."""
        poetry, path = self._poetry, ("tool", "poetry")
        static = not self.dynamic and ("dependencies" in self._project or "optional-dependencies" in self._project)
        if not static:
            extras = self._poetry_extras()
            for name in self._lists(poetry, "dependencies", path):
                spec = poetry["dependencies"][name]
                for role in extras.get(pypi_name(name)) or ["optional" if _is_optional(spec) else ""]:
                    self._poetry_entry(name, spec, role, (*path, "dependencies", name))
        for name in self._lists(poetry, "dev-dependencies", path):
            self._poetry_entry(name, poetry["dev-dependencies"][name], "group:dev", (*path, "dev-dependencies", name))
        groups = _table(poetry, "group")
        for group in self._lists(poetry, "group", path):
            role = f"group:{pypi_name(group)}"
            self.lists.setdefault(role, [])
            table = _table(groups, group)
            if table is not groups[group]:
                self._no_entry((*path, "group", group), groups[group])
            for name in self._lists(table, "dependencies", (*path, "group", group)):
                key = (*path, "group", group, "dependencies", name)
                self._poetry_entry(name, table["dependencies"][name], role, key)
            included = table.get("include-groups")
            for other in included if isinstance(included, list) else []:
                if isinstance(other, str):
                    self._include(role, f"group:{pypi_name(other)}", (*path, "group", group), groups)
                else:
                    self._no_entry((*path, "group", group), other)

    def _poetry_entry(self, name: str, spec: object, role: str, key: Key) -> None:
        if name.lower() == "python":
            return
        read = partial(from_table, name, spec, self.indexes)
        self.lists.setdefault(role, []).append(Stated(pypi_name(name), role, key, "", read))

    def _poetry_extras(self) -> dict[str, list[str]]:
        """The extras of each optional dependency, as roles."""
        found: dict[str, list[str]] = defaultdict(list)
        optional = {pypi_name(n) for n, spec in _table(self._poetry, "dependencies").items() if _is_optional(spec)}
        for extra, names in _table(self._poetry, "extras").items():
            for name in names if isinstance(names, list) else []:
                if isinstance(name, str) and name_of(name) in optional:
                    found[name_of(name)].append(f"extra:{pypi_name(extra)}")
        return found

    # -- indexes -----------------------------------------------------------------------------------------------

    def _indexes(self) -> tuple[dict[str, str], str, list[str]]:
        """URLs by the name of an index, and where packages come from that name none."""
        named: dict[str, str] = {}
        default, extra = "", []
        for table, key in ((self._uv, "index"), (self._poetry, "source"), (self._pdm, "source")):
            for index in _tables(table, key):
                url, name = index.get("url"), index.get("name")
                if not isinstance(url, str):
                    continue
                if isinstance(name, str):
                    named[name] = url
                if index.get("explicit") is True or index.get("priority") == "explicit":
                    continue
                if not default and _is_default(key, index):
                    default = url
                else:
                    extra.append(url)
        if isinstance(url := self._uv.get("index-url"), str):
            default = default or url
        more = self._uv.get("extra-index-url")
        extra += [url for url in more if isinstance(url, str)] if isinstance(more, list) else []
        return named, default, extra


def _files(value: object, role: str, key: Key) -> list[tuple[str, str, Key]]:
    values = value if isinstance(value, list) else [value]
    return [(role, place, key) for place in values if isinstance(place, str)]


def _is_default(key: str, index: _Table) -> bool:
    """Whether an index stands for the public one: uv marks it, of Poetry's and PDM's the main one does."""
    if key == "index":
        return index.get("default") is True
    return index.get("priority", "primary") in ("primary", "default") and index.get("secondary") is not True


def _is_optional(spec: object) -> bool:
    return isinstance(spec, dict) and spec.get("optional") is True


def _table(document: _Table, key: str) -> _Table:
    value = document.get(key)
    return value if isinstance(value, dict) else {}


def _tables(document: _Table, key: str) -> list[_Table]:
    value = document.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
