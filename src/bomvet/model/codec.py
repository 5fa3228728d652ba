"""Records to plain JSON values and back, and the JSON Schema of a record, from its annotations alone."""

from __future__ import annotations

import datetime as dt
import types
from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from bomvet.model.records import MISSING, fields, is_dataclass

_T = TypeVar("_T")


class DecodeError(ValueError):
    """A document does not have the shape it should; the message starts with the path into it."""


def encode(value: Any) -> Any:
    """`value` as dicts, lists and scalars; every field stands there, also one with its default.

    A record class may name properties to write along in `computed`, and a field may carry the JSON name in
    `metadata["json"]`.
    """
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | int | float):
        return value
    if is_dataclass(value):
        kind: Any = type(value)
        record = {json: encode(getattr(value, name)) for name, json in _names(kind)}
        for name in getattr(value, "computed", ()):
            record[name] = encode(getattr(value, name))
        return record
    if isinstance(value, Mapping):
        return {key: encode(value[key]) for key in sorted(value)}
    if isinstance(value, tuple | frozenset):
        items = [encode(item) for item in value]
        return sorted(items) if isinstance(value, frozenset) else items
    if isinstance(value, dt.date):
        return value.isoformat()
    raise TypeError(f"no JSON form for {type(value).__name__}")


def decode(kind: type[_T], data: Any, path: str = "") -> _T:
    """The record of class `kind` that `encode` gave as `data`.

    Unknown keys are left aside (fields are only ever added); a missing one takes its default.  Raises
    `DecodeError` with the path of the first value that has the wrong type.
    """
    record: _T = _decoded(kind, data, path)
    return record


@cache
def _names(kind: type) -> tuple[tuple[str, str], ...]:
    return tuple((f.name, f.metadata.get("json", f.name)) for f in fields(kind))


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _decoded(hint: Any, data: Any, path: str) -> Any:  # noqa: PLR0911 - one return per kind of annotation
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        inner = next(a for a in args if a is not type(None))
        return None if data is None else _decoded(inner, data, path)
    if origin is tuple:
        return _decoded_tuple(args, _expect(list, data, path), path)
    if origin is frozenset:
        return frozenset(_decoded_tuple((args[0], ...), _expect(list, data, path), path))
    if origin is Mapping:
        table = _expect(dict, data, path)
        return types.MappingProxyType({k: _decoded(args[1], v, f"{path}[{k!r}]") for k, v in table.items()})
    if is_dataclass(hint):
        return _decoded_record(hint, _expect(dict, data, path), path)
    if hint is float and isinstance(data, int) and not isinstance(data, bool):
        return _float(data, path)
    if issubclass(hint, Enum | dt.date):
        return _parsed(hint, _expect(str, data, path), path)
    return _expect(hint, data, path)


def _decoded_record(kind: Any, data: dict[str, Any], path: str) -> Any:
    hints, values = _hints(kind), {}
    for field in fields(kind):
        name = field.metadata.get("json", field.name)
        if name in data:
            values[field.name] = _decoded(hints[field.name], data[name], f"{path}.{name}" if path else name)
        elif field.default is MISSING and field.default_factory is MISSING:
            raise DecodeError(f"{path or 'document'}: {name!r} is missing")
    return kind(**values)


def _decoded_tuple(args: tuple[Any, ...], data: list[Any], path: str) -> tuple[Any, ...]:
    kinds = [args[0]] * len(data) if len(args) > 1 and args[1] is ... else list(args)
    if len(kinds) != len(data):
        raise DecodeError(f"{path}: expected {len(kinds)} values, found {len(data)}")
    return tuple(_decoded(k, v, f"{path}[{i}]") for i, (k, v) in enumerate(zip(kinds, data, strict=True)))


def _expect(kind: type, data: Any, path: str) -> Any:
    if not isinstance(data, kind) or (kind is int and isinstance(data, bool)):
        raise DecodeError(f"{path or 'document'}: expected {kind.__name__}, found {type(data).__name__}")
    return data


def _float(number: int, path: str) -> float:
    try:
        return float(number)
    except OverflowError:
        raise DecodeError(f"{path}: the number is too large") from None


def _parsed(kind: Any, text: str, path: str) -> Any:
    try:
        return kind.fromisoformat(text) if issubclass(kind, dt.date) else kind(text)
    except ValueError as error:
        raise DecodeError(f"{path}: {error}") from None


_SCALARS = {str: "string", bool: "boolean", int: "integer", float: "number"}


def json_schema(kind: type) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of what `encode` gives for `kind`; nested records under `$defs`."""
    defs: dict[str, Any] = {}
    schema = _schema(kind, defs)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "$defs": dict(sorted(defs.items())),
    }


def _schema(hint: Any, defs: dict[str, Any]) -> dict[str, Any]:  # noqa: PLR0911 - one return per kind of annotation
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        inner = next(a for a in args if a is not type(None))
        return {"anyOf": [_schema(inner, defs), {"type": "null"}]}
    if origin is tuple and args[-1] is not ...:
        return {"type": "array", "prefixItems": [_schema(a, defs) for a in args], "minItems": len(args)}
    if origin in (tuple, frozenset):
        return {"type": "array", "items": _schema(args[0], defs)}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": _schema(args[1], defs)}
    if is_dataclass(hint):
        return _record_schema(hint, defs)
    if issubclass(hint, Enum):
        return {"enum": [member.value for member in hint]}
    if issubclass(hint, dt.date):
        return {"type": "string", "format": "date"}
    return {"type": _SCALARS[hint]}


def _record_schema(kind: Any, defs: dict[str, Any]) -> dict[str, Any]:
    if kind.__name__ not in defs:
        defs[kind.__name__] = {}  # claimed before the fields are entered, for records that hold themselves
        hints = _hints(kind)
        properties = {json: _schema(hints[name], defs) for name, json in _names(kind)}
        for name in getattr(kind, "computed", ()):
            properties[name] = {"type": "string"}
        defs[kind.__name__] = {
            "type": "object",
            "description": (kind.__doc__ or "").partition("\n\n")[0].replace("\n", " ").replace("    ", ""),
            "properties": properties,
            "required": list(properties),
        }
    return {"$ref": f"#/$defs/{kind.__name__}"}
