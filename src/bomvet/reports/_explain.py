"""What there is to say of one component, for `bomvet explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.model.facts import AdvisoryMatch, Standing
from bomvet.model.graph import Graph
from bomvet.model.purl import bare, pypi_name
from bomvet.reports._text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.model.inventory import Component
    from bomvet.model.result import ScanResult

MAX_PATHS = 10


def matching(result: ScanResult, text: str) -> list[Component]:
    """Components that `text` means: a purl with or without version, or `NAME` or `NAME@VERSION`."""
    name, _, version = text.partition("@")
    return [
        c
        for c in result.inventory.components
        if text in (c.purl, bare(c.purl), bare(c.purl).rpartition("@")[0], c.label)
        or (c.name in (name, pypi_name(name)) and version in ("", c.version) and not text.startswith("pkg:"))
    ]


def component_text(result: ScanResult, component: Component) -> str:
    """Several lines, each cleaned for a terminal."""
    return "\n".join((*map(clean, _lines(result, component)), ""))


def _lines(result: ScanResult, component: Component) -> Iterator[str]:
    yield component.purl
    yield f"  scope   {component.scope.value}"
    for location in component.locations:
        yield f"  stated  {location}"
    for name, value in component.properties:
        yield f"  {name.removeprefix('bomvet:'):<7} {value}"
    yield f"  files   {len(component.distributions)} distributions, {_hash_count(component)} hashes"
    yield from _paths(result, component)
    yield from _advisories(result, component)


def _hash_count(component: Component) -> int:
    return len({*component.hashes, *(h for d in component.distributions for h in d.hashes)})


def _paths(result: ScanResult, component: Component) -> Iterator[str]:
    graph = Graph(result.inventory)
    labels = {c.purl: c.label for c in (result.inventory.root, *result.inventory.components) if c}
    paths = list(graph.paths(component.purl, MAX_PATHS))
    total = len(graph.dependants(component.purl))
    yield f"  why     {total} direct dependant{'' if total == 1 else 's'}, shortest path through each:"
    for path in paths:
        yield f"    {' > '.join(labels.get(ref, ref) for ref in path)}"
    if total > len(paths):
        yield f"    ... and {total - len(paths)} more"


def _advisories(result: ScanResult, component: Component) -> Iterator[str]:
    answer = result.facts.advisories.get(component.purl)
    if component.first_party:
        return
    if answer is None:
        yield "  advisories  not established: no advisory data (bomvet db import PATH)"
        return
    if answer.standing is Standing.NOT_ESTABLISHED:
        yield f"  advisories  not established: {answer.reason}"
    elif answer.standing is Standing.ABSENT:
        yield "  advisories  none affects this version"
    if answer.withdrawn:
        yield f"  withdrawn   {answer.withdrawn} advisories that would have matched"
    waived = (
        {w.finding.instance: w.waiver for w in result.assessment.waived if w.finding.subject == component.purl}
        if result.assessment
        else {}
    )
    for match in answer.matches:
        yield from _advisory(match)
        if waiver := waived.get(match.id):
            yield f"    waived until {waiver.expires} by {waiver.owner}: {waiver.reason}"


def _advisory(match: AdvisoryMatch) -> Iterator[str]:
    rating = match.rating
    score = "" if rating.score is None else f" {rating.score} ({rating.vector}, from {rating.source})"
    yield f"  {match.id}  {rating.severity.value.upper()}{score}"
    yield f"    {match.summary}"
    others = [name for name in (*match.ids, *match.aliases) if name != match.id]
    if others:
        yield f"    also known as {', '.join(others)}"
    for evidence in match.evidence:
        yield f"    matched {evidence}"
    yield f"    fixed in {match.fixed or 'no known version'}; {match.clean or 'no version'} has no known advisory"
