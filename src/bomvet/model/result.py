"""A finished scan: the one thing that reports, history and dashboards read."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from bomvet.model.codec import DecodeError, decode, encode, json_schema
from bomvet.model.facts import Facts
from bomvet.model.finding import Assessment, Finding, Rule
from bomvet.model.inventory import Contact, Inventory
from bomvet.model.records import dataclass, field, replace

#: Version of the JSON form; within a major version fields are only ever added.
SCHEMA = "1.0"


class Status(StrEnum):
    """How a plug-in fared; `OFF` is one that the policy does not want, which leaves no question open."""

    OK = "ok"
    PARTIAL = "partial"
    FAILED = "failed"
    SKIPPED = "skipped"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginStatus:
    """A plug-in of this run; `reason` says why it is not `ok`, or what else is to be known of it."""

    id: str
    status: Status
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Input:
    """A file that was read, with its SHA-256 in hexadecimal."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Skipped:
    """A file or folder that a resolver would have read, and why it was passed over.

    `speaker` is what was read instead, and says what is in it: a lock of what is installed, or the reverse.
    """

    path: str
    reason: str
    speaker: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What was scanned; `name` is the folder's name, never its path on the machine.

    `skipped` are files that were passed over, `omitted` scopes that were left out on the user's word.
    `environments` are those that the scan was for, where the user stated any.  `resolved` are locks that were not
    there and that npm or uv made for this scan.
    """

    kind: str
    name: str
    inputs: tuple[Input, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    omitted: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    resolved: tuple[Input, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """An advisory database: `obtained` when its data was fetched (RFC 3339), `digest` of its content."""

    obtained: str
    source: str
    digest: str
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanResult:
    """All that one run found out.

    `time` (RFC 3339, UTC) is that of the scanned state, not of the run, so that the same tree gives the same
    bytes.  `assessment` is None where no judgement was asked for (`bomvet sbom`).
    """

    computed: ClassVar[tuple[str, ...]] = ()

    schema: str = SCHEMA
    tool: str
    time: str
    target: Target
    authors: tuple[Contact, ...] = ()
    inventory: Inventory
    facts: Facts = field(default_factory=Facts)
    advisory_data: Snapshot | None = None
    rules: tuple[Rule, ...] = ()
    assessment: Assessment | None = None
    plugins: tuple[PluginStatus, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The open findings, gravest first."""
        return self.assessment.findings if self.assessment else ()

    def to_dict(self) -> dict[str, Any]:
        """The versioned JSON form, whose schema is `bomvet/reports/scan-result.schema.json`."""
        document: dict[str, Any] = encode(self)
        document["findings"] = (document["assessment"] or {}).pop("findings", [])
        return document

    @classmethod
    def from_dict(cls, document: Any) -> ScanResult:
        """The inverse of `to_dict`; raises `DecodeError` where the document has another shape or major version."""
        result = decode(cls, document)
        if result.schema.partition(".")[0] != SCHEMA.partition(".")[0]:
            raise DecodeError(f"schema: version {result.schema!r} cannot be read, only {SCHEMA} and its like")
        if result.assessment is None:
            return result
        findings = decode(_Findings, document).findings
        return replace(result, assessment=replace(result.assessment, findings=findings))

    @classmethod
    def schema_document(cls) -> dict[str, Any]:
        """The JSON Schema of `to_dict`."""
        schema = json_schema(cls)
        own, judged = schema["$defs"]["ScanResult"], schema["$defs"]["Assessment"]
        own["properties"]["findings"] = judged["properties"].pop("findings")
        judged["required"].remove("findings")
        own["required"].append("findings")
        return {**schema, "title": "bomvet scan result", "$id": f"urn:bomvet:scan-result:{SCHEMA}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Findings:
    findings: tuple[Finding, ...] = ()
