"""Evidence of who built a component that does not pass verification."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from bomvet.checks.component._provenance import answer_of, cut, told
from bomvet.model.facts import Severity
from bomvet.model.finding import Finding, Rule
from bomvet.model.provenance import Step
from bomvet.model.publishing import BESIDE, KINDS, STEPS, refused
from bomvet.plugin import Check

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bomvet.model.facts import Facts
    from bomvet.model.inventory import Component
    from bomvet.model.provenance import Attestation


def on_component(component: Component, facts: Facts) -> Iterator[Finding]:
    """One finding for each step that refuses evidence, however many files it is of."""
    answer = answer_of(component, facts)
    for step, found in groupby(refused(answer) if answer else (), key=lambda a: a.step or Step.FORMAT):
        yield _finding(component, step, list(found))


def _finding(component: Component, step: Step, found: Sequence[Attestation]) -> Finding:
    first, more = found[0], len(found) - 1
    others = f"; {more:,} more {'fails' if more == 1 else 'fail'} likewise" if more else ""
    return Finding(
        rule="invalid-attestation",
        subject=component.purl,
        severity=_severity(step, found),
        message=f"The {KINDS[first.kind]} of {component.label} is refused at {STEPS[step]}: {_reason(first)}{others}",
        instance=step.value,
        locations=component.locations,
        evidence=(f"step {step.value}", *cut(f"{told(a)}: {_reason(a)}" for a in found)),
        remediation=(
            f"Do not install {component.label}. Take the file and its evidence again from the registry itself, without "
            "a mirror or a cache between; if it fails there too, stay with a release that verifies, and tell the "
            "maintainers."
        ),
    )


def _reason(attestation: Attestation) -> str:
    return attestation.reason or "it does not verify"


def _severity(step: Step, found: Sequence[Attestation]) -> Severity:
    """What is not readable may be damaged; what is read, and refused, was not made by whom it names."""
    # What is refused early has not said yet what it is.
    if step is Step.FORMAT or all(a.kind in BESIDE for a in found):
        return Severity.HIGH
    return Severity.CRITICAL


INVALID_ATTESTATION = Check(
    rule=Rule(
        id="invalid-attestation",
        title="Evidence of who built a component is not valid",
        help=(
            "An attestation came with the component, and a step of its verification refuses it: the certificate, the "
            "signature, the transparency log or what it is about. Sound evidence does not fail; it was damaged, or it "
            "was made up."
        ),
    ),
    on_component=on_component,
)
