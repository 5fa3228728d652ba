"""Why advisories match and why they do not, in the rows of an explanation."""

from __future__ import annotations

from dataclasses import replace

from bomvet.advisories.tracing import Judged, Trace
from bomvet.model.facts import Rating, Severity
from bomvet.reports._explain import laid_out
from bomvet.reports._judged import MAX_RECORDS, others, steps, why_not
from tests.reports.samples import match, package

TAP, PIPE = package("tap"), package("pipe", "2.0")
LEAK = replace(match(1, Rating(severity=Severity.HIGH)), ids=("GHSA-1", "PYSEC-1"))


def trace(id_: str, *lines: str) -> Trace:
    """What a record says that does not affect the version."""
    return Trace(id=id_, affects=False, withdrawn=False, steps=lines or (f"in [1, 2): no, by {id_}",))


def test_the_steps_of_what_matched() -> None:
    """All of them, under the match; the record is named where there are several."""
    one, other = trace("GHSA-1", "not listed", "in [0, 2): yes"), trace("PYSEC-1", "listed", "in [1, 2): yes")

    assert laid_out(steps([one, trace("X")], LEAK), 80) == ("    judged  not listed\n            in [0, 2): yes\n")
    assert laid_out(steps([one, other], LEAK), 80) == (
        "    judged  GHSA-1: not listed\n            GHSA-1: in [0, 2): yes\n"
        "            PYSEC-1: listed\n            PYSEC-1: in [1, 2): yes\n"
    )
    assert list(steps([trace("GHSA-1", "in [0, 2): yes")], LEAK)) == list(steps([], LEAK)) == []


def test_records_that_do_not_affect_it() -> None:
    """Each with what shuts it out; those that matched are told elsewhere."""
    found = laid_out(others([trace("GHSA-1"), trace("B", "not listed", "in [1, 2): no")], [LEAK]), 80)

    assert found == "\n  1 record of the package does not affect it:\n    B  in [1, 2): no\n"
    assert list(others([trace("GHSA-1")], [LEAK])) == []


def test_many_records_are_counted() -> None:
    """Ten are enough to see; nothing is cut without a word."""
    rows = list(others([trace(f"R-{n:02}") for n in range(MAX_RECORDS + 5)], []))

    assert rows[1] == ("  ", "15 records of the package do not affect it:")
    assert rows[-1] == ("    ", "... and 5 more")
    assert len(rows) == MAX_RECORDS + 3


def test_why_an_advisory_affects_nothing() -> None:
    """By each component that it is about, with every step; else that it is about none, or that there is no such one."""
    judged = Judged(traces={TAP.purl: (trace("R-1", "not listed", "in [2, 3): no"),)})

    assert laid_out(why_not(judged, [PIPE, TAP], "R-1"), 80) == (
        "  tap@1.0, by R-1:\n    not listed\n    in [2, 3): no\n"
    )
    assert list(why_not(Judged(traces={}), [TAP], "R-1")) == [("  ", "none of the packages that it is about is here")]
    assert list(why_not(Judged(traces={}, found=False), [TAP], "R-1")) == [
        ("  ", "there is no record of that name in the advisory data: R-1 may be new, withdrawn or misspelt")
    ]


def test_what_could_not_be_had() -> None:
    """An advisory that could not be fetched is not one that there is not."""
    found = why_not(Judged(traces={}, found=False, problem="osv.example fails (HTTP 503)"), [TAP], "CVE-1")

    assert list(found) == [("  ", "why not cannot be told: osv.example fails (HTTP 503)")]
