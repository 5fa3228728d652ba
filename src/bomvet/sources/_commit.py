"""Which commit a checkout stands at, and when it was made, read from ``.git`` without running git.

git itself is never asked: the configuration of a hostile repository can make it start programs. What is
read is what gitrepository-layout(5), gitformat-pack(5) and git-pack-objects' delta encoding describe:
HEAD, loose and packed references, loose objects and version 2 packs, with SHA-1 or SHA-256 names.

Whatever lies outside of that, or outside of the bounds below, is no error but "no commit is known":
alternates, reftables, version 1 pack indexes, links in the place of files, damaged content. An object
is believed only if its content has the name by which it was asked for.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import zlib
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from bomvet.model.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Commit", "head_commit"]

_MAX_PARENTS: Final = 64
_MAX_SYMBOLIC: Final = 10
_MAX_REF: Final = 4096
_MAX_PACKED_REFS: Final = 32 << 20
_MAX_OBJECT: Final = 1 << 20
_MAX_DELTAS: Final = 64
_MAX_DELTA_BYTES: Final = 4 << 20
_MAX_PACK_FILES: Final = 10_000
_MAX_TIME: Final = 253_402_300_799
"""The end of the year 9999, the last second that a `datetime` can hold."""

_ID: Final = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REF: Final = re.compile(rb"refs(?:/(?![.])[^/\x00-\x20\x7f~^:?*\[\\]+)+")
_COMMITTER: Final = re.compile(rb"^committer .*> ([0-9]{1,12})(?: .*)?$", re.MULTILINE)

_COMMIT, _OFS_DELTA, _REF_DELTA = 1, 6, 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit: `id` is its name in hexadecimal, `time` the committer's, in seconds since the epoch."""

    id: str
    time: int


def head_commit(directory: Path) -> Commit | None:
    """Return the commit that the checkout around `directory` stands at; None if that cannot be told.

    The first ``.git`` in `directory` or one of its parents is the one that counts. Never raises for what
    it finds there.
    """
    try:
        repository = _find(directory)
        name = _resolve(repository) if repository else None
        return _read_commit(repository, name) if repository and name else None
    except (OSError, ValueError, zlib.error):
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Repository:
    """`own` belongs to one worktree (HEAD), `common` to all of them (objects, branches)."""

    own: Path
    common: Path


# ── finding the repository ─────────────────────────────────────────────────────────────────────


def _find(directory: Path) -> _Repository | None:
    start = Path(os.path.realpath(directory))  # unlike Path.resolve, silent about loops of links
    for folder in islice((start, *start.parents), _MAX_PARENTS):
        entry = folder / ".git"
        if entry.is_dir():
            return _repository(entry)
        if entry.exists():
            target = _small_file(entry)
            if not target.startswith(b"gitdir: "):
                return None
            return _repository(folder / os.fsdecode(target.removeprefix(b"gitdir: ")))
    return None


def _repository(own: Path) -> _Repository:
    try:
        common = own / os.fsdecode(_small_file(own / "commondir"))
    except FileNotFoundError:
        common = own
    return _Repository(own=own, common=common)


# ── references ─────────────────────────────────────────────────────────────────────────────────


def _resolve(repository: _Repository) -> bytes | None:
    """Follow HEAD to the name of an object."""
    ref = b"HEAD"
    for _ in range(_MAX_SYMBOLIC + 1):
        value = _reference(repository, ref)
        if value is None or _ID.fullmatch(value):
            return value
        ref = value.removeprefix(b"ref:").strip()
        if not value.startswith(b"ref:") or not _REF.fullmatch(ref) or b".." in ref:
            return None
    return None


def _reference(repository: _Repository, ref: bytes) -> bytes | None:
    for folder in dict.fromkeys((repository.own, repository.common)):
        try:
            return _small_file(folder / os.fsdecode(ref))
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            continue  # a folder stands there for branches below that name: the reference may be packed
    return _packed_reference(repository, ref)


def _packed_reference(repository: _Repository, ref: bytes) -> bytes | None:
    try:
        with _open(repository.common / "packed-refs") as file:
            content = file.read(_MAX_PACKED_REFS + 1)
    except FileNotFoundError:
        return None
    if len(content) > _MAX_PACKED_REFS:
        return None
    line = re.search(rb"^(%s) %s$" % (_ID.pattern, re.escape(ref)), content, re.MULTILINE)
    return line[1] if line else None


# ── objects ────────────────────────────────────────────────────────────────────────────────────


