"""Who built what, by recorded evidence and by registries: one answer for each locked artefact."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bomvet.enrichers import _provenance_run
from bomvet.enrichers.provenance import PROVENANCE
from bomvet.model.facts import Facts
from bomvet.model.inventory import Component, Inventory
from bomvet.model.provenance import ProvenanceStatus, PublishLevel
from bomvet.model.records import replace
from bomvet.model.result import PluginStatus, Status
from bomvet.plugin import Client, Context, Response
from bomvet.provenance.bundles import BundleVerifier
from tests.enrichers.provenance_world import (
    SIMPLE,
    WHEEL,
    answer,
    authority,
    file,
    identities,
    node,
    proving,
    python,
    run,
    serve_node,
    serve_python,
    sha256,
    sha512,
)
from tests.harness import NOW, FakeHttp, MemoryTree
from tests.provenance import faults
from tests.provenance.people import GitHub
from tests.provenance.registry import NPM, Registry

ABSENT, OPEN = ProvenanceStatus.ABSENT, ProvenanceStatus.NOT_ESTABLISHED
INVALID, UNSUPPORTED, VERIFIED = ProvenanceStatus.INVALID, ProvenanceStatus.UNSUPPORTED, ProvenanceStatus.VERIFIED


# -- what it comes to ------------------------------------------------------------------------------------------


def test_a_wheel_that_its_index_has_evidence_of() -> None:
    """One page per project, one question per file, and one about what the release declares."""
    registry = Registry()
    serve_python(registry, WHEEL, b"wheel", build=True, urls={"Source": "https://github.com/acme/app"})

    found = answer(python(file(WHEEL, b"wheel")), registry)

    assert (found.status, found.reason, found.required) == (VERIFIED, "", True)
    assert (found.files, found.attested, found.registry) == (1, 1, "pypi.packages.example")
    assert [str(a.kind) for a in found.attestations] == ["pypi-publish", "slsa-provenance"]
    assert [(a.compared, a.digest.value) for a in found.attestations if a.digest] == [("lock", sha256(b"wheel"))] * 2
    assert found.declared == ("https://github.com/acme/app",)
    assert (found.level, found.stronger, found.publisher) == (PublishLevel.PROVENANCE, None, "")
    assert found.identity
    assert found.identity.repository == "https://github.com/acme/app"
    assert [asked.path for asked in registry.requests] == [
        "/simple/app/",
        f"/integrity/app/1.0/{WHEEL}/provenance",
        "/pypi/app/1.0/json",
    ]
    assert [asked.headers["accept"] for asked in registry.requests] == [
        "application/vnd.pypi.simple.v1+json",
        "application/vnd.pypi.integrity.v1+json",
        "application/json",
    ]


def test_an_archive_of_npm() -> None:
    """Provenance, the registry's publish attestation and its signature."""
    registry = Registry()
    serve_node(registry, name="@acme/app", repository="github:acme/app", trusted_publisher="oidc:1")

    found = answer(node(name="@acme/app"), registry)

    assert (found.status, found.files, found.attested) == (VERIFIED, 1, 1)
    assert [str(a.kind) for a in found.attestations] == ["slsa-provenance", "npm-publish", "npm-signature"]
    assert [a.digest.value for a in found.attestations if a.digest] == [sha512(b"npm")] * 3
    assert (found.level, found.publisher) == (PublishLevel.TRUSTED_PUBLISHER, "oidc:1")
    assert found.declared == ("github:acme/app",)
    assert [asked.path for asked in registry.requests] == [
        "/@acme%2Fapp",
        "/-/npm/v1/attestations/@acme%2Fapp@1.0.0",
    ]


def test_many_at_once() -> None:
    """Pages of both ecosystems first, each once whatever its number of releases, then all evidence."""
    registry = Registry()
    serve_python(registry, WHEEL, b"wheel")
    serve_python(registry, "app-2.0-py3-none-any.whl", b"two", version="2.0")
    serve_node(registry)

    answers, status = run(
        node(),
        python(file(WHEEL, b"wheel")),
        python(file("app-2.0-py3-none-any.whl", b"two"), version="2.0"),
        http=registry.http(),
    )

    assert status == PluginStatus(id="provenance", status=Status.OK)
    assert {purl: str(found.status) for purl, found in answers.items()} == {
        "pkg:npm/app@1.0.0": "verified",
        "pkg:pypi/app@1.0": "verified",
        "pkg:pypi/app@2.0": "verified",
    }
    assert [asked.path for asked in registry.requests][:2] == ["/app", "/simple/app/"]
    assert len(registry.requests) == 2 + 3 + 2


