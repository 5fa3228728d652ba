"""Records between runs: kept, bounded, and never believed without their digest."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from pathlib import Path

import pytest

from bomvet.advisories import cache as module
from bomvet.advisories.cache import NAME, Kept, RecordCache


def opened(folder: Path | str, *, now: float = 1000.0, limit: int = module.MAX_BYTES) -> RecordCache:
    """The cache of that folder at that moment."""
    return RecordCache(str(folder), now=lambda: now, limit=limit)


def test_what_was_put_is_there(tmp_path: Path) -> None:
    """In another process too; of two the later one."""
    with opened(tmp_path / "c") as cache:
        cache.put([Kept("A", "1", b"old"), Kept("B", "1", b"")])
        cache.put([Kept("A", "2", b"new")])
    with opened(tmp_path / "c") as cache:
        assert cache.works
        assert cache.get(["A", "B", "C"]) == {"A": Kept("A", "2", b"new", 1000), "B": Kept("B", "1", b"", 1000)}


def test_it_is_the_users_alone(tmp_path: Path) -> None:
    """Neither the folder nor the file is for others."""
    with opened(tmp_path / "c") as cache:
        cache.put([Kept("A", "1", b"x")])
    modes = [stat.S_IMODE(os.stat(path).st_mode) for path in (tmp_path / "c", tmp_path / "c" / NAME)]
    assert modes == [0o700, 0o600]


@pytest.mark.parametrize("path", ["c", f"c/{NAME}"])
def test_what_others_may_write_is_not_read(tmp_path: Path, path: str) -> None:
    """Nothing of it is believed, nor is anything put there."""
    with opened(tmp_path / "c") as cache:
        cache.put([Kept("A", "1", b"x")])
    (tmp_path / path).chmod(0o777)
    with opened(tmp_path / "c") as cache:
        assert (cache.works, cache.get(["A"])) == (False, {})
        cache.put([Kept("B", "1", b"x")])
        assert cache.get(["B"]) == {"B": Kept("B", "1", b"x", 1000)}
    (tmp_path / path).chmod(0o700)
    with opened(tmp_path / "c") as cache:
        assert list(cache.get(["A", "B"])) == ["A"]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """A file elsewhere is not made by it."""
    (tmp_path / "c").mkdir(mode=0o700)
    (tmp_path / "c" / NAME).symlink_to(tmp_path / "victim")
    with opened(tmp_path / "c") as cache:
        assert not cache.works
    assert not (tmp_path / "victim").exists()


def test_without_a_folder(tmp_path: Path) -> None:
    """It lasts as long as the process."""
    (tmp_path / "file").write_text("")
    for folder in ("", str(tmp_path / "file" / "c")):
        with opened(folder) as cache:
            cache.put([Kept("A", "1", b"x")])
            assert (cache.works, list(cache.get(["A"]))) == (False, ["A"])


def change(folder: Path, sql: str, *values: object) -> None:
    """Change the file behind the cache's back."""
    connection = sqlite3.connect(folder / NAME)
    with connection:
        connection.execute(sql, values)
    connection.close()


@pytest.mark.parametrize(
    ("column", "value"),
    [("body", b"no zlib"), ("body", "text"), ("body", b"x\x9c\x03\x00"), ("modified", "2"), ("digest", b"")],
)
def test_a_changed_record_is_none(tmp_path: Path, column: str, value: object) -> None:
    """Body, id and time stand under one digest."""
    with opened(tmp_path) as cache:
        cache.put([Kept("A", "1", b"x"), Kept("B", "1", b"y")])
    change(tmp_path, f"UPDATE record SET {column} = ? WHERE id = 'A'", value)  # noqa: S608 - our own words
    with opened(tmp_path) as cache:
        assert list(cache.get(["A", "B"])) == ["B"]


@pytest.mark.parametrize("content", [b"no database" * 1000, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_cache_is_made_anew(tmp_path: Path, content: bytes) -> None:
    """It is a convenience, and nobody misses what was there."""
    (tmp_path / NAME).write_bytes(content)
    (tmp_path / NAME).chmod(0o600)
    with opened(tmp_path) as cache:
        cache.put([Kept("A", "1", b"x")])
        assert cache.works
    with opened(tmp_path) as cache:
        assert list(cache.get(["A"])) == ["A"]


def test_a_file_that_is_damaged_time_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once it is made anew; then the scan goes on without it."""

    def damaged(_: str) -> sqlite3.Connection:
        raise sqlite3.DatabaseError("malformed")

    monkeypatch.setattr(module, "_connected", damaged)
    with opened(tmp_path) as cache:
        assert not cache.works


def test_another_format_is_made_anew(tmp_path: Path) -> None:
    """As one of a later version."""
    with opened(tmp_path) as cache:
        cache.put([Kept("A", "1", b"x")])
    change(tmp_path, "PRAGMA user_version = 99")
    with opened(tmp_path) as cache:
        assert (cache.works, cache.get(["A"])) == (True, {})


def test_damage_in_the_middle(tmp_path: Path) -> None:
    """What shows itself while it is read ends this file, and not the scan."""
    with opened(tmp_path) as cache:
        cache.put([Kept(f"A{n}", "1", os.urandom(2000)) for n in range(200)])
    data = bytearray((tmp_path / NAME).read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    (tmp_path / NAME).write_bytes(data)
    with opened(tmp_path) as cache:
        assert cache.get([f"A{n}" for n in range(200)]) == {}
        cache.put([Kept("B", "1", b"x")])
        assert list(cache.get(["B"])) == ["B"]
    with opened(tmp_path) as cache:
        cache.put([Kept("C", "1", b"x")])
        assert cache.works
    with opened(tmp_path) as cache:
        assert list(cache.get(["C"])) == ["C"]


def test_it_stays_small(tmp_path: Path) -> None:
    """The half that was used least lately goes."""
    for number in range(6):
        with opened(tmp_path, now=number, limit=200_000) as cache:
            cache.touch(["0-0"])
            cache.put([Kept(f"{number}-{n}", "1", os.urandom(10_000)) for n in range(6)])
    with opened(tmp_path) as cache:
        kept = cache.get([f"{number}-{n}" for number in range(6) for n in range(6)])
    assert {"0-0", "5-0", "5-5"} <= kept.keys()
    assert "0-1" not in kept
    assert (tmp_path / NAME).stat().st_size < 400_000


def test_several_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes share the file; none loses what it has put, however slow the machine is."""
    monkeypatch.setattr(module, "_BUSY_MILLISECONDS", 120_000)
    with opened(tmp_path):
        pass

    def work(number: int) -> None:
        with opened(tmp_path) as cache:
            for n in range(20):
                cache.put([Kept(f"{number}-{n}", "1", b"x")])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with opened(tmp_path) as cache:
        assert len(cache.get([f"{number}-{n}" for number in range(4) for n in range(20)])) == 80


def test_a_file_that_is_locked_for_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The scan does not wait for ever, and leaves the file to whoever has it."""
    monkeypatch.setattr(module, "_BUSY_MILLISECONDS", 10)
    with opened(tmp_path) as cache:
        cache.put([Kept("A", "1", b"x")])
        other = sqlite3.connect(tmp_path / NAME, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        cache.put([Kept("B", "1", b"x")])
        assert (cache.works, cache.get(["A"])) == (False, {})
        with opened(tmp_path) as second:
            assert not second.works
        other.execute("COMMIT")
        other.close()
    with opened(tmp_path) as cache:
        assert list(cache.get(["A", "B"])) == ["A"]
