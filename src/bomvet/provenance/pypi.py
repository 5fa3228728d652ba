"""What a Python index says of who built its files: attestations as they are served, and which files have some.

Sources: PEP 740, https://peps.python.org/pep-0740/, and its implementation by PyPI,
https://docs.pypi.org/api/integrity/; the `provenance` of files (Simple API 1.3, URL or null) in
https://packaging.python.org/en/latest/specifications/simple-repository-api/.  An index that is older, or of another
make, leaves the key out, which says nothing.

The `publisher` of an attestation bundle is the word of the index about its own set-up, signed by nobody: to verify an
attestation against the publisher that came with it proves nothing, so it is not read at all.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from bomvet.model.provenance import EarlierRelease, PublishLevel
from bomvet.model.purl import pypi_name
from bomvet.model.times import moment
from bomvet.provenance import _json
from bomvet.provenance.evidence import Evidence, Form
from bomvet.versions.filenames import file_version
from bomvet.versions.pep440 import PEP440, is_prerelease

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

_BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
_STATEMENT = "application/vnd.in-toto+json"
#: A file has an attestation or two per publisher, of which there is one.
_MOST = 200
#: Of several attestations, none of which is larger than a bundle may be.
_MAX_ANSWER = 16 * 1024 * 1024
_MAX_INDEX = 64 * 1024 * 1024
#: Within this the files of a release are uploaded, also where some take long to build.
_ONE_PUBLICATION = dt.timedelta(days=1)


# -- attestations ----------------------------------------------------------------------------------------------


def evidence_of_provenance(data: bytes, source: str) -> tuple[Evidence, ...]:
    """The attestations of a provenance object (Integrity API, `.provenance` file); raises `ValueError`.

    They carry no predicate type of their own outside of what is signed.
    """
    return provenance_object(_json.read_object(data, _MAX_ANSWER), source)


def provenance_object(document: dict[str, Any], source: str) -> tuple[Evidence, ...]:
    """As `evidence_of_provenance`, of a parsed object."""
    _require_version(document, "a provenance object")
    bundles = document.get("attestation_bundles")
    if not isinstance(bundles, list):
        raise ValueError("a provenance object has a list of attestation bundles, which this has not")  # noqa: TRY004
    found: list[Evidence] = []
    for bundle in bundles:
        attestations = _json.table(bundle).get("attestations")
        if not isinstance(attestations, list):
            raise ValueError("an attestation bundle has a list of attestations, which this has not")  # noqa: TRY004
        if len(found) + len(attestations) > _MOST:
            raise ValueError(f"it has more than {_MOST} attestations")
        found += (attestation_object(_json.table(item), source) for item in attestations)
    return tuple(found)


def attestation_object(document: dict[str, Any], source: str) -> Evidence:
    """A parsed attestation object as a sigstore bundle; raises `ValueError`."""
    _require_version(document, "an attestation object")
    material = _json.table(document.get("verification_material"))
    envelope = _json.table(document.get("envelope"))
    entries = material.get("transparency_entries")
    if not isinstance(entries, list) or not entries:
        raise ValueError("an attestation object has transparency entries, of which this has none")
    bundle = {
        "mediaType": _BUNDLE,
        "verificationMaterial": {
            "certificate": {"rawBytes": _required(material, "certificate")},
            "tlogEntries": _json.without_nulls(entries),
        },
        "dsseEnvelope": {
            "payload": _required(envelope, "statement"),
            "payloadType": _STATEMENT,
            "signatures": [{"sig": _required(envelope, "signature")}],
        },
    }
    raw = _json.written(document)
    if len(raw) > _json.MAX_BUNDLE:
        raise ValueError(f"an attestation object has more than {_json.MAX_BUNDLE} bytes")
    return Evidence(Form.BUNDLE, bundle, raw, source)


class UnknownVersionError(ValueError):
    """An attestation, or what holds some, is of a version that nothing is known of."""


def _require_version(document: dict[str, Any], what: str) -> None:
    """Version 1 is the only one that there is; another may mean anything; raises `UnknownVersionError`."""
    if "version" not in document:
        raise ValueError(f"{what} has a version, which this has not")
    version = document["version"]
    if isinstance(version, bool) or version != 1:
        raise UnknownVersionError(f"the version of {what} is 1, and this is of version {str(version)[:20]}")


def _required(document: dict[str, Any], key: str) -> str:
    value = document.get(key)
    if not isinstance(value, str) or not value:
        raise ValueError(f"an attestation object has a {key}, which this has not")
    return value


# -- the project ------------------------------------------------------------------------------------------------


class ProjectFile(NamedTuple):
    """A file of a project.

    `version` is as its name spells it; `sha256` in lower-case hexadecimal and `uploaded` (RFC 3339) are empty where
    they are not stated.  `provenance` is a URL, None where the index says that there is none, and also where it does
    not say, which is `told` False.
    """

    filename: str
    version: str
    sha256: str
    uploaded: str
    provenance: str | None
    told: bool


class Project:
    """What an index says of a project: `name` is normalised."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self.name = pypi_name(_json.text(document.get("name")))

    def files(self, version: str) -> Sequence[ProjectFile]:
        """Those of a release, in whatever spelling; none where there is no such release."""
        return self._releases.get(PEP440.canonical(version), ())

    def file(self, sha256: str) -> ProjectFile | None:
        """The file of this digest."""
        return self._by_digest.get(sha256.lower())

    @property
    def releases(self) -> Collection[str]:
        """Canonical versions."""
        return self._releases.keys()

    @cached_property
    def _releases(self) -> dict[str, tuple[ProjectFile, ...]]:
        found: dict[str, list[ProjectFile]] = defaultdict(list)
        for file in self._files():
            found[PEP440.canonical(file.version)].append(file)
        return {version: tuple(files) for version, files in found.items()}

    @cached_property
    def attested(self) -> Sequence[tuple[dt.datetime, str, str]]:
        """The first file of each release that came with attested files alone, in the sequence of time."""
        found = (_first(files) for files in self._releases.values() if _is_attested(_came_with(files)))
        return sorted(first for first in found if first)

    @cached_property
    def attested_finals(self) -> Sequence[tuple[dt.datetime, str, str]]:
        """The same without pre-releases."""
        return [one for one in self.attested if not ((key := PEP440.key(one[2])) and is_prerelease(key))]

    @cached_property
    def _by_digest(self) -> dict[str, ProjectFile]:
        return {file.sha256: file for files in self._releases.values() for file in files if file.sha256}

    def _files(self) -> Iterator[ProjectFile]:
        """All whose name tells a version."""
        for item in _json.listed(self._document.get("files")):
            file = _json.table(item)
            filename = _json.text(file.get("filename"))
            version = file_version(filename, self.name)
            if version:
                yield _file(file, filename, version)


