"""Single steps of verification, where all is good but for what a signer, an authority or a log did wrong."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.provenance.authority import PUBLISHED, GitHub, Signer, pae
from tests.provenance.instance import b64, bundle_entry, canonical, der, new_key, pem, sign, usage
from tests.provenance.judging import blob, of_bundle, of_layer, verifier
from tests.provenance.test_bundles import ABOUT, FILE, MATERIAL, judge_with, refusal

if TYPE_CHECKING:
    from tests.provenance.authority import Authority

URI = x509.UniformResourceIdentifier("https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.0.0")
SCT = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")


# -- the certificate ----------------------------------------------------------------------------------------------


def _issued(authority: Authority, *extensions: tuple[x509.ExtensionType, bool]) -> Signer:
    """A certificate of the authority with these extensions alone."""
    key, ca = new_key(), authority.ca
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca._key.public_key())
    start = PUBLISHED - dt.timedelta(minutes=1)
    builder = x509.CertificateBuilder(
        ca.intermediate.subject, x509.Name([]), key.public_key(), 7, start, start + dt.timedelta(minutes=10)
    )
    for extension, critical in (*extensions, (issuer, False)):
        builder = builder.add_extension(extension, critical=critical)
    return Signer(key, builder.sign(ca._key, hashes.SHA256()))


def _names(*names: x509.GeneralName) -> tuple[x509.ExtensionType, bool]:
    return x509.SubjectAlternativeName(names), True


_NOBODY = "the certificate's subject is no URI, address or name of a user"
_CODE = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False)
_WEB = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
_SIGNS = (usage(digital_signature=True), True)
_SIGNS_NOT = (x509.KeyUsage(False, False, True, False, False, False, False, False, False), True)


@pytest.mark.parametrize(
    ("extensions", "reason"),
    [
        ((_names(URI), _CODE, _SIGNS_NOT), "the certificate is not for digital signatures"),
        ((_names(URI), _WEB, _SIGNS), "the certificate is not for signing code"),
        ((_names(URI, URI), _CODE, _SIGNS), "the certificate names 2 subjects, not one"),
        ((_names(URI, x509.DNSName("a.example")), _CODE, _SIGNS), "the certificate names 2 subjects, not one"),
        ((_names(x509.DNSName("a.example")), _CODE, _SIGNS), _NOBODY),
        ((_names(x509.UniformResourceIdentifier("https://a.example/\0")), _CODE, _SIGNS), _NOBODY),
        ((_names(URI), _CODE), "malformed: ExtensionNotFound: No "),
        ((_names(URI), _SIGNS), "malformed: ExtensionNotFound: No "),
        (
            (_names(URI), _CODE, _SIGNS),
            "no certificate log vouches for the certificate: Certificate does not contain a signed",
        ),
    ],
)
def test_an_authority_that_issues_something_else(authority: Authority, extensions: Any, reason: str) -> None:
    """A certificate is for signing code, of one subject, and logged."""
    found = (
        verifier(authority)
        .judge(of_bundle(authority.bundle(ABOUT, signer=_issued(authority, *extensions))), FILE)
        .attestation
    )
    assert refusal(found)[:2] == ("invalid", "certificate")
    assert reason in found.reason


def test_the_timestamp_of_another_certificate_does_not_do(authority: Authority) -> None:
    """The log signed something else."""
    ca = authority.ca
    stamp = ca._sct_list(b"another", PUBLISHED)
    extension = (x509.UnrecognizedExtension(SCT, stamp), False)
    signer = _issued(authority, _names(URI), _CODE, _SIGNS, extension)
    found = verifier(authority).judge(of_bundle(authority.bundle(ABOUT, signer=signer)), FILE).attestation
    assert refusal(found) == ("invalid", "certificate", "the promise of the certificate log (SCT) is not signed by it")


def test_a_certificate_that_names_no_issuer_is_refused(authority: Authority) -> None:
    """By its identifier the authority is found."""
    key, ca = new_key(), authority.ca
    builder = x509.CertificateBuilder(
        ca.intermediate.subject, x509.Name([]), key.public_key(), 7, PUBLISHED, PUBLISHED + dt.timedelta(minutes=10)
    )
    signer = Signer(key, builder.sign(ca._key, hashes.SHA256()))
    found = verifier(authority).judge(of_bundle(authority.bundle(ABOUT, signer=signer)), FILE).attestation
    assert refusal(found)[:2] == ("invalid", "certificate")


def test_an_authority_that_lost_trust_while_the_certificate_was_valid(authority: Authority) -> None:
    """It issued it in time, but it was used after."""
    root = authority.root()
    ended = {"start": "2020-01-01T00:00:00Z", "end": (PUBLISHED - dt.timedelta(seconds=1)).isoformat()}
    root["certificateAuthorities"][0]["validFor"] = ended
    found = judge_with(json.dumps(root).encode(), of_bundle(authority.bundle(ABOUT)))
    reason = "it was signed at 2026-10-25T12:00:00Z, when its authority was not trusted"
    assert refusal(found) == ("invalid", "time", reason)


def test_a_service_that_is_no_longer_trusted_proves_no_time(authority: Authority) -> None:
    """At both ends the window is closed, as sigstore's format has it."""
    root = authority.root()
    for seconds, status in ((-1, "invalid"), (0, "verified")):
        end = (PUBLISHED + dt.timedelta(seconds=seconds)).isoformat()
        root["timestampAuthorities"][0]["validFor"] = {"start": "2020-01-01T00:00:00Z", "end": end}
        found = judge_with(json.dumps(root).encode(), of_bundle(authority.bundle(ABOUT, entry="rekor2")))
        assert found.status == status


