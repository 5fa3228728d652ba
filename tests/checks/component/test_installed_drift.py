"""Installed packages that are not what the lock says."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from bomvet.checks.component.installed_drift import INSTALLED_DRIFT
from bomvet.model.facts import Drift, DriftKind, Facts, Severity
from bomvet.model.finding import Finding
from bomvet.model.inventory import Component, Location
from tests.harness import run_check

LOCKED = Component(
    purl="pkg:npm/%40s/a@1", name="@s/a", version="1", locations=(Location(path="package-lock.json", line=9),)
)
PLACE = Location(path="node_modules/@s/a/package.json")


def drift(kind: DriftKind, *, locations: tuple[Location, ...] = ()) -> Facts:
    """Facts of one difference."""
    one = Drift(
        kind=kind,
        purl="pkg:npm/%40s/a",
        lock="package-lock.json",
        folder="node_modules",
        locked=("1",),
        installed=("2", "3"),
        locations=locations,
    )
    return Facts(drift=MappingProxyType({LOCKED.purl: (one,)}))


def test_another_version() -> None:
    """The finding says what is where, and how to mend it."""
    assert run_check(INSTALLED_DRIFT, LOCKED, drift(DriftKind.OTHER_VERSION, locations=(PLACE,))) == [
        Finding(
            rule="installed-drift",
            subject=LOCKED.purl,
            severity=Severity.MEDIUM,
            message="@s/a is 2, 3 in node_modules, and 1 in package-lock.json",
            instance="node_modules: pkg:npm/%40s/a",
            locations=(PLACE,),
            evidence=("package-lock.json against node_modules",),
            remediation="Install anew from package-lock.json, or write package-lock.json anew if what is installed is meant.",
        )
    ]


@pytest.mark.parametrize(
    ("kind", "severity", "message"),
    [
        (
            DriftKind.NOT_LOCKED,
            Severity.MEDIUM,
            "@s/a 2, 3 is installed in node_modules, and is not in package-lock.json",
        ),
        (DriftKind.NOT_INSTALLED, Severity.LOW, "@s/a 1 of package-lock.json is not installed in node_modules"),
    ],
)
def test_the_other_kinds(kind: DriftKind, severity: Severity, message: str) -> None:
    """Each kind has its words; what is not installed stands where the lock names it."""
    (found,) = run_check(INSTALLED_DRIFT, LOCKED, drift(kind))

    assert (found.severity, found.message, found.locations) == (severity, message, LOCKED.locations)


@pytest.mark.parametrize(
    ("installed", "message"),
    [
        (("1", "2"), "@s/a is 2 in node_modules, and 1 in package-lock.json"),
        (("",), "@s/a is of no version in node_modules, and 1 in package-lock.json"),
    ],
)
def test_versions_that_are_locked_are_not_named(installed: tuple[str, ...], message: str) -> None:
    """Of what is installed, only what the lock has not is told."""
    (one,) = drift(DriftKind.OTHER_VERSION).drift[LOCKED.purl]
    facts = Facts(drift=MappingProxyType({LOCKED.purl: (replace(one, installed=installed),)}))

    assert [found.message for found in run_check(INSTALLED_DRIFT, LOCKED, facts)] == [message]


def test_nothing_differs() -> None:
    """A component of which nothing is said has no finding."""
    assert run_check(INSTALLED_DRIFT, LOCKED, Facts()) == []
