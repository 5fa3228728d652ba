"""Where an npm package comes from: what `resolved`, `integrity` and specifiers of all package managers say.

Sources: https://docs.npmjs.com/cli/v11/configuring-npm/package-json#dependencies (specifiers), Subresource
Integrity (W3C) for `integrity`.
"""

from __future__ import annotations

import binascii
import posixpath
import re
from typing import NamedTuple

from bomvet.model.archives import registry_archive
from bomvet.model.inventory import HEX_DIGITS, Distribution, Hash
from bomvet.model.purl import npm_purl, public_url

#: `git+ssh://...`, `git://...`, `github:user/repo`, `git@host:path`; a commit stands behind `#`.
_GIT = re.compile(r"git(\+[a-z]+)?:|git@|ssh:|(?:github|gitlab|bitbucket|gist):", re.IGNORECASE)
_HOSTED = {"github": "https://github.com", "gitlab": "https://gitlab.com", "bitbucket": "https://bitbucket.org"}
_SHORTHAND = re.compile(r"(?P<host>github|gitlab|bitbucket):(?P<path>[^#]+)", re.IGNORECASE)
_GIT_ARCHIVE = re.compile(
    r"https://codeload\.github\.com/(?P<path>[^/]+/[^/]+)/(?:tar\.gz|legacy\.tar\.gz)/(?P<commit>[0-9a-f]{40})"
)
#: The URLs of nearly all archives; nothing in them needs a closer look.
_ORDINARY = re.compile(r"https://[A-Za-z0-9.-]+(?::[0-9]+)?/[A-Za-z0-9@._~/-]+").fullmatch
_NUMBERS = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+(?:[-+][0-9A-Za-z.+-]*)?").fullmatch


class Origin(NamedTuple):
    """A package by where it comes from: its purl, the file it is, and properties that say the rest."""

    purl: str
    distributions: tuple[Distribution, ...]
    hashes: tuple[Hash, ...]
    properties: tuple[tuple[str, str], ...]


def hashes(integrity: str) -> tuple[Hash, ...]:
    """The digests of an `integrity` text, which may hold several; raises `ValueError` where one is none."""
    return tuple(_hash(text) for text in integrity.split())


def _hash(text: str) -> Hash:
    algorithm, _, encoded = text.partition("?")[0].partition("-")
    try:
        value = binascii.a2b_base64(encoded, strict_mode=True).hex()
    except ValueError:
        value = ""
    if len(value) != HEX_DIGITS.get(algorithm):
        raise ValueError(f"{text[:40]!r} is no integrity of a known algorithm")
    return Hash(algorithm=algorithm, value=value)


def is_git(text: str) -> bool:
    """Whether a specifier or resolved URL names a git repository."""
    return bool(_GIT.match(text))


def origin(name: str, version: str, resolved: str, found: tuple[Hash, ...] = ()) -> Origin:
    """What `resolved` says of the package `name`@`version`, whose file has the digests `found`.

    `resolved` is a URL of a registry's archive, any other archive, a git repository with its commit, or empty.
    """
    if registry := _ordinary_registry(name, resolved):
        files = (Distribution(url=resolved, hashes=found),)
        return Origin(npm_purl(name, version), files, (), (("bomvet:registry", registry),))
    archive = _GIT_ARCHIVE.match(resolved)
    if archive or is_git(resolved):
        repository, commit = (
            (f"https://github.com/{archive['path']}.git", archive["commit"]) if archive else _git(resolved)
        )
        url = f"git+{repository}@{commit}" if commit else f"git+{repository}"
        return Origin(npm_purl(name, version, {"vcs_url": url}), (), found, ())
    local = resolved.startswith("file:")
    # A relative path is none of a URL, which some versions of Python then make an absolute one of.
    url = f"file:{public_url(resolved[len('file:') :])}" if local else public_url(resolved)
    if not url:
        return Origin(npm_purl(name, version), (), found, ())
    files = (Distribution(url=url, hashes=found),)
    if local:
        file_name = posixpath.basename(url[len("file:") :].partition("#")[0])
        return Origin(npm_purl(name, version, {"file_name": file_name}), files, (), ())
    if archived := registry_archive(url):
        return Origin(npm_purl(name, version), files, (), (("bomvet:registry", archived.registry),))
    return Origin(npm_purl(name, version, {"download_url": url.partition("#")[0]}), files, (), ())


def _ordinary_registry(name: str, url: str) -> str:
    """The registry, where `url` is `https://HOST/NAME/-/FILE`; a lock has thousands, and the long way is slow."""
    registry, _, file = url.partition(f"/{name}/-/")
    return registry if file and "/" not in file and "/@" not in registry and _ORDINARY(url) else ""


def _git(text: str) -> tuple[str, str]:
    """Repository and commit."""
    place, _, commit = text.partition("#")
    if short := _SHORTHAND.fullmatch(place):
        place = f"{_HOSTED[short['host'].lower()]}/{short['path'].removesuffix('.git')}.git"
    elif place.lower().startswith("git@"):
        host, _, path = place[4:].partition(":")
        place = f"ssh://{host}/{path}"
    return public_url(re.sub(r"^git\+", "", place, flags=re.IGNORECASE)), commit.partition("&")[0].rpartition("=")[2]


def archive_version(name: str, url: str) -> str:
    """The version that the file of the package `name` tells; empty where it tells none.

    A registry calls the file of `@scope/name` `name-1.2.3.tgz`, and `npm pack` calls it `scope-name-1.2.3.tgz`.
    """
    file = posixpath.basename(url.partition("#")[0].partition("?")[0])
    scope, _, own = name.removeprefix("@").rpartition("/")
    for called in (f"{scope}-{own}-", f"{own}-"):
        version = file.removesuffix(".tgz").removeprefix(called)
        if file.startswith(called) and _NUMBERS(version):
            return version
    return ""
