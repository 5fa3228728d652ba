"""What an index says of the files that a lock states, and what is made of it."""

from __future__ import annotations

from typing import Any

import pytest

from bomvet.enrichers._provenance_pypi import declared
from bomvet.model.inventory import Component, Distribution, Hash
from bomvet.model.provenance import EarlierRelease, ProvenanceStatus, PublishLevel, Step
from bomvet.model.records import replace
from bomvet.plugin import Response
from tests.enrichers.provenance_world import (
    SDIST,
    SIMPLE,
    WHEEL,
    answer,
    authority,
    file,
    python,
    serve_python,
    sha256,
)
from tests.harness import FakeHttp
from tests.provenance.registry import PYPI, Registry

ABSENT, OPEN = ProvenanceStatus.ABSENT, ProvenanceStatus.NOT_ESTABLISHED
INVALID, UNSUPPORTED, VERIFIED = ProvenanceStatus.INVALID, ProvenanceStatus.UNSUPPORTED, ProvenanceStatus.VERIFIED
HOST = "pypi.packages.example"
BOTH = python(file(WHEEL, b"wheel"), file(SDIST, b"sdist"))
NULL: dict[str, Any] = {"provenance": None}


def entry(filename: str, data: bytes, **fields: Any) -> dict[str, Any]:
    """A file on a page, of which nothing is said of provenance."""
    url = f"https://files.packages.example/{filename}"
    return {"filename": filename, "url": url, "hashes": {"sha256": sha256(data)}, **fields}


def page(*files: dict[str, Any], **more: Any) -> FakeHttp:
    """An index with one project."""
    return FakeHttp({f"{SIMPLE}/app/": {"meta": {"api-version": "1.4"}, "name": "app", "files": list(files)}, **more})


# -- files of a release ----------------------------------------------------------------------------------------


def test_every_locked_file_has_evidence_of_its_own() -> None:
    """That of the one proves nothing of the other."""
    registry = Registry()
    serve_python(registry, WHEEL, b"wheel")
    serve_python(registry, SDIST, b"sdist")
    serve_python(registry, "app-1.0-cp311-cp311-linux_x86_64.whl", b"not locked", attested=False)

    found = answer(BOTH, registry)

    assert (found.status, found.files, found.attested) == (VERIFIED, 2, 2)
    assert sorted(a.subject for a in found.attestations) == [WHEEL, SDIST]
    assert (found.level, found.stronger) == (PublishLevel.PROVENANCE, None)
    assert registry.asked("^/integrity/") == [
        f"/integrity/app/1.0/{WHEEL}/provenance",
        f"/integrity/app/1.0/{SDIST}/provenance",
    ]


def test_a_file_without_evidence_among_others_that_have_some() -> None:
    """Such a file is what a stolen token adds: the release is not attested, and the reason says which file is not."""
    registry = Registry()
    serve_python(registry, WHEEL, b"wheel")
    serve_python(registry, SDIST, b"sdist", attested=False)

    found = answer(BOTH, registry)

    assert (found.status, found.files, found.attested) == (ABSENT, 2, 1)
    assert found.reason == f"{HOST} has no attestations of {SDIST}"
    assert [a.status for a in found.attestations] == [VERIFIED]
    assert (found.level, found.identity is not None) == (PublishLevel.NONE, True)


def test_nothing_is_attested() -> None:
    """A null on the page is a definite answer; what else is there is not asked for."""
    registry = Registry()
    serve_python(registry, "app-0.9.tar.gz", b"old", version="0.9", uploaded="2026-01-01T00:00:00Z")
    serve_python(registry, WHEEL, b"wheel", attested=False)

    found = answer(python(file(WHEEL, b"wheel")), registry)

    assert (found.status, found.reason) == (ABSENT, f"{HOST} has no attestations of {WHEEL}")
    assert found.stronger == EarlierRelease(
        version="0.9", uploaded="2026-01-01T00:00:00Z", level=PublishLevel.PROVENANCE
    )
    assert len(registry.requests) == 1


def test_an_index_that_does_not_speak_of_provenance() -> None:
    """An older one, or a mirror: nothing is known to be absent."""
    registry = Registry()
    registry.says_provenance = False
    serve_python(registry, WHEEL, b"wheel")

    found = answer(python(file(WHEEL, b"wheel")), registry)

    assert (found.status, found.level) == (OPEN, None)
    assert found.reason == f"{HOST} does not say which files are attested"


