"""What is known of who built the components, in the words of CycloneDX.

A statement is made of verified evidence alone, and is what the certificate says, never what a predicate claims.  What
was refused is told as such: as a property, and from version 1.6 on as a counter-claim of `declarations`.  A level is
one that the evidence is consistent with.  Sources: the CycloneDX 1.4 to 1.7 schemas; RFC 6920 for `ni:` names.
"""

from __future__ import annotations

import binascii
from typing import TYPE_CHECKING, Any

from bomvet.model.provenance import ORIGINS, Attestation, EvidenceKind, ProvenanceStatus, strongest_first
from bomvet.model.publishing import slsa_level
from bomvet.model.purl import public_url
from bomvet.reports._valid import is_date_time, valid_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bomvet.model.facts import Facts
    from bomvet.model.inventory import Component, Hash
    from bomvet.model.provenance import IdentityAnswer, ProvenanceAnswer, PublisherIdentity

_Json = dict[str, Any]
_Pair = tuple[str, str]
#: Of the specification 1.X: from when on it has references of a type, and `declarations`.
_ATTESTATIONS, _SIGNATURES, DECLARATIONS = 5, 6, 6
_KEYS = frozenset({EvidenceKind.NPM_SIGNATURE, EvidenceKind.SIGNATURE})
#: What a certificate says of its holder; whoever signs an SBOM or a summary of something need not have made it.
_VERBS = {EvidenceKind.SLSA: "built", EvidenceKind.PYPI_PUBLISH: "published", EvidenceKind.SIGNATURE: "signed"}
#: What counts against a component; what is not verified here is no accusation.
_REFUSED = frozenset({ProvenanceStatus.INVALID, ProvenanceStatus.IDENTITY_MISMATCH})
_PROVED = frozenset({ProvenanceStatus.VERIFIED})
_ASSESSOR = "assessor:bomvet"
_SHA256_DIGITS = 64


def attested(answer: ProvenanceAnswer) -> tuple[Hash, ...]:
    """The digests of what the verified evidence is about, each once."""
    return tuple(dict.fromkeys(a.digest for a in answer.verified if a.digest))


# -- properties ------------------------------------------------------------------------------------------------


def properties(facts: Facts, purl: str) -> list[_Pair]:
    """What CycloneDX has no field for, of one component."""
    answer, identity = facts.provenance.get(purl), facts.identities.get(purl)
    found = [*_answered(answer)] if answer else []
    if identity:
        found += _expected(identity, answer)
    return [(name, value) for name, value in found if value]


def _answered(answer: ProvenanceAnswer) -> Iterator[_Pair]:
    yield "bomvet:provenance:status", answer.status.value
    yield "bomvet:provenance:reason", answer.reason
    yield "bomvet:provenance:registry", answer.registry
    yield "bomvet:provenance:level", answer.level.value if answer.level else ""
    yield "bomvet:provenance:attested-files", f"{answer.attested} of {answer.files}" if answer.files else ""
    if (one := answer.strongest) and (identity := one.identity):
        yield from _identified(identity)
        yield "bomvet:provenance:log-index", "" if one.log_index is None else str(one.log_index)
        yield "bomvet:provenance:log-time", one.log_time
        yield "bomvet:provenance:log-strength", one.strength.value
    yield "bomvet:provenance:slsa", _consistent(slsa_level(answer))
    for text in _contradictions(answer):
        yield "bomvet:provenance:contradiction", text


def _identified(identity: PublisherIdentity) -> Iterator[_Pair]:
    yield "bomvet:provenance:repository", identity.repository
    yield "bomvet:provenance:repository-id", identity.repository_id
    yield "bomvet:provenance:commit", identity.commit
    yield "bomvet:provenance:ref", identity.ref
    yield "bomvet:provenance:workflow", identity.workflow
    yield "bomvet:provenance:trigger", identity.trigger
    yield "bomvet:provenance:runner", identity.runner
    yield "bomvet:provenance:issuer", identity.issuer
    # Of a workflow the subject is its repository, path and ref once more; of a person or an account it is all there is.
    yield "bomvet:provenance:subject", "" if identity.repository else identity.subject
    yield "bomvet:provenance:builder", identity.builder


def _expected(identity: IdentityAnswer, answer: ProvenanceAnswer | None) -> Iterator[_Pair]:
    """How it stands to the identity lock; without a proved identity nothing was compared."""
    proved = answer is not None and answer.status is ProvenanceStatus.VERIFIED and answer.identity is not None
    as_locked = "as-locked" if proved else "not-compared"
    yield "bomvet:identity:status", "changed" if identity.changes else as_locked
    yield "bomvet:identity:expected-by", str(identity.location)
    for change in identity.changes:
        yield "bomvet:identity:changed", f"{change.what.value}: {change.before or '-'} -> {change.after or '-'}"


