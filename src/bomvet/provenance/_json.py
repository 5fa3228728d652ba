"""JSON of others: bounded, of known shape, and without the values that protobuf takes for unset."""

from __future__ import annotations

from typing import Any

#: No bundle is larger, nor anything that holds one.
MAX_BUNDLE = 4 * 1024 * 1024
#: Each takes up to a hundred bytes of memory, whatever it takes in the text; what real registries say of one package
#: has a value in about forty bytes, and is bounded by its size long before.
_MOST_VALUES = 4_000_000
#: Bundles, envelopes and statements nest about ten deep; predicates are never parsed here.
_MAX_DEPTH = 64


def read(data: bytes, limit: int = MAX_BUNDLE) -> Any:
    """What `data` says; raises `ValueError` where it is too large, of too many values, or no JSON."""
    import orjson  # noqa: PLC0415 - only where there is something to read

    if len(data) > limit:
        raise ValueError(f"it has more than {limit} bytes")
    if data.count(b",") >= _MOST_VALUES:
        raise ValueError(f"it has more than {_MOST_VALUES:,} values")
    try:
        return orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        raise ValueError("it is no JSON") from None


def read_object(data: bytes, limit: int = MAX_BUNDLE) -> dict[str, Any]:
    """The object in `data`; raises `ValueError`."""
    found = read(data, limit)
    if not isinstance(found, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 - whatever is wrong with it
    return found


def written(value: Any) -> bytes:
    """`value` in one spelling, whatever the spelling that it came in: what digests are made of.

    Raises `ValueError` where it is nested too deep to be written, though it could be read.
    """
    import orjson  # noqa: PLC0415

    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        raise ValueError("it is nested too deep") from None


def without_nulls(value: Any, depth: int = 0) -> Any:
    """`value` without members that are null, which in protobuf's JSON are unset; raises `ValueError` if it is too deep.

    Source: https://protobuf.dev/programming-guides/json/.  A null in a list has no such meaning, and stays.
    """
    if depth > _MAX_DEPTH:
        raise ValueError(f"it is nested more than {_MAX_DEPTH} deep")
    if isinstance(value, dict):
        return {key: without_nulls(item, depth + 1) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item, depth + 1) for item in value]
    return value


def table(value: object) -> dict[str, Any]:
    """`value` where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def listed(value: object) -> list[Any]:
    """`value` where it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def text(value: object, limit: int = 1000) -> str:
    """`value` where it is text of one line and not too long, else nothing: words of others are not repaired."""
    return value if isinstance(value, str) and len(value) <= limit and value.isprintable() else ""
