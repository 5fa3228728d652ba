"""The verifier, made when there is first something to verify, and what it said before."""

from __future__ import annotations

import contextlib
import hashlib
from functools import cached_property
from typing import TYPE_CHECKING, Self

from bomvet.model.purl import parts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bomvet.enrichers._provenance_cases import Case, Sought
    from bomvet.model.provenance import Attestation
    from bomvet.plugin import Context, Proving
    from bomvet.provenance.bundles import BundleVerifier
    from bomvet.provenance.evidence import Evidence, Expected
    from bomvet.provenance.keys import RegistryKey
    from bomvet.provenance.npm import PackageVersion
    from bomvet.provenance.root import TrustRoot
    from bomvet.provenance.verdicts import Verdicts


class Judging:
    """Verifies evidence with the means of `proving`; to be used in `with`."""

    def __init__(self, proving: Proving, context: Context) -> None:
        self._proving, self._context = proving, context
        self._stack = contextlib.ExitStack()
        self.refused_cache = False
        """Whether verdicts cannot be kept where they should be."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def weigh(self, sought: Sought, evidence: Iterable[Evidence]) -> None:
        """Add to the artefact what each piece of evidence comes to."""
        for piece in evidence:
            sought.artefact.attestations.append(self._judge(piece, sought.expected))

    def signatures(self, case: Case, sought: Sought, release: PackageVersion, source: str) -> None:
        """Add to the artefact what the signatures of an npm registry come to."""
        from bomvet.provenance.npm import check_signature, integrity_of  # noqa: PLC0415 - only where there are some

        purl, expected = parts(case.component.purl), sought.expected
        name = f"{purl.namespace}/{purl.name}" if purl.namespace else purl.name
        integrity = integrity_of(expected.digests[0])
        for pair in release.signatures:
            found = check_signature(
                name,
                release.version,
                integrity,
                pair,
                self._keys,
                release.uploaded,
                source=source,
                compared=expected.compared,
            )
            sought.artefact.attestations.append(found)

    def _judge(self, evidence: Evidence, expected: Expected) -> Attestation:
        verdicts = self._verdicts
        known = verdicts.get(evidence, expected) if verdicts else None
        if known is not None:
            return known
        found = self._verifier.judge(evidence, expected).attestation
        if verdicts:
            verdicts.keep(evidence, expected, found)
        return found

    @cached_property
    def _root(self) -> TrustRoot:
        from bomvet.provenance.root import embedded_root, read_root  # noqa: PLC0415 - only where there is evidence

        return read_root(self._proving.root, "the trusted root") if self._proving.root else embedded_root()

    @cached_property
    def _keys(self) -> tuple[RegistryKey, ...]:
        from bomvet.provenance.keys import read_keys, shipped_keys  # noqa: PLC0415 - only where there is evidence

        further = read_keys(self._proving.keys, "the keys of registries") if self._proving.keys else ()
        # A key that is brought takes the place of the one that ships under its name: it may have ended since.
        return tuple({key.keyid: key for key in (*shipped_keys(), *further)}.values())

    @cached_property
    def _verifier(self) -> BundleVerifier:
        from bomvet.provenance.bundles import BundleVerifier  # noqa: PLC0415 - sigstore, for those who need it

        return BundleVerifier(self._root, self._keys, proof=self._proving.proof)

    @cached_property
    def _verdicts(self) -> Verdicts | None:
        """What was said before; only where the user named a place for it."""
        if not self._proving.cache:
            return None
        from bomvet.provenance.root import embedded_json  # noqa: PLC0415 - only where there is evidence
        from bomvet.provenance.verdicts import Basis, Verdicts  # noqa: PLC0415 - SQLite, for those who want it

        root = self._proving.root or embedded_json()
        keys = repr([tuple(key) for key in self._keys]).encode()
        basis = Basis(hashlib.sha256(root).hexdigest(), hashlib.sha256(keys).hexdigest(), self._proving.proof)
        made = Verdicts(self._proving.cache, basis, now=self._context.now.timestamp)
        self.refused_cache = not made.works
        return self._stack.enter_context(made)
