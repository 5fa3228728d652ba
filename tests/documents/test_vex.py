"""VEX documents of whatever format: told apart, and bounded."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bomvet.documents import _vex as shared
from bomvet.documents import vex
from bomvet.documents._vex import Problems, moment, names
from bomvet.documents.vex import read_vex
from bomvet.errors import MalformedError

OPENVEX: dict[str, Any] = {
    "@context": "https://openvex.dev/ns/v0.2.0",
    "statements": [{"vulnerability": {"name": "CVE-1"}, "products": [{"@id": "pkg:npm/a"}], "status": "fixed"}],
}
CSAF = {
    "document": {"category": "csaf_vex", "csaf_version": "2.0"},
    "product_tree": {"full_product_names": [{"product_id": "A", "name": "a"}]},
    "vulnerabilities": [{"cve": "CVE-1", "product_status": {"fixed": ["A"]}}],
}
CYCLONEDX = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "vulnerabilities": [{"id": "CVE-1", "analysis": {"state": "resolved"}, "affects": [{"ref": "pkg:npm/a"}]}],
}


@pytest.mark.parametrize(
    ("document", "format_"), [(OPENVEX, "OpenVEX"), (CSAF, "CSAF"), (CYCLONEDX, "CycloneDX")], ids=["o", "c", "x"]
)
def test_formats_are_told_apart(document: dict[str, Any], format_: str) -> None:
    """By what the document says of itself, with or without a byte order mark."""
    for start in (b"", b"\xef\xbb\xbf"):
        found = read_vex(start + json.dumps(document).encode(), "v.json")

        assert (found.format, found.source, found.problems) == (format_, "v.json", ())
        assert [(s.ids, s.status) for s in found.statements] == [(("CVE-1",), "fixed")]


@pytest.mark.parametrize(
    "data",
    [b"{}", b"[]", b'"text"', b'{"statements": []}', b'{"document": []}', b'{"bomFormat": "SPDX"}'],
)
def test_json_that_is_no_vex(data: bytes) -> None:
    """It is refused with what a VEX document is."""
    with pytest.raises(MalformedError) as caught:
        read_vex(data, "v.json")

    assert str(caught.value) == "no VEX document, which is OpenVEX, CSAF (csaf_vex) or CycloneDX with analyses, in JSON"


def test_what_is_no_json_is_refused_with_its_line() -> None:
    """The line is that of the error."""
    with pytest.raises(MalformedError, match="not JSON") as caught:
        read_vex(b'{\n"a": 1,\n}', "v.json")

    assert caught.value.line == 2


def test_deep_json_is_refused() -> None:
    """However deep it is nested, nothing overflows."""
    for data in (b"[" * 1_000_000, b'{"a":' * 100_000 + b"1" + b"}" * 100_000):
        with pytest.raises(MalformedError):
            read_vex(data, "v.json")


def test_a_document_of_too_many_statements(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit it is refused, not cut."""
    monkeypatch.setattr(vex, "MAX_NAMED", 1)
    document = {**OPENVEX, "statements": OPENVEX["statements"] * 2}

    with pytest.raises(MalformedError, match="name more than 1 products"):
        read_vex(json.dumps(document).encode(), "v.json")


def test_problems_are_told_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first one by one, the rest as a number."""
    monkeypatch.setattr(shared, "MAX_PROBLEMS", 1)
    problems = Problems()
    problems.tell("a", "one")
    assert problems.all() == ("a: one",)

    problems.tell("b", "two")
    problems.tell("c", "three")
    assert problems.all() == ("a: one", "... and 2 more")


def test_names_beyond_the_limit_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a hostile document cannot be about everything."""
    monkeypatch.setattr(shared, "MAX_NAMES", 2)
    problems = Problems()

    assert names(["a", "", "b", "a", "c"], "p", problems) == ("a", "b")
    assert problems.all() == ("p: 3 names of one vulnerability, of which 2 are used",)


@pytest.mark.parametrize(
    ("stated", "read"),
    [
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
        ("2023-01-08T18:02:03.647787998-06:00", "2023-01-09T00:02:03.647787Z"),
        ("2026-01-02", "2026-01-02T00:00:00Z"),
        ("", ""),
        (None, ""),
    ],
)
def test_times(stated: object, read: str) -> None:
    """In UTC, whatever zone they are written in; without a zone they are taken for UTC."""
    problems = Problems()

    assert (moment(stated, "p", problems), problems.all()) == (read, ())


@pytest.mark.parametrize("stated", ["yesterday", "0001-01-01T00:00:00+23:00", "2026-13-01"])
def test_a_time_that_is_none_is_told(stated: str) -> None:
    """It counts as no time."""
    problems = Problems()

    assert moment(stated, "p", problems) == ""
    assert problems.all() == (f"p: {stated!r} is no time such as 2026-01-31T12:00:00Z",)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["pkg:npm/a", "not_affected"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def _changed(document: Any, draw: Any) -> Any:
    """`document` with some value exchanged for another."""
    if isinstance(document, dict) and document and draw(st.integers(0, 3)):
        key = draw(st.sampled_from(sorted(document)))
        return {**document, key: _changed(document[key], draw)}
    if isinstance(document, list) and document and draw(st.integers(0, 3)):
        return [_changed(document[0], draw), *document[1:]]
    return draw(_json)


@given(st.data(), st.sampled_from([OPENVEX, CSAF, CYCLONEDX]))
def test_whatever_stands_in_a_document(data: st.DataObject, document: dict[str, Any]) -> None:
    """A document with any value anywhere is read or refused, never a defect."""
    for _ in range(3):
        document = changed if isinstance(changed := _changed(document, data.draw), dict) else document
    try:
        found = read_vex(json.dumps(document).encode("utf-8", "surrogatepass"), "v.json")
    except MalformedError:
        return
    for statement in found.statements:
        assert statement.ids
        assert statement.products
        assert statement.status in shared.STATUSES
