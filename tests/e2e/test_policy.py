"""`bomvet policy`, and scans under policies that say more than a severity."""

from __future__ import annotations

import datetime as dt
import os

import pytest

from bomvet.cli.policy import TEMPLATE
from tests.e2e.conftest import ADVISORY, Cli

# -- init ------------------------------------------------------------------------------------------------------


def test_init(cli: Cli) -> None:
    """It writes a policy that is valid, whose tests pass, and that a scan goes by."""
    assert (cli("policy", "init").err, (cli.folder / "bomvet.toml").read_text("utf-8")) == (
        "bomvet.toml written; next: bomvet policy check\n",
        TEMPLATE,
    )
    assert cli("policy", "check").code == 0
    assert cli("policy", "test").out == (
        "ok      a critical flaw fails: fail\nok      a high flaw without a fix is told only: warn\n2 tests, 0 failed\n"
    )
    cli.advise(ADVISORY)
    assert cli("scan").code == 1


def test_init_leaves_a_file_alone(cli: Cli) -> None:
    """What is there is somebody's work."""
    cli.write("x.toml", "mine")
    ran = cli("policy", "init", "x.toml")

    assert (ran.code, ran.err) == (
        2,
        "bomvet: x.toml is there already\nhint: `bomvet policy check` says what it means\n",
    )
    assert (cli.folder / "x.toml").read_text("utf-8") == "mine"


def test_init_to_stdout(cli: Cli) -> None:
    """To look at, or to write elsewhere."""
    assert (cli("policy", "init", "--stdout").out, (cli.folder / "bomvet.toml").exists()) == (TEMPLATE, False)


def test_init_where_nothing_can_be_written(cli: Cli) -> None:
    """The reason is told."""
    ran = cli("policy", "init", "no/such/folder.toml")

    assert (ran.code, ran.err) == (2, "bomvet: no/such/folder.toml cannot be written: No such file or directory\n")


# -- check -----------------------------------------------------------------------------------------------------


def test_check(cli: Cli) -> None:
    """What the policy means, what ends soon, and what was not taken over."""
    soon = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=10)
    cli.write(
        "bomvet.toml",
        f'fail-on = "kev"\nignore-files = [".trivyignore"]\n[ignores]\nowner = "me"\nreason = "r"\nexpires = {soon}\n',
    )
    cli.write(".trivyignore", "CVE-1\nDS002\n")
    ran = cli("policy", "check")

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "bomvet.toml is a valid policy.",
        "",
        "A finding fails where any of these is true; all others are told only:",
        "  kev",
        "The advisory data must hold the KEV catalogue, else exit code 3: `bomvet db update` fetches them",
        "Waivers: 1",
        f"  expires on {soon}, in 10 days: CVE-1 (me, .trivyignore:1)",
        "Note: .trivyignore:2: DS002 is no advisory; not taken over",
        "Tests: 0",
    ]


@pytest.mark.parametrize("place", [".", "bomvet.toml", "sub", "sub/bomvet.toml"])
def test_check_of_a_file_or_a_folder(cli: Cli, place: str) -> None:
    """Either is the place of a policy."""
    for folder in ("", "sub/"):
        cli.write(f"{folder}bomvet.toml", 'fail-on = "low"\n')

    assert cli("policy", "check", place).out.startswith("bomvet.toml is a valid policy.\n")


def test_check_tells_all_errors_at_once(cli: Cli) -> None:
    """Those of the settings, of the tests in the file, and of the file of tests beside it."""
    cli.write("bomvet.toml", 'fail-on = "kef"\ndisable = ["weak-integrty"]\n[[tests]]\nname = "a"\n')
    cli.write("bomvet.tests.toml", 'fail-on = "low"\n')
    ran = cli("policy", "check")

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines() == [
        "bomvet: bomvet.toml: 4 errors",
        "  line 1: fail-on (column 1): 'kef' is no term; did you mean kev?",
        "  line 2: disable: there is no rule weak-integrty; did you mean weak-integrity?",
        "  line 3: a test needs name and expect; expect is missing",
        "  bomvet.tests.toml: line 1: unknown setting fail-on; known are tests",
        "hint: `bomvet list settings` shows every setting",
    ]


