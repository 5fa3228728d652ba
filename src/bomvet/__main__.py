"""`bomvet` and `python -m bomvet`: answers `--version` at once, and leaves the rest to the command line."""

from __future__ import annotations

import os
import sys

_INTERRUPTED = 130


def main() -> int:
    """Run with the arguments of the process; the exit code (docs/reference/exit-codes.md)."""
    if sys.argv[1:] in (["--version"], ["-V"]) and _version_told():
        return 0
    try:
        from bomvet.cli.app import run  # noqa: PLC0415 - costs more than the answer above

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
    sys.exit(main())
