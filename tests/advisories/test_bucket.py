"""Advisory records out of folders, archives and files, of which none may be lost in silence."""

from __future__ import annotations

import io
import os
import struct
import sys
import zipfile
import zlib
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bomvet.advisories import bucket
from bomvet.advisories.bucket import RawRecord, raw_records
from bomvet.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

Files = dict[str, bytes]
ONE, TWO = b'{"id": "X-1"}', b'{"id": "X-2"}'
LONG = b'{"id": "X-3", "details": "' + b"word " * 2000 + b'"}'


def zipped(files: Files, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of those files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, compress_type=method)
    return buffer.getvalue()


def tree(folder: Path, files: Files) -> Path:
    """`folder` with those files in it."""
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def read(path: Path) -> list[RawRecord]:
    """All records of a path."""
    return list(raw_records(str(path)))


def faults(path: Path) -> list[tuple[str, str]]:
    """Where something was not read, and why."""
    return [(record.origin, record.fault) for record in read(path) if record.fault]


def good(origin: str, data: bytes) -> RawRecord:
    """A record that was read."""
    return RawRecord(origin=origin, data=data)


@pytest.fixture(params=["with isal", "without isal"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Both ways of decompression; where isal is not installed, something that behaves like it stands in."""

    class IsalError(Exception):
        """As isal_zlib raises it."""

    def decompressobj(wbits: int) -> Any:
        def decompress(data: bytes, size: int) -> bytes:
            try:
                return zlib.decompressobj(wbits).decompress(data, size)
            except zlib.error as error:
                raise IsalError(str(error)) from None

        return SimpleNamespace(decompress=decompress)

    monkeypatch.setattr(bucket, "_inflater", None)
    if request.param == "without isal":
        monkeypatch.setitem(sys.modules, "isal", None)
    elif find_spec("isal") is None:
        stand_in = SimpleNamespace(isal_zlib=SimpleNamespace(decompressobj=decompressobj, error=IsalError))
        monkeypatch.setitem(sys.modules, "isal", stand_in)
    yield request.param
    bucket._inflater = None


# ── what can be read ────────────────────────────────────────────────────────────────────────────


def test_folder_of_archives(tmp_path: Path, engine: str) -> None:
    """The layout of the public bucket is read, archive by archive and member by member in sorted order."""
    archive = zipped({"X-2.json": TWO, "X-1.json": ONE, "README.txt": b"no record"})
    tree(tmp_path, {"npm/all.zip": archive, "PyPI/all.zip": zipped({"X-3.json": LONG}), "ecosystems.txt": b"PyPI"})
    assert read(tmp_path) == [
        good("PyPI/all.zip/X-3.json", LONG),
        good("npm/all.zip/X-1.json", ONE),
        good("npm/all.zip/X-2.json", TWO),
    ], engine


def test_archive_of_archives(tmp_path: Path, engine: str) -> None:
    """So is an archive of that layout, whose inner archives are read as well."""
    inner = zipped({"X-1.json": ONE, "X-3.json": LONG})
    tree(tmp_path, {"bucket.zip": zipped({"PyPI/all.zip": inner, "npm/X-2.json": TWO, "note.md": b""})})
    assert read(tmp_path / "bucket.zip") == [
        good("bucket.zip/PyPI/all.zip/X-1.json", ONE),
        good("bucket.zip/PyPI/all.zip/X-3.json", LONG),
        good("bucket.zip/npm/X-2.json", TWO),
    ], engine


def test_one_archive(tmp_path: Path, engine: str) -> None:
    """A single all.zip will do, with members that are stored or deflated."""
    tree(tmp_path, {"all.zip": zipped({"X-1.json": ONE}, zipfile.ZIP_STORED), "b.zip": zipped({"X-3.json": LONG})})
    assert read(tmp_path / "all.zip") == [good("all.zip/X-1.json", ONE)], engine
    assert read(tmp_path / "b.zip") == [good("b.zip/X-3.json", LONG)]


def test_loose_records(tmp_path: Path) -> None:
    """Loose files are read in sorted order, at any depth, and nothing but JSON is."""
    tree(tmp_path, {"b/X-1.json": ONE, "a/c/X-2.json": TWO, "X-3.json": LONG, "b/notes.txt": ONE})
    assert read(tmp_path) == [good("X-3.json", LONG), good("a/c/X-2.json", TWO), good("b/X-1.json", ONE)]


def test_single_file(tmp_path: Path) -> None:
    """One record may be named by itself; a file of another kind holds none."""
    tree(tmp_path, {"X-1.json": ONE, "X-1.yaml": ONE})
    assert read(tmp_path / "X-1.json") == [good("X-1.json", ONE)]
    assert read(tmp_path / "X-1.yaml") == []


def test_nothing_there(tmp_path: Path) -> None:
    """A path that does not exist is an error of the caller's."""
    with pytest.raises(UsageError, match="no such file or folder"):
        read(tmp_path / "absent")


def test_empty_member(tmp_path: Path, engine: str) -> None:
    """An empty member is an empty record, whose reader will refuse it."""
    tree(tmp_path, {"all.zip": zipped({"X-1.json": b""})})
    assert read(tmp_path / "all.zip") == [good("all.zip/X-1.json", b"")], engine


# ── what cannot ─────────────────────────────────────────────────────────────────────────────────


def test_no_archive(tmp_path: Path) -> None:
    """What only calls itself an archive is told, and the rest goes on."""
    tree(tmp_path, {"a.zip": b"PK no archive", "b.zip": zipped({"X-1.json": ONE}), "c.zip": b""})
    assert read(tmp_path) == [
        RawRecord(origin="a.zip", fault="no zip archive: File is not a zip file"),
        good("b.zip/X-1.json", ONE),
        RawRecord(origin="c.zip", fault="no zip archive: File is not a zip file"),
    ]


def test_truncated_archive(tmp_path: Path) -> None:
    """An archive that was not loaded to its end is told."""
    tree(tmp_path, {"all.zip": zipped({"X-1.json": ONE, "X-2.json": TWO})[:-30]})
    assert faults(tmp_path / "all.zip") == [("all.zip", "no zip archive: File is not a zip file")]


def test_damaged_member(tmp_path: Path, engine: str) -> None:
    """A member whose bytes were changed is told by name, and those beside it are read."""
    data = bytearray(zipped({"X-1.json": ONE, "X-3.json": LONG}))
    data[data.index(b"X-3.json") + 12] ^= 0xFF
    tree(tmp_path, {"all.zip": bytes(data)})
    first, second = read(tmp_path / "all.zip")
    assert first == good("all.zip/X-1.json", ONE), engine
    assert (second.origin, second.data, second.fault[:8]) == ("all.zip/X-3.json", b"", "damaged:")


def test_wrong_checksum(tmp_path: Path, engine: str) -> None:
    """A member that unpacks to other bytes than were packed is told."""
    data = bytearray(zipped({"X-1.json": ONE}))
    data[data.rindex(b"PK\x01\x02") + 16] ^= 0xFF
    tree(tmp_path, {"all.zip": bytes(data)})
    fault = "damaged: Bad CRC-32 for file 'X-1.json'"
    assert faults(tmp_path / "all.zip") == [("all.zip/X-1.json", fault)], engine


def test_member_cut_short(tmp_path: Path, engine: str) -> None:
    """A member that ends before its compressed data does is told."""
    data = bytearray(zipped({"X-3.json": LONG}))
    entry = data.rindex(b"PK\x01\x02")
    (size,) = struct.unpack_from("<I", data, entry + 20)
    struct.pack_into("<I", data, entry + 20, size - 10)
    tree(tmp_path, {"all.zip": bytes(data)})
    ((origin, fault),) = faults(tmp_path / "all.zip")
    assert (origin, fault[:8]) == ("all.zip/X-3.json", "damaged:"), engine


def test_member_of_huge_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str) -> None:
    """A member that says it is larger than any record is not even opened; nor is a loose file read to its end."""
    monkeypatch.setattr(bucket, "MAX_RECORD", 1000)
    tree(tmp_path, {"X-3.json": LONG, "all.zip": zipped({"X-1.json": ONE, "X-3.json": LONG})})
    assert faults(tmp_path) == [
        ("X-3.json", "larger than 1,000 bytes"),
        ("all.zip/X-3.json", "larger than 1,000 bytes"),
    ], engine


def test_member_larger_than_it_says(tmp_path: Path, engine: str) -> None:
    """A member that unpacks to more than it says is cut there, and told."""
    data = bytearray(zipped({"X-3.json": LONG}))
    struct.pack_into("<I", data, data.rindex(b"PK\x01\x02") + 24, 40)
    tree(tmp_path, {"all.zip": bytes(data)})
    ((origin, fault),) = faults(tmp_path / "all.zip")
    assert (origin, fault) == ("all.zip/X-3.json", "damaged: Bad CRC-32 for file 'X-3.json'"), engine


def test_members_that_share_bytes(tmp_path: Path) -> None:
    """Members that are together larger than the archive lie upon each other, which is how bombs are made."""
    data = bytearray(zipped({"X-1.json": LONG, "X-2.json": LONG}))
    first = data.index(b"PK\x01\x02")
    for position in (first, data.index(b"PK\x01\x02", first + 1)):
        struct.pack_into("<I", data, position + 20, len(data))
    tree(tmp_path, {"all.zip": bytes(data)})
    assert faults(tmp_path / "all.zip") == [("all.zip", "its members are larger than the archive itself")]


def test_nested_too_deep(tmp_path: Path) -> None:
    """An archive in an archive in an archive is told, and what lies beside it is read."""
    deepest = zipped({"X-1.json": ONE})
    middle = zipped({"deepest.zip": deepest, "X-2.json": TWO})
    tree(tmp_path, {"outer.zip": zipped({"middle.zip": middle})})
    assert read(tmp_path / "outer.zip") == [
        good("outer.zip/middle.zip/X-2.json", TWO),
        RawRecord(origin="outer.zip/middle.zip/deepest.zip", fault="archives are nested more than 2 deep"),
    ]


def test_inner_archive_of_huge_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An inner archive that says it is larger than any is not unpacked."""
    monkeypatch.setattr(bucket, "MAX_INNER_ARCHIVE", 100)
    tree(tmp_path, {"outer.zip": zipped({"all.zip": zipped({"X-1.json": ONE})})})
    assert faults(tmp_path / "outer.zip") == [("outer.zip/all.zip", "larger than 100 bytes")]


def test_bombs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is next to nothing when packed is not unpacked."""
    monkeypatch.setattr(bucket, "_SMALL", 1000)
    files = {"a.zip": bytes(100_000), "b.zip": zipped({"X-1.json": ONE}), "c.json": bytes(100_000), "d.json": TWO}
    tree(tmp_path, {"outer.zip": zipped(files)})
    assert faults(tmp_path / "outer.zip") == [
        ("outer.zip/a.zip", "unpacks to more than 20 times its packed size"),
        ("outer.zip/c.json", "unpacks to more than 100 times its packed size"),
    ]


def test_damaged_inner_archive(tmp_path: Path) -> None:
    """An inner archive that cannot be unpacked, or is none, is told."""
    data = bytearray(zipped({"a.zip": zipped({"X-3.json": LONG}), "b.zip": b"none"}))
    data[data.index(b"a.zip") + 8] ^= 0xFF
    tree(tmp_path, {"outer.zip": bytes(data)})
    (a, a_fault), b = faults(tmp_path / "outer.zip")
    assert (a, a_fault[:8]) == ("outer.zip/a.zip", "damaged:")
    assert b == ("outer.zip/b.zip", "no zip archive: File is not a zip file")


def test_encrypted_member(tmp_path: Path, engine: str) -> None:
    """A member under a password is told."""
    data = bytearray(zipped({"X-1.json": ONE}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    tree(tmp_path, {"all.zip": bytes(data)})
    assert faults(tmp_path / "all.zip") == [("all.zip/X-1.json", "encrypted")], engine


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compression(tmp_path: Path, method: int) -> None:
    """A method that cannot be stopped at a given number of bytes is refused."""
    tree(tmp_path, {"all.zip": zipped({"X-1.json": ONE}, method)})
    fault = f"compressed by method {method}, not by deflate"
    assert faults(tmp_path / "all.zip") == [("all.zip/X-1.json", fault)]


def test_symbolic_links(tmp_path: Path) -> None:
    """Links to files and folders are not followed, and told where a record or archive might be behind them."""
    elsewhere = tree(tmp_path / "elsewhere", {"X-1.json": ONE, "all.zip": zipped({"X-2.json": TWO})})
    folder = tree(tmp_path / "bucket", {"X-3.json": LONG})
    (folder / "PyPI").symlink_to(elsewhere)
    (folder / "X-1.json").symlink_to(elsewhere / "X-1.json")
    (folder / "gone.json").symlink_to(elsewhere / "absent")
    (folder / "notes.txt").symlink_to(elsewhere / "X-1.json")
    reason = "no regular file; symbolic links are not followed"
    assert read(folder) == [
        RawRecord(origin="PyPI", fault=reason),
        RawRecord(origin="X-1.json", fault=reason),
        good("X-3.json", LONG),
        RawRecord(origin="gone.json", fault=reason),
    ]
    assert read(folder / "X-1.json") == [good("X-1.json", ONE)]


def test_pipe(tmp_path: Path) -> None:
    """A named pipe is told, and not waited upon."""
    os.mkfifo(tmp_path / "X-1.json")
    assert faults(tmp_path) == [("X-1.json", "no regular file; symbolic links are not followed")]


def test_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that cannot be opened and a folder that cannot be listed are told, and the rest is read."""
    tree(tmp_path, {"X-1.json": ONE, "X-2.json": TWO, "secret/X-3.json": LONG})

    def refuse(path: Any, *rest: Any) -> Any:
        if str(path).endswith("X-2.json"):
            raise PermissionError(13, "Permission denied", str(path))
        return open(path, *rest)

    scandir = os.scandir

    def refuse_folder(path: str) -> Any:
        if path.endswith("secret"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(bucket, "open", refuse, raising=False)
    monkeypatch.setattr(os, "scandir", refuse_folder)
    assert read(tmp_path) == [
        good("X-1.json", ONE),
        RawRecord(origin="X-2.json", fault="cannot be read: Permission denied"),
        RawRecord(origin="secret", fault="cannot be listed: Permission denied"),
    ]


def test_unreadable_to_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fails while a record is read is told."""

    class Failing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(5, f"Input/output error after {size}")

    tree(tmp_path, {"X-1.json": ONE})
    monkeypatch.setattr(bucket, "open", lambda *_: Failing(), raising=False)
    ((origin, fault),) = faults(tmp_path)
    assert (origin, fault[:18]) == ("X-1.json", "damaged: [Errno 5]")


def test_local_header_elsewhere(tmp_path: Path, engine: str) -> None:
    """A member whose own header is not where the directory says is told."""
    data = bytearray(zipped({"X-1.json": ONE}))
    data[0:4] = b"NOPE"
    tree(tmp_path, {"all.zip": bytes(data)})
    fault = "damaged: Bad magic number for file header"
    assert faults(tmp_path / "all.zip") == [("all.zip/X-1.json", fault)], engine


ARCHIVE = zipped({"X-1.json": ONE, "a.zip": zipped({"X-3.json": LONG, "X-2.json": TWO})})
END = ARCHIVE.rindex(b"PK\x05\x06")


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file for all examples."""
    return tmp_path_factory.mktemp("fuzz") / "all.zip"


@given(st.lists(st.tuples(st.integers(0, len(ARCHIVE) - 1), st.integers(0, 255)), min_size=1, max_size=6))
@settings(deadline=None, derandomize=True, max_examples=300)
@example([(END + offset, 255) for offset in range(12, 20)])
@example([(ARCHIVE.index(b"PK\x01\x02") + 42 + n, 255) for n in range(4)])
def test_no_damage_raises(scratch: Path, changes: list[tuple[int, int]]) -> None:
    """However an archive is damaged, each record is read as it was or told, and nothing raises."""
    data = bytearray(ARCHIVE)
    for position, value in changes:
        data[position] = value
    scratch.write_bytes(data)
    for record in raw_records(str(scratch)):
        assert bool(record.fault) != (record.data in (ONE, TWO, LONG)) or record.data == b""
