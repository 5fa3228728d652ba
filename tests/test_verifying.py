"""Verifying files, SBOMs and images: which evidence counts, what each verdict rests on, and what is told of the rest."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from bomvet import verifying
from bomvet.errors import NotEstablishedError, UsageError
from bomvet.model.inventory import Hash
from bomvet.model.provenance import Attestation, ProvenanceStatus, Step
from bomvet.model.verification import Bearing, Verdict, Verification
from bomvet.provenance.bundles import BundleVerifier
from bomvet.provenance.keys import read_keys
from bomvet.provenance.root import read_root
from bomvet.provenance.wanted import IdentityPolicy, wanted
from bomvet.verifying import Artifact, Demands
from tests.provenance import faults
from tests.provenance.authority import Authority, GitHub, slsa, statement
from tests.provenance.people import Email
from tests.provenance.registry import Registry

ACME = wanted(repository="acme/app")
DATA = b"an artefact"
SHA = hashlib.sha256(DATA).hexdigest()
FILE = Artifact("app.tgz", (Hash(algorithm="sha256", value=SHA),))
SHA512 = hashlib.sha512(DATA).hexdigest()
TARBALL = Artifact("app", (Hash(algorithm="sha512", value=SHA512),))
SLSA = "https://slsa.dev/provenance/v1"
CYCLONEDX = "https://cyclonedx.org/bom"


@pytest.fixture(scope="module")
def authority() -> Authority:
    """An instance of sigstore that nobody else trusts."""
    return Authority()


@pytest.fixture
def asked(authority: Authority) -> Demands:
    """By a workflow of acme/app."""
    return demands(authority)


def demands(
    authority: Authority, policy: IdentityPolicy | None = ACME, *, proof: bool = False, **fields: str
) -> Demands:
    """With the trusted root of `authority`."""
    root, keys = read_root(authority.root_json(), "root"), read_keys(authority.npm_keys(), "keys")
    return Demands(verifier=BundleVerifier(root, keys, proof=proof), policy=policy, root=root.digest, **fields)


def about(digest: str = SHA, identity: GitHub = GitHub(), **fields: Any) -> dict[str, Any]:  # noqa: B008 - immutable
    """A statement of a build."""
    return {**statement("app.tgz", {"sha256": digest}, SLSA, slsa(identity)), **fields}


def lines(*documents: object) -> bytes:
    """One per line."""
    return b"".join(json.dumps(document).encode() + b"\n" for document in documents)


def verified(asked: Demands, *documents: object) -> Verification:
    """What is made of bundles for the artefact."""
    return verifying.verify_attestation(lines(*documents), "b.jsonl", FILE, asked)


def counting(found: Verification) -> list[Attestation]:
    """The evidence that the verdict rests on."""
    return [o.attestation for o in found.outcomes if o.bearing is Bearing.COUNTS]


def bearings(found: Verification) -> list[Bearing]:
    """What each piece means."""
    return [outcome.bearing for outcome in found.outcomes]


# ── attestations ────────────────────────────────────────────────────────────────────────────────


def test_evidence_that_counts(authority: Authority, asked: Demands) -> None:
    """It is about the artefact, by who is wanted, and the answer holds all of it."""
    found = verified(asked, authority.bundle(about()))
    (one,) = counting(found)

    assert (found.verdict, found.subject, found.digests) == (Verdict.VERIFIED, "app.tgz", (f"sha256:{SHA}",))
    assert (found.step, found.reason, found.hint, found.notes, found.unknowns) == (None, "", "", (), ())
    assert found.root == one.root == asked.root
    assert one.identity is not None
    assert (one.identity.repository, one.compared, one.source) == ("https://github.com/acme/app", "artefact", "b.jsonl")


def test_a_signature_over_the_artefact(authority: Authority, asked: Demands) -> None:
    """Without any statement; the digest is enough."""
    assert verified(asked, authority.message(DATA)).verdict is Verdict.VERIFIED
    found = verified(asked, authority.message(b"another"))
    assert (found.verdict, found.step) == (Verdict.REFUSED, Step.DIGEST)


def test_one_that_fits_is_enough(authority: Authority, asked: Demands) -> None:
    """Others are told, whatever is wrong with them: whoever can add good evidence can add bad evidence, too."""
    tampered = authority.bundle(about())
    tampered["dsseEnvelope"]["signatures"][0]["sig"] = authority.bundle(about())["dsseEnvelope"]["signatures"][0]["sig"]
    foreign = authority.bundle(about(), GitHub(repository="evil/app"))
    elsewhere = authority.bundle(about("0" * 64))
    unsupported = {**authority.bundle(about()), "mediaType": "application/vnd.dev.sigstore.bundle.v0.9+json"}
    found = verified(asked, tampered, foreign, elsewhere, unsupported, authority.bundle(about()))

    assert found.verdict is Verdict.VERIFIED
    assert bearings(found) == [Bearing.REFUSED, Bearing.REFUSED, Bearing.BESIDE, Bearing.OPEN, Bearing.COUNTS]
    assert [o.attestation.source for o in found.outcomes] == [f"b.jsonl:{n}" for n in range(1, 6)]
    assert found.outcomes[1].attestation.status is ProvenanceStatus.IDENTITY_MISMATCH


def test_somebody_else(authority: Authority, asked: Demands) -> None:
    """All of it verifies, and it is refused with what differs."""
    found = verified(asked, authority.bundle(about(), GitHub(repository="evil/app")))

    assert (found.verdict, found.step) == (Verdict.REFUSED, Step.IDENTITY)
    assert found.reason == "the repository is https://github.com/evil/app, not https://github.com/acme/app"
    assert found.hint == "do not use it unless you know why it is of somebody or something else; then name that"


def test_a_lie_in_the_statement(authority: Authority, asked: Demands) -> None:
    """What it says of the build is told where the certificate says something else; only the latter counts."""
    lying = authority.bundle(about(identity=GitHub(repository="acme/app")), GitHub(repository="evil/app"))
    honest = authority.bundle(about(identity=GitHub(sha="b" * 40)))

    assert verified(asked, lying).verdict is Verdict.REFUSED
    found = verified(asked, honest)
    assert found.verdict is Verdict.VERIFIED
    assert any(
        note.startswith("the statement contradicts its certificate, which alone is believed: ") for note in found.notes
    )


@pytest.mark.parametrize(
    ("policy", "bearing", "verdict"),
    [(ACME, Bearing.BESIDE, Verdict.REFUSED), (None, Bearing.COUNTS, Verdict.VERIFIED)],
)
def test_the_key_of_a_registry_builds_nothing(
    authority: Authority, policy: IdentityPolicy | None, bearing: Bearing, verdict: Verdict
) -> None:
    """A publish attestation of npm is by nobody whom a repository or an identity could be compared with."""
    document = json.loads(authority.npm_attestations("app", "1.0", SHA512))
    document["attestations"] = [a for a in document["attestations"] if "publish" in a["predicateType"]]
    found = verifying.verify_attestation(lines(document), "npm.json", TARBALL, demands(authority, policy))

    assert (bearings(found), found.verdict) == ([bearing], verdict)
    assert found.step is (Step.IDENTITY if policy else None)


def test_a_reusable_workflow_that_nobody_named_is_told(authority: Authority) -> None:
    """A repository may have any workflow of anybody sign for it; who cares names the one that may."""
    builder = "acme/builder/.github/workflows/build.yml@refs/tags/v1"
    by = GitHub(builder=builder)
    bundle = authority.bundle(about(identity=by), by)
    url = f"https://github.com/{builder}"
    told = f"signed by the workflow {url}, which the repository lets sign: --signer-workflow pins it"

    assert verified(demands(authority), bundle).notes == (told,)
    pinned = wanted(repository="acme/app", signer_workflow="acme/builder/.github/workflows/build.yml")
    assert verified(demands(authority, pinned), bundle).notes == ()


def test_all_forms_of_npm_and_pypi(authority: Authority, asked: Demands) -> None:
    """Answers of the registries, as they come."""
    served = authority.npm_attestations("app", "1.0", SHA512)
    found = verifying.verify_attestation(served, "npm.json", TARBALL, asked)

    assert found.verdict is Verdict.VERIFIED
    assert sorted(bearings(found)) == ["beside", "counts"]
    wheel = authority.pypi_attestation("app-1.0-py3-none-any.whl", SHA)
    assert verified(asked, wheel).verdict is Verdict.VERIFIED
    provenance = {"version": 1, "attestation_bundles": [{"attestations": [wheel]}]}
    assert verified(asked, provenance).verdict is Verdict.VERIFIED
    audit = {"verified": [{"name": "x", "version": "1", "attestationBundles": []}], "invalid": [], "missing": []}
    assert verified(asked, audit).reason == "b.jsonl cannot be read as evidence: it holds no evidence"
    both = json.dumps([authority.bundle(about()), wheel]).encode()
    assert len(counting(verifying.verify_attestation(both, "list.json", FILE, asked))) == 2


@pytest.mark.parametrize(
    ("predicate", "notes"),
    [
        ({"verificationResult": "FAILED", "resourceUri": "pkg:generic/shop"}, ["FAILED of pkg:generic/shop"]),
        ({"verificationResult": "PASSED"}, ["PASSED of nothing"]),
        ([], []),
    ],
)
def test_a_summary_of_a_verification(authority: Authority, asked: Demands, predicate: Any, notes: list[str]) -> None:
    """It is as sound where it says that something failed, and so what it says is told."""
    kind = "https://slsa.dev/verification_summary/v1"
    bundle = authority.bundle(statement("app.tgz", {"sha256": SHA}, kind, predicate))
    other = authority.bundle(statement("app.tgz", {"sha256": "0" * 64}, kind, {"verificationResult": "PASSED"}))

    found = verified(asked, bundle, other)

    assert found.verdict is Verdict.VERIFIED
    assert found.notes == tuple(f"the summary says {note}: what is verified is who says so" for note in notes)


def test_a_predicate_type_that_is_wanted(authority: Authority) -> None:
    """Exactly; what is of another type, or of none, is beside the point."""
    asked = demands(authority, predicate_type=SLSA)
    other = authority.bundle(about(predicateType=f"{SLSA}.1"))

    assert verified(asked, authority.bundle(about())).verdict is Verdict.VERIFIED
    found = verified(asked, other, authority.message(DATA))
    assert (found.verdict, bearings(found)) == (Verdict.REFUSED, [Bearing.BESIDE, Bearing.BESIDE])
    assert (found.step, found.reason) == (Step.PREDICATE_TYPE, f"it is of the type {SLSA}.1, not {SLSA}")
    assert found.outcomes[1].attestation.reason == f"it is of the type of a signature, not {SLSA}"


def test_forms_that_are_not_verified_here(authority: Authority, asked: Demands) -> None:
    """They leave the question open, with what to do, also beside what is refused."""
    unsupported = {**authority.bundle(about()), "mediaType": "application/vnd.dev.sigstore.bundle.v0.9+json"}
    found = verified(asked, authority.bundle(about(), GitHub(repository="evil/app")), unsupported)

    assert found.verdict is Verdict.NOT_ESTABLISHED
    assert found.hint == "this form of evidence is not verified here; whoever signed may offer another"


def test_a_promise_where_a_proof_is_wanted(authority: Authority) -> None:
    """It is not established, and the option that asks for it is named."""
    promised = authority.bundle(about(), version="0.1", entry="intoto-0.0.2", proof=False)

    assert verified(demands(authority), promised).verdict is Verdict.VERIFIED
    found = verified(demands(authority, proof=True), promised)
    assert (found.verdict, found.step) == (Verdict.NOT_ESTABLISHED, Step.LOG)
    assert found.hint == "leave --require-proof out if the promise of the log is good enough"


def test_another_root_of_trust(authority: Authority) -> None:
    """Who issued the certificate is not known: the option for it is named."""
    found = verified(demands(Authority("other.example")), authority.bundle(about()))

    assert (found.verdict, found.step) == (Verdict.REFUSED, Step.CERTIFICATE)
    assert found.hint == "another trusted root may have issued the certificate: --trusted-root FILE"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is no JSON"),
        (b"PK\x03\x04", "it is no JSON"),
        (b"{}\n{", "line 1: it is not a sigstore bundle, an attestation or provenance of PyPI, or attestations of npm"),
        (b'{"version": 1, "attestation_bundles": []}', "it holds no evidence"),
        (b"[3]", "it is not a sigstore bundle, an attestation or provenance of PyPI, or attestations of npm"),
        (
            b'{"payload": "", "payloadType": "", "signatures": []}',
            "a signed statement alone has no log entry and no certificate to verify it with",
        ),
    ],
)
def test_what_is_no_evidence(asked: Demands, data: bytes, reason: str) -> None:
    """It is refused at its format."""
    found = verifying.verify_attestation(data, "b.json", FILE, asked)

    assert (found.verdict, found.step) == (Verdict.REFUSED, Step.FORMAT)
    assert found.reason == f"b.json cannot be read as evidence: {reason}"


def test_digests_of_artefacts(tmp_path: Path) -> None:
    """Of a file in pieces, and of what a digest is known of; weak ones are none."""
    (tmp_path / "a.bin").write_bytes(b"x" * 2_500_000)
    found = verifying.artifact_of(str(tmp_path / "a.bin"))

    assert found.name == "a.bin"
    assert [h.algorithm for h in found.digests] == ["sha256", "sha384", "sha512"]
    assert found.digests[0].value == hashlib.sha256(b"x" * 2_500_000).hexdigest()
    assert verifying.artifact_by(f"SHA256:{SHA.upper()}") == Artifact(f"sha256:{SHA}", FILE.digests)
    integrity = base64.b64encode(hashlib.sha512(DATA).digest()).decode()
    assert verifying.artifact_by(f"sha512-{integrity}").digests == TARBALL.digests
    with pytest.raises(ValueError, match=r"^is no digest: '%' is not base64$"):
        verifying.artifact_by("sha512-%")
    with pytest.raises(ValueError, match=r"sha256"):
        verifying.artifact_by("sha256-aaaa")
    with pytest.raises(ValueError, match=r"^must be of sha256, sha384, sha512, not of sha1$"):
        verifying.artifact_by(f"sha1:{'0' * 40}")
    with pytest.raises(UsageError, match=r"gone cannot be read: No such file or directory$"):
        verifying.artifact_of(str(tmp_path / "gone"))
    with pytest.raises(UsageError, match=r"cannot be read: Is a directory$"):
        verifying.artifact_of(str(tmp_path))


def test_a_pipe_that_nobody_writes_to(tmp_path: Path) -> None:
    """It ends at once, as an empty file."""
    os.mkfifo(tmp_path / "pipe")

    assert verifying.artifact_of(str(tmp_path / "pipe")).digests[0].value == hashlib.sha256(b"").hexdigest()


def test_roots_and_keys_from_files(tmp_path: Path, authority: Authority) -> None:
    """They take the place of those that ship; without any those are used."""
    (tmp_path / "root.json").write_bytes(authority.root_json())
    (tmp_path / "keys.json").write_bytes(authority.npm_keys())
    ours = verifying.demands(ACME, trusted_root=str(tmp_path / "root.json"), npm_keys=str(tmp_path / "keys.json"))
    shipped = verifying.demands(ACME, predicate_type=SLSA, proof=True)

    assert verified(ours, authority.bundle(about())).verdict is Verdict.VERIFIED
    assert verified(shipped, authority.bundle(about())).verdict is Verdict.REFUSED
    assert (ours.root == shipped.root, shipped.predicate_type) == (False, SLSA)
    with pytest.raises(UsageError, match=r"gone.json cannot be read: No such file or directory$"):
        verifying.demands(ACME, trusted_root=str(tmp_path / "gone.json"))


# ── SBOMs ───────────────────────────────────────────────────────────────────────────────────────

SBOM = b'{"bomFormat": "CycloneDX", "components": [{"name": "a", "n": 1}], "metadata": {"x": true}}'


def sbom(asked: Demands, bundle: object, data: bytes = SBOM, artifact: Artifact | None = None) -> Verification:
    """What is made of an SBOM and its bundle."""
    return verifying.verify_sbom(data, "bom.json", lines(bundle), "bom.json.sigstore.json", asked, artifact=artifact)


def made_of(predicate: object, digest: str = SHA) -> dict[str, Any]:
    """A statement that consists of an SBOM."""
    return statement("app.tgz", {"sha256": digest}, CYCLONEDX, predicate)


def test_three_ways_to_vouch_for_an_sbom(authority: Authority, asked: Demands) -> None:
    """A signature over the file, a statement about it, and one that it is the predicate of."""
    itself = statement("bom.json", {"sha256": hashlib.sha256(SBOM).hexdigest()}, "https://acme.example/reviewed/v1")

    ways = [authority.message(SBOM), authority.bundle(itself), authority.bundle(made_of(json.loads(SBOM)))]
    found = [sbom(asked, bundle) for bundle in ways]
    assert [(f.verdict, f.subject) for f in found] == [(Verdict.VERIFIED, "bom.json")] * 3
    assert [counting(f)[0].compared for f in found] == ["artefact", "artefact", ""]
    assert found[0].digests[0] == f"sha256:{hashlib.sha256(SBOM).hexdigest()}"


def test_an_sbom_that_was_changed(authority: Authority, asked: Demands) -> None:
    """By a byte, whichever way vouches for it."""
    changed = SBOM.replace(b'"a"', b'"b"')
    itself = statement("bom.json", {"sha256": hashlib.sha256(SBOM).hexdigest()})

    ways = [authority.message(SBOM), authority.bundle(itself), authority.bundle(made_of(json.loads(SBOM)))]
    found = [sbom(asked, bundle, changed) for bundle in ways]
    assert [(f.verdict, f.step) for f in found] == [(Verdict.REFUSED, Step.DIGEST)] * 3
    assert found[2].reason == "neither what it is about nor what it says is bom.json"


def test_the_sbom_of_an_artefact(authority: Authority, asked: Demands) -> None:
    """Only an attestation that consists of it says so, and only of the artefact that it is about."""
    good = authority.bundle(made_of(json.loads(SBOM)))

    assert sbom(asked, good, artifact=FILE).verdict is Verdict.VERIFIED
    assert counting(sbom(asked, good, artifact=FILE))[0].compared == "artefact"
    other = sbom(asked, authority.bundle(made_of(json.loads(SBOM), "0" * 64)), artifact=FILE)
    assert (other.verdict, other.step) == (Verdict.REFUSED, Step.DIGEST)
    alone = sbom(asked, authority.message(SBOM), artifact=FILE)
    assert (alone.verdict, alone.step) == (Verdict.REFUSED, Step.SUBJECT)
    assert alone.reason == "it vouches for the file, and does not say that it is of app.tgz"


def test_an_sbom_of_somebody_else(authority: Authority, asked: Demands) -> None:
    """The identity is compared as everywhere."""
    foreign = authority.bundle(made_of(json.loads(SBOM)), Email())

    assert sbom(asked, foreign).step is Step.IDENTITY
    assert sbom(demands(authority, wanted(identity="dana@people.example", issuer="https://accounts.google.com")), foreign).verdict is Verdict.VERIFIED  # fmt: skip


def test_a_bundle_of_an_sbom_that_is_none(asked: Demands) -> None:
    """It is told by its own name."""
    found = verifying.verify_sbom(SBOM, "bom.json", b"{", "x.json", asked)

    assert (found.verdict, found.reason) == (Verdict.REFUSED, "x.json cannot be read as evidence: it is no JSON")


# ── images ──────────────────────────────────────────────────────────────────────────────────────

IMAGE = "images.packages.example/acme/app:1"
REPOSITORY = "acme/app"


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Registry:
    """An empty one, for a user without logins."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    return Registry()


