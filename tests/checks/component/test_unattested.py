"""Components without evidence."""

from __future__ import annotations

import pytest

from bomvet.checks.component.unattested import UNATTESTED
from bomvet.model.facts import Severity
from bomvet.model.finding import Finding
from bomvet.model.provenance import EarlierRelease, EvidenceKind, ProvenanceAnswer, ProvenanceStatus, PublishLevel, Step
from bomvet.model.records import replace
from tests.checks.component.provenance import (
    OWN,
    PLACE,
    SIGNATURE,
    SLSA,
    SUBJECT,
    absent,
    answer,
    facts,
    identity,
    invalid,
    refusal,
    verified,
)
from tests.harness import run_check

EARLIER = EarlierRelease(version="1.3.0", uploaded="", level=PublishLevel.PROVENANCE)
BY_REGISTRY = "its registry signed it, which says what it serves, and not who built that"


def test_no_evidence() -> None:
    """Low, by the word of the registry that was asked."""
    assert run_check(UNATTESTED, SUBJECT, facts(absent(reason="404 of the attestations"))) == [
        Finding(
            rule="unattested",
            subject="pkg:npm/left-pad@1.3.1",
            severity=Severity.LOW,
            message="Nothing says who built left-pad@1.3.1: npm.packages.example has no evidence of it",
            locations=PLACE,
            evidence=("404 of the attestations",),
            remediation=(
                "Ask the maintainers of left-pad to publish with provenance (trusted publishing), and let a release "
                "cool down meanwhile; where evidence is a must, take a package that has it."
            ),
        )
    ]


@pytest.mark.parametrize(
    ("known", "message", "evidence"),
    [
        (absent(registry=""), "its registry has no evidence of it", ()),
        (verified(SIGNATURE), "npm.packages.example has no evidence of it", (BY_REGISTRY,)),
        (
            answer(ProvenanceStatus.ABSENT, replace(SLSA, kind=EvidenceKind.NPM_PUBLISH, identity=None), SIGNATURE),
            "npm.packages.example has no evidence of it",
            (BY_REGISTRY,),
        ),
    ],
)
def test_what_does_not_count(known: ProvenanceAnswer, message: str, evidence: tuple[str, ...]) -> None:
    """The signature that a registry gives to everything."""
    (found,) = run_check(UNATTESTED, SUBJECT, facts(known))

    assert (found.message.partition(": ")[2], found.evidence) == (message, evidence)


@pytest.mark.parametrize(
    "known",
    [
        None,
        verified(),
        verified(replace(SLSA, kind=EvidenceKind.SIGNATURE, identity=None), SIGNATURE),
        invalid(refusal(Step.LOG)),
        answer(ProvenanceStatus.UNSUPPORTED),
        answer(ProvenanceStatus.NOT_ESTABLISHED),
        absent(stronger=EARLIER),
        answer(ProvenanceStatus.ABSENT, SLSA, files=2),
    ],
)
def test_some_evidence_or_no_answer(known: ProvenanceAnswer | None) -> None:
    """Evidence that is refused or not verified here is some; what should be there is another rule's."""
    assert run_check(UNATTESTED, SUBJECT, facts(known)) == []


def test_what_the_identity_lock_expects_is_not_merely_unattested() -> None:
    """The rule about downgrades tells that."""
    assert run_check(UNATTESTED, SUBJECT, facts(absent(), identity())) == []


def test_projects_of_the_tree_are_not_judged() -> None:
    """Nobody attests them but their own."""
    assert run_check(UNATTESTED, OWN, facts(absent())) == []


def test_it_is_off_by_itself() -> None:
    """Most packages have no evidence yet."""
    assert not UNATTESTED.rule.enabled
