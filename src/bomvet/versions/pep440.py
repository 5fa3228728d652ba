"""Python versions (PEP 440), by the reference implementation; parsed once per spelling."""

from __future__ import annotations

import re
from functools import lru_cache

from packaging.version import Version

from bomvet.versions.order import MAX_LENGTH, Order, plain

_NUMBER = r"(?:0|[1-9][0-9]{0,8})"
#: Release numbers that are canonical as they stand: most of all versions, and much faster told than parsed.
_CANONICAL = re.compile(rf"{_NUMBER}|{_NUMBER}(?:\.{_NUMBER})*\.[1-9][0-9]{{0,8}}").fullmatch

#: Others that have all but zeros at the end of the release in canonical form, which is thrice as fast told as parsed.
_ZEROS = re.compile(
    rf"({_NUMBER}(?:\.{_NUMBER})*?)(?:\.0)*((?:(?:a|b|rc){_NUMBER})?(?:\.post{_NUMBER})?(?:\.dev{_NUMBER})?)"
).fullmatch


def key(text: str) -> Version | None:
    """The version, or None where `text` is none."""
    return _key(text) if len(text) <= MAX_LENGTH else None


@lru_cache(maxsize=65_536)
def _key(text: str) -> Version | None:
    try:
        return Version(text)
    except ValueError:  # InvalidVersion, or a number of more digits than Python converts
        return None


def canonical(text: str) -> str:
    """`1.0.0` and `1` alike as `1`; what is no version stays as it is, but for its white space."""
    if len(text) > MAX_LENGTH:
        return plain(text)
    return text if _CANONICAL(text) else _canonical(text)


@lru_cache(maxsize=65_536)
def _canonical(text: str) -> str:
    if found := _ZEROS(text):
        return f"{found[1]}{found[2]}"
    version = key(text)
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
    end = len(release)
    while end > 1 and not release[end - 1]:
        end -= 1
    return release[:end]


PEP440 = Order(key=key, canonical=canonical)
