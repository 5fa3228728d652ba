"""Writing OpenVEX."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bomvet.documents._vex import JUSTIFICATIONS, STATUSES
from bomvet.documents.openvex import read_openvex
from bomvet.documents.openvex_writer import document, entry, problem, with_entry
from bomvet.errors import UsageError
from bomvet.model.finding import Statement
from bomvet.model.records import replace

STATEMENT = Statement(
    ids=("CVE-1", "GHSA-1"),
    status="not_affected",
    products=("pkg:generic/sink",),
    components=("pkg:npm/a@1",),
    justification="component_not_present",
    impact="i",
    time="2026-01-01T00:00:00Z",
)
BARE = Statement(ids=("CVE-2",), status="fixed", products=("pkg:npm/a", "pkg:npm/b"))


def test_entries() -> None:
    """What is not stated is left out."""
    assert entry(STATEMENT, "n") == {
        "vulnerability": {"name": "CVE-1", "aliases": ["GHSA-1"]},
        "products": [{"@id": "pkg:generic/sink", "subcomponents": [{"@id": "pkg:npm/a@1"}]}],
        "status": "not_affected",
        "timestamp": "2026-01-01T00:00:00Z",
        "status_notes": "n",
        "justification": "component_not_present",
        "impact_statement": "i",
    }
    assert entry(BARE) == {
        "vulnerability": {"name": "CVE-2"},
        "products": [{"@id": "pkg:npm/a"}, {"@id": "pkg:npm/b"}],
        "status": "fixed",
    }


def test_a_document_is_named_by_its_content() -> None:
    """The same statements give the same bytes, in whatever sequence, and by whatever version of the program."""
    entries = [entry(BARE), entry(STATEMENT)]
    made = document(entries, author="", time="2026-01-01T00:00:00Z", tooling="bomvet 1")

    assert made == {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": made["@id"],
        "author": "Unknown Author",
        "timestamp": "2026-01-01T00:00:00Z",
        "version": 1,
        "tooling": "bomvet 1",
        "statements": [entry(STATEMENT), entry(BARE)],
    }
    assert made["@id"] == document(entries[::-1], author="", time="2026-01-01T00:00:00Z", tooling="b")["@id"]
    assert made["@id"] != document(entries, author="Ada", time="2026-01-01T00:00:00Z", tooling="b")["@id"]


def test_what_is_written_can_be_read() -> None:
    """As the statement that it was."""
    made = document([entry(STATEMENT)], author="Ada", time="2026-01-01T00:00:00Z", tooling="b")

    assert read_openvex(made, "v.json").statements == (replace(STATEMENT, author="Ada", source="v.json"),)


_names = st.lists(st.sampled_from(["pkg:npm/a", "pkg:pypi/b@1", "https://x.example/"]), unique=True)


@given(
    st.builds(
        Statement,
        ids=_names.filter(bool).map(tuple),
        status=st.sampled_from(STATUSES),
        products=_names.filter(bool).map(tuple),
        components=_names.map(tuple),
        justification=st.sampled_from(["", *JUSTIFICATIONS]),
        impact=st.sampled_from(["", "i"]),
        action=st.sampled_from(["", "a"]),
        author=st.just("Ada"),
        time=st.just("2026-01-01T00:00:00Z"),
        source=st.just("v.json"),
    )
)
def test_every_statement_survives(statement: Statement) -> None:
    """Written and read again it is for the same products and components, in whatever grouping."""
    made = document([entry(statement)], author="Ada", time="2026-01-01T00:00:00Z", tooling="b")
    found = read_openvex(made, "v.json")

    assert found.problems == ()
    assert sorted(p for s in found.statements for p in s.products) == sorted(statement.products)
    assert {replace(s, products=statement.products) for s in found.statements} == {statement}


@pytest.mark.parametrize(("version", "following"), [(1, 2), ("7", 8), (None, 1), ("1.5", 1), ("9" * 20, 1), (True, 1)])
def test_one_more_statement(version: object, following: int) -> None:
    """The version counts on, whatever else stands in the document stays."""
    old = {**document([entry(BARE)], author="A", time="t", tooling="b"), "version": version, "role": "r"}
    made = with_entry(old, entry(STATEMENT), time="2026-02-01T00:00:00Z")

    assert made == {
        **old,
        "version": following,
        "last_updated": "2026-02-01T00:00:00Z",
        "statements": [entry(STATEMENT), entry(BARE)],
    }


def test_the_same_statement_again() -> None:
    """Nothing changes, unless another was made meanwhile."""
    old = document([entry(STATEMENT)], author="A", time="t", tooling="b")
    later, other = (
        replace(STATEMENT, time="2026-03-01T00:00:00Z"),
        replace(STATEMENT, status="fixed", time="2026-02-01"),
    )

    assert with_entry(old, entry(later), time="t") is None
    changed = with_entry(old, entry(other), time="t")
    assert changed
    back = with_entry(changed, entry(later), time="t")
    assert back
    assert [s["status"] for s in back["statements"]] == ["not_affected", "fixed", "not_affected"]


def test_entries_that_are_none_stay_as_they_are() -> None:
    """They are not ours to mend."""
    old: dict[str, Any] = {"@context": "https://openvex.dev/ns/v0.2.0", "version": 1, "statements": ["x"]}
    made = with_entry(old, entry(BARE), time="t")

    assert made
    assert "x" in made["statements"]


@pytest.mark.parametrize("context", ["https://openvex.dev/ns", "", None])
def test_another_version_of_openvex(context: object) -> None:
    """Two shapes in one document would be read by nobody."""
    with pytest.raises(UsageError, match=r"only OpenVEX 0\.2\.0 can be added to"):
        with_entry({"@context": context}, entry(BARE), time="t")


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({}, ""),
        ({"impact": ""}, ""),
        ({"justification": ""}, ""),
        ({"status": "fine"}, "the status must be one of"),
        ({"justification": "hope"}, "the justification must be one of"),
        ({"status": "fixed"}, "a justification is for not_affected alone"),
        ({"justification": "", "impact": ""}, "not_affected needs a justification or an impact statement"),
        ({"status": "affected", "justification": ""}, "affected needs an action statement"),
        ({"status": "affected", "justification": "", "action": "a"}, ""),
    ],
)
def test_what_openvex_forbids(changes: dict[str, Any], wrong: str) -> None:
    """By the table of fields in its specification."""
    found = problem(replace(STATEMENT, **changes))

    assert found.startswith(wrong)
    assert bool(found) is bool(wrong)
