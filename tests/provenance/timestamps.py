"""A timestamp authority of RFC 3161, whose answers are CMS (RFC 5652) written by hand."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import struct

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.provenance.instance import certificate_of, der, name_of, new_key, sign, tlv, usage

_SHA256 = tlv(0x30, bytes.fromhex("0609608648016503040201") + b"\5\0")
_ECDSA_SHA256 = tlv(0x30, bytes.fromhex("06082a8648ce3d040302"))
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_TST_INFO = bytes.fromhex("060b2a864886f70d0109100104")
_CONTENT_TYPE = bytes.fromhex("06092a864886f70d010903")
_MESSAGE_DIGEST = bytes.fromhex("06092a864886f70d010904")
_SIGNING_CERTIFICATE = bytes.fromhex("060b2a864886f70d010910022f")
_POLICY = bytes.fromhex("06042a030405")


class TimestampAuthority:
    """Says at which moment it saw a signature; its certificate, and that of its root, are in `chain`."""

    def __init__(self, name: str) -> None:
        root_key, self._key = new_key(), new_key()
        root_name = name_of(name, "timestamps root")
        root = certificate_of(root_name, root_key, (root_name, root_key), 1)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name_of(name, "timestamps"))
            .issuer_name(root_name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(root.not_valid_before_utc)
            .not_valid_after(root.not_valid_after_utc)
            .add_extension(usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        )
        self.chain = (builder.sign(root_key, hashes.SHA256()), root)
        self._serials = itertools.count(1)

    def stamp(self, signature: bytes, time: dt.datetime) -> bytes:
        """A `TimeStampResp` over a signature."""
        return self._answer(hashlib.sha256(signature).digest(), time, b"")

    def answer(self, query: bytes, time: dt.datetime) -> bytes:
        """That of a `TimeStampReq` with SHA-256; raises `ValueError`."""
        parts = _parts(_parts(query)[0][1])
        imprint = _parts(parts[1][1])[1][1]
        nonce = next((tlv(0x02, content) for tag, content in parts[2:] if tag == 0x02), b"")
        return self._answer(imprint, time, nonce)

    def _answer(self, digest: bytes, time: dt.datetime, nonce: bytes) -> bytes:
        when = tlv(0x18, time.strftime("%Y%m%d%H%M%SZ").encode())
        imprint = tlv(0x30, _SHA256 + tlv(0x04, digest))
        info = tlv(0x30, _integer(1) + _POLICY + imprint + _integer(next(self._serials)) + when + nonce)
        leaf = self.chain[0]
        identifiers = tlv(0x30, tlv(0x30, tlv(0x30, tlv(0x04, hashlib.sha256(der(leaf)).digest()))))
        attributes = sorted(
            [
                tlv(0x30, _CONTENT_TYPE + tlv(0x31, _TST_INFO)),
                tlv(0x30, _MESSAGE_DIGEST + tlv(0x31, tlv(0x04, hashlib.sha256(info).digest()))),
                tlv(0x30, _SIGNING_CERTIFICATE + tlv(0x31, identifiers)),
            ]
        )
        signed = b"".join(attributes)
        signer = (
            _integer(1)
            + tlv(0x30, leaf.issuer.public_bytes() + _integer(leaf.serial_number))
            + _SHA256
            + tlv(0xA0, signed)
            + _ECDSA_SHA256
            + tlv(0x04, sign(self._key, tlv(0x31, signed)))
        )
        content = tlv(0x30, _TST_INFO + tlv(0xA0, tlv(0x04, info)))
        data = _integer(3) + tlv(0x31, _SHA256) + content + tlv(0xA0, der(leaf)) + tlv(0x31, tlv(0x30, signer))
        return tlv(0x30, tlv(0x30, _integer(0)) + tlv(0x30, _SIGNED_DATA + tlv(0xA0, tlv(0x30, data))))


def _integer(number: int) -> bytes:
    return tlv(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _parts(data: bytes) -> list[tuple[int, bytes]]:
    """The values that follow each other in DER; raises `ValueError`."""
    found, at = [], 0
    while at < len(data):
        try:
            (size,) = struct.unpack_from("!B", data, at + 1)
        except struct.error:
            raise ValueError("it ends within a value") from None
        start = at + 2
        if size >= 0x80:
            start += size & 0x7F
            size = int.from_bytes(data[at + 2 : start], "big")
        if start + size > len(data):
            raise ValueError("it ends within a value")
        found.append((data[at], data[start : start + size]))
        at = start + size
    return found
