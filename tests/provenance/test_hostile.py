"""Hostile evidence: nothing raises, and nothing of another kind is verified."""

from __future__ import annotations

import base64
import copy
import json
import logging
import threading
import warnings
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bomvet.model.inventory import Hash
from bomvet.model.provenance import Attestation, LogStrength, ProvenanceStatus, Step
from bomvet.provenance.evidence import Evidence, Expected, Form
from tests.provenance.authority import Authority
from tests.provenance.judging import of_bundle, of_layer, verifier
from tests.provenance.test_bundles import ABOUT, FILE, MATERIAL, SHA256, refusal

if TYPE_CHECKING:
    from bomvet.provenance.bundles import BundleVerifier

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


def _paths(document: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [path] if path else []
    if isinstance(document, dict):
        for name, value in document.items():
            found += _paths(value, (*path, name))
    elif isinstance(document, list):
        for number, value in enumerate(document):
            found += _paths(value, (*path, number))
    return found


def _put(document: Any, path: tuple[str | int, ...], value: Any) -> Any:
    changed = copy.deepcopy(document)
    parent = changed
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = value
    return changed


def _at(document: Any, path: tuple[str | int, ...]) -> Any:
    for key in path:
        document = document[key]
    return document


class _Minted(list[Evidence]):
    """With a representation that reports have room for."""

    def __repr__(self) -> str:
        return "what was minted"


@pytest.fixture(scope="module")
def minted(authority: Authority) -> list[Evidence]:
    """One of each form."""
    npm = json.loads(authority.npm_attestations("@acme/tool", "1.2.3", "ab" * 64, bundle="0.2", entry="intoto-0.0.2"))
    found = [
        of_bundle(authority.bundle(ABOUT)),
        of_bundle(authority.bundle(ABOUT, version="0.1", timestamp=True)),
        of_bundle(authority.bundle(ABOUT, entry="rekor2")),
        of_bundle(authority.message(b"data")),
        *(of_bundle(one["bundle"]) for one in npm["attestations"]),
        of_layer(*authority.cosign_att(ABOUT)),
        of_layer(*authority.cosign_sig(f"sha256:{SHA256}")),
    ]
    return _Minted(found)


@pytest.fixture(scope="module")
def judge(authority: Authority) -> BundleVerifier:
    """One for many examples."""
    return verifier(authority)


@settings(max_examples=500, deadline=None)
@given(which=st.integers(0, 7), place=st.integers(0, 2**16), value=_VALUES)
def test_no_value_of_another_kind_is_verified(
    judge: BundleVerifier, minted: list[Evidence], which: int, place: int, value: Any
) -> None:
    """Wherever it stands; and none raises."""
    evidence = minted[which]
    paths = _paths(dict(evidence.document))
    path = paths[place % len(paths)]
    changed = evidence._replace(document=_put(dict(evidence.document), path, value))
    found = judge.judge(changed, None).attestation
    if found.status is ProvenanceStatus.VERIFIED:
        assert _is_idle(path, value, _at(evidence.document, path), found), path
    else:
        assert found.step is not None
        assert found.reason


def _is_idle(path: tuple[str | int, ...], value: Any, old: Any, found: Attestation) -> bool:
    """What may be another: what is the same, what only tells, the rest of a chain, and what is left out."""
    same = str(value) == str(old) or not (value or old)
    only_told = {"keyid", "predicateType", "dev.sigstore.cosign/chain", "messageDigest"} & set(path)
    chained = "certificates" in path[:-1] and path[path.index("certificates") + 1] != 0
    weaker = "inclusionProof" in path and found.strength is LogStrength.PROMISE
    either = {"timestampVerificationData", "inclusionPromise", "integratedTime"} & set(path)
    left_out = bool(either) and (not value or isinstance(value, dict))
    return same or bool(only_told) or chained or weaker or left_out


@settings(max_examples=200, deadline=None)
@given(document=_VALUES, raw=st.binary(max_size=40), form=st.sampled_from(Form))
def test_garbage_is_refused(judge: BundleVerifier, document: Any, raw: bytes, form: Form) -> None:
    """Of any kind, in any form."""
    found = judge.judge(Evidence(form, document, raw, "garbage"), FILE).attestation
    assert found.status in ("invalid", "unsupported")
    assert found.step in (Step.FORMAT, Step.KEY)


@settings(max_examples=300, deadline=None)
@given(at=st.integers(0, 2**16), bit=st.integers(0, 7))
def test_no_other_certificate_is_verified(judge: BundleVerifier, minted: list[Evidence], at: int, bit: int) -> None:
    """With any bit of it another: DER that is hostile is refused, and warns of nothing."""
    der = bytearray(base64.b64decode(minted[0].document[MATERIAL]["certificate"]["rawBytes"]))
    der[at % len(der)] ^= 1 << bit
    changed = _put(minted[0].document, (MATERIAL, "certificate", "rawBytes"), base64.b64encode(der).decode())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = judge.judge(of_bundle(changed), FILE).attestation
    # Of bits that DER has no use for, the authority's signature knows nothing; the log does.
    assert found.status == "invalid"
    assert found.step in (Step.CERTIFICATE, Step.ENTRY)


@pytest.mark.parametrize(
    "statement_",
    [
        b'{"_type": "https://in-toto.io/Statement/v1", "_type": "https://in-toto.io/Statement/v1"}',
        b'{"_type": "https://in-toto.io/Statement/v1", "predicate": NaN}',
        b"[" * 100_000,
        b"\xff",
        b'"statement"',
        b'{"_type": "https://in-toto.io/Statement/v1", "predicateType": 7}',
        b'{"_type": []}',
    ],
)
def test_a_statement_with_two_readings_is_refused(authority: Authority, statement_: bytes) -> None:
    """Signed or not: another reader might see something else in it."""
    found = verifier(authority).judge(of_bundle(authority.bundle(statement_)), None).attestation
    assert (found.status, found.step) == ("invalid", "predicate-type")


@pytest.mark.parametrize(
    ("subject", "step"),
    [
        (None, "subject"),
        ([], "subject"),
        ({}, "subject"),
        ([7], "subject"),
        ([{"name": 7, "digest": {}}], "subject"),
        ([{"name": "acme-1.0.0.tar.gz"}], "subject"),
        ([{"name": "acme-1.0.0.tar.gz", "digest": {"sha256": "short"}}], "subject"),
        ([{"name": "acme-1.0.0.tar.gz", "digest": {}}], "digest"),
        ([{"name": "acme-1.0.0.tar.gz", "digest": {"sha256": 7}}], "digest"),
        ([{"name": "acme-1.0.0.tar.gz", "digest": {"sha1": "ab" * 20}}], "digest"),
        ([{"digest": {"sha256": SHA256}}], "subject"),
    ],
)
def test_a_statement_has_to_be_about_something(authority: Authority, subject: Any, step: str) -> None:
    """Signed or not."""
    found = verifier(authority).judge(of_bundle(authority.bundle({**ABOUT, "subject": subject})), FILE).attestation
    assert (found.status, found.step) == ("invalid", step)


def test_a_name_that_cannot_be_compared_is_refused(authority: Authority) -> None:
    """Callers parse it."""

    def parsed(name: str) -> bool:
        raise ValueError(f"{name} is no purl")

    wanted = Expected((Hash(algorithm="sha256", value=SHA256),), parsed)
    found = verifier(authority).judge(of_bundle(authority.bundle(ABOUT)), wanted).attestation
    assert refusal(found) == ("invalid", "subject", "malformed: acme-1.0.0.tar.gz is no purl")


def test_two_log_entries_are_refused(authority: Authority) -> None:
    """There is one signature."""
    bundle = authority.bundle(ABOUT)
    bundle[MATERIAL]["tlogEntries"] *= 2
    found = verifier(authority).judge(of_bundle(bundle), FILE).attestation
    assert refusal(found) == ("invalid", "format", "2 log entries where there is one signature")


# -- how it is used -----------------------------------------------------------------------------------------------


def test_threads_may_share_a_verifier(authority: Authority, minted: list[Evidence]) -> None:
    """It does not change."""
    judge = verifier(authority)
    wanted = [judge.judge(one, None) for one in minted]
    found: dict[int, list[Any]] = {}

    def work(number: int) -> None:
        found[number] = [judge.judge(one, None) for one in minted for _ in range(3)][::3]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == dict.fromkeys(range(8), wanted)


def test_nothing_is_logged(authority: Authority, minted: list[Evidence], caplog: pytest.LogCaptureFixture) -> None:
    """Neither of what is good nor of what is not."""
    with caplog.at_level(logging.INFO):
        for judge in (verifier(authority), verifier(Authority())):
            for one in minted:
                judge.judge(one, None)
    assert caplog.records == []
