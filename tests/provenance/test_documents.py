"""Files of evidence: the form is told by what stands in them, and nothing in them is passed over in silence."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bomvet.provenance import documents
from bomvet.provenance.documents import evidence_in
from bomvet.provenance.evidence import Form

BUNDLE = {"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "dsseEnvelope": {}}


def test_a_bundle_keeps_its_bytes() -> None:
    """Its digest is that of the file, or of its line."""
    pretty = json.dumps(BUNDLE, indent=2).encode()
    line = json.dumps(BUNDLE).encode()
    (alone,) = evidence_in(pretty, "b.json")
    two = evidence_in(line + b"\n\n" + line + b"\r\n", "b.jsonl")

    assert (alone.form, alone.document, alone.raw, alone.source) == (Form.BUNDLE, BUNDLE, pretty, "b.json")
    assert [(one.raw, one.source) for one in two] == [(line, "b.jsonl:1"), (line, "b.jsonl:2")]


def test_a_bundle_without_a_media_type() -> None:
    """What verification says of it is its business."""
    assert len(evidence_in(b'{"verificationMaterial": {}, "dsseEnvelope": {}}', "b")) == 1


def test_what_gh_prints() -> None:
    """Each bundle stands beside what was found out of it."""
    listed = [{"attestation": {"bundle": BUNDLE}, "verificationResult": {}}, {"attestation": {"bundle": BUNDLE}}]

    assert [one.document for one in evidence_in(json.dumps(listed).encode(), "b")] == [BUNDLE, BUNDLE]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"mediaType": 3}', "it is not a sigstore bundle, an attestation or provenance of PyPI, or attestations of npm"),
        (b'{"mediaType": "application/json"}', "it is not a sigstore bundle"),
        (b'{"attestation_bundles": 3}', "a provenance object has a version, which this has not"),
        (b'{"verification_material": {}, "envelope": {}}', "an attestation object has a version, which this has not"),
        (b'{"attestations": 3}', "it is not a sigstore bundle"),
        (json.dumps([BUNDLE, 7]).encode(), "only 1 of the 2 documents that it lists are evidence"),
        (b'{"invalid": [], "missing": []}', "it "),
        (b'{"mediaType"', "it is no JSON"),
        (json.dumps(BUNDLE).encode() + b"\n{}", "line 2: it is not a sigstore bundle"),
        (json.dumps(BUNDLE).encode() + b"\nnonsense", "line 2: it is no JSON"),
    ],
)  # fmt: skip
def test_what_is_none(data: bytes, reason: str) -> None:
    """All of a file is evidence, or none of it is."""
    with pytest.raises(ValueError, match=f"^{reason}"):
        evidence_in(data, "b")


def test_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of lines, of a list, and of the whole."""
    monkeypatch.setattr(documents, "MAX_DOCUMENTS", 2)
    with pytest.raises(ValueError, match=r"^it has more than 2 lines$"):
        evidence_in(b"{}\n{}\n{}", "b")
    with pytest.raises(ValueError, match=r"^it lists more than 2 documents$"):
        evidence_in(json.dumps([BUNDLE] * 3).encode(), "b")
    monkeypatch.setattr(documents, "MAX_BYTES", 3)
    with pytest.raises(ValueError, match=r"^it has more than 3 bytes$"):
        evidence_in(b"{}\n{}", "b")


@given(st.one_of(st.binary(max_size=200), st.recursive(st.none() | st.text(), lambda s: st.lists(s) | st.dictionaries(st.text(), s)).map(lambda v: json.dumps(v).encode())))  # fmt: skip
def test_any_file_is_answered(data: bytes) -> None:
    """What is no evidence is refused as a value that is wrong."""
    with pytest.raises(ValueError, match=r"^(it|an? \w+ object|line \d+:) "):
        evidence_in(data, "b")
