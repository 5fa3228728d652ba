"""Options that several commands share; each has its environment variable `BOMVET_<OPTION>`.

Typer answers a wrong flag; a wrong text is answered here, by the callback that `given` makes: it knows whether
the command line or the environment has said it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bomvet.errors import UsageError
from bomvet.model.inventory import Contact
from bomvet.pipeline import Subject

if TYPE_CHECKING:
    from bomvet.policy.document import Policy

Callback = Callable[[typer.Context, typer.CallbackParam, Any], Any]

SPEC_VERSIONS = ("1.4", "1.5", "1.6", "1.7")
SPEC_VERSION = "1.6"
_ADDRESS = r"[^\s<>@]+@[^\s<>@]+"
#: A name holds no bracket, and no address either.
_CONTACT = re.compile(rf"(?!.*\S@\S.*<)(?P<name>[^<>]*[^<>\s])\s*<\s*(?P<email>{_ADDRESS})\s*>|(?P<alone>[^<>]+)")


def given(check: Callable[[str], object] = str) -> Callback:
    """A callback that refuses an empty text, and one that `check` refuses with a `ValueError`; gives it as it is."""

    def callback(context: typer.Context, parameter: typer.CallbackParam, value: Any) -> Any:
        source = getattr(context.get_parameter_source(parameter.name or ""), "name", "")
        stated = value if source in ("COMMANDLINE", "ENVIRONMENT") else None
        for text in [stated] if isinstance(stated, str) else stated or ():
            try:
                _not_empty(text)
                check(text)
            except ValueError as error:
                raise UsageError(f"{_named(parameter, source)} {error}") from None
        return value

    return callback


def _not_empty(text: str) -> None:
    if not text:
        raise ValueError("is empty")


def _named(parameter: typer.CallbackParam, source: str) -> str:
    """How the user calls it: `--fail-on`, `BOMVET_FAIL_ON (--fail-on)` or `TARGET`."""
    name = max(parameter.opts, key=len)
    if not name.startswith("-"):
        return parameter.metavar or name
    return f"{parameter.envvar} ({name})" if source == "ENVIRONMENT" else name


def spec_version(text: str) -> str:
    """`text`, if it is a CycloneDX version that bomvet writes; raises `ValueError`."""
    if text not in SPEC_VERSIONS:
        raise ValueError(f"must be one of {', '.join(SPEC_VERSIONS)}, not {text!r}")
    return text


def scope(text: str) -> str:
    """`text`, if it is a scope that can be left out; raises `ValueError`."""
    if text != "dev":
        raise ValueError(f"knows the scope dev, not {text!r}")
    return text


def contact(text: str) -> Contact:
    """`NAME <EMAIL>` or a name alone; raises `ValueError`."""
    match = _CONTACT.fullmatch(text.strip())
    if not match or re.search(r"\S@\S", match["alone"] or ""):
        raise ValueError(f"must be NAME <EMAIL> or a name, not {text!r}")
    return Contact(name=match["alone"] or match["name"], email=match["email"] or "")


Target = Annotated[str, typer.Argument(help="A folder or file, or dir:PATH.", metavar="TARGET", callback=given())]
Format = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        "-f",
        help="FORMAT or FORMAT=FILE; repeatable: table, json, cyclonedx-json, cyclonedx-xml.",
        metavar="FORMAT[=FILE]",
        envvar="BOMVET_FORMAT",
        callback=given(),
    ),
]
OutputFile = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        help="Write to FILE instead of stdout, which is -.",
        metavar="FILE",
        envvar="BOMVET_OUTPUT",
        callback=given(),
    ),
]
SpecVersion = Annotated[
    str,
    typer.Option(
        "--spec-version",
        help=f"CycloneDX version, 1.4 to 1.7. [default: {SPEC_VERSION}]",
        metavar="VERSION",
        envvar="BOMVET_SPEC_VERSION",
        callback=given(spec_version),
        show_default=False,
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude",
        help="Pass over paths that match; repeatable.",
        metavar="GLOB",
        envvar="BOMVET_EXCLUDE",
        callback=given(),
    ),
]
NoIgnore = Annotated[
    bool, typer.Option("--no-ignore", help="Read also what .gitignore files name.", envvar="BOMVET_NO_IGNORE")
]
Omit = Annotated[
    list[str] | None,
    typer.Option(
        "--omit",
        help="Leave out components of a scope: dev.",
        metavar="SCOPE",
        envvar="BOMVET_OMIT",
        callback=given(scope),
    ),
]
Installed = Annotated[
    bool,
    typer.Option(
        "--installed",
        help="Read installed packages instead of the locks that speak for them.",
        envvar="BOMVET_INSTALLED",
    ),
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
    str | None,
    typer.Option(
        "--source-name",
        help="Name of the root component.",
        metavar="NAME",
        envvar="BOMVET_SOURCE_NAME",
        callback=given(),
    ),
]
SourceVersion = Annotated[
    str | None,
    typer.Option(
        "--source-version",
        help="Version of the root component.",
        metavar="VERSION",
        envvar="BOMVET_SOURCE_VERSION",
        callback=given(),
    ),
]
Author = Annotated[
    str | None,
    typer.Option(
        "--author",
        help="Who answers for the SBOM.",
        metavar='"NAME <EMAIL>"',
        envvar="BOMVET_AUTHOR",
        callback=given(contact),
    ),
]
Config = Annotated[
    str | None,
    typer.Option(
        "--config",
        help="The policy file, instead of the target's own.",
        metavar="FILE",
        envvar="BOMVET_CONFIG",
        callback=given(),
    ),
]
Db = Annotated[
    str | None,
    typer.Option("--db", help="The advisory database file.", metavar="PATH", envvar="BOMVET_DB", callback=given()),
]
Offline = Annotated[
    bool,
    typer.Option("--offline", help="Open no connection (this version opens none).", envvar="BOMVET_OFFLINE"),
]


def subject(
    policy: Policy,
    *,
    name: str | None,
    version: str | None,
    author: str | None,
    omit: list[str] | None,
    installed: bool,
) -> Subject:
    """What the options and the policy say of the scanned thing; raises `UsageError`."""
    return Subject(
        name=name or "",
        version=version or "",
        author=contact(author) if author else _author(policy),
        omit_dev=bool(omit),
        installed=installed,
    )


def _author(policy: Policy) -> Contact | None:
    try:
        return contact(policy.author) if policy.author else None
    except ValueError as error:
        raise UsageError(f"author of {policy.source} {error}") from None


def database(path: str | None) -> str:
    """The file that is meant: `path`, else the default place."""
    from bomvet.api import default_database  # noqa: PLC0415 - slow, and often not needed

    return os.path.expanduser(path) if path else default_database()
