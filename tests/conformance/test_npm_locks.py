"""Real locks of npm projects against truths that were made without bomvet."""

from __future__ import annotations

import json
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from bomvet.model.inventory import Scope
from bomvet.model.purl import bare
from bomvet.pipeline import inspect
from bomvet.sources.directory import DirectoryTree

if TYPE_CHECKING:
    from bomvet.model.inventory import Inventory

LOCKS = Path(__file__).parents[2].parent / "shared" / "corpus" / "locks"
pytestmark = pytest.mark.skipif(not LOCKS.is_dir(), reason="the corpus is not beside this checkout")


class Corpus(NamedTuple):
    """A project: its folder, its root, and from how far up its direct dependencies are told.

    `asked_by_all`: the truth has those of all members, else those of the root alone.
    """

    name: str
    root: str
    asked_by_all: bool = False


CORPORA = (Corpus("documenso-npm", "pkg:generic/%40documenso%2Froot@2.17.0"),)
EACH = pytest.mark.parametrize("corpus", CORPORA, ids=lambda corpus: corpus.name)


@cache
def found(corpus: Corpus) -> Inventory:
    """The inventory of one project of the corpus."""
    return inspect(DirectoryTree(str(LOCKS / corpus.name / "src"))).inventory


@cache
def truth(corpus: Corpus) -> dict[str, Any]:
    """What is true of it; what is empty was not asked."""
    data: dict[str, Any] = json.loads((LOCKS / corpus.name / "truth.json").read_text(encoding="utf-8"))
    return data


def told(purl: str) -> str:
    """A purl as the truths write it."""
    return bare(purl).replace("%40", "@")


def third_party(corpus: Corpus) -> dict[str, list[Any]]:
    """The packages that are not the project's own, by purl."""
    packages = defaultdict(list)
    for component in found(corpus).components:
        if not component.first_party:
            packages[told(component.purl)].append(component)
    return packages


def pairs(edges: list[list[str]]) -> set[tuple[str, str]]:
    """Edges of a truth; those of a package to itself count for nothing."""
    return {(source, target) for source, target in edges if source != target}


@EACH
def test_components(corpus: Corpus) -> None:
    """Exactly the packages that the lock states, each once."""
    packages = third_party(corpus)

    assert set(packages) == set(truth(corpus)["components"])
    assert [purl for purl, components in packages.items() if len(components) > 1] == []


@EACH
def test_edges(corpus: Corpus) -> None:
    """Exactly the edges between packages, those to peers among them."""
    known = third_party(corpus)
    edges = {(told(r.source), told(r.target)): r.roles for r in found(corpus).relationships if told(r.source) in known}
    peers = pairs(truth(corpus).get("peer_edges", []))
    stated = {(s, t) for s, t in pairs(truth(corpus)["edges"]) if s in known and t in known}

    assert {edge for edge, roles in edges.items() if roles != ("peer",)} == stated - {
        edge for edge in peers if edges.get(edge) == ("peer",)
    }
    assert {edge for edge, roles in edges.items() if roles == ("peer",)} <= peers


@EACH
def test_direct_dependencies(corpus: Corpus) -> None:
    """Exactly the packages that the project itself asks for."""
    inventory, known = found(corpus), third_party(corpus)
    assert inventory.root is not None
    own = {inventory.root.purl, *(c.purl for c in inventory.components if c.first_party)}
    sources = own if corpus.asked_by_all else {inventory.root.purl}

    targets = {told(r.target) for r in inventory.relationships if r.source in sources}
    assert targets & set(known) == set(truth(corpus)["root_deps"]) - set(truth(corpus)["members"])


@EACH
def test_scopes(corpus: Corpus) -> None:
    """Exactly the packages that only development reaches are marked so, and of the others those that options do."""
    scopes = {purl: component.scope for purl, (component,) in third_party(corpus).items()}
    development, optional = set(truth(corpus)["dev"]), set(truth(corpus)["optional"])

    assert {purl for purl, scope in scopes.items() if scope is Scope.DEV} == development
    assert {purl for purl, scope in scopes.items() if scope is Scope.OPTIONAL} == optional - development


@EACH
def test_hashes_and_licences(corpus: Corpus) -> None:
    """As many packages have a hash and a licence as the lock states one for."""
    packages = [component for (component,) in third_party(corpus).values()]
    hashed = [c for c in packages if c.hashes or any(d.hashes for d in c.distributions)]

    assert len(hashed) == truth(corpus)["hashes"]
    assert sum(1 for c in packages if c.licences) == truth(corpus)["licences"]


@EACH
def test_the_root(corpus: Corpus) -> None:
    """The project is one thing with a name, a version and a purl, and everything hangs on it."""
    inventory = found(corpus)
    assert inventory.root is not None

    assert inventory.root.purl == corpus.root
    assert unreached(inventory, inventory.root.purl) == set()


def unreached(inventory: Inventory, root: str) -> set[str]:
    """Components that no path leads to."""
    targets: dict[str, list[str]] = {}
    for edge in inventory.relationships:
        targets.setdefault(edge.source, []).append(edge.target)
    seen, todo = {root}, [root]
    while todo:
        todo += (new := [t for t in targets.get(todo.pop(), ()) if t not in seen])
        seen.update(new)
    return {c.purl for c in inventory.components} - seen


@EACH
def test_lines(corpus: Corpus) -> None:
    """Every package is where its name or that of its folder stands in the file."""
    lines = cache(lambda path: (LOCKS / corpus.name / "src" / path).read_text("utf-8").split("\n"))
    wrong = []
    for component in found(corpus).components:
        names = (component.name, *(value for key, value in component.properties if key == "bomvet:alias"))
        places = component.locations if not component.first_party else ()
        wrong += [str(at) for at in places if not any(name in lines(at.path)[at.line - 1] for name in names)]

    assert wrong == []


@EACH
def test_nothing_is_left_open(corpus: Corpus) -> None:
    """There is no entry that is not understood."""
    assert found(corpus).unknowns == ()
