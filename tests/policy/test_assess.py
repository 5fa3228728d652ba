"""The judgement: waivers, thresholds, open questions, and the verdict that follows."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from bomvet.model.facts import (
    AdvisoryAnswer,
    AdvisoryMatch,
    Catalogue,
    Facts,
    Kev,
    Rating,
    ReleaseAnswer,
    Severity,
    Standing,
)
from bomvet.model.finding import Assessment, Finding, PolicyUsed, RiskScore, ScoreTerm, Verdict, Waived, Waiver
from bomvet.model.inventory import Component, Inventory, Location, Relationship, Scope, Unknown
from bomvet.model.provenance import ProvenanceAnswer, ProvenanceStatus
from bomvet.model.result import PluginStatus, Status
from bomvet.policy.assess import assess
from bomvet.policy.conditions import conditions
from bomvet.policy.document import Policy, UnknownSeverity, UnusedWaivers

TODAY = dt.date(2026, 11, 24)
INVENTORY = Inventory(components=(Component(purl="pkg:pypi/a@1", name="a", version="1"),))
FINDING = Finding(
    rule="known-vulnerability",
    subject="pkg:pypi/a@1?x=y",
    severity=Severity.HIGH,
    message="m",
    instance="CVE-1",
    ids=("CVE-1", "GHSA-1", "PYSEC-1"),
    locations=(Location(path="apps/web/uv.lock", line=3), Location(path="apps/api/uv.lock", line=5)),
)
UNKNOWN = Unknown(location=Location(path="uv.lock", line=7), resolver="python/uv-lock", reason="not TOML")


BUILT_IN = PolicyUsed(
    source="", fail_on="high", unknown_severity="fail", allow_incomplete=False, require_components=False
)


def waiver(id_: str = "CVE-1", *, days: int = 0, purl: str = "", path: str = "", reason: str = "r") -> Waiver:
    """A waiver that ends so many days after today."""
    return Waiver(id=id_, reason=reason, owner="o", expires=TODAY + dt.timedelta(days=days), purl=purl, path=path)


def judged(
    *findings: Finding,
    policy: Policy = Policy(),  # noqa: B008
    inventory: Inventory = INVENTORY,
    facts: Facts = Facts(),  # noqa: B008
    plugins: tuple[PluginStatus, ...] = (),
) -> Assessment:
    """What policy makes of it today."""
    return assess(findings, policy, inventory=inventory, facts=facts, plugins=plugins, today=TODAY)


def waived_by(*waivers: Waiver, finding: Finding = FINDING) -> Assessment:
    """What `waivers` make of one finding."""
    return judged(finding, policy=Policy(waivers=waivers))


# ── waivers ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["CVE-1", "GHSA-1", "PYSEC-1", "known-vulnerability", "cve-1", "Ghsa-1"])
def test_a_waiver_covers_a_finding_by_any_of_its_names(name: str) -> None:
    """The advisory, each alias and the rule are names, in any case of letters."""
    assessment = waived_by(waiver(name))

    assert assessment == Assessment(
        verdict=Verdict.PASSED, waived=(Waived(finding=FINDING, waiver=waiver(name)),), policy=BUILT_IN
    )


@pytest.mark.parametrize(
    ("purl", "covers"),
    [
        ("pkg:pypi/a@1?x=y", True),
        ("pkg:pypi/a@1", True),
        ("pkg:pypi/a", True),
        ("pkg:pypi/a@2", False),
        ("pkg:pypi/a@1?x=z", False),
        ("pkg:pypi/ab", False),
        ("pkg:pypi", False),
    ],
)
def test_a_waiver_may_be_bound_to_a_package(purl: str, covers: bool) -> None:  # noqa: FBT001
    """With or without qualifiers and version, but always to the whole name."""
    assert bool(waived_by(waiver(purl=purl)).waived) is covers


def test_a_waiver_may_be_bound_to_a_package_without_version() -> None:
    """A component without version is covered by its purl, and not by a part of it."""
    unversioned = replace(FINDING, subject="pkg:pypi/a")

    assert waived_by(waiver(purl="pkg:pypi/a"), finding=unversioned).waived
    assert not waived_by(waiver(purl="pkg:pypi/a@1"), finding=unversioned).waived


@pytest.mark.parametrize(
    ("path", "covers"),
    [("apps", True), ("apps/*/uv.lock", True), ("uv.lock", True), ("apps/web", False), ("apps/web/uv.lock", False)],
)
def test_a_waiver_may_be_bound_to_a_path(path: str, covers: bool) -> None:  # noqa: FBT001
    """All places where the component is found must be meant, else one of them would ship unseen."""
    assert bool(waived_by(waiver(path=path)).waived) is covers


def test_a_path_needs_a_place() -> None:
    """A finding without a place is in no path."""
    assert not waived_by(waiver(path="**"), finding=replace(FINDING, locations=())).waived


def test_package_and_path_must_both_match() -> None:
    """Each bond narrows."""
    assert waived_by(waiver(purl="pkg:pypi/a", path="apps")).waived
    assert not waived_by(waiver(purl="pkg:pypi/a", path="other")).waived
    assert not waived_by(waiver(purl="pkg:pypi/b", path="apps")).waived


def test_a_waiver_holds_on_its_last_day() -> None:
    """It expires at the end of the day that it names."""
    assert waived_by(waiver(days=0)).verdict is Verdict.PASSED
    assert waived_by(waiver(days=-1)).verdict is Verdict.FAILED


def test_an_expired_waiver_brings_its_finding_back() -> None:
    """The finding is open again, and the reader learns which waiver ran out."""
    expired = waiver(days=-1)

    assert waived_by(expired) == Assessment(
        policy=BUILT_IN,
        verdict=Verdict.FAILED,
        findings=(FINDING,),
        failing=frozenset({FINDING.fingerprint}),
        expired=(expired,),
        reasons=("1 finding of severity high or worse",),
        conditions={FINDING.fingerprint: "high"},
    )


def test_an_unused_waiver_is_told() -> None:
    """One that covers nothing, expired or not, can be deleted."""
    unused = (waiver("CVE-2"), waiver("CVE-3", days=-9), waiver("CVE-1", purl="pkg:pypi/b"))
    assessment = waived_by(*unused)

    assert assessment.unused == unused
    assert assessment.expired == ()


@pytest.mark.parametrize("status", [Status.SKIPPED, Status.FAILED, Status.PARTIAL])
def test_no_waiver_is_unused_where_a_question_is_open(status: Status) -> None:
    """A run without advisory data, or over a lock that was not read, must not advise to delete the waivers."""
    plugins = (PluginStatus(id="osv", status=status, reason="no data"),)

    assert judged(policy=Policy(waivers=(waiver(),)), plugins=plugins).unused == ()


def test_of_two_waivers_the_one_that_holds_counts() -> None:
    """An expired one beside one that holds does no harm; both are in use."""
    old, new = waiver(days=-9, reason="old"), waiver(days=9, reason="new")
    for assessment in (waived_by(old, new), waived_by(new, old)):
        assert assessment == Assessment(
            verdict=Verdict.PASSED, waived=(Waived(finding=FINDING, waiver=new),), policy=BUILT_IN
        )


def test_two_waivers_of_one_id_for_two_packages() -> None:
    """Each covers its own."""
    other = replace(FINDING, subject="pkg:pypi/b@1")
    assessment = judged(
        FINDING,
        other,
        policy=Policy(waivers=(waiver(purl="pkg:pypi/a"), waiver(purl="pkg:pypi/b", days=-1))),
    )

    assert [w.finding for w in assessment.waived] == [FINDING]
    assert assessment.findings == (other,)
    assert assessment.expired == (waiver(purl="pkg:pypi/b", days=-1),)
    assert assessment.unused == ()


# ── findings ────────────────────────────────────────────────────────────────────────────────────


def test_findings_come_in_order() -> None:
    """Gravest first, where unknown stands after high; then by subject, rule and instance."""
    levels = [Severity.NONE, Severity.UNKNOWN, Severity.LOW, Severity.CRITICAL, Severity.MEDIUM, Severity.HIGH]
    findings = [replace(FINDING, severity=level) for level in levels]
    findings += [replace(FINDING, subject="pkg:pypi/0@1"), replace(FINDING, rule="a"), replace(FINDING, instance="A")]
    ordered = judged(*findings).findings

    assert [f.severity.value for f in ordered] == [
        "critical", "high", "high", "high", "high", "unknown", "medium", "low", "none",
    ]  # fmt: skip
    assert [(f.subject, f.rule, f.instance) for f in ordered[1:5]] == [
        ("pkg:pypi/0@1", "known-vulnerability", "CVE-1"),
        ("pkg:pypi/a@1?x=y", "a", "CVE-1"),
        ("pkg:pypi/a@1?x=y", "known-vulnerability", "A"),
        ("pkg:pypi/a@1?x=y", "known-vulnerability", "CVE-1"),
    ]
    assert judged(*reversed(findings)).findings == ordered


@pytest.mark.parametrize(
    ("threshold", "failing"),
    [
        ("critical", {"critical"}),
        ("high", {"critical", "high"}),
        ("medium", {"critical", "high", "medium"}),
        ("low", {"critical", "high", "medium", "low"}),
        ("never", set()),
    ],
)
def test_thresholds(threshold: str, failing: set[str]) -> None:
    """A level fails with all that are graver; *none* never does, and without threshold nothing does."""
    for level in (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW, Severity.NONE):
        assessment = judged(replace(FINDING, severity=level), policy=Policy(fail_on=conditions(threshold)))

        assert assessment.verdict is (Verdict.FAILED if level.value in failing else Verdict.PASSED)
        assert bool(assessment.failing) is (level.value in failing)


UNRATED = replace(FINDING, severity=Severity.UNKNOWN)
BELOW_LOW = "1 finding below the threshold (fail-on = low)"
BELOW_NONE = "1 finding below the threshold (fail-on = never)"


@pytest.mark.parametrize(
    ("fail_on", "handling", "verdict", "reasons"),
    [
        (
            "critical",
            UnknownSeverity.FAIL,
            Verdict.FAILED,
            ("1 finding of unknown severity (unknown-severity = fail)",),
        ),
        ("low", UnknownSeverity.INCOMPLETE, Verdict.INCOMPLETE, ("1 question could not be answered",)),
        ("low", UnknownSeverity.PASS, Verdict.PASSED, (BELOW_LOW,)),
        ("never", UnknownSeverity.FAIL, Verdict.PASSED, (BELOW_NONE,)),
        ("never", UnknownSeverity.INCOMPLETE, Verdict.PASSED, (BELOW_NONE,)),
    ],
)
def test_unknown_severity(fail_on: str, handling: UnknownSeverity, verdict: Verdict, reasons: tuple[str, ...]) -> None:
    """Policy alone says what a finding without a level does; where nothing fails, it does nothing."""
    assessment = judged(UNRATED, policy=Policy(fail_on=conditions(fail_on), unknown_severity=handling))

    assert (assessment.verdict, assessment.reasons) == (verdict, reasons)
    if verdict is Verdict.INCOMPLETE:
        assert assessment.not_established == ("pkg:pypi/a@1?x=y: the severity of CVE-1 is unknown",)


def test_a_waived_finding_asks_no_question() -> None:
    """A level that nobody needs is not missing."""
    policy = Policy(unknown_severity=UnknownSeverity.INCOMPLETE, waivers=(waiver(),))

    assert judged(UNRATED, policy=policy).verdict is Verdict.PASSED


# ── open questions and the verdict ──────────────────────────────────────────────────────────────


def test_open_questions() -> None:
    """Unknowns, plug-ins that did not do all their work, and answers that stayed open; each told once."""
    answers = {
        "pkg:pypi/z@1": AdvisoryAnswer(standing=Standing.NOT_ESTABLISHED, reason="no version"),
        "pkg:pypi/b@1": AdvisoryAnswer(standing=Standing.NOT_ESTABLISHED, reason="old data"),
        "pkg:pypi/c@1": AdvisoryAnswer(standing=Standing.ABSENT),
        "pkg:pypi/d@1": AdvisoryAnswer(standing=Standing.KNOWN),
    }
    plugins = (
        PluginStatus(id="python/uv-lock", status=Status.PARTIAL, reason="said above"),
        PluginStatus(id="python/pyproject", status=Status.OK),
        PluginStatus(id="osv", status=Status.PARTIAL, reason="half"),
        PluginStatus(id="net", status=Status.SKIPPED, reason="offline"),
        PluginStatus(id="check", status=Status.FAILED, reason="boom"),
    )
    assessment = judged(
        inventory=replace(INVENTORY, unknowns=(UNKNOWN,)), facts=Facts(advisories=answers), plugins=plugins
    )

    assert assessment == Assessment(
        policy=BUILT_IN,
        verdict=Verdict.INCOMPLETE,
        reasons=("6 questions could not be answered",),
        not_established=(
            "uv.lock:7: not TOML",
            "osv: half",
            "net: offline",
            "check: boom",
            "pkg:pypi/b@1: old data",
            "pkg:pypi/z@1: no version",
        ),
    )


@pytest.mark.parametrize(
    ("policy", "questions"),
    [
        (Policy(), ("pkg:pypi/b@1: both",)),
        (Policy(cool_down=7), ("pkg:pypi/b@1: both", "pkg:pypi/a@1: down")),
        (Policy(ask_registries=True), ("pkg:pypi/b@1: both", "pkg:pypi/a@1: down")),
    ],
)
def test_releases_are_open_questions_where_somebody_asks(policy: Policy, questions: tuple[str, ...]) -> None:
    """A cool-down or the wish to ask registries makes what they did not answer a question; the same only once."""
    open_ = ReleaseAnswer(standing=Standing.NOT_ESTABLISHED, reason="down")
    releases = {
        "pkg:pypi/a@1": open_,
        "pkg:pypi/b@1": replace(open_, reason="both"),
        "pkg:pypi/c@1": replace(open_, standing=Standing.ABSENT),
    }
    advisories = {"pkg:pypi/b@1": AdvisoryAnswer(standing=Standing.NOT_ESTABLISHED, reason="both")}

    assessment = judged(policy=policy, facts=Facts(advisories=advisories, releases=releases))

    assert (assessment.verdict, assessment.not_established) == (Verdict.INCOMPLETE, questions)


def test_what_is_not_locked_is_asked_once() -> None:
    """That nothing states the version of a component is told at its place, and not again where nobody can match it."""
    place = UNKNOWN.location
    told = Component(purl="pkg:pypi/told", name="told", locations=(place,))
    untold = Component(purl="pkg:pypi/untold", name="untold", locations=(replace(place, line=8),))
    versioned = Component(purl="pkg:pypi/v@1", name="v", version="1", locations=(place,))
    answer = AdvisoryAnswer(standing=Standing.NOT_ESTABLISHED, reason="no")
    assessment = judged(
        inventory=Inventory(components=(told, untold, versioned), unknowns=(UNKNOWN,)),
        facts=Facts(advisories={c.purl: answer for c in (told, untold, versioned)}),
    )

    assert assessment.not_established == ("uv.lock:7: not TOML", "pkg:pypi/untold: no", "pkg:pypi/v@1: no")


def test_open_questions_about_releases() -> None:
    """They are asked only where the policy wants to know."""
    answer = ReleaseAnswer(standing=Standing.NOT_ESTABLISHED, reason="offline")
    facts = Facts(releases={"pkg:pypi/a@1": answer, "pkg:pypi/b@1": ReleaseAnswer(standing=Standing.KNOWN)})

    assert judged(facts=facts).not_established == ()
    for policy in (Policy(cool_down=7), Policy(ask_registries=True)):
        assert judged(facts=facts, policy=policy).not_established == ("pkg:pypi/a@1: offline",)


EMPTY = Inventory()
OPEN = Inventory(components=INVENTORY.components, unknowns=(UNKNOWN,))
OPEN_AND_EMPTY = Inventory(unknowns=(UNKNOWN,))
NOTHING = "no component was found, and the policy requires some"
GRAVE = "1 finding of severity high or worse"
ASKED = "1 question could not be answered"
ALLOWED = "1 question could not be answered, which the policy allows"
LENIENT = Policy(allow_incomplete=True)
STRICT = Policy(require_components=True)


@pytest.mark.parametrize(
    ("findings", "inventory", "policy", "verdict", "reasons"),
    [
        ([], INVENTORY, Policy(), Verdict.PASSED, ()),
        ([FINDING], INVENTORY, Policy(), Verdict.FAILED, (GRAVE,)),
        ([], OPEN, Policy(), Verdict.INCOMPLETE, (ASKED,)),
        ([FINDING], OPEN, Policy(), Verdict.FAILED, (GRAVE, ASKED)),
        ([], OPEN, LENIENT, Verdict.PASSED, (ALLOWED,)),
        ([FINDING], OPEN, LENIENT, Verdict.FAILED, (GRAVE, ALLOWED)),
        ([], EMPTY, Policy(), Verdict.PASSED, ()),
        ([], EMPTY, STRICT, Verdict.FAILED, (NOTHING,)),
        ([], INVENTORY, STRICT, Verdict.PASSED, ()),
        ([], OPEN_AND_EMPTY, STRICT, Verdict.FAILED, (NOTHING, ASKED)),
        ([], OPEN_AND_EMPTY, replace(STRICT, allow_incomplete=True), Verdict.FAILED, (NOTHING, ALLOWED)),
    ],
)
def test_verdicts(
    findings: list[Finding], inventory: Inventory, policy: Policy, verdict: Verdict, reasons: tuple[str, ...]
) -> None:
    """*Failed* beats *incomplete*; an allowed open question passes, but is still told."""
    assessment = judged(*findings, policy=policy, inventory=inventory)

    assert (assessment.verdict, assessment.reasons) == (verdict, reasons)


def test_reasons_are_counted_apart() -> None:
    """Rated and unrated findings are two reasons."""
    assessment = judged(FINDING, replace(FINDING, instance="x"), UNRATED, policy=Policy(fail_on=conditions("low")))

    assert assessment.reasons == (
        "2 findings of severity low or worse",
        "1 finding of unknown severity (unknown-severity = fail)",
    )


def test_the_policy_that_decided_is_named() -> None:
    """The result says which file it was, and its thresholds."""
    policy = Policy(source="central.toml", digest="d", fail_on=(), allow_incomplete=True, require_components=True)

    assert judged(policy=policy).policy == PolicyUsed(
        source="central.toml",
        digest="d",
        fail_on="never",
        unknown_severity="fail",
        allow_incomplete=True,
        require_components=True,
    )


# ── conditions ──────────────────────────────────────────────────────────────────────────────────

MATCH = AdvisoryMatch(
    id="CVE-1",
    ids=("GHSA-1", "CVE-1"),
    rating=Rating(severity=Severity.HIGH),
    kev=Kev(added="2026-01-01"),
)
ADVISED = replace(FINDING, subject="pkg:pypi/a@1")
ADVISORIES = {"pkg:pypi/a@1": AdvisoryAnswer(standing=Standing.KNOWN, matches=(MATCH,))}
KEV = {"kev": Catalogue(date="2026-11-23", version="1", entries=1)}
KNOWN = Facts(advisories=ADVISORIES, catalogues=KEV)


def test_the_condition_that_refuses_is_told() -> None:
    """By fingerprint, and counted apart in the reasons; the severity alone keeps its words."""
    mild = replace(ADVISED, instance="CVE-2", severity=Severity.MEDIUM)
    assessment = judged(
        ADVISED,
        replace(UNRATED, subject="pkg:pypi/a@1", instance="CVE-3"),
        mild,
        policy=Policy(fail_on=conditions("kev and runtime, medium")),
        facts=KNOWN,
    )

    assert assessment.conditions == {
        ADVISED.fingerprint: "kev and runtime",
        mild.fingerprint: "medium",
        replace(ADVISED, instance="CVE-3").fingerprint: "medium (unknown-severity = fail)",
    }
    assert assessment.reasons == (
        "1 finding refused by fail-on = kev and runtime",
        "1 finding of severity medium or worse",
        "1 finding of unknown severity (unknown-severity = fail)",
    )
    assert assessment.policy is not None
    assert assessment.policy.fail_on == "kev and runtime, medium"


def test_what_no_condition_refuses_is_told_only() -> None:
    """It is open, and does not fail."""
    assessment = judged(ADVISED, policy=Policy(fail_on=conditions("kev and dev")), facts=KNOWN)

    assert (assessment.verdict, assessment.findings) == (Verdict.PASSED, (ADVISED,))
    assert assessment.reasons == ("1 finding below the threshold (fail-on = kev and dev)",)


def test_a_missing_catalogue_is_one_question() -> None:
    """Not one per finding, and none where nothing was found."""
    other = replace(ADVISED, instance="GHSA-1")
    policy = Policy(fail_on=conditions("kev"))
    facts = Facts(advisories=ADVISORIES)
    assessment = judged(ADVISED, other, policy=policy, facts=facts)

    assert assessment.verdict is Verdict.INCOMPLETE
    (question,) = assessment.not_established
    assert question == (
        "fail-on = kev cannot be decided for CVE-1 of pkg:pypi/a@1 and 1 other finding: "
        "the advisory data holds no KEV catalogue; `bomvet db update` fetches it"
    )
    assert assessment.reasons == ("1 question could not be answered",)
    assert judged(policy=policy, facts=facts).verdict is Verdict.PASSED
    assert judged(ADVISED, policy=replace(policy, waivers=(waiver(),)), facts=facts).verdict is Verdict.PASSED
    assert judged(ADVISED, policy=replace(policy, allow_incomplete=True), facts=facts).verdict is Verdict.PASSED


def test_a_known_finding_is_not_judged() -> None:
    """What the baseline has neither fails nor asks."""
    assessment = assess(
        [ADVISED],
        Policy(fail_on=conditions("kev, high")),
        inventory=INVENTORY,
        facts=Facts(advisories=ADVISORIES),
        plugins=(),
        today=TODAY,
        baseline=[ADVISED.fingerprint, "0"],
    )

    assert (assessment.verdict, assessment.failing, assessment.not_established) == (Verdict.PASSED, frozenset(), ())
    assert (assessment.known, assessment.reasons) == (
        frozenset({ADVISED.fingerprint}),
        ("1 finding known from the baseline",),
    )


def test_scope_and_directness_are_those_of_the_component() -> None:
    """What the root or another project asks for is direct; the root itself has a scope too."""
    root = Component(purl="pkg:generic/r", name="r", directory="")
    own = Component(purl="pkg:generic/o", name="o", directory="o", scope=Scope.DEV)
    one, two = (Component(purl=f"pkg:pypi/{n}@1", name=n, scope=Scope.DEV) for n in "ab")
    inventory = Inventory(
        root=root,
        components=(own, one, two),
        relationships=(
            Relationship(source=own.purl, target=one.purl),
            Relationship(source=one.purl, target=two.purl),
        ),
    )
    findings = [replace(FINDING, subject=c.purl) for c in (root, own, one, two)]

    def refused(text: str) -> list[str]:
        policy = Policy(fail_on=conditions(text))
        failing = judged(*findings, policy=policy, inventory=inventory).failing
        return [f.subject for f in findings if f.fingerprint in failing]

    assert refused("direct") == ["pkg:pypi/a@1"]
    assert refused("dev") == ["pkg:generic/o", "pkg:pypi/a@1", "pkg:pypi/b@1"]
    assert refused("runtime") == ["pkg:generic/r"]


def test_risk_scores() -> None:
    """They are judged, and shown with the greatest upper bound."""
    terms = (ScoreTerm(name="severity", low=20, high=75, why="high"),)
    scores = (
        RiskScore(subject="pkg:pypi/a@1", low=20, high=75, terms=terms),
        RiskScore(subject="pkg:pypi/b@1", low=80, high=80, terms=terms),
    )
    assessment = assess(
        [ADVISED],
        Policy(fail_on=conditions("score>=70")),
        inventory=INVENTORY,
        facts=KNOWN,
        plugins=(),
        today=TODAY,
        scores=scores,
    )

    assert (assessment.verdict, assessment.scores, assessment.score) == (Verdict.FAILED, scores, 80)
    assert judged().score is None


def test_a_rule_that_is_off_asks_nothing() -> None:
    """The policy has said that it is not wanted."""
    plugins = (PluginStatus(id="weak-integrity", status=Status.OFF, reason="switched off by the policy"),)

    assert judged(plugins=plugins).verdict is Verdict.PASSED


# ── versions and unused waivers ─────────────────────────────────────────────────────────────────


def test_a_waiver_that_cannot_be_compared_is_told() -> None:
    """The finding stays, and the note joins those about lists that were taken over."""
    bound = replace(waiver(purl="pkg:pypi/a"), versions="<2")
    assessment = judged(ADVISED, ADVISED, policy=Policy(waivers=(bound,), notes=("n",)))

    assert (assessment.verdict, assessment.waived, assessment.unused) == (Verdict.FAILED, (), (bound,))
    assert assessment.reasons == ("2 findings of severity high or worse",)
    assert assessment.notes == (
        "n",
        "the waiver CVE-1 (<2) does not cover pkg:pypi/a@1: 1 has no place in an order of pypi versions",
    )


@pytest.mark.parametrize(
    ("number", "reason"),
    [(1, "1 waiver covers nothing (unused-waivers = fail)"), (2, "2 waivers cover nothing (unused-waivers = fail)")],
)
def test_unused_waivers_may_fail(number: int, reason: str) -> None:
    """Where the policy says so, and no question is open that they may be for."""
    policy = Policy(waivers=(waiver("X"), waiver("Y"))[:number], unused_waivers=UnusedWaivers.FAIL)

    assert (judged(policy=policy).verdict, judged(policy=policy).reasons) == (Verdict.FAILED, (reason,))
    assert judged(policy=policy, inventory=OPEN).verdict is Verdict.INCOMPLETE


# ── provenance ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize(
    ("status", "is_open"),
    [
        (ProvenanceStatus.VERIFIED, False),
        (ProvenanceStatus.ABSENT, False),
        (ProvenanceStatus.INVALID, False),
        (ProvenanceStatus.UNSUPPORTED, True),
        (ProvenanceStatus.NOT_ESTABLISHED, True),
    ],
)
def test_provenance_that_stays_open(status: ProvenanceStatus, *, is_open: bool, required: bool) -> None:
    """What could not be established leaves the verdict open where it is required, and there alone."""
    answer = ProvenanceAnswer(status=status, reason="why", required=required)
    assessment = judged(facts=Facts(provenance={"pkg:pypi/a@1": answer}))

    assert assessment.not_established == (("pkg:pypi/a@1: why",) if is_open and required else ())
    assert assessment.verdict is (Verdict.INCOMPLETE if is_open and required else Verdict.PASSED)
