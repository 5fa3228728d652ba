"""Lock files and manifests of formats that this version does not read: told, so that none is passed over in silence."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from bomvet.model.inventory import Inventory, Location, Unknown
from bomvet.plugin import Resolver
from bomvet.resolvers._listing import is_listed

if TYPE_CHECKING:
    from bomvet.plugin import FileTree

ID = "unread"
NAMES = (
    "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml", "pylock.*.toml", "conda-lock.yml", "Pipfile",
    "package.json",
    "bun.lockb",
    "go.mod", "Cargo.lock", "Gemfile.lock", "composer.lock", "pom.xml", "gradle.lockfile", "packages.lock.json",
    "mix.lock", "pubspec.lock", "Package.resolved", "Podfile.lock",
)  # fmt: skip
#: Locks of JavaScript projects: one of these, in the folder or above it, is told of instead of the manifest.
_NPM_LOCKS = ("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb")
_NPM_DEPENDENCIES = re.compile(rb'"(?:dependencies|optionalDependencies|peerDependencies)"\s*:\s*\{\s*"')


def parse_unread(tree: FileTree, path: str) -> Inventory:
    """An `Unknown`, unless another file speaks for this one.

    That is a lock for a `package.json`, which may also ask for nothing; and what pip-compile made for a `.in`.
    """
    if path.endswith("package.json") and not _is_open(tree, path):
        return Inventory()
    if path.endswith(".in") and is_listed(tree, f"{path[:-3]}.txt"):
        return Inventory()
    reason = "this version of bomvet does not read this format, so what it holds is not in the result"
    return Inventory(unknowns=(Unknown(location=Location(path=path), resolver=ID, reason=reason),))


def _is_open(tree: FileTree, path: str) -> bool:
    folder = posixpath.dirname(path)
    while True:
        if any(is_listed(tree, posixpath.join(folder, lock)) for lock in _NPM_LOCKS):
            return False
        if not folder:
            return bool(_NPM_DEPENDENCIES.search(tree.read(path)))
        folder = posixpath.dirname(folder)


UNREAD = Resolver(
    id=ID,
    title="formats that are noticed, and reported as not read",
    globs=(*(f"**/{name}" for name in NAMES), "**/*requirements*.in", "**/requirements/**/*.in"),
    parse=parse_unread,
    reads="nothing but that the file is there, which is reported as not established",
    limits="what it holds is in no result",
)
