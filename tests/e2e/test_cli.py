"""The command line as its users type it."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bomvet.__main__ import main
from bomvet.cli.list_ import SETTINGS
from bomvet.errors import PolicyFileError
from bomvet.policy.document import Policy, read_policy
from docs.generate import commands
from tests.e2e.conftest import ADVISORY, HARMLESS, Ran

if TYPE_CHECKING:
    from tests.e2e.conftest import Cli

MILD = {**ADVISORY, "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"}]}
UNRATED = {**ADVISORY, "severity": []}
WAIVER = '[[waivers]]\nid = "CVE-2026-0001"\nreason = "no water"\nowner = "ada"\nexpires = {}\n'
TEXTS = [
    "--author", "--config", "--db", "--exclude", "--fail-on", "--format", "--max-age", "--omit", "--output",
    "--source-name", "--source-version", "--spec-version",
]  # fmt: skip


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
        "Risk, from 0 to 100\n"
        "  40 to 87 tap@1.0 severity 29.4, reach 10.3 to 19, exploitation 0 to 25\n"
        "\n"
        "FAILED: 1 finding of severity high or worse\n"
        "Policy: built in, fail-on = high.\n"
        "Next: take the upgrades above or waive a finding in bomvet.toml (id, reason,\n"
        "owner, expires).\n"
    )


def test_a_clean_project_passes(cli: Cli) -> None:
    """Exit code 0 where advisories are known and none affects the project."""
    cli.advise(HARMLESS)
    ran = cli("scan")

    assert ran.code == 0
    assert "\nPASSED\n" in ran.out


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
    cli.advise(HARMLESS, as_of="2026-01-31")
    ran = cli("scan", "-f", "json")

    assert ran.code == 3
    (status,) = [p for p in ran.json["plugins"] if p["id"] == "osv"]
    assert status["status"] == "partial"
    assert "days old, and 7 days is the limit" in status["reason"]


def test_max_age_can_be_raised(cli: Cli) -> None:
    """`--max-age` decides what is stale."""
    cli.advise(HARMLESS, as_of="2026-01-31")

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
    assert "CVE-2026-0001, expired 2026-01-01 (ada, bomvet.toml:1)" in ran.out


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
    cli.advise(HARMLESS)
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
    cli.write("requirements.txt", "".join(f"-r absent{n}.txt\n" for n in range(15)))
    ran = cli("sbom")

    assert "... and 5 more, all listed in the SBOM" in ran.err
    assert sum(p["name"] == "bomvet:unknown" for p in ran.json["metadata"]["properties"]) == 15


def test_what_is_not_locked_is_one_line(cli: Cli) -> None:
    """However many packages a manifest leaves open, and although the document has each."""
    cli.write("requirements.txt", "".join(f"pkg{n}>1\n" for n in range(15)))
    ran = cli("sbom")

    assert ran.err == "not established: requirements.txt: not locked: pkg0>1, pkg1>1, pkg2>1, pkg3>1 and 11 more\n"
    assert sum(p["name"] == "bomvet:unknown" for p in ran.json["metadata"]["properties"]) == 15


def test_installed_packages_that_a_lock_speaks_for(cli: Cli) -> None:
    """That they were passed over is told, and takes nothing from the document."""
    cli.write(
        "package-lock.json", '{"lockfileVersion": 3, "packages": {"": {}, "node_modules/tap": {"version": "1.0.0"}}}'
    )
    cli.write("node_modules/tap/package.json", '{"name": "tap", "version": "1.0.0"}')
    ran = cli("sbom")

    assert (ran.code, ran.err) == (
        0,
        (
            "passed over: node_modules: installed packages, for which package-lock.json speaks (--installed reads them, "
            "--drift compares)\n"
        ),
    )


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


def test_installed_packages_can_be_meant(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies in `node_modules` then counts, and not what the lock beside it says."""
    entry = {"version": "2.0.0", "resolved": "https://npm.packages.example/tap/-/tap-2.0.0.tgz"}
    root = {"name": "sink", "version": "1.0.0", "dependencies": {"tap": "*"}}
    lock = {"lockfileVersion": 3, "packages": {"": root, "node_modules/tap": entry}}
    files = {
        "package.json": root,
        "package-lock.json": {**root, **lock},
        "node_modules/tap/package.json": {"name": "tap", "version": "1.0.0"},
    }
    for path, document in files.items():
        cli.write(f"web/{path}", json.dumps(document))
    ran = cli("sbom", "web", "--installed", "--allow-incomplete")
    monkeypatch.setenv("BOMVET_INSTALLED", "1")
    scanned = cli("scan", "web", "-f", "json")

    assert [c["purl"] for c in cli("sbom", "web").json["components"]] == ["pkg:npm/tap@1.0.0"]
    monkeypatch.delenv("BOMVET_INSTALLED")
    assert [c["purl"] for c in cli("sbom", "web").json["components"]] == ["pkg:npm/tap@2.0.0"]
    assert [c["purl"] for c in ran.json["components"]] == ["pkg:npm/tap@1.0.0"]
    assert [c["purl"] for c in scanned.json["inventory"]["components"]] == ["pkg:npm/tap@1.0.0"]


