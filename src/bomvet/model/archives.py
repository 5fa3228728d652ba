"""URLs of archives in registries of npm, which say whose they are."""

from __future__ import annotations

import re
from typing import NamedTuple

from bomvet.model.purl import percent_decoded

#: `REGISTRY/NAME/-/FILE`, with or without the scope before the file.
_ARCHIVE = re.compile(
    r"(?P<registry>https?://[^?#]*?)/(?P<name>(?:(?:@|%40)[^/@?#]+(?:/|%2f))?[^/@?#]+)/-/"
    r"(?:[^/?#]+/)?(?P<file>[^/?#]+)(?:[?#].*)?",
    re.IGNORECASE | re.DOTALL,
)


class Archive(NamedTuple):
    """What the URL says: the registry, the package's own name, and what the file is called."""

    registry: str
    name: str
    file: str


def registry_archive(url: str) -> Archive | None:
    """`url` as that of an archive in a registry; None where it is another."""
    match = _ARCHIVE.fullmatch(url)
    return Archive(match["registry"], *map(percent_decoded, match.group("name", "file"))) if match else None
