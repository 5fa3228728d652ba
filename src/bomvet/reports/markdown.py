"""Markdown for a pull request or the summary of a job: the verdict, what is refused with its fix, then the rest folded.

It fits into a comment of GitHub (65,536 characters); what does not is counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.model.finding import Assessment, Verdict, Waiver
from bomvet.plugin import RenderOptions, Report
from bomvet.reports._findings import Shown, State, beneath, judgement, places, questions, sentence, shortened, shown
from bomvet.reports._markdown import code, plain
from bomvet.reports._questions import Line, grouped
from bomvet.reports._text import summary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bomvet.model.result import ScanResult

#: A comment of GitHub holds no more characters; GitLab's and a step summary hold more.
MAX_CHARACTERS = 65_536
#: How much of it each part may take, in characters; together with the frame they stay below the whole.
_REFUSED, _OPEN, _TOLD, _SETTLED, _REST = 26_000, 8_000, 10_000, 5_000, 3_000
#: Characters of one text: a name, a place, a summary.
_SHORT, _LONG = 100, 200
_SIGNS = {Verdict.PASSED: "✅", Verdict.FAILED: "❌", Verdict.INCOMPLETE: "⚠️"}
_HEADER = ("| severity | component | finding | where | fix |", "| --- | --- | --- | --- | --- |")


def render(result: ScanResult, options: RenderOptions) -> bytes:
    """The text, with a final line end; raises `UsageError` where nothing was judged."""
    assessment = judgement(result, "markdown")
    found = shown(result, assessment)
    blocks = [
        *_head(result, assessment),
        *_table(found, (State.REFUSED,), result, options.folder, _REFUSED),
        *_open(result, assessment, options.folder),
        *_folded("Told, not refused", _table(found, (State.TOLD, State.KNOWN), result, options.folder, _TOLD)),
        *_folded("Waived, and answered by VEX", _list(map(_settled, found), _SETTLED)),
        *_folded("Waivers to look after", _list(_waivers(assessment), _REST)),
        *_folded("Notes", _list(map(_question, assessment.notes), _REST)),
        *_folded("Passed over", _list((_question(line.text) for line in _passed_over(result)), _REST)),
    ]
    return ("\n".join(blocks).rstrip("\n") + "\n").encode("utf-8", "backslashreplace")


def _head(result: ScanResult, assessment: Assessment) -> Iterator[str]:
    root, data = result.inventory.root, result.advisory_data
    subject = shortened(root.label if root else result.target.name, _SHORT)
    yield f"## {_SIGNS[assessment.verdict]} bomvet: {code(subject)} {assessment.verdict}"
    yield ""
    if assessment.reasons:
        yield f"{plain(shortened(sentence('; '.join(assessment.reasons)), _LONG * 3))}"
        yield ""
    third = sum(not c.first_party for c in result.inventory.components)
    facts = [f"{third:,} component{'' if third == 1 else 's'}"]
    if data:
        facts.append(f"{data.records:,} advisories as of {plain(data.obtained[:10])}")
    if assessment.policy:
        facts.append(f"policy {code(shortened(assessment.policy.source, _SHORT)) or 'built in'}")
    yield f"{' · '.join(facts)}"
    yield ""


# -- findings --------------------------------------------------------------------------------------------------


def _table(
    found: Sequence[Shown], states: Sequence[State], result: ScanResult, folder: str, most: int
) -> Iterator[str]:
    """Those of `states`, gravest first; nothing where there are none."""
    rows = [item for item in found if item.state in states]
    if not rows:
        return
    yield from _HEADER
    written = 0
    for number, item in enumerate(rows):
        row = _row(item, result, folder)
        written += len(row) + 1
        if written > most:
            yield f"\n{len(rows) - number:,} more: `bomvet scan -f json` shows all."
            break
        yield row
    yield ""


def _row(item: Shown, result: ScanResult, folder: str) -> str:
    found, match = item.finding, item.match
    where = places(item, result, folder)
    more = f" and {len(where) - 1:,} more" if len(where) > 1 else ""
    grave = found.severity.value + (", exploited" if match and match.kev else "")
    scope = f" ({item.component.scope})" if item.component and item.component.scope != "required" else ""
    # A rule says what it found in a sentence, of which the end is what was found; an advisory may say anything.
    said = summary(found.message) if match else found.message
    cells = (
        grave + (" (known)" if item.state is State.KNOWN else ""),
        code(shortened(item.label, _SHORT)) + scope,
        f"{plain(shortened(found.title, _SHORT))}: {plain(shortened(said, _LONG))}",
        code(shortened(str(where[0]), _SHORT)) + more if where else "",
        code(shortened(item.fix, _SHORT)) or plain(shortened(found.remediation, _LONG)),
    )
    return f"| {' | '.join(cells)} |"


def _settled(item: Shown) -> str:
    """A line of what somebody has answered for; empty for what nobody has."""
    if item.state not in (State.WAIVED, State.SUPPRESSED):
        return ""
    name, label = shortened(item.finding.title, _SHORT), shortened(item.label, _SHORT)
    return f"{plain(name)} in {code(label)}: {plain(shortened(sentence(item.note), 2 * _LONG))}"


def _waivers(assessment: Assessment) -> Iterator[str]:
    for waiver in assessment.expired:
        yield f"{_named(waiver)} expired on {waiver.expires}."
    for waiver in assessment.unused:
        yield f"{_named(waiver)} covers nothing."


def _named(waiver: Waiver) -> str:
    return f"{plain(shortened(waiver.id, _SHORT))} of {plain(shortened(waiver.owner, _SHORT))}"


# -- what is not known -----------------------------------------------------------------------------------------


def _open(result: ScanResult, assessment: Assessment, folder: str) -> Iterator[str]:
    """The open questions, never folded: a result with some is none."""
    texts = (
        f"{beneath(folder, q.place)}: {q.text.removeprefix(f'{q.place}: ')}" if q.place else q.text
        for q in questions(result, assessment)
    )
    lines = [*_list((_question(line.text) for line in grouped(texts)), _OPEN)]
    if lines:
        yield f"**Not established ({len(assessment.not_established):,})**"
        yield ""
        yield from lines


def _question(text: str) -> str:
    return plain(shortened(text, 2 * _LONG))


def _passed_over(result: ScanResult) -> Iterable[Line]:
    return grouped(f"{s.path}: {s.reason}" for s in result.target.skipped)


def _list(lines: Iterable[str], most: int) -> Iterator[str]:
    """A list of those that are not empty."""
    texts = [line for line in lines if line]
    written = 0
    for number, text in enumerate(texts):
        written += len(text) + 3
        if written > most:
            yield f"- and {len(texts) - number:,} more: `bomvet scan -f json` shows all."
            break
        yield f"- {text}"
    if texts:
        yield ""


def _folded(title: str, lines: Iterable[str]) -> Iterator[str]:
    """A part that opens on a click; nothing where it is empty."""
    content = [*lines]
    if content:
        yield from (f"<details><summary>{title}</summary>", "", *content, "</details>", "")


MARKDOWN = Report(
    id="markdown",
    title="Markdown, for a pull request or the summary of a job",
    media_type="text/markdown",
    extension=".md",
    render=render,
)
