"""`bomvet verify`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from bomvet.cli import _options as opt
from bomvet.cli._output import outputs, say, write
from bomvet.errors import UsageError

if TYPE_CHECKING:
    from bomvet.model.verification import Verification
    from bomvet.provenance.wanted import IdentityPolicy
    from bomvet.verifying import Artifact, Demands

app = typer.Typer(help="Verify who signed what: attestations, SBOMs and images.", no_args_is_help=True)


def _pattern(text: str) -> object:
    from bomvet.provenance import wanted  # noqa: PLC0415 - the help text needs none of it

    return wanted.check_pattern(text)


def _repository(text: str) -> object:
    from bomvet.provenance import wanted  # noqa: PLC0415 - the help text needs none of it

    return wanted.repository_url(text)


def _owner(text: str) -> object:
    from bomvet.provenance import wanted  # noqa: PLC0415 - the help text needs none of it

    return wanted.owner_url(text)


def _signer(text: str) -> object:
    from bomvet.provenance import wanted  # noqa: PLC0415 - the help text needs none of it

    return wanted.signer_url(text)


def _digest(text: str) -> object:
    from bomvet import verifying  # noqa: PLC0415 - the help text needs none of it

    return verifying.artifact_by(text)


Bundle = Annotated[
    str,
    typer.Argument(
        help="A sigstore bundle, an attestation of PyPI or npm, or several, one per line.",
        metavar="BUNDLE",
        callback=opt.given(),
    ),
]
Sbom = Annotated[str, typer.Argument(help="The SBOM, in any format.", metavar="SBOM", callback=opt.given())]
Image = Annotated[
    str,
    typer.Argument(
        help="[REGISTRY/]NAME[:TAG][@DIGEST], or oci-dir:PATH for an OCI layout.", metavar="IMAGE", callback=opt.given()
    ),
]
ArtifactFile = Annotated[
    str | None,
    typer.Option(
        "--artifact",
        help="The file that the evidence has to be about.",
        metavar="FILE",
        envvar="BOMVET_ARTIFACT",
        callback=opt.given(),
    ),
]
Digest = Annotated[
    str | None,
    typer.Option(
        "--digest",
        help="Its digest, instead of the file: sha256, sha384 or sha512.",
        metavar="ALG:HEX",
        envvar="BOMVET_DIGEST",
        callback=opt.given(_digest),
    ),
]
BundleFile = Annotated[
    str | None,
    typer.Option(
        "--bundle",
        help="The evidence. [default: SBOM.sigstore.json]",
        metavar="FILE",
        envvar="BOMVET_BUNDLE",
        callback=opt.given(),
    ),
]
Identity = Annotated[
    str | None,
    typer.Option(
        "--certificate-identity",
        help="Who has to have signed: the URI or e-mail address in the certificate, as a whole.",
        metavar="TEXT",
        envvar="BOMVET_CERTIFICATE_IDENTITY",
        callback=opt.given(),
    ),
]
IdentityPattern = Annotated[
    str | None,
    typer.Option(
        "--certificate-identity-regexp",
        help="The same as a regular expression (RE2) for all of it.",
        metavar="REGEXP",
        envvar="BOMVET_CERTIFICATE_IDENTITY_REGEXP",
        callback=opt.given(_pattern),
    ),
]
Issuer = Annotated[
    str | None,
    typer.Option(
        "--certificate-oidc-issuer",
        help="Which service has to vouch for who signed. [default: that of --repo or --owner]",
        metavar="URL",
        envvar="BOMVET_CERTIFICATE_OIDC_ISSUER",
        callback=opt.given(),
    ),
]
Repo = Annotated[
    str | None,
    typer.Option(
        "--repo",
        help="The repository that it has to be built from: OWNER/NAME on GitHub, or a URL.",
        metavar="REPO",
        envvar="BOMVET_REPO",
        callback=opt.given(_repository),
    ),
]
Owner = Annotated[
    str | None,
    typer.Option(
        "--owner",
        help="Who has to own the repository: OWNER on GitHub, or a URL.",
        metavar="OWNER",
        envvar="BOMVET_OWNER",
        callback=opt.given(_owner),
    ),
]
Workflow = Annotated[
    str | None,
    typer.Option(
        "--workflow",
        help="The workflow that has to have been started, such as .github/workflows/release.yml.",
        metavar="PATH",
        envvar="BOMVET_WORKFLOW",
        callback=opt.given(),
    ),
]
SignerWorkflow = Annotated[
    str | None,
    typer.Option(
        "--signer-workflow",
        help="The reusable workflow that has to have signed: OWNER/NAME/PATH, with or without @REF.",
        metavar="WORKFLOW",
        envvar="BOMVET_SIGNER_WORKFLOW",
        callback=opt.given(_signer),
    ),
]
SignerRepo = Annotated[
    str | None,
    typer.Option(
        "--signer-repo",
        help="The repository of the reusable workflow that has to have signed.",
        metavar="REPO",
        envvar="BOMVET_SIGNER_REPO",
        callback=opt.given(_repository),
    ),
]
SourceRef = Annotated[
    str | None,
    typer.Option(
        "--source-ref",
        help="What it has to be built from, such as refs/tags/v1.0.",
        metavar="REF",
        envvar="BOMVET_SOURCE_REF",
        callback=opt.given(),
    ),
]
DenySelfHosted = Annotated[
    bool,
    typer.Option(
        "--deny-self-hosted-runners",
        help="Refuse what was built on a machine of the builder's own.",
        envvar="BOMVET_DENY_SELF_HOSTED_RUNNERS",
    ),
]
AnyIdentity = Annotated[
    bool,
    typer.Option(
        "--insecure-any-identity",
        help="Accept whoever signed, which proves nothing: to see who it was.",
        envvar="BOMVET_INSECURE_ANY_IDENTITY",
    ),
]
PredicateType = Annotated[
    str | None,
    typer.Option(
        "--predicate-type",
        help="What the statement has to be, such as https://slsa.dev/provenance/v1.",
        metavar="URI",
        envvar="BOMVET_PREDICATE_TYPE",
        callback=opt.given(),
    ),
]
RequireProof = Annotated[
    bool,
    typer.Option(
        "--require-proof",
        help="Do not take the log's promise for its proof.",
        envvar="BOMVET_REQUIRE_PROOF",
    ),
]
Platform = Annotated[
    str | None,
    typer.Option(
        "--platform",
        help="Only the image for this platform, of an index.",
        metavar="OS/ARCH",
        envvar="BOMVET_PLATFORM",
        callback=opt.given(),
    ),
]
Format = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        "-f",
        help="FORMAT or FORMAT=FILE; repeatable: table, json.",
        metavar="FORMAT[=FILE]",
        envvar="BOMVET_FORMAT",
        callback=opt.given(),
    ),
]


@app.command("attestation")
def attestation(
    bundle: Bundle,
    artifact: ArtifactFile = None,
    digest: Digest = None,
    identity: Identity = None,
    identity_regexp: IdentityPattern = None,
    issuer: Issuer = None,
    repo: Repo = None,
    owner: Owner = None,
    workflow: Workflow = None,
    signer_workflow: SignerWorkflow = None,
    signer_repo: SignerRepo = None,
    source_ref: SourceRef = None,
    deny_self_hosted_runners: DenySelfHosted = False,
    insecure_any_identity: AnyIdentity = False,
    predicate_type: PredicateType = None,
    trusted_root: opt.TrustedRoot = None,
    npm_keys: opt.NpmKeys = None,
    require_proof: RequireProof = False,
    formats: Format = None,
    output: opt.OutputFile = None,
    offline: opt.Offline = False,  # noqa: ARG001 - no connection is opened in any case
) -> int:
    """Verify evidence for a file.

    At least one piece of it has to be about the artefact, pass every step, and be signed by who is named. Where
    nobody is named, who signed is told, and has to be who the statement says. Exit code 1 means that it is refused,
    with the step that refused it; 3 that it could not be established, as where it is of a form that is not verified
    here. No connection is opened.
    """
    from bomvet import verifying  # noqa: PLC0415 - the help text needs none of it
    from bomvet.opening import read_file  # noqa: PLC0415 - the same
    from bomvet.provenance.documents import MAX_BYTES  # noqa: PLC0415 - the same

    policy = _policy(
        identity, identity_regexp, issuer, repo, owner, workflow, signer_workflow, signer_repo, source_ref,
        hosted_only=deny_self_hosted_runners, anybody=insecure_any_identity, needed=False,
    )  # fmt: skip
    about = _artifact(artifact, digest)
    if about is None:
        raise UsageError("nothing says what the evidence has to be about", hint="--artifact FILE, or --digest ALG:HEX")
    asked = verifying.demands(
        policy,
        predicate_type=predicate_type or "",
        trusted_root=trusted_root or "",
        npm_keys=npm_keys or "",
        proof=require_proof,
    )
    data = read_file(bundle, MAX_BYTES)
    return _told(verifying.verify_attestation(data, bundle, about, asked), asked, formats, output)


@app.command("sbom")
def sbom(
    sbom: Sbom,
    bundle: BundleFile = None,
    artifact: ArtifactFile = None,
    digest: Digest = None,
    identity: Identity = None,
    identity_regexp: IdentityPattern = None,
    issuer: Issuer = None,
    repo: Repo = None,
    owner: Owner = None,
    workflow: Workflow = None,
    signer_workflow: SignerWorkflow = None,
    signer_repo: SignerRepo = None,
    source_ref: SourceRef = None,
    deny_self_hosted_runners: DenySelfHosted = False,
    insecure_any_identity: AnyIdentity = False,
    predicate_type: PredicateType = None,
    trusted_root: opt.TrustedRoot = None,
    require_proof: RequireProof = False,
    formats: Format = None,
    output: opt.OutputFile = None,
    offline: opt.Offline = False,  # noqa: ARG001 - no connection is opened in any case
) -> int:
    """Verify who vouches for an SBOM.

    Accepted are a signature over the file, an attestation about it, and an attestation that consists of it. With
    --artifact or --digest it has to be the last, and to be about that. Exit code 1 means that it is refused, 3 that
    it could not be established. No connection is opened.
    """
    from bomvet import verifying  # noqa: PLC0415 - the help text needs none of it
    from bomvet.opening import read_file  # noqa: PLC0415 - the same
    from bomvet.provenance.documents import MAX_BYTES  # noqa: PLC0415 - the same

    policy = _policy(
        identity, identity_regexp, issuer, repo, owner, workflow, signer_workflow, signer_repo, source_ref,
        hosted_only=deny_self_hosted_runners, anybody=insecure_any_identity,
    )  # fmt: skip
    about = _artifact(artifact, digest)
    asked = verifying.demands(
        policy, predicate_type=predicate_type or "", trusted_root=trusted_root or "", proof=require_proof
    )
    document = read_file(sbom, verifying.MAX_SBOM_BYTES)
    place = bundle or f"{sbom}.sigstore.json"
    if not bundle and not os.path.lexists(place):
        raise UsageError(f"there is no {place}", hint="--bundle FILE names the evidence")
    data = read_file(place, MAX_BYTES)
    found = verifying.verify_sbom(document, os.path.basename(sbom), data, place, asked, artifact=about)
    return _told(found, asked, formats, output)


@app.command("image")
def image(
    image: Image,
    identity: Identity = None,
    identity_regexp: IdentityPattern = None,
    issuer: Issuer = None,
    repo: Repo = None,
    owner: Owner = None,
    workflow: Workflow = None,
    signer_workflow: SignerWorkflow = None,
    signer_repo: SignerRepo = None,
    source_ref: SourceRef = None,
    deny_self_hosted_runners: DenySelfHosted = False,
    insecure_any_identity: AnyIdentity = False,
    predicate_type: PredicateType = None,
    platform: Platform = None,
    trusted_root: opt.TrustedRoot = None,
    require_proof: RequireProof = False,
    formats: Format = None,
    output: opt.OutputFile = None,
    offline: opt.Offline = False,
) -> int:
    """Verify the evidence for an image.

    Looked at are cosign's signatures and attestations and what refers to the image, for its index and for its
    platforms. An image that definitely has none is refused (exit code 1); where a registry does not answer, that
    cannot be established (3). Logins are those of Docker's configuration; credential helpers are not run.
    """
    from bomvet import verifying  # noqa: PLC0415 - the help text needs none of it

    policy = _policy(
        identity, identity_regexp, issuer, repo, owner, workflow, signer_workflow, signer_repo, source_ref,
        hosted_only=deny_self_hosted_runners, anybody=insecure_any_identity,
    )  # fmt: skip
    asked = verifying.demands(
        policy, predicate_type=predicate_type or "", trusted_root=trusted_root or "", proof=require_proof
    )
    found = verifying.verify_image(image, asked, platform=platform or "", offline=offline)
    return _told(found, asked, formats, output)


def _policy(*texts: str | None, hosted_only: bool, anybody: bool, needed: bool = True) -> IdentityPolicy | None:
    """Who has to have signed; None where that may be anybody.  `texts` are those of `wanted`, in its order.

    Raises `UsageError` where that is `needed` and nothing says it.
    """
    from bomvet.provenance.wanted import wanted  # noqa: PLC0415 - the help text needs none of it

    identity, pattern, issuer, repository, owner, workflow, signer_workflow, signer_repository, ref = (
        text or "" for text in texts
    )
    if anybody:
        if any(texts) or hosted_only:
            raise UsageError("--insecure-any-identity accepts whoever signed, and another option says who may")
        return None
    if not (needed or any(texts) or hosted_only):
        return None
    return wanted(
        identity=identity,
        pattern=pattern,
        issuer=issuer,
        repository=repository,
        owner=owner,
        workflow=workflow,
        signer_workflow=signer_workflow,
        signer_repository=signer_repository,
        ref=ref,
        hosted_only=hosted_only,
    )


def _artifact(path: str | None, digest: str | None) -> Artifact | None:
    from bomvet import verifying  # noqa: PLC0415 - the help text needs none of it

    if path and digest:
        raise UsageError("--artifact and --digest say the same thing twice", hint="leave one of them out")
    return verifying.artifact_of(path) if path else verifying.artifact_by(digest) if digest else None


def _told(found: Verification, asked: Demands, formats: list[str] | None, output: str | None) -> int:
    """Write the answer; its exit code."""
    from bomvet.cli._verification import FORMATS  # noqa: PLC0415 - the help text needs none of it
    from bomvet.model.verification import Verdict  # noqa: PLC0415 - the same

    write(found, outputs(formats or ["table"], output, FORMATS))
    if asked.policy is None and found.verdict is Verdict.VERIFIED:
        say("bomvet: nobody was named who has to have signed: whoever did was accepted, which proves nothing by itself")
    return {Verdict.VERIFIED: 0, Verdict.REFUSED: 1, Verdict.NOT_ESTABLISHED: 3}[found.verdict]
