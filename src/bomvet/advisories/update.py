"""Updates of the advisory database from OSV's bucket, and of the catalogues of what is exploited.

Per ecosystem the bucket has `ECO/all.zip`, `ECO/modified_id.csv` (`time,ID`, newest first) and `ECO/ID.json`.  What
little has changed is fetched by itself, else the archive; the archive also once a week, since a record that is deleted
leaves no line.  Nothing of what is there is touched before all of the new is there and found whole.
Source: https://google.github.io/osv.dev/data/.
"""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import hashlib
import os
import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

import orjson

from bomvet.advisories.bucket import RawRecord, raw_records
from bomvet.advisories.database import AdvisoryDatabase, DatabaseStatus, Feed, ImportResult, Update, stamp, update
from bomvet.advisories.replacement import alone
from bomvet.errors import MalformedError, NotEstablishedError
from bomvet.model.records import dataclass, field
from bomvet.plugin import Http, Request
from bomvet.versions.orders import ORDERS

BUCKET = "https://osv-vulnerabilities.storage.googleapis.com"
KEV = "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"
EPSS = "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz"
#: What is always there to be matched with.
ECOSYSTEMS = ("PyPI", "npm")
#: So many changed records are fetched one by one; of more the archive is smaller.
MAX_SINGLE = 500
#: After so long the archive is fetched, whatever has changed.
FULL_AFTER = dt.timedelta(days=7)
MAX_ARCHIVE = 8 * 1024 * 1024 * 1024
MAX_LIST = 256 * 1024 * 1024
MAX_RECORD = 64 * 1024 * 1024
_MAX_ID = 200
#: An archive that has less than half of so many records is not believed.
_ENOUGH = 20
_NOT_FOUND = 404
#: So many lines after the last that is wanted are looked at, to see whether they are sorted at all.
_FURTHER = 100


class Fetched(Protocol):
    """What there is to know of a file that was fetched."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Of the answer, names in lower case."""


