"""Who built what, by recorded evidence and by registries: one answer for each locked artefact."""

from __future__ import annotations

from bomvet.model.provenance import ProvenanceStatus, PublishLevel
from tests.enrichers.provenance_world import WHEEL, answer, file, node, python, serve_node, serve_python
from tests.provenance.registry import Registry


def test_a_wheel_that_its_index_has_evidence_of() -> None:
    """One page per project, one question per file, and one about what the release declares."""
    registry = Registry()
    serve_python(registry, WHEEL, b"wheel", build=True, urls={"Source": "https://github.com/acme/app"})

    found = answer(python(file(WHEEL, b"wheel")), registry)

    assert (found.status, found.reason, found.required) == (ProvenanceStatus.VERIFIED, "", True)
    assert (found.files, found.attested, found.registry) == (1, 1, "pypi.packages.example")
    assert [str(a.kind) for a in found.attestations] == ["pypi-publish", "slsa-provenance"]
    assert found.declared == ("https://github.com/acme/app",)
    assert found.level is PublishLevel.PROVENANCE
    assert [asked.path for asked in registry.requests] == [
        "/simple/app/",
        f"/integrity/app/1.0/{WHEEL}/provenance",
        "/pypi/app/1.0/json",
    ]


def test_an_archive_of_npm() -> None:
    """Provenance, the registry's publish attestation and its signature."""
    registry = Registry()
    serve_node(registry, name="@acme/app", repository="github:acme/app", trusted_publisher="oidc:1")

    found = answer(node(name="@acme/app"), registry)

    assert (found.status, found.files, found.attested) == (ProvenanceStatus.VERIFIED, 1, 1)
    assert [str(a.kind) for a in found.attestations] == ["slsa-provenance", "npm-publish", "npm-signature"]
    assert (found.level, found.publisher) == (PublishLevel.TRUSTED_PUBLISHER, "oidc:1")
    assert found.declared == ("github:acme/app",)
