"""Packages that no strong hash guards."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from bomvet.checks.component.weak_integrity import WEAK_INTEGRITY
from bomvet.model.facts import Facts, Severity, SourceAnswer
from bomvet.model.finding import Finding
from bomvet.model.inventory import Component, Distribution, Hash, Location
from tests.harness import run_check

PLACE = (Location(path="package-lock.json", line=3),)
HASHES = {"md5": "0" * 32, "sha1": "0" * 40, "sha512": "0" * 128, "blake3": "0" * 64}


def hashes(*algorithms: str) -> tuple[Hash, ...]:
    """One digest by each."""
    return tuple(Hash(algorithm=name, value=HASHES[name]) for name in algorithms)


def component(*own: str, files: tuple[tuple[str, ...], ...] = (), directory: str | None = None) -> Component:
    """A package with these algorithms of its own and of its files."""
    distributions = tuple(Distribution(url=f"https://f.example/{n}", hashes=hashes(*f)) for n, f in enumerate(files))
    return Component(
        purl="pkg:npm/a@1",
        name="a",
        version="1",
        hashes=hashes(*own),
        distributions=distributions,
        locations=PLACE,
        directory=directory,
    )


def facts(hashed: int) -> Facts:
    """So many others have a hash."""
    return Facts(sources=MappingProxyType({"pkg:npm/a@1": SourceAnswer(hashed=hashed)}))


@pytest.mark.parametrize(("hashed", "others"), [(1, "1 other package"), (20, "20 other packages")])
def test_a_missing_hash(hashed: int, others: str) -> None:
    """Where others of the same lock and registry have one."""
    assert run_check(WEAK_INTEGRITY, component(), facts(hashed)) == [
        Finding(
            rule="weak-integrity",
            subject="pkg:npm/a@1",
            severity=Severity.MEDIUM,
            message=f"No hash says what a@1 is, while {others} of the same lock and registry have one",
            locations=PLACE,
            remediation=(
                "Let the package manager write the entry of a anew, and look that it gets a hash by SHA-256 or SHA-512."
            ),
        )
    ]


@pytest.mark.parametrize(
    ("subject", "severity", "algorithm"),
    [
        (component("md5"), Severity.MEDIUM, "md5"),
        (component("sha1"), Severity.LOW, "sha1"),
        (component("md5", "sha1"), Severity.LOW, "sha1"),
        (component(files=(("sha1",),)), Severity.LOW, "sha1"),
        (component(files=(("sha512",), ("sha1",), ("md5",))), Severity.MEDIUM, "md5"),
    ],
)
def test_weak_hashes(subject: Component, severity: Severity, algorithm: str) -> None:
    """Of the component, or of any of its files."""
    (finding,) = run_check(WEAK_INTEGRITY, subject)

    assert (finding.severity, finding.message) == (
        severity,
        f"Only a hash by {algorithm}, which is broken, says what a@1 is",
    )


@pytest.mark.parametrize(
    "subject",
    [
        component(),
        component("sha512"),
        component("sha1", "sha512"),
        component("sha512", files=(("sha1",),)),
        component(files=(("sha512", "md5"), ())),
        component("blake3"),
        component("md5", directory=""),
    ],
)
def test_enough(subject: Component) -> None:
    """A strong hash, none where nothing is known of others, and projects of the tree."""
    assert run_check(WEAK_INTEGRITY, subject) == []
    assert run_check(WEAK_INTEGRITY, subject, facts(0)) == []
