"""Names of images, `[REGISTRY/]NAME[:TAG][@DIGEST]`, and the digests and descriptors that manifests are made of.

Sources: https://github.com/distribution/reference (the grammar, and what a name without a registry means) and
https://github.com/opencontainers/image-spec/blob/main/descriptor.md.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

# Docker's grammar has one default: a name without a registry is of this one, without a namespace of its `library`.
_DEFAULT, _OFFICIAL = "docker.io", "library"
_DEFAULT_NAMES = ("docker.io", "index.docker.io", "registry-1.docker.io")
#: Where the default registry answers, which is not where its name leads.
_DEFAULT_HOST = "registry-1.docker.io"

_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-fA-F:]+\])(?::[0-9]{{1,5}})?").fullmatch
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"{_PART}(?:/{_PART})*").fullmatch
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}").fullmatch
#: The algorithms that the specification registers, with the length of their hexadecimal form.
_DIGEST = re.compile(r"(?P<algorithm>sha256|sha512):(?P<hex>[0-9a-f]{64}|[0-9a-f]{128})").fullmatch
_LENGTHS = {"sha256": 64, "sha512": 128}
MAX_NAME = 255
_LOOPBACK = re.compile(r"localhost|127(?:\.[0-9]{1,3}){3}|\[::1\]", re.IGNORECASE).fullmatch


class Reference(NamedTuple):
    """An image: `registry` by its name, `repository` in it, and `tag` or `digest`, of which the digest decides."""

    registry: str
    repository: str
    tag: str
    digest: str

    @property
    def base(self) -> str:
        """The URL below which the registry answers for this repository; plain HTTP on this machine alone."""
        host = _DEFAULT_HOST if self.registry == _DEFAULT else self.registry
        return f"{'http' if self.is_local else 'https'}://{host}/v2/{self.repository}"

    @property
    def is_local(self) -> bool:
        """Whether the registry is on this machine, where nobody listens in between."""
        return is_loopback(self.registry)

    @property
    def wanted(self) -> str:
        """What the registry is asked for."""
        return self.digest or self.tag

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.registry}/{self.repository}{tag}{f'@{self.digest}' if self.digest else ''}"


def reference(text: str) -> Reference:
    """What `text` names; the tag `latest` where it has neither tag nor digest.  Raises `ValueError`."""
    rest, at, digest = text.partition("@")
    if at and not is_digest(digest):
        raise ValueError(f"{digest!r} is no digest (sha256:HEX)")
    first, slash, path = rest.partition("/")
    has_registry = bool(slash) and (any(c in first for c in ".:[") or first == "localhost")
    registry, path = (first, path) if has_registry else (_DEFAULT, rest)
    name, _, tag = path.partition(":")
    if not _HOST(registry):
        raise ValueError(f"{registry!r} is no name of a registry")
    registry = _DEFAULT if registry.lower() in _DEFAULT_NAMES else registry
    if registry == _DEFAULT and "/" not in name:
        name = f"{_OFFICIAL}/{name}"
    if not _NAME(name) or len(name) > MAX_NAME:
        raise ValueError(f"{name!r} is no name of an image: lower-case letters, digits and separators")
    if ":" in path and not _TAG(tag):
        raise ValueError(f"{tag!r} is no tag")
    return Reference(registry, name, tag or ("" if digest else "latest"), digest)


def is_loopback(host: str) -> bool:
    """Whether `host`, with or without a port, is this machine by its name alone."""
    return bool(_LOOPBACK(re.sub(r":[0-9]+$", "", host)))


def is_digest(text: str) -> bool:
    """Whether `text` is a digest of an algorithm that is known here."""
    match = _DIGEST(text)
    return bool(match) and len(match["hex"]) == _LENGTHS[match["algorithm"]]  # type: ignore[index]


def has_digest(data: bytes, digest: str) -> bool:
    """Whether `data` is what `digest`, for which `is_digest` holds, was made of."""
    algorithm, _, value = digest.partition(":")
    return hashlib.new(algorithm, data).hexdigest() == value


def digest_of(data: bytes) -> str:
    """SHA-256, as registries name what they hold."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class Descriptor(NamedTuple):
    """What a manifest says of another document; `size` in bytes."""

    digest: str
    size: int
    media_type: str = ""
    artifact_type: str = ""
    annotations: Mapping[str, str] = MappingProxyType({})
    platform: str = ""


def descriptor(value: Any) -> Descriptor:
    """What `value`, of a JSON document, describes; raises `ValueError` where it is no descriptor."""
    entry = value if isinstance(value, dict) else {}
    digest, size = entry.get("digest"), entry.get("size")
    if not isinstance(digest, str) or not is_digest(digest):
        raise ValueError("a descriptor has no digest that is known here")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise ValueError(f"the descriptor of {digest} has no size")
    annotations = entry.get("annotations")
    pairs = annotations.items() if isinstance(annotations, dict) else ()
    platform = entry.get("platform")
    return Descriptor(
        digest=digest,
        size=size,
        media_type=_text(entry, "mediaType"),
        artifact_type=_text(entry, "artifactType"),
        annotations={key: text for key, text in pairs if isinstance(text, str)},
        platform=_platform(platform) if isinstance(platform, dict) else "",
    )


def _platform(value: dict[str, Any]) -> str:
    """`linux/arm64/v8`."""
    return "/".join(part for key in ("os", "architecture", "variant") if (part := _text(value, key)))


def _text(entry: dict[str, Any], key: str) -> str:
    value = entry.get(key)
    return value if isinstance(value, str) else ""
