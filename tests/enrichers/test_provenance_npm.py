"""What an npm registry says of the archive that a lock states, and what is made of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bomvet.model.inventory import Component, Hash
from bomvet.model.provenance import EarlierRelease, EvidenceKind, ProvenanceStatus, PublishLevel, Step
from bomvet.model.records import replace
from bomvet.plugin import Response
from bomvet.provenance import keys
from tests.enrichers.provenance_world import (
    answer,
    authority,
    file,
    integrity,
    node,
    serve_node,
    sha512,
)
from tests.harness import FakeHttp
from tests.provenance import faults
from tests.provenance.registry import NPM, Registry

ABSENT, OPEN = ProvenanceStatus.ABSENT, ProvenanceStatus.NOT_ESTABLISHED
INVALID, UNSUPPORTED, VERIFIED = ProvenanceStatus.INVALID, ProvenanceStatus.UNSUPPORTED, ProvenanceStatus.VERIFIED
HOST = "npm.packages.example"
OLD = "2026-01-01T00:00:00.000Z"


def kinds(found: Any) -> list[tuple[str, str]]:
    """What evidence there is and what became of it."""
    return [(str(a.kind), str(a.status)) for a in found.attestations]


# -- keys ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("attested", [False, True])
def test_a_key_that_is_brought_takes_the_place_of_one_that_ships(
    monkeypatch: pytest.MonkeyPatch,
    attested: bool,  # noqa: FBT001 - of a table
) -> None:
    """It may have ended since: neither signatures nor attestations by it are believed by the older word."""
    monkeypatch.setattr(keys, "shipped_keys", lambda: keys.read_keys(authority().npm_keys(), "keys.json"))
    registry = Registry()
    serve_node(registry, attested=attested, signed=not attested)

    found = answer(node(), registry, keys=authority().npm_keys("2020-01-01T00:00:00Z"))

    assert {(a.kind, a.step) for a in found.attestations if a.status is INVALID} == {
        (EvidenceKind.NPM_PUBLISH if attested else EvidenceKind.NPM_SIGNATURE, Step.KEY)
    }


# -- absent ----------------------------------------------------------------------------------------------------


def test_signed_by_the_registry_and_by_nobody_else() -> None:
    """That the registry has it is no provenance."""
    registry = Registry()
    serve_node(registry, attested=False)

    found = answer(node(), registry)

    assert (found.status, found.attested, found.level) == (ABSENT, 0, PublishLevel.NONE)
    assert found.reason == f"{HOST} has no attestations of app@1.0.0"
    assert kinds(found) == [("npm-signature", "verified")]
    assert len(registry.requests) == 1


def test_attested_by_the_registry_alone() -> None:
    """Its publish attestation stands there, and provenance is absent: the endpoint has none, and none was named."""
    document = json.loads(authority().npm_attestations("app", "1.0.0", sha512(b"npm")))
    document["attestations"] = document["attestations"][:1]
    dist = {"integrity": integrity(b"npm"), "attestations": {"url": "https://elsewhere.example/"}}
    http = FakeHttp(
        {
            f"{NPM}/app": {"versions": {"1.0.0": {"dist": dist}}},
            f"{NPM}/-/npm/v1/attestations/app@1.0.0": document,
        }
    )

    found = answer(node(), http)

    assert (found.status, found.reason) == (ABSENT, f"{HOST} has no provenance of app@1.0.0")
    assert kinds(found) == [("npm-publish", "verified")]


def test_provenance_that_was_named_and_is_missing() -> None:
    """The packument and the endpoint say different things: nobody knows."""
    registry = Registry()
    serve_node(registry)
    document = json.loads(authority().npm_attestations("app", "1.0.0", sha512(b"npm")))
    document["attestations"] = document["attestations"][:1]
    registry.faults.add("^/-/npm/", faults.says(json.dumps(document).encode()))

    found = answer(node(), registry)

    assert (found.status, found.reason) == (OPEN, f"{HOST} names provenance of app@1.0.0, and has none")


@pytest.mark.parametrize("url", [None, "", 7, "https://elsewhere.example/\0", "https://x.example/" + "x" * 4000])
def test_provenance_that_is_named_without_a_place(url: Any) -> None:
    """Where it is said to be does not matter, since nobody is asked there: it is not absent."""
    registry = Registry()
    serve_node(registry)
    attestations = {"url": url, "provenance": {"predicateType": "https://slsa.dev/provenance/v1"}}
    registry.faults.add("^/app$", faults.says(json.dumps(_packument(attestations)).encode()))

    assert answer(node(), registry).status is VERIFIED

    registry.faults.add("^/-/npm/", faults.status(404))
    assert answer(node(), registry).status is OPEN


def _packument(attestations: Any) -> dict[str, Any]:
    dist = {"integrity": integrity(b"npm"), "attestations": attestations}
    return {"name": "app", "versions": {"1.0.0": {"dist": dist}}}


def test_a_mirror_that_strips() -> None:
    """Where no release has so much as a signature, nothing is known to be absent."""
    registry = Registry()
    serve_node(registry, repository="github:acme/app")
    registry.strips = True

    found = answer(node(), registry)

    assert (found.status, found.level, found.declared) == (OPEN, None, ())
    assert found.reason == f"{HOST} has neither signatures nor attestations of any release, as a mirror leaves them out"


def test_a_registry_that_is_a_guess() -> None:
    """Nothing says that the package is from there, and its archive is not there either."""
    registry = Registry()
    serve_node(registry, b"public", attested=False)

    stated = answer(node(b"private", registry=""), registry)
    bare = answer(node(None, registry=""), registry)
    same = answer(node(b"public", registry=""), registry)

    assert (stated.status, stated.attestations, stated.level) == (OPEN, (), None)
    assert stated.reason == f"{HOST} has another archive, and nothing says that the locked one is from there"
    assert (bare.status, bare.level) == (OPEN, None)
    assert bare.reason == f"nothing says that app@1.0.0 is from {HOST}, which has no attestations of it"
    assert (same.status, same.level) == (ABSENT, PublishLevel.NONE)


def test_a_release_that_is_not_there() -> None:
    """Of it nothing is known."""
    registry = Registry()
    serve_node(registry, version="2.0.0")

    assert answer(node(), registry).reason == f"{HOST} has no such release"


def test_a_lock_without_digests() -> None:
    """What is not attested at all is not attested; evidence cannot be held against anything."""
    registry = Registry()
    serve_node(registry)
    serve_node(registry, version="2.0.0", attested=False)

    attested, bare = answer(node(None), registry), answer(node(None, version="2.0.0"), registry)

    assert (attested.status, attested.attestations) == (OPEN, ())
    assert attested.reason == "the lock has no digest of pkg:npm/app@1.0.0 that could be attested"
    assert (bare.status, bare.reason) == (ABSENT, f"{HOST} has no attestations of app@2.0.0")


# -- digests ---------------------------------------------------------------------------------------------------


def test_a_tampered_archive() -> None:
    """The lock has another digest than the registry that it names: one finding, nothing fetched."""
    registry = Registry()
    serve_node(registry)

    found = answer(node(b"tampered"), registry)

    assert (found.status, len(registry.requests)) == (INVALID, 1)
    (only,) = found.attestations
    assert (only.kind, only.step, only.digest) == (
        EvidenceKind.OTHER,
        Step.DIGEST,
        Hash(algorithm="sha512", value=sha512(b"npm")),
    )
    assert only.reason == f"{HOST} has another digest of the archive than the lock"


def test_two_locks_that_disagree() -> None:
    """Each digest is accounted for: an installer takes either."""
    registry = Registry()
    serve_node(registry)
    two = replace(node(), distributions=(file("app.tgz", b"npm", "sha512"), file("app.tgz", b"other", "sha512")))
    loose = replace(node(None), hashes=tuple(file("", data, "sha512").hashes[0] for data in (b"npm", b"other")))

    for component in (two, loose):
        found = answer(component, registry)
        assert (found.status, found.files, found.attested) == (INVALID, 2, 1)


def test_a_lock_with_sha1_alone() -> None:
    """The registry's SHA-512 takes its place where the registry's SHA-1 is the lock's, which is told."""
    registry = Registry()
    serve_node(registry)

    good = answer(node(algorithm="sha1"), registry)
    bad = answer(node(b"tampered", algorithm="sha1"), registry)
    other = answer(node(algorithm="sha256"), registry)

    assert (good.status, {a.compared for a in good.attestations}) == (VERIFIED, {"registry"})
    assert (bad.status, bad.attestations[0].step) == (INVALID, Step.DIGEST)
    assert bad.attestations[0].digest == file("", b"npm", "sha1").hashes[0]
    assert (other.status, other.reason) == (OPEN, "the lock has no digest of pkg:npm/app@1.0.0 that could be attested")


