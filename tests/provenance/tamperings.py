"""How evidence of each kind is tampered with, and which steps may refuse it.

What has only a promise of the log is never verified with proof.
"""

from __future__ import annotations

import base64
import copy
import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from cryptography.hazmat.primitives.serialization import Encoding

from bomvet.model.inventory import Hash
from bomvet.model.provenance import Step
from bomvet.provenance.evidence import Evidence, Expected, Form
from tests.provenance.authority import PUBLISHED, SLSA_V1, Authority, GitHub, Signer, slsa, statement
from tests.provenance.judging import expected, of_attestation, of_bundle, of_layer, verifier

if TYPE_CHECKING:
    from bomvet.model.provenance import Attestation
    from bomvet.provenance.bundles import BundleVerifier

SHA256, _SHA512, _OTHER = "ab" * 32, "cd" * 64, "ef" * 32
_PURL = "pkg:npm/%40acme/tool@1.2.3"
FILE = "acme-1.0.0.tar.gz"
_IMAGE = "images.packages.example/acme/app"
_DATA = b"an artefact"


class Case(NamedTuple):
    """Good evidence, what it is for, other good evidence of the same kind and signer, and who judges."""

    evidence: Evidence
    expected: Expected
    other: Evidence
    judge: BundleVerifier
    authority: Authority
    kind: str


Change = Callable[[Case], Case | None]


# -- kinds of evidence ------------------------------------------------------------------------------------------


def _pypi(authority: Authority, name: str = FILE, digest: str = SHA256) -> Evidence:
    return of_attestation(authority.pypi_attestation(name, digest))


def _slsa(authority: Authority, name: str = FILE, digest: str = SHA256, **form: Any) -> Evidence:
    about = statement(name, {"sha256": digest}, SLSA_V1, slsa(GitHub()))
    return of_bundle(authority.bundle(about, **form), SLSA_V1)


def _npm(authority: Authority, which: int, version: str, digest: str) -> Evidence:
    form: Any = {"bundle": version, "entry": "intoto-0.0.2", "provenance": "0.2"}
    found = json.loads(authority.npm_attestations("@acme/tool", "1.2.3", digest, **form))["attestations"][which]
    return of_bundle(found["bundle"], found["predicateType"])


def _message(authority: Authority, data: bytes, entry: str = "hashedrekord") -> Evidence:
    return of_bundle(authority.message(data, entry=entry))


def _image(authority: Authority, digest: str, entry: str) -> Evidence:
    return of_layer(*authority.cosign_att(statement(_IMAGE, {"sha256": digest}, SLSA_V1, slsa(GitHub())), entry=entry))


def minted(authority: Authority) -> dict[str, tuple[Evidence, Expected, Evidence]]:
    file, package = expected(FILE, f"sha256:{SHA256}"), expected(_PURL, f"sha512:{_SHA512}")
    image = expected(_IMAGE, f"sha256:{SHA256}")
    artefact = Expected((_sha256(_DATA),), compared="artefact")
    a = authority
    return {
        "pypi publish": (_pypi(a), file, _pypi(a, "other.whl", _OTHER)),
        "slsa 0.3 dsse": (_slsa(a), file, _slsa(a, "other.whl", _OTHER)),
        "slsa rekor 2": (_slsa(a, entry="rekor2"), file, _slsa(a, "other.whl", _OTHER, entry="rekor2")),
        "slsa 0.3 stamped": (_slsa(a, timestamp=True), file, _slsa(a, "other.whl", _OTHER, timestamp=True)),
        "npm 0.1 intoto": (_npm(a, 1, "0.1", _SHA512), package, _npm(a, 1, "0.1", "12" * 64)),
        "npm 0.2 intoto": (_npm(a, 1, "0.2", _SHA512), package, _npm(a, 1, "0.2", "12" * 64)),
        "npm publish 0.1": (_npm(a, 0, "0.1", _SHA512), package, _npm(a, 0, "0.1", "12" * 64)),
        "npm publish 0.2": (_npm(a, 0, "0.2", _SHA512), package, _npm(a, 0, "0.2", "12" * 64)),
        "cosign att": (_image(a, SHA256, "dsse"), image, _image(a, _OTHER, "dsse")),
        "cosign att intoto": (_image(a, SHA256, "intoto-0.0.1"), image, _image(a, _OTHER, "intoto-0.0.1")),
        "cosign sig": (
            of_layer(*a.cosign_sig(f"sha256:{SHA256}")),
            image,
            of_layer(*a.cosign_sig(f"sha256:{_OTHER}")),
        ),
        "message": (_message(a, _DATA), artefact, _message(a, b"another")),
        "message rekor 2": (_message(a, _DATA, "rekor2"), artefact, _message(a, b"another", "rekor2")),
    }


