"""Requirements (PEP 508) as locks and manifests write them, read without `packaging`, which is slow to import."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from bomvet.model.purl import pypi_name
from bomvet.resolvers.python._lock import Dependency

if TYPE_CHECKING:
    from bomvet.model.inventory import Location


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """A requirement, what stands in it as an address, and as a range."""
    # Possessive quantifiers (`++`) keep the time linear in the length of a text, whatever it holds.
    requirement = re.compile(
        r"\s*+(?P<name>[A-Za-z0-9]++(?:[._-]++[A-Za-z0-9]++)*+)\s*+(?:\[(?P<extras>[^\]]*+)\])?\s*+"
        r"(?P<rest>@.*|[^;@]*+)(?:;(?P<marker>.*))?",
        re.DOTALL,
    )
    # It ends where a blank and a semicolon stand; either may be part of it alone.
    address = re.compile(r"@\s*+\S+\s*+(?:(?<=\s);(?P<marker>.*))?", re.DOTALL)
    extent = re.compile(r"\s*+(?:\((?P<inner>[^()]*+)\)|(?P<plain>[~=!<>][^()]*+|))\s*+")
    return requirement, address, extent


def requirement(text: str, location: Location | None = None) -> Dependency | None:
    """`text` as a dependency; None where it is none.  An address says nothing of the version."""
    if text.startswith("-e "):
        named = (part[4:] for part in text.partition("#")[2].split("&") if part.startswith("egg="))
        text = next(named, "")
    whole, at, extent = _patterns()
    match = whole.fullmatch(text)
    if match is None:
        return None
    specifier, marker = "", match["marker"]
    if match["rest"].startswith("@"):
        address = at.fullmatch(match["rest"])
        if address is None:
            return None
        marker = address["marker"]
    else:
        stated = extent.fullmatch(match["rest"])
        if stated is None:
            return None
        specifier = (stated["inner"] or stated["plain"] or "").strip()
    return Dependency(
        name=pypi_name(match["name"]),
        extras=_extras(match["extras"]),
        marker=(marker or "").strip(),
        specifier=specifier,
        location=location,
    )


def _extras(text: str | None) -> tuple[str, ...]:
    return tuple(pypi_name(name) for part in (text or "").split(",") if (name := part.strip()))
