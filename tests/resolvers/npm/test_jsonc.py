"""JSON with comments and trailing commas."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bomvet.errors import MalformedError
from bomvet.resolvers.npm._jsonc import load_jsonc

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(alphabet='ab,]}"\\/*\n é', max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet="ab,/*}]", max_size=3), inner),
    max_leaves=8,
)


@given(value=st.dictionaries(st.text(max_size=3), VALUES, max_size=4))
def test_plain_json_is_itself(value: dict[str, object]) -> None:
    """Texts that look like comments and commas are left alone."""
    assert load_jsonc(json.dumps(value).encode()) == (value, [])
    assert load_jsonc(json.dumps(value, indent=2).encode()) == (value, [])


@given(value=st.dictionaries(st.text(max_size=3), VALUES, max_size=4))
def test_commas_and_comments_change_nothing(value: dict[str, object]) -> None:
    """With a trailing comma and a comment after every token it is the same."""
    text = json.dumps(value, separators=(",/* , } */", ":// ]\n"))
    loose = "// first\n" + text[:-1] + (",\n" if value else "") + "/* last\n */}\n"

    assert load_jsonc(loose.encode()) == (value, [])


def test_keys_that_stand_twice_are_told() -> None:
    """The last counts, and none is lost silently."""
    assert load_jsonc(b'{"a": 1, "b": {"c": 1, "c": 2}, "a": 3, "a": 4}') == ({"a": 4, "b": {"c": 2}}, ["c", "a", "a"])


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", ("not JSON: Expecting value", 1)),
        (b"[]", ("no JSON object", 1)),
        (b'{"a": 1\n"b"}', ("not JSON: Expecting ',' delimiter", 2)),
        (b'{/* \n\n */ "a": }', ("not JSON: Expecting value", 3)),
        (b'{\n"a": "\xff"}', ("not UTF-8", 2)),
        (b'{"a": ' + b"/*" * 500_000, ("not JSON: Expecting value", 1)),
        (b'{"a": "' + b'\\"' * 500_000, ("not JSON: Unterminated string starting at", 1)),
        (b'{"a": 1' + b", " * 500_000, ("not JSON: Expecting property name enclosed in double quotes", 1)),
        (b'{"a": NaN}', ("not usable JSON (ValueError)", 0)),
        (b'{"a": ' + b"1" * 5000 + b"}", ("not usable JSON (ValueError)", 0)),
        (b'{"a": ' + b"[" * 200_000, ("not usable JSON (RecursionError)", 0)),
    ],
    ids=range(11),
)
def test_what_is_refused(data: bytes, expected: tuple[str, int]) -> None:
    """The line is that of the file, comments included."""
    with pytest.raises(MalformedError) as caught:
        load_jsonc(data)
    assert (str(caught.value), caught.value.line) == expected
