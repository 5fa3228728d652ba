"""Attestations as an index serves them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bomvet.provenance.evidence import Form
from bomvet.provenance.pypi import evidence_of_attestation, evidence_of_provenance

ATTESTATION: dict[str, Any] = {
    "version": 1,
    "verification_material": {"certificate": "Q0VSVA==", "transparency_entries": [{"logIndex": "7", "logId": None}]},
    "envelope": {"statement": "U1RBVEVNRU5U", "signature": "U0lH"},
}
BUNDLE = {
    "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
    "verificationMaterial": {"certificate": {"rawBytes": "Q0VSVA=="}, "tlogEntries": [{"logIndex": "7"}]},
    "dsseEnvelope": {
        "payload": "U1RBVEVNRU5U",
        "payloadType": "application/vnd.in-toto+json",
        "signatures": [{"sig": "U0lH"}],
    },
}


def test_an_attestation_becomes_a_bundle() -> None:
    """Everything of PEP 740 has its place in a bundle of version 0.3; log entries stay as they are, without nulls."""
    data = json.dumps(ATTESTATION).encode()
    found = evidence_of_attestation(data, "x.attestation")
    assert found == (Form.BUNDLE, BUNDLE, data, "x.attestation", "")


def test_a_provenance_object_has_the_attestations_of_all_its_publishers() -> None:
    """In their order; each has a digest of its own, whatever the spelling of the whole."""
    document = {
        "version": 1,
        "attestation_bundles": [
            {"publisher": {"kind": "GitHub"}, "attestations": [ATTESTATION]},
            {"publisher": {"kind": "GitLab"}, "attestations": [ATTESTATION]},
        ],
    }
    spaced = json.dumps(document, indent=2).encode()
    found = evidence_of_provenance(spaced, "u")
    assert [evidence.document for evidence in found] == [BUNDLE, BUNDLE]
    assert found == evidence_of_provenance(json.dumps(document).encode(), "u")


@pytest.mark.parametrize("version", [2, "1", True, None])
def test_another_version_is_not_understood(version: object) -> None:
    """It may mean anything."""
    data = json.dumps({**ATTESTATION, "version": version}).encode()
    with pytest.raises(ValueError, match="the version of an attestation object is 1, and this is of version"):
        evidence_of_attestation(data, "u")
