"""Which ecosystem has which order; one that is absent here cannot be matched, and that is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.versions.pep440 import PEP440

if TYPE_CHECKING:
    from bomvet.versions.order import Order

#: By OSV ecosystem name without release suffix.
ORDERS: dict[str, Order] = {"PyPI": PEP440}
