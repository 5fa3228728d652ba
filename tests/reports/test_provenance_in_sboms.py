"""Who built the components, as CycloneDX says it: of verified evidence alone, and never more than that evidence."""

from __future__ import annotations

import json
import time
from importlib import resources
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
from lxml import etree

from bomvet.documents.load import read_document
from bomvet.model.diff import Aspect, Difference, compare
from bomvet.model.facts import Facts
from bomvet.model.inventory import Hash, Inventory
from bomvet.model.provenance import Attestation, EvidenceKind, ProvenanceAnswer, ProvenanceStatus, Step
from bomvet.model.publishing import slsa_level
from bomvet.model.records import replace
from bomvet.model.result import ScanResult
from bomvet.plugin import RenderOptions
from bomvet.reports import _provenance
from bomvet.reports.cyclonedx_json import CYCLONEDX_JSON
from bomvet.reports.cyclonedx_xml import CYCLONEDX_XML
from tests.enrichers import provenance_world as world
from tests.provenance.registry import Registry
from tests.reports import proven, samples
from tests.reports.proven import GITHUB, OF_TOOL, OF_WHEEL, TOOL, WHEEL, answer, attestation, sha256
from tests.reports.samples import PROVEN, SPEC_VERSIONS
from tests.reports.schemas import json_faults, xml_faults

if TYPE_CHECKING:
    from collections.abc import Mapping

VERIFIED = ProvenanceStatus.VERIFIED
COMMIT = "c0ffeec0ffeec0ffeec0ffeec0ffeec0ffeec0ff"


def written(result: ScanResult = PROVEN, version: str = "1.6") -> dict[str, Any]:
    """The document as it reads back."""
    document: dict[str, Any] = json.loads(CYCLONEDX_JSON.render(result, RenderOptions(spec_version=version)))
    return document


def component(purl: str, result: ScanResult = PROVEN, version: str = "1.6") -> dict[str, Any]:
    """How one component is written."""
    (found,) = [item for item in written(result, version)["components"] if item["purl"] == purl]
    found_component: dict[str, Any] = found
    return found_component


def properties(item: dict[str, Any]) -> list[tuple[str, str]]:
    """Properties as pairs."""
    return [(p["name"], p["value"]) for p in item.get("properties", ())]


def of_wheel(known: ProvenanceAnswer) -> ScanResult:
    """A result of the wheel alone, of which `known` is known."""
    return samples.result(Inventory(components=(WHEEL,)), facts=Facts(provenance={WHEEL.purl: known}))


def references(known: ProvenanceAnswer, version: str = "1.6") -> list[dict[str, Any]]:
    """What the wheel refers to but for its own files."""
    found: list[dict[str, Any]] = component(WHEEL.purl, of_wheel(known), version)["externalReferences"][2:]
    return found


# -- external references ---------------------------------------------------------------------------------------


