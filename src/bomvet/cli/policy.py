"""`bomvet policy`."""

from __future__ import annotations

import datetime as dt
import os
from typing import TYPE_CHECKING, Annotated

import typer

from bomvet.cli import _options as opt
from bomvet.cli._output import say
from bomvet.errors import PolicyFileError, UsageError

if TYPE_CHECKING:
    from bomvet.policies import PolicyFile
    from bomvet.policy.cases import Case

app = typer.Typer(help="The policy file: start one, check it, test it.", no_args_is_help=True)

File = Annotated[
    str,
    typer.Argument(help="A policy file, or the folder of one.", metavar="[FILE]", callback=opt.given()),
]
NewFile = Annotated[str, typer.Argument(help="Where to write it.", metavar="[FILE]", callback=opt.given())]
ListFile = Annotated[str, typer.Argument(help="The list of the other tool.", metavar="FILE", callback=opt.given())]
ToStdout = Annotated[bool, typer.Option("--stdout", help="Print it instead of writing a file.", envvar="BOMVET_STDOUT")]

#: What `init` writes: a gate that is of use as it is, and what else there is in comments.
TEMPLATE = """\
# What may ship.
# `bomvet policy check` says what this file means, `bomvet policy test` runs the tests in it.

# A finding fails where any of these is true; all others are told only.
# Terms: critical high medium low, kev ransomware malicious fixable, runtime optional dev direct,
#        epss>0.5 epss-percentile>0.95 cvss>=7 age>30d score>=70, rule:ID id:CVE-...; join them with `and`, `not`.
fail-on = ["critical", "high and fixable and runtime", "malicious"]

# What a severity that nobody has stated does where a condition asks for it: fail, incomplete or pass.
unknown-severity = "fail"

# A scan that finds no component at all has looked in the wrong place.
require-components = true

# What a waiver that covers nothing does: warn or fail.
unused-waivers = "warn"

# Paths to pass over.
# exclude = ["examples", "**/testdata/**"]

[db]
max-age = "7d"

# Built-in rules weigh what you say, are run that are off by themselves, or are not run: see `bomvet list rules`.
# enable = ["unattested"]
# disable = ["weak-integrity"]
# [severity]
# unpinned-git = "low"

# A rule of your own, in CEL; the variables are in the reference of the policy language.
# [[rules]]
# id = "no-copyleft"
# when = "has(component.licences) && component.licences.exists(l, l.startsWith('AGPL'))"
# severity = "high"
# message = "AGPL code may not ship"

# A finding to live with for a while.
# [[waivers]]
# id = "CVE-2024-34069"
# reason = "the debugger is off in production"
# owner = "security@shop.example"
# expires = 2027-02-28
# purl = "pkg:pypi/werkzeug"
# versions = "<3.0.3"

[[tests]]
name = "a critical flaw fails"
expect = "fail"
advisory = { severity = "critical" }

[[tests]]
name = "a high flaw without a fix is told only"
expect = "warn"
advisory = { severity = "high" }
"""
_NAMES = "bomvet.toml, or [tool.bomvet] in pyproject.toml"


@app.command("init")
def init(file: NewFile = "bomvet.toml", stdout: ToStdout = False) -> int:
    """Write a policy with comments to start from.

    A file that is there is left alone.
    """
    if stdout:
        print(TEMPLATE, end="")
        return 0
    try:
        with open(file, "x", encoding="utf-8") as new:
            new.write(TEMPLATE)
    except FileExistsError:
        raise UsageError(f"{file} is there already", hint="`bomvet policy check` says what it means") from None
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from None
    say(f"{file} written; next: bomvet policy check")
    return 0


