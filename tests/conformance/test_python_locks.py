"""Real locks of Poetry and PDM against truths that were made without bomvet."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bomvet.model.inventory import Scope
from bomvet.model.purl import bare
from bomvet.pipeline import inspect
from bomvet.sources.directory import DirectoryTree

if TYPE_CHECKING:
    from bomvet.model.inventory import Inventory

LOCKS = Path(__file__).parents[2].parent / "shared" / "corpus" / "locks"
CORPORA = {"poetry-poetry": "poetry.lock", "pdm-pdm": "pdm.lock"}
pytestmark = pytest.mark.skipif(not LOCKS.is_dir(), reason="the corpus is not beside this checkout")
each_corpus = pytest.mark.parametrize("corpus", CORPORA)


@cache
def found(corpus: str) -> Inventory:
    """The inventory of one project of the corpus."""
    return inspect(DirectoryTree(str(LOCKS / corpus / "src"))).inventory


@cache
def truth(corpus: str) -> dict[str, Any]:
    """What is true of it."""
    data: dict[str, Any] = json.loads((LOCKS / corpus / "truth.json").read_text(encoding="utf-8"))
    return data


@cache
def text(corpus: str, path: str) -> str:
    """A file of one project."""
    return (LOCKS / corpus / "src" / path).read_text(encoding="utf-8")


def third_party(corpus: str) -> set[str]:
    """Purls of the packages that are not the project's own."""
    return {bare(c.purl) for c in found(corpus).components if not c.first_party}


@each_corpus
def test_components(corpus: str) -> None:
    """Exactly the packages that the lock holds, each once."""
    assert third_party(corpus) == set(truth(corpus)["components"])
    assert len(found(corpus).components) == len(truth(corpus)["components"])


@each_corpus
def test_edges(corpus: str) -> None:
    """Exactly the edges between packages, but for those of a package to itself."""
    known = third_party(corpus)
    edges = {(bare(r.source), bare(r.target)) for r in found(corpus).relationships}

    assert {edge for edge in edges if edge[0] in known} == {(s, t) for s, t in truth(corpus)["edges"] if s != t}


@each_corpus
def test_development(corpus: str) -> None:
    """Exactly the packages that only development reaches are marked so."""
    development = {bare(c.purl) for c in found(corpus).components if c.scope is Scope.DEV}

    assert development == set(truth(corpus)["dev"])


@each_corpus
def test_every_digest_is_kept(corpus: str) -> None:
    """No digest of the lock is lost, and none is made up."""
    kept = {h.value for c in found(corpus).components for d in c.distributions for h in d.hashes}
    stated = set(re.findall(r'(?<!_)hash = "sha256:([0-9a-f]{64})"', text(corpus, CORPORA[corpus])))

    assert kept == stated
    assert len(kept) > 600


@each_corpus
def test_everything_hangs_on_the_project(corpus: str) -> None:
    """The manifest names what the project asks for, and from there every package is reached."""
    root = found(corpus).root
    assert root is not None
    targets: dict[str, set[str]] = {}
    for edge in found(corpus).relationships:
        targets.setdefault(edge.source, set()).add(edge.target)
    seen, todo = {root.purl}, [root.purl]
    while todo:
        todo += (new := targets.get(todo.pop(), set()) - seen)
        seen |= new

    assert {c.purl for c in found(corpus).components} <= seen
    assert found(corpus).unknowns == ()


@each_corpus
def test_lines(corpus: str) -> None:
    """Every package and every request of the project is where its name stands in the file."""
    names = {c.purl: c.name for c in found(corpus).components}
    places = [(c.name, place) for c in found(corpus).components for place in c.locations]
    places += [
        (names[r.target], place) for r in found(corpus).relationships for place in r.evidence if "pyp" in place.path
    ]
    wrong = [
        str(place)
        for name, place in places
        if name not in re.sub(r"[-_.]+", "-", text(corpus, place.path).split("\n")[place.line - 1]).lower()
    ]

    assert wrong == []
    assert all(place.line for _, place in places)


@each_corpus
def test_conditions(corpus: str) -> None:
    """No edge and no package is conditioned on an extra or group: those are roles."""
    conditions = {marker for r in found(corpus).relationships for marker in r.markers}
    conditions |= {v for c in found(corpus).components for k, v in c.properties if k == "bomvet:marker"}

    assert [marker for marker in conditions if "extra" in marker or "groups" in marker] == []
    assert len(conditions) > 10
    assert {role.partition(":")[0] for r in found(corpus).relationships for role in r.roles} == {"extra", "group"}


def test_edges_of_extras() -> None:
    """What an extra needs is there where the extra is asked for, with the environments alone as a condition."""
    edges = {
        (bare(r.source)[9:], bare(r.target)[9:]): (r.roles, r.markers) for r in found("poetry-poetry").relationships
    }

    assert edges["coverage@7.13.5", "tomli@2.4.1"] == (("extra:toml",), ('python_full_version <= "3.11.0a6"',))
    assert edges["cachecontrol@0.14.4", "filelock@3.29.0"] == (("extra:filecache",), ())
