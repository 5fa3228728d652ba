"""The report for people: `TABLE`."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from bomvet.model.facts import AdvisoryAnswer, AdvisoryMatch, Epss, Facts, Kev, Rating, Severity, Standing
from bomvet.model.finding import (
    Assessment,
    Finding,
    PolicyUsed,
    RiskScore,
    ScoreTerm,
    Statement,
    Suppressed,
    Verdict,
    Waived,
    Waiver,
)
from bomvet.model.inventory import (
    Component,
    Confidence,
    Inventory,
    Kind,
    Location,
    Relationship,
    Scope,
    Unknown,
)
from bomvet.model.provenance import ProvenanceAnswer, ProvenanceStatus
from bomvet.model.result import ScanResult, Skipped, Snapshot, Target
from bomvet.plugin import RenderOptions
from bomvet.reports.table import TABLE

ROOT = Component(purl="pkg:generic/sink@1", name="sink", version="1", kind=Kind.APPLICATION, directory="")
PIPE = Component(purl="pkg:pypi/pipe@2", name="pipe", version="2", locations=(Location(path="uv.lock", line=7),))
TAP = Component(purl="pkg:pypi/tap@3", name="tap", version="3", scope=Scope.DEV)
RESULT = ScanResult(
    tool="0",
    time="2026-01-01T00:00:00Z",
    target=Target(kind="dir", name="sink"),
    inventory=Inventory(
        root=ROOT,
        components=(PIPE, TAP),
        relationships=(
            Relationship(source=ROOT.purl, target=PIPE.purl),
            Relationship(source=PIPE.purl, target=TAP.purl),
        ),
    ),
)
LEAK = Finding(
    rule="known-vulnerability",
    subject=PIPE.purl,
    severity=Severity.HIGH,
    message="Leaks",
    instance="CVE-1",
    ids=("CVE-1",),
    locations=PIPE.locations,
    remediation="Upgrade pipe to 3.",
)
SKIPPED = Skipped(path="uv.lock", reason="ignored")
WAIVER = Waiver(id="CVE-9", reason="dry", owner="ada", expires=dt.date(2027, 1, 1), line=4)


def table(result: ScanResult, **options: Any) -> str:
    """The report as text."""
    return TABLE.render(result, RenderOptions(**options)).decode()


def judged(**fields: Any) -> ScanResult:
    """`RESULT` with an assessment."""
    return replace(RESULT, assessment=Assessment(**{"verdict": Verdict.PASSED, **fields}))


def test_what_to_do_next() -> None:
    """Upgrades are named where all that is refused is a vulnerability; what is not locked has a way of its own."""
    other = replace(LEAK, rule="unpinned-git", instance="", ids=())
    steps = [
        table(judged(findings=(*found,), failing={f.fingerprint for f in found}, not_established=(*questions,)))
        .partition("Next: ")[2]
        .replace("\n", " ")
        for found, questions in (([LEAK], []), ([LEAK, other], []), ([], ["a:1: not locked: b"]), ([], ["a: odd"]))
    ]

    waive = "or waive a finding in bomvet.toml (id, reason, owner, expires)"
    answer = "answer the open questions above, leave files out with --exclude, or accept it with --allow-incomplete"
    assert [step.strip() for step in steps] == [
        f"take the upgrades above {waive}.",
        f"mend what ✗ refuses {waive}.",
        f"lock what is not locked, or let --resolve ask npm and uv for it, and {answer}.",
        f"{answer}.",
    ]


def test_an_inventory_is_listed() -> None:
    """Without an assessment the components are shown with scope and place, and what is unknown."""
    unknown = Unknown(location=Location(path="a", line=2), resolver="r", reason="odd")
    text = table(replace(RESULT, inventory=replace(RESULT.inventory, unknowns=(unknown,))))

    assert [line.split() for line in text.splitlines()] == [
        ["sink@1", "·", "2", "components", "(1", "dev)"],
        [],
        ["COMPONENT", "SCOPE", "WHERE"],
        ["pipe@2", "required", "uv.lock:7"],
        ["tap@3", "dev"],
        [],
        ["Not", "established", "(1)"],
        ["?", "a:2:", "odd"],
        [],
    ]


def test_findings_are_grouped_by_component() -> None:
    """One block per component: each finding, then where, why and what to do, once."""
    minor = replace(LEAK, severity=Severity.LOW, instance="CVE-2", message="Drips", confidence=Confidence.LOW)
    dev = replace(LEAK, subject=TAP.purl, severity=Severity.UNKNOWN, locations=(), remediation="", instance="CVE-3")
    result = judged(
        verdict=Verdict.FAILED,
        findings=(LEAK, dev, minor),
        failing=frozenset({LEAK.fingerprint}),
        reasons=("1 finding of severity high or worse",),
    )

    assert table(replace(result, advisory_data=Snapshot(obtained="2026-01-31T", source="", digest="", records=9))) == (
        "sink@1 · 2 components (1 dev) · 9 advisories as of 2026-01-31\n"
        "\n"
        "pipe@2\n"
        "  ✗ HIGH     CVE-1            Leaks\n"
        "  · LOW      CVE-2            Drips (low confidence)\n"
        "    where uv.lock:7\n"
        "    why   sink@1 > pipe@2\n"
        "    do    Upgrade pipe to 3.\n"
        "\n"
        "tap@3  [dev]\n"
        "  · UNKNOWN  CVE-3            Leaks\n"
        "    why   sink@1 > pipe@2 > tap@3\n"
        "\n"
        "✗ is refused by the policy, · is told only.\n"
        "FAILED: 1 finding of severity high or worse\n"
        "Next: take the upgrades above or waive a finding in bomvet.toml (id, reason,\n"
        "owner, expires).\n"
    )


def test_exploited_weaknesses_are_marked() -> None:
    """KEV and a likely EPSS stand below the message, exploited ones first, and one upgrade stands for all findings."""
    kev = Kev(added="2021-12-10", ransomware=True)
    epss = Epss(score=0.97, percentile=0.995, date="2026-11-24", model="v1", band="99-100")
    rating = Rating(severity=Severity.HIGH)
    first = AdvisoryMatch(id="CVE-1", ids=("CVE-1",), rating=rating, fixed="3", clean="4", kev=kev, epss=epss)
    second = replace(first, id="CVE-2", fixed="4", kev=None, epss=None)
    facts = Facts(advisories={PIPE.purl: AdvisoryAnswer(standing=Standing.KNOWN, matches=(first, second))})
    found = (replace(LEAK, instance="CVE-2", remediation="Upgrade pipe to 4."), LEAK)

    assert (
        table(replace(judged(findings=found), facts=facts))
        .partition("\n\n")[2]
        .startswith(
            "pipe@2\n"
            "  · HIGH     CVE-1            Leaks\n"
            "                              KEV since 2021-12-10, used for ransomware\n"
            "                              EPSS 0.97 (99th percentile, 2026-11-24)\n"
            "  · HIGH     CVE-2            Leaks\n"
            "    where uv.lock:7\n"
            "    why   sink@1 > pipe@2\n"
            "    do    Upgrade pipe to 4, which ends both; the smallest step, to 3, ends 1 of\n"
            "          2.\n"
        )
    )


def test_the_greatest_risks_are_shown() -> None:
    """Five of them, with the terms that weigh most; none where there is nothing to tell."""
    terms = (
        ScoreTerm(name="severity", low=22.5, high=22.5, why="w"),
        ScoreTerm(name="exploitation", low=0, high=25, why="w"),
    )
    one = RiskScore(subject=PIPE.purl, low=33, high=83, terms=terms)
    others = [RiskScore(subject=f"pkg:pypi/x{n}@1", low=9 - n, high=9 - n, terms=terms[:1]) for n in range(6)]

    assert table(judged(scores=(one,))).partition("\n\n")[2].startswith(
        "Risk, from 0 to 100\n"
        "  33 to 83 pipe@2 severity 22.5, exploitation 0 to 25\n"
        "\n"
        "PASSED"
    )  # fmt: skip
    text = table(judged(scores=(one, *others)))
    assert "Risk, from 0 to 100, 5 of 7\n" in text
    assert "pkg:pypi/x3@1" in text
    assert "pkg:pypi/x4@1" not in text
    assert "Risk" not in table(judged())


def test_waivers_and_passed_over_files_are_told() -> None:
    """Nothing that made the result smaller is left out."""
    result = judged(
        waived=(Waived(finding=LEAK, waiver=WAIVER),),
        expired=(WAIVER,),
        unused=(WAIVER,),
        not_established=("osv: no data",),
    )
    result = replace(result, target=replace(RESULT.target, skipped=(Skipped(path="b/uv.lock", reason="ignored"),)))
    text = table(result)

    for line in (
        "Waived (1)\n  - CVE-1 in pipe@2 until 2027-01-01 (ada): dry\n",
        "Expired waivers, whose findings are back (1)\n  - CVE-9, expired 2027-01-01 (ada, bomvet.toml:4)\n",
        "Unused waivers, to be deleted (1)\n  - CVE-9 (ada, bomvet.toml:4)\n",
        "Passed over (1)\n  - b/uv.lock: ignored\n",
        "Not established (1)\n  ? osv: no data\n",
    ):
        assert line in text


def test_what_vex_answers_and_what_was_known() -> None:
    """Statements with whose word they are, notes, and of what the baseline has the number."""
    other = replace(LEAK, instance="CVE-2")
    statement = Statement(ids=("CVE-1",), status="fixed", products=("p",), source="v.json")
    reasoned = replace(statement, status="not_affected", justification="j", impact="never called", author="Ada")
    result = judged(
        findings=(LEAK, other, replace(LEAK, instance="CVE-3")),
        failing=frozenset((LEAK.fingerprint,)),
        known=frozenset((other.fingerprint, replace(LEAK, instance="CVE-3").fingerprint)),
        suppressed=(Suppressed(finding=LEAK, statement=statement), Suppressed(finding=other, statement=reasoned)),
        notes=("n",),
    )
    text, one = table(result), table(judged(findings=(LEAK,), known=frozenset((LEAK.fingerprint,))))

    assert "Suppressed by VEX (2)\n  - CVE-1 in pipe@2: fixed, no author, v.json\n" in text
    assert "  - CVE-2 in pipe@2: not affected (j: never called), Ada, v.json\n" in text
    assert "Notes (1)\n  - n\n" in text
    assert "\n2 findings known from the baseline: -f json shows all.\n\n" in text
    assert "\n1 finding known from the baseline: -f json shows all.\n\n" in one
    # Only what is shown needs a legend.
    assert "is told only" not in text


def test_long_lists_are_cut_and_counted() -> None:
    """Twenty lines, then how many more there are and where they stand."""
    text = table(judged(verdict=Verdict.INCOMPLETE, not_established=tuple(f"q{n}" for n in range(25))))

    assert "Not established (25)" in text
    assert "q19" in text
    assert "q20" not in text
    assert "... and 5 more: -f json shows all" in text


def test_many_places_are_cut_and_counted() -> None:
    """Three places, then how many more."""
    places = tuple(Location(path=f"{n}/uv.lock", line=n) for n in range(1, 6))
    text = table(judged(findings=(replace(LEAK, locations=places),)))

    assert "where 1/uv.lock:1, 2/uv.lock:2, 3/uv.lock:3 and 2 more" in text


def test_nothing_exceeds_the_width() -> None:
    """Long names and texts are folded within 80 columns."""
    long = replace(LEAK, message="leak " * 60, remediation="x" * 200, instance="GHSA-" + "y" * 40)
    text = table(judged(findings=(long,)))

    assert max(map(len, text.splitlines())) <= 80


def test_colour_is_only_used_where_asked_for() -> None:
    """Escape sequences appear with `color` and never without."""
    result = judged(findings=(LEAK,))

    assert "\x1b[" in table(result, color=True)
    assert "\x1b" not in table(result)


def test_foreign_text_cannot_steer_a_terminal() -> None:
    """Control characters, bidirectional marks and `::` of scanned files are taken out."""
    text = table(judged(findings=(replace(LEAK, message="a\x1b[2Jb\u202ec\r\n::error::d"),)))

    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "::" not in text


def test_a_subject_that_is_no_component_is_shown_as_it_is() -> None:
    """A service has no path through the packages; its reference is its name."""
    finding = replace(LEAK, subject="svc:slack/webhook", locations=())

    assert "\nsvc:slack/webhook\n  · HIGH     CVE-1            Leaks\n" in table(judged(findings=(finding,)))


def test_an_empty_result_says_so() -> None:
    """Passed, and that there was nothing to check."""
    empty = replace(judged(), inventory=Inventory())
    text = table(empty)

    assert text.startswith("sink · 0 components\n")
    assert "Nothing was found to check" in text


def test_what_to_do_next_fits_the_reason() -> None:
    """An empty result that the policy refuses has no upgrades to take; open questions are to be answered."""
    refused = table(judged(verdict=Verdict.FAILED, reasons=("no component was found",)))
    unanswered = table(judged(verdict=Verdict.INCOMPLETE, not_established=("osv: no data",)))

    assert "Next:" not in refused
    assert "see what was not established" in table(replace(judged(not_established=("a: odd",)), inventory=Inventory()))
    assert "Next: answer the open questions above" in unanswered


def test_what_to_do_where_nobody_is_proved_to_have_built_it() -> None:
    """Evidence can be brought, and packages that nobody attests can be exempt."""
    open_ = ProvenanceAnswer(status=ProvenanceStatus.NOT_ESTABLISHED, required=True)
    told = ProvenanceAnswer(status=ProvenanceStatus.NOT_ESTABLISHED)
    judgement = judged(verdict=Verdict.INCOMPLETE, not_established=("pkg:npm/a@1: offline",))
    step = "Next: name recorded evidence with --attestations, or exempt what has none"

    assert step in table(replace(judgement, facts=Facts(provenance={"pkg:npm/a@1": open_})))
    assert step not in table(replace(judgement, facts=Facts(provenance={"pkg:npm/a@1": told})))


def test_a_long_summary_is_cut() -> None:
    """The first sentence, or as many words as fill two lines; `bomvet explain` has the rest."""
    first = table(judged(findings=(replace(LEAK, message="It leaks. And more. " * 9),)))
    words = table(judged(findings=(replace(LEAK, message="leaks " * 60),)))

    told = table(judged(findings=(replace(LEAK, message="Pipe is a library for Python. It leaks. And more."),)))

    assert "Leaks" not in told
    assert "  It leaks.\n" in told
    assert "It leaks.\n" in first
    assert "And more" not in first
    assert words.count("leaks") < 20
    assert " ...\n" in words


def test_the_policy_is_named() -> None:
    """The reader sees which file decided, and what it refuses."""
    policy = PolicyUsed(
        source="central.toml", fail_on="low", unknown_severity="fail", allow_incomplete=False, require_components=False
    )
    text = table(judged(policy=policy, unused=(WAIVER,)))

    assert "PASSED\nPolicy: central.toml, fail-on = low.\n" in text
    assert "CVE-9 (ada, central.toml:4)" in text
    assert "Policy: built in, fail-on = low." in table(judged(policy=replace(policy, source="")))


def test_an_empty_result_of_passed_over_files_says_so() -> None:
    """An ignored lock is not the same as none."""
    result = replace(judged(), inventory=Inventory(), target=Target(kind="dir", name="x", skipped=(SKIPPED,)))

    assert "Nothing was checked: see what was passed over." in table(result)


def test_a_digest_in_the_place_of_a_version_is_not_shown() -> None:
    """An unversioned project goes by its name alone."""
    root = replace(ROOT, version="sha256:0123456789abcdef", purl="pkg:generic/sink@sha256:0123456789abcdef")
    edge = Relationship(source=root.purl, target=PIPE.purl)
    result = replace(
        judged(findings=(LEAK,)), inventory=Inventory(root=root, components=(PIPE,), relationships=(edge,))
    )
    text = table(result)

    assert text.startswith("sink · 1 component")
    assert "why   sink > pipe@2" in text


def test_how_many_are_proved() -> None:
    """One line where who built what was asked, with and without a judgement; none where nobody asked."""
    facts = Facts(
        provenance={
            PIPE.purl: ProvenanceAnswer(status=ProvenanceStatus.ABSENT),
            TAP.purl: ProvenanceAnswer(status=ProvenanceStatus.NOT_ESTABLISHED),
        }
    )

    for result in (replace(judged(), facts=facts), replace(RESULT, facts=facts)):
        assert "\n\nProvenance: 0 of 2 verified, 1 absent, 1 not established.\n" in table(result)
    assert "Provenance" not in table(judged())
