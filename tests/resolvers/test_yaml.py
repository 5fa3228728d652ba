"""YAML of the scanned project: what is read, and what is refused with its line."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bomvet.errors import MalformedError
from bomvet.resolvers._yaml import load_mapping, load_mappings


def refused(data: bytes) -> tuple[str, int]:
    """Message and line of the refusal."""
    with pytest.raises(MalformedError) as caught:
        load_mapping(data)
    return str(caught.value), caught.value.line


def test_a_mapping_is_read_with_or_without_a_byte_order_mark() -> None:
    """Scalars are those of YAML 1.2: `no` and dates are texts, numbers are numbers."""
    text = "a: {b: [x, 'y']}\nno: no\nday: 2024-01-02\nn: 1.10\nk: >-\n  x\n  y\n"

    expected = {"a": {"b": ["x", "y"]}, "no": "no", "day": "2024-01-02", "n": 1.1, "k": "x y"}
    assert load_mapping(text.encode()) == load_mapping(b"\xef\xbb\xbf" + text.encode()) == expected


def test_several_documents_are_read_where_they_are_expected() -> None:
    """One file may hold several; who expects one is told."""
    data = b"---\na: 1\n---\nb: 2\n"

    assert load_mappings(data) == [{"a": 1}, {"b": 2}]
    assert refused(data) == ("2 YAML documents where one is expected", 1)


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(9)
)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", ("no YAML mapping", 1)),
        (b"# nothing\n", ("no YAML mapping", 1)),
        (b"- a\n", ("no YAML mapping", 1)),
        (b"a: 1\n---\n- b\n", ("no YAML mapping", 1)),
        (b"a: 1\n\xff", ("not UTF-8", 2)),
        (b"a: 1\nb: [1,\n", ("not YAML: did not find expected node content, while parsing a flow node", 3)),
        (b"<<<<<<< HEAD\na: 1\n=======\n", ("not YAML: mapping values are not allowed in this context", 2)),
        (b"a: 1\nb: \x00", ("not YAML: control characters are not allowed", 2)),
        (b"a: 1\nb:\n  c: 1\n  c: 2\n", ("the key c stands twice", 4)),
        (b"a: {b: 1, b: 2}\n", ("the key b stands twice", 0)),
        (b"[a]: 1\n", ("not readable YAML: a key is a list or a mapping", 0)),
        (b"a: *b\n", ("not YAML: unknown anchor", 1)),
        (b"a: " + b"[" * 5000, ("not YAML: recursion limit exceeded", 1)),
        (b"a: &a\n  b: *a\n", ("not YAML: recursion limit exceeded", 1)),
        (BOMB.encode(), ("not YAML: repetition limit exceeded", 0)),
    ],
)
def test_what_is_refused(data: bytes, expected: tuple[str, int]) -> None:
    """Anything else is refused, with the line where that is known."""
    assert refused(data) == expected


def test_a_refusal_holds_no_secret() -> None:
    """What a message cites of the file is made anonymous and cut."""
    message, _ = refused(b'"https://me:pass@packages.example/x": 1\n"https://me:pass@packages.example/x": 2\n')

    assert message == "the key https://packages.example/x stands twice"


@example(data="!!float x: 1")
@given(data=st.text(alphabet=" \n-:[]{}&*!|>'\"%@`#?,abc019.~<=\t", max_size=60))
def test_any_text_is_a_mapping_or_refused(data: str) -> None:
    """Nothing but the one error leaves the reader."""
    try:
        documents, line = load_mappings(data.encode()), 0
    except MalformedError as error:
        documents, line = [], error.line
    assert all(isinstance(document, dict) for document in documents)
    assert 0 <= line <= data.count("\n") + 2
