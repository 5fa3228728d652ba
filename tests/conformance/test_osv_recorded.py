"""What OSV's service really answered, served again: no id of it may be lost, whatever goes wrong on the way."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bomvet.advisories import osv_api
from bomvet.advisories.bucket import raw_records
from bomvet.advisories.osv_api import Query
from bomvet.net import _rules
from tests.e2e import conftest
from tests.osv_server import (
    BATCH,
    RECORD,
    Fault,
    OsvServer,
    Question,
    ServedHttp,
    osv_server,
    reset,
    says,
    status,
    truncated,
)

Cli = conftest.Cli
cli = conftest.cli
CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus" / "osv"
pytestmark = [
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not beside the checkout"),
    pytest.mark.enable_socket,
]


@cache
def recorded() -> dict[Question, list[dict[str, str]]]:
    """The answers by question; questions about commits are left out."""
    items = json.loads(gzip.decompress((CORPUS / "recorded" / "queries.json.gz").read_bytes()))
    found = {}
    for item in items:
        query = item["query"]
        package = query.get("package", {})
        if package.get("name") and package.get("ecosystem"):
            found[(package["ecosystem"], package["name"], query.get("version", ""))] = item["vulns"] or []
    return found


@cache
def bucket() -> dict[str, dict[str, Any]]:
    """All records of the bucket by id."""
    documents = (json.loads(raw.data) for raw in raw_records(str(CORPUS / "bucket")))
    return {document["id"]: document for document in documents}


def test_every_question_has_its_answer() -> None:
    """All recorded questions in one conversation: the ids are those that were recorded, page by page."""
    questions = recorded()
    osv = OsvServer(answers=questions, page=7)
    http = ServedHttp(osv)
    answers = osv_api.ask(http, "http://osv.example", (Query(*question) for question in questions))

    assert len(questions) > 1000
    refused = {query for query, answer in answers.items() if answer.reason}
    assert {query.ecosystem for query in refused} == {"GIT"}
    assert {tuple(q): a.ids for q, a in answers.items() if q not in refused} == {
        question: {v["id"]: v["modified"] for v in vulns}
        for question, vulns in questions.items()
        if Query(*question) not in refused
    }


def python_questions() -> dict[tuple[str, str], set[str]]:
    """Name and version of Python packages that were asked about, with the ids."""
    return {(n, v): {vuln["id"] for vuln in vulns} for (eco, n, v), vulns in recorded().items() if eco == "PyPI" and v}


@pytest.fixture
def osv(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[OsvServer]:
    """The recorded answers and the bucket, behind the command line, in a project of all Python packages asked about."""
    monkeypatch.delenv("BOMVET_OFFLINE")
    monkeypatch.setenv("BOMVET_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(_rules, "pause", lambda *_: 0.001)
    (cli.folder / "uv.lock").unlink()
    (cli.folder / "pyproject.toml").unlink()
    files: dict[int, list[str]] = defaultdict(list)
    seen: dict[str, int] = defaultdict(int)
    for name, version in sorted(python_questions()):
        files[seen[name]].append(f"{name}=={version}\n")
        seen[name] += 1
    for number, lines in files.items():
        cli.write(f"{number}/requirements.txt", "".join(lines))
    with osv_server() as server:
        server.answers = recorded()
        server.documents = bucket()
        monkeypatch.setenv("BOMVET_OSV_URL", server.url)
        yield server


def ids(document: dict[str, Any]) -> dict[tuple[str, str], set[str]]:
    """Per name and version the records that matched."""
    found = {}
    for purl, answer in document["facts"]["advisories"].items():
        name, _, version = purl.removeprefix("pkg:pypi/").partition("@")
        found[(name, version)] = {id_ for match in answer["matches"] for id_ in match["ids"]}
    return found


def expected() -> dict[tuple[str, str], set[str]]:
    """The recorded ids, without those whose record was withdrawn; names as they stand in purls."""
    return {
        (name.lower().replace("_", "-"), version): {i for i in found if not bucket().get(i, {}).get("withdrawn")}
        for (name, version), found in python_questions().items()
    }


FAULTS: dict[str, tuple[str, list[Fault]]] = {
    "none": (BATCH, []),
    "429": (BATCH, [status(429, retry_after="1")] * 3),
    "503": (BATCH, [status(503)] * 3),
    "reset": (BATCH, [reset] * 3),
    "truncated": (BATCH, [truncated] * 3),
    "records": (RECORD, [status(503), reset, truncated, status(429, retry_after="0"), reset, status(500)]),
}


@pytest.mark.parametrize(("path", "faults"), FAULTS.values(), ids=FAULTS)
def test_recorded_findings(cli: Cli, osv: OsvServer, path: str, faults: list[Fault]) -> None:
    """Every id that the service names is found, by the real command line, through all that passes."""
    osv.page = 5
    osv.inject(path, *faults)
    ran = cli("scan", "-f", "json")
    found = ids(ran.json)

    assert ran.code == 1
    assert {package: found.get(package) for package in expected()} == expected()


def test_a_refused_question_of_many(cli: Cli, osv: OsvServer) -> None:
    """One is an open question, and all others are answered."""
    osv.inject(BATCH, status(400, {"code": 3, "message": "error in query at index 7: what is that"}))
    ran = cli("scan", "-f", "json")
    found = ids(ran.json)
    wrong = [package for package, names in expected().items() if found.get(package) != names]
    refused = [line for line in ran.json["assessment"]["not_established"] if "refuses the question" in line]

    assert len(refused) == 1
    assert [f"pkg:pypi/{name}@{version}" for name, version in wrong] in (
        [refused[0].partition(": ")[0]],
        [],  # the one that was cut out has no advisories
    )


def test_an_answer_that_is_cut_short(cli: Cli, osv: OsvServer) -> None:
    """Results for fewer packages than were asked about are results for none."""
    osv.inject(BATCH, *[says({"results": [{}] * 3})] * 10)
    ran = cli("scan", "-f", "json")

    assert (ran.code, ran.json["findings"]) == (3, [])
