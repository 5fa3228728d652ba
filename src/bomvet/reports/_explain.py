"""What there is to say of one component or of one advisory, for `bomvet explain`."""

from __future__ import annotations

import re
import shlex
import textwrap
from typing import TYPE_CHECKING
from urllib.parse import unquote

from bomvet.errors import NotEstablishedError, UsageError
from bomvet.model.facts import SHOWN, AdvisoryAnswer, AdvisoryMatch, Standing
from bomvet.model.graph import Graph
from bomvet.model.purl import pypi_name
from bomvet.model.records import dataclass
from bomvet.model.result import Status
from bomvet.reports import _builders
from bomvet.reports._exploited import epss_mark, kev_mark
from bomvet.reports._judged import others, steps, why_not
from bomvet.reports._questions import Line, grouped
from bomvet.reports._scores import points, total
from bomvet.reports._text import clean
from bomvet.versions.orders import ORDERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from bomvet.advisories.tracing import Judged
    from bomvet.model.finding import Finding
    from bomvet.model.inventory import Component
    from bomvet.model.result import ScanResult

    #: Gives what advisories say of components, also where they do not affect them: all, or those of the name given.
    Judge = Callable[[Sequence[Component], str], Judged]

#: So many entries of one list are shown; the rest is counted.
MAX_ENTRIES = 10
#: No terminal is taken to be narrower: hanging indents would leave no room for words.
MIN_WIDTH = 40
EXPLAINED, ABSENT, NOT_ESTABLISHED = 0, 1, 3

_ENRICHER, _RULES = "osv", ("known-vulnerability", "malicious-package")
_ADVISORY_ID = re.compile(r"(?:CVE|PYSEC|MAL)-\d{4}-\d+|GHSA(?:-[0-9a-z]{4}){3}", re.IGNORECASE).fullmatch
#: Purl types whose names and versions are Python's; `generic` are the projects of the tree.
_PYTHON = ("pypi", "generic")
#: What properties are called here, in the order of the report; any other comes after, by its own name.
_PROPERTIES = {
    "bomvet:requirement": "asked",
    "bomvet:registry": "index",
    "bomvet:extra": "extra",
    "bomvet:marker": "marker",
}
_ADVISORIES = "  advisories  "


class NoSuchComponentError(UsageError):
    """The target has nothing of that name, which is an answer, and no wrong use."""

    exit_code = ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What to print, and the exit code: 0 explained, 1 nothing is affected, 3 in part not established."""

    text: str
    exit_code: int = EXPLAINED


def explain(result: ScanResult, text: str, *, target: str, width: int = 80, judge: Judge | None = None) -> Explanation:
    """What `result` says of the component or advisory that the user calls `text`; `target` as the user typed it.

    `judge` is None where there are no records to look into.  Raises `NoSuchComponentError`, or `NotEstablishedError`
    where the component or advisory may yet be there.
    """
    subject = read_subject(text)
    found, advisory = matching(result, subject), ""
    if not found:
        found, advisory = affected(result, subject.text), subject.text
    if found:
        return _explanation(_Explainer(result, advisory, judge(found, "") if judge else None), found, width)
    if _ADVISORY_ID(subject.text):
        told = judge(result.inventory.components, subject.text) if judge else None
        return _unaffected(result, subject.text, target, told, width)
    raise _absent(result, subject, target)


def _explanation(explainer: _Explainer, found: Sequence[Component], width: int) -> Explanation:
    blocks = (laid_out(explainer.rows(component), width) for component in found)
    is_open = any(map(explainer.leaves_open, found))
    return Explanation(text="\n".join(blocks), exit_code=NOT_ESTABLISHED if is_open else EXPLAINED)


# -- what is meant ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What the user asks about: `kind` is the type of a purl, empty for a bare name; `text` is as typed."""

    text: str
    name: str
    kind: str = ""
    version: str = ""
    qualifiers: tuple[str, ...] = ()


def read_subject(text: str) -> Subject:
    """A purl, `NAME`, `NAME@VERSION` or `NAME==VERSION`; raises `UsageError` where a purl names nothing."""
    text = text.strip()
    if text[:4].lower() == "pkg:":
        subject = _read_purl(text)
        if not subject.kind or not subject.name:
            raise UsageError(f"{text!r} is no purl", hint="a purl is pkg:TYPE/NAME[@VERSION]")
        return subject
    name, equals, version = text.partition("==")
    if not equals and "@" in text[1:]:  # the first character may be that of an npm scope
        name, _, version = text.rpartition("@")
    return Subject(text=text, name=name.strip(), version=version.strip(" ="))


