"""One command line, from its arguments to the exit code, and what becomes of errors."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

from bomvet.cli import _streams
from bomvet.cli._direct import direct
from bomvet.cli._output import say
from bomvet.errors import BomvetError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

INTERNAL_ERROR = 70
INTERRUPTED = 130
TERMINATED = 143


def run(arguments: Sequence[str]) -> int:
    """Run one command line; the exit code.  No traceback reaches the user unless BOMVET_DEBUG is set."""
    with _streams.safe(), _terminable():
        code = _code(arguments)
        if code == INTERRUPTED:
            say("bomvet: interrupted")
        return code


def _code(arguments: Sequence[str]) -> int:
    code: object = None
    try:
        plain = direct(arguments)
        code = plain() if plain else _through_typer(arguments)
        sys.stdout.flush()
    except BomvetError as error:
        code = _refused(error)
    except KeyboardInterrupt:  # before or after typer, which answers the others with the same code
        code = INTERRUPTED
    except SystemExit as stop:
        code = stop.code
    except _streams.ReaderGoneError:
        pass  # whoever read our output has seen enough; the answer of the command stands
    except Exception as error:  # noqa: BLE001 - the last resort, which tells
        # Typer tells the end of a file by an exception of its own, which no part of bomvet may meet unprepared.
        code = _usage_or_defect((type(error).__name__ == "Abort" and error.__cause__) or error)
    return code if isinstance(code, int) else 0


def _through_typer(arguments: Sequence[str]) -> object:
    from bomvet.cli.app import COMMANDS, application  # noqa: PLC0415 - a third of a small scan

    named = [name for name in arguments[:1] if name in COMMANDS]
    return application(named or COMMANDS)(args=[*arguments], standalone_mode=False, prog_name="bomvet")


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
