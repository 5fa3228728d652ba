"""Components that somebody else publishes."""

from __future__ import annotations

import pytest

from bomvet.checks.component.publisher_changed import PUBLISHER_CHANGED
from bomvet.model.facts import Severity
from bomvet.model.finding import Finding
from bomvet.model.inventory import Location
from bomvet.model.provenance import (
    IdentityAnswer,
    IdentityChange,
    IdentityField,
    LockedIdentity,
    ProvenanceAnswer,
    ProvenanceStatus,
    Step,
)
from bomvet.model.records import replace
from tests.checks.component.provenance import (
    ACME,
    IDENTITY,
    LOCKED,
    MALLORY,
    OWN,
    PLACE,
    SLSA,
    SUBJECT,
    absent,
    answer,
    facts,
    identity,
    verified,
)
from tests.harness import run_check

REPOSITORY = IdentityChange(what=IdentityField.REPOSITORY, before=ACME, after=MALLORY)
OWNER = IdentityChange(what=IdentityField.OWNER, before="https://github.com/acme", after="https://github.com/mallory")
REF = IdentityChange(what=IdentityField.REF, before="tag", after="branch")
RENAMED = IdentityChange(what=IdentityField.RENAMED, before=ACME, after="https://github.com/acme/leftpad")
LEVEL = IdentityChange(what=IdentityField.LEVEL, before="provenance", after="none")
MISMATCH = replace(
    SLSA,
    status=ProvenanceStatus.IDENTITY_MISMATCH,
    step=Step.IDENTITY,
    reason="the workflow is ci.yml, not release.yml",
)
ASK = (
    "Find out from the maintainers of left-pad, by another way than this release, whether they moved. If they did, "
    "take it over in bomvet.identities.toml (`bomvet trust lock --update pkg:npm/left-pad`), in a change that somebody "
    "reviews; if not, stay with the release before, and tell the registry."
)


def change(what: str, before: str, after: str) -> IdentityChange:
    """One field."""
    return IdentityChange(what=IdentityField(what), before=before, after=after)


def test_another_repository() -> None:
    """One finding with the gravest severity, every change, and both places."""
    found = run_check(PUBLISHER_CHANGED, SUBJECT, facts(verified(), identity(REF, OWNER, REPOSITORY, OWNER)))

    assert found == [
        Finding(
            rule="publisher-changed",
            subject="pkg:npm/left-pad@1.3.1",
            severity=Severity.HIGH,
            message=(
                "left-pad@1.3.1 is published with another repository and owner than bomvet.identities.toml has: "
                f"{ACME} before, {MALLORY} now"
            ),
            locations=(*PLACE, Location(path="bomvet.identities.toml", line=4)),
            evidence=(
                f"repository: {ACME} before, {MALLORY} now",
                "owner: https://github.com/acme before, https://github.com/mallory now",
                "kind of ref: tag before, branch now",
                "locked as it was in 1.2.0 on 2026-01-31",
            ),
            remediation=ASK,
        )
    ]


@pytest.mark.parametrize(
    ("changed", "severity", "words"),
    [
        (change("issuer", "a", "b"), Severity.HIGH, "issuer"),
        (change("subject", "a", ""), Severity.HIGH, "signer"),
        (change("trigger", "push", "pull_request_target"), Severity.HIGH, "trigger"),
        (change("trigger", "push", "issue_comment"), Severity.HIGH, "trigger"),
        (change("trigger", "push", "workflow_run"), Severity.HIGH, "trigger"),
        (change("trigger", "push", "workflow_dispatch"), Severity.LOW, "trigger"),
        (change("workflow", "a", "b"), Severity.MEDIUM, "workflow"),
        (change("publisher", "oidc:1", "oidc:2"), Severity.MEDIUM, "trusted publisher"),
        (change("runner", "github-hosted", "self-hosted"), Severity.MEDIUM, "runner"),
        (change("runner", "self-hosted", "github-hosted"), Severity.LOW, "runner"),
        (change("ref", "tag", "branch"), Severity.MEDIUM, "kind of ref"),
        (change("ref", "branch", "tag"), Severity.LOW, "kind of ref"),
        (change("ref", "branch", "pull-request"), Severity.HIGH, "kind of ref"),
        (change("repository-renamed", "a", "b"), Severity.LOW, "name of the repository"),
    ],
)
def test_severity(changed: IdentityChange, severity: Severity, words: str) -> None:
    """By what changed, and to what."""
    (found,) = run_check(PUBLISHER_CHANGED, SUBJECT, facts(verified(), identity(changed)))

    assert found.severity is severity
    assert found.message == (
        f"left-pad@1.3.1 is published with another {words} than bomvet.identities.toml has: "
        f"{changed.before} before, {changed.after or 'nothing'} now"
    )


