"""JSON, base64 and PEM of others read strictly: what has two readings is refused, and types are asked for."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The most that a 64-bit field of protobuf holds.
_MAX_INT = 2**63 - 1
_MAX_DIGITS = 19
#: The last second that has a date, in seconds from 1970.
_MAX_TIME = 253_402_300_799


def strict(data: bytes) -> Any:
    """The JSON in `data`, UTF-8; raises `ValueError` for what is none, for a key twice and for `NaN`."""
    try:
        return json.loads(data.decode(), object_pairs_hook=_once, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise ValueError("it is no JSON") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _refuse(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")


def _value(parent: Any, name: str) -> Any:
    """What `name` is there; None where it is unset, which protobuf writes as null too; raises `ValueError`."""
    if not isinstance(parent, dict):
        raise ValueError(f"what has {name} is no object")  # noqa: TRY004 - whatever is wrong with it
    return parent.get(name)


def member(parent: Any, name: str) -> Mapping[str, Any]:
    """The object `name` of `parent`; raises `ValueError` where there is none."""
    found = optional(parent, name)
    if found is None:
        raise ValueError(f"{name} is missing")
    return found


def optional(parent: Any, name: str) -> Mapping[str, Any] | None:
    """The object `name`, None where it is unset; raises `ValueError`."""
    found = _value(parent, name)
    if found is not None and not isinstance(found, dict):
        raise ValueError(f"{name} is no object")
    return found


def items(parent: Any, name: str, most: int) -> list[Any]:
    """The list `name`, empty where it is unset; raises `ValueError`, also for more than `most`."""
    found = _value(parent, name)
    if found is None:
        return []
    if not isinstance(found, list) or len(found) > most:
        raise ValueError(f"{name} is no list of at most {most}")
    return found


def text(parent: Any, name: str) -> str:
    """The text `name`, empty where it is unset; raises `ValueError`."""
    found = _value(parent, name)
    if found is None:
        return ""
    if not isinstance(found, str):
        raise ValueError(f"{name} is no text")  # noqa: TRY004
    return found


def whole(parent: Any, name: str) -> int | None:
    """The whole number `name`, which protobuf writes as text; None where it is unset; raises `ValueError`."""
    found = _value(parent, name)
    if found is None:
        return None
    if isinstance(found, str) and len(found) <= _MAX_DIGITS and found.isascii() and found.isdecimal():
        found = int(found)
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found <= _MAX_INT:
        raise ValueError(f"{name} is no whole number")
    return found


def seconds(parent: Any, name: str) -> int | None:
    """The time `name` in seconds from 1970; None where it is unset, which protobuf writes as zero too."""
    found = whole(parent, name) or None
    if found is not None and found > _MAX_TIME:
        raise ValueError(f"{name} is beyond all dates")
    return found


def binary(parent: Any, name: str) -> bytes:
    """The bytes `name`, base64, empty where it is unset; raises `ValueError`."""
    return decoded(text(parent, name), name)


def decoded(value: str, name: str) -> bytes:
    """Of base64 with its padding and nothing else in it; raises `ValueError`."""
    try:
        return base64.b64decode(value, validate=True)
    except ValueError:
        raise ValueError(f"{name} is no base64") from None


def pem(data: bytes, label: str) -> bytes:
    """The DER of the only block of PEM in `data`; raises `ValueError`."""
    lines = data.decode("ascii").strip().replace("\r\n", "\n").split("\n")
    if len(lines) < 3 or lines[0] != f"-----BEGIN {label}-----" or lines[-1] != f"-----END {label}-----":  # noqa: PLR2004
        raise ValueError(f"no {label.lower()} as PEM")
    return decoded("".join(lines[1:-1]), f"the {label.lower()}")
