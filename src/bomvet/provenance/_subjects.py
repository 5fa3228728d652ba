"""What evidence says that it is about, before anything of it is verified: good for finding it, and for nothing else."""

from __future__ import annotations

import binascii
from typing import TYPE_CHECKING, Any, NamedTuple

from bomvet.provenance import _json
from bomvet.provenance.evidence import Form

if TYPE_CHECKING:
    from bomvet.provenance.evidence import Evidence

#: GitHub lets an attestation have 1,024 subjects.
_MOST = 10_000
_MESSAGE_ALGORITHMS = {"SHA2_256": "sha256", "SHA2_384": "sha384", "SHA2_512": "sha512"}


class Claims(NamedTuple):
    """Names, and digests as `ALGORITHM:HEX` in lower case."""

    names: tuple[str, ...]
    digests: tuple[str, ...]


def claimed(evidence: Evidence) -> Claims:
    """The subjects of evidence; none where it cannot be read, which verification will say."""
    try:
        return _layer(evidence.raw) if evidence.form is Form.COSIGN else _bundle(evidence.document)
    except ValueError:
        return Claims((), ())


def _bundle(bundle: Any) -> Claims:
    envelope, message = bundle.get("dsseEnvelope"), _json.table(bundle.get("messageSignature"))
    if isinstance(envelope, dict):
        return _envelope(envelope)
    stated = _json.table(message.get("messageDigest"))
    algorithm = _MESSAGE_ALGORITHMS.get(_json.text(stated.get("algorithm")), "")
    digest = _decoded(stated.get("digest")).hex()
    return Claims((), (f"{algorithm}:{digest}",) if algorithm and digest else ())


def _layer(raw: bytes) -> Claims:
    """A layer of cosign: an envelope, or the payload of a signature."""
    document = _json.read_object(raw)
    if "payload" in document:
        return _envelope(document)
    critical = _json.table(document.get("critical"))
    digest = _json.text(_json.table(critical.get("image")).get("docker-manifest-digest")).lower()
    name = _json.text(_json.table(critical.get("identity")).get("docker-reference"))
    return Claims((name,) if name else (), (digest,) if digest else ())


def _envelope(envelope: dict[str, Any]) -> Claims:
    statement = _json.read_object(_decoded(envelope.get("payload")))
    names: dict[str, None] = {}
    digests: dict[str, None] = {}
    for item in _json.listed(statement.get("subject"))[:_MOST]:
        subject = _json.table(item)
        if name := _json.text(subject.get("name")):
            names[name] = None
        for algorithm, value in list(_json.table(subject.get("digest")).items())[:10]:
            if digest := _json.text(value):
                digests[f"{algorithm}:{digest}".lower()] = None
    return Claims(tuple(names), tuple(digests))


def _decoded(value: object) -> bytes:
    try:
        return binascii.a2b_base64(value) if isinstance(value, str) else b""
    except ValueError:
        return b""
