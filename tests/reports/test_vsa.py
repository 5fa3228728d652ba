"""The verification summary of SLSA: the verdict on the files that were scanned, and never more than that."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest

from bomvet.errors import UsageError
from bomvet.model.facts import Facts
from bomvet.model.finding import Assessment, PolicyUsed, Verdict
from bomvet.model.inventory import Inventory
from bomvet.model.provenance import EvidenceKind, ProvenanceAnswer, ProvenanceStatus, Step
from bomvet.model.records import replace
from bomvet.model.result import Input, ScanResult, Target
from bomvet.plugin import RenderOptions, Report, load
from bomvet.provenance.bundles import BundleVerifier
from bomvet.provenance.evidence import Evidence, Expected, Form
from bomvet.provenance.root import read_root
from bomvet.reports.vsa import VSA
from tests.provenance.authority import Authority
from tests.provenance.people import GitHub
from tests.reports import proven, samples
from tests.reports.proven import answer, attestation

POLICY = PolicyUsed(
    source="ci/our policy.toml",
    digest="d" * 64,
    fail_on="high",
    unknown_severity="fail",
    allow_incomplete=False,
    require_components=True,
)
PASSED = samples.result(
    replace(proven.INVENTORY, root=samples.ROOT),
    facts=proven.FACTS,
    target=Target(
        kind="dir",
        name="app",
        inputs=(Input(path="pyproject.toml", sha256="1" * 64), Input(path="uv.lock", sha256="2" * 64)),
        resolved=(Input(path="web/package-lock.json", sha256="3" * 64),),
    ),
    assessment=Assessment(verdict=Verdict.PASSED, policy=POLICY),
)
_DIGEST = {"type": "object", "required": ["sha256"], "properties": {"sha256": {"pattern": "^[0-9a-f]{64}$"}}}
_URI = {"type": "string", "format": "uri"}
#: in-toto's Statement v1 and the fields of the summary, as the specifications have them in words.
SCHEMA = {
    "type": "object",
    "required": ["_type", "subject", "predicateType", "predicate"],
    "additionalProperties": False,
    "properties": {
        "_type": {"const": "https://in-toto.io/Statement/v1"},
        "predicateType": {"const": "https://slsa.dev/verification_summary/v1"},
        "subject": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["digest"],
                "properties": {"name": {"type": "string", "minLength": 1}, "digest": _DIGEST},
            },
        },
        "predicate": {
            "type": "object",
            "required": ["verifier", "resourceUri", "policy", "verificationResult", "verifiedLevels"],
            # Others have to have a URI for a name.
            "additionalProperties": False,
            "patternProperties": {"^urn:": {}},
            "properties": {
                "verifier": {
                    "type": "object",
                    "required": ["id"],
                    "properties": {"id": _URI, "version": {"additionalProperties": {"type": "string"}}},
                },
                "timeVerified": {"type": "string", "format": "date-time"},
                "resourceUri": _URI,
                "policy": {
                    "type": "object",
                    "required": ["uri"],
                    "properties": {"uri": _URI, "digest": _DIGEST, "annotations": {"type": "object"}},
                },
                "inputAttestations": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["digest"],
                        "properties": {"uri": _URI, "name": {"type": "string"}, "digest": _DIGEST},
                    },
                },
                "verificationResult": {"enum": ["PASSED", "FAILED"]},
                "verifiedLevels": {"type": "array", "items": {"$ref": "#/$defs/result"}, "uniqueItems": True},
                "dependencyLevels": {
                    "type": "object",
                    "propertyNames": {"$ref": "#/$defs/result"},
                    "additionalProperties": {"type": "integer", "minimum": 0},
                },
                "slsaVersion": {"pattern": r"^\d+\.\d+$"},
            },
        },
    },
    "$defs": {"result": {"pattern": "^(FAILED|SLSA_BUILD_LEVEL_([0-3]|UNEVALUATED))$"}},
}


def written(result: ScanResult = PASSED) -> Any:
    """The statement as it reads back."""
    return json.loads(VSA.render(result, RenderOptions()))


def predicate(result: ScanResult = PASSED) -> Any:
    """What the statement says."""
    return written(result)["predicate"]


def judged(verdict: Verdict) -> ScanResult:
    """The result with another verdict."""
    return replace(PASSED, assessment=Assessment(verdict=verdict, policy=POLICY))


def faults(document: Any) -> list[str]:
    """What the schema says against it."""
    validator = jsonschema_rs.Draft202012Validator(SCHEMA, validate_formats=True)
    return [f"{'/'.join(map(str, e.instance_path))}: {e.message}" for e in validator.iter_errors(document)]


def test_a_summary_in_full() -> None:
    """Files, verdict, policy, evidence and levels of a scan that passed."""
    document = written()
    assert document == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {"name": "pyproject.toml", "digest": {"sha256": "1" * 64}},
            {"name": "uv.lock", "digest": {"sha256": "2" * 64}},
            {"name": "web/package-lock.json", "digest": {"sha256": "3" * 64}},
        ],
        "predicateType": "https://slsa.dev/verification_summary/v1",
        "predicate": document["predicate"],
    }
    stated = document["predicate"]
    evidence = stated.pop("inputAttestations")
    assert stated == {
        "verifier": {"id": "urn:bomvet:scan", "version": {"bomvet": "0.1.0"}},
        "timeVerified": "2026-11-24T12:00:00Z",
        "resourceUri": "pkg:generic/app@1.0",
        "policy": {
            "uri": "urn:bomvet:policy:ci%2Four%20policy.toml",
            "digest": {"sha256": "d" * 64},
            "annotations": {
                "failOn": "high",
                "unknownSeverity": "fail",
                "allowIncomplete": False,
                "requireComponents": True,
            },
        },
        "verificationResult": "PASSED",
        "verifiedLevels": ["SLSA_BUILD_LEVEL_UNEVALUATED"],
        "dependencyLevels": {
            "SLSA_BUILD_LEVEL_0": 5,
            "SLSA_BUILD_LEVEL_2": 1,
            "SLSA_BUILD_LEVEL_3": 1,
            "SLSA_BUILD_LEVEL_UNEVALUATED": 2,
        },
        "slsaVersion": "1.2",
        "urn:bomvet:verdict": "passed",
    }
    assert sorted(item["digest"]["sha256"][0] for item in evidence) == sorted("12345689ef0")
    assert evidence[:4] == [
        {"digest": {"sha256": "0" * 64}},
        {"digest": {"sha256": "e" * 64}},
        {"name": "attestations/broken-1.whl.provenance", "digest": {"sha256": "9" * 64}},
        {"name": "attestations/liar.sigstore.json", "digest": {"sha256": "f" * 64}},
    ]
    assert evidence[4] == {
        "uri": "https://npm.packages.example/-/npm/v1/attestations/@acme%2ftool@2.0.0",
        "digest": {"sha256": "5" * 64},
    }


@pytest.mark.parametrize("verdict", Verdict)
def test_documents_are_valid(verdict: Verdict) -> None:
    """Every verdict gives a statement of the shape that the specifications demand."""
    assert faults(written(judged(verdict))) == []


def test_the_schema_check_can_fail() -> None:
    """It refuses a statement without subject, a level that is none, and a field that may not be there."""
    document = written()
    document["subject"] = []
    document["predicate"].update({"verifiedLevels": ["SLSA_BUILD_LEVEL_4"], "extra": 1})
    assert len(faults(document)) == 3


@pytest.mark.parametrize(
    ("verdict", "result"),
    [(Verdict.PASSED, "PASSED"), (Verdict.FAILED, "FAILED"), (Verdict.INCOMPLETE, "FAILED")],
)
def test_only_what_passed_has_passed(verdict: Verdict, result: str) -> None:
    """An open question is no pass: the field of the specification says so, and ours which of the two it was."""
    found = predicate(judged(verdict))
    levels = ["SLSA_BUILD_LEVEL_UNEVALUATED"] if result == "PASSED" else ["FAILED"]
    assert (found["verificationResult"], found["verifiedLevels"], found["urn:bomvet:verdict"]) == (
        result,
        levels,
        verdict.value,
    )


def test_where_nobody_asked_nothing_is_claimed_of_dependencies() -> None:
    """Without provenance there is no count of levels, and there are no attestations."""
    found = predicate(replace(PASSED, facts=Facts()))
    assert found["inputAttestations"] == []
    assert "dependencyLevels" not in found


@pytest.mark.parametrize(
    ("known", "level"),
    [
        (None, "SLSA_BUILD_LEVEL_UNEVALUATED"),
        (answer(ProvenanceStatus.NOT_ESTABLISHED), "SLSA_BUILD_LEVEL_UNEVALUATED"),
        (answer(ProvenanceStatus.UNSUPPORTED), "SLSA_BUILD_LEVEL_UNEVALUATED"),
        (answer(ProvenanceStatus.ABSENT), "SLSA_BUILD_LEVEL_0"),
        (answer(ProvenanceStatus.INVALID, proven.INVALID), "SLSA_BUILD_LEVEL_0"),
        (
            answer(ProvenanceStatus.VERIFIED, attestation(EvidenceKind.SLSA, "1", level="SLSA Build L1")),
            "SLSA_BUILD_LEVEL_1",
        ),
        (
            answer(ProvenanceStatus.VERIFIED, attestation(EvidenceKind.SLSA, "1", level="SLSA Build L9")),
            "SLSA_BUILD_LEVEL_0",
        ),
    ],
)
def test_levels_of_dependencies(known: ProvenanceAnswer | None, level: str) -> None:
    """What is not known is no level, what is not attested is level 0; own projects are no dependencies."""
    asked = {"pkg:pypi/another@1": answer(ProvenanceStatus.ABSENT)}
    facts = Facts(provenance={**asked, **({proven.SILENT.purl: known} if known else {})})
    inventory = Inventory(components=(proven.SILENT, samples.project("member", directory="x")))
    assert predicate(replace(PASSED, inventory=inventory, facts=facts))["dependencyLevels"] == {level: 1}


def test_a_product_without_version_and_a_built_in_policy() -> None:
    """A digest in the place of a version is no part of the name, and the policy has a name without a file."""
    used = replace(POLICY, source="", digest="")
    root = samples.project(version="sha256:12")
    found = predicate(
        replace(PASSED, inventory=Inventory(root=root), assessment=Assessment(verdict=Verdict.PASSED, policy=used))
    )
    assert found["resourceUri"] == "pkg:generic/app"
    assert found["policy"]["uri"] == "urn:bomvet:policy:built-in"
    assert "digest" not in found["policy"]


def test_a_result_without_root_or_policy() -> None:
    """The name of what was scanned stands for it."""
    bare = replace(PASSED, inventory=Inventory(), assessment=Assessment(verdict=Verdict.PASSED))
    found = predicate(bare)
    assert found["resourceUri"] == "pkg:generic/app"
    assert found["policy"] == {"uri": "urn:bomvet:policy:built-in"}
    assert faults(written(bare)) == []


def test_evidence_without_a_digest_is_not_named() -> None:
    """The specification demands a digest of each."""
    known = answer(ProvenanceStatus.VERIFIED, attestation(EvidenceKind.NPM_SIGNATURE, ""))
    assert predicate(replace(PASSED, facts=Facts(provenance={"x": known})))["inputAttestations"] == []


def test_what_was_not_judged_has_no_summary() -> None:
    """Of an SBOM there is no verdict."""
    with pytest.raises(UsageError, match="the format vsa shows findings, and none were looked for"):
        VSA.render(replace(PASSED, assessment=None), RenderOptions())


def test_nothing_read_has_no_summary() -> None:
    """A statement has to be about something."""
    with pytest.raises(UsageError, match="the format vsa is about the files that were read, and there are none"):
        VSA.render(replace(PASSED, target=Target(kind="dir", name="app")), RenderOptions())


def test_order_of_answers_does_not_matter() -> None:
    """The same result gives the same bytes, which end with a line end."""
    turned = Facts(provenance=dict(reversed(list(proven.FACTS.provenance.items()))))
    data = VSA.render(PASSED, RenderOptions())
    assert VSA.render(replace(PASSED, facts=turned), RenderOptions()) == data
    assert data.endswith(b"\n}\n")


def test_a_signed_summary_verifies() -> None:
    """Signed as it is, it is evidence of each of its files, by who signed it, and of no other file."""
    authority = Authority()
    bundle = authority.bundle(VSA.render(PASSED, RenderOptions()), GitHub())
    verifier = BundleVerifier(read_root(authority.root_json(), "root"))
    evidence = Evidence(Form.BUNDLE, bundle, json.dumps(bundle).encode(), "app.vsa.json.sigstore.json")
    found = [
        verifier.judge(evidence, Expected((proven.sha256(digit),), compared="artefact")).attestation for digit in "123a"
    ]
    assert {one.kind for one in found[:3]} == {EvidenceKind.SUMMARY}
    assert [(one.status, one.step) for one in found] == [
        *[(ProvenanceStatus.VERIFIED, None)] * 3,
        (ProvenanceStatus.INVALID, Step.DIGEST),
    ]
    assert found[0].identity
    assert found[0].identity.repository == "https://github.com/acme/app"


@pytest.mark.parametrize("text", ["\udcff/x", "a b%", "https://ada:secret@x.example/y"])
def test_any_text_can_be_written(text: str) -> None:
    """Names that are no UTF-8, and URLs with secrets, neither stop it nor get out."""
    known = answer(ProvenanceStatus.VERIFIED, attestation(EvidenceKind.SLSA, "1", source=text))
    result = replace(
        PASSED,
        facts=Facts(provenance={"x": known}),
        target=replace(PASSED.target, name=text, inputs=(Input(path=text, sha256="1" * 64),)),
        assessment=Assessment(verdict=Verdict.PASSED, policy=replace(POLICY, source=text)),
    )
    assert faults(written(result)) == []
    assert "secret" not in json.dumps(predicate(result)["inputAttestations"])


def test_the_report_is_found_by_its_name() -> None:
    """`-f vsa` finds the report, which says what it writes."""
    report = load("bomvet.reports", "vsa", Report)
    assert report is VSA
    assert (report.media_type, report.extension) == ("application/vnd.in-toto+json", ".vsa.json")
