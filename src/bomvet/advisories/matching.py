"""Whether a version is affected, why, and which version is not; pure.

Source: the evaluation algorithm of the OSV schema: listed in `versions` OR within any range, over all
affected entries of the package.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bomvet.model.inventory import Confidence
from bomvet.versions.ranges import Interval, containing

if TYPE_CHECKING:
    from bomvet.versions._order import Order

#: An affected entry as `advisories.records` shapes it.
Entry = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """An advisory that affects the version: how it matched, and what ends the affected stretch."""

    id: str
    listed: bool
    interval: Interval | None
    fixed: str = ""
    confidence: Confidence = Confidence.HIGH
    severity: tuple[tuple[str, str], ...] = ()

    @property
    def evidence(self) -> str:
        """In words."""
        parts = [f"in range {self.interval}"] if self.interval else []
        if self.listed:
            parts.append("version listed")
        return f"{self.id}: {', '.join(parts)}"


@dataclass(slots=True, kw_only=True)
class Evaluation:
    """All hits of one version; `withdrawn` counts records that would have matched, `undecided` names those
    that could not be judged since the version has no place in the order."""  # noqa: D205, D209

    hits: list[Hit] = field(default_factory=list)
    withdrawn: int = 0
    undecided: list[str] = field(default_factory=list)


def evaluate(entries: Sequence[Entry], version: str, order: Order) -> Evaluation:
    """Judge `version` by all `entries` of its package."""
    found: dict[str, Hit] = {}
    result = Evaluation()
    canonical, key = order.canonical(version), order.key(version)
    for entry in entries:
        hit = _hit(entry, canonical, key, order)
        if hit is None:
            if key is None and entry["ranges"] and not entry["withdrawn"]:
                result.undecided.append(entry["id"])
        elif entry["withdrawn"]:
            result.withdrawn += 1
        else:
            found[hit.id] = _better(found[hit.id], hit, order) if hit.id in found else hit
    result.hits = [found[id_] for id_ in sorted(found)]
    return result


def _hit(entry: Entry, canonical: str, key: Any, order: Order) -> Hit | None:
    listed = canonical in entry["versions"]
    interval = None
    if key is not None:
        for events in entry["ranges"]:
            interval = containing(events, key, order)
            if interval is not None:
                break
    if not listed and interval is None:
        return None
    return Hit(
        id=entry["id"],
        listed=listed,
        interval=interval,
        fixed=interval.fixed if interval else "",
        confidence=_confidence(entry, listed=listed, interval=interval),
        severity=tuple((kind, score) for kind, score in entry["severity"]),
    )


def _confidence(entry: Entry, *, listed: bool, interval: Interval | None) -> Confidence:
    """Lower where a record's open-ended range says more than its authors checked."""
    open_ended = not listed and interval is not None and not interval.fixed and not interval.last_affected
    if open_ended and entry["hint"]:
        return Confidence.LOW
    # A malware record that lists the bad versions and has a catch-all range: osv.dev issue 5342.
    if open_ended and entry["id"].startswith("MAL-") and entry["versions"]:
        return Confidence.LOW
    return Confidence.HIGH


def _better(one: Hit, other: Hit, order: Order) -> Hit:
    """Of two entries of one record that both match, the surer one; of equals, the one whose fix is lower."""
    ranking = (Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW)
    if one.confidence != other.confidence:
        return min(one, other, key=lambda hit: ranking.index(hit.confidence))
    if not one.fixed or not other.fixed:
        return one if one.fixed else other
    return min(one, other, key=lambda hit: order.key(hit.fixed))


def clean_version(entries: Sequence[Entry], candidates: Sequence[str], version: str, order: Order) -> str:
    """The least of `candidates` above `version` that none of `entries` affects; empty where there is none."""
    base = order.key(version)
    above = {c: key for c in candidates if (key := order.key(c)) is not None and base is not None and key > base}
    live = [entry for entry in entries if not entry["withdrawn"]]
    for candidate in sorted(above, key=above.__getitem__):
        canonical, key = order.canonical(candidate), above[candidate]
        if not any(_hit(entry, canonical, key, order) for entry in live):
            return candidate
    return ""


def fixes(entries: Sequence[Entry]) -> list[str]:
    """Every version that some entry names as fixed."""
    return sorted({v for entry in entries for events in entry["ranges"] for kind, v in events if kind == "fixed"})
