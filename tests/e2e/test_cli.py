"""The command line as its users type it."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.conftest import ADVISORY

if TYPE_CHECKING:
    from tests.e2e.conftest import Cli

MILD = {**ADVISORY, "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"}]}
UNRATED = {**ADVISORY, "severity": []}
WAIVER = '[[waivers]]\nid = "CVE-2026-0001"\nreason = "no water"\nowner = "ada"\nexpires = {}\n'


def test_version_is_answered_by_the_installed_program() -> None:
    """`python -m bomvet --version` prints name and version and exits 0."""
    done = subprocess.run([sys.executable, "-m", "bomvet", "--version"], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, "bomvet 0.1.0\n", "")


def test_version_is_answered_within_the_application(cli: Cli) -> None:
    """The option also works where the fast answer is not taken."""
    assert cli("--version", "scan").out == "bomvet 0.1.0\n"


def test_a_vulnerable_project_fails(cli: Cli) -> None:
    """Exit code 1, and the table tells what, where, why and what to do."""
    cli.advise(ADVISORY)
    ran = cli("scan")

    assert ran.code == 1
    assert ran.out == (
        f"sink@1.0 · 2 components · 1 advisory as of {dt.datetime.now(dt.UTC).date()}\n"
        "\n"
        "tap@1.0\n"
        "  ✗ CRITICAL CVE-2026-0001    Leaky tap\n"
        "    where uv.lock:24\n"
        "    why   sink@1.0 > pipe@2.0 > tap@1.0\n"
        "    do    Upgrade tap to 1.1.\n"
        "\n"
        "FAILED: 1 finding of severity high or worse\n"
        "Next: take the upgrades above, or waive a finding in bomvet.toml (id, reason,\n"
        "owner, expires).\n"
    )


def test_a_clean_project_passes(cli: Cli) -> None:
    """Exit code 0 where advisories are known and none affects the project."""
    cli.advise({**ADVISORY, "affected": []})
    ran = cli("scan")

    assert ran.code == 0
    assert ran.out.endswith("PASSED\n")


def test_no_database_is_incomplete(cli: Cli) -> None:
    """Offline without advisory data is exit 3 with what to do, not a pass."""
    ran = cli("scan", "--offline")

    assert ran.code == 3
    assert "osv: there is no advisory database: `bomvet db import PATH` makes one" in ran.out.replace("\n    ", " ")
    assert "INCOMPLETE: 1 question could not be answered" in ran.out


def test_no_database_can_be_allowed(cli: Cli) -> None:
    """`--allow-incomplete` turns exit 3 into 0, and the open question is still told."""
    ran = cli("scan", "--allow-incomplete")

    assert ran.code == 0
    assert "PASSED: 1 question could not be answered, which the policy allows" in ran.out


def test_stale_data_is_incomplete(cli: Cli) -> None:
    """Data older than the limit is exit 3, and the output says how old it is."""
    cli.advise({**ADVISORY, "affected": []}, as_of="2026-01-31")
    ran = cli("scan", "-f", "json")

    assert ran.code == 3
    (status,) = [p for p in ran.json["plugins"] if p["id"] == "osv"]
    assert status["status"] == "partial"
    assert "days old, and 7 days is the limit" in status["reason"]


def test_max_age_can_be_raised(cli: Cli) -> None:
    """`--max-age` decides what is stale."""
    cli.advise({**ADVISORY, "affected": []}, as_of="2026-01-31")

    assert cli("scan", "--max-age", "99999d").code == 0


def test_a_failure_beats_incompleteness(cli: Cli) -> None:
    """With stale data and a finding the answer is the finding's."""
    cli.advise(ADVISORY, as_of="2026-01-31")

    assert cli("scan").code == 1


def test_a_damaged_database_is_incomplete(cli: Cli, tmp_path: Path) -> None:
    """A file that is no database is told as such, with exit 3."""
    (tmp_path / "advisories.db").write_bytes(b"not a database at all" * 100)

    assert cli("scan").code == 3


@pytest.mark.parametrize(
    ("documents", "arguments", "code"),
    [
        ([MILD], [], 0),
        ([MILD], ["--fail-on", "low"], 1),
        ([ADVISORY], ["--fail-on", "never"], 0),
        ([ADVISORY], ["--exit-zero"], 0),
        ([UNRATED], [], 1),
        ([UNRATED], ["--fail-on", "never"], 0),
    ],
)
def test_threshold(cli: Cli, documents: list[dict[str, Any]], arguments: list[str], code: int) -> None:
    """The least severity that fails is the user's; unknown severity fails unless nothing does."""
    cli.advise(*documents)

    assert cli("scan", *arguments).code == code


