"""The network: the one place that opens connections.

`Client` asks many small questions at a time, `download` fetches one large file that may be resumed.  Both retry what
may pass (the network, 429, 5xx), obey bounds of size and time, verify certificates by the system's authorities, and
send no credentials that their URL does not hold.  Whoever forbids the network makes no `Client`.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from itertools import islice
from random import random
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urljoin, urlsplit

from bomvet import __version__
from bomvet.errors import NotEstablishedError, UsageError
from bomvet.model.records import dataclass
from bomvet.plugin import Request, Response

if TYPE_CHECKING:
    import asyncio
    import ssl
    from concurrent.futures import Future
    from threading import Thread

    import httpx
    import requests

USER_AGENT = f"bomvet/{__version__}"
#: As OSV's own client does it.
ATTEMPTS = 4
#: The longest wait that a service may ask for, in seconds.
MAX_WAIT = 60.0
MAX_REDIRECTS = 5
_OK, _PARTIAL, _TOO_MANY, _NOT_SATISFIABLE, _SERVER_ERROR = 200, 206, 429, 416, 500
_REDIRECTS = (301, 302, 303, 307, 308)
#: Those that keep the method and the body of a request.
_FAITHFUL = (307, 308)
#: Headers that are for the host alone that they were made for.
_SECRET = ("authorization", "cookie", "proxy-authorization")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How long, in seconds, and how much.

    `connect` and `read` bound each wait for the other side, `attempt` one try, `total` all tries of one request.
    `at_a_time` requests are under way together.  After `failures` requests of one host that failed in a row, its
    others are not sent.
    """

    connect: float = 10.0
    read: float = 45.0
    attempt: float = 60.0
    total: float = 180.0
    at_a_time: int = 10
    failures: int = 3


class _FailedError(Exception):
    """One try came to nothing, for a reason that may `pass_`, after `wait` seconds if the service says so."""

    def __init__(self, reason: str, *, passes: bool = True, wait: float | None = None) -> None:
        super().__init__(reason)
        self.passes, self.wait = passes, wait


def pause(attempt: int, wait: float | None, chance: Callable[[], float] = random) -> float:
    """Seconds from the failed `attempt` (1, 2, ...) to the next: what the service asks for, else i² plus up to 2i."""
    return min(wait, MAX_WAIT) if wait is not None else attempt**2 + 2 * attempt * chance()


def retry_after(text: str, now: float) -> float | None:
    """Seconds that a `Retry-After` asks for, stated as such or as a date (RFC 9110, 10.2.3); None where it does not."""
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - rarely needed

    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, OverflowError, OSError):
        return None


def _host(url: str) -> str:
    """Host and port, without credentials; raises `_FailedError` where the URL names none that may be asked."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme not in ("https", "http") or not host:
        raise _FailedError("the address is no URL of the web", passes=False)
    return f"{host}:{port}" if port else host


def _redirected(url: str, location: str) -> str:
    """Where an answer of `url` leads; raises `_FailedError` unless that is https too, or http of the same host."""
    try:
        there = urljoin(url, location)
    except ValueError:
        there = ""
    host, target = _host(url), _host(there) if there else ""
    secure = urlsplit(there).scheme == "https"
    if secure or (urlsplit(url).scheme == "http" and target == host):
        return there
    raise _FailedError(f"{host} leads to another place without encryption, which is not followed", passes=False)


def _same_origin(one: str, other: str) -> bool:
    return urlsplit(one)[:2] == urlsplit(other)[:2]


def _expect_answer(host: str, status: int, headers: Mapping[str, str], now: float) -> None:
    """Raise `_FailedError` where `status` is one that may be another the next time."""
    if status == _TOO_MANY or status >= _SERVER_ERROR:
        words = "asks for fewer requests" if status == _TOO_MANY else "fails"
        raise _FailedError(f"{host} {words} (HTTP {status})", wait=retry_after(headers.get("retry-after", ""), now))


# -- certificates and proxies ------------------------------------------------------------------------------------


def _bundle() -> str:
    """The file or folder of authorities that the environment names."""
    return os.environ.get("SSL_CERT_FILE") or os.environ.get("REQUESTS_CA_BUNDLE") or ""


def _trust() -> ssl.SSLContext:
    """Certificates are those that the environment names, else the system's; raises `UsageError`."""
    import ssl  # noqa: PLC0415 - only where there is a connection

    bundle = _bundle()
    try:
        if bundle:
            folder = os.path.isdir(bundle)
            return ssl.create_default_context(capath=bundle if folder else None, cafile=None if folder else bundle)
    except OSError as error:  # also ssl.SSLError: there is no certificate in it
        reason = error.strerror or "it holds no certificate"
        raise UsageError(
            f"the certificates that SSL_CERT_FILE or REQUESTS_CA_BUNDLE names cannot be read: {reason}"
        ) from None
    context = ssl.create_default_context()
    known = ssl.get_default_verify_paths()
    if not known.cafile and not known.capath:
        import certifi  # noqa: PLC0415 - a system without authorities of its own

        context.load_verify_locations(certifi.where())
    return context


