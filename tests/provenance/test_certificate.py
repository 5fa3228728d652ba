"""Who a certificate was issued to, by its extensions alone."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from bomvet.model.provenance import PublisherIdentity
from bomvet.provenance.certificate import identity_of, subjects, utf8_string
from tests.provenance.authority import PUBLISHED, Email, GitHub, GitLab

if TYPE_CHECKING:
    from tests.provenance.authority import Authority

KEY = ec.generate_private_key(ec.SECP256R1())
SUBJECT = "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.0.0"
DAY = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def der(text: str) -> bytes:
    """A `UTF8String` with a short length."""
    return bytes((0x0C, len(text.encode()))) + text.encode()


def certificate(values: dict[int, bytes], *names: Any) -> x509.Certificate:
    """With Fulcio's extensions by number, and alternative names."""
    name = x509.Name([])
    builder = x509.CertificateBuilder(name, name, KEY.public_key(), 1, DAY, DAY + dt.timedelta(days=1))
    for number, value in values.items():
        oid = x509.ObjectIdentifier(f"1.3.6.1.4.1.57264.1.{number}")
        builder = builder.add_extension(x509.UnrecognizedExtension(oid, value), critical=False)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=True)
    return builder.sign(KEY, hashes.SHA256())


def uri(text: str) -> x509.UniformResourceIdentifier:
    return x509.UniformResourceIdentifier(text)


def test_every_field_of_a_workload(authority: Authority) -> None:
    """GitHub's, where a reusable workflow signs: the builder is that, the workflow the top-level one."""
    by = GitHub(builder="acme/builder/.github/workflows/build.yml@refs/tags/v1", trigger="release")
    signed = authority.signer(by).certificate
    assert signed is not None
    assert identity_of(signed) == PublisherIdentity(
        issuer="https://token.actions.githubusercontent.com",
        subject="https://github.com/acme/builder/.github/workflows/build.yml@refs/tags/v1",
        repository="https://github.com/acme/app",
        repository_id="1001",
        owner="https://github.com/acme",
        owner_id="2001",
        workflow=".github/workflows/release.yml",
        ref="refs/tags/v1.0.0",
        commit="a" * 40,
        trigger="release",
        runner="github-hosted",
        builder="https://github.com/acme/builder/.github/workflows/build.yml@refs/tags/v1",
        run="https://github.com/acme/app/actions/runs/7/attempts/1",
    )


def test_gitlab_writes_its_paths_with_two_slashes(authority: Authority) -> None:
    """The path of the configuration has none in front."""
    signed = authority.signer(GitLab()).certificate
    assert signed is not None
    found = identity_of(signed)
    assert (found.workflow, found.repository, found.runner) == (
        ".gitlab-ci.yml",
        "https://gitlab.com/acme/app",
        "gitlab-hosted",
    )


def test_a_person_is_an_address(authority: Authority) -> None:
    """And has no repository."""
    signed = authority.signer(Email("jane@packages.example"), PUBLISHED).certificate
    assert signed is not None
    found = identity_of(signed)
    assert found == PublisherIdentity(issuer=found.issuer, subject="jane@packages.example")
    assert found.issuer.startswith("https://")


def test_older_certificates_have_bare_text() -> None:
    """And no ids, no runner and no run; the rest is told from the subject."""
    values = {1: b"https://token.actions.githubusercontent.com", 2: b"push", 3: b"a" * 40, 4: b"Release"}
    old = certificate({**values, 5: b"acme/app", 6: b"refs/tags/v1.0.0"}, uri(SUBJECT))
    assert identity_of(old) == PublisherIdentity(
        issuer="https://token.actions.githubusercontent.com",
        subject=SUBJECT,
        repository="https://github.com/acme/app",
        owner="https://github.com/acme",
        workflow=".github/workflows/release.yml",
        ref="refs/tags/v1.0.0",
        commit="a" * 40,
        trigger="push",
        builder=SUBJECT,
    )


def test_an_older_repository_without_a_host_stays_as_it_is() -> None:
    """Where the subject has none to tell."""
    found = identity_of(certificate({5: b"acme/app"}, x509.RFC822Name("jane@packages.example")))
    assert (found.repository, found.owner, found.workflow, found.builder) == ("acme/app", "", "", "")


