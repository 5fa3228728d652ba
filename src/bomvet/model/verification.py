"""The answer of a verification: a verdict, and what each piece of evidence means for it."""

from __future__ import annotations

from enum import StrEnum

from bomvet.model.provenance import Attestation, Step
from bomvet.model.records import dataclass


class Verdict(StrEnum):
    """The answer of a verification."""

    VERIFIED = "verified"
    REFUSED = "refused"
    NOT_ESTABLISHED = "not-established"


class Bearing(StrEnum):
    """What one piece of evidence means for the verdict.

    `COUNTS` is verified and of who is wanted; `BESIDE` is about something else, or says something else than is asked
    for; `REFUSED` is wrong, or of somebody else; `OPEN` could not be judged.
    """

    COUNTS = "counts"
    BESIDE = "beside"
    REFUSED = "refused"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One piece of evidence: what verification made of it, and what that means here."""

    attestation: Attestation
    bearing: Bearing


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The whole answer for `subject`, of which `digests` are the names by content (`sha256:HEX`).

    `step` and `reason` are those of the refusal, or why the question stayed open; `hint` is what to do next.  `notes`
    change nothing of the verdict, `unknowns` are what could not be had.  `root` is the SHA-256 of the trusted root.
    """

    subject: str
    verdict: Verdict
    digests: tuple[str, ...] = ()
    step: Step | None = None
    reason: str = ""
    hint: str = ""
    outcomes: tuple[Outcome, ...] = ()
    notes: tuple[str, ...] = ()
    unknowns: tuple[str, ...] = ()
    root: str = ""
