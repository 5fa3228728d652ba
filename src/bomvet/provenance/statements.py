"""What a verified statement says: what it is about, what it claims of the build, and whether the certificate agrees.

The signer writes the statement; who the signer is stands in the certificate alone.  So claims are compared with it and
never believed before it.
Sources: https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md, https://slsa.dev/spec/v0.2/provenance,
https://slsa.dev/spec/v1.0/provenance, https://slsa.dev/spec/v1.0/levels.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from bomvet.model.inventory import HEX_DIGITS, Hash
from bomvet.model.provenance import EvidenceKind, Step
from bomvet.provenance._refusal import Refused, quoted
from bomvet.provenance._strict import items, strict, text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from bomvet.provenance.evidence import Expected

#: The payload type of an envelope that holds a statement.
PAYLOAD_TYPE = "application/vnd.in-toto+json"
_STATEMENTS = ("https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1")
_MAX_SUBJECTS = 100_000
#: Digests that nobody can make a second artefact for.
_STRONG = frozenset(HEX_DIGITS) & {"sha256", "sha384", "sha512"}

_KINDS = (
    (re.compile(r"https://slsa\.dev/provenance/v.+"), EvidenceKind.SLSA),
    (re.compile(r"https://docs\.pypi\.org/attestations/publish/v1"), EvidenceKind.PYPI_PUBLISH),
    (re.compile(r"https://github\.com/npm/attestation/tree/main/specs/publish/v0\.1"), EvidenceKind.NPM_PUBLISH),
    (re.compile(r"https://slsa\.dev/verification_summary/v.+"), EvidenceKind.SUMMARY),
    (re.compile(r"https://cyclonedx\.org/bom(/v.+)?"), EvidenceKind.SBOM),
    (re.compile(r"https://spdx\.dev/Document(/v.+)?"), EvidenceKind.SBOM),
)


# -- what it is -------------------------------------------------------------------------------------------------


def kind_of(predicate_type: str) -> EvidenceKind:
    """What a predicate of the type is; `OTHER` where that is not known here."""
    return next((kind for pattern, kind in _KINDS if pattern.fullmatch(predicate_type)), EvidenceKind.OTHER)


def check_statement(statement: Any) -> str:
    """The predicate type of a statement, which may be empty; raises `Refused` where it is none."""
    if not isinstance(statement, dict) or statement.get("_type") not in _STATEMENTS:
        raise Refused(Step.PREDICATE_TYPE, "what was signed is no in-toto statement")
    return text(statement, "predicateType")


# -- what it is about -------------------------------------------------------------------------------------------


class Subject(NamedTuple):
    """A subject with its digests in lower case; those of algorithms that are not known, or are weak, are left out."""

    name: str
    digests: tuple[Hash, ...]


def subjects(statement: Any) -> tuple[Subject, ...]:
    """What the statement is about; raises `ValueError`."""
    return tuple(_subjects(statement))


def _subjects(statement: Any) -> Iterator[Subject]:
    for one in items(statement, "subject", _MAX_SUBJECTS):
        digests = one.get("digest")
        if not isinstance(digests, dict):
            raise ValueError("a subject has no digest")  # noqa: TRY004
        found = (Hash.parse(f"{a}:{v}") for a, v in digests.items() if a in _STRONG and isinstance(v, str))
        yield Subject(text(one, "name"), tuple(found))


def check_subject(found: tuple[Subject, ...], expected: Expected | None) -> tuple[str, Hash | None]:
    """The name and the digest of the subject that is expected; without expectations those of the only one.

    Raises `Refused`: at `SUBJECT` where none has the name, at `DIGEST` where none of the name has the digest.
    """
    if not found:
        raise Refused(Step.SUBJECT, "it is about nothing: the statement has no subject")
    if expected is None:
        one = found[0] if len(found) == 1 else Subject("", ())
        return one.name, one.digests[0] if one.digests else None
    wanted: dict[str, set[str]] = {}
    for digest in expected.digests:
        wanted.setdefault(digest.algorithm, set()).add(digest.value)
    same_name = expected.same_name or _any_name
    for one in found:
        # The digest first: names take longer to compare, and a statement may be about a thousand files.
        agreed = _agreed(one, wanted)
        if agreed and same_name(one.name):
            return one.name, agreed
    named = tuple(one for one in found if same_name(one.name))
    if not named:
        raise Refused(Step.SUBJECT, f"it is about {_names(found)}, not what it is evidence for")
    reason = f"the digest that it attests for {_names(named)} is not that of the {source_of(expected)}"
    raise Refused(Step.DIGEST, reason)


def _any_name(_: str) -> bool:
    return True


def _agreed(one: Subject, wanted: Mapping[str, Collection[str]]) -> Hash | None:
    """The strongest digest that both have; None also where another algorithm denies it."""
    shared = [digest for digest in one.digests if digest.algorithm in wanted]
    if not shared or any(digest.value not in wanted[digest.algorithm] for digest in shared):
        return None
    return max(shared, key=lambda digest: len(digest.value))


def source_of(expected: Expected) -> str:
    """What the expected digest is from, as a sentence has it."""
    return {"lock": "lock file", "registry": "registry"}.get(expected.compared, expected.compared)


def _names(found: tuple[Subject, ...]) -> str:
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return f"{quoted(found[0].name) or 'something without a name'}{more}"


def same_document(predicate: object, data: bytes) -> bool:
    """Whether the JSON document `data` says what `predicate` does, however either is spelled.

    A document that names a member twice is none: readers differ in which of the two they believe.
    """
    try:
        document = strict(data.removeprefix(b"\xef\xbb\xbf"))
        return isinstance(document, dict) and _canonical(document) == _canonical(predicate)
    except (ValueError, RecursionError):
        return False


def _canonical(value: object) -> str:
    """As RFC 8785 has it, numbers as their doubles; raises `ValueError` where one is none."""
    return json.dumps(_doubles(value), sort_keys=True, allow_nan=False)


def _doubles(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _doubles(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_doubles(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            raise ValueError("a number is too large") from None
    return value
