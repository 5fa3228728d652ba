"""The whole result as JSON, in the versioned form of `scan-result.schema.json`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.plugin import RenderOptions, Report
from bomvet.reports._json import dumps

if TYPE_CHECKING:
    from bomvet.model.result import ScanResult


def render(result: ScanResult, options: RenderOptions) -> bytes:  # noqa: ARG001 - the signature of a report
    """The document, indented, with a final line end."""
    return dumps(result.to_dict()) + b"\n"


JSON = Report(
    id="json",
    title="bomvet's own result, versioned",
    media_type="application/json",
    extension=".json",
    render=render,
)
