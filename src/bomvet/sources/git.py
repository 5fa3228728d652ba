"""A revision of a git repository as a `FileTree`, read from its objects: nothing is checked out, and git is not run.

`git:REV` is the current folder as it was in REV, `git:FOLDER@REV` another one.  What is passed over is what the walk
of a folder passes over.  Links and submodules are not followed, and that is told.
"""

from __future__ import annotations

import os
import zlib
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from bomvet.errors import FileAbsentError, FileUnreadableError, NotEstablishedError, UsageError
from bomvet.model.globs import matches
from bomvet.model.inventory import Location, Unknown
from bomvet.model.result import Skipped
from bomvet.plugin import Entry, Source
from bomvet.sources._objects import Found, Limits, Repository, Store, find
from bomvet.sources.directory import INSTALLED_FOLDERS, SKIPPED_FOLDERS
from bomvet.sources.directory import Limits as TreeLimits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bomvet.sources._commit import Commit
    from bomvet.sources._ignore import IgnoreFile

ID = "source/git"
_LIMITS: Final = TreeLimits()
#: Bounds of a folder and of a file; git makes chains of up to 4,095 deltas.
_OF_A_FOLDER: Final = Limits(16 << 20, 4095, 64 << 20)
_OF_A_FILE: Final = Limits(_LIMITS.file_bytes, 4095, 2 * _LIMITS.file_bytes)
_DAMAGED: Final = (OSError, ValueError, zlib.error)
#: Files of a folder that is passed over which are told.
_SHOWN_OF_A_FOLDER: Final = 1000
_FOLDER, _LINK, _MODULE = "40000", "120000", "160000"


class _Item(NamedTuple):
    """An entry of a folder: its mode in octal, and the name of its object."""

    name: str
    mode: str
    object: bytes


