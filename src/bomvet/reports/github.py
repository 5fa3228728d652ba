"""Workflow commands of GitHub Actions: annotations on the lines of lock files, written to the log of a job.

Sources: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands, and the escapes of
https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bomvet.model.finding import Assessment, Verdict
from bomvet.plugin import RenderOptions, Report
from bomvet.reports._findings import SETTLED, allowed, beneath, judgement, places, questions, shown
from bomvet.reports._text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.model.inventory import Location
    from bomvet.model.result import ScanResult

#: So many of each kind GitHub shows of a step; the last one says how many more there are.
MAX_OF_A_KIND = 10
_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


class _Annotation(NamedTuple):
    command: str
    title: str
    message: str
    place: Location | None = None


def render(result: ScanResult, options: RenderOptions) -> bytes:
    """A line for each annotation, then the verdict; raises `UsageError` where nothing was judged."""
    assessment = judgement(result, "github")
    by_command: dict[str, list[_Annotation]] = {"error": [], "warning": [], "notice": []}
    for item in _annotations(result, assessment, options.folder):
        by_command[item.command].append(item)
    lines = [line for command, items in by_command.items() for line in _lines(command, items)]
    reasons = f": {'; '.join(assessment.reasons)}" if assessment.reasons else ""
    lines.append(clean(f"bomvet: {assessment.verdict.upper()}{reasons}"))
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")


def _annotations(result: ScanResult, assessment: Assessment, folder: str) -> Iterator[_Annotation]:
    # First, since a failing job must say why whatever else there is.
    if assessment.verdict is Verdict.FAILED and not assessment.failing:
        yield _Annotation("error", "bomvet: failed", "; ".join(assessment.reasons))
    found = shown(result, assessment)
    for item in found:
        if item.state not in SETTLED:
            where = places(item, result, folder)
            title = f"{item.finding.title} in {item.label}"
            yield _Annotation(_COMMANDS[item.level], title, item.text, where[0] if where else None)
    level = "warning" if allowed(assessment) else "error"
    for question in questions(result, assessment):
        place = beneath(folder, question.place) if question.place else None
        yield _Annotation(level, "Not established", question.text, place)
    if settled := sum(item.state in SETTLED for item in found):
        noun = "finding is" if settled == 1 else "findings are"
        yield _Annotation("notice", "bomvet: waived", f"{settled:,} {noun} waived or answered by VEX.")


def _lines(command: str, items: list[_Annotation]) -> Iterator[str]:
    """At most as many as are shown; none is left out without a word."""
    shown_ = items if len(items) <= MAX_OF_A_KIND else items[: MAX_OF_A_KIND - 1]
    for item in shown_:
        pairs = [("title", item.title)]
        if item.place:
            pairs = [("file", item.place.path), ("line", str(max(item.place.line, 1))), *pairs]
        properties = ",".join(f"{key}={_property(value)}" for key, value in pairs)
        yield f"::{command} {properties}::{_data(item.message)}"
    if more := len(items) - len(shown_):
        yield f"::{command} title=bomvet%3A and more::{more:,} more of this kind: see the table or -f json."


def _data(text: str) -> str:
    """A message: one line, in which nothing is a command of this or another system."""
    return clean(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


GITHUB = Report(
    id="github",
    title="annotations of GitHub Actions",
    media_type="text/plain",
    extension=".github.txt",
    render=render,
)
