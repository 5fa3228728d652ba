"""What all connections share: bounds, retries, redirects, certificates, and words for failures."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from random import random
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from bomvet import __version__
from bomvet.errors import UsageError
from bomvet.model.records import dataclass

if TYPE_CHECKING:
    import ssl

USER_AGENT = f"bomvet/{__version__}"
#: As OSV's own client does it.
ATTEMPTS = 4
#: Of a host that refuses connections, or that no name server knows: it seldom comes to be there within seconds.
ATTEMPTS_AT_NOBODY = 2
#: The longest wait that a service may ask for, in seconds.
MAX_WAIT = 60.0
MAX_REDIRECTS = 5
OK, PARTIAL, TOO_MANY, NOT_SATISFIABLE, SERVER_ERROR = 200, 206, 429, 416, 500
REDIRECTS = (301, 302, 303, 307, 308)
#: Those that keep the method and the body of a request.
FAITHFUL = (307, 308)
#: Headers that are for the host alone that they were made for.
SECRET = ("authorization", "cookie", "proxy-authorization")


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


class FailedError(Exception):
    """One try came to nothing, for a reason that may `pass_`, after `wait` seconds if the service says so.

    No more than `attempts` are made in all.
    """

    def __init__(
        self, reason: str, *, passes: bool = True, wait: float | None = None, attempts: int = ATTEMPTS
    ) -> None:
        super().__init__(reason)
        self.passes, self.wait, self.attempts = passes, wait, attempts


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


def host_of(url: str) -> str:
    """Host and port, without credentials; raises `FailedError` where the URL names none that may be asked."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme not in ("https", "http") or not host:
        raise FailedError("the address is no URL of the web", passes=False)
    return f"{host}:{port}" if port else host


def redirected(url: str, location: str) -> str:
    """Where an answer of `url` leads; raises `FailedError` unless that is https too, or http of the same host."""
    try:
        there = urljoin(url, location)
    except ValueError:
        there = ""
    host, target = host_of(url), host_of(there) if there else ""
    secure = urlsplit(there).scheme == "https"
    if secure or (urlsplit(url).scheme == "http" and target == host):
        return there
    raise FailedError(f"{host} leads to another place without encryption, which is not followed", passes=False)


def same_origin(one: str, other: str) -> bool:
    """Whether what was made for the one URL may be sent to the other."""
    return urlsplit(one)[:2] == urlsplit(other)[:2]


def expect_answer(host: str, status: int, headers: Mapping[str, str], now: float) -> None:
    """Raise `FailedError` where `status` is one that may be another the next time."""
    if status == TOO_MANY or status >= SERVER_ERROR:
        words = "asks for fewer requests" if status == TOO_MANY else "fails"
        raise FailedError(f"{host} {words} (HTTP {status})", wait=retry_after(headers.get("retry-after", ""), now))


# -- certificates and proxies ------------------------------------------------------------------------------------


def bundle() -> str:
    """The file or folder of authorities that the environment names."""
    return os.environ.get("SSL_CERT_FILE") or os.environ.get("REQUESTS_CA_BUNDLE") or ""


def trust() -> ssl.SSLContext:
    """Certificates are those that the environment names, else the system's; raises `UsageError`."""
    import ssl  # noqa: PLC0415 - only where there is a connection

    place = bundle()
    try:
        if place:
            folder = os.path.isdir(place)
            return ssl.create_default_context(capath=place if folder else None, cafile=None if folder else place)
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


def is_distrust(error: BaseException) -> bool:
    """Whether a certificate was refused, which it is the next time too."""
    import ssl  # noqa: PLC0415 - loaded already

    return any(isinstance(found, ssl.SSLCertVerificationError) for found in _chain(error))


def attempts(error: BaseException) -> int:
    """How often to try where a try ended so: less where nobody is there who could answer."""
    import socket  # noqa: PLC0415 - loaded already

    nobody = any(isinstance(found, (ConnectionRefusedError, socket.gaierror)) for found in _chain(error))
    return ATTEMPTS_AT_NOBODY if nobody else ATTEMPTS


def _chain(error: BaseException) -> Iterator[BaseException]:
    """`error` and what it came from, outermost first."""
    at: BaseException | None = error
    for _ in range(20):  # no chain is so long
        if at is None:
            return
        yield at
        at = at.__cause__ or at.__context__


def innermost(error: BaseException) -> str:
    """The system's own words: those of the innermost error that has any."""
    words = ""
    for found in _chain(error):
        if isinstance(found, OSError) and found.strerror:
            # asyncio puts words of its own in the place of the system's.
            plain = os.strerror(found.errno) if isinstance(found, ConnectionError) and found.errno else found.strerror
            words = getattr(found, "verify_message", "") or plain
    return words or "no connection"
