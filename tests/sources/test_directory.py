"""A folder as a tree: what is listed, what is passed over, and what a hostile folder cannot do."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from bomvet.errors import FileUnreadableError, UsageError
from bomvet.model.inventory import Location, Unknown
from bomvet.model.result import Skipped
from bomvet.plugin import Entry
from bomvet.sources.directory import DIRECTORY, SKIPPED_FOLDERS, DirectoryTree, Limits, open_directory

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

IGNORED = "named by a .gitignore file (--no-ignore reads it)"
EXCLUDED = "excluded by --exclude or the settings"


def filled(folder: Path, files: Mapping[str, str]) -> Path:
    """`folder` with `files` in it."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def unknown(path: str, reason: str) -> Unknown:
    """What the walk says of `path`."""
    return Unknown(location=Location(path=path), resolver="source/dir", reason=reason)


def refusal(tree: DirectoryTree, path: str) -> str:
    """Why `path` cannot be read."""
    with pytest.raises(FileUnreadableError) as caught:
        tree.read(path)
    assert not tree.exists(path)
    return str(caught.value)


# ── what is listed ──────────────────────────────────────────────────────────────────────────────


def test_files_are_listed_sorted(tmp_path: Path) -> None:
    """Every file of every folder, as POSIX paths in order, with content and time."""
    tree = DirectoryTree(str(filled(tmp_path / "shop", {"b": "1", "a/c": "2", "a.txt": "3", ".hidden": ""})))
    os.utime(tmp_path / "shop" / "b", (5, 1_700_000_000.9))

    assert (tree.name, tree.root) == ("shop", os.path.realpath(tmp_path / "shop"))
    assert tree.paths() == [".hidden", "a.txt", "a/c", "b"]
    assert [tree.read(path) for path in tree.paths()] == [b"", b"3", b"2", b"1"]
    assert (tree.modified("b"), tree.modified("absent")) == (1_700_000_000, 0)
    assert (tree.exists("a/c"), tree.exists("a"), tree.exists("absent")) == (True, False, False)
    assert (tree.unknowns, tree.skipped) == ((), ())


@pytest.mark.parametrize("name", sorted(SKIPPED_FOLDERS))
def test_folders_that_hold_no_sources_are_passed_over(tmp_path: Path, name: str) -> None:
    """Version control, caches and installed trees are not entered, at whatever depth; a file of that name is read."""
    filled(tmp_path, {f"{name}/uv.lock": "", f"a/{name}/uv.lock": "", f"b/{name}": ""})

    assert DirectoryTree(str(tmp_path)).paths() == [f"b/{name}"]


# ── folders of installed packages ───────────────────────────────────────────────────────────────

ENVIRONMENT = "home = /usr/bin\n"


def test_installed_packages_are_noted(tmp_path: Path) -> None:
    """Folders of installed packages are known by name and not entered, unless the user excludes them."""
    filled(
        tmp_path,
        {
            "node_modules/a/package.json": "",
            "web/node_modules/b/package.json": "",
            "old/site-packages/c.txt": "",
            "vendor/node_modules/d/package.json": "",
            "file/node_modules": "",
        },
    )
    tree = DirectoryTree(str(tmp_path), exclude=("vendor/node_modules",))

    assert tree.folders() == ["node_modules", "old/site-packages", "web/node_modules"]
    assert tree.paths() == ["file/node_modules"]
    assert tree.skipped == (Skipped(path="vendor/node_modules", reason=EXCLUDED),)


def test_virtual_environments(tmp_path: Path) -> None:
    """A folder with `pyvenv.cfg` in it is one, whatever it is called: the packages in it are noted, its files told.

    The mark hides nothing that is no part of an environment.
    """
    for folder in ("env", "win", "bare"):
        filled(tmp_path, {f"{folder}/pyvenv.cfg": ENVIRONMENT, f"{folder}/share/uv.lock": ""})
    filled(tmp_path, {"env/lib/python3.11/site-packages/a.py": "", "env/lib/other/a": "", "a": ""})
    filled(tmp_path, {"win/Lib/site-packages/a.py": "", "bare/uv.lock": "", "bare/src/lib/uv.lock": ""})
    tree = DirectoryTree(str(tmp_path))
    reason = "belongs to a virtual environment, of which the installed packages are read"

    assert tree.folders() == ["env/lib/python3.11/site-packages", "win/Lib/site-packages"]
    marks = [f"{folder}/pyvenv.cfg" for folder in ("bare", "env", "win")]
    assert [path for path in tree.paths() if path not in marks] == ["a", "bare/src/lib/uv.lock", "bare/uv.lock"]
    assert sorted(tree.skipped) == [
        Skipped(path=path, reason=reason)
        for path in ("bare/share/uv.lock", "env/lib/other/a", "env/share/uv.lock", "win/share/uv.lock")
    ]


