"""The template for GitLab CI: inputs are variables, and the script writes what the job uploads."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import ryaml

from bomvet.cli.run import run as bomvet
from tests.e2e.conftest import ADVISORY, PYPROJECT, UV_LOCK
from tests.reports.schemas import json_faults

ROOT = Path(__file__).parents[2]
HEAD, BODY = ryaml.loads_all((ROOT / "templates" / "gitlab-ci.yml").read_text("utf-8"))  # type: ignore[attr-defined]
JOB: dict[str, Any] = BODY["bomvet"]
INPUTS: dict[str, Any] = HEAD["spec"]["inputs"]
_INPUT = re.compile(r"\$\[\[ inputs\.([a-z-]+) \]\]")


def test_every_input_is_used_and_described() -> None:
    """By the job itself or as a variable, and on the page; only what to install must be stated."""
    page = (ROOT / "docs" / "how-to" / "gitlab.md").read_text("utf-8")

    assert {*_INPUT.findall(json.dumps(BODY))} == {*INPUTS}
    assert [name for name, item in INPUTS.items() if not item["description"] or f"| `{name}` |" not in page] == []
    assert [name for name, item in INPUTS.items() if "default" not in item] == ["install"]


def test_no_input_is_code() -> None:
    """None stands in the script, and each variable that does is quoted."""
    script = "\n".join(JOB["script"])

    assert _INPUT.findall(script) == []
    assert re.findall(r'(?<!["\w:=])\$BOM_\w+', script) == []
    assert {name for name in JOB["variables"] if name.startswith("BOM_")} == {*re.findall(r"\$(BOM_\w+)", script)}


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({}, 1),
        ({"BOM_FAIL_ON": "never"}, 0),
        ({"BOM_CONFIG": "own policy.toml"}, 0),
        ({"BOM_BASELINE": "before.json"}, 0),
        ({"BOM_PATH": "sub folder"}, 1),
        ({"BOM_FAIL_ON": "$(touch pwned)"}, 2),
        ({"BOM_INSTALL": "$(touch pwned)", "BOM_PATH": "`touch pwned`"}, 2),
    ],
)
def test_the_script(variables: dict[str, str], code: int, tmp_path: Path) -> None:
    """In a shell of POSIX, as GitLab runs it: the verdict is the exit code, and every artifact is written."""
    work = tmp_path / "work"
    for folder in (work, work / "sub folder", work / ".bomvet-venv" / "bin", tmp_path / "feed"):
        folder.mkdir(parents=True)
    for folder in (work, work / "sub folder"):
        (folder / "pyproject.toml").write_text(PYPROJECT, "utf-8")
        (folder / "uv.lock").write_text(UV_LOCK, "utf-8")
    (work / "own policy.toml").write_text('fail-on = "never"\n', "utf-8")
    (tmp_path / "feed" / "a.json").write_text(json.dumps(ADVISORY), "utf-8")
    db = str(tmp_path / "a.db")
    assert bomvet(["db", "import", str(tmp_path / "feed"), "--db", db]) == 0
    assert bomvet(["scan", str(work), "--db", db, "--offline", "-f", f"json={work / 'before.json'}"]) == 1
    tools = work / ".bomvet-venv" / "bin"
    (tools / "bomvet").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m bomvet "$@"\n', "utf-8")
    (tools / "python").write_text(f'#!/bin/sh\necho "$@" >> "{tmp_path}/asked"\n', "utf-8")
    for tool in tools.iterdir():
        tool.chmod(0o755)
    names = {name: "" for name in JOB["variables"] if name.startswith("BOM_")}
    own = {"BOM_PATH": ".", "BOM_INSTALL": "bomvet==1", "PATH": f"{tools}:/usr/bin:/bin"}
    plain = {key: value for key, value in os.environ.items() if not key.startswith("BOMVET_")}
    settings = {"BOMVET_DB": db, "BOMVET_OFFLINE": "1"}

    done = subprocess.run(
        ["sh", "-e", "-c", "\n".join(JOB["script"])],
        cwd=work,
        env={**plain, **settings, **names, **own, **variables},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert done.returncode == code, done.stderr
    assert not [*tmp_path.glob("**/pwned")]
    installed = variables.get("BOM_INSTALL", "bomvet==1")
    assert f"-m pip install --quiet {installed}\n" in (tmp_path / "asked").read_text("utf-8")
    if code != 2:
        artifacts = JOB["artifacts"]
        assert [f for f in (*artifacts["paths"], *artifacts["reports"].values()) if not (work / f).is_file()] == []
        assert json_faults(json.loads((work / "gl-sbom-bomvet.cdx.json").read_text("utf-8"))) == []
        assert json.loads((work / "gl-dependency-scanning-report.json").read_text("utf-8"))["version"] == "15.2.1"
