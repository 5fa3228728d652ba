"""What verification makes of evidence, beside what tampering shows (`test_mutations`)."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from bomvet.model.inventory import Hash
from bomvet.model.provenance import Attestation, EvidenceKind, LogStrength, ProvenanceStatus, PublisherIdentity
from bomvet.provenance import bundles
from bomvet.provenance.bundles import BundleVerifier
from bomvet.provenance.evidence import Evidence, Expected
from bomvet.provenance.root import read_root
from tests.provenance.authority import PUBLISHED, SLSA_V1, Authority, GitHub, Signer, slsa, statement
from tests.provenance.judging import blob, expected, of_attestation, of_bundle, of_layer, verifier

SHA256, OTHER = "ab" * 32, "cd" * 32
ABOUT = statement("acme-1.0.0.tar.gz", {"sha256": SHA256}, SLSA_V1, slsa(GitHub()))
FILE = expected("acme-1.0.0.tar.gz", f"sha256:{SHA256}")
MATERIAL = "verificationMaterial"


def judge_with(root: bytes, evidence: Evidence) -> Attestation:
    """By a trusted root in JSON."""
    return BundleVerifier(read_root(root, "trusted_root.json")).judge(evidence, None).attestation


def refusal(found: Attestation) -> tuple[str, str, str]:
    assert found.step is not None
    return found.status, found.step, found.reason


# -- what is verified ---------------------------------------------------------------------------------------------


def test_everything_that_is_known_is_told(authority: Authority) -> None:
    """Of a bundle that passes every step."""
    evidence = of_bundle(authority.bundle(ABOUT), SLSA_V1)
    judged = verifier(authority).judge(evidence, FILE)
    assert judged.statement == ABOUT
    assert judged.attestation == Attestation(
        kind=EvidenceKind.SLSA,
        status=ProvenanceStatus.VERIFIED,
        predicate_type="https://slsa.dev/provenance/v1",
        identity=PublisherIdentity(
            issuer="https://token.actions.githubusercontent.com",
            subject="https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.0.0",
            repository="https://github.com/acme/app",
            repository_id="1001",
            owner="https://github.com/acme",
            owner_id="2001",
            workflow=".github/workflows/release.yml",
            ref="refs/tags/v1.0.0",
            commit="a" * 40,
            trigger="push",
            runner="github-hosted",
            builder="https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.0.0",
            run="https://github.com/acme/app/actions/runs/7/attempts/1",
        ),
        strength=LogStrength.PROOF,
        log_index=judged.attestation.log_index,
        log_time="2026-10-25T12:00:00Z",
        subject="acme-1.0.0.tar.gz",
        digest=Hash(algorithm="sha256", value=SHA256),
        compared="lock",
        bundle=hashlib.sha256(evidence.raw).hexdigest(),
        root=hashlib.sha256(authority.root_json()).hexdigest(),
        source="bundle.sigstore.json",
        level="SLSA Build L2",
    )
    assert isinstance(judged.attestation.log_index, int)


def test_a_refusal_tells_what_is_known(authority: Authority) -> None:
    """Who signed what is about something else is proved all the same; before that, nothing is."""
    bundle = of_bundle(authority.bundle(ABOUT), SLSA_V1)
    about = verifier(authority).judge(bundle, expected("acme-1.0.0.tar.gz", f"sha256:{OTHER}"))
    assert refusal(about.attestation) == (
        "invalid",
        "digest",
        "the digest that it attests for acme-1.0.0.tar.gz is not that of the lock file",
    )
    assert about.statement is None
    assert about.attestation.identity is not None
    assert (about.attestation.strength, about.attestation.log_time) == ("proof", "2026-10-25T12:00:00Z")
    early = verifier(Authority()).judge(bundle, FILE).attestation
    assert refusal(early)[:2] == ("invalid", "certificate")
    assert (early.identity, early.strength, early.log_index, early.compared) == (None, "none", None, "lock")
    assert early.predicate_type == SLSA_V1


def test_an_outer_type_that_is_not_said_is_not_compared(authority: Authority) -> None:
    """A file has no wrapper."""
    assert verifier(authority).judge(of_bundle(authority.bundle(ABOUT)), FILE).attestation.status == "verified"


@pytest.mark.parametrize("version", ["0.1", "0.2", "0.3"])
@pytest.mark.parametrize("entry", ["dsse", "intoto-0.0.2", "rekor2"])
def test_every_version_with_every_entry(authority: Authority, version: str, entry: str) -> None:
    """With a proof; 0.3 has two spellings."""
    bundle = authority.bundle(ABOUT, version=version, entry=entry)
    found = verifier(authority, proof=True).judge(of_bundle(bundle), FILE).attestation
    assert (found.status, found.reason) == ("verified", "")
    if version == "0.3":
        bundle["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.3"
        assert verifier(authority, proof=True).judge(of_bundle(bundle), FILE).attestation.status == "verified"


@pytest.mark.parametrize("proof", [None, {}, {"logIndex": "0", "treeSize": "1", "rootHash": "", "hashes": []}])
def test_version_0_1_may_go_without_a_proof(authority: Authority, proof: Any) -> None:
    """As npm had it, whose bundles have a null there; or one without a checkpoint, which proves nothing."""
    bundle = authority.bundle(ABOUT, version="0.1", entry="intoto-0.0.2", proof=False)
    bundle[MATERIAL]["tlogEntries"][0]["inclusionProof"] = proof
    found = verifier(authority).judge(of_bundle(bundle), FILE).attestation
    assert (found.status, found.strength) == ("verified", "promise")


@pytest.mark.parametrize("version", ["0.2", "0.3"])
def test_later_versions_may_not(authority: Authority, version: str) -> None:
    """They have to have one."""
    found = (
        verifier(authority).judge(of_bundle(authority.bundle(ABOUT, version=version, proof=False)), FILE).attestation
    )
    reason = "the log entry has no inclusion proof with a checkpoint, which its version asks for"
    assert refusal(found) == ("invalid", "log", reason)


def test_version_0_1_without_either_is_refused(authority: Authority) -> None:
    """With a timestamp it has a time, but nothing of the log."""
    bundle = authority.bundle(ABOUT, version="0.1", proof=False, promise=False, timestamp=True)
    found = verifier(authority).judge(of_bundle(bundle), FILE).attestation
    assert refusal(found) == ("invalid", "log", "the log entry has neither a proof nor a promise")


def test_an_attestation_of_pypi(authority: Authority) -> None:
    """About one file, and with no predicate."""
    evidence = of_attestation(authority.pypi_attestation("acme-1.0.0.tar.gz", SHA256))
    found = verifier(authority).judge(evidence, FILE).attestation
    assert (found.status, found.kind, found.level) == ("verified", EvidenceKind.PYPI_PUBLISH, "")


def test_a_publish_attestation_is_about_one_file(authority: Authority) -> None:
    """With two it would be open what was published."""
    attestation = authority.pypi_attestation("acme-1.0.0.tar.gz", SHA256)
    about = json.loads(base64.b64decode(attestation["envelope"]["statement"]))
    about["subject"] *= 2
    found = verifier(authority).judge(of_bundle(authority.bundle(about)), FILE).attestation
    assert refusal(found) == ("invalid", "subject", "it is about 2 files, where a publish attestation is about one")


def test_what_a_registry_signs_with_its_key(authority: Authority) -> None:
    """It has no identity; its kind is that of its statement."""
    answer = json.loads(authority.npm_attestations("@acme/tool", "1.2.3", "ab" * 64))["attestations"][0]
    package = expected("pkg:npm/%40acme/tool@1.2.3", f"sha512:{'ab' * 64}", compared="registry")
    judge = verifier(authority, proof=True)
    found = judge.judge(of_bundle(answer["bundle"], answer["predicateType"]), package).attestation
    assert (found.status, found.kind, found.identity, found.level) == ("verified", "npm-publish", None, "")
    assert (found.digest, found.compared) == (Hash(algorithm="sha512", value="ab" * 64), "registry")
    without = BundleVerifier(read_root(authority.root_json(), "root")).judge(of_bundle(answer["bundle"]), package)
    assert refusal(without.attestation) == (
        "unsupported",
        "key",
        f"signed with the key {authority.npm_keyid}, which is not known",
    )


def test_a_key_of_the_same_id_does_not_do(authority: Authority) -> None:
    """The signature is over it."""
    stranger = Signer(ec.generate_private_key(ec.SECP256R1()), keyid=authority.npm_keyid)
    found = verifier(authority).judge(of_bundle(authority.bundle(ABOUT, signer=stranger)), FILE).attestation
    assert refusal(found) == ("invalid", "signature", "the signature is not by the signer, or over something else")


@pytest.mark.parametrize("predicate_type", [SLSA_V1, "https://docs.pypi.org/attestations/publish/v1", "https://x/y"])
def test_the_key_of_a_registry_is_no_builders(authority: Authority, predicate_type: str) -> None:
    """It says what it distributes; who built that it cannot know."""
    about = {**ABOUT, "predicateType": predicate_type}
    by = Signer(authority.npm_key, keyid=authority.npm_keyid)
    found = verifier(authority).judge(of_bundle(authority.bundle(about, signer=by)), FILE).attestation
    reason = f"a registry's key vouches for what it distributes alone, and this is {predicate_type}"
    assert refusal(found) == ("invalid", "predicate-type", reason)


def test_a_message_signed_with_a_key(authority: Authority) -> None:
    """As a registry might; the entry names the key."""
    by = Signer(authority.npm_key, keyid=authority.npm_keyid)
    found = blob(verifier(authority), of_bundle(authority.message(b"data", signer=by)), b"data").attestation
    assert (found.status, found.kind) == ("verified", "signature")


# -- signatures over artefacts ------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", ["hashedrekord", "rekor2"])
def test_a_blob_is_verified_by_its_content(authority: Authority, entry: str) -> None:
    """It has no statement."""
    evidence = of_bundle(authority.message(b"data", entry=entry))
    judged = blob(verifier(authority, proof=True), evidence, b"data")
    digest = Hash(algorithm="sha256", value=hashlib.sha256(b"data").hexdigest())
    found = judged.attestation
    assert (found.status, found.kind, found.digest, found.compared) == ("verified", "signature", digest, "artefact")
    assert (judged.statement, found.subject, found.predicate_type) == (None, "", "")
    other = blob(verifier(authority), evidence, b"other").attestation
    assert refusal(other) == ("invalid", "digest", "the digest that is signed is not that of the artefact")


def _untold(authority: Authority) -> Evidence:
    bundle = authority.message(b"data")
    del bundle["messageSignature"]["messageDigest"]
    return of_bundle(bundle)


def test_a_signature_need_not_tell_its_digest(authority: Authority) -> None:
    """The content has it; without content nothing is known of it."""
    evidence, judge = _untold(authority), verifier(authority)
    assert blob(judge, evidence, b"data").attestation.status == "verified"
    assert refusal(blob(judge, evidence, b"other").attestation)[:2] == ("invalid", "signature")
    reason = "a signature over an artefact is checked with the artefact's SHA-256 alone"
    assert refusal(judge.judge(evidence, None).attestation) == ("unsupported", "digest", reason)
    two = Expected(tuple(Hash(algorithm="sha256", value=v * 32) for v in ("ab", "cd")))
    assert refusal(judge.judge(evidence, two).attestation) == ("unsupported", "digest", reason)


def test_a_signature_is_verified_over_the_digest_that_it_tells(authority: Authority) -> None:
    """Where no artefact is known: the digest is told on."""
    found = verifier(authority).judge(of_bundle(authority.message(b"data")), None).attestation
    assert (found.status, found.digest and found.digest.value) == ("verified", hashlib.sha256(b"data").hexdigest())


def test_a_digest_of_another_algorithm_is_not_supported(authority: Authority) -> None:
    """It cannot be held against the entry."""
    bundle = authority.message(b"data")
    bundle["messageSignature"]["messageDigest"]["algorithm"] = "SHA2_512"
    found = blob(verifier(authority), of_bundle(bundle), b"data").attestation
    reason = "a signature over an artefact that is named by another digest than SHA-256"
    assert refusal(found) == ("unsupported", "digest", reason)


# -- images -------------------------------------------------------------------------------------------------------

IMAGE = "images.packages.example/acme/app"


@pytest.mark.parametrize("entry", ["dsse", "intoto-0.0.1", "intoto-0.0.2"])
def test_a_layer_with_a_statement(authority: Authority, entry: str) -> None:
    """By a promise; the hash of its bytes is what binds it in the oldest entries."""
    about = statement(IMAGE, {"sha256": SHA256}, SLSA_V1, slsa(GitHub()))
    evidence = of_layer(*authority.cosign_att(about, entry=entry))
    found = verifier(authority).judge(evidence, expected(IMAGE, f"sha256:{SHA256}")).attestation
    assert (found.status, found.kind, found.strength) == ("verified", "slsa-provenance", "promise")
    assert (found.subject, found.level) == (IMAGE, "SLSA Build L2")


def test_in_a_bundle_the_oldest_entries_bind_nothing(authority: Authority) -> None:
    """The bytes that were hashed are not kept; that is no accusation."""
    found = verifier(authority).judge(of_bundle(authority.bundle(ABOUT, entry="intoto-0.0.1")), FILE).attestation
    reason = "log entries intoto/0.0.1 bind bytes of the envelope that a bundle does not keep"
    assert refusal(found) == ("unsupported", "log-entry", reason)


def test_a_layer_with_a_signature(authority: Authority) -> None:
    """Of the image whose digest its payload names."""
    evidence = of_layer(*authority.cosign_sig(f"sha256:{SHA256}"))
    judged = verifier(authority).judge(evidence, expected(IMAGE, f"sha256:{SHA256}"))
    found = judged.attestation
    assert (found.status, found.kind, found.subject, found.strength) == ("verified", "signature", IMAGE, "promise")
    assert judged.statement is not None
    assert judged.statement["subject"] == [{"name": IMAGE, "digest": {"sha256": SHA256}}]
    wrong = verifier(authority).judge(evidence, expected(IMAGE, f"sha256:{OTHER}", compared="registry")).attestation
    assert refusal(wrong)[1:] == ("digest", f"the digest that it attests for {IMAGE} is not that of the registry")


def _signed_layer(authority: Authority, payload: bytes) -> Evidence:
    """As `cosign_sig`, over any payload."""
    bundle = authority.message(payload, version="0.1", proof=False)
    entry = bundle[MATERIAL]["tlogEntries"][0]
    logged = {
        "SignedEntryTimestamp": entry["inclusionPromise"]["signedEntryTimestamp"],
        "Payload": {
            "body": entry["canonicalizedBody"],
            "integratedTime": int(entry["integratedTime"]),
            "logIndex": int(entry["logIndex"]),
            "logID": base64.b64decode(entry["logId"]["keyId"]).hex(),
        },
    }
    der = bundle[MATERIAL]["x509CertificateChain"]["certificates"][0]["rawBytes"]
    return of_layer(
        {
            "dev.sigstore.cosign/bundle": json.dumps(logged),
            "dev.sigstore.cosign/certificate": f"-----BEGIN CERTIFICATE-----\n{der}\n-----END CERTIFICATE-----\n",
            "dev.cosignproject.cosign/signature": bundle["messageSignature"]["signature"],
        },
        payload,
    )


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"{}", "malformed: critical is missing"),
        (b"[]", "malformed: what has critical is no object"),
        (b"x", "malformed: it is no JSON"),
        (b'{"critical": {"type": "a cheque"}}', "what was signed is no signature of an image"),
    ],
)
def test_what_a_layer_signs_has_to_be_about_an_image(authority: Authority, payload: bytes, reason: str) -> None:
    """Though the signature is good."""
    found = verifier(authority).judge(_signed_layer(authority, payload), None).attestation
    assert refusal(found) == ("invalid", "format", reason)


def test_layers_may_have_a_timestamp(authority: Authority) -> None:
    """Which is held against the validity, as everywhere."""
    evidence = _signed_layer(authority, b"payload")
    signature = base64.b64decode(evidence.document["dev.cosignproject.cosign/signature"])
    stamp = base64.b64encode(authority.timestamps.stamp(signature, PUBLISHED + dt.timedelta(days=1))).decode()
    annotations = {
        **evidence.document,
        "dev.sigstore.cosign/rfc3161timestamp": json.dumps({"SignedRFC3161Timestamp": stamp}),
    }
    found = verifier(authority).judge(evidence._replace(document=annotations), None).attestation
    assert refusal(found)[1:] == ("time", "it was signed at 2026-10-26T12:00:00Z, when its certificate was not valid")


def test_the_entry_of_a_layer_has_an_index(authority: Authority) -> None:
    """The log's promise is over it."""
    evidence = _signed_layer(authority, b"payload")
    logged = json.loads(evidence.document["dev.sigstore.cosign/bundle"])
    del logged["Payload"]["logIndex"]
    annotations = {**evidence.document, "dev.sigstore.cosign/bundle": json.dumps(logged)}
    found = verifier(authority).judge(evidence._replace(document=annotations), None).attestation
    assert refusal(found) == ("invalid", "format", "the log entry has no index")


