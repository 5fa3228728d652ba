"""Text for people: nothing in it acts, and it has an end."""

from __future__ import annotations

import pytest

from bomvet.reports._text import clean


@pytest.mark.parametrize(
    "text",
    [
        "::set-output name=a::b", ":::error::", "x ##[error]y", "##vso[task.setvariable variable=a]b",
        "###[group]", "##teamcity[buildStop]",
    ],
)  # fmt: skip
def test_commands_of_pipelines(text: str) -> None:
    """What GitHub, Azure and TeamCity take for a command is broken up, and can still be read."""
    found = clean(text)

    assert "::" not in found
    assert "##" not in found
    assert found.replace("\u200b", "") == text


@pytest.mark.parametrize("mark", ["\x1b", "\r", "\n", "\x9b", "\u061c", "\u200e", "\u200f", "\u202e", "\u2067"])
def test_marks_that_steer(mark: str) -> None:
    """Control characters and marks of direction are replaced."""
    assert clean(f"a{mark}b") == "a\ufffdb"


def test_long_text_is_cut() -> None:
    """Megabytes in the place of a name do not keep a terminal busy."""
    assert clean("a" * 4000) == "a" * 4000
    assert clean("a" * 4001) == "a" * 3997 + "..."
