"""Who built a component, for people: `_builders`."""

from __future__ import annotations

import pytest

from bomvet.model.facts import Facts
from bomvet.model.inventory import Component
from bomvet.model.provenance import (
    EarlierRelease,
    EvidenceKind,
    IdentityAnswer,
    IdentityChange,
    IdentityField,
    LogStrength,
    ProvenanceAnswer,
    ProvenanceStatus,
    PublisherIdentity,
    PublishLevel,
    Step,
)
from bomvet.model.records import replace
from bomvet.reports._builders import MAX_ATTESTATIONS, counted, rows
from bomvet.reports._explain import laid_out
from tests.checks.component.provenance import (
    ACME,
    IDENTITY,
    SIGNATURE,
    SLSA,
    SOURCE,
    absent,
    answer,
    identity,
    invalid,
    refusal,
    verified,
)

PUBLISH = replace(SLSA, kind=EvidenceKind.NPM_PUBLISH, identity=None, level="", source="publish")
MISMATCH = replace(SLSA, status=ProvenanceStatus.IDENTITY_MISMATCH, reason="another workflow", level="", source="")
OWNER = IdentityChange(what=IdentityField.OWNER, before="a", after="")


def told(known: ProvenanceAnswer, locked: IdentityAnswer | None = None) -> list[str]:
    """The lines."""
    return laid_out(rows(known, locked), 120).splitlines()


def test_sound_evidence() -> None:
    """Who signed what, how the log vouches for it, and what it was compared with; provenance first."""
    known = verified(
        SIGNATURE,
        PUBLISH,
        replace(SLSA, log_time="2026-11-20T10:00:00Z"),
        level=PublishLevel.TRUSTED_PUBLISHER,
        declared=(ACME,),
    )

    assert told(known, identity()) == [
        "  provenance  verified, asked of npm.packages.example",
        "              published by a trusted publisher",
        f"              declares {ACME}",
        "              as bomvet.identities.toml:4 has it",
        "    SLSA provenance: verified, consistent with SLSA Build L2",
        f"      by      {ACME} .github/workflows/release.yml",
        "      of      refs/tags/v1.3.1, commit c0ffee, by push, on github-hosted",
        "      issuer  https://token.actions.githubusercontent.com",
        "      log     proof that it is in the log, index 42, 2026-11-20T10:00:00Z",
        f"      digest  sha256:{'ab' * 32}, equal to that of the lock",
        f"      from    {SOURCE}",
        "    npm publish attestation: verified",
        "      log     proof that it is in the log, index 42",
        f"      digest  sha256:{'ab' * 32}, equal to that of the lock",
        "      from    publish",
        "    npm registry signature: verified",
        "      log     in no log",
        f"      from    {SOURCE}",
    ]


def test_evidence_that_is_refused() -> None:
    """Comes first, with the step, and nothing of what it says."""
    bad = refusal(Step.SIGNATURE, "it is not of this statement", identity=IDENTITY, digest=SLSA.digest)

    assert told(invalid(SLSA, bad))[:4] == [
        "  provenance  invalid, asked of npm.packages.example",
        "    SLSA provenance: refused at the signature: it is not of this statement",
        f"      from    {SOURCE}",
        "    SLSA provenance: verified, consistent with SLSA Build L2",
    ]
    assert told(invalid(replace(bad, step=None, reason="", source=""), registry="")) == [
        "  provenance  invalid",
        "    SLSA provenance: invalid",
    ]


