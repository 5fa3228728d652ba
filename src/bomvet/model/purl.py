"""Package URLs, built without a parser: several times faster than the library, and equal to it (tested).

Source: the purl specification, https://github.com/package-url/purl-spec.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLAIN = re.compile(r"[A-Za-z0-9.\-_~:]+").fullmatch
_HARMLESS = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]+)?(?:/[A-Za-z0-9._~/%+=!$'()*,;:-]*)?").fullmatch
#: Whether the name of a query parameter says that its value lets somebody in.
names_secret = re.compile(r"token|secret|passw|api[-_]?key|signature|credential|^sig$|^_?auth$", re.IGNORECASE).search
_NESTED_USER = re.compile(r"(?<=://)[^/?#]*@")
_LEADING_USER = re.compile(r"\A(?:[^/?#@:]*:)?[/\\]*+[^/?#@:]*:[^/?#]*@")
_WEB_SCHEMES = ("http", "https", "git+http", "git+https")
_PORT = re.compile(r"(?:\[.*\]|[^:]*)(?::[0-9]*)?").fullmatch
_PYPI_SEPARATORS = re.compile(r"[-_.]+")


#: What `percent_encoded` leaves as it is, whatever else is safe (RFC 3986 section 2.3).
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~")


def percent_encoded(text: str, safe: str = "", errors: str = "strict") -> str:
    """As `urllib.parse.quote`, whose module costs as much to import as reading a small lock."""
    kept = _UNRESERVED | frozenset(safe.encode())
    return "".join(chr(byte) if byte in kept else f"%{byte:02X}" for byte in text.encode("utf-8", errors))


def percent_decoded(text: str) -> str:
    """As `urllib.parse.unquote`, which is rarely needed."""
    if "%" not in text:
        return text
    from urllib.parse import unquote  # noqa: PLC0415 - see `percent_encoded`

    return unquote(text)


def pypi_name(name: str) -> str:
    """The normalised name of a Python project (PEP 503)."""
    return _PYPI_SEPARATORS.sub("-", name).lower()


def pypi_purl(name: str, version: str = "", qualifiers: Mapping[str, str] | None = None) -> str:
    """The purl of a Python distribution; `name` in any spelling."""
    return _purl("pypi", pypi_name(name), version, qualifiers)


def npm_purl(name: str, version: str = "", qualifiers: Mapping[str, str] | None = None) -> str:
    """The purl of an npm package; `name` with its scope (`@scope/name`), in its own letter case."""
    scope, slash, rest = name.rpartition("/")
    return _purl("npm", rest, version, qualifiers, f"{_scope(scope)}/" if slash else "")


@lru_cache(maxsize=1024)
def _scope(scope: str) -> str:
    """Quoted; the scopes of a lock are few."""
    return percent_encoded(scope)


def conda_purl(name: str, version: str = "", qualifiers: Mapping[str, str] | None = None) -> str:
    """The purl of a conda package; `qualifiers` are `build`, `channel`, `subdir` and `type`."""
    return _purl("conda", name, version, qualifiers)


def deb_purl(distribution: str, name: str, version: str = "", qualifiers: Mapping[str, str] | None = None) -> str:
    """The purl of a Debian package; `distribution` is the ID of os-release, empty where it is not known.

    `qualifiers` are `arch` and `distro`, such as `debian-12`.
    """
    return _purl("deb", name.lower(), version, qualifiers, _distribution(distribution))


def apk_purl(distribution: str, name: str, version: str = "", qualifiers: Mapping[str, str] | None = None) -> str:
    """The purl of an Alpine package, as `deb_purl`."""
    return _purl("apk", name.lower(), version, qualifiers, _distribution(distribution))


def _distribution(name: str) -> str:
    return f"{percent_encoded(name.lower())}/" if name else ""


def project_purl(name: str, version: str, directory: str) -> str:
    """The purl of a first-party project: `generic`, since no registry vouches for the name.

    `directory` is where the project lives in the tree; it tells projects of one name apart.
    """
    return _purl("generic", name, version, {"path": directory} if directory else None)


def _purl(kind: str, name: str, version: str, qualifiers: Mapping[str, str] | None, namespace: str = "") -> str:
    text = f"pkg:{kind}/{namespace}{_quoted(name)}"
    if version:
        text += f"@{_quoted(version)}"
    stated = {key: value for key, value in qualifiers.items() if value} if qualifiers else {}
    if stated:
        text += "?" + "&".join(f"{key}={percent_encoded(stated[key], ':/')}" for key in sorted(stated))
    return text


def _quoted(text: str) -> str:
    return text if _PLAIN(text) else percent_encoded(text, ":")


def bare(purl: str) -> str:
    """`purl` without qualifiers and subpath."""
    return purl.partition("#")[0].partition("?")[0]


class Parts(NamedTuple):
    """What a purl says, decoded; `type` in lower case, `namespace` without slashes at its ends."""

    type: str
    namespace: str
    name: str
    version: str
    qualifiers: tuple[tuple[str, str], ...]


def parts(purl: str) -> Parts:
    """The parts of `purl`, which any tool may have written; of what is no purl the whole is the name."""
    if not purl.startswith("pkg:"):
        return Parts("", "", purl, "", ())
    text, _, query = purl[4:].partition("#")[0].partition("?")
    kind, _, rest = text.strip("/").partition("/")
    path, _, version = rest.rpartition("@")
    if not path or "/" in version:  # the only @ is that of an npm scope
        path, version = rest, ""
    namespace, _, name = path.rpartition("/")
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    qualifiers = tuple(sorted((key.lower(), percent_decoded(value)) for key, _, value in pairs))
    return Parts(
        kind.lower(), percent_decoded(namespace).strip("/"), percent_decoded(name), percent_decoded(version), qualifiers
    )


def _is_secret(pair: str) -> bool:
    name, equals, _ = pair.partition("=")
    return bool(equals and names_secret(name))


def public_url(url: str) -> str:
    """`url` without user name, password, query parameters that hold a secret, and blanks.

    Empty where it is so malformed that a secret may stand anywhere in it.
    """
    if _HARMLESS(url):  # nearly all are, and a lock has thousands
        return url
    from urllib.parse import urlsplit, urlunsplit  # noqa: PLC0415 - see `percent_encoded`

    try:
        parts = urlsplit(url)
    except ValueError:  # such as a bad IPv6 host
        return ""
    user, _, host = parts.netloc.rpartition("@")
    if not user and "@" in url and parts.scheme in _WEB_SCHEMES and not _PORT(host):
        return ""  # https://user:pass/word@host: the password holds a slash that ends the host too early
    query = "&".join(pair for pair in parts.query.split("&") if not names_secret(pair.partition("=")[0]))
    fragment = "&".join(pair for pair in parts.fragment.split("&") if not _is_secret(pair))
    text = urlunsplit(parts._replace(netloc=host, query=query, fragment=fragment))
    # Again as text: a URL may stand within the URL, or be none that the parser sees a host in.
    text = _NESTED_USER.sub("", text)
    if not host and parts.scheme != "file":
        text = _LEADING_USER.sub("", text)
    return percent_encoded(text, "%:/?#[]@!$&'()*+,;=~", "replace")
