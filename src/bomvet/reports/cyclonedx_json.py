"""CycloneDX 1.4 to 1.7 as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from bomvet.plugin import RenderOptions, Report
from bomvet.reports._cyclonedx import document, with_serial

if TYPE_CHECKING:
    from bomvet.model.result import ScanResult


def render(result: ScanResult, options: RenderOptions) -> bytes:
    """The document, indented, with a final line end."""
    data = orjson.dumps(document(result, options.spec_version), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return with_serial(data)


CYCLONEDX_JSON = Report(
    id="cyclonedx-json",
    title="CycloneDX 1.4-1.7, JSON",
    media_type="application/vnd.cyclonedx+json",
    extension=".cdx.json",
    render=render,
)
