"""Artefacts that are not what was attested."""

from __future__ import annotations

import pytest

from bomvet.checks.component.digest_mismatch import DIGEST_MISMATCH
from bomvet.model.facts import Severity
from bomvet.model.finding import Finding
from bomvet.model.inventory import Hash
from bomvet.model.provenance import EvidenceKind, ProvenanceAnswer, Step
from tests.checks.component.provenance import OWN, PLACE, SIGNATURE, SOURCE, SUBJECT, facts, invalid, refusal, verified
from tests.harness import run_check

OTHER = Hash(algorithm="sha256", value="cd" * 32)
BAD = refusal(
    Step.DIGEST,
    "the lock has sha256:abab",
    predicate_type="https://slsa.dev/provenance/v1",
    digest=OTHER,
    compared="lock",
)


def test_one_finding_for_all_that_differs() -> None:
    """Critical, with what each piece of evidence attests."""
    publish = refusal(Step.DIGEST, "", kind=EvidenceKind.NPM_PUBLISH, source="z", compared="lock")

    assert run_check(DIGEST_MISMATCH, SUBJECT, facts(invalid(publish, SIGNATURE, BAD))) == [
        Finding(
            rule="digest-mismatch",
            subject="pkg:npm/left-pad@1.3.1",
            severity=Severity.CRITICAL,
            message="What the lock pins of left-pad@1.3.1 is not what its SLSA provenance is about",
            locations=PLACE,
            evidence=(
                (
                    f"SLSA provenance (https://slsa.dev/provenance/v1) from {SOURCE}: attests sha256:{'cd' * 32}; "
                    "the lock has sha256:abab"
                ),
                "npm publish attestation from z: it attests another digest",
            ),
            remediation=(
                "Do not install left-pad@1.3.1. Find out where the hash in the lock comes from: lock the release anew "
                "from the registry itself, and compare. If the registry serves the other file, it or the way to it is "
                "tampered with: tell the maintainers."
            ),
        )
    ]


@pytest.mark.parametrize(
    ("compared", "words"),
    [("lock", "the lock pins"), ("registry", "the registry serves"), ("artefact", "was read"), ("", "the lock pins")],
)
def test_who_says_what_it_is(compared: str, words: str) -> None:
    """The message names with what the digest was compared."""
    (found,) = run_check(DIGEST_MISMATCH, SUBJECT, facts(invalid(refusal(Step.DIGEST, compared=compared))))

    assert found.message == f"What {words} of left-pad@1.3.1 is not what its SLSA provenance is about"


SERVED = refusal(
    Step.DIGEST,
    "npm.packages.example has another digest of the archive than the lock",
    kind=EvidenceKind.OTHER,
    source="a",
    digest=OTHER,
    compared="lock",
)


def test_another_file_in_the_registry() -> None:
    """What a registry serves counts, though it attests nothing."""
    (found,) = run_check(DIGEST_MISMATCH, SUBJECT, facts(invalid(SERVED)))

    assert found.message == (
        "What the lock pins of left-pad@1.3.1 is not this release: npm.packages.example has another digest of the "
        "archive than the lock"
    )
    assert found.evidence == (
        f"a: has sha256:{'cd' * 32}; npm.packages.example has another digest of the archive than the lock",
    )


def test_what_was_attested_says_more() -> None:
    """Than what a registry serves."""
    (found,) = run_check(DIGEST_MISMATCH, SUBJECT, facts(invalid(SERVED, BAD)))

    assert found.message == "What the lock pins of left-pad@1.3.1 is not what its SLSA provenance is about"
    assert len(found.evidence) == 2


@pytest.mark.parametrize("known", [None, verified(), invalid(refusal(Step.SIGNATURE))])
def test_nothing_differs(known: ProvenanceAnswer | None) -> None:
    """Sound evidence, other refusals, and where nobody asked."""
    assert run_check(DIGEST_MISMATCH, SUBJECT, facts(known)) == []


def test_projects_of_the_tree_are_not_judged() -> None:
    """Nobody else built them."""
    assert run_check(DIGEST_MISMATCH, OWN, facts(invalid(BAD))) == []
