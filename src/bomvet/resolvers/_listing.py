"""What a walk listed, as against what is there: a file that was passed over speaks for nothing."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bomvet.plugin import FileTree


def is_listed(tree: FileTree, path: str) -> bool:
    """Whether `path` is among the files that resolvers are asked about."""
    paths = tree.paths()
    at = bisect_left(paths, path)
    return at < len(paths) and paths[at] == path


def is_installed_folder(tree: FileTree, path: str) -> bool:
    """Whether `path` is among the folders of installed packages."""
    folders = tree.folders()
    at = bisect_left(folders, path)
    return at < len(folders) and folders[at] == path
