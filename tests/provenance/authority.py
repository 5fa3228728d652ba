"""What an instance of sigstore gives out, minted in memory: bundles, attestations of registries and of images.

Everything is true unless told otherwise: tests tamper with what they get.  Nothing touches the network.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.harness import NOW
from tests.provenance.instance import (
    CertificateAuthority,
    TiledLog,
    TransparencyLog,
    b64,
    bundle_entry,
    canonical,
    der,
    key_pem,
    new_key,
    pem,
    sign,
    spki,
)
from tests.provenance.people import Email, GitHub, GitLab, Identity
from tests.provenance.timestamps import TimestampAuthority

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

__all__ = ["PUBLISHED", "Authority", "Email", "GitHub", "GitLab", "Identity", "slsa", "statement"]

#: When things were signed, unless told otherwise.
PUBLISHED = NOW - dt.timedelta(days=30)
IN_TOTO = "application/vnd.in-toto+json"
SLSA_V1, SLSA_V02 = "https://slsa.dev/provenance/v1", "https://slsa.dev/provenance/v0.2"
PYPI_PUBLISH = "https://docs.pypi.org/attestations/publish/v1"
NPM_PUBLISH = "https://github.com/npm/attestation/tree/main/specs/publish/v0.1"
NPM_REGISTRY = "https://npm.packages.example"
_SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"
_MEDIA_TYPES = {
    "0.1": "application/vnd.dev.sigstore.bundle+json;version=0.1",
    "0.2": "application/vnd.dev.sigstore.bundle+json;version=0.2",
    "0.3": "application/vnd.dev.sigstore.bundle.v0.3+json",
}
_VALID = {"start": "2020-01-01T00:00:00Z"}


class Signer(NamedTuple):
    """Who holds a key: by certificate, or by the id of a key that is known."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate | None = None
    keyid: str = ""

    @property
    def public(self) -> str:
        """What verifies the signature as Rekor has it: PEM, in base64."""
        return b64(pem(self.certificate) if self.certificate else key_pem(self.key))


def statement(
    name: str, digests: Mapping[str, str], predicate_type: str = SLSA_V1, predicate: Any = None
) -> dict[str, Any]:
    """An in-toto statement about one subject; `digests` are in hexadecimal by algorithm."""
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": name, "digest": dict(digests)}],
        "predicateType": predicate_type,
        "predicate": predicate,
    }


def slsa(identity: GitHub, version: str = "1") -> dict[str, Any]:
    """What a build says of itself in SLSA provenance (`1` or `0.2`), which agrees with the certificate."""
    source = f"git+{identity.host}/{identity.repository}"
    if version == "0.2":
        config = {"uri": f"{source}@{identity.ref}", "digest": {"sha1": identity.sha}}
        config["entryPoint"] = f"{identity.repository}/{identity.workflow}@{identity.ref}"
        return {
            "buildType": "https://github.com/npm/cli/gha@v0",
            "builder": {"id": "https://github.com/npm/cli@9.2.0"},
            "invocation": {"configSource": config, "parameters": {}, "environment": _environment(identity)},
            "metadata": {"buildInvocationId": f"{identity.run}-1", "reproducible": False},
            "materials": [{"uri": source, "digest": {"sha1": identity.sha}}],
        }
    repository = f"{identity.host}/{identity.repository}"
    github = {
        "event_name": identity.trigger,
        "repository_id": identity.repository_id,
        "repository_owner_id": identity.owner_id,
        "runner_environment": identity.runner,
    }
    builder = identity.subject if identity.builder else f"https://github.com/actions/runner/{identity.runner}"
    return {
        "buildDefinition": {
            "buildType": "https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1",
            "externalParameters": {
                "workflow": {"ref": identity.ref, "repository": repository, "path": identity.workflow}
            },
            "internalParameters": {"github": github},
            "resolvedDependencies": [{"uri": f"{source}@{identity.ref}", "digest": {"gitCommit": identity.sha}}],
        },
        "runDetails": {"builder": {"id": builder}, "metadata": {"invocationId": identity.run_url}},
    }


