"""A registry of npm packages on the loopback: `python registry.py PACKAGES.json` prints its port and serves.

The file has registries by name, each with packages by name and version:
`{"diamond": {"a": {"1.0.0": {"dependencies": {"b": "^1.0.0"}}}}}` is served at `http://127.0.0.1:PORT/diamond/`.
What stands behind a version are the fields of its package.json, and two of our own: `_files` (path -> text) are
further files of the archive, `_bundled` (path below `node_modules` -> package.json) packages that it brings along;
`_hasShrinkwrap` is npm's, and stands in what the registry says alone.
`dist-tags` in the place of a version are further tags.

It is run as a process of its own, since the tests have no sockets.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import posixpath
import sys
import tarfile
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

_Json = dict[str, Any]
#: Older than any rule about the age of releases.
_RELEASED = "2020-01-01T00:00:00.000Z"
_INSTALL_SCRIPTS = ("preinstall", "install", "postinstall")


def archive(name: str, version: str, fields: _Json) -> bytes:
    """The archive of one version: the same bytes each time."""
    manifest = {"name": name, "version": version, **{k: v for k, v in fields.items() if not k.startswith("_")}}
    files = {"package.json": json.dumps(manifest), "index.js": "", **fields.get("_files", {})}
    for path, inner in fields.get("_bundled", {}).items():
        files[f"node_modules/{path}/package.json"] = json.dumps(inner)
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as out,
        tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for path in sorted(files):
            data = files[path].encode()
            member = tarfile.TarInfo(f"package/{path}")
            member.size, member.mtime = len(data), 499162500  # as npm packs
            tar.addfile(member, io.BytesIO(data))
    return packed.getvalue()


def order(version: str) -> tuple[Any, ...]:
    """Versions by age, well enough for the packages of tests."""
    numbers, _, before = version.partition("+")[0].partition("-")
    return [int(n) for n in numbers.split(".")], not before, before


class Registry:
    """All packages, by registry."""

    def __init__(self, packages: _Json) -> None:
        self._packages = packages

    def answer(self, path: str, base: str) -> tuple[int, str, bytes]:
        """Status, type and body of what stands at `path`; `base` is how the client calls this place."""
        registry, _, rest = unquote(urlsplit(path).path).strip("/").partition("/")
        packages = self._packages.get(registry, {})
        if rest == "-/ping":
            return self._json(200, {})
        name, dash, file = rest.partition("/-/")
        if dash:
            return self._archive(packages, name, file)
        if name in packages:
            return self._json(200, packument(name, packages[name], f"{base}/{registry}"))
        name, _, version = name.rpartition("/")
        if name in packages:
            found = packument(name, packages[name], f"{base}/{registry}")
            version = found["dist-tags"].get(version, version)
            if version in found["versions"]:
                return self._json(200, found["versions"][version])
        return self._json(404, {"error": "not_found", "reason": "document not found"})

    def _archive(self, packages: _Json, name: str, file: str) -> tuple[int, str, bytes]:
        for version, fields in packages.get(name, {}).items():
            if version != "dist-tags" and file == file_name(name, version):
                return 200, "application/octet-stream", packed(name, version, json.dumps(fields, sort_keys=True))
        return self._json(404, {"error": "not_found"})

    def _json(self, status: int, document: _Json) -> tuple[int, str, bytes]:
        return status, "application/json", json.dumps(document).encode()


def packument(name: str, versions: _Json, base: str) -> _Json:
    """All that a registry says of one package."""
    stated = {version: fields for version, fields in versions.items() if version != "dist-tags"}
    tags = {"latest": max(stated, key=order), **versions.get("dist-tags", {})}
    return {
        "_id": name,
        "name": name,
        "dist-tags": tags,
        "versions": {version: manifest(name, version, fields, base) for version, fields in stated.items()},
        "time": {"created": _RELEASED, "modified": _RELEASED, **dict.fromkeys(stated, _RELEASED)},
        "modified": _RELEASED,
    }


def manifest(name: str, version: str, fields: _Json, base: str) -> _Json:
    """What it says of one version."""
    data = packed(name, version, json.dumps(fields, sort_keys=True))
    found = {k: v for k, v in fields.items() if not k.startswith("_") or k == "_hasShrinkwrap"}
    if any(script in found.get("scripts", {}) for script in _INSTALL_SCRIPTS):
        found["hasInstallScript"] = True
    dist = {
        "tarball": f"{base}/{name}/-/{file_name(name, version)}",
        "integrity": f"sha512-{base64.b64encode(hashlib.sha512(data).digest()).decode()}",
        "shasum": hashlib.sha1(data, usedforsecurity=False).hexdigest(),
        "fileCount": 2,
        "unpackedSize": len(data),
    }
    return {"_id": f"{name}@{version}", "name": name, "version": version, **found, "dist": dist}


def file_name(name: str, version: str) -> str:
    """As registries call archives: without the scope."""
    return f"{posixpath.basename(name)}-{version}.tgz"


@lru_cache(maxsize=4096)
def packed(name: str, version: str, fields: str) -> bytes:
    """`archive`, made once."""
    return archive(name, version, json.loads(fields))


class Handler(BaseHTTPRequestHandler):
    """Answers of `registry` over HTTP."""

    protocol_version = "HTTP/1.1"
    registry: Registry

    def do_GET(self) -> None:
        """A document or an archive."""
        base = f"http://{self.headers.get('Host', '127.0.0.1')}"
        status, kind, body = self.registry.answer(self.path, base)
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        if self.headers.get("If-None-Match") == etag:
            status, body = 304, b""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", etag)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815 - the name that the server looks for

    def do_POST(self) -> None:
        """Nothing is audited here."""
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_PUT = do_POST  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's
        """Silence."""


def main(path: str) -> None:
    """Serve until standard input ends, so that nothing outlives the tests."""
    import threading  # noqa: PLC0415 - of the process alone

    with open(path, encoding="utf-8") as file:
        Handler.registry = Registry(json.load(file))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main(sys.argv[1])
