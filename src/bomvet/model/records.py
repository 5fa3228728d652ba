"""Records that cost little to define: a third of the start of a small scan went into `dataclasses`.

The standard decorator compiles a dozen methods per class, 0.7 ms of them, and its module loads half a compiler; this
one compiles `__init__` alone and shares the rest, and makes instances in half the time.  To the type checker, and to
the functions of `dataclasses`, the records are dataclasses (docs/adr/0012).
"""

from __future__ import annotations

from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
else:
    #: Stands for "no default".
    MISSING = object()

    def dataclass(*, slots: bool, frozen: bool = False, kw_only: bool = False, order: bool = False) -> Any:
        """As `dataclasses.dataclass`, for classes with slots."""
        if not slots:
            raise TypeError("records have slots; use dataclasses for others")
        return lambda cls: _made(cls, frozen=frozen, kw_only=kw_only, order=order)

    def field(
        *, default: Any = MISSING, default_factory: Any = MISSING, compare: bool = True, metadata: Any = None
    ) -> Any:
        """As `dataclasses.field`."""
        return _Field("", default, default_factory, compare, MappingProxyType(metadata or {}))

    def fields(record: Any) -> tuple[_Field, ...]:
        """As `dataclasses.fields`."""
        return record.__record_fields__

    def is_dataclass(value: Any) -> bool:
        """Whether `value` is a record, or a class of such."""
        return hasattr(value, "__record_fields__")

    def replace(record: Any, **changes: Any) -> Any:
        """As `dataclasses.replace`."""
        for one in record.__record_fields__:
            if one.name not in changes:
                changes[one.name] = getattr(record, one.name)
        return type(record)(**changes)


__all__ = ["MISSING", "dataclass", "field", "fields", "is_dataclass", "replace"]


class _Field:
    """What is known of a field."""

    __slots__ = ("compare", "default", "default_factory", "metadata", "name")

    def __init__(self, name: str, default: Any, default_factory: Any, compare: bool, metadata: Any) -> None:  # noqa: FBT001
        self.name, self.default, self.default_factory = name, default, default_factory
        self.compare, self.metadata = compare, metadata


class _StandardFields:
    """The fields as the functions of `dataclasses` look for them; made when they are."""

    def __get__(self, instance: object, cls: Any) -> Any:
        import dataclasses  # noqa: PLC0415 - its import costs more than all records

        def standard(one: Any) -> Any:
            stated = {"default": one.default, "default_factory": one.default_factory}
            given = {key: value for key, value in stated.items() if value is not MISSING}
            return dataclasses.field(**given, compare=one.compare, metadata=dict(one.metadata))

        described = [(one.name, cls.__annotations__[one.name], standard(one)) for one in cls.__record_fields__]
        return dataclasses.make_dataclass(cls.__name__, described, kw_only=True).__dataclass_fields__  # type: ignore[attr-defined]


def _made(cls: Any, *, frozen: bool, kw_only: bool, order: bool) -> Any:
    """`cls` anew, with slots and the methods of a dataclass."""
    namespace = dict(cls.__dict__)
    stated = namespace.get("__annotations__", {})
    own = tuple(_field(name, namespace) for name, kind in stated.items() if not str(kind).startswith("ClassVar"))
    for name in ("__dict__", "__weakref__"):
        namespace.pop(name, None)
    namespace["__slots__"] = tuple(one.name for one in own)
    namespace["__record_fields__"] = own
    namespace["__dataclass_fields__"] = _StandardFields()
    made: Any = type(cls)(cls.__name__, cls.__bases__, namespace)
    made.__qualname__ = cls.__qualname__
    made.__init__ = _initializer(made, own, kw_only=kw_only)
    made.__repr__, made.__reduce__ = _repr, _reduce
    counting = _getter(tuple(one.name for one in own if one.compare))
    made.__eq__, made.__hash__ = _comparing(made, counting)
    if frozen:
        made.__setattr__, made.__delattr__ = _refuse_set, _refuse_delete
    else:
        made.__hash__ = None
    if order:
        made.__lt__, made.__le__, made.__gt__, made.__ge__ = _ordering(made, counting)
    return made


def _field(name: str, namespace: dict[str, Any]) -> _Field:
    """The field called `name`; its default leaves the namespace, where its slot will be."""
    value = namespace.pop(name, MISSING)
    if isinstance(value, _Field):
        value.name = name
        return value
    return _Field(name, value, MISSING, compare=True, metadata=MappingProxyType({}))


def _initializer(cls: Any, own: tuple[_Field, ...], *, kw_only: bool) -> Any:
    """`__init__` with a parameter per field; the slots are set past `__setattr__`, which may refuse."""
    scope: dict[str, Any] = {"_missing": MISSING}
    parameters, body = [], []
    for one in own:
        name = value = one.name
        scope[f"_set_{name}"] = cls.__dict__[name].__set__
        if one.default_factory is not MISSING:
            scope[f"_make_{name}"] = one.default_factory
            parameters.append(f"{name}=_missing")
            value = f"_make_{name}() if {name} is _missing else {name}"
        elif one.default is not MISSING:
            scope[f"_default_{name}"] = one.default
            parameters.append(f"{name}=_default_{name}")
        else:
            parameters.append(name)
        body.append(f"    _set_{name}(self, {value})")
    star = ["*"] if parameters and kw_only else []
    exec(  # noqa: S102 - of names of fields alone
        f"def __init__({', '.join(['self', *star, *parameters])}):\n" + ("\n".join(body) or "    pass"), scope
    )
    initializer = scope["__init__"]
    initializer.__qualname__ = f"{cls.__qualname__}.__init__"
    return initializer


def _comparing(cls: Any, values: Any) -> tuple[Any, Any]:
    def __eq__(self: Any, other: object) -> Any:  # noqa: N807
        return self is other or values(self) == values(other) if other.__class__ is cls else NotImplemented

    def __hash__(self: Any) -> int:  # noqa: N807
        return hash(values(self))

    return __eq__, __hash__


def _ordering(cls: Any, values: Any) -> tuple[Any, Any, Any, Any]:
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
    """Those fields of a record as a tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    return (lambda record: (getattr(record, names[0]),)) if names else lambda _: ()


def _repr(self: Any) -> str:
    stated = ", ".join(f"{one.name}={getattr(self, one.name)!r}" for one in self.__record_fields__)
    return f"{type(self).__qualname__}({stated})"


def _refuse_set(self: Any, name: str, value: object) -> None:  # noqa: ARG001 - the protocol's
    raise AttributeError(f"cannot assign to field {name!r}")


def _refuse_delete(self: Any, name: str) -> None:  # noqa: ARG001 - the protocol's
    raise AttributeError(f"cannot delete field {name!r}")


def _reduce(self: Any) -> tuple[Any, ...]:
    return _revived, (type(self), {one.name: getattr(self, one.name) for one in self.__record_fields__})


def _revived(cls: Any, values: dict[str, Any]) -> Any:
    """What `pickle` calls."""
    return cls(**values)
