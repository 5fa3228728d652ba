"""The commit of a checkout: the same as git tells, for every way git stores it, and None for traps."""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import tracemalloc
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bomvet.sources import _objects as objects
from bomvet.sources._commit import Commit, head_commit
from tests.sources.repository import GIT, MESSAGE, Repo, needs_git


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Return a repository without commits."""
    if GIT is None:
        pytest.skip("git is not installed")
    return Repo(tmp_path / "repo")


# ── what git stores ────────────────────────────────────────────────────────────────────────────


def test_loose_commit_on_a_branch(repo: Repo) -> None:
    """The newest commit has a file of its own, and so has its branch."""
    repo.commit()
    made = repo.commit("second")
    assert made.time == 1_600_007_200
    assert head_commit(repo.root) == made


def test_packed_commit_and_reference(repo: Repo) -> None:
    """After `git gc` both lie in common files, and the old references' folder may be empty."""
    repo.commit()
    repo.git("checkout", "-q", "-b", "feature/one")
    made = repo.commit("second")
    repo.git("gc", "-q")
    assert not (repo.dot_git / "refs/heads/feature/one").exists()
    assert head_commit(repo.root) == made
    (repo.dot_git / "refs/heads/feature/one").mkdir(parents=True)
    assert head_commit(repo.root) == made


def test_loose_reference_beats_the_packed_one(repo: Repo) -> None:
    """A branch that moved on after `git gc` has both; its own file is newer."""
    repo.commit()
    repo.git("gc", "-q")
    made = repo.commit("second")
    assert head_commit(repo.root) == made


@pytest.mark.parametrize("base_offset", ["true", "false"])
def test_commits_stored_as_deltas(repo: Repo, base_offset: str) -> None:
    """Similar commits are packed as chains of deltas, by offset or by name; each one is read right."""
    made = [repo.commit(f"{MESSAGE}\n\nChange {number}") for number in range(12)]
    repo.git("-c", f"repack.useDeltaBaseOffset={base_offset}", "repack", "-q", "-adf", "--depth=50", "--window=50")
    rows = [line.split() for line in repo.git("verify-pack", "-v", str(repo.pack())).splitlines()]
    deltas = {row[0] for row in rows if len(row) == 7 and row[1] == "commit"}
    assert deltas, "git made no deltas of commits"
    assert not list(repo.dot_git.glob("objects/??/*"))
    for one in made:
        (repo.dot_git / "HEAD").write_text(one.id + "\n")
        assert head_commit(repo.root) == one
    assert deltas < {one.id for one in made}


def test_offsets_of_64_bits(repo: Repo) -> None:
    """In packs beyond 2 GiB offsets lie in a second table; git can write it for a small pack, too."""
    made = [repo.commit(f"{MESSAGE} {number}") for number in range(3)]
    repo.git("repack", "-q", "-adf")
    pack = repo.pack()
    pack.with_suffix(".idx").unlink()
    repo.git("index-pack", "--index-version=2,0x0", str(pack))
    assert head_commit(repo.root) == made[-1]
    index = bytearray(pack.with_suffix(".idx").read_bytes())
    count = int.from_bytes(index[1028:1032], "big")
    table = 1032 + count * (20 + 4 + 4)
    assert (12).to_bytes(8, "big") in index[table:-40]  # the first object lies after the header of 12 bytes
    index[table:-40:8] = b"\xff" * count
    pack.with_suffix(".idx").unlink()
    pack.with_suffix(".idx").write_bytes(index)
    assert head_commit(repo.root) is None  # no file has offsets like these


def test_index_of_version_1_is_not_read(repo: Repo) -> None:
    """The old index has no signature; nothing is guessed from it."""
    repo.commit()
    repo.git("repack", "-q", "-adf")
    pack = repo.pack()
    pack.with_suffix(".idx").unlink()
    repo.git("index-pack", "--index-version=1", str(pack))
    assert head_commit(repo.root) is None


def test_several_packs(repo: Repo) -> None:
    """Every pack is asked until one has the commit."""
    made = []
    for number in range(6):
        made.append(repo.commit(str(number)))
        repo.git("repack", "-q", "-d")
    assert len(list(repo.dot_git.glob("objects/pack/*.idx"))) == 6
    for one in made:
        (repo.dot_git / "HEAD").write_text(one.id)
        assert head_commit(repo.root) == one


