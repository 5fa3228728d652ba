"""Python versions (PEP 440), by the reference implementation, save plain releases, which are nearly all there are.

Keys are tuples: they compare several times faster than the objects of that implementation.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from math import inf

from packaging.version import Version

from bomvet.versions.order import MAX_LENGTH, Order, plain, remembered

_NUMBER = r"(?:0|[1-9][0-9]{0,8})"
#: Release numbers that are canonical as they stand: most of all versions, and much faster told than parsed.
_CANONICAL = re.compile(rf"{_NUMBER}|{_NUMBER}(?:\.{_NUMBER})*\.[1-9][0-9]{{0,8}}").fullmatch
_RELEASE = re.compile(r"[0-9]+(?:\.[0-9]+)*+").fullmatch

#: Epoch; numbers without zeros at their end; phase; local version, in which words go before numbers.
_Key = tuple[int, tuple[int, ...], tuple[int, int, int, float], tuple[tuple[int, int, str], ...]]
#: Rank and number of the pre-release (none: 3; one that is only in development: -1), post-release (none: -1), and
#: development release (none: after all).
_FINAL = (3, 0, -1, inf)
_PRE = {"a": 0, "b": 1, "rc": 2}

#: Others that have all but zeros at the end of the release in canonical form, which is thrice as fast told as parsed.
_ZEROS = re.compile(
    rf"({_NUMBER}(?:\.{_NUMBER})*?)(?:\.0)*((?:(?:a|b|rc){_NUMBER})?(?:\.post{_NUMBER})?(?:\.dev{_NUMBER})?)"
).fullmatch


def is_prerelease(key: _Key) -> bool:
    """Whether it is the key of a pre-release or a development release."""
    rank, _, _, development = key[2]
    return rank != _FINAL[0] or development != inf


def _key(text: str) -> _Key | None:
    if _RELEASE(text):
        return 0, _significant(tuple(map(int, text.split(".")))), _FINAL, ()
    version = _version(text)
    if version is None:
        return None
    local = version.local.split(".") if version.local else ()
    words = tuple((1, int(word), "") if word.isdigit() else (0, 0, word) for word in local)
    return version.epoch, _significant(version.release), _phase(version), words


#: The place of a version, or None where the text is none.
key: Callable[[str], _Key | None] = remembered(_key)


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except ValueError:  # InvalidVersion, or a number of more digits than Python converts
        return None


def _phase(version: Version) -> tuple[int, int, int, float]:
    post = -1 if version.post is None else version.post
    dev = inf if version.dev is None else version.dev
    if version.pre:
        return _PRE[version.pre[0]], version.pre[1], post, dev
    return -1 if post < 0 and dev != inf else _FINAL[0], 0, post, dev


def canonical(text: str) -> str:
    """`1.0.0` and `1` alike as `1`; what is no version stays as it is, but for its white space."""
    if len(text) > MAX_LENGTH:
        return plain(text)
    return text if _CANONICAL(text) else _canonical(text)


@lru_cache(maxsize=65_536)
def _canonical(text: str) -> str:
    if found := _ZEROS(text):
        return f"{found[1]}{found[2]}"
    version = _version(text)
    if version is None:
        return plain(text)
    epoch = f"{version.epoch}!" if version.epoch else ""
    release = ".".join(map(str, _significant(version.release)))
    pre = "".join(map(str, version.pre)) if version.pre else ""
    post = "" if version.post is None else f".post{version.post}"
    dev = "" if version.dev is None else f".dev{version.dev}"
    local = f"+{version.local}" if version.local else ""
    return f"{epoch}{release}{pre}{post}{dev}{local}"


def _significant(release: tuple[int, ...]) -> tuple[int, ...]:
    """All numbers but zeros at the end; one stays."""
    if release[-1]:
        return release
    end = len(release)
    while end > 1 and not release[end - 1]:
        end -= 1
    return release[:end]


PEP440 = Order(key=key, canonical=canonical)
