"""What `bomvet verify` does, for programs: evidence judged, and held against who has to have signed.

A verdict is *verified* where one piece of evidence is about the subject, passed every step and is of who is wanted;
*not established* where what could be that piece was not to be had or is of a form that is not verified here; else
*refused*.  Whatever else came along is told, and changes nothing: whoever can add good evidence can add bad, too.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from bomvet.errors import FileUnreadableError, NotEstablishedError, UsageError
from bomvet.model.inventory import Hash
from bomvet.model.provenance import Attestation, EvidenceKind, LogStrength, ProvenanceStatus, Step
from bomvet.model.records import dataclass, replace
from bomvet.model.verification import Bearing, Outcome, Verdict, Verification
from bomvet.provenance.evidence import Evidence, Expected, Judged

if TYPE_CHECKING:
    from bomvet.plugin import Http
    from bomvet.provenance.images import ImageEvidence
    from bomvet.provenance.oci import Store
    from bomvet.provenance.wanted import IdentityPolicy

MAX_SBOM_BYTES = 256 * 1024 * 1024
_ALGORITHMS = ("sha256", "sha384", "sha512")
_CHUNK = 1024 * 1024
#: Only whatever the signature is about differs: it may be evidence for something else.
_ELSEWHERE = (Step.SUBJECT, Step.DIGEST)


class Artifact(NamedTuple):
    """What evidence is about: its name, or its digest where that alone was stated, and its digests."""

    name: str
    digests: tuple[Hash, ...]


class Verifier(Protocol):
    """What judges evidence, `provenance.bundles.BundleVerifier`."""

    def judge(self, evidence: Evidence, expected: Expected | None) -> Judged:
        """What it comes to; raises nothing for bad evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demands:
    """What is asked of evidence: by whom (None: by anybody), and of what predicate type (empty: of any).

    `root` is the SHA-256 of the trusted root that `verifier` judges by.
    """

    verifier: Verifier
    policy: IdentityPolicy | None
    predicate_type: str = ""
    root: str = ""


def demands(
    policy: IdentityPolicy | None,
    *,
    predicate_type: str = "",
    trusted_root: str = "",
    npm_keys: str = "",
    proof: bool = False,
) -> Demands:
    """With the trusted root and the keys in the files that are named, else with those that ship; `UsageError`."""
    from bomvet.opening import read_file  # noqa: PLC0415 - it brings the sources along
    from bomvet.provenance.bundles import BundleVerifier  # noqa: PLC0415 - what sigstore costs
    from bomvet.provenance.keys import read_keys, shipped_keys  # noqa: PLC0415 - the same
    from bomvet.provenance.root import MAX_BYTES, embedded_root, read_root  # noqa: PLC0415 - the same

    root = read_root(read_file(trusted_root, MAX_BYTES), trusted_root) if trusted_root else embedded_root()
    # Those that are named come last, and take the place of one that ships under the same name.
    keys = (*shipped_keys(), *(read_keys(read_file(npm_keys, MAX_BYTES), npm_keys) if npm_keys else ()))
    verifier = BundleVerifier(root, keys, proof=proof)
    return Demands(verifier=verifier, policy=policy, predicate_type=predicate_type, root=root.digest)


# -- artefacts -------------------------------------------------------------------------------------------------


def artifact_of(path: str) -> Artifact:
    """The digests of the file `path`, of whatever size; raises `UsageError`."""
    hashes = [hashlib.new(name) for name in _ALGORITHMS]
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            os.set_blocking(file.fileno(), True)
            while chunk := file.read(_CHUNK):
                for one in hashes:
                    one.update(chunk)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    return Artifact(os.path.basename(path), tuple(Hash(algorithm=h.name, value=h.hexdigest()) for h in hashes))


