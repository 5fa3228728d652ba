"""The identity lock: read, written, made, and held against answers."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bomvet.errors import PolicyFileError
from bomvet.model.inventory import Component, Inventory, Location
from bomvet.model.provenance import (
    Attestation,
    EvidenceKind,
    IdentityChange,
    IdentityField,
    IdentityLock,
    LockedIdentity,
    ProvenanceAnswer,
    ProvenanceStatus,
    PublisherIdentity,
    PublishLevel,
)
from bomvet.model.records import replace
from bomvet.provenance.identities import (
    Expectation,
    compare,
    compare_any,
    expectations,
    level_of,
    locked_from,
    package_of,
    publishers,
    read_identities,
    write_identities,
)

GITHUB = "https://token.actions.githubusercontent.com"
PURL = "pkg:npm/left-pad"
IDENTITY = PublisherIdentity(
    issuer=GITHUB,
    subject="https://github.com/acme/left-pad/.github/workflows/release.yml@refs/tags/v1.0.0",
    repository="https://github.com/acme/left-pad",
    repository_id="1001",
    owner="https://github.com/acme",
    owner_id="77",
    workflow=".github/workflows/release.yml",
    ref="refs/tags/v1.0.0",
    commit="0" * 40,
    trigger="release",
    runner="github-hosted",
)
LOCKED = LockedIdentity(
    purl=PURL,
    issuer=GITHUB,
    repository="https://github.com/acme/left-pad",
    repository_id="1001",
    owner="https://github.com/acme",
    owner_id="77",
    workflow=".github/workflows/release.yml",
    ref="tag",
    trigger="release",
    runner="github-hosted",
    publisher="oidc:1b2c",
    level=PublishLevel.TRUSTED_PUBLISHER,
    first_seen="1.0.0",
    since="2026-11-24",
)
MAIL = PublisherIdentity(issuer="https://accounts.google.com", subject="release@acme.example")


def attested(
    identity: PublisherIdentity | None = IDENTITY,
    *,
    kind: EvidenceKind = EvidenceKind.SLSA,
    status: ProvenanceStatus = ProvenanceStatus.VERIFIED,
    source: str = "a",
) -> Attestation:
    """An attestation of `identity`, verified unless stated otherwise."""
    return Attestation(kind=kind, status=status, identity=identity, source=source)


def answered(*attestations: Attestation, **fields: Any) -> ProvenanceAnswer:
    """A verified answer of a trusted publisher, unless stated otherwise."""
    defaults: dict[str, Any] = {
        "status": ProvenanceStatus.VERIFIED,
        "level": PublishLevel.TRUSTED_PUBLISHER,
        "publisher": "oidc:1b2c",
    }
    return ProvenanceAnswer(**{**defaults, "attestations": attestations or (attested(),), **fields})


def problems(text: str) -> tuple[str, ...]:
    """What reading `text` tells."""
    with pytest.raises(PolicyFileError) as refused:
        read_identities(text, "bomvet.identities.toml")
    assert "bomvet list settings" not in refused.value.hint
    return refused.value.problems


# -- the file --------------------------------------------------------------------------------------------------


TEXT = """\
# Who publishes each package, as its attestations proved when it was first seen, or last taken over.
# Every scan compares: a line that is not here is not compared.  `bomvet trust lock` adds packages,
# `bomvet trust lock --update PURL` takes a change over.  Review changes of this file as you review code.
version = 1

[[package]]
purl = "pkg:npm/left-pad"
issuer = "https://token.actions.githubusercontent.com"
repository = "https://github.com/acme/left-pad"
repository-id = "1001"
owner = "https://github.com/acme"
owner-id = "77"
workflow = ".github/workflows/release.yml"
ref = "tag"
trigger = "release"
runner = "github-hosted"
publisher = "oidc:1b2c"
level = "trusted-publisher"
first-seen = "1.0.0"
since = 2026-11-24

