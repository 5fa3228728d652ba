"""Spellings of ecosystems."""

from __future__ import annotations

import pytest

from bomvet.advisories.distributions import filed_under

SPELLINGS = [
    ("Ubuntu:22.04:LTS", "Ubuntu:22.04"),
    ("Ubuntu:22.04", "Ubuntu:22.04"),
    ("Ubuntu:Pro:18.04:LTS", "Ubuntu:Pro:18.04"),
    ("Alpine:3.18", "Alpine:v3.18"),
    ("Alpine:v3.18", "Alpine:v3.18"),
    ("Debian:12", "Debian:12"),
    ("Red Hat:rhel_aus:8.4::appstream", "Red Hat:rhel_aus:8.4::appstream"),
    ("PyPI", "PyPI"),
]


@pytest.mark.parametrize(("stated", "filed"), SPELLINGS)
def test_one_spelling(stated: str, filed: str) -> None:
    """Two spellings of one release are filed as one; Ubuntu Pro stays apart."""
    assert (filed_under(stated), filed_under(filed)) == (filed, filed)
