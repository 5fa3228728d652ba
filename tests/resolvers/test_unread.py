"""Formats that are noticed and not read."""

from __future__ import annotations

import pytest

from bomvet.model.globs import compiled
from bomvet.model.inventory import Inventory, Location, Unknown
from bomvet.resolvers.unread import NAMES, UNREAD, parse_unread
from tests.harness import MemoryTree, run_resolver

REASON = "this version of bomvet does not read this format, so what it holds is not in the result"


@pytest.mark.parametrize("name", [name.replace("*", "dev") for name in NAMES])
def test_every_name_is_claimed_in_every_folder(name: str) -> None:
    """Each of the formats is claimed at the top and below, and its like-named neighbours are not."""
    claimed = [
        path for path in (name, f"a/b/{name}", f"{name}.bak") if any(compiled(g).fullmatch(path) for g in UNREAD.globs)
    ]

    assert claimed == [name, f"a/b/{name}"]


def test_an_unread_file_is_a_known_unknown() -> None:
    """The file becomes an unknown of its own path, and nothing else."""
    expected = Inventory(
        unknowns=(Unknown(location=Location(path="web/Gemfile.lock"), resolver="unread", reason=REASON),)
    )

    assert run_resolver(UNREAD, {"web/Gemfile.lock": ""}, "web/Gemfile.lock") == expected


def test_an_unread_file_is_not_opened() -> None:
    """Only the name matters: the content is never asked for."""
    tree = MemoryTree({})
    parse_unread(tree, "Cargo.lock")

    assert tree.reads == []


@pytest.mark.parametrize("path", ["requirements.in", "a/dev-requirements.in", "requirements/prod/base.in"])
def test_the_input_of_pip_compile_is_told_of_where_nothing_was_compiled(path: str) -> None:
    """What is asked for is not what is installed; the compiled file beside it is read instead."""
    assert any(compiled(g).fullmatch(path) for g in UNREAD.globs)
    assert len(run_resolver(UNREAD, {path: "flask"}, path).unknowns) == 1
    assert run_resolver(UNREAD, {path: "flask", path[:-2] + "txt": ""}, path) == Inventory()
