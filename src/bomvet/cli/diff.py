"""`bomvet diff`."""

from __future__ import annotations

from typing import Annotated

import typer

from bomvet.cli import _options as opt
from bomvet.cli._output import outputs, say_some, write

_HELP = "CycloneDX JSON, bomvet's JSON result, a folder or file, or git:REV."
Before = Annotated[str, typer.Argument(help=f"What it was: {_HELP}", metavar="BEFORE", callback=opt.given())]
After = Annotated[str, typer.Argument(help=f"What it is now: {_HELP}", metavar="AFTER", callback=opt.given())]
Format = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        "-f",
        help="FORMAT or FORMAT=FILE; repeatable: table, json, markdown.",
        metavar="FORMAT[=FILE]",
        envvar="BOMVET_FORMAT",
        callback=opt.given(),
    ),
]
ExitCode = Annotated[
    bool, typer.Option("--exit-code", help="Exit 1 where there are differences.", envvar="BOMVET_EXIT_CODE")
]


def diff(
    before: Before,
    after: After,
    formats: Format = None,
    output: opt.OutputFile = None,
    exit_code: ExitCode = False,
    exclude: opt.Exclude = None,
    no_ignore: opt.NoIgnore = False,
    omit: opt.Omit = None,
    config: opt.Config = None,
    allow_incomplete: opt.AllowIncomplete = None,
) -> int:
    """Show what became of the components.

    Added, removed, and changed in version, content, licence, source or scope. Both sides may be SBOMs of any tool
    or projects, which are read as `bomvet sbom` does. Exit code 0 also where there are differences, unless
    --exit-code is given; 3 means that some part of a side could not be understood.
    """
    from bomvet import api  # noqa: PLC0415 - the help text needs none of it
    from bomvet.model.inventory import Scope  # noqa: PLC0415
    from bomvet.reports._diff import FORMATS  # noqa: PLC0415

    wanted = outputs(formats or ["table"], output, FORMATS)
    found = api.diff(
        before,
        after,
        config=config or "",
        exclude=exclude or (),
        use_ignore_files=not no_ignore,
        omit=frozenset(map(Scope, omit or ())),
    )
    write(found, wanted)
    sides = (found.before, found.after)
    if not any(item.report.id == "table" and not item.path for item in wanted):
        for side in sides:
            say_some(
                side.not_established, before=f"not established in {side.source}: ", where=", all listed with -f json"
            )
    if exit_code and found.changes:
        return 1
    return 3 if any(side.not_established for side in sides) and not allow_incomplete else 0