def image(registry: Registry, asked: Demands, platform: str = "", name: str = IMAGE) -> Verification:
    """What is made of the image."""
    return verifying.verify_image(name, asked, platform=platform, http=registry.http())


def of(*digests: str) -> dict[str, Any]:
    """A statement of a build of images."""
    subjects = [{"name": "app", "digest": {"sha256": d.removeprefix("sha256:")}} for d in digests]
    return about(subject=subjects)


def test_an_image_with_evidence(authority: Authority, asked: Demands, registry: Registry) -> None:
    """In each of the places where it may be."""
    at = registry.images.add_image(REPOSITORY, "1")
    registry.images.attach_cosign(REPOSITORY, at, "att", [authority.cosign_att(of(at))])
    registry.images.attach_cosign(REPOSITORY, at, "sig", [authority.cosign_sig(at)])
    registry.images.attach_bundle(REPOSITORY, at, json.dumps(authority.bundle(of(at))).encode())
    found = image(registry, asked)

    assert (found.verdict, found.subject, found.digests) == (Verdict.VERIFIED, IMAGE, (at,))
    assert bearings(found) == [Bearing.COUNTS] * 3
    assert {a.compared for a in counting(found)} == {"registry"}


def test_evidence_of_another_image(authority: Authority, asked: Demands, registry: Registry) -> None:
    """Whatever it is attached to: the digest is signed, the place is not."""
    at, other = registry.images.add_image(REPOSITORY, "1"), registry.images.add_image(REPOSITORY, layer=b"other")
    registry.images.attach_cosign(REPOSITORY, at, "att", [authority.cosign_att(of(other))])
    registry.images.attach_cosign(REPOSITORY, at, "sig", [authority.cosign_sig(other)])
    found = image(registry, asked)

    assert (found.verdict, found.step) == (Verdict.REFUSED, Step.DIGEST)
    assert bearings(found) == [Bearing.BESIDE] * 2