[[package]]
purl = "pkg:pypi/requests"
issuer = "https://accounts.google.com"
subject = "release@acme.example"
level = "provenance"
first-seen = "2.0"
since = 2026-01-02
"""
LEVEL_PROBLEM = (
    "line 6: package[1].level must be one of none, provenance, trusted-publisher, staged-publish, not 'high'"
)
REQUESTS = LockedIdentity(
    purl="pkg:pypi/requests",
    issuer="https://accounts.google.com",
    subject="release@acme.example",
    first_seen="2.0",
    since="2026-01-02",
)


def test_the_file() -> None:
    """Sorted by purl, keys in one order, empty ones left out, each entry a block of its own."""
    lock = IdentityLock(source="x", entries={"pkg:pypi/requests": REQUESTS, PURL: LOCKED})

    assert write_identities(lock) == TEXT


def test_what_was_written_is_read() -> None:
    """Each entry comes back with the line that it stands on."""
    lock = read_identities(TEXT, "bomvet.identities.toml")

    assert lock.source == "bomvet.identities.toml"
    assert dict(lock.entries) == {PURL: replace(LOCKED, line=6), "pkg:pypi/requests": replace(REQUESTS, line=22)}


def test_an_empty_lock() -> None:
    """A lock without packages is one, and reads and writes as such."""
    text = write_identities(IdentityLock(source="x"))

    assert text.endswith("version = 1\n")
    assert dict(read_identities(text, "x").entries) == {}


def test_windows_line_ends() -> None:
    """A file that git has checked out with CRLF says the same."""
    assert set(read_identities(TEXT.replace("\n", "\r\n"), "x").entries) == {PURL, "pkg:pypi/requests"}


def test_lines_may_be_deleted() -> None:
    """A purl is all that an entry needs; without a level some evidence has to be there."""
    lock = read_identities('version = 1\n[[package]]\npurl = "pkg:npm/a"\n', "x")

    assert lock.entries["pkg:npm/a"] == LockedIdentity(
        purl="pkg:npm/a", issuer="", level=PublishLevel.PROVENANCE, line=2
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ("line 1: the version of the lock must be 1, there is none",)),
        ("\nversion = 2\n", ("line 2: the version of the lock must be 1, not 2",)),
        ("version = true\n", ("line 1: the version of the lock must be 1, not True",)),
        ("version = 1\npackage = 3\n", ("line 2: package must be an array of tables: [[package]]",)),
        (
            'version = 1\n[[packages]]\npurl = "pkg:npm/a"\n',
            ("line 2: unknown setting packages; did you mean package?",),
        ),
        (
            'version = 1\n[[package]]\npurl = "pkg:npm/a"\nrepositoryid = "1"\nisuer = 3\n',
            (
                "line 4: unknown setting package[1].repositoryid; did you mean repository-id?",
                "line 5: unknown setting package[1].isuer; did you mean issuer?",
            ),
        ),
        ('version = 1\n[[package]]\nissuer = "x"\n', ("line 2: package[1] has no purl",)),
        ("version = 1\npackage = [3]\n", ("line 2: package[1] must be a table",)),
        (
            'version = 1\n[[package]]\npurl = "left-pad"\n',
            ("line 3: package[1].purl must be a purl such as pkg:npm/left-pad, not 'left-pad'",),
        ),
        (
            'version = 1\n[[package]]\npurl = "pkg:npm/left-pad@1.0.0"\n',
            ("line 3: package[1].purl must have no version: pkg:npm/left-pad",),
        ),
        (
            'version = 1\n[[package]]\npurl = "pkg:npm/a"\n\n[[package]]\npurl = "pkg:npm/a"\n',
            ("line 5: pkg:npm/a is locked already, on line 2",),
        ),
        (
            'version = 1\n[[package]]\npurl = "pkg:npm/a"\nissuer = ""\nref = "tags"\nlevel = "high"\nsince = "x"\n',
            (
                "line 4: package[1].issuer must be a text that is not empty",
                "line 5: package[1].ref must be one of tag, branch, pull-request, not 'tags'",
                LEVEL_PROBLEM,
                "line 7: package[1].since must be a date such as 2026-12-31",
            ),
        ),
        ("version = 1\nversion = 1\n", ("line 2: not TOML: Cannot overwrite a value (at line 2, column 12)",)),
    ],
)
def test_errors(text: str, expected: tuple[str, ...]) -> None:
    """Every error is told with its line, and nothing is taken of a file that has one."""
    assert problems(text) == expected


def test_spellings_of_one_name() -> None:
    """A purl is taken in the spelling that components have, so that an entry cannot be missed for a letter."""
    text = (
        'version = 1\n[[package]]\npurl = "pkg:pypi/Zope.Interface"\n[[package]]\npurl = "pkg:npm/@acme/ui"\n'
        '[[package]]\npurl = "pkg:pypi/zope_interface"\n'
    )

    assert problems(text) == ("line 6: pkg:pypi/zope-interface is locked already, on line 2",)


@pytest.mark.parametrize(
    ("purl", "package"),
    [
        ("pkg:npm/%40acme/ui@1.0.0", "pkg:npm/%40acme/ui"),
        ("pkg:npm/@acme/ui", "pkg:npm/%40acme/ui"),
        ("pkg:pypi/Foo_Bar@1.0?file_name=x.whl", "pkg:pypi/foo-bar"),
        (
            "pkg:oci/app@sha256%3Aab?repository_url=ghcr.example/acme/app",
            "pkg:oci/app?repository_url=ghcr.example/acme/app",
        ),
        ("pkg:oci/app@sha256%3Aab", "pkg:oci/app"),
        ("pkg:deb/debian/curl@7.88?arch=amd64", "pkg:deb/debian/curl"),
    ],
)
def test_packages(purl: str, package: str) -> None:
    """What is locked is the package; an image is one with its repository."""
    assert package_of(purl) == package


def test_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is too large, or has too many packages, is refused as a whole."""
    monkeypatch.setattr("bomvet.provenance.identities.MAX_ENTRIES", 1)
    assert problems(TEXT) == ("line 6: the lock has more than 1 packages",)
    monkeypatch.setattr("bomvet.provenance.identities.MAX_LOCK_BYTES", 10)
    assert problems(TEXT) == ("line 1: the file has more than 10 bytes",)


