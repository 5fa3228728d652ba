"""A VEX document of whatever format: OpenVEX, CSAF or CycloneDX, each in JSON, told apart by what it says of itself."""

from __future__ import annotations

from typing import Any

from bomvet.documents._vex import MAX_NAMED, VexDocument
from bomvet.documents.csaf_vex import is_csaf, read_csaf_vex
from bomvet.documents.cyclonedx import is_cyclonedx
from bomvet.documents.cyclonedx_vex import read_cyclonedx_vex
from bomvet.documents.openvex import is_openvex, read_openvex
from bomvet.errors import MalformedError

_KINDS = "OpenVEX, CSAF (csaf_vex) or CycloneDX with analyses"


def read_vex(data: bytes, source: str) -> VexDocument:
    """What the document `data`, of the file `source`, states; raises `MalformedError` where it is none.

    What a document of a known format says and is not understood stands in its problems.
    """
    document = _loaded(data)
    if is_openvex(document):
        found = read_openvex(document, source)
    elif is_csaf(document):
        found = read_csaf_vex(document, source)
    elif is_cyclonedx(document):
        found = read_cyclonedx_vex(document, source)
    else:
        raise MalformedError(f"no VEX document, which is {_KINDS}, in JSON")
    if sum(len(s.products) + len(s.components) for s in found.statements) > MAX_NAMED:
        raise MalformedError(f"its statements name more than {MAX_NAMED:,} products and components")
    return found


def _loaded(data: bytes) -> dict[str, Any]:
    import orjson  # noqa: PLC0415 - as in all edges

    try:
        document = orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise MalformedError(f"no VEX document, which is {_KINDS}: not JSON: {error.msg}", line=error.lineno) from None
    return document if isinstance(document, dict) else {}
