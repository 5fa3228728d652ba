r"""The rules of ``.gitignore`` files, as gitignore(5) words them, without running git.

A file becomes runs of rules with the same sign (ignore or re-include); inside a run order is of no
account, so a run is two sets of literal names and paths and two regular expressions.

Like git, everything here works on bytes: ``?`` is one byte, not one character.

The expressions cannot blow up. All that may follow a ``*`` is a stretch of fixed length, so its first
occurrence is as good as any later one, and an atomic group forbids to look for another; the same holds
for the folders between two ``**``. What remains is at worst (length of path) x (length of pattern).

One known difference: git (2.39, for one) reads ``a**/b`` as an ``a`` before ``**/b``, so that ``ab`` matches,
a fault of its prefix comparison (``match_pathname`` in dir.c); for the manual and this module it is ``a*/b``.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Final, Self

from bomvet.model.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["MAX_GLOB_BYTES", "MAX_LINE", "MAX_PATTERNS", "IgnoreFile", "is_ignored"]

MAX_PATTERNS: Final = 10_000
"""Patterns read from one file."""
MAX_LINE: Final = 4096
"""Bytes of one pattern; a longer one names no path that a file system can hold."""
MAX_GLOB_BYTES: Final = 65_536
"""Bytes of all patterns of one file that hold a wildcard: these are what costs time for each path."""

_STAR: Final = b"*"
_SLASH: Final = b"/"
_ESCAPED_SLASH: Final = b"\\/"
_WILDCARD: Final = re.compile(rb"[*?\[\\]")
_ALL_BUT_SLASH: Final = ((1 << 256) - 1) & ~(1 << ord("/"))


@dataclass(frozen=True, slots=True, kw_only=True)
class IgnoreFile:
    """One ``.gitignore`` file: what it says about paths below the folder that holds it.

    `directory` is that folder, relative to the root of the tree ("" for the root itself).
    `dropped` counts the patterns that lay beyond the bounds of this module and have no effect.
    """

    directory: str
    dropped: int
    runs: tuple[_Run, ...]

    @classmethod
    def parse(cls, text: str, directory: str = "") -> Self:
        """Read the content of a ``.gitignore`` file; no text is an error.

        `directory` is the POSIX path of the folder that holds the file, relative to the tree's root.
        """
        rules: list[_Rule] = []
        dropped = glob_bytes = 0
        for rule in _rules(text):
            cost = 0 if rule.literal else len(rule.body)
            if len(rules) >= MAX_PATTERNS or len(rule.body) > MAX_LINE or glob_bytes + cost > MAX_GLOB_BYTES:
                dropped += 1
                continue
            glob_bytes += cost
            rules.append(rule)
        runs = [_Run.of(ignored, group) for ignored, group in groupby(rules, key=lambda rule: rule.ignored)]
        return cls(directory=directory.strip("/"), dropped=dropped, runs=tuple(reversed(runs)))

    def decide(self, path: str, *, is_dir: bool) -> bool | None:
        """Say whether this file ignores `path` (True), re-includes it (False) or is silent (None).

        `path` is a POSIX path relative to the tree's root. Its parents are not looked at: an ignored
        folder is never entered, which is the business of whoever walks the tree.
        """
        relative = self._relative(path)
        name = relative.rpartition(b"/")[2]
        for run in self.runs if name else ():
            if run.matches(relative, name, is_dir=is_dir):
                return run.ignored
        return None

    def _relative(self, path: str) -> bytes:
        """Return `path` as bytes relative to the folder of this file, or nothing if it is not below."""
        if not self.directory:
            return _encoded(path)
        prefix = self.directory + "/"
        return _encoded(path[len(prefix) :]) if path.startswith(prefix) else b""


def is_ignored(files: Sequence[IgnoreFile], path: str, *, is_dir: bool) -> bool:
    """Say whether `files` together ignore `path`.

    `files` go from the outermost folder to the innermost; the last one that has a say decides.
    """
    for file in reversed(files):
        verdict = file.decide(path, is_dir=is_dir)
        if verdict is not None:
            return verdict
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """One line of a file, its marks taken off."""

    ignored: bool
    folders_only: bool
    anchored: bool
    body: bytes

    @property
    def literal(self) -> bool:
        return _WILDCARD.search(self.body) is None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Matcher:
    """A union of patterns: those for the last name of a path, and those for the whole path."""

    names: frozenset[bytes]
    paths: frozenset[bytes]
    name_glob: re.Pattern[bytes] | None
    path_glob: re.Pattern[bytes] | None

    @classmethod
    def of(cls, rules: Sequence[_Rule]) -> Self:
        names = [rule for rule in rules if not rule.anchored]
        paths = [rule for rule in rules if rule.anchored]
        return cls(
            names=frozenset(rule.body for rule in names if rule.literal),
            paths=frozenset(rule.body for rule in paths if rule.literal),
            name_glob=_union(rule.body for rule in names if not rule.literal),
            path_glob=_union(rule.body for rule in paths if not rule.literal),
        )

    def matches(self, path: bytes, name: bytes) -> bool:
        return (
            name in self.names
            or path in self.paths
            or (self.name_glob is not None and self.name_glob.fullmatch(name) is not None)
            or (self.path_glob is not None and self.path_glob.fullmatch(path) is not None)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """Neighbouring rules of the same sign."""

    ignored: bool
    anything: _Matcher
    folders: _Matcher

    @classmethod
    def of(cls, ignored: bool, rules: Iterable[_Rule]) -> Self:  # noqa: FBT001  # groupby's own pair
        members = list(rules)
        return cls(
            ignored=ignored,
            anything=_Matcher.of([rule for rule in members if not rule.folders_only]),
            folders=_Matcher.of([rule for rule in members if rule.folders_only]),
        )

    def matches(self, path: bytes, name: bytes, *, is_dir: bool) -> bool:
        return self.anything.matches(path, name) or (is_dir and self.folders.matches(path, name))


class _UnmatchableError(Exception):
    """The pattern is malformed in a way that lets it match no path at all."""


# ── lines ──────────────────────────────────────────────────────────────────────────────────────


def _encoded(text: str) -> bytes:
    """Return the bytes that git would see; undecodable ones travel as surrogates (PEP 383)."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _rules(text: str) -> Iterator[_Rule]:
    """Yield the rules of a file in their order; comments and empty lines are no rules."""
    for line in _encoded(text).removeprefix(b"\xef\xbb\xbf").split(b"\n"):
        if line.startswith(b"#"):
            continue
        # git reads C strings: a NUL ends the line.
        pattern = _trimmed(line.removesuffix(b"\r").partition(b"\0")[0])
        body = pattern.removeprefix(b"!")
        stem = body.removesuffix(b"/")
        if stem:
            yield _Rule(
                ignored=not pattern.startswith(b"!"),
                folders_only=body.endswith(b"/"),
                anchored=b"/" in stem,
                body=stem.removeprefix(b"/"),
            )