def test_an_environment_at_the_top(tmp_path: Path) -> None:
    """A project whose own folder is the environment is read, but for what belongs to the environment."""
    filled(
        tmp_path,
        {"pyvenv.cfg": ENVIRONMENT, "lib/python3.12/site-packages/a": "", "share/uv.lock": "", "src/b": "", "c": ""},
    )
    tree = DirectoryTree(str(tmp_path))

    assert tree.folders() == ["lib/python3.12/site-packages"]
    assert tree.paths() == ["c", "pyvenv.cfg", "src/b"]


def test_an_ignored_environment(tmp_path: Path) -> None:
    """An environment is mostly in an ignore file, which does not hide what is installed; --exclude does."""
    filled(tmp_path, {".gitignore": ".venv\n", ".venv/pyvenv.cfg": ENVIRONMENT})
    filled(tmp_path, {".venv/lib/python3.11/site-packages/a": ""})
    packages = ".venv/lib/python3.11/site-packages"

    assert DirectoryTree(str(tmp_path)).folders() == [packages]
    tree = DirectoryTree(str(tmp_path), exclude=(".venv",))
    assert (tree.folders(), tree.skipped) == ([], (Skipped(path=".venv/pyvenv.cfg", reason=EXCLUDED),))
    tree = DirectoryTree(str(tmp_path), exclude=("**/site-packages",))
    ignored = Skipped(path=".venv/pyvenv.cfg", reason=IGNORED)
    assert (tree.folders(), tree.skipped) == ([], (Skipped(path=packages, reason=EXCLUDED), ignored))


def test_installed_packages_as_the_target(tmp_path: Path) -> None:
    """A folder of installed packages that is itself the target is the one folder, and nothing is listed."""
    filled(tmp_path, {"node_modules/a/package.json": "{}"})
    tree = DirectoryTree(str(tmp_path / "node_modules"))

    assert (tree.name, tree.folders(), tree.paths()) == ("node_modules", [""], [])
    assert tree.read("a/package.json") == b"{}"


def test_entries(tmp_path: Path) -> None:
    """What stands in a folder, with what it is; a link is none, whatever it leads to."""
    filled(tmp_path, {"a/b/c": "", "a/d": ""})
    (tmp_path / "a" / "e").symlink_to("b")
    os.makedirs(os.path.join(os.fsencode(tmp_path), b"a", b"\xff"))
    tree = DirectoryTree(str(tmp_path))

    assert tree.entries("a") == [
        Entry("\\xff", is_folder=True, is_link=False),
        Entry("b", is_folder=True, is_link=False),
        Entry("d", is_folder=False, is_link=False),
        Entry("e", is_folder=False, is_link=True),
    ]
    assert tree.entries("") == [Entry("a", is_folder=True, is_link=False)]
    assert tree.entries("a/\\xff") == []
    for path in ("absent", "a/d"):
        with pytest.raises(FileUnreadableError, match="cannot be"):
            tree.entries(path)


def test_entries_are_bounded(tmp_path: Path) -> None:
    """Folders that are looked into count towards the limit of files."""
    filled(tmp_path, {"node_modules/a": "", "node_modules/b": ""})
    tree = DirectoryTree(str(tmp_path), limits=Limits(files=2))

    reason = "cannot be listed: more than 2 files and folders in all"
    with pytest.raises(FileUnreadableError, match=reason):
        tree.entries("node_modules")


def test_starts(tmp_path: Path) -> None:
    """The first bytes of a file; of a link, a folder, and what is not there or cannot be named, nothing."""
    folder = filled(tmp_path, {"a/b.py": "# /// script", "\udcff.py": "x"})
    (folder / "link.py").symlink_to("a/b.py")
    tree = DirectoryTree(str(folder))

    assert [tree.starts(path, 5) for path in ("a/b.py", "\\xff.py", "link.py", "a", "none.py", "a\0b")] == [
        b"# ///", b"x", b"", b"", b"", b"",
    ]  # fmt: skip


