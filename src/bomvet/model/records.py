"""Frozen records that cost little to define: a third of the start of a small scan went into `dataclasses`.

The standard decorator compiles a dozen methods per class, 0.7 ms of them; this one compiles `__init__` alone and
shares the rest, at a fifth of that, and makes instances in half the time.  What it gives is a dataclass to `fields`,
`replace` and `is_dataclass`, and to the type checker, which sees the standard decorator (docs/adr/0012).
"""

from __future__ import annotations

import dataclasses
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414 - re-exported
else:

    def dataclass(*, slots: bool, frozen: bool = False, kw_only: bool = False, order: bool = False) -> Any:
        """As `dataclasses.dataclass`, for classes with slots."""
        if not slots:
            raise TypeError("records have slots; use dataclasses for others")

        def made(cls: Any) -> Any:
            plain = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True, kw_only=kw_only)(cls)
            return _finished(plain, frozen=frozen, kw_only=kw_only, order=order)

        return made


def _finished(cls: Any, *, frozen: bool, kw_only: bool, order: bool) -> Any:
    """`cls` with the methods of a dataclass."""
    fields = dataclasses.fields(cls)
    names = tuple(field.name for field in fields if field.compare)
    cls.__init__ = _initializer(cls, fields, kw_only=kw_only)
    cls.__repr__ = _repr
    cls.__eq__, cls.__hash__ = _comparing(cls, names)
    cls.__reduce__ = _reduce
    if frozen:
        cls.__setattr__, cls.__delattr__ = _refuse_set, _refuse_delete
    else:
        cls.__hash__ = None
    if order:
        cls.__lt__, cls.__le__, cls.__gt__, cls.__ge__ = _ordering(cls, names)
    return cls


def _initializer(cls: Any, fields: Any, *, kw_only: bool) -> Any:
    """`__init__` with a parameter per field; the slots are set past `__setattr__`, which may refuse."""
    scope: dict[str, Any] = {"_missing": dataclasses.MISSING}
    parameters, body = [], []
    for field in fields:
        name = field.name
        scope[f"_set_{name}"] = cls.__dict__[name].__set__
        value = name
        if field.default_factory is not dataclasses.MISSING:
            scope[f"_make_{name}"] = field.default_factory
            parameters.append(f"{name}=_missing")
            value = f"_make_{name}() if {name} is _missing else {name}"
        elif field.default is not dataclasses.MISSING:
            scope[f"_default_{name}"] = field.default
            parameters.append(f"{name}=_default_{name}")
        else:
            parameters.append(name)
        body.append(f"    _set_{name}(self, {value})")
    star = ["*"] if parameters and kw_only else []
    exec(f"def __init__({', '.join(['self', *star, *parameters])}):\n" + ("\n".join(body) or "    pass"), scope)  # noqa: S102 - of names of fields alone
    initializer = scope["__init__"]
    initializer.__qualname__ = f"{cls.__qualname__}.__init__"
    return initializer


def _comparing(cls: Any, names: tuple[str, ...]) -> tuple[Any, Any]:
    values = _getter(names)

    def __eq__(self: Any, other: object) -> Any:  # noqa: N807
        return self is other or values(self) == values(other) if other.__class__ is cls else NotImplemented

    def __hash__(self: Any) -> int:  # noqa: N807
        return hash(values(self))

    return __eq__, __hash__


def _ordering(cls: Any, names: tuple[str, ...]) -> tuple[Any, Any, Any, Any]:
    values = _getter(names)

    def less(self: Any, other: object) -> Any:
        return values(self) < values(other) if other.__class__ is cls else NotImplemented

    def at_most(self: Any, other: object) -> Any:
        return values(self) <= values(other) if other.__class__ is cls else NotImplemented

    def more(self: Any, other: object) -> Any:
        return values(self) > values(other) if other.__class__ is cls else NotImplemented

    def at_least(self: Any, other: object) -> Any:
        return values(self) >= values(other) if other.__class__ is cls else NotImplemented

    return less, at_most, more, at_least


def _getter(names: tuple[str, ...]) -> Any:
    """The fields of a record that count as a tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    return (lambda record: (getattr(record, names[0]),)) if names else lambda _: ()


def _repr(self: Any) -> str:
    stated = ", ".join(f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self))
    return f"{type(self).__qualname__}({stated})"


def _refuse_set(self: Any, name: str, value: object) -> None:  # noqa: ARG001 - the protocol's
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_delete(self: Any, name: str) -> None:  # noqa: ARG001 - the protocol's
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _reduce(self: Any) -> tuple[Any, ...]:
    return _revived, (type(self), {field.name: getattr(self, field.name) for field in dataclasses.fields(self)})


def _revived(cls: Any, values: dict[str, Any]) -> Any:
    """What `pickle` calls."""
    return cls(**values)
