"""`bomvet sbom`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bomvet.cli import _values as values
from bomvet.cli._output import outputs, say, say_some, write

if TYPE_CHECKING:
    # Loads typer, which a plain command line needs no part of; `application` puts it here where typer asks for it.
    from bomvet.cli import _options as opt


def sbom(
    target: opt.Target = ".",
    formats: opt.Format = None,
    output: opt.OutputFile = None,
    spec_version: opt.SpecVersion = values.SPEC_VERSION,
    exclude: opt.Exclude = None,
    no_ignore: opt.NoIgnore = False,
    omit: opt.Omit = None,
    installed: opt.Installed = False,
    python: opt.Python = None,
    platform: opt.Platform = None,
    resolve: opt.Resolve = False,
    offline: opt.Offline = False,
    source_name: opt.SourceName = None,
    source_version: opt.SourceVersion = None,
    author: opt.Author = None,
    config: opt.Config = None,
    allow_incomplete: opt.AllowIncomplete = None,
    provenance: opt.Provenance = None,
    attestations: opt.Attestations = None,
    trusted_root: opt.TrustedRoot = None,
    npm_keys: opt.NpmKeys = None,
) -> int:
    """Write the SBOM of a project.

    What it is made of, without vulnerabilities: CycloneDX JSON to stdout unless -f says otherwise. Exit code 3
    means that some file could not be understood, or provenance not established, and the SBOM says so; it is written
    all the same.
    """
    from bomvet import api, policies  # noqa: PLC0415 - the help text needs none of it

    wanted = outputs(formats or ["cyclonedx-json"], output)
    policy = policies.load_policy(config or "", target=target)
    named: Any = {"name": source_name, "version": source_version, "author": author, "omit": omit}
    read: Any = {"installed": installed, "python": python, "platform": platform}
    proves = bool(provenance or attestations)
    result = api.sbom(
        target,
        subject=values.subject(policy, **named, **read),
        resolve=values.resolve(wanted=resolve, offline=offline),
        exclude=(*policy.exclude, *(exclude or ())),
        use_ignore_files=not no_ignore,
        provenance=values.proved(policy, verify=bool(provenance)) if proves else None,
        proofs=values.proofs(attestations, None, trusted_root, npm_keys),
        offline=offline,
    )
    write(result, wanted, spec_version)
    unknowns = result.inventory.unknowns
    unproved = [(purl, answer) for purl, answer in sorted(result.facts.provenance.items()) if answer.is_open]
    if not any(item.report.id == "table" and not item.path for item in wanted):
        say_some(
            (*(f"{u.location}: {u.reason}" for u in unknowns), *(f"{purl}: {a.reason}" for purl, a in unproved)),
            before="not established: ",
            where=", all listed in the SBOM",
        )
        say_some((f"{s.path}: {s.reason}" for s in result.target.skipped), before="passed over: ")
    if not result.inventory.components:
        say("note: no component was found")
    allowed = policy.allow_incomplete if allow_incomplete is None else allow_incomplete
    return 3 if (unknowns or unproved) and not allowed else 0