@pytest.mark.parametrize("version", ["1.4", "1.5", "1.6", "1.7"])
def test_spec_version(cli: Cli, version: str) -> None:
    """Each supported version is written as asked."""
    assert cli("sbom", "--spec-version", version).json["specVersion"] == version


def test_several_outputs(cli: Cli) -> None:
    """Each format may go to a file of its own; stdout then stays empty and stderr tells the verdict."""
    cli.advise(ADVISORY)
    ran = cli("scan", "-f", "json=result.json", "-f", "cyclonedx-json=bom.json", "-f", "cyclonedx-xml=bom.xml")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "sink@1.0: FAILED: 1 finding of severity high or worse\n"
    assert json.loads((cli.folder / "result.json").read_text())["assessment"]["verdict"] == "failed"
    assert len(json.loads((cli.folder / "bom.json").read_text())["vulnerabilities"]) == 1
    assert (cli.folder / "bom.xml").read_text().startswith("<?xml")


def test_open_questions_are_told_where_the_table_is_not_seen(cli: Cli) -> None:
    """Stderr names the project, the verdict and what is not established, ten lines of it at most."""
    cli.write("requirements.txt", "".join(f"-r absent{n}.txt\n" for n in range(15)))
    ran = cli("scan", "-f", "table=result.txt", "--allow-incomplete")
    lines = ran.err.splitlines()

    assert (ran.code, ran.out, len(lines)) == (0, "", 12)
    assert lines[0] == "sink@1.0: PASSED: 16 questions could not be answered, which the policy allows"
    assert lines[1].startswith("  not established: ")
    assert lines[11] == "  ... and 6 more"


def test_a_project_without_a_name_is_called_as_its_folder(cli: Cli, tmp_path: Path) -> None:
    """The verdict on stderr names something in every case."""
    (tmp_path / "empty").mkdir()

    assert cli("scan", "../empty", "-f", "json", "--allow-incomplete").err.startswith("empty: PASSED")