def _read_commit(repository: _Repository, name: bytes) -> Commit | None:
    content = _loose(repository, name)
    if content is None:
        content = _packed(repository, bytes.fromhex(name.decode()))
    if content is None or not _has_name(content, name):
        return None
    # The lines of a signature or of a merged tag are indented, so that they cannot pass for a header.
    committer = _COMMITTER.search(content.partition(b"\n\n")[0])
    if committer is None or int(committer[1]) > _MAX_TIME:
        return None
    return Commit(id=name.decode(), time=int(committer[1]))


def _has_name(content: bytes, name: bytes) -> bool:
    algorithm = "sha1" if len(name) == 40 else "sha256"  # noqa: PLR2004  # digits of a SHA-1
    digest = hashlib.new(algorithm, b"commit %d\0" % len(content), usedforsecurity=False)
    digest.update(content)
    return digest.hexdigest().encode() == name


def _loose(repository: _Repository, name: bytes) -> bytes | None:
    """Return the content of a commit that has a file of its own; None if it has none."""
    digits = name.decode()
    try:
        with _open(repository.common / "objects" / digits[:2] / digits[2:]) as file:
            content = _inflate(file, _MAX_OBJECT + 32)
    except FileNotFoundError:
        return None
    header, _, body = content.partition(b"\0")
    if header != b"commit %d" % len(body):
        raise ValueError("no commit")
    return body


def _packed(repository: _Repository, key: bytes) -> bytes | None:
    """Return the content of a commit from the first pack that has it; None if none has."""
    for path in _pack_indexes(repository.common / "objects" / "pack"):
        with _open(path) as index_file:
            index = _Index(index_file, len(key))
            offset = index.find(key)
            if offset is not None:
                with _open(path.with_suffix(".pack")) as pack:
                    return _unpack(pack, index, offset)
    return None


def _pack_indexes(folder: Path) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in islice(entries, _MAX_PACK_FILES))
    return (folder / name for name in names if name.endswith(".idx"))


class _Index:
    """A pack index, version 2: sorted object names and where in the pack the objects lie."""

    _TABLES: Final = 8 + 256 * 4

    def __init__(self, file: IO[bytes], width: int) -> None:
        self._file = file
        self.width = width
        if self._at(0, 8) != b"\xfftOc\0\0\0\2":
            raise ValueError("no pack index of version 2")
        self._count = self._number(8 + 255 * 4)

    def find(self, key: bytes) -> int | None:
        """Return the offset of the object `key` in the pack, or None if it is not there."""
        low = self._number(8 + (key[0] - 1) * 4) if key[0] else 0
        high = min(self._number(8 + key[0] * 4), self._count)
        while low < high:
            middle = (low + high) // 2
            name = self._at(self._TABLES + middle * self.width, self.width)
            if name == key:
                return self._offset(middle)
            low, high = (middle + 1, high) if name < key else (low, middle)
        return None

    def _offset(self, place: int) -> int:
        offsets = self._TABLES + self._count * (self.width + 4)  # after the names and their checksums
        offset = self._number(offsets + place * 4)
        if offset < 1 << 31:
            return offset
        # Beyond 2 GiB the number is a place in a table of 64-bit offsets.
        wide = self._at(offsets + self._count * 4 + (offset - (1 << 31)) * 8, 8)
        offset = int.from_bytes(wide, "big")
        if offset >= 1 << 63:
            raise ValueError("an offset that no file has")
        return offset

    def _number(self, place: int) -> int:
        return int.from_bytes(self._at(place, 4), "big")

    def _at(self, place: int, size: int) -> bytes:
        self._file.seek(place)
        return _exactly(self._file, size)


def _unpack(pack: IO[bytes], index: _Index, offset: int) -> bytes:
    """Read the commit at `offset`, building it from deltas if it is stored as such."""
    if _exactly(pack, 8) not in (b"PACK\0\0\0\2", b"PACK\0\0\0\3"):
        raise ValueError("no pack")
    *deltas, content = _chain(pack, index, offset)
    for delta in reversed(deltas):
        content = _apply(delta, content)
    return content


def _chain(pack: IO[bytes], index: _Index, offset: int) -> list[bytes]:
    """Read the deltas from `offset` downwards, and last the whole commit on which they rest."""
    deltas: list[bytes] = []
    budget = _MAX_DELTA_BYTES
    while len(deltas) <= _MAX_DELTAS:
        pack.seek(offset)
        kind, size = _entry_header(pack)
        if kind == _COMMIT:
            return [*deltas, _sized(pack, size)]
        offset = _base_offset(pack, index, kind, offset)
        budget -= size
        if budget < 0:
            break
        deltas.append(_sized(pack, size))
    raise ValueError("too many deltas")


