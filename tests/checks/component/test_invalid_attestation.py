"""Evidence that is refused."""

from __future__ import annotations

import pytest

from bomvet.checks.component.invalid_attestation import INVALID_ATTESTATION
from bomvet.model.facts import Severity
from bomvet.model.finding import Finding
from bomvet.model.provenance import EvidenceKind, ProvenanceAnswer, ProvenanceStatus, Step
from bomvet.model.records import replace
from tests.checks.component.provenance import (
    OWN,
    PLACE,
    SLSA,
    SOURCE,
    SUBJECT,
    absent,
    answer,
    facts,
    invalid,
    refusal,
    verified,
)
from tests.harness import run_check


def test_a_signature_that_is_not_of_the_statement() -> None:
    """The message names the step and the reason, the evidence what was refused and where it is from."""
    bad = refusal(Step.SIGNATURE, "it is not of this statement", predicate_type="https://slsa.dev/provenance/v1")

    assert run_check(INVALID_ATTESTATION, SUBJECT, facts(invalid(SLSA, bad))) == [
        Finding(
            rule="invalid-attestation",
            subject="pkg:npm/left-pad@1.3.1",
            severity=Severity.CRITICAL,
            message=("The SLSA provenance of left-pad@1.3.1 is refused at the signature: it is not of this statement"),
            instance="signature",
            locations=PLACE,
            evidence=(
                "step signature",
                f"SLSA provenance (https://slsa.dev/provenance/v1) from {SOURCE}: it is not of this statement",
            ),
            remediation=(
                "Do not install left-pad@1.3.1. Take the file and its evidence again from the registry itself, without "
                "a mirror or a cache between; if it fails there too, stay with a release that verifies, and tell the "
                "maintainers."
            ),
        )
    ]


def test_one_finding_a_step() -> None:
    """Not one a file, in the order of the steps; how many more there are is told."""
    found = run_check(
        INVALID_ATTESTATION,
        SUBJECT,
        facts(
            invalid(
                refusal(Step.LOG, "b", source="2"),
                refusal(Step.CERTIFICATE, "c", source="3"),
                refusal(Step.LOG, "a", source="1"),
                refusal(Step.CERTIFICATE, "d", source="4"),
                refusal(Step.CERTIFICATE, "e", source="5"),
            )
        ),
    )

    assert [(f.instance, f.message.partition("is refused at ")[2], f.evidence[1:]) for f in found] == [
        (
            "certificate",
            "the certificate: c; 2 more fail likewise",
            ("SLSA provenance from 3: c", "SLSA provenance from 4: d", "SLSA provenance from 5: e"),
        ),
        (
            "log",
            "the transparency log: a; 1 more fails likewise",
            ("SLSA provenance from 1: a", "SLSA provenance from 2: b"),
        ),
    ]


@pytest.mark.parametrize(
    ("step", "kind", "severity"),
    [
        (Step.CERTIFICATE, EvidenceKind.SLSA, Severity.CRITICAL),
        (Step.TIME, EvidenceKind.PYPI_PUBLISH, Severity.CRITICAL),
        (Step.KEY, EvidenceKind.NPM_SIGNATURE, Severity.CRITICAL),
        (Step.LOG, EvidenceKind.NPM_PUBLISH, Severity.CRITICAL),
        (Step.ENTRY, EvidenceKind.SIGNATURE, Severity.CRITICAL),
        (Step.SUBJECT, EvidenceKind.SLSA, Severity.CRITICAL),
        (Step.SIGNATURE, EvidenceKind.SBOM, Severity.HIGH),
        (Step.SIGNATURE, EvidenceKind.SUMMARY, Severity.HIGH),
        (Step.SIGNATURE, EvidenceKind.OTHER, Severity.CRITICAL),
        (Step.FORMAT, EvidenceKind.SLSA, Severity.HIGH),
        (None, EvidenceKind.SLSA, Severity.HIGH),
    ],
)
def test_severity(step: Step | None, kind: EvidenceKind, severity: Severity) -> None:
    """What is about the artefact is graver than documents beside it, and what is refused than what cannot be read."""
    bad = replace(refusal(Step.FORMAT, "", kind=kind), step=step)

    (found,) = run_check(INVALID_ATTESTATION, SUBJECT, facts(invalid(bad)))

    assert (found.severity, found.instance) == (severity, (step or Step.FORMAT).value)
    assert found.message.endswith(": it does not verify")


def test_what_is_told_is_bounded() -> None:
    """A release may have hundreds of files."""
    bad = [refusal(Step.LOG, "no entry", source=f"{number:03}") for number in range(300)]

    (found,) = run_check(INVALID_ATTESTATION, SUBJECT, facts(invalid(*bad)))

    assert len(found.evidence) == 22
    assert found.evidence[-1] == "and 280 more"


@pytest.mark.parametrize(
    "known",
    [
        None,
        verified(),
        absent(),
        invalid(refusal(Step.DIGEST)),
        answer(ProvenanceStatus.UNSUPPORTED, replace(SLSA, status=ProvenanceStatus.UNSUPPORTED, step=Step.FORMAT)),
        answer(ProvenanceStatus.NOT_ESTABLISHED, replace(SLSA, status=ProvenanceStatus.NOT_ESTABLISHED)),
    ],
)
def test_nothing_is_refused(known: ProvenanceAnswer | None) -> None:
    """Forms that are not verified here are no accusation, digests another rule's."""
    assert run_check(INVALID_ATTESTATION, SUBJECT, facts(known)) == []


def test_projects_of_the_tree_are_not_judged() -> None:
    """Nobody else built them."""
    assert run_check(INVALID_ATTESTATION, OWN, facts(invalid(refusal(Step.LOG)))) == []