def test_detached_head(repo: Repo) -> None:
    """HEAD may name a commit itself."""
    first = repo.commit("first")
    repo.commit("second")
    repo.git("checkout", "-q", "--detach", "HEAD^")
    assert head_commit(repo.root) == first


def test_worktree_has_a_head_of_its_own(repo: Repo, tmp_path: Path) -> None:
    """A linked worktree holds a file `.git`; its HEAD is its own, objects and branches are common."""
    first = repo.commit("first")
    tree = tmp_path / "tree"
    repo.git("worktree", "add", "-q", "-b", "side", str(tree))
    second = repo.commit("second")
    assert head_commit(tree) == first
    assert head_commit(repo.root) == second
    repo.git("gc", "-q")
    assert head_commit(tree) == first


def test_relative_gitdir(repo: Repo, tmp_path: Path) -> None:
    """A submodule's `.git` file names a folder relative to itself."""
    made = repo.commit()
    module = tmp_path / "deep" / "module"
    module.mkdir(parents=True)
    (module / ".git").write_text("gitdir: ../../repo/.git\n")
    assert head_commit(module) == made


def test_folder_inside_of_a_checkout(repo: Repo, tmp_path: Path) -> None:
    """The repository is looked for upwards, from where the folder really lies, but not without end."""
    made = repo.commit()
    folder = repo.root / "a" / "b"
    folder.mkdir(parents=True)
    (tmp_path / "link").symlink_to(folder)
    assert head_commit(folder) == made
    assert head_commit(tmp_path / "link") == made
    deep = folder.joinpath(*["d"] * 70)
    deep.mkdir(parents=True)
    assert head_commit(deep) is None


@needs_git
def test_sha256_repository(tmp_path: Path) -> None:
    """Longer names change nothing, neither loose nor packed."""
    try:
        repo = Repo(tmp_path / "repo", "--object-format=sha256")
    except subprocess.CalledProcessError:
        pytest.skip("this git has no SHA-256 repositories")
    made = [repo.commit(f"{MESSAGE}\n\n{number}") for number in range(4)][-1]
    assert len(made.id) == 64
    assert head_commit(repo.root) == made
    repo.git("gc", "-q")
    assert head_commit(repo.root) == made


def test_commit_with_further_headers(repo: Repo) -> None:
    """A signature's lines cannot pass for the committer, nor can the message."""
    repo.commit()
    tree = repo.git("rev-parse", "HEAD^{tree}")
    body = (
        f"tree {tree}\nauthor A <a> 1 +0000\ngpgsig -----BEGIN\n committer X <x> 1 +0000\n -----END\n"
        "committer C <c> 1234567890 +0000\n\ncommitter Y <y> 2 +0000\n"
    )
    name = loose(repo.dot_git, body.encode())
    (repo.dot_git / "HEAD").write_text(name)
    assert repo.head() == head_commit(repo.root) == Commit(id=name, time=1_234_567_890)


# ── no commit ──────────────────────────────────────────────────────────────────────────────────


def test_no_repository(tmp_path: Path) -> None:
    """Without `.git` there is no commit, nor in a folder that does not exist or cannot."""
    assert head_commit(tmp_path) is None
    assert head_commit(tmp_path / "missing") is None
    assert head_commit(Path("/\0")) is None


def test_no_commit_yet(repo: Repo) -> None:
    """A new repository has a HEAD that names a branch which does not exist."""
    assert head_commit(repo.root) is None


# ── traps, made by hand ────────────────────────────────────────────────────────────────────────

BODY = b"tree 0\ncommitter C <c> 1700000000 +0000\n\n" + b"message\n" * 20


def named(body: bytes, kind: str = "commit") -> str:
    """Return the name of an object."""
    return hashlib.sha1(b"%s %d\0" % (kind.encode(), len(body)) + body, usedforsecurity=False).hexdigest()


def loose(dot_git: Path, body: bytes, name: str = "", stored: bytes | None = None) -> str:
    """Write a loose object, or `stored` in its place, and return its name."""
    name = name or named(body)
    path = dot_git / "objects" / name[:2] / name[2:]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(zlib.compress(b"commit %d\0" % len(body) + body) if stored is None else stored)
    return name


