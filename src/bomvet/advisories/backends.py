"""Where answers about packages come from: the database, or OSV's service; one interface for both.

A backend gives affected entries, which `matching.evaluate` judges, and the ids that a service itself says affect the
version, which are checked by the same evaluation.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

from bomvet.advisories import osv_api
from bomvet.advisories.cache import Kept, RecordCache
from bomvet.advisories.database import AdvisoryDatabase
from bomvet.advisories.ecosystems import Package, asked_ecosystems
from bomvet.advisories.osv_api import Answer, Query
from bomvet.advisories.records import BrokenRecordError, Record, read_record
from bomvet.model.records import dataclass
from bomvet.model.result import Snapshot
from bomvet.versions.orders import ORDERS

if TYPE_CHECKING:
    import datetime as dt

    from bomvet.advisories.matching import Entry
    from bomvet.plugin import AdvisoryStore, Http

#: Packages with more records (the kernel of a distribution) are judged, but not searched for a clean version.
MAX_PACKAGE_RECORDS = 1000
#: Names by which alone a record is looked for, in one run.
MAX_ALIASES = 10_000
#: So long a record that nobody has named since counts as current, in seconds.
CURRENT = 24 * 60 * 60
_GROUP = 200
_PROBLEMS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a backend knows of one package in one version.

    `named` are records that affect the version by the service's word.  `whole` says that `entries` are all that the
    backend has of the package, in whatever version.  `reason` says what stayed open.
    """

    entries: Sequence[Entry] = ()
    named: frozenset[str] = frozenset()
    whole: bool = True
    reason: str = ""


class Backend(Protocol):
    """Answers about packages; whoever asks says first about which ones altogether."""

    #: So many packages are looked up at a time.
    batch: int
    #: What went wrong beyond the packages that it is told of.
    problems: list[str]

    @property
    def snapshot(self) -> Snapshot:
        """What the data is and how old."""

    def prepare(self, packages: Collection[Package]) -> None:
        """All packages that will be looked up."""

    def look_up(self, packages: Collection[Package]) -> Mapping[Package, Found]:
        """Each of `packages` with what is known."""

    def advisories(self, ids: Collection[str]) -> Mapping[str, dict[str, Any]]:
        """Per id that exists, the record without its entries."""

    def refuted(self, packages: Collection[Package]) -> Collection[Package]:
        """Those of `packages`, which are thought to be clean, of which the source does not say so."""


class Offline:
    """The advisory database, or whatever else is a store."""

    batch = 100

    def __init__(self, store: AdvisoryStore) -> None:
        self._store = store
        self.problems: list[str] = []
        #: What a database can speak of; None of a store that does not say.
        self._covered: frozenset[str] | None = store.covered() if isinstance(store, AdvisoryDatabase) else None

    @property
    def snapshot(self) -> Snapshot:
        """The database's."""
        return self._store.snapshot

    def prepare(self, packages: Collection[Package]) -> None:
        """Nothing: each look-up is for itself."""

    def look_up(self, packages: Collection[Package]) -> Mapping[Package, Found]:
        """The entries of each package, in all ecosystems that it is filed under."""
        names: dict[str, set[str]] = defaultdict(set)
        for package in packages:
            for ecosystem in asked_ecosystems(package):
                names[ecosystem].add(package.name)
        entries = {ecosystem: self._store.packages(ecosystem, asked) for ecosystem, asked in names.items()}
        # A release that the database holds nothing of is one that was not imported, or is too new: nothing is clean.
        holds = getattr(self._store, "holds", lambda _: True)
        lacking = {eco for eco, found in entries.items() if ":" in eco and not found and not holds(eco)}
        return {
            p: Found(
                entries=[e for eco in asked_ecosystems(p) for e in entries[eco].get(p.name, ())],
                reason=self._lacking(p.ecosystem)
                or "; ".join(f"the database holds nothing of {e}" for e in asked_ecosystems(p) if e in lacking),
            )
            for p in packages
        }

    def _lacking(self, ecosystem: str) -> str:
        """Why the database cannot speak of `ecosystem`; empty where it can."""
        covered = self._covered
        if covered is None or ecosystem in covered:
            return ""
        return f"the advisory database does not cover {ecosystem}: bomvet db update --ecosystem {ecosystem}"

    def advisories(self, ids: Collection[str]) -> Mapping[str, dict[str, Any]]:
        """The database's."""
        return self._store.advisories(ids)

    def refuted(self, packages: Collection[Package]) -> Collection[Package]:  # noqa: ARG002 - the protocol's
        """None: what was judged is all there is."""
        return ()


