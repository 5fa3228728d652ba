"""The options that say what is read: environments, installed packages, drift, locks that are missing."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Cli

LOCK = """\
version = 1
requires-python = ">=3.8"

[[package]]
name = "sink"
version = "1.0"
source = { virtual = "." }
dependencies = [
    { name = "pipe" },
    { name = "winpipe", marker = "sys_platform == 'win32'" },
    { name = "oldpipe", marker = "python_full_version < '3.10'" },
]

[[package]]
name = "pipe"
version = "2.0"
source = { registry = "https://pypi.packages.example/simple" }

[[package]]
name = "winpipe"
version = "1.0"
source = { registry = "https://pypi.packages.example/simple" }

[[package]]
name = "oldpipe"
version = "1.0"
source = { registry = "https://pypi.packages.example/simple" }
"""
NPM_LOCK = {
    "name": "tap",
    "version": "1.0.0",
    "lockfileVersion": 3,
    "packages": {
        "": {"name": "tap", "version": "1.0.0", "dependencies": {"washer": "^1.0.0"}},
        "node_modules/washer": {"version": "1.0.0"},
    },
}


def names(document: Any) -> dict[str, list[str]]:
    """The components of an SBOM, with the environments that they are in, if not in all."""
    return {
        component["name"]: [p["value"] for p in component.get("properties", []) if p["name"] == "bomvet:environment"]
        for component in document["components"]
    }


def test_environments(cli: Cli) -> None:
    """What is installed in none of them is left out, and what is in some says in which; the document says for which."""
    cli.write("uv.lock", LOCK)
    everywhere = cli("sbom").json
    one = cli("sbom", "--python", "3.12", "--platform", "linux/amd64").json
    two = cli("sbom", "--python", "3.9", "--python", "3.12", "--platform", "windows/x64").json

    assert names(everywhere) == {"pipe": [], "winpipe": [], "oldpipe": []}
    assert names(one) == {"pipe": []}
    assert names(two) == {"pipe": [], "winpipe": [], "oldpipe": ["3.9 windows/AMD64"]}
    stated = [p["value"] for p in one["metadata"]["properties"] if p["name"] == "bomvet:environment"]
    assert stated == ["3.12 linux/x86_64"]


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--python", "3", "must be a version of Python such as 3.12, not '3'"),
        (
            "--platform",
            "amiga",
            "must be OS/ARCH such as linux/x86_64, with OS one of linux, darwin, windows, not 'amiga'",
        ),
    ],
)
def test_what_is_no_environment(cli: Cli, option: str, value: str, message: str) -> None:
    """A version or platform that is none is a usage error that names the option."""
    ran = cli("sbom", option, value)

    assert (ran.code, ran.out, ran.err) == (2, "", f"bomvet: {option} {message}\n")


def test_drift(cli: Cli) -> None:
    """What is installed is compared with the lock that speaks for it."""
    cli.write("package.json", json.dumps({"name": "tap", "version": "1.0.0", "dependencies": {"washer": "^1.0.0"}}))
    cli.write("package-lock.json", json.dumps(NPM_LOCK))
    for name, version in {"washer": "1.0.1", "nut": "2.0.0"}.items():
        cli.write(f"node_modules/{name}/package.json", json.dumps({"name": name, "version": version}))
    plain = cli("scan", "-f", "json", "--exit-zero").json
    compared = cli("scan", "-f", "json", "--exit-zero", "--drift").json

    assert [s["path"] for s in plain["target"]["skipped"]] == ["node_modules"]
    assert [f for f in plain["findings"] if f["rule"] == "installed-drift"] == []
    assert compared["target"]["skipped"] == []
    assert [f["message"] for f in compared["findings"] if f["rule"] == "installed-drift"] == [
        "nut 2.0.0 is installed in node_modules, and is not in package-lock.json",
        "washer is 1.0.1 in node_modules, and 1.0.0 in package-lock.json",
    ]


def test_drift_of_what_is_not_compared(cli: Cli) -> None:
    """Installed packages cannot be both compared and read in place of the lock."""
    ran = cli("scan", "--drift", "--installed")

    assert (ran.code, ran.err) == (
        2,
        "bomvet: --drift compares what is installed with its lock, which --installed leaves unread\n",
    )


@pytest.mark.parametrize("command", ["sbom", "scan"])
def test_resolve_is_no_work_offline(cli: Cli, command: str) -> None:
    """Clients open connections, which --offline forbids."""
    ran = cli(command, "--resolve", "--offline")

    assert (ran.code, ran.err) == (
        2,
        "bomvet: --resolve asks npm and uv, which open connections, and --offline forbids that\n",
    )


@pytest.mark.skipif(sys.platform == "win32", reason="the client is a script")
def test_resolve(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock that is missing comes from the client, and the SBOM says that it is not in the tree."""
    cli.write("package.json", json.dumps({"name": "tap", "version": "1.0.0", "dependencies": {"washer": "^1.0.0"}}))
    client = cli.write(
        "../bin/npm", f"#!{sys.executable}\nopen('package-lock.json', 'w').write({json.dumps(NPM_LOCK)!r})\n"
    )
    client.chmod(0o755)
    monkeypatch.setenv("PATH", f"{client.parent.resolve()}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("BOMVET_OFFLINE")
    before = cli("sbom")
    after = cli("sbom", "--resolve")
    scanned = cli("scan", "--resolve", "--advisories", "database", "-f", "json", "--exit-zero").json

    assert (before.code, after.code) == (3, 0)
    assert {c["purl"] for c in after.json["components"] if c["name"] == "washer"} == {"pkg:npm/washer@1.0.0"}
    told = {p["name"]: p["value"].partition(" ")[0] for p in after.json["metadata"]["properties"]}
    assert told["bomvet:resolved"] == "package-lock.json"
    assert "package-lock.json" not in [i["path"] for i in scanned["target"]["inputs"]]
    assert [i["path"] for i in scanned["target"]["resolved"]] == ["package-lock.json"]
    assert not (cli.folder / "package-lock.json").exists()
