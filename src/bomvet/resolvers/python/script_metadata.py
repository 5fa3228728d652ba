"""Scripts that state in a comment what they need (PEP 723).

A script is an application of its own.  Looking into every Python file of a tree would cost more than the rest of
the scan, so that scripts are looked for where they can run alone, in folders that are no packages, and in the first
lines of the file.

Source: https://packaging.python.org/en/latest/specifications/inline-script-metadata/.
"""

from __future__ import annotations

import posixpath
from operator import methodcaller
from typing import TYPE_CHECKING, Any

from bomvet.errors import MalformedError
from bomvet.model.inventory import Component, Inventory, Kind, Location
from bomvet.model.purl import project_purl
from bomvet.plugin import FileTree, Resolver
from bomvet.resolvers._listing import is_listed

if TYPE_CHECKING:
    from collections.abc import Iterator

ID = "python/script"
#: What a file must hold in its first bytes.
_MARK, _FIRST_BYTES = b"# /// script", 4096
#: Files that are looked into, the least deep first; trees with more have them in packages.
MAX_FILES = 500


def find_scripts(tree: FileTree) -> Iterator[str]:
    """The scripts with metadata among the files of `tree`."""
    paths = tree.paths()
    scripts = [path for path in paths if path.endswith(".py")]
    packages = {path[:-12] for path in scripts if path.endswith("/__init__.py")}
    if is_listed(tree, "__init__.py"):
        packages.add("")
    alone = [path for path in scripts if path.rpartition("/")[0] not in packages]
    if len(alone) > MAX_FILES:
        alone = sorted(alone, key=methodcaller("count", "/"))[:MAX_FILES]
    # What stands alone in the tree was named by the user.
    for path in alone if len(paths) > 1 else scripts:
        if _MARK in tree.starts(path, _FIRST_BYTES):
            yield path


def parse_script(tree: FileTree, path: str) -> Inventory:
    """The script and what it needs, or nothing where a lock says that; raises `MalformedError`."""
    from bomvet.resolvers.python._declared import Declared  # noqa: PLC0415 - most trees have no such file
    from bomvet.resolvers.python._project import load_toml  # noqa: PLC0415
    from bomvet.resolvers.python._tables import Manifest  # noqa: PLC0415
    from bomvet.resolvers.python._toml_places import Places  # noqa: PLC0415

    before, block = _block(tree.read(path))
    if not block or is_listed(tree, f"{path}.lock"):
        return Inventory()
    try:
        document = load_toml(block)
    except MalformedError as error:
        raise MalformedError(str(error), line=before + error.line if error.line else 0) from None
    # The keys are those of a project's table, and of uv's.
    project = {"dependencies": document.get("dependencies", [])}
    manifest = Manifest({"project": project, "tool": document.get("tool", {})})
    places = Places(block)
    declared = Declared(ID, tree, path, index=manifest.index, extra_indexes=manifest.extra_indexes)
    for _, role, _, text, read in manifest.stated():
        declared.add(read, role, before + places.line(("dependencies",), text), text)
    for problem in manifest.problems:
        declared.unknown(before + places.line(("dependencies",)), problem.reason)
    return declared.inventory(_script(path, document, before), states_all=True)


def _script(path: str, document: dict[str, Any], line: int) -> Component:
    name = posixpath.basename(path)
    python = document.get("requires-python")
    return Component(
        purl=project_purl(name, "", path),
        name=name,
        kind=Kind.APPLICATION,
        directory=path,
        locations=(Location(path=path, line=line),),
        properties=(("bomvet:requires-python", python),) if isinstance(python, str) else (),
    )


def _block(data: bytes) -> tuple[int, bytes]:
    """The line of the opening comment, and the text of the block; a block ends at the last `# ///` of the comment.

    Raises `MalformedError` where there are several, or where one does not end.
    """
    lines = data.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    starts = [number for number, line in enumerate(lines, start=1) if line == _MARK.decode()]
    if not starts:
        return 0, b""
    if len(starts) > 1:
        raise MalformedError("more than one block of script metadata", line=starts[1])
    start = end = starts[0]
    for number, line in enumerate(lines[start:], start=start + 1):
        if not (line == "#" or line.startswith("# ")):
            break
        end = number if line == "# ///" else end
    if end == start:
        raise MalformedError("the block of script metadata does not end", line=start)
    return start, "\n".join(line[2:] for line in lines[start : end - 1]).encode()


SCRIPT_METADATA = Resolver(
    id=ID,
    title="scripts with inline metadata (PEP 723)",
    globs=("**/*.py",),
    search=find_scripts,
    parse=parse_script,
    reads="the script as a project of its own, with its dependencies, where no lock of its own stands beside it",
    limits="looked for in the first 4 KiB of at most 500 files in folders that are no packages",
)