def _environment(identity: GitHub) -> dict[str, str]:
    return {
        "GITHUB_EVENT_NAME": identity.trigger,
        "GITHUB_REF": identity.ref,
        "GITHUB_REPOSITORY": identity.repository,
        "GITHUB_REPOSITORY_ID": identity.repository_id,
        "GITHUB_REPOSITORY_OWNER_ID": identity.owner_id,
        "GITHUB_RUN_ATTEMPT": "1",
        "GITHUB_RUN_ID": identity.run,
        "GITHUB_SHA": identity.sha,
        "GITHUB_WORKFLOW_REF": f"{identity.repository}/{identity.workflow}@{identity.ref}",
    }


class Authority:
    """An instance of sigstore, and the keys of an npm registry that uses it."""

    def __init__(self, name: str = "sigstore.example") -> None:
        self.ca = CertificateAuthority(name)
        self.log, self.tiles = TransparencyLog(), TiledLog()
        self.timestamps = TimestampAuthority(name)
        self.npm_key = new_key()
        self.npm_keyid = "SHA256:" + b64(hashlib.sha256(spki(self.npm_key)).digest()).rstrip("=")
        self._leaf_key = new_key()

    # -- the trusted root -------------------------------------------------------------------------------------

    def root(self, url: str = "https://sigstore.example") -> dict[str, Any]:
        """The trusted root of https://github.com/sigstore/protobuf-specs."""
        name = self.ca.name
        return {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [_log(spki(self.log.key), url), _log(self.tiles.spki, f"{url}/v2", self.tiles.id)],
            "certificateAuthorities": [_authority(name, url, (self.ca.intermediate, self.ca.root))],
            "ctlogs": [_log(spki(self.ca.ct_key), url)],
            "timestampAuthorities": [_authority(name, f"{url}/api/v1/timestamp", self.timestamps.chain)],
        }

    def root_json(self, url: str = "https://sigstore.example") -> bytes:
        """The file `trusted_root.json`."""
        return json.dumps(self.root(url)).encode()

    # -- bundles -----------------------------------------------------------------------------------------------

    def signer(self, identity: Identity, time: dt.datetime = PUBLISHED, **certificate: bool) -> Signer:
        """Who has a certificate; `old` and `sct` are those of `CertificateAuthority.issue`."""
        public = self._leaf_key.public_key()
        return Signer(self._leaf_key, self.ca.issue(public, identity.claims(), time, **certificate))

    def bundle(
        self,
        about: Mapping[str, Any] | bytes,
        identity: Identity = GitHub(),  # noqa: B008 - immutable
        *,
        version: str = "0.3",
        entry: str = "dsse",
        proof: bool = True,
        promise: bool = True,
        timestamp: bool = False,
        time: dt.datetime = PUBLISHED,
        signer: Signer | None = None,
    ) -> dict[str, Any]:
        """A bundle over a statement: `entry` is `dsse`, `intoto-0.0.1`, `intoto-0.0.2`, `hashedrekord` or `rekor2`.

        `timestamp` adds one of an authority, which `rekor2` always has: it is all that tells the time there.
        `signer` goes in the place of one with a fresh certificate for `identity`.
        """
        by = signer or self.signer(identity, time)
        payload = about if isinstance(about, bytes) else canonical(dict(about))
        envelope = _envelope(payload, by)
        signature = base64.b64decode(envelope["signatures"][0]["sig"])
        if entry == "rekor2":
            logged = self._tiled(pae(payload), signature, by)
        else:
            answer = self.log.add(_BODIES[entry](envelope, canonical(envelope), by), time)
            logged = bundle_entry(answer, proof=proof, promise=promise)
        stamped = signature if timestamp or entry == "rekor2" else b""
        material = self._material(version, by, logged, stamped, time=time)
        return {"mediaType": _MEDIA_TYPES[version], "verificationMaterial": material, "dsseEnvelope": envelope}

    def _tiled(self, data: bytes, signature: bytes, by: Signer) -> dict[str, Any]:
        assert by.certificate is not None
        return self.tiles.add(hashlib.sha256(data).digest(), signature, by.certificate)

    def _material(
        self, version: str, by: Signer, entry: dict[str, Any], stamped: bytes, *, time: dt.datetime
    ) -> dict[str, Any]:
        material: dict[str, Any] = {"tlogEntries": [entry]}
        if by.certificate is None:
            material["publicKey"] = {"hint": by.keyid}
        elif version == "0.3":
            material["certificate"] = {"rawBytes": b64(der(by.certificate))}
        else:
            chain = [{"rawBytes": b64(der(one))} for one in (by.certificate, self.ca.intermediate)]
            material["x509CertificateChain"] = {"certificates": chain}
        if stamped:
            answer = b64(self.timestamps.stamp(stamped, time))
            material["timestampVerificationData"] = {"rfc3161Timestamps": [{"signedTimestamp": answer}]}
        return material

    def message(
        self,
        data: bytes,
        identity: Identity = GitHub(),  # noqa: B008 - immutable
        *,
        version: str = "0.3",
        entry: str = "hashedrekord",
        proof: bool = True,
        promise: bool = True,
        timestamp: bool = False,
        time: dt.datetime = PUBLISHED,
        signer: Signer | None = None,
    ) -> dict[str, Any]:
        """A bundle with a signature over content, which is a message signature; `entry` may be `rekor2`."""
        by = signer or self.signer(identity, time)
        signature = sign(by.key, data)
        if entry == "rekor2":
            logged = self._tiled(data, signature, by)
        else:
            logged = bundle_entry(self.log.add(_hashedrekord(data, signature, by), time), proof=proof, promise=promise)
        stamped = signature if timestamp or entry == "rekor2" else b""
        material = self._material(version, by, logged, stamped, time=time)
        digest = {"algorithm": "SHA2_256", "digest": b64(hashlib.sha256(data).digest())}
        signed = {"messageDigest": digest, "signature": b64(signature)}
        return {"mediaType": _MEDIA_TYPES[version], "verificationMaterial": material, "messageSignature": signed}

    # -- PyPI --------------------------------------------------------------------------------------------------

    def pypi_attestation(
        self,
        filename: str,
        sha256: str,
        identity: Identity = GitHub(),  # noqa: B008 - immutable
        *,
        predicate_type: str = PYPI_PUBLISH,
        predicate: Any = None,
        time: dt.datetime = PUBLISHED,
    ) -> dict[str, Any]:
        """An attestation object of PEP 740."""
        bundle = self.bundle(statement(filename, {"sha256": sha256}, predicate_type, predicate), identity, time=time)
        material, envelope = bundle["verificationMaterial"], bundle["dsseEnvelope"]
        return {
            "version": 1,
            "verification_material": {
                "certificate": material["certificate"]["rawBytes"],
                "transparency_entries": material["tlogEntries"],
            },
            "envelope": {"statement": envelope["payload"], "signature": envelope["signatures"][0]["sig"]},
        }

    def pypi_provenance(
        self,
        filename: str,
        sha256: str,
        identity: Identity = GitHub(),  # noqa: B008 - immutable
        *,
        build: bool = False,
        time: dt.datetime = PUBLISHED,
    ) -> bytes:
        """The answer of PyPI's Integrity API: a publish attestation, and with `build` SLSA provenance too."""
        attestations = [self.pypi_attestation(filename, sha256, identity, time=time)]
        if build and isinstance(identity, GitHub):
            made = self.pypi_attestation(
                filename, sha256, identity, predicate_type=SLSA_V1, predicate=slsa(identity), time=time
            )
            attestations.append(made)
        document = {
            "version": 1,
            "attestation_bundles": [{"publisher": _publisher(identity), "attestations": attestations}],
        }
        return json.dumps(document).encode()

    # -- npm ---------------------------------------------------------------------------------------------------

    def npm_attestations(
        self,
        name: str,
        version: str,
        sha512: str,
        identity: GitHub = GitHub(),  # noqa: B008 - immutable
        *,
        bundle: str = "0.3",
        entry: str = "dsse",
        provenance: str = "1",
        time: dt.datetime = PUBLISHED,
    ) -> bytes:
        """The answer of npm's attestations endpoint: the registry's own, signed by its key, and SLSA provenance.

        `sha512` is in hexadecimal.  `bundle="0.1", entry="intoto-0.0.2", provenance="0.2"` is the form of 2023.
        """
        scope, slash, bare = name.rpartition("/")
        subject = f"pkg:npm/{scope.replace('@', '%40')}{slash}{bare}@{version}"
        published = statement(
            subject,
            {"sha512": sha512},
            NPM_PUBLISH,
            {"name": name, "version": version, "registry": NPM_REGISTRY},
        )
        registry = Signer(self.npm_key, keyid=self.npm_keyid)
        kind = SLSA_V1 if provenance == "1" else SLSA_V02
        built = statement(subject, {"sha512": sha512}, kind, slsa(identity, provenance))
        form: dict[str, Any] = {"version": bundle, "entry": entry, "time": time, "proof": bundle != "0.1"}
        found = [
            {"predicateType": NPM_PUBLISH, "bundle": self.bundle(published, signer=registry, **form)},
            {"predicateType": kind, "bundle": self.bundle(built, identity, **form)},
        ]
        return json.dumps({"attestations": found}).encode()

    def npm_signature(self, name: str, version: str, integrity: str) -> dict[str, str]:
        """An entry of `dist.signatures` in a packument."""
        signature = sign(self.npm_key, f"{name}@{version}:{integrity}".encode())
        return {"keyid": self.npm_keyid, "sig": b64(signature)}

    def npm_keys(self, expires: str | None = None) -> bytes:
        """The answer of the registry's keys endpoint."""
        kind = "ecdsa-sha2-nistp256"
        key = {"expires": expires, "keyid": self.npm_keyid, "keytype": kind, "scheme": kind}
        return json.dumps({"keys": [{**key, "key": b64(spki(self.npm_key))}]}).encode()

    # -- images ------------------------------------------------------------------------------------------------

    def cosign_att(
        self,
        about: Mapping[str, Any],
        identity: Identity = GitHub(),  # noqa: B008 - immutable
        *,
        entry: str = "dsse",
        time: dt.datetime = PUBLISHED,
    ) -> tuple[dict[str, str], bytes]:
        """Annotations and content of a layer of an image `sha256-....att`; `entry` is `dsse` or `intoto-0.0.1`."""
        by = self.signer(identity, time)
        envelope = _envelope(canonical(dict(about)), by)
        layer = json.dumps(envelope).encode()
        annotations = self._cosign(_BODIES[entry](envelope, layer, by), by, time)
        annotations["dev.cosignproject.cosign/signature"] = ""
        annotations["predicateType"] = str(about["predicateType"])
        return annotations, layer

    def cosign_sig(
        self,
        digest: str,
        identity: Identity = GitHub(),  # noqa: B008 - immutable
        *,
        reference: str = "images.packages.example/acme/app",
        time: dt.datetime = PUBLISHED,
    ) -> tuple[dict[str, str], bytes]:
        """Annotations and content of a layer of an image `sha256-....sig`, for an image of that `sha256:...`."""
        by = self.signer(identity, time)
        critical = {
            "identity": {"docker-reference": reference},
            "image": {"docker-manifest-digest": digest},
            "type": "cosign container image signature",
        }
        layer = json.dumps({"critical": critical, "optional": None}, separators=(",", ":")).encode()
        signature = sign(by.key, layer)
        annotations = self._cosign(_hashedrekord(layer, signature, by), by, time)
        annotations["dev.cosignproject.cosign/signature"] = b64(signature)
        return annotations, layer

    def _cosign(self, body: dict[str, Any], by: Signer, time: dt.datetime) -> dict[str, str]:
        entry = self.log.add(body, time)
        promise = entry.pop("verification")["signedEntryTimestamp"]
        chain = pem(self.ca.intermediate) + pem(self.ca.root)
        assert by.certificate is not None
        return {
            "dev.sigstore.cosign/bundle": json.dumps({"SignedEntryTimestamp": promise, "Payload": entry}),
            "dev.sigstore.cosign/certificate": pem(by.certificate).decode(),
            "dev.sigstore.cosign/chain": chain.decode(),
        }


