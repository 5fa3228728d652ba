"""Nothing that was tampered with is verified: every part of every kind of evidence is under some signature."""

from __future__ import annotations

import copy

import pytest

from bomvet.model.provenance import LogStrength, ProvenanceStatus, Step
from tests.provenance.authority import IN_TOTO, SLSA_V1, Authority, GitHub, slsa, statement
from tests.provenance.judging import of_bundle, verifier
from tests.provenance.tamperings import (
    FILE,
    FORK,
    KINDS,
    MATERIAL,
    PROMISED,
    SHA256,
    TAMPERINGS,
    Case,
    changed_to,
    judged,
    minted,
)

_REFUSED = (ProvenanceStatus.INVALID, ProvenanceStatus.UNSUPPORTED)


@pytest.fixture(scope="module")
def cases(authority: Authority) -> dict[str, Case]:
    """One of each kind."""
    judge = verifier(authority)
    return {name: Case(*parts, judge, authority, name) for name, parts in minted(authority).items()}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_tampered_with_is_verified(cases: dict[str, Case], kind: str) -> None:
    """The control: with a proof, but for the kinds that have only a promise."""
    found = judged(cases[kind])
    assert (found.status, found.reason) == (ProvenanceStatus.VERIFIED, "")
    assert found.strength is (LogStrength.PROMISE if kind in PROMISED else LogStrength.PROOF)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_tampered_with_is_refused(cases: dict[str, Case], kind: str) -> None:
    """In at least thirty ways, each at a step that is to find it, and with words."""
    tried, wrong = 0, {}
    for name, (change, steps) in TAMPERINGS.items():
        if case := change(cases[kind]):
            tried += 1
            found = judged(case)
            if found.status not in _REFUSED or found.step not in steps or not found.reason:
                wrong[name] = (found.status, found.step, found.reason)
    assert wrong == {}
    assert tried >= 30


def test_a_relabelled_bundle_has_at_most_a_promise(cases: dict[str, Case]) -> None:
    """Version 0.2 called 0.1, its proof taken away: what is left is true, and is told to be weaker."""
    case = cases["npm 0.2 intoto"]
    document = copy.deepcopy(dict(case.evidence.document))
    document["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.1"
    del document[MATERIAL]["tlogEntries"][0]["inclusionProof"]
    changed = changed_to(case, document)
    assert (judged(changed).status, judged(changed).strength) == (ProvenanceStatus.VERIFIED, LogStrength.PROMISE)
    strict = judged(changed._replace(judge=verifier(case.authority, proof=True)))
    assert (strict.status, strict.step) == (ProvenanceStatus.UNSUPPORTED, Step.LOG)


@pytest.mark.parametrize("kind", KINDS)
def test_where_a_proof_is_asked_for_a_promise_is_not_enough(cases: dict[str, Case], kind: str) -> None:
    """Nor is it called invalid."""
    found = judged(cases[kind]._replace(judge=verifier(cases[kind].authority, proof=True)))
    refused = (ProvenanceStatus.UNSUPPORTED, "the log only promised to take it in, and a proof is asked for")
    assert (found.status, found.reason) == (refused if kind in PROMISED else (ProvenanceStatus.VERIFIED, ""))


def test_a_timestamp_and_a_proof_do_without_a_promise(cases: dict[str, Case]) -> None:
    """But nobody vouches for the index of the entry then."""
    case = cases["slsa 0.3 stamped"]
    document = copy.deepcopy(dict(case.evidence.document))
    assert judged(case).log_index == int(document[MATERIAL]["tlogEntries"][0]["logIndex"])
    del document[MATERIAL]["tlogEntries"][0]["inclusionPromise"]
    document[MATERIAL]["tlogEntries"][0]["logIndex"] = "1234567"
    found = judged(changed_to(case, document))
    assert (found.status, found.strength, found.log_index) == (ProvenanceStatus.VERIFIED, LogStrength.PROOF, None)


def test_a_fork_is_told_by_its_certificate(authority: Authority) -> None:
    """Whatever its statement claims."""
    about = statement(FILE, {"sha256": SHA256}, SLSA_V1, slsa(GitHub()))
    found = verifier(authority).judge(of_bundle(authority.bundle(about, FORK)), None).attestation
    assert found.identity is not None
    assert (found.identity.repository, found.identity.repository_id) == ("https://github.com/evil/app", "666")
    assert "the predicate says that the repository is https://github.com/acme/app" in found.contradictions[0]


def test_what_is_signed_has_to_be_a_statement(authority: Authority) -> None:
    """With a payload type of its own."""
    for payload_, reason in ((b"{}", "no in-toto statement"), (b"[]", "no in-toto statement"), (b"{", "malformed")):
        found = verifier(authority).judge(of_bundle(authority.bundle(payload_)), None).attestation
        assert (found.status, found.step) == (ProvenanceStatus.INVALID, Step.PREDICATE_TYPE)
        assert reason in found.reason
    assert IN_TOTO == "application/vnd.in-toto+json"
