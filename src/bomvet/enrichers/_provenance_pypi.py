"""What a Python index says of the files that a lock states: attested or not, and by what evidence.

A file is known by its digest alone.  Sources: see `bomvet.provenance.pypi`.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from bomvet.enrichers._provenance_asking import ABSENT, OPEN, Question, refute
from bomvet.enrichers._provenance_before import earlier
from bomvet.enrichers._provenance_cases import Sought
from bomvet.model.inventory import Hash
from bomvet.model.purl import percent_encoded
from bomvet.model.records import replace
from bomvet.plugin import Request
from bomvet.provenance import pypi
from bomvet.provenance.evidence import Expected
from bomvet.provenance.names import same_name, subject_key
from bomvet.provenance.repositories import declared_in_json
from bomvet.versions.pep440 import PEP440

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bomvet.enrichers._provenance_cases import Artefact, Case
    from bomvet.enrichers._registry_choice import Choice
    from bomvet.provenance.pypi import Project, ProjectFile

ACCEPT = "application/vnd.pypi.simple.v1+json"
#: Of a project with more than a hundred thousand files.
PAGE_LIMIT = 64 * 1024 * 1024
_INTEGRITY = "application/vnd.pypi.integrity.v1+json"
_EVIDENCE_LIMIT = 4 * 1024 * 1024
_ABOUT_LIMIT = 8 * 1024 * 1024
#: Names that tell a version beyond doubt.
_PLAIN = (".whl", ".tar.gz", ".zip")


def look(case: Case, choice: Choice, project: Project) -> Iterator[Question]:
    """What the page says of the release; gives what is to be asked for its files."""
    version, host = case.component.version, choice.host
    files = project.files(version)
    case.told = replace(case.told, registry=host)
    if not files:
        case.leave(OPEN, f"{host} has no such release")
        return
    # What has the same digest comes from there, whatever is configured.
    locked = case.digests
    case.sure = choice.certain or any(file.sha256 in locked for file in files)
    if case.sure:
        level, stronger = pypi.level(project, version, locked), pypi.stronger(project, version, locked)
        case.told = replace(case.told, level=level, stronger=stronger)
    release = _Release(project, files)
    for artefact in case.artefacts:
        yield from _look_at(case, artefact, choice, release)


class _Release:
    """The files of a release, and where they are looked up."""

    def __init__(self, project: Project, files: Sequence[ProjectFile]) -> None:
        self.project, self.files = project, files

    @cached_property
    def by_name(self) -> dict[str, ProjectFile]:
        """Those with a digest, by what all spellings of their names have in common."""
        return {subject_key(file.filename): file for file in self.files if file.sha256}

    @cached_property
    def unattested(self) -> bool:
        """Whether the index says of all of them that they are not attested."""
        return all(file.told and not file.provenance for file in self.files)


def _look_at(case: Case, artefact: Artefact, choice: Choice, release: _Release) -> Iterator[Question]:
    digest, host = artefact.digest("sha256"), choice.host
    file = release.project.file(digest) if digest else None
    if not digest:
        _without_digest(case, artefact, choice, release)
    elif file is None:
        _not_there(case, artefact, choice, release)
    elif _is_of_another(file, case.component.version):
        refute(artefact, choice, Hash(algorithm="sha256", value=digest), f"the digest is that of {file.filename}")
    elif artefact.proved:
        return
    elif file.provenance:
        yield from _question(case, artefact, choice, file)
    elif file.told:
        case.leave(ABSENT, f"{host} has no attestations of {file.filename}", [artefact])
    else:
        case.leave(OPEN, f"{host} does not say which files are attested", [artefact])


def _without_digest(case: Case, artefact: Artefact, choice: Choice, release: _Release) -> None:
    """What holds of a file that cannot be known again: something only where it holds for the whole release."""
    if case.sure and release.unattested:
        case.leave(ABSENT, f"{choice.host} has no attestations of any file of the release", [artefact])
    else:
        case.leave(OPEN, f"the lock has no SHA-256 of {artefact.label}", [artefact])


def _not_there(case: Case, artefact: Artefact, choice: Choice, release: _Release) -> None:
    """The index has no file of the digest: perhaps another one of the name."""
    other = release.by_name.get(subject_key(artefact.name)) if artefact.name else None
    if other is None:
        case.leave(OPEN, f"{choice.host} has no file of the digest of {artefact.label}", [artefact])
    elif case.sure:
        found = Hash(algorithm="sha256", value=other.sha256)
        refute(artefact, choice, found, f"{choice.host} has {other.filename} with another digest than the lock")
    else:
        reason = f"{choice.host} has another {other.filename}, and nothing says that the locked one is from there"
        case.leave(OPEN, reason, [artefact])


def _is_of_another(file: ProjectFile, version: str) -> bool:
    """Whether its name says that it is a file of another release."""
    if not file.filename.endswith(_PLAIN) or not PEP440.key(file.version):
        return False
    return PEP440.canonical(file.version) != PEP440.canonical(version)


def _question(case: Case, artefact: Artefact, choice: Choice, file: ProjectFile) -> Iterator[Question]:
    """Where the index has evidence of the file, which is that of the lock: they have the same digest."""
    url = _beside(file.provenance or "", choice.url)
    if not url:
        reason = f"{choice.host} has the attestations of {file.filename} elsewhere, where nobody is asked"
        case.leave(OPEN, reason, [artefact])
        return
    digest = Hash(algorithm="sha256", value=file.sha256)
    sought = (Sought(artefact, Expected((digest,), same_name(artefact.name or file.filename))),)
    request = Request(url, headers=(("accept", _INTEGRITY), *choice.headers), limit=_EVIDENCE_LIMIT)
    none = (OPEN, f"{choice.host} names attestations of {file.filename}, and has none")
    yield Question(request, choice.host, case, sought, pypi.evidence_of_provenance, none)


def before(case: Case, choice: Choice, project: Project) -> Question | None:
    """Where there is evidence of a release before; None where there is none, or nobody needs to know."""
    version = pypi.before(project, case.component.version) if case.sure else ""
    file = next((file for file in project.files(version) if file.provenance and file.sha256), None) if version else None
    url = _beside(file.provenance or "", choice.url) if file else ""
    if not (file and url):
        return None
    sought = earlier(file.filename, Hash(algorithm="sha256", value=file.sha256))
    request = Request(url, headers=(("accept", _INTEGRITY), *choice.headers), limit=_EVIDENCE_LIMIT)
    none = (OPEN, "nothing hangs on it")
    return Question(request, choice.host, case, (sought,), pypi.evidence_of_provenance, none)


def about(case: Case, choice: Choice) -> Request | None:
    """Where an index tells what repository a release declares; None where it does not, or nobody needs to know.

    The simple index tells it nowhere.  PyPI, and indexes that serve its interface, have it beside that:
    https://docs.pypi.org/api/json/#get-a-release.
    """
    base, simple, name = choice.url.rstrip("/").rpartition("/simple/")
    if case.ecosystem != "pypi" or not (simple and case.sure) or not any(a.proved for a in case.artefacts):
        return None
    url = f"{base}/pypi/{name}/{percent_encoded(case.component.version)}/json"
    return Request(url, headers=(("accept", "application/json"), *choice.headers), limit=_ABOUT_LIMIT)


def declared(body: bytes, repository: str) -> tuple[str, ...]:
    """The repositories in a release's metadata; a home page counts on the host of `repository` and known ones.

    Nothing where it cannot be read: what is declared is compared where it is known.
    """
    try:
        return declared_in_json(body, repository)
    except ValueError:
        return ()


def _beside(stated: str, page: str) -> str:
    """The URL that a page states, if it is of the very place that the page is from; credentials go nowhere else."""
    from urllib.parse import urljoin, urlsplit  # noqa: PLC0415 - loaded already where there is a connection

    if not stated.isascii() or not stated.isprintable() or " " in stated or "\\" in stated:
        return ""
    try:
        url = urljoin(page, stated)
        one, other = urlsplit(url), urlsplit(page)
    except ValueError:
        return ""
    return url if (one.scheme, one.netloc) == (other.scheme, other.netloc) else ""