class GitTree:
    """The files below a folder in one commit."""

    kind = "git"

    def __init__(
        self,
        repository: Repository,
        tree: bytes,
        commit: Commit,
        *,
        name: str,
        only: str = "",
        exclude: Sequence[str] = (),
        use_ignore_files: bool = True,
        limits: TreeLimits = _LIMITS,
    ) -> None:
        self.name, self.time = name, commit.time
        self._repository, self._exclude, self._limits = repository, tuple(exclude), limits
        self._use_ignore_files = use_ignore_files
        self._unknowns: list[Unknown] = []
        self._skipped: list[Skipped] = []
        self._folders: list[str] = []
        self._files: dict[str, _Item] = {}
        self._items: dict[str, dict[str, _Item]] = {}
        self._count = 0
        with Store(repository) as store:
            self._walk(store, tree)
        self._paths = sorted(self._files)
        if only:
            self._restrict(only)
        self._folders.sort()

    def _restrict(self, only: str) -> None:
        """Take one file for all, with the rest in reach for includes."""
        self._paths = [only] if self.exists(only) else []
        self._unknowns, self._skipped, self._folders = [], [], []
        if not self._paths:
            self._unknown(only, "there is no such file in the revision")

    @property
    def unknowns(self) -> tuple[Unknown, ...]:
        """Limits hit, and what the repository does not hold."""
        return tuple(self._unknowns)

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """Files that an ignore file or `exclude` names, and links."""
        return tuple(self._skipped)

    def paths(self) -> Sequence[str]:
        """Every file that is not passed over, sorted."""
        return self._paths

    def folders(self) -> Sequence[str]:
        """Folders of installed packages, sorted."""
        return self._folders

    def entries(self, folder: str) -> Sequence[Entry]:
        """What stands in `folder`; raises `FileUnreadableError`."""
        return [Entry(i.name, i.mode == _FOLDER, i.mode == _LINK) for i in sorted(self._in(folder).values())]

    def real(self, path: str) -> str:
        """`path` itself, since no link is followed; raises `FileUnreadableError` where there is nothing."""
        if path:
            self._item(path)
        return path

    def exists(self, path: str) -> bool:
        """Whether `path` is a file in the tree."""
        try:
            return self._item(path).mode not in (_FOLDER, _LINK, _MODULE)
        except FileUnreadableError:
            return False

    def modified(self, path: str) -> int:
        """The time of the commit; 0 where there is no such file."""
        return self.time if self.exists(path) else 0

    def starts(self, path: str, size: int) -> bytes:
        """The first bytes of a file; none where it cannot be read."""
        try:
            return self.read(path)[:size]
        except FileUnreadableError:
            return b""

    def read(self, path: str) -> bytes:
        """The content; raises `FileUnreadableError`."""
        item = self._item(path)
        if item.mode in (_FOLDER, _LINK, _MODULE):
            raise FileUnreadableError("is no regular file")
        with Store(self._repository) as store:
            return self._object(store, item.object, "blob", _OF_A_FILE).content

    # -- objects -------------------------------------------------------------------------------------------

    def _object(self, store: Store, name: bytes, kind: str, limits: Limits) -> Found:
        try:
            found = store.read(name, limits)
        except _DAMAGED as error:
            raise FileUnreadableError(f"cannot be read from the repository: {error}") from None
        if found is None or found.kind != kind:
            raise FileUnreadableError("is not in the repository, which has a part of its objects alone")
        return found

    def _item(self, path: str) -> _Item:
        if path in self._files:
            return self._files[path]
        folder, _, name = path.rpartition("/")
        found = self._in(folder).get(name)
        if found is None:
            raise FileAbsentError("cannot be read: No such file or directory")
        return found

    def _in(self, folder: str) -> dict[str, _Item]:
        """What stands in `folder`, by name, also in one that the walk did not enter."""
        if folder in self._items:
            return self._items[folder]
        here, items = "", self._items.get("", {})
        with Store(self._repository) as store:
            for name in folder.split("/"):
                item = items.get(name)
                if item is None or item.mode != _FOLDER:
                    raise FileAbsentError("cannot be listed: No such file or directory")
                here = f"{here}/{name}" if here else name
                items = self._items[here] if here in self._items else self._list(store, here, item.object)
        return items

    def _list(self, store: Store, folder: str, tree: bytes) -> dict[str, _Item]:
        content = self._object(store, tree, "tree", _OF_A_FOLDER).content
        items = {item.name: item for item in _items(content, len(tree) // 2)}
        self._count += len(items)
        if self._count > self._limits.files:
            raise FileUnreadableError(f"cannot be listed: more than {self._limits.files:,} files and folders in all")
        self._items[folder] = items
        return items

    # -- the walk ------------------------------------------------------------------------------------------

    def _walk(self, store: Store, top: bytes) -> None:
        todo: list[tuple[str, bytes, tuple[IgnoreFile, ...]]] = [("", top, ())]
        while todo:
            folder, tree, ignores = todo.pop()
            if folder.count("/") >= self._limits.depth:
                self._unknown(folder, f"folders nested deeper than {self._limits.depth}: not read")
                continue
            try:
                items = self._list(store, folder, tree)
            except FileUnreadableError as error:
                self._unknown(folder, f"folder {error}")
                if self._count > self._limits.files:
                    break
                continue
            ignores = (*ignores, *self._ignores(store, folder, items))
            for item in items.values():
                path = f"{folder}/{item.name}" if folder else item.name
                if self._kept(store, path, item, ignores):
                    if item.mode == _FOLDER:
                        todo.append((path, item.object, ignores))
                    else:
                        self._files[path] = item

    def _kept(self, store: Store, path: str, item: _Item, ignores: tuple[IgnoreFile, ...]) -> bool:
        """Whether the walk goes on with it; of what it passes over it is told."""
        is_dir = item.mode == _FOLDER
        if is_dir and item.name in SKIPPED_FOLDERS:
            return False
        reason = self._passed_over(path, is_dir=is_dir, ignores=ignores)
        if item.mode == _MODULE and not reason:
            self._unknown(path, "a submodule, whose files are not part of the revision")
            return False
        if item.mode == _LINK and not reason:
            reason = "a link, which is not followed in a revision"
        if is_dir and item.name in INSTALLED_FOLDERS and not reason:
            self._folders.append(path)
            return False
        if reason:
            self._skipped += [Skipped(path=file, reason=reason) for file in self._shown(store, path, item)]
        return not reason

    def _shown(self, store: Store, path: str, item: _Item) -> Iterator[str]:
        """What is told of something passed over: of a folder, the files that stand in it directly."""
        if item.mode != _FOLDER:
            yield path
            return
        try:
            found = self._object(store, item.object, "tree", _OF_A_FOLDER).content
        except FileUnreadableError as error:
            self._unknown(path, f"folder {error}")
            return
        inner = _items(found, len(item.object) // 2)
        yield from islice((f"{path}/{i.name}" for i in inner if i.mode != _FOLDER), _SHOWN_OF_A_FOLDER)

    def _passed_over(self, path: str, *, is_dir: bool, ignores: tuple[IgnoreFile, ...]) -> str:
        if any(matches(glob, path) for glob in self._exclude):
            return "excluded by --exclude or the settings"
        if ignores:
            from bomvet.sources._ignore import is_ignored  # noqa: PLC0415 - many trees have no such file

            if is_ignored(ignores, path, is_dir=is_dir):
                return "named by a .gitignore file (--no-ignore reads it)"
        return ""

    def _ignores(self, store: Store, folder: str, items: dict[str, _Item]) -> Iterator[IgnoreFile]:
        """The ignore file of a folder, if it has one that can be read."""
        item = items.get(".gitignore")
        if not self._use_ignore_files or item is None or item.mode in (_FOLDER, _LINK, _MODULE):
            return
        from bomvet.sources._ignore import IgnoreFile  # noqa: PLC0415 - many trees have no such file

        try:
            content = self._object(store, item.object, "blob", _OF_A_FILE).content
        except FileUnreadableError:
            return  # then nothing is ignored, which loses nothing
        found = IgnoreFile.parse(content.decode("utf-8", "replace"), folder)
        if found.dropped:
            self._unknown(folder, f".gitignore: {found.dropped} patterns beyond the limits were not used")
        yield found

    def _unknown(self, path: str, reason: str) -> None:
        self._unknowns.append(Unknown(location=Location(path=path or "."), resolver=ID, reason=reason))


def _items(content: bytes, width: int) -> Iterator[_Item]:
    """The entries of a tree object: mode, blank, name, zero, and the object's name in `width` bytes."""
    at, end = 0, len(content)
    while at < end:
        blank, zero = content.find(b" ", at), content.find(b"\0", at)
        if not at < blank < zero or zero + width >= end:
            raise FileUnreadableError("cannot be listed: its object is damaged")
        name = content[blank + 1 : zero].decode("utf-8", "backslashreplace")
        # No checkout has such names; a path made of them would lead somewhere else.
        if name not in ("", ".", "..") and "/" not in name:
            mode, object_ = content[at:blank].decode("ascii", "replace"), content[zero + 1 : zero + 1 + width].hex()
            yield _Item(name, mode, object_.encode())
        at = zero + 1 + width


# -- opening -----------------------------------------------------------------------------------------------------


def open_revision(
    location: str, *, exclude: Sequence[str] = (), use_ignore_files: bool = True, kept: int = 1
) -> GitTree:
    """The tree of `REV` or `FOLDER@REV`; raises `UsageError` where there is no such revision or folder in it.

    In the place of a folder a file may be named, of which `kept` last parts of its path are its path in the tree.
    Raises `NotEstablishedError` where the repository cannot be read.
    """
    folder, revision = split(location)
    place = Path(os.path.realpath(folder))
    only = "" if place.is_dir() else "/".join(place.parts[-kept:])
    directory = place.parents[kept - 1] if only else place
    try:
        return _opened(
            directory,
            revision,
            lambda repository, tree, commit: GitTree(
                repository,
                tree,
                commit,
                name=directory.name or "root",
                only=only,
                exclude=exclude,
                use_ignore_files=use_ignore_files,
            ),
        )
    except _DAMAGED as error:
        raise NotEstablishedError(f"{revision!r} cannot be read from the git repository: {error}") from None


def split(location: str) -> tuple[str, str]:
    """Folder and revision; the folder is the current one where none that exists is named."""
    parts = location.split("@")
    for number in range(1, len(parts)):
        folder, revision = "@".join(parts[:number]), "@".join(parts[number:])
        if folder and revision and os.path.exists(folder):
            return folder, revision
    return ".", location


def _opened(directory: Path, revision: str, make: Callable[[Repository, bytes, Commit], GitTree]) -> GitTree:
    from bomvet.sources._commit import named_commit  # noqa: PLC0415 - needed here alone

    repository, top = find(directory) or (None, None)
    if repository is None or top is None:
        raise UsageError(f"{directory.name!r} lies in no git repository", hint="name a folder: git:FOLDER@REV")
    with Store(repository) as store:
        found = named_commit(repository, store, revision)
        if found is None:
            raise UsageError(
                f"no such file, and no commit of this repository: {revision!r}",
                hint="a branch, tag or commit that is here; a shallow clone has few: git fetch",
            )
        commit, tree = found
        for name in directory.relative_to(top).parts:
            inner = _folder(store, tree, name)
            if inner is None:
                raise UsageError(f"the folder {name!r} does not exist in {revision!r}")
            tree = inner
    return make(repository, tree, commit)


def _folder(store: Store, tree: bytes, name: str) -> bytes | None:
    """The tree of the folder `name` in `tree`."""
    found = store.read(tree, _OF_A_FOLDER)
    items = _items(found.content, len(tree) // 2) if found and found.kind == "tree" else ()
    return next((item.object for item in items if item.name == name and item.mode == _FOLDER), None)


GIT = Source(id="git", open=open_revision)
