"""The publisher's identity, read from a signing certificate and from nothing else.

Fulcio writes what it checked into extensions under one arc: 1 to 6 are bare text, 8 to 22 a DER `UTF8String`.
Source: https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.model.provenance import PublisherIdentity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.x509 import Certificate, Extensions

_ARC = "1.3.6.1.4.1.57264.1."
_BARE = range(1, 7)
_OTHER_NAME = f"{_ARC}7"
_UTF8_STRING = 0x0C
_LONG_FORM = 0x80
#: No length in a certificate needs more bytes.
_LENGTH_BYTES = 3


def identity_of(certificate: Certificate) -> PublisherIdentity:
    """What `certificate` says of who it was issued to; what it does not say, or not readably, is empty."""
    try:
        extensions = certificate.extensions
    except ValueError:
        return PublisherIdentity(issuer="", subject="")
    names = subjects(extensions)
    return _identity(names[0] if names else "", _values(extensions))


def subjects(extensions: Extensions) -> tuple[str, ...]:
    """The alternative names: URIs, e-mail addresses and the other-names of user names; never raises.

    One of another kind is empty: it is nobody who signs, and stands beside whoever does.
    """
    from cryptography import x509  # noqa: PLC0415

    found = []
    for extension in extensions:
        if isinstance(extension.value, x509.SubjectAlternativeName):
            for name in extension.value:
                if isinstance(name, x509.UniformResourceIdentifier | x509.RFC822Name):
                    found.append(name.value)
                elif isinstance(name, x509.OtherName) and name.type_id.dotted_string == _OTHER_NAME:
                    found.append(utf8_string(name.value))
                else:
                    found.append("")
    return tuple(found)


def _values(extensions: Extensions) -> Mapping[int, str]:
    """The text of Fulcio's extensions by the last number of their OID."""
    from cryptography.x509 import UnrecognizedExtension  # noqa: PLC0415

    found = {}
    for extension in extensions:
        oid = extension.oid.dotted_string
        if oid.startswith(_ARC) and isinstance(extension.value, UnrecognizedExtension):
            last = oid[len(_ARC) :]
            if last.isdecimal():
                number = int(last)
                raw = extension.value.value
                found[number] = _bare(raw) if number in _BARE else utf8_string(raw)
    return found


def _bare(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return ""


def utf8_string(data: bytes) -> str:
    """The text of a DER `UTF8String` that `data` is exactly; empty where it is not."""
    if len(data) < 2 or data[0] != _UTF8_STRING:  # noqa: PLR2004
        return ""
    length, start = data[1], 2
    if length >= _LONG_FORM:
        count = length - _LONG_FORM
        if not 0 < count <= _LENGTH_BYTES:
            return ""
        start += count
        length = int.from_bytes(data[2:start], "big")
    return _bare(data[start:]) if len(data) == start + length else ""


def _identity(subject: str, values: Mapping[int, str]) -> PublisherIdentity:
    """Of the newer extensions where there are such, else of the older."""

    def first(*numbers: int) -> str:
        return next((values[n] for n in numbers if values.get(n)), "")

    repository = first(12) or _absolute(first(5), subject)
    ref = first(14, 6)
    owner = first(16)
    if not owner and repository.startswith("https://"):
        owner = "/".join(repository.split("/")[:4])
    return PublisherIdentity(
        issuer=first(8, 1),
        subject=subject,
        repository=repository,
        repository_id=first(15),
        owner=owner,
        owner_id=first(17),
        workflow=_workflow(first(18), repository) if first(18) else _path(subject, repository),
        ref=ref,
        commit=first(13, 3),
        trigger=first(20, 2),
        runner=first(11),
        builder=first(9) or (subject if "://" in subject else ""),
        run=first(21),
    )


def _absolute(repository: str, subject: str) -> str:
    """`owner/name` of an older certificate, on the host of its subject."""
    scheme, separator, rest = subject.partition("://")
    if not (repository and separator):
        return repository
    return f"{scheme}://{rest.partition('/')[0]}/{repository}"


def _workflow(uri: str, repository: str) -> str:
    """`.github/workflows/release.yml` of `https://github.com/o/n/.github/workflows/release.yml@refs/heads/main`.

    The URI without its ref where it is of another repository, as where an organisation requires a workflow.
    """
    return _path(uri, repository) or uri.partition("@")[0]


def _path(uri: str, repository: str) -> str:
    """The path within the repository; empty where the URI is of another: that of a reused workflow, the builder."""
    prefix = f"{repository}/"
    if not repository or not uri.startswith(prefix):
        return ""
    # GitLab separates the path with two slashes; a ref may have an @ of its own, a path of a workflow none.
    return uri[len(prefix) :].partition("@")[0].lstrip("/")
