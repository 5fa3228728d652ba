"""What the project itself asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bomvet.model.inventory import Inventory


def direct(inventory: Inventory) -> frozenset[str]:
    """References of what the root or another project of the tree asks for itself."""
    own = {component.purl for component in inventory.components if component.first_party}
    if inventory.root:
        own.add(inventory.root.purl)
    return frozenset(edge.target for edge in inventory.relationships if edge.source in own)
