"""Versions that the names of Python's distribution files tell; an index states them nowhere else per file."""

from __future__ import annotations

import re

from bomvet.model.purl import pypi_name

_SUFFIXES = (".tar.gz", ".zip", ".tar.bz2", ".tar.xz", ".tgz", ".tar.Z", ".egg", ".exe", ".msi", ".rpm", ".dmg", ".deb")
_DASH = re.compile("-").finditer
_MOST_DASHES = 50


def file_version(filename: str, name: str) -> str:
    """The version that the name of a file of the project `name` (normalised) tells; empty where it tells none."""
    if filename.endswith(".whl"):
        parts = filename.split("-")
        return parts[1] if len(parts) in (5, 6) else ""
    for suffix in _SUFFIXES:
        if filename.endswith(suffix):
            stem = filename.removesuffix(suffix)
            # The name may have dashes of its own, and the version too: what reads as the name is the name.
            dashes = [match.start() for match in _DASH(stem)][:_MOST_DASHES]
            at = next((at for at in dashes if pypi_name(stem[:at]) == name), stem.rfind("-"))
            return stem[at + 1 :]
    return ""
