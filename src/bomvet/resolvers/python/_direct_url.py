"""`direct_url.json`: where a distribution was installed from, if not from an index.

Source: https://packaging.python.org/en/latest/specifications/direct-url-data-structure/ (PEP 610).
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from bomvet.errors import MalformedError
from bomvet.model.inventory import Distribution, Hash
from bomvet.model.purl import public_url, pypi_name
from bomvet.resolvers._json import load_object
from bomvet.resolvers.python._project import project_table, pyproject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.plugin import FileTree

_MANIFESTS = ("pyproject.toml", "setup.py", "setup.cfg")
#: Parts of a path that are looked for in the tree.
_DEEPEST = 64


class DirectUrl(NamedTuple):
    """An origin: qualifiers of the purl and files, or the folder (an absolute path) that was installed."""

    qualifiers: dict[str, str]
    distributions: tuple[Distribution, ...]
    folder: str
    editable: bool
    problem: str


def read_direct_url(data: bytes) -> DirectUrl:
    """What the file states; what cannot be understood of it stands in `problem`."""
    try:
        table = load_object(data)
    except MalformedError as error:
        return _problem(f"direct_url.json is not understood: {error}")
    url = table.get("url")
    kinds = [key for key in ("dir_info", "archive_info", "vcs_info") if isinstance(table.get(key), dict)]
    if not isinstance(url, str) or not url or len(kinds) != 1:
        return _problem("direct_url.json does not say what was installed")
    info: dict[str, Any] = table[kinds[0]]
    if kinds[0] == "vcs_info":
        return _of_vcs(url, info, table.get("subdirectory"))
    if kinds[0] == "archive_info":
        return _of_archive(url, info)
    path = unquote(url.removeprefix("file://")) if url.startswith("file://") else ""
    problem = "" if path else "direct_url.json does not say which folder was installed"
    return DirectUrl({}, (), path, editable=info.get("editable") is True, problem=problem)


def _of_vcs(url: str, info: dict[str, Any], subdirectory: object) -> DirectUrl:
    commit, tool = info.get("commit_id"), info.get("vcs")
    place = f"{tool}+{public_url(url)}" if isinstance(tool, str) and tool.isalpha() else public_url(url)
    known = isinstance(commit, str) and commit
    place += f"@{commit}" if known else ""
    place += f"#{subdirectory}" if isinstance(subdirectory, str) and subdirectory else ""
    problem = "" if known else "direct_url.json states no commit"
    return DirectUrl({"vcs_url": place}, (), "", editable=False, problem=problem)


def _of_archive(url: str, info: dict[str, Any]) -> DirectUrl:
    """An archive of this machine goes by its name: where it was is nobody's affair."""
    stated = info.get("hashes")
    pairs = [*stated.items()] if isinstance(stated, dict) else []
    if isinstance(info.get("hash"), str):
        pairs.append(info["hash"].partition("=")[::2])
    hashes, problem = set(), ""
    for algorithm, value in pairs:
        try:
            hashes.add(Hash.parse(f"{algorithm}:{value}"))
        except ValueError as error:
            problem = f"a hash in direct_url.json cannot be used: {error}"
    if url.startswith("file:"):
        place = unquote(posixpath.basename(url.partition("#")[0]))
        qualifiers = {"file_name": place}
    else:
        place = public_url(url)
        qualifiers = {"download_url": place.partition("#")[0]}
    file = Distribution(url=public_url(place), hashes=tuple(sorted(hashes)))
    return DirectUrl(qualifiers, (file,), "", editable=False, problem=problem)


def _problem(text: str) -> DirectUrl:
    return DirectUrl({}, (), "", editable=False, problem=text)


def own_folder(tree: FileTree, path: str, name: str) -> str | None:
    """The folder of the tree that is `path`, an absolute path of where the environment was made; None if none is.

    The tree need not be where it was: the longest end of the path counts at which a project stands in the tree that
    is called `name`, or whose manifest leaves its name open.
    """
    parts = [part for part in path.replace("\\", "/").split("/") if part]
    if len(parts) > _DEEPEST or any(part in (".", "..") for part in parts):
        return None
    return next((folder for folder in _ends(tree, parts) if _is_project(tree, folder, name)), None)


def _ends(tree: FileTree, parts: list[str]) -> Iterator[str]:
    """The ends of a path, the longest first; the top of the tree is last."""
    for start in range(len(parts)):
        yield "/".join(parts[start:])
    if parts and (parts[-1] == tree.name or project_table(pyproject(tree, "")).get("name")):
        yield ""


def _is_project(tree: FileTree, folder: str, name: str) -> bool:
    if not any(tree.exists(posixpath.join(folder, manifest)) for manifest in _MANIFESTS):
        return False
    stated = project_table(pyproject(tree, folder)).get("name")
    return not isinstance(stated, str) or pypi_name(stated) == name
