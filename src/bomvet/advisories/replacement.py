"""A file that is put into the place of another one whole, or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator

from bomvet.errors import UsageError

_UNFINISHED = ".bomvet-import-"
_STRAY_SECONDS = 24 * 60 * 60


@contextlib.contextmanager
def replacing(path: str, *, copy: bool = False, held: bool = False) -> Iterator[str]:
    """A new file, or a copy of the one at `path`, which takes its place when all is well; raises `OSError`.

    Unless the caller has `held` it already, `path` is held for the moment of the change.
    """
    folder = os.path.dirname(os.path.abspath(path))
    os.makedirs(folder, exist_ok=True)
    _remove_strays(folder)
    handle, unfinished = tempfile.mkstemp(prefix=_UNFINISHED, dir=folder)
    os.close(handle)
    try:
        if copy:
            shutil.copyfile(path, unfinished)
        yield unfinished
        os.chmod(unfinished, 0o644)  # what is in it is public, and several users may share the file
        _sync(unfinished)
        with contextlib.nullcontext() if held else alone(path):
            os.replace(unfinished, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(unfinished)
        raise
    with contextlib.suppress(OSError):  # the new file is in place; some file systems cannot sync a folder
        _sync(folder)


#: So long somebody else may be changing the file, in seconds.
_PATIENCE = 60.0


@contextlib.contextmanager
def alone(path: str) -> Iterator[None]:
    """Nobody else changes the file meanwhile: two that each change a copy would lose what one of them did."""
    descriptor, until = -1, time.monotonic() + _PATIENCE
    try:
        while descriptor < 0 and os.path.isfile(path):
            descriptor = _held(path)
            if descriptor < 0:
                if time.monotonic() > until:
                    raise UsageError(f"{path} is being changed by somebody else", hint="try again when that is done")
                time.sleep(0.05)
        yield
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _held(path: str) -> int:
    """A descriptor of the file that is locked; -1 where somebody else has it, or has replaced it just now."""
    try:
        import fcntl  # noqa: PLC0415 - not on every system
    except ImportError:
        return os.open(path, os.O_RDONLY)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return -1
    except OSError:
        return descriptor  # a file system without locks
    if os.path.samestat(os.fstat(descriptor), os.stat(path)):
        return descriptor
    os.close(descriptor)
    return -1


def _remove_strays(folder: str) -> None:
    """Remove what imports left that were killed; younger files may belong to one that runs."""
    entries: list[os.DirEntry[str]] = []
    with contextlib.suppress(OSError), os.scandir(folder) as found:  # a folder may be writable and still not readable
        entries = [entry for entry in found if entry.name.startswith(_UNFINISHED)]
    for entry in entries:
        with contextlib.suppress(OSError):  # somebody else's, or gone meanwhile
            age = time.time() - entry.stat(follow_symlinks=False).st_mtime
            if age > _STRAY_SECONDS and entry.is_file(follow_symlinks=False):
                os.unlink(entry.path)


def _sync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
