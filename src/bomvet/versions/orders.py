"""Which ecosystem has which order; one that is absent here cannot be matched, and that is told."""

from __future__ import annotations

from bomvet.versions._order import Order
from bomvet.versions.pep440 import PEP440

#: By OSV ecosystem name without release suffix.
ORDERS: dict[str, Order] = {"PyPI": PEP440}
