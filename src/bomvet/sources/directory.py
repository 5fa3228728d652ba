"""A folder as a `FileTree`: one bounded walk that follows no symbolic link out of the tree.

What is passed over (documented in docs/reference/what-is-read.md): version-control folders, caches of tools, the
folders of virtual environments, and what `.gitignore` files name.  Folders of installed packages (`node_modules`,
those of virtual environments) are noted and not entered: who reads them looks into them with `entries`.
"""

from __future__ import annotations

import os
import stat
from itertools import islice
from typing import TYPE_CHECKING

from bomvet.errors import FileUnreadableError, UsageError
from bomvet.model.globs import matches
from bomvet.model.inventory import Location, Unknown
from bomvet.model.records import dataclass, field
from bomvet.model.result import Skipped
from bomvet.plugin import Entry, Source
from bomvet.sources._beneath import Beneath

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bomvet.sources._ignore import IgnoreFile

#: Folders that hold no sources of the project itself.
SKIPPED_FOLDERS = frozenset((
    ".bzr", ".eggs", ".git", ".hg", ".hypothesis", ".mypy_cache", ".nox", ".pytest_cache", ".ruff_cache", ".svn",
    ".tox", "__pycache__",
))  # fmt: skip
#: Folders of installed packages.
INSTALLED_FOLDERS = frozenset(("node_modules", "site-packages", "dist-packages"))
#: What a virtual environment consists of, besides its mark.
_ENVIRONMENT_FOLDERS = frozenset(("bin", "etc", "include", "lib", "lib64", "share", "Include", "Lib", "Scripts"))
#: A folder with this file in it is a virtual environment (PEP 405).
ENVIRONMENT_MARK = "pyvenv.cfg"
_OF_ENVIRONMENT = "belongs to a virtual environment, of which the installed packages are read"
#: Entries of a folder that is passed over which are looked at.
_SHOWN_OF_A_FOLDER = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of a walk; what lies beyond becomes an `Unknown`."""

    files: int = 1_000_000
    depth: int = 64
    file_bytes: int = 64 * 1024 * 1024


@dataclass(slots=True, kw_only=True)
class _Listing:
    """What one walk saw."""

    paths: list[str] = field(default_factory=list)
    unknowns: list[Unknown] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    # Names that are not UTF-8 are shown escaped; this leads back to the name on disk.
    on_disk: dict[str, str] = field(default_factory=dict)
    entries: int = 0

    def shown(self, raw: str) -> str:
        """What the file `raw` is called in the tree."""
        path = _shown(raw)
        if path != raw:
            self.on_disk[path] = raw
        return path


class DirectoryTree:
    """The files below a folder, or one file of it with the rest in reach for includes."""

    def __init__(
        self,
        root: str,
        *,
        only: str = "",
        exclude: Sequence[str] = (),
        use_ignore_files: bool = True,
        limits: Limits = Limits(),  # noqa: B008 - a record that nobody can change
    ) -> None:
        self._root = os.path.realpath(root)
        self._beneath = Beneath(self._root)
        self._name = _shown(os.path.basename(os.path.abspath(root))) or "root"
        self._exclude = tuple(exclude)
        self._use_ignore_files = use_ignore_files
        self._limits = limits
        self._listing = _Listing()
        self._noted: set[str] = set()
        if only:
            self._listing.paths.append(self._listing.shown(only))
        elif os.path.basename(self._root) in INSTALLED_FOLDERS:
            self._listing.folders.append("")
        else:
            self._walk()

    @property
    def name(self) -> str:
        """The folder's name."""
        return self._name

    @property
    def root(self) -> str:
        """Where it is on this machine; never to be shown in a report."""
        return self._root

    @property
    def unknowns(self) -> tuple[Unknown, ...]:
        """Limits hit and folders that could not be listed."""
        return tuple(self._listing.unknowns)

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """Files that an ignore file or `exclude` names."""
        return tuple(self._listing.skipped)

    def paths(self) -> Sequence[str]:
        """Every file that is not passed over, sorted."""
        return self._listing.paths

    def folders(self) -> Sequence[str]:
        """Folders of installed packages, sorted."""
        return self._listing.folders

    def entries(self, folder: str) -> Sequence[Entry]:
        """What stands in `folder`, by name; raises `FileUnreadableError`."""
        raw, listing = self._on_disk(folder), self._listing
        descriptor = self._beneath.open(raw, os.O_RDONLY | os.O_DIRECTORY)
        try:
            with os.scandir(descriptor) as found:
                entries = list(islice(found, self._limits.files - listing.entries + 1))
                listing.entries += len(entries)
                if listing.entries > self._limits.files:
                    limit = f"{self._limits.files:,}"
                    raise FileUnreadableError(f"cannot be listed: more than {limit} files and folders in all")
                return sorted(
                    Entry(self._shown_in(raw, e.name), e.is_dir(follow_symlinks=False), e.is_symlink()) for e in entries
                )
        except OSError as error:
            raise FileUnreadableError(f"cannot be listed: {error.strerror}") from None
        finally:
            os.close(descriptor)

    def real(self, path: str) -> str:
        """Where the links on the way to `path` lead; raises `FileUnreadableError`."""
        return self._listing.shown(self._beneath.real(self._on_disk(path)))

    def exists(self, path: str) -> bool:
        """Whether `path` is a file in the tree."""
        try:
            return stat.S_ISREG(self._beneath.status(self._on_disk(path)).st_mode)
        except FileUnreadableError:
            return False

    def modified(self, path: str) -> int:
        """Seconds since the epoch of the last change of content; 0 where there is no such file."""
        try:
            return int(self._beneath.status(self._on_disk(path)).st_mtime)
        except FileUnreadableError:
            return 0

    def read(self, path: str) -> bytes:
        """The content; raises `FileUnreadableError`."""
        # A pipe must not block.
        descriptor = self._beneath.open(self._on_disk(path), os.O_RDONLY | os.O_NONBLOCK)
        try:
            return self._content(descriptor)
        except OSError as error:
            raise FileUnreadableError(f"cannot be read: {error.strerror}") from None
        finally:
            os.close(descriptor)

    def starts(self, path: str, size: int) -> bytes:
        """The first bytes of a listed file; none where it is a link or cannot be read."""
        try:
            # The walk went through folders alone, so that only the last part can be a link; `read` looks again.
            place = f"{self._root}/{self._listing.on_disk.get(path, path)}"
            descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except (OSError, ValueError):
            return b""
        try:
            return os.read(descriptor, size)
        except OSError:
            return b""
        finally:
            os.close(descriptor)

    def _content(self, descriptor: int) -> bytes:
        info, limit = os.fstat(descriptor), self._limits.file_bytes
        if not stat.S_ISREG(info.st_mode):
            raise FileUnreadableError("is no regular file")
        if info.st_size <= limit:
            with open(descriptor, "rb", closefd=False) as file:
                # A byte more than there should be tells a file that grows meanwhile, without room for the limit.
                data = file.read(info.st_size + 1)
                data += file.read(limit + 1 - len(data)) if len(data) > info.st_size else b""
            if len(data) <= limit:
                return data
        raise FileUnreadableError(f"is larger than {limit:,} bytes")

    def _on_disk(self, path: str) -> str:
        """The name on disk of `path`, of which a part may be shown escaped."""
        names = self._listing.on_disk
        if not names or (path.isascii() and "\\" not in path):
            return path
        rest = ""
        while path and path not in names:
            path, _, name = path.rpartition("/")
            rest = f"/{name}{rest}"
        return names.get(path, path) + rest if path else rest[1:]

    def _shown_in(self, raw: str, name: str) -> str:
        """What the file `name` of the folder `raw` is called in the tree."""
        if name.isascii() and "\\" not in name:
            return name
        self._listing.shown(f"{raw}/{name}" if raw else name)
        return _shown(name)

    def _walk(self) -> None:
        """List everything; folders are kept by their names on disk, which need not be UTF-8."""
        listing = self._listing
        todo: list[tuple[str, tuple[IgnoreFile, ...], bool]] = [("", (), False)]
        while todo:
            folder, ignores, installed = todo.pop()
            entries = self._entries(folder)
            # Anybody can put the mark into a folder: what is no part of an environment is read all the same.
            is_environment = self._is_environment(folder, entries)
            if is_environment:
                self._note_environment(folder)
            if self._use_ignore_files and any(entry.name == ".gitignore" for entry in entries):
                ignores = (*ignores, self._ignore_file(folder))
            for entry, raw in self._kept(entries, folder, ignores):
                of_environment = installed or (is_environment and entry.name in _ENVIRONMENT_FOLDERS)
                if entry.is_dir(follow_symlinks=False):
                    todo.append((raw, ignores, of_environment))
                elif of_environment:
                    listing.skipped.append(Skipped(path=_shown(raw), reason=_OF_ENVIRONMENT))
                else:
                    listing.paths.append(listing.shown(raw))
            if listing.entries > self._limits.files:
                reason = f"more than {self._limits.files:,} files and folders: the rest was not read"
                listing.unknowns.append(_limit(folder, reason))
                break
        listing.paths.sort()
        listing.folders.sort()

    def _note_environment(self, folder: str) -> None:
        """Note where the packages of an environment are."""
        prefix = f"{folder}/" if folder else ""
        libraries = [f"lib/{name}" for name in self._names(f"{prefix}lib", folders=True)]
        for place in (*libraries, "Lib"):
            packages = f"{prefix}{place}/site-packages"
            if os.path.isdir(os.path.join(self._root, packages)):
                self._note_folder(packages)

    def _note_folder(self, raw: str) -> None:
        """Note a folder of installed packages, unless the user does not want it."""
        if raw in self._noted:
            return
        self._noted.add(raw)
        reason = self._passed_over(raw, is_dir=True, ignores=())
        if reason:
            self._listing.skipped.append(Skipped(path=_shown(raw), reason=reason))
        else:
            self._listing.folders.append(self._listing.shown(raw))

    def _is_environment(self, folder: str, entries: list[os.DirEntry[str]]) -> bool:
        """Whether PEP 405 has it for a virtual environment; an empty file of the name would hide a folder."""
        if all(entry.name != ENVIRONMENT_MARK for entry in entries):
            return False
        mark = f"{folder}/{ENVIRONMENT_MARK}" if folder else ENVIRONMENT_MARK
        try:
            return b"home" in self.read(self._listing.shown(mark))
        except FileUnreadableError:
            return False

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        listing, limits = self._listing, self._limits
        if folder.count("/") >= limits.depth:
            listing.unknowns.append(_limit(folder, f"folders nested deeper than {limits.depth}: not read"))
            return []
        try:
            with os.scandir(os.path.join(self._root, folder)) as found:
                entries = list(islice(found, limits.files - listing.entries + 1))
        except OSError as error:
            listing.unknowns.append(_limit(folder, f"folder cannot be listed: {error.strerror}"))
            return []
        listing.entries += len(entries)
        return sorted(entries, key=lambda entry: entry.name)

    def _kept(
        self, entries: list[os.DirEntry[str]], folder: str, ignores: tuple[IgnoreFile, ...]
    ) -> Iterator[tuple[os.DirEntry[str], str]]:
        for entry in entries:
            raw = f"{folder}/{entry.name}" if folder else entry.name
            is_dir = entry.is_dir(follow_symlinks=False)
            if is_dir and entry.name in SKIPPED_FOLDERS:
                continue
            if is_dir and entry.name in INSTALLED_FOLDERS:
                self._note_folder(raw)
                continue
            reason = self._passed_over(raw, is_dir=is_dir, ignores=ignores)
            if not reason:
                yield entry, raw
                continue
            # Of a folder, what stands in it directly is told, so that a lock cannot hide in it.
            names = self._names(raw) if is_dir else []
            if ENVIRONMENT_MARK in names and not self._passed_over(raw, is_dir=True, ignores=()):
                self._note_environment(raw)
            files = [f"{raw}/{name}" for name in names] if is_dir else [raw]
            self._listing.skipped += [Skipped(path=_shown(file), reason=reason) for file in files]

    def _names(self, folder: str, *, folders: bool = False) -> list[str]:
        """The files in `folder`, or the folders."""
        try:
            with os.scandir(os.path.join(self._root, folder)) as found:
                entries = list(islice(found, _SHOWN_OF_A_FOLDER))
        except OSError:
            return []
        return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False) is folders)

    def _passed_over(self, raw: str, *, is_dir: bool, ignores: tuple[IgnoreFile, ...]) -> str:
        if self._exclude and any(matches(glob, _shown(raw)) for glob in self._exclude):
            return "excluded by --exclude or the settings"
        if ignores:
            from bomvet.sources._ignore import is_ignored  # noqa: PLC0415 - see `_ignore_file`

            if is_ignored(ignores, raw, is_dir=is_dir):
                return "named by a .gitignore file (--no-ignore reads it)"
        return ""

    def _ignore_file(self, folder: str) -> IgnoreFile:
        from bomvet.sources._ignore import IgnoreFile  # noqa: PLC0415 - many trees have no such file

        path = f"{folder}/.gitignore" if folder else ".gitignore"
        try:
            found = IgnoreFile.parse(self.read(self._listing.shown(path)).decode("utf-8", "replace"), folder)
        except FileUnreadableError:
            return IgnoreFile.parse("", folder)  # then nothing is ignored, which loses nothing
        if found.dropped:
            self._listing.unknowns.append(_limit(path, f"{found.dropped} patterns beyond the limits were not used"))
        return found


def _limit(folder: str, reason: str) -> Unknown:
    return Unknown(location=Location(path=_shown(folder) or "."), resolver="source/dir", reason=reason)


def _shown(path: str) -> str:
    """`path` in valid Unicode: bytes that are not UTF-8 as hexadecimal escapes, and so that no two look the same."""
    if path.isascii() and "\\" not in path:
        return path
    return path.replace("\\", "\\\\").encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def open_directory(
    location: str, *, exclude: Sequence[str] = (), use_ignore_files: bool = True, kept: int = 1
) -> DirectoryTree:
    """The tree at `location`, a folder or a single file of one; raises `UsageError` where there is neither.

    Of a single file, `kept` is how many last parts of its path are its path in the tree.
    """
    if os.path.isdir(location):
        return DirectoryTree(location, exclude=exclude, use_ignore_files=use_ignore_files)
    if os.path.isfile(location):
        parts = os.path.abspath(location).split(os.sep)
        return DirectoryTree(os.sep.join(parts[:-kept]) or os.sep, only="/".join(parts[-kept:]))
    raise UsageError(f"no such file or folder: {location!r}", hint="name a project folder, or `.` for this one")


DIRECTORY = Source(id="dir", open=open_directory)
