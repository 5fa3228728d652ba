"""Path patterns, by example and against hostile ones."""

from __future__ import annotations

import time

import pytest

from bomvet.model.globs import compiled, matches

TABLE = [
    ("uv.lock", "uv.lock", True),
    ("uv.lock", "a/b/uv.lock", True),
    ("uv.lock", "xuv.lock", False),
    ("uv.lock", "uvxlock", False),
    ("/uv.lock", "uv.lock", True),
    ("/uv.lock", "a/uv.lock", False),
    ("./uv.lock", "a/uv.lock", False),
    ("./uv.lock", "uv.lock", True),
    ("**/uv.lock", "uv.lock", True),
    ("**/uv.lock", "a/b/uv.lock", True),
    ("**/**/uv.lock", "uv.lock", True),
    ("a/**/b", "a/b", True),
    ("a/**/b", "a/x/y/b", True),
    ("a/**/b", "a/xb", False),
    ("a/**", "a/x/y", True),
    ("a/**", "a", False),
    ("**", "a/b", True),
    ("*", "a/b", True),
    ("a/*", "a/b", True),
    ("a/*", "a/b/c", False),
    ("*.txt", "a/b.txt", True),
    ("*.txt", ".txt", True),
    ("*.txt", "b.txt.x", False),
    ("a/*/c", "a/b/c", True),
    ("a/*/c", "a/b/b/c", False),
    ("*requirements*.txt", "dev-requirements-3.txt", True),
    ("*a*b*c", "xaxbxc", True),
    ("*a*b*c", "xaxcxb", False),
    ("?.txt", "a.txt", True),
    ("?.txt", "ab.txt", False),
    ("a?b", "a/b", False),
    ("a**b", "axxb", True),
    ("a**b", "a/b", False),
    ("[a].txt", "[a].txt", True),
    ("[a].txt", "a.txt", False),
    ("a+(b).txt", "a+(b).txt", True),
    ("*.txt", "a\nb.txt", True),
    ("a/**", "a/b\nc", True),
    ("**/x/*/**/y", "a/x/x/b/c/y", True),
]


@pytest.mark.parametrize(("glob", "path", "matched"), TABLE)
def test_table(glob: str, path: str, matched: bool) -> None:  # noqa: FBT001
    """What each kind of pattern matches as a whole path."""
    assert bool(compiled(glob).fullmatch(path)) is matched


@pytest.mark.parametrize(
    ("glob", "path", "matched"),
    [
        ("vendor", "vendor/a/uv.lock", True),
        ("vendor/", "a/vendor/uv.lock", True),
        ("/vendor", "a/vendor/uv.lock", False),
        ("a/b", "a/b/c/d", True),
        ("a/b", "a/bc/d", False),
        ("*.d/", "x.d/y", True),
        ("uv.lock", "a/uv.lock", True),
        ("/", "a", False),
        ("", "a", False),
    ],
)
def test_folders_are_matched_too(glob: str, path: str, matched: bool) -> None:  # noqa: FBT001
    """`matches` also holds for what lies in a folder that the pattern names."""
    assert matches(glob, path) is matched


@pytest.mark.parametrize(
    ("glob", "path"),
    [
        ("*a" * 60 + "b", "a" * 240),
        ("**/" * 60 + "b", "a/" * 120 + "c"),
        ("**/a/" * 40 + "b", "a/" * 120 + "c"),
        ("**/*a*a*a*a/" * 20 + "b", "aaaaaaaa/" * 60 + "c"),
        ("*" * 5000 + "b", "a" * 240),
        ("?*" * 100 + "b", "a" * 240),
    ],
)
def test_hostile_patterns_stay_fast(glob: str, path: str) -> None:
    """Patterns that would keep a backtracking matcher busy for years are done with in no time."""
    started = time.process_time()

    assert not matches(glob, path)
    assert time.process_time() - started < 1
