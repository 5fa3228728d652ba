"""The action for GitHub: every input is used and described, none is ever code, and the outputs are right."""

from __future__ import annotations

import base64
import gzip
import http.server
import importlib.util
import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import ryaml

from bomvet.cli.run import run as bomvet
from tests.e2e.conftest import ADVISORY, PYPROJECT, UV_LOCK
from tests.reports.schemas import json_faults, sarif_faults

ROOT = Path(__file__).parents[2]
ACTION = ryaml.loads((ROOT / "action.yml").read_text("utf-8"))  # type: ignore[attr-defined]
SCRIPTS = sorted((ROOT / "action").glob("*.sh"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
#: The row "Action inputs" of what users of other scanners type, and the token of the upload.
INPUTS = (
    "path", "image", "sbom", "policy", "config", "fail-on", "format", "output-file", "vex", "baseline", "upload-sarif",
    "summary", "offline", "db-cache", "version", "token",
)  # fmt: skip


# -- action.yml ------------------------------------------------------------------------------------------------


def test_inputs_and_outputs() -> None:
    """Every one has a description; the names are those that are documented."""
    page = (ROOT / "docs" / "how-to" / "github.md").read_text("utf-8")

    assert (tuple(ACTION["inputs"]), [*ACTION["outputs"]]) == (INPUTS, ["sarif", "sbom", "json", "verdict"])
    assert [name for name in (*INPUTS, *ACTION["outputs"]) if f"| `{name}` |" not in page] == []
    assert [item for item in (*ACTION["inputs"].values(), *ACTION["outputs"].values()) if not item["description"]] == []


def test_every_input_is_used() -> None:
    """In the environment of a step, or in its condition."""
    text = json.dumps(STEPS)

    assert [name for name in INPUTS if f"inputs.{name} " not in text] == []
    variables = {name for step in STEPS for name in step["env"]}
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "action").iterdir() if path.is_file())
    scripts = sources + "".join(step["run"] for step in STEPS)
    assert [name for name in variables if name not in scripts] == []


def test_no_input_is_code() -> None:
    """No expression stands in a script, every script quotes what it expands, and no other action is run."""
    assert [step["run"] for step in STEPS if "${{" in step["run"] or "uses" in step] == []
    assert {step["shell"] for step in STEPS} == {"bash"}
    for script in SCRIPTS:
        text = script.read_text("utf-8")
        assert "eval" not in text
        assert text.startswith("#!/usr/bin/env bash\n")
        assert "\nset -euo pipefail\n" in text


@pytest.mark.parametrize("script", [*SCRIPTS, *(step["run"] for step in STEPS)], ids=str)
def test_scripts_parse(script: Path | str) -> None:
    """Bash reads them."""
    words = [str(script)] if isinstance(script, Path) else ["-c", script]

    assert subprocess.run(["bash", "-n", *words], check=False, capture_output=True).stderr == b""


# -- the scan --------------------------------------------------------------------------------------------------


