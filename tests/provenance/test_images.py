"""Evidence for an image: everywhere that it may be attached, once each, in registries and in layout folders."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from bomvet.errors import FileAbsentError, NotEstablishedError, UsageError
from bomvet.provenance import images
from bomvet.provenance.evidence import Form
from bomvet.provenance.images import ImageEvidence, evidence_of_image
from bomvet.provenance.layouts import Layout
from bomvet.provenance.oci import Registry, reference
from tests.provenance import faults
from tests.provenance.images import BUNDLE, DSSE, OCI_MANIFEST
from tests.provenance.registry import Registry as Registries

HOST = "images.packages.example"
REPOSITORY = "acme/app"
CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus" / "provenance" / "container" / "slsa-verifier"


@pytest.fixture
def registry() -> Registries:
    """An empty one."""
    return Registries()


def gathered(registry: Registries, tag: str = "1", platform: str = "") -> ImageEvidence:
    """What is found for `acme/app:TAG`."""
    return evidence_of_image(Registry(registry.http(), reference(f"{HOST}/{REPOSITORY}:{tag}")), platform)


def digest(data: bytes) -> str:
    """Its SHA-256."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


# ── registries ──────────────────────────────────────────────────────────────────────────────────


def test_all_places_of_an_image(registry: Registries) -> None:
    """Cosign's two tags and what refers to it; annotations are handed on as they are, but prove no predicate type."""
    at = registry.images.add_image(REPOSITORY, "1")
    notes = {"dev.sigstore.cosign/bundle": "{}", "predicateType": "https://slsa.dev/provenance/v1"}
    registry.images.attach_cosign(REPOSITORY, at, "att", [(notes, b"envelope"), (notes, b"another")])
    registry.images.attach_cosign(REPOSITORY, at, "sig", [({}, b"payload")])
    registry.images.attach_bundle(REPOSITORY, at, b'{"mediaType": "b"}', "https://slsa.dev/provenance/v1")
    found = gathered(registry)

    assert (found.name, found.digest, found.variants) == (f"{HOST}/{REPOSITORY}:1", at, ())
    assert [(e.form, e.raw, e.predicate_type) for e in found.evidence] == [
        (Form.COSIGN, b"envelope", ""),
        (Form.COSIGN, b"another", ""),
        (Form.COSIGN, b"payload", ""),
        (Form.BUNDLE, b'{"mediaType": "b"}', ""),
    ]
    assert (found.evidence[0].document, found.evidence[3].document) == (notes, {"mediaType": "b"})
    assert found.evidence[0].source == f"{HOST}/{REPOSITORY}:1@{digest(b'envelope')}"
    assert (found.unsigned, found.others, found.unknowns) == ((), (), ())


def test_what_is_attached_twice_counts_once(registry: Registries) -> None:
    """By its tag and as a referrer."""
    at = registry.images.add_image(REPOSITORY, "1")
    registry.images.attach_bundle(REPOSITORY, at, b"{}")
    registry.images.attach_bundle(REPOSITORY, at, b"{}", "https://slsa.dev/provenance/v1")

    assert len(gathered(registry).evidence) == 1


def test_an_index_and_its_platforms(registry: Registries) -> None:
    """Both are looked at; what BuildKit left beside them is unsigned, and no platform."""
    amd, arm = (registry.images.add_image(REPOSITORY, layer=layer) for layer in (b"amd", b"arm"))
    at = registry.images.add_index(REPOSITORY, [amd, arm], "1", unsigned=True)
    for subject in (at, amd, arm):
        registry.images.attach_bundle(REPOSITORY, subject, json.dumps({"about": subject}).encode())
    found = gathered(registry)

    assert found.digests == (at, amd, arm)
    assert [v.platform for v in found.variants] == ["linux/amd64", "linux/arm64"]
    assert [e.document["about"] for e in found.evidence] == [at, amd, arm]
    assert [u.partition(" in ")[0] for u in found.unsigned] == ["an attestation"]


def test_one_platform(registry: Registries) -> None:
    """That which is wanted, and the index; one that there is not is told with those that there are."""
    amd, arm = (registry.images.add_image(REPOSITORY, layer=layer) for layer in (b"amd", b"arm"))
    at = registry.images.add_index(REPOSITORY, [amd, arm], "1")

    assert gathered(registry, platform="linux/arm64").digests == (at, arm)
    with pytest.raises(UsageError, match=f"^{HOST}/{REPOSITORY}:1 is not made for linux/riscv64$") as error:
        gathered(registry, platform="linux/riscv64")
    assert error.value.hint == "it is made for linux/amd64, linux/arm64"