def test_a_large_lock_is_read_in_linear_time() -> None:
    """Four times the entries take about four times as long, not sixteen."""

    def seconds(count: int) -> float:
        entries = {f"pkg:npm/p{n}": replace(LOCKED, purl=f"pkg:npm/p{n}") for n in range(count)}
        text = write_identities(IdentityLock(source="x", entries=entries))
        start = time.process_time()
        assert len(read_identities(text, "x").entries) == count
        return time.process_time() - start

    seconds(500)
    assert seconds(4000) < 10 * seconds(1000)


def test_a_file_of_mistakes() -> None:
    """What may have been meant is told of the first of them: a hundred thousand take no minutes to refuse."""
    text = 'version = 1\n[[package]]\npurl = "pkg:npm/a"\n' + "".join(f"isuer{n} = 1\n" for n in range(20_000))
    start = time.process_time()
    found = problems(text)

    assert time.process_time() - start < 5
    assert len(found) == 20_000
    assert found[99] == "line 103: unknown setting package[1].isuer99; did you mean issuer?"
    assert found[100] == "line 104: unknown setting package[1].isuer100"


_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).map(str.strip).filter(bool)


@given(
    st.dictionaries(
        st.sampled_from(["issuer", "subject", "repository", "repository_id", "workflow", "trigger", "first_seen"]),
        _TEXTS,
    )
)
def test_any_text_comes_back(fields: dict[str, str]) -> None:
    """Whatever a certificate holds is written so that it reads as the same."""
    entry = LockedIdentity(**{"purl": PURL, "issuer": "", **fields})  # type: ignore[arg-type]
    text = write_identities(IdentityLock(source="x", entries={PURL: entry}))

    assert read_identities(text, "x").entries[PURL] == replace(entry, line=6)


@given(st.text(max_size=200) | st.sampled_from([TEXT[:n] for n in range(0, len(TEXT), 7)]))
def test_no_text_makes_the_reader_stumble(text: str) -> None:
    """A lock, or an error that says where."""
    told: tuple[str, ...] = ()
    try:
        read_identities(text, "x")
    except PolicyFileError as error:
        told = error.problems

    assert all(problem.startswith("line ") for problem in told)


