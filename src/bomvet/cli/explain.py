"""`bomvet explain`."""

from __future__ import annotations

import shutil
import sys
from typing import Annotated

import typer

from bomvet.cli import _options as opt
from bomvet.cli import _values as values
from bomvet.model.records import replace

Subject = Annotated[
    str,
    typer.Argument(
        help="A purl, NAME, NAME@VERSION or NAME==VERSION, or the id or an alias of an advisory.",
        metavar="SUBJECT",
        callback=opt.given(),
    ),
]


def explain(
    subject: Subject,
    target: opt.Target = ".",
    db: opt.Db = None,
    offline: opt.Offline = False,
    advisories: opt.Advisories = None,
    osv_url: opt.OsvUrl = None,
    cache_dir: opt.CacheDir = None,
    exclude: opt.Exclude = None,
    no_ignore: opt.NoIgnore = False,
    vex: opt.Vex = None,
    vex_product: opt.VexProduct = None,
    provenance: opt.Provenance = None,
    attestations: opt.Attestations = None,
    identities: opt.Identities = None,
    trusted_root: opt.TrustedRoot = None,
    npm_keys: opt.NpmKeys = None,
    config: opt.Config = None,
) -> int:
    """Explain a component or an advisory.

    Of a component, why it is there (paths, file and line), what is known of it, why each advisory matched or did
    not, and what to do; of an advisory, the same for each component that it affects, or why it affects none. Exit
    code 1 means that there is no such component, or none that the advisory affects; 3 that this, or what is known of
    the component, could not be established.
    """
    from bomvet import api, policies  # noqa: PLC0415 - the help text needs none of it
    from bomvet.reports import _explain  # noqa: PLC0415

    policy = policies.load_policy(config or "", target=target)
    policy = replace(policy, exclude=(*policy.exclude, *(exclude or ())), **values.advisories(advisories))
    policy = values.proved(policy, verify=provenance)
    width = shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() else 80
    with api.explained(
        target,
        policy=policy,
        database=values.database(db),
        offline=offline,
        osv_url=osv_url or "",
        cache=values.cache(cache_dir),
        use_ignore_files=not no_ignore,
        vex=vex or (),
        vex_products=vex_product or (),
        proofs=values.proofs(attestations, identities, trusted_root, npm_keys),
    ) as (result, judge):
        explanation = _explain.explain(result, subject, target=target, width=width, judge=judge)
    sys.stdout.write(explanation.text)
    return explanation.exit_code
