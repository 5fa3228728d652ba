"""One large file, which may be gone on with."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from random import random
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bomvet.errors import NotEstablishedError
from bomvet.model.records import dataclass
from bomvet.net import _rules as rules
from bomvet.net._rules import Bounds, FailedError
from bomvet.net._sessions import adapter, prepare

if TYPE_CHECKING:
    import requests


@dataclass(frozen=True, slots=True, kw_only=True)
class Downloaded:
    """A file that is complete by what the service says of its length: its size, and the headers in lower case."""

    headers: Mapping[str, str]
    bytes: int


class DownloadError(NotEstablishedError):
    """The file could not be had; `status` is the service's definite answer, 0 where there was none."""

    def __init__(self, message: str, *, hint: str = "", status: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.status = status


_CHUNK = 256 * 1024
#: No download takes longer, in seconds.
MAX_DOWNLOAD = 3600.0


def download(
    url: str,
    path: str,
    *,
    limit: int,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    bounds: Bounds = Bounds(total=MAX_DOWNLOAD),  # noqa: B008 - frozen
    sleep: Callable[[float], None] = time.sleep,
    chance: Callable[[], float] = random,
) -> Downloaded:
    """Fetch `url` into the file `path`, which is replaced once all of it is there; raises `DownloadError`.

    What was fetched before a failure stays beside it as `PATH.part` and is gone on with, if the service still has
    the same file.  `progress` gets the bytes so far, and how many there are (0: not told).  Whether the content is
    what it should be is for the caller to say.
    """
    fetching = _Fetching(
        url=url, path=path, limit=limit, progress=progress, bounds=bounds, until=time.monotonic() + bounds.total
    )
    attempt = 0
    with _session() as session:
        while True:
            attempt += 1
            had = fetching.size()
            try:
                return fetching.attempt(session)
            except FailedError as error:
                if fetching.size() > had:
                    attempt = 1  # it gets on; the time is what bounds it
                wait = rules.pause(attempt, error.wait, chance)
                if not error.passes or attempt >= error.attempts or time.monotonic() + wait > fetching.until:
                    raise DownloadError(str(error), status=fetching.status) from None
                sleep(wait)


@dataclass(slots=True, kw_only=True)
class _Fetching:
    """One download over all its attempts."""

    url: str
    path: str
    limit: int
    progress: Callable[[int, int], None]
    bounds: Bounds
    until: float
    status: int = 0

    @property
    def part(self) -> str:
        """Where the unfinished file is."""
        return f"{self.path}.part"

    @property
    def note(self) -> str:
        """Where it stands which file of the service the unfinished one is of."""
        return f"{self.path}.part.etag"

    def size(self) -> int:
        """How much of the file is there."""
        try:
            return os.path.getsize(self.part)
        except OSError:
            return 0

    def attempt(self, session: requests.Session) -> Downloaded:
        """Fetch what is missing; raises `FailedError`."""
        import requests  # noqa: PLC0415 - loaded already
        import urllib3  # noqa: PLC0415 - the same

        self.status = 0
        host = rules.host_of(self.url)
        tag = self._tag()
        have = self.size() if tag else 0
        headers = {"Range": f"bytes={have}-", "If-Range": tag} if have else {}
        try:
            with self._opened(session, headers) as response:
                return self._taken(response, host, have)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            passes = not isinstance(error, requests.exceptions.SSLError)
            times = rules.attempts(error)
            raise FailedError(f"{host} {_requests_cause(error)}", passes=passes, attempts=times) from None
        except OSError as error:
            raise FailedError(f"{self.path} cannot be written: {error.strerror}", passes=False) from None

    def _tag(self) -> str:
        """The strong ETag of what is there; empty where there is nothing to go on with."""
        try:
            with open(self.note, encoding="latin-1") as file:
                lines = file.read(4096).split("\n")
        except OSError:
            return ""
        return lines[1] if lines[0] == _public(self.url) and len(lines) > 1 else ""

    def _opened(self, session: requests.Session, headers: dict[str, str]) -> requests.Response:
        """The answer that is no redirect, its body unread."""
        url = self.url
        for _ in range(rules.MAX_REDIRECTS + 1):
            times = (self.bounds.connect, self.bounds.read)
            response = session.get(url, headers=headers, stream=True, allow_redirects=False, timeout=times)
            location = response.headers.get("location", "")
            if response.status_code not in rules.REDIRECTS or not location:
                return response
            response.close()
            url = rules.redirected(url, location)
        raise FailedError(f"{rules.host_of(self.url)} redirects more than {rules.MAX_REDIRECTS} times", passes=False)

    def _taken(self, response: requests.Response, host: str, have: int) -> Downloaded:
        """Write the body of `response` behind the `have` bytes that are there, or from the start."""
        headers = {name.lower(): value for name, value in response.headers.items()}
        rules.expect_answer(host, response.status_code, headers, time.time())
        self.status = response.status_code
        if self.status == rules.NOT_SATISFIABLE:
            self._forget()
            raise FailedError(f"{host} no longer has the file that was begun (HTTP 416)")
        if self.status == rules.PARTIAL:
            start, total = _content_range(headers.get("content-range", ""))
            if start != have or not have:
                self._forget()
                raise FailedError(f"{host} sends another part of the file than it was asked for")
        elif self.status == rules.OK:
            have, total = 0, _length(headers)
        else:
            raise FailedError(f"{host} does not give the file (HTTP {self.status})", passes=False)
        self._expect_small(host, max(total, 0))
        done = self._written(response, host, have, max(total, 0), headers)
        if total >= 0 and done != total:
            if done > total:
                self._forget()
            raise FailedError(f"{host} sent {done:,} of {total:,} bytes")
        self._finish()
        return Downloaded(headers=MappingProxyType(headers), bytes=done)

    def _expect_small(self, host: str, size: int) -> None:
        if size > self.limit:
            self._forget()
            raise FailedError(f"{host} sends more than {self.limit:,} bytes", passes=False)

    def _written(
        self, response: requests.Response, host: str, have: int, total: int, headers: Mapping[str, str]
    ) -> int:
        """How many bytes of the file there are now."""
        if headers.get("content-encoding", "identity") != "identity":
            raise FailedError(f"{host} packs the file, which was not asked for", passes=False)
        done = have
        with _open_part(self.part, append=bool(have)) as file:
            if not have:
                self._remember(headers.get("etag", ""))
            # What has come, however little: waiting for a whole chunk would wait for ever on one that trickles.
            while chunk := response.raw.read1(_CHUNK, decode_content=False):
                file.write(chunk)
                done += len(chunk)
                self._expect_small(host, done)
                self.progress(done, total)
                if time.monotonic() > self.until:
                    raise FailedError(f"{host} took longer than {self.bounds.total:g} s", passes=False)
            file.flush()
            os.fsync(file.fileno())
        return done

    def _remember(self, tag: str) -> None:
        """Note what the file is, if the service tells; of a weak tag nobody can say that the bytes are the same."""
        with _open_part(self.note, append=False) as file:
            if tag.startswith('"'):
                file.write(f"{_public(self.url)}\n{tag}".encode("latin-1", "replace"))

    def _forget(self) -> None:
        for name in (self.part, self.note):
            if os.path.lexists(name):
                os.unlink(name)

    def _finish(self) -> None:
        os.replace(self.part, self.path)
        self._forget()


def _open_part(path: str, *, append: bool) -> Any:
    """A file of our own for writing; never what a link leads to."""
    how = os.O_APPEND if append else os.O_TRUNC
    flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0) | how
    return open(os.open(path, flags, 0o666), "wb")