# -- comparing -------------------------------------------------------------------------------------------------


def change(what: IdentityField, before: str, after: str) -> IdentityChange:
    """One change."""
    return IdentityChange(what=what, before=before, after=after)


def test_as_locked() -> None:
    """The same identity in another version, at another tag and commit, is no change."""
    later = replace(IDENTITY, ref="refs/tags/v2.0.0", commit="1" * 40, run="https://github.com/acme/left-pad/runs/2")

    assert compare(LOCKED, answered(attested(later))) == ()


F = IdentityField


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"issuer": "https://gitlab.com"}, [change(F.ISSUER, GITHUB, "https://gitlab.com")]),
        (
            {"workflow": ".github/workflows/evil.yml"},
            [change(F.WORKFLOW, LOCKED.workflow, ".github/workflows/evil.yml")],
        ),
        ({"ref": "refs/heads/main"}, [change(F.REF, "tag", "branch")]),
        ({"ref": "refs/pull/7/merge"}, [change(F.REF, "tag", "pull-request")]),
        ({"trigger": "pull_request_target"}, [change(F.TRIGGER, "release", "pull_request_target")]),
        ({"runner": "self-hosted"}, [change(F.RUNNER, "github-hosted", "self-hosted")]),
        ({"owner_id": "78"}, [change(F.OWNER, "https://github.com/acme (id 77)", "https://github.com/acme (id 78)")]),
        # A repository that was renamed keeps its number, and one that was made anew under the name has another.
        (
            {"repository": "https://github.com/acme/pad"},
            [change(F.RENAMED, "https://github.com/acme/left-pad", "https://github.com/acme/pad")],
        ),
        (
            {"repository_id": "1002"},
            [
                change(
                    F.REPOSITORY,
                    "https://github.com/acme/left-pad (id 1001)",
                    "https://github.com/acme/left-pad (id 1002)",
                )
            ],
        ),
        # A fork.
        (
            {
                "repository": "https://github.com/mallory/left-pad",
                "repository_id": "2002",
                "owner": "https://github.com/mallory",
                "owner_id": "666",
            },
            [
                change(
                    F.REPOSITORY,
                    "https://github.com/acme/left-pad (id 1001)",
                    "https://github.com/mallory/left-pad (id 2002)",
                ),
                change(F.OWNER, "https://github.com/acme (id 77)", "https://github.com/mallory (id 666)"),
            ],
        ),
        # An owner that was renamed takes its repositories along.
        (
            {"repository": "https://github.com/acme-inc/left-pad", "owner": "https://github.com/acme-inc"},
            [change(F.RENAMED, "https://github.com/acme/left-pad", "https://github.com/acme-inc/left-pad")],
        ),
        ({"repository": "https://github.com/Acme/Left-Pad", "owner": "https://github.com/Acme"}, []),
        # A workflow of somebody else that is reused: the top-level workflow counts.
        ({"builder": "https://github.com/slsa/gen/.github/workflows/b.yml@refs/tags/v1", "subject": "x"}, []),
        # What an old certificate does not state.
        ({"repository_id": "", "owner_id": "", "trigger": "", "runner": "", "ref": "", "workflow": ""}, []),
        (
            {"repository_id": "", "repository": "https://github.com/acme/other"},
            [change(F.REPOSITORY, "https://github.com/acme/left-pad", "https://github.com/acme/other")],
        ),
        (
            {
                "repository_id": "",
                "owner_id": "",
                "repository": "https://github.com/b/left-pad",
                "owner": "https://github.com/b",
            },
            [change(F.REPOSITORY, "https://github.com/acme/left-pad", "https://github.com/b/left-pad")],
        ),
        (
            {"owner_id": "", "owner": "https://github.com/b"},
            [change(F.OWNER, "https://github.com/acme", "https://github.com/b")],
        ),
    ],
)
def test_changes(fields: dict[str, str], expected: list[IdentityChange]) -> None:
    """Each field that differs is told once with both its values."""
    assert compare(LOCKED, answered(attested(replace(IDENTITY, **fields)))) == tuple(expected)