def test_a_dash_is_stdout(cli: Cli) -> None:
    """`-f FORMAT=-` and `-o -` write to stdout, and no file of that name."""
    bare = cli("sbom").out

    assert cli("sbom", "-f", "cyclonedx-json=-").out == bare
    assert cli("sbom", "-o", "-").out == bare
    assert cli("sbom", "-f", "json=bom.json", "-f", "cyclonedx-json=-").out == bare
    assert not (cli.folder / "-").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-f", "json=a", "-f", "table=a"], "a is named twice\nhint: give each format a file of its own"),
        (["-f", "json=a", "-f", "table=./a"], "a is named twice\nhint: give each format a file of its own"),
        (["-f", "json=a", "-f", "table", "-o", "a"], "a is named twice\nhint: give each format a file of its own"),
        (["-f", "json="], "no file after '=' in -f json=\nhint: -f json writes to stdout"),
        (
            ["-f", "json=a", "-o", "b"],
            "-o names a file, but every -f already has one\nhint: drop -o, or the =FILE of one -f",
        ),
        (
            ["-f", "json", "-f", "table=-", "-o", "-"],
            "several formats would go to stdout\nhint: give all but one a file: -f json=result.json",
        ),
        (["-f", "json=no/a"], "no/a cannot be written: No such file or directory\nhint: create the folder first"),
        (["-o", "feed"], "feed cannot be written: Is a directory"),
        (["-f", "json=/dev/full"], "/dev/full cannot be written: No space left on device"),
    ],
)
def test_outputs_that_cannot_be(cli: Cli, arguments: list[str], message: str) -> None:
    """Exit code 2 and what to do instead."""
    cli.advise(ADVISORY)
    ran = cli("scan", *arguments)

    assert (ran.code, ran.out, ran.err) == (2, "", f"bomvet: {message}\n")


@pytest.mark.parametrize("option", TEXTS)
def test_an_empty_option_is_exit_2(cli: Cli, option: str) -> None:
    """What is given must hold something; to say nothing is to leave it out."""
    assert cli("scan", option, "") == Ran(code=2, out="", err=f"bomvet: {option} is empty\n")


def test_an_empty_target_is_exit_2(cli: Cli) -> None:
    """An empty shell variable does not scan something else."""
    assert cli("scan", "") == Ran(code=2, out="", err="bomvet: TARGET is empty\n")


@pytest.mark.parametrize("option", TEXTS)
def test_an_empty_variable_is_none(cli: Cli, monkeypatch: pytest.MonkeyPatch, option: str) -> None:
    """An empty variable of the environment counts as unset."""
    cli.advise(ADVISORY)
    expected = cli("scan", "--db", "../advisories.db")
    monkeypatch.setenv("BOMVET_" + option[2:].replace("-", "_").upper(), "")

    assert cli("scan", "--db", "../advisories.db") == expected


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--fail-on", "hi", "(column 1): 'hi' is no term; did you mean high?"),
        ("--max-age", "soon", "must be a number of days or hours such as '7d' or '36h', not 'soon'"),
        ("--spec-version", "2.0", "must be one of 1.4, 1.5, 1.6, 1.7, not '2.0'"),
        ("--omit", "prod", "knows the scope dev, not 'prod'"),
        ("--author", "Ada ada@sink.example", "must be NAME <EMAIL> or a name, not 'Ada ada@sink.example'"),
        ("--author", "ada@sink.example", "must be NAME <EMAIL> or a name, not 'ada@sink.example'"),
        ("--author", "Ada <ada@sink.example", "must be NAME <EMAIL> or a name, not 'Ada <ada@sink.example'"),
        ("--author", "Ada <ada>", "must be NAME <EMAIL> or a name, not 'Ada <ada>'"),
        ("--author", "a@b <a@b>", "must be NAME <EMAIL> or a name, not 'a@b <a@b>'"),
        ("--author", " ", "must be NAME <EMAIL> or a name, not ' '"),
    ],
)
def test_a_wrong_value_names_where_it_stands(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, option: str, value: str, message: str
) -> None:
    """The option, and the variable where the environment has said it."""
    assert cli("scan", option, value) == Ran(code=2, out="", err=f"bomvet: {option} {message}\n")

    variable = "BOMVET_" + option[2:].replace("-", "_").upper()
    monkeypatch.setenv(variable, value)
    if value.strip():
        assert cli("scan").err == f"bomvet: {variable} ({option}) {message}\n"