# -- whom it is about ------------------------------------------------------------------------------------------


def test_nobody_wants_to_know() -> None:
    """Then nothing is asked, told, or loaded."""
    enriched = PROVENANCE.enrich(Inventory(components=(node(),)), Facts(), Context(now=NOW, http=FakeHttp()))

    assert enriched.facts == Facts()
    assert enriched.status == PluginStatus(id="provenance", status=Status.OK)


@pytest.mark.parametrize(
    "component",
    [
        Component(purl="pkg:npm/app@1?vcs_url=git%2Bhttps://git.example/app@0", name="app", version="1"),
        Component(purl="pkg:pypi/app@1?download_url=https://files.example/app.whl", name="app", version="1"),
        Component(purl="pkg:npm/app@1?file_name=app.tgz", name="app", version="1"),
        Component(purl="pkg:conda/app@1", name="app", version="1"),
        Component(purl="pkg:npm/app@1", name="app", version="1", directory="app"),
        replace(node(None), properties=(("bomvet:bundled", "true"),)),
        replace(node(None), properties=(("bomvet:link", "true"),)),
    ],
)
def test_what_no_registry_has_is_not_asked_about(component: Component) -> None:
    """It has no artefact of its own that anybody could have attested there."""
    http = FakeHttp()

    assert run(component, http=http) == ({}, PluginStatus(id="provenance", status=Status.OK))
    assert http.requests == []


def test_what_is_bundled_and_fetched_as_well_is_asked_about() -> None:
    """A lock may have one package both ways, and whoever writes it may say of any that it is bundled."""
    registry = Registry()
    serve_node(registry, attested=False)
    component = node()

    found = answer(replace(component, properties=(("bomvet:bundled", "true"), *component.properties)), registry)

    assert (found.status, found.files) == (ProvenanceStatus.ABSENT, 1)


@pytest.mark.parametrize(
    ("pattern", "exempt"),
    [
        ("pkg:npm/%40acme/app@1.0.0", True),
        ("pkg:npm/%40acme/*", True),
        ("*app@1.0.0", True),
        ("pkg:*/app@*", True),
        ("*", True),
        ("*a*a*", True),
        ("pkg:npm/%40acme/app", True),
        ("pkg:npm/@acme/*", True),
        ("pkg:npm/@acme/app", True),
        ("pkg:npm/%40acme/ap", False),
        ("pkg:npm/%40acme/app@1.0.0*0", False),
        ("pkg:npm/%40acme/app@1.0.0@*", False),
        ("*pypi*", False),
        ("*@1.0", False),
        ("pkg:npm/%40other/*", False),
        ("pkg:npm/*/app@1.0.0*/app@1.0.0", False),
        ("", False),
    ],
)
def test_who_is_exempt(pattern: str, exempt: bool) -> None:  # noqa: FBT001 - a table
    """Nobody is asked about them, and nothing is told, though evidence is recorded."""
    http = FakeHttp()
    found, _ = run(node(name="@acme/app"), http=http, means=proving(exempt=("pkg:pypi/x", pattern)))

    assert (not found, not http.requests) == (exempt, exempt)


def test_only_those_of_whom_an_identity_is_expected() -> None:
    """Where nobody wants to ask about all, these have to have an answer; a scope is encoded."""
    http = FakeHttp()
    means = proving(ask=False, identities=identities("pkg:npm/%40acme/app", "pkg:pypi/app"))

    found, _ = run(node(), node(name="@acme/app"), python(), http=http, means=means)

    assert {purl: one.required for purl, one in found.items()} == {
        "pkg:npm/%40acme/app@1.0.0": True,
        "pkg:pypi/app@1.0": True,
    }
    assert [request.url for request in http.requests] == [f"{NPM}/@acme%2Fapp", f"{SIMPLE}/app/"]


