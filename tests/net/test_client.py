"""Many questions at a time: retries, bounds and words."""

from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bomvet.errors import UsageError
from bomvet.net import Bounds, Client, _client, _rules
from bomvet.plugin import Request, Response
from tests.osv_server import OsvServer, osv_server, reset, sends, status, trickles

pytestmark = pytest.mark.enable_socket
FAST = Bounds(connect=2, read=0.4, attempt=0.5, total=1.2, at_a_time=4, failures=2)


@pytest.fixture
def server() -> Iterator[OsvServer]:
    """A server of one file."""
    with osv_server() as found:
        found.files["/a"] = b"content"
        yield found


@pytest.fixture
def slept() -> list[float]:
    """How long the client would have waited."""
    return []


@pytest.fixture
def client(slept: list[float]) -> Iterator[Client]:
    """A client that waits for nothing, by a clock that stands still."""

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    with Client(FAST, sleep=sleep, chance=lambda: 0.5, now=lambda: 1_800_000_000.0) as found:
        yield found


def one(client: Client, *requests: Request) -> Response:
    """The answer to the last of `requests`."""
    return [answer for _, answer in client.fetch(requests)][-1]


def test_answers_come_in_sequence(client: Client, server: OsvServer) -> None:
    """Whichever is ready first; and no more are read ahead than may be under way."""
    read = []

    def requests() -> Iterator[Request]:
        for number in range(12):
            read.append(number)
            server.files[f"/{number}"] = f"{number}".encode()
            yield Request(f"{server.url}/{number}")

    bodies: list[bytes] = []
    for _, answer in client.fetch(requests()):
        assert len(read) <= len(bodies) + 4
        bodies.append(answer.body)
    assert bodies == [b"%d" % number for number in range(12)]


def test_a_whole_answer(client: Client, server: OsvServer) -> None:
    """Status, body, headers in lower case; who asks, and in what form."""
    answer = one(client, Request(f"{server.url}/a", headers=(("X-Own", "1"),)))
    assert (answer.status, answer.body, answer.headers["content-length"], answer.error) == (200, b"content", "7", "")
    sent = server.headers[0]
    assert {name: sent.get(name) for name in ("user-agent", "accept-encoding", "x-own")} == {
        "user-agent": _rules.USER_AGENT,
        "accept-encoding": "gzip",
        "x-own": "1",
    }


def test_a_question(client: Client, server: OsvServer) -> None:
    """A body is sent as JSON."""
    one(client, Request(f"{server.url}/v1/querybatch", body={"queries": []}))
    assert server.requests == [("POST", "/v1/querybatch", {"queries": []})]
    assert server.headers[0]["content-type"] == "application/json"


def test_definite_answers(client: Client, server: OsvServer, slept: list[float]) -> None:
    """What is not there is an answer, which is not asked for again."""
    server.inject("/a", status(403), status(304))
    answers = [answer.status for _, answer in client.fetch(Request(f"{server.url}/{path}") for path in ("b", "a", "a"))]
    assert (sorted(answers), slept) == ([304, 403, 404], [])


def test_waits(client: Client, server: OsvServer, slept: list[float]) -> None:
    """The square of the attempt and up to twice the attempt more, or what the service asks for, within bounds."""
    later = "Fri, 15 Jan 2027 08:00:30 GMT"
    server.inject("/a", reset, status(503, retry_after="nonsense"), status(500))
    assert one(client, Request(f"{server.url}/a")).body == b"content"
    server.inject("/a", status(429, retry_after="7"), status(503, retry_after="86400"), status(429, retry_after=later))
    assert one(client, Request(f"{server.url}/a")).body == b"content"
    assert slept == [2.0, 6.0, 12.0, 7.0, 60.0, 30.0]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        ("9" * 30, 999_999_999.0),
        ("-1", None),
        ("1.5", None),
        ("", None),
        ("٣", None),
        ("Fri, 15 Jan 2027 08:01:00 GMT", 60.0),
        ("Fri, 15 Jan 2021 08:01:00 GMT", 0.0),
        ("Fri, 15 Jan 99999 08:01:00 GMT", None),
    ],
)
def test_retry_after(text: str, seconds: float | None) -> None:
    """Seconds or a date; what is neither asks for nothing."""
    assert _rules.retry_after(text, 1_800_000_000.0) == seconds


def test_a_dead_service_is_given_up(client: Client, slept: list[float]) -> None:
    """After some failures in a row its other requests fail at once, and say so."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        answers = [answer.error for _, answer in client.fetch(Request(f"http://{place}/{n}") for n in range(40))]
    assert answers[0] == f"{place} cannot be reached: Connection refused"
    assert answers[-1] == f"{place} was given up: 2 requests in a row had no answer"
    assert len(slept) <= 4 * 3


def test_where_nobody_is(client: Client, slept: list[float]) -> None:
    """A host that refuses connections, or that no name server knows, is tried once more and no longer."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        assert one(client, Request(f"http://{place}/")).error == f"{place} cannot be reached: Connection refused"
    assert slept == [2.0]
    unknown = httpx.ConnectError("")
    unknown.__cause__ = socket.gaierror(-2, "Name or service not known")
    assert [_rules.attempts(error) for error in (unknown, httpx.ConnectTimeout(""), httpx.ReadError(""))] == [2, 4, 4]


