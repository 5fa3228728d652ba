"""How risky each component is, from 0 to 100, with everything that the number is made of; pure.

The number is the sum of terms, none of which is negative, up to 100.  A term for what is not established reaches from
the best to the worst that the answer could be, so the range of the whole holds the number of every possible answer.
The points and their reasons: docs/explanation/risk-score.md.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from bomvet.model.facts import AdvisoryAnswer, AdvisoryMatch, Catalogue, Facts, ReleaseAnswer, Severity, Standing
from bomvet.model.finding import RiskScore, ScoreTerm
from bomvet.model.inventory import Completeness, Component, Confidence, Scope
from bomvet.model.provenance import EvidenceKind, LogStrength, ProvenanceStatus
from bomvet.model.publishing import (
    KINDS,
    STEPS,
    contradicted,
    gravity,
    is_established,
    is_unattested,
    moved,
    refused,
    signed,
    tampered,
    weakened,
    weakest_log,
)
from bomvet.policy._reach import direct

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from bomvet.model.facts import Epss, Release
    from bomvet.model.inventory import Inventory
    from bomvet.model.provenance import IdentityAnswer, ProvenanceAnswer

MOST = 100
#: Points of a malicious component: of a version that is listed, and of one that only a range holds.
MALICIOUS, PERHAPS_MALICIOUS = 100.0, 90.0
#: Points per point of the CVSS score.
PER_CVSS = 3.0
#: The least and the greatest CVSS score of each level (CVSS v3.1, section 5).
LEVELS = {
    Severity.CRITICAL: (9.0, 10.0), Severity.HIGH: (7.0, 8.9), Severity.MEDIUM: (4.0, 6.9), Severity.LOW: (0.1, 3.9),
    Severity.NONE: (0.0, 0.0), Severity.UNKNOWN: (0.0, 10.0),
}  # fmt: skip
#: Points of what is exploited, and of a chance in each band of percentiles.
EXPLOITED = 25.0
BANDS = {"0-50": 0.0, "50-80": 2.0, "80-90": 5.0, "90-95": 8.0, "95-99": 13.0, "99-100": 20.0}
_BOUNDS = (0.50, 0.80, 0.90, 0.95, 0.99)
#: Shares that reach adds to the points of severity and exploitation.
SCOPES = {Scope.REQUIRED: 0.35, Scope.OPTIONAL: 0.20, Scope.DEV: 0.0}
DIRECT = 0.10
#: Per so many direct dependants, at least.
DEPENDANTS = ((50, 0.10), (10, 0.06), (3, 0.03))
#: The most points of where a component was built and by whom, where nobody knows.
PROVENANCE = 3.0
#: Points of what is known of that, worst first.
EVIDENCE = {
    "tampered": 60.0, "invalid": 50.0, "contradicted": 40.0, "publisher": 40.0, "weaker-joined": 40.0, "weaker": 20.0,
    "changed": 10.0, "absent": PROVENANCE, "promise": 1.0, "proof": 0.0,
}  # fmt: skip
#: Points of a release by its age: from so many days on, in words.  A young one was looked at by few, and may be an
#: attack that nobody has noticed yet; an old one may be given up.
AGES = (
    (0, 3.0, "released less than 3 days ago"),
    (3, 2.0, "released less than 14 days ago"),
    (14, 1.0, "released less than 30 days ago"),
    (30, 0.0, "released 30 days to 3 years ago"),
    (3 * 365, 1.0, "released more than 3 years ago"),
    (5 * 365, 2.0, "released more than 5 years ago"),
)
#: Points of what its maintainers or its registry say of a project or a release, worst first.
MAINTENANCE = {"quarantined": 8.0, "yanked": 6.0, "archived": 4.0, "deprecated": 4.0}


_AGES = [days for days, _, _ in AGES]


class _Range(NamedTuple):
    """Points, and why."""

    low: float
    high: float
    why: str

    def term(self, name: str) -> ScoreTerm:
        """As a term, in tenths of a point, so that what is shown is what is summed."""
        return ScoreTerm(name=name, low=round(self.low, 1), high=round(self.high, 1), why=self.why)


_PROVENANCE = _Range(0.0, PROVENANCE, "who built it, and of what, is not established").term("provenance")
_NO_VULNERABILITY = (
    _Range(0.0, 0.0, "no vulnerability is known").term("severity"),
    _Range(0.0, 0.0, "nothing is there to exploit").term("exploitation"),
    _Range(0.0, 0.0, "nothing is there to reach").term("reach"),
)
_OF_ADVISORIES = ("malicious", "severity", "exploitation")
_ALL = float(MOST)
#: Both bounds, and the terms.
_Sum = tuple[int, int, tuple[ScoreTerm, ...]]


def scores(inventory: Inventory, facts: Facts, unaffected: Collection[tuple[str, str]] = ()) -> tuple[RiskScore, ...]:
    """The risk of each component, greatest first, by the middle of the range.

    It is 0 of what is the scanned project's own, which nobody is asked about.
    `unaffected` are advisories, by purl and id, that somebody answered for: they do not count.
    """
    scorer = _Scorer(inventory, facts, unaffected)
    own = (inventory.root, *inventory.components) if inventory.root else inventory.components
    found = [scorer.score(component) for component in own]
    return tuple(sorted(found, key=lambda score: (-score.low - score.high, -score.high, score.subject)))


def telling(found: Collection[RiskScore]) -> tuple[RiskScore, ...]:
    """Those of `found` that say something of their own: an advisory, evidence or what maintainers say is against them.

    All others have what is not established of everything, and how old they are; where their advisories are an open
    question, that is told as such.
    """
    return tuple(s for s in found if s.high and (not s.terms or any(map(_is_against, s.terms))))


def _is_against(term: ScoreTerm) -> bool:
    if term.name in _OF_ADVISORIES:
        return bool(term.high)
    least = {"maintenance": 0.0, "provenance": PROVENANCE}.get(term.name)
    return least is not None and term.low > least


class _Scorer:
    """Scores components of one inventory; what has nothing against it shares its terms with all of its kind."""

    def __init__(self, inventory: Inventory, facts: Facts, unaffected: Collection[tuple[str, str]]) -> None:
        self._inventory, self._facts = inventory, facts
        self._unaffected = frozenset(unaffected)
        self._quiet: dict[object, _Sum] = {}
        self._reach: _Reach | None = None

    def score(self, component: Component) -> RiskScore:
        """That of one component."""
        purl = component.purl
        if component.first_party:
            return RiskScore(subject=purl, low=0, high=0)
        answer, release = self._facts.advisories.get(purl), self._facts.releases.get(purl)
        built = _provenance(self._facts.provenance.get(purl), self._facts.identities.get(purl))
        if answer is not None and not answer.matches and answer.standing is not Standing.NOT_ESTABLISHED:
            low, high, terms = self._without_advisories(built, release)
        else:
            low, high, terms = _summed((*self._advisories(component, answer), built, *_released(release)))
        return RiskScore(subject=purl, low=low, high=high, terms=terms)

    def _without_advisories(self, built: ScoreTerm, release: ReleaseAnswer | None) -> _Sum:
        key = built, _kind(release) if release else None
        found = self._quiet.get(key)
        if found is None:
            found = self._quiet[key] = _summed((*_NO_VULNERABILITY, built, *_released(release)))
        return found

    def _advisories(self, component: Component, answer: AdvisoryAnswer | None) -> tuple[ScoreTerm, ...]:
        matches = [
            match
            for match in (answer.matches if answer else ())
            if match.malicious or (component.purl, match.id) not in self._unaffected
        ]
        open_ = [] if answer and answer.standing is not Standing.NOT_ESTABLISHED else [_open(answer)]
        malicious = [match for match in matches if match.malicious]
        vulnerable = [match for match in matches if not match.malicious]
        found = [*_malicious(malicious), *open_]
        if not vulnerable:
            return (*found, *_NO_VULNERABILITY)
        severity = _severity(vulnerable)
        exploitation = _exploitation(vulnerable, self._facts.catalogues)
        if self._reach is None:
            self._reach = _Reach(self._inventory)
        reach = self._reach.of(component, severity, exploitation)
        return (*found, severity.term("severity"), exploitation.term("exploitation"), reach.term("reach"))


def _summed(terms: tuple[ScoreTerm, ...]) -> _Sum:
    """The sum of `terms`, in whole points with halves rounded up."""
    low = sum(round(10 * term.low) for term in terms)
    high = sum(round(10 * term.high) for term in terms)
    return min((low + 5) // 10, MOST), min((high + 5) // 10, MOST), terms


# -- advisories ------------------------------------------------------------------------------------------------


def _open(answer: AdvisoryAnswer | None) -> ScoreTerm:
    reason = answer.reason if answer else "nobody was asked about its advisories"
    return _Range(0.0, _ALL, f"not established: {reason}").term("advisories")


def _malicious(matches: Collection[AdvisoryMatch]) -> list[ScoreTerm]:
    if not matches:
        return []
    listed = [match.id for match in matches if match.listed]
    if listed:
        return [_Range(MALICIOUS, MALICIOUS, f"{min(listed)} lists the version as malicious").term("malicious")]
    ids = min(match.id for match in matches)
    return [_Range(PERHAPS_MALICIOUS, MALICIOUS, f"{ids} has a range that holds it").term("malicious")]


def _worst(ranges: Collection[_Range]) -> _Range:
    """The greatest of each bound; in words the one that goes highest."""
    first = max(ranges, key=lambda r: (r.high, r.low, r.why))
    return _Range(max(r.low for r in ranges), first.high, first.why)


def _severity(matches: Collection[AdvisoryMatch]) -> _Range:
    return _worst([_doubted(_rated(match), match) for match in matches])


def _rated(match: AdvisoryMatch) -> _Range:
    rating = match.rating
    if rating.score is not None:
        points = PER_CVSS * min(max(rating.score, 0.0), 10.0)
        return _Range(points, points, f"{match.id} is {rating.severity.value}, CVSS {rating.score:g}")
    low, high = LEVELS[rating.severity]
    said = "of unknown severity" if rating.severity is Severity.UNKNOWN else f"{rating.severity.value}, without a score"
    return _Range(PER_CVSS * low, PER_CVSS * high, f"{match.id} is {said}")


def _doubted(found: _Range, match: AdvisoryMatch) -> _Range:
    """`found` down to nothing where it is not sure that the advisory is about this version."""
    doubtful = match.confidence is Confidence.LOW
    return _Range(0.0, found.high, f"{found.why}, if it is about this version") if doubtful else found


def _exploitation(matches: Collection[AdvisoryMatch], catalogues: Mapping[str, Catalogue]) -> _Range:
    return _worst([_doubted(_exploited(match, catalogues), match) for match in matches])


def _exploited(match: AdvisoryMatch, catalogues: Mapping[str, Catalogue]) -> _Range:
    if match.kev:
        since = f" since {match.kev.added}" if match.kev.added else ""
        return _Range(EXPLOITED, EXPLOITED, f"{match.id} is in KEV{since}")
    likely = _likely(match.epss) if match.epss else 0.0
    said = f"EPSS of {match.id} is {match.epss.score:g}, band {match.epss.band}" if match.epss else ""
    kev = catalogues.get("kev")
    if match.cves and (kev is None or kev.stale):
        return _Range(likely, EXPLOITED, said + "; KEV is not known" if said else f"KEV of {match.id} is not known")
    if match.epss:
        return _Range(likely, likely, said)
    lacking = "has no score of EPSS" if match.cves and "epss" in catalogues else "was not looked up in EPSS"
    return _Range(0.0, max(BANDS.values()), f"{match.id} {lacking if match.cves else 'is no CVE, and has no score'}")


def _likely(epss: Epss) -> float:
    by_rank = tuple(BANDS.values())[bisect_right(_BOUNDS, epss.percentile)]
    return BANDS.get(epss.band, by_rank)


# -- reach -----------------------------------------------------------------------------------------------------


class _Reach:
    """How far what is wrong with a component goes: who asks for it, and what for."""

    def __init__(self, inventory: Inventory) -> None:
        self._direct = direct(inventory)
        self._dependants = Counter(
            target for target, source in {(e.target, e.source) for e in inventory.relationships} if target != source
        )
        stated = (inventory.root, *inventory.components) if inventory.root else inventory.components
        whole = Completeness.COMPLETE
        self._all_stated = all(component.dependencies is whole for component in stated)
        self._own_stated = all(c.dependencies is whole for c in stated if c.first_party)

    def of(self, component: Component, severity: _Range, exploitation: _Range) -> _Range:
        """The share of both that reach adds."""
        low, high, said = SCOPES[component.scope], SCOPES[component.scope], [component.scope.value]
        for part in (self._depth(component.purl), self._breadth(component.purl)):
            low, high = low + part.low, high + part.high
            said.append(part.why)
        least, most = severity.low + exploitation.low, severity.high + exploitation.high
        return _Range(least * low, most * high, ", ".join(said))

    def _depth(self, purl: str) -> _Range:
        if purl in self._direct:
            return _Range(DIRECT, DIRECT, "direct")
        if self._own_stated and purl in self._dependants:
            return _Range(0.0, 0.0, "transitive")
        return _Range(0.0, DIRECT, "direct or not")

    def _breadth(self, purl: str) -> _Range:
        count = self._dependants[purl]
        share = next((share for least, share in DEPENDANTS if count >= least), 0.0)
        said = f"{count} dependant{'' if count == 1 else 's'}"
        if self._all_stated:
            return _Range(share, share, said)
        return _Range(share, DEPENDANTS[0][1], f"{said} or more")


# -- provenance ------------------------------------------------------------------------------------------------


def _provenance(answer: ProvenanceAnswer | None, identity: IdentityAnswer | None) -> ScoreTerm:
    """The worst of what is known; where that is nothing, from the points of proof to those of no evidence."""
    if answer is None:
        return _PROVENANCE
    # The first of the worst, as the table has them; `max` keeps it.
    known = max(_known(answer, identity), key=lambda pair: EVIDENCE[pair[0]], default=None)
    if known:
        points, why = EVIDENCE[known[0]], known[1]
        return _Range(points, points, why).term("provenance")
    unsupported = answer.status is ProvenanceStatus.UNSUPPORTED
    why = "its evidence is of a form that is not verified here" if unsupported else answer.reason
    return _Range(0.0, PROVENANCE, f"not established: {why}").term("provenance")


def _known(answer: ProvenanceAnswer, identity: IdentityAnswer | None) -> Iterator[tuple[str, str]]:
    """Entries of `EVIDENCE` that hold, with the reasons; none where nothing is established."""
    for attestation in tampered(answer):
        known = attestation.kind is not EvidenceKind.OTHER
        yield "tampered", f"it is not what its {KINDS[attestation.kind]} is about" if known else attestation.reason
    for attestation in refused(answer):
        step = f" at {STEPS[attestation.step]}" if attestation.step else ""
        yield "invalid", f"its {KINDS[attestation.kind]} is refused{step}"
    for attestation in contradicted(answer):
        yield "contradicted", f"its {KINDS[attestation.kind]} claims what its certificate denies"
    yield from _of_publisher(answer, identity)
    for reason in weakened(answer, identity):
        yield "weaker-joined" if answer.changes else "weaker", "; ".join((reason, *answer.changes))
    if is_unattested(answer):
        yield "absent", "nothing says who built it"
    elif is_established(answer) and signed(answer):
        proved = weakest_log(signed(answer)) is LogStrength.PROOF
        yield ("proof", "who built it is proved") if proved else ("promise", "who built it is verified without proof")


def _of_publisher(answer: ProvenanceAnswer, identity: IdentityAnswer | None) -> Iterator[tuple[str, str]]:
    changes = moved(identity) if identity else ()
    for change in changes:
        grave = gravity(change) is Severity.HIGH
        said = f"its {change.what.value.replace('-', ' ')} is not the one that is locked"
        yield "publisher" if grave else "changed", said
    if not changes and any(a.status is ProvenanceStatus.IDENTITY_MISMATCH for a in answer.attestations):
        yield "publisher", "it is not by whom it is expected from"


# -- releases --------------------------------------------------------------------------------------------------


def _kind(answer: ReleaseAnswer) -> tuple[object, ...]:
    """What the terms of a release hang on."""
    release, asked = answer.release, _was_asked(answer)
    if release is None:
        return (asked,)
    stage = None if release.age is None else _stage(release.age)
    return asked, stage, bool(release.yanked), bool(release.deprecated), release.status


def _was_asked(answer: ReleaseAnswer | None) -> bool:
    """Whether a registry said what became of a release; a lock says only when it was made."""
    return answer is not None and answer.standing is Standing.KNOWN and answer.source != "lock"


def _released(answer: ReleaseAnswer | None) -> tuple[ScoreTerm, ScoreTerm]:
    release = answer.release if answer else None
    age = _age(release).term("age")
    return age, _maintenance(answer, release).term("maintenance")


def _age(release: Release | None) -> _Range:
    if release is None or release.age is None:
        worst = max(points for _, points, _ in AGES)
        return _Range(0.0, worst, "when it was released is not established")
    _, points, why = AGES[_stage(release.age)]
    return _Range(points, points, why)


def _stage(days: int) -> int:
    """The number of the entry of `AGES`; a release of the future is a young one."""
    return max(bisect_right(_AGES, days) - 1, 0)


def _maintenance(answer: ReleaseAnswer | None, release: Release | None) -> _Range:
    said = {
        name
        for name, holds in (
            ("yanked", release and release.yanked),
            ("deprecated", release and (release.deprecated or release.status == "deprecated")),
            ("archived", release and release.status == "archived"),
            ("quarantined", release and release.status == "quarantined"),
        )
        if holds
    }
    worst = next((name for name in MAINTENANCE if name in said), "")
    points = MAINTENANCE.get(worst, 0.0)
    if _was_asked(answer):
        return _Range(points, points, worst or "neither yanked nor given up")
    why = f"{worst}; the rest is not established" if worst else "whether it is maintained is not established"
    return _Range(points, max(MAINTENANCE.values()), why)
