"""What is known of advisories: `AdvisoryMatch`."""

from __future__ import annotations

import pytest

from bomvet.model.facts import AdvisoryMatch, Rating, Severity

RATING = Rating(severity=Severity.LOW)


@pytest.mark.parametrize(
    ("match", "cves"),
    [
        (AdvisoryMatch(id="CVE-1", ids=("GHSA-1",), rating=RATING), ("CVE-1",)),
        (AdvisoryMatch(id="GHSA-1", ids=("GHSA-1", "PYSEC-1"), rating=RATING), ()),
        (
            AdvisoryMatch(
                id="DSA-1",
                ids=("DSA-1", "DEBIAN-CVE-3"),
                aliases=("cve-2", "CVE-2"),
                upstream=("CVE-3", "CVE-4"),
                rating=RATING,
            ),
            ("CVE-2", "CVE-3", "CVE-4"),
        ),
    ],
)
def test_the_cves_of_a_match(match: AdvisoryMatch, cves: tuple[str, ...]) -> None:
    """Of all its names, and of what it is about; each once, in capitals."""
    assert match.cves == cves
