"""Where entries of a lock stand."""

from __future__ import annotations

import json

import pytest

from bomvet.resolvers.npm._lock_lines import Places, flat, nested

PACKAGES = {"": {"name": "packages"}, "bin": {}, "node_modules/a": {"bin": {"a": "a"}, "packages": {"b": "1"}}}
NESTED = {"a": {"requires": {"x": "1"}, "dependencies": {"b": {"dependencies": {"c": {"v": 1}}}}}, "d": {"v": 1}}

OBJECTS = [(name, True) for name in "abcd"]


@pytest.mark.parametrize("indent", [2, 4, "\t"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_as_npm_writes_it(indent: int | str, ends: str) -> None:
    """With any indentation and ends of lines; names of fields are no entries."""
    flat_text = json.dumps({"packages": PACKAGES, "dependencies": {"bin": {}}}, indent=indent).replace("\n", ends)
    nested_text = json.dumps({"name": "x", "dependencies": NESTED}, indent=indent).replace("\n", ends)

    assert flat(flat_text.encode(), list(PACKAGES)) == Places([3, 6, 7], [])
    assert nested(nested_text.encode(), OBJECTS) == Places([4, 9, 11, 18], [])


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"packages": PACKAGES}),
        '{"name": ["packages", {"packages": {"z": 1}}], "packages"\n:{"":\n{}, "bin": [{"packages": {}}], "node_modules\\/a": "\\"{"}}',
    ],
)
def test_as_others_write_it(text: str) -> None:
    """On one line, with blanks in odd places, escapes and braces in texts."""
    lines = [1, 1, 1] if "\n" not in text else [2, 3, 3]

    assert flat(text.encode(), list(PACKAGES)) == Places(lines, [])


def test_nested_as_others_write_it() -> None:
    """The same for tables in entries."""
    text = json.dumps(NESTED).replace('"c"', '\n"c"').replace('"d"', '\n"d"')

    assert nested(f'{{"dependencies": {text}}}'.encode(), OBJECTS) == Places([1, 1, 2, 3], [])


def test_no_entry_is_mistaken_for_another() -> None:
    """Where an entry is no object, what looks like it elsewhere is not it."""
    text = json.dumps({"dependencies": {"a": {"requires": {"b": {}}, "dependencies": {"b": None}}}}, indent=2)

    assert nested(text.encode(), [("a", True), ("b", False)]) == Places([3, 8], [])


def test_what_stands_twice() -> None:
    """The later one is told as the entry, the earlier ones as repeated; a whole table can be."""
    text = b'{"packages":\n{"a": {},\n"b": {},\n"a": {}},\n"packages":\n{"b": {},\n"c": {}, "b": {}}}'

    assert flat(text, ["b", "c"]) == Places([7, 7], [("a", 2), ("a", 4), ("b", 3), ("b", 6)])


def test_nothing_is_there() -> None:
    """No table has no entries."""
    assert flat(b'{"packages": {}}', []) == Places([], [])
    assert nested(b"{}", []) == Places([], [])
