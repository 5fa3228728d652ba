"""Real advisories, real version orders and real lock files, with the answers that independent tools gave."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
import tomli

from bomvet.advisories.bucket import raw_records
from bomvet.advisories.database import AdvisoryDatabase, EcosystemCount, ImportResult, build
from bomvet.enrichers.osv import enrich
from bomvet.model.facts import AdvisoryAnswer, Facts, Standing
from bomvet.model.inventory import Component, Inventory
from bomvet.model.purl import pypi_name, pypi_purl
from bomvet.plugin import Context
from bomvet.resolvers.python.requirements import REQUIREMENTS
from bomvet.versions.pep440 import PEP440
from tests.harness import NOW, run_resolver

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus" / "osv"
TRUTH = CORPUS / "ground_truth"
pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not beside the checkout")

Answers = dict[tuple[str, str], AdvisoryAnswer]


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ImportResult]:
    """The whole bucket in a database."""
    path = tmp_path_factory.mktemp("osv") / "advisories.db"
    records = raw_records(str(CORPUS / "bucket"))
    return path, build(str(path), records, source="bucket", obtained=dt.datetime(2026, 11, 20, tzinfo=dt.UTC))


def answers(database: Path, components: tuple[Component, ...]) -> Answers:
    """What the enricher says, by name and version."""
    with AdvisoryDatabase.open(str(database)) as store:
        found = enrich(Inventory(components=components), Facts(), Context(now=NOW, advisories=store)).facts.advisories
    return {(c.name, c.version): found[c.purl] for c in components}


def expected(name: str) -> dict[str, Any]:
    """The answer of the evaluator that was written from the specification."""
    document: dict[str, Any] = json.loads((TRUTH / f"{name}.expected.json").read_bytes())
    return document


def by_evidence(found: Answers) -> dict[tuple[str, str], dict[str, str]]:
    """Per package with matches, how each record matched, in the words of the expectations."""
    return {
        package: {line.partition(":")[0]: _how(line) for match in answer.matches for line in match.evidence}
        for package, answer in found.items()
        if answer.matches
    }


def _how(evidence: str) -> str:
    listed, ranged = "version listed" in evidence, "in range" in evidence
    return "both" if listed and ranged else "versions" if listed else "range"


def assert_equal(found: Answers, truth: dict[str, Any]) -> None:
    """Id for id, group for group, and by the same evidence."""
    results = {(pypi_name(r["name"]), r["version"]): r for r in truth["results"]}
    assert by_evidence(found) == {p: {m["id"]: m["by"] for m in r["matches"]} for p, r in results.items()}
    groups = {p: sorted(list(m.ids) for m in answer.matches) for p, answer in found.items() if answer.matches}
    assert groups == {p: r["groups"] for p, r in results.items()}
    assert {answer.standing for p, answer in found.items() if p not in results} <= {Standing.ABSENT}
    # A fix that leaves the whole group is never below the first one that the expectations name of any member.
    for package, result in results.items():
        for match in found[package].matches:
            firsts = [m["first_fix"] for m in result["matches"] if m["id"] in match.ids and m["first_fix"]]
            assert not match.fixed or PEP440.key(match.fixed) >= max(map(PEP440.key, firsts))
            assert bool(match.fixed) <= bool(firsts)


def test_import_of_the_whole_bucket(imported: tuple[Path, ImportResult]) -> None:
    """All 8,533 records are taken in, those that break the schema too, and each of them is counted."""
    _, result = imported
    status = result.status
    assert (status.snapshot.records, status.unreadable, status.tolerated) == (8533, 0, 4)
    counts = {count.name: count for count in status.ecosystems}
    assert counts["PyPI"] == EcosystemCount(name="PyPI", records=2675, withdrawn=10)
    assert counts["npm"] == EcosystemCount(name="npm", records=179, withdrawn=0)
    assert (counts["Debian"].records, counts["Alpine"].records, counts["Maven"].records) == (2475, 2447, 446)


REQUIREMENTS_FILES = [
    ("py-emailservice-2020-11-12.requirements.txt", "py-emailservice-2020-11-12.requirements.txt", (28, 16, 14)),
    ("py-osv-locks-requirements__requirements.txt", "py-osv-locks-requirements/requirements.txt", (3, 4, 3)),
]


@pytest.mark.parametrize(("name", "path", "counts"), REQUIREMENTS_FILES)
def test_requirements(imported: tuple[Path, ImportResult], name: str, path: str, counts: tuple[int, int, int]) -> None:
    """A requirements file has the matches and groups that the ground truth has."""
    data = (TRUTH / "inputs" / path).read_bytes()
    inventory = run_resolver(REQUIREMENTS, {"requirements.txt": data}, "requirements.txt")
    components = tuple(c for c in inventory.components if not c.first_party)
    found = answers(imported[0], components)
    assert_equal(found, expected(name))
    matches = [match for answer in found.values() for match in answer.matches]
    assert (len(components), sum(len(m.ids) for m in matches), len(matches)) == counts


def test_poetry_lock(imported: tuple[Path, ImportResult]) -> None:
    """207 locked packages have 72 matches in 69 groups, and no other."""
    name = "py-saleor-2020-12-11.poetry.lock"
    document = tomli.loads((TRUTH / "inputs" / name).read_text(encoding="utf-8"))
    components = tuple(
        Component(purl=pypi_purl(p["name"], p["version"]), name=pypi_name(p["name"]), version=p["version"])
        for p in document["package"]
    )
    found = answers(imported[0], components)
    assert_equal(found, expected(name))
    matches = [match for answer in found.values() for match in answer.matches]
    assert (len(components), sum(len(m.ids) for m in matches), len(matches)) == (207, 72, 69)


def test_withdrawn_records(imported: tuple[Path, ImportResult]) -> None:
    """The ten withdrawn PYSEC records match nothing, and are counted where they would have."""
    gone: dict[str, list[tuple[str, str]]] = {}
    for raw in raw_records(str(CORPUS / "bucket" / "PyPI")):
        record = json.loads(raw.data)
        if "withdrawn" in record:
            gone[record["id"]] = [
                (pypi_name(a["package"]["name"]), v) for a in record["affected"] for v in a.get("versions", [])[-1:]
            ]
    packages = {package for found in gone.values() for package in found}
    components = tuple(Component(purl=pypi_purl(n, v), name=n, version=v) for n, v in sorted(packages))
    found = answers(imported[0], components)
    assert len(gone) == 10
    assert sum(answer.withdrawn for answer in found.values()) >= len(packages)
    assert not {id_ for answer in found.values() for match in answer.matches for id_ in match.ids} & gone.keys()


def test_clean_versions_are_clean(imported: tuple[Path, ImportResult]) -> None:
    """No version that is offered as clean, of any package of the ground truth, has a match of its own."""
    document = tomli.loads((TRUTH / "inputs" / "py-saleor-2020-12-11.poetry.lock").read_text(encoding="utf-8"))
    locked = tuple(
        Component(purl=pypi_purl(p["name"], p["version"]), name=pypi_name(p["name"]), version=p["version"])
        for p in document["package"]
    )
    offered = {(n, m.clean) for (n, _), answer in answers(imported[0], locked).items() for m in answer.matches}
    upgraded = tuple(Component(purl=pypi_purl(n, v), name=n, version=v) for n, v in sorted(offered) if v)
    assert len(upgraded) > 20
    assert [p for p, answer in answers(imported[0], upgraded).items() if answer.matches] == []
