"""An index of Python packages on the loopback: `python pypi.py PACKAGES.json` prints its port and serves.

The file has indexes by name, each with packages by name and version:
`{"diamond": {"a": {"1.0": {"requires": ["b>=1; python_version < '3.12'"]}}}}` is served at
`http://127.0.0.1:PORT/diamond/simple/`.  Of a version there may stand `requires`, `extras` (name -> what it requires
further), `python` (the versions of Python that it is for) and `tags` (those of its wheels; `py3-none-any`).

It is run as a process of its own, since the tests have no sockets.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import sys
import threading
import zipfile
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

_Json = dict[str, Any]
_SIMPLE = "application/vnd.pypi.simple.v1+json"
#: Older than any rule about the age of releases.
_UPLOADED = "2020-01-01T00:00:00.000000Z"
_ANY = "py3-none-any"


def metadata(name: str, version: str, fields: _Json) -> str:
    """`METADATA` of one version."""
    lines = ["Metadata-Version: 2.3", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Python: {fields['python']}"] if "python" in fields else []
    lines += [f"Requires-Dist: {requirement}" for requirement in fields.get("requires", [])]
    for extra, requirements in fields.get("extras", {}).items():
        lines.append(f"Provides-Extra: {extra}")
        for requirement in requirements:
            text, _, marker = requirement.partition(";")
            condition = f"({marker.strip()}) and extra == '{extra}'" if marker else f"extra == '{extra}'"
            lines.append(f"Requires-Dist: {text.strip()} ; {condition}")
    return "\n".join((*lines, "", ""))


@lru_cache(maxsize=4096)
def wheel(name: str, version: str, fields: str, tag: str = _ANY) -> bytes:
    """A wheel of one version, of which `fields` are in JSON: the same bytes each time."""
    folder = f"{_in_file_names(name)}-{version}.dist-info"
    files = {
        f"{folder}/METADATA": metadata(name, version, json.loads(fields)),
        f"{folder}/WHEEL": f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    files[f"{folder}/RECORD"] = "".join(f"{path},,\n" for path in (*files, f"{folder}/RECORD"))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path, text in files.items():
            archive.writestr(zipfile.ZipInfo(path), text)
    return packed.getvalue()


def _in_file_names(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()


class Index:
    """All packages, by index."""

    def __init__(self, packages: _Json) -> None:
        self._packages = packages

    def answer(self, path: str) -> tuple[int, str, bytes]:
        """Status, type and body of what stands at `path`."""
        index, _, rest = unquote(urlsplit(path).path).strip("/").partition("/")
        packages = self._packages.get(index, {})
        kind, _, name = rest.partition("/")
        if kind == "simple" and name in packages:
            return 200, _SIMPLE, json.dumps(_page(index, name, packages[name])).encode()
        name, _, file = name.partition("/")
        for version, fields in packages.get(name, {}).items() if kind == "files" else ():
            for tag in fields.get("tags", [_ANY]):
                stem = _file_name(name, version, tag)
                if file == stem:
                    return 200, "application/zip", wheel(name, version, json.dumps(fields), tag)
                if file == f"{stem}.metadata":
                    return 200, "text/plain", metadata(name, version, fields).encode()
        return 404, "text/plain", b"not found"


def _page(index: str, name: str, versions: _Json) -> _Json:
    """All files of one package."""
    return {
        "meta": {"api-version": "1.1"},
        "name": name,
        "versions": list(versions),
        "files": [
            _file(index, name, version, fields, tag)
            for version, fields in versions.items()
            for tag in fields.get("tags", [_ANY])
        ],
    }


def _file(index: str, name: str, version: str, fields: _Json, tag: str) -> _Json:
    file, data = _file_name(name, version, tag), wheel(name, version, json.dumps(fields), tag)
    return {
        "filename": file,
        "url": f"/{index}/files/{name}/{file}",
        "hashes": {"sha256": hashlib.sha256(data).hexdigest()},
        "core-metadata": {"sha256": hashlib.sha256(metadata(name, version, fields).encode()).hexdigest()},
        "requires-python": fields.get("python"),
        "size": len(data),
        "upload-time": _UPLOADED,
    }


def _file_name(name: str, version: str, tag: str) -> str:
    return f"{_in_file_names(name)}-{version}-{tag}.whl"


class Handler(BaseHTTPRequestHandler):
    """Answers of `index` over HTTP."""

    protocol_version = "HTTP/1.1"
    index: Index

    def do_GET(self) -> None:
        """A page or a file."""
        status, kind, body = self.index.answer(self.path)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815 - the name that the server looks for

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's
        """Silence."""


def main(path: str) -> None:
    """Serve until standard input ends, so that nothing outlives the tests."""
    with open(path, encoding="utf-8") as file:
        Handler.index = Index(json.load(file))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main(sys.argv[1])
