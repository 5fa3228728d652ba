"""A quarter of a million advisories for Python and for npm, and components to match with them.

The shapes are those of the public data: GitHub's records have one affected entry per interval, PyPI's own ones have
all intervals in one range and a GIT range before it, and both list the versions of Python packages but not those of
npm's.  Records of malware are about packages of their own, save a few that name bad releases of a good one.
"""

from __future__ import annotations

import random
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks._generate import digest, name, releases
from bomvet.model.inventory import Component, Inventory
from bomvet.model.purl import npm_purl, pypi_purl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ECOSYSTEMS = ("PyPI", "npm")
#: Packages per ecosystem that are no malware and have records: five each on the average, half of them three or less.
PACKAGES = 25_000
_MALWARE, _MALWARE_AMID = 0.15, 0.01
_WITHDRAWN = 0.03
_WORDS = "crafted input parser header remote denial service scripting traversal default configuration session token"
_VECTORS = (
    "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
    "CVSS:3.1/AV:N/AC:L/PR:L/UI:R/S:C/C:L/I:L/A:N",
    "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:N/A:H",
    "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N",
)

_known: Callable[[int], list[str]] = lru_cache(maxsize=PACKAGES)(releases)


class _Package(NamedTuple):
    """Where a record belongs, and all versions of it, oldest first."""

    ecosystem: str
    name: str
    versions: list[str]


def package(ecosystem: str, number: int, versions: list[str]) -> _Package:
    """The package `number` of an ecosystem; pre-releases are written as it writes them, every fourth has a scope."""
    if ecosystem == "PyPI":
        return _Package(ecosystem, name(number), versions)
    scope = f"@{digest(str(number // 50))[:6]}/" if number % 4 == 0 else ""
    return _Package(ecosystem, f"{scope}{name(number)}", [version.replace("rc1", "-rc.1") for version in versions])


def advisories(count: int) -> Iterator[dict[str, Any]]:
    """OSV documents, half of them about Python packages and half about npm's, in turns."""
    chance = random.Random(5)
    number = 0
    while number < count:
        for document in _documents(number, ECOSYSTEMS[number % 2], chance)[: count - number]:
            yield document
            number += 1


def _documents(number: int, ecosystem: str, chance: random.Random) -> list[dict[str, Any]]:
    """One, or of Python packages also its twin under another name; an even number of them has the turn changed."""
    if chance.random() < _MALWARE:
        amid = chance.random() < _MALWARE_AMID
        bad = number % PACKAGES if amid else PACKAGES + number
        return [_malware(number, package(ecosystem, bad, _known(bad)), amid=amid)]
    popular = int(PACKAGES * chance.random() ** 2)
    about = package(ecosystem, popular, _known(popular))
    intervals = _intervals(about.versions, chance)
    shared = f"CVE-2026-{number}"
    record = _record(f"GHSA-2026-{number}", [shared] if chance.random() < 0.8 else [], chance)
    record["affected"] = [_entry(about, [interval], hint=chance.random() < 0.02) for interval in intervals]
    if ecosystem == "npm" or chance.random() < 0.5:
        return [record]
    twin = _record(f"PYSEC-2026-{number}", [shared, record["id"]], chance) | {"severity": []}
    record["aliases"] = [shared, twin["id"]]
    twin["affected"] = [_entry(about, intervals, git=True)]
    return [record, twin]


def _intervals(versions: list[str], chance: random.Random) -> list[tuple[str, str, list[str]]]:
    """One to four, lowest first: where each begins, what fixes it (empty: nothing), and the versions between."""
    stages = chance.choice((1, 1, 1, 1, 2, 2, 3, 4))
    bounds = sorted(chance.sample(range(len(versions)), 2 * stages))
    if chance.random() < 0.5:
        bounds[0] = 0
    pairs = list(zip(bounds[::2], bounds[1::2], strict=True))
    found = [(versions[s] if s else "0", versions[e], versions[s:e]) for s, e in pairs]
    if chance.random() < 0.03:
        start = pairs[-1][0]
        found[-1] = (found[-1][0], "", versions[start:])
    return found


