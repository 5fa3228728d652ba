"""Standard streams that fail in ways that no shell brings about."""

from __future__ import annotations

import atexit
import gc
import io
import os
import subprocess
import sys
from typing import TYPE_CHECKING, TextIO, cast

import pytest

from bomvet.__main__ import console, main
from bomvet.cli._output import say
from bomvet.cli._streams import ReaderGoneError, Stderr, Stdout, readable, safe
from bomvet.errors import UsageError
from tests.e2e.conftest import Ran

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.conftest import Cli


class Narrow:
    """A stream beneath which writes take a few bytes at a time, then nothing."""

    closed = False
    encoding = "latin-1"

    def __init__(self, *takes: int) -> None:
        self.buffer = self
        self.data = b""
        self._takes: Iterator[int] = iter(takes)

    def write(self, data: bytes) -> int:
        """Take what the next number allows."""
        count = next(self._takes, 0)
        self.data += data[:count]
        return count

    def fileno(self) -> int:
        """None, as nothing lies beneath."""
        raise OSError("no file")


def over(stream: Narrow) -> TextIO:
    """`stream` as the type that Python gives the standard ones."""
    return cast("TextIO", stream)


def test_every_byte_is_written() -> None:
    """A write that takes a part is followed by one for the rest."""
    stream = Narrow(2, 1, 10)

    assert Stdout(over(stream)).write("kettle") == 6
    assert stream.data == b"kettle"


def test_a_write_that_takes_nothing_is_an_error() -> None:
    """It does not wait for ever."""
    with pytest.raises(UsageError, match=r"^stdout cannot be written: Resource temporarily unavailable$"):
        Stdout(over(Narrow(2))).write("kettle")


@pytest.mark.parametrize("stream", [None, "closed"])
def test_a_closed_stdout_fails_when_written_to(stream: str | None) -> None:
    """Not before, as nothing may go there."""
    closed = io.TextIOWrapper(io.BytesIO())
    closed.close()
    stdout = Stdout(closed if stream else None)
    stdout.flush()

    assert not stdout.isatty()
    with pytest.raises(UsageError, match=r"^stdout is closed$"):
        stdout.write("x")


def test_a_reader_that_has_gone_is_no_os_error() -> None:
    """Typer would give an exit code of its own."""

    class Pipe(Narrow):
        def write(self, data: bytes) -> int:
            raise BrokenPipeError(len(data))

    with pytest.raises(ReaderGoneError):
        Stdout(over(Pipe())).write("x")


def test_a_reader_that_has_gone_ends_the_program_quietly(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 0 and nothing on stderr."""
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w", encoding="utf-8") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)

        assert cli("list", "formats") == Ran(code=0, out="", err="")


def test_the_fast_version_leaves_failures_to_the_application(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Which tells them."""
    monkeypatch.setattr(sys, "argv", ["bomvet", "--version"])
    with open("/dev/full", "w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)

        assert main() == 2
    assert capfd.readouterr().err == "bomvet: stdout cannot be written: No space left on device\n"


def test_stdout_writes_any_text() -> None:
    """Half a character of another encoding is escaped."""
    stream = Narrow(99)
    Stdout(over(stream)).write("k\u00f6\ud800")

    assert stream.data == b"k\xc3\xb6\\ud800"


def test_a_file_can_be_written_to_the_brim() -> None:
    """What fails at the flush alone is told then, and not again at the end of the program."""
    with open("/dev/full", "w", encoding="utf-8") as full:
        stdout = Stdout(full)
        stdout.write("x")
        with pytest.raises(UsageError, match=r"^stdout cannot be written: No space left on device$"):
            stdout.flush()


def test_stderr_never_fails(tmp_path: Path) -> None:
    """Full, absent or closed: there is nobody to tell."""
    with open("/dev/full", "w", encoding="utf-8") as full:
        assert Stderr(full).write("x") == 1
    with open(tmp_path / "log", "w", encoding="utf-8") as log:
        pass
    assert Stderr(log).write("x") == 1
    Stderr(None).flush()

    assert Stderr(None).write("x") == 1


@pytest.mark.parametrize(
    ("encoding", "written"), [("ascii", b"k\xc3\xb6"), ("latin-1", b"k\xf6"), ("utf-8", b"k\xc3\xb6")]
)
def test_stderr_keeps_the_encoding_of_the_terminal(encoding: str, written: bytes) -> None:
    """But for ASCII, which is what a locale without any settings has."""
    data = io.BytesIO()
    stream = io.TextIOWrapper(data, encoding=encoding)
    Stderr(stream).write("k\u00f6")

    assert data.getvalue() == written


def test_without_stderr_nothing_is_said_on_stdout(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Python's `print` would take the other stream."""
    monkeypatch.setattr(sys, "stderr", None)
    say("note")
    with safe():
        print("note", file=sys.stderr)

    assert capsysbinary.readouterr().out == b""


def test_the_streams_are_as_before_afterwards() -> None:
    """Within, both are safe, also where one call lies in another."""
    before = sys.stdout, sys.stderr
    with safe():
        outer = sys.stdout
        with safe():
            assert sys.stdout is outer
            assert isinstance(sys.stdout, Stdout)
            assert isinstance(sys.stderr, Stderr)

    assert (sys.stdout, sys.stderr) == before


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("n\udcc3\udcb6", "n\u00f6"),
        ("'n\\udcc3\\udcb6'", "'n\u00f6'"),
        ("n\udcff", "n\\xff"),
        ("'\\\\udcc3'", "'\\\\udcc3'"),
        ("\\udc41", "\\udc41"),
        ("plain", "plain"),
    ],
)
def test_undecoded_bytes_are_readable(text: str, shown: str) -> None:
    """As they are and as `repr` shows them; a backslash that somebody typed stays."""
    assert readable(text) == shown


# ── the end of the process ──────────────────────────────────────────────────────────────────────

ENDING = """
import atexit, sys
from bomvet.__main__ import console
atexit.register(print, "farewell")
sys.argv = ["bomvet", *sys.argv[1:]]
{before}
console()
"""


@pytest.mark.parametrize(
    ("before", "arguments", "expected"),
    [
        ("", ["--version"], (0, "bomvet 0.1.0\nfarewell\n")),
        ("", ["scan", "absent"], (2, "farewell\n")),
        ("sys.stderr = None", ["scan", "absent"], (2, "farewell\n")),
        ("sys.stdout.close()", ["sbom", "absent"], (2, "")),
    ],
)
def test_the_end(before: str, arguments: list[str], expected: tuple[int, str]) -> None:
    """The process ends with the code, all output is out, and functions for its end have run."""
    script = ENDING.format(before=before)
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == expected


def test_the_end_within_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The code of the command is that of the process, also where a stream cannot be flushed."""
    codes: list[int] = []
    monkeypatch.setattr(sys, "argv", ["bomvet", "--version"])
    monkeypatch.setattr(os, "_exit", codes.append)
    monkeypatch.setattr(atexit, "_run_exitfuncs", lambda: monkeypatch.setattr(sys, "stderr", None))
    try:
        console()
    finally:
        gc.enable()

    assert codes == [0]
