"""What an npm registry says of its packages."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from bomvet.model.provenance import EarlierRelease, PublishLevel
from bomvet.provenance import _json, npm
from bomvet.provenance.evidence import Form
from bomvet.provenance.npm import (
    Package,
    PackageVersion,
    audit_object,
    before,
    changes,
    evidence_of_attestations,
    read_package,
    refused_in_audit,
    stronger,
)

BUNDLE: dict[str, Any] = {"mediaType": "application/vnd.dev.sigstore.bundle+json;version=0.1", "dsseEnvelope": {}}
SLSA = "https://slsa.dev/provenance/v1"
PROVENANCE = {"dist": {"attestations": {"url": "u", "provenance": {"predicateType": SLSA}}}}
TRUSTED = {**PROVENANCE, "_npmUser": {"name": "x", "trustedPublisher": {"id": "github", "oidcConfigId": "oidc:7"}}}
STAGED = {**PROVENANCE, "_npmUser": {"name": "x", "approver": {"name": "y"}}}


def written(value: Any) -> bytes:
    """As JSON."""
    return json.dumps(value).encode()


def package(*releases: tuple[str, dict[str, Any]], timed: bool = True) -> Package:
    """A package whose releases came a day after the other."""
    times = {version: f"2026-01-{day:02}T00:00:00.000Z" for day, (version, _) in enumerate(releases, 1)}
    return read_package(written({"name": "widget", "versions": dict(releases), "time": times if timed else None}))


# -- attestations --------------------------------------------------------------------------------------------------


def test_attestations_are_bundles_with_the_type_that_their_wrapper_states() -> None:
    """A null is what protobuf takes for unset; the digest is of the whole, whatever its spelling."""
    stated = {"attestations": [{"predicateType": SLSA, "bundle": {**BUNDLE, "verificationMaterial": None}}]}
    (found,) = evidence_of_attestations(written(stated), "u")
    assert (found.form, found.document, found.source, found.predicate_type) == (Form.BUNDLE, BUNDLE, "u", SLSA)
    assert evidence_of_attestations(json.dumps(stated, indent=7).encode(), "u") == (found,)
    other = {"attestations": [{"bundle": BUNDLE}]}
    (untyped,) = evidence_of_attestations(written(other), "u")
    assert untyped.predicate_type == ""
    assert untyped.digest != found.digest


DEEP: Any = 7
for _ in range(70):
    DEEP = [DEEP]

MALFORMED = {
    "no JSON": (b"{", "it is no JSON"),
    "no object": (b"[]", "it is no JSON object"),
    "no list": (b"{}", "it has no list of attestations"),
    "no bundle": (written({"attestations": [{}]}), "an attestation has a bundle, which this has not"),
    "no attestation": (written({"attestations": [7]}), "an attestation has a bundle, which this has not"),
    "no type": (
        written({"attestations": [{"predicateType": 7, "bundle": {}}]}),
        "the predicate type of an attestation is text, which this is not",
    ),
    "too many": (written({"attestations": [{}] * 201}), "it has more than 200 attestations"),
    "too deep": (written({"attestations": [{"bundle": {"x": DEEP}}]}), "it is nested more than 64 deep"),
}


@pytest.mark.parametrize(("data", "reason"), MALFORMED.values(), ids=MALFORMED)
def test_malformed_attestations_are_refused(data: bytes, reason: str) -> None:
    """With the reason."""
    with pytest.raises(ValueError, match=f"^{reason}$"):
        evidence_of_attestations(data, "u")


def test_attestations_have_the_limits_of_a_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each, and all of them together."""
    data = written({"attestations": [{"bundle": BUNDLE}]})
    monkeypatch.setattr(npm, "_MAX_ANSWER", 10)
    with pytest.raises(ValueError, match=r"^it has more than 10 bytes$"):
        evidence_of_attestations(data, "u")
    monkeypatch.undo()
    monkeypatch.setattr(_json, "MAX_BUNDLE", 10)
    with pytest.raises(ValueError, match=r"^an attestation has more than 10 bytes$"):
        evidence_of_attestations(data, "u")