def _entry(
    about: _Package, intervals: list[tuple[str, str, list[str]]], *, git: bool = False, hint: bool = False
) -> dict[str, Any]:
    events = [
        {kind: version}
        for start, end, between in intervals
        # Some name the last bad version, and not the first good one.
        for kind, version in (
            ("introduced", start),
            ("last_affected", between[-1]) if len(end) % 20 == 7 and end else ("fixed", end),
        )
        if version
    ]
    python = about.ecosystem == "PyPI"
    ranges = [{"type": "ECOSYSTEM" if python else "SEMVER", "events": events}]
    if git:
        commits = [{"introduced": "0"}, {"fixed": digest(about.name)[:40]}]
        ranges.insert(0, {"type": "GIT", "repo": "https://code.packages.example/it", "events": commits})
    return {
        "package": {"ecosystem": about.ecosystem, "name": about.name},
        "ranges": ranges,
        "versions": [version for _, _, between in intervals for version in between] if python else [],
        "database_specific": {"last_known_affected_version_range": f"<= {about.versions[-1]}"} if hint else {},
    }


def _malware(number: int, about: _Package, *, amid: bool) -> dict[str, Any]:
    """All of a package, or its latest release alone."""
    listed = about.versions[-1:] if amid or about.ecosystem == "PyPI" else []
    whole = {"type": "SEMVER", "events": [{"introduced": "0"}]}
    affected = {
        "package": {"ecosystem": about.ecosystem, "name": about.name},
        "ranges": [] if listed else [whole],
        "versions": listed,
    }
    return {
        "schema_version": "1.7.3",
        "id": f"MAL-2026-{number}",
        "modified": "2026-08-20T10:30:00Z",
        "published": "2026-08-20T10:30:00Z",
        "summary": f"Malicious code in {about.name} ({about.ecosystem})",
        "details": "This package reads credentials and sends them away.",
        "affected": [affected],
        "database_specific": {"malicious-packages-origins": [{"sha256": digest(about.name), "source": "generated"}]},
    }


def _record(id_: str, aliases: list[str], chance: random.Random) -> dict[str, Any]:
    vector = chance.choice(_VECTORS)
    record = {
        "schema_version": "1.7.3",
        "id": id_,
        "modified": "2026-08-20T10:30:00Z",
        "published": "2026-08-01T09:00:00Z",
        "aliases": aliases,
        "summary": " ".join(chance.choices(_WORDS.split(), k=9)),
        "details": " ".join(chance.choices(_WORDS.split(), k=80)),
        "severity": [{"type": f"CVSS_V{vector[5]}", "score": vector}],
        "references": [
            {"type": "WEB", "url": f"https://code.packages.example/{id_}/{page}"}
            for page in range(chance.randrange(1, 7))
        ],
        "database_specific": {"cwe_ids": [f"CWE-{chance.randrange(20, 900)}"], "severity": "HIGH"},
    }
    return record | {"withdrawn": "2026-08-19T00:00:00Z"} if chance.random() < _WITHDRAWN else record


def components(count: int, known: int, *, latest: float) -> Inventory:
    """`count` components, `known` of them with records, spread evenly from the most to the least of these.

    Their versions lie among so much of what is `latest`: 0.1 is the last tenth.
    """
    found = []
    for number in range(count):
        at = number * 2 * PACKAGES // max(known, 1) if number < known else 2 * (PACKAGES + 1_000_000 + number)
        about = package(ECOSYSTEMS[number % 2], at // 2, releases(at // 2))
        version = about.versions[-1 - number % max(1, int(latest * len(about.versions)))]
        purl = (pypi_purl if about.ecosystem == "PyPI" else npm_purl)(about.name, version)
        found.append(Component(purl=purl, name=about.name, version=version))
    return Inventory(components=tuple(found))
