"""The keys of registries, with when they are believed."""

from __future__ import annotations

import base64
import datetime as dt
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bomvet.errors import UsageError
from bomvet.provenance.keys import RegistryKey, read_keys, shipped_keys

_SECOND = dt.timedelta(seconds=1)


def _spki(key: Any) -> str:
    return base64.b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


GOOD = {"keyid": "SHA256:a", "key": _spki(ec.generate_private_key(ec.SECP256R1())), "scheme": "ecdsa-sha2-nistp256"}


def read(*keys: Any) -> tuple[RegistryKey, ...]:
    return read_keys(json.dumps({"keys": keys}).encode(), "keys.json")


def test_the_shipped_keys_are_those_of_the_public_registry() -> None:
    """The first went out of use in January 2025, the second is in use."""
    old, new = shipped_keys()
    assert (old.keyid, new.keyid) == (
        "SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA",
        "SHA256:DhQ8wR5APBvFHLF/+Tc+AYvPOdTpcIDqOhxsBHRwC7U",
    )
    end = dt.datetime(2025, 1, 29, tzinfo=dt.UTC)
    assert (old.start, old.end, new.start, new.end) == (None, end, None, None)
    assert [old.holds(end), old.holds(end + _SECOND), new.holds(end + _SECOND)] == [True, False, True]


def test_a_key_may_begin() -> None:
    """With a field of ours, which registries do not have."""
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    (key,) = read({**GOOD, "starts": "2026-01-01T00:00:00.000Z", "expires": None})
    assert key == RegistryKey("SHA256:a", str(GOOD["key"]), start, None)
    assert [key.holds(start - _SECOND), key.holds(start)] == [False, True]


def test_keys_of_other_schemes_are_left_out() -> None:
    """They vouch for nothing."""
    other = {**GOOD, "keyid": "SHA256:b", "scheme": "ed25519"}
    assert [key.keyid for key in read(GOOD, other)] == ["SHA256:a"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"{", "Expecting property name"),
        (b"{}", "lacks 'keys'"),
        (b"[]", "list indices"),
        (b'{"keys": {}}', "no list of at most 1000"),
        (b'{"keys": []}', "no keys of the scheme"),
        (b'{"keys": [1]}', "has no attribute"),
        (b" " * (1 << 20) + b"{}", "larger than 1048576 bytes"),
        (b"[" * 100_000, "recursion"),
    ],
)
def test_what_is_no_answer_of_a_registry_is_told(data: bytes, reason: str) -> None:
    """With the name of the file."""
    with pytest.raises(UsageError, match=r"^keys\.json: no keys of a registry: ") as told:
        read_keys(data, "keys.json")
    assert reason in str(told.value)
    assert told.value.hint == "the answer of a registry to /-/npm/v1/keys is expected"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"keyid": ""}, "`keyid` and `key` are no text"),
        ({"keyid": 1}, "`keyid` and `key` are no text"),
        ({"key": None}, "`keyid` and `key` are no text"),
        ({"key": "!"}, "base64"),
        ({"key": "AAAA"}, "deserialize"),
        ({"key": _spki(ed25519.Ed25519PrivateKey.generate())}, "SHA256:a is no key on the curve P-256"),
        ({"key": _spki(ec.generate_private_key(ec.SECP384R1()))}, "SHA256:a is no key on the curve P-256"),
        ({"key": base64.b64encode(bytes.fromhex("300b300506032a030403020000")).decode()}, "SHA256:a: Unknown key type"),
        ({"expires": "tomorrow"}, "Invalid isoformat"),
        ({"expires": "2026-01-01"}, "2026-01-01 has no time zone"),
        ({"expires": 7}, "must be str"),
    ],
)
def test_a_key_that_is_none_is_told(change: dict[str, Any], reason: str) -> None:
    """None is left out in silence."""
    with pytest.raises(UsageError, match="no keys of a registry") as told:
        read({**GOOD, **change})
    assert reason in str(told.value)


def test_two_keys_of_one_id_are_refused() -> None:
    """It would be open which is meant."""
    with pytest.raises(UsageError, match="two of one id"):
        read(GOOD, GOOD)