# -- envelopes and entries of the log ------------------------------------------------------------------------------


def pae(payload: bytes, kind: str = IN_TOTO) -> bytes:
    """What DSSE signs."""
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)


def _envelope(payload: bytes, by: Signer) -> dict[str, Any]:
    signature = {"sig": b64(sign(by.key, pae(payload)))}
    if by.keyid:
        signature["keyid"] = by.keyid
    return {"payload": b64(payload), "payloadType": IN_TOTO, "signatures": [signature]}


def _hash(data: bytes) -> dict[str, str]:
    return {"algorithm": "sha256", "value": hashlib.sha256(data).hexdigest()}


def _dsse(envelope: Mapping[str, Any], raw: bytes, by: Signer) -> dict[str, Any]:
    signatures = [{"signature": one["sig"], "verifier": by.public} for one in envelope["signatures"]]
    spec = {"envelopeHash": _hash(raw), "payloadHash": _hash(base64.b64decode(envelope["payload"]))}
    return {"apiVersion": "0.0.1", "kind": "dsse", "spec": {**spec, "signatures": signatures}}


def _intoto_1(envelope: Mapping[str, Any], raw: bytes, by: Signer) -> dict[str, Any]:
    content = {"hash": _hash(raw), "payloadHash": _hash(base64.b64decode(envelope["payload"]))}
    return {"apiVersion": "0.0.1", "kind": "intoto", "spec": {"content": content, "publicKey": by.public}}


