"""A file of evidence, whichever of the forms in use it has.

Known are: a sigstore bundle; PEP 740's `.attestation` and `.provenance`; the answer of npm's attestations endpoint and
the JSON of `npm audit signatures --include-attestations`; a list of these; and one of them per line (`.jsonl`).
"""

from __future__ import annotations

from typing import Any

from bomvet.provenance import _json, npm, pypi
from bomvet.provenance.evidence import Evidence, Form

#: Of a whole file; what a single bundle may have is bounded where it is judged.
MAX_BYTES = 64 * 1024 * 1024
MAX_DOCUMENTS = 10_000
_BUNDLE = "application/vnd.dev.sigstore.bundle"
_FORMS = "a sigstore bundle, an attestation or provenance of PyPI, or attestations of npm"


def evidence_in(data: bytes, source: str) -> tuple[Evidence, ...]:
    """All evidence in the file `data` called `source`; raises `ValueError` where it is none, or not all of it is."""
    try:
        document = _json.read(data, MAX_BYTES)
    except ValueError:
        lines = [line for line in data.splitlines() if line.strip()] if len(data) <= MAX_BYTES else []
        if len(lines) < 2:  # noqa: PLR2004 - then it is no list of lines either
            raise
        found = _of_lines(lines, source)
    else:
        found = _of_document(document, data, source)
    if not found:
        raise ValueError("it holds no evidence")
    return found


def _of_lines(lines: list[bytes], source: str) -> tuple[Evidence, ...]:
    if len(lines) > MAX_DOCUMENTS:
        raise ValueError(f"it has more than {MAX_DOCUMENTS:,} lines")
    found: list[Evidence] = []
    for number, line in enumerate(lines, 1):
        try:
            found += _of_document(_json.read(line), line, f"{source}:{number}")
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
    return tuple(found)


def _of_document(document: Any, data: bytes, source: str) -> tuple[Evidence, ...]:
    if isinstance(document, list):
        if len(document) > MAX_DOCUMENTS:
            raise ValueError(f"it lists more than {MAX_DOCUMENTS:,} documents")
        return tuple(found for one in document for found in _of_object(one, _json.written(one), source))
    return _of_object(document, data, source)


def _of_object(document: Any, data: bytes, source: str) -> tuple[Evidence, ...]:
    keys = document.keys() if isinstance(document, dict) else set()
    media_type = document.get("mediaType") if keys else ""
    if "verificationMaterial" in keys or (isinstance(media_type, str) and media_type.startswith(_BUNDLE)):
        return (Evidence(Form.BUNDLE, document, data, source),)
    if "attestation_bundles" in keys:
        return pypi.provenance_object(document, source)
    if "verification_material" in keys:
        return (pypi.attestation_object(document, source)._replace(raw=data),)
    if "attestations" in keys:
        return npm.attestations_object(document, source)
    if "verified" in keys or {"invalid", "missing"} <= keys:
        return npm.audit_object(document, source)
    if {"payload", "payloadType", "signatures"} <= keys:
        raise ValueError("it is an envelope without what verifies it: the bundle that it came in is needed")
    raise ValueError(f"it is not {_FORMS}")
