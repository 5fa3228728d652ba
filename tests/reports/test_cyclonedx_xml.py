"""CycloneDX in XML: valid in every version, and it says all that the JSON says."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from cyclonedx.contrib.bom.utils import BomRefDiscriminator
from cyclonedx.model.bom import Bom
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from bomvet.model.facts import AdvisoryAnswer, Epss, Facts, Standing
from bomvet.model.inventory import Component, Inventory
from bomvet.model.records import replace
from bomvet.plugin import RenderOptions, Report, load
from bomvet.reports.cyclonedx_json import CYCLONEDX_JSON
from bomvet.reports.cyclonedx_xml import CYCLONEDX_XML
from tests.reports import samples
from tests.reports.samples import ALPHA, KNOWN, SAMPLES, SCAN, SPEC_VERSIONS, package, result
from tests.reports.schemas import xml_faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.model.result import ScanResult

EVERY_SAMPLE = pytest.mark.parametrize("name", SAMPLES)
EVERY_VERSION = pytest.mark.parametrize("version", SPEC_VERSIONS)
MODEST = settings(deadline=None, max_examples=20, derandomize=True)


def parsed(result: ScanResult, version: str = "1.6") -> Any:
    """The root element, with the namespace taken out of the names."""
    root = etree.fromstring(CYCLONEDX_XML.render(result, RenderOptions(spec_version=version)))
    for element in root.iter():
        element.tag = element.tag.removeprefix(f"{{http://cyclonedx.org/schema/bom/{version}}}")
    return root


def as_json(result: ScanResult, version: str = "1.6") -> dict[str, Any]:
    """The JSON document of the same result."""
    document: dict[str, Any] = json.loads(CYCLONEDX_JSON.render(result, RenderOptions(spec_version=version)))
    return document


@EVERY_VERSION
@EVERY_SAMPLE
def test_documents_are_valid(name: str, version: str) -> None:
    """Every sample satisfies the official schema of the version that was asked for."""
    data = CYCLONEDX_XML.render(SAMPLES[name], RenderOptions(spec_version=version))
    assert xml_faults(data, version) == []


@EVERY_VERSION
def test_the_schema_check_can_fail(version: str) -> None:
    """The validator of the tests refuses a wrong scope and an element of another namespace."""
    data = CYCLONEDX_XML.render(KNOWN, RenderOptions(spec_version=version))
    assert len(xml_faults(data.replace(b"<scope>required<", b"<scope>sometimes<", 1), version)) == 1
    assert len(xml_faults(data.replace(b"schema/bom/", b"schema/bom/0"), version)) == 1


@MODEST
@given(samples.inventories(most=4), st.sampled_from(SPEC_VERSIONS))
def test_generated_documents_are_valid_and_say_the_same(inventory: Inventory, version: str) -> None:
    """Whatever an inventory holds, the XML satisfies the schema and holds every value of the JSON."""
    found = result(inventory)
    assert xml_faults(CYCLONEDX_XML.render(found, RenderOptions(spec_version=version)), version) == []
    assert said_in_xml(parsed(found, version)) == said_in_json(as_json(found, version))


@MODEST
@given(samples.HOSTILE_TEXT, samples.HOSTILE_TEXT, st.sampled_from(SPEC_VERSIONS))
def test_any_text_gives_a_valid_document(one: str, other: str, version: str) -> None:
    """Whatever text a hostile file holds, the XML satisfies the schema and holds every value of the JSON."""
    found = samples.hostile(one, other)
    assert xml_faults(CYCLONEDX_XML.render(found, RenderOptions(spec_version=version)), version) == []
    assert said_in_xml(parsed(found, version)) == said_in_json(as_json(found, version))


# -- the same as in JSON ---------------------------------------------------------------------------------------


@EVERY_VERSION
@EVERY_SAMPLE
def test_all_that_the_json_says_is_in_the_xml(name: str, version: str) -> None:
    """Every value of the JSON stands in the XML, the same number of times, and no other does."""
    found = SAMPLES[name]
    assert said_in_xml(parsed(found, version)) == said_in_json(as_json(found, version))


def said_in_json(document: dict[str, Any]) -> Counter[str]:
    """Every value with its key, without those that in XML the namespace says."""
    for key in ("$schema", "bomFormat", "specVersion"):
        del document[key]
    return Counter(_pairs(document, ""))


#: What XML calls otherwise than JSON does.
_SINGULAR = {
    "endpoints": "endpoint",
    "cwes": "cwe",
    "dependsOn": "ref",
    "assemblies": "ref",
    "dependencies": "ref",
    "response": "response",
    "claims": "claim",
    "counterClaims": "counterClaim",
}


def _pairs(value: Any, key: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            # An element with an attribute holds the rest as its text.
            yield from _pairs(item, "" if name in ("content", "value") and len(value) == 2 else name)
    elif isinstance(value, list):
        for item in value:
            yield from _pairs(item, _SINGULAR.get(key, key))
    else:
        text = json.dumps(value) if isinstance(value, bool | int) else str(value)
        yield _pair("" if key in ("expression", "classification") else key, text)


def said_in_xml(root: Any) -> Counter[str]:
    """Every text and attribute with the name of its element."""
    found: Counter[str] = Counter()
    for element in root.iter():
        text = element.text or ""
        if text.strip(" \r\n\t") or element.tag == "property" or not (len(element) or element.attrib):
            name = "" if element.tag in ("property", "hash", "expression", "classification") else element.tag
            found[_pair(name, text)] += 1
        found.update(_pair(name, value) for name, value in element.attrib.items())
    return found


def _pair(name: str, text: str) -> str:
    """A value without what the module docstring says is written differently."""
    text = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", lambda m: m[0].encode("unicode_escape").decode(), text)
    text = re.sub(r"[ \r\n\t]+", " ", text).strip(" ")
    if name in ("timestamp", "published", "updated"):
        text = dt.datetime.fromisoformat(text).astimezone(dt.UTC).isoformat()
    return f"{name}={text}"


@EVERY_VERSION
def test_the_serial_number_is_that_of_the_json(version: str) -> None:
    """Both forms of one document are one document."""
    root = parsed(SCAN, version)
    assert (root.get("serialNumber"), root.get("version")) == (as_json(SCAN, version)["serialNumber"], "1")


def test_compositions() -> None:
    """Completeness, which the library has no model of, stands behind the dependencies, with references."""
    root = parsed(samples.SPARSE)
    assert [child.tag for child in root] == ["metadata", "components", "dependencies", "compositions"]
    found = [
        (c.findtext("aggregate"), [(m.tag, m.get("ref")) for m in c.iterfind("*/*")])
        for c in root.iterfind("compositions/*")
    ]
    assert found == [
        ("incomplete", [("assembly", "pkg:generic/app")]),
        ("incomplete", [("dependency", "pkg:pypi/extra@1.0")]),
        (
            "unknown",
            [
                ("dependency", ref)
                for ref in (
                    "pkg:generic/app",
                    "pkg:generic/member?path=packages/member",
                    "pkg:pypi/loose",
                    "pkg:pypi/tests-only@1.0",
                )
            ],
        ),
    ]


def test_compositions_stand_before_vulnerabilities() -> None:
    """The order is that of the schema also where vulnerabilities follow."""
    tags = [child.tag for child in parsed(SCAN)]
    assert tags == ["metadata", "components", "dependencies", "compositions", "vulnerabilities"]


def test_vectors_keep_their_prefix_and_moments_their_digits() -> None:
    """The library cuts `CVSS:3.1/` off and rounds seconds; the report does not."""
    assert parsed(SCAN).findtext("metadata/timestamp") == samples.TIME
    assert [u.text for u in parsed(SCAN).iter("updated")] == ["2026-01-02T03:04:05.123456789Z"]
    vectors = {
        v.findtext("id"): v.findtext("ratings/rating/vector")
        for v in parsed(SCAN).iterfind("vulnerabilities/vulnerability")
    }
    assert vectors == {
        **{f"CVE-2026-{n}": vector for n, vector in enumerate(samples.VECTORS)},
        "CVE-2026-20": None,
        "CVE-2026-21": None,
        "CVE-2026-22": samples.VECTORS[0],
    }


def test_the_chance_of_exploitation_is_a_rating() -> None:
    """EPSS stands beside the severity, which keeps its vector."""
    (found,) = [v for v in parsed(SCAN).iter("vulnerability") if v.findtext("id") == "CVE-2026-22"]
    ratings = [(r.findtext("source/name"), r.findtext("score"), r.findtext("method")) for r in found.iter("rating")]
    assert sorted(ratings, key=str) == [("FIRST EPSS", "0.94", "other"), ("GHSA", "7.5", "CVSSv31")]


def test_a_small_chance_has_no_exponent() -> None:
    """The schema's decimals have none."""
    weakness = replace(samples.MATCHES[-1], epss=Epss(score=0.00001, percentile=0, date="2026-11-24", model="m"))
    facts = Facts(advisories={ALPHA.purl: AdvisoryAnswer(standing=Standing.KNOWN, matches=(weakness,))})
    scores = [r.findtext("score") for r in parsed(replace(SCAN, facts=facts)).iter("rating")]
    assert sorted(scores, key=str) == ["0.00001", "7.5"]


