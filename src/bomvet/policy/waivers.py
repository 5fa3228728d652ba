"""Which waivers cover a finding, by name, package, place and range of versions."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from bomvet.model.purl import parts
from bomvet.model.toml_writer import toml_string

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bomvet.model.finding import Finding, Waiver

    #: The place of a version in the order of a purl type; None where there is no order, or it is no version.
    Order = Callable[[str, str], object]

_BOUND = re.compile(r"(>=|<=|==|!=|>|<|=)\s*([^\s,<>=!|]+)")
MAX_BOUNDS = 20


def bounds(text: str) -> tuple[tuple[str, str], ...]:
    """The operators and versions of a range such as `>=1.0, <1.4.2`; raises `ValueError`."""
    found = []
    for part in text.split(","):
        match = _BOUND.fullmatch(part.strip())
        if not match:
            hint = "; a waiver for each of several ranges" if "|" in part else ""
            raise ValueError(f"must be a range such as '>=1.0, <1.4.2', not {text!r}{hint}")
        found.append(("=" if match[1] == "==" else match[1], match[2]))
    if len(found) > MAX_BOUNDS:
        raise ValueError(f"has more than {MAX_BOUNDS} bounds")
    return tuple(found)


def as_toml(waiver: Waiver) -> str:
    """`waiver` as the table that a policy states it by."""
    keys = ("id", "purl", "versions", "path", "reason", "owner")
    rows = [f"{key} = {toml_string(text)}" for key in keys if (text := getattr(waiver, key))]
    return "\n".join(("[[waivers]]", *rows, f"expires = {waiver.expires}", ""))


class _UnorderedError(Exception):
    """There is no order to go by; the text says of what."""


def _within(kind: str, version: str, text: str, order: Order) -> bool:
    """Whether `version` lies in the range `text`; raises `_UnorderedError`."""
    # All are asked, so that an end that is no version is told whatever the other says.
    return all([_satisfies(kind, version, operator, end, order) for operator, end in bounds(text)])  # noqa: C419


def _satisfies(kind: str, version: str, operator: str, end: str, order: Order) -> bool:
    if version == end:
        return operator in ("=", ">=", "<=")
    one, other = (_key(kind, text, order) for text in (version, end))
    if one == other:
        return operator in ("=", ">=", "<=")
    return operator == "!=" or operator[0] == ("<" if one < other else ">")  # type: ignore[operator]  # keys of one order


def _key(kind: str, version: str, order: Order) -> object:
    key = order(kind, version) if version else None
    if key is None:
        raise _UnorderedError(f"{version or 'no version'} has no place in an order of {kind or 'such'} versions")
    return key


def no_order(kind: str, version: str) -> object:  # noqa: ARG001 - the signature of an order
    """For callers that know of no order: then no range covers anything but what it names word for word."""
    return None


class Waivers:
    """The waivers by the name that they are for; `told` says of those that could not be compared."""

    def __init__(self, waivers: Iterable[Waiver], order: Order) -> None:
        self._order = order
        self.told: list[str] = []
        self._by_id: dict[str, list[Waiver]] = defaultdict(list)
        for waiver in waivers:
            self._by_id[waiver.id.casefold()].append(waiver)

    def covering(self, finding: Finding) -> list[Waiver]:
        """Those that cover `finding`."""
        return [
            waiver
            for name in finding.names
            for waiver in self._by_id.get(name, ())
            if waiver.covers(finding) and (not waiver.versions or self._in_range(waiver, finding))
        ]

    def _in_range(self, waiver: Waiver, finding: Finding) -> bool:
        purl = parts(finding.subject)
        try:
            return _within(purl.type, purl.version, waiver.versions, self._order)
        except _UnorderedError as error:
            self.told.append(f"the waiver {waiver.id} ({waiver.versions}) does not cover {finding.subject}: {error}")
            return False
