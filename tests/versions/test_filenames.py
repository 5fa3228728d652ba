"""Versions in names of files."""

from __future__ import annotations

import pytest

from bomvet.versions.filenames import file_version


@pytest.mark.parametrize(
    ("filename", "version"),
    [
        ("widget-1.0-py3-none-any.whl", "1.0"),
        ("widget-1.0-7-py3-none-any.whl", "1.0"),
        ("widget-1.0.whl", ""),
        ("widget-1.0.tar.gz", "1.0"),
        ("Widget-1.0-1.zip", "1.0-1"),
        ("other-1.0.egg", "1.0"),
        ("widget.tar.gz", "widget"),
        ("README", ""),
    ],
)
def test_a_name_tells_a_version(filename: str, version: str) -> None:
    """What reads as the project's name is it, and the rest the version."""
    assert file_version(filename, "widget") == version