def test_an_audit_holds_the_attestations_of_many_packages() -> None:
    """Those of packages that have none in it are left out by npm."""
    verified = [
        {"name": "a", "version": "1", "attestationBundles": [{"predicateType": SLSA, "bundle": BUNDLE}]},
        {"name": "b", "version": "1", "attestations": {"url": "u"}},
        7,
        {"name": "c", "version": "1", "attestationBundles": [{"bundle": BUNDLE}]},
    ]
    found = audit_object({"invalid": [], "missing": [], "verified": verified}, "audit.json")
    assert [evidence.predicate_type for evidence in found] == [SLSA, ""]


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"invalid": [], "missing": []}, "npm has to be given --include-attestations"),
        ({"verified": [{"attestationBundles": {}}]}, "it has no list of attestation bundles"),
        ({"verified": [{}] * 20_001}, "it has more than 20000 packages"),
    ],
)
def test_an_audit_without_evidence_is_refused(document: dict[str, Any], reason: str) -> None:
    """It would pass for one in which nothing is attested."""
    with pytest.raises(ValueError, match=reason):
        audit_object(document, "audit.json")


def test_an_audit_tells_what_npm_refused() -> None:
    """Attestations; registry signatures have no evidence there."""
    invalid = [{"code": "EATTESTATIONVERIFY", "name": "a", "version": "1"}, {"code": "EINTEGRITYSIGNATURE"}, 7]
    assert refused_in_audit({"invalid": invalid}) == ("npm refused the attestation of a@1",)
    assert refused_in_audit({}) == ()


# -- packuments ----------------------------------------------------------------------------------------------------


def test_a_release_is_read_whole() -> None:
    """All that provenance asks of it."""
    manifest = {
        "repository": {"type": "git", "url": "git+https://github.com/acme/widget.git"},
        "_npmUser": {"trustedPublisher": {"id": "github", "oidcConfigId": "oidc:7"}},
        "dist": {
            "integrity": "sha512-AAAA",
            "shasum": "AB" * 20,
            "signatures": [{"keyid": "SHA256:k", "sig": "U0lH"}, {"keyid": 7}, 7],
            "attestations": {
                "url": "https://npm.packages.example/-/npm/v1/attestations/widget@1.0.0",
                "provenance": {},
            },
        },
        "peerDependencies": {"react": "*", "vue": "*"},
        "peerDependenciesMeta": {"vue": {"optional": True}},
        "optionalDependencies": {"fsevents": "1"},
        "dependencies": {"left-pad": "^1", "odd": 7},
        "devDependencies": {"jest": "1"},
        "scripts": {"postinstall": "node x.js", "test": "jest", "prepare": "tsc"},
    }
    found = package(("1.0.0", manifest)).release("1.0.0")
    assert found == PackageVersion(
        version="1.0.0",
        uploaded="2026-01-01T00:00:00.000Z",
        level=PublishLevel.TRUSTED_PUBLISHER,
        publisher="oidc:7",
        repository="git+https://github.com/acme/widget.git",
        integrity="sha512-AAAA",
        shasum="ab" * 20,
        signatures=(("SHA256:k", "U0lH"),),
        attestations="https://npm.packages.example/-/npm/v1/attestations/widget@1.0.0",
        provenance=False,
        dependencies={"react": "*", "fsevents": "1", "left-pad": "^1", "odd": ""},
        scripts={"postinstall": "node x.js"},
    )


@pytest.mark.parametrize("stated", [None, 7, "none", {"url": "https://acme.example"}, {"type": "git"}])
def test_what_names_no_repository_is_none(stated: Any) -> None:
    """Nothing can be compared with it."""
    found = package(("1.0.0", {"repository": stated})).release("1.0.0")
    assert found is not None
    assert found.repository == ""


