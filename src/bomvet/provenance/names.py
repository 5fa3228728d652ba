"""Names of what statements are about: the same file, or the same package, in every spelling that is allowed for it.

PEP 740 has the names of distribution files compared by what they say and not by their letters, since upload tools
normalise them and PyPI keeps what was uploaded (https://peps.python.org/pep-0740/#attestation-verification;
pypi-attestations #123, #124 and #127 tell what went wrong before).  npm's statements name purls.
"""

from __future__ import annotations

import re

from bomvet.model.records import dataclass

_SDISTS = (".tar.gz", ".zip")
_WHEEL_NAME = re.compile(r"[A-Za-z0-9](?:[._]?[A-Za-z0-9])*").fullmatch
_SDIST_NAME = re.compile(r"[A-Za-z0-9](?:[-._]*[A-Za-z0-9])*").fullmatch
_BUILD = re.compile(r"([0-9]{1,18})([A-Za-z0-9_.]*)").fullmatch
#: A tag set of a wheel, compressed: `cp310`, `manylinux_2_17_x86_64.manylinux2014_x86_64`.
_TAGS = re.compile(r"[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*").fullmatch
#: No name is longer; what is longer is the same as nothing but itself.
_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class SameName:
    """Whether a subject is called what is expected; `key` finds such subjects without asking about each."""

    key: str

    def __call__(self, name: str) -> bool:
        """Whether `name` names it, in whatever spelling."""
        return subject_key(name) == self.key


def same_name(name: str) -> SameName:
    """What takes the names of the same file or package for the same: `name` is a distribution's file name or a purl."""
    return SameName(subject_key(name))


def subject_key(name: str) -> str:
    """One text for all the spellings of a name; that of something else is its own."""
    if len(name) <= _LONGEST:
        if name.startswith("pkg:npm/"):
            return _npm(name) or f"={name}"
        if name.endswith(".whl"):
            return _wheel(name) or f"={name}"
        for suffix in _SDISTS:
            if name.endswith(suffix):
                return _sdist(name.removesuffix(suffix), suffix) or f"={name}"
    return f"={name}"


def _npm(purl: str) -> str:
    """A package and its version; npm's are without qualifiers."""
    from bomvet.model.purl import parts  # noqa: PLC0415 - only where there is a purl

    found = parts(purl)
    if found.qualifiers or "#" in purl or not found.version:
        return ""
    return f"npm {found.namespace}/{found.name}@{found.version}"


def _wheel(filename: str) -> str:
    """Name, version, build number and tags, as they are compared by pip (the binary distribution format)."""
    parts = filename.removesuffix(".whl").split("-")
    if len(parts) not in (5, 6):
        return ""
    build = _BUILD(parts[2]) if len(parts) == 6 else None  # noqa: PLR2004 - as above
    version = _version(parts[1])
    if not _WHEEL_NAME(parts[0]) or not version or (len(parts) == 6 and not build):  # noqa: PLR2004
        return ""
    if not all(_TAGS(part) for part in parts[-3:]):
        return ""
    tags = "-".join(".".join(sorted(set(part.lower().split(".")))) for part in parts[-3:])
    number = f"{int(build[1])}{build[2]}" if build else ""
    return f"wheel {_normalised(parts[0])} {version} {number} {tags}"


def _sdist(stem: str, suffix: str) -> str:
    """Name and version; the last dash divides them, as pip has it."""
    name, _, stated = stem.rpartition("-")
    version = _version(stated)
    return f"sdist{suffix} {_normalised(name)} {version}" if version and _SDIST_NAME(name) else ""


def _version(text: str) -> str:
    """The canonical spelling of a version of PEP 440; empty where it is none."""
    from bomvet.versions.pep440 import PEP440  # noqa: PLC0415 - only where there is a distribution file

    return PEP440.canonical(text) if PEP440.key(text) else ""


def _normalised(name: str) -> str:
    from bomvet.model.purl import pypi_name  # noqa: PLC0415

    return pypi_name(name)
