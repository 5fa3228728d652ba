"""All rules about provenance together: one fact, one finding."""

from __future__ import annotations

import pytest

from bomvet.checks.component._provenance import MAX_EVIDENCE, cut, listed, told
from bomvet.model.facts import Release
from bomvet.model.inventory import Component
from bomvet.model.provenance import (
    EarlierRelease,
    EvidenceKind,
    IdentityAnswer,
    IdentityChange,
    IdentityField,
    ProvenanceAnswer,
    ProvenanceStatus,
    PublisherIdentity,
    PublishLevel,
    Step,
)
from bomvet.model.records import replace
from bomvet.plugin import Check, discover
from tests.checks.component.provenance import (
    ACME,
    IDENTITY,
    LOCKED,
    MALLORY,
    SIGNATURE,
    SLSA,
    SOURCE,
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

RULES = (
    "digest-mismatch",
    "invalid-attestation",
    "predicate-contradicts-certificate",
    "provenance-downgrade",
    "publisher-changed",
    "repository-mismatch",
    "unattested",
)
CHECKS = tuple(check for check in discover("bomvet.checks", Check) if check.id in RULES)
EARLIER = EarlierRelease(version="1.3.0", uploaded="2026-10-01T08:00:00Z", level=PublishLevel.TRUSTED_PUBLISHER)
LEVEL = IdentityChange(what=IdentityField.LEVEL, before="trusted-publisher", after="none")
PUBLISH = replace(SLSA, kind=EvidenceKind.NPM_PUBLISH, identity=None)
FORKED = PublisherIdentity(
    issuer=IDENTITY.issuer,
    subject=f"{MALLORY}/.github/workflows/release.yml@refs/tags/v1.3.1",
    repository=MALLORY,
    repository_id="1009",
    owner="https://github.com/mallory",
    owner_id="2009",
)
FORK = replace(SLSA, identity=FORKED)
TO_FORK = (
    IdentityChange(what=IdentityField.REPOSITORY, before=ACME, after=MALLORY),
    IdentityChange(what=IdentityField.OWNER, before="https://github.com/acme", after="https://github.com/mallory"),
)
PULL_REQUEST = replace(SLSA, identity=replace(IDENTITY, trigger="pull_request_target"))
TO_PULL_REQUEST = IdentityChange(what=IdentityField.TRIGGER, before="push", after="pull_request_target")
NEW_NAME = "https://github.com/acme/leftpad"
RENAMED = replace(SLSA, identity=replace(IDENTITY, repository=NEW_NAME))
TO_NEW_NAME = IdentityChange(what=IdentityField.RENAMED, before=ACME, after=NEW_NAME)
DECLARED = {"declared": (ACME,), "declared_before": (ACME,), "level": PublishLevel.PROVENANCE}
FORK_DECLARED = {"declared": (MALLORY,), "declared_before": (ACME,)}
DIGEST = refusal(Step.DIGEST)


@pytest.mark.parametrize(
    ("known", "locked", "expected"),
    [
        pytest.param(None, None, [], id="nobody asked"),
        pytest.param(verified(SLSA, PUBLISH, SIGNATURE, **DECLARED), None, [], id="sound"),
        pytest.param(verified(SLSA, **DECLARED), identity(), [], id="sound and locked"),
        pytest.param(
            invalid(DIGEST, refusal(Step.DIGEST, kind=EvidenceKind.NPM_PUBLISH), SIGNATURE, **DECLARED),
            identity(),
            [("digest-mismatch", "critical")],
            id="tampered artefact",
        ),
        pytest.param(
            invalid(SLSA, SLSA, DIGEST, files=3, attested=2),
            None,
            [("digest-mismatch", "critical")],
            id="one tampered file of three",
        ),
        pytest.param(
            invalid(refusal(Step.LOG), **DECLARED), identity(), [("invalid-attestation", "critical")], id="made-up log"
        ),
        pytest.param(
            verified(FORK, **FORK_DECLARED),
            identity(*TO_FORK),
            [("publisher-changed", "high")],
            id="fork whose declared repository changes too, locked",
        ),
        pytest.param(
            verified(FORK, **FORK_DECLARED),
            None,
            [("repository-mismatch", "high")],
            id="fork whose declared repository changes too, not locked",
        ),
        pytest.param(verified(FORK, **DECLARED), None, [("repository-mismatch", "medium")], id="fork, not locked"),
        pytest.param(
            verified(PULL_REQUEST, **DECLARED),
            identity(TO_PULL_REQUEST),
            [("publisher-changed", "high")],
            id="pull_request_target",
        ),
        pytest.param(
            verified(RENAMED, **DECLARED),
            identity(TO_NEW_NAME),
            [("publisher-changed", "low")],
            id="renamed repository with the same number",
        ),
        pytest.param(
            absent(level=PublishLevel.NONE, stronger=EARLIER),
            identity(LEVEL, expected=replace(LOCKED, level=PublishLevel.TRUSTED_PUBLISHER)),
            [("provenance-downgrade", "medium")],
            id="downgrade, locked",
        ),
        pytest.param(
            absent(level=PublishLevel.NONE, stronger=EARLIER, changes=("new dependency plain-crypto-js",)),
            None,
            [("provenance-downgrade", "high")],
            id="downgrade with a new dependency",
        ),
        pytest.param(
            verified(SIGNATURE, level=PublishLevel.NONE, stronger=EARLIER),
            None,
            [("provenance-downgrade", "medium")],
            id="downgrade to what the registry alone signed",
        ),
        pytest.param(
            verified(replace(SLSA, contradictions=("the commit is another",)), **DECLARED),
            identity(),
            [("predicate-contradicts-certificate", "high")],
            id="lying predicate",
        ),
        pytest.param(
            answer(
                ProvenanceStatus.IDENTITY_MISMATCH,
                replace(FORK, status=ProvenanceStatus.IDENTITY_MISMATCH, step=Step.IDENTITY),
                **FORK_DECLARED,
            ),
            identity(*TO_FORK),
            [("publisher-changed", "high")],
            id="fork, as verification has it",
        ),
        pytest.param(absent(), None, [("unattested", "low")], id="never attested"),
        pytest.param(verified(SIGNATURE), None, [("unattested", "low")], id="signed by the registry alone"),
        pytest.param(answer(ProvenanceStatus.UNSUPPORTED), None, [], id="unsupported"),
        pytest.param(answer(ProvenanceStatus.NOT_ESTABLISHED, reason="500"), identity(), [], id="no answer"),
    ],
)
def test_one_fact_is_one_finding(
    known: ProvenanceAnswer | None, locked: IdentityAnswer | None, expected: list[tuple[str, str]]
) -> None:
    """Each rule keeps to its own, also the one that is off by itself."""
    stated = facts(known, locked, Release(uploaded="2026-10-20T08:00:00Z", age=35))

    found = [(f.rule, f.severity.value) for check in CHECKS for f in run_check(check, SUBJECT, stated)]

    assert found == expected


def test_all_rules_are_there() -> None:
    """And those that are about nothing else than components say nothing of one that nobody asked about."""
    assert tuple(check.id for check in CHECKS) == RULES
    assert [f for check in CHECKS for f in run_check(check, Component(purl="pkg:npm/x@1", name="x"))] == []


def test_lines_are_told_once_and_cut() -> None:
    """Evidence of a release with hundreds of files fits in a report."""
    assert cut(["a", "b", "a"]) == ("a", "b")
    assert cut(map(str, range(MAX_EVIDENCE))) == tuple(map(str, range(MAX_EVIDENCE)))
    assert cut(map(str, range(1200)))[-2:] == (str(MAX_EVIDENCE - 1), "and 1,180 more")


@pytest.mark.parametrize(
    ("words", "text"), [((), ""), (("a",), "a"), (("a", "b"), "a and b"), (("a", "b", "c"), "a, b and c")]
)
def test_words_in_a_row(words: tuple[str, ...], text: str) -> None:
    """As people write them."""
    assert listed(words) == text


def test_what_an_attestation_is() -> None:
    """In words, with its type and source as far as they are known."""
    assert told(SLSA) == f"SLSA provenance (https://slsa.dev/provenance/v1) from {SOURCE}"
    assert told(replace(SIGNATURE, source="")) == "npm registry signature"