def test_offline() -> None:
    """What is wanted stays open, for a reason."""
    found = answer(python(file(WHEEL, b"wheel")), None)

    assert (found.status, found.required, found.files, found.attested) == (OPEN, True, 1, 0)
    assert found.reason == "there is no recorded evidence, and this run is offline"


def test_without_a_version() -> None:
    """There is nothing to ask about."""
    http = FakeHttp()
    found = answer(Component(purl="pkg:pypi/app", name="app"), http)

    assert (found.status, found.reason) == (OPEN, "the version is not known")
    assert http.requests == []


def test_a_registry_that_nobody_vouches_for() -> None:
    """Whoever can write a lock could have us knock on any door."""
    http = FakeHttp()
    found = answer(node(registry="https://inside.local"), http)

    assert (found.status, http.requests) == (OPEN, [])
    assert found.reason == (
        "https://inside.local was not asked: neither your package managers nor `registries` name it"
    )


def test_no_endless_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages and evidence count alike; who is not asked about is left open."""
    monkeypatch.setattr(_provenance_run, "MOST_QUESTIONS", 3)
    registry = Registry()
    for name in ("a", "b", "c"):
        serve_node(registry, name=name)
    components = [node(name=name) for name in ("a", "b", "c")] + [python(name="d")]

    found, _ = run(*components, http=registry.http())

    assert {purl: (str(one.status), one.reason) for purl, one in found.items()} == dict.fromkeys(
        [component.purl for component in components], ("not-established", "no more than 3 questions are asked")
    )
    assert len(registry.requests) == 3


def test_what_is_declared_is_asked_as_far_as_questions_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the least that there is to know."""
    monkeypatch.setattr(_provenance_run, "MOST_QUESTIONS", 2)
    registry = Registry()
    serve_python(registry, WHEEL, b"wheel", urls={"Source": "https://github.com/acme/app"})

    found = answer(python(file(WHEEL, b"wheel")), registry)

    assert (found.status, found.declared) == (VERIFIED, ())


# -- recorded evidence -----------------------------------------------------------------------------------------


def recorded(filename: str = WHEEL, data: bytes = b"wheel", by: GitHub = GitHub()) -> MemoryTree:  # noqa: B008
    """A folder with the evidence of a file."""
    return MemoryTree({f"{filename}.provenance": authority().pypi_provenance(filename, sha256(data), by)}, name="e")


def test_recorded_evidence_is_enough() -> None:
    """Without a network, and without anybody who asked for it."""
    found = answer(python(file(WHEEL, b"wheel")), None, recorded(), ask=False)

    assert (found.status, found.required, found.attested) == (VERIFIED, False, 1)
    assert (found.registry, found.level) == ("", None)
    assert [a.source for a in found.attestations] == [f"e/{WHEEL}.provenance"]


def test_recorded_evidence_of_npm() -> None:
    """As npm's own endpoint answers."""
    data = authority().npm_attestations("app", "1.0.0", sha512(b"npm"))
    found = answer(node(), None, MemoryTree({"app.json": data}))

    assert (found.status, [str(a.kind) for a in found.attestations]) == (VERIFIED, ["slsa-provenance", "npm-publish"])


def test_recorded_evidence_comes_before_that_of_a_registry() -> None:
    """The page is asked what else there is to know; the evidence is not fetched again."""
    registry = Registry()
    serve_python(registry, WHEEL, b"wheel")
    serve_node(registry)
    npm = MemoryTree({"app.json": authority().npm_attestations("app", "1.0.0", sha512(b"npm"))})

    one = answer(python(file(WHEEL, b"wheel")), registry, recorded())
    other = answer(node(), registry, npm)

    assert (one.status, one.level, other.status) == (VERIFIED, PublishLevel.PROVENANCE, VERIFIED)
    assert [asked.path for asked in registry.requests] == ["/simple/app/", "/pypi/app/1.0/json", "/app"]


def test_a_registry_that_does_not_answer_takes_nothing_away() -> None:
    """What is proved is proved."""
    found = answer(python(file(WHEEL, b"wheel")), FakeHttp(), recorded())

    assert (found.status, found.level) == (VERIFIED, None)


