"""The served instance is one that sigstore's own signer signs with, in both versions of the log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from sigstore.models import ClientTrustConfig
from sigstore.oidc import IdentityError, IdentityToken
from sigstore.sign import SigningContext
from sigstore.verify import Verifier, policy

from tests.provenance import faults
from tests.provenance.authority import Authority, Email, GitHub
from tests.provenance.served import ServedAuthority, serving_authority, token

if TYPE_CHECKING:
    from tests.provenance.people import Identity

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def served(authority: Authority) -> Iterator[ServedAuthority]:
    """On loopback."""
    with serving_authority(authority) as found:
        yield found


@pytest.mark.parametrize(("rekor", "timestamps"), [(1, False), (1, True), (2, True)])
@pytest.mark.parametrize("identity", [GitHub(), Email()])
def test_sigstore_signs_with_it(served: ServedAuthority, identity: Identity, rekor: int, *, timestamps: bool) -> None:
    """With a certificate of who the token is for, an entry of the log, and a timestamp where there is one."""
    config = ClientTrustConfig.from_json(served.trust_config(rekor=rekor, timestamps=timestamps).decode())
    with SigningContext.from_trust_config(config).signer(IdentityToken(token(identity))) as signer:
        bundle = signer.sign_artifact(b"content")
    expected = policy.Identity(identity=identity.subject, issuer=identity.issuer)
    Verifier(trusted_root=config.trusted_root).verify_artifact(b"content", bundle, expected)
    material = json.loads(bundle.to_json())["verificationMaterial"]
    assert bool(material["timestampVerificationData"].get("rfc3161Timestamps")) == timestamps
    assert served.requests[0] == "/api/v2/signingCert"


def test_an_old_token_is_none() -> None:
    """`age` is in seconds."""
    with pytest.raises(IdentityError):
        IdentityToken(token(age=3600))


def test_it_fails_as_it_is_told(served: ServedAuthority) -> None:
    """By path."""
    served.faults.add("log/entries", faults.status(500))
    config = ClientTrustConfig.from_json(served.trust_config().decode())
    with (
        SigningContext.from_trust_config(config).signer(IdentityToken(token())) as signer,
        pytest.raises(Exception, match="500"),
    ):
        signer.sign_artifact(b"content")
