"""CSV (RFC 4180), for spreadsheets: a row per finding and per open question.

A cell that a spreadsheet would take for a formula begins with an apostrophe
(https://owasp.org/www-community/attacks/CSV_Injection).
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from bomvet.plugin import RenderOptions, Report
from bomvet.reports._findings import Shown, beneath, judgement, places, questions, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.model.inventory import Location
    from bomvet.model.result import ScanResult

#: New columns come last.
COLUMNS = (
    "state", "severity", "rule", "id", "aliases", "package", "version", "purl", "scope", "path", "line", "message",
    "fix", "remediation", "kev", "epss", "cvss", "risk", "note", "fingerprint",
)  # fmt: skip
#: What begins a formula, also behind blanks, and in the full width of East Asian fonts.
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]").match
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def render(result: ScanResult, options: RenderOptions) -> bytes:
    """UTF-8 with a header, lines ending in CR LF; raises `UsageError` where nothing was judged."""
    import csv  # noqa: PLC0415 - one format needs it

    assessment = judgement(result, "csv")
    risks = {score.subject: f"{score.low}-{score.high}" for score in assessment.scores}
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for item in shown(result, assessment):
        where = places(item, result, options.folder)
        writer.writerow(map(_cell, _row(item, where[0] if where else None, risks.get(item.finding.subject, ""))))
    for question in questions(result, assessment):
        place = beneath(options.folder, question.place) if question.place else None
        named = {"state": "not-established", "message": question.text, **_place(place)}
        writer.writerow([_cell(named.get(column, "")) for column in COLUMNS])
    return out.getvalue().encode("utf-8", "backslashreplace")


def _place(place: Location | None) -> dict[str, str]:
    return {"path": place.path, "line": str(place.line or "")} if place else {}


def _row(item: Shown, place: Location | None, risk: str) -> Iterator[str]:
    found, match = item.finding, item.match
    cells = {
        "state": item.state.value,
        "severity": found.severity.value,
        "rule": found.rule,
        "id": found.id,
        "aliases": " ".join(name for name in found.ids if name != found.id),
        "package": item.name,
        "version": item.version,
        "purl": found.subject,
        "scope": item.component.scope.value if item.component else "",
        **_place(place),
        "message": found.message,
        "fix": item.fix,
        "remediation": found.remediation,
        "kev": match.kev.added if match and match.kev else "",
        "epss": f"{match.epss.score:.5f}" if match and match.epss else "",
        "cvss": f"{match.rating.score:.1f}" if match and match.rating.score is not None else "",
        "risk": risk,
        "note": item.note,
        "fingerprint": found.fingerprint,
    }
    return (cells.get(column, "") for column in COLUMNS)


def _cell(text: str) -> str:
    """`text` in one line, as text."""
    guarded = f"'{text}" if _FORMULA(text) else text
    return _CONTROL.sub(" ", guarded)


CSV = Report(id="csv", title="CSV, for spreadsheets", media_type="text/csv", extension=".csv", render=render)
