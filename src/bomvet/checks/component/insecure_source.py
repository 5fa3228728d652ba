"""Packages that come over a connection which anybody on the way can read and change."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bomvet.checks.component._sources import is_guarded, listed, places
from bomvet.model.facts import Severity
from bomvet.model.finding import Finding, Rule
from bomvet.plugin import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.model.facts import Facts
    from bomvet.model.inventory import Component

_INSECURE = re.compile(
    r"(?:[a-z]+\+)?(?P<scheme>http|git|ftp|svn)://(?P<host>\[[^\]]*\]|[^/:?#]*)", re.IGNORECASE
).match
#: The machine itself.
_LOOPBACK = re.compile(r"localhost|(?:[^/]*\.)?localhost|127(?:\.[0-9]{1,3}){3}|\[::1\]", re.IGNORECASE).fullmatch
_COMMIT = re.compile(r"@[0-9a-f]{40}(?:[0-9a-f]{24})?\Z", re.IGNORECASE).search


def on_component(component: Component, facts: Facts) -> Iterator[Finding]:  # noqa: ARG001 - the signature
    """One finding for all URLs without encryption."""
    if component.first_party:
        return
    found = sorted({(kind, url) for kind, url in places(component) if is_insecure(url)})
    if not found:
        return
    # A hash, or the commit that git checks, tells what was changed on the way.
    guarded = is_guarded(component) or all(_COMMIT(url) for _, url in found)
    schemes = sorted({match["scheme"].lower() for _, url in found if (match := _INSECURE(url))})
    yield Finding(
        rule="insecure-source",
        subject=component.purl,
        severity=Severity.MEDIUM if guarded else Severity.HIGH,
        message=(
            f"{component.label} comes over {listed(schemes)}, which anybody on the way can read and change"
            + ("; a hash would tell of a change" if guarded else ", and no strong hash would tell")
        ),
        locations=component.locations,
        evidence=tuple(f"{kind} {url}" for kind, url in found),
        remediation=f"Take {component.name} over https: or ssh:, and write the lock anew.",
    )


def is_insecure(url: str) -> bool:
    """Whether it is fetched without encryption from another machine."""
    match = _INSECURE(url)
    return bool(match) and not _LOOPBACK(match["host"] if match else "")


INSECURE_SOURCE = Check(
    rule=Rule(
        id="insecure-source",
        title="A component comes over a connection without encryption",
        help="A registry, file or repository that it comes from is named by http:, git:, ftp: or svn:.",
    ),
    on_component=on_component,
)