PROMISED = ("npm 0.1 intoto", "npm publish 0.1", "cosign att", "cosign att intoto", "cosign sig")


def _sha256(data: bytes) -> Hash:
    return Hash(algorithm="sha256", value=hashlib.sha256(data).hexdigest())


# -- how to change them -----------------------------------------------------------------------------------------


def _of(document: Any, path: tuple[str | int, ...]) -> Any:
    """What is there; None where nothing is."""
    for key in path:
        try:
            document = document[key]
        except (LookupError, TypeError):
            return None
    return document


def changed_to(case: Case, document: Mapping[str, Any]) -> Case:
    raw = case.evidence.raw if case.evidence.form is Form.COSIGN else json.dumps(document).encode()
    return case._replace(evidence=case.evidence._replace(document=document, raw=raw))


def edit(*path: str | int, to: Callable[[Any, Any], Any]) -> Change:
    """Puts what `to` makes of the value, and of that of the other evidence, in its place; in bundles."""

    def change(case: Case) -> Case | None:
        document = copy.deepcopy(dict(case.evidence.document))
        found = _of(document, path)
        if found is None or case.evidence.form is Form.COSIGN:
            return None
        _of(document, path[:-1])[path[-1]] = to(found, _of(case.other.document, path))
        return changed_to(case, document)

    return change


def drop(*path: str | int) -> Change:
    """Takes away what is there."""

    def change(case: Case) -> Case | None:
        document = copy.deepcopy(dict(case.evidence.document))
        if _of(document, path) is None:
            return None
        del _of(document, path[:-1])[path[-1]]
        return changed_to(case, document)

    return change


def entry(*path: str | int, to: Callable[[Any, Any], Any]) -> Change:
    """In the log entry of a bundle."""
    return edit("verificationMaterial", "tlogEntries", 0, *path, to=to)


def certificate(make: Callable[[Case], bytes]) -> Change:
    """Another certificate, wherever it stands."""

    def change(case: Case) -> Case | None:
        document = copy.deepcopy(dict(case.evidence.document))
        material = document.get("verificationMaterial", {})
        if "publicKey" in material:
            return None
        made = make(case)
        if _CERTIFICATE in document:
            pem = "\n".join(
                ("-----BEGIN CERTIFICATE-----", base64.b64encode(made).decode(), "-----END CERTIFICATE-----")
            )
            document[_CERTIFICATE] = pem
        elif "certificate" in material:
            material["certificate"]["rawBytes"] = base64.b64encode(made).decode()
        else:
            material["x509CertificateChain"]["certificates"][0]["rawBytes"] = base64.b64encode(made).decode()
        return changed_to(case, document)

    return change


def logged(*path: str, to: Callable[[Any, Any], Any]) -> Change:
    """In the annotation of a layer that has the log entry."""

    def change(case: Case) -> Case | None:
        if _BUNDLE not in case.evidence.document:
            return None
        document = dict(case.evidence.document)
        found, other = json.loads(document[_BUNDLE]), json.loads(case.other.document[_BUNDLE])
        _of(found, path[:-1])[path[-1]] = to(_of(found, path), _of(other, path))
        document[_BUNDLE] = json.dumps(found)
        return changed_to(case, document)

    return change


def annotation(name: str, to: Callable[[str, str], str]) -> Change:
    """In an annotation of a layer that has a value."""

    def change(case: Case) -> Case | None:
        if not case.evidence.document.get(name):
            return None
        document = dict(case.evidence.document)
        document[name] = to(document[name], case.other.document[name])
        return changed_to(case, document)

    return change


