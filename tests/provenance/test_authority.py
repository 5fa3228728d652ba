"""The authority of the tests is a real one: sigstore's own verifier takes what it gives out, and nothing else."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sigstore.errors import Error
from sigstore.models import Bundle, TrustedRoot
from sigstore.verify import Verifier, policy
from sigstore_models.trustroot.v1 import TrustedRoot as RootDocument

from tests.provenance.authority import PUBLISHED, Authority, Email, GitHub, GitLab, pae, slsa, statement, tampered
from tests.provenance.instance import MerkleTree, b64

SHA256 = "1f" * 32
ABOUT = statement("acme-1.0.0-py3-none-any.whl", {"sha256": SHA256}, predicate=slsa(GitHub()))
ENTRY: list[str | int] = ["verificationMaterial", "tlogEntries", 0]


def verifier(authority: Authority) -> Verifier:
    return Verifier(trusted_root=TrustedRoot(RootDocument.from_json(authority.root_json())))


def verify(authority: Authority, document: Any, identity: Any = GitHub()) -> Any:  # noqa: B008
    """What sigstore makes of a bundle over a statement."""
    expected = policy.Identity(identity=identity.subject, issuer=identity.issuer)
    return json.loads(verifier(authority).verify_dsse(Bundle.from_json(json.dumps(document)), expected)[1])


@pytest.mark.parametrize("version", ["0.1", "0.2", "0.3"])
def test_bundles_of_all_versions_are_verified(authority: Authority, version: str) -> None:
    """Statements and messages, each with its log entry."""
    assert verify(authority, authority.bundle(ABOUT, version=version)) == ABOUT
    message = Bundle.from_json(json.dumps(authority.message(b"content", version=version)))
    verifier(authority).verify_artifact(b"content", message, policy.UnsafeNoOp())


@pytest.mark.parametrize("entry", ["hashedrekord", "rekor2"])
def test_a_log_of_version_2_goes_with_a_timestamp(authority: Authority, entry: str) -> None:
    """Which a log of version 1 may have too; the statement of the bundle has the entry of its own kind."""
    document = authority.bundle(ABOUT, entry="dsse" if entry == "hashedrekord" else entry, timestamp=True)
    assert document["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"]
    assert verify(authority, document) == ABOUT
    message = authority.message(b"content", entry=entry, timestamp=True)
    verifier(authority).verify_artifact(b"content", Bundle.from_json(json.dumps(message)), policy.UnsafeNoOp())


def test_a_timestamp_of_another_moment_is_refused(authority: Authority) -> None:
    """The certificate was valid for ten minutes."""
    document = authority.bundle(ABOUT, entry="rekor2")
    late = authority.timestamps.stamp(_signature(document), PUBLISHED + dt.timedelta(hours=1))
    path: list[str | int] = ["verificationMaterial", "timestampVerificationData", "rfc3161Timestamps", 0]
    with pytest.raises(Error):
        verify(authority, tampered(document, [*path, "signedTimestamp"], b64(late)))
    other = authority.timestamps.stamp(b"another signature", PUBLISHED)
    with pytest.raises(Error):
        verify(authority, tampered(document, [*path, "signedTimestamp"], b64(other)))
    with pytest.raises(Error):
        verify(authority, tampered(document, [*ENTRY, "inclusionProof", "hashes", 0], b64(b"\0" * 32)))


def _signature(document: Any) -> bytes:
    return base64.b64decode(document["dsseEnvelope"]["signatures"][0]["sig"])


@pytest.mark.parametrize(
    "identity", [GitHub(), GitHub(builder="acme/ci/.github/workflows/build.yml@refs/tags/v2"), GitLab(), Email()]
)
def test_every_identity_is_in_the_certificate(authority: Authority, identity: Any) -> None:
    """A workflow, a reusable one, a pipeline and a person."""
    assert verify(authority, authority.bundle(ABOUT, identity), identity) == ABOUT


def test_the_fields_of_a_workflow_are_in_the_certificate(authority: Authority) -> None:
    """Repository with its number, owner, ref, commit, trigger, runner, run."""
    bundle = Bundle.from_json(json.dumps(authority.bundle(ABOUT)))
    expected = policy.AllOf(
        [
            policy.OIDCIssuerV2("https://token.actions.githubusercontent.com"),
            policy.OIDCSourceRepositoryURI("https://github.com/acme/app"),
            policy.OIDCSourceRepositoryIdentifier("1001"),
            policy.OIDCSourceRepositoryOwnerIdentifier("2001"),
            policy.OIDCSourceRepositoryRef("refs/tags/v1.0.0"),
            policy.OIDCSourceRepositoryDigest("a" * 40),
            policy.OIDCBuildTrigger("push"),
            policy.OIDCRunnerEnvironment("github-hosted"),
            policy.OIDCBuildConfigURI("https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.0.0"),
            policy.OIDCRunInvocationURI("https://github.com/acme/app/actions/runs/7/attempts/1"),
            policy.GitHubWorkflowRepository("acme/app"),
        ]
    )
    assert verifier(authority).verify_dsse(bundle, expected)[0] == "application/vnd.in-toto+json"


def test_an_old_certificate_has_none_of_the_new_fields(authority: Authority) -> None:
    """Only those from 1 to 6."""
    signer = authority.signer(GitHub(), old=True)
    assert signer.certificate is not None
    numbers = [e.oid.dotted_string for e in signer.certificate.extensions if "57264" in e.oid.dotted_string]
    assert numbers == [f"1.3.6.1.4.1.57264.1.{n}" for n in range(1, 7)]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ([*ENTRY, "integratedTime"], lambda time: str(int(time) + 5)),
        ([*ENTRY, "logIndex"], lambda index: str(int(index) + 1)),
        ([*ENTRY, "inclusionProof", "rootHash"], b64(b"\0" * 32)),
        ([*ENTRY, "inclusionProof", "hashes", 0], b64(b"\0" * 32)),
        ([*ENTRY, "inclusionPromise", "signedEntryTimestamp"], b64(b"\0" * 70)),
        (["dsseEnvelope", "payload"], b64(b"{}")),
        (["dsseEnvelope", "signatures", 0, "sig"], b64(b"\0" * 70)),
    ],
)
def test_what_is_tampered_with_is_refused(authority: Authority, path: list[str | int], value: Any) -> None:
    """Each part is under some signature."""
    with pytest.raises(Error):
        verify(authority, tampered(authority.bundle(ABOUT), path, value))


def test_a_certificate_without_the_timestamp_of_the_log_is_refused(authority: Authority) -> None:
    """`sct=False` leaves it out."""
    with pytest.raises(Error):
        verify(authority, authority.bundle(ABOUT, signer=authority.signer(GitHub(), sct=False)))


def test_another_instance_is_not_trusted(authority: Authority) -> None:
    """Each has keys of its own."""
    with pytest.raises(Error):
        verify(Authority(), authority.bundle(ABOUT))


def test_entries_of_the_older_kinds_name_the_envelope(authority: Authority) -> None:
    """Intoto 0.0.2 has the hash of the payload and the signature in base64 twice, 0.0.1 the hash of the envelope."""
    bundle = authority.bundle(ABOUT, version="0.1", entry="intoto-0.0.2", proof=False)
    entry = bundle["verificationMaterial"]["tlogEntries"][0]
    assert entry["kindVersion"] == {"kind": "intoto", "version": "0.0.2"}
    assert "inclusionProof" not in entry
    old = authority.bundle(ABOUT, entry="intoto-0.0.1")["verificationMaterial"]["tlogEntries"][0]
    assert old["kindVersion"] == {"kind": "intoto", "version": "0.0.1"}


def test_npm_has_its_own_attestation_and_that_of_the_build(authority: Authority) -> None:
    """The first is signed by the registry's key, and names it."""
    document = json.loads(authority.npm_attestations("@acme/tool", "1.2.3", "ab" * 64))
    publish, build = document["attestations"]
    assert publish["bundle"]["verificationMaterial"]["publicKey"] == {"hint": authority.npm_keyid}
    verified = verify(authority, build["bundle"])
    assert verified["subject"] == [{"name": "pkg:npm/%40acme/tool@1.2.3", "digest": {"sha512": "ab" * 64}}]
    assert verified["predicateType"] == build["predicateType"] == "https://slsa.dev/provenance/v1"