def _contradictions(answer: ProvenanceAnswer) -> list[str]:
    return sorted({text for one in answer.verified for text in one.contradictions})


def _consistent(stated: str) -> str:
    return f"consistent with {stated}" if stated else ""


def trust_roots(facts: Facts) -> list[_Pair]:
    """The trusted roots that evidence was held against, for the document as a whole."""
    found = (one for answer in facts.provenance.values() for one in answer.attestations)
    roots = {one.root for one in found if one.root and one.kind is not EvidenceKind.NPM_SIGNATURE}
    return [("bomvet:provenance:trust-root", f"sha256:{root}") for root in sorted(roots)]


# -- external references ---------------------------------------------------------------------------------------


def references(answer: ProvenanceAnswer, minor: int) -> list[_Json]:
    """The evidence, the source that it names and the run that it is from, each once, for the specification 1.`minor`.

    Evidence that was recorded in a file has no URL: it is named by its digest (`ni:`).
    """
    found: dict[tuple[str, str, str], _Json] = {}
    verified = sorted(answer.verified, key=_place)
    items = [item for one in verified if (item := _evidence_reference(one, minor))]
    makers = [one.identity for one in verified if one.identity and one.kind in ORIGINS]
    items += [item for identity in makers for item in _source_references(identity)]
    for item in items:
        digest = item["hashes"][0]["content"] if "hashes" in item else ""
        found.setdefault((item["type"], item["url"], digest), item)
    return [*found.values()]


def _place(one: Attestation) -> tuple[str, ...]:
    """Where an attestation stands among those of its component."""
    digest = one.digest.value if one.digest else ""
    return one.kind.value, one.source, one.bundle, one.subject, digest, one.status.value, one.reason


def _evidence_reference(one: Attestation, minor: int) -> _Json | None:
    url = _url(one)
    if not url:
        return None
    name = "digital-signature" if one.kind in _KEYS else "attestation"
    known = minor >= (_SIGNATURES if one.kind in _KEYS else _ATTESTATIONS)
    what = one.predicate_type or one.kind.value
    recorded = f", recorded in {one.source}" if one.source and not _public(one.source) else ""
    item: _Json = {
        "type": name if known else "other",
        "url": url,
        "comment": f"{'' if known else name + ': '}{what}{recorded}",
    }
    if _is_digest(one.bundle):
        item["hashes"] = [{"alg": "SHA-256", "content": one.bundle}]
    return item


def _source_references(identity: PublisherIdentity) -> Iterator[_Json]:
    """The commit, as SPDX and purls write it (`git+https://host/owner/name@COMMIT`), and the run."""
    if repository := _public(identity.repository):
        at = f"git+{repository}@{identity.commit}" if identity.commit else repository
        yield {"type": "vcs", "url": valid_url(at), "comment": "attested by the certificate"}
    if run := _public(identity.run):
        yield {"type": "build-meta", "url": valid_url(run), "comment": "attested by the certificate"}


def _url(one: Attestation) -> str:
    """Where the evidence is from, else its name by its digest; empty where it has neither."""
    if url := _public(one.source):
        return valid_url(url)
    if not _is_digest(one.bundle):
        return ""
    digits = binascii.b2a_base64(bytes.fromhex(one.bundle), newline=False).decode()
    return "ni:///sha-256;" + digits.rstrip("=").translate({ord("+"): "-", ord("/"): "_"})


def _public(text: str) -> str:
    """`text` without secrets where it is a URL, and no name of a file; else empty."""
    return public_url(text) if "://" in text else ""


def _is_digest(text: str) -> bool:
    return len(text) == _SHA256_DIGITS and not text.strip("0123456789abcdef")


# -- declarations ----------------------------------------------------------------------------------------------


def declarations(components: Sequence[Component], facts: Facts, tool: str) -> dict[str, list[_Json]]:
    """Who says what of the components, and by which evidence; empty where no evidence was verified or refused.

    A claim is about verified evidence; a counter-claim tells what was refused, or contradicts its own certificate.
    """
    claims, counter, evidence = list[_Json](), list[_Json](), list[_Json]()
    for component in components:
        answer = facts.provenance.get(component.purl)
        if answer and answer.attestations:
            parts = _Parts(component.purl, answer)
            claims += parts.claims
            counter += parts.counter
            evidence += parts.evidence
    if not evidence:
        return {}
    mapped = {"claims": [c["bom-ref"] for c in claims], "counterClaims": [c["bom-ref"] for c in counter]}
    attestation = {
        "summary": _summary(len(claims), sum(not component.first_party for component in components)),
        "assessor": _ASSESSOR,
        "map": [{name: refs for name, refs in mapped.items() if refs}],
    }
    return {
        "assessors": [{"bom-ref": _ASSESSOR, "organization": {"name": f"bomvet {tool} (automated)"}}],
        "attestations": [attestation],
        "claims": claims + counter,
        "evidence": evidence,
    }