def _intoto_2(envelope: Mapping[str, Any], raw: bytes, by: Signer) -> dict[str, Any]:
    signatures = [{**one, "publicKey": by.public, "sig": b64(one["sig"].encode())} for one in envelope["signatures"]]
    content = {
        "envelope": {"payloadType": envelope["payloadType"], "signatures": signatures},
        "hash": _hash(raw),
        "payloadHash": _hash(base64.b64decode(envelope["payload"])),
    }
    return {"apiVersion": "0.0.2", "kind": "intoto", "spec": {"content": content}}


def _hashedrekord(data: bytes, signature: bytes, by: Signer) -> dict[str, Any]:
    signed = {"content": b64(signature), "publicKey": {"content": by.public}}
    return {
        "apiVersion": "0.0.1",
        "kind": "hashedrekord",
        "spec": {"data": {"hash": _hash(data)}, "signature": signed},
    }


def _hashedrekord_of(envelope: Mapping[str, Any], raw: bytes, by: Signer) -> dict[str, Any]:  # noqa: ARG001
    signature = base64.b64decode(envelope["signatures"][0]["sig"])
    return _hashedrekord(pae(base64.b64decode(envelope["payload"])), signature, by)


_BODIES = {
    "dsse": _dsse,
    "intoto-0.0.1": _intoto_1,
    "intoto-0.0.2": _intoto_2,
    "hashedrekord": _hashedrekord_of,
}


