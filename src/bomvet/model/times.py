"""Moments that others state."""

from __future__ import annotations

import datetime as dt


def moment(text: str) -> dt.datetime | None:
    """The moment that RFC 3339 text tells, UTC where it has no zone; None where it tells none."""
    try:
        found = dt.datetime.fromisoformat(text)
        return found if found.tzinfo else found.replace(tzinfo=dt.UTC)
    except (ValueError, OverflowError):
        return None
