"""Verification of evidence: who signed what, by steps that each refuse in plain words.

1.  *Format* (`_bundle`, `_cosign`): exactly one signer, one signature, one log entry, and every value of its type.
2.  *Certificate* (`_signer`): issued by an authority of the trusted root, logged as such, for signing code, and of
    one subject.
3.  *Time* (`_signer`): a timestamp or the log's promise says when; the certificate, its chain and the authority were
    valid then.
4.  *Key*: in place of 2 and 3 where a registry signed with its own key: it is known, named, and was valid then.
5.  *Log* (`_log`): a trusted log proves that it has the entry, or at least promised to take it in.
6.  *Signature*: over the envelope or the artefact, by the key of the certificate or of the registry.
7.  *Log entry* (`_entry`): the entry is of this signature, by this signer, over this content.
8.  *Predicate type* (`statements`): the content is a statement, of the type that its wrapper says.
9.  *Subject* and 10. *digest* (`statements`): the statement is about what it is evidence for.

Whether the signer is who was wanted is asked after, of the identity alone (`wanted`).  Nothing is read, written, sent
or logged.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from bomvet.model.inventory import Hash
from bomvet.model.provenance import Attestation, EvidenceKind, LogStrength, ProvenanceStatus, Step
from bomvet.model.records import replace
from bomvet.provenance._bundle import Envelope, Material, Message, read_bundle
from bomvet.provenance._cosign import read_layer, signing_payload
from bomvet.provenance._entry import Signed, check_entry, pae
from bomvet.provenance._json import MAX_BUNDLE
from bomvet.provenance._log import check_log
from bomvet.provenance._refusal import Refused, at, quoted, unsupported
from bomvet.provenance._signer import check_certificate, check_validity, signing_times
from bomvet.provenance._strict import strict
from bomvet.provenance.certificate import identity_of
from bomvet.provenance.claims import contradictions, slsa_level
from bomvet.provenance.evidence import Expected, Form, Judged
from bomvet.provenance.statements import PAYLOAD_TYPE, check_statement, check_subject, kind_of, source_of, subjects

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bomvet.model.provenance import PublisherIdentity
    from bomvet.provenance.evidence import Evidence
    from bomvet.provenance.keys import RegistryKey
    from bomvet.provenance.root import TrustRoot
    from bomvet.provenance.statements import Subject


class _Signer(NamedTuple):
    """Whose signature is checked: the public key, its DER or that of its certificate, and when it was used."""

    key: Any
    der: bytes
    times: Sequence[dt.datetime]
    identity: PublisherIdentity | None


class BundleVerifier:
    """Judges evidence by one trusted root and the keys of one registry; it does not change, so any thread may ask it.

    With `proof` the mere promise of a log is not enough.
    """

    def __init__(self, root: TrustRoot, keys: Sequence[RegistryKey] = (), *, proof: bool = False) -> None:
        self._root, self._proof = root, proof
        self._keys = {key.keyid: (key, base64.b64decode(key.key)) for key in keys}

    def judge(self, evidence: Evidence, expected: Expected | None) -> Judged:
        """What `evidence` comes to, and whether it is about `expected`; None: whatever it is about.

        Never raises for what the evidence is: it is refused with the step that failed.
        """
        known = Attestation(
            kind=kind_of(evidence.predicate_type),
            status=ProvenanceStatus.INVALID,
            predicate_type=evidence.predicate_type,
            compared=expected.compared if expected else "",
            bundle=evidence.digest,
            root=self._root.digest,
            source=evidence.source,
        )
        try:
            return self._judge(known, evidence, expected)
        except Refused as no:
            return _refused(known, no)

    def _judge(self, known: Attestation, evidence: Evidence, expected: Expected | None) -> Judged:
        with at(Step.FORMAT):
            material = _read(evidence)  # 1
        signer = self._key_signer(material) if material.hint else self._certificate_signer(material)  # 2, 3, 4
        with at(Step.LOG):
            strength = check_log(material, self._root.logs, signer.times)  # 5
        with at(Step.SIGNATURE):
            digest = _digest(material.content, expected)
            _check_signature(material.content, signer.key, digest)  # 6
        with at(Step.ENTRY):
            signed = Signed(material.content.signature, digest, signer.der, signer.identity is not None)
            check_entry(material, signed)  # 7
        entry = material.entry
        known = replace(
            known,
            identity=signer.identity,
            strength=strength,
            log_index=entry.number if entry.promise or entry.tiled else None,
            log_time=min(signer.times).strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
        try:
            judged = _about(known, material.content, evidence, digest, expected)  # 8, 9, 10
        except Refused as no:
            # That it is about something else does not change who signed it.
            return _refused(known, no)
        if self._proof and strength is not LogStrength.PROOF:
            reason = "the log only promised to take it in, and a proof is asked for"
            return _refused(judged.attestation, unsupported(Step.LOG, reason))
        return judged

    def _certificate_signer(self, material: Material) -> _Signer:
        with at(Step.CERTIFICATE):
            signer = check_certificate(material.certificate, self._root)
        with at(Step.TIME):
            times = signing_times(material, self._root.stampers)
            check_validity(signer, times)
        if isinstance(material.content, Envelope) and material.content.keyid:
            # It may be left out, and be no key's; npm refuses what names a key that did not sign, and so do we.
            keyid = quoted(material.content.keyid)
            raise Refused(Step.KEY, f"the envelope names the key {keyid}, but is signed with a certificate")
        certificate = signer.certificate
        return _Signer(certificate.public_key(), material.certificate, times, identity_of(certificate))

    def _key_signer(self, material: Material) -> _Signer:
        """The key that the bundle names, which has to be the one that the envelope names, too."""
        from cryptography.hazmat.primitives.serialization import load_der_public_key  # noqa: PLC0415

        if material.hint not in self._keys:
            raise unsupported(Step.KEY, f"signed with the key {quoted(material.hint)}, which is not known")
        key, der = self._keys[material.hint]
        keyid = material.content.keyid if isinstance(material.content, Envelope) else material.hint
        if keyid != material.hint:
            raise Refused(Step.KEY, f"the envelope names the key {quoted(keyid)}, the bundle {quoted(material.hint)}")
        with at(Step.TIME):
            times = signing_times(material, self._root.stampers)
        if not all(map(key.holds, times)):
            raise Refused(Step.KEY, f"the key {quoted(key.keyid)} was not valid at the time of signing")
        return _Signer(load_der_public_key(der), der, times, None)


def _refused(known: Attestation, no: Refused) -> Judged:
    return Judged(replace(known, status=no.status, step=no.step, reason=no.reason))


# -- step 1: the format -----------------------------------------------------------------------------------------


def _read(evidence: Evidence) -> Material:
    if len(evidence.raw) > MAX_BUNDLE:
        raise Refused(Step.FORMAT, f"larger than {MAX_BUNDLE} bytes")
    if not isinstance(evidence.document, dict):
        raise Refused(Step.FORMAT, "it is no object of JSON")
    if evidence.form is Form.COSIGN:
        return read_layer(evidence.document, evidence.raw)
    material = read_bundle(evidence.document)
    if not (material.certificate or material.hint):
        raise unsupported(Step.KEY, "signed with a key that the bundle does not name")
    return material


# -- step 6: the signature --------------------------------------------------------------------------------------


def _digest(content: Envelope | Message, expected: Expected | None) -> bytes:
    """SHA-256 of what is signed: the envelope's encoding, a payload, or the artefact, which has to be known."""
    if isinstance(content, Envelope):
        return hashlib.sha256(pae(content)).digest()
    if content.payload:
        return hashlib.sha256(content.payload).digest()
    known = [] if expected is None else [h.value for h in expected.digests if h.algorithm == "sha256"]
    if content.algorithm not in ("", "sha256"):
        raise unsupported(Step.DIGEST, "a signature over an artefact that is named by another digest than SHA-256")
    if not content.algorithm:
        if len(known) != 1:
            raise unsupported(Step.DIGEST, "a signature over an artefact is checked with the artefact's SHA-256 alone")
        return bytes.fromhex(known[0])
    if expected is not None and content.digest.hex() not in known:
        raise Refused(Step.DIGEST, f"the digest that is signed is not that of the {source_of(expected)}")
    return content.digest


