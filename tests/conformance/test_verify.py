"""Real bundles through the real command line: what verifies, for whom, and what has to be refused or left open."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bomvet.cli.run import run

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus" / "provenance"
CONTAINER = CORPUS / "container"
BCR = "container/slsa-verifier/bcr"
IMAGES = CONTAINER / "slsa-verifier" / "gha_generic_container"
GITHUB = "https://token.actions.githubusercontent.com"
pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not beside the checkout")


class Ran:
    """Runs `bomvet verify ... -f json`; offline."""

    def __init__(self, capture: pytest.CaptureFixture[bytes]) -> None:
        self._capture = capture

    def __call__(self, *words: str) -> tuple[int, Any]:
        """The exit code and the answer."""
        code = run(["verify", *words, "-f", "json", "--offline"])
        return code, json.loads(self._capture.readouterr().out)


@pytest.fixture
def verify(capfdbinary: pytest.CaptureFixture[bytes]) -> Ran:
    """The command line."""
    return Ran(capfdbinary)


def digest(path: str, algorithm: str) -> str:
    """Of an artefact that the corpus has the digests of."""
    rows = [line.split("\t") for line in (CORPUS / "digests.tsv").read_text("utf-8").splitlines()]
    (row,) = [row for row in rows if row[0] == path]
    return f"{algorithm}:{row[2 if algorithm == 'sha256' else 3]}"


REPOSITORIES = {
    "npm/pacote/valid-attestations.json": ("npm/artifacts/sigstore-0.4.0.tgz", "sigstore/sigstore-js"),
    "npm/gh-cli/sigstore-js-2.1.0-bundle-v0.1.json": ("npm/artifacts/sigstore-2.1.0.tgz", "sigstore/sigstore-js"),
    "npm/gh-cli/sigstore-js-2.1.0-bundle.json": ("npm/artifacts/sigstore-2.1.0.tgz", "sigstore/sigstore-js"),
    "npm/gh-cli/sigstore-js-2.1.0_with_2_bundles.jsonl": ("npm/artifacts/sigstore-2.1.0.tgz", "sigstore/sigstore-js"),
    "npm/sigstore-go/bundle-provenance.json": ("npm/artifacts/sigstore-1.3.0.tgz", "sigstore/sigstore-js"),
    "npm/sigstore-go/bundles/sigstore.js@2.0.0-provenance.sigstore.json": (
        "npm/artifacts/sigstore-2.0.0.tgz",
        "sigstore/sigstore-js",
    ),
    "npm/slsa-verifier/gundam-visor-cli-v1-tag.tgz.json": (
        "npm/slsa-verifier/gundam-visor-cli-v1-tag.tgz",
        "ramonpetgrave64/gundam-visor",
    ),
    "npm/slsa-verifier/supreme-googles-cli-v02-tag.tgz.json": (
        "npm/slsa-verifier/supreme-googles-cli-v02-tag.tgz",
        "trishankatdatadog/supreme-goggles",
    ),
    "pypi/pypi-attestations/gitlab_oidc_project-0.0.3.tar.gz.publish.attestation": (
        "pypi/pypi-attestations/gitlab_oidc_project-0.0.3.tar.gz",
        "https://gitlab.com/facutuesca/gitlab-oidc-project",
    ),
    "pypi/pypi-attestations/pypi_attestations-0.0.19.tar.gz.provenance": (
        "pypi/artifacts/pypi_attestations-0.0.19.tar.gz",
        "trailofbits/pypi-attestations",
    ),
    "pypi/pypi-attestations/pypi_attestations-0.0.19.tar.gz.slsa.attestation": (
        "pypi/artifacts/pypi_attestations-0.0.19.tar.gz",
        "trailofbits/pypi-attestations",
    ),
    "pypi/warehouse/sampleproject-4.0.0.tar.gz.provenance": (
        "pypi/artifacts/sampleproject-4.0.0.tar.gz",
        "pypa/sampleproject",
    ),
}


@pytest.mark.parametrize("path", REPOSITORIES)
def test_releases(verify: Ran, path: str) -> None:
    """Verified for their own repository, refused for another that it is a prefix of, and for other bytes."""
    artifact, repository = REPOSITORIES[path]
    of = digest(artifact, "sha512" if path.startswith("npm/") else "sha256")
    about = ("attestation", str(CORPUS / path), "--digest", of)
    code, answer = verify(*about, "--repo", repository)

    assert (code, answer["verdict"]) == (0, "verified"), answer
    code, answer = verify(*about, "--repo", repository[:-1])
    assert (code, answer["verdict"], answer["step"]) == (1, "refused", "identity")
    code, answer = verify(*about[:3], f"sha256:{'0' * 64}", "--repo", repository)
    assert (code, answer["step"]) == (1, "digest")


def test_a_person_and_a_service(verify: Ran) -> None:
    """By name and issuer: a service account, and an e-mail address with another issuer."""
    path = str(CORPUS / "pypi/warehouse/sampleproject-3.0.0.tar.gz.publish.attestation")
    of = digest("pypi/artifacts/sampleproject-3.0.0.tar.gz", "sha256")
    name = "919436158236-compute@developer.gserviceaccount.com"
    about = ("attestation", path, "--digest", of, "--certificate-identity", name, "--certificate-oidc-issuer")

    assert verify(*about, "https://accounts.google.com")[0] == 0
    assert verify(*about, "https://accounts.google.com/")[0] == 1


def test_the_wrong_signer(verify: Ran) -> None:
    """All of its cryptography is right, its statement copied from a good one, and its certificate somebody else's."""
    wrong = (
        "attestation", str(CORPUS / BCR / "MODULE-wrong-signer.bazel.intoto.jsonl"),
        "--artifact", str(CORPUS / BCR / "MODULE-wrong-signer.bazel"),
    )  # fmt: skip
    code, answer = verify(*wrong, "--repo", "aspect-build/rules_lint")

    assert (code, answer["step"]) == (1, "identity")
    assert answer["reason"] == (
        "the repository is https://github.com/loosebazooka/aa-test, not https://github.com/aspect-build/rules_lint"
    )
    assert len(answer["notes"]) == 7
    assert verify(*wrong, "--repo", "loosebazooka/aa-test")[0] == 0
    assert verify(*wrong)[1]["reason"] == (
        "the predicate says that the repository is https://github.com/aspect-build/rules_lint, the certificate says "
        "https://github.com/loosebazooka/aa-test"
    )