class Download(Protocol):
    """Fetches a file whole or not at all; raises `NotEstablishedError`, with the answer's `status` if there was one."""

    def __call__(self, url: str, path: str, *, limit: int, progress: Callable[[int, int], None]) -> Fetched:
        """Fetch `url` into the file `path`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to fetch and from where.

    `mirrors` hold the bucket, and are tried in sequence; `ecosystems` are those to update, by default what can be
    matched; an empty `kev` or `epss` is not fetched; `full` fetches archives whatever has changed.
    """

    mirrors: tuple[str, ...] = (BUCKET,)
    ecosystems: tuple[str, ...] = ()
    kev: str = KEV
    epss: str = EPSS
    full: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of it: `lines` say what was fetched, `failures` what could not be."""

    result: ImportResult | None
    lines: tuple[str, ...]
    failures: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class Updater:
    """One update of the database at `place`; `download` and `http` are the network, `now` is the time."""

    place: str
    options: Options
    download: Download
    http: Http
    now: dt.datetime
    progress: Callable[[str], None] = lambda _: None
    _lines: list[str] = field(default_factory=list)
    _failures: list[str] = field(default_factory=list)

    def run(self) -> Outcome:
        """Fetch, and put it into the database; raises what `database.update` raises.

        What could not be fetched is as it was, and told; all else is up to date.
        """
        folder = f"{os.path.abspath(self.place)}.download"
        os.makedirs(folder, exist_ok=True)
        lock = os.path.join(folder, "lock")
        with open(lock, "ab"):
            pass
        with alone(lock):
            result = self._run(folder)
            if not self._failures:
                shutil.rmtree(folder, ignore_errors=True)  # else it may be gone on with
        return Outcome(result=result, lines=tuple(self._lines), failures=tuple(self._failures))

    def _run(self, folder: str) -> ImportResult | None:
        status = self._status()
        catalogues = self._catalogues(folder, status)
        names = ecosystems(status, self.options)
        full = self.options.full or any(self._due(feed) for feed in feeds(status, names))
        fetched = [
            found for feed in feeds(status, names) if (found := self._ecosystem(feed, folder, status, full=full))
        ]
        if not fetched and (not catalogues or status is None):
            return None
        self.progress("writing")
        new = Update(
            raw=chain.from_iterable(one.raw for one in fetched),
            feeds=[one.feed for one in fetched],
            refreshed=frozenset(one.feed.name for one in fetched if one.whole),
            source=self._source(),
            obtained=self.now,
            catalogues=catalogues,
        )
        return update(self.place, new, progress=lambda count: self.progress(f"{count:,} records"))

    def _status(self) -> DatabaseStatus | None:
        """None where there is nothing to go on with."""
        with contextlib.suppress(NotEstablishedError), AdvisoryDatabase.open(self.place) as database:
            return database.status()
        return None

    def _source(self) -> str:
        """The first mirror, without what may be secret in its URL."""
        parts = urlsplit(self.options.mirrors[0])
        return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path.rstrip('/')}"

    def _due(self, feed: Feed) -> bool:
        """Whether there is no archive of it that is young enough."""
        if not feed.full or not feed.seen:
            return True
        return self.now - dt.datetime.fromisoformat(feed.full) >= FULL_AFTER

    # -- one ecosystem -------------------------------------------------------------------------------------------

    def _ecosystem(self, feed: Feed, folder: str, status: DatabaseStatus | None, *, full: bool) -> _Fetched | None:
        """What one of the mirrors has of it; None, and told, where none has."""
        reasons = []
        for mirror in self.options.mirrors:
            try:
                return self._from(mirror.rstrip("/"), feed, folder, status, full=full)
            except NotEstablishedError as error:
                reasons.append(_reason(error))
        self._failures.append(f"{feed.name}: {'; '.join(dict.fromkeys(reasons))}")
        return None

    def _from(self, mirror: str, feed: Feed, folder: str, status: DatabaseStatus | None, *, full: bool) -> _Fetched:
        base = f"{mirror}/{quote(feed.name)}"
        place = os.path.join(folder, quote(feed.name, safe=""))
        os.makedirs(place, exist_ok=True)
        try:
            newest, changed = self._changes(base, place, feed)
        except (MalformedError, NotEstablishedError) as error:
            if getattr(error, "status", _NOT_FOUND) != _NOT_FOUND:
                raise
            # A mirror may have the archives alone; then nobody can say what has changed since.
            self._lines.append(f"{feed.name}: no list of changes: {error}")
            newest, changed, full = "", [], True
        checked = stamp(self.now)
        if not full and len(changed) <= MAX_SINGLE:
            records = self._records(base, feed, changed)
            if records is not None:
                self._lines.append(f"{feed.name}: {_count(len(records))} changed")
                return _Fetched(feed=_with(feed, seen=newest, checked=checked), raw=records)
        path, etag = self._archive(base, place, feed, status)
        self._lines.append(f"{feed.name}: all records")
        moved = _with(feed, seen=newest, etag=etag, full=checked, checked=checked)
        return _Fetched(feed=moved, raw=_from_archive(path, feed.name), whole=True)

    def _changes(self, base: str, place: str, feed: Feed) -> tuple[str, list[tuple[str, str]]]:
        """The time of the latest change, and the changes since `feed.seen` as (time, id), latest first."""
        path = os.path.join(place, "modified_id.csv")
        self.download(f"{base}/modified_id.csv", path, limit=MAX_LIST, progress=self._counter(feed.name, "changes"))
        # What claims to be of the future would hide all that comes before it.
        latest = self.now.isoformat()
        with open(path, encoding="utf-8", errors="replace") as file:
            newest, found = changes(file, feed.seen, MAX_SINGLE + 1)
        newest = min(newest, latest, key=dt.datetime.fromisoformat)
        # A mirror that lags behind takes nothing back.
        return max(newest, feed.seen or newest, key=dt.datetime.fromisoformat), found

    def _records(self, base: str, feed: Feed, changed: Sequence[tuple[str, str]]) -> list[RawRecord] | None:
        """The changed records that are not there yet; None where one of them cannot be had."""
        with AdvisoryDatabase.open(self.place) as database:
            held = database.advisories([id_ for _, id_ in changed])
        ids = [id_ for at, id_ in changed if id_ not in held or not _same_time(held[id_]["modified"], at)]
        requests = [Request(url=f"{base}/{quote(id_, safe='')}.json", limit=MAX_RECORD) for id_ in ids]
        found = []
        for number, (id_, (_, response)) in enumerate(zip(ids, self.http.fetch(requests), strict=True), start=1):
            if response.status != 200 or _id_of(response.body) != id_:  # noqa: PLR2004 - OK
                self._lines.append(f"{feed.name}: {id_} cannot be had by itself")
                return None
            self.progress(f"{feed.name}: {number:,} of {len(ids):,} records")
            found.append(RawRecord(origin=f"{feed.name}/{id_}.json", data=response.body))
        return found

    def _archive(self, base: str, place: str, feed: Feed, status: DatabaseStatus | None) -> tuple[str, str]:
        """The archive, found whole, and its ETag; raises `NotEstablishedError`."""
        path, url = os.path.join(place, "all.zip"), f"{base}/all.zip"
        reason = ""
        for _ in range(2):  # what was damaged on the way may come whole the next time
            fetched = self.download(url, path, limit=MAX_ARCHIVE, progress=self._counter(feed.name, "archive"))
            reason = _amiss(path, fetched.headers, _held(status, feed.name))
            if not reason:
                return path, fetched.headers.get("etag", "")
            os.unlink(path)
        raise NotEstablishedError(f"{urlsplit(url).hostname}: all.zip {reason}")

    def _counter(self, name: str, what: str) -> Callable[[int, int], None]:
        def told(done: int, total: int) -> None:
            share = f" ({done * 100 // total} %)" if total else ""
            self.progress(f"{name} {what}: {done / 1e6:,.1f} MB{share}")

        return told

    # -- catalogues ----------------------------------------------------------------------------------------------

    def _catalogues(self, folder: str, status: DatabaseStatus | None) -> dict[str, Any]:
        """Those that could be fetched, by name, each with its rows."""
        from bomvet.advisories.exploitation import read_catalogue  # noqa: PLC0415 - only where they are fetched

        found = {}
        bands: dict[str, str] = {}
        if self.options.epss and status and "epss" in status.catalogues:
            with AdvisoryDatabase.open(self.place) as database:
                bands = {row[0]: row[3] for row in database.catalogue_rows("epss")}
        for name, url in (("kev", self.options.kev), ("epss", self.options.epss)):
            if not url:
                continue
            path = os.path.join(folder, name)
            try:
                self.download(url, path, limit=MAX_LIST, progress=self._counter(name.upper(), "catalogue"))
                with open(path, "rb") as file:
                    reading = read_catalogue(file.read(), name, bands)  # type: ignore[arg-type]
            except (NotEstablishedError, MalformedError) as error:
                self._failures.append(f"{name.upper()}: {_reason(error)}")
                continue
            found[name] = (reading.catalogue, reading.rows)
            bad = f", {reading.bad:,} rows unreadable" if reading.bad else ""
            self._lines.append(
                f"{name.upper()}: {reading.catalogue.entries:,} entries of {reading.catalogue.date}{bad}"
            )
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fetched:
    """What was fetched of an ecosystem: all of it where `whole`, else what has changed."""

    feed: Feed
    raw: Iterable[RawRecord]
    whole: bool = False


def ecosystems(status: DatabaseStatus | None, options: Options) -> list[str]:
    """Which are updated: those that were named, else the usual ones and what the database has, if it can be matched."""
    if options.ecosystems:
        return sorted(set(options.ecosystems))
    held = {count.name for count in status.ecosystems} & ORDERS.keys() if status else set()
    followed = {feed.name for feed in status.feeds} if status else set()
    return sorted({*ECOSYSTEMS, *held, *followed})


def feeds(status: DatabaseStatus | None, names: Iterable[str]) -> list[Feed]:
    """How far each has come; those that are new, from the beginning."""
    known = {feed.name: feed for feed in status.feeds} if status else {}
    return [known.get(name, Feed(name=name)) for name in names]


def changes(lines: Iterable[str], seen: str, limit: int) -> tuple[str, list[tuple[str, str]]]:
    """The latest time of `lines`, and up to `limit` pairs of time and id that are not before `seen`, latest first.

    Those of `seen` itself are among them: others may have followed in the same moment.  Raises `MalformedError` for a
    line that is none, and where a later time follows an earlier one, since then nobody knows where to stop; so far as
    it was read.
    """
    since = dt.datetime.fromisoformat(seen) if seen else None
    newest, before, further = "", None, 0
    found: list[tuple[str, str]] = []
    for number, line in enumerate(lines, start=1):
        text = line.rstrip("\r\n")
        time, comma, id_ = text.partition(",")
        at = _time(time)
        if at is None or not comma or not id_ or len(id_) > _MAX_ID or not id_.isprintable() or "/" in id_:
            raise MalformedError(f"line {number} is no time and id: {text[:60]!r}")
        if before is not None and at > before:
            raise MalformedError(f"line {number} is later than the one before it")
        before, newest = at, newest or time
        if (since is not None and at < since) or len(found) >= limit:
            further += 1
            if further > _FURTHER:
                break
        else:
            found.append((time, id_))
    if not newest:
        raise MalformedError("it is empty")
    return newest, found


def _time(text: str) -> dt.datetime | None:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _same_time(one: str, other: str) -> bool:
    at = _time(one)
    return at is not None and at == _time(other)


def _id_of(body: bytes) -> str:
    """The id of the record in `body`; empty where there is none."""
    try:
        id_ = orjson.loads(body)["id"]
    except (ValueError, KeyError, TypeError):
        return ""
    return id_ if isinstance(id_, str) else ""


def _amiss(path: str, headers: Mapping[str, str], held: int) -> str:
    """What speaks against the archive at `path`; empty where nothing does."""
    stated = next(
        (part for part in headers.get("x-goog-hash", "").replace(" ", "").split(",") if part[:4] == "md5="), ""
    )
    if stated and stated[4:] != _md5(path):
        return "is not what the service says it is (MD5)"
    try:
        with zipfile.ZipFile(path) as archive:
            count = sum(name.endswith(".json") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        return f"is no whole archive: {error}"
    if count == 0 or (held >= _ENOUGH and count < held / 2):
        return f"has {count:,} records where there were {held:,}, which is not believed"
    return ""


def _md5(path: str) -> str:
    with open(path, "rb") as file:
        found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
    return base64.b64encode(found.digest()).decode()


def _held(status: DatabaseStatus | None, name: str) -> int:
    return next((count.records for count in status.ecosystems if count.name == name), 0) if status else 0


def _from_archive(path: str, name: str) -> Iterator[RawRecord]:
    for one in raw_records(path):
        yield RawRecord(origin=f"{name}/{one.origin}", data=one.data, fault=one.fault)


def _with(feed: Feed, **values: str) -> Feed:
    old = {key: getattr(feed, key) for key in ("name", "seen", "etag", "full", "checked")}
    return Feed(**{**old, **values})


def _count(number: int) -> str:
    return f"{number:,} record{'' if number == 1 else 's'}"


def _reason(error: Exception) -> str:
    if getattr(error, "status", 0) == _NOT_FOUND:
        return f"{error}; names of ecosystems are as in ecosystems.txt of the bucket"
    return str(error)
