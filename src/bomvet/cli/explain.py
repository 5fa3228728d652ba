"""`bomvet explain`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from bomvet.cli import _options as opt
from bomvet.errors import UsageError

Subject = Annotated[
    str, typer.Argument(help="A purl, or the name of a component, with or without version.", metavar="PURL")
]


def explain(
    purl: Subject,
    target: opt.Target = ".",
    db: opt.Db = "",
    offline: opt.Offline = False,  # noqa: ARG001 - no part of this version opens a connection
    exclude: opt.Exclude = None,
    no_ignore: opt.NoIgnore = False,
    config: opt.Config = "",
) -> int:
    """Say why a component is there (paths, file and line) and what is known of it.

    Exit code 1 means that the target has no such component.
    """
    from dataclasses import replace  # noqa: PLC0415

    from bomvet import api  # noqa: PLC0415 - the help text needs none of it
    from bomvet.reports._explain import component_text, matching  # noqa: PLC0415

    policy = api.load_policy(config, target=target)
    policy = replace(policy, exclude=(*policy.exclude, *(exclude or ())))
    result = api.scan(target, policy=policy, database=opt.database(db), use_ignore_files=not no_ignore)
    found = matching(result, purl)
    if not found:
        raise NoSuchComponentError(f"{target} has no component {purl!r}", hint="`bomvet sbom -f table` lists them")
    sys.stdout.write("\n".join(component_text(result, component) for component in found))
    return 0


class NoSuchComponentError(UsageError):
    """The target has nothing of that name, which is an answer, and no wrong use."""

    exit_code = 1
