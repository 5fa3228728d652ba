"""Lock files and manifests of formats that this version does not read: told, so that none is passed over in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.model.inventory import Inventory, Location, Unknown
from bomvet.plugin import Resolver

if TYPE_CHECKING:
    from bomvet.plugin import FileTree

ID = "unread"
NAMES = (
    "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml", "pylock.*.toml", "conda-lock.yml", "Pipfile",
    "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb",
    "go.mod", "Cargo.lock", "Gemfile.lock", "composer.lock", "pom.xml", "gradle.lockfile", "packages.lock.json",
    "mix.lock", "pubspec.lock", "Package.resolved", "Podfile.lock",
)  # fmt: skip


def parse_unread(tree: FileTree, path: str) -> Inventory:  # noqa: ARG001 - the signature of a resolver
    """An `Unknown` and nothing else."""
    reason = "this version of bomvet does not read this format, so what it holds is not in the result"
    return Inventory(unknowns=(Unknown(location=Location(path=path), resolver=ID, reason=reason),))


UNREAD = Resolver(
    id=ID,
    title="formats that are noticed, and reported as not read",
    globs=tuple(f"**/{name}" for name in NAMES),
    parse=parse_unread,
)
