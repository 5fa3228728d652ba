"""Evidence that somebody recorded: for runs without a network, and for what registries do not keep.

Files are known by their content: provenance and attestation objects of PEP 740, sigstore bundles (alone, one a line,
in what npm's and GitHub's attestation endpoints answer, and in what `gh attestation verify` prints), the audit of
npm, and OCI layouts.  Nothing of them is believed: what they say to be about serves to find them.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from bomvet.errors import FileUnreadableError
from bomvet.model.inventory import Location, Unknown
from bomvet.provenance import _json, npm, pypi
from bomvet.provenance.evidence import Evidence, Form
from bomvet.provenance.names import SameName, subject_key
from bomvet.provenance.recorded_layouts import evidence_of_layout
from bomvet.provenance.subjects import claimed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bomvet.model.inventory import Hash
    from bomvet.plugin import FileTree

RESOLVER = "provenance"
#: Whose names say that they are evidence: one that is not understood is told of.
_SURE = (".provenance", ".attestation", ".sigstore", ".sigstore.json", ".intoto.jsonl")
_MAYBE = (".json", ".jsonl")
_MOST_FILES = 20_000
#: An audit of npm holds the evidence of a whole project; each piece of it has the limit of a bundle.
_MAX_FILE = 64 * 1024 * 1024
_MAX_TOTAL = 512 * 1024 * 1024
_MOST_LINES = 20_000
_AUDIT = frozenset({"invalid", "missing", "skipped", "verified"})
_UNKNOWN_FORM = "it is no evidence of a form that is known"
_BUNDLE = "application/vnd.dev.sigstore.bundle"


class Recorded:
    """All evidence of some folders, by what it says to be about; `unknowns` are files that could not be read."""

    def __init__(self, evidence: Iterable[Evidence] = (), unknowns: Iterable[Unknown] = ()) -> None:
        unique: dict[tuple[object, ...], Evidence] = {}
        for one in evidence:
            unique.setdefault(_identity(one), one)
        self.evidence = tuple(unique.values())
        self.unknowns = tuple(unknowns)
        self._by_digest: dict[str, list[int]] = defaultdict(list)
        self._by_name: dict[str, list[int]] = defaultdict(list)
        for at, one in enumerate(self.evidence):
            names, digests = claimed(one)
            for digest in digests:
                self._by_digest[digest].append(at)
            for name in names:
                self._by_name[name].append(at)
        self._spellings: dict[str, list[str]] = defaultdict(list)
        for name in self._by_name:
            self._spellings[subject_key(name)].append(name)

    @classmethod
    def read(cls, trees: Sequence[FileTree]) -> Recorded:
        """What is recorded in `trees`, whose names stand before the paths of their files."""
        reader = _Reader()
        for tree in trees:
            reader.read(tree)
        return cls(reader.evidence, reader.unknowns)

    def of(self, hashes: Iterable[Hash], same_name: Callable[[str], bool] | None = None) -> tuple[Evidence, ...]:
        """What says to be about a file of any of `hashes`, then what names it with another digest.

        The latter is refused when it is verified, and so becomes a mismatch of digests instead of silence.  A
        `SameName` is looked up; any other function is asked about every name.
        """
        found = {at: None for digest in hashes for at in self._by_digest.get(f"{digest.algorithm}:{digest.value}", ())}
        for name in self._names(same_name) if same_name else ():
            found.update(dict.fromkeys(self._by_name[name]))
        return tuple(self.evidence[at] for at in found)

    def _names(self, same_name: Callable[[str], bool]) -> Sequence[str]:
        if isinstance(same_name, SameName):
            return self._spellings.get(same_name.key, ())
        return [name for name in self._by_name if same_name(name)]


def _identity(evidence: Evidence) -> tuple[object, ...]:
    """What makes two pieces one; of cosign's layers the certificate and the log entry stand in the annotations."""
    annotations = _json.written(evidence.document) if evidence.form is Form.COSIGN else b""
    return evidence.form, evidence.digest, evidence.predicate_type, annotations


class _Reader:
    """Goes through folders, within limits that hold for all of them."""

    def __init__(self) -> None:
        self.evidence: list[Evidence] = []
        self.unknowns: list[Unknown] = []
        self._files = 0
        self._bytes = 0

    def read(self, tree: FileTree) -> None:
        """Everything in `tree` that may be evidence."""
        prefix = f"{tree.name}/" if tree.name else ""
        self.unknowns += tree.unknowns
        paths = tree.paths()
        layouts = {path.removesuffix("oci-layout") for path in paths if f"/{path}".endswith("/oci-layout")}
        for path in paths:
            if not path.endswith((*_SURE, *_MAYBE)) and len(paths) > 1:
                continue
            self._files += 1
            if self._files > _MOST_FILES or self._bytes > _MAX_TOTAL:
                limit = f"{_MOST_FILES:,} files" if self._files > _MOST_FILES else f"{_MAX_TOTAL:,} bytes"
                self._tell(f"{prefix}{path}", f"more than {limit} of evidence: this and the rest was not read")
                return
            if path.endswith("index.json") and path.removesuffix("index.json") in layouts:
                self.evidence += evidence_of_layout(
                    tree, path.rpartition("/")[0], prefix, lambda where, why: self._tell(f"{prefix}{where}", why)
                )
            else:
                # A file that is alone was named by the user as evidence.
                self._read_file(tree, path, f"{prefix}{path}", sure=path.endswith(_SURE) or len(paths) == 1)

    def _read_file(self, tree: FileTree, path: str, source: str, *, sure: bool) -> None:
        try:
            data = tree.read(path)
            self._bytes += len(data)
            found = _evidence_of_file(data, source, self._tell)
        except (ValueError, FileUnreadableError) as error:
            # That another file is no JSON is no matter; what is evidence, or may be, must not be missed in silence.
            if sure or not isinstance(error, _NoJsonError):
                self._tell(source, str(error))
            return
        if found is None and sure:
            self._tell(source, _UNKNOWN_FORM)
        self.evidence += found or ()

    def _tell(self, path: str, reason: str, line: int = 0) -> None:
        self.unknowns.append(Unknown(location=Location(path=path, line=line), resolver=RESOLVER, reason=reason))


