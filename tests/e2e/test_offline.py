"""`--offline` opens no socket: in a network without interfaces, and with the socket itself forbidden."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import ADVISORY, Cli

UNSHARE = shutil.which("unshare")


def permitted() -> bool:
    """Whether this machine lets us have a network without interfaces."""
    if UNSHARE is None:
        return False
    done = subprocess.run([UNSHARE, "-rn", "true"], capture_output=True, check=False)
    return done.returncode == 0


def scanned(folder: Path, *before: str, offline: bool = True) -> tuple[int, bytes]:
    """Exit code and result of a scan in a process of its own."""
    arguments = ["scan", "-f", "json", *(["--offline"] if offline else [])]
    environment = {k: v for k, v in os.environ.items() if k != "BOMVET_OFFLINE"}
    command = [*before, sys.executable, "-m", "bomvet", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    assert b"internal error" not in done.stderr
    return done.returncode, done.stdout


@pytest.mark.skipif(not permitted(), reason="no network namespace may be made here")
@pytest.mark.parametrize("with_database", [True, False])
def test_without_a_network(cli: Cli, *, with_database: bool) -> None:
    """The result is the same, byte for byte, where there is no interface at all."""
    if with_database:
        cli.advise(ADVISORY)
    inside = scanned(cli.folder, str(UNSHARE), "-rn")

    assert inside == scanned(cli.folder)
    assert inside[0] == (1 if with_database else 3)


FORBIDDEN = """
import socket, sys
def refused(*_: object, **__: object) -> None:
    raise AssertionError("a socket was opened")
socket.socket.__init__ = refused
socket.getaddrinfo = socket.create_connection = socket.socketpair = refused
sys.argv = ["bomvet", *sys.argv[1:]]
from bomvet.__main__ import main
code = main()
loaded = {"httpx", "requests", "bomvet.net", "asyncio", "ssl"} & set(sys.modules)
sys.exit(99 if loaded else code)
"""


@pytest.mark.parametrize("command", [("scan",), ("scan", "--advisories", "database"), ("explain", "tap"), ("sbom",)])
@pytest.mark.parametrize("with_database", [True, False])
def test_no_socket(cli: Cli, command: tuple[str, ...], *, with_database: bool) -> None:
    """Neither is one opened, nor are the libraries loaded that could."""
    if with_database:
        cli.advise(ADVISORY)
    done: Any = subprocess.run(
        [sys.executable, "-c", FORBIDDEN, *command, "--offline"],
        cwd=cli.folder,
        env={k: v for k, v in os.environ.items() if not k.startswith("COV_")},
        capture_output=True,
        check=False,
    )

    assert (done.returncode in (0, 1, 3), b"socket" in done.stderr) == (True, False), done.stderr
