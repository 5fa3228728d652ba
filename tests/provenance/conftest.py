"""What tests of provenance share: one instance of sigstore for them all, since what it minted stays true."""

from __future__ import annotations

import pytest

from tests.provenance.authority import Authority


@pytest.fixture(scope="session")
def authority() -> Authority:
    """An instance of sigstore that nobody else trusts."""
    return Authority()