def test_an_envelope_that_names_a_key_is_signed_with_it(authority: Authority) -> None:
    """And not with a certificate."""
    bundle = authority.bundle(ABOUT)
    bundle["dsseEnvelope"]["signatures"][0]["keyid"] = "mine"
    found = verifier(authority).judge(of_bundle(bundle), FILE).attestation
    assert refusal(found) == ("invalid", "key", "the envelope names the key mine, but is signed with a certificate")


# -- the log ------------------------------------------------------------------------------------------------------


def _checkpoint(authority: Authority, change: Callable[[str], str]) -> tuple[str, str, str]:
    """What comes of another checkpoint; of one that the log signs, if it wants to."""
    bundle = authority.bundle(ABOUT)
    proof = bundle[MATERIAL]["tlogEntries"][0]["inclusionProof"]
    proof["checkpoint"]["envelope"] = change(proof["checkpoint"]["envelope"])
    return refusal(verifier(authority).judge(of_bundle(bundle), FILE).attestation)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda text: text.partition("\n\n")[0], "the checkpoint of the log is malformed"),
        (lambda text: text.partition("\n")[2], "the checkpoint of the log is malformed"),
        (lambda text: f"\n{text}", "the checkpoint of the log is malformed"),
        (lambda text: text + "x" * 70_000, "the checkpoint of the log is malformed"),
        (lambda text: text.rstrip("\n"), "the checkpoint of the log is malformed: its last line has no end"),
        (lambda text: text + "x\n", "the checkpoint of the log is malformed: a signature is no signature"),
        (
            lambda text: text.replace("\u2014", "-"),
            "the checkpoint of the log is malformed: a signature is no signature",
        ),
        (lambda text: text + "\u2014 a !\n", "malformed: a signature of the checkpoint is no base64"),
        (
            lambda text: text.partition("\n\n")[0] + "\n\n\u2014 other AAAAAAAA\n",
            "the checkpoint has no signature of the log",
        ),
    ],
)
def test_a_checkpoint_that_is_none(authority: Authority, change: Callable[[str], str], reason: str) -> None:
    """It is read to the letter."""
    assert _checkpoint(authority, change)[1:] == ("log", reason)


def test_witnesses_may_sign_a_checkpoint_too(authority: Authority) -> None:
    """They are not asked."""
    bundle = authority.bundle(ABOUT)
    proof = bundle[MATERIAL]["tlogEntries"][0]["inclusionProof"]
    text = proof["checkpoint"]["envelope"]
    note, _, signatures = text.partition("\n\n")
    proof["checkpoint"]["envelope"] = f"{note}\n\n\u2014 witness AAAAAAAA\n{signatures}"
    assert verifier(authority, proof=True).judge(of_bundle(bundle), FILE).attestation.status == "verified"


@pytest.mark.parametrize(
    "proof", [{"treeSize": "0"}, {"logIndex": "9", "treeSize": "9"}, {"rootHash": "AAAA"}, {"hashes": ["AAAA"]}]
)
def test_a_proof_of_no_tree(authority: Authority, proof: dict[str, Any]) -> None:
    """Its numbers and hashes cannot be."""
    bundle = authority.bundle(ABOUT)
    bundle[MATERIAL]["tlogEntries"][0]["inclusionProof"].update(proof)
    found = verifier(authority).judge(of_bundle(bundle), FILE).attestation
    reason = "the inclusion proof is of no tree: its index, size or hashes cannot be"
    assert refusal(found) == ("invalid", "log", reason)


def test_a_promise_has_a_time(authority: Authority) -> None:
    """Where a timestamp proves that, too."""
    bundle = authority.bundle(ABOUT, timestamp=True)
    del bundle[MATERIAL]["tlogEntries"][0]["integratedTime"]
    found = verifier(authority).judge(of_bundle(bundle), FILE).attestation
    assert refusal(found) == ("invalid", "log", "the log's promise has no time")


# -- the entry ----------------------------------------------------------------------------------------------------


