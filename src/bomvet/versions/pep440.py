"""Python versions (PEP 440), by the reference implementation; parsed once per spelling."""

from __future__ import annotations

from functools import lru_cache

from packaging.version import InvalidVersion, Version

from bomvet.versions._order import Order


@lru_cache(maxsize=65_536)
def key(text: str) -> Version | None:
    """The version, or None where `text` is none."""
    try:
        return Version(text)
    except InvalidVersion:
        return None


@lru_cache(maxsize=65_536)
def canonical(text: str) -> str:
    """`1.0.0` and `1` alike as `1`; what is no version stays as it is."""
    version = key(text)
    if version is None:
        return text
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