def test_predicate_types_of_what_is_unsigned(registry: Registries) -> None:
    """As its annotations tell them."""
    layer = {"mediaType": "application/vnd.in-toto+json", "digest": digest(b"{}"), "size": 2}
    kinds = ("https://spdx.dev/Document", "https://slsa.dev/provenance/v1")
    layers = [{**layer, "annotations": {"in-toto.io/predicate-type": kind}} for kind in kinds]
    said = registry.images.add_manifest(REPOSITORY, {"layers": layers})
    entry = {"digest": said, "size": 1, "annotations": {"vnd.docker.reference.type": "attestation-manifest"}}
    registry.images.add_manifest(REPOSITORY, {"manifests": [entry]}, "1")

    assert gathered(registry).unsigned == (f"https://slsa.dev/provenance/v1, https://spdx.dev/Document in {said}",)


def test_a_registry_without_referrers(registry: Registries) -> None:
    """The tag stands in."""
    at = registry.images.add_image(REPOSITORY, "1")
    registry.images.attach_bundle(REPOSITORY, at, b"{}")
    registry.images.referrers = False

    assert len(gathered(registry).evidence) == 1


def test_an_image_with_nothing_attached(registry: Registries) -> None:
    """Definitely nothing: every place was looked at."""
    registry.images.add_image(REPOSITORY, "1")

    assert gathered(registry)[3:] == ((), (), (), (), True)


def test_an_image_that_is_not_there(registry: Registries) -> None:
    """Nothing can be said of it."""
    with pytest.raises(NotEstablishedError, match=r"^images.packages.example/acme/app:1: .* has no such thing"):
        gathered(registry)


@pytest.mark.parametrize(
    ("pattern", "about"),
    [
        (r".*\.att$", "what cosign attached to {at} as .att: "),
        (r".*\.sig$", "what cosign attached to {at} as .sig: "),
        (r".*/referrers/.*", "what refers to {at}: "),
        (r".*/blobs/.*", "the evidence {blob}: "),
        (r".*/manifests/{attached}", "{attached}, which refers to {at}: "),
    ],
)
@pytest.mark.parametrize("code", [401, 403, 429, 500])
def test_what_fails_leaves_a_question(registry: Registries, pattern: str, about: str, code: int) -> None:
    """Whichever of the questions it is: never does the image look as if it had no evidence."""
    at = registry.images.add_image(REPOSITORY, "1")
    attached = registry.images.attach_bundle(REPOSITORY, at, b"{}")
    places = {"at": at, "attached": attached, "blob": digest(b"{}")}
    registry.faults.add(pattern.replace("{attached}", attached), faults.status(code), always=True)
    found = gathered(registry)

    assert [u.startswith(about.format(**places)) for u in found.unknowns] == [True], found.unknowns


def test_evidence_that_is_gone(registry: Registries) -> None:
    """What is listed and not there is no absence either."""
    at = registry.images.add_image(REPOSITORY, "1")
    registry.images.attach_bundle(REPOSITORY, at, b"{}")
    registry.faults.add(r".*/blobs/.*", faults.status(404), always=True)

    assert gathered(registry).unknowns == (f"the evidence {digest(b'{}')}: {HOST} has no such thing (HTTP 404)",)


def test_what_is_no_evidence(registry: Registries) -> None:
    """Other kinds of layers and of referrers are told, and open no question; unsigned statements are told as such."""
    at = registry.images.add_image(REPOSITORY, "1")
    other = {"mediaType": "application/x", "digest": digest(b"x"), "size": 1}
    unsigned = {"mediaType": "application/vnd.in-toto+json", "digest": digest(b"y"), "size": 1}
    nameless = {"digest": digest(b"z"), "size": 1}
    registry.images.add_manifest(REPOSITORY, {"layers": [other, unsigned, nameless]}, f"{at.replace(':', '-')}.att")
    notation = {"artifactType": "application/vnd.cncf.notary.signature", "digest": digest(b"n"), "size": 1}
    listing = json.dumps({"manifests": [notation]}).encode()
    registry.faults.add(r".*/referrers/.*", faults.says(listing), always=True)
    found = gathered(registry)

    assert found.others == (
        f"application/x in {digest(b'x')}",
        f"something in {digest(b'z')}",
        f"application/vnd.cncf.notary.signature in {digest(b'n')}",
    )
    assert found.unsigned == (f"application/vnd.in-toto+json in {digest(b'y')}",)
    assert (found.evidence, found.unknowns) == ((), ())


def test_bounds(registry: Registries) -> None:
    """Of layers, referrers and platforms; what was not looked at is told."""
    at = registry.images.add_image(REPOSITORY, "1")
    registry.images.attach_cosign(REPOSITORY, at, "att", [({"n": str(n)}, b"layer") for n in range(300)])
    entry = {"artifactType": BUNDLE, "digest": digest(b"gone"), "size": 1}
    listing = json.dumps({"manifests": [entry] * 201}).encode()
    registry.faults.add(r".*/referrers/.*", faults.says(listing), always=True)
    found = gathered(registry)

    assert len(found.evidence) == 256
    assert len(registry.asked(digest(b"gone"))) == 1
    assert found.unknowns[0] == "only the first 256 pieces of evidence were looked at"
    assert found.unknowns[1] == f"only 200 of 201 that refer to {at} were looked at"
    registry.images.add_manifest(REPOSITORY, {"manifests": [{"digest": at, "size": 1}] * 65}, "many")
    assert "only 64 of 65 platforms were looked at" in gathered(registry, "many").unknowns