@pytest.mark.parametrize(
    ("changed", "first_words"),
    [
        (RENAMED, "The repository was renamed, and is the same by its number: take it over in"),
        (change("trigger", "push", "pull_request_target"), "Do not install left-pad@1.3.1 before you know whose code"),
        (change("trigger", "push", "schedule"), "Find out from the maintainers"),
    ],
)
def test_what_to_do(changed: IdentityChange, first_words: str) -> None:
    """A renamed repository has to be written down, a stranger's trigger to be looked into."""
    (found,) = run_check(PUBLISHER_CHANGED, SUBJECT, facts(verified(), identity(changed)))

    assert found.remediation.startswith(first_words)
    assert "`bomvet trust lock --update pkg:npm/left-pad`" in found.remediation


def test_what_a_pylock_expects() -> None:
    """It is not ours to write, and stands where the component does."""
    place = Location(path="api/pylock.toml", line=9)
    locked = replace(identity(REPOSITORY), source=place.path, location=place)

    (found,) = run_check(PUBLISHER_CHANGED, replace(SUBJECT, locations=(place,)), facts(verified(), locked))

    assert found.locations == (place,)
    assert "take it over in api/pylock.toml, in a change" in found.remediation


def test_the_fingerprint_stays_the_same() -> None:
    """Whatever else changes, a baseline knows the finding again."""
    one = run_check(PUBLISHER_CHANGED, SUBJECT, facts(verified(), identity(REPOSITORY)))
    other = run_check(PUBLISHER_CHANGED, SUBJECT, facts(verified(), identity(REPOSITORY, REF)))

    assert one[0].fingerprint == other[0].fingerprint


@pytest.mark.parametrize(
    ("expected", "last"),
    [
        (replace(LOCKED, since=""), "locked as it was in 1.2.0"),
        (replace(LOCKED, first_seen=""), "owner: nothing before, b now"),
    ],
)
def test_by_which_release_it_was_locked(expected: LockedIdentity, last: str) -> None:
    """As far as the entry says so."""
    locked = replace(identity(change("owner", "", "b")), expected=expected)

    (found,) = run_check(PUBLISHER_CHANGED, SUBJECT, facts(verified(), locked))

    assert found.evidence[-1] == last


@pytest.mark.parametrize(
    ("locked", "places"), [(None, PLACE), (identity(), (*PLACE, Location(path="bomvet.identities.toml", line=4)))]
)
def test_evidence_that_is_not_by_whom_it_should_be(locked: IdentityAnswer | None, places: tuple[Location, ...]) -> None:
    """Where verification itself says so, by an expectation that stands in no entry."""
    unsaid = replace(MISMATCH, reason="")
    nobody = replace(unsaid, identity=None)
    known = answer(ProvenanceStatus.IDENTITY_MISMATCH, MISMATCH, unsaid, nobody, SLSA)

    assert run_check(PUBLISHER_CHANGED, SUBJECT, facts(known, locked)) == [
        Finding(
            rule="publisher-changed",
            subject="pkg:npm/left-pad@1.3.1",
            severity=Severity.HIGH,
            message=(
                "left-pad@1.3.1 is not published by whom it is expected from: the workflow is ci.yml, not release.yml"
            ),
            locations=places,
            evidence=(
                "the workflow is ci.yml, not release.yml",
                f"it is signed by {IDENTITY.subject}",
                "it is signed by somebody else",
            ),
            remediation=(
                "Find out from the maintainers of left-pad who may publish it. If that changed, change what is "
                "expected; if not, stay with the release before, and tell the registry."
            ),
        )
    ]


def test_a_change_is_told_once() -> None:
    """What the entry of the lock tells is not told by verification, too."""
    known = answer(ProvenanceStatus.IDENTITY_MISMATCH, MISMATCH)

    (found,) = run_check(PUBLISHER_CHANGED, SUBJECT, facts(known, identity(REPOSITORY)))

    assert "another repository" in found.message


@pytest.mark.parametrize(
    ("known", "locked"), [(None, None), (verified(), None), (verified(), identity()), (absent(), identity(LEVEL))]
)
def test_nothing_changed(known: ProvenanceAnswer | None, locked: IdentityAnswer | None) -> None:
    """As expected, nothing expected, or less evidence, which another rule tells."""
    assert run_check(PUBLISHER_CHANGED, SUBJECT, facts(known, locked)) == []


def test_projects_of_the_tree_are_not_judged() -> None:
    """Nobody else publishes them."""
    assert run_check(PUBLISHER_CHANGED, OWN, facts(verified(), identity(REPOSITORY))) == []
