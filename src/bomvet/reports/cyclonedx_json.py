"""CycloneDX 1.4 to 1.7 as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.plugin import RenderOptions, Report
from bomvet.reports import _cyclonedx

if TYPE_CHECKING:
    from bomvet.model.result import ScanResult


def render(result: ScanResult, options: RenderOptions) -> bytes:
    """The document, a line for each component, with a final line end."""
    return _cyclonedx.render(result, options.spec_version)


CYCLONEDX_JSON = Report(
    id="cyclonedx-json",
    title="CycloneDX 1.4-1.7, JSON",
    media_type="application/vnd.cyclonedx+json",
    extension=".cdx.json",
    render=render,
)