def test_a_reusable_workflow(verify: Ran) -> None:
    """The repository lets it sign, which is told; it can be pinned."""
    good = (
        "attestation", str(CORPUS / BCR / "MODULE.bazel.intoto.jsonl"),
        "--artifact", str(CORPUS / BCR / "MODULE.bazel"), "--repo", "aspect-build/rules_lint",
    )  # fmt: skip
    signer = "bazel-contrib/publish-to-bcr/.github/workflows/publish.yaml"

    code, answer = verify(*good)
    assert (code, [note for note in answer["notes"] if signer in note]) == (0, answer["notes"])
    assert verify(*good, "--signer-workflow", signer)[1]["notes"] == []
    assert verify(*good, "--signer-workflow", f"{signer}@refs/tags/v0.0.1")[0] == 0
    assert verify(*good, "--signer-workflow", f"{signer}@refs/tags/v0.0.2")[0] == 1
    assert verify(*good, "--signer-repo", "bazel-contrib/publish-to-bcr", "--workflow", ".github/workflows/release.yml")[0] == 0  # fmt: skip
    assert verify(*good, "--signer-repo", "bazel-contrib/publish-to-bcr", "--source-ref", "refs/heads/main")[0] == 1


def test_an_issuer_of_its_own(verify: Ran) -> None:
    """It begins as that of GitHub, and is not."""
    place = CONTAINER / "gh-cli"
    about = (
        "attestation", str(place / "custom-issuer.sigstore.json"), "--artifact", str(place / "custom-issuer-artifact"),
        "--repo", "too-legit/attest",
    )  # fmt: skip
    code, answer = verify(*about)

    assert (code, answer["reason"]) == (1, f"the issuer is {GITHUB}/hammer-time, not {GITHUB}")
    assert verify(*about, "--certificate-oidc-issuer", GITHUB)[0] == 1
    assert verify(*about, "--certificate-oidc-issuer", f"{GITHUB}/hammer-time")[0] == 0


