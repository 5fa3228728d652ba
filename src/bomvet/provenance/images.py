"""All evidence for an image, wherever it is attached: cosign's tags, referrers, and what BuildKit leaves unsigned."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from bomvet.errors import NotEstablishedError, UsageError
from bomvet.model.facts import Standing
from bomvet.provenance.evidence import BUNDLE, COSIGN_LAYERS, Evidence, Form
from bomvet.provenance.oci import MAX_REFERRERS, SUFFIXES, Answer, Descriptor, descriptors_of, document_of

if TYPE_CHECKING:
    from bomvet.provenance.oci import Store

_ARTIFACTS = (BUNDLE, "application/vnd.dev.cosign.artifact.")
# https://github.com/moby/buildkit/blob/master/docs/attestations/attestation-storage.md
_REFERENCE, _UNSIGNED = "vnd.docker.reference.type", "attestation-manifest"
_PREDICATE = "in-toto.io/predicate-type"
MAX_PLATFORMS, MAX_LAYERS, MAX_MANIFESTS = 64, 256, 1000


class Variant(NamedTuple):
    """A manifest of an image for one platform (`linux/arm64`), empty where its index does not say for which."""

    digest: str
    platform: str


class ImageEvidence(NamedTuple):
    """What there is for the image called `name`, whose index or only manifest has `digest`.

    `variants` are the manifests in its index that evidence was looked for as well.  `unsigned` are attestations that
    nobody signed, and `others` what is attached that is no evidence known here; neither counts.  `unknowns` are
    questions that stayed open: while there are some, nobody can say that there is no evidence.  `is_whole` says that
    `variants` are all that were wanted.
    """

    name: str
    digest: str
    variants: tuple[Variant, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    unsigned: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    unknowns: tuple[str, ...] = ()
    is_whole: bool = True

    @property
    def digests(self) -> tuple[str, ...]:
        """What evidence may be about."""
        return (self.digest, *(variant.digest for variant in self.variants))


def evidence_of_image(store: Store, platform: str = "") -> ImageEvidence:
    """The evidence for the image in `store`; of its platforms for `platform` alone, where that is stated.

    Raises `NotEstablishedError` where the image itself is not to be had, and `UsageError` where it is not made for
    `platform`.
    """
    image = store.image()
    if image.standing is not Standing.KNOWN:
        raise NotEstablishedError(f"{store.name}: {image.reason}", hint="check the name, and `docker login` for it")
    gathering = _Gathering(store)
    variants = gathering.variants(image, platform)
    for digest in dict.fromkeys((image.digest, *(variant.digest for variant in variants))):
        gathering.add(digest)
    return ImageEvidence(
        name=store.name,
        digest=image.digest,
        variants=variants,
        evidence=tuple(gathering.evidence.values()),
        unsigned=tuple(dict.fromkeys(gathering.unsigned)),
        others=tuple(dict.fromkeys(gathering.others)),
        unknowns=tuple(dict.fromkeys(gathering.unknowns)),
        is_whole=gathering.is_whole,
    )


class _Gathering:
    """What was found so far; each piece of evidence once, however many ways lead to it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.evidence: dict[tuple[str, str], Evidence] = {}
        self.unsigned: list[str] = []
        self.others: list[str] = []
        self.unknowns: list[str] = []
        self.is_whole = True
        self._seen: set[str] = set()

    def variants(self, image: Answer, platform: str) -> tuple[Variant, ...]:
        """The manifests of the index; what BuildKit put beside them is looked at, and no platform."""
        if "manifests" not in image.document:
            return ()
        listing = descriptors_of(image.document, f"the index {image.digest}")
        self.unknowns += listing.unknowns
        found = []
        for entry in listing.descriptors:
            if entry.annotations.get(_REFERENCE) == _UNSIGNED:
                self._look_at_unsigned(entry)
            else:
                found.append(Variant(entry.digest, entry.platform))
        if platform:
            chosen = [v for v in found if v.platform == platform or v.platform.startswith(f"{platform}/")]
            if not chosen:
                names = ", ".join(sorted({v.platform for v in found if v.platform})) or "none that it names"
                raise UsageError(f"{self._store.name} is not made for {platform}", hint=f"it is made for {names}")
            found = chosen
        if len(found) > MAX_PLATFORMS:
            self.unknowns.append(f"only {MAX_PLATFORMS} of {len(found):,} platforms were looked at")
        self.is_whole = not self.unknowns
        return tuple(found[:MAX_PLATFORMS])

    def _look_at_unsigned(self, entry: Descriptor) -> None:
        """Its predicate types, where it tells them; what nobody signed leaves no question open."""
        if len(self.unsigned) == MAX_PLATFORMS:
            return
        layers = descriptors_of(self._store.manifest(entry.digest).document, "", "layers").descriptors
        types = sorted({layer.annotations[_PREDICATE] for layer in layers if _PREDICATE in layer.annotations})
        self.unsigned.append(f"{', '.join(types) or 'an attestation'} in {entry.digest}")

    def add(self, digest: str) -> None:
        """Everything that is attached to `digest`."""
        self._store.look_ahead(digest)
        for suffix in SUFFIXES:
            answer = self._store.tagged(digest, suffix)
            if answer.standing is Standing.KNOWN:
                self._add_manifest(answer)
            elif answer.standing is Standing.NOT_ESTABLISHED:
                self.unknowns.append(f"what cosign attached to {digest} as .{suffix}: {answer.reason}")
        listing = self._store.referrers(digest)
        self.unknowns += listing.unknowns
        wanted: list[Descriptor] = []
        for entry in listing.descriptors:
            if not entry.artifact_type or entry.artifact_type.startswith(_ARTIFACTS):
                wanted.append(entry)
            else:
                self.others.append(f"{entry.artifact_type} in {entry.digest}")
        if len(wanted) > MAX_REFERRERS:
            self.unknowns.append(f"only {MAX_REFERRERS} of {len(wanted):,} that refer to {digest} were looked at")
        for entry in wanted[:MAX_REFERRERS]:
            self._add_referrer(entry, digest)

    def _add_referrer(self, entry: Descriptor, digest: str) -> None:
        if entry.digest in self._seen:
            return
        if len(self._seen) >= MAX_MANIFESTS:
            self.unknowns.append(f"only the first {MAX_MANIFESTS:,} that are attached were looked at")
            return
        answer = self._store.manifest(entry.digest)
        if answer.standing is Standing.KNOWN:
            self._add_manifest(answer)
        else:
            self._seen.add(entry.digest)
            self.unknowns.append(f"{entry.digest}, which refers to {digest}: {answer.reason}")

    def _add_manifest(self, manifest: Answer) -> None:
        """Its layers, each of which is a piece of evidence."""
        if manifest.digest in self._seen:
            return
        self._seen.add(manifest.digest)
        listing = descriptors_of(manifest.document, f"the layers of {manifest.digest}", "layers")
        self.unknowns += listing.unknowns
        layers = [layer for layer in listing.descriptors if self._is_evidence(layer)]
        room = MAX_LAYERS - len(self.evidence)
        if len(layers) > room:
            self.unknowns.append(f"only the first {MAX_LAYERS} pieces of evidence were looked at")
        for layer, answer in self._answers(layers[:room]):
            if answer.standing is Standing.KNOWN:
                one = _evidence(layer, answer, f"{self._store.name.partition('@')[0]}@{layer.digest}")
                self.evidence.setdefault((layer.digest, repr(sorted(layer.annotations.items()))), one)
            else:
                self.unknowns.append(f"the evidence {layer.digest}: {answer.reason or 'it is not there'}")

    def _answers(self, layers: list[Descriptor]) -> Iterator[tuple[Descriptor, Answer]]:
        yield from zip(layers, self._store.blobs(layers), strict=True)

    def _is_evidence(self, layer: Descriptor) -> bool:
        if layer.media_type in COSIGN_LAYERS or layer.media_type.startswith(BUNDLE):
            return True
        unsigned = layer.media_type == "application/vnd.in-toto+json"
        (self.unsigned if unsigned else self.others).append(f"{layer.media_type or 'something'} in {layer.digest}")
        return False


def _evidence(layer: Descriptor, answer: Answer, source: str) -> Evidence:
    """What annotations say of the predicate is signed by nobody, and left out."""
    if layer.media_type.startswith(BUNDLE):
        return Evidence(Form.BUNDLE, document_of(answer.data), answer.data, source)
    return Evidence(Form.COSIGN, layer.annotations, answer.data, source)
