"""Scans with OSV's service, through the real command line, against a server that does what services do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bomvet import net
from tests.e2e.conftest import ADVISORY, Cli
from tests.osv_server import (
    OsvServer,
    osv_server,
)

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def osv(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[OsvServer]:
    """A server of the one advisory, which the command line is set to, and no patience."""
    monkeypatch.delenv("BOMVET_OFFLINE")
    monkeypatch.setenv("BOMVET_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(net, "pause", lambda *_: 0.001)
    with osv_server(ADVISORY) as server:
        monkeypatch.setenv("BOMVET_OSV_URL", server.url)
        yield server


def test_online(cli: Cli, osv: OsvServer) -> None:
    """Without a database the service is asked, and the result says so."""
    ran = cli("scan", "-f", "json")
    found = ran.json
    assert (ran.code, [f["instance"] for f in found["findings"]]) == (1, ["CVE-2026-0001"])
    assert (found["advisory_data"]["source"], found["advisory_data"]["records"]) == (osv.url, 1)
