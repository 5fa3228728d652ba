"""Strategies for the records of the model, from their annotations: a new field is covered as it is added."""

from __future__ import annotations

import datetime as dt
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

_T = TypeVar("_T")

#: Any text that UTF-8 can carry.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
#: So few texts that identities collide.
FEW = st.sampled_from(["", "a", "b", "c"])


def records(kind: type[_T], text: st.SearchStrategy[str] = TEXT, **given: st.SearchStrategy[Any]) -> Any:
    """Instances of the record class `kind`; `given` has strategies for single fields."""
    hints = get_type_hints(kind)
    names = [f.name for f in fields(kind)]  # type: ignore[arg-type]
    return st.builds(kind, **{n: given[n] if n in given else values(hints[n], text) for n in names})


def values(hint: Any, text: st.SearchStrategy[str] = TEXT) -> Any:
    """Values that the annotation `hint` allows."""
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        (inner,) = (a for a in args if a is not type(None))
        return st.none() | values(inner, text)
    if origin is not None:
        return _containers(origin, args, text)
    return records(hint, text) if is_dataclass(hint) else _scalars(hint, text)  # type: ignore[arg-type]


def _containers(origin: Any, args: tuple[Any, ...], text: st.SearchStrategy[str]) -> Any:
    if origin is frozenset:
        return st.frozensets(values(args[0], text), max_size=2)
    if origin is Mapping:
        return st.dictionaries(text, values(args[1], text), max_size=2).map(types.MappingProxyType)
    if args[-1] is ...:
        return st.lists(values(args[0], text), max_size=2).map(tuple)
    return st.tuples(*(values(a, text) for a in args))


def _scalars(hint: Any, text: st.SearchStrategy[str]) -> Any:
    if issubclass(hint, Enum):
        return st.sampled_from(list(hint))
    known: dict[Any, Any] = {
        str: text,
        bool: st.booleans(),
        int: st.integers(0, 2**40),
        float: st.floats(0, 10, allow_nan=False),
        dt.date: st.dates(),
    }
    return known[hint]
