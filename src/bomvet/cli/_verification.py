"""The answer of `bomvet verify` as a table for people and as JSON.

Names, reasons and identities in it are those of whoever made the evidence: for a terminal they are cleaned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from bomvet.model.codec import encode
from bomvet.model.verification import Bearing, Verdict, Verification
from bomvet.reports._json import dumps
from bomvet.reports._text import clean

if TYPE_CHECKING:
    from bomvet.model.provenance import Attestation
    from bomvet.plugin import RenderOptions

_ANSWERS = {
    Verdict.VERIFIED: "verified",
    Verdict.REFUSED: "REFUSED",
    Verdict.NOT_ESTABLISHED: "NOT ESTABLISHED",
}
#: Pieces of evidence that are shown, and notes; -f json has all.
_MAX_SHOWN = 20
_WIDTH = 12


class Format(NamedTuple):
    """One way to write a verification."""

    id: str
    render: Callable[[Verification, RenderOptions], bytes]


def _table(found: Verification, options: RenderOptions) -> bytes:  # noqa: ARG001 - as all formats
    lines = list(_lines(found))
    return "".join(f"{clean(line)}\n" for line in lines).encode("utf-8", "backslashreplace")


def _lines(found: Verification) -> Iterator[str]:
    yield f"{_ANSWERS[found.verdict]}: {found.subject}"
    if found.reason:
        yield f"  {f'{found.step}: ' if found.step else ''}{found.reason}"
    if found.hint:
        yield f"  next: {found.hint}"
    yield from (f"{'digest':<{_WIDTH}}{digest}" for digest in found.digests[:1])
    yield f"{'trust root':<{_WIDTH}}sha256:{found.root}"
    titles = (
        (Bearing.COUNTS, "Evidence"),
        (Bearing.REFUSED, "Refused"),
        (Bearing.OPEN, "Could not be judged"),
        (Bearing.BESIDE, "About something else"),
    )
    for bearing, title in titles:
        yield from _section(title, bearing, [o.attestation for o in found.outcomes if o.bearing is bearing])
    yield from _list("Not established", found.unknowns)
    yield from _list("Notes", found.notes)


def _section(title: str, bearing: Bearing, attestations: list[Attestation]) -> Iterator[str]:
    if attestations:
        yield ""
        yield f"{title} ({len(attestations):,})"
    for one in attestations[:_MAX_SHOWN]:
        yield f"- {one.kind}{f' ({one.predicate_type})' if one.predicate_type else ''}"
        for name, text in _fields(one):
            # Of what does not count nobody should read how well it was built.
            if text and (name != "level" or bearing is Bearing.COUNTS):
                yield f"    {name:<{_WIDTH}}{text}"
    if len(attestations) > _MAX_SHOWN:
        yield f"  ... and {len(attestations) - _MAX_SHOWN:,} more, all listed with -f json"


def _fields(one: Attestation) -> Iterator[tuple[str, str]]:
    """What there is to know of it, in the order in which people ask."""
    yield "why not" if one.step else "why", f"{f'{one.step}: ' if one.step else ''}{one.reason}" if one.reason else ""
    if identity := one.identity:
        yield "signed by", identity.subject
        yield "issuer", identity.issuer
        yield "repository", identity.repository
        yield "workflow", identity.workflow
        yield "ref", identity.ref
        yield "commit", identity.commit
        yield "trigger", identity.trigger
        yield "runner", identity.runner
        yield "run", identity.run
    elif one.log_index is not None:
        yield "signed by", "a key of the registry"
    if one.log_index is not None:
        yield "log", f"entry {one.log_index} of {one.log_time} ({one.strength})"
    if one.digest:
        compared = f", that of the {one.compared}" if one.compared else ", compared with nothing"
        yield "digest", f"{one.digest.algorithm}:{one.digest.value}{compared}"
    yield "subject", one.subject
    yield "level", f"consistent with {one.level}" if one.level else ""
    yield "from", one.source


def _list(title: str, texts: tuple[str, ...]) -> Iterator[str]:
    if texts:
        yield ""
        yield f"{title} ({len(texts):,})"
    yield from (f"- {text}" for text in texts[:_MAX_SHOWN])
    if len(texts) > _MAX_SHOWN:
        yield f"  ... and {len(texts) - _MAX_SHOWN:,} more, all listed with -f json"


def _json(found: Verification, options: RenderOptions) -> bytes:  # noqa: ARG001 - as all formats
    document: dict[str, Any] = {"schema": "bomvet-verification-1", **encode(found)}
    outcomes = document.pop("outcomes", [])
    document["evidence"] = [{"bearing": one["bearing"], **one["attestation"]} for one in outcomes]
    return dumps(document)


FORMATS = (Format("table", _table), Format("json", _json))
