"""What goes wrong with an answer: as a server sends it, and as the program's network puts it."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from bomvet.plugin import Response

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler


class Fault(NamedTuple):
    """An answer in the place of the right one; `kind` says what is wrong with it besides.

    `status`: nothing.  `truncated`: half of the right body, and then no connection.  `slow`: a byte now and then for
    `seconds`.  `reset`: the connection ends without a word.
    """

    kind: str = "status"
    answer: Response = Response(503)
    seconds: float = 0

    def spoils(self, right: Response) -> Response:
        """What the program's network makes of it, without any server."""
        if self.kind == "truncated":
            return Response(0, error="packages.example could not be asked (the answer broke off)")
        if self.kind == "slow":
            return Response(0, error="packages.example did not answer within 30 s")
        if self.kind == "reset":
            return Response(0, error="packages.example could not be asked (RemoteProtocolError)")
        if self.kind == "type":
            return right._replace(headers={**right.headers, **self.answer.headers})
        return self.answer


class Plan:
    """Which faults the requests of which paths meet, each once or always; the first that fits."""

    def __init__(self) -> None:
        self._faults: list[tuple[re.Pattern[str], Fault, bool]] = []

    def add(self, pattern: str, *faults: Fault, always: bool = False) -> None:
        """Let the next requests whose path contains the regular expression meet `faults`, one each."""
        self._faults += [(re.compile(pattern), fault, always) for fault in faults]

    def clear(self) -> None:
        """All is well again."""
        self._faults.clear()

    def next(self, path: str) -> Fault | None:
        """The fault that this request meets."""
        for number, (pattern, fault, always) in enumerate(self._faults):
            if pattern.search(path):
                if not always:
                    del self._faults[number]
                return fault
        return None


def status(code: int, body: bytes = b"", **headers: str) -> Fault:
    """An answer of that status; headers with underscores for hyphens."""
    return Fault("status", Response(code, body, {name.replace("_", "-"): value for name, value in headers.items()}))


def says(body: bytes, **headers: str) -> Fault:
    """Another body than the right one."""
    return status(200, body, **headers)


def redirect(location: str) -> Fault:
    """It is said to be elsewhere."""
    return status(302, location=location)


def wrong_type(content_type: str = "text/html") -> Fault:
    """The right body under another type."""
    return Fault("type", Response(200, headers={"content-type": content_type}))


NOT_JSON = says(b"<html>Under maintenance</html>", content_type="text/html")
TRUNCATED, RESET = Fault("truncated"), Fault("reset")


def slow(seconds: float = 5) -> Fault:
    """A byte now and then for so long."""
    return Fault("slow", seconds=seconds)


def send(handler: BaseHTTPRequestHandler, right: Response, fault: Fault | None) -> None:
    """Send the answer, or what the fault makes of it."""
    if fault is None or fault.kind in {"status", "type"}:
        answer = fault.spoils(right) if fault else right
        _head(handler, answer, len(answer.body))
        if handler.command != "HEAD":
            handler.wfile.write(answer.body)
        return
    handler.close_connection = True
    if fault.kind == "truncated":
        _head(handler, right, len(right.body) + 1)
        handler.wfile.write(right.body[: len(right.body) // 2])
    elif fault.kind == "slow":
        _head(handler, right, len(right.body))
        _trickle(handler, right.body, fault.seconds)


def _head(handler: BaseHTTPRequestHandler, answer: Response, length: int) -> None:
    handler.send_response(answer.status)
    for name, value in {"content-length": str(length), **answer.headers}.items():
        handler.send_header(name, value)
    handler.end_headers()


def _trickle(handler: BaseHTTPRequestHandler, body: bytes, seconds: float) -> None:
    end = time.monotonic() + seconds
    for byte in body[:-1]:
        if time.monotonic() > end:
            return
        try:
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
        except OSError:
            return
        time.sleep(0.05)


def json_response(body: bytes, content_type: str = "application/json", **headers: Any) -> Response:
    """A right answer."""
    return Response(200, body, {"content-type": content_type, **headers})
