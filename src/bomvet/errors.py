"""What can go wrong in a way that a user can mend; anything else is a defect of bomvet (exit 70)."""

from __future__ import annotations

from typing import ClassVar

SETTINGS_HINT = "`bomvet list settings` shows every setting"


class BomvetError(Exception):
    """An error with what to do next in `hint`; `exit_code` as frozen in the reference."""

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(BomvetError):
    """The command line or a setting is wrong."""


class PolicyFileError(BomvetError):
    """A policy file, or another of its kind, has errors; `problems` lists every one with its line."""

    def __init__(self, path: str, problems: tuple[str, ...], *, hint: str = SETTINGS_HINT) -> None:
        count = f"{len(problems)} error{'s' if len(problems) > 1 else ''}"
        super().__init__(
            "\n".join((f"{path}: {count}", *(f"  {problem}" for problem in problems))),
            hint=hint,
        )
        self.problems = problems


class NotEstablishedError(BomvetError):
    """An answer could not be established, which is never the same as a good answer."""

    exit_code = 3


class FileUnreadableError(BomvetError):
    """A file of the scanned tree cannot be read within the limits; becomes an `Unknown`."""

    exit_code = 3


class FileAbsentError(FileUnreadableError):
    """There is no such file or folder."""


class MalformedError(BomvetError):
    """A file's content is not what its format asks for; `line` counts from 1, 0 where it is not known."""

    exit_code = 3

    def __init__(self, message: str, *, line: int = 0) -> None:
        super().__init__(message)
        self.line = line
