"""URLs of archives in registries of npm."""

from __future__ import annotations

import pytest

from bomvet.model.archives import Archive, registry_archive


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "https://npm.packages.example/left-pad/-/left-pad-1.3.0.tgz",
            Archive("https://npm.packages.example", "left-pad", "left-pad-1.3.0.tgz"),
        ),
        (
            "http://h.example/base/@s/n/-/n-1.tgz#0a",
            Archive("http://h.example/base", "@s/n", "n-1.tgz"),
        ),
        ("https://h.example/%40s%2fn/-/@s/n-1.tgz?x=1", Archive("https://h.example", "@s/n", "n-1.tgz")),
        ("https://h.example/n-1.tgz", None),
        ("https://h.example/n/-/", None),
        ("file:n/-/n-1.tgz", None),
    ],
)
def test_registry_archive(url: str, expected: Archive | None) -> None:
    """Registry, name and file are told apart, whatever the scope looks like; other URLs say nothing."""
    assert registry_archive(url) == expected
