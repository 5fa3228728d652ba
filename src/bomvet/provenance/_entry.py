"""Step 7, the log entry: what was logged is this signature, by this signer, over this content.

Without it a good entry of somebody else could be put beside any signature (CVE-2022-36056).
Sources: https://github.com/sigstore/rekor/tree/main/pkg/types (the schemas of each kind),
https://github.com/sigstore/rekor-tiles/blob/main/docs/usage.md (hashedrekord 0.0.2).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

from bomvet.model.provenance import Step
from bomvet.provenance._bundle import Envelope
from bomvet.provenance._refusal import Refused, quoted, unsupported
from bomvet.provenance._strict import binary, decoded, items, member, pem, strict, text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bomvet.provenance._bundle import Material

_MAX_SIGNATURES = 64


class Signed(NamedTuple):
    """What the signature is over: the bytes, or for an artefact their `digest`; `signer` is DER."""

    signature: bytes
    digest: bytes
    signer: bytes
    is_certificate: bool


def check_entry(material: Material, signed: Signed) -> None:
    """Raises `Refused` where the entry is of something else; `ValueError` where it is malformed."""
    entry = material.entry
    dsse = isinstance(material.content, Envelope)
    check = (_OF_ENVELOPES if dsse else _OF_MESSAGES).get((entry.kind, entry.version))
    if check is None:
        what = "an envelope" if dsse else "a message signature"
        kind = quoted(f"{entry.kind}/{entry.version}")
        raise unsupported(Step.ENTRY, f"log entries {kind} for {what} are not known")
    body = strict(entry.body)
    if text(body, "kind") != entry.kind or text(body, "apiVersion") != entry.version:
        raise Refused(Step.ENTRY, "the log entry is of another kind than it is said to be")
    check(member(body, "spec"), material, signed)


def _same(found: object, wanted: object, what: str) -> None:
    if found != wanted:
        raise Refused(Step.ENTRY, f"the log entry is of another {what}")


def _check_payload(spec: Mapping[str, Any], envelope: Envelope) -> None:
    logged = member(spec, "payloadHash")
    _same(text(logged, "algorithm"), "sha256", "hash than SHA-256")
    _same(text(logged, "value"), hashlib.sha256(envelope.payload).hexdigest(), "payload")


def _check_signer(logged: bytes, signed: Signed) -> None:
    """The signer as PEM, compared as DER, since line ends do not matter."""
    label, what = ("CERTIFICATE", "certificate") if signed.is_certificate else ("PUBLIC KEY", "key")
    _same(pem(logged, label), signed.signer, what)


def _one(signatures: list[Any]) -> Any:
    if len(signatures) != 1:
        raise Refused(Step.ENTRY, f"the log entry has {len(signatures)} signatures, not one")
    return signatures[0]


def _dsse_1(spec: Mapping[str, Any], material: Material, signed: Signed) -> None:
    """Of the envelope as it was sent there is only a hash, over JSON that is not known; so its parts are compared."""
    _check_payload(spec, _envelope(material))
    logged = _one(items(spec, "signatures", _MAX_SIGNATURES))
    _same(binary(logged, "signature"), signed.signature, "signature")
    _check_signer(binary(logged, "verifier"), signed)


def _intoto_2(spec: Mapping[str, Any], material: Material, signed: Signed) -> None:
    content, envelope = member(spec, "content"), _envelope(material)
    _check_payload(content, envelope)
    logged = member(content, "envelope")
    _same(text(logged, "payloadType"), envelope.payload_type, "payload type")
    one = _one(items(logged, "signatures", _MAX_SIGNATURES))
    # Clients put what is base64 already into a field that is base64.
    _same(
        decoded(binary(one, "sig").decode("latin-1"), "the signature in the log entry"), signed.signature, "signature"
    )
    _check_signer(binary(one, "publicKey"), signed)


def _intoto_1(spec: Mapping[str, Any], material: Material, signed: Signed) -> None:
    """It has no signature: the hash of the envelope's own bytes binds it, and these only a layer of an image keeps."""
    content, envelope = member(spec, "content"), _envelope(material)
    if envelope.raw is None:
        raise unsupported(Step.ENTRY, "log entries intoto/0.0.1 bind bytes of the envelope that a bundle does not keep")
    logged = member(content, "hash")
    _same(text(logged, "algorithm"), "sha256", "hash than SHA-256")
    _same(text(logged, "value"), hashlib.sha256(envelope.raw).hexdigest(), "envelope")
    if content.get("payloadHash") is not None:
        _check_payload(content, envelope)
    _check_signer(binary(spec, "publicKey"), signed)


def _hashed_1(spec: Mapping[str, Any], material: Material, signed: Signed) -> None:
    del material
    logged, signature = member(member(spec, "data"), "hash"), member(spec, "signature")
    _same(text(logged, "algorithm"), "sha256", "hash than SHA-256")
    _same(text(logged, "value"), signed.digest.hex(), "content")
    _same(binary(signature, "content"), signed.signature, "signature")
    _check_signer(binary(member(signature, "publicKey"), "content"), signed)


def _hashed_2(spec: Mapping[str, Any], material: Material, signed: Signed) -> None:
    del material
    spec = member(spec, "hashedRekordV002")
    data, signature = member(spec, "data"), member(spec, "signature")
    # Only SHA-256 is in use: the keys are on the curve P-256.
    _same(text(data, "algorithm"), "SHA2_256", "hash than SHA-256")
    _same(binary(data, "digest"), signed.digest, "content")
    _same(binary(signature, "content"), signed.signature, "signature")
    signer = member(signature, "verifier")
    kind = "x509Certificate" if signed.is_certificate else "publicKey"
    _same(binary(member(signer, kind), "rawBytes"), signed.signer, "certificate" if signed.is_certificate else "key")


def _envelope(material: Material) -> Envelope:
    assert isinstance(material.content, Envelope)  # noqa: S101
    return material.content


if TYPE_CHECKING:
    _Check = Callable[[Mapping[str, Any], Material, Signed], None]

_OF_ENVELOPES: dict[tuple[str, str], _Check] = {
    ("dsse", "0.0.1"): _dsse_1,
    ("intoto", "0.0.1"): _intoto_1,
    ("intoto", "0.0.2"): _intoto_2,
    ("hashedrekord", "0.0.2"): _hashed_2,
}
_OF_MESSAGES: dict[tuple[str, str], _Check] = {
    ("hashedrekord", "0.0.1"): _hashed_1,
    ("hashedrekord", "0.0.2"): _hashed_2,
}


def pae(envelope: Envelope) -> bytes:
    """What the signature of a DSSE envelope is over ("pre-authentication encoding")."""
    kind = envelope.payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(envelope.payload), envelope.payload)
