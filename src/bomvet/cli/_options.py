"""Options that several commands share; each has its environment variable `BOMVET_<OPTION>`."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from bomvet.errors import UsageError
from bomvet.model.inventory import Contact
from bomvet.pipeline import Subject

Target = Annotated[str, typer.Argument(help="A folder or file, or dir:PATH.", metavar="TARGET")]
Format = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        "-f",
        help="FORMAT or FORMAT=FILE; repeatable.",
        metavar="FORMAT[=FILE]",
        envvar="BOMVET_FORMAT",
    ),
]
OutputFile = Annotated[
    str,
    typer.Option("--output", "-o", help="Write to FILE instead of stdout.", metavar="FILE", envvar="BOMVET_OUTPUT"),
]
SpecVersion = Annotated[
    str,
    typer.Option(
        "--spec-version",
        help="CycloneDX version, 1.4 to 1.7.",
        metavar="VERSION",
        envvar="BOMVET_SPEC_VERSION",
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option("--exclude", help="Pass over paths that match; repeatable.", metavar="GLOB", envvar="BOMVET_EXCLUDE"),
]
NoIgnore = Annotated[
    bool, typer.Option("--no-ignore", help="Read also what .gitignore files name.", envvar="BOMVET_NO_IGNORE")
]
Omit = Annotated[
    list[str] | None,
    typer.Option("--omit", help="Leave out components of a scope: dev.", metavar="SCOPE", envvar="BOMVET_OMIT"),
]
AllowIncomplete = Annotated[
    bool | None,
    typer.Option(
        "--allow-incomplete/--no-allow-incomplete",
        help="Warn, instead of exit 3, where an answer could not be established.",
        envvar="BOMVET_ALLOW_INCOMPLETE",
        show_default=False,
    ),
]
SourceName = Annotated[
    str,
    typer.Option("--source-name", help="Name of the root component.", metavar="NAME", envvar="BOMVET_SOURCE_NAME"),
]
SourceVersion = Annotated[
    str,
    typer.Option(
        "--source-version",
        help="Version of the root component.",
        metavar="VERSION",
        envvar="BOMVET_SOURCE_VERSION",
    ),
]
Author = Annotated[
    str,
    typer.Option("--author", help="Who answers for the SBOM.", metavar='"NAME <EMAIL>"', envvar="BOMVET_AUTHOR"),
]
Config = Annotated[
    str,
    typer.Option(
        "--config",
        help="The policy file, instead of the target's own.",
        metavar="FILE",
        envvar="BOMVET_CONFIG",
    ),
]
Db = Annotated[str, typer.Option("--db", help="The advisory database file.", metavar="PATH", envvar="BOMVET_DB")]
Offline = Annotated[bool, typer.Option("--offline", help="Open no connection.", envvar="BOMVET_OFFLINE")]

SPEC_VERSIONS = ("1.4", "1.5", "1.6", "1.7")


def spec_version(text: str) -> str:
    """`text`, if it is a CycloneDX version that bomvet writes; raises `UsageError`."""
    if text not in SPEC_VERSIONS:
        raise UsageError(f"--spec-version must be one of {', '.join(SPEC_VERSIONS)}, not {text!r}")
    return text


def subject(name: str, version: str, author: str, omit: list[str] | None) -> Subject:
    """What the options say of the scanned thing; raises `UsageError`."""
    for scope in omit or ():
        if scope != "dev":
            raise UsageError(f"--omit knows the scope dev, not {scope!r}")
    return Subject(name=name, version=version, author=contact(author), omit_dev=bool(omit))


def contact(text: str) -> Contact | None:
    """`NAME <EMAIL>` or a name alone; None for nothing."""
    name, _, rest = text.partition("<")
    found = Contact(name=name.strip(), email=rest.rstrip("> ").strip())
    return None if found == Contact() else found


def database(path: str) -> str:
    """The file that is meant: `path`, else the default place."""
    from bomvet.api import default_database  # noqa: PLC0415 - slow, and often not needed

    return os.path.expanduser(path) if path else default_database()
