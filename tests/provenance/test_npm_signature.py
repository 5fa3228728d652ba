"""Signatures of npm registries."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bomvet.model.inventory import Hash
from bomvet.model.provenance import Attestation, EvidenceKind, ProvenanceStatus, Step
from bomvet.provenance.keys import RegistryKey
from bomvet.provenance.npm_signature import check_signature, integrity_of

PRIVATE = ec.generate_private_key(ec.SECP256R1())
DIGEST = Hash(algorithm="sha512", value=hashlib.sha512(b"archive").hexdigest())
INTEGRITY = integrity_of(DIGEST)
END = dt.datetime(2025, 1, 29, tzinfo=dt.UTC)
OLD, NEW = "2019-06-28T18:46:27.981Z", "2025-01-29T00:00:00.000Z"


def spki(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> str:
    """The public key as registries state it."""
    raw = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(raw).decode()


CURRENT = RegistryKey("SHA256:new", spki(PRIVATE))
EXPIRED = RegistryKey("SHA256:new", spki(PRIVATE), start=dt.datetime(2022, 12, 1, tzinfo=dt.UTC), end=END)


def signed(text: str) -> str:
    """A signature in base64."""
    return base64.b64encode(PRIVATE.sign(text.encode(), ec.ECDSA(SHA256()))).decode()


SIGNATURE = signed(f"@acme/widget@1.0.0:{INTEGRITY}")


def check(
    *,
    version: str = "1.0.0",
    integrity: str = INTEGRITY,
    signature: str = SIGNATURE,
    keyid: str = "SHA256:new",
    key: RegistryKey = CURRENT,
    published: str = OLD,
) -> Attestation:
    """What the signature of the package comes to."""
    other = RegistryKey("SHA256:other", "AAAA")
    return check_signature("@acme/widget", version, integrity, (keyid, signature), (other, key), published, source="u")


def outcome(found: Attestation) -> tuple[ProvenanceStatus, Step | None, str]:
    """The verdict, the step that gave it, and why."""
    return found.status, found.step, found.reason


def test_a_signature_of_name_version_and_integrity_is_verified() -> None:
    """By the digest of the key it says which root it goes back to."""
    assert check() == Attestation(
        kind=EvidenceKind.NPM_SIGNATURE,
        status=ProvenanceStatus.VERIFIED,
        subject="@acme/widget@1.0.0",
        digest=DIGEST,
        compared="lock",
        bundle=hashlib.sha256(SIGNATURE.encode()).hexdigest(),
        root=hashlib.sha256(base64.b64decode(CURRENT.key)).hexdigest(),
        source="u",
    )


def test_of_several_digests_the_strongest_is_the_signed_one() -> None:
    """A lock may have gathered others."""
    assert check(integrity=f"sha1-AAAA {INTEGRITY}").status is ProvenanceStatus.VERIFIED


@pytest.mark.parametrize(
    "found",
    [
        check(version="1.0.1"),
        check(integrity=integrity_of(Hash(algorithm="sha512", value="0" * 128))),
        check(signature=signed("@acme/widget@1.0.0")),
        check(signature=""),
        check(signature="nope"),
        check(signature=base64.b64encode(b"\x30\x00").decode()),
        check(signature=f"{SIGNATURE}\n"),
        check(key=RegistryKey("SHA256:new", spki(ec.generate_private_key(ec.SECP256R1())))),
    ],
)
def test_another_signature_is_invalid(found: Attestation) -> None:
    """Of another version, archive or key, and what is no signature at all."""
    reason = "the signature is not that of this name, version and integrity"
    assert outcome(found) == (ProvenanceStatus.INVALID, Step.SIGNATURE, reason)


def test_a_key_signs_nothing_after_its_end() -> None:
    """By when the release came; to the moment of the end."""
    reason = f"the release is of {END.isoformat()}, and the key signs nothing from {END.isoformat()} on"
    assert outcome(check(key=EXPIRED, published=NEW)) == (ProvenanceStatus.INVALID, Step.KEY, reason)
    assert check(key=EXPIRED, published="2025-01-28T23:59:59.999Z").status is ProvenanceStatus.VERIFIED


def test_a_release_may_be_older_than_its_key() -> None:
    """Npm signed all there was when it began to sign."""
    assert check(key=EXPIRED, published="2015-01-01T00:00:00Z").status is ProvenanceStatus.VERIFIED


def test_without_a_time_a_key_that_ends_proves_nothing() -> None:
    """It is not known whether it was still valid; a key without an end is."""
    reason = f"the key signs nothing from {END.isoformat()} on, and the registry does not say when the release came"
    assert outcome(check(key=EXPIRED, published="")) == (ProvenanceStatus.NOT_ESTABLISHED, Step.KEY, reason)
    assert check(published="").status is ProvenanceStatus.VERIFIED


@pytest.mark.parametrize(
    ("keyid", "shown"), [("SHA256:unknown", "SHA256:unknown"), ("", "(none)"), ("\x1b[2J", "'\\x1b[2J'")]
)
def test_a_key_that_is_not_known_is_no_accusation(keyid: str, shown: str) -> None:
    """Another registry has others."""
    found = check(keyid=keyid)
    assert outcome(found) == (ProvenanceStatus.UNSUPPORTED, Step.KEY, f"no key of the id {shown} is known")
    assert found.root == ""


@pytest.mark.parametrize(
    "key", ["AAAA", "?", spki(ec.generate_private_key(ec.SECP384R1())), spki(ed25519.Ed25519PrivateKey.generate())]
)
def test_keys_are_of_one_curve(key: str) -> None:
    """Others, and what is no key, are not used."""
    reason = "the key SHA256:new is none of the curve P-256"
    assert outcome(check(key=RegistryKey("SHA256:new", key))) == (ProvenanceStatus.UNSUPPORTED, Step.KEY, reason)


@pytest.mark.parametrize("integrity", ["", "sha1-AAAA", "sha512-AAAA", "sha512", "sha512-?"])
def test_there_has_to_be_something_that_is_signed(integrity: str) -> None:
    """Old releases have SHA-1 alone."""
    reason = "the release has no integrity of SHA-2 to be signed"
    found = check(integrity=integrity)
    assert outcome(found) == (ProvenanceStatus.UNSUPPORTED, Step.FORMAT, reason)
    assert found.digest is None