def test_npm_signs_name_version_and_integrity(authority: Authority) -> None:
    """With the key that its endpoint states."""
    signature = authority.npm_signature("left-pad", "1.3.0", "sha512-AAAA")
    (key,) = json.loads(authority.npm_keys())["keys"]
    assert (key["keyid"], key["expires"]) == (signature["keyid"], None)
    public = serialization.load_der_public_key(base64.b64decode(key["key"]))
    assert isinstance(public, ec.EllipticCurvePublicKey)
    raw = base64.b64decode(signature["sig"])
    public.verify(raw, b"left-pad@1.3.0:sha512-AAAA", ec.ECDSA(hashes.SHA256()))


def test_a_layer_of_an_image_has_a_promise_in_its_annotations(authority: Authority) -> None:
    """Never a proof; the entry names the digest of the layer."""
    annotations, layer = authority.cosign_att(ABOUT, entry="intoto-0.0.1")
    bundle = json.loads(annotations["dev.sigstore.cosign/bundle"])
    body = json.loads(base64.b64decode(bundle["Payload"]["body"]))
    assert sorted(bundle) == ["Payload", "SignedEntryTimestamp"]
    assert body["spec"]["content"]["hash"]["value"] == hashlib.sha256(layer).hexdigest()
    annotations, layer = authority.cosign_sig("sha256:" + SHA256)
    assert json.loads(layer)["critical"]["image"] == {"docker-manifest-digest": "sha256:" + SHA256}
    assert annotations["dev.cosignproject.cosign/signature"]