def _entry_header(pack: IO[bytes]) -> tuple[int, int]:
    """Read the type and the size of an entry: 3 bits and 4 bits, then 7 bits more in each byte."""
    byte = _exactly(pack, 1)[0]
    kind, size, shift = byte >> 4 & 7, byte & 15, 4
    while byte & 0x80:
        byte = _exactly(pack, 1)[0]
        size |= (byte & 0x7F) << shift
        shift += 7
        if size > _MAX_OBJECT or shift > 64:  # noqa: PLR2004  # bits of a size
            raise ValueError("too large")
    return kind, size


def _base_offset(pack: IO[bytes], index: _Index, kind: int, offset: int) -> int:
    """Return where the object lies that the delta at `offset` builds upon."""
    if kind == _REF_DELTA:
        base = index.find(_exactly(pack, index.width))
        if base is None:
            raise ValueError("no base in the same pack")
        return base
    if kind != _OFS_DELTA:
        raise ValueError("no commit")
    byte = _exactly(pack, 1)[0]
    back = byte & 0x7F
    while byte & 0x80:
        byte = _exactly(pack, 1)[0]
        back = (back + 1) << 7 | byte & 0x7F
        if back > offset:
            raise ValueError("a base before the pack's start")
    return offset - back


def _apply(delta: bytes, base: bytes) -> bytes:
    """Build an object from `base` by the instructions of `delta`: copy a stretch, or insert bytes."""
    source, at = _varint(delta, 0)
    target, at = _varint(delta, at)
    if source != len(base) or target > _MAX_OBJECT:
        raise ValueError("a delta for another object")
    out = bytearray()
    while at < len(delta):
        code = delta[at]
        at += 1
        if code & 0x80:
            start, size, at = _copy(delta, at, code)
            piece = base[start : start + size]
        else:
            size = code
            piece = delta[at : at + size]
            at += size
        out += piece
        if not size or len(piece) != size or len(out) > target:
            raise ValueError("an instruction out of bounds")
    if len(out) != target:
        raise ValueError("a delta with another result")
    return bytes(out)


def _copy(delta: bytes, at: int, code: int) -> tuple[int, int, int]:
    """Read the operands of a copy: the bits of `code` say which bytes of start and size are there."""
    operands = bytearray(7)
    for bit in range(7):
        if code >> bit & 1:
            if at >= len(delta):
                raise ValueError("an open instruction")
            operands[bit] = delta[at]
            at += 1
    size = int.from_bytes(operands[4:], "little")
    return int.from_bytes(operands[:4], "little"), size or 0x10000, at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Read a number with 7 bits in each byte, the lowest first."""
    value = shift = 0
    while at < len(data) and shift <= 63:  # noqa: PLR2004  # bits of a size
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return value, at
    raise ValueError("an open number")


# ── bounded reading ────────────────────────────────────────────────────────────────────────────


def _open(path: Path) -> IO[bytes]:
    """Open a regular file; anything else is refused before it is opened, as opening a device may act."""
    if not stat.S_ISREG(path.lstat().st_mode):
        raise IsADirectoryError(path) if path.is_dir() else ValueError("no regular file")
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    file = os.fdopen(descriptor, "rb")
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        file.close()
        raise ValueError("no regular file")
    return file


def _small_file(path: Path) -> bytes:
    with _open(path) as file:
        content = file.read(_MAX_REF + 1)
    if len(content) > _MAX_REF:
        raise ValueError("too long")
    return content.rstrip(b"\r\n")


def _exactly(file: IO[bytes], size: int) -> bytes:
    data = file.read(size)
    if len(data) != size:
        raise ValueError("truncated")
    return data


def _sized(file: IO[bytes], size: int) -> bytes:
    """Inflate what follows in `file`, which is to have `size` bytes."""
    content = _inflate(file, size)
    if len(content) != size:
        raise ValueError("another size than promised")
    return content


def _inflate(file: IO[bytes], limit: int) -> bytes:
    """Inflate the stream that starts here; raises `ValueError` if it gives more than `limit` bytes."""
    # What deflates to more than it holds is no work of zlib but of somebody who wants to keep us busy.
    left = limit + 65_536
    stream = zlib.decompressobj()
    out = bytearray()
    while not stream.eof:
        chunk = file.read(min(left, 16_384))
        left -= len(chunk)
        if not chunk:
            raise ValueError("truncated")
        out += stream.decompress(chunk, limit - len(out) + 1)
        if len(out) > limit:
            raise ValueError("too large")
    return bytes(out)