class Job:
    """A job of a runner in a folder: its environment, its files, and what the scan step made of them."""

    def __init__(self, folder: Path) -> None:
        self.workspace, self.temp = folder / "workspace", folder / "temp"
        self.output, self.summary = folder / "output", folder / "summary"
        for path in (self.workspace, self.temp):
            path.mkdir()
        self.summary.touch()
        (self.workspace / "pyproject.toml").write_text(PYPROJECT, "utf-8")
        (self.workspace / "uv.lock").write_text(UV_LOCK, "utf-8")
        (folder / "feed").mkdir()
        (folder / "feed" / "a.json").write_text(json.dumps(ADVISORY), "utf-8")
        self.db = folder / "advisories.db"
        assert bomvet(["db", "import", str(folder / "feed"), "--db", str(self.db)]) == 0
        self.bin = folder / "bomvet"
        self.bin.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m bomvet "$@"\n', "utf-8")
        self.bin.chmod(0o755)
        self.log = ""

    def scan(self, **inputs: str) -> dict[str, str]:
        """The outputs of the step, which always succeeds."""
        self.output.write_text("", "utf-8")
        plain = {key: value for key, value in os.environ.items() if not key.startswith(("BOMVET_", "GITHUB_", "IN_"))}
        own = {
            "BOMVET_BIN": str(self.bin),
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_OUTPUT": str(self.output),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "SOURCE_DATE_EPOCH": "1700000000",
            "IN_DB_CACHE": str(self.db),
            "IN_OFFLINE": "true",
        }
        done = subprocess.run(
            ["bash", str(ROOT / "action" / "scan.sh")],
            cwd=self.workspace,
            env={**plain, **own, **{f"IN_{name.upper()}": value for name, value in inputs.items()}},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        self.log = done.stdout + done.stderr
        assert done.returncode == 0, self.log
        return dict(line.split("=", 1) for line in self.output.read_text("utf-8").splitlines())


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A job whose workspace holds a project with a vulnerability."""
    return Job(tmp_path)


def test_a_scan(job: Job) -> None:
    """The verdict and its code, the three files, annotations in the log, and the summary."""
    found = job.scan()

    assert (found["verdict"], found["code"]) == ("failed", "1")
    sarif, result, sbom = (json.loads(Path(found[name]).read_text("utf-8")) for name in ("sarif", "json", "sbom"))
    assert (sarif_faults(sarif), len(sarif["runs"][0]["results"])) == ([], 1)
    assert result["assessment"]["verdict"] == "failed"
    assert (json_faults(sbom), "vulnerabilities" in sbom) == ([], False)
    assert "\n::error file=uv.lock,line=24,title=CVE-2026-0001 in tap@1.0::" in job.log
    assert "FAILED" in job.log
    assert job.summary.read_text("utf-8").startswith("## ❌ bomvet: <code>sink&#64;1.0</code> failed\n")
    assert {Path(found[name]).parent.parent for name in ("sarif", "json", "sbom")} == {job.temp}


def test_verdicts(job: Job) -> None:
    """Each has its code; where bomvet did not run there are no files, and the log says so."""
    passed = job.scan(fail_on="never")
    incomplete = job.scan(db_cache=str(job.temp / "none.db"))
    refused = job.scan(fail_on="odd")

    assert [(one["verdict"], one["code"]) for one in (passed, incomplete, refused)] == [
        ("passed", "0"),
        ("incomplete", "3"),
        ("error", "2"),
    ]
    assert [*refused] == ["verdict", "code"]
    assert "::error title=bomvet::there is no result, exit code 2: see the log\n" in job.log


def test_inputs_reach_the_scan(job: Job) -> None:
    """Policy, path, formats with files, baseline and VEX."""
    folder = job.workspace / "a b"
    folder.mkdir()
    for name in ("pyproject.toml", "uv.lock"):
        (folder / name).write_text((job.workspace / name).read_text("utf-8"), "utf-8")
    (job.workspace / "own.toml").write_text('fail-on = "never"\n', "utf-8")
    first = job.scan(path="a b", config="own.toml", format="table junit=j.xml\n csv=c.csv", summary="false")
    baseline = job.scan(baseline=first["json"])
    vex = {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "urn:x",
        "author": "Ada",
        "timestamp": "2026-01-01T00:00:00Z",
        "version": 1,
        "statements": [
            {
                "vulnerability": {"name": "CVE-2026-0001"},
                "products": [{"@id": "pkg:pypi/tap@1.0"}],
                "status": "not_affected",
                "justification": "component_not_present",
            }
        ],
    }
    (job.workspace / "v x.json").write_text(json.dumps(vex), "utf-8")
    answered = job.scan(vex="\n  v x.json \n", output_file="t.txt")

    assert (first["verdict"], baseline["verdict"], answered["verdict"]) == ("passed", "passed", "passed")
    files = [(job.workspace / name).read_text("utf-8") for name in ("j.xml", "c.csv", "t.txt")]
    assert [word in file for word, file in zip(("<testsuites", "fingerprint\n", "PASSED"), files, strict=True)] == [
        True, True, True,
    ]  # fmt: skip
    assert job.summary.read_text("utf-8").count("## ") == 2


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"image": "x"}, "image: this version of bomvet reads no container images"),
        ({"sbom": "x"}, "sbom: this version of bomvet scans no SBOMs, only what they are made of: set path"),
        ({"policy": "a", "config": "b"}, "policy and config name the same file: set one of them"),
        ({"offline": "yes"}, "offline must be true or false"),
        ({"summary": "1"}, "summary must be true or false"),
        ({"format": "json"}, "format: what is not table or github goes to a file: FORMAT=FILE, or output-file"),
        (
            {"format": "table json", "output_file": "t.txt"},
            "format: what is not table or github goes to a file: FORMAT=FILE, or output-file",
        ),
    ],
)
def test_inputs_that_cannot_be(inputs: dict[str, str], message: str, job: Job) -> None:
    """Nothing is scanned, and the log says why."""
    assert job.scan(**inputs) == {"verdict": "error", "code": "2"}
    assert job.log == f"::error title=bomvet::{message}\n"


def test_the_database_is_kept_up_to_date(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is updated where it is absent or old and connections are allowed; where that fails the scan says what it lacks."""
    asked = job.temp / "asked"
    job.bin.write_text(
        f'#!/bin/sh\necho "$1 $2" >> "{asked}"\n'
        'case "$1 $2" in "db status") exit "${STATUS}" ;; "db update") exit 3 ;; esac\n'
        f'exec "{sys.executable}" -m bomvet "$@" --offline\n',
        "utf-8",
    )
    found = []
    for status, offline in (("0", "false"), ("3", "false"), ("3", "true")):
        asked.write_text("", "utf-8")
        monkeypatch.setenv("STATUS", status)
        verdict = job.scan(offline=offline)["verdict"]
        found.append((verdict, [line for line in asked.read_text("utf-8").splitlines() if line.startswith("db")]))

    assert found == [("failed", ["db status"]), ("failed", ["db status", "db update"]), ("failed", [])]


HOSTILE = ("$(touch pwned)", "`touch pwned`", "'; touch pwned; '", '"; touch pwned; "', "x\ny", "-x", "${HOME}", "--db")


@pytest.mark.parametrize("words", HOSTILE)
def test_what_an_input_holds_is_not_run(words: str, job: Job) -> None:
    """It is an argument, and becomes neither a command nor an output of its own."""
    names = ("path", "policy", "fail_on", "format", "output_file", "vex", "baseline", "db_cache")
    for name in names:
        found = job.scan(**{name: words})
        assert {*found} <= {"verdict", "code", "sarif", "json", "sbom"}
        assert found["verdict"] in ("error", "incomplete", "failed")
    assert not [*job.workspace.glob("**/pwned"), *job.temp.glob("**/pwned")]


# -- the installation ------------------------------------------------------------------------------------------


def install(folder: Path, version: str = "") -> subprocess.CompletedProcess[str]:
    """The step with a Python that installs nothing, and says what it was asked for."""
    fake = folder / "bin"
    fake.mkdir()
    python = fake / "python3"
    python.write_text(
        "#!/bin/sh\n"
        'case "$2" in venv) mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; cp "$0" "$3/bin/bomvet"; exit 0 ;; esac\n'
        'case "$1" in -c) exit "${TOO_OLD:-0}" ;; esac\n'
        f'echo "$@" >> "{folder}/asked"\n',
        "utf-8",
    )
    python.chmod(0o755)
    environment = {
        "PATH": f"{fake}:/usr/bin:/bin",
        "RUNNER_TEMP": str(folder),
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_ACTION_PATH": "here it is",
        "IN_VERSION": version,
    }
    script = str(ROOT / "action" / "install.sh")
    return subprocess.run(["bash", script], env=environment, capture_output=True, encoding="utf-8", check=False)


@pytest.mark.parametrize(("version", "what"), [("", "here it is"), ("1.2.3", "bomvet==1.2.3")])
def test_what_is_installed(version: str, what: str, tmp_path: Path) -> None:
    """What lies beside the action, as it was pinned, or the release that was asked for."""
    done = install(tmp_path, version)

    assert done.returncode == 0, done.stderr
    asked = (tmp_path / "asked").read_text("utf-8").splitlines()
    assert asked == [f"-m pip install --quiet --disable-pip-version-check {what}", "--version"]
    assert re.fullmatch(
        r"bin=\S+/venv/bin/bomvet\npython=\S+/venv/bin/python\n", (tmp_path / "output").read_text("utf-8")
    )


@pytest.mark.parametrize("version", ["x", "1.2; rm -rf x", "1 --index-url=x", "-r x", "1.2.3\n"])
def test_no_version(version: str, tmp_path: Path) -> None:
    """What is none is not handed to pip."""
    done = install(tmp_path, version)

    assert (done.returncode, done.stdout) == (2, "::error title=bomvet::version must be a release such as 1.2.3\n")
    assert not (tmp_path / "asked").exists()


# -- the upload ------------------------------------------------------------------------------------------------


def upload_module() -> Any:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("upload_sarif", ROOT / "action" / "upload_sarif.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


UPLOAD = upload_module()
VARIABLES = {
    "GITHUB_TOKEN": "t0ken",
    "GITHUB_REPOSITORY": "acme/shop",
    "GITHUB_SHA": "a" * 40,
    "GITHUB_REF": "refs/pull/7/merge",
}


@pytest.fixture
def sarif(job: Job) -> Path:
    """A file with one open finding and one that is waived."""
    document = json.loads(Path(job.scan()["sarif"]).read_text("utf-8"))
    (result,) = document["runs"][0]["results"]
    document["runs"][0]["results"].append({**result, "suppressions": [{"kind": "external"}]})
    file = job.temp / "both.sarif"
    file.write_text(json.dumps(document), "utf-8")
    return file


def test_what_github_sees(sarif: Path) -> None:
    """No suppressed result, which would be an open alert, and our fingerprint under the only key that it reads."""
    document = json.loads(sarif.read_bytes())
    request = UPLOAD.request(document, VARIABLES)
    body = json.loads(request.data)
    seen = json.loads(gzip.decompress(base64.b64decode(body.pop("sarif"))))

    (result,) = seen["runs"][0]["results"]
    own = document["runs"][0]["results"][0]["partialFingerprints"]["bomvet/v1"]
    assert result["partialFingerprints"] == {"bomvet/v1": own, "primaryLocationLineHash": f"{own}:1"}
    assert sarif_faults(seen) == []
    assert body == {"commit_sha": "a" * 40, "ref": "refs/pull/7/merge", "tool_name": "bomvet"}
    assert (request.full_url, request.get_method()) == (
        "https://api.github.com/repos/acme/shop/code-scanning/sarifs",
        "POST",
    )
    assert UPLOAD.request(document, VARIABLES).data == request.data


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (202, 0, "The findings are on their way to code scanning.\n"),
        (
            403,
            1,
            (
                "::error title=bomvet::code scanning answered 403; the job needs the permission security-events: write, "
                "and the repository code scanning\n"
            ),
        ),
        (500, 1, "::error title=bomvet::code scanning answered 500\n"),
    ],
)
@pytest.mark.enable_socket
def test_the_upload(status: int, code: int, said: str, sarif: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One request, with the token; an answer that is none is told."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            asked.append((self.path, self.headers["Authorization"], json.loads(self.rfile.read(length))["ref"]))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        api = f"http://127.0.0.1:{server.server_port}"
        capsys.readouterr()
        assert UPLOAD.main([str(sarif)], {**VARIABLES, "GITHUB_API_URL": api}) == code

    assert asked == [("/repos/acme/shop/code-scanning/sarifs", "Bearer t0ken", "refs/pull/7/merge")]
    assert capsys.readouterr().out == said


def test_an_upload_that_cannot_be(
    sarif: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is sent without a token, of no file, of another's file, or of one that is too large."""
    foreign = tmp_path / "foreign.sarif"
    foreign.write_text('{"runs": [{"results": [{"partialFingerprints": {}}]}]}', "utf-8")
    capsys.readouterr()
    codes = [
        UPLOAD.main([str(sarif)], {**VARIABLES, "GITHUB_TOKEN": ""}),
        UPLOAD.main([str(tmp_path / "none%\n")], VARIABLES),
        UPLOAD.main([str(foreign)], VARIABLES),
    ]
    monkeypatch.setattr(UPLOAD, "_MAX_BYTES", 10)
    codes.append(UPLOAD.main([str(sarif)], VARIABLES))
    lines = capsys.readouterr().out.splitlines()

    assert codes == [1] * 4
    assert [line.partition("not uploaded: ")[2].partition(":")[0] for line in lines[:3]] == [
        "GITHUB_TOKEN not set",
        "[Errno 2] No such file or directory",
        "'bomvet/v1'",
    ]
    assert re.fullmatch(r".*: the file has \d,?\d* bytes compressed, and GitHub takes 10", lines[3])
