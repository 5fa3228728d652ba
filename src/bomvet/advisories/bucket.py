"""Advisory records out of files: loose JSON, zip archives of it, and folders and zips of those.

This is the layout of OSV's public bucket (`ECO/all.zip`, `ECO/ID.json`) and any part of it.
"""

from __future__ import annotations

import os
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO

from bomvet.errors import UsageError
from bomvet.model.records import dataclass

#: A record of this many bytes is no record; the largest real ones have some 4 MB.
MAX_RECORD = 64 * 1024 * 1024
#: `all.zip` within a zip of the bucket; nothing real is nested deeper.
MAX_NESTING = 2
#: An archive within an archive, unpacked.
MAX_INNER_ARCHIVE = 8 * 1024 * 1024 * 1024

#: What unpacks to more than so many times its packed size is a bomb; of 9,979 real records the worst has 27.
MAX_RATIO = 100
#: An archive hardly shrinks within an archive; one that does is a list of members, which fills the memory.
MAX_INNER_RATIO = 20
#: Up to here the ratio is of no account.
_SMALL = 1024 * 1024

#: What zipfile and zlib raise on damaged and hostile archives.
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, RuntimeError, ValueError, OverflowError,
)  # fmt: skip
_SUFFIXES = (".json", ".zip")
#: The fixed part of the header that a member has of its own.
_LOCAL = 30
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRecord:
    """The bytes of one record and where they stood; `data` is empty where `fault` says why it was not read."""

    origin: str
    data: bytes = b""
    fault: str = ""


def raw_records(path: str) -> Iterator[RawRecord]:
    """Every record below `path`, files in sorted order; raises `UsageError` where there is nothing to read."""
    if os.path.isdir(path):
        yield from _from_folder(path)
    elif os.path.isfile(path):
        yield from _from_file(path, os.path.basename(path))
    else:
        raise UsageError(f"no such file or folder: {path!r}")


def _from_folder(folder: str) -> Iterator[RawRecord]:
    unlisted: list[OSError] = []
    for parent, folders, names in os.walk(folder, onerror=unlisted.append):
        folders.sort()
        links = [name for name in folders if os.path.islink(os.path.join(parent, name))]
        for name in (*links, *sorted(n for n in names if n.endswith(_SUFFIXES))):
            path = os.path.join(parent, name)
            origin = os.path.relpath(path, folder)
            if os.path.islink(path) or not os.path.isfile(path):
                yield RawRecord(origin=origin, fault="no regular file; symbolic links are not followed")
            else:
                yield from _from_file(path, origin)
    for error in unlisted:
        yield RawRecord(origin=os.path.relpath(error.filename, folder), fault=f"cannot be listed: {error.strerror}")


def _from_file(path: str, origin: str) -> Iterator[RawRecord]:
    if not path.endswith(_SUFFIXES):
        return
    try:
        file = open(path, "rb")  # noqa: SIM115 - closed below, so that only its opening is guarded here
    except OSError as error:
        yield RawRecord(origin=origin, fault=f"cannot be read: {error.strerror}")
        return
    with file:
        if path.endswith(".json"):
            yield _loose(file, origin)
        else:
            yield from _from_zip(file, origin, nesting=1)


def _loose(file: IO[bytes], origin: str) -> RawRecord:
    try:
        data = file.read(MAX_RECORD + 1)
    except _DAMAGE as error:
        return RawRecord(origin=origin, fault=f"damaged: {error}")
    if len(data) > MAX_RECORD:
        return RawRecord(origin=origin, fault=f"larger than {MAX_RECORD:,} bytes")
    return RawRecord(origin=origin, data=data)


# -- archives --------------------------------------------------------------------------------------------------