def test_settings_come_from_flag_environment_and_file_in_that_order(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flag goes before the environment, the environment before the file."""
    cli.advise(ADVISORY)
    cli.write("bomvet.toml", 'fail-on = "never"\n')
    assert cli("scan").code == 0
    monkeypatch.setenv("BOMVET_FAIL_ON", "low")
    assert cli("scan").code == 1

    assert cli("scan", "--fail-on", "never").code == 0


def test_a_waiver_covers_by_alias(cli: Cli) -> None:
    """A waiver that names the CVE covers the GHSA record, and is shown."""
    cli.advise(ADVISORY)
    cli.write("bomvet.toml", WAIVER.format("2099-01-01"))
    ran = cli("scan")

    assert ran.code == 0
    assert "CVE-2026-0001 in tap@1.0 until 2099-01-01 (ada): no water" in ran.out


def test_an_expired_waiver_brings_its_finding_back(cli: Cli) -> None:
    """From the day after, the finding counts again and the waiver is named."""
    cli.advise(ADVISORY)
    cli.write("bomvet.toml", WAIVER.format("2026-01-01"))
    ran = cli("scan")

    assert ran.code == 1
    assert "CVE-2026-0001, expired 2026-01-01 (ada, line 1 of the policy)" in ran.out


def test_errors_of_the_policy_are_told_all_at_once(cli: Cli) -> None:
    """Exit code 2, every error with its line, and no scan."""
    cli.write("bomvet.toml", 'fail-on = "hi"\nfoo = 1\n[[waivers]]\nid = "X"\n')
    ran = cli("scan")

    assert (ran.code, ran.out) == (2, "")
    assert [line.partition(": ")[0].strip() for line in ran.err.splitlines()[1:4]] == ["line 1", "line 2", "line 3"]


def test_a_policy_may_stand_elsewhere(cli: Cli, tmp_path: Path) -> None:
    """`--config` takes the place of the target's own file."""
    cli.advise(ADVISORY)
    cli.write("bomvet.toml", 'fail-on = "never"\n')
    central = tmp_path / "central.toml"
    central.write_text('fail-on = "high"\n')

    assert cli("scan", "--config", str(central)).code == 1
    assert cli("scan", "--config", str(tmp_path / "absent.toml")).code == 2


def test_an_unreadable_lock_is_incomplete(cli: Cli) -> None:
    """A lock that is not TOML is exit 3 with path and line, not an empty result."""
    cli.advise(ADVISORY)
    cli.write("uv.lock", "version = 1\n[[package]\n")
    ran = cli("scan")

    assert ran.code == 3
    assert "uv.lock:2: not TOML" in ran.out


def test_a_lock_of_another_kind_is_incomplete(cli: Cli) -> None:
    """A format that is not read is never passed over."""
    cli.advise({**ADVISORY, "affected": []})
    cli.write("web/package-lock.json", "{}")

    assert cli("scan").code == 3
    assert cli("scan", "--exclude", "web").code == 0


def test_an_empty_project_passes_with_a_note(cli: Cli, tmp_path: Path) -> None:
    """Nothing to check is exit 0 and said; `--require-components` makes it 1."""
    cli.advise(ADVISORY)
    empty = tmp_path / "empty"
    empty.mkdir()
    ran = cli("scan", str(empty))

    assert ran.code == 0
    assert "Nothing was found to check" in ran.out
    assert cli("scan", str(empty), "--require-components").code == 1


def test_sbom_goes_to_stdout(cli: Cli) -> None:
    """CycloneDX JSON by default, without vulnerabilities."""
    ran = cli("sbom")

    assert (ran.code, ran.err) == (0, "")
    assert [c["purl"] for c in ran.json["components"]] == ["pkg:pypi/pipe@2.0", "pkg:pypi/tap@1.0"]
    assert ran.json["metadata"]["component"]["purl"] == "pkg:generic/sink@1.0"
    assert "vulnerabilities" not in ran.json


def test_sbom_is_the_same_from_anywhere(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes do not depend on the working directory or on how the target is named."""
    first = cli("sbom").out
    monkeypatch.chdir(tmp_path)

    assert cli("sbom", str(cli.folder)).out == first
    assert cli("sbom", "dir:sink/").out == first


def test_sbom_says_what_is_unknown(cli: Cli) -> None:
    """An unpinned requirement is exit 3, told on stderr and in the document, which is written all the same."""
    cli.write("docs/requirements.txt", "mkdocs>=1\n")
    ran = cli("sbom")

    assert ran.code == 3
    assert "docs/requirements.txt:1" in ran.err
    assert {"aggregate": "incomplete", "assemblies": ["pkg:generic/sink@1.0"]} in ran.json["compositions"]
    assert cli("sbom", "--allow-incomplete").code == 0


def test_many_unknowns_are_counted(cli: Cli) -> None:
    """Stderr stays short; the document has them all."""
    cli.write("requirements.txt", "".join(f"pkg{n}>1\n" for n in range(15)))
    ran = cli("sbom")

    assert "... and 5 more, all listed in the SBOM" in ran.err
    assert sum(p["name"] == "bomvet:unknown" for p in ran.json["metadata"]["properties"]) == 15


def test_root_may_be_named(cli: Cli) -> None:
    """Name, version and author of the SBOM may be stated."""
    ran = cli("sbom", "--source-name", "kitchen", "--source-version", "7", "--author", "Bob <bob@sink.example>")

    root = ran.json["metadata"]["component"]
    assert (root["name"], root["version"], root["purl"]) == ("kitchen", "7", "pkg:generic/kitchen@7")
    assert ran.json["metadata"]["authors"] == [{"name": "Bob", "email": "bob@sink.example"}]
    assert ran.json["dependencies"][0] == {"ref": "pkg:generic/kitchen@7", "dependsOn": ["pkg:pypi/pipe@2.0"]}


def test_development_can_be_left_out(cli: Cli) -> None:
    """`--omit dev` drops what only development needs."""
    cli.write("uv.lock", (cli.folder / "uv.lock").read_text().replace(
        'source = { virtual = "." }\ndependencies', 'source = { virtual = "." }\n[package.dev-dependencies]\ndev'
    ))  # fmt: skip
    assert len(cli("sbom").json["components"]) == 2

    assert cli("sbom", "--omit", "dev").json["components"] == []
    assert cli("sbom", "--omit", "prod").code == 2


@pytest.mark.parametrize("version", ["1.4", "1.5", "1.6", "1.7"])
def test_spec_version(cli: Cli, version: str) -> None:
    """Each supported version is written as asked."""
    assert cli("sbom", "--spec-version", version).json["specVersion"] == version


def test_several_outputs(cli: Cli) -> None:
    """Each format may go to a file of its own; stdout then stays empty and stderr tells the verdict."""
    cli.advise(ADVISORY)
    ran = cli("scan", "-f", "json=result.json", "-f", "cyclonedx-json=bom.json", "-f", "cyclonedx-xml=bom.xml")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "FAILED: 1 finding of severity high or worse\n"
    assert json.loads((cli.folder / "result.json").read_text())["assessment"]["verdict"] == "failed"
    assert len(json.loads((cli.folder / "bom.json").read_text())["vulnerabilities"]) == 1
    assert (cli.folder / "bom.xml").read_text().startswith("<?xml")


@pytest.mark.parametrize(
    "arguments",
    [
        ["scan", "nowhere"],
        ["scan", "docker:image"],
        ["scan", "-f", "spreadsheet"],
        ["scan", "-f", "json", "-f", "table"],
        ["scan", "-f", "json=a", "-o", "b"],
        ["scan", "--fail-on", "hi"],
        ["scan", "--max-age", "soon"],
        ["sbom", "--spec-version", "2.0"],
        ["sbom", "-o", "no/such/folder/bom.json"],
        ["sbom", "--no-such-option"],
        ["nonsense"],
        ["list", "nonsense"],
        ["db", "import", "nowhere"],
        ["db", "import", ".", "--as-of", "yesterday"],
        ["db", "import", ".", "--as-of", "2999-01-01"],
        ["db", "import", "pyproject.toml"],
    ],
)
def test_wrong_use_is_exit_2(cli: Cli, arguments: list[str]) -> None:
    """Exit code 2 with a message on stderr, nothing on stdout, no traceback."""
    ran = cli(*arguments)

    assert (ran.code, ran.out) == (2, "")
    assert ran.err
    assert "Traceback" not in ran.err


def test_wrong_epoch_is_exit_2(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """A SOURCE_DATE_EPOCH that is no number is an error, not ignored."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "today")

    assert cli("sbom").code == 2


def test_database_status(cli: Cli) -> None:
    """Records, age, source and digest, per ecosystem."""
    cli.advise(ADVISORY, as_of="2026-01-31T12:00:00+02:00")
    ran = cli("db", "status")

    assert ran.code == 0
    assert "records    1\nobtained   2026-01-31T10:00:00Z (" in ran.out
    assert "source     feed\ndigest     sha256:" in ran.out
    assert ran.out.endswith("PyPI                          1          0\n")


def test_database_status_without_one(cli: Cli) -> None:
    """No database is exit 3 with a hint."""
    ran = cli("db", "status")

    assert (ran.code, ran.out) == (3, "")
    assert "hint: make one: bomvet db import PATH" in ran.err


def test_import_tells_what_it_tolerated(cli: Cli) -> None:
    """A record that breaks the schema is counted and named; one that is none is counted too."""
    cli.write("feed/x.json", "[]")
    cli.write("feed/y.json", json.dumps({**ADVISORY, "aliases": None}))
    ran = cli("db", "import", "feed")

    assert ran.code == 0
    assert "note: x.json: no JSON object" in ran.err
    assert "tolerated  1 records" in ran.out
    assert "unreadable 1 files" in ran.out


@pytest.mark.parametrize("what", ["resolvers", "enrichers", "rules", "formats"])
def test_list(cli: Cli, what: str) -> None:
    """Every kind of plug-in can be listed, one a line."""
    expected = {
        "resolvers": "python/uv-lock", "enrichers": "osv", "rules": "known-vulnerability", "formats": "cyclonedx-json",
    }  # fmt: skip
    ran = cli("list", what)

    assert ran.code == 0
    assert expected[what] in [line.split()[0] for line in ran.out.splitlines()]


@pytest.mark.parametrize("name", ["tap", "Tap", "tap@1.0", "pkg:pypi/tap", "pkg:pypi/tap@1.0"])
def test_explain(cli: Cli, name: str) -> None:
    """A component is explained by purl or name: file and line, paths, why it matched."""
    cli.advise(ADVISORY)
    ran = cli("explain", name)

    assert ran.code == 0
    assert ran.out.splitlines()[:3] == ["pkg:pypi/tap@1.0", "  scope   required", "  stated  uv.lock:24"]
    assert "    sink@1.0 > pipe@2.0 > tap@1.0" in ran.out
    assert "matched GHSA-aaaa-bbbb-cccc: in range [0, 1.1)" in ran.out


def test_explain_what_is_not_there(cli: Cli) -> None:
    """An absent component is exit 1 and a sentence."""
    ran = cli("explain", "kettle")

    assert (ran.code, ran.out) == (1, "")
    assert "has no component 'kettle'" in ran.err


def test_explain_without_a_database(cli: Cli) -> None:
    """Without advisory data, that much is said."""
    ran = cli("explain", "tap")

    assert "advisories  not established: no advisory data" in ran.out


def test_explain_a_component_that_no_advisory_affects(cli: Cli) -> None:
    """A clean answer is told as one."""
    cli.advise(ADVISORY)

    assert "advisories  none affects this version" in cli("explain", "pipe").out


def test_names_cannot_steer_the_log(cli: Cli) -> None:
    """Control characters and workflow commands in scanned files do not reach the output."""
    cli.write("requirements.txt", "x\x1b[31m>1\n::set-output name=a::b\n")
    ran = cli("sbom", "-f", "table")

    assert "\x1b" not in ran.out + ran.err
    assert "::" not in ran.out + ran.err


def test_internal_errors_are_exit_70(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect is one line with where the details are; they are shown on demand."""
    monkeypatch.setattr("bomvet.api.sbom", lambda *_, **__: 1 / 0)
    ran = cli("sbom")

    assert ran.code == 70
    assert ran.err.splitlines()[0] == "bomvet: internal error: ZeroDivisionError: division by zero"
    assert "Traceback" not in ran.err
    monkeypatch.setenv("BOMVET_DEBUG", "1")
    assert "Traceback" in cli("sbom").err


def test_an_interrupt_is_exit_130(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends without a traceback."""

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("bomvet.api.sbom", interrupt)

    assert cli("sbom").code == 130


def test_a_closed_pipe_is_no_error(cli: Cli) -> None:
    """`bomvet sbom | head -c 0` ends quietly."""
    command = f"{sys.executable} -m bomvet sbom | head -c 0"
    done = subprocess.run(["bash", "-c", command], cwd=cli.folder, capture_output=True, check=False)

    assert done.stderr == b""


def test_the_demo_behaves_as_documented() -> None:
    """`sample_projects/demo.py` ends with exit code 0 and its last sentence."""
    root = Path(__file__).parents[2]
    demo = root / "sample_projects" / "demo.py"
    done = subprocess.run([sys.executable, str(demo)], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr.count("Traceback")) == (0, 0)
    assert done.stdout.endswith("Demo passed: bomvet behaved as documented.\n")


def test_the_entry_point_answers_or_hands_over(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """`main` reads the arguments of the process: the version at once, everything else by the application."""
    from bomvet.__main__ import main  # noqa: PLC0415 - the module that `python -m` runs

    monkeypatch.setattr(sys, "argv", ["bomvet", "-V"])
    assert main() == 0
    monkeypatch.setattr(sys, "argv", ["bomvet", "sbom", "-o", "bom.json"])
    assert main() == 0
    assert (cli.folder / "bom.json").exists()


def test_no_command_shows_the_help(cli: Cli) -> None:
    """`bomvet` alone tells what there is."""
    ran = cli()

    assert "Usage: bomvet [OPTIONS] COMMAND [ARGS]..." in ran.out + ran.err
    assert "Traceback" not in ran.err