# -- what is not supported ----------------------------------------------------------------------------------------


def _without_log(authority: Authority, **material: Any) -> Attestation:
    bundle = authority.bundle(ABOUT)
    del bundle[MATERIAL]["tlogEntries"]
    bundle[MATERIAL].update(material)
    if "publicKey" in material:
        del bundle[MATERIAL]["certificate"]
    return verifier(authority).judge(of_bundle(bundle), FILE).attestation


def test_what_is_not_in_the_log_is_refused(authority: Authority) -> None:
    """Where its own authority would have it logged."""
    assert refusal(_without_log(authority)) == ("invalid", "log", "it has no entry of a transparency log")


def test_the_private_instance_of_github_is_not_supported() -> None:
    """It has no public log, and a trusted root of its own; that is not to be called invalid."""
    there = Authority("GitHub, Inc.")
    reason = "of the private GitHub instance, which has its own trusted root and no public log"
    assert refusal(_without_log(there)) == ("unsupported", "log", reason)


def test_a_managed_key_is_not_supported(authority: Authority) -> None:
    """Whether it names itself or not."""
    reasons = [
        refusal(_without_log(authority, publicKey={"hint": "mine"})),
        refusal(_without_log(authority, publicKey={})),
        refusal(_without_log(authority, publicKey={}, tlogEntries=authority.bundle(ABOUT)[MATERIAL]["tlogEntries"])),
    ]
    assert reasons == [
        ("unsupported", "key", "signed with a key (mine) and not logged"),
        ("unsupported", "key", "signed with a key (unnamed) and not logged"),
        ("unsupported", "key", "signed with a key that the bundle does not name"),
    ]


