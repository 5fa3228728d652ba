"""Who built what, through the real command line: packages of both ecosystems, their registries and a sigstore of their own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bomvet.net import Bounds, Client, _rules
from bomvet.plugin import Response
from tests.e2e.conftest import HARMLESS, Cli
from tests.e2e.world import EARLIER, World
from tests.provenance.authority import Authority
from tests.provenance.faults import Fault
from tests.provenance.registry import Registry, serving

pytestmark = pytest.mark.enable_socket
PROOFS = ("--trusted-root", "root.json", "--npm-keys", "keys.json")


@pytest.fixture(scope="module")
def authority() -> Authority:
    """The sigstore of all tests."""
    return Authority()


@pytest.fixture
def registry(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Registry]:
    """Registries that the user's package managers are set to, and advisories about other packages."""
    monkeypatch.setattr(_rules, "pause", lambda *_: 0.001)
    monkeypatch.delenv("BOMVET_OFFLINE")
    monkeypatch.setenv("BOMVET_ADVISORIES", "database")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    cli.advise(HARMLESS, {**HARMLESS, "id": "GHSA-x", "affected": [{"package": {"ecosystem": "npm", "name": "x"}}]})
    found = Registry()
    with serving(found):
        monkeypatch.setenv("PIP_INDEX_URL", f"{found.pypi}/simple")
        monkeypatch.setenv("NPM_CONFIG_REGISTRY", f"{found.npm}/")
        yield found


@pytest.fixture
def world(cli: Cli, authority: Authority, registry: Registry) -> World:
    """The project with a dozen packages of each ecosystem, and everything as it should be."""
    return World(cli.folder, authority, registry, 12)


@pytest.fixture
def few(cli: Cli, authority: Authority, registry: Registry) -> World:
    """The same with two packages of each ecosystem."""
    return World(cli.folder, authority, registry, 2)


def locked(cli: Cli, world: World) -> None:
    """Lock the publishers of all packages as they are."""
    ran = cli("trust", "lock", *PROOFS)
    assert ran.code == 0, ran.err
    count = (world.folder / "bomvet.identities.toml").read_text("utf-8").count("[[package]]")
    assert count == len(world.python) + len(world.javascript)


def findings(cli: Cli, *options: str) -> list[tuple[str, str, str]]:
    """Rule, subject and severity of everything that a scan finds."""
    ran = cli("scan", "--provenance", *PROOFS, "-f", "json", "--exit-zero", *options)
    assert ran.json["assessment"]["not_established"] == []
    return [(f["rule"], f["subject"], f["severity"]) for f in ran.json["findings"]]


def test_all_is_proved(cli: Cli, authority: Authority, registry: Registry) -> None:
    """Sixty packages verified, with and without a lock of their publishers: nothing to find, exit code 0."""
    world = World(cli.folder, authority, registry, 30)
    first = cli("scan", "--provenance", *PROOFS, "-f", "json")
    answers = first.json["facts"]["provenance"]

    assert (first.code, first.json["findings"]) == (0, [])
    assert {answer["status"] for answer in answers.values()} == {"verified"}
    assert len(answers) == 60
    assert {a["strength"] for answer in answers.values() for a in answer["attestations"] if a["identity"]} == {"proof"}
    locked(cli, world)
    again = cli("scan", "--provenance", *PROOFS)
    assert again.code == 0, again.out
    assert cli("trust", "check", *PROOFS).code == 0


def test_a_downgrade(cli: Cli, world: World) -> None:
    """The next release of a package of each ecosystem has no provenance; what else is new makes it grave."""
    locked(cli, world)
    world.release("py-01", "1.1.0", attested=False)
    world.release("js-01", "1.1.0", attested=False, scripts={"postinstall": "node run.js"})
    world.lock()

    assert findings(cli) == [
        ("provenance-downgrade", "pkg:npm/js-01@1.1.0", "high"),
        ("provenance-downgrade", "pkg:pypi/py-01@1.1.0", "medium"),
    ]


