"""The dependency scanning report of GitLab, schema 15.2.1, for its vulnerability reports and merge requests.

Sources: https://docs.gitlab.com/development/integrations/secure/ and the schema that the document names.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from bomvet.model.facts import Severity
from bomvet.model.purl import public_url
from bomvet.plugin import RenderOptions, Report
from bomvet.reports._findings import (
    SETTLED,
    Shown,
    allowed,
    judgement,
    places,
    questions,
    sentence,
    shortened,
    shown,
)
from bomvet.reports._json import collector_paused, dumps
from bomvet.reports._markdown import plain
from bomvet.reports._valid import is_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bomvet.model.finding import Assessment, Rule
    from bomvet.model.inventory import Inventory, Location
    from bomvet.model.result import ScanResult

VERSION = "15.2.1"
_SCHEMA = (
    "https://gitlab.com/gitlab-org/security-products/security-report-schemas"
    f"/-/raw/v{VERSION}/dist/dependency-scanning-report-format.json"
)
_SEVERITIES = {
    Severity.CRITICAL: "Critical",
    Severity.HIGH: "High",
    Severity.MEDIUM: "Medium",
    Severity.LOW: "Low",
    Severity.NONE: "Info",
    Severity.UNKNOWN: "Unknown",
}
#: GitLab takes no more identifiers of one vulnerability, and its schema sets the others.
_MAX_IDENTIFIERS, _MAX_NAME, _MAX_SOLUTION, _MAX_LINKS = 20, 255, 7000, 20
#: Messages of a run are few lines in a page.
_MAX_MESSAGES = 100
_LONGEST_VECTOR = 128
#: Version 3 alone, with the metrics and values that the schema knows: one odd vector would make GitLab refuse it all.
_VECTOR = re.compile(
    r"CVSS:3[.][01](?:/(?:AV:[NALP]|AC:[LH]|PR:[NLH]|UI:[NR]|S:[UC]|[CIA]:[NLH]|E:[XUPFH]|RL:[XOTWU]|RC:[XURC]"
    r"|[CIA]R:[XLMH]|MAV:[XNALP]|MAC:[XLH]|MPR:[XNLH]|MUI:[XNR]|MS:[XUC]|M[CIA]:[XNLH]))+"
).fullmatch
_SHORTEST_VECTOR = 32
#: Names of records by the beginning of their ids, and where each can be read.
_PUBLIC = {
    "CVE": "https://www.cve.org/CVERecord?id=",
    "GHSA": "https://github.com/advisories/",
}
_OSV = "https://osv.dev/vulnerability/"

_Json = dict[str, Any]


def render(result: ScanResult, options: RenderOptions) -> bytes:
    """The document, indented, with a final line end; raises `UsageError` where nothing was judged."""
    assessment = judgement(result, "gitlab")
    with collector_paused():
        return dumps(_report(result, assessment, options.folder)) + b"\n"


def _report(result: ScanResult, assessment: Assessment, folder: str) -> _Json:
    found = shown(result, assessment)
    direct = _direct(result.inventory)
    rules = {rule.id: rule for rule in result.rules}
    tool = {"id": "bomvet", "name": "bomvet", "version": result.tool, "vendor": {"name": "bomvet"}}
    time = result.time[:19]
    # What was not found by a scan that failed is not taken for resolved.
    failed = bool(assessment.not_established) and not allowed(assessment)
    return {
        "schema": _SCHEMA,
        "version": VERSION,
        "scan": {
            "type": "dependency_scanning",
            "status": "failure" if failed else "success",
            "start_time": time,
            "end_time": time,
            "analyzer": tool,
            "scanner": tool,
            "messages": [*_messages(result, assessment, found)],
        },
        "vulnerabilities": [
            _vulnerability(item, places(item, result, folder), direct, rules)
            for item in found
            if item.state not in SETTLED
        ],
        "dependency_files": [],
    }


def _direct(inventory: Inventory) -> frozenset[str]:
    """What a project of the tree asks for itself."""
    own = {c.purl for c in (inventory.root, *inventory.components) if c and c.first_party}
    return frozenset(edge.target for edge in inventory.relationships if edge.source in own)


def _vulnerability(item: Shown, where: Sequence[Location], direct: frozenset[str], rules: Mapping[str, Rule]) -> _Json:
    found, match = item.finding, item.match
    rule = rules.get(found.rule)
    document: _Json = {
        "id": _uuid(found.fingerprint),
        "name": shortened(found.message if match else rule.title if rule else found.rule, _MAX_NAME),
        "description": plain(item.text),
        "severity": _SEVERITIES[found.severity],
        "solution": shortened(plain(sentence(found.remediation)), _MAX_SOLUTION) if found.remediation else "",
        "identifiers": [*_identifiers(item)][:_MAX_IDENTIFIERS],
        "cvss_vectors": _vectors(match.rating.vector, match.rating.source) if match else [],
        "links": [{"url": url} for url in _links(match.references)] if match else [],
        "location": {
            # The schema demands a file of every dependency, and one there is, unless nothing was read at all.
            "file": where[0].path if where else ".",
            "dependency": {
                "package": {"name": item.name},
                "version": item.version,
                "direct": found.subject in direct,
            },
        },
    }
    return {key: value for key, value in document.items() if value}


def _identifiers(item: Shown) -> Iterator[_Json]:
    """The name to show first, by which GitLab tells vulnerabilities apart, then all others, then weaknesses."""
    found = item.finding
    if not found.id:
        yield {"type": "bomvet_rule", "name": f"bomvet rule {found.rule}", "value": found.rule}
        return
    for name in dict.fromkeys((found.id, *found.ids)):
        prefix = name.partition("-")[0].upper()
        document = {"type": prefix.lower(), "name": name, "value": name}
        url = (_PUBLIC.get(prefix) or _OSV) + name
        yield {**document, "url": url} if is_url(url) else document
    for number in sorted({*item.match.cwes}) if item.match else ():
        if number > 0:
            url = f"https://cwe.mitre.org/data/definitions/{number}.html"
            yield {"type": "cwe", "name": f"CWE-{number}", "value": str(number), "url": url}


def _vectors(vector: str, source: str) -> list[_Json]:
    fits = _SHORTEST_VECTOR <= len(vector) <= _LONGEST_VECTOR and _VECTOR(vector)
    return [{"vendor": source or "unknown", "vector": vector}] if fits else []


def _links(references: tuple[str, ...]) -> list[str]:
    urls = (public_url(url) for url in references)
    return [url for url in dict.fromkeys(urls) if url.startswith(("https://", "http://")) and is_url(url)][:_MAX_LINKS]


def _messages(result: ScanResult, assessment: Assessment, found: Sequence[Shown]) -> Iterator[_Json]:
    """What is in no vulnerability: open questions, and what somebody has settled."""
    texts = [("warn", f"not established: {question.text}") for question in questions(result, assessment)]
    texts += [
        ("info", f"{item.state}: {item.finding.title} in {item.label}: {item.note}")
        for item in found
        if item.state in SETTLED
    ]
    texts += [("info", f"note: {text}") for text in assessment.notes]
    for level, text in texts[:_MAX_MESSAGES]:
        yield {"level": level, "value": shortened(sentence(text))}
    if len(texts) > _MAX_MESSAGES:
        yield {"level": "warn", "value": f"{len(texts) - _MAX_MESSAGES:,} more messages: -f json has all."}


def _uuid(fingerprint: str) -> str:
    """A UUID of version 5 that hangs on the fingerprint alone."""
    digits = bytearray(hashlib.sha256(f"bomvet gitlab {fingerprint}".encode()).digest()[:16])
    digits[6] = digits[6] & 0x0F | 0x50
    digits[8] = digits[8] & 0x3F | 0x80
    text = digits.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


GITLAB = Report(
    id="gitlab",
    title="GitLab's dependency scanning report, schema 15.2.1",
    media_type="application/json",
    extension=".gitlab.json",
    render=render,
)
