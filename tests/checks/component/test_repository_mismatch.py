"""Components that were built from another repository than they declare."""

from __future__ import annotations

from typing import Any

import pytest

from bomvet.checks.component.repository_mismatch import REPOSITORY_MISMATCH
from bomvet.model.facts import Severity
from bomvet.model.finding import Finding
from bomvet.model.provenance import EvidenceKind, LockedIdentity, ProvenanceAnswer, PublisherIdentity, Step
from bomvet.model.records import replace
from tests.checks.component.provenance import (
    ACME,
    IDENTITY,
    LOCKED,
    MALLORY,
    OWN,
    PLACE,
    SIGNATURE,
    SLSA,
    SUBJECT,
    absent,
    facts,
    identity,
    invalid,
    refusal,
    verified,
)
from tests.harness import run_check

FORK = replace(SLSA, identity=replace(IDENTITY, repository=MALLORY))
MOVED = "https://github.com/acme-labs/left-pad"


def test_another_repository_than_is_declared() -> None:
    """Medium, since repositories move and some publish for others."""
    known = verified(FORK, declared=(f"git+{ACME}.git",), declared_before=(ACME,))

    assert run_check(REPOSITORY_MISMATCH, SUBJECT, facts(known)) == [
        Finding(
            rule="repository-mismatch",
            subject="pkg:npm/left-pad@1.3.1",
            severity=Severity.MEDIUM,
            message=f"left-pad@1.3.1 was built from {MALLORY}, and names git+{ACME}.git as its own",
            locations=PLACE,
            evidence=(
                f"built from {MALLORY}, by the certificate",
                f"declared: git+{ACME}.git",
                f"declared by the release before: {ACME}",
            ),
            remediation=(
                f"Look whether {MALLORY} belongs to those who make left-pad: a repository that moved, or one that "
                "publishes for several. If it does, lock the identity with `bomvet trust lock`, which settles it; if "
                "not, stay with the release before."
            ),
        )
    ]


@pytest.mark.parametrize(
    ("known", "severity", "said"),
    [
        (verified(FORK, declared=(ACME,)), Severity.MEDIUM, f"and names {ACME} as its own"),
        (
            verified(FORK, declared=(MALLORY,), declared_before=(ACME,)),
            Severity.HIGH,
            f"where the release before names {ACME} as its own",
        ),
        (
            verified(FORK, declared=(ACME, MALLORY), declared_before=(ACME,)),
            Severity.HIGH,
            f"where the release before names {ACME} as its own",
        ),
        (
            verified(FORK, declared=(MOVED,), declared_before=(ACME,)),
            Severity.HIGH,
            f"and names {MOVED} as its own",
        ),
        (
            verified(FORK, declared=(MOVED, ACME), declared_before=(MALLORY,)),
            Severity.MEDIUM,
            f"and names {MOVED} and {ACME} as its own",
        ),
        (
            verified(SLSA, replace(FORK, kind=EvidenceKind.PYPI_PUBLISH), declared=(ACME,)),
            Severity.MEDIUM,
            f"and names {ACME} as its own",
        ),
        (
            verified(FORK, declared=(), declared_before=(ACME,)),
            Severity.HIGH,
            f"where the release before names {ACME} as its own",
        ),
    ],
)
def test_what_is_declared_is_its_publishers_word(known: ProvenanceAnswer, severity: Severity, said: str) -> None:
    """Graver where it changed together with the builder; one file of another repository is enough."""
    (found,) = run_check(REPOSITORY_MISMATCH, SUBJECT, facts(known))

    assert (found.severity, found.message) == (severity, f"left-pad@1.3.1 was built from {MALLORY}, {said}")


@pytest.mark.parametrize(
    "known",
    [
        None,
        absent(declared=(MALLORY,)),
        verified(declared=()),
        verified(declared=(), declared_before=(ACME,)),
        verified(declared=("git+ssh://git@GitHub.com/Acme/Left-Pad.git",), declared_before=(ACME,)),
        verified(declared=(ACME,), declared_before=(MALLORY, ACME)),
        verified(declared=(ACME,)),
        verified(SIGNATURE, declared=(MALLORY,)),
        verified(replace(SLSA, identity=replace(IDENTITY, repository="")), declared=(MALLORY,)),
        verified(replace(FORK, kind=EvidenceKind.SBOM), declared=(ACME,)),
        invalid(refusal(Step.SIGNATURE, identity=FORK.identity), declared=(ACME,)),
    ],
)
def test_nothing_to_compare_or_nothing_else(known: ProvenanceAnswer | None) -> None:
    """The same repository in another spelling, none declared, none proved, or a document by somebody else."""
    assert run_check(REPOSITORY_MISMATCH, SUBJECT, facts(known)) == []