def test_a_component_in_full() -> None:
    """Evidence, commit and run of a package of two files: each once, with digests and where they are from."""
    item = component(WHEEL.purl)
    folder = "https://pypi.packages.example/integrity/wheel/1.0"
    assert item["externalReferences"][2:] == [
        {
            "type": "attestation",
            "url": f"{folder}/wheel-1.0-py3-none-any.whl/provenance",
            "comment": "pypi-publish",
            "hashes": [{"alg": "SHA-256", "content": "2" * 64}],
        },
        {
            "type": "attestation",
            "url": f"{folder}/wheel-1.0.tar.gz/provenance",
            "comment": "pypi-publish",
            "hashes": [{"alg": "SHA-256", "content": "4" * 64}],
        },
        {
            "type": "attestation",
            "url": f"{folder}/wheel-1.0-py3-none-any.whl/provenance",
            "comment": "https://slsa.dev/provenance/v1",
            "hashes": [{"alg": "SHA-256", "content": "1" * 64}],
        },
        {
            "type": "attestation",
            "url": f"{folder}/wheel-1.0.tar.gz/provenance",
            "comment": "https://slsa.dev/provenance/v1",
            "hashes": [{"alg": "SHA-256", "content": "3" * 64}],
        },
        {
            "type": "vcs",
            "url": f"git+https://github.com/acme/wheel@{COMMIT}",
            "comment": "attested by the certificate",
        },
        {
            "type": "build-meta",
            "url": "https://github.com/acme/wheel/actions/runs/5/attempts/1",
            "comment": "attested by the certificate",
        },
    ]
    assert properties(item) == [
        ("bomvet:provenance:status", "verified"),
        ("bomvet:provenance:registry", "pypi.packages.example"),
        ("bomvet:provenance:level", "provenance"),
        ("bomvet:provenance:attested-files", "2 of 2"),
        ("bomvet:provenance:repository", "https://github.com/acme/wheel"),
        ("bomvet:provenance:repository-id", "1234"),
        ("bomvet:provenance:commit", COMMIT),
        ("bomvet:provenance:ref", "refs/tags/v1.0"),
        ("bomvet:provenance:workflow", ".github/workflows/release.yml"),
        ("bomvet:provenance:trigger", "push"),
        ("bomvet:provenance:runner", "github-hosted"),
        ("bomvet:provenance:issuer", "https://token.actions.githubusercontent.com"),
        ("bomvet:provenance:builder", GITHUB.builder),
        ("bomvet:provenance:log-index", "42"),
        ("bomvet:provenance:log-time", "2026-01-02T03:04:05Z"),
        ("bomvet:provenance:log-strength", "proof"),
        ("bomvet:provenance:slsa", "consistent with SLSA Build L2"),
        ("bomvet:identity:status", "as-locked"),
        ("bomvet:identity:expected-by", "bomvet.identities.toml:3"),
    ]


@pytest.mark.parametrize(
    ("version", "types", "comments"),
    [
        ("1.4", {"other", "vcs", "build-meta"}, {"attestation: npm-publish", "digital-signature: npm-signature"}),
        ("1.5", {"attestation", "other", "vcs", "build-meta"}, {"npm-publish", "digital-signature: npm-signature"}),
        ("1.6", {"attestation", "digital-signature", "vcs", "build-meta"}, {"npm-publish", "npm-signature"}),
        ("1.7", {"attestation", "digital-signature", "vcs", "build-meta"}, {"npm-publish", "npm-signature"}),
    ],
)
def test_types_of_references_by_version(version: str, types: set[str], comments: set[str]) -> None:
    """A type that a version does not know is `other`, and the comment says which it is."""
    found = component(TOOL.purl, version=version)["externalReferences"]
    assert {item["type"] for item in found} == types
    assert comments < {item["comment"] for item in found}


def test_recorded_evidence_has_a_name_and_no_url() -> None:
    """A file is no URL: the evidence is named by its digest, and the comment says where it was recorded."""
    (first, *_) = component(proven.LIAR.purl)["externalReferences"]
    assert first == {
        "type": "attestation",
        "url": "ni:///sha-256;__________________________________________8",
        "comment": "https://slsa.dev/provenance/v1, recorded in attestations/liar.sigstore.json",
        "hashes": [{"alg": "SHA-256", "content": "f" * 64}],
    }


def test_the_digest_in_a_name_is_that_of_rfc_6920() -> None:
    """The example of RFC 6920, section 8.1, has the digest of `Hello World!`."""
    digest = "7f83b1657ff1fc53b92dc18148a1d65dfc2d4b1fa3d677284addd200126d9069"
    one = replace(attestation(EvidenceKind.SLSA, "1"), bundle=digest, source="x", identity=None)
    assert references(answer(VERIFIED, one))[0]["url"] == "ni:///sha-256;f4OxZX_x_FO5LcGBSKHWXfwtSx-j1ncoSt3SABJtkGk"


def test_evidence_without_url_and_digest_is_no_reference() -> None:
    """Nothing is invented where there is nothing to refer to."""
    nameless = attestation(EvidenceKind.SLSA, "", source="x.json", identity=None)
    assert references(answer(VERIFIED, nameless)) == []


def test_evidence_of_a_digest_that_is_none_has_no_hash() -> None:
    """The schema takes digests alone."""
    odd = replace(attestation(EvidenceKind.SLSA, "1"), bundle="G" * 64, source="https://a.example/b", identity=None)
    assert references(answer(VERIFIED, odd)) == [
        {"type": "attestation", "url": "https://a.example/b", "comment": "https://slsa.dev/provenance/v1"}
    ]


