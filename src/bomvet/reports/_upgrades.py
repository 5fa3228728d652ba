"""What to do about the findings of one component, in as few lines as there are different things to do."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bomvet.advisories.ecosystems import Package, package_of
from bomvet.versions.orders import ORDERS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from bomvet.model.facts import AdvisoryMatch
    from bomvet.model.finding import Finding
    from bomvet.model.inventory import Component

VULNERABILITY = "known-vulnerability"


def remedies(
    component: Component, findings: Sequence[Finding], matches: Mapping[tuple[str, str], AdvisoryMatch]
) -> Iterator[str]:
    """Each remedy of the `findings` of one component once; of all its vulnerabilities, one upgrade.

    `matches` are those of the advisories by subject and id, as findings name them in `subject` and `instance`.
    """
    known = [
        match
        for finding in findings
        if finding.rule == VULNERABILITY and (match := matches.get((finding.subject, finding.instance)))
    ]
    upgrade = _upgrade(component, known) if len(known) > 1 else ""
    found = (
        upgrade if upgrade and finding.rule == VULNERABILITY else finding.remediation
        for finding in findings
        if finding.remediation
    )
    yield from dict.fromkeys(found)


def _upgrade(component: Component, matches: Sequence[AdvisoryMatch]) -> str:
    """The one upgrade that ends all, and the smallest step that ends some; empty where there is none at all."""
    name, clean = component.name, next((match.clean for match in matches if match.clean), "")
    ends = Counter(match.fixed for match in matches if match.fixed)
    step = _least(component, ends)
    if clean and (not step or step == clean):
        return f"Upgrade {name} to {clean}, which ends {_all(len(matches))}."
    # What ends others lies above the least step, so that this ends them and no more.
    some = f"ends {ends[step]} of {len(matches)}"
    if clean:
        return f"Upgrade {name} to {clean}, which ends {_all(len(matches))}; the smallest step, to {step}, {some}."
    return f"Upgrade {name} to {step}, which {some}; no version is known to end all." if step else ""


def _least(component: Component, versions: Collection[str]) -> str:
    """The lowest of `versions`; where none has a place in an order, any."""
    package = package_of(component)
    order = ORDERS.get(package.ecosystem) if isinstance(package, Package) else None
    keys = {version: key for version in versions if order and (key := order.key(version)) is not None}
    return min(keys, key=lambda version: keys[version]) if keys else min(versions, default="")


def _all(number: int) -> str:
    return "both" if number == 2 else f"all {number}"  # noqa: PLR2004 - a word of its own
