"""What provenance claims of a build, held against the certificate; and what level of SLSA that is consistent with.

The signer writes the claims; who the signer is stands in the certificate alone.  So a claim is compared with it, and
never believed before it.  What the certificate does not say, it does not deny.
Sources: https://slsa.dev/spec/v0.2/provenance, https://slsa.dev/spec/v1.0/provenance,
https://slsa.dev/spec/v1.0/levels, https://actions.github.io/buildtypes/workflow/v1.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from bomvet.model.provenance import EvidenceKind
from bomvet.provenance._refusal import quoted
from bomvet.provenance.statements import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bomvet.model.provenance import PublisherIdentity

#: Workflows that build apart from what the caller's own steps can reach, by a prefix of their URI.
ISOLATED_BUILDERS = (
    "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/",
    "https://github.com/github/artifact-attestations-workflows/.github/workflows/",
)
#: Workflows that sign for the builder that calls them: the certificate names these, the predicate the builder.
#: The last is where they were before they were released.
DELEGATORS = (
    "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/delegator_generic_slsa3.yml",
    "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/delegator_lowperms-generic_slsa3.yml",
    "https://github.com/laurentsimon/slsa-delegator/.github/workflows/delegator_generic_slsa3.yml",
)
#: Runners that the platform has, and throws away after each build.
HOSTED_RUNNERS = ("github-hosted", "gitlab-hosted")
_RELEASED = re.compile(r"refs/tags/v\d").match
_WORKFLOW = ("/.github/workflows/", ".yml", ".yaml")
_RUN = re.compile(r"/actions/runs/(\d+)/attempts/(\d+)$").search
_RUN_ID = re.compile(r"\d+-\d+").fullmatch
_MAX_MATERIALS = 1000


class Claim(NamedTuple):
    """One claim of a predicate, as it is compared, and what the certificate has for it."""

    what: str
    claimed: str
    certified: str


def contradictions(predicate_type: str, predicate: Any, identity: PublisherIdentity) -> tuple[str, ...]:
    """The claims of a provenance that the certificate denies, each as a sentence; none of other predicates."""
    if kind_of(predicate_type) is not EvidenceKind.SLSA or not isinstance(predicate, dict):
        return ()
    found = {
        claim.what: f"the predicate says that the {claim.what} is {quoted(claim.claimed)}, "
        f"the certificate says {quoted(claim.certified)}"
        for claim in _claims(predicate, identity)
        if claim.claimed and claim.certified and claim.claimed != claim.certified
    }
    return tuple(found.values())


def slsa_level(
    predicate_type: str, predicate: Any, identity: PublisherIdentity, denied: tuple[str, ...] | None = None
) -> str:
    """What verified provenance is consistent with, never what anything is certified for; empty where it says nothing.

    L2 asks for a hosted runner and claims that the certificate does not deny, L3 for a released builder that is known
    to be isolated, and is not the source's own.  `denied` are the contradictions, where they are known already.
    """
    if denied is None:
        denied = contradictions(predicate_type, predicate, identity)
    if kind_of(predicate_type) is not EvidenceKind.SLSA or denied:
        return ""
    if identity.runner not in HOSTED_RUNNERS:
        return "SLSA Build L1"
    builders = [identity.builder]
    if _path(identity.builder) in DELEGATORS:
        builders.append(_builder_id(predicate))
    source = f"{identity.repository.lower()}/"
    isolated = all(_isolated(b) and not b.lower().startswith(source) for b in builders)
    return "SLSA Build L3" if isolated else "SLSA Build L2"


def _isolated(builder: str) -> bool:
    return builder.startswith(ISOLATED_BUILDERS) and bool(_RELEASED(builder.partition("@")[2]))


# -- claims -----------------------------------------------------------------------------------------------------


def _claims(predicate: Mapping[str, Any], identity: PublisherIdentity) -> Iterator[Claim]:
    yield from _source_claims(_text(predicate, "invocation", "configSource", "uri"), identity)
    yield from _workflow_claims(_text(predicate, "invocation", "configSource", "entryPoint"), identity)
    yield Claim("commit", _text(predicate, "invocation", "configSource", "digest", "sha1"), identity.commit)
    yield from _parameter_claims(_object(predicate, "buildDefinition"), identity)
    yield from _material_claims(predicate.get("materials"), identity)
    yield from _material_claims(_object(predicate, "buildDefinition").get("resolvedDependencies"), identity)
    yield from _run_claims(predicate, identity)
    builder = _builder_id(predicate)
    # Others name a kind of runner or the program that wrote the predicate.
    if _WORKFLOW[0] in builder and _path(identity.builder) not in DELEGATORS:
        yield Claim("builder", builder.replace("//.", "/."), identity.builder.replace("//.", "/."))


def _source_claims(uri: str, identity: PublisherIdentity) -> Iterator[Claim]:
    repository, _, ref = uri.partition("@")
    yield Claim("repository", _repository(repository), _repository(identity.repository))
    yield Claim("ref", ref, identity.ref)


def _workflow_claims(path: str, identity: PublisherIdentity) -> Iterator[Claim]:
    """`.github/workflows/release.yml`, or with the repository before and the ref after; GitLab has a job's name."""
    path = path.partition("@")[0]
    if path.endswith(_WORKFLOW[1:]):
        before, found, name = path.rpartition(_WORKFLOW[0])
        yield Claim("workflow", f"{_WORKFLOW[0][1:]}{name}" if found and before else path, identity.workflow)


