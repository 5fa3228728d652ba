"""Packages from registries that are not expected."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from bomvet.checks.component.foreign_registry import FOREIGN_REGISTRY
from bomvet.model.facts import Facts, Severity, SourceAnswer
from bomvet.model.finding import Finding
from bomvet.model.inventory import Component, Confidence, Location
from tests.harness import run_check

EVIL, NPM = "https://npm.evil.example", "https://npm.packages.example"
PLACE = (Location(path="package-lock.json", line=3),)
SUBJECT = Component(purl="pkg:npm/a@1", name="a", version="1", locations=PLACE)


def facts(answer: SourceAnswer) -> Facts:
    """What is known of the component."""
    return Facts(sources=MappingProxyType({SUBJECT.purl: answer}))


def test_against_a_configuration() -> None:
    """It is grave, and names what is configured and where."""
    answer = SourceAnswer(foreign=(EVIL,), expected=(NPM,), basis=".npmrc:2", certain=True)

    assert run_check(FOREIGN_REGISTRY, SUBJECT, facts(answer)) == [
        Finding(
            rule="foreign-registry",
            subject="pkg:npm/a@1",
            severity=Severity.HIGH,
            message=f"a@1 comes from {EVIL}, and only {NPM} is configured (.npmrc:2)",
            locations=PLACE,
            evidence=(f"expected {NPM} (.npmrc:2)",),
            remediation=(
                "Find out who changed the entry of a, and restore it. If the registry is right, name it in the "
                "configuration of the package manager, or under registries in bomvet.toml."
            ),
        )
    ]


@pytest.mark.parametrize(
    ("expected", "text"),
    [((NPM,), NPM), ((), "the registry of the client"), (tuple("abcde"), "a, b, c and 2 more")],
)
def test_against_all_others(expected: tuple[str, ...], text: str) -> None:
    """It is less grave, and less sure."""
    answer = SourceAnswer(foreign=(EVIL,), expected=expected, basis="all others")
    (finding,) = run_check(FOREIGN_REGISTRY, SUBJECT, facts(answer))

    assert (finding.severity, finding.confidence) == (Severity.MEDIUM, Confidence.MEDIUM)
    assert finding.message == f"a@1 comes from {EVIL}, while nearly all other packages of the lock come from {text}"


def test_nothing_to_say() -> None:
    """Of what does not stand out, and of what does otherwise."""
    assert run_check(FOREIGN_REGISTRY, SUBJECT) == []
    assert run_check(FOREIGN_REGISTRY, SUBJECT, facts(SourceAnswer(hashed=3))) == []
