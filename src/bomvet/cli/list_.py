"""`bomvet list`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bomvet.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

What = Annotated[str, typer.Argument(help="resolvers, enrichers, rules, formats or settings.", metavar="WHAT")]


def list_(what: What) -> int:
    """Show what this build can do.

    Installed plug-ins are among it. The settings are those of the policy file: bomvet.toml, or [tool.bomvet] in
    pyproject.toml.
    """
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

    checks = discover("bomvet.checks", Check)
    return [(c.id, c.rule.title + ("" if c.rule.enabled else "  (off unless the policy enables it)")) for c in checks]


def _formats() -> list[tuple[str, str]]:
    from bomvet.plugin import Report, discover  # noqa: PLC0415

    return [(r.id, r.title) for r in discover("bomvet.reports", Report)]


#: Every key of the policy file with its default in TOML, empty where there is none, and what it does.
SETTINGS = (
    ("fail-on", '"high"', "what fails: conditions such as high, kev or epss>0.5 and runtime, of which any refuses"),
    ("unknown-severity", '"fail"', "what a finding without known severity does: fail, incomplete or pass"),
    ("allow-incomplete", "false", "open questions warn instead of giving exit code 3"),
    ("require-components", "false", "a result without components fails"),
    ("exclude", "[]", "patterns of paths to pass over"),
    ("registries", "[]", "URLs of registries that packages may come from, besides those of the project's clients"),
    ("cool-down", '"0"', "how many days old a release has to be: 7d; 0 for none"),
    ("ask-registries", "false", "ask the registries about every package: yanked, deprecated, removed, age"),
    ("author", "", "who answers for the SBOM: NAME <EMAIL> or a name"),
    ("vex", "[]", "patterns of VEX documents in the project, whose statements answer findings"),
    ("vex-products", "[]", "purls or other names by which VEX statements may call the project"),
    ("advisories", '"auto"', "auto: the database if it is fresh, else OSV's service; or one of database, online"),
    ("exploitation.kev-url", "", "where to ask for KEV where the database has none, instead of CISA; or none"),
    ("exploitation.epss-url", "", "where to ask for EPSS where the database has none, instead of FIRST; or none"),
    ("osv.url", '"https://api.osv.dev"', "the service to ask for advisories"),
    ("osv.private", "[]", "patterns of package names that are not sent to the service: @acme/*"),
    ("provenance.verify", "false", "verify who built every locked artefact; what cannot be established is open"),
    ("provenance.exempt", "[]", "patterns of purls whose provenance nobody asks about: pkg:npm/@acme/*"),
    ("provenance.require-proof", "false", "take no promise of the transparency log for a proof"),
    ("db.max-age", '"7d"', "oldest advisory data to trust, in days or hours: 7d, 36h"),
    ("db.url", "", "where db update finds the advisories, instead of OSV's bucket; a list: mirrors in sequence"),
    ("enable", "[]", "ids of built-in rules to run that are off by themselves: unattested"),
    ("disable", "[]", "ids of built-in rules that are not run"),
    ("severity", "{}", 'a table [severity]: what a built-in rule weighs, such as unpinned-git = "low"'),
    ("rules", "[]", "rules of your own, each a table [[rules]] of the keys below"),
    ("rules.id", "", "needed: words such as no-copyleft"),
    ("rules.when", "", "needed: an expression in CEL that is true of what is wrong"),
    ("rules.on", "", "what it is about: component, as where nothing is stated, advisory, release or service"),
    ("rules.severity", "", "critical, high, as where nothing is stated, medium, low or none"),
    ("rules.message", "", "what is wrong, in one line"),
    ("rules.help", "", "why that matters, in a few sentences"),
    ("rules.remediation", "", "what to do about it"),
    ("waivers", "[]", "findings to live with for a while, each a table [[waivers]] of the keys below"),
    ("waivers.id", "", "needed: any name of the finding, or the id of its rule"),
    ("waivers.reason", "", "needed: why it may wait"),
    ("waivers.owner", "", "needed: who answers for that"),
    ("waivers.expires", "", "needed: the last day (UTC) on which it counts: 2026-12-31"),
    ("waivers.purl", "", "only this package, with or without version"),
    ("waivers.versions", "", "only these versions of it: >=1.0, <1.4.2"),
    ("waivers.path", "", "only where all places of the component match this pattern"),
    ("unused-waivers", '"warn"', "what a waiver that covers nothing does: warn or fail"),
    ("ignore-files", "[]", "lists of other tools to take waivers from: .trivyignore, osv-scanner.toml, .grype.yaml"),
    ("ignores.owner", "", "who answers for their entries"),
    ("ignores.reason", "", "the reason of entries that state none"),
    ("ignores.expires", "", "the last day of entries that state none"),
    ("tests", "[]", "made-up findings and what becomes of them, each a table [[tests]], for bomvet policy test"),
)


def _settings() -> list[tuple[str, str]]:
    return [(key, f"{text} [default: {default}]" if default else text) for key, default, text in SETTINGS]


_KINDS: dict[str, Callable[[], list[tuple[str, str]]]] = {
    "resolvers": _resolvers,
    "enrichers": _enrichers,
    "rules": _rules,
    "formats": _formats,
    "settings": _settings,
}
