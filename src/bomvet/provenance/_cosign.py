"""Step 1 for the older form of images: a layer of a `.sig` or `.att` image, and what its annotations add.

Sources: https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md,
https://github.com/containers/image/blob/main/docs/containers-signature.5.md (what the payload of a `.sig` is).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bomvet.model.provenance import Step
from bomvet.provenance._bundle import Entry, Envelope, Material, Message, read_envelope
from bomvet.provenance._refusal import Refused, unsupported
from bomvet.provenance._strict import binary, decoded, member, pem, seconds, strict, text, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

_CERTIFICATE = "dev.sigstore.cosign/certificate"
_BUNDLE = "dev.sigstore.cosign/bundle"
_STAMP = "dev.sigstore.cosign/rfc3161timestamp"
_SIGNATURE = "dev.cosignproject.cosign/signature"
_TYPES = ("cosign container image signature", "atomic container signature")


def read_layer(annotations: Any, layer: bytes) -> Material:
    """The material of a layer; raises as `read_bundle`.  The log's promise is all that this form has."""
    certificate, logged = text(annotations, _CERTIFICATE), text(annotations, _BUNDLE)
    if not certificate:
        raise unsupported(Step.KEY, "signed with a key, or by means that cosign keeps elsewhere; no key is known")
    if not logged:
        raise unsupported(Step.LOG, "signed without the public log")
    signature = decoded(text(annotations, _SIGNATURE), "the signature")
    if signature:
        content: Envelope | Message = Message(signature, payload=layer)
    else:
        content = read_envelope(strict(layer), layer)
    der = pem(certificate.encode(), "CERTIFICATE")
    entry = _entry(strict(logged.encode()))
    return Material(der, "", entry, content, _stamps(annotations), promise_suffices=True)


def _entry(logged: Any) -> Entry:
    payload = member(logged, "Payload")
    body = binary(payload, "body")
    kind = strict(body)
    index = whole(payload, "logIndex")
    if index is None:
        raise Refused(Step.FORMAT, "the log entry has no index")
    return Entry(
        number=index,
        log_id=bytes.fromhex(text(payload, "logID")),
        kind=text(kind, "kind"),
        version=text(kind, "apiVersion"),
        time=seconds(payload, "integratedTime"),
        promise=binary(logged, "SignedEntryTimestamp"),
        proof=None,
        body=body,
    )


def _stamps(annotations: Any) -> tuple[bytes, ...]:
    stamp = text(annotations, _STAMP)
    return (binary(strict(stamp.encode()), "SignedRFC3161Timestamp"),) if stamp else ()


def signing_payload(layer: bytes) -> Mapping[str, Any]:
    """What a `.sig` signs, as the statement that it amounts to: one subject, by reference and digest.

    Raises `Refused`, and `ValueError` and its like where it is malformed.
    """
    document = strict(layer)
    critical = member(document, "critical")
    if text(critical, "type") not in _TYPES:
        raise Refused(Step.FORMAT, "what was signed is no signature of an image")
    name = text(member(critical, "identity"), "docker-reference")
    algorithm, _, value = text(member(critical, "image"), "docker-manifest-digest").partition(":")
    subject = {"name": name, "digest": {algorithm: value}}
    return {"subject": [subject], "predicate": document}
