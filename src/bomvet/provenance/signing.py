"""Signs files and statements with a key that lives for minutes, by who is signed in: sigstore's keyless signing.

An identity token is exchanged for a certificate, the signature goes into a public log, and what comes of both is
verified here before anybody gets it.  The connections are sigstore's own; `bind` puts each under the rules of our
network (docs/adr/0018).  Whom to ask and whom to believe is what the installed package carries, never what its cache
in a home directory does.

Source: https://docs.sigstore.dev/about/overview/, and the API of https://github.com/sigstore/sigstore-python.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any, NamedTuple

from bomvet.errors import NotEstablishedError, UsageError
from bomvet.model.inventory import Hash
from bomvet.model.provenance import ProvenanceStatus, PublisherIdentity
from bomvet.provenance._json import MAX_BUNDLE
from bomvet.provenance._strict import strict
from bomvet.provenance.evidence import Evidence, Expected, Form

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from cryptography.x509 import Certificate
    from sigstore.models import Bundle, ClientTrustConfig
    from sigstore.oidc import IdentityToken
    from sigstore.sign import Signer
    from sigstore.verify import Verifier

    #: Puts a session of `requests` under rules.
    Bind = Callable[[Any], object]
    #: Signs something, given a signer.
    Make = Callable[[Signer], Bundle]
    #: Raises where a bundle is not over what was to be signed.
    Check = Callable[[Bundle, Verifier], None]

    from bomvet.provenance.root import TrustRoot

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
CYCLONEDX = "https://cyclonedx.org/bom"
#: What a bundle has beside a statement, with room: certificate, proof, timestamp.
_MAX_MATERIAL = 64 * 1024
MAX_TRUST_CONFIG = 1024 * 1024
_MAX_TOKEN = 64 * 1024
_TRUST_CONFIG = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json"
_STORE = "https%3A%2F%2Ftuf-repo-cdn.sigstore.dev"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_MAX_WORDS = 200
_MAX_CAUSES = 20


class Subject(NamedTuple):
    """What a statement is about; `sha256` is in hexadecimal."""

    name: str
    sha256: str


class Signed(NamedTuple):
    """A verified bundle (JSON), who signed by its certificate, and the entry of the log.

    `stamped` says that a timestamp authority vouches for the time; `expected_stamp` that one was to.
    """

    bundle: bytes
    identity: PublisherIdentity
    log_index: int | None
    stamped: bool
    expected_stamp: bool


# -- whom to ask and whom to believe -----------------------------------------------------------------------------


class Instance(NamedTuple):
    """An instance of sigstore: its services and root, as sigstore has them, and the root as we verify by it."""

    config: ClientTrustConfig
    root: TrustRoot


def public_instance() -> Instance:
    """Sigstore's public one as the installed package knows it; no cache is read, nothing is written."""
    from importlib.resources import files  # noqa: PLC0415

    folder = files("sigstore._store").joinpath(_STORE)
    names = {"trustedRoot": "trusted_root.json", "signingConfig": "signing_config.v0.2.json"}
    parts = {key: json.loads(folder.joinpath(name).read_bytes()) for key, name in names.items()}
    return _instance({"mediaType": _TRUST_CONFIG, **parts}, "the installed sigstore package")


def read_trust_config(data: bytes, name: str) -> Instance:
    """The instance that the file `name` describes (`ClientTrustConfig` of sigstore); raises `UsageError`."""
    try:
        document = strict(data)
    except ValueError as error:
        raise _no_config(name, error) from None
    return _instance(document, name)


def _instance(document: Any, name: str) -> Instance:
    from sigstore.errors import Error  # noqa: PLC0415
    from sigstore.models import ClientTrustConfig  # noqa: PLC0415

    from bomvet.provenance.root import read_root  # noqa: PLC0415 - only where somebody signs

    try:
        config = ClientTrustConfig.from_json(json.dumps(document))
        config.signing_config.get_tlogs()
        root = json.dumps(document["trustedRoot"]).encode()
    except (ValueError, TypeError, LookupError, RecursionError, Error) as error:
        raise _no_config(name, error) from None
    for url in _addresses(document["signingConfig"]):
        if not is_private(url):
            hint = "the identity token is a secret, which is not sent in the clear"
            raise UsageError(f"{name}: {_host(url)} is not asked by https", hint=hint)
    return Instance(config, read_root(root, name))


