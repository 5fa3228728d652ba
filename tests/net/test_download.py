"""One large file, in as many attempts as it takes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from bomvet.net import Bounds, Downloaded, DownloadError, _download, download
from tests.osv_server import Handler, OsvServer, cut, digests, osv_server, reset, sends, status, trickles

pytestmark = pytest.mark.enable_socket
DATA = bytes(range(256)) * 4000
FAST = Bounds(connect=2, read=0.5, attempt=1, total=2)


@pytest.fixture
def server() -> Iterator[OsvServer]:
    """A server of one file."""
    with osv_server() as found:
        found.files["/all.zip"] = DATA
        yield found


@pytest.fixture
def fetch(server: OsvServer, tmp_path: Path) -> Callable[..., Downloaded]:
    """Downloads the file into `all.zip`, waiting for nothing."""

    def fetched(path: str = "/all.zip", **values: Any) -> Downloaded:
        values = {"limit": 10_000_000, "sleep": lambda _: None, **values}
        return download(f"{server.url}{path}", str(tmp_path / "all.zip"), **values)

    return fetched


Fetch = Callable[..., Downloaded]


def test_a_file(fetch: Fetch, server: OsvServer, tmp_path: Path) -> None:
    """It is there as a whole or not at all; how far it is is told."""
    told: list[tuple[int, int]] = []
    found = fetch(progress=lambda done, total: told.append((done, total)))
    assert (tmp_path / "all.zip").read_bytes() == DATA
    assert (found.bytes, found.headers["content-length"]) == (len(DATA), str(len(DATA)))
    assert found.headers["x-goog-hash"].startswith("crc32c=")
    assert told[-1] == (len(DATA), len(DATA))
    assert os.listdir(tmp_path) == ["all.zip"]
    sent = server.headers[0]
    assert (sent["accept-encoding"], "range" in sent) == ("identity", False)


def test_it_is_gone_on_with(fetch: Fetch, server: OsvServer, tmp_path: Path) -> None:
    """Each attempt asks for what is missing alone, if it is still the same file."""
    server.inject("/all.zip", cut("/all.zip", 600_000), cut("/all.zip", 300_000))
    assert fetch().bytes == len(DATA)
    assert (tmp_path / "all.zip").read_bytes() == DATA
    assert "range" not in server.headers[0]
    for headers in server.headers[1:]:
        assert (headers["range"].startswith("bytes="), headers["if-range"]) == (True, digests(DATA)["etag"])


def test_another_run_goes_on(fetch: Fetch, server: OsvServer, tmp_path: Path) -> None:
    """What an earlier run left is used, also where it failed for good."""
    server.inject("/all.zip", cut("/all.zip", 600_000), *[status(503)] * 4)
    with pytest.raises(DownloadError, match="fails \\(HTTP 503\\)"):
        fetch()
    size = (tmp_path / "all.zip.part").stat().st_size
    assert 0 < size <= 600_000
    assert fetch().bytes == len(DATA)
    assert server.headers[-1]["range"] == f"bytes={size}-"
    assert (tmp_path / "all.zip").read_bytes() == DATA


def test_another_file_meanwhile(fetch: Fetch, server: OsvServer, tmp_path: Path) -> None:
    """The new one is fetched from its start."""
    server.inject("/all.zip", cut("/all.zip", 600_000), *[status(503)] * 4)
    with pytest.raises(DownloadError):
        fetch()
    server.files["/all.zip"] = DATA[::-1]
    fetch()
    assert (tmp_path / "all.zip").read_bytes() == DATA[::-1]


def test_what_was_left_of_another_address(fetch: Fetch, server: OsvServer, tmp_path: Path) -> None:
    """It is not gone on with."""
    (tmp_path / "all.zip.part").write_bytes(b"x" * 10)
    (tmp_path / "all.zip.part.etag").write_text('http://other.example/all.zip\n"tag"')
    fetch()
    assert "range" not in server.headers[0]
    assert (tmp_path / "all.zip").read_bytes() == DATA


def test_a_part_that_is_too_long(fetch: Fetch, server: OsvServer, tmp_path: Path) -> None:
    """The service has no such range; all is fetched anew."""
    server.inject("/all.zip", cut("/all.zip", 600_000), *[status(503)] * 4)
    with pytest.raises(DownloadError):
        fetch()
    (tmp_path / "all.zip.part").write_bytes(DATA + b"x")
    fetch()
    assert (tmp_path / "all.zip").read_bytes() == DATA


def part(start: int, total: int, body: bytes) -> Callable[[Handler], None]:
    """An answer that says to be a part of the file."""
    return lambda handler: handler.send(206, body, {"content-range": f"bytes {start}-{total - 1}/{total}"})


def test_another_part_than_was_asked_for(fetch: Fetch, server: OsvServer, tmp_path: Path) -> None:
    """It is not put behind what is there."""
    server.inject("/all.zip", part(5, len(DATA), DATA[5:]), cut("/all.zip", 600_000), part(7, len(DATA), DATA[7:]))
    fetch()
    assert (tmp_path / "all.zip").read_bytes() == DATA


def test_more_than_was_said(fetch: Fetch, server: OsvServer, tmp_path: Path) -> None:
    """A part that is longer than it says makes no file."""
    server.inject("/all.zip", cut("/all.zip", 600_000), *[status(503)] * 4)
    with pytest.raises(DownloadError):
        fetch()
    size = (tmp_path / "all.zip.part").stat().st_size
    server.inject(
        "/all.zip",
        lambda handler: handler.send(206, b"x" * 100, {"content-range": f"bytes {size}-{size + 9}/{size + 10}"}),
    )
    fetch()
    assert (tmp_path / "all.zip").read_bytes() == DATA


@pytest.mark.parametrize("tag", ["", 'W/"weak"'])
def test_without_a_strong_tag(fetch: Fetch, server: OsvServer, tmp_path: Path, tag: str) -> None:
    """Nobody knows whether it is the same file, so it is fetched from its start."""

    def broken(handler: Handler) -> None:
        handler.send(200, DATA[:500_000], {"etag": tag} if tag else {}, length=len(DATA))
        handler.close_connection = True

    server.inject("/all.zip", broken)
    fetch()
    assert "range" not in server.headers[-1]
    assert (tmp_path / "all.zip").read_bytes() == DATA


@pytest.mark.parametrize(
    ("fault", "words", "code"),
    [
        (status(404), "does not give the file (HTTP 404)", 404),
        (status(503), "fails (HTTP 503)", 0),
        (reset, "cannot be reached", 0),
        (sends(b"x", content_encoding="gzip"), "packs the file, which was not asked for", 200),
        (status(302, location="/all.zip"), "redirects more than 5 times", 0),
        (status(302, location="http://other.example/"), "leads to another place without encryption", 0),
    ],
)
def test_what_fails(fetch: Fetch, server: OsvServer, fault: Any, words: str, code: int) -> None:
    """The reason names the host, and what was there stays as it was."""
    before = fetch().bytes
    server.inject("/all.zip", *[fault] * 10)
    with pytest.raises(DownloadError) as caught:
        fetch()
    assert words in str(caught.value)
    assert str(caught.value).startswith("127.0.0.1:")
    assert caught.value.status == code
    server.recover()
    assert fetch().bytes == before


def test_where_nobody_is(tmp_path: Path) -> None:
    """A host that refuses connections is tried once more, and no longer."""
    slept: list[float] = []
    with pytest.raises(DownloadError, match="cannot be reached: Connection refused"):
        download("http://127.0.0.1:1/", str(tmp_path / "a"), limit=1, sleep=slept.append, chance=lambda: 0.5)
    assert slept == [2.0]


def test_too_large(fetch: Fetch, server: OsvServer, tmp_path: Path) -> None:
    """Neither by its own word nor without one."""
    with pytest.raises(DownloadError, match="sends more than 1,000 bytes"):
        fetch(limit=1000)

    def unsaid(handler: Handler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(DATA)
        handler.close_connection = True

    server.inject("/all.zip", unsaid)
    with pytest.raises(DownloadError, match="sends more than 1,000 bytes"):
        fetch(limit=1000)
    assert os.listdir(tmp_path) == []
    server.inject("/all.zip", unsaid)
    assert fetch().bytes == len(DATA)


def test_trickles_end(fetch: Fetch, server: OsvServer) -> None:
    """There is an end to every download."""
    server.inject("/all.zip", *[trickles(10)] * 4)
    with pytest.raises(DownloadError, match="took longer than 2 s"):
        fetch(bounds=FAST)


def test_where_nothing_can_be_written(server: OsvServer, tmp_path: Path) -> None:
    """The user's own disk is no fault of the service."""
    with pytest.raises(DownloadError, match=r"cannot be written: No such file or directory"):
        download(f"{server.url}/all.zip", str(tmp_path / "absent" / "all.zip"), limit=10_000_000)


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="the system has no such flag")
def test_no_link_is_followed(fetch: Fetch, tmp_path: Path) -> None:
    """A link in the place of the unfinished file leads nowhere."""
    (tmp_path / "all.zip.part").symlink_to(tmp_path / "victim")
    with pytest.raises(DownloadError, match="cannot be written"):
        fetch()
    assert not (tmp_path / "victim").exists()


