"""What lies in folders called `node_modules`, and what Node finds there from where.

Source: https://nodejs.org/api/modules.html#loading-from-node_modules-folders: code sees the `node_modules` of its own
folder, then those of every folder above, and the folder is the real one, after all links.  Besides packages such a
folder may hold a store, where package managers keep what they link to: `.pnpm`, `.bun` and `.store` (npm, Yarn), each
with a folder per package that has a `node_modules` of its own, with the package and links to what it needs.
"""

from __future__ import annotations

import re
from posixpath import basename, dirname, join
from typing import TYPE_CHECKING, Any

from bomvet.errors import FileAbsentError, FileUnreadableError, MalformedError
from bomvet.model.inventory import Location
from bomvet.resolvers._json import load_object
from bomvet.resolvers.npm._installed import Installed, installed
from bomvet.resolvers.npm._manifest import manifest, project_at, requests

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bomvet.model.inventory import Component
    from bomvet.plugin import Entry, FileTree
    from bomvet.resolvers.npm._graph import Graph
    from bomvet.resolvers.npm._manifest import Request

NODE_MODULES = "node_modules"
_STORES = frozenset((".pnpm", ".bun", ".store"))
_NAME = re.compile(r"(?:@[^/.][^/]*/)?[^/.@][^/]*").fullmatch
#: Folders of packages within each other; every request may be looked for in all of them.
_DEEPEST = 40


class Place:
    """A package or own project where it lies; neither is set where there is one that cannot be read.

    `view` is where Node looks first for what it asks for, and `aliases` are names that lead to it but are not its own.
    """

    __slots__ = ("aliases", "location", "package", "path", "project", "requests", "view")

    def __init__(self, path: str, package: Installed | None = None, project: Component | None = None) -> None:
        self.path, self.package, self.project = path, package, project
        self.location = Location(path=f"{path}/package.json" if path else "package.json")
        self.requests: Sequence[Request] = ()
        self.view: Modules | None = None
        self.aliases: set[str] = set()

    @property
    def is_readable(self) -> bool:
        """Whether it is known what lies there."""
        return bool(self.package or self.project)

    @property
    def name(self) -> str:
        """What it calls itself, else what its folder is called."""
        own = self.package or self.project
        return (own.name if own else "") or folder_name(self.path)

    @property
    def label(self) -> str:
        """`name@version` for people."""
        version = (self.package or self.project).version  # type: ignore[union-attr]
        return f"{self.name}@{version}" if version else self.name

    def called(self, name: str) -> None:
        """Note that it is found under `name`."""
        own = self.package or self.project
        if own and name and own.name not in ("", name):
            self.aliases.add(name)


def folder_name(path: str) -> str:
    """The package that a folder is called like: its last part, with the scope before it."""
    rest, _, name = path.rpartition("/")
    scope = rest.rpartition("/")[2]
    return f"{scope}/{name}" if scope.startswith("@") else name


class Modules:
    """One `node_modules` folder; `up` is the next that is looked into from within it.

    `found` are its packages by name, `links` what is not followed yet, and `folders` what is not read yet; of a
    folder that `is_foreign` only those that were asked for.  `is_link` is set where it lies somewhere else in truth,
    and `is_common` where packages that know nothing of each other see it: it has a store, or is in one for all.
    """

    __slots__ = ("depth", "folders", "found", "is_common", "is_foreign", "is_link", "links", "path", "stores", "up")

    def __init__(self, path: str, up: Modules | None) -> None:
        self.path, self.up = path, up
        self.depth: int = up.depth + 1 if up else 1
        self.is_link = self.is_common = self.is_foreign = False
        self.found: dict[str, Place] = {}
        self.folders: list[tuple[str, str]] = []
        self.links: dict[str, str] = {}
        self.stores: list[str] = []