def test_the_newer_extensions_go_first() -> None:
    """Both are there in certificates of today."""
    found = identity_of(certificate({1: b"https://old.example", 8: der("https://new.example")}, uri(SUBJECT)))
    assert found.issuer == "https://new.example"


def test_a_workflow_of_another_repository_is_the_builder_alone() -> None:
    """Also where its name merely begins alike."""
    for repository in ("https://github.com/acme/ap", "https://github.com/acme/other"):
        found = identity_of(certificate({12: der(repository)}, uri(SUBJECT)))
        assert (found.workflow, found.builder) == ("", SUBJECT)


def test_a_workflow_that_is_required_is_of_another_repository() -> None:
    """It was started all the same, and is no workflow that nothing is known of."""
    required = "https://github.com/evil/required/.github/workflows/release.yml"
    stated = {12: der("https://github.com/acme/app"), 18: der(f"{required}@refs/heads/main")}
    assert identity_of(certificate(stated, uri(SUBJECT))).workflow == required
    assert identity_of(certificate({18: stated[18]}, uri(SUBJECT))).workflow == required


def test_a_user_name_is_an_other_name() -> None:
    """Of Fulcio's own type; of other types nothing is known."""
    ours, other = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.7"), x509.ObjectIdentifier("1.3.6.1.4.1.99999.1")
    assert identity_of(certificate({}, x509.OtherName(ours, der("jane!idp.example")))).subject == "jane!idp.example"
    assert identity_of(certificate({}, x509.OtherName(other, der("jane")))).subject == ""
    assert subjects(certificate({}, x509.DNSName("packages.example")).extensions) == ("",)


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"\x0c",
        b"\x0c\x05abc",
        b"\x0c\x03abcd",
        b"\x13\x03abc",
        b"\x0c\x80",
        b"\x0c\x84\0\0\0\1a",
        b"\x0c\x81",
        b"\x0c\1\xff",
    ],
)
def test_what_is_no_text_is_empty(value: bytes) -> None:
    """A length that is another, another type, more bytes than a length may have, and no UTF-8."""
    assert utf8_string(value) == ""
    assert identity_of(certificate({8: value, 12: value, 18: value, 1: b"\xff"}, uri(SUBJECT))) == PublisherIdentity(
        issuer="", subject=SUBJECT, builder=SUBJECT
    )


@pytest.mark.parametrize("length", [0, 1, 127, 128, 255, 256, 70_000])
def test_every_length_is_read(length: int) -> None:
    """In the long form where it does not fit the short."""
    count = max(1, (length.bit_length() + 7) // 8)
    head = bytes((length,)) if length < 128 else bytes((0x80 + count,)) + length.to_bytes(count, "big")
    assert utf8_string(b"\x0c" + head + b"a" * length) == "a" * length


@given(st.binary(max_size=300))
def test_no_bytes_raise(value: bytes) -> None:
    """Certificates are read before they are believed."""
    assert isinstance(utf8_string(value), str)
    found = identity_of(certificate(dict.fromkeys((1, 5, 8, 9, 12, 14, 16, 18, 21), value), uri(SUBJECT)))
    assert found.subject == SUBJECT


def test_numbers_that_are_none_are_passed_over() -> None:
    """As are extensions of others below the arc."""
    name = x509.Name([])
    builder = x509.CertificateBuilder(name, name, KEY.public_key(), 1, DAY, DAY + dt.timedelta(days=1))
    oid = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.8.1")
    builder = builder.add_extension(x509.UnrecognizedExtension(oid, der("https://evil.example")), critical=False)
    assert identity_of(builder.sign(KEY, hashes.SHA256())) == PublisherIdentity(issuer="", subject="")


def test_extensions_that_cannot_be_parsed_say_nothing() -> None:
    """The certificate is refused elsewhere."""
    name = x509.Name([])
    builder = x509.CertificateBuilder(name, name, KEY.public_key(), 1, DAY, DAY + dt.timedelta(days=1))
    garbled = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.17"), b"garbage")
    signed = builder.add_extension(garbled, critical=False).sign(KEY, hashes.SHA256())
    assert identity_of(signed) == PublisherIdentity(issuer="", subject="")
