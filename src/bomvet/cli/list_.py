"""`bomvet list`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bomvet.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

What = Annotated[str, typer.Argument(help="resolvers, enrichers, rules or formats.", metavar="WHAT")]


def list_(what: What) -> int:
    """Show what this build can do, including installed plug-ins."""
    rows = _KINDS.get(what)
    if rows is None:
        raise UsageError(f"{what!r} cannot be listed", hint=f"known are: {', '.join(_KINDS)}")
    found = rows()
    width = max(len(row[0]) for row in found)
    for name, text in found:
        print(f"{name:<{width}}  {text}")
    return 0


def _resolvers() -> list[tuple[str, str]]:
    from bomvet.plugin import Resolver, discover  # noqa: PLC0415 - the help text needs none of it

    return [(r.id, f"{r.title}  ({' '.join(r.globs)})") for r in discover("bomvet.resolvers", Resolver)]


def _enrichers() -> list[tuple[str, str]]:
    from bomvet.plugin import Enricher, discover  # noqa: PLC0415

    return [(e.id, e.title) for e in discover("bomvet.enrichers", Enricher)]


def _rules() -> list[tuple[str, str]]:
    from bomvet.plugin import Check, discover  # noqa: PLC0415

    return [(c.id, c.rule.title) for c in discover("bomvet.checks", Check)]


def _formats() -> list[tuple[str, str]]:
    from bomvet.plugin import Report, discover  # noqa: PLC0415

    return [(r.id, r.title) for r in discover("bomvet.reports", Report)]


_KINDS: dict[str, Callable[[], list[tuple[str, str]]]] = {
    "resolvers": _resolvers,
    "enrichers": _enrichers,
    "rules": _rules,
    "formats": _formats,
}