def test_another_host_is_not_given_up(client: Client, server: OsvServer) -> None:
    """And a good answer begins the count anew."""
    server.inject("/a", *[status(503)] * 4)
    requests = [Request("http://127.0.0.1:1/")] * 8 + [Request(f"{server.url}/a")] * 2
    answers = [answer for _, answer in client.fetch(requests)]
    assert answers[-1].body == b"content"
    one(client, Request("http://127.0.0.1:1/"))


@pytest.mark.parametrize(
    ("body", "headers"), [(b" " * 101, {}), (gzip.compress(b" " * 1_000_000), {"content_encoding": "gzip"})]
)
def test_too_large(client: Client, server: OsvServer, body: bytes, headers: dict[str, str]) -> None:
    """What is larger than the request allows, unpacked, is no answer."""
    server.inject("/a", sends(body, **headers))
    answer = one(client, Request(f"{server.url}/a", limit=100))
    assert (answer.status, answer.error) == (0, f"{server.url.removeprefix('http://')} sends more than 100 bytes")


def test_trickles_end(client: Client, server: OsvServer) -> None:
    """An answer that comes byte by byte for ever ends with the time that it has."""
    server.inject("/a", *[trickles(5)] * 4)
    start = time.monotonic()
    answer = one(client, Request(f"{server.url}/a"))
    assert (answer.status, answer.error) == (0, f"{server.url.removeprefix('http://')} did not answer within 1.2 s")
    assert time.monotonic() - start < 4


def test_silence_ends(client: Client, server: OsvServer) -> None:
    """So does one that does not come at all."""
    server.inject("/a", *[lambda _handler: time.sleep(0.7)] * 4)
    assert "did not answer" in one(client, Request(f"{server.url}/a")).error


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("/b", ""),
        ("http://other.example/b", "leads to another place without encryption, which is not followed"),
        ("ftp://other.example/b", "is no URL of the web"),
        ("http://[", "leads to another place without encryption"),
        ("/a", "redirects more than 5 times"),
    ],
)
def test_redirects(client: Client, server: OsvServer, location: str, words: str) -> None:
    """Those of the same host, and to https, a few times."""
    server.files["/b"] = b"there"
    server.inject("/a", *[status(302, location=location)] * 6)
    answer = one(client, Request(f"{server.url}/a"))
    assert words in answer.error
    assert answer.body == (b"" if words else b"there")


def test_what_is_for_one_host_alone() -> None:
    """A redirect of https leads to https alone; secrets are for the host that they were made for."""
    assert _rules.redirected("https://a.example/x", "https://b.example/y") == "https://b.example/y"
    assert _rules.redirected("http://a.example/x", "https://b.example/y") == "https://b.example/y"
    with pytest.raises(_rules.FailedError, match=r"a\.example leads to another place"):
        _rules.redirected("https://a.example/x", "http://a.example/y")
    assert _rules.same_origin("https://a.example/x", "https://a.example/y")
    assert not _rules.same_origin("https://a.example/x", "https://a.example:8443/y")


def test_secrets_stay(server: OsvServer) -> None:
    """A header with credentials goes to no other server."""
    with osv_server() as other, Client(FAST) as client:
        moved = _rules.redirected
        other.files["/b"] = b"there"
        server.inject("/a", status(302, location=f"{other.url}/b"))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_rules, "redirected", lambda url, there: there if there.endswith("/b") else moved(url, there))
            answer = one(client, Request(f"{server.url}/a", headers=(("Authorization", "secret"), ("X-Own", "1"))))
        assert answer.body == b"there"
        assert (server.headers[0]["authorization"], server.headers[0]["x-own"]) == ("secret", "1")
        assert (other.headers[0].get("authorization"), other.headers[0]["x-own"]) == (None, "1")


@pytest.mark.parametrize(
    "url", ["", "a.example", "ftp://a.example", "https://", "http://[", "http://a.example:99999/", "http://a\x00b/"]
)
def test_what_is_no_address(client: Client, url: str) -> None:
    """It is an answer like others."""
    answer = one(client, Request(url))
    assert answer.status == 0
    assert answer.error


def test_no_secret_is_told(client: Client) -> None:
    """Neither credentials nor the query of the address."""
    answer = one(client, Request("http://user:password@127.0.0.1:1/path?token=secret"))
    assert answer.error == "127.0.0.1:1 cannot be reached: Connection refused"