def test_an_author_of_the_policy_is_held_to_the_same(cli: Cli) -> None:
    """The message names the file; `--author` takes its place."""
    cli.write("bomvet.toml", 'author = "Ada ada@x"\n')

    assert cli("sbom") == Ran(
        code=2, out="", err="bomvet: author of bomvet.toml must be NAME <EMAIL> or a name, not 'Ada ada@x'\n"
    )
    assert cli("sbom", "--author", "ACME @ Berlin").json["metadata"]["authors"] == [{"name": "ACME @ Berlin"}]


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


@pytest.mark.parametrize("what", ["resolvers", "enrichers", "rules", "formats"])
def test_list(cli: Cli, what: str) -> None:
    """Every kind of plug-in can be listed, one a line."""
    expected = {
        "resolvers": "python/uv-lock", "enrichers": "osv", "rules": "known-vulnerability", "formats": "cyclonedx-json",
    }  # fmt: skip
    ran = cli("list", what)

    assert ran.code == 0
    assert expected[what] in [line.split()[0] for line in ran.out.splitlines()]


def test_list_names_every_setting(cli: Cli) -> None:
    """The keys that the reader of the policy file knows, no more and no less."""
    listed = [line.split()[0] for line in cli("list", "settings").out.splitlines()]

    inner = {
        "db": [f"db.{key}" for key in known("[db]\nx = 1", "db.x")],
        "osv": [f"osv.{key}" for key in known("[osv]\nx = 1", "osv.x")],
        "provenance": [f"provenance.{key}" for key in known("[provenance]\nx = 1", "provenance.x")],
        "exploitation": [f"exploitation.{key}" for key in known("[exploitation]\nx = 1", "exploitation.x")],
        "rules": ["rules", *(f"rules.{key}" for key in known("[[rules]]\nx = 1", "rules[1].x"))],
        "waivers": ["waivers", *(f"waivers.{key}" for key in known("[[waivers]]\nx = 1", "waivers[1].x"))],
        "ignores": [f"ignores.{key}" for key in known("[ignores]\nx = 1", "ignores.x")],
    }
    assert listed == [name for key in known("x = 1", "x") for name in inner.get(key, [key])]


def known(document: str, key: str) -> list[str]:
    """The keys that stand beside the unknown `key` in what the reader says of it."""
    with pytest.raises(PolicyFileError) as caught:
        read_policy(document, "bomvet.toml")
    (found,) = re.findall(rf"unknown setting {re.escape(key)}; known are ([a-z, -]+)", str(caught.value))
    return str(found).split(", ")


def test_list_tells_the_defaults_of_settings() -> None:
    """A file that states every default is the built-in policy."""
    stated = "\n".join(f"{key} = {default}" for key, default, _ in SETTINGS if default)

    assert read_policy(stated, "bomvet.toml") == Policy()


def test_help_names_every_format(cli: Cli) -> None:
    """They are too many for `--format` itself, which names the command that lists them."""
    formats = {line.split()[0] for line in cli("list", "formats").out.splitlines()}

    assert "see bomvet list formats" in " ".join(cli("scan", "--help").out.split())
    assert {"table", "json", "sarif", "junit", "gitlab", "github", "markdown", "csv", "openvex"} <= formats


@pytest.mark.parametrize("name", ["scan", "sbom", "list"])
def test_no_command_is_cut_in_the_help(cli: Cli, name: str) -> None:
    """The first sentence of a command fits into a line of 80 columns."""
    (line,) = [line for line in cli("--help").out.splitlines() if line.split()[:1] == [name]]

    assert line.endswith(".")
    assert not line.endswith("...")


@pytest.mark.parametrize("words", [words for words, command in commands().items() if words])
def test_every_option_has_its_variable(words: tuple[str, ...]) -> None:
    """`BOMVET_<OPTION>` for every one but the help."""
    options = [max(option.opts, key=len) for option in commands()[words].params]
    variables = [option.envvar for option in commands()[words].params]
    wanted = ["BOMVET_" + name[2:].replace("-", "_").upper() if name.startswith("--") else None for name in options]

    assert variables == wanted


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

    assert cli("sbom") == Ran(code=130, out="", err="bomvet: interrupted\n")


