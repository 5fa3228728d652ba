"""Packages whose name may be taken from several registries."""

from __future__ import annotations

from types import MappingProxyType

from bomvet.checks.component.mixed_indexes import MIXED_INDEXES
from bomvet.model.facts import Facts, Severity, SourceAnswer
from bomvet.model.finding import Finding
from bomvet.model.inventory import Component, Location
from tests.harness import run_check

OWN, OTHER = "https://pypi.acme.example/simple", "https://pypi.packages.example/simple"
PLACE = (Location(path="requirements.txt", line=3),)
SUBJECT = Component(purl="pkg:pypi/a@1", name="a", version="1", locations=PLACE)


def facts(answer: SourceAnswer) -> Facts:
    """What is known of the component."""
    return Facts(sources=MappingProxyType({SUBJECT.purl: answer}))


def test_a_whole_finding() -> None:
    """With the rivals, and what to do."""
    assert run_check(MIXED_INDEXES, SUBJECT, facts(SourceAnswer(rivals=(OTHER,)))) == [
        Finding(
            rule="mixed-indexes",
            subject="pkg:pypi/a@1",
            severity=Severity.MEDIUM,
            message=(
                f"a may be taken from {OTHER} as well as from the index of the client: "
                "whoever has the name on either decides what is installed"
            ),
            locations=PLACE,
            evidence=(f"also {OTHER}",),
            remediation="Say from which index a comes (an explicit index, a scope), or lock it with hashes.",
        )
    ]


def test_its_own_registry_is_named() -> None:
    """Where it is stated."""
    subject = Component(purl="pkg:pypi/a@1", name="a", properties=(("bomvet:registry", OWN),))
    (finding,) = run_check(MIXED_INDEXES, subject, facts(SourceAnswer(rivals=(OTHER,))))

    assert finding.message.startswith(f"a may be taken from {OTHER} as well as from {OWN}: ")


def test_nothing_to_say() -> None:
    """Of what has no rival."""
    assert run_check(MIXED_INDEXES, SUBJECT) == []
    assert run_check(MIXED_INDEXES, SUBJECT, facts(SourceAnswer(hashed=3))) == []
