"""What predicates claim, against what certificates say."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bomvet.model.provenance import PublisherIdentity
from bomvet.model.records import replace
from bomvet.provenance.claims import DELEGATORS, ISOLATED_BUILDERS, contradictions, slsa_level
from tests.provenance.authority import GitHub, slsa

V1, V02, DRAFT = (f"https://slsa.dev/provenance/{version}" for version in ("v1", "v0.2", "v1.0?draft"))
GENERATOR = f"{ISOLATED_BUILDERS[0]}generator_generic_slsa3.yml"


def identity(of: GitHub = GitHub()) -> PublisherIdentity:  # noqa: B008 - immutable
    """What a certificate for it says."""
    return PublisherIdentity(
        issuer=of.issuer,
        subject=of.subject,
        repository=f"{of.host}/{of.repository}",
        repository_id=of.repository_id,
        owner=f"{of.host}/{of.owner}",
        owner_id=of.owner_id,
        workflow=of.workflow,
        ref=of.ref,
        commit=of.sha,
        trigger=of.trigger,
        runner=of.runner,
        builder=of.subject,
        run=of.run_url,
    )


def whats(predicate_type: str, predicate: Any, of: PublisherIdentity | None = None) -> list[str]:
    """What is denied."""
    found = contradictions(predicate_type, predicate, of or identity())
    return [one.removeprefix("the predicate says that the ").partition(" is ")[0] for one in found]


@pytest.mark.parametrize(("predicate_type", "version"), [(V1, "1"), (V02, "0.2")])
def test_a_true_predicate_is_not_denied(predicate_type: str, version: str) -> None:
    """Nor in its older form, nor in that of a reusable workflow."""
    for by in (GitHub(), GitHub(builder="acme/builder/.github/workflows/build.yml@refs/tags/v1")):
        assert contradictions(predicate_type, slsa(by, version), identity(by)) == ()


def test_a_denial_is_a_sentence() -> None:
    """With both sides."""
    assert contradictions(V1, slsa(GitHub(trigger="release")), identity()) == (
        "the predicate says that the trigger is release, the certificate says push",
    )


@pytest.mark.parametrize(
    ("by", "what"),
    [
        (GitHub(repository="evil/app"), ["repository", "run"]),
        (GitHub(repository_id="9"), ["id of the repository"]),
        (GitHub(owner_id="9"), ["id of the owner"]),
        (GitHub(workflow=".github/workflows/ci.yml"), ["workflow"]),
        (GitHub(ref="refs/heads/main"), ["ref"]),
        (GitHub(sha="b" * 40), ["commit"]),
        (GitHub(trigger="pull_request_target"), ["trigger"]),
        (GitHub(runner="self-hosted"), ["runner"]),
        (GitHub(run="8"), ["run"]),
        (GitHub(builder="evil/b/.github/workflows/b.yml@refs/tags/v1"), ["builder"]),
    ],
)
def test_each_claim_of_version_1_is_compared(by: GitHub, what: list[str]) -> None:
    """One that is another's is told."""
    assert whats(V1, slsa(by)) == what


@pytest.mark.parametrize(
    ("by", "what"),
    [
        (GitHub(repository="evil/app"), ["repository"]),
        (GitHub(workflow=".github/workflows/ci.yml"), ["workflow"]),
        (GitHub(ref="refs/heads/main"), ["ref"]),
        (GitHub(sha="b" * 40), ["commit"]),
        (GitHub(run="8"), ["run"]),
    ],
)
def test_each_claim_of_version_0_2_is_compared(by: GitHub, what: list[str]) -> None:
    """It claims less."""
    assert whats(V02, slsa(by, "0.2")) == what


def test_the_draft_names_its_source_as_an_artefact() -> None:
    """As builders had it before version 1."""

    def draft(repository: str, commit: str, path: str) -> dict[str, Any]:
        source = {
            "artifact": {"uri": f"git+https://github.com/{repository}@refs/tags/v1.0.0", "digest": {"sha1": commit}}
        }
        return {"buildDefinition": {"externalParameters": {"source": source, "workflowPath": {"value": path}}}}

    workflow = ".github/workflows/release.yml"
    assert whats(DRAFT, draft("acme/app", "a" * 40, workflow)) == []
    assert whats(DRAFT, draft("evil/app", "b" * 40, ".github/workflows/x.yml")) == ["repository", "commit", "workflow"]


def _material(uri: str, **digest: str) -> dict[str, Any]:
    return {"materials": [7, {"uri": 7}, {"uri": uri, "digest": digest}]}


def test_materials_of_the_source_have_its_commit() -> None:
    """Those of other repositories have their own."""
    assert whats(V02, _material("git+https://github.com/acme/app.git", sha1="b" * 40)) == ["commit"]
    assert whats(V02, _material("git+https://github.com/ACME/App@refs/tags/v1.0.0", gitCommit="b" * 40)) == ["commit"]
    assert whats(V02, _material("git+https://github.com/acme/other", sha1="b" * 40)) == []
    assert whats(V02, {"materials": {}}) == []


def test_a_repository_is_the_same_in_every_spelling() -> None:
    """Of case and of its end."""
    for uri in ("https://github.com/Acme/APP", "git+https://github.com/acme/app.git", "https://github.com/acme/app/"):
        predicate = {"buildDefinition": {"externalParameters": {"workflow": {"repository": uri}}}}
        assert whats(V1, predicate) == []


