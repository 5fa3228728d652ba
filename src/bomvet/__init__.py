"""Know what your software is made of, who built it, what is wrong with it, and what it can reach.

The public interface; everything is imported on first use, so that `bomvet --version` costs nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as typing's, whose import would double what `bomvet --version` costs
if TYPE_CHECKING:
    from typing import Any

    from bomvet.api import sbom, scan
    from bomvet.errors import BomvetError
    from bomvet.model.finding import Finding
    from bomvet.model.inventory import Inventory
    from bomvet.model.result import ScanResult
    from bomvet.policies import load_policy
    from bomvet.policy.document import Policy

__version__ = "0.1.0"
__all__ = [
    "BomvetError",
    "Finding",
    "Inventory",
    "Policy",
    "ScanResult",
    "__version__",
    "load_policy",
    "sbom",
    "scan",
]

_HOMES = {
    "BomvetError": "bomvet.errors",
    "Finding": "bomvet.model.finding",
    "Inventory": "bomvet.model.inventory",
    "Policy": "bomvet.policy.document",
    "ScanResult": "bomvet.model.result",
    "load_policy": "bomvet.policies",
    "sbom": "bomvet.api",
    "scan": "bomvet.api",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib  # noqa: PLC0415 - see above

    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
