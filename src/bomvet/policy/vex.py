"""Which VEX statement speaks of which finding, and what that changes; pure.

A statement that may be about something else is never applied: it is told, where it names the vulnerability of a
finding, and says what is missing.  Malicious packages are never answered by a statement.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from bomvet.model.finding import Finding, Statement, Suppressed
from bomvet.model.purl import Parts, parts, pypi_name
from bomvet.model.records import dataclass, field, replace
from bomvet.model.times import moment

if TYPE_CHECKING:
    from bomvet.model.inventory import Component

RULES = ("known-vulnerability", "malicious-package")
#: Of two statements of the same moment the first of these counts.
CAUTIOUS = ("affected", "under_investigation", "fixed", "not_affected")
ANSWERS = ("not_affected", "fixed")
#: The qualifier of a purl that holds a range of versions (vers).
_RANGE = "vers"
#: Notes that are told, and pairs of vulnerability and product that are kept in mind.
_MAX_NOTES, _MAX_PAIRS = 100, 1_000_000

#: Whether a version, that of a purl, lies in a range (vers); None where that cannot be told.
Within = Callable[[str, str], bool | None]


def _nothing_known(purl: str, vers: str) -> bool | None:  # noqa: ARG001 - the signature
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vex:
    """What VEX documents state, and what is needed to see whom it is for.

    `products` are further names of the scanned project, purls or what else statements call it.  `problems` is what in
    the documents was not understood.
    """

    statements: tuple[Statement, ...] = ()
    products: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    within: Within = field(default=_nothing_known, compare=False)


NO_VEX = Vex()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The findings that stay open, those that a statement answers, and what is to be told.

    `stated` are open ones that a statement says to be affected, or under investigation.
    """

    open: tuple[Finding, ...]
    suppressed: tuple[Suppressed, ...] = ()
    stated: tuple[Suppressed, ...] = ()
    notes: tuple[str, ...] = ()


def answered(findings: Iterable[Finding], vex: Vex, *, root: Component | None, today: dt.date) -> Answered:
    """`findings` in the light of `vex`; `root` is the scanned project, `today` the day in UTC.

    Of several statements on one finding the latest counts.
    """
    findings = tuple(findings)
    if not vex.statements:
        return Answered(open=findings, notes=vex.problems)
    matcher = Matcher(vex, root, today, wanted={name for f in findings if f.rule in RULES for name in _ids(f)})
    still_open: list[Finding] = []
    suppressed: list[Suppressed] = []
    stated: list[Suppressed] = []
    for finding in findings:
        statement = matcher.latest(finding) if finding.rule in RULES else None
        if statement is None:
            still_open.append(finding)
        elif statement.status in ANSWERS and not is_malicious(finding):
            suppressed.append(Suppressed(finding=finding, statement=statement))
        elif statement.status in ANSWERS:
            matcher.note(statement, f"{finding.subject} is malicious, which no statement answers")
            still_open.append(finding)
        else:
            found = _with(finding, statement)
            still_open.append(found)
            stated.append(Suppressed(finding=found, statement=statement))
    notes = (*vex.problems, *matcher.notes)
    more = len(notes) - _MAX_NOTES
    shown = notes if more <= 0 else (*notes[:_MAX_NOTES], f"... and {more:,} more on VEX statements")
    return Answered(open=tuple(still_open), suppressed=tuple(suppressed), stated=tuple(stated), notes=shown)


def is_malicious(finding: Finding) -> bool:
    """Whether a record of malicious packages is among its names."""
    return any(name.casefold().startswith("mal-") for name in (finding.instance, *finding.ids))


def problem(statement: Statement, today: dt.date) -> str:
    """Why a statement counts for nothing, whatever it is about; empty where it counts."""
    if statement.status == "not_affected" and not (statement.justification or statement.impact):
        return "it says not_affected without a justification or an impact statement"
    made = _moment(statement)
    if made.year > 1 and made.astimezone(dt.UTC).date() > today + dt.timedelta(days=1):
        return f"it is of the future ({statement.time})"
    return ""


def _with(finding: Finding, statement: Statement) -> Finding:
    """`finding` with what a statement says of it that does not answer it."""
    said = f"VEX: {statement.status.replace('_', ' ')}, says {statement.author or 'nobody'} ({statement.source})"
    advice = f"{statement.action} {finding.remediation}".strip() if statement.status == "affected" else ""
    return replace(finding, evidence=(*finding.evidence, said), remediation=advice or finding.remediation)


def _ids(finding: Finding) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.casefold() for name in (finding.instance, *finding.ids) if name))


def _moment(statement: Statement) -> dt.datetime:
    """When it was made; before everything where it does not say."""
    return moment(statement.time) or dt.datetime.min.replace(tzinfo=dt.UTC)


_Package = tuple[str, str, str]