def _from_zip(file: IO[bytes], origin: str, *, nesting: int) -> Iterator[RawRecord]:
    try:
        size = file.seek(0, os.SEEK_END)
        archive = zipfile.ZipFile(file)
    except _DAMAGE as error:
        yield RawRecord(origin=origin, fault=f"no zip archive: {error}")
        return
    with archive:
        members = sorted(archive.infolist(), key=lambda info: info.filename)
        if sum(member.compress_size for member in members) > size:
            # Members that share bytes are how a small archive unpacks to more than any disk holds.
            yield RawRecord(origin=origin, fault="its members are larger than the archive itself")
            return
        for member in members:
            where = f"{origin}/{member.filename}"
            if not member.filename.endswith(_SUFFIXES):
                continue
            if fault := _refusal(member, nesting):
                yield RawRecord(origin=where, fault=fault)
            elif member.filename.endswith(".json"):
                yield _member(file, archive, member, where)
            else:
                yield from _from_inner(archive, member, where, nesting=nesting + 1)


def _refusal(member: zipfile.ZipInfo, nesting: int) -> str:
    """Why a member is not even opened; empty where nothing speaks against it."""
    inner = member.filename.endswith(".zip")
    limit = MAX_INNER_ARCHIVE if inner else MAX_RECORD
    if inner and nesting >= MAX_NESTING:
        return f"archives are nested more than {MAX_NESTING} deep"
    if member.file_size > limit:
        return f"larger than {limit:,} bytes"
    ratio = MAX_INNER_RATIO if inner else MAX_RATIO
    if member.file_size > max(_SMALL, ratio * member.compress_size):
        return f"unpacks to more than {ratio} times its packed size"
    if member.flag_bits & 1:
        return "encrypted"
    # Of the others zipfile cannot unpack a given number of bytes and stop.
    return "" if member.compress_type in _METHODS else f"compressed by method {member.compress_type}, not by deflate"


def _member(file: IO[bytes], archive: zipfile.ZipFile, member: zipfile.ZipInfo, where: str) -> RawRecord:
    try:
        data = _inflated(file, member)
        if not data:
            # Never more than was declared: `archive.read` unpacks whatever comes, and cuts it then.
            with archive.open(member) as stream:
                data = stream.read(member.file_size + 1)
    except _DAMAGE as error:
        return RawRecord(origin=where, fault=f"damaged: {error}")
    return RawRecord(origin=where, data=data)


def _inflated(file: IO[bytes], member: zipfile.ZipInfo) -> bytes:
    """The content by a shorter way than zipfile's, whose objects cost as much as the decompression.

    Empty where the member is not plainly deflated or not what it says: then zipfile tells what is amiss.
    """
    if member.compress_type != zipfile.ZIP_DEFLATED:
        return b""
    file.seek(member.header_offset)
    # The header and what follows at once: mostly the name is all that stands between.
    found = file.read(_LOCAL + len(member.filename) + member.compress_size)
    if len(found) < _LOCAL or not found.startswith(b"PK\x03\x04"):
        return b""
    start = _LOCAL + int.from_bytes(found[26:28], "little") + int.from_bytes(found[28:30], "little")
    if (missing := start + member.compress_size - len(found)) > 0:
        found += file.read(missing)
    data = _inflate()(found[start : start + member.compress_size], member.file_size)
    return data if len(data) == member.file_size and zlib.crc32(data) == member.CRC else b""


def _inflate() -> Callable[[bytes, int], bytes]:
    """Raw inflate of at most so many bytes: by ISA-L where the extra `fast` is installed, else by zlib.

    Empty where the data is damaged.
    """
    global _inflater  # noqa: PLW0603 - found once
    if _inflater is None:
        try:
            from isal import isal_zlib as engine  # noqa: PLC0415 - optional
        except ImportError:
            engine = zlib

        def inflate(data: bytes, size: int) -> bytes:
            try:
                result: bytes = engine.decompressobj(-15).decompress(data, size + 1)
            except engine.error:
                return b""
            return result

        _inflater = inflate
    return _inflater


_inflater: Callable[[bytes, int], bytes] | None = None


def _from_inner(archive: zipfile.ZipFile, member: zipfile.ZipInfo, where: str, *, nesting: int) -> Iterator[RawRecord]:
    with tempfile.TemporaryFile() as inner:
        try:
            with archive.open(member) as packed:
                shutil.copyfileobj(packed, inner, 1024 * 1024)
        except _DAMAGE as error:
            yield RawRecord(origin=where, fault=f"damaged: {error}")
            return
        yield from _from_zip(inner, where, nesting=nesting)
