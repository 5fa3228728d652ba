"""Rules of the policy itself: an expression, and what is said of each subject for which it is true."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from bomvet.model.facts import Facts, Severity
from bomvet.model.finding import Finding, Rule
from bomvet.model.records import dataclass, field, replace
from bomvet.model.result import PluginStatus, Status
from bomvet.policy.expressions import Expression, evaluated, said
from bomvet.policy.variables import Known, Subject, values

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from bomvet.model.inventory import Inventory

#: All evaluations of a scan together, in seconds; what was not come to is an open question.
MAX_SECONDS = 30.0
#: How many different reasons a status tells.
_TOLD = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomRule:
    """A rule with its expression; `on` is what it is about: `component`, `advisory`, `release` or `service`."""

    id: str
    when: Expression = field(compare=False)
    on: str = "component"
    severity: Severity = Severity.HIGH
    message: str = ""
    help: str = ""
    remediation: str = ""
    line: int = 0

    @property
    def rule(self) -> Rule:
        """As built-in rules are described."""
        return Rule(
            id=self.id,
            title=self.message or f"The policy's rule {self.id}",
            help=self.help or f"A rule of the policy file: {self.when.text}",
        )


class Ran(NamedTuple):
    """What all rules found, and how each fared."""

    findings: tuple[Finding, ...]
    statuses: tuple[PluginStatus, ...]


def run(
    rules: Sequence[CustomRule],
    inventory: Inventory,
    facts: Facts,
    today: dt.date,
    *,
    clock: Callable[[], float] = time.monotonic,
    only: str = "",
) -> Ran:
    """Evaluate `rules` for all their subjects, or for the one of the reference `only`.

    What could not be decided makes the status of its rule partial.
    """
    if not rules:
        return Ran((), ())
    running = _Running(Known.of(inventory, facts, today), clock)
    for on in dict.fromkeys(rule.on for rule in rules):
        subjects = (s for s in _subjects(on, inventory, facts) if not only or s.ref == only)
        running.all([rule for rule in rules if rule.on == on], subjects)
    return Ran(tuple(running.findings), tuple(_status(rule, running.undecided[rule.id]) for rule in rules))


def _subjects(on: str, inventory: Inventory, facts: Facts) -> Iterator[Subject]:
    if on == "service":
        yield from (Subject(ref=service.ref, service=service) for service in inventory.services)
        return
    for component in (*((inventory.root,) if inventory.root else ()), *inventory.components):
        subject = Subject(
            ref=component.purl,
            component=component,
            release=facts.releases.get(component.purl),
            provenance=facts.provenance.get(component.purl),
            identity=facts.identities.get(component.purl),
        )
        if on == "advisory":
            answer = facts.advisories.get(component.purl)
            yield from (replace(subject, match=match) for match in (answer.matches if answer else ()))
        elif on == "component" or not component.first_party:  # what nobody released has no release
            yield subject


class _Running:
    """Rules at work: what they have found, and by rule what could not be decided, with the subjects."""

    def __init__(self, known: Known, clock: Callable[[], float]) -> None:
        self.findings: list[Finding] = []
        self.undecided: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self._known, self._clock = known, clock
        self._end = clock() + MAX_SECONDS

    def all(self, rules: Sequence[CustomRule], subjects: Iterable[Subject]) -> None:
        """Evaluate `rules`, which are about the same kind, for `subjects`."""
        import cel  # noqa: PLC0415 - for those who have rules

        wanted: dict[str, frozenset[str]] = {}
        for rule in rules:
            for name, fields in rule.when.fields.items():
                wanted[name] = wanted.get(name, frozenset()) | fields
        for subject in subjects:
            if self._clock() > self._end:
                for rule in rules:
                    self._open(rule, subject, f"all rules together took longer than {MAX_SECONDS:.0f} seconds")
                continue
            context = cel.Context(values(subject, self._known, wanted))
            for rule in rules:
                self._one(rule, subject, context)

    def _one(self, rule: CustomRule, subject: Subject, context: Any) -> None:
        value, failure = evaluated(rule.when.program, context)
        if failure:
            self._open(rule, subject, _reason(rule, failure))
        elif value is True:
            self.findings.append(_finding(rule, subject))
        elif value is not False:
            self._open(rule, subject, "it comes to neither true nor false")

    def _open(self, rule: CustomRule, subject: Subject, reason: str) -> None:
        name = f"{subject.match.id} of {subject.ref}" if subject.match else subject.ref
        self.undecided[rule.id][reason].append(name)


def _reason(rule: CustomRule, failure: Exception) -> str:
    if not isinstance(failure, KeyError):
        return said(failure)
    key = str(failure.args[0]) if failure.args else ""
    asked = [f"{name}.{key}" for name, fields in rule.when.fields.items() if key in fields]
    if not asked:
        return f"there is no {key!r}; test for it with `in`"
    advice = " (ask-registries = true has the registries asked)" if f"release.{key}" in asked else ""
    return f"{' or '.join(asked)} is not established{advice}"


def _finding(rule: CustomRule, subject: Subject) -> Finding:
    component, service, match = subject.component, subject.service, subject.match
    label = component.label if component else service.name if service else subject.ref
    about = f"{label}, {match.id}" if match else label
    record = component or service
    return Finding(
        rule=rule.id,
        subject=subject.ref,
        severity=rule.severity,
        message=f"{about}: {rule.message or f'the rule {rule.id} of the policy is true'}",
        instance=match.id if match else "",
        ids=tuple(dict.fromkeys((match.id, *match.ids, *match.aliases))) if match else (),
        locations=record.locations if record else (),
        evidence=(f"rule of the policy: {' '.join(rule.when.text.split())}",),
        remediation=rule.remediation,
    )


def _status(rule: CustomRule, undecided: dict[str, list[str]]) -> PluginStatus:
    if not undecided:
        return PluginStatus(id=rule.id, status=Status.OK)
    told = [
        f"for {names[0]}{f' and {len(names) - 1:,} more' if len(names) > 1 else ''}: {reason}"
        for reason, names in undecided.items()
    ]
    more = [f"and {len(told) - _TOLD:,} other reasons"] if len(told) > _TOLD else []
    return PluginStatus(
        id=rule.id, status=Status.PARTIAL, reason=f"cannot be decided {'; '.join((*told[:_TOLD], *more))}"
    )
