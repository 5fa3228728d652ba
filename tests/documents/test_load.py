"""Which kind of document a file is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bomvet.documents.load import read_document
from bomvet.errors import MalformedError
from bomvet.model.diff import Described
from bomvet.model.inventory import Component, Inventory
from tests.reports.samples import KNOWN, package, result

BOM = {"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{"name": "a", "scope": "required"}]}


def data(document: Any) -> bytes:
    """The file."""
    return json.dumps(document).encode()


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b"\n\t "])
def test_cyclonedx(start: bytes) -> None:
    """With a byte order mark or blanks, too."""
    assert read_document(start + data(BOM), "bom.json") == Described(
        source="bom.json",
        kind="cyclonedx",
        inventory=Inventory(components=(Component(purl="a", name="a"),)),
    )


def test_a_result_of_bomvet() -> None:
    """With everything that it holds."""
    found = read_document(data(KNOWN.to_dict()), "result.json")

    assert found == Described(source="result.json", kind="bomvet", inventory=KNOWN.inventory)


def test_a_result_with_one_purl_twice() -> None:
    """It is brought into the canonical form."""
    document = result(Inventory(components=(package("a"),))).to_dict()
    document["inventory"]["components"] *= 2
    found = read_document(data(document), "x")

    assert found is not None
    assert len(found.inventory.components) == 1


@pytest.mark.parametrize(
    "other",
    [
        b"",
        b"a==1\n",
        b"[1]",
        b"{",
        b'{"name": "app", "lockfileVersion": 3}',
        b"<project/>",
        b"version = 1\n",
        b"\xff\xfe{\x00",
    ],
)
def test_what_may_be_anything_else(other: bytes) -> None:
    """Lock files are for those who read them."""
    assert read_document(other, "x") is None


@pytest.mark.parametrize(
    ("content", "message", "line"),
    [
        (b'{\n"bomFormat": "CycloneDX",,', "not JSON", 2),
        (b'<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.6"/>', "CycloneDX in XML is not read", 0),
        (data({**BOM, "specVersion": "3"}), "CycloneDX '3' is not read, only 1.2 to 1.7", 0),
        (data({"spdxVersion": "SPDX-2.3"}), "SPDX is not read", 0),
        (data({"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}), "SPDX is not read", 0),
        (data({**KNOWN.to_dict(), "schema": "2.0"}), "no result of bomvet that this version reads: schema", 0),
        (data({**KNOWN.to_dict(), "inventory": 1}), "reads: inventory: expected dict, found int", 0),
    ],
)
def test_documents_that_cannot_be_read(content: bytes, message: str, line: int) -> None:
    """What says of itself that it is a document is refused with the reason."""
    with pytest.raises(MalformedError) as caught:
        read_document(content, "x")

    assert message in str(caught.value)
    assert caught.value.line == line
