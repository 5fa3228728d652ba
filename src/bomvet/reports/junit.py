"""JUnit XML, for whatever shows test results: a suite per manifest, a case per finding and per component without one.

There is no standard; this is the common part of what Jenkins, GitLab, Azure and CircleCI read: one outcome a case.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from bomvet.model.facts import Standing
from bomvet.plugin import RenderOptions, Report
from bomvet.reports._findings import SETTLED, Shown, State, allowed, beneath, by_path, judgement, questions, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bomvet.model.finding import Assessment
    from bomvet.model.inventory import Component
    from bomvet.model.result import ScanResult

#: What XML 1.0 cannot hold, not even as a reference.
_FORBIDDEN = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
_OPEN = "not established"
#: For what no file states.
_NOWHERE = "project"


class _Case(NamedTuple):
    """One case: its outcome is an element with a message and a text, or nothing, which is a pass."""

    suite: str
    name: str
    subject: str
    outcome: str = ""
    message: str = ""
    kind: str = ""
    text: str = ""


def render(result: ScanResult, options: RenderOptions) -> bytes:
    """The document, a line for each element, with a final line end; raises `UsageError` where nothing was judged."""
    from xml.etree import ElementTree as ET  # noqa: PLC0415 - slow to import

    assessment = judgement(result, "junit")
    suites: dict[str, list[_Case]] = {}
    for case in _cases(result, assessment, options.folder):
        suites.setdefault(case.suite, []).append(case)
    root = ET.Element("testsuites", {"name": "bomvet", **_counts([c for cases in suites.values() for c in cases])})
    for name in sorted(suites, key=lambda name: (name == _OPEN, name)):
        attributes = {"name": _text(name), **_counts(suites[name]), "timestamp": result.time.rstrip("Z")}
        suite = ET.SubElement(root, "testsuite", attributes)
        for case in _named_apart(suites[name]):
            element = ET.SubElement(
                suite, "testcase", {"classname": _text(name), "name": _text(case.name), "time": "0"}
            )
            if case.outcome:
                told = ET.SubElement(element, case.outcome, {"message": _text(case.message), "type": _text(case.kind)})
            elif case.text:
                told = ET.SubElement(element, "system-out")
            else:
                continue
            told.text = _text(case.text)
    ET.indent(root)
    data: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return data + b"\n"


def _cases(result: ScanResult, assessment: Assessment, folder: str) -> Iterator[_Case]:
    found = shown(result, assessment)
    for path, item in by_path(found, result, folder):
        yield _finding(path or _NOWHERE, item)
    named = {item.finding.subject for item in found}
    for component in result.inventory.components:
        if component.purl not in named and _was_asked(component, result):
            places = component.locations
            yield _Case(beneath(folder, places[0]).path if places else _NOWHERE, component.label, component.purl)
    # Of two evils an allowed question is no error, and yet no pass.
    outcome = "skipped" if allowed(assessment) else "error"
    for question in questions(result, assessment):
        yield _Case(_OPEN, question.text, question.text, outcome, question.text, _OPEN, question.text)


def _finding(path: str, item: Shown) -> _Case:
    found = item.finding
    name, text = f"{found.title} in {item.label}", _details(item)
    if item.state is State.REFUSED:
        return _Case(path, name, found.subject, "failure", item.text, found.severity, text)
    if item.state in SETTLED:
        return _Case(path, name, found.subject, "skipped", item.note, item.state, text)
    return _Case(path, name, found.subject, text=text)


def _details(item: Shown) -> str:
    """What a person wants to see beside the message, a line each."""
    found = item.finding
    lines = [item.text, f"purl: {found.subject}", *(f"at: {place}" for place in found.locations[:10])]
    lines += [f"evidence: {text}" for text in found.evidence[:10]]
    return "\n".join([*lines, f"fingerprint: {found.fingerprint}"])


def _was_asked(component: Component, result: ScanResult) -> bool:
    """Whether its advisories are known, so that nothing found is a pass."""
    answer = result.facts.advisories.get(component.purl)
    return answer is not None and answer.standing is not Standing.NOT_ESTABLISHED


def _counts(cases: Sequence[_Case]) -> dict[str, str]:
    outcomes = Counter(case.outcome for case in cases)
    return {
        "tests": str(len(cases)),
        "failures": str(outcomes["failure"]),
        "errors": str(outcomes["error"]),
        "skipped": str(outcomes["skipped"]),
        "time": "0",
    }


def _named_apart(cases: Sequence[_Case]) -> Iterator[_Case]:
    """`cases`, those of one name with their subjects: readers take cases of one name for one."""
    names = Counter(case.name for case in cases)
    for case in cases:
        yield case._replace(name=f"{case.name} ({case.subject})") if names[case.name] > 1 else case


def _text(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)


JUNIT = Report(
    id="junit",
    title="JUnit XML, for views of test results",
    media_type="application/xml",
    extension=".junit.xml",
    render=render,
)