def entry(kind: int, size: int, content: bytes, base: bytes = b"") -> bytes:
    """Return an entry of a pack; `base` is what a delta builds upon, encoded."""
    head, size = [kind << 4 | size & 15], size >> 4
    while size:
        head[-1] |= 0x80
        head, size = [*head, size & 0x7F], size >> 7
    return bytes(head) + base + zlib.compress(content)


def ofs(kind_size: int, content: bytes, back: int) -> bytes:
    """Return a delta entry that builds upon what lies `back` bytes before."""
    out, back = [back & 0x7F], back >> 7
    while back:
        back -= 1
        out, back = [0x80 | back & 0x7F, *out], back >> 7
    return entry(6, kind_size, content, bytes(out))


def write_pack(dot_git: Path, entries: dict[str, bytes], header: bytes = b"PACK\0\0\0\2") -> Path:
    """Write a pack and its index; returns the pack."""
    folder = dot_git / "objects" / "pack"
    folder.mkdir(parents=True, exist_ok=True)
    data, offsets = header + len(entries).to_bytes(4, "big"), {}
    for name, raw in entries.items():
        offsets[bytes.fromhex(name)] = len(data)
        data += raw
    keys = sorted(offsets)
    index = b"\xfftOc\0\0\0\2"
    index += b"".join(sum(key[0] <= byte for key in keys).to_bytes(4, "big") for byte in range(256))
    index += b"".join(keys) + bytes(4 * len(keys)) + b"".join(offsets[key].to_bytes(4, "big") for key in keys)
    path = folder / "pack-x.pack"
    path.write_bytes(data + bytes(20))
    path.with_suffix(".idx").write_bytes(index + bytes(40))
    return path


def number(value: int) -> bytes:
    """Return a size as deltas have it."""
    out = [value & 0x7F]
    while value := value >> 7:
        out[-1] |= 0x80
        out.append(value & 0x7F)
    return bytes(out)


@pytest.fixture
def dot_git(tmp_path: Path) -> Path:
    """Return the `.git` of a repository whose HEAD names `BODY`, which is not stored yet."""
    folder = tmp_path / "checkout" / ".git"
    (folder / "refs" / "heads").mkdir(parents=True)
    (folder / "objects" / "pack").mkdir(parents=True)
    (folder / "HEAD").write_text(named(BODY))
    return folder


def read(dot_git: Path) -> int | None:
    """Return the time of HEAD."""
    found = head_commit(dot_git.parent)
    return found.time if found else None


def test_hand_made_repository_is_sound(dot_git: Path) -> None:
    """The traps below differ from this in one respect each."""
    loose(dot_git, BODY)
    assert read(dot_git) == 1_700_000_000


WHOLE = zlib.compress(b"commit %d\0" % len(BODY) + BODY)


@pytest.mark.parametrize(
    "stored",
    [
        b"",
        b"nonsense",
        WHOLE[:-9],
        zlib.compress(b"commit 5\0" + BODY),
        zlib.compress(b"tree %d\0" % len(BODY) + BODY),
        zlib.compress(b"commit %d\0" % len(BODY) + BODY.replace(b"message", b"massage")),
        zlib.compress(BODY),
        zlib.compress(b"commit 500000000\0" + bytes(50_000_000)),
        b"\x78\x01" + b"\0\0\0\xff\xff" * 500_000 + WHOLE[2:],
    ],
    ids=["empty", "no zlib", "truncated", "size", "type", "content", "no header", "bomb", "slow"],
)
def test_damaged_loose_object(dot_git: Path, stored: bytes) -> None:
    """What does not inflate, within bounds, to what its name says is not believed."""
    loose(dot_git, BODY, stored=stored)
    assert read(dot_git) is None


