"""A file that describes software already: which kind of document it is, and its inventory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bomvet.documents.cyclonedx import is_cyclonedx, read_cyclonedx
from bomvet.errors import MalformedError
from bomvet.model.diff import PROVED, Described
from bomvet.model.records import replace

if TYPE_CHECKING:
    from bomvet.model.inventory import Component
    from bomvet.model.provenance import ProvenanceAnswer

_STARTS = (b"{", b"\xef\xbb\xbf")
_OUR_KEYS = frozenset({"schema", "tool", "target", "inventory"})


def read_document(data: bytes, name: str) -> Described | None:
    """What the file `name` describes; None where it is no such document but may be anything else.

    Raises `MalformedError` where it says that it is one and cannot be read, or is one of a kind that is not read.
    """
    start = data[:200].lstrip()
    if b"cyclonedx.org/schema/bom" in data[:1000] and start.startswith((b"<", b"\xef\xbb\xbf<")):
        raise MalformedError("CycloneDX in XML is not read, only in JSON")
    if not start.startswith(_STARTS):
        return None
    document = _loaded(data)
    if is_cyclonedx(document):
        inventory, has_scopes = read_cyclonedx(document, name)
        return Described(source=name, kind="cyclonedx", inventory=inventory, has_scopes=has_scopes)
    if "spdxVersion" in document or "spdx.org" in str(document.get("@context"))[:200]:
        raise MalformedError("SPDX is not read, only CycloneDX and results of bomvet, both in JSON")
    return _result(document, name) if document.keys() >= _OUR_KEYS else None


def _loaded(data: bytes) -> dict[str, Any]:
    """The object that `data` holds, empty where it holds none; whoever reads such files tells what is wrong."""
    import orjson  # noqa: PLC0415 - as in all edges

    try:
        document = orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        if b'"bomFormat"' in data[:10_000]:
            raise MalformedError(f"not JSON: {error.msg}", line=error.lineno) from None
        return {}
    return document if isinstance(document, dict) else {}


def _result(document: dict[str, Any], name: str) -> Described:
    from bomvet.model.codec import DecodeError  # noqa: PLC0415 - not needed for an SBOM
    from bomvet.model.inventory import Inventory  # noqa: PLC0415
    from bomvet.model.result import ScanResult  # noqa: PLC0415

    try:
        result = ScanResult.from_dict(document)
    except DecodeError as error:
        raise MalformedError(f"no result of bomvet that this version reads: {error}") from None
    answers = result.facts.provenance
    components = [_with(c, answers[c.purl]) if c.purl in answers else c for c in result.inventory.components]
    inventory = Inventory.merge([replace(result.inventory, components=tuple(components))])
    return Described(source=name, kind="bomvet", inventory=inventory)


def _with(component: Component, answer: ProvenanceAnswer) -> Component:
    """`component` with what an SBOM says of who built it."""
    who = answer.identity
    subject = who.subject if who and not who.repository else ""
    values = (answer.status.value, *((who.issuer, who.repository, who.workflow, subject) if who else ()))
    stated = [(name, value) for name, value in zip(PROVED, values, strict=False) if value]
    return replace(component, properties=tuple(sorted((*component.properties, *stated))))
