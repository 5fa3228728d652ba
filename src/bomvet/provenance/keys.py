"""The keys of a package registry, with which it signs what it distributes, each with when it is believed.

Source: https://docs.npmjs.com/about-registry-signatures.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from functools import cache
from typing import Any, NamedTuple

from bomvet.errors import UsageError

_SCHEME = "ecdsa-sha2-nistp256"
_MAX_BYTES = 1024 * 1024
_MAX_KEYS = 1000


class RegistryKey(NamedTuple):
    """A key for ECDSA over P-256 with SHA-256: `key` is its SubjectPublicKeyInfo, DER in base64.

    It is believed from `start` to `end`, both within; None is open.
    """

    keyid: str
    key: str
    start: dt.datetime | None = None
    end: dt.datetime | None = None

    def holds(self, moment: dt.datetime) -> bool:
        """Whether it is believed at `moment`."""
        return (self.start is None or self.start <= moment) and (self.end is None or moment <= self.end)


@cache
def shipped_keys() -> tuple[RegistryKey, ...]:
    """Those of the public npm registry, as they were when this was released."""
    from importlib.resources import files  # noqa: PLC0415

    return read_keys(files("bomvet.data").joinpath("npm-keys.json").read_bytes(), "npm-keys.json")


def read_keys(data: bytes, name: str) -> tuple[RegistryKey, ...]:
    """What a registry answers to `GET /-/npm/v1/keys`, in the file `name`; raises `UsageError`.

    Beside npm's `expires` a key may have `starts`.  Keys of other schemes are left out.
    """
    try:
        return _keys(data)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        why = f"lacks {error}" if isinstance(error, KeyError) else str(error)[:200]
        message = f"{name}: no keys of a registry: {why}"
        raise UsageError(message, hint="the answer of a registry to /-/npm/v1/keys is expected") from error


def _keys(data: bytes) -> tuple[RegistryKey, ...]:
    if len(data) > _MAX_BYTES:
        raise ValueError(f"larger than {_MAX_BYTES} bytes")
    keys = json.loads(data)["keys"]
    if not isinstance(keys, list) or len(keys) > _MAX_KEYS:
        raise ValueError(f"`keys` is no list of at most {_MAX_KEYS}")
    found = [_key(one) for one in keys if one.get("scheme", _SCHEME) == _SCHEME]
    if not found or len({one.keyid for one in found}) < len(found):
        raise ValueError(f"no keys of the scheme {_SCHEME}, or two of one id")
    return tuple(found)


def _key(entry: Any) -> RegistryKey:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_der_public_key  # noqa: PLC0415

    keyid, key = entry["keyid"], entry["key"]
    if not (isinstance(keyid, str) and keyid and isinstance(key, str)):
        raise TypeError("`keyid` and `key` are no text")
    try:
        loaded = load_der_public_key(base64.b64decode(key, validate=True))
    except UnsupportedAlgorithm as error:
        raise ValueError(f"{keyid[:60]}: {error}") from error
    if not isinstance(loaded, ec.EllipticCurvePublicKey) or not isinstance(loaded.curve, ec.SECP256R1):
        raise TypeError(f"{keyid[:60]} is no key on the curve P-256")
    return RegistryKey(keyid, key, _moment(entry.get("starts")), _moment(entry.get("expires")))


def _moment(text: Any) -> dt.datetime | None:
    if text is None:
        return None
    moment = dt.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return moment