def _addresses(signing: Mapping[str, Any]) -> list[str]:
    """The URLs of all services."""
    kinds = ("caUrls", "oidcUrls", "rekorTlogUrls", "tsaUrls")
    return [service["url"] for kind in kinds for service in signing.get(kind) or ()]


def is_private(url: str) -> bool:
    """Whether nobody on the way reads what is sent to `url`: it is https, or the machine itself."""
    from urllib.parse import urlsplit  # noqa: PLC0415

    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


def _no_config(name: str, error: Exception) -> UsageError:
    return UsageError(
        f"{name}: no trust configuration: {_words(error)}",
        hint="a client trust configuration of sigstore is expected, with trustedRoot and signingConfig",
    )


# -- who signs ---------------------------------------------------------------------------------------------------


def identity(token: str) -> IdentityToken:
    """What an identity token says of itself; raises `UsageError` where it cannot be used.  It is told to nobody."""
    from sigstore.oidc import IdentityError, IdentityToken  # noqa: PLC0415

    if len(token) > _MAX_TOKEN:
        raise UsageError(f"the identity token has more than {_MAX_TOKEN:,} characters")
    try:
        return IdentityToken(token.strip())
    except IdentityError as error:
        kind = type(error.__cause__).__name__ if error.__cause__ else ""
        if kind == "ExpiredSignatureError" or "validity" in str(error):
            raise UsageError(
                "the identity token has expired, or is not valid yet",
                hint="tokens are good for some minutes: fetch it right before signing",
            ) from None
        if kind == "InvalidAudienceError":
            raise UsageError(
                "the identity token is for somebody else",
                hint="its audience (aud) has to be sigstore",
            ) from None
        raise UsageError(
            "the identity token is none, or lacks a claim that is needed",
            hint="a JSON Web Token with aud, iss, sub, iat and exp is expected",
        ) from None


def ambient() -> IdentityToken | None:
    """Who the build machine says that this is (GitHub, GitLab and others); None where it is none that is known.

    Raises `UsageError` where it gives no token, because it has no right to one.
    """
    from sigstore.oidc import IdentityError, detect_credential  # noqa: PLC0415

    try:
        token = detect_credential()
    except IdentityError as error:
        raise UsageError(
            f"this build machine gives no identity token: {_words(error)}",
            hint="on GitHub a job needs `permissions: id-token: write`, on GitLab `id_tokens: SIGSTORE_ID_TOKEN`",
        ) from None
    return identity(token) if token else None


def signed_in(instance: Instance, issuer: str = "") -> IdentityToken:
    """Who signs in with a browser, at the instance's provider or at `issuer`; raises `BomvetError`."""
    from sigstore.errors import Error  # noqa: PLC0415
    from sigstore.oidc import Issuer, IssuerError  # noqa: PLC0415

    try:
        return Issuer(issuer or instance.config.signing_config.get_oidc_url()).identity_token()
    except (Error, IssuerError, OSError, ValueError, LookupError, EOFError) as error:
        raise NotEstablishedError(f"nobody signed in: {_cause(error)}") from None


# -- what is signed ----------------------------------------------------------------------------------------------


def statement_about(subjects: Sequence[Subject], predicate_type: str, predicate: Mapping[str, Any]) -> bytes:
    """An in-toto statement that says `predicate` of `subjects`; raises `UsageError`.

    That is where two subjects cannot be told apart, and where there is text that UTF-8 cannot hold.
    """
    names = [subject.name for subject in subjects]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise UsageError(f"two subjects are called {twice}", hint="a statement tells its subjects apart by their names")
    document = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": subject.name, "digest": {"sha256": subject.sha256}} for subject in subjects],
        "predicateType": predicate_type,
        "predicate": predicate,
    }
    try:
        return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise UsageError("the predicate has half a character, which cannot be signed") from None