def test_bounds_of_all_that_is_asked(registry: Registries, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much a registry lists: the number of questions is bounded, and what was left out is told."""
    monkeypatch.setattr(images, "MAX_MANIFESTS", 3)
    monkeypatch.setattr(images, "MAX_PLATFORMS", 2)
    at = registry.images.add_image(REPOSITORY)
    for n in range(5):
        registry.images.attach_bundle(REPOSITORY, at, json.dumps({"n": n}).encode())
    unsigned = {"digest": at, "size": 1, "annotations": {"vnd.docker.reference.type": "attestation-manifest"}}
    entries = [unsigned, unsigned, unsigned, {"digest": at, "size": 1}]
    registry.images.add_manifest(REPOSITORY, {"manifests": entries}, "1")
    found = gathered(registry)

    assert (len(found.evidence), found.unknowns) == (3, ("only the first 3 that are attached were looked at",))
    assert len(registry.asked(f"/manifests/{at}$")) == 2


# ── layout folders ──────────────────────────────────────────────────────────────────────────────


class Folder(dict[str, bytes]):
    """The files of a layout."""

    def add(self, document: Any) -> dict[str, Any]:
        """A blob; gives its descriptor."""
        data = document if isinstance(document, bytes) else json.dumps(document).encode()
        self[f"blobs/{digest(data).replace(':', '/')}"] = data
        return {"digest": digest(data), "size": len(data)}

    def index(self, *entries: dict[str, Any]) -> None:
        """What the folder lists."""
        self["index.json"] = json.dumps({"manifests": entries}).encode()

    def give(self, path: str, limit: int) -> bytes:
        """A file."""
        if path not in self:
            raise FileAbsentError("cannot be read: No such file or directory")
        return self[path][:limit]

    def gathered(self, wanted: str = "") -> ImageEvidence:
        """What is found."""
        return evidence_of_image(Layout(self.give, "image", wanted))


def kind(name: str) -> dict[str, Any]:
    """Annotations as cosign saves them."""
    return {"annotations": {"kind": f"dev.cosignproject.cosign/{name}"}}


def named(name: str) -> dict[str, Any]:
    """A tag."""
    return {"annotations": {"org.opencontainers.image.ref.name": name}}


@pytest.fixture
def folder() -> Folder:
    """An empty one."""
    return Folder()


def attached(folder: Folder, media_type: str = DSSE, data: bytes = b"envelope", **fields: Any) -> dict[str, Any]:
    """A manifest with one layer."""
    return folder.add({"layers": [{**folder.add(data), "mediaType": media_type}], **fields})


def test_what_cosign_saves(folder: Folder) -> None:
    """By their kinds: the image and what is attached to it."""
    image, atts = folder.add({"layers": []}), attached(folder)
    folder.index({**image, **kind("image")}, {**atts, **kind("atts")}, {**attached(folder, data=b"s"), **kind("sigs")})
    found = folder.gathered()

    assert (found.digest, [e.raw for e in found.evidence]) == (image["digest"], [b"envelope", b"s"])


def test_what_others_save(folder: Folder) -> None:
    """Tags, subjects, and the index that stands for what refers to the image."""
    image = folder.add({"layers": []})
    tag = image["digest"].replace(":", "-")
    subject = attached(folder, BUNDLE, b'{"n": 1}', subject=image, artifactType=BUNDLE)
    listed = attached(folder, BUNDLE, b'{"n": 2}', subject=image)
    standing = folder.add({"manifests": [listed]})
    folder.index(
        {**image, **named("1")}, {**attached(folder), **named(f"{tag}.att")}, subject, {**standing, **named(tag)}
    )
    found = folder.gathered()

    assert found.digest == image["digest"]
    assert [e.raw for e in found.evidence] == [b"envelope", b'{"n": 1}', b'{"n": 2}']
    assert found.unknowns == ()


def test_several_images(folder: Folder) -> None:
    """One has to be named, by its tag or its digest."""
    one, two = folder.add({"layers": [], "n": 1}), folder.add({"layers": [], "n": 2})
    folder.index({**one, **named("1")}, two)

    with pytest.raises(UsageError, match=r"^image holds several images: ") as error:
        folder.gathered()
    assert error.value.hint == "oci-dir:PATH:TAG or oci-dir:PATH@DIGEST names one"
    assert folder.gathered("1").digest == one["digest"]
    assert folder.gathered(two["digest"]).digest == two["digest"]
    with pytest.raises(UsageError, match=r"^image holds no such image$"):
        folder.gathered("2")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (None, "index.json cannot be read: No such file or directory"),
        (b"{", "index.json is no index"),
        (b'{"manifests": {}}', "index.json is no index"),
    ],
)
def test_what_is_no_layout(folder: Folder, data: bytes | None, reason: str) -> None:
    """It is told what is wrong with it."""
    if data is not None:
        folder["index.json"] = data

    with pytest.raises(UsageError, match=f"^image is no OCI layout: {reason}$"):
        folder.gathered()


def test_blobs_that_are_not_what_they_are_called(folder: Folder) -> None:
    """The evidence is held against its digest and its size; what is not there is told, and so is a wrong image."""
    image, layer = folder.add({"layers": []}), {**folder.add(b"envelope"), "mediaType": DSSE}
    gone, short = {**layer, "digest": digest(b"gone")}, {**layer, "size": 3}
    huge = {**layer, "size": 5_000_000, "annotations": {"a": "b"}}
    atts = folder.add({"layers": [layer, gone, short, huge, {"digest": "sha256:../../../etc/passwd", "size": 1}]})
    folder.index({**image, **kind("image")}, {**atts, **kind("atts")})
    folder[f"blobs/{layer['digest'].replace(':', '/')}"] = b"tampered"
    wrong = f"image gave other bytes than those of {layer['digest']}"
    path = f"blobs/sha256/{digest(b'gone').removeprefix('sha256:')}"

    assert folder.gathered().unknowns == (
        f"the layers of {atts['digest']}: a descriptor has no digest that is known here",
        f"the evidence {layer['digest']}: {wrong}",
        f"the evidence {digest(b'gone')}: {path} cannot be read: No such file or directory",
        f"the evidence {layer['digest']}: {layer['digest']} has 5,000,000 bytes, of which 4,194,304 are read at most",
    )
    folder[f"blobs/{image['digest'].replace(':', '/')}"] = b"tampered"
    with pytest.raises(NotEstablishedError, match=r"^image: image gave other bytes than those of "):
        folder.gathered()


def test_a_size_that_is_not_that_of_the_bytes(folder: Folder) -> None:
    """Even where the digest holds."""
    image, layer = folder.add({"layers": []}), {**folder.add(b"envelope"), "mediaType": DSSE, "size": 3}
    folder.index({**image, **kind("image")}, {**folder.add({"layers": [layer]}), **kind("atts")})

    assert folder.gathered().unknowns == (
        f"the evidence {layer['digest']}: {layer['digest']} has 8 bytes, and not the 3 that are stated",
    )


def test_a_manifest_that_is_missing_may_have_been_evidence(folder: Folder) -> None:
    """Nobody knows whom it was about."""
    image = folder.add({"layers": [], "mediaType": OCI_MANIFEST})
    other = {"digest": digest(b"gone"), "size": 4, "artifactType": BUNDLE}
    folder.index({**image, "mediaType": OCI_MANIFEST}, other)

    path = f"blobs/sha256/{digest(b'gone').removeprefix('sha256:')}"
    assert folder.gathered().unknowns == (f"{path} cannot be read: No such file or directory",)


def test_an_index_in_a_folder(folder: Folder) -> None:
    """What is attached is found once, however many manifests of the image it is looked for."""
    amd, arm = folder.add({"layers": [], "n": 1}), folder.add({"layers": [], "n": 2})
    index = folder.add({"manifests": [amd, arm]})
    folder.index({**index, **kind("imageIndex")}, {**attached(folder), **kind("atts")})
    found = folder.gathered()

    assert found.digests == (index["digest"], amd["digest"], arm["digest"])
    assert [e.raw for e in found.evidence] == [b"envelope"]


# ── real images ─────────────────────────────────────────────────────────────────────────────────

LAYOUTS = sorted((CORPUS / "gha_generic_container").glob("*/*/index.json")) if CORPUS.is_dir() else []


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not beside the checkout")
def test_real_layouts() -> None:
    """Each has attestations about its index, and the newer ones an unsigned one of BuildKit."""
    unsigned = []
    for path in LAYOUTS:
        folder = Folder({"index.json": path.read_bytes()})
        folder.update({p.relative_to(path.parent).as_posix(): p.read_bytes() for p in path.parent.glob("blobs/*/*")})
        found = folder.gathered()
        unsigned.append(len(found.unsigned))

        assert found.digest == path.parent.with_suffix(".digest").read_text("utf-8").strip()
        assert {e.form for e in found.evidence} == {Form.COSIGN}
        assert (found.others, found.unknowns) == ((), ())
    assert unsigned == [1, 0, 1, 1]
