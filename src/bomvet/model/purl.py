"""Package URLs, built without a parser: several times faster than the library, and equal to it (tested).

Source: the purl specification, https://github.com/package-url/purl-spec.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLAIN = re.compile(r"[A-Za-z0-9.\-_~:]+").fullmatch
_PYPI_SEPARATORS = re.compile(r"[-_.]+")


def pypi_name(name: str) -> str:
    """The normalised name of a Python project (PEP 503)."""
    return _PYPI_SEPARATORS.sub("-", name).lower()


def pypi_purl(name: str, version: str = "", qualifiers: Mapping[str, str] | None = None) -> str:
    """The purl of a Python distribution; `name` in any spelling."""
    return _purl("pypi", pypi_name(name), version, qualifiers)


def project_purl(name: str, version: str, directory: str) -> str:
    """The purl of a first-party project: `generic`, since no registry vouches for the name.

    `directory` is where the project lives in the tree; it tells projects of one name apart.
    """
    return _purl("generic", name, version, {"path": directory} if directory else None)


def _purl(kind: str, name: str, version: str, qualifiers: Mapping[str, str] | None) -> str:
    text = f"pkg:{kind}/{_quoted(name)}"
    if version:
        text += f"@{_quoted(version)}"
    if qualifiers:
        text += "?" + "&".join(f"{key}={quote(qualifiers[key], safe=':/')}" for key in sorted(qualifiers))
    return text


def _quoted(text: str) -> str:
    return text if _PLAIN(text) else quote(text, safe=":")


def bare(purl: str) -> str:
    """`purl` without qualifiers and subpath."""
    return purl.partition("#")[0].partition("?")[0]


def public_url(url: str) -> str:
    """`url` without user name, password and the blanks that a report could not carry."""
    try:
        parts = urlsplit(url)
    except ValueError:  # such as a bad IPv6 host; a secret may stand anywhere in it
        return ""
    host = parts.netloc.rpartition("@")[2]
    return quote(urlunsplit(parts._replace(netloc=host)), safe="%:/?#[]@!$&'()*+,;=~")
