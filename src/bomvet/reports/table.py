"""The report for people: what is wrong, where, why it is there, what to do, and what was not established."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from bomvet.model.facts import SHOWN, Severity
from bomvet.model.finding import Assessment, Finding, Suppressed, Verdict
from bomvet.model.graph import Graph
from bomvet.plugin import RenderOptions, Report
from bomvet.reports._builders import counted
from bomvet.reports._exploited import marks
from bomvet.reports._findings import shortened
from bomvet.reports._questions import grouped
from bomvet.reports._scores import main_terms, total
from bomvet.reports._text import clean, summary
from bomvet.reports._upgrades import VULNERABILITY, remedies

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from bomvet.model.facts import AdvisoryMatch
    from bomvet.model.inventory import Component
    from bomvet.model.result import ScanResult

#: Lines of one list that are shown; the rest is counted, and stands in the JSON report.
MAX_LINES = 20
#: Scores that are shown.
MAX_SCORES = 5
_STYLES = {
    Severity.CRITICAL: "bold white on red", Severity.HIGH: "bold red", Severity.UNKNOWN: "bold magenta",
    Severity.MEDIUM: "yellow", Severity.LOW: "cyan", Severity.NONE: "dim",
}  # fmt: skip
_EXPLOITED = "bold red"
_VERDICTS = {Verdict.PASSED: "bold green", Verdict.FAILED: "bold red", Verdict.INCOMPLETE: "bold yellow"}

#: Advisories by subject and id.
_Matches = Mapping[tuple[str, str], "AdvisoryMatch"]


def render(result: ScanResult, options: RenderOptions) -> bytes:
    """Plain text, or with colours where `options` ask for them."""
    from rich.console import Console  # noqa: PLC0415 - slow to import

    out = io.StringIO()
    console = Console(
        file=out,
        width=options.width,
        force_terminal=options.color,
        no_color=not options.color,
        color_system="standard" if options.color else None,
        highlight=False,
        emoji=False,
        markup=False,
        legacy_windows=False,
    )
    _print(console, result)
    return "\n".join(line.rstrip() for line in out.getvalue().split("\n")).encode()


def _print(console: Console, result: ScanResult) -> None:
    _header(console, result)
    assessment = result.assessment
    if assessment is None:
        _components(console, result)
        _provenance(console, result)
        _list(console, "Not established", (f"{u.location}: {u.reason}" for u in result.inventory.unknowns))
        _list(console, "Passed over", (f"{s.path}: {s.reason}" for s in result.target.skipped))
        return
    _findings(console, result, assessment)
    if assessment.known:
        known = len(assessment.known)
        console.print(f"{known} finding{'' if known == 1 else 's'} known from the baseline: -f json shows all.\n")
    _scores(console, result, assessment)
    _provenance(console, result)
    _list(console, "Not established", assessment.not_established)
    _list(console, "Passed over", (f"{s.path}: {s.reason}" for s in result.target.skipped))
    _list(
        console,
        "Waived",
        (
            f"{w.finding.title} in {_label(w.finding.subject)} until {w.waiver.expires} ({w.waiver.owner}): "
            f"{w.waiver.reason}"
            for w in assessment.waived
        ),
    )
    _list(console, "Suppressed by VEX", map(_answer, assessment.suppressed))
    source = _source(assessment)
    _list(
        console,
        "Expired waivers, whose findings are back",
        (f"{w.id}, expired {w.expires} ({w.owner}, {w.source or source}:{w.line})" for w in assessment.expired),
    )
    _list(
        console,
        "Unused waivers, to be deleted",
        (f"{w.id} ({w.owner}, {w.source or source}:{w.line})" for w in assessment.unused),
    )
    _list(console, "Notes", assessment.notes)
    _verdict(console, result, assessment)


def _answer(suppressed: Suppressed) -> str:
    """A finding and what a statement says of it."""
    finding, statement = suppressed.finding, suppressed.statement
    why = ": ".join(part for part in (statement.justification, statement.impact) if part)
    said = f"{statement.status.replace('_', ' ')}{f' ({why})' if why else ''}"
    return (
        f"{finding.title} in {_label(finding.subject)}: {said}, {statement.author or 'no author'}, {statement.source}"
    )


def _header(console: Console, result: ScanResult) -> None:
    inventory, data = result.inventory, result.advisory_data
    subject = inventory.root.label if inventory.root else result.target.name
    third = [c for c in inventory.components if not c.first_party]
    parts = [clean(subject), f"{len(third)} component{'' if len(third) == 1 else 's'}"]
    scopes = {scope: sum(c.scope == scope for c in third) for scope in ("optional", "dev")}
    if any(scopes.values()):
        parts[-1] += f" ({', '.join(f'{n} {scope}' for scope, n in scopes.items() if n)})"
    if data:
        noun = "advisory" if data.records == 1 else "advisories"
        parts.append(f"{data.records:,} {noun} as of {data.obtained[:10]}")
    console.print(" · ".join(parts), style="bold", soft_wrap=False)
    console.print()


def _findings(console: Console, result: ScanResult, assessment: Assessment) -> None:
    """One block per component, in the order of its gravest finding."""
    components = {c.purl: c for c in (result.inventory.root, *result.inventory.components) if c}
    graph, matches = Graph(result.inventory), _matches(result)
    by_subject: dict[str, list[Finding]] = {}
    for finding in assessment.findings:
        if finding.fingerprint in assessment.known:
            continue
        by_subject.setdefault(finding.subject, []).append(finding)
    for subject, findings in by_subject.items():
        findings.sort(key=lambda f: _urgency(f, matches.get((f.subject, f.instance))))
        component = components.get(subject)
        title = component.label if component else subject
        scope = f"  [{component.scope.value}]" if component and component.scope != "required" else ""
        console.print(f"{clean(title)}{scope}", style="bold")
        console.print(_rows(findings, assessment, matches))
        console.print(_facts(_explanation(component, findings, graph, matches)))
        console.print()


def _matches(result: ScanResult) -> _Matches:
    return {(purl, m.id): m for purl, answer in result.facts.advisories.items() for m in answer.matches}


def _urgency(finding: Finding, match: AdvisoryMatch | None) -> tuple[int, bool, float]:
    """Of findings of one severity, what is exploited comes first, and then what is likely to be."""
    chance = match.epss.percentile if match and match.epss else 0.0
    return SHOWN.index(finding.severity), not (match and match.kev), -chance


def _rows(findings: Sequence[Finding], assessment: Assessment, matches: _Matches) -> RenderableType:
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table.grid(padding=(0, 1))
    table.add_column(width=1)
    table.add_column(width=1)
    table.add_column(width=8)
    table.add_column(no_wrap=True, overflow="fold", min_width=16)
    table.add_column(ratio=1, overflow="fold")
    for finding in findings:
        mark = "✗" if finding.fingerprint in assessment.failing else "·"
        # What others write of an advisory is long; our own words are to be read whole.
        text = summary(clean(finding.message)) if finding.id else shortened(clean(finding.message))
        if finding.confidence != "high":
            text += f" ({finding.confidence.value} confidence)"
        match = matches.get((finding.subject, finding.instance))
        beside = [clean(mark) for mark in marks(match)] if match else []
        table.add_row(
            "",
            mark,
            Text(finding.severity.value.upper(), style=_STYLES[finding.severity]),
            clean(finding.title),
            Text.assemble(text, *((f"\n{mark}", _EXPLOITED) for mark in beside)),
        )
    return table


def _explanation(
    component: Component | None, findings: Sequence[Finding], graph: Graph, matches: _Matches
) -> Iterator[tuple[str, str]]:
    places = sorted({str(place) for finding in findings for place in finding.locations})
    if places:
        more = f" and {len(places) - 3} more" if len(places) > 3 else ""  # noqa: PLR2004 - a line's worth
        yield "where", ", ".join(places[:3]) + more
    if component:
        path = graph.shortest_path(component.purl)
        if path:
            yield "why", " > ".join(map(_label, path))
        yield from (("do", remedy) for remedy in remedies(component, findings, matches))
    else:
        yield from (("do", remedy) for remedy in dict.fromkeys(f.remediation for f in findings if f.remediation))


def _scores(console: Console, result: ScanResult, assessment: Assessment) -> None:
    """The greatest risks, each with what it is made of."""
    from rich.padding import Padding  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    shown = assessment.scores[:MAX_SCORES]
    if not shown:
        return
    labels = {component.purl: component.label for component in result.inventory.components}
    more = f", {MAX_SCORES} of {len(assessment.scores):,}" if len(assessment.scores) > MAX_SCORES else ""
    console.print(f"Risk, from 0 to 100{more}", style="bold")
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True, justify="right")
    table.add_column(overflow="fold")
    table.add_column(ratio=1, overflow="fold")
    for score in shown:
        table.add_row(total(score), clean(labels.get(score.subject, score.subject)), main_terms(score))
    console.print(Padding(table, (0, 0, 1, 2)))


def _provenance(console: Console, result: ScanResult) -> None:
    """How many components are proved to be built by whom, where that was asked."""
    if line := counted(result.facts, result.inventory.components):
        console.print(f"{line}.\n")


def _facts(pairs: Iterable[tuple[str, str]]) -> RenderableType:
    from rich.table import Table  # noqa: PLC0415

    table = Table.grid(padding=(0, 1))
    table.add_column(width=3)
    table.add_column(width=5, style="dim")
    table.add_column(ratio=1, overflow="fold")
    for name, value in pairs:
        table.add_row("", name, clean(value))
    return table


def _label(ref: str) -> str:
    """`name@version` of a purl, for people."""
    from urllib.parse import unquote  # noqa: PLC0415

    body = ref.partition("?")[0].removeprefix("pkg:").partition("/")[2]
    return unquote(body).partition("@sha256:")[0] if body else ref


def _components(console: Console, result: ScanResult) -> None:
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("COMPONENT", overflow="fold", ratio=1)
    table.add_column("SCOPE", no_wrap=True)
    table.add_column("WHERE", overflow="fold")
    for component in result.inventory.components:
        where = str(component.locations[0]) if component.locations else ""
        table.add_row(clean(component.label), component.scope.value, clean(where))
    console.print(table)
    console.print()


def _list(console: Console, title: str, lines: Iterable[str]) -> None:
    from rich.padding import Padding  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    found = grouped(lines)
    if not found:
        return
    console.print(f"{title} ({sum(line.stands_for for line in found):,})", style="bold")
    table = Table.grid(padding=(0, 1))
    table.add_column(width=1)
    table.add_column(ratio=1, overflow="fold")
    for line in found[:MAX_LINES]:
        table.add_row("?" if title == "Not established" else "-", clean(line.text))
    if len(found) > MAX_LINES:
        more = sum(line.stands_for for line in found[MAX_LINES:])
        table.add_row("", f"... and {more:,} more: -f json shows all")
    console.print(Padding(table, (0, 0, 1, 2)))


def _source(assessment: Assessment) -> str:
    """The policy file's name."""
    return (assessment.policy.source if assessment.policy else "") or "bomvet.toml"


