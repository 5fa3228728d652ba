"""Cool-downs and registries, through the real command line, against an index on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from bomvet.net import _rules
from tests.e2e.conftest import UV_LOCK, Cli

REGISTRY = "https://pypi.packages.example/simple"
OLD = "2020-01-01T00:00:00Z"


class Index:
    """An index that has `pages` by their path, and remembers what it was asked with which login."""

    def __init__(self) -> None:
        self.pages: dict[str, object] = {}
        self.asked: list[tuple[str, str]] = []
        self.url = ""

    def has(self, name: str, version: str, **more: object) -> None:
        """Give it a release."""
        file = {"filename": f"{name}-{version}-py3-none-any.whl", "upload-time": OLD, **more}
        self.pages[f"/simple/{name}/"] = {"name": name, "files": [file]}


@pytest.fixture
def index(
    cli: Cli,  # noqa: ARG001 - the project is there first
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[Index]:
    """An index that the user's pip is set to, with a login, and a lock that states it."""
    found = Index()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append((self.path, self.headers.get("authorization", "")))
            page = found.pages.get(self.path)
            body = json.dumps(page).encode()
            self.send_response(404 if page is None else 200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """In silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    found.url = f"http://127.0.0.1:{server.server_port}/simple"
    monkeypatch.setattr(_rules, "pause", lambda *_: 0.001)
    monkeypatch.delenv("BOMVET_OFFLINE")
    monkeypatch.setenv("BOMVET_ADVISORIES", "database")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", found.url.replace("//", "//me:pass@"))
    Path("uv.lock").write_text(UV_LOCK.replace(REGISTRY, found.url), "utf-8")
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()


def findings(cli: Cli, *options: str) -> dict[tuple[str, str], str]:
    """The messages of the rules about releases, by rule and package."""
    rules = ("new-release", "yanked-release", "deprecated-package")
    found = cli("scan", "-f", "json", "--exit-zero", *options).json["findings"]
    return {(f["rule"], f["subject"]): f["message"] for f in found if f["rule"] in rules}


@pytest.mark.enable_socket
def test_nobody_is_asked_unasked(cli: Cli, index: Index) -> None:
    """A scan without these options opens no connection to a registry."""
    assert findings(cli) == {}
    assert index.asked == []


@pytest.mark.enable_socket
@pytest.mark.parametrize("stated", ["--ask-registries", "ask-registries = true", "rule"])
def test_asking_registries(cli: Cli, index: Index, stated: str) -> None:
    """By the option, by the policy, or because a rule of the policy needs the answer; the login is the user's."""
    index.has("pipe", "2.0", yanked="broken")
    index.has("tap", "1.0")
    rule = "[[rules]]\nid = 'mine'\non = 'release'\nwhen = 'release.age_days > 100000'\n"
    policy = {"rule": rule, "--ask-registries": ""}.get(stated, stated)
    Path("bomvet.toml").write_text(policy, "utf-8")

    found = findings(cli, *([stated] if stated.startswith("--") else []))

    assert found == {("yanked-release", "pkg:pypi/pipe@2.0"): "pipe@2.0 was yanked by its maintainers: broken"}
    assert sorted(index.asked) == [(f"/simple/{name}/", "Basic bWU6cGFzcw==") for name in ("pipe", "tap")]


@pytest.mark.enable_socket
def test_a_cool_down_asks_for_what_the_lock_does_not_tell(cli: Cli, index: Index) -> None:
    """The time of one is in the lock, that of the other in the registry."""
    index.has("tap", "1.0", **{"upload-time": "2020-06-01T00:00:00Z"})
    lock = Path("uv.lock").read_text("utf-8")
    Path("uv.lock").write_text(lock.replace("size = 3 }", f'size = 3, upload-time = "{OLD}" }}'), "utf-8")

    found = findings(cli, "--cool-down", "9999d")

    assert sorted(found) == [("new-release", "pkg:pypi/pipe@2.0"), ("new-release", "pkg:pypi/tap@1.0")]
    assert [path for path, _ in index.asked] == ["/simple/tap/"]
    assert findings(cli, "--cool-down", "10d") == {}


@pytest.mark.enable_socket
def test_what_is_not_known_is_no_pass(cli: Cli, index: Index) -> None:
    """A registry without an answer, and one that nobody of the user's names, leave open questions: exit code 3."""
    lock = Path("uv.lock").read_text("utf-8")
    other = f'name = "tap"\nversion = "1.0"\nsource = {{ registry = "{REGISTRY}" }}'
    Path("uv.lock").write_text(
        lock.replace(f'name = "tap"\nversion = "1.0"\nsource = {{ registry = "{index.url}" }}', other)
    )

    ran = cli("scan", "-f", "json", "--cool-down", "7d", "--fail-on", "never")

    assert ran.code == 3
    assert [q for q in ran.json["assessment"]["not_established"] if q.startswith("pkg:")] == [
        f"pkg:pypi/tap@1.0: {REGISTRY} was not asked: neither your package managers nor `registries` name it"
    ]
    assert [
        f["rule"] for f in ran.json["findings"] if f["subject"] == "pkg:pypi/pipe@2.0" and "release" in f["rule"]
    ] == ["yanked-release"]


def test_offline(cli: Cli) -> None:
    """Nothing is asked, and that is told."""
    ran = cli("scan", "-f", "json", "--cool-down", "7d", "--fail-on", "never", "--offline")

    assert ran.code == 3
    assert [q for q in ran.json["assessment"]["not_established"] if q.startswith("pkg:")] == [
        f"pkg:pypi/{name}: the registry was not asked: this run is offline" for name in ("pipe@2.0", "tap@1.0")
    ]


@pytest.mark.parametrize("text", ["7", "36h", "d", "-1d", "a week"])
def test_a_cool_down_that_is_none(cli: Cli, text: str) -> None:
    """Days alone, which the message says."""
    ran = cli("scan", f"--cool-down={text}")

    assert ran.code == 2
    assert f"--cool-down must be a number of days such as '7d', or '0', not {text!r}" in ran.err
