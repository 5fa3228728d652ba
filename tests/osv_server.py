"""A loopback server in the place of OSV: its API on given records or answers, and files as its bucket serves them.

What is injected goes wrong once, in the sequence of the injections, at the next request whose path starts so.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from bomvet.advisories.matching import evaluate
from bomvet.advisories.osv_api import ECOSYSTEMS, MAX_QUERIES
from bomvet.advisories.records import Record, read_record
from bomvet.plugin import Request, Response
from bomvet.versions.orders import ORDERS

#: Ecosystem, name, version (empty: any): ids with `modified`.
Question = tuple[str, str, str]
Fault = Callable[["Handler"], None]
BATCH, RECORD = "/v1/querybatch", "/v1/vulns/"


@dataclass(slots=True)
class OsvServer:
    """What is served and what was asked.

    `documents` are records by id; `answers` are recorded answers, which go before an evaluation of the documents.
    `page` is how many ids a page has.  `files` are served by their path with ETag and digests.
    """

    url: str = ""
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: dict[Question, list[dict[str, str]]] | None = None
    page: int = 1000
    files: dict[str, bytes] = field(default_factory=dict)
    requests: list[tuple[str, str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    _faults: list[tuple[str, Fault]] = field(default_factory=list)
    records: dict[str, Record] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def publish(self, *documents: dict[str, Any]) -> None:
        """Serve these records."""
        self.documents |= {document["id"]: document for document in documents}

    def inject(self, path: str, *faults: Fault) -> None:
        """Let the next requests of a path that starts so meet `faults`, one each."""
        self._faults += [(path, fault) for fault in faults]

    def recover(self) -> None:
        """All is well again."""
        self._faults.clear()

    def asked(self, path: str) -> list[Any]:
        """What was sent to paths that start so: the bodies, or None."""
        return [body for _, at, body in self.requests if at.startswith(path)]

    def fault(self, path: str) -> Fault | None:
        """The next fault of the path, which is then used up."""
        with self._lock:
            for number, (start, fault) in enumerate(self._faults):
                if path.startswith(start):
                    del self._faults[number]
                    return fault
        return None

    def record(self, id_: str) -> Record:
        """A document, taken apart."""
        if id_ not in self.records:
            self.records[id_] = read_record(self.documents[id_])
        return self.records[id_]

    # -- the API -------------------------------------------------------------------------------------------------

    def batch(self, queries: list[dict[str, Any]]) -> tuple[int, Any]:
        """The answer to a batch, with its status."""
        if len(queries) > MAX_QUERIES:
            return 400, {"code": 3, "message": "Too many queries"}
        for index, query in enumerate(queries):
            package = query.get("package", {})
            if package.get("ecosystem", "").partition(":")[0] not in ECOSYSTEMS or not package.get("name"):
                return 400, {"code": 3, "message": f"error in query at index {index}: invalid query"}
        return 200, {"results": [self._result(query) for query in queries]}

    def _result(self, query: dict[str, Any]) -> dict[str, Any]:
        question = (query["package"]["ecosystem"], query["package"]["name"], query.get("version", ""))
        vulns = self._vulns(question) if self.answers is None else self.answers.get(question, [])
        start = int(query.get("page_token", "0"))
        found: dict[str, Any] = {"vulns": page} if (page := vulns[start : start + self.page]) else {}
        if start + self.page < len(vulns):
            found["next_page_token"] = str(start + self.page)
        return found

    def _vulns(self, question: Question) -> list[dict[str, str]]:
        ecosystem, name, version = question
        found = []
        for id_ in sorted(self.documents):
            record = self.record(id_)
            entries = [e for eco, n, e in record.entries if (eco, n) == (ecosystem, name)]
            order = ORDERS[ecosystem.partition(":")[0]]
            if entries and not record.advisory["withdrawn"] and (not version or evaluate(entries, version, order).hits):
                found.append({"id": id_, "modified": record.advisory["modified"]})
        return found


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    osv: OsvServer
    body: Any = None

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
        """Nothing: tests look at `OsvServer.requests`."""

    def do_POST(self) -> None:
        """A question."""
        self.body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self._answer()

    def do_GET(self) -> None:
        """A record or a file."""
        self.body = None
        self._answer()

    def do_HEAD(self) -> None:
        """What a file is."""
        self.do_GET()

    def _answer(self) -> None:
        self.osv.requests.append((self.command, self.path, self.body))
        self.osv.headers.append({name.lower(): value for name, value in self.headers.items()})
        fault = self.osv.fault(self.path)
        (fault or usual)(self)

    def send(self, status: int, body: bytes, headers: Mapping[str, str] | None = None, *, length: int = -1) -> None:
        """An answer; `length` is what it says of its own, if that is not the truth."""
        self.send_response(status)
        for name, value in {"content-length": str(len(body) if length < 0 else length), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
            self.wfile.flush()

    def send_json(self, document: Any, status: int = 200) -> None:
        """A document."""
        self.send(status, json.dumps(document).encode(), {"content-type": "application/json"})


def usual(handler: Handler) -> None:
    """What the service does when all is well."""
    osv, path = handler.osv, handler.path
    if path == BATCH:
        status, document = osv.batch(handler.body["queries"])
        handler.send_json(document, status)
    elif path.startswith(RECORD):
        document = osv.documents.get(path.removeprefix(RECORD))
        handler.send_json(document or {"code": 5, "message": "Bug not found."}, 200 if document else 404)
    elif path in osv.files:
        send_file(handler, osv.files[path])
    else:
        handler.send(404, b"")


# -- files -------------------------------------------------------------------------------------------------------


def digests(data: bytes) -> dict[str, str]:
    """The headers by which the bucket names its files."""
    md5 = hashlib.md5(data, usedforsecurity=False).digest()
    crc = base64.b64encode(crc32c(data).to_bytes(4, "big")).decode()
    return {
        "etag": f'"{md5.hex()}"',
        "x-goog-hash": f"crc32c={crc},md5={base64.b64encode(md5).decode()}",
        "accept-ranges": "bytes",
    }


def send_file(handler: Handler, data: bytes, *, cut: int = -1, sent: bytes | None = None) -> None:
    """The file or the range of it that is asked for; `cut` breaks the connection off after so many bytes.

    `sent` goes in the place of the content, under the digests of `data`.
    """
    headers = digests(data)
    body, status = data if sent is None else sent, 200
    asked = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("range", ""))
    if asked and handler.headers.get("if-range", headers["etag"]) == headers["etag"]:
        start = int(asked[1])
        if start >= len(body):
            handler.send(416, b"", {"content-range": f"bytes */{len(body)}"})
            return
        headers["content-range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        body, status = body[start:], 206
    if cut < 0:
        handler.send(status, body, headers)
    else:
        handler.send(status, body[:cut], headers, length=len(body))
        handler.close_connection = True


def crc32c(data: bytes) -> int:
    """CRC-32C (Castagnoli), bit by bit in a table."""
    value = 0xFFFFFFFF
    for byte in data:
        value = _TABLE[(value ^ byte) & 0xFF] ^ (value >> 8)
    return value ^ 0xFFFFFFFF


def _entry(number: int) -> int:
    for _ in range(8):
        number = (number >> 1) ^ (0x82F63B78 if number & 1 else 0)
    return number


_TABLE = [_entry(number) for number in range(256)]


# -- faults ------------------------------------------------------------------------------------------------------


def status(code: int, document: Any = None, **headers: str) -> Fault:
    """An answer of that status; headers with underscores for hyphens."""
    body = b"" if document is None else json.dumps(document).encode()
    return lambda handler: handler.send(code, body, {k.replace("_", "-"): v for k, v in headers.items()})


def says(document: Any) -> Fault:
    """Another document than the one that is due."""
    return lambda handler: handler.send_json(document)


def sends(body: bytes, **headers: str) -> Fault:
    """Other bytes than those that are due."""
    return lambda handler: handler.send(200, body, {k.replace("_", "-"): v for k, v in headers.items()})


def reset(handler: Handler) -> None:
    """The connection ends without a word."""
    handler.close_connection = True


def truncated(handler: Handler) -> None:
    """Half a document, and then no connection."""
    handler.send(200, b'{"results": [', length=10_000)
    handler.close_connection = True


def cut(path: str, size: int) -> Fault:
    """The file at `path` up to so many bytes, and then no connection."""
    return lambda handler: send_file(handler, handler.osv.files[path], cut=size)


def corrupted(path: str) -> Fault:
    """The file at `path` with another byte in its middle, under the digests of what it should be."""

    def send(handler: Handler) -> None:
        data = handler.osv.files[path]
        middle = len(data) // 2
        send_file(handler, data, sent=data[:middle] + bytes([data[middle] ^ 0xFF]) + data[middle + 1 :])

    return send


def trickles(seconds: float) -> Fault:
    """A byte now and then, for so long."""

    def send(handler: Handler) -> None:
        handler.send(200, b"{", length=1_000_000)
        end = time.monotonic() + seconds
        try:
            while time.monotonic() < end:
                handler.wfile.write(b" ")
                handler.wfile.flush()
                time.sleep(0.02)
        except OSError:
            pass
        handler.close_connection = True

    return send


@contextmanager
def osv_server(*documents: dict[str, Any]) -> Iterator[OsvServer]:
    """A server of those records, in threads of this process."""
    osv = OsvServer()
    osv.publish(*documents)
    server = _Server(("127.0.0.1", 0), type("Bound", (Handler,), {"osv": osv}))
    osv.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield osv
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: clients may go whenever they like."""


@dataclass(slots=True)
class ServedHttp:
    """An `Http` that asks an `OsvServer` without any network; `asked` are the URLs, in order."""

    osv: OsvServer
    asked: list[str] = field(default_factory=list)

    def fetch(self, requests: Iterable[Request]) -> Iterator[tuple[Request, Response]]:
        """Each request with its answer, after a way through JSON."""
        for request in requests:
            self.asked.append(request.url)
            if request.body is not None:
                status, document = self.osv.batch(json.loads(json.dumps(request.body))["queries"])
            else:
                found = self.osv.documents.get(request.url.rpartition("/")[2])
                status, document = (200, found) if found else (404, None)
            yield request, Response(status, json.dumps(document).encode())