def test_other_algorithms_are_not_supported(authority: Authority) -> None:
    """Nobody signs with them who uses these logs."""
    public = ed25519.Ed25519PrivateKey.generate().public_key()
    certificate = authority.ca.issue(public, GitHub().claims(), PUBLISHED)  # type: ignore[arg-type]
    found = verifier(authority).judge(
        of_bundle(authority.bundle(ABOUT, signer=Signer(authority.npm_key, certificate))), FILE
    )
    assert refusal(found.attestation) == ("unsupported", "signature", "signed with another algorithm than ECDSA")


def test_an_unknown_entry_is_not_supported(authority: Authority) -> None:
    """With a time that a timestamp proves."""
    bundle = authority.bundle(ABOUT, timestamp=True)
    bundle[MATERIAL]["tlogEntries"][0]["kindVersion"] = {"kind": "rpm", "version": "0.0.1"}
    found = verifier(authority).judge(of_bundle(bundle), FILE).attestation
    assert refusal(found) == ("unsupported", "log-entry", "log entries rpm/0.0.1 for an envelope are not known")
    bundle = authority.message(b"data", timestamp=True)
    bundle[MATERIAL]["tlogEntries"][0]["kindVersion"] = {"kind": "dsse", "version": "0.0.1"}
    found = blob(verifier(authority), of_bundle(bundle), b"data").attestation
    assert refusal(found) == (
        "unsupported",
        "log-entry",
        "log entries dsse/0.0.1 for a message signature are not known",
    )


