"""The risk of a component: `scores`."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bomvet.model.facts import (
    RANKED,
    AdvisoryAnswer,
    AdvisoryMatch,
    Catalogue,
    Epss,
    Facts,
    Kev,
    Rating,
    Release,
    ReleaseAnswer,
    Severity,
    Standing,
)
from bomvet.model.finding import RiskScore, ScoreTerm
from bomvet.model.inventory import Completeness, Component, Confidence, Inventory, Relationship, Scope
from bomvet.model.provenance import (
    EarlierRelease,
    EvidenceKind,
    IdentityAnswer,
    IdentityChange,
    IdentityField,
    LogStrength,
    ProvenanceAnswer,
    ProvenanceStatus,
    PublishLevel,
    Step,
)
from bomvet.model.records import replace
from bomvet.policy.score import AGES, BANDS, EVIDENCE, LEVELS, MAINTENANCE, PROVENANCE, scores, telling
from tests.checks.component.provenance import (
    SIGNATURE,
    SLSA,
    absent,
    identity,
    invalid,
    refusal,
    verified,
)
from tests.checks.component.provenance import answer as built

ROOT = Component(purl="pkg:generic/shop", name="shop", directory="", dependencies=Completeness.COMPLETE)
TAP = Component(purl="pkg:npm/tap@1", name="tap", version="1", dependencies=Completeness.COMPLETE)
OTHERS = tuple(
    Component(purl=f"pkg:npm/n{n:02}@1", name=f"n{n:02}", version="1", dependencies=Completeness.COMPLETE)
    for n in range(60)
)
LISTS = {name: Catalogue(date="2026-11-24", version="1", entries=1) for name in ("kev", "epss")}
KEV = Kev(added="2021-12-10")
HIGH = AdvisoryMatch(id="CVE-1", ids=("CVE-1",), rating=Rating(severity=Severity.HIGH, score=7.5))
NO_SCORE = replace(HIGH, rating=Rating(severity=Severity.HIGH))
FINE = ReleaseAnswer(standing=Standing.KNOWN, release=Release(age=100), source="npm.packages.example")
DOC = Path(__file__).parents[2] / "docs" / "explanation" / "risk-score.md"


def epss(band: str, percentile: float = 0.0) -> Epss:
    """A score in that band."""
    return Epss(score=0.5, percentile=percentile, date="2026-11-24", model="m", band=band)


def inventory(
    *, scope: Scope = Scope.REQUIRED, depth: int = 1, dependants: int = 1, stated: Completeness = Completeness.COMPLETE
) -> Inventory:
    """`tap`, at so many steps from the project, with so many direct dependants."""
    asking = [ROOT.purl] if depth == 1 else []
    asking += [other.purl for other in OTHERS[: dependants - len(asking)]]
    edges = {Relationship(source=ROOT.purl, target=OTHERS[0].purl)}
    edges |= {Relationship(source=source, target=TAP.purl) for source in asking[:dependants]}
    parts = (replace(TAP, scope=scope, dependencies=stated), *OTHERS)
    return Inventory(root=replace(ROOT, dependencies=stated), components=parts, relationships=tuple(edges))


def known(*matches: AdvisoryMatch, **fields: Any) -> AdvisoryAnswer:
    """What advisories say."""
    standing = Standing.KNOWN if matches else Standing.ABSENT
    return AdvisoryAnswer(**{"standing": standing, "matches": matches, **fields})


def scored(
    answer: AdvisoryAnswer | None,
    release: ReleaseAnswer | None = FINE,
    *,
    lists: Any = LISTS,
    unaffected: Any = (),
    provenance: ProvenanceAnswer | None = None,
    locked: IdentityAnswer | None = None,
    **where: Any,
) -> RiskScore:
    """That of `tap`."""
    facts = Facts(
        provenance={TAP.purl: provenance} if provenance else {},
        identities={TAP.purl: locked} if locked else {},
        advisories={TAP.purl: answer} if answer else {},
        releases={TAP.purl: release} if release else {},
        catalogues=lists,
    )
    (found,) = [s for s in scores(inventory(**where), facts, unaffected) if s.subject == TAP.purl]
    return found


def bounds(score: RiskScore) -> tuple[int, int]:
    """From and to."""
    return score.low, score.high


def terms(score: RiskScore) -> dict[str, tuple[float, float, str]]:
    """By name."""
    return {term.name: (term.low, term.high, term.why) for term in score.terms}


# -- examples --------------------------------------------------------------------------------------------------


def test_every_term_is_told() -> None:
    """The number is the sum of its terms, each with its reason."""
    found = scored(known(replace(HIGH, kev=KEV, epss=epss("99-100"))))

    assert terms(found) == {
        "severity": (22.5, 22.5, "CVE-1 is high, CVSS 7.5"),
        "exploitation": (25.0, 25.0, "CVE-1 is in KEV since 2021-12-10"),
        "reach": (21.4, 21.4, "required, direct, 1 dependant"),
        "provenance": (0.0, 3.0, "who built it, and of what, is not established"),
        "age": (0.0, 0.0, "released 30 days to 3 years ago"),
        "maintenance": (0.0, 0.0, "neither yanked nor given up"),
    }
    assert bounds(found) == (69, 72)


def test_a_component_without_advisories() -> None:
    """Only what is not established is left; components of a kind share their terms."""
    found = scored(known())

    assert terms(found) == {
        "severity": (0, 0, "no vulnerability is known"),
        "exploitation": (0, 0, "nothing is there to exploit"),
        "reach": (0, 0, "nothing is there to reach"),
        "provenance": (0, 3, "who built it, and of what, is not established"),
        "age": (0, 0, "released 30 days to 3 years ago"),
        "maintenance": (0, 0, "neither yanked nor given up"),
    }
    answers = {other.purl: known() for other in OTHERS}
    one, two = scores(Inventory(components=OTHERS[:2]), Facts(advisories=answers))
    assert one.terms is two.terms
    assert bounds(one) == (0, 14)


def test_own_projects_have_no_risk() -> None:
    """Nobody is asked about them."""
    (found,) = scores(Inventory(root=ROOT), Facts())

    assert found == RiskScore(subject=ROOT.purl, low=0, high=0)


@pytest.mark.parametrize(
    ("match", "expected", "why"),
    [
        (replace(HIGH, ids=("MAL-1",), id="MAL-1", listed=True), (100, 100), "MAL-1 lists the version as malicious"),
        (replace(HIGH, ids=("MAL-1",), id="MAL-1"), (90, 100), "MAL-1 has a range that holds it"),
        (
            replace(HIGH, ids=("MAL-1",), id="MAL-1", confidence=Confidence.LOW),
            (90, 100),
            "MAL-1 has a range that holds it",
        ),
    ],
)
def test_malware_is_the_worst(match: AdvisoryMatch, expected: tuple[int, int], why: str) -> None:
    """Whatever else is known, and whoever answered for it."""
    found = scored(known(match), unaffected=[(TAP.purl, "MAL-1")])

    assert bounds(found) == expected
    assert terms(found)["malicious"][2] == why


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (None, "not established: nobody was asked about its advisories"),
        (known(standing=Standing.NOT_ESTABLISHED, reason="no version"), "not established: no version"),
    ],
)
def test_open_advisories_may_be_anything(answer: AdvisoryAnswer | None, why: str) -> None:
    """What was not asked about may be harmless, or malicious."""
    found = scored(answer)

    assert bounds(found) == (0, 100)
    assert terms(found)["advisories"] == (0, 100, why)


def test_what_is_answered_for_does_not_count() -> None:
    """An advisory that a VEX statement rules out is none."""
    both = known(HIGH, replace(HIGH, id="CVE-2"))

    assert scored(both, unaffected=[(TAP.purl, "CVE-1"), (TAP.purl, "CVE-2")]) == scored(known())
    assert scored(both, unaffected=[(TAP.purl, "CVE-2")]) == scored(known(HIGH))


@pytest.mark.parametrize(
    ("match", "lists", "expected"),
    [
        (HIGH, {**LISTS, "kev": replace(LISTS["kev"], stale=True)}, (0, 25, "KEV of CVE-1 is not known")),
        (replace(HIGH, kev=Kev(added="")), LISTS, (25, 25, "CVE-1 is in KEV")),
        (HIGH, {}, (0, 25, "KEV of CVE-1 is not known")),
        (
            replace(HIGH, epss=epss("95-99")),
            {"epss": LISTS["epss"]},
            (13, 25, "EPSS of CVE-1 is 0.5, band 95-99; KEV is not known"),
        ),
        (replace(HIGH, epss=epss("95-99")), LISTS, (13, 13, "EPSS of CVE-1 is 0.5, band 95-99")),
        (replace(HIGH, epss=epss("", 0.97)), LISTS, (13, 13, "EPSS of CVE-1 is 0.5, band ")),
        (HIGH, LISTS, (0, 20, "CVE-1 has no score of EPSS")),
        (HIGH, {"kev": LISTS["kev"]}, (0, 20, "CVE-1 was not looked up in EPSS")),
        (replace(HIGH, id="GHSA-1", ids=("GHSA-1",)), {}, (0, 20, "GHSA-1 is no CVE, and has no score")),
        (
            replace(HIGH, epss=epss("95-99"), confidence=Confidence.LOW),
            LISTS,
            (0, 13, "EPSS of CVE-1 is 0.5, band 95-99, if it is about this version"),
        ),
    ],
)
def test_exploitation(match: AdvisoryMatch, lists: Any, expected: tuple[float, float, str]) -> None:
    """KEV before EPSS; what was not looked up, or has no score, may be anything."""
    assert terms(scored(known(match), lists=lists))["exploitation"] == expected


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({}, (10.1, "required, direct, 1 dependant")),
        ({"scope": Scope.OPTIONAL}, (6.8, "optional, direct, 1 dependant")),
        ({"scope": Scope.DEV}, (2.2, "dev, direct, 1 dependant")),
        ({"depth": 2}, (7.9, "required, transitive, 1 dependant")),
        ({"dependants": 3}, (10.8, "required, direct, 3 dependants")),
        ({"dependants": 50}, (12.4, "required, direct, 50 dependants")),
    ],
)
def test_reach(where: dict[str, Any], expected: tuple[float, str]) -> None:
    """What for it is needed, whether the project asks for it itself, and how many others do."""
    low, high, why = terms(scored(known(replace(HIGH, epss=epss("0-50"))), **where))["reach"]

    assert (low, why) == expected
    assert low == high


def test_reach_that_is_not_stated() -> None:
    """Where not all dependencies are stated there may be more dependants, and the project may be one."""
    match = known(replace(HIGH, epss=epss("0-50")))

    assert terms(scored(match, stated=Completeness.UNKNOWN, depth=2))["reach"] == (
        7.9,
        12.4,
        "required, direct or not, 1 dependant or more",
    )
    assert terms(scored(match, depth=2, dependants=0))["reach"] == (7.9, 10.1, "required, direct or not, 0 dependants")


@pytest.mark.parametrize(
    ("age", "points"),
    [(None, (0, 3)), (-1, (3, 3)), (0, (3, 3)), (2, (3, 3)), (3, (2, 2)), (14, (1, 1)), (30, (0, 0)), (1094, (0, 0)),
     (1095, (1, 1)), (1825, (2, 2)), (9999, (2, 2))],
)  # fmt: skip
def test_age(age: int | None, points: tuple[float, float]) -> None:
    """Young releases were looked at by few, old ones may be given up."""
    found = terms(scored(known(), replace(FINE, release=Release(age=age))))["age"]

    assert found[:2] == points


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (None, (0, 8, "whether it is maintained is not established")),
        (ReleaseAnswer(standing=Standing.ABSENT), (0, 8, "whether it is maintained is not established")),
        (replace(FINE, source="lock"), (0, 8, "whether it is maintained is not established")),
        (
            replace(FINE, standing=Standing.NOT_ESTABLISHED, release=Release(yanked="-")),
            (6, 8, "yanked; the rest is not established"),
        ),
        (replace(FINE, release=Release(yanked="-")), (6, 6, "yanked")),
        (replace(FINE, release=Release(deprecated="use other")), (4, 4, "deprecated")),
        (replace(FINE, release=Release(status="deprecated")), (4, 4, "deprecated")),
        (replace(FINE, release=Release(status="archived", yanked="x")), (6, 6, "yanked")),
        (replace(FINE, release=Release(status="archived")), (4, 4, "archived")),
        (replace(FINE, release=Release(status="quarantined", yanked="x")), (8, 8, "quarantined")),
        (replace(FINE, release=Release(status="active")), (0, 0, "neither yanked nor given up")),
    ],
)
def test_maintenance(answer: ReleaseAnswer | None, expected: tuple[float, float, str]) -> None:
    """The worst that the registry or the maintainers say; a lock says nothing of it."""
    assert terms(scored(known(), answer))["maintenance"] == expected


PROMISED = replace(SLSA, strength=LogStrength.PROMISE)
OWNER = IdentityChange(what=IdentityField.OWNER, before="a", after="b")
WORKFLOW = IdentityChange(what=IdentityField.WORKFLOW, before="a", after="b")
STRONGER = EarlierRelease(version="1.0", uploaded="", level=PublishLevel.PROVENANCE)
MISMATCH = replace(SLSA, status=ProvenanceStatus.IDENTITY_MISMATCH)
LYING = replace(SLSA, contradictions=("the commit is another",))
SAID = "1.0 was published with provenance"


@pytest.mark.parametrize(
    ("answer", "locked", "expected"),
    [
        (verified(), None, (0, 0, "who built it is proved")),
        (verified(), identity(), (0, 0, "who built it is proved")),
        (verified(SLSA, SIGNATURE), None, (0, 0, "who built it is proved")),
        (verified(SLSA, PROMISED), None, (1, 1, "who built it is verified without proof")),
        (absent(), None, (3, 3, "nothing says who built it")),
        (verified(SIGNATURE), None, (3, 3, "nothing says who built it")),
        (verified(), identity(WORKFLOW), (10, 10, "its workflow is not the one that is locked")),
        (absent(stronger=STRONGER), None, (20, 20, SAID)),
        (verified(stronger=STRONGER, changes=("new dependency a",)), None, (40, 40, f"{SAID}; new dependency a")),
        (verified(), identity(WORKFLOW, OWNER), (40, 40, "its owner is not the one that is locked")),
        (built(ProvenanceStatus.IDENTITY_MISMATCH, MISMATCH), None, (40, 40, "it is not by whom it is expected from")),
        (
            built(ProvenanceStatus.IDENTITY_MISMATCH, MISMATCH),
            identity(WORKFLOW),
            (10, 10, "its workflow is not the one that is locked"),
        ),
        (verified(LYING), None, (40, 40, "its SLSA provenance claims what its certificate denies")),
        (invalid(refusal(Step.ENTRY)), None, (50, 50, "its SLSA provenance is refused at the log entry")),
        (
            invalid(replace(refusal(Step.FORMAT, kind=EvidenceKind.SBOM), step=None), LYING),
            identity(OWNER),
            (50, 50, "its attested SBOM is refused"),
        ),
        (
            invalid(refusal(Step.ENTRY), refusal(Step.DIGEST)),
            None,
            (60, 60, "it is not what its SLSA provenance is about"),
        ),
        (
            invalid(refusal(Step.DIGEST, "the registry has another", kind=EvidenceKind.OTHER)),
            None,
            (60, 60, "the registry has another"),
        ),
        (
            built(ProvenanceStatus.NOT_ESTABLISHED, reason="the registry answers 500"),
            None,
            (0, 3, "not established: the registry answers 500"),
        ),
        (
            built(ProvenanceStatus.UNSUPPORTED),
            None,
            (0, 3, "not established: its evidence is of a form that is not verified here"),
        ),
    ],
)
def test_provenance(
    answer: ProvenanceAnswer, locked: IdentityAnswer | None, expected: tuple[float, float, str]
) -> None:
    """The worst of what is known of who built it; the terms of all else stay as they are."""
    found = scored(known(HIGH), provenance=answer, locked=locked)

    assert terms(found)["provenance"] == expected
    assert {**terms(scored(known(HIGH))), "provenance": expected} == terms(found)
    assert terms(scored(known(), provenance=answer, locked=locked))["provenance"] == expected


def test_evidence_against_a_component_tells() -> None:
    """Though no advisory does; that there is none does not."""
    for answer in (verified(), absent(), built(ProvenanceStatus.NOT_ESTABLISHED)):
        assert telling([scored(known(), provenance=answer)]) == ()
    for answer in (invalid(refusal(Step.LOG)), invalid(refusal(Step.DIGEST)), absent(stronger=STRONGER)):
        score = scored(known(), provenance=answer)
        assert telling([score]) == (score,)


def test_nobody_knows_who_built_it() -> None:
    """The range holds whatever is not against the component, and nothing but that."""
    unknown = scored(known(HIGH))
    for name, points in EVIDENCE.items():
        assert (points <= PROVENANCE) is (name in ("absent", "promise", "proof"))
    for answer in (verified(), verified(PROMISED), absent(), built(ProvenanceStatus.NOT_ESTABLISHED)):
        score = scored(known(HIGH), provenance=answer)
        assert unknown.low <= score.low <= score.high <= unknown.high


def test_components_of_a_kind_share_their_terms_with_what_built_them() -> None:
    """One that nobody attested is of another kind than one that somebody did."""
    one, two, three = OTHERS[:3]
    facts = Facts(
        advisories={other.purl: known() for other in OTHERS},
        provenance={one.purl: absent(), two.purl: absent(), three.purl: verified()},
    )
    found = {score.subject: score for score in scores(Inventory(components=OTHERS[:3]), facts)}

    assert found[one.purl].terms is found[two.purl].terms
    assert found[one.purl].terms != found[three.purl].terms


def test_the_greatest_stand_first() -> None:
    """By the middle of the range, then the upper bound, then the name."""
    answers = {OTHERS[0].purl: known(), OTHERS[1].purl: known(HIGH), OTHERS[2].purl: known(HIGH)}

    found = scores(Inventory(components=OTHERS[:3]), Facts(advisories=answers, catalogues=LISTS))

    assert [s.subject for s in found] == [OTHERS[1].purl, OTHERS[2].purl, OTHERS[0].purl]


@pytest.mark.parametrize(
    ("answer", "release", "listed"),
    [
        (known(), FINE, False),
        (known(), None, False),
        (None, None, False),
        (known(), replace(FINE, release=Release(age=1)), False),
        (known(), replace(FINE, release=Release(yanked="-")), True),
        (known(HIGH), FINE, True),
        (known(replace(HIGH, confidence=Confidence.LOW)), FINE, True),
        (known(replace(HIGH, ids=("MAL-1",))), FINE, True),
    ],
)
def test_scores_that_say_something(answer: AdvisoryAnswer | None, release: ReleaseAnswer | None, listed: bool) -> None:  # noqa: FBT001
    """Results hold those that something is against; all others are alike, or open questions that are told as such."""
    score = scored(answer, release)

    assert telling([score]) == ((score,) if listed else ())


# -- what holds always -----------------------------------------------------------------------------------------

RATINGS = st.one_of(
    st.integers(0, 100).map(lambda tenths: Rating(severity=Severity.HIGH, score=tenths / 10)),
    st.sampled_from([*RANKED, Severity.UNKNOWN]).map(lambda level: Rating(severity=level)),
)
MATCHES = st.builds(
    lambda id_, rating, kev, band, confidence, listed: AdvisoryMatch(
        id=id_, ids=(id_,), rating=rating, kev=kev, epss=epss(band) if band else None, confidence=confidence,
        listed=listed,
    ),
    st.sampled_from(["CVE-1", "CVE-2", "GHSA-1", "MAL-1"]),
    RATINGS,
    st.sampled_from([None, KEV]),
    st.sampled_from(["", *BANDS]),
    st.sampled_from(list(Confidence)),
    st.booleans(),
)  # fmt: skip
RELEASES = st.builds(
    lambda age, yanked, status, source: ReleaseAnswer(
        standing=Standing.KNOWN, release=Release(age=age, yanked=yanked, status=status), source=source
    ),
    st.none() | st.sampled_from([days for days, _, _ in AGES]),
    st.sampled_from(["", "-"]),
    st.sampled_from(["", "active", "archived", "quarantined", "deprecated"]),
    st.sampled_from(["lock", "npm.packages.example"]),
)
PLACES = st.fixed_dictionaries(
    {
        "scope": st.sampled_from(list(Scope)),
        "depth": st.sampled_from([1, 2]),
        "dependants": st.sampled_from([0, 1, 3, 10, 50]),
        "stated": st.sampled_from(list(Completeness)),
        "lists": st.sampled_from([{}, LISTS, {"kev": LISTS["kev"]}, {"epss": LISTS["epss"]}]),
    }
)
MODEST = settings(deadline=None, max_examples=40)


ANSWERS = st.sampled_from(
    [
        None,
        verified(),
        verified(PROMISED),
        absent(),
        built(ProvenanceStatus.NOT_ESTABLISHED),
        absent(stronger=STRONGER),
        verified(LYING),
        invalid(refusal(Step.LOG)),
        invalid(refusal(Step.DIGEST)),
    ]
)


@MODEST
@given(st.lists(MATCHES, max_size=3), st.none() | RELEASES, ANSWERS, PLACES)
def test_bounds_and_sum(
    matches: list[AdvisoryMatch], release: ReleaseAnswer | None, answer: ProvenanceAnswer | None, where: Any
) -> None:
    """From 0 to 100, no term negative, the sum of what is shown; malware is never below 90."""
    found = scored(known(*matches), release, provenance=answer, **where)

    assert 0 <= found.low <= found.high <= 100
    assert all(0 <= term.low <= term.high for term in found.terms)
    for bound, shown in ((found.low, [t.low for t in found.terms]), (found.high, [t.high for t in found.terms])):
        assert bound == min(100, int(round(sum(shown), 1) + 0.5))
    assert found.low >= 90 or not any(match.malicious for match in matches)


@MODEST
@given(st.lists(MATCHES, max_size=2), MATCHES, PLACES)
def test_one_more_advisory_never_lowers(matches: list[AdvisoryMatch], more: AdvisoryMatch, where: Any) -> None:
    """Nor does it narrow from below what others say."""
    before, after = scored(known(*matches), **where), scored(known(*matches, more), **where)

    assert before.low <= after.low
    assert before.high <= after.high


@MODEST
@given(MATCHES, PLACES)
def test_worse_never_lowers(match: AdvisoryMatch, where: Any) -> None:
    """A higher CVSS score, an entry in KEV, a higher band, a stronger scope, worse evidence: each is worse."""

    def rising(found: list[RiskScore]) -> bool:
        return all(a.low <= b.low and a.high <= b.high for a, b in itertools.pairwise(found))

    match = replace(match, epss=match.epss or epss("0-50"), rating=Rating(severity=Severity.LOW, score=1.0))
    ratings = [Rating(severity=Severity.HIGH, score=tenths / 10) for tenths in range(0, 101, 5)]
    assert rising([scored(known(replace(match, rating=rating)), **where) for rating in ratings])
    assert rising([scored(known(replace(match, epss=epss(band))), **where) for band in BANDS])
    assert rising([scored(known(replace(match, kev=kev)), **where) for kev in (None, KEV)])
    assert rising([scored(known(match), **{**where, "scope": s}) for s in (Scope.DEV, Scope.OPTIONAL, Scope.REQUIRED)])
    assert rising([scored(known(match), **{**where, "dependants": n}) for n in (1, 3, 10, 50)])
    worse = [verified(), verified(PROMISED), absent(), absent(stronger=STRONGER), verified(LYING),
             invalid(refusal(Step.LOG)), invalid(refusal(Step.DIGEST))]  # fmt: skip
    assert rising([scored(known(match), provenance=answer, **where) for answer in worse])
    words = [Release(age=100), Release(age=100, status="archived"), Release(age=100, yanked="-"),
             Release(age=100, status="quarantined")]  # fmt: skip
    assert rising([scored(known(match), replace(FINE, release=word), **where) for word in words])


@MODEST
@given(MATCHES, st.none() | RELEASES, PLACES)
def test_an_unknown_holds_every_answer(match: AdvisoryMatch, release: ReleaseAnswer | None, where: Any) -> None:
    """The range of what is not established contains that of whatever the answer turns out to be."""

    def within(unknown: RiskScore, *answers: RiskScore) -> bool:
        return all(unknown.low <= answer.low and answer.high <= unknown.high for answer in answers)

    answer = scored(known(match), release, **where)
    assert within(scored(known(match), None, **where), answer)
    assert within(scored(None, release, **where), answer, scored(known(), release, **where))
    unrated = scored(known(replace(match, rating=Rating(severity=Severity.UNKNOWN))), release, **where)
    assert within(unrated, answer)
    doubtful = scored(known(replace(match, confidence=Confidence.LOW)), release, **where)
    assert within(doubtful, answer)
    assert within(doubtful, scored(known(), release, **where)) or match.malicious
    nothing = scored(known(replace(match, kev=None, epss=None)), release, **{**where, "lists": {}})
    lists = {**where, "lists": LISTS}
    answers = [None, *BANDS] if match.cves else [None]
    assert within(
        nothing,
        *(
            scored(known(replace(match, kev=kev, epss=epss(band) if band else None)), release, **lists)
            for band in answers
            for kev in ([None, KEV] if match.cves else [None])
        ),
    )


@pytest.mark.parametrize("level", RANKED)
def test_a_level_holds_every_score_of_it(level: Severity) -> None:
    """Without a CVSS score the level leaves room for each of its scores."""
    least, greatest = LEVELS[level]
    without = scored(known(replace(NO_SCORE, rating=Rating(severity=level))))

    for tenths in range(round(10 * least), round(10 * greatest) + 1):
        score = scored(known(replace(HIGH, rating=Rating(severity=level, score=tenths / 10))))
        assert without.low <= score.low
        assert score.high <= without.high


# -- the page --------------------------------------------------------------------------------------------------


def test_the_page_has_the_points() -> None:
    """The tables of the documentation state what is reckoned with."""
    text = DOC.read_text()

    for band, points in BANDS.items():
        assert f"| {band} | {points:g} |" in text
    for days, points, _ in AGES:
        assert f"| {days} | {points:g} |" in text
    for word, points in MAINTENANCE.items():
        assert f"| {word} | {points:g} |" in text
    rows = re.findall(r"^\| [^|]+ \| (\d+) \| (?:\[[a-z-]+\]\([^)]+\) )?\|$", text, re.MULTILINE)
    assert [float(points) for points in rows] == list(EVIDENCE.values())
    for level, (least, greatest) in LEVELS.items():
        assert f"| {level.value} | {3 * least:g} to {3 * greatest:g} |" in text


def test_the_example_of_the_page() -> None:
    """Its numbers are what comes out."""
    rated = replace(HIGH, id="CVE-2021-1", ids=("CVE-2021-1",), rating=Rating(severity=Severity.HIGH, score=8.1))
    match = replace(rated, epss=epss("95-99"))
    found = scored(known(match), None, lists={"epss": LISTS["epss"]}, depth=2, dependants=3)

    rows = re.findall(r"^\| (\w+) \| ([\d.]+) \| ([\d.]+) \| (.+?) \|$", DOC.read_text(), re.MULTILINE)
    assert [ScoreTerm(name=n, low=float(a), high=float(b), why=why) for n, a, b, why in rows] == list(found.terms)
    assert f"{found.low} to {found.high}" in DOC.read_text()
