"""What is stated of the known vulnerabilities of a project, as OpenVEX 0.2.0.

A scan finds out what a project contains, not whether it is exploitable: an open finding is under investigation, unless
a VEX statement says more.  A waiver is no proof either: what it covers is affected, and the action is to wait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.documents.openvex_writer import document, entry
from bomvet.model.finding import Statement
from bomvet.model.records import replace
from bomvet.plugin import RenderOptions, Report
from bomvet.reports._json import dumps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.documents._vex import Json
    from bomvet.model.finding import Finding, Suppressed, Waived
    from bomvet.model.result import ScanResult

_RULE = "known-vulnerability"


def render(result: ScanResult, options: RenderOptions) -> bytes:  # noqa: ARG001 - the signature of a report
    """The document, indented, with a final line end; without findings it has no statement."""
    author = result.authors[0] if result.authors else None
    name = (
        " ".join(part for part in (author.name, f"<{author.email}>" if author.email else "") if part) if author else ""
    )
    found = document(_entries(result), author=name, time=result.time, tooling=f"bomvet {result.tool}")
    return dumps(found) + b"\n"


def _entries(result: ScanResult) -> Iterator[Json]:
    assessment, product = result.assessment, _product(result)
    if assessment is None:
        return
    stated = {s.finding.fingerprint: s for s in assessment.stated}
    for finding in assessment.findings:
        if finding.rule == _RULE:
            said = stated.get(finding.fingerprint)
            yield _passed_on(said, product) if said else entry(_about(finding, product, "under_investigation"))
    for waived in assessment.waived:
        if waived.finding.rule == _RULE:
            yield _accepted(waived, product)
    for suppressed in assessment.suppressed:
        yield _passed_on(suppressed, product)


def _product(result: ScanResult) -> str:
    """The scanned project, without a version where that is only a digest of what was read."""
    root = result.inventory.root
    return root.purl.partition("@sha256")[0] if root else result.target.name


def _about(finding: Finding, product: str, status: str) -> Statement:
    names = tuple(dict.fromkeys((finding.instance, *finding.ids)))
    return Statement(ids=names, status=status, products=(product,), components=(finding.subject,))


def _accepted(waived: Waived, product: str) -> Json:
    """What is waived: nobody has said that it is harmless."""
    waiver = waived.waiver
    action = f"Accepted by {waiver.owner} until {waiver.expires}: {waiver.reason}"
    return entry(replace(_about(waived.finding, product, "affected"), action=action))


def _passed_on(suppressed: Suppressed, product: str) -> Json:
    """What somebody states, of the component in this project, with whose word it is."""
    statement = suppressed.statement
    said = replace(
        _about(suppressed.finding, product, statement.status),
        justification=statement.justification,
        impact=statement.impact,
        action=statement.action or ("none is stated" if statement.status == "affected" else ""),
        time=statement.time,
    )
    return entry(said, f"as {statement.author or 'somebody'} states in {statement.source}")


OPENVEX = Report(
    id="openvex",
    title="OpenVEX 0.2.0: what is stated of each known vulnerability",
    media_type="application/json",
    extension=".openvex.json",
    render=render,
)