def read_json(data: bytes, name: str) -> dict[str, Any]:
    """The JSON object in the file `name`; raises `UsageError`.

    Two members of one name are refused: what is signed has to be read alike by everybody.
    """
    try:
        document = strict(data.removeprefix(b"\xef\xbb\xbf"))
    except ValueError as error:
        raise UsageError(f"{name} cannot be signed: {_words(error)}") from None
    if not isinstance(document, dict):
        raise UsageError(f"{name} cannot be signed: it is no object")
    return document


# -- signing -----------------------------------------------------------------------------------------------------


def sign_statement(statement: bytes, token: IdentityToken, instance: Instance, bind: Bind) -> Signed:
    """Sign an in-toto statement as it is; raises `UsageError` where it is none, else as `sign_blob` does."""
    from sigstore.dsse import Statement  # noqa: PLC0415
    from sigstore.errors import Error  # noqa: PLC0415

    if len(statement) * 4 // 3 + _MAX_MATERIAL > MAX_BUNDLE:
        raise UsageError(
            f"the statement has {len(statement):,} bytes, too many for a bundle of {MAX_BUNDLE:,}",
            hint="sign the file as it is: --type blob",
        )
    read_json(statement, "the statement")
    try:
        content = Statement(statement)
    except Error as error:
        raise UsageError(f"no in-toto statement to sign: {_words(error)}") from None

    def check(bundle: Bundle, verifier: Verifier) -> None:
        found = verifier.verify_dsse(bundle, _Anybody())
        if found != ("application/vnd.in-toto+json", statement):
            raise ValueError("it is over another statement")

    return _signed(lambda signer: signer.sign_dsse(content), check, None, token, instance=instance, bind=bind)


def sign_blob(sha256: bytes, token: IdentityToken, instance: Instance, bind: Bind) -> Signed:
    """Sign the content that has this digest; raises `NotEstablishedError` where an answer fails or does not verify."""
    from sigstore.hashes import Hashed  # noqa: PLC0415
    from sigstore_models.common.v1 import HashAlgorithm  # noqa: PLC0415

    content = Hashed(algorithm=HashAlgorithm.SHA2_256, digest=sha256)

    def check(bundle: Bundle, verifier: Verifier) -> None:
        verifier.verify_artifact(content, bundle, _Anybody())

    expected = Expected((Hash(algorithm="sha256", value=sha256.hex()),), compared="artefact")
    return _signed(lambda signer: signer.sign_artifact(content), check, expected, token, instance=instance, bind=bind)


class _Anybody:
    """Who signed is told, not judged: the authority took the token."""

    def verify(self, certificate: Certificate) -> None:
        """Nothing to refuse."""


def _signed(
    make: Make,
    check: Check,
    expected: Expected | None,
    token: IdentityToken,
    *,
    instance: Instance,
    bind: Bind,
) -> Signed:
    """Ask for a certificate, sign, log, and verify what came of it, each step with words of its own."""
    from sigstore.sign import Signer, SigningContext  # noqa: PLC0415

    # What it would warn of on stderr is said by our own command, or refused.
    logging.getLogger("sigstore").addHandler(logging.NullHandler())
    signing = instance.config.signing_config
    fulcio, stampers = signing.get_fulcio(), signing.get_tsas()
    rekor: Any = signing.get_tlogs()[0]
    for session in (fulcio.session, *_sessions((rekor, *stampers))):
        bind(session)
    root = instance.config.trusted_root
    context = SigningContext(fulcio=fulcio, rekor=rekor, trusted_root=root, tsa_clients=stampers)
    failures = _failures()
    try:
        signer = Signer(token, context)
    except failures as error:
        raise NotEstablishedError(f"there is no certificate from {_host(fulcio.url)}: {_cause(error)}") from None
    try:
        document = make(signer).to_json().encode()
    except failures as error:
        raise NotEstablishedError(f"there is no entry in the log of {_host(rekor.url)}: {_cause(error)}") from None
    try:
        return _verified(document, check, expected, instance)._replace(expected_stamp=bool(stampers))
    except failures as error:
        raise NotEstablishedError(
            f"what was signed does not verify: {_words(error)}", hint="nothing was written; the entry in the log stays"
        ) from None