def _read_purl(text: str) -> Subject:
    body, _, query = text[4:].partition("#")[0].partition("?")
    kind, _, path = body.lstrip("/").partition("/")
    name, _, version = path.rpartition("@") if "@" in path[1:] else (path, "", "")
    return Subject(
        text=text,
        kind=kind.lower(),
        name=unquote(name).strip("/"),
        version=unquote(version),
        qualifiers=tuple(sorted(unquote(pair) for pair in query.split("&") if pair)),
    )


def matching(result: ScanResult, subject: Subject) -> list[Component]:
    """The components that are meant; where one has the very purl that is asked for, it alone."""
    found = [(c, _read_purl(c.purl)) for c in _named(result, subject) if _is_version(subject.version, c)]
    exact = [c for c, p in found if (p.version, p.qualifiers) == (subject.version, subject.qualifiers)]
    return exact if exact and subject.kind else [c for c, _ in found]


def _named(result: ScanResult, subject: Subject) -> list[Component]:
    """The components of that name, in any version."""
    root = result.inventory.root
    return [c for c in (*((root,) if root else ()), *result.inventory.components) if _is_named(subject, c)]


def _is_named(subject: Subject, component: Component) -> bool:
    purl = _read_purl(component.purl)
    if subject.kind not in ("", purl.kind):
        return False
    name = purl.name if subject.kind else component.name
    return name == subject.name or (purl.kind in _PYTHON and pypi_name(name) == pypi_name(subject.name))


def _is_version(version: str, component: Component) -> bool:
    canonical = ORDERS["PyPI"].canonical
    if version in ("", component.version):
        return True
    return _read_purl(component.purl).kind in _PYTHON and canonical(version) == canonical(component.version)


def affected(result: ScanResult, advisory: str) -> list[Component]:
    """The components that an advisory of that id or alias affects."""
    answers = result.facts.advisories
    return [
        component
        for component in result.inventory.components
        if (answer := answers.get(component.purl)) and any(_is_called(match, advisory) for match in answer.matches)
    ]


def _is_called(match: AdvisoryMatch, name: str) -> bool:
    return name.casefold() in (known.casefold() for known in (match.id, *match.ids, *match.aliases))


# -- nothing found ---------------------------------------------------------------------------------------------


def _unaffected(
    result: ScanResult, advisory: str, target: str, judged: Judged | None = None, width: int = 80
) -> Explanation:
    """That nothing is affected, and why not; raises `NotEstablishedError` where something may be."""
    prefix, dash, rest = advisory.partition("-")
    name = prefix.upper() + dash + (rest.lower() if prefix.upper() == "GHSA" else rest)
    data, unknowns = _data_problem(result), result.inventory.unknowns
    questions = [f"{_ENRICHER}: {data}"] if data else []
    questions += [f"{u.location}: {u.reason}" for u in unknowns]
    questions += [f"{p}: {a.reason}" for p, a in sorted(result.facts.advisories.items()) if _is_unanswered(a)]
    if questions:
        raise NotEstablishedError(
            _with_list(f"not established whether {name} affects {_title(result)}", grouped(questions)),
            hint=f"`bomvet scan {shlex.quote(target)}` tells all that is open",
        )
    text = clean(f"{_title(result)}: {name} affects no component, {_as_of(result)}")
    why = laid_out(why_not(judged, result.inventory.components, name), width) if judged else ""
    return Explanation(text=f"{text}\n{why}", exit_code=ABSENT)


def _absent(result: ScanResult, subject: Subject, target: str) -> NoSuchComponentError | NotEstablishedError:
    title, hint = _title(result), f"`bomvet sbom {shlex.quote(target)} -f table` lists them"
    others = ", ".join(c.label for c in _named(result, subject))
    if result.inventory.unknowns:
        beside = [f"it has {others}"] if others else []
        message = f"not established whether {title} has {subject.text!r}"
        return NotEstablishedError(_with_list(message, _unknowns(result, subject), beside), hint=hint)
    if others:
        return NoSuchComponentError(clean(f"{title} has {others}, not @{subject.version}"), hint=hint)
    return NoSuchComponentError(clean(f"{title} has no component {subject.text!r}"), hint=hint)