class Matcher:
    """The statements by vulnerability and package, each with whom it is for; `wanted` are the names that count."""

    def __init__(self, vex: Vex, root: Component | None, today: dt.date, wanted: set[str] | None = None) -> None:
        self.notes: list[str] = []
        self._within, self._root = vex.within, root
        self._mine = Identity(_stated(root)) if root else None
        self._named = [Identity(name) for name in vex.products]
        self._by_package: dict[tuple[str, _Package], list[tuple[Statement, Identity]]] = defaultdict(list)
        self._of_all: dict[str, list[Statement]] = defaultdict(list)
        self._pairs = 0
        for statement in vex.statements:
            ids = {name.casefold() for name in statement.ids}
            ids = ids if wanted is None else ids & wanted
            why_not = problem(statement, today) if ids else ""
            if why_not:
                self.note(statement, why_not)
            elif ids:
                self._enter(statement, ids)

    def note(self, statement: Statement, text: str) -> None:
        """Tell why a statement is not applied, once."""
        told = f"{statement.source}: the statement on {statement.ids[0]} is not applied: {text}"
        if len(self.notes) <= 2 * _MAX_NOTES and told not in self.notes:
            self.notes.append(told)

    def _enter(self, statement: Statement, ids: Collection[str]) -> None:
        self._pairs += len(ids) * (len(statement.products) + len(statement.components))
        if self._pairs > _MAX_PAIRS:
            self.note(statement, f"together they are on more than {_MAX_PAIRS:,} pairs of vulnerability and product")
            return
        names = [Identity(name) for name in statement.products]
        own = [name for name in names if self._is_own(name)]
        if not own:
            self._tell_stranger(statement, names)
        if statement.components:
            named = [Identity(name) for name in statement.components] if own else []
        else:
            named = [name for name in names if name.is_purl]
        for id_ in ids:
            if own and not statement.components:
                self._of_all[id_].append(statement)
            for name in named:
                self._by_package[id_, name.package].append((statement, name))

    def _is_own(self, name: Identity) -> bool:
        """Whether the scanned project is meant, in the version that it has."""
        if self._root and name.text in (self._root.name, self._root.label):
            return True
        if self._mine and self._mine.is_named_by(name, self._within):
            return True
        # What the user names without a version, or without qualifiers, is meant in all of them.
        return any(mine.is_named_by(name, self._within) or name.is_named_by(mine, self._within) for mine in self._named)

    def _tell_stranger(self, statement: Statement, names: Sequence[Identity]) -> None:
        """Tell of a statement on a product that may be the scanned project, but is not known to be."""
        for name in names:
            alike = self._root is not None and pypi_name(name.name) == pypi_name(self._root.name)
            if alike or not name.is_purl:
                hint = f"--vex-product {name.text} says that it is"
                self.note(statement, f"it is about {name.text}, which is not known to be this project ({hint})")

    def latest(self, finding: Finding) -> Statement | None:
        """The statement that counts for `finding`."""
        subject = Identity(finding.subject)
        found = [
            statement
            for id_ in _ids(finding)
            for statement in (*self._of_all.get(id_, ()), *self._naming(id_, subject))
        ]
        return max(found, key=lambda s: (_moment(s), -CAUTIOUS.index(s.status))) if found else None

    def meant(self, packages: Mapping[_Package, Sequence[Identity]]) -> Iterator[str]:
        """All that the statements are for: the project, and of `packages` whatever they name."""
        if self._of_all and self._root:
            yield self._root.purl
        named = dict.fromkeys(name.text for found in self._by_package.values() for _, name in found)
        for name in map(Identity, named):
            yield from (i.text for i in packages.get(name.package, ()) if i.is_named_by(name, self._within))

    def _naming(self, id_: str, subject: Identity) -> Iterator[Statement]:
        for statement, name in self._by_package.get((id_, subject.package), ()):
            meant = subject.is_named_by(name, self._within)
            if meant:
                yield statement
            elif meant is None:
                self.note(statement, f"whether {name.text} is {subject.text} cannot be told")


class Checker:
    """Whom statements are for, among the components of a project; none of them has to be vulnerable."""

    def __init__(self, vex: Vex, root: Component | None, components: Iterable[Component], today: dt.date) -> None:
        self._vex, self._root, self._today = vex, root, today
        self._by_package: dict[_Package, list[Identity]] = defaultdict(list)
        for component in components:
            identity = Identity(component.purl)
            self._by_package[identity.package].append(identity)

    def subjects(self, statement: Statement) -> tuple[list[str], list[str]]:
        """The purls that `statement` is for, with that of the project where it is for all; and what is wrong."""
        matcher = Matcher(replace(self._vex, statements=(statement,)), self._root, self._today)
        found = list(matcher.meant(self._by_package))
        return found, matcher.notes


class Identity:
    """What a purl names, decoded, so that all its spellings are one; of other texts the text itself."""

    __slots__ = ("_qualifiers", "is_purl", "package", "text", "vers", "version")

    def __init__(self, text: str) -> None:
        found = parts(text)
        self.text, self.is_purl, self.version = text, bool(found.type), found.version
        self.package = (found.type, _folded(found, found.namespace), _folded(found, found.name))
        self.vers = next((value for key, value in found.qualifiers if key == _RANGE), "")
        subpath = text.partition("#")[2] if found.type else ""
        self._qualifiers = {pair for pair in found.qualifiers if pair[0] != _RANGE} | {("#", subpath)} - {("#", "")}

    @property
    def name(self) -> str:
        """The name without its namespace."""
        return self.package[2]

    def is_named_by(self, other: Identity, within: Within) -> bool | None:
        """Whether `other`, which may leave things open, means this; None where that cannot be told.

        Without a version it means all; its qualifiers have to be among those of this.
        """
        if self.package != other.package:
            return False
        if other.vers and not other.version:
            held = within(self.text, other.vers) if self.version else None
            if held is not True:
                return held
        elif other.version and other.version != self.version:
            return False if self.version else None
        return True if other._qualifiers <= self._qualifiers else None


def _stated(root: Component) -> str:
    """The purl of the project, without a version where that is only a digest of what was read."""
    return root.purl.partition("@sha256:")[0] if root.version.startswith("sha256:") else root.purl


def _folded(found: Parts, name: str) -> str:
    return pypi_name(name) if found.type == "pypi" else name
