"""One upgrade for all vulnerabilities of a component: `_upgrades`."""

from __future__ import annotations

from typing import Any

import pytest

from bomvet.checks.component.known_vulnerability import KNOWN_VULNERABILITY
from bomvet.model.facts import AdvisoryAnswer, AdvisoryMatch, Facts, Rating, Severity, Standing
from bomvet.model.finding import Finding
from bomvet.model.inventory import Component
from bomvet.model.records import replace
from bomvet.reports._upgrades import remedies
from tests.harness import run_check

PIPE = Component(purl="pkg:pypi/pipe@1", name="pipe", version="1")
OTHER = Finding(rule="x", subject=PIPE.purl, severity=Severity.LOW, message="m", remediation="Do x.")


def told(*versions: tuple[str, str], component: Component = PIPE, more: tuple[Finding, ...] = ()) -> list[str]:
    """The remedies of matches with these (fixed, clean)."""
    matches = tuple(
        AdvisoryMatch(id=f"CVE-{n}", ids=("x",), rating=Rating(severity=Severity.LOW), fixed=fixed, clean=clean)
        for n, (fixed, clean) in enumerate(versions)
    )
    answer = AdvisoryAnswer(standing=Standing.KNOWN, matches=matches)
    found = run_check(KNOWN_VULNERABILITY, component, Facts(advisories={component.purl: answer}))
    by_name: dict[tuple[str, str], Any] = {(component.purl, m.id): m for m in matches}
    return list(remedies(component, [*found, *more], by_name))


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ([("1.4", "2.0")], ["Upgrade pipe to 2.0 (1.4 ends this one alone)."]),
        ([("2.0", "2.0")] * 2, ["Upgrade pipe to 2.0, which ends both."]),
        (
            [("1.10", "2.0"), ("1.9", "2.0"), ("1.9", "2.0"), ("", "2.0")],
            ["Upgrade pipe to 2.0, which ends all 4; the smallest step, to 1.9, ends 2 of 4."],
        ),
        ([("", "2.0")] * 2, ["Upgrade pipe to 2.0, which ends both."]),
        (
            [("1.10", ""), ("1.9", ""), ("", "")],
            ["Upgrade pipe to 1.9, which ends 1 of 3; no version is known to end all."],
        ),
        ([("", ""), ("", "")], ["No fixed version of pipe is known: replace it, or waive this with a reason."]),
    ],
)
def test_one_upgrade(versions: list[tuple[str, str]], expected: list[str]) -> None:
    """The version that ends all; before it the smallest step, in the order of versions, where that ends some."""
    assert told(*versions) == expected


def test_other_remedies_stay() -> None:
    """What other rules say is told once each, in the sequence of the findings."""
    silent = replace(OTHER, remediation="")

    assert told(("2.0", "2.0"), ("2.0", "2.0"), more=(OTHER, OTHER, silent)) == [
        "Upgrade pipe to 2.0, which ends both.",
        "Do x.",
    ]


def test_a_finding_without_its_advisory_keeps_its_own_words() -> None:
    """A result of another hand may hold findings and no facts."""
    found = replace(OTHER, rule="known-vulnerability", remediation="Upgrade pipe to 3.")

    assert list(remedies(PIPE, [found, replace(found, instance="2")], {})) == ["Upgrade pipe to 3."]


@pytest.mark.parametrize("purl", ["pkg:pypi/pipe@1", "pkg:generic/pipe@1"])
def test_versions_without_an_order(purl: str) -> None:
    """Of what cannot be ordered some step is named, always the same."""
    component = replace(PIPE, purl=purl)

    assert told(("b!", "9"), ("a!", "9"), component=component) == [
        "Upgrade pipe to 9, which ends both; the smallest step, to a!, ends 1 of 2."
    ]
