"""The instance of sigstore on loopback: sigstore's own signer can use it, with tokens of the tests.

`POST /api/v2/signingCert` is Fulcio, `POST /api/v1/log/entries` Rekor of version 1, `POST /v2/api/v2/log/entries` of
version 2, `POST /api/v1/timestamp` the timestamp authority.  Times are those of the clock.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from bomvet.plugin import Response
from tests.provenance.faults import Plan, json_response, send
from tests.provenance.instance import canonical, pem
from tests.provenance.people import GitHub, Identity

if TYPE_CHECKING:
    from tests.provenance.authority import Authority

_VALID = {"start": "2020-01-01T00:00:00Z"}


def token(identity: Identity = GitHub(), *, age: float = 0, **claims: Any) -> str:  # noqa: B008 - immutable
    """An identity token as a provider gives it, `age` seconds old, good for ten minutes; nobody signed it."""
    now = int(dt.datetime.now(dt.UTC).timestamp() - age)
    body = {"aud": "sigstore", "iat": now, "nbf": now - 5, "exp": now + 600, **identity.claims(), **claims}
    parts = (json.dumps({"alg": "RS256", "typ": "JWT"}).encode(), json.dumps(body).encode(), b"not a signature")
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


class ServedAuthority:
    """An `Authority` at `url`; `requests` are the paths that were asked, `faults` what goes wrong with answers."""

    def __init__(self, authority: Authority) -> None:
        self.authority = authority
        self.url = ""
        self.requests: list[str] = []
        self.faults = Plan()

    def trust_config(self, *, rekor: int = 1, timestamps: bool = False) -> bytes:
        """The file that a client is set up with: whom to trust, and whom to ask."""

        def service(path: str = "", version: int = 1) -> list[dict[str, Any]]:
            about = {"validFor": _VALID, "operator": "sigstore.example"}
            return [{"url": self.url + path, "majorApiVersion": version, **about}]

        stamps = timestamps or rekor == 2
        signing = {
            "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
            "caUrls": service(),
            "oidcUrls": service("/oauth"),
            "rekorTlogUrls": service("/v2", 2) if rekor == 2 else service(),
            "rekorTlogConfig": {"selector": "ANY"},
            "tsaUrls": service("/api/v1/timestamp") if stamps else [],
            "tsaConfig": {"selector": "ANY"},
        }
        config = {
            "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
            "trustedRoot": self.authority.root(self.url),
            "signingConfig": signing,
        }
        return json.dumps(config).encode()

    def answer(self, path: str, headers: Mapping[str, str], body: bytes) -> Response:
        """The right answer of what is at `path`."""
        now = dt.datetime.now(dt.UTC)
        if path == "/api/v2/signingCert":
            return self._certificate(headers.get("authorization", ""), json.loads(body), now)
        if path == "/api/v1/log/entries":
            return self._entry(json.loads(body), now)
        if path == "/v2/api/v2/log/entries":
            return self._tile(json.loads(body)["hashedRekordRequestV002"])
        if path == "/api/v1/timestamp":
            stamp = self.authority.timestamps.answer(body, now)
            return Response(201, stamp, {"content-type": "application/timestamp-reply"})
        return json_response(b'{"code": 5, "message": "Not Found"}')._replace(status=404)

    def _certificate(self, authorization: str, asked: dict[str, Any], now: dt.datetime) -> Response:
        part = authorization.removeprefix("Bearer ").split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        request = x509.load_pem_x509_csr(base64.b64decode(asked["certificateSigningRequest"]))
        public = request.public_key()
        if not request.is_signature_valid or not isinstance(public, ec.EllipticCurvePublicKey):
            return json_response(b'{"code": 3, "message": "no proof of the key"}')._replace(status=400)
        ca = self.authority.ca
        chain = [pem(one).decode() for one in (ca.issue(public, claims, now), ca.intermediate, ca.root)]
        return json_response(json.dumps({"signedCertificateEmbeddedSct": {"chain": {"certificates": chain}}}).encode())

    def _entry(self, proposed: dict[str, Any], now: dt.datetime) -> Response:
        body = _body(proposed)
        uuid = hashlib.sha256(canonical(body)).hexdigest()
        entry = self.authority.log.add(body, now)
        return json_response(json.dumps({uuid: entry}).encode())._replace(status=201)

    def _tile(self, asked: dict[str, Any]) -> Response:
        signed = asked["signature"]
        certificate = base64.b64decode(signed["verifier"]["x509Certificate"]["rawBytes"])
        entry = self.authority.tiles.add(
            base64.b64decode(asked["digest"]),
            base64.b64decode(signed["content"]),
            x509.load_der_x509_certificate(certificate),
        )
        return json_response(json.dumps(entry).encode())._replace(status=201)


def _body(proposed: dict[str, Any]) -> dict[str, Any]:
    """What Rekor keeps of what it is given."""
    if proposed["kind"] != "dsse":
        return {"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": _set(proposed["spec"])}
    content = proposed["spec"]["proposedContent"]
    envelope = json.loads(content["envelope"])
    (verifier,) = content["verifiers"]
    return {
        "apiVersion": "0.0.1",
        "kind": "dsse",
        "spec": {
            "envelopeHash": _sha256(content["envelope"].encode()),
            "payloadHash": _sha256(base64.b64decode(envelope["payload"])),
            "signatures": [{"signature": one["sig"], "verifier": verifier} for one in envelope["signatures"]],
        },
    }


def _sha256(data: bytes) -> dict[str, str]:
    return {"algorithm": "sha256", "value": hashlib.sha256(data).hexdigest()}


def _set(document: Any) -> Any:
    """Without what is null."""
    if isinstance(document, dict):
        return {name: _set(value) for name, value in document.items() if value is not None}
    return document


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    served: ServedAuthority

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
        """Nothing: tests look at `ServedAuthority.requests`."""

    def do_POST(self) -> None:
        """A question."""
        body = self.rfile.read(int(self.headers["content-length"]))
        self.served.requests.append(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        fault = self.served.faults.next(self.path)
        right = Response(200) if fault and fault.kind == "reset" else self.served.answer(self.path, headers, body)
        send(self, right, fault)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: clients may go whenever they like."""


@contextmanager
def serving_authority(authority: Authority) -> Iterator[ServedAuthority]:
    """The instance on loopback, in threads of this process."""
    served = ServedAuthority(authority)
    server = _Server(("127.0.0.1", 0), type("Bound", (_Handler,), {"served": served}))
    served.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
