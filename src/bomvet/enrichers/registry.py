"""When each release came out, and whether its maintainers took it back: by the lock, and by the registries.

What locks say is always used.  Registries are asked only where somebody wants it: about every package with
`ask-registries`, and with a `cool-down` about those whose age the lock does not tell.
"""

from __future__ import annotations

from collections import defaultdict
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from bomvet.enrichers._registry_answers import Missing, NpmPage, Page, read_page
from bomvet.enrichers._registry_choice import Choice, Chooser, is_release
from bomvet.model.facts import Facts, Release, ReleaseAnswer, Standing
from bomvet.model.records import replace
from bomvet.model.result import PluginStatus, Status
from bomvet.model.times import moment
from bomvet.plugin import Context, Enriched, Enricher, Http, Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bomvet.model.inventory import Component, Inventory

ID = "registry"
#: What is known of a package fits into this many bytes for all but a handful.
_LIMIT = 32 * 1024 * 1024
#: No project has so many packages; a lock that states more shall not keep the network busy.
_MOST_QUESTIONS = 25_000
_PYPI = "application/vnd.pypi.simple.v1+json"
_NPM_SHORT = "application/vnd.npm.install-v1+json"
_NPM_FULL = "application/json"
_OK = 200
_GONE = (404, 410)


class _Item(NamedTuple):
    """A component that is a release of some package in a registry, and what its lock says of it."""

    component: Component
    ecosystem: str
    lock: Release


class _Question(NamedTuple):
    """One page of a registry, and the components that it answers for."""

    choice: Choice
    items: tuple[_Item, ...]
    accept: str

    @property
    def request(self) -> Request:
        return Request(self.choice.url, headers=(("accept", self.accept), *self.choice.headers), limit=_LIMIT)


def enrich(inventory: Inventory, facts: Facts, context: Context) -> Enriched:
    """An answer for every release that somebody says something of, or should."""
    items = [item for c in inventory.components if (item := _item(c))]
    answers = {i.component.purl: _of_lock(i) for i in items if i.lock != _NOTHING}
    wanted = [item for item in items if context.ask_registries or (context.cool_down and not item.lock.uploaded)]
    if wanted:
        found = _asked(wanted, inventory, context)
        answers.update((item.component.purl, _joined(item, found[item.component.purl])) for item in wanted)
    dated = {purl: _dated(answer, _fixes(purl, facts), context) for purl, answer in sorted(answers.items())}
    return Enriched(facts=Facts(releases=MappingProxyType(dated)), status=PluginStatus(id=ID, status=Status.OK))


# -- what the lock says ----------------------------------------------------------------------------------------

_NOTHING = Release()


def _item(component: Component) -> _Item | None:
    ecosystem = component.purl[4:].partition("/")[0]
    if not is_release(component):
        return None
    notes = [value for name, value in component.properties if name == "bomvet:deprecated"]
    lock = Release(
        uploaded=_first(file.uploaded for file in component.distributions if file.uploaded),
        deprecated="" if not notes else "-" if notes[0] == "true" else notes[0],
    )
    return _Item(component, ecosystem, lock)


def _first(moments: Iterable[str]) -> str:
    """The earliest; what is no moment with its zone is none."""
    found = [(when, text) for text in moments if (when := moment(text))]
    return min(found)[1] if found else ""


def _of_lock(item: _Item) -> ReleaseAnswer:
    return ReleaseAnswer(standing=Standing.KNOWN, release=item.lock, source="lock")


# -- what the registries say -----------------------------------------------------------------------------------


def _asked(items: Sequence[_Item], inventory: Inventory, context: Context) -> dict[str, ReleaseAnswer]:
    """An answer for each of `items`, `NOT_ESTABLISHED` where there is none to be had."""
    if context.http is None:
        return {item.component.purl: _open("the registry was not asked: this run is offline") for item in items}
    answers, questions = _questions(items, inventory, context)
    again: list[_Question] = []
    for question, page in _pages(context.http, questions):
        for item in question.items:
            if _changed_lately(page, context):
                again.append(question._replace(items=(item,), accept=_NPM_FULL))
            else:
                answers[item.component.purl] = _answer(item, question, page, context)
    for question, page in _pages(context.http, _merged(again)):
        answers.update((item.component.purl, _answer(item, question, page, context)) for item in question.items)
    return answers


def _open(reason: str) -> ReleaseAnswer:
    return ReleaseAnswer(standing=Standing.NOT_ESTABLISHED, reason=reason)


