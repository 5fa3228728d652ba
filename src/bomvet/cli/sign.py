"""`bomvet sign`."""

from __future__ import annotations

import hashlib
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from bomvet.cli import _options as opt
from bomvet.cli._output import STDOUT, put, say
from bomvet.errors import UsageError

if TYPE_CHECKING:
    from sigstore.oidc import IdentityToken

    from bomvet.provenance.signing import Instance, Signed

#: What a statement may hold; the bundle over it has its own bound.
_MAX_FILE = 64 * 1024 * 1024
_MAX_TOKEN = 64 * 1024
_TOKEN_VARIABLE = "SIGSTORE_ID_TOKEN"  # noqa: S105 - its name
_KINDS = ("sbom", "blob", "statement")


def _kind(text: str) -> str:
    if text not in _KINDS:
        raise ValueError(f"must be sbom, blob or statement, not {text!r}")
    return text


def _uri(text: str) -> str:
    from urllib.parse import urlsplit  # noqa: PLC0415 - the help text needs none of it

    if not urlsplit(text).scheme or any(c.isspace() for c in text):
        raise ValueError(f"must be a URI such as https://cyclonedx.org/bom, not {text!r}")
    return text


def _issuer(text: str) -> str:
    from bomvet.policy.document import service_url  # noqa: PLC0415 - the help text needs none of it
    from bomvet.provenance.signing import is_private  # noqa: PLC0415 - the same

    if not is_private(text):
        raise ValueError(f"must be an https URL, not {text!r}")
    return service_url(text)


File = Annotated[str, typer.Argument(help="What to sign.", metavar="FILE", callback=opt.given())]
Kind = Annotated[
    str | None,
    typer.Option(
        "--type",
        help="sbom: say it of an artefact; blob: the file as it is; statement: an in-toto statement as it is. "
        "[default: sbom for CycloneDX, statement for in-toto]",
        metavar="TYPE",
        envvar="BOMVET_TYPE",
        callback=opt.given(_kind),
    ),
]
Artifact = Annotated[
    list[str] | None,
    typer.Option(
        "--artifact",
        help="What the SBOM describes, by its digest; repeatable. [default: the SBOM itself]",
        metavar="FILE",
        envvar="BOMVET_ARTIFACT",
        callback=opt.given(),
    ),
]
PredicateType = Annotated[
    str | None,
    typer.Option(
        "--predicate-type",
        help="What the statement about an artefact is. [default: https://cyclonedx.org/bom]",
        metavar="URI",
        envvar="BOMVET_PREDICATE_TYPE",
        callback=opt.given(_uri),
    ),
]
Bundle = Annotated[
    str | None,
    typer.Option(
        "--bundle",
        help="Where the bundle goes; - is stdout. [default: FILE.sigstore.json]",
        metavar="FILE",
        envvar="BOMVET_BUNDLE",
        callback=opt.given(),
    ),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace a bundle that is there already.", envvar="BOMVET_OVERWRITE")
]
TokenFile = Annotated[
    str | None,
    typer.Option(
        "--identity-token-file",
        help="A file with the identity token to sign with.",
        metavar="FILE",
        envvar="BOMVET_IDENTITY_TOKEN_FILE",
        callback=opt.given(),
    ),
]
TrustConfig = Annotated[
    str | None,
    typer.Option(
        "--trust-config",
        help="The instance of sigstore to sign with. [default: the public one]",
        metavar="FILE",
        envvar="BOMVET_TRUST_CONFIG",
        callback=opt.given(),
    ),
]
Issuer = Annotated[
    str | None,
    typer.Option(
        "--oidc-issuer",
        help="Where to sign in with a browser. [default: the instance's own]",
        metavar="URL",
        envvar="BOMVET_OIDC_ISSUER",
        callback=opt.given(_issuer),
    ),
]


def sign(
    file: File,
    kind: Kind = None,
    artifact: Artifact = None,
    predicate_type: PredicateType = None,
    bundle: Bundle = None,
    overwrite: Overwrite = False,
    identity_token_file: TokenFile = None,
    oidc_issuer: Issuer = None,
    trust_config: TrustConfig = None,
    offline: opt.Offline = False,
) -> int:
    """Sign an SBOM or another file, without a key to keep.

    Who signs is told by the build machine, by a token, or by signing in with a browser where there is a terminal.
    The identity and the digest go into a public log, for good. The bundle is verified before it is written.
    """
    if offline:
        raise UsageError("signing asks for a certificate and an entry of a log, which --offline forbids")
    place = _place(bundle or f"{file}.sigstore.json", overwrite=overwrite)
    content = _Content(file, kind, artifact or [], predicate_type)
    instance = _instance(trust_config)
    token = _token(identity_token_file, instance, oidc_issuer or "")
    signed = content.signed(token, instance)
    put(signed.bundle + b"\n", place)
    say(f"{file}: signed by {signed.identity.subject} ({signed.identity.issuer}), entry {signed.log_index} of the log")
    if signed.expected_stamp and not signed.stamped:
        say("warning: no timestamp authority answered; the time is by the word of the log alone")
    if place:
        say(f"{place}: written")
    return 0


