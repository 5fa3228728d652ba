"""Packages over connections without encryption."""

from __future__ import annotations

from typing import Any

import pytest

from bomvet.checks.component.insecure_source import INSECURE_SOURCE
from bomvet.model.facts import Severity
from bomvet.model.finding import Finding
from bomvet.model.inventory import Component, Distribution, Hash, Location
from bomvet.model.purl import npm_purl
from tests.harness import run_check

COMMIT = "0123456789abcdef0123456789abcdef01234567"
PLACE = (Location(path="package-lock.json", line=3),)
SHA512, SHA1 = Hash(algorithm="sha512", value="0" * 128), Hash(algorithm="sha1", value="0" * 40)


def component(*registries: str, url: str = "", hashes: tuple[Hash, ...] = (), **fields: Any) -> Component:
    """A package from these registries and this URL."""
    qualifiers = {name: fields.pop(name, "") for name in ("vcs_url", "download_url")}
    return Component(
        purl=npm_purl("a", "1", qualifiers),
        name="a",
        version="1",
        distributions=(Distribution(url=url, hashes=hashes),) if url else (),
        properties=tuple(("bomvet:registry", registry) for registry in registries),
        locations=PLACE,
        **fields,
    )


def test_a_whole_finding() -> None:
    """With every URL, and what guards the content."""
    subject = component("http://npm.packages.example", url="http://npm.packages.example/a/-/a-1.tgz", hashes=(SHA512,))

    assert run_check(INSECURE_SOURCE, subject) == [
        Finding(
            rule="insecure-source",
            subject="pkg:npm/a@1",
            severity=Severity.MEDIUM,
            message=(
                "a@1 comes over http, which anybody on the way can read and change; a hash would tell of a change"
            ),
            locations=PLACE,
            evidence=("file http://npm.packages.example/a/-/a-1.tgz", "registry http://npm.packages.example"),
            remediation="Take a over https: or ssh:, and write the lock anew.",
        )
    ]


@pytest.mark.parametrize(
    ("subject", "severity", "scheme"),
    [
        (component(url="http://f.example/a.tgz"), Severity.HIGH, "http"),
        (component(url="HTTP://f.example/a.tgz", hashes=(SHA1,)), Severity.HIGH, "http"),
        (component(url="ftp://f.example/a.tgz", hashes=(SHA512,)), Severity.MEDIUM, "ftp"),
        (component("http://10.0.0.7"), Severity.HIGH, "http"),
        (component(vcs_url="git://code.example/a.git@main"), Severity.HIGH, "git"),
        (component(vcs_url=f"git://code.example/a.git@{COMMIT}"), Severity.MEDIUM, "git"),
        (component(vcs_url="git+http://code.example/a.git"), Severity.HIGH, "http"),
        (component(vcs_url="svn://code.example/a@7"), Severity.HIGH, "svn"),
        (component("ftp://f.example", download_url="http://f.example/a.tgz"), Severity.HIGH, "ftp, http"),
        (component("http://localhost.evil.example"), Severity.HIGH, "http"),
    ],
)
def test_insecure(subject: Component, severity: Severity, scheme: str) -> None:
    """Graver where nothing would tell of a change."""
    (finding,) = run_check(INSECURE_SOURCE, subject)

    assert finding.severity is severity
    assert f" over {scheme}, " in finding.message


def test_an_extra_registry() -> None:
    """Counts as well."""
    subject = Component(purl="pkg:pypi/a@1", name="a", properties=(("bomvet:extra-registry", "http://x.example"),))

    assert [finding.evidence for finding in run_check(INSECURE_SOURCE, subject)] == [("registry http://x.example",)]


@pytest.mark.parametrize(
    "subject",
    [
        component("https://npm.packages.example", url="https://npm.packages.example/a.tgz"),
        component("http://localhost:4873", url="http://127.0.0.1:4873/a.tgz"),
        component("http://[::1]:8080/", url="http://npm.localhost/a.tgz"),
        component(url="file:///wheels/a.whl"),
        component(url="wheels/http://a.whl"),
        component(vcs_url="git+ssh://git@code.example/a.git"),
        component(vcs_url="git+https://code.example/a.git"),
        component("http://x.example", directory=""),
        Component(purl="pkg:npm/a@1?file_name=http://x", name="a", properties=(("bomvet:alias", "http://x"),)),
        component(),
    ],
)
def test_secure(subject: Component) -> None:
    """Encrypted, from this machine, or from a file."""
    assert run_check(INSECURE_SOURCE, subject) == []
