"""Whatever registries and folders of evidence hold: an answer for every package, none of them verified."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bomvet.plugin import Response
from tests.enrichers.provenance_world import (
    SIMPLE,
    WHEEL,
    authority,
    file,
    integrity,
    node,
    proving,
    python,
    run,
    sha256,
    sha512,
)
from tests.harness import FakeHttp, MemoryTree
from tests.provenance.registry import NPM, PYPI

WHEEL_PAGE: dict[str, Any] = {
    "meta": {"api-version": "1.4"},
    "name": "app",
    "files": [
        {
            "filename": WHEEL,
            "url": f"https://files.packages.example/{WHEEL}",
            "hashes": {"sha256": sha256(b"wheel")},
            "upload-time": "2026-10-25T12:00:00Z",
            "provenance": f"{PYPI}/integrity",
        }
    ],
}
PACKUMENT: dict[str, Any] = {
    "name": "app",
    "time": {"1.0.0": "2026-10-25T12:00:00Z", "0.9.0": "2026-10-24T12:00:00Z"},
    "versions": {
        "0.9.0": {"dist": {"signatures": [{"keyid": "1", "sig": "2"}]}, "_npmUser": {"approver": {"name": "me"}}},
        "1.0.0": {
            "repository": {"url": "git+https://github.com/acme/app.git"},
            "dependencies": {"left": "^1"},
            "scripts": {"install": "node"},
            "dist": {
                "integrity": integrity(b"npm"),
                "shasum": "00",
                "signatures": [{"keyid": "1", "sig": "2"}],
                "attestations": {"url": f"{NPM}/x", "provenance": {"predicateType": "x"}},
            },
        },
    },
}
ABOUT: dict[str, Any] = {"info": {"project_urls": {"Source": "https://github.com/acme/app"}, "home_page": "x"}}
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=10)
    | st.sampled_from([WHEEL, sha256(b"wheel"), integrity(b"npm"), "1.0.0", "https://evil.example/", "x" * 5000]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths to everything in a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] + [place for key, item in inner for place in places(item, (*path, key))]


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A copy with something else in one place."""
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = changed(value[path[0]], path[1:], new)
    return copy


@st.composite
def spoilt(draw: st.DrawFn, document: Any) -> bytes:
    """A document with junk in some place, or cut off."""
    text = json.dumps(changed(document, draw(st.sampled_from(places(document))), draw(JUNK))).encode()
    return text[: draw(st.integers(0, len(text)))] if draw(st.integers(0, 9)) == 0 else text


PROVENANCE = json.loads(authority().pypi_provenance(WHEEL, sha256(b"another")))
ATTESTATIONS = json.loads(authority().npm_attestations("app", "1.0.0", sha512(b"another")))


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(spoilt(WHEEL_PAGE), spoilt(PACKUMENT), spoilt(PROVENANCE), spoilt(ATTESTATIONS), spoilt(ABOUT))
def test_registries(page: bytes, packument: bytes, provenance: bytes, attestations: bytes, about: bytes) -> None:
    """Evidence of another archive, in documents with junk in them."""
    http = FakeHttp(
        {
            f"{SIMPLE}/app/": Response(200, page),
            f"{NPM}/app": Response(200, packument),
            f"{PYPI}/integrity": Response(200, provenance),
            f"{PYPI}/pypi/app/1.0/json": Response(200, about),
            f"{NPM}/-/npm/v1/attestations/app@1.0.0": Response(200, attestations),
        }
    )

    answers, status = run(node(), python(file(WHEEL, b"wheel")), http=http)

    assert (len(answers), str(status.status)) == (2, "ok")
    assert all(found.status != "verified" and found.reason and not found.attested for found in answers.values())
    assert {request.url.split("/")[2] for request in http.requests} == {"pypi.packages.example", "npm.packages.example"}


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(spoilt(PROVENANCE), spoilt(ATTESTATIONS), st.binary(max_size=50))
def test_folders_of_evidence(provenance: bytes, attestations: bytes, junk: bytes) -> None:
    """The same as files."""
    tree = MemoryTree({"a.provenance": provenance, "b.json": attestations, "c.attestation": junk})

    answers, _ = run(node(), python(file(WHEEL, b"wheel")), means=proving(evidence=(tree,)))

    assert len(answers) == 2
    assert all(found.status != "verified" and found.reason and not found.attested for found in answers.values())
