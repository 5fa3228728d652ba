"""What tests of verification share: evidence of what was minted, and who judges it."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from bomvet.model.inventory import Hash
from bomvet.provenance.bundles import BundleVerifier
from bomvet.provenance.evidence import Evidence, Expected, Form, Judged
from bomvet.provenance.keys import read_keys
from bomvet.provenance.root import read_root

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.provenance.authority import Authority


def verifier(authority: Authority, *, proof: bool = False, expires: str | None = None) -> BundleVerifier:
    """One who trusts `authority` and the key of its registry."""
    keys = read_keys(authority.npm_keys(expires), "keys.json")
    return BundleVerifier(read_root(authority.root_json(), "trusted_root.json"), keys, proof=proof)


def of_bundle(document: Mapping[str, Any], predicate_type: str = "") -> Evidence:
    """A bundle in a file."""
    return Evidence(Form.BUNDLE, document, json.dumps(document).encode(), "bundle.sigstore.json", predicate_type)


def of_layer(annotations: Mapping[str, str], layer: bytes) -> Evidence:
    """A layer of an image of cosign."""
    return Evidence(Form.COSIGN, annotations, layer, "images.packages.example/acme/app")


def of_attestation(attestation: Mapping[str, Any]) -> Evidence:
    """An attestation of PEP 740, as the bundle that it amounts to."""
    material, envelope = attestation["verification_material"], attestation["envelope"]
    signatures = [{"sig": envelope["signature"], "keyid": ""}]
    return of_bundle(
        {
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {
                "certificate": {"rawBytes": material["certificate"]},
                "tlogEntries": material["transparency_entries"],
            },
            "dsseEnvelope": {
                "payload": envelope["statement"],
                "payloadType": "application/vnd.in-toto+json",
                "signatures": signatures,
            },
        }
    )


def blob(verifier: BundleVerifier, evidence: Evidence, data: bytes) -> Judged:
    """What a signature over `data` comes to."""
    digest = Hash(algorithm="sha256", value=hashlib.sha256(data).hexdigest())
    return verifier.judge(evidence, Expected((digest,), compared="artefact"))


def expected(name: str, *digests: str, compared: str = "lock") -> Expected:
    """Something of exactly that name, with any of `digests` (`sha256:...`)."""
    return Expected(tuple(map(Hash.parse, digests)), name.__eq__, compared)
