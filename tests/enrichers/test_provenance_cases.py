"""Files that a lock states, and what the evidence of each comes to; and that a great many are no matter."""

from __future__ import annotations

import time
from typing import Any

import pytest

from bomvet.enrichers._provenance_cases import Artefact, Outcome, cases
from bomvet.model.inventory import Component, Distribution, Hash, Inventory
from bomvet.model.provenance import Attestation, EvidenceKind, ProvenanceStatus, PublisherIdentity, Step
from bomvet.plugin import Proving
from tests.enrichers.provenance_world import (
    SIMPLE,
    answer,
    authority,
    file,
    integrity,
    node,
    proving,
    python,
    run,
    serve_node,
    sha256,
    sha512,
)
from tests.harness import FakeHttp, MemoryTree
from tests.provenance.registry import NPM, Registry

IDENTITY = PublisherIdentity(issuer="https://issuer.example", subject="me@people.example")
INVALID, MISMATCH, OPEN = (
    ProvenanceStatus.INVALID,
    ProvenanceStatus.IDENTITY_MISMATCH,
    ProvenanceStatus.NOT_ESTABLISHED,
)
UNSUPPORTED, ABSENT, VERIFIED = ProvenanceStatus.UNSUPPORTED, ProvenanceStatus.ABSENT, ProvenanceStatus.VERIFIED
SLSA, PUBLISH, OTHER = EvidenceKind.SLSA, EvidenceKind.PYPI_PUBLISH, EvidenceKind.OTHER


def said(kind: EvidenceKind, status: ProvenanceStatus, *, signed: bool = True) -> Attestation:
    """A piece of evidence and what it came to."""
    step = None if status is VERIFIED else Step.LOG
    return Attestation(kind=kind, status=status, identity=IDENTITY if signed else None, step=step, reason=str(status))


@pytest.mark.parametrize(
    ("evidence", "status"),
    [
        ([], ABSENT),
        ([said(SLSA, VERIFIED)], VERIFIED),
        ([said(PUBLISH, VERIFIED)], VERIFIED),
        ([said(SLSA, VERIFIED), said(SLSA, INVALID)], INVALID),
        ([said(SLSA, MISMATCH), said(EvidenceKind.NPM_SIGNATURE, INVALID)], INVALID),
        ([said(SLSA, VERIFIED), said(PUBLISH, MISMATCH)], MISMATCH),
        ([said(SLSA, VERIFIED), said(PUBLISH, OPEN)], OPEN),
        ([said(SLSA, VERIFIED), said(OTHER, UNSUPPORTED)], VERIFIED),
        ([said(OTHER, UNSUPPORTED)], UNSUPPORTED),
        ([said(SLSA, UNSUPPORTED), said(OTHER, OPEN)], OPEN),
        ([said(EvidenceKind.NPM_SIGNATURE, OPEN), said(EvidenceKind.NPM_PUBLISH, UNSUPPORTED)], ABSENT),
        ([said(SLSA, VERIFIED, signed=False)], ABSENT),
        ([said(EvidenceKind.SBOM, VERIFIED), said(OTHER, VERIFIED), said(EvidenceKind.SIGNATURE, VERIFIED)], ABSENT),
        ([said(EvidenceKind.SUMMARY, UNSUPPORTED)], ABSENT),
    ],
)
def test_what_evidence_comes_to(evidence: list[Attestation], status: ProvenanceStatus) -> None:
    """The worst; but only evidence of who built it, by name, proves that or leaves it open."""
    artefact = Artefact(name="app.whl", hashes=(), attestations=evidence, otherwise=Outcome(ABSENT, "none"))

    reason = {VERIFIED: "", ABSENT: "none"}.get(status, f"app.whl: log: {status}")
    assert artefact.outcome == Outcome(status, reason)
    assert artefact.proved == (status is VERIFIED or said(SLSA, VERIFIED) in evidence)


def test_a_reason_without_a_step() -> None:
    """Not every verifier of evidence names one."""
    wrong = Attestation(kind=SLSA, status=MISMATCH, reason="another owner")

    assert Artefact(name="", hashes=(), attestations=[wrong]).outcome == Outcome(MISMATCH, "a file: another owner")


