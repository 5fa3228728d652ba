"""Standard output and standard error as they may be in the world: closed, full, without a reader, or in ASCII."""

from __future__ import annotations

import codecs
import contextlib
import errno
import os
import re
import sys
from typing import TYPE_CHECKING, TextIO, cast

from bomvet.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Bytes of arguments and file names that the locale could not decode, as they are and as `repr` shows them.
_UNDECODED = re.compile(r"[\udc80-\udcff]+|(?<!\\)(?:\\udc[89a-f][0-9a-f])+")


class ReaderGoneError(Exception):
    """Nobody reads standard output any more; no `OSError`, which typer would answer with an exit code of its own."""


class _Stream:
    """A text stream over one of the process, which may be None."""

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = None if stream is None or stream.closed else stream

    def isatty(self) -> bool:
        """Whether people look at it."""
        return self._stream is not None and self._stream.isatty()


class _Bytes(_Stream):
    """The bytes of standard output."""

    def write(self, data: bytes) -> int:
        """Write bytes, all of them also where PYTHONUNBUFFERED leaves nothing but the file beneath."""
        if self._stream is None:
            raise UsageError("stdout is closed")
        rest = memoryview(data)
        with _explained(self._stream):
            while rest:
                count = self._stream.buffer.write(rest)
                if not count:
                    raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
                rest = rest[count:]
        return len(data)

    def flush(self) -> None:
        """Bring out what was written."""
        if self._stream is not None:
            with _explained(self._stream):
                self._stream.flush()


class Stdout(_Stream):
    """Standard output in UTF-8, as the reports are; what it cannot take is a `UsageError`, and no defect."""

    def __init__(self, stream: TextIO | None) -> None:
        super().__init__(stream)
        self.buffer = _Bytes(stream)

    def write(self, text: str) -> int:
        """Write text."""
        self.buffer.write(text.encode(self.encoding, self.errors))
        return len(text)

    def flush(self) -> None:
        """Bring out what was written."""
        self.buffer.flush()


class Stderr(_Stream):
    """Standard error, in UTF-8 where the locale knows ASCII alone; it never fails, as nobody could be told."""

    def __init__(self, stream: TextIO | None) -> None:
        super().__init__(stream)
        named = codecs.lookup((self._stream and self._stream.encoding) or "ascii").name
        self.encoding = "utf-8" if named == "ascii" else named

    def write(self, text: str) -> int:
        """Write text, whatever it holds."""
        if self._stream is not None:
            try:
                self._stream.buffer.write(text.encode(self.encoding, self.errors))
                self._stream.flush()
            except OSError:
                _silence(self._stream)
        return len(text)

    def flush(self) -> None:
        """Nothing: every write is brought out at once."""


def stdout() -> Stdout:
    """Standard output, as it is now."""
    return sys.stdout if isinstance(sys.stdout, Stdout) else Stdout(sys.stdout)


def stderr() -> Stderr:
    """Standard error, as it is now."""
    return sys.stderr if isinstance(sys.stderr, Stderr) else Stderr(sys.stderr)


@contextlib.contextmanager
def safe() -> Iterator[None]:
    """Within it `print` and whatever else writes to the standard streams fails as `Stdout` and `Stderr` do."""
    with (
        contextlib.redirect_stdout(cast("TextIO", stdout())),
        contextlib.redirect_stderr(cast("TextIO", stderr())),
    ):
        try:
            yield
        finally:
            # What could not be brought out has been told already.
            with contextlib.suppress(UsageError, ReaderGoneError):
                sys.stdout.flush()


def readable(text: str) -> str:
    """`text` with the bytes that the locale could not decode taken for UTF-8, and escaped where they are not."""
    return _UNDECODED.sub(_decoded, text)


def _decoded(match: re.Match[str]) -> str:
    text = match[0]
    escaped = text.startswith("\\")
    data = bytes.fromhex(text.replace("\\udc", "")) if escaped else text.encode("ascii", "surrogateescape")
    return data.decode("utf-8", "backslashreplace")


@contextlib.contextmanager
def _explained(stream: TextIO) -> Iterator[None]:
    """A failure within as what the user can mend; nothing more is written to `stream` after it."""
    try:
        yield
    except BrokenPipeError:
        _silence(stream)
        raise ReaderGoneError from None
    except OSError as error:
        _silence(stream)
        closed = error.errno == errno.EBADF
        raise UsageError("stdout is closed" if closed else f"stdout cannot be written: {error.strerror}") from None


def _silence(stream: TextIO) -> None:
    """Let go where nobody reads what is still in the buffer; the interpreter would fail on it at its end."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
