"""The conditions of `fail-on`: how they are written, and what they come to."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bomvet.model.facts import AdvisoryMatch, Catalogue, Epss, Kev, Rating, Severity
from bomvet.model.finding import Finding, RiskScore
from bomvet.model.inventory import Scope
from bomvet.model.records import replace
from bomvet.policy.conditions import TERMS, About, Condition, Judged, Term, conditions, judge, written

TODAY = dt.date(2026, 11, 24)
BOTH = {name: Catalogue(date="2026-11-23", version="1", entries=2) for name in ("kev", "epss")}
MATCH = AdvisoryMatch(
    id="CVE-1",
    ids=("GHSA-1",),
    rating=Rating(severity=Severity.HIGH, score=7.5),
    fixed="2.0",
    published="2026-10-25T10:00:00Z",
    kev=Kev(added="2026-01-01", ransomware=True),
    epss=Epss(score=0.5, percentile=0.97, date="2026-11-23", model="v4"),
)
QUIET = replace(MATCH, kev=None, epss=None, fixed="", published="")
FINDING = Finding(
    rule="known-vulnerability",
    subject="pkg:pypi/a@1",
    severity=Severity.HIGH,
    message="m",
    instance="CVE-1",
    ids=("CVE-1", "GHSA-1"),
)
ABOUT = About(finding=FINDING, match=MATCH, scope=Scope.REQUIRED, catalogues=BOTH, today=TODAY, rated=True)
KEV_MISSING = "the advisory data holds no KEV catalogue; `bomvet db update` fetches it"
EPSS_MISSING = "the advisory data holds no EPSS scores; `bomvet db update` fetches them"


def truth(text: str, about: About = ABOUT) -> object:
    """True where `text` refuses, False where it does not, and what is missing where nobody knows."""
    judged = judge(conditions(text), about)
    return judged.refused is not None or (judged.open[0][1] if judged.open else False)


def about(**changes: Any) -> About:
    """What there is about a finding, but for `changes`."""
    return replace(ABOUT, **changes)


# -- writing ---------------------------------------------------------------------------------------------------


def test_a_text_of_conditions() -> None:
    """Commas part conditions, ` and ` terms; blanks around signs mean nothing, and what stands twice counts once."""
    found = conditions(" kev and  not  dev ,epss >= 0.50,age>30 d, high, high, id:CVE-2024-1 and rule:a-b")

    assert found == (
        Condition(terms=(Term(name="kev"), Term(name="dev", negated=True))),
        Condition(terms=(Term(name="epss", operator=">=", value=0.5),)),
        Condition(terms=(Term(name="age", operator=">", value=30.0),)),
        Condition(terms=(Term(name="high"),)),
        Condition(terms=(Term(name="id", text="CVE-2024-1"), Term(name="rule", text="a-b"))),
    )
    assert written(found) == "kev and not dev, epss>=0.5, age>30d, high, id:CVE-2024-1 and rule:a-b"
    assert [condition.severity for condition in found] == ["", "", "", "high", ""]


def test_never() -> None:
    """It stands alone, and is the same as no condition."""
    assert (conditions("never"), written(())) == ((), "never")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "(column 1): a term is missing; known are critical, "),
        ("kev,", "(column 5): a term is missing; known are critical, "),
        ("kev and ", "(column 9): a term is missing; known are critical, "),
        ("kev and not ransom", "(column 13): 'ransom' is no term; did you mean ransomware?"),
        ("High", "(column 1): 'High' is no term; did you mean high?"),
        ("high or kev", "(column 1): 'high or kev' is no term; a comma means or"),
        ("high || kev", "(column 1): 'high || kev' is no term; a comma means or"),
        ("high && kev", "(column 1): 'high && kev' is no term; write and"),
        ("high,  epss", "(column 8): epss is compared with a number: epss>0.5"),
        ("epss=0.5", "(column 1): epss is compared with a number: epss>0.5"),
        ("epss:0.5", "(column 1): epss is compared with a number: epss>0.5"),
        ("epss>50", "(column 1): epss is at most 1, so 50 cannot be meant; write it as in epss>0.5"),
        ("epss>.5", "(column 1): '.5' is no number as in epss>0.5"),
        ("cvss>=11", "(column 1): cvss is at most 10, so 11 cannot be meant; write it as in cvss>=7"),
        ("age>30", "(column 1): '30' is no number of days as in age>30d"),
        ("age>1w", "(column 1): '1w' is no number of days as in age>30d"),
        ("score>=101", "(column 1): score is at most 100, so 101 cannot be meant; write it as in score>=70"),
        ("kev>1", "(column 1): kev is compared with nothing"),
        ("kev:x", "(column 1): kev is compared with nothing"),
        ("rule", "(column 1): rule names one: rule:yanked-release"),
        ("rule>a", "(column 1): rule names one: rule:yanked-release"),
        ("id:CVE-1 CVE-2", "(column 1): id names one: id:CVE-2024-1"),
        ("high, never", "says never and something else: never stands alone"),
        ("not never", "says never and something else: never stands alone"),
        ("kev and never", "says never and something else: never stands alone"),
        (f"{'x' * 60}!", f"(column 1): '{'x' * 39}…' is no term; known are critical, "),
        ("high," * 200 + "high", "has more than 200 terms"),
        (" " * 4097, "is longer than 4,096 characters"),
    ],
)
def test_mistakes(text: str, message: str) -> None:
    """Each is told with its column, and with what may have been meant."""
    end = "" if message.endswith("critical, ") else "$"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}{end}"):
        conditions(text)


@given(st.lists(st.lists(st.sampled_from(TERMS[:-1]).flatmap(lambda t: st.sampled_from((t, f"not {t}"))), min_size=1)))
def test_what_is_written_is_read(stated: list[list[str]]) -> None:
    """Any conditions come back as they are."""
    text = ", ".join(" and ".join(terms) for terms in stated[:20] if len(terms) < 10) or "never"
    found = conditions(text)

    assert conditions(written(found)) == found
    assert [str(condition) for condition in found] == list(dict.fromkeys(text.split(", "))) or found == ()


@given(st.text())
def test_no_text_is_a_crash(text: str) -> None:
    """Whatever stands there is conditions, or a mistake that is told."""
    try:
        found = conditions(text)
    except ValueError:
        found = ()

    assert conditions(written(found)) == found


# -- judging ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("critical", False),
        ("high", True),
        ("medium", True),
        ("not high", False),
        ("not critical", True),
        ("kev", True),
        ("ransomware", True),
        ("epss>0.5", False),
        ("epss>=0.5", True),
        ("epss<0.5", False),
        ("epss<=0.5", True),
        ("epss-percentile>0.95", True),
        ("cvss>=7", True),
        ("cvss>7.5", False),
        ("malicious", False),
        ("fixable", True),
        ("age>30d", False),
        ("age>=30d", True),
        ("age>29d", True),
        ("runtime", True),
        ("optional", False),
        ("dev", False),
        ("not dev", True),
        ("direct", False),
        ("rule:known-vulnerability", True),
        ("rule:known", False),
        ("id:cve-1", True),
        ("id:GHSA-1", True),
        ("id:GHSA-2", False),
        ("kev and runtime and cvss>=7", True),
        ("kev and dev", False),
        ("dev, kev", True),
        ("dev, direct", False),
    ],
)
def test_terms(text: str, expected: bool) -> None:  # noqa: FBT001
    """Each term on a finding of which everything is known."""
    assert truth(text) is expected


def test_the_first_condition_that_refuses_is_named() -> None:
    """Those before it are not true, those behind it do not matter."""
    judged = judge(conditions("dev, kev, high"), ABOUT)

    assert judged == Judged(Condition(terms=(Term(name="kev"),)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kev", False),
        ("ransomware", False),
        ("not kev", True),
        ("epss>0", False),
        ("epss<0.1", False),
        ("not epss<0.1", True),
        ("epss-percentile<1", False),
        ("fixable", False),
        ("not fixable", True),
    ],
)
def test_what_the_catalogues_do_not_have(text: str, expected: bool) -> None:  # noqa: FBT001
    """No entry means not exploited, and a score that nobody gave is neither great nor small."""
    assert truth(text, about(match=QUIET)) is expected


@pytest.mark.parametrize(
    ("text", "catalogue", "expected"),
    [
        ("kev", "epss", KEV_MISSING),
        ("not kev", "epss", KEV_MISSING),
        ("ransomware", "epss", KEV_MISSING),
        ("epss>0.9", "kev", EPSS_MISSING),
        ("epss-percentile>0.9", "kev", EPSS_MISSING),
        ("kev and high", "epss", KEV_MISSING),
        ("kev and dev", "epss", False),
        ("kev, high", "epss", True),
        ("kev, dev", "epss", KEV_MISSING),
        ("kev and epss>0", "none", KEV_MISSING),
    ],
)
def test_a_missing_catalogue_leaves_it_open(text: str, catalogue: str, expected: object) -> None:
    """Unless another term, or another condition, settles it without."""
    catalogues = {name: entry for name, entry in BOTH.items() if name == catalogue}

    assert truth(text, about(catalogues=catalogues)) == expected


def test_what_has_no_cve_is_in_no_catalogue() -> None:
    """Nothing is missing then: catalogues are of CVEs, which an alias or a distribution's upstream may be."""
    unnamed = replace(QUIET, id="GHSA-1")

    assert truth("kev, epss>0.1", about(match=unnamed, catalogues={})) is False
    for known in (replace(unnamed, aliases=("cve-2024-1",)), replace(unnamed, upstream=("CVE-2024-1",))):
        assert truth("kev", about(match=known, catalogues={})) == KEV_MISSING


