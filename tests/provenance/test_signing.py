"""Signing as others call it: what is signed is what was given, by whom the certificate says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sigstore.dsse import Statement
from sigstore.sign import Signer

from bomvet.errors import NotEstablishedError, UsageError
from bomvet.net import bind
from bomvet.provenance import signing
from bomvet.provenance.root import read_root
from tests.provenance.authority import Authority, Email, GitHub, GitLab, Identity, statement
from tests.provenance.served import ServedAuthority, serving_authority, token

ABOUT = json.dumps(statement("acme.whl", {"sha256": "ab" * 32}, "https://a.example/claim", {"built": True})).encode()


@pytest.fixture
def served(authority: Authority) -> Iterator[ServedAuthority]:
    """On loopback."""
    with serving_authority(authority) as found:
        yield found


@pytest.mark.enable_socket
@pytest.mark.parametrize("who", [GitHub(), GitLab(), Email()])
def test_who_signed_is_in_the_certificate(served: ServedAuthority, who: Identity) -> None:
    """Workflows by their URI, people by their address; and the bundle has what was signed."""
    config = signing.read_trust_config(served.trust_config(timestamps=True), "trust.json")
    signed = signing.sign_statement(ABOUT, signing.identity(token(who)), config, bind)
    assert (signed.identity.subject, signed.identity.issuer, signed.stamped) == (who.subject, who.issuer, True)
    bundle = json.loads(signed.bundle)
    assert bundle["verificationMaterial"]["tlogEntries"][0]["logIndex"] == str(signed.log_index)
    blob = signing.sign_blob(b"\x11" * 32, signing.identity(token(who)), config, bind)
    digest = json.loads(blob.bundle)["messageSignature"]["messageDigest"]
    assert digest == {"algorithm": "SHA2_256", "digest": "ERERERERERERERERERERERERERERERERERERERERERE="}


@pytest.mark.enable_socket
def test_an_old_certificate_names_its_issuer_too(served: ServedAuthority, monkeypatch: pytest.MonkeyPatch) -> None:
    """In bare text."""
    issue = served.authority.ca.issue
    monkeypatch.setattr(served.authority.ca, "issue", lambda *arguments: issue(*arguments, old=True))
    config = signing.read_trust_config(served.trust_config(), "trust.json")
    signed = signing.sign_statement(ABOUT, signing.identity(token()), config, bind)
    assert signed.identity.issuer == "https://token.actions.githubusercontent.com"


@pytest.mark.enable_socket
def test_another_statement_than_the_given_one_is_refused(
    served: ServedAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever has signed it."""
    sign = Signer.sign_dsse
    other = Statement(ABOUT.replace(b"acme.whl", b"evil.whl"))
    monkeypatch.setattr(Signer, "sign_dsse", lambda signer, _: sign(signer, other))
    config = signing.read_trust_config(served.trust_config(), "trust.json")
    with pytest.raises(NotEstablishedError, match="what was signed does not verify: it is over another statement"):
        signing.sign_statement(ABOUT, signing.identity(token()), config, bind)


@pytest.mark.enable_socket
def test_both_verifiers_have_to_take_it(served: ServedAuthority) -> None:
    """Sigstore's does here, and ours, which trusts somebody else, does not."""
    instance = signing.read_trust_config(served.trust_config(), "trust.json")
    other = instance._replace(root=read_root(Authority().root_json(), "root.json"))
    with pytest.raises(NotEstablishedError, match="what was signed does not verify: certificate: "):
        signing.sign_statement(ABOUT, signing.identity(token()), other, bind)


@pytest.mark.enable_socket
def test_every_connection_is_bound(served: ServedAuthority) -> None:
    """Those of the authority, of the log and of the timestamps, before anything is sent."""
    bound: list[Any] = []

    def remember(session: Any) -> None:
        assert served.requests == []
        bound.append(session)

    config = signing.read_trust_config(served.trust_config(timestamps=True), "trust.json")
    signing.sign_statement(ABOUT, signing.identity(token()), config, remember)
    assert len({id(session) for session in bound}) == 3


def test_a_statement_keeps_what_it_says() -> None:
    """Letters and numbers of the predicate are as they were."""
    text = signing.statement_about([signing.Subject("a", "00" * 32)], "https://a.example", {"ü": 9.80, "n": 10**20})
    assert text == (
        b'{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a","digest":{"sha256":"'
        + b"00" * 32
        + b'"}}],'
        b'"predicateType":"https://a.example","predicate":{"\xc3\xbc":9.8,"n":100000000000000000000}}'
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), JSON, max_size=5))
def test_what_is_read_is_what_is_there(document: dict[str, Any]) -> None:
    """Any object of JSON."""
    assert signing.read_json(json.dumps(document).encode(), "x.json") == document


@given((st.binary() | JSON.map(lambda value: json.dumps(value).encode())).filter(lambda data: data[:1] != b"{"))
def test_whatever_is_no_object_is_refused(data: bytes) -> None:
    """By a message with the file's name."""
    with pytest.raises(UsageError, match=r"^x\.json cannot be signed: "):
        signing.read_json(data, "x.json")


def test_half_a_character_is_not_signed() -> None:
    """There is no such text in UTF-8."""
    with pytest.raises(UsageError, match="the predicate has half a character, which cannot be signed"):
        signing.statement_about([signing.Subject("a", "00")], "https://a.example", {"a": "\ud800"})


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_whatever_is_no_configuration_is_refused(data: bytes) -> None:
    """By a message with the file's name."""
    with pytest.raises(UsageError, match=r"^x\.json: no trust configuration: "):
        signing.read_trust_config(data, "x.json")


@given(st.text())
def test_whatever_is_no_token_is_refused(text: str) -> None:
    """Without a word of it."""
    with pytest.raises(UsageError, match=r"^the identity token "):
        signing.identity(text)
