"""Real evidence of PyPI, npm, images and GitHub, real tamperings of it, and the suite of sigstore's own clients.

Every file is looked at: the counts are part of what is asserted.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bomvet.errors import UsageError
from bomvet.model.inventory import Hash
from bomvet.model.provenance import Attestation, EvidenceKind, LogStrength, ProvenanceStatus, Step
from bomvet.provenance._strict import strict
from bomvet.provenance.bundles import BundleVerifier
from bomvet.provenance.evidence import Evidence, Expected, Form
from bomvet.provenance.keys import shipped_keys
from bomvet.provenance.root import embedded_root, read_root
from tests.provenance.authority import Authority
from tests.provenance.judging import blob, of_attestation
from tests.provenance.tamperings import TAMPERINGS, Case, judged

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
            for layer in document.get("layers", ()):
                annotations = layer.get("annotations", {})
                if "dev.sigstore.cosign/bundle" in annotations:
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
def authority() -> Authority:
    """One that nobody trusts."""
    return Authority()


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


@pytest.mark.parametrize(("folder", "verified", "others"), [("pypi", 9, 4), ("npm", 21, 0), ("container", 14, 7)])
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
    assert levels == Counter({"SLSA Build L2": 15, "": 18, "SLSA Build L1": 5, "SLSA Build L3": 4})


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


def test_nothing_is_written_and_no_home_is_looked_at(
    verifier: BundleVerifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the home directory is a file, and so can have no cache."""
    (tmp_path / "home").write_text("no folder")
    (tmp_path / "work").mkdir()
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "work")
    root = read_root(Path(str(_root_file())).read_bytes(), "trusted_root.json")
    fresh = BundleVerifier(root, shipped_keys())
    judged = [fresh.judge(one.evidence, None) for one in found("npm")]
    assert judged == [verifier.judge(one.evidence, None) for one in found("npm")]
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")) == ["home", "work"]


def _root_file() -> Any:
    return files("sigstore._store") / "https%3A%2F%2Ftuf-repo-cdn.sigstore.dev" / "trusted_root.json"


# -- negatives ----------------------------------------------------------------------------------------------------

#: Of the files of tampered evidence of npm: which of the two is wrong, and the step that finds it.
TAMPERED = {
    "pacote/invalid-attestations.json": {1: Step.FORMAT},
    "pacote/malformed-subject-attestations.json": {1: Step.SIGNATURE},
    "pacote/mismatched-keyid-attestations.json": {0: Step.KEY},
    "pacote/mismatched-subject-digest-attestations.json": {1: Step.SIGNATURE},
    "pacote/mismatched-subject-name-attestations.json": {1: Step.SIGNATURE},
    "pacote/no-keyid-attestations.json": {0: Step.FORMAT, 1: Step.KEY},
    "pacote/unsupported-attestations.json": {1: Step.SIGNATURE},
    "slsa-verifier/gundam-visor-cli-v1-tag-invalidsigprov.tgz.json": {1: Step.SIGNATURE},
    "slsa-verifier/gundam-visor-cli-v1-tag-invalidsigpub.tgz.json": {0: Step.SIGNATURE},
    "slsa-verifier/provenance-npm-test-cli-v02-prega-invalidsigprov.tgz.json": {1: Step.SIGNATURE},
    "slsa-verifier/provenance-npm-test-cli-v02-prega-invalidsigpub.tgz.json": {0: Step.SIGNATURE},
    "slsa-verifier/provenance-npm-test-cli-v1-prega-invalidsigprov.tgz.json": {1: Step.SIGNATURE},
    "slsa-verifier/provenance-npm-test-cli-v1-prega-invalidsigpub.tgz.json": {0: Step.SIGNATURE},
    "slsa-verifier/provenance-npm-test-ossf-invalidsigprov.tgz.json": {1: Step.SIGNATURE},
    "slsa-verifier/provenance-npm-test-ossf-invalidsigpub.tgz.json": {0: Step.SIGNATURE},
    "slsa-verifier/supreme-googles-cli-v02-tag-invalidsigprov.tgz.json": {1: Step.SIGNATURE},
    "slsa-verifier/supreme-googles-cli-v02-tag-invalidsigpub.tgz.json": {0: Step.SIGNATURE},
}


