"""What the `package.json` files beside a `yarn.lock` say that the lock does not: workspaces and resolutions.

Sources: https://classic.yarnpkg.com/en/docs/workspaces, https://classic.yarnpkg.com/en/docs/selective-version-resolutions,
https://yarnpkg.com/configuration/manifest#resolutions.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from bomvet.model.globs import compiled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bomvet.plugin import FileTree
    from bomvet.resolvers.npm._graph import Graph

_BRACES = re.compile(r"\{([^{}]*)\}")
#: Patterns of a workspace that are matched at all; each is put to every package.json.
_MAX_PATTERNS = 200
#: Of one name; each is held against all that ask for it, and there is no project with more.
_MAX_OVERRIDES = 200
_SEGMENT = re.compile(r"(?P<name>\*\*?|(?:@[^/@]+/)?[^/@]+)(?:@(?P<range>[^/]+))?(?:/|$)")


class Override(NamedTuple):
    """A line of `resolutions`: what `name` is to be, wherever asked for, or by `parent`, or as `range`."""

    parent: str
    parent_range: str
    name: str
    range: str
    reference: str


def members(tree: FileTree, directory: str, table: dict[str, Any]) -> tuple[list[str], str]:
    """The folders of the workspaces of the project in `directory`, and what of them is not understood."""
    stated = table.get("workspaces")
    patterns = stated.get("packages") if isinstance(stated, dict) else stated
    if not patterns:
        return [], ""
    if not isinstance(patterns, list) or not all(isinstance(pattern, str) for pattern in patterns):
        return [], "the workspaces are no list of patterns"
    wanted = [p for pattern in patterns[: _MAX_PATTERNS + 1] for p in _without_braces(pattern)]
    fault = f"of the patterns of workspaces only {_MAX_PATTERNS} are read" if len(wanted) > _MAX_PATTERNS else ""
    return sorted(_matching(_folders(tree, directory), wanted[:_MAX_PATTERNS], directory)), fault


def _without_braces(pattern: str) -> Iterator[str]:
    """`a/{b,c}` as `a/b` and `a/c`; of several groups the first alone, so that nothing multiplies."""
    match = _BRACES.search(pattern)
    if not match:
        yield pattern
        return
    for choice in match[1].split(",")[:_MAX_PATTERNS]:
        yield pattern[: match.start()] + choice + pattern[match.end() :]


def _folders(tree: FileTree, directory: str) -> list[str]:
    """Folders below `directory` with a package.json."""
    top = f"{directory}/" if directory else ""
    return [
        path[: -len("/package.json")]
        for path in tree.paths()
        if path.endswith("/package.json") and path.startswith(top) and len(path) > len(top) + len("package.json")
    ]


def _matching(folders: list[str], patterns: Iterable[str], directory: str) -> set[str]:
    """Those of `folders` that `patterns` mean, which a `!` takes away again."""
    found: set[str] = set()
    for pattern in patterns:
        path = posixpath.normpath(posixpath.join(directory, pattern.removeprefix("!")))
        # With a slash in front a pattern is held against the whole path.
        matches = compiled(f"/{path}").fullmatch
        hits = {folder for folder in folders if matches(folder)}
        found = found - hits if pattern.startswith("!") else found | hits
    return found


def overrides(table: dict[str, Any]) -> dict[str, list[Override]]:
    """The `resolutions` of a project by the name that they are about, in their order."""
    stated = table.get("resolutions")
    found: dict[str, list[Override]] = {}
    for pattern, reference in stated.items() if isinstance(stated, dict) else ():
        segments = [(match["name"], match["range"] or "") for match in _SEGMENT.finditer(pattern)]
        if segments and isinstance(reference, str):
            name, range_ = segments[-1]
            parent, parent_range = segments[-2] if len(segments) > 1 else ("", "")
            if parent.startswith("*"):
                parent = parent_range = ""
            known = found.setdefault(name, [])
            if len(known) < _MAX_OVERRIDES:
                known.append(Override(parent, parent_range, name, range_, reference))
    return found


def split_at(text: str) -> tuple[str, str]:
    """`NAME@REST` as both; an `@` in front belongs to the name."""
    at = text.find("@", 1)
    return (text, "") if at < 0 else (text[:at], text[at + 1 :])


def within(directory: str, path: str) -> str | None:
    """`path`, as it is meant in `directory`, from the top of the tree ("" is the top); None where it leads out."""
    found = posixpath.normpath(posixpath.join(directory, path))
    if found == ".":
        return ""
    return None if found == ".." or found.startswith(("../", "/")) else found


def tell_of_orphans(graph: Graph) -> None:
    """Yarn keeps nothing in a lock that nothing needs, so who needs such a package is something we do not see."""
    if not any(node.component.first_party for node in graph.nodes):
        return
    needed = {target.component.purl for node in graph.nodes for target, _ in node.edges}
    for node in graph.nodes:
        if node.component.purl not in needed and not node.component.first_party:
            graph.unknown(node.location, f"what needs {node.component.label} is not to be seen in the lock")