def test_all_that_is_missing_is_told() -> None:
    """Each undecided condition with what it lacks."""
    judged = judge(conditions("kev, dev, epss>0.5"), about(catalogues={}))

    assert [(str(condition), why) for condition, why in judged.open] == [
        ("kev", KEV_MISSING),
        ("epss>0.5", EPSS_MISSING),
    ]


@pytest.mark.parametrize("text", ["kev", "malicious", "fixable", "epss<1", "cvss<11", "age>0d", "ransomware"])
def test_terms_about_advisories_are_false_of_other_findings(text: str) -> None:
    """Nothing is asked of a catalogue that is not there, where there is nothing to ask about."""
    text = text.replace("11", "10")

    assert truth(text, about(match=None, catalogues={})) is False
    assert truth(f"not {text}", about(match=None, catalogues={})) is True


@pytest.mark.parametrize(
    ("rated", "plain", "turned"), [(True, True, True), (False, False, False), (None, "severity", "severity")]
)
def test_an_unknown_severity(rated: bool | None, plain: object, turned: object) -> None:  # noqa: FBT001
    """What it comes to is the policy's word, whether the term is turned round or not; a CVSS score is one too."""
    unrated = about(
        finding=replace(FINDING, severity=Severity.UNKNOWN),
        match=replace(MATCH, rating=Rating(severity=Severity.UNKNOWN)),
        rated=rated,
    )

    assert (truth("low", unrated), truth("not low", unrated)) == (plain, turned)
    assert (truth("cvss>=7", unrated), truth("not cvss>=7", unrated)) == (plain, turned)
    assert truth("kev and low", unrated) == plain
    assert truth("dev and low", unrated) is False


