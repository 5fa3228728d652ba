"""`setup.py` and `setup.cfg`: `SETUP`."""

from __future__ import annotations

import pytest

from bomvet.model.inventory import Inventory, Location, Unknown
from bomvet.resolvers.python.setup_files import SETUP
from tests.harness import run_resolver

NAMES = {"setup.py": "setup(install_requires=['flask'])", "setup.cfg": "[options]\ninstall_requires =\n    flask\n"}


@pytest.mark.parametrize("name", NAMES)
def test_dependencies_that_nothing_locks_are_told(name: str) -> None:
    """They are neither run nor read, so that they are there is an open question."""
    (unknown,) = run_resolver(SETUP, {f"lib/{name}": NAMES[name]}, f"lib/{name}").unknowns

    assert unknown == Unknown(
        location=Location(path=f"lib/{name}"),
        resolver="python/setup",
        reason="it names dependencies, which are not locked and which this version of bomvet does not read",
    )


@pytest.mark.parametrize("beside", ["uv.lock", "poetry.lock", "requirements.txt"])
def test_dependencies_that_something_locks_are_its_to_tell(beside: str) -> None:
    """A lock or requirements file beside it states the versions."""
    files = {"setup.py": NAMES["setup.py"], beside: "flask==3.0.0\n"}

    assert run_resolver(SETUP, files, "setup.py") == Inventory()


def test_a_file_without_dependencies_says_nothing() -> None:
    """Many a `setup.py` only calls `setup()`."""
    assert run_resolver(SETUP, {"setup.py": "from setuptools import setup\nsetup()\n"}, "setup.py") == Inventory()
