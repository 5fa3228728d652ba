"""`bomvet vex`."""

from __future__ import annotations

import datetime as dt
import os
from typing import Annotated

import typer

from bomvet.cli import _options as opt
from bomvet.cli._output import put, say
from bomvet.cli._values import contact
from bomvet.errors import MalformedError

app = typer.Typer(help="VEX statements: whether a known vulnerability affects a project.", no_args_is_help=True)

File = Annotated[str, typer.Argument(help="An OpenVEX file, which is made where there is none.", metavar="FILE")]
Files = Annotated[
    list[str],
    typer.Argument(help="VEX documents, and last a project to compare them with, if any.", metavar="FILE... [TARGET]"),
]


Id = Annotated[
    list[str],
    typer.Option(
        "--id",
        help="The vulnerability; repeat it for its aliases.",
        metavar="ID",
        envvar="BOMVET_ID",
        callback=opt.given(),
    ),
]
Product = Annotated[
    list[str],
    typer.Option(
        "--product",
        help="What the statement is for; repeatable.",
        metavar="PURL",
        envvar="BOMVET_PRODUCT",
        callback=opt.given(),
    ),
]
Subcomponent = Annotated[
    list[str] | None,
    typer.Option(
        "--subcomponent",
        help="Only this component of the product; repeatable.",
        metavar="PURL",
        envvar="BOMVET_SUBCOMPONENT",
        callback=opt.given(),
    ),
]
Status = Annotated[
    str,
    typer.Option(
        "--status",
        help="not_affected, affected, fixed or under_investigation.",
        metavar="STATUS",
        envvar="BOMVET_STATUS",
        callback=opt.given(),
    ),
]
Justification = Annotated[
    str | None,
    typer.Option(
        "--justification",
        help="Why it is not affected, as a label of OpenVEX.",
        metavar="LABEL",
        envvar="BOMVET_JUSTIFICATION",
        callback=opt.given(),
    ),
]
Impact = Annotated[
    str | None,
    typer.Option(
        "--impact",
        help="Why it is not affected, in words.",
        metavar="TEXT",
        envvar="BOMVET_IMPACT",
        callback=opt.given(),
    ),
]
Action = Annotated[
    str | None,
    typer.Option(
        "--action",
        help="What is to be done, where it is affected.",
        metavar="TEXT",
        envvar="BOMVET_ACTION",
        callback=opt.given(),
    ),
]
Author = Annotated[
    str | None,
    typer.Option(
        "--author",
        help="Who states it.",
        metavar='"NAME <EMAIL>"',
        envvar="BOMVET_AUTHOR",
        callback=opt.given(contact),
    ),
]


@app.command("add")
def add(
    file: File,
    ids: Id,
    product: Product,
    status: Status,
    subcomponent: Subcomponent = None,
    justification: Justification = None,
    impact: Impact = None,
    action: Action = None,
    author: Author = None,
) -> int:
    """Add a statement to an OpenVEX file.

    The file is made where there is none; else it becomes its next version. Of several statements on the same
    vulnerability and product the latest counts.
    """
    from bomvet import api, opening  # noqa: PLC0415 - the help text needs none of it
    from bomvet.model.finding import Statement  # noqa: PLC0415

    statement = Statement(
        ids=tuple(dict.fromkeys(ids)),
        status=status,
        products=tuple(dict.fromkeys(product)),
        components=tuple(dict.fromkeys(subcomponent or ())),
        justification=justification or "",
        impact=impact or "",
        action=action or "",
        author=author or "",
        time=opening.stamp(dt.datetime.now(dt.UTC)),
    )
    document = api.vex_with(file, statement)
    if document is None:
        say(f"{file} says so already")
    else:
        put(document, file)
        say(f"{file}: {status} for {', '.join(statement.products)}")
    return 0


@app.command("check")
def check(files: Files) -> int:
    """Check VEX documents, alone or against a project.

    Exit code 1 where a document is not valid, has a statement that counts for nothing, or, with a TARGET, one that
    is for none of its components.
    """
    from bomvet import api  # noqa: PLC0415 - the help text needs none of it

    *documents, last = files
    is_target = bool(documents) and (os.path.isdir(last) or last.partition(":")[0] in ("dir", "git"))
    wrong = 0
    for path in documents if is_target else files:
        try:
            for line in api.check_vex(path, last if is_target else ""):
                say(line.text)
                wrong += line.wrong
        except MalformedError as error:
            say(str(error))
            wrong += 1
    return 1 if wrong else 0