def test_real(tmp_path: Path) -> None:
    """Where links lead within the tree; out of it none does."""
    filled(tmp_path, {"packages/a/b": ""})
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "a").symlink_to("../packages/a")
    (tmp_path / "node_modules" / "out").symlink_to("/")
    tree = DirectoryTree(str(tmp_path))

    assert (tree.real("node_modules/a/b"), tree.real("node_modules/a"), tree.real("")) == (
        "packages/a/b",
        "packages/a",
        "",
    )
    for path, reason in {"node_modules/out": "leads out of the scanned tree", "x": "cannot be read"}.items():
        with pytest.raises(FileUnreadableError, match=reason):
            tree.real(path)


def test_an_empty_mark_hides_no_folder(tmp_path: Path) -> None:
    """A file of the name alone makes no virtual environment."""
    filled(tmp_path, {"svc/pyvenv.cfg": "", "svc/uv.lock": ""})

    assert DirectoryTree(str(tmp_path)).paths() == ["svc/pyvenv.cfg", "svc/uv.lock"]


def test_git_ignore_files(tmp_path: Path) -> None:
    """Ignore files hold for their folder and below, the inner one has the last word, and what they hide is told."""
    filled(
        tmp_path,
        {
            ".gitignore": "*.lock\nbuild/\n",
            "uv.lock": "",
            "build/requirements.txt": "",
            "a/.gitignore": "!uv.lock\n/requirements.txt\n",
            "a/uv.lock": "",
            "a/requirements.txt": "",
            "a/b/requirements.txt": "",
            "requirements.txt": "",
        },
    )
    tree = DirectoryTree(str(tmp_path))

    assert tree.paths() == [".gitignore", "a/.gitignore", "a/b/requirements.txt", "a/uv.lock", "requirements.txt"]
    assert sorted(tree.skipped) == [
        Skipped(path="a/requirements.txt", reason=IGNORED),
        Skipped(path="build/requirements.txt", reason=IGNORED),
        Skipped(path="uv.lock", reason=IGNORED),
    ]
    assert tree.exists("uv.lock")
    assert tree.unknowns == ()


def test_no_ignore(tmp_path: Path) -> None:
    """Ignore files can be left out of account."""
    filled(tmp_path, {".gitignore": "*", "uv.lock": ""})
    tree = DirectoryTree(str(tmp_path), use_ignore_files=False)

    assert (tree.paths(), tree.skipped) == ([".gitignore", "uv.lock"], ())


def test_exclude(tmp_path: Path) -> None:
    """Globs exclude files, and folders with all that is in them."""
    filled(tmp_path, {"vendor/a/uv.lock": "", "docs/requirements.txt": "", "b/c.txt": "", "uv.lock": ""})
    tree = DirectoryTree(str(tmp_path), exclude=("vendor", "docs/*.txt", "/c.txt"))

    assert tree.paths() == ["b/c.txt", "uv.lock"]
    assert tree.skipped == (Skipped(path="docs/requirements.txt", reason=EXCLUDED),)


def test_ignore_files_that_cannot_be_used(tmp_path: Path) -> None:
    """An ignore file that is no file hides nothing; patterns beyond the bounds are told."""
    filled(tmp_path, {"a/uv.lock": "", "b/.gitignore": "x" * 5000 + "\n" + "y" * 5000 + "\n", "b/c": ""})
    os.mkfifo(tmp_path / "a" / ".gitignore")
    tree = DirectoryTree(str(tmp_path))

    assert tree.paths() == ["a/.gitignore", "a/uv.lock", "b/.gitignore", "b/c"]
    assert tree.unknowns == (unknown("b/.gitignore", "2 patterns beyond the limits were not used"),)


# ── links and things that are no files ──────────────────────────────────────────────────────────


def test_links_within_the_tree_are_read(tmp_path: Path) -> None:
    """A link to a file of the tree is that file."""
    filled(tmp_path, {"a/b": "text"})
    (tmp_path / "link").symlink_to("a/b")
    (tmp_path / "absolute").symlink_to(tmp_path / "a" / "b")
    tree = DirectoryTree(str(tmp_path))

    assert tree.paths() == ["a/b", "absolute", "link"]
    assert tree.read("link") == tree.read("absolute") == b"text"
    assert tree.exists("link")