def test_secrets_in_urls_are_cut() -> None:
    """A registry's URL with a password does not stand in the document."""
    one = attestation(EvidenceKind.SLSA, "1", source="https://ada:secret@pypi.packages.example/x", identity=None)
    assert references(answer(VERIFIED, one))[0]["url"] == "https://pypi.packages.example/x"
    assert b"secret" not in CYCLONEDX_JSON.render(of_wheel(answer(VERIFIED, one)), RenderOptions())


def test_a_repository_without_commit_is_a_plain_url() -> None:
    """The form with a commit needs one; what is no URL is no reference at all."""
    who = replace(GITHUB, commit="", run="none")
    found = references(answer(VERIFIED, attestation(EvidenceKind.SLSA, "", identity=who)))
    assert found == [
        {"type": "vcs", "url": "https://github.com/acme/wheel", "comment": "attested by the certificate"},
    ]


@pytest.mark.parametrize("purl", [c.purl for c in (proven.BROKEN, proven.FOREIGN, proven.STRANGER, proven.SILENT)])
def test_refused_evidence_is_referred_to_nowhere(purl: str) -> None:
    """Neither what is invalid nor what is unsupported lends the component a reference, a hash or an identity."""
    item = component(purl)
    assert item.keys().isdisjoint({"externalReferences", "hashes"})
    names = {"status", "reason", "registry", "level", "attested-files"}
    assert {name for name, _ in properties(item)} <= {f"bomvet:provenance:{name}" for name in names}


# -- hashes ----------------------------------------------------------------------------------------------------


def test_attested_digests_stand_once() -> None:
    """The attested digests are those of the lock, which stand there already."""
    assert component(WHEEL.purl)["hashes"] == [
        {"alg": "SHA-256", "content": "a" * 64},
        {"alg": "SHA-256", "content": "b" * 64},
    ]


def test_an_attested_digest_that_the_lock_lacks_is_added() -> None:
    """Of a package without hashes the attested digest is one, whatever its algorithm."""
    one = attestation(EvidenceKind.SLSA, "1", digest=sha256("9"), compared="registry")
    two = attestation(EvidenceKind.SLSA, "2", digest=Hash(algorithm="sha224", value="9" * 56))
    item = component(WHEEL.purl, of_wheel(answer(VERIFIED, one, one, two)))
    assert item["hashes"][2:] == [{"alg": "SHA-256", "content": "9" * 64}]
    assert ("bomvet:hash", f"sha224:{'9' * 56}") in properties(item)


# -- properties ------------------------------------------------------------------------------------------------


def test_what_is_known_of_others() -> None:
    """A definite answer, an open question, an account, a partial answer and a lie are told apart."""
    found = {c.purl: dict(properties(component(c.purl))) for c in proven.INVENTORY.components}
    status = {purl: named["bomvet:provenance:status"] for purl, named in found.items()}
    assert status == {
        TOOL.purl: "verified",
        WHEEL.purl: "verified",
        proven.BROKEN.purl: "invalid",
        proven.SILENT.purl: "absent",
        proven.UNHEARD.purl: "not-established",
        proven.FOREIGN.purl: "unsupported",
        proven.LIAR.purl: "verified",
        proven.HALF.purl: "absent",
        proven.STRANGER.purl: "identity-mismatch",
    }
    assert found[proven.UNHEARD.purl] == {
        "bomvet:provenance:status": "not-established",
        "bomvet:provenance:reason": "pypi.packages.example answered 503",
        "bomvet:provenance:attested-files": "0 of 1",
        "bomvet:identity:status": "not-compared",
        "bomvet:identity:expected-by": "bomvet.identities.toml",
    }
    assert found[proven.HALF.purl] == {
        "bomvet:provenance:status": "absent",
        "bomvet:provenance:reason": "half-1.tar.gz has no attestation",
        "bomvet:provenance:attested-files": "1 of 2",
        "bomvet:provenance:issuer": "https://accounts.google.com",
        "bomvet:provenance:subject": "robot@acme.iam.gserviceaccount.com",
        "bomvet:provenance:log-index": "42",
        "bomvet:provenance:log-time": "once",
        "bomvet:provenance:log-strength": "proof",
    }
    lie = found[proven.LIAR.purl]
    assert lie["bomvet:provenance:contradiction"] == "repository https://github.com/acme/other"
    assert "bomvet:provenance:slsa" not in lie


