"""What the tests of Python locks have in common: inventories in few words, and locks that were tampered with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.model.inventory import Inventory, Scope

Edges = dict[tuple[str, str], tuple[tuple[str, ...], tuple[str, ...]]]


def asked(inventory: Inventory) -> Edges:
    """Roles and markers of every edge, by the labels of its ends."""
    by_purl = {c.purl: c.label for c in inventory.components}
    return {(by_purl[r.source], by_purl[r.target]): (r.roles, r.markers) for r in inventory.relationships}


def plain(*pairs: tuple[str, str]) -> Edges:
    """Edges without roles and markers."""
    return dict.fromkeys(pairs, ((), ()))


def scopes(inventory: Inventory) -> dict[str, Scope]:
    """Scopes of the third-party components by label."""
    return {c.label: c.scope for c in inventory.components if not c.first_party}


def reasons(inventory: Inventory) -> list[tuple[str, str]]:
    """Place and reason of every unknown."""
    return [(str(u.location), u.reason) for u in inventory.unknowns]


def markers(inventory: Inventory) -> dict[str, list[str]]:
    """The conditions of the components that have any, by label."""
    found = {c.label: [value for key, value in c.properties if key == "bomvet:marker"] for c in inventory.components}
    return {label: values for label, values in found.items() if values}


def toml(value: object) -> str:
    """`value` as inline TOML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}" = {toml(item)}' for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def toml_document(document: dict[str, Any]) -> str:
    """`document` as TOML, a key a line."""
    return "".join(f"{key} = {toml(value)}\n" for key, value in document.items())


_DROPPED = object()
#: What a value is replaced by: nothing, or one of another type.
_OTHERS = st.sampled_from([_DROPPED, "", 0, True, [], {}, "x", ["x"], {"name": "a"}, [[]], [{}], "==1; extra == 'x'"])


@st.composite
def tampered(draw: st.DrawFn, document: dict[str, Any], *, null: bool = False) -> dict[str, Any]:
    """`document` with some values dropped, of another type, or repeated."""
    copy: dict[str, Any] = _copied(document)
    for _ in range(draw(st.integers(1, 3))):
        places = [*_places(copy)]
        if not places:
            break
        owner, key = draw(st.sampled_from(places))
        other = draw(st.one_of(_OTHERS, st.just("again"), *([st.none()] if null else [])))
        if other is _DROPPED:
            del owner[key]
        elif other == "again" and isinstance(owner, list):
            owner.insert(key, _copied(owner[key]))
        else:
            owner[key] = _copied(other)
    return copy


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Everything that stands in `value`, by what holds it and under which key."""
    keys = [*value] if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value
