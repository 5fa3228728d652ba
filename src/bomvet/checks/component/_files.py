"""What the URL of a package's file says of the package: pure, and silent where it says nothing for sure.

Sources: https://packaging.python.org/en/latest/specifications/binary-distribution-format/ (wheels), PEP 625 and the
names before it (sdists), https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json (`resolved`).
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote

from bomvet.model.archives import registry_archive
from bomvet.model.purl import pypi_name

_SDIST = (".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz", ".tar.Z")
_WHEEL_PARTS = (5, 6)
#: No file system takes a longer name.
_LONGEST = 255


class Stated(NamedTuple):
    """Name and version in a URL; each empty where it does not say."""

    name: str
    version: str


def npm_archive(url: str) -> Stated | None:
    """Of a file in a registry: its package by the path, its version by the file name; None for any other URL."""
    archive = registry_archive(url)
    if not archive:
        return None
    name = archive.name
    short = name.rpartition("/")[2]
    stem = archive.file.removesuffix(".tgz").removesuffix(".tar.gz")
    if not stem.lower().startswith(f"{short.lower()}-"):
        return Stated(name, "")  # some registries call their files otherwise
    return Stated(name, stem[len(short) + 1 :])


def wheel(url: str) -> Stated | None:
    """Of a wheel by its file name; None where it is none."""
    file = _file(url)
    fields = file.removesuffix(".whl").split("-")
    if not file.endswith(".whl") or len(fields) not in _WHEEL_PARTS:
        return None
    return Stated(pypi_name(fields[0]), fields[1].replace("_", "-"))


def is_sdist_of(url: str, name: str) -> str | None:
    """The version in the file name of a source distribution, empty if it is not one of `name`; None if it is none."""
    file = _file(url)
    ending = next((ending for ending in _SDIST if file.endswith(ending)), "")
    stem = file.removesuffix(ending)
    if not ending or "-" not in stem:
        return None
    # Old names hold hyphens, dots and underscores as the project was once spelt.
    for match in re.finditer("-", stem):
        if pypi_name(stem[: match.start()]) == name:
            return stem[match.end() :]
    return ""


def _file(url: str) -> str:
    """The last part of the path; empty where it is too long to be the name of a file."""
    name = unquote(url.partition("#")[0].partition("?")[0].rpartition("/")[2])
    return name if len(name) <= _LONGEST else ""
