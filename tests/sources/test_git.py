"""Revisions of a git repository as trees: `GIT`."""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path

import pytest

from bomvet.errors import FileAbsentError, FileUnreadableError, NotEstablishedError, UsageError
from bomvet.model.inventory import Location, Unknown
from bomvet.model.result import Skipped
from bomvet.plugin import Entry
from bomvet.sources import _objects as objects
from bomvet.sources import git as module
from bomvet.sources._commit import named_commit
from bomvet.sources._objects import Store, find
from bomvet.sources.directory import Limits as TreeLimits
from bomvet.sources.git import GIT, GitTree, split
from tests.sources.repository import GIT as PROGRAM
from tests.sources.repository import Repo


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """A repository, which is the working folder."""
    if PROGRAM is None:
        pytest.skip("git is not installed")
    made = Repo(tmp_path / "sink")
    monkeypatch.chdir(made.root)
    return made


def put(repo: Repo, files: dict[str, str | bytes], message: str = "m") -> None:
    """Commit `files`."""
    for path, content in files.items():
        place = repo.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content if isinstance(content, bytes) else content.encode())
    repo.git("add", "-A", "-f")
    repo.commit(message)


def tree(location: str = "HEAD", **options: object) -> GitTree:
    """The tree of a revision."""
    return GIT.open(location, **options)  # type: ignore[return-value]


def refused(location: str) -> str:
    """Why there is no such tree."""
    with pytest.raises(UsageError) as caught:
        tree(location)
    return str(caught.value)


# ── what is read ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("packed", [False, True])
def test_a_revision_is_what_was_committed(repo: Repo, packed: bool) -> None:  # noqa: FBT001
    """Paths, content and time; loose or packed, and whatever the working folder has now."""
    large = b"".join(hashlib.sha256(b"%d" % n).digest() for n in range(3000))
    put(repo, {"b/c.txt": "c1", "a.txt": "a1", "run.sh": "#!", "large": large})
    first = repo.head()
    (repo.root / "run.sh").chmod(0o755)
    put(repo, {"a.txt": "a2"})
    (repo.root / "a.txt").write_text("a3", "utf-8")
    if packed:
        repo.git("gc", "-q", "--aggressive")
    before, after = tree("HEAD~1"), tree("HEAD")

    assert (before.name, before.kind, before.time, before.unknowns, before.skipped) == (
        "sink",
        "git",
        first.time,
        (),
        (),
    )
    assert list(before.paths()) == ["a.txt", "b/c.txt", "large", "run.sh"]
    assert [before.read("a.txt"), after.read("a.txt"), after.read("b/c.txt")] == [b"a1", b"a2", b"c1"]
    assert after.read("large") == large
    assert (after.starts("b/c.txt", 1), after.starts("no", 1)) == (b"c", b"")
    assert (after.modified("a.txt"), after.modified("no")) == (after.time, 0)
    assert (after.exists("b/c.txt"), after.exists("b"), after.exists("b/d"), after.exists("a.txt/x")) == (
        True, False, False, False,
    )  # fmt: skip


def test_long_chains_of_deltas(repo: Repo) -> None:
    """A lock that changes a little at a time is stored as deltas of deltas."""
    text = "".join(f"package{n}==1.0\n" for n in range(3000))
    for n in range(60):
        put(repo, {"requirements.txt": text.replace("package7==1.0", f"package7==1.{n}")})
    repo.git("repack", "-adfq", "--depth=100", "--window=100")
    for n in (0, 30, 59):
        assert f"package7==1.{n}\n".encode() in tree(f"HEAD~{59 - n}").read("requirements.txt")


