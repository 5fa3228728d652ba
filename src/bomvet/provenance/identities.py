"""The identity lock: who publishes which package, and how an answer stands to it.

`bomvet.identities.toml` has a table `[[package]]` per package, sorted by purl, its keys in one order, so that a change
of one publisher is a change of few lines.  What a certificate does not state is not compared: which fields there are
is the doing of the certificate authority, and older certificates have fewer.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from bomvet.errors import PolicyFileError
from bomvet.model.inventory import Location
from bomvet.model.provenance import (
    ORIGINS,
    PROVED,
    PUBLISH_LEVELS,
    EvidenceKind,
    IdentityChange,
    IdentityField,
    IdentityLock,
    LockedIdentity,
    ProvenanceAnswer,
    ProvenanceStatus,
    PublisherIdentity,
    PublishLevel,
    strongest_first,
)
from bomvet.model.purl import bare, npm_purl, parts, pypi_purl
from bomvet.model.records import replace
from bomvet.model.toml_reader import Reader, named, not_toml, one_of
from bomvet.model.toml_writer import toml_string
from bomvet.provenance.repositories import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from bomvet.model.inventory import Component, Inventory
    from bomvet.model.toml_lines import Path

VERSION = 1
MAX_LOCK_BYTES, MAX_ENTRIES = 16 * 1024 * 1024, 100_000
HINT = "the reference says what each key means; `bomvet trust lock` writes the file"
#: Keys of an entry, in the order in which they are written.
KEYS = (
    "purl",
    "issuer",
    "subject",
    "repository",
    "repository-id",
    "owner",
    "owner-id",
    "workflow",
    "ref",
    "trigger",
    "runner",
    "publisher",
    "level",
    "first-seen",
    "since",
)
REF_CLASSES = ("tag", "branch", "pull-request")
HEAD = f"""\
# Who publishes each package, as its attestations proved when it was first seen, or last taken over.
# Every scan compares: a line that is not here is not compared.  `bomvet trust lock` adds packages,
# `bomvet trust lock --update PURL` takes a change over.  Review changes of this file as you review code.
version = {VERSION}
"""
#: Evidence that tells who publishes a package; an SBOM of it may be signed by anybody.
_PUBLISHING = ORIGINS | {EvidenceKind.NPM_PUBLISH, EvidenceKind.SIGNATURE}
#: What an entry does not state where what is locked by it differs in it: releases of a package, files of a release.
_LOOSENED = {
    IdentityField.RENAMED: ("repository", "owner"),
    IdentityField.OWNER: ("owner", "owner_id"),
    IdentityField.WORKFLOW: ("workflow",),
    IdentityField.REF: ("ref",),
    IdentityField.TRIGGER: ("trigger",),
    IdentityField.RUNNER: ("runner",),
    IdentityField.PUBLISHER: ("publisher",),
}


def package_of(purl: str) -> str:
    """The package that `purl` is of: without version, qualifiers and subpath; of images with their repository."""
    found = parts(purl)
    if found.type == "pypi":
        return pypi_purl(found.name)
    if found.type == "npm":
        return npm_purl(f"{found.namespace}/{found.name}" if found.namespace else found.name)
    plain = bare(purl)
    head, slash, last = plain.rpartition("/")
    package = head + slash + last.partition("@")[0]
    place = dict(found.qualifiers).get("repository_url", "") if found.type in ("oci", "docker") else ""
    return f"{package}?repository_url={place}" if place else package


# -- reading -----------------------------------------------------------------------------------------------------


def read_identities(text: str, name: str) -> IdentityLock:
    """The lock `text` of the file `name`; raises `PolicyFileError` with every error and its line."""
    import tomli  # noqa: PLC0415 - only where there is a lock

    if len(text) > MAX_LOCK_BYTES:
        raise PolicyFileError(name, (f"line 1: the file has more than {MAX_LOCK_BYTES:,} bytes",), hint=HINT)
    try:
        document = tomli.loads(text)
    except (ValueError, RecursionError) as error:
        raise not_toml(error, text, name, HINT) from None
    reader = Reader(text, ())
    entries = _entries(reader, reader.table((), document, ("version", "package")))
    if problems := reader.told(name, HINT):
        raise problems
    return IdentityLock(source=name, entries=MappingProxyType(entries))


def _entries(reader: Reader, document: dict[str, Any]) -> dict[str, LockedIdentity]:
    version = document.get("version")
    if type(version) is not int or version != VERSION:
        stated = "there is none" if version is None else f"not {version!r}"
        reader.problem(("version",), f"the version of the lock must be {VERSION}, {stated}")
        return {}
    tables = reader.tables(("package",), document.get("package", []))
    if len(tables) > MAX_ENTRIES:
        reader.problem(("package",), f"the lock has more than {MAX_ENTRIES:,} packages")
        return {}
    found: dict[str, LockedIdentity] = {}
    for path, value in tables:
        entry = _entry(reader, path, value)
        if entry and (before := found.setdefault(entry.purl, entry)) is not entry:
            reader.problem(path, f"{entry.purl} is locked already, on line {before.line}")
    return found


def _entry(reader: Reader, path: Path, value: Any) -> LockedIdentity | None:
    """One package; None where it has no name, which is a problem by then."""
    stated = reader.table(path, value, KEYS)
    readers: dict[str, Callable[[Path, Any], Any]] = {
        "purl": reader.converted(_package),
        "ref": reader.converted(one_of(REF_CLASSES)),
        "level": reader.converted(one_of([level.value for level in PUBLISH_LEVELS])),
        "since": reader.date,
    }
    fields: dict[str, Any] = {}
    for key, item in stated.items():
        read = readers.get(key) or reader.text
        found = read((*path, key), item)
        if found is not None:
            fields[key.replace("-", "_")] = str(found)
    if "purl" not in fields:
        if isinstance(value, dict) and "purl" not in stated:
            reader.problem(path, f"{named(path)} has no purl")
        return None
    fields["level"] = PublishLevel(fields.get("level", PublishLevel.PROVENANCE))
    return LockedIdentity(**{"issuer": "", **fields}, line=reader.line(path))


def _package(text: str) -> str:
    """The purl of a package in its own spelling; raises `ValueError`."""
    found = parts(text)
    if not (text.startswith("pkg:") and found.type and found.name):
        raise ValueError(f"must be a purl such as pkg:npm/left-pad, not {text!r}")
    if found.version:
        raise ValueError(f"must have no version: {package_of(text)}")
    return package_of(text)


# -- writing -----------------------------------------------------------------------------------------------------


def write_identities(lock: IdentityLock) -> str:
    """The text of the lock: the same for the same entries, whatever their sequence."""
    entries = (lock.entries[purl] for purl in sorted(lock.entries))
    return "\n".join((HEAD, *(f"{as_toml(entry)}" for entry in entries)))


def as_toml(entry: LockedIdentity) -> str:
    """`entry` as the table that it is locked by."""
    stated = [(key, str(text)) for key in KEYS if (text := getattr(entry, key.replace("-", "_")))]
    rows = [f"{key} = {text if key == 'since' else toml_string(text)}" for key, text in stated]
    return "\n".join(("[[package]]", *rows, ""))


# -- comparing ---------------------------------------------------------------------------------------------------


def compare(expected: LockedIdentity, answer: ProvenanceAnswer) -> tuple[IdentityChange, ...]:
    """What of `answer` is not as `expected`, each change once; nothing where nothing is known."""
    return compare_any((expected,), answer)


def compare_any(expected: Sequence[LockedIdentity], answer: ProvenanceAnswer) -> tuple[IdentityChange, ...]:
    """As `compare`, where each attestation may be as any of `expected`; else it is held against the nearest."""
    found: dict[IdentityChange, None] = {}
    for identity in publishers(answer):
        nearest = min((tuple(_differences(one, identity)) for one in expected), key=len)
        found.update(dict.fromkeys(nearest))
    first = expected[0]
    if first.publisher and answer.publisher and first.publisher != answer.publisher:
        found[_change(IdentityField.PUBLISHER, first.publisher, answer.publisher)] = None
    level = level_of(answer)
    if level is not None and PUBLISH_LEVELS.index(level) < PUBLISH_LEVELS.index(first.level):
        found[_change(IdentityField.LEVEL, first.level, level)] = None
    order = list(IdentityField)
    return tuple(sorted(found, key=lambda change: (order.index(change.what), change.before, change.after)))


def publishers(answer: ProvenanceAnswer) -> tuple[PublisherIdentity, ...]:
    """Who published by all evidence that was proved, each once, the strongest first."""
    proved = strongest_first(a for a in answer.attestations if a.status in PROVED and a.kind in _PUBLISHING)
    return tuple(dict.fromkeys(a.identity for a in proved if a.identity))


def level_of(answer: ProvenanceAnswer) -> PublishLevel | None:
    """How the release was published as far as that is proved; None where it is not known, or refused altogether.

    Of a release of which one file has no evidence nobody knows who published it, nor of one that the registry alone
    has signed.  Where evidence is proved it is provenance at least, whatever the registry says.
    """
    if answer.status is ProvenanceStatus.ABSENT:
        return PublishLevel.NONE
    if answer.status not in PROVED:
        return None
    if not publishers(answer):
        return PublishLevel.NONE
    return max(answer.level, PublishLevel.PROVENANCE, key=PUBLISH_LEVELS.index) if answer.level else None


def _differences(expected: LockedIdentity, identity: PublisherIdentity) -> Iterator[IdentityChange]:
    if _differ(expected.issuer, identity.issuer):
        yield _change(IdentityField.ISSUER, expected.issuer, identity.issuer)
    if expected.subject and expected.subject != identity.subject:
        yield _change(IdentityField.SUBJECT, expected.subject, identity.subject)
    moved = _repository(expected, identity)
    if moved:
        yield moved
    if owner := _owner(expected, identity, moved=moved is not None):
        yield owner
    pairs = (
        (IdentityField.WORKFLOW, expected.workflow, identity.workflow),
        (IdentityField.REF, expected.ref, identity.ref_class or identity.ref),  # a ref of no class is another
        (IdentityField.TRIGGER, expected.trigger, identity.trigger),
        (IdentityField.RUNNER, expected.runner, identity.runner),
    )
    for what, before, after in pairs:
        if _differ(before, after):
            yield _change(what, before, after)


def _repository(expected: LockedIdentity, identity: PublisherIdentity) -> IdentityChange | None:
    """How the repository differs; its number is what it is known by, where both have one of the same forge."""
    if not (expected.repository or expected.repository_id):
        return None
    if not identity.repository:
        # No repository built it, but an address or another workload: that is who it is now.
        before = expected.repository or f"id {expected.repository_id}"
        return _change(IdentityField.REPOSITORY, before, identity.subject or "none")
    same_uri = not expected.repository or _plain(expected.repository) == _plain(identity.repository)
    if _numbered(expected, identity) and expected.repository_id and identity.repository_id:
        if expected.repository_id != identity.repository_id:
            before = f"{expected.repository} (id {expected.repository_id})".strip()
            return _change(IdentityField.REPOSITORY, before, f"{identity.repository} (id {identity.repository_id})")
        if not same_uri:
            return _change(IdentityField.RENAMED, expected.repository, identity.repository)
        return None
    return None if same_uri else _change(IdentityField.REPOSITORY, expected.repository, identity.repository)


def _owner(expected: LockedIdentity, identity: PublisherIdentity, *, moved: bool) -> IdentityChange | None:
    """How the owner differs: by number, else by name, which says nothing more where the repository's has changed."""
    if _numbered(expected, identity) and expected.owner_id and identity.owner_id:
        if expected.owner_id == identity.owner_id:
            return None
        before = f"{expected.owner} (id {expected.owner_id})".strip()
        return _change(IdentityField.OWNER, before, f"{identity.owner} (id {identity.owner_id})".strip())
    if moved or not _differ(expected.owner.casefold(), identity.owner.casefold()):
        return None
    return _change(IdentityField.OWNER, expected.owner, identity.owner)


