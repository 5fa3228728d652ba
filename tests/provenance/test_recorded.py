"""Evidence that lies in folders."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest

from bomvet.errors import FileUnreadableError
from bomvet.model.inventory import Hash, Location, Unknown
from bomvet.provenance import _json, recorded
from bomvet.provenance._subjects import claimed
from bomvet.provenance.evidence import Evidence, Form
from bomvet.provenance.names import same_name
from bomvet.provenance.recorded import Recorded
from tests.harness import MemoryTree

ONE, TWO = "1" * 64, "2" * 64
PURL = "pkg:npm/%40acme/widget@1.0.0"
BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"


def sha256(value: str) -> Hash:
    """A digest."""
    return Hash(algorithm="sha256", value=value)


def envelope(*subjects: tuple[str, str]) -> dict[str, Any]:
    """A signed statement about files of these names and digests."""
    stated = {"subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in subjects]}
    payload = base64.b64encode(json.dumps(stated).encode()).decode()
    return {"payload": payload, "payloadType": "application/vnd.in-toto+json", "signatures": [{"sig": "U0lH"}]}


def bundle(*subjects: tuple[str, str]) -> dict[str, Any]:
    """A sigstore bundle of the same."""
    return {"mediaType": BUNDLE_TYPE, "verificationMaterial": {}, "dsseEnvelope": envelope(*subjects)}


def attestation(*subjects: tuple[str, str]) -> dict[str, Any]:
    """An attestation object of PEP 740 of the same."""
    return {
        "version": 1,
        "verification_material": {"certificate": "Q0VSVA==", "transparency_entries": [{}]},
        "envelope": {"statement": envelope(*subjects)["payload"], "signature": "U0lH"},
    }


def read(**files: Any) -> Recorded:
    """What is recorded in one folder; names have `__` for a dot, and contents that are not text become JSON."""
    written = {
        name.replace("__", "."): data if isinstance(data, str | bytes) else json.dumps(data)
        for name, data in files.items()
    }
    return Recorded.read([MemoryTree(written, name="evidence")])


def told(path: str, reason: str, line: int = 0) -> Unknown:
    """What is told of a file."""
    return Unknown(location=Location(path=f"evidence/{path}", line=line), resolver="provenance", reason=reason)


FORMS = {
    "a bundle": ("a__sigstore__json", bundle(("x", ONE))),
    "a bundle without a media type": ("a__json", {"verificationMaterial": {}, "dsseEnvelope": envelope(("x", ONE))}),
    "an attestation object": ("a__attestation", attestation(("x", ONE))),
    "a provenance object": (
        "a__provenance",
        {"version": 1, "attestation_bundles": [{"attestations": [attestation(("x", ONE))]}]},
    ),
    "npm's answer": ("a__json", {"attestations": [{"predicateType": "t", "bundle": bundle(("x", ONE))}]}),
    "GitHub's answer": ("a__json", {"attestations": [{"repository_id": 7, "bundle": bundle(("x", ONE))}]}),
    "npm's audit": (
        "a__json",
        {
            "invalid": [],
            "missing": [],
            "verified": [{"name": "x", "attestationBundles": [{"bundle": bundle(("x", ONE))}]}],
        },
    ),
    "what gh verified": ("a__json", [{"attestation": {"bundle": bundle(("x", ONE))}, "verificationResult": {}}]),
    "a list of bundles": ("a__json", [bundle(("x", ONE)), 7]),
    "lines": ("a__jsonl", f"{json.dumps(bundle(('y', TWO)))}\n\n{json.dumps(bundle(('x', ONE)))}\n"),
}


@pytest.mark.parametrize(("name", "content"), FORMS.values(), ids=FORMS)
def test_evidence_is_known_by_its_content(name: str, content: Any) -> None:
    """And found by the digest that it says to be about, with the file that it is from."""
    found = read(**{name: content})
    (evidence,) = found.of([sha256(ONE)])
    assert evidence.form is Form.BUNDLE
    assert evidence.document["dsseEnvelope"]["payload"] == envelope(("x", ONE))["payload"]
    assert evidence.source == f"evidence/{name.replace('__', '.')}"
    assert found.unknowns == ()


def test_the_digest_of_what_stands_alone_is_that_of_its_bytes() -> None:
    """So that anybody can find the file by it; a line is one such."""
    spaced = json.dumps(attestation(("x", ONE)), indent=1)
    line = json.dumps(bundle(("y", TWO)), indent=None)
    found = read(a__attestation=spaced, b__jsonl=f"{line}\n{{}}\n")
    assert [evidence.raw for evidence in found.evidence] == [spaced.encode(), line.encode()]


def test_a_name_finds_what_has_another_digest() -> None:
    """It follows what has the digest, and is refused later instead of passed over; spellings do not matter."""
    found = read(a__json=bundle((PURL, TWO)), b__json=bundle((PURL, ONE)), c__json=bundle(("pkg:npm/other@1.0.0", TWO)))
    by_digest, by_name = found.evidence[1], found.evidence[0]
    assert found.of([sha256(ONE)]) == (by_digest,)
    assert found.of([sha256(ONE)], same_name("pkg:npm/@acme/widget@1.0.0")) == (by_digest, by_name)
    assert found.of([sha256(ONE)], lambda name: name == PURL) == (by_digest, by_name)
    assert found.of([], same_name("pkg:npm/%40acme/widget@1.0.1")) == ()


def test_one_piece_in_two_files_is_one() -> None:
    """The first file is its source; the same bundle said to be of another type is another piece."""
    answers = [{"attestations": [{"predicateType": kind, "bundle": bundle(("x", ONE))}]} for kind in "aab"]
    found = read(**{f"{n}__json": answer for n, answer in enumerate(answers)})
    assert [(e.source, e.predicate_type) for e in found.evidence] == [
        ("evidence/0.json", "a"),
        ("evidence/2.json", "b"),
    ]


def test_signatures_of_messages_are_found_by_their_digest() -> None:
    """They have no statement; an algorithm that is not known finds nothing."""
    message = {"messageDigest": {"algorithm": "SHA2_256", "digest": base64.b64encode(bytes.fromhex(ONE)).decode()}}
    odd = {"messageDigest": {"algorithm": "SHA3_256", "digest": "AAAA"}}
    found = read(
        a__sigstore={"mediaType": BUNDLE_TYPE, "messageSignature": message},
        b__sigstore={"mediaType": BUNDLE_TYPE, "messageSignature": odd},
    )
    assert found.of([sha256(ONE)]) == found.evidence[:1]
    assert len(found.evidence) == 2


def test_subjects_may_lack_a_name_or_a_digest() -> None:
    """What they have finds them; what is no subject is passed over."""
    stated = [{"digest": {"sha512": "AB", "sha1": 7}}, {"name": "x"}, 7, {"name": "x", "digest": {"sha256": ONE}}]
    payload = base64.b64encode(json.dumps({"subject": stated}).encode()).decode()
    found = read(a__sigstore={"mediaType": BUNDLE_TYPE, "dsseEnvelope": {"payload": payload}})
    assert claimed(found.evidence[0]) == (("x",), ("sha512:ab", f"sha256:{ONE}"))


def test_evidence_without_a_readable_statement_stays_without_being_found() -> None:
    """Verification refuses it; nothing here does."""
    content = {"mediaType": BUNDLE_TYPE, "dsseEnvelope": {"payload": "AAAA"}}
    odd = {"mediaType": BUNDLE_TYPE, "dsseEnvelope": {"payload": "A"}}
    found = read(a__sigstore=content, b__sigstore=odd)
    assert len(found.evidence) == 2
    assert found.of([sha256(ONE)], lambda _: True) == ()


DEEP = '"x": ' + '{"a": ' * 300 + "1" + "}" * 300
UNREADABLE = {
    "no JSON": ("a__sigstore", "{", "it is no JSON"),
    "no evidence": ("a__provenance", "{}", "it is no evidence of a form that is known"),
    "another version": (
        "a__json",
        {"version": 2, "attestation_bundles": []},
        "the version of a provenance object is 1, and this is of version 2",
    ),
    "no bundles in an answer": (
        "a__json",
        {"attestations": [{"bundle": None}]},
        "an attestation has a bundle, which this has not",
    ),
    "a list nested too deep": ("a__json", f"[{json.dumps(bundle())[:-1]}, {DEEP}}}]", "it is nested too deep"),
    "an audit without evidence": (
        "a__json",
        {"invalid": [], "missing": []},
        "it has no list of verified packages: npm has to be given --include-attestations",
    ),
    "a statement alone": (
        "a__intoto__jsonl",
        envelope(("x", ONE)),
        "a signed statement alone has no log entry and no certificate to verify it with",
    ),
    "cosign's old form": (
        "a__json",
        {"base64Signature": "", "rekorBundle": {}},
        "it is of the old form of cosign, which does not say what it is about",
    ),
}


@pytest.mark.parametrize(("name", "content", "reason"), UNREADABLE.values(), ids=UNREADABLE)
def test_evidence_that_cannot_be_read_is_told_of(name: str, content: Any, reason: str) -> None:
    """By its content, or by a name that promises evidence."""
    found = read(**{name: content})
    assert found.evidence == ()
    assert found.unknowns == (told(name.replace("__", "."), reason),)


@pytest.mark.parametrize("content", ["{", "{}", "[]", "[7]", '"x"', '{"attestations": []}', '{"attestations": [7]}'])
def test_other_json_is_passed_over(content: str) -> None:
    """Whatever else lies in the folder, such as SBOMs, whose attestations have another shape."""
    found = read(a__json=content, b__jsonl=f"{content}\n{content}\nlog", README="x")
    assert (found.evidence, found.unknowns) == ((), ())


def test_a_file_alone_is_evidence_whatever_its_name() -> None:
    """As where a user names it: it is read, and told of where it is none."""
    assert len(read(audit=bundle(("x", ONE))).evidence) == 1
    assert read(audit="{").unknowns == (told("audit", "it is no JSON"),)
    assert read(a__json="{}").unknowns == (told("a.json", "it is no evidence of a form that is known"),)


def test_a_bad_line_is_told_of_where_others_are_evidence() -> None:
    """With its number; also where the name promises evidence."""
    found = read(a__jsonl=f"{json.dumps(bundle(('x', ONE)))}\n{{\n{{}}", b__intoto__jsonl="7\n7")
    unknown = "it is no evidence of a form that is known"
    assert len(found.evidence) == 1
    assert found.unknowns == (
        told("a.jsonl", "it is no JSON", 2),
        told("a.jsonl", unknown, 3),
        told("b.intoto.jsonl", unknown, 1),
        told("b.intoto.jsonl", unknown, 2),
    )


def test_a_package_that_npm_itself_refused_is_told_of() -> None:
    """Its evidence is not in the audit; a bad registry signature has none."""
    invalid = [
        {"code": "EATTESTATIONVERIFY", "name": "widget", "version": "1.0.0"},
        {"code": "EINTEGRITYSIGNATURE", "name": "gadget", "version": "1.0.0"},
    ]
    found = read(a__json={"invalid": invalid, "missing": [], "verified": [{"name": "x"}]})
    assert found.evidence == ()
    assert found.unknowns == (told("a.json", "npm refused the attestation of widget@1.0.0"),)


class BrokenTree(MemoryTree):
    """Whose files cannot be read."""

    def read(self, path: str) -> bytes:
        """Never."""
        raise FileUnreadableError(f"{path} is larger than 7 bytes")


def test_a_file_that_cannot_be_read_is_told_of() -> None:
    """It may be evidence, whatever its name; so is what the folder itself could not list."""
    before = told("", "cannot be listed")
    found = Recorded.read([BrokenTree({"a.json": "{}"}, name="evidence", unknowns=(before,))])
    assert found.unknowns == (before, told("a.json", "a.json is larger than 7 bytes"))


def test_folders_without_a_name_have_plain_paths() -> None:
    """Such as the top of a file system."""
    (evidence,) = Recorded.read([MemoryTree({"a.sigstore": json.dumps(bundle())}, name="")]).evidence
    assert evidence.source == "a.sigstore"


def test_limits_are_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of files, of all bytes, of one file, of one bundle, and of lines."""
    many = {f"{n}__sigstore": bundle((str(n), ONE)) for n in range(3)}
    monkeypatch.setattr(recorded, "_MOST_FILES", 2)
    assert read(**many).unknowns == (
        told("2.sigstore", "more than 2 files of evidence: this and the rest was not read"),
    )
    assert len(read(**many).evidence) == 2
    monkeypatch.undo()
    monkeypatch.setattr(recorded, "_MAX_TOTAL", 100)
    assert read(**many).unknowns == (
        told("1.sigstore", "more than 100 bytes of evidence: this and the rest was not read"),
    )
    monkeypatch.undo()
    monkeypatch.setattr(recorded, "MAX_BYTES", 10)
    assert read(a__json=bundle()).unknowns == (told("a.json", "it has more than 10 bytes"),)
    monkeypatch.undo()
    monkeypatch.setattr(_json, "MAX_BUNDLE", 10)
    assert read(a__json=bundle()).unknowns == (told("a.json", "it has more than 10 bytes"),)
    monkeypatch.undo()
    monkeypatch.setattr(recorded, "MAX_DOCUMENTS", 1)
    assert read(a__jsonl="{}\n{}").unknowns == (told("a.jsonl", "it has more than 1 lines"),)