@pytest.mark.parametrize("folder", ["npm-pacote", "npm-slsa-verifier"])
def test_what_was_tampered_with_at_npm_is_refused(verifier: BundleVerifier, folder: str) -> None:
    """At the step that finds it; the other evidence of the same file stays good."""
    steps: dict[str, dict[int, Step | None]] = {}
    for one in found(f"invalid/{folder}"):
        attestation = verifier.judge(one.evidence, None).attestation
        if attestation.status is not ProvenanceStatus.VERIFIED:
            assert attestation.status is ProvenanceStatus.INVALID
            steps.setdefault(one.file.removeprefix("invalid/npm-"), {})[one.number] = attestation.step
    prefix = folder.removeprefix("npm-")
    assert steps == {name: wrong for name, wrong in TAMPERED.items() if name.startswith(prefix)}


#: What sigstore's own tests have: whose artefact stands beside them, and what it comes to with the root of staging.
OTHERS = {
    "invalid/gh-cli/github_provenance_demo-0.0.12-py3-none-any-bundle-missing-cert.jsonl": ("invalid", Step.FORMAT),
    "invalid/gh-cli/sigstoreBundle-invalid-signature.json": ("invalid", Step.CERTIFICATE),
    "invalid/sigstore-python/a.dsse.staging-rekor-v2.txt.sigstore.json": ("verified", None),
    "invalid/sigstore-python/bundle.txt.sigstore": ("verified", None),
    # A good entry of the log beside another signature.
    "invalid/sigstore-python/bundle_cve_2022_36056.txt.sigstore": ("invalid", Step.ENTRY),
    "invalid/sigstore-python/bundle_invalid_version.txt.sigstore": ("unsupported", Step.FORMAT),
    "invalid/sigstore-python/bundle_no_cert_v1.txt.sigstore": ("invalid", Step.FORMAT),
    "invalid/sigstore-python/bundle_no_checkpoint.txt.sigstore": ("invalid", Step.LOG),
    "invalid/sigstore-python/bundle_no_log_entry.txt.sigstore": ("invalid", Step.LOG),
    "invalid/sigstore-python/bundle_v3.txt.sigstore": ("verified", None),
    "invalid/sigstore-python/bundle_v3_alt.txt.sigstore": ("verified", None),
    "invalid/sigstore-python/bundle_v3_github.whl.sigstore": ("invalid", Step.CERTIFICATE),
    "invalid/sigstore-python/bundle_v3_no_signed_time.txt.sigstore.json": ("invalid", Step.CERTIFICATE),
    "invalid/sigstore-python/integration/Python-3.12.5.tgz.sigstore": ("invalid", Step.CERTIFICATE),
    "invalid/sigstore-python/integration/bundle_v3.txt.sigstore": ("verified", None),
    "invalid/sigstore-python/staging-rekor-v2.txt.sigstore.json": ("verified", None),
    "invalid/sigstore-python/tsa/bundle.duplicate.sigstore": ("invalid", Step.FORMAT),
    "invalid/sigstore-python/tsa/bundle.many_timestamp.sigstore": ("invalid", Step.FORMAT),
    "invalid/sigstore-python/tsa/bundle.txt.late_timestamp.sigstore": ("invalid", Step.CERTIFICATE),
    "invalid/sigstore-python/tsa/bundle.txt.sigstore": ("invalid", Step.TIME),
}


def test_what_others_test_with_is_told_apart() -> None:
    """By the root of staging, with which the good ones are verified."""
    staging = BundleVerifier(embedded_root(staging=True))
    judged = {}
    for one in (*found("invalid/gh-cli"), *found("invalid/sigstore-python")):
        attestation = staging.judge(one.evidence, None).attestation
        judged[one.file] = (str(attestation.status), attestation.step)
    assert judged == OTHERS