def test_numbers_of_another_forge_say_nothing() -> None:
    """The same number at another forge, or under another issuer, is another repository."""
    moved = replace(IDENTITY, issuer="https://gitlab.com", repository="https://gitlab.com/acme/left-pad", owner="")
    elsewhere = replace(IDENTITY, repository="https://github.acme.example/acme/left-pad")

    assert compare(LOCKED, answered(attested(moved))) == (
        change(F.REPOSITORY, "https://github.com/acme/left-pad", "https://gitlab.com/acme/left-pad"),
        change(F.ISSUER, GITHUB, "https://gitlab.com"),
    )
    assert compare(replace(LOCKED, issuer=""), answered(attested(elsewhere))) == (
        change(F.REPOSITORY, "https://github.com/acme/left-pad", "https://github.acme.example/acme/left-pad"),
    )


def test_from_a_workflow_to_a_person_and_back() -> None:
    """A certificate without a repository is no match for one with; a person is known by the address."""
    locked = replace(REQUESTS, purl=PURL)

    assert compare(LOCKED, answered(attested(MAIL))) == (
        change(F.REPOSITORY, "https://github.com/acme/left-pad", "release@acme.example"),
        change(F.ISSUER, GITHUB, "https://accounts.google.com"),
    )
    assert compare(locked, answered(attested(MAIL))) == ()
    assert compare(locked, answered(attested(replace(MAIL, subject="other@acme.example")))) == (
        change(F.SUBJECT, "release@acme.example", "other@acme.example"),
    )
    assert compare(locked, answered(attested())) == (
        change(F.ISSUER, "https://accounts.google.com", GITHUB),
        change(F.SUBJECT, "release@acme.example", IDENTITY.subject),
    )


def test_a_ref_of_no_class_is_another() -> None:
    """It is stated, and is none of those that an entry may have."""
    assert compare(LOCKED, answered(attested(replace(IDENTITY, ref="refs/changes/1")))) == (
        change(F.REF, "tag", "refs/changes/1"),
    )


def test_deleted_lines_are_not_compared() -> None:
    """Who deletes a line has said that it does not matter; the number alone still tells a repository."""
    other = replace(IDENTITY, repository="https://github.com/acme/pad", trigger="push", workflow="x", owner_id="5")
    loose = replace(LOCKED, repository="", trigger="", workflow="", owner="", owner_id="")

    assert compare(loose, answered(attested(other))) == ()
    assert compare(loose, answered(attested(replace(other, repository_id="9")))) == (
        change(F.REPOSITORY, "(id 1001)", "https://github.com/acme/pad (id 9)"),
    )
    assert compare(loose, answered(attested(replace(MAIL, issuer=GITHUB)))) == (
        change(F.REPOSITORY, "id 1001", "release@acme.example"),
    )
    assert compare(LockedIdentity(purl=PURL, issuer=""), answered(attested(other))) == ()


def test_any_attestation_counts_and_no_change_twice() -> None:
    """One file of several, or one of two attestations, that somebody else made is a change, told once."""
    other = replace(IDENTITY, runner="self-hosted")
    found = answered(
        attested(),
        attested(kind=EvidenceKind.PYPI_PUBLISH, source="b"),
        attested(other, source="c"),
        attested(replace(other, commit="2" * 40), kind=EvidenceKind.PYPI_PUBLISH, source="d"),
    )

    assert compare(LOCKED, found) == (change(F.RUNNER, "github-hosted", "self-hosted"),)


def test_evidence_that_does_not_count() -> None:
    """An SBOM may be signed by anybody, a key is nobody, and what was refused proves nothing."""
    other = replace(IDENTITY, issuer="https://elsewhere.example")
    found = answered(
        attested(),
        attested(other, kind=EvidenceKind.SBOM),
        attested(other, status=ProvenanceStatus.INVALID),
        attested(other, status=ProvenanceStatus.UNSUPPORTED),
        attested(None, kind=EvidenceKind.NPM_PUBLISH),
    )

    assert publishers(found) == (IDENTITY,)
    assert compare(LOCKED, found) == ()


