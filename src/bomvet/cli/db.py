"""`bomvet db`."""

from __future__ import annotations

import datetime as dt
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from bomvet.cli import _options as opt
from bomvet.cli import _streams
from bomvet.cli import _values as values
from bomvet.cli._output import say
from bomvet.errors import NotEstablishedError, UsageError

if TYPE_CHECKING:
    from bomvet.advisories.database import DatabaseStatus, ImportResult

app = typer.Typer(help="The offline advisory database.", no_args_is_help=True)

Paths = Annotated[
    list[str],
    typer.Argument(help="Folders, zip archives or JSON files of OSV records.", metavar="PATH..."),
]


def _date(text: str) -> dt.datetime:
    """A date or time, UTC where it names no zone; raises `ValueError`."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"must be a date such as 2026-01-31, not {text!r}") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    if moment > dt.datetime.now(dt.UTC):
        raise ValueError(f"lies in the future: {text!r}")
    return moment


def _max_age(text: str) -> dt.timedelta:
    from bomvet.policy.document import max_age  # noqa: PLC0415 - the help text needs none of it

    return max_age(text)


def _form(text: str) -> str:
    if text not in ("table", "json"):
        raise ValueError(f"must be table or json, not {text!r}")
    return text


AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        help="When the data was obtained (2026-01-31, or with time and zone); default: now.",
        metavar="DATE",
        envvar="BOMVET_AS_OF",
        callback=opt.given(_date),
    ),
]
MaxAge = Annotated[
    str | None,
    typer.Option(
        "--max-age",
        help="Oldest advisory data to trust, such as 7d or 36h; exit 3 beyond it.",
        metavar="AGE",
        envvar="BOMVET_MAX_AGE",
        callback=opt.given(_max_age),
    ),
]
StatusFormat = Annotated[
    str,
    typer.Option(
        "--format",
        "-f",
        help="table or json.",
        metavar="FORMAT",
        envvar="BOMVET_FORMAT",
        callback=opt.given(_form),
    ),
]


@app.command("import")
def import_(paths: Paths, db: opt.Db = None, as_of: AsOf = None) -> int:
    """Put advisories into the database, in the place of what it holds.

    PATH has the layout of OSV's public bucket (ECO/all.zip, ECO/ID.json) or any part of it. The old database
    stays as it is where the import does not come to its end.
    """
    obtained = _date(as_of) if as_of else dt.datetime.now(dt.UTC)
    for path in paths:
        if not (os.path.isdir(path) or os.path.isfile(path)):
            raise UsageError(
                f"no such file or folder: {path!r}",
                hint="a folder or zip in the layout of OSV's bucket, or JSON records",
            )
    result = _imported(paths, values.database(db), obtained)
    for fault in result.faults:
        say(f"note: {fault}")
    _print_status(result.status, dt.datetime.now(dt.UTC))
    return 0


def _imported(paths: list[str], place: str, obtained: dt.datetime) -> ImportResult:
    from bomvet.advisories import bucket, database  # noqa: PLC0415 - the help text needs none of it

    try:
        return database.build(
            place,
            (record for path in paths for record in bucket.raw_records(path)),
            source=", ".join(_text(os.path.basename(os.path.abspath(path))) for path in paths),
            obtained=obtained,
            progress=lambda count: _progress(f"{count:,} records"),
        )
    except database.NoRecordError as error:
        _progress("")
        for fault in error.faults:
            say(f"note: {fault}")
        raise UsageError(f"{error}: {', '.join(map(repr, paths))}", hint=error.hint) from None
    finally:
        _progress("")


@app.command("status")
def status(db: opt.Db = None, max_age: MaxAge = None, form: StatusFormat = "table") -> int:
    """Show what the database holds: records per ecosystem, age, source, digest."""
    from bomvet.advisories.database import AdvisoryDatabase  # noqa: PLC0415 - the help text needs none of it

    path, now = os.path.abspath(values.database(db)), dt.datetime.now(dt.UTC)
    try:
        with AdvisoryDatabase.open(path) as database:
            found = database.status()
    except NotEstablishedError as error:
        raise NotEstablishedError(f"{path}: {error}", hint=error.hint) from None
    if form == "json":
        _print_json(path, found, now)
    else:
        print(f"path       {_text(path)}")
        _print_status(found, now)
    age, limit = _age(found, now), _max_age(max_age) if max_age else None
    if limit is not None and age > limit:
        raise NotEstablishedError(
            f"the advisory data is {_span(age, limit)} old, and {_span(limit, limit)} is the limit",
            hint="import newer data: bomvet db import PATH",
        )
    return 0


def _age(status: DatabaseStatus, now: dt.datetime) -> dt.timedelta:
    return now - dt.datetime.fromisoformat(status.snapshot.obtained)


def _span(span: dt.timedelta, limit: dt.timedelta) -> str:
    """`span` in days, or in hours where `limit` is no number of days."""
    day, hour = dt.timedelta(days=1), dt.timedelta(hours=1)
    count, unit = (span // hour, "hour") if limit % day else (span // day, "day")
    return f"{count:,} {unit}{'' if count == 1 else 's'}"


def _text(text: str) -> str:
    """`text` fit to be printed and stored: bytes that are not UTF-8 escaped, control characters replaced."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in _streams.readable(text))


def _progress(text: str) -> None:
    """Show `text` on a terminal, in the place of what it showed before."""
    if sys.stderr.isatty():
        print(f"\r{text:<20}\r", end="", file=sys.stderr)


def _print_json(path: str, status: DatabaseStatus, now: dt.datetime) -> None:
    import json  # noqa: PLC0415 - for this format alone

    snapshot = status.snapshot
    document = {
        "path": _streams.readable(path),
        "obtained": snapshot.obtained,
        "age_days": _age(status, now).days,
        "source": snapshot.source,
        "digest": snapshot.digest,
        "records": snapshot.records,
        "tolerated": status.tolerated,
        "unreadable": status.unreadable,
        "ecosystems": [
            {"name": item.name, "records": item.records, "withdrawn": item.withdrawn} for item in status.ecosystems
        ],
    }
    print(json.dumps(document, indent=2))


def _print_status(status: DatabaseStatus, now: dt.datetime) -> None:
    snapshot, days = status.snapshot, _age(status, now).days
    print(f"records    {snapshot.records:,}")
    print(f"obtained   {snapshot.obtained} ({days} day{'' if days == 1 else 's'} ago)")
    print(f"source     {_text(snapshot.source)}")
    print(f"digest     {_text(snapshot.digest)}")
    print(f"tolerated  {status.tolerated:,} records that break the schema in part")
    print(f"unreadable {status.unreadable:,} files that hold no record")
    print()
    print("ECOSYSTEM               RECORDS  WITHDRAWN")
    for item in status.ecosystems:
        print(f"{_text(item.name):<22} {item.records:>8,} {item.withdrawn:>10,}")
