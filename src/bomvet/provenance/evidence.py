"""Evidence as it came, before anything of it is believed, and what it is held against."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from bomvet.model.inventory import Hash
    from bomvet.model.provenance import Attestation


#: How the media types of sigstore bundles of all versions begin.
BUNDLE = "application/vnd.dev.sigstore.bundle"
#: The layers of cosign's `.att` and `.sig` images: https://github.com/sigstore/cosign/tree/main/specs.
COSIGN_LAYERS = ("application/vnd.dsse.envelope.v1+json", "application/vnd.dev.cosign.simplesigning.v1+json")


class Form(StrEnum):
    """How evidence is written.

    `BUNDLE` is a sigstore bundle, also one that was made of a PEP 740 attestation.  Of `COSIGN` `raw` is a layer of a
    `.sig` or `.att` image and `document` its annotations.
    """

    BUNDLE = "bundle"
    COSIGN = "cosign"


class Evidence(NamedTuple):
    """One attestation; nothing in it is verified.

    `predicate_type` is what its wrapper says of it, empty where there is none that says so; a statement that says
    something else is refused.  `source` is the URL or file that it came from.  `raw` are the bytes as they came.
    """

    form: Form
    document: Mapping[str, Any]
    raw: bytes
    source: str
    predicate_type: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 in hexadecimal, of what it was made of too where that stands in no bytes of its own."""
        return hashlib.sha256(self.raw).hexdigest()


class Expected(NamedTuple):
    """What a statement has to be about: a subject with any of `digests`, by a name that `same_name` takes for it.

    `compared` says where the digests are from: `lock`, `registry` or `artefact`.
    """

    digests: tuple[Hash, ...]
    same_name: Callable[[str], bool] | None = None
    compared: str = "lock"


class Judged(NamedTuple):
    """What verification made of one piece of evidence; `statement` is None where it was refused, or has none."""

    attestation: Attestation
    statement: Mapping[str, Any] | None = None
