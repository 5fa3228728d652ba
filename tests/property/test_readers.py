"""Any document as what a registry says, and as recorded evidence: read, or refused as malformed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bomvet.model.inventory import Hash
from bomvet.provenance import npm, pypi
from bomvet.provenance.documents import evidence_in
from bomvet.provenance.evidence import Evidence
from bomvet.provenance.names import same_name, subject_key
from bomvet.provenance.recorded import Recorded
from tests.harness import MemoryTree

_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.sampled_from(["1.0.0", "u", "QQ=="])
)
_KEYS = st.sampled_from(
    [
        *(
            "version",
            "attestation_bundles",
            "attestations",
            "verification_material",
            "transparency_entries",
            "envelope",
        ),
        *("certificate", "statement", "signature", "bundle", "predicateType", "mediaType", "dsseEnvelope", "payload"),
        *("payloadType", "signatures", "messageSignature", "messageDigest", "verificationMaterial", "verified"),
        *("invalid", "missing", "attestationBundles", "base64Signature", "rekorBundle", "subject", "digest", "layers"),
        *("versions", "time", "dist", "_npmUser", "repository", "scripts", "dependencies", "1.0.0", "0.9.0", "files"),
        *("filename", "upload-time", "provenance", "hashes", "name", "manifests", "integrity", "peerDependenciesMeta"),
    ]
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_KEYS, inner, max_size=5)),
    max_leaves=20,
)
_READERS: tuple[Callable[[bytes, str], Any], ...] = (
    pypi.evidence_of_provenance,
    npm.evidence_of_attestations,
    evidence_in,
)


@pytest.mark.parametrize("reader", _READERS)
@given(value=_VALUES, data=st.binary(max_size=20))
def test_evidence_is_read_or_refused(reader: Callable[[bytes, str], Any], value: Any, data: bytes) -> None:
    """With a `ValueError`, and nothing else."""
    for document in (json.dumps(value).encode(), data):
        try:
            found = reader(document, "u")
        except ValueError:
            continue
        pieces: Sequence[Evidence] = (found,) if isinstance(found, Evidence) else found
        assert all(len(piece.digest) == 64 and piece.source == "u" for piece in pieces)


@given(_VALUES, _VALUES, _VALUES)
def test_a_packument_is_read_or_refused(one: Any, other: Any, times: Any) -> None:
    """Whatever its releases are like."""
    document = {"versions": {"1.0.0": one, "0.9.0": other, "x": one}, "time": times}
    for tried in (document, {**document, "time": {"1.0.0": "2026-01-02", "0.9.0": "2026-01-01", "x": times}}):
        package = npm.read_package(json.dumps(tried).encode())
        for version in ("1.0.0", "0.9.0", "x", "none"):
            package.release(version)
            npm.stronger(package, version)
            npm.changes(package, version, npm.before(package, version))
        assert isinstance(package.vouches, bool)


@given(st.lists(_VALUES, max_size=3), _VALUES)
def test_a_page_of_an_index_is_read_or_refused(files: list[Any], name: Any) -> None:
    """Whatever its files are like."""
    stated = [{"filename": "x-1.0.0.tar.gz", **(file if isinstance(file, dict) else {})} for file in files]
    project = pypi.read_project(json.dumps({"name": name, "files": [*stated, *files]}).encode())
    for version in ("1.0.0", *project.releases):
        pypi.level(project, version)
        pypi.stronger(project, version)


@given(_VALUES, st.sampled_from([".json", ".jsonl", ".sigstore", ".provenance", ".attestation", ".intoto.jsonl"]))
@example({"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "dsseEnvelope": {"payload": "é"}}, ".json")
def test_any_file_is_evidence_or_told_of_or_passed_over(value: Any, suffix: str) -> None:
    """What names promise, and content is not, is told of."""
    text = json.dumps(value)
    for content in (text, f"{text}\n{text}", text[:-1]):
        found = Recorded.read([MemoryTree({f"a{suffix}": content, "image/oci-layout": "", "image/index.json": text})])
        assert len(found.of([Hash(algorithm="sha256", value="0" * 64)], lambda _: True)) <= len(found.evidence)
        if not isinstance(value, dict | list) and suffix not in {".json", ".jsonl"}:
            about = [unknown for unknown in found.unknowns if unknown.location.path == f"project/a{suffix}"]
            assert len(about) >= 1


@given(st.text(max_size=40))
def test_a_name_is_the_same_as_itself(name: str) -> None:
    """Whatever it is; a key is never the key of another form."""
    assert same_name(name)(name)
    assert subject_key(name).startswith(("=", "npm ", "wheel ", "sdist"))