def test_a_downgrade_without_a_lock(cli: Cli, world: World) -> None:
    """The registry's own history tells, also where nobody locked publishers."""
    world.release("py-02", "0.9.0", uploaded=EARLIER)
    world.release("py-02", "1.1.0", attested=False)
    world.release("js-02", "0.9.0", uploaded=EARLIER)
    world.release("js-02", "1.1.0", attested=False)
    world.lock()

    assert findings(cli) == [
        ("provenance-downgrade", "pkg:npm/js-02@1.1.0", "medium"),
        ("provenance-downgrade", "pkg:pypi/py-02@1.1.0", "medium"),
    ]


@pytest.mark.parametrize("name", ["py-04", "js-04", "@acme/js-06"])
def test_another_publisher(cli: Cli, world: World, name: str) -> None:
    """A release from another repository, which it declares as its own."""
    locked(cli, world)
    other = world.builder(name)._replace(repository="mallory/app", repository_id="666", owner_id="13")
    world.release(name, "1.1.0", other, declared="mallory/app")
    world.lock()

    assert findings(cli) == [("publisher-changed", purl(name), "high")]


@pytest.mark.parametrize("name", ["py-05", "js-05"])
def test_a_renamed_repository(cli: Cli, world: World, name: str) -> None:
    """The same number under another name is the same repository: worth a word, and no alarm."""
    locked(cli, world)
    renamed = world.builder(name)._replace(repository="acme/renamed")
    world.release(name, "1.1.0", renamed)
    world.lock()

    assert findings(cli) == [("publisher-changed", purl(name), "low")]


@pytest.mark.parametrize("name", ["py-06", "js-05"])
@pytest.mark.parametrize("declared", ["acme/{}", "acme/renamed"])
def test_a_renamed_repository_without_a_lock(cli: Cli, world: World, name: str, declared: str) -> None:
    """The evidence of the release before tells that it is the same, whichever name the new release declares."""
    world.release(
        name, "1.1.0", world.builder(name)._replace(repository="acme/renamed"), declared=declared.format(name)
    )
    world.lock()

    assert findings(cli) == []


@pytest.mark.parametrize("name", ["py-07", "js-07"])
def test_a_fork(cli: Cli, world: World, name: str) -> None:
    """A release from a fork that still declares the original: with a lock, and without."""
    fork = world.builder(name)._replace(repository=f"mallory/{name}", repository_id="667", owner_id="13")
    locked(cli, world)
    world.release(name, "1.1.0", fork)
    world.lock()

    assert findings(cli) == [("publisher-changed", purl(name), "high")]
    (world.folder / "bomvet.identities.toml").unlink()
    assert findings(cli) == [("repository-mismatch", purl(name), "medium")]


@pytest.mark.parametrize("name", ["py-08", "js-08"])
def test_a_dangerous_trigger(cli: Cli, world: World, name: str) -> None:
    """The right workflow, started by a pull request of anybody."""
    locked(cli, world)
    world.release(name, "1.1.0", world.builder(name)._replace(trigger="pull_request_target"))
    world.lock()

    assert findings(cli) == [("publisher-changed", purl(name), "high")]


@pytest.mark.parametrize("name", ["py-10", "js-10"])
def test_a_tampered_artefact(cli: Cli, world: World, name: str) -> None:
    """The lock pins bytes that nobody attested."""
    locked(cli, world)
    if name.startswith("py"):
        world.python[name]["sha256"] = hashlib.sha256(b"tampered").hexdigest()
    else:
        world.javascript[name]["integrity"] = world.javascript["js-11"]["integrity"]
    world.lock()

    assert findings(cli) == [("digest-mismatch", purl(name, "1.0.0"), "critical")]


