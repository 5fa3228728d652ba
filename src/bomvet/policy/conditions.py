"""What `fail-on` says: conditions of which any refuses a finding.

A text holds conditions with commas between them; a condition is terms joined by ` and `, each of which may be turned
round by `not `.  A term is true, false, or undecided: what nobody knows must not pass for an answer.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, NamedTuple

from bomvet.model.facts import RANKED, Severity
from bomvet.model.inventory import Scope
from bomvet.model.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bomvet.model.facts import AdvisoryMatch, Catalogue
    from bomvet.model.finding import Finding, RiskScore

#: What may stand in a text, and how many terms in all: far more than anybody can oversee.
MAX_TEXT, MAX_TERMS = 4096, 200

_TERM = re.compile(r"(?P<name>[A-Za-z][A-Za-z-]*)\s*(?:(?P<operator>>=|<=|>|<|==|=|:)\s*(?P<value>\S.*?)?)?\s*")
_AND, _NOT = re.compile(r"\s+and\s+"), re.compile(r"not\s+")
_DAYS = re.compile(r"([0-9]{1,5})\s*d")
_NUMBER = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,12})?")

_SEVERITIES = tuple(map(str, RANKED[:-1]))
_SCOPES = {"runtime": Scope.REQUIRED, "optional": Scope.OPTIONAL, "dev": Scope.DEV}
_FLAGS = ("kev", "ransomware", "malicious", "fixable", *_SCOPES, "direct")
#: Numbers that are compared: an example, and the greatest value that has a meaning.
_NUMBERS = {
    "epss": ("epss>0.5", 1.0),
    "epss-percentile": ("epss-percentile>0.95", 1.0),
    "cvss": ("cvss>=7", 10.0),
    "age": ("age>30d", 99_999.0),
    "score": ("score>=70", 100.0),
}
_NAMED = {"rule": "rule:yanked-release", "id": "id:CVE-2024-1"}
#: Every term as it is written.
TERMS = (*_SEVERITIES, *_FLAGS, *(example for example, _ in _NUMBERS.values()), *_NAMED.values(), "never")

_COMPARED: Mapping[str, Callable[[float, float], bool]] = {
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
}
#: The least and the greatest CVSS base score of a level (CVSS v3.1, section 5).
_BANDS = {
    Severity.CRITICAL: (9.0, 10.0),
    Severity.HIGH: (7.0, 8.9),
    Severity.MEDIUM: (4.0, 6.9),
    Severity.LOW: (0.1, 3.9),
    Severity.NONE: (0.0, 0.0),
}
#: What an advisory is looked up in, by term.
CATALOGUES = {"kev": "kev", "ransomware": "kev", "epss": "epss", "epss-percentile": "epss"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One test of a finding: `operator` compares with `value`, `text` is what it names, `negated` turns it round."""

    name: str
    operator: str = ""
    value: float = 0.0
    text: str = ""
    negated: bool = False

    def __str__(self) -> str:
        """As it is written."""
        number = f"{self.value:g}{'d' if self.name == 'age' else ''}" if self.operator else ""
        named = f":{self.text}" if self.text else ""
        return f"{'not ' if self.negated else ''}{self.name}{self.operator}{number}{named}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Terms that must all be true."""

    terms: tuple[Term, ...]

    def __str__(self) -> str:
        """As it is written."""
        return " and ".join(map(str, self.terms))

    @property
    def severity(self) -> str:
        """The level, where the condition is nothing but one."""
        term = self.terms[0]
        return term.name if len(self.terms) == 1 and term.name in _SEVERITIES and not term.negated else ""


# -- reading ---------------------------------------------------------------------------------------------------


def conditions(text: str) -> tuple[Condition, ...]:
    """The conditions that `text` holds, none for `never`; raises `ValueError` with the place of the mistake."""
    if len(text) > MAX_TEXT:
        raise ValueError(f"is longer than {MAX_TEXT:,} characters")
    found, start = list[Condition](), 0
    for part in text.split(","):
        found.append(_condition(part, start))
        start += len(part) + 1
    if sum(len(condition.terms) for condition in found) > MAX_TERMS:
        raise ValueError(f"has more than {MAX_TERMS} terms")
    never = [condition for condition in found if any(term.name == "never" for term in condition.terms)]
    if never and (len(found) > 1 or str(found[0]) != "never"):
        raise ValueError("says never and something else: never stands alone")
    return () if never else tuple(dict.fromkeys(found))


