"""Repositories in the spellings that packages declare them in, made comparable with those of certificates.

Sources: `repository` of package.json, https://docs.npmjs.com/cli/v11/configuring-npm/package-json#repository; labels
of project URLs, https://packaging.python.org/en/latest/specifications/well-known-project-urls/ (PEP 753).
What a package declares is the word of whoever published it: it is compared with a certificate, never believed.
"""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING, NamedTuple

from bomvet.provenance import _json

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST = 4000
_SHORTHANDS = {
    "github": "github.com",
    "gitlab": "gitlab.com",
    "bitbucket": "bitbucket.org",
    "codeberg": "codeberg.org",
    "gist": "gist.github.com",
}
#: Hosts on which a repository is an owner and a name, which compare without regard to letter case.
_FLAT = frozenset({"github.com", "bitbucket.org", "codeberg.org"})
#: Hosts that are one, and the services that answer for them.
_ALIASES = {
    "www.github.com": "github.com",
    "ssh.github.com": "github.com",
    "www.gitlab.com": "gitlab.com",
    "altssh.gitlab.com": "gitlab.com",
    "www.bitbucket.org": "bitbucket.org",
    "altssh.bitbucket.org": "bitbucket.org",
}
#: First words of paths on GitHub that are nobody's name.
_RESERVED = frozenset({"apps", "enterprises", "features", "marketplace", "orgs", "sponsors", "topics", "users"})
#: What follows a repository in the URL of something within it.
_WITHIN = frozenset({"-", "blob", "commit", "commits", "issues", "raw", "releases", "src", "tree", "wiki"})
_SCHEME = re.compile(r"(?:git\+)?(https?|git|ssh|git\+ssh)://", re.IGNORECASE).match
_SHORTHAND = re.compile(r"([a-z]+):(?!/)(.+)", re.IGNORECASE | re.DOTALL).fullmatch
#: As `scp` has it: `git@github.com:owner/name.git`.
_SCP = re.compile(r"[A-Za-z0-9._-]{1,64}@([A-Za-z0-9.-]+):(?!/)(.+)", re.DOTALL).fullmatch
#: An owner and a name on GitHub, where no owner has a dot.
_BARE = re.compile(r"[A-Za-z0-9_-]+/[A-Za-z0-9._-]+").fullmatch
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?").fullmatch
_PORT = re.compile(r"[0-9]{1,5}").fullmatch
_SEGMENT = re.compile(r"[A-Za-z0-9._~%+@-]+").fullmatch
_GIST = re.compile(r"[0-9a-f]{1,64}").fullmatch
_WEB = frozenset({"http", "https"})
_USUAL_PORTS = frozenset({80, 443})


class _Parts(NamedTuple):
    scheme: str
    authority: str
    path: str


def same(one: str, other: str) -> bool:
    """Whether both are spellings of one repository; what is none is the same as nothing."""
    return bool(found := canonical(one)) and found == canonical(other)


def canonical(url: str) -> str:
    """`https://HOST/PATH` for all spellings of a repository; empty for what names none.

    Scheme, user, `.git`, branch and folder within it are left out; letter case where the host disregards it.
    """
    if len(url) > _LONGEST or not url.isprintable() or "\\" in url:  # a browser takes a backslash for a slash
        return ""
    parts = _split(url.strip())
    if parts is None:
        return ""
    host = _host(parts)
    return _located(host, _segments(parts.path)) if host else ""


def _split(url: str) -> _Parts | None:
    """Scheme, host with its user and port, and path."""
    url = url.partition("#")[0].partition("?")[0]
    found = _SCHEME(url)
    return _of_url(found[1].lower(), url[found.end() :]) if found else _of_shorthand(url)


def _of_url(scheme: str, rest: str) -> _Parts:
    authority, _, path = rest.partition("/")
    user, at, host = authority.rpartition("@")
    host, _, port = host.partition(":")
    if port.strip(string.digits):  # ssh://git@github.com:owner/name.git is no URL, and is written all the same
        return _Parts(scheme, f"{user}{at}{host}", f"{port}/{path}")
    return _Parts(scheme, authority, path)


def _of_shorthand(text: str) -> _Parts | None:
    if found := _SCP(text):
        return _Parts("ssh", found[1], found[2])
    found = _SHORTHAND(text)
    if found and found[1].lower() in _SHORTHANDS:
        return _Parts("https", _SHORTHANDS[found[1].lower()], found[2])
    if _BARE(text):
        return _Parts("https", "github.com", text)
    host, slash, path = text.partition("/")
    return _Parts("https", host, path) if slash and "." in host else None


