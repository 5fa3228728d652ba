"""The identities of a `pylock.toml` as those of the lock, and back."""

from __future__ import annotations

import json
import tomllib

import pytest

from bomvet.model.inventory import Component, Location
from bomvet.model.provenance import LockedIdentity
from bomvet.provenance.pylock import as_pylock, identities_of, place_of

PURL = "pkg:pypi/requests"
FORMS = [
    (
        {"kind": "GitHub", "repository": "acme/requests", "workflow": "release.yml"},
        LockedIdentity(
            purl=PURL,
            issuer="https://token.actions.githubusercontent.com",
            repository="https://github.com/acme/requests",
            workflow=".github/workflows/release.yml",
        ),
    ),
    (
        {"kind": "GitLab", "repository": "acme/python/requests", "workflow_filepath": ".gitlab-ci.yml"},
        LockedIdentity(
            purl=PURL,
            issuer="https://gitlab.com",
            repository="https://gitlab.com/acme/python/requests",
            workflow=".gitlab-ci.yml",
        ),
    ),
    (
        {"kind": "Google", "email": "release@acme.example"},
        LockedIdentity(purl=PURL, issuer="https://accounts.google.com", subject="release@acme.example"),
    ),
]
CIRCLECI = {"kind": "CircleCI", "project_id": "11-22", "pipeline_definition_id": "33-44", "vcs_origin": "x"}


@pytest.mark.parametrize(("table", "expected"), FORMS)
def test_both_ways(table: dict[str, str], expected: LockedIdentity) -> None:
    """What is read of a lock, and what is written for one, are the same table."""
    assert identities_of(PURL, [json.dumps(table)]) == (expected,)
    assert tomllib.loads(as_pylock(expected)) == {"packages": {"attestation-identities": [table]}}


def test_the_text_that_is_written() -> None:
    """A table as a `pylock.toml` takes it below its package."""
    assert as_pylock(FORMS[0][1]) == (
        '[[packages.attestation-identities]]\nkind = "GitHub"\nrepository = "acme/requests"\nworkflow = "release.yml"\n'
    )


def test_the_environment_is_not_compared() -> None:
    """It stands in no certificate; a lock that states one says nothing more with it."""
    with_environment = {**FORMS[0][0], "environment": "pypi"}

    assert identities_of(PURL, [json.dumps(with_environment)]) == (FORMS[0][1],)


def test_circleci() -> None:
    """The subject tells project and pipeline; the issuer has an organisation that the lock does not state."""
    subject = "https://circleci.com/api/v2/projects/11-22/pipeline-definitions/33-44"

    assert identities_of(PURL, [json.dumps(CIRCLECI)]) == (LockedIdentity(purl=PURL, issuer="", subject=subject),)


def test_several() -> None:
    """Files of one release may have been published by several."""
    assert identities_of(PURL, [json.dumps(table) for table, _ in FORMS]) == tuple(one for _, one in FORMS)


@pytest.mark.parametrize(
    "table",
    [
        {"kind": "ActiveState", "project": "x"},
        {"kind": "GitHub", "repository": "acme/requests"},
        {"kind": "GitHub", "repository": "acme/requests", "workflow": 3},
        {"kind": "GitHub", "repository": "", "workflow": "release.yml"},
        {},
    ],
)
def test_what_is_not_understood(table: dict[str, object]) -> None:
    """Where one of several is not understood, the others alone are not what the lock expects."""
    assert identities_of(PURL, [json.dumps(FORMS[0][0]), json.dumps(table)]) == ()


@pytest.mark.parametrize(
    "entry",
    [
        LockedIdentity(purl=PURL, issuer=""),
        LockedIdentity(purl=PURL, issuer="https://accounts.google.com"),
        LockedIdentity(purl=PURL, issuer="https://gitlab.com", repository="https://gitlab.com/a/b"),
        LockedIdentity(
            purl=PURL,
            issuer="https://token.actions.githubusercontent.com",
            repository="https://github.com/a/b",
            workflow="elsewhere/release.yml",
        ),
    ],
)
def test_what_a_pylock_cannot_say(entry: LockedIdentity) -> None:
    """No table is better than one that says something else."""
    assert as_pylock(entry) == ""


def test_the_place() -> None:
    """That of the lock which states identities; other files state the package only."""
    other, lock = Location(path="a/poetry.lock", line=2), Location(path="z/pylock.toml", line=7)

    assert place_of(Component(purl=PURL, name="requests", locations=(other, lock))) == lock
    assert place_of(Component(purl=PURL, name="requests", locations=(other,))) == other
    assert place_of(Component(purl=PURL, name="requests")) == Location(path="pylock.toml")
