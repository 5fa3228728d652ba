"""`yarn.lock`, of Yarn 1 and of all later versions, which have a notation of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.model.records import replace
from bomvet.plugin import FileTree, Resolver
from bomvet.resolvers.npm._graph import Graph
from bomvet.resolvers.npm._yarn_berry import read_berry
from bomvet.resolvers.npm._yarn_classic import read_classic
from bomvet.resolvers.npm._yarn_lines import decoded

if TYPE_CHECKING:
    from bomvet.model.inventory import Inventory

ID = "npm/yarn-lock"
#: Of the later versions; Yarn 1 writes no colon between a name and its value.
_BERRY = ("\n__metadata:", "\n  version: ", "\n  resolution: ")


def parse_yarn_lock(tree: FileTree, path: str) -> Inventory:
    """The inventory of one lock; raises `MalformedError` where it is no lock at all."""
    text = decoded(tree.read(path))
    is_berry = text.startswith("__metadata:") or any(sign in text for sign in _BERRY)
    graph = Graph(ID, peers_shared=is_berry)
    if not is_berry:
        read_classic(graph, tree, path, text)
        return graph.inventory()
    contained = read_berry(graph, tree, path, text)
    found = graph.inventory()
    return replace(found, relationships=(*found.relationships, *contained))


YARN_LOCK = Resolver(
    id=ID,
    title="yarn.lock, of Yarn 1 to 4",
    globs=("**/yarn.lock",),
    parse=parse_yarn_lock,
    locks=True,
    reads=(
        "packages with their edges, scopes, archives and hashes; aliases, patches, platforms; projects of the workspace"
    ),
    limits=(
        "Yarn 1 states no peer dependencies; Yarn 2 to 4 state no archives and hash only archives of their own, and "
        "not who needs what Yarn itself adds to packages (its own packageExtensions): the project contains it"
    ),
)
