"""What the outside world says about the inventory."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from bomvet.model.inventory import Confidence, Location
from bomvet.model.records import dataclass, field


class Severity(StrEnum):
    """How bad; `UNKNOWN` is a level of its own that only policy may rank."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NONE = "none"
    UNKNOWN = "unknown"


#: The levels that can be compared, gravest first.
RANKED = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW, Severity.NONE)
#: All levels in the order to show them: unknown stands after high, since it may be either and must not hide.
SHOWN = (*RANKED[:2], Severity.UNKNOWN, *RANKED[2:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """A severity with where it comes from: `source` names the record, `vector` is empty for a bare level."""

    severity: Severity
    score: float | None = None
    vector: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvisoryMatch:
    """One weakness of one component: all records that are aliases of each other, as one.

    `id` is the name to show (CVE before others), `ids` every record that matched, `aliases` every further
    name.  `evidence` says per record how the version matched.  `fixed` is the least version that leaves every
    matched record of the group, empty where none is known.  `clean` is the least version of the package that
    no record in the database affects at all.
    """

    id: str
    ids: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    summary: str = ""
    rating: Rating
    evidence: tuple[str, ...] = ()
    confidence: Confidence = Confidence.HIGH
    fixed: str = ""
    clean: str = ""
    cwes: tuple[int, ...] = ()
    references: tuple[str, ...] = ()
    published: str = ""
    modified: str = ""


class Standing(StrEnum):
    """Whether a question was answered; `NOT_ESTABLISHED` must never look like `ABSENT`."""

    KNOWN = "known"
    ABSENT = "known-absent"
    NOT_ESTABLISHED = "not-established"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvisoryAnswer:
    """What is known of one component's advisories; `reason` where the question stayed open, wholly or in part."""

    standing: Standing
    matches: tuple[AdvisoryMatch, ...] = ()
    reason: str = ""
    withdrawn: int = 0


class DriftKind(StrEnum):
    """How what is installed differs from its lock."""

    OTHER_VERSION = "other-version"
    NOT_LOCKED = "not-locked"
    NOT_INSTALLED = "not-installed"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Drift:
    """One package of which the lock at `lock` and the packages installed in `folder` say different things.

    `purl` is without a version; `locked` and `installed` are the versions on each side, sorted; `locations` are
    where the installed ones say so.
    """

    kind: DriftKind
    purl: str
    lock: str
    folder: str
    locked: tuple[str, ...] = ()
    installed: tuple[str, ...] = ()
    locations: tuple[Location, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceAnswer:
    """What sets the source of one component apart from those of the others.

    `foreign` are registries that it comes from and that nothing names, `expected` those it should come from, by the
    word of `basis`; `certain` where that is a configuration, and not merely what all others do.  `rivals` are other
    registries that its name may be taken from.  `hosts` are hosts of its files that no other package of its registry
    has files on.  `hashed` counts the components of the same lock and registry that have a hash, where this has none.
    """

    foreign: tuple[str, ...] = ()
    expected: tuple[str, ...] = ()
    basis: str = ""
    certain: bool = False
    rivals: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    hashed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Read-only maps from purl to answers; a purl that is in no map was not asked about.

    `drift` is known for locked components, and for the project where something is installed that is not locked.
    In `sources` are those alone whose source stands out.
    """

    advisories: Mapping[str, AdvisoryAnswer] = field(default_factory=lambda: MappingProxyType({}))
    drift: Mapping[str, tuple[Drift, ...]] = field(default_factory=lambda: MappingProxyType({}))
    sources: Mapping[str, SourceAnswer] = field(default_factory=lambda: MappingProxyType({}))

    def __or__(self, other: Facts) -> Facts:
        """Both; where both answer a question, `other` does."""
        return Facts(
            advisories=MappingProxyType({**self.advisories, **other.advisories}),
            drift=MappingProxyType({**self.drift, **other.drift}),
            sources=MappingProxyType({**self.sources, **other.sources}),
        )