def test_a_changed_identity_says_what_changed() -> None:
    """Each field with what was locked and what is proved now."""
    assert [pair for pair in properties(component(TOOL.purl)) if pair[0].startswith("bomvet:identity:")] == [
        ("bomvet:identity:status", "changed"),
        ("bomvet:identity:expected-by", "bomvet.identities.toml:9"),
        ("bomvet:identity:changed", "repository: https://github.com/acme/tool -> x"),
        ("bomvet:identity:changed", "workflow: - -> .github/workflows/release.yml"),
    ]


def test_an_expected_identity_without_answer_is_not_compared() -> None:
    """Where nobody looked, nothing is as it was locked."""
    facts = replace(proven.FACTS, provenance={})
    found = properties(component(WHEEL.purl, replace(PROVEN, facts=facts)))
    assert found[0] == ("bomvet:identity:status", "not-compared")


def test_the_trust_root_stands_once() -> None:
    """It is that of the run, not of a component."""
    assert properties(written()["metadata"]) == [("bomvet:provenance:trust-root", f"sha256:{'7' * 64}")]


def _level(*attestations: Attestation, **fields: Any) -> str:
    return slsa_level(answer(fields.pop("status", VERIFIED), *attestations, **fields))


def test_a_level_is_that_of_the_worst_file() -> None:
    """A file counts by its best evidence; one that is merely published takes the level from all."""
    low = attestation(EvidenceKind.SLSA, "1", digest=sha256("a"), level="SLSA Build L2")
    high = attestation(EvidenceKind.SLSA, "2", digest=sha256("b"), level="SLSA Build L3")
    published = attestation(EvidenceKind.PYPI_PUBLISH, "3", digest=sha256("c"))
    signed = attestation(EvidenceKind.NPM_SIGNATURE, "4", digest=sha256("d"))
    assert _level(low, high, signed) == "SLSA Build L2"
    assert _level(replace(low, digest=high.digest), high) == "SLSA Build L3"
    assert _level(high, published) == ""
    assert _level(high, replace(published, digest=high.digest)) == "SLSA Build L3"
    assert _level(signed) == ""
    assert _level(high, replace(low, contradictions=("x",))) == ""
    assert _level(high, files=2, attested=1) == ""
    assert _level(high, files=1, attested=1, status=ProvenanceStatus.ABSENT) == ""


@pytest.mark.parametrize("known", [OF_WHEEL, OF_TOOL, *proven.OTHERS.values()])
def test_the_strongest_evidence_is_that_of_the_identity(known: ProvenanceAnswer) -> None:
    """The log entry that is told is that of the certificate that is told."""
    one = known.strongest
    assert (one.identity if one else None) == known.identity


# -- declarations ----------------------------------------------------------------------------------------------


def test_claims() -> None:
    """A claim for what is verified, a counter-claim for what is refused, none for what is absent or unsupported."""
    claims = {item["bom-ref"]: (item["target"], item["predicate"]) for item in written()["declarations"]["claims"]}
    built = f"built from https://github.com/acme/wheel at {COMMIT} by .github/workflows/release.yml"
    assert claims == {
        f"bomvet:claim#{TOOL.purl}": (
            TOOL.purl,
            f"{built}, on a github-hosted runner, consistent with SLSA Build L3",
        ),
        f"bomvet:claim#{WHEEL.purl}": (
            WHEEL.purl,
            f"{built}, on a github-hosted runner, consistent with SLSA Build L2",
        ),
        "bomvet:claim#pkg:pypi/liar@1": ("pkg:pypi/liar@1", f"{built}, on a github-hosted runner"),
        "bomvet:claim#pkg:pypi/half@1": (
            "pkg:pypi/half@1",
            (
                "published by robot@acme.iam.gserviceaccount.com of https://accounts.google.com, "
                "which says nothing of its build, for 1 of its 2 locked files"
            ),
        ),
        "bomvet:counter-claim#pkg:pypi/broken@1": (
            "pkg:pypi/broken@1",
            "slsa-provenance refused at the step signature: the signature is not that of the certificate's key",
        ),
        "bomvet:counter-claim#pkg:pypi/liar@1": (
            "pkg:pypi/liar@1",
            "slsa-provenance contradicts its certificate: repository https://github.com/acme/other",
        ),
        "bomvet:counter-claim#pkg:pypi/stranger@1": (
            "pkg:pypi/stranger@1",
            "signature refused at the step identity: identity-mismatch",
        ),
    }