def test_an_identity_that_was_not_wanted_is_proved_all_the_same() -> None:
    """What passed all steps but the last is compared too."""
    other = attested(replace(IDENTITY, trigger="push"), status=ProvenanceStatus.IDENTITY_MISMATCH)

    assert compare(LOCKED, answered(other, status=ProvenanceStatus.IDENTITY_MISMATCH)) == (
        change(F.TRIGGER, "release", "push"),
    )


def test_the_publisher_of_the_registry() -> None:
    """Npm's own name of the trusted publisher is compared where both are known."""
    assert compare(LOCKED, answered(publisher="oidc:9999")) == (change(F.PUBLISHER, "oidc:1b2c", "oidc:9999"),)
    assert compare(LOCKED, answered(publisher="")) == ()
    assert compare(replace(LOCKED, publisher=""), answered()) == ()


S = ProvenanceStatus
L = PublishLevel


@pytest.mark.parametrize(
    ("found", "level"),
    [
        (answered(), L.TRUSTED_PUBLISHER),
        (answered(level=L.STAGED), L.STAGED),
        (answered(level=L.NONE), L.PROVENANCE),
        (answered(level=None), None),
        (answered(status=S.ABSENT), L.NONE),
        (ProvenanceAnswer(status=S.ABSENT), L.NONE),
        (ProvenanceAnswer(status=S.UNSUPPORTED, level=L.TRUSTED_PUBLISHER), None),
        (answered(attested(None, kind=EvidenceKind.NPM_SIGNATURE)), L.NONE),
        (answered(status=S.INVALID), None),
        (ProvenanceAnswer(status=S.NOT_ESTABLISHED, level=L.NONE), None),
    ],
)
def test_levels(found: ProvenanceAnswer, level: PublishLevel | None) -> None:
    """The level is what is proved; what was refused, or could not be asked, has none that is known."""
    assert level_of(found) is level


def test_a_weaker_level() -> None:
    """Fewer assurances than were locked are a change, more are not."""
    assert compare(LOCKED, answered(level=L.PROVENANCE)) == (change(F.LEVEL, "trusted-publisher", "provenance"),)
    assert compare(LOCKED, answered(level=L.STAGED)) == ()
    assert compare(LOCKED, ProvenanceAnswer(status=S.ABSENT)) == (change(F.LEVEL, "trusted-publisher", "none"),)
    assert compare(LOCKED, ProvenanceAnswer(status=S.NOT_ESTABLISHED, reason="offline")) == ()
    assert compare(LOCKED, ProvenanceAnswer(status=S.INVALID)) == ()
    assert compare(replace(LOCKED, level=L.NONE), ProvenanceAnswer(status=S.ABSENT)) == ()


def test_any_of_several_expected() -> None:
    """Where several may publish, each attestation is held against the one that it is nearest to."""
    other = replace(LOCKED, repository="https://github.com/acme/wheels", repository_id="3003")
    wheels = replace(IDENTITY, repository="https://github.com/acme/wheels", repository_id="3003")

    assert compare_any((LOCKED, other), answered(attested(), attested(wheels))) == ()
    assert compare_any((LOCKED, other), answered(attested(), attested(replace(wheels, trigger="push")))) == (
        change(F.TRIGGER, "release", "push"),
    )


# -- making ----------------------------------------------------------------------------------------------------


def test_what_is_locked() -> None:
    """All that the certificate states of who, and nothing of the one run; the level and name of the registry."""
    assert locked_from("pkg:npm/left-pad@1.0.0", answered(), "1.0.0", "2026-11-24") == LOCKED


def test_a_person_is_locked_by_the_address() -> None:
    """The subject counts where there is no repository."""
    found = locked_from(
        "pkg:pypi/requests@2.0", answered(attested(MAIL), level=None, publisher=""), "2.0", "2026-01-02"
    )

    assert found == REQUESTS


def test_what_is_not_locked() -> None:
    """Nothing is, where nobody is proved, or several are, or some evidence was refused."""
    other = attested(replace(IDENTITY, repository_id="5"), source="b")

    assert locked_from(PURL, ProvenanceAnswer(status=S.ABSENT), "1", "2026-01-02") is None
    assert locked_from(PURL, answered(attested(), other), "1", "2026-01-02") is None
    assert locked_from(PURL, answered(status=S.INVALID), "1", "2026-01-02") is None
    assert locked_from(PURL, answered(status=S.NOT_ESTABLISHED), "1", "2026-01-02") is None


