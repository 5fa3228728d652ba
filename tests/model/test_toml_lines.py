"""Where values stand in a TOML document, however it is laid out."""

from __future__ import annotations

import time

import pytest
import tomli

from bomvet.model.toml_lines import Path, TomlLines

DOCUMENT = '''\
# [comment] = 1
a = 1
"b.c" = 2
d.e = 3

[t]
a = 4 # [x]
'single' = """
[not-a-table]
x = 1
""" # a

[ u . "v w" ]
matrix = [
  ["x = 1"],
  ["y"]
]
table = { x = 1, y = [
  2] }
after = 5

[[w]]
id = "1"
text = \'\'\'
[[w]]
id = "2"
\'\'\'
[[w]]
id = "3"
quotes = """ "" """""
[w.x]
y = 1
[[w.z]]
k = 1
[[w.z]]
k = 2
["]"]
last = "#"
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("a",), 2),
        (("b.c",), 3),
        (("d", "e"), 4),
        (("d",), 1),
        (("t",), 6),
        (("t", "a"), 7),
        (("t", "single"), 8),
        (("t", "x"), 6),
        (("not-a-table",), 1),
        (("u", "v w"), 13),
        (("u", "v w", "matrix"), 14),
        (("u", "v w", "matrix", 1), 14),
        (("u", "v w", "table", "x"), 18),
        (("u", "v w", "after"), 20),
        (("w", 0), 22),
        (("w", 0, "id"), 23),
        (("w", 0, "text"), 24),
        (("w", 1), 28),
        (("w", 1, "id"), 29),
        (("w", 1, "quotes"), 30),
        (("w", 1, "x", "y"), 32),
        (("w", 1, "z", 0, "k"), 34),
        (("w", 1, "z", 1, "k"), 36),
        (("]", "last"), 38),
        (("absent",), 1),
        ((), 1),
    ],
)
def test_lines(path: Path, line: int) -> None:
    """A value is found by its path; what is not found is where the nearest thing around it is."""
    assert tomli.loads(DOCUMENT)["w"][1]["id"] == "3"
    assert TomlLines.of(DOCUMENT).line(path) == line


def test_other_line_ends_are_none() -> None:
    """Only what TOML calls the end of a line counts as one."""
    text = 'a = "\u2028\u0085"\nb = 1'

    assert TomlLines.of(text).line(("b",)) == 2


@pytest.mark.parametrize(
    "text",
    [
        "[" + " " * 100_000 + "a" + " " * 100_000 + "]",
        "a = " + "[" * 1000 + "]" * 1000,
        'a = "' + "\\\\" * 100_000 + '"',
    ],
)
def test_hostile_documents_stay_fast(text: str) -> None:
    """A document made to keep an expression busy is indexed at once."""
    started = time.process_time()

    assert TomlLines.of(text).line(("a",)) == 1
    assert time.process_time() - started < 1
