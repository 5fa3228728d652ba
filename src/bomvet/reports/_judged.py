"""Why advisories match and why they do not, as rows of an explanation: what stands before the text, and the text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bomvet.advisories.tracing import Judged, Trace
    from bomvet.model.facts import AdvisoryMatch
    from bomvet.model.inventory import Component

#: So many records that do not affect a component are told; the rest is counted.
MAX_RECORDS = 10
_Row = tuple[str, str]


def steps(traces: Sequence[Trace], match: AdvisoryMatch) -> Iterator[_Row]:
    """How the records of `match` were evaluated, step by step; a single step says no more than the evidence."""
    own = [trace for trace in traces if trace.id in match.ids and len(trace.steps) > 1]
    head = "    judged  "
    for trace in own:
        before = f"{trace.id}: " if len(own) > 1 else ""
        for step in trace.steps:
            yield head, f"{before}{step}"
            head = " " * len(head)


def others(traces: Sequence[Trace], matches: Sequence[AdvisoryMatch]) -> Iterator[_Row]:
    """Records of the package that do not affect the version, each with what shuts it out."""
    matched = {id_ for match in matches for id_ in match.ids}
    left = [trace for trace in traces if trace.id not in matched]
    if not left:
        return
    count = f"{len(left):,} record{'' if len(left) == 1 else 's'} of the package"
    yield "", ""
    yield "  ", f"{count} {'does' if len(left) == 1 else 'do'} not affect it:"
    yield from _told(left, "    ")


def why_not(judged: Judged, components: Sequence[Component], name: str) -> Iterator[_Row]:
    """Why the advisory `name` affects none of `components`."""
    if judged.problem:
        yield "  ", f"why not cannot be told: {judged.problem}"
        return
    if not judged.found:
        yield "  ", f"there is no record of that name in the advisory data: {name} may be new, withdrawn or misspelt"
        return
    if not judged.traces:
        yield "  ", "none of the packages that it is about is here"
    for component in components:
        for trace in judged.traces.get(component.purl, ()):
            yield "  ", f"{component.label}, by {trace.id}:"
            yield from (("    ", step) for step in trace.steps)


def _told(traces: Sequence[Trace], indent: str) -> Iterator[_Row]:
    for trace in traces[:MAX_RECORDS]:
        yield f"{indent}{trace.id}  ", trace.steps[-1]
    if len(traces) > MAX_RECORDS:
        yield indent, f"... and {len(traces) - MAX_RECORDS:,} more"
