"""A TUF repository in memory, as sigstore's is laid out: delegated keys, consistent snapshots, a root to start from."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

from securesystemslib.signer._crypto_signer import CryptoSigner
from tuf.api._payload import (  # the public modules give these names without saying so, which mypy minds
    DelegatedRole,
    Delegations,
    MetaFile,
    Role,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)
from tuf.api.metadata import Metadata
from tuf.api.serialization.json import JSONSerializer

from tests.provenance.authority import Authority

if TYPE_CHECKING:
    from securesystemslib.signer._signer import Signer

#: The role that has the keys of a registry is called as its host, and may vouch for that folder alone.
REGISTRY = "npm.packages.example"
LOG_KEY = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE2G2Y+2tabdTV5BcGiBIx0a9fAFwrkBbmLSGtks4L3qX6yYY0zufBnhC8Ur/iy55GhWP/9A/bY2LhC30M9+RYtw=="
TRUSTED_ROOT: dict[str, Any] = {
    "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    "tlogs": [
        {
            "baseUrl": "https://log.example",
            "hashAlgorithm": "SHA2_256",
            "publicKey": {
                "rawBytes": LOG_KEY,
                "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                "validFor": {"start": "2021-01-12T11:53:27Z"},
            },
            "logId": {"keyId": "wNI9atQGlz+VWfO6LRygH4QUfY/8W4RFwiT5i5WRgB0="},
        }
    ],
    "certificateAuthorities": Authority().root()["certificateAuthorities"],
    "ctlogs": [],
    "timestampAuthorities": [],
}


def key_entry(keyid: str, usage: str, start: str, end: str = "", key: str = LOG_KEY) -> dict[str, Any]:
    """A key as the target states it."""
    period = {"start": start, "end": end} if end else {"start": start}
    public = {"rawBytes": key, "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": period}
    return {"keyId": keyid, "keyUsage": usage, "publicKey": public}


KEYS: dict[str, Any] = {
    "keys": [
        key_entry("SHA256:old", "npm:signatures", "1999-01-01T00:00:00.000Z", "2025-01-29T00:00:00.000Z"),
        key_entry("SHA256:old", "npm:attestations", "2022-12-01T00:00:00.000Z", "2025-01-29T00:00:00.000Z"),
        key_entry("SHA256:new", "npm:signatures", "2025-01-13T00:00:00.000Z"),
    ]
}


class Repository:
    """Publishes `files` by their path at the repository; `root` is what a client trusts before."""

    def __init__(self, targets: dict[str, bytes] | None = None, keys: bytes | None = None) -> None:
        self.files: dict[str, bytes] = {}
        self.paths = [f"{REGISTRY}/*"]
        self.expires = dt.datetime.now(dt.UTC) + dt.timedelta(days=7)
        names = ("root", "timestamp", "snapshot", "targets", REGISTRY)
        self.signers: dict[str, Signer] = {name: CryptoSigner.generate_ecdsa() for name in names}
        self.trusted = Root(version=1, expires=self.expires, consistent_snapshot=True)
        for role in names[:-1]:
            self.trusted.add_key(self.signers[role].public_key, role)
        own = {"trusted_root.json": json.dumps(TRUSTED_ROOT).encode()} if targets is None else targets
        self.content = (own, json.dumps(KEYS).encode() if keys is None else keys)
        self.root = self._signed("root", self.trusted)
        self.publish()

    def publish(self, version: int = 1) -> None:
        """Write all metadata and targets at `version`."""
        own, keys = self.content
        targets = Targets(version=version, expires=self.expires)
        delegated = Targets(version=version, expires=self.expires)
        self._add(targets, own)
        meta = {"targets.json": MetaFile(version)}
        if keys:
            self._add(delegated, {f"{REGISTRY}/keys.json": keys})
            key = self.signers[REGISTRY].public_key
            role = DelegatedRole(REGISTRY, [key.keyid], 1, terminating=True, paths=self.paths)
            targets.delegations = Delegations({key.keyid: key}, {REGISTRY: role})
            meta[f"{REGISTRY}.json"] = MetaFile(version)
            self.files[f"{version}.{REGISTRY}.json"] = self._signed(REGISTRY, delegated)
        self.files[f"{version}.targets.json"] = self._signed("targets", targets)
        snapshot = Snapshot(version=version, expires=self.expires, meta=meta)
        self.files[f"{version}.snapshot.json"] = self._signed("snapshot", snapshot)
        timestamp = Timestamp(version=version, expires=self.expires, snapshot_meta=MetaFile(version))
        self.files["timestamp.json"] = self._signed("timestamp", timestamp)

    def rotate(self, version: int, *, stated: int = 0, key: Signer | None = None) -> None:
        """Publish the root `version`, which states `stated` for its own version, signed by `key` too."""
        self.trusted.version = stated or version
        signer = key or self.signers["root"]
        self.files[f"{version}.root.json"] = self._signed("root", self.trusted, signer)
        self.trusted.version = version

    def _add(self, role: Targets, content: dict[str, bytes]) -> None:
        for path, data in content.items():
            info = TargetFile.from_data(path, data, ["sha256"])
            role.targets[path] = info
            folder, slash, name = path.rpartition("/")
            self.files[f"targets/{folder}{slash}{info.hashes['sha256']}.{name}"] = data

    def _signed(self, role: str, signed: Root | Timestamp | Snapshot | Targets, signer: Signer | None = None) -> bytes:
        metadata: Metadata[Any] = Metadata(signed)
        metadata.sign(signer or self.signers[role])
        return metadata.to_bytes(JSONSerializer(compact=False))


def threshold_of_two(repository: Repository) -> Role:
    """Have roots need two signatures, of which there is one."""
    repository.trusted.add_key(CryptoSigner.generate_ecdsa().public_key, "root")
    role: Role = repository.trusted.roles["root"]
    role.threshold = 2
    return role