def _check_signature(content: Envelope | Message, key: Any, digest: bytes) -> None:
    """ECDSA, which is what the clients of sigstore and the registries sign with."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415

    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise unsupported(Step.SIGNATURE, "signed with another algorithm than ECDSA")
    try:
        key.verify(content.signature, digest, ec.ECDSA(Prehashed(SHA256())))
    except InvalidSignature:
        raise Refused(Step.SIGNATURE, "the signature is not by the signer, or over something else") from None


# -- steps 8 to 10: what it says --------------------------------------------------------------------------------


def _about(
    known: Attestation, content: Envelope | Message, evidence: Evidence, digest: bytes, expected: Expected | None
) -> Judged:
    """The verdict of what passed all of the cryptography."""
    known = replace(known, status=ProvenanceStatus.VERIFIED)
    if isinstance(content, Envelope):
        return _of_statement(known, content, evidence, expected)
    known = replace(known, kind=EvidenceKind.SIGNATURE)
    if evidence.predicate_type:
        raise Refused(Step.PREDICATE_TYPE, f"it is said to be {quoted(evidence.predicate_type)}, but is a signature")
    if not content.payload:
        return Judged(replace(known, digest=Hash(algorithm="sha256", value=digest.hex())))
    with at(Step.FORMAT):
        statement = signing_payload(content.payload)
    return Judged(_with_subject(known, lambda: subjects(statement), expected), statement)


@lru_cache(maxsize=4)
def _parsed(payload: bytes) -> Mapping[str, Any]:
    """The JSON that was signed: one statement may be about a thousand files, each of which is judged by it in turn."""
    found: Mapping[str, Any] = strict(payload)
    return found


@lru_cache(maxsize=4)
def _named(payload: bytes) -> tuple[Subject, ...]:
    """The subjects of the statement that was signed."""
    return subjects(_parsed(payload))


def _of_statement(known: Attestation, content: Envelope, evidence: Evidence, expected: Expected | None) -> Judged:
    with at(Step.PREDICATE_TYPE):
        if content.payload_type != PAYLOAD_TYPE:
            raise Refused(Step.PREDICATE_TYPE, f"what was signed is {quoted(content.payload_type)}, no statement")
        statement = _parsed(content.payload)
        predicate_type = check_statement(statement)
        if evidence.predicate_type not in ("", predicate_type):
            reason = f"it is said to be {quoted(evidence.predicate_type)}, but is {quoted(predicate_type)}"
            raise Refused(Step.PREDICATE_TYPE, reason)
    found = replace(known, kind=kind_of(predicate_type), predicate_type=predicate_type)
    predicate, identity = statement.get("predicate"), known.identity
    if identity is None and found.kind is not EvidenceKind.NPM_PUBLISH:
        reason = f"a registry's key vouches for what it distributes alone, and this is {quoted(predicate_type)}"
        raise Refused(Step.PREDICATE_TYPE, reason)
    found = _with_subject(found, lambda: _named(content.payload), expected)
    if identity is None:
        return Judged(found, statement)
    denied = contradictions(predicate_type, predicate, identity)
    level = slsa_level(predicate_type, predicate, identity, denied)
    return Judged(replace(found, contradictions=denied, level=level), statement)


def _with_subject(
    known: Attestation, told: Callable[[], tuple[Subject, ...]], expected: Expected | None
) -> Attestation:
    with at(Step.SUBJECT):
        about = told()
        if known.kind is EvidenceKind.PYPI_PUBLISH and len(about) > 1:
            raise Refused(Step.SUBJECT, f"it is about {len(about)} files, where a publish attestation is about one")
        name, digest = check_subject(about, expected)
    return replace(known, subject=name, digest=digest)