class OnlineStore:
    """OSV's service at `url`: a `Backend`, and an `AdvisoryStore` of what has been asked so far.

    `private` are patterns of names that are not sent.  Where the service answers nothing at all, `fallback` does,
    however old it is.  `thorough` has the service asked for all records of every package, and not of those alone that
    are affected: only so it is known what a version fixes.
    """

    batch = 500

    def __init__(
        self,
        http: Http,
        cache: RecordCache,
        *,
        now: dt.datetime,
        url: str = osv_api.URL,
        private: Sequence[str] = (),
        fallback: AdvisoryStore | None = None,
        thorough: bool = False,
    ) -> None:
        self._http, self._cache, self._now, self._url = http, cache, now, url
        self._private, self._fallback, self._thorough = private, fallback, thorough
        self._answers: dict[Query, Answer] = {}
        self._modified: dict[str, str] = {}
        self._missing: dict[str, str] = {}
        self._aliases = 0
        self._instead: Offline | None = None
        self._learned: dict[str, Record] = {}
        self._dead = ""
        self.problems: list[str] = []
        #: What to do where the service answers nothing at all.
        self.advice = "try again, or use a database: `bomvet db update` makes one, and --offline uses it"

    # -- what is asked -------------------------------------------------------------------------------------------

    @property
    def snapshot(self) -> Snapshot:
        """Obtained now; its digest and its number are of the records that the service named."""
        if self._instead:
            return self._instead.snapshot
        total = hashlib.sha256()
        for id_, modified in sorted(self._modified.items()):
            total.update(f"{id_}\0{modified}\n".encode())
        return Snapshot(
            obtained=self._now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            source=osv_api.public_url(self._url),
            digest=f"sha256:{total.hexdigest()}",
            records=len(self._modified),
        )

    def prepare(self, packages: Collection[Package]) -> None:
        """Ask about all of them; then, about those that are affected, in whatever version."""
        sent = [package for package in packages if not self._is_private(package)]
        answers = self._ask(query for package in sent for query in _queries(package))
        failed = [answer.reason for answer in answers.values() if answer.reason]
        if failed and len(failed) == len(answers):
            self._fall_back(failed[0])
            return
        wanted = {query._replace(version="") for query, answer in answers.items() if answer.ids or self._thorough}
        for query, answer in self._ask(sorted(wanted - answers.keys())).items():
            if answer.reason:
                self._problem(f"which versions of {query.name} are clean is not known: {answer.reason}")

    def _ask(self, queries: Iterable[Query]) -> dict[Query, Answer]:
        answers = osv_api.ask(self._http, self._url, queries)
        self._answers.update(answers)
        for answer in answers.values():
            self._modified.update(answer.ids)
        return answers

    def _fall_back(self, reason: str) -> None:
        advice = self.advice
        if self._fallback:
            self._instead = Offline(self._fallback)
            advice = "the database was used instead"
        else:
            self._dead = reason
        self._problem(f"{reason}; {advice}")

    def _problem(self, text: str) -> None:
        if len(self.problems) < _PROBLEMS:
            self.problems.append(text)

    def _is_private(self, package: Package) -> bool:
        return any(fnmatchcase(package.name, pattern) for pattern in self._private)

    # -- what is found -------------------------------------------------------------------------------------------

    def look_up(self, packages: Collection[Package]) -> Mapping[Package, Found]:
        """The records that the service named for each, as entries; fetched unless they are in the cache."""
        if self._instead:
            return self._instead.look_up(packages)
        parts = {package: self._part(package) for package in packages if not self._is_private(package)}
        records = self._records({id_ for part in parts.values() for id_ in (*part.named, *part.others)})
        private = Found(whole=False, reason="the policy keeps its name from the advisory service (osv.private)")
        return {p: self._found(p, parts[p], records) if p in parts else private for p in packages}

    def _part(self, package: Package) -> _Part:
        named: set[str] = set()
        others: set[str] = set()
        reasons, whole = [], True
        for query in _queries(package):
            answer = self._answers[query]
            everything = self._answers.get(query._replace(version=""), answer)
            (named if query.version else others).update(answer.ids)
            reasons.append(answer.reason)
            if everything.reason or len(everything.ids) > MAX_PACKAGE_RECORDS:
                whole = False
            else:
                others.update(everything.ids)
        return _Part(frozenset(named), others - named, whole, next(filter(None, reasons), ""))

    def _found(self, package: Package, part: _Part, records: Mapping[str, Record]) -> Found:
        ecosystems = asked_ecosystems(package)
        ids = sorted(part.named | part.others)
        missing = [f"the record {id_} could not be had: {self._missing[id_]}" for id_ in ids if id_ in self._missing]
        entries = [
            entry
            for id_ in ids
            if id_ in records
            for ecosystem, name, entry in records[id_].entries
            if ecosystem in ecosystems and name == package.name
        ]
        named = part.named - {id_ for id_ in part.named if id_ in records and records[id_].advisory["withdrawn"]}
        reason = part.reason or (missing[0] if missing else "")
        return Found(entries=entries, named=named, whole=part.whole and not missing, reason=reason)

    def refuted(self, packages: Collection[Package]) -> Collection[Package]:
        """Those for which the service names a record, or gives no answer."""
        if self._instead:
            return self._instead.refuted(packages)
        queries = {package: _queries(package) for package in packages}
        fresh = {query for asked in queries.values() for query in asked} - self._answers.keys()
        answers = osv_api.ask(self._http, self._url, sorted(fresh))
        self._answers.update(answers)
        refuted = {p for p, asked in queries.items() for q in asked if self._answers[q].ids or self._answers[q].reason}
        reasons = [answer.reason for answer in answers.values() if answer.reason]
        if reasons:
            self._problem(f"which versions are clean is not known: {reasons[0]}")
        return refuted

    def catalogues(self) -> Mapping[str, Any]:
        """Those of the database that there is beside the service; the service has none."""
        return getattr(self._fallback, "catalogues", dict)() if self._fallback else {}

    def exploitation(self, cves: Collection[str]) -> Mapping[str, dict[str, Any]]:
        """The same."""
        look_up = getattr(self._fallback, "exploitation", None)
        return look_up(cves) if look_up else {}

    # -- records -------------------------------------------------------------------------------------------------

    def packages(self, ecosystem: str, names: Collection[str]) -> Mapping[str, list[dict[str, Any]]]:
        """The entries of what has been asked about in whatever version, and of what was `learned` beside it."""
        if self._instead and self._fallback:
            return self._fallback.packages(ecosystem, names)
        found: dict[str, list[dict[str, Any]]] = {}
        for name in names:
            answer = self._answers.get(Query(ecosystem, name), Answer())
            records = {**self._learned, **self._records(answer.ids)}.values()
            entries = [e for record in records for eco, n, e in record.entries if (eco, n) == (ecosystem, name)]
            if entries:
                found[name] = entries
        return found

    def learn(self, packages: Collection[Package], advisory: str) -> str:
        """Have `packages()` give all records of `packages`, or the one `advisory` and its aliases, if it is named.

        What could not be had is the answer.
        """
        if self._instead or self._dead:
            return self._dead
        if advisory:
            return self._learn_record(advisory)
        sent = {q._replace(version="") for p in packages if not self._is_private(p) for q in _queries(p)}
        answers = self._ask(sorted(sent - self._answers.keys()))
        return next((answer.reason for answer in answers.values() if answer.reason), "")

    def _learn_record(self, advisory: str) -> str:
        told = len(self.problems)
        found = self._unnamed({id_ for id_ in _spellings(advisory) if osv_api.usable_id(id_)} - self._modified.keys())
        aliases = {alias for record in found.values() for alias in record.advisory["aliases"]} - self._modified.keys()
        self._learned.update({**found, **self._unnamed(aliases - found.keys())})
        return "; ".join(self.problems[told:])

    def names(self, id_: str) -> bool:
        """Whether the service has named that record."""
        return id_ in self._modified

    def advisories(self, ids: Collection[str]) -> Mapping[str, dict[str, Any]]:
        """Per id that exists, the record without its entries; of one that is named and cannot be had a stub."""
        if self._instead:
            return self._instead.advisories(ids)
        named = [id_ for id_ in ids if id_ in self._modified]
        found = {id_: record.advisory for id_, record in self._records(named).items()}
        stubs = {id_: _stub(id_, self._modified[id_]) for id_ in named if id_ not in found}
        others = {id_: record.advisory for id_, record in self._unnamed(set(ids) - set(named)).items()}
        return {**others, **stubs, **found}

    def _records(self, ids: Collection[str]) -> dict[str, Record]:
        """Those that the service named, in the state that it named."""
        found: dict[str, Record] = {}
        fresh: list[str] = []
        for id_, kept in self._cache.get(ids).items():
            record = _parsed(kept.body) if kept.modified and kept.modified == self._modified[id_] else None
            if record:
                found[id_] = record
                fresh.append(id_)
        self._cache.touch(fresh)
        found.update(self._fetched([id_ for id_ in sorted(ids) if id_ not in found and id_ not in self._missing]))
        return found

    def _unnamed(self, ids: Collection[str]) -> dict[str, Record]:
        """Those that exist, as they were within the last day."""
        usable = sorted(id_ for id_ in ids if osv_api.usable_id(id_))
        self._aliases += len(usable)
        if self._aliases > MAX_ALIASES:
            self._problem(f"the advisories have more than {MAX_ALIASES:,} other names, not all of which were looked up")
            return {}
        found: dict[str, Record] = {}
        current = set()
        for id_, kept in self._cache.get(usable).items():
            if kept.used > self._now.timestamp() - CURRENT:
                current.add(id_)
                if kept.body and (record := _parsed(kept.body)):
                    found[id_] = record
        found.update(self._fetched([id_ for id_ in usable if id_ not in current]))
        return found

    def _fetched(self, ids: Sequence[str]) -> Iterator[tuple[str, Record]]:
        """From the service, into the cache; why one could not be had is in `_missing`."""
        answers = osv_api.records(self._http, self._url, ids)
        while group := list(islice(answers, _GROUP)):
            kept: list[Kept] = []
            for fetched in group:
                record = _taken_apart(fetched.document)
                if record:
                    yield fetched.id, record
                kept += self._judged(fetched, record)
            self._cache.put(kept)

    def _judged(self, fetched: osv_api.Fetched, record: Record | None) -> Iterator[Kept]:
        """What of it is kept; what is wrong with it is noted."""
        named = self._modified.get(fetched.id)
        if record and fetched.body is not None:
            # An older state than the one that was named is good enough to judge by, and asked for again.
            modified = record.advisory["modified"] if named is None else named
            if named is None or record.advisory["modified"][:19] >= named[:19]:
                yield Kept(fetched.id, modified, fetched.body)
        elif named is not None:
            self._missing[fetched.id] = fetched.reason or "the service does not have it"
        elif fetched.reason:
            self._problem(f"the record {fetched.id} could not be had: {fetched.reason}")
        else:
            yield Kept(fetched.id, "", b"")