def _unknowns(result: ScanResult, subject: Subject) -> list[Line]:
    """What is not known of the target, beginning with what names the component."""
    name = re.escape(pypi_name(subject.name))
    naming = re.compile(rf"(?<![a-z0-9])(?<![a-z0-9]-){name}(?!-?[a-z0-9])").search
    first: list[Line] = []
    others: list[str] = []
    for unknown in result.inventory.unknowns:
        text = f"{unknown.location}: {unknown.reason}"
        if name and naming(pypi_name(unknown.reason)):
            first.append(Line(text))
        else:
            others.append(text)
    return [*first, *grouped(others)]


def _with_list(message: str, lines: Sequence[Line], before: Sequence[str] = ()) -> str:
    more = sum(line.stands_for for line in lines[MAX_ENTRIES:])
    texts = [*before, *(line.text for line in lines[:MAX_ENTRIES]), *([f"... and {more:,} more"] if more else [])]
    return "\n".join((clean(message), *(f"  {clean(text)}" for text in texts)))


# -- the explanation -------------------------------------------------------------------------------------------

#: What stands before the text, and the text; wrapped lines hang below its beginning.
_Row = tuple[str, str]


def laid_out(rows: Iterable[_Row], width: int) -> str:
    """`rows` as lines of at most `width`, but for what has no blank to break at; cleaned for a terminal."""
    lines = (line for head, text in rows for line in _wrapped(clean(head), text, max(width, MIN_WIDTH)))
    return "".join(f"{line}\n" for line in lines)


def _wrapped(head: str, text: str, width: int) -> list[str]:
    return textwrap.wrap(
        clean(" ".join(text.split())),
        width,
        initial_indent=head,
        subsequent_indent=" " * len(head),
        break_long_words=False,
        break_on_hyphens=False,
    ) or [head.rstrip()]


def _head(label: str, indent: int = 2) -> str:
    return f"{'':{indent}}{label:<7} "


def _listed(label: str, values: Sequence[str]) -> Iterator[_Row]:
    """One line a value, all in the column of the first."""
    more = len(values) - MAX_ENTRIES
    shown = [*values[:MAX_ENTRIES], *([f"... and {more} more"] if more > 0 else [])]
    head = _head(label)
    yield from ((" " * len(head) if number else head, value) for number, value in enumerate(shown))