def test_reasons_are_told_as_far_as_they_can_be_taken_in() -> None:
    """Three, and how many there are besides."""
    wheels = [f"app-1.0-cp3{n}-abi3-any.whl" for n in range(5)]
    found = answer(
        python(*(file(name, name.encode()) for name in wheels)),
        page(*(entry(name, name.encode(), **NULL) for name in wheels)),
    )

    shown = "; ".join(f"{HOST} has no attestations of app-1.0-cp3{n}-abi3-any.whl" for n in range(3))
    assert (found.status, found.reason) == (ABSENT, f"{shown}; and 2 more")


def test_what_is_locked_by_digest_alone() -> None:
    """As in requirements files: the page tells its name, and the digest is where it is from."""
    registry = Registry()
    serve_python(registry, WHEEL, b"wheel")
    serve_python(registry, SDIST, b"sdist", attested=False)
    digests = tuple(Hash(algorithm="sha256", value=sha256(data)) for data in (b"wheel", b"sdist", b"gone"))

    one = answer(python(hashes=digests[:1], registry=""), registry)
    two = answer(python(hashes=digests[:2], registry=""), registry)
    three = answer(python(hashes=digests, registry=""), registry)

    assert (one.status, one.level, one.attestations[0].subject) == (VERIFIED, PublishLevel.PROVENANCE, WHEEL)
    assert (two.status, two.attested) == (ABSENT, 1)
    assert (three.status, three.attested) == (OPEN, 1)
    assert three.reason == f"{HOST} has no file of the digest of the file with sha256 {sha256(b'gone')[:16]}..."


# -- digests ---------------------------------------------------------------------------------------------------


def test_a_tampered_artefact() -> None:
    """The lock has another digest than the registry that it names has for this file: one finding, nothing fetched."""
    registry = Registry()
    serve_python(registry, WHEEL, b"wheel")

    found = answer(python(file(WHEEL, b"tampered")), registry)

    assert (found.status, found.attested, len(registry.requests)) == (INVALID, 0, 1)
    (only,) = found.attestations
    assert (only.step, only.compared) == (Step.DIGEST, "lock")
    assert only.digest == Hash(algorithm="sha256", value=sha256(b"wheel"))
    assert only.reason == f"{HOST} has {WHEEL} with another digest than the lock"
    assert found.reason == f"{WHEEL}: digest: {only.reason}"


def test_a_tampered_artefact_beside_one_that_is_not() -> None:
    """The one that is there shows where the other is from, though nothing else says so."""
    registry = Registry()
    serve_python(registry, WHEEL, b"wheel")
    serve_python(registry, SDIST, b"sdist")

    found = answer(python(file(WHEEL, b"wheel"), file(SDIST, b"tampered"), registry=""), registry)

    assert (found.status, found.attested) == (INVALID, 1)
    assert [str(a.status) for a in found.attestations] == ["verified", "invalid"]


def test_another_package_of_the_name() -> None:
    """Where nothing says that the package is from there, nobody is accused, and nothing is told of the other."""
    registry = Registry()
    serve_python(registry, "app-0.9.tar.gz", b"old", version="0.9", uploaded="2026-01-01T00:00:00Z")
    serve_python(registry, WHEEL, b"public", attested=False)

    found = answer(python(file(WHEEL, b"private"), registry=""), registry)

    assert (found.status, found.attestations, found.level, found.stronger) == (OPEN, (), None, None)
    assert found.reason == f"{HOST} has another {WHEEL}, and nothing says that the locked one is from there"


def test_a_lock_that_has_the_digest_of_another_release() -> None:
    """What gets installed is not what the lock says it is."""
    registry = Registry()
    serve_python(registry, WHEEL, b"wheel")
    serve_python(registry, "app-0.9-py3-none-any.whl", b"vulnerable", version="0.9")

    found = answer(python(hashes=(Hash(algorithm="sha256", value=sha256(b"vulnerable")),)), registry)

    assert found.status is INVALID
    assert found.attestations[0].step is Step.DIGEST
    assert found.attestations[0].reason == "the digest is that of app-0.9-py3-none-any.whl"


def test_names_that_do_not_tell_the_version_beyond_doubt() -> None:
    """Nobody is accused because of a spelling: an egg's version is not told from its tag."""
    egg = "app-1.0-py3.11.egg"
    found = answer(python(file(egg, b"x")), page(entry(egg, b"x", **NULL), entry(WHEEL, b"wheel", **NULL)))

    assert (found.status, found.attestations) == (ABSENT, ())


def test_a_file_that_is_not_there_any_more() -> None:
    """An index lets files be removed: that is no sign of anything."""
    found = answer(python(file(WHEEL, b"wheel")), page(entry(SDIST, b"sdist", **NULL)))

    assert (found.status, found.reason) == (OPEN, f"{HOST} has no file of the digest of {WHEEL}")


