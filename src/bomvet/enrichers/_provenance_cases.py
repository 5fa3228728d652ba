"""What a lock file states and somebody has to have built: its files, what was found out of each, and what it comes to.

A component is judged by the worst of its files.  A file is judged by evidence of who built it: PyPI's publish
attestations and SLSA provenance.  npm's publish attestation and its registry's signature say that the registry has
this file, and nothing of who built it: they are shown, and refute where they are wrong, but prove nothing here.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from bomvet.enrichers._registry_choice import is_release
from bomvet.model.provenance import ORIGINS, Attestation, EvidenceKind, ProvenanceAnswer, ProvenanceStatus
from bomvet.model.purl import bare, percent_decoded
from bomvet.model.records import dataclass, field, replace
from bomvet.provenance.evidence import Expected
from bomvet.provenance.identities import expectations
from bomvet.provenance.names import same_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from bomvet.model.inventory import Component, Distribution, Hash, Inventory
    from bomvet.plugin import Proving

#: What is attested: the digest that PyPI's attestations have, and that of npm's.
ALGORITHM = {"pypi": "sha256", "npm": "sha512"}
_KINDS = tuple(EvidenceKind)
#: What may be provenance as far as is known of evidence that was not verified: its wrapper need not say what it is.
_TELLING = ORIGINS | {EvidenceKind.OTHER}
#: Names of Python's files that are looked at as such; a URL may end in anything.
_FILES = (".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz", ".egg")
#: Worst first.
_WORST = (
    ProvenanceStatus.INVALID,
    ProvenanceStatus.IDENTITY_MISMATCH,
    ProvenanceStatus.NOT_ESTABLISHED,
    ProvenanceStatus.UNSUPPORTED,
    ProvenanceStatus.ABSENT,
    ProvenanceStatus.VERIFIED,
)
#: So many files are named in a reason.
_NAMED = 3


class Outcome(NamedTuple):
    """A status with its reason."""

    status: ProvenanceStatus
    reason: str = ""


NOBODY_ASKED = Outcome(ProvenanceStatus.NOT_ESTABLISHED, "there is no recorded evidence, and nobody was to be asked")


@dataclass(slots=True, kw_only=True)
class Artefact:
    """One file that the lock states, and what was found out of it.

    `name` is that of the file, empty where the lock does not tell it, or the purl of an npm package.  `otherwise` is
    what holds where no attestation says more.
    """

    name: str
    hashes: tuple[Hash, ...]
    attestations: list[Attestation] = field(default_factory=list)
    otherwise: Outcome = NOBODY_ASKED

    def digest(self, algorithm: str) -> str:
        """The one of this algorithm; empty where the lock does not state it."""
        return next((h.value for h in self.hashes if h.algorithm == algorithm), "")

    @property
    def label(self) -> str:
        """How to call it."""
        return self.name or next((f"the file with {h.algorithm} {h.value[:16]}..." for h in self.hashes), "a file")

    def expected(self, algorithm: str) -> Expected | None:
        """What a statement about it has to say, by the lock; None where the lock has no such digest."""
        digests = tuple(h for h in self.hashes if h.algorithm == algorithm)
        return Expected(digests, same_name(self.name) if self.name else None) if digests else None

    @property
    def proved(self) -> bool:
        """Whether there is verified evidence of who built it."""
        return any(_is_proof(attestation) for attestation in self.attestations)

    @property
    def outcome(self) -> Outcome:
        """The worst that evidence says of it.

        What cannot be verified here takes nothing from what was verified, and only evidence of who built it can leave
        that question open; what is refuted counts, whatever it is.
        """
        telling = [a for a in self.attestations if a.kind in _TELLING]
        for status, among in (
            (ProvenanceStatus.INVALID, self.attestations),
            (ProvenanceStatus.IDENTITY_MISMATCH, self.attestations),
            (ProvenanceStatus.NOT_ESTABLISHED, telling),
            (ProvenanceStatus.UNSUPPORTED, [] if self.proved else telling),
        ):
            if one := next((a for a in among if a.status is status), None):
                step = f"{one.step}: " if one.step else ""
                return Outcome(status, f"{self.label}: {step}{one.reason}")
        if self.proved:
            return Outcome(ProvenanceStatus.VERIFIED)
        return self.otherwise


class Sought(NamedTuple):
    """A file that evidence is sought for, and what that has to say."""

    artefact: Artefact
    expected: Expected


@dataclass(slots=True, kw_only=True)
class Case:
    """One component, the files that the lock states of it, and what its registry says of the release.

    `told` holds what the answer will say besides; `wanted` says that somebody wants an answer, `sure` that the package
    is from the registry that was asked, and not merely of a name that it has too.
    """

    component: Component
    ecosystem: str
    wanted: bool
    artefacts: tuple[Artefact, ...]
    told: ProvenanceAnswer
    sure: bool = False

    @property
    def algorithm(self) -> str:
        """Of the digests that are attested in its ecosystem."""
        return ALGORITHM[self.ecosystem]

    @property
    def digests(self) -> frozenset[str]:
        """Those that the lock states and that are attested in its ecosystem."""
        return frozenset(d for a in self.artefacts if (d := a.digest(self.algorithm)))

    @property
    def has_evidence(self) -> bool:
        """Whether there is anything to tell."""
        return any(artefact.attestations for artefact in self.artefacts)

    def leave(self, status: ProvenanceStatus, reason: str, artefacts: Iterable[Artefact] | None = None) -> None:
        """What holds for `artefacts`, or all, where no attestation says more."""
        for artefact in self.artefacts if artefacts is None else artefacts:
            artefact.otherwise = Outcome(status, reason)

    def answer(self) -> ProvenanceAnswer:
        """What it all comes to."""
        outcomes = [artefact.outcome for artefact in self.artefacts]
        status = min((o.status for o in outcomes), key=_WORST.index)
        reasons = list(dict.fromkeys(o.reason for o in outcomes if o.status is status and o.reason))
        more = f"; and {len(reasons) - _NAMED} more" if len(reasons) > _NAMED else ""
        found = {_place(attestation): attestation for f in self.artefacts for attestation in f.attestations}
        return replace(
            self.told,
            status=status,
            attestations=tuple(found[key] for key in sorted(found)),
            reason="; ".join(reasons[:_NAMED]) + more or self.told.reason,
            required=self.wanted,
            files=len(self.artefacts),
            attested=sum(artefact.proved for artefact in self.artefacts),
        )


def _place(attestation: Attestation) -> tuple[object, ...]:
    """What tells it from others, and where it stands among them."""
    kind, status = _KINDS.index(attestation.kind), str(attestation.status)
    return kind, attestation.subject, attestation.source, attestation.bundle, status, attestation.reason


def _is_proof(attestation: Attestation) -> bool:
    """Whether it is verified that somebody by name built the file."""
    verified = attestation.status is ProvenanceStatus.VERIFIED
    return verified and attestation.kind in ORIGINS and attestation.identity is not None


# -- of an inventory ---------------------------------------------------------------------------------------------


def cases(inventory: Inventory, proving: Proving) -> Iterator[Case]:
    """Every component that a registry has and that is not exempt."""
    is_exempt = exemption(proving)
    expected = expectations(inventory, proving.identities)
    for component in inventory.components:
        if not is_release(component) or is_exempt(component.purl):
            continue
        ecosystem = component.purl[4:].partition("/")[0]
        artefacts = _npm(component) if ecosystem == "npm" else _pypi(component)
        yield Case(
            component=component,
            ecosystem=ecosystem,
            wanted=proving.ask or component.purl in expected,
            artefacts=artefacts,
            told=ProvenanceAnswer(status=ProvenanceStatus.NOT_ESTABLISHED),
        )


def exemption(proving: Proving) -> Callable[[str], bool]:
    """Whether nobody is to be asked about a purl: a pattern is for all of it, or for the package without a version.

    A scope of npm may stand as people write it.
    """
    patterns = [pattern.replace("/@", "/%40").split("*") for pattern in proving.exempt]

    def is_exempt(purl: str) -> bool:
        package = bare(purl).rpartition("@")[0] or purl
        return any(_matches(parts, purl) or _matches(parts, package) for parts in patterns)

    return is_exempt


def _matches(parts: Sequence[str], text: str) -> bool:
    """Whether `text` is of the pattern that was split at its stars, in one pass."""
    first, *others = parts
    if not others:
        return text == first
    at = len(first)
    if not text.startswith(first):
        return False
    *middle, last = others
    for part in middle:
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return len(text) - at >= len(last) and text.endswith(last)


def _npm(component: Component) -> tuple[Artefact, ...]:
    """Its archive: one, or as many as locks disagree about."""
    name = bare(component.purl)
    stated = [(name, file.hashes) for file in component.distributions]
    strong = sum(h.algorithm == ALGORITHM["npm"] for h in component.hashes)
    loose = [component.hashes] if strong < 2 else [(h,) for h in component.hashes]  # noqa: PLR2004 - one, or several
    return _artefacts(stated + [(name, hashes) for hashes in loose], ALGORITHM["npm"], name)


def _pypi(component: Component) -> tuple[Artefact, ...]:
    """Its files; a digest that is tied to no file is that of one."""
    stated = [(_file_name(file), file.hashes) for file in component.distributions]
    stated += [("", (digest,)) for digest in component.hashes]
    return _artefacts(stated, ALGORITHM["pypi"], "")


def _artefacts(stated: Iterable[tuple[str, tuple[Hash, ...]]], algorithm: str, name: str) -> tuple[Artefact, ...]:
    """One for each digest: installers take a file for any of those that the lock has, so each has to be accounted for.

    What has no digest that is attested stays as it is, unless it says nothing that another does not say.
    """
    found: dict[Hash, tuple[str, dict[Hash, None]]] = {}
    weak: dict[tuple[str, tuple[Hash, ...]], None] = {}
    for called, hashes in stated:
        digests = [h for h in hashes if h.algorithm == algorithm]
        others = [h for h in hashes if h.algorithm != algorithm]
        for digest in digests:
            known, united = found.setdefault(digest, (called, {}))
            found[digest] = (known or called, united)
            united.update(dict.fromkeys((digest, *others)))
        if not digests:
            weak[called, hashes] = None
    artefacts = [Artefact(name=called, hashes=tuple(sorted(hashes))) for called, hashes in found.values()]
    said = {(called, h) for called, hashes in found.values() for h in hashes}
    named = {called for called, _ in found.values()} | {called for called, hashes in weak if hashes}
    for called, hashes in weak:
        if any((called, h) not in said for h in hashes) or (not hashes and called and called not in named):
            artefacts.append(Artefact(name=called, hashes=tuple(sorted(hashes))))
    return tuple(artefacts) or (Artefact(name=name, hashes=()),)


def _file_name(file: Distribution) -> str:
    """What the end of its URL calls it; empty where that is no name of a file of Python."""
    name = percent_decoded(posixpath.basename(file.url.partition("#")[0].partition("?")[0]))
    return name if name.endswith(_FILES) else ""
