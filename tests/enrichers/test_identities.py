"""The enricher `identities`: facts for packages of which a publisher is expected."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from bomvet.enrichers.identities import IDENTITIES
from bomvet.model.facts import Facts
from bomvet.model.inventory import Component, Inventory, Location
from bomvet.model.provenance import (
    Attestation,
    EvidenceKind,
    IdentityAnswer,
    IdentityChange,
    IdentityField,
    IdentityLock,
    LockedIdentity,
    ProvenanceAnswer,
    ProvenanceStatus,
    PublisherIdentity,
)
from bomvet.model.result import PluginStatus, Status
from bomvet.plugin import Context, Proving
from tests.harness import NOW

PURL = "pkg:npm/left-pad@1.0.0"
ENTRY = LockedIdentity(purl="pkg:npm/left-pad", issuer="https://issuer.example", trigger="release", line=6)
LOCK = IdentityLock(source="bomvet.identities.toml", entries={"pkg:npm/left-pad": ENTRY})
INVENTORY = Inventory(
    components=(
        Component(purl=PURL, name="left-pad", version="1.0.0"),
        Component(purl="pkg:npm/right-pad@1.0.0", name="right-pad", version="1.0.0"),
    )
)
PLACE = Location(path="bomvet.identities.toml", line=6)


def answered(trigger: str, status: ProvenanceStatus = ProvenanceStatus.VERIFIED) -> ProvenanceAnswer:
    """An answer with one verified attestation."""
    identity = PublisherIdentity(issuer="https://issuer.example", subject="s", trigger=trigger)
    attestation = Attestation(kind=EvidenceKind.SLSA, status=ProvenanceStatus.VERIFIED, identity=identity)
    return ProvenanceAnswer(status=status, attestations=(attestation,), required=True)


def asked(purl: str, *exempt: str) -> PluginStatus:
    """The status of the enricher where a locked package has no answer, with other packages of its kind."""
    purls = [purl, *(f"{purl}?vcs_url=git%2Bhttps://forge.example/{n}" for n in range(6))]
    inventory = Inventory(components=tuple(Component(purl=one, name="left-pad") for one in purls))
    proving = Proving(identities=LOCK, exempt=exempt)
    return IDENTITIES.enrich(inventory, Facts(), Context(now=NOW, proving=proving)).status


def identities(
    answer: ProvenanceAnswer | None,
    proving: Proving | None = Proving(identities=LOCK),  # noqa: B008 - frozen
) -> dict[str, IdentityAnswer]:
    """What the enricher makes of `answer` for the locked package, and the same for the other."""
    known = {PURL: answer, "pkg:npm/right-pad@1.0.0": answer} if answer else {}
    facts = Facts(provenance=MappingProxyType(known))
    enriched = IDENTITIES.enrich(INVENTORY, facts, Context(now=NOW, proving=proving))
    assert enriched.status == PluginStatus(id="identities", status=Status.OK)
    return dict(enriched.facts.identities)


def test_as_locked() -> None:
    """The locked package alone has an answer, which has no changes."""
    assert identities(answered("release")) == {
        PURL: IdentityAnswer(expected=ENTRY, source="bomvet.identities.toml", location=PLACE)
    }


def test_not_as_locked() -> None:
    """Each change stands in the answer, with the line of the lock that it is a change of."""
    change = IdentityChange(what=IdentityField.TRIGGER, before="release", after="push")

    assert identities(answered("push")) == {
        PURL: IdentityAnswer(expected=ENTRY, source="bomvet.identities.toml", location=PLACE, changes=(change,))
    }


@pytest.mark.parametrize(
    "open_", [ProvenanceStatus.NOT_ESTABLISHED, ProvenanceStatus.UNSUPPORTED, ProvenanceStatus.INVALID]
)
def test_what_is_not_established(open_: ProvenanceStatus) -> None:
    """There is no answer where none was found; a change that is known stays one, whatever else could not be asked."""
    assert identities(ProvenanceAnswer(status=open_, reason="offline", required=True)) == {}
    assert identities(answered("release", open_)) == {}
    assert [one.changes[0].after for one in identities(answered("push", open_)).values()] == ["push"]


def test_a_package_that_nobody_can_be_asked_about() -> None:
    """One that is locked and now comes from somewhere else is an open question, unless it is exempt."""
    found = asked(PURL)

    assert (found.status, found.reason) == (
        Status.PARTIAL,
        "a publisher is expected of what nobody could be asked about: pkg:npm/left-pad@1.0.0, "
        + ", ".join(f"{PURL}?vcs_url=git%2Bhttps://forge.example/{n}" for n in range(4))
        + " and 2 more",
    )
    assert asked(PURL, "pkg:npm/left-pad*") == PluginStatus(id="identities", status=Status.OK)
    assert asked(PURL, f"{PURL}?*").reason == (
        "a publisher is expected of what nobody could be asked about: pkg:npm/left-pad@1.0.0"
    )


def test_nobody_wants_to_know() -> None:
    """Without `Proving`, or without a lock, nothing is expected."""
    assert identities(answered("push"), None) == {}
    assert identities(answered("push"), Proving()) == {}


def test_it_runs_after_what_it_needs() -> None:
    """The answers of `provenance` come first."""
    assert IDENTITIES.after == ("provenance",)
