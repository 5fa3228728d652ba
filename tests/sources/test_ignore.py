"""The rules of .gitignore files: what each kind of pattern means, and that git means the same."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bomvet.sources import _ignore as ignore
from bomvet.sources._ignore import IgnoreFile, is_ignored

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

GIT = shutil.which("git")
needs_git = pytest.mark.skipif(GIT is None, reason="git is not installed")


def says(text: str, path: str, directory: str = "") -> bool | None:
    """Return the verdict of one file; a path that ends with a slash is a folder."""
    return IgnoreFile.parse(text, directory).decide(path.removesuffix("/"), is_dir=path.endswith("/"))


# ── what the patterns mean ──────────────────────────────────────────────────────────────────────

MEANINGS = [
    ("# x", "# x", None, "a line with # in front is a comment"),
    ("\\#x", "#x", True, "a backslash makes # a name"),
    ("\\!x", "!x", True, "a backslash makes ! a name"),
    ("a#b", "a#b", True, "# inside a line is nothing special"),
    ("", "a", None, "an empty line says nothing"),
    ("   ", "a", None, "a line of spaces says nothing"),
    ("!", "a", None, "a lone ! says nothing"),
    ("/", "a/", None, "a lone / says nothing"),
    ("x  ", "x", True, "trailing spaces are taken off"),
    ("x\\ ", "x ", True, "but not one that is escaped"),
    ("x\\   ", "x ", True, "the others still are"),
    ("x\\\\ ", "x\\", True, "a backslash that is itself escaped protects nothing"),
    ("x\t", "x", None, "a tab is part of the name"),
    (" x", " x", True, "leading spaces are part of the name"),
    ("x\r\ny\r\n", "x", True, "CRLF ends a line"),
    ("a\ny\r", "y", True, "also where the last line is not finished"),
    ("x\r\r\n", "x", None, "only one CR belongs to the line's end"),
    ("\ufeffx", "x", True, "a byte order mark is skipped"),
    ("y\n\ufeffx", "x", None, "only at the start of the file"),
    ("x\0y", "x", True, "a NUL ends the line, as in C"),
    ("x", "x", True, "a name matches itself"),
    ("x", "X", None, "case counts"),
    ("x", "a/b/x", True, "a pattern without slash matches at every depth"),
    ("x", "x/y", None, "what lies below is the walker's business"),
    ("/x", "x", True, "a leading slash ties it to the folder"),
    ("/x", "a/x", None, "and not to those below"),
    ("a/x", "a/x", True, "so does a slash in the middle"),
    ("a/x", "b/a/x", None, "which ties it, too"),
    ("//x", "x", None, "a path has no empty names"),
    ("a//x", "a/x", None, "nor in the middle"),
    ("a//*", "a/x", None, "nor before a wildcard"),
    ("x/", "x/", True, "a trailing slash wants a folder"),
    ("x/", "x", None, "and no file"),
    ("x/", "a/x/", True, "and does not tie it to the top"),
    ("x//", "x/", None, "only one trailing slash is a mark"),
    ("*", "a", True, "a star matches all names"),
    ("*", "a/.b", True, "the hidden ones, too"),
    ("/*", "a/b", None, "a star does not cross a slash"),
    ("*.o", ".o", True, "a star may stand for nothing"),
    ("*.o", "a.o.o", True, "or for much"),
    ("*.o", "a.oo", None, "but the end must be right"),
    ("a*b*c", "aXbXbXc", True, "several stars share a name"),
    ("a*b*c", "aXc", None, "all pieces must be there"),
    ("a*a", "a", None, "and they must not overlap"),
    ("a***b", "aXb", True, "three stars in a name are one"),
    ("a/**b", "a/xb", True, "two stars within a name are one star"),
    ("a/**b", "a/x/b", None, "which does not cross a slash"),
    ("a/b**", "a/bc/d", None, "nor at the end of a name (git 2.39 errs here)"),
    ("a**/b", "ab", None, "nor do they become folders there (nor here)"),
    ("a?c", "abc", True, "? is one byte"),
    ("a?c", "ac", None, "and not none"),
    ("a/?b", "a//b", None, "and not a slash"),
    ("a?c", "aéc", None, "é is two bytes, as for git"),
    ("a??c", "aéc", True, "so it wants two"),
    ("aé*", "aéc", True, "names beyond ASCII match"),
    ("[a-c]", "b", True, "a range"),
    ("[a-c]", "d", None, "and beyond it"),
    ("[c-a]", "b", None, "a range upside down is empty"),
    ("[!a]", "b", True, "! turns a set round"),
    ("[^a]", "a", None, "and so does ^"),
    ("[]a]", "]", True, "a ] in first place is a member"),
    ("[!]a]", "]", None, "after the ! as well"),
    ("[a-]", "-", True, "a - in last place is a member"),
    ("[-a]", "-", True, "as in first place"),
    ("[a-c-e]", "d", None, "a range does not open another"),
    ("[a-c-e]", "-", True, "the - after it is a member"),
    ("[\\]]", "]", True, "a backslash in a set"),
    ("[a-\\]]", "]", None, "this range is upside down, so empty"),
    ("[\\[-\\]]", "\\", True, "a range between escaped ends"),
    ("[[:alpha:]]", "q", True, "a class"),
    ("[[:alpha:][:digit:]_]", "7", True, "several of them"),
    ("[![:digit:]]", "7", None, "turned round"),
    ("[[:alpha:]-z]", "-", True, "a class opens no range"),
    ("[[:nonsense:]]", "n", None, "an unknown class matches nothing"),
    ("[[:alpha]", ":", True, "without its end it is a set of signs"),
    ("[[:]", "[", True, "even the shortest"),
    ("[[::]]", ":", None, "an empty class name is unknown"),
    ("[[:alpha:]", "q", None, "an open set after a class matches nothing"),
    ("a[/]b", "a/b", None, "a set never matches a slash"),
    ("a[!x]b", "a/b", None, "not even turned round"),
    ("[a/b]", "a", True, "a slash in a set does not cut it"),
    ("[ab", "[ab", None, "an open set matches nothing"),
    ("[a-", "[a-", None, "nor an open range"),
    ("[\\", "[", None, "nor one with nothing after the backslash"),
    ("[a-\\", "[", None, "nor a range with nothing after it"),
    ("[", "[", None, "nor a lone bracket"),
    ("\\*", "*", True, "a backslash takes a sign literally"),
    ("\\*", "a", None, "and nothing else"),
    ("\\a\\b", "ab", True, "letters, too"),
    ("a\\", "a\\", None, "a backslash at the end matches nothing"),
    ("a\\/b", "a/b", True, "an escaped slash is a slash"),
    ("a\\/", "a/", None, "but at the end it leaves a backslash alone"),
    ("**", "a/b", True, "two stars alone match all"),
    ("**/x", "x", True, "leading **/ is here"),
    ("**/x", "a/b/x", True, "or at any depth"),
    ("**/x", "ax", None, "but a whole name"),
    ("x/**", "x/a/b", True, "trailing /** is all below"),
    ("x/**", "x/", None, "but not the folder"),
    ("a/**/b", "a/b", True, "/**/ is no folder"),
    ("a/**/b", "a/x/y/b", True, "or several"),
    ("a/**/b", "ab", None, "but at least a slash"),
    ("a/**/b/**/c", "a/b/x/b/y/c", True, "several of them"),
    ("**/a/**/b/c", "a/b/x/b/c", True, "a group that fits later on"),
    ("**/a/b", "a/a/b", True, "a group that fits at the second place"),
    ("**/**/x", "x", True, "twice over"),
    ("a/**\\/b", "a/b", None, "with an escaped slash it wants a folder"),
    ("a/**\\/b", "a/x/b", True, "and takes one"),
    ("a/***/b", "a/x/y/b", True, "three stars are two"),
    ("a/**/", "a/x/y/", True, "folders below"),
    ("a/**/", "a/x/y", None, "and no files"),
    ("*/x", "a/x", True, "a star is one folder"),
    ("*/x", "a/b/x", None, "and not two"),
    ("x\n!x", "x", False, "! takes back"),
    ("!x\nx", "x", True, "the last word wins"),
    ("*\n!*/\n!*.c", "a/", False, "! with folders only"),
    ("*\n!*/\n!*.c", "a.h", True, "leaves files"),
    ("*\n!*/\n!*.c", "d/a.c", False, "and brings some back"),
    ("!!x", "!x", False, "only the first ! is a mark"),
    ("x\ny", "x\ny", None, "no pattern spans lines"),
    ("a*b", "a\nb", True, "but a star takes a line feed"),
]


@pytest.mark.parametrize(("text", "path", "verdict", "why"), MEANINGS)
def test_pattern(text: str, path: str, verdict: bool | None, why: str) -> None:  # noqa: FBT001  # a table
    """Each sentence of the manual (and of git's wildmatch.c) holds."""
    assert says(text, path) is verdict, why


def test_file_in_a_folder_speaks_of_what_lies_below() -> None:
    """A file in a folder is silent on all that lies elsewhere, and on the folder itself."""
    text = "/x\ny\n"
    assert says(text, "a/b/x", "a/b") is True
    assert says(text, "a/b/c/x", "a/b") is None
    assert says(text, "a/b/c/y", "a/b/") is True
    assert [says("*", path, "a/b") for path in ("a/b/", "a/bc", "a/x", "b", "")] == [None] * 5


def test_last_file_with_a_say_decides() -> None:
    """An inner file overrides an outer one, and silence leaves the outer one's word."""
    outer, inner = IgnoreFile.parse("*.log\n"), IgnoreFile.parse("!keep.log\n", "sub")
    assert is_ignored([outer, inner], "sub/a.log", is_dir=False)
    assert not is_ignored([outer, inner], "sub/keep.log", is_dir=False)
    assert is_ignored([outer, inner], "keep.log", is_dir=False)
    assert not is_ignored([outer, inner], "sub/a.txt", is_dir=False)
    assert not is_ignored([], "a", is_dir=False)


def test_names_that_are_no_text_match() -> None:
    """Bytes that are not UTF-8 arrive as surrogates and match as bytes; a lone surrogate does not raise."""
    assert says("a\udcff?\n", "a\udcff\udcfe") is True
    assert says("[\udc80-\udcff]\n", "\udcc3") is True
    assert says("\ud800*\n", "\ud800x") is True


# ── bounds ─────────────────────────────────────────────────────────────────────────────────────


def test_patterns_beyond_the_bounds_are_dropped_and_counted() -> None:
    """Too many patterns, too long ones and too many wildcards have no effect, and it shows."""
    many = IgnoreFile.parse("".join(f"n{number}\n" for number in range(ignore.MAX_PATTERNS + 5)))
    assert many.dropped == 5
    assert many.decide(f"n{ignore.MAX_PATTERNS - 1}", is_dir=False) is True
    assert many.decide(f"n{ignore.MAX_PATTERNS}", is_dir=False) is None
    long = IgnoreFile.parse("x" * ignore.MAX_LINE + "\n" + "y" * (ignore.MAX_LINE + 1) + "\nz\n")
    assert long.dropped == 1
    assert long.decide("z", is_dir=False) is True
    wild = IgnoreFile.parse(("*" + "w" * 1023 + "\n") * 70 + "z\n")
    assert wild.dropped == 70 - ignore.MAX_GLOB_BYTES // 1024
    assert wild.decide("z", is_dir=False) is True
    assert IgnoreFile.parse("*.o\n").dropped == 0


HOSTILE = {
    "stars": ("*a" * 2000 + "b\n") * 6,
    "questions": ("*?" * 2000 + "b\n") * 6,
    "folders": ("**/a/" * 800 + "b\n") * 6,
    "folders with stars": ("**/*a*a/" * 500 + "b\n") * 6,
    "long pieces": ("*" + "a" * 250 + "b*\n") * 90,
    "sets": ("*" + "[!b]" * 900 + "c\n") * 6,
    "ranges": ("*[" + "".join(f"{chr(33 + number % 58)}-~" for number in range(1300)) + "]b\n") * 6,
    "turns": "*a*a*a*a*b\n!*a*a*a*a*b\n" * 900,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_patterns_stay_cheap(text: str) -> None:
    """No pattern makes the matcher backtrack: thousands of the worst take a fraction of a second."""
    file = IgnoreFile.parse(text)
    for path in ("a" * 255, "/".join(["aaa"] * 64), "/".join("a" * 2000)):
        start = time.process_time()
        assert file.decide(path, is_dir=True) is None
        assert time.process_time() - start < 0.5  # a few milliseconds, as measured; never "hours"


# ── git means the same ─────────────────────────────────────────────────────────────────────────


class Checkout:
    """A repository with the files of `PATHS`, which tells what git ignores there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environment = {
            "HOME": str(root.parent),
            "XDG_CONFIG_HOME": str(root.parent / "none"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "LC_ALL": "C.UTF-8",
            "PATH": str(Path(str(GIT)).parent),
        }
        root.mkdir()
        self.git("init", "-q", "--template=")
        for path in PATHS:
            place = root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            if path.endswith("/"):
                place.mkdir(exist_ok=True)
            else:
                place.touch()

    def git(self, *arguments: str, stdin: bytes = b"", codes: tuple[int, ...] = (0,)) -> bytes:
        """Run git in the repository with a scrubbed environment and return what it prints."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.root,
            env=self.environment,
            input=stdin,
            capture_output=True,
            check=False,
        )
        assert done.returncode in codes, done.stderr
        return done.stdout

    def ignored(self, files: Mapping[str, str]) -> set[str]:
        """Return the paths that git ignores with these .gitignore files (folder -> content)."""
        for folder, text in files.items():
            (self.root / folder / ".gitignore").write_bytes(text.encode("utf-8", "surrogateescape"))
        try:
            stdin = b"\0".join(path.removesuffix("/").encode() for path in PATHS)
            answer = self.git("check-ignore", "--no-index", "--stdin", "-z", "-v", "-n", stdin=stdin, codes=(0, 1))
        finally:
            for folder in files:
                (self.root / folder / ".gitignore").unlink()
        fields = answer.split(b"\0")[:-1]
        rows = zip(fields[2::4], PATHS, fields[3::4], strict=True)
        assert all(path.removesuffix("/").encode() == echo for _, path, echo in rows)
        patterns = zip(PATHS, fields[2::4], strict=True)
        return {path for path, pattern in patterns if pattern and not pattern.startswith(b"!")}


def walked(files: Mapping[str, str]) -> set[str]:
    """Return the paths that a walker passes over: ignored themselves, or below an ignored folder."""
    parsed = [IgnoreFile.parse(text, folder) for folder, text in sorted(files.items())]
    return {path for path in PATHS if any(_named(parsed, part) for part in _with_parents(path))}


def _named(files: list[IgnoreFile], path: str) -> bool:
    return is_ignored(files, path.removesuffix("/"), is_dir=path.endswith("/"))


def _with_parents(path: str) -> Iterator[str]:
    for index, char in enumerate(path[:-1]):
        if char == "/":
            yield path[: index + 1]
    yield path


NAMES = [
    *"ab-]!#\\*",
    "[",
    "ab",
    "aab",
    "abab",
    "a.b",
    ".a",
    "a ",
    "a b",
    "é",
    "aéb",
    "B",
    "a\nb",
    "a\t",
    "[ab",
    "**",
]
FOLDERS = ["a", "b", "ab", "a/a", "a/b", "a/a/a", "a/b/a", "b/a", "b/b", "b/a/b", "ab/b", "a/a/b/b"]
# A name is a folder where FOLDERS has it, and a file elsewhere.
PATHS = sorted({f"{folder}/" for folder in FOLDERS} | {".x/", ".x/y"}) + sorted(
    path
    for folder in ["", *FOLDERS]
    for path in (f"{folder}/{name}".removeprefix("/") for name in NAMES)
    if path not in FOLDERS and not any(known.startswith(f"{path}/") for known in FOLDERS)
)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Return one repository for all comparisons: only its .gitignore files change."""
    if GIT is None:
        pytest.skip("git is not installed")
    return Checkout(tmp_path_factory.mktemp("ignore") / "repository")


# What git 2.39 gets wrong: two stars after the letters that a pattern with a slash begins with.
OLD_FAULT = re.compile(r"[^/*]\*\*+(?:\\?/|\s*$)", re.MULTILINE)


@needs_git
def test_git_reads_the_hand_picked_patterns_alike(checkout: Checkout) -> None:
    """For every pattern of the table above git ignores the same paths of the tree."""
    texts = sorted({text for text, *_ in MEANINGS if not OLD_FAULT.search(text)})
    different = [text for text in texts if checkout.ignored({"": text}) != walked({"": text})]
    assert different == []


@needs_git
@pytest.mark.parametrize("name", ["alnum", "alpha", "blank", "cntrl", "digit", "graph"])
def test_git_knows_the_same_classes(checkout: Checkout, name: str) -> None:
    """Every class holds the same bytes, of all that a name can be."""
    _compare_bytes(checkout, f"[[:{name}:]]")


@needs_git
@pytest.mark.parametrize("name", ["lower", "print", "punct", "space", "upper", "xdigit"])
def test_git_knows_the_same_other_classes(checkout: Checkout, name: str) -> None:
    """The other half of the classes, turned round."""
    _compare_bytes(checkout, f"[^[:{name}:]]")


def _compare_bytes(checkout: Checkout, pattern: str) -> None:
    names = [bytes([code]) for code in range(1, 256) if code not in b"/."]
    (checkout.root / ".gitignore").write_text(f"x{pattern}\n")
    stdin = b"".join(b"x" + name + b"\0" for name in names)
    found = checkout.git("check-ignore", "--no-index", "--stdin", "-z", stdin=stdin, codes=(0, 1))
    file = IgnoreFile.parse(f"x{pattern}\n")
    ours = [b"x" + name for name in names if file.decide("x" + name.decode("utf-8", "surrogateescape"), is_dir=False)]
    (checkout.root / ".gitignore").unlink()
    assert found.split(b"\0")[:-1] == ours


PIECES = st.sampled_from(
    [
        *("a", "b", "ab", "B", "é", ".", "-", "#", "!", " ", "]", "\t", "\r"),
        *("*", "*", "**", "***", "?", "/", "/", "/", "/**/", "**/", "/**", "\\", "\\\\", "\\/", "\\*", "\\ "),
        *("[ab]", "[!a]", "[^b]", "[a-b]", "[a-]", "[]a]", "[", "[[:alpha:]]", "[![:lower:]]", "[a/b]"),
        *("[[:x:]]", "[\\]]", "[!", "[a-\\b]", "[[:]", "[b-a]"),
    ]
)
LINES = st.builds(
    lambda mark, pieces, end: mark + "".join(pieces) + end,
    st.sampled_from(["", "", "", "!", "/", "!/", "**/", "\\!", "#"]),
    st.lists(PIECES, max_size=5),
    st.sampled_from(["", "", "", "/", " ", "  ", "\\ ", "\r", "*"]),
)
TEXTS = st.lists(LINES, max_size=5).map("\n".join).filter(lambda text: not OLD_FAULT.search(text))


@needs_git
@given(files=st.dictionaries(st.sampled_from(["", "a", "a/b", "b/a"]), TEXTS, min_size=1, max_size=3))
@example(files={"": "*\n!*/\n!*b", "a": "!a\nb/", "a/b": "/*\n!/a"})
@example(files={"": "a/**/b/**/a\n**/a/b\n", "b/a": "!**\n*\\ "})
@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_git_reads_generated_files_alike(checkout: Checkout, files: dict[str, str]) -> None:
    """For generated .gitignore files at several depths git passes over the same paths of the tree."""
    assert walked(files) == checkout.ignored(files)
