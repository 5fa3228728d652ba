"""`bomvet trust`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bomvet.cli import _options as opt
from bomvet.cli import _values as values
from bomvet.cli._output import put, put_whole, say, say_some, shortened
from bomvet.errors import UsageError

if TYPE_CHECKING:
    from bomvet.provenance.locking import Locking
    from bomvet.trusting import Asking

app = typer.Typer(help="Who publishes each package, and whose word is taken for it.", no_args_is_help=True)

_FORMS = ("table", "json")


def _form(text: str) -> str:
    if text not in _FORMS:
        raise ValueError(f"must be table or json, not {text!r}")
    return text


def _export(text: str) -> str:
    if text != "pylock":
        raise ValueError(f"must be pylock, not {text!r}")
    return text


def _url(text: str) -> str:
    from bomvet.policy.document import service_url  # noqa: PLC0415 - the help text needs none of it

    return service_url(text)


LockFile = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        help="The lock, instead of bomvet.identities.toml in the folder of TARGET.",
        metavar="FILE",
        envvar="BOMVET_OUTPUT",
        callback=opt.given(),
        show_default=False,
    ),
]
Update = Annotated[
    list[str] | None,
    typer.Option(
        "--update",
        help="Take over who publishes this package now; repeatable.",
        metavar="PURL",
        envvar="BOMVET_UPDATE",
        callback=opt.given(),
    ),
]
UpdateAll = Annotated[
    bool,
    typer.Option("--update-all", help="Take over all that differs.", envvar="BOMVET_UPDATE_ALL"),
]
Prune = Annotated[
    bool,
    typer.Option("--prune", help="Drop packages that the project no longer has.", envvar="BOMVET_PRUNE"),
]
Export = Annotated[
    str | None,
    typer.Option(
        "--export",
        help="Print the Python packages as a pylock.toml states them, and write nothing: pylock.",
        metavar="FORMAT",
        envvar="BOMVET_EXPORT",
        callback=opt.given(_export),
    ),
]
Form = Annotated[
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
RootFile = Annotated[
    str,
    typer.Option(
        "--output",
        "-o",
        help="Where to write the trusted root.",
        metavar="FILE",
        envvar="BOMVET_OUTPUT",
        callback=opt.given(),
    ),
]
Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        help="The TUF repository to ask. [default: sigstore's own]",
        metavar="URL",
        envvar="BOMVET_URL",
        callback=opt.given(_url),
        show_default=False,
    ),
]
From = Annotated[
    str | None,
    typer.Option(
        "--from",
        help="Read a copy of the repository from this folder, and open no connection.",
        metavar="DIR",
        envvar="BOMVET_FROM",
        callback=opt.given(),
    ),
]
Root = Annotated[
    str | None,
    typer.Option(
        "--root",
        help="The root.json to start from, instead of the one that ships.",
        metavar="FILE",
        envvar="BOMVET_ROOT",
        callback=opt.given(),
    ),
]
KeysFile = Annotated[
    str | None,
    typer.Option(
        "--npm-keys",
        help="Write the keys of npm's registry to FILE too.",
        metavar="FILE",
        envvar="BOMVET_NPM_KEYS",
        callback=opt.given(),
    ),
]


@app.command("lock")
def lock(
    target: opt.Target = ".",
    output: LockFile = None,
    update: Update = None,
    update_all: UpdateAll = False,
    prune: Prune = False,
    export: Export = None,
    attestations: opt.Attestations = None,
    offline: opt.Offline = False,
    trusted_root: opt.TrustedRoot = None,
    npm_keys: opt.NpmKeys = None,
    cache_dir: opt.CacheDir = None,
    exclude: opt.Exclude = None,
    config: opt.Config = None,
) -> int:
    """Write down who publishes each package, as far as that is proved.

    Packages that are new are added; what is locked stays as it is unless --update names it. Exit code 1 where
    something differs that was not taken over, 3 where something could not be established; what is known is written
    all the same.
    """
    from bomvet import trusting  # noqa: PLC0415 - the help text needs none of it
    from bomvet.provenance.locking import Wanted  # noqa: PLC0415 - the same

    asking = _asking(attestations, None, trusted_root, npm_keys, cache_dir, exclude, config, offline=offline)
    wanted = Wanted(update=tuple(update or ()), everything=update_all, prune=prune)
    found = trusting.lock(target, asking, wanted, output="" if output == "-" else output or "")
    if export:
        put(found.pylock.encode(), "")
    else:
        path = "" if output == "-" else found.path
        changed = put_whole(found.text.encode(), path)
        _tell(found, path or "the lock", changed=changed)
    return 1 if found.differs or found.refused else 3 if found.questions else 0


@app.command("check")
def check(
    target: opt.Target = ".",
    form: Form = "table",
    identities: opt.Identities = None,
    attestations: opt.Attestations = None,
    offline: opt.Offline = False,
    trusted_root: opt.TrustedRoot = None,
    npm_keys: opt.NpmKeys = None,
    cache_dir: opt.CacheDir = None,
    exclude: opt.Exclude = None,
    config: opt.Config = None,
) -> int:
    """Compare who publishes each package with who is expected to.

    Expected is what the identity lock says, else the pylock.toml that a package is in. Exit code 1 where somebody
    else publishes one, or its evidence is not valid; 3 where that could not be established. A repository that was
    renamed, and has the same number, is told, and is no change of who publishes.
    """
    from bomvet import trusting  # noqa: PLC0415 - the help text needs none of it
    from bomvet.provenance.locking import as_json, as_text  # noqa: PLC0415 - the same
    from bomvet.reports._text import clean  # noqa: PLC0415 - the same

    asking = _asking(attestations, identities, trusted_root, npm_keys, cache_dir, exclude, config, offline=offline)
    found = trusting.check(target, asking)
    if form == "json":
        put(as_json(found), "")
    else:
        text = as_text(found, shortened(found.questions))
        put("".join(f"{clean(line)}\n" for line in text.splitlines()).encode(), "")
    return 1 if found.others or found.refused else 3 if found.questions else 0


@app.command("update")
def update(
    output: RootFile = "bomvet.trusted-root.json",
    url: Url = None,
    folder: From = None,
    root: Root = None,
    npm_keys: KeysFile = None,
    offline: opt.Offline = False,
) -> int:
    """Fetch the authorities and logs that sigstore trusts now.

    They come from sigstore's TUF repository, verified from the root that ships, and are written to a file for
    --trusted-root. Nothing is written where anything is not in order, and nothing anywhere else.
    """
    from bomvet import trusting  # noqa: PLC0415 - the help text needs none of it

    if offline and not folder:
        raise UsageError(
            "trust update opens connections, and --offline forbids that",
            hint="--from DIR reads a copy of the repository",
        )
    found = trusting.update(url=url or "", folder=folder or "", root=root or "", keys=bool(npm_keys))
    if npm_keys:
        put_whole(found.npm_keys, npm_keys)
        say(f"{npm_keys}: the keys of npm's registry, for --npm-keys")
    put_whole(found.trusted_root, output)
    say(f"{output}: sha256:{found.digest}, {found.versions}, for --trusted-root")
    for line in found.differences or ("as the one that ships",):
        say(f"  {line}")
    return 0


def _asking(
    attestations: list[str] | None,
    identities: str | None,
    trusted_root: str | None,
    npm_keys: str | None,
    cache_dir: str | None,
    exclude: list[str] | None,
    config: str | None,
    *,
    offline: bool,
) -> Asking:
    from bomvet.trusting import Asking  # noqa: PLC0415 - the help text needs none of it

    return Asking(
        proofs=values.proofs(attestations, identities, trusted_root, npm_keys),
        config=config or "",
        exclude=tuple(exclude or ()),
        cache=values.cache(cache_dir),
        offline=offline,
    )


def _tell(found: Locking, path: str, *, changed: bool) -> None:
    """What became of the lock, on stderr."""
    for word, packages in (("added", found.added), ("updated", found.updated), ("dropped", found.pruned)):
        say_some(packages, before=f"{word}: ")
    say_some((f"{purl}: {why}" for purl, why in found.differs), before="not as locked, and kept: ")
    say_some((f"{purl}: {why}" for purl, why in found.refused), before="not locked: ")
    say_some(found.questions, before="not established: ")
    count = len(found.lock.entries)
    nobody = f"; {found.unattested} that nobody attests" if found.unattested else ""
    say(f"{path}{'' if changed else ' is as it was'}: {count} package{'' if count == 1 else 's'}{nobody}")
