"""Opening files below a folder: links, what is swapped meanwhile, and what stays open."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

import pytest

from bomvet.errors import FileAbsentError, FileUnreadableError
from bomvet.sources._beneath import Beneath

OUT = "leads out of the scanned tree, which no link may do"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with a file and a folder in it, and a secret beside it."""
    folder = tmp_path / "root"
    (folder / "a/b").mkdir(parents=True)
    (folder / "a/b/file").write_text("inner")
    (folder / "file").write_text("outer")
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/file").write_text("secret")
    return folder


def read(beneath: Beneath, path: str) -> str:
    """The content of a file."""
    with open(beneath.open(path, os.O_RDONLY), encoding="utf-8") as file:
        return file.read()


def refusal(beneath: Beneath, path: str) -> str:
    """Why neither `status` nor `real` nor `open` has anything at `path`."""
    reasons = set()
    for ask in (beneath.status, beneath.real, lambda path: beneath.open(path, os.O_RDONLY)):
        with pytest.raises(FileUnreadableError) as caught:
            ask(path)
        reasons.add(str(caught.value))
    (reason,) = reasons
    return reason


def test_paths(root: Path) -> None:
    """Files and folders at any depth, in any order, the top included."""
    beneath = Beneath(str(root))

    assert [read(beneath, path) for path in ("a/b/file", "file", "a/b/file")] == ["inner", "outer", "inner"]
    assert [beneath.real(path) for path in ("", "a", "a/b/file")] == ["", "a", "a/b/file"]
    assert [stat.S_ISDIR(beneath.status(path).st_mode) for path in ("", "a", "file")] == [True, True, False]


@pytest.mark.parametrize(
    ("link", "target", "path", "real"),
    [
        ("link", "file", "link", "file"),
        ("link", "a", "link/b/file", "a/b/file"),
        ("a/link", "../file", "a/link", "file"),
        ("a/link", "./b//", "a/link/file", "a/b/file"),
        ("a/b/link", "../..", "a/b/link/a/b/link/file", "file"),
        ("link", "../root/file", "link", "file"),
        ("link", "ROOT/a/b", "link/file", "a/b/file"),
        ("link", "ROOT", "link", ""),
    ],
)
def test_links_within(root: Path, link: str, target: str, path: str, real: str) -> None:
    """They are followed, relative or absolute, also where they leave the folder to come back to it."""
    (root / link).symlink_to(target.replace("ROOT", str(root)))
    beneath = Beneath(str(root))

    assert (beneath.real(path), beneath.real(path)) == (real, real)
    assert beneath.status(path).st_ino == os.stat(root / path).st_ino
    assert os.fstat(beneath.open(path, os.O_RDONLY)).st_ino == os.stat(root / path).st_ino


@pytest.mark.parametrize(
    ("link", "target", "path", "reason"),
    [
        ("link", "../secret", "link/file", OUT),
        ("link", "../secret/file", "link", OUT),
        ("a/link", "../../secret/file", "a/link", OUT),
        ("link", "..", "link", OUT),
        ("link", "..", "link/secret/file", OUT),
        ("link", "ROOT/../secret/file", "link", OUT),
        ("link", "/", "link", OUT),
        ("link", "/gone", "link", "cannot be read: No such file or directory"),
        ("link", "gone", "link", "cannot be read: No such file or directory"),
        ("link", "file", "link/x", "cannot be read: Not a directory"),
        ("link", "link", "link/x", "cannot be read: Too many levels of symbolic links"),
        ("link", "a/b/link", "link", "cannot be read: No such file or directory"),
    ],
)
def test_links_that_are_not_followed(root: Path, link: str, target: str, path: str, reason: str) -> None:
    """Whatever leads out, nowhere or in circles."""
    (root / link).symlink_to(target.replace("ROOT", str(root)))

    assert refusal(Beneath(str(root)), path) == reason