def _without_waiting(path: str, flags: int) -> int:
    """Open also a pipe, without waiting for whoever might write to it."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)


def artifact_by(digest: str) -> Artifact:
    """The artefact with the digest `ALG:HEX`, or `ALG-BASE64` as npm's lock files have it; raises `ValueError`."""
    algorithm, dash, text = digest.partition("-")
    if dash and algorithm in _ALGORITHMS:
        try:
            digest = f"{algorithm}:{base64.b64decode(text, validate=True).hex()}"
        except ValueError:
            raise ValueError(f"is no digest: {text[:100]!r} is not base64") from None
    found = Hash.parse(digest)
    if found.algorithm not in _ALGORITHMS:
        raise ValueError(f"must be of {', '.join(_ALGORITHMS)}, not of {found.algorithm}")
    return Artifact(_named(found), (found,))


# -- attestations ----------------------------------------------------------------------------------------------


def verify_attestation(data: bytes, name: str, artifact: Artifact, asked: Demands) -> Verification:
    """Whether the file `data`, called `name`, has evidence for `artifact` that is good enough for `asked`."""
    expected = Expected(artifact.digests, compared="artefact")
    try:
        evidence = _evidence_in(data, name)
    except ValueError as error:
        return _unreadable(artifact, name, error, asked)
    judged = [asked.verifier.judge(one, expected) for one in evidence]
    outcomes = tuple(_outcome(one, asked) for one in judged)
    notes = [_said_by(one) for one, outcome in zip(judged, outcomes, strict=True) if outcome.bearing is Bearing.COUNTS]
    return _verdict(artifact.name, [_named(h) for h in artifact.digests], outcomes, asked, notes=[*filter(None, notes)])


def _said_by(judged: Judged) -> str:
    """What a summary of a verification says, which may be that it failed; empty for all other evidence."""
    predicate = judged.statement.get("predicate") if judged.statement else None
    if judged.attestation.kind is not EvidenceKind.SUMMARY or not isinstance(predicate, dict):
        return ""
    result, place = (str(predicate.get(name, "nothing"))[:100] for name in ("verificationResult", "resourceUri"))
    return f"the summary says {result} of {place}: what is verified is who says so"


def _evidence_in(data: bytes, name: str) -> tuple[Evidence, ...]:
    from bomvet.provenance.documents import evidence_in  # noqa: PLC0415 - where there is a file

    return evidence_in(data, name)


def _unreadable(artifact: Artifact, name: str, error: Exception, asked: Demands) -> Verification:
    return Verification(
        subject=artifact.name,
        verdict=Verdict.REFUSED,
        digests=tuple(_named(h) for h in artifact.digests),
        step=Step.FORMAT,
        reason=f"{name} cannot be read as evidence: {error}",
        hint="fetch the bundle again, or name another file",
        root=asked.root,
    )


def _outcome(judged: Judged, asked: Demands) -> Outcome:
    """What a judged piece of evidence means: its predicate type and its signer are compared last."""
    found = judged.attestation
    if found.status is not ProvenanceStatus.VERIFIED:
        open_ = found.status in (ProvenanceStatus.UNSUPPORTED, ProvenanceStatus.NOT_ESTABLISHED)
        elsewhere = Bearing.BESIDE if found.step in _ELSEWHERE else Bearing.REFUSED
        return Outcome(attestation=found, bearing=Bearing.OPEN if open_ else elsewhere)
    if asked.predicate_type and found.predicate_type != asked.predicate_type:
        reason = f"it is of the type {found.predicate_type or 'of a signature'}, not {asked.predicate_type}"
        return _beside(found, Step.PREDICATE_TYPE, reason)
    return _by_whom(found, asked.policy)