def test_a_bare_release_has_nothing() -> None:
    """As a mirror serves it, or the short form of a packument."""
    where = package(("1.0.0", {"repository": "acme/widget"}), ("2.0.0", {}), timed=False)
    empty = PackageVersion("1.0.0", "", PublishLevel.NONE, "", "acme/widget", "", "", (), "", False, {}, {})
    assert where.release("1.0.0") == empty
    assert where.level("1.0.0") is PublishLevel.NONE
    assert not where.vouches
    assert package(("1.0.0", PROVENANCE)).vouches


@pytest.mark.parametrize("versions", [{}, {"1.0.0": 7}])
def test_what_is_not_there_is_none(versions: dict[str, Any]) -> None:
    """A release that was taken away stays in `time` alone."""
    where = read_package(written({"versions": versions, "time": {"1.0.0": "2026-01-01T00:00:00Z"}}))
    assert where.release("1.0.0") is None
    assert where.level("1.0.0") is None
    assert stronger(where, "1.0.0") is None
    assert before(where, "1.0.0") == ""
    assert changes(where, "1.0.0", "1.0.0") == ()


@pytest.mark.parametrize(
    ("manifest", "level"),
    [(STAGED, PublishLevel.STAGED), (TRUSTED, PublishLevel.TRUSTED_PUBLISHER), (PROVENANCE, PublishLevel.PROVENANCE)],
)
def test_levels_are_told_by_the_registry(manifest: dict[str, Any], level: PublishLevel) -> None:
    """The strongest that it tells of."""
    assert package(("1.0.0", manifest)).level("1.0.0") is level


@pytest.mark.parametrize(
    ("manifest", "scripts"),
    [
        ({"hasInstallScript": True}, {"install": ""}),
        ({"gypfile": True}, {"install": ""}),
        ({"gypfile": True, "scripts": {"install": "node-gyp rebuild"}}, {"install": "node-gyp rebuild"}),
        ({"hasInstallScript": "yes", "scripts": {"preinstall": ""}}, {}),
    ],
)
def test_scripts_run_where_something_says_so(manifest: dict[str, Any], scripts: dict[str, str]) -> None:
    """The short form tells that there are some, and npm builds native code by itself."""
    found = package(("1.0.0", manifest)).release("1.0.0")
    assert found is not None
    assert found.scripts == scripts


@pytest.mark.parametrize("data", [b"[]", b"{", b'{"versions": []}'])
def test_what_is_no_packument_is_refused(data: bytes) -> None:
    """Such as an error page."""
    with pytest.raises(ValueError, match=r"it is no JSON|it has no versions"):
        read_package(data)


# -- compared with what came before ----------------------------------------------------------------------------------


def test_the_strongest_earlier_release_is_told() -> None:
    """Of equals the latest; what came later, and what is no stronger, does not count."""
    where = package(("1.0.0", TRUSTED), ("1.0.1", TRUSTED), ("1.0.2", PROVENANCE), ("1.0.3", {}), ("1.0.4", STAGED))
    trusted = EarlierRelease(version="1.0.1", uploaded="2026-01-02T00:00:00.000Z", level=PublishLevel.TRUSTED_PUBLISHER)
    assert stronger(where, "1.0.3") == stronger(where, "1.0.2") == trusted
    assert stronger(where, "1.0.1") is stronger(where, "1.0.4") is None


def test_earlier_is_by_time_and_not_by_version() -> None:
    """An old line that is still maintained is held against the new one; deprecated releases count."""
    where = package(("2.0.0", {**PROVENANCE, "deprecated": "x"}), ("1.9.9", {}))
    found = stronger(where, "1.9.9")
    assert found is not None
    assert found.version == "2.0.0"
    assert stronger(package(("2.0.0", PROVENANCE), ("1.9.9", {}), timed=False), "1.9.9") is None


