"""Waivers that are bound to a range of versions."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bomvet.model.facts import Severity
from bomvet.model.finding import Finding, Waiver
from bomvet.model.records import replace
from bomvet.pipeline import version_key
from bomvet.policy.document import read_policy
from bomvet.policy.waivers import Waivers, as_toml, bounds, no_order

DAY = dt.date(2026, 12, 31)


def covered(versions: str, subject: str = "pkg:pypi/a@1.10", order: object = version_key) -> tuple[bool, list[str]]:
    """Whether a waiver for `versions` covers a finding of `subject`, and what is told."""
    waiver = Waiver(id="CVE-1", reason="r", owner="o", expires=DAY, purl=subject.partition("@")[0], versions=versions)
    waivers = Waivers([waiver], order)  # type: ignore[arg-type]
    finding = Finding(rule="r", subject=subject, severity=Severity.HIGH, message="m", ids=("CVE-1",))
    return bool(waivers.covering(finding)), waivers.told


@pytest.mark.parametrize(
    ("versions", "covers"),
    [
        (">=1.0, <1.4.2", False),
        (">=1.9,<2", True),
        (">=1.10", True),
        (">1.10", False),
        ("<=1.10", True),
        ("<1.10", False),
        ("=1.10", True),
        ("==1.10.0", True),
        ("!=1.10", False),
        ("!=1.10.0", False),
        ("!=1.9", True),
        (">1.9,!=1.10", False),
        (">=1.10.0", True),
        ("<=1.10.0", True),
        (">1.10.0", False),
        ("=1.9", False),
    ],
)
def test_ranges(versions: str, covers: bool) -> None:  # noqa: FBT001
    """In the order of the ecosystem, in which 1.10 comes after 1.9 and is the same as 1.10.0."""
    assert covered(versions) == (covers, [])


@pytest.mark.parametrize(
    ("subject", "versions", "why"),
    [
        ("pkg:pypi/a@odd one", ">=1.0", "odd one has no place in an order of pypi versions"),
        ("pkg:pypi/a@1.0", ">=never", "never has no place in an order of pypi versions"),
        ("pkg:pypi/a@1.0", ">=1.0, <odd", "odd has no place in an order of pypi versions"),
        ("pkg:pypi/a", ">=1.0", "no version has no place in an order of pypi versions"),
        ("pkg:generic/a@1.0", "<2.0", "1.0 has no place in an order of generic versions"),
        ("svc:aws/s3", "<2.0", "no version has no place in an order of such versions"),
    ],
)
def test_what_has_no_order_is_not_covered(subject: str, versions: str, why: str) -> None:
    """The finding stays, and the reader learns why."""
    waiver = Waiver(id="CVE-1", reason="r", owner="o", expires=DAY, versions=versions)
    waivers = Waivers([waiver], version_key)
    finding = Finding(rule="r", subject=subject, severity=Severity.HIGH, message="m", ids=("CVE-1",))

    assert waivers.covering(finding) == []
    assert waivers.told == [f"the waiver CVE-1 ({versions}) does not cover {subject}: {why}"]


def test_a_version_that_is_named_needs_no_order() -> None:
    """Word for word is equal whatever the order."""
    assert covered("=weird", "pkg:generic/a@weird", no_order) == (True, [])
    assert covered("<weird", "pkg:generic/a@weird", no_order) == (False, [])
    assert covered("<2", "pkg:pypi/a@1", no_order)[0] is False


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must be a range such as '>=1.0, <1.4.2', not ''"),
        ("1.0", "must be a range such as '>=1.0, <1.4.2', not '1.0'"),
        (">=1.0,", "must be a range such as '>=1.0, <1.4.2', not '>=1.0,'"),
        ("~>1.0", "must be a range such as '>=1.0, <1.4.2', not '~>1.0'"),
        ("<1 || >2", "must be a range such as '>=1.0, <1.4.2', not '<1 || >2'; a waiver for each of several ranges"),
        (", ".join(f"!={n}" for n in range(21)), "has more than 20 bounds"),
    ],
)
def test_texts_that_are_no_range(text: str, message: str) -> None:
    """Told when the policy is read."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        bounds(text)


@given(st.text(alphabet="<>=!., |ab1", max_size=30))
def test_no_text_is_a_crash(text: str) -> None:
    """A range, or a mistake."""
    try:
        found = bounds(text)
    except ValueError:
        found = ((">", "1"),)

    assert all(operator in (">=", "<=", "!=", ">", "<", "=") and version for operator, version in found)


def test_a_waiver_as_toml() -> None:
    """In the form of the policy, without what is not stated."""
    waiver = Waiver(id="CVE-1", reason='a "b"', owner="o", expires=DAY, path="a\\b")

    assert as_toml(waiver) == (
        '[[waivers]]\nid = "CVE-1"\npath = "a\\\\b"\nreason = "a \\"b\\""\nowner = "o"\nexpires = 2026-12-31\n'
    )


@given(st.text(min_size=1).filter(str.strip), st.dates())
def test_a_waiver_as_toml_is_read_back(text: str, day: dt.date) -> None:
    """Whatever its words are."""
    waiver = Waiver(id=text.strip(), reason=text.strip(), owner=text.strip(), expires=day)

    assert read_policy(as_toml(waiver), "bomvet.toml").waivers == (replace(waiver, line=1),)