@pytest.mark.parametrize(
    ("known", "claim"),
    [
        (
            answer(VERIFIED, attestation(EvidenceKind.SLSA, "1", identity=proven.ACCOUNT, level="")),
            "built by robot@acme.iam.gserviceaccount.com of https://accounts.google.com",
        ),
        (
            answer(VERIFIED, attestation(EvidenceKind.SIGNATURE, "1", identity=proven.ACCOUNT)),
            (
                "signed by robot@acme.iam.gserviceaccount.com of https://accounts.google.com, "
                "which says nothing of its build"
            ),
        ),
        (
            answer(VERIFIED, attestation(EvidenceKind.SLSA, "1", identity=replace(GITHUB, commit="", workflow=""))),
            "built from https://github.com/acme/wheel, on a github-hosted runner, consistent with SLSA Build L2",
        ),
        (
            answer(VERIFIED, attestation(EvidenceKind.PYPI_PUBLISH, "1", identity=replace(GITHUB, runner=""))),
            (
                f"published from https://github.com/acme/wheel at {COMMIT} by .github/workflows/release.yml, "
                "which says nothing of its build"
            ),
        ),
    ],
)
def test_what_is_claimed(known: ProvenanceAnswer, claim: str) -> None:
    """No more is claimed than the certificate says."""
    (found,) = written(of_wheel(known))["declarations"]["claims"]
    assert found["predicate"] == claim


def test_files_of_different_makers() -> None:
    """Where the files of a component are not from one place, the claim says so."""
    wheel = attestation(EvidenceKind.SLSA, "1", digest=sha256("a"), source="a", identity=replace(GITHUB, runner=""))
    again = attestation(EvidenceKind.PYPI_PUBLISH, "2", digest=sha256("a"), source="a")
    source = attestation(EvidenceKind.PYPI_PUBLISH, "3", digest=sha256("b"), source="b", identity=proven.ACCOUNT)
    assert _provenance.claimed(answer(VERIFIED, source, again, wheel, files=2, attested=2)) == (
        f"built from https://github.com/acme/wheel at {COMMIT} by .github/workflows/release.yml; "
        "published by robot@acme.iam.gserviceaccount.com of https://accounts.google.com, "
        "which says nothing of its build"
    )


@pytest.mark.parametrize("kind", [EvidenceKind.SBOM, EvidenceKind.SUMMARY, EvidenceKind.OTHER])
def test_who_signs_a_document_about_it_did_not_make_it(kind: EvidenceKind) -> None:
    """An SBOM of a component may be anybody's: it is referred to, and makes neither a source nor a claim."""
    document = written(of_wheel(answer(ProvenanceStatus.ABSENT, attestation(kind, "1", source="https://a.example/b"))))
    assert "declarations" not in document
    assert [item["type"] for item in document["components"][0]["externalReferences"][2:]] == ["attestation"]


def test_a_refused_digest_is_not_called_that_of_the_lock() -> None:
    """The evidence says which digest it attests, which is just not the one that was locked."""
    wrong = replace(proven.INVALID, step=Step.DIGEST, reason="another file", digest=sha256("9"))
    document = written(of_wheel(answer(ProvenanceStatus.INVALID, wrong)))
    (found,) = document["declarations"]["evidence"]
    assert f", invalid, sha256:{'9' * 64}, recorded in " in found["description"]
    assert document["components"][0]["hashes"] == [
        {"alg": "SHA-256", "content": "a" * 64},
        {"alg": "SHA-256", "content": "b" * 64},
    ]


