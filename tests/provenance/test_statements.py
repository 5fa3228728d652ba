"""What statements are, and what they are about."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bomvet.model.inventory import Hash
from bomvet.model.provenance import EvidenceKind, Step
from bomvet.provenance._refusal import Refused
from bomvet.provenance.evidence import Expected
from bomvet.provenance.statements import (
    Subject,
    check_statement,
    check_subject,
    kind_of,
    same_document,
    source_of,
    subjects,
)

A, B = Hash(algorithm="sha256", value="ab" * 32), Hash(algorithm="sha256", value="cd" * 32)
LONG, OTHER = Hash(algorithm="sha512", value="ab" * 64), Hash(algorithm="sha512", value="cd" * 64)


@pytest.mark.parametrize(
    ("predicate_type", "kind"),
    [
        ("https://slsa.dev/provenance/v0.2", EvidenceKind.SLSA),
        ("https://slsa.dev/provenance/v1", EvidenceKind.SLSA),
        ("https://slsa.dev/provenance/v1.0?draft", EvidenceKind.SLSA),
        ("https://slsa.dev/provenance/", EvidenceKind.OTHER),
        ("https://docs.pypi.org/attestations/publish/v1", EvidenceKind.PYPI_PUBLISH),
        ("https://docs.pypi.org/attestations/publish/v1/x", EvidenceKind.OTHER),
        ("https://github.com/npm/attestation/tree/main/specs/publish/v0.1", EvidenceKind.NPM_PUBLISH),
        ("https://slsa.dev/verification_summary/v1", EvidenceKind.SUMMARY),
        ("https://cyclonedx.org/bom", EvidenceKind.SBOM),
        ("https://cyclonedx.org/bom/v1.6", EvidenceKind.SBOM),
        ("https://spdx.dev/Document", EvidenceKind.SBOM),
        ("https://spdx.dev/Document/v2.3", EvidenceKind.SBOM),
        ("https://evil.example/https://slsa.dev/provenance/v1", EvidenceKind.OTHER),
        ("", EvidenceKind.OTHER),
    ],
)
def test_a_kind_is_known_by_the_whole_type(predicate_type: str, kind: EvidenceKind) -> None:
    """Never by a part of it."""
    assert kind_of(predicate_type) is kind


def test_a_statement_has_its_type() -> None:
    """In both versions; that of the predicate may be empty."""
    for kind in ("https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"):
        assert check_statement({"_type": kind, "predicateType": "https://slsa.dev/provenance/v1"}).endswith("/v1")
        assert check_statement({"_type": kind}) == ""


@pytest.mark.parametrize("document", [None, [], "x", {}, {"_type": "https://in-toto.io/Statement/v2"}, {"_type": {}}])
def test_what_is_no_statement_is_refused(document: Any) -> None:
    """Whatever it is."""
    with pytest.raises(Refused, match="what was signed is no in-toto statement") as refused:
        check_statement(document)
    assert refused.value.step is Step.PREDICATE_TYPE


def test_only_strong_digests_count() -> None:
    """In lower case; for MD5 and SHA-1 a second artefact can be made."""
    digest = {"sha1": "ab" * 20, "md5": "ab" * 16, "SHA256": "ab" * 32, "sha256": "AB" * 32, "sha512": 7, "x": "y"}
    assert subjects({"subject": [{"name": "a", "digest": digest}]}) == (Subject("a", (A,)),)


@pytest.mark.parametrize(
    ("found", "digests", "name"),
    [
        ((Subject("a", (A,)),), (A,), ("a", A)),
        ((Subject("b", (A,)), Subject("a", (A,))), (A,), ("a", A)),
        ((Subject("a", (B,)), Subject("a", (A,))), (A,), ("a", A)),
        ((Subject("a", (A,)),), (B, A), ("a", A)),
        ((Subject("a", (A, LONG)),), (A, LONG), ("a", LONG)),
        ((Subject("a", (A, LONG)),), (LONG,), ("a", LONG)),
        ((Subject("a", (A, OTHER)),), (A,), ("a", A)),
    ],
)
def test_a_subject_is_found_by_name_and_digest(found: Any, digests: Any, name: Any) -> None:
    """Any of the digests, the strongest of them told."""
    assert check_subject(found, Expected(digests, "a".__eq__)) == name


@pytest.mark.parametrize(
    ("found", "digests", "step", "reason"),
    [
        ((), (A,), Step.SUBJECT, "it is about nothing: the statement has no subject"),
        ((Subject("b", (A,)),), (A,), Step.SUBJECT, "it is about b, not what it is evidence for"),
        (
            (Subject("", (A,)), Subject("c", (A,))),
            (A,),
            Step.SUBJECT,
            "it is about something without a name and 1 more, not what it is evidence for",
        ),
        (
            (Subject("a", (B,)),),
            (A,),
            Step.DIGEST,
            "the digest that it attests for a is not that of the lock file",
        ),
        (
            (Subject("a", (A, OTHER)),),
            (A, LONG),
            Step.DIGEST,
            "the digest that it attests for a is not that of the lock file",
        ),
        ((Subject("a", ()),), (A,), Step.DIGEST, "the digest that it attests for a is not that of the lock file"),
        ((Subject("a", (A,)),), (), Step.DIGEST, "the digest that it attests for a is not that of the lock file"),
        (
            (Subject("b", (A,)), Subject("a", (B,))),
            (A,),
            Step.DIGEST,
            "the digest that it attests for a is not that of the lock file",
        ),
    ],
)
def test_a_subject_that_is_not_it_is_refused(found: Any, digests: Any, step: Step, reason: str) -> None:
    """Another name, another digest, or two digests of which one is another's."""
    with pytest.raises(Refused) as refused:
        check_subject(found, Expected(digests, "a".__eq__))
    assert (refused.value.step, refused.value.reason) == (step, reason)