def _logged(
    authority: Authority,
    body: Callable[[Signer, dict[str, Any]], dict[str, Any]],
    kind: str = "application/vnd.in-toto+json",
) -> dict[str, Any]:
    """A bundle whose entry is what `body` makes of the envelope; the log takes it in."""
    by = authority.signer(GitHub())
    payload = canonical(ABOUT)
    envelope = {
        "payload": b64(payload),
        "payloadType": kind,
        "signatures": [{"sig": b64(sign(by.key, pae(payload, kind)))}],
    }
    entry = bundle_entry(authority.log.add(body(by, envelope), PUBLISHED))
    assert by.certificate is not None
    material = {"certificate": {"rawBytes": b64(der(by.certificate))}, "tlogEntries": [entry]}
    return {"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", MATERIAL: material, "dsseEnvelope": envelope}


def _dsse(by: Signer, envelope: dict[str, Any], times: int = 1, algorithm: str = "sha256") -> dict[str, Any]:
    digest = hashes.Hash(hashes.SHA256())
    digest.update(base64.b64decode(envelope["payload"]))
    signatures = [{"signature": one["sig"], "verifier": by.public} for one in envelope["signatures"]] * times
    logged = {"algorithm": algorithm, "value": digest.finalize().hex()}
    return {"apiVersion": "0.0.1", "kind": "dsse", "spec": {"payloadHash": logged, "signatures": signatures}}


def test_what_is_signed_is_of_the_type_of_statements(authority: Authority) -> None:
    """Any other is not read."""
    bundle = _logged(authority, _dsse, kind="text/plain")
    found = verifier(authority).judge(of_bundle(bundle), FILE).attestation
    assert refusal(found) == ("invalid", "predicate-type", "what was signed is text/plain, no statement")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (lambda by, envelope: _dsse(by, envelope, times=2), "the log entry has 2 signatures, not one"),
        (lambda by, envelope: _dsse(by, envelope, times=0), "the log entry has 0 signatures, not one"),
        (lambda by, envelope: _dsse(by, envelope, algorithm="md5"), "the log entry is of another hash than SHA-256"),
        (lambda by, envelope: {**_dsse(by, envelope), "spec": 7}, "malformed: spec is no object"),
        (lambda by, envelope: {**_dsse(by, envelope), "spec": None}, "malformed: spec is missing"),
    ],
)
def test_an_entry_that_says_something_else(authority: Authority, body: Any, reason: str) -> None:
    """Though the log has it."""
    found = verifier(authority).judge(of_bundle(_logged(authority, body)), FILE).attestation
    assert refusal(found) == ("invalid", "log-entry", reason)


def test_an_entry_is_of_the_kind_that_it_is_said_to_be(authority: Authority) -> None:
    """Each kind binds other parts."""
    bundle = authority.bundle(ABOUT, entry="intoto-0.0.2")
    bundle[MATERIAL]["tlogEntries"][0]["kindVersion"] = {"kind": "dsse", "version": "0.0.1"}
    found = verifier(authority).judge(of_bundle(bundle), FILE).attestation
    reason = "the log entry is of another kind than it is said to be"
    assert refusal(found) == ("invalid", "log-entry", reason)


def test_the_oldest_entries_may_lack_the_hash_of_the_payload(authority: Authority) -> None:
    """That of the envelope covers it."""
    layer = json.dumps(authority.bundle(ABOUT)["dsseEnvelope"]).encode()
    by = authority.signer(GitHub())
    envelope = {"payload": b64(canonical(ABOUT)), "payloadType": "application/vnd.in-toto+json"}
    signature = {"sig": b64(sign(by.key, pae(canonical(ABOUT))))}
    layer = json.dumps({**envelope, "signatures": [signature]}).encode()
    digest = hashes.Hash(hashes.SHA256())
    digest.update(layer)
    content = {"hash": {"algorithm": "sha256", "value": digest.finalize().hex()}}
    body = {"apiVersion": "0.0.1", "kind": "intoto", "spec": {"content": content, "publicKey": by.public}}
    entry = authority.log.add(body, PUBLISHED)
    promise = entry.pop("verification")["signedEntryTimestamp"]
    assert by.certificate is not None
    annotations = {
        "dev.sigstore.cosign/bundle": json.dumps({"SignedEntryTimestamp": promise, "Payload": entry}),
        "dev.sigstore.cosign/certificate": pem(by.certificate).decode(),
    }
    assert verifier(authority).judge(of_layer(annotations, layer), FILE).attestation.status == "verified"
    changed = verifier(authority).judge(of_layer(annotations, layer + b"\n"), FILE).attestation
    assert refusal(changed) == ("invalid", "log-entry", "the log entry is of another envelope")


def test_an_empty_signature_is_refused(authority: Authority) -> None:
    """Before anything is made of it."""
    bundle = authority.message(b"data")
    bundle["messageSignature"]["signature"] = ""
    assert refusal(blob(verifier(authority), of_bundle(bundle), b"data").attestation)[1:] == (
        "format",
        "the signature is empty",
    )
