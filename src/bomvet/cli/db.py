"""`bomvet db`."""

from __future__ import annotations

import datetime as dt
import os
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bomvet.cli import _options as opt
from bomvet.cli import _streams
from bomvet.cli import _values as values
from bomvet.cli._output import say
from bomvet.errors import MalformedError, NotEstablishedError, UsageError

if TYPE_CHECKING:
    from bomvet.advisories.database import Catalogues, DatabaseStatus, ImportResult
    from bomvet.advisories.search import Match
    from bomvet.advisories.update import Options, Outcome
    from bomvet.model.facts import Catalogue

app = typer.Typer(help="The offline advisory database.", no_args_is_help=True)

Paths = Annotated[
    list[str],
    typer.Argument(
        help="Folders, zip archives or JSON files of OSV records, files of KEV or EPSS, or one exported database.",
        metavar="PATH...",
    ),
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


def _service(text: str) -> str:
    from bomvet.policy.document import service_url  # noqa: PLC0415 - the help text needs none of it

    return service_url(text)


def _catalogue_url(text: str) -> str:
    return text if text == "none" else _service(text)


def _digest(text: str) -> str:
    """`text`, if it is a digest; raises `ValueError`."""
    name, _, value = text.partition(":")
    if name != "sha256" or len(value) != 64 or not set(value) <= set("0123456789abcdef"):  # noqa: PLR2004 - of SHA-256
        raise ValueError(f"must be sha256: and 64 digits, not {text!r}")
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
Digest = Annotated[
    str | None,
    typer.Option(
        "--digest",
        help="What the digest of the exported file has to be, as db export told it.",
        metavar="sha256:HEX",
        envvar="BOMVET_DIGEST",
        callback=opt.given(_digest),
    ),
]
Ecosystems = Annotated[
    list[str] | None,
    typer.Option(
        "--ecosystem",
        help="Update this ecosystem alone; repeatable. [default: PyPI, npm, and what the database has besides]",
        metavar="NAME",
        envvar="BOMVET_ECOSYSTEM",
        callback=opt.given(),
    ),
]
Mirrors = Annotated[
    list[str] | None,
    typer.Option(
        "--db-url",
        "--url",
        help="Where OSV's bucket is; of several the next is asked where one fails. [default: OSV's own]",
        metavar="URL",
        envvar="BOMVET_DB_URL",
        callback=opt.given(_service),
    ),
]
KevUrl = Annotated[
    str | None,
    typer.Option(
        "--kev-url",
        help="Where CISA's catalogue of exploited vulnerabilities is, or none. [default: CISA's own]",
        metavar="URL",
        envvar="BOMVET_KEV_URL",
        callback=opt.given(_catalogue_url),
    ),
]
EpssUrl = Annotated[
    str | None,
    typer.Option(
        "--epss-url",
        help="Where the scores of EPSS are, or none. [default: FIRST's own]",
        metavar="URL",
        envvar="BOMVET_EPSS_URL",
        callback=opt.given(_catalogue_url),
    ),
]
Full = Annotated[bool, typer.Option("--full", help="Fetch all records, whatever has changed.", envvar="BOMVET_FULL")]
ExportFile = Annotated[str, typer.Argument(help="The file to write.", metavar="FILE", callback=opt.given())]
Query = Annotated[
    str,
    typer.Argument(
        help="An id or alias of an advisory, the name of a package, or a purl.", metavar="QUERY", callback=opt.given()
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


@app.command("update")
def update(
    db: opt.Db = None,
    ecosystem: Ecosystems = None,
    url: Mirrors = None,
    kev_url: KevUrl = None,
    epss_url: EpssUrl = None,
    full: Full = False,
    config: opt.Config = None,
    offline: opt.Offline = False,
) -> int:
    """Fetch what has changed from OSV's bucket, and the catalogues of what is exploited (KEV, EPSS).

    What is there stays as it is where something cannot be fetched whole, and the exit code is 3.
    """
    if offline:
        raise UsageError("db update opens connections, and --offline forbids that", hint="db import takes files")
    mirrors = url or _policy_mirrors(config)
    outcome = _updated(values.database(db), _options(ecosystem, mirrors, kev_url, epss_url, full=full))
    for line in outcome.lines:
        say(line)
    if outcome.result:
        for fault in outcome.result.faults:
            say(f"note: {fault}")
        _print_status(outcome.result.status, dt.datetime.now(dt.UTC))
    for failure in outcome.failures:
        say(f"bomvet: {failure}")
    if outcome.failures:
        raise NotEstablishedError(
            "not all could be fetched; of that the database is as it was",
            hint="run it again, which goes on where it stopped, or name a mirror: --url URL",
        )
    return 0


def _policy_mirrors(config: str | None) -> list[str]:
    from bomvet.policies import load_policy  # noqa: PLC0415 - the help text needs none of it

    return [*load_policy(config or "").mirrors]


def _options(
    ecosystem: list[str] | None, mirrors: list[str], kev_url: str | None, epss_url: str | None, *, full: bool
) -> Options:
    from bomvet.advisories.update import BUCKET, EPSS, KEV, Options  # noqa: PLC0415 - as above

    return Options(
        mirrors=tuple(_service(each) for each in mirrors) or (BUCKET,),
        ecosystems=tuple(ecosystem or ()),
        kev="" if kev_url == "none" else kev_url or KEV,
        epss="" if epss_url == "none" else epss_url or EPSS,
        full=full,
    )


def _updated(place: str, options: Options) -> Outcome:
    from bomvet import net  # noqa: PLC0415 - the help text needs none of it
    from bomvet.advisories.update import Updater  # noqa: PLC0415 - the same

    try:
        with net.Client() as client:
            now = dt.datetime.now(dt.UTC)
            updater = Updater(
                place=place, options=options, download=net.download, http=client, now=now, progress=_progress
            )
            return updater.run()
    finally:
        _progress("")


@app.command("import")
def import_(paths: Paths, db: opt.Db = None, as_of: AsOf = None, digest: Digest = None) -> int:
    """Put advisories into the database, in the place of what it holds.

    PATH has the layout of OSV's public bucket (ECO/all.zip, ECO/ID.json) or any part of it, or is a catalogue of what
    is exploited, or the file of db export. The old database stays as it is where the import does not come to its end.
    """
    from bomvet.advisories import exchange  # noqa: PLC0415 - the help text needs none of it

    obtained = _date(as_of) if as_of else dt.datetime.now(dt.UTC)
    for path in paths:
        if not (os.path.isdir(path) or os.path.isfile(path)):
            raise UsageError(
                f"no such file or folder: {path!r}",
                hint="a folder or zip in the layout of OSV's bucket, or JSON records",
            )
    place, exported = values.database(db), [path for path in paths if exchange.recognised(path)]
    if exported or digest:
        _expect_alone(paths, exported, as_of)
        return _loaded(place, paths[0], digest or "")
    result = _imported(paths, place, obtained)
    for fault in result.faults:
        say(f"note: {fault}")
    _print_status(result.status, dt.datetime.now(dt.UTC))
    return 0


def _expect_alone(paths: list[str], exported: list[str], as_of: str | None) -> None:
    if not exported:
        raise UsageError("--digest is for the file of db export, which this is not", hint="nothing was changed")
    if len(paths) > 1 or as_of:
        raise UsageError(
            f"{exported[0]!r} is an exported database, which is a whole with its own date",
            hint="import it by itself, without --as-of",
        )


def _loaded(place: str, path: str, digest: str) -> int:
    from bomvet.advisories import exchange  # noqa: PLC0415 - the help text needs none of it

    try:
        found, file_digest = exchange.load(place, path, digest, lambda count: _progress(f"{count:,} records"))
    finally:
        _progress("")
    say(f"read {_text(path)} ({file_digest})")
    _print_status(found, dt.datetime.now(dt.UTC))
    return 0


def _imported(paths: list[str], place: str, obtained: dt.datetime) -> ImportResult:
    from bomvet.advisories import bucket, database  # noqa: PLC0415 - the help text needs none of it

    catalogues, rest = _catalogues(paths, place)
    if catalogues and not rest:
        return _with_catalogues(place, catalogues)
    try:
        return database.build(
            place,
            (record for path in rest for record in bucket.raw_records(path)),
            source=", ".join(_text(os.path.basename(os.path.abspath(path))) for path in rest),
            obtained=obtained,
            progress=lambda count: _progress(f"{count:,} records"),
            catalogues=catalogues,
        )
    except database.NoRecordError as error:
        _progress("")
        for fault in error.faults:
            say(f"note: {fault}")
        raise UsageError(f"{error}: {', '.join(map(repr, rest))}", hint=error.hint) from None
    finally:
        _progress("")


def _catalogues(paths: list[str], place: str) -> tuple[Catalogues, list[str]]:
    """The catalogues of what is exploited among the files, and all other paths."""
    from bomvet.advisories import exploitation as exploited  # noqa: PLC0415 - the help text needs none of it

    found: dict[str, tuple[Catalogue, list[Any]]] = {}
    rest = []
    for path in paths:
        data = _start(path, exploited.HEAD_BYTES)
        kind = exploited.recognised(data) if data else None
        if not kind:
            rest.append(path)
            _tell_passed_over(path)
            continue
        try:
            data = _start(path, exploited.MAX_BYTES + 1)
            reading = exploited.read_catalogue(data, kind, _bands(place) if kind == "epss" else {})
        except MalformedError as error:
            raise UsageError(f"{path}: {error}", hint="nothing was changed") from None
        for fault in reading.faults:
            say(f"note: {path}: {fault}")
        if reading.bad:
            say(f"note: {path}: {reading.bad:,} rows could not be read")
        found[kind] = (reading.catalogue, reading.rows)
    return found, rest


def _tell_passed_over(folder: str) -> None:
    """Say which files of `folder` are catalogues: of several, and of old ones, nobody could say which is meant."""
    from bomvet.advisories import exploitation as exploited  # noqa: PLC0415 - the help text needs none of it

    names = (os.path.join(at, name) for at, _, files in os.walk(folder) for name in sorted(files))
    likely = (name for name in names if name.endswith((".csv", ".gz")) or "known_exploited" in name)
    for path in likely:
        if not os.path.islink(path) and exploited.recognised(_start(path, exploited.HEAD_BYTES)):
            name = _text(os.path.relpath(path, folder))
            say(f"note: {name} is passed over: KEV and EPSS are read where they are named")


def _start(path: str, size: int) -> bytes:
    """The first bytes of a file; none of what is no file or cannot be read, which the import tells."""
    try:
        with open(path, "rb") as file:
            return file.read(size)
    except OSError:
        return b""


def _bands(place: str) -> dict[str, str]:
    """The bands of the scores so far, which a score leaves by a margin alone."""
    from bomvet.advisories.database import AdvisoryDatabase  # noqa: PLC0415 - the help text needs none of it

    try:
        with AdvisoryDatabase.open(place) as database:
            return {row[0]: row[3] for row in database.catalogue_rows("epss")}
    except NotEstablishedError:
        return {}


def _with_catalogues(place: str, catalogues: Catalogues) -> ImportResult:
    from bomvet.advisories import database  # noqa: PLC0415 - the help text needs none of it

    for name, (about, rows) in catalogues.items():
        database.put_catalogue(place, name, about, rows)
    with database.AdvisoryDatabase.open(place) as opened:
        return database.ImportResult(status=opened.status(), faults=())


@app.command("export")
def export(file: ExportFile, db: opt.Db = None) -> int:
    """Write the database into one file, for db import to read where there is no network."""
    from bomvet.advisories import exchange  # noqa: PLC0415 - the help text needs none of it

    try:
        digest = exchange.export(values.database(db), file, lambda count: _progress(f"{count:,} records"))
    finally:
        _progress("")
    print(f"{digest}  {_text(file)}")
    return 0


@app.command("search")
def search(query: Query, db: opt.Db = None, form: StatusFormat = "table") -> int:
    """Show the advisories under QUERY; exit 1 where there is none. Of a purl with a version, those that affect it."""
    from bomvet.advisories.database import AdvisoryDatabase  # noqa: PLC0415 - the help text needs none of it
    from bomvet.advisories.search import find  # noqa: PLC0415 - the same

    with AdvisoryDatabase.open(values.database(db)) as database:
        found = find(database, query)
    if form == "json":
        _print_found_json(query, found)
    elif found:
        _print_found(found)
    else:
        say(f"nothing is known under {_text(query)}")
    return 0 if found else 1


def _print_found(found: list[Match]) -> None:
    width = max(len("ID"), *(len(_text(one.record["id"])) for one in found))
    print(f"{'ID':<{width}}  {'SEVERITY':<8}  PACKAGES AND SUMMARY")
    for one in found:
        names = [_text(f"{ecosystem}/{name}") for ecosystem, name in one.packages]
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        gone = " (withdrawn)" if one.record["withdrawn"] else ""
        print(f"{_text(one.record['id']):<{width}}  {_severity(one):<8}  {', '.join(names[:_NAMED])}{more}{gone}")
        aliases = ", ".join(map(_text, (*one.record["aliases"], *one.record["upstream"])))
        for line in (aliases, _text(one.evidence), _text(one.record["summary"])):
            if line:
                print(f"{'':<{width + 12}}{line}")


#: So many packages of a record are named.
_NAMED = 5


def _severity(one: Match) -> str:
    from bomvet.advisories.severity import group_rating  # noqa: PLC0415 - the help text needs none of it

    return group_rating([one.record]).severity.value


def _print_found_json(query: str, found: list[Match]) -> None:
    import json  # noqa: PLC0415 - for this format alone

    keys = ("id", "aliases", "upstream", "summary", "references", "published", "modified", "withdrawn")
    advisories = [
        {
            **{key: one.record[key] for key in keys},
            "severity": _severity(one),
            "cwes": [f"CWE-{number}" for number in one.record["cwes"]],
            "packages": [{"ecosystem": ecosystem, "name": name} for ecosystem, name in one.packages],
            **({"evidence": one.evidence} if one.evidence else {}),
        }
        for one in found
    ]
    print(json.dumps({"query": _streams.readable(query), "advisories": advisories}, indent=2))


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


_WIDTH = 60


def _progress(text: str) -> None:
    """Show `text` on a terminal, in the place of what it showed before."""
    if sys.stderr.isatty():
        print(f"\r{text:<{_WIDTH}.{_WIDTH}}\r", end="", file=sys.stderr, flush=True)


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
        "updates": [
            {"ecosystem": feed.name, "changes_until": feed.seen, "full": feed.full, "checked": feed.checked}
            for feed in status.feeds
        ],
        "catalogues": {
            name: {"date": about.date, "version": about.version, "entries": about.entries}
            for name, about in status.catalogues.items()
        },
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
    for name, about in status.catalogues.items():
        version = f" ({_text(about.version)})" if about.version else ""
        print(f"{name:<10} {about.entries:,} entries of {_text(about.date)}{version}")
    print()
    print("ECOSYSTEM               RECORDS  WITHDRAWN")
    for item in status.ecosystems:
        print(f"{_text(item.name):<22} {item.records:>8,} {item.withdrawn:>10,}")
