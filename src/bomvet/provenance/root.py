"""The trusted root: which authorities, logs and timestamping services are believed, and when.

It is read from bytes that are given, or from the file that the `sigstore` package carries; never from its cache in a
home directory, which anything that runs as the user can replace.  Nothing is written.
Source: https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_trustroot.proto.
"""

from __future__ import annotations

import hashlib
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from bomvet.errors import UsageError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

    from cryptography.x509 import Certificate
    from cryptography.x509.verification import Store
    from rfc3161_client import Verifier as TimestampVerifier
    from sigstore._internal.trust import Key
    from sigstore.models import TrustedRoot

#: The folders of the package's store, by what they are the root of.
_PRODUCTION = "https%3A%2F%2Ftuf-repo-cdn.sigstore.dev"
_STAGING = "https%3A%2F%2Ftuf-repo-cdn.sigstage.dev"
#: A trusted root has a few kilobytes.
MAX_BYTES = 4 * 1024 * 1024


class Window(NamedTuple):
    """When something is believed; both ends are within, and None is open."""

    start: dt.datetime
    end: dt.datetime | None

    def holds(self, moment: dt.datetime) -> bool:
        """Whether `moment` is within."""
        return self.start <= moment and (self.end is None or moment <= self.end)


class LogKey(NamedTuple):
    """A key of a transparency log, of signatures or of certificates."""

    id: bytes
    key: Key
    window: Window


class Authority(NamedTuple):
    """A certificate authority: its chain, the issuer of leaves first, and a store of that for path validation."""

    chain: tuple[Certificate, ...]
    store: Store
    window: Window
    #: Subject key identifiers of the chain, by which a leaf names its issuer.
    key_ids: frozenset[bytes]


class Stamper(NamedTuple):
    """A timestamping service."""

    verifier: TimestampVerifier
    window: Window


class TrustRoot:
    """A trusted root with everything made once that verification needs of it; not changed after, so of any thread.

    `digest` is SHA-256 in hexadecimal of its JSON, `sigstore` what the package makes of it.
    """

    def __init__(self, data: bytes) -> None:
        """Raises what `sigstore` does where `data` is no trusted root."""
        from sigstore.models import TrustedRoot  # noqa: PLC0415
        from sigstore_models.trustroot import v1  # noqa: PLC0415

        inner = v1.TrustedRoot.from_json(data)
        self.digest = hashlib.sha256(data).hexdigest()
        self.sigstore: TrustedRoot = TrustedRoot(inner)
        self.logs = _log_keys(inner.tlogs or ())
        self.certificate_logs = _log_keys(inner.ctlogs or ())
        self.authorities = tuple(map(_authority, inner.certificate_authorities or ()))
        self.stampers = tuple(_stamper(one) for one in inner.timestamp_authorities or ())


def embedded_root(*, staging: bool = False) -> TrustRoot:
    """That of the public instance, or of its `staging`, as the installed `sigstore` package carries it."""
    return _embedded(_STAGING if staging else _PRODUCTION)


def embedded_json() -> bytes:
    """What `embedded_root` is made of, read without loading what it takes to make it."""
    return _embedded_json(_PRODUCTION)


def _embedded_json(folder: str) -> bytes:
    from importlib.resources import files  # noqa: PLC0415

    return files("sigstore._store").joinpath(folder, "trusted_root.json").read_bytes()


@cache
def _embedded(folder: str) -> TrustRoot:
    return TrustRoot(_embedded_json(folder))


def read_root(data: bytes, name: str) -> TrustRoot:
    """The root in `data`, the content of the file `name`; raises `UsageError` where that is none."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from sigstore.errors import Error  # noqa: PLC0415

    hint = "a trusted_root.json of sigstore is expected, as `bomvet trust update` writes it"
    if len(data) > MAX_BYTES:
        raise UsageError(f"{name}: no trusted root: larger than {MAX_BYTES} bytes", hint=hint)
    try:
        root = TrustRoot(data)
    except (ValueError, TypeError, LookupError, RecursionError, Error, UnsupportedAlgorithm) as error:
        raise UsageError(f"{name}: no trusted root: {_why(error)}", hint=hint) from error
    if not (root.logs and root.authorities):
        raise UsageError(f"{name}: no trusted root: it has no certificate authority or no log", hint=hint)
    return root


def _why(error: Exception) -> str:
    """The first thing that is wrong, on one line: pydantic tells all of them, each with what it was given."""
    from pydantic import ValidationError  # noqa: PLC0415

    if not isinstance(error, ValidationError):
        return " ".join(str(error).split())[:200]
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"]))
    return " ".join(f"{place}: {first['msg']}".removeprefix(": ").split())[:200]


def _log_keys(instances: Iterable[Any]) -> Mapping[bytes, LogKey]:
    """The keys of logs by log id; those of a kind that is not known here vouch for nothing."""
    from sigstore._internal.trust import Key  # noqa: PLC0415
    from sigstore.errors import VerificationError  # noqa: PLC0415

    found = {}
    for instance in instances:
        try:
            key = Key(instance.public_key)
        except VerificationError:
            continue
        log_id = bytes(instance.log_id.key_id) if instance.log_id else bytes(key.key_id)
        found[log_id] = LogKey(log_id, key, _window(instance.public_key.valid_for))
    return MappingProxyType(found)


def _authority(instance: Any) -> Authority:
    from cryptography.x509 import SubjectKeyIdentifier  # noqa: PLC0415
    from cryptography.x509.verification import Store  # noqa: PLC0415

    chain = _certificates(instance)
    key_ids = frozenset(
        extension.value.digest
        for certificate in chain
        for extension in certificate.extensions
        if isinstance(extension.value, SubjectKeyIdentifier)
    )
    return Authority(tuple(chain), Store([*chain]), _window(instance.valid_for), key_ids)


def _stamper(instance: Any) -> Stamper:
    """A service by its own certificate, its root and what is between."""
    from rfc3161_client import VerifierBuilder  # noqa: PLC0415

    chain = _certificates(instance)
    if len(chain) < 2:  # noqa: PLR2004
        raise ValueError("the chain of a timestamping service has no root")
    builder = VerifierBuilder().tsa_certificate(chain[0]).add_root_certificate(chain[-1])
    for certificate in chain[1:-1]:
        builder = builder.add_intermediate_certificate(certificate)
    return Stamper(builder.build(), _window(instance.valid_for))


def _certificates(instance: Any) -> Sequence[Certificate]:
    from sigstore._internal.trust import CertificateAuthority  # noqa: PLC0415

    return CertificateAuthority(instance).certificates(allow_expired=True)


def _window(valid_for: Any) -> Window:
    return Window(valid_for.start, valid_for.end)