@pytest.mark.parametrize("file", ["bundle.txt", "bundle_v3.txt", "bundle_v3_alt.txt", "staging-rekor-v2.txt"])
def test_blobs_are_verified_by_their_content(file: str) -> None:
    """And by no other."""
    folder = CORPUS / "invalid" / "sigstore-python"
    (path,) = (p for p in folder.glob(f"{file}.sigstore*"))
    evidence = Evidence(Form.BUNDLE, json.loads(path.read_bytes()), path.read_bytes(), file)
    staging = BundleVerifier(embedded_root(staging=True), proof=True)
    data = (folder / file).read_bytes()
    good, bad = blob(staging, evidence, data).attestation, blob(staging, evidence, data + b"!").attestation
    assert (good.status, good.kind, good.strength) == ("verified", EvidenceKind.SIGNATURE, LogStrength.PROOF)
    assert (bad.status, bad.step) == ("invalid", Step.DIGEST)


# -- the suite of sigstore's clients ------------------------------------------------------------------------------

#: The step that refuses what has to fail; `root` is before all steps, `json` is no JSON.
REFUSED = {
    "bundle-empty-certificate-chain_fail": Step.FORMAT,
    "bundle-from-wrong-instance_fail": Step.CERTIFICATE,
    "bundle-invalid-base64-signature_fail": Step.FORMAT,
    "bundle-malformed-json_fail": "json",
    "bundle-negative-log-index_fail": Step.FORMAT,
    "bundle-unknown-version_fail": Step.FORMAT,
    # Real bundles of npm of version 0.1 have the root's certificate, too; it is not looked at.  The suite asks for the
    # identity of its own signer, and this is another's.
    "bundle-with-root-cert_fail": Step.IDENTITY,
    "checkpoint-bad-keyhint_fail": Step.LOG,
    "checkpoint-wrong-roothash_fail": Step.LOG,
    "dsse-invalid-sig_fail": Step.SIGNATURE,
    "dsse-mismatch-envelope_fail": Step.ENTRY,
    "dsse-mismatch-sig_fail": Step.ENTRY,
    "inclusion-proof-corrupted-hash_fail": Step.LOG,
    "incorrect-public-key_fail": Step.LOG,
    "integrated-time-in-future_fail": Step.TIME,
    "intoto-expired-certificate_fail": Step.CERTIFICATE,
    "intoto-log-entry-mismatch_fail": Step.ENTRY,
    "intoto-missing-inclusion-proof_fail": Step.LOG,
    "intoto-set-outside-signing-cert-validity_fail": Step.TIME,
    "intoto-tsa-timestamp-outside-cert-validity_fail": Step.TIME,
    "invalid-checkpoint-signature_fail": Step.LOG,
    "invalid-ct-key_fail": Step.CERTIFICATE,
    "invalid-inclusion-proof_fail": Step.LOG,
    "managed-key-no-key_fail": Step.KEY,
    "managed-key-wrong-key_fail": Step.KEY,
    "message-digest-mismatch_fail": Step.DIGEST,
    "rekor2-checkpoint-missing-log-signature_fail": Step.LOG,
    "rekor2-checkpoint-missing-origin_fail": Step.LOG,
    "rekor2-checkpoint-missing-root-hash_fail": Step.LOG,
    "rekor2-checkpoint-missing-size_fail": Step.LOG,
    "rekor2-checkpoint-no-matching-signature_fail": Step.LOG,
    "rekor2-dsse-invalid-sig_fail": Step.SIGNATURE,
    "rekor2-dsse-mismatch-envelope_fail": Step.ENTRY,
    "rekor2-dsse-mismatch-sig_fail": Step.ENTRY,
    "rekor2-no-inclusion-proof_fail": Step.LOG,
    "rekor2-no-timestamp_fail": Step.TIME,
    "rekor2-timestamp-outside-trust-root-tsa-validity_fail": Step.TIME,
    "rekor2-timestamp-outside-tsa-cert-validity_fail": Step.TIME,
    "rekor2-timestamp-payload-mismatch_fail": Step.TIME,
    "rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail": Step.TIME,
    "rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail": Step.TIME,
    "rekor2-timestamp-with-incorrect-time_fail": Step.FORMAT,
    "set-invalid-signature_fail": Step.LOG,
    "signature-mismatch_fail": Step.SIGNATURE,
    "trust-root-tlog-missing-validity-start_fail": "root",
    "wrong-hashedrekord-artifact_fail": Step.ENTRY,
    "wrong-hashedrekord-cert-and-sig_fail": Step.ENTRY,
    "wrong-hashedrekord-entry_fail": Step.ENTRY,
    "wrong-material_fail": Step.DIGEST,
}
#: Signed with keys that someone keeps; these are not supported, and are not called invalid.
MANAGED = ("managed-key-and-trusted-root", "managed-key-happy-path")