SHA1, ONE, TWO = (
    Hash(algorithm="sha1", value="1" * 40),
    Hash(algorithm="sha256", value="1" * 64),
    Hash(algorithm="sha256", value="2" * 64),
)


def wheel(
    *hashes: Hash, url: str = "https://files.packages.example/a/app-1%2B2-py3-none-any.whl?x=1#y"
) -> Distribution:
    """A file as a lock states it."""
    return Distribution(url=url, hashes=hashes)


NAME = "app-1+2-py3-none-any.whl"


@pytest.mark.parametrize(
    ("files", "loose", "found"),
    [
        ((), (), [("", ())]),
        ((wheel(ONE),), (), [(NAME, (ONE,))]),
        ((wheel(ONE), wheel(ONE, url="mirror/app.whl")), (ONE,), [(NAME, (ONE,))]),
        ((wheel(ONE, url="mirror/download?file=1"), wheel(ONE)), (), [(NAME, (ONE,))]),
        ((wheel(ONE), wheel(TWO)), (), [(NAME, (ONE,)), (NAME, (TWO,))]),
        ((wheel(ONE, TWO),), (), [(NAME, (ONE,)), (NAME, (TWO,))]),
        ((wheel(SHA1, ONE),), (), [(NAME, (SHA1, ONE))]),
        ((wheel(SHA1), wheel(SHA1, ONE)), (), [(NAME, (SHA1, ONE))]),
        ((wheel(ONE), wheel(SHA1)), (), [(NAME, (ONE,)), (NAME, (SHA1,))]),
        ((wheel(ONE), wheel()), (), [(NAME, (ONE,))]),
        ((wheel(SHA1), wheel()), (), [(NAME, (SHA1,))]),
        ((wheel(ONE), wheel(url="b.tar.gz")), (), [(NAME, (ONE,)), ("b.tar.gz", ())]),
        ((wheel(ONE), wheel(url="download?file=1")), (), [(NAME, (ONE,))]),
        ((), (ONE, TWO), [("", (ONE,)), ("", (TWO,))]),
        ((), (ONE, SHA1), [("", (ONE,)), ("", (SHA1,))]),
        ((wheel(),), (), [(NAME, ())]),
    ],
)
def test_files_of_a_lock(
    files: tuple[Distribution, ...], loose: tuple[Hash, ...], found: list[tuple[str, tuple[Hash, ...]]]
) -> None:
    """Every digest that an installer would take a file for is accounted for, once."""
    component = Component(purl="pkg:pypi/app@1", name="app", version="1", distributions=files, hashes=loose)
    (case,) = cases(Inventory(components=(component,)), Proving())

    assert [(artefact.name, artefact.hashes) for artefact in case.artefacts] == found


# -- a great many ----------------------------------------------------------------------------------------------


def many(number: int) -> tuple[Registry, list[Component]]:
    """A registry with so many packages of each ecosystem, none of them attested, each the third of its releases."""
    registry, components = Registry(), []
    for n in range(number):
        data = b"%d" % n
        name = f"app-1.0-{n}-py3-none-any.whl"
        for version in ("0.1", "0.2"):
            registry.add_pypi(f"p{n}", version, f"p{n}-{version}.tar.gz", data + version.encode())
            registry.add_npm(f"n{n}", f"{version}.0", data + version.encode())
        registry.add_pypi(f"p{n}", "1.0", name, data)
        serve_node(registry, data, f"n{n}", attested=False, signed=n % 2 == 0)
        components += [python(file(name, data), name=f"p{n}"), node(data, f"n{n}")]
    return registry, components


def spent(number: int) -> float:
    """Seconds of the processor that so many packages take."""
    registry, components = many(number)
    http = FakeHttp(registry.answers() | {f"{NPM}/n{n}": registry.route(f"{NPM}/n{n}") for n in range(number)})
    begin = time.process_time()
    answers, _ = run(*components, http=http)
    assert len(answers) == 2 * number
    assert len(http.requests) == 2 * number
    return time.process_time() - begin