def test_links_out_of_the_tree_are_refused(tmp_path: Path) -> None:
    """A link to a file outside is listed, so that a resolver which claims it says that it was not read."""
    filled(tmp_path, {"secret": "x", "tree/a": ""})
    (tmp_path / "tree" / "uv.lock").symlink_to("../secret")
    tree = DirectoryTree(str(tmp_path / "tree"))

    assert tree.paths() == ["a", "uv.lock"]
    assert refusal(tree, "uv.lock") == "leads out of the scanned tree, which no link may do"
    assert tree.modified("uv.lock") == 0


def test_links_that_lead_nowhere(tmp_path: Path) -> None:
    """A dangling link and a link to itself end in an error, not in a loop."""
    (tmp_path / "dangling").symlink_to("absent")
    (tmp_path / "self").symlink_to("self")
    tree = DirectoryTree(str(tmp_path))

    assert tree.paths() == ["dangling", "self"]
    assert refusal(tree, "dangling") == "cannot be read: No such file or directory"
    assert refusal(tree, "self") == "cannot be read: Too many levels of symbolic links"


def test_links_to_folders_are_not_entered(tmp_path: Path) -> None:
    """Neither out of the tree nor in circles within it; a file behind one that stays within can still be included."""
    filled(tmp_path, {"outside/uv.lock": "", "tree/a/uv.lock": "text"})
    (tmp_path / "tree" / "out").symlink_to("../outside")
    (tmp_path / "tree" / "in").symlink_to("a")
    (tmp_path / "tree" / "a" / "up").symlink_to("..")
    tree = DirectoryTree(str(tmp_path / "tree"))

    assert tree.paths() == ["a/up", "a/uv.lock", "in", "out"]
    assert tree.read("in/uv.lock") == b"text"
    assert refusal(tree, "out/uv.lock") == "leads out of the scanned tree, which no link may do"
    assert refusal(tree, "in") == "is no regular file"


def test_the_top_may_be_a_link(tmp_path: Path) -> None:
    """A link that the user names is followed, and gives the name."""
    filled(tmp_path, {"real/a": "1"})
    (tmp_path / "alias").symlink_to("real")
    tree = DirectoryTree(str(tmp_path / "alias"))

    assert (tree.name, tree.paths(), tree.read("a")) == ("alias", ["a"], b"1")


def test_pipes_and_sockets_do_not_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe or socket in the place of a lock file is refused at once."""
    os.mkfifo(tmp_path / "uv.lock")
    monkeypatch.chdir(tmp_path)  # the name of a socket must be short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        tree = DirectoryTree(str(tmp_path))

        assert tree.paths() == ["socket", "uv.lock"]
        assert refusal(tree, "uv.lock") == "is no regular file"
        assert refusal(tree, "socket") == "cannot be read: No such device or address"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("../secret", "leads out of the scanned tree, which no link may do"),
        ("a/../../secret", "leads out of the scanned tree, which no link may do"),
        ("/etc/hostname", "leads out of the scanned tree, which no link may do"),
        ("../tree-2/x", "leads out of the scanned tree, which no link may do"),
        ("..", "leads out of the scanned tree, which no link may do"),
        ("", "is no regular file"),
        ("a", "is no regular file"),
        ("a/b/c", "cannot be read: Not a directory"),
        ("absent", "cannot be read: No such file or directory"),
        ("x" * 300, "cannot be read: File name too long"),
        ("a\0b", "cannot be read: no usable name"),
        ("\ud800", "cannot be read: no usable name"),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, path: str, reason: str) -> None:
    """Whatever an include may name, only regular files of the tree are read."""
    filled(tmp_path, {"tree/a/b": "", "secret": "", "tree-2/x": ""})

    assert refusal(DirectoryTree(str(tmp_path / "tree")), path) == reason


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read(tmp_path: Path) -> None:
    """A folder that may not be listed and a file that may not be read are told."""
    filled(tmp_path, {"locked/uv.lock": "", "uv.lock": ""})
    (tmp_path / "locked").chmod(0)
    (tmp_path / "uv.lock").chmod(0)
    tree = DirectoryTree(str(tmp_path))
    (tmp_path / "locked").chmod(0o700)

    assert tree.paths() == ["uv.lock"]
    assert tree.unknowns == (unknown("locked", "folder cannot be listed: Permission denied"),)
    with pytest.raises(FileUnreadableError, match="cannot be read: Permission denied"):
        tree.read("uv.lock")


def test_a_folder_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the system says, it becomes an `Unknown`, and the rest is read."""
    filled(tmp_path, {"bad/uv.lock": "", "good/uv.lock": ""})
    scandir = os.scandir

    def failing(path: str) -> object:
        if path.endswith("bad"):
            raise OSError(5, "Input/output error")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", failing)
    tree = DirectoryTree(str(tmp_path))

    assert tree.paths() == ["good/uv.lock"]
    assert tree.unknowns == (unknown("bad", "folder cannot be listed: Input/output error"),)