class _Explainer:
    """Explains components of one result; `advisory` names what is to stand first."""

    def __init__(self, result: ScanResult, advisory: str = "", judged: Judged | None = None) -> None:
        inventory, assessment = result.inventory, result.assessment
        self._traces, self._problem = (judged.traces, judged.problem) if judged else ({}, "")
        self._result, self._asked = result, advisory
        self._graph = Graph(inventory)
        self._labels = {c.purl: c.label for c in (inventory.root, *inventory.components) if c}
        waived = assessment.waived if assessment else ()
        self._expired = assessment.expired if assessment else ()
        self._waivers = {w.finding.fingerprint: w.waiver for w in waived}
        self._scores = {score.subject: score for score in assessment.scores} if assessment else {}
        suppressed = assessment.suppressed if assessment else ()
        self._statements = {s.finding.fingerprint: s.statement for s in suppressed}
        known = (*result.findings, *(w.finding for w in waived), *(s.finding for s in suppressed))
        self._findings = {(f.subject, f.instance): f for f in known if f.rule in _RULES}
        self._of_builders = [f for f in known if f.rule in _builders.RULES]

    def is_open(self, component: Component) -> bool:
        """Whether not all is established of the advisories that affect it."""
        return not component.first_party and bool(self._open_reasons(component))

    def leaves_open(self, component: Component) -> bool:
        """Whether that is so, or the verdict hangs on who built it, and that is not established."""
        answer = self._result.facts.provenance.get(component.purl)
        return self.is_open(component) or (answer is not None and answer.is_open)

    def rows(self, component: Component) -> Iterator[_Row]:
        """All that there is to say."""
        yield "", component.purl
        yield _head("scope"), component.scope.value
        yield from _listed("stated", [str(location) for location in component.locations])
        yield _head("files"), _files(component)
        for label, values in _properties(component).items():
            yield from _listed(label, values)
        yield from self._paths(component)
        yield from self._risk(component)
        yield from self._provenance(component)
        yield from self._advisories(component)

    def _risk(self, component: Component) -> Iterator[_Row]:
        """The score with all its terms, where something is against the component."""
        if score := self._scores.get(component.purl):
            yield _head("risk"), f"{total(score)} of 100:"
            yield from ((f"    {points(term):<11} {term.name:<12} ", term.why) for term in score.terms)

    def _provenance(self, component: Component) -> Iterator[_Row]:
        """Who built it, where that was asked, and what rules say of that."""
        facts = self._result.facts
        answer = facts.provenance.get(component.purl)
        yield from _builders.rows(answer, facts.identities.get(component.purl)) if answer else ()
        for finding in self._of_builders:
            if finding.subject == component.purl:
                yield f"    {finding.rule}  ", f"{finding.severity.value.upper()}: {finding.message}"
                yield from self._judged(finding)

    def _paths(self, component: Component) -> Iterator[_Row]:
        total = len(self._graph.dependants(component.purl))
        paths = list(self._graph.paths(component.purl, total))
        yield _head("why"), self._reason(component, total, len(paths))
        for path in paths[:MAX_ENTRIES]:
            yield " " * 4, " > ".join(self._labels.get(ref, ref) for ref in path)
        if len(paths) > MAX_ENTRIES:
            yield " " * 4, f"... and {len(paths) - MAX_ENTRIES} more"
        if paths and total > len(paths):  # such as what the component itself brings in
            yield " " * 4, f"... and {total - len(paths)} to which nothing else leads"

    def _reason(self, component: Component, dependants: int, paths: int) -> str:
        if component.purl == self._graph.root:
            return "it is what was scanned"
        if not dependants:
            return "nothing asks for it"
        count = _count(dependants, "direct dependant")
        if not paths:
            return f"{count}, to which nothing else leads"
        return f"{count}:" if dependants == 1 else f"{count}, the shortest path through each:"

    def _open_reasons(self, component: Component) -> list[str]:
        """Why the advisories of a third-party component are not established, wholly or in part."""
        answer, problem = self._answer(component), _data_problem(self._result)
        reasons = [problem] if problem else []
        if answer and _is_unanswered(answer):
            reasons.append(answer.reason)
        return reasons if answer or reasons else ["nothing was asked about it"]

    def _answer(self, component: Component) -> AdvisoryAnswer | None:
        return self._result.facts.advisories.get(component.purl)

    def _advisories(self, component: Component) -> Iterator[_Row]:
        head = _ADVISORIES
        for text in self._standing(component):
            yield head, text
            head = " " * len(head)
        answer = self._answer(component)
        for match in sorted(answer.matches, key=self._gravity) if answer else ():
            yield "", ""
            yield from self._advisory(component, match)
        yield from others(self._traces.get(component.purl, ()), answer.matches if answer else ())
        if self._problem and not self.is_open(component):
            yield "", ""
            yield "  ", f"which records of the package do not affect it could not be told: {self._problem}"

    def _standing(self, component: Component) -> Iterator[str]:
        if component.first_party:
            yield "not asked about: it is a project of the scanned tree"
            return
        yield from (f"not established: {reason}" for reason in self._open_reasons(component))
        answer = self._answer(component)
        if answer is None:
            return
        if answer.matches:
            order = ", gravest first" if len(answer.matches) > 1 else ""
            yield f"{len(answer.matches)} known {_as_of(self._result)}{order}"
        elif not _is_unanswered(answer):
            yield f"none known {_as_of(self._result)}"
        if answer.withdrawn:
            yield f"{_count(answer.withdrawn, 'withdrawn advisory', 'withdrawn advisories')} would have matched"
        lists = self._result.facts.catalogues
        lacking = [title for name, title in (("kev", "KEV"), ("epss", "EPSS")) if name not in lists]
        if lacking and any(match.cves for match in answer.matches):
            yield f"not looked up in {' and '.join(lacking)}"

    def _gravity(self, match: AdvisoryMatch) -> tuple[bool, int, float, str]:
        asked = _is_called(match, self._asked)
        return not asked, SHOWN.index(match.rating.severity), -(match.rating.score or 0.0), match.id

    def _advisory(self, component: Component, match: AdvisoryMatch) -> Iterator[_Row]:
        finding = self._findings.get((component.purl, match.id))
        names = dict.fromkeys(name for name in (*match.ids, *match.aliases) if name != match.id)
        yield f"  {match.id}  ", _severity(match)
        yield _head("about", 4), match.summary or "no record has a summary"
        yield _head("rated", 4), _rated(match)
        if names:
            yield _head("also", 4), ", ".join(names)
        yield from self._exploited(match)
        for evidence in match.evidence:
            yield _head("matched", 4), evidence
        yield from steps(self._traces.get(component.purl, ()), match)
        yield _head("fixed", 4), f"in {match.fixed or 'no known version'}"
        clean_text = f"{match.clean}, which no known advisory affects" if match.clean else "no known version"
        yield _head("clean", 4), clean_text
        if finding:
            yield from self._judged(finding)

    def _exploited(self, match: AdvisoryMatch) -> Iterator[_Row]:
        """What KEV and EPSS say; nothing of what they cannot know, since it is no CVE."""
        lists = self._result.facts.catalogues
        if match.kev:
            due = f", due {match.kev.due}" if match.kev.due else ""
            yield _head("kev", 4), f"{kev_mark(match.kev)}{due}"
        elif match.cves and "kev" in lists:
            yield _head("kev", 4), f"not in the catalogue of {lists['kev'].date}"
        if match.epss:
            model = f", model {match.epss.model}" if match.epss.model else ""
            yield _head("epss", 4), f"{epss_mark(match.epss)}, band {match.epss.band}{model}"
        elif match.cves and "epss" in lists:
            yield _head("epss", 4), f"no score as of {lists['epss'].date}"

    def _judged(self, finding: Finding) -> Iterator[_Row]:
        waiver = self._waivers.get(finding.fingerprint)
        if statement := self._statements.get(finding.fingerprint):
            why = (statement.justification, statement.impact, f"says {statement.author or 'no author'}", statement.time)
            said = "; ".join(part for part in (statement.status, *why) if part)
            yield _head("vex", 4), f"suppressed: {said} ({statement.source})"
        if waiver:
            yield _head("policy", 4), f"waived until {waiver.expires} by {waiver.owner}: {waiver.reason}"
        for expired in () if waiver else (w for w in self._expired if w.covers(finding)):
            yield _head("policy", 4), f"waiver of {expired.owner} expired {expired.expires}"
        if finding.remediation:
            yield _head("do", 4), finding.remediation