@dataclass(frozen=True, slots=True)
class _Part:
    """Of one package: ids for its version, ids for others, whether those are all, and what stayed open."""

    named: frozenset[str]
    others: set[str]
    whole: bool
    reason: str


def _queries(package: Package) -> tuple[Query, ...]:
    """One for each ecosystem; a version that has no place in the order is for us to judge, by all records."""
    order = ORDERS.get(package.ecosystem)
    version = package.version if order and order.key(package.version) is not None else ""
    return tuple(Query(ecosystem, package.name, version) for ecosystem in asked_ecosystems(package))


def _spellings(name: str) -> set[str]:
    """The letter cases that a record called so may have."""
    prefix, dash, rest = name.partition("-")
    return {name, name.upper(), prefix.upper() + dash + rest.lower()}


def _parsed(body: bytes) -> Record | None:
    """The record that `body` holds; None where it holds none."""
    import orjson  # noqa: PLC0415 - only where the service is asked

    try:
        return _taken_apart(orjson.loads(body))
    except ValueError:
        return None


def _taken_apart(document: Any) -> Record | None:
    try:
        return read_record(document)
    except BrokenRecordError:
        return None


def _stub(id_: str, modified: str) -> dict[str, Any]:
    """All that is known of a record that the service names and does not give."""
    return read_record({"id": id_, "modified": modified}).advisory