def test_a_repository_with_sha_256(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer names, in trees and packs too."""
    if PROGRAM is None:
        pytest.skip("git is not installed")
    repo = Repo(tmp_path / "long", "--object-format=sha256")
    monkeypatch.chdir(repo.root)
    put(repo, {"d/a.txt": "a"})
    repo.git("gc", "-q")

    assert tree(repo.head().id[:8]).read("d/a.txt") == b"a"


def test_a_folder_of_the_repository(repo: Repo) -> None:
    """The current folder, or one that is named, as it was."""
    put(repo, {"apps/web/uv.lock": "w", "uv.lock": "top"})
    put(repo, {"apps/web/new": "n"})

    assert list(tree("apps/web@HEAD~1").paths()) == ["uv.lock"]
    assert list(tree(f"{repo.root}/apps@main").paths()) == ["web/new", "web/uv.lock"]


def test_a_file_of_the_repository(repo: Repo) -> None:
    """It alone is listed, and the rest is in reach; one that was not there is an open question."""
    put(repo, {"apps/web/uv.lock": "w", "apps/link": "1", "apps/sub/x": "x"})
    put(repo, {"apps/web/new": "n"})
    found, absent = tree("apps/web/uv.lock@HEAD"), tree("apps/web/new@HEAD~1")

    assert (found.name, list(found.paths()), found.read("new"), found.unknowns) == ("web", ["uv.lock"], b"n", ())
    assert list(tree("apps/web/uv.lock@HEAD", kept=2).paths()) == ["web/uv.lock"]
    assert list(absent.paths()) == []
    assert absent.unknowns == (
        Unknown(location=Location(path="new"), resolver="source/git", reason="there is no such file in the revision"),
    )


@pytest.mark.parametrize(
    ("location", "found"),
    [
        ("main", (".", "main")),
        ("HEAD@{1}", (".", "HEAD@{1}")),
        ("sub@main", ("sub", "main")),
        ("sub@x@main", ("sub@x", "main")),
        ("sub@", (".", "sub@")),
        ("@", (".", "@")),
    ],
)
def test_folder_and_revision(
    location: str, found: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stands before an `@` is a folder only where there is one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ("sub@x" if "@x" in location else "sub")).mkdir()

    assert split(location) == found


# ── what is passed over ─────────────────────────────────────────────────────────────────────────


def test_what_a_walk_passes_over(repo: Repo) -> None:
    """As in a folder: caches, ignored files, what the user excludes; installed packages are noted."""
    put(
        repo,
        {
            ".gitignore": "out/\n*.tmp\n",
            ".tox/uv.lock": "1",
            "node_modules/a/package.json": "{}",
            "out/uv.lock": "2",
            "out/deep/uv.lock": "3",
            "x.tmp": "4",
            "docs/requirements.txt": "5",
            "uv.lock": "6",
        },
    )
    ignored, excluded = "named by a .gitignore file (--no-ignore reads it)", "excluded by --exclude or the settings"
    found = tree(exclude=("docs",))

    assert list(found.paths()) == [".gitignore", "uv.lock"]
    assert list(found.folders()) == ["node_modules"]
    assert sorted(found.skipped) == [
        Skipped(path="docs/requirements.txt", reason=excluded),
        Skipped(path="out/uv.lock", reason=ignored),
        Skipped(path="x.tmp", reason=ignored),
    ]
    assert found.entries("node_modules") == [Entry("a", True, False)]
    assert found.read("node_modules/a/package.json") == b"{}"
    assert (found.real("node_modules/a"), found.real("")) == ("node_modules/a", "")
    assert "out/deep/uv.lock" in tree(use_ignore_files=False).paths()


def test_links_are_told_and_not_followed(repo: Repo) -> None:
    """Neither by the walk nor on the way to something."""
    put(repo, {"real/uv.lock": "1"})
    (repo.root / "uv.lock").symlink_to("real/uv.lock")
    (repo.root / "also").symlink_to("real")
    put(repo, {})
    found = tree()

    assert [s.path for s in found.skipped] == ["also", "uv.lock"]
    assert {s.reason for s in found.skipped} == {"a link, which is not followed in a revision"}
    assert (found.exists("uv.lock"), found.exists("also/uv.lock")) == (False, False)
    with pytest.raises(FileUnreadableError, match="is no regular file"):
        found.read("uv.lock")
    with pytest.raises(FileAbsentError):
        found.entries("also")
    with pytest.raises(FileAbsentError):
        found.real("nowhere")


def test_a_submodule_is_an_open_question(repo: Repo) -> None:
    """Nobody knows what is in it; unless the user does not want it."""
    put(repo, {"a": "1"})
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},themes/dark")
    repo.commit()
    reason = "a submodule, whose files are not part of the revision"

    assert tree().unknowns == (Unknown(location=Location(path="themes/dark"), resolver="source/git", reason=reason),)
    assert tree(exclude=("themes",)).unknowns == ()


def test_names_that_are_not_utf_8(repo: Repo) -> None:
    """They are shown escaped, and can be read."""
    blob = repo.git("hash-object", "-w", "--stdin")
    made = hashlib.sha1(usedforsecurity=False)
    content = b"100644 caf\xe9.txt\0" + bytes.fromhex(blob)
    made.update(b"tree %d\0" % len(content) + content)
    _write(repo, made.hexdigest(), b"tree %d\0" % len(content) + content)
    repo.git("update-ref", "refs/heads/odd", repo.git("commit-tree", "-m", "m", made.hexdigest()))

    assert list(tree("odd").paths()) == ["caf\\xe9.txt"]
    assert tree("odd").read("caf\\xe9.txt") == b""


# ── hostile and damaged repositories ────────────────────────────────────────────────────────────


def _write(repo: Repo, name: str, data: bytes) -> None:
    place = repo.dot_git / "objects" / name[:2] / name[2:]
    place.parent.mkdir(exist_ok=True)
    place.unlink(missing_ok=True)
    place.write_bytes(zlib.compress(data))


def _made(repo: Repo, content: bytes) -> GitTree:
    """The tree of a commit whose top is the tree object `content`."""
    data = b"tree %d\0" % len(content) + content
    name = hashlib.sha1(data, usedforsecurity=False).hexdigest()
    _write(repo, name, data)
    commit = b"tree %s\ncommitter A <a@b> 1600000000 +0000\n\nm" % name.encode()
    data = b"commit %d\0" % len(commit) + commit
    head = hashlib.sha1(data, usedforsecurity=False).hexdigest()
    _write(repo, head, data)
    return tree(head)


@pytest.mark.parametrize(
    "name", [b"..", b".", b"", b"a/b", b"../../etc/passwd"], ids=["up", "here", "none", "slash", "path"]
)
def test_names_that_lead_elsewhere_are_not_taken(repo: Repo, name: bytes) -> None:
    """No checkout has them."""
    blob = b"\x01" * 20

    assert list(_made(repo, b"100644 %s\0%s100644 ok\0%s" % (name, blob, blob)).paths()) == ["ok"]


@pytest.mark.parametrize("content", [b"100644", b"100644 a", b"100644 a\0" + b"1" * 19, b" a\0" + b"1" * 20])
def test_a_damaged_folder_is_an_open_question(repo: Repo, content: bytes) -> None:
    """It is told, and ends nothing."""
    found = _made(repo, content)

    assert [str(u.reason) for u in found.unknowns] == ["folder cannot be listed: its object is damaged"]
    with pytest.raises(FileAbsentError):
        found.entries("")


def test_objects_that_are_missing(repo: Repo) -> None:
    """As in a partial clone: of a folder it is told, of a file when it is asked for."""
    put(repo, {"a.txt": "a", "d/b.txt": "b"})
    for name in (repo.git("rev-parse", "HEAD:a.txt"), repo.git("rev-parse", "HEAD:d")):
        (repo.dot_git / "objects" / name[:2] / name[2:]).unlink()
    found = tree()
    reason = "is not in the repository, which has a part of its objects alone"

    assert found.unknowns == (Unknown(location=Location(path="d"), resolver="source/git", reason=f"folder {reason}"),)
    with pytest.raises(FileUnreadableError, match=reason):
        found.read("a.txt")


def test_an_object_with_another_content(repo: Repo) -> None:
    """It is not believed; nor one of another kind, nor what is no object."""
    put(repo, {"a.txt": "a"})
    name = repo.git("rev-parse", "HEAD:a.txt")
    for data in (b"blob 1\0b", b"tree 1\0a", b"blob 2\0a", b"junk"):
        _write(repo, name, data)
        with pytest.raises(FileUnreadableError):
            tree().read("a.txt")


def test_an_excluded_folder_that_is_missing(repo: Repo) -> None:
    """What was to be passed over cannot be shown; that is told."""
    put(repo, {"d/b.txt": "b"})
    name = repo.git("rev-parse", "HEAD:d")
    (repo.dot_git / "objects" / name[:2] / name[2:]).unlink()

    assert [u.location.path for u in tree(exclude=("d",)).unknowns] == ["d"]


def test_a_missing_or_overlong_ignore_file(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then nothing, or not all, is ignored; dropped patterns are told."""
    put(repo, {".gitignore": "out\n" * 100_001, "uv.lock": "1"})
    (told,) = tree().unknowns
    assert told.reason.startswith(".gitignore: ")

    monkeypatch.setattr(module, "_OF_A_FILE", objects.Limits(1, 1, 1))
    assert tree().unknowns == ()


def test_a_bomb_of_trees(repo: Repo) -> None:
    """Folders that hold the same folder ten times, ten deep, are 10^10 files: the walk ends at its limit."""
    inner = b"100644 a\0" + b"\x01" * 20
    for _ in range(10):
        data = b"tree %d\0" % len(inner) + inner
        name = hashlib.sha1(data, usedforsecurity=False)
        _write(repo, name.hexdigest(), data)
        inner = b"".join(b"40000 %d\0%s" % (n, name.digest()) for n in range(10))
    put(repo, {"a": "1"})
    repository, _ = find(repo.root) or (None, None)
    assert repository
    data = b"tree %d\0" % len(inner) + inner
    top = hashlib.sha1(data, usedforsecurity=False).hexdigest()
    _write(repo, top, data)
    limits = TreeLimits(files=1000, depth=64)
    found = GitTree(repository, top.encode(), repo.head(), name="x", limits=limits)

    assert [u.reason for u in found.unknowns] == ["folder cannot be listed: more than 1,000 files and folders in all"]
    shallow = GitTree(repository, top.encode(), repo.head(), name="x", limits=TreeLimits(depth=1))
    assert {u.reason for u in shallow.unknowns} == {"folders nested deeper than 1: not read"}


def test_a_path_of_thousands_of_folders(repo: Repo) -> None:
    """Whoever asks for it gets an answer."""
    put(repo, {"a/b": "1"})

    assert tree().exists("a/" * 100_000 + "b") is False


# ── revisions ───────────────────────────────────────────────────────────────────────────────────


def test_every_way_to_name_a_commit(repo: Repo) -> None:
    """The same as git finds; None where git would find none, or several."""
    for n in range(3):
        put(repo, {"a": str(n)}, f"c{n}")
    repo.git("tag", "light", "HEAD~1")
    repo.git("tag", "-a", "v1.0", "-m", "m", "HEAD~2")
    repo.git("tag", "-a", "of-tag", "-m", "m", "v1.0")
    repo.git("tag", "of-tree", "HEAD^{tree}")
    repo.git("branch", "feature/x", "HEAD~1")
    repo.git("update-ref", "refs/remotes/origin/main", "HEAD~2")
    repo.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    repo.git("merge", "-q", "-s", "ours", "--no-edit", "-m", "m", repo.git("commit-tree", "-m", "o", "HEAD^{tree}"),
             "--allow-unrelated-histories")  # fmt: skip
    full = repo.git("rev-parse", "HEAD~1")
    known = ["HEAD", "@", "main", "heads/main", "refs/heads/main", "light", "v1.0", "of-tag", "feature/x", "origin",
             "origin/main", "HEAD^", "HEAD^2", "HEAD^0", "HEAD~0", "HEAD~2", "main^1~1", "HEAD^^", full, full[:7],
             full[:4]]  # fmt: skip
    for packed in (False, True):
        if packed:
            repo.git("gc", "-q")
        repository, _ = find(repo.root) or (None, None)
        assert repository
        with Store(repository) as store:
            for revision in known:
                commit = named_commit(repository, store, revision)
                assert commit, revision
                assert commit[0].id == repo.git("rev-parse", f"{revision}^{{commit}}"), revision
            for revision in ("nope", "HEAD~9", "HEAD^3", "v1.0^2", "of-tree", "0" * 40, "0000", "HEAD~99999", "a..b",
                             "-x", "HEAD:a", "HEAD@{1}", "../x", "x/", ".x", "a b", "", "~1", "HEAD~1x",
                             repo.git("rev-parse", "HEAD^{tree}"), repo.git("rev-parse", "HEAD^{tree}")[:8]):  # fmt: skip
                assert named_commit(repository, store, revision) is None, revision


def test_what_is_no_revision(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each with what is wrong."""
    put(repo, {"a": "1"})
    (repo.root / "new").mkdir()
    assert refused("nope") == "no such file, and no commit of this repository: 'nope'"
    assert refused("new@HEAD") == "the folder 'new' does not exist in 'HEAD'"

    outside = tmp_path / "outside"
    outside.mkdir()
    monkeypatch.chdir(outside)
    assert refused("HEAD") == "'outside' lies in no git repository"


def test_a_repository_that_cannot_be_read(repo: Repo) -> None:
    """It is not established what the revision holds, which is no empty tree."""
    put(repo, {"a": "1"})
    _write(repo, repo.head().id, b"junk")

    with pytest.raises(NotEstablishedError, match="'HEAD' cannot be read from the git repository"):
        tree()


def test_a_chain_of_tags(repo: Repo) -> None:
    """A tag of a tag of a tag ends somewhere."""
    put(repo, {"a": "1"})
    name = "HEAD"
    for n in range(11):
        repo.git("tag", "-a", f"t{n}", "-m", "m", name)
        name = f"t{n}"

    assert tree("t8").paths() == ["a"]
    assert refused("t10") == "no such file, and no commit of this repository: 't10'"


def test_more_packs_than_stay_open(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are opened when it is their turn."""
    monkeypatch.setattr(objects, "_MAX_OPEN", 1)
    for n in range(3):
        put(repo, {f"f{n}": str(n)})
        repo.git("repack", "-dq")

    assert [tree().read(f"f{n}") for n in range(3)] == [b"0", b"1", b"2"]
    assert tree(repo.head().id[:7]).paths() == ["f0", "f1", "f2"]