def test_an_image_without_evidence(asked: Demands, registry: Registry) -> None:
    """Refused after a definite answer; not established after any other, with what could not be had."""
    registry.images.add_index(REPOSITORY, [registry.images.add_image(REPOSITORY)], "1", unsigned=True)
    found = image(registry, asked)

    assert (found.verdict, found.reason, found.unknowns) == (Verdict.REFUSED, "there is no evidence for it", ())
    assert found.notes[0].startswith("unsigned, and no evidence: an attestation in sha256:")
    registry.faults.add(r".*\.att$", faults.status(500), always=True)
    broken = image(registry, asked)
    assert broken.verdict is Verdict.NOT_ESTABLISHED
    assert broken.reason == broken.unknowns[0]
    assert broken.hint == "try again"


@pytest.mark.parametrize(
    "place", [r"\.att$", r"\.sig$", r"/referrers/", r"/blobs/", r"/manifests/sha256-[0-9a-f]{64}$"]
)
@pytest.mark.parametrize(
    "fault",
    [
        *(faults.status(code) for code in (401, 403, 408, 418, 429, 500, 503)),
        faults.Fault("truncated"),
        faults.Fault("slow"),
        faults.Fault("reset"),
        faults.says(b"<html>captive portal</html>"),
        faults.says(b'{"schemaVersion": 2, "manifests": 3}'),
        faults.says(b""),
    ],
    ids=str,
)  # fmt: skip
def test_no_fault_looks_like_absence(
    authority: Authority, asked: Demands, registry: Registry, place: str, fault: faults.Fault
) -> None:
    """Whichever answer is broken: the image is neither verified nor said to have no evidence."""
    at = registry.images.add_image(REPOSITORY, "1")
    registry.images.referrers = False
    foreign = authority.bundle(of(at), GitHub(repository="evil/app"))
    registry.images.attach_bundle(REPOSITORY, at, json.dumps(foreign).encode())
    registry.faults.add(place, fault, always=True)
    found = image(registry, asked)

    if place == r"/referrers/" and fault.answer.status == 200:  # then the tag decides, and it has an answer
        assert found.step is Step.IDENTITY
    else:
        assert found.verdict is Verdict.NOT_ESTABLISHED
        assert found.unknowns