def test_prereleases_count_against_prereleases_alone() -> None:
    """Many packages publish only these with provenance."""
    where = package(("1.0.0-rc.1", PROVENANCE), ("1.0.0", {}), ("1.1.0-rc.1", {}))
    assert stronger(where, "1.0.0") is None
    found = stronger(where, "1.1.0-rc.1")
    assert found is not None
    assert found.version == "1.0.0-rc.1"


def test_the_release_before_is_the_highest_lower_one_that_came_earlier() -> None:
    """Each line of versions has its own; a final release passes over pre-releases."""
    names = ("1.0.0", "2.0.0", "1.1.0", "3.0.0-rc.1", "2.1.0", "3.0.0", "1.2.0", "odd")
    where = package(*((name, {}) for name in names))
    assert {name: before(where, name) for name in names} == {
        "1.0.0": "",
        "2.0.0": "1.0.0",
        "1.1.0": "1.0.0",
        "3.0.0-rc.1": "2.0.0",
        "2.1.0": "2.0.0",
        "3.0.0": "2.1.0",
        "1.2.0": "1.1.0",
        "odd": "",
    }


def test_changes_are_new_dependencies_their_origins_and_scripts() -> None:
    """As they were new in the attacks of 2026; another range of versions is nothing new."""
    old = {
        "dependencies": {"a": "^1", "b": "^1", "c": "npm:c2@^1", "d": "^1", "e": "github:acme/e#v1", "f": "^1"},
        "scripts": {"preinstall": "one", "install": "same"},
    }
    new = {
        "dependencies": {
            "a": "^2",
            "b": "npm:@evil/b@1",
            "c": "npm:c2@^2",
            "d": "https://evil.example/d.tgz",
            "e": "github:acme/e#v2",
            "f": "evil/f",
            "plain-crypto-js": "^4",
        },
        "scripts": {"preinstall": "two", "install": "same", "postinstall": "node setup.js"},
    }
    where = package(("1.0.0", old), ("1.0.1", new))
    assert changes(where, "1.0.1", "1.0.0") == (
        "new dependency plain-crypto-js",
        "dependency b now comes from npm:@evil/b",
        "dependency d now comes from https://evil.example/d.tgz",
        "dependency f now comes from evil/f",
        "new install script postinstall",
        "changed install script preinstall",
    )
    assert changes(where, "1.0.1", "1.0.1") == ()


def test_a_packument_of_thousands_is_read_as_far_as_it_is_asked() -> None:
    """No path of it is quadratic: 20,000 releases take less than what a quadratic one takes for 2,000."""
    many = 20_000
    times = {f"1.0.{n}": f"2026-01-01T{n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02}Z" for n in range(many)}
    versions = {version: {"dependencies": {"a": "1"}} for version in times}
    where = read_package(written({"versions": versions, "time": times}))
    start = time.process_time()
    assert stronger(where, f"1.0.{many - 1}") is None
    assert before(where, f"1.0.{many - 1}") == f"1.0.{many - 2}"
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("stated", "shasum"), [("AB" * 20, "ab" * 20), ("ab" * 19, ""), ("xy" * 20, ""), ("", ""), (7, ""), (None, "")]
)
def test_a_shasum_is_one_or_none(stated: object, shasum: str) -> None:
    """Other text is no digest."""
    package = Package({"versions": {"1.0.0": {"dist": {"shasum": stated}}}})
    release = package.release("1.0.0")
    assert release
    assert release.shasum == shasum


def test_a_dependency_is_told_on_one_line() -> None:
    """Whatever the registry says that it is called."""
    where = package(("1.0.0", {}), ("1.0.1", {"dependencies": {"a\n\x1b[2J": "1", "x" * 5000: "1"}}))
    assert changes(where, "1.0.1", "1.0.0") == ("new dependency a??[2J", f"new dependency {'x' * 120}...")