def layer(to: Callable[[bytes, bytes], bytes], *, envelope: bool | None = None) -> Change:
    """The content of a layer; with `envelope` only of those that are one, or are none."""

    def change(case: Case) -> Case | None:
        is_envelope = b'"payloadType"' in case.evidence.raw
        if case.evidence.form is not Form.COSIGN or envelope not in (None, is_envelope):
            return None
        return case._replace(evidence=case.evidence._replace(raw=to(case.evidence.raw, case.other.raw)))

    return change


def in_layer(*path: str | int, to: Callable[[Any], Any]) -> Change:
    """A value in the envelope that is the content of a layer."""

    def done(raw: bytes, _: bytes) -> bytes:
        document = json.loads(raw)
        _of(document, path[:-1])[path[-1]] = to(_of(document, path))
        return json.dumps(document).encode()

    return layer(done, envelope=True)


def wanted(to: Callable[[Expected], Expected]) -> Change:
    """Other expectations."""
    return lambda case: case._replace(expected=to(case.expected))


def only(*words: str, change: Change) -> Change:
    """For the kinds whose name has one of the words."""
    return lambda case: change(case) if any(word in case.kind for word in words) else None


_CERTIFICATE, _BUNDLE = "dev.sigstore.cosign/certificate", "dev.sigstore.cosign/bundle"
_SIGNATURE = "dev.cosignproject.cosign/signature"
MATERIAL = "verificationMaterial"


