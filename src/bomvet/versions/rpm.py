"""Versions of RPM packages, `epoch:version-release`, in the order of rpm.

Source: `rpmverParse`, `rpmverCmp` and `rpmvercmp` of rpm.  Letters and digits alone count, and so do the tilde, which
goes before the end, and the caret, which goes after it; whatever else stands between them separates.
"""

from __future__ import annotations

import re
from functools import lru_cache

from bomvet.versions.order import MAX_LENGTH, Order, plain

_EPOCH = re.compile(r"([0-9]*):").match
_PIECES = re.compile(r"[0-9]+|[A-Za-z]+|[~^]").findall
#: What comes next in the one of two parts that begin alike: the higher rank is the later version.
_TILDE, _END, _CARET, _LETTERS, _DIGITS = range(5)
_MARKS = {"~": _TILDE, "^": _CARET}

#: Ranks, those of letters and digits with what is compared where they are equal.
_Part = tuple[int | str, ...]
#: Epoch, version and release; no release goes before any.
_Key = tuple[int, _Part, _Part]


def key(text: str) -> _Key | None:
    """The place of a version, or None where `text` is none."""
    return _key(text) if len(text) <= MAX_LENGTH else None


@lru_cache(maxsize=65_536)
def _key(text: str) -> _Key | None:
    split = _split(text)
    if split is None:
        return None
    epoch, version, release = split
    return epoch, _part(version), () if release is None else _part(release)


def _split(text: str) -> tuple[int, str, str | None] | None:
    text = text.strip()
    if not text or len(text.split()) > 1:
        return None
    found = _EPOCH(text)
    version, hyphen, release = text[found.end() if found else 0 :].rpartition("-")
    epoch = int(found[1] or "0") if found else 0
    return (epoch, version, release) if hyphen else (epoch, release, None)


def _part(text: str) -> _Part:
    found: list[int | str] = []
    for piece in _PIECES(text):
        if piece in _MARKS:
            found.append(_MARKS[piece])
        elif piece.isdigit():
            found += (_DIGITS, int(piece))
        else:
            found += (_LETTERS, piece)
    return (*found, _END)


def canonical(text: str) -> str:
    """`0:1.02_3-4.el9` and `1.2.3-4el.9` as `1.2.3-4.el.9`; what is no version stays, but for its white space."""
    return plain(text) if len(text) > MAX_LENGTH else _canonical(text)


@lru_cache(maxsize=65_536)
def _canonical(text: str) -> str:
    split = _split(text)
    if split is None:
        return plain(text)
    epoch, version, release = split
    start = f"{epoch}:" if epoch else ""
    return f"{start}{_spelled(version)}" + ("" if release is None else f"-{_spelled(release)}")


def _spelled(text: str) -> str:
    """All equal parts alike: what counts, with dots between."""
    pieces = [piece.lstrip("0") or "0" if piece.isdigit() else piece for piece in _PIECES(text)]
    return ".".join(pieces) or "."


RPM = Order(key=key, canonical=canonical)