def test_what_a_registry_signs_proves_nobody() -> None:
    """Keys of npm sign what it serves: that is a reference, and no claim of who built it."""
    signed = [
        attestation(kind, "1", identity=None, source="https://npm.packages.example/x")
        for kind in (EvidenceKind.NPM_SIGNATURE, EvidenceKind.NPM_PUBLISH)
    ]
    document = written(of_wheel(answer(ProvenanceStatus.ABSENT, *signed)))
    assert "declarations" not in document
    assert [item["type"] for item in document["components"][0]["externalReferences"][2:]] == [
        "attestation",
        "digital-signature",
    ]


def test_evidence_and_what_it_supports() -> None:
    """Evidence has what it rests on; claims and counter-claims are told apart, and no signature is claimed."""
    found = written()["declarations"]
    by_ref = {item["bom-ref"]: item for item in found["evidence"]}
    assert found.keys() == {"assessors", "attestations", "claims", "evidence"}
    assert found["assessors"] == [{"bom-ref": "assessor:bomvet", "organization": {"name": "bomvet 0.1.0 (automated)"}}]
    (stated,) = found["attestations"]
    assert stated["summary"].startswith("Evidence of who built or published 4 of 9 components was verified: ")
    assert (stated["assessor"], stated["map"]) == (
        "assessor:bomvet",
        [
            {
                "claims": [f"bomvet:claim#{c.purl}" for c in (TOOL, proven.HALF, proven.LIAR, WHEEL)],
                "counterClaims": [
                    f"bomvet:counter-claim#{c.purl}" for c in (proven.BROKEN, proven.LIAR, proven.STRANGER)
                ],
            }
        ],
    )
    assert by_ref[f"bomvet:evidence#{TOOL.purl}#2"] == {
        "bom-ref": f"bomvet:evidence#{TOOL.purl}#2",
        "propertyName": "bomvet:provenance:status",
        "description": "slsa-provenance (https://slsa.dev/provenance/v1), verified, about pkg:npm/%40acme/tool@2.0.0, "
        f"sha512:{'c' * 128} as in the lock, log entry 42 (promise), trusted root sha256:{'7' * 64}",
        "data": [
            {
                "name": f"sha256:{'5' * 64}",
                "contents": {"url": "https://npm.packages.example/-/npm/v1/attestations/@acme%2ftool@2.0.0"},
            }
        ],
        "created": "2026-01-02T03:04:05Z",
    }
    # What a refused one says of the log is not established.
    assert by_ref["bomvet:evidence#pkg:pypi/broken@1#0"] == {
        "bom-ref": "bomvet:evidence#pkg:pypi/broken@1#0",
        "propertyName": "bomvet:provenance:status",
        "description": "slsa-provenance (https://slsa.dev/provenance/v1), invalid, "
        f"recorded in attestations/broken-1.whl.provenance, trusted root sha256:{'7' * 64}",
        "data": [
            {
                "name": f"sha256:{'9' * 64}",
                "contents": {"url": "ni:///sha-256;mZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZk"},
            }
        ],
    }


def test_a_signature_of_a_registry_rests_on_its_key() -> None:
    """Which is no trusted root, and stands with the evidence alone."""
    (found,) = [item for item in written()["declarations"]["evidence"] if "npm-signature" in item["description"]]
    assert found["description"] == f"npm-signature, verified, sha512:{'c' * 128} as in the lock, key sha256:{'4' * 64}"


def test_evidence_without_a_digest_is_called_by_its_kind() -> None:
    """It has a URL, and nothing to name it by."""
    one = attestation(EvidenceKind.SIGNATURE, "", source="https://a.example/b", compared="")
    (found,) = written(of_wheel(answer(VERIFIED, replace(one, digest=sha256("a")))))["declarations"]["evidence"]
    assert found["data"] == [{"name": "signature", "contents": {"url": "https://a.example/b"}}]
    assert found["description"].startswith(f"signature, verified, sha256:{'a' * 64}, log entry 42")


