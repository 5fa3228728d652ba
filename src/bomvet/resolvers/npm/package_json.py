"""`package.json`: the project itself, and what it declares where nothing locks that and nothing is installed.

Source: https://docs.npmjs.com/cli/v11/configuring-npm/package-json.
"""

from __future__ import annotations

import posixpath

from bomvet.model.inventory import Inventory, Location, Unknown
from bomvet.plugin import FileTree, Resolver
from bomvet.resolvers._listing import is_installed_folder, is_listed

ID = "npm/package-json"
#: Any of these, in the folder or above it, says what is installed: whoever reads it tells what it holds.
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
    spoken, lock = _spoken_for(tree, directory)
    if spoken and posixpath.dirname(lock) != directory and lock and any(table.get(key) for key in TABLES[:3]):
        from bomvet.resolvers.npm._requested import is_member, is_named  # noqa: PLC0415 - only below a lock

        is_of_workspace = is_member(tree, posixpath.dirname(lock), directory)
        if not is_of_workspace or not is_named(tree, lock, directory):
            lacking = f"{lock} does not name it" if is_of_workspace else f"it is no member of the workspace of {lock}"
            reason = f"what it asks for is not known: {lacking}"
            unknown = Unknown(location=Location(path=path), resolver=ID, reason=reason)
            return Inventory(components=(project,), unknowns=(unknown,))
    if spoken:
        return Inventory(components=(project,))
    from bomvet.resolvers.npm._requested import Reader  # noqa: PLC0415 - most projects have a lock

    return Reader(ID, tree, path, data, table).inventory(project)


def _spoken_for(tree: FileTree, directory: str) -> tuple[bool, str]:
    """Whether a lock, or what is installed, stands in the folder or above it; and the lock, if it is one."""
    while True:
        for lock in (posixpath.join(directory, name) for name in LOCKS):
            if is_listed(tree, lock):
                return True, lock
        if is_installed_folder(tree, posixpath.join(directory, "node_modules")):
            return True, ""
        if not directory:
            return False, ""
        directory = posixpath.dirname(directory)


PACKAGE_JSON = Resolver(
    id=ID,
    title="package.json",
    globs=("**/package.json",),
    parse=parse_package_json,
    reads="the project; where no lock and no node_modules stands beside it or above, what it asks for: dependencies of "
    "all kinds, aliases, git, archives, folders and members of the workspace",
    limits="a member of the workspace is taken for what its name asks for, whatever the range",
)
