"""Who has to have signed: what `bomvet verify` is told to expect, held against the identity in a certificate.

Every comparison is of whole values, never of a prefix: anybody may register what a name begins with.  The options are
those of cosign (`--certificate-identity`, `--certificate-oidc-issuer`) and of gh (`--repo`, `--owner`,
`--signer-workflow`), and mean what they mean there, but for one thing: `--repo` is the repository whose workflow ran,
as the certificate has it, also where that workflow lets one from elsewhere sign, which gh refuses unless it is named.
That choice is the repository's own; it is told, and can be pinned.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bomvet.errors import UsageError
from bomvet.model.records import dataclass, replace

if TYPE_CHECKING:
    from bomvet.model.provenance import PublisherIdentity

_GITHUB = "https://github.com"
#: Whose tokens say that a workflow of the host's repositories runs.
_ISSUERS = {_GITHUB: "https://token.actions.githubusercontent.com", "https://gitlab.com": "https://gitlab.com"}
#: Runners that are made for one job, by whoever vouches for it.
_HOSTED = ("github-hosted", "gitlab-hosted")
_NAME = r"[A-Za-z0-9_.-]+"
_OWNER = re.compile(_NAME).fullmatch
_REPOSITORY = re.compile(rf"{_NAME}/{_NAME}").fullmatch
_URL = re.compile(r"https://[A-Za-z0-9.-]+(?::\d+)?/(?P<path>[^\s?#@]*[^\s?#@/])").fullmatch
_SIGNER = re.compile(rf"{_NAME}/{_NAME}/[^\s?#@]+").fullmatch
_REF = re.compile(r"[^\s@]+").fullmatch
#: Of a pattern, and of what is held against it; identities that CI systems make have a few hundred characters.
MAX_PATTERN, MAX_SUBJECT = 1000, 4000
_HINT = (
    "name the repository (--repo OWNER/NAME), or who signed and by which service "
    "(--certificate-identity with --certificate-oidc-issuer)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityPolicy:
    """What the certificate has to say; what is empty may be anything.  Made by `wanted`, which refuses loose ones.

    `identity` is the subject alternative name as a whole, `pattern` a regular expression for all of it.  `repository`
    and `owner` are URLs (`https://github.com/OWNER/NAME`).  `workflow` is the path of the top-level workflow.
    `signer` is the URL of the workflow that signed, with or without `@REF`, `signer_repository` that of the repository
    that it lies in.
    """

    issuer: str = ""
    identity: str = ""
    pattern: str = ""
    repository: str = ""
    owner: str = ""
    workflow: str = ""
    signer: str = ""
    signer_repository: str = ""
    ref: str = ""
    hosted_only: bool = False

    def mismatch(self, identity: PublisherIdentity) -> str:
        """Why `identity` is not the one that is wanted: the first thing that differs; empty where all of it fits."""
        return next(self._differences(identity), "")

    def _differences(self, found: PublisherIdentity) -> Iterator[str]:
        if self.issuer and found.issuer != self.issuer:
            yield f"the issuer is {_said(found.issuer)}, not {self.issuer}"
        if self.identity and found.subject != self.identity:
            yield f"the certificate is of {_said(found.subject)}, not of {self.identity}"
        if self.pattern and not _matches(self.pattern, found.subject):
            yield f"the certificate is of {_said(found.subject)}, which {self.pattern} does not match as a whole"
        if self.repository and not _same(found.repository, self.repository):
            yield f"the repository is {_said(found.repository)}, not {self.repository}"
        if self.owner and not _same(found.owner, self.owner):
            yield f"the owner is {_said(found.owner)}, not {self.owner}"
        if self.workflow and found.workflow != self.workflow:
            yield f"the workflow is {_said(found.workflow)}, not {self.workflow}"
        yield from self._signers(found)
        if self.ref and found.ref != self.ref:
            yield f"it was built from {_said(found.ref)}, not from {self.ref}"
        if self.hosted_only and found.runner not in _HOSTED:
            yield f"the runner is {_said(found.runner)}, not {' or '.join(_HOSTED)}"

    def _signers(self, found: PublisherIdentity) -> Iterator[str]:
        builder = _builder(found)
        if self.signer:
            fits = builder == self.signer if "@" in self.signer else _without_ref(builder) == self.signer
            if not fits:
                yield f"the workflow that signed is {_said(builder)}, not {self.signer}"
        if self.signer_repository and not _within(builder, self.signer_repository):
            yield f"the workflow that signed is {_said(builder)}, which is not of {self.signer_repository}"

    def unpinned(self, identity: PublisherIdentity) -> str:
        """The workflow from elsewhere that signed where nothing was said of it; empty where there is none."""
        stated = self.signer or self.signer_repository or self.identity or self.pattern
        builder = _builder(identity)
        return "" if stated or not builder or _within(builder, identity.repository) else builder


def wanted(
    *,
    identity: str = "",
    pattern: str = "",
    issuer: str = "",
    repository: str = "",
    owner: str = "",
    workflow: str = "",
    signer_workflow: str = "",
    signer_repository: str = "",
    ref: str = "",
    hosted_only: bool = False,
) -> IdentityPolicy:
    """The policy that the options state; raises `UsageError` where they would let almost anybody pass.

    A repository or an owner of GitHub, or of gitlab.com, implies the issuer of its workflows' tokens.
    """
    if not (identity or pattern or repository or owner):
        raise UsageError("nothing says who has to have signed", hint=_HINT)
    try:
        found = IdentityPolicy(
            identity=identity,
            pattern=check_pattern(pattern) if pattern else "",
            repository=repository_url(repository) if repository else "",
            owner=owner_url(owner) if owner else "",
            workflow=workflow,
            signer=signer_url(signer_workflow) if signer_workflow else "",
            signer_repository=repository_url(signer_repository) if signer_repository else "",
            ref=ref,
            hosted_only=hosted_only,
        )
    except ValueError as error:
        raise UsageError(f"an option that says who has to have signed {error}") from None
    return replace(found, issuer=issuer or _issuer(found.repository or found.owner))


def _issuer(url: str) -> str:
    """That of the host of `url`; raises `UsageError` where nothing tells: a name could be of any service's user."""
    host = "/".join(url.split("/")[:3]).lower()
    if host not in _ISSUERS:
        raise UsageError(
            "nothing says which service vouches for who signed",
            hint="--certificate-oidc-issuer URL, such as https://accounts.google.com",
        )
    return _ISSUERS[host]


