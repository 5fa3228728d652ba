"""All commands as one program."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import typer

from bomvet import __version__
from bomvet.cli import _options

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Module and function of each command, or module and sub-application.
COMMANDS = {
    "scan": ("bomvet.cli.scan", "scan"),
    "sbom": ("bomvet.cli.sbom", "sbom"),
    "diff": ("bomvet.cli.diff", "diff"),
    "explain": ("bomvet.cli.explain", "explain"),
    "verify": ("bomvet.cli.verify", "app"),
    "vex": ("bomvet.cli.vex", "app"),
    "sign": ("bomvet.cli.sign", "sign"),
    "db": ("bomvet.cli.db", "app"),
    "policy": ("bomvet.cli.policy", "app"),
    "trust": ("bomvet.cli.trust", "app"),
    "list": ("bomvet.cli.list_", "list_"),
}


def application(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """The program with the commands `names`; the others are not even imported."""
    app = typer.Typer(
        name="bomvet",
        help="Know what your software is made of, what is wrong with it, and what it can reach, before you ship it.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_root)
    for name in names:
        module, attribute = COMMANDS[name]
        loaded = importlib.import_module(module)
        vars(loaded).setdefault("opt", _options)  # which some need for their signature alone
        command = getattr(loaded, attribute)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    return app


def _tell_version(value: bool) -> None:
    if value:
        print(f"bomvet {__version__}")
        raise typer.Exit


def _root(
    version: bool = typer.Option(
        False,  # noqa: FBT003
        "--version",
        "-V",
        help="Show the version and exit.",
        is_eager=True,
        callback=_tell_version,
    ),
) -> None:
    """Nothing to do: the version is told before a command is looked for."""
