"""A summary of the verification, as SLSA writes it: an in-toto statement on the files that were scanned.

It carries the verdict to somebody who trusts whoever signs it; it is not signed by itself.  A scan that left a question
open has not passed.  Sources: https://slsa.dev/spec/v1.2/verification_summary,
https://github.com/in-toto/attestation/tree/main/spec/v1.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from bomvet.errors import UsageError
from bomvet.model.finding import Verdict
from bomvet.model.provenance import ProvenanceStatus
from bomvet.model.publishing import slsa_level
from bomvet.model.purl import percent_encoded, project_purl, public_url
from bomvet.plugin import RenderOptions, Report
from bomvet.reports._findings import judgement
from bomvet.reports._json import dumps

if TYPE_CHECKING:
    from bomvet.model.finding import PolicyUsed
    from bomvet.model.provenance import Attestation, ProvenanceAnswer
    from bomvet.model.result import ScanResult

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://slsa.dev/verification_summary/v1"
_VERIFIER = "urn:bomvet:scan"
_VERDICT = "urn:bomvet:verdict"
_SLSA_VERSION = "1.2"
#: The issuer makes no claim about the level.
_UNEVALUATED = "SLSA_BUILD_LEVEL_UNEVALUATED"
_LEVEL = re.compile(r"SLSA Build L([1-3])").fullmatch
_OPEN = frozenset({ProvenanceStatus.NOT_ESTABLISHED, ProvenanceStatus.UNSUPPORTED})
_Json = dict[str, Any]


def render(result: ScanResult, options: RenderOptions) -> bytes:  # noqa: ARG001 - the signature of a report
    """The statement, indented, with a final line end.

    Raises `UsageError` where nothing was judged, or no file was read: it would be about nothing.
    """
    statement = {
        "_type": STATEMENT_TYPE,
        "subject": _subjects(result),
        "predicateType": PREDICATE_TYPE,
        "predicate": _predicate(result),
    }
    return dumps(statement) + b"\n"


def _subjects(result: ScanResult) -> list[_Json]:
    files = (*result.target.inputs, *result.target.resolved)
    if not files:
        raise UsageError("the format vsa is about the files that were read, and there are none", hint="leave it out")
    return [{"name": file.path, "digest": {"sha256": file.sha256}} for file in files]


def _predicate(result: ScanResult) -> _Json:
    assessment = judgement(result, "vsa")
    passed = assessment.verdict is Verdict.PASSED
    stated: _Json = {
        "verifier": {"id": _VERIFIER, "version": {"bomvet": result.tool}},
        "timeVerified": result.time,
        "resourceUri": _resource(result),
        "policy": _policy(assessment.policy),
        "inputAttestations": _attestations(result),
        "verificationResult": "PASSED" if passed else "FAILED",
        # The files themselves are no build: what they ask for has levels, if anything.
        "verifiedLevels": [_UNEVALUATED if passed else "FAILED"],
    }
    if result.facts.provenance:  # otherwise nothing is claimed of any
        stated["dependencyLevels"] = _levels(result)
    return {**stated, "slsaVersion": _SLSA_VERSION, _VERDICT: assessment.verdict.value}


def _resource(result: ScanResult) -> str:
    """The scanned project, without a version where that is only a digest of what was read."""
    root = result.inventory.root
    return root.purl.partition("@sha256")[0] if root else project_purl(result.target.name, "", "")


def _policy(used: PolicyUsed | None) -> _Json:
    """The policy's name, the digest of its file, and what was in force: options come before the file."""
    if used is None:
        return {"uri": "urn:bomvet:policy:built-in"}
    name = percent_encoded(used.source, errors="backslashreplace") or "built-in"
    policy: _Json = {"uri": f"urn:bomvet:policy:{name}"}
    if used.digest:
        policy["digest"] = {"sha256": used.digest}
    policy["annotations"] = {
        "failOn": used.fail_on,
        "unknownSeverity": used.unknown_severity,
        "allowIncomplete": used.allow_incomplete,
        "requireComponents": used.require_components,
    }
    return policy


def _attestations(result: ScanResult) -> list[_Json]:
    """All evidence that was judged, also what was refused, each once: where it is from, and its digest."""
    found: dict[tuple[str, str, str], _Json] = {}
    for answer in result.facts.provenance.values():
        for one in answer.attestations:
            if one.bundle:
                name, url = _place(one)
                place = {"uri": url} if url else {"name": name} if name else {}
                found[url, name, one.bundle] = {**place, "digest": {"sha256": one.bundle}}
    return [found[key] for key in sorted(found)]


def _place(one: Attestation) -> tuple[str, str]:
    """The file that evidence was recorded in, or the URL that it is from."""
    return ("", public_url(one.source)) if "://" in one.source else (one.source, "")


def _levels(result: ScanResult) -> dict[str, int]:
    """How many dependencies are consistent with which level."""
    others = (c for c in result.inventory.components if not c.first_party)
    found = Counter(_level(result.facts.provenance.get(c.purl)) for c in others)
    return {name: found[name] for name in sorted(found)}


def _level(answer: ProvenanceAnswer | None) -> str:
    """The level of one dependency; of one that nobody knows about, none is claimed."""
    if answer is None or answer.status in _OPEN:
        return _UNEVALUATED
    match = _LEVEL(slsa_level(answer))
    return f"SLSA_BUILD_LEVEL_{match[1] if match else 0}"


VSA = Report(
    id="vsa",
    title="SLSA verification summary (in-toto statement, not signed)",
    media_type="application/vnd.in-toto+json",
    extension=".vsa.json",
    render=render,
)
