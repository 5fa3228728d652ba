"""Semantic versions in their total order (https://semver.org section 11), in every spelling that npm takes.

npm's loose mode reads `v1.2.3`, `=1.2.3`, leading zeros and a pre-release without its hyphen.  As on OSV's server,
a version of one or two numbers stands for the one with zeros after it.  Build metadata has no place in the order.
This is the order and not what npm's ranges select: those pass over pre-releases, which advisories never do.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from bomvet.versions.order import MAX_LENGTH, Order, plain, remembered

_NUMBER = r"(?:0|[1-9][0-9]*+)"
_IDENTIFIER = r"(?:[0-9]*[A-Za-z-][0-9A-Za-z-]*|[0-9]+)"
_IDENTIFIERS = rf"{_IDENTIFIER}(?:\.{_IDENTIFIER})*"
_BUILD = r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
#: Three numbers and a pre-release without leading zeros are canonical as they stand, and nearly all versions are.
_CANONICAL = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}"
    r"(?:-(?:0(?![0-9])|(?!0[0-9]*+(?:\.|\Z))[0-9A-Za-z-]++)(?:\.(?:0(?![0-9])|(?!0[0-9]*+(?:\.|\Z))[0-9A-Za-z-]++))*+)?"
).fullmatch
_RELEASE = re.compile(r"([0-9]+)\.([0-9]+)\.([0-9]+)").fullmatch
_LOOSE = re.compile(rf"[v=\s]*([0-9]+)\.([0-9]+)\.([0-9]+)(?:-?({_IDENTIFIERS}))?{_BUILD}").fullmatch
#: Without its hyphen a pre-release would make `1a2b3c`, which is a commit, a version.
_SHORT = re.compile(rf"[v=\s]*([0-9]+)(?:\.([0-9]+))?(?:-({_IDENTIFIERS}))?{_BUILD}").fullmatch

#: Numbers, then 1 for a release and 0 for a pre-release, then its identifiers: numbers go before words.
_Key = tuple[int, int, int, int, tuple[tuple[int, Any], ...]]


def _key(text: str) -> _Key | None:
    found = _RELEASE(text)
    if found:
        major, minor, patch = found.groups()
        return int(major), int(minor), int(patch), 1, ()
    parts = _parts(text)
    if parts is None:
        return None
    major, minor, patch, pre = parts
    if not pre:
        return int(major), int(minor), int(patch), 1, ()
    return int(major), int(minor), int(patch), 0, tuple(_ranked(word) for word in pre.split("."))


#: The place of a version, or None where the text is none.
key: Callable[[str], _Key | None] = remembered(_key)


def _parts(text: str) -> tuple[str, str, str, str] | None:
    """Three numbers and the pre-release, which may be empty."""
    text = text.strip()
    if found := _LOOSE(text):
        major, minor, patch, pre = found.groups()
        return major, minor, patch, pre or ""
    if found := _SHORT(text):
        major, minor, pre = found.groups()
        return major, minor or "0", "0", pre or ""
    return None


def _ranked(identifier: str) -> tuple[int, Any]:
    return (0, int(identifier)) if identifier.isdigit() else (1, identifier)


def canonical(text: str) -> str:
    """`v1.02.3+build` and `1.2.3` alike as `1.2.3`; what is no version stays as it is, but for its white space."""
    if len(text) > MAX_LENGTH:
        return plain(text)
    return text if _CANONICAL(text) else _canonical(text)


@lru_cache(maxsize=65_536)
def _canonical(text: str) -> str:
    version = key(text)
    if version is None:
        return plain(text)
    major, minor, patch, _, words = version
    pre = ".".join(str(word) for _, word in words)
    return f"{major}.{minor}.{patch}{'-' if pre else ''}{pre}"


SEMVER = Order(key=key, canonical=canonical)


def is_prerelease(text: str) -> bool:
    """Whether it is a pre-release; what is no version is none."""
    found = key(text)
    return found is not None and not found[3]
