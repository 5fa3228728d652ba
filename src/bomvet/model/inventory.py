"""What was found: components, services, the edges between them, and what was not understood."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Self, TypeVar

from bomvet.model.records import dataclass, field, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

_K = TypeVar("_K", bound="Hashable")
_V = TypeVar("_V")


class Scope(StrEnum):
    """Why a component is needed; of several reasons the strongest counts."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    DEV = "dev"


class Kind(StrEnum):
    """CycloneDX component types that the resolvers tell apart."""

    APPLICATION = "application"
    LIBRARY = "library"


class Completeness(StrEnum):
    """How much of a component's own dependencies the input states (CycloneDX compositions)."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    UNKNOWN = "unknown"


class Confidence(StrEnum):
    """How sure a statement is."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class RelationKind(StrEnum):
    """What an edge means."""

    DEPENDS_ON = "depends-on"
    CONTAINS = "contains"
    BUILT_FROM = "built-from"
    RUNS_AS = "runs-as"
    MAY_ASSUME = "may-assume"
    CAN_ACCESS = "can-access"


_SCOPE_RANK = {Scope.REQUIRED: 0, Scope.OPTIONAL: 1, Scope.DEV: 2}
_COMPLETENESS_RANK = {Completeness.COMPLETE: 0, Completeness.INCOMPLETE: 1, Completeness.UNKNOWN: 2}
#: Hash algorithms by their name in hashlib, with the length of their digests in hexadecimal.
HEX_DIGITS = {"md5": 32, "sha1": 40, "sha224": 56, "sha256": 64, "sha384": 96, "sha512": 128}
_CONFIDENCE_RANK = {Confidence.HIGH: 0, Confidence.MEDIUM: 1, Confidence.LOW: 2}


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Location:
    """A place in the scanned tree: POSIX path relative to its top, and a line counted from 1 (0: the file)."""

    path: str
    line: int = 0

    def __str__(self) -> str:
        """`path:line`, or the path alone."""
        return f"{self.path}:{self.line}" if self.line else self.path


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Hash:
    """A digest in lower-case hexadecimal; `algorithm` as hashlib spells it (`sha256`)."""

    algorithm: str
    value: str

    @classmethod
    def parse(cls, text: str) -> Hash:
        """`ALGORITHM:HEX`, as lock files write it; raises `ValueError` where that is no digest of the algorithm."""
        algorithm, _, value = text.lower().partition(":")
        digits = HEX_DIGITS.get(algorithm)
        if digits is None:
            raise ValueError(f"{algorithm[:20]!r} is no known hash algorithm")
        if len(value) != digits or value.strip("0123456789abcdef"):
            raise ValueError(f"a {algorithm} hash has {digits} hexadecimal digits, which this has not")
        return cls(algorithm=algorithm, value=value)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Distribution:
    """One file that a component is distributed as; `size` in bytes (0: not stated), `uploaded` RFC 3339."""

    url: str
    hashes: tuple[Hash, ...] = ()
    size: int = 0
    uploaded: str = ""
    source: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Licence:
    """A licence statement: an SPDX `expression`, or free text under `name`; never both."""

    expression: str = ""
    name: str = ""
    concluded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Contact:
    """A person or organisation."""

    name: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A package or project.

    `purl` is the identity.  `version` is empty where the input states none.  `directory` is set for
    first-party projects alone: where they live in the tree ("" is its top).  `hashes` are those that the
    input ties to the component but to no particular file; those of files stand in `distributions`.
    """

    purl: str
    name: str
    version: str = ""
    kind: Kind = Kind.LIBRARY
    scope: Scope = Scope.REQUIRED
    directory: str | None = None
    dependencies: Completeness = Completeness.UNKNOWN
    description: str = ""
    suppliers: tuple[Contact, ...] = ()
    licences: tuple[Licence, ...] = ()
    hashes: tuple[Hash, ...] = ()
    distributions: tuple[Distribution, ...] = ()
    locations: tuple[Location, ...] = ()
    properties: tuple[tuple[str, str], ...] = ()

    @property
    def first_party(self) -> bool:
        """Whether this is a project of the scanned tree itself."""
        return self.directory is not None

    @property
    def label(self) -> str:
        """`name@version` for people, to whom a digest in the place of a version says nothing."""
        digest = self.version.startswith("sha256:")
        return f"{self.name}@{self.version}" if self.version and not digest else self.name

    def merged(self, other: Component) -> Component:
        """Both descriptions of one purl as one: sets are united, of two scalars the stronger or lesser stays."""
        return replace(
            self,
            name=min(self.name, other.name),
            version=_lesser(self.version, other.version),
            kind=min(self.kind, other.kind),
            scope=min(self.scope, other.scope, key=_SCOPE_RANK.__getitem__),
            directory=self.directory if other.directory is None else _least(self.directory, other.directory),
            dependencies=min(self.dependencies, other.dependencies, key=_COMPLETENESS_RANK.__getitem__),
            description=_lesser(self.description, other.description),
            suppliers=_union(self.suppliers, other.suppliers),
            licences=_union(self.licences, other.licences),
            hashes=_union(self.hashes, other.hashes),
            distributions=_union(self.distributions, other.distributions),
            locations=_union(self.locations, other.locations),
            properties=_union(self.properties, other.properties),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A cloud or third-party service; `ref` is the identity (`svc:PROVIDER/SERVICE[/RESOURCE]`).

    `authenticated` and `trust_boundary` (whether data leaves the own zone) are None where not known.
    """

    ref: str
    provider: str
    name: str
    endpoints: tuple[str, ...] = ()
    authenticated: bool | None = None
    trust_boundary: bool | None = None
    data_classes: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    locations: tuple[Location, ...] = ()

    def merged(self, other: Service) -> Service:
        """Both descriptions of one service as one; a claim of safety must hold in both."""
        return replace(
            self,
            provider=min(self.provider, other.provider),
            name=min(self.name, other.name),
            endpoints=_union(self.endpoints, other.endpoints),
            authenticated=_cautious(self.authenticated, other.authenticated, danger=False),
            trust_boundary=_cautious(self.trust_boundary, other.trust_boundary, danger=True),
            data_classes=_union(self.data_classes, other.data_classes),
            settings=_union(self.settings, other.settings),
            locations=_union(self.locations, other.locations),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Relationship:
    """An edge between two references, with the places that state it.

    `roles` say as what the source asks for the target, where the input tells: `optional`, `peer`, `dev`,
    `bundled`, `extra:NAME`, `group:NAME`; empty for a plain dependency.  `markers` are the environments (PEP 508)
    in any of which the edge holds; empty where it always does.
    """

    source: str = field(metadata={"json": "from"})
    target: str = field(metadata={"json": "to"})
    kind: RelationKind = RelationKind.DEPENDS_ON
    roles: tuple[str, ...] = ()
    markers: tuple[str, ...] = ()
    evidence: tuple[Location, ...] = ()
    confidence: Confidence = Confidence.HIGH

    def merged(self, other: Relationship) -> Relationship:
        """The same edge stated twice: all evidence, the greater confidence.

        An edge that holds plainly or always in one statement does so.
        """
        return replace(
            self,
            roles=_union(self.roles, other.roles) if self.roles and other.roles else (),
            markers=_union(self.markers, other.markers) if self.markers and other.markers else (),
            evidence=_union(self.evidence, other.evidence),
            confidence=min(self.confidence, other.confidence, key=_CONFIDENCE_RANK.__getitem__),
        )


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Registry:
    """A registry that a client's configuration in the tree names, for what lies in that folder and below.

    `ecosystem` is a purl type.  `scope` is that of npm packages (`@acme`), empty for all.  `default` says that it
    takes the place of the client's own, and is not merely asked besides it.  `url` is empty where the configuration
    leaves it to the environment.
    """

    ecosystem: str
    url: str
    scope: str = ""
    default: bool = False
    location: Location

    def __str__(self) -> str:
        """In one line, with the place that states it."""
        url = self.url or "left to the environment"
        return " ".join(part for part in (self.ecosystem, self.scope, url, f"({self.location})") if part)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Unknown:
    """Something claimed but not understood: where, by whom (`resolver` id) and why."""

    location: Location
    resolver: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """All that the resolvers found; `root` is the scanned subject itself and stands in no other field.

    The canonical form, which `merge` gives, is sorted and holds each identity once.
    """

    root: Component | None = None
    components: tuple[Component, ...] = ()
    services: tuple[Service, ...] = ()
    relationships: tuple[Relationship, ...] = ()
    unknowns: tuple[Unknown, ...] = ()
    registries: tuple[Registry, ...] = ()

    @classmethod
    def merge(cls, parts: Iterable[Inventory]) -> Self:
        """Unite `parts`; associative, commutative and idempotent; no slower than sorting them all."""
        parts = tuple(parts)
        roots = [part.root for part in parts if part.root is not None]
        components = _folded(
            (*roots, *(c for part in parts for c in part.components)), lambda c: c.purl, Component.merged
        )
        # Of several roots the one with the least purl stays; the others go on as components.
        root = components.pop(min(r.purl for r in roots)) if roots else None
        services = _folded((s for part in parts for s in part.services), lambda s: s.ref, Service.merged)
        edges = _folded(
            (r for part in parts for r in part.relationships),
            lambda r: (r.source, r.kind, r.target),
            Relationship.merged,
        )
        return cls(
            root=root,
            components=tuple(components[key] for key in sorted(components)),
            services=tuple(services[key] for key in sorted(services)),
            relationships=tuple(edges[key] for key in sorted(edges)),
            unknowns=tuple(sorted({u for part in parts for u in part.unknowns})),
            registries=tuple(sorted({r for part in parts for r in part.registries})),
        )


def _folded(items: Iterable[_V], key: Callable[[_V], _K], merge: Callable[[_V, _V], _V]) -> dict[_K, _V]:
    """`items` by key, those with the same key merged."""
    found: dict[_K, _V] = {}
    repeated: dict[_K, list[_V]] = {}
    for item in items:
        name = key(item)
        known = found.setdefault(name, item)
        if known is not item and known != item:
            repeated.setdefault(name, [known]).append(item)
    found.update((name, _reduced(group, merge)) for name, group in repeated.items())
    return found


def _reduced(items: Sequence[_V], merge: Callable[[_V, _V], _V]) -> _V:
    """All of `items` merged by halves: one after the other would sort ever longer sets again and again."""
    if len(items) == 1:
        return items[0]
    half = len(items) // 2
    one, other = _reduced(items[:half], merge), _reduced(items[half:], merge)
    return one if one == other else merge(one, other)


def _union(one: tuple[_V, ...], other: tuple[_V, ...]) -> tuple[_V, ...]:
    """The set union in sorted order; a dict keeps the two sorted runs, which then need little sorting."""
    return one if one == other else tuple(sorted(dict.fromkeys((*one, *other))))  # type: ignore[type-var]


def _lesser(one: str, other: str) -> str:
    """The lesser of two texts, of which the empty one says nothing."""
    return min(one, other) if one and other else one or other


def _least(one: str | None, other: str) -> str:
    return other if one is None else min(one, other)


def _cautious(one: bool | None, other: bool | None, *, danger: bool) -> bool | None:  # noqa: FBT001
    """Of two answers the dangerous one, else the one that is known."""
    if danger in (one, other):
        return danger
    return one if other is None else other
