"""Locks of npm and the packages of operating systems, with the advisories that independent evaluators gave them."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bomvet.advisories.bucket import raw_records
from bomvet.advisories.database import AdvisoryDatabase, build
from bomvet.enrichers.osv import enrich
from bomvet.model.facts import AdvisoryAnswer, Facts, Standing
from bomvet.model.inventory import Component, Inventory
from bomvet.plugin import Context, Resolver
from bomvet.resolvers.container.apk import APK
from bomvet.resolvers.container.dpkg import DPKG
from bomvet.resolvers.npm.package_lock import PACKAGE_LOCK
from bomvet.versions.orders import ORDERS
from tests.harness import NOW, run_resolver

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus" / "osv"
TRUTH = CORPUS / "ground_truth"
pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not beside the checkout")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdvisoryDatabase]:
    """The records of those ecosystems."""
    path = str(tmp_path_factory.mktemp("osv") / "advisories.db")
    raw = (record for name in ("Alpine", "Debian", "npm") for record in raw_records(str(CORPUS / "bucket" / name)))
    build(path, raw, source="bucket", obtained=dt.datetime(2026, 11, 20, tzinfo=dt.UTC))
    with AdvisoryDatabase.open(path) as database:
        yield database


def answered(
    store: AdvisoryDatabase, resolver: Resolver, files: dict[str, bytes], path: str
) -> list[tuple[Component, AdvisoryAnswer]]:
    """Every third-party component that is read, with what is known of it."""
    inventory = run_resolver(resolver, files, path)
    assert inventory.unknowns == ()
    components = tuple(c for c in inventory.components if not c.first_party)
    facts = enrich(Inventory(components=components), Facts(), Context(now=NOW, advisories=store)).facts
    return [(component, facts.advisories[component.purl]) for component in components]


def ids(answer: AdvisoryAnswer) -> list[str]:
    """Of all records that match."""
    return sorted(id_ for match in answer.matches for id_ in match.ids)


LOCKS = [
    ("npm-osv-inplace.package-lock.json", 106, 6, 6),
    ("npm-saleor-2021-03-31.package-lock.json", 415, 21, 21),
    ("npm-santatracker.package-lock.json", 613, 52, 65),
]


@pytest.mark.parametrize(("name", "packages", "vulnerable", "matches"), LOCKS)
def test_npm(store: AdvisoryDatabase, name: str, packages: int, vulnerable: int, matches: int) -> None:
    """A lock of npm has the matches that the total order of npm's own semver gives, id for id."""
    truth = json.loads((TRUTH / f"{name}.expected.json").read_bytes())
    data = (TRUTH / "inputs" / name).read_bytes()
    found = answered(store, PACKAGE_LOCK, {"package-lock.json": data}, "package-lock.json")
    assert len({(c.name, c.version) for c, _ in found}) == packages
    expected = {(r["name"], r["version"]): r["matches"] for r in truth["results"]}
    assert {(c.name, c.version): ids(answer) for c, answer in found if answer.matches} == {
        package: sorted(match["id"] for match in listed) for package, listed in expected.items()
    }
    assert (len(expected), sum(map(len, expected.values()))) == (vulnerable, matches)
    for component, answer in found:
        assert answer.standing is (Standing.KNOWN if answer.matches else Standing.ABSENT)
        firsts = {m["id"]: m["first_fix"] for m in expected.get((component.name, component.version), ())}
        for match in answer.matches:
            assert fixes_are_no_lower(match.fixed, [firsts[id_] for id_ in match.ids if firsts[id_]])


def fixes_are_no_lower(fixed: str, firsts: list[str]) -> bool:
    """Whether `fixed` leaves the whole group, of whose members the least fixes are `firsts`."""
    key = ORDERS["npm"].key
    return bool(fixed) <= bool(firsts) and (not fixed or key(fixed) >= max(map(key, firsts)))


def test_debian(store: AdvisoryDatabase) -> None:
    """Each of 180 packages has the 1,102 matches that dpkg's own comparison gives its source, id for id."""
    truth = json.loads((TRUTH / "debian12-status.expected.json").read_bytes())
    files = {
        "var/lib/dpkg/status": (TRUTH / "inputs" / "debian12-status").read_bytes(),
        "etc/os-release": (TRUTH / "inputs" / "debian12-os-release").read_bytes(),
    }
    found = answered(store, DPKG, files, "var/lib/dpkg/status")
    names = ("bomvet:source-name", "bomvet:source-version")
    assert {(c.name, c.version, *(dict(c.properties)[n] for n in names)): ids(answer) for c, answer in found} == {
        (r["package"], r["version"], r["source"], r["source_version"]): r["ids"] for r in truth["results"]
    }
    counts = [len(ids(answer)) for _, answer in found]
    assert (len(counts), sum(map(bool, counts)), sum(counts)) == (180, 148, 1102)
    assert {answer.standing for _, answer in found} == {Standing.KNOWN, Standing.ABSENT}


def alpine() -> bytes:
    """A database of installed packages: of each that any record fixes in a release, some version, built or rebuilt."""
    fixes: dict[str, set[str]] = {}
    for raw in raw_records(str(CORPUS / "bucket" / "Alpine")):
        for affected in json.loads(raw.data).get("affected") or ():
            for name, version in _fixes(affected):
                fixes.setdefault(name, set()).add(version)
    stanzas = []
    for number, (name, versions) in enumerate(sorted(fixes.items())):
        version = sorted(versions)[number % len(versions)]
        version = re.sub(r"-r[0-9]+$", "-r0", version) if number % 3 else version
        stanzas.append(f"P:{name}-libs\nV:{version}\nA:x86_64\nL:MIT\no:{name}\n")
    return "\n".join(stanzas).encode()


def _fixes(affected: dict[str, Any]) -> Iterator[tuple[str, str]]:
    package = affected.get("package") or {}
    if package.get("ecosystem") == "Alpine:v3.10":
        for range_ in affected.get("ranges") or ():
            yield from ((package["name"], event["fixed"]) for event in range_["events"] if "fixed" in event)


def test_alpine(store: AdvisoryDatabase) -> None:
    """Each of 239 packages has the matches that a second comparison, written from the specification, gave it."""
    files = {"lib/apk/db/installed": alpine(), "etc/os-release": b"ID=alpine\nVERSION_ID=3.10.9\n"}
    found = answered(store, APK, files, "lib/apk/db/installed")
    lines = [f"{component.name} {id_}\n" for component, answer in found for id_ in ids(answer)]
    digest = hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()
    vulnerable = len([answer for _, answer in found if answer.matches])
    assert (len(found), vulnerable, len(lines), digest) == (
        239,
        125,
        735,
        "5abed94c7160335e1de21043f34a2376459ad211018e6ac724eea5328a8c7584",
    )
