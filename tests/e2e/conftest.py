"""A project, advisories and a way to run the command line in this process."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bomvet.cli.run import run

ADVISORY: dict[str, Any] = {
    "id": "GHSA-aaaa-bbbb-cccc",
    "modified": "2026-01-02T00:00:00Z",
    "published": "2026-01-01T00:00:00Z",
    "aliases": ["CVE-2026-0001"],
    "summary": "Leaky tap",
    "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "tap"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.1"}]}],
        }
    ],
}
#: About a package that the project does not have.
HARMLESS = {**ADVISORY, "affected": [{**ADVISORY["affected"][0], "package": {"ecosystem": "PyPI", "name": "kettle"}}]}
PYPROJECT = """\
[project]
name = "sink"
version = "1.0"
license = "MIT"
authors = [{ name = "Ada", email = "ada@sink.example" }]
dependencies = ["pipe"]
"""
UV_LOCK = """\
version = 1
requires-python = ">=3.11"

[[package]]
name = "pipe"
version = "2.0"
source = { registry = "https://pypi.packages.example/simple" }
dependencies = [
    { name = "tap" },
]
wheels = [
    { url = "https://files.packages.example/pipe-2.0-py3-none-any.whl", hash = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", size = 3 },
]

[[package]]
name = "sink"
version = "1.0"
source = { virtual = "." }
dependencies = [
    { name = "pipe" },
]

[[package]]
name = "tap"
version = "1.0"
source = { registry = "https://pypi.packages.example/simple" }
wheels = [
    { url = "https://files.packages.example/tap-1.0-py3-none-any.whl", hash = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", size = 4 },
]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What one command line did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its standard output as a document."""
        return json.loads(self.out)


class Cli:
    """Runs command lines in a folder with a project `sink` and its own advisory database."""

    def __init__(self, folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
        self.folder = folder
        self._capture = capfdbinary

    def __call__(self, *arguments: str) -> Ran:
        """Run `bomvet ARGUMENTS`."""
        code = run(arguments)
        out, err = self.told()
        return Ran(code=code, out=out, err=err)

    def told(self) -> tuple[str, str]:
        """What has gone to stdout and stderr since this was asked last."""
        out, err = self._capture.readouterr()
        return out.decode(), err.decode()

    def write(self, path: str, text: str) -> Path:
        """Write a file of the folder."""
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
        return place

    def advise(self, *documents: dict[str, Any], as_of: str = "") -> None:
        """Import `documents` into the database."""
        for document in documents:
            self.write(f"feed/{document['id']}.json", json.dumps(document))
        ran = self("db", "import", str(self.folder / "feed"), *(["--as-of", as_of] if as_of else []))
        assert ran.code == 0


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Cli:
    """The folder `sink` as working directory, and an environment without settings."""
    for name in [*os.environ]:
        if name.startswith("BOMVET_"):
            monkeypatch.delenv(name)
    folder = tmp_path / "sink"
    cli = Cli(folder, capfdbinary)
    cli.write("pyproject.toml", PYPROJECT)
    cli.write("uv.lock", UV_LOCK)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("BOMVET_DB", str(tmp_path / "advisories.db"))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    monkeypatch.setenv("BOMVET_OFFLINE", "1")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")
    return cli