def test_an_index_vouches_for_its_platforms(authority: Authority, asked: Demands, registry: Registry) -> None:
    """Evidence of the index is evidence of all of it, of each platform too."""
    amd, arm = (registry.images.add_image(REPOSITORY, layer=layer) for layer in (b"amd", b"arm"))
    at = registry.images.add_index(REPOSITORY, [amd, arm], "1")
    registry.images.attach_bundle(REPOSITORY, at, json.dumps(authority.bundle(of(at))).encode())

    foreign = authority.bundle(of(at), GitHub(repository="evil/app"))
    registry.images.attach_bundle(REPOSITORY, at, json.dumps(foreign).encode())

    assert image(registry, asked).digests == (at, amd, arm)
    assert image(registry, asked).verdict is Verdict.VERIFIED
    assert image(registry, asked, "linux/arm64").verdict is Verdict.VERIFIED


def test_a_platform_vouches_for_itself(authority: Authority, asked: Demands, registry: Registry) -> None:
    """Not for the others in the index: either it alone is asked about, or all have evidence."""
    amd, arm = (registry.images.add_image(REPOSITORY, layer=layer) for layer in (b"amd", b"arm"))
    registry.images.add_index(REPOSITORY, [amd, arm], "1")
    registry.images.attach_bundle(REPOSITORY, amd, json.dumps(authority.bundle(of(amd))).encode())
    found = image(registry, asked)

    assert (found.verdict, found.step) == (Verdict.REFUSED, Step.SUBJECT)
    assert found.reason == "only some of its platforms have evidence, and linux/arm64 has none that counts"
    assert image(registry, asked, "linux/amd64").verdict is Verdict.VERIFIED
    assert image(registry, asked, "linux/arm64").verdict is Verdict.REFUSED
    registry.faults.add(rf".*/referrers/{arm}", faults.status(500), always=True)
    assert image(registry, asked).verdict is Verdict.NOT_ESTABLISHED
    registry.faults.clear()
    registry.images.attach_bundle(REPOSITORY, arm, json.dumps(authority.bundle(of(arm))).encode())
    assert image(registry, asked).verdict is Verdict.VERIFIED


