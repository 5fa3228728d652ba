"""What the outside world says about the inventory."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from bomvet.model.inventory import Confidence, Location
from bomvet.model.provenance import IdentityAnswer, ProvenanceAnswer
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
class Kev:
    """An entry of CISA's catalogue of known exploited vulnerabilities; dates as `2026-01-31`."""

    added: str
    due: str = ""
    ransomware: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Epss:
    """The chance, from 0 to 1, that a vulnerability is exploited within 30 days, and its rank among all.

    `date` is the day of the scores, `model` the version of what made them.  `band` is the stretch of percentiles
    that the rank lies in, which moves less than the score does.  Source: https://www.first.org/epss/.
    """

    score: float
    percentile: float
    date: str
    model: str
    band: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """A list that advisories were looked up in, `kev` or `epss`: its day, its version or model, and its entries.

    `version` is empty where the source does not say; of scores that were asked for over the network, `entries` are
    those that came.  One that is `stale` is older than the policy trusts: what it does not say is not known.
    """

    date: str
    version: str
    entries: int
    stale: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvisoryMatch:
    """One weakness of one component: all records that are aliases of each other, as one.

    `id` is the name to show (CVE before others), `ids` every record that matched, `aliases` every further
    name, `upstream` names of what a distribution's records are about, which are no aliases.  `evidence` says per
    record how the version matched; `listed` whether a record enumerates it.  `fixed` is the least version that
    leaves every matched record of the group, empty where none is known.  `clean` is the least version of the package
    that no record in the database affects at all.  `kev` and `epss` are None where the catalogue has no entry, and
    where there was no catalogue, which `Facts.catalogues` tells apart; what has no name in `cves` can have none.
    """

    id: str
    ids: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    upstream: tuple[str, ...] = ()
    summary: str = ""
    rating: Rating
    evidence: tuple[str, ...] = ()
    listed: bool = False
    confidence: Confidence = Confidence.HIGH
    fixed: str = ""
    clean: str = ""
    cwes: tuple[int, ...] = ()
    references: tuple[str, ...] = ()
    published: str = ""
    modified: str = ""
    kev: Kev | None = None
    epss: Epss | None = None

    @property
    def cves(self) -> tuple[str, ...]:
        """The CVEs among all of its names, of those of a distribution's record too: what KEV and EPSS go by."""
        names = (self.id, *self.ids, *self.aliases, *self.upstream)
        return tuple(dict.fromkeys(upper for name in names if (upper := name.upper()).startswith("CVE-")))

    @property
    def malicious(self) -> bool:
        """Whether a record of malicious packages is among those that matched."""
        return any(id_.startswith("MAL-") for id_ in self.ids)


class Standing(StrEnum):
    """Whether a question was answered; `NOT_ESTABLISHED` must never look like `ABSENT`."""

    KNOWN = "known"
    ABSENT = "known-absent"
    NOT_ESTABLISHED = "not-established"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvisoryAnswer:
    """What is known of one component's advisories; `reason` where the question stayed open, wholly or in part.

    `fixes` are records of the package that name the component's own version as their fix.
    """

    standing: Standing
    matches: tuple[AdvisoryMatch, ...] = ()
    reason: str = ""
    withdrawn: int = 0
    fixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What a registry or a lock says of one release.

    `uploaded` is when the first of its files was (RFC 3339), `age` the full days from then to the scan, None where
    not known.  `cooling` are the days for which it is still too new by the policy, 0 where it is not; where it is what
    advisories name as their fix, they stand in `exempt`, and it does not have to cool down.  `yanked` and
    `deprecated` hold the maintainers' words where they said so, `-` where they gave none.  `status` is that of the
    project (PEP 792): `active`, `archived`, `quarantined` or `deprecated`, with `status_reason`.  `latest` is the
    newest release of the project.
    """

    uploaded: str = ""
    age: int | None = None
    cooling: int = 0
    exempt: tuple[str, ...] = ()
    yanked: str = ""
    deprecated: str = ""
    status: str = ""
    status_reason: str = ""
    maintainers: tuple[str, ...] = ()
    latest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseAnswer:
    """What is known of one component's release; `source` is `lock` or the registry's host.

    `reason` says what stayed open: where the lock alone was read, there may be a release and a reason.
    """

    standing: Standing
    release: Release | None = None
    source: str = ""
    reason: str = ""


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
    In `sources` are those alone whose source stands out.  `catalogues` are those that were looked up in, by name.
    In `identities` are those alone of which a publisher was expected.
    """

    advisories: Mapping[str, AdvisoryAnswer] = field(default_factory=lambda: MappingProxyType({}))
    drift: Mapping[str, tuple[Drift, ...]] = field(default_factory=lambda: MappingProxyType({}))
    sources: Mapping[str, SourceAnswer] = field(default_factory=lambda: MappingProxyType({}))
    releases: Mapping[str, ReleaseAnswer] = field(default_factory=lambda: MappingProxyType({}))
    catalogues: Mapping[str, Catalogue] = field(default_factory=lambda: MappingProxyType({}))
    provenance: Mapping[str, ProvenanceAnswer] = field(default_factory=lambda: MappingProxyType({}))
    identities: Mapping[str, IdentityAnswer] = field(default_factory=lambda: MappingProxyType({}))

    def __or__(self, other: Facts) -> Facts:
        """Both; where both answer a question, `other` does."""
        return Facts(
            advisories=MappingProxyType({**self.advisories, **other.advisories}),
            drift=MappingProxyType({**self.drift, **other.drift}),
            sources=MappingProxyType({**self.sources, **other.sources}),
            releases=MappingProxyType({**self.releases, **other.releases}),
            catalogues=MappingProxyType({**self.catalogues, **other.catalogues}),
            provenance=MappingProxyType({**self.provenance, **other.provenance}),
            identities=MappingProxyType({**self.identities, **other.identities}),
        )
