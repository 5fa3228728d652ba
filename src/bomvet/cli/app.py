"""All commands as one program, and what becomes of errors."""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING

import typer

from bomvet import __version__
from bomvet.cli._output import say
from bomvet.errors import BomvetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

INTERNAL_ERROR = 70
INTERRUPTED = 130

#: Module and function of each command, or module and sub-application.
COMMANDS = {
    "scan": ("bomvet.cli.scan", "scan"),
    "sbom": ("bomvet.cli.sbom", "sbom"),
    "explain": ("bomvet.cli.explain", "explain"),
    "db": ("bomvet.cli.db", "app"),
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
        command = getattr(importlib.import_module(module), attribute)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    return app


def _root(
    version: bool = typer.Option(False, "--version", "-V", help="Show the version and exit."),  # noqa: FBT003
) -> None:
    if version:
        print(f"bomvet {__version__}")
        raise typer.Exit


def run(arguments: Sequence[str]) -> int:
    """Run one command line; the exit code.  No traceback reaches the user unless BOMVET_DEBUG is set."""
    named = [name for name in arguments[:1] if name in COMMANDS]
    try:
        code = application(named or COMMANDS)(args=[*arguments], standalone_mode=False, prog_name="bomvet")
    except BomvetError as error:
        say(f"bomvet: {error}")
        if error.hint:
            say(f"hint: {error.hint}")
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone; there is nobody to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except typer.Exit as stop:
        return stop.exit_code
    except Exception as error:  # noqa: BLE001 - the last resort, which tells
        return _usage_or_defect(error)
    return code if isinstance(code, int) else 0


def _usage_or_defect(error: Exception) -> int:
    show, code = getattr(error, "show", None), getattr(error, "exit_code", None)
    if callable(show) and isinstance(code, int):  # typer's own usage errors, whose class it does not export
        show()
        return code
    say(f"bomvet: internal error: {type(error).__name__}: {error}")
    say("hint: this is a defect of bomvet; BOMVET_DEBUG=1 shows where, please report it")
    if os.environ.get("BOMVET_DEBUG"):
        import traceback  # noqa: PLC0415 - for this alone

        traceback.print_exception(error)
    return INTERNAL_ERROR