def test_purls_are_written_as_they_are() -> None:
    """A purl in a spelling that the library would change, or that it refuses, stands as in the JSON."""
    odd = Component(purl="pkg:pypi/%0D", name="\r")
    root = parsed(result(Inventory(components=(package("a;b"), odd, package("x")))))
    purls = {c.get("bom-ref"): c.findtext("purl") for c in root.iterfind("components/component")}
    assert purls == {purl: purl for purl in ("pkg:pypi/%0D", "pkg:pypi/a%3Bb@1.0", "pkg:pypi/x@1.0")}


def test_characters_that_xml_cannot_hold_are_escaped() -> None:
    """Control characters appear as escapes, in a reference and where it leads alike."""
    data = CYCLONEDX_XML.render(samples.ODD, RenderOptions())
    root = parsed(samples.ODD)
    assert not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]", data)
    assert [s.get("bom-ref") for s in root.iterfind("services/service")] == ["svc:odd/\\x01"]
    assert "svc:odd/\\x01" in [d.get("ref") for d in root.iterfind("dependencies/dependency/dependency")]
    (text,) = [c.findtext("description") for c in root.iterfind("components/component") if c.findtext("description")]
    assert text == "a\\x00\\x08\\x1b[31m\x7f\u2028\\ufffe\U0001f40d b c"


