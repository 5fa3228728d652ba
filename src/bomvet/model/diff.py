"""Two inventories side by side: what was added, removed and changed, each with what exactly; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Any
from urllib.parse import unquote, urlsplit

from bomvet.model.codec import encode, json_schema
from bomvet.model.inventory import Component, Inventory, Location, Scope
from bomvet.model.purl import Parts, parts, pypi_name
from bomvet.model.records import dataclass

#: Version of the JSON form; within a major version fields are only ever added.
SCHEMA = "1.0"
#: Purl qualifiers that say where a package comes from; others say what it was built for.
_PLACES = frozenset({"vcs_url", "download_url", "file_name", "repository_url"})

#: Properties of our documents that say who built a component, as far as that should not change with a version; the
#: status is first.
PROVED = (
    "bomvet:provenance:status",
    "bomvet:provenance:issuer",
    "bomvet:provenance:repository",
    "bomvet:provenance:workflow",
    "bomvet:provenance:subject",
)

#: Yarn's own digest of what it made of a package, behind the version of how it did.
_CHECKSUM = "bomvet:yarn-checksum"

#: Something comparable for a version of the purl type, None where there is no order or it is no version.
VersionKey = Callable[[str, str], Any]
_Hash = tuple[str, str]


class ChangeKind(StrEnum):
    """What became of a component."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class Aspect(StrEnum):
    """What of a component differs.

    `content`: a file of the same version has other digests, as after a replaced release.  `hashes`: others are
    stated, of which none contradicts (a further file, another algorithm, none at all any more).  `provenance`: another
    answer to who built it, or another publisher.
    """

    CONTENT = "content"
    VERSION = "version"
    SOURCE = "source"
    HASHES = "hashes"
    PROVENANCE = "provenance"
    LICENCE = "licence"
    SCOPE = "scope"


