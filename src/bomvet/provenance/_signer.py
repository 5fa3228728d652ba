"""Steps 2 and 3, the certificate and the time: an authority that is trusted issued it, and it was valid on signing.

Path validation is that of `cryptography`, at the time that the certificate begins; as nothing but the validity of each
certificate depends on the time, that of signing is held against these.  The certificate's own transparency (RFC 6962)
is checked by `sigstore`, as is how keys sign.
"""

from __future__ import annotations

import datetime as dt
import threading
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from bomvet.model.provenance import Step
from bomvet.provenance._refusal import Refused, quoted
from bomvet.provenance.certificate import subjects

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cryptography.x509 import Certificate
    from sigstore._internal.trust import CTKeyring

    from bomvet.provenance._bundle import Material
    from bomvet.provenance.root import Authority, LogKey, Stamper, TrustRoot

#: The entries whose promise has a time that is believed; those of the second log have none.
_TIMED = {("dsse", "0.0.1"), ("hashedrekord", "0.0.1"), ("intoto", "0.0.1"), ("intoto", "0.0.2")}

_QUIET = threading.Lock()


class Signer(NamedTuple):
    """A certificate that passed step 2, with its chain up to what is trusted and who issued it."""

    certificate: Certificate
    chain: tuple[Certificate, ...]
    authority: Authority


# -- step 2: the certificate ------------------------------------------------------------------------------------


def check_certificate(der: bytes, root: TrustRoot) -> Signer:
    """The signer's certificate: issued by a trusted authority, logged, for signing, of one subject.

    Raises `Refused`, and what `cryptography` and `sigstore` do where it is malformed.
    """
    certificate = _parsed(der)
    signer = _chained(certificate, _candidates(certificate, root.authorities))
    _check_use(certificate)
    _check_transparency(signer, root.certificate_logs)
    return signer


def _parsed(der: bytes) -> Certificate:
    """The certificate, with its extensions parsed; what is odd in it, but no error, is not warned of."""
    from cryptography.x509 import load_der_x509_certificate  # noqa: PLC0415

    # The filters of warnings are one for all threads.
    with _QUIET, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        certificate = load_der_x509_certificate(der)
        certificate.extensions  # noqa: B018
    return certificate


def _candidates(certificate: Certificate, authorities: Sequence[Authority]) -> list[Authority]:
    """The authorities that may have issued it, by the identifier of their key, believed when it begins."""
    from cryptography.x509 import AuthorityKeyIdentifier  # noqa: PLC0415

    wanted = certificate.extensions.get_extension_for_class(AuthorityKeyIdentifier).value.key_identifier
    known = [one for one in authorities if wanted in one.key_ids]
    if not known:
        raise Refused(Step.CERTIFICATE, "the authority that issued the certificate is not in the trusted root")
    start = certificate.not_valid_before_utc
    found = [one for one in known if one.window.holds(start)]
    if not found:
        raise Refused(
            Step.CERTIFICATE, f"the authority was not trusted when it issued the certificate ({_rfc3339(start)})"
        )
    return found


def _chained(certificate: Certificate, authorities: Sequence[Authority]) -> Signer:
    """The path to the first authority that has one."""
    from cryptography.x509.verification import VerificationError  # noqa: PLC0415

    reason = ""
    for authority in authorities:
        try:
            chain = _path_verifier(authority, certificate.not_valid_before_utc).verify(certificate, []).chain
        except VerificationError as error:
            reason = reason or quoted(str(error))
        else:
            return Signer(certificate, tuple(chain[1:]), authority)
    raise Refused(Step.CERTIFICATE, f"no path leads from the certificate to the trusted root: {reason}")


def _path_verifier(authority: Authority, moment: dt.datetime) -> Any:
    """Of the web's profile, but for the use of keys for TLS, in place of which that for signing code is asked for."""
    from cryptography.x509 import ExtendedKeyUsage  # noqa: PLC0415
    from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder  # noqa: PLC0415

    issuers = ExtensionPolicy.webpki_defaults_ca().may_be_present(ExtendedKeyUsage, Criticality.NON_CRITICAL, None)
    leaf = ExtensionPolicy.webpki_defaults_ee().may_be_present(ExtendedKeyUsage, Criticality.NON_CRITICAL, None)
    builder = PolicyBuilder().store(authority.store).time(moment)
    return builder.extension_policies(ca_policy=issuers, ee_policy=leaf).build_client_verifier()


