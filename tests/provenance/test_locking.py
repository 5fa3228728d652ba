"""What is locked of a project with several versions of packages, and how a project stands to its lock."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest

from bomvet.errors import UsageError
from bomvet.model.facts import Facts
from bomvet.model.inventory import Component, Inventory, Location, Unknown
from bomvet.model.provenance import (
    Attestation,
    EvidenceKind,
    IdentityLock,
    LockedIdentity,
    ProvenanceAnswer,
    ProvenanceStatus,
    PublisherIdentity,
    PublishLevel,
)
from bomvet.model.records import replace
from bomvet.model.result import PluginStatus, ScanResult, Status, Target
from bomvet.pipeline import version_key
from bomvet.provenance.locking import Checking, Locking, Wanted, as_text, checked, relocked

TODAY = "2026-11-24"
IDENTITY = PublisherIdentity(
    issuer="https://issuer.example",
    subject="https://forge.example/acme/pad/release.yml@refs/tags/v1",
    repository="https://forge.example/acme/pad",
    repository_id="1",
    owner="https://forge.example/acme",
    owner_id="2",
    workflow="release.yml",
    ref="refs/tags/v1",
    trigger="push",
    runner="hosted",
)
ENTRY = LockedIdentity(
    purl="pkg:npm/pad",
    issuer="https://issuer.example",
    repository="https://forge.example/acme/pad",
    repository_id="1",
    owner="https://forge.example/acme",
    owner_id="2",
    workflow="release.yml",
    ref="tag",
    trigger="push",
    runner="hosted",
    publisher="oidc:1",
    level=PublishLevel.TRUSTED_PUBLISHER,
    first_seen="10.0.0",
    since=TODAY,
)
S = ProvenanceStatus


def answer(
    status: ProvenanceStatus = S.VERIFIED, level: PublishLevel = PublishLevel.TRUSTED_PUBLISHER, **fields: Any
) -> ProvenanceAnswer:
    """A verified answer of `IDENTITY` with other `fields`; without evidence where the status is another."""
    publisher = fields.pop("publisher", "oidc:1")
    identity = replace(IDENTITY, **fields)
    attestation = Attestation(kind=EvidenceKind.SLSA, status=S.VERIFIED, identity=identity)
    attestations = (attestation,) if status is S.VERIFIED else ()
    return ProvenanceAnswer(
        status=status, attestations=attestations, level=level, publisher=publisher, reason=f"{status}"
    )


def scanned(*answers: tuple[str, ProvenanceAnswer | None], failed: str = "") -> ScanResult:
    """A result with a component per version or purl of `answers`."""
    found = {(key if key.startswith("pkg:") else f"pkg:npm/pad@{key}"): one for key, one in answers}
    components = tuple(Component(purl=p, name="pad", version=p.rpartition("@")[2]) for p in sorted(found))
    own = Component(purl="pkg:npm/own@1", name="own", version="1", directory="")
    known = {purl: one for purl, one in found.items() if one} | {own.purl: answer()}
    statuses = (PluginStatus(id="provenance", status=Status.FAILED, reason=failed),) if failed else ()
    return ScanResult(
        tool="0",
        time="2026-11-24T00:00:00Z",
        target=Target(kind="dir", name="sink"),
        inventory=Inventory(components=(own, *components)),
        facts=Facts(provenance=MappingProxyType(known)),
        plugins=statuses,
    )


def locking(
    *answers: tuple[str, ProvenanceAnswer | None], known: LockedIdentity | None = None, **wanted: Any
) -> Locking:
    """What becomes of a lock with one entry, or none."""
    lock = IdentityLock(source="lock", entries={known.purl: known} if known else {})
    return relocked(lock, scanned(*answers), Wanted(**wanted), TODAY, version_key)


def test_the_newest_version_is_the_first_seen() -> None:
    """Versions are in the order of their ecosystem, in which 10 comes after 9."""
    found = locking(("9.0.0", answer()), ("10.0.0", answer()))

    assert dict(found.lock.entries) == {"pkg:npm/pad": ENTRY}
    assert (found.added, found.differs, found.refused, found.questions) == (("pkg:npm/pad",), (), (), ())


def test_versions_without_an_order() -> None:
    """Then it is any of them, but always the same."""
    found = locking(("pkg:deb/debian/pad@b", answer()), ("pkg:deb/debian/pad@a", answer()))

    assert found.lock.entries["pkg:deb/debian/pad"].first_seen == "a"


@pytest.mark.parametrize(
    ("fields", "loosened"),
    [
        ({"workflow": "x.yml"}, {"workflow": ""}),
        ({"ref": "refs/heads/main"}, {"ref": ""}),
        ({"trigger": "manual"}, {"trigger": ""}),
        ({"runner": "own"}, {"runner": ""}),
        ({"publisher": "oidc:9"}, {"publisher": ""}),
        ({"owner_id": "9"}, {"owner": "", "owner_id": ""}),
        ({"repository": "https://forge.example/acme/old"}, {"repository": "", "owner": ""}),
    ],
)
def test_versions_that_differ(fields: dict[str, Any], loosened: dict[str, Any]) -> None:
    """What they differ in is not locked, so that the project agrees with its lock; all else is."""
    found = locking(("9.0.0", answer(**fields)), ("10.0.0", answer()))

    assert dict(found.lock.entries) == {"pkg:npm/pad": replace(ENTRY, **loosened)}
    again = relocked(
        found.lock, scanned(("9.0.0", answer(**fields)), ("10.0.0", answer())), Wanted(), TODAY, version_key
    )
    assert (again.lock, again.added, again.differs) == (found.lock, (), ())


def test_versions_of_several_publishers() -> None:
    """Another repository is not loosened: somebody has to decide."""
    found = locking(("9.0.0", answer(repository_id="7")), ("10.0.0", answer()))

    assert dict(found.lock.entries) == {}
    pad = "https://forge.example/acme/pad"
    assert found.refused == (("pkg:npm/pad", f"its versions have several publishers: {pad} (id 1), {pad} (id 7)"),)


def test_one_version_of_several_publishers() -> None:
    """Nor is one release that two have attested."""
    both = answer()
    other = Attestation(
        kind=EvidenceKind.SLSA, status=S.VERIFIED, identity=replace(IDENTITY, repository_id="7"), source="b"
    )
    found = locking(("10.0.0", replace(both, attestations=(*both.attestations, other))))

    pad = "https://forge.example/acme/pad"
    assert found.refused == (("pkg:npm/pad", f"10.0.0 is attested by several: {pad} (id 1), {pad} (id 7)"),)


def test_one_version_of_several_workflows() -> None:
    """Files that one repository publishes by several workflows have one publisher; the workflow is not locked."""
    one = answer()
    wheels = replace(IDENTITY, workflow=".github/workflows/wheels.yml")
    other = Attestation(kind=EvidenceKind.SLSA, status=S.VERIFIED, identity=wheels, source="b")
    release = ("10.0.0", replace(one, attestations=(*one.attestations, other)))

    found = locking(release)

    assert dict(found.lock.entries) == {"pkg:npm/pad": replace(ENTRY, workflow="")}
    assert (found.refused, relocked(found.lock, scanned(release), Wanted(), TODAY, version_key).differs) == ((), ())


@pytest.mark.parametrize(
    ("weaker", "level"),
    [
        (answer(level=PublishLevel.PROVENANCE), PublishLevel.PROVENANCE),
        (answer(S.ABSENT), PublishLevel.NONE),
        (replace(answer(), level=None), PublishLevel.TRUSTED_PUBLISHER),
    ],
)
def test_the_weakest_level_of_all_versions(weaker: ProvenanceAnswer, level: PublishLevel) -> None:
    """It is the one that all of them keep."""
    found = locking(("9.0.0", weaker), ("10.0.0", answer()))

    assert found.lock.entries["pkg:npm/pad"].level is level


def test_what_nobody_attests() -> None:
    """It is counted; a package that was locked and is to be taken anew is refused."""
    assert locking(("1.0.0", answer(S.ABSENT))).unattested == 1
    found = locking(("1.0.0", answer(S.ABSENT)), known=ENTRY, update=("pkg:npm/pad@1.0.0",))
    assert found.refused == (("pkg:npm/pad", "nobody attests it any more"),)
    assert dict(found.lock.entries) == {"pkg:npm/pad": ENTRY}


@pytest.mark.parametrize("status", [S.INVALID, S.IDENTITY_MISMATCH])
def test_evidence_that_was_refused(status: ProvenanceStatus) -> None:
    """Nothing is locked by it, and what is locked stays."""
    for known in (None, ENTRY):
        found = locking(("1.0.0", answer(status)), known=known, everything=True)
        assert found.refused == (("pkg:npm/pad", f"1.0.0: {status}"),)
        assert list(found.lock.entries.values()) == [known] * bool(known)


@pytest.mark.parametrize("status", [S.NOT_ESTABLISHED, S.UNSUPPORTED])
def test_open_questions(status: ProvenanceStatus) -> None:
    """A package of which one version is open is not locked yet; what is locked stays."""
    for known in (None, ENTRY):
        found = locking(("9.0.0", answer(status)), ("10.0.0", answer()), known=known, update=("pkg:npm/pad",))
        assert found.questions == (f"pkg:npm/pad@9.0.0: {status}",)
        assert list(found.lock.entries.values()) == [known] * bool(known)


def test_a_plug_in_that_failed() -> None:
    """What it would have found is a question, for the lock and for the check."""
    result = scanned(failed="internal error")

    assert relocked(IdentityLock(source="l"), result, Wanted(), TODAY, version_key).questions == (
        "provenance: internal error",
    )
    assert checked(None, result).questions == ("provenance: internal error",)


def test_a_change_is_told_and_not_taken_over() -> None:
    """Unless it is wanted, by name or with all others; then it was first seen now."""
    old = replace(ENTRY, trigger="release", first_seen="1.0.0", since="2020-01-01")
    kept = locking(("10.0.0", answer()), known=old)

    assert kept.lock.entries["pkg:npm/pad"] == old
    assert kept.differs == (("pkg:npm/pad", "trigger release -> push"),)
    for wanted in ({"update": ("pkg:npm/pad",)}, {"everything": True}):
        taken = locking(("10.0.0", answer()), known=old, **wanted)
        assert taken.lock.entries["pkg:npm/pad"] == ENTRY
        assert (taken.updated, taken.differs) == (("pkg:npm/pad",), ())


def test_loosened_entries() -> None:
    """With all others they stay as they are; by name their lines come back, and what was first seen stays."""
    loose = replace(ENTRY, trigger="", first_seen="1.0.0", since="2020-01-01", line=6)

    assert locking(("10.0.0", answer()), known=loose, everything=True).lock.entries["pkg:npm/pad"] == loose
    found = locking(("10.0.0", answer()), known=loose, update=("pkg:npm/pad",))
    assert found.lock.entries["pkg:npm/pad"] == replace(loose, trigger="push", line=0)
    assert found.updated == ("pkg:npm/pad",)
    same = locking(("10.0.0", answer()), known=replace(loose, trigger="push"), update=("pkg:npm/pad",))
    assert same.updated == ()


def test_pruning() -> None:
    """Only what the project no longer has goes, and only where that is wanted; what could not be asked is there."""
    gone = replace(ENTRY, purl="pkg:npm/gone")

    assert dict(locking(("10.0.0", None), known=gone).lock.entries) == {"pkg:npm/gone": gone}
    assert locking(("10.0.0", None), known=gone, prune=True).pruned == ("pkg:npm/gone",)
    assert locking(("10.0.0", None), known=ENTRY, prune=True).pruned == ()


def test_a_package_that_is_not_there() -> None:
    """Whoever names it has mistyped it; one that nobody was asked about is there."""
    with pytest.raises(UsageError, match="there is no package pkg:npm/pda"):
        locking(("10.0.0", answer()), update=("pkg:npm/pda",))
    assert locking(("10.0.0", None), update=("pkg:npm/pad",)).questions == (
        "pkg:npm/pad: nobody was asked: it is from no registry, or exempt",
    )


def test_a_project_that_cannot_be_read() -> None:
    """What is not seen is neither compared nor dropped."""
    unknown = Unknown(location=Location(path="package-lock.json", line=3), resolver="npm/x", reason="is no JSON")
    result = scanned()
    result = replace(
        result,
        inventory=replace(result.inventory, unknowns=(unknown,)),
        plugins=(PluginStatus(id="npm/x", status=Status.PARTIAL, reason="1 file"),),
    )
    lock = IdentityLock(source="lock", entries={"pkg:npm/pad": ENTRY})
    kept = relocked(lock, result, Wanted(prune=True), TODAY, version_key)

    assert checked(lock, result) == Checking(questions=("package-lock.json:3: is no JSON",))
    assert (kept.lock, kept.pruned) == (lock, ())
    assert kept.questions == (
        "package-lock.json:3: is no JSON",
        "lock: nothing is dropped, since not all of the project could be read",
    )


def test_the_tables_of_a_pylock() -> None:
    """Python packages that a `pylock.toml` has a form for, by name."""
    google = LockedIdentity(purl="pkg:pypi/a", issuer="https://accounts.google.com", subject="a@acme.example")
    entries = {
        one.purl: one for one in (replace(google, purl="pkg:pypi/b"), google, ENTRY, replace(ENTRY, purl="pkg:pypi/c"))
    }
    table = '[[packages.attestation-identities]]\nkind = "Google"\nemail = "a@acme.example"\n'

    assert Locking(lock=IdentityLock(source="l", entries=entries)).pylock == (
        f"# pkg:pypi/a\n{table}\n# pkg:pypi/b\n{table}"
    )


def test_what_is_from_no_registry() -> None:
    """That nobody was asked about a package is the enricher's to tell, which knows what is exempt."""
    lock = IdentityLock(source="l", entries={"pkg:npm/pad": ENTRY})
    result = scanned(("1.0.0", None))
    status = PluginStatus(id="identities", status=Status.PARTIAL, reason="a publisher is expected of pad")

    assert checked(lock, result) == Checking(count=1)
    assert checked(lock, replace(result, plugins=(status,))) == Checking(
        questions=("identities: a publisher is expected of pad",), count=1
    )


def test_all_that_can_be_told() -> None:
    """Changes, evidence that is not valid, and open questions, with counts."""
    lock = IdentityLock(source="l", entries={"pkg:npm/pad": replace(ENTRY, line=6)})
    result = scanned(("1.0.0", answer(S.INVALID)), ("2.0.0", answer(S.UNSUPPORTED)), ("3.0.0", answer()))
    found = checked(lock, result)

    assert as_text(found) == (
        "pkg:npm/pad@1.0.0 has evidence that is not valid: invalid\n"
        "not established: pkg:npm/pad@2.0.0: unsupported\n"
        "3 packages with a publisher that is expected: 1 not as expected, 1 not established\n"
        "Next: do not install what has evidence that is not valid; `bomvet explain NAME` shows it.\n"
        "Next: answer what is not established: ask again, or name recorded evidence with --attestations.\n"
    )
    assert as_text(found, ["2 components: unsupported"]).splitlines()[1] == "not established: 2 components: unsupported"
