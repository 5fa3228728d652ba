"""Packages whose name can be taken for that of a popular one."""

from __future__ import annotations

import pytest

from bomvet.checks.component.typosquat_suspect import TYPOSQUAT_SUSPECT
from bomvet.model.facts import Severity
from bomvet.model.finding import Finding
from bomvet.model.inventory import Component, Confidence, Distribution, Location
from tests.harness import run_check

PLACE = (Location(path="package-lock.json", line=3),)


def package(purl: str, *properties: tuple[str, str], source: bool = False) -> Component:
    """A component."""
    files = (Distribution(url="https://f.packages.example/a", source=True),) if source else ()
    return Component(purl=purl, name="a", version="1", locations=PLACE, properties=properties, distributions=files)


def test_a_suspect() -> None:
    """The name that it can be taken for, how, how far away and how popular that is."""
    assert run_check(TYPOSQUAT_SUSPECT, package("pkg:npm/crossenv@6.1.1")) == [
        Finding(
            rule="typosquat-suspect",
            subject="pkg:npm/crossenv@6.1.1",
            severity=Severity.MEDIUM,
            confidence=Confidence.MEDIUM,
            message="crossenv is written as the popular cross-env, but for its separators",
            locations=PLACE,
            evidence=("distance 1 from cross-env, number 1,931 by downloads of npm",),
            remediation=(
                "Find out who asked for crossenv. If cross-env is meant, correct the name, and treat machines that "
                "installed crossenv as compromised until it is known what it does. If it is right, waive the rule for "
                "it."
            ),
        )
    ]


@pytest.mark.parametrize(
    ("subject", "reason"),
    [
        (package("pkg:npm/crossenv@1", ("bomvet:install-script", "true")), "it has an install script"),
        (
            package("pkg:pypi/colourama@1", source=True),
            "it comes as source alone, which runs its own code when it is built",
        ),
    ],
)
def test_what_runs_code_when_it_is_installed_is_graver(subject: Component, reason: str) -> None:
    """Then the harm is done by the installation."""
    (found,) = run_check(TYPOSQUAT_SUSPECT, subject)

    assert (found.severity, found.evidence[1:]) == (Severity.HIGH, (reason,))


def test_what_imitates_a_rarer_name_is_less_sure() -> None:
    """Low confidence."""
    (found,) = run_check(TYPOSQUAT_SUSPECT, package("pkg:npm/babelcli@1"))

    assert (found.confidence, found.evidence) == (
        Confidence.LOW,
        ("distance 1 from babel-cli, number 11,941 by downloads of npm",),
    )


@pytest.mark.parametrize(
    ("purl", "target"),
    [
        ("pkg:npm/electorn@1", "electron"),
        ("pkg:npm/lodashs@1", "lodash"),
        ("pkg:npm/discordi.js@1", "discord.js"),
        ("pkg:npm/twilio-npm@1", "twilio"),
        ("pkg:npm/noderequest@1", "request"),
        ("pkg:npm/nodemailer.js@1", "nodemailer"),
        ("pkg:npm/mongose@1", "mongoose"),
        ("pkg:npm/monent@1", "moment"),
        ("pkg:npm/%40babell/core@1", "@babel/core"),
        ("pkg:npm/%40typos/node@1", "@types/node"),
        ("pkg:npm/%40tipes/node@1", "@types/node"),
        ("pkg:npm/types-node@1", "@types/node"),
        ("pkg:pypi/djanga@1", "django"),
        ("pkg:pypi/diango@1", "django"),
        ("pkg:pypi/python3-dateutil@1", "python-dateutil"),
        ("pkg:pypi/jeIlyfish@1", "jellyfish"),
        ("pkg:pypi/colourama@1", "colorama"),
        ("pkg:pypi/urlib3@1", "urllib3"),
        ("pkg:pypi/setup_tools@1", "setuptools"),
        ("pkg:pypi/beautifulsup4@1", "beautifulsoup4"),
        ("pkg:pypi/tenserflow@1", "tensorflow"),
    ],
)
def test_names_that_were_used_in_attacks(purl: str, target: str) -> None:
    """Those of real ones, and how scopes might be imitated."""
    findings = run_check(TYPOSQUAT_SUSPECT, package(purl))
    found = [finding.evidence[0].partition(" from ")[2].partition(",")[0] for finding in findings]

    assert found == [target]


@pytest.mark.parametrize(
    "subject",
    [
        package("pkg:npm/cross-env@1"),
        package("pkg:npm/preact@1"),
        package("pkg:npm/%40types/expresss@1"),
        package("pkg:npm/%40acme/lodahs@1"),
        package("pkg:npm/lodahs@1?vcs_url=git%2Bhttps://git.example/lodahs@0"),
        package("pkg:conda/nunpy@1"),
        package("pkg:pypi/acme-billing@1"),
        Component(purl="pkg:npm/lodahs@1", name="lodahs", directory=""),
    ],
)
def test_no_suspects(subject: Component) -> None:
    """Popular ones, what is in somebody's scope, what no registry gave, and what is like nothing."""
    assert run_check(TYPOSQUAT_SUSPECT, subject) == []