@app.command("check")
def check(file: File = ".") -> int:
    """Tell every error of a policy file, with its line; else what it means, in words.

    Waivers that have expired or will within 30 days are told. Exit code 2 stands for errors.
    """
    from bomvet import policies  # noqa: PLC0415 - the help text needs none of it
    from bomvet.policy.meaning import meaning  # noqa: PLC0415 - the same

    found, cases = _read(file)
    policy = policies.load_policy(*_place(file)[:1], target=_place(file)[1])
    print(f"{found.name} is a valid policy.")
    print()
    for line in meaning(policy, dt.datetime.now(dt.UTC).date()):
        print(line)
    for note in policy.notes:
        print(f"Note: {note}")
    print(f"Tests: {len(cases)}{', which `bomvet policy test` runs' if cases else ''}")
    return 0


@app.command("test")
def run_tests(file: File = ".") -> int:
    """Judge the made-up findings of [[tests]], in the policy file and in bomvet.tests.toml beside it.

    Each is printed with its result. Exit code 1 where something else became of one than it expects.
    """
    from bomvet import pipeline, policies  # noqa: PLC0415 - the help text needs none of it
    from bomvet.policy.cases import judged  # noqa: PLC0415 - the same

    _, cases = _read(file)
    if not cases:
        raise UsageError("the policy has no tests", hint="each is a table [[tests]]: `bomvet policy init --stdout`")
    path, target = _place(file)
    policy, today = policies.load_policy(path, target=target), dt.datetime.now(dt.UTC).date()
    outcomes = [judged(case, policy, today, pipeline.version_key) for case in cases]
    for outcome in outcomes:
        print(f"{'FAILED' if outcome.wrong else 'ok':<7} {outcome.case.name}: {outcome.wrong or outcome.was}")
    wrong = sum(bool(outcome.wrong) for outcome in outcomes)
    print(f"{len(outcomes)} test{'' if len(outcomes) == 1 else 's'}, {wrong} failed")
    return 1 if wrong else 0


@app.command("import")
def import_(file: ListFile) -> int:
    """Print the entries of another tool's list as [[waivers]] to paste.

    FILE is a .trivyignore, .trivyignore.yaml, osv-scanner.toml or .grype.yaml; what its entries do not state is taken
    from [ignores] of the policy here. What no waiver can say is told in comments.
    """
    from bomvet import policies  # noqa: PLC0415 - the help text needs none of it
    from bomvet.policy.waivers import as_toml  # noqa: PLC0415 - the same

    found = policies.ignored(file)
    for note in found.notes:
        print(f"# {note}")
    for waiver in found.waivers:
        print(f"\n# {waiver.source}:{waiver.line}\n{as_toml(waiver)}", end="")
    return 0


def _place(file: str) -> tuple[str, str]:
    """What `file` is: a policy file, or a project that has one."""
    return ("", file) if os.path.isdir(file) else (file, ".")


def _read(file: str) -> tuple[PolicyFile, tuple[Case, ...]]:
    """The policy file, and all tests; raises `UsageError`, and `PolicyFileError` with every error of all files."""
    from bomvet import policies  # noqa: PLC0415 - the help text needs none of it
    from bomvet.policy.cases import read_cases  # noqa: PLC0415 - the same

    path, target = _place(file)
    found = policies.policy_file(path, target=target)
    if not found:
        raise UsageError(f"{target} has no policy: {_NAMES}", hint="`bomvet policy init` writes one")
    problems: list[str] = []
    cases: list[Case] = []
    try:
        policies.load_policy(path, target=target)
    except PolicyFileError as error:
        problems += error.problems
    for text, name, table in _with_tests(found):
        try:
            cases += read_cases(text, name, table, alone=name != found.name)
        except PolicyFileError as error:
            problems += error.problems if name == found.name else (f"{name}: {problem}" for problem in error.problems)
    if problems:
        raise PolicyFileError(found.name, tuple(dict.fromkeys(problems)))
    return found, tuple(cases)


def _with_tests(found: PolicyFile) -> list[tuple[str, str, tuple[str, ...]]]:
    from bomvet import policies  # noqa: PLC0415 - the help text needs none of it

    files = [(found.text, found.name, found.table)]
    beside = os.path.join(found.folder, policies.TESTS_FILE)
    if os.path.isfile(beside):
        again = policies.policy_file(beside)
        files += [(again.text, again.name, ())] if again else []
    return files
