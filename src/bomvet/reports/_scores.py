"""Risk scores in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bomvet.model.finding import RiskScore, ScoreTerm

#: So many terms are shown beside a score.
MAX_TERMS = 3


def total(score: RiskScore) -> str:
    """`62`, or `33 to 83` where not all is known."""
    return _points(score.low, score.high)


def main_terms(score: RiskScore) -> str:
    """The terms that weigh most, as `severity 22.5, exploitation 0 to 25`; what is sure stands before what may be."""
    weighty = sorted((t for t in score.terms if t.high), key=lambda t: (-t.low, -t.high))[:MAX_TERMS]
    return ", ".join(f"{term.name} {points(term)}" for term in weighty)


def points(term: ScoreTerm) -> str:
    """The points of one term."""
    return _points(term.low, term.high)


def _points(low: float, high: float) -> str:
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"
