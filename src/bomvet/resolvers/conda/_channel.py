"""Where a conda package comes from: what its URL says.

Source: the purl type `conda`, https://github.com/package-url/purl-spec/blob/main/types/conda-definition.json.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from bomvet.model.purl import public_url

_TYPES = (".conda", ".tar.bz2")


class Archive(NamedTuple):
    """A package by its file: name, version and build string, and the qualifiers of its purl."""

    name: str
    version: str
    qualifiers: dict[str, str]


def public(url: str) -> str:
    """`url` without what logs somebody in: user and password, and the token that conda puts behind `/t/`."""
    return re.sub(r"(?<=[^/:])/t/[^/]*", "", public_url(url.partition("#")[0]), count=1)


def archive(url: str) -> Archive | None:
    """What `CHANNEL/SUBDIR/NAME-VERSION-BUILD.conda` says; None where a URL or path is none of that form."""
    parts = [unquote(part) for part in urlsplit(public(url)).path.split("/") if part]
    file = parts[-1] if parts else ""
    kind = next((kind for kind in _TYPES if file.endswith(kind)), "")
    name, _, rest = file[: -len(kind) or None].rpartition("-")[0].rpartition("-") if kind else ("", "", "")
    if not name or not rest:
        return None
    build = file[: -len(kind)].rpartition("-")[2]
    *channel, subdir = parts[:-1] or [""]
    # Of the channels of one host the purl has the name alone: pkgs/main is main.
    name_of_channel = "/".join(channel).removeprefix("pkgs/")
    qualifiers = {"build": build, "channel": name_of_channel, "subdir": subdir, "type": kind.removeprefix(".")}
    return Archive(name, rest, qualifiers)