def test_time_grows_with_the_number_of_packages_and_no_faster() -> None:
    """Two thousand components and a quarter of them; generous, since other things run beside."""
    spent(50)
    assert spent(1000) < 12 * spent(250)


def releases(number: int) -> float:
    """Seconds of the processor that so many releases of one package of each ecosystem take, all of them locked."""
    times = [f"2026-01-01T{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}Z" for n in range(number)]
    archives = [b"%d" % n for n in range(number)]
    versions: dict[str, Any] = {f"1.{n}.0": {"dist": {"integrity": integrity(data)}} for n, data in enumerate(archives)}
    versions["0.0.1"] = {"dist": {"signatures": [{"keyid": "1", "sig": "2"}]}}
    packument = {"versions": versions, "time": {f"1.{n}.0": moment for n, moment in enumerate(times)}}
    files = [
        {"filename": f"app-1.{n}.tar.gz", "hashes": {"sha256": sha256(data)}, "upload-time": moment, "provenance": None}
        for n, (data, moment) in enumerate(zip(archives, times, strict=True))
    ]
    components = [node(data, version=f"1.{n}.0") for n, data in enumerate(archives)]
    components += [python(file(f"app-1.{n}.tar.gz", data), version=f"1.{n}") for n, data in enumerate(archives)]
    http = FakeHttp({f"{NPM}/app": packument, f"{SIMPLE}/app/": {"name": "app", "files": files}})
    begin = time.process_time()
    answers, _ = run(*components, http=http)
    assert {str(found.status) for found in answers.values()} == {"absent"}
    assert len(answers) == 2 * number
    return time.process_time() - begin


def test_time_grows_with_the_number_of_releases_of_one_package_and_no_faster() -> None:
    """A hostile lock may state them all: what came before each is found without going through all others."""
    releases(50)
    assert releases(4000) < 12 * releases(1000)


def test_a_page_with_a_great_many_files() -> None:
    """It is gone through once, and most of it is nobody's business."""
    files = [
        {"filename": f"app-{n}.0.tar.gz", "hashes": {"sha256": sha256(b"%d" % n)}, "url": "x", "provenance": None}
        for n in range(100_000)
    ]
    http = FakeHttp({f"{SIMPLE}/app/": {"name": "app", "files": files}})
    begin = time.process_time()
    found = answer(python(file("app-7.0.tar.gz", b"7"), version="7.0"), http)

    assert found.status is ABSENT
    assert time.process_time() - begin < 10


def test_a_release_with_a_great_many_locked_files() -> None:
    """Each is looked up, and none is compared with all others."""
    names = [f"app-1.0-{n}-py3-none-any.whl" for n in range(3000)]
    files = [
        {"filename": name, "hashes": {"sha256": sha256(b"served " + name.encode())}, "url": "x", "provenance": None}
        for name in names
    ]
    http = FakeHttp({f"{SIMPLE}/app/": {"name": "app", "files": files}})
    begin = time.process_time()
    found = answer(python(*(file(name, name.encode()) for name in names)), http)

    assert (found.status, found.files) == (INVALID, 3000)
    assert time.process_time() - begin < 10


def test_everything_is_recorded() -> None:
    """Evidence is found by what it says to be about, however much of it there is."""
    wheels = [f"p{n}-1.0-py3-none-any.whl" for n in range(40)]
    tree = {f"{name}.provenance": authority().pypi_provenance(name, sha256(name.encode())) for name in wheels}
    tree |= {f"n{n}.json": authority().npm_attestations(f"n{n}", "1.0.0", sha512(b"%d" % n)) for n in range(40)}
    components = [python(file(name, name.encode()), name=name.partition("-")[0]) for name in wheels]
    components += [node(b"%d" % n, f"n{n}") for n in range(40)]

    answers, status = run(*components, means=proving(evidence=(MemoryTree(tree),)))

    assert {str(found.status) for found in answers.values()} == {"verified"}
    assert (len(answers), str(status.status)) == (80, "ok")
