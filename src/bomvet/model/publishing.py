"""What provenance and identities say against a component; pure, for rules, the risk score and reports to share.

Nothing here is said where the answer is not established: that is a question, and no accusation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.model.facts import RANKED, Severity
from bomvet.model.provenance import (
    ORIGINS,
    PROVED,
    PUBLISH_LEVELS,
    EvidenceKind,
    IdentityField,
    LogStrength,
    ProvenanceStatus,
    PublishLevel,
    Step,
    strongest_first,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bomvet.model.provenance import (
        Attestation,
        IdentityAnswer,
        IdentityChange,
        ProvenanceAnswer,
        PublisherIdentity,
    )

#: What an attestation is, in words.
KINDS = {
    EvidenceKind.PYPI_PUBLISH: "PyPI publish attestation",
    EvidenceKind.SLSA: "SLSA provenance",
    EvidenceKind.NPM_PUBLISH: "npm publish attestation",
    EvidenceKind.NPM_SIGNATURE: "npm registry signature",
    EvidenceKind.SIGNATURE: "signature",
    EvidenceKind.SBOM: "attested SBOM",
    EvidenceKind.SUMMARY: "verification summary",
    EvidenceKind.OTHER: "attestation",
}
#: What is refused where a step fails, in words.
STEPS = {
    Step.FORMAT: "the form",
    Step.CERTIFICATE: "the certificate",
    Step.TIME: "the time of signing",
    Step.KEY: "the key",
    Step.LOG: "the transparency log",
    Step.SIGNATURE: "the signature",
    Step.ENTRY: "the log entry",
    Step.PREDICATE_TYPE: "the predicate type",
    Step.SUBJECT: "the subject",
    Step.DIGEST: "the digest",
    Step.IDENTITY: "the identity",
}
#: How a release was published, in words that follow "was published".
LEVELS = {
    PublishLevel.NONE: "without evidence",
    PublishLevel.PROVENANCE: "with provenance",
    PublishLevel.TRUSTED_PUBLISHER: "by a trusted publisher",
    PublishLevel.STAGED: "by a trusted publisher, and approved by a maintainer",
}
#: Triggers by which people who may not write to a repository have its workflows run with its rights.
UNSAFE_TRIGGERS = frozenset({"pull_request_target", "issue_comment", "workflow_run"})
SELF_HOSTED = "self-hosted"

#: What a change of each field weighs, where nothing else of it tells.
_GRAVITY = {
    IdentityField.REPOSITORY: Severity.HIGH,
    IdentityField.OWNER: Severity.HIGH,
    IdentityField.ISSUER: Severity.HIGH,
    IdentityField.SUBJECT: Severity.HIGH,
    IdentityField.WORKFLOW: Severity.MEDIUM,
    IdentityField.PUBLISHER: Severity.MEDIUM,
    IdentityField.TRIGGER: Severity.LOW,
    IdentityField.RUNNER: Severity.LOW,
    IdentityField.REF: Severity.LOW,
    IdentityField.RENAMED: Severity.LOW,
    IdentityField.LEVEL: Severity.MEDIUM,
}
#: What tells who built, published or signed an artefact.
_TELLING = ORIGINS | {EvidenceKind.SIGNATURE}
#: What is about a document beside an artefact.
BESIDE = frozenset({EvidenceKind.SBOM, EvidenceKind.SUMMARY})
_STRENGTHS = (LogStrength.NONE, LogStrength.PROMISE, LogStrength.PROOF)


# -- who signed ------------------------------------------------------------------------------------------------


def signed(answer: ProvenanceAnswer) -> tuple[Attestation, ...]:
    """The attestations that prove who built or published the component, be it whom one expects or not.

    Provenance comes first.
    """
    return strongest_first(a for a in answer.attestations if a.status in PROVED and a.kind in _TELLING)


def signers(answer: ProvenanceAnswer) -> tuple[PublisherIdentity, ...]:
    """The identities of these, each once, those of keys left out; several where one release was signed by several."""
    return tuple(dict.fromkeys(a.identity for a in signed(answer) if a.identity))


def weakest_log(attestations: Iterable[Attestation]) -> LogStrength:
    """How the log vouches for all of them; `NONE` where there are none."""
    return min((a.strength for a in attestations), key=_STRENGTHS.index, default=LogStrength.NONE)


def slsa_level(answer: ProvenanceAnswer) -> str:
    """`SLSA Build L2`: what every locked file has provenance that is consistent with; empty where one has none.

    A file counts by its best provenance, the release by its worst file.
    """
    proved = signed(answer)
    sound = answer.status is ProvenanceStatus.VERIFIED and answer.attested == answer.files
    if not sound or any(a.contradictions for a in proved):
        return ""
    best: dict[tuple[str, str], str] = {}
    for one in proved:
        file = (one.digest.algorithm, one.digest.value) if one.digest else ("", one.subject)
        best[file] = max(best.get(file, ""), one.level if one.kind is EvidenceKind.SLSA else "")
    return min(best.values(), default="")


def is_established(answer: ProvenanceAnswer) -> bool:
    """Whether all that there is was obtained and could be judged; what was refused was judged."""
    return answer.status not in (ProvenanceStatus.NOT_ESTABLISHED, ProvenanceStatus.UNSUPPORTED)


def is_unattested(answer: ProvenanceAnswer) -> bool:
    """Whether it is established that no evidence says who built the component."""
    definite = answer.status in (ProvenanceStatus.ABSENT, ProvenanceStatus.VERIFIED)
    return definite and not signed(answer)


# -- what is against it ----------------------------------------------------------------------------------------


def refused(answer: ProvenanceAnswer) -> tuple[Attestation, ...]:
    """The attestations that failed a step of verification, but for that of the digest, by step and source."""
    found = [a for a in _invalid(answer) if a.step is not Step.DIGEST]
    order = tuple(Step)
    return tuple(sorted(found, key=lambda a: (order.index(a.step or Step.FORMAT), a.source, a.bundle)))


def tampered(answer: ProvenanceAnswer) -> tuple[Attestation, ...]:
    """The attestations that are sound and about something else than what is pinned."""
    found = [a for a in _invalid(answer) if a.step is Step.DIGEST]
    return tuple(sorted(found, key=lambda a: (a.source, a.bundle)))


def _invalid(answer: ProvenanceAnswer) -> list[Attestation]:
    return [a for a in answer.attestations if a.status is ProvenanceStatus.INVALID]


def contradicted(answer: ProvenanceAnswer) -> tuple[Attestation, ...]:
    """The verified attestations whose predicates claim what their certificates deny."""
    return tuple(a for a in answer.verified if a.contradictions)


def weakened(answer: ProvenanceAnswer, identity: IdentityAnswer | None) -> tuple[str, ...]:
    """In what the release falls behind earlier ones, behind the identity lock, or some of its files behind others.

    Empty where it does not, or where that is not established.  What the registry says of earlier releases stays said,
    whatever else is open: a digest that nobody knows, which anybody can put into a lock, must not hide it.
    """
    if answer.status is ProvenanceStatus.NOT_ESTABLISHED:
        return tuple(filter(None, (_behind_earlier(answer),)))
    others = _behind_others(answer)
    # Of files without evidence the lock says the same in other words.
    return tuple(filter(None, (_behind_earlier(answer), others or _behind_lock(answer, identity))))


def _behind_earlier(answer: ProvenanceAnswer) -> str:
    earlier = answer.stronger
    if earlier is None:
        return ""
    day = f" of {earlier.uploaded[:10]}" if earlier.uploaded else ""
    this = f", this one {LEVELS[answer.level]}" if answer.level else ""
    return f"{earlier.version}{day} was published {LEVELS[earlier.level]}{this}"


def _behind_lock(answer: ProvenanceAnswer, identity: IdentityAnswer | None) -> str:
    if identity is None:
        return ""
    change = next((c for c in identity.changes if c.what is IdentityField.LEVEL and _falls(c)), None)
    lacking = is_unattested(answer) and identity.expected.level is not PublishLevel.NONE
    if not (change or lacking):
        return ""
    if answer.status is ProvenanceStatus.UNSUPPORTED:
        has = "the evidence of the release is of a form that is not verified here"
    elif change and change.after not in ("", PublishLevel.NONE):
        has = f"the release has {change.after}"
    else:
        has = "nothing says who built the release"
    return f"{identity.source} expects {change.before if change else identity.expected.level}, and {has}"


def _falls(change: IdentityChange) -> bool:
    """Whether a change of level is one for the worse; of words that are no levels it is taken to be."""
    known = [level.value for level in PUBLISH_LEVELS]
    if change.before not in known or (change.after and change.after not in known):
        return True
    return known.index(change.after or PublishLevel.NONE) < known.index(change.before)


def _behind_others(answer: ProvenanceAnswer) -> str:
    lacking = answer.files - answer.attested
    # A file whose evidence is refused, or of a form that is not verified here, makes another status of the whole.
    if answer.status is not ProvenanceStatus.ABSENT or not answer.attested or lacking <= 0:
        return ""
    has, none = f"{answer.attested} {_have(answer.attested)} evidence", f"{lacking} {_have(lacking)} none"
    return f"of {answer.files} locked files of the release {has}, and {none}"


def _have(number: int) -> str:
    return "has" if number == 1 else "have"


def moved(identity: IdentityAnswer) -> tuple[IdentityChange, ...]:
    """The changes of who publishes, gravest first; how it was published is for `weakened`."""
    found = [c for c in identity.changes if c.what is not IdentityField.LEVEL]
    order = tuple(IdentityField)
    return tuple(sorted(found, key=lambda c: (RANKED.index(gravity(c)), order.index(c.what), c.before, c.after)))


def gravity(change: IdentityChange) -> Severity:
    """What one change weighs."""
    if change.what is IdentityField.TRIGGER and change.after in UNSAFE_TRIGGERS:
        return Severity.HIGH
    if change.what is IdentityField.RUNNER and change.after == SELF_HOSTED:
        return Severity.MEDIUM
    if change.what is IdentityField.REF:
        return _gravity_of_ref(change)
    return _GRAVITY[change.what]


def _gravity_of_ref(change: IdentityChange) -> Severity:
    if change.after == "pull-request":  # what nobody has merged
        return Severity.HIGH
    return Severity.MEDIUM if (change.before, change.after) == ("tag", "branch") else Severity.LOW
