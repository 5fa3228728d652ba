"""Whatever a scan finds survives being written and read, and what is written is what the schema promises."""

from __future__ import annotations

import json

import jsonschema_rs
from hypothesis import given, settings
from hypothesis import strategies as st

from bomvet.model.result import ScanResult
from tests.property.strategies import TEXT, records

RESULTS = records(ScanResult, TEXT, schema=st.sampled_from(["1.0", "1.7"]))
#: Fields whose keys are data.
MAPS = {"advisories", "drift", "sources", "releases", "catalogues", "conditions", "provenance", "identities"}
VALIDATOR = jsonschema_rs.validator_for(ScanResult.schema_document())


@settings(deadline=None, max_examples=60, derandomize=True)
@given(RESULTS)
def test_a_result_survives_json(result: ScanResult) -> None:
    """`from_dict` is the inverse of `to_dict`, also through JSON text."""
    text = json.dumps(result.to_dict())

    assert ScanResult.from_dict(json.loads(text)) == result


@settings(deadline=None, max_examples=60, derandomize=True)
@given(RESULTS)
def test_every_result_fits_the_schema(result: ScanResult) -> None:
    """`to_dict` gives what `schema_document` describes."""
    assert [error.message for error in VALIDATOR.iter_errors(result.to_dict())] == []


@settings(deadline=None, max_examples=20, derandomize=True)
@given(RESULTS)
def test_what_a_later_version_adds_is_left_aside(result: ScanResult) -> None:
    """Keys that this version does not know, at any depth, change nothing."""
    assert ScanResult.from_dict(_with_additions(result.to_dict())) == result


def _with_additions(value: object, *, is_map: bool = False) -> object:
    """`value` with one more key in every record; the keys of a map are data, and stay."""
    if isinstance(value, list):
        return [_with_additions(item) for item in value]
    if not isinstance(value, dict):
        return value
    grown = {key: _with_additions(item, is_map=key in MAPS) for key, item in value.items()}
    return grown if is_map else {**grown, "added later": {"x": [1]}}