def test_a_release_with_a_file_that_nobody_attests() -> None:
    """Who attests the others is locked, and that some are not attested is no change afterwards."""
    found = answered(status=S.ABSENT, files=3, attested=2)
    entry = locked_from("pkg:npm/left-pad@1.0.0", found, "1.0.0", "2026-11-24")

    assert entry == replace(LOCKED, level=L.NONE)
    assert compare(entry, found) == ()


_WORDS = st.sampled_from(["", "a", "b"])
_IDENTITIES = st.builds(
    PublisherIdentity,
    **dict.fromkeys(
        ("issuer", "subject", "repository", "repository_id", "owner", "owner_id", "workflow", "trigger", "runner"),
        _WORDS,
    ),
    ref=st.sampled_from(["", "refs/tags/a", "refs/heads/b"]),
)
_ANSWERS = st.builds(
    ProvenanceAnswer,
    status=st.sampled_from(list(S)),
    level=st.none() | st.sampled_from(list(L)),
    publisher=_WORDS,
    attestations=st.lists(
        st.builds(
            Attestation,
            kind=st.sampled_from(list(EvidenceKind)),
            status=st.sampled_from(list(S)),
            identity=st.none() | _IDENTITIES,
        ),
        max_size=3,
    ).map(tuple),
)


@given(_ANSWERS)
def test_what_is_locked_is_no_change(found: ProvenanceAnswer) -> None:
    """Whatever can be locked agrees with what it was locked from."""
    entry = locked_from(PURL, found, "1", "2026-01-02")

    assert entry is None or compare(entry, found) == ()


# -- expecting -------------------------------------------------------------------------------------------------


def test_what_is_expected() -> None:
    """By the lock, whatever the version; of what is in no lock, and of a project itself, nothing."""
    lock = IdentityLock(source="bomvet.identities.toml", entries={PURL: replace(LOCKED, line=6)})
    inventory = Inventory(
        components=(
            Component(purl="pkg:npm/left-pad@9.9.9", name="left-pad", version="9.9.9"),
            Component(purl="pkg:npm/left-pad@1.0.0", name="left-pad", version="1.0.0", directory=""),
            Component(purl="pkg:npm/right-pad@1.0.0", name="right-pad", version="1.0.0"),
        )
    )

    assert dict(expectations(inventory, lock)) == {
        "pkg:npm/left-pad@9.9.9": Expectation(
            (replace(LOCKED, line=6),), "bomvet.identities.toml", Location(path="bomvet.identities.toml", line=6)
        )
    }
    assert dict(expectations(inventory, None)) == {}


STATED = '{"kind":"GitHub","repository":"acme/left-pad","workflow":"release.yml"}'


def test_what_a_pylock_expects() -> None:
    """What a `pylock.toml` states of a package counts where the lock has no entry."""
    component = Component(
        purl="pkg:pypi/requests@2.0",
        name="requests",
        version="2.0",
        locations=(Location(path="a/poetry.lock", line=3), Location(path="b/pylock.dev.toml", line=9)),
        properties=(("bomvet:attestation-identity", STATED),),
    )
    strange = replace(
        component, purl="pkg:pypi/strange@1", properties=(("bomvet:attestation-identity", '{"kind":"X"}'),)
    )
    inventory = Inventory(components=(component, strange))
    lock = IdentityLock(source="l", entries={"pkg:pypi/requests": REQUESTS})
    place = Location(path="b/pylock.dev.toml", line=9)
    expected = LockedIdentity(
        purl="pkg:pypi/requests",
        issuer=GITHUB,
        repository="https://github.com/acme/left-pad",
        workflow=".github/workflows/release.yml",
    )

    assert dict(expectations(inventory, None)) == {component.purl: Expectation((expected,), "b/pylock.dev.toml", place)}
    assert expectations(inventory, lock)[component.purl].candidates == (REQUESTS,)
