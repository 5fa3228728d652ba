"""Many small questions at a time, over HTTP/2 where the service has it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from itertools import islice
from random import random
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from bomvet.errors import UsageError
from bomvet.model.records import dataclass
from bomvet.net import _rules as rules
from bomvet.net._rules import Bounds, FailedError
from bomvet.plugin import Request, Response

if TYPE_CHECKING:
    import asyncio
    from concurrent.futures import Future
    from threading import Thread

    import httpx


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
            self._running = _running(_http_client(self._bounds))
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
            host = rules.host_of(request.url)
            async with asyncio.timeout(self._bounds.total):
                response = await self._tried(client, request, host)
        except TimeoutError:
            self._count(host)
            return Response(0, error=f"{host} did not answer within {self._bounds.total:g} s")
        except FailedError as error:
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
                raise FailedError(f"{host} was given up: {self._bounds.failures} requests in a row had no answer")
            try:
                return await self._attempt(client, request)
            except FailedError as error:
                if not error.passes or attempt >= error.attempts:
                    raise
                await (self._sleep or asyncio.sleep)(rules.pause(attempt, error.wait, self._chance))

    async def _attempt(self, client: httpx.AsyncClient, request: Request) -> Response:
        """One try, with all redirects; raises `FailedError`."""
        import asyncio  # noqa: PLC0415 - loaded already

        import httpx  # noqa: PLC0415 - loaded already

        url, headers = request.url, [(k.lower(), v) for k, v in request.headers]
        for _ in range(rules.MAX_REDIRECTS + 1):
            host = rules.host_of(url)
            try:
                async with asyncio.timeout(self._bounds.attempt):
                    answer = await _exchange(client, request, url, headers)
            except TimeoutError:
                raise FailedError(f"{host} did not answer within {self._bounds.attempt:g} s") from None
            except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
                times = rules.attempts(error)
                raise FailedError(f"{host} {_cause(error)}", passes=not _hopeless(error), attempts=times) from None
            rules.expect_answer(host, answer.status, answer.headers, self._now())
            location = answer.headers.get("location", "")
            if answer.status not in rules.REDIRECTS or not location:
                return answer
            if request.body is not None and answer.status not in rules.FAITHFUL:
                raise FailedError(f"{host} redirects a question elsewhere (HTTP {answer.status})", passes=False)
            there = rules.redirected(url, location)
            if not rules.same_origin(url, there):
                headers = [(name, value) for name, value in headers if name not in rules.SECRET]
            url = there
        raise FailedError(f"{rules.host_of(request.url)} redirects more than {rules.MAX_REDIRECTS} times", passes=False)


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
    """Send, and read no more than the request's limit; raises what httpx raises, and `FailedError`."""
    import orjson  # noqa: PLC0415 - only where there is a connection

    method, content = "GET", None
    if request.body is not None:
        method, content = "POST", orjson.dumps(request.body)
        headers = [("content-type", "application/json"), *headers]
    async with client.stream(method, url, content=content, headers=headers) as response:
        found = bytearray()
        # Of an answer that is not the last nobody reads the body.
        if response.status_code not in rules.REDIRECTS and response.status_code < rules.SERVER_ERROR:
            async for chunk in response.aiter_bytes():
                found += chunk
                if len(found) > request.limit:
                    raise FailedError(f"{rules.host_of(url)} sends more than {request.limit:,} bytes", passes=False)
        held = MappingProxyType({name.lower(): value for name, value in response.headers.items()})
        return Response(response.status_code, bytes(found), held)


def _http_client(bounds: Bounds) -> httpx.AsyncClient:
    """HTTP/2, the system's certificates, proxies of the environment, no cookies; redirects are followed here."""
    from http.cookiejar import CookieJar, DefaultCookiePolicy  # noqa: PLC0415 - only where there is a connection

    import httpx  # noqa: PLC0415 - the same

    context = rules.trust()
    try:
        return httpx.AsyncClient(
            http2=True,
            verify=context,
            headers={
                "user-agent": rules.USER_AGENT,
                "accept": "application/json, */*;q=0.5",
                "accept-encoding": "gzip",
            },
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
        (httpx.ConnectError, f"cannot be reached: {rules.innermost(error)}"),
        (httpx.DecodingError, "sends what cannot be unpacked"),
        (httpx.UnsupportedProtocol, "has an address of a kind that cannot be asked"),
        (httpx.InvalidURL, "has an address that is no URL"),
    )
    return next((words for kind, words in kinds if isinstance(error, kind)), "broke the connection off")


def _hopeless(error: Exception) -> bool:
    """Whether the next try would fail as well."""
    import httpx  # noqa: PLC0415 - loaded already

    return isinstance(error, (httpx.UnsupportedProtocol, httpx.InvalidURL)) or rules.is_distrust(error)