def _summary(count: int, of: int) -> str:
    return (
        f"Evidence of who built or published {count:,} of {of:,} components was verified: signature, certificate, "
        "transparency log, and the attested digest. A claim is what the certificate says; it does not say that a "
        "component is harmless. A counter-claim is evidence that was refused."
    )


class _Parts:
    """What the declarations say of one component."""

    def __init__(self, purl: str, answer: ProvenanceAnswer) -> None:
        claim = claimed(answer)
        # Other evidence, such as what a registry's key signs, proves nobody, and is told beside what does.
        told = _REFUSED | _PROVED if claim else _REFUSED
        stated = [a for a in sorted(answer.attestations, key=_place) if a.status in told]
        self.evidence = [_evidence(f"bomvet:evidence#{purl}#{n}", one) for n, one in enumerate(stated)]
        refs = [item["bom-ref"] for item in self.evidence]
        good = [ref for ref, one in zip(refs, stated, strict=True) if one.status not in _REFUSED]
        bad = [ref for ref, one in zip(refs, stated, strict=True) if one.status in _REFUSED or one.contradictions]
        self.claims: list[_Json] = []
        self.counter: list[_Json] = []
        if claim:
            one = {"bom-ref": f"bomvet:claim#{purl}", "target": purl, "predicate": claim, "evidence": good}
            self.claims.append(one)
        if bad:
            against = {"bom-ref": f"bomvet:counter-claim#{purl}", "target": purl, "predicate": "; ".join(_held(stated))}
            self.counter.append({**against, "counterEvidence": bad})


def claimed(answer: ProvenanceAnswer) -> str:
    """What verified evidence says of who built a component; empty where it says that of nobody.

    Each file speaks by its best evidence; where these differ, the sentence has several parts.
    """
    best: dict[Hash | None, str] = {}
    for one in strongest_first(answer.verified):
        if one.identity and one.kind in _VERBS:
            best.setdefault(one.digest, _told(one.kind, one.identity))
    parts = ["; ".join(dict.fromkeys(best.values()))]
    if 0 < answer.attested < answer.files:
        parts.append(f"for {answer.attested} of its {answer.files} locked files")
    if consistent := _consistent(slsa_level(answer)):
        parts.append(consistent)
    return ", ".join(parts) if best else ""


def _told(kind: EvidenceKind, identity: PublisherIdentity) -> str:
    """What the certificate of one attestation says."""
    at = f" at {identity.commit}" if identity.commit else ""
    by = f" by {identity.workflow}" if identity.workflow else ""
    account = f"by {identity.subject} of {identity.issuer}"
    who = f"from {identity.repository}{at}{by}" if identity.repository else account
    on = f", on a {identity.runner} runner" if identity.runner else ""
    return f"{_VERBS[kind]} {who}{on}{'' if kind is EvidenceKind.SLSA else ', which says nothing of its build'}"


def _held(attestations: Iterable[Attestation]) -> Iterator[str]:
    """Why evidence is refused, or what of it is contradicted, each once."""
    texts: dict[str, None] = {}
    for one in attestations:
        if one.status in _REFUSED:
            step = f" at the step {one.step.value}" if one.step else ""
            texts[f"{one.kind.value} refused{step}: {one.reason or one.status.value}"] = None
        for text in one.contradictions:
            texts[f"{one.kind.value} contradicts its certificate: {text}"] = None
    return iter(texts)


def _evidence(ref: str, one: Attestation) -> _Json:
    item: _Json = {
        "bom-ref": ref,
        "propertyName": "bomvet:provenance:status",
        "description": ", ".join(_described(one)),
    }
    if url := _url(one):
        name = f"sha256:{one.bundle}" if one.bundle else one.kind.value
        item["data"] = [{"name": name, "contents": {"url": url}}]
    # What a refused one says of its time is not established.
    if one.status not in _REFUSED and is_date_time(one.log_time):
        item["created"] = one.log_time
    return item


def _described(one: Attestation) -> Iterator[str]:
    """What the evidence is, what became of it, and what that rests on."""
    yield f"{one.kind.value} ({one.predicate_type})" if one.predicate_type else one.kind.value
    yield one.status.value
    if one.subject:
        yield f"about {one.subject}"
    refused = one.status in _REFUSED
    if one.digest:
        compared = f" as in the {one.compared}" if one.compared and not refused else ""
        yield f"{one.digest.algorithm}:{one.digest.value}{compared}"
    if not refused and one.log_index is not None:
        yield f"log entry {one.log_index} ({one.strength.value})"
    if one.source and not _public(one.source):
        yield f"recorded in {one.source}"
    if one.root:  # of what a registry signs by itself it is the key
        yield f"{'key' if one.kind is EvidenceKind.NPM_SIGNATURE else 'trusted root'} sha256:{one.root}"