def _parameter_claims(definition: Mapping[str, Any], identity: PublisherIdentity) -> Iterator[Claim]:
    """Of version 1: the workflow, and what its platform filled in; of the draft before it the source."""
    external = _object(definition, "externalParameters")
    yield from _source_claims(_text(external, "workflow", "repository"), identity)
    yield Claim("ref", _text(external, "workflow", "ref"), identity.ref)
    yield from _workflow_claims(_text(external, "workflow", "path"), identity)
    yield from _source_claims(_text(external, "source", "artifact", "uri"), identity)
    yield Claim("commit", _text(external, "source", "artifact", "digest", "sha1"), identity.commit)
    yield from _workflow_claims(_text(external, "workflowPath", "value"), identity)
    github = _object(definition, "internalParameters", "github")
    yield Claim("trigger", _text(github, "event_name"), identity.trigger)
    yield Claim("id of the repository", _text(github, "repository_id"), identity.repository_id)
    yield Claim("id of the owner", _text(github, "repository_owner_id"), identity.owner_id)
    yield Claim("runner", _text(github, "runner_environment"), identity.runner)


def _material_claims(materials: Any, identity: PublisherIdentity) -> Iterator[Claim]:
    """The commit of the source among what went into the build; other repositories may be there too."""
    for one in materials[:_MAX_MATERIALS] if isinstance(materials, list) else ():
        repository = _repository(_text(one, "uri").partition("@")[0])
        if repository and repository == _repository(identity.repository):
            commit = _text(one, "digest", "gitCommit") or _text(one, "digest", "sha1")
            yield Claim("commit", commit, identity.commit)


def _run_claims(predicate: Mapping[str, Any], identity: PublisherIdentity) -> Iterator[Claim]:
    """The run: its URI, or in version 0.2 its number and attempt."""
    uri = _text(predicate, "runDetails", "metadata", "invocationId")
    if _RUN(uri):
        yield Claim("run", uri, identity.run)
    metadata, run = _object(predicate, "metadata"), _RUN(identity.run)
    number = _text(metadata, "buildInvocationId") or _text(metadata, "buildInvocationID")
    if _RUN_ID(number) and run:
        yield Claim("run", number, f"{run[1]}-{run[2]}")


def _builder_id(predicate: Any) -> str:
    return _text(predicate, "builder", "id") or _text(predicate, "runDetails", "builder", "id")


# -- values -----------------------------------------------------------------------------------------------------


def _object(parent: Any, *path: str) -> Mapping[str, Any]:
    """The object there; an empty one where there is none."""
    for name in path:
        parent = parent.get(name) if isinstance(parent, dict) else None
    return parent if isinstance(parent, dict) else {}


def _text(parent: Any, *path: str) -> str:
    """The text there, or a number as text; empty where there is none."""
    found = _object(parent, *path[:-1]).get(path[-1])
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""


def _repository(uri: str) -> str:
    """As it is compared: hosts of repositories make no difference between cases."""
    return uri.removeprefix("git+").removesuffix("/").removesuffix(".git").lower()


def _path(builder: str) -> str:
    return builder.partition("@")[0]
