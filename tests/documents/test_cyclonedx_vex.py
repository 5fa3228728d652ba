"""The analyses of CycloneDX as statements."""

from __future__ import annotations

from typing import Any

import pytest

from bomvet.documents.cyclonedx_vex import in_versions, read_cyclonedx_vex
from bomvet.errors import MalformedError
from bomvet.model.finding import Statement

ROOT = {"type": "application", "bom-ref": "root", "name": "sink", "version": "1.0"}
PARTS = [
    {"bom-ref": "a", "name": "a", "purl": "pkg:pypi/a@1", "components": [{"bom-ref": "b", "purl": "pkg:npm/b@2"}]},
    {"bom-ref": "bare", "name": "bare"},
]
NOT = {"state": "not_affected", "justification": "code_not_reachable", "detail": "never called"}


def read(
    *affects: dict[str, Any], analysis: dict[str, Any] = NOT, root: Any = ROOT, **fields: Any
) -> tuple[tuple[Statement, ...], tuple[str, ...]]:
    """Statements and problems of a document with one vulnerability."""
    document = {
        "bomFormat": "CycloneDX",
        "serialNumber": "urn:uuid:11111111-1111-4111-8111-111111111111",
        "metadata": {"timestamp": "2026-01-01T00:00:00Z", "authors": [{"name": "Ada"}], "component": root},
        "components": PARTS,
        "vulnerabilities": [{"id": "CVE-1", "analysis": analysis, "affects": list(affects), **fields}],
    }
    found = read_cyclonedx_vex(document, "v.json")
    return found.statements, found.problems


def test_a_component_of_the_described_product() -> None:
    """The statement is for the component in that product; all is mapped to the words of OpenVEX."""
    assert read({"ref": "b"}, references=[{"id": "GHSA-1"}]) == (
        (
            Statement(
                ids=("CVE-1", "GHSA-1"),
                status="not_affected",
                products=("pkg:generic/sink@1.0",),
                components=("pkg:npm/b@2",),
                justification="vulnerable_code_not_in_execute_path",
                impact="never called",
                author="Ada",
                time="2026-01-01T00:00:00Z",
                source="v.json",
            ),
        ),
        (),
    )


@pytest.mark.parametrize(
    ("ref", "root", "products", "components"),
    [
        ("root", ROOT, ("pkg:generic/sink@1.0",), ()),
        ("root", {**ROOT, "purl": "pkg:oci/sink@1"}, ("pkg:oci/sink@1",), ()),
        ("a", None, ("pkg:pypi/a@1",), ()),
        ("pkg:npm/c@3", None, ("pkg:npm/c@3",), ()),
        ("urn:cdx:22222222-2222-4222-8222-222222222222/1#pkg:npm/c@3?x=y", None, ("pkg:npm/c@3?x=y",), ()),
        ("urn:cdx:22222222-2222-4222-8222-222222222222/1#pkg%3Anpm%2Fc%403", None, ("pkg:npm/c@3",), ()),
        ("urn:cdx:11111111-1111-4111-8111-111111111111/1#a", ROOT, ("pkg:generic/sink@1.0",), ("pkg:pypi/a@1",)),
    ],
)
def test_references(ref: str, root: Any, products: tuple[str, ...], components: tuple[str, ...]) -> None:
    """By a name in the document, a purl, or a BOM-Link to either."""
    (found,), problems = read({"ref": ref}, root=root)

    assert (found.products, found.components, problems) == (products, components, ())


@pytest.mark.parametrize(
    "ref", ["nowhere", "bare", "urn:cdx:11111111-1111-4111-8111-111111111111/1", "urn:cdx:2/1#product-ABC"]
)
def test_a_reference_that_leads_nowhere_is_told(ref: str) -> None:
    """Also one to a component that nothing can be matched with."""
    problem = f"vulnerability 1: {ref!r} leads to no component with a purl"

    assert read({"ref": ref}) == ((), (problem,))
    assert read({"ref": ref, "versions": [{"version": "1"}]}) == ((), (problem,))


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("resolved", "fixed"),
        ("resolved_with_pedigree", "fixed"),
        ("exploitable", "affected"),
        ("in_triage", "under_investigation"),
        ("false_positive", "not_affected"),
        ("not_affected", "not_affected"),
    ],
)
def test_states(state: str, status: str) -> None:
    """All of the schema."""
    (found,), _ = read({"ref": "a"}, analysis={"state": state})

    assert found.status == status


def test_a_false_positive_is_its_own_reason() -> None:
    """Without a detail it says itself why nothing is affected."""
    (found,), _ = read({"ref": "a"}, analysis={"state": "false_positive"})

    assert (found.justification, found.impact) == ("", "stated to be a false positive")


def test_what_is_to_be_done() -> None:
    """Responses, recommendation, workaround and detail of what can be exploited."""
    analysis = {"state": "exploitable", "response": ["update", "nonsense"], "detail": "d"}
    (found,), _ = read({"ref": "a"}, analysis=analysis, recommendation="r", workaround="w")

    assert found.action == "update; r; w; d"