def test_an_interrupt_beside_a_command_is_exit_130(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor where it comes while modules are loaded."""

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("bomvet.cli.app.application", interrupt)
    assert cli("sbom") == Ran(code=130, out="", err="bomvet: interrupted\n")
    monkeypatch.setattr("bomvet.cli.run.run", interrupt)
    monkeypatch.setattr(sys, "argv", ["bomvet", "sbom"])
    assert main() == 130
    monkeypatch.setattr(sys, "stderr", None)
    assert main() == 130

    assert cli.told() == ("", "bomvet: interrupted\n")


def terminate(*_: object, **__: object) -> None:
    """What `kill` does to this process."""
    os.kill(os.getpid(), signal.SIGTERM)


def test_sigterm_is_exit_143(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is open is closed on the way, and the handler is gone afterwards."""
    closed = []

    def work(*_: object, **__: object) -> None:
        try:
            terminate()
        finally:
            closed.append("temporary file")

    monkeypatch.setattr("bomvet.api.sbom", work)
    assert cli("sbom") == Ran(code=143, out="", err="")

    assert closed == ["temporary file"]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_handler_of_the_surrounding_program_stays(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who runs a command line within a program keeps its own answer to SIGTERM."""
    caught: list[int] = []

    def load_policy(*_: object, **__: object) -> Policy:
        terminate()
        return Policy()

    before = signal.signal(signal.SIGTERM, lambda number, _: caught.append(number))
    try:
        monkeypatch.setattr("bomvet.policies.load_policy", load_policy)

        assert cli("sbom").code == 0
        assert caught == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_command_may_run_in_another_thread(cli: Cli) -> None:
    """Python allows signal handlers in the main thread alone."""
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(cli("sbom").code))
    thread.start()
    thread.join()

    assert codes == [0]


def test_the_end_of_a_file_is_a_defect(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Typer takes an `EOFError` for an interrupt, which it is not."""

    def fail(*_: object, **__: object) -> None:
        raise EOFError("cut off")

    monkeypatch.setattr("bomvet.api.sbom", fail)
    ran = cli("sbom")

    assert ran.code == 70
    assert "bomvet: internal error: EOFError: cut off\n" in ran.err


def test_a_closed_pipe_is_no_error(cli: Cli) -> None:
    """`bomvet sbom | head -c 0` ends quietly."""
    command = f"{sys.executable} -m bomvet sbom | head -c 0"
    done = subprocess.run(["bash", "-c", command], cwd=cli.folder, capture_output=True, check=False)

    assert (done.returncode, done.stderr) == (0, b"")


def test_files_are_written_before_the_reader_of_stdout_leaves(cli: Cli) -> None:
    """`bomvet scan -f table -f json=FILE | head` leaves the whole file."""
    command = f"{sys.executable} -m bomvet scan -f table -f json=result.json | head -c 0"
    subprocess.run(["bash", "-c", command], cwd=cli.folder, capture_output=True, check=False)

    assert json.loads((cli.folder / "result.json").read_text())["assessment"]["verdict"] == "incomplete"


@pytest.mark.parametrize(
    ("redirection", "unbuffered", "message"),
    [
        (">/dev/full", "", "bomvet: stdout cannot be written: No space left on device\n"),
        (">/dev/full", "1", "bomvet: stdout cannot be written: No space left on device\n"),
        (">&-", "1", "bomvet: stdout is closed\n"),
        ("1</dev/null", "", "bomvet: stdout is closed\n"),
        (">/dev/full 2>&1", "", ""),
    ],
)
@pytest.mark.parametrize("arguments", ["scan", "explain tap", "--version", "--help"])
def test_stdout_that_takes_nothing_is_exit_2(
    cli: Cli, arguments: str, redirection: str, unbuffered: str, message: str
) -> None:
    """No verdict where nobody can have read the result, and no defect."""
    command = f"{sys.executable} -m bomvet {arguments} {redirection}"
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    done = subprocess.run(
        ["bash", "-c", command], cwd=cli.folder, env=environment, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (2, "", message)


def test_a_closed_stdout_is_no_error_where_nothing_goes_there(cli: Cli) -> None:
    """The result stands in a file."""
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m bomvet sbom -o bom.json >&- 2>&-"], cwd=cli.folder, check=False
    )

    assert done.returncode == 0
    assert json.loads((cli.folder / "bom.json").read_text())["bomFormat"] == "CycloneDX"


@pytest.mark.parametrize(
    ("argument", "shown"),
    [("n\u00f6".encode(), "n\u00f6"), (b"n\xff", "n\\xff"), ("n\u20ac\u009bm".encode(), "n\u20ac\ufffdm")],
)
@pytest.mark.parametrize(
    ("before", "message"),
    [
        (["scan"], "bomvet: no such file or folder: '{}'\nhint: name a project folder, or `.` for this one\n"),
        (["scan", "-o"], "bomvet: {}/x cannot be written: No such file or directory\nhint: create the folder first\n"),
        (
            ["scan", "--config"],
            "bomvet: the policy file {} cannot be read: No such file or directory\n",
        ),
        (
            [],
            "Usage: bomvet [OPTIONS] COMMAND [ARGS]...\nTry 'bomvet --help' for help.\n\nError: No such command '{}'.\n",
        ),
    ],
)
def test_arguments_are_shown_as_they_were_typed(
    cli: Cli, before: list[str], message: str, argument: bytes, shown: str
) -> None:
    """In a locale that knows ASCII alone too; bytes that are no text are escaped."""
    path = argument + b"/x" if before[-1:] == ["-o"] else argument
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "bomvet", *before, path],
        cwd=cli.folder, env=environment, capture_output=True, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stderr.decode()) == (2, message.format(shown))


