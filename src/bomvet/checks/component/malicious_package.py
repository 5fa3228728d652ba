"""Components that are known to be malicious: records of https://github.com/ossf/malicious-packages (`MAL-`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.model.facts import Severity
from bomvet.model.finding import Finding, Rule
from bomvet.model.inventory import Confidence
from bomvet.plugin import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.model.facts import AdvisoryMatch, Facts
    from bomvet.model.inventory import Component


def on_component(component: Component, facts: Facts) -> Iterator[Finding]:
    """One finding per group of advisories with a record of malware; those that list the version are certain."""
    answer = facts.advisories.get(component.purl)
    for match in answer.matches if answer else ():
        if match.malicious:
            yield Finding(
                rule="malicious-package",
                subject=component.purl,
                severity=Severity.CRITICAL,
                confidence=_confidence(match),
                message=_message(component, match),
                instance=match.id,
                ids=tuple(sorted({match.id, *match.ids, *match.aliases})),
                locations=component.locations,
                evidence=match.evidence,
                remediation=_remediation(component, match),
            )


def _confidence(match: AdvisoryMatch) -> Confidence:
    """That of the match; without a list that has the version never high."""
    return match.confidence if match.listed or match.confidence is Confidence.LOW else Confidence.MEDIUM


def _message(component: Component, match: AdvisoryMatch) -> str:
    if match.listed:
        return match.summary or f"{component.label} is malicious"
    summary = match.summary or f"{component.name} is malicious"
    return f"{summary} (range only: no record lists {component.version or 'the version'}, which is to be checked)"


def _remediation(component: Component, match: AdvisoryMatch) -> str:
    if not match.listed:
        record = next(id_ for id_ in match.ids if id_.startswith("MAL-"))
        return (
            f"Read {record} on whether it means {component.label}, and treat it as malicious until that is ruled out: "
            f"install it nowhere."
        )
    other = f" {match.clean} is the next version that no record names." if match.clean else ""
    return f"Remove {component.name} and treat what it could reach as compromised: replace every secret there.{other}"


MALICIOUS_PACKAGE = Check(
    rule=Rule(
        id="malicious-package",
        title="A component is known to be malicious",
        help=(
            "A record of malicious packages lists this version of the component (certain), or has a range that holds "
            "it without a list that does (to be checked). Always critical."
        ),
    ),
    on_component=on_component,
)
