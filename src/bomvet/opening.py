"""Targets as users name them, opened, and the files that they name beside them."""

from __future__ import annotations

import datetime as dt
import errno
import os
from itertools import accumulate
from typing import TYPE_CHECKING

from bomvet import pipeline
from bomvet.errors import UsageError
from bomvet.model.records import dataclass
from bomvet.plugin import Source, discover

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bomvet.plugin import FileTree


#: Of a file of the user's own, such as what a package manager is set to.
MAX_OWN_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A target that can be read, with the time of its state where that is known (seconds since the epoch)."""

    tree: FileTree
    time: int | None


def open_target(target: str, *, exclude: Sequence[str] = (), use_ignore_files: bool = True) -> Opened:
    """Open a path, or `SCHEME:PATH`; raises `UsageError`."""
    sources = {source.id: source for source in discover("bomvet.sources", Source)}
    scheme, location = split_target(target)
    if scheme not in sources:
        raise UsageError(f"targets of the kind {scheme!r} are not known", hint=f"known are: {', '.join(sources)}")
    options = {"exclude": exclude, "use_ignore_files": use_ignore_files}
    path = path_of(scheme, location)
    if scheme in ("dir", "git") and os.path.isfile(path):
        options["kept"] = _kept_parts(path)
    tree = sources[scheme].open(location, **options)
    of_tree: int | None = getattr(tree, "time", None)
    return Opened(tree=tree, time=_state_time(location, of_tree))


def split_target(target: str) -> tuple[str, str]:
    """Scheme and location; what exists under the whole name, or has a slash before the colon, is a path."""
    scheme, colon, location = target.partition(":")
    return ("dir", target) if not colon or "/" in scheme or os.path.exists(target) else (scheme, location)


def path_of(scheme: str, location: str) -> str:
    """What of a location is a path."""
    if scheme != "git":
        return location
    from bomvet.sources.git import split  # noqa: PLC0415 - rarely needed

    return split(location)[0]


def _kept_parts(location: str) -> int:
    """How many last parts of a file's path make it one that is read: `requirements/main.txt` takes two."""
    folder, name = os.path.split(os.path.abspath(location))
    for kept, path in enumerate((name, f"{os.path.basename(folder)}/{name}"), start=1):
        if pipeline.is_read(path):
            return kept
    raise UsageError(f"{name} is no file that bomvet reads", hint="see: bomvet list resolvers")


def folder_of(location: str) -> str:
    """The folder that is meant, or that the file lies in."""
    return location if os.path.isdir(location) else os.path.dirname(location)


def _stated_time() -> int | None:
    """SOURCE_DATE_EPOCH, if it is set."""
    stated = os.environ.get("SOURCE_DATE_EPOCH", "")
    if stated and (not stated.isdecimal() or len(stated) > 11):  # noqa: PLR2004 - beyond the year 5000
        raise UsageError(f"SOURCE_DATE_EPOCH must be seconds since 1970, not {stated!r}")
    return int(stated) if stated else None


def _state_time(location: str, of_tree: int | None) -> int | None:
    """SOURCE_DATE_EPOCH, else the time of the revision, or of the commit that is checked out."""
    stated = _stated_time()
    if stated is not None or of_tree is not None:
        return of_tree if stated is None else stated
    directory = os.path.abspath(folder_of(location))
    if not _in_repository(directory):
        return None
    from pathlib import Path  # noqa: PLC0415 - not needed otherwise

    from bomvet.sources._commit import head_commit  # noqa: PLC0415 - the same

    commit = head_commit(Path(directory))
    return commit.time if commit else None


def _in_repository(directory: str) -> bool:
    parents = accumulate(directory.split(os.sep), lambda path, name: f"{path}{os.sep}{name}")
    return any(os.path.lexists(f"{parent}{os.sep}.git") for parent in parents)


def repository_folder(target: str) -> str:
    """Where the folder of `target` lies in its repository (`services/web`); empty where it is the top, or in none."""
    scheme, location = split_target(target)
    path = path_of(scheme, location) if scheme in ("dir", "git") else "."
    here = os.path.realpath(folder_of(path))
    top = here
    while not os.path.lexists(os.path.join(top, ".git")):
        parent = os.path.dirname(top)
        if parent == top:
            return ""
        top = parent
    return "" if here == top else os.path.relpath(here, top).replace(os.sep, "/")


def stamp(now: dt.datetime) -> str:
    """SOURCE_DATE_EPOCH, else `now`, as RFC 3339 in UTC."""
    stated = _stated_time()
    moment = now if stated is None else dt.datetime.fromtimestamp(stated, dt.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def content(path: str, limit: int) -> bytes:
    """The bytes of the file `path`; raises `OSError`, also where it has more than `limit`."""
    # A pipe without a writer must not block; one with, such as the shell's <(...), is read to its end.
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
    with open(path, "rb", opener=lambda name, _: os.open(name, flags)) as file:
        os.set_blocking(file.fileno(), True)
        data = file.read(limit + 1)
    if len(data) > limit:
        raise OSError(errno.EFBIG, f"it is larger than {limit:,} bytes")
    return data


def read_file(path: str, limit: int) -> bytes:
    """As `content`, of a file that the user names; raises `UsageError`."""
    try:
        return content(path, limit)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None


def own_file(path: str) -> bytes | None:
    """As `content`, of the user's own configuration of other programs; None where there is none to be read."""
    try:
        return content(path, MAX_OWN_BYTES)
    except OSError:
        return None


def open_evidence(paths: Sequence[str]) -> list[FileTree]:
    """The folders and files of recorded attestations at `paths`; raises `UsageError`."""
    from bomvet.sources.directory import DIRECTORY  # noqa: PLC0415 - for those who have some

    return [
        DIRECTORY.open(path, use_ignore_files=False, **({} if os.path.isdir(path) else {"kept": 1})) for path in paths
    ]
