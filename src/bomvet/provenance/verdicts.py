"""What cryptography said of attestations in earlier runs, so that a nightly scan does not ask it again.

Threat: whoever could write here could have an invalid bundle pass.  So there is a cache only where the user named a
folder for it; it is refused where the folder or the file is another's, a link, or open to be written by others; and an
entry counts for nothing but the very question that it answered.  Its key is a digest over all that the verdict hangs
on: the evidence and its wrapper, the artefact and its name, the trusted root, the keys, whether a proof is demanded,
and what does the verifying.  An entry that is damaged, or of another shape, is none.

Kept are verdicts that no later run can come to differ on: what was verified, and what was refused.  Neither the clock
nor the network has a say in these: signatures are held against the time of the log.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from bomvet import __version__
from bomvet.model.codec import decode, encode
from bomvet.model.provenance import Attestation, ProvenanceStatus
from bomvet.model.records import replace
from bomvet.provenance.names import SameName

if TYPE_CHECKING:
    from collections.abc import Callable

    from bomvet.provenance.evidence import Evidence, Expected

NAME = "verdicts.db"
_FINAL = (ProvenanceStatus.VERIFIED, ProvenanceStatus.INVALID)
#: So many are held back until they are written.
_BATCH = 500


class Basis(NamedTuple):
    """What all verdicts of a run rest on: SHA-256 of the trusted root and of the keys, and whether proof is needed."""

    root: str
    keys: str
    proof: bool


class Verdicts:
    """The verdicts in `folder` that rest on `basis`; `now` gives seconds since the epoch.  To be used in `with`.

    `works` is False where nothing outlives the process, for whatever reason.
    """

    def __init__(self, folder: str, basis: Basis, *, now: Callable[[], float]) -> None:
        from bomvet.advisories.cache import Kept, RecordCache  # noqa: PLC0415 - SQLite, for those who want it

        self._made: Any = Kept
        self._cache = RecordCache(folder, now=now, name=NAME)
        self._basis = [__version__, *_verifiers(), *basis]
        self._new: dict[str, bytes] = {}
        self._used: list[str] = []
        self.works = self._cache.works

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._write()
        self._cache.touch(self._used)
        self._cache.__exit__()

    def get(self, evidence: Evidence, expected: Expected | None) -> Attestation | None:
        """The verdict on `evidence` as it was before, from where it came this time; None where there is none."""
        key = self._key(evidence, expected)
        kept = self._cache.get([key]).get(key) if key else None
        found = _read(kept.body) if kept else None
        if found is None:
            return None
        self._used.append(key)
        return replace(found, source=evidence.source)

    def keep(self, evidence: Evidence, expected: Expected | None, verdict: Attestation) -> None:
        """Keep `verdict`, if it is one that stays."""
        import orjson  # noqa: PLC0415 - loaded already

        key = self._key(evidence, expected)
        if key and verdict.status in _FINAL:
            self._new[key] = orjson.dumps(encode(verdict))
            if len(self._new) >= _BATCH:
                self._write()

    def _write(self) -> None:
        if self._new:
            self._cache.put(self._made(key, __version__, body) for key, body in self._new.items())
            self._new.clear()

    def _key(self, evidence: Evidence, expected: Expected | None) -> str:
        """A digest over everything that has a say, in a form that no two questions share; empty where it has none."""
        import orjson  # noqa: PLC0415 - loaded already

        subject: list[Any] = []
        if expected is not None:
            if expected.same_name and not isinstance(expected.same_name, SameName):
                return ""  # what a function takes for the same name cannot be written down
            digests = sorted([h.algorithm, h.value] for h in expected.digests)
            subject = [digests, expected.same_name and expected.same_name.key, expected.compared]
        # What the document holds need not all stand in `raw`, such as a layer's annotations.
        document = hashlib.sha256(orjson.dumps(evidence.document, option=orjson.OPT_SORT_KEYS)).hexdigest()
        question = [self._basis, evidence.form, evidence.digest, document, evidence.predicate_type, subject]
        return hashlib.sha256(orjson.dumps(question)).hexdigest()


def _verifiers() -> tuple[str, str]:
    """The versions of the libraries that do the work: a mistake that one of them mended must not live on here."""
    from importlib.metadata import version  # noqa: PLC0415 - for those who want a cache

    return version("sigstore"), version("cryptography")


def _read(body: bytes) -> Attestation | None:
    import orjson  # noqa: PLC0415 - loaded already

    try:
        found = decode(Attestation, orjson.loads(body))
    except ValueError:
        return None
    return found if found.status in _FINAL else None
