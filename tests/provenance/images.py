"""A registry of images: https://github.com/opencontainers/distribution-spec/blob/main/spec.md, with its tokens.

Signatures are where cosign puts them: in images whose tags name the digest, and as referrers
(https://github.com/sigstore/cosign/blob/main/specs/BUNDLE_SPEC.md).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bomvet.plugin import Response

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
DSSE, SIMPLE_SIGNING = "application/vnd.dsse.envelope.v1+json", "application/vnd.dev.cosign.simplesigning.v1+json"
_EMPTY = "application/vnd.oci.empty.v1+json"
_TOKEN = "a-token-of-the-tests"  # noqa: S105 - not one of anybody


class Images:
    """What is served below `url`.

    `auth` is empty, `basic` or `bearer`; `credentials` are who is let in, for `bearer` at the token's endpoint (empty:
    anybody).  `referrers` False is a registry from before that API, which has tags in its place.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.auth = ""
        self.credentials: tuple[str, str] | None = None
        self.referrers = True
        self._blobs: dict[str, bytes] = {}
        self._manifests: dict[tuple[str, str], tuple[str, str]] = {}
        self._referring: dict[tuple[str, str], list[dict[str, Any]]] = {}

    def add_blob(self, data: bytes) -> str:
        """Its digest."""
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        self._blobs[digest] = data
        return digest

    def add_manifest(self, repository: str, manifest: Mapping[str, Any] | bytes, tag: str = "") -> str:
        """Its digest; `tag` names it too."""
        data = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
        kind = json.loads(data).get("mediaType", OCI_MANIFEST)
        digest = self.add_blob(data)
        self._manifests[repository, digest] = (digest, kind)
        if tag:
            self._manifests[repository, tag] = (digest, kind)
        return digest

    def add_image(self, repository: str, tag: str = "", layer: bytes = b"layer") -> str:
        """An image of one layer; gives the digest of its manifest."""
        config = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}})
        return self.add_manifest(
            repository,
            {
                "schemaVersion": 2,
                "mediaType": OCI_MANIFEST,
                "config": self._descriptor("application/vnd.oci.image.config.v1+json", config.encode()),
                "layers": [self._descriptor("application/vnd.oci.image.layer.v1.tar+gzip", layer)],
            },
            tag,
        )

    def add_index(self, repository: str, manifests: Iterable[str], tag: str = "", *, unsigned: bool = False) -> str:
        """An index of images for several platforms; `unsigned` adds what BuildKit says of the first."""
        platforms = ("amd64", "arm64", "s390x")
        entries: list[dict[str, Any]] = []
        for digest, architecture in zip(manifests, platforms, strict=False):
            about = {"platform": {"os": "linux", "architecture": architecture}}
            entries.append({"mediaType": OCI_MANIFEST, "digest": digest, "size": len(self._blobs[digest]), **about})
        if unsigned:
            said = self.add_image(repository, layer=b'{"_type": "https://in-toto.io/Statement/v0.1"}')
            about = {
                "platform": {"os": "unknown", "architecture": "unknown"},
                "annotations": {
                    "vnd.docker.reference.type": "attestation-manifest",
                    "vnd.docker.reference.digest": entries[0]["digest"],
                },
            }
            entries.append({"mediaType": OCI_MANIFEST, "digest": said, "size": len(self._blobs[said]), **about})
        return self.add_manifest(repository, {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}, tag)

    def attach_cosign(
        self, repository: str, digest: str, kind: str, layers: Iterable[tuple[Mapping[str, str], bytes]]
    ) -> str:
        """The image with tag `sha256-<hex>.att` or `.sig` (`kind`); `layers` are annotations and content."""
        media = DSSE if kind == "att" else SIMPLE_SIGNING
        return self.add_manifest(
            repository,
            {
                "schemaVersion": 2,
                "mediaType": OCI_MANIFEST,
                "config": self._descriptor("application/vnd.oci.image.config.v1+json", b"{}"),
                "layers": [{**self._descriptor(media, data), "annotations": dict(notes)} for notes, data in layers],
            },
            f"{digest.replace(':', '-')}.{kind}",
        )

    def attach_bundle(self, repository: str, digest: str, bundle: bytes, predicate_type: str = "") -> str:
        """A bundle that refers to `digest`; gives the digest of its manifest."""
        notes = {"dev.sigstore.bundle.content": "dsse-envelope", "dev.sigstore.bundle.predicateType": predicate_type}
        manifest = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": BUNDLE,
            "config": self._descriptor(_EMPTY, b"{}"),
            "layers": [self._descriptor(BUNDLE, bundle)],
            "subject": {"mediaType": OCI_MANIFEST, "digest": digest, "size": len(self._blobs[digest])},
            "annotations": notes,
        }
        data = json.dumps(manifest).encode()
        found = self.add_manifest(repository, data)
        entry = {"mediaType": OCI_MANIFEST, "digest": found, "size": len(data), "artifactType": BUNDLE}
        self._referring.setdefault((repository, digest), []).append({**entry, "annotations": notes})
        return found

    def _descriptor(self, kind: str, data: bytes) -> dict[str, Any]:
        return {"mediaType": kind, "digest": self.add_blob(data), "size": len(data)}

    # -- answers -----------------------------------------------------------------------------------------------

    def answer(self, path: str, headers: Mapping[str, str]) -> Response | None:
        """The right answer below `url`; None where there is nothing of the kind."""
        parts = urlsplit(path)
        if parts.path == "/token":
            return self._token(parse_qs(parts.query), headers)
        if not parts.path.startswith("/v2/"):
            return None
        refused = self._refusal(parts.path, headers)
        return refused or self._content(parts.path)

    def _content(self, path: str) -> Response | None:
        if found := re.fullmatch(r"/v2/(.+)/blobs/(sha256:[0-9a-f]{64})", path):
            data = self._blobs.get(found[2])
            return _error(404, "BLOB_UNKNOWN") if data is None else _content(data, "application/octet-stream", found[2])
        if found := re.fullmatch(r"/v2/(.+)/manifests/([^/]+)", path):
            return self._manifest(found[1], found[2])
        if found := re.fullmatch(r"/v2/(.+)/tags/list", path):
            tags = sorted(name for repository, name in self._manifests if repository == found[1] and ":" not in name)
            return _content(json.dumps({"name": found[1], "tags": tags}).encode(), "application/json")
        if (found := re.fullmatch(r"/v2/(.+)/referrers/(sha256:[0-9a-f]{64})", path)) and self.referrers:
            return _content(self._index(found[1], found[2]), OCI_INDEX)
        return _error(404, "NAME_UNKNOWN")

    def _manifest(self, repository: str, reference: str) -> Response:
        if (repository, reference) in self._manifests:
            digest, kind = self._manifests[repository, reference]
            return _content(self._blobs[digest], kind, digest)
        subject = reference.replace("-", ":", 1)
        if not self.referrers and (repository, subject) in self._referring:
            data = self._index(repository, subject)
            return _content(data, OCI_INDEX, f"sha256:{hashlib.sha256(data).hexdigest()}")
        return _error(404, "MANIFEST_UNKNOWN")

    def _index(self, repository: str, digest: str) -> bytes:
        entries = self._referring.get((repository, digest), [])
        return json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}).encode()

    # -- who is let in -----------------------------------------------------------------------------------------

    def _refusal(self, path: str, headers: Mapping[str, str]) -> Response | None:
        given = headers.get("authorization", "")
        if self.auth == "basic" and given != self._basic():
            return _error(401, "UNAUTHORIZED", 'Basic realm="images"')
        if self.auth == "bearer" and given != f"Bearer {_TOKEN}":
            name = re.sub(r"^/v2/|/(blobs|manifests|referrers|tags)/[^/]+$", "", path)
            where = f'realm="{self.url}/token",service="images",scope="repository:{name}:pull"'
            return _error(401, "UNAUTHORIZED", f"Bearer {where}")
        return None

    def _token(self, query: Mapping[str, list[str]], headers: Mapping[str, str]) -> Response:
        if self.credentials and headers.get("authorization", "") != self._basic():
            return _error(401, "UNAUTHORIZED", 'Basic realm="images"')
        if query.get("service") != ["images"] or not query.get("scope", [""])[0].startswith("repository:"):
            return _error(400, "DENIED")
        return _content(json.dumps({"token": _TOKEN, "expires_in": 300}).encode(), "application/json")

    def _basic(self) -> str:
        user, password = self.credentials or ("", "")
        return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _content(data: bytes, kind: str, digest: str = "") -> Response:
    return Response(200, data, {"content-type": kind, **({"docker-content-digest": digest} if digest else {})})


def _error(status: int, code: str, challenge: str = "") -> Response:
    body = json.dumps({"errors": [{"code": code, "message": code.lower()}]}).encode()
    headers = {"content-type": "application/json", **({"www-authenticate": challenge} if challenge else {})}
    return Response(status, body, headers)
