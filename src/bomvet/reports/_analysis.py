"""What was decided about a vulnerability, as the `analysis` of CycloneDX (1.4 and later).

The words of VEX documents are those of OpenVEX 0.2.0; https://cyclonedx.org/docs/1.6/json/#vulnerabilities_items_analysis.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bomvet.reports._findings import statement_words, waiver_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bomvet.model.finding import Assessment, Statement, Waiver

#: States by the status of a statement.
_STATES = {
    "not_affected": "not_affected",
    "fixed": "resolved",
    "affected": "exploitable",
    "under_investigation": "in_triage",
}
#: What keeps an adversary from the code is part of the surroundings, whatever it is.
_JUSTIFICATIONS = {
    "component_not_present": "code_not_present",
    "vulnerable_code_not_present": "code_not_present",
    "vulnerable_code_not_in_execute_path": "code_not_reachable",
    "vulnerable_code_cannot_be_controlled_by_adversary": "requires_environment",
    "inline_mitigations_already_exist": "protected_by_mitigating_control",
}
#: What is not true of the version, by that word.
_UNAFFECTED = ("not_affected", "resolved")

_Json = dict[str, Any]


def analyses(assessment: Assessment | None) -> Mapping[tuple[str, str], _Json]:
    """By purl and advisory what a waiver or a VEX statement says of it."""
    found: dict[tuple[str, str], _Json] = {}
    if assessment is None:
        return found
    for item in (*assessment.stated, *assessment.suppressed):
        found[item.finding.subject, item.finding.instance] = _stated(item.statement)
    for waived in assessment.waived:
        found[waived.finding.subject, waived.finding.instance] = _waived(waived.waiver)
    return found


def apply(vulnerability: _Json, analysis: _Json) -> None:
    """Put `analysis` into `vulnerability`, whose versions are affected only if it does not say otherwise."""
    vulnerability["analysis"] = analysis
    if analysis.get("state") in _UNAFFECTED:
        for affected in vulnerability["affects"]:
            for version in affected.get("versions", ()):
                version["status"] = "unaffected"


def _waived(waiver: Waiver) -> _Json:
    """A risk that somebody takes: nothing says that it is none."""
    return {"state": "exploitable", "response": ["will_not_fix"], "detail": waiver_words(waiver)}


def _stated(statement: Statement) -> _Json:
    found: _Json = {}
    if state := _STATES.get(statement.status):
        found["state"] = state
    if reason := _JUSTIFICATIONS.get(statement.justification):
        found["justification"] = reason
    return {**found, "detail": statement_words(statement)}
