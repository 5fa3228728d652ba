"""`bomvet scan`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bomvet.cli import _values as values
from bomvet.cli._output import Output, outputs, say, say_some, write
from bomvet.model.records import replace

if TYPE_CHECKING:
    from collections.abc import Sequence

    # Loads typer, which a plain command line needs no part of; `application` puts it here where typer asks for it.
    from bomvet.cli import _options as opt
    from bomvet.model.finding import Assessment
    from bomvet.model.result import ScanResult
    from bomvet.policy.document import Policy


EXIT_CODES = {"passed": 0, "failed": 1, "incomplete": 3}


def scan(
    target: opt.Target = ".",
    formats: opt.Format = None,
    output: opt.OutputFile = None,
    fail_on: opt.FailOn = None,
    ignore_files: opt.IgnoreFiles = None,
    db: opt.Db = None,
    offline: opt.Offline = False,
    advisories: opt.Advisories = None,
    osv_url: opt.OsvUrl = None,
    cache_dir: opt.CacheDir = None,
    max_age: opt.MaxAge = None,
    allow_incomplete: opt.AllowIncomplete = None,
    require_components: opt.RequireComponents = None,
    vex: opt.Vex = None,
    vex_product: opt.VexProduct = None,
    baseline: opt.Baseline = None,
    cool_down: opt.CoolDown = None,
    ask_registries: opt.AskRegistries = None,
    provenance: opt.Provenance = None,
    attestations: opt.Attestations = None,
    identities: opt.Identities = None,
    trusted_root: opt.TrustedRoot = None,
    npm_keys: opt.NpmKeys = None,
    exit_zero: opt.ExitZero = False,
    exclude: opt.Exclude = None,
    no_ignore: opt.NoIgnore = False,
    omit: opt.Omit = None,
    installed: opt.Installed = False,
    drift: opt.Drift = False,
    python: opt.Python = None,
    platform: opt.Platform = None,
    resolve: opt.Resolve = False,
    spec_version: opt.SpecVersion = values.SPEC_VERSION,
    source_name: opt.SourceName = None,
    source_version: opt.SourceVersion = None,
    author: opt.Author = None,
    config: opt.Config = None,
) -> int:
    """Say what is wrong with a project.

    What, where, why it is there and what to do: a table to stdout unless -f says otherwise. The exit code is the
    verdict: 0 passed, 1 the policy said no, 2 usage, 3 an answer could not be established.
    """
    from bomvet import api, policies  # noqa: PLC0415 - the help text needs none of it

    wanted = outputs(formats or ["table"], output)
    stated = _stated(fail_on, max_age, allow_incomplete, require_components, cool_down, ask_registries)
    policy = policies.load_policy(config or "", target=target, ignore_files=ignore_files or ())
    policy = policies.checked(_with(policy, stated | values.advisories(advisories), exclude))
    policy = values.proved(policy, verify=provenance)
    named: Any = {"name": source_name, "version": source_version, "author": author, "omit": omit}
    read: Any = {"installed": installed, "drift": drift, "python": python, "platform": platform}
    data: Any = {"database": values.database(db), "cache": values.cache(cache_dir), "osv_url": osv_url or ""}
    answered: Any = {"vex": vex or (), "vex_products": vex_product or (), "baseline": baseline or ""}
    how: Any = {"resolve": values.resolve(wanted=resolve, offline=offline), "use_ignore_files": not no_ignore}
    proofs = values.proofs(attestations, identities, trusted_root, npm_keys)
    meant = values.subject(policy, **named, **read)
    result = api.scan(target, policy=policy, subject=meant, offline=offline, proofs=proofs, **data, **answered, **how)
    return _written(result, wanted, spec_version, target, exit_zero=exit_zero)


def _written(result: ScanResult, wanted: Sequence[Output], spec_version: str, target: str, *, exit_zero: bool) -> int:
    """Write the reports, and tell the verdict to whoever sees no table; its exit code."""
    from bomvet.opening import repository_folder  # noqa: PLC0415 - the help text needs none of it

    write(result, wanted, spec_version, repository_folder(target))
    assessment = result.assessment
    if assessment is None:  # a scan always judges
        raise TypeError("no assessment")
    if not any(item.report.id == "table" and not item.path for item in wanted):
        _tell(result, assessment)
    return 0 if exit_zero else EXIT_CODES[assessment.verdict.value]


def _stated(
    fail_on: str | None,
    max_age: str | None,
    allow_incomplete: bool | None,
    require_components: bool | None,
    cool_down: str | None,
    ask_registries: bool | None,
) -> dict[str, Any]:
    """The settings that the command line or the environment states."""
    from bomvet.policy import document  # noqa: PLC0415 - the help text needs none of it

    found: dict[str, Any] = {}
    if fail_on is not None:
        found["fail_on"] = document.fail_on(fail_on)
    if max_age is not None:
        found["max_age"] = document.max_age(max_age)
    if allow_incomplete is not None:
        found["allow_incomplete"] = allow_incomplete
    if require_components is not None:
        found["require_components"] = require_components
    if cool_down is not None:
        found["cool_down"] = document.cool_down(cool_down)
    if ask_registries is not None:
        found["ask_registries"] = ask_registries
    return found


def _with(policy: Policy, settings: dict[str, Any], exclude: list[str] | None) -> Policy:
    return replace(policy, exclude=(*policy.exclude, *(exclude or ())), **settings)


def _tell(result: ScanResult, assessment: Assessment) -> None:
    """The verdict and what is open, for whoever does not see the table."""
    project = result.inventory.root.label if result.inventory.root else result.target.name
    reasons = f": {'; '.join(assessment.reasons)}" if assessment.reasons else ""
    say(f"{project}: {assessment.verdict.value.upper()}{reasons}")
    say_some(assessment.not_established, before="  not established: ")
    say_some((f"{s.path}: {s.reason}" for s in result.target.skipped), before="  passed over: ")
    say_some(assessment.notes, before="  note: ")
