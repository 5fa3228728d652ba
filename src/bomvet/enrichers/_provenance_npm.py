"""What an npm registry says of the archive that a lock states: signed, attested, and by what evidence.

Sources: see `bomvet.provenance.npm`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.enrichers._provenance_asking import ABSENT, OPEN, Question, refute
from bomvet.enrichers._provenance_before import earlier
from bomvet.enrichers._provenance_cases import Sought
from bomvet.model.inventory import HEX_DIGITS, Hash
from bomvet.model.purl import bare, percent_encoded
from bomvet.model.records import replace
from bomvet.plugin import Request
from bomvet.provenance import npm
from bomvet.provenance.evidence import Expected
from bomvet.provenance.names import same_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.enrichers._provenance_cases import Artefact, Case
    from bomvet.enrichers._provenance_judging import Judging
    from bomvet.enrichers._registry_choice import Choice
    from bomvet.provenance.npm import Package, PackageVersion

#: The short form of a page tells neither times nor who published.
ACCEPT = "application/json"
PAGE_LIMIT = 64 * 1024 * 1024
_EVIDENCE_LIMIT = 4 * 1024 * 1024


def look(case: Case, choice: Choice, package: Package, judging: Judging) -> Iterator[Question]:
    """What the packument says of the release; gives what is to be asked for its archive."""
    host, release = choice.host, package.release(case.component.version)
    case.told = replace(case.told, registry=host)
    if release is None:
        case.leave(OPEN, f"{host} has no such release")
        return
    served = _served(release)
    # What has the same digest comes from there, whatever is configured.
    case.sure = choice.certain or any(_is_served(artefact, release, served) for artefact in case.artefacts)
    if case.sure:
        _tell(case, package, release)
    found = [_look_at(case, artefact, choice, release, served) for artefact in case.artefacts]
    sought = [one for one in found if one]
    for one in sought:
        judging.signatures(case, one, release, choice.url)
    unproved = tuple(one for one in sought if not one.artefact.proved)
    # Nobody is asked at the URL: that there is evidence may be said without one.
    named = bool(release.attestations) or release.provenance
    if named and unproved:
        yield _question(case, choice, release, unproved)
    elif not named:
        blank = [artefact for artefact in case.artefacts if not artefact.hashes]
        _unattested(case, [one.artefact for one in unproved] + blank, choice, package)


def _served(release: PackageVersion) -> frozenset[str]:
    """SHA-512 in hexadecimal of what the registry has."""
    from binascii import a2b_base64  # noqa: PLC0415 - small

    found = set()
    for text in release.integrity.split():
        algorithm, _, encoded = text.partition("?")[0].partition("-")
        try:
            value = a2b_base64(encoded, strict_mode=True).hex()
        except ValueError:
            continue
        if algorithm == "sha512" and len(value) == HEX_DIGITS[algorithm]:
            found.add(value)
    return frozenset(found)


def _is_served(artefact: Artefact, release: PackageVersion, served: frozenset[str]) -> bool:
    if artefact.digest("sha512") in served:
        return True
    return bool(release.shasum) and artefact.digest("sha1") == release.shasum


def _tell(case: Case, package: Package, release: PackageVersion) -> None:
    """What else the packument says of the release."""
    if not package.vouches:
        return
    previous = npm.before(package, release.version)
    earlier = package.release(previous) if previous else None
    case.told = replace(
        case.told,
        level=release.level,
        stronger=npm.stronger(package, release.version),
        changes=npm.changes(package, release.version, previous) if previous else (),
        publisher=release.publisher,
        declared=(release.repository,) if release.repository else (),
        declared_before=(earlier.repository,) if earlier and earlier.repository else (),
    )


def _look_at(
    case: Case, artefact: Artefact, choice: Choice, release: PackageVersion, served: frozenset[str]
) -> Sought | None:
    """What evidence has to say of the archive; None where nothing can, which is noted."""
    locked, weak = artefact.digest("sha512"), artefact.digest("sha1")
    if locked and served and locked not in served:
        _other(case, artefact, choice, Hash(algorithm="sha512", value=min(served)))
        return None
    if weak and not locked and release.shasum not in ("", weak):
        _other(case, artefact, choice, Hash(algorithm="sha1", value=release.shasum))
        return None
    expected = artefact.expected("sha512")
    if not locked and weak and weak == release.shasum and len(served) == 1:
        (digest,) = served
        expected = Expected((Hash(algorithm="sha512", value=digest),), same_name(artefact.name), "registry")
    if expected is None:
        case.leave(OPEN, f"the lock has no digest of {artefact.label} that could be attested", [artefact])
        return None
    return Sought(artefact, expected)


def _other(case: Case, artefact: Artefact, choice: Choice, served: Hash) -> None:
    if case.sure:
        refute(artefact, choice, served, f"{choice.host} has another digest of the archive than the lock")
    else:
        reason = f"{choice.host} has another archive, and nothing says that the locked one is from there"
        case.leave(OPEN, reason, [artefact])


def _unattested(case: Case, artefacts: list[Artefact], choice: Choice, package: Package) -> None:
    """The packument names no attestations."""
    label = case.component.label
    if not package.vouches:
        reason = f"{choice.host} has neither signatures nor attestations of any release, as a mirror leaves them out"
        case.leave(OPEN, reason, artefacts)
    elif case.sure:
        case.leave(ABSENT, f"{choice.host} has no attestations of {label}", artefacts)
    else:
        case.leave(OPEN, f"nothing says that {label} is from {choice.host}, which has no attestations of it", artefacts)


def _question(case: Case, choice: Choice, release: PackageVersion, sought: tuple[Sought, ...]) -> Question:
    """Where this registry has attestations, by npm's interface: the URL in a packument may be that of another."""
    request = _request(choice, release.version)
    label = case.component.label
    none = (ABSENT, f"{choice.host} has no provenance of {label}")
    if release.provenance:
        none = (OPEN, f"{choice.host} names provenance of {label}, and has none")
    return Question(request, choice.host, case, sought, npm.evidence_of_attestations, none)


def _request(choice: Choice, version: str) -> Request:
    base, _, name = choice.url.rpartition("/")
    url = f"{base}/-/npm/v1/attestations/{name}@{percent_encoded(version)}"
    return Request(url, headers=(("accept", "application/json"), *choice.headers), limit=_EVIDENCE_LIMIT)


def before(case: Case, choice: Choice, package: Package) -> Question | None:
    """Where there is evidence of the release before; None where there is none, or nobody needs to know."""
    version = npm.before(package, case.component.version) if case.sure and package.vouches else ""
    release = package.release(version) if version else None
    served = _served(release) if release and release.attestations else frozenset()
    if len(served) != 1:
        return None
    (digest,) = served
    purl = f"{bare(case.component.purl).rpartition('@')[0]}@{percent_encoded(version)}"
    sought = earlier(purl, Hash(algorithm="sha512", value=digest))
    none = (OPEN, "nothing hangs on it")
    return Question(_request(choice, version), choice.host, case, (sought,), npm.evidence_of_attestations, none)