def written(stated: tuple[Condition, ...]) -> str:
    """`stated` in one text, `never` where there is none."""
    return ", ".join(map(str, stated)) or "never"


def _condition(text: str, start: int) -> Condition:
    terms, place = list[Term](), 0
    for joint in [*_AND.finditer(text), None]:
        terms.append(_term(text[place : joint.start() if joint else None], start + place))
        place = joint.end() if joint else 0
    return Condition(terms=tuple(terms))


def _term(text: str, start: int) -> Term:
    start += len(text) - len(text.lstrip())
    text = text.strip()
    negation = _NOT.match(text)
    if negation:
        start, text = start + negation.end(), text[negation.end() :]
    match = _TERM.fullmatch(text)
    if not match:
        what = f"{_cut(text)} is no term" if text else "a term is missing"
        raise ValueError(f"(column {start + 1}): {what}{_known(text)}")
    try:
        return _stated(match["name"], match["operator"] or "", match["value"] or "", negated=bool(negation))
    except ValueError as error:
        raise ValueError(f"(column {start + 1}): {error}") from None


def _stated(name: str, operator: str, value: str, *, negated: bool) -> Term:
    if name in _NUMBERS:
        example, most = _NUMBERS[name]
        if operator not in _COMPARED or not value:
            raise ValueError(f"{name} is compared with a number: {example}")
        return Term(name=name, operator=operator, value=_number(name, value, example, most), negated=negated)
    if name in _NAMED:
        if operator != ":" or not value or " " in value:
            raise ValueError(f"{name} names one: {_NAMED[name]}")
        return Term(name=name, text=value, negated=negated)
    if name not in TERMS:
        raise ValueError(f"{_cut(name)} is no term{_known(name)}")
    if operator:
        raise ValueError(f"{name} is compared with nothing")
    return Term(name=name, negated=negated)


def _number(name: str, text: str, example: str, most: float) -> float:
    match = (_DAYS if name == "age" else _NUMBER).fullmatch(text)
    if not match:
        raise ValueError(f"{_cut(text)} is no {'number of days' if name == 'age' else 'number'} as in {example}")
    number = float(match[1] if name == "age" else text)
    if number > most:
        raise ValueError(f"{name} is at most {most:g}, so {text} cannot be meant; write it as in {example}")
    return number


def _known(text: str) -> str:
    """What may have been meant."""
    from difflib import get_close_matches  # noqa: PLC0415 - only where there is an error

    if " or " in text or "|" in text:
        return "; a comma means or"
    if "&" in text:
        return "; write and"
    near = get_close_matches(text.casefold()[:40], (*TERMS, *_NUMBERS, *_NAMED), n=1)
    return f"; did you mean {near[0]}?" if near else f"; known are {', '.join(TERMS)}"


def _cut(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:39]}…")  # noqa: PLR2004 - fits in a line


