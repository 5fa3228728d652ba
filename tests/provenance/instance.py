"""A small instance of sigstore in memory: a certificate authority, a certificate log and a transparency log.

The logs are those of RFC 6962; Rekor's entries, checkpoints and promises are written as
https://github.com/sigstore/rekor has them.  Only `cryptography` is needed, and no network.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import struct
import threading
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.provenance.people import alternative_name, fields, old_fields

_SCT_LIST = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
_EPOCH = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
_SHA256 = ec.ECDSA(hashes.SHA256())
#: How long a certificate is valid, and how long before the moment of signing it begins to be.
VALIDITY, BEFORE = dt.timedelta(minutes=10), dt.timedelta(seconds=5)
ORIGIN = "log.sigstore.example"


def b64(data: bytes) -> str:
    """Base64 as JSON has it."""
    return base64.b64encode(data).decode()


def canonical(document: Any) -> bytes:
    """The form of RFC 8785, for documents of text and whole numbers."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def new_key() -> ec.EllipticCurvePrivateKey:
    """A key on P-256."""
    return ec.generate_private_key(ec.SECP256R1())


def spki(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public half in DER."""
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public half in PEM."""
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def pem(certificate: x509.Certificate) -> bytes:
    """A certificate in PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM)


def der(certificate: x509.Certificate) -> bytes:
    """A certificate in DER."""
    return certificate.public_bytes(serialization.Encoding.DER)


def sign(key: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
    """ECDSA over SHA-256."""
    return key.sign(data, _SHA256)


def tlv(tag: int, content: bytes) -> bytes:
    """A value in DER."""
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


class CertificateAuthority:
    """Root and intermediate of a Fulcio, with the log that vouches for its certificates by embedded timestamps."""

    def __init__(self, name: str = "sigstore.example") -> None:
        self.name = name
        self._root_key, self._key, self.ct_key = new_key(), new_key(), new_key()
        root_name = name_of(name, "root")
        root = (root_name, self._root_key)
        self.root = certificate_of(root_name, self._root_key, root, 1)
        self.intermediate = certificate_of(name_of(name, "intermediate"), self._key, root, 0)

    def issue(
        self,
        public: ec.EllipticCurvePublicKey,
        claims: dict[str, Any],
        time: dt.datetime,
        *,
        old: bool = False,
        sct: bool = True,
    ) -> x509.Certificate:
        """A certificate for who has these claims, valid for ten minutes around `time`.

        `old` leaves out the fields that came in 2023, `sct` False the timestamp of the log.
        """
        builder = self._builder(public, claims, time, old=old)
        first = builder.sign(self._key, hashes.SHA256())
        if not sct:
            return first
        stamp = x509.UnrecognizedExtension(_SCT_LIST, self._sct_list(first.tbs_certificate_bytes, time))
        return builder.add_extension(stamp, critical=False).sign(self._key, hashes.SHA256())

    def _builder(
        self, public: ec.EllipticCurvePublicKey, claims: dict[str, Any], time: dt.datetime, *, old: bool
    ) -> x509.CertificateBuilder:
        start = time.replace(microsecond=0) - BEFORE
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(self.intermediate.subject)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + VALIDITY)
            .add_extension(usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        name = alternative_name(claims)
        kind = x509.UniformResourceIdentifier if "/" in name else x509.RFC822Name
        builder = builder.add_extension(x509.SubjectAlternativeName([kind(name)]), critical=True)
        values = {number: value.encode() for number, value in old_fields(claims).items()}
        if not old:
            values |= {number: tlv(0x0C, value.encode()) for number, value in fields(claims).items()}
        for number, value in values.items():
            oid = x509.ObjectIdentifier(f"1.3.6.1.4.1.57264.1.{number}")
            builder = builder.add_extension(x509.UnrecognizedExtension(oid, value), critical=False)
        return builder

    def _sct_list(self, precertificate: bytes, time: dt.datetime) -> bytes:
        """The extension with one timestamp over a certificate without it (RFC 6962, 3.2 and 3.3)."""
        stamp = int(time.timestamp() * 1000)
        issuer = hashlib.sha256(spki(self._key)).digest()
        size = len(precertificate).to_bytes(3, "big")
        signature = sign(self.ct_key, struct.pack("!BBQH", 0, 0, stamp, 1) + issuer + size + precertificate + b"\0\0")
        log = hashlib.sha256(spki(self.ct_key)).digest()
        sct = b"\0" + log + struct.pack("!Q", stamp) + b"\0\0" + b"\4\3" + struct.pack("!H", len(signature)) + signature
        entry = struct.pack("!H", len(sct)) + sct
        return tlv(0x04, struct.pack("!H", len(entry)) + entry)


def name_of(organisation: str, common: str) -> x509.Name:
    """A distinguished name of two parts."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def usage(*, digital_signature: bool = False, authority: bool = False) -> x509.KeyUsage:
    """What a key may be used for."""
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def certificate_of(
    name: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: tuple[x509.Name, ec.EllipticCurvePrivateKey],
    path: int,
) -> x509.Certificate:
    """A certificate of an authority, valid from 2020 to 2049; with `path` 0 it is confined to code."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer[0])
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_EPOCH)
        .not_valid_after(dt.datetime(2049, 12, 31, tzinfo=dt.UTC))
        .add_extension(x509.BasicConstraints(ca=True, path_length=path), critical=True)
        .add_extension(usage(authority=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer[1].public_key()), critical=False)
    )
    if path == 0:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
    return builder.sign(issuer[1], hashes.SHA256())


class MerkleTree:
    """Leaves of RFC 6962, 2.1; what is hashed once is kept, so that a leaf costs its share of one path."""

    def __init__(self) -> None:
        #: Per height the hashes of complete subtrees, from the left.
        self._levels: list[list[bytes]] = [[]]

    def __len__(self) -> int:
        return len(self._levels[0])

    def append(self, leaf: bytes) -> int:
        """Its index."""
        index = len(self)
        node = hashlib.sha256(b"\0" + leaf).digest()
        for height in range(64):
            if height == len(self._levels):
                self._levels.append([])
            level = self._levels[height]
            level.append(node)
            if len(level) % 2:
                break
            node = _parent(level[-2], level[-1])
        return index

    def root(self) -> bytes:
        """The hash of the whole tree."""
        return self._hash(0, len(self))

    def proof(self, index: int) -> list[bytes]:
        """The path from a leaf to the root, from below."""
        start, end, path = 0, len(self), []
        while end - start > 1:
            middle = start + (1 << ((end - start - 1).bit_length() - 1))
            if index < middle:
                path.append(self._hash(middle, end))
                end = middle
            else:
                path.append(self._hash(start, middle))
                start = middle
        return path[::-1]

    def _hash(self, start: int, end: int) -> bytes:
        size = end - start
        height = size.bit_length() - 1
        if size == 1 << height:
            return self._levels[height][start >> height]
        middle = start + (1 << height)
        return _parent(self._hash(start, middle), self._hash(middle, end))


def _parent(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


class TransparencyLog:
    """A Rekor of version 1.  Entries of others are in it already, and its indices go on from older trees."""

    OTHERS, EARLIER = 5, 90_000_000

    def __init__(self) -> None:
        self.key = new_key()
        self.id = hashlib.sha256(spki(self.key)).digest()
        self.tree = MerkleTree()
        self._lock = threading.Lock()
        for number in range(self.OTHERS):
            self.tree.append(b"somebody else's entry %d" % number)

    def add(self, body: dict[str, Any], time: dt.datetime) -> dict[str, Any]:
        """An entry as Rekor answers it (without its UUID), integrated at `time`."""
        raw = canonical(body)
        with self._lock:
            index = self.tree.append(raw)
            size, root, path = len(self.tree), self.tree.root(), self.tree.proof(index)
        entry = {
            "body": b64(raw),
            "integratedTime": int(time.timestamp()),
            "logID": self.id.hex(),
            "logIndex": self.EARLIER + index,
        }
        proof = {
            "checkpoint": self.checkpoint(size, root),
            "hashes": [one.hex() for one in path],
            "logIndex": index,
            "rootHash": root.hex(),
            "treeSize": size,
        }
        promise = b64(sign(self.key, canonical(entry)))
        return {**entry, "verification": {"inclusionProof": proof, "signedEntryTimestamp": promise}}

    def checkpoint(self, size: int, root: bytes) -> str:
        """A signed note of https://github.com/transparency-dev/formats/blob/main/log/README.md."""
        note = f"{ORIGIN} - 1\n{size}\n{b64(root)}\n"
        return f"{note}\n\u2014 {ORIGIN} {b64(self.id[:4] + sign(self.key, note.encode()))}\n"


class TiledLog:
    """A Rekor of version 2: no promises and no times, and a checkpoint whose key is named by the log's name too."""

    ORIGIN = "log2026-1.sigstore.example"

    def __init__(self) -> None:
        self._key = ed25519.Ed25519PrivateKey.generate()
        public = self._key.public_key()
        self.spki = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        self.id = hashlib.sha256(f"{self.ORIGIN}\n\1".encode() + public.public_bytes_raw()).digest()
        self.tree = MerkleTree()
        self._lock = threading.Lock()
        for number in range(TransparencyLog.OTHERS):
            self.tree.append(b"somebody else's entry %d" % number)

    def add(self, digest: bytes, signature: bytes, certificate: x509.Certificate) -> dict[str, Any]:
        """An entry as a bundle has it, and as the log answers it."""
        verifier = {"keyDetails": "PKIX_ECDSA_P256_SHA_256", "x509Certificate": {"rawBytes": b64(der(certificate))}}
        record = {
            "data": {"algorithm": "SHA2_256", "digest": b64(digest)},
            "signature": {"content": b64(signature), "verifier": verifier},
        }
        kind = {"kind": "hashedrekord", "version": "0.0.2"}
        raw = canonical({"apiVersion": kind["version"], "kind": kind["kind"], "spec": {"hashedRekordV002": record}})
        with self._lock:
            index = self.tree.append(raw)
            size, root, path = len(self.tree), self.tree.root(), self.tree.proof(index)
        note = f"{self.ORIGIN}\n{size}\n{b64(root)}\n"
        signed = b64(self.id[:4] + self._key.sign(note.encode()))
        return {
            "logIndex": str(index),
            "logId": {"keyId": b64(self.id)},
            "kindVersion": kind,
            "canonicalizedBody": b64(raw),
            "inclusionProof": {
                "logIndex": str(index),
                "rootHash": b64(root),
                "treeSize": str(size),
                "hashes": [b64(one) for one in path],
                "checkpoint": {"envelope": f"{note}\n\u2014 {self.ORIGIN} {signed}\n"},
            },
        }


def bundle_entry(entry: dict[str, Any], *, proof: bool = True, promise: bool = True) -> dict[str, Any]:
    """Rekor's answer as a bundle has it, with what the log says of it as far as that is wanted."""
    body = json.loads(base64.b64decode(entry["body"]))
    found = {
        "logIndex": str(entry["logIndex"]),
        "logId": {"keyId": b64(bytes.fromhex(entry["logID"]))},
        "kindVersion": {"kind": body["kind"], "version": body["apiVersion"]},
        "integratedTime": str(entry["integratedTime"]),
        "canonicalizedBody": entry["body"],
    }
    said = entry["verification"]
    if promise:
        found["inclusionPromise"] = {"signedEntryTimestamp": said["signedEntryTimestamp"]}
    if proof:
        known = said["inclusionProof"]
        found["inclusionProof"] = {
            "logIndex": str(known["logIndex"]),
            "rootHash": b64(bytes.fromhex(known["rootHash"])),
            "treeSize": str(known["treeSize"]),
            "hashes": [b64(bytes.fromhex(one)) for one in known["hashes"]],
            "checkpoint": {"envelope": known["checkpoint"]},
        }
    return found
