"""Packages from a repository without a commit."""

from __future__ import annotations

import pytest

from bomvet.checks.component.unpinned_git import UNPINNED_GIT
from bomvet.model.facts import Severity
from bomvet.model.finding import Finding
from bomvet.model.inventory import Component, Location
from bomvet.model.purl import npm_purl
from tests.harness import run_check

COMMIT = "0123456789abcdef0123456789abcdef01234567"
PLACE = (Location(path="package-lock.json", line=3),)


def component(url: str, directory: str | None = None) -> Component:
    """A package from a repository."""
    purl = npm_purl("a", "1", {"vcs_url": url})
    return Component(purl=purl, name="a", version="1", locations=PLACE, directory=directory)


def test_a_whole_finding() -> None:
    """With the URL, and what to do."""
    subject = component("git+https://code.example/a.git@main")

    assert run_check(UNPINNED_GIT, subject) == [
        Finding(
            rule="unpinned-git",
            subject=subject.purl,
            severity=Severity.HIGH,
            message="a@1 comes from a repository at 'main', which may be other code tomorrow",
            locations=PLACE,
            evidence=("git+https://code.example/a.git@main",),
            remediation="Name the full commit hash of a (40 digits) in place of a branch or tag.",
        )
    ]


@pytest.mark.parametrize(
    ("url", "severity", "what"),
    [
        ("git+https://code.example/a.git", Severity.HIGH, "whatever is the newest"),
        ("git+ssh://git@code.example/a.git", Severity.HIGH, "whatever is the newest"),
        ("git+https://code.example/a.git@v1.0", Severity.HIGH, "'v1.0'"),
        ("git+https://code.example/a.git@", Severity.HIGH, "whatever is the newest"),
        ("git+https://code.example/a.git@bca26e4", Severity.MEDIUM, "an abbreviated commit"),
        ("hg+https://code.example/a@default", Severity.HIGH, "'default'"),
    ],
)
def test_what_is_not_pinned(url: str, severity: Severity, what: str) -> None:
    """Nothing, a branch, a tag, or the beginning of a commit."""
    (finding,) = run_check(UNPINNED_GIT, component(url))

    assert (finding.severity, finding.message) == (
        severity,
        f"a@1 comes from a repository at {what}, which may be other code tomorrow",
    )


@pytest.mark.parametrize(
    "subject",
    [
        component(f"git+https://code.example/a.git@{COMMIT}"),
        component(f"git+ssh://git@code.example/a.git@{COMMIT}#subdirectory=x"),
        component(f"git+https://code.example/a.git@{COMMIT}{COMMIT[:24]}"),
        component("svn+https://code.example/a@1234"),
        component("git+https://code.example/a.git", directory=""),
        Component(purl="pkg:npm/a@1", name="a"),
        Component(purl="pkg:npm/a@1?download_url=https://a.example", name="a"),
    ],
)
def test_what_is_pinned_or_no_repository(subject: Component) -> None:
    """A full commit, a revision of Subversion, and what comes from elsewhere."""
    assert run_check(UNPINNED_GIT, subject) == []