def test_every_reference_leads_somewhere() -> None:
    """Targets are components, evidence and claims are there, and what is there is used."""
    document = written()
    found = document["declarations"]
    evidence = [
        ref for claim in found["claims"] for ref in (*claim.get("evidence", ()), *claim.get("counterEvidence", ()))
    ]
    claims = [ref for refs in found["attestations"][0]["map"][0].values() for ref in refs]
    assert {claim["target"] for claim in found["claims"]} <= {item["bom-ref"] for item in document["components"]}
    assert set(evidence) == {item["bom-ref"] for item in found["evidence"]}
    assert sorted(claims) == sorted(item["bom-ref"] for item in found["claims"])


@pytest.mark.parametrize(
    ("known", "version"),
    [
        ({WHEEL.purl: OF_WHEEL}, "1.4"),
        ({WHEEL.purl: OF_WHEEL}, "1.5"),
        ({proven.SILENT.purl: proven.OTHERS[proven.SILENT.purl]}, "1.6"),
        ({proven.FOREIGN.purl: proven.OTHERS[proven.FOREIGN.purl]}, "1.6"),
        ({"pkg:pypi/vanished@1": OF_WHEEL}, "1.6"),
        ({}, "1.7"),
    ],
)
def test_without_claims_there_are_no_declarations(known: Mapping[str, ProvenanceAnswer], version: str) -> None:
    """Neither before 1.6, nor where nothing was verified or refused, nor of what is no component."""
    assert "declarations" not in written(replace(PROVEN, facts=Facts(provenance=known)), version)


def test_only_counter_claims() -> None:
    """Where all evidence is refused there is no claim, and the map says so."""
    known = {proven.BROKEN.purl: proven.OTHERS[proven.BROKEN.purl]}
    (stated,) = written(replace(PROVEN, facts=Facts(provenance=known)))["declarations"]["attestations"]
    assert stated["map"] == [{"counterClaims": ["bomvet:counter-claim#pkg:pypi/broken@1"]}]


def test_declarations_in_xml() -> None:
    """The XML has them last, as elements of the schema's names; that it says the same another test holds."""
    root = etree.fromstring(CYCLONEDX_XML.render(PROVEN, RenderOptions()))
    namespace = {"b": "http://cyclonedx.org/schema/bom/1.6"}
    assert root[-1].tag.endswith("}declarations")
    (claim,) = root.findall(f".//b:claims/b:claim[@bom-ref='bomvet:claim#{WHEEL.purl}']", namespace)
    assert [(child.tag.rpartition("}")[2], child.text[-2:]) for child in claim] == [
        ("target", ".0"),
        ("predicate", "L2"),
        ("evidence", "#0"),
        ("evidence", "#1"),
        ("evidence", "#2"),
        ("evidence", "#3"),
    ]
    assert len(root.findall(".//b:map/b:counterClaims/b:counterClaim", namespace)) == 3


def test_items_of_declarations_are_lines() -> None:
    """A change of a claim is a change of one line, as of a component."""
    lines = [line.strip().rstrip(b",") for line in CYCLONEDX_JSON.render(PROVEN, RenderOptions()).split(b"\n")]
    for items in written()["declarations"].values():
        for item in items:
            assert json.dumps(item, separators=(",", ":")).encode() in lines


# -- the whole -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", SPEC_VERSIONS)
def test_documents_are_valid(version: str) -> None:
    """In JSON and XML, whatever of it the version can say."""
    options = RenderOptions(spec_version=version)
    assert json_faults(written(version=version)) == []
    assert xml_faults(CYCLONEDX_XML.render(PROVEN, options), version) == []


def test_order_of_answers_does_not_matter() -> None:
    """Attestations that came in another order give the same bytes."""
    turned = {
        purl: replace(known, attestations=known.attestations[::-1])
        for purl, known in reversed(list(proven.FACTS.provenance.items()))
    }
    again = replace(PROVEN, facts=replace(PROVEN.facts, provenance=turned))
    assert CYCLONEDX_JSON.render(again, RenderOptions()) == CYCLONEDX_JSON.render(PROVEN, RenderOptions())


def test_the_result_goes_there_and_back() -> None:
    """The JSON form of a result keeps answers and identities as they are."""
    assert ScanResult.from_dict(json.loads(json.dumps(PROVEN.to_dict()))) == PROVEN