def test_what_is_against_it() -> None:
    """Less than before, changes of the publisher, contradictions: each in words."""
    earlier = EarlierRelease(version="1.3.0", uploaded="2026-10-01T08:00:00Z", level=PublishLevel.STAGED)
    by_person = PublisherIdentity(issuer="https://accounts.example", subject="a@b.example")
    lying = replace(
        SLSA,
        identity=replace(by_person, builder="https://git.example/other"),
        contradictions=("the commit is another",),
        strength=LogStrength.PROMISE,
        log_index=None,
        digest=None,
        level="",
    )
    known = answer(
        ProvenanceStatus.IDENTITY_MISMATCH,
        lying,
        replace(MISMATCH, compared="", identity=replace(IDENTITY, builder="https://git.example/reused.yml@v1")),
        files=3,
        attested=2,
        reason="two files",
        stronger=earlier,
        changes=("new dependency a", "new install script postinstall"),
    )

    assert told(known, identity(OWNER)) == [
        "  provenance  by another publisher, 2 of 3 files, asked of npm.packages.example: two files",
        "              1.3.0 of 2026-10-01 was published by a trusted publisher, and approved by a maintainer",
        "              with new dependency a, new install script postinstall",
        "              not as bomvet.identities.toml:4 has it: owner a, now none",
        "    SLSA provenance: by another publisher: another workflow",
        f"      by      {ACME} .github/workflows/release.yml",
        "      of      refs/tags/v1.3.1, commit c0ffee, by push, on github-hosted",
        "      builder https://git.example/reused.yml@v1",
        "      issuer  https://token.actions.githubusercontent.com",
        "      log     proof that it is in the log, index 42",
        f"      digest  sha256:{'ab' * 32}",
        "    SLSA provenance: verified",
        "      by      a@b.example",
        "      builder https://git.example/other",
        "      issuer  https://accounts.example",
        "      denies  the commit is another",
        "      log     promise of the log to take it in, and no proof",
        f"      from    {SOURCE}",
    ]


@pytest.mark.parametrize(
    ("known", "lines"),
    [
        (absent(), ["  provenance  absent, asked of npm.packages.example"]),
        (
            absent(reason="npm.packages.example has no attestations of left-pad@1.3.1"),
            ["  provenance  absent: npm.packages.example has no attestations of left-pad@1.3.1"],
        ),
        (
            answer(ProvenanceStatus.NOT_ESTABLISHED, reason="the registry answers 500"),
            ["  provenance  not established, asked of npm.packages.example: the registry answers 500"],
        ),
        (
            answer(
                ProvenanceStatus.UNSUPPORTED,
                replace(
                    SLSA, status=ProvenanceStatus.UNSUPPORTED, step=Step.FORMAT, reason="v0.9", level="", source=""
                ),
                registry="",
            ),
            ["  provenance  not verified here", "    SLSA provenance: not verified here: v0.9"],
        ),
    ],
)
def test_no_evidence(known: ProvenanceAnswer, lines: list[str]) -> None:
    """Why there is none is told, and that what is not verified here is not what is refused."""
    assert told(known) == lines


def test_nothing_is_as_it_is_locked_where_nobody_signed() -> None:
    """That no other publisher is proved says nothing of the one that is expected."""
    assert told(absent(), identity()) == [
        "  provenance  absent, asked of npm.packages.example",
        "              bomvet.identities.toml expects provenance, and nothing says who built the release",
    ]


def test_many_files() -> None:
    """Only the first are told."""
    known = verified(*(replace(SLSA, source=f"{n:03}") for n in range(300)), files=300, attested=300)

    lines = told(known)

    assert lines[0] == "  provenance  verified, 300 of 300 files, asked of npm.packages.example"
    assert lines[-1] == "    ... and 290 more"
    assert len([line for line in lines if "SLSA provenance" in line]) == MAX_ATTESTATIONS


def test_all_components_in_a_line() -> None:
    """What is wrong before what is not known; the registry's own signature is no provenance."""
    answers = [
        verified(),
        verified(),
        verified(SIGNATURE),
        absent(),
        invalid(refusal(Step.LOG)),
        answer(ProvenanceStatus.IDENTITY_MISMATCH),
        answer(ProvenanceStatus.UNSUPPORTED),
        answer(ProvenanceStatus.NOT_ESTABLISHED),
    ]
    facts = Facts(provenance={f"pkg:npm/a@{n}": known for n, known in enumerate(answers)})

    assert counted(facts) == (
        "Provenance: 2 of 8 verified, 1 invalid, 1 by another publisher, 2 absent, 1 not verified here, "
        "1 not established"
    )
    assert counted(Facts(provenance={"a": absent()})) == "Provenance: 0 of 1 verified, 1 absent"
    assert counted(Facts()) == ""


def test_what_nobody_was_asked_about_is_counted() -> None:
    """All components count that are not the project's own, so that recorded evidence of a few does not look like all."""
    facts = Facts(provenance={"pkg:npm/a@1": verified(SIGNATURE)})
    components = [
        Component(purl="pkg:npm/a@1", name="a", version="1"),
        Component(purl="pkg:npm/b@1", name="b", version="1"),
        Component(purl="pkg:generic/own@1", name="own", version="1", directory=""),
    ]

    assert counted(facts, components) == "Provenance: 0 of 2 verified, 1 absent, 1 not looked at"
