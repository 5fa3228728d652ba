"""`bomvet db`."""

from __future__ import annotations

import datetime as dt
import os
import sys
from typing import Annotated

import typer

from bomvet.cli import _options as opt
from bomvet.cli._output import say
from bomvet.errors import UsageError

app = typer.Typer(help="The offline advisory database.", no_args_is_help=True)

Paths = Annotated[
    list[str],
    typer.Argument(help="Folders, zip archives or JSON files of OSV records.", metavar="PATH..."),
]
AsOf = Annotated[
    str,
    typer.Option(
        "--as-of",
        help="When the data was obtained (2026-01-31, or with time and zone); default: now.",
        metavar="DATE",
        envvar="BOMVET_AS_OF",
    ),
]


@app.command("import")
def import_(paths: Paths, db: opt.Db = "", as_of: AsOf = "") -> int:
    """Put advisories into the database, in the place of what it holds.

    PATH has the layout of OSV's public bucket (ECO/all.zip, ECO/ID.json) or any part of it. The old database
    stays as it is where the import does not come to its end.
    """
    from bomvet.advisories import bucket, database  # noqa: PLC0415 - the help text needs none of it

    obtained = _date(as_of) if as_of else dt.datetime.now(dt.UTC)
    result = database.build(
        opt.database(db),
        (record for path in paths for record in bucket.raw_records(path)),
        source=", ".join(os.path.basename(os.path.abspath(path)) for path in paths),
        obtained=obtained,
        progress=_progress,
    )
    for fault in result.faults:
        say(f"note: {fault}")
    _print_status(result.status, dt.datetime.now(dt.UTC))
    return 0


@app.command("status")
def status(db: opt.Db = "") -> int:
    """Show what the database holds: records per ecosystem, age, source, digest."""
    from bomvet.advisories.database import AdvisoryDatabase  # noqa: PLC0415 - the help text needs none of it

    with AdvisoryDatabase.open(opt.database(db)) as database:
        _print_status(database.status(), dt.datetime.now(dt.UTC))
    return 0


def _date(text: str) -> dt.datetime:
    """A date or time, UTC where it names no zone; raises `UsageError`."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--as-of must be a date such as 2026-01-31, not {text!r}") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    if moment > dt.datetime.now(dt.UTC):
        raise UsageError(f"--as-of lies in the future: {text!r}")
    return moment


def _progress(count: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{count:,} records", end="\r", file=sys.stderr)


def _print_status(status: object, now: dt.datetime) -> None:
    from bomvet.advisories.database import DatabaseStatus  # noqa: PLC0415 - already loaded here

    if not isinstance(status, DatabaseStatus):
        raise TypeError(type(status).__name__)
    snapshot = status.snapshot
    age = now - dt.datetime.fromisoformat(snapshot.obtained)
    print(f"records    {snapshot.records:,}")
    print(f"obtained   {snapshot.obtained} ({age.days} days ago)")
    print(f"source     {snapshot.source}")
    print(f"digest     {snapshot.digest}")
    print(f"tolerated  {status.tolerated:,} records that break the schema in part")
    print(f"unreadable {status.unreadable:,} files that hold no record")
    print()
    print("ECOSYSTEM               RECORDS  WITHDRAWN")
    for item in status.ecosystems:
        print(f"{item.name:<22} {item.records:>8,} {item.withdrawn:>10,}")
