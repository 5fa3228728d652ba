"""CSAF documents of the VEX profile as statements."""

from __future__ import annotations

import time
from typing import Any

import pytest

from bomvet.documents import csaf_vex
from bomvet.documents.csaf_vex import is_csaf, read_csaf_vex
from bomvet.errors import MalformedError
from bomvet.model.finding import Statement

DOCUMENT = {
    "category": "csaf_vex",
    "csaf_version": "2.0",
    "publisher": {"name": "Example PSIRT"},
    "tracking": {"current_release_date": "2026-01-01T11:00:00.000Z", "status": "final"},
}


def named(id_: str, purl: str = "", **helper: Any) -> dict[str, Any]:
    """A full product name."""
    about = {"purl": purl, **helper} if purl else helper
    return {"product_id": id_, "name": f"Product {id_}", "product_identification_helper": about}


def relation(id_: str, product: str, inside: str) -> dict[str, Any]:
    """A product in another."""
    return {
        "category": "default_component_of",
        "full_product_name": {"product_id": id_, "name": id_},
        "product_reference": product,
        "relates_to_product_reference": inside,
    }


def read(
    *vulnerabilities: dict[str, Any], document: dict[str, Any] = DOCUMENT, **tree: Any
) -> tuple[tuple[Statement, ...], tuple[str, ...]]:
    """Statements and problems."""
    found = read_csaf_vex(
        {"document": document, "product_tree": tree, "vulnerabilities": list(vulnerabilities)}, "v.json"
    )
    return found.statements, found.problems


def test_not_affected_with_flag_and_impact() -> None:
    """Everything is kept; author and time are the document's."""
    vulnerability = {
        "cve": "CVE-1",
        "ids": [{"system_name": "GHSA", "text": "GHSA-1"}],
        "product_status": {"known_not_affected": ["A"]},
        "flags": [{"label": "vulnerable_code_not_present", "product_ids": ["A"]}],
        "threats": [
            {"category": "exploit_status", "details": "none", "product_ids": ["A"]},
            {"category": "impact", "details": "class removed", "product_ids": ["A"]},
        ],
        "remediations": [{"category": "vendor_fix", "details": "update", "product_ids": ["A"]}],
    }

    assert read(vulnerability, full_product_names=[named("A", "pkg:pypi/a@1")]) == (
        (
            Statement(
                ids=("CVE-1", "GHSA-1"),
                status="not_affected",
                products=("pkg:pypi/a@1",),
                justification="vulnerable_code_not_present",
                impact="class removed",
                author="Example PSIRT",
                time="2026-01-01T11:00:00Z",
                source="v.json",
            ),
        ),
        (),
    )


@pytest.mark.parametrize(
    ("key", "status"),
    [
        ("known_not_affected", "not_affected"),
        ("known_affected", "affected"),
        ("first_affected", "affected"),
        ("last_affected", "affected"),
        ("fixed", "fixed"),
        ("first_fixed", "fixed"),
        ("under_investigation", "under_investigation"),
    ],
)
def test_statuses(key: str, status: str) -> None:
    """All of the standard but `recommended`, which says nothing of the vulnerability."""
    vulnerability = {"cve": "CVE-1", "product_status": {key: ["A"], "recommended": ["B"]}}
    (found,), problems = read(vulnerability, full_product_names=[named("A", "pkg:npm/a")])

    assert (found.status, found.products, problems) == (status, ("pkg:npm/a",), ())


def test_a_component_of_a_product() -> None:
    """A relationship names product and component, also over several steps."""
    found, problems = read(
        {"cve": "CVE-1", "product_status": {"known_not_affected": ["A-in-X", "A-in-X-on-Y"]}},
        full_product_names=[named("A", "pkg:npm/a"), named("X", "pkg:oci/x"), named("Y", "pkg:oci/y")],
        relationships=[relation("A-in-X", "A", "X"), relation("X-on-Y", "X", "Y"), relation("A-in-X-on-Y", "A", "X-on-Y")],
    )  # fmt: skip

    assert [(s.products, s.components) for s in found] == [
        (("pkg:oci/x", "pkg:oci/y"), ("pkg:npm/a",)),
    ]
    assert problems == ()


def test_circles_of_relationships_end() -> None:
    """They name nothing, which is told."""
    found = read(
        {"cve": "CVE-1", "product_status": {"fixed": ["P", "Q", "nowhere"]}},
        relationships=[relation("P", "Q", "Q"), relation("Q", "P", "P"), relation("", "", "")],
    )

    assert found == (
        (),
        (
            "vulnerability 1: the product tree does not say what 'P' is",
            "vulnerability 1: the product tree does not say what 'Q' is",
            "vulnerability 1: the product tree does not say what 'nowhere' is",
        ),
    )


def test_a_relationship_of_which_a_side_is_missing() -> None:
    """It must not become a statement on the whole of the other side."""
    found, problems = read(
        {"cve": "CVE-1", "product_status": {"fixed": ["A-in-X"]}},
        full_product_names=[named("X", "pkg:oci/x")],
        relationships=[relation("A-in-X", "A", "X")],
    )

    assert (found, problems) == ((), ("vulnerability 1: the product tree does not say what 'A-in-X' is",))


def branch(category: str, name: str, *inner: dict[str, Any], product: dict[str, Any] | None = None) -> dict[str, Any]:
    """A branch of the tree."""
    return {"category": category, "name": name, "branches": list(inner), **({"product": product} if product else {})}


