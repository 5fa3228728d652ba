"""Where results go: data to stdout or files, talk to stderr."""

from __future__ import annotations

import contextlib
import errno
import os
from collections import Counter
from typing import TYPE_CHECKING, Any, Protocol

from bomvet.cli import _streams
from bomvet.errors import UsageError
from bomvet.model.records import dataclass, replace
from bomvet.plugin import RenderOptions, Report, discover, load
from bomvet.reports._questions import grouped
from bomvet.reports._text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

STDOUT = "-"
#: Lines of one list that are said; more would hide the rest of the log.
MAX_LINES = 10


class Format(Protocol):
    """A way to write something: a report of a scan, or the like of another command."""

    @property
    def id(self) -> str:
        """What the user calls it."""

    @property
    def render(self) -> Callable[[Any, RenderOptions], bytes]:
        """Writes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A format and where it goes; an empty `path` is stdout."""

    report: Format
    path: str


def outputs(formats: Sequence[str], output: str | None, known: Iterable[Format] | None = None) -> list[Output]:
    """The outputs that `-f FORMAT[=FILE]` and `-o FILE` ask for, by default reports of scans; raises `UsageError`."""
    found = [_output(text, known) for text in formats]
    if output:
        found = _with_file(found, output)
    if sum(not item.path for item in found) > 1:
        raise UsageError("several formats would go to stdout", hint="give all but one a file: -f json=result.json")
    files = Counter(os.path.realpath(item.path) for item in found if item.path)
    for item in found:
        if item.path and files[os.path.realpath(item.path)] > 1:
            raise UsageError(f"{item.path} is named twice", hint="give each format a file of its own")
    return found


def _output(text: str, known: Iterable[Format] | None) -> Output:
    name, equals, path = text.partition("=")
    report: Format | None
    if known is None:
        report = load("bomvet.reports", name, Report)
    else:
        report = next((item for item in known if item.id == name), None)
    if report is None:
        names = ", ".join(item.id for item in known or discover("bomvet.reports", Report))
        raise UsageError(f"unknown format {name!r}", hint=f"known are: {names}")
    if equals and not path:
        raise UsageError(f"no file after '=' in -f {text}", hint=f"-f {name} writes to stdout")
    return Output(report=report, path="" if path == STDOUT else path)


def _with_file(found: list[Output], output: str) -> list[Output]:
    """`found` with the first output that has no file sent to `output`."""
    first = next((number for number, item in enumerate(found) if not item.path), None)
    if first is None:
        raise UsageError("-o names a file, but every -f already has one", hint="drop -o, or the =FILE of one -f")
    path = "" if output == STDOUT else output
    return [replace(item, path=path) if number == first else item for number, item in enumerate(found)]


def write(result: Any, outputs: Sequence[Output], spec_version: str = "", folder: str = "") -> None:
    """Render and write each; raises `UsageError` where one cannot be written.

    `folder` is where the scanned folder lies in its repository.
    """
    # Files first: the reader of stdout may leave at any time, and ends the program with that.
    for item in sorted(outputs, key=lambda item: not item.path):
        terminal = not item.path and _streams.stdout().isatty()
        options = RenderOptions(
            spec_version=spec_version or RenderOptions().spec_version,
            color=terminal and not os.environ.get("NO_COLOR"),
            width=_columns() if terminal else 80,
            folder=folder,
        )
        put(item.report.render(result, options), item.path)


def _columns() -> int:
    """How wide the terminal is."""
    import shutil  # noqa: PLC0415 - most output goes elsewhere

    return shutil.get_terminal_size((80, 24)).columns


def put(data: bytes, path: str) -> None:
    """Write `data` to the file `path`, or to stdout where that is empty; raises `UsageError` where it cannot be."""
    if not path:
        stdout = _streams.stdout()
        # A reader that leaves early changes nothing of the verdict.
        with contextlib.suppress(_streams.ReaderGoneError):
            stdout.buffer.write(data)
            stdout.flush()
        return
    try:
        with open(path, "wb", opener=_opened) as file:
            file.write(data)
    except OSError as error:
        hint = "create the folder first" if error.errno == errno.ENOENT else ""
        raise UsageError(f"{path} cannot be written: {error.strerror}", hint=hint) from None


def put_whole(data: bytes, path: str) -> bool:
    """As `put`, but the file is there as a whole or as it was before; whether it was not as `data` already.

    A file that is a link is refused, and never replaced by what is no link.
    """
    if not path or os.path.abspath(path).startswith("/dev/"):
        put(data, path)
        return True
    if os.path.islink(path):
        raise UsageError(f"{path} is a symbolic link, which is not followed", hint="delete it first")
    import tempfile  # noqa: PLC0415 - few commands keep a file

    folder = os.path.dirname(path) or "."
    unfinished = ""
    try:
        mode = _mode(path)
        if mode is not None and _content(path) == data:
            return False
        descriptor, unfinished = tempfile.mkstemp(dir=folder, prefix=f".{os.path.basename(path)}.")
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), 0o666 & ~_umask() if mode is None else mode)
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except OSError as error:
        if unfinished:
            with contextlib.suppress(OSError):
                os.unlink(unfinished)
        hint = "create the folder first" if error.errno == errno.ENOENT else ""
        raise UsageError(f"{path} cannot be written: {error.strerror}", hint=hint) from None
    return True


def _mode(path: str) -> int | None:
    """The permissions of a file; None where there is none."""
    try:
        return os.stat(path).st_mode & 0o777
    except FileNotFoundError:
        return None


def _content(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _umask() -> int:
    """What new files may not be allowed; it can only be read by being set."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _opened(path: str, flags: int) -> int:
    """Open for writing; a link in the scanned project must not lead to another file of the machine."""
    if os.path.abspath(path).startswith("/dev/"):  # /dev/stdout is a link
        return os.open(path, flags)
    try:
        return os.open(path, flags | os.O_NOFOLLOW, 0o666)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UsageError(f"{path} is a symbolic link, which is not followed", hint="delete it first") from None
        raise


def say(text: str) -> None:
    """A line for people, on stderr; what could steer a terminal or a pipeline is taken out."""
    stderr = _streams.stderr()
    for line in text.split("\n"):
        stderr.write(f"{clean(_streams.readable(line))}\n")


def shortened(questions: Iterable[str]) -> list[str]:
    """What `questions` come to, those with one answer on one line."""
    return [line.text for line in grouped(questions)]


def say_some(questions: Iterable[str], *, before: str, where: str = "") -> None:
    """The first of what `questions` come to, each with `before`, and how many more; `where` tells where those stand."""
    lines = grouped(questions)
    for line in lines[:MAX_LINES]:
        say(f"{before}{line.text}")
    if len(lines) > MAX_LINES:
        indent = before[: len(before) - len(before.lstrip())]
        say(f"{indent}... and {sum(line.stands_for for line in lines[MAX_LINES:]):,} more{where}")
