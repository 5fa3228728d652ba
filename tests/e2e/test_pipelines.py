"""Formats for pipelines, from the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.conftest import ADVISORY, UV_LOCK
from tests.reports.judged import HOSTILE
from tests.reports.schemas import sarif_faults

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Cli

FORMATS = ("sarif", "junit", "gitlab", "github", "markdown", "csv")


def sarif(cli: Cli, *arguments: str) -> Any:
    """The one run of a scan, which the advisory makes fail."""
    ran = cli("scan", *(arguments or (".",)), "-f", "sarif")
    assert (ran.code, sarif_faults(ran.json)) == (1, [])
    return ran.json["runs"][0]


def places(run: Any) -> list[tuple[str, int, str]]:
    """File, line and fingerprint of every result."""
    return [
        (
            item["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
            item["locations"][0]["physicalLocation"]["region"]["startLine"],
            item["partialFingerprints"]["bomvet/v1"],
        )
        for item in run["results"]
    ]


def test_fingerprints_stay(cli: Cli) -> None:
    """A second scan gives the same bytes; after a line was added above, the line moves and the fingerprint stays."""
    cli.advise(ADVISORY)
    first, second = cli("scan", "-f", "sarif").out, cli("scan", "-f", "sarif").out
    before = places(sarif(cli))
    cli.write("uv.lock", f"# a line above\n{UV_LOCK}")
    after = places(sarif(cli))

    assert first == second
    line = UV_LOCK.split("\n").index('name = "tap"') + 1
    assert [item[:2] for item in before] == [("uv.lock", line)]
    assert [item[:2] for item in after] == [("uv.lock", line + 1)]
    assert [item[2] for item in before] == [item[2] for item in after]


def test_a_folder_of_a_repository(cli: Cli) -> None:
    """Files are named from the top, from wherever it is scanned; without a repository from the target."""
    cli.advise(ADVISORY)
    for name in ("pyproject.toml", "uv.lock"):
        cli.write(f"services/web/{name}", (cli.folder / name).read_text("utf-8"))
    alone = [sarif(cli, "services/web"), sarif(cli, "services/web/uv.lock")]
    cli.write(".git", "gitdir: elsewhere\n")
    beneath = [sarif(cli, "services/web"), sarif(cli, "services/web/uv.lock"), sarif(cli, "dir:services/web")]

    assert {places(run)[0][0] for run in alone} == {"uv.lock"}
    assert {places(run)[0][0] for run in beneath} == {"services/web/uv.lock"}
    assert beneath[0]["automationDetails"] == {"id": "bomvet/services/web/"}


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_is_written(format_: str, cli: Cli, tmp_path: Path) -> None:
    """To a file beside the table, with the finding in it; not for an inventory alone."""
    cli.advise(ADVISORY)
    file = tmp_path / "out"
    ran = cli("scan", "-f", "table", "-f", f"{format_}={file}")
    refused = cli("sbom", "-f", format_)

    assert (ran.code, "CVE-2026-0001" in file.read_text("utf-8"), "FAILED" in ran.out) == (1, True, True)
    assert (refused.code, refused.out) == (2, "")
    assert f"the format {format_} shows findings, and none were looked for" in refused.err


@pytest.mark.parametrize("words", [words for words in HOSTILE if "\ud800" not in words])
def test_no_name_is_a_command_in_the_log(words: str, cli: Cli) -> None:
    """What a lock, an advisory or the policy says starts no command of a pipeline, on stdout or stderr."""
    cli.advise({**ADVISORY, "summary": f"{words}\n::error::{words}", "details": words})
    # A waiver that has expired, a file that cannot be read and a name that is no name are all told.
    reason = json.dumps(words)
    cli.write(
        "bomvet.toml",
        f'[[waivers]]\nid = "CVE-2026-0001"\nreason = {reason}\nowner = {reason}\nexpires = "2020-01-01"\n'
        if words.isprintable()
        else "",
    )
    cli.write("requirements.txt", f"{words}\n")
    ran = [cli("scan"), cli("scan", "-f", "json=result.json"), cli("scan", "-f", "github")]
    told = [line for one in ran for line in f"{one.out}\n{one.err}".replace("\r", "\n").split("\n")]

    commands = [line for line in told if line.lstrip().startswith("::")]
    assert {line.partition(" ")[0] for line in commands} <= {"::error", "::warning", "::notice"}
    assert {line for line in commands if line not in ran[2].out} == set()
    assert [line for line in told if "##[" in line or "##vso[" in line or "\x1b" in line] == []