class Disk:
    """What is installed for the project in `directory`, and for those below it; what cannot be read goes to `graph`.

    Of what lies elsewhere, where other projects have their packages, only that is read which is asked for.
    """

    def __init__(self, tree: FileTree, graph: Graph, directory: str, *, is_top: bool) -> None:
        self.tree, self.graph, self.is_top = tree, graph, is_top
        self._inside = f"{directory}/" if directory else ""
        #: In the order in which they were come across, of which there may be more at any time.
        self.found: list[Place] = []
        self._places: dict[str, Place] = {}
        #: Where something lies or leads somewhere, by the path under which it was come across.
        self.present: set[str] = set()
        self.has_stores = False
        self._modules: dict[str, Modules] = {}
        self._listed: list[Modules] = []
        # What is seen from a folder.
        self._views: dict[str, Modules | None] = {}
        self._todo: list[Modules] = []
        self._skipped = {item.path for item in tree.skipped}

    def project(self, directory: str) -> Place:
        """The own project in `directory`, which was not come across before."""
        place = Place(directory, project=project_at(self.tree, directory))
        place.requests = requests(manifest(self.tree, directory), development=True)
        self._add(place)
        place.view = self.view(directory)
        return place

    def find(self, view: Modules | None, name: str, *, own: bool = False) -> Place | None:
        """What Node finds under `name` where it begins with `view`.

        If `own`, not in a folder that others share: there by chance lies what a package can do without, and which its
        package manager did not give it.
        """
        while view is not None:
            place = view.found.get(name)
            if place is None and (name in view.links or (view.is_foreign and self._is_there(view, name))):
                place = self._follow(view, name)
            if place is not None:
                return place
            view = view.up
            if own and view and view.is_common:
                break
        return None

    def follow(self) -> None:
        """Follow every link, since what nothing asks for is installed, too."""
        for modules in self._listed:  # which may become more meanwhile
            for name in list(modules.links):
                self._follow(modules, name)

    def view(self, directory: str) -> Modules | None:
        """Where Node begins to look from within `directory`, a real path; all packages that lie there are read."""
        new = []
        while directory not in self._views:
            new.append(directory)
            if not directory:
                break
            directory = dirname(directory)
        view = self._views.get(directory)
        for folder in reversed(new):
            view = self._views[folder] = self._view_below(folder, view)
        return view

    def _view_below(self, directory: str, up: Modules | None) -> Modules | None:
        path = directory if self.is_top and not directory else join(directory, NODE_MODULES)
        if basename(directory) == NODE_MODULES or path in self._skipped:
            return up
        modules = self._list(path, up)
        self._read_all()
        return modules or up

    # -- folders -----------------------------------------------------------------------------------------------

    def _list(self, path: str, up: Modules | None) -> Modules | None:
        """The folder of packages `path`, to be read; None where there is none."""
        if path in self._modules:
            return self._modules[path]
        modules = Modules(path, up)
        modules.is_foreign = not path.startswith(self._inside)
        try:
            entries = () if modules.is_foreign else self.tree.entries(path)
            modules.is_link = self.tree.real(path) != path
        except FileAbsentError:
            return None
        except FileUnreadableError as error:
            self._unknown(path, str(error))
            return None
        if modules.depth > _DEEPEST:
            self._unknown(path, f"packages within packages, deeper than {_DEEPEST}: not read")
            return None
        self._sort(modules, entries)
        self._modules[path] = modules
        self._listed.append(modules)
        self._todo.append(modules)
        return modules

    def _sort(self, modules: Modules, entries: Sequence[Entry]) -> None:
        """What in a folder of packages is what."""
        prefix = f"{modules.path}/" if modules.path else ""
        for name, is_folder, is_link in self._scoped(prefix, entries):
            if is_link or (is_folder and modules.is_link):
                modules.links[name] = prefix + name
                self.present.add(prefix + name)
            elif is_folder and name[0] != ".":
                modules.folders.append((name, prefix + name))
            elif is_folder and name in _STORES:
                modules.stores.append(prefix + name)
                modules.is_common = True

    def _scoped(self, prefix: str, entries: Sequence[Entry]) -> Iterator[tuple[str, bool, bool]]:
        """The entries with those of scope folders in place of these."""
        for name, is_folder, is_link in entries:
            if name[0] != "@" or not (is_folder or is_link):
                yield name, is_folder, is_link and name[0] != "."
                continue
            try:
                for inner in self.tree.entries(prefix + name):
                    yield f"{name}/{inner.name}", inner.is_folder and not is_link, inner.is_link or is_link
            except FileUnreadableError as error:
                self._unknown(prefix + name, str(error))

    def _read_all(self) -> None:
        """Read the packages of all folders that were listed, and list those within them."""
        while self._todo:
            modules = self._todo.pop()
            for name, path in modules.folders:
                place = self._package(path, name, modules)
                if place is not None:
                    modules.found[name] = place
            modules.folders = []
            for path in modules.stores:
                self._store(path, modules)

    def _store(self, path: str, up: Modules) -> None:
        """The folders that a package manager links to, of which each holds one package."""
        self.has_stores = True
        shared = self._list(f"{path}/{NODE_MODULES}", up) or up
        shared.is_common = True
        self._views[path] = shared
        for name in self._folders(path):
            view = self._stored(f"{path}/{name}", shared)
            if not view and name[0] == "@":  # npm has the scope as a folder, others in the name
                for inner in self._folders(f"{path}/{name}"):
                    self._stored(f"{path}/{name}/{inner}", shared)

    def _stored(self, folder: str, shared: Modules) -> Modules | None:
        """The packages of one folder of a store; those that they need are linked beside them."""
        view = self._list(f"{folder}/{NODE_MODULES}", shared)
        self._views[folder] = view or shared
        if "/.store/" in folder:  # Yarn has the package beside the folder with what it needs
            self._package(f"{folder}/package", "", view or shared)
        return view

    def _folders(self, path: str) -> list[str]:
        try:
            return [name for name, is_folder, _ in self.tree.entries(path) if is_folder and name != NODE_MODULES]
        except FileUnreadableError as error:
            self._unknown(path, str(error))
            return []

    # -- packages ----------------------------------------------------------------------------------------------

    def _package(self, path: str, name: str, up: Modules | None) -> Place | None:
        """The package in the folder `path`, if there is one; what lies in its own `node_modules` will be read."""
        place = self._read(path, name, is_stored=bool(up and up.up and up.up.is_common))
        nested = self._list(f"{path}/{NODE_MODULES}", up)
        if place is not None:
            place.view = nested or up
            self._add(place)
        return place

    def _add(self, place: Place) -> None:
        self._places[place.path] = place
        self.present.add(place.path)
        self.found.append(place)

    def _read(self, path: str, name: str, *, is_stored: bool) -> Place | None:
        file = f"{path}/package.json"
        try:
            table = load_object(self.tree.read(file))
        except FileAbsentError:
            return None
        except (FileUnreadableError, MalformedError) as error:
            self._unknown(file, str(error), getattr(error, "line", 0))
            return Place(path)
        if table.get("mocked") is True and "version" not in table:
            return None  # what Yarn puts in the place of a package for another platform
        place = Place(path, package=installed(self.tree, path, table))
        place.requests = requests(_with_all_peers(table) if is_stored else table)
        place.called(name)
        return place

    def _is_there(self, modules: Modules, name: str) -> bool:
        """Whether there is a package called `name` in a folder that was not listed; it is then a link to follow."""
        path = f"{modules.path}/{name}"
        if path in self.present or _NAME(name) is None:
            return False
        self.present.add(path)
        try:
            self.tree.real(path)
        except FileAbsentError:
            return False
        except FileUnreadableError:
            pass  # which will be told when it is followed
        modules.links[name] = path
        return True

    def _follow(self, modules: Modules, name: str) -> Place | None:
        """What the link `name` leads to."""
        path = modules.links.pop(name)
        try:
            real = self.tree.real(path)
        except FileAbsentError:
            self._unknown(path, "a link that leads nowhere")
            return None
        except FileUnreadableError as error:
            return self._unreadable(modules, name, path, str(error))
        if self.tree.exists(real):
            return self._unreadable(modules, name, path, "a link to a file, which is no package")
        place = self._at(real, is_package=modules.is_link)
        if place is not None:
            modules.found[name] = place
            place.called(name)
        return place

    def _unreadable(self, modules: Modules, name: str, path: str, reason: str) -> Place:
        self._unknown(path, reason)
        modules.found[name] = place = Place(path)
        return place

    def _at(self, path: str, *, is_package: bool) -> Place | None:
        """What lies at `path`: a package, or where that is in no folder of packages a project of the tree itself."""
        if path not in self._places:
            if not is_package and not self.is_top and NODE_MODULES not in path.split("/"):
                return self.project(path)
            view = self.view(dirname(path))
            if path not in self._places:
                self._package(path, "", view)
                self._read_all()
        return self._places.get(path)

    def _unknown(self, path: str, reason: str, line: int = 0) -> None:
        self.graph.unknown(Location(path=path or ".", line=line), reason)


def _with_all_peers(table: dict[str, Any]) -> dict[str, Any]:
    """`table` with the peers of which it says only that they are optional; npm passes over them, others link them."""
    metas, peers = table.get("peerDependenciesMeta"), table.get("peerDependencies")
    if not isinstance(metas, dict):
        return table
    names = {name: "*" for name, meta in metas.items() if isinstance(meta, dict) and meta.get("optional")}
    return {**table, "peerDependencies": {**names, **(peers if isinstance(peers, dict) else {})}}
