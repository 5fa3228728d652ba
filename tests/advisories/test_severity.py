"""The severity of a group of records, and where it comes from."""

from __future__ import annotations

from typing import Any

import pytest

from bomvet.advisories.severity import group_rating, level, vector_rating, word_rating
from bomvet.model.facts import Rating, Severity

V2 = "AV:N/AC:L/Au:N/C:P/I:P/A:P"
V3_LOW = "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"
V3 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
V4 = "CVSS:4.0/AV:L/AC:L/AT:P/PR:N/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N"


def record(id_: str = "GHSA-1", *severity: list[str], word: str = "") -> dict[str, Any]:
    """As much of a record as ratings look at."""
    return {"id": id_, "severity": [*severity], "level": word}


def rated(score: float, vector: str, severity: Severity, source: str = "GHSA-1") -> Rating:
    """A rating by vector."""
    return Rating(severity=severity, score=score, vector=vector, source=source)


LEVELS = [
    (10.0, "critical"),
    (9.0, "critical"),
    (8.9, "high"),
    (7.0, "high"),
    (6.9, "medium"),
    (4.0, "medium"),
    (3.9, "low"),
    (0.1, "low"),
    (0.0, "none"),
]


@pytest.mark.parametrize(("score", "severity"), LEVELS)
def test_level(score: float, severity: str) -> None:
    """Scores have the levels of CVSS v3.1, section 5."""
    assert level(score) == severity


def test_newest_standard_first() -> None:
    """Of several kinds of vectors v4 counts before v3 and v3 before v2, whichever is graver or comes first."""
    v2, v3, v4 = ["CVSS_V2", V2], ["CVSS_V3", V3], ["CVSS_V4", V4]
    found = [vector_rating(record("GHSA-1", *kinds)) for kinds in ([v2, v3, v4], [v2, v3], [v2])]
    assert found == [
        rated(2.1, V4, Severity.LOW),
        rated(9.8, V3, Severity.CRITICAL),
        rated(7.5, V2, Severity.HIGH),
    ]


def test_bad_vectors_are_passed_over() -> None:
    """A vector that cannot be read, or of a kind that is not known, leaves the others their say."""
    bad = [["CVSS_V4", "CVSS:4.0/AV:N"], ["CVSS_V3", ""], ["SSVC", "x"], ["CVSS_V3", V3_LOW], ["", ""]]
    assert vector_rating(record("GHSA-1", *bad)) == rated(1.8, V3_LOW, Severity.LOW)
    assert vector_rating(record("GHSA-1", *bad[:3])) is None


def test_gravest_of_one_kind() -> None:
    """Of two vectors of one kind the graver counts."""
    found = vector_rating(record("GHSA-1", ["CVSS_V3", V3_LOW], ["CVSS_V3", V3]))
    assert found == rated(9.8, V3, Severity.CRITICAL)


WORDS = [
    ("CRITICAL", "critical"),
    ("High", "high"),
    ("MODERATE", "medium"),
    ("medium", "medium"),
    ("low", "low"),
    ("negligible", "low"),
    ("none", "none"),
]


@pytest.mark.parametrize(("word", "severity"), WORDS)
def test_words(word: str, severity: str) -> None:
    """A database's own word counts in any case of letters, and GitHub's MODERATE means medium."""
    expected = Rating(severity=Severity(severity), source="GHSA-1")
    assert word_rating(record(word=word)) == expected


@pytest.mark.parametrize("word", ["", "unknown", "untriaged", "9.8"])
def test_words_that_say_nothing(word: str) -> None:
    """Any other word is none."""
    assert word_rating(record(word=word)) is None


def test_ubuntu_priority() -> None:
    """An Ubuntu priority is a word, behind the database's own."""
    priority = ["Ubuntu", "negligible"]
    found = [word_rating(record("UBUNTU-1", priority)), word_rating(record("UBUNTU-1", priority, word="HIGH"))]
    assert found == [
        Rating(severity=Severity.LOW, source="UBUNTU-1"),
        Rating(severity=Severity.HIGH, source="UBUNTU-1"),
    ]


def test_order_of_sources() -> None:
    """Own vectors, own words, vectors of aliases, words of aliases: the first that speaks decides."""
    mute, word, vector = record("A"), record("B", word="LOW"), record("C", ["CVSS_V3", V3])
    found = [
        group_rating([word, vector]).source,
        group_rating([word], [vector]).source,
        group_rating([mute], [word, vector]).source,
        group_rating([mute], [word]).source,
    ]
    assert found == ["C", "B", "C", "B"]


def test_gravest_of_the_group() -> None:
    """Of several members with vectors the gravest counts, in either sequence, and of equals the least id."""
    low, high = record("A", ["CVSS_V3", V3_LOW]), record("B", ["CVSS_V3", V3])
    same = record("AA", ["CVSS_V3", V3])
    found = [group_rating(members).source for members in ([low, high], [high, low], [high, same], [same, high])]
    assert found == ["B", "B", "AA", "AA"]


def test_malware_is_critical() -> None:
    """A malicious package is critical whatever its record and its aliases say of it."""
    members = [record("GHSA-1", ["CVSS_V3", V3_LOW]), record("MAL-2024-1", word="LOW")]
    assert group_rating(members) == Rating(severity=Severity.CRITICAL, source="malicious package")


def test_unknown_is_a_level_of_its_own() -> None:
    """Where nobody says anything the severity is unknown, which is neither none nor zero."""
    found = group_rating([record()], [record("CVE-1")])
    assert found == Rating(severity=Severity.UNKNOWN)
    assert (found.score, found.severity) == (None, "unknown")


def test_no_vulnerability_is_none() -> None:
    """A vector that scores zero is a statement: none."""
    vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N"
    assert group_rating([record("GHSA-1", ["CVSS_V3", vector])]) == rated(0.0, vector, Severity.NONE)


HIGH = ["CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"]


@pytest.mark.parametrize(
    ("members", "rating"),
    [
        (
            [record("DEBIAN-CVE-1", HIGH) | {"urgency": "unimportant"}],
            Rating(severity=Severity.NONE, source="DEBIAN-CVE-1, unimportant to the distribution"),
        ),
        (
            [record("UBUNTU-CVE-1", HIGH, ["Ubuntu", "negligible"])],
            Rating(severity=Severity.LOW, source="UBUNTU-CVE-1, negligible to the distribution"),
        ),
        (
            [record("DEBIAN-CVE-1") | {"urgency": "medium"}],
            Rating(severity=Severity.MEDIUM, source="DEBIAN-CVE-1"),
        ),
        ([record("DEBIAN-CVE-1") | {"urgency": "not yet assigned"}], Rating(severity=Severity.UNKNOWN)),
    ],
)
def test_urgency_of_a_distribution(members: list[dict[str, Any]], rating: Rating) -> None:
    """What the distribution dismisses is not as grave as its score, and another word stands where there is no score."""
    assert group_rating(members) == rating


def test_one_dismissal_of_two() -> None:
    """Where another record of the weakness is not dismissed, its score counts."""
    members = [record("DEBIAN-CVE-1", HIGH) | {"urgency": "unimportant"}, record("DSA-1", HIGH)]
    assert group_rating(members).severity is Severity.CRITICAL
