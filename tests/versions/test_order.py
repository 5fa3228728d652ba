"""What an order of versions offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.versions import order
from bomvet.versions.order import MAX_LENGTH, remembered

if TYPE_CHECKING:
    import pytest


class Reader:
    """Reads versions, and knows which."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def __call__(self, text: str) -> int:
        """The length of `text`."""
        self.texts.append(text)
        return len(text)


def test_keys_are_made_once() -> None:
    """A key is made when its text is met first; what is longer than any version has none, and is not read."""
    read = Reader()
    key, longest = remembered(read), "1" * MAX_LENGTH

    assert [key(text) for text in ("1.0", "2", "1.0", longest + "1", longest)] == [3, 1, 3, None, MAX_LENGTH]
    assert read.texts == ["1.0", "2", longest]


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where too many keys are remembered, they are forgotten, and made anew."""
    monkeypatch.setattr(order, "MAX_KEYS", 2)
    read = Reader()
    key = remembered(read)

    assert [key(text) for text in ("a", "bb", "a", "ccc", "ccc", "a")] == [1, 2, 1, 3, 3, 1]
    assert read.texts == ["a", "bb", "ccc", "a"]
