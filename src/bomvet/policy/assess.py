"""The judgement: findings and open questions, put to a policy; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from bomvet.model.facts import RANKED, SHOWN, Facts, Severity, Standing
from bomvet.model.finding import Assessment, Finding, PolicyUsed, Verdict, Waived, Waiver
from bomvet.model.result import PluginStatus, Status
from bomvet.policy.document import Policy, UnknownSeverity

if TYPE_CHECKING:
    import datetime as dt

    from bomvet.model.inventory import Inventory


def assess(
    findings: Iterable[Finding],
    policy: Policy,
    *,
    inventory: Inventory,
    facts: Facts,
    plugins: Sequence[PluginStatus],
    today: dt.date,
    baseline: Collection[str] = (),
) -> Assessment:
    """What `policy` says on the day `today` (UTC); `baseline` are fingerprints that were known, and do not fail."""
    ordered = sorted(findings, key=lambda f: (SHOWN.index(f.severity), f.subject, f.rule, f.instance))
    covering = _Waivers(policy.waivers).covering
    waived, still_open = list[Waived](), list[Finding]()
    used, expired = set[Waiver](), set[Waiver]()
    for finding in ordered:
        waivers = covering(finding)
        used.update(waivers)
        current = next((w for w in waivers if today <= w.expires), None)
        if current:
            waived.append(Waived(finding=finding, waiver=current))
        else:
            still_open.append(finding)
            expired.update(waivers)
    known = frozenset(f.fingerprint for f in still_open) & frozenset(baseline)
    failing = [f for f in still_open if f.fingerprint not in known and _fails(f, policy)]
    questions = _open_questions(inventory, facts, plugins, still_open, policy)
    reasons = _reasons(still_open, failing, policy, inventory, questions)
    return Assessment(
        verdict=_verdict(failing, policy, inventory, questions),
        findings=tuple(still_open),
        failing=frozenset(f.fingerprint for f in failing),
        known=known,
        waived=tuple(waived),
        expired=tuple(w for w in policy.waivers if w in expired),
        # What could not be answered may hold the finding that a waiver is for.
        unused=() if questions else tuple(w for w in policy.waivers if w not in used),
        policy=_used(policy),
        reasons=tuple(reasons),
        not_established=tuple(questions),
    )


def _used(policy: Policy) -> PolicyUsed:
    return PolicyUsed(
        source=policy.source,
        fail_on=str(policy.fail_on or "never"),
        unknown_severity=str(policy.unknown_severity),
        allow_incomplete=policy.allow_incomplete,
        require_components=policy.require_components,
    )


class _Waivers:
    """The waivers by the name that they are for."""

    def __init__(self, waivers: Iterable[Waiver]) -> None:
        self._by_id: dict[str, list[Waiver]] = defaultdict(list)
        for waiver in waivers:
            self._by_id[waiver.id.casefold()].append(waiver)

    def covering(self, finding: Finding) -> list[Waiver]:
        """Those that cover `finding`."""
        return [w for name in finding.names for w in self._by_id.get(name, ()) if w.covers(finding)]


def _fails(finding: Finding, policy: Policy) -> bool:
    if policy.fail_on is None:
        return False
    if finding.severity is Severity.UNKNOWN:
        return policy.unknown_severity is UnknownSeverity.FAIL
    return RANKED.index(finding.severity) <= RANKED.index(policy.fail_on)


def _open_questions(
    inventory: Inventory,
    facts: Facts,
    plugins: Sequence[PluginStatus],
    findings: Sequence[Finding],
    policy: Policy,
) -> list[str]:
    questions = [f"{u.location}: {u.reason}" for u in inventory.unknowns]
    told = {u.resolver for u in inventory.unknowns}  # the status of these would say it a second time
    questions += [f"{p.id}: {p.reason}" for p in plugins if p.status is not Status.OK and p.id not in told]
    asked = _asked_already(inventory)
    questions += [
        f"{purl}: {answer.reason}"
        for purl, answer in sorted(facts.advisories.items())
        if answer.standing is Standing.NOT_ESTABLISHED and purl not in asked
    ]
    if policy.cool_down or policy.ask_registries:
        questions += [
            f"{purl}: {answer.reason}"
            for purl, answer in sorted(facts.releases.items())
            if answer.standing is Standing.NOT_ESTABLISHED and purl not in asked
        ]
    if policy.fail_on is not None and policy.unknown_severity is UnknownSeverity.INCOMPLETE:
        questions += [f"{f.subject}: the severity of {f.instance} is unknown" for f in findings if _is_unrated(f)]
    return questions


def _asked_already(inventory: Inventory) -> set[str]:
    """Components without a version whose place is told to leave it open: no advisory can be asked about then."""
    places = {unknown.location for unknown in inventory.unknowns}
    return {c.purl for c in inventory.components if not c.version and not places.isdisjoint(c.locations)}


def _is_unrated(finding: Finding) -> bool:
    return finding.severity is Severity.UNKNOWN


def _reasons(
    still_open: Sequence[Finding],
    failing: Sequence[Finding],
    policy: Policy,
    inventory: Inventory,
    questions: Sequence[str],
) -> list[str]:
    unrated = sum(map(_is_unrated, failing))
    rated, below = len(failing) - unrated, len(still_open) - len(failing)
    reasons = []
    if rated:
        reasons.append(f"{_count(rated, 'finding')} of severity {policy.fail_on} or worse")
    if unrated:
        reasons.append(f"{_count(unrated, 'finding')} of unknown severity (unknown-severity = fail)")
    if below and not failing:
        reasons.append(f"{_count(below, 'finding')} below the threshold (fail-on = {policy.fail_on or 'never'})")
    if policy.require_components and not inventory.components:
        reasons.append("no component was found, and the policy requires some")
    if questions:
        allowed = ", which the policy allows" if policy.allow_incomplete else ""
        reasons.append(f"{_count(len(questions), 'question')} could not be answered{allowed}")
    return reasons


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _verdict(failing: Sequence[Finding], policy: Policy, inventory: Inventory, questions: Sequence[str]) -> Verdict:
    if failing or (policy.require_components and not inventory.components):
        return Verdict.FAILED
    return Verdict.INCOMPLETE if questions and not policy.allow_incomplete else Verdict.PASSED
