"""Real releases of one package after the other, locked and held against each other: which changes there were."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bomvet.model.provenance import ProvenanceAnswer, ProvenanceStatus, PublishLevel
from bomvet.provenance.bundles import BundleVerifier
from bomvet.provenance.documents import evidence_in
from bomvet.provenance.evidence import Evidence, Form
from bomvet.provenance.identities import compare, locked_from
from bomvet.provenance.keys import shipped_keys
from bomvet.provenance.npm import evidence_of_attestations
from bomvet.provenance.pylock import as_pylock
from bomvet.provenance.pypi import evidence_of_provenance
from bomvet.provenance.root import embedded_root

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus" / "provenance"
pytestmark = [
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not beside the checkout"),
    pytest.mark.disable_socket,
]
GITHUB = "https://token.actions.githubusercontent.com"


def answered(*evidence: Evidence) -> ProvenanceAnswer:
    """What the verified evidence of one release comes to, whatever it is about."""
    verifier = BundleVerifier(embedded_root(), shipped_keys())
    judged = tuple(verifier.judge(one, None).attestation for one in evidence)
    assert {one.status for one in judged} == {ProvenanceStatus.VERIFIED}
    return ProvenanceAnswer(status=ProvenanceStatus.VERIFIED, attestations=judged, level=PublishLevel.PROVENANCE)


def read(path: str) -> bytes:
    """A file of the corpus."""
    return (CORPUS / path).read_bytes()


def bundle(path: str) -> Evidence:
    """A bundle of the corpus."""
    document: dict[str, Any] = json.loads(read(path))
    return Evidence(Form.BUNDLE, document, read(path), path)


def changes(before: ProvenanceAnswer, after: ProvenanceAnswer, purl: str) -> list[tuple[str, str, str]]:
    """What is not as it was."""
    entry = locked_from(purl, before, "1", "2026-01-02")
    assert entry
    assert compare(entry, before) == ()
    return [(str(change.what), change.before, change.after) for change in compare(entry, after)]


def test_from_a_service_account_to_a_workflow() -> None:
    """PyPA's sample project: published by a service account of Google first, by a workflow of GitHub then."""
    old = answered(*evidence_in(read("pypi/warehouse/sampleproject-3.0.0.tar.gz.publish.attestation"), "old"))
    new = answered(*evidence_of_provenance(read("pypi/warehouse/sampleproject-4.0.0.tar.gz.provenance"), "new"))
    robot = "919436158236-compute@developer.gserviceaccount.com"

    assert changes(old, new, "pkg:pypi/sampleproject") == [
        ("issuer", "https://accounts.google.com", GITHUB),
        ("subject", robot, "https://github.com/pypa/sampleproject/.github/workflows/release.yml@refs/heads/main"),
    ]
    assert changes(new, old, "pkg:pypi/sampleproject") == [
        ("repository", "https://github.com/pypa/sampleproject", robot),
        ("issuer", GITHUB, "https://accounts.google.com"),
    ]
    entry = locked_from("pkg:pypi/sampleproject", new, "4.0.0", "2026-01-02")
    assert entry
    assert as_pylock(entry) == (
        '[[packages.attestation-identities]]\nkind = "GitHub"\nrepository = "pypa/sampleproject"\n'
        'workflow = "release.yml"\n'
    )


def test_from_tags_to_a_branch() -> None:
    """The npm package of sigstore itself: its first releases came from tags, by a workflow of another name."""
    old = answered(*evidence_of_attestations(read("npm/pacote/valid-attestations.json"), "old"))
    new = answered(bundle("npm/sigstore-go/bundles/sigstore.js@2.0.0-provenance.sigstore.json"))
    later = answered(bundle("npm/gh-cli/sigstore-js-2.1.0-bundle.json"))

    assert changes(old, new, "pkg:npm/sigstore") == [
        ("workflow", ".github/workflows/publish.yml", ".github/workflows/release.yml"),
        ("ref", "tag", "branch"),
        ("trigger", "release", "push"),
    ]
    assert changes(new, later, "pkg:npm/sigstore") == []


def test_another_project() -> None:
    """The evidence of another package under the name of this one."""
    old = answered(bundle("npm/gh-cli/sigstore-js-2.1.0-bundle.json"))
    other = answered(*evidence_of_attestations(read("npm/slsa-verifier/gundam-visor-cli-v1-tag.tgz.json"), "other"))

    assert changes(old, other, "pkg:npm/sigstore") == [
        (
            "repository",
            "https://github.com/sigstore/sigstore-js (id 495574555)",
            "https://github.com/ramonpetgrave64/gundam-visor (id 810002373)",
        ),
        (
            "owner",
            "https://github.com/sigstore (id 71096353)",
            "https://github.com/ramonpetgrave64 (id 32398091)",
        ),
        ("workflow", ".github/workflows/release.yml", ".github/workflows/npm-publish.yml"),
        ("ref", "branch", "tag"),
        ("trigger", "push", "release"),
    ]