def test_netrc_and_proxy(fetch: Fetch, server: OsvServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials of other tools are not sent; the proxy of the environment is asked."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login user password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    fetch()
    assert "authorization" not in server.headers[0]
    monkeypatch.setenv("HTTP_PROXY", server.url)
    with pytest.raises(DownloadError) as caught:
        download("http://osv.example/other", str(tmp_path / "other"), limit=10, sleep=lambda _: None)
    assert (caught.value.status, server.requests[-1][1]) == (404, "http://osv.example/other")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (requests.exceptions.SSLError("secret"), "has no valid certificate: no connection"),
        (requests.exceptions.ProxyError("secret"), "cannot be reached through the proxy"),
        (requests.exceptions.ReadTimeout("secret"), "did not answer in time"),
        (requests.exceptions.ConnectionError("secret"), "cannot be reached: no connection"),
        (requests.exceptions.InvalidURL("secret"), "has an address that is no URL"),
        (requests.exceptions.ChunkedEncodingError("secret"), "broke the connection off"),
    ],
)
def test_words(error: Exception, words: str) -> None:
    """Without a word of the library's own, which may hold the whole address."""
    assert _download._requests_cause(error) == words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("bytes 5-9/10", (5, 10)),
        ("bytes 5-9/*", (5, -1)),
        ("bytes */10", (-1, 10)),
        ("items 5-9/10", (-1, -1)),
        ("", (-1, -1)),
    ],
)
def test_content_range(text: str, found: tuple[int, int]) -> None:
    """What a part says of itself."""
    assert _download._content_range(text) == found
