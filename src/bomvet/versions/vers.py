"""Version ranges in the syntax of vers: `vers:pypi/>=1.0|!=1.5|<2.0`, over any order.

Source: https://github.com/package-url/vers-spec.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bomvet.model.purl import percent_decoded

if TYPE_CHECKING:
    from bomvet.versions.order import Order

#: OSV's name of the ecosystem, by the type of a purl, and what the schemes of vers call it.
ECOSYSTEMS = {"pypi": "PyPI", "npm": "npm"}
_SCHEMES = {"pypi": ("pypi", "generic", "all"), "npm": ("npm", "semver", "generic", "all")}
_VERS = re.compile(r"vers:([a-z0-9.-]+)/(.+)", re.DOTALL)
_CONSTRAINT = re.compile(r"(!=|<=|>=|<|>|=)?\s*([^<>=!\s]+)")
_MAX_CONSTRAINTS = 1000


def contains(vers: str, kind: str, version: str, order: Order | None) -> bool | None:
    """Whether `version` of a package of the purl type `kind` lies in `vers`.

    None where that cannot be told: the range is none or of another scheme, or a version of it is none in `order`.
    """
    match = _VERS.fullmatch(vers.strip())
    own = order.key(version) if order else None
    if match is None or order is None or own is None or match[1] not in _SCHEMES.get(kind, ()):
        return None
    if match[2].strip() == "*":
        return True
    constraints = [_read(text, order) for text in match[2].strip().strip("|").split("|", _MAX_CONSTRAINTS)]
    read = [found for found in constraints if found is not None]
    if len(read) != len(constraints) or len(read) > _MAX_CONSTRAINTS:
        return None
    return _holds(read, own)


def _read(text: str, order: Order) -> tuple[str, Any] | None:
    """Comparator and key of one constraint; None where it is none."""
    match = _CONSTRAINT.fullmatch(text.strip())
    key = order.key(percent_decoded(match[2])) if match else None
    return (match[1] or "=", key) if match and key is not None else None


def _holds(constraints: list[tuple[str, Any]], own: Any) -> bool:
    """The algorithm of the specification: equality first, then the stretches between neighbours."""
    equal = {comparator for comparator, key in constraints if key == own}
    if equal:
        return "!=" not in equal and not equal.isdisjoint(("=", "<=", ">="))
    bounds = sorted(
        ((key, comparator[0]) for comparator, key in constraints if comparator[0] in "<>"), key=lambda bound: bound[0]
    )
    before = [comparator for key, comparator in bounds if key < own]
    after = [comparator for key, comparator in bounds if key > own]
    # Within a stretch that opens below and does not close before; at the ends one side has no neighbour.
    opened, closes = not before or before[-1] == ">", not after or after[0] == "<"
    return bool(bounds) and opened and closes
