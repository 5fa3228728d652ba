"""Folders of installed Python packages (`site-packages`, `dist-packages`): exactly what is there, and why.

Edges are those that hold in the environment itself: markers are evaluated for its Python and platform, and an extra
counts only where something that is installed asks for it.  Nothing is imported or run.

Sources: https://packaging.python.org/en/latest/specifications/recording-installed-packages/, PEP 508, PEP 405.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from bomvet.model.inventory import Inventory, Location
from bomvet.model.text import shown
from bomvet.plugin import FileTree, Resolver
from bomvet.resolvers.python._environment import Environment, Platform, extension, layout, of_tag, possible, settings
from bomvet.resolvers.python._installed import ID, Installed, Reader, wheel_tags
from bomvet.resolvers.python._installed_graph import Graph, Place
from bomvet.resolvers.python._project import project_table, pyproject

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bomvet.plugin import Entry

#: Lines of one file that are told one by one.
_SHOWN = 20


def parse_site_packages(tree: FileTree, folder: str) -> Inventory:
    """All distributions of one folder; raises `FileUnreadableError` where it cannot be listed."""
    reader = Reader(tree, folder)
    entries = tree.entries(folder)
    packages = [*_distributions(reader, entries)]
    _links(reader, entries, packages)
    place = _place(reader, entries, packages)
    graph = Graph(reader, place, packages)
    graph.resolve()
    return graph.inventory()


def _distributions(reader: Reader, entries: Sequence[Entry]) -> Iterator[Installed]:
    """Every distribution that the folder itself holds; what others carry along in theirs is not of it."""
    for entry in entries:
        stem, _, kind = entry.name.rpartition(".")
        if kind not in ("dist-info", "egg-info", "egg", "egg-link"):
            continue
        path = posixpath.join(reader.folder, entry.name)
        if stem.startswith(("~", "-")):
            reader.unknown(path, "what an interrupted installation left behind")
            continue
        found = _distribution(reader, entry, kind, path)
        if found:
            yield found


def _distribution(reader: Reader, entry: Entry, kind: str, path: str) -> Installed | None:
    is_folder = entry.is_folder or (entry.is_link and not reader.tree.exists(path))
    if kind == "dist-info":
        return reader.dist_info(path)
    if kind == "egg-info":
        return reader.egg_info(path, is_folder=is_folder)
    if kind == "egg-link":
        return reader.egg_link(path)
    if is_folder:
        return reader.egg_info(f"{path}/EGG-INFO", is_folder=True)
    reader.unknown(path, "a zipped egg, which is not read")
    return None


def _links(reader: Reader, entries: Sequence[Entry], packages: Sequence[Installed]) -> None:
    """Report folders that `.pth` files add and that no editable install accounts for: more may be installed there."""
    known = {package.editable.rstrip("/") for package in packages if package.editable}
    names = {entry.name for entry in entries}
    for name in sorted(name for name in names if name.endswith(".pth")):
        path = posixpath.join(reader.folder, name)
        added = [*_added(reader.read(path) or b"", names, known)]
        for number, line in added[:_SHOWN]:
            reader.unknown(path, f"packages in {shown(line)}, which it adds, are not read", number)
        if len(added) > _SHOWN:
            reader.unknown(path, f"packages in {len(added) - _SHOWN:,} more folders that it adds are not read")


def _added(data: bytes, names: set[str], known: set[str]) -> Iterator[tuple[int, str]]:
    """The lines of a `.pth` file that name folders outside, but for those of the `known` projects."""
    for number, raw in enumerate(data.decode("utf-8", "replace").splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith(("#", "import ", "import\t")):
            continue
        parts = line.removeprefix("./").rstrip("/").split("/")
        if parts[0] not in names and not any("/".join(parts[:end]) in known for end in range(len(parts), 0, -1)):
            yield number, line


# -- place -----------------------------------------------------------------------------------------------------


def _place(reader: Reader, entries: Sequence[Entry], packages: Sequence[Installed]) -> Place:
    """The environment that the folder belongs to, and the project that it was made for."""
    tree, folder = reader.tree, reader.folder
    told = layout(folder)
    implementation, python, platforms = extension(entry.name for entry in entries)
    directory, stated, linux = folder, dict[str, str](), False
    locations: tuple[Location, ...] = ()
    if told.prefix is not None:
        mark = posixpath.join(told.prefix, "pyvenv.cfg")
        if tree.exists(mark):
            directory, locations = told.prefix, (Location(path=mark),)
            stated = settings(reader.read(mark) or b"")
            beside = reader.entries(told.prefix) or {}
            linux = "lib64" in beside and not told.windows
        elif tree.exists(posixpath.join(told.prefix, "conda-meta/history")):
            directory = told.prefix
    version = stated.get("version_info") or stated.get("version") or told.python or python
    environment = Environment(
        python=".".join(version.split(".")[:3]),
        implementation=stated.get("implementation", "").lower() or told.implementation or implementation,
        platforms=platforms or _platforms(reader, packages) or possible(windows=told.windows, linux=linux),
    )
    return Place(directory, locations, environment, (*_projects(tree, directory if locations else ""),))


def _platforms(reader: Reader, packages: Sequence[Installed]) -> tuple[Platform, ...]:
    """The platforms that the first wheel tells that is not for any."""
    for package in packages:
        data = reader.read(package.wheel) if package.wheel else None
        for tag in wheel_tags(data or b""):
            if platforms := of_tag(tag):
                return platforms
    return ()


def _projects(tree: FileTree, environment: str) -> Iterator[str]:
    """The folder of the nearest project above a virtual environment, or that is one itself."""
    here = environment
    while True:
        document = pyproject(tree, here)
        if project_table(document) or document.get("dependency-groups"):
            yield here
            return
        if not here:
            return
        here = posixpath.dirname(here)


SITE_PACKAGES = Resolver(
    id=ID,
    title="installed Python packages, those of virtual environments among them",
    folders=("site-packages", "dist-packages"),
    parse=parse_site_packages,
    reads="versions, edges with markers and extras evaluated for the environment, licences, origin, installer, SBOMs"
    " of wheels (PEP 770)",
    limits="no hash of the package but where it was installed from an archive; zipped eggs are reported; files of"
    " `--target` folders of other names are not looked at",
)
