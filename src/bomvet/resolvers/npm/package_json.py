"""`package.json`: the project itself, and what it declares where nothing locks that and nothing is installed.

Source: https://docs.npmjs.com/cli/v11/configuring-npm/package-json.
"""

from __future__ import annotations

import posixpath

from bomvet.errors import FileUnreadableError
from bomvet.model.inventory import Inventory
from bomvet.plugin import FileTree, Resolver
from bomvet.resolvers._listing import is_installed_folder, is_listed

ID = "npm/package-json"
#: Any of these, in the folder, or above it where the project belongs to that, says what is installed: whoever reads
#: it tells what it holds.
LOCKS = ("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb")
TABLES = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")


def parse_package_json(tree: FileTree, path: str) -> Inventory:
    """The project, if it is one, with what it declares where nothing says more; raises `MalformedError`."""
    from bomvet.resolvers.npm._manifest import load_manifest, project_at  # noqa: PLC0415 - many trees have no such file

    data = tree.read(path)
    table = load_manifest(data)
    directory = posixpath.dirname(path)
    if not any(table.get(key) for key in ("name", "version", *TABLES)):
        return Inventory()  # settings for a folder, such as {"type": "module"}
    project = project_at(tree, directory)
    if _is_spoken_for(tree, directory):
        return Inventory(components=(project,))
    from bomvet.resolvers.npm._requested import Reader  # noqa: PLC0415 - most projects have a lock

    return Reader(ID, tree, path, data, table).inventory(project)


def _is_spoken_for(tree: FileTree, directory: str) -> bool:
    """Whether a lock, or what is installed, stands in the folder, or above it where the project belongs to that."""
    top = directory
    while True:
        locks = [lock for name in LOCKS if is_listed(tree, lock := posixpath.join(top, name))]
        installed = is_installed_folder(tree, posixpath.join(top, "node_modules"))
        if (locks or installed) and (top == directory or _belongs(tree, directory, top, locks)):
            return True
        if not top:
            return False
        top = posixpath.dirname(top)


def _belongs(tree: FileTree, directory: str, top: str, locks: list[str]) -> bool:
    """Whether the project in `directory` is one of the workspace of `top`, or one of `locks` names its folder."""
    from bomvet.resolvers.npm._workspace import is_workspace_member, locked_places  # noqa: PLC0415 - for few projects

    place = posixpath.relpath(directory, top or ".")
    member = is_workspace_member(tree, top, place)
    for lock in locks:
        try:
            places = locked_places(posixpath.basename(lock), tree.read(lock))
        except FileUnreadableError:
            return True  # the resolver of the lock reports it
        # One that names projects must name this one, or it was made before it; Yarn 1 names none.
        if places is None or place in places or (member and not places):
            return True
    return member and not locks


PACKAGE_JSON = Resolver(
    id=ID,
    title="package.json",
    globs=("**/package.json",),
    parse=parse_package_json,
    reads="the project; where no lock and no node_modules, its own or that of its workspace, speaks for it, what it "
    "asks for: dependencies of all kinds, aliases, git, archives, folders and members of the workspace",
    limits="a member of the workspace is taken for what its name asks for, whatever the range",
)