def _public(url: str) -> str:
    """`url` without credentials and query."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{rules.host_of(url)}{parts.path}"


def _length(headers: Mapping[str, str]) -> int:
    """The stated length; -1 where none is."""
    text = headers.get("content-length", "")
    return int(text[:18]) if text.isascii() and text.isdecimal() else -1


def _content_range(text: str) -> tuple[int, int]:
    """Start and total of `bytes 5-9/10`; -1 where it is not told."""
    unit, _, rest = text.partition(" ")
    span, _, total = rest.partition("/")
    start = span.partition("-")[0]
    numbers = [int(t[:18]) if t.isascii() and t.isdecimal() else -1 for t in (start, total)]
    return (numbers[0], numbers[1]) if unit == "bytes" else (-1, -1)


def _session() -> requests.Session:
    import requests  # noqa: PLC0415 - only where there is a connection

    session = requests.Session()
    prepare(session, adapter())
    session.headers.update({"User-Agent": rules.USER_AGENT, "Accept": "*/*"})
    return session


def _requests_cause(error: Exception) -> str:
    """What became of the connection; requests' own words hold the whole URL."""
    import requests  # noqa: PLC0415 - loaded already
    import urllib3  # noqa: PLC0415 - the same

    kinds: tuple[tuple[type[Exception], str], ...] = (
        (requests.exceptions.SSLError, f"has no valid certificate: {rules.innermost(error)}"),
        (requests.exceptions.ProxyError, "cannot be reached through the proxy"),
        (requests.exceptions.Timeout, "did not answer in time"),
        (urllib3.exceptions.TimeoutError, "did not answer in time"),
        (requests.exceptions.ConnectionError, f"cannot be reached: {rules.innermost(error)}"),
        (requests.exceptions.InvalidURL, "has an address that is no URL"),
    )
    return next((words for kind, words in kinds if isinstance(error, kind)), "broke the connection off")
