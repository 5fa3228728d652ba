"""OCI layouts: cosign's attestations and signatures, and referrers, that lie beside the image they are of.

Sources: https://github.com/opencontainers/image-spec/blob/main/image-layout.md, cosign's specs/SIGNATURE_SPEC.md,
specs/ATTESTATION_SPEC.md and specs/BUNDLE_SPEC.md.  What BuildKit adds (`application/vnd.in-toto+json`) is signed by
nobody, and is no evidence.

This gathers everything that lies in a layout, whatever it is about, so that it is found by that; what is attached to
one image there is `bomvet.provenance.images`.
"""

from __future__ import annotations

import hashlib
import re
from collections import deque
from typing import TYPE_CHECKING, Any

from bomvet.errors import FileAbsentError, FileUnreadableError
from bomvet.provenance import _json
from bomvet.provenance.evidence import BUNDLE, COSIGN_LAYERS, Evidence, Form

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bomvet.plugin import FileTree

_MOST_MANIFESTS = 2000
_MOST_LAYERS = 200
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})").fullmatch


def evidence_of_layout(
    tree: FileTree, folder: str, source: str, tell: Callable[[str, str], None]
) -> Iterator[Evidence]:
    """What lies in the layout at `folder`; `tell(path, reason)` hears of what cannot be read.

    A manifest that is not there is passed over, since a layout may hold a part of an index.
    """
    top = f"{folder}/" if folder else ""
    index = f"{top}index.json"
    try:
        document = _json.read_object(tree.read(index))
    except (ValueError, FileUnreadableError) as error:
        tell(index, str(error))
        return
    seen: set[str] = set()
    waiting = deque([document])
    while waiting:
        document = waiting.popleft()
        for item in _json.listed(document.get("manifests")):
            digest = _json.text(_json.table(item).get("digest"))
            if digest not in seen and len(seen) < _MOST_MANIFESTS:
                seen.add(digest)
                if manifest := _manifest(tree, top, digest, tell):
                    waiting.append(manifest)
        yield from _layers(tree, top, document, source, tell)
    if len(seen) == _MOST_MANIFESTS:
        tell(index, f"more than {_MOST_MANIFESTS} manifests: the rest was not read")


def _manifest(tree: FileTree, top: str, digest: str, tell: Callable[[str, str], None]) -> dict[str, Any] | None:
    path = _path(top, digest)
    try:
        return _json.read_object(_blob(tree, path)) if path else None
    except FileAbsentError:
        return None
    except (ValueError, FileUnreadableError) as error:
        tell(path, str(error))
        return None


def _layers(
    tree: FileTree, top: str, manifest: dict[str, Any], source: str, tell: Callable[[str, str], None]
) -> Iterator[Evidence]:
    for item in _json.listed(manifest.get("layers"))[:_MOST_LAYERS]:
        layer = _json.table(item)
        kind, path = _json.text(layer.get("mediaType")), _path(top, _json.text(layer.get("digest")))
        if path and (kind in COSIGN_LAYERS or kind.startswith(BUNDLE)):
            try:
                yield _evidence(layer, kind, _blob(tree, path), f"{source}{path}")
            except (ValueError, FileUnreadableError) as error:
                tell(path, str(error))


def _evidence(layer: dict[str, Any], kind: str, raw: bytes, source: str) -> Evidence:
    """A layer with its annotations, or a bundle."""
    if kind in COSIGN_LAYERS:
        stated = _json.table(layer.get("annotations")).items()
        return Evidence(Form.COSIGN, {key: value for key, value in stated if isinstance(value, str)}, raw, source)
    return Evidence(Form.BUNDLE, _json.without_nulls(_json.read_object(raw)), raw, source)


def _path(top: str, digest: str) -> str:
    found = _DIGEST(digest)
    return f"{top}blobs/sha256/{found[1]}" if found else ""


def _blob(tree: FileTree, path: str) -> bytes:
    """The content that the path names; raises `ValueError` where it is another."""
    data = tree.read(path)
    if len(data) > _json.MAX_BUNDLE:
        raise ValueError(f"it has more than {_json.MAX_BUNDLE} bytes")
    if hashlib.sha256(data).hexdigest() != path.rpartition("/")[2]:
        raise ValueError("it does not have the digest that it is named by")
    return data