# -- OCI layouts ------------------------------------------------------------------------------------------------------


def layout(*manifests: dict[str, Any], **blobs: Any) -> dict[str, bytes]:
    """A layout in the folder `image`, whose index names `manifests`; `blobs` lie there by their digests."""
    files = {"image/oci-layout": b"{}"}
    for content in (*manifests, *blobs.values()):
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        files[f"image/blobs/sha256/{hashlib.sha256(raw).hexdigest()}"] = raw
    files["image/index.json"] = json.dumps(
        {"manifests": [{"digest": digest(manifest)} for manifest in manifests]}
    ).encode()
    return files


def digest(content: Any) -> str:
    """That of its JSON."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return f"sha256:{hashlib.sha256(raw).hexdigest()}"


DSSE = "application/vnd.dsse.envelope.v1+json"
SIMPLE = "application/vnd.dev.cosign.simplesigning.v1+json"
NOTES = {"dev.sigstore.cosign/certificate": "PEM"}


def of_layout(files: dict[str, bytes]) -> Recorded:
    """What is recorded in it."""
    return Recorded.read([MemoryTree(files, name="evidence")])


def test_cosign_layers_and_referrers_lie_in_a_layout() -> None:
    """Attestations and signatures with their annotations, and bundles; in a nested index too."""
    signed = {
        "critical": {
            "identity": {"docker-reference": "packages.example/widget"},
            "image": {"docker-manifest-digest": f"sha256:{ONE}"},
        }
    }
    att, referrer = envelope(("image", ONE)), bundle(("image", ONE))
    layers = [
        {"mediaType": DSSE, "digest": digest(att), "annotations": NOTES},
        {"mediaType": SIMPLE, "digest": digest(signed)},
        {"mediaType": BUNDLE_TYPE, "digest": digest(referrer)},
        {"mediaType": "application/vnd.in-toto+json", "digest": digest(b"unsigned")},
        7,
    ]
    manifest = {"layers": layers}
    nested = {"manifests": [{"digest": digest(manifest)}, {"digest": digest(b"another platform")}]}
    found = of_layout(layout(nested, att=att, signed=signed, referrer=referrer, manifest=manifest))
    top = "evidence/image/blobs/sha256/"
    assert found.unknowns == ()
    assert found.of([sha256(ONE)]) == (
        Evidence(Form.COSIGN, NOTES, json.dumps(att).encode(), top + digest(att)[7:]),
        Evidence(Form.COSIGN, {}, json.dumps(signed).encode(), top + digest(signed)[7:]),
        Evidence(Form.BUNDLE, referrer, json.dumps(referrer).encode(), top + digest(referrer)[7:]),
    )
    assert found.of([], lambda name: name == "packages.example/widget") == found.evidence[1:2]


def test_layers_of_one_content_and_other_certificates_are_several() -> None:
    """Two signers may have signed the same statement."""
    att = envelope(("image", ONE))
    layers = [{"mediaType": DSSE, "digest": digest(att), "annotations": {"n": str(n)}} for n in (1, 2, 2)]
    assert len(of_layout(layout({"layers": layers}, att=att)).evidence) == 2


def test_annotations_are_text() -> None:
    """What else stands there, such as what is nested too deep to be written, is left out."""
    att = envelope(("image", ONE))
    deep: Any = {}
    for _ in range(300):
        deep = {"a": deep}
    layers = [{"mediaType": DSSE, "digest": digest(att), "annotations": {**NOTES, "n": 7, "deep": deep}}]
    (found,) = of_layout(layout({"layers": layers}, att=att)).evidence
    assert found.document == NOTES


def test_what_is_not_what_it_is_named_by_is_told_of() -> None:
    """A manifest and a layer; a layer that is not there too, while a manifest may be elsewhere."""
    layers = [{"mediaType": DSSE, "digest": f"sha256:{ONE}"}, {"mediaType": DSSE, "digest": f"sha256:{TWO}"}]
    manifest, absent = {"layers": layers}, f"sha256:{'3' * 64}"
    files = layout(manifest) | {f"image/blobs/sha256/{ONE}": b"other", f"image/blobs/sha256/{'4' * 64}": b"{}"}
    stated = [digest(manifest), absent, f"sha256:{'4' * 64}", "md5:7", "sha256:../../x"]
    files["image/index.json"] = json.dumps({"manifests": [{"digest": one} for one in stated]}).encode()
    found = of_layout(files)
    wrong = "it does not have the digest that it is named by"
    assert found.evidence == ()
    assert found.unknowns == (
        told(f"image/blobs/sha256/{'4' * 64}", wrong),
        told(f"image/blobs/sha256/{ONE}", wrong),
        told(f"image/blobs/sha256/{TWO}", "cannot be read: No such file or directory"),
    )


def test_a_bad_index_and_limits_of_layouts_are_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """An index that is no JSON object, too many manifests, a layer that is too large."""
    files = {"oci-layout": b"", "index.json": b"[]"}
    assert of_layout(files).unknowns == (told("index.json", "it is no JSON object"),)
    manifests = [{"layers": [], "n": n} for n in range(3)]
    monkeypatch.setattr("bomvet.provenance._recorded_layouts._MOST_MANIFESTS", 2)
    reason = "more than 2 manifests: the rest was not read"
    assert of_layout(layout(*manifests)).unknowns == (told("image/index.json", reason),)
    monkeypatch.undo()
    monkeypatch.setattr(_json, "MAX_BUNDLE", 300)
    big = b"x" * 301
    manifest = {"layers": [{"mediaType": DSSE, "digest": digest(big)}]}
    assert of_layout(layout(manifest, big=big)).unknowns == (
        told(f"image/blobs/sha256/{digest(big)[7:]}", "it has more than 300 bytes"),
    )