def _check_use(certificate: Certificate) -> None:
    """It is for signatures, of code, and of one subject: with two it would be open who signed."""
    from cryptography.x509 import ExtendedKeyUsage, KeyUsage  # noqa: PLC0415
    from cryptography.x509.oid import ExtendedKeyUsageOID  # noqa: PLC0415

    extensions = certificate.extensions
    if not extensions.get_extension_for_class(KeyUsage).value.digital_signature:
        raise Refused(Step.CERTIFICATE, "the certificate is not for digital signatures")
    if ExtendedKeyUsageOID.CODE_SIGNING not in extensions.get_extension_for_class(ExtendedKeyUsage).value:
        raise Refused(Step.CERTIFICATE, "the certificate is not for signing code")
    names = subjects(extensions)
    if len(names) != 1:
        raise Refused(Step.CERTIFICATE, f"the certificate names {len(names)} subjects, not one")
    if not (names[0] and names[0].isprintable()):
        raise Refused(Step.CERTIFICATE, "the certificate's subject is no URI, address or name of a user")


class _Keys:
    """The keys of certificate logs, as `verify_sct` asks for them: only the log that is named is asked."""

    def __init__(self, logs: Mapping[bytes, LogKey], issued: dt.datetime) -> None:
        self._logs, self._issued = logs, issued

    def verify(self, *, key_id: bytes, signature: bytes, data: bytes) -> None:
        log = self._logs.get(bytes(key_id))
        if log is None or not log.window.holds(self._issued):
            raise Refused(Step.CERTIFICATE, "the certificate's log was not in the trusted root when it was issued")
        log.key.verify(signature, data)


def _check_transparency(signer: Signer, logs: Mapping[bytes, LogKey]) -> None:
    """A log of certificates promised to take it in (SCT)."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
    from sigstore._internal.sct import verify_sct  # noqa: PLC0415
    from sigstore.errors import VerificationError  # noqa: PLC0415

    keys = _Keys(logs, signer.certificate.not_valid_before_utc)
    try:
        verify_sct(signer.certificate, list(signer.chain), cast("CTKeyring", keys))
    except InvalidSignature:
        reason = "the promise of the certificate log (SCT) is not signed by it"
        raise Refused(Step.CERTIFICATE, reason) from None
    except VerificationError as error:
        reason = f"no certificate log vouches for the certificate: {quoted(str(error))}"
        raise Refused(Step.CERTIFICATE, reason) from error


# -- step 3: the time -------------------------------------------------------------------------------------------


def signing_times(material: Material, stampers: Sequence[Stamper]) -> tuple[dt.datetime, ...]:
    """When it was signed, by timestamping services and by the log's promise, which step 5 checks; one at least."""
    times = [*_stamped(material, stampers)]
    entry = material.entry
    if entry.promise and entry.time is not None and (entry.kind, entry.version) in _TIMED:
        times.append(dt.datetime.fromtimestamp(entry.time, dt.UTC))
    if not times:
        raise Refused(Step.TIME, "nothing proves when it was signed: it has no timestamp and no promise of the log")
    return tuple(times)


def check_validity(signer: Signer, times: Sequence[dt.datetime]) -> None:
    """Every time is within the validity of the certificate, of its chain and of the trust in its authority."""
    for moment in times:
        for certificate in (signer.certificate, *signer.chain):
            if not certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc:
                reason = f"it was signed at {_rfc3339(moment)}, when its certificate was not valid"
                raise Refused(Step.TIME, reason)
        if not signer.authority.window.holds(moment):
            raise Refused(Step.TIME, f"it was signed at {_rfc3339(moment)}, when its authority was not trusted")


def _stamped(material: Material, stampers: Sequence[Stamper]) -> list[dt.datetime]:
    """The time of each RFC 3161 timestamp; one that no trusted service vouches for refuses the whole.

    A timestamp of an unknown service beside a good one might be harmless, but tells of a time that nobody checked.
    """
    from rfc3161_client import decode_timestamp_response  # noqa: PLC0415

    found = []
    for stamp in material.stamps:
        try:
            response = decode_timestamp_response(stamp)
        except ValueError:
            raise Refused(Step.TIME, "a timestamp is no RFC 3161 response") from None
        if not stampers:
            raise Refused(Step.TIME, "it has a timestamp, but the trusted root names no timestamping service")
        found.append(_stamp_time(response, material.content.signature, stampers))
    return found


def _stamp_time(response: Any, signature: bytes, stampers: Sequence[Stamper]) -> dt.datetime:
    from rfc3161_client import VerificationError  # noqa: PLC0415

    moment: dt.datetime = response.tst_info.gen_time
    for stamper in stampers:
        try:
            stamper.verifier.verify_message(response, signature)
        except VerificationError:
            continue
        if stamper.window.holds(moment):
            return moment
    raise Refused(Step.TIME, "a timestamp is not by a service that the trusted root names for that time")


def _rfc3339(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
