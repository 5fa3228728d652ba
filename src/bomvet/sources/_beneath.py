"""Opening what lies below a folder, so that nothing leads out of it.

Every part of a path is opened in the folder before it and never through a link: what a link leads to is worked
out first, and then opened in the same way.  So it does not help to swap a link in between the two.  The folders
of the last path stay open, since the next one is mostly beside it: that is what makes it fast.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING, TypeVar

from bomvet.errors import FileAbsentError, FileUnreadableError

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")

#: A folder that only serves to open what is in it.
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
#: What opening says of a link, of one among the folders on the way, and of a path that is not canonical.
_PERHAPS_A_LINK = frozenset((errno.ELOOP, errno.EMLINK, errno.ENOTDIR, errno.EINVAL))
_ABSENT = frozenset((errno.ENOENT, errno.ENOTDIR))
#: Parts of a path that stand for another.
_NO_NAMES = frozenset(("", ".", ".."))
#: As the kernel has it.
_MOST_LINKS = 40
#: Folders of one path, which are all open at a time.
_DEEPEST = 128


class Beneath:
    """The files below `root`, a real path; paths are relative to it, as their names are on disk."""

    def __init__(self, root: str) -> None:
        self._root = root
        # The folders on the way to the last one, outermost first: name and descriptor.
        self._open: list[tuple[str, int]] = []
        # Folders that were no links when they were looked at; what is opened is looked at again.
        self._plain: set[str] = set()

    def __del__(self) -> None:
        """Let go of the folders."""
        self._close(0)

    def open(self, path: str, flags: int) -> int:
        """A descriptor of the file or folder; raises `FileUnreadableError`."""
        flags |= os.O_NOFOLLOW | os.O_CLOEXEC
        return self._at(path, lambda folder, name: os.open(name, flags, dir_fd=folder))

    def status(self, path: str) -> os.stat_result:
        """What kind of thing it is, how large and how old; raises `FileUnreadableError`."""
        return self._at(path, _status)

    def real(self, path: str) -> str:
        """Where `path` leads to when every link is followed; raises `FileUnreadableError`."""
        try:
            found = self._followed(path)
        except (OSError, ValueError) as error:
            raise _unreadable(error) from None
        return self._as_the_kernel_has_it(path) if found is None else found

    def _at(self, path: str, act: Callable[[int, str], _T]) -> _T:
        """What `act` makes of the folder that `path` lies in and its name there."""
        try:
            return act(*self._beside(path))
        except (OSError, ValueError) as error:
            if getattr(error, "errno", 0) not in _PERHAPS_A_LINK:
                raise _unreadable(error) from None
        real = self.real(path)
        try:
            return act(*self._beside(real))
        except (OSError, ValueError) as error:
            raise _unreadable(error) from None

    def _beside(self, path: str) -> tuple[int, str]:
        """A descriptor of the folder that `path` lies in, and its name there; raises `OSError`."""
        parts, opened = path.split("/"), self._open
        if path and not _NO_NAMES.isdisjoint(parts):
            raise _error(errno.EINVAL)
        name = parts.pop()
        if len(parts) > _DEEPEST:
            raise _error(errno.ENAMETOOLONG)
        if not opened:
            opened.append(("", os.open(self._root, _FOLDER)))
        same = 0
        for part, (known, _) in zip(parts, opened[1:], strict=False):
            if part != known:
                break
            same += 1
        self._close(same + 1)
        for part in parts[same:]:
            opened.append((part, os.open(part, _FOLDER, dir_fd=opened[-1][1])))
        return opened[-1][1], name or "."

    def _close(self, kept: int) -> None:
        """All open folders but the first `kept`."""
        while len(self._open) > kept:
            os.close(self._open.pop()[1])

    def _followed(self, path: str) -> str | None:
        """As `real`; None where names alone do not tell it, since a link leaves the tree, if only to come back."""
        todo, done, links = path.split("/")[::-1] if path else [], "", 0
        if not _NO_NAMES.isdisjoint(todo):
            return None
        while todo:
            part = todo.pop()
            if part == "..":
                if not done:
                    return None
                done = done.rpartition("/")[0]
                continue
            here = f"{done}/{part}" if done else part
            target = "" if here in self._plain else self._target(here, is_folder=bool(todo))
            if not target:
                done = here
                continue
            links += 1
            if links > _MOST_LINKS:
                raise _error(errno.ELOOP)
            if target.startswith("/"):
                return None
            todo += [name for name in reversed(target.split("/")) if name not in ("", ".")]
        return done

    def _target(self, path: str, *, is_folder: bool) -> str:
        """What the link at `path` says; empty where it is none; raises `OSError` where there is nothing."""
        try:
            return os.readlink(f"{self._root}/{path}")
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
        if is_folder:
            self._plain.add(path)
        return ""

    def _as_the_kernel_has_it(self, path: str) -> str:
        try:
            real = os.path.realpath(os.path.join(self._root, path), strict=True)
        except (OSError, ValueError) as error:
            raise _unreadable(error) from None
        if os.path.commonpath((self._root, real)) != self._root:
            raise FileUnreadableError("leads out of the scanned tree, which no link may do")
        return "" if real == self._root else os.path.relpath(real, self._root)


def _status(folder: int, name: str) -> os.stat_result:
    found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if stat.S_ISLNK(found.st_mode):
        raise _error(errno.ELOOP)
    return found


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def _unreadable(error: OSError | ValueError) -> FileUnreadableError:
    reason = getattr(error, "strerror", None) or "no usable name"
    kind = FileAbsentError if getattr(error, "errno", 0) in _ABSENT else FileUnreadableError
    return kind(f"cannot be read: {reason}")
