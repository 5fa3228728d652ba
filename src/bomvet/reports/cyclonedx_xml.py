r"""CycloneDX 1.4 to 1.7 as XML.

The document is that of the JSON report, with its serial number; cyclonedx-python-lib reads it and builds the
XML.  What the library leaves out or rewrites is put in afterwards: `compositions` and `declarations`, which it has no
model of, the prefix of CVSS vectors (`CVSS:3.1/`), which it cuts off, the scores of EPSS, which it rounds, and purls
and moments, which it spells its own way.

What XML says differently from JSON, since the library or the XML schema does not let it be said otherwise:

- lists that stand for sets (components, hashes, references, properties) are in the library's order;
- in most fields runs of line ends and tabs become blanks (the schema's `normalizedString`);
- characters that XML cannot hold are written as the escapes of a Python string, such as `\x1b`.
"""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import orjson

from bomvet.plugin import RenderOptions, Report
from bomvet.reports import _cyclonedx
from bomvet.reports._json import collector_paused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bomvet.model.result import ScanResult

_UNWRITABLE = re.compile(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: Per list of a composition, the element of its members.
_MEMBERS = {"assemblies": "assembly", "dependencies": "dependency"}
#: Per list within `declarations`, the element of its members; other lists repeat an element of their own name.
_DECLARED = {"assessors": "assessor", "attestations": "attestation", "claims": "claim", "counterClaims": "counterClaim"}
#: What our components have behind their purl, in the schema's sequence.
_AFTER_PURL = frozenset({"externalReferences", "properties", "evidence"})


def render(result: ScanResult, options: RenderOptions) -> bytes:
    """The document, indented, with a final line end."""
    with collector_paused():
        return _rendered(result, options)


def _rendered(result: ScanResult, options: RenderOptions) -> bytes:
    document = orjson.loads(_cyclonedx.render(result, options.spec_version))
    declarations = document.pop("declarations", {})
    components = [*document["components"], *filter(None, [document["metadata"].get("component")])]
    purls = {component["bom-ref"]: component.pop("purl") for component in components}
    _number_occurrences(components)
    bom = _built(document)
    _add_purls(bom, purls)
    _drop_numbers(bom)
    _restore(bom, document)
    _add_compositions(bom, document.get("compositions", ()))
    _add_declarations(bom, declarations)
    _escape(bom)
    indent(bom)
    text: bytes = tostring(bom, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _built(document: dict[str, Any]) -> Element:
    """The library's XML of `document`, in the default namespace.

    `as_xml` is the step of the library's outputter that builds elements.  The steps around it are left out: both
    compare every component with every other (`Bom.register_dependency`, `BomRefDiscriminator`; 25 s at 5,000
    components), to make sure that references are unique and each has its entry in `dependencies`, which holds
    of our document already.  So no method of the library has to be replaced, and threads do not meet.
    """
    from cyclonedx.model.bom import Bom  # noqa: PLC0415 - a third of a second, for this format alone
    from cyclonedx.schema import SchemaVersion  # noqa: PLC0415
    from cyclonedx.schema.deprecation import BaseSchemaDeprecationWarning  # noqa: PLC0415
    from cyclonedx.schema.schema import SCHEMA_VERSIONS  # noqa: PLC0415

    version = document["specVersion"]
    # The filters belong to the process: a thread that warns at this moment may go unheard, which does no harm.
    with warnings.catch_warnings():
        # Of fields that newer versions of the specification replaced, and an older one is asked for.
        warnings.simplefilter("ignore", BaseSchemaDeprecationWarning)
        bom: Any = Bom.from_json(document)  # type: ignore[attr-defined]
        element: Element = bom.as_xml(SCHEMA_VERSIONS[SchemaVersion.from_version(version)], as_string=False, xmlns="")
    # Written in this order: the namespace first, as people know it.
    attributes = {"xmlns": f"http://cyclonedx.org/schema/bom/{version}", **element.attrib}
    element.attrib.clear()
    element.attrib.update(attributes)
    return element


def _number_occurrences(components: Iterable[dict[str, Any]]) -> None:
    """Keep occurrences in order: the library sorts them by their bom-ref alone, and those without one at random."""
    for component in components:
        for number, occurrence in enumerate(component.get("evidence", {}).get("occurrences", ())):
            occurrence["bom-ref"] = f"{number:09}"


def _drop_numbers(bom: Element) -> None:
    for occurrence in bom.iter("occurrence"):
        del occurrence.attrib["bom-ref"]


def _add_purls(bom: Element, purls: dict[str, str]) -> None:
    """Give each component its purl as it is: the library writes some in another spelling and refuses others."""
    for component in bom.iter("component"):
        if (ref := component.get("bom-ref")) in purls:
            purl = Element("purl")
            purl.text = purls[ref]
            after = [child.tag in _AFTER_PURL for child in component]
            component.insert(after.index(True) if True in after else len(after), purl)


def _restore(bom: Element, document: dict[str, Any]) -> None:
    """Write CVSS vectors, scores of EPSS and moments as they are: the library cuts prefixes off and rounds."""
    (timestamp,) = bom.iterfind("metadata/timestamp")
    timestamp.text = document["metadata"]["timestamp"]
    items = {item["bom-ref"]: item for item in document.get("vulnerabilities", ())}
    for vulnerability in bom.iterfind("vulnerabilities/vulnerability"):
        item = items[vulnerability.get("bom-ref")]
        values = {"vector": item["ratings"][0].get("vector"), **item}  # of ours only the first has one
        for tag in ("vector", "published", "updated"):
            for element in vulnerability.iter(tag):
                element.text = values[tag]
        # In XML a decimal has no exponent.
        scores = {r["source"]["name"]: f"{r['score']:.9f}".rstrip("0").rstrip(".") for r in item["ratings"][1:]}
        for rating in vulnerability.iter("rating"):
            score = rating.find("score")
            if score is not None and (exact := scores.get(rating.findtext("source/name") or "")):
                score.text = exact


def _add_compositions(bom: Element, compositions: Iterable[dict[str, Any]]) -> None:
    """Put `compositions` where the schema's sequence has them: after the dependencies."""
    parent = Element("compositions")
    for item in compositions:
        composition = SubElement(parent, "composition")
        SubElement(composition, "aggregate").text = item["aggregate"]
        for key, member in _MEMBERS.items():
            if key in item:
                SubElement(composition, key).extend(Element(member, ref=ref) for ref in item[key])
    if len(parent):
        bom.insert([child.tag for child in bom].index("dependencies") + 1, parent)


def _add_declarations(bom: Element, declarations: dict[str, list[dict[str, Any]]]) -> None:
    """Put `declarations` where the schema's sequence has them: last, of all that our documents have."""
    if not declarations:
        return
    parent = SubElement(bom, "declarations")
    for key, items in declarations.items():
        group = SubElement(parent, key)
        for item in items:
            _fill(SubElement(group, _DECLARED.get(key, key)), item)


def _fill(element: Element, item: dict[str, Any] | str) -> None:
    """The members of `item`, which are in the schema's sequence already."""
    if isinstance(item, str):
        element.text = item
        return
    for key, value in item.items():
        if key == "bom-ref":
            element.set(key, value)
            continue
        member = _DECLARED.get(key, "")
        parent = SubElement(element, key) if member else element
        for one in value if isinstance(value, list) else [value]:
            _fill(SubElement(parent, member or key), one)


def _escape(bom: Element) -> None:
    """Replace the characters that XML cannot hold, the same in a reference and where it leads."""
    for element in bom.iter():
        if element.text and _UNWRITABLE.search(element.text):
            element.text = _UNWRITABLE.sub(_shown, element.text)
        for name, value in element.items():
            if _UNWRITABLE.search(value):
                element.set(name, _UNWRITABLE.sub(_shown, value))


def _shown(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode()


CYCLONEDX_XML = Report(
    id="cyclonedx-xml",
    title="CycloneDX 1.4-1.7, XML",
    media_type="application/vnd.cyclonedx+xml",
    extension=".cdx.xml",
    render=render,
)
