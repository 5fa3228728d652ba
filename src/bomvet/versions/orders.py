"""Which ecosystem has which order; one that is absent here cannot be matched, and that is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.versions.alpine import ALPINE
from bomvet.versions.debian import DEBIAN
from bomvet.versions.pep440 import PEP440
from bomvet.versions.rpm import RPM
from bomvet.versions.semver import SEMVER

if TYPE_CHECKING:
    from bomvet.versions.order import Order

_SEMVER = ("npm", "crates.io", "Go", "Hex", "SwiftURL")
_DPKG = ("Debian", "Ubuntu")
_APK = ("Alpine", "Alpaquita", "BellSoft Hardened Containers", "Chainguard", "MinimOS", "Wolfi")
_RPM = (
    "AlmaLinux", "Azure Linux", "Mageia", "Photon OS", "Red Hat", "Rocky Linux", "SUSE", "openEuler", "openSUSE",
)  # fmt: skip

#: By OSV's ecosystem name without release suffix.  Pub orders build metadata and is therefore no SemVer.
ORDERS: dict[str, Order] = {
    "PyPI": PEP440,
    **dict.fromkeys(_SEMVER, SEMVER),
    **dict.fromkeys(_DPKG, DEBIAN),
    **dict.fromkeys(_APK, ALPINE),
    **dict.fromkeys(_RPM, RPM),
}
