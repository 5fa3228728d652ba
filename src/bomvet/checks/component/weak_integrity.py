"""Packages that no hash guards while others of the same lock have one, or only one by a broken algorithm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.checks.component._sources import WEAK
from bomvet.model.facts import Severity
from bomvet.model.finding import Finding, Rule
from bomvet.plugin import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.model.facts import Facts
    from bomvet.model.inventory import Component


def on_component(component: Component, facts: Facts) -> Iterator[Finding]:
    """One finding: a missing hash, else a weak one."""
    if component.first_party:
        return
    answer = facts.sources.get(component.purl)
    if answer and answer.hashed:
        others = f"{answer.hashed} other package{'' if answer.hashed == 1 else 's'} of the same lock"
        yield _finding(
            component,
            Severity.MEDIUM,
            f"No hash says what {component.label} is, while {others} and registry have one",
        )
    elif weak := _weakest(component):
        severity = Severity.MEDIUM if weak == "md5" else Severity.LOW
        yield _finding(component, severity, f"Only a hash by {weak}, which is broken, says what {component.label} is")


def _finding(component: Component, severity: Severity, message: str) -> Finding:
    return Finding(
        rule="weak-integrity",
        subject=component.purl,
        severity=severity,
        message=message,
        locations=component.locations,
        remediation=(
            f"Let the package manager write the entry of {component.name} anew, and look that it gets a hash by "
            "SHA-256 or SHA-512."
        ),
    )


def _weakest(component: Component) -> str:
    """The algorithm of what only weak hashes guard: the component, or any file of it; empty where there is none."""
    own = {h.algorithm for h in component.hashes}
    if own - WEAK:
        return ""
    groups = [own | {h.algorithm for h in file.hashes} for file in component.distributions] or [own]
    weak = [group for group in groups if group and not group - WEAK]
    if not weak:
        return ""
    return "md5" if any("sha1" not in group for group in weak) else "sha1"


WEAK_INTEGRITY = Check(
    rule=Rule(
        id="weak-integrity",
        title="No strong hash says what a component is",
        help=(
            "Other packages of the same lock and registry have a hash, and this one has none; "
            "or it has only one by MD5 or SHA-1."
        ),
    ),
    on_component=on_component,
)