def test_the_result_follows_its_schema() -> None:
    """The schema that is shipped knows answers and identities, all fields of them."""
    schema = json.loads(resources.files("bomvet.reports").joinpath("scan-result.schema.json").read_bytes())
    assert [e.message for e in jsonschema_rs.Draft202012Validator(schema).iter_errors(PROVEN.to_dict())] == []


def test_our_own_document_reads_back() -> None:
    """Digests, files and components are those that were written, and nothing in it is unknown."""
    found = read_document(CYCLONEDX_JSON.render(PROVEN, RenderOptions()), "app.cdx.json")
    assert found
    assert found.inventory.unknowns == ()
    by_purl = {item.purl: item for item in found.inventory.components}
    assert [(by_purl[c.purl].hashes, by_purl[c.purl].distributions) for c in (WHEEL, TOOL)] == [
        (c.hashes, c.distributions) for c in (WHEEL, TOOL)
    ]


def test_a_result_and_its_sbom_are_no_different() -> None:
    """`bomvet diff` takes who built a component from either, and finds the same in both."""
    result = json.dumps(PROVEN.to_dict()).encode()
    sides = [read_document(data, "x.json") for data in (result, CYCLONEDX_JSON.render(PROVEN, RenderOptions()))]
    assert sides[0]
    assert sides[1]
    found = compare(sides[0], sides[1], tool="1")
    assert [(change.name, change.differences) for change in found.changes] == [
        # The SBOM has the attested digests, which their lock lacks.
        (name, (Difference(aspect=Aspect.HASHES, after=(f"sha256:{digit * 64}",)),))
        for name, digit in (("half", "e"), ("liar", "d"))
    ]
    assert found.not_compared == ()


def test_answers_of_real_evidence() -> None:
    """Evidence that an instance of sigstore made, verified against its root, gives the claims and valid documents."""
    registry = Registry()
    world.serve_python(registry, world.WHEEL, b"wheel", build=True)
    world.serve_node(registry, name="@acme/app")
    components = (world.python(world.file(world.WHEEL, b"wheel")), world.node(name="@acme/app"))
    answers, _ = world.run(*components, http=registry.http())
    found = samples.result(Inventory(components=components), facts=Facts(provenance=answers))
    document = written(found)

    claim = (
        f"built from https://github.com/acme/app at {'a' * 40} by .github/workflows/release.yml, "
        "on a github-hosted runner, consistent with SLSA Build L2"
    )
    assert [(item["target"], item["predicate"]) for item in document["declarations"]["claims"]] == [
        ("pkg:npm/%40acme/app@1.0.0", claim),
        ("pkg:pypi/app@1.0", claim),
    ]
    kinds = [[ref["type"] for ref in item["externalReferences"]] for item in document["components"]]
    assert kinds == [
        ["distribution", "attestation", "digital-signature", "attestation", "vcs", "build-meta"],
        ["distribution", "attestation", "attestation", "vcs", "build-meta"],
    ]
    assert [len(item["hashes"]) for item in document["components"]] == [1, 1]
    assert json_faults(document) == []
    assert xml_faults(CYCLONEDX_XML.render(found, RenderOptions()), "1.6") == []


def _many(count: int) -> ScanResult:
    """A result of `count` packages like the wheel."""
    components = tuple(replace(WHEEL, purl=f"pkg:pypi/wheel-{n}@1.0", name=f"wheel-{n}") for n in range(count))
    facts = Facts(provenance={c.purl: OF_WHEEL for c in components})
    return samples.result(Inventory(components=components), facts=facts)


def _seconds(result: ScanResult) -> float:
    """The CPU time of one document, the best of three."""
    found = []
    for _ in range(3):
        start = time.process_time()
        CYCLONEDX_JSON.render(result, RenderOptions())
        found.append(time.process_time() - start)
    return min(found)


def test_time_is_linear_in_components() -> None:
    """Four times as many components with provenance take about four times as long."""
    small, large = (_seconds(_many(count)) for count in (1_250, 5_000))
    assert large < 8 * small, (small, large)
