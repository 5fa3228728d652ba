"""What is locked of a project, and how the project stands to its lock: over what a scan has found, and no more."""

from __future__ import annotations

from collections import defaultdict
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from bomvet.errors import UsageError
from bomvet.model.provenance import PUBLISH_LEVELS, IdentityField, IdentityLock, ProvenanceStatus, PublishLevel
from bomvet.model.records import dataclass, replace
from bomvet.model.result import Status
from bomvet.provenance.identities import (
    compare,
    expectations,
    level_of,
    locked_from,
    loosened,
    package_of,
    publishers,
    write_identities,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from bomvet.model.inventory import Component
    from bomvet.model.provenance import (
        IdentityAnswer,
        IdentityChange,
        LockedIdentity,
        ProvenanceAnswer,
        PublisherIdentity,
    )
    from bomvet.model.result import ScanResult

    #: The place of a version in the order of a purl type; None where there is no order, or it is no version.
    Order = Callable[[str, str], Any]
    #: A component and what was found out of it.
    Answered = tuple[Component, ProvenanceAnswer]

#: Answers that leave it open who published.
_OPEN = (ProvenanceStatus.NOT_ESTABLISHED, ProvenanceStatus.UNSUPPORTED)
_NOBODY_ASKED = "nobody was asked: it is from no registry, or exempt"
#: Answers by which nothing is taken over.
_REFUSED = (ProvenanceStatus.INVALID, ProvenanceStatus.IDENTITY_MISMATCH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked of `lock`: packages whose entry is taken anew (`everything`: all that differ), and pruning."""

    update: tuple[str, ...] = ()
    everything: bool = False
    prune: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Locking:
    """What became of the lock: all by purl of the package.

    `differs` are entries that are not as the project is, and were kept, each with why; `refused` packages that cannot
    be locked.  `questions` is what could not be established; `unattested` counts packages that nobody attests.
    """

    lock: IdentityLock
    path: str = ""
    added: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    pruned: tuple[str, ...] = ()
    differs: tuple[tuple[str, str], ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    questions: tuple[str, ...] = ()
    unattested: int = 0

    @property
    def text(self) -> str:
        """What the file has to hold."""
        return write_identities(self.lock)

    @property
    def pylock(self) -> str:
        """The tables that a `pylock.toml` states the Python packages by, each below a comment with its name."""
        from bomvet.provenance.pylock import as_pylock  # noqa: PLC0415 - for who wants them

        found = ((purl, as_pylock(self.lock.entries[purl])) for purl in sorted(self.lock.entries))
        return "\n".join(f"# {purl}\n{text}" for purl, text in found if text and purl.startswith("pkg:pypi/"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Checking:
    """How the packages of which a publisher is expected stand to that; `count` is how many there are.

    `refused` are those whose evidence is not valid, by purl with why.
    """

    changed: tuple[tuple[str, IdentityAnswer], ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    questions: tuple[str, ...] = ()
    count: int = 0

    @property
    def others(self) -> tuple[str, ...]:
        """The purls of `changed` that somebody else publishes, or otherwise: a mere new name is none of it."""
        return tuple(purl for purl, answer in self.changed if not _is_renamed(answer))


# -- locking -----------------------------------------------------------------------------------------------------


def relocked(known: IdentityLock, result: ScanResult, wanted: Wanted, today: str, order: Order) -> Locking:
    """`known` with the packages of `result` that are new, and what else is `wanted`; all others stay as they are.

    Raises `UsageError` where a package is to be updated that is not there.
    """
    packages = _packages(result, order)
    present = {package_of(component.purl) for component in result.inventory.components}
    asked = frozenset(map(package_of, wanted.update))
    for package in sorted(asked - present):
        raise UsageError(f"there is no package {package}", hint="name one as the lock does: pkg:npm/left-pad")
    entries = dict(known.entries)
    found = _Found(questions=_failures(result))
    found.questions += [f"{package}: {_NOBODY_ASKED}" for package in sorted(asked - set(packages))]
    for package, answers in sorted(packages.items()):
        found.judge(entries, package, answers, today, anew=package in asked, differing=wanted.everything)
    gone = tuple(sorted(set(entries) - present)) if wanted.prune else ()
    if gone and result.inventory.unknowns:
        found.questions.append(f"{known.source}: nothing is dropped, since not all of the project could be read")
        gone = ()
    for purl in gone:
        del entries[purl]
    return Locking(
        lock=IdentityLock(source=known.source, entries=MappingProxyType(entries)),
        added=tuple(found.added),
        updated=tuple(found.updated),
        pruned=gone,
        differs=tuple(found.differs),
        refused=tuple(found.refused),
        questions=tuple(found.questions),
        unattested=found.unattested,
    )


def _packages(result: ScanResult, order: Order) -> Mapping[str, list[Answered]]:
    """The components of each package of which something was found out, the newest version first."""
    found: dict[str, list[Answered]] = defaultdict(list)
    for component in result.inventory.components:
        if answer := None if component.first_party else result.facts.provenance.get(component.purl):
            found[package_of(component.purl)].append((component, answer))
    for answers in found.values():
        answers.sort(key=lambda pair: pair[0].purl)
        kind = answers[0][0].purl.partition("/")[0].removeprefix("pkg:")
        keys = {component.purl: order(kind, component.version) for component, _ in answers}
        if all(key is not None for key in keys.values()):
            answers.sort(key=lambda pair: keys[pair[0].purl], reverse=True)
    return found


def _failures(result: ScanResult) -> list[str]:
    """What of the project could not be read, and what of the plug-ins that were asked did not do its work.

    A package that is not seen is not compared, which is no good answer.
    """
    unknowns = result.inventory.unknowns
    told = {unknown.resolver for unknown in unknowns}
    questions = [f"{unknown.location}: {unknown.reason}" for unknown in unknowns]
    return questions + [f"{p.id}: {p.reason}" for p in result.plugins if p.status is not Status.OK and p.id not in told]


class _Found:
    """What becomes of one package after the other."""

    def __init__(self, questions: list[str]) -> None:
        self.questions = questions
        self.added: list[str] = []
        self.updated: list[str] = []
        self.differs: list[tuple[str, str]] = []
        self.refused: list[tuple[str, str]] = []
        self.unattested = 0

    def judge(
        self,
        entries: dict[str, LockedIdentity],
        package: str,
        answers: Sequence[Answered],
        today: str,
        *,
        anew: bool,
        differing: bool,
    ) -> None:
        """Put `package` into `entries` where it is new, or to be taken `anew`, and note what became of it."""
        if invalid := [f"{c.version}: {a.reason or a.status}" for c, a in answers if a.status in _REFUSED]:
            self.refused.append((package, invalid[0]))
            return
        before = entries.get(package)
        changes = _changes(before, answers) if before else ()
        if open_ := [f"{c.purl}: {a.reason or a.status}" for c, a in answers if a.status in _OPEN]:
            self.questions += open_
        if before and not (anew or (differing and changes)):
            self.differs += [(package, told(changes))] if changes else []
            return
        if open_:
            return
        entry, reason = _entry(package, answers, today)
        if entry is None:
            if reason or before:
                self.refused.append((package, reason or "nobody attests it any more"))
            else:
                self.unattested += 1
            return
        if before and not changes:
            entry = replace(entry, first_seen=before.first_seen, since=before.since)
        if before is None:
            self.added.append(package)
        elif replace(before, line=0) != entry:
            self.updated.append(package)
        entries[package] = entry


def _changes(entry: LockedIdentity, answers: Iterable[Answered]) -> tuple[IdentityChange, ...]:
    return tuple(dict.fromkeys(change for _, answer in answers for change in compare(entry, answer)))


def _entry(package: str, answers: Sequence[Answered], today: str) -> tuple[LockedIdentity | None, str]:
    """What locks all of `answers`, or why nothing does; neither where there is nothing to lock.

    Where versions of one package differ in something less than who publishes them, that is not locked.
    """
    proved = [(component, answer) for component, answer in answers if publishers(answer)]
    if not proved:
        return None, ""
    component, answer = proved[0]
    entry = locked_from(package, answer, component.version, today)
    if entry is None:
        who = dict.fromkeys(_who(one) for one in publishers(answer))
        return None, f"{component.version} is attested by several: {', '.join(who)}"
    for change in _changes(entry, answers):
        if change.what is IdentityField.LEVEL:
            continue
        looser = loosened(entry, change)
        if looser is None:
            return None, f"its versions have several publishers: {change.before}, {change.after}"
        entry = looser
    weakest = min((a for _, a in answers), key=lambda a: _rank(entry, a))
    levels = [change.after for change in compare(entry, weakest) if change.what is IdentityField.LEVEL]
    return (replace(entry, level=PublishLevel(levels[0])) if levels else entry), ""


def _who(identity: PublisherIdentity) -> str:
    number = f" (id {identity.repository_id})" if identity.repository and identity.repository_id else ""
    return f"{identity.repository or identity.subject}{number}"


def _rank(entry: LockedIdentity, answer: ProvenanceAnswer) -> int:
    """The place of its level; of one that is not known that of the entry's."""
    return PUBLISH_LEVELS.index(level_of(answer) or entry.level)


def told(changes: Iterable[IdentityChange]) -> str:
    """Changes on one line."""
    return "; ".join(f"{change.what} {change.before} -> {change.after}" for change in changes)


def checked(known: IdentityLock | None, result: ScanResult) -> Checking:
    """How the components of `result` stand to `known`, and to the `pylock.toml` that they are in."""
    expected = expectations(result.inventory, known)
    answers = result.facts.identities
    changed = tuple((purl, answers[purl]) for purl in sorted(expected) if purl in answers and answers[purl].changes)
    refused: list[tuple[str, str]] = []
    questions = _failures(result)
    for purl in sorted(expected):
        answer = result.facts.provenance.get(purl)
        if answer is None:  # the enricher has told of it, unless it is exempt
            continue
        if answer.status in _OPEN:
            questions.append(f"{purl}: {answer.reason or answer.status}")
        elif answer.status is ProvenanceStatus.INVALID:
            refused.append((purl, answer.reason))
    return Checking(changed=changed, refused=tuple(refused), questions=tuple(questions), count=len(expected))


def as_json(found: Checking) -> bytes:
    """What there is to tell, for programs."""
    import orjson  # noqa: PLC0415 - as in all edges

    changes = [
        {
            "purl": purl,
            "what": change.what.value,
            "before": change.before,
            "after": change.after,
            "source": answer.source,
            "line": answer.location.line,
        }
        for purl, answer in found.changed
        for change in answer.changes
    ]
    document = {
        "checked": found.count,
        "changes": changes,
        "invalid": [{"purl": purl, "reason": reason} for purl, reason in found.refused],
        "not_established": list(found.questions),
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"


def as_text(found: Checking, questions: Iterable[str] | None = None) -> str:
    """What there is to tell, for people; `questions` are those of `found` as they are to be told."""
    lines = []
    for purl, answer in found.changed:
        how = "has a repository of another name than" if _is_renamed(answer) else "is not as"
        lines.append(f"{purl} {how} {answer.location}{' has it' * (how == 'is not as')}:")
        lines += [f"  {change.what}: {change.before} -> {change.after}" for change in answer.changes]
    lines += [f"{purl} has evidence that is not valid: {reason}" for purl, reason in found.refused]
    lines += [f"not established: {question}" for question in (found.questions if questions is None else questions)]
    wrong = len({*found.others, *(purl for purl, _ in found.refused)})
    renamed, open_ = len(found.changed) - len(found.others), len(found.questions)
    counts = ((wrong, "not as expected"), (renamed, "renamed"), (open_, "not established"))
    said = ", ".join(f"{count} {what}" for count, what in counts if count)
    packages = f"{found.count} package{'' if found.count == 1 else 's'}"
    lines.append(f"{packages} with a publisher that is expected: {said or 'all as expected'}")
    return "\n".join((*lines, *_next(found))) + "\n"


def _next(found: Checking) -> Iterator[str]:
    """What to do about it, one line each."""
    if found.refused:
        yield "Next: do not install what has evidence that is not valid; `bomvet explain NAME` shows it."
    if found.changed:
        yield "Next: ask the makers, by another way than the release, whether they meant it."
        yield "      If they did: bomvet trust lock --update PURL"
    if found.questions:
        yield "Next: answer what is not established: ask again, or name recorded evidence with --attestations."


def _is_renamed(answer: IdentityAnswer) -> bool:
    """Whether it is the same repository under another name, and all else as it was."""
    return all(change.what is IdentityField.RENAMED for change in answer.changes)