# -- how it is written -----------------------------------------------------------------------------------------


@EVERY_SAMPLE
def test_output_is_the_same_each_time(name: str) -> None:
    """The same result gives the same bytes, which start with a declaration and end with one line end."""
    first, second = (CYCLONEDX_XML.render(SAMPLES[name], RenderOptions()) for _ in range(2))
    assert first == second
    assert first.startswith(
        b"<?xml version='1.0' encoding='utf-8'?>\n<bom xmlns=\"http://cyclonedx.org/schema/bom/1.6\""
    )
    assert first.endswith(b"</bom>\n")


@MODEST
@given(samples.inventories(most=4), st.randoms(use_true_random=False))
def test_order_of_construction_does_not_matter(inventory: Inventory, chance: Any) -> None:
    """Results that are equal give equal bytes."""
    again = samples.shuffled(inventory, [chance.random() for _ in range(200)])
    options = RenderOptions()
    assert CYCLONEDX_XML.render(result(again), options) == CYCLONEDX_XML.render(result(inventory), options)


def test_the_quadratic_steps_of_the_library_are_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time stays linear: no component is compared with all others to register it or to tell references apart."""

    def quadratic(*_: object, **__: object) -> None:
        raise AssertionError("quadratic")

    monkeypatch.setattr(Bom, "register_dependency", quadratic)
    monkeypatch.setattr(BomRefDiscriminator, "discriminate", quadratic)
    assert len(parsed(samples.MANY).findall("components/component")) == 151


def test_the_report_is_found_by_its_name() -> None:
    """`-f cyclonedx-xml` finds the report, which says what it writes."""
    report = load("bomvet.reports", "cyclonedx-xml", Report)
    assert report is CYCLONEDX_XML
    assert (report.media_type, report.extension) == ("application/vnd.cyclonedx+xml", ".cdx.xml")
