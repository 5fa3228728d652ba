"""Which ecosystem has which order; one that is absent here cannot be matched, and that is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.versions.debian import DEBIAN
from bomvet.versions.pep440 import PEP440
from bomvet.versions.semver import SEMVER

if TYPE_CHECKING:
    from bomvet.versions.order import Order

#: By OSV ecosystem name without release suffix.  Pub is SemVer with an order of build metadata, and left out.
ORDERS: dict[str, Order] = {
    "PyPI": PEP440,
    **dict.fromkeys(("npm", "crates.io", "Go", "Hex", "SwiftURL"), SEMVER),
    **dict.fromkeys(("Debian", "Ubuntu", "Echo"), DEBIAN),
}