def test_pypi_says_who_published(authority: Authority) -> None:
    """Beside the attestations, which are what is signed."""
    document = json.loads(authority.pypi_provenance("acme-1.0.0.tar.gz", SHA256, build=True))
    (bundle,) = document["attestation_bundles"]
    assert bundle["publisher"]["repository"] == "acme/app"
    assert [sorted(one) for one in bundle["attestations"]] == [["envelope", "verification_material", "version"]] * 2
    kinds = [json.loads(authority.pypi_provenance("a", SHA256, by)) for by in (GitLab(), Email())]
    assert [one["attestation_bundles"][0]["publisher"]["kind"] for one in kinds] == ["GitLab", "Google"]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 100])
def test_every_leaf_of_the_tree_has_a_proof(size: int) -> None:
    """By the definition in RFC 6962, 2.1: the root is that of the halves."""
    leaves = [b"leaf %d" % n for n in range(size)]
    tree = MerkleTree()
    assert [tree.append(leaf) for leaf in leaves] == list(range(size))
    assert tree.root() == _root(leaves)
    for index, leaf in enumerate(leaves):
        assert _chain(index, size, hashlib.sha256(b"\0" + leaf).digest(), tree.proof(index)) == _root(leaves)


def _root(leaves: list[bytes]) -> bytes:
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\1" + _root(leaves[:half]) + _root(leaves[half:])).digest()


def _chain(index: int, size: int, node: bytes, proof: list[bytes]) -> bytes:
    """RFC 9162, 2.1.3.2."""
    last = size - 1
    for other in proof:
        if index % 2 or index == last:
            node = hashlib.sha256(b"\1" + other + node).digest()
            while not index % 2 and index:
                index, last = index >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\1" + node + other).digest()
        index, last = index >> 1, last >> 1
    return node


def test_what_is_signed_of_an_envelope_has_its_lengths() -> None:
    """The encoding of DSSE, by the example of its protocol."""
    assert pae(b"hello world", "http://example.com/HelloWorld") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