def _log(key: bytes, url: str, log: bytes = b"") -> dict[str, Any]:
    """A log of the trusted root; one of version 2 has an id of its own and another kind of key."""
    public = {"rawBytes": b64(key), "keyDetails": "PKIX_ED25519" if log else "PKIX_ECDSA_P256_SHA_256"}
    return {
        "baseUrl": url,
        "hashAlgorithm": "SHA2_256",
        "publicKey": {**public, "validFor": _VALID},
        "logId": {"keyId": b64(log or hashlib.sha256(key).digest())},
    }


def _authority(name: str, url: str, chain: Sequence[x509.Certificate]) -> dict[str, Any]:
    return {
        "subject": {"organization": name, "commonName": chain[0].subject.rfc4514_string()},
        "uri": url,
        "certChain": {"certificates": [{"rawBytes": b64(der(one))} for one in chain]},
        "validFor": _VALID,
    }


def _publisher(identity: Identity) -> dict[str, Any]:
    """What PyPI says of the publisher, which nobody signs."""
    if isinstance(identity, GitHub):
        workflow = identity.workflow.rpartition("/")[2]
        named = {"kind": "GitHub", "repository": identity.repository, "workflow": workflow, "environment": None}
        return {**named, "claims": None}
    if isinstance(identity, GitLab):
        named = {"kind": "GitLab", "repository": identity.project, "workflow_filepath": identity.config}
        return {**named, "environment": None, "claims": None}
    return {"kind": "Google", "email": identity.address, "claims": None}


def tampered(document: Any, path: Sequence[str | int], value: Any) -> Any:
    """A copy of a JSON document with another value at `path`; a function gets what stands there."""
    copy = json.loads(json.dumps(document))
    place = copy
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value(place[path[-1]]) if callable(value) else value
    return copy
