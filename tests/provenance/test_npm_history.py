"""What there was before each release of a package, against its definition."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from bomvet.model.provenance import PUBLISH_LEVELS, PublishLevel
from bomvet.provenance._npm_history import Before, Came, histories
from bomvet.versions.semver import SEMVER, is_prerelease

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
VERSIONS = st.sampled_from(
    ["1.0.0", "1.0.1", "1.0.1+build", "1.1.0", "2.0.0", "2.0.0-rc.1", "2.0.0-rc.2", "10.0.0", "none", "0.9.0-a"]
)


def came(day: int, version: str, level: PublishLevel = PublishLevel.NONE) -> Came:
    """A release of that day."""
    return Came(START + dt.timedelta(days=day), version, level)


def defined(one: Came, releases: list[Came]) -> Before:
    """What the histories are to be."""
    final = not is_prerelease(one.version)
    earlier = [other for other in releases if other.when < one.when and not (final and is_prerelease(other.version))]
    own = SEMVER.key(one.version)
    lower = [(key, other.version) for other in earlier if own and (key := SEMVER.key(other.version)) and key < own]
    strongest = max(((PUBLISH_LEVELS.index(other.level), other) for other in earlier), default=None)
    return Before(strongest[1] if strongest else None, max(lower)[1] if lower else "")


@given(
    st.lists(
        st.builds(came, st.integers(0, 5), VERSIONS, st.sampled_from(PUBLISH_LEVELS)), unique_by=lambda one: one.version
    )
)
def test_histories(releases: list[Came]) -> None:
    """Whatever came when, and however it was published."""
    assert histories(releases) == {one.version: defined(one, releases) for one in releases}


def test_two_lines_of_versions() -> None:
    """What is maintained beside a newer line follows its own."""
    first, second = came(0, "1.0.0", PublishLevel.STAGED), came(1, "2.0.0", PublishLevel.PROVENANCE)
    third = came(2, "1.0.1")

    assert histories([third, first, second]) == {
        "1.0.0": Before(None, ""),
        "2.0.0": Before(first, "1.0.0"),
        "1.0.1": Before(first, "1.0.0"),
    }
