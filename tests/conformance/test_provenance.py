"""Real evidence of PyPI, npm, images and GitHub, real tamperings of it, and the suite of sigstore's own clients.

Every file is looked at: the counts are part of what is asserted.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bomvet.model.inventory import Hash
from bomvet.model.provenance import LogStrength, ProvenanceStatus, Step
from bomvet.provenance.bundles import BundleVerifier
from bomvet.provenance.evidence import Evidence, Expected, Form
from bomvet.provenance.keys import shipped_keys
from bomvet.provenance.root import embedded_root
from tests.provenance.judging import of_attestation

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus" / "provenance"
SUITE = CORPUS / "invalid" / "conformance"
pytestmark = [
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not beside the checkout"),
    pytest.mark.disable_socket,
]

#: What the suite's clients sign with.
_BEACON = (
    "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/"
    ".github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main"
)
_ISSUER = "https://token.actions.githubusercontent.com"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


class Found(NamedTuple):
    """One piece of evidence of the corpus: the file, and its place in that."""

    file: str
    number: int
    evidence: Evidence


def found(folder: str) -> Iterator[Found]:
    """Every bundle, attestation and layer in the files below."""
    for path in sorted((CORPUS / folder).rglob("*")):
        if path.is_file() and SUITE not in path.parents:
            name = str(path.relative_to(CORPUS))
            for number, evidence in enumerate(e for document in _documents(path) for e in _evidence(document, path)):
                yield Found(name, number, evidence)


def _documents(path: Path) -> list[Any]:
    """The JSON in a file, or on its lines; none in other files."""
    try:
        text = path.read_text()
    except UnicodeDecodeError:
        return []
    try:
        return [json.loads(text)]
    except ValueError:
        try:
            return [json.loads(line) for line in text.splitlines() if line.strip()]
        except ValueError:
            return []


def _evidence(document: Any, path: Path, kind: str = "") -> Iterator[Evidence]:
    if isinstance(document, list):
        for one in document:
            yield from _evidence(one, path, kind)
    elif isinstance(document, dict):
        if document.get("mediaType") == _MANIFEST:
            for layer in document["layers"]:
                if annotations := layer.get("annotations"):
                    raw = (path.parent / layer["digest"].removeprefix("sha256:")).read_bytes()
                    yield Evidence(Form.COSIGN, annotations, raw, path.name)
        elif "verificationMaterial" in document:
            yield Evidence(Form.BUNDLE, document, json.dumps(document).encode(), path.name, kind)
        elif "verification_material" in document:
            yield of_attestation(document)
        else:
            for one in document.values():
                yield from _evidence(one, path, document.get("predicateType", ""))


@pytest.fixture(scope="module")
def verifier() -> BundleVerifier:
    """One who trusts the public instance and the public registry."""
    return BundleVerifier(embedded_root(), shipped_keys())


def _names(statement: Any) -> list[str]:
    return [one["name"] for one in statement["subject"]]


#: What is no positive among what is not in the folder of negatives: the step, and what to make of it.
NOT_VERIFIED = {
    "container/gh-cli/github_provenance_demo-0.0.12-py3-none-any-bundle.jsonl": ("unsupported", Step.LOG),
    "container/sigstore-go/bundles/dsse-2sigs.sigstore.json": ("invalid", Step.FORMAT),
    "container/sigstore-go/bundles/othername.sigstore.json": ("invalid", Step.CERTIFICATE),
    "container/sigstore-go/bundles/public-key-validity.sigstore.json": ("unsupported", Step.KEY),
    "container/slsa-verifier-bundle/invalid-dsse-sig.intoto.sigstore": ("invalid", Step.LOG),
    "container/slsa-verifier-bundle/invalid-set.intoto.sigstore": ("invalid", Step.LOG),
    "container/slsa-verifier-bundle/mismatch-tlog.intoto.sigstore": ("invalid", Step.TIME),
}
#: Signed at the staging instance.
STAGED = {
    "pypi/pypi-attestations/rfc8785-0.1.2-py3-none-any.whl.attestation",
    "pypi/pypi-attestations/rfc8785-0.1.2-py3-none-any.whl.publish.attestation",
    "pypi/pypi-attestations/rfc8785-0.1.2-py3-none-any.whl.sigstore",
    "pypi/pypi-attestations/spt3g-1.0-cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64.whl.publish.attestation",
}


@pytest.mark.parametrize(("folder", "verified", "others"), [("pypi", 9, 4), ("npm", 21, 0), ("container", 12, 7)])
def test_real_evidence_is_verified(verifier: BundleVerifier, folder: str, verified: int, others: int) -> None:
    """All of it, but for what is told to be otherwise; offline."""
    statuses: Counter[str] = Counter()
    for file, number, evidence in found(folder):
        judged = verifier.judge(evidence, None)
        attestation = judged.attestation
        if file in NOT_VERIFIED:
            assert (attestation.status, attestation.step) == NOT_VERIFIED[file], file
        elif file in STAGED:
            assert (attestation.status, attestation.step) == ("invalid", Step.CERTIFICATE), file
            assert attestation.reason == "the authority that issued the certificate is not in the trusted root"
        else:
            assert (attestation.status, attestation.reason) == ("verified", ""), (file, number)
            assert judged.statement is not None
        statuses["verified" if attestation.status == "verified" else "others"] += 1
    assert statuses == Counter(verified=verified, others=others)


def test_what_staging_signed_is_verified_with_its_own_root() -> None:
    """It is in the package, too."""
    staging = BundleVerifier(embedded_root(staging=True))
    judged = [staging.judge(one.evidence, None).attestation for one in found("pypi") if one.file in STAGED]
    assert [(one.status, one.identity and one.identity.subject) for one in judged] == [
        ("verified", "william@yossarian.net")
    ] * 4


def test_only_the_wrong_signer_is_contradicted(verifier: BundleVerifier) -> None:
    """Of all real provenance, also where a delegator signed for the builder that is named."""
    denied = {}
    for folder in ("pypi", "npm", "container"):
        for one in found(folder):
            attestation = verifier.judge(one.evidence, None).attestation
            if attestation.contradictions:
                denied[one.file] = attestation.contradictions
    assert list(denied) == ["container/slsa-verifier/bcr/MODULE-wrong-signer.bazel.intoto.jsonl"]
    assert denied["container/slsa-verifier/bcr/MODULE-wrong-signer.bazel.intoto.jsonl"][0] == (
        "the predicate says that the repository is https://github.com/aspect-build/rules_lint, "
        "the certificate says https://github.com/loosebazooka/aa-test"
    )


def test_a_builder_of_its_own_makes_level_three(verifier: BundleVerifier) -> None:
    """Released, of another repository; the rest of npm's is level 2, and what is of no known runner level 1."""
    levels = Counter(
        verifier.judge(one.evidence, None).attestation.level for folder in ("npm", "container") for one in found(folder)
    )
    assert levels == Counter({"": 19, "SLSA Build L2": 13, "SLSA Build L1": 4, "SLSA Build L3": 4})


