"""The judgement: findings and open questions, put to a policy; pure.

A finding goes through steps in this order: VEX, which is asked before this, waivers, the baseline, the conditions of
`fail-on`.  Whatever a step takes out, no later one sees.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from bomvet.model.facts import SHOWN, AdvisoryMatch, Facts, Severity, Standing
from bomvet.model.finding import Assessment, Finding, PolicyUsed, RiskScore, Verdict, Waived, Waiver
from bomvet.model.records import dataclass
from bomvet.model.result import PluginStatus, Status
from bomvet.policy._reach import direct
from bomvet.policy.conditions import SEVERITY, About, Condition, judge, written
from bomvet.policy.document import Policy, UnknownSeverity, UnusedWaivers
from bomvet.policy.score import telling
from bomvet.policy.waivers import Waivers, no_order

if TYPE_CHECKING:
    import datetime as dt

    from bomvet.model.inventory import Inventory
    from bomvet.policy.waivers import Order

#: What a finding without known severity comes to where a term asks for it.
_RATED = {UnknownSeverity.FAIL: True, UnknownSeverity.PASS: False, UnknownSeverity.INCOMPLETE: None}
#: Plug-ins whose status leaves no question open.
_ANSWERED = (Status.OK, Status.OFF)


def assess(
    findings: Iterable[Finding],
    policy: Policy,
    *,
    inventory: Inventory,
    facts: Facts,
    plugins: Sequence[PluginStatus],
    today: dt.date,
    baseline: Collection[str] = (),
    scores: Sequence[RiskScore] = (),
    order: Order = no_order,
) -> Assessment:
    """What `policy` says on the day `today` (UTC).

    `baseline` are fingerprints that were known, and do not fail; `scores` the risks of the components; `order` gives
    the place of a version in that of its purl type.
    """
    ordered = sorted(findings, key=lambda f: (SHOWN.index(f.severity), f.subject, f.rule, f.instance))
    waiving = _waive(ordered, policy.waivers, order, today)
    known = frozenset(f.fingerprint for f in waiving.open) & frozenset(baseline)
    abouts = _Abouts(inventory, facts, scores, today)
    judging = _judge([f for f in waiving.open if f.fingerprint not in known], policy, abouts)
    questions = (*_open_questions(inventory, facts, plugins, policy), *judging.questions)
    # What could not be answered may hold the finding that a waiver is for.
    unused = () if questions else tuple(w for w in policy.waivers if w not in waiving.used)
    outcome = _Outcome(waiving=waiving, judging=judging, questions=questions, unused=unused, known=len(known))
    return Assessment(
        verdict=_verdict(outcome, policy, inventory),
        findings=waiving.open,
        failing=frozenset(judging.refused),
        known=known,
        waived=waiving.waived,
        expired=tuple(w for w in policy.waivers if w in waiving.expired),
        unused=unused,
        policy=_used(policy),
        reasons=tuple(_reasons(outcome, policy, inventory)),
        not_established=questions,
        conditions=MappingProxyType({f.fingerprint: _named(f, c, policy) for f, c in judging.pairs}),
        scores=telling(scores),
        score=max((score.high for score in scores if score.terms or score.high), default=None),
        notes=(*policy.notes, *waiving.told),
    )


def _used(policy: Policy) -> PolicyUsed:
    return PolicyUsed(
        source=policy.source,
        digest=policy.digest,
        fail_on=written(policy.fail_on),
        unknown_severity=str(policy.unknown_severity),
        allow_incomplete=policy.allow_incomplete,
        require_components=policy.require_components,
    )


# -- waivers ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiving:
    """What waivers leave open, what they cover, which of them had something to cover, and which have run out."""

    open: tuple[Finding, ...]
    waived: tuple[Waived, ...]
    used: frozenset[Waiver]
    expired: frozenset[Waiver]
    told: tuple[str, ...]


def _waive(findings: Iterable[Finding], stated: Iterable[Waiver], order: Order, today: dt.date) -> _Waiving:
    waivers = Waivers(stated, order)
    waived, still_open = list[Waived](), list[Finding]()
    used, expired = set[Waiver](), set[Waiver]()
    for finding in findings:
        covering = waivers.covering(finding)
        used.update(covering)
        current = next((w for w in covering if today <= w.expires), None)
        if current:
            waived.append(Waived(finding=finding, waiver=current))
        else:
            still_open.append(finding)
            expired.update(covering)
    return _Waiving(
        open=tuple(still_open),
        waived=tuple(waived),
        used=frozenset(used),
        expired=frozenset(expired),
        told=tuple(dict.fromkeys(waivers.told)),
    )


# -- conditions ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judging:
    """The findings that a condition refuses, and how many are undecided, with what is not known of them."""

    pairs: tuple[tuple[Finding, Condition], ...]
    undecided: int
    questions: tuple[str, ...]

    @property
    def refused(self) -> list[str]:
        """The fingerprints of those that a condition refuses."""
        return [finding.fingerprint for finding, _ in self.pairs]


def _judge(findings: Iterable[Finding], policy: Policy, abouts: _Abouts) -> _Judging:
    pairs, unrated, number = list[tuple[Finding, Condition]](), list[str](), 0
    undecided: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in findings if policy.fail_on else ():
        judged = judge(policy.fail_on, abouts.of(finding, _RATED[policy.unknown_severity]))
        if judged.refused:
            pairs.append((finding, judged.refused))
        number += bool(judged.open)
        for condition, missing in judged.open:
            if missing == SEVERITY:
                unrated.append(f"{finding.subject}: the severity of {finding.instance or finding.rule} is unknown")
            else:
                undecided[str(condition), missing].append(finding)
    questions = (*dict.fromkeys(unrated), *(_undecided(*key, found) for key, found in undecided.items()))
    return _Judging(pairs=tuple(pairs), undecided=number, questions=questions)


class _Abouts:
    """All that conditions ask of findings."""

    def __init__(self, inventory: Inventory, facts: Facts, scores: Iterable[RiskScore], today: dt.date) -> None:
        self._facts, self._today = facts, today
        roots = (inventory.root,) if inventory.root else ()
        self._scopes = {component.purl: component.scope for component in (*roots, *inventory.components)}
        self._direct = direct(inventory)
        self._scores = {score.subject: score for score in scores}
        self._matches: dict[str, dict[str, AdvisoryMatch]] = {}

    def of(self, finding: Finding, rated: bool | None) -> About:  # noqa: FBT001 - what it is, the caller says
        """What there is about `finding`; `rated` is what a term about an unknown severity comes to."""
        return About(
            finding=finding,
            match=self._match(finding),
            scope=self._scopes.get(finding.subject),
            direct=finding.subject in self._direct,
            score=self._scores.get(finding.subject),
            catalogues=self._facts.catalogues,
            today=self._today,
            rated=rated,
        )

    def _match(self, finding: Finding) -> AdvisoryMatch | None:
        """The advisory that `finding` names; None where it is about something else."""
        answer = self._facts.advisories.get(finding.subject)
        if not answer or not finding.instance:
            return None
        if finding.subject not in self._matches:
            self._matches[finding.subject] = {id_: m for m in answer.matches for id_ in (*m.ids, m.id)}
        return self._matches[finding.subject].get(finding.instance)


def _undecided(condition: str, missing: str, findings: Sequence[Finding]) -> str:
    first, others = findings[0], len(findings) - 1
    more = f" and {_count(others, 'other finding')}" if others else ""
    return f"fail-on = {condition} cannot be decided for {first.title} of {first.subject}{more}: {missing}"


def _named(finding: Finding, condition: Condition, policy: Policy) -> str:
    """The condition that refuses `finding`, and why where the severity is nobody's word."""
    unknown = finding.severity is Severity.UNKNOWN and condition.severity
    return f"{condition} (unknown-severity = {policy.unknown_severity})" if unknown else str(condition)