# -- judging ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """All that the terms ask of one finding.

    `match` is the advisory that it is about, `scope` that of its component, None for what is no component;
    `score` the risk of its component.  `rated` is what a term about a severity that nobody knows comes to.
    """

    finding: Finding
    match: AdvisoryMatch | None = None
    scope: Scope | None = None
    direct: bool = False
    score: RiskScore | None = None
    catalogues: Mapping[str, Catalogue]
    today: dt.date
    rated: bool | None = None


class Judged(NamedTuple):
    """What conditions make of a finding: the one that refuses it, or else what is not known, by condition."""

    refused: Condition | None
    open: tuple[tuple[Condition, str], ...] = ()


def judge(stated: tuple[Condition, ...], about: About) -> Judged:
    """The first of the conditions that is true, else all that are undecided, each with what is not known."""
    undecided = list[tuple[Condition, str]]()
    for condition in stated:
        missing = _missing(condition, about)
        if missing == "":
            return Judged(condition)
        if missing is not None:
            undecided.append((condition, missing))
    return Judged(None, tuple(undecided))


#: What an undecided term lacks.
SEVERITY = "severity"


def _missing(condition: Condition, about: About) -> str | None:
    """What is not known of an undecided condition; empty where it is true, None where it is false."""
    missing = ""
    for term in condition.terms:
        truth = _truth(term, about)
        if truth is False:
            return None
        if truth is None:
            missing = missing or _lacks(term, about)
    return missing


def _truth(term: Term, about: About) -> bool | None:
    if term.name == "score":
        return _scored(term, about.score)
    truth = _plain_truth(term, about)
    if truth is None:
        return about.rated if _unrated(term, about) else None
    return truth is not term.negated


def _plain_truth(term: Term, about: About) -> bool | None:
    """Of the term as if it were not negated."""
    finding = about.finding
    if term.name in _SEVERITIES:
        return _grave(term, finding.severity)
    if term.name in _SCOPES:
        # What is no component is there when the software runs.
        return (about.scope or Scope.REQUIRED) is _SCOPES[term.name]
    if term.name == "direct":
        return about.direct
    if term.name in _NAMED:
        return finding.rule == term.text if term.name == "rule" else term.text.casefold() in finding.names
    return _of_advisory(term, about.match, about) if about.match else False


def _grave(term: Term, severity: Severity) -> bool | None:
    if severity is Severity.UNKNOWN:
        return None
    return RANKED.index(severity) <= RANKED.index(Severity(term.name))


def _of_advisory(term: Term, match: AdvisoryMatch, about: About) -> bool | None:
    if term.name in CATALOGUES:
        return _in_catalogue(term, match, about.catalogues.get(CATALOGUES[term.name]))
    if term.name == "malicious":
        return match.malicious
    if term.name == "fixable":
        return bool(match.fixed or match.clean)
    if term.name == "age":
        return _aged(term, match.published, about.today)
    return _rated(term, match)


def _in_catalogue(term: Term, match: AdvisoryMatch, catalogue: Catalogue | None) -> bool | None:
    """What is no CVE can be in none; of one that is stale it is known what KEV lists, which stays listed."""
    if not match.cves or (catalogue and not catalogue.stale):
        return _looked_up(term, match)
    listed = catalogue is not None and term.name in ("kev", "ransomware") and _looked_up(term, match)
    return True if listed else None


def _looked_up(term: Term, match: AdvisoryMatch) -> bool:
    """What a catalogue does not have satisfies no comparison."""
    if term.name == "kev":
        return match.kev is not None
    if term.name == "ransomware":
        return match.kev is not None and match.kev.ransomware
    if match.epss is None:
        return False
    number = match.epss.score if term.name == "epss" else match.epss.percentile
    return _COMPARED[term.operator](number, term.value)


def _aged(term: Term, published: str, today: dt.date) -> bool | None:
    try:
        day = dt.date.fromisoformat(published[:10])
    except ValueError:
        return None
    return _COMPARED[term.operator]((today - day).days, term.value)


def _rated(term: Term, match: AdvisoryMatch) -> bool | None:
    """By the score, else by all scores of the level, where they agree."""
    rating, compare = match.rating, _COMPARED[term.operator]
    if rating.score is not None:
        return compare(rating.score, term.value)
    found = {compare(number, term.value) for number in _BANDS.get(rating.severity, (0.0, 10.0))}
    return found.pop() if len(found) == 1 else None


def _scored(term: Term, score: RiskScore | None) -> bool | None:
    """Whether any score within the bounds satisfies the term: what is not known counts against the component."""
    if score is None:
        return None
    compare = _COMPARED[term.operator]
    return any(compare(number, term.value) is not term.negated for number in (score.low, score.high))


def _unrated(term: Term, about: About) -> bool:
    """Whether it is the severity, which nobody has stated, that leaves a term undecided."""
    if term.name == "cvss":
        return about.match is not None and about.match.rating.severity is Severity.UNKNOWN
    return term.name in _SEVERITIES


def _lacks(term: Term, about: About) -> str:
    if _unrated(term, about):
        return SEVERITY
    name = CATALOGUES.get(term.name, term.name)
    if name in about.catalogues:
        what = {"kev": "the KEV catalogue is", "epss": "the EPSS scores are"}[name]
        return f"{what} of {about.catalogues[name].date}, older than db.max-age allows; `bomvet db update` fetches more"
    return {
        "kev": "the advisory data holds no KEV catalogue; `bomvet db update` fetches it",
        "epss": "the advisory data holds no EPSS scores; `bomvet db update` fetches them",
        "age": "the advisory does not say when it was published",
        "cvss": "the advisory has a level and no score",
        "score": "there is no risk score of it",
    }[name]
