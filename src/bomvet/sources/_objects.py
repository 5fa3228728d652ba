"""Objects of a git repository, read from ``.git`` without running git.

git itself is never asked: the configuration of a hostile repository can make it start programs. What is
read is what gitrepository-layout(5), gitformat-pack(5) and git-pack-objects' delta encoding describe:
HEAD, loose and packed references, loose objects and version 2 packs, with SHA-1 or SHA-256 names.

Whatever lies outside of that, or outside of the bounds below, raises `ValueError`, `OSError` or `zlib.error`:
alternates, reftables, version 1 pack indexes, links in the place of files, damaged content. An object
is believed only if its content has the name by which it was asked for.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import zlib
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, NamedTuple, Self

from bomvet.model.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_PARENTS: Final = 64
_MAX_SYMBOLIC: Final = 10
_MAX_REF: Final = 4096
_MAX_PACKED_REFS: Final = 32 << 20
_MAX_OBJECT: Final = 1 << 20
_MAX_DELTAS: Final = 64
_MAX_DELTA_BYTES: Final = 4 << 20
_MAX_PACK_FILES: Final = 10_000
_MAX_OPEN: Final = 64
"""Packs of which the files stay open while a store is used."""
_MAX_CACHED: Final = 32 << 20

_ID: Final = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REF: Final = re.compile(rb"refs(?:/(?![.])[^/\x00-\x20\x7f~^:?*\[\\]+)+")

_OFS_DELTA, _REF_DELTA = 6, 7
_KINDS: Final = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}


class Limits(NamedTuple):
    """Bounds of one object: its bytes, the deltas that it is made of, and the bytes of these."""

    size: int = _MAX_OBJECT
    deltas: int = _MAX_DELTAS
    delta_bytes: int = _MAX_DELTA_BYTES


SMALL: Final = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """`own` belongs to one worktree (HEAD), `common` to all of them (objects, branches)."""

    own: Path
    common: Path


# ── finding the repository ─────────────────────────────────────────────────────────────────────


def find(directory: Path) -> tuple[Repository, Path] | None:
    """The repository that `directory` lies in, and the top of its files; None where there is none.

    The first ``.git`` in `directory` or one of its parents is the one that counts.
    """
    start = Path(os.path.realpath(directory))  # unlike Path.resolve, silent about loops of links
    for folder in islice((start, *start.parents), _MAX_PARENTS):
        entry = folder / ".git"
        if entry.is_dir():
            return _repository(entry), folder
        if entry.exists():
            target = _small_file(entry)
            if not target.startswith(b"gitdir: "):
                return None
            return _repository(folder / os.fsdecode(target.removeprefix(b"gitdir: "))), folder
    return None


def _repository(own: Path) -> Repository:
    try:
        common = own / os.fsdecode(_small_file(own / "commondir"))
    except FileNotFoundError:
        common = own
    return Repository(own=own, common=common)


# ── references ─────────────────────────────────────────────────────────────────────────────────


def resolve(repository: Repository, ref: bytes = b"HEAD") -> bytes | None:
    """Follow a reference, by its full name, to the name of an object."""
    for _ in range(_MAX_SYMBOLIC + 1):
        value = _reference(repository, ref)
        if value is None or _ID.fullmatch(value):
            return value
        ref = value.removeprefix(b"ref:").strip()
        if not value.startswith(b"ref:") or not _REF.fullmatch(ref) or b".." in ref:
            return None
    return None


def _reference(repository: Repository, ref: bytes) -> bytes | None:
    for folder in dict.fromkeys((repository.own, repository.common)):
        try:
            return _small_file(folder / os.fsdecode(ref))
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            continue  # a folder stands there for branches below that name: the reference may be packed
    return _packed_reference(repository, ref)


def _packed_reference(repository: Repository, ref: bytes) -> bytes | None:
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


class Found(NamedTuple):
    """An object: `commit`, `tree`, `blob` or `tag`, and its content."""

    kind: str
    content: bytes


class Store:
    """The objects of a repository; packs stay open until the end of the `with` statement that it is used in."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self.objects = repository.common / "objects"
        self._stack = ExitStack()
        self._packs: list[_Pack] | None = None
        self._rest: list[Path] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def read(self, name: bytes, limits: Limits = SMALL) -> Found | None:
        """The object of that name, in hexadecimal; None where the repository has none."""
        found = self._loose(name, limits) or self._packed(bytes.fromhex(name.decode()), limits)
        return found if found and _has_name(found, name) else None

    def names(self, start: bytes) -> set[bytes]:
        """Some names of objects that begin with `start`, of at least four digits: two where there are several."""
        digits = start.decode()
        try:
            with os.scandir(self.objects / digits[:2]) as entries:
                names = [f"{digits[:2]}{entry.name}".encode() for entry in islice(entries, _MAX_PACK_FILES)]
        except FileNotFoundError:
            names = []
        found = {name for name in names if name.startswith(start) and _ID.fullmatch(name)}
        head = resolve(self._repository) or b""
        for pack in self._open_packs(len(head) // 2 or 20):
            found.update(key.hex().encode() for key in pack.index.beginning(start))
        return found

    def _loose(self, name: bytes, limits: Limits) -> Found | None:
        """An object that has a file of its own; None if it has none."""
        digits = name.decode()
        try:
            with _open(self.objects / digits[:2] / digits[2:]) as file:
                content = _inflate(file, limits.size + 32)
        except FileNotFoundError:
            return None
        header, _, body = content.partition(b"\0")
        kind = header.partition(b" ")[0].decode("ascii", "replace")
        if kind not in _KINDS.values() or header != b"%s %d" % (kind.encode(), len(body)):
            raise ValueError("no object")
        return Found(kind, body)

    def _packed(self, key: bytes, limits: Limits) -> Found | None:
        """An object from the first pack that has it; None if none has."""
        for pack in self._open_packs(len(key)):
            offset = pack.index.find(key)
            if offset is not None:
                return pack.unpack(offset, limits)
        return None

    def _open_packs(self, width: int) -> Iterator[_Pack]:
        """The packs, of which the first stay open."""
        if self._packs is None:
            paths = list(_pack_indexes(self.objects / "pack"))
            self._packs = [self._stack.enter_context(_Pack(path, width)) for path in paths[:_MAX_OPEN]]
            self._rest = paths[_MAX_OPEN:]
        yield from self._packs
        for path in self._rest:
            with _Pack(path, width) as pack:
                yield pack


def _has_name(found: Found, name: bytes) -> bool:
    algorithm = "sha1" if len(name) == 40 else "sha256"  # noqa: PLR2004  # digits of a SHA-1
    digest = hashlib.new(algorithm, b"%s %d\0" % (found.kind.encode(), len(found.content)), usedforsecurity=False)
    digest.update(found.content)
    return digest.hexdigest().encode() == name


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

    def _stretch(self, first: int) -> tuple[int, int]:
        """From where to where the names stand whose first byte this is."""
        low = self._number(8 + (first - 1) * 4) if first else 0
        return low, min(self._number(8 + first * 4), self._count)

    def beginning(self, start: bytes) -> list[bytes]:
        """The first two names that begin with the hexadecimal digits `start`."""
        key = bytes.fromhex(start.decode().ljust(self.width * 2, "0"))
        low, high = self._stretch(key[0])
        end = high
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self._name(middle) < key else (low, middle)
        names = [self._name(place) for place in range(low, min(low + 2, end))]
        return [name for name in names if name.hex().encode().startswith(start)]

    def find(self, key: bytes) -> int | None:
        """Return the offset of the object `key` in the pack, or None if it is not there."""
        low, high = self._stretch(key[0])
        while low < high:
            middle = (low + high) // 2
            name = self._name(middle)
            if name == key:
                return self._offset(middle)
            low, high = (middle + 1, high) if name < key else (low, middle)
        return None

    def _name(self, place: int) -> bytes:
        return self._at(self._TABLES + place * self.width, self.width)

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


class _Pack:
    """A pack and its index; small objects that deltas are built upon are remembered."""

    def __init__(self, path: Path, width: int) -> None:
        self._stack = ExitStack()
        with ExitStack() as stack:
            self.index = _Index(stack.enter_context(_open(path)), width)
            self._path = path.with_suffix(".pack")
            self._file: IO[bytes] | None = None
            self._stack = stack.pop_all()
        self._known: dict[int, Found] = {}
        self._bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def unpack(self, offset: int, limits: Limits) -> Found:
        """The object at `offset`, built from deltas if it is stored as such."""
        if self._file is None:
            file = self._stack.enter_context(_open(self._path))
            if _exactly(file, 8) not in (b"PACK\0\0\0\2", b"PACK\0\0\0\3"):
                raise ValueError("no pack")
            self._file = file
        deltas, found = self._chain(self._file, offset, limits)
        content = found.content
        for delta in reversed(deltas):
            content = _apply(delta, content, limits.size)
        built = Found(found.kind, content)
        if len(content) <= _MAX_REF * 16 and self._bytes < _MAX_CACHED:
            self._known[offset] = built
            self._bytes += len(content)
        return built

    def _chain(self, file: IO[bytes], offset: int, limits: Limits) -> tuple[list[bytes], Found]:
        """The deltas from `offset` downwards, and the whole object on which they rest."""
        deltas: list[bytes] = []
        budget = limits.delta_bytes
        while len(deltas) <= limits.deltas:
            if offset in self._known:
                return deltas, self._known[offset]
            file.seek(offset)
            kind, size = _entry_header(file, limits.size)
            if kind in _KINDS:
                return deltas, Found(_KINDS[kind], _sized(file, size))
            offset = _base_offset(file, self.index, kind, offset)
            budget -= size
            if budget < 0:
                break
            deltas.append(_sized(file, size))
        raise ValueError("too many deltas")


def _entry_header(pack: IO[bytes], limit: int = _MAX_OBJECT) -> tuple[int, int]:
    """Read the type and the size of an entry: 3 bits and 4 bits, then 7 bits more in each byte."""
    byte = _exactly(pack, 1)[0]
    kind, size, shift = byte >> 4 & 7, byte & 15, 4
    while byte & 0x80:
        byte = _exactly(pack, 1)[0]
        size |= (byte & 0x7F) << shift
        shift += 7
        if size > limit or shift > 64:  # noqa: PLR2004  # bits of a size
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
        raise ValueError("no object")
    byte = _exactly(pack, 1)[0]
    back = byte & 0x7F
    while byte & 0x80:
        byte = _exactly(pack, 1)[0]
        back = (back + 1) << 7 | byte & 0x7F
        if back > offset:
            raise ValueError("a base before the pack's start")
    return offset - back


def _apply(delta: bytes, base: bytes, limit: int = _MAX_OBJECT) -> bytes:
    """Build an object from `base` by the instructions of `delta`: copy a stretch, or insert bytes."""
    source, at = _varint(delta, 0)
    target, at = _varint(delta, at)
    if source != len(base) or target > limit:
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
