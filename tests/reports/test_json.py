"""bomvet's own JSON: the whole result, readable again."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema_rs
import orjson
import pytest

from bomvet.model.inventory import Distribution, Inventory
from bomvet.model.result import ScanResult
from bomvet.plugin import RenderOptions, Report, load
from bomvet.reports.json import JSON
from tests.reports.samples import KNOWN, SAMPLES, package, result

EVERY_SAMPLE = pytest.mark.parametrize("name", SAMPLES)


@EVERY_SAMPLE
def test_the_result_reads_back(name: str) -> None:
    """Nothing is lost: the document gives the same result again."""
    assert ScanResult.from_dict(json.loads(JSON.render(SAMPLES[name], RenderOptions()))) == SAMPLES[name]


@EVERY_SAMPLE
def test_documents_satisfy_their_schema(name: str) -> None:
    """The document has the shape that the schema of results states."""
    document = json.loads(JSON.render(SAMPLES[name], RenderOptions()))
    faults = [e.message for e in jsonschema_rs.validator_for(ScanResult.schema_document()).iter_errors(document)]
    assert faults == []


@EVERY_SAMPLE
def test_output_ends_with_one_line_end_and_is_indented(name: str) -> None:
    """The text is that of `to_dict`, indented by two."""
    expected = orjson.dumps(SAMPLES[name].to_dict(), option=orjson.OPT_INDENT_2) + b"\n"
    assert JSON.render(SAMPLES[name], RenderOptions()) == expected


def test_spec_version_and_colour_mean_nothing() -> None:
    """Options of other formats leave the document as it is."""
    options = RenderOptions(spec_version="1.4", color=True, width=200)
    assert JSON.render(KNOWN, options) == JSON.render(KNOWN, RenderOptions())


def test_what_json_libraries_refuse_is_written_all_the_same() -> None:
    """Bytes that are no text are shown escaped, and an integer beyond 64 bits keeps all its digits."""
    huge = package("x", distributions=(Distribution(url="x.whl", size=2**70),))
    odd = replace(result(Inventory(components=(huge,))), tool="0.1-\udcff", time="\ud800")
    document = json.loads(JSON.render(odd, RenderOptions()))
    assert document["inventory"]["components"][0]["distributions"][0]["size"] == 2**70
    assert (document["tool"], document["time"]) == (r"0.1-\xed\xb3\xbf", r"\xed\xa0\x80")


def test_the_report_is_found_by_its_name() -> None:
    """`-f json` finds the report, which says what it writes."""
    report = load("bomvet.reports", "json", Report)
    assert report is JSON
    assert (report.media_type, report.extension) == ("application/json", ".json")
