"""Single files out of archives of Python distributions, read within bounds and never unpacked to disk.

A wheel is a zip file; a source distribution is a gzip-compressed tar file, or a zip file.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING

from bomvet.errors import MalformedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from zipfile import ZipFile, ZipInfo

#: The list of the files in a zip archive: of 30,000 it takes about 4 MB.
_MOST_LISTED = 6 * 1024 * 1024
#: A file that is read out of an archive.
_MOST_READ = 16 * 1024 * 1024
#: A tar archive is read from its start, up to here.
_MOST_UNPACKED = 512 * 1024 * 1024
_MOST_MEMBERS = 200_000
_BLOCK = 512
_CHUNK = 256 * 1024


class _Bounded(io.BytesIO):
    """Bytes of which no more can be asked for at once than the list of an archive may hold, until that is read."""

    listed = False

    def read(self, size: int | None = -1, /) -> bytes:
        left = self.getbuffer().nbytes - self.tell()
        if not self.listed and (left if size is None or size < 0 else size) > _MOST_LISTED:
            raise ValueError("its list of files is larger than any that is in use")
        return super().read(size)


class Zip:
    """A zip archive; raises `MalformedError` where it is none."""

    def __init__(self, data: bytes) -> None:
        import zipfile  # noqa: PLC0415 - only where there is an archive

        source = _Bounded(data)
        try:
            self._zip: ZipFile = zipfile.ZipFile(source)
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, IndexError, struct.error) as error:
            raise MalformedError(f"no zip archive: {error}") from None
        source.listed = True
        self._files: dict[str, list[ZipInfo]] = {}
        for info in self._zip.infolist():
            self._files.setdefault(info.filename, []).append(info)

    def names(self) -> list[str]:
        """The names of all files, in order."""
        return [*self._files]

    def read(self, name: str) -> bytes:
        """One file; raises `MalformedError` where it stands there twice, is too large, or cannot be unpacked."""
        import zipfile  # noqa: PLC0415 - loaded by now

        infos = self._files[name]
        if len(infos) > 1:
            raise MalformedError(f"{name} is in the archive more than once")
        info = infos[0]
        # The others are unpacked at once, however much comes out.
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.flag_bits & 1:
            raise MalformedError(f"{name} is packed or encrypted in a way that wheels are not")
        try:
            with self._zip.open(info) as file:
                data = file.read(_MOST_READ + 1)
        except (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, OSError, EOFError) as error:
            raise MalformedError(f"{name} cannot be unpacked: {error}") from None
        if len(data) > _MOST_READ:
            raise MalformedError(f"{name} is larger than {_MOST_READ:,} bytes")
        return data


def first_in_tar(data: bytes, wanted: Callable[[str], bool]) -> tuple[str, bytes] | None:
    """The first file of a `.tar.gz` whose name is `wanted`, with its name; None where there is none, or no tar file.

    Raises `MalformedError` where a limit is hit before the end.
    """
    stream = _Gunzipped(data)
    for _ in range(_MOST_MEMBERS):
        header = stream.read(_BLOCK)
        if len(header) < _BLOCK or not header.strip(b"\0") or not _is_header(header):
            return None
        name, size = _name(header), _size(header)
        if size < 0:
            return None
        # Regular files alone; their names are short, so that no extended header stands before them.
        if header[156:157] in (b"0", b"\0") and wanted(name):
            if size > _MOST_READ:
                raise MalformedError(f"{name} is larger than {_MOST_READ:,} bytes")
            found = stream.read(size)
            return (name, found) if len(found) == size else None
        stream.skip(-(-size // _BLOCK) * _BLOCK)
    raise MalformedError(f"more than {_MOST_MEMBERS:,} files in the archive: the rest was not read")


def _is_header(header: bytes) -> bool:
    """Whether the checksum is right: the sum of all bytes, of which those of the checksum count as blanks."""
    return _octal(header[148:156]) == sum(header[:148]) + 8 * 32 + sum(header[156:])


def _name(header: bytes) -> str:
    name = header[:100].partition(b"\0")[0]
    prefix = header[345:500].partition(b"\0")[0] if header[257:262] == b"ustar" and header[262:263] == b"\0" else b""
    return (prefix + b"/" + name if prefix else name).decode("utf-8", "replace")


def _size(header: bytes) -> int:
    field = header[124:136]
    if field[0] & 0x80:  # binary, for sizes above 8 GiB
        return int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
    return _octal(field)


def _octal(field: bytes) -> int:
    text = field.strip(b"\0 ")
    if text.strip(b"01234567"):
        return -1
    return int(text, 8) if text else 0


class _Gunzipped:
    """The content of gzip-compressed data as a stream; what is broken ends it."""

    def __init__(self, data: bytes) -> None:
        self._parts = self._unpacked(data)
        self._ready = b""
        self._total = 0

    def _unpacked(self, data: bytes) -> Iterator[bytes]:
        unpack = zlib.decompressobj(wbits=31)
        rest = memoryview(data)
        while not unpack.eof:
            feed: bytes | memoryview = unpack.unconsumed_tail
            if not feed:
                feed, rest = rest[:_CHUNK], rest[_CHUNK:]
            try:
                part = unpack.decompress(feed, _CHUNK)
            except zlib.error:
                return
            if not part and not feed:
                return
            self._total += len(part)
            if self._total > _MOST_UNPACKED:
                raise MalformedError(f"more than {_MOST_UNPACKED:,} bytes in the archive: the rest was not read")
            yield part

    def read(self, size: int) -> bytes:
        """The next `size` bytes, or what is left."""
        while len(self._ready) < size:
            part = next(self._parts, None)
            if part is None:
                break
            self._ready += part
        found, self._ready = self._ready[:size], self._ready[size:]
        return found

    def skip(self, size: int) -> None:
        """Pass over the next `size` bytes."""
        while size > len(self._ready):
            size -= len(self._ready)
            part = next(self._parts, None)
            if part is None:
                self._ready = b""
                return
            self._ready = part
        self._ready = self._ready[size:]
