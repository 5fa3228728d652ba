"""The laws of `Inventory.merge`, on inventories so small that their identities collide."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bomvet.model.inventory import Component, Inventory, Relationship, Service
from tests.property.strategies import FEW, records

PURLS = st.sampled_from(["pkg:a", "pkg:b", "pkg:c"])
COMPONENTS = records(Component, FEW, purl=PURLS)
INVENTORIES = records(
    Inventory,
    FEW,
    root=st.none() | COMPONENTS,
    components=st.lists(COMPONENTS, max_size=3).map(tuple),
    services=st.lists(records(Service, FEW), max_size=2).map(tuple),
    relationships=st.lists(records(Relationship, FEW), max_size=2).map(tuple),
)
LAWS = settings(deadline=None, max_examples=60, derandomize=True)


@LAWS
@given(INVENTORIES, INVENTORIES, INVENTORIES)
def test_grouping_does_not_matter(a: Inventory, b: Inventory, c: Inventory) -> None:
    """Merging is associative."""
    merge = Inventory.merge

    assert merge([merge([a, b]), c]) == merge([a, merge([b, c])]) == merge([a, b, c])


@LAWS
@given(st.lists(INVENTORIES, max_size=4))
def test_order_does_not_matter(parts: list[Inventory]) -> None:
    """Merging is commutative."""
    assert Inventory.merge(parts) == Inventory.merge(reversed(parts))


@LAWS
@given(INVENTORIES)
def test_repetition_does_not_matter(a: Inventory) -> None:
    """Merging is idempotent."""
    once = Inventory.merge([a])

    assert Inventory.merge([a, a]) == once
    assert Inventory.merge([once]) == once


@LAWS
@given(st.lists(INVENTORIES, max_size=4))
def test_nothing_is_lost(parts: list[Inventory]) -> None:
    """Every identity and every unknown is in the merged inventory, and each identity once."""
    merged = Inventory.merge(parts)

    purls = [c.purl for c in merged.components] + [merged.root.purl if merged.root else ""]
    assert sorted(filter(None, purls)) == sorted({c.purl for p in parts for c in (*p.components, p.root) if c})
    assert [s.ref for s in merged.services] == sorted({s.ref for p in parts for s in p.services})
    assert merged.unknowns == tuple(sorted({u for p in parts for u in p.unknowns}))
    assert [(r.source, r.kind, r.target) for r in merged.relationships] == sorted(
        {(r.source, r.kind, r.target) for p in parts for r in p.relationships}
    )
