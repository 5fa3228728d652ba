"""All commands as one program, and what becomes of errors."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

import typer

from bomvet import __version__
from bomvet.cli import _streams
from bomvet.cli._output import say
from bomvet.errors import BomvetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

INTERNAL_ERROR = 70
INTERRUPTED = 130
TERMINATED = 143

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


def run(arguments: Sequence[str]) -> int:
    """Run one command line; the exit code.  No traceback reaches the user unless BOMVET_DEBUG is set."""
    with _streams.safe(), _terminable():
        code = _code(arguments)
        if code == INTERRUPTED:
            say("bomvet: interrupted")
        return code


def _code(arguments: Sequence[str]) -> int:
    named = [name for name in arguments[:1] if name in COMMANDS]
    code: object = None
    try:
        code = application(named or COMMANDS)(args=[*arguments], standalone_mode=False, prog_name="bomvet")
        sys.stdout.flush()
    except BomvetError as error:
        code = _refused(error)
    except KeyboardInterrupt:  # before or after typer, which answers the others with the same code
        code = INTERRUPTED
    except SystemExit as stop:
        code = stop.code
    except _streams.ReaderGoneError:
        pass  # whoever read our output has seen enough; the answer of the command stands
    except typer.Abort as stop:  # how typer tells the end of a file, which no part of bomvet may meet unprepared
        code = _usage_or_defect(stop.__cause__ or stop)
    except Exception as error:  # noqa: BLE001 - the last resort, which tells
        code = _usage_or_defect(error)
    return code if isinstance(code, int) else 0


def _refused(error: BomvetError) -> int:
    say(f"bomvet: {error}")
    if error.hint:
        say(f"hint: {error.hint}")
    return error.exit_code


def _usage_or_defect(error: BaseException) -> int:
    show, code = getattr(error, "show", None), getattr(error, "exit_code", None)
    if callable(show) and isinstance(code, int):  # typer's own usage errors, whose class it does not export
        text = io.StringIO()
        show(text)
        say(text.getvalue().rstrip("\n"))
        return code
    say(f"bomvet: internal error: {type(error).__name__}: {error}")
    say("hint: this is a defect of bomvet; BOMVET_DEBUG=1 shows where, please report it")
    if os.environ.get("BOMVET_DEBUG"):
        import traceback  # noqa: PLC0415 - for this alone

        say("".join(traceback.format_exception(error)).rstrip("\n"))
    return INTERNAL_ERROR


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM ends the command as an exit does, so that its temporary files go; a handler that is set is left alone."""
    ours = threading.current_thread() is threading.main_thread() and (
        signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    )
    if ours:
        signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        if ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _terminate(*_: object) -> None:
    raise SystemExit(TERMINATED)
