"""`bomvet` and `python -m bomvet`: answers `--version` at once, and leaves the rest to the command line."""

from __future__ import annotations

import sys


def main() -> int:
    """Run with the arguments of the process; the exit code (docs/reference/exit-codes.md)."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from bomvet import __version__  # noqa: PLC0415 - nothing else is needed

        print(f"bomvet {__version__}")
        return 0
    from bomvet.cli.app import run  # noqa: PLC0415 - costs more than the answer above

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
