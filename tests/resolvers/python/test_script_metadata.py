"""Scripts with metadata (PEP 723): `SCRIPT_METADATA`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bomvet.errors import MalformedError
from bomvet.model.inventory import (
    Completeness,
    Component,
    Inventory,
    Kind,
    Location,
    RelationKind,
    Relationship,
    Unknown,
)
from bomvet.pipeline import inspect
from bomvet.resolvers.python.script_metadata import MAX_FILES, SCRIPT_METADATA, find_scripts
from tests.harness import MemoryTree, run_resolver
from tests.resolvers.mutations import survives

TEXT = """\
#!/usr/bin/env python
# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "rich<15",
#
#   "own",
# ]
# [tool.uv.sources]
# own = { path = "../libs/own" }
# ///
# a comment of its own
import rich
"""


def test_a_script() -> None:
    """A script is a project of its own, with what it needs, each with its line."""
    files = {"tools/run.py": TEXT, "libs/own/pyproject.toml": "[project]\nname = 'own'\n"}
    found = run_resolver(SCRIPT_METADATA, files, "tools/run.py")
    line = Location(path="tools/run.py", line=5)
    script = Component(
        purl="pkg:generic/run.py?path=tools/run.py",
        name="run.py",
        kind=Kind.APPLICATION,
        directory="tools/run.py",
        dependencies=Completeness.COMPLETE,
        locations=(Location(path="tools/run.py", line=2),),
        properties=(("bomvet:requires-python", ">=3.11"),),
    )
    own = Component(
        purl="pkg:generic/own?path=libs/own",
        name="own",
        kind=Kind.APPLICATION,
        directory="libs/own",
        locations=(Location(path="libs/own/pyproject.toml"), Location(path="tools/run.py", line=7)),
    )
    rich = Component(purl="pkg:pypi/rich", name="rich", locations=(line,), properties=(("bomvet:requirement", "<15"),))

    assert found == Inventory(
        components=(own, script, rich),
        relationships=(
            Relationship(source=script.purl, target=own.purl, evidence=(Location(path="tools/run.py", line=7),)),
            Relationship(source=script.purl, target=rich.purl, evidence=(line,)),
        ),
        unknowns=(Unknown(location=line, resolver="python/script", reason="not locked: rich<15"),),
    )


def test_a_locked_script() -> None:
    """The lock of a script speaks for it."""
    assert run_resolver(SCRIPT_METADATA, {"a.py": TEXT, "a.py.lock": ""}, "a.py") == Inventory()


def test_a_script_is_found_and_hangs_on_the_tree() -> None:
    """In a scan the script is told of beside the project of the tree."""
    files = {
        "run.py": TEXT.replace("../libs", "libs"),
        "x.py": "1",
        "libs/own/pyproject.toml": "[project]\nname = 'own'\n",
    }
    found = inspect(MemoryTree(files)).inventory
    contains = {(r.target, r.evidence) for r in found.relationships if r.kind is RelationKind.CONTAINS}

    assert contains == {("pkg:generic/run.py?path=run.py", (Location(path="run.py", line=2),))}


def test_where_scripts_are_looked_for() -> None:
    """In folders that are no packages, in the first bytes; what is named alone is looked into wherever it lies."""
    files = {
        "a.py": TEXT, "b.py": "x", "pkg/__init__.py": "", "pkg/c.py": TEXT, "pkg/scripts/d.py": TEXT,
        "e.txt": TEXT, "f.py": "#" * 5000 + TEXT, "g.pyi": TEXT,
    }  # fmt: skip

    assert [*find_scripts(MemoryTree(files))] == ["a.py", "pkg/scripts/d.py"]
    assert [*find_scripts(MemoryTree({**files, "__init__.py": TEXT}))] == ["pkg/scripts/d.py"]
    assert [*find_scripts(MemoryTree({"__init__.py": TEXT}))] == ["__init__.py"]
    assert [*find_scripts(MemoryTree({}))] == []


def test_how_many_files_are_looked_into() -> None:
    """Of very many files those that lie least deep are."""
    files = {f"d/{n:04}.py": TEXT for n in range(MAX_FILES)} | {"z.py": TEXT, "a/b/c.py": TEXT}
    found = [*find_scripts(MemoryTree(files))]

    assert (len(found), found[0], found[-1]) == (MAX_FILES, "z.py", f"d/{MAX_FILES - 2:04}.py")


@pytest.mark.parametrize("text", ["", "x = 1", "#/// script\n# ///", " # /// script\n # ///", "# /// other\n# ///"])
def test_no_metadata(text: str) -> None:
    """A file without the comment is none of ours."""
    assert run_resolver(SCRIPT_METADATA, {"a.py": text}, "a.py") == Inventory()


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("# /// script\n# x = 1\n", 1, "the block of script metadata does not end"),
        ("# /// script\n#x = 1\n# ///\n", 1, "the block of script metadata does not end"),
        ("# /// script\n# ///\n\n# /// script\n# ///\n", 4, "more than one block of script metadata"),
        ("x\n# /// script\n# a = =\n# ///\n", 3, "not TOML: Invalid value (at line 1, column 5)"),
        ("# /// script\n# a = " + "[" * 10_000 + "\n# ///\n", 0, "nested too deeply"),
    ],
)
def test_damaged_blocks(text: str, line: int, reason: str) -> None:
    """They are told with their line."""
    with pytest.raises(MalformedError) as caught:
        run_resolver(SCRIPT_METADATA, {"a.py": text}, "a.py")

    assert (caught.value.line, str(caught.value)) == (line, reason)


@pytest.mark.parametrize(
    ("block", "line", "reason"),
    [
        ("dependencies = 3", 2, "project.dependencies holds int where a requirement belongs"),
        ("dependencies = [\n  '?!']", 3, "?!: is no requirement"),
        ("x = 1\ndependencies = [3]\ntool = 3", 3, "project.dependencies holds int where a requirement belongs"),
    ],
)
def test_what_is_no_requirement(block: str, line: int, reason: str) -> None:
    """It is told with its line."""
    text = "\n".join(["# /// script", *(f"# {text}" for text in block.split("\n")), "# ///"])
    (unknown,) = run_resolver(SCRIPT_METADATA, {"a.py": text}, "a.py").unknowns

    assert (unknown.location.line, unknown.reason.partition(" (")[0]) == (line, reason)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_block_ends_at_the_last_mark(newline: str) -> None:
    """What looks like an end within the comment is a part of it, as the specification has it."""
    text = newline.join(["# /// script", "# dependencies = ['''a", "# ///", "# ''']", "# ///", "#"])
    found = survives(SCRIPT_METADATA, {"a.py": text}, "a.py")

    assert found is not None
    assert [u.reason.partition(": ")[2].partition(" (")[0] for u in found.unknowns] == ["is no requirement"]


@given(st.lists(st.sampled_from([*TEXT.splitlines(), "# [tool]", "#", "# ///", "# /// script", "x"])))
def test_damaged_scripts(lines: list[str]) -> None:
    """Lines in any order are read or told."""
    survives(SCRIPT_METADATA, {"a.py": "\n".join(lines)}, "a.py")


@given(st.binary())
def test_any_bytes(data: bytes) -> None:
    """Whatever the bytes, there is an answer."""
    survives(SCRIPT_METADATA, {"a.py": b"# /// script\n# " + data + b"\n# ///\n"}, "a.py")