def test_one_statement_for_all_platforms(authority: Authority, asked: Demands, registry: Registry) -> None:
    """It may have several subjects."""
    amd, arm = (registry.images.add_image(REPOSITORY, layer=layer) for layer in (b"amd", b"arm"))
    registry.images.add_index(REPOSITORY, [amd, arm], "1")
    registry.images.attach_bundle(REPOSITORY, amd, json.dumps(authority.bundle(of(arm, amd))).encode())

    assert image(registry, asked).verdict is Verdict.VERIFIED


def test_an_index_that_is_not_known_as_a_whole(authority: Authority, asked: Demands, registry: Registry) -> None:
    """Evidence for every platform that could be read is not evidence for all of them."""
    at = registry.images.add_image(REPOSITORY)
    entries = [{"digest": at, "size": 1}, {"digest": "sha256:0", "size": 1}]
    registry.images.add_manifest(REPOSITORY, {"manifests": entries}, "1")
    registry.images.attach_bundle(REPOSITORY, at, json.dumps(authority.bundle(of(at))).encode())
    found = image(registry, asked)

    assert found.verdict is Verdict.NOT_ESTABLISHED
    assert found.reason.endswith("a descriptor has no digest that is known here")


def test_an_empty_index(asked: Demands, registry: Registry) -> None:
    """Nothing in it is no evidence."""
    registry.images.add_manifest(REPOSITORY, {"manifests": []}, "1")

    assert image(registry, asked).verdict is Verdict.REFUSED


