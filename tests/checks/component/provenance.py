"""What tests of rules about provenance are made of: answers, as if evidence had been verified."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from bomvet.model.facts import Facts, Release, ReleaseAnswer, Standing
from bomvet.model.inventory import Component, Hash, Location
from bomvet.model.provenance import (
    Attestation,
    EvidenceKind,
    IdentityAnswer,
    IdentityChange,
    LockedIdentity,
    LogStrength,
    ProvenanceAnswer,
    ProvenanceStatus,
    PublisherIdentity,
    PublishLevel,
    Step,
)

PLACE = (Location(path="package-lock.json", line=7),)
SUBJECT = Component(purl="pkg:npm/left-pad@1.3.1", name="left-pad", version="1.3.1", locations=PLACE)
OWN = Component(purl=SUBJECT.purl, name="left-pad", version="1.3.1", directory="")
HOST = "npm.packages.example"
SOURCE = "https://npm.packages.example/attestations/left-pad@1.3.1"
ACME = "https://github.com/acme/left-pad"
MALLORY = "https://github.com/mallory/left-pad"
IDENTITY = PublisherIdentity(
    issuer="https://token.actions.githubusercontent.com",
    subject=f"{ACME}/.github/workflows/release.yml@refs/tags/v1.3.1",
    repository=ACME,
    repository_id="1001",
    owner="https://github.com/acme",
    owner_id="2001",
    workflow=".github/workflows/release.yml",
    ref="refs/tags/v1.3.1",
    commit="c0ffee",
    trigger="push",
    runner="github-hosted",
    builder=f"{ACME}/.github/workflows/release.yml@refs/tags/v1.3.1",
    run=f"{ACME}/actions/runs/1/attempts/1",
)
SLSA = Attestation(
    kind=EvidenceKind.SLSA,
    status=ProvenanceStatus.VERIFIED,
    predicate_type="https://slsa.dev/provenance/v1",
    identity=IDENTITY,
    strength=LogStrength.PROOF,
    log_index=42,
    subject="pkg:npm/left-pad@1.3.1",
    digest=Hash(algorithm="sha256", value="ab" * 32),
    compared="lock",
    bundle="00" * 32,
    source=SOURCE,
    level="SLSA Build L2",
)
SIGNATURE = Attestation(kind=EvidenceKind.NPM_SIGNATURE, status=ProvenanceStatus.VERIFIED, source=SOURCE)
LOCKED = LockedIdentity(
    purl="pkg:npm/left-pad",
    issuer=IDENTITY.issuer,
    repository=ACME,
    repository_id="1001",
    level=PublishLevel.PROVENANCE,
    first_seen="1.2.0",
    since="2026-01-31",
    line=4,
)


def refusal(step: Step, reason: str = "it does not hold", **values: Any) -> Attestation:
    """An attestation that fails at `step`."""
    stated = {"kind": EvidenceKind.SLSA, "predicate_type": "", "source": SOURCE, **values}
    return Attestation(status=ProvenanceStatus.INVALID, step=step, reason=reason, **stated)


def answer(status: ProvenanceStatus, *attestations: Attestation, **values: Any) -> ProvenanceAnswer:
    """What is known of one file."""
    verified = sum(a.status is ProvenanceStatus.VERIFIED for a in attestations)
    stated = {"files": 1, "attested": min(verified, 1), "registry": HOST, **values}
    return ProvenanceAnswer(status=status, attestations=attestations, **stated)


def verified(*attestations: Attestation, **values: Any) -> ProvenanceAnswer:
    """Of a release with sound evidence."""
    return answer(ProvenanceStatus.VERIFIED, *(attestations or (SLSA,)), **values)


def absent(**values: Any) -> ProvenanceAnswer:
    """Of a release without evidence."""
    return answer(ProvenanceStatus.ABSENT, **values)


def invalid(*attestations: Attestation, **values: Any) -> ProvenanceAnswer:
    """Of a release whose evidence is refused."""
    return answer(ProvenanceStatus.INVALID, *attestations, **values)


def identity(*changes: IdentityChange, expected: LockedIdentity = LOCKED) -> IdentityAnswer:
    """How it stands to an entry of the lock."""
    source = "bomvet.identities.toml"
    return IdentityAnswer(
        expected=expected, source=source, location=Location(path=source, line=expected.line), changes=changes
    )


def facts(
    provenance: ProvenanceAnswer | None,
    locked: IdentityAnswer | None = None,
    release: Release | None = None,
) -> Facts:
    """All that is known of `SUBJECT`."""
    purl = SUBJECT.purl
    known = ReleaseAnswer(standing=Standing.KNOWN, release=release, source=HOST)
    return Facts(
        provenance=MappingProxyType({purl: provenance} if provenance else {}),
        identities=MappingProxyType({purl: locked} if locked else {}),
        releases=MappingProxyType({purl: known} if release else {}),
    )
