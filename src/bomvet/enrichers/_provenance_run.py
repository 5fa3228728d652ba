"""How provenance is established: recorded evidence, pages of registries, evidence that these name; see `provenance`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from bomvet.enrichers import _provenance_npm as npm
from bomvet.enrichers import _provenance_pypi as pypi
from bomvet.enrichers._provenance_asking import OK, OPEN, Question, failed
from bomvet.enrichers._provenance_before import is_wanted, take
from bomvet.enrichers._provenance_cases import Case, Sought, cases
from bomvet.enrichers._provenance_judging import Judging
from bomvet.enrichers._registry_choice import Choice, Chooser
from bomvet.model.provenance import ProvenanceStatus
from bomvet.model.records import replace
from bomvet.plugin import Context, Http, Request, Response
from bomvet.provenance.npm import read_package
from bomvet.provenance.pypi import UnknownVersionError, read_project

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from bomvet.model.inventory import Inventory
    from bomvet.model.provenance import ProvenanceAnswer
    from bomvet.plugin import Proving

#: No project has so many packages; a lock that states more shall not keep the network busy.
MOST_QUESTIONS = 25_000
_ACCEPT = {"pypi": pypi.ACCEPT, "npm": npm.ACCEPT}
_PAGE_LIMIT = {"pypi": pypi.PAGE_LIMIT, "npm": npm.PAGE_LIMIT}
_READ: dict[str, Callable[[bytes], Any]] = {"pypi": read_project, "npm": read_package}


class _Page(NamedTuple):
    """One page of a registry, and the components that it tells of."""

    choice: Choice
    cases: tuple[Case, ...]

    @property
    def request(self) -> Request:
        ecosystem = self.cases[0].ecosystem
        headers = (("accept", _ACCEPT[ecosystem]), *self.choice.headers)
        return Request(self.choice.url, headers=headers, limit=_PAGE_LIMIT[ecosystem])


class Established(NamedTuple):
    """Answers by purl, what could not be read, which no answer tells, and what else there is to know."""

    answers: Mapping[str, ProvenanceAnswer]
    unread: Sequence[str]
    notes: Sequence[str]


def establish(inventory: Inventory, context: Context, proving: Proving) -> Established:
    """An answer for every artefact of which somebody wants one, or has evidence."""
    found = list(cases(inventory, proving))
    with Judging(proving, context) as judging:
        unread = _weigh_recorded(found, proving, judging)
        wanted = [case for case in found if case.wanted]
        if context.http:
            _Asking(context, context.http, judging).ask(wanted, inventory)
        else:
            for case in wanted:
                case.leave(OPEN, "there is no recorded evidence, and this run is offline")
        refused = judging.refused_cache
    notes = [f"verdicts are not kept in {proving.cache}, which has to be yours alone"] if refused else []
    answers = {case.component.purl: case.answer() for case in found if case.wanted or case.has_evidence}
    return Established(answers, unread, notes)


def _weigh_recorded(found: Iterable[Case], proving: Proving, judging: Judging) -> list[str]:
    """Hold recorded evidence against what is locked; gives what could not be read."""
    if not proving.evidence:
        return []
    from bomvet.provenance.recorded import Recorded  # noqa: PLC0415 - only where there is some

    recorded = Recorded.read(proving.evidence)
    for case in found:
        for artefact in case.artefacts:
            if expected := artefact.expected(case.algorithm):
                evidence = recorded.of(expected.digests, expected.same_name)
                judging.weigh(Sought(artefact, expected), evidence)
    return [f"{unknown.location}: {unknown.reason}" for unknown in recorded.unknowns]


class _Asking:
    """The questions of a run, which are counted."""

    def __init__(self, context: Context, http: Http, judging: Judging) -> None:
        self._context, self._http, self._judging = context, http, judging
        self._left = MOST_QUESTIONS
        self._before: list[Question] = []

    def ask(self, wanted: Sequence[Case], inventory: Inventory) -> None:
        """Pages first, then the evidence that these name."""
        questions: list[Question] = []
        pages = self._pages(wanted, Chooser(inventory.registries, self._context))
        for page, (_, response) in zip(pages, self._http.fetch(page.request for page in pages), strict=True):
            questions += self._affordable(self._looked_at(page, response))
        for question, (_, response) in zip(questions, self._http.fetch(q.request for q in questions), strict=True):
            self._weigh(question, response)
        self._ask_what_is_declared(pages)
        self._ask_who_built_before()

    def _ask_what_is_declared(self, pages: Sequence[_Page]) -> None:
        """Of releases with proof alone: theirs is what is compared with it."""
        asked = [(case, about) for page in pages for case in page.cases if (about := pypi.about(case, page.choice))]
        asked = asked[: self._left]
        for (case, _), (_, response) in zip(asked, self._http.fetch(request for _, request in asked), strict=True):
            identity = case.answer().identity
            if identity and response.status == OK:
                case.told = replace(case.told, declared=pypi.declared(response.body, identity.repository))

    def _ask_who_built_before(self) -> None:
        """Of releases that were built from what is not declared: few, and only then it tells anything."""
        asked = [question for question in self._before if is_wanted(question.case)][: self._left]
        for question, (_, response) in zip(asked, self._http.fetch(q.request for q in asked), strict=True):
            take(question, response, self._judging)

    def _pages(self, wanted: Sequence[Case], chooser: Chooser) -> list[_Page]:
        """One page for all releases of a package; whom nobody is asked about has a reason."""
        found: dict[Choice, list[Case]] = defaultdict(list)
        for case in wanted:
            choice = chooser.choose(case.component) if case.component.version else "the version is not known"
            if isinstance(choice, str):
                case.leave(OPEN, choice)
            elif choice in found or self._left:
                self._left -= choice not in found
                found[choice].append(case)
            else:
                case.leave(OPEN, _too_many())
        return [_Page(choice, tuple(own)) for choice, own in found.items()]

    def _looked_at(self, page: _Page, response: Response) -> Iterator[Question]:
        """What the page says, and what is to be asked on."""
        document = _read(page, response)
        for case in page.cases:
            if isinstance(document, str):
                case.leave(OPEN, document)
            else:
                yield from self._look(case, page.choice, document)

    def _look(self, case: Case, choice: Choice, document: Any) -> Iterator[Question]:
        if case.ecosystem == "npm":
            yield from npm.look(case, choice, document, self._judging)
            before = npm.before(case, choice, document)
        else:
            yield from pypi.look(case, choice, document)
            before = pypi.before(case, choice, document)
        if before:
            self._before.append(before)

    def _affordable(self, questions: Iterable[Question]) -> Iterator[Question]:
        for question in questions:
            if self._left:
                self._left -= 1
                yield question
            else:
                question.case.leave(OPEN, _too_many(), [one.artefact for one in question.sought])

    def _weigh(self, question: Question, response: Response) -> None:
        """Hold the evidence in an answer against what is locked."""
        artefacts = [one.artefact for one in question.sought]
        reason = failed(question.host, response)
        if reason:
            question.case.leave(OPEN, f"{reason}, asked for attestations", artefacts)
            return
        try:
            evidence = question.read(response.body, question.request.url)
        except UnknownVersionError as error:
            question.case.leave(ProvenanceStatus.UNSUPPORTED, f"the evidence of {question.host}: {error}", artefacts)
            return
        except ValueError as error:
            question.case.leave(OPEN, f"the evidence of {question.host} cannot be read: {error}", artefacts)
            return
        question.case.leave(*question.none, artefacts)
        for one in question.sought:
            self._judging.weigh(one, evidence)


def _read(page: _Page, response: Response) -> Any:
    """The page, or the reason why there is none."""
    host = page.choice.host
    if reason := failed(host, response):
        return reason
    try:
        return _READ[page.cases[0].ecosystem](response.body)
    except ValueError as error:
        return f"the answer of {host} cannot be read: {error}"


def _too_many() -> str:
    return f"no more than {MOST_QUESTIONS:,} questions are asked"