@pytest.mark.parametrize(
    ("level", "text", "expected"),
    [
        (Severity.CRITICAL, "cvss>=7", True),
        (Severity.CRITICAL, "cvss>=9", True),
        (Severity.CRITICAL, "cvss>9", "the advisory has a level and no score"),
        (Severity.HIGH, "cvss>=9", False),
        (Severity.HIGH, "cvss>=8", "the advisory has a level and no score"),
        (Severity.NONE, "cvss>0", False),
    ],
)
def test_a_severity_without_a_score(level: Severity, text: str, expected: object) -> None:
    """A level settles what all its scores do."""
    assert truth(text, about(match=replace(MATCH, rating=Rating(severity=level)))) == expected


@pytest.mark.parametrize("published", ["", "soon", "2026-13-01"])
def test_an_unknown_day_of_publication(published: str) -> None:
    """Nobody knows how old it is."""
    assert truth("age>30d", about(match=replace(MATCH, published=published))) == (
        "the advisory does not say when it was published"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [("score>=70", True), ("not score>=70", True), ("score>80", False), ("score<60", False), ("not score<60", True)],
)
def test_the_less_favourable_end_of_a_risk_score_counts(text: str, expected: bool) -> None:  # noqa: FBT001
    """What is not known is held against the component."""
    risk = RiskScore(subject="pkg:pypi/a@1", low=60, high=80)

    assert truth(text, about(score=risk)) is expected


def test_no_risk_score() -> None:
    """Then nobody knows."""
    assert truth("score>=0") == "there is no risk score of it"


def test_what_is_no_component_is_there_at_run_time() -> None:
    """A service has no scope, and is not passed over for that."""
    assert (truth("runtime", about(scope=None)), truth("dev", about(scope=None))) == (True, False)


def test_malicious() -> None:
    """A record of malicious packages is enough."""
    assert truth("malicious", about(match=replace(MATCH, ids=("MAL-2024-1",)))) is True


def test_a_clean_version_is_a_fix() -> None:
    """Whether the fix is of this advisory or of all."""
    assert truth("fixable", about(match=replace(MATCH, fixed="", clean="3.0"))) is True


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kev", "the KEV catalogue is of 2026-01-01, older than db.max-age allows; `bomvet db update` fetches more"),
        (
            "epss>0.1",
            "the EPSS scores are of 2026-01-01, older than db.max-age allows; `bomvet db update` fetches more",
        ),
    ],
)
def test_stale_catalogues(text: str, expected: str) -> None:
    """What they do not say may have changed since, and what scores say as well."""
    stale = {name: replace(entry, date="2026-01-01", stale=True) for name, entry in BOTH.items()}

    assert truth(text, about(match=replace(MATCH, kev=None), catalogues=stale)) == expected


def test_what_a_stale_catalogue_lists() -> None:
    """It stays listed."""
    stale = {name: replace(entry, stale=True) for name, entry in BOTH.items()}
    listed = about(match=replace(MATCH, kev=Kev(added="2024-01-01", due="", ransomware=True)), catalogues=stale)

    assert [truth(text, listed) for text in ("kev", "ransomware", "not kev")] == [True, True, False]
