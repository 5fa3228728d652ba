"""Attestations as an npm registry serves them."""

from __future__ import annotations

import json
from typing import Any

from bomvet.provenance.evidence import Form
from bomvet.provenance.npm import evidence_of_attestations

BUNDLE: dict[str, Any] = {"mediaType": "application/vnd.dev.sigstore.bundle+json;version=0.1", "dsseEnvelope": {}}
SLSA = "https://slsa.dev/provenance/v1"


def test_attestations_are_bundles_with_the_type_that_their_wrapper_states() -> None:
    """A null is what protobuf takes for unset."""
    stated = {"attestations": [{"predicateType": SLSA, "bundle": {**BUNDLE, "verificationMaterial": None}}]}
    (found,) = evidence_of_attestations(json.dumps(stated).encode(), "u")
    assert (found.form, found.document, found.source, found.predicate_type) == (Form.BUNDLE, BUNDLE, "u", SLSA)
