"""What a policy means, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.policy.conditions import CATALOGUES
from bomvet.policy.document import Policy, UnknownSeverity, UnusedWaivers

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from bomvet.model.finding import Waiver

#: An end that is nearer than this many days is told.
SOON = 30
_UNKNOWN = {
    UnknownSeverity.FAIL: "is taken for the worst",
    UnknownSeverity.INCOMPLETE: "is an open question",
    UnknownSeverity.PASS: "is taken for none",
}


def meaning(policy: Policy, today: dt.date) -> Iterator[str]:
    """A line per statement; what belongs to it is indented."""
    yield from _conditions(policy)
    if policy.enable:
        yield f"Rules that are run besides the usual ones: {', '.join(policy.enable)}"
    if policy.disable:
        yield f"Rules that are not run: {', '.join(policy.disable)}"
    for rule, severity in policy.severities:
        yield f"Findings of {rule} are {severity}"
    for own in policy.rules:
        yield f"Rule {own.id} ({own.severity}) finds each {own.on} of which this is true:"
        yield f"  {' '.join(own.when.text.split())}"
    if policy.cool_down:
        yield f"A release of less than {policy.cool_down} days is a finding of new-release"
    if policy.vex:
        yield f"Statements of VEX that answer findings: {', '.join(policy.vex)}"
    if policy.allow_incomplete:
        yield "Open questions warn, and do not end in exit code 3"
    if policy.require_components:
        yield "A result without components fails"
    yield from _waivers(policy, today)


def _conditions(policy: Policy) -> Iterator[str]:
    if not policy.fail_on:
        yield "No finding fails: all are told only (fail-on = never)"
        return
    yield "A finding fails where any of these is true; all others are told only:"
    for condition in policy.fail_on:
        yield f"  severity {condition} or worse" if condition.severity else f"  {condition}"
    names = {term.name for condition in policy.fail_on for term in condition.terms}
    if names & {"critical", "high", "medium", "low", "cvss"}:
        yield f"A severity that nobody has stated {_UNKNOWN[policy.unknown_severity]}"
    needed = sorted({CATALOGUES[name] for name in names if name in CATALOGUES})
    if needed:
        both = " and ".join({"kev": "the KEV catalogue", "epss": "EPSS scores"}[name] for name in needed)
        yield f"The advisory data must hold {both}, else exit code 3: `bomvet db update` fetches them"


def _waivers(policy: Policy, today: dt.date) -> Iterator[str]:
    if not policy.waivers:
        return
    expired = [waiver for waiver in policy.waivers if waiver.expires < today]
    soon = [w for w in policy.waivers if 0 <= (w.expires - today).days <= SOON]
    fails = ", and one that covers nothing fails" if policy.unused_waivers is UnusedWaivers.FAIL else ""
    yield f"Waivers: {len(policy.waivers)}{fails}"
    for waiver in sorted(expired, key=_end):
        yield f"  expired on {waiver.expires}: {_told(waiver, policy)}"
    for waiver in sorted(soon, key=_end):
        days = (waiver.expires - today).days
        yield f"  expires on {waiver.expires}, in {days} day{'' if days == 1 else 's'}: {_told(waiver, policy)}"


def _end(waiver: Waiver) -> tuple[dt.date, str]:
    return waiver.expires, waiver.id


def _told(waiver: Waiver, policy: Policy) -> str:
    bound = f" in {waiver.purl}" if waiver.purl else ""
    return f"{waiver.id}{bound} ({waiver.owner}, {waiver.source or policy.source}:{waiver.line})"