def test_a_release_that_is_not_there() -> None:
    """Of it nothing is known."""
    found = answer(python(file(WHEEL, b"wheel")), page(entry("app-0.9.tar.gz", b"old", **NULL)))

    assert (found.status, found.reason, found.registry) == (OPEN, f"{HOST} has no such release", HOST)


def test_a_file_that_another_name_is_locked_for() -> None:
    """Evidence is about a name too."""
    registry = Registry()
    serve_python(registry, WHEEL, b"wheel")

    found = answer(python(file("app-1.0-cp311-cp311-any.whl", b"wheel")), registry)

    assert (found.status, found.attestations[0].step) == (INVALID, Step.SUBJECT)


def without_digest(name: str, *hashes: Hash) -> Component:
    """A file that no attestation can be held against."""
    return python(Distribution(url=f"https://files.packages.example/{name}", hashes=hashes))


def test_a_lock_without_digests() -> None:
    """What holds for every file of the release holds for this; nothing else can be told."""
    attested = {"provenance": f"{PYPI}/integrity/1"}
    component = without_digest(WHEEL)

    none = answer(component, page(entry(WHEEL, b"wheel", **NULL), entry(SDIST, b"sdist", **NULL)))
    some = answer(component, page(entry(WHEEL, b"wheel", **NULL), entry(SDIST, b"sdist", **attested)))
    guess = answer(replace(component, properties=()), page(entry(WHEEL, b"wheel", **NULL)))
    bare = answer(python(), page(entry(WHEEL, b"wheel", **attested)))

    assert (none.status, none.reason) == (ABSENT, f"{HOST} has no attestations of any file of the release")
    assert (some.status, some.reason) == (OPEN, f"the lock has no SHA-256 of {WHEEL}")
    assert (guess.status, guess.reason) == (OPEN, f"the lock has no SHA-256 of {WHEEL}")
    assert (bare.status, bare.reason, bare.files) == (OPEN, "the lock has no SHA-256 of a file", 1)


def test_another_algorithm_is_another_file() -> None:
    """An installer takes a file for any digest that the lock has: each is accounted for."""
    registry = Registry()
    serve_python(registry, WHEEL, b"wheel")
    good, evil = Hash(algorithm="sha256", value=sha256(b"wheel")), Hash(algorithm="sha512", value="00" * 64)

    found = answer(python(hashes=(good, evil)), registry)

    assert (found.status, found.files, found.attested) == (OPEN, 2, 1)
    assert found.reason == "the lock has no SHA-256 of the file with sha512 0000000000000000..."


# -- evidence --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "https://files.packages.example/provenance",
        "http://pypi.packages.example/provenance",
        "https://pypi.packages.example:444/provenance",
        "https://pypi.packages.example@evil.example/provenance",
        "https://user:secret@pypi.packages.example/provenance",
        "https://pypi.packages.example.evil.example/provenance",
        "https://PYPI.packages.example\\@evil.example/provenance",
        "//evil.example/provenance",
        "https://[::1/provenance",
        "file:///etc/passwd",
        "https://pypi.packages.example/pro venance",
        "https://pypi.packages.example/pr\u00f6venance",
        "javascript:alert(1)",
    ],
)
def test_evidence_that_is_elsewhere(url: str) -> None:
    """A page cannot have us knock on other doors, nor have credentials sent there."""
    http = page(entry(WHEEL, b"wheel", provenance=url))

    found = answer(python(file(WHEEL, b"wheel")), http)

    assert (found.status, len(http.requests)) == (OPEN, 1)
    assert found.reason == f"{HOST} has the attestations of {WHEEL} elsewhere, where nobody is asked"


@pytest.mark.parametrize("url", ["/where/ever?it=is", "../../where/ever?it=is", f"{PYPI}/where/ever?it=is"])
def test_evidence_that_is_at_the_same_place(url: str) -> None:
    """The page's URL is asked as it is; it may be relative."""
    where = f"{PYPI}/where/ever?it=is"
    provenance = authority().pypi_provenance(WHEEL, sha256(b"wheel"))
    http = page(entry(WHEEL, b"wheel", provenance=url), **{where: Response(200, provenance)})

    assert answer(python(file(WHEEL, b"wheel")), http).status is VERIFIED
    assert http.requests[1].url == where
    assert [request.limit for request in http.requests] == [64 * 1024 * 1024, 4 * 1024 * 1024, 8 * 1024 * 1024]


def evidence(body: bytes) -> FakeHttp:
    """An index whose evidence is `body`."""
    where = f"{PYPI}/integrity"
    return page(entry(WHEEL, b"wheel", provenance=where), **{where: Response(200, body)})