def test_times_of_an_analysis() -> None:
    """The last change goes before the first word, and both before the document."""
    first = {**NOT, "firstIssued": "2026-02-01T00:00:00Z"}
    both = {**first, "lastUpdated": "2026-03-01T00:00:00Z"}

    assert [read({"ref": "a"}, analysis=a)[0][0].time for a in (NOT, first, both)] == [
        "2026-01-01T00:00:00Z",
        "2026-02-01T00:00:00Z",
        "2026-03-01T00:00:00Z",
    ]


@pytest.mark.parametrize(
    ("analysis", "versions", "components"),
    [
        (NOT, [], ["pkg:pypi/a@1"]),
        (NOT, [{"version": "1.5", "status": "unaffected"}], ["pkg:pypi/a@1.5"]),
        (NOT, [{"range": "vers:pypi/>=1|<2", "status": "unaffected"}], ["pkg:pypi/a?vers=vers:pypi%2F%3E%3D1%7C%3C2"]),
        # By the schema the status is `affected` where none is stated, also in analyses that say the contrary.
        ({"state": "resolved"}, [{"version": "5.1"}, {"version": "5.2"}], ["pkg:pypi/a@5.1", "pkg:pypi/a@5.2"]),
        ({"state": "exploitable"}, [{"version": "1", "status": "affected"}], ["pkg:pypi/a@1"]),
        ({"state": "in_triage"}, [{"version": "1", "status": "unknown"}], ["pkg:pypi/a@1"]),
    ],
)
def test_versions(analysis: dict[str, Any], versions: list[dict[str, Any]], components: list[str]) -> None:
    """The statement is for these versions alone."""
    found, problems = read({"ref": "a", "versions": versions}, analysis=analysis)

    assert ([s.components[0] for s in found], problems) == (components, ())


@pytest.mark.parametrize(
    ("analysis", "versions", "problem"),
    [
        (NOT, [{"version": "1", "status": "affected"}], "the version '1' is 'affected', the analysis 'not_affected'"),
        (NOT, [{"range": "vers:npm/*", "status": "unknown"}], "the version 'vers:npm/*' is 'unknown', the analysis 'not_affected'"),
        ({"state": "exploitable"}, [{"version": "1", "status": "unaffected"}], "the version '1' is 'unaffected', the analysis 'affected'"),
        (NOT, [{}], "an entry of its versions has neither version nor range"),
        (NOT, {"range": "vers:npm/*"}, "its versions are no list"),
    ],
)  # fmt: skip
def test_versions_that_contradict_are_told(analysis: dict[str, Any], versions: Any, problem: str) -> None:
    """They are for nothing."""
    assert read({"ref": "a", "versions": versions}, analysis=analysis) == ((), (f"vulnerability 1: {problem}",))


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"analysis": {"state": "harmless"}}, "'harmless' is no state of an analysis"),
        ({"id": "", "analysis": NOT}, "it has no id"),
        ({"analysis": {**NOT, "justification": "hope"}}, "'hope' is no justification of CycloneDX"),
    ],
)
def test_what_is_not_understood_is_told(fields: dict[str, Any], problem: str) -> None:
    """With the number of the vulnerability."""
    analysis = fields.pop("analysis")

    assert f"vulnerability 1: {problem}" in read({"ref": "a"}, analysis=analysis, **fields)[1]


def test_no_affects() -> None:
    """An analysis of nothing is told."""
    assert read() == ((), ("vulnerability 1: it refers to no component (affects)",))


def test_vulnerabilities_without_an_analysis_are_no_statements() -> None:
    """Beside others they are passed over; alone they make no VEX document."""
    document: dict[str, Any] = {"vulnerabilities": [{"id": "CVE-1"}]}
    with pytest.raises(MalformedError, match="no vulnerability in it has an analysis with a state"):
        read_cyclonedx_vex(document, "v.json")

    document["vulnerabilities"] += [{"id": "CVE-2", "analysis": NOT, "affects": [{"ref": "pkg:npm/a"}]}]
    assert [s.ids for s in read_cyclonedx_vex(document, "v.json").statements] == [("CVE-2",)]


@pytest.mark.parametrize(
    ("purl", "stated", "found"),
    [
        ("pkg:npm/a@1?x=y#z", {"version": "2"}, "pkg:npm/a@2?x=y"),
        ("pkg:npm/@s/a", {"version": "2"}, "pkg:npm/@s/a@2"),
        ("pkg:npm/@s/a@1", {"version": "2/3"}, "pkg:npm/@s/a@2%2F3"),
        ("pkg:npm/a?vers=vers:npm%2F1", {"vers": "vers:npm/2"}, "pkg:npm/a?vers=vers:npm%2F2"),
        ("pkg:npm/a@1", {}, "pkg:npm/a"),
    ],
)
def test_a_purl_in_other_versions(purl: str, stated: dict[str, str], found: str) -> None:
    """The version that it had goes, the qualifiers stay."""
    assert in_versions(purl, **stated) == found
