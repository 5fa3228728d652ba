"""Risk scores in words: `_scores`."""

from __future__ import annotations

import pytest

from bomvet.model.finding import RiskScore, ScoreTerm
from bomvet.reports._scores import main_terms, points, total

TERMS = (
    ScoreTerm(name="severity", low=22.5, high=22.5, why="w"),
    ScoreTerm(name="exploitation", low=0, high=25, why="w"),
    ScoreTerm(name="reach", low=10.1, high=21.4, why="w"),
    ScoreTerm(name="age", low=0, high=0, why="w"),
    ScoreTerm(name="maintenance", low=0, high=8, why="w"),
)


@pytest.mark.parametrize(("low", "high", "text"), [(62, 62, "62"), (33, 83, "33 to 83"), (0, 100, "0 to 100")])
def test_the_number(low: int, high: int, text: str) -> None:
    """One number where all is known, else the range."""
    assert total(RiskScore(subject="x", low=low, high=high)) == text


def test_points_of_a_term() -> None:
    """Without digits that say nothing."""
    assert [points(term) for term in TERMS] == ["22.5", "0 to 25", "10.1 to 21.4", "0", "0 to 8"]


def test_the_terms_that_weigh_most() -> None:
    """What is sure before what may be; what is nothing is not among them."""
    score = RiskScore(subject="x", low=33, high=77, terms=TERMS)

    assert main_terms(score) == "severity 22.5, reach 10.1 to 21.4, exploitation 0 to 25"
    assert main_terms(RiskScore(subject="x", low=0, high=0, terms=TERMS[3:4])) == ""