def _host(parts: _Parts) -> str:
    """The host, with its port where that is not the usual one; empty where it is none."""
    host, _, port = parts.authority.rpartition("@")[2].lower().partition(":")
    host = host.rstrip(".")
    if not _HOST(host) or ".." in host or (port and not _PORT(port)):
        return ""
    host = _ALIASES.get(host, host)
    # A port of ssh or git says nothing of where the repository is on the web.
    unusual = parts.scheme in _WEB and port and int(port) not in _USUAL_PORTS
    return f"{host}:{int(port)}" if unusual else host


def _segments(path: str) -> list[str]:
    """The parts of a path; none where one of them leads elsewhere, or stands in no such path."""
    found = [segment for segment in path.split("/") if segment]
    return found if all(_SEGMENT(segment) and segment not in {".", ".."} for segment in found) else []


def _located(host: str, segments: list[str]) -> str:
    """The repository's URL by what is known of its host; empty where the path names none."""
    if host in _FLAT or _is_gitlab(host):
        segments = [segment.lower() for segment in segments]
    if host == "gist.github.com":
        segments = _gist(segments)
    elif host in _FLAT:
        segments = _owned(segments)
    else:
        segments = _outermost(segments)
    return f"https://{host}/{'/'.join(segments)}" if segments else ""


def _gist(segments: list[str]) -> list[str]:
    """The gist's id, which may follow its owner."""
    gist = _unsuffixed(segments[-1]).lower() if segments else ""
    return [gist] if _GIST(gist) and len(segments) <= 2 else []  # noqa: PLR2004 - as above


def _owned(segments: list[str]) -> list[str]:
    """Owner and name, whatever is within."""
    if len(segments) < 2 or segments[0] in _RESERVED:  # noqa: PLR2004 - owner and name
        return []
    name = _unsuffixed(segments[1])
    return [segments[0], name] if name != ".git" else []


def _outermost(segments: list[str]) -> list[str]:
    """What of a path of nested groups is the repository: up to its `.git`, or to what stands within one."""
    for at, segment in enumerate(segments):
        name = _unsuffixed(segment)
        if at > 1 and name in _WITHIN:
            return segments[:at]
        if name != segment:
            return [*segments[:at], name]
    return segments


def _unsuffixed(name: str) -> str:
    """Without `.git`, however often: no host lets a name end with it."""
    while name.endswith(".git") and name != ".git":
        name = name.removesuffix(".git")
    return name


def _is_gitlab(host: str) -> bool:
    """GitLab's paths disregard letter case, wherever it is installed by its name."""
    return host.startswith("gitlab.")


# -- what Python projects declare ---------------------------------------------------------------------------------

#: Labels, normalised, that mean the repository: PEP 753's `source` with its other names, and what is used beside them.
_SOURCES = frozenset(
    {
        "source",
        "sourcecode",
        "repository",
        "github",
        "code",
        "gitlab",
        "bitbucket",
        "codeberg",
        "git",
        "repo",
        "scm",
        "vcs",
    }
)
_HOMEPAGES = frozenset({"homepage", "home"})
_REMOVED = str.maketrans("", "", string.punctuation + string.whitespace)
_MOST_URLS = 100
_MAX_JSON = 64 * 1024 * 1024


def declared_in_json(data: bytes, near: str = "") -> tuple[str, ...]:
    """The repositories that PyPI's JSON of a release declares, canonical, the surest first; raises `ValueError`.

    A home page is one where it is on the host of a repository: a well-known one, or that of the URL `near`.
    """
    info = _json.table(_json.read_object(data, _MAX_JSON).get("info"))
    urls = [(label, url) for label, url in _json.table(info.get("project_urls")).items() if isinstance(url, str)]
    return _declared([*urls, ("homepage", _json.text(info.get("home_page"), _LONGEST))], near)


def _declared(stated: Iterable[tuple[str, str]], near: str) -> tuple[str, ...]:
    """By label: a source is one wherever it is; a home page only where repositories are."""
    host = _host_of(canonical(near))
    sources: list[str] = []
    homepages: list[str] = []
    for count, (label, url) in enumerate(stated):
        if count >= _MOST_URLS:
            break
        meaning = label.translate(_REMOVED).lower()
        found = canonical(url) if "/" in url else ""
        if found and meaning in _SOURCES:
            sources.append(found)
        elif found and meaning in _HOMEPAGES and _has_repositories(_host_of(found), host):
            homepages.append(found)
    return tuple(dict.fromkeys([*sources, *homepages]))


def _host_of(url: str) -> str:
    return url.split("/")[2] if url else ""


def _has_repositories(host: str, known: str) -> bool:
    return host in _FLAT or _is_gitlab(host) or host == known
