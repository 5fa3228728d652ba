"""Evidence that somebody recorded: for runs without a network, and for what registries do not keep.

Files are known by their content: documents of all forms that `documents` tells, and OCI layouts.  Nothing of them is
believed: what they say to be about serves to find them.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from bomvet.errors import FileUnreadableError
from bomvet.model.inventory import Location, Unknown
from bomvet.provenance import _json, npm
from bomvet.provenance._recorded_layouts import evidence_of_layout
from bomvet.provenance._subjects import claimed
from bomvet.provenance.documents import AUDIT, MAX_BYTES, MAX_DOCUMENTS, evidence_of
from bomvet.provenance.evidence import Evidence, Form
from bomvet.provenance.names import SameName, subject_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bomvet.model.inventory import Hash
    from bomvet.plugin import FileTree

RESOLVER = "provenance"
#: Whose names say that they are evidence: one that is not understood is told of.
_SURE = (".provenance", ".attestation", ".sigstore", ".sigstore.json", ".intoto.jsonl")
_MAYBE = (".json", ".jsonl")
_MOST_FILES = 20_000
_UNKNOWN_FORM = "it is no evidence of a form that is known"
_MAX_TOTAL = 512 * 1024 * 1024


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
    if len(data) > MAX_BYTES:
        raise ValueError(f"it has more than {MAX_BYTES:,} bytes")
    try:
        document = _json.read(data, MAX_BYTES)
    except ValueError as error:
        if source.endswith(".jsonl"):
            return _evidence_of_lines(data.split(b"\n"), source, tell)
        raise _NoJsonError(str(error)) from None
    if isinstance(document, dict):
        for refused in npm.refused_in_audit(document) if document.keys() <= AUDIT else ():
            tell(source, refused, 0)
    return evidence_of(document, data, source)


def _evidence_of_lines(
    lines: Sequence[bytes], source: str, tell: Callable[[str, str, int], None]
) -> Sequence[Evidence] | None:
    """A piece a line; lines that are none are told of where others are some, or the name promises it."""
    if len(lines) > MAX_DOCUMENTS:
        raise ValueError(f"it has more than {MAX_DOCUMENTS:,} lines")
    found: list[Evidence] = []
    wrong: list[tuple[int, str]] = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                evidence = evidence_of(_json.read(line), line, source)
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