def _verified(document: bytes, check: Check, expected: Expected | None, instance: Instance) -> Signed:
    """The bundle as both verifiers take it: sigstore's, as others have it, and ours; raises one of `_failures`."""
    from sigstore.models import Bundle  # noqa: PLC0415
    from sigstore.verify import Verifier  # noqa: PLC0415

    from bomvet.provenance.bundles import BundleVerifier  # noqa: PLC0415 - only where somebody signs

    bundle = Bundle.from_json(document)
    check(bundle, Verifier(trusted_root=instance.config.trusted_root))
    evidence = Evidence(Form.BUNDLE, json.loads(document), document, "what was signed")
    found = BundleVerifier(instance.root, proof=True).judge(evidence, expected).attestation
    if found.status is not ProvenanceStatus.VERIFIED or found.identity is None:
        raise ValueError(f"{found.step}: {found.reason}")
    return Signed(
        bundle=document,
        identity=found.identity,
        log_index=found.log_index,
        stamped=bundle.verification_material.timestamp_verification_data is not None,
        expected_stamp=False,
    )


def _sessions(clients: Iterable[Any]) -> Iterable[Any]:
    """The sessions that clients of logs and timestamp authorities keep for each thread."""
    return [client._session for client in clients]  # noqa: SLF001 - there is no other way to bound it


def _host(url: str) -> str:
    """Host and port, without credentials."""
    from urllib.parse import urlsplit  # noqa: PLC0415 - for an error alone

    try:
        return urlsplit(url).netloc.rpartition("@")[2]
    except ValueError:
        return "a service"


# -- failures ----------------------------------------------------------------------------------------------------


def _failures() -> tuple[type[Exception], ...]:
    """What sigstore raises where an answer is missing or wrong; those of the network are kinds of `OSError`."""
    from cryptography.x509 import ExtensionNotFound  # noqa: PLC0415
    from sigstore._internal.fulcio.client import ExpiredCertificate, FulcioClientError  # noqa: PLC0415
    from sigstore._internal.rekor import RekorClientError  # noqa: PLC0415
    from sigstore.errors import Error  # noqa: PLC0415
    from sigstore.oidc import ExpiredIdentity  # noqa: PLC0415

    own = (Error, ExpiredCertificate, ExpiredIdentity, FulcioClientError, RekorClientError, ExtensionNotFound)
    return (*own, OSError, ValueError, LookupError, TypeError, AttributeError)


def _cause(error: BaseException) -> str:
    """What a service answered, or why it did not; never what was sent to it."""
    chain = _chain(error)
    if any(type(one).__name__ == "TooManyRedirects" for one in chain):
        return "the question is redirected elsewhere"
    statuses = [getattr(getattr(one, "response", None), "status_code", 0) for one in chain]
    if status := next((one for one in statuses if one), 0):
        return f"the answer is HTTP {status}"
    told = [str(one) for one in chain if str(one).startswith("the answer ")]
    bundle = [_words(one) for one in chain if type(one).__name__ == "InvalidBundle"]
    system = [one.strerror for one in chain if isinstance(one, OSError) and one.strerror]
    return (told or bundle or system[-1:] or ["the answer is none that is understood"])[0]


def _chain(error: BaseException) -> list[BaseException]:
    """`error` and what it came from, outermost first."""
    found: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and len(found) < _MAX_CAUSES:
        found.append(at)
        at = at.__cause__ or at.__context__
    return found


def _words(error: BaseException) -> str:
    """An error on one line."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= _MAX_WORDS else f"{text[:_MAX_WORDS]} ..."
