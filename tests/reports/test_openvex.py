"""What is stated of known vulnerabilities: `OPENVEX`."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from bomvet.documents.openvex import read_openvex
from bomvet.model.facts import Severity
from bomvet.model.finding import Assessment, Finding, Statement, Suppressed, Verdict, Waived, Waiver
from bomvet.model.inventory import Component, Contact, Inventory
from bomvet.model.records import replace
from bomvet.model.result import ScanResult, Target
from bomvet.plugin import RenderOptions
from bomvet.policy.vex import Vex, answered
from bomvet.reports.openvex import OPENVEX

ROOT = Component(purl="pkg:generic/sink@1.0", name="sink", version="1.0", directory="")


def finding(name: str, rule: str = "known-vulnerability") -> Finding:
    """A finding on one component."""
    return Finding(
        rule=rule, subject=f"pkg:pypi/{name}@1", severity=Severity.HIGH, message="m", instance="CVE-1", ids=("CVE-1", "GHSA-1")
    )  # fmt: skip


STATED = Statement(
    ids=("GHSA-1",),
    status="not_affected",
    products=("pkg:pypi/b",),
    justification="component_not_present",
    impact="i",
    author="Bob",
    time="2026-01-01T00:00:00Z",
    source="b.json",
)
WAIVER = Waiver(id="CVE-1", reason="no upgrade yet", owner="Eve", expires=dt.date(2026, 12, 31))
RESULT = ScanResult(
    tool="0.1.0",
    time="2026-11-24T12:00:00Z",
    target=Target(kind="dir", name="sink"),
    authors=(Contact(name="Ada", email="ada@sink.example"),),
    inventory=Inventory(root=ROOT),
    assessment=Assessment(
        verdict=Verdict.FAILED,
        findings=(finding("a"), finding("a", "weak-integrity"), finding("d"), finding("e")),
        stated=(
            Suppressed(finding=finding("d"), statement=replace(STATED, status="affected", justification="", action="wait")),
            Suppressed(finding=finding("e"), statement=replace(STATED, status="affected", justification="", author="")),
        ),
        waived=(Waived(finding=finding("c"), waiver=WAIVER), Waived(finding=finding("c", "x"), waiver=WAIVER)),
        suppressed=(Suppressed(finding=finding("b"), statement=STATED),),
    ),
)  # fmt: skip


def rendered(result: ScanResult = RESULT) -> Any:
    """The document."""
    return json.loads(OPENVEX.render(result, RenderOptions()))


def about(name: str, status: str, **fields: str) -> dict[str, Any]:
    """A statement on a component of the project."""
    return {
        "vulnerability": {"name": "CVE-1", "aliases": ["GHSA-1"]},
        "products": [{"@id": "pkg:generic/sink@1.0", "subcomponents": [{"@id": f"pkg:pypi/{name}@1"}]}],
        "status": status,
        **fields,
    }


def test_every_known_vulnerability_has_a_statement() -> None:
    """Open ones are under investigation, waived ones affected, and what somebody states is passed on."""
    document = rendered()
    passed_on = {"timestamp": "2026-01-01T00:00:00Z", "impact_statement": "i"}

    assert document == {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": document["@id"],
        "author": "Ada <ada@sink.example>",
        "timestamp": "2026-11-24T12:00:00Z",
        "version": 1,
        "tooling": "bomvet 0.1.0",
        "statements": [
            about("a", "under_investigation"),
            about("b", "not_affected", **passed_on, justification="component_not_present",
                  status_notes="as Bob states in b.json"),
            about("c", "affected", action_statement="Accepted by Eve until 2026-12-31: no upgrade yet"),
            about("d", "affected", **passed_on, action_statement="wait", status_notes="as Bob states in b.json"),
            about("e", "affected", **passed_on, action_statement="none is stated",
                  status_notes="as somebody states in b.json"),
        ],
    }  # fmt: skip


def test_reading_what_was_written_suppresses_the_same() -> None:
    """Round trip: what was answered is answered, and nothing else."""
    read = read_openvex(rendered(), "v.json")
    found = answered(map(finding, "abcde"), Vex(statements=read.statements), root=ROOT, today=dt.date(2026, 11, 24))

    assert read.problems == ()
    assert [s.finding.subject for s in found.suppressed] == ["pkg:pypi/b@1"]


def test_a_project_without_a_version() -> None:
    """The digest that stands for it would be another one tomorrow."""
    root = Component(purl="pkg:generic/sink@sha256:00", name="sink", version="sha256:00", directory="")
    products = {
        s["products"][0]["@id"] for s in rendered(replace(RESULT, inventory=Inventory(root=root)))["statements"]
    }

    assert products == {"pkg:generic/sink"}


def test_nothing_is_known() -> None:
    """Without a project, an author or a judgement there is a document all the same, without statements."""
    empty = replace(RESULT, authors=(), assessment=None, inventory=Inventory())
    anonymous = replace(RESULT, authors=(Contact(name="Ada"),), inventory=Inventory())

    assert (rendered(empty)["author"], rendered(empty)["statements"]) == ("Unknown Author", [])
    assert rendered(anonymous)["author"] == "Ada"
    assert rendered(anonymous)["statements"][0]["products"][0]["@id"] == "sink"
