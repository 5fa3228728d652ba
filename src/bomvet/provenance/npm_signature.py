"""Signatures of npm registries: ECDSA over a package's name, version and integrity, by a key of the registry.

Such a signature says that the registry served this file under this name, not who built it.
Source: https://docs.npmjs.com/about-registry-signatures.
"""

from __future__ import annotations

import binascii
import hashlib
from typing import TYPE_CHECKING

from bomvet.model.inventory import HEX_DIGITS, Hash
from bomvet.model.provenance import Attestation, EvidenceKind, ProvenanceStatus, Step
from bomvet.model.times import moment
from bomvet.provenance._refusal import Refused, unsupported

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

    from bomvet.provenance.keys import RegistryKey

#: Strongest first; npm's integrity of old releases is SHA-1, which is no evidence of anything.
_ALGORITHMS = ("sha512", "sha384", "sha256")
_CURVE = "secp256r1"


def check_signature(  # noqa: PLR0917 - what is signed, by what, and when
    name: str,
    version: str,
    integrity: str,
    signature: tuple[str, str],
    keys: Iterable[RegistryKey],
    published: str,
    *,
    source: str = "",
    compared: str = "lock",
) -> Attestation:
    """What a registry's signature comes to: steps are FORMAT, KEY and SIGNATURE.

    `integrity` is that of the locked file (subresource integrity, of which the strongest digest counts); `signature` is
    the id of a key and a signature in base64; `published` (RFC 3339) when the release came.  A key that is not known
    leaves it unsupported.
    """
    keyid, encoded = signature
    digest, fingerprint, refusal = None, "", None
    try:
        signed, digest = _digest(integrity)
        key = _key(keyid, keys)
        fingerprint = hashlib.sha256(_decoded(key.key)).hexdigest()
        _check_window(key, published)
        _check(_loaded(key), f"{name}@{version}:{signed}".encode(), encoded)
    except Refused as no:
        refusal = no
    return Attestation(
        kind=EvidenceKind.NPM_SIGNATURE,
        status=refusal.status if refusal else ProvenanceStatus.VERIFIED,
        step=refusal.step if refusal else None,
        reason=refusal.reason if refusal else "",
        subject=f"{name}@{version}",
        digest=digest,
        compared=compared,
        bundle=hashlib.sha256(encoded.encode("utf-8", "replace")).hexdigest(),
        root=fingerprint,
        source=source,
    )


def integrity_of(digest: Hash) -> str:
    """A digest as subresource integrity."""
    return f"{digest.algorithm}-{binascii.b2a_base64(bytes.fromhex(digest.value), newline=False).decode()}"


def _digest(integrity: str) -> tuple[str, Hash]:
    """The digest that is signed, as it is written and read; there has to be one, and a strong one."""
    found = {part.partition("-")[0]: part for part in integrity.split()}
    for algorithm in _ALGORITHMS:
        part = found.get(algorithm, "")
        value = _decoded(part.partition("-")[2]).hex()
        if len(value) == HEX_DIGITS[algorithm]:
            return part, Hash(algorithm=algorithm, value=value)
    raise unsupported(Step.FORMAT, "the release has no integrity of SHA-2 to be signed")


def _key(keyid: str, keys: Iterable[RegistryKey]) -> RegistryKey:
    """The key of this id."""
    found = next((key for key in keys if key.keyid == keyid), None)
    if found is None:
        shown = keyid[:100] if keyid.isprintable() else repr(keyid[:100])
        raise unsupported(Step.KEY, f"no key of the id {shown or '(none)'} is known")
    return found


def _check_window(key: RegistryKey, published: str) -> None:
    """A release that came after the end of the key is not signed with it.

    That a release is older than its key says nothing: npm signed all that there was when it began to sign.
    """
    if key.end is None:
        return
    end = key.end.isoformat()
    when = moment(published)
    if when is None:
        reason = f"the key signs nothing from {end} on, and the registry does not say when the release came"
        raise Refused(Step.KEY, reason, ProvenanceStatus.NOT_ESTABLISHED)
    if when >= key.end:
        reason = f"the release is of {when.isoformat()}, and the key signs nothing from {end} on"
        raise Refused(Step.KEY, reason)


def _loaded(key: RegistryKey) -> EllipticCurvePublicKey:
    """The key, which is of the curve P-256."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - heavy
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_der_public_key  # noqa: PLC0415

    try:
        loaded = load_der_public_key(_decoded(key.key))
    except (ValueError, UnsupportedAlgorithm):
        loaded = None
    if not isinstance(loaded, EllipticCurvePublicKey) or loaded.curve.name != _CURVE:
        raise unsupported(Step.KEY, f"the key {key.keyid} is none of the curve P-256")
    return loaded


def _check(key: EllipticCurvePublicKey, message: bytes, encoded: str) -> None:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415

    try:
        key.verify(_decoded(encoded), message, ECDSA(SHA256()))
    except InvalidSignature:
        reason = "the signature is not that of this name, version and integrity"
        raise Refused(Step.SIGNATURE, reason) from None


def _decoded(encoded: str) -> bytes:
    """Bytes of strict base64; none where it is not, which no signature, key or digest is."""
    try:
        return binascii.a2b_base64(encoded, strict_mode=True)
    except ValueError:
        return b""
