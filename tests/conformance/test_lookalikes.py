"""Names of real projects, of which next to none may be suspected."""

from __future__ import annotations

from pathlib import Path

import pytest

from bomvet import api
from bomvet.checks.component.typosquat_suspect import TYPOSQUAT_SUSPECT
from bomvet.model.facts import Facts

LOCKS = Path(__file__).parents[2].parent / "shared" / "corpus" / "locks"
pytestmark = pytest.mark.skipif(not LOCKS.is_dir(), reason="the corpus is not beside the checkout")


def test_real_locks_are_hardly_suspected() -> None:
    """Of all packages of the locks, one: it has the words of a popular name in another order."""
    components = api.sbom(str(LOCKS), use_ignore_files=False).inventory.components
    check = TYPOSQUAT_SUSPECT.on_component
    assert check

    found = {finding.message for component in components for finding in check(component, Facts())}

    assert len(components) > 4_000
    assert found == {"fresh-import is written as the popular import-fresh, with its words in another order"}
