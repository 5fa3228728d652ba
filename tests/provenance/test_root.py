"""The trusted root is what its bytes say, or what the package carries."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest

from bomvet.errors import UsageError
from bomvet.provenance.root import Window, _embedded, embedded_root, read_root
from tests.provenance.judging import of_bundle
from tests.provenance.test_bundles import ABOUT, judge_with

if TYPE_CHECKING:
    from pathlib import Path

    from tests.provenance.authority import Authority

START, END = dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


def test_the_embedded_root_is_the_file_of_the_package() -> None:
    """Read once, and told by its digest."""
    path = files("sigstore._store") / "https%3A%2F%2Ftuf-repo-cdn.sigstore.dev" / "trusted_root.json"
    root = embedded_root()
    assert root.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert embedded_root() is root
    assert (len(root.authorities), bool(root.logs), bool(root.certificate_logs), bool(root.stampers)) == (
        2,
        True,
        True,
        True,
    )
    assert root.sigstore.get_fulcio_certs()


def test_staging_has_another() -> None:
    """Its authority has the same name and other keys."""
    assert embedded_root(staging=True).digest != embedded_root().digest
    ids = [
        {key for one in root.authorities for key in one.key_ids}
        for root in (embedded_root(), embedded_root(staging=True))
    ]
    assert ids[0].isdisjoint(ids[1])


def test_a_home_directory_is_neither_read_nor_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache in it, which anything that runs as the user can replace, would be trusted by others."""
    monkeypatch.setenv("HOME", str(tmp_path))
    _embedded.cache_clear()
    embedded_root(staging=True)
    assert list(tmp_path.iterdir()) == []


def test_both_ends_of_a_window_are_within() -> None:
    """As sigstore's format says; one without an end is open."""
    window = Window(START, END)
    assert [window.holds(m) for m in (START - SECOND, START, END, END + SECOND)] == [False, True, True, False]
    assert Window(START, None).holds(END + SECOND)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no trusted root"),
        (b"[]", "no trusted root"),
        (b"{}", "no trusted root"),
        (b"\xff", "no trusted root"),
        (b'{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=9"}', "no trusted root"),
        (b"[" * 100_000, "no trusted root"),
        (b" " * (4 << 20) + b"{}", "larger than 4194304 bytes"),
    ],
)
def test_what_is_no_root_is_told(data: bytes, reason: str) -> None:
    """With the name of the file."""
    with pytest.raises(UsageError, match=rf"^trust\.json: .*{reason}") as told:
        read_root(data, "trust.json")
    assert told.value.hint


@pytest.mark.parametrize("missing", ["tlogs", "certificateAuthorities"])
def test_a_root_needs_a_log_and_an_authority(authority: Authority, missing: str) -> None:
    """Else nothing could be verified with it."""
    document = {**authority.root(), missing: []}
    with pytest.raises(UsageError, match="no trusted root: it has no certificate authority or no log"):
        read_root(json.dumps(document).encode(), "trust.json")


def test_a_timestamping_service_needs_a_root(authority: Authority) -> None:
    """One certificate alone vouches for itself."""
    document = authority.root()
    del document["timestampAuthorities"][0]["certChain"]["certificates"][1:]
    with pytest.raises(UsageError, match="the chain of a timestamping service has no root"):
        read_root(json.dumps(document).encode(), "trust.json")


def test_a_service_may_have_certificates_between(authority: Authority) -> None:
    """They are given to path validation."""
    document = authority.root()
    chain = document["timestampAuthorities"][0]["certChain"]["certificates"]
    chain.insert(1, document["certificateAuthorities"][0]["certChain"]["certificates"][0])
    assert len(read_root(json.dumps(document).encode(), "trust.json").stampers) == 1


def test_keys_of_a_kind_that_is_not_known_vouch_for_nothing(authority: Authority) -> None:
    """And do no harm to the others; nothing is logged of it."""
    document = authority.root()
    document["tlogs"].append(json.loads(json.dumps(document["tlogs"][0])))
    document["tlogs"][-1]["publicKey"]["keyDetails"] = "LMS_SHA256"
    document["tlogs"][-1]["logId"]["keyId"] = "AAAA"
    logs = read_root(json.dumps(document).encode(), "trust.json").logs
    assert len(logs) == 2
    assert b"\0\0\0" not in logs


def _ended(authority: Authority, name: str, *, key: bool) -> Any:
    document = authority.root()
    for one in document[name]:
        (one["publicKey"] if key else one)["validFor"] = {
            "start": "2020-01-01T00:00:00Z",
            "end": "2021-01-01T00:00:00Z",
        }
    return judge_with(json.dumps(document).encode(), of_bundle(authority.bundle(ABOUT)))


@pytest.mark.parametrize(
    ("name", "key", "step", "reason"),
    [
        ("tlogs", True, "log", "the log was not trusted at the time of signing"),
        ("ctlogs", True, "certificate", "the certificate's log was not in the trusted root when it was issued"),
        (
            "certificateAuthorities",
            False,
            "certificate",
            "the authority was not trusted when it issued the certificate",
        ),
    ],
)
def test_what_is_no_longer_trusted_vouches_for_nothing(
    authority: Authority, name: str, *, key: bool, step: str, reason: str
) -> None:
    """Each key and authority has its window."""
    found = _ended(authority, name, key=key)
    assert (found.status, found.step) == ("invalid", step)
    assert found.reason.startswith(reason)