def _trimmed(line: bytes) -> bytes:
    """Take the trailing spaces off, but for one that a backslash protects."""
    bare = line.rstrip(b" ")
    backslashes = len(bare) - len(bare.rstrip(b"\\"))
    return line[: len(bare) + backslashes % 2]


# ── patterns ───────────────────────────────────────────────────────────────────────────────────


def _union(patterns: Iterable[bytes]) -> re.Pattern[bytes] | None:
    """Return an expression for paths that at least one of `patterns` matches; None if none can."""
    expressions = []
    for pattern in patterns:
        try:
            expressions.append(_expression(pattern))
        except _UnmatchableError:
            continue
    return re.compile(b"|".join(expressions), re.DOTALL) if expressions else None


def _expression(pattern: bytes) -> bytes:
    """Translate one pattern.

    The pattern is cut into groups at each ``**``; a group is a fixed number of names, so the leftmost
    place where it fits is the best one and all groups but the last are atomic.
    """
    groups = [b""]
    for tokens, end in _segments(pattern):
        double_star = len(tokens) > 1 and set(tokens) == {_STAR}
        if not tokens:
            raise _UnmatchableError  # an empty name, as in a//b
        if double_star and not end:
            groups[-1] += b".+"
        elif double_star:
            # "**/" may stand for no folder at all; spelt "**\/" it stands for at least one.
            groups.append(b"(?:[^/]++/)" + (b"*?" if end == _SLASH else b"+?"))
        else:
            groups[-1] += _name(tokens) + end[-1:]
    return b"".join(b"(?>%s)" % group for group in groups[:-1]) + groups[-1]


def _name(tokens: Sequence[bytes]) -> bytes:
    """Translate the part of a pattern that lies between two slashes."""
    chunks = [b""]
    for token in tokens:
        if token != _STAR:
            chunks[-1] += token
        elif chunks[-1] or len(chunks) == 1:  # else the second of two stars, which adds nothing
            chunks.append(b"")
    if len(chunks) == 1:
        return chunks[0]
    middle = b"".join(b"(?>[^/]*?%s)" % chunk for chunk in chunks[1:-1])
    return chunks[0] + middle + b"[^/]*" + chunks[-1]