@pytest.mark.parametrize("answer", [404, 403, 429, 500, "truncated", "slow", "reset", "not JSON"])
@pytest.mark.parametrize("path", ["/integrity/py-01/", "/simple/py-01/", "/npm/js-01", "attestations/js-01"])
def test_a_registry_that_does_not_answer(
    cli: Cli, few: World, monkeypatch: pytest.MonkeyPatch, path: str, answer: int | str
) -> None:
    """Whatever it does, the question stays open: neither absent nor verified, and exit code 3."""
    if answer == "slow":  # whose patience is shorter here, to say the same sooner
        monkeypatch.setattr(Client.__init__, "__defaults__", (Bounds(attempt=0.5, total=2),))
    broken = Fault(answer=Response(200, b"{", {"content-type": "application/json"}))
    fault = Fault(answer=Response(answer)) if isinstance(answer, int) else Fault(kind=answer, seconds=4)
    few.registry.faults.add(path, broken if answer == "not JSON" else fault, always=True)
    name = "py-01" if "py-01" in path else "js-01"

    ran = cli("scan", "--provenance", *PROOFS, "-f", "json")

    told = ran.json["facts"]["provenance"][purl(name, "1.0.0")]
    assert ran.code == 3
    assert told["status"] == "not-established"
    assert [q for q in ran.json["assessment"]["not_established"] if purl(name, "1.0.0") in q]


def test_a_registry_that_does_not_answer_may_be_put_up_with(cli: Cli, few: World) -> None:
    """By who says so."""
    few.registry.faults.add("/npm/js-01", Fault(answer=Response(500)), always=True)

    assert cli("scan", "--provenance", *PROOFS, "--allow-incomplete").code == 0


def test_offline(cli: Cli, world: World) -> None:
    """A lock of publishers, and nobody to ask: open, not passed."""
    locked(cli, world)
    ran = cli("scan", "--offline", *PROOFS)

    assert ran.code == 3, ran.out


def test_an_sbom_tells_who_built_what(cli: Cli, few: World) -> None:
    """Of every package, without a word of vulnerabilities; recorded evidence does without the registries."""
    asked = cli("sbom", "--provenance", *PROOFS)

    assert asked.code == 0, asked.err
    assert provenance_of(asked.json) == dict.fromkeys(purls(few), "verified")
    assert "vulnerabilities" not in asked.json
    assert not any(property_.startswith("bomvet:provenance") for property_ in names_of(cli("sbom").json))


def test_an_sbom_leaves_open_who_built_what(cli: Cli, few: World) -> None:
    """Nobody is asked offline: exit code 3 unless that is allowed, and the SBOM says so of each package."""
    ran = cli("sbom", "--provenance", "--offline", *PROOFS)

    assert ran.code == 3
    assert provenance_of(ran.json) == dict.fromkeys(purls(few), "not-established")
    assert ran.err == (
        "not established: 4 components: there is no recorded evidence, and this run is offline: "
        "@acme/js-00@1.0.0, js-01@1.0.0, py-00@1.0.0, py-01@1.0.0\n"
    )
    assert cli("sbom", "--provenance", "--offline", "--allow-incomplete", *PROOFS).code == 0


def purls(world: World) -> list[str]:
    """Those of all packages of the project."""
    return [purl(name, "1.0.0") for name in (*world.python, *world.javascript)]


def names_of(document: Any) -> set[str]:
    """Of the properties of all components of an SBOM."""
    return {p["name"] for component in document["components"] for p in component.get("properties", ())}


def provenance_of(document: Any) -> dict[str, str]:
    """What an SBOM says of who built each component."""
    stated = {c["purl"]: {p["name"]: p["value"] for p in c.get("properties", ())} for c in document["components"]}
    return {
        purl: found["bomvet:provenance:status"] for purl, found in stated.items() if "bomvet:provenance:status" in found
    }


def purl(name: str, version: str = "1.1.0") -> str:
    """That of a package of the project."""
    return f"pkg:{'pypi' if name.startswith('py') else 'npm'}/{name.replace('@', '%40')}@{version}"
