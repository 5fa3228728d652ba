"""Versions of Alpine packages in the order of apk 3, in every form that apk 2 or 3 holds valid.

Source: `src/version.c` of apk-tools and apk-package(5): `number{.number}...{letter}{_suffix{number}}...{~hash}{-r#}`.
apk 2 also reads numbers after the letter (`6.6.2p1`) and a revision without its number.
"""

from __future__ import annotations

import re
from functools import lru_cache

from bomvet.versions.order import MAX_LENGTH, Order, plain

_SUFFIXES = ("alpha", "beta", "pre", "rc", "cvs", "svn", "git", "hg", "p")
#: Up to here they go before the version without one.
_LAST_BEFORE = _SUFFIXES.index("rc")

_SUFFIX = rf"_(?:{'|'.join(_SUFFIXES)})"
_VALID = re.compile(
    r"[0-9]+(?:\.[0-9]+)*(?:[a-z][0-9]+(?:\.[0-9]+)*)*[a-z]?"
    rf"(?:{_SUFFIX}[0-9]*)*(?:~[0-9A-Fa-f]+)?(?:-r[0-9]*)?"
).fullmatch
_PLAIN = r"(?:0|[1-9][0-9]*+)"
#: Numbers after a dot keep their zeros, which count; no other number has any before it.
_CANONICAL = re.compile(
    rf"{_PLAIN}(?:\.[0-9]++)*+[a-z]?(?:{_SUFFIX}(?:{_PLAIN})?(?![0-9]))*+(?:~[0-9A-Fa-f]++)?(?:-r{_PLAIN})?"
).fullmatch
#: The parts of a valid version; the group says which sort.
_PARTS = re.compile(
    r"\.(?P<dotted>[0-9]+)|(?P<number>[0-9]+)|(?P<letter>[a-z])|_(?P<suffix>[a-z]+[0-9]*)"
    r"|~(?P<hash>[0-9A-Fa-f]+)|-r(?P<revision>[0-9]*)"
).finditer

#: Of versions that begin alike the one is later that goes on with a number; then come a letter, a later suffix ...
_NUMBER, _LETTER, _LATER, _SUFFIX_NUMBER, _HASH, _REVISION, _END, _EARLIER = range(8, 0, -1)

#: Ranks, each followed by what is compared where ranks are equal.
_Key = tuple[int | str, ...]


def key(text: str) -> _Key | None:
    """The place of a version, or None where `text` is none."""
    return _key(text) if len(text) <= MAX_LENGTH else None


@lru_cache(maxsize=65_536)
def _key(text: str) -> _Key | None:
    text = text.strip()
    if not _VALID(text):
        return None
    found: list[int | str] = []
    for part in _PARTS(text):
        found += _ranked(part.lastgroup or "", part[part.lastgroup or ""])
    return (*found, _END)


def _ranked(sort: str, text: str) -> _Key:
    if sort == "dotted" and text.startswith("0"):
        return _NUMBER, 0, text  # as text, and before all numbers without a zero at their beginning
    if sort in ("dotted", "number"):
        return _NUMBER, 1, int(text)
    if sort == "letter":
        return _LETTER, text
    if sort == "hash":
        return _HASH, text
    if sort == "revision":
        return _REVISION, int(text or "0")
    word = text.rstrip("0123456789")
    rank, number = _SUFFIXES.index(word), text[len(word) :]
    start = _EARLIER if rank <= _LAST_BEFORE else _LATER
    return (start, rank, _SUFFIX_NUMBER, int(number)) if number else (start, rank)


def canonical(text: str) -> str:
    """`01.02_rc03-r04` as `1.02_rc3-r4`; what is no version stays as it is, but for its white space."""
    if len(text) > MAX_LENGTH:
        return plain(text)
    return text if _CANONICAL(text) else _canonical(text)


@lru_cache(maxsize=65_536)
def _canonical(text: str) -> str:
    text = text.strip()
    if not _VALID(text):
        return plain(text)
    return "".join(_spelled(part.lastgroup or "", part[0]) for part in _PARTS(text))


def _spelled(sort: str, text: str) -> str:
    if sort in ("dotted", "letter", "hash"):
        return text
    word = text.rstrip("0123456789")
    number = text[len(word) :] or ("0" if sort == "revision" else "")
    return word + (number.lstrip("0") or number[-1:])


ALPINE = Order(key=key, canonical=canonical)