# -- questions and the verdict ---------------------------------------------------------------------------------


def _open_questions(inventory: Inventory, facts: Facts, plugins: Sequence[PluginStatus], policy: Policy) -> list[str]:
    questions = [f"{u.location}: {u.reason}" for u in inventory.unknowns]
    told = {u.resolver for u in inventory.unknowns}  # the status of these would say it a second time
    questions += [f"{p.id}: {p.reason}" for p in plugins if p.status not in _ANSWERED and p.id not in told]
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
    questions += [
        f"{purl}: {answer.reason}"
        for purl, answer in sorted(facts.provenance.items())
        if answer.is_open and purl not in asked
    ]
    return list(dict.fromkeys(questions))


def _asked_already(inventory: Inventory) -> set[str]:
    """Components without a version whose place is told to leave it open: no advisory can be asked about then."""
    places = {unknown.location for unknown in inventory.unknowns}
    return {c.purl for c in inventory.components if not c.version and not places.isdisjoint(c.locations)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """What all steps came to; `known` counts what the baseline has."""

    waiving: _Waiving
    judging: _Judging
    questions: Sequence[str]
    unused: Sequence[Waiver]
    known: int


def _reasons(outcome: _Outcome, policy: Policy, inventory: Inventory) -> Iterable[str]:
    failing = outcome.judging.pairs
    yield from _refusals(failing)
    below = len(outcome.waiving.open) - len(failing) - outcome.judging.undecided - outcome.known
    if below and not failing:
        yield f"{_count(below, 'finding')} below the threshold (fail-on = {written(policy.fail_on)})"
    if outcome.known:
        yield f"{_count(outcome.known, 'finding')} known from the baseline"
    if policy.require_components and not inventory.components:
        yield "no component was found, and the policy requires some"
    if outcome.unused and policy.unused_waivers is UnusedWaivers.FAIL:
        covers = "covers" if len(outcome.unused) == 1 else "cover"
        yield f"{_count(len(outcome.unused), 'waiver')} {covers} nothing (unused-waivers = fail)"
    if outcome.questions:
        allowed = ", which the policy allows" if policy.allow_incomplete else ""
        yield f"{_count(len(outcome.questions), 'question')} could not be answered{allowed}"


def _refusals(failing: Iterable[tuple[Finding, Condition]]) -> Iterable[str]:
    """Counted by the condition; of a level alone in the words for it."""
    counts: Mapping[tuple[Condition, bool], int] = Counter(
        (condition, finding.severity is Severity.UNKNOWN and bool(condition.severity)) for finding, condition in failing
    )
    for (condition, unrated), number in sorted(counts.items(), key=lambda item: item[0][1]):
        count = _count(number, "finding")
        if unrated:
            yield f"{count} of unknown severity (unknown-severity = fail)"
        elif condition.severity:
            yield f"{count} of severity {condition} or worse"
        else:
            yield f"{count} refused by fail-on = {condition}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _verdict(outcome: _Outcome, policy: Policy, inventory: Inventory) -> Verdict:
    empty = policy.require_components and not inventory.components
    if outcome.judging.pairs or empty or (outcome.unused and policy.unused_waivers is UnusedWaivers.FAIL):
        return Verdict.FAILED
    return Verdict.INCOMPLETE if outcome.questions and not policy.allow_incomplete else Verdict.PASSED
