"""`setup.cfg`: the project that setuptools builds from it, and what it declares where nothing locks that.

Source: https://setuptools.pypa.io/en/latest/userguide/declarative_config.html.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.plugin import FileTree, Resolver

if TYPE_CHECKING:
    from bomvet.model.inventory import Inventory

ID = "python/setup-cfg"


def parse_setup_cfg(tree: FileTree, path: str) -> Inventory:
    """The project, if the file is for setuptools, with what it declares where nothing locks that."""
    from bomvet.resolvers.python._setup_cfg import read_setup_cfg  # noqa: PLC0415 - most trees have no such file
    from bomvet.resolvers.python._setuptools import declared  # noqa: PLC0415

    return declared(tree, path, ID, read_setup_cfg(tree.read(path)))


SETUP_CFG = Resolver(
    id=ID,
    title="setup.cfg of setuptools",
    globs=("**/setup.cfg",),
    parse=parse_setup_cfg,
    reads="name, version, description and licence where they are static; where nothing locks them install_requires "
    "and extras_require, from the files that they name as well",
    limits="attr: and file: values of the name and version are left open",
)