def _numbered(expected: LockedIdentity, identity: PublisherIdentity) -> bool:
    """Whether numbers of both are of one forge, which alone makes them comparable."""
    if _differ(expected.issuer, identity.issuer):
        return False
    one, other = expected.repository or expected.owner, identity.repository
    return not one or _host(one) == _host(other)


def _differ(before: str, after: str) -> bool:
    return bool(before and after and before != after)


def _plain(uri: str) -> str:
    """A repository in the one spelling in which it is compared; of what is none the text."""
    return canonical(uri) or uri


def _host(uri: str) -> str:
    return uri.partition("://")[2].partition("/")[0].casefold()


def _change(what: IdentityField, before: str, after: str) -> IdentityChange:
    return IdentityChange(what=what, before=before, after=after)


# -- making ------------------------------------------------------------------------------------------------------


def locked_from(purl: str, answer: ProvenanceAnswer, version: str, day: str) -> LockedIdentity | None:
    """What `answer` locks of the package that `purl` is of, first seen in `version` on `day`.

    None where nobody is proved to have published it, or several are: then a person has to say who it is.  Files that
    one repository published by several workflows have one publisher.  Where one of its files has no evidence the level
    is none, and that of the others is locked.
    """
    found = publishers(answer)
    if not found or answer.status not in (ProvenanceStatus.VERIFIED, ProvenanceStatus.ABSENT):
        return None
    first = found[0]
    entry = LockedIdentity(
        purl=package_of(purl),
        issuer=first.issuer,
        subject="" if first.repository else first.subject,
        repository=first.repository,
        repository_id=first.repository_id,
        owner=first.owner,
        owner_id=first.owner_id,
        workflow=first.workflow,
        ref=first.ref_class,
        trigger=first.trigger,
        runner=first.runner,
        publisher=answer.publisher,
        level=level_of(answer) or PublishLevel.PROVENANCE,
        first_seen=version,
        since=day,
    )
    for change in compare(entry, answer):
        looser = loosened(entry, change)
        if looser is None:
            return None
        entry = looser
    return entry


