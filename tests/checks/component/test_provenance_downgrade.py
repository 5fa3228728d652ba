"""Releases with weaker evidence than those before."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from bomvet.checks.component.provenance_downgrade import PROVENANCE_DOWNGRADE
from bomvet.model.facts import Release, Severity
from bomvet.model.finding import Finding
from bomvet.model.provenance import (
    EarlierRelease,
    EvidenceKind,
    IdentityAnswer,
    IdentityChange,
    IdentityField,
    ProvenanceAnswer,
    ProvenanceStatus,
    PublishLevel,
    Step,
)
from bomvet.model.records import replace
from bomvet.policy.document import read_policy
from tests.checks.component.provenance import (
    HOST,
    LOCKED,
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

EARLIER = EarlierRelease(version="1.3.0", uploaded="2026-10-01T08:00:00Z", level=PublishLevel.TRUSTED_PUBLISHER)
OLD = Release(uploaded="2026-11-01T08:00:00Z", age=23)
LEVEL = IdentityChange(what=IdentityField.LEVEL, before="provenance", after="none")
BEHIND = "1.3.0 of 2026-10-01 was published by a trusted publisher, this one without evidence"


def test_an_earlier_release_had_more() -> None:
    """Medium by itself, since people do publish by hand."""
    known = facts(absent(level=PublishLevel.NONE, stronger=EARLIER), release=OLD)

    assert run_check(PROVENANCE_DOWNGRADE, SUBJECT, known) == [
        Finding(
            rule="provenance-downgrade",
            subject="pkg:npm/left-pad@1.3.1",
            severity=Severity.MEDIUM,
            message=f"left-pad@1.3.1 was published with weaker evidence than expected: {BEHIND}",
            locations=PLACE,
            evidence=(BEHIND, f"by the word of {HOST}"),
            remediation=(
                "Stay with the last release of left-pad that has the evidence, and look whether the repository has a "
                "tag for this one. If its maintainers confirm that they published it by hand, waive the rule for this "
                "release alone, with a day on which the waiver ends."
            ),
        )
    ]


@pytest.mark.parametrize(
    ("changes", "release", "graver"),
    [
        (("new dependency plain-crypto-js",), OLD, ("graver: new dependency plain-crypto-js",)),
        (("new install script postinstall",), None, ("graver: new install script postinstall",)),
        ((), replace(OLD, age=13), ("graver: released 2026-11-01T08:00:00Z",)),
        ((), Release(age=0), ("graver: released a few days ago",)),
        ((), Release(age=30, cooling=5), ("graver: released a few days ago",)),
        ((), Release(age=-1), ("graver: released a few days ago",)),
        (
            ("new dependency a",),
            Release(uploaded="2026-11-23", age=1),
            ("graver: new dependency a", "graver: released 2026-11-23"),
        ),
    ],
)
def test_what_attacks_come_with_makes_it_graver(
    changes: tuple[str, ...], release: Release | None, graver: tuple[str, ...]
) -> None:
    """High, and the evidence tells by what."""
    known = facts(absent(level=PublishLevel.NONE, stronger=EARLIER, changes=changes), release=release)

    (found,) = run_check(PROVENANCE_DOWNGRADE, SUBJECT, known)

    assert found.severity is Severity.HIGH
    assert found.evidence == (BEHIND, *graver, f"by the word of {HOST}")


@pytest.mark.parametrize("release", [None, Release(), Release(age=14), replace(OLD, age=14)])
def test_a_release_of_two_weeks_is_not_fresh(release: Release | None) -> None:
    """Nor one whose age nobody knows."""
    (found,) = run_check(PROVENANCE_DOWNGRADE, SUBJECT, facts(absent(stronger=EARLIER), release=release))

    assert found.severity is Severity.MEDIUM


@pytest.mark.parametrize(
    ("known", "locked", "reasons"),
    [
        (
            absent(stronger=replace(EARLIER, uploaded="", level=PublishLevel.STAGED)),
            None,
            ["1.3.0 was published by a trusted publisher, and approved by a maintainer"],
        ),
        (
            verified(level=PublishLevel.PROVENANCE, stronger=replace(EARLIER, level=PublishLevel.TRUSTED_PUBLISHER)),
            None,
            ["1.3.0 of 2026-10-01 was published by a trusted publisher, this one with provenance"],
        ),
        (
            absent(),
            identity(LEVEL),
            ["bomvet.identities.toml expects provenance, and nothing says who built the release"],
        ),
        (
            answer(ProvenanceStatus.UNSUPPORTED),
            identity(LEVEL),
            [
                (
                    "bomvet.identities.toml expects provenance, and the evidence of the release is of a form that is not "
                    "verified here"
                )
            ],
        ),
        (
            answer(ProvenanceStatus.ABSENT, SLSA, files=2),
            identity(LEVEL),
            ["of 2 locked files of the release 1 has evidence, and 1 has none"],
        ),
        (
            verified(),
            identity(replace(LEVEL, before="trusted-publisher", after="provenance")),
            ["bomvet.identities.toml expects trusted-publisher, and the release has provenance"],
        ),
        (
            absent(),
            identity(replace(LEVEL, before="of its own", after="")),
            ["bomvet.identities.toml expects of its own, and nothing says who built the release"],
        ),
        (
            absent(),
            identity(),
            ["bomvet.identities.toml expects provenance, and nothing says who built the release"],
        ),
        (
            verified(SIGNATURE),
            identity(),
            ["bomvet.identities.toml expects provenance, and nothing says who built the release"],
        ),
        (
            absent(level=PublishLevel.NONE, stronger=EARLIER),
            identity(LEVEL),
            [BEHIND, "bomvet.identities.toml expects provenance, and nothing says who built the release"],
        ),
        (
            answer(ProvenanceStatus.ABSENT, SLSA, files=3, attested=1),
            None,
            ["of 3 locked files of the release 1 has evidence, and 2 have none"],
        ),
        (
            answer(ProvenanceStatus.ABSENT, SLSA, SLSA, files=3, attested=2),
            None,
            ["of 3 locked files of the release 2 have evidence, and 1 has none"],
        ),
    ],
)
def test_behind_what(known: ProvenanceAnswer, locked: IdentityAnswer | None, reasons: list[str]) -> None:
    """Earlier releases, the identity lock and the other files of the release: one finding with all of it."""
    (found,) = run_check(PROVENANCE_DOWNGRADE, SUBJECT, facts(replace(known, registry=""), locked))

    assert list(found.evidence) == reasons
    assert found.message == f"left-pad@1.3.1 was published with weaker evidence than expected: {reasons[0]}"


@pytest.mark.parametrize(
    ("known", "locked"),
    [
        (None, identity(LEVEL)),
        (verified(), None),
        (verified(), identity()),
        (verified(), identity(replace(LEVEL, after="trusted-publisher"))),
        (verified(), identity(IdentityChange(what=IdentityField.OWNER, before="a", after="b"))),
        (absent(), None),
        (absent(), identity(expected=replace(LOCKED, level=PublishLevel.NONE))),
        (answer(ProvenanceStatus.NOT_ESTABLISHED), identity(LEVEL)),
        (invalid(SLSA, refusal(Step.DIGEST), files=2, attested=1), None),
        (answer(ProvenanceStatus.UNSUPPORTED, SLSA, replace(SLSA, status=ProvenanceStatus.UNSUPPORTED), files=2), None),
        (answer(ProvenanceStatus.ABSENT, files=2), None),
    ],
)
def test_nothing_fell(known: ProvenanceAnswer | None, locked: IdentityAnswer | None) -> None:
    """What is not established is no downgrade, and evidence that is refused is no missing one."""
    assert run_check(PROVENANCE_DOWNGRADE, SUBJECT, facts(known, locked)) == []


def test_evidence_beside_a_file_hides_no_missing_one() -> None:
    """A document of a form that is not verified here does not speak for a file without evidence."""
    beside = replace(SLSA, kind=EvidenceKind.SBOM, status=ProvenanceStatus.UNSUPPORTED)

    (found,) = run_check(
        PROVENANCE_DOWNGRADE, SUBJECT, facts(answer(ProvenanceStatus.ABSENT, SLSA, beside, files=2, attested=1))
    )

    assert found.evidence[0] == "of 2 locked files of the release 1 has evidence, and 1 has none"


def test_the_exception_of_the_page() -> None:
    """It is for the one release that was published by hand, and ends."""
    text = (Path(__file__).parents[3] / "docs" / "rules" / "provenance-downgrade.md").read_text("utf-8")
    block = re.search(r"```toml\n(.*?)```", text, re.DOTALL)
    assert block
    (waiver,) = read_policy(block[1], "bomvet.toml").waivers
    by_hand, malicious = (
        Finding(rule="provenance-downgrade", subject=f"pkg:npm/axios@{v}", severity=Severity.MEDIUM, message="m")
        for v in ("1.13.3", "1.14.1")
    )

    assert (waiver.covers(by_hand), waiver.covers(malicious), str(waiver.expires)) == (True, False, "2026-12-31")


def test_projects_of_the_tree_are_not_judged() -> None:
    """Nobody else publishes them."""
    stated: Any = facts(absent(stronger=EARLIER))

    assert run_check(PROVENANCE_DOWNGRADE, OWN, stated) == []


def test_what_is_open_hides_nothing_that_is_known() -> None:
    """A digest that no registry has leaves a question, and whoever writes a lock can put one in."""
    known = answer(ProvenanceStatus.NOT_ESTABLISHED, level=PublishLevel.NONE, stronger=EARLIER, files=2)

    (found,) = run_check(PROVENANCE_DOWNGRADE, SUBJECT, facts(known, identity(LEVEL)))

    assert found.evidence == (BEHIND, f"by the word of {HOST}")
