"""`bomvet scan`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bomvet.cli import _options as opt
from bomvet.cli._output import outputs, say, write
from bomvet.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bomvet.policy.document import Policy

FailOn = Annotated[
    str,
    typer.Option(
        "--fail-on",
        help="Least severity that fails: critical, high, medium, low, never. [default: high]",
        metavar="SEVERITY",
        envvar="BOMVET_FAIL_ON",
        show_default=False,
    ),
]
MaxAge = Annotated[
    str,
    typer.Option(
        "--max-age",
        help="Oldest advisory data to trust, such as 7d or 36h. [default: 7d]",
        metavar="AGE",
        envvar="BOMVET_MAX_AGE",
        show_default=False,
    ),
]
RequireComponents = Annotated[
    bool | None,
    typer.Option(
        "--require-components/--no-require-components",
        help="Fail where no component is found.",
        envvar="BOMVET_REQUIRE_COMPONENTS",
        show_default=False,
    ),
]
ExitZero = Annotated[bool, typer.Option("--exit-zero", help="Exit 0 whatever the verdict.", envvar="BOMVET_EXIT_ZERO")]

EXIT_CODES = {"passed": 0, "failed": 1, "incomplete": 3}


def scan(
    target: opt.Target = ".",
    formats: opt.Format = None,
    output: opt.OutputFile = "",
    fail_on: FailOn = "",
    db: opt.Db = "",
    offline: opt.Offline = False,  # noqa: ARG001 - no part of this version opens a connection
    max_age: MaxAge = "",
    allow_incomplete: opt.AllowIncomplete = None,
    require_components: RequireComponents = None,
    exit_zero: ExitZero = False,
    exclude: opt.Exclude = None,
    no_ignore: opt.NoIgnore = False,
    omit: opt.Omit = None,
    spec_version: opt.SpecVersion = "1.6",
    source_name: opt.SourceName = "",
    source_version: opt.SourceVersion = "",
    author: opt.Author = "",
    config: opt.Config = "",
) -> int:
    """Say what is wrong with a project, where, why it is there and what to do; the exit code is the verdict.

    0 passed, 1 the policy said no, 2 usage, 3 an answer could not be established.
    """
    from bomvet import api  # noqa: PLC0415 - the help text needs none of it

    wanted = outputs(formats or ["table"], output)
    version = opt.spec_version(spec_version)
    settings = _stated(fail_on, max_age, allow_incomplete, require_components)
    policy = _with(api.load_policy(config, target=target), settings, exclude)
    result = api.scan(
        target,
        policy=policy,
        database=opt.database(db),
        subject=opt.subject(source_name, source_version, author or policy.author, omit),
        use_ignore_files=not no_ignore,
    )
    write(result, wanted, version)
    assessment = result.assessment
    if assessment is None:  # a scan always judges
        raise TypeError("no assessment")
    if not any(item.report.id == "table" and not item.path for item in wanted):
        reasons = f": {'; '.join(assessment.reasons)}" if assessment.reasons else ""
        say(f"{assessment.verdict.value.upper()}{reasons}")
    return 0 if exit_zero else EXIT_CODES[assessment.verdict.value]


def _stated(
    fail_on: str,
    max_age: str,
    allow_incomplete: bool | None,
    require_components: bool | None,
) -> dict[str, Any]:
    """The settings that the command line or the environment states; raises `UsageError`."""
    from bomvet.policy import document  # noqa: PLC0415 - the help text needs none of it

    found: dict[str, Any] = {}
    if fail_on:
        found["fail_on"] = _converted("--fail-on", document.fail_on, fail_on)
    if max_age:
        found["max_age"] = _converted("--max-age", document.max_age, max_age)
    if allow_incomplete is not None:
        found["allow_incomplete"] = allow_incomplete
    if require_components is not None:
        found["require_components"] = require_components
    return found


def _converted(option: str, convert: Callable[[str], Any], text: str) -> Any:
    try:
        return convert(text)
    except ValueError as error:
        raise UsageError(f"{option} {error}") from None


def _with(policy: Policy, settings: dict[str, Any], exclude: list[str] | None) -> Policy:
    return replace(policy, exclude=(*policy.exclude, *(exclude or ())), **settings)
