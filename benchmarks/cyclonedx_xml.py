"""The CycloneDX XML writer, which goes through the library whose own cost is quadratic."""

from __future__ import annotations

from benchmarks._generate import scan_result
from benchmarks._measure import Figure, NotRunError, best_in_turn, growth, in_child
from bomvet.plugin import RenderOptions, Report, load

_SMALL = 500


def run() -> list[Figure]:
    """Growth from 500 to 2,000 components."""
    if load("bomvet.reports", "cyclonedx-xml", Report) is None:
        raise NotRunError("there is no report cyclonedx-xml")
    return [growth("cyclonedx-xml render", _SMALL, in_child(_measure))]


def _measure() -> dict[int, float]:
    report = load("bomvet.reports", "cyclonedx-xml", Report)
    if report is None:
        raise NotRunError("there is no report cyclonedx-xml")
    small, large = scan_result(_SMALL), scan_result(4 * _SMALL)
    options = RenderOptions()
    costs = best_in_turn(lambda: report.render(small, options), lambda: report.render(large, options), rounds=3)
    return dict(zip((_SMALL, 4 * _SMALL), costs, strict=True))
