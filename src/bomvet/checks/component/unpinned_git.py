"""Packages from a repository at a branch or tag, which is another tomorrow."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bomvet.checks.component._sources import qualifier
from bomvet.model.facts import Severity
from bomvet.model.finding import Finding, Rule
from bomvet.plugin import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.model.facts import Facts
    from bomvet.model.inventory import Component

_FULL = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.IGNORECASE).fullmatch
_ABBREVIATED = re.compile(r"[0-9a-f]{7,39}", re.IGNORECASE).fullmatch
_NUMBERED = ("svn", "bzr")


def on_component(component: Component, facts: Facts) -> Iterator[Finding]:  # noqa: ARG001 - the signature
    """One finding where no full commit hash says what is meant."""
    url = "" if component.first_party else qualifier(component, "vcs_url")
    revision = _revision(url)
    if not url or _FULL(revision) or (url.startswith(_NUMBERED) and revision.isdecimal()):
        return
    abbreviated = bool(_ABBREVIATED(revision))
    what = "an abbreviated commit" if abbreviated else f"{revision!r}" if revision else "whatever is the newest"
    yield Finding(
        rule="unpinned-git",
        subject=component.purl,
        severity=Severity.MEDIUM if abbreviated else Severity.HIGH,
        message=f"{component.label} comes from a repository at {what}, which may be other code tomorrow",
        locations=component.locations,
        evidence=(url,),
        remediation=f"Name the full commit hash of {component.name} (40 digits) in place of a branch or tag.",
    )


def _revision(url: str) -> str:
    """What stands behind the last @ of the path."""
    path = url.partition("://")[2].partition("/")[2]
    return path.partition("#")[0].rpartition("@")[2] if "@" in path else ""


UNPINNED_GIT = Check(
    rule=Rule(
        id="unpinned-git",
        title="A dependency from a repository is not pinned to a commit",
        help="It names a branch, a tag, an abbreviated commit or nothing, each of which can become other code.",
    ),
    on_component=on_component,
)
