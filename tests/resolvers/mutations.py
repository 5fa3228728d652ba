"""Damaged documents: what a reader must survive, whatever it makes of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from bomvet.errors import MalformedError
from bomvet.model.inventory import Completeness, Inventory
from tests.harness import run_resolver

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bomvet.plugin import Resolver

#: What may stand where a list, a table or a text is meant.
ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, -1, 1.5, "", " ", "x", "../x", "a @ b", "==1", [], [[]], [None], {}, {"": ""}]
)


@st.composite
def damaged(draw: st.DrawFn, document: Any) -> Any:
    """`document` with some of its parts dropped, replaced by odd ones, or put into another place."""
    value = draw(st.deferred(lambda: st.just(document)))
    for _ in range(draw(st.integers(1, 4))):
        value = _changed(draw, value)
    return value


def _changed(draw: st.DrawFn, value: Any) -> Any:
    """`value` with one change somewhere in it."""
    here = not isinstance(value, (dict, list)) or not value or draw(st.integers(0, 4)) == 0
    if here:
        return draw(ODD)
    if isinstance(value, dict):
        key = draw(st.sampled_from(sorted(value)))
        kind = draw(st.sampled_from(["drop", "rename", "change", "change"]))
        rest = {k: v for k, v in value.items() if k != key}
        if kind == "drop":
            return rest
        name = key if kind == "change" else draw(st.sampled_from(["", "x", " ", "a/b", "[", "é"]))
        return {**rest, name: _changed(draw, value[key])}
    at = draw(st.integers(0, len(value) - 1))
    repeated = draw(st.booleans())
    return [*value[:at], *([value[at]] if repeated else []), _changed(draw, value[at]), *value[at + 1 :]]


def toml(document: dict[str, Any]) -> str:
    """`document` as TOML, all of it inline; what TOML cannot hold is a text."""
    return "".join(f"{json.dumps(key)} = {_value(value)}\n" for key, value in document.items())


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_value(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return '"null"' if value is None else json.dumps(value)


def survives(resolver: Resolver, files: Mapping[str, bytes | str], path: str) -> Inventory | None:
    """What `resolver` makes of `path`, None where that is malformed; the result must hold together."""
    try:
        found = run_resolver(resolver, files, path)
    except MalformedError:
        return None
    known = {component.purl for component in found.components}
    assert {end for edge in found.relationships for end in (edge.source, edge.target)} <= known
    assert all(component.name and "\n" not in component.purl for component in found.components)
    if any("not locked: " not in unknown.reason for unknown in found.unknowns) and not found.relationships:
        assert Completeness.COMPLETE not in {c.dependencies for c in found.components if c.first_party}
    return found
