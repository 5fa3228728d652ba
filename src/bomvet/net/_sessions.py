"""Connections by requests, also those that a library opens by itself, under the rules of this room."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING, Any

from bomvet.net import _rules as rules
from bomvet.net._rules import Bounds

if TYPE_CHECKING:
    import requests
    from requests.adapters import HTTPAdapter

#: Answers to what is asked so are certificates and entries of logs, of some kilobytes.
MAX_ANSWER = 16 * 1024 * 1024
_CHUNK = 64 * 1024


def bind(session: requests.Session, bounds: Bounds = Bounds(), limit: int = MAX_ANSWER) -> None:  # noqa: B008
    """Have `session` wait and read only so much, follow no redirect, and send no credentials but its caller's.

    Certificates are verified and proxies are found as for all other connections; ~/.netrc is not read, cookies are
    not kept.  What goes wrong is raised as requests does.
    """
    session.max_redirects = 0
    prepare(session, _bounded(adapter(), bounds, limit))


def prepare(session: requests.Session, connections: type[HTTPAdapter]) -> None:
    """Have `session` connect by an adapter of the class `connections`, and take nothing else from the environment.

    By itself requests would send what ~/.netrc holds.
    """
    from http.cookiejar import DefaultCookiePolicy  # noqa: PLC0415 - only where there is a connection

    session.trust_env = False
    session.verify = rules.bundle() or True
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers["Accept-Encoding"] = "identity"
    session.mount("https://", connections())
    session.mount("http://", connections())


def adapter() -> type[HTTPAdapter]:
    """Connections that are verified by the same certificates as all others, through proxies of the environment."""
    from requests.adapters import HTTPAdapter  # noqa: PLC0415 - only where there is a connection
    from requests.utils import get_environ_proxies  # noqa: PLC0415 - the same

    context = rules.trust()

    class Adapter(HTTPAdapter):
        """Under the rules of this room."""

        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            super().init_poolmanager(*args, **kwargs, ssl_context=context)

        def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
            return super().proxy_manager_for(proxy, **kwargs, ssl_context=context)

        def send(self, request: Any, *args: Any, **kwargs: Any) -> requests.Response:
            kwargs["proxies"] = get_environ_proxies(request.url or "", no_proxy=None)
            return super().send(request, *args, **kwargs)

    return Adapter


def _bounded(base: Any, bounds: Bounds, limit: int) -> type[HTTPAdapter]:
    class Bounded(base):  # type: ignore[misc]  # requests is imported when it is needed
        """Reads the whole answer before it gives it out."""

        def send(self, request: Any, *args: Any, **kwargs: Any) -> requests.Response:
            until = time.monotonic() + bounds.attempt
            kwargs["timeout"], kwargs["stream"] = (bounds.connect, bounds.read), True
            response: requests.Response = super().send(request, *args, **kwargs)
            try:
                body = _body(response, until, limit)
            finally:
                response.raw.close()
            response.raw = io.BytesIO(body)
            return response

    return Bounded


def _body(response: requests.Response, until: float, limit: int) -> bytes:
    """The whole of it; raises `requests.RequestException` where that is too much, breaks off or is too slow."""
    import requests  # noqa: PLC0415 - loaded already
    import urllib3  # noqa: PLC0415 - the same

    if response.headers.get("content-encoding", "identity") != "identity":
        raise requests.ConnectionError("the answer is packed, which was not asked for")
    body = bytearray()
    try:
        while chunk := response.raw.read1(_CHUNK, decode_content=False):
            body += chunk
            if len(body) > limit:
                raise requests.ConnectionError(f"the answer has more than {limit:,} bytes")
            if time.monotonic() > until:
                raise requests.Timeout("the answer did not come in time")
    except urllib3.exceptions.TimeoutError:
        raise requests.Timeout("the answer did not come in time") from None
    except urllib3.exceptions.HTTPError:
        raise requests.ConnectionError("the answer broke off") from None
    return bytes(body)