def test_without_a_name_the_digest_is_enough() -> None:
    """As for images, which have many names."""
    assert check_subject((Subject("b", (B,)), Subject("c", (A,))), Expected((A,))) == ("c", A)


def test_names_are_compared_where_the_digest_is_the_right_one() -> None:
    """It is what takes time, and a lock may state each of a thousand files that one statement is about."""
    asked: list[str] = []

    def same_name(name: str) -> bool:
        asked.append(name)
        return name == "c"

    found = (Subject("a", (B,)), Subject("b", (A,)), Subject("c", (A,)), Subject("d", (A,)))
    assert check_subject(found, Expected((A,), same_name)) == ("c", A)
    assert asked == ["b", "c"]


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ((Subject("a", (A, LONG)),), ("a", A)),
        ((Subject("a", ()),), ("a", None)),
        ((Subject("a", (A,)), Subject("b", (B,))), ("", None)),
    ],
)
def test_without_expectations_the_only_subject_is_told(found: Any, told: Any) -> None:
    """Of several none."""
    assert check_subject(found, None) == told


def test_what_is_compared_is_named_in_words() -> None:
    """As a sentence has it."""
    named = [source_of(Expected((), compared=word)) for word in ("lock", "registry", "artefact")]
    assert named == ["lock file", "registry", "artefact"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ('{"a": 1, "b": [true, null]}', ' { "b" : [ true , null ] , "a" : 1.0 }', True),
        ('{"a": "\\u00e9"}', '{"a": "é"}', True),
        ('{"a": 1}', '\ufeff{"a": 1}', True),
        ('{"a": 1}', '{"a": true}', False),
        ('{"a": 1}', '{"a": "1"}', False),
        ('{"a": [1, 2]}', '{"a": [2, 1]}', False),
        ('{"a": 1}', '{"a": 1, "b": null}', False),
        ('{"a": 1}', '{"a": 2, "a": 1}', False),
        ('{"a": {"b": 1}}', '{"a": {"b": 2, "b": 1}}', False),
        ('{"a": 1}', '{"a": 1', False),
        ('{"a": 1e400}', '{"a": 1e500}', False),
        (f'{{"a": 1{"0" * 400}}}', f'{{"a": 1{"0" * 400}}}', False),
        ("[]", "[]", False),
        ('"x"', '"x"', False),
    ],
)  # fmt: skip
def test_the_same_document(one: str, other: str, same: bool) -> None:  # noqa: FBT001
    """However it is spelled; one that readers could read in two ways is none."""
    assert same_document(json.loads(one), other.encode()) is same


def test_a_document_that_is_too_deep() -> None:
    """It is no error of ours."""
    assert same_document({}, b'{"a":' * 100_000) is False