def flip(text: str, _: Any = None) -> str:
    """Base64 of bytes of which one bit, in the middle, is another."""
    raw = bytearray(base64.b64decode(text))
    raw[len(raw) // 2] ^= 1
    return base64.b64encode(raw).decode()


def other(_: Any, found: Any) -> Any:
    """That of the other evidence."""
    return found


def doubled(found: Any, _: Any = None) -> Any:
    return [*found, *found]


def plus(number: int) -> Callable[[Any, Any], Any]:
    def to(found: Any, _: Any) -> Any:
        value = int(found) + number
        return str(value) if isinstance(found, str) else value

    return to


def constant(value: Any) -> Callable[[Any, Any], Any]:
    return lambda *_: value


def payload(change: Callable[[dict[str, Any]], Any]) -> Callable[..., str]:
    """Another statement in the place of that in base64."""

    def to(found: str, _: Any = None) -> str:
        document = json.loads(base64.b64decode(found))
        change(document)
        return base64.b64encode(json.dumps(document).encode()).decode()

    return to


def text(old: str, new: str) -> Callable[[str, Any], str]:
    def to(found: str, _: Any) -> str:
        assert old in found
        return found.replace(old, new)

    return to


def _signed_signature(found: str, _: Any) -> str:
    """The signature of the log in a checkpoint, another."""
    head, _, last = found.rstrip("\n").rpartition(" ")
    return f"{head} {flip(last)}\n"


def _checkpoint_size(found: str, _: Any) -> str:
    lines = found.split("\n")
    lines[1] = str(int(lines[1]) + 1)
    return "\n".join(lines)


def _named(name: str) -> Callable[[dict[str, Any]], Any]:
    return lambda document: document["subject"][0].update(name=name)


def _digested(document: dict[str, Any]) -> None:
    digest = document["subject"][0]["digest"]
    algorithm, value = next(iter(digest.items()))
    digest[algorithm] = "0" * len(value)


def _der(signer: Signer) -> bytes:
    assert signer.certificate is not None
    return signer.certificate.public_bytes(Encoding.DER)


FORK = GitHub(repository="evil/app", repository_id="666", owner_id="667")
_S = Step


def _envelope(*path: str | int, to: Callable[..., Any]) -> Change:
    """In the envelope of a bundle, or in that which a layer is."""

    def change(case: Case) -> Case | None:
        if case.evidence.form is Form.COSIGN:
            return in_layer(*path, to=to)(case)
        return edit("dsseEnvelope", *path, to=to)(case)

    return change


#: What is done, and which steps may refuse it.
TAMPERINGS: dict[str, tuple[Change, set[Step]]] = {
    # -- what is signed
    "statement: other digest": (_envelope("payload", to=payload(_digested)), {_S.SIGNATURE}),
    "statement: other name": (_envelope("payload", to=payload(_named("evil"))), {_S.SIGNATURE}),
    "statement: other version": (_envelope("payload", to=payload(_named(f"{_PURL}4"))), {_S.SIGNATURE}),
    "statement: other predicate type": (
        _envelope("payload", to=payload(lambda d: d.update(predicateType="https://evil.example/v1"))),
        {_S.SIGNATURE},
    ),
    "statement: other predicate": (_envelope("payload", to=payload(lambda d: d.update(predicate={}))), {_S.SIGNATURE}),
    "statement: one more subject": (
        _envelope("payload", to=payload(lambda d: d["subject"].append(d["subject"][0]))),
        {_S.SIGNATURE},
    ),
    "statement: no base64": (_envelope("payload", to=lambda found, _=None: f"{found}!"), {_S.FORMAT}),
    "statement: of the other": (edit("dsseEnvelope", "payload", to=other), {_S.SIGNATURE}),
    "payload type": (_envelope("payloadType", to=lambda *_: "application/json"), {_S.SIGNATURE}),
    "signature: one bit": (_envelope("signatures", 0, "sig", to=flip), {_S.SIGNATURE, _S.TIME}),
    "signature: of the other": (edit("dsseEnvelope", "signatures", 0, "sig", to=other), {_S.SIGNATURE, _S.TIME}),
    "signature: empty": (_envelope("signatures", 0, "sig", to=lambda *_: ""), {_S.FORMAT}),
    "signature: none": (_envelope("signatures", to=lambda *_: []), {_S.FORMAT}),
    "signature: twice": (_envelope("signatures", to=doubled), {_S.FORMAT}),
    "envelope: of the other": (edit("dsseEnvelope", to=other), {_S.SIGNATURE, _S.TIME, _S.ENTRY}),
    "envelope: dropped": (drop("dsseEnvelope"), {_S.FORMAT}),
    "message: one bit": (edit("messageSignature", "signature", to=flip), {_S.SIGNATURE, _S.TIME}),
    "message: signature of the other": (edit("messageSignature", "signature", to=other), {_S.SIGNATURE, _S.TIME}),
    "message: digest of the other": (edit("messageSignature", "messageDigest", to=other), {_S.DIGEST}),
    "message: another algorithm": (
        edit("messageSignature", "messageDigest", "algorithm", to=constant("SHA2_512")),
        {_S.SIGNATURE, _S.DIGEST, _S.ENTRY},
    ),
    "message: an unknown algorithm": (
        edit("messageSignature", "messageDigest", "algorithm", to=constant("MD5")),
        {_S.FORMAT},
    ),
    "message: of the other": (edit("messageSignature", to=other), {_S.DIGEST, _S.TIME}),
    "message: dropped": (drop("messageSignature"), {_S.FORMAT}),
    "message: no base64": (edit("messageSignature", "signature", to=constant("!")), {_S.FORMAT}),
    # -- the log entry
    "promise: one bit": (entry("inclusionPromise", "signedEntryTimestamp", to=flip), {_S.LOG}),
    "promise: of the other": (entry("inclusionPromise", to=other), {_S.LOG}),
    # Where there is a timestamp, too, a proof is enough.
    "promise: dropped": (
        only("pypi", "dsse", "npm", "message", change=drop(MATERIAL, "tlogEntries", 0, "inclusionPromise")),
        {_S.TIME},
    ),
    "time: 5 s on": (entry("integratedTime", to=plus(5)), {_S.LOG}),
    "time: an hour on": (entry("integratedTime", to=plus(3600)), {_S.TIME, _S.LOG}),
    "time: an hour back": (entry("integratedTime", to=plus(-3600)), {_S.TIME, _S.LOG}),
    "time: beyond all calendars": (entry("integratedTime", to=constant(str(2**62))), {_S.FORMAT}),
    "time: negative": (entry("integratedTime", to=constant("-1")), {_S.FORMAT}),
    "index: one on": (entry("logIndex", to=plus(1)), {_S.LOG}),
    "index: negative": (entry("logIndex", to=constant("-1")), {_S.FORMAT}),
    "log: another": (entry("logId", "keyId", to=flip), {_S.LOG}),
    "log: none": (entry("logId", "keyId", to=constant("")), {_S.LOG}),
    "body: of the other": (entry("canonicalizedBody", to=other), {_S.LOG}),
    "body: one bit": (entry("canonicalizedBody", to=flip), {_S.LOG}),
    "body: none": (entry("canonicalizedBody", to=constant("")), {_S.FORMAT}),
    "kind: another": (entry("kindVersion", "kind", to=constant("rpm")), {_S.ENTRY, _S.TIME}),
    "kind: another version": (entry("kindVersion", "version", to=constant("0.0.9")), {_S.ENTRY, _S.TIME}),
    "entry: of the other": (edit(MATERIAL, "tlogEntries", to=other), {_S.ENTRY}),
    "entry: none": (edit(MATERIAL, "tlogEntries", to=constant([])), {_S.LOG, _S.KEY}),
    "entry: twice": (edit(MATERIAL, "tlogEntries", to=doubled), {_S.FORMAT}),
    "entry: no list": (edit(MATERIAL, "tlogEntries", to=constant({})), {_S.FORMAT}),
    "proof: a hash": (entry("inclusionProof", "hashes", 0, to=flip), {_S.LOG}),
    "proof: one hash more": (
        entry("inclusionProof", "hashes", to=lambda found, _: [*found, base64.b64encode(b"0" * 32).decode()]),
        {_S.LOG},
    ),
    "proof: one hash fewer": (entry("inclusionProof", "hashes", to=lambda found, _: found[:-1]), {_S.LOG}),
    "proof: root": (entry("inclusionProof", "rootHash", to=flip), {_S.LOG}),
    "proof: tree size": (entry("inclusionProof", "treeSize", to=plus(1)), {_S.LOG}),
    "proof: index": (entry("inclusionProof", "logIndex", to=plus(-1)), {_S.LOG, _S.FORMAT}),
    "proof: of the other": (entry("inclusionProof", to=other), {_S.LOG}),
    "checkpoint: signature": (entry("inclusionProof", "checkpoint", "envelope", to=_signed_signature), {_S.LOG}),
    "checkpoint: origin": (entry("inclusionProof", "checkpoint", "envelope", to=lambda f, _: f"x{f}"), {_S.LOG}),
    "checkpoint: size": (entry("inclusionProof", "checkpoint", "envelope", to=_checkpoint_size), {_S.LOG}),
    "checkpoint: by another name": (
        entry("inclusionProof", "checkpoint", "envelope", to=lambda f, _: f.replace("\u2014 ", "\u2014 x")),
        {_S.LOG},
    ),
    "checkpoint: of the other": (entry("inclusionProof", "checkpoint", to=other), {_S.LOG}),
    "checkpoint: unsigned": (
        entry("inclusionProof", "checkpoint", "envelope", to=lambda f, _: f.partition("\n\n")[0] + "\n\n"),
        {_S.LOG},
    ),
    # -- the signer
    "certificate: of a fork": (certificate(lambda c: _der(c.authority.signer(FORK))), {_S.ENTRY}),
    "certificate: a renewed one": (certificate(lambda c: _der(c.authority.signer(GitHub()))), {_S.ENTRY}),
    "certificate: of another authority": (certificate(lambda _: _der(Authority().signer(GitHub()))), {_S.CERTIFICATE}),
    "certificate: not logged": (
        certificate(lambda c: _der(c.authority.signer(GitHub(), sct=False))),
        {_S.CERTIFICATE},
    ),
    "certificate: expired": (
        certificate(lambda c: _der(c.authority.signer(GitHub(), PUBLISHED - dt.timedelta(hours=1)))),
        {_S.TIME},
    ),
    "certificate: not yet valid": (
        certificate(lambda c: _der(c.authority.signer(GitHub(), PUBLISHED + dt.timedelta(hours=1)))),
        {_S.TIME},
    ),
    "certificate: one bit": (
        certificate(lambda c: base64.b64decode(flip(base64.b64encode(_der(c.authority.signer(GitHub()))).decode()))),
        {_S.CERTIFICATE},
    ),
    "certificate: of the authority itself": (
        certificate(lambda c: _der(Signer(c.authority.npm_key, c.authority.ca.intermediate))),
        {_S.CERTIFICATE},
    ),
    "certificate: garbage": (certificate(lambda _: b"garbage"), {_S.CERTIFICATE}),
    "certificate: dropped": (drop(MATERIAL, "certificate"), {_S.FORMAT}),
    "chain: dropped": (drop(MATERIAL, "x509CertificateChain"), {_S.FORMAT}),
    "chain: empty": (edit(MATERIAL, "x509CertificateChain", "certificates", to=constant([])), {_S.FORMAT}),
    "signer: certificate and key": (
        edit(MATERIAL, to=lambda found, _: {**found, "publicKey": {"hint": "k"}, "certificate": {"rawBytes": "AAAA"}}),
        {_S.FORMAT},
    ),
    "key: unknown": (edit(MATERIAL, "publicKey", "hint", to=constant("SHA256:other")), {_S.KEY}),
    "key: unnamed": (edit(MATERIAL, "publicKey", "hint", to=constant("")), {_S.KEY}),
    "key: another in the envelope": (
        only("publish 0", change=edit("dsseEnvelope", "signatures", 0, "keyid", to=constant("SHA256:other"))),
        {_S.KEY},
    ),
    "key: none in the envelope": (only("publish 0", change=drop("dsseEnvelope", "signatures", 0, "keyid")), {_S.KEY}),
    "key: no longer valid": (
        only("publish 0", change=lambda c: c._replace(judge=verifier(c.authority, expires="2025-01-01T00:00:00Z"))),
        {_S.KEY},
    ),
    # -- timestamps
    "timestamp: of the other": (edit(MATERIAL, "timestampVerificationData", to=other), {_S.TIME}),
    "timestamp: one bit": (
        edit(MATERIAL, "timestampVerificationData", "rfc3161Timestamps", 0, "signedTimestamp", to=flip),
        {_S.TIME},
    ),
    "timestamp: twice": (
        edit(MATERIAL, "timestampVerificationData", "rfc3161Timestamps", to=doubled),
        {_S.FORMAT},
    ),
    "timestamp: dropped": (only("rekor 2", change=drop(MATERIAL, "timestampVerificationData")), {_S.TIME}),
    # -- the wrapper
    "version: unknown": (edit("mediaType", to=constant("application/vnd.dev.sigstore.bundle.v9+json")), {_S.FORMAT}),
    "version: none": (drop("mediaType"), {_S.FORMAT}),
    "version: relabelled": (
        only("slsa", "npm 0.2", "pypi", "message", change=edit("mediaType", to=lambda f, _: _relabelled(f))),
        {_S.FORMAT, _S.LOG},
    ),
    "material: dropped": (drop(MATERIAL), {_S.FORMAT}),
    "wrapper: another predicate type": (
        lambda c: c._replace(evidence=c.evidence._replace(predicate_type="https://evil.example/v1")),
        {_S.PREDICATE_TYPE},
    ),
    "wrapper: a list": (lambda c: c._replace(evidence=c.evidence._replace(document=[])), {_S.FORMAT}),  # type: ignore[arg-type]
    "wrapper: empty": (lambda c: c._replace(evidence=c.evidence._replace(document={})), {_S.FORMAT, _S.KEY}),
    "wrapper: too large": (
        lambda c: c._replace(evidence=c.evidence._replace(raw=c.evidence.raw + b" " * (4 << 20))),
        {_S.FORMAT},
    ),
    # -- layers of images
    "layer: of the other": (layer(lambda _, found: found), {_S.SIGNATURE, _S.ENTRY}),
    "layer: one byte more": (layer(lambda found, _: found + b" ", envelope=False), {_S.SIGNATURE}),
    "layer: other digest": (
        layer(lambda found, _: found.replace(SHA256.encode(), _OTHER.encode()), envelope=False),
        {_S.SIGNATURE},
    ),
    "layer: other reference": (
        layer(lambda found, _: found.replace(b"acme/app", b"evil/app"), envelope=False),
        {_S.SIGNATURE},
    ),
    "layer: garbage": (layer(lambda *_: b"garbage"), {_S.FORMAT, _S.SIGNATURE}),
    "layer: empty": (layer(lambda *_: b""), {_S.FORMAT, _S.SIGNATURE}),
    "annotated signature: one bit": (annotation(_SIGNATURE, flip), {_S.SIGNATURE}),
    "annotated signature: of the other": (annotation(_SIGNATURE, other), {_S.SIGNATURE}),
    "annotated signature: no base64": (annotation(_SIGNATURE, lambda *_: "!"), {_S.FORMAT}),
    "annotated signature: dropped": (
        only("cosign sig", change=drop(_SIGNATURE)),
        {_S.FORMAT},
    ),
    "annotated certificate: dropped": (drop(_CERTIFICATE), {_S.KEY}),
    "annotated certificate: garbage": (annotation(_CERTIFICATE, lambda *_: "garbage"), {_S.FORMAT}),
    "annotated certificate: two": (annotation(_CERTIFICATE, lambda found, _: found + found), {_S.FORMAT}),
    "annotated entry: of the other": (annotation(_BUNDLE, other), {_S.ENTRY}),
    "annotated entry: dropped": (drop(_BUNDLE), {_S.LOG}),
    "annotated entry: garbage": (annotation(_BUNDLE, lambda *_: "{"), {_S.FORMAT}),
    "annotated entry: a key twice": (
        annotation(_BUNDLE, lambda found, _: '{"Payload": {}, ' + found[1:]),
        {_S.FORMAT},
    ),
    "annotated promise: one bit": (logged("SignedEntryTimestamp", to=flip), {_S.LOG}),
    "annotated promise: of the other": (logged("SignedEntryTimestamp", to=other), {_S.LOG}),
    "annotated promise: empty": (logged("SignedEntryTimestamp", to=constant("")), {_S.TIME}),
    "annotated time: 5 s on": (logged("Payload", "integratedTime", to=plus(5)), {_S.LOG}),
    "annotated time: an hour on": (logged("Payload", "integratedTime", to=plus(3600)), {_S.TIME}),
    "annotated time: an hour back": (logged("Payload", "integratedTime", to=plus(-3600)), {_S.TIME}),
    "annotated index: one on": (logged("Payload", "logIndex", to=plus(1)), {_S.LOG}),
    "annotated log: another": (logged("Payload", "logID", to=constant("ab" * 32)), {_S.LOG}),
    "annotated body: of the other": (logged("Payload", "body", to=other), {_S.LOG}),
    "annotated body: one bit": (logged("Payload", "body", to=flip), {_S.LOG, _S.FORMAT}),
    "annotated stamp: garbage": (
        only("cosign", change=lambda c: changed_to(c, {**c.evidence.document, _STAMP: "{}"})),
        {_S.TIME},
    ),
    # -- what it is evidence for
    "wanted: other digest": (
        wanted(lambda e: e._replace(digests=(_sha256(b"else"),))),
        {_S.DIGEST},
    ),
    "wanted: no digest": (wanted(lambda e: e._replace(digests=())), {_S.DIGEST}),
    "wanted: other name": (
        only("pypi", "slsa", "npm", "cosign", change=wanted(lambda e: e._replace(same_name="other".__eq__))),
        {_S.SUBJECT},
    ),
    "wanted: other version": (
        only("npm", change=wanted(lambda e: e._replace(same_name="pkg:npm/%40acme/tool@1.2.4".__eq__))),
        {_S.SUBJECT},
    ),
    "another trusted root": (lambda c: c._replace(judge=verifier(Authority())), {_S.CERTIFICATE, _S.KEY, _S.LOG}),
    "the other evidence": (lambda c: c._replace(evidence=c.other), {_S.SUBJECT, _S.DIGEST}),
}
_STAMP = "dev.sigstore.cosign/rfc3161timestamp"


def _relabelled(media_type: str) -> str:
    """As the version before: a promise would do there, but the certificate stands elsewhere."""
    old = "application/vnd.dev.sigstore.bundle+json;version=0."
    return f"{old}2" if media_type.endswith(("v0.3+json", "0.3")) else f"{old}3"


def judged(case: Case) -> Attestation:
    return case.judge.judge(case.evidence, case.expected).attestation


KINDS = (
    "pypi publish",
    "slsa 0.3 dsse",
    "slsa rekor 2",
    "slsa 0.3 stamped",
    "npm 0.1 intoto",
    "npm 0.2 intoto",
    "npm publish 0.1",
    "npm publish 0.2",
    "cosign att",
    "cosign att intoto",
    "cosign sig",
    "message",
    "message rekor 2",
)
