"""Options that several commands share; each has its environment variable `BOMVET_<OPTION>`.

Typer answers a wrong flag; a wrong text is answered here, by the callback that `given` makes: it knows whether
the command line or the environment has said it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from bomvet.cli._values import SPEC_VERSION, contact, scope, spec_version
from bomvet.errors import UsageError

Callback = Callable[[typer.Context, typer.CallbackParam, Any], Any]


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


Target = Annotated[
    str, typer.Argument(help="A folder or file, dir:PATH, or git:[FOLDER@]REV.", metavar="TARGET", callback=given())
]
Format = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        "-f",
        help="FORMAT or FORMAT=FILE; repeatable: see bomvet list formats.",
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
    typer.Option("--offline", help="Open no connection.", envvar="BOMVET_OFFLINE"),
]


Vex = Annotated[
    list[str] | None,
    typer.Option(
        "--vex",
        help="A VEX document whose statements answer findings: OpenVEX, CSAF or CycloneDX; repeatable.",
        metavar="FILE",
        envvar="BOMVET_VEX",
        callback=given(),
    ),
]
VexProduct = Annotated[
    list[str] | None,
    typer.Option(
        "--vex-product",
        help="What VEX statements call this project; repeatable.",
        metavar="PURL",
        envvar="BOMVET_VEX_PRODUCT",
        callback=given(),
    ),
]
Baseline = Annotated[
    str | None,
    typer.Option(
        "--baseline",
        help="Fail only for what is new: since an earlier result (json or sarif), or a git revision.",
        metavar="FILE|REV",
        envvar="BOMVET_BASELINE",
        callback=given(),
    ),
]


def _fail_on(text: str) -> object:
    from bomvet.policy import document  # noqa: PLC0415 - the help text needs none of it

    return document.fail_on(text)


def _max_age(text: str) -> object:
    from bomvet.policy import document  # noqa: PLC0415 - the help text needs none of it

    return document.max_age(text)


def _cool_down(text: str) -> object:
    from bomvet.policy import document  # noqa: PLC0415 - the help text needs none of it

    return document.cool_down(text)


def _python(text: str) -> object:
    from bomvet.versions import markers  # noqa: PLC0415 - the help text needs none of it

    return markers.python_version(text)


def _platform(text: str) -> object:
    from bomvet.versions import markers  # noqa: PLC0415 - the help text needs none of it

    return markers.platform(text)


def _advisories(text: str) -> object:
    from bomvet.policy import document  # noqa: PLC0415 - the help text needs none of it

    return document.advisories(text)


def _service_url(text: str) -> object:
    from bomvet.policy import document  # noqa: PLC0415 - the help text needs none of it

    return document.service_url(text)


Advisories = Annotated[
    str | None,
    typer.Option(
        "--advisories",
        help="Where advisories come from: database, online, or auto: the database if it is fresh. [default: auto]",
        metavar="WHERE",
        envvar="BOMVET_ADVISORIES",
        callback=given(_advisories),
    ),
]
OsvUrl = Annotated[
    str | None,
    typer.Option(
        "--osv-url",
        help="The service to ask for advisories. [default: https://api.osv.dev]",
        metavar="URL",
        envvar="BOMVET_OSV_URL",
        callback=given(_service_url),
    ),
]
CacheDir = Annotated[
    str | None,
    typer.Option(
        "--cache-dir",
        help="Where records of the service and verdicts on evidence are kept.",
        metavar="DIR",
        envvar="BOMVET_CACHE_DIR",
        callback=given(),
    ),
]
FailOn = Annotated[
    str | None,
    typer.Option(
        "--fail-on",
        help="What fails: critical, high, medium, low, never, kev, epss>0.5 ...; a comma is or. [default: high]",
        metavar="CONDITIONS",
        envvar="BOMVET_FAIL_ON",
        callback=given(_fail_on),
    ),
]
IgnoreFiles = Annotated[
    list[str] | None,
    typer.Option(
        "--ignore-file",
        help="Take waivers from a .trivyignore, osv-scanner.toml or .grype.yaml; repeatable.",
        metavar="FILE",
        envvar="BOMVET_IGNORE_FILE",
        callback=given(),
    ),
]
MaxAge = Annotated[
    str | None,
    typer.Option(
        "--max-age",
        help="Oldest advisory data to trust, such as 7d or 36h. [default: 7d]",
        metavar="AGE",
        envvar="BOMVET_MAX_AGE",
        callback=given(_max_age),
    ),
]
CoolDown = Annotated[
    str | None,
    typer.Option(
        "--cool-down",
        help="How many days old a release has to be, such as 7d. [default: 0]",
        metavar="DAYS",
        envvar="BOMVET_COOL_DOWN",
        callback=given(_cool_down),
    ),
]
AskRegistries = Annotated[
    bool | None,
    typer.Option(
        "--ask-registries/--no-ask-registries",
        help="Ask package registries what is yanked, deprecated, removed or new.",
        envvar="BOMVET_ASK_REGISTRIES",
        show_default=False,
    ),
]
Provenance = Annotated[
    bool | None,
    typer.Option(
        "--provenance/--no-provenance",
        help="Verify who built every locked artefact, by asking the registries.",
        envvar="BOMVET_PROVENANCE",
        show_default=False,
    ),
]
Attestations = Annotated[
    list[str] | None,
    typer.Option(
        "--attestations",
        help="A folder or file of recorded attestations; repeatable.",
        metavar="PATH",
        envvar="BOMVET_ATTESTATIONS",
        callback=given(),
    ),
]
Identities = Annotated[
    str | None,
    typer.Option(
        "--identities",
        help="The publishers to expect. [default: the target's bomvet.identities.toml]",
        metavar="FILE",
        envvar="BOMVET_IDENTITIES",
        callback=given(),
        show_default=False,
    ),
]
TrustedRoot = Annotated[
    str | None,
    typer.Option(
        "--trusted-root",
        help="The sigstore authorities and logs to trust, instead of those that ship.",
        metavar="FILE",
        envvar="BOMVET_TRUSTED_ROOT",
        callback=given(),
    ),
]
NpmKeys = Annotated[
    str | None,
    typer.Option(
        "--npm-keys",
        help="Further keys of npm registries, as these state them.",
        metavar="FILE",
        envvar="BOMVET_NPM_KEYS",
        callback=given(),
    ),
]
RequireComponents = Annotated[
    bool | None,
    typer.Option(
        "--require-components/--no-require-components",
        help="Fail where no component is found.",
        envvar="BOMVET_REQUIRE_COMPONENTS",
        show_default=False,
    ),
]
Drift = Annotated[
    bool,
    typer.Option(
        "--drift", help="Compare installed packages with the locks that speak for them.", envvar="BOMVET_DRIFT"
    ),
]
Resolve = Annotated[
    bool,
    typer.Option("--resolve", help="Ask npm and uv for the locks that are missing.", envvar="BOMVET_RESOLVE"),
]
Python = Annotated[
    list[str] | None,
    typer.Option(
        "--python",
        help="Only what this version of Python installs; repeatable.",
        metavar="X.Y",
        envvar="BOMVET_PYTHON",
        callback=given(_python),
    ),
]
Platform = Annotated[
    list[str] | None,
    typer.Option(
        "--platform",
        help="Only what Python installs on this platform; repeatable.",
        metavar="OS/ARCH",
        envvar="BOMVET_PLATFORM",
        callback=given(_platform),
    ),
]
ExitZero = Annotated[bool, typer.Option("--exit-zero", help="Exit 0 whatever the verdict.", envvar="BOMVET_EXIT_ZERO")]