def _segments(pattern: bytes) -> Iterator[tuple[list[bytes], bytes]]:
    """Yield the names of a pattern as tokens, each with the slash that ends it (nothing at the end)."""
    tokens: list[bytes] = []
    for token in _tokens(pattern):
        if token in (_SLASH, _ESCAPED_SLASH):
            yield tokens, token
            tokens = []
        else:
            tokens.append(token)
    yield tokens, b""


def _tokens(pattern: bytes) -> Iterator[bytes]:
    """Yield slashes and stars as they are, and an expression for each element that is one byte."""
    at = 0
    while at < len(pattern):
        char = pattern[at : at + 1]
        at += 1
        if char == b"[":
            members, at = _bracket(pattern, at)
            yield _byte_class(members)
        elif char == b"\\":
            escaped = bytes([_byte(pattern, at)])
            at += 1
            yield _ESCAPED_SLASH if escaped == b"/" else re.escape(escaped)
        elif char == b"?":
            yield b"[^/]"
        elif char in (_STAR, _SLASH):
            yield char
        else:
            yield re.escape(char)


def _byte(pattern: bytes, at: int) -> int:
    if at >= len(pattern):
        raise _UnmatchableError
    return pattern[at]


# ── brackets: sets of bytes are kept as integers with one bit for each byte ──────────────────────


def _span(first: int, last: int) -> int:
    return (1 << last + 1) - (1 << first) if first <= last else 0


def _mask(*spans: str) -> int:
    """Return the set for spans such as "az", first and last byte of each."""
    mask = 0
    for span in spans:
        mask |= _span(ord(span[0]), ord(span[1]))
    return mask


# As git's own ctype tables have them (git-compat-util.h): ASCII only, and no \v or \f among the spaces.
_CLASSES: Final = {
    b"alnum": _mask("09", "AZ", "az"),
    b"alpha": _mask("AZ", "az"),
    b"blank": _mask("  ", "\t\t"),
    b"cntrl": _mask("\x00\x1f", "\x7f\x7f"),
    b"digit": _mask("09"),
    b"graph": _mask("!~"),
    b"lower": _mask("az"),
    b"print": _mask(" ~"),
    b"punct": _mask("!/", ":@", "[`", "{~"),
    b"space": _mask("\t\n", "\r\r", "  "),
    b"upper": _mask("AZ"),
    b"xdigit": _mask("09", "AF", "af"),
}


def _bracket(pattern: bytes, at: int) -> tuple[int, int]:
    """Read the set whose ``[`` lies before `at`: its members, and the place after its ``]``."""
    negated = pattern[at : at + 1] in (b"!", b"^")
    members, previous, at = _member(pattern, at + negated, 0)  # a "]" in first place is a member
    while _byte(pattern, at) != ord("]"):
        more, previous, at = _member(pattern, at, previous)
        members |= more
    return (~members if negated else members), at + 1


def _member(pattern: bytes, at: int, previous: int) -> tuple[int, int, int]:
    """Read one member of a set.

    `previous` is the byte before, which may open a range, or 0. Returns the bytes that the member
    stands for, the byte which may open the next range, and where to go on.
    """
    char = _byte(pattern, at)
    if char == ord("-") and previous and pattern[at + 1 : at + 2] not in (b"", b"]"):
        last, at = _single(pattern, at + 1)
        return _span(previous, last), 0, at
    if pattern.startswith(b"[:", at):
        end = pattern.find(b"]", at + 2)
        if end > at + 2 and pattern[end - 1] == ord(":"):
            name = pattern[at + 2 : end - 1]
            if name not in _CLASSES:
                raise _UnmatchableError
            return _CLASSES[name], 0, end + 1
    char, at = _single(pattern, at)
    return 1 << char, char, at


def _single(pattern: bytes, at: int) -> tuple[int, int]:
    """Read one byte, which a backslash may precede; return it and where to go on."""
    at += _byte(pattern, at) == ord("\\")
    return _byte(pattern, at), at + 1


def _byte_class(members: int) -> bytes:
    """Write a set as an expression; a slash is never part of one."""
    left = members & _ALL_BUT_SLASH
    spans = []
    while left:
        first = (left & -left).bit_length() - 1
        beyond = ~(left >> first)
        last = first + (beyond & -beyond).bit_length() - 2
        spans.append(b"\\x%02x-\\x%02x" % (first, last))
        left &= ~_span(first, last)
    if not spans:
        raise _UnmatchableError
    return b"[%s]" % b"".join(spans)