def test_the_identity_lock_decides_alone() -> None:
    """What somebody reviewed is neither overruled nor told a second time."""
    known = verified(FORK, declared=(ACME,), declared_before=(ACME,))

    assert run_check(REPOSITORY_MISMATCH, SUBJECT, facts(known, identity())) == []


@pytest.mark.parametrize(
    ("expected", "settled"),
    [
        ({"repository_id": "7"}, True),
        ({"subject": "jane@people.example"}, True),
        ({"issuer": "https://issuer.example", "owner": "https://github.com/acme", "workflow": "x"}, False),
    ],
)
def test_an_entry_that_names_no_repository_settles_none(
    expected: dict[str, Any],
    settled: bool,  # noqa: FBT001 - of a table
) -> None:
    """All lines of an entry may be left out, and what is not there is not compared."""
    known, entry = verified(FORK, declared=(ACME,)), LockedIdentity(**{"purl": LOCKED.purl, "issuer": "", **expected})

    assert (run_check(REPOSITORY_MISMATCH, SUBJECT, facts(known, identity(expected=entry))) == []) is settled


def test_what_a_tool_wrote_into_a_pylock_decides_nothing() -> None:
    """It has the publisher that the index names, whoever that is by now: nobody reviewed it."""
    known, by_tools = verified(FORK, declared=(ACME,)), replace(identity(), source="app/pylock.toml")

    (found,) = run_check(REPOSITORY_MISMATCH, SUBJECT, facts(known, by_tools))
    assert found.message == f"left-pad@1.3.1 was built from {MALLORY}, and names {ACME} as its own"


def test_projects_of_the_tree_are_not_judged() -> None:
    """Nobody else built them."""
    assert run_check(REPOSITORY_MISMATCH, OWN, facts(verified(FORK, declared=(ACME,)))) == []


NUMBERED = replace(IDENTITY, repository=MOVED, repository_id="7", owner_id="8")
BEFORE = replace(NUMBERED, repository=ACME)
RENAMED = replace(SLSA, identity=NUMBERED)


@pytest.mark.parametrize("fields", [{"declared": (ACME,)}, {"declared": (MOVED,), "declared_before": (ACME,)}])
def test_a_repository_that_was_renamed(fields: dict[str, tuple[str, ...]]) -> None:
    """The release before was built from the repository of that number, and declared it: no word of it."""
    known = verified(RENAMED, built_before=BEFORE, **fields)

    assert run_check(REPOSITORY_MISMATCH, SUBJECT, facts(known)) == []


@pytest.mark.parametrize(
    ("now", "before"),
    [
        (NUMBERED, None),
        (NUMBERED, replace(BEFORE, repository_id="9")),
        (NUMBERED, replace(BEFORE, owner_id="9")),
        (NUMBERED, replace(BEFORE, issuer="https://issuer.example")),
        (NUMBERED, replace(BEFORE, repository="https://forge.example/acme/left-pad")),
        (NUMBERED, replace(BEFORE, repository=MALLORY)),
        (replace(NUMBERED, repository_id=""), replace(BEFORE, repository_id="")),
        (replace(NUMBERED, owner_id=""), replace(BEFORE, owner_id="")),
    ],
)
def test_a_repository_that_was_not_renamed(now: PublisherIdentity, before: PublisherIdentity | None) -> None:
    """Another number, owner or forge, no number, or one that did not declare it either."""
    known = verified(replace(SLSA, identity=now), declared=(MOVED,), declared_before=(ACME,), built_before=before)

    (found,) = run_check(REPOSITORY_MISMATCH, SUBJECT, facts(known))

    said = [f"the release before was built from {before.repository}, by its certificate"] if before else []
    assert found.severity is Severity.HIGH
    assert [text for text in found.evidence if text.startswith("the release before")] == said
