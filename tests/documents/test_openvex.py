"""OpenVEX documents as statements."""

from __future__ import annotations

from typing import Any

import pytest

from bomvet.documents._vex import JUSTIFICATIONS
from bomvet.documents.openvex import is_openvex, read_openvex
from bomvet.model.finding import Statement

STATEMENT = {
    "vulnerability": {"@id": "https://vulns.example/CVE-1", "name": "CVE-1", "aliases": ["GHSA-1"]},
    "products": [{"@id": "pkg:pypi/a@1"}],
    "status": "not_affected",
    "justification": "vulnerable_code_not_present",
    "impact_statement": "removed",
}


def document(*statements: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """An OpenVEX document of 0.2.0."""
    about = {"@context": "https://openvex.dev/ns/v0.2.0", "author": "Ada", "timestamp": "2026-01-01T00:00:00Z"}
    return {**about, "statements": list(statements), **fields}


def read(*statements: dict[str, Any], **fields: Any) -> tuple[tuple[Statement, ...], tuple[str, ...]]:
    """Statements and problems."""
    found = read_openvex(document(*statements, **fields), "v.json")
    return found.statements, found.problems


def test_a_whole_statement() -> None:
    """Everything is kept; author and time are the document's."""
    assert read(STATEMENT) == (
        (
            Statement(
                ids=("CVE-1", "GHSA-1"),
                status="not_affected",
                products=("pkg:pypi/a@1",),
                justification="vulnerable_code_not_present",
                impact="removed",
                author="Ada",
                time="2026-01-01T00:00:00Z",
                source="v.json",
            ),
        ),
        (),
    )


def test_the_own_time_and_supplier_of_a_statement() -> None:
    """They go before those of the document; the last change before the first."""
    own = {**STATEMENT, "timestamp": "2026-02-01T00:00:00Z", "supplier": "Bob"}
    (first, second), problems = read(own, {**own, "last_updated": "2026-03-01T00:00:00Z"})

    assert (first.time, first.author, second.time) == ("2026-02-01T00:00:00Z", "Bob", "2026-03-01T00:00:00Z")
    assert problems == ()


def test_products_with_components() -> None:
    """A product with subcomponents is a statement of its own; the others are one."""
    products = [
        {"@id": "pkg:generic/x", "subcomponents": [{"@id": "pkg:npm/a"}, {"identifiers": {"purl": "pkg:npm/b"}}]},
        {"@id": "https://x.example/y", "identifiers": {"purl": "pkg:npm/y"}},
        {"identifiers": {"cpe23": "cpe:2.3:a:z:z"}},
        {"@id": "pkg:npm/w", "identifiers": {"purl": "pkg:npm/other"}},
    ]
    found, problems = read({**STATEMENT, "products": products})

    assert [(s.products, s.components) for s in found] == [
        (("pkg:npm/y", "cpe:2.3:a:z:z", "pkg:npm/w"), ()),
        (("pkg:generic/x",), ("pkg:npm/a", "pkg:npm/b")),
    ]
    assert problems == ()


def test_the_shape_before_0_2_0() -> None:
    """Vulnerabilities and products are texts, subcomponents stand beside them."""
    old = {
        "vulnerability": "CVE-1",
        "products": ["pkg:generic/x", "pkg:generic/y"],
        "subcomponents": ["pkg:npm/a"],
        "status": "affected",
        "action_statement": "update",
    }
    (found,), problems = read(old, **{"@context": "https://openvex.dev/ns"})

    assert (found.ids, found.products, found.components, found.action) == (
        ("CVE-1",),
        ("pkg:generic/x", "pkg:generic/y"),
        ("pkg:npm/a",),
        "update",
    )
    assert problems == ()


def test_a_vulnerability_without_a_name() -> None:
    """Its address ends in it."""
    (found,), _ = read({**STATEMENT, "vulnerability": {"@id": "https://vulns.example/CVE-1"}})

    assert found.ids == ("CVE-1",)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"vulnerability": {}}, "it names no vulnerability"),
        (
            {"status": "harmless"},
            "'harmless' is no status, which is one of not_affected, affected, fixed, under_investigation",
        ),
        ({"products": []}, "it names no product, or none of the components in it that it is for"),
        ({"products": [{}]}, "it names no product, or none of the components in it that it is for"),
        # What is for a part that nobody can name must not become a statement on the whole.
        (
            {"products": [{"@id": "pkg:npm/a", "subcomponents": [{"hashes": {}}]}]},
            "it names no product, or none of the components in it that it is for",
        ),
        (
            {"products": ["pkg:npm/a"], "subcomponents": [{}]},
            "it names no product, or none of the components in it that it is for",
        ),
    ],
)
def test_what_is_not_understood_is_told(change: dict[str, Any], problem: str) -> None:
    """With the number of the statement; the others count."""
    found, problems = read(STATEMENT, {**STATEMENT, **change})

    assert (len(found), problems) == (1, (f"statement 2: {problem}",))


def test_a_justification_that_is_none() -> None:
    """The statement is kept without it, and whoever applies it sees that there is none."""
    (found,), problems = read({**STATEMENT, "justification": "we hope so"})

    assert (found.justification, found.impact) == ("", "removed")
    known = ", ".join(JUSTIFICATIONS)
    assert problems == (f"statement 1: 'we hope so' is no justification, which is one of {known}",)


def test_no_list_of_statements() -> None:
    """It is told: such a document says nothing."""
    assert read(statements={}) == ((), ("statements: there is no list of statements",))


@pytest.mark.parametrize(
    ("context", "is_one"),
    [
        ("https://openvex.dev/ns", True),
        ("https://openvex.dev/ns/v0.2.0", True),
        ("https://x.example", False),
        (1, False),
    ],
)
def test_the_context_tells(context: object, is_one: bool) -> None:  # noqa: FBT001
    """Every version is known by it."""
    assert is_openvex({"@context": context}) is is_one