def test_a_registry_that_lets_nobody_in(asked: Demands, registry: Registry) -> None:
    """The image is not to be had: nothing is said of it."""
    registry.images.add_image(REPOSITORY, "1")
    registry.images.auth = "basic"

    with pytest.raises(NotEstablishedError, match=r"asks for a log-in: there is none$"):
        image(registry, asked)


def test_logins_of_docker(authority: Authority, asked: Demands, registry: Registry, tmp_path: Path) -> None:
    """They are read where `DOCKER_CONFIG` says, and sent where the registry says."""
    at = registry.images.add_image(REPOSITORY, "1")
    registry.images.attach_cosign(REPOSITORY, at, "sig", [authority.cosign_sig(at)])
    registry.images.auth, registry.images.credentials = "bearer", ("robot", "secret")
    login = {"auths": {"images.packages.example": {"auth": "cm9ib3Q6c2VjcmV0"}}}
    (tmp_path / "config.json").write_text(json.dumps(login), "utf-8")

    assert image(registry, asked).verdict is Verdict.VERIFIED


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("IMAGE", "IMAGE: 'library/IMAGE' is no name of an image: lower-case letters, digits and separators"),
        ("oci-dir:/nowhere", "/nowhere is no folder"),
        ("oci-dir:/nowhere:1", "/nowhere is no folder"),
        ("oci-dir:/nowhere@sha256:0", "/nowhere is no folder"),
    ],
)
def test_what_names_no_image(asked: Demands, registry: Registry, name: str, reason: str) -> None:
    """Nobody is asked."""
    with pytest.raises(UsageError, match=f"^{reason}$"):
        image(registry, asked, name=name)
    assert registry.requests == []


