"""A database that is fresh and does not speak of every ecosystem, with OSV's service for the others."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from bomvet.advisories.backends import Found, Offline, OnlineStore
from bomvet.model.records import replace

if TYPE_CHECKING:
    from bomvet.advisories.database import AdvisoryDatabase
    from bomvet.advisories.ecosystems import Package
    from bomvet.model.facts import Catalogue
    from bomvet.model.result import Snapshot


class Divided:
    """A `Backend` and an `AdvisoryStore`: each package is the database's, or else the service's.

    `service` makes the latter, and is not called where the database speaks of everything that is asked.
    """

    batch = Offline.batch

    def __init__(self, database: AdvisoryDatabase, service: Callable[[], OnlineStore]) -> None:
        self._database, self._offline, self._service = database, Offline(database), service
        self._covered = database.covered()
        self._online: OnlineStore | None = None
        #: What records of the service are called otherwise.
        self._aliases: set[str] = set()
        self.problems: list[str] = []

    @property
    def snapshot(self) -> Snapshot:
        """As old as the database; of both, where both were asked."""
        own = self._offline.snapshot
        if self._online is None:
            return own
        other = self._online.snapshot
        total = hashlib.sha256(f"{own.digest}\n{other.digest}\n".encode()).hexdigest()
        return replace(
            own,
            source=f"{own.source}, {other.source}",
            digest=f"sha256:{total}",
            records=own.records + other.records,
        )

    def _of_service(self, packages: Collection[Package]) -> list[Package]:
        return [package for package in packages if package.ecosystem not in self._covered]

    def prepare(self, packages: Collection[Package]) -> None:
        """Ask the service about what the database does not speak of."""
        sent = self._of_service(packages)
        if not sent:
            return
        if self._online is None:
            self._online = self._service()
            self._online.problems = self.problems
        lacking = " ".join(f"--ecosystem {name}" for name in sorted({package.ecosystem for package in sent}))
        self._online.advice = f"try again, or have the database hold it: bomvet db update {lacking}"
        self._online.prepare(sent)

    def look_up(self, packages: Collection[Package]) -> Mapping[Package, Found]:
        """By the one or the other."""
        sent = self._of_service(packages)
        asked = set(sent)
        found = dict(self._offline.look_up([package for package in packages if package not in asked]))
        if self._online:
            found.update(self._online.look_up(sent))
        return found

    def refuted(self, packages: Collection[Package]) -> Collection[Package]:
        """By the service; the database says all there is at once."""
        sent = self._of_service(packages)
        return self._online.refuted(sent) if self._online and sent else ()

    def advisories(self, ids: Collection[str]) -> Mapping[str, dict[str, Any]]:
        """What the service names in its state there; of other ids the database's record."""
        found = dict(self._offline.advisories(ids))
        if self._online:
            named = {id_ for id_ in ids if self._online.names(id_)}
            others = {id_ for id_ in ids if id_ in self._aliases and id_ not in found}
            records = self._online.advisories(named | others)
            self._aliases.update(alias for record in records.values() for alias in record["aliases"])
            found.update(records)
        return found

    def packages(self, ecosystem: str, names: Collection[str]) -> Mapping[str, list[dict[str, Any]]]:
        """By the one or the other."""
        if ecosystem.partition(":")[0] in self._covered:
            return self._database.packages(ecosystem, names)
        return self._online.packages(ecosystem, names) if self._online else {}

    def learn(self, packages: Collection[Package], advisory: str) -> str:
        """As `OnlineStore.learn`, of what the service was asked about."""
        sent = self._of_service(packages)
        return self._online.learn(sent, advisory) if self._online and sent else ""

    def catalogues(self) -> Mapping[str, Catalogue]:
        """The database's."""
        return self._database.catalogues()

    def exploitation(self, cves: Collection[str]) -> Mapping[str, dict[str, Any]]:
        """The database's."""
        return self._database.exploitation(cves)