def test_a_version_that_is_not_known() -> None:
    """It is no accusation."""
    found = answer(python(file(WHEEL, b"wheel")), evidence(b'{"version": 2, "attestation_bundles": []}'))

    assert found.status is UNSUPPORTED
    assert found.reason == (
        f"the evidence of {HOST}: the version of a provenance object is 1, and this is of version 2"
    )


@pytest.mark.parametrize("bundles", [b"[]", b'[{"attestations": []}]'])
def test_evidence_without_any(bundles: bytes) -> None:
    """The page said that there is some."""
    found = answer(python(file(WHEEL, b"wheel")), evidence(b'{"version": 1, "attestation_bundles": ' + bundles + b"}"))

    assert (found.status, found.reason) == (OPEN, f"{HOST} names attestations of {WHEEL}, and has none")


def test_evidence_of_another_file() -> None:
    """A genuine attestation of something else."""
    body = authority().pypi_provenance(WHEEL, sha256(b"another"))
    found = answer(python(file(WHEEL, b"wheel")), evidence(body))

    assert (found.status, found.attestations[0].step) == (INVALID, Step.DIGEST)


def test_evidence_that_says_something_else_about_the_file() -> None:
    """Who signed that it has an SBOM did not say who built it."""
    attestation = authority().pypi_attestation(
        WHEEL, sha256(b"wheel"), predicate_type="https://cyclonedx.org/bom", predicate={}
    )
    document = {"version": 1, "attestation_bundles": [{"attestations": [attestation]}]}
    where = f"{PYPI}/integrity"
    found = answer(python(file(WHEEL, b"wheel")), page(entry(WHEEL, b"wheel", provenance=where), **{where: document}))

    assert (found.status, found.attested, found.attestations[0].status) == (OPEN, 0, VERIFIED)


def test_one_of_two_is_wrong() -> None:
    """The worst counts."""
    one, other = (authority().pypi_attestation(WHEEL, sha256(data)) for data in (b"wheel", b"another"))
    document = {"version": 1, "attestation_bundles": [{"attestations": [one, other]}]}
    where = f"{PYPI}/integrity"
    found = answer(python(file(WHEEL, b"wheel")), page(entry(WHEEL, b"wheel", provenance=where), **{where: document}))

    assert (found.status, found.attested) == (INVALID, 1)


# -- what is declared ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("info", "found"),
    [
        ({"project_urls": {"Source Code": "https://github.com/acme/app"}}, ("https://github.com/acme/app",)),
        (
            {"project_urls": {"Repository": "https://b.example/b", "source": "https://a.example/a", "Docs": "x"}},
            ("https://b.example/b", "https://a.example/a"),
        ),
        ({"project_urls": {"Homepage": "https://github.com/acme/other"}}, ("https://github.com/acme/other",)),
        ({"home_page": "https://github.com/acme/other"}, ("https://github.com/acme/other",)),
        ({"project_urls": {"Homepage": "https://app.example/"}}, ()),
        ({"project_urls": {"Homepage": "github"}}, ()),
        ({"project_urls": {"Source": 7, "Repository": "x" * 301, "Code": ""}}, ()),
        ({"project_urls": None, "home_page": None}, ()),
        ({}, ()),
    ],
)
def test_repositories_that_are_declared(info: dict[str, Any], found: tuple[str, ...]) -> None:
    """By well-known labels; a home page is one where it is at the forge of the certificate's repository."""
    registry = page(
        entry(WHEEL, b"wheel", provenance="/integrity"),
        **{
            f"{PYPI}/integrity": Response(200, authority().pypi_provenance(WHEEL, sha256(b"wheel"))),
            f"{PYPI}/pypi/app/1.0/json": {"info": info},
        },
    )

    assert answer(python(file(WHEEL, b"wheel")), registry).declared == found


@pytest.mark.parametrize("body", [b"", b"[]", b'{"info": []}', b'{"info": {"home_page": 1}}'])
def test_what_is_declared_cannot_be_read(body: bytes) -> None:
    """Then nothing is known to be declared."""
    assert declared(body, "https://github.com/acme/app") == ()


def test_an_index_that_has_no_such_interface() -> None:
    """Its simple index is not called so."""
    component = python(file(WHEEL, b"wheel"), registry="https://mirror.packages.example/index")
    where = "https://mirror.packages.example/index/app/"
    http = FakeHttp(
        {
            where: {"name": "app", "files": [entry(WHEEL, b"wheel", provenance="/integrity")]},
            "https://mirror.packages.example/integrity": Response(
                200, authority().pypi_provenance(WHEEL, sha256(b"wheel"))
            ),
        }
    )

    found = answer(component, http, mirror="https://mirror.packages.example/index")

    assert (found.status, found.declared, len(http.requests)) == (VERIFIED, (), 2)
