"""Versions of Debian packages in the order of dpkg.

Source: Debian Policy section 5.6.12 and what `dpkg --compare-versions` takes, which is more: it warns of odd
characters and goes on.  What it refuses is no version here.
"""

from __future__ import annotations

import re
from functools import lru_cache

from bomvet.versions.order import MAX_LENGTH, Order, plain

#: The widest epoch that dpkg reads.
_MAX_EPOCH = 2**31 - 1
_SPACES = " \t\n\v\f\r"
_EPOCH = re.compile(r"\+?[0-9]+").fullmatch
_DIGITS = re.compile(r"([0-9]+)").split

#: What stands for the end of a run of other characters: after the tilde, before everything else.
_END = "\1"
#: The tilde goes first, letters go before other characters; digits never stand in what is compared as text.
_ORDER = {
    code: "\0" if code == ord("~") else chr(code + 256)
    for code in range(128)
    if not (chr(code).isalpha() or chr(code).isdigit())
}

#: A run of other characters and the number after it.  A zero at the very end is written after a dot alone: `1.0` for
#: `1.`, but `a` for `a0`.
_RUN = r"[A-Za-z+~.]++(?:[1-9][0-9]*+|0(?:(?=[A-Za-z+~.])|(?<=\.0)(?![0-9]))|(?<!\.)(?![0-9]))"
_START = r"(?:0|[1-9][0-9]*+)(?![0-9])"
_CANONICAL = re.compile(rf"(?:[1-9][0-9]{{0,8}}:)?{_START}(?:{_RUN})*+(?:-(?!0\Z){_START}(?:{_RUN})*+)?").fullmatch

#: Text, number, text, number ... text.
_Part = tuple[str | int, ...]
#: Epoch, upstream version and revision.
_Key = tuple[int, _Part, _Part]


def key(text: str) -> _Key | None:
    """The place of a version, or None where `text` is none."""
    return _key(text) if len(text) <= MAX_LENGTH else None


@lru_cache(maxsize=65_536)
def _key(text: str) -> _Key | None:
    split = _split(text)
    if split is None:
        return None
    epoch, upstream, revision = split
    return epoch, _part(upstream), _part(revision)


def _split(text: str) -> tuple[int, str, str] | None:
    """Epoch, upstream version and revision as dpkg divides them, or None where it refuses to."""
    text = text.strip(_SPACES)
    head, colon, rest = text.partition(":")
    if not colon:
        head, rest = "0", text
    upstream, hyphen, revision = rest.rpartition("-")
    if not hyphen:
        upstream, revision = revision, ""
    elif not revision:
        return None
    epoch = int(head) if _EPOCH(head) else -1
    if not upstream or not 0 <= epoch <= _MAX_EPOCH or any(space in rest for space in _SPACES):
        return None
    return epoch, upstream, revision


def _part(text: str) -> _Part:
    """Such that tuples compare as dpkg compares: by turns what is no digit, and numbers."""
    if not text.isascii():  # dpkg compares bytes
        text = text.encode("utf-8", "surrogatepass").decode("latin-1")
    pieces = _DIGITS(text.translate(_ORDER))
    if pieces[-1] or len(pieces) == 1:
        pieces += ("0", "")  # no number is the same as zero
    return tuple(int(piece) if at % 2 else piece + _END for at, piece in enumerate(pieces))


def canonical(text: str) -> str:
    """`0:1.02-0` and `1.2` alike as `1.2`; what is no version stays as it is, but for its white space."""
    if len(text) > MAX_LENGTH:
        return plain(text)
    return text if _CANONICAL(text) else _canonical(text)


@lru_cache(maxsize=65_536)
def _canonical(text: str) -> str:
    split = _split(text)
    if split is None:
        return plain(text)
    epoch, upstream, revision = split[0], _spelled(split[1]), _spelled(split[2])
    # A hyphen or colon that divides nothing needs one that does.
    start = f"{epoch}:" if epoch or ":" in upstream else ""
    return f"{start}{upstream}" + (f"-{revision}" if revision != "0" or "-" in upstream else "")


def _spelled(text: str) -> str:
    """All equal parts alike."""
    pieces = _DIGITS(text)
    if pieces[-1] or len(pieces) == 1:
        pieces += ("0", "")
    for at in range(1, len(pieces), 2):
        pieces[at] = pieces[at].lstrip("0") or "0"
    if pieces[-2] == "0" and pieces[-3][-1:] not in ("", ".", "-"):
        pieces[-2] = ""
    return "".join(pieces)


DEBIAN = Order(key=key, canonical=canonical)
