"""A large installed environment, put together again from what pip says of it, against a truth made without bomvet."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bomvet.model.inventory import RelationKind
from bomvet.model.purl import pypi_purl
from bomvet.pipeline import inspect
from bomvet.resolvers.python.site_packages import SITE_PACKAGES
from tests.harness import MemoryTree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.model.inventory import Inventory

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus" / "locks" / "venv-big"
PACKAGES = "lib/python3.11/site-packages"
pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not beside this checkout")
#: Fields of `pip inspect` by their headers.
HEADERS = {
    "License": "license", "License-Expression": "license_expression", "License-File": "license_file",
    "Classifier": "classifier", "Requires-Dist": "requires_dist", "Requires-Python": "requires_python",
    "Author": "author", "Author-email": "author_email", "Summary": "summary",
}  # fmt: skip


def headers(metadata: dict[str, Any]) -> Iterator[str]:
    """METADATA as it was, but for fields that nobody reads."""
    yield f"Metadata-Version: {metadata['metadata_version']}"
    yield f"Name: {metadata['name']}"
    yield f"Version: {metadata['version']}"
    for header, field in HEADERS.items():
        value = metadata.get(field, [])
        for one in value if isinstance(value, list) else [value]:
            yield f"{header}: " + one.replace("\n", "\n        ")


@cache
def inspected() -> list[dict[str, Any]]:
    """What pip says of each distribution."""
    entries: list[dict[str, Any]] = json.loads(gzip.decompress((CORPUS / "pip-inspect.json.gz").read_bytes()))[
        "installed"
    ]
    return entries


@cache
def found() -> Inventory:
    """The inventory of the environment."""
    files: dict[str, str | bytes] = {"pyvenv.cfg": "home = /usr/bin\nimplementation = CPython\nversion_info = 3.11.7\n"}
    files["lib64/python3.11/x"] = ""
    for entry in inspected():
        folder = f"{PACKAGES}/{entry['metadata_location'].rpartition('/')[2]}"
        files[f"{folder}/METADATA"] = "\n".join((*headers(entry["metadata"]), "", "Version: 0"))
        files[f"{folder}/INSTALLER"] = f"{entry['installer']}\n"
    return inspect(MemoryTree(files, name="venv"), resolvers=[SITE_PACKAGES]).inventory


@cache
def truth() -> dict[str, Any]:
    """What is true of it."""
    data: dict[str, Any] = json.loads((CORPUS / "truth.json").read_text(encoding="utf-8"))
    return data


def test_components() -> None:
    """Exactly the distributions that pip sees, none twice, all from an index."""
    assert [c.purl for c in found().components] == sorted(truth()["components"])


def test_edges() -> None:
    """Exactly the edges that hold in the environment, of the extras that something asks for among them."""
    edges = {(r.source, r.target) for r in found().relationships if r.kind is RelationKind.DEPENDS_ON}

    assert edges == {(source, target) for source, target in truth()["edges"]}


def test_edges_of_extras_say_so() -> None:
    """The edges that only an extra asks for have its name as their role."""
    extra = {(r.source, r.target) for r in found().relationships if r.roles}
    plain = {(source, target) for source, target in truth()["edges_noextra"]}

    assert extra == {(source, target) for source, target in truth()["edges"]} - plain
    assert {role for r in found().relationships for role in r.roles if not role.startswith("extra:")} == set()


def test_everything_is_reached_from_the_root() -> None:
    """The environment contains what nothing in it asks for, and reaches all."""
    root = found().root
    assert root is not None
    targets: dict[str, list[str]] = {}
    for edge in found().relationships:
        targets.setdefault(edge.source, []).append(edge.target)
    seen, todo = {root.purl}, [root.purl]
    while todo:
        todo += (new := [t for t in targets.get(todo.pop(), ()) if t not in seen])
        seen.update(new)

    assert root.properties[0] == ("bomvet:environment", "cpython 3.11.7, linux")
    assert {c.purl for c in found().components} - seen == set()
    asked_for = {target for _, target in truth()["edges"]}
    assert set(targets[root.purl]) == set(truth()["components"]) - asked_for


def test_licences() -> None:
    """Every distribution whose metadata state a licence has one, and what is concluded was declared in words."""
    stating = set()
    for entry in inspected():
        metadata = entry["metadata"]
        classifiers = [c for c in metadata.get("classifier", ()) if c.startswith("License :: ")]
        if metadata.get("license", "UNKNOWN") != "UNKNOWN" or classifiers or metadata.get("license_file"):
            stating.add(pypi_purl(metadata["name"], metadata["version"]))

    assert {c.purl for c in found().components if c.licences} == stating
    assert [c.purl for c in found().components if c.licences and all(one.concluded for one in c.licences)] == []


def test_nothing_is_left_open() -> None:
    """All of the metadata is understood."""
    assert found().unknowns == ()
    assert pypi_purl("pip", "23.2.1") in {c.purl for c in found().components}