def test_sha1_beside_sha512() -> None:
    """The stronger counts, and the weaker is the same file."""
    registry = Registry()
    serve_node(registry)
    weak, strong = file("app.tgz", b"npm", "sha1").hashes, file("app.tgz", b"npm", "sha512").hashes
    one = replace(node(None), hashes=(*weak, *strong))
    both = replace(node(), distributions=(replace(file("a.tgz", b""), hashes=(*weak, *strong)),), hashes=weak)

    assert [(found.status, found.files) for found in (answer(one, registry), answer(both, registry))] == [
        (VERIFIED, 1),
        (VERIFIED, 1),
    ]


@pytest.mark.parametrize("stated", ["", "sha1-AAAA", "sha512-AAAA", "sha512-?", "no integrity", "md5-x sha512-"])
def test_an_integrity_that_tells_nothing(stated: str) -> None:
    """The evidence is held against the lock all the same."""
    dist = {"integrity": stated, "attestations": {"url": "x", "provenance": {}}}
    http = FakeHttp(
        {
            f"{NPM}/app": {"versions": {"1.0.0": {"dist": dist}}},
            f"{NPM}/-/npm/v1/attestations/app@1.0.0": Response(
                200, authority().npm_attestations("app", "1.0.0", sha512(b"npm"))
            ),
        }
    )

    assert answer(node(), http).status is VERIFIED


