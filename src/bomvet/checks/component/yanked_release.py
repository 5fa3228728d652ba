"""Releases that their maintainers or the registry took back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bomvet.model.facts import Severity, Standing
from bomvet.model.finding import Finding, Rule
from bomvet.plugin import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.model.facts import Facts
    from bomvet.model.inventory import Component

#: Words of maintainers who took a release back for the sake of those who use it.
_SECURITY = re.compile(
    r"CVE-|GHSA-|PYSEC-|secur|vulnerab|malicious|malware|compromis|hijack|backdoor|exploit|stolen|leaked", re.IGNORECASE
).search


def on_component(component: Component, facts: Facts) -> Iterator[Finding]:
    """One finding: yanked, else gone from the registry."""
    answer = facts.releases.get(component.purl)
    if component.first_party or not answer:
        return
    release = answer.release
    if release and release.yanked:
        words = "" if release.yanked == "-" else f": {release.yanked}"
        severity = Severity.HIGH if _SECURITY(release.yanked) else Severity.MEDIUM
        yield _finding(component, severity, f"{component.label} was yanked by its maintainers{words}", answer.source)
    elif answer.standing is Standing.ABSENT and not (release and release.status == "quarantined"):
        message = f"{component.label} is not, or no longer, in the registry it is said to be from"
        yield _finding(component, Severity.HIGH, message, answer.reason)


def _finding(component: Component, severity: Severity, message: str, source: str) -> Finding:
    return Finding(
        rule="yanked-release",
        subject=component.purl,
        severity=severity,
        message=message,
        locations=component.locations,
        evidence=(source,) if source else (),
        remediation=f"Take a release of {component.name} that still stands, and find out why this one was taken back.",
    )


YANKED_RELEASE = Check(
    rule=Rule(
        id="yanked-release",
        title="A release was taken back",
        help=(
            "The maintainers yanked the release, or the registry has no such release (any more), as it is with "
            "malicious ones that were removed."
        ),
    ),
    on_component=on_component,
)
