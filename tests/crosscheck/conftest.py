"""What all comparisons share: one registry for the projects of all tools."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.crosscheck import registry
from tests.crosscheck.shapes import NPM
from tests.crosscheck.tools import served


@pytest.fixture(scope="session")
def npm_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL below which each shape has a registry of its name."""
    data = tmp_path_factory.mktemp("registry") / "packages.json"
    with served(registry.__file__, data, {shape.name: shape.packages for shape in NPM}) as url:
        yield url
