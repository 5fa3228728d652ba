"""The findings of a scan as formats for pipelines show them: what each is, whether it counts, and in which words."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from bomvet.errors import UsageError
from bomvet.model.facts import Severity
from bomvet.model.inventory import Location
from bomvet.model.purl import parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bomvet.model.facts import AdvisoryMatch
    from bomvet.model.finding import Assessment, Finding, Statement, Waiver
    from bomvet.model.inventory import Component
    from bomvet.model.result import ScanResult

#: Severities that are worth a warning where the policy does not refuse them.
_WARNED = frozenset({Severity.CRITICAL, Severity.HIGH, Severity.UNKNOWN, Severity.MEDIUM})
#: Longest text of a finding, and of its message within, in characters: an advisory's summary may have any length.
LONGEST, _LONGEST_MESSAGE = 2000, 500


class State(StrEnum):
    """What policy, baseline and VEX make of a finding."""

    REFUSED = "refused"
    TOLD = "told"
    KNOWN = "known"
    WAIVED = "waived"
    SUPPRESSED = "suppressed"


#: Those that nobody has to look at, since somebody has.
SETTLED = frozenset({State.WAIVED, State.SUPPRESSED})


class Shown(NamedTuple):
    """A finding with all that is known around it; `note` says why it counts as it does, where there is more to say."""

    finding: Finding
    state: State
    component: Component | None
    match: AdvisoryMatch | None
    note: str = ""

    @property
    def name(self) -> str:
        """The subject's name, for people: with the scope of npm, without the version."""
        return self.component.name if self.component else parts(self.finding.subject).name

    @property
    def version(self) -> str:
        """The subject's version."""
        return self.component.version if self.component else parts(self.finding.subject).version

    @property
    def label(self) -> str:
        """`name@version`, for people."""
        if self.component:
            return self.component.label
        return f"{self.name}@{self.version}" if self.version else self.name

    @property
    def level(self) -> str:
        """`error` for what is refused, `warning` or `note` for what is told."""
        if self.state is State.REFUSED:
            return "error"
        return "warning" if self.state is State.TOLD and self.finding.severity in _WARNED else "note"

    @property
    def fix(self) -> str:
        """The version to take, if one is known; the one without any known vulnerability before others."""
        return (self.match.clean or self.match.fixed) if self.match else ""

    @property
    def text(self) -> str:
        """What is wrong with which component and what to do, in sentences that stand alone."""
        found = self.finding
        # Cut for itself: what to do must not be lost behind it.
        message = shortened(found.message, _LONGEST_MESSAGE)
        if self.match:
            exploited = ", known to be exploited" if self.match.kev else ""
            odds = f", EPSS {self.match.epss.score:.2f}" if self.match.epss else ""
            said = f"{self.label} has {found.title} ({found.severity}{exploited}{odds}): {message}"
        else:
            said = message if self.name in message else f"{self.label}: {message}"
        return shortened(" ".join(sentence(part) for part in (said, found.remediation, self.note) if part))


def sentence(text: str) -> str:
    """`text` in one line, with a full stop if it ends without a mark."""
    text = " ".join(text.split())
    return text if text.endswith((".", "!", "?", ":")) else f"{text}."


def shortened(text: str, most: int = LONGEST) -> str:
    """`text` cut to `most` characters."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def judgement(result: ScanResult, format_: str) -> Assessment:
    """The assessment; raises `UsageError` where none was asked for, since nothing found must not look like a pass."""
    if result.assessment is None:
        raise UsageError(
            f"the format {format_} shows findings, and none were looked for", hint=f"use bomvet scan -f {format_}"
        )
    return result.assessment


def shown(result: ScanResult, assessment: Assessment) -> list[Shown]:
    """Every finding once: refused ones first, settled ones last, otherwise in their own order, gravest first."""
    components = {c.purl: c for c in (result.inventory.root, *result.inventory.components) if c}
    matches = {(purl, m.id): m for purl, answer in result.facts.advisories.items() for m in answer.matches}
    found = [
        Shown(
            finding,
            state,
            components.get(finding.subject),
            matches.get((finding.subject, finding.instance)) if finding.ids else None,
            note,
        )
        for finding, state, note in _judged(assessment)
    ]
    order = [*State]
    once: dict[str, Shown] = {}
    for item in found:
        once.setdefault(item.finding.fingerprint, item)
    return sorted(once.values(), key=lambda item: order.index(item.state))


def _judged(assessment: Assessment) -> Iterator[tuple[Finding, State, str]]:
    stated = {item.finding.fingerprint: statement_words(item.statement) for item in assessment.stated}
    for finding in assessment.findings:
        name = finding.fingerprint
        said = stated.get(name, "")
        if name in assessment.failing:
            condition = assessment.conditions.get(name, "")
            refused = f"Refused by fail-on = {condition}" if condition else ""
            yield finding, State.REFUSED, ". ".join(filter(None, (refused, said)))
        elif name in assessment.known:
            yield finding, State.KNOWN, ". ".join(filter(None, ("It stands in the baseline", said)))
        else:
            yield finding, State.TOLD, said
    for waived in assessment.waived:
        yield waived.finding, State.WAIVED, waiver_words(waived.waiver)
    for suppressed in assessment.suppressed:
        yield suppressed.finding, State.SUPPRESSED, statement_words(suppressed.statement)


def waiver_words(waiver: Waiver) -> str:
    """Who lives with it, until when and why."""
    return f"Waived by {waiver.owner} until {waiver.expires}: {waiver.reason}"


def statement_words(statement: Statement) -> str:
    """What the VEX document says."""
    said = " ".join((statement.status, *statement.justification.split("_"))).replace("_", " ").strip()
    who = " of ".join(filter(None, (statement.source, statement.author))) or "a VEX document"
    words = [f"{said.capitalize()} by the word of {who}", statement.impact or statement.action]
    return ": ".join(filter(None, words))


def places(item: Shown, result: ScanResult, folder: str = "") -> tuple[Location, ...]:
    """Where to look in the repository, at least one file if any was read: the project's own where the finding has none.

    `folder` is the scanned folder within its repository.
    """
    own = item.finding.locations or fallback(result)
    return tuple(beneath(folder, place) for place in own)


def fallback(result: ScanResult) -> tuple[Location, ...]:
    """The place for what has none: the root's manifest, else the first file that was read."""
    root = result.inventory.root
    if root and root.locations:
        return root.locations[:1]
    return tuple(Location(path=item.path) for item in result.target.inputs[:1])


def beneath(folder: str, place: Location) -> Location:
    """`place` as seen from the top of the repository."""
    return Location(path=f"{folder}/{place.path}", line=place.line) if folder else place


class Question(NamedTuple):
    """Something that was not established; `place` is None where no file leaves it open."""

    text: str
    place: Location | None


def questions(result: ScanResult, assessment: Assessment) -> list[Question]:
    """Every question that stayed open, with the place where that is a file's affair."""
    where: Mapping[str, Location] = {f"{u.location}: {u.reason}": u.location for u in result.inventory.unknowns}
    return [Question(text, where.get(text)) for text in assessment.not_established]


def allowed(assessment: Assessment) -> bool:
    """Whether the policy lives with open questions."""
    return bool(assessment.policy and assessment.policy.allow_incomplete)


def by_path(items: Iterable[Shown], result: ScanResult, folder: str) -> Iterator[tuple[str, Shown]]:
    """Each of `items` with the file that it is shown at, empty where there is none."""
    for item in items:
        found = places(item, result, folder)
        yield found[0].path if found else "", item
