"""Components of whom is known, more or less, who built them: made by hand, one for each thing that can be said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bomvet.model.facts import Facts
from bomvet.model.inventory import Component, Distribution, Hash, Inventory, Location
from bomvet.model.provenance import (
    Attestation,
    EvidenceKind,
    IdentityAnswer,
    IdentityChange,
    IdentityField,
    LockedIdentity,
    LogStrength,
    ProvenanceAnswer,
    ProvenanceStatus,
    PublisherIdentity,
    PublishLevel,
    Step,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

TRUST_ROOT = "7" * 64
SLSA_TYPE = "https://slsa.dev/provenance/v1"
GITHUB = PublisherIdentity(
    issuer="https://token.actions.githubusercontent.com",
    subject="https://github.com/acme/wheel/.github/workflows/release.yml@refs/tags/v1.0",
    repository="https://github.com/acme/wheel",
    repository_id="1234",
    owner="https://github.com/acme",
    owner_id="99",
    workflow=".github/workflows/release.yml",
    ref="refs/tags/v1.0",
    commit="c0ffee" * 6 + "c0ff",
    trigger="push",
    runner="github-hosted",
    builder="https://github.com/acme/wheel/.github/workflows/release.yml@refs/tags/v1.0",
    run="https://github.com/acme/wheel/actions/runs/5/attempts/1",
)
ACCOUNT = PublisherIdentity(issuer="https://accounts.google.com", subject="robot@acme.iam.gserviceaccount.com")


def sha256(digit: str) -> Hash:
    """A digest of one digit over and over."""
    return Hash(algorithm="sha256", value=digit * 64)


def sha512(digit: str) -> Hash:
    """A digest of one digit over and over."""
    return Hash(algorithm="sha512", value=digit * 128)


def attestation(kind: EvidenceKind, bundle: str, **fields: Any) -> Attestation:
    """Verified evidence whose bundle's digest is the digit `bundle` over and over."""
    fields = {
        "status": ProvenanceStatus.VERIFIED,
        "predicate_type": SLSA_TYPE if kind is EvidenceKind.SLSA else "",
        "identity": GITHUB,
        "strength": LogStrength.PROOF,
        "log_index": 42,
        "log_time": "2026-01-02T03:04:05Z",
        "compared": "lock",
        "root": TRUST_ROOT,
        "level": "SLSA Build L2" if kind is EvidenceKind.SLSA else "",
        **fields,
    }
    return Attestation(kind=kind, bundle=bundle * 64 if bundle else "", **fields)


def answer(status: ProvenanceStatus, *attestations: Attestation, **fields: Any) -> ProvenanceAnswer:
    """What is known of a component."""
    return ProvenanceAnswer(status=status, attestations=attestations, **fields)


# -- the wheel of two files, each published and built in public ---------------------------------------------------

WHEEL = Component(
    purl="pkg:pypi/wheel@1.0",
    name="wheel",
    version="1.0",
    distributions=(
        Distribution(url="https://files.packages.example/wheel-1.0-py3-none-any.whl", hashes=(sha256("a"),)),
        Distribution(url="https://files.packages.example/wheel-1.0.tar.gz", hashes=(sha256("b"),), source=True),
    ),
)
_INTEGRITY = "https://pypi.packages.example/integrity/wheel/1.0/"
_FILES = (("wheel-1.0-py3-none-any.whl", "a", "12"), ("wheel-1.0.tar.gz", "b", "34"))
OF_WHEEL = answer(
    ProvenanceStatus.VERIFIED,
    *(
        attestation(kind, bundle, source=f"{_INTEGRITY}{name}/provenance", subject=name, digest=sha256(digit))
        for name, digit, bundles in _FILES
        for kind, bundle in zip((EvidenceKind.SLSA, EvidenceKind.PYPI_PUBLISH), bundles, strict=True)
    ),
    files=2,
    attested=2,
    registry="pypi.packages.example",
    level=PublishLevel.PROVENANCE,
)
LOCKED = LockedIdentity(purl="pkg:pypi/wheel", issuer=GITHUB.issuer, repository=GITHUB.repository)
LOCK_FILE = "bomvet.identities.toml"

# -- the tool of npm: signed by its registry as well, and not by whom the lock names ------------------------------

TOOL = Component(purl="pkg:npm/%40acme/tool@2.0.0", name="@acme/tool", version="2.0.0", hashes=(sha512("c"),))
_NPM = "https://npm.packages.example/-/npm/v1/attestations/@acme%2ftool@2.0.0"
OF_TOOL = answer(
    ProvenanceStatus.VERIFIED,
    attestation(
        EvidenceKind.SLSA,
        "5",
        source=_NPM,
        subject="pkg:npm/%40acme/tool@2.0.0",
        digest=sha512("c"),
        level="SLSA Build L3",
        strength=LogStrength.PROMISE,
    ),
    attestation(EvidenceKind.NPM_PUBLISH, "6", source=_NPM, identity=None, digest=sha512("c"), log_index=None),
    attestation(
        EvidenceKind.NPM_SIGNATURE,
        "8",
        source="https://npm.packages.example/@acme%2ftool",
        identity=None,
        digest=sha512("c"),
        strength=LogStrength.NONE,
        log_index=None,
        log_time="",
        root="4" * 64,
    ),
    files=1,
    attested=1,
    level=PublishLevel.TRUSTED_PUBLISHER,
)