def test_offline(asked: Demands) -> None:
    """A registry is not asked, and what can be done instead is told."""
    with pytest.raises(NotEstablishedError, match=r"--offline forbids that$") as error:
        verifying.verify_image("alpine", asked, offline=True)
    assert "oci-dir:PATH" in error.value.hint


@pytest.mark.enable_socket
def test_a_registry_on_loopback(asked: Demands, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Through a connection of our own."""
    from tests.provenance.registry import serving  # noqa: PLC0415 - for this alone

    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    registry = Registry()
    registry.images.add_image(REPOSITORY, "1")
    with serving(registry) as url:
        found = verifying.verify_image(f"{url.removeprefix('http://')}/{REPOSITORY}:1", asked)

    assert (found.verdict, found.reason) == (Verdict.REFUSED, "there is no evidence for it")


def layout(authority: Authority, folder: Path) -> tuple[str, list[Path]]:
    """An image in a folder with an attestation; its digest, and the files that the verdict rests on."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def add(data: bytes) -> dict[str, Any]:
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return {"digest": f"sha256:{digest}", "size": len(data)}

    manifest = add(b'{"layers": []}')
    notes, layer = authority.cosign_att(of(manifest["digest"]))
    entry = {**add(layer), "annotations": notes, "mediaType": "application/vnd.dsse.envelope.v1+json"}
    atts = add(json.dumps({"layers": [entry]}).encode())
    kinds = [{"annotations": {"kind": f"dev.cosignproject.cosign/{kind}"}} for kind in ("image", "atts")]
    index = {"manifests": [{**manifest, **kinds[0]}, {**atts, **kinds[1]}]}
    (folder / "index.json").write_text(json.dumps(index), "utf-8")
    return manifest["digest"], [blobs / one["digest"].removeprefix("sha256:") for one in (manifest, entry, atts)]


def test_no_byte_can_be_changed(authority: Authority, asked: Demands, tmp_path: Path) -> None:
    """Of the image, of its evidence and of what lists that: whatever is changed, the image is not verified."""
    _, files = layout(authority, tmp_path)
    verdicts = []
    for file in files:
        data = file.read_bytes()
        for at in range(0, len(data), 41):
            file.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
            try:
                verdicts.append(verifying.verify_image(f"oci-dir:{tmp_path}", asked).verdict)
            except NotEstablishedError:
                verdicts.append(Verdict.NOT_ESTABLISHED)
        file.write_bytes(data)

    assert len(verdicts) > 200
    assert set(verdicts) == {Verdict.NOT_ESTABLISHED}
    assert verifying.verify_image(f"oci-dir:{tmp_path}", asked).verdict is Verdict.VERIFIED


def test_a_layout_folder(authority: Authority, asked: Demands, tmp_path: Path) -> None:
    """Offline, by its path and a name in it; files that are not there are told."""
    digest, files = layout(authority, tmp_path)
    name = f"oci-dir:{tmp_path}"
    found = verifying.verify_image(name, asked, offline=True)

    assert (found.verdict, counting(found)[0].compared) == (Verdict.VERIFIED, "artefact")
    assert verifying.verify_image(f"{name}@{digest}", asked).verdict is Verdict.VERIFIED
    with pytest.raises(UsageError, match=r" holds no such image$"):
        verifying.verify_image(f"{name}:2", asked)
    files[2].unlink()
    assert verifying.verify_image(name, asked).verdict is Verdict.NOT_ESTABLISHED
