"""What the advisory database has under a name: of an advisory, of a package, or as a purl."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bomvet.advisories.ecosystems import Unsupported, asked_ecosystems, package_of
from bomvet.advisories.matching import evaluate
from bomvet.errors import NotEstablishedError, UsageError
from bomvet.model.inventory import Component
from bomvet.model.purl import parts, pypi_name
from bomvet.model.records import dataclass
from bomvet.versions.orders import ORDERS

if TYPE_CHECKING:
    from bomvet.advisories.database import AdvisoryDatabase


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A record, the packages (ecosystem, name) that it is about, and, of a version, how it affects that."""

    record: dict[str, Any]
    packages: tuple[tuple[str, str], ...]
    evidence: str = ""


def find(database: AdvisoryDatabase, query: str) -> list[Match]:
    """Every record under `query`, by id; of a purl with a version those that affect it.

    Raises `UsageError` for a purl of a kind that advisories have no name for, and `NotEstablishedError` where a version
    cannot be ordered.
    """
    if query.startswith("pkg:"):
        return _of_purl(database, query)
    found = [Match(record=one.record, packages=one.packages) for one in database.search(query)]
    return found or _of_package(database, query)


def _of_package(database: AdvisoryDatabase, name: str) -> list[Match]:
    """In whatever ecosystem; names of Python packages in any spelling."""
    ids = [entry["id"] for _, entries in database.packages_called(name) for entry in entries]
    ids += [entry["id"] for entries in database.packages("PyPI", {pypi_name(name)}).values() for entry in entries]
    return _matches(database, dict.fromkeys(ids, ""))


def _of_purl(database: AdvisoryDatabase, purl: str) -> list[Match]:
    said = parts(purl)
    # npm's scope is part of the name.
    name = f"{said.namespace}/{said.name}" if said.namespace and said.type == "npm" else said.name
    if not name:
        raise UsageError(f"{purl!r} names no package", hint="a purl is such as pkg:pypi/django@4.2")
    package = package_of(Component(purl=purl, name=name, version=said.version))
    if isinstance(package, Unsupported) or package.ecosystem not in ORDERS:
        reason = package.reason if isinstance(package, Unsupported) else f"{package.ecosystem} cannot be matched"
        raise UsageError(f"{purl}: {reason}", hint="search for the name of the package alone")
    asked = asked_ecosystems(package)
    entries = [e for eco in asked for e in database.packages(eco, {package.name}).get(package.name, [])]
    if not package.version:
        return _matches(database, {entry["id"]: "" for entry in entries})
    evaluation = evaluate(entries, package.version, ORDERS[package.ecosystem])
    if evaluation.undecided:
        open_ = ", ".join(sorted(evaluation.undecided)[:5])
        raise NotEstablishedError(
            f"the version {package.version!r} cannot be ordered, so these stay open: {open_}",
            hint="search without the version",
        )
    return _matches(database, {hit.id: hit.evidence.partition(": ")[2] for hit in evaluation.hits})


def _matches(database: AdvisoryDatabase, evidence: dict[str, str]) -> list[Match]:
    found = {one.record["id"]: one for one in database.named(evidence)}
    return [
        Match(record=found[id_].record, packages=found[id_].packages, evidence=evidence[id_])
        for id_ in sorted(evidence.keys() & found.keys())
    ]