def loosened(entry: LockedIdentity, change: IdentityChange) -> LockedIdentity | None:
    """`entry` without what differs by `change`; None where that is who publishes, which has to be locked."""
    if change.what not in _LOOSENED:
        return None
    without: dict[str, Any] = dict.fromkeys(_LOOSENED[change.what], "")
    return replace(entry, **without)


# -- expecting ---------------------------------------------------------------------------------------------------


class Expectation(NamedTuple):
    """Who is expected to publish one component: any of `candidates`, by `source` at `location`."""

    candidates: tuple[LockedIdentity, ...]
    source: str
    location: Location


def expectations(inventory: Inventory, lock: IdentityLock | None) -> Mapping[str, Expectation]:
    """What is expected of components, by purl: what the lock says, else the `pylock.toml` that they are in."""
    found: dict[str, Expectation] = {}
    for component in inventory.components:
        entry = lock.entries.get(package_of(component.purl)) if lock and not component.first_party else None
        if lock and entry:
            place = Location(path=lock.source, line=entry.line)
            found[component.purl] = Expectation((entry,), lock.source, place)
        elif expected := _of_pylock(component):
            found[component.purl] = expected
    return found


def _of_pylock(component: Component) -> Expectation | None:
    stated = [value for name, value in component.properties if name == "bomvet:attestation-identity"]
    if not stated:
        return None
    from bomvet.provenance.pylock import identities_of, place_of  # noqa: PLC0415 - few locks have them

    candidates = identities_of(package_of(component.purl), stated)
    place = place_of(component)
    return Expectation(candidates, place.path, place) if candidates else None
