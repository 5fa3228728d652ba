"""Documents of evidence, whichever of the forms in use they have: told by what stands in them, not by their names.

Known are: a sigstore bundle; PEP 740's `.attestation` and `.provenance`; the answers of npm's and GitHub's attestations
endpoints; the JSON of `npm audit signatures --include-attestations`; a list of these, also as `gh attestation verify`
prints it; and one of them per line (`.jsonl`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bomvet.provenance import _json, npm, pypi
from bomvet.provenance.evidence import BUNDLE, Evidence, Form

#: Of a whole file, such as an audit with the evidence of a project; what a single bundle may have is bounded besides.
MAX_BYTES = 64 * 1024 * 1024
MAX_DOCUMENTS = 20_000
#: What `npm audit signatures --json` has.
AUDIT = frozenset({"invalid", "missing", "skipped", "verified"})
_NONE = "it is not a sigstore bundle, an attestation or provenance of PyPI, or attestations of npm"

#: Reads a document of one form, with its bytes and its name; raises `ValueError`.
_Read = Callable[[dict[str, Any], bytes, str], tuple[Evidence, ...]]


def evidence_in(data: bytes, source: str) -> tuple[Evidence, ...]:
    """All evidence in the file `data` called `source`; raises `ValueError` where it is none, or not all of it is."""
    try:
        document = _json.read(data, MAX_BYTES)
    except ValueError:
        lines = [line for line in data.splitlines() if line.strip()] if len(data) <= MAX_BYTES else []
        if len(lines) < 2:  # noqa: PLR2004 - then it is no list of lines either
            raise
        found = _of_lines(lines, source)
    else:
        found = _required(document, data, source)
    if not found:
        raise ValueError("it holds no evidence")
    return found


def _of_lines(lines: list[bytes], source: str) -> tuple[Evidence, ...]:
    if len(lines) > MAX_DOCUMENTS:
        raise ValueError(f"it has more than {MAX_DOCUMENTS:,} lines")
    found: list[Evidence] = []
    for number, line in enumerate(lines, 1):
        try:
            found += _required(_json.read(line), line, f"{source}:{number}")
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
    return tuple(found)


def _required(document: Any, data: bytes, source: str) -> tuple[Evidence, ...]:
    found = evidence_of(document, data, source, whole=True)
    if found is None:
        raise ValueError(_NONE)
    return found


def evidence_of(document: Any, data: bytes, source: str, *, whole: bool = False) -> tuple[Evidence, ...] | None:
    """The evidence in the parsed document `data`; None where it is something else.

    A list may hold other things beside, unless it has to be evidence as a `whole`.  Raises `ValueError` where it is
    evidence that cannot be read, or that nothing could verify.
    """
    if isinstance(document, list):
        return _of_list(document, source, whole=whole)
    read = _reader(document)
    return read(document, data, source) if read else None


def _of_list(items: list[Any], source: str, *, whole: bool) -> tuple[Evidence, ...] | None:
    known = [(read, document) for document in map(_unwrapped, items) if (read := _reader(document))]
    if not known:
        return None
    if whole and len(known) < len(items):
        raise ValueError(f"only {len(known):,} of the {len(items):,} documents that it lists are evidence")
    if len(known) > MAX_DOCUMENTS:
        raise ValueError(f"it lists more than {MAX_DOCUMENTS:,} documents")
    return tuple(found for read, document in known for found in read(document, _json.written(document), source))


def _unwrapped(item: Any) -> Any:
    """`gh attestation verify --format json` gives each bundle beside what it found out of it."""
    return _json.table(_json.table(item).get("attestation")).get("bundle", item)


def _reader(document: Any) -> _Read | None:
    """What reads the document; None where it is of no form that is known."""
    return next((read for is_such, read in _FORMS if is_such(document)), None) if isinstance(document, dict) else None


# -- the forms -------------------------------------------------------------------------------------------------


def _is_bundle(document: dict[str, Any]) -> bool:
    return _json.text(document.get("mediaType")).startswith(BUNDLE) or (
        "verificationMaterial" in document and bool({"dsseEnvelope", "messageSignature"} & document.keys())
    )


def _bundle(document: dict[str, Any], raw: bytes, source: str) -> tuple[Evidence, ...]:
    if len(raw) > _json.MAX_BUNDLE:
        raise ValueError(f"it has more than {_json.MAX_BUNDLE} bytes")
    return (Evidence(Form.BUNDLE, _json.without_nulls(document), raw, source),)


def _is_answer(document: dict[str, Any]) -> bool:
    """Of an attestations endpoint; other documents have attestations of other shapes."""
    items = _json.listed(document.get("attestations"))
    return bool(items) and "bundle" in _json.table(items[0])


def _attestation(document: dict[str, Any], raw: bytes, source: str) -> tuple[Evidence, ...]:
    return (pypi.attestation_object(document, source)._replace(raw=raw),)


def _with(*names: str) -> Callable[[dict[str, Any]], bool]:
    return lambda document: document.keys() >= set(names)


def _unverifiable(reason: str) -> _Read:
    def refuse(document: dict[str, Any], raw: bytes, source: str) -> tuple[Evidence, ...]:  # noqa: ARG001 - as the others
        raise ValueError(reason)

    return refuse


#: What tells a form, and what reads it.
_FORMS: tuple[tuple[Callable[[dict[str, Any]], bool], _Read], ...] = (
    (_is_bundle, _bundle),
    (_with("attestation_bundles"), lambda document, _, source: pypi.provenance_object(document, source)),
    (_with("verification_material", "envelope"), _attestation),
    (_is_answer, lambda document, _, source: npm.attestations_object(document, source)),
    (
        lambda document: {"invalid", "missing"} <= document.keys() <= AUDIT,
        lambda document, _, source: npm.audit_object(document, source),
    ),
    (
        _with("payload", "payloadType", "signatures"),
        _unverifiable("a signed statement alone has no log entry and no certificate to verify it with"),
    ),
    (
        _with("base64Signature", "rekorBundle"),
        _unverifiable("it is of the old form of cosign, which does not say what it is about"),
    ),
)