def test_netrc_is_not_read(client: Client, server: OsvServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials of the user's other tools are for those."""
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login user password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    one(client, Request(f"{server.url}/a"))
    assert "authorization" not in server.headers[0]


def test_no_cookies(client: Client, server: OsvServer) -> None:
    """What a service would have us remember is forgotten."""
    server.inject("/a", status(404, set_cookie="a=b"))
    one(client, Request(f"{server.url}/a"))
    one(client, Request(f"{server.url}/a"))
    assert "cookie" not in server.headers[1]


def test_proxy_of_the_environment(server: OsvServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is used, except for hosts that need none."""
    monkeypatch.setenv("HTTP_PROXY", server.url)
    with Client(FAST) as client:
        one(client, Request("http://osv.example/a"))
        assert server.requests == [("GET", "http://osv.example/a", None)]
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Client(FAST) as client:
        assert one(client, Request(f"{server.url}/a")).body == b"content"


@pytest.mark.parametrize("proxy", ["what://a.example", "socks5://a.example"])
def test_a_proxy_that_is_none(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    """The environment is wrong, which is the user's to mend."""
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with Client(FAST) as client, pytest.raises(UsageError, match="the proxy that the environment names"):
        one(client, Request("https://osv.example/"))


def test_certificates_of_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A file that holds none is an error, and does not mean that any certificate will do."""
    (tmp_path / "none.pem").write_text("no certificate")
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    for variable in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(variable, str(tmp_path / "none.pem"))
        with pytest.raises(UsageError, match="cannot be read: "):
            _rules.trust()
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "absent.pem"))
    with pytest.raises(UsageError, match="cannot be read: No such file or directory"):
        _rules.trust()
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path))
    assert _rules.trust().get_ca_certs() == []


def test_a_system_without_authorities(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that come with Python's packages take the place."""
    for variable in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(variable, raising=False)
    import ssl  # noqa: PLC0415

    paths = ssl.get_default_verify_paths()._replace(cafile="", capath="")
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths)
    assert len(_rules.trust().get_ca_certs()) > 50


def test_http2_and_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTP/2 is offered, certificates are verified, and nothing is followed behind our back."""
    seen: dict[str, Any] = {}
    monkeypatch.setattr(httpx, "AsyncClient", lambda **values: seen.update(values))
    _client._http_client(FAST)
    import ssl  # noqa: PLC0415

    assert (seen["http2"], seen["follow_redirects"]) == (True, False)
    assert (seen["verify"].verify_mode, seen["verify"].check_hostname) == (ssl.CERT_REQUIRED, True)


def test_nothing_is_opened_before_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that is asked nothing costs nothing, and may be closed twice."""
    monkeypatch.setattr(_client, "_http_client", None)
    client = Client()
    client.close()
    with client:
        pass


def test_a_reader_that_goes(client: Client, server: OsvServer) -> None:
    """What nobody waits for any more is ended."""
    server.inject("/a", *[trickles(3)] * 3)
    answers = client.fetch([Request(f"{server.url}/b"), *[Request(f"{server.url}/a")] * 3])
    assert next(answers)[1].status == 404
    answers.close()  # type: ignore[attr-defined]
    client.close()
    assert one(client, Request(f"{server.url}/a")).body == b"content"


def test_defects_are_answers(client: Client, server: OsvServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """No request may end the others."""

    async def broken(*_: object) -> Response:
        raise KeyError("x")

    monkeypatch.setattr(_client, "_exchange", broken)
    answer = one(client, Request(f"{server.url}/a"))
    assert answer.error == f"{server.url.removeprefix('http://')} could not be asked (KeyError)"


def test_a_certificate_that_is_refused() -> None:
    """It is refused the next time as well, so nobody waits for that."""
    import ssl  # noqa: PLC0415

    error = httpx.ConnectError("refused")
    error.__cause__ = ssl.SSLCertVerificationError(1, "self-signed")
    assert _client._hopeless(error)
    assert not _client._hopeless(httpx.ConnectError("gone"))
    for _ in range(30):
        inner, error = error, httpx.ConnectError("outer")
        error.__cause__ = inner
    assert not _client._hopeless(error)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (httpx.ConnectTimeout(""), "cannot be reached: no connection in time"),
        (httpx.ReadTimeout(""), "did not answer in time"),
        (httpx.ProxyError("http://user:secret@proxy"), "cannot be reached through the proxy"),
        (httpx.ConnectError("https://user:secret@host"), "cannot be reached: no connection"),
        (httpx.DecodingError(""), "sends what cannot be unpacked"),
        (httpx.UnsupportedProtocol(""), "has an address of a kind that cannot be asked"),
        (httpx.InvalidURL("secret"), "has an address that is no URL"),
        (httpx.RemoteProtocolError("secret"), "broke the connection off"),
    ],
)
def test_words(error: Exception, words: str) -> None:
    """What became of a connection, without a word of the library's own."""
    assert _client._cause(error) == words