@pytest.mark.parametrize(
    ("category", "name", "purl", "products"),
    [
        ("product_version", "4.2", "pkg:npm/a", ("pkg:npm/a@4.2",)),
        ("product_version", "4.2", "pkg:npm/a@4.2.0", ("pkg:npm/a@4.2.0",)),
        ("product_version", "4.2", "pkg:npm/@s/a", ("pkg:npm/@s/a@4.2",)),
        ("product_version_range", "vers:npm/<2", "pkg:npm/a", ("pkg:npm/a?vers=vers:npm%2F%3C2",)),
        ("product_name", "A", "pkg:npm/a", ("pkg:npm/a",)),
        ("product_version", "4.2", "", ("Product A",)),
    ],
)
def test_branches_state_versions(category: str, name: str, purl: str, products: tuple[str, ...]) -> None:
    """A purl without a version is for the version that its branch states, and not for all."""
    tree = branch("vendor", "V", branch(category, name, product=named("A", purl)))
    (found,), problems = read({"cve": "CVE-1", "product_status": {"fixed": ["A"]}}, branches=[tree])

    assert (found.products, problems) == (products, ())


def test_a_range_that_is_not_vers() -> None:
    """Its product stays unknown: it must not be taken for every version."""
    tree = branch("product_version_range", "<4.2", product=named("A", "pkg:npm/a"))

    assert read({"cve": "CVE-1", "product_status": {"fixed": ["A"]}}, branches=[tree]) == (
        (),
        (
            "product A: '<4.2' is no range of versions (vers)",
            "vulnerability 1: the product tree does not say what 'A' is",
        ),
    )


def test_several_purls() -> None:
    """CSAF 2.1 has a list of them."""
    document = {**DOCUMENT, "csaf_version": "2.1"}
    (found,), _ = read(
        {"cve": "CVE-1", "product_status": {"fixed": ["A"]}},
        document=document,
        full_product_names=[named("A", purls=["pkg:npm/a@1", "pkg:pypi/a@1"])],
    )

    assert found.products == ("pkg:npm/a@1", "pkg:pypi/a@1")


def test_groups() -> None:
    """What is said of a group holds for its products, unless something is said of the product itself."""
    names = [named(x, f"pkg:npm/{x.lower()}") for x in "ABC"]
    vulnerability = {
        "cve": "CVE-1",
        "product_status": {"known_affected": ["A", "B", "C"]},
        "remediations": [
            {"details": "update", "group_ids": ["G"]},
            {"details": "wait", "product_ids": ["B"]},
            {"details": "pray"},
        ],
    }
    groups = [{"group_id": "G", "product_ids": ["A", "B"]}, {"group_id": "A", "product_ids": ["C"]}]
    found, problems = read(vulnerability, full_product_names=names, product_groups=groups)

    assert [(s.products, s.action) for s in found] == [
        (("pkg:npm/a",), "update"),
        (("pkg:npm/b",), "wait"),
        (("pkg:npm/c",), "pray"),
    ]
    assert problems == ()


def test_a_flag_for_nothing_is_for_nothing() -> None:
    """A justification has to name what it justifies."""
    vulnerability = {
        "cve": "CVE-1",
        "product_status": {"known_not_affected": ["A"]},
        "flags": [{"label": "component_not_present"}],
    }
    (found,), _ = read(vulnerability, full_product_names=[named("A", "pkg:npm/a")])

    assert found.justification == ""


def test_a_flag_that_is_none() -> None:
    """It is told, and counts for nothing."""
    vulnerability = {
        "cve": "CVE-1",
        "product_status": {"known_not_affected": ["A"]},
        "flags": [{"label": "hope", "product_ids": ["A"]}],
    }
    (found,), problems = read(vulnerability, full_product_names=[named("A", "pkg:npm/a")])

    assert (found.justification, problems) == (
        "",
        ("vulnerability 1: 'hope' is no flag of a product that is not affected",),
    )


def test_a_vulnerability_without_a_name() -> None:
    """It is told."""
    assert read({"product_status": {"fixed": ["A"]}}) == ((), ("vulnerability 1: it has neither cve nor ids",))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"category": "csaf_security_advisory"}, "of the category 'csaf_security_advisory', not 'csaf_vex'"),
        ({"csaf_version": "1.2"}, "CSAF '1.2' is not read"),
        ({"tracking": {"status": "draft"}}, "the document is a draft"),
    ],
)
def test_documents_on_which_nobody_may_rely(change: dict[str, Any], message: str) -> None:
    """Other categories and versions, and drafts, are refused."""
    with pytest.raises(MalformedError, match=message):
        read(document={**DOCUMENT, **change})


def test_what_says_that_it_is_csaf() -> None:
    """Its version does."""
    assert (is_csaf({"document": DOCUMENT}), is_csaf({"document": {}}), is_csaf({})) == (True, False, False)


def test_references_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small document can ask for any number of look-ups."""
    monkeypatch.setattr(csaf_vex, "MAX_LOOKUPS", 10)
    vulnerability = {"cve": "CVE-1", "product_status": {"fixed": ["A"] * 11}}

    with pytest.raises(MalformedError, match="more than 10 references"):
        read(vulnerability, full_product_names=[named("A", "pkg:npm/a")])


def test_a_deep_tree_and_a_long_chain_take_no_time() -> None:
    """Nothing recurses, and nothing is followed for ever."""
    tree = branch("product_version", "1", product=named("A", "pkg:npm/a"))
    for _ in range(5000):
        tree = branch("product_family", "f", tree)
    chain = [relation(f"R{n}", f"R{n + 1}", f"R{n + 1}") for n in range(50_000)]
    start = time.process_time()
    found, problems = read(
        {"cve": "CVE-1", "product_status": {"fixed": ["A", "R0"]}}, branches=[tree], relationships=chain
    )

    assert [s.products for s in found] == [("pkg:npm/a@1",)]
    assert problems == ("vulnerability 1: the product tree does not say what 'R0' is",)
    assert time.process_time() - start < 5