def repository_url(text: str) -> str:
    """The URL of `OWNER/NAME`, which is GitHub's, or of a URL; raises `ValueError`."""
    if _REPOSITORY(text):
        return f"{_GITHUB}/{text}"
    match = _URL(text.removesuffix("/").removesuffix(".git"))
    if not match or "/" not in match["path"]:
        raise ValueError(f"must be OWNER/NAME or https://HOST/OWNER/NAME, not {text!r}")
    return match[0]


def owner_url(text: str) -> str:
    """The URL of an owner on GitHub, or of a URL; raises `ValueError`."""
    if _OWNER(text):
        return f"{_GITHUB}/{text}"
    match = _URL(text.removesuffix("/"))
    if not match:
        raise ValueError(f"must be OWNER or https://HOST/OWNER, not {text!r}")
    return match[0]


def signer_url(text: str) -> str:
    """The URL of `[HOST/]OWNER/NAME/PATH[@REF]` or of a URL; raises `ValueError`."""
    bare, at, ref = text.partition("@")
    url = bare if bare.startswith("https://") else f"{_GITHUB}/{bare.removeprefix('github.com/')}"
    path = url.removeprefix(f"{_GITHUB}/")
    if not (_SIGNER(path) if path != url else _URL(url)) or (at and not _REF(ref)):
        raise ValueError(f"must be OWNER/NAME/PATH-OF-THE-WORKFLOW, with or without @REF, not {text!r}")
    return f"{url}{at}{ref}"


def check_pattern(text: str) -> str:
    """`text`, if it is a regular expression; raises `ValueError`."""
    if len(text) > MAX_PATTERN:
        raise ValueError(f"has more than {MAX_PATTERN:,} characters")
    try:
        _found(text, "")
    except RuntimeError as error:
        reason = str(error).rpartition("error: ")[2].partition(". Check function")[0]
        raise ValueError(f"is no regular expression of RE2: {reason}") from None
    return text


def _matches(pattern: str, text: str) -> bool:
    return len(text) <= MAX_SUBJECT and _found(f"^(?:{pattern})$", text)


def _found(pattern: str, text: str) -> bool:
    """In linear time, whatever the pattern: whoever signs chooses the text."""
    import cel  # noqa: PLC0415 - where a pattern is stated

    return cel.compile("text.matches(pattern)").execute({"text": text, "pattern": pattern}) is True


def _same(one: str, other: str) -> bool:
    """Names on GitHub and gitlab.com differ by more than the case of letters."""
    return one == other or (one.lower() == other.lower() and other.lower().startswith(tuple(f"{h}/" for h in _ISSUERS)))


def _within(url: str, home: str) -> bool:
    parts = home.count("/") + 1
    return _same("/".join(url.split("/")[:parts]), home) and url.count("/") >= parts


def _builder(found: PublisherIdentity) -> str:
    """The workflow that signed; certificates of before 2023 have it in their subject alone."""
    return found.builder or found.subject


def _without_ref(builder: str) -> str:
    return builder.partition("@")[0]


def _said(text: str) -> str:
    return text or "not in the certificate"
