"""Who built what: attestations, the identities that they prove, and how these stand to what was expected."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

from bomvet.model.inventory import Hash, Location
from bomvet.model.records import dataclass, field


class ProvenanceStatus(StrEnum):
    """What became of the question who built something; never one boolean.

    `ABSENT` only after a definite answer; what could not be asked is `NOT_ESTABLISHED`.  `UNSUPPORTED` is evidence of
    a form, or of a trusted root, that is not verified here, and is no accusation.
    """

    VERIFIED = "verified"
    IDENTITY_MISMATCH = "identity-mismatch"
    INVALID = "invalid"
    UNSUPPORTED = "unsupported"
    ABSENT = "absent"
    NOT_ESTABLISHED = "not-established"


class EvidenceKind(StrEnum):
    """What an attestation is, by its verified predicate type, or by its form where it has none."""

    PYPI_PUBLISH = "pypi-publish"
    SLSA = "slsa-provenance"
    NPM_PUBLISH = "npm-publish"
    NPM_SIGNATURE = "npm-signature"
    SIGNATURE = "signature"
    SBOM = "sbom"
    SUMMARY = "verification-summary"
    OTHER = "other"


#: Evidence of who built or published a file; npm's signs and attests whatever it was given.
ORIGINS = frozenset({EvidenceKind.SLSA, EvidenceKind.PYPI_PUBLISH})
#: What passed every step; of the latter the identity alone is not the one that was wanted.
PROVED = (ProvenanceStatus.VERIFIED, ProvenanceStatus.IDENTITY_MISMATCH)


class Step(StrEnum):
    """The steps of verification, in their order; a refusal names the first that failed."""

    FORMAT = "format"
    CERTIFICATE = "certificate"
    TIME = "time"
    KEY = "key"
    LOG = "log"
    SIGNATURE = "signature"
    ENTRY = "log-entry"
    PREDICATE_TYPE = "predicate-type"
    SUBJECT = "subject"
    DIGEST = "digest"
    IDENTITY = "identity"


class LogStrength(StrEnum):
    """How the transparency log vouches for the signature: a proof that it is in the log, or a promise to take it in."""

    PROOF = "proof"
    PROMISE = "promise"
    NONE = "none"


class PublishLevel(StrEnum):
    """How a release was published by the word of its registry, weakest first in `PUBLISH_LEVELS`."""

    NONE = "none"
    PROVENANCE = "provenance"
    TRUSTED_PUBLISHER = "trusted-publisher"
    STAGED = "staged-publish"


#: Weakest first; the order that pnpm's `trustPolicy: no-downgrade` goes by.
PUBLISH_LEVELS = tuple(PublishLevel)
_REF = re.compile(r"refs/(tags|heads|pull)/").match
_REF_CLASSES = {"tags": "tag", "heads": "branch", "pull": "pull-request"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherIdentity:
    """Who signed, by the certificate alone; fields that it does not have are empty.

    `subject` is its alternative name (a URI or an e-mail address), `issuer` the OpenID Connect issuer.  `repository`
    and `owner` are URIs, the ids numbers in text.  `workflow` is the path of the top-level workflow within the
    repository, its URI where it is of another, `builder` the URI of what signed, which is another workflow where that
    is reused.  `run` is the invocation.  Source: https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md.
    """

    issuer: str
    subject: str
    repository: str = ""
    repository_id: str = ""
    owner: str = ""
    owner_id: str = ""
    workflow: str = ""
    ref: str = ""
    commit: str = ""
    trigger: str = ""
    runner: str = ""
    builder: str = ""
    run: str = ""

    @property
    def ref_class(self) -> str:
        """`tag`, `branch`, `pull-request`; empty where the certificate names no such ref."""
        match = _REF(self.ref)
        return _REF_CLASSES[match[1]] if match else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """One piece of evidence and what verification made of it.

    `step` and `reason` say which step refused it, or why it could not be judged.  `subject` is the name that the
    statement gives what it is about, `digest` the attested digest, equal to that of `compared` (`lock`, `registry`,
    `artefact`).  `log_time` is RFC 3339.  `bundle` and `root` are SHA-256 in hexadecimal of the evidence and of the
    trusted root; `source` is the URL or the file that it came from.  `level` is what it is consistent with
    (`SLSA Build L2`), never a certification.  `contradictions` are claims of the predicate that the certificate denies.
    """

    kind: EvidenceKind
    status: ProvenanceStatus
    predicate_type: str = ""
    identity: PublisherIdentity | None = None
    step: Step | None = None
    reason: str = ""
    strength: LogStrength = LogStrength.NONE
    log_index: int | None = None
    log_time: str = ""
    subject: str = ""
    digest: Hash | None = None
    compared: str = ""
    bundle: str = ""
    root: str = ""
    source: str = ""
    level: str = ""
    contradictions: tuple[str, ...] = ()


def strongest_first(attestations: Iterable[Attestation]) -> tuple[Attestation, ...]:
    """Provenance before the word of a publisher, in one sequence whatever the one they came in."""
    return tuple(sorted(attestations, key=lambda a: (a.kind is not EvidenceKind.SLSA, a.source, a.bundle)))


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierRelease:
    """A release that came out before, `uploaded` then (RFC 3339), and how it was published."""

    version: str
    uploaded: str
    level: PublishLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenanceAnswer:
    """What is known of who built one component: the worst of what its files and attestations come to.

    `required` says that the verdict hangs on the answer.  `files` counts the locked files, `attested` those of them
    that have verified evidence.  `registry` is the host that was asked.  `declared` are the repositories that the
    registry has for this release, `declared_before` those of the release before it.  `built_before` is who built the
    release before, where that was proved: it is asked where this one was built from what is not declared.  `level` is
    how it was published;
    `stronger` is an earlier release that was published with more, and `changes` what else is new in this one (`new
    dependency plain-crypto-js`, `new install script postinstall`).  `publisher` is the registry's own name of the
    trusted publisher (npm's `oidcConfigId`).
    """

    status: ProvenanceStatus
    attestations: tuple[Attestation, ...] = ()
    reason: str = ""
    required: bool = False
    files: int = 0
    attested: int = 0
    registry: str = ""
    declared: tuple[str, ...] = ()
    declared_before: tuple[str, ...] = ()
    built_before: PublisherIdentity | None = None
    level: PublishLevel | None = None
    stronger: EarlierRelease | None = None
    changes: tuple[str, ...] = ()
    publisher: str = ""

    @property
    def verified(self) -> tuple[Attestation, ...]:
        """Those attestations that passed every step."""
        return tuple(a for a in self.attestations if a.status is ProvenanceStatus.VERIFIED)

    @property
    def is_open(self) -> bool:
        """Whether the verdict hangs on an answer that there is not."""
        return self.required and self.status in (ProvenanceStatus.NOT_ESTABLISHED, ProvenanceStatus.UNSUPPORTED)

    @property
    def strongest(self) -> Attestation | None:
        """The strongest verified evidence that tells who signed."""
        return next((a for a in strongest_first(self.verified) if a.identity), None)

    @property
    def identity(self) -> PublisherIdentity | None:
        """Who signed that."""
        return self.strongest.identity if self.strongest else None


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedIdentity:
    """An entry of the identity lock: who publishes the package `purl`, which has no version.

    `ref` is a class (`tag`, `branch`), `level` the strongest level seen.  `first_seen` is the version, `since` its day.
    """

    purl: str
    issuer: str
    subject: str = ""
    repository: str = ""
    repository_id: str = ""
    owner: str = ""
    owner_id: str = ""
    workflow: str = ""
    ref: str = ""
    trigger: str = ""
    runner: str = ""
    publisher: str = ""
    level: PublishLevel = PublishLevel.PROVENANCE
    first_seen: str = ""
    since: str = ""
    line: int = 0


#: The identity lock of a project lies at its top under this name.
LOCK_FILE = "bomvet.identities.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityLock:
    """Who is expected to publish which package, by purl without version; `source` is the file's name."""

    source: str
    entries: Mapping[str, LockedIdentity] = field(default_factory=lambda: MappingProxyType({}))


class IdentityField(StrEnum):
    """What of an identity changed; a repository that was merely `RENAMED` has the same numeric id."""

    REPOSITORY = "repository"
    RENAMED = "repository-renamed"
    OWNER = "owner"
    WORKFLOW = "workflow"
    ISSUER = "issuer"
    SUBJECT = "subject"
    REF = "ref"
    TRIGGER = "trigger"
    RUNNER = "runner"
    PUBLISHER = "publisher"
    LEVEL = "level"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityChange:
    """One field that is not as it was locked."""

    what: IdentityField
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityAnswer:
    """How the identity of one component stands to what was expected of it, by `source` at `location`."""

    expected: LockedIdentity
    source: str
    location: Location
    changes: tuple[IdentityChange, ...] = ()