def _properties(component: Component) -> dict[str, list[str]]:
    """The values by what they are called here, in the order of the report."""
    found: dict[str, list[str]] = {label: [] for label in _PROPERTIES.values()}
    for name, value in component.properties:
        found.setdefault(_PROPERTIES.get(name, name.removeprefix("bomvet:")), []).append(value)
    return found


def _files(component: Component) -> str:
    hashes = {*component.hashes, *(h for d in component.distributions for h in d.hashes)}
    return f"{_count(len(component.distributions), 'distribution')}, {_count(len(hashes), 'hash', 'hashes')}"


def _severity(match: AdvisoryMatch) -> str:
    score = "" if match.rating.score is None else f" {match.rating.score}"
    doubt = "" if match.confidence == "high" else f" ({match.confidence.value} confidence)"
    return f"{match.rating.severity.value.upper()}{score}{doubt}"


def _rated(match: AdvisoryMatch) -> str:
    rating = match.rating
    return f"{rating.vector or 'no vector'} ({rating.source})" if rating.source else "no record states a severity"


def _data_problem(result: ScanResult) -> str:
    """Why the advisory data, or what became of it, is not to be trusted wholly; in the words of the scan."""
    problems = [p.reason for p in result.plugins if p.id == _ENRICHER and p.status is not Status.OK]
    return problems[0] if problems else "" if result.advisory_data else "there is no advisory data"


def _is_unanswered(answer: AdvisoryAnswer) -> bool:
    return answer.standing is Standing.NOT_ESTABLISHED


def _as_of(result: ScanResult) -> str:
    data = result.advisory_data
    return f"as of {data.obtained[:10]} ({_count(data.records, 'record')})" if data else "of unknown date"


def _title(result: ScanResult) -> str:
    return result.inventory.root.name if result.inventory.root else result.target.name


def _count(number: int, noun: str, plural: str = "") -> str:
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"
