"""Who built the release before: asked where a release was built from what is not declared, and judged as all else."""

from __future__ import annotations

from typing import Any

import pytest

from bomvet.plugin import Response
from tests.enrichers.provenance_world import APP, SIMPLE, answer, file, node, python, serve_node, serve_python
from tests.provenance import faults
from tests.provenance.people import GitHub
from tests.provenance.registry import Registry

OLD, RENAMED = "2026-06-01T12:00:00.000Z", APP._replace(repository="acme/renamed")
WHEELS = [f"app-{version}-py3-none-any.whl" for version in ("1.0", "2.0")]
AGO, ASKED = "https://github.com/acme/app", "attestations/app@1.0.0"


def of_npm(*, declared: str = "acme/app", **before: Any) -> tuple[Registry, Any]:
    """Two releases, of which the second, which is locked, was built after the repository was renamed."""
    registry = Registry()
    place = {"repository": "https://github.com/acme/app"}
    serve_node(registry, b"old", published=OLD, **{**place, **before})
    serve_node(registry, b"new", version="2.0.0", by=RENAMED, repository=f"https://github.com/{declared}")
    return registry, node(b"new", version="2.0.0")


def of_pypi() -> tuple[Registry, Any]:
    """The same."""
    registry, urls = Registry(), {"Source": AGO}
    serve_python(registry, WHEELS[0], b"old", uploaded=OLD, urls=urls)
    serve_python(registry, WHEELS[1], b"new", version="2.0", by=RENAMED, urls=urls)
    return registry, python(file(WHEELS[1], b"new"), version="2.0")


@pytest.mark.parametrize("declared", ["acme/app", "acme/renamed"])
def test_of_npm(declared: str) -> None:
    """Its own evidence tells, whatever the release at hand declares."""
    registry, component = of_npm(declared=declared)

    found = answer(component, registry)

    assert found.built_before is not None
    assert (found.built_before.repository, found.built_before.repository_id) == (AGO, "1001")
    assert len(registry.asked(ASKED)) == 1
    assert {attestation.source for attestation in found.attestations if "@1.0.0" in attestation.source} == set()


def test_of_pypi() -> None:
    """The last release that came with evidence before this one."""
    registry, component = of_pypi()

    found = answer(component, registry)

    assert found.built_before is not None
    assert (found.built_before.repository, found.declared) == (AGO, (AGO,))
    assert [attestation.subject for attestation in found.attestations] == [WHEELS[1]]


def test_nobody_is_asked_where_nothing_differs() -> None:
    """A request for each package would be too many."""
    registry = Registry()
    for version in ("1.0.0", "2.0.0"):
        published = OLD if version == "1.0.0" else "2026-10-25T12:00:00.000Z"
        serve_node(registry, version.encode(), version=version, published=published, repository=AGO)

    found = answer(node(b"2.0.0", version="2.0.0"), registry)

    assert (found.built_before, registry.asked(ASKED)) == (None, [])


def test_nobody_is_asked_where_nothing_is_known_by_number() -> None:
    """A certificate of old has none, and a release without evidence no repository."""
    registry, component = of_npm()
    serve_node(registry, b"new", version="2.0.0", attested=False, repository=AGO)
    assert (answer(component, registry).built_before, registry.asked(ASKED)) == (None, [])

    registry = Registry()
    serve_node(registry, b"old", published=OLD, repository=AGO)
    by = GitHub(repository="acme/renamed", repository_id="")
    serve_node(registry, b"new", version="2.0.0", by=by, repository=AGO)
    assert (answer(component, registry).built_before, registry.asked(ASKED)) == (None, [])


@pytest.mark.parametrize(
    "before", [{"attested": False}, {"dist": {"attestations": {"url": "/x"}, "integrity": "none", "tarball": "/x"}}]
)
def test_a_release_before_without_evidence(before: dict[str, Any]) -> None:
    """There is nothing to ask for."""
    registry, component = of_npm(**before)

    assert (answer(component, registry).built_before, registry.asked(ASKED)) == (None, [])


@pytest.mark.parametrize(
    "fault",
    [
        faults.Fault(answer=Response(404)),
        faults.Fault(answer=Response(500)),
        faults.Fault(answer=Response(200, b"{", {})),
        faults.Fault(answer=Response(200, b'{"attestations": []}', {})),
        faults.RESET,
    ],
)
def test_a_registry_that_does_not_answer(fault: faults.Fault) -> None:
    """Then it is as if nobody knew: the release itself is proved all the same."""
    registry, component = of_npm()
    registry.faults.add(ASKED, fault, always=True)

    found = answer(component, registry)

    assert (found.status, found.built_before) == ("verified", None)


def test_evidence_of_another_file_tells_nothing() -> None:
    """It has to be about the release that the registry has."""
    registry, component = of_npm()
    right = registry.route(f"{registry.npm}/-/npm/v1/attestations/app@2.0.0")
    registry.faults.add(ASKED, faults.Fault(answer=right), always=True)

    found = answer(component, registry)

    assert (found.status, found.built_before) == ("verified", None)


def test_an_index_that_has_evidence_elsewhere() -> None:
    """Nobody is asked there."""
    registry, component = of_pypi()
    page = registry.route(f"{SIMPLE}/app/")
    moved = page.body.replace(f"{registry.pypi}/integrity/app/1.0/".encode(), b"https://elsewhere.example/")
    registry.faults.add("/simple/app/", faults.Fault(answer=page._replace(body=moved)), always=True)

    found = answer(component, registry)

    assert (moved != page.body, found.status, found.built_before) == (True, "verified", None)


def test_a_first_release() -> None:
    """There is none before."""
    registry = Registry()
    serve_python(registry, WHEELS[1], b"new", version="2.0", by=RENAMED, urls={"Source": AGO})

    found = answer(python(file(WHEELS[1], b"new"), version="2.0"), registry)

    assert (found.status, found.declared, found.built_before) == ("verified", (AGO,), None)
    assert registry.asked(SIMPLE.partition("example")[2]) == ["/simple/app/"]
