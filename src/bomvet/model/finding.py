"""What a check says, and what policy makes of it."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar

from bomvet.model.facts import Severity
from bomvet.model.globs import matches
from bomvet.model.inventory import Confidence, Location
from bomvet.model.purl import bare
from bomvet.model.records import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a check looks for: `id` in kebab case, one-line `title`, `help` in a few sentences.

    One that is not `enabled` is run where the policy enables it.
    """

    id: str
    title: str
    help: str
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong with one subject.

    `subject` is a purl or service reference.  `instance` tells several findings of one rule on one subject
    apart (an advisory id); `ids` are all names that a waiver may use.  `fingerprint` hangs on rule, subject
    and instance alone, so neither line numbers nor wording move it.
    """

    computed: ClassVar[tuple[str, ...]] = ("fingerprint", "purl", "id")

    rule: str
    subject: str
    severity: Severity
    message: str
    instance: str = ""
    ids: tuple[str, ...] = ()
    confidence: Confidence = Confidence.HIGH
    locations: tuple[Location, ...] = ()
    evidence: tuple[str, ...] = ()
    remediation: str = ""

    @property
    def purl(self) -> str:
        """The subject where it is a component; empty for a service."""
        return self.subject if self.subject.startswith("pkg:") else ""

    @property
    def id(self) -> str:
        """The advisory's name; empty for what is no advisory: an `instance` without `ids` is no name."""
        return self.instance if self.ids else ""

    @property
    def title(self) -> str:
        """The name to show: the advisory's, else the rule's."""
        return self.id or self.rule

    @property
    def names(self) -> tuple[str, ...]:
        """What a waiver may call it, in lower case: the advisory, its aliases, the rule."""
        return tuple(dict.fromkeys(name.casefold() for name in (*self.ids, self.rule)))

    @property
    def fingerprint(self) -> str:
        """32 hexadecimal digits that name this finding across runs and machines."""
        key = f"{self.rule}\0{self.subject}\0{self.instance}"
        return hashlib.sha256(key.encode()).hexdigest()[:32]


class Verdict(StrEnum):
    """The answer to whether this may ship."""

    PASSED = "passed"
    FAILED = "failed"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A decision to live with findings named `id` until the end of the day `expires`.

    It may be bound to a `purl`, to `versions` of it (`>=1.0, <1.4.2`), and to the `path` where it is found.  `source`
    is the file that states it where that is not the policy itself.
    """

    id: str
    reason: str
    owner: str
    expires: dt.date
    purl: str = ""
    versions: str = ""
    path: str = ""
    source: str = ""
    line: int = 0

    def covers(self, finding: Finding) -> bool:
        """Whether it is for `finding`, by name and within the purl and the path that it is bound to."""
        versions = (finding.subject, bare(finding.subject), bare(finding.subject).rpartition("@")[0])
        if self.id.casefold() not in finding.names or (self.purl and self.purl not in versions):
            return False
        # A component that is found in several places is waived only where all of them are meant.
        places = finding.locations
        return not self.path or (bool(places) and all(matches(self.path, place.path) for place in places))


@dataclass(frozen=True, slots=True, kw_only=True)
class Waived:
    """A finding and the waiver that covers it."""

    finding: Finding
    waiver: Waiver


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a VEX document says of one vulnerability in some products.

    `ids` are all names of the vulnerability.  `products` are purls, with or without version, of what the statement is
    about, `components` purls within them; where there are some, the statement is for these alone.  `status` and
    `justification` in the words of OpenVEX 0.2.0, whatever the format was.  `source` names the document, `author` and
    `time` (RFC 3339) stand for the statement, else for the document.
    """

    ids: tuple[str, ...]
    status: str
    products: tuple[str, ...]
    components: tuple[str, ...] = ()
    justification: str = ""
    impact: str = ""
    action: str = ""
    author: str = ""
    time: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressed:
    """A finding and the VEX statement that speaks of it."""

    finding: Finding
    statement: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreTerm:
    """One part of a risk score, in points from `low` to `high`, which differ where it is not known; `why` in words."""

    name: str
    low: float
    high: float
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskScore:
    """The risk of one component, from 0 to 100: between `low` and `high`, which are one where all is known."""

    subject: str
    low: int
    high: int
    terms: tuple[ScoreTerm, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyUsed:
    """What decided: the name of the policy file (empty: the built-in policy) and its thresholds.

    `digest` is the SHA-256 of the file's text, with line feeds for line ends; empty without a file.
    """

    source: str
    fail_on: str
    unknown_severity: str
    allow_incomplete: bool
    require_components: bool
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """Policy's judgement.

    `findings` are open; `failing` holds the fingerprints of those that the policy refuses.  `suppressed` are those that
    a VEX statement answers, `stated` open ones of which it says that they count.  `reasons` says in
    words what led to the verdict; `not_established` holds the questions that stayed open.  `conditions` tells by
    fingerprint which condition of the policy refuses a finding; `known` are the fingerprints of those that the
    baseline has, which therefore do not fail.  `scores` are the risks of those components that an advisory,
    the evidence of who built them or the word of their maintainers is against, greatest first; `score` is the upper
    bound of the greatest of all, None where there is no component.  `notes` tell what was set aside in documents that
    the judgement rests on, such as VEX statements that may be about something else.
    """

    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    failing: frozenset[str] = frozenset()
    waived: tuple[Waived, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()
    stated: tuple[Suppressed, ...] = ()
    expired: tuple[Waiver, ...] = ()
    unused: tuple[Waiver, ...] = ()
    policy: PolicyUsed | None = None
    reasons: tuple[str, ...] = ()
    not_established: tuple[str, ...] = ()
    conditions: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    known: frozenset[str] = frozenset()
    scores: tuple[RiskScore, ...] = ()
    score: float | None = None
    notes: tuple[str, ...] = ()
