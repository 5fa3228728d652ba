"""The policies that the documentation shows: whoever copies them gets what the page says."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

from bomvet.model.facts import (
    AdvisoryAnswer,
    AdvisoryMatch,
    Catalogue,
    Epss,
    Facts,
    Kev,
    Rating,
    Severity,
    Standing,
)
from bomvet.model.finding import Assessment, Finding, Verdict
from bomvet.model.inventory import Component, Inventory, Scope
from bomvet.pipeline import version_key
from bomvet.policy.assess import assess
from bomvet.policy.cases import judged, read_cases
from bomvet.policy.conditions import TERMS
from bomvet.policy.document import Policy, read_policy
from bomvet.policy.expressions import FUNCTIONS
from bomvet.policy.meaning import meaning

DOCS = Path(__file__).parents[2] / "docs"
TODAY = dt.date(2026, 11, 24)
HOW_TO = (DOCS / "how-to" / "write-a-policy.md").read_text("utf-8")
REFERENCE = (DOCS / "reference" / "policy-language.md").read_text("utf-8")


def blocks(language: str, page: str = HOW_TO) -> list[str]:
    """The blocks of a page in that language."""
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


@pytest.fixture(scope="module")
def gate() -> Policy:
    """Fail on KEV or EPSS above 0.5 in runtime dependencies, warn on the rest, ignore X until March."""
    return read_policy(blocks("toml")[0], "bomvet.toml")


def judgement(
    gate: Policy,
    *,
    id_: str = "CVE-1",
    name: str = "a",
    scope: Scope = Scope.REQUIRED,
    severity: Severity = Severity.HIGH,
    kev: bool = False,
    epss: float | None = None,
    today: dt.date = TODAY,
    catalogues: tuple[str, ...] = ("kev", "epss"),
) -> Assessment:
    """What the gate makes of one advisory of one component."""
    component = Component(purl=f"pkg:pypi/{name}@1.0", name=name, version="1.0", scope=scope)
    match = AdvisoryMatch(
        id=id_,
        ids=(id_,),
        rating=Rating(severity=severity),
        kev=Kev(added="2026-01-01") if kev else None,
        epss=None if epss is None else Epss(score=epss, percentile=epss, date="2026-11-23", model="v4"),
    )
    finding = Finding(
        rule="known-vulnerability", subject=component.purl, severity=severity, message="m", instance=id_, ids=(id_,)
    )
    return assess(
        [finding],
        gate,
        inventory=Inventory(components=(component,)),
        facts=Facts(
            advisories={component.purl: AdvisoryAnswer(standing=Standing.KNOWN, matches=(match,))},
            catalogues={name: Catalogue(date="2026-11-23", version="1", entries=1) for name in catalogues},
        ),
        plugins=(),
        today=today,
    )


def test_the_gate_refuses_what_is_exploited_in_what_ships(gate: Policy) -> None:
    """By KEV whatever the severity, by EPSS above 0.5."""
    by_kev = judgement(gate, kev=True, severity=Severity.LOW)
    by_epss = judgement(gate, epss=0.51, severity=Severity.UNKNOWN)

    assert (by_kev.verdict, list(by_kev.conditions.values())) == (Verdict.FAILED, ["kev and runtime"])
    assert (by_epss.verdict, list(by_epss.conditions.values())) == (Verdict.FAILED, ["epss>0.5 and runtime"])


@pytest.mark.parametrize("scope", [Scope.DEV, Scope.OPTIONAL])
def test_the_gate_warns_of_the_rest(gate: Policy, scope: Scope) -> None:
    """Exploited elsewhere, or grave and not exploited: open findings, and a pass."""
    for assessment in (
        judgement(gate, kev=True, epss=0.9, scope=scope),
        judgement(gate, severity=Severity.CRITICAL, epss=0.5),
        judgement(gate, severity=Severity.UNKNOWN),
    ):
        assert (assessment.verdict, len(assessment.findings)) == (Verdict.PASSED, 1)


def test_the_gate_ignores_one_advisory_until_march(gate: Policy) -> None:
    """In the package that is named, up to the last day of February."""

    def of_werkzeug(day: dt.date, name: str = "werkzeug") -> Assessment:
        return judgement(gate, id_="CVE-2024-34069", name=name, kev=True, today=day)

    assert [len(of_werkzeug(dt.date(2027, 2, 28)).waived), len(of_werkzeug(dt.date(2027, 3, 1)).waived)] == [1, 0]
    assert of_werkzeug(dt.date(2027, 2, 28)).verdict is Verdict.PASSED
    assert of_werkzeug(dt.date(2027, 3, 1)).verdict is Verdict.FAILED
    assert of_werkzeug(TODAY, "other").verdict is Verdict.FAILED


@pytest.mark.parametrize("catalogues", [(), ("kev",), ("epss",)])
def test_the_gate_does_not_pass_what_it_cannot_know(gate: Policy, catalogues: tuple[str, ...]) -> None:
    """Without a catalogue the answer is open."""
    assert judgement(gate, catalogues=catalogues).verdict is Verdict.INCOMPLETE


def test_what_check_says_is_on_the_page(gate: Policy) -> None:
    """Word for word."""
    (shown,) = [block for block in blocks("text") if "is a valid policy" in block]
    lines = ["bomvet.toml is a valid policy.", "", *meaning(gate, TODAY), "Tests: 7, which `bomvet policy test` runs"]

    assert shown == "\n".join(lines) + "\n"


def test_what_test_says_is_on_the_page(gate: Policy) -> None:
    """All tests of the page pass, and their results stand there."""
    outcomes = [judged(case, gate, TODAY, version_key) for case in read_cases(blocks("toml")[0], "bomvet.toml")]
    (shown,) = [block for block in blocks("text") if block.startswith("ok ")]

    assert [o.wrong for o in outcomes] == [""] * 7
    assert shown == "".join(f"ok      {o.case.name}: {o.was}\n" for o in outcomes) + "7 tests, 0 failed\n"


def test_all_policies_of_the_page() -> None:
    """Each can be read, and its tests pass."""
    found = [(read_policy(text, "bomvet.toml"), read_cases(text, "bomvet.toml")) for text in blocks("toml")]

    assert [len(cases) for _, cases in found] == [7, 2, 0, 0]
    assert [o.wrong for policy, cases in found for o in (judged(c, policy, TODAY) for c in cases)] == [""] * 9


def test_every_condition_of_the_page_can_be_written() -> None:
    """The table of what one may want to stop."""
    stated = re.findall(r"^\| [^|`]+ \| ([^|]+) \|$", HOW_TO, re.MULTILINE)
    terms = [text.removeprefix("… and ") for row in stated for text in re.findall(r"`([^`]+)`", row)]

    assert len(terms) == 12
    for term in terms:
        assert read_policy(f'fail-on = "{term}"', "bomvet.toml").fail_on


def test_the_reference_names_everything() -> None:
    """Every term and every function."""
    assert [term for term in TERMS if f"`{term}`" not in REFERENCE] == []
    assert [name for name in FUNCTIONS if f"`{name}`" not in REFERENCE and not name.startswith("get")] == []