class Direction(StrEnum):
    """Which way a version went; `changed` where the ecosystem has no order that bomvet knows."""

    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What only the one side states of an aspect, and what only the other one does."""

    aspect: Aspect
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A component as it stands on one side."""

    purl: str
    version: str
    scope: Scope
    licences: tuple[str, ...] = ()
    locations: tuple[Location, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A component that is not the same on both sides; `direction` is None unless its version differs."""

    kind: ChangeKind
    ecosystem: str
    name: str
    first_party: bool = False
    direction: Direction | None = None
    before: State | None = None
    after: State | None = None
    differences: tuple[Difference, ...] = ()

    @property
    def is_alarming(self) -> bool:
        """Whether the same version has other content."""
        return any(d.aspect is Aspect.CONTENT for d in self.differences)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What was compared: its own `name` and version, the `source` it was read from, and what was not understood."""

    name: str
    source: str
    kind: str
    components: int
    not_established: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """All differences, sorted by ecosystem and name.

    `not_compared` are aspects that only one of the sides states for any component at all, such as hashes in the
    document of a tool that writes none.
    """

    schema: str = SCHEMA
    tool: str
    before: Side
    after: Side
    changes: tuple[Change, ...] = ()
    not_compared: tuple[Aspect, ...] = ()

    def of(self, kind: ChangeKind, *, alarming: bool = False) -> tuple[Change, ...]:
        """The changes of one kind; of those that changed, the alarming ones or the others."""
        return tuple(change for change in self.changes if change.kind is kind and change.is_alarming is alarming)

    def to_dict(self) -> dict[str, Any]:
        """The versioned JSON form, whose schema is `bomvet/reports/diff.schema.json`."""
        document: dict[str, Any] = encode(self)
        return document

    @classmethod
    def schema_document(cls) -> dict[str, Any]:
        """The JSON Schema of `to_dict`."""
        return {**json_schema(cls), "title": "bomvet difference", "$id": f"urn:bomvet:diff:{SCHEMA}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """An inventory to compare: read from `source`, which is of a `kind`; it may say nothing of scopes at all."""

    source: str
    kind: str
    inventory: Inventory
    has_scopes: bool = True


def no_order(kind: str, version: str) -> None:
    """No version has a place."""


def compare(
    before: Described,
    after: Described,
    *,
    tool: str,
    order: VersionKey = no_order,
    omit: frozenset[Scope] = frozenset(),
) -> Diff:
    """What became of `before`; components of a scope in `omit` count as absent.  Time linear in components."""
    one, other = _Items(before, omit), _Items(after, omit)
    stated, skipped = _common_aspects(one, other)
    pairs = _Pairs(stated, order)
    keys = dict.fromkeys((*one.groups, *other.groups))
    changes = [change for key in sorted(keys) for change in pairs.changes(one.groups[key], other.groups[key])]
    return Diff(
        tool=tool,
        before=one.side(before),
        after=other.side(after),
        changes=tuple(changes),
        not_compared=skipped,
    )


class _Item:
    """A component with its purl taken apart."""

    __slots__ = ("component", "is_root", "parts", "version")

    def __init__(self, component: Component, *, is_root: bool) -> None:
        self.component, self.is_root = component, is_root
        self.parts = parts(component.purl)
        # In the place of a version that nobody stated stands a digest of all that was read.
        self.version = "" if component.version.startswith("sha256:") else component.version

    @property
    def key(self) -> tuple[str, str, str]:
        """What both sides call it."""
        kind, namespace, name = self.parts[:3]
        if not kind:
            name = self.component.name
        return kind, namespace, pypi_name(name) if kind == "pypi" else name


class _Items:
    """The components of one side by what they are called."""

    def __init__(self, described: Described, omit: frozenset[Scope]) -> None:
        inventory = described.inventory
        self.groups: dict[tuple[str, str, str], list[_Item]] = defaultdict(list)
        self.components = [c for c in inventory.components if c.scope not in omit or c.first_party]
        if inventory.root:
            self._add(_Item(inventory.root, is_root=True))
        for component in self.components:
            self._add(_Item(component, is_root=False))
        self.aspects = {Aspect.SCOPE} if described.has_scopes else set[Aspect]()
        if any(c.licences for c in self.components):
            self.aspects.add(Aspect.LICENCE)
        if any(map(_is_hashed, self.components)):
            self.aspects.add(Aspect.HASHES)
        if any(map(_proved, self.components)):
            self.aspects.add(Aspect.PROVENANCE)

    def _add(self, item: _Item) -> None:
        self.groups[item.key].append(item)

    def side(self, described: Described) -> Side:
        """How the result speaks of this side."""
        inventory = described.inventory
        return Side(
            name=inventory.root.label if inventory.root else described.source,
            source=described.source,
            kind=described.kind,
            components=len(self.components),
            not_established=tuple(f"{u.location}: {u.reason}" for u in inventory.unknowns),
        )


def _common_aspects(one: _Items, other: _Items) -> tuple[frozenset[Aspect], tuple[Aspect, ...]]:
    """What both sides state for some component, and what only one of them does, of which nothing can be said."""
    common, either = one.aspects & other.aspects, one.aspects | other.aspects
    told = one.components and other.components
    return frozenset(common), tuple(a for a in Aspect if told and a in either - common)


class _Pairs:
    """Finds who is who, and what differs."""

    def __init__(self, stated: frozenset[Aspect], order: VersionKey) -> None:
        self._stated, self._order = stated, order

    def changes(self, before: Sequence[_Item], after: Sequence[_Item]) -> Iterator[Change]:
        """The changes among components of one name, in the order of their purls."""
        found = [change for one, other in _paired(before, after) for change in self._change(one, other)]
        yield from sorted(found, key=lambda c: [state.purl if state else "" for state in (c.before, c.after)])

    def _change(self, before: _Item | None, after: _Item | None) -> Iterator[Change]:
        item = after or before
        if item is None or (item.is_root and not (before and after)):
            return  # the subject itself: each side names its own
        differences = tuple(self._differences(before, after)) if before and after else ()
        if before and after and not differences:
            return
        kind = ChangeKind.CHANGED if before and after else ChangeKind.ADDED if after else ChangeKind.REMOVED
        yield Change(
            kind=kind,
            ecosystem=item.parts.type,
            name=item.component.name,
            first_party=item.component.first_party,
            direction=self._direction(before, after) if before and after else None,
            before=_state(before) if before else None,
            after=_state(after) if after else None,
            differences=differences,
        )

    def _direction(self, before: _Item, after: _Item) -> Direction | None:
        if before.version == after.version:
            return None
        one, other = (self._order(item.parts.type, item.version) for item in (before, after))
        if one is None or other is None or one == other:
            return Direction.CHANGED
        return Direction.UPGRADE if one < other else Direction.DOWNGRADE

    def _differences(self, before: _Item, after: _Item) -> Iterator[Difference]:
        one, other = before.component, after.component
        same_version = before.version == after.version
        if same_version and Aspect.HASHES in self._stated:
            yield from _contents(one, other)
        if not same_version:
            yield _difference(Aspect.VERSION, {before.version} - {""}, {after.version} - {""})
        yield from _sources(before, after, same_version=same_version)
        if Aspect.PROVENANCE in self._stated:
            yield from _publishers(one, other)
        if Aspect.LICENCE in self._stated and one.licences != other.licences:
            yield from _differing(Aspect.LICENCE, set(_licences(one)), set(_licences(other)))
        if Aspect.SCOPE in self._stated and one.scope is not other.scope and not one.first_party:
            yield _difference(Aspect.SCOPE, {one.scope.value}, {other.scope.value})


def _paired(before: Sequence[_Item], after: Sequence[_Item]) -> Iterator[tuple[_Item | None, _Item | None]]:
    """Who is who among components of one name: the same thing, project or version first, then the only ones left."""
    left, right = list(before), list(after)
    for identity in (_exactly, _directory, _version):
        if not left or not right:
            break
        pairs, left, right = _matched(left, right, identity)
        yield from pairs
    if len(left) == len(right) == 1:
        yield left[0], right[0]
    else:
        yield from ((item, None) for item in left)
        yield from ((None, item) for item in right)


def _exactly(item: _Item) -> object:
    return item.version, item.parts.qualifiers


def _directory(item: _Item) -> object:
    return item.component.directory


def _version(item: _Item) -> object:
    return item.version


def _matched(
    before: Sequence[_Item], after: Sequence[_Item], identity: Callable[[_Item], object]
) -> tuple[list[tuple[_Item, _Item]], list[_Item], list[_Item]]:
    """The pairs of equal identity, and who is left on each side; None is nobody's identity."""
    waiting: dict[object, list[_Item]] = defaultdict(list)
    for item in reversed(before):
        waiting[identity(item)].append(item)
    pairs, left_after = [], []
    for item in after:
        name = identity(item)
        if name is not None and waiting.get(name):
            pairs.append((waiting[name].pop(), item))
        else:
            left_after.append(item)
    taken = {id(one) for one, _ in pairs}
    return pairs, [item for item in before if id(item) not in taken], left_after


def _state(item: _Item) -> State:
    component = item.component
    return State(
        purl=component.purl,
        version=item.version,
        scope=component.scope,
        licences=tuple(_licences(component)),
        locations=component.locations,
    )


def _licences(component: Component) -> list[str]:
    return list(dict.fromkeys(licence.expression or licence.name for licence in component.licences))


def _difference(aspect: Aspect, before: Iterable[str], after: Iterable[str]) -> Difference:
    return Difference(aspect=aspect, before=tuple(sorted(before)), after=tuple(sorted(after)))


def _differing(aspect: Aspect, before: set[str], after: set[str]) -> Iterator[Difference]:
    if before != after:
        yield _difference(aspect, before - after, after - before)


# -- where it comes from ---------------------------------------------------------------------------------------


def _sources(before: _Item, after: _Item, *, same_version: bool) -> Iterator[Difference]:
    """Registry, repository, URL and hosts of files, as far as both sides speak of them."""
    one, other = before.component, after.component
    # The name of a local file mostly holds the version.
    places = _PLACES if same_version else _PLACES - {"file_name"}
    found = [(_places(before.parts, places), _places(after.parts, places))]
    for texts in (_registries, _hosts):
        pair = texts(one), texts(other)
        if all(pair):
            found.append(pair)
    gone = {text for was, now in found for text in was - now}
    come = {text for was, now in found for text in now - was}
    if gone or come:
        yield _difference(Aspect.SOURCE, gone, come)


def _places(purl: Parts, names: frozenset[str]) -> set[str]:
    return {value for name, value in purl.qualifiers if name in names}


def _registries(component: Component) -> set[str]:
    return {value.rstrip("/") for name, value in component.properties if name == "bomvet:registry"}


def _hosts(component: Component) -> set[str]:
    """Scheme and host of each file."""
    return {origin for file in component.distributions if (origin := _origin(file.url))}


def _origin(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0].partition('?')[0].partition('#')[0]}".lower() if separator else ""


def _publishers(before: Component, after: Component) -> Iterator[Difference]:
    """Another answer to who built it; where there is a publisher on both sides, another one."""
    one, other = _proved(before), _proved(after)
    if not (one and other):
        return
    status, issuer = PROVED[:2]
    names = PROVED if issuer in one and issuer in other else (status,)
    was, now = ({f"{n.rpartition(':')[2]} {side[n]}" for n in names if n in side} for side in (one, other))
    yield from _differing(Aspect.PROVENANCE, was, now)


def _proved(component: Component) -> dict[str, str]:
    """What is known of who built it, by property; empty where nobody asked."""
    return {name: value for name, value in component.properties if name in PROVED}


# -- what is in it ---------------------------------------------------------------------------------------------


def _contents(before: Component, after: Component) -> Iterator[Difference]:
    """Digests that contradict each other, or merely others."""
    if (before.hashes, before.distributions, before.properties) == (
        after.hashes,
        after.distributions,
        after.properties,
    ):
        return
    one, other = _digests(before), _digests(after)
    was, now = _contradiction(one, other)
    if was or now:
        yield _difference(Aspect.CONTENT, was, now)
        return
    whole, rest = ({_text("", h) for hashes in side.values() for h in hashes} for side in (one, other))
    yield from _differing(Aspect.HASHES, whole, rest)


def _digests(component: Component) -> dict[str, set[_Hash]]:
    """The digests by the name of the file; "" has those that are tied to no file."""
    found: dict[str, set[_Hash]] = defaultdict(set)
    for file in component.distributions:
        if file.hashes:
            found[_file_name(file.url)].update((h.algorithm, h.value) for h in file.hashes)
    if component.hashes:
        found[""].update((h.algorithm, h.value) for h in component.hashes)
    for name, value in component.properties:
        if name == _CHECKSUM:
            made, _, digest = value.rpartition("/")
            found["package in Yarn's cache"].add((made or "yarn", digest))
    return found


def _is_hashed(component: Component) -> bool:
    has_checksum = any(name == _CHECKSUM for name, _ in component.properties)
    return bool(component.hashes or has_checksum or any(d.hashes for d in component.distributions))


def _file_name(url: str) -> str:
    """The last part of the path, which mirrors keep."""
    try:
        path = urlsplit(url).path
    except ValueError:  # such as a bad IPv6 host
        return url
    return unquote(path.rstrip("/").rpartition("/")[2])


def _contradiction(one: dict[str, set[_Hash]], other: dict[str, set[_Hash]]) -> tuple[set[str], set[str]]:
    """The digests of the same file, by the same algorithm, that are not the same.

    Where digests are tied to no file, all of them must be others: one in common, and files were only added.
    """
    was, now, is_known = set[str](), set[str](), False
    for name in (one.keys() & other.keys()) - {""}:
        common = _algorithms(one[name]) & _algorithms(other[name])
        is_known = is_known or bool(common)
        fresh = {h for h in other[name] - one[name] if h[0] in common}
        if fresh:
            now |= {_text(name, h) for h in fresh}
            was |= {_text(name, h) for h in one[name] if h[0] in _algorithms(fresh)}
    if is_known or not ("" in one or "" in other):
        return was, now
    whole, rest = set[_Hash]().union(*one.values()), set[_Hash]().union(*other.values())
    common = _algorithms(whole) & _algorithms(rest)
    if common and not whole & rest:
        was, now = ({_text("", h) for h in side if h[0] in common} for side in (whole, rest))
    return was, now


def _algorithms(hashes: Iterable[_Hash]) -> set[str]:
    return {algorithm for algorithm, _ in hashes}


def _text(name: str, digest: _Hash) -> str:
    return f"{name} {digest[0]}:{digest[1]}".lstrip()
