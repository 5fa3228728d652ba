"""The trusted root afresh: what a repository must be like, and that nothing is believed of one that is otherwise."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from securesystemslib.signer._crypto_signer import CryptoSigner

from bomvet.errors import NotEstablishedError
from bomvet.opening import content
from bomvet.plugin import Request, Response
from bomvet.provenance import refresh as module
from bomvet.provenance.refresh import Folder, Refreshed, as_registry_keys, differences, refresh, shipped
from tests.harness import FakeHttp
from tests.provenance.tuf_repository import (
    KEYS,
    LOG_KEY,
    REGISTRY,
    TRUSTED_ROOT,
    Repository,
    key_entry,
    threshold_of_two,
)

URL = "https://tuf.example"


def refreshed(repository: Repository, changes: dict[str, Any] | None = None, *, keys: bool = True) -> Refreshed:
    """What comes of the repository, with other answers for some of its files."""
    answers: dict[str, Any] = {**repository.files, **(changes or {})}
    http = FakeHttp({f"{URL}/{path}": data for path, data in answers.items()})
    return refresh(http, f"{URL}/", repository.root, keys=keys)


def refusal(repository: Repository, changes: dict[str, Any] | None = None) -> str:
    """Why the repository is refused."""
    with pytest.raises(NotEstablishedError) as refused:
        refreshed(repository, changes)
    assert refused.value.hint == "nothing was written; what ships, or was written before, is still trusted"
    return str(refused.value)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory and a place for temporary files, both empty."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "home").mkdir()
    (tmp_path / "tmp").mkdir()
    return tmp_path


def test_the_state_of_the_repository(home: Path) -> None:
    """The trusted root as it is, the keys as a registry states them, the versions; no trace on the disk."""
    repository = Repository()
    repository.rotate(2)
    repository.publish(5)
    repository.files["3.root.json"] = b""

    found = refreshed(repository, {"3.root.json": Response(403)})

    assert json.loads(found.trusted_root) == TRUSTED_ROOT
    assert json.loads(found.npm_keys) == {
        "keys": [
            {
                "keyid": "SHA256:old",
                "keytype": "ecdsa-sha2-nistp256",
                "scheme": "ecdsa-sha2-nistp256",
                "key": LOG_KEY,
                "starts": "1999-01-01T00:00:00.000Z",
                "expires": "2025-01-29T00:00:00.000Z",
            },
            {
                "keyid": "SHA256:new",
                "keytype": "ecdsa-sha2-nistp256",
                "scheme": "ecdsa-sha2-nistp256",
                "key": LOG_KEY,
                "starts": "2025-01-13T00:00:00.000Z",
                "expires": None,
            },
        ]
    }
    assert (found.root, found.targets) == (2, 5)
    assert sorted(os.listdir(home)) == ["home", "tmp"]
    assert [os.listdir(home / name) for name in ("home", "tmp")] == [[], []]


def test_a_repository_without_keys() -> None:
    """A private instance need not vouch for a registry: that matters to who wants its keys alone."""
    repository, elsewhere = Repository(keys=b""), Repository()
    elsewhere.paths = ["other.example/*", f"{REGISTRY}/key?.json"]
    elsewhere.publish()
    reason = (
        "the trusted root is not refreshed: the repository is not in order: the repository has no keys of a registry"
    )

    assert refreshed(repository, keys=False).npm_keys == b""
    assert [refusal(repository), refusal(elsewhere)] == [reason, reason]


def test_keys_without_a_delegation() -> None:
    """They may as well stand among the targets themselves."""
    targets = {"trusted_root.json": json.dumps(TRUSTED_ROOT).encode(), "x/keys.json": json.dumps(KEYS).encode()}

    assert b"SHA256:new" in refreshed(Repository(targets, keys=b"")).npm_keys


def expired(repository: Repository) -> None:
    """A repository that nobody has renewed."""
    repository.expires = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    repository.publish()


def rolled_back(repository: Repository) -> None:
    """A second root that is the first one again."""
    repository.rotate(2, stated=1)


def rolled_back_snapshot(repository: Repository) -> None:
    """A snapshot under a later version than its own."""
    first = repository.files["1.snapshot.json"]
    repository.publish(2)
    repository.files["2.snapshot.json"] = first


def rolled_back_targets(repository: Repository) -> None:
    """Targets under a later version than their own."""
    first = repository.files["1.targets.json"]
    repository.publish(2)
    repository.files["2.targets.json"] = first


def foreign_root(repository: Repository) -> None:
    """A second root that somebody else has signed."""
    repository.rotate(2, key=CryptoSigner.generate_ecdsa())


def foreign_targets(repository: Repository) -> None:
    """Targets that the key of another role has signed."""
    repository.signers["targets"] = repository.signers["snapshot"]
    repository.publish()


def too_few(repository: Repository) -> None:
    """A second root that needs two signatures and has one."""
    threshold_of_two(repository)
    repository.rotate(2)


def truncated(repository: Repository) -> None:
    """Metadata of which the end is lacking."""
    repository.files["1.targets.json"] = repository.files["1.targets.json"][:-20]


def replaced(repository: Repository) -> None:
    """Another trusted root than the one that is signed, of the same length."""
    path = next(path for path in repository.files if path.endswith(".trusted_root.json"))
    repository.files[path] = repository.files[path].replace(b"log.example", b"log.exampel")


def cut_target(repository: Repository) -> None:
    """A trusted root of which the end is lacking."""
    path = next(path for path in repository.files if path.endswith(".trusted_root.json"))
    repository.files[path] = repository.files[path][:-1]


def endless(repository: Repository) -> None:
    """A timestamp that is longer than any."""
    repository.files["timestamp.json"] = b" " * 20_000


def nested(repository: Repository) -> None:
    """Metadata that no parser can follow."""
    repository.files["timestamp.json"] = b"[" * 10_000


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (expired, "the repository has expired: "),
        (rolled_back, "the repository is older than what it states itself, or than what is trusted: "),
        (rolled_back_snapshot, "the repository is older than what it states itself, or than what is trusted: "),
        (rolled_back_targets, "the repository is older than what it states itself, or than what is trusted: "),
        (foreign_root, "a signature is missing or wrong: root was signed by 0/1 keys"),
        (foreign_targets, "a signature is missing or wrong: targets was signed by 0/1 keys"),
        (too_few, "a signature is missing or wrong: root was signed by 1/2 keys"),
        (truncated, "a file is no metadata: "),
        (replaced, "a file is not the one that is signed: "),
        (cut_target, "a file is not the one that is signed: "),
        (endless, "the repository cannot be read: "),
        (nested, ""),
    ],
)
def test_a_repository_that_is_not_in_order(home: Path, harm: Callable[[Repository], None], reason: str) -> None:
    """It is refused as a whole, by a reason that says what is wrong, and leaves nothing behind."""
    repository = Repository()
    harm(repository)

    assert refusal(repository).startswith(f"the trusted root is not refreshed: {reason}")
    assert [os.listdir(home / name) for name in ("home", "tmp")] == [[], []]


@pytest.mark.parametrize(
    ("path", "answer", "reason"),
    [
        ("timestamp.json", Response(404), "HTTP 404 for timestamp.json"),
        ("timestamp.json", Response(503), "HTTP 503 for timestamp.json"),
        ("2.root.json", Response(500), "HTTP 500 for 2.root.json"),
        ("2.root.json", OSError("tuf.example cannot be reached: refused"), "tuf.example cannot be reached: refused"),
    ],
)
def test_a_repository_that_does_not_answer(path: str, answer: Any, reason: str) -> None:
    """Who does not answer has no newer root that could be missed, but for a definite no."""
    assert refusal(Repository(), {path: answer}) == (
        f"the trusted root is not refreshed: the repository cannot be read: {reason}"
    )


@pytest.mark.parametrize(
    ("targets", "reason"),
    [
        ({}, "the repository is not in order: the repository has no trusted_root.json"),
        ({"trusted_root.json": b"{}"}, "the repository is not in order: "),
        ({"trusted_root.json": b"no JSON"}, "the repository is not in order: "),
    ],
)
def test_a_trusted_root_that_is_none(targets: dict[str, bytes], reason: str) -> None:
    """What is signed and nothing that sigstore can trust is refused too."""
    assert refusal(Repository(targets)).startswith(f"the trusted root is not refreshed: {reason}")


def test_keys_that_are_none() -> None:
    """Nor are keys written that could not be read again."""
    keys = {"keys": [key_entry("a", "npm:signatures", "2020-01-01T00:00:00Z", key="AAAA")]}

    assert refusal(Repository(keys=json.dumps(keys).encode())).startswith(
        "the trusted root is not refreshed: the repository is not in order: keys.json: no keys of a registry: "
    )


def test_a_root_that_is_none() -> None:
    """What the client is to trust before has to be metadata."""
    with pytest.raises(NotEstablishedError, match="a file is no metadata"):
        refresh(FakeHttp({}), URL, b"{}")


# -- keys ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({}, "the keys of the registry have another form: 'keys'"),
        ({"keys": [3]}, "the keys of the registry have another form: "),
        ({"keys": [{"keyId": "a"}]}, "the keys of the registry have another form: 'publicKey'"),
        ({"keys": [key_entry("", "npm:signatures", "2020-01-01T00:00:00Z")]}, "the keys of the registry have "),
        (
            {
                "keys": [
                    key_entry("a", "npm:signatures", "2020-01-01T00:00:00Z"),
                    key_entry("a", "npm:attestations", "2020-01-01T00:00:00Z", key="AAAA"),
                ]
            },
            "there are two keys a",
        ),
    ],
)
def test_keys_of_another_form(document: object, reason: str) -> None:
    """Keys that are not understood are refused, and never left out."""
    with pytest.raises(ValueError, match=reason):
        as_registry_keys(json.dumps(document).encode())


def test_a_key_with_two_periods() -> None:
    """It is believed in both; where one has no end the key has none."""
    entries = [
        key_entry("a", "npm:signatures", "2020-01-01T00:00:00Z", "2022-01-01T00:00:00Z"),
        key_entry("a", "npm:attestations", "2019-01-01T00:00:00Z", "2023-01-01T00:00:00Z"),
        key_entry("b", "npm:attestations", "2019-01-01T00:00:00Z"),
        key_entry("b", "npm:signatures", "2020-01-01T00:00:00Z", "2023-01-01T00:00:00Z"),
    ]
    found = json.loads(as_registry_keys(json.dumps({"keys": entries}).encode()))["keys"]

    assert [(one["keyid"], one["starts"], one["expires"]) for one in found] == [
        ("a", "2019-01-01T00:00:00Z", "2023-01-01T00:00:00Z"),
        ("b", "2019-01-01T00:00:00Z", None),
    ]


# -- what has changed ------------------------------------------------------------------------------------------


def test_what_ships_is_as_it_ships() -> None:
    """The root that the package carries is metadata of its own instance, and differs in nothing from itself."""
    assert json.loads(shipped("root.json"))["signed"]["_type"] == "root"
    assert differences(shipped("trusted_root.json"), shipped("trusted_root.json")) == ()


def test_differences() -> None:
    """New and gone entries, and periods that were ended, each with what it is."""
    log = TRUSTED_ROOT["tlogs"][0]
    ended = {
        **log,
        "publicKey": {**log["publicKey"], "validFor": {"start": "2021-01-12T11:53:27Z", "end": "2026-01-01"}},
    }
    authority = {
        "uri": "https://ca.example",
        "certChain": {"certificates": [{"rawBytes": "AAAA"}]},
        "validFor": {"start": "2026-02-03T00:00:00Z"},
    }
    gone = {"uri": "https://time.example", "certChain": {"certificates": [{"rawBytes": "BBBB"}]}}
    before = {**TRUSTED_ROOT, "timestampAuthorities": [gone]}
    since = "from 2021-01-12"
    after = {
        **TRUSTED_ROOT,
        "tlogs": [ended],
        "certificateAuthorities": [*TRUSTED_ROOT["certificateAuthorities"], authority],
    }

    assert differences(json.dumps(before).encode(), json.dumps(after).encode()) == (
        f"changed: transparency log https://log.example, valid {since} to 2026-01-01; before valid {since}",
        "new: certificate authority https://ca.example, valid from 2026-02-03",
        "gone: timestamp authority https://time.example, valid from ever",
    )


# -- a copy on disk --------------------------------------------------------------------------------------------


def test_a_copy_on_disk(tmp_path: Path) -> None:
    """A copy of the repository says the same as the repository."""
    repository = Repository()
    for path, data in repository.files.items():
        tmp_path.joinpath("copy", path).parent.mkdir(parents=True, exist_ok=True)
        tmp_path.joinpath("copy", path).write_bytes(data)

    assert refresh(Folder(str(tmp_path / "copy"), content), Folder.URL, repository.root) == refreshed(
        repository, keys=False
    )


def test_nothing_is_read_out_of_the_copy(tmp_path: Path) -> None:
    """What leads out of the folder is not there, by dots and by links; a folder cannot be read."""
    (tmp_path / "secret").write_bytes(b"x")
    (tmp_path / "copy" / "folder").mkdir(parents=True)
    (tmp_path / "copy" / "link").symlink_to(tmp_path / "secret")
    folder = Folder(str(tmp_path / "copy"), content)
    urls = ["copy:/../secret", "copy:/link", "copy:/nothing", "copy:/folder"]

    assert [answer for _, answer in folder.fetch([Request(url) for url in urls])] == [
        Response(404),
        Response(404),
        Response(404),
        Response(0, error="folder cannot be read: Is a directory"),
    ]


def test_the_registry_is_not_named() -> None:
    """Which registry the keys are of stands in the repository alone."""
    assert "npmjs" not in Path(module.__file__).read_text("utf-8")
    assert any(path.startswith(f"targets/{REGISTRY}/") for path in Repository().files)
