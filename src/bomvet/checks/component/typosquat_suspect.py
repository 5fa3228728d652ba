"""Packages whose name can be taken for that of a popular one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.checks.component._install import runs_code
from bomvet.checks.component._lookalikes import lookalikes
from bomvet.model.facts import Severity
from bomvet.model.finding import Finding, Rule
from bomvet.model.inventory import Confidence
from bomvet.model.purl import parts, pypi_name
from bomvet.plugin import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.model.facts import Facts
    from bomvet.model.inventory import Component

_ECOSYSTEMS = {"pypi": "PyPI", "npm": "npm"}
#: So popular are those that nearly all typosquats imitate.
_FAMOUS = 2_000


def on_component(component: Component, facts: Facts) -> Iterator[Finding]:  # noqa: ARG001 - the signature
    """One finding, for the most popular name that it can be taken for."""
    purl = parts(component.purl)
    # What comes from a repository, a file or the tree was not taken from a registry by its name.
    if component.first_party or purl.type not in _ECOSYSTEMS or purl.qualifiers:
        return
    name = pypi_name(purl.name) if purl.type == "pypi" else f"{purl.namespace}/{purl.name}".lstrip("/")
    found = lookalikes(purl.type).like(name)
    if not found:
        return
    runs, number = runs_code(component), f"number {found.rank:,} by downloads of {_ECOSYSTEMS[purl.type]}"
    yield Finding(
        rule="typosquat-suspect",
        subject=component.purl,
        severity=Severity.HIGH if runs else Severity.MEDIUM,
        confidence=Confidence.MEDIUM if found.rank <= _FAMOUS else Confidence.LOW,
        message=f"{name} is written as the popular {found.name}, {found.how}",
        locations=component.locations,
        evidence=(
            f"distance {found.distance} from {found.name}, {number}",
            *((runs,) if runs else ()),
        ),
        remediation=(
            f"Find out who asked for {name}. If {found.name} is meant, correct the name, and treat machines that "
            f"installed {name} as compromised until it is known what it does. If it is right, waive the rule for it."
        ),
    )


TYPOSQUAT_SUSPECT = Check(
    rule=Rule(
        id="typosquat-suspect",
        title="A name can be taken for that of a popular package",
        help=(
            "The name differs from that of a popular package by a letter, by separators, by letters that look alike, "
            "by the order of its words, by a prefix or suffix, or by its scope, and is not popular itself."
        ),
    ),
    on_component=on_component,
)