def test_what_gitlab_says_is_no_workflow() -> None:
    """Its entry point is a job, its invocation a URI of its own, its builder a runner."""
    at = replace(identity(), repository="https://gitlab.com/acme/app", run="https://gitlab.com/acme/app/-/jobs/9")
    predicate = {
        "builder": {"id": "https://gitlab.com/acme/app/-/runners/1"},
        "invocation": {"configSource": {"uri": "git+https://gitlab.com/acme/app", "entryPoint": "publish"}},
        "metadata": {"buildInvocationId": "9"},
    }
    assert whats(V02, predicate, at) == []


def test_what_the_certificate_does_not_say_it_does_not_deny() -> None:
    """As that of a person."""
    person = PublisherIdentity(issuer="https://github.com/login/oauth", subject="jane@packages.example")
    assert whats(V1, slsa(GitHub()), person) == []
    assert slsa_level(V1, slsa(GitHub()), person) == "SLSA Build L1"


def test_a_delegator_signs_for_the_builder_that_is_named() -> None:
    """No other workflow does."""
    predicate = {"builder": {"id": f"{ISOLATED_BUILDERS[0]}builder_nodejs_slsa3.yml@refs/tags/v1.6.0"}}
    for delegator in DELEGATORS:
        assert whats(V02, predicate, replace(identity(), builder=f"{delegator}@refs/tags/v1.6.0")) == []
    assert whats(V02, predicate, replace(identity(), builder=f"{GENERATOR}@refs/tags/v1.6.0")) == ["builder"]


@pytest.mark.parametrize("predicate", [None, [], "x", 7, {}, {"invocation": 7}, {"invocation": {"configSource": []}}])
@pytest.mark.parametrize("predicate_type", [V1, "https://docs.pypi.org/attestations/publish/v1", ""])
def test_what_claims_nothing_is_not_denied(predicate_type: str, predicate: Any) -> None:
    """Whatever it is."""
    assert contradictions(predicate_type, predicate, identity()) == ()


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                [
                    "buildDefinition",
                    "externalParameters",
                    "workflow",
                    "repository",
                    "uri",
                    "digest",
                    "builder",
                    "id",
                    "runDetails",
                    "metadata",
                    "invocation",
                    "configSource",
                    "materials",
                    "internalParameters",
                    "github",
                ]
            ),
            inner,
            max_size=3,
        )
    ),
)


@given(_JSON)
def test_no_predicate_raises(predicate: Any) -> None:
    """It is the signer's word, of any form."""
    found = contradictions(V1, predicate, identity())
    assert all(one.startswith("the predicate says that the ") for one in found)


def _level(builder: str, runner: str = "github-hosted", predicate: Any = None, kind: str = V1) -> str:
    at = replace(identity(), builder=builder, runner=runner)
    return slsa_level(kind, predicate if predicate is not None else {}, at)


@pytest.mark.parametrize(
    ("builder", "runner", "level"),
    [
        (identity().builder, "github-hosted", "SLSA Build L2"),
        (identity().builder, "gitlab-hosted", "SLSA Build L2"),
        (identity().builder, "self-hosted", "SLSA Build L1"),
        (identity().builder, "", "SLSA Build L1"),
        (f"{GENERATOR}@refs/tags/v2.1.0", "github-hosted", "SLSA Build L3"),
        (f"{GENERATOR}@refs/tags/v2.1.0", "self-hosted", "SLSA Build L1"),
        (f"{GENERATOR}@refs/heads/main", "github-hosted", "SLSA Build L2"),
        (f"{GENERATOR}@refs/tags/vandal", "github-hosted", "SLSA Build L2"),
        (f"{GENERATOR}@{'a' * 40}", "github-hosted", "SLSA Build L2"),
        (
            "https://github.com/evil/slsa-github-generator/.github/workflows/b.yml@refs/tags/v1",
            "github-hosted",
            "SLSA Build L2",
        ),
    ],
)
def test_levels(builder: str, runner: str, level: str) -> None:
    """By who built, and where."""
    assert _level(builder, runner) == level


def test_the_builder_itself_is_no_builder_apart() -> None:
    """Where it builds its own repository."""
    own = replace(
        identity(),
        repository="https://github.com/slsa-framework/slsa-github-generator",
        builder=f"{GENERATOR}@refs/tags/v2.1.0",
    )
    assert slsa_level(V1, {}, own) == "SLSA Build L2"


def test_a_delegator_is_as_good_as_its_builder() -> None:
    """Which the predicate names."""
    delegator = f"{DELEGATORS[0]}@refs/tags/v1.6.0"
    good = {"builder": {"id": f"{ISOLATED_BUILDERS[0]}builder_nodejs_slsa3.yml@refs/tags/v1.6.0"}}
    other = {"builder": {"id": "https://github.com/evil/b/.github/workflows/b.yml@refs/tags/v1.6.0"}}
    assert [_level(delegator, predicate=p, kind=V02) for p in (good, other)] == ["SLSA Build L3", "SLSA Build L2"]


def test_what_is_denied_or_no_provenance_has_no_level() -> None:
    """A publisher's word says nothing of a build."""
    assert slsa_level(V1, slsa(GitHub(sha="b" * 40)), identity()) == ""
    assert slsa_level("https://docs.pypi.org/attestations/publish/v1", None, identity()) == ""
    assert slsa_level(V1, {}, identity(), ("denied",)) == ""