def test_check_of_what_is_no_toml(cli: Cli) -> None:
    """It is told once."""
    cli.write("bomvet.toml", "[")

    assert cli("policy", "check").err.splitlines()[0] == "bomvet: bomvet.toml: 1 error"


@pytest.mark.parametrize("command", ["check", "test"])
def test_no_policy(cli: Cli, command: str) -> None:
    """There is nothing to look at, which is no success."""
    ran = cli("policy", command)

    assert (ran.code, ran.err.splitlines()) == (
        2,
        [
            "bomvet: . has no policy: bomvet.toml, or [tool.bomvet] in pyproject.toml",
            "hint: `bomvet policy init` writes one",
        ],
    )


def test_check_of_a_file_that_is_not_there(cli: Cli) -> None:
    """It is told by its name."""
    ran = cli("policy", "check", "x.toml")

    assert (ran.code, ran.err) == (
        2,
        "bomvet: the policy file x.toml cannot be read: No such file or directory\n",
    )


# -- test ------------------------------------------------------------------------------------------------------


def test_test(cli: Cli) -> None:
    """Each test with its result, those beside the policy after its own; exit code 1 where one is wrong."""
    cli.write("bomvet.toml", '[[tests]]\nname = "one"\nexpect = "pass"\n')
    cli.write("bomvet.tests.toml", '[[tests]]\nname = "two"\nexpect = "fail"\nadvisory = { severity = "low" }\n')
    ran = cli("policy", "test")

    assert (ran.code, ran.out.splitlines()) == (
        1,
        [
            "ok      one: pass",
            "FAILED  two: expected fail, was warn: 1 finding below the threshold (fail-on = high)",
            "2 tests, 1 failed",
        ],
    )


def test_test_of_pyproject(cli: Cli) -> None:
    """The tests stand where the policy does; ranges of versions go by the ecosystem's order."""
    cli.write(
        "pyproject.toml",
        '[[tool.bomvet.waivers]]\nid = "X-1"\nreason = "r"\nowner = "o"\nexpires = 2999-01-01\npurl = "pkg:pypi/a"\n'
        'versions = "<1.10"\n[[tool.bomvet.tests]]\nname = "one"\nexpect = "waived"\n'
        'component = { name = "a", version = "1.9" }\nadvisory = { id = "X-1", severity = "high" }\n',
    )

    assert (cli("policy", "test").out, cli("policy", "test", "pyproject.toml").code) == (
        "ok      one: waived\n1 test, 0 failed\n",
        0,
    )


def test_a_policy_without_tests(cli: Cli) -> None:
    """Nothing was tested, which is no success."""
    cli.write("bomvet.toml", "")
    ran = cli("policy", "test")

    assert (ran.code, ran.err) == (
        2,
        "bomvet: the policy has no tests\nhint: each is a table [[tests]]: `bomvet policy init --stdout`\n",
    )


# -- import ----------------------------------------------------------------------------------------------------


def test_import(cli: Cli) -> None:
    """Waivers to paste, which say the same as the list, and what no waiver can say in comments."""
    cli.write("bomvet.toml", '[ignores]\nowner = "me"\nexpires = 2999-01-01\n')
    cli.write("old/.trivyignore", "# wanted\nCVE-2026-0001\nDS002\n")
    ran = cli("policy", "import", "old/.trivyignore")

    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        "# .trivyignore:3: DS002 is no advisory; not taken over\n\n# .trivyignore:2\n"
        '[[waivers]]\nid = "CVE-2026-0001"\nreason = "wanted"\nowner = "me"\nexpires = 2999-01-01\n'
    )
    cli.write("bomvet.toml", ran.out)
    cli.advise(ADVISORY)
    assert cli("scan").code == 0