# -- where it goes -----------------------------------------------------------------------------------------------


def _place(path: str, *, overwrite: bool) -> str:
    """The file for the bundle, "" for stdout; raises `UsageError` before anything is asked that stays for ever."""
    if path == STDOUT:
        return ""
    if os.path.lexists(path) and not overwrite:
        raise UsageError(f"{path} is there already", hint="--overwrite replaces it, --bundle names another file")
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise UsageError(f"{path} cannot be written: there is no folder {folder}", hint="create the folder first")
    if os.path.islink(path) or os.path.isdir(path):
        raise UsageError(f"{path} is no file that can be replaced", hint="--bundle names another file")
    if not os.access(path if os.path.lexists(path) else folder, os.W_OK):
        raise UsageError(f"{path} cannot be written: Permission denied")
    return path


# -- what is signed ----------------------------------------------------------------------------------------------


class _Content:
    """What is signed of the file, read and judged before anybody is asked; raises `UsageError`."""

    def __init__(self, path: str, kind: str | None, artifacts: list[str], predicate_type: str | None) -> None:
        from bomvet.opening import read_file  # noqa: PLC0415 - the help text needs none of it

        data = b"" if kind == "blob" else read_file(path, _MAX_FILE)
        self._kind = kind or _guessed(data, path)
        if self._kind != "sbom" and (artifacts or predicate_type):
            option = "--artifact" if artifacts else "--predicate-type"
            raise UsageError(f"{option} is for --type sbom alone, and this is a {self._kind}")
        self._digest, self._statement = b"", data
        if self._kind == "blob":
            self._digest = _digest(path)
        elif self._kind == "sbom":
            self._statement = _statement(path, data, artifacts, predicate_type)

    def signed(self, token: IdentityToken, instance: Instance) -> Signed:
        """The bundle over it; raises `BomvetError`."""
        from bomvet.net import bind  # noqa: PLC0415 - only where somebody is asked
        from bomvet.provenance import signing  # noqa: PLC0415 - the help text needs none of it

        if self._kind == "blob":
            return signing.sign_blob(self._digest, token, instance, bind)
        return signing.sign_statement(self._statement, token, instance, bind)


def _guessed(data: bytes, path: str) -> str:
    """What the file is by its own word; raises `UsageError` where it has none."""
    from bomvet.provenance.signing import read_json  # noqa: PLC0415 - the help text needs none of it

    try:
        document = read_json(data, path)
    except UsageError as error:
        raise UsageError(str(error), hint="--type blob signs any file as it is") from None
    if document.get("bomFormat") == "CycloneDX":
        return "sbom"
    if str(document.get("_type", "")).startswith("https://in-toto.io/Statement/"):
        return "statement"
    raise UsageError(
        f"{path} is neither CycloneDX nor an in-toto statement", hint="say what it is: --type sbom, blob or statement"
    )


def _statement(path: str, data: bytes, artifacts: list[str], predicate_type: str | None) -> bytes:
    from bomvet.provenance import signing  # noqa: PLC0415 - the help text needs none of it

    document = signing.read_json(data, path)
    if not predicate_type and document.get("bomFormat") != "CycloneDX":
        raise UsageError(f"{path} is no CycloneDX", hint="--predicate-type says what else it is")
    subjects = [signing.Subject(os.path.basename(one), _digest(one).hex()) for one in artifacts]
    itself = signing.Subject(os.path.basename(path), hashlib.sha256(data).hexdigest())
    return signing.statement_about(subjects or [itself], predicate_type or signing.CYCLONEDX, document)


def _digest(path: str) -> bytes:
    """SHA-256 of a regular file of any size."""
    if not os.path.isfile(path):
        raise UsageError(f"{path} cannot be read: it is no file")
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None


# -- who signs, and with whom ------------------------------------------------------------------------------------


def _instance(path: str | None) -> Instance:
    from bomvet.opening import read_file  # noqa: PLC0415 - the help text needs none of it
    from bomvet.provenance import signing  # noqa: PLC0415 - the same

    if path is None:
        return signing.public_instance()
    return signing.read_trust_config(read_file(path, signing.MAX_TRUST_CONFIG), path)


def _token(path: str | None, instance: Instance, issuer: str) -> IdentityToken:
    """From the file, the environment, the build machine, or a browser, in this order; raises `BomvetError`."""
    from bomvet.opening import read_file  # noqa: PLC0415 - the help text needs none of it
    from bomvet.provenance import signing  # noqa: PLC0415 - the same

    if path:
        return signing.identity(read_file(path, _MAX_TOKEN).decode(errors="replace"))
    if stated := os.environ.get(_TOKEN_VARIABLE):
        return signing.identity(stated)
    if (found := None if issuer else signing.ambient()) is not None:
        return found
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError(
            "there is no identity to sign with, and no terminal to sign in at",
            hint=f"in a build give the job the right to an identity token, else put one into {_TOKEN_VARIABLE} "
            "or --identity-token-file",
        )
    say("Sign in with your browser. Your identity (an e-mail address, mostly) goes into a public log, for good.")
    return signing.signed_in(instance, issuer)
