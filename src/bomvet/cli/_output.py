"""Where results go: data to stdout or files, talk to stderr."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bomvet.errors import UsageError
from bomvet.plugin import RenderOptions, Report, discover, load
from bomvet.reports._text import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bomvet.model.result import ScanResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A report and where it goes; an empty `path` is stdout."""

    report: Report
    path: str


def outputs(formats: Sequence[str], output: str) -> list[Output]:
    """The outputs that `-f FORMAT[=FILE]` and `-o FILE` ask for; raises `UsageError`."""
    found = []
    for text in formats:
        name, _, path = text.partition("=")
        report = load("bomvet.reports", name, Report)
        if report is None:
            known = ", ".join(r.id for r in discover("bomvet.reports", Report))
            raise UsageError(f"unknown format {name!r}", hint=f"known are: {known}")
        found.append(Output(report=report, path=path))
    to_stdout = [number for number, item in enumerate(found) if not item.path]
    if output and to_stdout:
        found[to_stdout[0]] = Output(report=found[to_stdout[0]].report, path=output)
        to_stdout = to_stdout[1:]
    elif output:
        raise UsageError("-o names a file, but every -f already has one")
    if len(to_stdout) > 1:
        raise UsageError("several formats would go to stdout", hint="give all but one a file: -f json=result.json")
    return found


def write(result: ScanResult, outputs: Sequence[Output], spec_version: str) -> None:
    """Render and write each; raises `UsageError` where a file cannot be written."""
    for item in outputs:
        terminal = not item.path and sys.stdout.isatty()
        options = RenderOptions(
            spec_version=spec_version,
            color=terminal and not os.environ.get("NO_COLOR"),
            width=shutil.get_terminal_size((80, 24)).columns if terminal else 80,
        )
        _put(item.report.render(result, options), item.path)


def _put(data: bytes, path: str) -> None:
    if not path:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        with open(path, "wb") as file:
            file.write(data)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None


def say(text: str) -> None:
    """A line for people, on stderr; what could steer a terminal or a pipeline is taken out."""
    for line in text.split("\n"):
        print(clean(line), file=sys.stderr)
