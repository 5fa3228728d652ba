"""Who signs in tests: workloads of GitHub and GitLab and people, with the claims of their tokens.

The certificate's fields are those of https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md.
"""

from __future__ import annotations

from typing import Any, NamedTuple

GITHUB_ISSUER = "https://token.actions.githubusercontent.com"
GITLAB_ISSUER = "https://gitlab.com"
SHA = "a" * 40


class GitHub(NamedTuple):
    """A run of a GitHub workflow; `builder` is the reusable workflow that signs, where that is another.

    `builder` and `signer` are like `acme/builder/.github/workflows/build.yml@refs/tags/v1`.
    """

    repository: str = "acme/app"
    repository_id: str = "1001"
    owner_id: str = "2001"
    workflow: str = ".github/workflows/release.yml"
    ref: str = "refs/tags/v1.0.0"
    trigger: str = "push"
    runner: str = "github-hosted"
    sha: str = SHA
    builder: str = ""
    run: str = "7"
    issuer: str = GITHUB_ISSUER
    host: str = "https://github.com"
    visibility: str = "public"

    @property
    def owner(self) -> str:
        """The part of the repository before the slash."""
        return self.repository.partition("/")[0]

    @property
    def signer(self) -> str:
        """The workflow that signs."""
        return self.builder or f"{self.repository}/{self.workflow}@{self.ref}"

    @property
    def subject(self) -> str:
        """The certificate's alternative name, a URI."""
        return f"{self.host}/{self.signer}"

    @property
    def run_url(self) -> str:
        """The invocation."""
        return f"{self.host}/{self.repository}/actions/runs/{self.run}/attempts/1"

    def claims(self) -> dict[str, Any]:
        """Those of the token that GitHub gives out."""
        top = f"{self.repository}/{self.workflow}@{self.ref}"
        return {
            "iss": self.issuer,
            "sub": f"repo:{self.repository}:ref:{self.ref}",
            "repository": self.repository,
            "repository_id": self.repository_id,
            "repository_owner": self.owner,
            "repository_owner_id": self.owner_id,
            "repository_visibility": self.visibility,
            "workflow": "release",
            "workflow_ref": top,
            "workflow_sha": self.sha,
            "job_workflow_ref": self.signer,
            "job_workflow_sha": SHA[::-1] if self.builder else self.sha,
            "ref": self.ref,
            "sha": self.sha,
            "event_name": self.trigger,
            "runner_environment": self.runner,
            "run_id": self.run,
            "run_attempt": "1",
            "server_url": self.host,
        }


class GitLab(NamedTuple):
    """A job of a GitLab pipeline."""

    project: str = "acme/app"
    project_id: str = "3001"
    namespace_id: str = "4001"
    config: str = ".gitlab-ci.yml"
    ref: str = "refs/heads/main"
    trigger: str = "push"
    runner: str = "gitlab-hosted"
    sha: str = SHA
    job: str = "9"
    issuer: str = GITLAB_ISSUER

    @property
    def subject(self) -> str:
        """The certificate's alternative name, a URI."""
        return f"{self.issuer}/{self.project}//{self.config}@{self.ref}"

    def claims(self) -> dict[str, Any]:
        """Those of the token that GitLab gives out."""
        return {
            "iss": self.issuer,
            "sub": f"project_path:{self.project}:ref_type:branch:ref:{self.ref.rpartition('/')[2]}",
            "project_path": self.project,
            "project_id": self.project_id,
            "namespace_path": self.project.rpartition("/")[0],
            "namespace_id": self.namespace_id,
            "ci_config_ref_uri": self.subject.removeprefix("https://"),
            "ci_config_sha": self.sha,
            "ref_path": self.ref,
            "sha": self.sha,
            "pipeline_source": self.trigger,
            "runner_environment": self.runner,
            "job_id": self.job,
            "project_visibility": "public",
        }


class Email(NamedTuple):
    """A person, or an account of a service, that signed in with an e-mail address."""

    address: str = "dana@people.example"
    issuer: str = "https://accounts.google.com"

    @property
    def subject(self) -> str:
        """The certificate's alternative name."""
        return self.address

    def claims(self) -> dict[str, Any]:
        """Those of the token that a provider gives out."""
        return {"iss": self.issuer, "sub": "11223344", "email": self.address, "email_verified": True}


Identity = GitHub | GitLab | Email


def alternative_name(claims: dict[str, Any]) -> str:
    """What Fulcio makes of a token for the certificate's alternative name; an e-mail address has an `@` and no `/`."""
    if "job_workflow_ref" in claims:
        return f"{claims['server_url']}/{claims['job_workflow_ref']}"
    if "ci_config_ref_uri" in claims:
        return f"https://{claims['ci_config_ref_uri']}"
    return str(claims.get("email", claims["sub"]))


def fields(claims: dict[str, Any]) -> dict[int, str]:
    """What Fulcio makes of a token for the fields 8 to 22, which are DER strings in the certificate."""
    if "job_workflow_ref" in claims:
        return {8: claims["iss"], **_github(claims)}
    if "ci_config_ref_uri" in claims:
        return {8: claims["iss"], **_gitlab(claims)}
    return {8: claims["iss"]}


def old_fields(claims: dict[str, Any]) -> dict[int, str]:
    """The fields 1 to 6, bare text, which were all that there was until 2023."""
    if "job_workflow_ref" not in claims:
        return {1: claims["iss"]}
    return {
        1: claims["iss"],
        2: claims["event_name"],
        3: claims["sha"],
        4: claims["workflow"],
        5: claims["repository"],
        6: claims["ref"],
    }


def _github(claims: dict[str, Any]) -> dict[int, str]:
    host = claims["server_url"]
    return {
        9: f"{host}/{claims['job_workflow_ref']}",
        10: claims["job_workflow_sha"],
        11: claims["runner_environment"],
        12: f"{host}/{claims['repository']}",
        13: claims["sha"],
        14: claims["ref"],
        15: claims["repository_id"],
        16: f"{host}/{claims['repository_owner']}",
        17: claims["repository_owner_id"],
        18: f"{host}/{claims['workflow_ref']}",
        19: claims["workflow_sha"],
        20: claims["event_name"],
        21: f"{host}/{claims['repository']}/actions/runs/{claims['run_id']}/attempts/{claims['run_attempt']}",
        22: claims["repository_visibility"],
    }


def _gitlab(claims: dict[str, Any]) -> dict[int, str]:
    host = claims["iss"]
    return {
        9: f"https://{claims['ci_config_ref_uri']}",
        10: claims["ci_config_sha"],
        11: claims["runner_environment"],
        12: f"{host}/{claims['project_path']}",
        13: claims["sha"],
        14: claims["ref_path"],
        15: claims["project_id"],
        16: f"{host}/{claims['namespace_path']}",
        17: claims["namespace_id"],
        18: f"https://{claims['ci_config_ref_uri']}",
        19: claims["ci_config_sha"],
        20: claims["pipeline_source"],
        21: f"{host}/{claims['project_path']}/-/jobs/{claims['job_id']}",
        22: claims["project_visibility"],
    }