def test_without_a_service_in_the_root_a_timestamp_is_refused(authority: Authority) -> None:
    """Nobody says whose it is."""
    root = {name: value for name, value in authority.root().items() if name != "timestampAuthorities"}
    found = judge_with(json.dumps(root).encode(), of_bundle(authority.bundle(ABOUT, timestamp=True)))
    reason = "it has a timestamp, but the trusted root names no timestamping service"
    assert refusal(found) == ("invalid", "time", reason)


def test_what_is_no_timestamp_is_refused(authority: Authority) -> None:
    """At the time, not as a defect of ours."""
    bundle = authority.bundle(ABOUT)
    bundle[MATERIAL]["timestampVerificationData"] = {"rfc3161Timestamps": [{"signedTimestamp": "AAAA"}]}
    found = verifier(authority).judge(of_bundle(bundle), FILE).attestation
    assert refusal(found) == ("invalid", "time", "a timestamp is no RFC 3161 response")


def test_a_statement_about_many_files_is_read_once(authority: Authority) -> None:
    """Each of its files is judged by it in turn, and to read it each time would take the square of their number."""
    about = statement("f0", {"sha256": f"{0:064x}"})
    about["subject"] = [{"name": f"f{n}", "digest": {"sha256": f"{n:064x}"}} for n in range(50)]
    evidence, judge = of_bundle(authority.bundle(about)), BundleVerifier(read_root(authority.root_json(), "r")).judge
    before = bundles._named.cache_info().misses
    found = [
        judge(evidence, Expected((Hash(algorithm="sha256", value=f"{n:064x}"),))).attestation.subject for n in range(50)
    ]

    assert found == [f"f{n}" for n in range(50)]
    assert bundles._named.cache_info().misses == before + 1