def _file(file: dict[str, Any], filename: str, version: str) -> ProjectFile:
    provenance = _json.text(file.get("provenance"), 4000)
    return ProjectFile(
        filename,
        version,
        sha256=_json.text(_json.table(file.get("hashes")).get("sha256")).lower(),
        uploaded=_json.text(file.get("upload-time")),
        provenance=provenance or None,
        # What is neither text nor null has no meaning, and says nothing.
        told=bool(provenance) or ("provenance" in file and file["provenance"] is None),
    )


def read_project(data: bytes) -> Project:
    """The project's page in JSON; raises `ValueError`."""
    document = _json.read_object(data, _MAX_INDEX)
    if not isinstance(document.get("files"), list):
        raise ValueError("it has no files")  # noqa: TRY004 - whatever is wrong with it
    return Project(document)


# -- how releases were published ----------------------------------------------------------------------------------


def level(project: Project, version: str, locked: Collection[str] = ()) -> PublishLevel | None:
    """How a release was published: with provenance where all of its files have some, None where that is not told.

    `locked` are SHA-256 digests: where any is that of a file of the release, only such files count, since others may
    have been added later, and are not installed.
    """
    return _level(_counted(project, version, locked))


def _counted(project: Project, version: str, locked: Collection[str]) -> Sequence[ProjectFile]:
    files = project.files(version)
    return [file for file in files if file.sha256 in locked] or files


def _level(files: Sequence[ProjectFile]) -> PublishLevel | None:
    if any(file.told and not file.provenance for file in files):
        return PublishLevel.NONE
    return PublishLevel.PROVENANCE if _is_attested(files) else None


def _is_attested(files: Sequence[ProjectFile]) -> bool:
    return bool(files) and all(file.provenance for file in files)


def stronger(project: Project, version: str, locked: Collection[str] = ()) -> EarlierRelease | None:
    """The latest of the releases that came before this one with provenance, where this one has none.

    A release came with its first file, but one without provenance with the last of its files that has none: a stolen
    token may add a file to an old release.  Nor does such a file take anything from what that release came with, which
    may be this one.  As pnpm has it for npm, pre-releases do not count against a final release, and yanked ones count.
    """
    files = _counted(project, version, locked)
    if _level(files) is not PublishLevel.NONE:
        return None
    until = max((m for file in files if not file.provenance and (m := moment(file.uploaded))), default=None)
    if until is None:
        return None
    last = _last_attested(project, version, until)
    return EarlierRelease(version=last[2], uploaded=last[1], level=PublishLevel.PROVENANCE) if last else None


def _last_attested(project: Project, version: str, until: dt.datetime) -> tuple[dt.datetime, str, str] | None:
    """The last release that came with provenance before `until`, of those that count against `version`."""
    key = PEP440.key(PEP440.canonical(version))
    releases = project.attested_finals if key and not is_prerelease(key) else project.attested
    at = bisect_left(releases, (until,))
    return releases[at - 1] if at else None


def before(project: Project, version: str) -> str:
    """The last release that came with provenance before `version` did; empty where none did."""
    first = _first(project.files(version))
    last = _last_attested(project, version, first[0]) if first else None
    return last[2] if last else ""


def _came_with(files: Sequence[ProjectFile]) -> Sequence[ProjectFile]:
    """Those that were uploaded with the first, as one publication; later ones may be anybody's who has a token."""
    first = _first(files)
    until = first[0] + _ONE_PUBLICATION if first else None
    return [file for file in files if not (until and (m := moment(file.uploaded)) and m > until)]


def _first(files: Sequence[ProjectFile]) -> tuple[dt.datetime, str, str] | None:
    """When the first file came, as a moment and as stated, and the version as that file spells it."""
    return min(((m, file.uploaded, file.version) for file in files if (m := moment(file.uploaded))), default=None)
