"""Verifying many different bundles: of PyPI's form, of both of npm's, of images, and of the second log."""

from __future__ import annotations

import gc
import hashlib
import json
from itertools import cycle, islice
from typing import Any, NamedTuple

from benchmarks._measure import Figure, cost, growth, in_child
from bomvet.model.inventory import Hash
from bomvet.provenance.bundles import BundleVerifier
from bomvet.provenance.evidence import Evidence, Expected, Form
from bomvet.provenance.keys import read_keys
from bomvet.provenance.root import read_root
from tests.provenance.authority import Authority, GitHub, slsa, statement

_BUNDLES = 1000
_ROUNDS = 3
_PREDICATE = "https://slsa.dev/provenance/v1"


class _Work(NamedTuple):
    """Evidence and what it is for."""

    evidence: Evidence
    expected: Expected


def run() -> list[Figure]:
    """Minted first, which is not counted; nor is the time that it takes to import sigstore."""
    costs = {count: min(in_child(_verify, count) for _ in range(_ROUNDS)) for count in (_BUNDLES, 4 * _BUNDLES)}
    told = "five forms in turn, each another bundle"
    figure = Figure(name="provenance verify", size=_BUNDLES, measured=told, value=costs[_BUNDLES], unit="s", limit=2.5)
    return [figure, growth("provenance verify", _BUNDLES, costs)]


def _verify(count: int) -> float:
    authority = Authority()
    work = _minted(authority, count)
    root, keys = read_root(authority.root_json(), "root"), read_keys(authority.npm_keys(), "keys")
    verifier = BundleVerifier(root, keys)
    # The first one imports what the others need.
    statuses = {verifier.judge(*one).attestation.status for one in work[:5]}
    gc.disable()  # as the installed command does
    spent = cost(lambda: statuses.update(verifier.judge(*one).attestation.status for one in work))
    if statuses != {"verified"}:
        raise AssertionError(f"not all are verified: {statuses}")
    return spent


def _minted(authority: Authority, count: int) -> list[_Work]:
    """`count` of them, each for another name, digest and repository."""
    makers = islice(cycle((_pypi, _npm, _npm_publish, _image, _second_log)), count)
    return [make(authority, number) for number, make in enumerate(makers)]


def _about(number: int) -> tuple[dict[str, Any], GitHub, Expected]:
    by = GitHub(repository=f"acme/app{number}", repository_id=str(number))
    name, digest = f"app{number}-1.0.0.tar.gz", hashlib.sha256(str(number).encode()).hexdigest()
    return statement(name, {"sha256": digest}, _PREDICATE, slsa(by)), by, _expected("sha256", digest)


def _expected(algorithm: str, value: str) -> Expected:
    return Expected((Hash(algorithm=algorithm, value=value),))


def _bundle(document: Any, expected: Expected, predicate_type: str = _PREDICATE) -> _Work:
    return _Work(Evidence(Form.BUNDLE, document, json.dumps(document).encode(), "", predicate_type), expected)


def _pypi(authority: Authority, number: int) -> _Work:
    about, by, expected = _about(number)
    return _bundle(authority.bundle(about, by), expected)


def _second_log(authority: Authority, number: int) -> _Work:
    about, by, expected = _about(number)
    return _bundle(authority.bundle(about, by, entry="rekor2"), expected)


def _npm(authority: Authority, number: int, which: int = 1) -> _Work:
    digest = hashlib.sha512(str(number).encode()).hexdigest()
    answer = authority.npm_attestations(
        f"@acme/app{number}",
        "1.0.0",
        digest,
        GitHub(repository=f"acme/app{number}"),
        bundle="0.2",
        entry="intoto-0.0.2",
    )
    found = json.loads(answer)["attestations"][which]
    return _bundle(found["bundle"], _expected("sha512", digest), found["predicateType"])


def _npm_publish(authority: Authority, number: int) -> _Work:
    return _npm(authority, number, 0)


def _image(authority: Authority, number: int) -> _Work:
    about, by, expected = _about(number)
    annotations, layer = authority.cosign_att(about, by)
    return _Work(Evidence(Form.COSIGN, annotations, layer, ""), expected)