def test_the_demo_behaves_as_documented() -> None:
    """`sample_projects/demo.py` ends with exit code 0 and its last sentence."""
    root = Path(__file__).parents[2]
    demo = root / "sample_projects" / "demo.py"
    done = subprocess.run([sys.executable, str(demo)], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr.count("Traceback")) == (0, 0)
    assert done.stdout.endswith("Demo passed: bomvet behaved as documented.\n")


def test_the_entry_point_answers_or_hands_over(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """`main` reads the arguments of the process: the version at once, everything else by the application."""
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


def test_a_reader_that_leaves_does_not_change_the_verdict(cli: Cli) -> None:
    """`bomvet scan | head -c 0` on a refused project is still refused, under `pipefail` too."""
    cli.advise(ADVISORY)
    command = f"set -o pipefail; {sys.executable} -m bomvet scan | head -c 0"
    done = subprocess.run(["bash", "-c", command], cwd=cli.folder, capture_output=True, check=False)

    assert (done.returncode, done.stderr) == (1, b"")


def test_an_output_that_is_a_link_is_refused(cli: Cli) -> None:
    """A scanned project must not have another file of the machine overwritten."""
    victim = cli.write("../victim.txt", "precious")
    (cli.folder / "out.json").symlink_to(victim)
    ran = cli("sbom", "-o", "out.json")

    assert (ran.code, victim.read_text()) == (2, "precious")
    assert "out.json is a symbolic link, which is not followed" in ran.err
    assert cli("sbom", "-o", "/dev/null").code == 0


def test_modules_of_the_scanned_project_are_not_run(cli: Cli) -> None:
    """`python -m bomvet` in a folder with a `typer.py` takes its own."""
    cli.write("typer.py", "raise SystemExit('run')")
    done = subprocess.run(
        [sys.executable, "-m", "bomvet", "sbom"], cwd=cli.folder, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