def test_recorded_evidence_of_something_else_of_the_name() -> None:
    """The artefact that is locked is not the one that was attested."""
    found = answer(python(file(WHEEL, b"tampered")), None, recorded())

    assert (found.status, found.attested) == (INVALID, 0)
    assert found.reason.startswith(f"{WHEEL}: digest: ")


def test_no_evidence_for_a_file_without_digest() -> None:
    """A name proves nothing."""
    component = python(replace(file(WHEEL, b"wheel"), hashes=()))

    assert answer(component, None, recorded()).status is OPEN


def test_evidence_that_cannot_be_read() -> None:
    """It may have been about anything: the question is open as a whole."""
    trees = tuple(MemoryTree({f"{n}.provenance": b"{"}, name="e") for n in range(7))

    answers, status = run(node(), means=proving(evidence=trees, ask=False))

    assert (answers, status.status) == ({}, Status.PARTIAL)
    assert status.reason.startswith("e/0.provenance: ")
    assert status.reason.endswith("; and 2 more")
    assert status.reason.count("e/") == 5


SCRIPT = """
import sys
from bomvet.enrichers.provenance import PROVENANCE
from bomvet.model.facts import Facts
from bomvet.plugin import Client, Context, Proving
from tests.harness import NOW, FakeHttp
from bomvet.model.inventory import Component, Inventory

http = FakeHttp({
    "https://pypi.packages.example/simple/app/": {"name": "app", "files": [
        {"filename": "app-1.0.tar.gz", "hashes": {"sha256": "00"}, "url": "", "provenance": None}
    ]},
    "https://npm.packages.example/app": {"versions": {
        "1.0.0": {"dist": {"integrity": ""}},
        "0.9.0": {"dist": {"signatures": [{"keyid": "1", "sig": "2"}]}},
    }},
})
clients = (Client("pypi", "https://pypi.packages.example/simple"), Client("npm", "https://npm.packages.example"))
components = tuple(
    Component(
        purl=f"pkg:{kind}/app@{version}", name="app", version=version, properties=(("bomvet:registry", client.url),)
    )
    for kind, version, client in (("pypi", "1.0", clients[0]), ("npm", "1.0.0", clients[1]))
)
context = Context(now=NOW, http=http, clients=clients, proving=Proving(ask=True, cache="/nowhere"))
found = PROVENANCE.enrich(Inventory(components=components), Facts(), context).facts.provenance
print([str(one.status) for one in found.values()])
print(sorted({m.partition(".")[0] for m in sys.modules} & {"sigstore", "sigstore_models", "cryptography", "sqlite3"}))
"""


def test_sigstore_is_loaded_for_evidence_alone() -> None:
    """A scan that has nothing to verify does not pay for it, nor for a place to keep verdicts."""
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": f"{root / 'src'}:{root}"},
    )
    assert (done.stdout, done.stderr) == ("['absent', 'absent']\n[]\n", "")


# -- verdicts of earlier runs ----------------------------------------------------------------------------------


