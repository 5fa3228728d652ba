"""The severity of a group of records: from CVSS vectors, else from a database's own word, else unknown."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from bomvet.advisories.cvss import CvssError, base_score
from bomvet.model.facts import RANKED, Rating, Severity

#: What a distribution says of weaknesses that it holds to be none in what it ships, or theoretical: its packages are
#: built and set up in its own way, so that goes before any score of the upstream project.
_DISMISSED = {"unimportant": Severity.NONE, "negligible": Severity.LOW}
_BOUNDS = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM), (0.1, Severity.LOW))
#: Preference of vector kinds within one record: the newest standard that can be read.
_KINDS = ("CVSS_V4", "CVSS_V3", "CVSS_V2")
#: Words that databases use; `MODERATE` is GitHub's, the last ones are Ubuntu priorities.
_WORDS = {
    "critical": Severity.CRITICAL, "high": Severity.HIGH, "moderate": Severity.MEDIUM, "medium": Severity.MEDIUM,
    "low": Severity.LOW, "negligible": Severity.LOW, "none": Severity.NONE,
}  # fmt: skip


def level(score: float) -> Severity:
    """The qualitative rating of a CVSS score (v3.1 section 5; used for v2 too, which has none)."""
    for least, severity in _BOUNDS:
        if score >= least:
            return severity
    return Severity.NONE


def group_rating(members: Sequence[dict[str, Any]], others: Sequence[dict[str, Any]] = ()) -> Rating:
    """The rating of the records `members`, which matched; `others` are aliases that did not.

    A vector goes before a word, members go before others, and of several equals the gravest counts.  Before all goes
    the word of a distribution that dismisses what its own package is affected by.
    """
    if any(record["id"].startswith("MAL-") for record in members):
        return Rating(severity=Severity.CRITICAL, source="malicious package")
    dismissals = [rating for record in members if (rating := _dismissal(record))]
    if dismissals and len(dismissals) == len(members):
        return min(dismissals, key=_gravity)
    for records in (members, others):
        for rate in (vector_rating, word_rating):
            ratings = [rating for record in records if (rating := rate(record))]
            if ratings:
                return min(ratings, key=_gravity) if len(ratings) > 1 else ratings[0]
    return Rating(severity=Severity.UNKNOWN)


def vector_rating(record: dict[str, Any]) -> Rating | None:
    """From the record's vectors: v4, else v3, else v2; one that cannot be read is passed over."""
    if not record["severity"]:
        return None
    for kind in _KINDS:
        rated = [
            Rating(severity=level(score), score=score, vector=vector, source=record["id"])
            for type_, vector in record["severity"]
            if type_ == kind and (score := _score(vector)) is not None
        ]
        if rated:
            return min(rated, key=_gravity) if len(rated) > 1 else rated[0]
    return None


def word_rating(record: dict[str, Any]) -> Rating | None:
    """From the urgency that a distribution states, or the word of the database."""
    words = [record.get("urgency", ""), record["level"], *_priorities(record)]
    known = next((severity for word in words if (severity := _WORDS.get(word.lower()))), None)
    return Rating(severity=known, source=record["id"]) if known else None


def _priorities(record: dict[str, Any]) -> list[str]:
    return [word for type_, word in record["severity"] if type_ == "Ubuntu"]


def _dismissal(record: dict[str, Any]) -> Rating | None:
    """By what is said of the affected package, else of the weakness as such."""
    word = next(filter(None, (record.get("urgency", ""), *_priorities(record))), "").lower()
    severity = _DISMISSED.get(word)
    return Rating(severity=severity, source=f"{record['id']}, {word} to the distribution") if severity else None


@lru_cache(maxsize=4096)
def _score(vector: str) -> float | None:
    try:
        return base_score(vector)
    except CvssError:
        return None


def _gravity(rating: Rating) -> tuple[int, float, str]:
    return RANKED.index(rating.severity), -(rating.score or 0.0), rating.source