def test_a_file_that_fails_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the disk in the middle of a file is told like any other."""
    tree = DirectoryTree(str(filled(tmp_path, {"a": "text"})))

    def failing(descriptor: int) -> None:  # noqa: ARG001 - the signature of os.fstat
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", failing)
        with pytest.raises(FileUnreadableError, match="cannot be read: Input/output error"):
            tree.read("a")


# ── limits ──────────────────────────────────────────────────────────────────────────────────────


def test_a_file_may_be_too_large(tmp_path: Path) -> None:
    """A file of just the limit is read, one byte more is refused."""
    filled(tmp_path, {"fits": "x" * 1000, "larger": "x" * 1001})
    tree = DirectoryTree(str(tmp_path), limits=Limits(file_bytes=1000))

    assert tree.read("fits") == b"x" * 1000
    with pytest.raises(FileUnreadableError, match="is larger than 1,000 bytes"):
        tree.read("larger")


@pytest.mark.parametrize(("grown", "read"), [(1000, True), (1001, False)])
def test_a_file_may_grow_while_it_is_read(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    grown: int,
    read: bool,  # noqa: FBT001
) -> None:
    """What counts is what there is to read, not what the file said of its size before."""
    tree = DirectoryTree(str(filled(tmp_path, {"log": "x" * 10})), limits=Limits(file_bytes=1000))
    before = os.stat(tmp_path / "log")
    (tmp_path / "log").write_bytes(b"x" * grown)
    monkeypatch.setattr(os, "fstat", lambda _: before)

    if read:
        assert tree.read("log") == b"x" * grown
    else:
        with pytest.raises(FileUnreadableError, match="is larger than 1,000 bytes"):
            tree.read("log")


def test_there_may_be_too_many_files(tmp_path: Path) -> None:
    """The walk ends at the limit, folders included, and says where."""
    filled(tmp_path, {f"a/{n}": "" for n in range(5)} | {f"b/{n}": "" for n in range(5)})

    whole = DirectoryTree(str(tmp_path), limits=Limits(files=12))
    cut = DirectoryTree(str(tmp_path), limits=Limits(files=11))
    assert (len(whole.paths()), whole.unknowns) == (10, ())
    assert len(cut.paths()) == 10
    assert cut.unknowns == (unknown("a", "more than 11 files and folders: the rest was not read"),)


def test_one_folder_may_hold_too_many_files(tmp_path: Path) -> None:
    """Not even the names of an endless folder are all taken in."""
    filled(tmp_path, {str(n): "" for n in range(50)})
    tree = DirectoryTree(str(tmp_path), limits=Limits(files=10))

    assert len(tree.paths()) == 11
    assert tree.unknowns == (unknown(".", "more than 10 files and folders: the rest was not read"),)


def test_folders_may_be_nested_too_deeply(tmp_path: Path) -> None:
    """Below the limit nothing is read, and that is told; beside it everything is."""
    filled(tmp_path, {"a/b/c/uv.lock": "", "a/b/uv.lock": "", "z": ""})
    tree = DirectoryTree(str(tmp_path), limits=Limits(depth=2))

    assert tree.paths() == ["a/b/uv.lock", "z"]
    assert tree.unknowns == (unknown("a/b/c", "folders nested deeper than 2: not read"),)


# ── names ───────────────────────────────────────────────────────────────────────────────────────


def _with_raw_name(folder: Path, name: bytes) -> None:
    try:
        with open(os.path.join(os.fsencode(folder), name), "wb") as file:
            file.write(name)
    except OSError:
        pytest.skip("this file system takes no such names")


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    """Bytes that are no text are shown escaped, and the file is found under the name that is shown."""
    _with_raw_name(tmp_path, b"caf\xe9.txt")
    _with_raw_name(tmp_path, "cafü.txt".encode())
    tree = DirectoryTree(str(tmp_path))

    assert tree.paths() == ["caf\\xe9.txt", "cafü.txt"]
    assert [tree.read(path) for path in tree.paths()] == [b"caf\xe9.txt", "cafü.txt".encode()]
    assert all(tree.exists(path) and tree.modified(path) for path in tree.paths())


def test_no_name_hides_another(tmp_path: Path) -> None:
    """A name that spells the escape of another one out is still told apart from it."""
    _with_raw_name(tmp_path, b"a\xe9")
    _with_raw_name(tmp_path, b"a\\xe9")
    tree = DirectoryTree(str(tmp_path))

    assert tree.paths() == ["a\\\\xe9", "a\\xe9"]
    assert [tree.read(path) for path in tree.paths()] == [b"a\\xe9", b"a\xe9"]


def test_ignore_rules_hold_for_names_on_disk(tmp_path: Path) -> None:
    """Ignore files are matched against the bytes on disk, in folders with odd names too."""
    odd = os.path.join(os.fsencode(tmp_path), b"\xff")
    try:
        os.mkdir(odd)
    except OSError:
        pytest.skip("this file system takes no such names")
    for name, content in ((b".gitignore", b"/x\\\\y\nuv.lock\n"), (b"x\\y", b""), (b"uv.lock", b""), (b"kept", b"1")):
        with open(os.path.join(odd, name), "wb") as file:
            file.write(content)
    tree = DirectoryTree(str(tmp_path), limits=Limits(depth=1))

    assert tree.paths() == ["\\xff/.gitignore", "\\xff/kept"]
    assert sorted(s.path for s in tree.skipped) == ["\\xff/uv.lock", "\\xff/x\\\\y"]
    assert tree.read("\\xff/kept") == b"1"


def test_the_name_of_the_whole_can_be_printed(tmp_path: Path) -> None:
    """The folder's own name is shown like all others."""
    odd = os.path.join(os.fsencode(tmp_path), b"\xff")
    try:
        os.mkdir(odd)
    except OSError:
        pytest.skip("this file system takes no such names")

    assert DirectoryTree(os.fsdecode(odd)).name == "\\xff"


