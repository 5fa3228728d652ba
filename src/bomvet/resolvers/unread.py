"""Lock files and manifests of formats that this version does not read: told, so that none is passed over in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.model.inventory import Inventory, Location, Unknown
from bomvet.plugin import Resolver
from bomvet.resolvers._listing import is_listed

if TYPE_CHECKING:
    from bomvet.plugin import FileTree

ID = "unread"
NAMES = (
    "bun.lockb",
    "go.mod", "Cargo.lock", "Gemfile.lock", "composer.lock", "pom.xml", "gradle.lockfile", "packages.lock.json",
    "mix.lock", "pubspec.lock", "Package.resolved", "Podfile.lock",
)  # fmt: skip


def parse_unread(tree: FileTree, path: str) -> Inventory:
    """An `Unknown`, unless it is the input of pip-compile, and what that made of it stands beside it."""
    if path.endswith(".in") and is_listed(tree, f"{path[:-3]}.txt"):
        return Inventory()
    reason = "this version of bomvet does not read this format, so what it holds is not in the result"
    return Inventory(unknowns=(Unknown(location=Location(path=path), resolver=ID, reason=reason),))


UNREAD = Resolver(
    id=ID,
    title="formats that are noticed, and reported as not read",
    globs=(*(f"**/{name}" for name in NAMES), "**/*requirements*.in", "**/requirements/**/*.in"),
    parse=parse_unread,
    reads="nothing but that the file is there, which is reported as not established",
    limits="what it holds is in no result",
)
