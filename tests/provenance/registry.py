"""Registries of Python and npm packages and of images: what they serve, in memory and on a loopback server.

Paths and documents are those of the real ones.  Sources: the Simple API in JSON of
https://packaging.python.org/en/latest/specifications/simple-repository-api/, PyPI's Integrity API
(https://docs.pypi.org/api/integrity/), npm's packuments
(https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from bomvet.plugin import Request, Response
from tests.provenance.faults import Fault, Plan, json_response, send
from tests.provenance.images import Images

PYPI, NPM, IMAGES = "https://pypi.packages.example", "https://npm.packages.example", "https://images.packages.example"
_SIMPLE = "application/vnd.pypi.simple.v1+json"
_INTEGRITY = "application/vnd.pypi.integrity.v1+json"
_ABBREVIATED = "application/vnd.npm.install-v1+json"
_UPLOADED = "2026-10-25T12:00:00.000000Z"
_FILES = "application/octet-stream"


class Asked(NamedTuple):
    """A request as it came; names of headers are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]


class Registry:
    """What is served and what was asked.

    `pypi`, `npm` and `images` are the URLs below which each is; a server has all three.  `says_provenance` False is an
    index from before the `provenance` key, `strips` an npm mirror that leaves signatures and attestations out.
    """

    def __init__(self, pypi: str = PYPI, npm: str = NPM, images: str = IMAGES) -> None:
        self.pypi, self.npm = pypi, npm
        self.images = Images(images)
        self.requests: list[Asked] = []
        self.faults = Plan()
        self.says_provenance = True
        self.strips = False
        self.keys = b'{"keys": []}'
        self._projects: dict[str, dict[str, Any]] = {}
        self._provenance: dict[str, bytes] = {}
        self._packages: dict[str, dict[str, Any]] = {}
        self._attestations: dict[str, bytes] = {}
        self._files: dict[str, bytes] = {}

    # -- PyPI --------------------------------------------------------------------------------------------------

    def add_pypi(
        self,
        project: str,
        version: str,
        filename: str,
        data: bytes = b"",
        *,
        provenance: bytes | None = None,
        uploaded: str = _UPLOADED,
        urls: Mapping[str, str] | None = None,
        **file: Any,
    ) -> str:
        """Serve a file with what its Integrity API says of it; gives its SHA-256.

        `urls` are the project's URLs of that release; `file` goes into the file's entry of the Simple API.
        """
        known = self._projects.setdefault(project, {"files": [], "urls": {}})
        digest = hashlib.sha256(data).hexdigest()
        path = f"/integrity/{project}/{version}/{filename}/provenance"
        if provenance is not None:
            self._provenance[path] = provenance
        known["files"].append(
            {
                "filename": filename,
                "path": f"/packages/{filename}",
                "hashes": {"sha256": digest},
                "requires-python": ">=3.9",
                "size": len(data),
                "upload-time": uploaded,
                "yanked": False,
                "provenance": path if provenance is not None else None,
                "version": version,
                **file,
            }
        )
        known["urls"].setdefault(version, {}).update(urls or {})
        self._files[f"/packages/{filename}"] = data
        return digest

    def _pypi(self, path: str) -> Response | None:
        if (found := re.fullmatch(r"/simple/([^/]+)/", path)) and found[1] in self._projects:
            return json_response(json.dumps(self._simple(found[1])).encode(), _SIMPLE)
        if path in self._provenance:
            return json_response(self._provenance[path], _INTEGRITY)
        if found := re.fullmatch(r"/pypi/([^/]+)/([^/]+)/json", path):
            urls = self._projects.get(found[1], {}).get("urls", {})
            if found[2] in urls:
                info = {"name": found[1], "version": found[2], "project_urls": urls[found[2]] or None}
                return json_response(json.dumps({"info": info, "urls": []}).encode())
        return Response(200, self._files[path], {"content-type": _FILES}) if path in self._files else None

    def _simple(self, project: str) -> dict[str, Any]:
        files = []
        for known in self._projects[project]["files"]:
            file = {name: value for name, value in known.items() if name not in {"path", "version"}}
            file["url"] = self.pypi + known["path"]
            if file["provenance"] is not None:
                file["provenance"] = self.pypi + file["provenance"]
            if not self.says_provenance:
                del file["provenance"]
            files.append(file)
        versions = list(dict.fromkeys(known["version"] for known in self._projects[project]["files"]))
        meta = {"api-version": "1.4" if self.says_provenance else "1.1"}
        return {"meta": meta, "name": project, "versions": versions, "files": files}

    # -- npm ---------------------------------------------------------------------------------------------------

    def add_npm(
        self,
        name: str,
        version: str,
        data: bytes = b"",
        *,
        attestations: bytes | None = None,
        signatures: Sequence[Mapping[str, str]] = (),
        published: str = "2026-10-25T12:00:00.000Z",
        trusted_publisher: str = "",
        approver: str = "",
        **manifest: Any,
    ) -> str:
        """Serve a tarball with what its packument says of it; gives its integrity.

        `trusted_publisher` is npm's `oidcConfigId`, `approver` who let a staged release through; `manifest` goes into
        the version's entry (`repository`, `dependencies`, `scripts` ...).
        """
        bare = name.rpartition("/")[2]
        integrity = integrity_of(data)
        tarball = f"/{name}/-/{bare}-{version}.tgz"
        dist: dict[str, Any] = {
            "integrity": integrity,
            "shasum": hashlib.sha1(data, usedforsecurity=False).hexdigest(),
            "tarball": tarball,
            "signatures": [dict(one) for one in signatures],
        }
        if attestations is not None:
            path = f"/-/npm/v1/attestations/{name.replace('/', '%2f')}@{version}"
            kinds = [one["predicateType"] for one in json.loads(attestations)["attestations"]]
            slsa = next((kind for kind in kinds if "slsa" in kind), "")
            dist["attestations"] = {"url": path, "provenance": {"predicateType": slsa}}
            self._attestations[unquote(path)] = attestations
        user: dict[str, Any] = {"name": "acme-bot", "email": "bot@people.example"}
        if trusted_publisher:
            user["trustedPublisher"] = {"id": "github", "oidcConfigId": trusted_publisher}
        if approver:
            user["approver"] = {"name": approver}
        package = self._packages.setdefault(name, {"time": {}, "versions": {}})
        package["time"][version] = published
        package["versions"][version] = {"name": name, "version": version, "dist": dist, "_npmUser": user, **manifest}
        self._files[tarball] = data
        return integrity

    def _npm(self, path: str, accept: str) -> Response | None:
        if path == "/-/npm/v1/keys":
            return json_response(self.keys)
        if (known := self._attestations.get(unquote(path))) is not None and not self.strips:
            return json_response(known)
        name = unquote(path[1:])
        if name in self._packages:
            short = _ABBREVIATED in accept
            return json_response(
                json.dumps(self._packument(name, short=short)).encode(), _ABBREVIATED if short else "application/json"
            )
        return Response(200, self._files[path], {"content-type": _FILES}) if path in self._files else None

    def _packument(self, name: str, *, short: bool) -> dict[str, Any]:
        package = self._packages[name]
        times = sorted(package["time"].values())
        versions = {version: self._version(entry, short=short) for version, entry in package["versions"].items()}
        latest = max(package["time"], key=lambda version: package["time"][version])
        found = {"name": name, "dist-tags": {"latest": latest}, "versions": versions}
        if short:
            return {**found, "modified": times[-1]}
        time = {"created": times[0], "modified": times[-1], **package["time"]}
        repository = package["versions"][latest].get("repository")
        return {**found, "_id": name, "time": time, **({"repository": repository} if repository else {})}

    def _version(self, entry: dict[str, Any], *, short: bool) -> dict[str, Any]:
        dist = {**entry["dist"], "tarball": self.npm + entry["dist"]["tarball"]}
        if "attestations" in dist:
            dist["attestations"] = {**dist["attestations"], "url": self.npm + dist["attestations"]["url"]}
        found = {**entry, "dist": dist}
        if self.strips:
            found["dist"] = {name: value for name, value in dist.items() if name not in {"signatures", "attestations"}}
            del found["_npmUser"]
        if not short:
            return found
        scripts = found.get("scripts", {})
        if {"preinstall", "install", "postinstall"} & set(scripts):
            found["hasInstallScript"] = True
        kept = {"name", "version", "dist", "dependencies", "optionalDependencies", "hasInstallScript", "deprecated"}
        return {name: value for name, value in found.items() if name in kept}

    # -- answers -----------------------------------------------------------------------------------------------

    def route(self, url: str, headers: Mapping[str, str] | None = None) -> Response:
        """The right answer to a question at this URL."""
        headers = headers or {}
        for base in sorted({self.pypi, self.npm, self.images.url}, key=len, reverse=True):
            if url.startswith(f"{base}/"):
                path = url[len(base) :].partition("?")[0]
                found = self._pypi(path) if base == self.pypi else None
                if found is None and base == self.npm:
                    found = self._npm(path, headers.get("accept", ""))
                if found is None and base == self.images.url:
                    found = self.images.answer(url[len(base) :], headers)
                if found is not None:
                    return found
        return json_response(b'{"message": "Not Found"}')._replace(status=404)

    def answers(self) -> dict[str, Response]:
        """The right answer of each URL of packages, for a `FakeHttp`."""
        paths = [f"{self.pypi}/simple/{project}/" for project in self._projects]
        paths += [self.pypi + path for path in self._provenance]
        for project, known in self._projects.items():
            paths += [f"{self.pypi}/pypi/{project}/{version}/json" for version in known["urls"]]
        paths += [f"{self.npm}/{name.replace('/', how)}" for name in self._packages for how in ("/", "%2f")]
        scoped = [
            path.replace("/", "%2f") for path in (p.removeprefix("/-/npm/v1/attestations/") for p in self._attestations)
        ]
        paths += [f"{self.npm}/-/npm/v1/attestations/{one}" for one in scoped] + [f"{self.npm}/-/npm/v1/keys"]
        return {path: self.route(path) for path in paths}

    def http(self) -> RegistryHttp:
        """A network in memory that reaches this and nothing else, with the faults that are planned."""
        return RegistryHttp(self)

    def asked(self, pattern: str) -> list[str]:
        """The paths that were asked for and contain the regular expression, in order."""
        return [one.path for one in self.requests if re.search(pattern, one.path)]