def test_a_second_run_verifies_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was verified is known; another artefact is another question."""
    asked: list[str] = []
    judge = BundleVerifier.judge

    def counted(self: BundleVerifier, *question: object) -> object:
        asked.append("")
        return judge(self, *question)  # type: ignore[arg-type]

    monkeypatch.setattr(BundleVerifier, "judge", counted)
    cache, tree = str(tmp_path / "cache"), recorded()
    first = answer(python(file(WHEEL, b"wheel")), None, tree, cache=cache)
    number = len(asked)
    second = answer(python(file(WHEEL, b"wheel")), None, tree, cache=cache)

    assert (first, number, len(asked)) == (second, 1, 1)
    assert answer(python(file(WHEEL, b"tampered")), None, tree, cache=cache).status is INVALID
    assert answer(python(file(WHEEL, b"wheel")), None, tree, cache=cache, proof=True).status is VERIFIED
    assert len(asked) == 3


def test_an_unknown_form_is_asked_about_anew(tmp_path: Path) -> None:
    """Only what stays is kept."""
    document = authority().npm_attestations("app", "1.0.0", sha512(b"npm"))
    tree = MemoryTree({"app.json": document})
    cache = str(tmp_path / "cache")

    unknown = answer(node(), None, tree, cache=cache, keys=b"")
    assert [str(a.status) for a in unknown.attestations] == ["verified", "unsupported"]
    assert answer(node(), None, tree, cache=cache).status is VERIFIED


def test_a_cache_that_others_may_write(tmp_path: Path) -> None:
    """Verdicts are established all the same, and that they cannot be kept is told."""
    (tmp_path / "cache").mkdir(mode=0o700)
    (tmp_path / "cache").chmod(0o777)
    means = proving(evidence=(recorded(),), cache=str(tmp_path / "cache"), ask=False)

    answers, status = run(python(file(WHEEL, b"wheel")), means=means)

    assert [str(found.status) for found in answers.values()] == ["verified"]
    assert status == PluginStatus(
        id="provenance",
        status=Status.OK,
        reason=f"verdicts are not kept in {tmp_path / 'cache'}, which has to be yours alone",
    )
    assert list((tmp_path / "cache").iterdir()) == []


def test_the_root_that_ships(tmp_path: Path) -> None:
    """It trusts nothing of what tests mint, and verdicts by it are others."""
    cache = str(tmp_path / "cache")
    tree = recorded()
    assert answer(python(file(WHEEL, b"wheel")), None, tree, cache=cache).status is VERIFIED
    assert answer(python(file(WHEEL, b"wheel")), None, tree, cache=cache, root=b"", keys=b"").status is INVALID


# -- faults ----------------------------------------------------------------------------------------------------

FAULTS = {
    "no such page": faults.status(404),
    "forbidden": faults.status(403),
    "too many": faults.status(429),
    "broken": faults.status(500),
    "unavailable": faults.status(503),
    "elsewhere": faults.status(304),
    "truncated": faults.TRUNCATED,
    "reset": faults.RESET,
    "slow": faults.slow(),
    "no JSON": faults.NOT_JSON,
    "empty": faults.says(b""),
    "a list": faults.says(b"[]"),
    "an empty object": faults.says(b"{}"),
    "too deep": faults.says(b'{"files":' + b"[" * 100_000),
    "deep": faults.says(
        b'{"files": 1, "version": 1, "attestations": [{"bundle":' + b'{"a":' * 500 + b"1" + b"}" * 500 + b"}]}"
    ),
    "too large": faults.Fault("status", Response(0, error="it sends more than 67,108,864 bytes")),
}


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("pattern", ["^/simple/", "^/integrity/", "^/app$", "^/-/npm/"])
def test_whatever_fails_is_left_open(pattern: str, kind: str) -> None:
    """Never absent, never verified; the reason names the host."""
    registry = Registry()
    serve_python(registry, WHEEL, b"wheel")
    serve_node(registry)
    registry.faults.add(pattern, FAULTS[kind], always=True)
    is_npm = "npm" in pattern or "app" in pattern

    found = answer(node() if is_npm else python(file(WHEEL, b"wheel")), registry)

    assert (found.status, found.attested) == (OPEN, 0)
    assert ("npm" if is_npm else "pypi") + ".packages.example" in found.reason


@pytest.mark.parametrize("kind", FAULTS)
def test_what_is_declared_is_a_matter_of_its_own(kind: str) -> None:
    """The proof stands without."""
    registry = Registry()
    serve_python(registry, WHEEL, b"wheel", urls={"Source": "https://github.com/acme/app"})
    registry.faults.add("^/pypi/", FAULTS[kind], always=True)

    found = answer(python(file(WHEEL, b"wheel")), registry)

    assert (found.status, found.declared) == (VERIFIED, ())


def test_credentials_go_to_the_registry_that_they_are_for() -> None:
    """With every question."""
    registry = Registry()
    serve_python(registry, WHEEL, b"wheel")
    serve_node(registry)
    headers = (("authorization", "Bearer secret"),)
    http = registry.http()
    context = Context(
        now=NOW,
        http=http,
        clients=(Client("pypi", SIMPLE, headers=headers), Client("npm", NPM)),
        proving=proving(),
    )

    PROVENANCE.enrich(Inventory(components=(node(), python(file(WHEEL, b"wheel")))), Facts(), context)

    assert {(request.url.split("/")[2], dict(request.headers).get("authorization")) for request in http.requests} == {
        ("pypi.packages.example", "Bearer secret"),
        ("npm.packages.example", None),
    }
