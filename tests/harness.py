"""What tests are built with: a tree and a network in memory that remember what they were asked."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bomvet.advisories.records import read_record
from bomvet.errors import FileAbsentError, FileUnreadableError
from bomvet.model.facts import Catalogue, Facts
from bomvet.model.inventory import Component, Inventory, Service, Unknown
from bomvet.model.result import Skipped, Snapshot
from bomvet.plugin import Check, Context, Entry, Request, Resolver, Response
from bomvet.sources.directory import INSTALLED_FOLDERS

if TYPE_CHECKING:
    from bomvet.model.finding import Finding

#: The moment at which tests take place.
NOW = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)


@dataclass(slots=True)
class MemoryTree:
    """A `FileTree` of given files; `reads` lists what was read, in order.

    `links` are links by their path, each with the path in the tree that it leads to; None leads out of it.
    """

    files: Mapping[str, bytes | str]
    links: Mapping[str, str | None] = field(default_factory=dict)
    name: str = "project"
    unknowns: tuple[Unknown, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    time: int = 1_700_000_000
    reads: list[str] = field(default_factory=list)

    def paths(self) -> Sequence[str]:
        """Every file that lies in no folder of installed packages, sorted."""
        return sorted(path for path in self.files if not INSTALLED_FOLDERS & set(path.split("/")[:-1]))

    def folders(self) -> Sequence[str]:
        """The outermost folders of installed packages."""
        found = set()
        for path in self.files:
            parts = path.split("/")
            if at := next((n for n, part in enumerate(parts[:-1], 1) if part in INSTALLED_FOLDERS), 0):
                found.add("/".join(parts[:at]))
        return sorted(found)

    def entries(self, folder: str) -> Sequence[Entry]:
        """What stands there."""
        prefix = f"{real}/" if (real := self.real(folder)) else ""
        found = {}
        for path in (*self.files, *self.links):
            if path.startswith(prefix):
                name, slash, _ = path[len(prefix) :].partition("/")
                found[name] = Entry(name, bool(slash), prefix + name in self.links)
        return [found[name] for name in sorted(found)]

    def real(self, path: str) -> str:
        """The path after all links; raises `FileUnreadableError`."""
        parts, done = path.split("/"), ""
        for _ in range(100):
            if not parts:
                if done in self.files or not done or any(f.startswith(f"{done}/") for f in (*self.files, *self.links)):
                    return done
                raise FileAbsentError("cannot be read: No such file or directory")
            done = f"{done}/{parts.pop(0)}".strip("/")
            target = self.links.get(done, done)
            if target is None:
                raise FileUnreadableError("leads out of the scanned tree, which no link may do")
            if target != done:
                parts, done = [*target.split("/"), *parts], ""
        raise FileUnreadableError("cannot be read: Too many levels of symbolic links")

    def exists(self, path: str) -> bool:
        """Whether there is such a file."""
        try:
            return self.real(path) in self.files
        except FileUnreadableError:
            return False

    def starts(self, path: str, size: int) -> bytes:
        """The first bytes, which is not counted among the reads."""
        data = b"" if path in self.links else self.files.get(path, b"")
        return (data.encode() if isinstance(data, str) else data)[:size]

    def modified(self, path: str) -> int:  # noqa: ARG002 - the protocol's
        """The same moment for all."""
        return self.time

    def read(self, path: str) -> bytes:
        """The content; raises `FileUnreadableError` where there is none."""
        self.reads.append(path)
        real = self.real(path)
        if real not in self.files:
            raise FileUnreadableError("is no regular file")
        data = self.files[real]
        return data.encode() if isinstance(data, str) else data


@dataclass(slots=True)
class FakeHttp:
    """An `Http` with given answers by URL: a `Response`, bytes, something for JSON, or a reason in an exception.

    Of a list the answers are given one after the other.  `requests` lists what was asked, in order.
    """

    answers: Mapping[str, Any] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)

    def fetch(self, requests: Iterable[Request]) -> Iterator[tuple[Request, Response]]:
        """Each request with its answer; what has none is a page that is not there (404)."""
        for request in requests:
            self.requests.append(request)
            yield request, self._answer(request.url)

    def _answer(self, url: str) -> Response:
        answer = self.answers.get(url, Response(404))
        if isinstance(answer, list):
            answer = answer.pop(0)
        if isinstance(answer, Response):
            return answer
        if isinstance(answer, Exception):
            return Response(0, error=str(answer))
        return Response(200, answer if isinstance(answer, bytes) else json.dumps(answer).encode())


@dataclass(slots=True)
class MemoryAdvisories:
    """An `AdvisoryStore` of OSV documents; `asked` lists the names that were looked up.

    `lists` are catalogues of what is exploited, `exploited` what they say per CVE.
    """

    documents: Iterable[dict[str, Any]]
    obtained: dt.datetime = NOW
    lists: Mapping[str, Catalogue] = field(default_factory=dict)
    exploited: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    @property
    def snapshot(self) -> Snapshot:
        """Just obtained, unless stated otherwise."""
        stamp = self.obtained.strftime("%Y-%m-%dT%H:%M:%SZ")
        return Snapshot(obtained=stamp, source="memory", digest="sha256:00", records=len(list(self.documents)))

    def packages(self, ecosystem: str, names: Collection[str]) -> Mapping[str, list[dict[str, Any]]]:
        """Entries by name."""
        self.asked.append((ecosystem, tuple(sorted(names))))
        found: dict[str, list[dict[str, Any]]] = {}
        for document in self.documents:
            for eco, name, entry in read_record(document).entries:
                if eco == ecosystem and name in names:
                    found.setdefault(name, []).append(entry)
        return found

    def advisories(self, ids: Collection[str]) -> Mapping[str, dict[str, Any]]:
        """Records by id."""
        records = [read_record(document).advisory for document in self.documents]
        return {record["id"]: record for record in records if record["id"] in ids}

    def catalogues(self) -> Mapping[str, Catalogue]:
        """As given."""
        return self.lists

    def exploitation(self, cves: Collection[str]) -> Mapping[str, dict[str, Any]]:
        """What is given for these."""
        return {cve: self.exploited[cve] for cve in cves if cve in self.exploited}


def context(*documents: dict[str, Any], http: FakeHttp | None = None, obtained: dt.datetime = NOW) -> Context:
    """A context at `NOW` with an advisory store of `documents` and a week's patience with old data."""
    return Context(now=NOW, http=http, advisories=MemoryAdvisories(documents, obtained), max_age=dt.timedelta(days=7))


def run_resolver(resolver: Resolver, files: Mapping[str, bytes | str], path: str) -> Inventory:
    """What `resolver` makes of `path` among `files`, in canonical form."""
    return Inventory.merge([resolver.parse(MemoryTree(files), path)])


def run_check(check: Check, subject: Component | Service, facts: Facts = Facts()) -> list[Finding]:  # noqa: B008
    """What `check` says of one subject."""
    if isinstance(subject, Component):
        return list(check.on_component(subject, facts)) if check.on_component else []
    return list(check.on_service(subject, facts)) if check.on_service else []


def component(inventory: Inventory, name: str) -> Component:
    """The one component called `name`."""
    (found,) = [c for c in inventory.components if c.name == name]
    return found


def edges(inventory: Inventory) -> set[tuple[str, str]]:
    """All edges as pairs of references."""
    return {(r.source, r.target) for r in inventory.relationships}