def _verdict(console: Console, result: ScanResult, assessment: Assessment) -> None:
    reasons = f": {'; '.join(assessment.reasons)}" if assessment.reasons else ""
    if 0 < len(assessment.failing) < len(assessment.findings) - len(assessment.known):
        console.print("✗ is refused by the policy, · is told only.", style="dim")
    console.print(f"{assessment.verdict.value.upper()}{reasons}", style=_VERDICTS[assessment.verdict])
    if policy := assessment.policy:
        console.print(f"Policy: {policy.source or 'built in'}, fail-on = {policy.fail_on}.", style="dim")
    if not result.inventory.components:
        console.print(_why_nothing(result, assessment))
    steps = list(_next(result, assessment))
    if steps:
        console.print(f"Next: {', and '.join(steps)}.")


def _why_nothing(result: ScanResult, assessment: Assessment) -> str:
    if assessment.not_established:
        return "No component could be read: see what was not established."
    if result.target.skipped:
        return "Nothing was checked: see what was passed over."
    return "Nothing was found to check: no file of a format that bomvet reads (bomvet list resolvers)."


def _next(result: ScanResult, assessment: Assessment) -> Iterator[str]:
    failing = [f for f in assessment.findings if f.fingerprint in assessment.failing]
    if failing:
        step = "take the upgrades above" if all(f.rule == VULNERABILITY for f in failing) else "mend what ✗ refuses"
        yield f"{step} or waive a finding in {_source(assessment)} (id, reason, owner, expires)"
    if any(": not locked: " in question for question in assessment.not_established):
        yield "lock what is not locked, or let --resolve ask npm and uv for it"
    if any(answer.is_open for answer in result.facts.provenance.values()):
        yield "name recorded evidence with --attestations, or exempt what has none (provenance.exempt)"
    if assessment.not_established:
        yield "answer the open questions above, leave files out with --exclude, or accept it with --allow-incomplete"


TABLE = Report(id="table", title="text for people", media_type="text/plain", extension=".txt", render=render)