def test_bomb_takes_no_memory(dot_git: Path) -> None:
    """An object that inflates to 200 MB is given up after one."""
    packer = zlib.compressobj()
    bomb = packer.compress(b"commit 200000000\0") + b"".join(packer.compress(bytes(1 << 20)) for _ in range(200))
    loose(dot_git, BODY, stored=bomb + packer.flush())
    tracemalloc.start()
    try:
        assert read(dot_git) is None
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "body",
    [
        b"tree 0\n\ncommitter C <c> 1 +0000\n",
        b"committer C <c> +0000\n",
        b"committer C <c> -5 +0000\n",
        b"committer C <c> 253402300800 +0000\n",
        b"committer C <c> 99999999999999999999 +0000\n",
        b"committer C <c> " + b"1" * 100_000,
    ],
    ids=["missing", "no time", "negative", "year 10000", "huge", "digits"],
)
def test_commit_without_a_usable_time(dot_git: Path, body: bytes) -> None:
    """A commit without committer, or with a time that no calendar has, tells nothing."""
    (dot_git / "HEAD").write_text(loose(dot_git, body))
    assert read(dot_git) is None


@pytest.mark.parametrize(
    "ref",
    [
        "refs/../../etc/passwd",
        "refs/heads/../../../secret",
        "/etc/passwd",
        "../secret",
        "refs/heads/a..b",
        "refs/heads/.hidden",
        "refs//heads",
        "refs/heads/",
        "refs",
        "refs/heads/a\0b",
        "refs/heads/a b",
        "HEAD",
        "",
    ],
)
def test_references_stay_inside(dot_git: Path, ref: str) -> None:
    """A reference that could name a file elsewhere is not followed, though that file would do."""
    name = loose(dot_git, BODY)
    (dot_git.parent / "secret").write_text(name)
    (dot_git / "HEAD").write_text(f"ref: {ref}\n")
    assert read(dot_git) is None


@pytest.mark.parametrize("text", ["", "nonsense", "ref:", "A" * 40, "a" * 39, "a" * 50, "x" * 5000])
def test_head_that_says_nothing(dot_git: Path, text: str) -> None:
    """HEAD holds a name or a reference, and is small."""
    (dot_git / "HEAD").write_text(text)
    assert read(dot_git) is None


def test_chains_of_references_end(dot_git: Path) -> None:
    """Ten references in a row are followed; eleven, or a circle, are not."""
    name = loose(dot_git, BODY)
    for step in range(12):
        (dot_git / f"refs/heads/r{step}").write_text(f"ref: refs/heads/r{step + 1}\n")
    (dot_git / "refs/heads/r12").write_text(name)
    (dot_git / "HEAD").write_text("ref: refs/heads/r3\n")
    assert read(dot_git) == 1_700_000_000
    (dot_git / "HEAD").write_text("ref: refs/heads/r2\n")
    assert read(dot_git) is None
    (dot_git / "refs/heads/r5").write_text("ref: refs/heads/r4\n")
    assert read(dot_git) is None


