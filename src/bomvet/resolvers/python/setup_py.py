"""`setup.py`: read as text, never run; what its call of `setup` states in literals.

Source: https://setuptools.pypa.io/en/latest/references/keywords.html.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.plugin import FileTree, Resolver

if TYPE_CHECKING:
    from bomvet.model.inventory import Inventory

ID = "python/setup-py"


def parse_setup_py(tree: FileTree, path: str) -> Inventory:
    """The project, if the file calls `setup`, with what it declares where nothing locks that."""
    from bomvet.resolvers.python._setup_py import read_setup_py  # noqa: PLC0415 - most trees have no such file
    from bomvet.resolvers.python._setuptools import declared  # noqa: PLC0415

    return declared(tree, path, ID, read_setup_py(tree.read(path)))


SETUP_PY = Resolver(
    id=ID,
    title="setup.py of setuptools, which is never run",
    globs=("**/setup.py",),
    parse=parse_setup_py,
    reads="literals in the call of setup(), and names that are bound once to such: name, version, description, "
    "licence, and where nothing locks them install_requires and extras_require",
    limits="whatever else only running it would tell is reported as dynamic",
)