def test_too_many_links(root: Path) -> None:
    """As many are followed as the kernel does."""
    (root / "link0").symlink_to("file")
    for number in range(1, 42):
        (root / f"link{number}").symlink_to(f"link{number - 1}")
    beneath = Beneath(str(root))

    assert beneath.real("link39") == "file"
    assert refusal(beneath, "link40") == "cannot be read: Too many levels of symbolic links"


@pytest.mark.parametrize("path", ["..", "../secret/file", "a/../../secret/file", "/etc/hostname"])
def test_paths_that_lead_out(root: Path, path: str) -> None:
    """A path of the project's own making is no better than a link."""
    assert refusal(Beneath(str(root)), path) == OUT


@pytest.mark.parametrize("path", ["a/../file", "./file", "a//b/../../file", "a/b/.././../file"])
def test_paths_in_other_words(root: Path, path: str) -> None:
    """They mean the same."""
    beneath = Beneath(str(root))

    assert (read(beneath, path), beneath.real(path)) == ("outer", "file")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("gone", "No such file or directory"),
        ("gone/file", "No such file or directory"),
        ("file/x", "Not a directory"),
        ("a\0b", "no usable name"),
        ("\ud800", "no usable name"),
        ("x" * 300, "File name too long"),
    ],
)
def test_what_is_not_there(root: Path, path: str, reason: str) -> None:
    """It is told why, and whether it is absent or only out of reach."""
    beneath = Beneath(str(root))

    assert refusal(beneath, path) == f"cannot be read: {reason}"
    absent = reason in ("No such file or directory", "Not a directory")
    with pytest.raises(FileUnreadableError) as caught:
        beneath.status(path)
    assert isinstance(caught.value, FileAbsentError) is absent


def test_a_folder_swapped_for_a_link(root: Path) -> None:
    """What was a folder when it was looked at, and then leads out, is refused however often it is asked for."""
    beneath = Beneath(str(root))
    assert beneath.real("a/b/file") == "a/b/file"
    assert read(beneath, "file") == "outer"
    (root / "a").rename(root / "old")
    (root / "a").symlink_to("../secret")
    (root / "b").symlink_to("../secret/file")

    with pytest.raises(FileUnreadableError):
        beneath.open("a/file", os.O_RDONLY)
    with pytest.raises(FileUnreadableError):
        beneath.status("a/file")
    assert refusal(beneath, "b") == OUT


def test_a_folder_that_is_open_stays_the_same(root: Path) -> None:
    """What takes its place is not looked into."""
    beneath = Beneath(str(root))
    assert read(beneath, "a/b/file") == "inner"
    (root / "a/b").rename(root / "old")
    (root / "a/b").symlink_to("../../secret")

    assert read(beneath, "a/b/file") == "inner"


def test_a_root_that_is_gone(tmp_path: Path) -> None:
    """As any folder that is gone."""
    assert refusal(Beneath(str(tmp_path / "gone")), "file") == "cannot be read: No such file or directory"


def test_deep_folders(root: Path) -> None:
    """As deep as paths are on a disk; what is deeper is told."""
    folder = root
    for _ in range(140):
        folder /= "d"
    folder.mkdir(parents=True)
    beneath = Beneath(str(root))

    assert stat.S_ISDIR(beneath.status("/".join("d" * 129)).st_mode)
    with pytest.raises(FileUnreadableError, match="cannot be read: File name too long"):
        beneath.status("/".join("d" * 130))


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="only Linux lists what is open")
def test_what_stays_open(root: Path) -> None:
    """The folders of the last path alone, and nothing after the last use."""
    before = len(os.listdir("/proc/self/fd"))
    beneath = Beneath(str(root))
    for path in ("a/b/file", "a/gone/file", "gone/b", "a/b/gone", "file", "a/b/file"):
        with suppress(FileAbsentError):
            beneath.status(path)
    during = len(os.listdir("/proc/self/fd"))
    del beneath

    assert (during, len(os.listdir("/proc/self/fd"))) == (before + 3, before)