def _by_whom(found: Attestation, policy: IdentityPolicy | None) -> Outcome:
    """What verified evidence means, by who signed it; with nobody named, it has to be who the statement says."""
    if policy is None:
        mismatch = next(iter(found.contradictions), "")
    elif found.identity is None:
        reason = "it is signed with the key of a registry, which says who distributes it, and not who built it"
        return _beside(found, Step.IDENTITY, reason)
    else:
        mismatch = policy.mismatch(found.identity)
    if mismatch:
        changed = replace(found, status=ProvenanceStatus.IDENTITY_MISMATCH, step=Step.IDENTITY, reason=mismatch)
        return Outcome(attestation=changed, bearing=Bearing.REFUSED)
    return Outcome(attestation=found, bearing=Bearing.COUNTS)


def _beside(found: Attestation, step: Step, reason: str) -> Outcome:
    return Outcome(attestation=replace(found, step=step, reason=reason), bearing=Bearing.BESIDE)


def _verdict(
    subject: str,
    digests: Sequence[str],
    outcomes: Sequence[Outcome],
    asked: Demands,
    *,
    unknowns: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> Verification:
    """The answer that `outcomes` come to; the first of what stands most in the way is its reason."""
    verification = Verification(
        subject=subject,
        verdict=Verdict.VERIFIED,
        digests=tuple(digests),
        outcomes=tuple(outcomes),
        notes=tuple(dict.fromkeys((*notes, *_contradictions(outcomes), *_unpinned(outcomes, asked)))),
        unknowns=tuple(unknowns),
        root=asked.root,
    )
    by_bearing = {bearing: [o.attestation for o in outcomes if o.bearing is bearing] for bearing in Bearing}
    if by_bearing[Bearing.COUNTS]:
        return verification
    if opened := by_bearing[Bearing.OPEN]:
        return _said(verification, Verdict.NOT_ESTABLISHED, opened[0])
    if unknowns:
        return replace(verification, verdict=Verdict.NOT_ESTABLISHED, reason=unknowns[0], hint="try again")
    for bearing in (Bearing.REFUSED, Bearing.BESIDE):
        if by_bearing[bearing]:
            return _said(verification, Verdict.REFUSED, by_bearing[bearing][0])
    return replace(verification, verdict=Verdict.REFUSED, reason="there is no evidence for it", hint=_NONE)


_NONE = "ask whoever builds it to attest it, such as with actions/attest-build-provenance or cosign"
_HINTS = {
    Step.FORMAT: "fetch the bundle again: it is damaged, or no bundle",
    Step.CERTIFICATE: "another trusted root may have issued the certificate: --trusted-root FILE",
    Step.KEY: "the registry's keys may be newer than this release: --npm-keys FILE",
    Step.SUBJECT: "it is evidence for something else: name the artefact that it is about",
    Step.DIGEST: "it is evidence for other bytes, or by another algorithm: compare these with what was published",
    Step.IDENTITY: "do not use it unless you know why it is of somebody or something else; then name that",
    Step.PREDICATE_TYPE: "leave --predicate-type out to see what there is",
}
_TAMPERED = "do not use it: the evidence was tampered with, or is not what it is said to be"


def _said(verification: Verification, verdict: Verdict, found: Attestation) -> Verification:
    hint = _HINTS.get(found.step, _TAMPERED) if found.step else ""
    if verdict is Verdict.NOT_ESTABLISHED and found.step not in (Step.CERTIFICATE, Step.KEY):
        hint = "this form of evidence is not verified here; whoever signed may offer another"
    if verdict is Verdict.NOT_ESTABLISHED and found.strength is LogStrength.PROMISE:
        hint = "leave --require-proof out if the promise of the log is good enough"
    return replace(verification, verdict=verdict, step=found.step, reason=found.reason, hint=hint)


def _contradictions(outcomes: Iterable[Outcome]) -> Iterator[str]:
    for outcome in outcomes:
        for claim in outcome.attestation.contradictions:
            yield f"the statement contradicts its certificate, which alone is believed: {claim}"


def _unpinned(outcomes: Iterable[Outcome], asked: Demands) -> Iterator[str]:
    """What the verdict does not rest on, and somebody may want it to."""
    counting = [o.attestation.identity for o in outcomes if o.bearing is Bearing.COUNTS]
    if asked.policy is None and counting:
        yield "nobody was named who has to have signed: --repo OWNER/NAME, or --certificate-identity, holds it to that"
    for outcome in outcomes:
        identity = outcome.attestation.identity
        builder = asked.policy.unpinned(identity) if asked.policy and identity else ""
        if builder and outcome.bearing is Bearing.COUNTS:
            yield f"signed by the workflow {builder}, which the repository lets sign: --signer-workflow pins it"


def _named(digest: Hash) -> str:
    return f"{digest.algorithm}:{digest.value}"


# -- SBOMs -----------------------------------------------------------------------------------------------------


def verify_sbom(
    sbom: bytes, name: str, bundle: bytes, bundle_name: str, asked: Demands, *, artifact: Artifact | None = None
) -> Verification:
    """Whether `bundle` vouches for the file `sbom`: a signature over it, or an attestation about it or made of it.

    With an `artifact` it has to be an attestation that the SBOM is of that, which only the last kind is.
    """
    digests = tuple(Hash(algorithm=n, value=hashlib.new(n, sbom).hexdigest()) for n in _ALGORITHMS)
    itself = Artifact(name, digests)
    try:
        evidence = _evidence_in(bundle, bundle_name)
    except ValueError as error:
        return _unreadable(itself, bundle_name, error, asked)
    held = [_held_sbom(one, sbom, itself, artifact, asked) for one in evidence]
    return _verdict(name, [_named(h) for h in digests], [_outcome(one, asked) for one in held], asked)


def _held_sbom(evidence: Evidence, sbom: bytes, itself: Artifact, artifact: Artifact | None, asked: Demands) -> Judged:
    """`evidence` as what it says of the SBOM: the file's own digest first, else the predicate."""
    judged = asked.verifier.judge(evidence, Expected(itself.digests, compared="artefact"))
    if judged.attestation.status is ProvenanceStatus.VERIFIED and artifact:
        return _turned(judged, Step.SUBJECT, f"it vouches for the file, and does not say that it is of {artifact.name}")
    if judged.attestation.step not in _ELSEWHERE or "dsseEnvelope" not in evidence.document:
        return judged
    about = Expected(artifact.digests, compared="artefact") if artifact else None
    again = asked.verifier.judge(evidence, about)
    from bomvet.provenance.statements import same_document  # noqa: PLC0415 - loaded already

    predicate = (again.statement or {}).get("predicate")
    if again.attestation.status is not ProvenanceStatus.VERIFIED or same_document(predicate, sbom):
        return again
    return _turned(again, Step.DIGEST, f"neither what it is about nor what it says is {itself.name}")


def _turned(judged: Judged, step: Step, reason: str) -> Judged:
    found = replace(judged.attestation, status=ProvenanceStatus.INVALID, step=step, reason=reason)
    return Judged(found, judged.statement)


# -- images ----------------------------------------------------------------------------------------------------


def verify_image(
    name: str, asked: Demands, *, platform: str = "", offline: bool = False, http: Http | None = None
) -> Verification:
    """Whether the image `name` (a reference, or `oci-dir:PATH`) has evidence that is good enough for `asked`.

    Raises `NotEstablishedError` where the image is not to be had, and `UsageError` where `name` names none.
    """
    from bomvet.provenance.images import evidence_of_image  # noqa: PLC0415 - for images alone

    with _store(name, offline=offline, http=http) as store:
        image = evidence_of_image(store, platform)
    return _of_image(image, asked, compared="artefact" if name.startswith(LAYOUT) else "registry")


LAYOUT = "oci-dir:"


@contextlib.contextmanager
def _store(name: str, *, offline: bool, http: Http | None) -> Iterator[Store]:
    from bomvet.provenance.oci import Logins, Registry, reference  # noqa: PLC0415 - for images alone

    if name.startswith(LAYOUT):
        yield _layout(name.removeprefix(LAYOUT))
        return
    try:
        image = reference(name)
    except ValueError as error:
        raise UsageError(f"{name}: {error}", hint="an image is named [REGISTRY/]NAME[:TAG][@DIGEST]") from None
    if offline:
        hint = f"copy the image with what is attached to it into a folder, and verify {LAYOUT}PATH"
        raise NotEstablishedError(f"{name} would have to be asked for, and --offline forbids that", hint=hint)
    from bomvet.opening import own_file  # noqa: PLC0415 - it brings the sources along

    logins = Logins.read(os.environ, os.path.expanduser("~"), own_file)
    if http is not None:
        yield Registry(http, image, logins)
        return
    from bomvet.net import Client  # noqa: PLC0415 - only where somebody is asked

    with Client() as client:
        yield Registry(client, image, logins)


def _layout(location: str) -> Store:
    """The folder PATH, PATH:TAG or PATH@DIGEST; what exists as a whole is a path."""
    from bomvet.provenance.layouts import Layout  # noqa: PLC0415 - for images alone

    path, wanted = location, ""
    if not os.path.isdir(path):
        at = "@" if "@sha" in path else ":"
        path, _, wanted = location.rpartition(at)
    if not os.path.isdir(path):
        raise UsageError(f"{path or location} is no folder", hint=f"{LAYOUT}PATH names an OCI layout")
    return Layout(_reader(path), location, wanted)


def _reader(folder: str) -> Callable[[str, int], bytes]:
    from bomvet.opening import content  # noqa: PLC0415 - it brings the sources along

    def read(path: str, limit: int) -> bytes:
        try:
            return content(os.path.join(folder, path), limit)
        except OSError as error:
            raise FileUnreadableError(f"cannot be read: {error.strerror}") from None

    return read


def _of_image(image: ImageEvidence, asked: Demands, *, compared: str) -> Verification:
    digests = tuple(Hash.parse(digest) for digest in image.digests)
    expected = Expected(digests, compared=compared)
    judged = [asked.verifier.judge(one, expected) for one in image.evidence]
    outcomes = [_outcome(one, asked) for one in judged]
    notes = [f"unsigned, and no evidence: {text}" for text in image.unsigned]
    notes += [f"not verified here: {text}" for text in image.others]
    found = _verdict(image.name, image.digests, outcomes, asked, unknowns=image.unknowns, notes=notes)
    if found.verdict is not Verdict.VERIFIED:
        return found
    covered: set[str] = set()
    for one, outcome in zip(judged, outcomes, strict=True):
        if outcome.bearing is Bearing.COUNTS:
            covered |= _covered(one, image.digests)
    return _of_variants(found, image, covered)


def _covered(judged: Judged, digests: Sequence[str]) -> set[str]:
    """Which of `digests` the evidence is about: a statement may have several subjects."""
    from bomvet.provenance.statements import subjects  # noqa: PLC0415 - loaded already

    of_statement = subjects(judged.statement) if judged.statement else ()
    stated = [judged.attestation.digest, *(h for subject in of_statement for h in subject.digests)]
    return {_named(h) for h in stated if h} & set(digests)


def _of_variants(found: Verification, image: ImageEvidence, covered: set[str]) -> Verification:
    """An index is what it says that it is; else every platform in it has to have evidence of its own."""
    if image.digest in covered:
        return found
    lacking = [v.platform or v.digest for v in image.variants if v.digest not in covered]
    if not lacking and image.is_whole:
        return found
    if not lacking or image.unknowns:
        reason = (*image.unknowns, "not all platforms of the index are known")[0]
        return replace(found, verdict=Verdict.NOT_ESTABLISHED, reason=reason, hint="try again")
    reason = f"only some of its platforms have evidence, and {', '.join(lacking)} has none that counts"
    hint = "--platform OS/ARCH verifies one of them"
    return replace(found, verdict=Verdict.REFUSED, step=Step.SUBJECT, reason=reason, hint=hint)
