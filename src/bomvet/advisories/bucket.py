"""Advisory records out of files: loose JSON, zip archives of it, and folders and zips of those.

This is the layout of OSV's public bucket (`ECO/all.zip`, `ECO/ID.json`) and any part of it.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from bomvet.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

#: A record of this many bytes is no record; the largest real ones have some 4 MB.
MAX_RECORD = 64 * 1024 * 1024
#: `all.zip` within a zip of the bucket; nothing real is nested deeper.
MAX_NESTING = 2
#: An archive within an archive, unpacked.
MAX_INNER_ARCHIVE = 8 * 1024 * 1024 * 1024


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
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(parent, name)
            if stat.S_ISREG(os.lstat(path).st_mode):
                yield from _from_file(path, os.path.relpath(path, folder))


def _from_file(path: str, origin: str) -> Iterator[RawRecord]:
    if path.endswith(".json"):
        with open(path, "rb") as file:
            data = file.read(MAX_RECORD + 1)
        yield _record(origin, data)
    elif path.endswith(".zip"):
        with open(path, "rb") as file:
            yield from _from_zip(file, origin, nesting=1)


def _record(origin: str, data: bytes) -> RawRecord:
    if len(data) > MAX_RECORD:
        return RawRecord(origin=origin, fault=f"larger than {MAX_RECORD:,} bytes")
    return RawRecord(origin=origin, data=data)


def _from_zip(file: IO[bytes], origin: str, *, nesting: int) -> Iterator[RawRecord]:
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        yield RawRecord(origin=origin, fault=f"no zip archive: {error}")
        return
    with archive:
        for member in sorted(archive.infolist(), key=lambda info: info.filename):
            where = f"{origin}/{member.filename}"
            if member.filename.endswith(".json"):
                yield _from_member(file, archive, member, where)
            elif member.filename.endswith(".zip") and nesting < MAX_NESTING:
                yield from _from_inner(archive, member, where, nesting=nesting + 1)


def _from_member(file: IO[bytes], archive: zipfile.ZipFile, member: zipfile.ZipInfo, where: str) -> RawRecord:
    if member.file_size > MAX_RECORD:
        return RawRecord(origin=where, fault=f"larger than {MAX_RECORD:,} bytes")
    try:
        return _record(where, _inflated(file, member) or archive.read(member))
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        return RawRecord(origin=where, fault=f"damaged in the archive: {error}")


def _inflated(file: IO[bytes], member: zipfile.ZipInfo) -> bytes:
    """The content by a shorter way than zipfile's, whose objects cost as much as the decompression.

    Empty where the member is not plainly deflated or its checksum is wrong: then zipfile says what is amiss.
    """
    if member.compress_type != zipfile.ZIP_DEFLATED or member.flag_bits & 1:
        return b""
    file.seek(member.header_offset)
    header = file.read(30)
    if len(header) < 30 or not header.startswith(b"PK\x03\x04"):  # noqa: PLR2004 - fixed part of a local header
        return b""
    skip = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
    file.seek(skip, os.SEEK_CUR)
    data = _inflate()(file.read(member.compress_size), member.file_size)
    return data if len(data) == member.file_size and zlib.crc32(data) == member.CRC else b""


def _inflate() -> Callable[[bytes, int], bytes]:
    """Raw inflate of at most so many bytes: by ISA-L where the extra `fast` is installed, else by zlib."""
    global _inflater  # noqa: PLW0603 - found once
    if _inflater is None:
        try:
            from isal import isal_zlib as engine  # noqa: PLC0415 - optional
        except ImportError:
            engine = zlib

        def inflate(data: bytes, size: int) -> bytes:
            result: bytes = engine.decompressobj(-15).decompress(data, size + 1)
            return result

        _inflater = inflate
    return _inflater


_inflater: Callable[[bytes, int], bytes] | None = None


def _from_inner(archive: zipfile.ZipFile, member: zipfile.ZipInfo, where: str, *, nesting: int) -> Iterator[RawRecord]:
    if member.file_size > MAX_INNER_ARCHIVE:
        yield RawRecord(origin=where, fault=f"larger than {MAX_INNER_ARCHIVE:,} bytes")
        return
    with tempfile.TemporaryFile() as inner:
        try:
            with archive.open(member) as packed:
                shutil.copyfileobj(packed, inner, 1024 * 1024)
        except (
            zipfile.BadZipFile,
            zlib.error,
            OSError,
            EOFError,
            NotImplementedError,
            RuntimeError,
        ) as error:
            yield RawRecord(origin=where, fault=f"damaged in the archive: {error}")
            return
        inner.seek(0)
        yield from _from_zip(inner, where, nesting=nesting)
