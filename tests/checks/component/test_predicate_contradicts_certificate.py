"""Provenance that claims what its certificate denies."""

from __future__ import annotations

import pytest

from bomvet.checks.component.predicate_contradicts_certificate import PREDICATE_CONTRADICTS_CERTIFICATE
from bomvet.model.facts import Severity
from bomvet.model.finding import Finding
from bomvet.model.provenance import ProvenanceAnswer, Step
from bomvet.model.records import replace
from tests.checks.component.provenance import (
    IDENTITY,
    OWN,
    PLACE,
    SLSA,
    SOURCE,
    SUBJECT,
    facts,
    invalid,
    refusal,
    verified,
)
from tests.harness import run_check

LIES = ("it says that the commit is 1234, and the certificate c0ffee", "it says that the builder is another")


def test_every_claim_is_told() -> None:
    """High, with who really signed."""
    lying = replace(SLSA, contradictions=LIES)
    keyed = replace(SLSA, identity=None, contradictions=LIES[:1], predicate_type="", source="z")

    assert run_check(PREDICATE_CONTRADICTS_CERTIFICATE, SUBJECT, facts(verified(SLSA, lying, keyed))) == [
        Finding(
            rule="predicate-contradicts-certificate",
            subject="pkg:npm/left-pad@1.3.1",
            severity=Severity.HIGH,
            message=(
                "The SLSA provenance of left-pad@1.3.1 claims what its certificate denies: "
                "it says that the commit is 1234, and the certificate c0ffee"
            ),
            locations=PLACE,
            evidence=(
                f"SLSA provenance (https://slsa.dev/provenance/v1) from {SOURCE}: {LIES[0]}",
                f"SLSA provenance (https://slsa.dev/provenance/v1) from {SOURCE}: {LIES[1]}",
                f"signed by {IDENTITY.subject}",
                f"SLSA provenance from z: {LIES[0]}",
            ),
            remediation=(
                "Believe the certificate alone, and ask whether that identity should build left-pad. If not, do not "
                "install it, and tell the maintainers whom the evidence names, and the registry."
            ),
        )
    ]


@pytest.mark.parametrize("known", [None, verified(), invalid(refusal(Step.LOG, contradictions=LIES))])
def test_nothing_is_contradicted(known: ProvenanceAnswer | None) -> None:
    """What is refused is not read further."""
    assert run_check(PREDICATE_CONTRADICTS_CERTIFICATE, SUBJECT, facts(known)) == []


def test_projects_of_the_tree_are_not_judged() -> None:
    """Nobody else built them."""
    known = facts(verified(replace(SLSA, contradictions=LIES)))

    assert run_check(PREDICATE_CONTRADICTS_CERTIFICATE, OWN, known) == []
