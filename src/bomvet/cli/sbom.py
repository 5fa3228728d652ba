"""`bomvet sbom`."""

from __future__ import annotations

from bomvet.cli import _options as opt
from bomvet.cli._output import outputs, say, write


def sbom(
    target: opt.Target = ".",
    formats: opt.Format = None,
    output: opt.OutputFile = "",
    spec_version: opt.SpecVersion = "1.6",
    exclude: opt.Exclude = None,
    no_ignore: opt.NoIgnore = False,
    omit: opt.Omit = None,
    source_name: opt.SourceName = "",
    source_version: opt.SourceVersion = "",
    author: opt.Author = "",
    config: opt.Config = "",
    allow_incomplete: opt.AllowIncomplete = None,
) -> int:
    """Write the SBOM of a project: what it is made of, without vulnerabilities.

    CycloneDX JSON to stdout unless -f says otherwise. Exit code 3 means that some file could not be understood
    and the SBOM says so; it is written all the same.
    """
    from bomvet import api  # noqa: PLC0415 - the help text needs none of it

    wanted = outputs(formats or ["cyclonedx-json"], output)
    version = opt.spec_version(spec_version)
    policy = api.load_policy(config, target=target)
    result = api.sbom(
        target,
        subject=opt.subject(source_name, source_version, author or policy.author, omit),
        exclude=(*policy.exclude, *(exclude or ())),
        use_ignore_files=not no_ignore,
    )
    write(result, wanted, version)
    unknowns = result.inventory.unknowns
    for unknown in unknowns[:10]:
        say(f"not established: {unknown.location}: {unknown.reason}")
    if len(unknowns) > 10:  # noqa: PLR2004 - enough to see what is wrong
        say(f"... and {len(unknowns) - 10} more, all listed in the SBOM")
    if not result.inventory.components:
        say("note: no component was found")
    allowed = policy.allow_incomplete if allow_incomplete is None else allow_incomplete
    return 3 if unknowns and not allowed else 0
