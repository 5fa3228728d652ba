"""Frozen records, which must be what the standard decorator makes, at a fraction of its cost."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import ClassVar

import pytest

from bomvet.model.records import dataclass, field, fields, is_dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Point:
    """A record with every kind of field."""

    origin: ClassVar[str] = "here"

    x: int
    y: int = 2
    tags: list[str] = field(default_factory=list, metadata={"json": "labels"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Single:
    """A record of one field that counts."""

    value: str
    note: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Empty:
    """A record of none."""


@dataclass(slots=True)
class Counter:
    """A record that may change."""

    name: str
    count: int = 0


def test_fields_and_defaults() -> None:
    """Fields have their values or defaults, a factory gives each instance its own; class variables are no fields."""
    one, other = Point(x=1), Point(x=1)
    one.tags.append("a")

    assert (one.x, one.y, one.tags, other.tags, Point.origin) == (1, 2, ["a"], [], "here")
    assert [(f.name, dict(f.metadata)) for f in fields(Point)] == [
        ("x", {}),
        ("y", {}),
        ("tags", {"json": "labels"}),
    ]
    assert (is_dataclass(Point), is_dataclass(one), is_dataclass(1)) == (True, True, False)


@pytest.mark.parametrize("arguments", [{}, {"x": 1, "z": 2}])
def test_wrong_arguments(arguments: dict[str, int]) -> None:
    """A field that is missing or unknown is an error, and so is one by its position."""
    with pytest.raises(TypeError):
        Point(**arguments)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Point(1)  # type: ignore[call-arg]


def test_nothing_can_be_changed() -> None:
    """A field cannot be set or deleted, nor one added."""
    point = Point(x=1)
    for name in ("x", "other"):
        with pytest.raises(AttributeError, match=f"cannot assign to field '{name}'"):
            setattr(point, name, 2)
    with pytest.raises(AttributeError, match="cannot delete field 'x'"):
        del point.x
    assert not hasattr(point, "__dict__")


def test_equality_and_hash() -> None:
    """Equal are records of one class with equal fields that count; equal ones have one hash."""
    assert Single(value="a", note="b") == Single(value="a")
    assert Single(value="a") == Single(value="a") != Single(value="b")
    assert hash(Single(value="a")) == hash(Single(value="a"))
    assert {Empty(), Empty()} == {Empty()}
    others: list[object] = ["a", Point(x=1)]
    assert Single(value="a") not in others


def test_order() -> None:
    """Records with an order compare field by field, and with their like alone; others have none."""
    low, high = Point(x=1, y=1), Point(x=1, y=2)

    assert (low < high, low <= high, low > high, low >= high) == (True, True, False, False)
    assert (low <= low, low >= low) == (True, True)  # noqa: PLR0124 - the point
    for compare in ("__lt__", "__le__", "__gt__", "__ge__"):
        assert getattr(low, compare)(1) is NotImplemented
        assert getattr(Single(value="a"), compare)(Single(value="b")) is NotImplemented


def test_copies() -> None:
    """A record can be replaced in part, copied and pickled."""
    point = Point(x=1, tags=["a"])

    assert replace(point, y=5) == Point(x=1, y=5, tags=["a"])
    assert copy.deepcopy(point) == pickle.loads(pickle.dumps(point)) == point  # noqa: S301 - our own bytes


def test_the_standard_functions() -> None:
    """To `dataclasses` a record is a dataclass."""
    point = Point(x=1, tags=["a"])

    assert (dataclasses.is_dataclass(Point), dataclasses.replace(point, x=2)) == (True, Point(x=2, tags=["a"]))
    assert [(f.name, f.default, dict(f.metadata)) for f in dataclasses.fields(point)[1:]] == [
        ("y", 2, {}),
        ("tags", dataclasses.MISSING, {"json": "labels"}),
    ]
    assert dataclasses.asdict(point) == {"x": 1, "y": 2, "tags": ["a"]}


def test_text() -> None:
    """A record shows its class and fields."""
    assert repr(Point(x=1, tags=["a"])) == "Point(x=1, y=2, tags=['a'])"
    assert (repr(Empty()), Point.__init__.__qualname__) == ("Empty()", "Point.__init__")


def test_records_that_change() -> None:
    """One that is not frozen takes positions and assignments, and has no hash."""
    counter = Counter("a")
    counter.count += 1

    assert counter == Counter("a", 1)
    with pytest.raises(TypeError, match="unhashable"):
        hash(counter)


def test_slots_are_a_must() -> None:
    """There is no record with a dict."""
    with pytest.raises(TypeError, match="records have slots"):

        @dataclass(slots=False)
        class Loose:
            pass
