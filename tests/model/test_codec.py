"""Records to JSON values and back: errors with their path, and what annotations mean."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, ClassVar

import pytest

from bomvet.model.codec import DecodeError, decode, encode, json_schema
from bomvet.model.records import dataclass, field


class Colour(StrEnum):
    """A colour."""

    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A leaf.

    More about it.
    """

    computed: ClassVar[tuple[str, ...]] = ("label",)

    name: str = field(metadata={"json": "called"})
    size: int = 0

    @property
    def label(self) -> str:
        """Name and size."""
        return f"{self.name}/{self.size}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A tree."""

    leaf: Leaf
    leaves: tuple[Leaf, ...] = ()
    pair: tuple[str, int] = ("", 0)
    colours: frozenset[Colour] = frozenset()
    by_name: Mapping[str, Leaf] = field(default_factory=lambda: MappingProxyType({}))
    day: dt.date | None = None
    weight: float = 0.0
    alive: bool = True


TREE = Tree(
    leaf=Leaf(name="a", size=1),
    leaves=(Leaf(name="b"),),
    pair=("x", 2),
    colours=frozenset({Colour.RED, Colour.BLUE}),
    by_name=MappingProxyType({"z": Leaf(name="z"), "c": Leaf(name="c")}),
    day=dt.date(2026, 12, 31),
    weight=1.5,
    alive=False,
)
JSON: dict[str, Any] = {
    "leaf": {"called": "a", "size": 1, "label": "a/1"},
    "leaves": [{"called": "b", "size": 0, "label": "b/0"}],
    "pair": ["x", 2],
    "colours": ["blue", "red"],
    "by_name": {"c": {"called": "c", "size": 0, "label": "c/0"}, "z": {"called": "z", "size": 0, "label": "z/0"}},
    "day": "2026-12-31",
    "weight": 1.5,
    "alive": False,
}


def test_encode() -> None:
    """Every kind of field has its JSON form, with its JSON name, and computed properties go along."""
    assert encode(TREE) == JSON


def test_maps_are_sorted() -> None:
    """The keys of a map come in order, so that the same record gives the same bytes."""
    assert list(encode(TREE)["by_name"]) == ["c", "z"]


def test_decode() -> None:
    """`decode` is the inverse, and leaves computed properties aside."""
    assert decode(Tree, JSON) == TREE


def test_defaults() -> None:
    """A field that is absent takes its default."""
    assert decode(Tree, {"leaf": {"called": "a"}}) == Tree(leaf=Leaf(name="a"))


def test_whole_numbers_are_numbers() -> None:
    """JSON does not tell 1 from 1.0, so a float may be written as either."""
    assert decode(Tree, {**JSON, "weight": 2}).weight == 2.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"leaf": None}, "leaf: expected dict, found NoneType"),
        ({"leaf": {}}, "leaf: 'called' is missing"),
        ({"leaf": {"called": 1}}, "leaf.called: expected str, found int"),
        ({"leaf": {"called": "a", "size": True}}, "leaf.size: expected int, found bool"),
        ({"leaf": {"called": "a", "size": 1.5}}, "leaf.size: expected int, found float"),
        ({"leaves": {}}, "leaves: expected list, found dict"),
        ({"leaves": [{"called": "a"}, {"called": []}]}, "leaves[1].called: expected str, found list"),
        ({"pair": ["x"]}, "pair: expected 2 values, found 1"),
        ({"pair": ["x", "y"]}, "pair[1]: expected int, found str"),
        ({"colours": ["green"]}, "colours[0]: 'green' is not a valid Colour"),
        ({"colours": [1]}, "colours[0]: expected str, found int"),
        ({"by_name": {"k": 1}}, "by_name['k']: expected dict, found int"),
        ({"day": "2026-02-30"}, "day: day is out of range for month"),
        ({"day": 20260101}, "day: expected str, found int"),
        ({"weight": "1"}, "weight: expected float, found str"),
        ({"weight": True}, "weight: expected float, found bool"),
        ({"weight": 10**400}, "weight: the number is too large"),
        ({"alive": 1}, "alive: expected bool, found int"),
    ],
)
def test_errors_start_with_the_path(change: dict[str, Any], message: str) -> None:
    """What has the wrong shape is told with its place in the document."""
    with pytest.raises(DecodeError) as caught:
        decode(Tree, {**JSON, **change})

    assert str(caught.value) == message


@pytest.mark.parametrize("document", [None, [], "x", 1])
def test_the_whole_document_is_wrong(document: object) -> None:
    """Something that is no object at all is told, too."""
    with pytest.raises(DecodeError, match=r"^document: expected dict, found "):
        decode(Tree, document)


def test_a_missing_field_at_the_top() -> None:
    """At the top of a document, the path is the document."""
    with pytest.raises(DecodeError, match=r"^document: 'leaf' is missing$"):
        decode(Tree, {})


def test_what_has_no_json_form() -> None:
    """A value outside of the annotations that the model uses is a defect, and told as such."""
    with pytest.raises(TypeError, match="no JSON form for bytes"):
        encode(b"x")


def test_schema() -> None:
    """The schema says of each field what `encode` gives, and requires all of them."""
    leaf = {"$ref": "#/$defs/Leaf"}
    assert json_schema(Tree) == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": "#/$defs/Tree",
        "$defs": {
            "Leaf": {
                "type": "object",
                "description": "A leaf.",
                "properties": {
                    "called": {"type": "string"},
                    "size": {"type": "integer"},
                    "label": {"type": "string"},
                },
                "required": ["called", "size", "label"],
            },
            "Tree": {
                "type": "object",
                "description": "A tree.",
                "properties": {
                    "leaf": leaf,
                    "leaves": {"type": "array", "items": leaf},
                    "pair": {
                        "type": "array",
                        "prefixItems": [{"type": "string"}, {"type": "integer"}],
                        "minItems": 2,
                    },
                    "colours": {"type": "array", "items": {"enum": ["red", "blue"]}},
                    "by_name": {"type": "object", "additionalProperties": leaf},
                    "day": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
                    "weight": {"type": "number"},
                    "alive": {"type": "boolean"},
                },
                "required": ["leaf", "leaves", "pair", "colours", "by_name", "day", "weight", "alive"],
            },
        },
    }