def test_the_root_of_the_machine_has_a_name() -> None:
    """Even a folder without a name is called something."""
    assert DirectoryTree("/", only="absent").name == "root"


# ── installed packages ──────────────────────────────────────────────────────────────────────────


def test_folders_of_installed_packages(tmp_path: Path) -> None:
    """They are noted, and what they hold is told when it is asked for: by name, links apart from folders."""
    filled(
        tmp_path / "p", {"package.json": "", "node_modules/b/index.js": "", "node_modules/.lock": "", "libs/a/x": ""}
    )
    (tmp_path / "p/node_modules/a").symlink_to("../libs/a")
    (tmp_path / "p/node_modules/out").symlink_to(tmp_path)
    (tmp_path / "p/all").symlink_to("node_modules")
    tree = DirectoryTree(str(tmp_path / "p"))

    assert (tree.folders(), tree.paths()) == (["node_modules"], ["all", "libs/a/x", "package.json"])
    expected = [
        Entry(".lock", is_folder=False, is_link=False),
        Entry("a", is_folder=False, is_link=True),
        Entry("b", is_folder=True, is_link=False),
        Entry("out", is_folder=False, is_link=True),
    ]
    assert (tree.entries("node_modules"), tree.entries("all")) == (expected, expected)
    assert [entry.name for entry in tree.entries("")] == ["all", "libs", "node_modules", "package.json"]
    assert [tree.real(path) for path in ("", "all/a/x", "node_modules/b")] == ["", "libs/a/x", "node_modules/b"]
    for path, reason in (
        ("node_modules/out", "leads out of the scanned tree, which no link may do"),
        ("node_modules/gone", "cannot be read: No such file or directory"),
        ("package.json", "cannot be read: Not a directory"),
    ):
        with pytest.raises(FileUnreadableError) as caught:
            tree.entries(path)
        assert str(caught.value) == reason


def test_a_folder_of_installed_packages_itself(tmp_path: Path) -> None:
    """Nothing of it is listed; it is the one folder."""
    tree = DirectoryTree(str(filled(tmp_path, {"node_modules/a/package.json": ""}) / "node_modules"))

    assert (tree.folders(), tree.paths(), tree.name) == ([""], [], "node_modules")