def test_an_instance_that_is_not_known(verify: Ran) -> None:
    """GitHub's own for private repositories is not verified here, which is no accusation."""
    path = "container/gh-cli/github_provenance_demo-0.0.12-py3-none-any"
    code, answer = verify(
        "attestation", str(CORPUS / f"{path}-bundle.jsonl"), "--digest", digest(f"{path}.whl", "sha256"),
        "--owner", "github",
    )  # fmt: skip

    assert (code, answer["verdict"]) == (3, "not-established")


def test_a_staging_instance(verify: Ran) -> None:
    """It is no trusted root of releases."""
    path = "pypi/pypi-attestations/rfc8785-0.1.2-py3-none-any.whl"
    found = json.loads((CORPUS / f"{path}.publish.attestation").read_bytes())
    assert found["version"] == 1
    code, answer = verify(
        "attestation", str(CORPUS / f"{path}.publish.attestation"), "--digest", f"sha256:{'0' * 64}",
        "--insecure-any-identity",
    )  # fmt: skip

    assert (code, answer["step"]) == (1, "certificate")


@pytest.mark.parametrize(
    "path", sorted((CORPUS / "invalid" / "npm-slsa-verifier").glob("*.json")), ids=lambda p: p.name
)
def test_tampered_releases(verify: Ran, path: Path) -> None:
    """A tampered provenance is refused; beside a tampered word of the registry the provenance stands, and that is told."""
    of = digest(f"invalid/npm-slsa-verifier/{path.name.removesuffix('.json')}", "sha512")
    code, answer = verify("attestation", str(path), "--digest", of, "--certificate-identity-regexp", ".*", "--certificate-oidc-issuer", GITHUB)  # fmt: skip

    refused = [one["step"] for one in answer["evidence"] if one["bearing"] == "refused"]
    assert refused == ["signature"]
    assert code == (0 if "invalidsigpub" in path.name else 1)


@pytest.mark.parametrize("version", ["v1.4.0", "v1.10.0", "v2.0.0", "v2.1.0"])
def test_images(verify: Ran, version: str) -> None:
    """Verified for their index and their builder; refused for another repository, and for another builder."""
    place = f"oci-dir:{IMAGES / version / 'container_workflow_dispatch'}"
    wanted = ("--signer-repo", "slsa-framework/slsa-github-generator")
    code, answer = verify("image", place, "--repo", "slsa-framework/example-package", *wanted)

    assert (code, answer["verdict"]) == (0, "verified"), answer
    assert answer["digests"][0] == (IMAGES / version / "container_workflow_dispatch.digest").read_text("utf-8").strip()
    assert {f"sha256:{one['digest']['value']}" for one in answer["evidence"]} == {answer["digests"][0]}
    assert verify("image", place, "--repo", "slsa-framework/example", *wanted)[0] == 1
    assert verify("image", place, "--repo", "slsa-framework/example-package")[0] == 0
    assert verify("image", place, "--repo", "slsa-framework/example-package", "--signer-repo", "acme/x")[0] == 1
    proof = verify("image", place, "--repo", "slsa-framework/example-package", *wanted, "--require-proof")
    assert (proof[0], proof[1]["step"]) == (3, "log")