def _case(folder: Path) -> Attestation | str:
    """What a case comes to as a client of the suite has it, or what failed before."""
    try:
        document = strict((folder / "bundle.sigstore.json").read_bytes())
    except ValueError:
        return "json"
    try:
        given = folder / "trusted_root.json"
        root = read_root(given.read_bytes(), given.name) if given.exists() else embedded_root()
    except UsageError:
        return "root"
    artefact = folder / "artifact"
    data = (artefact if artefact.exists() else SUITE / "a.txt").read_bytes()
    evidence = Evidence(Form.BUNDLE, document, (folder / "bundle.sigstore.json").read_bytes(), folder.name)
    return blob(BundleVerifier(root), evidence, data).attestation


def _refused(case: Attestation | str) -> Step | str | None:
    """The step that refused it; the identity that the suite asks for is the last."""
    if isinstance(case, str):
        return case
    if case.status is not ProvenanceStatus.VERIFIED:
        return case.step
    assert case.identity is not None
    return None if (case.identity.subject, case.identity.issuer) == (_BEACON, _ISSUER) else Step.IDENTITY


def test_the_suite_of_conformance_passes() -> None:
    """All 70 cases: the 49 that have to fail are refused, and all that have to pass do, but for the managed keys."""
    cases = sorted(path for path in (SUITE / "bundle-verify").iterdir() if path.is_dir())
    judged = {path.name: _case(path) for path in cases}
    refused = {name: step for name, case in judged.items() if (step := _refused(case))}
    assert len(cases) == 70
    assert refused == REFUSED | dict.fromkeys(MANAGED, Step.KEY)
    managed = [judged[name] for name in MANAGED]
    assert [one.status for one in managed if isinstance(one, Attestation)] == [ProvenanceStatus.UNSUPPORTED] * 2
    assert all(name.endswith("_fail") for name in REFUSED)
    assert sum(name.endswith("_fail") for name in judged) == len(REFUSED) == 49


# -- tamperings of real evidence ----------------------------------------------------------------------------------

_RANK = {LogStrength.NONE: 0, LogStrength.PROMISE: 1, LogStrength.PROOF: 2}
#: In real evidence these may change nothing: another attestation of the same file, and none of the timestamps for none.
_NO_TAMPERING = {"the other evidence", "timestamp: of the other", "timestamp: twice"}


def test_no_tampering_of_real_evidence_is_verified(verifier: BundleVerifier, authority: Authority) -> None:
    """As with minted evidence; what is left is at most a promise in the place of a proof."""
    good = []
    for one in (one for folder in ("pypi", "npm", "container") for one in found(folder)):
        attestation = verifier.judge(one.evidence, None).attestation
        if attestation.status == "verified":
            good.append((one, attestation))
    accepted, fewest = [], len(TAMPERINGS)
    for one, attestation in good:
        assert attestation.digest is not None
        wanted = Expected((attestation.digest,), attestation.subject.__eq__)
        case = Case(one.evidence, wanted, _other(one, [g for g, _ in good]), verifier, authority, "real")
        changes = {name: change(case) for name, (change, _) in TAMPERINGS.items() if name not in _NO_TAMPERING}
        strengths = {name: judged(changed) for name, changed in changes.items() if changed}
        fewest = min(fewest, len(strengths))
        for name, verdict in strengths.items():
            if verdict.status == "verified" and _RANK[verdict.strength] >= _RANK[attestation.strength]:
                accepted.append((one.file, name))
    assert accepted == []
    assert len(good) == 44
    assert fewest >= 30


def _other(one: Found, good: list[Found]) -> Evidence:
    """Another of the same form, with another signature."""
    return next(
        other.evidence
        for other in good
        if _shape(other.evidence) == _shape(one.evidence) and _signed(other.evidence) != _signed(one.evidence)
    )


def _signed(evidence: Evidence) -> Any:
    return evidence.document.get("dsseEnvelope", evidence.raw)


def _shape(evidence: Evidence) -> tuple[Form, bool]:
    return evidence.form, "publicKey" in evidence.document.get("verificationMaterial", {})