def _subject_digests() -> dict[str, tuple[Hash, ...]]:
    """Of the artefacts that are named in the corpus, by path."""
    rows = [line.split("\t") for line in (CORPUS / "digests.tsv").read_text().splitlines()]
    head = rows[0]
    at = {name: head.index(name) for name in ("sha256", "sha512")}
    return {row[0]: tuple(Hash(algorithm=name, value=row[column]) for name, column in at.items()) for row in rows[1:]}


def test_artefacts_have_the_digests_that_are_attested(verifier: BundleVerifier) -> None:
    """Archives that were downloaded, by their SHA-256 or SHA-512."""
    by_name: dict[str, list[tuple[Hash, ...]]] = {}
    for path, digests in _subject_digests().items():
        by_name.setdefault(path.rpartition("/")[2], []).append(digests)
    agreed = 0
    for folder in ("pypi", "npm"):
        for one in found(folder):
            judged = verifier.judge(one.evidence, None)
            if judged.statement is None:
                continue
            (name,) = _names(judged.statement)
            file = name.removeprefix("pkg:npm/").replace("@", "-") + ".tgz" if folder == "npm" else name
            for digests in by_name.get(file, ()):
                attestation = verifier.judge(one.evidence, Expected(digests, name.__eq__, "artefact")).attestation
                assert (attestation.status, attestation.compared) == ("verified", "artefact"), (one.file, name)
                agreed += 1
    assert agreed >= 10


def test_images_are_attested_by_the_digest_of_their_index(verifier: BundleVerifier) -> None:
    """And by a mere promise: this form has no more."""
    for version in ("v1.4.0", "v1.10.0", "v2.0.0", "v2.1.0"):
        folder = f"container/slsa-verifier/gha_generic_container/{version}"
        digest = Hash.parse((CORPUS / folder / "container_workflow_dispatch.digest").read_text().strip())
        (one,) = found(folder)
        attestation = verifier.judge(one.evidence, Expected((digest,))).attestation
        assert (attestation.status, attestation.strength, attestation.digest) == (
            ProvenanceStatus.VERIFIED,
            LogStrength.PROMISE,
            digest,
        )


# -- negatives ----------------------------------------------------------------------------------------------------

#: Of each file the evidence that is wrong, and the step that finds it.
TAMPERED = {
    "invalid/gh-cli/github_provenance_demo-0.0.12-py3-none-any-bundle-missing-cert.jsonl": {0: Step.FORMAT},
    "invalid/gh-cli/github_provenance_demo-0.0.12-py3-none-any-bundle-missing-verification-material.jsonl": {},
    "invalid/gh-cli/sigstoreBundle-invalid-signature.json": {0: Step.SIGNATURE},
    "invalid/npm-pacote/invalid-attestations.json": {1: Step.FORMAT},
    "invalid/npm-pacote/malformed-subject-attestations.json": {1: Step.SIGNATURE},
    "invalid/npm-pacote/mismatched-subject-digest-attestations.json": {1: Step.SIGNATURE},
    "invalid/npm-pacote/mismatched-subject-name-attestations.json": {1: Step.SIGNATURE},
}
