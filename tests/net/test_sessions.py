"""Sessions of other libraries under our rules: how long, how much, and nothing that the caller did not say."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from bomvet.net import Bounds, bind
from tests.osv_server import OsvServer, osv_server, reset, sends, status, trickles, truncated

pytestmark = pytest.mark.enable_socket
FAST = Bounds(connect=5, read=1, attempt=2)


@pytest.fixture
def server() -> Iterator[OsvServer]:
    """A server of one file."""
    with osv_server() as found:
        found.files["/entry"] = b"An entry of the log."
        yield found


@pytest.fixture
def session() -> Iterator[requests.Session]:
    """One that is bound, to answers of at most a thousand bytes."""
    with requests.Session() as found:
        bind(found, FAST, 1000)
        yield found


def test_an_answer_is_there_as_a_whole(server: OsvServer, session: requests.Session) -> None:
    """Whatever its status, and connections are used again."""
    assert session.get(f"{server.url}/entry").content == b"An entry of the log."
    server.inject("/entry", status(500, {"message": "no"}))
    answer = session.get(f"{server.url}/entry")
    assert (answer.status_code, answer.json()) == (500, {"message": "no"})
    assert session.get(f"{server.url}/entry").text == "An entry of the log."
    assert session.get(f"{server.url}/entry", stream=True).raw.read() == b"An entry of the log."


def test_what_is_sent(
    server: OsvServer, session: requests.Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller's own credentials, never those of ~/.netrc, and no cookie that a server set."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ada password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    server.inject("/entry", sends(b"x", set_cookie="session=1"))
    session.get(f"{server.url}/entry", headers={"Authorization": "Bearer of the caller"})
    session.get(f"{server.url}/entry")
    assert [headers.get("authorization") for headers in server.headers] == ["Bearer of the caller", None]
    assert ["cookie" in headers for headers in server.headers] == [False, False]
    assert server.headers[0]["accept-encoding"] == "identity"


def test_a_redirect_is_not_followed(server: OsvServer, session: requests.Session) -> None:
    """What is posted there is for that host alone."""
    server.inject("/entry", status(307, location="/entry"))
    with pytest.raises(requests.TooManyRedirects):
        session.get(f"{server.url}/entry")
    assert len(server.requests) == 1


def test_an_answer_has_a_bound(server: OsvServer, session: requests.Session) -> None:
    """That many bytes and no more."""
    server.inject("/entry", sends(bytes(1000)), sends(bytes(1001)))
    assert len(session.get(f"{server.url}/entry").content) == 1000
    with pytest.raises(requests.ConnectionError, match="the answer has more than 1,000 bytes"):
        session.get(f"{server.url}/entry")


def test_an_answer_that_breaks_off_is_none(server: OsvServer, session: requests.Session) -> None:
    """Neither half of it nor nothing."""
    server.inject("/entry", truncated, reset)
    with pytest.raises(requests.ConnectionError, match="the answer broke off"):
        session.get(f"{server.url}/entry")
    with pytest.raises(requests.ConnectionError):
        session.get(f"{server.url}/entry")


def test_an_answer_that_is_packed_is_none(server: OsvServer, session: requests.Session) -> None:
    """It could be of any size."""
    server.inject("/entry", sends(b"x", content_encoding="gzip"))
    with pytest.raises(requests.ConnectionError, match="the answer is packed, which was not asked for"):
        session.get(f"{server.url}/entry")


def test_an_answer_that_trickles_is_none(server: OsvServer, session: requests.Session) -> None:
    """All of it has to be there in time; and something has to come now and then."""
    server.inject("/entry", trickles(3))
    started = time.monotonic()
    with pytest.raises(requests.Timeout, match="the answer did not come in time"):
        session.get(f"{server.url}/entry")
    assert time.monotonic() - started < 5


def test_a_server_that_falls_silent_is_left(server: OsvServer, session: requests.Session) -> None:
    """Within an answer, as before it."""

    def silent(handler: object) -> None:
        handler.send(200, b"{", length=100)  # type: ignore[attr-defined]
        time.sleep(2)

    server.inject("/entry", silent)
    with pytest.raises(requests.Timeout, match="the answer did not come in time"):
        session.get(f"{server.url}/entry")


def test_certificates_are_verified_by_the_same_authorities(session: requests.Session) -> None:
    """Also through a proxy."""
    adapter = session.get_adapter("https://fulcio.example")
    manager = adapter.proxy_manager_for("http://proxy.example:3128")  # type: ignore[attr-defined]
    assert manager.connection_pool_kw["ssl_context"] is adapter.poolmanager.connection_pool_kw["ssl_context"]  # type: ignore[attr-defined]