# -- scans -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("critical", 1, "1 finding of severity critical or worse"),
        ("high and not direct", 1, "1 finding refused by fail-on = high and not direct"),
        ("fixable and runtime", 1, "1 finding refused by fail-on = fixable and runtime"),
        ("cvss>=9.8, never", 2, "says never and something else"),
        ("dev, direct", 0, "1 finding below the threshold (fail-on = dev, direct)"),
        ("rule:weak-integrity", 0, "1 finding below the threshold (fail-on = rule:weak-integrity)"),
        ("id:CVE-2026-0001 and age>1d", 1, "1 finding refused by fail-on = id:CVE-2026-0001 and age>1d"),
        ("kev", 3, "holds no KEV catalogue; `bomvet db update`"),
        ("kev, critical", 1, "1 finding of severity critical or worse"),
    ],
)
def test_conditions_on_the_command_line(cli: Cli, text: str, code: int, said: str) -> None:
    """They decide about a real finding, and what they cannot decide is exit code 3."""
    cli.advise(ADVISORY)
    ran = cli("scan", "-f", f"json={os.devnull}", "--fail-on", text)

    assert ran.code == code
    assert said in ran.err


def test_a_rule_that_is_none(cli: Cli) -> None:
    """A condition that names it would never refuse anything, and look as if it did."""
    ran = cli("scan", "--fail-on", "rule:weak-integrty")

    assert (ran.code, ran.err) == (2, "bomvet: there is no rule weak-integrty\nhint: see: bomvet list rules\n")


def test_own_rules(cli: Cli) -> None:
    """They find, with their words in the result, and can be refused and waived like any other."""
    cli.write(
        "bomvet.toml",
        'fail-on = "rule:no-tap"\ndisable = ["weak-integrity"]\n[[rules]]\nid = "no-tap"\nmessage = "No taps"\n'
        "when = \"component.name == 'tap' && !component.direct\"\n",
    )
    cli.advise(ADVISORY)
    ran = cli("scan", "-f", "json")
    result = ran.json

    assert ran.code == 1
    assert [f["message"] for f in result["findings"] if f["rule"] == "no-tap"] == ["tap@1.0: No taps"]
    assert [r["title"] for r in result["rules"] if r["id"] == "no-tap"] == ["No taps"]
    assert [(p["id"], p["status"]) for p in result["plugins"] if p["id"] in ("no-tap", "weak-integrity")] == [
        ("weak-integrity", "off"),
        ("no-tap", "ok"),
    ]


def test_ignore_files(cli: Cli) -> None:
    """Those of the policy lie in its folder; the command line may name others."""
    cli.advise(ADVISORY)
    cli.write("bomvet.toml", '[ignores]\nowner = "me"\nexpires = 2999-01-01\n')
    cli.write("sub/.trivyignore", "# leak is wanted\nCVE-2026-0001\nDS002\n")
    ran = cli("scan", "--ignore-file", "sub/.trivyignore")

    assert ran.code == 0
    assert ".trivyignore:3: DS002 is no advisory; not taken over" in ran.out
    assert "until 2999-01-01 (me): leak is wanted" in " ".join(ran.out.split())

    cli.write("bomvet.toml", 'ignore-files = ["../x"]\n')
    outside = cli("scan")
    assert (outside.code, outside.err.splitlines()) == (
        2,
        [
            "bomvet: ignore-files names '../x', which is not in the folder of the policy",
            "hint: name it on the command line: --ignore-file FILE",
        ],
    )

    absent = cli("scan", "--config", os.devnull, "--ignore-file", "x.trivyignore")
    assert (absent.code, absent.err) == (
        2,
        "bomvet: the list of ignored advisories x.trivyignore cannot be read: No such file or directory\n",
    )

    bare = cli("scan", "--config", os.devnull, "--ignore-file", "sub/.trivyignore")
    assert bare.err.splitlines()[:2] == [
        "bomvet: .trivyignore: 2 errors",
        '  line 2: without owner, which the policy can state for all under [ignores]: owner = "who answers for them"',
    ]


def test_the_places_of_taken_over_waivers(cli: Cli) -> None:
    """An unused one is told with the file that it stands in."""
    cli.advise(ADVISORY)
    cli.write("bomvet.toml", 'ignore-files = [".trivyignore"]\n[ignores]\nowner = "me"\nexpires = 2999-01-01\n')
    cli.write(".trivyignore", "# r\nCVE-1\n")

    assert "CVE-1 (me, .trivyignore:2)" in cli("scan").out
