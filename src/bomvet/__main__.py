"""`bomvet` and `python -m bomvet`: answers `--version` at once, and leaves the rest to the command line."""

from __future__ import annotations

import atexit
import gc
import os
import sys

_INTERRUPTED = 130


def console() -> None:
    """What the installed command calls: `main`, and an end of the process without ceremony.

    A scan makes many objects and no garbage in cycles to speak of; looking for it, and taking all apart one by one
    at the end, costs a sixth of a small scan.
    """
    gc.disable()
    code = main()
    atexit._run_exitfuncs()  # noqa: SLF001 - as the interpreter would
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):  # there is none, or nobody reads it any more
            continue
    os._exit(code)


def main() -> int:
    """Run with the arguments of the process; the exit code (docs/reference/exit-codes.md)."""
    if sys.argv[1:] in (["--version"], ["-V"]) and _version_told():
        return 0
    try:
        from bomvet.cli.run import run  # noqa: PLC0415 - costs more than the answer above

        return run(sys.argv[1:])
    except KeyboardInterrupt:  # while modules are loaded; afterwards `run` answers it
        if sys.stderr:
            print("bomvet: interrupted", file=sys.stderr)
        return _INTERRUPTED


def _version_told() -> bool:
    """Whether stdout has taken the version; if not, the application says what is wrong with it."""
    from bomvet import __version__  # noqa: PLC0415 - nothing else is needed

    try:
        print(f"bomvet {__version__}", flush=True)
    except (OSError, ValueError):
        return False
    return sys.stdout is not None


if __name__ == "__main__":
    # `python -m` puts the working directory before all else, and that may be the project to be scanned.
    _home = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if sys.path[0] in ("", os.getcwd()) and _home != os.getcwd():
        del sys.path[0]
    console()
