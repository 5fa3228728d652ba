"""An image in a folder: an OCI layout, as `cosign save`, skopeo and buildx write it.

Source: https://github.com/opencontainers/image-spec/blob/main/image-layout.md.  Beside the image the index of the
folder holds what is attached: under cosign's `kind`, under the tag that it would have in a registry, or as a manifest
that names its subject.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

from bomvet.errors import FileUnreadableError, UsageError
from bomvet.model.facts import Standing
from bomvet.provenance.oci import (
    MAX_BYTES,
    Answer,
    Descriptor,
    Listing,
    as_manifest,
    checked,
    descriptor,
    descriptors_of,
    document_of,
    of_size,
    too_large,
)

#: At most so many bytes of a file below the folder; raises `FileUnreadableError`.
Read = Callable[[str, int], bytes]

_KIND, _NAME = "kind", "org.opencontainers.image.ref.name"
_COSIGN = "dev.cosignproject.cosign/"
_ATTACHED = {"att": f"{_COSIGN}atts", "sig": f"{_COSIGN}sigs"}


class Layout:
    """The folder called `name`; a `Store`.  `wanted` is a tag or a digest, empty where there is one image alone."""

    def __init__(self, read: Read, name: str, wanted: str = "") -> None:
        self._read, self._wanted = read, wanted
        self.name = name

    @cached_property
    def _index(self) -> Listing:
        """What `index.json` lists; raises `UsageError` where the folder is no layout."""
        try:
            data = self._read("index.json", MAX_BYTES)
        except FileUnreadableError as error:
            raise UsageError(f"{self.name} is no OCI layout: index.json {error}") from None
        document = document_of(data)
        if not isinstance(document.get("manifests"), list):
            raise UsageError(f"{self.name} is no OCI layout: index.json is no index")
        return descriptors_of(document, f"index.json of {self.name}")

    def image(self) -> Answer:
        """The one image; raises `UsageError` where there are several, and nothing says which."""
        images = {d.digest: d for d in self._index.descriptors if self._is_image(d)}
        if self._wanted:
            wanted = [d for d in self._index.descriptors if self._wanted in (d.digest, d.annotations.get(_NAME))]
            images = {d.digest: d for d in wanted}
        if len(images) != 1:
            names = ", ".join(d.annotations.get(_NAME) or digest for digest, d in sorted(images.items()))
            count = f"several images: {names}" if images else "no such image"
            raise UsageError(f"{self.name} holds {count}", hint="oci-dir:PATH:TAG or oci-dir:PATH@DIGEST names one")
        return self.manifest(next(iter(images)))

    def _is_image(self, entry: Descriptor) -> bool:
        kind, name = entry.annotations.get(_KIND, ""), entry.annotations.get(_NAME, "")
        if kind.startswith(_COSIGN):
            return kind.removeprefix(_COSIGN) in ("image", "imageIndex")
        is_attached = name.startswith(("sha256-", "sha512-")) or entry.artifact_type
        return not is_attached and not self.manifest(entry.digest).document.get("subject")

    def manifest(self, digest: str) -> Answer:
        """A manifest of the folder."""
        answer = self._blob(digest)
        return answer if answer.standing is not Standing.KNOWN else as_manifest(answer)

    def blobs(self, descriptors: Sequence[Descriptor]) -> Iterator[Answer]:
        """Each blob."""
        for one in descriptors:
            if one.size > MAX_BYTES:
                yield too_large(one)
            else:
                answer = self._blob(one.digest)
                yield answer if answer.standing is not Standing.KNOWN else of_size(answer, one)

    def _blob(self, digest: str) -> Answer:
        """A file by its digest, which holds no path."""
        path = f"blobs/{digest.replace(':', '/')}"
        try:
            data = self._read(path, MAX_BYTES)
        except FileUnreadableError as error:
            return Answer(Standing.NOT_ESTABLISHED, reason=f"{path} {error}")
        return checked(data, digest, self.name)

    def look_ahead(self, digest: str) -> None:
        """Nothing: a folder answers at once."""

    def tagged(self, digest: str, suffix: str) -> Answer:
        """What cosign attached: it saves one image with what is its own, under a kind and without its digest."""
        tag = f"{digest.replace(':', '-')}.{suffix}"
        for entry in self._index.descriptors:
            if entry.annotations.get(_NAME) == tag or entry.annotations.get(_KIND) == _ATTACHED[suffix]:
                return self.manifest(entry.digest)
        return Answer(Standing.ABSENT)

    def referrers(self, digest: str) -> Listing:
        """Manifests that name it as their subject, and those in the index that stands for them."""
        found: list[Descriptor] = []
        unknowns = list(self._index.unknowns)
        for entry in self._index.descriptors:
            answer = self.manifest(entry.digest)
            if answer.standing is not Standing.KNOWN:
                unknowns.append(answer.reason)
            elif entry.annotations.get(_NAME) == digest.replace(":", "-"):
                listing = descriptors_of(answer.document, f"what refers to {digest}")
                found += listing.descriptors
                unknowns += listing.unknowns
            elif _subject(answer) == digest:
                found.append(entry)
        return Listing(tuple(found), tuple(dict.fromkeys(unknowns)))


def _subject(answer: Answer) -> str:
    try:
        return descriptor(answer.document.get("subject")).digest
    except ValueError:
        return ""