class _NoJsonError(ValueError):
    """It is something else altogether."""


def _evidence_of_file(data: bytes, source: str, tell: Callable[[str, str, int], None]) -> Sequence[Evidence] | None:
    """The evidence in a file; None where it is something else.  Raises `ValueError`."""
    if len(data) > _MAX_FILE:
        raise ValueError(f"it has more than {_MAX_FILE:,} bytes")
    try:
        document = _json.read(data, _MAX_FILE)
    except ValueError as error:
        if source.endswith(".jsonl"):
            return _evidence_of_lines(data.split(b"\n"), source, tell)
        raise _NoJsonError(str(error)) from None
    if isinstance(document, dict):
        for refused in npm.refused_in_audit(document) if document.keys() <= _AUDIT else ():
            tell(source, refused, 0)
    return _evidence(document, data, source)


def _evidence_of_lines(
    lines: Sequence[bytes], source: str, tell: Callable[[str, str, int], None]
) -> Sequence[Evidence] | None:
    """A piece a line; lines that are none are told of where others are some, or the name promises it."""
    if len(lines) > _MOST_LINES:
        raise ValueError(f"it has more than {_MOST_LINES:,} lines")
    found: list[Evidence] = []
    wrong: list[tuple[int, str]] = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                evidence = _evidence(_json.read(line), line, source)
            except ValueError as error:
                wrong.append((number, str(error)))
            else:
                found += evidence or ()
                if evidence is None:
                    wrong.append((number, _UNKNOWN_FORM))
    if not found and not source.endswith(_SURE):
        return None
    for number, reason in wrong:
        tell(source, reason, number)
    return found


def _evidence(document: Any, raw: bytes, source: str) -> Sequence[Evidence] | None:
    """The evidence in a document of any known form; None where it is of none.  Raises `ValueError`."""
    if isinstance(document, list):
        return _of_list(document, source)
    for is_such, read in _FORMS if isinstance(document, dict) else ():
        if is_such(document):
            return read(document, raw, source)
    return None


def _of_list(items: list[Any], source: str) -> Sequence[Evidence] | None:
    """Bundles in a list, alone or as `gh attestation verify --format json` wraps them."""
    bundles = []
    for item in items:
        document = _json.table(item)
        bundle = _json.table(document.get("attestation")).get("bundle", document)
        if isinstance(bundle, dict) and _is_bundle(bundle):
            bundles.append(bundle)
    if len(bundles) > _MOST_LINES:
        raise ValueError(f"it has more than {_MOST_LINES:,} bundles")
    return [_bundle(bundle, _json.written(bundle), source) for bundle in bundles] or None


def _bundle(document: dict[str, Any], raw: bytes, source: str) -> Evidence:
    if len(raw) > _json.MAX_BUNDLE:
        raise ValueError(f"it has more than {_json.MAX_BUNDLE} bytes")
    return Evidence(Form.BUNDLE, _json.without_nulls(document), raw, source)


def _is_bundle(document: dict[str, Any]) -> bool:
    return _json.text(document.get("mediaType")).startswith(_BUNDLE) or (
        "verificationMaterial" in document and bool({"dsseEnvelope", "messageSignature"} & document.keys())
    )


def _is_answer(document: dict[str, Any]) -> bool:
    """Of an attestations endpoint; other documents have attestations of other shapes."""
    items = _json.listed(document.get("attestations"))
    return bool(items) and "bundle" in _json.table(items[0])


def _unverifiable(reason: str) -> Callable[[dict[str, Any], bytes, str], Sequence[Evidence]]:
    def refuse(document: dict[str, Any], raw: bytes, source: str) -> Sequence[Evidence]:  # noqa: ARG001 - as the others
        raise ValueError(reason)

    return refuse


#: What tells a form, and what reads it.
_FORMS: tuple[
    tuple[Callable[[dict[str, Any]], bool], Callable[[dict[str, Any], bytes, str], Sequence[Evidence]]], ...
] = (
    (_is_bundle, lambda document, raw, source: (_bundle(document, raw, source),)),
    (lambda document: "attestation_bundles" in document, lambda d, _, source: pypi.provenance_object(d, source)),
    (
        lambda document: {"verification_material", "envelope"} <= document.keys(),
        lambda document, raw, source: (pypi.attestation_object(document, source)._replace(raw=raw),),
    ),
    (_is_answer, lambda document, _, source: npm.attestations_object(document, source)),
    (
        lambda document: {"invalid", "missing"} <= document.keys() <= _AUDIT,
        lambda document, _, source: npm.audit_object(document, source),
    ),
    (
        lambda document: {"payload", "payloadType", "signatures"} <= document.keys(),
        _unverifiable("a signed statement alone has no log entry and no certificate to verify it with"),
    ),
    (
        lambda document: {"base64Signature", "rekorBundle"} <= document.keys(),
        _unverifiable("it is of the old form of cosign, which does not say what it is about"),
    ),
)