def test_packed_references(dot_git: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a whole line with the whole name counts, and no file beyond the bound is read."""
    name = loose(dot_git, BODY)
    (dot_git / "HEAD").write_text("ref: refs/heads/m.n\n")
    packed = dot_git / "packed-refs"
    packed.write_text(f"# pack-refs with: peeled\n{name} refs/heads/mxn\n^{name}\n{name} refs/heads/m.n.o\n")
    assert read(dot_git) is None
    packed.write_text(packed.read_text() + f"{name} refs/heads/m.n\n")
    assert read(dot_git) == 1_700_000_000
    monkeypatch.setattr(objects, "_MAX_PACKED_REFS", 100)
    assert read(dot_git) is None


@pytest.mark.parametrize("place", ["HEAD", "objects", "pack", "commondir", ".git"])
@pytest.mark.parametrize("kind", ["fifo", "link", "folder"])
def test_only_regular_files_are_opened(dot_git: Path, place: str, kind: str) -> None:
    """A pipe would block and a link could lead anywhere: neither is opened, nor is a folder."""
    name = named(BODY)
    if place == "pack":
        path = write_pack(dot_git, {name: entry(1, len(BODY), BODY)})
    else:
        loose(dot_git, BODY)
        path = {"objects": dot_git / "objects" / name[:2] / name[2:], ".git": dot_git}.get(place, dot_git / place)
    moved = path.with_name("moved")
    if path.exists():
        path.rename(moved)
    elif kind == "link":
        moved.write_text(".")
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "link":
        path.symlink_to(moved)
    else:
        path.mkdir()
    # A folder `.git` may itself be a link: git allows it, and `gitdir:` gives the same freedom.
    assert read(dot_git) == (1_700_000_000 if (place, kind) == (".git", "link") else None)


def test_link_to_a_file_as_dot_git(tmp_path: Path) -> None:
    """The file `.git` of a worktree is a regular one."""
    (tmp_path / "real").write_text("gitdir: x")
    (tmp_path / ".git").symlink_to(tmp_path / "real")
    assert head_commit(tmp_path) is None


def test_file_exchanged_while_it_is_opened(dot_git: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What looked like a file and is a pipe when it is open is closed unread."""
    genuine = (dot_git / "HEAD").lstat()
    (dot_git / "HEAD").unlink()
    os.mkfifo(dot_git / "HEAD")
    monkeypatch.setattr(Path, "lstat", lambda _: genuine)
    assert read(dot_git) is None


@pytest.mark.parametrize("text", ["nonsense", "gitdir: ", "gitdir: nowhere", "gitdir: a\0b", "gitdir: " + "x" * 5000])
def test_dot_git_file_that_leads_nowhere(tmp_path: Path, text: str) -> None:
    """A `.git` file is a pointer to a folder, or nothing."""
    (tmp_path / ".git").write_text(text)
    assert head_commit(tmp_path) is None


# ── packs, made by hand ────────────────────────────────────────────────────────────────────────

BASE = BODY + b"tail\n"
COPY = number(len(BASE)) + number(len(BODY)) + bytes([0xB0, len(BODY) & 0xFF, len(BODY) >> 8])


def test_hand_made_pack_is_sound(dot_git: Path) -> None:
    """The packs below differ from these in one respect each."""
    write_pack(dot_git, {named(BODY): entry(1, len(BODY), BODY), "00" * 20: b"x", "ff" * 20: b"x"})
    assert read(dot_git) == 1_700_000_000
    whole = entry(1, len(BASE), BASE)
    write_pack(dot_git, {named(BASE): whole, named(BODY): ofs(len(COPY), COPY, len(whole))})
    assert read(dot_git) == 1_700_000_000
    by_name = entry(7, len(COPY), COPY, bytes.fromhex(named(BASE)))
    write_pack(dot_git, {named(BASE): whole, named(BODY): by_name}, b"PACK\0\0\0\3")
    assert read(dot_git) == 1_700_000_000


@pytest.mark.parametrize(
    "raw",
    [
        entry(1, len(BODY), BODY)[:-9],
        entry(1, len(BODY) + 1, BODY),
        entry(1, len(BODY) - 1, BODY),
        entry(1, 2 << 20, bytes(2 << 20)),
        entry(1, 1000, bytes(2 << 20)),
        entry(3, len(BODY), BODY),
        entry(5, len(BODY), BODY),
        b"\x90" + b"\x80" * 40,
        entry(7, len(COPY), COPY, b"\0" * 20),
        entry(7, len(COPY), COPY, bytes.fromhex(named(BODY))),
        ofs(len(COPY), COPY, 0),
        ofs(len(COPY), COPY, 100),
        ofs(len(COPY), COPY, 100_000),
        entry(6, len(COPY), COPY, b"\xff" * 30),
        entry(6, 2 << 20, COPY, b"\1"),
        b"",
    ],
    ids=[
        *("truncated", "too short", "too long", "large", "bomb", "blob", "unknown type", "endless size"),
        *("no base", "own base", "own offset", "before the start", "far before", "endless offset"),
        *("large delta", "nothing"),
    ],
)
def test_damaged_entry(dot_git: Path, raw: bytes) -> None:
    """An entry that breaks its promises, or a bound, gives no commit."""
    write_pack(dot_git, {named(BODY): raw})
    assert read(dot_git) is None


def test_chains_of_deltas_end(dot_git: Path) -> None:
    """64 deltas on top of each other are applied, 65 are not; nor are few large ones."""
    same = number(len(BODY)) + number(len(BODY)) + COPY[-3:]
    whole, link = entry(1, len(BODY), BODY), ofs(len(same), same, 0)
    for length, time in ((64, 1_700_000_000), (65, None)):
        entries = {f"{1:040x}": whole, f"{2:040x}": ofs(len(same), same, len(whole))}
        for step in range(3, length + 2):
            entries[f"{step:040x}"] = ofs(len(same), same, len(link))
        entries[named(BODY)] = entries.pop(f"{length + 1:040x}")
        write_pack(dot_git, entries)
        assert read(dot_git) == time


def test_large_deltas_share_a_budget(dot_git: Path) -> None:
    """All deltas of a chain together are held to a few times the size of a commit."""
    junk = bytes(1 << 20)
    entries, back = {}, 0
    for step in range(1, 8):
        raw = ofs(len(junk), junk, back)
        entries[f"{step:040x}"], back = raw, len(raw)
    entries[named(BODY)] = entries.pop(f"{7:040x}")
    write_pack(dot_git, entries)
    assert read(dot_git) is None


@pytest.mark.parametrize(
    "delta",
    [
        b"",
        b"\xff" * 20,
        number(3),
        number(4) + number(3) + b"\x90\3",
        number(3) + number(2 << 20) + b"\x90\3",
        number(3) + number(3),
        number(3) + number(2) + b"\x90\3",
        number(3) + number(4) + b"\x90\3",
        number(3) + number(3) + b"\0\0\0",
        number(3) + number(3) + b"\3ab",
        number(3) + number(3) + b"\x90",
        number(3) + number(3) + b"\x91\1\3",
        number(3) + number(3) + b"\x80",
        number(3) + number(1 << 20) + b"\x90\3" * 100,
    ],
    ids=[
        *("empty", "endless number", "one number", "other base", "large", "no result", "long", "short"),
        *("reserved", "open insert", "open copy", "copy beyond", "copy 64 KiB", "unfinished"),
    ],
)
def test_damaged_delta(delta: bytes) -> None:
    """Instructions that leave the base or the promised size are refused."""
    with pytest.raises(ValueError, match=r"delta|instruction|number"):
        objects._apply(delta, b"abc")


def test_delta_instructions() -> None:
    """Copies take start and size in pieces, no size means 64 KiB; insertions carry their bytes."""
    base = bytes(range(256)) * 300
    delta = number(len(base)) + number(3 + 0x10000 + 0x201) + b"\3xyz" + b"\x81\5" + b"\xb3\6\1\1\2"
    assert objects._apply(delta, base) == b"xyz" + base[5 : 5 + 0x10000] + base[0x106 : 0x106 + 0x201]


@pytest.mark.parametrize(
    ("suffix", "content"),
    [
        (".idx", b""),
        (".idx", b"\xfftOc\0\0\0\3" + bytes(1100)),
        (".idx", b"\xfftOc\0\0\0\2"),
        (".idx", b"\xfftOc\0\0\0\2" + b"\xff" * 1024),
        (".idx", b"\xfftOc\0\0\0\2" + bytes(1024)),
        (".pack", b"KCAP\0\0\0\2"),
        (".pack", b"PACK\0\0\0\2"),
        (".pack", b""),
    ],
)
def test_damaged_pack_files(dot_git: Path, suffix: str, content: bytes) -> None:
    """A pack or an index with another start, or cut off, gives no commit."""
    pack = write_pack(dot_git, {named(BODY): entry(1, len(BODY), BODY)})
    pack.with_suffix(suffix).write_bytes(content)
    assert read(dot_git) is None


@given(data=st.data())
@settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_damage_raises_or_deceives(dot_git: Path, data: st.DataObject) -> None:
    """Whatever happens to one of the files, the answer is the truth or None."""
    whole = entry(1, len(BASE), BASE)
    pack = write_pack(dot_git, {named(BASE): whole, named(BODY): ofs(len(COPY), COPY, len(whole))})
    path = data.draw(st.sampled_from([pack, pack.with_suffix(".idx"), dot_git / "HEAD"]))
    before = path.read_bytes()
    start = data.draw(st.integers(0, len(before)))
    damage = data.draw(st.binary(max_size=12))
    path.write_bytes(before[:start] + damage + before[start + data.draw(st.integers(0, 12)) :])
    found = read(dot_git)
    path.write_bytes(before)
    assert found in (None, 1_700_000_000)


@given(delta=st.binary(max_size=40))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_no_delta_raises_anything_else(delta: bytes) -> None:
    """Whatever the instructions are, they give bytes within the bound or a `ValueError`."""
    with contextlib.suppress(ValueError):
        assert len(objects._apply(number(40) + delta, bytes(40))) <= 1 << 20
