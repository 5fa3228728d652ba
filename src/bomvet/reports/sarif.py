"""SARIF 2.1.0, for code scanning: one run, a result per finding, with the true line in the lock file.

Sources: SARIF 2.1.0 with errata 01, https://docs.oasis-open.org/sarif/sarif/v2.1.0/; what GitHub reads of it and its
limits, https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bomvet.model.facts import RANKED, Severity
from bomvet.model.purl import percent_encoded, public_url
from bomvet.plugin import RenderOptions, Report
from bomvet.reports._findings import (
    SETTLED,
    Shown,
    allowed,
    beneath,
    judgement,
    places,
    questions,
    sentence,
    shortened,
    shown,
)
from bomvet.reports._json import collector_paused, dumps
from bomvet.reports._markdown import code, link, plain
from bomvet.reports._text import summary

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bomvet.model.facts import AdvisoryMatch
    from bomvet.model.finding import Assessment, Rule, Waiver
    from bomvet.model.inventory import Location
    from bomvet.model.result import ScanResult

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
#: The key of our fingerprints; the number changes if what they hang on does.
FINGERPRINT = "bomvet/v1"
#: GitHub refuses a file with more results, rules or locations of one result, and cuts tags and descriptions.
MAX_RESULTS, MAX_LOCATIONS, _MAX_TAGS, _MAX_DESCRIPTION = 25_000, 100, 20, 1000
#: References of an advisory that its help names.
_MAX_REFERENCES = 10
#: Per severity the least score that GitHub shows as it, and one in the midst of it for what has none.
_SCORES = {
    Severity.CRITICAL: (9.0, 9.5),
    Severity.HIGH: (7.0, 8.0),
    Severity.MEDIUM: (4.0, 5.5),
    Severity.LOW: (0.1, 2.0),
    Severity.NONE: (0.0, 0.0),
}
_DEFAULT_LEVELS = {Severity.MEDIUM: "warning", Severity.LOW: "note", Severity.NONE: "note"}

_Json = dict[str, Any]


def render(result: ScanResult, options: RenderOptions) -> bytes:
    """The log, indented, with a final line end; raises `UsageError` where nothing was judged."""
    assessment = judgement(result, "sarif")
    with collector_paused():
        run = _run(result, assessment, options.folder)
        return dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}) + b"\n"


def _run(result: ScanResult, assessment: Assessment, folder: str) -> _Json:
    found = shown(result, assessment)
    written, left = found[:MAX_RESULTS], found[MAX_RESULTS:]
    rules = _Rules(result.rules, written)
    scores = {score.subject: (score.low, score.high) for score in assessment.scores}
    results = [_result(item, result, rules, scores.get(item.finding.subject), folder) for item in written]
    driver = {"name": "bomvet", "version": result.tool, "rules": rules.descriptors, "notifications": _NOTIFICATIONS}
    return {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"bomvet/{folder}/" if folder else "bomvet/"},
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The top of the repository."}}},
        "invocations": [_invocation(result, assessment, len(left), folder)],
        "results": results,
        "properties": _run_properties(result, assessment),
    }


# -- results ---------------------------------------------------------------------------------------------------


def _result(item: Shown, result: ScanResult, rules: _Rules, score: tuple[int, int] | None, folder: str) -> _Json:
    found = item.finding
    where = places(item, result, folder)
    document: _Json = {
        "ruleId": rules.name(item),
        "ruleIndex": rules.index(item),
        "level": item.level,
        "message": {"text": _unlinked(item.text)},
        "locations": [_location(place) for place in where[:MAX_LOCATIONS]],
        "partialFingerprints": {FINGERPRINT: found.fingerprint},
    }
    if item.state in SETTLED:
        document["suppressions"] = [{"kind": "external", "status": "accepted", "justification": item.note}]
    document["properties"] = _properties(item, score, len(where))
    return document


def _properties(item: Shown, score: tuple[int, int] | None, locations: int) -> _Json:
    """What readers that know bomvet may want; a key is there where it is known."""
    found, match = item.finding, item.match
    pairs: _Json = {
        "rule": found.rule,
        "purl": found.purl,
        "subject": "" if found.purl else found.subject,
        "severity": found.severity.value,
        "confidence": found.confidence.value,
        "state": item.state.value,
        "ids": [*found.ids],
        "scope": item.component.scope.value if item.component else "",
        "fixedVersion": item.fix,
        "evidence": [*found.evidence],
        "locations": locations if locations > MAX_LOCATIONS else 0,
    }
    if match and match.kev:
        kev = match.kev
        pairs["kev"] = {"added": kev.added, "due": kev.due, "ransomware": kev.ransomware}
    if match and match.epss:
        epss = match.epss
        pairs["epss"] = {"score": epss.score, "percentile": epss.percentile, "date": epss.date, "model": epss.model}
    if score:
        pairs["risk"] = {"low": score[0], "high": score[1]}
    return {key: value for key, value in pairs.items() if value}


def _location(place: Location) -> _Json:
    physical: _Json = {"artifactLocation": {"uri": uri(place.path), "uriBaseId": "%SRCROOT%"}}
    # Without a line GitHub shows nothing at all.
    physical["region"] = {"startLine": max(place.line, 1)}
    return {"physicalLocation": physical}


def uri(path: str) -> str:
    """`path` as a relative reference (RFC 3986), byte for byte what the file is called."""
    try:
        return percent_encoded(path.strip("/"), "/", "surrogateescape") or "."
    except UnicodeEncodeError:  # no file system gave this
        return percent_encoded(path.strip("/"), "/", "backslashreplace")


def _unlinked(text: str) -> str:
    """`text` without what messages take for a link (section 3.11.6)."""
    return text.replace("](", "] (")


# -- rules -----------------------------------------------------------------------------------------------------


class _Rules:
    """The descriptors: every rule that judged, then one per advisory.

    GitHub takes title, help and severity of an alert from its rule, and tells alerts of one line apart by it.
    """

    def __init__(self, rules: Sequence[Rule], found: Sequence[Shown]) -> None:
        grouped: dict[str, list[Shown]] = {rule.id: [] for rule in rules}
        for item in found:
            grouped.setdefault(item.finding.rule, [])
        for item in found:
            grouped.setdefault(self.name(item), []).append(item)
        self._index = {name: number for number, name in enumerate(grouped)}
        known = {rule.id: rule for rule in rules}
        advisories = {item.finding.instance for item in found if item.match}
        self.descriptors = [
            _advisory_rule(name, items) if name in advisories else _rule(name, known.get(name), items)
            for name, items in grouped.items()
        ]

    def name(self, item: Shown) -> str:
        """The id of the descriptor for `item`."""
        return item.finding.instance if item.match else item.finding.rule

    def index(self, item: Shown) -> int:
        """Its place among `descriptors`."""
        return self._index[self.name(item)]


def _rule(name: str, rule: Rule | None, items: Sequence[Shown]) -> _Json:
    severity = _worst(items)
    title, text = (rule.title, rule.help) if rule else (name, name)
    return {
        "id": name,
        "name": _pascal(name),
        "shortDescription": {"text": shortened(sentence(title), _MAX_DESCRIPTION)},
        "fullDescription": {"text": shortened(sentence(text), _MAX_DESCRIPTION)},
        "help": {"text": text, "markdown": f"**{plain(title)}**\n\n{plain(text)}"},
        "defaultConfiguration": {"level": _DEFAULT_LEVELS.get(severity, "error") if severity else "warning"},
        "properties": _rule_properties(severity, None, ()),
    }


def _advisory_rule(name: str, items: Sequence[Shown]) -> _Json:
    """An advisory as a rule of its own; of several components the gravest rating counts."""
    severity = _worst(items)
    graded = [item.match for item in items if item.match and item.finding.severity is severity]
    match = max(graded, key=lambda match: match.rating.score or 0.0)
    title = match.summary or f"A component is affected by {name}"
    return {
        "id": name,
        "name": "KnownVulnerability",
        "shortDescription": {"text": shortened(f"{name}: {sentence(summary(title))}", _MAX_DESCRIPTION)},
        "fullDescription": {"text": shortened(sentence(title), _MAX_DESCRIPTION)},
        "help": {"text": _help_text(match), "markdown": _help_markdown(match)},
        "defaultConfiguration": {"level": _DEFAULT_LEVELS.get(match.rating.severity, "error")},
        "properties": _rule_properties(severity, match.rating.score, match.cwes),
    }


def _worst(items: Sequence[Shown]) -> Severity | None:
    """The gravest severity; unknown only where no other is there, None where there is nothing."""
    found = {item.finding.severity for item in items}
    return next((severity for severity in (*RANKED, Severity.UNKNOWN) if severity in found), None)


def _rule_properties(severity: Severity | None, score: float | None, cwes: Sequence[int]) -> _Json:
    tags = ["security", "supply-chain", *(f"external/cwe/cwe-{n:03}" for n in sorted({*cwes}) if n > 0)]
    found: _Json = {"tags": tags[:_MAX_TAGS]}
    if severity in _SCORES:
        least, middle = _SCORES[severity]
        ranks = [grade for grade, (lower, _) in _SCORES.items() if score is not None and score >= lower]
        # A malicious package is critical whatever its score; the number must say the same as the word.
        agreed = score is not None and bool(ranks) and ranks[0] is severity and least <= score
        found["security-severity"] = f"{score if agreed else middle:.1f}"
    return found


def _help_text(match: AdvisoryMatch) -> str:
    return "\n".join(f"{key}: {value}" for key, value in _help(match))


def _help_markdown(match: AdvisoryMatch) -> str:
    summary = [f"**{plain(shortened(match.summary))}**", ""] if match.summary else []
    rows = [f"| {key} | {code(value)} |" for key, value in _help(match) if key not in ("Summary", "Reference")]
    links = [f"- {link(value, value)}" for key, value in _help(match) if key == "Reference"]
    return "\n".join([*summary, "| | |", "| --- | --- |", *rows, "", *links]).strip() + "\n"


def _help(match: AdvisoryMatch) -> Iterator[tuple[str, str]]:
    """What there is to say of the advisory whatever the component is."""
    if match.summary:
        yield "Summary", shortened(match.summary)
    yield "Names", ", ".join(sorted({match.id, *match.ids, *match.aliases}))
    score = "" if match.rating.score is None else f" ({match.rating.score:.1f})"
    yield "Severity", f"{match.rating.severity}{score}"
    if match.rating.vector:
        yield "Vector", match.rating.vector
    if match.kev:
        yield "Exploited", f"in CISA's catalogue since {match.kev.added}"
    if match.epss:
        yield "EPSS", f"{match.epss.score:.5f} as of {match.epss.date}"
    for url in filter(None, map(public_url, match.references[:_MAX_REFERENCES])):
        yield "Reference", url


def _pascal(name: str) -> str:
    return "".join(word.capitalize() for word in re.split(r"[^A-Za-z0-9]+", name)) or name


# -- the run ---------------------------------------------------------------------------------------------------

_NOTIFICATIONS = [
    {"id": name, "shortDescription": {"text": text}}
    for name, text in (
        ("not-established", "A question could not be answered."),
        ("passed-over", "A file that would have been read was passed over."),
        ("too-many-results", "There are more findings than this format may hold."),
        ("waiver", "A waiver has expired or is not used."),
        ("note", "What is to be known of the documents that the judgement rests on."),
    )
]
_ORDER = {str(item["id"]): number for number, item in enumerate(_NOTIFICATIONS)}


def _invocation(result: ScanResult, assessment: Assessment, left: int, folder: str) -> _Json:
    """How the run went; it succeeded only if every question was answered."""
    level = "warning" if allowed(assessment) else "error"
    open_ = questions(result, assessment)
    told = [_notice("not-established", level, q.text, q.place, folder) for q in open_]
    told += [_notice("passed-over", "note", f"{s.path}: {s.reason}") for s in result.target.skipped]
    if left:
        text = f"{left:,} further findings are not in this file, which may hold {MAX_RESULTS:,}; -f json has all."
        told.append(_notice("too-many-results", "error", text))
    settings = [
        *(
            _notice("waiver", "warning", f"{_named(waiver)} expired on {waiver.expires}")
            for waiver in assessment.expired
        ),
        *(_notice("waiver", "note", f"{_named(waiver)} covers nothing") for waiver in assessment.unused),
        *(_notice("note", "note", text) for text in assessment.notes),
    ]
    document: _Json = {"executionSuccessful": not open_ and not left}
    if told:
        document["toolExecutionNotifications"] = told
    if settings:
        document["toolConfigurationNotifications"] = settings
    return document


def _named(waiver: Waiver) -> str:
    return f"The waiver of {waiver.id} by {waiver.owner}"


def _notice(kind: str, level: str, text: str, place: Location | None = None, folder: str = "") -> _Json:
    document: _Json = {
        "descriptor": {"id": kind, "index": _ORDER[kind]},
        "level": level,
        "message": {"text": _unlinked(shortened(sentence(text)))},
    }
    if place:
        document["locations"] = [_location(beneath(folder, place))]
    return document


def _run_properties(result: ScanResult, assessment: Assessment) -> _Json:
    root, policy, data = result.inventory.root, assessment.policy, result.advisory_data
    found: _Json = {
        "verdict": assessment.verdict.value,
        "reasons": [*assessment.reasons],
        "target": root.label if root else result.target.name,
        "policy": (policy.source or "built in") if policy else "",
        "advisoryData": f"{data.source} of {data.obtained}, {data.digest}" if data else "",
        "refused": len(assessment.failing),
    }
    return {key: value for key, value in found.items() if value or key == "refused"}


SARIF = Report(
    id="sarif",
    title="SARIF 2.1.0, for code scanning",
    media_type="application/sarif+json",
    extension=".sarif",
    render=render,
)
