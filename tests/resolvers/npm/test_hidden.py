"""The hidden lock of a folder of installed packages."""

from __future__ import annotations

import json

import pytest

from bomvet.errors import MalformedError
from bomvet.resolvers.npm._hidden import hidden_entries


def test_entries() -> None:
    """Texts that are texts and flags that are set, by folder; no more than that."""
    packages = {
        "node_modules/a": {
            "version": "1.0.0",
            "resolved": "https://npm.packages.example/a/-/a-1.0.0.tgz",
            "integrity": "sha512-AA==",
            "dev": True,
            "peer": False,
            "optional": 1,
            "license": "MIT",
            "dependencies": {"b": "1"},
        },
        "node_modules/b": {"name": "c", "version": 1, "resolved": "lib", "link": True},
        "node_modules/c": None,
    }

    assert hidden_entries(json.dumps({"packages": packages}).encode()) == {
        "node_modules/a": {
            "version": "1.0.0",
            "resolved": "https://npm.packages.example/a/-/a-1.0.0.tgz",
            "integrity": "sha512-AA==",
            "dev": True,
            "optional": True,
        },
        "node_modules/b": {"name": "c", "resolved": "lib", "link": True},
    }


@pytest.mark.parametrize("text", [b"{}", b'{"packages": 1}'])
def test_no_entries(text: bytes) -> None:
    """A lock without a table has none."""
    assert hidden_entries(text) == {}


def test_no_lock() -> None:
    """What is no JSON is refused."""
    with pytest.raises(MalformedError):
        hidden_entries(b"{")
