"""The releases of an npm package in the sequence in which they came: what there was before each.

All of them are gone through once: some packages have thousands, and a lock may state any number of these.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from bomvet.model.provenance import PUBLISH_LEVELS
from bomvet.versions.semver import SEMVER, is_prerelease

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from bomvet.model.provenance import PublishLevel


class Came(NamedTuple):
    """A release, when it came, and how it was published."""

    when: dt.datetime
    version: str
    level: PublishLevel


class Before(NamedTuple):
    """Of what came before a release, the strongest, by level and of equals the latest, and the next lower version."""

    strongest: Came | None
    lower: str


def histories(releases: Iterable[Came]) -> Mapping[str, Before]:
    """What came before each of `releases`; pre-releases count against a pre-release alone."""
    every = sorted(releases)
    finals = [one for one in every if not is_prerelease(one.version)]
    return {**_history(every), **_history(finals)}


def _history(releases: Iterable[Came]) -> dict[str, Before]:
    """In their sequence; what came at the same moment did not come before."""
    found: dict[str, Before] = {}
    strongest: tuple[int, Came] | None = None
    versions: list[tuple[Any, str]] = []
    for _, group in groupby(releases, key=lambda one: one.when):
        at_once = list(group)
        for one in at_once:
            found[one.version] = Before(strongest[1] if strongest else None, _lower(versions, one.version))
        for one in at_once:
            candidate = (PUBLISH_LEVELS.index(one.level), one)
            strongest = max(strongest, candidate) if strongest else candidate
            if key := SEMVER.key(one.version):
                insort(versions, (key, one.version))
    return found


def _lower(versions: list[tuple[Any, str]], version: str) -> str:
    """The highest of `versions` that is lower; empty where none is."""
    own = SEMVER.key(version)
    at = bisect_left(versions, (own,)) if own else 0
    return versions[at - 1][1] if at else ""