# -- all others ----------------------------------------------------------------------------------------------------


def pypi(name: str, **fields: Any) -> Component:
    """A package at version 1."""
    return Component(purl=f"pkg:pypi/{name}@1", name=name, version="1", **fields)


BROKEN, SILENT, UNHEARD, FOREIGN = pypi("broken"), pypi("silent"), pypi("unheard"), pypi("foreign")
LIAR, HALF, STRANGER = pypi("liar"), pypi("half"), pypi("stranger")
INVALID = attestation(
    EvidenceKind.SLSA,
    "9",
    status=ProvenanceStatus.INVALID,
    step=Step.SIGNATURE,
    reason="the signature is not that of the certificate's key",
    source="attestations/broken-1.whl.provenance",
    digest=None,
)
OTHERS: Mapping[str, ProvenanceAnswer] = {
    BROKEN.purl: answer(ProvenanceStatus.INVALID, INVALID, reason=INVALID.reason, files=1),
    SILENT.purl: answer(ProvenanceStatus.ABSENT, files=1, registry="pypi.packages.example", level=PublishLevel.NONE),
    UNHEARD.purl: answer(ProvenanceStatus.NOT_ESTABLISHED, reason="pypi.packages.example answered 503", files=1),
    FOREIGN.purl: answer(
        ProvenanceStatus.UNSUPPORTED,
        attestation(EvidenceKind.SLSA, "e", status=ProvenanceStatus.UNSUPPORTED, reason="no log entry", identity=None),
        reason="no log entry",
        files=1,
    ),
    LIAR.purl: answer(
        ProvenanceStatus.VERIFIED,
        attestation(
            EvidenceKind.SLSA,
            "f",
            source="attestations/liar.sigstore.json",
            contradictions=("repository https://github.com/acme/other",),
            digest=sha256("d"),
        ),
        files=1,
        attested=1,
    ),
    HALF.purl: answer(
        ProvenanceStatus.ABSENT,
        attestation(EvidenceKind.PYPI_PUBLISH, "0", identity=ACCOUNT, source="", digest=sha256("e"), log_time="once"),
        reason="half-1.tar.gz has no attestation",
        files=2,
        attested=1,
    ),
    STRANGER.purl: answer(
        ProvenanceStatus.IDENTITY_MISMATCH,
        attestation(
            EvidenceKind.SIGNATURE, "", status=ProvenanceStatus.IDENTITY_MISMATCH, step=Step.IDENTITY, reason=""
        ),
        files=1,
    ),
}
FACTS = Facts(
    provenance={WHEEL.purl: OF_WHEEL, TOOL.purl: OF_TOOL, **OTHERS},
    identities={
        WHEEL.purl: IdentityAnswer(expected=LOCKED, source=LOCK_FILE, location=Location(path=LOCK_FILE, line=3)),
        TOOL.purl: IdentityAnswer(
            expected=LOCKED,
            source=LOCK_FILE,
            location=Location(path=LOCK_FILE, line=9),
            changes=(
                IdentityChange(what=IdentityField.REPOSITORY, before="https://github.com/acme/tool", after="x"),
                IdentityChange(what=IdentityField.WORKFLOW, before="", after=".github/workflows/release.yml"),
            ),
        ),
        UNHEARD.purl: IdentityAnswer(expected=LOCKED, source=LOCK_FILE, location=Location(path=LOCK_FILE)),
    },
)
INVENTORY = Inventory.merge(
    [Inventory(components=(WHEEL, TOOL, BROKEN, SILENT, UNHEARD, FOREIGN, LIAR, HALF, STRANGER))]
)


def hostile(purl: str, one: str, other: str) -> Facts:
    """Two texts wherever a certificate, a registry or an identity lock could have put them."""
    fields = dict.fromkeys(("issuer", "owner", "owner_id", "trigger", "runner", "builder", "run"), one)
    who = PublisherIdentity(
        subject=other, repository=f"https://{one}/{other}", workflow=other, ref=one, commit=other, **fields
    )
    stated = {"predicate_type": one, "identity": who, "log_time": other, "subject": one, "root": one, "level": other}
    found = (
        attestation(EvidenceKind.SLSA, "", source=one, contradictions=(other,), **stated),
        attestation(
            EvidenceKind.SLSA, "1", source=f"https://{other}", digest=Hash(algorithm=one, value=other), **stated
        ),
        attestation(EvidenceKind.SLSA, "2", source=other, status=ProvenanceStatus.INVALID, reason=other, **stated),
    )
    change = IdentityChange(what=IdentityField.WORKFLOW, before=one, after=other)
    place = Location(path=other, line=1)
    return Facts(
        provenance={purl: answer(ProvenanceStatus.VERIFIED, *found, reason=one, registry=other)},
        identities={purl: IdentityAnswer(expected=LOCKED, source=one, location=place, changes=(change,))},
    )
