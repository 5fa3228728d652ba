"""`setup.py` and `setup.cfg`: not run and not read, but told of where nothing else states what they ask for."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from bomvet.model.inventory import Inventory, Location, Unknown
from bomvet.plugin import Resolver
from bomvet.resolvers._listing import is_listed
from bomvet.resolvers.python._beside import has_lock

if TYPE_CHECKING:
    from bomvet.plugin import FileTree

ID = "python/setup"


def parse_setup(tree: FileTree, path: str) -> Inventory:
    """An `Unknown` where the file names dependencies and neither a lock nor a `requirements.txt` is beside it."""
    directory = posixpath.dirname(path)
    if b"install_requires" not in tree.read(path):
        return Inventory()
    if has_lock(tree, directory) or is_listed(tree, posixpath.join(directory, "requirements.txt")):
        return Inventory()
    reason = "it names dependencies, which are not locked and which this version of bomvet does not read"
    return Inventory(unknowns=(Unknown(location=Location(path=path), resolver=ID, reason=reason),))


SETUP = Resolver(
    id=ID,
    title="setup.py and setup.cfg: noticed, and reported where nothing locks them",
    globs=("**/setup.py", "**/setup.cfg"),
    parse=parse_setup,
)