# -- many questions ----------------------------------------------------------------------------------------------


class Client:
    """An `Http`: HTTP/2 where the service has it, one pool of connections, in a thread of its own.

    Nothing is opened before something is fetched, which raises `UsageError` where certificates or proxies of the
    environment cannot be used.  To be closed, or used in `with`.  `sleep`, `chance` and `now` (seconds since the
    epoch) are there to be replaced.
    """

    def __init__(
        self,
        bounds: Bounds = Bounds(),  # noqa: B008 - frozen
        *,
        sleep: Callable[[float], Awaitable[None]] | None = None,
        chance: Callable[[], float] = random,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._bounds, self._chance, self._now, self._sleep = bounds, chance, now, sleep
        self._failures: dict[str, int] = {}
        self._running: _Running | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of all connections."""
        import asyncio  # noqa: PLC0415 - loaded already where there are any

        running, self._running = self._running, None
        if running:
            asyncio.run_coroutine_threadsafe(running.shut(), running.loop).result()
            running.loop.call_soon_threadsafe(running.loop.stop)
            running.thread.join()
            running.loop.close()

    def _started(self) -> _Running:
        """The thread and its connections, which nobody pays for who asks nothing."""
        if self._running is None:
            self._running = _running(_client(self._bounds))
        return self._running

    def fetch(self, requests: Iterable[Request]) -> Iterator[tuple[Request, Response]]:
        """Each request with its answer, in sequence; no more are read and sent ahead than may be under way."""
        import asyncio  # noqa: PLC0415 - loaded already

        running = self._started()
        todo = iter(requests)
        flying: deque[tuple[Request, Future[Response]]] = deque()
        try:
            while True:
                for request in islice(todo, self._bounds.at_a_time - len(flying)):
                    answer = self._answer(running.client, request)
                    flying.append((request, asyncio.run_coroutine_threadsafe(answer, running.loop)))
                if not flying:
                    return
                request, future = flying.popleft()
                yield request, future.result()
        finally:
            for _, future in flying:
                future.cancel()

    async def _answer(self, client: httpx.AsyncClient, request: Request) -> Response:
        """The answer to one request, after as many tries as it takes and may take."""
        import asyncio  # noqa: PLC0415 - loaded already

        host = ""
        try:
            host = _host(request.url)
            async with asyncio.timeout(self._bounds.total):
                response = await self._tried(client, request, host)
        except TimeoutError:
            self._count(host)
            return Response(0, error=f"{host} did not answer within {self._bounds.total:g} s")
        except _FailedError as error:
            if error.passes:
                self._count(host)
            return Response(0, error=str(error))
        except Exception as error:  # noqa: BLE001 - no request may end the others
            return Response(0, error=f"{host or 'the service'} could not be asked ({type(error).__name__})")
        self._failures[host] = 0
        return response

    def _count(self, host: str) -> None:
        self._failures[host] = self._failures.get(host, 0) + 1

    async def _tried(self, client: httpx.AsyncClient, request: Request, host: str) -> Response:
        import asyncio  # noqa: PLC0415 - loaded already

        attempt = 0
        while True:
            attempt += 1
            if self._failures.get(host, 0) >= self._bounds.failures:
                raise _FailedError(f"{host} was given up: {self._bounds.failures} requests in a row had no answer")
            try:
                return await self._attempt(client, request)
            except _FailedError as error:
                if not error.passes or attempt == ATTEMPTS:
                    raise
                await (self._sleep or asyncio.sleep)(pause(attempt, error.wait, self._chance))

    async def _attempt(self, client: httpx.AsyncClient, request: Request) -> Response:
        """One try, with all redirects; raises `_FailedError`."""
        import asyncio  # noqa: PLC0415 - loaded already

        import httpx  # noqa: PLC0415 - loaded already

        url, headers = request.url, [(k.lower(), v) for k, v in request.headers]
        for _ in range(MAX_REDIRECTS + 1):
            host = _host(url)
            try:
                async with asyncio.timeout(self._bounds.attempt):
                    answer = await _exchange(client, request, url, headers)
            except TimeoutError:
                raise _FailedError(f"{host} did not answer within {self._bounds.attempt:g} s") from None
            except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
                raise _FailedError(f"{host} {_cause(error)}", passes=not _hopeless(error)) from None
            _expect_answer(host, answer.status, answer.headers, self._now())
            location = answer.headers.get("location", "")
            if answer.status not in _REDIRECTS or not location:
                return answer
            if request.body is not None and answer.status not in _FAITHFUL:
                raise _FailedError(f"{host} redirects a question elsewhere (HTTP {answer.status})", passes=False)
            there = _redirected(url, location)
            if not _same_origin(url, there):
                headers = [(name, value) for name, value in headers if name not in _SECRET]
            url = there
        raise _FailedError(f"{_host(request.url)} redirects more than {MAX_REDIRECTS} times", passes=False)


@dataclass(frozen=True, slots=True)
class _Running:
    """A loop in its thread, and the connections that live there."""

    client: httpx.AsyncClient
    loop: asyncio.AbstractEventLoop
    thread: Thread

    async def shut(self) -> None:
        """End all that is under way."""
        import asyncio  # noqa: PLC0415 - loaded already

        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self.client.aclose()


def _running(client: httpx.AsyncClient) -> _Running:
    import asyncio  # noqa: PLC0415 - only where there is a connection
    from threading import Thread  # noqa: PLC0415 - the same

    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="bomvet network", daemon=True)
    thread.start()
    return _Running(client, loop, thread)


async def _exchange(client: httpx.AsyncClient, request: Request, url: str, headers: list[tuple[str, str]]) -> Response:
    """Send, and read no more than the request's limit; raises what httpx raises, and `_FailedError`."""
    import orjson  # noqa: PLC0415 - only where there is a connection

    method, content = "GET", None
    if request.body is not None:
        method, content = "POST", orjson.dumps(request.body)
        headers = [("content-type", "application/json"), *headers]
    async with client.stream(method, url, content=content, headers=headers) as response:
        found = bytearray()
        # Of an answer that is not the last nobody reads the body.
        if response.status_code not in _REDIRECTS and response.status_code < _SERVER_ERROR:
            async for chunk in response.aiter_bytes():
                found += chunk
                if len(found) > request.limit:
                    raise _FailedError(f"{_host(url)} sends more than {request.limit:,} bytes", passes=False)
        held = MappingProxyType({name.lower(): value for name, value in response.headers.items()})
        return Response(response.status_code, bytes(found), held)


def _client(bounds: Bounds) -> httpx.AsyncClient:
    """HTTP/2, the system's certificates, proxies of the environment, no cookies; redirects are followed here."""
    from http.cookiejar import CookieJar, DefaultCookiePolicy  # noqa: PLC0415 - only where there is a connection

    import httpx  # noqa: PLC0415 - the same

    context = _trust()
    try:
        return httpx.AsyncClient(
            http2=True,
            verify=context,
            headers={"user-agent": USER_AGENT, "accept": "application/json, */*;q=0.5", "accept-encoding": "gzip"},
            timeout=httpx.Timeout(bounds.read, connect=bounds.connect),
            limits=httpx.Limits(max_connections=bounds.at_a_time, max_keepalive_connections=bounds.at_a_time),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            follow_redirects=False,
        )
    except (ValueError, httpx.InvalidURL, ImportError) as error:  # a proxy that is no URL, or one of another kind
        raise UsageError(
            f"the proxy that the environment names cannot be used ({type(error).__name__})",
            hint="HTTPS_PROXY takes a URL such as http://proxy.example:3128",
        ) from None


def _cause(error: Exception) -> str:
    """What became of the connection, in words that hold no part of the URL."""
    import httpx  # noqa: PLC0415 - loaded already

    kinds: tuple[tuple[type[Exception], str], ...] = (
        (httpx.ConnectTimeout, "cannot be reached: no connection in time"),
        (httpx.TimeoutException, "did not answer in time"),
        (httpx.ProxyError, "cannot be reached through the proxy"),
        (httpx.ConnectError, f"cannot be reached: {_deepest(error)}"),
        (httpx.DecodingError, "sends what cannot be unpacked"),
        (httpx.UnsupportedProtocol, "has an address of a kind that cannot be asked"),
        (httpx.InvalidURL, "has an address that is no URL"),
    )
    return next((words for kind, words in kinds if isinstance(error, kind)), "broke the connection off")


def _hopeless(error: Exception) -> bool:
    """Whether the next try would fail as well."""
    import httpx  # noqa: PLC0415 - loaded already

    return isinstance(error, (httpx.UnsupportedProtocol, httpx.InvalidURL))


def _deepest(error: BaseException) -> str:
    """The system's own words: those of the innermost error that has any."""
    words, seen = "", 0
    at: BaseException | None = error
    while at is not None and seen < 20:  # noqa: PLR2004 - no chain is so long
        if isinstance(at, OSError) and at.strerror:
            # asyncio puts words of its own in the place of the system's.
            plain = os.strerror(at.errno) if isinstance(at, ConnectionError) and at.errno else at.strerror
            words = getattr(at, "verify_message", "") or plain
        at, seen = at.__cause__ or at.__context__, seen + 1
    return words or "no connection"


# -- one large file ----------------------------------------------------------------------------------------------


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
            except _FailedError as error:
                if fetching.size() > had:
                    attempt = 1  # it gets on; the time is what bounds it
                wait = pause(attempt, error.wait, chance)
                if not error.passes or attempt == ATTEMPTS or time.monotonic() + wait > fetching.until:
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
        """Fetch what is missing; raises `_FailedError`."""
        import requests  # noqa: PLC0415 - loaded already

        self.status = 0
        host = _host(self.url)
        tag = self._tag()
        have = self.size() if tag else 0
        headers = {"Range": f"bytes={have}-", "If-Range": tag} if have else {}
        try:
            with self._opened(session, headers) as response:
                return self._taken(response, host, have)
        except requests.RequestException as error:
            raise _FailedError(f"{host} {_requests_cause(error)}") from None
        except OSError as error:
            raise _FailedError(f"{self.path} cannot be written: {error.strerror}", passes=False) from None

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
        for _ in range(MAX_REDIRECTS + 1):
            times = (self.bounds.connect, self.bounds.read)
            response = session.get(url, headers=headers, stream=True, allow_redirects=False, timeout=times)
            location = response.headers.get("location", "")
            if response.status_code not in _REDIRECTS or not location:
                return response
            response.close()
            url = _redirected(url, location)
        raise _FailedError(f"{_host(self.url)} redirects more than {MAX_REDIRECTS} times", passes=False)

    def _taken(self, response: requests.Response, host: str, have: int) -> Downloaded:
        """Write the body of `response` behind the `have` bytes that are there, or from the start."""
        headers = {name.lower(): value for name, value in response.headers.items()}
        _expect_answer(host, response.status_code, headers, time.time())
        self.status = response.status_code
        if self.status == _NOT_SATISFIABLE:
            self._forget()
            raise _FailedError(f"{host} no longer has the file that was begun (HTTP 416)")
        if self.status == _PARTIAL:
            start, total = _content_range(headers.get("content-range", ""))
            if start != have or not have:
                self._forget()
                raise _FailedError(f"{host} sends another part of the file than it was asked for")
        elif self.status == _OK:
            have, total = 0, _length(headers)
        else:
            raise _FailedError(f"{host} does not give the file (HTTP {self.status})", passes=False)
        self._expect_small(host, max(total, 0))
        done = self._written(response, host, have, max(total, 0), headers)
        if total >= 0 and done != total:
            if done > total:
                self._forget()
            raise _FailedError(f"{host} sent {done:,} of {total:,} bytes")
        self._finish()
        return Downloaded(headers=MappingProxyType(headers), bytes=done)

    def _expect_small(self, host: str, size: int) -> None:
        if size > self.limit:
            self._forget()
            raise _FailedError(f"{host} sends more than {self.limit:,} bytes", passes=False)

    def _written(
        self, response: requests.Response, host: str, have: int, total: int, headers: Mapping[str, str]
    ) -> int:
        """How many bytes of the file there are now."""
        if headers.get("content-encoding", "identity") != "identity":
            raise _FailedError(f"{host} packs the file, which was not asked for", passes=False)
        done = have
        with _open_part(self.part, append=bool(have)) as file:
            if not have:
                self._remember(headers.get("etag", ""))
            for chunk in response.iter_content(_CHUNK):
                file.write(chunk)
                done += len(chunk)
                self._expect_small(host, done)
                self.progress(done, total)
                if time.monotonic() > self.until:
                    raise _FailedError(f"{host} took longer than {self.bounds.total:g} s", passes=False)
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
    return f"{parts.scheme}://{_host(url)}{parts.path}"


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
    """Proxies of the environment, and nothing else of it: requests would send what ~/.netrc holds."""
    from http.cookiejar import DefaultCookiePolicy  # noqa: PLC0415 - only where there is a connection

    import requests  # noqa: PLC0415 - the same
    from requests.adapters import HTTPAdapter  # noqa: PLC0415 - the same
    from requests.utils import get_environ_proxies  # noqa: PLC0415 - the same

    context = _trust()

    class Adapter(HTTPAdapter):
        """Verifies by the same certificates as all else."""

        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            super().init_poolmanager(*args, **kwargs, ssl_context=context)

        def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
            return super().proxy_manager_for(proxy, **kwargs, ssl_context=context)

        def send(self, request: Any, *args: Any, **kwargs: Any) -> requests.Response:
            kwargs["proxies"] = get_environ_proxies(request.url or "", no_proxy=None)
            return super().send(request, *args, **kwargs)

    session = requests.Session()
    session.trust_env = False
    session.verify = _bundle() or True
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.update({"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"})
    session.mount("https://", Adapter())
    session.mount("http://", Adapter())
    return session


def _requests_cause(error: Exception) -> str:
    """What became of the connection; requests' own words hold the whole URL."""
    import requests  # noqa: PLC0415 - loaded already

    kinds: tuple[tuple[type[Exception], str], ...] = (
        (requests.exceptions.SSLError, f"has no valid certificate: {_deepest(error)}"),
        (requests.exceptions.ProxyError, "cannot be reached through the proxy"),
        (requests.exceptions.Timeout, "did not answer in time"),
        (requests.exceptions.ConnectionError, f"cannot be reached: {_deepest(error)}"),
        (requests.exceptions.InvalidURL, "has an address that is no URL"),
    )
    return next((words for kind, words in kinds if isinstance(error, kind)), "broke the connection off")
