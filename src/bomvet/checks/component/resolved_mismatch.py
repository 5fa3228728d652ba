"""Packages whose lock entry leads to a file of another package, of another version, or on a host of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.checks.component._files import is_sdist_of, npm_archive, wheel
from bomvet.checks.component._sources import listed
from bomvet.model.facts import Severity
from bomvet.model.finding import Finding, Rule
from bomvet.model.inventory import Confidence
from bomvet.model.purl import parts, pypi_name
from bomvet.plugin import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.model.facts import Facts
    from bomvet.model.inventory import Component


def on_component(component: Component, facts: Facts) -> Iterator[Finding]:
    """One finding where any file is not what the entry says that it is."""
    if component.first_party or not component.distributions:
        return
    evidence = sorted(set(_mismatches(component)))
    answer = facts.sources.get(component.purl)
    hosts = answer.hosts if answer else ()
    if not evidence and not hosts:
        return
    evidence += [f"{host} has files of no other package of that registry" for host in hosts]
    yield Finding(
        rule="resolved-mismatch",
        subject=component.purl,
        severity=Severity.HIGH,
        confidence=Confidence.HIGH if len(evidence) > len(hosts) else Confidence.MEDIUM,
        message=f"What is installed as {component.label} is not that: {listed(evidence)}",
        locations=component.locations,
        evidence=tuple(evidence),
        remediation=(
            f"Do not install from this lock. Look who changed the entry of {component.name}, restore the lock file "
            "from a state you trust, and let the package manager write the entry anew."
        ),
    )


def _mismatches(component: Component) -> Iterator[str]:
    purl = parts(component.purl)
    files = (file.url for file in component.distributions if file.url)
    if purl.type == "npm" and not purl.qualifiers:
        for url in files:
            yield from _npm(component, url)
    elif purl.type == "pypi":
        for url in files:
            yield from _pypi(component, url, from_index=not purl.qualifiers)


def _npm(component: Component, url: str) -> Iterator[str]:
    stated = npm_archive(url)
    if stated is None:
        return
    if stated.name != component.name:  # letter case tells packages apart
        yield f"{url} is a file of {stated.name}"
    elif stated.version and component.version and not _same_npm(stated.version, component.version):
        yield f"{url} is version {stated.version}"


def _same_npm(one: str, other: str) -> bool:
    """Whether two texts are one version: what builds are called says nothing, and old files have a v."""
    return one.partition("+")[0].removeprefix("v") == other.partition("+")[0].removeprefix("v")


def _pypi(component: Component, url: str, *, from_index: bool) -> Iterator[str]:
    name = pypi_name(component.name)
    stated = wheel(url)
    if stated is not None:
        if stated.name != name:
            yield f"{url} is a file of {stated.name}"
            return
        version = stated.version
    elif from_index and (found := is_sdist_of(url, name)) is not None:
        if not found:
            yield f"{url} is no file of {name}"
            return
        version = found
    else:
        return
    if component.version and not _same_pypi(version, component.version):
        yield f"{url} is version {version}"


def _same_pypi(one: str, other: str) -> bool:
    """Whether two texts are one version, or one of them is none at all, of which nothing can be said."""
    if one == other:
        return True
    from bomvet.versions.pep440 import key  # noqa: PLC0415 - slow, and rarely needed

    first, second = key(one), key(other)
    return first is None or second is None or first == second


RESOLVED_MISMATCH = Check(
    rule=Rule(
        id="resolved-mismatch",
        title="A lock entry leads to a file of something else",
        help=(
            "The URL in the lock names another package or another version than the entry, "
            "or a host that no other package of its registry has files on."
        ),
    ),
    on_component=on_component,
)