def _questions(
    items: Sequence[_Item], inventory: Inventory, context: Context
) -> tuple[dict[str, ReleaseAnswer], list[_Question]]:
    """What cannot be asked, with the reason, and one question for all releases of a package."""
    chooser = Chooser(inventory.registries, context)
    answers: dict[str, ReleaseAnswer] = {}
    found: dict[Choice, list[_Item]] = defaultdict(list)
    for item in items:
        choice = chooser.choose(item.component) if item.component.version else "the version is not known"
        if isinstance(choice, str):
            answers[item.component.purl] = _open(choice)
        elif len(found) < _MOST_QUESTIONS or choice in found:
            found[choice].append(item)
        else:
            answers[item.component.purl] = _open(f"no more than {_MOST_QUESTIONS:,} packages are asked about")
    # npm's short page tells no times: it is enough to see that nothing has changed for long.
    npm = _NPM_FULL if context.ask_registries else _NPM_SHORT
    accept = {"npm": npm, "pypi": _PYPI}
    return answers, [_Question(choice, tuple(own), accept[own[0].ecosystem]) for choice, own in found.items()]


def _merged(questions: Iterable[_Question]) -> list[_Question]:
    """Those about one page as one."""
    found: dict[tuple[Choice, str], list[_Item]] = defaultdict(list)
    for question in questions:
        found[question.choice, question.accept] += question.items
    return [_Question(choice, tuple(items), accept) for (choice, accept), items in found.items()]


def _pages(http: Http, questions: Sequence[_Question]) -> Iterator[tuple[_Question, Page | Missing | str]]:
    """Each question with its page, or the reason why there is none."""
    answers = http.fetch(question.request for question in questions)
    for question, (_, response) in zip(questions, answers, strict=True):
        yield question, _page(question, response)


def _page(question: _Question, response: Response) -> Page | Missing | str:
    host = question.choice.host
    if not response.status:
        return f"the registry could not be asked: {response.error}"
    if response.status in _GONE:
        return Missing()
    if response.status != _OK:
        return f"{host} answers with status {response.status}"
    try:
        return read_page(question.items[0].ecosystem, response.body)
    except ValueError as error:
        return f"the answer of {host} cannot be read: {error}"


def _changed_lately(page: Page | Missing | str, context: Context) -> bool:
    """Whether a page without times leaves open that a release is too new."""
    if not isinstance(page, NpmPage) or page.timed or not context.cool_down:
        return False
    changed = moment(page.changed)
    return changed is None or (context.now - changed).days < context.cool_down


def _answer(item: _Item, question: _Question, page: Page | Missing | str, context: Context) -> ReleaseAnswer:
    """What `page` says of the release; the name or version may be another's where the registry is a guess."""
    host, component = question.choice.host, item.component
    if isinstance(page, str):
        return _open(page)
    release = None if isinstance(page, Missing) else page.release(component.version)
    if release is None:
        what = f"{host} has no package {component.name}" if isinstance(page, Missing) else f"{host} has no such release"
        # A version with a `+` is of somebody's own make, and in no public index (PEP 440).
        certain = question.choice.certain and not (item.ecosystem == "pypi" and "+" in component.version)
        standing = Standing.ABSENT if certain else Standing.NOT_ESTABLISHED
        project = None if isinstance(page, Missing) else page.project()
        return ReleaseAnswer(standing=standing, release=project, source=host, reason=what)
    if context.cool_down and not release.uploaded and not _is_settled(page, context):
        reason = f"{host} does not say when it was released"
        return ReleaseAnswer(standing=Standing.NOT_ESTABLISHED, release=release, source=host, reason=reason)
    return ReleaseAnswer(standing=Standing.KNOWN, release=release, source=host)


def _is_settled(page: Page | Missing | str, context: Context) -> bool:
    """Whether nothing of the package is new."""
    return isinstance(page, NpmPage) and not page.timed and not _changed_lately(page, context)


# -- both ------------------------------------------------------------------------------------------------------


def _joined(item: _Item, told: ReleaseAnswer) -> ReleaseAnswer:
    """What the registry says, and where it says nothing, the lock."""
    if told.release is None:
        return replace(told, release=item.lock, source="lock") if item.lock != _NOTHING else told
    if told.release.uploaded or not item.lock.uploaded:
        return told
    known = replace(told.release, uploaded=item.lock.uploaded)
    settled = told.standing is Standing.NOT_ESTABLISHED
    return replace(told, release=known, standing=Standing.KNOWN, reason="") if settled else replace(told, release=known)


def _fixes(purl: str, facts: Facts) -> tuple[str, ...]:
    answer = facts.advisories.get(purl)
    return answer.fixes if answer else ()


def _dated(answer: ReleaseAnswer, fixes: tuple[str, ...], context: Context) -> ReleaseAnswer:
    """With age, and what is left to wait; a clock that is wrong makes a release no older than new."""
    uploaded = moment(answer.release.uploaded) if answer.release else None
    if answer.release is None or uploaded is None:
        return answer
    age = max(0, (context.now - uploaded).days)
    cooling = max(0, context.cool_down - age)
    exempt = fixes if cooling else ()
    release = replace(answer.release, age=age, cooling=0 if exempt else cooling, exempt=exempt)
    return replace(answer, release=release)


REGISTRY = Enricher(
    id=ID,
    title="releases, by locks and, where that is wanted, by registries: age, yanked, deprecated, removed",
    after=("osv",),
    enrich=enrich,
)