def test_installed_folders_may_hold_too_much(tmp_path: Path) -> None:
    """The limit of files holds for the walk and all that is looked into afterwards together."""
    filled(tmp_path, {f"node_modules/{n}/x": "" for n in range(5)})
    tree = DirectoryTree(str(tmp_path), limits=Limits(files=8))

    assert [len(tree.entries("node_modules")), len(tree.entries("node_modules/0"))] == [5, 1]
    with pytest.raises(FileUnreadableError, match="cannot be listed: more than 8 files and folders in all"):
        tree.entries("node_modules")


def test_a_folder_that_fails_while_it_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the disk is told like any other."""
    tree = DirectoryTree(str(filled(tmp_path, {"node_modules/a/x": ""})))

    def failing(descriptor: int) -> None:  # noqa: ARG001 - the signature of os.scandir
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", failing)
        with pytest.raises(FileUnreadableError, match="cannot be listed: Input/output error"):
            tree.entries("node_modules")


def test_odd_names_in_installed_folders(tmp_path: Path) -> None:
    """What lies below a folder whose name is no text is found under the names that are shown."""
    odd = os.path.join(os.fsencode(filled(tmp_path, {"node_modules/ü/x": "1"})), b"node_modules", b"\xff")
    try:
        os.mkdir(odd)
    except OSError:
        pytest.skip("this file system takes no such names")
    with open(os.path.join(odd, b"x"), "wb") as file:
        file.write(b"2")
    tree = DirectoryTree(str(tmp_path))

    assert [entry.name for entry in tree.entries("node_modules")] == ["\\xff", "ü"]
    assert [tree.read(f"node_modules/{name}/x") for name in ("\\xff", "ü")] == [b"2", b"1"]
    assert tree.real("node_modules/\\xff/x") == "node_modules/\\xff/x"
    assert [entry.name for entry in tree.entries("node_modules/\\xff")] == ["x"]
    assert not tree.exists("node_modules/é/x")


# ── opening ─────────────────────────────────────────────────────────────────────────────────────


def test_a_single_file(tmp_path: Path) -> None:
    """One file is a tree of one file, with those beside and below it in reach for includes, and none above."""
    filled(tmp_path, {"p/requirements.txt": "-r base.txt", "p/base.txt": "a", "p/sub/c.txt": "b", "up.txt": ""})
    tree = DIRECTORY.open(str(tmp_path / "p" / "requirements.txt"))

    assert (tree.name, tree.paths()) == ("p", ["requirements.txt"])
    assert (tree.read("base.txt"), tree.read("sub/c.txt"), tree.exists("base.txt")) == (b"a", b"b", True)
    with pytest.raises(FileUnreadableError, match="leads out of the scanned tree"):
        tree.read("../up.txt")


def test_a_single_file_in_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bare file name means one of the working folder."""
    monkeypatch.chdir(filled(tmp_path / "here", {"uv.lock": "x"}))
    tree = open_directory("uv.lock")

    assert (tree.name, tree.paths(), tree.read("uv.lock")) == ("here", ["uv.lock"], b"x")


def test_a_single_file_with_an_odd_name(tmp_path: Path) -> None:
    """The name of a single file is shown like all others."""
    _with_raw_name(tmp_path, b"\xff.txt")
    tree = open_directory(os.fsdecode(os.path.join(os.fsencode(tmp_path), b"\xff.txt")))

    assert tree.paths() == ["\\xff.txt"]
    assert tree.read("\\xff.txt") == b"\xff.txt"


def test_options_reach_the_tree(tmp_path: Path) -> None:
    """`open` hands exclusions and the switch for ignore files on."""
    filled(tmp_path, {".gitignore": "a", "a": "", "b": ""})

    assert DIRECTORY.open(str(tmp_path), exclude=("b",), use_ignore_files=False).paths() == [".gitignore", "a"]


@pytest.mark.parametrize("location", ["absent", "", "a\0b", "pipe"])
def test_there_is_nothing_to_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, location: str) -> None:
    """What is neither a folder nor a file is a mistake of the command line."""
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    with pytest.raises(UsageError) as caught:
        open_directory(location)

    assert str(caught.value) == f"no such file or folder: {location!r}"
    assert caught.value.hint == "name a project folder, or `.` for this one"