class RegistryHttp:
    """An `Http` without any connection."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self.requests: list[Request] = []

    def fetch(self, requests: Iterable[Request]) -> Iterator[tuple[Request, Response]]:
        """Each request with its answer; another host cannot be reached."""
        for request in requests:
            self.requests.append(request)
            yield request, self._answer(request)

    def _answer(self, request: Request) -> Response:
        registry, parts = self._registry, urlsplit(request.url)
        if not any(request.url.startswith(f"{one}/") for one in (registry.pypi, registry.npm, registry.images.url)):
            return Response(0, error=f"{parts.hostname} could not be asked (ConnectError)")
        headers = {name.lower(): value for name, value in request.headers}
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        registry.requests.append(Asked("GET" if request.body is None else "POST", path, headers))
        right = registry.route(request.url, headers)
        fault = registry.faults.next(path)
        answer = fault.spoils(right) if fault else right
        if len(answer.body) > request.limit:
            return Response(0, error=f"{parts.hostname} sent more than {request.limit} bytes")
        return answer


def integrity_of(data: bytes) -> str:
    """As lock files of npm have it."""
    return "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    registry: Registry
    url: str

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
        """Nothing: tests look at `Registry.requests`."""

    def do_GET(self) -> None:
        """A page or a file."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.registry.requests.append(Asked(self.command, self.path, headers))
        right = self.registry.route(self.url + self.path, headers)
        fault: Fault | None = self.registry.faults.next(self.path)
        send(self, right, fault)

    def do_HEAD(self) -> None:
        """What it would be."""
        self.do_GET()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: clients may go whenever they like."""


@contextmanager
def serving(registry: Registry) -> Iterator[str]:
    """Serve it on loopback, in threads of this process: below `/pypi`, below `/npm`, and images at the top."""
    bound = type("Bound", (_Handler,), {"registry": registry})
    server = _Server(("127.0.0.1", 0), bound)
    url = f"http://127.0.0.1:{server.server_address[1]}"
    bound.url = url  # type: ignore[attr-defined]
    registry.pypi, registry.npm, registry.images.url = f"{url}/pypi", f"{url}/npm", url
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield url
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
