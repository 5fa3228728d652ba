"""Step 1, the format: a sigstore bundle taken apart into what the later steps need; nothing of it is verified.

Source: https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_bundle.proto, written as protobuf's JSON.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from bomvet.model.provenance import Step
from bomvet.provenance._refusal import Refused, quoted, unsupported
from bomvet.provenance._strict import binary, decoded, items, member, optional, seconds, text, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

_OLD, _NEW = "application/vnd.dev.sigstore.bundle+json;version=", "application/vnd.dev.sigstore.bundle.v0.3+json"
_VERSIONS = {f"{_OLD}0.1": (0, 1), f"{_OLD}0.2": (0, 2), f"{_OLD}0.3": (0, 3), _NEW: (0, 3)}
#: From here on a bundle must have a proof; before, the promise was enough.
_WITH_PROOF = (0, 2)
#: From here on a bundle has its certificate alone; before, a chain.
_WITH_CERTIFICATE = (0, 3)
_MAX_CERTIFICATES = 16
_MAX_ENTRIES = 8
_MAX_SIGNATURES = 64
#: A tree of 2 to the 63 has no longer path, twice that with its border.
_MAX_HASHES = 128
_MAX_STAMPS = 32
_HASH_BYTES = 32
_HASHES = {"SHA2_256": "sha256", "SHA2_384": "sha384", "SHA2_512": "sha512"}


class Proof(NamedTuple):
    """That the entry at `leaf` is in a tree of `size` leaves with `root`, which `checkpoint` vouches for."""

    leaf: int
    size: int
    root: bytes
    hashes: tuple[bytes, ...]
    checkpoint: str


class Entry(NamedTuple):
    """An entry of a transparency log; `time` is when it was taken in, by the word of `promise` alone."""

    number: int
    log_id: bytes
    kind: str
    version: str
    time: int | None
    promise: bytes
    proof: Proof | None
    body: bytes

    @property
    def tiled(self) -> bool:
        """Whether it is of the second log, which makes no promises: its index is that of the proof.

        In the first, of which a log has several trees, it is another, which the promise covers.
        """
        return (self.kind, self.version) == ("hashedrekord", "0.0.2")


class Envelope(NamedTuple):
    """A DSSE envelope with its one signature; `raw` are its bytes where they are those that were logged."""

    payload_type: str
    payload: bytes
    signature: bytes
    keyid: str
    raw: bytes | None = None


class Message(NamedTuple):
    """A signature over an artefact, or over `payload` where that is at hand.

    `digest` of the artefact, with the algorithm as hashlib spells it, is only told.
    """

    signature: bytes
    algorithm: str = ""
    digest: bytes = b""
    payload: bytes = b""


class Material(NamedTuple):
    """What a piece of evidence consists of: signed by `certificate` (DER), or by the key that `hint` names."""

    certificate: bytes
    hint: str
    entry: Entry
    content: Envelope | Message
    stamps: tuple[bytes, ...] = ()
    #: Whether the log's promise is enough, for want of a proof.
    promise_suffices: bool = False


def read_bundle(document: Any) -> Material:
    """The material of a bundle; raises `Refused`, and `ValueError` and its like where a value is malformed."""
    media_type = text(document, "mediaType")
    version = _VERSIONS.get(media_type)
    if version is None:
        raise unsupported(Step.FORMAT, f"a bundle of the type {quoted(media_type) or 'that it lacks'} is not known")
    material = member(document, "verificationMaterial")
    certificate, hint = _signer(material, version)
    content = _content(document)
    stamps = _stamps(optional(material, "timestampVerificationData") or {})
    entries = items(material, "tlogEntries", _MAX_ENTRIES)
    if not entries:
        raise _without_log(certificate, hint)
    if len(entries) > 1:
        raise Refused(Step.FORMAT, f"{len(entries)} log entries where there is one signature")
    entry = _entry(entries[0], needs_proof=version >= _WITH_PROOF)
    return Material(certificate, hint, entry, content, stamps, promise_suffices=version < _WITH_PROOF)


def _signer(material: Mapping[str, Any], version: tuple[int, int]) -> tuple[bytes, str]:
    """The certificate of the signer or the hint at the key: one of these."""
    key = optional(material, "publicKey")
    chain, single = optional(material, "x509CertificateChain"), optional(material, "certificate")
    if [key, chain, single].count(None) != 2:  # noqa: PLR2004
        raise Refused(Step.FORMAT, "it has not one certificate, chain or key hint")
    if key is not None:
        return b"", text(key, "hint")
    if chain is not None and version < _WITH_CERTIFICATE:
        chained = items(chain, "certificates", _MAX_CERTIFICATES)
        single = chained[0] if chained else {}
    elif single is None or version < _WITH_CERTIFICATE:
        raise Refused(Step.FORMAT, "its certificate is not where its version has it")
    certificate = binary(single, "rawBytes")
    if not certificate:
        raise Refused(Step.FORMAT, "it has no certificate")
    return certificate, ""


def _without_log(certificate: bytes, hint: str) -> Refused:
    """GitHub signs for private repositories without the public log, on an authority of its own."""
    if not certificate:
        return unsupported(Step.KEY, f"signed with a key ({quoted(hint) or 'unnamed'}) and not logged")
    # The name of the issuer, wherever it is: to be taken for it is of no use.
    if b"GitHub, Inc." in certificate:
        reason = "of the private GitHub instance, which has its own trusted root and no public log"
        return unsupported(Step.LOG, reason)
    return Refused(Step.LOG, "it has no entry of a transparency log")


def _entry(entry: Any, *, needs_proof: bool) -> Entry:
    kind = member(entry, "kindVersion")
    index = whole(entry, "logIndex")
    body = binary(entry, "canonicalizedBody")
    if index is None or not body:
        raise Refused(Step.FORMAT, "the log entry has no index or no body")
    promise = optional(entry, "inclusionPromise") or {}
    return Entry(
        number=index,
        log_id=binary(member(entry, "logId"), "keyId"),
        kind=text(kind, "kind"),
        version=text(kind, "version"),
        time=seconds(entry, "integratedTime"),
        promise=binary(promise, "signedEntryTimestamp"),
        proof=_proof(optional(entry, "inclusionProof"), needed=needs_proof),
        body=body,
    )


def _proof(proof: Mapping[str, Any] | None, *, needed: bool) -> Proof | None:
    """The proof; one without a checkpoint proves nothing, and is as none."""
    checkpoint = text(optional(proof or {}, "checkpoint") or {}, "envelope")
    if proof is None or not checkpoint:
        if needed:
            raise Refused(
                Step.LOG, "the log entry has no inclusion proof with a checkpoint, which its version asks for"
            )
        return None
    # Numbers of zero are left out by protobuf.
    index, size = whole(proof, "logIndex") or 0, whole(proof, "treeSize") or 0
    hashes = tuple(decoded(one, "a hash of the proof") for one in items(proof, "hashes", _MAX_HASHES))
    root = binary(proof, "rootHash")
    if index >= size or any(len(one) != _HASH_BYTES for one in (root, *hashes)):
        raise Refused(Step.LOG, "the inclusion proof is of no tree: its index, size or hashes cannot be")
    return Proof(index, size, root, hashes, checkpoint)


def _stamps(data: Mapping[str, Any]) -> tuple[bytes, ...]:
    """The RFC 3161 timestamps, each once."""
    stamps = tuple(binary(one, "signedTimestamp") for one in items(data, "rfc3161Timestamps", _MAX_STAMPS))
    if len(set(stamps)) < len(stamps):
        raise Refused(Step.FORMAT, "a timestamp stands in it twice")
    return stamps


def _content(document: Any) -> Envelope | Message:
    envelope, message = optional(document, "dsseEnvelope"), optional(document, "messageSignature")
    if (envelope is None) == (message is None):
        raise Refused(Step.FORMAT, "it has not one envelope or message signature")
    return read_envelope(envelope) if message is None else _message(message)


def read_envelope(envelope: Any, raw: bytes | None = None) -> Envelope:
    """A DSSE envelope with exactly one signature: with more it would be open whose word it is."""
    signatures = items(envelope, "signatures", _MAX_SIGNATURES)
    if len(signatures) != 1:
        raise Refused(Step.FORMAT, f"the envelope has {len(signatures)} signatures, not one")
    found = Envelope(
        payload_type=text(envelope, "payloadType"),
        payload=binary(envelope, "payload"),
        signature=binary(signatures[0], "sig"),
        keyid=text(signatures[0], "keyid"),
        raw=raw,
    )
    if not (found.signature and found.payload):
        raise Refused(Step.FORMAT, "the envelope has no payload or no signature")
    return found


def _message(message: Mapping[str, Any]) -> Message:
    signature = binary(message, "signature")
    if not signature:
        raise Refused(Step.FORMAT, "the signature is empty")
    told = optional(message, "messageDigest")
    if told is None:
        return Message(signature)
    algorithm = text(told, "algorithm")
    if algorithm not in _HASHES:
        raise Refused(Step.FORMAT, f"the message digest {quoted(algorithm)} is not known")
    return Message(signature, _HASHES[algorithm], binary(told, "digest"))