# -- evidence --------------------------------------------------------------------------------------------------


def test_a_signature_that_is_wrong() -> None:
    """It refutes, though provenance is in order."""
    registry = Registry()
    serve_node(registry, signed=False)
    signature = authority().npm_signature("app", "1.0.0", integrity(b"another"))
    registry._packages["app"]["versions"]["1.0.0"]["dist"]["signatures"] = [signature]

    found = answer(node(), registry)

    assert (found.status, found.attested) == (INVALID, 1)
    assert found.reason.startswith("pkg:npm/app@1.0.0: signature: ")


def test_keys_that_are_not_known() -> None:
    """A registry's own word cannot be checked, which says nothing of who built it."""
    registry = Registry()
    serve_node(registry)
    serve_node(registry, version="2.0.0", attested=False)

    attested, bare = answer(node(), registry, keys=b""), answer(node(version="2.0.0"), registry, keys=b"")

    assert (attested.status, kinds(attested)) == (
        VERIFIED,
        [("slsa-provenance", "verified"), ("npm-publish", "unsupported"), ("npm-signature", "unsupported")],
    )
    assert (bare.status, kinds(bare)) == (ABSENT, [("npm-signature", "unsupported")])


def test_a_root_that_is_not_known() -> None:
    """Provenance of an instance that is not trusted is refused; the registry's keys are its own."""
    registry = Registry()
    serve_node(registry)

    assert answer(node(), registry, root=b"").status is INVALID


def test_what_the_log_only_promised() -> None:
    """Without a proof it is verified, and unsupported where a proof is demanded."""
    registry = Registry()
    old = authority().npm_attestations(
        "app", "1.0.0", sha512(b"npm"), bundle="0.1", entry="intoto-0.0.2", provenance="0.2"
    )
    registry.add_npm("app", "1.0.0", b"npm", attestations=old)

    promised = answer(node(), registry)
    refused = answer(node(), registry, proof=True)

    assert (promised.status, {str(a.strength) for a in promised.attestations}) == (VERIFIED, {"promise"})
    assert (refused.status, refused.attested) == (UNSUPPORTED, 0)
    assert refused.reason.startswith("pkg:npm/app@1.0.0: log: ")


def test_the_endpoint_is_that_of_the_registry_that_was_asked() -> None:
    """Whatever URL the packument has for it; a version is encoded."""
    dist = {"integrity": integrity(b"npm"), "attestations": {"url": "https://evil.example/", "provenance": {"x": 1}}}
    component = Component(
        purl="pkg:npm/%40acme/app@1.0.0-a%2Bb",
        name="@acme/app",
        version="1.0.0-a+b",
        distributions=node().distributions,
    )
    http = FakeHttp({f"{NPM}/@acme%2Fapp": {"versions": {"1.0.0-a+b": {"dist": dist}}}})

    found = answer(component, http)

    assert (found.status, found.reason) == (OPEN, f"{HOST} answers with status 404, asked for attestations")
    assert [request.url for request in http.requests] == [
        f"{NPM}/@acme%2Fapp",
        f"{NPM}/-/npm/v1/attestations/@acme%2Fapp@1.0.0-a%2Bb",
    ]
    assert [request.limit for request in http.requests] == [64 * 1024 * 1024, 4 * 1024 * 1024]


# -- what came before ------------------------------------------------------------------------------------------


def test_what_is_new_in_a_release() -> None:
    """Published with less than before, with a new dependency, a new script and another repository."""
    registry = Registry()
    serve_node(
        registry,
        b"old",
        version="0.9.0",
        published=OLD,
        trusted_publisher="oidc:1",
        repository="github:acme/app",
        dependencies={"left": "^1"},
    )
    serve_node(
        registry,
        attested=False,
        repository={"type": "git", "url": "git+https://github.com/evil/app.git"},
        dependencies={"left": "^1", "plain-crypto-js": "^4"},
        scripts={"postinstall": "node setup.js"},
    )

    found = answer(node(), registry)

    assert (found.status, found.level) == (ABSENT, PublishLevel.NONE)
    assert found.stronger == EarlierRelease(version="0.9.0", uploaded=OLD, level=PublishLevel.TRUSTED_PUBLISHER)
    assert found.changes == ("new dependency plain-crypto-js", "new install script postinstall")
    assert found.declared == ("git+https://github.com/evil/app.git",)
    assert found.declared_before == ("github:acme/app",)


def test_a_downgrade_that_recorded_evidence_does_not_hide() -> None:
    """What the registry says of the releases before is told beside the proof."""
    registry = Registry()
    serve_node(registry, b"old", version="0.9.0", published=OLD, approver="me")
    serve_node(registry)

    found = answer(node(), registry)

    assert (found.status, found.level) == (VERIFIED, PublishLevel.PROVENANCE)
    assert found.stronger == EarlierRelease(version="0.9.0", uploaded=OLD, level=PublishLevel.STAGED)
